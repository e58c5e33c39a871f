//! Clients that come under a client id which is taken, as a bot does that is started again and again.

use std::net::SocketAddr;
use std::time::Duration;

use plimsoll_runtime::link;
use plimsoll_sim::bots::hello;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinSet;

/// How long they all wait to be let in or sent away; venue time stands still meanwhile.
const PATIENCE: Duration = Duration::from_millis(300);

/// So many clients knock at once, and go away when they were sent away or their patience is over.
pub(crate) async fn knock(address: SocketAddr, client_id: i32, count: u16) {
    let mut clients = JoinSet::new();
    for _ in 0..count {
        clients.spawn(one(address, client_id));
    }
    // Who is still waiting by then goes away with the set.
    if tokio::time::timeout(PATIENCE, clients.join_all()).await.is_err() {
        tracing::debug!(client_id, "copies were neither let in nor sent away");
    }
}

/// Until the other side ends it.
async fn one(address: SocketAddr, client_id: i32) {
    let Ok(mut stream) = link::connect(&address.to_string(), PATIENCE).await else { return };
    let [first, start] = hello(client_id);
    if stream.write_all(&first).await.is_err() {
        return;
    }
    let mut chunk = [0; 4096];
    // The server's hello, in one piece over loopback.
    if !matches!(stream.read(&mut chunk).await, Ok(read) if read > 0)
        || stream.write_all(&start).await.is_err()
    {
        return;
    }
    while matches!(stream.read(&mut chunk).await, Ok(read) if read > 0) {}
}
