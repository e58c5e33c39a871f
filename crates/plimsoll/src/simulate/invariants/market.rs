//! What an open market shows when everything is healed: I07 one order for one decision, I10 no more executed than ordered,
//! I19 a bot knows what was executed for it, I25 fees and profit are what the venue charged and paid.

use jiff::Timestamp;
use plimsoll_core::{PositionView, Snapshot};
use plimsoll_model::{BotName, Side};
use plimsoll_sim::bots::DemoBot;
use rust_decimal::Decimal;

use super::{Heard, Judge};
use crate::simulate::venue::Venue;

impl Judge {
    /// I10: of each order what the venue has executed, and no more than it was for.
    pub(super) fn orders_match(&mut self, at: Timestamp, venue: &Venue, view: &Snapshot) {
        for order in &view.orders {
            let Some(id) = &order.cl_ord_id else { continue };
            let Some(booked) = venue.orders().find(|booked| booked.order_ref == id.as_str()) else {
                continue;
            };
            let (ours, theirs) = (order.cum_qty.get(), Decimal::from(booked.cum_qty));
            if ours != theirs || booked.cum_qty > booked.qty {
                let text = format!("[{id}] for {}: {theirs} executed at the venue, {ours} here", booked.qty);
                self.found("I10", at, text);
            }
        }
    }

    /// I19: a bot that was there all the time believes to hold what the venue has executed for it, and nothing of others.
    pub(super) fn bots_know(&mut self, at: Timestamp, venue: &Venue, bots: &[(BotName, &DemoBot, Heard)]) {
        if !self.is_open_market {
            return;
        }
        for (name, bot, _) in bots.iter().filter(|(_, _, heard)| *heard == Heard::Everything) {
            let Some(planned) = self.bots.iter().find(|planned| planned.name == name.as_str()).cloned()
            else {
                continue;
            };
            if self.deaf.contains(&planned.client_id) {
                continue;
            }
            for symbol in planned.instruments {
                let theirs: i64 = venue
                    .executions()
                    .filter(|row| row.client.0 == planned.client_id && row.symbol == symbol)
                    .map(|row| if row.side == Side::Buy { row.qty } else { -row.qty })
                    .sum();
                let told = bot.position(&symbol).get();
                if told != Decimal::from(theirs) {
                    let text =
                        format!("{name} was told of {told} {symbol}, and {theirs} was executed for it");
                    self.found("I19", at, text);
                }
            }
        }
    }

    /// I07: what a bot sent twice within the window of a duplicate is at the venue once.
    pub(super) fn once_each(&mut self, at: Timestamp, venue: &Venue, bots: &[(BotName, &DemoBot, Heard)]) {
        for (name, first, again) in self.repeated.clone() {
            let Some((_, bot, _)) = bots.iter().find(|(known, ..)| known.as_str() == name) else { continue };
            let is_there = |label: &str| {
                let number = bot.number_of(label);
                venue
                    .orders()
                    .any(|order| order.client == bot.client_id() && Some(order.order_id.0) == number)
            };
            if is_there(&first) && is_there(&again) {
                self.found("I07", at, format!("{name}: `{first}` and its repetition are both at the venue"));
            }
        }
    }

    /// I25: fees are known and the venue's, and what was gained is what was paid and got for what is not held any more.
    pub(super) fn money(&mut self, at: Timestamp, venue: &Venue, view: &Snapshot) {
        for (account, symbol) in self.holdings() {
            let of = |row: &&PositionView| row.account == account && row.instrument.as_str() == symbol;
            let rows: Vec<&PositionView> = view.positions.iter().filter(of).collect();
            let executions =
                || venue.executions().filter(|row| *row.account == account && row.symbol == symbol);
            let theirs: Decimal = executions().map(|row| row.commission).sum();
            let ours: Decimal = rows.iter().map(|row| row.fees.amount).sum();
            let unknown: u32 = rows.iter().map(|row| row.unknown_fees).sum();
            if unknown > 0 || ours != theirs {
                let text =
                    format!("{symbol} in {account}: fees of {theirs}, and {ours} booked, {unknown} unknown");
                self.found("I25", at, text);
            }
            let cash: Decimal = executions()
                .map(|row| row.px * Decimal::from(if row.side == Side::Buy { -row.qty } else { row.qty }))
                .sum();
            let worth = |row: &PositionView| {
                row.qty.get() * row.avg_price.map_or(Decimal::ZERO, plimsoll_model::Price::get)
            };
            let held: Decimal = rows.iter().map(|row| worth(row)).sum();
            let realised: Decimal = rows.iter().map(|row| row.realised_net.amount).sum();
            let gap = realised - (cash + held - theirs);
            // Average prices are rounded; a cent is none of that.
            if gap.abs() > Decimal::new(1, 2) {
                let text =
                    format!("{symbol} in {account}: {realised} realised, {gap} more than the venue paid");
                self.found("I25", at, text);
            }
        }
    }
}
