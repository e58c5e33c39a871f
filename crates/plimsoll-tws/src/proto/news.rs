//! News: providers, headlines, articles.

use super::{Form, Numbered, Step, options};
use crate::message::{
    EXCHANGES_MAX, HistoricalNews, HistoricalNewsEnd, NewsArticle, NewsProviders, ReqHistoricalNews,
    ReqNewsArticle, TickNews,
};

impl Form for ReqNewsArticle {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.id(1, "reqId", &mut self.req_id)?;
        f.text(2, "providerCode", &mut self.provider)?;
        f.text(3, "articleId", &mut self.article_id)?;
        options(f, 4, "newsArticleOptions", &mut self.options)
    }
}

impl Form for ReqHistoricalNews {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.id(1, "reqId", &mut self.req_id)?;
        f.int(2, "conId", &mut self.con_id)?;
        f.text(3, "providerCodes", &mut self.providers)?;
        f.text(4, "startDateTime", &mut self.start)?;
        f.text(5, "endDateTime", &mut self.end)?;
        f.int(6, "totalResults", &mut self.count)?;
        options(f, 7, "historicalNewsOptions", &mut self.options)
    }
}

impl Form for NewsArticle {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        f.int(2, "articleType", &mut self.kind)?;
        f.text(3, "articleText", &mut self.text)
    }
}

impl Form for TickNews {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        f.long(2, "timestamp", &mut self.time_ms)?;
        f.text(3, "providerCode", &mut self.provider)?;
        f.text(4, "articleId", &mut self.article_id)?;
        f.text(5, "headline", &mut self.headline)?;
        f.text(6, "extraData", &mut self.extra)
    }
}

impl Form for NewsProviders {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.parts(1, "newsProviders", &mut self.providers, EXCHANGES_MAX, |f, provider| {
            f.text(1, "providerCode", &mut provider.code)?;
            f.text(2, "providerName", &mut provider.name)
        })
    }
}

impl Form for HistoricalNews {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        f.text(2, "time", &mut self.time)?;
        f.text(3, "providerCode", &mut self.provider)?;
        f.text(4, "articleId", &mut self.article_id)?;
        f.text(5, "headline", &mut self.headline)
    }
}

impl Form for HistoricalNewsEnd {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        f.flag(2, "hasMore", &mut self.has_more)
    }
}
