//! What is judged where the gateway's bytes leave it, because only there the moment counts: I05 no order before the broker
//! was asked for everything in this connection and has answered, I06 no new risk on prices that stand still, I14 no
//! order after somebody said stop.

use jiff::{SignedDuration, Timestamp};
use plimsoll_model::{LinkId, Side};
use plimsoll_sim::SpanText;
use serde_json::Value;

use super::Judge;
use crate::simulate::disk::Disk;
use crate::simulate::venue::Venue;

/// Of messages as text: a new order, and the ends of the answers about open orders, executions and holdings.
const PLACE_ORDER: &str = "3";
const ENDS: [&str; 3] = ["53", "55", "62"];
/// The limit of the configuration, and for what is on its way when prices stop.
const STALE: SignedDuration = SignedDuration::from_secs(15 + 2);

/// What was heard and said.
#[derive(Debug, Default)]
pub(super) struct Socket {
    /// Our own connection, and which of the three answers it has had.
    own: Option<(LinkId, [bool; ENDS.len()])>,
    /// From when to when no price moved, and of which symbol.
    frozen: Vec<Frozen>,
    /// Since when everything is to stand still because somebody said so.
    halted: Option<Timestamp>,
}

#[derive(Debug)]
struct Frozen {
    from: Timestamp,
    until: Timestamp,
    symbol: Option<Box<str>>,
    is_farm: bool,
}

impl Socket {
    /// Prices stop, or go on, by this fault.
    pub(super) fn fault(&mut self, now: Timestamp, fault: &Value) {
        let kind = fault["kind"].as_str().unwrap_or_default();
        match kind {
            "freeze_data" | "farm_down" => {
                let lasts = fault["for"].as_str().and_then(SpanText::parse);
                let lasts = lasts.map_or(SignedDuration::MAX, |span| span.0);
                self.frozen.push(Frozen {
                    from: now,
                    until: now.saturating_add(lasts).unwrap_or(Timestamp::MAX),
                    symbol: fault["symbol"].as_str().map(Into::into),
                    is_farm: kind == "farm_down",
                });
            }
            "farm_up" => self.thaw(now, |frozen| frozen.is_farm),
            _ => {}
        }
    }

    fn thaw(&mut self, now: Timestamp, which: impl Fn(&Frozen) -> bool) {
        for frozen in self.frozen.iter_mut().filter(|frozen| which(frozen)) {
            frozen.until = frozen.until.min(now);
        }
    }

    /// Since when no price of a symbol has moved.
    fn stands_still(&self, now: Timestamp, symbol: &str) -> Option<Timestamp> {
        let is_of = |frozen: &&Frozen| frozen.symbol.as_deref().is_none_or(|of| of == symbol);
        let now_frozen = self.frozen.iter().filter(is_of).filter(|frozen| now < frozen.until);
        now_frozen.map(|frozen| frozen.from).min()
    }
}

impl Judge {
    /// Our own connection begins anew, or is over.
    pub(in crate::simulate) fn own_connects(&mut self, link: LinkId) {
        self.socket.own = Some((link, [false; ENDS.len()]));
    }

    /// A connection is over, and it may be ours.
    pub(in crate::simulate) fn own_ends(&mut self, link: LinkId) {
        self.socket.own = self.socket.own.filter(|(own, _)| *own != link);
    }

    /// Bytes that the gateway has heard.
    pub(in crate::simulate) fn hears(&mut self, link: LinkId, bytes: &[u8]) {
        let Some((_, answered)) = self.socket.own.as_mut().filter(|(own, _)| *own == link) else { return };
        for fields in frames(bytes) {
            let kind = fields.split(|byte| *byte == 0).next().unwrap_or_default();
            if let Some(at) = ENDS.iter().position(|end| end.as_bytes() == kind) {
                answered[at] = true;
            }
        }
    }

    /// Bytes leave the gateway.
    pub(in crate::simulate) fn leaves(
        &mut self,
        now: Timestamp,
        client: Option<i32>,
        bytes: &[u8],
        venue: &Venue,
    ) {
        for frame in frames(bytes) {
            let fields: Vec<&[u8]> = frame.split(|byte| *byte == 0).collect();
            if fields.first().is_some_and(|kind| *kind == PLACE_ORDER.as_bytes()) {
                self.order_leaves(now, client, &fields, venue);
            }
        }
    }

    fn order_leaves(&mut self, now: Timestamp, client: Option<i32>, fields: &[&[u8]], venue: &Venue) {
        let text = |at: usize| fields.get(at).map(|field| String::from_utf8_lossy(field)).unwrap_or_default();
        let (number, symbol) = (text(1), text(3));
        let name = format!("order {number} in {symbol}");
        if self.socket.own.is_none_or(|(_, answered)| answered != [true; ENDS.len()]) {
            let what = "left before the broker had told everything in this connection";
            self.found("I05", now, format!("{name} {what}"));
        }
        if let Some(since) = self.socket.halted {
            self.found("I14", now, format!("{name} left, and everything was to stop at {since}"));
        }
        let Some(client) = client else { return };
        let sides = fields.iter().filter(|field| matches!(**field, b"BUY" | b"SELL"));
        let Some(side) = sides.map(|field| if *field == b"BUY" { Side::Buy } else { Side::Sell }).next()
        else {
            return;
        };
        if let Some(since) = self.socket.stands_still(now, &symbol).filter(|since| now > *since + STALE) {
            let held: i64 = venue
                .executions()
                .filter(|row| row.client.0 == client && row.symbol == symbol)
                .map(|row| if row.side == Side::Buy { row.qty } else { -row.qty })
                .sum();
            let adds = if side == Side::Buy { held >= 0 } else { held <= 0 };
            if adds {
                let what = format!("{name} adds risk, and no price of it has moved since {since}");
                self.found("I06", now, what);
            }
        }
    }

    /// The gateway was told to stop everything.
    pub(in crate::simulate) fn halts(&mut self, now: Timestamp) {
        self.socket.halted = self.socket.halted.or(Some(now));
    }

    /// A person has said go on.
    pub(in crate::simulate) fn resumes(&mut self) {
        self.socket.halted = None;
    }

    /// A process is gone: a stop that the disk does not have is forgotten with it.
    pub(in crate::simulate) fn forgets(&mut self, now: plimsoll_model::Now, disk: &mut Disk) {
        self.follow(disk);
        if self.shadow.snapshot_without_orders(now).halt.is_none() {
            self.socket.halted = None;
        }
        self.socket.own = None;
    }

    /// Everything is healed.
    pub(in crate::simulate) fn heals(&mut self, now: Timestamp) {
        self.socket.thaw(now, |_| true);
    }
}

/// The frames of a piece; what is no frame is the hello, which has no message in it.
fn frames(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        if bytes.starts_with(b"API\0") {
            bytes = &bytes[4..];
        }
        let (len, rest) = bytes.split_first_chunk::<4>()?;
        let len = usize::try_from(u32::from_be_bytes(*len)).ok()?;
        let frame = rest.get(..len)?;
        bytes = &rest[len..];
        Some(frame)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_taken_apart_into_its_frames() {
        let piece = b"\x00\x00\x00\x02a\0\x00\x00\x00\x03bc\0";
        assert_eq!(frames(piece).collect::<Vec<_>>(), [&b"a\0"[..], b"bc\0"]);
        assert_eq!(frames(b"API\0\x00\x00\x00\x01v").collect::<Vec<_>>(), [b"v"]);
        assert_eq!(frames(b"\x00\x00").count(), 0);
    }

    #[test]
    fn prices_stand_still_from_the_first_of_two_faults_until_both_are_over() {
        let mut socket = Socket::default();
        let at = |seconds| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
        socket.fault(at(10), &serde_json::json!({ "kind": "freeze_data", "symbol": "SPY", "for": "30s" }));
        socket.fault(at(20), &serde_json::json!({ "kind": "farm_down" }));
        assert_eq!(socket.stands_still(at(35), "SPY"), Some(at(10)));
        assert_eq!(socket.stands_still(at(45), "QQQ"), Some(at(20)));
        socket.fault(at(50), &serde_json::json!({ "kind": "farm_up" }));
        assert_eq!(socket.stands_still(at(50), "SPY"), None);
    }
}
