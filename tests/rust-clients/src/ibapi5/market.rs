//! What a bot asks of the market: quotes, ticks, bars, history.

use anyhow::{Context, Result};
use ibapi5::accounts::types::{AccountId, ContractId};
use ibapi5::market_data::historical::{BarSize, HistoricalBarUpdate, HistoricalData, ToDuration, WhatToShow};
use ibapi5::market_data::{IgnoreSize, MarketDataType, TradingHours};
use time::OffsetDateTime;
use time::macros::datetime;

use crate::says;
use crate::session::{MINE, Session, single, stock, stream, whole};

/// The end of the day before the simulator's own: what lies before it is the same for every run.
pub const YESTERDAY: OffsetDateTime = datetime!(2026-11-17 21:00 UTC);

pub fn market_data_type(session: &mut Session) -> Result<()> {
    session.client.switch_market_data_type(MarketDataType::Realtime)?;
    Ok(())
}

pub fn market_data(session: &mut Session) -> Result<()> {
    let ticks = session.client.market_data(&session.spy).subscribe()?;
    says::result(&(stream(None, |left| ticks.next_timeout(left))? > 5));
    Ok(())
}

pub fn snapshot(session: &mut Session) -> Result<()> {
    let ticks = session.client.market_data(&session.spy).snapshot().subscribe()?;
    says::result(&(whole(None, |left| ticks.next_timeout(left)) > 5));
    Ok(())
}

pub fn unknown_market_data(session: &mut Session) -> Result<()> {
    let nobody = stock("NOSUCH");
    let ticks = session.client.market_data(&nobody).subscribe()?;
    says::result(&whole(None, |left| ticks.next_timeout(left)));
    Ok(())
}

/// One request per instrument in fifteen seconds of the venue, which are ten times faster.
fn apart() {
    std::thread::sleep(std::time::Duration::from_secs(2));
}

pub fn tick_by_tick_bid_ask(session: &mut Session) -> Result<()> {
    let ticks = session.client.tick_by_tick(&session.spy, 0).bid_ask(IgnoreSize::No)?;
    says::result(&(stream(Some("tickByTickBidAsk"), |left| ticks.next_timeout(left))? > 0));
    Ok(())
}

pub fn tick_by_tick_last(session: &mut Session) -> Result<()> {
    apart();
    let ticks = session.client.tick_by_tick(&session.spy, 0).last()?;
    says::result(&(stream(Some("tickByTickAllLast"), |left| ticks.next_timeout(left))? > 0));
    Ok(())
}

pub fn tick_by_tick_all_last(session: &mut Session) -> Result<()> {
    apart();
    let ticks = session.client.tick_by_tick(&session.spy, 0).all_last()?;
    says::result(&(stream(Some("tickByTickAllLast"), |left| ticks.next_timeout(left))? > 0));
    Ok(())
}

pub fn tick_by_tick_midpoint(session: &mut Session) -> Result<()> {
    apart();
    let ticks = session.client.tick_by_tick(&session.spy, 0).mid_point()?;
    says::result(&(stream(Some("tickByTickMidPoint"), |left| ticks.next_timeout(left))? > 0));
    Ok(())
}

pub fn real_time_bars(session: &mut Session) -> Result<()> {
    let bars = session.client.realtime_bars(&session.spy).subscribe()?;
    says::result(&(stream(Some("realtimeBar"), |left| bars.next_timeout(left))? > 0));
    Ok(())
}

fn say_bars(data: &HistoricalData) {
    for bar in &data.bars {
        says::heard_under("historicalData", bar);
    }
}

pub fn history_days(session: &mut Session) -> Result<()> {
    let (client, spy) = (&session.client, &session.spy);
    let data = client
        .historical_data(spy, BarSize::Day)
        .what_to_show(WhatToShow::Trades)
        .duration(10.days())
        .ending(YESTERDAY)
        .fetch()?;
    say_bars(&data);
    session.near = data.bars.last().context("a history of yesterday")?.close.round();
    Ok(())
}

pub fn history_minutes(session: &mut Session) -> Result<()> {
    let (client, spy, hour) = (&session.client, &session.spy, 3600.seconds());
    say_bars(
        &client
            .historical_data(spy, BarSize::Min5)
            .what_to_show(WhatToShow::MidPoint)
            .duration(hour)
            .ending(YESTERDAY)
            .fetch()?,
    );
    Ok(())
}

pub fn history_until_now(session: &mut Session) -> Result<()> {
    let (client, spy) = (&session.client, &session.spy);
    say_bars(
        &client
            .historical_data(spy, BarSize::Hour)
            .what_to_show(WhatToShow::Trades)
            .duration(2.days())
            .fetch()?,
    );
    Ok(())
}

pub fn history_up_to_date(session: &mut Session) -> Result<()> {
    let (client, spy) = (&session.client, &session.spy);
    let bars = client
        .historical_data(spy, BarSize::Hour)
        .what_to_show(WhatToShow::Trades)
        .duration(1.days())
        .stream()?;
    let mut updates = 0;
    while updates < 2 {
        let item =
            bars.next_timeout(std::time::Duration::from_secs(10)).context("an update of the last bar")??;
        match item.into_data().context("a bar and no notice")? {
            HistoricalBarUpdate::Historical(data) => say_bars(&data),
            HistoricalBarUpdate::Update(bar) => {
                says::heard_under("historicalDataUpdate", &bar);
                updates += 1;
            }
            HistoricalBarUpdate::End { start, end } => says::heard_under("historicalDataEnd", &(start < end)),
        }
    }
    Ok(())
}

pub fn history_empty(session: &mut Session) -> Result<()> {
    let long_ago = datetime!(1970-01-05 21:00 UTC);
    let (client, spy) = (&session.client, &session.spy);
    single(
        "historicalData",
        client
            .historical_data(spy, BarSize::Min)
            .what_to_show(WhatToShow::Trades)
            .duration(1.days())
            .ending(long_ago)
            .fetch(),
    );
    Ok(())
}

pub fn head_timestamp(session: &mut Session) -> Result<()> {
    let first = session.client.head_timestamp(&session.spy, WhatToShow::Trades, TradingHours::Regular);
    single("headTimestamp", first);
    Ok(())
}

pub fn profit(session: &mut Session) -> Result<()> {
    let rows = session.client.pnl(&AccountId(MINE.into()), None)?;
    says::result(&(stream(None, |left| rows.next_timeout(left))? > 0));
    Ok(())
}

pub fn profit_of_one(session: &mut Session) -> Result<()> {
    let number = ContractId(session.spy.contract_id);
    let rows = session.client.pnl_single(&AccountId(MINE.into()), number, None)?;
    says::result(&(stream(None, |left| rows.next_timeout(left))? > 0));
    Ok(())
}
