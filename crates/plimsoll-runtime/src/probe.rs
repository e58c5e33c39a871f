//! One look at the venue for `plimsoll check`: connect as Plimsoll's own client, ask what a gateway will
//! need, leave again. Nothing is ordered, and no question is asked that TWS counts against a limit but one
//! line of market data for each configured instrument.
//!
//! Does not own: judging what was found against the configuration.

use std::time::Duration;

use plimsoll_core::Ask;
use plimsoll_model::{Account, InstrumentId, RawFrame, Report, ReqId};
use plimsoll_tws::ServerVersion;
use plimsoll_tws::frame::VENUE_FRAME_MAX;
use plimsoll_tws::handshake::{ClientHello, ServerHello};
use tokio::io::AsyncRead;
use tokio::time::{Instant, timeout, timeout_at};

use crate::config::Loaded;
use crate::link::{self, ConnectError, Incoming, Outgoing};
use crate::permissions::{Data, Permissions};
use crate::wire::{self, Told};

/// How long the venue may take to say something about every instrument.
const ANSWERS_MAX: Duration = Duration::from_secs(5);
/// TWS: "Error validating request"; on no request, it is how a read-only API refuses.
const CODE_VALIDATION: i32 = 321;

/// What the venue said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The version that it speaks with us.
    pub server_version: u16,
    /// The accounts of the login.
    pub accounts: Vec<Account>,
    /// Whether its API takes no orders.
    pub read_only: bool,
    /// What it said about each configured instrument.
    pub instruments: Vec<(InstrumentId, Data)>,
}

/// Why the venue did not answer as one should.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// Nobody took the connection. The reader has something to start or to correct.
    #[error(transparent)]
    Unreachable(#[from] ConnectError),
    /// Somebody did, and did not speak as TWS does.
    #[error("{upstream}: {why}")]
    Venue {
        /// As configured.
        upstream: String,
        /// What was heard, or not.
        why: String,
    },
}

/// Looks at the venue.
pub async fn probe(loaded: &Loaded, within: Duration) -> Result<Answer, ProbeError> {
    let upstream = &loaded.settings.upstream;
    let failed = |why: String| ProbeError::Venue { upstream: upstream.to_string(), why };
    let stream = link::connect(upstream, within).await?;
    let (read, write) = tokio::io::split(stream);
    let mut from = Incoming::new(read, VENUE_FRAME_MAX);
    let out = Outgoing::new();
    let answer = tokio::select! {
        biased;
        answer = timeout(within + ANSWERS_MAX, ask(&mut from, &out, loaded)) => answer,
        written = out.write_to(write) => {
            let why = written.err().map_or_else(|| "closed".to_owned(), |error| error.to_string());
            return Err(failed(why));
        }
    };
    answer.unwrap_or_else(|_| Err(format!("did not finish its start within {within:?}"))).map_err(failed)
}

async fn ask(
    from: &mut Incoming<impl AsyncRead + Unpin>,
    out: &Outgoing,
    loaded: &Loaded,
) -> Result<Answer, String> {
    let (min, max) = (ServerVersion::MIN.number(), ServerVersion::MAX.number());
    out.push_raw(&ClientHello { min, max, options: "".into() }.encode());
    let reply = next(from, "").await?;
    let hello = ServerHello::parse(&reply).map_err(|error| error.to_string())?;
    let version = ServerVersion::new(hello.version)
        .filter(|version| (min..=max).contains(&version.number()))
        .ok_or_else(|| format!("speaks version {}, which Plimsoll does not", hello.version))?;
    push(out, &wire::plain_start(version, loaded.settings.client_id))?;
    let accounts = accounts(from, version).await?;
    let mut inquiry = Inquiry::begin(out, version, loaded)?;
    let deadline = Instant::now() + ANSWERS_MAX;
    while !inquiry.is_complete() {
        let Ok(frame) = timeout_at(deadline, next(from, "")).await else { break };
        if let Told::Report(report) = wire::told_us(version, &frame?) {
            inquiry.hear(&report);
        }
    }
    let instruments =
        inquiry.permissions.all().map(|(instrument, data)| (instrument.clone(), data.clone())).collect();
    Ok(Answer { server_version: version.number(), accounts, read_only: inquiry.read_only, instruments })
}

async fn accounts(
    from: &mut Incoming<impl AsyncRead + Unpin>,
    version: ServerVersion,
) -> Result<Vec<Account>, String> {
    let mut said = String::new();
    loop {
        let frame = next(from, &said).await?;
        let Told::Report(report) = wire::told_us(version, &frame) else { continue };
        match *report {
            Report::ManagedAccounts(accounts) => return Ok(accounts),
            Report::Error(error) => said = format!(" (it said {}: {})", error.code, error.text),
            _ => {}
        }
    }
}

/// What was asked after the start, and what has been answered.
#[derive(Debug)]
struct Inquiry {
    read_only: bool,
    orders_answered: bool,
    permissions: Permissions,
}

impl Inquiry {
    fn begin(out: &Outgoing, version: ServerVersion, loaded: &Loaded) -> Result<Self, String> {
        push(out, &wire::ask_own_open_orders(version))?;
        let mut permissions = Permissions::default();
        for (number, (instrument, contract)) in (1..).step_by(2).zip(loaded.config.instruments()) {
            let about = Ask::Contract { req_id: ReqId(number), contract: contract.clone() };
            let (req_id, contract) = (ReqId(number + 1), contract.clone());
            let quotes = Ask::Quotes { req_id, instrument: instrument.clone(), contract };
            permissions.asked_contract(ReqId(number), instrument);
            permissions.asked_quotes(req_id, instrument);
            push(out, &wire::ask(version, &about))?;
            push(out, &wire::ask(version, &quotes))?;
        }
        Ok(Self { read_only: false, orders_answered: false, permissions })
    }

    fn is_complete(&self) -> bool {
        self.orders_answered && self.permissions.is_complete()
    }

    fn hear(&mut self, report: &Report) {
        match report {
            Report::OpenOrderEnd => self.orders_answered = true,
            Report::Error(error) if error.id.is_none() => {
                if error.code == CODE_VALIDATION {
                    self.read_only = true;
                    self.orders_answered = true;
                }
            }
            report => self.permissions.hear(report),
        }
    }
}

fn push(out: &Outgoing, frame: &RawFrame) -> Result<(), String> {
    out.push(frame.bytes()).map_err(|error| error.to_string())
}

async fn next(from: &mut Incoming<impl AsyncRead + Unpin>, said: &str) -> Result<RawFrame, String> {
    let frame = from.next().await.map_err(|error| error.to_string())?;
    frame.ok_or_else(|| format!("closed the connection before it answered{said}"))
}

#[cfg(test)]
mod tests {
    use plimsoll_model::ErrorReport;

    use super::*;

    #[test]
    fn a_read_only_api_answers_321_on_no_request() {
        let permissions = Permissions::default();
        let mut inquiry = Inquiry { read_only: false, orders_answered: false, permissions };
        let error = |id| Report::Error(ErrorReport { id, code: 321, text: "x".into() });
        inquiry.hear(&error(Some(7)));
        assert!(!inquiry.read_only, "that was about a request");
        inquiry.hear(&error(None));
        assert!(inquiry.read_only && inquiry.orders_answered);
    }
}
