//! The simulator's clock: one question, or a stream of changes, at its control address.

use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::body::{Bytes, Incoming};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::Deserialize;

use crate::link;

/// How long the simulator may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// The longest event of the stream; a clock reading has some eighty bytes.
const EVENT_MAX: usize = 4 * 1024;
const MILLION: u64 = 1_000_000;

/// A reading of the simulator's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VenueClock {
    /// Venue time when it was read.
    pub now: Timestamp,
    /// How many millionths of a second of venue time pass per second; none if it only moves by jumps.
    pub speed_ppm: Option<u64>,
    /// Whether the venue waits until every client has taken a batch.
    pub lockstep: bool,
}

impl VenueClock {
    /// Venue time so much host time after the reading.
    pub(super) fn at(self, since: Duration) -> Timestamp {
        let Some(ppm) = self.speed_ppm.filter(|_| !self.lockstep) else { return self.now };
        let nanos = since.as_nanos().saturating_mul(u128::from(ppm)) / u128::from(MILLION);
        let passed = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        self.now.saturating_add(passed).unwrap_or(self.now)
    }

    /// How many times as fast as the host's, rounded up.
    pub(super) fn speed(self) -> u32 {
        let ppm = self.speed_ppm.filter(|_| !self.lockstep).unwrap_or(0);
        u32::try_from(ppm.div_ceil(MILLION)).unwrap_or(u32::MAX)
    }

    /// How much host time a span of venue time takes; nothing if it does not pass by itself.
    pub(super) fn host_time(self, span: Duration) -> Option<Duration> {
        let ppm = self.speed_ppm.filter(|ppm| *ppm > 0 && !self.lockstep)?;
        let nanos = span.as_nanos().saturating_mul(u128::from(MILLION)) / u128::from(ppm);
        Some(Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)))
    }
}

/// Why the simulator's clock is not known.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// No connection.
    #[error("clock.follow: {0}; is the simulator running with --control on this address?")]
    Connect(#[from] link::ConnectError),
    /// The connection broke, or no HTTP came over it.
    #[error("clock.follow: {0}")]
    Http(#[from] hyper::Error),
    /// No answer in time.
    #[error("clock.follow: no answer within {ANSWER_MAX:?}")]
    TimedOut,
    /// An answer that is not a clock's.
    #[error("clock.follow: `{0}` is no clock reading; is this the simulator's control address?")]
    NotAClock(String),
}

#[derive(Deserialize)]
struct Wire {
    now: Timestamp0,
    speed: serde_json::Value,
    #[serde(default)]
    lockstep: bool,
}

/// A timestamp as RFC 3339 text.
#[derive(Deserialize)]
#[serde(transparent)]
struct Timestamp0(String);

/// Reads the clock once.
pub async fn fetch(control: &str) -> Result<VenueClock, FollowError> {
    let mut body = get(control, "/clock").await?;
    let mut text = Vec::new();
    let whole = async {
        while let Some(frame) = body.frame().await {
            text.extend(frame?.into_data().unwrap_or_default());
            if text.len() > EVENT_MAX {
                break;
            }
        }
        Ok::<(), hyper::Error>(())
    };
    tokio::time::timeout(ANSWER_MAX, whole).await.map_err(|_| FollowError::TimedOut)??;
    parse(&text)
}

/// Hands over every change of the clock until the connection ends.
pub async fn stream(control: &str, mut changed: impl FnMut(VenueClock)) -> Result<(), FollowError> {
    let mut body = get(control, "/clock/stream").await?;
    let mut pending = Vec::new();
    while let Some(frame) = body.frame().await {
        pending.extend(frame?.into_data().unwrap_or_default());
        while let Some(end) = pending.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = pending.drain(..=end).collect();
            // Comments keep the connection alive, blank lines end an event: only data counts.
            if let Some(data) = line.strip_prefix(b"data:") {
                changed(parse(data.trim_ascii())?);
            }
        }
        if pending.len() > EVENT_MAX {
            return Err(FollowError::NotAClock("an event without end".into()));
        }
    }
    Ok(())
}

async fn get(control: &str, path: &str) -> Result<Incoming, FollowError> {
    let stream = link::connect(control, ANSWER_MAX).await?;
    let asked = async {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        // Ends with the connection, which ends when the body is dropped.
        tokio::spawn(connection);
        let request = Request::get(path)
            .header("host", control)
            .body(Empty::<Bytes>::new())
            .expect("a fixed path and a host that was connected to");
        sender.send_request(request).await
    };
    let response = tokio::time::timeout(ANSWER_MAX, asked).await.map_err(|_| FollowError::TimedOut)??;
    if !response.status().is_success() {
        return Err(FollowError::NotAClock(format!("{path}: {}", response.status())));
    }
    Ok(response.into_body())
}

fn parse(json: &[u8]) -> Result<VenueClock, FollowError> {
    let wrong = || FollowError::NotAClock(String::from_utf8_lossy(&json[..json.len().min(80)]).into_owned());
    let wire: Wire = serde_json::from_slice(json).map_err(|_| wrong())?;
    let now = wire.now.0.parse().map_err(|_| wrong())?;
    // `max` and its like have no speed that could be extrapolated.
    let speed_ppm = Decimal::from_str_exact(wire.speed.to_string().trim_matches('"'))
        .ok()
        .and_then(|speed| speed.checked_mul(Decimal::from(MILLION)))
        .and_then(|ppm| ppm.to_u64());
    Ok(VenueClock { now, speed_ppm, lockstep: wire.lockstep })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_of_every_speed_are_understood() {
        let read = |text: &str| parse(text.as_bytes()).unwrap();
        let sixty = read(r#"{"now":"2026-11-27T14:25:00.250Z","speed":60}"#);
        assert_eq!((sixty.speed_ppm, sixty.lockstep), (Some(60_000_000), false));
        assert_eq!(read(r#"{"now":"2026-11-27T09:25:00-05:00","speed":0.5}"#).speed_ppm, Some(500_000));
        let max = read(r#"{"now":"2026-11-27T14:25:00Z","speed":"max","lockstep":true}"#);
        assert_eq!((max.speed_ppm, max.lockstep), (None, true));
    }

    #[test]
    fn an_answer_that_is_no_clock_is_refused() {
        for text in ["", "{}", "<html>", r#"{"now":"yesterday","speed":1}"#] {
            assert!(parse(text.as_bytes()).is_err(), "{text:?}");
        }
    }
}
