//! `plimsoll demo`: one eventful half day, twice. First with Plimsoll between four bots and a strict
//! venue, then the same bots on the same market without it. Everything speaks TWS over loopback, and
//! venue time waits for everybody, so a seed gives the same day every time.

mod story;
mod table;
mod view;
mod with;
mod without;

use serde_json::json;

use crate::cli::Demo;
use crate::commands::Outcome;
use crate::exit::Exit;
use crate::lockstep::Place;
use crate::output;

/// Runs the day.
pub(crate) fn run(options: &Demo) -> Outcome {
    let place = Place::new("demo", options.keep.as_deref())?;
    let runtime = crate::commands::runtime()?;
    let local = tokio::task::LocalSet::new();
    let (guarded, bare) = local.block_on(&runtime, async {
        let guarded = with::run(options, &place.dir).await?;
        let bare = without::run(options).await?;
        Ok::<_, crate::exit::Failure>((guarded, bare))
    })?;
    if options.json {
        output::json(&json!({ "v": 1, "with": guarded.json(), "without": bare.json() }))?;
    } else {
        output::line(&table::compare(&guarded, &bare, place.kept().as_deref()))?;
    }
    Ok(Exit::Good)
}
