//! Ticks as a venue sends them, and a bot that asks for them and reads them without looking.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use plimsoll_model::{Price, Qty};
use plimsoll_tws::frame::{self, FrameDecoder, VENUE_FRAME_MAX};
use plimsoll_tws::handshake::ClientHello;
use plimsoll_tws::message::{ReqIds, Request, Response, StartApi, TickPrice, TickSize};
use plimsoll_tws::{ServerVersion, Word};

/// What the two Python libraries in use negotiate.
const VERSION: u16 = 178;

fn version() -> ServerVersion {
    ServerVersion::new(VERSION).expect("a version that is spoken")
}

/// So many framed ticks, prices and sizes in turn.
pub(crate) fn ticks(count: usize) -> Bytes {
    let px = Price::parse("600.01").ok();
    let price = TickPrice { req_id: 7, tick: 1, px, size: Some(Qty::whole(100)), attributes: 0 };
    let size = TickSize { req_id: 7, tick: 0, size: Some(Qty::whole(300)) };
    let pair = [Response::TickPrice(price), Response::TickSize(size)].map(|tick| tick.encode(version()));
    let mut bytes = BytesMut::new();
    pair.iter().cycle().take(count).for_each(|tick| frame::append(&mut bytes, tick.bytes()));
    bytes.freeze()
}

/// A started client.
pub(crate) struct Reader {
    stream: TcpStream,
    chunk: Vec<u8>,
}

impl Reader {
    /// Shakes hands, starts, and waits for the next order id.
    pub(crate) fn start(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the port listens");
        stream.set_nodelay(true).expect("a connected socket takes options");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("ten seconds are a time-out");
        let mut reader = Self { stream, chunk: vec![0; 256 * 1024] };
        let mut decoder = FrameDecoder::new(VENUE_FRAME_MAX);
        let hello = ClientHello { min: 157, max: VERSION, options: "".into() };
        reader.write(&hello.encode());
        reader.wait_for(&mut decoder, b"178\0");
        reader.send(&Request::StartApi(StartApi { client_id: 11, capabilities: Word::EMPTY }));
        reader.wait_for(&mut decoder, b"9\0");
        reader
    }

    /// Asks for the venue's feed and takes all of it.
    pub(crate) fn pull(&mut self, len: usize) {
        self.send(&Request::ReqIds(ReqIds { count: 1 }));
        let mut left = len;
        while left > 0 {
            let n = self.read();
            left = left.checked_sub(n).expect("nothing comes but the feed");
        }
    }

    fn wait_for(&mut self, decoder: &mut FrameDecoder, wanted: &[u8]) {
        loop {
            while let Some(frame) = decoder.next().expect("the other side sends frames") {
                if frame.bytes().starts_with(wanted) {
                    return;
                }
            }
            let n = self.read();
            decoder.push(&self.chunk[..n]);
        }
    }

    fn send(&mut self, request: &Request) {
        self.write(&frame::encode(request.encode(version()).bytes()));
    }

    fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("the link is up");
    }

    fn read(&mut self) -> usize {
        let n = self.stream.read(&mut self.chunk).expect("the feed comes within ten seconds");
        assert!(n > 0, "the other side closed the link");
        n
    }
}
