//! What any relay has to pay: bytes from one socket to another on one thread of the same runtime, and
//! nothing understood.

use std::net::SocketAddr;
use std::time::Duration;

use plimsoll_runtime::link;
use tokio::io::copy_bidirectional;
use tokio::net::TcpListener;

/// Relays every connection to `upstream`, for ever.
pub(crate) async fn run(listener: TcpListener, upstream: SocketAddr) {
    loop {
        let mut near = link::accept(&listener).await;
        tokio::spawn(async move {
            let far = link::connect(&upstream.to_string(), Duration::from_secs(5)).await;
            if let Ok(mut far) = far {
                // The end of either side is the end of the relay.
                let _ = copy_bidirectional(&mut near, &mut far).await;
            }
        });
    }
}
