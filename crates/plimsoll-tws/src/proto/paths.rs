//! Where the fields of all forms are, by the numbers on the way down: what the rewrites name has to be there, and
//! no account or order reference may be in a message without somebody having decided what becomes of it.

use super::{Numbered, Packed, Step, Whole};
use crate::layout::{DecodeError, Problem};
use crate::rewrite::PATHS;
use crate::spelling::Spelling;
use crate::{Request, Response, Word};

/// A direction over a form that writes down where each field is.
#[derive(Default)]
struct Map {
    way: Vec<u32>,
    fields: Vec<(&'static str, Vec<u32>)>,
}

impl Map {
    fn of(message: &str) -> Self {
        let mut map = Self::default();
        let request = Request::TYPED.iter().find(|(_, name)| *name == message);
        let response = Response::TYPED.iter().find(|(_, name)| *name == message);
        if let Some((id, _)) = request {
            Request::blank(*id).unwrap().form(&mut map).unwrap();
        }
        if let Some((id, _)) = response {
            Response::blank(*id).unwrap().form(&mut map).unwrap();
        }
        map
    }

    fn note(&mut self, number: u32, name: &'static str) {
        let whole = self.way.iter().copied().chain([number]).collect();
        self.fields.push((name, whole));
    }

    fn inside(&mut self, number: u32, body: impl FnOnce(&mut Self) -> Step) -> Step {
        self.way.push(number);
        let done = body(self);
        self.way.pop();
        done
    }
}

impl Numbered for Map {
    fn whole(
        &mut self,
        number: u32,
        name: &'static str,
        _kind: Whole,
        value: Option<i64>,
    ) -> Result<Option<i64>, Box<DecodeError>> {
        self.note(number, name);
        Ok(value)
    }

    fn text(&mut self, number: u32, name: &'static str, _value: &mut impl Spelling) -> Step {
        self.note(number, name);
        Ok(())
    }

    fn double(&mut self, number: u32, name: &'static str, _value: &mut impl Spelling) -> Step {
        self.note(number, name);
        Ok(())
    }

    fn part(
        &mut self,
        number: u32,
        _name: &'static str,
        _present: bool,
        body: impl FnOnce(&mut Self) -> Step,
    ) -> Result<bool, Box<DecodeError>> {
        self.inside(number, body).map(|()| true)
    }

    fn parts<T: Default>(
        &mut self,
        number: u32,
        _name: &'static str,
        _items: &mut Vec<T>,
        _max: usize,
        each: impl Fn(&mut Self, &mut T) -> Step,
    ) -> Step {
        self.inside(number, |map| each(map, &mut T::default()))
    }

    fn texts(&mut self, number: u32, name: &'static str, _items: &mut Vec<Word>, _max: usize) -> Step {
        self.note(number, name);
        Ok(())
    }

    fn packed<T: Spelling + Default>(
        &mut self,
        number: u32,
        name: &'static str,
        _kind: Packed,
        _items: &mut Vec<T>,
        _max: usize,
    ) -> Step {
        self.note(number, name);
        Ok(())
    }

    fn problem(&self, number: u32, name: &'static str, problem: Problem) -> DecodeError {
        panic!("field {number} `{name}`: {problem}");
    }

    fn aside(&mut self, number: u32, name: &'static str) -> Step {
        self.note(number, name);
        Ok(())
    }
}

#[test]
fn every_path_of_the_rewrites_is_a_field_of_its_message() {
    for (message, field, path) in PATHS {
        let map = Map::of(message);
        let found = map.fields.iter().find(|(_, whole)| whole == path);
        let name = found.map(|(name, _)| name.rsplit('.').next().unwrap());
        assert_eq!(name, Some(*field), "{message} {path:?}");
    }
}

/// All but the last but one are rewritten or judged by their account elsewhere, by these very names and numbers; the
/// family codes are relayed as they are. A form that names an account and is not in here would pass unseen.
const NAME_AN_ACCOUNT: &[&str] = &[
    "placeOrder",
    "reqAccountUpdates",
    "reqExecutions",
    "exerciseOptions",
    "reqPositionsMulti",
    "reqAccountUpdatesMulti",
    "reqPnL",
    "reqPnLSingle",
    "openOrder",
    "updateAccountValue",
    "updatePortfolio",
    "execDetails",
    "managedAccounts",
    "accountDownloadEnd",
    "position",
    "accountSummary",
    "positionMulti",
    "accountUpdateMulti",
    "familyCodes",
    "completedOrder",
];

#[test]
fn accounts_and_order_references_are_in_no_message_that_nobody_looks_at() {
    let named = |of: fn(&str) -> bool| -> Vec<&str> {
        let all = Request::TYPED.iter().chain(Response::TYPED).map(|(_, message)| *message);
        all.filter(|message| Map::of(message).fields.iter().any(|(name, _)| of(name))).collect()
    };
    let accounts = named(|name| {
        let last = name.rsplit('.').next().unwrap();
        last.starts_with("acct") || last.to_lowercase().contains("account")
    });
    assert_eq!(accounts, NAME_AN_ACCOUNT);
    let references = named(|name| name == "orderRef");
    assert_eq!(references, ["placeOrder", "openOrder", "execDetails", "completedOrder"]);
    assert!(
        references
            .iter()
            .all(|message| PATHS.iter().any(|(of, field, _)| (of, field) == (message, &"orderRef")))
    );
}
