//! The judgement of a night: which bots differ from the broker by how much, and which are blocked for it.
//!
//! A bot is blocked for an execution or a holding that only one side has, whatever it is worth, and for a difference in
//! money above the limit: a part of the account's equity, and never less than the floor. What cannot be valued counts as
//! above the limit.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use plimsoll_core::Config;
use plimsoll_ledger::statement::{About, Break, BreakKind};
use plimsoll_model::{BotName, Currency, ExecId, Money};
use plimsoll_runtime::bot_database;
use plimsoll_runtime::config::{BotDatabase, Nightly};
use plimsoll_statement::{Statement, statement_zone};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::booked::{Compared, Tables, terms_of};
use super::pending::Block;
use super::profit::{self, Profits};
use super::told;
use super::worth::Worth;
use crate::exit::Failure;

/// One account's night.
#[derive(Debug)]
pub(crate) struct AccountNight {
    pub(crate) account: String,
    pub(crate) base: Option<Currency>,
    pub(crate) equity: Option<Decimal>,
    pub(crate) limit: Decimal,
    pub(crate) from: Option<Date>,
    pub(crate) to: Option<Date>,
    pub(crate) notes: Vec<String>,
    pub(crate) breaks: Vec<Value>,
    /// Executions of the evening that are left to the next statement.
    pub(crate) unjudged: Vec<ExecId>,
    /// Differences that are no bot's.
    pub(crate) unowned: usize,
    pub(crate) bots: BTreeMap<BotName, BotNight>,
}

/// One bot's night in one account.
#[derive(Debug, Default)]
pub(crate) struct BotNight {
    /// By how much the account is better off by the broker's books, in its currency; none if a part cannot be valued.
    pub(crate) difference: Option<Decimal>,
    /// The differences one by one, without their signs: one that another makes up for is still one.
    pub(crate) apart: Option<Decimal>,
    /// Executions and holdings that only one side has.
    pub(crate) unexplained: usize,
    pub(crate) own: Option<OwnNight>,
    /// Why it is blocked; empty: it is not.
    pub(crate) because: Vec<String>,
}

/// What a bot's own database says, beside the broker.
#[derive(Debug)]
pub(crate) struct OwnNight {
    pub(crate) own: Option<Money>,
    /// In the account's currency.
    pub(crate) difference: Option<Decimal>,
    pub(crate) error: Option<String>,
}

/// What every judgement goes by.
pub(crate) struct Rules<'a> {
    pub(crate) config: &'a Config,
    pub(crate) nightly: &'a Nightly,
    pub(crate) tables: &'a Tables,
}

/// Every bot that is to be blocked, once, with all its reasons.
pub(crate) fn blocks(date: Date, accounts: &[AccountNight]) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for night in accounts {
        for (bot, of) in night.bots.iter().filter(|(_, of)| !of.because.is_empty()) {
            let reason = format!("{date} {}: {}", night.account, of.because.join("; "));
            match blocks.iter_mut().find(|block| block.bot == bot.as_str()) {
                Some(block) => {
                    block.reason.push_str("; ");
                    block.reason.push_str(&reason);
                }
                None => blocks.push(Block { bot: bot.to_string(), reason }),
            }
        }
    }
    blocks
}

impl Rules<'_> {
    /// Judges one account by its statement.
    pub(crate) fn judge(&self, sheet: &Statement, owed: &BTreeSet<ExecId>) -> Result<AccountNight, Failure> {
        let compared = self.tables.compare(sheet, owed)?;
        let mut worth = Worth::of(sheet);
        for entry in &compared.ours.entries {
            if let Some(px) = entry.px {
                worth.also(&entry.instrument, px, entry.terms);
            }
        }
        let equity = sheet.equity.iter().max_by_key(|equity| equity.date).map(|equity| equity.total);
        let limit = self.limit(equity);
        let mut night = AccountNight {
            account: sheet.account.as_ref().map_or("no account".to_owned(), ToString::to_string),
            base: sheet.base,
            equity,
            limit,
            from: sheet.from,
            to: sheet.to,
            notes: notes(&compared, equity),
            breaks: compared.found.breaks.iter().map(|one| told::row(one, sheet.to)).collect(),
            unjudged: compared.late.clone(),
            unowned: 0,
            bots: BTreeMap::new(),
        };
        for bot in self.bots_of(sheet, &compared) {
            night.bots.insert(bot, BotNight::unharmed());
        }
        for one in &compared.found.breaks {
            let owners = self.owners(one);
            if owners.is_empty() {
                night.unowned += 1;
            }
            for bot in owners {
                night.bots.entry(bot).or_default().count(one, &worth);
            }
        }
        let span = span(sheet);
        for (bot, of) in &mut night.bots {
            let database = self.nightly.databases.iter().find(|one| one.bot == *bot);
            let broker = || {
                let by_broker = profit::by_the_broker(sheet, &compared, bot);
                by_broker.or_else(|| profit::by_the_ledger(self.tables, bot, span?, &terms_of(sheet)))
            };
            of.own = database.zip(span).map(|(database, span)| own(database, span, broker(), &worth));
            of.judge(limit, sheet.base);
        }
        Ok(night)
    }

    /// Judges one account without a statement: by differences in its holdings that the gateway has found, and by what is not known.
    pub(crate) fn judge_live(&self, day: &Statement, breaks: Vec<Value>) -> AccountNight {
        let limit = self.limit(None);
        let mut bots = BTreeMap::new();
        for bot in
            self.config.bots.iter().filter(|bot| day.account.iter().any(|of| bot.accounts.contains(of)))
        {
            let holds = |row: &&Value| {
                bot.instruments.iter().any(|(of, _)| row["symbol"].as_str() == Some(of.as_str()))
            };
            let unexplained = breaks.iter().filter(holds).count();
            let database = self.nightly.databases.iter().find(|one| one.bot == bot.name);
            // All that is told is in units of one currency each; of another than the database's nothing is known here.
            let own = database.zip(span(day)).map(|(database, span)| {
                let broker = profit::by_the_ledger(self.tables, &bot.name, span, &BTreeMap::new());
                own(database, span, broker, &Worth::at_par(database.currency))
            });
            let mut of = BotNight { unexplained, own, ..BotNight::unharmed() };
            of.judge(limit, None);
            bots.insert(bot.name.clone(), of);
        }
        let owned = |row: &&Value| {
            let holds = |bot: &plimsoll_core::config::BotConfig| {
                bot.instruments.iter().any(|(of, _)| row["symbol"].as_str() == Some(of.as_str()))
            };
            self.config.bots.iter().any(holds)
        };
        AccountNight {
            account: day.account.as_ref().map_or_else(String::new, ToString::to_string),
            base: None,
            equity: None,
            limit,
            from: day.from,
            to: day.to,
            notes: self.live_notes(day),
            unjudged: Vec::new(),
            unowned: breaks.iter().filter(|row| !owned(row)).count(),
            breaks,
            bots,
        }
    }

    fn live_notes(&self, day: &Statement) -> Vec<String> {
        let span = span(day);
        let of_day = self.tables.executions.iter().filter(|one| {
            day.account.as_ref() == Some(&one.entry.account)
                && span.is_some_and(|(from, to)| one.at >= from && one.at < to)
        });
        let (mut all, mut without) = (0, 0);
        for one in of_day {
            all += 1;
            without += usize::from(one.entry.fee.is_none());
        }
        let mut notes = vec![format!("{all} executions of the day, as the broker told them")];
        if without > 0 {
            notes.push(format!("the commissions of {without} are not known yet"));
        }
        notes.push(
            "without a statement commissions and cash are not compared, and the floor alone is the limit"
                .to_owned(),
        );
        notes
    }

    /// From which difference on a bot is blocked.
    pub(crate) fn limit(&self, equity: Option<Decimal>) -> Decimal {
        let part = equity.and_then(|equity| equity.checked_mul(self.nightly.threshold));
        part.unwrap_or_default().max(self.nightly.floor).normalize()
    }

    /// Bots that may trade in the statement's account, and those that the statement knows.
    fn bots_of(&self, sheet: &Statement, compared: &Compared) -> BTreeSet<BotName> {
        let configured = self
            .config
            .bots
            .iter()
            .filter(|bot| sheet.account.as_ref().is_some_and(|account| bot.accounts.contains(account)));
        let known: BTreeSet<BotName> = configured.map(|bot| bot.name.clone()).collect();
        let seen = compared.ours.entries.iter().chain(&compared.theirs.entries);
        let seen =
            seen.filter_map(|entry| entry.bot.clone()).filter(|bot| bot.as_str() != plimsoll_core::FLEET);
        known.into_iter().chain(seen).collect()
    }

    /// Whose a difference is. A holding is everybody's who may trade it; a trade by hand is nobody's.
    fn owners(&self, one: &Break) -> Vec<BotName> {
        if let Some(bot) = one.bot.as_ref().filter(|bot| bot.as_str() != plimsoll_core::FLEET) {
            return vec![bot.clone()];
        }
        let is_of_all = one.kind == BreakKind::Position || one.bot.is_some();
        let About::Instrument(instrument) = &one.about else { return Vec::new() };
        let may = self.config.bots.iter().filter(|bot| {
            is_of_all
                && bot.accounts.contains(&one.account)
                && bot.instruments.iter().any(|(known, _)| known == instrument)
        });
        may.map(|bot| bot.name.clone()).collect()
    }
}

impl BotNight {
    /// Nothing differs yet.
    fn unharmed() -> Self {
        Self { difference: Some(Decimal::ZERO), apart: Some(Decimal::ZERO), ..Self::default() }
    }

    fn count(&mut self, one: &Break, worth: &Worth) {
        let worth = worth.of_break(one);
        self.difference = self.difference.zip(worth).and_then(|(sum, by)| sum.checked_add(by));
        self.apart = self.apart.zip(worth).and_then(|(sum, by)| sum.checked_add(by.abs()));
        self.unexplained += usize::from(one.kind.is_unexplained());
    }

    fn judge(&mut self, limit: Decimal, base: Option<Currency>) {
        let unit = base.map(|base| format!(" {base}")).unwrap_or_default();
        if self.unexplained > 0 {
            self.because.push(format!("{} executions or holdings that only one side has", self.unexplained));
        }
        match self.difference.zip(self.apart) {
            None => self.because.push("a difference that cannot be valued".to_owned()),
            Some((by, apart)) if apart > limit => {
                // What makes up for another difference is an error as well, and two make no right.
                let sum = if apart == by.abs() {
                    format!("by {}{unit}", cents(by))
                } else {
                    format!("by {}{unit} one by one, {}{unit} in sum", cents(apart), cents(by))
                };
                self.because.push(format!("the broker's books differ {sum}, limit {}", cents(limit)));
            }
            Some(_) => {}
        }
        let Some(own) = &self.own else { return };
        match (own.difference, &own.error) {
            (_, Some(error)) => self.because.push(error.clone()),
            (None, None) => {
                self.because.push("its own profit cannot be compared with the broker's".to_owned());
            }
            (Some(by), None) if by.abs() > limit => {
                self.because.push(format!(
                    "its own database says {}, which is {}{unit} more than the broker's count, limit {}",
                    own.own.map_or("nothing".to_owned(), |own| format!(
                        "{} {}",
                        cents(own.amount),
                        own.currency
                    )),
                    cents(by),
                    cents(limit)
                ));
            }
            (Some(_), None) => {}
        }
    }
}

/// The bot's own count beside the broker's.
fn own(database: &BotDatabase, span: (Timestamp, Timestamp), broker: Profits, worth: &Worth) -> OwnNight {
    match bot_database::profit(database, span.0, span.1) {
        Err(error) => OwnNight { own: None, difference: None, error: Some(error.to_string()) },
        Ok(said) => {
            let in_base = |sums: BTreeMap<Currency, Decimal>| {
                sums.into_iter().try_fold(Decimal::ZERO, |sum, (currency, amount)| {
                    sum.checked_add(worth.in_base(Money { amount, currency })?)
                })
            };
            let broker = broker.and_then(in_base);
            let difference =
                worth.in_base(said.profit).zip(broker).and_then(|(own, broker)| own.checked_sub(broker));
            OwnNight { own: Some(said.profit), difference, error: None }
        }
    }
}

/// The instants of a statement's days in New York.
fn span(sheet: &Statement) -> Option<(Timestamp, Timestamp)> {
    let zone = statement_zone();
    let instant = |date: Date| zone.to_timestamp(date.at(0, 0, 0, 0)).ok();
    Some((instant(sheet.from?)?, instant(sheet.to?.tomorrow().ok()?)?))
}

fn notes(compared: &Compared, equity: Option<Decimal>) -> Vec<String> {
    let mut notes = vec![told::pairs(&compared.found)];
    notes.extend(compared.notes());
    if equity.is_none() {
        notes.push(
            "the statement does not say the account's equity, so the floor alone is the limit".to_owned(),
        );
    }
    notes
}

/// An amount for people.
pub(crate) fn cents(amount: Decimal) -> String {
    let rounded = amount.round_dp(2);
    if rounded.scale() == 1 { format!("{rounded}0") } else { rounded.to_string() }
}

impl AccountNight {
    /// As a document for programs.
    pub(crate) fn as_json(&self) -> Value {
        let number = |amount: Decimal| amount.normalize().to_string();
        let bots = self.bots.iter().map(|(bot, of)| {
            let own = of.own.as_ref().map(|own| {
                json!({
                    "profit": own.own.map(|own| number(own.amount)),
                    "currency": own.own.map(|own| own.currency.to_string()),
                    "difference": own.difference.map(number),
                    "error": own.error,
                })
            });
            json!({
                "name": bot.as_str(),
                "difference": of.difference.map(number),
                "apart": of.apart.map(number),
                "unexplained": of.unexplained,
                "database": own,
                "blocked": !of.because.is_empty(),
                "because": of.because,
            })
        });
        json!({
            "account": self.account,
            "currency": self.base.map(|base| base.to_string()),
            "equity": self.equity.map(number),
            "limit": number(self.limit),
            "from": self.from.map(|date| date.to_string()),
            "to": self.to.map(|date| date.to_string()),
            "bots": bots.collect::<Vec<_>>(),
            "unjudged": self.unjudged.iter().map(ExecId::as_str).collect::<Vec<_>>(),
            "unowned": self.unowned,
            "notes": self.notes,
            "breaks": self.breaks,
        })
    }
}
