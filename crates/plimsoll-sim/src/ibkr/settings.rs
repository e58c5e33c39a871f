//! How the TWS in front of the venue is set up.
//!
//! Owns the switches of TWS's own configuration that change what an API client meets. They mean the same in
//! both profiles: what differs between live and paper by itself is in `profile`.

/// How executions are dated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExecutionTimes {
    /// `20261127 10:00:00 US/Eastern`, and without the zone below version 174.
    Zoned,
    /// `20261127-15:00:00`, in UTC: seen on live logins and, once, on a paper one of 2026.
    Utc,
}

/// How contract details write trading hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TradingHours {
    /// `20261127:0930-20261127:1300`, six days, in `US/Eastern` and `US/Central`.
    #[default]
    Dated,
    /// `20261127:0930-1300`, two days, in `EST5EDT` and `CST6CDT`: older gateways.
    Old,
}

/// What happens around an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sequences {
    /// Always the sequence that was recorded most often.
    #[default]
    Plain,
    /// By the seed also the other recorded ones: statuses that are missing or told twice, `Filled` before the
    /// execution, commissions a second or more behind, cancels of queued orders acknowledged at the open.
    Varied,
}

/// What an account pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FeePlan {
    /// IBKR Pro Fixed.
    #[default]
    Fixed,
    /// IBKR Pro Tiered, lowest tier.
    Tiered,
}

/// The switches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TwsSettings {
    /// The API may only read: orders and some lists are refused with 321.
    pub read_only_api: bool,
    /// 10349 for an order without time in force.
    pub announce_preset_tif: bool,
    /// A returning client is told its open orders before its next order id.
    pub push_open_orders: bool,
    /// 163 for a limit that is further through the market than this many percent.
    pub price_percent_max: Option<u32>,
    /// 10311 instead of an order in a stock that names an exchange: the precaution that TWS is installed with.
    pub direct_route_precaution: bool,
    /// How executions are dated; none: as the profile does.
    pub execution_times: Option<ExecutionTimes>,
    /// How contract details write trading hours.
    pub trading_hours: TradingHours,
    /// What happens around an execution.
    pub sequences: Sequences,
    /// What the accounts pay.
    pub fees: FeePlan,
    /// The fees of SEC, FINRA and the audit trail come on top of the commission, as in life. Without them a
    /// commission is the round figure of the price list.
    pub regulatory_fees: bool,
    /// Market data lines of the login, shared by all its clients: a hundred, more for those who buy them.
    pub market_data_lines: usize,
    /// Quotes a second on each line, up to twenty: TWS tells those of stocks four times a second.
    pub quotes_per_second: u32,
}

impl Default for TwsSettings {
    fn default() -> Self {
        Self {
            read_only_api: false,
            announce_preset_tif: false,
            push_open_orders: true,
            price_percent_max: None,
            direct_route_precaution: false,
            execution_times: None,
            trading_hours: TradingHours::Dated,
            sequences: Sequences::Plain,
            fees: FeePlan::Fixed,
            regulatory_fees: false,
            market_data_lines: 100,
            quotes_per_second: 1,
        }
    }
}
