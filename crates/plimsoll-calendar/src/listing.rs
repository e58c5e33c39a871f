//! Where an instrument is listed, in the broker's words.

use std::fmt;

/// Where an instrument is listed; its auctions run there, wherever the order is routed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Listing {
    /// New York Stock Exchange.
    Nyse,
    /// Nasdaq.
    Nasdaq,
    /// NYSE Arca, home of SPY.
    Arca,
    /// NYSE American.
    American,
    /// Cboe BZX.
    Bats,
    /// London Stock Exchange.
    London,
    /// Xetra in Frankfurt.
    Xetra,
    /// Euronext Paris.
    Paris,
    /// Euronext Amsterdam.
    Amsterdam,
    /// SIX Swiss Exchange.
    Swiss,
    /// Toronto Stock Exchange.
    Toronto,
    /// Tokyo Stock Exchange.
    Tokyo,
    /// Hong Kong exchange.
    HongKong,
    /// Australian exchange in Sydney.
    Sydney,
    /// Not known: every cutoff is the earliest of all venues of the calendar.
    Unknown,
}

/// The listing, the calendar of its days, and the broker's words for it, the usual one first.
///
/// `ISLAND` is the broker's older word; `NASDAQ.NMS` and `NASDAQ.SCM` name Nasdaq's tiers; `IBIS2` and `LSEETF`
/// are the same venues' segments for funds.
const WORDS: &[(Listing, &str, &[&str])] = &[
    (Listing::Nyse, "XNYS", &["NYSE"]),
    (Listing::Nasdaq, "XNAS", &["NASDAQ", "ISLAND", "NASDAQ.NMS", "NASDAQ.SCM"]),
    (Listing::Arca, "ARCX", &["ARCA"]),
    (Listing::American, "XASE", &["AMEX"]),
    (Listing::Bats, "BATS", &["BATS"]),
    (Listing::London, "XLON", &["LSE", "LSEETF"]),
    (Listing::Xetra, "XETR", &["IBIS", "IBIS2"]),
    (Listing::Paris, "XPAR", &["SBF"]),
    (Listing::Amsterdam, "XAMS", &["AEB"]),
    (Listing::Swiss, "XSWX", &["EBS"]),
    (Listing::Toronto, "XTSE", &["TSE"]),
    (Listing::Tokyo, "XTKS", &["TSEJ"]),
    (Listing::HongKong, "XHKG", &["SEHK"]),
    (Listing::Sydney, "XASX", &["ASX"]),
];

impl Listing {
    /// The listings that are known.
    pub const KNOWN: &[Self] = &[
        Self::Nyse,
        Self::Nasdaq,
        Self::Arca,
        Self::American,
        Self::Bats,
        Self::London,
        Self::Xetra,
        Self::Paris,
        Self::Amsterdam,
        Self::Swiss,
        Self::Toronto,
        Self::Tokyo,
        Self::HongKong,
        Self::Sydney,
    ];

    /// From the word in the broker's `primaryExchange`.
    pub fn from_primary_exchange(word: &str) -> Self {
        let found = WORDS.iter().find(|(_, _, words)| words.contains(&word));
        found.map_or(Self::Unknown, |(listing, ..)| *listing)
    }

    /// The listing whose calendar this is, if there is one.
    pub fn of_calendar(name: &str) -> Option<Self> {
        WORDS.iter().find(|(_, calendar, _)| *calendar == name).map(|(listing, ..)| *listing)
    }

    /// The name of the calendar of its days.
    pub fn calendar(self) -> Option<&'static str> {
        WORDS.iter().find(|(listing, ..)| *listing == self).map(|(_, calendar, _)| *calendar)
    }

    /// The broker's word.
    pub fn as_str(self) -> &'static str {
        WORDS.iter().find(|(listing, ..)| *listing == self).map_or("unknown", |(_, _, words)| words[0])
    }
}

impl fmt::Display for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
