//! `plimsoll sim ibkr`: the simulated venue on two ports until it is told to end.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use plimsoll_model::{Account, ClientId, Qty};
use plimsoll_runtime::simulator::{self, Options, ServeError, Venue as _};
use plimsoll_sim::{IbkrVenue, Recording, TwsSettings, VenueConfig};
use serde_json::Value;

use super::Outcome;
use crate::adapter::ServedVenue;
use crate::cli::{ExecutionTimes, FeePlan, MissingAccount, Profile, Sequences, SimIbkr, TradingHours};
use crate::exit::{Exit, Failure};
use crate::output;

pub(crate) fn run(options: &SimIbkr) -> Outcome {
    let venue = match options.market.as_str() {
        "synthetic" => IbkrVenue::new(config(options, None)?),
        folder => {
            let recording = recording(Path::new(folder))?;
            IbkrVenue::replaying(config(options, Some(&recording))?, recording)
        }
    };
    let venue = venue.map_err(|error| Failure::new(Exit::Usage, error))?;
    let mut venue = ServedVenue::new(venue);
    if let Some(file) = &options.faults {
        let mut out = Vec::new();
        for fault in planned_faults(file)? {
            venue.fault(&fault, &mut out).map_err(|error| Failure::new(Exit::Usage, error))?;
        }
    }
    let served = Options {
        listen: options.listen,
        control: options.control,
        pace: options.speed.clone(),
        held: false,
        journal: options.journal.clone(),
    };
    super::runtime()?.block_on(async move {
        let handle = match simulator::serve(Box::new(venue), &served) {
            Ok(handle) => handle,
            Err(error @ (ServeError::Bind(_) | ServeError::Journal { .. })) => {
                return Err(Failure::new(Exit::Environment, error));
            }
        };
        output::line(&format!("ready tws {} control {}", handle.tws_addr(), handle.control_addr()))?;
        let exit = super::ended::told_to_end().await;
        handle.shutdown().await;
        Ok(exit)
    })
}

/// The bars of every `*.csv` in a folder, in the order of their names.
fn recording(folder: &Path) -> Result<Recording, Failure> {
    let usage = |text: String| Failure::new(Exit::Usage, anyhow::anyhow!(text));
    let unreadable =
        |path: &Path, error| usage(format!("{}: {error}; the simulator did not start", path.display()));
    let entries = std::fs::read_dir(folder).map_err(|error| unreadable(folder, error))?;
    let mut files = Vec::new();
    for entry in entries {
        files.push(entry.map_err(|error| unreadable(folder, error))?.path());
    }
    files.sort();
    let mut recording = Recording::default();
    for file in &files {
        let name = file.display().to_string();
        if name.ends_with(".csv.gz") {
            return Err(usage(format!(
                "{name}: is packed; the simulator did not start, unpack it with gunzip"
            )));
        }
        if file.extension().is_some_and(|extension| extension == "csv") {
            let text = std::fs::read_to_string(file).map_err(|error| unreadable(file, error))?;
            recording.add(&name, &text).map_err(|error| Failure::new(Exit::Usage, error))?;
        }
    }
    Ok(recording)
}

/// Five minutes before the first recorded open, or now where nothing is recorded.
fn default_start(recording: Option<&Recording>) -> Result<Timestamp, Failure> {
    let Some(recording) = recording else { return Ok(Timestamp::now()) };
    let (open, _) = recording.span().map_err(|error| Failure::new(Exit::Usage, error))?;
    Ok(open - SignedDuration::from_mins(5))
}

fn config(options: &SimIbkr, recording: Option<&Recording>) -> Result<VenueConfig, Failure> {
    let usage = |text: String| Failure::new(Exit::Usage, anyhow::anyhow!(text));
    let accounts = options
        .accounts
        .iter()
        .map(|text| Account::new(text).ok_or_else(|| usage(format!("`{text}` is not an account"))))
        .collect::<Result<Vec<_>, _>>()?;
    let cash = Qty::parse(&options.cash).map_err(|error| usage(format!("--cash: {error}")))?.get();
    Ok(VenueConfig {
        profile: match options.profile {
            Profile::Live => plimsoll_sim::Profile::Live,
            Profile::Paper => plimsoll_sim::Profile::Paper,
        },
        missing_account: match options.missing_account {
            MissingAccount::Default => plimsoll_sim::MissingAccount::Default,
            MissingAccount::Error321 => plimsoll_sim::MissingAccount::Error321,
            MissingAccount::Error435 => plimsoll_sim::MissingAccount::Error435,
        },
        master_client_id: options.master_client_id.map(ClientId),
        accounts,
        cash,
        start: options.start.map_or_else(|| default_start(recording), Ok)?,
        seed: options.seed,
        symbols: options.symbols.iter().map(|symbol| symbol.as_str().into()).collect(),
        lockstep: false,
        settings: settings(options),
    })
}

fn settings(options: &SimIbkr) -> TwsSettings {
    TwsSettings {
        read_only_api: options.read_only_api,
        announce_preset_tif: options.announce_preset_tif,
        push_open_orders: !options.no_push_open_orders,
        price_percent_max: options.price_percent_max,
        direct_route_precaution: options.direct_route_precaution,
        execution_times: options.execution_times.map(|form| match form {
            ExecutionTimes::Zoned => plimsoll_sim::ExecutionTimes::Zoned,
            ExecutionTimes::Utc => plimsoll_sim::ExecutionTimes::Utc,
        }),
        trading_hours: match options.trading_hours {
            TradingHours::Dated => plimsoll_sim::TradingHours::Dated,
            TradingHours::Old => plimsoll_sim::TradingHours::Old,
        },
        sequences: match options.sequences {
            Sequences::Plain => plimsoll_sim::Sequences::Plain,
            Sequences::Varied => plimsoll_sim::Sequences::Varied,
        },
        regulatory_fees: options.regulatory_fees,
        market_data_lines: options.market_data_lines,
        quotes_per_second: options.quotes_per_second,
        fees: match options.fees {
            FeePlan::Fixed => plimsoll_sim::FeePlan::Fixed,
            FeePlan::Tiered => plimsoll_sim::FeePlan::Tiered,
        },
    }
}

/// `[[fault]]` tables, each with the keys of `POST /faults`.
fn planned_faults(file: &Path) -> Result<Vec<Value>, Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::new(Exit::Usage, anyhow::anyhow!("{}: {error}", file.display())))?;
    let table: toml::Table = toml::from_str(&text)
        .map_err(|error| Failure::new(Exit::Usage, anyhow::anyhow!("{}: {error}", file.display())))?;
    let mut faults = Vec::new();
    for (key, value) in table {
        match (key.as_str(), value) {
            ("fault", toml::Value::Array(rows)) => {
                for row in rows {
                    let mut json =
                        serde_json::to_value(row).map_err(|error| Failure::new(Exit::Usage, error))?;
                    // What begins at once begins when the ports are open, so that nothing it does is lost.
                    if let Value::Object(keys) = &mut json {
                        keys.entry("after").or_insert_with(|| Value::from("1ms"));
                    }
                    faults.push(json);
                }
            }
            (other, _) => {
                let error = anyhow::anyhow!("{}: `{other}` is not `[[fault]]`", file.display());
                return Err(Failure::new(Exit::Usage, error));
            }
        }
    }
    Ok(faults)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use plimsoll_runtime::config::{self, Environment};

    use super::*;
    use crate::cli::{Cli, Command, Sim};

    const README: &str = include_str!("../../../../README.md");
    const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/sim.toml");

    /// The words behind `plimsoll` in the README's line that begins so.
    fn shown(beginning: &str) -> Vec<&'static str> {
        let line = README.lines().find(|line| line.starts_with(beginning)).expect("the README shows it");
        line.split('#').next().unwrap_or_default().split_whitespace().collect()
    }

    fn simulator() -> Box<SimIbkr> {
        match Cli::try_parse_from(shown("plimsoll sim ibkr")).unwrap().command {
            Command::Sim { venue: Sim::Ibkr(options) } => options,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_example_s_gateway_finds_the_simulator_that_the_readme_starts() {
        let sim = simulator();
        let gateway = config::load(Path::new(EXAMPLE)).unwrap();
        assert_eq!(*gateway.settings.upstream, *sim.listen.to_string());
        assert_eq!(gateway.settings.follow.as_deref(), Some(&*sim.control.to_string()));
        assert_eq!(gateway.settings.environment, Environment::Sim);
        let accounts: Vec<_> = gateway.config.venue.accounts.iter().map(ToString::to_string).collect();
        assert_eq!(accounts, sim.accounts);
        assert_eq!(Some(gateway.settings.client_id.0), sim.master_client_id);
        assert_eq!(gateway.unenforced.len(), 0, "a first start has no key that nothing enforces");
        for port in &gateway.settings.ports {
            assert!(port.listen.ip().is_loopback());
            assert!(![sim.listen, sim.control].contains(&port.listen), "{} is the simulator's", port.listen);
        }
    }

    #[test]
    fn the_readme_s_bot_is_one_that_the_example_lets_in() {
        let gateway = config::load(Path::new(EXAMPLE)).unwrap();
        let (bot, port) = (&gateway.config.bots[0], &gateway.settings.ports[0]);
        let connect = format!("ib.connect(\"{}\", {}, clientId=", port.listen.ip(), port.listen.port());
        assert!(README.contains(&connect), "the README does not show `{connect}`");
        assert!(bot.client_ids.iter().any(|id| README.contains(&format!("{connect}{})", id.0))));
        assert!(bot.accounts.iter().any(|account| README.contains(&format!("account=\"{account}\""))));
        assert!(README.contains("plimsoll run --config examples/sim.toml"));
    }
}
