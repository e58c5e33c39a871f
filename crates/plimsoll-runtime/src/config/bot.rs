//! `[[bot]]`: who it is, what it may trade, and its limits.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use plimsoll_core::config::{Bars, BotConfig, ExecutionTimes, FillAccount, Shown};
use plimsoll_model::{
    Account, BotName, ClientId, ConId, Contract, Currency, InstrumentId, Money, Qty, SecType,
};
use rust_decimal::Decimal;
use toml::Spanned;
use toml::de::DeValue;

use super::BotPort;
use super::place::Problems;
use super::section::{self, Section};
use super::value;
use super::venue::as_client_id;

/// A quote older than this is too old for new risk, unless the bot says otherwise.
const STALE_AFTER: Duration = Duration::from_secs(15);
/// The same order again within this time is a duplicate, unless the bot says otherwise.
const DUPLICATE_WINDOW: Duration = Duration::from_secs(2);

/// How long a bot's upstream outlives it while it has working orders, unless the bot says otherwise.
const KEEP_UPSTREAM: Duration = Duration::from_mins(10);

/// `[[bot]]`, each part optional until the whole file has been judged.
pub(super) struct RawBot {
    pub(super) name: Option<Spanned<BotName>>,
    pub(super) venue: Option<Spanned<Box<str>>>,
    pub(super) listen: Option<Spanned<SocketAddr>>,
    pub(super) client_ids: Vec<Spanned<ClientId>>,
    pub(super) accounts: Vec<Spanned<Account>>,
    pub(super) instruments: Vec<Spanned<(InstrumentId, Contract)>>,
    pub(super) shared: Vec<Spanned<InstrumentId>>,
    pub(super) fill_account: Option<Spanned<bool>>,
    positions: Option<Spanned<Shown>>,
    execution_times: Option<Spanned<ExecutionTimes>>,
    bars: Option<Spanned<Bars>>,
    stage: Option<Box<str>>,
    keep_upstream: Option<Spanned<Duration>>,
    limits: RawLimits,
}

/// When a quote is too old.
#[derive(Clone, Copy)]
enum StaleAfter {
    /// Not said.
    Absent,
    /// `"off"`.
    Off,
    /// At this age.
    Age(Duration),
}

/// The numbers of the guards. An absent maximum is no maximum; an absent time is the documented one.
struct RawLimits {
    stale_after: StaleAfter,
    order_qty_max: Option<Qty>,
    order_notional_max: Option<Money>,
    position_notional_max: Option<Money>,
    daily_loss_max: Option<Spanned<Money>>,
    orders_per_minute_max: Option<u32>,
    price_collar: Option<Decimal>,
    duplicate_window: Option<Duration>,
}

impl RawBot {
    pub(super) fn read(mut section: Section<'_>, problems: &mut Problems) -> Self {
        let raw = Self {
            name: section.required("name", "\"trend\"", problems, value::bot_name),
            venue: section.required("venue", "\"ib\"", problems, |text| Ok(text.into())),
            listen: section.required("listen", "\"127.0.0.1:7401\"", problems, value::loopback),
            client_ids: client_ids(&mut section, problems),
            accounts: section.texts("accounts", problems, value::account),
            instruments: instruments(&mut section, problems),
            shared: section.texts("shared", problems, |text| Ok(InstrumentId::us_stock(text))),
            fill_account: section.flag("fill_account", problems),
            positions: section.text("positions", problems, |text| {
                value::word(text, &[("own", Shown::Own), ("account", Shown::Account)])
            }),
            execution_times: section.text("execution_times", problems, |text| {
                let words = [("zoned", ExecutionTimes::Zoned), ("as_sent", ExecutionTimes::AsSent)];
                value::word(text, &words)
            }),
            bars: section.text("bars", problems, |text| {
                value::word(text, &[("session", Bars::OfSession), ("as_sent", Bars::AsSent)])
            }),
            stage: stage(&mut section, problems),
            keep_upstream: section.text("keep_upstream", problems, value::duration),
            limits: RawLimits::read(&mut section, problems),
        };
        if raw.accounts.is_empty() {
            section.missing("accounts", "[\"U1234567\"]", problems);
        }
        unenforced(&mut section, problems);
        section.finish(problems);
        raw
    }

    /// The day's loss after which it only reduces.
    pub(super) fn daily_loss_max(&self) -> Option<&Spanned<Money>> {
        self.limits.daily_loss_max.as_ref()
    }

    /// Whether its prices can be too old.
    pub(super) fn has_stale_limit(&self) -> bool {
        !matches!(self.limits.stale_after, StaleAfter::Off)
    }

    /// Where this bot connects.
    pub(super) fn port(&self) -> Option<BotPort> {
        Some(BotPort {
            bot: self.name.as_ref()?.get_ref().clone(),
            listen: *self.listen.as_ref()?.get_ref(),
            stage: self.stage.clone(),
            keep_upstream: self.keep_upstream.as_ref().map_or(KEEP_UPSTREAM, |keep| *keep.get_ref()),
        })
    }

    /// For the bridge; nothing if a part is missing.
    pub(super) fn into_config(self) -> Option<BotConfig> {
        let limits = self.limits;
        let fill = self.fill_account.is_some_and(Spanned::into_inner);
        Some(BotConfig {
            name: self.name?.into_inner(),
            client_ids: self.client_ids.into_iter().map(Spanned::into_inner).collect(),
            accounts: self.accounts.into_iter().map(Spanned::into_inner).collect(),
            instruments: self.instruments.into_iter().map(Spanned::into_inner).collect(),
            shared: self.shared.into_iter().map(Spanned::into_inner).collect(),
            fill_account: if fill { FillAccount::TheOnlyOne } else { FillAccount::Never },
            positions: self.positions.map_or(Shown::Own, Spanned::into_inner),
            execution_times: self.execution_times.map_or(ExecutionTimes::Zoned, Spanned::into_inner),
            bars: self.bars.map_or(Bars::OfSession, Spanned::into_inner),
            stale_after: match limits.stale_after {
                StaleAfter::Absent => Some(STALE_AFTER),
                StaleAfter::Off => None,
                StaleAfter::Age(age) => Some(age),
            },
            order_qty_max: limits.order_qty_max,
            order_notional_max: limits.order_notional_max,
            position_notional_max: limits.position_notional_max,
            daily_loss_max: limits.daily_loss_max.map(Spanned::into_inner),
            orders_per_minute_max: limits.orders_per_minute_max,
            price_collar: limits.price_collar,
            duplicate_window: limits.duplicate_window.unwrap_or(DUPLICATE_WINDOW),
        })
    }
}

impl RawLimits {
    fn read(section: &mut Section<'_>, problems: &mut Problems) -> Self {
        let mut money = |key, problems: &mut Problems| section.text(key, problems, value::money);
        let order_notional_max = money("max_order_notional", problems).map(Spanned::into_inner);
        let position_notional_max = money("max_position_notional", problems).map(Spanned::into_inner);
        let daily_loss_max = money("max_daily_loss", problems);
        Self {
            stale_after: stale_after(section, problems),
            order_qty_max: order_qty_max(section, problems),
            order_notional_max,
            position_notional_max,
            daily_loss_max,
            orders_per_minute_max: orders_per_minute(section, problems),
            price_collar: section.text("price_collar", problems, value::percent).map(Spanned::into_inner),
            duplicate_window: section
                .text("duplicate_window", problems, value::duration)
                .map(Spanned::into_inner),
        }
    }
}

fn stale_after(section: &mut Section<'_>, problems: &mut Problems) -> StaleAfter {
    let read = section.text("stale_after", problems, |text| match text {
        "off" => Ok(StaleAfter::Off),
        age => value::positive_duration(age).map(StaleAfter::Age),
    });
    read.map_or(StaleAfter::Absent, Spanned::into_inner)
}

fn client_ids(section: &mut Section<'_>, problems: &mut Problems) -> Vec<Spanned<ClientId>> {
    let mut ids = Vec::new();
    let list = section.list("client_ids", problems);
    if list.is_none_or(|list| list.is_empty()) {
        section.missing("client_ids", "[11]", problems);
    }
    for item in list.into_iter().flat_map(|list| list.iter()) {
        let number = section::integer("client_ids", item, problems);
        ids.extend(number.and_then(|number| as_client_id("client_ids", &number, problems)));
    }
    ids
}

fn instruments(section: &mut Section<'_>, problems: &mut Problems) -> Vec<Spanned<(InstrumentId, Contract)>> {
    let list = section.list("instruments", problems);
    if list.is_none_or(|list| list.is_empty()) {
        section.missing("instruments", "[\"SPY\"]", problems);
    }
    let mut read: Vec<Spanned<(InstrumentId, Contract)>> = Vec::new();
    for item in list.into_iter().flat_map(|list| list.iter()) {
        let Some(contract) = contract(item, problems) else { continue };
        let Some(id) = InstrumentId::of(&contract) else { continue };
        if read.iter().any(|known| known.get_ref().0 == id) {
            problems.at(item.span(), format!("`instruments`: `{id}` is listed twice"));
            continue;
        }
        let note = match plimsoll_core::calendar_of(&contract) {
            _ if plimsoll_core::keeps_us_hours(&contract) => None,
            Some(name) => Some(format!(
                "`{id}` is not listed in the US: the days and cutoffs of {name} hold for it, and its prices \
                 count as stale at any hour"
            )),
            None => Some(format!(
                "the hours of `{id}` are not known: orders for it need a limit or stop price, and prices \
                 count as stale at any hour"
            )),
        };
        if let Some(note) = note {
            problems.note(item.span(), note);
        }
        read.push(Spanned::new(item.span(), (id, contract)));
    }
    read
}

/// A text is a US stock; a table is anything.
fn contract<'d>(item: &'d Spanned<DeValue<'d>>, problems: &mut Problems) -> Option<Contract> {
    if let Some(text) = item.get_ref().as_str() {
        return match symbol(text) {
            Ok(symbol) => Some(Contract::stock(&symbol, Currency::USD)),
            Err(why) => {
                problems.at(item.span(), format!("`instruments`: {why}"));
                None
            }
        };
    }
    let Some(mut table) = section::inline("an instrument", item) else {
        problems.at(item.span(), section::wrong_type("instruments", "a symbol in quotes or a table", item));
        return None;
    };
    let mut fields = BTreeMap::new();
    for (key, pattern) in [
        ("sec_type", is_word as fn(char) -> bool),
        ("exchange", is_word),
        ("primary_exchange", is_word),
        ("currency", is_word),
        ("trading_class", is_word),
        ("expiry", |c: char| c.is_ascii_digit()),
        ("right", |c: char| matches!(c, 'C' | 'P')),
    ] {
        let text = table.text(key, problems, |text| spelled(text, pattern));
        fields.insert(key, text.map_or_else(|| "".into(), Spanned::into_inner));
    }
    let symbol = table.required("symbol", "\"EUR\"", problems, symbol);
    let strike = table.text("strike", problems, value::positive_decimal).map(Spanned::into_inner);
    let multiplier = table.text("multiplier", problems, value::positive_decimal).map(Spanned::into_inner);
    let con_id = con_id(&mut table, problems);
    table.finish(problems);
    let mut field = |key: &str, absent: &str| -> Box<str> {
        fields.remove(key).filter(|text| !text.is_empty()).unwrap_or_else(|| absent.into())
    };
    let contract = Contract {
        con_id,
        sec_type: SecType::from_wire(&field("sec_type", "STK")),
        expiry: field("expiry", ""),
        strike,
        right: field("right", ""),
        multiplier,
        exchange: field("exchange", "SMART"),
        primary_exchange: field("primary_exchange", ""),
        currency: field("currency", "USD"),
        trading_class: field("trading_class", ""),
        ..Contract::stock(&symbol?.into_inner(), Currency::USD)
    };
    for (is_missing, key, example) in missing(&contract) {
        if is_missing {
            problems.at(
                item.span(),
                format!(
                    "`instruments`: {} without `{key}` names many contracts; write {key} = {example}",
                    contract.sec_type.as_wire()
                ),
            );
        }
    }
    Some(contract)
}

/// What a derivative has to say to be one contract, and an example of each.
fn missing(contract: &Contract) -> [(bool, &'static str, &'static str); 3] {
    let expires = matches!(contract.sec_type, SecType::Future | SecType::FutureOption | SecType::Option);
    let is_option = matches!(contract.sec_type, SecType::FutureOption | SecType::Option);
    [
        (expires && contract.expiry.is_empty(), "expiry", "\"20261218\""),
        (is_option && contract.strike.is_none(), "strike", "\"500\""),
        (is_option && contract.right.is_empty(), "right", "\"C\""),
    ]
}

/// The broker's number of the contract.
fn con_id(table: &mut Section<'_>, problems: &mut Problems) -> Option<ConId> {
    let number = table.integer("con_id", problems)?;
    let con_id = i32::try_from(*number.get_ref()).ok().filter(|number| *number > 0);
    if con_id.is_none() {
        problems.at(number.span(), format!("`con_id`: {} is no contract number", number.get_ref()));
    }
    con_id.map(ConId)
}

fn is_word(c: char) -> bool {
    c.is_ascii_uppercase() || c.is_ascii_digit() || c == '.'
}

fn spelled(text: &str, allowed: fn(char) -> bool) -> Result<Box<str>, String> {
    if text.is_empty() || !text.chars().all(allowed) {
        return Err(format!("`{text}` is not spelled as the broker spells it"));
    }
    Ok(text.into())
}

/// TWS symbols are capitals and digits, with a space or point before a share class (`BRK B`).
fn symbol(text: &str) -> Result<Box<str>, String> {
    let inner = |c: char| is_word(c) || matches!(c, ' ' | '-');
    if text.is_empty() || text.len() > 32 || text != text.trim() || !text.chars().all(inner) {
        return Err(format!("`{text}` is no symbol; write it in capitals as the broker does"));
    }
    Ok(text.into())
}

/// A whole number, or a text for fractions.
fn order_qty_max(section: &mut Section<'_>, problems: &mut Problems) -> Option<Qty> {
    let key = "max_order_qty";
    if section.take(key)?.get_ref().is_str() {
        return section.text(key, problems, value::qty).map(Spanned::into_inner);
    }
    let number = section.integer(key, problems)?;
    let units = u64::try_from(*number.get_ref()).ok().filter(|units| *units > 0);
    if units.is_none() {
        problems.at(number.span(), format!("`{key}`: {} is not above zero", number.get_ref()));
    }
    units.map(Qty::whole)
}

fn orders_per_minute(section: &mut Section<'_>, problems: &mut Problems) -> Option<u32> {
    let key = "max_orders_per_minute";
    let number = section.integer(key, problems)?;
    let count = u32::try_from(*number.get_ref()).ok().filter(|count| *count > 0);
    if count.is_none() {
        problems.at(number.span(), format!("`{key}`: {} is not above zero", number.get_ref()));
    }
    count
}

fn stage(section: &mut Section<'_>, problems: &mut Problems) -> Option<Box<str>> {
    let stages = ["demo", "paper", "live"].map(|stage| (stage, stage));
    let stage = section.text("stage", problems, |text| value::word(text, &stages))?;
    problems.note(stage.span(), "stage is not enforced yet; any bot may trade in any environment");
    Some((*stage.get_ref()).into())
}

/// Keys that are promised, checked, and without effect so far.
fn unenforced(section: &mut Section<'_>, problems: &mut Problems) {
    if let Some(bars) = section.table("bars_needed", problems) {
        for (size, count) in bars.entries() {
            if section::integer("bars_needed", count, problems).is_some_and(|n| *n.get_ref() <= 0) {
                problems.at(count.span(), format!("`bars_needed`: \"{size}\" is not above zero"));
            }
        }
        problems.note(bars.span.clone(), "bars_needed is not enforced yet; count the bars in the bot");
    }
}
