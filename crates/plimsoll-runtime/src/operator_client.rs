//! The command line's side of the operator's API: HTTP over the socket in the state directory.
//!
//! Does not own: the routes and what they mean ([`crate::operator`]).

use std::path::Path;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde_json::Value;
use tokio::time::timeout;

use crate::link::{self, ConnectError};
use crate::operator::{AcceptOrder, HaltOrder, ResumeOrder, SOCKET};

/// How long the gateway may take to let us in.
const CONNECT_MAX: Duration = Duration::from_secs(2);
/// How long an answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// Why there is no answer, or not the one that was wanted.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens.
    #[error("no gateway runs with this state directory: {0}; start it with `plimsoll run`")]
    Connect(#[from] ConnectError),
    /// The connection broke.
    #[error("the gateway broke the connection off: {0}")]
    Broken(#[from] hyper::Error),
    /// The request or the answer is no HTTP of ours.
    #[error("the gateway's answer cannot be read: {0}")]
    Unreadable(String),
    /// It took too long.
    #[error("the gateway did not answer within {ANSWER_MAX:?}; whether it acted is not known")]
    Late,
    /// It said no.
    #[error("{message}")]
    Refused {
        /// As an HTTP status.
        status: u16,
        /// In its own words.
        message: String,
    },
}

impl ClientError {
    /// Whether the gateway itself said no.
    pub fn is_refusal(&self) -> bool {
        // From 500 on it would have, and could not.
        matches!(self, Self::Refused { status: ..500, .. })
    }
}

/// Asks; `path` is one of the routes, `/status`.
pub async fn get(state_dir: &Path, path: &str) -> Result<Value, ClientError> {
    exchange(state_dir, request(Method::GET, path, None, Body::empty())?).await
}

/// Says stop.
pub async fn halt(state_dir: &Path, order: &HaltOrder) -> Result<Value, ClientError> {
    exchange(state_dir, request(Method::POST, "/halt", None, json(order)?)?).await
}

/// Says start again.
pub async fn resume(
    state_dir: &Path,
    order: &ResumeOrder,
    token: Option<&str>,
) -> Result<Value, ClientError> {
    exchange(state_dir, request(Method::POST, "/resume", token, json(order)?)?).await
}

/// Says that the broker is right about a holding.
pub async fn accept(
    state_dir: &Path,
    order: &AcceptOrder,
    token: Option<&str>,
) -> Result<Value, ClientError> {
    exchange(state_dir, request(Method::POST, "/accept", token, json(order)?)?).await
}

fn json(order: &impl Serialize) -> Result<Body, ClientError> {
    serde_json::to_vec(order).map(Body::from).map_err(|error| ClientError::Unreadable(error.to_string()))
}

fn request(
    method: Method,
    path: &str,
    token: Option<&str>,
    body: Body,
) -> Result<Request<Body>, ClientError> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "localhost")
        .header(header::CONTENT_TYPE, "application/json");
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    request.body(body).map_err(|error| ClientError::Unreadable(error.to_string()))
}

async fn exchange(state_dir: &Path, request: Request<Body>) -> Result<Value, ClientError> {
    timeout(ANSWER_MAX, converse(state_dir, request)).await.map_err(|_| ClientError::Late)?
}

async fn converse(state_dir: &Path, request: Request<Body>) -> Result<Value, ClientError> {
    let stream = link::connect_unix(&state_dir.join(SOCKET), CONNECT_MAX).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let answer = async {
        let response = sender.send_request(request).await?;
        let status = response.status();
        let bytes = response.into_body().collect().await?.to_bytes();
        Ok::<_, hyper::Error>((status, bytes))
    };
    let (status, bytes) = tokio::select! {
        biased;
        answer = answer => answer?,
        ended = connection => {
            ended?;
            return Err(ClientError::Unreadable("it closed the connection without one".to_owned()));
        }
    };
    let value: Value =
        serde_json::from_slice(&bytes).map_err(|error| ClientError::Unreadable(error.to_string()))?;
    if status == StatusCode::OK {
        return Ok(value);
    }
    let message = value["error"].as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    Err(ClientError::Refused { status: status.as_u16(), message })
}
