//! A statement as books that can be compared, and a ledger that is made of nothing but its trades.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use plimsoll_ledger::statement::{Books, Entry, Pays};
use plimsoll_ledger::{CashBook, CashKind, CashPosting, Ledger};
use plimsoll_model::{
    Account, BotName, ConId, Currency, ExecId, Execution, Fee, InstrumentId, Money, Position, SecType,
};
use rust_decimal::Decimal;

use crate::moment::STATEMENT_ZONE;
use crate::read::Statement;
use crate::trade::{Asset, Trade, TradeKind};

/// The bot in an order's reference of our form, `SPY-trend-20261127-7`.
pub fn bot_of_reference(reference: &str) -> Option<BotName> {
    let mut parts = reference.rsplitn(4, '-');
    let _number: u32 = parts.next()?.parse().ok()?;
    Date::strptime("%Y%m%d", parts.next()?).ok()?;
    let bot = BotName::new(parts.next()?)?;
    parts.next()?;
    Some(bot)
}

/// The zone of times that name none.
pub fn statement_zone() -> TimeZone {
    TimeZone::get(STATEMENT_ZONE).expect("the zone is in the data that is built in")
}

impl Trade {
    /// As one side of a comparison.
    pub fn entry(&self, zone: &TimeZone) -> Entry {
        let pays = match &self.asset.sec_type {
            // `EUR.CASH.USD`: the quantity is in the first currency.
            SecType::Forex => self
                .asset
                .instrument
                .as_str()
                .split('.')
                .next()
                .and_then(Currency::new)
                .map_or(Pays::Charges, Pays::Pair),
            _ if self.asset.is_paid_for() => Pays::Principal,
            _ => Pays::Charges,
        };
        Entry {
            exec_id: self.exec_id.clone(),
            trade_id: self.trade_id.clone(),
            order_ref: self.order_ref.clone(),
            bot: self.order_ref.as_deref().and_then(bot_of_reference),
            account: self.account.clone(),
            instrument: self.asset.instrument.clone(),
            terms: self.asset.terms,
            pays,
            side: self.side,
            qty: self.qty(),
            px: self.px,
            at: self.at.and_then(|at| at.instant(zone)),
            date: self.at.map(|at| at.date).or(self.report_date),
            fee: self.commission,
            taxes: self.taxes,
        }
    }

    /// Under which number a ledger that is made of the statement books it.
    fn booked_as(&self) -> ExecId {
        let id = match (&self.exec_id, &self.trade_id, &self.transaction_id) {
            (Some(id), ..) => return id.clone(),
            (_, Some(id), _) => format!("trade-{id}"),
            (_, _, Some(id)) => format!("transaction-{id}"),
            _ => format!("line-{}", self.line),
        };
        ExecId::new(&id).unwrap_or_else(|| ExecId::new(&format!("line-{}", self.line)).expect("a short id"))
    }

    /// Whether `cancel` takes this one back.
    fn is_canceled_by(&self, cancel: &Self) -> bool {
        let named = match (&cancel.original_trade_id, &self.trade_id) {
            (Some(original), Some(own)) => original == own,
            _ => cancel.px == self.px && cancel.at == self.at,
        };
        named
            && self.account == cancel.account
            && self.asset.instrument == cancel.asset.instrument
            && self.signed_qty == -cancel.signed_qty
    }
}

impl Statement {
    /// Trades that count, and those that were taken back: by a cancellation in this statement, or in an earlier one
    /// if only the cancellation is in this.
    pub fn counted(&self) -> (Vec<&Trade>, Vec<&Trade>) {
        let mut counted: Vec<&Trade> = self.trades.iter().filter(|trade| !trade.is_cancel()).collect();
        let mut busted = Vec::new();
        for cancel in self.trades.iter().filter(|trade| trade.is_cancel()) {
            match counted.iter().position(|trade| trade.is_canceled_by(cancel)) {
                Some(at) => busted.push(counted.remove(at)),
                None => busted.push(cancel),
            }
        }
        (counted, busted)
    }

    /// The broker's side of a comparison.
    pub fn books(&self) -> Books {
        let zone = statement_zone();
        let (counted, busted) = self.counted();
        let mut books = Books {
            entries: counted.iter().map(|trade| trade.entry(&zone)).collect(),
            busted: busted.iter().map(|trade| trade.entry(&zone)).collect(),
            cash: self.closing_cash(),
            ..Books::default()
        };
        if self.has("OpenPositions") {
            books.complete.extend(self.account.clone());
            books.positions = self
                .open_positions
                .iter()
                .map(|held| ((held.account.clone(), held.asset.instrument.clone()), held.closing))
                .collect();
        }
        books.realised = self.realised(&counted);
        books
    }

    /// What was held at the beginning, if the statement says so: what it leaves out was not held.
    pub fn opening_positions(&self) -> Option<BTreeMap<(Account, InstrumentId), Position>> {
        if !self.has("MTMPerformanceSummaryInBase") {
            return None;
        }
        let known = self.assets();
        let held = self.performance.iter().filter_map(|held| {
            // The section names no currency; where another one does, that instrument is meant.
            let known = held.asset.con_id.and_then(|id| known.get(&id).copied());
            let instrument = known.unwrap_or(&held.asset).instrument.clone();
            Some(((held.account.clone(), instrument), held.opening?))
        });
        Some(held.collect())
    }

    fn assets(&self) -> BTreeMap<ConId, &Asset> {
        let traded = self.trades.iter().map(|trade| &trade.asset);
        let held = self.open_positions.iter().map(|held| &held.asset);
        let moved = self.moves.iter().map(|moved| &moved.asset);
        traded.chain(held).chain(moved).filter_map(|asset| Some((asset.con_id?, asset))).collect()
    }

    /// Sums by currency; the one sum over all only where there is no other currency in it.
    fn sums_of_cash(&self) -> Vec<((Account, Currency), Decimal, Decimal)> {
        let reports = &self.cash_reports;
        let by_currency: Vec<_> = reports
            .iter()
            .filter_map(|r| Some(((r.account.clone(), r.currency?), r.starting, r.ending)))
            .collect();
        if !by_currency.is_empty() {
            return by_currency;
        }
        let Some(base) = self.base_currency() else { return Vec::new() };
        reports.iter().map(|r| ((r.account.clone(), base), r.starting, r.ending)).collect()
    }

    /// The account's currency, as far as sums in it can be compared with single amounts: nothing else was used.
    fn base_currency(&self) -> Option<Currency> {
        let used = self.currencies();
        match (self.base, used.len()) {
            (Some(base), _) => used.iter().all(|currency| *currency == base).then_some(base),
            (None, 1) => used.first().copied().filter(|_| self.all_at_par()),
            _ => None,
        }
    }

    fn all_at_par(&self) -> bool {
        let trades = self.trades.iter().map(|trade| trade.fx_to_base);
        trades.chain(self.cash.iter().map(|cash| cash.fx_to_base)).all(|rate| rate == Some(Decimal::ONE))
    }

    fn currencies(&self) -> BTreeSet<Currency> {
        let mut used: BTreeSet<Currency> = self.cash.iter().map(|cash| cash.amount.currency).collect();
        for trade in &self.trades {
            used.insert(trade.asset.terms.currency);
            used.extend(trade.commission.map(|fee| fee.currency));
        }
        used.extend(self.moves.iter().map(|moved| moved.proceeds.currency));
        used
    }

    fn closing_cash(&self) -> BTreeMap<(Account, Currency), Decimal> {
        self.sums_of_cash().into_iter().map(|(key, _, ending)| (key, ending)).collect()
    }

    /// Profits of holdings that were opened and closed within the period. Only of these do the broker's count lot by
    /// lot and an average cost agree.
    fn realised(&self, counted: &[&Trade]) -> BTreeMap<(Account, InstrumentId), Money> {
        let Some(opening) = self.opening_positions() else { return BTreeMap::new() };
        let mut sums: BTreeMap<(Account, InstrumentId), Option<(Decimal, Decimal)>> = BTreeMap::new();
        let mut currency = BTreeMap::new();
        for trade in counted {
            let key = (trade.account.clone(), trade.asset.instrument.clone());
            let flat = opening.get(&key).is_none_or(|held| held.is_zero());
            let plain = trade.kind == TradeKind::Exchange && trade.asset.sec_type != SecType::Forex;
            let moved = self.moves.iter().any(|moved| moved.asset.instrument == key.1);
            currency.insert(key.clone(), trade.asset.terms.currency);
            let sum = sums.entry(key).or_insert(Some((Decimal::ZERO, Decimal::ZERO)));
            *sum = sum.filter(|_| flat && plain && !moved).and_then(|(held, profit)| {
                Some((held.checked_add(trade.signed_qty)?, profit.checked_add(trade.realised?)?))
            });
        }
        let closed = sums.into_iter().filter_map(|(key, sum)| {
            let (held, amount) = sum?;
            let currency = *currency.get(&key)?;
            held.is_zero().then_some((key, Money { amount, currency }))
        });
        closed.collect()
    }
}

/// A ledger made of a statement's own trades and bookings, by the same rules as the gateway's.
#[derive(Debug, Default)]
pub struct OwnLedger {
    /// Executions, positions, profits.
    pub ledger: Ledger,
    /// Money without executions.
    pub cash: CashBook,
    /// What could not be booked, and why.
    pub refused: Vec<String>,
}

impl OwnLedger {
    /// Books a statement as it is.
    pub fn of(statement: &Statement) -> Self {
        let trades: Vec<&Trade> = statement.trades.iter().collect();
        Self::of_trades(statement, &trades)
    }

    /// Books other trades beside the statement's money: what a ledger would have that missed some, or heard wrong.
    pub fn of_trades(statement: &Statement, trades: &[&Trade]) -> Self {
        let mut own = Self::default();
        let zone = statement_zone();
        for trade in trades.iter().filter(|trade| !trade.is_cancel()) {
            own.post(trade, &zone);
        }
        for cancel in trades.iter().filter(|trade| trade.is_cancel()) {
            let canceled = trades.iter().find(|trade| !trade.is_cancel() && trade.is_canceled_by(cancel));
            // One whose trade is in an earlier statement has nothing to take back here.
            if let Some(trade) = canceled
                && let Err(error) = own.ledger.bust(&trade.booked_as())
            {
                own.refused.push(format!("{}: {error}", cancel.name()));
            }
        }
        for (at, cash) in statement.cash.iter().enumerate() {
            let id = cash.transaction_id.as_deref().map_or_else(|| format!("row-{at}"), ToOwned::to_owned);
            let posting = CashPosting {
                account: cash.account.clone(),
                amount: cash.amount,
                kind: cash.kind,
                instrument: cash.instrument.clone(),
            };
            own.book(&id, posting);
        }
        for moved in statement.moves.iter().filter(|moved| !moved.proceeds.amount.is_zero()) {
            let posting = CashPosting {
                account: moved.account.clone(),
                amount: moved.proceeds,
                kind: if moved.is_corporate_action { CashKind::CorporateAction } else { CashKind::Transfer },
                instrument: Some(moved.asset.instrument.clone()),
            };
            own.book(&format!("move-{}", moved.line), posting);
        }
        own
    }

    fn book(&mut self, id: &str, posting: CashPosting) {
        if let Err(error) = self.cash.post(id, posting) {
            self.refused.push(error.to_string());
        }
    }

    fn post(&mut self, trade: &Trade, zone: &TimeZone) {
        let entry = trade.entry(zone);
        let Some(last_px) = trade.px.or(trade.rounded_px) else {
            self.refused.push(format!("{} has no price and was not booked", trade.name()));
            return;
        };
        let exec_id = trade.booked_as();
        let execution = Execution {
            exec_id: exec_id.clone(),
            cl_ord_id: None,
            account: entry.account.clone(),
            instrument: entry.instrument.clone(),
            side: entry.side,
            last_qty: entry.qty,
            last_px,
            at: entry.at,
        };
        if let Err(error) = self.ledger.post(&execution, entry.bot.as_ref(), entry.terms) {
            self.refused.push(error.to_string());
            return;
        }
        let taxes = trade.taxes;
        let charge = match trade.commission {
            Some(fee) if fee.currency == entry.terms.currency => {
                fee.amount.checked_add(taxes).map(|amount| Money { amount, ..fee })
            }
            fee => fee,
        };
        let posted = charge.map(|charge| self.ledger.fee(&exec_id, Fee { charge }));
        if let Some(Err(error)) = posted {
            self.refused.push(error.to_string());
        }
    }

    /// Our side of a comparison with the statement that it is made of. Prices, fees, holdings and profits are the ledger's.
    pub fn books(&self, statement: &Statement, trades: &[&Trade]) -> Books {
        let zone = statement_zone();
        let mut books = Books::default();
        for trade in trades.iter().filter(|trade| !trade.is_cancel()) {
            let Some(row) = self.ledger.execution(&trade.booked_as()).filter(|row| !row.is_busted) else {
                continue;
            };
            let entry = trade.entry(&zone);
            books.entries.push(Entry {
                px: trade.px.map(|_| row.execution.last_px),
                qty: row.execution.last_qty,
                side: row.execution.side,
                fee: row.fee,
                taxes: if row.fee.is_some_and(|fee| fee.currency == entry.terms.currency) {
                    Decimal::ZERO
                } else {
                    entry.taxes
                },
                ..entry
            });
        }
        self.add_positions(statement, &mut books);
        self.add_cash(statement, &mut books);
        books
    }

    fn add_positions(&self, statement: &Statement, books: &mut Books) {
        for row in self.ledger.rows() {
            let net = row.realised_net.amount;
            let before = books.realised.remove(&(row.account.clone(), row.instrument.clone()));
            let sum = before.map_or(Some(net), |before| before.checked_add(net));
            books.realised.extend(sum.map(|sum| ((row.account, row.instrument), sum)));
        }
        let Some(opening) = statement.opening_positions() else { return };
        books.positions = opening;
        let booked = self.ledger.rows().into_iter().map(|row| ((row.account, row.instrument), row.qty.get()));
        let moved = statement
            .moves
            .iter()
            .map(|moved| ((moved.account.clone(), moved.asset.instrument.clone()), moved.signed_qty));
        for (key, qty) in booked.chain(moved) {
            // A pair of currencies is cash on both sides and no holding.
            if key.1.as_str().contains(".CASH.") {
                continue;
            }
            let before = books.positions.get(&key).copied().unwrap_or(Position::FLAT);
            // A sum that does not fit stays as it was, and differs from the statement's.
            books.positions.extend(before.checked_add(Position::new(qty)).map(|sum| (key, sum)));
        }
    }

    fn add_cash(&self, statement: &Statement, books: &mut Books) {
        for ((account, currency), starting, _) in statement.sums_of_cash() {
            let traded = books.entries.iter().filter(|entry| entry.account == account).map(|entry| {
                let effect = entry.effect()?;
                Some(effect.cash.get(&currency).copied().unwrap_or_default())
            });
            let booked = self.cash.total(&account, currency).map(|money| money.amount);
            let sum = traded.chain([booked]).try_fold(starting, |sum, amount| sum.checked_add(amount?));
            if let Some(sum) = sum {
                books.cash.insert((account, currency), sum);
            }
        }
    }
}

/// The broker's side for a comparison with [`OwnLedger`]: holdings only where the statement says what there was at the
/// beginning.
pub fn books_for_own(statement: &Statement) -> Books {
    let mut books = statement.books();
    if statement.opening_positions().is_none() {
        books.positions.clear();
        books.complete.clear();
    }
    books
}
