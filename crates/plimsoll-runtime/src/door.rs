//! Who may hold a connection to the venue before it is a link.
//!
//! The venue's answer to a client's hello comes before the client says who it is, and only the venue can give it:
//! its version, and the time in the login's zone. So each hello costs a connection to the venue, of which that has
//! [`VENUE_CLIENTS_MAX`] for everybody, and whoever loops through hellos could take them all.
//!
//! Invariants:
//! * a port has one such connection at a time ([`UNSTARTED_PER_PORT`]), and further clients wait for their turn:
//!   who crowds one port keeps nobody out of another;
//! * over all ports there are no more than the venue has left when every configured client id and our own
//!   connection are there;
//! * a port whose clients do not become links has to pause longer and longer between them.
//!
//! Does not own: who may become a link, which the bridge says.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

/// Clients that a TWS or a Gateway takes at once.
pub(crate) const VENUE_CLIENTS_MAX: usize = 32;
/// Connections to the venue of all ports together whose client has not said who it is.
pub(crate) const UNSTARTED_MAX: usize = 16;
/// The same, of one port.
pub(crate) const UNSTARTED_PER_PORT: usize = 1;
/// Clients of one port that have not said who they are. Those that wait for their turn have said hello, and cost
/// the venue nothing.
pub(crate) const UNIDENTIFIED_MAX: usize = 16;
/// The pause after the first client that did not become a link. It doubles with each further one.
const PAUSE_MIN: Duration = Duration::from_millis(125);
/// Clients give up after four seconds. The bot itself, behind one that loops on its port, must still get in.
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// Room at the venue for clients that have not said who they are, over all ports.
#[derive(Debug, Clone)]
pub(crate) struct Lobby(Arc<Semaphore>);

/// One port's door. Clones are the same door.
#[derive(Debug, Clone)]
pub(crate) struct Door(Arc<Port>);

#[derive(Debug)]
struct Port {
    lobby: Lobby,
    unidentified: Arc<Semaphore>,
    unstarted: Arc<Semaphore>,
    pause: Mutex<Pause>,
}

/// How long the port has to wait, and why.
#[derive(Debug, Default)]
struct Pause {
    /// Clients in a row that did not become links.
    turned_away: u32,
    until: Option<Instant>,
}

/// The right to one connection to the venue, until its client has said who it is.
#[derive(Debug)]
pub(crate) struct Place {
    _of_port: Option<OwnedSemaphorePermit>,
    _of_lobby: Option<OwnedSemaphorePermit>,
}

impl Lobby {
    /// Room beside so many configured client ids and our own connection; never none.
    pub(crate) fn beside(client_ids: usize) -> Self {
        let left = VENUE_CLIENTS_MAX.saturating_sub(client_ids + 1).clamp(1, UNSTARTED_MAX);
        Self(Arc::new(Semaphore::new(left)))
    }

    /// A port's door into it.
    pub(crate) fn door(&self) -> Door {
        Door(Arc::new(Port {
            lobby: self.clone(),
            unidentified: Arc::new(Semaphore::new(UNIDENTIFIED_MAX)),
            unstarted: Arc::new(Semaphore::new(UNSTARTED_PER_PORT)),
            pause: Mutex::default(),
        }))
    }
}

impl Door {
    /// A client is here. Held until it has said who it is; none if too many have not.
    pub(crate) fn enter(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0.unidentified).try_acquire_owned().ok()
    }

    /// Waits for the client's turn. A call that was dropped has taken nothing.
    pub(crate) async fn place(&self) -> Place {
        // First the port's own: so each port has one client at most in the queue that all of them share, and gets
        // its turn however many another one has.
        let of_port = Arc::clone(&self.0.unstarted).acquire_owned().await.ok();
        let until = self.pause().until;
        if let Some(until) = until {
            sleep_until(until).await;
        }
        let of_lobby = Arc::clone(&self.0.lobby.0).acquire_owned().await.ok();
        Place { _of_port: of_port, _of_lobby: of_lobby }
    }

    /// A client had its place and did not become a link, by its own doing.
    pub(crate) fn turned_away(&self) {
        let mut pause = self.pause();
        let times = 1_u32.checked_shl(pause.turned_away).unwrap_or(u32::MAX);
        pause.turned_away = pause.turned_away.saturating_add(1);
        pause.until = Some(Instant::now() + PAUSE_MIN.saturating_mul(times).min(PAUSE_MAX));
    }

    /// A client has become a link.
    pub(crate) fn let_in(&self) {
        *self.pause() = Pause::default();
    }

    fn pause(&self) -> MutexGuard<'_, Pause> {
        self.0.pause.lock().expect("nothing panics while it holds a pause")
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn poll(future: impl Future<Output = Place>) -> Option<Place> {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(place) => Some(place),
            Poll::Pending => None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_port_has_one_place_and_four_crowded_ports_leave_a_fifth_its_own() {
        let lobby = Lobby::beside(5);
        let doors: Vec<Door> = (0..5).map(|_| lobby.door()).collect();
        let mut taken = Vec::new();
        for door in &doors[..4] {
            taken.push(door.place().await);
            assert!(poll(door.place()).is_none(), "a second place of one port");
        }
        assert!(poll(doors[4].place()).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn configured_clients_and_our_own_connection_keep_their_places_at_the_venue() {
        // 32 at the venue, 29 configured, one of our own: two are left for those that are nobody yet.
        let lobby = Lobby::beside(29);
        let doors: Vec<Door> = (0..3).map(|_| lobby.door()).collect();
        let _first = doors[0].place().await;
        let second = doors[1].place().await;
        assert!(poll(doors[2].place()).is_none());
        drop(second);
        assert!(poll(doors[2].place()).is_some(), "a place that is given back is another port's");
        let crowded = Lobby::beside(40).door();
        assert!(poll(crowded.place()).is_some(), "more ids than the venue takes: one at a time");
    }

    #[tokio::test(start_paused = true)]
    async fn the_pause_doubles_up_to_its_limit_and_ends_with_a_link() {
        let door = Lobby::beside(1).door();
        let mut waited = Vec::new();
        for _ in 0..40 {
            door.turned_away();
            let begun = Instant::now();
            drop(door.place().await);
            waited.push(begun.elapsed().as_millis());
        }
        assert_eq!(waited[..6], [125, 250, 500, 1000, 2000, 2000]);
        assert_eq!(waited[39], 2000);
        door.let_in();
        assert!(poll(door.place()).is_some());
    }

    #[test]
    fn so_many_clients_may_be_nobody_yet_and_no_more() {
        let door = Lobby::beside(1).door();
        let mut inside: Vec<_> =
            (0..UNIDENTIFIED_MAX).map(|_| door.enter().expect("there is room")).collect();
        assert!(door.enter().is_none());
        inside.pop();
        assert!(door.enter().is_some());
    }
}
