//! Sockets that a venue leaves unread: their clients feel it, and nothing that they sent is lost.

use super::*;
use tokio::time::{Instant, sleep};

/// A client that nobody reads from any more, with a pipe that holds 64 bytes.
async fn unread(rig: &Rig) -> DuplexStream {
    let mut client = rig.connect(64).await;
    client.write_all(b"leave").await.unwrap();
    while !rig.state().await.iter().any(|call| call.ends_with("leave")) {
        tokio::task::yield_now().await;
    }
    client
}

/// How many bytes the venue heard late.
async fn late(rig: &Rig) -> usize {
    let calls = rig.state().await;
    let sizes = calls.iter().filter_map(|call| call.split_once("late 1 "));
    sizes.map(|(_, size)| size.parse::<usize>().unwrap()).sum()
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_is_left_unread_fills_up_and_its_client_waits() {
    let rig = Rig::new(Echo::with_events([]), times("1"));
    let mut client = unread(&rig).await;
    let mut sent = 0;
    while let Ok(n) = timeout(Duration::from_mins(1), client.write(&[b'x'; 10])).await {
        sent += n.unwrap();
        assert!(sent <= 64, "somebody reads");
    }
    assert_eq!((sent, late(&rig).await), (64, 0));
    rig.heal().await;
    // The place that this needs is there only when everything before it was read.
    client.write_all(&[b'y'; 64]).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(late(&rig).await, 128);
}

#[tokio::test(start_paused = true)]
async fn what_comes_once_the_socket_was_quiet_is_not_late() {
    let rig = Rig::new(Echo::with_events([]), times("1"));
    let mut client = unread(&rig).await;
    client.write_all(b"before").await.unwrap();
    rig.heal().await;
    sleep(Duration::from_secs(1)).await;
    client.write_all(b"after").await.unwrap();
    assert_eq!(read(&mut client, 5).await, b"after");
    assert_eq!(late(&rig).await, 6);
}

#[tokio::test(start_paused = true)]
async fn who_never_stops_sending_is_late_for_five_seconds_only() {
    let rig = Rig::new(Echo::with_events([]), times("1"));
    let mut client = unread(&rig).await;
    rig.heal().await;
    for _ in 0..200 {
        client.write_all(b"!").await.unwrap();
        sleep(Duration::from_millis(50)).await;
        // The pipe is small: the echo of what is no longer late has to be read.
        while let Ok(read) = timeout(Duration::ZERO, client.read(&mut [0; 8])).await {
            read.unwrap();
        }
    }
    let late = late(&rig).await;
    assert!((95..=105).contains(&late), "{late} of 200 in ten seconds");
}

// A new socket of a venue that does not read is not one whose client says nothing.
#[tokio::test(start_paused = true)]
async fn no_client_is_sent_away_for_silence_while_nobody_reads() {
    let mut echo = Echo::with_events([]);
    echo.leaves_unread = true;
    let rig = Rig::new(echo, times("1"));
    let mut client = rig.connect(64).await;
    sleep(Duration::from_mins(1)).await;
    assert_eq!(rig.state().await, ["0s connected 1"]);
    rig.heal().await;
    let healed = Instant::now();
    assert_eq!(read_to_end(&mut client).await, b"");
    let took = healed.elapsed().as_secs();
    assert!((5..=6).contains(&took), "then it has its five seconds, not {took}");
}

#[tokio::test(start_paused = true)]
async fn the_words_of_a_client_that_has_left_meanwhile_are_heard_before_its_end() {
    let rig = Rig::new(Echo::with_events([]), times("1"));
    let mut client = unread(&rig).await;
    client.write_all(b"last order").await.unwrap();
    drop(client);
    sleep(Duration::from_mins(1)).await;
    assert_eq!(late(&rig).await, 0);
    rig.heal().await;
    rig.gone(1).await;
    let calls = rig.state().await;
    assert_eq!(calls[2..], ["60s healed", "60s late 1 10", "60s disconnected 1"]);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_left_unread_can_be_ended() {
    let rig = Rig::new(Echo::with_events([]), times("1"));
    let mut client = unread(&rig).await;
    rig.ports.stop.send_replace(());
    assert_eq!(read_to_end(&mut client).await, b"");
}
