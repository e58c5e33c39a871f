//! What the venue gives this login of each configured instrument: its contract, and live prices or why not.
//!
//! Owns what follows from the venue's answers to questions about contracts and prices. Does not own asking them, nor
//! what the prices are.

use std::collections::BTreeMap;

use plimsoll_model::{ConId, ErrorReport, InstrumentId, Report, ReqId};

/// TWS: no security definition, or an ambiguous one.
const CODE_NO_DEFINITION: i32 = 200;
/// TWS: delayed data is shown in the place of live data.
const CODE_DELAYED: i32 = 10167;

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

impl Data {
    /// The word for `--json`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Delayed => "delayed",
            Self::Refused { .. } => "refused",
            Self::NoContract { .. } => "no_contract",
            Self::Ambiguous => "ambiguous",
            Self::Silent => "silent",
            Self::NoAnswer => "no_answer",
        }
    }
}

/// What is known of each instrument.
#[derive(Debug, Default)]
pub(crate) struct Permissions {
    instruments: BTreeMap<InstrumentId, Data>,
    /// Our questions for prices and for contracts.
    quotes: BTreeMap<ReqId, InstrumentId>,
    contracts: BTreeMap<ReqId, InstrumentId>,
    /// The contract that the first answer named, by the number of the question for it.
    numbers: BTreeMap<ReqId, ConId>,
}

impl Permissions {
    /// The connection is gone, and with it every question.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The venue is being asked what the contract is. An earlier question about it is over.
    pub(crate) fn asked_contract(&mut self, req_id: ReqId, instrument: &InstrumentId) {
        self.contracts.retain(|_, known| known != instrument);
        let (contracts, numbers) = (&self.contracts, &mut self.numbers);
        numbers.retain(|id, _| contracts.contains_key(id));
        self.contracts.insert(req_id, instrument.clone());
        self.instruments.entry(instrument.clone()).or_insert(Data::NoAnswer);
    }

    /// The venue is being asked for prices.
    pub(crate) fn asked_quotes(&mut self, req_id: ReqId, instrument: &InstrumentId) {
        self.quotes.retain(|_, known| known != instrument);
        self.quotes.insert(req_id, instrument.clone());
        self.instruments.entry(instrument.clone()).or_insert(Data::NoAnswer);
    }

    /// Every instrument that was asked about.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&InstrumentId, &Data)> {
        self.instruments.iter()
    }

    /// Whether nothing more is to come.
    pub(crate) fn is_complete(&self) -> bool {
        !self.instruments.values().any(|data| matches!(data, Data::NoAnswer | Data::Silent))
    }

    /// What the venue said on our own connection.
    pub(crate) fn hear(&mut self, report: &Report) {
        match report {
            Report::Contract(contract) => {
                let Some(instrument) = self.contracts.get(&contract.req_id) else { return };
                // The number counts: a line may come twice.
                let first = *self.numbers.entry(contract.req_id).or_insert(contract.con_id);
                match self.instruments.get_mut(instrument) {
                    Some(data) if first != contract.con_id => *data = Data::Ambiguous,
                    Some(data) if *data == Data::NoAnswer => *data = Data::Silent,
                    Some(_) | None => {}
                }
            }
            Report::Quote { id, price: Some(_), .. } => {
                let data = self.quotes.get(id).and_then(|instrument| self.instruments.get_mut(instrument));
                if let Some(data) = data
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
        let Some(id) = error.id.map(ReqId) else { return };
        let instrument = self.contracts.get(&id).or_else(|| self.quotes.get(&id));
        let Some(data) = instrument.and_then(|instrument| self.instruments.get_mut(instrument)) else {
            return;
        };
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

#[cfg(test)]
mod tests {
    use super::*;

    fn error(id: Option<i32>, code: i32) -> Report {
        Report::Error(ErrorReport { id, code, text: "x".into() })
    }

    /// What is known of SPY after these reports.
    fn data(reports: &[Report]) -> Data {
        let spy = InstrumentId::us_stock("SPY");
        let mut permissions = Permissions::default();
        permissions.asked_contract(ReqId(1), &spy);
        permissions.asked_quotes(ReqId(2), &spy);
        for report in reports {
            permissions.hear(report);
        }
        permissions.instruments[&spy].clone()
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
                qty_min: None,
                qty_step: None,
            }))
        };
        let tick = Report::Quote { id: ReqId(2), field: QuoteField::Bid, price: Price::parse("600").ok() };
        assert_eq!(data(&[line(7), line(7)]), Data::Silent);
        assert_eq!(data(&[line(7), line(8), tick, error(Some(2), 200)]), Data::Ambiguous);
    }

    #[test]
    fn a_question_that_is_asked_again_takes_the_place_of_the_one_before() {
        let spy = InstrumentId::us_stock("SPY");
        let mut permissions = Permissions::default();
        for n in 0..100 {
            permissions.asked_contract(ReqId(n), &spy);
        }
        assert_eq!((permissions.contracts.len(), permissions.is_complete()), (1, false));
        permissions.hear(&error(Some(3), 200));
        assert_eq!(permissions.instruments[&spy], Data::NoAnswer, "an answer to a question that is over");
    }
}
