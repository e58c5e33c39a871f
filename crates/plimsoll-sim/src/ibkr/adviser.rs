//! Advisers: logins whose first account manages the others.
//!
//! Owns the groups, the choice of the account that an adviser's order goes to, and the division of its shares. The
//! master account (`F…`, on paper `DF…`) holds nothing itself. Groups are exchanged as XML in TWS's form; since its
//! version 10.20 there are no separate profiles, so a profile's name is a group's name here.

use plimsoll_model::Account;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::ibkr::entry::Entry;
use crate::ibkr::exchange::Exchange;
use crate::ibkr::order::Order;
use crate::ibkr::rules::Refusal;
use crate::ibkr::violation::Kind;

/// Groups that an adviser may have.
const GROUPS_MAX: usize = 100;
/// Accounts in one group.
const MEMBERS_MAX: usize = 1_000;

/// A group: how it divides, and whom among.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Group {
    /// TWS's name of the method.
    pub(crate) method: Box<str>,
    /// The accounts, each with its amount where the method asks for one.
    pub(crate) members: Vec<(Account, Decimal)>,
}

/// Whether an account is an adviser's master.
pub(crate) fn is_adviser(account: &Account) -> bool {
    account.as_str().starts_with('F') || account.as_str().starts_with("DF")
}

/// What every adviser's TWS has: the group of all accounts.
pub(crate) fn first_groups(accounts: &[Account]) -> std::collections::BTreeMap<Box<str>, Group> {
    if !accounts.first().is_some_and(is_adviser) {
        return std::collections::BTreeMap::new();
    }
    let members = accounts.iter().skip(1).map(|account| (account.clone(), Decimal::ONE)).collect();
    [("All".into(), Group { method: "NetLiq".into(), members })].into()
}

/// Divides shares in proportion to weights: whole shares to each, what is left one by one to the largest remainders.
pub(crate) fn divide(qty: i64, weights: &[Decimal]) -> Vec<i64> {
    let sum: Decimal = weights.iter().copied().sum();
    if weights.is_empty() {
        return Vec::new();
    }
    let even = vec![Decimal::ONE; weights.len()];
    let (weights, sum) =
        if sum > Decimal::ZERO { (weights, sum) } else { (even.as_slice(), Decimal::from(even.len())) };
    let exact: Vec<Decimal> = weights.iter().map(|weight| Decimal::from(qty) * weight / sum).collect();
    let mut shares: Vec<i64> = exact.iter().map(|part| part.floor().to_i64().unwrap_or(0)).collect();
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by_key(|at| (std::cmp::Reverse(exact[*at] - exact[*at].floor()), *at));
    let mut left = qty - shares.iter().sum::<i64>();
    for at in order.into_iter().cycle().take(weights.len() * 2) {
        if left > 0 && weights[at] > Decimal::ZERO {
            shares[at] += 1;
            left -= 1;
        }
    }
    shares
}

impl Exchange {
    /// Whether the login is an adviser's.
    pub(crate) fn is_adviser(&self) -> bool {
        is_adviser(&self.account_names[0])
    }

    /// The master account, for orders that a group or a model divides. None where one account is named.
    pub(crate) fn adviser_account(&self, entry: &Entry) -> Result<Option<Account>, Refusal> {
        let (group, model) = (&entry.terms.group, &entry.terms.model);
        let master = &self.account_names[0];
        if !self.is_adviser() {
            if group.is_empty() && model.is_empty() {
                return Ok(None);
            }
            let text = "Error validating request.-'bF' : cause - Not a financial advisor account";
            return Err(Refusal::new(321, text));
        }
        let to_master = *entry.account == *master.as_str();
        if !group.is_empty() && !entry.account.is_empty() {
            return Err(Refusal::new(201, "Order rejected - reason:Invalid account number"));
        }
        if !model.is_empty() && !to_master {
            let text = "Error validating request.-'bF' : cause - A model needs the adviser's own account";
            return Err(Refusal::new(321, text));
        }
        if group.is_empty() && model.is_empty() {
            if entry.account.is_empty() || to_master {
                let text = "You must specify an allocation (either a single account, group, or profile).";
                return Err(Refusal::new(436, text).violating(Kind::MissingAccount));
            }
            return Ok(None);
        }
        if !entry.terms.legs.is_empty() {
            let text = "Error validating request.-'bF' : cause - Combinations for groups are not offered by the simulator";
            return Err(Refusal::new(321, text));
        }
        if &*entry.terms.method == "PctChange" {
            let text = "Error validating request.-'bF' : cause - PctChange is not offered by the simulator";
            return Err(Refusal::new(321, text));
        }
        if !group.is_empty() && !self.groups.contains_key(&**group) {
            let text = "Error validating request.-'bF' : cause - Group name is unknown";
            return Err(Refusal::new(321, text));
        }
        Ok(Some(master.clone()))
    }

    /// The shares of each account in an adviser's order; nothing where one account has it all.
    pub(crate) fn allocate(&mut self, order: &Order) -> Vec<(Account, i64)> {
        if !self.is_adviser() || order.account != self.account_names[0] {
            return Vec::new();
        }
        // A model is followed by all accounts alike.
        let Some(group) = self.groups.get(&order.terms.group).or_else(|| self.groups.get("All")).cloned()
        else {
            return Vec::new();
        };
        let method = if order.terms.method.is_empty() { &group.method } else { &order.terms.method };
        let weights: Vec<Decimal> = group
            .members
            .iter()
            .map(|(account, amount)| match &**method {
                "EqualQuantity" | "Equal" => Decimal::ONE,
                "NetLiq" => self.values(account).net_liquidation.max(Decimal::ZERO),
                "AvailableEquity" => self.values(account).available().max(Decimal::ZERO),
                _ => *amount,
            })
            .collect();
        let shares = divide(order.qty, &weights);
        group.members.into_iter().map(|(account, _)| account).zip(shares).collect()
    }

    /// The groups as TWS writes them.
    pub(crate) fn groups_xml(&self) -> String {
        let member = |(account, amount): &(Account, Decimal)| {
            format!("<Account><acct>{account}</acct><amount>{}</amount></Account>", amount.normalize())
        };
        let group = |name: &str, group: &Group| {
            let members: String = group.members.iter().map(member).collect();
            format!(
                "<Group><name>{name}</name><defaultMethod>{}</defaultMethod>\
                 <ListOfAccts varName=\"list\">{members}</ListOfAccts></Group>",
                group.method
            )
        };
        let groups: String = self.groups.iter().map(|(name, members)| group(name, members)).collect();
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListOfGroups>{groups}</ListOfGroups>")
    }

    /// Replaces the groups. What is not understood, or names a foreign account, changes nothing.
    pub(crate) fn replace_groups(&mut self, xml: &str) -> Result<(), String> {
        let mut groups = first_groups(&self.account_names);
        for group in elements(xml, "Group") {
            let name = elements(group, "name").into_iter().next().unwrap_or_default().trim();
            if name.is_empty() || name.contains(['<', '&', '>']) || name.len() > 64 {
                return Err("a group needs a plain name".to_owned());
            }
            let method = elements(group, "defaultMethod").into_iter().next().unwrap_or("NetLiq").trim();
            let members = self.members(group)?;
            groups.insert(name.into(), Group { method: method.into(), members });
            if groups.len() > GROUPS_MAX {
                return Err(format!("more than {GROUPS_MAX} groups"));
            }
        }
        self.groups = groups;
        Ok(())
    }

    fn members(&self, group: &str) -> Result<Vec<(Account, Decimal)>, String> {
        let mut members = Vec::new();
        // Before 10.20 an account was a bare `String`.
        let named = elements(group, "String").into_iter().map(|account| (account, "1"));
        let rows = elements(group, "Account").into_iter().map(|row| {
            let first = |tag| elements(row, tag).into_iter().next();
            (first("acct").unwrap_or_default(), first("amount").unwrap_or("1"))
        });
        for (name, amount) in named.chain(rows) {
            let known = self.account_names.iter().skip(1).find(|account| account.as_str() == name.trim());
            let Some(account) = known else {
                return Err(format!("{name} is not an account of this adviser"));
            };
            let amount =
                Decimal::from_str_exact(amount.trim()).map_err(|_| format!("{amount} is no amount"))?;
            members.push((account.clone(), amount.max(Decimal::ZERO)));
            if members.len() > MEMBERS_MAX {
                return Err(format!("more than {MEMBERS_MAX} accounts in a group"));
            }
        }
        if members.is_empty() { Err("a group needs accounts".to_owned()) } else { Ok(members) }
    }
}

/// What stands between the tags of a name, one after the other; enough for TWS's flat lists.
fn elements<'a>(xml: &'a str, tag: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<{tag}"), format!("</{tag}>"));
    let mut found = Vec::new();
    let mut rest = xml;
    while let Some(at) = rest.find(&open) {
        let after = &rest[at + open.len()..];
        let body = match after.chars().next() {
            Some('>') => &after[1..],
            Some(' ') => after.split_once('>').map_or("", |(_, body)| body),
            _ => {
                rest = after;
                continue;
            }
        };
        let Some(end) = body.find(&close) else { return found };
        found.push(&body[..end]);
        rest = &body[end + close.len()..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn divided(qty: i64, weights: &[i64]) -> Vec<i64> {
        divide(qty, &weights.iter().map(|weight| Decimal::from(*weight)).collect::<Vec<_>>())
    }

    // By hand.
    #[test]
    fn shares_are_divided_whole_and_none_is_lost() {
        assert_eq!(divided(100, &[1, 1, 1]), [34, 33, 33]);
        assert_eq!(divided(10, &[3, 1]), [8, 2]);
        assert_eq!(divided(1, &[0, 5]), [0, 1]);
        assert_eq!(divided(5, &[0, 0]), [3, 2]);
        assert_eq!(divided(0, &[1, 2]), [0, 0]);
    }

    #[test]
    fn elements_are_found_by_their_whole_name() {
        let xml = "<Groups><Group><name>a</name></Group><Group x=\"1\"><name>b</name></Group></Groups>";
        assert_eq!(elements(xml, "name"), ["a", "b"]);
        assert_eq!(elements(xml, "Group").len(), 2);
    }
}
