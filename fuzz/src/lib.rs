//! The properties that the fuzzer tries to break, one module per subject. Each is a function of bytes that
//! panics if the property does not hold; the programs beside it hand it what the fuzzer makes up, and the
//! replay test what the fuzzer made up before.
//!
//! Owns no property of its own. Does not own the fuzzer, which comes with `cargo afl`.

pub mod config;
pub mod frame;
pub mod handshake;
pub mod journal;
mod messages;
pub mod protobuf;
mod sealed;
pub mod text;

/// A property of bytes.
pub type Check = fn(&[u8]);

/// Every target by the name of its program and of its corpus.
pub const TARGETS: &[(&str, Check)] = &[
    ("frame", frame::check),
    ("text", text::check),
    ("protobuf", protobuf::check),
    ("handshake", handshake::check),
    ("journal", journal::check),
    ("config", config::check),
];

/// The body of a target's program. Under the fuzzer it checks one input after the other; built by plain cargo
/// it checks what stands on the standard input, once, and panics as a test does.
pub fn run(check: Check) {
    #[cfg(fuzzing)]
    afl::fuzz(true, check);
    #[cfg(not(fuzzing))]
    {
        let mut input = Vec::new();
        std::io::Read::read_to_end(&mut std::io::stdin(), &mut input)
            .expect("the standard input is readable");
        check(&input);
    }
}
