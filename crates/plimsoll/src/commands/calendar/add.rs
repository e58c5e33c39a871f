//! `plimsoll calendar add`: a file in `calendar.d`, after the same checks as when it is read.

use std::fmt::Display;

use plimsoll_calendar::{Amendment, Announcement, Calendar};
use plimsoll_runtime::announced::{self, AddError, Folder};
use plimsoll_runtime::config::announced::{Word, clock, words};

use super::super::Outcome;
use crate::cli::AddDay;
use crate::exit::{Exit, Failure};
use crate::output;

pub(super) fn run(day: &AddDay) -> Outcome {
    let calendar = Calendar::named(&day.name).map_err(super::no)?;
    let word = Word::ALL.iter().find(|(word, _)| *word == day.change).map(|(_, word)| *word);
    let word = word.ok_or_else(|| {
        usage(format!("`{}` is not known; write closed, early, late or open; nothing was added", day.change))
    })?;
    let time = |text: &Option<String>| text.as_deref().map(clock).transpose().map_err(usage);
    let change = word.change(time(&day.open)?, time(&day.close)?).map_err(usage)?;
    let amendment = Amendment {
        change,
        name: words(&day.reason).map_err(|text| usage(format!("--reason {text}")))?,
        source: words(&day.source).map_err(|text| usage(format!("--source {text}")))?,
        force: day.force,
    };
    let announcement = Announcement { calendar: calendar.name().into(), date: day.date, amendment };
    let folder = match &day.calendar_dir {
        Some(folder) => folder.clone(),
        None => super::super::run::load(&day.config)?.settings.state_dir.join(announced::FOLDER),
    };
    // Together with what is there already: of two sources the more restrictive one wins, and the other is
    // refused here instead of lying there without effect.
    let there = Folder::read(&folder);
    if !there.problems().is_empty() {
        let text = format!("{}; nothing was added; mend that first", there.problems().join("\n"));
        return Err(usage(text));
    }
    let mut all = calendar;
    let name = all.name();
    for known in there.days().iter().filter(|known| known.concerns(name)) {
        all.announce(known).map_err(super::no)?;
    }
    all.announce(&announcement).map_err(super::no)?;
    let path = announced::add(&folder, &announcement).map_err(|error| match error {
        AddError::Exists(_) => Failure::new(Exit::Usage, error),
        AddError::Io { .. } => Failure::new(Exit::Environment, error),
    })?;
    output::line(&format!(
        "{}: {} is {} now; a running gateway takes it in within seconds",
        path.display(),
        day.date,
        day.change
    ))?;
    Ok(Exit::Good)
}

fn usage(text: impl Display) -> Failure {
    Failure::new(Exit::Usage, anyhow::anyhow!("{text}"))
}
