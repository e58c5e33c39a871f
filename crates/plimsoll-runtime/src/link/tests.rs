//! Sockets that misbehave: late, long, garbled, silent.

use plimsoll_tws::frame::{self, BOT_FRAME_MAX};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use super::*;

const HELLO: &[u8] = b"API\0\0\0\0\x09v157..178";

#[tokio::test(start_paused = true)]
async fn a_handshake_in_drips_is_cut_off_after_its_deadline() {
    let (mut bot, ours) = duplex(64);
    let mut incoming = Incoming::new(ours, BOT_FRAME_MAX);
    let drip = async {
        for byte in HELLO.iter().cycle() {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if bot.write_all(&[*byte]).await.is_err() {
                break;
            }
        }
    };
    let started = tokio::time::Instant::now();
    let read =
        tokio::select! { read = incoming.hello() => read, () = drip => unreachable!("drips for ever") };
    assert!(matches!(read, Err(ReadError::NoHello)), "{read:?}");
    assert_eq!(started.elapsed(), HANDSHAKE_MAX);
}

#[tokio::test(start_paused = true)]
async fn a_frame_in_drips_is_cut_off_and_silence_between_frames_is_not() {
    let (mut bot, ours) = duplex(64);
    let mut incoming = Incoming::new(ours, BOT_FRAME_MAX);
    let talk = async {
        bot.write_all(&frame::encode(b"49\x001\x00")).await.unwrap();
        tokio::time::sleep(Duration::from_hours(1)).await;
        bot.write_all(&frame::encode(b"49\x001\x00")).await.unwrap();
        bot.write_all(&[0, 0]).await.unwrap();
        loop {
            tokio::time::sleep(Duration::from_secs(9)).await;
            bot.write_all(&[1]).await.unwrap();
        }
    };
    let read = async {
        assert!(incoming.next().await.unwrap().is_some());
        assert!(incoming.next().await.unwrap().is_some());
        incoming.next().await
    };
    let read = tokio::select! { read = read => read, () = talk => unreachable!("talks for ever") };
    assert!(matches!(read, Err(ReadError::Slow)), "{read:?}");
}

#[tokio::test]
async fn garbage_before_the_handshake_is_refused_at_once() {
    let (mut bot, ours) = duplex(64);
    bot.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let read = Incoming::new(ours, BOT_FRAME_MAX).hello().await;
    assert!(matches!(read, Err(ReadError::Hello(_))), "{read:?}");
}

#[tokio::test]
async fn what_follows_the_handshake_in_the_same_segment_is_not_lost() {
    let (mut bot, ours) = duplex(64);
    bot.write_all(HELLO).await.unwrap();
    bot.write_all(&frame::encode(b"71\x002\x0011\x00\x00")).await.unwrap();
    let mut incoming = Incoming::new(ours, BOT_FRAME_MAX);
    assert_eq!(incoming.hello().await.unwrap().max, 178);
    let start = incoming.next().await.unwrap().unwrap();
    assert_eq!(start.bytes(), b"71\x002\x0011\x00\x00");
}

#[tokio::test]
async fn a_frame_longer_than_the_limit_is_refused_by_its_length() {
    let (mut bot, ours) = duplex(64);
    bot.write_all(&262_145_u32.to_be_bytes()).await.unwrap();
    let read = Incoming::new(ours, BOT_FRAME_MAX).next().await;
    assert!(matches!(read, Err(ReadError::Frame(_))), "{read:?}");
}

#[tokio::test]
async fn an_end_inside_a_frame_is_told_from_an_end_between_frames() {
    let (mut bot, ours) = duplex(64);
    bot.write_all(&[0, 0, 0, 9, b'4']).await.unwrap();
    drop(bot);
    let read = Incoming::new(ours, BOT_FRAME_MAX).next().await;
    assert!(matches!(read, Err(ReadError::Truncated)), "{read:?}");

    let (bot, ours) = duplex(64);
    drop(bot);
    assert!(Incoming::new(ours, BOT_FRAME_MAX).next().await.unwrap().is_none());
}

#[tokio::test]
async fn frames_are_written_in_order_and_a_closing_link_writes_what_is_left() {
    let (mut bot, ours) = duplex(8);
    let outgoing = Outgoing::new();
    outgoing.push(b"first\0").unwrap();
    outgoing.push(b"second\0").unwrap();
    outgoing.close();
    let mut read = Vec::new();
    let (written, ()) = tokio::join!(outgoing.write_to(ours), async {
        let mut incoming = Incoming::new(&mut bot, BOT_FRAME_MAX);
        while let Some(frame) = incoming.next().await.unwrap() {
            read.push(format!("{frame:?}"));
        }
    });
    written.unwrap();
    assert_eq!(read, ["first|", "second|"]);
}

/// Reads frames until the other side closes.
async fn frames(mut bot: tokio::io::DuplexStream) -> Vec<String> {
    let mut incoming = Incoming::new(&mut bot, BOT_FRAME_MAX);
    let mut read = Vec::new();
    while let Some(frame) = incoming.next().await.unwrap() {
        read.push(format!("{frame:?}"));
    }
    read
}

#[tokio::test]
async fn what_the_kernel_does_not_take_at_once_is_written_by_the_links_task() {
    let (bot, ours) = duplex(8);
    let outgoing = Outgoing::new();
    let writer = tokio::spawn({
        let outgoing = outgoing.clone();
        async move { outgoing.write_to(ours).await }
    });
    tokio::task::yield_now().await;
    // The first fits, the second leaves the task waiting for room, and the third is tried meanwhile by
    // somebody whom no socket can wake.
    for text in ["a\0", "second\0", "third\0"] {
        outgoing.add(text.as_bytes()).unwrap();
        outgoing.write_now();
        tokio::task::yield_now().await;
    }
    outgoing.close();
    assert_eq!(frames(bot).await, ["a|", "second|", "third|"]);
    writer.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_was_added_before_the_socket_is_there_is_not_lost() {
    let (bot, ours) = duplex(64);
    let outgoing = Outgoing::new();
    outgoing.add(b"early\0").unwrap();
    outgoing.write_now();
    outgoing.close();
    let (written, read) = tokio::join!(outgoing.write_to(ours), frames(bot));
    written.unwrap();
    assert_eq!(read, ["early|"]);
}

#[tokio::test]
async fn a_write_that_fails_at_once_is_an_error_of_the_links_task() {
    let (bot, ours) = duplex(64);
    let outgoing = Outgoing::new();
    let writer = tokio::spawn({
        let outgoing = outgoing.clone();
        async move { outgoing.write_to(ours).await }
    });
    tokio::task::yield_now().await;
    drop(bot);
    outgoing.add(b"lost\0").unwrap();
    outgoing.write_now();
    assert_eq!(writer.await.unwrap().unwrap_err().kind(), std::io::ErrorKind::BrokenPipe);
}

#[test]
fn ticks_give_way_before_order_reports_and_the_link_ends_when_those_do_not_fit() {
    let outgoing = Outgoing::new();
    let long = vec![b'x'; 1 << 20];
    for _ in 0..4 {
        outgoing.add_tick(&long[..long.len() - 4]);
    }
    outgoing.add_tick(b"tick\0");
    assert_eq!(outgoing.ticks_left_out(), 1);
    for _ in 0..3 {
        outgoing.push(&long).unwrap();
    }
    assert_eq!(outgoing.push(&long), Err(BacklogFull));
}

#[tokio::test]
async fn a_port_is_ours_before_anyone_can_connect() {
    let bound = bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = bound.address();
    let target = address.to_string();
    let early = connect(&target, Duration::from_secs(5)).await;
    assert!(matches!(early, Err(ConnectError::Io { .. })), "connected to a port that does not listen");
    let listener = bound.listen().unwrap();
    assert!(bind(address).is_err(), "a port in use was bound again");
    let (client, mut server) = tokio::join!(connect(&target, Duration::from_secs(5)), accept(&listener));
    let mut client = client.unwrap();
    client.write_all(b"x").await.unwrap();
    assert_eq!(server.read_u8().await.unwrap(), b'x');
}

#[tokio::test]
async fn the_kernel_watches_both_kinds_of_connections_and_only_the_venues_bytes_have_a_deadline() {
    let listener = bind("127.0.0.1:0".parse().unwrap()).unwrap().listen().unwrap();
    let target = listener.local_addr().unwrap().to_string();
    let (ours, bots) = tokio::join!(connect(&target, Duration::from_secs(5)), accept(&listener));
    let ours = ours.unwrap();
    for stream in [&ours, &bots] {
        let socket = socket2::SockRef::from(stream);
        assert!(socket.keepalive().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), KEEPALIVE_AFTER);
        assert_eq!(socket.tcp_keepalive_interval().unwrap(), KEEPALIVE_EVERY);
        assert_eq!(socket.tcp_keepalive_retries().unwrap(), KEEPALIVE_MAX);
    }
    let deadline = |stream| socket2::SockRef::from(stream).tcp_user_timeout().unwrap();
    assert_eq!(deadline(&ours), Some(UNACKNOWLEDGED_MAX));
    assert_eq!(deadline(&bots), None);
}
