//! `[plimsoll]`, `[clock]` and `[[venue]]`, each part optional until the whole file has been judged.

use std::net::SocketAddr;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use plimsoll_core::config::{Mode, OnCloseCrossing, VenueConfig};
use plimsoll_model::{Account, ClientId};
use toml::Spanned;

use super::crossing::RawCrossing;
use super::place::Problems;
use super::section::Section;
use super::value;
use super::{ClockSettings, Environment};

/// Where `clock.max_uncertainty` is not written.
const UNCERTAINTY_MAX: Duration = Duration::from_millis(250);
/// Time servers.
const SERVERS_MAX: usize = 8;

/// `[plimsoll]`.
pub(super) struct RawPlimsoll {
    pub(super) state_dir: Option<PathBuf>,
    pub(super) mode: Option<Mode>,
    pub(super) operator: Option<Spanned<SocketAddr>>,
}

impl RawPlimsoll {
    pub(super) fn read(section: Option<Section<'_>>, problems: &mut Problems) -> Self {
        let Some(mut section) = section else {
            problems
                .at(0..0, "the file has no [plimsoll]; write it with `mode = \"enforce\"` or \"observe\"");
            return Self { state_dir: None, mode: None, operator: None };
        };
        let state_dir = match section.take("state_dir") {
            None => Some("state".into()),
            Some(_) => section
                .text("state_dir", problems, |text| match text {
                    "" => Err("is empty; write a folder".into()),
                    folder => Ok(PathBuf::from(folder)),
                })
                .map(Spanned::into_inner),
        };
        let modes = [("observe", Mode::Observe), ("enforce", Mode::Enforce)];
        let mode = section
            .required("mode", "\"enforce\"", problems, |text| value::word(text, &modes))
            .map(Spanned::into_inner);
        let operator = match section.take("operator") {
            // Port zero: several gateways on one host must not fight over a number nobody chose.
            None => Some(Spanned::new(0..0, SocketAddr::from(([127, 0, 0, 1], 0)))),
            Some(_) => section.text("operator", problems, value::loopback),
        };
        section.finish(problems);
        Self { state_dir, mode, operator }
    }
}

/// `[clock]`.
pub(super) struct RawClock {
    pub(super) settings: ClockSettings,
    pub(super) follow: Option<Spanned<Box<str>>>,
}

impl RawClock {
    pub(super) fn read(section: Option<Section<'_>>, problems: &mut Problems) -> Self {
        let settings = ClockSettings { servers: Vec::new(), uncertainty_max: UNCERTAINTY_MAX };
        let Some(mut section) = section else { return Self { settings, follow: None } };
        let servers = section.texts("servers", problems, value::host_port);
        check_servers(&servers, problems);
        let uncertainty_max = section.text("max_uncertainty", problems, value::positive_duration);
        let follow = section.text("follow", problems, value::host_port);
        section.finish(problems);
        let settings = ClockSettings {
            servers: servers.into_iter().map(Spanned::into_inner).collect(),
            uncertainty_max: uncertainty_max.map_or(UNCERTAINTY_MAX, Spanned::into_inner),
        };
        Self { settings, follow }
    }
}

/// One server can lie, and of two nobody knows which one does.
fn check_servers(servers: &[Spanned<Box<str>>], problems: &mut Problems) {
    let Some(first) = servers.first() else { return };
    if servers.len() < 3 {
        let count = servers.len();
        let text =
            format!("`servers`: {count} cannot outvote a wrong one; write three or more, or [] for none");
        problems.at(first.span(), text);
    }
    if let Some(beyond) = servers.get(SERVERS_MAX) {
        problems
            .at(beyond.span(), format!("`servers`: more than {SERVERS_MAX} are no better; leave some out"));
    }
    for (index, server) in servers.iter().enumerate() {
        if servers[..index].iter().any(|earlier| earlier.get_ref() == server.get_ref()) {
            problems.at(
                server.span(),
                format!("`servers`: {} is listed twice and has one vote", server.get_ref()),
            );
        }
    }
}

/// `[[venue]]`.
pub(super) struct RawVenue {
    pub(super) span: Range<usize>,
    pub(super) name: Option<Spanned<Box<str>>>,
    pub(super) environment: Option<Spanned<Environment>>,
    pub(super) upstream: Option<Spanned<Box<str>>>,
    pub(super) client_id: Option<Spanned<ClientId>>,
    pub(super) accounts: Vec<Spanned<Account>>,
    pub(super) on_close_crossing: RawCrossing,
}

impl RawVenue {
    pub(super) fn read(mut section: Section<'_>, problems: &mut Problems) -> Self {
        let environments = [Environment::Live, Environment::Paper, Environment::Sim].map(|e| (e.as_str(), e));
        section.required("kind", "\"ibkr\"", problems, |text| match text {
            "ibkr" => Ok(()),
            "okx" => Err("`okx` is not available yet; only \"ibkr\" is".into()),
            other => Err(format!("`{other}` is not known; write \"ibkr\"")),
        });
        let pacing = section.text("pacing", problems, |text| value::word(text, &[("ibkr", ())]));
        if let Some(pacing) = pacing {
            problems
                .note(pacing.span(), "pacing of historical requests is not enforced yet; they are relayed");
        }
        let raw = Self {
            span: section.span.clone(),
            name: section.required("name", "\"ib\"", problems, |text| match text {
                "" => Err("is empty; write a name".into()),
                name => Ok(name.into()),
            }),
            environment: section
                .required("environment", "\"paper\"", problems, |text| value::word(text, &environments)),
            upstream: section.required("upstream", "\"127.0.0.1:4002\"", problems, value::host_port),
            client_id: client_id(&mut section, problems),
            accounts: section.texts("accounts", problems, value::account),
            on_close_crossing: RawCrossing::read(&mut section, problems),
        };
        if raw.accounts.is_empty() {
            section.missing("accounts", "[\"U1234567\"]", problems);
        }
        section.finish(problems);
        raw
    }

    /// How long before the cutoff netted on-close orders leave; none if they are not netted.
    pub(super) fn net_lead(&self) -> Option<Duration> {
        match self.on_close_crossing.policy.as_ref()? {
            OnCloseCrossing::Net { lead } => Some(*lead),
            OnCloseCrossing::Deny | OnCloseCrossing::Equivalent(_) => None,
        }
    }

    /// For the bridge; nothing if a part is missing.
    pub(super) fn into_config(self) -> Option<VenueConfig> {
        Some(VenueConfig {
            name: self.name?.into_inner(),
            client_id: self.client_id?.into_inner(),
            accounts: self.accounts.into_iter().map(Spanned::into_inner).collect(),
            on_close_crossing: self.on_close_crossing.policy?,
        })
    }
}

fn client_id(section: &mut Section<'_>, problems: &mut Problems) -> Option<Spanned<ClientId>> {
    if section.take("client_id").is_none() {
        section.missing("client_id", "900", problems);
        return None;
    }
    let number = section.integer("client_id", problems)?;
    as_client_id("client_id", &number, problems)
}

/// A whole number as a client id.
pub(super) fn as_client_id(
    key: &str,
    number: &Spanned<i64>,
    problems: &mut Problems,
) -> Option<Spanned<ClientId>> {
    let fits = i32::try_from(*number.get_ref()).ok().filter(|id| *id >= 0);
    if fits.is_none() {
        let shown = number.get_ref();
        problems.at(number.span(), format!("`{key}`: {shown} is no client id; write 0 to 2147483647"));
    }
    fits.map(|id| Spanned::new(number.span(), ClientId(id)))
}
