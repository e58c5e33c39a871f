//! Bots' connections, each with an upstream of its own: the handshake that is passed through, arrivals and departures.
//!
//! As in the live shell: a bot that comes back waits until the venue has let go of its client id, and a bot that is gone
//! leaves its upstream behind while orders of it work.

use plimsoll_core::Event;
use plimsoll_model::{BotName, ClientId, LinkId, Mono};
use plimsoll_runtime::lanes::BotInput;
use plimsoll_runtime::wire;
use plimsoll_tws::ServerVersion;
use plimsoll_tws::frame::{self, BOT_FRAME_MAX, FrameDecoder, VENUE_FRAME_MAX};
use plimsoll_tws::handshake::{ClientHello, ServerHello};

use super::{Act, Gateway, KEEP_UPSTREAM, Word};

/// One bot's connection and its upstream.
pub(super) struct Pair {
    pub(super) bot: BotName,
    pub(super) client_id: Option<ClientId>,
    pub(super) version: Option<ServerVersion>,
    pub(super) kept_until: Option<Mono>,
    stage: Stage,
    /// The venue has ended its side.
    is_released: bool,
    hello: Vec<u8>,
    from_bot: FrameDecoder,
    from_venue: FrameDecoder,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The bot has not said what it speaks.
    Hello,
    /// The venue has not answered.
    Shaking,
    /// The bot has not said who it is.
    Nameless,
    /// It waits until the venue has let go of its client id.
    Waiting,
    /// The bridge knows it.
    Arrived,
    /// It is over, and the venue may still hold its client id.
    Closing,
}

impl Gateway {
    /// A bot has connected to its port.
    pub(in crate::simulate) fn bot_calls(&mut self, bot: BotName) -> LinkId {
        let link = self.next_link();
        let pair = Pair {
            bot,
            client_id: None,
            version: None,
            kept_until: None,
            stage: Stage::Hello,
            is_released: false,
            hello: Vec::new(),
            from_bot: FrameDecoder::new(BOT_FRAME_MAX),
            from_venue: FrameDecoder::new(VENUE_FRAME_MAX),
        };
        self.pairs.insert(link, pair);
        link
    }

    /// Bytes of a bot.
    pub(in crate::simulate) fn bot_bytes(&mut self, link: LinkId, bytes: &[u8]) {
        let Some(pair) = self.pairs.get_mut(&link) else { return };
        let mut bytes = bytes;
        let held;
        if pair.stage == Stage::Hello {
            pair.hello.extend_from_slice(bytes);
            let Ok(parsed) = ClientHello::parse(&pair.hello) else { return self.turn_away(link) };
            let Some((hello, len)) = parsed else { return };
            let Ok(offer) = wire::clamp(&hello) else { return self.turn_away(link) };
            held = pair.hello.split_off(len);
            bytes = &held;
            pair.stage = Stage::Shaking;
            self.acts.push(Act::Connect(link));
            self.acts.push(Act::ToVenue(link, offer.encode()));
        }
        pair.from_bot.push(bytes);
        self.take_bot_frames(link);
        self.work();
    }

    fn take_bot_frames(&mut self, link: LinkId) {
        loop {
            let Some(pair) = self.pairs.get_mut(&link) else { return };
            let Some(version) = pair.version else { return };
            let raw = match pair.from_bot.next() {
                Ok(Some(raw)) => raw,
                Ok(None) => return,
                Err(_) => return self.lanes.push_bot(link, BotInput::Gone(Some("a broken frame".into()))),
            };
            if pair.stage == Stage::Nameless {
                let Some(client_id) = wire::start_api(version, &raw) else { return self.turn_away(link) };
                pair.client_id = Some(client_id);
                pair.stage = Stage::Waiting;
                self.lanes.hold(link);
                self.lanes.push_word(link, Word::Arrived(link, client_id));
                continue;
            }
            let request = wire::request(version, &raw);
            self.lanes.push_bot(link, BotInput::Frame { request, raw, _room: None });
        }
    }

    /// A bot's connection has ended.
    pub(in crate::simulate) fn bot_hung_up(&mut self, link: LinkId) {
        match self.pairs.get(&link).map(|pair| pair.stage) {
            Some(Stage::Arrived) => self.lanes.push_bot(link, BotInput::Gone(None)),
            Some(Stage::Closing) | None => {}
            Some(_) => self.turn_away(link),
        }
        self.work();
    }

    /// Bytes of the venue, on whichever connection.
    pub(in crate::simulate) fn venue_bytes(&mut self, link: LinkId, bytes: &[u8]) {
        if self.is_own(link) {
            self.own_bytes(bytes);
        } else {
            self.upstream_bytes(link, bytes);
        }
        self.work();
    }

    fn upstream_bytes(&mut self, link: LinkId, bytes: &[u8]) {
        let Some(pair) = self.pairs.get_mut(&link).filter(|pair| pair.stage != Stage::Closing) else {
            return;
        };
        pair.from_venue.push(bytes);
        loop {
            let Some(pair) = self.pairs.get_mut(&link) else { return };
            let raw = match pair.from_venue.next() {
                Ok(Some(raw)) => raw,
                Ok(None) => return,
                Err(error) => {
                    let why = error.to_string();
                    return self.lanes.push_word(link, Word::Gone { link, why });
                }
            };
            let Some(version) = pair.version else {
                let version =
                    ServerHello::parse(&raw).ok().and_then(|hello| ServerVersion::new(hello.version));
                let Some(version) = version else { return self.turn_away(link) };
                pair.version = Some(version);
                pair.stage = Stage::Nameless;
                self.acts.push(Act::ToBot(link, frame::encode(raw.bytes())));
                self.take_bot_frames(link);
                continue;
            };
            let told = wire::told_bot(version, &raw);
            // What the bridge knows already waits with the data, as in the live shell.
            let told = match told {
                wire::Told::Report(report) if self.bridge.repeated(link, &report).is_some() => {
                    wire::Told::Repeated(report)
                }
                told => told,
            };
            if told.is_data() {
                self.lanes.push_data(link, Word::Told { link, told, raw });
            } else {
                self.lanes.push_word(link, Word::Told { link, told, raw });
            }
        }
    }

    /// The venue has ended a connection, or refused it, or is done with one that we closed.
    pub(in crate::simulate) fn venue_hung_up(&mut self, link: LinkId) {
        if self.is_own(link) {
            self.own_ended();
        } else {
            match self.pairs.get(&link).map(|pair| pair.stage) {
                Some(Stage::Arrived) => {
                    if let Some(pair) = self.pairs.get_mut(&link) {
                        pair.is_released = true;
                    }
                    let why = "the venue closed the connection".to_owned();
                    self.lanes.push_word(link, Word::Gone { link, why });
                }
                Some(Stage::Closing) => self.released(link),
                Some(_) => self.turn_away(link),
                None => {}
            }
        }
        self.work();
    }

    /// A connection that never became a link.
    fn turn_away(&mut self, link: LinkId) {
        self.lanes.forget(link);
        self.pairs.remove(&link);
        self.acts.push(Act::CloseBot(link));
        self.acts.push(Act::CloseVenue(link));
    }

    /// A bot has said who it is.
    pub(super) fn arrive(&mut self, link: LinkId, client_id: ClientId) {
        let holds = |other: LinkId, pair: &Pair| {
            other != link
                && pair.client_id == Some(client_id)
                && (pair.stage == Stage::Closing || pair.kept_until.is_some())
        };
        let holder = self.pairs.iter().find(|(other, pair)| holds(**other, pair)).map(|(other, _)| *other);
        if let Some(holder) = holder {
            // The venue takes a client id only once at a time: `released` goes on with it.
            return self.end_pair(holder, None);
        }
        let Some(pair) = self.pairs.get_mut(&link).filter(|pair| pair.stage == Stage::Waiting) else {
            return;
        };
        pair.stage = Stage::Arrived;
        let Some(version) = pair.version else { return };
        let bot = pair.bot.clone();
        let raw = wire::plain_start(version, client_id);
        self.feed(Event::BotArrived { link, bot, client_id, raw }, None);
        self.lanes.release(link);
    }

    /// The venue is done with the client id of a pair that was closed.
    fn released(&mut self, link: LinkId) {
        let Some(client_id) = self.pairs.remove(&link).and_then(|pair| pair.client_id) else { return };
        let waits = |pair: &Pair| pair.stage == Stage::Waiting && pair.client_id == Some(client_id);
        let next = self.pairs.iter().find(|(_, pair)| waits(pair)).map(|(link, _)| *link);
        if let Some(next) = next {
            self.lanes.push_word(next, Word::Arrived(next, client_id));
        }
    }

    /// The bot is gone. Its upstream stays while orders of it work.
    pub(super) fn bot_left(&mut self, link: LinkId) {
        if !self.bridge.has_open_orders(link) {
            return self.end_pair(link, None);
        }
        let until = self.now.mono.after(KEEP_UPSTREAM);
        if let Some(pair) = self.pairs.get_mut(&link) {
            pair.kept_until = Some(until);
            self.acts.push(Act::CloseBot(link));
            self.feed(Event::BotLeft { link }, None);
        }
    }

    pub(super) fn end_kept_without_orders(&mut self, link: LinkId) {
        let is_kept = self.pairs.get(&link).is_some_and(|pair| pair.kept_until.is_some());
        if is_kept && !self.bridge.has_open_orders(link) {
            self.end_pair(link, None);
        }
    }

    /// Closes both sides and tells the bridge; the pair is forgotten when the venue is done with it.
    pub(super) fn end_pair(&mut self, link: LinkId, why: Option<&str>) {
        self.lanes.forget(link);
        let Some(pair) = self.pairs.get_mut(&link).filter(|pair| pair.stage != Stage::Closing) else {
            return;
        };
        let (was_arrived, is_released) = (pair.stage == Stage::Arrived, pair.is_released);
        pair.stage = Stage::Closing;
        pair.kept_until = None;
        if let Some(why) = why {
            let text = format!("{}: {why}", pair.bot);
            let note = plimsoll_journal::Body::LinkNote { link: link.0, text };
            self.records.push((self.now, note));
        }
        self.acts.push(Act::CloseBot(link));
        self.acts.push(Act::CloseVenue(link));
        if was_arrived {
            self.feed(Event::BotGone { link }, None);
        }
        if is_released {
            self.released(link);
        }
    }
}
