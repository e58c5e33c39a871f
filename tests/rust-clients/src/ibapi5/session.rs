//! The connected client, the stream of its orders, and what the steps share.

use std::fmt::Debug;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use ibapi5::Error;
use ibapi5::client::blocking::{Client, NoticeStream, Subscription};
use ibapi5::contracts::Contract;
use ibapi5::orders::OrderUpdate;
use ibapi5::subscriptions::SubscriptionItem;

use crate::says;

pub const MINE: &str = "DU1111111";
pub const OTHER: &str = "DU2222222";

const ANSWER: Duration = Duration::from_secs(15);
/// So long must nothing come before an answer counts as whole.
const QUIET: Duration = Duration::from_millis(250);
/// So long a stream is listened to.
const STREAM: Duration = Duration::from_secs(1);

/// A logged-in client.
pub struct Session {
    pub client: Client,
    pub spy: Contract,
    /// A whole number near the market that two runs agree on: yesterday's close.
    pub near: f64,
    pub resting: i32,
    updates: Subscription<OrderUpdate>,
    /// What has no number of a request.
    notices: NoticeStream,
    next_order: i32,
}

impl Session {
    pub fn login(port: u16, client_id: i32) -> Result<Self> {
        let client = Client::connect(&format!("127.0.0.1:{port}"), client_id)?;
        let updates = client.order_update_stream()?;
        let notices = client.notice_stream()?;
        let next_order = client.next_order_id();
        // The library keeps nothing for a stream that is asked for later, so the farm notices of the login may
        // or may not be in it.
        while notices.next_timeout(2 * QUIET).is_some() {}
        says::result(&(client.server_version(), next_order));
        Ok(Self { client, spy: stock("SPY"), near: 0.0, resting: 0, updates, notices, next_order })
    }

    pub fn order_id(&mut self) -> i32 {
        self.next_order += 1;
        self.next_order - 1
    }

    /// Says what orders are told until one item is wanted, and that one too.
    fn until(
        &self,
        what: &str,
        wanted: impl Fn(&SubscriptionItem<OrderUpdate>) -> bool,
    ) -> Result<SubscriptionItem<OrderUpdate>> {
        let deadline = Instant::now() + ANSWER;
        loop {
            let left = deadline.checked_duration_since(Instant::now());
            let left = left.with_context(|| format!("no {what} within {ANSWER:?}"))?;
            if let Some(item) = self.updates.next_timeout(left) {
                let item = item.context("the stream of orders")?;
                say(None, &item);
                if wanted(&item) {
                    return Ok(item);
                }
            }
        }
    }

    /// Until an order has a status.
    pub fn until_status(&self, number: i32, status: &str) -> Result<()> {
        self.until(&format!("{status} of {number}"), |update| {
            matches!(update, SubscriptionItem::Data(OrderUpdate::OrderStatus(said))
                if said.order_id == number && format!("{:?}", said.status) == status)
        })?;
        Ok(())
    }

    /// Until an order is shown, at a limit if one is named.
    pub fn until_open(&self, number: i32, limit: Option<f64>) -> Result<()> {
        self.until("open order", |update| {
            matches!(update, SubscriptionItem::Data(OrderUpdate::OpenOrder(said)) if said.order_id == number
                && (limit.is_none() || said.order.limit_price == limit))
        })?;
        Ok(())
    }

    /// Until something is refused; its code.
    pub fn until_refusal(&self) -> Result<i32> {
        match self.until("refusal", |update| matches!(update, SubscriptionItem::Notice(_)))? {
            SubscriptionItem::Notice(said) => Ok(said.code),
            other => bail!("{other:?} is no refusal"),
        }
    }

    /// Until something without a number of a request is refused; its code.
    pub fn until_notice(&self) -> Result<i32> {
        let notice = self.notices.next_timeout(ANSWER).context("a notice")?;
        says::heard(&notice);
        Ok(notice.code)
    }

    /// Until the commission of an execution is known.
    pub fn until_commission(&self) -> Result<()> {
        self.until("commission", |update| {
            matches!(update, SubscriptionItem::Data(OrderUpdate::CommissionReport(_)))
        })?;
        Ok(())
    }

    /// Says whatever orders are still told, until nothing comes.
    pub fn settle(&self) {
        while let Some(item) = self.updates.next_timeout(QUIET) {
            said(None, item);
        }
        while let Some(notice) = self.notices.try_next() {
            says::heard(&notice);
        }
    }
}

type Item<T> = Option<Result<SubscriptionItem<T>, Error>>;

/// Says one item of a stream, or the error that ends it; whether it was data.
fn said<T: Debug>(kind: Option<&str>, item: Result<SubscriptionItem<T>, Error>) -> bool {
    match item {
        Ok(item) => {
            say(kind, &item);
            matches!(item, SubscriptionItem::Data(_))
        }
        Err(error) => {
            says::heard_under("error", &error);
            false
        }
    }
}

fn say<T: Debug>(kind: Option<&str>, item: &SubscriptionItem<T>) {
    match (item, kind) {
        (SubscriptionItem::Data(data), Some(kind)) => says::heard_under(kind, data),
        (SubscriptionItem::Data(data), None) => says::heard(data),
        (SubscriptionItem::Notice(notice), _) => says::heard(notice),
    }
}

/// Says everything that a request is answered with, until it ends or nothing more comes; how much data it was.
/// The first item may take its time.
pub fn whole<T: Debug>(kind: Option<&str>, mut next: impl FnMut(Duration) -> Item<T>) -> usize {
    let mut count = 0;
    let mut patience = ANSWER;
    while let Some(item) = next(patience) {
        count += usize::from(said(kind, item));
        patience = QUIET;
    }
    count
}

/// Says what a stream brings for a while, or the error in its place; how much data it was.
pub fn stream<T: Debug>(kind: Option<&str>, mut next: impl FnMut(Duration) -> Item<T>) -> Result<usize> {
    let (mut count, mut answered) = (0, false);
    let mut deadline = Instant::now() + ANSWER;
    while let Some(left) = deadline.checked_duration_since(Instant::now()) {
        let Some(item) = next(left) else { break };
        let first = !answered;
        answered = true;
        count += usize::from(said(kind, item));
        if first {
            deadline = Instant::now() + STREAM;
        }
    }
    if !answered {
        bail!("a stream without an item within {ANSWER:?}");
    }
    Ok(count)
}

/// Says an answer that comes in one piece, or the error in its place.
pub fn single<T: Debug>(kind: &str, answer: Result<T, Error>) -> Option<T> {
    match answer {
        Ok(value) => {
            says::heard_under(kind, &value);
            Some(value)
        }
        Err(error) => {
            says::heard_under("error", &error);
            None
        }
    }
}

pub fn stock(symbol: &str) -> Contract {
    Contract::stock(symbol).on_exchange("SMART").in_currency("USD").build()
}
