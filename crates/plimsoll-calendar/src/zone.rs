//! Time zones by the names that brokers send.
//!
//! The bundled database is asked, unless the shell has found a newer one on the system and said so at its start:
//! what a system has lying around is often years old, and a zone can change with weeks of notice. The zones of
//! the exchanges are the same in both, so a journal gives the same instants on every machine.

use std::sync::OnceLock;

use jiff::tz::{TimeZone, TimeZoneDatabase};

/// The shell's word, for the whole process.
static NEWER: OnceLock<TimeZoneDatabase> = OnceLock::new();

/// Asks this database from now on instead of the bundled one. Only the first call counts, so that nobody changes
/// the zones under a running gateway; false if it came too late.
pub fn prefer_zones(newer: TimeZoneDatabase) -> bool {
    NEWER.set(newer).is_ok()
}

/// A zone name that is in neither the alias table nor the database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{name}` is no known time zone; nothing was assumed in its place; \
     use an IANA name such as America/New_York"
)]
pub struct UnknownZone {
    /// The name as it came.
    pub name: Box<str>,
}

/// Names that the database lacks, or that it reads otherwise than the broker means them.
///
/// `EST` is fixed UTC-5 in the database, but the broker means New York with its summer time. `CST` is left
/// out on purpose: Chicago and Shanghai both use it, and a wrong guess is worse than an error.
const ALIASES: &[(&str, &str)] = &[
    ("EST", "America/New_York"),
    ("EDT", "America/New_York"),
    ("EST5EDT", "America/New_York"),
    ("US/Eastern", "America/New_York"),
    ("Eastern Standard Time", "America/New_York"),
    ("US/Central", "America/Chicago"),
    ("CST6CDT", "America/Chicago"),
    ("Central Standard Time", "America/Chicago"),
    ("MST7MDT", "America/Denver"),
    ("PST8PDT", "America/Los_Angeles"),
    ("US/Pacific", "America/Los_Angeles"),
    ("Pacific Standard Time", "America/Los_Angeles"),
    ("GB", "Europe/London"),
    ("GB-Eire", "Europe/London"),
    ("BST", "Europe/London"),
    ("British Summer Time", "Europe/London"),
    ("GMT Standard Time", "Europe/London"),
    ("MET", "Europe/Berlin"),
    ("CET", "Europe/Berlin"),
    ("Central European Standard Time", "Europe/Berlin"),
    ("W. Europe Standard Time", "Europe/Berlin"),
    ("JST", "Asia/Tokyo"),
    ("Japan", "Asia/Tokyo"),
    ("Tokyo Standard Time", "Asia/Tokyo"),
    ("HKT", "Asia/Hong_Kong"),
    ("Hongkong", "Asia/Hong_Kong"),
    ("China Standard Time", "Asia/Shanghai"),
    ("AEST", "Australia/Sydney"),
    ("AUS Eastern Standard Time", "Australia/Sydney"),
    ("UTC", "UTC"),
    ("Coordinated Universal Time", "UTC"),
];

/// The zone that a broker means by `name`: the alias table first, then the database. A newer database that lacks
/// the name does not take it away.
pub fn zone(name: &str) -> Result<TimeZone, UnknownZone> {
    let name = name.trim();
    let iana = ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, iana)| *iana);
    let newer = NEWER.get().and_then(|newer| newer.get(iana).ok());
    let found = newer.map_or_else(|| TimeZoneDatabase::bundled().get(iana), Ok);
    found.map_err(|_| UnknownZone { name: name.into() })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    /// The UTC hour of noon in July and in January.
    fn noon(name: &str) -> (i8, i8) {
        let tz = zone(name).unwrap();
        let hour = |month| {
            let noon = date(2026, month, 15).at(12, 0, 0, 0).to_zoned(tz.clone()).unwrap();
            noon.timestamp().to_zoned(TimeZone::UTC).hour()
        };
        (hour(7), hour(1))
    }

    #[test]
    fn the_broker_s_est_has_summer_time() {
        for name in ["EST", "EST5EDT", "US/Eastern", "America/New_York"] {
            assert_eq!(noon(name), (16, 17), "{name}");
        }
    }

    #[test]
    fn names_outside_the_database_are_known() {
        assert_eq!(noon("JST"), (3, 3));
        assert_eq!(noon("MET"), (10, 11));
        assert_eq!(noon("GB-Eire"), (11, 12));
        assert_eq!(noon("China Standard Time"), (4, 4));
        assert_eq!(noon("Hongkong"), (4, 4));
    }

    #[test]
    fn an_ambiguous_or_unknown_name_is_an_error() {
        for name in ["CST", "Mars/Olympus", ""] {
            assert_eq!(zone(name), Err(UnknownZone { name: name.into() }));
        }
    }

    #[test]
    fn every_alias_leads_to_a_zone() {
        for (alias, _) in ALIASES {
            assert!(zone(alias).is_ok(), "{alias}");
        }
    }
}
