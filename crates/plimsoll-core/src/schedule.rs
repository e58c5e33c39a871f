//! Jobs: what is to be done at an instant of a trade date, once.
//!
//! Owns: which instant a job means on a date ([`Timing`]), what is wrong with it whatever the date ([`Finding`]), what
//! a year of it looks like ([`explain`]), and when it is to be started, once for each trade date (`runs`).
//!
//! Invariants: an instant is an anchor of a trade date with an offset, or a civil time with its zone; a date that no
//! calendar covers has none. A job is started at most once for a trade date, whatever the clock does and however
//! often the process starts again. What is not started in its time is said to be missed, and why.
//!
//! Does not own: programs, which the shell starts; the words of the configuration.

mod check;
mod explain;
mod job;
mod plan;
mod runs;

pub use check::{Finding, Sessions};
pub use explain::{Entry, Fate, Mark, Planned, explain};
pub use job::{Action, HalfDays, Job, JobEnd, JobName, Missed, Place, Requirement, Run, Timing, When};
pub use plan::{Calendars, CivilCase, Occurrence, Plan, Skip};
pub use runs::{JobView, LastRun};

pub(crate) use runs::{Conditions, Due, Moved, Schedule, is_program};
