//! One bot's connection and the upstream connection that it gets of its own.
//!
//! Owns: the handshake, which is passed through with the client's versions clamped to those whose layouts
//! are known, and the four streams of bytes afterwards. Nothing is sent to the bot between the handshake's
//! reply and its start message: the official clients throw away what arrives together with the reply.
//!
//! Does not own: who may connect, and what happens to a frame; both are the gateway's.

use std::sync::Arc;

use plimsoll_model::{BotName, ClientId, LinkId, RawFrame};
use plimsoll_tws::ServerVersion;
use plimsoll_tws::frame::{self, BOT_FRAME_MAX, VENUE_FRAME_MAX};
use plimsoll_tws::handshake::{ClientHello, ServerHello};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::door::{Door, Place};
use crate::input::{
    Arrival, Input, Shared, VENUE_WAITING_MAX, VenueInput, WORDS_WAITING_MAX, take_room, take_room_for_word,
};
use crate::lanes::BotInput;
use crate::link::{self, HANDSHAKE_MAX, Incoming, LINGER_MAX, Outgoing, ReadError};
use crate::wire;

/// Bytes of frames that one bot may have waiting for the gateway.
const BOT_WAITING_MAX: usize = 4 * 1024 * 1024;

/// A pair of connections that both sides have agreed on.
struct Pair<R, W> {
    from_bot: Incoming<R>,
    to_bot: W,
    from_venue: Incoming<R>,
    to_venue: W,
    version: ServerVersion,
}

/// Serves a bot's connection to its end.
pub(crate) async fn serve(stream: TcpStream, bot: BotName, door: Door, shared: Arc<Shared>) {
    let link = shared.next_link();
    let Some(permit) = door.enter() else {
        let why = "too many connections without a client id; closed the newest".to_owned();
        shared.send(Input::Stranger { link, bot, why });
        return;
    };
    let opened = open(stream, link, bot.clone(), &door, &shared).await;
    drop(permit);
    match opened {
        Ok((pair, arrival)) => {
            let (to_bot, to_venue) = (arrival.to_bot.clone(), arrival.to_venue.clone());
            shared.send(Input::Venue(VenueInput::Arrived(Box::new(arrival))));
            run(pair, link, &to_bot, &to_venue, &shared).await;
            shared.send(Input::Venue(VenueInput::Ended { link }));
        }
        Err(why) => shared.send(Input::Stranger { link, bot, why }),
    }
}

async fn open(
    stream: TcpStream,
    link: LinkId,
    bot: BotName,
    door: &Door,
    shared: &Shared,
) -> Result<(Pair<OwnedReadHalf, OwnedWriteHalf>, Arrival), String> {
    let (read, write) = stream.into_split();
    let mut from_bot = Incoming::new(read, BOT_FRAME_MAX);
    let hello = from_bot.hello().await.map_err(text)?;
    let offer = wire::clamp(&hello)?;
    let (place, early) = wait_for_place(&mut from_bot, door).await?;
    let upstream = link::connect(&shared.upstream, HANDSHAKE_MAX).await.map_err(text)?;
    shared.venue_seen.notify_waiters();
    let (venue_read, to_venue) = upstream.into_split();
    let from_venue = Incoming::new(venue_read, VENUE_FRAME_MAX);
    let mut pair = shake(from_bot, write, from_venue, to_venue, &offer).await?;
    let client_id = client_id(&mut pair, early).await.inspect_err(|_| door.turned_away())?;
    let arrival = Arrival {
        link,
        bot,
        client_id,
        version: pair.version,
        raw: wire::plain_start(pair.version, client_id),
        to_bot: Outgoing::new(),
        to_venue: Outgoing::new(),
        place: Some(place),
    };
    Ok((pair, arrival))
}

/// Waits until the venue may be asked for this client. One that goes away meanwhile costs the venue nothing; what
/// it says meanwhile is its start message, too early.
async fn wait_for_place<R: AsyncRead + Unpin>(
    from_bot: &mut Incoming<R>,
    door: &Door,
) -> Result<(Place, Option<RawFrame>), String> {
    tokio::select! {
        biased;
        place = door.place() => Ok((place, None)),
        said = from_bot.next() => {
            let early = said.map_err(text)?.ok_or("closed while it waited for its turn")?;
            Ok((door.place().await, Some(early)))
        }
    }
}

/// Who the client says it is.
async fn client_id<R: AsyncRead + Unpin, W>(
    pair: &mut Pair<R, W>,
    early: Option<RawFrame>,
) -> Result<ClientId, String> {
    let start = match early {
        Some(start) => start,
        None => timeout(HANDSHAKE_MAX, pair.from_bot.next())
            .await
            .map_err(|_| format!("no start message within {HANDSHAKE_MAX:?}; closed the connection"))?
            .map_err(text)?
            .ok_or("closed before its start message")?,
    };
    wire::start_api(pair.version, &start)
        .ok_or_else(|| format!("the first message was no startApi but {start:.60?}; closed the connection"))
}

/// Offers the venue what the client can do, and hands the venue's answer to the client as it came.
async fn shake<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    from_bot: Incoming<R>,
    mut to_bot: W,
    mut from_venue: Incoming<R>,
    mut to_venue: W,
    offer: &ClientHello,
) -> Result<Pair<R, W>, String> {
    let answered = timeout(HANDSHAKE_MAX, async {
        to_venue.write_all(&offer.encode()).await.map_err(text)?;
        from_venue.next().await.map_err(text)?.ok_or_else(|| "it closed the connection".to_owned())
    })
    .await;
    let reply = answered
        .map_err(|_| format!("the venue did not answer the handshake within {HANDSHAKE_MAX:?}"))?
        .map_err(|why| format!("the venue did not answer the handshake: {why}"))?;
    let hello = ServerHello::parse(&reply).map_err(text)?;
    let version = ServerVersion::new(hello.version)
        .filter(|version| (offer.min..=offer.max).contains(&version.number()))
        .ok_or_else(|| {
            let (said, min, max) = (hello.version, offer.min, offer.max);
            format!("the venue speaks {said} and was offered {min} to {max}; closed the connection")
        })?;
    to_bot.write_all(&frame::encode(reply.bytes())).await.map_err(text)?;
    Ok(Pair { from_bot, to_bot, from_venue, to_venue, version })
}

/// Moves bytes until the gateway has closed both sides and the venue has closed its own, or shortly after.
/// Only then is a client id free again at the venue.
async fn run<R: AsyncRead + Unpin, W: AsyncWrite + Send + 'static>(
    pair: Pair<R, W>,
    link: LinkId,
    to_bot: &Outgoing,
    to_venue: &Outgoing,
    shared: &Shared,
) {
    let Pair { from_bot, to_bot: bot_half, from_venue, to_venue: venue_half, version } = pair;
    let write_bot = async {
        if let Err(error) = to_bot.write_to(bot_half).await {
            shared.send(Input::Bot(link, BotInput::Gone(Some(error.to_string()))));
            to_bot.closing().await;
        }
    };
    let write_venue = async {
        if let Err(error) = to_venue.write_to(venue_half).await {
            shared.send(Input::Venue(VenueInput::Gone { link, why: Some(error.to_string()) }));
            to_venue.closing().await;
        }
    };
    let linger = async {
        tokio::join!(to_bot.closing(), to_venue.closing());
        tokio::time::sleep(LINGER_MAX).await;
    };
    let from_venue = read_venue(from_venue, link, version, shared);
    let served = async { tokio::join!(write_bot, write_venue, from_venue) };
    tokio::select! {
        biased;
        ((), (), ()) = served => {}
        () = linger => {}
        () = read_bot(from_bot, link, version, shared) => {}
    }
}

/// Never ends: the end of the stream is told, and the gateway closes the link.
async fn read_bot<R: AsyncRead + Unpin>(
    mut from: Incoming<R>,
    link: LinkId,
    version: ServerVersion,
    shared: &Shared,
) {
    let budget = Arc::new(Semaphore::new(BOT_WAITING_MAX));
    let why = loop {
        match from.next().await {
            Ok(Some(raw)) => {
                let room = take_room(&budget, raw.bytes().len()).await;
                let request = wire::request(version, &raw);
                shared.send(Input::Bot(link, BotInput::Frame { request, raw, _room: room }));
            }
            Ok(None) => break None,
            Err(error) => break Some(error.to_string()),
        }
    };
    shared.send(Input::Bot(link, BotInput::Gone(why)));
    std::future::pending::<()>().await;
}

/// Reads until the venue has closed its side, which the gateway is told.
async fn read_venue<R: AsyncRead + Unpin>(
    mut from: Incoming<R>,
    link: LinkId,
    version: ServerVersion,
    shared: &Shared,
) {
    let for_data = Arc::new(Semaphore::new(VENUE_WAITING_MAX));
    let for_words = Arc::new(Semaphore::new(WORDS_WAITING_MAX));
    let why = loop {
        match from.next().await {
            Ok(Some(raw)) => {
                let (told, len) = (wire::told_bot(version, &raw), raw.bytes().len());
                // Data waits for its turn, and a word behind it must not wait with it unread.
                let room = if told.is_data() {
                    take_room(&for_data, len).await
                } else {
                    take_room_for_word(&for_words, len).await
                };
                shared.send(Input::Venue(VenueInput::Told { link, told, raw, _room: room }));
            }
            Ok(None) => break None,
            Err(error) => break Some(error.to_string()),
        }
    };
    shared.send(Input::Venue(VenueInput::Gone { link, why }));
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

impl From<ReadError> for String {
    fn from(error: ReadError) -> Self {
        error.to_string()
    }
}

#[cfg(test)]
mod tests;
