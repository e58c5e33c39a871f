//! One line per event and per decision: for the journal, for people, and for the tests. The same text in
//! live and in replay is what makes a replay comparable.

use std::fmt;

use plimsoll_model::{Report, Request};

use crate::{Ask, Command, Event, News, Operator, Rewrite};

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started { epoch, config } => write!(f, "started epoch {epoch} {:?}", config.mode),
            Self::OwnUp { link } => write!(f, "own link {link} up"),
            Self::OwnDown { link } => write!(f, "own link {link} down"),
            Self::BotArrived { link, bot, client_id, .. } => {
                write!(f, "link {link} {bot} arrived as client {client_id}")
            }
            Self::BotLeft { link } => write!(f, "link {link} left by its bot"),
            Self::BotGone { link } => write!(f, "link {link} gone"),
            Self::FromBot { link, request, .. } => write!(f, "link {link} asks {}", RequestLine(request)),
            Self::FromVenue { link, report, .. } => write!(f, "link {link} venue {}", ReportLine(report)),
            Self::Quote { instrument, quote } => {
                write!(f, "quote {instrument}")?;
                for (name, px) in [("bid", quote.bid), ("ask", quote.ask), ("last", quote.last)] {
                    if let Some(px) = px {
                        write!(f, " {name} {px}")?;
                    }
                }
                Ok(())
            }
            Self::Stream { link, instrument, still_since: Some(since) } => {
                write!(f, "link {link} {instrument} stands still since {since}")
            }
            Self::Stream { link, instrument, still_since: None } => {
                write!(f, "link {link} {instrument} moves again")
            }
            Self::Flushed { token } => write!(f, "flushed {token}"),
            Self::Clock(event) => write!(f, "clock {event}"),
            Self::Operator(Operator::Halt { level, bot, by, reason }) => {
                let whom = bot.as_ref().map_or("fleet", |bot| bot.as_str());
                write!(f, "operator halts {whom} ({level}) by {by}: {reason}")
            }
            Self::Operator(Operator::Resume { bot, by, reason }) => {
                let whom = bot.as_ref().map_or("fleet", |bot| bot.as_str());
                write!(f, "operator resumes {whom} by {by}: {reason}")
            }
            Self::Operator(Operator::Accept { account, instrument, difference, by, reason }) => {
                write!(f, "operator accepts {difference} of {account} {instrument} by {by}: {reason}")
            }
            Self::Operator(Operator::Calendar { days, problems }) => {
                write!(f, "{} announced days, {} problems", days.len(), problems.len())
            }
            Self::JobEnded { job, date, end } => write!(f, "job {job} of {date} {end}"),
            Self::Woke => f.write_str("woke"),
        }
    }
}

/// A request in one line.
struct RequestLine<'a>(&'a Request);

impl fmt::Display for RequestLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Request::Order(order) => {
                let name = if order.contract.symbol.is_empty() { "?" } else { &order.contract.symbol };
                write!(f, "order {} {} {} {name} {}", order.order_id, order.side, order.qty, order.ord_type)?;
                if let Some(px) = order.limit_px {
                    write!(f, " {px}")?;
                }
                if let Some(px) = order.stop_px {
                    write!(f, " @{px}")?;
                }
                match &order.account {
                    Some(account) => write!(f, " for {account}")?,
                    None => f.write_str(" for no account")?,
                }
                if order.transmit { Ok(()) } else { f.write_str(" staged") }
            }
            Request::UnreadableOrder { order_id, why } => match order_id {
                Some(id) => write!(f, "order {id} unreadable: {why}"),
                None => write!(f, "order unreadable: {why}"),
            },
            Request::Cancel(cancel) => write!(f, "cancel {}", cancel.order_id),
            Request::GlobalCancel => f.write_str("global cancel"),
            Request::Unguarded { name, .. } | Request::OutOfPlace { name } => f.write_str(name),
            Request::Ids => f.write_str("ids"),
            Request::AboutAccount { name, account, .. } => match account {
                Some(account) => write!(f, "{name} {account}"),
                None => f.write_str(name),
            },
            Request::AboutAllAccounts { name, .. } => write!(f, "{name} of all accounts"),
            Request::AdviserData => f.write_str("adviser data"),
            Request::Other => f.write_str("other"),
        }
    }
}

/// A report in one line.
struct ReportLine<'a>(&'a Report);

impl fmt::Display for ReportLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Report::ManagedAccounts(accounts) => write!(f, "accounts {accounts:?}"),
            Report::NextValidId(id) => write!(f, "next id {id}"),
            Report::OpenOrder(o) | Report::CompletedOrder(o) => {
                let kind = if matches!(self.0, Report::OpenOrder(_)) { "order" } else { "completed order" };
                let id = o.order_id.map_or(0, |id| id.0);
                let (side, qty, kind_of, status) = (o.side, o.qty, &o.ord_type, o.status);
                write!(
                    f,
                    "{kind} {id} perm {} {side} {qty} {} {kind_of} {status}",
                    o.perm_id, o.contract.symbol
                )
            }
            Report::OpenOrderEnd => f.write_str("open orders end"),
            Report::Status(s) => {
                write!(
                    f,
                    "status {} perm {} {} {}/{}",
                    s.order_id, s.perm_id, s.status, s.cum_qty, s.leaves_qty
                )
            }
            Report::Execution(e) => {
                let x = &e.execution;
                let (id, side, qty, px) = (&x.exec_id, x.side, x.last_qty, x.last_px);
                write!(f, "execution {id} order {} {side} {qty} {} at {px}", e.order_id, e.contract.symbol)
            }
            Report::ExecutionsEnd(_) => f.write_str("executions end"),
            Report::Commission { exec_id, charge: Some(charge) } => {
                write!(f, "commission {exec_id} {charge}")
            }
            Report::Commission { exec_id, charge: None } => write!(f, "commission {exec_id} unknown"),
            Report::CompletedOrdersEnd => f.write_str("completed orders end"),
            Report::Position(p) | Report::Portfolio(p) | Report::PositionMulti { line: p, .. } => {
                write!(f, "position {} {} {}", p.account, p.contract.symbol, p.position)
            }
            Report::PositionsEnd => f.write_str("positions end"),
            Report::Equity { account, worth: Some(worth), .. } => write!(f, "{account} is worth {worth}"),
            Report::Equity { account, worth: None, .. } => write!(f, "{account} is worth nobody knows what"),
            Report::AboutAccount(account) => write!(f, "about {account}"),
            Report::Error(e) => match e.id {
                Some(id) => write!(f, "error {} on {id}: {}", e.code, e.text),
                None => write!(f, "error {}: {}", e.code, e.text),
            },
            Report::CurrentTime(at) => write!(f, "time {at}"),
            Report::Contract(c) => write!(f, "contract {} {}", c.contract.symbol, c.con_id),
            Report::ContractEnd(_) => f.write_str("contract end"),
            Report::DayBars(bars) => write!(f, "bars of {} days", bars.bars.len()),
            Report::Schedule(s) => write!(f, "schedule of {} sessions", s.sessions.len()),
            Report::Quote { id, field, price } => write!(f, "quote {id} {field:?} {price:?}"),
            Report::Other => f.write_str("other"),
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Submit { link, order, rewrites, .. } => {
                let order = order.get();
                write!(f, "submit {link} {order} for {} [{}]", order.account, order.cl_ord_id)?;
                write_account(f, rewrites)
            }
            Self::Replace { link, order, .. } => {
                let order = &order.get().order;
                write!(f, "replace {link} {order} for {} [{}]", order.account, order.cl_ord_id)
            }
            Self::Place { link, order, .. } => {
                let order = order.get();
                let id = order.order_id;
                write!(f, "place {link} {order} for {} [{}] as order {id}", order.account, order.cl_ord_id)
            }
            Self::Cancel { link, order_id } => write!(f, "cancel {link} order {order_id}"),
            Self::Forward { link, .. } => write!(f, "forward {link}"),
            Self::Ask(ask) => write!(f, "ask {}", AskLine(ask)),
            Self::ToBot { link, rewrites, .. } if rewrites.is_empty() => write!(f, "show {link}"),
            Self::ToBot { link, rewrites, .. } => write!(f, "show {link} {rewrites:?}"),
            Self::Deny { link, order_id: Some(id), denial, .. } => {
                write!(f, "deny {link} order {id}: {denial}")
            }
            Self::Deny { link, order_id: None, denial, .. } => write!(f, "deny {link}: {denial}"),
            Self::DenyReplace { link, order_id, denial, .. } => {
                write!(f, "deny {link} change of {order_id}: {denial}")
            }
            Self::CanceledUnsent { link, order_id } => write!(f, "canceled unsent {link} order {order_id}"),
            Self::Tell { held, news, .. } => {
                write!(f, "tell {} order {}: {}", held.bot, held.order_id, news)
            }
            Self::Refuse { link, code, text, .. } => write!(f, "refuse {link} {code}: {text}"),
            Self::CloseBot { link, reason } => write!(f, "close {link}: {reason}"),
            Self::Flush { token } => write!(f, "flush {token}"),
            Self::Observed { link, cl_ord_id, denial } => match cl_ord_id {
                Some(id) => write!(f, "observed {link} [{id}]: {denial}"),
                None => write!(f, "observed {link}: {denial}"),
            },
            Self::StartJob { job, date } => write!(f, "job {} of {date} starts", job.name),
            Self::JobNote { text } => f.write_str(text),
            Self::Notice { text } => write!(f, "notice {text}"),
        }
    }
}

/// The rewrite of an account is shown with the order; that of the reference is in its brackets.
fn write_account(f: &mut fmt::Formatter<'_>, rewrites: &[Rewrite]) -> fmt::Result {
    match rewrites.iter().find(|rewrite| matches!(rewrite, Rewrite::Account(_))) {
        Some(_) => f.write_str(" (account written)"),
        None => Ok(()),
    }
}

/// What a bot is told in one line; of an execution also whose part it is.
impl fmt::Display for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            News::Accepted => f.write_str("held for the closing auction"),
            News::Divided { accounts } => write!(f, "divided over {accounts} accounts"),
            News::Working => f.write_str("works"),
            News::Stands { leaves_qty, .. } => write!(f, "{leaves_qty} left"),
            News::Executed { share, account, leaves_qty, .. }
                if share.of.as_ref() == Some(&share.exec_id) =>
            {
                let (side, qty, px) = (share.side, share.last_qty, share.last_px);
                write!(f, "{side} {qty} at {px} in {account}, {leaves_qty} left: {}", share.exec_id)
            }
            News::Executed { share, leaves_qty, .. } => {
                let (side, qty, px, crossed) = (share.side, share.last_qty, share.last_px, share.crossed_qty);
                write!(f, "{side} {qty} at {px} ({crossed} with other bots), {leaves_qty} left")?;
                match &share.of {
                    Some(of) => write!(f, ": {} of {of}", share.exec_id),
                    None => write!(f, ": {} at the official close", share.exec_id),
                }
            }
            News::AwaitsClose { crossed_qty, lost_qty, reason, .. } => {
                if !lost_qty.is_zero() {
                    write!(f, "{lost_qty} will not be executed; ")?;
                }
                write!(
                    f,
                    "{crossed_qty} meet orders of other bots at the official close, once it is known: {reason}"
                )
            }
            News::Canceled { leaves_qty, reason, .. } if reason.is_empty() => {
                write!(f, "canceled with {leaves_qty} left")
            }
            News::Canceled { leaves_qty, reason, .. } => {
                write!(f, "canceled with {leaves_qty} left: {reason}")
            }
            News::Commission { exec_id, charge } => write!(f, "{exec_id} costs {charge}"),
        }
    }
}

/// A question in one line.
struct AskLine<'a>(&'a Ask);

impl fmt::Display for AskLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Ask::Positions => f.write_str("positions"),
            Ask::OpenOrders => f.write_str("open orders"),
            Ask::Executions { .. } => f.write_str("executions"),
            Ask::Equity { .. } => f.write_str("equity"),
            Ask::EndEquity { .. } => f.write_str("no more equity"),
            Ask::CompletedOrders => f.write_str("completed orders"),
            Ask::Contract { contract, .. } => write!(f, "contract {}", contract.symbol),
            Ask::Schedule { contract, .. } => write!(f, "schedule of {}", contract.symbol),
            Ask::DayBars { contract, .. } => write!(f, "bars of the latest days of {}", contract.symbol),
            Ask::Quotes { instrument, .. } => write!(f, "quotes {instrument}"),
        }
    }
}
