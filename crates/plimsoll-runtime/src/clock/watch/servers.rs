//! One round of SNTP with one server (RFC 4330, RFC 5905 §14).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use jiff::SignedDuration;
use plimsoll_core::clock::Bounds;
use rsntp::{AsyncSntpClient, Config, SynchronizationError, SynchronizationResult};

/// Questions in one round. The quickest answer counts: what takes longer has waited somewhere.
const SAMPLES: usize = 4;
/// How long one answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(2);
/// What a server's own clock may be off. SNTP does not hand on a server's own estimate, and those of the public
/// pool are within it.
const SERVER_ERROR: SignedDuration = SignedDuration::from_millis(5);

/// Why a server has said nothing of use.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) why: String,
    /// It asks not to be asked so often.
    pub(super) unwelcome: bool,
}

impl Refused {
    fn because(why: impl ToString) -> Self {
        Self { why: why.to_string(), unwelcome: false }
    }
}

/// What true time minus our clock must be, by this server.
pub(super) async fn ask(address: &str) -> Result<Bounds, Refused> {
    let mut found = tokio::net::lookup_host(address).await.map_err(Refused::because)?;
    let server = found.next().ok_or_else(|| Refused::because("the name has no address"))?;
    let from =
        if server.is_ipv4() { IpAddr::V4(Ipv4Addr::UNSPECIFIED) } else { IpAddr::V6(Ipv6Addr::UNSPECIFIED) };
    let config = Config::default().bind_address(SocketAddr::new(from, 0)).timeout(ANSWER_MAX);
    let client = AsyncSntpClient::with_config(config);
    let mut best: Option<Bounds> = None;
    for _ in 0..SAMPLES {
        let bounds = read(&client.synchronize(server).await.map_err(|error| refusal(&error))?)?;
        if best.is_none_or(|best| bounds.uncertainty() < best.uncertainty()) {
            best = Some(bounds);
        }
    }
    best.ok_or_else(|| Refused::because("no answer"))
}

fn read(answer: &SynchronizationResult) -> Result<Bounds, Refused> {
    let span = |seconds: f64| {
        SignedDuration::try_from_secs_f64(seconds).map_err(|_| Refused::because("its answer is no time"))
    };
    let offset = span(answer.clock_offset().as_secs_f64())?;
    let delay = span(answer.round_trip_delay().as_secs_f64())?;
    // Half the way there and back is all that the answer itself can be wrong by.
    Ok(Bounds::around(offset, (delay.abs() / 2).saturating_add(SERVER_ERROR)))
}

fn refusal(error: &SynchronizationError) -> Refused {
    Refused { why: error.to_string(), unwelcome: error.is_kiss_of_death() }
}

#[cfg(test)]
mod tests {
    use tokio::net::UdpSocket;

    use super::*;

    /// Seconds from 1900, where NTP begins, to 1970.
    const TO_1970: u64 = 2_208_988_800;

    /// A server whose clock is off by so many seconds, and which says so much of itself in the first two octets.
    async fn server(ahead: i64, first: u8, stratum: u8) -> String {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            let mut question = [0; 48];
            while let Ok((48, from)) = socket.recv_from(&mut question).await {
                let now = jiff::Timestamp::now();
                let seconds = u64::try_from(now.as_second() + ahead).unwrap() + TO_1970;
                let fraction = (u64::try_from(now.subsec_nanosecond()).unwrap() << 32) / 1_000_000_000;
                let stamp = (seconds << 32 | fraction).to_be_bytes();
                let mut answer = [0; 48];
                answer[..2].copy_from_slice(&[first, stratum]);
                answer[12..16].copy_from_slice(b"RATE");
                answer[24..32].copy_from_slice(&question[40..48]);
                answer[32..40].copy_from_slice(&stamp);
                answer[40..48].copy_from_slice(&stamp);
                socket.send_to(&answer, from).await.unwrap();
            }
        });
        address
    }

    /// Version 4, a server.
    const SERVER: u8 = 4 << 3 | 4;

    #[tokio::test]
    async fn a_server_that_is_two_seconds_behind_us_says_minus_two() {
        let bounds = ask(&server(-2, SERVER, 2).await).await.unwrap();
        assert!(
            bounds.least <= SignedDuration::from_secs(-2) && SignedDuration::from_secs(-2) <= bounds.most
        );
        assert!(bounds.uncertainty() < Duration::from_millis(500), "{bounds:?}");
    }

    #[tokio::test]
    async fn a_server_that_does_not_know_the_time_itself_is_not_heard() {
        let alarmed = ask(&server(0, 3 << 6 | SERVER, 2).await).await.unwrap_err();
        assert!(alarmed.why.contains("not synchronized"), "{alarmed:?}");
        let far = ask(&server(0, SERVER, 16).await).await.unwrap_err();
        assert!(far.why.contains("not synchronized"), "{far:?}");
    }

    #[tokio::test]
    async fn a_kiss_of_death_is_heeded() {
        let refused = ask(&server(0, SERVER, 0).await).await.unwrap_err();
        assert!(refused.unwelcome, "{refused:?}");
    }

    #[tokio::test]
    async fn an_answer_to_another_question_is_no_answer() {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            let mut question = [0; 48];
            let (_, from) = socket.recv_from(&mut question).await.unwrap();
            let mut forged = [7; 48];
            forged[..2].copy_from_slice(&[SERVER, 2]);
            socket.send_to(&forged, from).await.unwrap();
        });
        assert!(ask(&address).await.is_err());
    }
}
