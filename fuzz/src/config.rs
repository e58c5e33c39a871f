//! The configuration: no text makes the parser panic. What is accepted is accepted again with the same
//! meaning, from the text that goes into the journal; what is refused is refused with problems in the order of
//! the file, each at a line and column that the text has.
//!
//! Input: the text.

use plimsoll_runtime::config::{self, ConfigError};

/// Panics if a configuration is neither accepted twice nor refused with a place.
pub fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    match config::parse("plimsoll.toml", text) {
        Ok(loaded) => {
            assert_eq!(&*loaded.settings.text, text, "the journal would hold another text");
            let again = config::parse("plimsoll.toml", &loaded.settings.text)
                .unwrap_or_else(|error| panic!("accepted once and then refused: {error}"));
            assert_eq!((&again.config, &again.settings), (&loaded.config, &loaded.settings));
            for note in &loaded.unenforced {
                assert!((1..=lines(text).len()).contains(&note.line), "{note}");
            }
        }
        Err(ConfigError::Problems(problems)) => {
            assert!(!problems.is_empty(), "refused without a reason");
            let lines = lines(text);
            for problem in &problems {
                let line = problem.line.checked_sub(1).and_then(|index| lines.get(index));
                let line = line.unwrap_or_else(|| panic!("the text has no such line: {problem}"));
                let width = line.chars().count();
                assert!((1..=width + 1).contains(&problem.column), "the line has no such column: {problem}");
                assert!(!problem.text.is_empty(), "a problem without a text");
            }
            assert!(problems.is_sorted_by_key(|problem| (problem.line, problem.column)));
        }
        Err(error @ ConfigError::Unreadable { .. }) => panic!("a text is no file: {error}"),
    }
}

/// The last line may be empty: that is where a missing key is reported.
fn lines(text: &str) -> Vec<&str> {
    text.split('\n').collect()
}
