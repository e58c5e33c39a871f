//! Checks that need more than one key: ports, client ids, accounts, ownership, the environment.

use std::collections::BTreeMap;
use std::ops::Range;

use plimsoll_model::{Account, InstrumentId};
use toml::Spanned;

use super::bot::RawBot;
use super::place::Problems;
use super::venue::RawVenue;
use super::{Environment, Raw};

/// Adds every problem that only shows between keys.
pub(super) fn check(raw: &Raw, problems: &mut Problems) {
    one_venue(raw, problems);
    if raw.bots.is_empty() {
        problems.at(0..0, "the file has no [[bot]]; write one for each bot that is to trade");
    }
    names(&raw.bots, problems);
    ports(raw, problems);
    for bot in &raw.bots {
        within_bot(bot, problems);
    }
    ownership(&raw.bots, problems);
    let Some(venue) = raw.venues.first() else { return };
    client_ids(venue, &raw.bots, problems);
    accounts(venue, &raw.bots, problems);
    follow(raw, venue, problems);
    venue.on_close_crossing.check(&raw.bots, problems);
}

fn one_venue(raw: &Raw, problems: &mut Problems) {
    if raw.venues.is_empty() {
        problems.at(0..0, "the file has no [[venue]]; write one with the address of TWS or IB Gateway");
    }
    for extra in raw.venues.iter().skip(1) {
        problems.at(
            extra.span.clone(),
            "a second [[venue]] is not available yet; run one gateway per venue, each with its own file",
        );
    }
    let Some(known) = raw.venues.first().and_then(|venue| venue.name.as_ref()) else { return };
    for venue in raw.bots.iter().filter_map(|bot| bot.venue.as_ref()) {
        if raw.venues.iter().filter_map(|v| v.name.as_ref()).all(|name| name.get_ref() != venue.get_ref()) {
            problems.at(
                venue.span(),
                format!(
                    "`venue`: no [[venue]] is named `{}`; write \"{}\"",
                    venue.get_ref(),
                    known.get_ref()
                ),
            );
        }
    }
}

fn names(bots: &[RawBot], problems: &mut Problems) {
    let named = bots.iter().filter_map(|bot| bot.name.as_ref()).map(|name| (name.get_ref(), name.span()));
    once(named, problems, |name, line| {
        format!("`name`: `{name}` is already the bot of line {line}; every bot needs a name of its own")
    });
}

fn ports(raw: &Raw, problems: &mut Problems) {
    let bots = raw.bots.iter().filter_map(|bot| bot.listen.as_ref());
    let all = bots.chain(raw.plimsoll.operator.as_ref()).filter(|listen| listen.get_ref().port() != 0);
    once(all.clone().map(|listen| (listen.get_ref(), listen.span())), problems, |address, line| {
        format!("`{address}` is already taken by line {line}; every listener needs a port of its own")
    });
    for venue in &raw.venues {
        let Some(upstream) = &venue.upstream else { continue };
        if all.clone().any(|listen| listen.get_ref().to_string() == **upstream.get_ref()) {
            problems.at(
                upstream.span(),
                format!(
                    "`upstream`: `{}` is a bot's port; name the port of TWS or IB Gateway",
                    upstream.get_ref()
                ),
            );
        }
    }
}

fn within_bot(bot: &RawBot, problems: &mut Problems) {
    if let Some(fill) = &bot.fill_account
        && *fill.get_ref()
        && bot.accounts.len() > 1
    {
        problems.at(
            fill.span(),
            "`fill_account` needs a bot with exactly one account; name the account in every order instead",
        );
    }
    for shared in &bot.shared {
        if bot.instruments.iter().all(|known| known.get_ref().0 != *shared.get_ref()) {
            let id = shared.get_ref();
            problems.at(shared.span(), format!("`shared`: `{id}` is not among this bot's instruments"));
        }
    }
    if let Some(max) = bot.daily_loss_max() {
        let currency = max.get_ref().currency.as_str();
        let mut all = bot.instruments.iter().map(Spanned::get_ref);
        if let Some((id, contract)) = all.find(|(_, contract)| *contract.currency != *currency) {
            problems.at(
                max.span(),
                format!(
                    "`max_daily_loss` in {currency} cannot count a loss of `{id}` in {}; give it to a bot whose \
                     limit is in that currency",
                    contract.currency
                ),
            );
        }
    }
    let accounts = bot.accounts.iter().map(|account| (account.get_ref(), account.span()));
    once(accounts, problems, |account, _| format!("`accounts`: `{account}` is listed twice"));
}

/// A bot that lists an instrument, and where it does.
type Claim<'a> = (&'a RawBot, Range<usize>);

/// One owner for each instrument in an account, unless all who list it share it.
fn ownership(bots: &[RawBot], problems: &mut Problems) {
    let mut owners: BTreeMap<(&Account, &InstrumentId), Vec<Claim<'_>>> = BTreeMap::new();
    for bot in bots {
        for account in &bot.accounts {
            for instrument in &bot.instruments {
                owners
                    .entry((account.get_ref(), &instrument.get_ref().0))
                    .or_default()
                    .push((bot, instrument.span()));
            }
        }
    }
    for ((account, instrument), list) in owners {
        let shares = |bot: &RawBot| bot.shared.iter().any(|shared| shared.get_ref() == instrument);
        if list.len() < 2 || list.iter().all(|(bot, _)| shares(bot)) {
            continue;
        }
        let (first, _) = &list[0];
        let owner = first.name.as_ref().map_or("another bot", |name| name.get_ref().as_str());
        for (_, span) in &list[1..] {
            problems.at(
                span.clone(),
                format!(
                    "`{instrument}` in {account} is already owned by bot `{owner}`; one bot per instrument \
                     and account, or `shared = [\"{instrument}\"]` in all of them"
                ),
            );
        }
    }
}

fn client_ids(venue: &RawVenue, bots: &[RawBot], problems: &mut Problems) {
    let own = venue.client_id.iter();
    let all = own.chain(bots.iter().flat_map(|bot| &bot.client_ids)).map(|id| (id.get_ref(), id.span()));
    once(all, problems, |id, line| {
        format!("client id {id} is already used in line {line}; the venue lets each id connect once")
    });
}

fn accounts(venue: &RawVenue, bots: &[RawBot], problems: &mut Problems) {
    for account in bots.iter().flat_map(|bot| &bot.accounts) {
        if venue.accounts.iter().all(|known| known.get_ref() != account.get_ref()) {
            let name = account.get_ref();
            problems.at(
                account.span(),
                format!("`accounts`: `{name}` is not among the venue's accounts; add it there or correct it"),
            );
        }
    }
    let Some(environment) = venue.environment.as_ref().map(|e| *e.get_ref()) else { return };
    for account in &venue.accounts {
        let name = account.get_ref();
        match (environment, is_paper(account)) {
            (Environment::Live, true) => problems.at(
                account.span(),
                format!("`accounts`: `{name}` is a paper account and the environment is \"live\""),
            ),
            (Environment::Paper, false) => problems.at(
                account.span(),
                format!(
                    "`accounts`: `{name}` is no paper account (DU…, DF…) and the environment is \"paper\""
                ),
            ),
            (Environment::Live, false) | (Environment::Paper, true) | (Environment::Sim, _) => {}
        }
    }
}

/// The broker's prefixes: DU for a paper account, DF for the master of a paper family.
fn is_paper(account: &Spanned<Account>) -> bool {
    let text = account.get_ref().as_str();
    text.starts_with("DU") || text.starts_with("DF")
}

fn follow(raw: &Raw, venue: &RawVenue, problems: &mut Problems) {
    let Some(follow) = &raw.clock.follow else { return };
    if venue.environment.as_ref().is_some_and(|e| *e.get_ref() != Environment::Sim) {
        problems.at(
            follow.span(),
            "`follow` takes the time from a simulator; it needs environment = \"sim\", remove it otherwise",
        );
    }
}

/// Complains about the second use of anything that may be used once.
fn once<'a, T: Ord + 'a>(
    uses: impl Iterator<Item = (&'a T, Range<usize>)>,
    problems: &mut Problems,
    text: impl Fn(&T, usize) -> String,
) {
    let mut first: BTreeMap<&T, Range<usize>> = BTreeMap::new();
    for (thing, span) in uses {
        match first.get(thing) {
            None => {
                first.insert(thing, span);
            }
            Some(earlier) => {
                let line = problems.line(earlier.clone());
                problems.at(span, text(thing, line));
            }
        }
    }
}
