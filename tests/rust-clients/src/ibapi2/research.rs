//! What a bot asks beyond quotes and bars: books, ticks of the past, options, news, scanners, display groups.

use std::fmt::Debug;
use std::time::Duration;

use anyhow::{Context, Result};
use ibapi2::contracts::{Contract, OptionComputation};
use ibapi2::market_data::TradingHours;
use ibapi2::market_data::historical::{BarSize, ToDuration};
use ibapi2::news::NewsArticle;
use ibapi2::scanner::ScannerSubscription;
use time::OffsetDateTime;
use time::macros::datetime;

use crate::market::YESTERDAY;
use crate::says;
use crate::session::{Session, single, stock, stream, whole};

const ROWS: i32 = 3;
const TICKS: i32 = 10;
const PROVIDERS: &[&str] = &["BRFG", "BRFUPDN", "DJNL"];
/// Headlines between these moments are the same for every run.
const A_WEEK_AGO: OffsetDateTime = datetime!(2026-11-10 21:00 UTC);

/// A call near the money.
fn option() -> Contract {
    Contract::option("SPY", "20261218", 690.0, "C")
}

pub fn depth(session: &mut Session) -> Result<()> {
    let rows = session.client.market_depth(&stock("SPY"), ROWS, true)?;
    says::result(&(stream(None, |left| rows.next_timeout(left), || rows.error())? > 5));
    Ok(())
}

pub fn depth_of_one_exchange(session: &mut Session) -> Result<()> {
    let contract = Contract { exchange: "ARCA".into(), ..stock("SPY") };
    let rows = session.client.market_depth(&contract, ROWS, false)?;
    says::result(&(stream(None, |left| rows.next_timeout(left), || rows.error())? > 0));
    Ok(())
}

pub fn depth_not_there(session: &mut Session) -> Result<()> {
    let rows = session.client.market_depth(&stock("SPY"), ROWS, false)?;
    says::result(&whole(|patience| rows.next_timeout(patience), || rows.error()));
    Ok(())
}

pub fn depth_exchanges(session: &mut Session) -> Result<()> {
    single("mktDepthExchanges", session.client.market_depth_exchanges());
    Ok(())
}

/// Says ticks of the past, which come in one piece.
fn past<T: Debug>(kind: &str, mut next: impl FnMut(Duration) -> Option<T>) {
    let mut count = 0;
    while let Some(tick) = next(Duration::from_secs(5)) {
        says::heard_under(kind, &tick);
        count += 1;
    }
    says::result(&count);
}

pub fn past_trades(session: &mut Session) -> Result<()> {
    let (client, spy, hours) = (&session.client, &session.spy, TradingHours::Regular);
    let ticks = client.historical_ticks_trade(spy, None, Some(YESTERDAY), TICKS, hours)?;
    past("historicalTicksLast", |patience| ticks.next_timeout(patience));
    Ok(())
}

pub fn past_quotes(session: &mut Session) -> Result<()> {
    let (client, spy, hours) = (&session.client, &session.spy, TradingHours::Regular);
    let ticks = client.historical_ticks_bid_ask(spy, None, Some(YESTERDAY), TICKS, hours, false)?;
    past("historicalTicksBidAsk", |patience| ticks.next_timeout(patience));
    Ok(())
}

pub fn past_midpoints(session: &mut Session) -> Result<()> {
    let (client, spy, hours) = (&session.client, &session.spy, TradingHours::Regular);
    let ticks = client.historical_ticks_mid_point(spy, None, Some(YESTERDAY), TICKS, hours)?;
    past("historicalTicks", |patience| ticks.next_timeout(patience));
    Ok(())
}

pub fn past_schedule(session: &mut Session) -> Result<()> {
    let schedule = session.client.historical_schedules(&session.spy, YESTERDAY, 5.days());
    single("historicalSchedule", schedule);
    Ok(())
}

pub fn histogram(session: &mut Session) -> Result<()> {
    let prices = session.client.histogram_data(&session.spy, TradingHours::Regular, BarSize::Day);
    let prices = single("histogramData", prices);
    says::result(&prices.is_some_and(|prices| !prices.is_empty()));
    Ok(())
}

pub fn option_data(session: &mut Session) -> Result<()> {
    let contract = option();
    let ticks = session.client.market_data(&contract).subscribe()?;
    says::result(&(stream(None, |left| ticks.next_timeout(left), || ticks.error())? > 3));
    Ok(())
}

/// Three decimals of what a model says, and the prices that it was told.
fn computed(said: Option<OptionComputation>) {
    let said = said.map(|said| {
        let short = |value: Option<f64>| value.map(|value| format!("{value:.3}"));
        (short(said.implied_volatility), said.option_price.is_some(), said.underlying_price)
    });
    says::result(&said);
}

pub fn implied_volatility(session: &mut Session) -> Result<()> {
    let said = session.client.calculate_implied_volatility(&option(), 25.0, 700.0);
    computed(single("tickOptionComputation", said));
    Ok(())
}

pub fn option_price(session: &mut Session) -> Result<()> {
    let said = session.client.calculate_option_price(&option(), 0.25, 700.0);
    computed(single("tickOptionComputation", said));
    Ok(())
}

pub fn news_providers(session: &mut Session) -> Result<()> {
    single("newsProviders", session.client.news_providers());
    Ok(())
}

pub fn news(session: &mut Session) -> Result<()> {
    let client = &session.client;
    let lines = client.historical_news(session.spy.contract_id, PROVIDERS, A_WEEK_AGO, YESTERDAY, 5)?;
    let mut first: Option<NewsArticle> = None;
    let next = |patience| {
        let line = lines.next_timeout(patience);
        first = first.take().or_else(|| line.clone());
        line
    };
    says::result(&whole(next, || lines.error()));
    let first = first.context("a headline of yesterday")?;
    single("newsArticle", client.news_article(&first.provider_code, &first.article_id));
    Ok(())
}

pub fn unknown_article(session: &mut Session) -> Result<()> {
    single("newsArticle", session.client.news_article("BRFG", "BRFG$ffffffff"));
    Ok(())
}

pub fn scanner_parameters(session: &mut Session) -> Result<()> {
    let xml = single("scannerParameters", session.client.scanner_parameters());
    says::result(&xml.is_some_and(|xml| xml.contains("MOST_ACTIVE")));
    Ok(())
}

pub fn scanner(session: &mut Session) -> Result<()> {
    let scan = ScannerSubscription {
        number_of_rows: 3,
        instrument: Some("STK".into()),
        location_code: Some("STK.US.MAJOR".into()),
        scan_code: Some("MOST_ACTIVE".into()),
        ..ScannerSubscription::default()
    };
    let rows = session.client.scanner_subscription(&scan, &Vec::new())?;
    let first = rows.next_timeout(Duration::from_secs(15)).context("what the scanner found")?;
    for row in &first {
        says::heard_under("scannerData", row);
    }
    Ok(())
}

pub fn calendar(session: &mut Session) -> Result<()> {
    single("wshMetaData", session.client.wsh_metadata());
    Ok(())
}

pub fn calendar_events(session: &mut Session) -> Result<()> {
    let number = session.spy.contract_id;
    single("wshEventData", session.client.wsh_event_data_by_contract(number, None, None, None, None));
    Ok(())
}

pub fn display_groups(session: &mut Session) -> Result<()> {
    let group = session.client.subscribe_to_group_events(1)?;
    let shown = |patience| group.next_timeout(patience);
    says::heard_under("displayGroupUpdated", &shown(Duration::from_secs(15)).context("what group 1 shows")?);
    group.update(&format!("{}@SMART", session.spy.contract_id))?;
    says::heard_under("displayGroupUpdated", &shown(Duration::from_secs(15)).context("what it shows now")?);
    Ok(())
}
