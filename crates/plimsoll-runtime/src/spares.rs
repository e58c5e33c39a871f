//! The journal's next segment, made by a thread of its own while there is time.
//!
//! The thread that writes the journal only asks and takes: a segment of zeros takes the disk longer than an order may
//! wait. One that is not there in time is made where it is needed, as the first one is.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use plimsoll_journal::{FileSink, Spare, SpareOrder, Writer};

/// Between two steps of the making: the disk is there for the orders first. A segment of 64 MiB takes some five
/// seconds like this, and lasts for minutes.
const PAUSE: Duration = Duration::from_millis(50);

/// The writing thread's side.
pub(crate) struct Spares {
    orders: Option<Sender<SpareOrder>>,
    made: Receiver<Option<Spare>>,
    /// One is being made.
    is_asked: bool,
    /// Dropped, it ends a making under way.
    going: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Spares {
    /// Starts the thread.
    pub(crate) fn start() -> std::io::Result<Self> {
        let (orders, asked) = channel::<SpareOrder>();
        let (give, made) = channel();
        let (going, ended) = channel::<()>();
        let goes_on = move || ended.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout);
        let thread = std::thread::Builder::new().name("segments".into()).spawn(move || {
            while let Ok(order) = asked.recv() {
                let spare = order.make(&goes_on).unwrap_or_else(|error| {
                    // The writer meets the same fault when it needs the segment, and ends by it.
                    tracing::warn!("the journal's next segment was not made ahead of time: {error}");
                    None
                });
                if give.send(spare).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { orders: Some(orders), made, is_asked: false, going: Some(going), thread: Some(thread) })
    }

    /// Gives the writer what was made, or has it made. Never waits.
    pub(crate) fn tend(&mut self, writer: &mut Writer<FileSink>) {
        if let Ok(spare) = self.made.try_recv() {
            self.is_asked = false;
            match spare {
                Some(spare) => writer.take_spare(spare),
                // A disk that is full is not asked again and again.
                None => self.orders = None,
            }
        }
        let Some(orders) = self.orders.as_ref().filter(|_| !self.is_asked) else { return };
        if let Some(order) = writer.spare_wanted() {
            self.is_asked = orders.send(order).is_ok();
        }
    }
}

impl Drop for Spares {
    /// The state directory is nobody else's before the thread has ended.
    fn drop(&mut self) {
        (self.orders, self.going) = (None, None);
        if let Some(thread) = self.thread.take() {
            // What it has made is removed with the receiver.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use jiff::Timestamp;
    use plimsoll_journal::{Body, Options, StateLock, open, verify};
    use plimsoll_model::{Mono, Now};

    use super::*;

    #[test]
    fn the_next_segment_is_there_before_it_is_needed_and_what_is_left_over_goes() {
        let dir = std::env::temp_dir().join(format!("plimsoll-spares-{}", std::process::id()));
        let lock = StateLock::acquire(&dir).unwrap();
        let (mut writer, _) = open(&lock, Options { segment_bytes: 4096 }).unwrap();
        let mut spares = Spares::start().unwrap();
        let now = Now { mono: Mono::ZERO, wall: Timestamp::UNIX_EPOCH };
        let spare = lock.journal_dir().join("spare.tmp");
        for link in 1..=3 {
            writer.append(now, &Body::LinkNote { link, text: "x".repeat(3000) }).unwrap();
            writer.sync().unwrap();
            assert!(!spare.exists(), "segment {link} was not made of the spare");
            let begun = Instant::now();
            while writer.spare_wanted().is_some() {
                assert!(begun.elapsed().as_secs() < 10, "nobody made it");
                spares.tend(&mut writer);
                std::thread::yield_now();
            }
            assert!(spare.exists());
        }
        drop((writer, spares));
        assert!(!spare.exists());
        assert_eq!(verify(&lock.journal_dir()).unwrap().records, 3);
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
