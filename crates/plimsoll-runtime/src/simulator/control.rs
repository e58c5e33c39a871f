//! The control API: the venue's own truth, its faults and its time, over HTTP.
//!
//! Owns the routes and the shape of what they take. What a fault, a price or an order may contain is the
//! venue's business.

use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use super::engine::{Ask, Reply, SharedClock};
use crate::http::{Problem, Step, Streamed, read_json};

/// The clock stream repeats itself so often, so that a reader can tell silence from a standstill.
const CLOCK_REPEATED: Duration = Duration::from_secs(1);

/// How the routes reach the venue.
#[derive(Debug, Clone)]
pub(super) struct Control {
    pub(super) asks: mpsc::Sender<Ask>,
    pub(super) clock: watch::Receiver<SharedClock>,
}

/// `POST /clock`: one of the two.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Jump {
    advance: Option<String>,
    to: Option<String>,
}

/// The routes, without the guard in front of them.
pub(super) fn router(control: Control) -> Router {
    Router::new()
        .route("/state", get(|State(control): State<Control>| async move { control.ask(Ask::State).await }))
        .route("/faults", get(get_faults).post(post_fault).delete(heal))
        .route("/clock", get(get_clock).post(post_clock))
        .route("/clock/stream", get(clock_stream))
        .route("/price", post(post_price))
        .route("/orders", post(post_order))
        .route("/journal", get(journal))
        .with_state(control)
}

impl Control {
    async fn send<T>(&self, ask: impl FnOnce(Reply<T>) -> Ask) -> Result<T, Problem> {
        let (reply, answer) = oneshot::channel();
        self.asks.send(ask(reply)).await.map_err(|_| Problem::stopping())?;
        answer.await.map_err(|_| Problem::stopping())?
    }

    async fn ask(&self, ask: impl FnOnce(Reply<Value>) -> Ask) -> Result<axum::Json<Value>, Problem> {
        let value = self.send(ask).await?;
        Ok(axum::Json(if value.is_null() { json!({}) } else { value }))
    }
}

async fn post_fault(State(control): State<Control>, request: Request) -> Result<impl IntoResponse, Problem> {
    let fault = read_json(request).await?;
    control.ask(|reply| Ask::Fault(fault, reply)).await
}

async fn get_faults(State(control): State<Control>) -> Result<impl IntoResponse, Problem> {
    control.ask(Ask::Faults).await
}

async fn heal(State(control): State<Control>) -> Result<impl IntoResponse, Problem> {
    control.ask(Ask::Heal).await
}

async fn post_price(State(control): State<Control>, request: Request) -> Result<impl IntoResponse, Problem> {
    let price = read_json(request).await?;
    control.ask(|reply| Ask::Price(price, reply)).await
}

async fn post_order(State(control): State<Control>, request: Request) -> Result<impl IntoResponse, Problem> {
    let order = read_json(request).await?;
    control.ask(|reply| Ask::Order(order, reply)).await
}

async fn get_clock(State(control): State<Control>) -> Result<impl IntoResponse, Problem> {
    control.ask(Ask::Clock).await
}

async fn post_clock(State(control): State<Control>, request: Request) -> Result<impl IntoResponse, Problem> {
    let (advance, to) = match read_json(request).await? {
        Jump { advance: Some(span), to: None } => (Some(parse_span(&span)?), None),
        Jump { advance: None, to: Some(to) } => (None, Some(parse_instant(&to)?)),
        _ => return Err(Problem::bad_request("the clock takes one of `advance` and `to`")),
    };
    control
        .ask(|reply| match (advance, to) {
            (Some(span), _) => Ask::Advance(span, reply),
            (None, Some(to)) => Ask::JumpTo(to, reply),
            (None, None) => unreachable!("one of them was parsed above"),
        })
        .await
}

fn parse_span(text: &str) -> Result<SignedDuration, Problem> {
    text.parse().map_err(|error| {
        Problem::bad_request(format!("`{text}` is not a duration like PT5M: {error}; time was left as it is"))
    })
}

fn parse_instant(text: &str) -> Result<Timestamp, Problem> {
    text.parse().map_err(|error| {
        let example = "2026-11-27T12:49:00-05:00";
        Problem::bad_request(format!(
            "`{text}` is not an instant like {example}: {error}; time was left as it is"
        ))
    })
}

async fn journal(State(control): State<Control>) -> Result<Response, Problem> {
    let (body, left_out) = control.send(Ask::Transcript).await?;
    let headers = [
        (header::CONTENT_TYPE.as_str(), "application/x-ndjson".to_owned()),
        // Without `--journal FILE` only the last lines are kept.
        ("plimsoll-lines-left-out", left_out.to_string()),
    ];
    Ok((headers, body).into_response())
}

async fn clock_stream(State(control): State<Control>) -> Response {
    let headers = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    let mut clock = control.clock;
    clock.mark_changed();
    (headers, Streamed::body(clock, next_reading)).into_response()
}

/// The next event of the stream: at once at a change, of which only the latest counts, and again after
/// [`CLOCK_REPEATED`]. Ends with the server.
fn next_reading(mut clock: watch::Receiver<SharedClock>) -> Step<watch::Receiver<SharedClock>> {
    Box::pin(async move {
        if let Ok(Err(_)) = timeout(CLOCK_REPEATED, clock.changed()).await {
            return None;
        }
        let reading = clock.borrow_and_update().reading();
        Some((Bytes::from(format!("data: {reading}\n\n")), clock))
    })
}
