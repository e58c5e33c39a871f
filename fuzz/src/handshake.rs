//! The handshake: a hello is read at the same byte however it is cut, garbage is refused once and for all,
//! whatever was read can be written and read again, with any other range of versions too, and the version
//! agreed on lies within what both sides speak.
//!
//! Input: the venue's highest version (two bytes), the bytes of a client's hello, which are also taken for a
//! server's answer.

use plimsoll_model::RawFrame;
use plimsoll_tws::handshake::{ClientHello, HELLO_LEN_MAX, ServerHello, negotiate};

/// Panics if a hello cannot be read, written and read again.
pub fn check(input: &[u8]) {
    let Some((venue_max, bytes)) = input.split_first_chunk() else { return };
    client(bytes, u16::from_be_bytes(*venue_max));
    server(bytes);
}

fn client(bytes: &[u8], venue_max: u16) {
    // A gateway reads no further than this before it decides.
    let read = bytes.len().min(HELLO_LEN_MAX);
    let whole = ClientHello::parse(&bytes[..read]);
    for len in 0..read {
        let so_far = ClientHello::parse(&bytes[..len]);
        match (&so_far, &whole) {
            (Ok(Some((_, used))), _) => {
                assert!(*used <= len, "bytes that had not come were read");
                assert_eq!(so_far, whole, "a hello changed after it was complete");
            }
            (Err(_), _) => assert!(whole.is_err(), "garbage became a hello"),
            (Ok(None), Ok(Some((_, used)))) => assert!(len < *used, "a complete hello was not read"),
            (Ok(None), _) => {}
        }
    }
    let Ok(Some((hello, _))) = whole else {
        assert!(read < HELLO_LEN_MAX || whole.is_err(), "a hello of full length is still incomplete");
        return;
    };
    let widest = ClientHello { min: 10_000, max: u16::MAX, options: hello.options.clone() };
    for hello in [hello, widest] {
        let written = hello.encode();
        let len = written.len();
        assert_eq!(ClientHello::parse(&written), Ok(Some((hello.clone(), len))), "written is not read");
        if let Ok(version) = negotiate(&hello, venue_max) {
            let agreed = version.number();
            assert!((hello.min..=hello.max).contains(&agreed), "{agreed} for {hello:?}");
            assert!(agreed <= venue_max, "{agreed} for a venue that speaks {venue_max} at most");
        }
    }
}

fn server(bytes: &[u8]) {
    let frame = RawFrame::new(bytes.to_vec().into());
    if let Ok(hello) = ServerHello::parse(&frame) {
        assert_eq!(ServerHello::parse(&hello.encode()), Ok(hello), "written is not read");
    }
}
