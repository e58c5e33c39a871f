//! Every maximum of the bridge in one place, and what happens when it is reached: no new risk, while
//! cancels keep flowing.

use std::time::Duration;

use jiff::SignedDuration;

/// Orders kept in the book. Beyond it the oldest finished one is forgotten: whose a late execution is says its
/// reference, and the journal has the rest. An open one never is forgotten; those are bounded by
/// [`OPEN_ORDERS_MAX`] for each bot.
pub const BOOK_ORDERS_MAX: usize = 20_000;

/// Orders that have ended and are kept whole, about half a kilobyte each, to be shown. The oldest beyond it are packed
/// into a quarter of that; nothing of them is lost, and what the venue still says of one unpacks it.
pub const ENDED_ORDERS_MAX: usize = 1_000;

/// Denied orders of one bot that are kept in the book to be shown; the oldest beyond it are forgotten there.
/// The journal has all of them, and they are counted for ever.
pub const DENIED_ORDERS_MAX: usize = 1_000;

/// Bytes in any one text of an order; one with a longer text is denied as unreadable. Some texts are kept as
/// long as the order, so a frame of a quarter megabyte must not be one.
pub const ORDER_TEXT_MAX: usize = 1_024;

/// Working orders of one bot at once; beyond it its new orders are denied.
pub const OPEN_ORDERS_MAX: usize = 2_000;

/// Messages of one link that wait for the disk; beyond it its new orders are denied.
pub const OUTBOX_PER_LINK_MAX: usize = 256;

/// Orders staged with `transmit = 0` on one link; beyond it the next is denied.
pub const STAGED_PER_LINK_MAX: usize = 64;

/// How long an order may wait for the disk. Older ones are denied at release: the world has moved on.
pub const RELEASE_WAIT_MAX: Duration = Duration::from_secs(5);

/// How long the rate limit looks back.
pub const RATE_WINDOW: Duration = Duration::from_mins(1);

/// Entries of each bot's repetition memory; the oldest beyond it are forgotten, and so is what is older than the rate
/// limit and every window of repetition look back.
pub const RECENT_ORDERS_MAX: usize = 10_000;

/// Declared decisions that are remembered of each bot, for ever; beyond it an order that declares a new one
/// is denied, because a forgotten decision could be taken twice.
pub const DECISIONS_PER_BOT_MAX: usize = 100_000;

/// Executions that one link remembers to have shown, so that their commissions are shown as well; the
/// oldest beyond it are forgotten.
pub const SHOWN_EXECS_MAX: usize = 10_000;

/// Changes of one order on their way to the venue; beyond it the next is denied.
pub const CHANGES_PER_ORDER_MAX: usize = 32;

/// Orders of our own that work in an equivalent instrument in the place of bots' on-close orders; beyond it the next is
/// denied without one.
pub const EQUIVALENTS_MAX: usize = 256;

/// How old the quotes may be by which an equivalent is sized, for a bot whose prices may have any age.
pub const EQUIVALENT_QUOTE_AGE_MAX: Duration = Duration::from_secs(15);

/// The highest order id: a next one has to exist.
pub const ORDER_ID_MAX: i32 = i32::MAX - 1;

/// The lowest id of an order of our own. An error names a request or an order by one number, and our questions begin
/// at one.
pub const OWN_ORDER_ID_MIN: i32 = 100_000_000;

/// How far above all order ids before it the id of an order that stays here is still remembered: one beyond that
/// was a slip, and must not use up all that are left.
pub const ORDER_ID_JUMP_MAX: i32 = 1_000_000;

/// How many characters of a symbol are written into an order reference.
pub const REFERENCE_SYMBOL_MAX: usize = 32;

/// Trade dates so many days back are still counted: no venue's is further behind, and a clock may be set back.
pub const REFERENCE_DAYS_BACK: i64 = 7;

/// And so many ahead: the next session is not further away, whatever a venue's holidays are.
pub const REFERENCE_DAYS_AHEAD: i64 = 14;

/// A number in an order reference that no day of ours reaches; such a reference is not ours.
pub const REFERENCE_COUNTER_MAX: u32 = 1_000_000_000;

/// How long an answer about orders may take before the question is asked again.
pub const POLL_PATIENCE: Duration = Duration::from_secs(30);

/// How often the broker is asked about orders whose bot is not connected, and how long after an order has become
/// inactive it is asked about that.
pub const ORPHAN_POLL: Duration = Duration::from_secs(5);

/// How long our own connection has to hear by itself that the broker's servers are back, when another one was told so.
pub const RESTORED_GRACE: Duration = Duration::from_secs(5);

/// How often the broker is asked for the hours of the coming days; a surprise is announced the evening before.
pub const HOURS_AUDIT: Duration = Duration::from_hours(24);

/// How often on a day with an early close, or of which the broker says something else than the calendar.
pub const HOURS_AUDIT_SHORT: Duration = Duration::from_hours(1);

/// By how much before a session opens the broker is asked again, if the latest answer is older: what was announced in the
/// evening is known before anybody can trade on it.
pub const HOURS_AUDIT_BEFORE_OPEN: Duration = Duration::from_hours(1);

/// How often the broker is asked for the sessions of the past.
pub const SCHEDULE_AUDIT: Duration = Duration::from_hours(7 * 24);

/// How many sessions of the past are asked for: about a year.
pub const SCHEDULE_DAYS: u16 = 250;

/// How long a report on a bot's connection may be ahead of its copy on ours.
pub const DROP_COPY_GRACE: Duration = Duration::from_secs(10);

/// How often open orders and executions are asked for while orders of others do not come by themselves.
pub const DROP_COPY_POLL: Duration = Duration::from_mins(1);

/// How long one and the same difference between the broker's holding and the ledger must have lasted before
/// executions are asked for because of it, and before it can be taken for foreign: the two come on different
/// connections, a moment apart.
pub const POSITION_GRACE: Duration = Duration::from_secs(2);

/// What is uncertain while no source of time is known, or most of them contradict each other.
pub const CLOCK_UNKNOWN: Duration = Duration::from_mins(15);

/// An offset and an uncertainty up to this are good: FINRA 4590 asks as much of business clocks.
pub const CLOCK_GOOD: Duration = Duration::from_millis(50);

/// How old an answer of a source of time may be and still count.
pub const CLOCK_SOURCE_AGE_MAX: Duration = Duration::from_mins(15);

/// How fast a clock that nobody corrects may run off, in millionths; crystals are sold with 20 to 100.
pub const CLOCK_DRIFT_PPM: u128 = 100;

/// How well it is known by how much somebody has set the clock.
pub const CLOCK_STEP_ERROR: SignedDuration = SignedDuration::from_millis(2);

/// How far the chip that keeps time during sleep may be off: it counts whole seconds.
pub const CLOCK_SLEEP_ERROR: SignedDuration = SignedDuration::from_secs(1);

/// Orders whose first answer is waited for; the oldest beyond it are not measured.
pub const ACKS_WAITING_MAX: usize = 1_000;

/// Answer times that are kept.
pub const ACKS_KEPT: usize = 1_000;

/// Answers that must have been seen before their times are believed.
pub const ACKS_MIN: usize = 20;

/// What counts until then.
pub const ACK_UNKNOWN: Duration = Duration::from_secs(1);

/// On-close orders that are followed until after the close; beyond it an order is placed without a fallback.
pub const FALLBACKS_MAX: usize = 1_000;

/// How long before a fallback's instant the venue is asked what has become of the on-close order: time for the answers,
/// and for a cancel where one is needed.
pub const FALLBACK_LEAD: Duration = Duration::from_secs(5);

/// How long before a fallback's instant the venue is asked once more: an answer to that, or to what is asked later, is
/// the sign of life without which no market order leaves.
pub const FALLBACK_FRESH: Duration = Duration::from_secs(1);

/// How long after the close the executions of the auction are looked at. The print can come minutes late.
pub const FALLBACK_SETTLE: Duration = Duration::from_mins(5);

/// How long after a closing auction the venue has to have said what became of an order in it.
pub const AUCTION_OWES_AFTER: Duration = Duration::from_mins(1);

/// How often it is asked for that while it has not.
pub const AUCTION_OWES_AGAIN: Duration = Duration::from_mins(1);

/// How long it is asked; then a person is told.
pub const AUCTION_OWES_FOR: Duration = Duration::from_mins(30);

/// Jobs of one configuration; a file with more is refused.
pub const JOBS_MAX: usize = 200;

/// Names of jobs that are remembered with their dates; of those that are not configured any more the oldest beyond it
/// are forgotten.
pub const JOB_NAMES_MAX: usize = 1_000;

/// Settled dates that are remembered of each job, the latest decided: more than the lookback can ask for, even after
/// a clock that went far astray.
pub const JOB_DATES_MAX: usize = 64;

/// A start within this is in time: machines and disks are late by milliseconds, a busy one by more.
pub const JOB_PUNCTUAL: Duration = Duration::from_secs(5);

/// How far back it is said of a job that it was missed.
pub const JOB_LOOKBACK_DAYS: i64 = 7;

/// How far ahead the next date of a job is looked for; a longer holiday is looked at again in time.
pub const JOB_AHEAD_DAYS: i64 = 14;

/// How often the next date of a job is looked for again while there is none.
pub const JOB_LOOK_AGAIN: SignedDuration = SignedDuration::from_hours(24);

/// By how much time has to go back before the next dates of all jobs are looked for anew; what is known of it moves by
/// less with every answer of a time server.
pub const JOB_BACK: SignedDuration = SignedDuration::from_secs(1);

/// For how long after a start no job is decided: its clock is not watched yet.
pub const JOB_SETTLE: Duration = Duration::from_secs(1);

/// By how much the wall clock may move against the other one between two events.
pub const CLOCK_JUMP: SignedDuration = SignedDuration::from_millis(50);

/// How long somebody has to say how a clock was set; the watch looks every second.
pub const CLOCK_JUMP_PATIENCE: Duration = Duration::from_secs(3);

/// How long a source of time has to answer after the clock was set while none was known; each is asked every minute.
pub const CLOCK_LOST_PATIENCE: Duration = Duration::from_mins(2);

/// Days that one explanation of a schedule may span.
pub const EXPLAIN_DAYS_MAX: u32 = 3_660;

/// On-close orders of one account and contract that are netted; more are denied.
pub const NETTED_ORDERS_MAX: usize = 1_000;

/// How long before the cutoff netted orders leave where nothing else is configured.
pub const NET_LEAD: Duration = Duration::from_secs(2);

/// How long after the close its official price is asked for, where no execution tells it: auctions end late, and the
/// venue's bar of the day is made after them.
pub const OFFICIAL_CLOSE_AFTER: Duration = Duration::from_mins(10);

/// How often that is asked for again while the bar of the day is not there.
pub const OFFICIAL_CLOSE_AGAIN: Duration = Duration::from_mins(5);

/// How many days of bars are asked for then.
pub const OFFICIAL_CLOSE_DAYS: u16 = 10;

/// How often netted orders are added up anew because something changed while the disk took the sum; after that nobody's
/// is carried out.
pub const NET_TRIES_MAX: u32 = 16;

/// Characters of a reason that a bot is told of the end of an order that was held.
pub const TOLD_REASON_MAX: usize = 400;

/// How many days back on-close orders that were netted are remembered: the broker repeats executions of the last seven.
pub const NETTED_DAYS_KEPT: i32 = 10;

/// Decimal places of the average price that a bot is told of an order with several executions.
pub const AVG_PX_PLACES: u32 = 8;

/// Units in one on-close order that is netted; the sum over all of them is counted in 64 bits.
pub const NETTED_QTY_MAX: u64 = 1_000_000_000_000;

/// Allocations of one configuration; a file with more is refused.
pub const ALLOCATIONS_MAX: usize = 100;

/// Accounts of one allocation: their orders wait for the disk together, within [`OUTBOX_PER_LINK_MAX`].
pub const ALLOCATION_ACCOUNTS_MAX: usize = 200;

/// Divided orders that are remembered with all their parts. As many may work at once; beyond it the next is denied, and
/// of those that are over the oldest are forgotten.
pub const ALLOCATIONS_KEPT: usize = 200;

/// How often the broker is asked anew what accounts are worth, where orders are divided by it: it tells what has changed
/// every three minutes.
pub const EQUITY_AGAIN: Duration = Duration::from_mins(5);

/// The oldest worth that an order is divided by: three questions without an answer.
pub const EQUITY_AGE_MAX: Duration = Duration::from_mins(15);

/// Decimal places of an account's exact share, for people.
pub const SHARE_PLACES: u32 = 4;
