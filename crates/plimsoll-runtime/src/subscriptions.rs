//! What a bot has subscribed to on its link, so that it can be ended when the bot is gone and its upstream stays.
//!
//! A login has so many lines of market data, books and summaries for all its clients together. Those of a bot that
//! is gone would be missing to the others.

use std::collections::BTreeMap;

use plimsoll_model::RawFrame;
use plimsoll_tws::message::{ById, CancelMktDepth, ReqAccountUpdates, message_id};
use plimsoll_tws::{Request, ServerVersion};

/// Subscriptions of one link that are remembered; five times what a login has. Those beyond stay until the
/// upstream ends.
const SUBSCRIPTIONS_MAX: usize = 512;

/// Requests that begin or end a subscription, by number, so that no other is decoded for nothing: market data,
/// account updates, depth, bulletins, bars, scanners, real-time bars, positions, account summary, display groups, the
/// forms of one account, profit and loss, tick by tick; each with its cancel.
const BEGIN_OR_END: &[i32] = &[
    1, 2, 6, 10, 11, 12, 13, 20, 22, 23, 25, 50, 51, 61, 62, 63, 64, 68, 70, 74, 75, 76, 77, 92, 93, 94, 95,
    97, 98,
];

/// The subscriptions of one link: what ends each, by the number of that message and of the request.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions(BTreeMap<(i32, i32), Request>);

impl Subscriptions {
    /// The bot has sent this.
    pub(crate) fn sent(&mut self, version: ServerVersion, frame: &RawFrame) {
        if !message_id(version, frame).is_some_and(|id| BEGIN_OR_END.contains(&id)) {
            return;
        }
        match Request::decode(version, frame).ok().and_then(change) {
            Some(Change::Begins(key, end)) if self.0.len() < SUBSCRIPTIONS_MAX => {
                self.0.insert(key, *end);
            }
            Some(Change::Ends(key)) => {
                self.0.remove(&key);
            }
            Some(Change::Begins(..)) | None => {}
        }
    }

    /// The messages that end all of them.
    pub(crate) fn take(&mut self, version: ServerVersion) -> Vec<RawFrame> {
        std::mem::take(&mut self.0).into_values().map(|end| end.encode(version)).collect()
    }
}

enum Change {
    Begins((i32, i32), Box<Request>),
    Ends((i32, i32)),
}

/// What a request does to the subscriptions. A snapshot ends by itself, and so do bars that are not kept up to date.
fn change(request: Request) -> Option<Change> {
    use Request as R;

    let begins = |id: i32, req_id: i32, end: Request| Some(Change::Begins((id, req_id), Box::new(end)));
    let by_id = |id: i32, req_id: i32, end: fn(ById) -> Request| begins(id, req_id, end(ById { req_id }));
    let ends = |id: i32, req_id: i32| Some(Change::Ends((id, req_id)));
    match request {
        R::ReqMktData(asked) if !asked.snapshot && !asked.regulatory_snapshot => {
            by_id(2, asked.req_id, R::CancelMktData)
        }
        R::CancelMktData(ended) => ends(2, ended.req_id),
        R::ReqAccountUpdates(ReqAccountUpdates { subscribe: true, account }) => {
            begins(6, 0, R::ReqAccountUpdates(ReqAccountUpdates { subscribe: false, account }))
        }
        R::ReqAccountUpdates(_) => ends(6, 0),
        R::ReqMktDepth(asked) => {
            let (req_id, is_smart) = (asked.req_id, asked.is_smart);
            begins(11, req_id, R::CancelMktDepth(CancelMktDepth { req_id, is_smart }))
        }
        R::CancelMktDepth(ended) => ends(11, ended.req_id),
        R::ReqNewsBulletins(_) => begins(13, 0, R::CancelNewsBulletins),
        R::CancelNewsBulletins => ends(13, 0),
        R::ReqHistoricalData(asked) if asked.keep_up_to_date => {
            by_id(25, asked.req_id, R::CancelHistoricalData)
        }
        R::CancelHistoricalData(ended) => ends(25, ended.req_id),
        R::ReqScannerSubscription(asked) => by_id(23, asked.req_id, R::CancelScannerSubscription),
        R::CancelScannerSubscription(ended) => ends(23, ended.req_id),
        R::ReqRealTimeBars(asked) => by_id(51, asked.req_id, R::CancelRealTimeBars),
        R::CancelRealTimeBars(ended) => ends(51, ended.req_id),
        R::ReqPositions => begins(64, 0, R::CancelPositions),
        R::CancelPositions => ends(64, 0),
        R::ReqAccountSummary(asked) => by_id(63, asked.req_id, R::CancelAccountSummary),
        R::CancelAccountSummary(ended) => ends(63, ended.req_id),
        R::SubscribeToGroupEvents(asked) => by_id(70, asked.req_id, R::UnsubscribeFromGroupEvents),
        R::UnsubscribeFromGroupEvents(ended) => ends(70, ended.req_id),
        R::ReqPositionsMulti(asked) => by_id(75, asked.req_id, R::CancelPositionsMulti),
        R::CancelPositionsMulti(ended) => ends(75, ended.req_id),
        R::ReqAccountUpdatesMulti(asked) => by_id(77, asked.req_id, R::CancelAccountUpdatesMulti),
        R::CancelAccountUpdatesMulti(ended) => ends(77, ended.req_id),
        R::ReqPnl(asked) => by_id(93, asked.req_id, R::CancelPnl),
        R::CancelPnl(ended) => ends(93, ended.req_id),
        R::ReqPnlSingle(asked) => by_id(95, asked.req_id, R::CancelPnlSingle),
        R::CancelPnlSingle(ended) => ends(95, ended.req_id),
        R::ReqTickByTickData(asked) => by_id(98, asked.req_id, R::CancelTickByTickData),
        R::CancelTickByTickData(ended) => ends(98, ended.req_id),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v178() -> ServerVersion {
        ServerVersion::new(178).unwrap()
    }

    fn bars(text: &str) -> RawFrame {
        RawFrame::new(text.replace('|', "\0").into_bytes().into())
    }

    /// What ends the subscriptions of a bot that has sent these.
    fn left(sent: &[&str]) -> Vec<RawFrame> {
        let mut subscriptions = Subscriptions::default();
        for text in sent {
            subscriptions.sent(v178(), &bars(text));
        }
        let left = subscriptions.take(v178());
        assert!(subscriptions.take(v178()).is_empty(), "they are ended once");
        left
    }

    const SPY: &str = "1|11|7|0|SPY|STK||0|||SMART||USD|||0||0|0||";

    #[test]
    fn market_data_account_updates_and_summaries_end_with_what_the_official_client_sends() {
        assert_eq!(left(&[SPY]), [bars("2|2|7|")]);
        assert_eq!(left(&["6|2|1|DU1|"]), [bars("6|2|0|DU1|")]);
        assert_eq!(left(&["62|1|5|All|NetLiquidation|", "61|1|"]), [bars("63|1|5|"), bars("64|1|")]);
    }

    #[test]
    fn what_the_bot_has_ended_itself_and_what_ends_by_itself_is_not_ended_again() {
        assert!(left(&[SPY, "2|2|7|", "6|2|1|DU1|", "6|2|0|DU1|"]).is_empty());
        assert!(left(&["1|11|7|0|SPY|STK||0|||SMART||USD|||0||1|0||"]).is_empty(), "a snapshot");
        assert!(left(&["91|26|", "49|1|", "1|11|"]).is_empty());
    }

    #[test]
    fn a_bot_that_subscribes_without_end_fills_no_memory() {
        let mut subscriptions = Subscriptions::default();
        for n in 0..2 * SUBSCRIPTIONS_MAX {
            subscriptions.sent(v178(), &bars(&format!("62|1|{n}|All|NetLiquidation|")));
        }
        assert_eq!(subscriptions.take(v178()).len(), SUBSCRIPTIONS_MAX);
    }
}
