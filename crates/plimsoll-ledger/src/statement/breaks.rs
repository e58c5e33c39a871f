//! The differences, each told once.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use plimsoll_model::{Account, BotName, Currency, InstrumentId, Money, Position, Side};
use rust_decimal::Decimal;

use super::matching::{self, Certainty};
use super::shares;
use super::{Books, Effect, Entry};
use crate::exact;

/// What differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BreakKind {
    /// The broker has an execution that the ledger does not.
    OnlyStatement,
    /// The ledger has an execution that the broker does not.
    OnlyLedger,
    /// The ledger has an execution twice.
    Doubled,
    /// The broker has taken an execution back that still counts in the ledger.
    Busted,
    /// One execution, two quantities.
    Quantity,
    /// One execution, two prices.
    Price,
    /// One execution, two of something else that it must have in common.
    Contradiction,
    /// One execution, two commissions.
    Commission,
    /// The ledger does not know the commission; the broker does.
    CommissionUnknown,
    /// A holding differs by more than its executions explain.
    Position,
    /// Cash differs by more than the executions explain.
    Cash,
    /// The profit of a closed holding differs, though its executions agree.
    Realised,
}

impl BreakKind {
    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OnlyStatement => "only_statement",
            Self::OnlyLedger => "only_ledger",
            Self::Doubled => "doubled",
            Self::Busted => "busted",
            Self::Quantity => "quantity",
            Self::Price => "price",
            Self::Contradiction => "contradiction",
            Self::Commission => "commission",
            Self::CommissionUnknown => "commission_unknown",
            Self::Position => "position",
            Self::Cash => "cash",
            Self::Realised => "realised",
        }
    }

    /// Whether a position is not what the ledger says, however small the amount: an execution that nobody explains.
    pub const fn is_unexplained(self) -> bool {
        matches!(
            self,
            Self::OnlyStatement
                | Self::OnlyLedger
                | Self::Doubled
                | Self::Busted
                | Self::Quantity
                | Self::Contradiction
                | Self::Position
        )
    }
}

/// What a difference is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// An instrument.
    Instrument(InstrumentId),
    /// A currency.
    Currency(Currency),
}

impl About {
    /// Its name.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Instrument(instrument) => instrument.as_str(),
            Self::Currency(currency) => currency.as_str(),
        }
    }
}

/// A difference, with both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// What differs.
    pub kind: BreakKind,
    /// In which account.
    pub account: Account,
    /// Of what.
    pub about: About,
    /// Whose execution it is, if a bot's.
    pub bot: Option<BotName>,
    /// Which execution, by the best number that there is of it.
    pub name: Box<str>,
    /// What the ledger says; none: nothing.
    pub ledger: Option<Box<str>>,
    /// What the broker says; none: nothing.
    pub venue: Option<Box<str>>,
    /// By how much the broker's side is more than ours; none where no number fits or a price is not known.
    pub effect: Option<Effect>,
    /// When it was executed.
    pub at: Option<Timestamp>,
}

/// Two records of one execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Match {
    /// Its place among ours.
    pub ours: usize,
    /// Its place among theirs.
    pub theirs: usize,
    /// How sure that is.
    pub certainty: Certainty,
}

/// What a comparison found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Executions that both have.
    pub matches: Vec<Match>,
    /// Differences: of executions first, in the order of ours and then of theirs.
    pub breaks: Vec<Break>,
    /// Executions of which the statement says no commission, so that ours is not confirmed.
    pub commissions_not_told: u64,
    /// Executions of which the statement says no price.
    pub prices_not_told: u64,
    /// Executions of bots against each other, of which the broker has none.
    pub crossed: u64,
}

impl Comparison {
    /// How many were matched with that certainty.
    pub fn matched(&self, certainty: Certainty) -> usize {
        self.matches.iter().filter(|one| one.certainty == certainty).count()
    }
}

/// Compares our books with the broker's.
pub fn compare(ours: &Books, theirs: &Books) -> Comparison {
    let mut found = Comparison::default();
    let pairs = matching::pairs(&ours.entries, &theirs.entries);
    let mut left: BTreeSet<usize> = (0..ours.entries.len()).collect();
    let mut right: BTreeSet<usize> = (0..theirs.entries.len()).collect();
    for pair in pairs {
        left.remove(&pair.ours);
        right.remove(&pair.theirs);
        found.matches.push(Match { ours: pair.ours, theirs: pair.theirs, certainty: pair.certainty });
        compare_entries(&mut found, &ours.entries[pair.ours], &theirs.entries[pair.theirs]);
    }
    shares::take_out(&mut found, (ours, &mut left), (theirs, &mut right));
    only_ours(&mut found, ours, theirs, &left);
    for at in right {
        let entry = &theirs.entries[at];
        let venue = Some(told(entry));
        found.breaks.push(of_entry(
            BreakKind::OnlyStatement,
            entry,
            entry.bot.clone(),
            None,
            venue,
            entry.effect(),
        ));
    }
    compare_sums(&mut found, ours, theirs);
    found
}

/// Executions of ours that no counted one of the broker's is.
fn only_ours(found: &mut Comparison, ours: &Books, theirs: &Books, left: &BTreeSet<usize>) {
    let rest: Vec<Entry> = left.iter().map(|at| ours.entries[*at].clone()).collect();
    let busted: BTreeMap<usize, usize> =
        matching::pairs(&rest, &theirs.busted).into_iter().map(|pair| (pair.ours, pair.theirs)).collect();
    let values: BTreeSet<_> = theirs.entries.iter().map(value).collect();
    for (at, entry) in rest.iter().enumerate() {
        let kind = match busted.get(&at) {
            Some(_) => BreakKind::Busted,
            None if values.contains(&value(entry)) => BreakKind::Doubled,
            None => BreakKind::OnlyLedger,
        };
        let venue = (kind == BreakKind::Busted).then(|| "taken back".into());
        let effect = entry.effect().map(|effect| effect.reversed());
        found.breaks.push(of_entry(kind, entry, entry.bot.clone(), Some(told(entry)), venue, effect));
    }
}

type Value<'a> = (&'a Account, &'a InstrumentId, Side, Decimal, Option<Decimal>);

fn value(entry: &Entry) -> Value<'_> {
    (&entry.account, &entry.instrument, entry.side, entry.qty.get(), entry.px.map(plimsoll_model::Price::get))
}

/// One execution, two records.
fn compare_entries(found: &mut Comparison, ours: &Entry, theirs: &Entry) {
    let bot = ours.bot.clone().or_else(|| theirs.bot.clone());
    let mut say = |kind, ledger: String, venue: String| {
        let effect = match (ours.effect(), theirs.effect()) {
            (Some(ours), Some(theirs)) => theirs.and(&ours.reversed()),
            _ => None,
        };
        let (ledger, venue) = (Some(ledger.into()), Some(venue.into()));
        found.breaks.push(of_entry(kind, ours, bot.clone(), ledger, venue, effect));
    };
    let contradicts = [
        (ours.account != theirs.account).then(|| (ours.account.to_string(), theirs.account.to_string())),
        (ours.instrument != theirs.instrument)
            .then(|| (ours.instrument.to_string(), theirs.instrument.to_string())),
        (ours.side != theirs.side).then(|| (ours.side.as_str().to_owned(), theirs.side.as_str().to_owned())),
    ];
    if let Some((ledger, venue)) = contradicts.into_iter().flatten().next() {
        return say(BreakKind::Contradiction, ledger, venue);
    }
    if ours.qty != theirs.qty {
        return say(BreakKind::Quantity, ours.qty.to_string(), theirs.qty.to_string());
    }
    match (ours.px, theirs.px) {
        (Some(our), Some(their)) if our != their => {
            return say(BreakKind::Price, our.to_string(), their.to_string());
        }
        (Some(_), None) => found.prices_not_told += 1,
        _ => {}
    }
    // The API tells one sum of charges, and statements may tell taxes apart.
    let same = |fee| Some(fee) == theirs.fee || Some(fee) == theirs.all_charges();
    match (ours.fee, theirs.fee) {
        (_, None) => found.commissions_not_told += 1,
        (None, Some(fee)) => {
            let mut one = of_entry(
                BreakKind::CommissionUnknown,
                ours,
                bot,
                Some("unknown".into()),
                Some(fee.to_string().into()),
                None,
            );
            one.effect = ours.effect().and_then(|effect| theirs.effect()?.and(&effect.reversed()));
            found.breaks.push(one);
        }
        (Some(fee), Some(_)) if same(fee) || Some(fee) == ours.all_charges().filter(|all| same(*all)) => {}
        (Some(our), Some(their)) => {
            let effect =
                theirs.effect().zip(ours.effect()).and_then(|(their, our)| their.and(&our.reversed()));
            let (ledger, venue) = (Some(our.to_string().into()), Some(their.to_string().into()));
            found.breaks.push(of_entry(BreakKind::Commission, ours, bot, ledger, venue, effect));
        }
    }
}

/// A difference in what was charged.
pub(super) fn commission_break(kind: BreakKind, entry: &Entry, ledger: Option<Money>, venue: Money) -> Break {
    let by = ledger
        .filter(|ledger| ledger.currency == venue.currency)
        .and_then(|ledger| exact::sub(ledger.amount, venue.amount));
    let effect = by.map(|by| Effect { qty: Decimal::ZERO, cash: [(venue.currency, by)].into() });
    let told = ledger.map_or_else(|| "unknown".to_owned(), |ledger| ledger.to_string());
    let (told, venue) = (Some(told.into()), Some(venue.to_string().into()));
    of_entry(kind, entry, None, told, venue, effect)
}

fn of_entry(
    kind: BreakKind,
    entry: &Entry,
    bot: Option<BotName>,
    ledger: Option<Box<str>>,
    venue: Option<Box<str>>,
    effect: Option<Effect>,
) -> Break {
    Break {
        kind,
        account: entry.account.clone(),
        about: About::Instrument(entry.instrument.clone()),
        bot,
        name: name(entry),
        ledger,
        venue,
        effect,
        at: entry.at,
    }
}

/// The best number that there is of an execution.
fn name(entry: &Entry) -> Box<str> {
    let Entry { exec_id, trade_id, order_ref, .. } = entry;
    match (exec_id, trade_id, order_ref) {
        (Some(id), ..) => id.as_str().into(),
        (None, Some(id), _) => format!("trade {id}").into(),
        (None, None, Some(order)) => format!("order {order}").into(),
        _ => "without a number".into(),
    }
}

/// An execution in a few words.
fn told(entry: &Entry) -> Box<str> {
    let px = entry.px.map(|px| format!(" at {px}")).unwrap_or_default();
    format!("{} {} {}{px}", entry.side.as_str(), entry.qty, entry.instrument).into()
}

/// What the breaks of executions explain, by holding and by currency. Nothing for an account in which one cannot be
/// counted.
struct Explained {
    qty: BTreeMap<(Account, InstrumentId), Option<Decimal>>,
    cash: BTreeMap<(Account, Currency), Option<Decimal>>,
    uncounted: BTreeSet<Account>,
}

impl Explained {
    fn by(breaks: &[Break]) -> Self {
        let mut all = Self { qty: BTreeMap::new(), cash: BTreeMap::new(), uncounted: BTreeSet::new() };
        for one in breaks {
            let About::Instrument(instrument) = &one.about else { continue };
            let Some(effect) = &one.effect else {
                all.uncounted.insert(one.account.clone());
                continue;
            };
            let qty = all.qty.entry((one.account.clone(), instrument.clone())).or_insert(Some(Decimal::ZERO));
            *qty = qty.and_then(|sum| exact::add(sum, effect.qty));
            for (currency, amount) in &effect.cash {
                let cash = all.cash.entry((one.account.clone(), *currency)).or_insert(Some(Decimal::ZERO));
                *cash = cash.and_then(|sum| exact::add(sum, *amount));
            }
        }
        all
    }
}

/// Holdings, cash and profits, after what the executions' breaks explain.
fn compare_sums(found: &mut Comparison, ours: &Books, theirs: &Books) {
    let explained = Explained::by(&found.breaks);
    let left_out = ours.positions.keys().filter(|(account, _)| theirs.complete.contains(account));
    let holdings: BTreeSet<_> = theirs.positions.keys().chain(left_out).collect();
    for key in holdings {
        let (our, their) = (at(&ours.positions, key), at(&theirs.positions, key));
        let extra = explained.qty.get(key).copied().unwrap_or(Some(Decimal::ZERO));
        let rest = extra.and_then(|extra| exact::sub(exact::sub(their.get(), our.get())?, extra));
        if rest != Some(Decimal::ZERO) {
            let about = About::Instrument(key.1.clone());
            let effect = rest.map(|qty| Effect { qty, cash: BTreeMap::new() });
            found.breaks.push(of_sum(BreakKind::Position, &key.0, about, our.get(), their.get(), effect));
        }
    }
    for (key, their) in &theirs.cash {
        let Some(our) = ours.cash.get(key) else { continue };
        let extra = explained.cash.get(key).copied().unwrap_or(Some(Decimal::ZERO));
        let rest = extra.and_then(|extra| exact::sub(exact::sub(*their, *our)?, extra));
        if rest != Some(Decimal::ZERO) && !explained.uncounted.contains(&key.0) {
            let effect = rest.map(|amount| Effect { qty: Decimal::ZERO, cash: [(key.1, amount)].into() });
            found.breaks.push(of_sum(BreakKind::Cash, &key.0, About::Currency(key.1), *our, *their, effect));
        }
    }
    for (key, their) in &theirs.realised {
        let Some(our) = ours.realised.get(key).filter(|_| !explained.qty.contains_key(key)) else { continue };
        let near = exact::sub(our.amount, their.amount).is_some_and(|rest| rest.abs() <= REALISED_ROUNDING);
        if our.currency != their.currency || !near {
            let about = About::Instrument(key.1.clone());
            found.breaks.push(of_sum(BreakKind::Realised, &key.0, about, our.amount, their.amount, None));
        }
    }
}

/// The broker rounds the profit of each lot that it closes.
const REALISED_ROUNDING: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

fn at(positions: &BTreeMap<(Account, InstrumentId), Position>, key: &(Account, InstrumentId)) -> Position {
    positions.get(key).copied().unwrap_or(Position::FLAT)
}

fn of_sum(
    kind: BreakKind,
    account: &Account,
    about: About,
    ledger: Decimal,
    venue: Decimal,
    effect: Option<Effect>,
) -> Break {
    Break {
        kind,
        account: account.clone(),
        about,
        bot: None,
        name: "".into(),
        ledger: Some(ledger.normalize().to_string().into()),
        venue: Some(venue.normalize().to_string().into()),
        effect,
        at: None,
    }
}
