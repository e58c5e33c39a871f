//! Bots' questions for their executions, until they are answered: executions of orders that were held here are among the
//! answers, and the venue does not know them.

use std::collections::BTreeMap;

use plimsoll_model::{LinkId, RawFrame, ReqId};
use plimsoll_tws::message::{ReqExecutions, message_id};
use plimsoll_tws::{Request, Response, ServerVersion};

use super::Work;
use crate::carry::Carrier as _;
use crate::wire;

/// Questions of one link that are remembered; the answers to more are the venue's alone.
const ASKED_MAX: usize = 64;
/// `reqExecutions`.
const REQ_EXECUTIONS: i32 = 7;
/// `execDetailsEnd`.
const EXECUTIONS_END: i32 = 55;

/// What is asked on one link.
#[derive(Debug, Default)]
pub(crate) struct Asked(BTreeMap<i32, ReqExecutions>);

impl Asked {
    /// The bot has sent this.
    pub(crate) fn sent(&mut self, version: ServerVersion, frame: &RawFrame) {
        if message_id(version, frame) != Some(REQ_EXECUTIONS) {
            return;
        }
        if let Ok(Request::ReqExecutions(asked)) = Request::decode(version, frame)
            && (self.0.len() < ASKED_MAX || self.0.contains_key(&asked.req_id))
        {
            self.0.insert(asked.req_id, asked);
        }
    }

    /// The question that this ends the answer of.
    fn ended(&mut self, version: ServerVersion, frame: &RawFrame) -> Option<ReqExecutions> {
        if message_id(version, frame) != Some(EXECUTIONS_END) {
            return None;
        }
        let Ok(Response::ExecDetailsEnd(end)) = Response::decode(version, frame) else { return None };
        self.0.remove(&end.req_id)
    }
}

impl Work {
    /// Before the end of an answer about executions come those of orders that were held here.
    pub(super) fn add_held_executions(&mut self, link: LinkId, raw: &RawFrame) {
        let Some(state) = self.links.get_mut(&link) else { return };
        let Some(asked) = state.asked.ended(state.version, raw) else { return };
        let now = self.clock.now();
        let to = wire::addressee(state.version, state.client_id, now.wall);
        for (held, news, fee) in self.bridge.held_executions(now, link) {
            match wire::repeat(to, &held, &news, (ReqId(asked.req_id), fee)) {
                Ok(frames) if is_asked(&asked, to.version, &frames) => {
                    for frame in &frames {
                        self.send_to_bot(link, frame);
                    }
                }
                Ok(_) => {}
                Err(why) => {
                    self.note(link, &format!("an execution of order {} is not shown: {why}", held.order_id));
                }
            }
        }
    }
}

/// Whether an execution is one of those that were asked for. A time from which on they are wanted is not looked at: clients
/// know by its id an execution that they have.
fn is_asked(asked: &ReqExecutions, version: ServerVersion, frames: &[RawFrame]) -> bool {
    let Some(Ok(Response::ExecDetails(line))) = frames.first().map(|frame| Response::decode(version, frame))
    else {
        return false;
    };
    let side = if line.side == "BOT" { "BUY" } else { "SELL" };
    let fits =
        |wanted: &plimsoll_tws::Word, is: &str| wanted.is_empty() || wanted.as_str().eq_ignore_ascii_case(is);
    (asked.client_id == 0 || asked.client_id == line.client_id)
        && fits(&asked.account, line.account.as_str())
        && fits(&asked.symbol, line.contract.symbol.as_str())
        && fits(&asked.sec_type, line.contract.sec_type.as_str())
        && fits(&asked.exchange, line.exchange.as_str())
        && fits(&asked.side, side)
}
