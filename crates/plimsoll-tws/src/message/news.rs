//! News: providers, headlines of the past and of the present, articles. Bulletins of exchanges are elsewhere.

use super::depth::EXCHANGES_MAX;
use crate::layout::{Fields, Layout, Step};
use crate::{Text, Word};

/// Asks for one article.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReqNewsArticle {
    /// The request this belongs to.
    pub req_id: i32,
    /// `BRFG`.
    pub provider: Word,
    /// From a headline.
    pub article_id: Word,
    /// Internal use.
    pub options: Text,
}

impl Layout for ReqNewsArticle {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("providerCode", &mut self.provider)?;
        f.visit("articleId", &mut self.article_id)?;
        f.visit("newsArticleOptions", &mut self.options)?;
        Ok(())
    }
}

/// Asks for headlines of the past.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReqHistoricalNews {
    /// The request this belongs to.
    pub req_id: i32,
    /// About which contract.
    pub con_id: i32,
    /// Separated by `+`.
    pub providers: Word,
    /// After this moment.
    pub start: Word,
    /// Up to this moment.
    pub end: Word,
    /// At most 300.
    pub count: i32,
    /// Internal use.
    pub options: Text,
}

impl Layout for ReqHistoricalNews {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("conId", &mut self.con_id)?;
        f.visit("providerCodes", &mut self.providers)?;
        f.visit("startDateTime", &mut self.start)?;
        f.visit("endDateTime", &mut self.end)?;
        f.visit("totalResults", &mut self.count)?;
        f.visit("historicalNewsOptions", &mut self.options)?;
        Ok(())
    }
}

/// One article.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewsArticle {
    /// The request this belongs to.
    pub req_id: i32,
    /// 0 text or HTML, 1 PDF in base64.
    pub kind: i32,
    /// The article.
    pub text: Text,
}

impl Layout for NewsArticle {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("articleType", &mut self.kind)?;
        f.visit("articleText", &mut self.text)?;
        Ok(())
    }
}

/// A headline of a data subscription.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TickNews {
    /// The request this belongs to.
    pub req_id: i32,
    /// When, in milliseconds of the epoch.
    pub time_ms: i64,
    /// Who.
    pub provider: Word,
    /// For the request of the article.
    pub article_id: Word,
    /// The headline, with tags of the provider in braces before it.
    pub headline: Text,
    /// Sentiment and more.
    pub extra: Text,
}

impl Layout for TickNews {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("timeStamp", &mut self.time_ms)?;
        f.visit("providerCode", &mut self.provider)?;
        f.visit("articleId", &mut self.article_id)?;
        f.visit("headline", &mut self.headline)?;
        f.visit("extraData", &mut self.extra)?;
        Ok(())
    }
}

/// Who sends news to this login.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewsProviders {
    /// The providers.
    pub providers: Vec<NewsProvider>,
}

impl Layout for NewsProviders {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.list("providersCount", &mut self.providers, EXCHANGES_MAX, |f, provider| provider.layout(f))
    }
}

/// A provider of news.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewsProvider {
    /// `BRFG`.
    pub code: Word,
    /// `Briefing.com General Market Columns`.
    pub name: Text,
}

impl Layout for NewsProvider {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("code", &mut self.code)?;
        f.visit("name", &mut self.name)
    }
}

/// A headline of the past.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HistoricalNews {
    /// The request this belongs to.
    pub req_id: i32,
    /// `2024-12-23 19:45:00.0`.
    pub time: Word,
    /// Who.
    pub provider: Word,
    /// For the request of the article.
    pub article_id: Word,
    /// The headline, with tags of the provider in braces before it.
    pub headline: Text,
}

impl Layout for HistoricalNews {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("time", &mut self.time)?;
        f.visit("providerCode", &mut self.provider)?;
        f.visit("articleId", &mut self.article_id)?;
        f.visit("headline", &mut self.headline)?;
        Ok(())
    }
}

/// The end of headlines of the past.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HistoricalNewsEnd {
    /// The request this belongs to.
    pub req_id: i32,
    /// Whether older ones were left out.
    pub has_more: bool,
}

impl Layout for HistoricalNewsEnd {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("hasMore", &mut self.has_more)?;
        Ok(())
    }
}
