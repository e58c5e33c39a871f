//! The units of the configuration: durations, percentages, money, addresses, names. Each reader says
//! what is wrong with a text and what to write instead.

use std::net::SocketAddr;
use std::time::Duration;

use plimsoll_core::FLEET;
use plimsoll_model::{Account, BotName, Money, Qty};
use rust_decimal::Decimal;

/// `"250ms"`, `"15s"`, `"10m"`, `"2h"`, `"1d"`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let millis_per_unit = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "" => return Err(format!("`{text}` has no unit; write for example \"{text}s\"")),
        _ => return Err(format!("`{text}` is no duration; write a number and ms, s, m, h or d")),
    };
    number
        .parse::<u64>()
        .ok()
        .and_then(|n| n.checked_mul(millis_per_unit))
        .map(Duration::from_millis)
        .ok_or_else(|| format!("`{text}` is no duration; write a number and ms, s, m, h or d"))
}

/// A duration above zero.
pub(super) fn positive_duration(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err(format!("`{text}` is zero; write a time above zero")),
        span => Ok(span),
    }
}

/// A number above zero, exactly as it is written.
pub(super) fn positive_decimal(text: &str) -> Result<Decimal, String> {
    Decimal::from_str_exact(text)
        .ok()
        .filter(|value| *value > Decimal::ZERO)
        .ok_or_else(|| format!("`{text}` is no number above zero"))
}

/// `"3%"` as `0.03`.
pub(super) fn percent(text: &str) -> Result<Decimal, String> {
    let wrong = || format!("`{text}` is no percentage; write for example \"3%\"");
    let number = text.strip_suffix('%').ok_or_else(wrong)?;
    let value = Decimal::from_str_exact(number.trim()).map_err(|_| wrong())?;
    if value <= Decimal::ZERO || value > Decimal::ONE_HUNDRED {
        return Err(format!("`{text}` is not above 0% and at most 100%"));
    }
    Ok(value / Decimal::ONE_HUNDRED)
}

/// `"25000 USD"`, above zero.
pub(super) fn money(text: &str) -> Result<Money, String> {
    let money = Money::parse(text)
        .ok_or_else(|| format!("`{text}` is no amount of money; write for example \"25000 USD\""))?;
    if money.amount <= Decimal::ZERO {
        return Err(format!("`{text}` is not above zero"));
    }
    Ok(money)
}

/// A quantity above zero.
pub(super) fn qty(text: &str) -> Result<Qty, String> {
    match Qty::parse(text) {
        Ok(qty) if !qty.is_zero() => Ok(qty),
        Ok(_) => Err(format!("`{text}` is zero; write the most units of one order")),
        Err(error) => Err(error.to_string()),
    }
}

/// An account.
pub(super) fn account(text: &str) -> Result<Account, String> {
    Account::new(text)
        .ok_or_else(|| format!("`{text}` is no account; write letters and digits as the broker shows them"))
}

/// A bot's name. It becomes part of order references, where `-` separates.
pub(super) fn bot_name(text: &str) -> Result<BotName, String> {
    if text == FLEET {
        return Err(format!("`{text}` stands in the references of our own orders; write another name"));
    }
    BotName::new(text).ok_or_else(|| {
        format!("`{text}` is no bot name; write at most 32 small letters, digits and underscores")
    })
}

/// An address to listen on. The TWS wire has no password, so it must stay on this host.
pub(super) fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr =
        text.parse().map_err(|_| format!("`{text}` is no address; write for example \"127.0.0.1:7401\""))?;
    if !address.ip().is_loopback() {
        return Err(format!(
            "`{text}` can be reached from other hosts and the wire has no password; listen on 127.0.0.1 \
             and let bots of other hosts come through a tunnel"
        ));
    }
    Ok(address)
}

/// `host:port` of another process.
pub(super) fn host_port(text: &str) -> Result<Box<str>, String> {
    let wrong = || format!("`{text}` is no host and port; write for example \"127.0.0.1:4001\"");
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    let port: u16 = port.parse().map_err(|_| wrong())?;
    if host.is_empty() || port == 0 || host.contains(char::is_whitespace) {
        return Err(wrong());
    }
    Ok(text.into())
}

/// One word of a closed list.
pub(super) fn word<T: Copy>(text: &str, known: &[(&str, T)]) -> Result<T, String> {
    known.iter().find(|(word, _)| *word == text).map(|(_, value)| *value).ok_or_else(|| {
        let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
        format!("`{text}` is not known; write {}", words.join(" or "))
    })
}
