//! `[nightly]`: from which difference on a bot is blocked, where reports go, and which bots keep a database of their own.

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use plimsoll_model::{BotName, Currency};
use rust_decimal::Decimal;
use toml::Spanned;

use super::place::Problems;
use super::section::Section;
use super::value;

/// Of the account's equity, where the file does not say: half a percent.
const THRESHOLD: Decimal = Decimal::from_parts(5, 0, 0, false, 3);
/// Units of the account's currency below which nothing is flagged, where the file does not say.
const FLOOR: Decimal = Decimal::ONE;

/// What `plimsoll nightly` goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nightly {
    /// A difference above this part of the account's equity blocks the bot.
    pub threshold: Decimal,
    /// And above this many units of the account's currency.
    pub floor: Decimal,
    /// Where reports are written; relative to the file.
    pub reports: PathBuf,
    /// Bots' own records of their profit.
    pub databases: Vec<BotDatabase>,
}

/// Where a bot writes down what it believes that it earned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BotDatabase {
    /// Whose.
    pub bot: BotName,
    /// `SQLite`, or CSV with a line of names at its head; relative to the file.
    pub file: PathBuf,
    /// The table; none: CSV.
    pub table: Option<Box<str>>,
    /// The column that says when a profit was realised.
    pub time: Box<str>,
    /// The column that says how much.
    pub profit: Box<str>,
    /// A column of fees that are not taken off the profit yet, each above zero.
    pub fees: Option<Box<str>>,
    /// Of all amounts.
    pub currency: Currency,
    /// Of times that name none.
    pub zone: TimeZone,
}

impl Default for Nightly {
    fn default() -> Self {
        Self { threshold: THRESHOLD, floor: FLOOR, reports: "reports".into(), databases: Vec::new() }
    }
}

impl Nightly {
    /// Relative files are taken from the configuration's folder.
    pub(super) fn beside(&mut self, folder: &Path) {
        self.reports = folder.join(&self.reports);
        for database in &mut self.databases {
            database.file = folder.join(&database.file);
        }
    }

    pub(super) fn read(section: Option<Section<'_>>, bots: &[BotName], problems: &mut Problems) -> Self {
        let usual = Self::default();
        let Some(mut section) = section else { return usual };
        let threshold = section.text("threshold", problems, value::percent);
        let floor = section.text("floor", problems, |text| {
            let read = Decimal::from_str_exact(text).ok().filter(|floor| *floor > Decimal::ZERO);
            read.ok_or_else(|| format!("`{text}` is no amount above zero; write for example \"1\""))
        });
        let reports = section.text("reports", problems, file);
        let databases = section.tables("database", problems);
        section.finish(problems);
        Self {
            threshold: threshold.map_or(usual.threshold, Spanned::into_inner),
            floor: floor.map_or(usual.floor, Spanned::into_inner),
            reports: reports.map_or(usual.reports, Spanned::into_inner),
            databases: databases
                .into_iter()
                .filter_map(|one| BotDatabase::read(one, bots, problems))
                .collect(),
        }
    }
}

impl BotDatabase {
    fn read(mut section: Section<'_>, bots: &[BotName], problems: &mut Problems) -> Option<Self> {
        let bot = section.required("bot", "\"trend\"", problems, |text| {
            let known = || bots.iter().map(BotName::as_str).collect::<Vec<_>>().join(", ");
            let found = bots.iter().find(|bot| bot.as_str() == text).cloned();
            found.ok_or_else(|| format!("no bot is named `{text}`; known are {}", known()))
        });
        let file = section.required("file", "\"bots/trend.sqlite3\"", problems, file);
        let table = section.text("table", problems, name);
        let time = section.required("time", "\"closed_at\"", problems, name);
        let profit = section.required("profit", "\"profit\"", problems, name);
        let fees = section.text("fees", problems, name);
        let currency = section.required("currency", "\"USD\"", problems, |text| {
            Currency::new(text).ok_or_else(|| format!("`{text}` is no currency; write for example \"USD\""))
        });
        let zone = section.text("zone", problems, |text| {
            TimeZone::get(text)
                .map_err(|_| format!("`{text}` is no time zone; write for example \"America/New_York\""))
        });
        section.finish(problems);
        Some(Self {
            bot: bot?.into_inner(),
            file: file?.into_inner(),
            table: table.map(Spanned::into_inner),
            time: time?.into_inner(),
            profit: profit?.into_inner(),
            fees: fees.map(Spanned::into_inner),
            currency: currency?.into_inner(),
            zone: zone.map_or(TimeZone::UTC, Spanned::into_inner),
        })
    }
}

fn file(text: &str) -> Result<PathBuf, String> {
    match text {
        "" => Err("is empty; write a file's name".into()),
        text => Ok(text.into()),
    }
}

/// The name of a table or a column. It is put in quotes where it is used, so it may be anything but one.
fn name(text: &str) -> Result<Box<str>, String> {
    if text.is_empty() || text.contains(['"', '\0']) {
        return Err(format!("`{text}` is no name of a table or a column; write it as the database has it"));
    }
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{parse, tests::GOOD};

    fn with(text: &str) -> Result<Nightly, String> {
        let read = parse("plimsoll.toml", &format!("{GOOD}\n{text}"));
        read.map(|loaded| loaded.settings.nightly).map_err(|error| error.to_string())
    }

    #[test]
    fn half_a_percent_and_one_unit_are_the_limits_where_the_file_does_not_say() {
        let nightly = with("").unwrap();
        assert_eq!((nightly.threshold.to_string(), nightly.floor.to_string()), ("0.005".into(), "1".into()));
        let own = with("[nightly]\nthreshold = \"0.25%\"\nfloor = \"20\"\n").unwrap();
        assert_eq!((own.threshold.to_string(), own.floor.to_string()), ("0.0025".into(), "20".into()));
    }

    #[test]
    fn every_wrong_key_and_value_is_named_with_what_to_write() {
        let text = "[nightly]\nthreshold = \"0%\"\nfloor = \"none\"\nfolder = \"x\"\n[[nightly.database]]\nbot = \
                    \"nobody\"\nfile = \"\"\ntime = \"a\\\"b\"\nprofit = \"p\"\ncurrency = \"$\"\nzone = \"Mars\"\n";
        let error = with(text).unwrap_err();
        for part in [
            "`0%` is not above 0%",
            "`none` is no amount above zero",
            "unknown key `folder` in [nightly]",
            "no bot is named `nobody`",
            "`file`: is empty",
            "is no name of a table or a column",
            "`$` is no currency",
            "`Mars` is no time zone",
        ] {
            assert!(error.contains(part), "{part}: {error}");
        }
    }
}
