//! What the operator configured, parsed and valid: the shell has turned text into this and reported
//! every problem at once. No default exists for anything that risks money.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use plimsoll_model::{Account, BotName, ClientId, Contract, InstrumentId, Money, Qty};
use rust_decimal::Decimal;

use crate::allocation::Allocation;
use crate::guard::GuardId;
use crate::schedule::Job;

/// One gateway with one venue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Deny, or only report.
    pub mode: Mode,
    /// The venue behind the gateway.
    pub venue: VenueConfig,
    /// The fleet; names, ports and client ids are distinct.
    pub bots: Vec<BotConfig>,
    /// What is to be done at instants of trade dates; names are distinct.
    pub jobs: Vec<Job>,
    /// How orders are divided over accounts; names are distinct, and no account's.
    pub allocations: Vec<Allocation>,
    /// Guards that are not asked. No configuration file can name one: a drill has to fail without its guard, and
    /// this is how a test takes it away.
    pub switched_off: Vec<GuardId>,
}

/// Whether guards deny or report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Forward, and report what would have been denied.
    Observe,
    /// Deny.
    Enforce,
}

/// The venue behind the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VenueConfig {
    /// Its name in the configuration.
    pub name: Box<str>,
    /// Plimsoll's own client id there.
    pub client_id: ClientId,
    /// The accounts that may be traded at all.
    pub accounts: Vec<Account>,
    /// What becomes of opposite on-close orders of two bots in one account.
    pub on_close_crossing: OnCloseCrossing,
}

/// Opposite on-close orders in one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnCloseCrossing {
    /// The second is denied before the first is lost.
    Deny,
    /// They are held and added up, and the difference is sent as one order.
    Net {
        /// How long before the cutoff it is sent at the latest.
        lead: Duration,
    },
    /// The second is denied, and an order of our own in a near-identical instrument is placed for its bot: by what the
    /// bot asked for. None of these is itself one that another stands in for.
    Equivalent(BTreeMap<InstrumentId, Equivalent>),
}

/// What stands in for an instrument in the closing auction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Equivalent {
    /// The near-identical one.
    pub instrument: InstrumentId,
    /// How much of it.
    pub sizing: Sizing,
}

/// How much of an equivalent stands in for an order. Rounded down to whole units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sizing {
    /// So much that it is worth the same, by the middle of both quotes.
    Notional,
    /// So many units for each unit.
    Ratio(Decimal),
}

/// What a bot is shown of its accounts. A library that sees a stranger's position or order may take it for
/// its own (pitfall 15).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// What is its own.
    Own,
    /// Everything in its accounts, other bots' and what was done by hand included.
    Account,
}

/// Whether Plimsoll writes the account into an order that names none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FillAccount {
    /// An order without account is denied.
    Never,
    /// A declared rewrite, for a bot with exactly one account.
    TheOnlyOne,
}

/// How a bot is told when an execution happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExecutionTimes {
    /// A time that the venue spells in UTC without naming it gets its zone written out; some libraries take
    /// it for the host's own zone otherwise.
    Zoned,
    /// The venue's bytes.
    AsSent,
}

/// Which bars a bot is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bars {
    /// A declared rewrite: those outside of the hours that it asked for are left out.
    OfSession,
    /// All that the venue sends.
    AsSent,
}

/// One bot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BotConfig {
    /// Its name.
    pub name: BotName,
    /// The client ids that it may use, no other bot's.
    pub client_ids: Vec<ClientId>,
    /// The accounts that it may trade and see.
    pub accounts: Vec<Account>,
    /// The instruments that it may trade.
    pub instruments: BTreeMap<InstrumentId, Contract>,
    /// Those of them that other bots may trade in the same account.
    pub shared: BTreeSet<InstrumentId>,
    /// What happens to an order that names no account.
    pub fill_account: FillAccount,
    /// Which holdings, orders and executions of its accounts it is shown.
    pub positions: Shown,
    /// How it is told when an execution happened.
    pub execution_times: ExecutionTimes,
    /// Which bars it is told.
    pub bars: Bars,
    /// The age at which a quote is too old for new risk; none switches the guard off, and the status
    /// says so.
    pub stale_after: Option<Duration>,
    /// Most units in one order.
    pub order_qty_max: Option<Qty>,
    /// Most money in one order.
    pub order_notional_max: Option<Money>,
    /// Most money in one instrument, working orders included.
    pub position_notional_max: Option<Money>,
    /// Most money lost in one trade date, net of fees; reducing orders pass beyond it.
    pub daily_loss_max: Option<Money>,
    /// Most orders in any sixty seconds, denied ones included.
    pub orders_per_minute_max: Option<u32>,
    /// Furthest from the reference price, as a fraction.
    pub price_collar: Option<Decimal>,
    /// How long the same order again is a duplicate.
    pub duplicate_window: Duration,
}

impl Config {
    /// The bot of that name.
    pub fn bot(&self, name: &BotName) -> Option<&BotConfig> {
        self.bots.iter().find(|bot| bot.name == *name)
    }

    /// The allocation of that name that this bot may use.
    pub(crate) fn allocation(&self, bot: &BotName, name: &str) -> Option<&Allocation> {
        let is_it = |one: &&Allocation| one.name.as_str() == name && one.bots.contains(bot);
        self.allocations.iter().find(is_it)
    }

    /// How long before the cutoff netted on-close orders leave; none if orders are not netted. That is the business of
    /// `self_match`, which netting spares a denial.
    pub(crate) fn nets(&self) -> Option<Duration> {
        match &self.venue.on_close_crossing {
            OnCloseCrossing::Net { lead }
                if self.mode == Mode::Enforce && !self.switched_off.contains(&GuardId::SelfMatch) =>
            {
                Some(*lead)
            }
            OnCloseCrossing::Net { .. } | OnCloseCrossing::Equivalent(_) | OnCloseCrossing::Deny => None,
        }
    }

    /// What stands in for an instrument; nothing if equivalents are not asked for.
    pub(crate) fn equivalents(&self) -> Option<&BTreeMap<InstrumentId, Equivalent>> {
        match &self.venue.on_close_crossing {
            OnCloseCrossing::Equivalent(all) => Some(all),
            OnCloseCrossing::Net { .. } | OnCloseCrossing::Deny => None,
        }
    }

    /// Every configured instrument once, with its contract.
    pub fn instruments(&self) -> BTreeMap<&InstrumentId, &Contract> {
        self.bots.iter().flat_map(|bot| &bot.instruments).collect()
    }
}
