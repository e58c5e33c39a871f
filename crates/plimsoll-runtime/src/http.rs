//! HTTP on loopback: what every local API of Plimsoll needs, whatever its routes.
//!
//! Owns: the accept loop with its limits, the check of where a request comes from, errors as JSON, bodies
//! that are read within a limit and streamed without one. Does not own: routes, identity, TLS.
//!
//! A listener on loopback is not private: any page in a browser on this machine can reach it, by its
//! address or by a name of its own that resolves to it (DNS rebinding). So a request must name a local
//! host, and one that a browser sends for a foreign page is refused.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header, uri::Authority};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Frame;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::link;

/// Connections at the same time; more wait to be accepted.
const CONNECTIONS_MAX: usize = 64;
/// Request line and headers.
const HEADER_BYTES_MAX: usize = 8 * 1024;
const HEADERS_MAX: usize = 100;
/// From the first byte of a request to the end of its headers, and again for its body.
const READ_WITHIN: Duration = Duration::from_secs(10);
/// The body of a request.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;

/// An answer that is not what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// 4xx or 5xx.
    pub status: StatusCode,
    /// For people.
    pub message: String,
}

impl Problem {
    /// The request is not understood.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, message: message.into() }
    }

    /// What only people may do, and nobody has typed the name of what it is done to.
    pub fn needs_a_person(doing: &str, name: &str) -> Self {
        let message = format!("{doing} needs the typed name `{name}`, or the operator's token");
        Self { status: StatusCode::FORBIDDEN, message }
    }

    /// The request is understood and does not fit the state of things.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self { status: StatusCode::CONFLICT, message: message.into() }
    }

    /// Whoever would answer is gone.
    pub fn stopping() -> Self {
        Self { status: StatusCode::SERVICE_UNAVAILABLE, message: "the server is stopping".to_owned() }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.status, axum::Json(json!({ "error": self.message }))).into_response()
    }
}

/// Adds what an API on a port has in front of its routes: the check of the sender, and what
/// [`with_problems`] adds. `bound` is where it listens.
pub fn guarded(router: Router, bound: SocketAddr) -> Router {
    with_problems(router).layer(middleware::from_fn_with_state(bound, refuse_strangers))
}

/// Adds answers in JSON for paths and methods that do not exist. Enough for a Unix socket, which no
/// browser reaches and which has an owner.
pub fn with_problems(router: Router) -> Router {
    router
        .fallback(|request: Request| async move {
            let message = format!("there is nothing at {}", request.uri().path());
            Problem { status: StatusCode::NOT_FOUND, message }
        })
        .method_not_allowed_fallback(|request: Request| async move {
            let message = format!("{} does not take {}", request.uri().path(), request.method());
            Problem { status: StatusCode::METHOD_NOT_ALLOWED, message }
        })
}

/// Serves until it is dropped; its connections end with it.
pub async fn serve(listener: TcpListener, router: Router) -> Infallible {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    loop {
        let permit = Arc::clone(&room).acquire_owned().await.expect("the semaphore is never closed");
        let stream = link::accept(&listener).await;
        let router = router.clone();
        connections.spawn(async move {
            serve_one(stream, router).await;
            drop(permit);
        });
        while connections.try_join_next().is_some() {}
    }
}

/// Serves one connection to its end.
pub async fn serve_one(io: impl AsyncRead + AsyncWrite + Unpin, router: Router) {
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(READ_WITHIN)
        .max_header_size(HEADER_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .serve_connection(TokioIo::new(io), TowerToHyperService::new(router))
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "http connection ended early");
    }
}

/// The JSON document in a request.
pub async fn read_json<T: DeserializeOwned>(request: Request) -> Result<T, Problem> {
    let body = Limited::new(request.into_body(), BODY_BYTES_MAX).collect();
    let too_slow =
        |_| Problem { status: StatusCode::REQUEST_TIMEOUT, message: "the body did not come".to_owned() };
    let bytes = timeout(READ_WITHIN, body).await.map_err(too_slow)?.map_err(|error| {
        let status = if error.is::<LengthLimitError>() {
            StatusCode::PAYLOAD_TOO_LARGE
        } else {
            StatusCode::BAD_REQUEST
        };
        Problem { status, message: format!("body not read: {error}; at most {BODY_BYTES_MAX} bytes are") }
    })?;
    serde_json::from_slice(&bytes.to_bytes())
        .map_err(|error| Problem::bad_request(format!("body is not what this path takes: {error}")))
}

async fn refuse_strangers(
    State(bound): State<SocketAddr>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    check_sender(request.headers(), bound)?;
    Ok(next.run(request).await)
}

fn check_sender(headers: &HeaderMap, bound: SocketAddr) -> Result<(), Problem> {
    let forbidden = |message: String| Problem { status: StatusCode::FORBIDDEN, message };
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(header::HOST).unwrap_or_default();
    if !is_local(host, bound) {
        return Err(forbidden(format!("host `{host}` is not this machine; use its address or localhost")));
    }
    // Sent by browsers only. `null` is a page without an address: a file, a sandboxed frame.
    if let Some(origin) = headers.get(header::ORIGIN) {
        let origin = origin.to_str().unwrap_or_default();
        let authority = origin.split_once("://").map_or("", |(_, authority)| authority);
        if !is_local(authority, bound) {
            return Err(forbidden(format!("requests of pages from `{origin}` are refused")));
        }
    }
    Ok(())
}

/// Whether `host`, with or without port, names this machine for certain.
fn is_local(host: &str, bound: SocketAddr) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host();
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    match address {
        Ok(address) => address.is_loopback() || address == bound.ip(),
        Err(_) => name.eq_ignore_ascii_case("localhost"),
    }
}

/// A body that is made while it is sent, at the pace at which it is read.
pub struct Streamed<S> {
    step: fn(S) -> Step<S>,
    running: Step<S>,
}

/// The next piece of a [`Streamed`] body and what the one after it is made from; nothing at its end.
pub type Step<S> = Pin<Box<dyn Future<Output = Option<(Bytes, S)>> + Send>>;

impl<S: Send + 'static> Streamed<S> {
    /// A body that begins with `state`.
    pub fn body(state: S, step: fn(S) -> Step<S>) -> Body {
        Body::new(Self { step, running: step(state) })
    }
}

impl<S> hyper::body::Body for Streamed<S> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.running.as_mut().poll(cx).map(|piece| {
            let (bytes, state) = piece?;
            self.running = (self.step)(state);
            Some(Ok(Frame::data(bytes)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(headers: &[(&'static str, &str)]) -> Result<(), StatusCode> {
        let headers =
            headers.iter().map(|(name, value)| ((*name).parse().unwrap(), value.parse().unwrap())).collect();
        let bound = "192.0.2.7:4082".parse().unwrap();
        check_sender(&headers, bound).map_err(|problem| problem.status)
    }

    #[test]
    fn a_request_must_name_this_machine() {
        for host in
            ["localhost", "LOCALHOST:4082", "127.0.0.1:4082", "127.3.2.1", "[::1]:4082", "192.0.2.7:1"]
        {
            assert_eq!(sender(&[("host", host)]), Ok(()), "{host}");
        }
        for host in ["rebound.example:4082", "192.0.2.8", "localhost.example", "127.0.0.1.example", "", "@"] {
            assert_eq!(sender(&[("host", host)]), Err(StatusCode::FORBIDDEN), "{host}");
        }
        assert_eq!(sender(&[]), Err(StatusCode::FORBIDDEN));
    }

    #[test]
    fn a_page_from_elsewhere_is_refused_although_it_names_this_machine() {
        let from = |origin| sender(&[("host", "127.0.0.1:4082"), ("origin", origin)]);
        assert_eq!(from("http://localhost:3000"), Ok(()));
        assert_eq!(from("http://127.0.0.1:4082"), Ok(()));
        assert_eq!(from("https://shop.example"), Err(StatusCode::FORBIDDEN));
        assert_eq!(from("null"), Err(StatusCode::FORBIDDEN));
    }
}
