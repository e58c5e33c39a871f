//! A line of a drill as words with their columns, and what is wrong with one.

use std::fmt;

/// A word and where it begins; columns count characters from one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word<'a> {
    pub(super) text: &'a str,
    pub(super) column: usize,
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) what: String,
}

/// All mistakes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problems {
    pub(crate) file: String,
    pub(crate) list: Vec<Problem>,
}

impl std::error::Error for Problems {}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.list.iter().enumerate() {
            let sep = if index == 0 { "" } else { "\n" };
            write!(f, "{sep}{}:{}:{}: {}", self.file, problem.line, problem.column, problem.what)?;
        }
        Ok(())
    }
}

/// The words of one line. A `#` at the beginning of a word begins a comment.
pub(super) struct Line<'a> {
    pub(super) number: usize,
    words: Vec<Word<'a>>,
    next: usize,
    /// Where a word would stand that is missing at the end.
    end: usize,
}

impl<'a> Line<'a> {
    pub(super) fn new(number: usize, text: &'a str) -> Self {
        let mut words = Vec::new();
        let mut rest = text;
        let mut column = 1;
        loop {
            let trimmed = rest.trim_start();
            column += rest.chars().count() - trimmed.chars().count();
            let len = trimmed.find(char::is_whitespace).unwrap_or(trimmed.len());
            let (word, after) = trimmed.split_at(len);
            if word.is_empty() || word.starts_with('#') {
                break;
            }
            words.push(Word { text: word, column });
            column += word.chars().count();
            rest = after;
        }
        let end = words.last().map_or(1, |last: &Word<'_>| last.column + last.text.chars().count() + 1);
        Self { number, words, next: 0, end }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The next word, without taking it.
    pub(super) fn peek(&self) -> Option<Word<'a>> {
        self.words.get(self.next).copied()
    }

    /// The next word; none at the end.
    pub(super) fn take(&mut self) -> Option<Word<'a>> {
        let word = self.peek();
        self.next += usize::from(word.is_some());
        word
    }

    /// Takes the next word if it is this one.
    pub(super) fn take_if(&mut self, text: &str) -> bool {
        let found = self.peek().is_some_and(|word| word.text == text);
        self.next += usize::from(found);
        found
    }

    /// The next word, which has to be there; `write` says what to write otherwise.
    pub(super) fn word(&mut self, write: &str) -> Result<Word<'a>, Problem> {
        self.take().ok_or_else(|| self.missing(write))
    }

    /// A word that means something, or what to write instead.
    pub(super) fn read<T>(
        &mut self,
        write: &str,
        read: impl FnOnce(&'a str) -> Option<T>,
    ) -> Result<T, Problem> {
        let word = self.word(write)?;
        read(word.text).ok_or_else(|| self.at(word, &format!("`{}` is not understood; {write}", word.text)))
    }

    /// All words that are left, one blank between two.
    pub(super) fn rest(&mut self) -> String {
        let words: Vec<_> = self.words[self.next..].iter().map(|word| word.text).collect();
        self.next = self.words.len();
        words.join(" ")
    }

    /// The whole line, one blank between two words.
    pub(super) fn tidy(&self, from: usize) -> String {
        let words: Vec<_> = self.words.iter().skip(from).map(|word| word.text).collect();
        words.join(" ")
    }

    /// Nothing may follow.
    pub(super) fn finish(&self) -> Result<(), Problem> {
        self.peek().map_or(Ok(()), |word| {
            Err(self.at(word, &format!("`{}` is one word too many; leave it out", word.text)))
        })
    }

    pub(super) fn at(&self, word: Word<'_>, what: &str) -> Problem {
        Problem { line: self.number, column: word.column, what: what.to_owned() }
    }

    pub(super) fn missing(&self, write: &str) -> Problem {
        Problem { line: self.number, column: self.end, what: format!("something is missing; {write}") }
    }

    /// Of the line as a whole.
    pub(super) fn wrong(&self, what: String) -> Problem {
        Problem { line: self.number, column: 1, what }
    }
}
