//! Which faults there are: `GET /faults`.
//!
//! Owns the shape of the list. A fault that happens in one moment, such as a disconnect, is on it until then.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::ibkr::faults::Timer;
use crate::ibkr::venue::IbkrVenue;

impl IbkrVenue {
    /// Every fault that is on or planned: its number and its keys as they came, whether it is on, and when it
    /// begins and ends, where that is known.
    pub fn faults(&self) -> Value {
        let row = |(id, text, active): (u64, &str, bool)| {
            let mut row = Map::new();
            row.insert("id".to_owned(), id.into());
            if let Ok(Value::Object(written)) = serde_json::from_str(text) {
                row.extend(written);
            }
            row.insert("active".to_owned(), active.into());
            for (key, timer) in [("begins", Timer::Begin(id)), ("ends", Timer::End(id))] {
                if let Some(at) = self.due(timer) {
                    row.insert(key.to_owned(), at.to_string().into());
                }
            }
            Value::Object(row)
        };
        self.faults.listed().map(row).collect()
    }

    fn due(&self, wanted: Timer) -> Option<Timestamp> {
        self.timers.iter().find(|(_, _, timer)| *timer == wanted).map(|(at, ..)| *at)
    }
}
