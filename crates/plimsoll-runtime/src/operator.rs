//! What operators may do: look, stop, and with more than a word of a program, start again.
//!
//! Two ways in: a Unix socket that only the gateway's user can open, and loopback HTTP with a token from a
//! file that only that user can read. Halting needs nothing more. Resuming needs the token, or on the
//! socket the typed name of what is resumed, so that no script resumes by accident.
//!
//! Owns: routes, the token. Does not own: the shapes ([`crate::view`]), nor what a halt does.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Json};
use plimsoll_core::{HaltLevel, Operator};
use plimsoll_model::{Account, BotName, InstrumentId, Position};
use serde::{Deserialize, Serialize};
use tokio::net::UnixListener;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::config::Settings;
use crate::http::{self, Problem};
use crate::input::{Detail, Input, OperatorInput};
use crate::link::{self, BindError, Bound};
use crate::record;
use crate::view::{AllocationRow, BotRow, BreakRow, OrderRow, PositionRow, StatusView, View};

/// The socket, in the state directory.
pub const SOCKET: &str = "operator.sock";
/// The token, in the state directory.
pub const TOKEN: &str = "operator.token";
/// The address of the HTTP listener, in the state directory.
pub const ADDRESS: &str = "operator.addr";

/// 128 bits.
const TOKEN_BYTES: usize = 16;
/// What stands for the whole fleet where a bot is named.
pub const FLEET: &str = "fleet";

/// Why the API could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// An address is taken.
    #[error("operator: {0}")]
    Bind(#[from] BindError),
    /// The token or the address could not be written.
    #[error("operator: {path}: {source}")]
    File {
        /// Which file.
        path: String,
        /// What the system said.
        source: io::Error,
    },
}

/// `POST /halt`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HaltOrder {
    /// `new_risk` or `all`.
    #[serde(default = "new_risk")]
    pub level: String,
    /// One bot, or the fleet.
    #[serde(default)]
    pub bot: Option<String>,
    /// Who says it.
    pub by: String,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

/// `POST /resume`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResumeOrder {
    /// One bot, or the fleet.
    #[serde(default)]
    pub bot: Option<String>,
    /// Who says it.
    pub by: String,
    /// Why.
    #[serde(default)]
    pub reason: String,
    /// The bot's name or `fleet`, typed by a person. Needed without the token.
    #[serde(default)]
    pub typed_name: Option<String>,
}

/// `POST /accept`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptOrder {
    /// As in `/breaks`.
    pub account: String,
    /// As in `/breaks`.
    pub symbol: String,
    /// The broker's side less ours, as it was seen. If it is another by now, nothing is accepted.
    pub difference: String,
    /// Who says it.
    pub by: String,
    /// Why.
    #[serde(default)]
    pub reason: String,
    /// The symbol, typed by a person. Needed without the token.
    #[serde(default)]
    pub typed_name: Option<String>,
}

/// The API, ready to serve.
#[derive(Debug)]
pub(crate) struct Api {
    http: Bound,
    unix: UnixListener,
    access: Arc<Access>,
}

#[derive(Debug)]
struct Access {
    inputs: UnboundedSender<Input>,
    token: String,
    bots: Vec<BotName>,
}

/// How a request came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    Unix,
    Http,
}

impl Api {
    /// Takes the addresses and writes the token. The state directory is locked by the caller.
    pub(crate) fn open(settings: &Settings, inputs: UnboundedSender<Input>) -> Result<Self, OperatorError> {
        let dir = &settings.state_dir;
        let file_error =
            |path: PathBuf| move |source| OperatorError::File { path: path.display().to_string(), source };
        let http = link::bind(settings.operator)?;
        let token = new_token().map_err(file_error("/dev/urandom".into()))?;
        write_private(&dir.join(TOKEN), &token).map_err(file_error(dir.join(TOKEN)))?;
        let address = http.address().to_string();
        write_private(&dir.join(ADDRESS), &address).map_err(file_error(dir.join(ADDRESS)))?;
        let unix = link::listen_unix(&dir.join(SOCKET))?;
        let bots = settings.ports.iter().map(|port| port.bot.clone()).collect();
        Ok(Self { http, unix, access: Arc::new(Access { inputs, token, bots }) })
    }

    /// Where the HTTP listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.http.address()
    }

    /// Serves both ways in until it is dropped.
    pub(crate) async fn serve(self) {
        let address = self.http.address();
        let over_http = http::guarded(routes(Arc::clone(&self.access), Door::Http), address);
        let over_unix = routes(self.access, Door::Unix);
        let listener = match self.http.listen() {
            Ok(listener) => listener,
            Err(error) => {
                tracing::error!("operator: {error}; only the socket is served");
                return serve_unix(&self.unix, over_unix).await;
            }
        };
        tokio::select! {
            never = http::serve(listener, over_http) => match never {},
            () = serve_unix(&self.unix, over_unix) => {}
        }
    }
}

async fn serve_unix(listener: &UnixListener, router: Router) {
    let mut connections = JoinSet::new();
    loop {
        let stream = link::accept_unix(listener).await;
        connections.spawn(http::serve_one(stream, router.clone()));
        while connections.try_join_next().is_some() {}
    }
}

fn routes(access: Arc<Access>, door: Door) -> Router {
    Router::new()
        .route("/status", get(status))
        .route("/bots", get(bots))
        .route("/orders", get(orders))
        .route("/positions", get(positions))
        .route("/breaks", get(breaks))
        .route("/allocations", get(allocations))
        .route("/halt", post(halt))
        .route("/resume", post(resume))
        .route("/accept", post(accept))
        .layer(middleware::from_fn_with_state(Arc::clone(&access), check_door))
        .layer(Extension(door))
        .with_state(access)
}

/// The socket's file mode is its lock; everybody else needs the token.
async fn check_door(
    State(access): State<Arc<Access>>,
    Extension(door): Extension<Door>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if door == Door::Http && !has_token(request.headers(), &access.token) {
        return Err(Problem {
            status: StatusCode::UNAUTHORIZED,
            message: format!(
                "send `Authorization: Bearer …` with the text of {TOKEN} in the state directory"
            ),
        });
    }
    Ok(next.run(request).await)
}

fn has_token(headers: &HeaderMap, token: &str) -> bool {
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .unwrap_or_default();
    // Every byte is looked at, so that the time taken says nothing about where they differ.
    let differing = given.bytes().zip(token.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b));
    given.len() == token.len() && differing == 0
}

type Answer<T> = Result<Json<T>, Problem>;

async fn look(access: &Access, detail: Detail) -> Result<View, Problem> {
    let (answer, asked) = oneshot::channel();
    let sent = access.inputs.send(Input::Operator(OperatorInput::Look(detail, answer)));
    sent.map_err(|_| Problem::stopping())?;
    asked.await.map_err(|_| Problem::stopping())
}

async fn status(State(access): State<Arc<Access>>) -> Answer<StatusView> {
    Ok(Json(look(&access, Detail::Standing).await?.status))
}

async fn bots(State(access): State<Arc<Access>>) -> Answer<Vec<BotRow>> {
    Ok(Json(look(&access, Detail::Standing).await?.status.bots))
}

async fn orders(State(access): State<Arc<Access>>) -> Answer<Vec<OrderRow>> {
    Ok(Json(look(&access, Detail::Everything).await?.orders))
}

async fn positions(State(access): State<Arc<Access>>) -> Answer<Vec<PositionRow>> {
    Ok(Json(look(&access, Detail::Standing).await?.positions))
}

async fn allocations(State(access): State<Arc<Access>>) -> Answer<Vec<AllocationRow>> {
    Ok(Json(look(&access, Detail::Everything).await?.allocations))
}

async fn breaks(State(access): State<Arc<Access>>) -> Answer<Vec<BreakRow>> {
    Ok(Json(look(&access, Detail::Standing).await?.status.breaks))
}

async fn halt(State(access): State<Arc<Access>>, request: Request) -> Answer<StatusView> {
    let order: HaltOrder = http::read_json(request).await?;
    let level: HaltLevel =
        record::halt_level(&order.level).map_err(|error| Problem::bad_request(error.to_string()))?;
    let bot = known_bot(&access, order.bot.as_deref())?;
    let (by, reason) = (order.by.into(), order.reason.into());
    act(&access, Operator::Halt { level, bot, by, reason }).await
}

async fn resume(State(access): State<Arc<Access>>, request: Request) -> Answer<StatusView> {
    let by_token = has_token(request.headers(), &access.token);
    let order: ResumeOrder = http::read_json(request).await?;
    let bot = known_bot(&access, order.bot.as_deref())?;
    let name = bot.as_ref().map_or(FLEET, BotName::as_str);
    if !by_token && order.typed_name.as_deref() != Some(name) {
        return Err(Problem::needs_a_person("resuming", name));
    }
    let (by, reason) = (order.by.into(), order.reason.into());
    act(&access, Operator::Resume { bot, by, reason }).await
}

async fn accept(State(access): State<Arc<Access>>, request: Request) -> Answer<StatusView> {
    let by_token = has_token(request.headers(), &access.token);
    let order: AcceptOrder = http::read_json(request).await?;
    if !by_token && order.typed_name.as_deref() != Some(&order.symbol) {
        return Err(Problem::needs_a_person("accepting", &order.symbol));
    }
    let account = Account::new(&order.account)
        .ok_or_else(|| Problem::bad_request(format!("`{}` is no account", order.account)))?;
    let difference = Position::parse(&order.difference)
        .map_err(|error| Problem::bad_request(format!("difference `{}`: {error}", order.difference)))?;
    let instrument = InstrumentId::us_stock(&order.symbol);
    let (by, reason) = (order.by.into(), order.reason.into());
    act(&access, Operator::Accept { account, instrument, difference, by, reason }).await
}

async fn act(access: &Access, operator: Operator) -> Answer<StatusView> {
    let (answer, asked) = oneshot::channel();
    let sent = access.inputs.send(Input::Operator(OperatorInput::Act(operator, answer)));
    sent.map_err(|_| Problem::stopping())?;
    // In force or not when the gateway ended: only the journal knows, and the next start reads it.
    asked.await.map_err(|_| Problem {
        status: StatusCode::SERVICE_UNAVAILABLE,
        message:
            "the gateway ended before this was on the disk; start it again and look at `plimsoll status`"
                .to_owned(),
    })?;
    Ok(Json(look(access, Detail::Standing).await?.status))
}

fn known_bot(access: &Access, name: Option<&str>) -> Result<Option<BotName>, Problem> {
    let Some(name) = name.filter(|name| *name != FLEET) else { return Ok(None) };
    let found = access.bots.iter().find(|bot| bot.as_str() == name);
    found.cloned().map(Some).ok_or_else(|| {
        let known: Vec<&str> = access.bots.iter().map(BotName::as_str).collect();
        Problem::bad_request(format!("no bot is named `{name}`; known are {}", known.join(", ")))
    })
}

fn new_token() -> io::Result<String> {
    let mut bytes = [0; TOKEN_BYTES];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

/// Replaces a file by one that only this user can read, from its first byte on.
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let draft = path.with_extension("tmp");
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    writeln!(file, "{text}")?;
    drop(file);
    fs::rename(&draft, path)
}

fn new_risk() -> String {
    HaltLevel::NewRisk.as_str().into()
}

#[cfg(test)]
mod tests;
