//! What happened, as lines for people and as one number for a comparison.

use jiff::Timestamp;
use plimsoll_journal::Body;
use plimsoll_runtime::record;

use super::plan::civil;

/// The number covers every byte on every connection; the lines are made only where somebody reads them.
#[derive(Debug, Default)]
pub(super) struct Trace {
    lines: Option<Vec<String>>,
    hash: u64,
}

impl Trace {
    /// Only the number.
    pub(super) fn silent() -> Self {
        Self::default()
    }

    /// With lines.
    pub(super) fn told() -> Self {
        Self { lines: Some(Vec::new()), hash: 0 }
    }

    /// Everything so far in one number.
    pub(super) fn hash(&self) -> u64 {
        self.hash
    }

    pub(super) fn into_lines(self) -> Vec<String> {
        self.lines.unwrap_or_default()
    }

    /// Something that is no message.
    pub(super) fn note(&mut self, at: Timestamp, text: impl Fn() -> String) {
        self.mix(at, 0, text().as_bytes());
        if let Some(lines) = &mut self.lines {
            lines.push(format!("{} {}", civil(at), text()));
        }
    }

    /// Bytes that have arrived.
    pub(super) fn bytes(&mut self, at: Timestamp, whither: &str, number: u64, bytes: &[u8]) {
        self.mix(at, number, bytes);
        if let Some(lines) = &mut self.lines {
            lines.push(format!("{} {whither} {number} {}", civil(at), bytes.escape_ascii()));
        }
    }

    /// What the gateway has journaled. Everything but quotes is told.
    pub(super) fn record(&mut self, at: Timestamp, body: &Body) {
        let Some(lines) = &mut self.lines else { return };
        let text = match body {
            Body::Decision { text } => format!("-> {text}"),
            Body::LinkNote { link, text } => format!("link {link} note: {text}"),
            Body::Quote { .. } => return,
            body => match record::event(body.clone()) {
                Ok(Some(event)) => event.to_string(),
                Ok(None) => return,
                Err(error) => error.to_string(),
            },
        };
        lines.push(format!("{} {text}", civil(at)));
    }

    /// FNV-1a over words of eight bytes; it has to tell two runs apart and nothing else.
    fn mix(&mut self, at: Timestamp, number: u64, bytes: &[u8]) {
        let mut add =
            |word: u64| self.hash = (self.hash ^ word).wrapping_mul(0x0100_0000_01B3).rotate_left(23);
        add(u64::try_from(at.as_nanosecond()).unwrap_or(0));
        add(number);
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            add(u64::from_le_bytes(word));
        }
    }
}
