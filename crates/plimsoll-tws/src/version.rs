//! Server versions and what each of them changed on the wire.
//!
//! Owns the one table of version gates: no other file compares version numbers. Does not own the
//! fields behind a gate; the layouts ask [`ServerVersion::has`].

use std::fmt;

/// A negotiated server version whose messages are all known: text at 157 to 200 without 158, protobuf at
/// 213.
///
/// 158 is never spoken: `ib_async` reads the order's duration only from 159 on while the wire carries
/// it from 158, so every open order at 158 would be read shifted by one field. 201 to 212 mix text and
/// protobuf family by family, which no client needs; what comes after 213 adds nothing but fields.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerVersion(u16);

impl ServerVersion {
    /// The lowest version spoken.
    pub const MIN: Self = Self(157);
    /// The highest version of the text protocol, the last one that is text only.
    pub const MAX: Self = Self(200);
    /// The version at which every message that has a protobuf form is sent in it, the only such version spoken.
    pub const PROTOBUF: Self = Self(213);

    /// The version, if its layouts are known.
    pub const fn new(number: u16) -> Option<Self> {
        let is_text = number >= Self::MIN.0 && number <= Self::MAX.0 && number != 158;
        if is_text || number == Self::PROTOBUF.0 { Some(Self(number)) } else { None }
    }

    /// The highest known version that is not above `number`.
    pub const fn at_most(number: u16) -> Option<Self> {
        match number {
            158 => Some(Self(157)),
            201..=212 => Some(Self::MAX),
            213.. => Some(Self::PROTOBUF),
            other => Self::new(other),
        }
    }

    /// The highest version of the text protocol that is not above `number`.
    pub const fn text_at_most(number: u16) -> Option<Self> {
        Self::at_most(if number > Self::MAX.0 { Self::MAX.0 } else { number })
    }

    /// Every version spoken, lowest first.
    pub fn all() -> impl Iterator<Item = Self> {
        (Self::MIN.0..=Self::PROTOBUF.0).filter_map(Self::new)
    }

    /// The number on the wire.
    pub const fn number(self) -> u16 {
        self.0
    }

    /// Whether the version carries what stands behind the gate.
    pub const fn has(self, gate: Gate) -> bool {
        let (first, last) = gate.range();
        first <= self.0 && self.0 <= last
    }
}

impl fmt::Display for ServerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for ServerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// One change of the wire, named for what a version inside its range carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Duration of an order.
    Duration,
    /// Sizes of US stocks are shares; before, lots of a hundred.
    MarketDataInShares,
    /// Post to alternative trading systems.
    PostToAts,
    /// Cancel of the children with the parent.
    AutoCancelParent,
    /// Contract details carry the smallest size step as one field.
    SizeMinTick,
    /// Contract details have a leading version and a size multiplier.
    LotSizeMultiplier,
    /// Sizes and volumes may be fractions.
    FractionalSizes,
    /// Contract details carry least, step and suggested size.
    SizeRules,
    /// Orders can override rejects; errors carry a reject as JSON.
    AdvancedOrderReject,
    /// The time of a manual order or cancel.
    ManualOrderTime,
    /// Fields of pegged-to-best and pegged-to-midpoint orders.
    PegBestPegMid,
    /// Filters of events of the calendar of Wall Street Horizon.
    WshFilters,
    /// First and last day of those events.
    WshDates,
    /// Date-times name their zone.
    InstrumentTimezone,
    /// Historical volumes are shares; before, lots of a hundred.
    HistoryInShares,
    /// Issuer of a bond.
    BondIssuer,
    /// Adviser profiles are still a field.
    AdviserProfile,
    /// Executions say that their price may be revised.
    PendingPriceRevision,
    /// Fund fields of contract details.
    FundFields,
    /// The time of a manual exercise.
    ExerciseManualTime,
    /// The last trade date beside the contract month.
    LastTradeDate,
    /// Customer account of an order.
    CustomerAccount,
    /// Professional customer flag of an order.
    ProfessionalCustomer,
    /// Accrued interest of a bond in open orders.
    BondAccruedInterest,
    /// Why a contract cannot be traded.
    IneligibilityReasons,
    /// Request-for-quote fields, withdrawn again.
    RequestForQuote,
    /// Hours of bonds.
    BondTradingHours,
    /// Orders may work overnight.
    IncludeOvernight,
    /// Manual order indicator; cancels lose their version field.
    CmeTagging,
    /// The same in open orders.
    CmeTaggingInOpenOrder,
    /// Errors carry their time and lose their version field.
    ErrorTime,
    /// Open orders carry margin and allocation in full.
    FullOrderPreview,
    /// The end of historical data is a message of its own.
    HistoricalDataEnd,
    /// The venue's time can be asked for in milliseconds.
    CurrentTimeInMillis,
    /// Who submitted an order.
    Submitter,
    /// Imbalance-only orders.
    ImbalanceOnly,
    /// Executions of several days.
    ExecutionsOfDays,
    /// Frames begin with their number in four bytes, and messages are protobuf.
    Protobuf,
}

impl Gate {
    /// First and last version inside the gate.
    pub const fn range(self) -> (u16, u16) {
        /// A change that stayed.
        const STAYS: u16 = u16::MAX;
        match self {
            Self::Duration => (158, STAYS),
            Self::MarketDataInShares => (159, STAYS),
            Self::PostToAts => (160, STAYS),
            Self::AutoCancelParent => (162, STAYS),
            Self::LotSizeMultiplier => (0, 163),
            Self::SizeMinTick => (163, 163),
            Self::FractionalSizes => (163, STAYS),
            Self::SizeRules => (164, STAYS),
            Self::AdvancedOrderReject => (166, STAYS),
            Self::ManualOrderTime => (169, STAYS),
            Self::PegBestPegMid => (170, STAYS),
            Self::WshFilters => (171, STAYS),
            Self::WshDates => (173, STAYS),
            Self::InstrumentTimezone => (174, STAYS),
            Self::HistoryInShares => (175, STAYS),
            Self::BondIssuer => (176, STAYS),
            Self::AdviserProfile => (0, 176),
            Self::PendingPriceRevision => (178, STAYS),
            Self::FundFields => (179, STAYS),
            Self::ExerciseManualTime => (180, STAYS),
            Self::LastTradeDate => (182, STAYS),
            Self::CustomerAccount => (183, STAYS),
            Self::ProfessionalCustomer => (184, STAYS),
            Self::BondAccruedInterest => (185, STAYS),
            Self::IneligibilityReasons => (186, STAYS),
            Self::RequestForQuote => (187, 189),
            Self::BondTradingHours => (188, STAYS),
            Self::IncludeOvernight => (189, STAYS),
            Self::CmeTagging => (192, STAYS),
            Self::CmeTaggingInOpenOrder => (193, STAYS),
            Self::ErrorTime => (194, STAYS),
            Self::FullOrderPreview => (195, STAYS),
            Self::HistoricalDataEnd => (196, STAYS),
            Self::CurrentTimeInMillis => (197, STAYS),
            Self::Submitter => (198, STAYS),
            Self::ImbalanceOnly => (199, STAYS),
            Self::ExecutionsOfDays => (200, STAYS),
            Self::Protobuf => (201, STAYS),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_158_is_never_spoken() {
        assert_eq!(ServerVersion::new(158), None);
        assert_eq!(ServerVersion::at_most(158).unwrap().number(), 157);
        assert_eq!(ServerVersion::all().count(), 44);
    }

    #[test]
    fn mixed_versions_are_never_spoken_and_213_is_the_only_one_in_protobuf() {
        assert!((201..=212).chain(214..=230).all(|number| ServerVersion::new(number).is_none()));
        assert_eq!(ServerVersion::at_most(212), Some(ServerVersion::MAX));
        assert_eq!(ServerVersion::at_most(226), Some(ServerVersion::PROTOBUF));
        assert_eq!(ServerVersion::text_at_most(226), Some(ServerVersion::MAX));
        let protobuf: Vec<_> = ServerVersion::all().filter(|v| v.has(Gate::Protobuf)).collect();
        assert_eq!(protobuf, [ServerVersion::PROTOBUF]);
    }

    #[test]
    fn a_gate_includes_both_ends_of_its_range() {
        let at = |n| ServerVersion::new(n).unwrap();
        let rfq = [186, 187, 189, 190].map(|n| at(n).has(Gate::RequestForQuote));
        assert_eq!(rfq, [false, true, true, false]);
        assert!(at(176).has(Gate::AdviserProfile) && !at(177).has(Gate::AdviserProfile));
    }

    #[test]
    fn lots_fractions_and_milliseconds_begin_where_the_reference_says() {
        let first = |gate| ServerVersion::all().find(|version| version.has(gate)).unwrap().number();
        let gates = [
            Gate::MarketDataInShares,
            Gate::FractionalSizes,
            Gate::HistoryInShares,
            Gate::CurrentTimeInMillis,
        ];
        assert_eq!(gates.map(first), [159, 163, 175, 197]);
        assert!(gates.iter().all(|gate| ServerVersion::PROTOBUF.has(*gate)));
    }
}
