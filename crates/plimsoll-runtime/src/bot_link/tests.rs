//! The handshake passed through, and the four streams of a link, over in-memory connections.

use tokio::io::{DuplexStream, ReadHalf, WriteHalf, duplex};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::*;
use crate::wire::Told;

type Ends = (Incoming<ReadHalf<DuplexStream>>, WriteHalf<DuplexStream>);

/// One side of an in-memory connection as the link sees it, and the far end.
fn connection() -> (Ends, DuplexStream) {
    let (ours, far) = duplex(64 * 1024);
    let (read, write) = tokio::io::split(ours);
    ((Incoming::new(read, BOT_FRAME_MAX), write), far)
}

fn offer(min: u16, max: u16) -> Result<ClientHello, String> {
    wire::clamp(&ClientHello { min, max, options: "+PACEAPI".into() })
}

/// Shakes hands with a venue that answers `reply`; what the bot then reads, if it went well.
async fn shaken(reply: &str) -> Result<String, String> {
    let ((from_bot, to_bot), mut bot) = connection();
    let ((from_venue, to_venue), mut venue) = connection();
    venue.write_all(&frame::encode(reply.replace('|', "\0").as_bytes())).await.unwrap();
    shake(from_bot, to_bot, from_venue, to_venue, &offer(100, 178).unwrap()).await?;
    let seen = Incoming::new(&mut bot, BOT_FRAME_MAX).next().await.unwrap().unwrap();
    let hello = Incoming::new(&mut venue, BOT_FRAME_MAX).hello().await.unwrap();
    assert_eq!((hello.min, hello.max, &*hello.options), (157, 178, "+PACEAPI"));
    Ok(format!("{seen:?}"))
}

#[test]
fn the_venue_is_offered_only_versions_whose_layouts_are_known() {
    let range = |min, max| offer(min, max).map(|hello| (hello.min, hello.max));
    assert_eq!(range(100, 225), Ok((157, 200)));
    assert_eq!(range(157, 158), Ok((157, 157)), "158 is never spoken");
    assert_eq!(range(213, 226), Ok((213, 213)), "protobuf only");
    assert_eq!(range(208, 225), Ok((213, 213)), "no mixed version");
    assert!(range(214, 226).is_err(), "too new");
    assert!(range(38, 66).is_err(), "too old");
}

#[tokio::test]
async fn the_venues_answer_reaches_the_bot_byte_for_byte() {
    assert_eq!(shaken("178|20261118 10:30:00 EST|").await.unwrap(), "178|20261118 10:30:00 EST|");
    assert_eq!(shaken("173|x|").await.unwrap(), "173|x|", "an older venue is fine");
}

#[tokio::test]
async fn a_venue_that_answers_158_or_above_the_offer_is_not_spoken_to() {
    for reply in ["158|x|", "200|x|", "15|1|DU1|", "nonsense"] {
        assert!(shaken(reply).await.is_err(), "{reply}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_venue_that_does_not_answer_the_handshake_is_given_up() {
    let ((from_bot, to_bot), _bot) = connection();
    let ((from_venue, to_venue), _venue) = connection();
    let shake = shake(from_bot, to_bot, from_venue, to_venue, &offer(157, 178).unwrap()).await;
    assert!(shake.is_err_and(|why| why.contains("within 5s")));
}

/// A running link, its far ends, and what it tells the gateway.
struct Running {
    bot: DuplexStream,
    venue: DuplexStream,
    to_bot: Outgoing,
    to_venue: Outgoing,
    inputs: UnboundedReceiver<Input>,
    task: tokio::task::JoinHandle<()>,
}

fn running() -> Running {
    let ((from_bot, bot_half), bot) = connection();
    let ((from_venue, venue_half), venue) = connection();
    let version = ServerVersion::new(178).unwrap();
    let pair = Pair { from_bot, to_bot: bot_half, from_venue, to_venue: venue_half, version };
    let (sender, inputs) = unbounded_channel();
    let shared = Shared::new("", sender, LinkId(0));
    let (to_bot, to_venue) = (Outgoing::new(), Outgoing::new());
    let outgoing = (to_bot.clone(), to_venue.clone());
    let task = tokio::spawn(async move { run(pair, LinkId(1), &outgoing.0, &outgoing.1, &shared).await });
    Running { bot, venue, to_bot, to_venue, inputs, task }
}

#[tokio::test]
async fn what_either_side_says_is_handed_over_in_its_order_and_its_end_comes_last() {
    let mut link = running();
    link.venue.write_all(&frame::encode(b"9\x001\x007\x00")).await.unwrap();
    link.venue.write_all(&frame::encode(b"1\x006\x001\x001\x00600\x001\x000\x00")).await.unwrap();
    drop(link.venue);
    let mut seen = Vec::new();
    while seen.len() < 3 {
        seen.push(match link.inputs.recv().await.unwrap() {
            Input::Venue(VenueInput::Told { told: Told::Report(report), .. }) => format!("{report:?}"),
            Input::Venue(VenueInput::Told { told, .. }) => format!("{told:?}"),
            Input::Venue(VenueInput::Gone { why, .. }) => format!("gone {why:?}"),
            other => format!("{other:?}"),
        });
    }
    assert_eq!(
        seen,
        [
            "NextValidId(7)",
            "RelayTick(Some(Strike { stream: Quotes, req_id: 1, field: Some(Bid) }))",
            "gone None"
        ]
    );
    assert!(!link.task.is_finished(), "the gateway closes links, not their readers");
}

#[tokio::test]
async fn no_more_words_are_read_than_there_is_room_for_and_data_takes_none_of_it() {
    let mut link = running();
    let (word, tick) =
        (frame::encode(b"9\x001\x007\x00"), frame::encode(b"1\x006\x001\x001\x00600\x001\x000\x00"));
    // Eight times as much data as words may take, and words behind it.
    let ticks = 8 * WORDS_WAITING_MAX / tick.len();
    let mut venue = link.venue;
    tokio::spawn(async move {
        for _ in 0..ticks {
            venue.write_all(&tick).await.unwrap();
        }
        for _ in 0..WORDS_WAITING_MAX / 512 {
            venue.write_all(&word).await.unwrap();
        }
        std::future::pending::<()>().await;
    });
    let (mut kept, mut data) = (Vec::new(), 0);
    while let Ok(Some(input)) = timeout(std::time::Duration::from_millis(500), link.inputs.recv()).await {
        match input {
            Input::Venue(input) if input.is_data() => data += 1,
            word => kept.push(word),
        }
    }
    // Each word takes a kilobyte and its own six bytes.
    assert_eq!((data, kept.len()), (ticks, WORDS_WAITING_MAX / 1030));
    kept.pop();
    assert!(matches!(link.inputs.recv().await, Some(Input::Venue(VenueInput::Told { .. }))));
}

#[tokio::test]
async fn a_frame_out_of_step_ends_the_reading_with_its_reason() {
    let mut link = running();
    link.bot.write_all(&[0x7F, 0xFF, 0xFF, 0xFF]).await.unwrap();
    let gone = link.inputs.recv().await.unwrap();
    let Input::Bot(LinkId(1), BotInput::Gone(Some(why))) = gone else { panic!("{gone:?}") };
    assert!(why.contains("2147483647"), "{why}");
}

#[tokio::test]
async fn a_closed_link_writes_what_is_left_and_ends() {
    let mut link = running();
    link.to_bot.push(b"4\x002\x00-1\x00326\x00no\x00").unwrap();
    link.to_bot.close();
    link.to_venue.close();
    let last = Incoming::new(&mut link.bot, BOT_FRAME_MAX).next().await.unwrap().unwrap();
    assert_eq!(last.bytes(), b"4\x002\x00-1\x00326\x00no\x00");
    link.task.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_closed_link_whose_bot_does_not_read_ends_all_the_same() {
    let link = running();
    link.to_bot.push(&vec![b'x'; 1 << 20]).unwrap();
    link.to_bot.close();
    link.to_venue.close();
    let started = tokio::time::Instant::now();
    link.task.await.unwrap();
    assert_eq!(started.elapsed(), LINGER_MAX);
    drop(link.bot);
}
