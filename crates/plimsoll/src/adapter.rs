//! The simulated venue behind the trait that the server asks for. Neither crate knows the other.

use jiff::Timestamp;
use plimsoll_runtime::simulator::{self as server, Venue, VenueError};
use plimsoll_sim::{ConnId, Fault, IbkrVenue, ManualOrder, Output, PriceByHand};
use serde_json::{Value, json};

/// An [`IbkrVenue`] that can be served.
pub(crate) struct ServedVenue {
    venue: IbkrVenue,
    outputs: Vec<Output>,
}

impl ServedVenue {
    pub(crate) fn new(venue: IbkrVenue) -> Self {
        Self { venue, outputs: Vec::new() }
    }

    /// Hands over what the venue wants done.
    fn hand_over(&mut self, out: &mut Vec<server::Output>) {
        out.extend(self.outputs.drain(..).map(|output| match output {
            Output::Send { conn, bytes } => server::Output::Send { to: theirs(conn), bytes },
            Output::Close { conn } => server::Output::Close { conn: theirs(conn) },
            Output::Reset { conn } => server::Output::Reset { conn: theirs(conn) },
            Output::StopReading { conn } => server::Output::StopReading { conn: theirs(conn) },
            Output::ReadOn { conn } => server::Output::ReadOn { conn: theirs(conn) },
            Output::RefuseConnections(refuse) => server::Output::RefuseConnections(refuse),
        }));
    }
}

fn theirs(conn: ConnId) -> server::ConnId {
    server::ConnId(conn.0)
}

fn ours(conn: server::ConnId) -> ConnId {
    ConnId(conn.0)
}

fn not_understood(error: &impl std::fmt::Display) -> VenueError {
    VenueError { status: 400, message: error.to_string() }
}

impl Venue for ServedVenue {
    fn now(&self) -> Timestamp {
        self.venue.now()
    }

    fn connected(&mut self, conn: server::ConnId, out: &mut Vec<server::Output>) {
        self.venue.connected(ours(conn), &mut self.outputs);
        self.hand_over(out);
    }

    fn received(&mut self, conn: server::ConnId, bytes: &[u8], out: &mut Vec<server::Output>) {
        self.venue.received(ours(conn), bytes, &mut self.outputs);
        self.hand_over(out);
    }

    fn received_late(&mut self, conn: server::ConnId, bytes: &[u8], out: &mut Vec<server::Output>) {
        self.venue.received_late(ours(conn), bytes, &mut self.outputs);
        self.hand_over(out);
    }

    fn disconnected(&mut self, conn: server::ConnId, out: &mut Vec<server::Output>) {
        self.venue.disconnected(ours(conn), &mut self.outputs);
        self.hand_over(out);
    }

    fn advance(&mut self, to: Timestamp, out: &mut Vec<server::Output>) {
        self.venue.advance(to, &mut self.outputs);
        self.hand_over(out);
    }

    fn next_event(&self) -> Option<Timestamp> {
        self.venue.next_event()
    }

    fn tick(&mut self, out: &mut Vec<server::Output>) {
        self.venue.tick(&mut self.outputs);
        self.hand_over(out);
    }

    fn waiting_for(&self) -> Vec<server::ConnId> {
        self.venue.waiting_for().map(theirs).into_iter().collect()
    }

    fn skip(&mut self, conn: server::ConnId, out: &mut Vec<server::Output>) {
        self.venue.skip(ours(conn), &mut self.outputs);
        self.hand_over(out);
    }

    fn state(&self) -> Value {
        serde_json::to_value(self.venue.state()).expect("the state is built from plain rows")
    }

    fn fault(&mut self, fault: &Value, out: &mut Vec<server::Output>) -> Result<Value, VenueError> {
        let fault: Fault = serde_json::from_value(fault.clone()).map_err(|e| not_understood(&e))?;
        let id = self.venue.fault(fault, &mut self.outputs).map_err(|e| not_understood(&e))?;
        self.hand_over(out);
        Ok(json!({ "id": id.0 }))
    }

    fn faults(&self) -> Value {
        self.venue.faults()
    }

    fn heal_all(&mut self, out: &mut Vec<server::Output>) {
        self.venue.heal_all(&mut self.outputs);
        self.hand_over(out);
    }

    fn set_price(&mut self, price: &Value, out: &mut Vec<server::Output>) -> Result<Value, VenueError> {
        let price: PriceByHand = serde_json::from_value(price.clone()).map_err(|e| not_understood(&e))?;
        self.venue.set_price(&price, &mut self.outputs).map_err(|e| not_understood(&e))?;
        self.hand_over(out);
        Ok(json!({}))
    }

    fn manual_order(&mut self, order: &Value, out: &mut Vec<server::Output>) -> Result<Value, VenueError> {
        let order: ManualOrder = serde_json::from_value(order.clone()).map_err(|e| not_understood(&e))?;
        let perm_id = self.venue.manual_order(&order, &mut self.outputs).map_err(|e| not_understood(&e))?;
        self.hand_over(out);
        Ok(json!({ "perm_id": perm_id.0 }))
    }
}
