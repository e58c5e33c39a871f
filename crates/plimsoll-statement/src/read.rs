//! A file into statements: which rows are read, and which rows repeat others and are not.
//!
//! Invariants: a row is used as a whole or left out with a problem that says why; a file that ends too early, or is
//! something else, gives nothing at all.

use std::collections::BTreeMap;
use std::io::BufRead;

use jiff::civil::Date;
use plimsoll_ledger::CashKind;
use plimsoll_model::{Account, Currency};

use crate::cash::{CashReport, CashTransaction};
use crate::error::{Problem, ReadError, Refusal};
use crate::holding::{Equity, FxMove, Holding, Move, OptionEvent, Rate, transfer};
use crate::limits;
use crate::moment::Moment;
use crate::row::{Fields, Problems, Row};
use crate::trade::Trade;
use crate::xml::{Element, Part, Parts};

/// Everything that a file says.
#[derive(Debug, Default)]
pub struct StatementFile {
    /// The query's name.
    pub query: Box<str>,
    /// One per account and period.
    pub statements: Vec<Statement>,
    /// What could not be used as it stands; the first [`limits::PROBLEMS_MAX`].
    pub problems: Vec<Problem>,
    /// How many problems there are.
    pub problem_count: u64,
    /// Which fields its rows have.
    pub fields: Fields,
}

/// What the broker says about one account and period.
#[derive(Debug, Default)]
pub struct Statement {
    /// Whose, as the statement's header says; single rows may name another of the same person.
    pub account: Option<Account>,
    /// The first day.
    pub from: Option<Date>,
    /// The last day.
    pub to: Option<Date>,
    /// When the broker made it.
    pub generated: Option<Moment>,
    /// The account's own currency.
    pub base: Option<Currency>,
    /// Which sections it has, and how many rows; one that is there and empty says that nothing happened.
    pub sections: BTreeMap<Box<str>, u64>,
    /// Executions and what is booked like them, in the order of the file.
    pub trades: Vec<Trade>,
    /// Rows of `Trades` that repeat the same trades in sums.
    pub trade_sums: u64,
    /// Money that moved without a trade.
    pub cash: Vec<CashTransaction>,
    /// The broker's sums of cash.
    pub cash_reports: Vec<CashReport>,
    /// What is held at the end.
    pub open_positions: Vec<Holding>,
    /// What was held at the beginning and at the end.
    pub performance: Vec<Holding>,
    /// What the account was worth.
    pub equity: Vec<Equity>,
    /// Corporate actions and transfers of holdings.
    pub moves: Vec<Move>,
    /// Exercises, assignments, expiries.
    pub option_events: Vec<OptionEvent>,
    /// Moves of foreign currencies in the broker's separate count.
    pub fx_moves: Vec<FxMove>,
    /// Conversion rates.
    pub rates: Vec<Rate>,
}

impl Statement {
    /// Whether the statement has that section, even if nothing is in it.
    pub fn has(&self, section: &str) -> bool {
        self.sections.contains_key(section)
    }
}

/// Reads a whole file.
pub fn read(input: impl BufRead) -> Result<StatementFile, ReadError> {
    let mut parts = Parts::new(input);
    let mut reader = Reader::default();
    loop {
        match parts.next()? {
            Part::Start(element) => {
                reader.start(&element)?;
                reader.path.push(element.name);
            }
            Part::End => {
                reader.path.pop();
            }
            Part::Text(text) => reader.text(&text, parts.line())?,
            Part::Over => return reader.finish(),
        }
    }
}

#[derive(Default)]
struct Reader {
    path: Vec<Box<str>>,
    file: StatementFile,
    problems: Problems,
    /// An answer of the web service.
    refusal: Option<Refusal>,
    /// `AccountInformation` outside of a statement holds for all of them.
    base: Option<Currency>,
    rows: usize,
}

impl Reader {
    fn start(&mut self, element: &Element) -> Result<(), ReadError> {
        let depth = self.path.len();
        match (depth, &*element.name) {
            (0, "FlexQueryResponse") => {
                self.file.query = element.get("queryName").unwrap_or_default().into();
            }
            (0, "FlexStatementResponse") => {
                let none = Refusal { code: None, status: "".into(), message: "".into(), reference: None };
                self.refusal = Some(none);
            }
            (0, root) => return Err(ReadError::NotAStatement { root: crate::error::shown(root).into() }),
            (2, "FlexStatement") if self.refusal.is_none() => self.begin_statement(element)?,
            (_, "AccountInformation") => self.account_information(element),
            // The statement's sections are at the third level, their rows below.
            (3, name) if &*self.path[2] == "FlexStatement" => self.section(name, element)?,
            (4, _) if &*self.path[2] == "FlexStatement" => self.row(element)?,
            _ => {}
        }
        Ok(())
    }

    /// The words of an error answer.
    fn text(&mut self, text: &str, line: u64) -> Result<(), ReadError> {
        let Some(name) = self.path.last().cloned() else {
            let what = "the file has words outside of its elements".to_owned();
            return Err(ReadError::Broken { line, what });
        };
        if let Some(refusal) = &mut self.refusal {
            match &*name {
                "ErrorCode" => refusal.code = text.parse().ok(),
                "ErrorMessage" => refusal.message = text.into(),
                "Status" => refusal.status = text.into(),
                "ReferenceCode" => refusal.reference = Some(text.into()),
                _ => {}
            }
        }
        Ok(())
    }

    fn begin_statement(&mut self, element: &Element) -> Result<(), ReadError> {
        if self.file.statements.len() == limits::STATEMENTS_MAX {
            let max = limits::STATEMENTS_MAX as u64;
            return Err(ReadError::TooMuch { line: element.line, what: "the number of statements", max });
        }
        let mut row = Row::new(element, None, &mut self.problems);
        let statement = Statement {
            account: row.account(),
            from: row.date("fromDate"),
            to: row.date("toDate"),
            generated: row.moment("whenGenerated"),
            ..Statement::default()
        };
        self.file.statements.push(statement);
        Ok(())
    }

    fn account_information(&mut self, element: &Element) {
        self.file.fields.note(element);
        let currency = Row::new(element, None, &mut self.problems).currency("currency");
        match self.file.statements.last_mut() {
            Some(statement) => {
                statement.base = currency;
                statement.sections.insert("AccountInformation".into(), 1);
            }
            None => self.base = currency,
        }
    }

    /// A section begins; one that is a single row has its fields right here.
    fn section(&mut self, name: &str, element: &Element) -> Result<(), ReadError> {
        let Some(statement) = self.file.statements.last_mut() else { return Ok(()) };
        statement.sections.entry(name.into()).or_insert(0);
        if element.attributes.is_empty() { Ok(()) } else { self.row_of(name, element) }
    }

    fn row(&mut self, element: &Element) -> Result<(), ReadError> {
        let section = self.path[3].clone();
        self.row_of(&section, element)
    }

    fn row_of(&mut self, section: &str, element: &Element) -> Result<(), ReadError> {
        self.rows += 1;
        if self.rows > limits::ROWS_MAX {
            let max = limits::ROWS_MAX as u64;
            return Err(ReadError::TooMuch { line: element.line, what: "the number of rows", max });
        }
        let Some(statement) = self.file.statements.last_mut() else { return Ok(()) };
        *statement.sections.entry(section.into()).or_insert(0) += 1;
        let account = statement.account.clone();
        let is_sum = section == "Trades"
            && (&*element.name != "Trade"
                || !matches!(element.get("levelOfDetail"), None | Some("EXECUTION")));
        if is_sum {
            // Orders, closed lots and sums by symbol tell the same money again.
            statement.trade_sums += 1;
            return Ok(());
        }
        self.file.fields.note(element);
        let mut row = Row::new(element, account.as_ref(), &mut self.problems);
        take(statement, &mut row, &element.name);
        Ok(())
    }

    fn finish(mut self) -> Result<StatementFile, ReadError> {
        if let Some(refusal) = self.refusal {
            return Err(ReadError::Refused(refusal));
        }
        for statement in &mut self.file.statements {
            statement.base = statement.base.or(self.base);
            // Sums over several accounts of one person stand beside what they sum.
            if statement.cash.iter().any(|cash| !cash.is_summary) {
                statement.cash.retain(|cash| !cash.is_summary);
            }
        }
        Ok(StatementFile { problem_count: self.problems.count, problems: self.problems.list, ..self.file })
    }
}

/// One row into its place. Rows of other kinds are counted by their section and not read.
fn take(statement: &mut Statement, row: &mut Row<'_>, name: &str) {
    match name {
        "Trade" => statement.trades.extend(Trade::read(row)),
        "CashTransaction" => statement.cash.extend(CashTransaction::read(row)),
        "SalesTax" => {
            let tax = CashTransaction::of(row, "salesTax", CashKind::SalesTax, "Sales Tax");
            statement.cash.extend(tax);
        }
        "Transfer" => {
            let (moved, money) = transfer(row);
            statement.moves.extend(moved);
            statement.cash.extend(money);
        }
        "CashReportCurrency" => statement.cash_reports.extend(CashReport::read(row)),
        "OpenPosition" => statement.open_positions.extend(Holding::open(row)),
        "MTMPerformanceSummaryUnderlying" => statement.performance.extend(Holding::both_ends(row)),
        "EquitySummaryByReportDateInBase" => statement.equity.extend(Equity::by_date(row)),
        "ChangeInNAV" => statement.equity.extend(Equity::of_change(row)),
        "CorporateAction" => statement.moves.extend(Move::corporate_action(row)),
        "OptionEAE" => statement.option_events.extend(OptionEvent::read(row)),
        "FxTransaction" => statement.fx_moves.extend(FxMove::read(row)),
        "ConversionRate" => statement.rates.extend(Rate::read(row)),
        _ => {}
    }
}
