//! The control API as scripts see it: bytes of HTTP in and out.

use super::*;
use tokio::time::Instant;

impl Rig {
    fn http(&self) -> DuplexStream {
        let control = Control { asks: self.ports.asks.clone(), clock: self.ports.clock.clone() };
        let router =
            http::guarded(crate::simulator::control::router(control), "127.0.0.1:4082".parse().unwrap());
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        tokio::spawn(http::serve_one(theirs, router));
        ours
    }

    /// Status and body of one request.
    async fn request(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let len = body.len();
        self.raw(&format!(
            "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:4082\r\nconnection: close\r\ncontent-length: {len}\r\n\r\n{body}"
        ))
        .await
    }

    async fn raw(&self, request: &str) -> (u16, String) {
        let mut http = self.http();
        // A server that has heard enough answers before it has read everything.
        let _ = http.write_all(request.as_bytes()).await;
        let answer = String::from_utf8(read_to_end(&mut http).await).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
        let body = if chunked { unchunk(body) } else { body.to_owned() };
        (status, body)
    }

    async fn error(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let (status, body) = self.request(method, path, body).await;
        let body: Value = serde_json::from_str(&body).unwrap_or_else(|_| panic!("not JSON: {status} {body}"));
        (status, body["error"].as_str().unwrap().to_owned())
    }
}

fn unchunk(mut body: &str) -> String {
    let mut out = String::new();
    while let Some((len, rest)) = body.split_once("\r\n") {
        let len = usize::from_str_radix(len, 16).unwrap();
        out.push_str(&rest[..len]);
        body = &rest[len + 2..];
    }
    out
}

#[tokio::test(start_paused = true)]
async fn the_routes_answer_in_the_promised_shapes() {
    let rig = Rig::new(Echo::with_events([]), times("60"));
    let ok = |body: &str| (200, body.to_owned());
    assert_eq!(rig.request("GET", "/state", "").await, ok("[]"));
    assert_eq!(
        rig.request("GET", "/clock", "").await,
        ok(r#"{"lockstep":false,"now":"2026-11-27T17:40:00.000Z","speed":60}"#)
    );
    assert_eq!(
        rig.request("POST", "/faults", r#"{"kind":"freeze_data","for":"60s"}"#).await,
        ok(r#"{"fault":1}"#)
    );
    assert_eq!(
        rig.request("GET", "/faults", "").await,
        ok(r#"[{"active":true,"id":1,"kind":"freeze_data"}]"#)
    );
    assert_eq!(rig.request("DELETE", "/faults", "").await, ok("{}"));
    assert_eq!(rig.request("POST", "/price", r#"{"symbol":"SPY","bid":"600"}"#).await, ok("{}"));
    assert_eq!(rig.request("GET", "/state", "").await, ok(r#"["0s healed"]"#));
}

#[tokio::test(start_paused = true)]
async fn the_clock_is_advanced_by_a_duration_or_to_an_instant() {
    let rig = Rig::new(Echo::with_events([]), times("0.5"));
    assert_eq!(
        rig.request("POST", "/clock", r#"{"advance":"PT5M"}"#).await,
        (200, r#"{"lockstep":false,"now":"2026-11-27T17:45:00.000Z","speed":0.5}"#.to_owned())
    );
    assert_eq!(
        rig.request("POST", "/clock", r#"{"to":"2026-11-27T12:49:55.500-05:00"}"#).await.1,
        r#"{"lockstep":false,"now":"2026-11-27T17:49:55.500Z","speed":0.5}"#
    );
    let (status, error) = rig.error("POST", "/clock", r#"{"to":"2026-11-27T17:49:55Z"}"#).await;
    assert_eq!(status, 409);
    assert!(error.contains("before venue time 2026-11-27T17:49:55.5Z"), "{error}");
    assert_eq!(rig.error("POST", "/clock", r#"{"advance":"-PT5M"}"#).await.0, 409);
    for bad in [
        r#"{"advance":"soon"}"#,
        r#"{"to":"17:49"}"#,
        "{}",
        r#"{"set":1}"#,
        "[",
        "",
        r#"{"advance":"PT1S","to":"2026-11-27T17:50:00Z"}"#,
    ] {
        assert_eq!(rig.error("POST", "/clock", bad).await.0, 400, "{bad}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_venue_refuses_comes_back_with_its_status_and_words() {
    let rig = Rig::new(Echo::with_events([]), times("1"));
    let refused = |status, error: &str| (status, error.to_owned());
    assert_eq!(
        rig.error("POST", "/faults", r#"{"kind":"earthquake"}"#).await,
        refused(400, "fault kind \"earthquake\" is unknown")
    );
    assert_eq!(
        rig.error("POST", "/price", r#"{"symbol":"XYZ"}"#).await,
        refused(404, "symbol \"XYZ\" is not traded here")
    );
    assert_eq!(rig.error("POST", "/orders", "{}").await, refused(409, "the market is closed"));
    assert_eq!(rig.error("GET", "/nothing", "").await, refused(404, "there is nothing at /nothing"));
    assert_eq!(rig.error("PUT", "/faults", "").await, refused(405, "/faults does not take PUT"));
}

#[tokio::test(start_paused = true)]
async fn what_a_stranger_or_a_glutton_sends_is_refused() {
    let rig = Rig::new(Echo::with_events([]), times("1"));
    let rebound =
        rig.raw("GET /state HTTP/1.1\r\nhost: evil.example:4082\r\nconnection: close\r\n\r\n").await;
    assert_eq!(rebound.0, 403);
    let foreign =
        "GET /state HTTP/1.1\r\nhost: 127.0.0.1\r\norigin: https://evil.example\r\nconnection: close\r\n\r\n";
    assert_eq!(rig.raw(foreign).await.0, 403);
    let header = format!("GET /state HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "y".repeat(9000));
    assert_eq!(rig.raw(&header).await.0, 431);
    let large = format!("{{\"kind\":\"{}\"}}", "x".repeat(1 << 20));
    assert_eq!(rig.error("POST", "/faults", &large).await.0, 413);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_does_not_go_on_is_ended() {
    let rig = Rig::new(Echo::with_events([]), times("1"));
    let began = Instant::now();
    let unfinished =
        "POST /faults HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 9\r\n\r\n{";
    assert_eq!(rig.raw(unfinished).await.0, 408);
    rig.raw("GET /state HTTP/1.1\r\nhost: local").await;
    assert_eq!(began.elapsed().as_secs(), 20, "ten seconds for each");
}

#[tokio::test(start_paused = true)]
async fn the_clock_stream_tells_the_time_at_once_at_every_change_and_every_second() {
    let rig = Rig::new(Echo::with_events([]), times("2"));
    let mut http = rig.http();
    http.write_all(b"GET /clock/stream HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let began = Instant::now();
    let first = next_event(&mut http).await;
    assert_eq!(first, json!({"now": "2026-11-27T17:40:00.000Z", "speed": 2, "lockstep": false}));
    rig.jump(after(100)).await.unwrap();
    assert_eq!(next_event(&mut http).await["now"], "2026-11-27T17:41:40.000Z");
    assert_eq!(began.elapsed(), Duration::ZERO);
    next_event(&mut http).await;
    assert_eq!(began.elapsed().as_secs(), 1);
}

/// The data of the next server-sent event.
async fn next_event(http: &mut DuplexStream) -> Value {
    let mut text = String::new();
    while !text.ends_with("\n\n") {
        text.push(char::from(read(http, 1).await[0]));
    }
    let data = text.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
    serde_json::from_str(data).unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_journal_has_every_frame_of_both_directions() {
    let rig = Rig::new(Echo::with_events([]), times("1"));
    let mut client = rig.connect(4096).await;
    client.write_all(b"API\0\0\0\0\x09v100..200").await.unwrap();
    // The echo begins with bytes that are no length of a frame.
    read(&mut client, 17).await;
    drop(client);
    rig.gone(1).await;
    let (status, body) = rig.request("GET", "/journal", "").await;
    assert_eq!(status, 200);
    let lines: Vec<Value> = body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let at = "2026-11-27T17:40:00Z";
    assert_eq!(
        lines,
        [
            json!({"at": at, "conn": 1, "event": "connected"}),
            json!({"at": at, "conn": 1, "dir": "in", "frame": "v100..200"}),
            json!({"at": at, "conn": 1, "dir": "out", "bytes": "API\0\0\0\0\tv100..200"}),
            json!({"at": at, "conn": 1, "event": "ended by the client"}),
        ]
    );
}

/// With sockets: addresses, a taken port, an orderly end.
#[tokio::test]
async fn a_served_venue_has_two_addresses_and_gives_them_back() {
    let any = "127.0.0.1:0".parse().unwrap();
    let journal = std::env::temp_dir().join(format!("plimsoll-simulator-{}.jsonl", std::process::id()));
    let mut options =
        Options { listen: any, control: any, pace: times("1"), held: false, journal: Some(journal.clone()) };
    let server = serve(Box::new(Echo::with_events([])), &options).unwrap();
    assert_ne!(server.tws_addr().port(), 0);

    options.listen = server.tws_addr();
    let taken = serve(Box::new(Echo::with_events([])), &options).unwrap_err();
    assert!(
        matches!(&taken, ServeError::Bind(error) if error.address == server.tws_addr().to_string()),
        "{taken}"
    );

    let within = Duration::from_secs(5);
    let mut client = link::connect(&server.tws_addr().to_string(), within).await.unwrap();
    client.write_all(b"hello").await.unwrap();
    let mut heard = [0; 5];
    client.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"hello");
    let mut http = link::connect(&server.control_addr().to_string(), within).await.unwrap();
    http.write_all(b"GET /journal HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    http.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains(r#""dir":"in","bytes":"hello""#), "{answer}");
    server.shutdown().await;
    assert_eq!(client.read(&mut heard).await.unwrap(), 0, "an orderly end");
    let left = std::fs::read_to_string(&journal).unwrap();
    std::fs::remove_file(&journal).unwrap();
    assert_eq!(left.lines().count(), 3, "{left}");
}

/// With sockets: while the venue refuses connections the port is closed, as with a TWS that is not there.
#[tokio::test]
async fn a_port_that_refuses_is_closed_and_opens_again() {
    let any = "127.0.0.1:0".parse().unwrap();
    let options = Options { listen: any, control: any, pace: times("1"), held: false, journal: None };
    let server = serve(Box::new(Echo::with_events([])), &options).unwrap();
    let (address, within) = (server.tws_addr().to_string(), Duration::from_secs(5));
    let mut first = link::connect(&address, within).await.unwrap();
    first.write_all(b"refuse").await.unwrap();
    // The order is carried out by another task; until then a connection may still succeed.
    while link::connect(&address, within).await.is_ok() {}

    let mut http = link::connect(&server.control_addr().to_string(), within).await.unwrap();
    http.write_all(b"DELETE /faults HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.unwrap();
    http.read_to_string(&mut String::new()).await.unwrap();
    let mut again = loop {
        if let Ok(client) = link::connect(&address, within).await {
            break client;
        }
    };
    for client in [&mut first, &mut again] {
        client.write_all(b"hello").await.unwrap();
        let mut heard = [0; 5];
        client.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"hello");
    }
    server.shutdown().await;
}
