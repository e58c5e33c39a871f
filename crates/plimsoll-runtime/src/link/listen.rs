//! Opening sockets.

use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpSocket, TcpStream, UnixListener, UnixStream};

use super::{KEEPALIVE_AFTER, KEEPALIVE_EVERY, KEEPALIVE_MAX, UNACKNOWLEDGED_MAX};

/// Connections that the kernel may hold before they are accepted.
const BACKLOG: u32 = 64;

/// An address that is ours and on which nobody can connect yet.
#[derive(Debug)]
pub struct Bound {
    socket: TcpSocket,
    address: SocketAddr,
}

/// Why an address could not be taken. The command line ends with exit code 3.
#[derive(Debug, thiserror::Error)]
#[error("{address} cannot be listened on: {source}; stop the program that has it, or choose another port")]
pub struct BindError {
    /// As asked for.
    pub address: String,
    /// What the system said.
    pub source: io::Error,
}

/// Why a connection did not come about.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Refused, unreachable or unknown.
    #[error("{address} cannot be reached: {source}")]
    Io {
        /// As asked for.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// No answer in time.
    #[error("{address} did not answer within {within:?}")]
    TimedOut {
        /// As asked for.
        address: String,
        /// The deadline.
        within: Duration,
    },
}

/// Takes an address without accepting connections. Whoever connects now is refused by the kernel, the
/// way a TWS that is still starting refuses.
pub fn bind(address: SocketAddr) -> Result<Bound, BindError> {
    let error = |source| BindError { address: address.to_string(), source };
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.map_err(error)?;
    // Without this a restart within a minute finds its own port in TIME_WAIT.
    socket.set_reuseaddr(true).map_err(error)?;
    socket.bind(address).map_err(error)?;
    let address = socket.local_addr().map_err(error)?;
    Ok(Bound { socket, address })
}

impl Bound {
    /// The address, with the port that the kernel chose if zero was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Starts to accept connections.
    pub fn listen(self) -> Result<TcpListener, BindError> {
        let address = self.address;
        self.socket.listen(BACKLOG).map_err(|source| BindError { address: address.to_string(), source })
    }
}

/// The next connection. Errors of a single connection (reset before it was accepted, no descriptor left)
/// are waited out: they say nothing about the listener.
pub async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // A socket that refuses this is broken already.
                if prepare(&stream).is_ok() {
                    return stream;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "connection not accepted; trying on");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// A small frame must not wait for the acknowledgement of the one before, and a side that is gone without a
/// word (its power, a router that forgets) must be noticed.
fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new()
        .with_time(KEEPALIVE_AFTER)
        .with_interval(KEEPALIVE_EVERY)
        .with_retries(KEEPALIVE_MAX);
    SockRef::from(stream).set_tcp_keepalive(&keepalive)
}

/// Connects to `host:port`.
pub async fn connect(address: &str, within: Duration) -> Result<TcpStream, ConnectError> {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that connects")]
    let attempt = tokio::time::timeout(within, TcpStream::connect(address));
    let stream = attempt
        .await
        .map_err(|_| ConnectError::TimedOut { address: address.into(), within })?
        .and_then(|stream| {
            prepare(&stream)?;
            // Not on bots' sides: there it would also break the connection of a bot that is only slow to read.
            SockRef::from(&stream).set_tcp_user_timeout(Some(UNACKNOWLEDGED_MAX))?;
            Ok(stream)
        });
    stream.map_err(|source| ConnectError::Io { address: address.into(), source })
}

/// Listens on a Unix socket that only this user may open. A socket of a dead process is replaced; the
/// caller holds the lock of the state directory, so no living one can be.
pub fn listen_unix(path: &Path) -> Result<UnixListener, BindError> {
    let error = |source| BindError { address: path.display().to_string(), source };
    match std::fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => return Err(error(source)),
        _ => {}
    }
    let listener = UnixListener::bind(path).map_err(error)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(error)?;
    Ok(listener)
}

/// The next connection on a Unix socket.
pub async fn accept_unix(listener: &UnixListener) -> UnixStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) => {
                tracing::warn!(%error, "operator connection not accepted; trying on");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Connects to a Unix socket.
pub async fn connect_unix(path: &Path, within: Duration) -> Result<UnixStream, ConnectError> {
    let address = || path.display().to_string();
    tokio::time::timeout(within, UnixStream::connect(path))
        .await
        .map_err(|_| ConnectError::TimedOut { address: address(), within })?
        .map_err(|source| ConnectError::Io { address: address(), source })
}
