//! News: who writes, what was written, and what is being written now.
//!
//! Owns `reqNewsProviders`, `reqHistoricalNews`, `reqNewsArticle` and the headlines on a market data line that
//! asked for generic tick 292. Headlines themselves are the market's.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use plimsoll_tws::message::{
    HistoricalNews, HistoricalNewsEnd, NewsArticle, NewsProvider, NewsProviders, ReqHistoricalNews,
    ReqNewsArticle, TickNews,
};
use plimsoll_tws::{Response, Text};

use crate::ibkr::Output;
use crate::ibkr::server::Asked;
use crate::ibkr::server::contracts::UNKNOWN;
use crate::ibkr::server::span::invalid;
use crate::ibkr::server::ticks::Line;
use crate::ibkr::server::times;
use crate::ibkr::venue::IbkrVenue;
use crate::market::Sym;
use crate::market::headlines::{A_DAY, Headline, PROVIDERS};

/// Headlines of one answer.
const HEADLINES_MAX: i32 = 300;

/// Which providers somebody listens to, one bit each in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Listened(u8);

impl Listened {
    /// Reads `BRFG+DJNL`; nothing means all. The first unknown code is the error.
    pub(crate) fn read(codes: &str) -> Result<Self, String> {
        if codes.is_empty() {
            return Ok(Self(0xFF));
        }
        let mut bits = 0;
        for code in codes.split('+') {
            match PROVIDERS.iter().position(|(known, _)| *known == code) {
                Some(place) => bits |= 1 << place,
                None => return Err(code.to_owned()),
            }
        }
        Ok(Self(bits))
    }

    /// Who listens to either.
    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn hears(self, headline: &Headline) -> bool {
        self.0 >> headline.provider & 1 == 1
    }
}

impl IbkrVenue {
    /// `reqNewsProviders`.
    pub(crate) fn news_providers(&mut self, from: Asked, out: &mut Vec<Output>) {
        let provider =
            |(code, name): &(&str, &str)| NewsProvider { code: (*code).into(), name: (*name).into() };
        let providers = PROVIDERS.iter().map(provider).collect();
        self.send(from.conn, &Response::NewsProviders(NewsProviders { providers }), out);
    }

    /// `reqHistoricalNews`: the newest first, and whether there would have been more.
    pub(crate) fn historical_news(&mut self, from: Asked, m: &ReqHistoricalNews, out: &mut Vec<Output>) {
        let (listened, span) = match self.read_news(m) {
            Ok(read) => read,
            Err((code, text)) => {
                self.send_error(from.conn, (m.req_id, code), &text, out);
                return;
            }
        };
        let Some(sym) = self.exchange.market.find_con_id(m.con_id) else {
            self.send_error(from.conn, (m.req_id, 200), UNKNOWN, out);
            return;
        };
        let count = usize::try_from(m.count).unwrap_or(0);
        let mut found = self.headlines_of(sym, listened, span, count + 1);
        let has_more = found.len() > count;
        found.truncate(count);
        for headline in found {
            let line = HistoricalNews {
                req_id: m.req_id,
                time: headline.at.strftime("%Y-%m-%d %H:%M:%S.0").to_string().as_str().into(),
                provider: PROVIDERS[headline.provider].0.into(),
                article_id: headline.article.as_str().into(),
                headline: Text::escaped(&headline.text),
            };
            self.send(from.conn, &Response::HistoricalNews(line), out);
        }
        let end = HistoricalNewsEnd { req_id: m.req_id, has_more };
        self.send(from.conn, &Response::HistoricalNewsEnd(end), out);
    }

    /// `reqNewsArticle`.
    pub(crate) fn news_article(&mut self, from: Asked, m: &ReqNewsArticle, out: &mut Vec<Output>) {
        let now = self.exchange.now;
        let found = self.exchange.market.article(m.article_id.as_str(), now);
        let Some((_, text)) = found.filter(|(headline, _)| m.provider == PROVIDERS[headline.provider].0)
        else {
            // The code is that of requests that cannot be read; the words are assumed.
            let (code, text) = invalid(&format!("No article {} of {}", m.article_id, m.provider));
            self.send_error(from.conn, (m.req_id, code), &text, out);
            return;
        };
        let article = NewsArticle { req_id: m.req_id, kind: 0, text: Text::escaped(&text) };
        self.send(from.conn, &Response::NewsArticle(article), out);
    }

    /// The headline of this second on a line that listens.
    pub(crate) fn stream_news(&mut self, line: Line, listened: Listened, out: &mut Vec<Output>) {
        if !self.exchange.market.listing(line.sym).is_stock() {
            return;
        }
        let now = self.exchange.now;
        let Some(headline) = self.exchange.market.breaking(line.sym, now) else { return };
        if !listened.hears(&headline) {
            return;
        }
        let news = TickNews {
            req_id: line.req_id,
            time_ms: headline.at.as_millisecond(),
            provider: PROVIDERS[headline.provider].0.into(),
            article_id: headline.article.as_str().into(),
            headline: Text::escaped(&headline.text),
            extra: Text::EMPTY,
        };
        self.send(line.conn, &Response::TickNews(news), out);
    }

    fn read_news(&self, m: &ReqHistoricalNews) -> Result<(Listened, (Timestamp, Timestamp)), (i32, String)> {
        let listened = Listened::read(m.providers.as_str())
            .ok()
            .filter(|_| !m.providers.is_empty())
            .ok_or_else(|| invalid(&format!("Invalid provider codes {}", m.providers)))?;
        if !(1..=HEADLINES_MAX).contains(&m.count) {
            return Err(invalid(&format!("Total results must be between 1 and {HEADLINES_MAX}")));
        }
        let now = self.exchange.now;
        let read = |text: &str, otherwise: Timestamp| {
            if text.is_empty() { Some(otherwise) } else { moment_of(text, self.exchange.market.hours.zone()) }
        };
        let start = read(m.start.as_str(), self.exchange.market.hours.beginning());
        let (Some(start), Some(end)) = (start, read(m.end.as_str(), now)) else {
            return Err(invalid("The date and time must be in the format yyyy-mm-dd hh:mm:ss.0"));
        };
        Ok((listened, (start, end.min(now))))
    }

    /// After the start up to the end, the newest first.
    fn headlines_of(
        &mut self,
        sym: Sym,
        listened: Listened,
        (start, end): (Timestamp, Timestamp),
        count: usize,
    ) -> Vec<Headline> {
        let mut found = Vec::new();
        let first = self.exchange.market.first_open(sym);
        let mut session = self.exchange.market.hours_of(sym).last_begun(end);
        // Three a day and three providers: ten days for each headline that is wanted are always enough.
        for _ in 0..count.saturating_mul(A_DAY * 4) {
            if found.len() >= count || session.close <= start || session.open < first {
                break;
            }
            let mut of_day = self.exchange.market.headlines(sym, session, end);
            of_day.retain(|headline| headline.at > start && listened.hears(headline));
            found.extend(of_day.into_iter().rev());
            let before = self.exchange.market.hours_of(sym).before(session.date);
            if before == session {
                break;
            }
            session = before;
        }
        found.truncate(count);
        found
    }
}

/// `2026-11-27 16:00:00.0`, which is UTC, or any form of other requests.
fn moment_of(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let plain = text.split_once('.').map_or(text, |(plain, _)| plain);
    match DateTime::strptime("%Y-%m-%d %H:%M:%S", plain) {
        Ok(civil) => Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp()),
        Err(_) => times::parse(text, zone),
    }
}
