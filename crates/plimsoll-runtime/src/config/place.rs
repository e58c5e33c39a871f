//! Where in the file something is: byte spans become `file:line:column`, and problems are collected.
//!
//! Does not own what a problem is; the readers beside it decide that.

use std::fmt;
use std::ops::Range;

/// One thing that is wrong in the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file as the user named it.
    pub file: Box<str>,
    /// Counted from one.
    pub line: usize,
    /// Counted from one, in characters.
    pub column: usize,
    /// What is wrong and what to write instead.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: error: {}", self.file, self.line, self.column, self.text)
    }
}

/// A key that was read and that nothing enforces yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The file as the user named it.
    pub file: Box<str>,
    /// Counted from one.
    pub line: usize,
    /// What the key will do one day, and what happens instead.
    pub text: String,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: note: {}", self.file, self.line, self.text)
    }
}

/// Collects everything that is wrong, and everything that is read in vain.
pub(super) struct Problems<'t> {
    file: Box<str>,
    text: &'t str,
    list: Vec<Problem>,
    notes: Vec<Note>,
}

impl<'t> Problems<'t> {
    pub(super) fn new(file: &str, text: &'t str) -> Self {
        Self { file: file.into(), text, list: Vec::new(), notes: Vec::new() }
    }

    /// Something is wrong at this place.
    pub(super) fn at(&mut self, span: Range<usize>, text: impl Into<String>) {
        let (line, column) = self.place(span.start);
        self.list.push(Problem { file: self.file.clone(), line, column, text: text.into() });
    }

    /// Something at this place has no effect yet, or not the one that a reader may expect.
    pub(super) fn note(&mut self, span: Range<usize>, text: impl Into<String>) {
        let (line, _) = self.place(span.start);
        self.notes.push(Note { file: self.file.clone(), line, text: text.into() });
    }

    /// The line of a place, for texts that point to another place.
    pub(super) fn line(&self, span: Range<usize>) -> usize {
        self.place(span.start).0
    }

    pub(super) fn take_notes(&mut self) -> Vec<Note> {
        self.notes.sort_by_key(|note| note.line);
        std::mem::take(&mut self.notes)
    }

    /// In the order of the file.
    pub(super) fn into_list(mut self) -> Vec<Problem> {
        self.list.sort_by_key(|problem| (problem.line, problem.column));
        self.list
    }

    fn place(&self, offset: usize) -> (usize, usize) {
        // A span may end in the middle of a character only if the parser is wrong; then the whole text
        // is counted instead of panicking over an error message.
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}
