//! One look at the venue for `plimsoll check`: connect as Plimsoll's own client, wait for the accounts,
//! leave again.
//!
//! Does not own: judging what was found against the configuration.

use std::time::Duration;

use plimsoll_model::{Account, Report};
use plimsoll_tws::ServerVersion;
use plimsoll_tws::frame::VENUE_FRAME_MAX;
use plimsoll_tws::handshake::{ClientHello, ServerHello};
use tokio::io::AsyncRead;
use tokio::time::timeout;

use crate::config::Settings;
use crate::link::{self, Incoming, Outgoing};
use crate::wire::{self, Told};

/// What the venue said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The version that it speaks with us.
    pub server_version: u16,
    /// The accounts of the login.
    pub accounts: Vec<Account>,
}

/// Why the venue did not answer as one should.
#[derive(Debug, thiserror::Error)]
#[error("{upstream}: {why}")]
pub struct ProbeError {
    upstream: String,
    why: String,
}

/// Looks at the venue.
pub async fn probe(settings: &Settings, within: Duration) -> Result<Answer, ProbeError> {
    let failed = |why: String| ProbeError { upstream: settings.upstream.to_string(), why };
    let stream =
        link::connect(&settings.upstream, within).await.map_err(|error| failed(error.to_string()))?;
    let (read, mut write) = tokio::io::split(stream);
    let mut from = Incoming::new(read, VENUE_FRAME_MAX);
    let out = Outgoing::new();
    let answer = tokio::select! {
        biased;
        answer = timeout(within, ask(&mut from, &out, settings)) => answer,
        written = out.write_to(&mut write) => {
            let why = written.err().map_or_else(|| "closed".to_owned(), |error| error.to_string());
            return Err(failed(why));
        }
    };
    answer.unwrap_or_else(|_| Err(format!("did not finish its start within {within:?}"))).map_err(failed)
}

async fn ask(
    from: &mut Incoming<impl AsyncRead + Unpin>,
    out: &Outgoing,
    settings: &Settings,
) -> Result<Answer, String> {
    let (min, max) = (ServerVersion::MIN.number(), ServerVersion::MAX.number());
    out.push_raw(&ClientHello { min, max, options: "".into() }.encode());
    let reply = next(from, "").await?;
    let hello = ServerHello::parse(&reply).map_err(|error| error.to_string())?;
    let version = ServerVersion::new(hello.version)
        .ok_or_else(|| format!("speaks version {}, which Plimsoll does not", hello.version))?;
    out.push(wire::our_start(version, settings.client_id).bytes()).map_err(|error| error.to_string())?;
    let mut said = String::new();
    loop {
        let frame = next(from, &said).await?;
        let Told::Report(report) = wire::told_us(version, &frame) else { continue };
        match *report {
            Report::ManagedAccounts(accounts) => {
                return Ok(Answer { server_version: version.number(), accounts });
            }
            Report::Error(error) => said = format!(" (it said {}: {})", error.code, error.text),
            _ => {}
        }
    }
}

async fn next(
    from: &mut Incoming<impl AsyncRead + Unpin>,
    said: &str,
) -> Result<plimsoll_model::RawFrame, String> {
    let frame = from.next().await.map_err(|error| error.to_string())?;
    frame.ok_or_else(|| format!("closed the connection before it named its accounts{said}"))
}
