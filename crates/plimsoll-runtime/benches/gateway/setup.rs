//! The ways that are compared, each on a thread with a runtime of its own.

#[path = "relay.rs"]
mod relay;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::mpsc::channel;

use plimsoll_runtime::{Gateway, Storage, config, link};

/// A thread with a runtime like the gateway's; the address comes back.
fn on_a_thread<F: Future<Output = ()>>(
    name: &str,
    serve: impl FnOnce(std::sync::mpsc::Sender<SocketAddr>) -> F + Send + 'static,
) -> SocketAddr {
    let (sender, receiver) = channel();
    let thread = std::thread::Builder::new().name(name.into()).spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime starts").block_on(serve(sender));
    });
    thread.expect("a thread starts");
    receiver.recv().expect("the server starts")
}

pub(crate) fn start_relay(venue: SocketAddr) -> SocketAddr {
    on_a_thread("relay", move |address| async move {
        let bound = link::bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a loopback port is free");
        let near = bound.address();
        // Told only once it listens: whoever knows the address connects at once.
        let listener = bound.listen().expect("a bound socket listens");
        let _ = address.send(near);
        relay::run(listener, venue).await;
    })
}

pub(crate) fn start_gateway(venue: SocketAddr, account: &str, dir: &Path, storage: Storage) -> SocketAddr {
    let text = format!(
        r#"[plimsoll]
state_dir = "{}"
mode = "enforce"
[[venue]]
name = "ib"
kind = "ibkr"
environment = "sim"
upstream = "{venue}"
client_id = 900
history_cache = "256MB"
accounts = ["{account}"]
[[bot]]
name = "trend"
venue = "ib"
listen = "127.0.0.1:0"
client_ids = [11]
accounts = ["{account}"]
instruments = ["SPY"]
stale_after = "1d"
max_order_notional = "25000 USD"
max_position_notional = "100000 USD"
max_orders_per_minute = 10000000
price_collar = "3%"
max_order_qty = 1000
duplicate_window = "0s"
"#,
        dir.join("state").display()
    );
    on_a_thread(&format!("{storage:?}"), move |address| async move {
        let loaded = config::parse("bench.toml", &text).expect("the configuration is valid");
        let mut gateway = Gateway::start(loaded, storage).await.expect("the gateway starts");
        assert!(gateway.ready().await, "the gateway ended before it was ready");
        let _ = address.send(gateway.addresses().bots[0].1);
        gateway.ended().await.expect("the gateway lives as long as the bench");
    })
}
