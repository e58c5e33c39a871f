//! The strict venue of a world: the simulator, told the time and handed bytes.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use plimsoll_model::{Account, ClientId};
use plimsoll_sim::{
    BookedExecution, BookedOrder, BrokenRule, ConnId, Fault, FaultId, IbkrVenue, MissingAccount, Output,
    Profile, TwsSettings, VenueConfig,
};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::config::OWN_CLIENT;
use super::plan::Plan;

/// An instrument that is no bot's.
pub(super) const STRANGE: &str = "MSFT";
/// What each account starts with.
const CASH: u32 = 10_000_000;

/// The simulator and what it wants done.
pub(super) struct Venue {
    sim: IbkrVenue,
    out: Vec<Output>,
    /// Faults that end when it is asked for open orders.
    silent: Vec<FaultId>,
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
        symbols: plan.symbols().into_iter().chain([STRANGE]).map(Into::into).collect(),
        missing_account: MissingAccount::Default,
        master_client_id: Some(ClientId(OWN_CLIENT)),
        lockstep: false,
        settings: TwsSettings::default(),
    };
    let sim = IbkrVenue::new(config).map_err(|error| error.to_string())?;
    Ok(Venue { sim, out: Vec::new(), silent: Vec::new() })
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

    /// The venue has this fault from now on; an error if it was refused, and then nothing has happened.
    pub(super) fn fault(&mut self, at: Timestamp, fault: &Value) -> Result<(), String> {
        self.advance(at);
        let fault = serde_json::from_value::<Fault>(fault.clone()).map_err(|error| error.to_string())?;
        self.sim.fault(fault, &mut self.out).map(drop).map_err(|error| error.to_string())
    }

    /// Says nothing of orders on Plimsoll's own connection for so long, or until it is asked for open orders: a venue
    /// whose full list leaves out what works would not be silent, it would lie.
    pub(super) fn silence(&mut self, at: Timestamp, lasts: Duration) -> Result<(), String> {
        self.advance(at);
        for message in ["orderStatus", "openOrder"] {
            let lasts = format!("{}ms", lasts.as_millis());
            let fault =
                json!({ "kind": "drop_message", "message": message, "client": OWN_CLIENT, "for": lasts });
            let fault: Fault = serde_json::from_value(fault).expect("a fault of the simulator");
            let id = self.sim.fault(fault, &mut self.out).map_err(|error| error.to_string())?;
            self.silent.push(id);
        }
        Ok(())
    }

    /// Whether this is Plimsoll's question for all open orders. It speaks the highest version with text.
    pub(super) fn is_asked_for_orders(&self, bytes: &[u8]) -> bool {
        const LENGTH: usize = 4;
        !self.silent.is_empty() && bytes.get(LENGTH..).is_some_and(|payload| payload.starts_with(b"16\0"))
    }

    /// It speaks again.
    pub(super) fn speak(&mut self, at: Timestamp) {
        self.advance(at);
        for id in std::mem::take(&mut self.silent) {
            self.sim.heal(id, &mut self.out);
        }
    }

    pub(super) fn heal(&mut self, at: Timestamp) {
        self.advance(at);
        self.sim.heal_all(&mut self.out);
    }

    /// What it wants done. What it says to one connection at one instant is one piece, unless it speaks to another
    /// between.
    pub(super) fn take_outputs(&mut self) -> Vec<Output> {
        let mut pieces: Vec<Output> = Vec::new();
        for output in self.out.drain(..) {
            match (pieces.last_mut(), output) {
                (Some(Output::Send { conn, bytes }), Output::Send { conn: same, bytes: more })
                    if *conn == same =>
                {
                    *bytes = [&bytes[..], &more[..]].concat().into();
                }
                (_, output) => pieces.push(output),
            }
        }
        pieces
    }

    /// Its orders, the oldest first.
    pub(super) fn orders(&self) -> impl DoubleEndedIterator<Item = BookedOrder<'_>> + ExactSizeIterator {
        self.sim.booked_orders()
    }

    /// How many of them can still be executed.
    pub(super) fn working(&self) -> usize {
        self.orders().filter(|order| order.is_open).count()
    }

    pub(super) fn executions(&self) -> impl Iterator<Item = BookedExecution<'_>> {
        self.sim.booked_executions()
    }

    pub(super) fn position(&self, account: &Account, symbol: &str) -> i64 {
        self.sim.booked_position(account, symbol)
    }

    pub(super) fn broken_rules(&self) -> impl Iterator<Item = BrokenRule<'_>> {
        self.sim.broken_rules()
    }
}
