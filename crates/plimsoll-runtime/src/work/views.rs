//! How things stand, gathered from the bridge and the shell for whoever looks.

use jiff::Timestamp;

use super::Work;
use crate::gateway::{stages, without_stale_guard};
use crate::input::Detail;
use crate::projection::ProjectionState;
use crate::view::{DataRow, LinkRow, ShellFacts, VenueRow, View};

impl Work {
    pub(super) fn view(&mut self, detail: Detail) -> View {
        let now = self.clock.now();
        let snapshot = match detail {
            Detail::Standing => self.bridge.snapshot_without_orders(now),
            Detail::Everything => self.bridge.snapshot(now),
        };
        self.note_breaks(&snapshot, now.wall);
        let pacing = self.pacing_row();
        let history = self.history_row();
        let own = self.own.iter().map(|own| LinkRow {
            link: own.link.0,
            bot: "own".into(),
            client_id: self.settings.client_id.0,
            server_version: own.version.number(),
        });
        let bots = self.links.iter().map(|(link, state)| LinkRow {
            link: link.0,
            bot: state.bot.to_string(),
            client_id: state.client_id.0,
            server_version: state.version.number(),
        });
        let venue = self.own.as_ref().map(|own| VenueRow {
            server_version: own.version.number(),
            accounts: self.accounts.iter().map(ToString::to_string).collect(),
            read_only: snapshot.read_only,
            market_data: self
                .permissions
                .all()
                .map(|(instrument, data)| DataRow::new(instrument, data))
                .collect(),
        });
        View::new(
            &snapshot,
            ShellFacts {
                venue: &self.config.venue.name,
                environment: self.settings.environment.as_str(),
                clock_source: self.clock.source_word(),
                head: self.journal.head(),
                projection: self.follows.as_ref().map_or_else(|| "none".to_owned(), ProjectionState::say),
                links: own.chain(bots).collect(),
                pacing,
                history,
                login: venue,
                stages: &stages(&self.settings),
                last_work: &self.worked_at,
                unguarded: &without_stale_guard(&self.config),
                unenforced: &self.notes,
                breaks_since: &self.breaks_since,
                bars: self.bar_counts.rows(),
            },
        )
    }

    fn note_breaks(&mut self, snapshot: &plimsoll_core::Snapshot, at: Timestamp) {
        let found: Vec<(String, String)> =
            snapshot.breaks.iter().map(|b| (b.account.to_string(), b.instrument.to_string())).collect();
        self.breaks_since.retain(|key, _| found.contains(key));
        for key in found {
            self.breaks_since.entry(key).or_insert(at);
        }
    }
}
