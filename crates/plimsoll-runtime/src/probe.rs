//! One look at the venue for `plimsoll check`: connect as Plimsoll's own client, ask what a gateway will
//! need, leave again. Nothing is ordered, and no question is asked that TWS counts against a limit but one
//! line of market data for each configured instrument.
//!
//! Does not own: judging what was found against the configuration.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_core::Ask;
use plimsoll_model::{Account, ConId, ErrorReport, InstrumentId, RawFrame, Report, ReqId};
use plimsoll_tws::ServerVersion;
use plimsoll_tws::frame::VENUE_FRAME_MAX;
use plimsoll_tws::handshake::{ClientHello, ServerHello};
use tokio::io::AsyncRead;
use tokio::time::{Instant, timeout, timeout_at};

use crate::config::Loaded;
use crate::link::{self, ConnectError, Incoming, Outgoing};
use crate::wire::{self, Told};

/// How long the venue may take to say something about every instrument.
const ANSWERS_MAX: Duration = Duration::from_secs(5);
/// TWS: "Error validating request"; on no request, it is how a read-only API refuses.
const CODE_VALIDATION: i32 = 321;
/// TWS: no security definition, or an ambiguous one.
const CODE_NO_DEFINITION: i32 = 200;
/// TWS: delayed data is shown in the place of live data.
const CODE_DELAYED: i32 = 10167;

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

/// What there is of an instrument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    /// A price that is not delayed.
    Live,
    /// Only delayed prices, which no guard takes.
    Delayed,
    /// No prices, and why.
    Refused {
        /// TWS's code.
        code: i32,
        /// TWS's text.
        text: Box<str>,
    },
    /// The venue knows no such contract, or several.
    NoContract {
        /// TWS's text.
        text: Box<str>,
    },
    /// The venue knows several contracts that fit.
    Ambiguous,
    /// The contract is known, and no price came while we listened.
    Silent,
    /// Nothing came at all.
    NoAnswer,
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
    let instruments = inquiry.instruments.into_values().collect();
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
    /// By the number of the question for prices.
    instruments: BTreeMap<ReqId, (InstrumentId, Data)>,
    /// The number of the question for prices, by that for the contract.
    contracts: BTreeMap<ReqId, ReqId>,
    /// The contract that the first answer named, by the number of the question for it.
    numbers: BTreeMap<ReqId, ConId>,
}

impl Inquiry {
    fn begin(out: &Outgoing, version: ServerVersion, loaded: &Loaded) -> Result<Self, String> {
        push(out, &wire::ask_own_open_orders(version))?;
        let (mut instruments, mut contracts) = (BTreeMap::new(), BTreeMap::new());
        for (number, (instrument, contract)) in (1..).step_by(2).zip(loaded.config.instruments()) {
            let (about, quotes) = (ReqId(number), ReqId(number + 1));
            push(out, &wire::ask(version, &Ask::Contract { req_id: about, contract: contract.clone() }))?;
            let (instrument, contract) = (instrument.clone(), contract.clone());
            let ask = Ask::Quotes { req_id: quotes, instrument: instrument.clone(), contract };
            push(out, &wire::ask(version, &ask))?;
            instruments.insert(quotes, (instrument, Data::NoAnswer));
            contracts.insert(about, quotes);
        }
        let numbers = BTreeMap::new();
        Ok(Self { read_only: false, orders_answered: false, instruments, contracts, numbers })
    }

    fn is_complete(&self) -> bool {
        let open = |data: &Data| matches!(data, Data::NoAnswer | Data::Silent);
        self.orders_answered && !self.instruments.values().any(|(_, data)| open(data))
    }

    fn hear(&mut self, report: &Report) {
        match report {
            Report::OpenOrderEnd => self.orders_answered = true,
            Report::Contract(contract) => {
                let quotes = self.contracts.get(&contract.req_id);
                if let Some((_, data)) = quotes.and_then(|quotes| self.instruments.get_mut(quotes)) {
                    // The number counts: a line may come twice.
                    let first = *self.numbers.entry(contract.req_id).or_insert(contract.con_id);
                    if first != contract.con_id {
                        *data = Data::Ambiguous;
                    } else if *data == Data::NoAnswer {
                        *data = Data::Silent;
                    }
                }
            }
            Report::Quote { id, price: Some(_), .. } => {
                if let Some((_, data)) = self.instruments.get_mut(id)
                    && *data != Data::Ambiguous
                {
                    *data = Data::Live;
                }
            }
            Report::Error(error) => self.hear_error(error),
            _ => {}
        }
    }

    fn hear_error(&mut self, error: &ErrorReport) {
        let Some(id) = error.id.map(ReqId) else {
            if error.code == CODE_VALIDATION {
                self.read_only = true;
                self.orders_answered = true;
            }
            return;
        };
        let id = self.contracts.get(&id).copied().unwrap_or(id);
        let Some((_, data)) = self.instruments.get_mut(&id) else { return };
        if *data == Data::Ambiguous {
            return;
        }
        *data = match error.code {
            CODE_NO_DEFINITION => Data::NoContract { text: error.text.clone() },
            CODE_DELAYED => Data::Delayed,
            code => Data::Refused { code, text: error.text.clone() },
        };
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
    use super::*;

    fn inquiry() -> Inquiry {
        Inquiry {
            read_only: false,
            orders_answered: false,
            instruments: BTreeMap::from([(ReqId(2), (InstrumentId::us_stock("SPY"), Data::NoAnswer))]),
            contracts: BTreeMap::from([(ReqId(1), ReqId(2))]),
            numbers: BTreeMap::new(),
        }
    }

    fn error(id: Option<i32>, code: i32) -> Report {
        Report::Error(ErrorReport { id, code, text: "x".into() })
    }

    /// What is known of SPY after these reports.
    fn data(reports: &[Report]) -> Data {
        let mut inquiry = inquiry();
        for report in reports {
            inquiry.hear(report);
        }
        inquiry.instruments[&ReqId(2)].1.clone()
    }

    #[test]
    fn a_read_only_api_answers_321_on_no_request() {
        let mut inquiry = inquiry();
        inquiry.hear(&error(Some(7), 321));
        assert!(!inquiry.read_only, "that was about a request");
        inquiry.hear(&error(None, 321));
        assert!(inquiry.read_only && inquiry.orders_answered);
    }

    #[test]
    fn a_price_is_live_data_and_its_refusals_are_told_apart() {
        use plimsoll_model::{Price, QuoteField};
        let price = Price::parse("600").ok();
        let tick = Report::Quote { id: ReqId(2), field: QuoteField::Bid, price };
        assert_eq!(data(&[tick]), Data::Live);
        assert_eq!(data(&[error(Some(2), 10167)]), Data::Delayed);
        assert_eq!(data(&[error(Some(2), 354)]), Data::Refused { code: 354, text: "x".into() });
        assert_eq!(data(&[error(Some(1), 200)]), Data::NoContract { text: "x".into() });
        assert_eq!(data(&[error(None, 2104)]), Data::NoAnswer);
    }

    #[test]
    fn a_second_contract_that_fits_is_said_whatever_prices_come() {
        use plimsoll_model::{Contract, ContractReport, Currency, Price, QuoteField};
        let line = |con_id| {
            Report::Contract(Box::new(ContractReport {
                req_id: ReqId(1),
                contract: Contract::stock("SPY", Currency::USD),
                con_id: ConId(con_id),
                valid_exchanges: "SMART".into(),
                liquid_hours: "".into(),
                time_zone: "".into(),
            }))
        };
        let tick = Report::Quote { id: ReqId(2), field: QuoteField::Bid, price: Price::parse("600").ok() };
        assert_eq!(data(&[line(7), line(7)]), Data::Silent);
        assert_eq!(data(&[line(7), line(8), tick, error(Some(2), 200)]), Data::Ambiguous);
    }
}
