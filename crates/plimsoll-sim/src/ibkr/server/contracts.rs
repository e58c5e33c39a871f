//! Contracts: finding what a client means.
//!
//! Owns the universe of instruments and the reading of a contract against it: stocks and ETFs with their
//! option chains, the quarterly months of index futures, currency pairs, and combos in dollars. What a
//! client leaves out fits anything, so a contract may mean several instruments; data and orders want
//! exactly one.

use jiff::civil::Date;
use plimsoll_tws::message::WireContract;

use crate::ibkr::venue::IbkrVenue;
use crate::market::chain::{self, OptionSeries, Right};
use crate::market::forex::PAIRS;
use crate::market::future::{Future, ROOTS};
use crate::market::listing::Product;
use crate::market::{Market, Sym};

/// TWS's text for a contract that it cannot find; the code is 200.
pub(crate) const UNKNOWN: &str = "No security definition has been found for the request";
/// Where stocks may be routed.
pub(crate) const ROUTES: &str =
    "SMART,AMEX,NYSE,CBOE,PHLX,ISE,CHX,ARCA,NASDAQ,DRCTEDGE,BEX,BATS,EDGEA,BYX,IEX,EDGX,PEARL,MEMX";
/// The number that all combos in dollars share.
pub(crate) const COMBO_CON_ID: i32 = 28_812_380;

/// One thing that a contract can mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Instrument {
    /// A stock or ETF in dollars.
    Stock(Sym),
    /// The same share in pesos, cross-listed in Mexico: why a stock needs its currency named. It can be
    /// described, and nothing else.
    CrossListed(Sym),
    /// An option on a stock.
    Option(Sym, OptionSeries),
    /// A future.
    Future(Future),
    /// A pair of currencies.
    Forex(usize),
    /// Several legs at once, on an underlying.
    Combo(Sym),
}

impl IbkrVenue {
    /// What an order is about, if its contract means exactly one thing.
    pub(crate) fn resolve_order(&mut self, contract: &WireContract) -> Result<Sym, (i32, String)> {
        if contract.sec_type == "CONTFUT" {
            return Err((412, "The contract is not available for trading.".to_owned()));
        }
        let product = match self.matching(contract, Expired::Hidden).as_slice() {
            [Instrument::Stock(sym)] => return Ok(*sym),
            [Instrument::Option(under, series)] => Product::Option(*under, *series),
            [Instrument::Future(future)] => Product::Future(*future),
            [Instrument::Forex(pair)] => Product::Forex(*pair),
            _ => return Err((200, UNKNOWN.to_owned())),
        };
        let many = || {
            let text = "Error processing request. The simulator has prices for no more options in one run";
            (322, text.to_owned())
        };
        let sym = self.exchange.market.open_book(product).ok_or_else(many)?;
        self.exchange.keep_mark(sym);
        Ok(sym)
    }

    /// What a contract number is about.
    pub(crate) fn resolve_con_id(&mut self, con_id: i32) -> Option<Sym> {
        self.resolve_order(&WireContract { con_id, ..WireContract::default() }).ok()
    }

    /// The prices that a contract means, or why there are none.
    pub(crate) fn resolve_data(
        &mut self,
        contract: &WireContract,
        expired: Expired,
    ) -> Result<Sym, (i32, String)> {
        let not_subscribed = || (354, "Requested market data is not subscribed.".to_owned());
        let found = self.matching(contract, expired);
        let product = match found.as_slice() {
            [] => return Err((200, UNKNOWN.to_owned())),
            [Instrument::Stock(sym)] => return Ok(*sym),
            [Instrument::Future(future)] => Product::Future(*future),
            [Instrument::Forex(pair)] => Product::Forex(*pair),
            [Instrument::Option(..) | Instrument::CrossListed(_) | Instrument::Combo(_)] => {
                return Err(not_subscribed());
            }
            [_, _, ..] => {
                let text = format!(
                    "The contract description specified for {} is ambiguous.\nYou must specify the currency, the expiry or the exchange.",
                    contract.symbol
                );
                return Err((200, text));
            }
        };
        self.exchange.market.open_book(product).ok_or_else(not_subscribed)
    }

    /// Everything that a contract can mean.
    pub(crate) fn matching(&self, contract: &WireContract, expired: Expired) -> Vec<Instrument> {
        let market = &self.exchange.market;
        let search = Search { market, contract, today: market.hours.date_at(self.exchange.now), expired };
        match contract.sec_type.as_str() {
            "STK" => search.stocks(),
            "OPT" => search.options(),
            "FUT" => search.futures(),
            "CONTFUT" => search.futures().into_iter().take(1).collect(),
            "CASH" => search.pairs(),
            "BAG" => search.combos(),
            "" if contract.con_id != 0 => {
                let mut all = search.stocks();
                all.extend(search.futures());
                all.extend(search.pairs());
                all.extend(search.options());
                all
            }
            _ => Vec::new(),
        }
    }
}

/// Whether expired contracts are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expired {
    /// As usual.
    Hidden,
    /// On request, futures of the last two years.
    Shown,
}

impl Expired {
    /// From the field of a request.
    pub(crate) fn from_wire(include: bool) -> Self {
        if include { Self::Shown } else { Self::Hidden }
    }
}

/// The number of the cross-listed share: next to that of the share itself.
pub(crate) fn cross_listed_con_id(con_id: i32) -> i32 {
    600_000_000 + con_id % 100_000_000
}

/// One look through the universe.
struct Search<'a> {
    market: &'a Market,
    contract: &'a WireContract,
    today: Date,
    expired: Expired,
}

impl Search<'_> {
    fn stocks(&self) -> Vec<Instrument> {
        let c = self.contract;
        let named = if c.symbol.is_empty() { c.local_symbol.as_str() } else { c.symbol.as_str() };
        let mut found = Vec::new();
        for sym in self.market.all() {
            let listing = self.market.listing(sym);
            let by_name =
                if c.con_id == 0 { *named == *listing.symbol } else { fits(&c.symbol, &listing.symbol) };
            if !by_name
                || !fits(&c.local_symbol, &listing.symbol)
                || !fits(&c.trading_class, &listing.trading_class)
            {
                continue;
            }
            let primary = listing.venue.as_wire();
            // Nasdaq is called ISLAND by programs that are older than its name.
            let listed =
                fits(&c.primary_exchange, primary) || (c.primary_exchange == "ISLAND" && primary == "NASDAQ");
            let routed = c.exchange.is_empty() || c.exchange == "ISLAND" || is_one_of(&c.exchange, ROUTES);
            if is_number(c, listing.con_id) && listed && routed && fits(&c.currency, "USD") {
                found.push(Instrument::Stock(sym));
            }
            let abroad = fits(&c.primary_exchange, "MEXI") && is_one_of(&c.exchange, "SMART,MEXI,");
            if is_number(c, cross_listed_con_id(listing.con_id)) && abroad && fits(&c.currency, "MXN") {
                found.push(Instrument::CrossListed(sym));
            }
        }
        found
    }

    fn options(&self) -> Vec<Instrument> {
        let c = self.contract;
        let right = Right::parse(c.right.as_str());
        let wanted = c.strike.filter(|strike| !strike.is_zero());
        let known = (right.is_some() || matches!(c.right.as_str(), "" | "0" | "?"))
            && fits(&c.currency, "USD")
            && (c.exchange.is_empty() || is_one_of(&c.exchange, chain::ROUTES))
            && fits(&c.multiplier, "100");
        let mut found = Vec::new();
        for sym in self.market.all().filter(|_| known) {
            let under = self.market.listing(sym);
            let class = fits(&c.symbol, &under.symbol) && fits(&c.trading_class, &under.symbol);
            let named = !c.symbol.is_empty() || !c.local_symbol.is_empty() || !c.trading_class.is_empty();
            let numbered = c.con_id != 0 && chain::may_be_of(c.con_id, under);
            if !class || (c.con_id == 0 && !named) || (c.con_id != 0 && !numbered) {
                continue;
            }
            let local = c.local_symbol.as_str();
            if !local.is_empty() && !local.starts_with(&*under.symbol) {
                continue;
            }
            for expiry in chain::expiries(under, &self.market.hours, self.today) {
                if !is_within(expiry, c.expiry.as_str()) {
                    continue;
                }
                for strike in chain::strikes(under, self.today, expiry) {
                    for right in
                        Right::ALL.into_iter().filter(|each| right.is_none_or(|right| right == *each))
                    {
                        let option = OptionSeries { expiry, strike, right };
                        let fitting = wanted.is_none_or(|wanted| wanted == option.strike_px())
                            && is_number(c, option.con_id(under))
                            && (local.is_empty() || option.local_symbol(under) == local);
                        if fitting {
                            found.push(Instrument::Option(sym, option));
                        }
                    }
                }
            }
        }
        found
    }

    fn futures(&self) -> Vec<Instrument> {
        let c = self.contract;
        let mut found = Vec::new();
        for (index, root) in ROOTS.iter().enumerate() {
            let class = fits(&c.symbol, root.symbol)
                && fits(&c.trading_class, root.symbol)
                && fits(&c.exchange, root.exchange)
                && fits(&c.multiplier, root.multiplier)
                && fits(&c.currency, "USD");
            let named = c.con_id != 0
                || !c.symbol.is_empty()
                || !c.local_symbol.is_empty()
                || !c.trading_class.is_empty();
            if !class || !named {
                continue;
            }
            for future in Future::listed(index, self.today, self.expired == Expired::Shown) {
                let fitting = is_within(future.expiry, c.expiry.as_str())
                    && is_number(c, future.con_id())
                    && fits(&c.local_symbol, &future.local_symbol());
                if fitting {
                    found.push(Instrument::Future(future));
                }
            }
        }
        found
    }

    fn pairs(&self) -> Vec<Instrument> {
        let c = self.contract;
        let named = c.con_id != 0 || !c.symbol.is_empty() || !c.local_symbol.is_empty();
        let fitting = |index: &usize| {
            let pair = &PAIRS[*index];
            let local = format!("{}.{}", pair.base, pair.quote);
            named
                && fits(&c.symbol, pair.base)
                && fits(&c.currency, pair.quote)
                && fits(&c.local_symbol, &local)
                && fits(&c.exchange, "IDEALPRO")
                && is_number(c, pair.con_id)
        };
        (0..PAIRS.len()).filter(fitting).map(Instrument::Forex).collect()
    }

    fn combos(&self) -> Vec<Instrument> {
        let c = self.contract;
        let dollars = fits(&c.currency, "USD") && is_number(c, COMBO_CON_ID);
        let routed = c.exchange.is_empty() || is_one_of(&c.exchange, ROUTES);
        let sym = self.market.find(c.symbol.as_str()).filter(|_| dollars && routed);
        sym.map(Instrument::Combo).into_iter().collect()
    }
}

/// What a client left out fits anything.
fn fits(field: &plimsoll_tws::Word, value: &str) -> bool {
    field.is_empty() || *field == *value
}

fn is_number(contract: &WireContract, con_id: i32) -> bool {
    contract.con_id == 0 || contract.con_id == con_id
}

fn is_one_of(field: &plimsoll_tws::Word, list: &str) -> bool {
    list.split(',').any(|each| *field == *each)
}

/// Whether a last trade date lies in `20261218`, in `202612`, or in anything.
fn is_within(expiry: Date, field: &str) -> bool {
    let day = field.split([' ', '-']).next().unwrap_or_default();
    day.len() != 7 && expiry.strftime("%Y%m%d").to_string().starts_with(day)
}
