//! Venue time: flowing, leaping, in lockstep, held.

use super::*;
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn events_come_when_venue_time_has_flowed_to_them() {
    let rig = Rig::new(Echo::with_events([60, 600]), times("60"));
    let mut client = rig.greeted().await;
    let began = Instant::now();
    assert_eq!(read(&mut client, 5).await, b"news ");
    assert_eq!(began.elapsed().as_secs(), 1);
    assert_eq!(read(&mut client, 5).await, b"news ");
    assert_eq!(began.elapsed().as_secs(), 10);
    assert_eq!(rig.state().await[2..], ["60s event", "600s event"]);
}

#[tokio::test(start_paused = true)]
async fn what_a_client_says_meets_the_venue_at_the_time_of_that_moment() {
    let rig = Rig::new(Echo::with_events([]), times("210"));
    let mut client = rig.greeted().await;
    tokio::time::advance(Duration::from_secs(2)).await;
    client.write_all(b"now").await.unwrap();
    read(&mut client, 3).await;
    assert_eq!(rig.state().await.last().unwrap(), "420s received 1 now");
}

#[tokio::test(start_paused = true)]
async fn at_max_time_leaps_from_event_to_event_and_waits_for_slow_readers() {
    // Twenty megabytes through a pipe of 4 KiB: far more than may wait for a client.
    let mut venue = Echo::with_events(1..=200);
    venue.news = vec![b'n'; 100_000];
    let rig = Rig::held(venue, Pace::Max);
    let mut client = rig.connect(4096).await;
    client.write_all(b"hello").await.unwrap();
    read(&mut client, 5).await;
    let began = Instant::now();
    let (arrived, news) = tokio::join!(rig.run_until(after(300)), read(&mut client, 20_000_000));
    assert_eq!((arrived, news.len()), (after(300), 20_000_000));
    assert_eq!(began.elapsed(), Duration::ZERO, "no host time passes");
    assert_eq!(rig.state().await.last().unwrap(), "200s event");
}

#[tokio::test(start_paused = true)]
async fn a_jump_lets_everything_on_the_way_happen_at_its_time() {
    let rig = Rig::new(Echo::with_events([10, 20, 400]), times("1"));
    let mut client = rig.greeted().await;
    let clock = rig.jump(after(300)).await.unwrap();
    assert_eq!(clock, json!({"now": "2026-11-27T17:45:00.000Z", "speed": 1, "lockstep": false}));
    assert_eq!(read(&mut client, 10).await, b"news news ");
    assert_eq!(rig.state().await[2..], ["10s event", "20s event"]);
    // And time flows on from there.
    let began = Instant::now();
    read(&mut client, 5).await;
    assert_eq!(began.elapsed().as_secs(), 100);
}

#[tokio::test(start_paused = true)]
async fn a_jump_waits_for_clients_that_read_slowly_and_not_for_those_that_do_not_read() {
    let mut venue = Echo::with_events(1..=200);
    venue.news = vec![b'n'; 100_000];
    let rig = Rig::new(venue, times("1"));
    let mut slow = rig.greeted().await;
    let stuck = rig.greeted().await;
    let began = Instant::now();
    let (jumped, news) = tokio::join!(rig.jump(after(300)), read(&mut slow, 20_000_000));
    assert!(jumped.is_ok());
    assert_eq!(news.len(), 20_000_000);
    assert_eq!(began.elapsed().as_secs(), 10, "so long a client may read nothing");
    drop(stuck);
}

#[tokio::test(start_paused = true)]
async fn time_runs_up_to_the_limit_and_not_beyond() {
    let rig = Rig::held(Echo::with_events([5, 10, 11]), times("1"));
    let mut client = rig.greeted().await;
    tokio::time::advance(Duration::from_mins(1)).await;
    assert_eq!(rig.state().await.len(), 2, "held at the start");
    assert_eq!(rig.run_until(after(10)).await, after(10));
    assert_eq!(read(&mut client, 10).await, b"news news ");
    tokio::time::advance(Duration::from_mins(1)).await;
    assert_eq!(rig.state().await[2..], ["5s event", "10s event"]);
    assert_eq!(rig.jump(after(11)).await.unwrap_err().status, StatusCode::CONFLICT);
    let began = Instant::now();
    assert_eq!(rig.run_until(after(12)).await, after(12));
    assert_eq!(began.elapsed().as_secs(), 2);
}

fn lockstep(ticks_per_second: Option<u32>) -> Pace {
    let ticks_per_second = ticks_per_second.map(|n| NonZeroU32::new(n).unwrap());
    Pace::Lockstep(Lockstep { ticks_per_second, timeout: Duration::from_secs(3) })
}

#[tokio::test(start_paused = true)]
async fn the_next_tick_waits_for_every_acknowledgement() {
    let rig = Rig::held(Echo::with_events([]), lockstep(None));
    let (mut a, mut b) = (rig.greeted().await, rig.greeted().await);
    let run = rig.run_until(after(2));
    let clients = async {
        for _ in 0..2 {
            assert_eq!(read(&mut a, 5).await, b"news ");
            assert_eq!(read(&mut b, 5).await, b"news ");
            a.write_all(b"ack").await.unwrap();
            // One has not acknowledged: whatever is asked is still answered at this tick.
            let at = rig.state().await.last().unwrap().clone();
            b.write_all(b"order").await.unwrap();
            assert_eq!(read(&mut b, 5).await, b"order", "no tick came before it, after {at}");
            b.write_all(b"ack").await.unwrap();
        }
    };
    let (arrived, ()) = tokio::join!(run, clients);
    assert_eq!(arrived, after(2));
    let orders: Vec<String> = rig.state().await.into_iter().filter(|call| call.ends_with("order")).collect();
    assert_eq!(orders, ["1s received 2 order", "2s received 2 order"]);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_acknowledge_is_passed_over_and_reported() {
    let rig = Rig::held(Echo::with_events([]), lockstep(None));
    let _silent = rig.greeted().await;
    let began = Instant::now();
    rig.run_until(after(2)).await;
    assert_eq!(began.elapsed().as_secs(), 6, "three seconds for each of two ticks");
    assert_eq!(rig.state().await[2..], ["1s skipped 1", "2s skipped 1"]);
}

#[tokio::test(start_paused = true)]
async fn an_acknowledgement_gives_the_others_their_full_time_again() {
    let rig = Rig::held(Echo::with_events([]), lockstep(None));
    let mut prompt = rig.greeted().await;
    let _silent = rig.greeted().await;
    let began = Instant::now();
    let acknowledge = async {
        read(&mut prompt, 5).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        prompt.write_all(b"ack").await.unwrap();
    };
    tokio::join!(rig.run_until(after(1)), acknowledge);
    assert_eq!(began.elapsed().as_secs(), 5);
    assert_eq!(rig.state().await[4..], ["1s received 1 ack", "1s skipped 2"]);
}

#[tokio::test(start_paused = true)]
async fn lockstep_takes_no_jumps() {
    let rig = Rig::held(Echo::with_events([]), lockstep(None));
    assert_eq!(rig.jump(after(5)).await.unwrap_err().status, StatusCode::CONFLICT);
    assert_eq!(rig.run_until(after(1)).await, after(1));
}

#[tokio::test(start_paused = true)]
async fn lockstep_for_people_is_not_faster_than_they_can_watch() {
    let rig = Rig::held(Echo::with_events([]), lockstep(Some(4)));
    let began = Instant::now();
    rig.run_until(after(9)).await;
    // The first tick comes at once, eight more follow a quarter of a second apart.
    assert_eq!(began.elapsed().as_secs(), 2);
}
