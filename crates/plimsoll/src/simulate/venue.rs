//! The strict venue of a world: the simulator, told the time and handed bytes.

use std::collections::BTreeSet;

use jiff::Timestamp;
use plimsoll_model::{Account, ClientId};
use plimsoll_sim::{
    BookedExecution, BookedOrder, BrokenRule, ConnId, Fault, IbkrVenue, MissingAccount, Output, Profile,
    TwsSettings, VenueConfig,
};
use rust_decimal::Decimal;
use serde_json::Value;

use super::config::OWN_CLIENT;
use super::plan::{Plan, SYMBOL};

/// What each account starts with.
const CASH: u32 = 10_000_000;

/// The simulator and what it wants done.
pub(super) struct Venue {
    sim: IbkrVenue,
    out: Vec<Output>,
}

/// The venue of a plan, at its beginning.
pub(super) fn open(plan: &Plan) -> Result<Venue, String> {
    let accounts: BTreeSet<_> = plan.bots.iter().map(|bot| bot.account.as_str()).collect();
    let read = |name: &&str| Account::new(name).ok_or_else(|| format!("`{name}` is no account"));
    let config = VenueConfig {
        profile: Profile::Live,
        accounts: accounts.iter().map(read).collect::<Result<_, _>>()?,
        cash: Decimal::from(CASH),
        start: plan.from(),
        seed: plan.seed,
        symbols: vec![SYMBOL.into()],
        missing_account: MissingAccount::Default,
        master_client_id: Some(ClientId(OWN_CLIENT)),
        lockstep: false,
        settings: TwsSettings::default(),
    };
    let sim = IbkrVenue::new(config).map_err(|error| error.to_string())?;
    Ok(Venue { sim, out: Vec::new() })
}

impl Venue {
    pub(super) fn next_event(&self) -> Option<Timestamp> {
        self.sim.next_event()
    }

    pub(super) fn advance(&mut self, to: Timestamp) {
        self.sim.advance(to, &mut self.out);
    }

    pub(super) fn connected(&mut self, at: Timestamp, conn: ConnId) {
        self.advance(at);
        self.sim.connected(conn, &mut self.out);
    }

    pub(super) fn received(&mut self, at: Timestamp, conn: ConnId, bytes: &[u8]) {
        self.advance(at);
        self.sim.received(conn, bytes, &mut self.out);
    }

    pub(super) fn disconnected(&mut self, at: Timestamp, conn: ConnId) {
        self.advance(at);
        self.sim.disconnected(conn, &mut self.out);
    }

    /// A fault that the day does not have room for is none.
    pub(super) fn fault(&mut self, at: Timestamp, fault: &Value) {
        self.advance(at);
        if let Ok(fault) = serde_json::from_value::<Fault>(fault.clone()) {
            // Refused ones name what is not here, or are too many; the plan goes on without them.
            let _ = self.sim.fault(fault, &mut self.out);
        }
    }

    pub(super) fn heal(&mut self, at: Timestamp) {
        self.advance(at);
        self.sim.heal_all(&mut self.out);
    }

    pub(super) fn take_outputs(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.out)
    }

    /// Its orders, the oldest first.
    pub(super) fn orders(&self) -> impl DoubleEndedIterator<Item = BookedOrder<'_>> + ExactSizeIterator {
        self.sim.booked_orders()
    }

    pub(super) fn executions(&self) -> impl Iterator<Item = BookedExecution<'_>> {
        self.sim.booked_executions()
    }

    pub(super) fn position(&self, account: &Account) -> i64 {
        self.sim.booked_position(account, SYMBOL)
    }

    pub(super) fn broken_rules(&self) -> impl Iterator<Item = BrokenRule<'_>> {
        self.sim.broken_rules()
    }
}
