//! Why a file is no statement, and what is wrong with single rows of one that is.

use std::fmt;

use crate::limits;

/// Why nothing was read of a file.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The system said no.
    #[error("{0}; nothing was read")]
    Io(#[from] std::io::Error),
    /// The text is no XML, or not all of it is there.
    #[error(
        "line {line}: {what}; nothing was used of the file, because a part may be missing; download the statement again"
    )]
    Broken {
        /// Where.
        line: u64,
        /// What is wrong.
        what: String,
    },
    /// XML with a document type, an entity of its own, or an encoding that is not UTF-8.
    #[error("line {line}: {what}, which no Flex statement has; nothing was read; is this the broker's file?")]
    Foreign {
        /// Where.
        line: u64,
        /// What was found.
        what: String,
    },
    /// Well-formed, and something else.
    #[error(
        "the file begins with <{root}> and not with <FlexQueryResponse>; nothing was read; run an Activity Flex \
         Query with the format XML and name its file"
    )]
    NotAStatement {
        /// The outermost element.
        root: Box<str>,
    },
    /// The broker's web service answered with an error instead of a statement.
    #[error("the broker sent no statement but {}", .0)]
    Refused(Refusal),
    /// More than is reasonable.
    #[error("line {line}: {what} exceeds the limit of {max}; nothing was used of the file")]
    TooMuch {
        /// Where.
        line: u64,
        /// Of what.
        what: &'static str,
        /// How much is read.
        max: u64,
    },
}

/// What the Flex web service said in the place of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Its number.
    pub code: Option<u32>,
    /// `Fail`, `Warn`.
    pub status: Box<str>,
    /// Its words.
    pub message: Box<str>,
    /// Set when it has only taken the request.
    pub reference: Option<Box<str>>,
}

impl Refusal {
    /// What the person can do about it.
    pub fn advice(&self) -> &'static str {
        match self.code {
            Some(1001 | 1004..=1009 | 1019 | 1021) => {
                "the statement is not ready or not available yet: ask again in a minute"
            }
            Some(1018) => "too many questions with this token: wait ten minutes, then ask once",
            Some(1012) => {
                "the token has expired: make a new one in Client Portal, Settings, Flex Web Service"
            }
            Some(1015) => {
                "the token is not valid: copy it again from Client Portal, Settings, Flex Web Service"
            }
            Some(1013) => {
                "this computer's address is not allowed for the token: change that in Client Portal"
            }
            Some(1003 | 1014) => "no query has this number: look it up in Client Portal, Flex Queries",
            Some(1017) => "the reference number is not valid: send the request again and use the new one",
            _ if self.reference.is_some() => {
                "the request was only taken: fetch the statement with the reference code"
            }
            _ => "look the number up in the broker's guide to the Flex Web Service",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => write!(f, "error {code}")?,
            None => write!(f, "`{}`", shown(&self.status))?,
        }
        if !self.message.is_empty() {
            write!(f, " ({})", shown(self.message.trim_end_matches(['.', ' '])))?;
        }
        write!(f, "; nothing was read; {}", self.advice())
    }
}

/// A row, or a field of one, that could not be used as it stands. Everything else of the file was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub line: u64,
    /// The row's element, `Trade`.
    pub row: Box<str>,
    /// What is wrong, with the value, and what was done.
    pub what: Box<str>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}: {}", self.line, self.row, self.what)
    }
}

/// A value as a message may repeat it: short, and without anything that moves a terminal's cursor.
pub fn shown(text: &str) -> String {
    let mut out: String = text
        .chars()
        .take(limits::SHOWN_MAX)
        .map(|c| if c.is_control() || is_invisible(c) { '\u{fffd}' } else { c })
        .collect();
    if text.chars().nth(limits::SHOWN_MAX).is_some() {
        out.push('…');
    }
    out
}

/// Characters that turn the direction of text or take no room: a hostile name could hide in them.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}
