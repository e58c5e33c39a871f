//! The live view: a few lines redrawn in place with plain ANSI, or lines as they come where nobody
//! watches a terminal.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use plimsoll_runtime::view::View;
use plimsoll_sim::bots::Refusal;

use super::story;
use crate::cli::Demo;
use crate::output;

/// How many of the latest refusals are shown.
const LATEST: usize = 9;

/// What has been drawn.
pub(super) struct Screen {
    mode: Mode,
    state: RefCell<State>,
    zone: TimeZone,
    seed: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Redrawn in place.
    Terminal { colours: bool },
    /// A line for each thing that happens.
    Lines,
    /// Nothing: the result is JSON.
    Silent,
}

#[derive(Default)]
struct State {
    lines_drawn: usize,
    refusals_told: usize,
    events: Vec<String>,
    freeze_told: bool,
}

impl Screen {
    /// How often the view is redrawn.
    pub(super) const EVERY: Duration = Duration::from_millis(100);

    pub(super) fn new(options: &Demo) -> Self {
        let mode = if options.json {
            Mode::Silent
        } else if output::is_terminal() {
            Mode::Terminal { colours: output::colours() }
        } else {
            Mode::Lines
        };
        let zone = plimsoll_calendar::zone("America/New_York").expect("New York is in the bundled zones");
        Self { mode, state: RefCell::new(State::default()), zone, seed: options.seed }
    }

    /// Something that happened to all.
    pub(super) fn event(&self, text: &str) {
        match self.mode {
            Mode::Silent => {}
            Mode::Lines => print(&format!("          -- {text}\n")),
            Mode::Terminal { .. } => self.state.borrow_mut().events.push(text.to_owned()),
        }
    }

    /// Shows how things stand.
    pub(super) fn draw(&self, view: &View, refusals: &[(String, Vec<Refusal>)]) {
        let latest = by_time(refusals);
        let now: Option<Timestamp> = view.status.clock.now.parse().ok();
        let local = now.map(|now| now.to_zoned(self.zone.clone()));
        if now.is_some_and(|now| now >= story::freeze_begins())
            && !std::mem::replace(&mut self.state.borrow_mut().freeze_told, true)
        {
            self.event("10:30 all prices freeze for twenty minutes, and every connection stays up");
        }
        match self.mode {
            Mode::Silent => {}
            Mode::Lines => self.tell(&latest),
            Mode::Terminal { colours } => self.redraw(&self.page(view, local.as_ref(), &latest, colours)),
        }
    }

    /// Leaves the last picture standing.
    pub(super) fn done(&self) {
        if self.mode != Mode::Silent {
            print("\n");
        }
    }

    fn tell(&self, latest: &[(&str, &Refusal)]) {
        let mut state = self.state.borrow_mut();
        for (bot, refusal) in latest.iter().skip(state.refusals_told) {
            print(&format!("{}\n", self.refusal_line(bot, refusal)));
        }
        state.refusals_told = latest.len();
    }

    fn page(&self, view: &View, local: Option<&Zoned>, latest: &[(&str, &Refusal)], colours: bool) -> String {
        let (bold, dim, warn, off) =
            if colours { ("\x1b[1m", "\x1b[2m", "\x1b[33m", "\x1b[0m") } else { ("", "", "", "") };
        let clock = local.map_or_else(String::new, |local| local.strftime("%H:%M:%S").to_string());
        let mut page = format!(
            "{bold}Plimsoll demo{off}  {}  New York {bold}{clock}{off}  close 13:00, on-close orders due 12:50\n\
             {dim}gateway {}, {} records in its journal, seed {}{off}\n\n",
            story::DATE,
            view.status.state,
            view.status.journal.seq,
            self.seed,
        );
        let rows: Vec<_> = view
            .status
            .bots
            .iter()
            .map(|bot| {
                let counts = [bot.sent, bot.denied, bot.open].map(|n| n.to_string());
                let [sent, denied, open] = counts;
                let because = bot.because.clone().unwrap_or_default();
                vec![bot.name.clone(), bot.state.into(), sent, denied, open, money(&bot.net), because]
            })
            .collect();
        page.push_str(&output::table(
            &["bot", "state", "sent", "denied", "open", "net USD", "because"],
            &rows,
        ));
        let _ = write!(page, "\n{bold}what the bots were told{off}\n");
        let skip = latest.len().saturating_sub(LATEST);
        for (bot, refusal) in &latest[skip..] {
            let _ = writeln!(page, "{}", self.refusal_line(bot, refusal));
        }
        for _ in latest.len()..LATEST {
            page.push('\n');
        }
        for event in &self.state.borrow().events {
            let _ = writeln!(page, "{warn}{event}{off}");
        }
        page
    }

    fn refusal_line(&self, bot: &str, refusal: &Refusal) -> String {
        let at = refusal.at.to_zoned(self.zone.clone()).strftime("%H:%M:%S").to_string();
        let text = refusal.text.trim_start_matches("Order rejected - reason:");
        format!("{at}  {bot:<10} {:<22} {:>5} {text}", refusal.order, refusal.code)
    }

    fn redraw(&self, page: &str) {
        let mut state = self.state.borrow_mut();
        let mut text = String::new();
        if state.lines_drawn > 0 {
            let _ = write!(text, "\x1b[{}A", state.lines_drawn);
        }
        for line in page.lines() {
            let _ = writeln!(text, "\x1b[2K{}", clipped(line));
        }
        state.lines_drawn = page.lines().count();
        print(&text);
    }
}

/// All refusals in the order of their time.
fn by_time(refusals: &[(String, Vec<Refusal>)]) -> Vec<(&str, &Refusal)> {
    let mut all: Vec<_> =
        refusals.iter().flat_map(|(bot, rows)| rows.iter().map(|row| (&**bot, row))).collect();
    all.sort_by_key(|(_, row)| row.at);
    all
}

/// Cents are enough for a picture.
fn money(text: &str) -> String {
    let amount = text.split(' ').next().unwrap_or_default();
    plimsoll_model::Price::parse(amount)
        .map_or_else(|_| text.to_owned(), |amount| format!("{:.2}", amount.get().round_dp(2)))
}

/// Lines longer than the terminal would break the redrawing.
fn clipped(line: &str) -> String {
    let width = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok()).unwrap_or(118_usize);
    line.chars().take(width).collect()
}

/// A picture is not worth failing for.
fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}
