//! What the venue says and what we believe because of it. What the bot is shown of it is in `shown`.

use plimsoll_ledger::FeePosted;
use plimsoll_model::{
    ClOrdId, ClientId, ErrorReport, LinkId, Now, OpenOrderReport, OrderId, OrderStatus, PermId,
    PositionReport, Qty, RawFrame, Report, StatusReport, TimeInForce,
};

use super::orders::CODE_VALIDATION;
use super::{Bridge, fallbacks};
use crate::Command;
use crate::book::{OrderKey, OrderState, OrderTerms, Owner};
use crate::drop_copy::DropCopy;
use crate::fallback::Word;
use crate::recon::{Data, Ended, ReconState};

/// The broker's servers are out of TWS's reach.
const CODE_CONNECTIVITY_LOST: i32 = 1100;
/// The same, told to who connects while TWS has no server at all.
const CODE_NO_SERVER: i32 = 2110;
/// They are back, and all market data subscriptions are gone.
const CODE_RESTORED_DATA_LOST: i32 = 1101;
/// They are back, with the subscriptions.
const CODE_RESTORED: i32 = 1102;
/// An order was canceled, with or without having been asked.
const CODE_CANCELED: i32 = 202;

/// What a person has to know of a read-only API, and where its setting is.
const READ_ONLY: &str = "the broker's API is read-only, so every order is denied; to trade, untick Read-Only API in TWS \
                         (Global Configuration) or Gateway (Configure, Settings) under API, Settings";

/// Codes that end a new order which never worked. Notices and warnings about a live order are not among
/// them: taking one for the end would forget a working order (ibkr-protocol §7.5, §8).
const CODES_REFUSED: &[i32] = &[
    103, 106, 107, 109, 110, 111, 113, 116, 133, 140, 141, 160, 163, 164, 201, 203, 328, 355, 387, 388, 392,
    412, 413, 422, 426, 434, 435, 436, 439, 443, 460, 10006, 10052, 10243, 10268, 10269, 10270, 10285, 10318,
];

/// Codes that end an order or a request of the same number; requests and orders share their numbers. An
/// order is then of unknown fate until the broker's lists have proved it.
///
/// So is one that TWS would send straight to an exchange and warns of: it keeps it back, or does not.
const CODES_AMBIGUOUS: &[i32] = &[200, 320, 321, 322, 10311];

impl Bridge {
    pub(super) fn on_venue(
        &mut self,
        now: Now,
        link: LinkId,
        report: Report,
        raw: RawFrame,
        out: &mut Vec<Command>,
    ) {
        self.believe(now, link, &report, &raw, out);
        if self.recon.is_own(link) {
            self.own_answer(now, link, report, out);
        } else {
            self.show(link, &report, raw, out);
            if matches!(report, Report::NextValidId(_)) && self.is_stopped(link) {
                // It was away when everything was stopped; now its orders are in reach again.
                self.cancel_all_of(now, link, out);
            }
        }
    }

    /// Whether somebody has said that everything of this link's bot is to end.
    fn is_stopped(&self, link: LinkId) -> bool {
        let halt = self.links.get(link).and_then(|state| self.halts.of(&state.bot));
        halt.is_some_and(|halt| halt.level == crate::HaltLevel::All)
    }

    /// Changes what we believe about orders and executions, whichever connection said it.
    fn believe(&mut self, now: Now, link: LinkId, report: &Report, raw: &RawFrame, out: &mut Vec<Command>) {
        let is_own = self.recon.is_own(link);
        // A round proves what is new by itself, and whatever waits for it has not been sent.
        let listens =
            !is_own && self.recon.state == ReconState::Done && self.hearing.state == DropCopy::Unknown;
        let known = if listens { self.known_of(report) } else { None };
        if is_own {
            self.note_copy(report);
        }
        self.note_answer(now, link, report);
        match report {
            Report::OpenOrder(order) if !order.what_if => {
                if let Some(key) = self.note_order(now, order)
                    && !is_own
                {
                    self.book.update(key, |state| state.open_order = Some(raw.clone()));
                }
            }
            Report::CompletedOrder(order) => {
                self.note_order(now, order);
            }
            Report::Status(status) => self.note_status(now, link, status, raw),
            Report::Execution(execution) => self.note_execution(now, execution, out),
            Report::Commission { exec_id, charge: Some(charge) }
                if self.share_commission(exec_id, *charge, out) => {}
            Report::Commission { exec_id, charge: Some(charge) } => {
                match self.ledger.fee(exec_id, plimsoll_model::Fee { charge: *charge }) {
                    Ok(FeePosted::New | FeePosted::Changed { .. }) => {
                        self.note_moved(exec_id, None);
                        self.leg_charged(exec_id, *charge, out);
                    }
                    Ok(
                        FeePosted::Duplicate
                        | FeePosted::Waiting
                        | FeePosted::Superseded
                        | FeePosted::Settled,
                    ) => {}
                    Err(error) => out.push(Command::Notice { text: error.to_string() }),
                }
            }
            Report::Error(error) => self.note_error(now, link, error),
            _ => {}
        }
        if listens && self.known_of(report) != known {
            self.hearing.owe(now.mono);
        }
    }

    /// The first word about a new order on the connection that it left on says how fast the venue is.
    fn note_answer(&mut self, now: Now, link: LinkId, report: &Report) {
        let order_id = match report {
            Report::OpenOrder(order) => order.order_id,
            Report::Status(status) => Some(status.order_id),
            Report::Error(error) => error.id.map(OrderId),
            _ => None,
        };
        if let Some(order_id) = order_id {
            self.acks.heard(link, order_id, now.mono);
        }
    }

    /// Whether the report on our own connection shows that it gets copies of others' orders.
    fn note_copy(&mut self, report: &Report) {
        let by = match report {
            Report::OpenOrder(order) if !order.what_if => order.client_id,
            Report::Status(status) => Some(status.client_id),
            Report::Execution(execution) if execution.req_id.is_none() => Some(execution.client_id),
            _ => None,
        };
        let asked = self.recon.state != ReconState::Done || self.recon.polling.is_some();
        if by.is_some_and(|by| !self.is_own_client(by)) && (!asked || matches!(report, Report::Execution(_)))
        {
            self.hearing.heard();
        }
    }

    /// What a report on a bot's connection is about, as far as it is known: only what is new there has to come on ours
    /// as well. What the venue repeats at the start of a connection, and its answers to a bot's questions, do not.
    fn known_of(&self, report: &Report) -> Option<(OrderStatus, Qty)> {
        let (perm_id, by_client) = match report {
            Report::OpenOrder(order) => (order.perm_id, order.client_id.zip(order.order_id)),
            Report::Status(status) => (status.perm_id, Some((status.client_id, status.order_id))),
            Report::Execution(execution) => {
                (execution.perm_id, Some((execution.client_id, execution.order_id)))
            }
            _ => return None,
        };
        let state = self.book.get(self.find(perm_id, by_client, None)?)?;
        Some((state.status, state.cum_qty.max(state.posted_qty)))
    }

    fn is_own_client(&self, client_id: ClientId) -> bool {
        self.config.as_ref().is_some_and(|config| config.venue.client_id == client_id)
    }

    /// Answers on our own connection, which no bot sees.
    fn own_answer(&mut self, now: Now, link: LinkId, report: Report, out: &mut Vec<Command>) {
        match report {
            Report::Position(position) => self.note_position(now, *position, out),
            Report::PositionsEnd => self.answer_ended(now, Ended::Positions, out),
            Report::OpenOrderEnd => self.answer_ended(now, Ended::OpenOrders, out),
            Report::ExecutionsEnd(req_id) if self.recon.is_executions_answer(req_id) => {
                self.answer_ended(now, Ended::Executions, out);
            }
            Report::CompletedOrdersEnd => {
                if std::mem::take(&mut self.recon.read_only) {
                    out.push(Command::Notice { text: "the broker's API takes orders again".into() });
                }
                self.answer_ended(now, Ended::CompletedOrders, out);
            }
            Report::Contract(contract) => {
                let instrument = self.contract_reqs.get(&contract.req_id).cloned();
                if let Some(instrument) = instrument {
                    let text = self.contracts.learn(&instrument, &contract);
                    out.extend(text.map(|text| Command::Notice { text }));
                    self.doubt_all_of(now, &instrument);
                    if self.contracts.is_known_as(&instrument, contract.con_id) {
                        self.hear_hours(now, &instrument, &contract, out);
                    }
                }
            }
            Report::Equity { req_id, account, worth } => self.note_equity(now, req_id, account, worth),
            Report::Schedule(schedule) => self.hear_schedule(&schedule, out),
            Report::DayBars(bars) => self.hear_day_bars(now, &bars, out),
            Report::NextValidId(next) => {
                if let Some(client_id) = self.own_client() {
                    self.links.offered(client_id, next);
                }
            }
            Report::Error(error) => self.own_error(now, link, &error, out),
            _ => {}
        }
    }

    fn own_error(&mut self, now: Now, link: LinkId, error: &ErrorReport, out: &mut Vec<Command>) {
        match error.code {
            CODE_CONNECTIVITY_LOST | CODE_NO_SERVER => {
                self.recon.down();
                self.recon.link = Some(link);
                self.quotes.clear();
                self.equities.forget_answers();
            }
            CODE_RESTORED_DATA_LOST | CODE_RESTORED => {
                self.begin_again(now, link, data_after(error.code), out);
            }
            // On no request: an API that is read-only tells nobody which orders have ended, and takes none. That is
            // an answer too, and what the others say is proof enough of what works.
            CODE_VALIDATION if error.id.is_none() && self.recon.awaits_completed_orders() => {
                if !std::mem::replace(&mut self.recon.read_only, true) {
                    out.push(Command::Notice { text: READ_ONLY.into() });
                }
                self.answer_ended(now, Ended::CompletedOrders, out);
            }
            // Notices about farms come at every connect; staleness is judged by prices, not by them.
            2100..=2199 => {}
            code => {
                let about = error
                    .id
                    .and_then(|id| self.contract_reqs.get(&plimsoll_model::ReqId(id)))
                    .map_or_else(String::new, |instrument| format!(" about {instrument}"));
                out.push(Command::Notice { text: format!("broker error {code}{about}: {}", error.text) });
            }
        }
    }

    /// Finds the order under any of its names, or enters it as foreign.
    fn note_order(&mut self, now: Now, report: &OpenOrderReport) -> Option<OrderKey> {
        let ours = self.owner_of_reference(now, &report.order_ref);
        let by_client = report.client_id.zip(report.order_id);
        let key = self.find(report.perm_id, by_client, ours.as_ref().map(|ours| &ours.0));
        // A reference that belongs to another order was copied: the order is not ours.
        let ours = ours.filter(|(id, _)| key.is_some() || self.book.by_ref(id).is_none());
        let key = if let Some(key) = key {
            key
        } else {
            let instrument = self.contracts.identify(&report.contract).ok()?;
            let legs = self.contracts.legs(&report.legs);
            self.book.insert(from_report(report, instrument, legs, ours, now))
        };
        self.sought.remove(&key);
        self.closings.hear(key, fallbacks::word(report.status, report.cum_qty));
        let before = self.book.get(key).map(|state| state.status);
        self.book.update(key, |state| {
            state.perm_id = named(report.perm_id).or(state.perm_id);
            state.account = report.account.clone().or_else(|| state.account.take());
            if let Some(client) = report.client_id.filter(|_| report.order_id.is_some_and(|id| id.0 != 0)) {
                state.client_id = Some(client);
                state.order_id = report.order_id;
            }
            state.qty = report.qty;
            state.ord_type = report.ord_type.clone();
            state.limit_px = report.limit_px.or(state.limit_px);
            state.stop_px = report.stop_px.or(state.stop_px);
            if state.oca_group != report.oca_group {
                state.oca_group.clone_from(&report.oca_group);
            }
            state.confirm();
            state.cum_qty = state.cum_qty.max(report.cum_qty.unwrap_or(Qty::ZERO));
            state.status = next_status(state, report.status);
        });
        self.note_inactive(now, key, before);
        Some(key)
    }

    /// The order under any of its names. A number that another order of the broker has had is no name: ids
    /// and references can be used again or copied, the broker's number cannot.
    pub(super) fn find(
        &self,
        perm_id: PermId,
        by_client: Option<(ClientId, OrderId)>,
        by_ref: Option<&ClOrdId>,
    ) -> Option<OrderKey> {
        let fits = |key: &OrderKey| {
            let known = self.book.get(*key).and_then(|state| state.perm_id).and_then(named);
            known.is_none() || named(perm_id).is_none() || known == Some(perm_id)
        };
        let by_client = || self.book.by_client(by_client?.0, by_client?.1).filter(fits);
        let by_ref = || self.book.by_ref(by_ref?).filter(fits);
        self.book.by_perm(perm_id).or_else(by_client).or_else(by_ref)
    }

    fn note_status(&mut self, now: Now, link: LinkId, report: &StatusReport, raw: &RawFrame) {
        let by_client = Some((report.client_id, report.order_id));
        let Some(key) = self.find(report.perm_id, by_client, None) else { return };
        let own = self.recon.is_own(link);
        self.sought.remove(&key);
        self.closings.hear(key, fallbacks::word(report.status, Some(report.cum_qty)));
        let before = self.book.get(key).map(|state| state.status);
        self.book.update(key, |state| {
            state.perm_id = named(report.perm_id).or(state.perm_id);
            state.cum_qty = state.cum_qty.max(report.cum_qty);
            state.avg_px = report.avg_px.or(state.avg_px);
            state.status = next_status(state, report.status);
            if !own {
                state.status_frame = Some(raw.clone());
            }
        });
        self.note_inactive(now, key, before);
    }

    /// An order that has just become inactive is asked about soon: some are over without another word.
    fn note_inactive(&mut self, now: Now, key: OrderKey, before: Option<OrderStatus>) {
        let is_inactive = self.book.get(key).is_some_and(|state| state.status == OrderStatus::Inactive);
        if is_inactive && before != Some(OrderStatus::Inactive) {
            self.inactive_since.get_or_insert(now.mono);
        }
    }

    fn note_position(&mut self, now: Now, report: PositionReport, out: &mut Vec<Command>) {
        let instrument = match self.contracts.identify(&report.contract) {
            Ok(instrument) => instrument,
            // Another contract under a name of ours: it is no holding in ours, and a person should know.
            Err(reason) => {
                let (account, held) = (&report.account, report.position);
                out.push(Command::Notice { text: format!("{account} holds {held}, not booked: {reason}") });
                return;
            }
        };
        let key = (report.account, instrument);
        self.broker_positions.insert(key.clone(), (report.position, report.avg_cost));
        if let Some(listed) = &mut self.listed_holdings {
            listed.insert(key.clone());
        }
        self.doubt(now, &key.0, &key.1);
    }

    fn note_error(&mut self, now: Now, link: LinkId, error: &ErrorReport) {
        // Our own connection may be the last to hear of it, or may have gone silent.
        match error.code {
            CODE_CONNECTIVITY_LOST | CODE_NO_SERVER => {
                self.closings.doubt_reach();
                self.recon.lose_reach();
            }
            CODE_RESTORED_DATA_LOST | CODE_RESTORED if !self.recon.is_own(link) => {
                self.recon.restored_elsewhere(now.mono, data_after(error.code));
            }
            _ => {}
        }
        let own = self.own_way().filter(|(own, _)| *own == link).map(|(_, client_id)| client_id);
        let client_id = own.or_else(|| self.links.get(link).map(|state| state.client_id));
        let Some((client_id, id)) = client_id.zip(error.id) else { return };
        let Some(key) = self.book.by_client(client_id, OrderId(id)) else { return };
        let was_open = self.is_open(key);
        self.book.update(key, |state| {
            let never_worked = matches!(state.status, OrderStatus::PendingNew | OrderStatus::Unknown)
                && state.cum_qty.is_zero();
            // Of one that was not to be changed the refusal speaks of the order itself.
            let is_inactive = state.status == OrderStatus::Inactive && state.changes.is_empty();
            if error.code == CODE_CANCELED && state.status.is_open() {
                state.status = OrderStatus::Canceled;
            } else if is_inactive && CODES_REFUSED.contains(&error.code) {
                state.status = ended_inactive(state);
            } else if never_worked && CODES_REFUSED.contains(&error.code) {
                state.status = OrderStatus::Rejected;
            } else if never_worked && CODES_AMBIGUOUS.contains(&error.code) {
                state.status = OrderStatus::Unknown;
            }
        });
        if was_open && !self.is_open(key) {
            self.closings.hear(key, Word::Refused);
        }
        self.leg_refused(key, error);
    }

    fn is_open(&self, key: OrderKey) -> bool {
        self.book.get(key).is_some_and(|state| state.status.is_open())
    }
}

/// What a code that says that the servers are back says of subscriptions.
fn data_after(code: i32) -> Data {
    if code == CODE_RESTORED_DATA_LOST { Data::Lost } else { Data::Kept }
}

/// Zero is the broker's word for no number yet.
pub(super) fn named(perm_id: PermId) -> Option<PermId> {
    Some(perm_id).filter(|id| id.0 != 0)
}

/// The end of an inactive order.
fn ended_inactive(state: &OrderState) -> OrderStatus {
    if state.cum_qty.is_zero() { OrderStatus::Rejected } else { OrderStatus::Canceled }
}

/// What a new word about an order makes of its state. Executions are facts: an order that is executed in
/// full is filled whatever else is said. One that was executed or canceled has ended for good, unless only the
/// silence of an answer said so; one that was refused or denied works again if the venue says that it works.
pub(super) fn next_status(state: &OrderState, said: OrderStatus) -> OrderStatus {
    // A larger quantity that was asked for and not confirmed yet may be the one in the market.
    let most = state.changes.iter().map(|change| change.qty).max().unwrap_or(Qty::ZERO).max(state.qty);
    if !most.is_zero() && state.cum_qty >= most {
        return OrderStatus::Filled;
    }
    match (state.status, said) {
        // No answer named it, and now one does: that was no proof after all.
        (OrderStatus::Canceled, said) if state.by_absence => said,
        (OrderStatus::Filled | OrderStatus::Canceled, _) => state.status,
        // The error that ended it may come before the status that tells of the same end.
        (OrderStatus::Rejected, OrderStatus::Inactive) => OrderStatus::Rejected,
        // What had to execute at once can no more: the venue's only word for one that did not.
        (_, OrderStatus::Inactive)
            if matches!(state.tif, TimeInForce::FillOrKill | TimeInForce::ImmediateOrCancel) =>
        {
            ended_inactive(state)
        }
        (_, OrderStatus::New) if !state.cum_qty.is_zero() => OrderStatus::PartiallyFilled,
        (_, said) => said,
    }
}

fn from_report(
    report: &OpenOrderReport,
    instrument: plimsoll_model::InstrumentId,
    legs: Vec<plimsoll_model::Leg>,
    ours: Option<(plimsoll_model::ClOrdId, Owner)>,
    now: Now,
) -> OrderState {
    let (cl_ord_id, owner) = match ours {
        Some((id, owner)) => (Some(id), owner),
        None => (None, Owner::Foreign),
    };
    let terms = OrderTerms {
        side: report.side,
        qty: report.qty,
        ord_type: report.ord_type.clone(),
        limit_px: report.limit_px,
        stop_px: report.stop_px,
        tif: report.tif.clone(),
    };
    OrderState {
        cl_ord_id,
        client_id: report.client_id,
        order_id: report.order_id,
        perm_id: named(report.perm_id),
        account: report.account.clone(),
        legs,
        parent_id: report.parent_id,
        oca_group: report.oca_group.clone(),
        status: report.status,
        cum_qty: report.cum_qty.unwrap_or(Qty::ZERO),
        bot_ref: report.order_ref.clone(),
        ..OrderState::of(owner, terms, instrument, now.wall)
    }
}
