//! Which versions a client's connection may have.

use plimsoll_tws::handshake::{self, ClientHello};
use plimsoll_tws::{Gate, ServerVersion};

/// The versions to offer the venue: the client's, as far as their layouts are known. 158 is never the
/// highest, and a client that speaks protobuf only gets 213 or nothing. An error is for people.
pub fn clamp(hello: &ClientHello) -> Result<ClientHello, String> {
    let version = handshake::negotiate(hello, u16::MAX).map_err(|error| error.to_string())?;
    let max = version.number();
    let lowest = if version.has(Gate::Protobuf) { version } else { ServerVersion::MIN };
    let min = hello.min.max(lowest.number());
    Ok(ClientHello { min, max, options: hello.options.clone() })
}
