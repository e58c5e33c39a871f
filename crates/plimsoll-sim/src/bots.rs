//! Scripted bots for demonstrations: small strategies with the mistakes that real bots make, speaking TWS
//! in the client role. They know nothing of Plimsoll: the same bots run with it and without it.
//!
//! Owns: four strategies, a bot that does what a script says, and the client that they share. Bytes in, bytes out; time comes from the venue's
//! currentTime messages, one a second in lockstep, each acknowledged after the bot's orders of that second.
//!
//! Does not own: sockets. A bot that lost its connection is told by [`DemoBot::connected`] to begin anew.

mod desk;
mod forgetful;
mod frozen;
mod question;
mod revert;
mod script;
mod trend;
mod wire;

pub use desk::{News, Refusal, Told};
pub use question::{Question, QuestionKind, WaitsFor};
pub use script::{Script, ScriptAct, ScriptOrder, ScriptStep, StepAct, scripted};
pub use wire::{BotError, DemoBot, hello};

/// The four bots of the demonstration, in the order of their client ids.
pub fn demo_bots() -> Vec<DemoBot> {
    vec![
        DemoBot::new(Box::new(trend::Trend::default())),
        DemoBot::new(Box::new(revert::Revert::default())),
        DemoBot::new(Box::new(forgetful::Forgetful::default())),
        DemoBot::new(Box::new(frozen::Frozen)),
    ]
}
