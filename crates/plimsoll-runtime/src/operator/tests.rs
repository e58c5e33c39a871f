//! Who may do what at which door.

use tokio::sync::mpsc::unbounded_channel;

use super::*;

fn access() -> (Arc<Access>, tokio::sync::mpsc::UnboundedReceiver<Input>) {
    let (inputs, receiver) = unbounded_channel();
    let bots = vec![BotName::new("trend").unwrap()];
    (Arc::new(Access { inputs, token: "c0ffee".into(), bots }), receiver)
}

/// Asks the API over an in-memory connection; what the bridge would be told is dropped unanswered.
async fn ask(door: Door, request: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let (access, receiver) = access();
    drop(receiver);
    let (mut client, server) = tokio::io::duplex(16 * 1024);
    let served = http::serve_one(server, routes(access, door));
    let asked = async {
        client.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.unwrap();
        String::from_utf8(answer).unwrap()
    };
    tokio::join!(served, asked).1
}

fn request(method: &str, path: &str, headers: &str, body: &str) -> String {
    let len = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {len}\r\n{headers}\r\n{body}"
    )
}

#[tokio::test]
async fn over_http_nothing_is_shown_without_the_token() {
    for headers in ["", "authorization: Bearer c0ffe\r\n", "authorization: Bearer c0ffef\r\n"] {
        let answer = ask(Door::Http, &request("GET", "/status", headers, "")).await;
        assert!(answer.starts_with("HTTP/1.1 401"), "{headers:?}: {answer}");
    }
    // Past the door: only the gateway is missing in this test.
    let answer = ask(Door::Http, &request("GET", "/status", "authorization: Bearer c0ffee\r\n", "")).await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
}

#[tokio::test]
async fn resuming_on_the_socket_needs_the_typed_name() {
    for body in [r#"{"by":"me"}"#, r#"{"by":"me","typed_name":"trend"}"#] {
        let answer = ask(Door::Unix, &request("POST", "/resume", "", body)).await;
        assert!(answer.starts_with("HTTP/1.1 403"), "{body}: {answer}");
        assert!(answer.contains("typed name `fleet`"), "{answer}");
    }
    for body in [r#"{"by":"me","typed_name":"fleet"}"#, r#"{"by":"me","bot":"trend","typed_name":"trend"}"#] {
        let answer = ask(Door::Unix, &request("POST", "/resume", "", body)).await;
        assert!(answer.starts_with("HTTP/1.1 503"), "{body}: {answer}");
    }
}

#[tokio::test]
async fn halting_needs_nothing_but_an_existing_bot_and_level() {
    let good = ask(Door::Unix, &request("POST", "/halt", "", r#"{"by":"me"}"#)).await;
    assert!(good.starts_with("HTTP/1.1 503"), "{good}");
    for body in [r#"{"by":"me","bot":"trand"}"#, r#"{"by":"me","level":"some"}"#, "{", r#"{"who":"me"}"#] {
        let answer = ask(Door::Unix, &request("POST", "/halt", "", body)).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{body}: {answer}");
    }
}

#[test]
fn tokens_are_128_bits_and_never_the_same() {
    let (one, two) = (new_token().unwrap(), new_token().unwrap());
    assert_eq!(one.len(), 32);
    assert_ne!(one, two);
}

#[test]
fn the_tokens_file_is_readable_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let dir = std::env::temp_dir().join(format!("plimsoll-operator-{}", std::process::id()));
    fs::create_dir_all(&dir).unwrap();
    let path = dir.join(TOKEN);
    write_private(&path, "one").unwrap();
    write_private(&path, "two").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "two\n");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    fs::remove_dir_all(&dir).unwrap();
}
