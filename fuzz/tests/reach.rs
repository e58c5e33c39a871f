//! The corpora reach what they are there for: the fuzzer finds changed fields, but hardly a whole message.

use std::fs;
use std::path::Path;

use plimsoll_model::RawFrame;
use plimsoll_tws::{Gate, Request, Response, ServerVersion};

#[test]
fn every_message_with_a_type_is_in_the_corpus_of_the_text() {
    let versions: Vec<_> = ServerVersion::all().filter(|version| !version.has(Gate::Protobuf)).collect();
    let mut reached = Reached::default();
    for input in corpus("text") {
        let Some((number, payload)) = input.split_first() else { continue };
        reached.add(versions[usize::from(*number) % versions.len()], payload);
    }
    reached.assert_all(|_| true);
}

#[test]
fn every_message_with_a_form_is_in_the_corpus_of_protobuf() {
    let mut reached = Reached::default();
    for input in corpus("protobuf") {
        reached.add(ServerVersion::PROTOBUF, &[&[0, 0], &input[..]].concat());
    }
    reached.assert_all(|form| !form.is_empty());
}

/// The numbers of the messages that were read as themselves.
#[derive(Default)]
struct Reached {
    requests: Vec<i32>,
    responses: Vec<i32>,
}

impl Reached {
    fn add(&mut self, version: ServerVersion, payload: &[u8]) {
        let frame = RawFrame::new(payload.to_vec().into());
        match Request::decode(version, &frame) {
            Ok(Request::Raw { .. }) | Err(_) => {}
            Ok(request) => self.requests.push(request.id()),
        }
        match Response::decode(version, &frame) {
            Ok(Response::Raw { .. }) | Err(_) => {}
            Ok(response) => self.responses.push(response.id()),
        }
    }

    /// Of the messages whose protobuf form has such a name.
    fn assert_all(&self, wanted: fn(&str) -> bool) {
        let sides =
            [("request", Request::PROTOBUF, &self.requests), ("answer", Response::PROTOBUF, &self.responses)];
        let mut missing = Vec::new();
        for (side, rows, reached) in sides {
            let rows = rows.iter().filter(|(id, form)| wanted(form) && !reached.contains(id));
            missing.extend(rows.map(|(id, _)| format!("{side} {id}")));
        }
        assert!(missing.is_empty(), "no input is read as: {missing:?}");
    }
}

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    fs::read_dir(folder).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect()
}
