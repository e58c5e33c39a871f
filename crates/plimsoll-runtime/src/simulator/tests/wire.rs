//! Connections: from the first byte to the last, and when one of them does not play along.

use super::*;
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn a_connection_is_announced_heard_answered_and_reported_gone_once() {
    let rig = Rig::new(Echo::with_events([]), times("1"));
    let client = rig.greeted().await;
    drop(client);
    rig.gone(1).await;
    let mut other = rig.greeted().await;
    other.shutdown().await.unwrap();
    rig.gone(2).await;
    assert_eq!(read_to_end(&mut other).await, b"");
    assert_eq!(
        rig.state().await,
        [
            "0s connected 1",
            "0s received 1 hello",
            "0s disconnected 1",
            "0s connected 2",
            "0s received 2 hello",
            "0s disconnected 2",
        ]
    );
}

// A bot that sends an order and ends has sent it.
#[tokio::test(start_paused = true)]
async fn the_last_words_of_a_client_that_leaves_at_once_are_heard() {
    let rig = Rig::new(Echo::with_events([]), times("1"));
    let mut client = rig.greeted().await;
    client.write_all(b"order").await.unwrap();
    drop(client);
    rig.gone(1).await;
    assert_eq!(rig.state().await[2..], ["0s received 1 order", "0s disconnected 1"]);
}

#[tokio::test(start_paused = true)]
async fn everything_sent_before_a_close_arrives_and_nothing_after_it() {
    let rig = Rig::new(Echo::with_events([]), times("1"));
    let mut client = rig.connect(64).await;
    client.write_all(b"close").await.unwrap();
    assert_eq!(read(&mut client, 10).await, vec![b'x'; 10]);
    // The venue has closed: what the client says now is read, so that nothing is reset, and not heard.
    client.write_all(b"still there?").await.unwrap();
    assert_eq!(read_to_end(&mut client).await, vec![b'x'; 99_990]);
    client.write_all(b"hello?").await.unwrap();
    drop(client);
    rig.gone(1).await;
    assert_eq!(rig.state().await, ["0s connected 1", "0s received 1 close", "0s disconnected 1"]);
}

#[tokio::test(start_paused = true)]
async fn a_reset_takes_back_what_was_not_written() {
    let rig = Rig::new(Echo::with_events([]), times("1"));
    let mut client = rig.connect(4096).await;
    client.write_all(b"reset").await.unwrap();
    assert_eq!(read_to_end(&mut client).await, b"");
    rig.gone(1).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_too_slowly_is_broken_off_and_the_others_go_on() {
    let rig = Rig::new(Echo::with_events([]), times("1"));
    let mut slow = rig.connect(64).await;
    let mut other = rig.greeted().await;
    // Nine MiB at once: more than may wait for one client.
    slow.write_all(b"flood").await.unwrap();
    other.write_all(b"quotes?").await.unwrap();
    assert_eq!(read(&mut other, 7).await, b"quotes?");
    assert!(read_to_end(&mut slow).await.len() <= 64, "only what was in the pipe");
    let state = rig.state().await;
    assert!(state.contains(&"0s disconnected 1".to_owned()), "{state:?}");
    assert!(!state.contains(&"0s disconnected 2".to_owned()), "{state:?}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_nothing_for_ten_seconds_is_broken_off() {
    let rig = Rig::new(Echo::with_events([]), times("1"));
    let began = Instant::now();
    let mut stuck = rig.connect(64).await;
    stuck.write_all(&[b'x'; 64]).await.unwrap();
    stuck.write_all(&[b'x'; 64]).await.unwrap();
    // Of 128 bytes of echo, 64 fit the pipe.
    while !rig.state().await.iter().any(|call| call.ends_with("disconnected 1")) {
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    let took = began.elapsed().as_secs();
    assert!((10..=11).contains(&took), "{took} s");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_says_nothing_is_disconnected_after_five_seconds() {
    let rig = Rig::new(Echo::with_events([]), times("1"));
    let began = Instant::now();
    let mut client = rig.connect(64).await;
    assert_eq!(read_to_end(&mut client).await, b"");
    assert_eq!(began.elapsed().as_secs(), 5);
    assert_eq!(rig.state().await, ["0s connected 1", "5s disconnected 1"]);
}

#[tokio::test(start_paused = true)]
async fn the_sixty_fifth_connection_is_refused_and_the_place_of_one_that_left_is_free() {
    let rig = Rig::new(Echo::with_events([]), times("1"));
    let mut clients = Vec::new();
    for _ in 0..64 {
        clients.push(rig.greeted().await);
    }
    let mut refused = rig.connect(64).await;
    assert_eq!(read_to_end(&mut refused).await, b"");
    drop(clients.pop());
    rig.gone(64).await;
    rig.greeted().await;
}

#[tokio::test(start_paused = true)]
async fn stopping_delivers_what_was_sent_and_ends_every_connection() {
    let rig = Rig::new(Echo::with_events([]), times("1"));
    let mut client = rig.greeted().await;
    client.write_all(b"last words").await.unwrap();
    assert_eq!(read(&mut client, 10).await, b"last words");
    rig.ports.stop.send_replace(());
    assert_eq!(read_to_end(&mut client).await, b"");
}
