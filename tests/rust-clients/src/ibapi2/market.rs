//! What a bot asks of the market: quotes, ticks, bars, history.

use anyhow::{Context, Result};
use ibapi2::accounts::types::{AccountId, ContractId};
use ibapi2::market_data::historical::{BarSize, HistoricalBarUpdate, HistoricalData, ToDuration, WhatToShow};
use ibapi2::market_data::realtime;
use ibapi2::market_data::{MarketDataType, TradingHours};
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
    says::result(&(stream(None, |left| ticks.next_timeout(left), || ticks.error())? > 5));
    Ok(())
}

pub fn snapshot(session: &mut Session) -> Result<()> {
    let ticks = session.client.market_data(&session.spy).snapshot().subscribe()?;
    says::result(&(whole(|left| ticks.next_timeout(left), || ticks.error()) > 5));
    Ok(())
}

pub fn unknown_market_data(session: &mut Session) -> Result<()> {
    let nobody = stock("NOSUCH");
    let ticks = session.client.market_data(&nobody).subscribe()?;
    says::result(&whole(|left| ticks.next_timeout(left), || ticks.error()));
    Ok(())
}

/// One request per instrument in fifteen seconds of the venue, which are ten times faster.
fn apart() {
    std::thread::sleep(std::time::Duration::from_secs(2));
}

pub fn tick_by_tick_bid_ask(session: &mut Session) -> Result<()> {
    let ticks = session.client.tick_by_tick_bid_ask(&session.spy, 0, false)?;
    says::result(&(stream(Some("tickByTickBidAsk"), |left| ticks.next_timeout(left), || ticks.error())? > 0));
    Ok(())
}

pub fn tick_by_tick_last(session: &mut Session) -> Result<()> {
    apart();
    let ticks = session.client.tick_by_tick_last(&session.spy, 0, false)?;
    says::result(
        &(stream(Some("tickByTickAllLast"), |left| ticks.next_timeout(left), || ticks.error())? > 0),
    );
    Ok(())
}

pub fn tick_by_tick_all_last(session: &mut Session) -> Result<()> {
    apart();
    let ticks = session.client.tick_by_tick_all_last(&session.spy, 0, false)?;
    says::result(
        &(stream(Some("tickByTickAllLast"), |left| ticks.next_timeout(left), || ticks.error())? > 0),
    );
    Ok(())
}

pub fn tick_by_tick_midpoint(session: &mut Session) -> Result<()> {
    apart();
    let ticks = session.client.tick_by_tick_midpoint(&session.spy, 0, false)?;
    says::result(
        &(stream(Some("tickByTickMidPoint"), |left| ticks.next_timeout(left), || ticks.error())? > 0),
    );
    Ok(())
}

pub fn real_time_bars(session: &mut Session) -> Result<()> {
    let (size, what) = (realtime::BarSize::Sec5, realtime::WhatToShow::Trades);
    let bars = session.client.realtime_bars(&session.spy, size, what, TradingHours::Regular)?;
    says::result(&(stream(Some("realtimeBar"), |left| bars.next_timeout(left), || bars.error())? > 0));
    Ok(())
}

fn say_bars(data: &HistoricalData) {
    for bar in &data.bars {
        says::heard_under("historicalData", bar);
    }
}

pub fn history_days(session: &mut Session) -> Result<()> {
    let (client, spy) = (&session.client, &session.spy);
    let data = client.historical_data(
        spy,
        Some(YESTERDAY),
        10.days(),
        BarSize::Day,
        WhatToShow::Trades,
        TradingHours::Regular,
    )?;
    say_bars(&data);
    session.near = data.bars.last().context("a history of yesterday")?.close.round();
    Ok(())
}

pub fn history_minutes(session: &mut Session) -> Result<()> {
    let (client, spy, hour) = (&session.client, &session.spy, 3600.seconds());
    say_bars(&client.historical_data(
        spy,
        Some(YESTERDAY),
        hour,
        BarSize::Min5,
        WhatToShow::MidPoint,
        TradingHours::Regular,
    )?);
    Ok(())
}

pub fn history_until_now(session: &mut Session) -> Result<()> {
    let (client, spy) = (&session.client, &session.spy);
    say_bars(&client.historical_data(
        spy,
        None,
        2.days(),
        BarSize::Hour,
        WhatToShow::Trades,
        TradingHours::Regular,
    )?);
    Ok(())
}

pub fn history_up_to_date(session: &mut Session) -> Result<()> {
    let (client, spy) = (&session.client, &session.spy);
    let (size, what) = (BarSize::Hour, Some(WhatToShow::Trades));
    let bars = client.historical_data_streaming(spy, 1.days(), size, what, TradingHours::Regular, true)?;
    let mut updates = 0;
    while updates < 2 {
        match bars.next_timeout(std::time::Duration::from_secs(10)).context("an update of the last bar")? {
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
    let long_ago = Some(datetime!(1970-01-05 21:00 UTC));
    let (client, spy) = (&session.client, &session.spy);
    single(
        "historicalData",
        client.historical_data(
            spy,
            long_ago,
            1.days(),
            BarSize::Min,
            WhatToShow::Trades,
            TradingHours::Regular,
        ),
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
    says::result(&(stream(None, |left| rows.next_timeout(left), || rows.error())? > 0));
    Ok(())
}

pub fn profit_of_one(session: &mut Session) -> Result<()> {
    let number = ContractId(session.spy.contract_id);
    let rows = session.client.pnl_single(&AccountId(MINE.into()), number, None)?;
    says::result(&(stream(None, |left| rows.next_timeout(left), || rows.error())? > 0));
    Ok(())
}
