//! Script in, trace out. A script is what happens, a line each; the trace is what the bridge commands.
//! The words of both are those of the trace printer, so a journal reads like a test.

mod halts;
mod recovery;
mod relay;
mod script;
mod self_match;

use expect_test::Expect;

use script::Script;

/// Runs a script on the usual fleet and compares the trace.
#[track_caller]
fn check(script: &str, expect: &Expect) {
    let mut world = Script::new();
    let trace = world.run(script);
    expect.assert_eq(&trace);
}
