//! The handshake: what a client offers, what a server answers, and the version both then speak.
//!
//! Owns the `API` prefix, the version range and the reply. Does not own the wait for `startApi`:
//! a server must send nothing between its reply and that request, because the official clients drop
//! every byte that arrives together with the reply.

use bytes::{BufMut, Bytes, BytesMut};
use plimsoll_model::RawFrame;

use crate::ServerVersion;

const PREFIX: &[u8; 4] = b"API\0";
/// Room for the range and for connect options; real clients send 9 to 20 bytes.
const OFFER_LEN_MAX: usize = 256;
/// What an offer holds behind the widest range, `v10000..65535 `: a hello that was read can be written with
/// any other range.
const OPTIONS_LEN_MAX: usize = OFFER_LEN_MAX - "v10000..65535 ".len();
/// The longest complete hello: nothing longer needs to be buffered before [`ClientHello::parse`].
pub const HELLO_LEN_MAX: usize = PREFIX.len() + 4 + OFFER_LEN_MAX;

/// The first bytes of a client: the range of versions it speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientHello {
    /// The lowest version the client accepts.
    pub min: u16,
    /// The highest version the client speaks.
    pub max: u16,
    /// Connect options, `+PACEAPI`; usually empty.
    pub options: Box<str>,
}

/// Why the first bytes of a connection are no hello.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HelloError {
    /// Another protocol.
    #[error(
        "connection opened with `{came}` instead of `API`; closed it, is this {guess}? the port speaks the TWS API"
    )]
    NotTheApi {
        /// The first bytes, escaped.
        came: Box<str>,
        /// What it looks like.
        guess: &'static str,
    },
    /// The version text has an impossible length.
    #[error("version offer of {len} bytes, at most {OFFER_LEN_MAX} make sense; closed the connection")]
    OfferLength {
        /// The announced length.
        len: usize,
    },
    /// The connect options leave no room for a version range.
    #[error("connect options of {len} bytes, at most {OPTIONS_LEN_MAX} make sense; closed the connection")]
    OptionsLength {
        /// Their length.
        len: usize,
    },
    /// The version text is no range.
    #[error("version offer `{offer}` is not `v<min>..<max>`; closed the connection")]
    Offer {
        /// The text, escaped.
        offer: Box<str>,
    },
}

impl ClientHello {
    /// Reads a hello from the bytes that came so far: nothing yet, or the hello and how many bytes it
    /// took. Garbage is refused at the first byte that cannot belong to a hello.
    pub fn parse(bytes: &[u8]) -> Result<Option<(Self, usize)>, HelloError> {
        let head = &bytes[..bytes.len().min(PREFIX.len())];
        if *head != PREFIX[..head.len()] {
            let came = bytes[..bytes.len().min(16)].escape_ascii().to_string().into();
            return Err(HelloError::NotTheApi { came, guess: guess(bytes) });
        }
        let Some(len) = bytes.get(4..8).and_then(|b| b.first_chunk()) else { return Ok(None) };
        let len = u32::from_be_bytes(*len) as usize;
        if !(2..=OFFER_LEN_MAX).contains(&len) {
            return Err(HelloError::OfferLength { len });
        }
        let Some(offer) = bytes.get(8..8 + len) else { return Ok(None) };
        let hello = Self::from_offer(offer)
            .ok_or_else(|| HelloError::Offer { offer: offer.escape_ascii().to_string().into() })?;
        match hello.options.len() {
            len if len > OPTIONS_LEN_MAX => Err(HelloError::OptionsLength { len }),
            _ => Ok(Some((hello, 8 + len))),
        }
    }

    fn from_offer(offer: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(offer).ok()?;
        let text = text.trim_end_matches('\0').strip_prefix('v')?;
        if text.contains(|c: char| c.is_control()) {
            return None;
        }
        let (range, options) = text.split_once(' ').unwrap_or((text, ""));
        let (min, max) = range.split_once("..").unwrap_or((range, range));
        let (min, max) = (version_number(min)?, version_number(max)?);
        (min <= max).then(|| Self { min, max, options: options.into() })
    }

    /// The bytes a client opens its connection with. Options longer than any hello that was read are cut.
    pub fn encode(&self) -> Bytes {
        let mut offer = format!("v{}..{}", self.min, self.max);
        if !self.options.is_empty() {
            offer.push(' ');
            offer.push_str(&self.options[..self.options.floor_char_boundary(OPTIONS_LEN_MAX)]);
        }
        let mut out = BytesMut::with_capacity(HELLO_LEN_MAX);
        out.put_slice(PREFIX);
        crate::frame::append(&mut out, offer.as_bytes());
        out.freeze()
    }
}

/// A version number without signs or surprises.
fn version_number(text: &str) -> Option<u16> {
    let digits = !text.is_empty() && text.len() <= 5 && text.bytes().all(|b| b.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

fn guess(bytes: &[u8]) -> &'static str {
    match bytes {
        [0x16, ..] => "a TLS client",
        [b'G' | b'H', b'E', ..] | [b'P', b'O' | b'R', ..] => "an HTTP client",
        [0, 0, ..] => "a client in the middle of a conversation",
        [b'0'..=b'9', ..] => "a client older than the version handshake",
        _ => "the right program",
    }
}

/// The server's answer to a hello.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerHello {
    /// The version both sides now speak, as the server said it.
    pub version: u16,
    /// When the connection was made, `20261120 10:50:28 EST`; the zone is whatever the host calls it.
    pub time_text: Box<str>,
}

/// Why a server's first frame is no answer to a hello.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{frame}` is not `<server version>|<time>|`; gave up the connection, is this address a TWS or Gateway API port?"
)]
pub struct ServerHelloError {
    /// The frame as it came, shortened.
    frame: Box<str>,
}

impl ServerHello {
    /// Reads the payload of a server's first frame.
    pub fn parse(frame: &RawFrame) -> Result<Self, ServerHelloError> {
        Self::read(frame.bytes()).ok_or_else(|| {
            let shown = &frame.bytes()[..frame.bytes().len().min(64)];
            ServerHelloError { frame: shown.escape_ascii().to_string().into() }
        })
    }

    fn read(payload: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(payload).ok()?.strip_suffix('\0')?;
        let (version, time) = text.split_once('\0')?;
        let plain = !time.contains(|c: char| c.is_control());
        plain.then_some(Self { version: version_number(version)?, time_text: time.into() })
    }

    /// The payload of the answer; it still needs its length in front.
    pub fn encode(&self) -> RawFrame {
        RawFrame::new(format!("{}\0{}\0", self.version, self.time_text.replace('\0', " ")).into())
    }
}

/// Why no version suits both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NegotiateError {
    /// The client speaks protobuf only.
    #[error(
        "client speaks versions {min} to {max} only and Plimsoll speaks 157 to 200 and 213; closed the connection, use a client release that still speaks 213"
    )]
    ClientTooNew {
        /// The client's lowest version.
        min: u16,
        /// The client's highest version.
        max: u16,
    },
    /// The client is from before the oldest layouts known here, or from between the text protocol and the
    /// one version that is protobuf throughout.
    #[error(
        "client speaks versions {min} to {max} only and Plimsoll speaks 157 to 200 and 213; closed the connection, update the client"
    )]
    ClientTooOld {
        /// The client's lowest version.
        min: u16,
        /// The client's highest version.
        max: u16,
    },
    /// The other side of the gateway is too old for this client.
    #[error(
        "client needs version {min} and the venue speaks at most {venue_max}; closed the connection, update TWS or Gateway"
    )]
    VenueTooOld {
        /// The client's lowest version.
        min: u16,
        /// The venue's highest version.
        venue_max: u16,
    },
}

/// The version to announce to a client, no higher than the venue behind speaks (`venue_max`): the highest of
/// the text protocol for a client that speaks it, else 213.
///
/// Announcing more than the client's maximum is never done: the client would go on to send its own older
/// layout and every order would be unreadable.
pub fn negotiate(hello: &ClientHello, venue_max: u16) -> Result<ServerVersion, NegotiateError> {
    let (min, max) = (hello.min, hello.max);
    let protobuf = ServerVersion::PROTOBUF.number();
    if min > protobuf {
        return Err(NegotiateError::ClientTooNew { min, max });
    }
    let known =
        if min > ServerVersion::MAX.number() { ServerVersion::at_most } else { ServerVersion::text_at_most };
    let too_old = NegotiateError::ClientTooOld { min, max };
    let client = known(max).filter(|v| v.number() >= min).ok_or(too_old)?;
    let venue = known(venue_max).map(|venue| venue.min(client));
    venue.filter(|v| v.number() >= min).ok_or(NegotiateError::VenueTooOld { min, venue_max })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(min: u16, max: u16) -> ClientHello {
        ClientHello { min, max, options: "".into() }
    }

    #[test]
    fn the_opening_bytes_of_a_real_client_are_read_at_every_cut() {
        let wire = b"API\0\x00\x00\x00\x09v157..178rest";
        for cut in 0..17 {
            assert_eq!(ClientHello::parse(&wire[..cut]), Ok(None), "cut at {cut}");
        }
        assert_eq!(ClientHello::parse(wire), Ok(Some((hello(157, 178), 17))));
        assert_eq!(&hello(157, 178).encode()[..], &wire[..17]);
    }

    #[test]
    fn options_and_single_versions_are_read() {
        let (paced, _) = ClientHello::parse(b"API\0\0\0\0\x12v100..176 +PACEAPI").unwrap().unwrap();
        assert_eq!(paced, ClientHello { options: "+PACEAPI".into(), ..hello(100, 176) });
        let (single, _) = ClientHello::parse(b"API\0\0\0\0\x04v100").unwrap().unwrap();
        assert_eq!(single, hello(100, 100));
    }

    /// A bot names one version and as many options as an offer holds; a gateway writes the range out in full
    /// and had cut the options inside a character.
    #[test]
    fn options_that_would_not_fit_behind_a_full_range_are_refused() {
        let hello = |options: &str| {
            let offer = format!("v200 {options}");
            let mut wire = BytesMut::from(&b"API\0"[..]);
            crate::frame::append(&mut wire, offer.as_bytes());
            wire
        };
        let refused = ClientHello::parse(&hello(&"\u{20ac}".repeat(81)));
        assert_eq!(refused, Err(HelloError::OptionsLength { len: 243 }));
        let wire = hello(&format!("{}xx", "\u{20ac}".repeat(80)));
        let (longest, used) = ClientHello::parse(&wire).unwrap().unwrap();
        assert_eq!(used, wire.len());
        let widest = ClientHello { min: 10_000, max: 65_535, ..longest };
        let written = widest.encode();
        assert_eq!(
            (written.len(), ClientHello::parse(&written)),
            (HELLO_LEN_MAX, Ok(Some((widest, HELLO_LEN_MAX))))
        );
    }

    #[test]
    fn garbage_is_named_at_its_first_byte() {
        let error = ClientHello::parse(b"GET / HTTP/1.1\r\n").unwrap_err().to_string();
        assert!(error.contains("GET / HTTP/1.1") && error.contains("an HTTP client"), "{error}");
        assert!(ClientHello::parse(b"A\0").is_err());
        assert!(ClientHello::parse(b"API\0\xFF\xFF\xFF\xFF").is_err());
        for offer in ["v200..100", "v..", "157..178", "v1e2", "v100..99999", "v-1"] {
            let mut wire = b"API\0\0\0\0".to_vec();
            wire.push(u8::try_from(offer.len()).unwrap());
            wire.extend(offer.bytes());
            assert!(ClientHello::parse(&wire).is_err(), "{offer}");
        }
    }

    #[test]
    fn each_known_client_gets_the_version_it_worked_at() {
        let at = |min, max| negotiate(&hello(min, max), u16::MAX).map(ServerVersion::number);
        assert_eq!(at(157, 178), Ok(178), "ib_async 2.1");
        assert_eq!(at(157, 176), Ok(176), "ib_insync 0.9.86");
        assert_eq!(at(100, 157), Ok(157), "ibapi 9.81");
        assert_eq!(at(100, 193), Ok(193), "stoqey 1.6");
        assert_eq!(at(100, 225), Ok(200), "official 10.46");
        assert_eq!(at(100, 158), Ok(157), "158 is never announced");
        assert_eq!(at(213, 226), Ok(213), "Rust ibapi 5.5");
        assert_eq!(at(208, 225), Ok(213), "ibkr-go 2");
        assert_eq!(at(200, 225), Ok(200), "text as long as the client speaks it");
        assert!(matches!(at(214, 226), Err(NegotiateError::ClientTooNew { .. })));
        assert!(matches!(at(201, 212), Err(NegotiateError::ClientTooOld { .. })), "mixed versions only");
        assert!(matches!(at(100, 156), Err(NegotiateError::ClientTooOld { .. })));
        assert!(matches!(at(158, 158), Err(NegotiateError::ClientTooOld { .. })));
    }

    #[test]
    fn an_older_venue_lowers_the_version() {
        assert_eq!(negotiate(&hello(100, 225), 173).unwrap().number(), 173);
        let refused = negotiate(&hello(190, 225), 173);
        assert_eq!(refused, Err(NegotiateError::VenueTooOld { min: 190, venue_max: 173 }));
        let refused = negotiate(&hello(213, 226), 212);
        assert_eq!(refused, Err(NegotiateError::VenueTooOld { min: 213, venue_max: 212 }));
    }

    #[test]
    fn the_server_reply_of_a_real_gateway_is_read_and_written() {
        let frame = RawFrame::new(Bytes::from_static(b"173\x0020250415 19:38:30 British Summer Time\x00"));
        let reply = ServerHello::parse(&frame).unwrap();
        assert_eq!((reply.version, &*reply.time_text), (173, "20250415 19:38:30 British Summer Time"));
        assert_eq!(reply.encode(), frame);
        assert!(ServerHello::parse(&RawFrame::new(Bytes::from_static(b"-1\0host:port\0"))).is_err());
    }

    #[test]
    fn arbitrary_bytes_never_panic() {
        arbtest::arbtest(|u| {
            let mut bytes: Vec<u8> = u.arbitrary()?;
            let _ = ClientHello::parse(&bytes);
            bytes.splice(0..0, *b"API\0\0\0\0\x06");
            if let Ok(Some((hello, used))) = ClientHello::parse(&bytes) {
                assert!(used <= bytes.len() && hello.min <= hello.max);
            }
            let _ = ServerHello::parse(&RawFrame::new(bytes.into()));
            Ok(())
        });
    }
}
