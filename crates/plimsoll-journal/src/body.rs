//! What a record says. JSON, so that an old journal can be read with nothing but a text editor and a
//! newer Plimsoll can add fields: unknown fields are ignored, new ones carry `#[serde(default)]`.

use plimsoll_model::RawFrame;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// One input of the bridge, or the text of one of its decisions. Plain text and numbers: what they mean
/// is decided by the codec and the guards of the day on which the journal is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Body {
    /// The segment ends here and the next file continues. Written by the writer, not handed to readers.
    Sealed,
    /// The process started.
    Started {
        /// Counts starts.
        epoch: u64,
        /// The configuration as it was read.
        config_toml: String,
    },
    /// Plimsoll's own connection is up.
    OwnUp {
        /// The connection.
        link: u64,
    },
    /// Plimsoll's own connection ended.
    OwnDown {
        /// The connection.
        link: u64,
    },
    /// A bot has named its client id.
    BotArrived {
        /// The pair of connections.
        link: u64,
        /// Whose port it is.
        bot: String,
        /// As the bot named it.
        client_id: i32,
        /// The bot's start message.
        raw: Raw,
    },
    /// A bot's connection, or its upstream, ended.
    BotGone {
        /// The pair of connections.
        link: u64,
    },
    /// A bot's connection ended, its upstream did not.
    BotLeft {
        /// The pair of connections.
        link: u64,
    },
    /// A bot said something that may decide something.
    FromBot {
        /// On which link.
        link: u64,
        /// The version that was negotiated, without which the bytes cannot be read.
        server_version: u16,
        /// As it came.
        raw: Raw,
    },
    /// The venue said something that may decide something.
    FromVenue {
        /// On which link.
        link: u64,
        /// The version that was negotiated.
        server_version: u16,
        /// As it came.
        raw: Raw,
    },
    /// The latest quote of an instrument, prices in their exact spelling.
    Quote {
        /// Of what.
        instrument: String,
        /// Best bid.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bid: Option<String>,
        /// Best offer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ask: Option<String>,
        /// Last trade.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last: Option<String>,
        /// When the latest of these came from the venue, in nanoseconds since 1970.
        struck_ns: i64,
        /// When the bid did, where that is another time; journals from before do not have it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bid_struck_ns: Option<i64>,
        /// And the offer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ask_struck_ns: Option<i64>,
    },
    /// A bot's own stream of prices has stopped while the market moves, or moves again.
    Stream {
        /// On which link.
        link: u64,
        /// Of what.
        instrument: String,
        /// When its last price came, in nanoseconds since 1970; absent where it moves again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        still_since_ns: Option<i64>,
    },
    /// Everything up to this token was on the disk.
    Flushed {
        /// Counts up.
        token: u64,
    },
    /// The operator stopped something.
    Halt {
        /// How much, `new_risk` or `all`.
        level: String,
        /// One bot, or everything.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bot: Option<String>,
        /// Who said it.
        by: String,
        /// Why.
        reason: String,
    },
    /// The operator started something again.
    Resume {
        /// One bot, or everything.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bot: Option<String>,
        /// Who said it.
        by: String,
        /// Why.
        reason: String,
    },
    /// The operator took the broker's side of a holding for right.
    Accept {
        /// In which account.
        account: String,
        /// Of what.
        instrument: String,
        /// By how much the broker's side was more.
        difference: String,
        /// Who said it.
        by: String,
        /// Why.
        reason: String,
    },
    /// Calendar days that were announced after this version was written; all that hold from here on.
    Calendar {
        /// In the form of the files of `calendar.d`.
        days_toml: String,
        /// What was wrong with other files.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        problems: Vec<String>,
    },
    /// Something was found out about our own clock.
    Clock(ClockRecord),
    /// The program of a job has ended.
    JobEnded {
        /// Which job.
        job: String,
        /// For which trade date, `2026-11-27`.
        date: String,
        /// How.
        end: JobEndRecord,
    },
    /// An instant that the bridge had asked for came.
    Woke,
    /// What the bridge decided, as its trace prints it. Replay compares it.
    Decision {
        /// One line.
        text: String,
    },
    /// Why the shell ended a link before the bridge had a say: a malformed frame, a slow handshake.
    LinkNote {
        /// Which.
        link: u64,
        /// What happened.
        text: String,
    },
    /// Records before this one were not understood by the version that went on here, and it halted new risk
    /// for them.
    Unread {
        /// How many.
        count: u64,
        /// The first of them.
        first: u64,
        /// What was not understood about it.
        why: String,
    },
}

/// What was found out about the clock. Spans in nanoseconds; positive where true time is ahead of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum ClockRecord {
    /// It is watched from here on.
    Watched {
        /// Above this uncertainty it is bad.
        uncertainty_max_ns: u64,
    },
    /// A source has answered.
    Heard {
        /// `kernel`, `broker`, or a server's `host:port`.
        source: String,
        /// True time is ahead of ours by at least this.
        least_ns: i64,
        /// And at most this.
        most_ns: i64,
    },
    /// A source has not answered.
    Unheard {
        /// As above.
        source: String,
        /// For people.
        why: String,
    },
    /// Somebody has set the clock.
    Stepped {
        /// Forward, or back where negative.
        by_ns: i64,
    },
    /// The machine slept.
    Slept {
        /// How long.
        span_ns: u64,
    },
}

/// How the program of a job ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum JobEndRecord {
    /// By itself.
    Exited {
        /// Zero is good.
        code: i32,
    },
    /// By a signal.
    Signaled {
        /// Which.
        signal: i32,
    },
    /// It took too long and was killed.
    TimedOut,
    /// It could not be started.
    NotStarted {
        /// What the system said.
        why: String,
    },
    /// The gateway ended and killed it.
    Stopped,
    /// Nobody knows.
    Unknown,
}

/// A record's body that this version cannot read. The record itself is intact.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BodyError {
    /// Written by a newer Plimsoll.
    #[error(
        "record of kind {kind}, schema {schema}, is unknown here; read it with the version that wrote it"
    )]
    Unknown {
        /// From the record's header.
        kind: u8,
        /// From the record's header.
        schema: u16,
    },
    /// The text does not fit its kind.
    #[error("body of kind {kind} is malformed: {why}")]
    Malformed {
        /// From the record's header.
        kind: u8,
        /// What the parser said.
        why: String,
    },
}

impl Body {
    /// The version of the JSON that [`Body`] writes.
    pub(crate) const SCHEMA: u16 = 1;
    /// The highest kind that this version knows.
    const KIND_MAX: u8 = 22;

    /// The number in the record's header, for filters that need not parse the body. Never reused.
    pub const fn kind(&self) -> u8 {
        match self {
            Self::Sealed => 0,
            Self::Started { .. } => 1,
            Self::OwnUp { .. } => 2,
            Self::OwnDown { .. } => 3,
            Self::BotArrived { .. } => 4,
            Self::BotGone { .. } => 5,
            Self::FromBot { .. } => 6,
            Self::FromVenue { .. } => 7,
            Self::Quote { .. } => 8,
            Self::Flushed { .. } => 9,
            Self::Halt { .. } => 10,
            Self::Resume { .. } => 11,
            Self::Woke => 12,
            Self::Decision { .. } => 13,
            Self::LinkNote { .. } => 14,
            Self::BotLeft { .. } => 15,
            Self::Unread { .. } => 16,
            Self::Calendar { .. } => 19,
            Self::Clock(_) => 18,
            Self::JobEnded { .. } => 20,
            Self::Stream { .. } => 22,
            Self::Accept { .. } => 21,
        }
    }

    /// About how many bytes it takes in memory, for whoever bounds what waits to be written.
    pub fn size(&self) -> usize {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let held = match self {
            Self::Clock(ClockRecord::Heard { source, .. }) => source.len(),
            Self::Clock(ClockRecord::Unheard { source, why }) => source.len() + why.len(),
            Self::Sealed
            | Self::OwnUp { .. }
            | Self::OwnDown { .. }
            | Self::BotGone { .. }
            | Self::BotLeft { .. }
            | Self::Flushed { .. }
            | Self::Clock(_)
            | Self::Woke => 0,
            Self::Started { config_toml, .. } => config_toml.len(),
            Self::Stream { instrument, .. } => instrument.len(),
            Self::BotArrived { bot, raw, .. } => bot.len() + raw.0.bytes().len(),
            Self::FromBot { raw, .. } | Self::FromVenue { raw, .. } => raw.0.bytes().len(),
            Self::Quote { instrument, bid, ask, last, .. } => {
                instrument.len() + text(bid) + text(ask) + text(last)
            }
            Self::Halt { level, bot, by, reason } => level.len() + text(bot) + by.len() + reason.len(),
            Self::Resume { bot, by, reason } => text(bot) + by.len() + reason.len(),
            Self::Accept { account, instrument, difference, by, reason } => {
                [account, instrument, difference, by, reason].map(String::len).iter().sum()
            }
            Self::Calendar { days_toml, problems } => {
                days_toml.len() + problems.iter().map(String::len).sum::<usize>()
            }
            Self::JobEnded { job, date, end } => {
                let why = if let JobEndRecord::NotStarted { why } = end { why.len() } else { 0 };
                job.len() + date.len() + why
            }
            Self::Decision { text } | Self::LinkNote { text, .. } | Self::Unread { why: text, .. } => {
                text.len()
            }
        };
        size_of::<Self>() + held
    }

    /// The JSON that goes to the disk.
    pub(crate) fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a body has text keys and no type that can refuse")
    }

    /// Reads a body of a record whose header says `kind` and `schema`.
    pub(crate) fn decode(kind: u8, schema: u16, json: &[u8]) -> Result<Self, BodyError> {
        if kind > Self::KIND_MAX || schema != Self::SCHEMA {
            return Err(BodyError::Unknown { kind, schema });
        }
        let body: Self = serde_json::from_slice(json)
            .map_err(|error| BodyError::Malformed { kind, why: error.to_string() })?;
        if body.kind() != kind {
            let why = format!("its text is of kind {}", body.kind());
            return Err(BodyError::Malformed { kind, why });
        }
        Ok(body)
    }
}

/// Bytes of the wire, kept losslessly: a JSON string where they are UTF-8 (all of TWS text), otherwise
/// `{"hex": "…"}`.
#[derive(Clone, PartialEq, Eq)]
pub struct Raw(pub RawFrame);

impl std::fmt::Debug for Raw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl From<RawFrame> for Raw {
    fn from(frame: RawFrame) -> Self {
        Self(frame)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Spelling<'a> {
    Text(std::borrow::Cow<'a, str>),
    Hex { hex: String },
}

impl Serialize for Raw {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(self.0.bytes()) {
            Ok(text) => Spelling::Text(text.into()),
            Err(_) => Spelling::Hex { hex: to_hex(self.0.bytes()) },
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = match Spelling::deserialize(deserializer)? {
            Spelling::Text(text) => text.into_owned().into_bytes(),
            Spelling::Hex { hex } => from_hex(&hex)
                .ok_or_else(|| serde::de::Error::custom("hex text with an odd or wrong digit"))?,
        };
        Ok(Self(RawFrame::new(bytes.into())))
    }
}

pub(crate) fn to_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    text.as_bytes()
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        })
        .collect()
}
