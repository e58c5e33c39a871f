//! The Flex query that Plimsoll needs: which sections, which fields, and what is lost without each.
//!
//! The broker writes what the user's query asks for, and most queries ask for too little: a fifth of real trades lack the
//! execution's id. So the query is written down here once; the documentation and the check are made of it.

use crate::read::StatementFile;

/// How much depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// A comparison would be wrong or impossible.
    Must,
    /// A comparison says less.
    Should,
}

/// A section of the query.
#[derive(Debug, Clone, Copy)]
pub struct Section {
    /// As Client Portal calls it.
    pub title: &'static str,
    /// As the file calls it.
    pub name: &'static str,
    /// Its rows in the file.
    pub row: &'static str,
    /// What to choose in the section besides its fields.
    pub options: &'static str,
    /// How much depends on it.
    pub level: Level,
    /// What is lost without it, for the trader.
    pub lost: &'static str,
    /// Its fields.
    pub fields: &'static [Field],
}

/// A field of a section.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// As the file calls it.
    pub name: &'static str,
    /// How much depends on it.
    pub level: Level,
    /// What is lost without it, for the trader.
    pub lost: &'static str,
}

const fn must(name: &'static str, lost: &'static str) -> Field {
    Field { name, level: Level::Must, lost }
}

const fn should(name: &'static str, lost: &'static str) -> Field {
    Field { name, level: Level::Should, lost }
}

/// What holds for the query as a whole: its name in Client Portal, and what to choose.
pub const SETTINGS: &[(&str, &str)] = &[
    ("Format", "XML"),
    ("Period", "Last Business Day, for `plimsoll nightly`; any other for a look back"),
    ("Date Format", "yyyyMMdd"),
    ("Time Format", "HHmmss"),
    ("Date/Time Separator", "; (semi-colon)"),
    ("Profit and Loss", "Default"),
    ("Include Canceled Trades?", "Yes"),
    ("Include Currency Rates?", "Yes"),
    ("Breakout by Day?", "No"),
];

const ACCOUNT: Field =
    must("accountId", "in a file of several accounts a row may be counted in the wrong one");
const SYMBOL: Field = must("symbol", "the row is left out");
const CURRENCY: Field =
    must("currency", "the row is left out: no amount is added in a currency that is guessed");
const CONID: Field = should("conid", "an instrument is known by its symbol only, which changes");
const KIND: Field = must("assetCategory", "options, futures and currencies are taken for stocks");
const MULTIPLIER: Field = must("multiplier", "rows of options and futures are left out");
const FX: Field =
    must("fxRateToBase", "amounts in other currencies are not compared with the account's equity");

/// The sections, in the order of Client Portal.
pub const SECTIONS: &[Section] = &[
    Section {
        title: "Account Information",
        name: "AccountInformation",
        row: "AccountInformation",
        options: "",
        level: Level::Must,
        lost: "the account's own currency is not known, so that the limit of a difference cannot be reckoned",
        fields: &[ACCOUNT, must("currency", "the account's own currency is not known")],
    },
    Section {
        title: "Cash Report",
        name: "CashReport",
        row: "CashReportCurrency",
        options: "Currency Breakout",
        level: Level::Must,
        lost: "cash is not compared: fees and dividends that never reached your books stay unseen",
        fields: &[
            ACCOUNT,
            must("currency", "cash is not compared"),
            must("startingCash", "cash is not compared"),
            must("endingCash", "cash is not compared"),
            should("commissions", "the broker's own sum of commissions is not shown"),
        ],
    },
    Section {
        title: "Cash Transactions",
        name: "CashTransactions",
        row: "CashTransaction",
        options: "all types; Detail, not Summary",
        level: Level::Must,
        lost: "dividends, interest, withheld tax, market data and transfers are missing in every sum of cash",
        fields: &[
            ACCOUNT,
            CURRENCY,
            FX,
            must("amount", "the row is left out"),
            must("type", "the row is left out"),
            must("dateTime", "a booking cannot be placed on a day"),
            must("transactionID", "a booking that is in two statements counts twice"),
            should("levelOfDetail", "sums over accounts cannot be told from single bookings"),
            should("symbol", "a dividend cannot be placed with its instrument"),
            should("description", "a booking is named by its number only"),
        ],
    },
    Section {
        title: "Change in NAV",
        name: "ChangeInNAV",
        row: "ChangeInNAV",
        options: "",
        level: Level::Should,
        lost: "the account's equity is taken from Net Asset Value only",
        fields: &[ACCOUNT, should("endingValue", "the account's equity is taken from Net Asset Value only")],
    },
    Section {
        title: "Corporate Actions",
        name: "CorporateActions",
        row: "CorporateAction",
        options: "Detail",
        level: Level::Must,
        lost: "after a split or a merger every holding of it differs",
        fields: &[
            ACCOUNT,
            SYMBOL,
            CURRENCY,
            KIND,
            MULTIPLIER,
            must("quantity", "the row is left out"),
            must("proceeds", "cash that a merger paid is missing"),
            should("dateTime", "an action cannot be placed on a day"),
        ],
    },
    Section {
        title: "Mark-to-Market Performance Summary in Base",
        name: "MTMPerformanceSummaryInBase",
        row: "MTMPerformanceSummaryUnderlying",
        options: "",
        level: Level::Should,
        lost: "what was held at the beginning is not known, so that holdings are compared at the end only",
        fields: &[
            ACCOUNT,
            must("symbol", "holdings at the beginning are not known"),
            CONID,
            KIND,
            must("prevCloseQuantity", "holdings at the beginning are not known"),
            must("closeQuantity", "holdings at the beginning are not known"),
        ],
    },
    Section {
        title: "Net Asset Value (NAV) in Base",
        name: "EquitySummaryInBase",
        row: "EquitySummaryByReportDateInBase",
        options: "",
        level: Level::Must,
        lost: "the account's equity is not known, so that a difference counts from one unit of its currency on",
        fields: &[
            ACCOUNT,
            must("reportDate", "it is not known of which day an equity is"),
            must("total", "the account's equity is not known"),
        ],
    },
    Section {
        title: "Open Positions",
        name: "OpenPositions",
        row: "OpenPosition",
        options: "Summary",
        level: Level::Must,
        lost: "holdings are not compared: a trade by hand that nobody noted stays unseen",
        fields: &[
            ACCOUNT,
            SYMBOL,
            CURRENCY,
            KIND,
            MULTIPLIER,
            CONID,
            FX,
            must("position", "the row is left out"),
            must("markPrice", "what a missing execution is worth is reckoned with older prices"),
        ],
    },
    Section {
        title: "Option Exercises, Assignments and Expirations",
        name: "OptionEAE",
        row: "OptionEAE",
        options: "",
        level: Level::Should,
        lost: "an assignment is seen as its trades only, without the reason",
        fields: &[
            ACCOUNT,
            SYMBOL,
            CURRENCY,
            KIND,
            MULTIPLIER,
            must("transactionType", "the row is left out"),
            must("quantity", "the row is left out"),
            should("date", "an event cannot be placed on a day"),
            should("tradeID", "an event cannot be placed with its trade"),
        ],
    },
    Section {
        title: "Sales Tax",
        name: "SalesTaxes",
        row: "SalesTax",
        options: "",
        level: Level::Should,
        lost: "value added tax on market data is missing in the sum of cash",
        fields: &[
            ACCOUNT,
            CURRENCY,
            must("salesTax", "the row is left out"),
            should("transactionID", "a booking that is in two statements counts twice"),
        ],
    },
    Section {
        title: "Trades",
        name: "Trades",
        row: "Trade",
        options: "Execution; not Order, not Closed Lots, not Symbol Summary",
        level: Level::Must,
        lost: "no execution is compared",
        fields: &[
            ACCOUNT,
            SYMBOL,
            CURRENCY,
            KIND,
            MULTIPLIER,
            CONID,
            FX,
            must("quantity", "the row is left out"),
            must("buySell", "a cancellation may be taken for a trade"),
            must("tradePrice", "prices are not compared, and amounts are derived from sums"),
            must("proceeds", "an amount is reckoned from price and quantity only"),
            must("ibCommission", "commissions are not compared: fees that eat the profit stay unseen"),
            must("ibCommissionCurrency", "a commission is taken to be in the currency of the price"),
            must("taxes", "taxes on trades are missing in the sum of cash"),
            must(
                "ibExecID",
                "executions are paired by trade, reference or value instead of by their id, which is less sure",
            ),
            must("orderReference", "the statement cannot say which bot an execution was"),
            must("dateTime", "executions without an id are paired by day only"),
            must("tradeID", "a cancellation cannot name what it takes back"),
            must("origTradeID", "a cancellation cannot name what it takes back"),
            must("transactionType", "trades that were taken back cannot be told from others"),
            must("levelOfDetail", "sums cannot be told from executions"),
            should("reportDate", "a trade after the close counts for its own day and not for the broker's"),
            should("isAPIOrder", "trades by hand cannot be told from those of programs"),
            should("fifoPnlRealized", "the broker's own count of a profit is not compared"),
            should("closePrice", "what a missing execution is worth is reckoned with its own price"),
            should("notes", "exercises, assignments and corrections are not marked as such"),
            should("ibOrderID", "executions of one order are not shown together"),
            should("transactionID", "trades without an id and a number are named by their line"),
            should("underlyingSymbol", "options are named by their own symbol and not as the API names them"),
            should("strike", "options cannot be told apart as the API tells them"),
            should("expiry", "options cannot be told apart as the API tells them"),
            should("putCall", "options cannot be told apart as the API tells them"),
        ],
    },
    Section {
        title: "Transfers",
        name: "Transfers",
        row: "Transfer",
        options: "",
        level: Level::Should,
        lost: "holdings and money that came from another account are seen as differences",
        fields: &[
            ACCOUNT,
            CURRENCY,
            should("quantity", "holdings that came from another account are seen as differences"),
            should("cashTransfer", "money that came from another account is seen as a difference"),
        ],
    },
];

/// What a file lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lack {
    /// In which section.
    pub section: &'static str,
    /// Which field; none: the whole section.
    pub field: Option<&'static str>,
    /// How many rows lack it, and of how many. None: the file has it in no row at all.
    pub rows: Option<(u64, u64)>,
    /// How much depends on it.
    pub level: Level,
    /// What is lost, for the trader.
    pub lost: &'static str,
}

impl Lack {
    /// Whether the query has to be changed: a field that is empty in single rows is the broker's doing.
    pub fn is_of_the_query(&self) -> bool {
        self.level == Level::Must && self.rows.is_none()
    }
}

/// What a file lacks of the query, the most important first. Of a section without rows the fields cannot be seen.
pub fn check(file: &StatementFile) -> Vec<Lack> {
    let mut lacks = Vec::new();
    for section in SECTIONS {
        let has = |statement: &crate::Statement| statement.has(section.name);
        let outside = file.fields.rows(section.row) > 0;
        if !outside && !file.statements.iter().any(has) {
            let Section { name, level, lost, .. } = *section;
            lacks.push(Lack { section: name, field: None, rows: None, level, lost });
            continue;
        }
        let rows = file.fields.rows(section.row);
        for field in section.fields.iter().filter(|_| rows > 0) {
            let lack = |rows| Lack {
                section: section.name,
                field: Some(field.name),
                rows,
                level: field.level,
                lost: field.lost,
            };
            match file.fields.said(section.row, field.name) {
                None => lacks.push(lack(None)),
                Some(said) if said < rows && is_expected(field.name) => {
                    lacks.push(lack(Some((rows - said, rows))));
                }
                Some(_) => {}
            }
        }
    }
    lacks.sort_by_key(|lack| (lack.rows.is_some(), lack.level));
    lacks
}

/// Fields that say something in every good row; others are empty where they do not apply.
fn is_expected(field: &str) -> bool {
    matches!(field, "ibExecID" | "tradePrice" | "ibCommission" | "dateTime" | "amount" | "position" | "total")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<String> {
        let file = crate::read(text.as_bytes()).unwrap();
        let name = |lack: &Lack| match (lack.field, lack.rows) {
            (None, _) => lack.section.to_owned(),
            (Some(field), None) => format!("{}.{field}", lack.section),
            (Some(field), Some((rows, of))) => format!("{}.{field} {rows}/{of}", lack.section),
        };
        check(&file).iter().filter(|lack| lack.level == Level::Must).map(name).collect()
    }

    #[test]
    fn the_week_s_query_lacks_what_its_rows_lack_and_nothing_else() {
        // By hand: one trade and one cancellation of nine have no id.
        assert_eq!(said(include_str!("../tests/vectors/week.xml")), ["Trades.ibExecID 2/9"]);
    }

    #[test]
    fn a_query_without_sections_lacks_each_of_them_once() {
        let text = "<FlexQueryResponse><FlexStatements><FlexStatement accountId=\"U1\"><Trades/></FlexStatement>\
                    </FlexStatements></FlexQueryResponse>";
        assert_eq!(
            said(text),
            [
                "AccountInformation",
                "CashReport",
                "CashTransactions",
                "CorporateActions",
                "EquitySummaryInBase",
                "OpenPositions"
            ]
        );
    }

    #[test]
    fn every_section_and_field_says_what_is_lost_without_it() {
        for section in SECTIONS {
            assert!(!section.lost.is_empty() && !section.fields.is_empty(), "{}", section.name);
            let mut names: Vec<&str> = section.fields.iter().map(|field| field.name).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), section.fields.len(), "{}", section.name);
        }
    }
}
