//! Conditions of an order: one message with the fields of all kinds on this wire.

use plimsoll_model::Price;
use rust_decimal::Decimal;

use super::super::{Numbered, Step};
use crate::Word;
use crate::message::{Condition, Conjunction};

/// The fields of all kinds.
#[derive(Default)]
struct Flat {
    kind: i32,
    and: bool,
    is_more: bool,
    con_id: i32,
    exchange: Word,
    symbol: Word,
    sec_type: Word,
    percent: i32,
    change: Option<Decimal>,
    px: Option<Price>,
    trigger_method: i32,
    time: Word,
    volume: i32,
}

pub(super) fn condition(f: &mut impl Numbered, condition: &mut Condition) -> Step {
    let mut flat = flatten(condition);
    f.id(1, "condition.type", &mut flat.kind)?;
    f.flag(2, "condition.isConjunctionConnection", &mut flat.and)?;
    f.flag(3, "condition.isMore", &mut flat.is_more)?;
    f.int_unless_zero(4, "condition.conId", &mut flat.con_id)?;
    f.text(5, "condition.exchange", &mut flat.exchange)?;
    f.text(6, "condition.symbol", &mut flat.symbol)?;
    f.text(7, "condition.secType", &mut flat.sec_type)?;
    f.int_unless_zero(8, "condition.percent", &mut flat.percent)?;
    f.opt_double(9, "condition.changePercent", &mut flat.change)?;
    f.opt_double(10, "condition.price", &mut flat.px)?;
    f.int_unless_zero(11, "condition.triggerMethod", &mut flat.trigger_method)?;
    f.text(12, "condition.time", &mut flat.time)?;
    f.int_unless_zero(13, "condition.volume", &mut flat.volume)?;
    let kind = flat.kind;
    *condition = unflatten(flat)
        .ok_or_else(|| f.unknown(1, "condition.type", kind, "a condition type (1, 3, 4, 5, 6 or 7)"))?;
    Ok(())
}

fn flatten(condition: &Condition) -> Flat {
    let mut flat = Flat { kind: condition.kind(), ..Flat::default() };
    let join = match condition.clone() {
        Condition::Price { join, is_more, px, con_id, exchange, trigger_method } => {
            flat = Flat { is_more, con_id, exchange, px, trigger_method, ..flat };
            join
        }
        Condition::Time { join, is_more, time } => {
            flat = Flat { is_more, time, ..flat };
            join
        }
        Condition::Margin { join, is_more, percent } => {
            flat = Flat { is_more, percent, ..flat };
            join
        }
        Condition::Execution { join, sec_type, exchange, symbol } => {
            flat = Flat { exchange, symbol, sec_type, ..flat };
            join
        }
        Condition::Volume { join, is_more, volume, con_id, exchange } => {
            flat = Flat { is_more, con_id, exchange, volume, ..flat };
            join
        }
        Condition::PercentChange { join, is_more, percent, con_id, exchange } => {
            flat = Flat { is_more, con_id, exchange, change: percent, ..flat };
            join
        }
    };
    Flat { and: join == Conjunction::And, ..flat }
}

fn unflatten(flat: Flat) -> Option<Condition> {
    let join = if flat.and { Conjunction::And } else { Conjunction::Or };
    let Flat { is_more, con_id, exchange, symbol, sec_type, percent, change, px, .. } = flat;
    let (trigger_method, time, volume) = (flat.trigger_method, flat.time, flat.volume);
    Some(match flat.kind {
        1 => Condition::Price { join, is_more, px, con_id, exchange, trigger_method },
        3 => Condition::Time { join, is_more, time },
        4 => Condition::Margin { join, is_more, percent },
        5 => Condition::Execution { join, sec_type, exchange, symbol },
        6 => Condition::Volume { join, is_more, volume, con_id, exchange },
        7 => Condition::PercentChange { join, is_more, percent: change, con_id, exchange },
        _ => return None,
    })
}
