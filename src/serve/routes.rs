//! What may be asked, and the answers. docs/live.md lists it.

use super::answer::{Answer, Refusal, as_json, as_page, harden, read};
use super::board::Board;
use super::choices::choices;
use super::feed::stream;
use super::guard::Guard;
use super::scenarios::check_sets;
use super::site::Site;
use super::{runs, scenarios};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// Within which the head of an answer is sent.
const ANSWER_TIME: Duration = Duration::from_secs(60);
/// A run's page is a world of its own: whatever is in it, it does not speak for this one.
const SANDBOX: &str = "sandbox allow-scripts allow-downloads";
/// The least time between two publications is a microsecond.
const PACE_MAX: f64 = 1e6;

type Shared = State<Arc<Site>>;

/// All that is served: the page, and what it asks for.
pub(super) fn router(page: impl Into<Bytes>, site: Arc<Site>, guard: Arc<Guard>) -> Router {
    let page = page.into();
    let page = get(move || std::future::ready(as_page(page)));
    let lock = guard.clone();
    Router::new()
        .route("/", page)
        .route("/api/events", get(events))
        .route("/api/state", get(state))
        .route("/api/choices", get(|| std::future::ready(as_json(&choices()))))
        .route("/api/pause", post(pause))
        .route("/api/resume", post(resume))
        .route("/api/step", post(step))
        .route("/api/pace", post(pace))
        .route("/api/change", post(change))
        .route("/api/halt", post(halt))
        .route("/api/runs", get(run_list))
        .route("/api/scenarios", get(scenario_list))
        .route("/api/start", post(start))
        .route("/runs/{run}", get(report))
        .route("/compare/{*runs}", get(compare))
        .fallback(|| std::future::ready(Refusal::unknown("there is no such page")))
        .method_not_allowed_fallback(|| {
            let status = StatusCode::METHOD_NOT_ALLOWED;
            std::future::ready(Refusal::new(status, "that is not how this is asked"))
        })
        .with_state(site)
        .layer(from_fn_with_state(lock, enter))
        .layer(from_fn(finish))
}

/// Lets in who may, and in exchange for the token in the page's address gives a cookie.
async fn enter(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    if let Err(refusal) = guard.admit() {
        return refusal.into_response();
    }
    let token = request.uri().query().and_then(|query| value(query, "token"));
    if let Some(token) = token.filter(|token| request.uri().path() == "/" && guard.accepts(token)) {
        let cookie = guard.cookie(token);
        return (StatusCode::SEE_OTHER, [(SET_COOKIE, cookie), (LOCATION, "/".into())])
            .into_response();
    }
    match guard.check(request.method(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

/// What goes for all answers.
async fn finish(request: Request, next: Next) -> Response {
    let mut answer = match timeout(ANSWER_TIME, next.run(request)).await {
        Ok(answer) => answer,
        Err(_) => {
            let status = StatusCode::GATEWAY_TIMEOUT;
            Refusal::new(status, "the answer took too long").into_response()
        }
    };
    harden(answer.headers_mut());
    answer
}

/// The value of a key in a query, as it stands there.
fn value<'a>(query: &'a str, key: &str) -> Option<&'a str> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(name, _)| *name == key).map(|(_, value)| value).next()
}

fn board(site: &Site) -> Result<Arc<Board>, Refusal> {
    site.board().ok_or_else(|| Refusal::conflict("no run is under way"))
}

/// The run under watch, if it can still be held.
fn running(site: &Site) -> Result<Arc<Board>, Refusal> {
    let board = board(site)?;
    if board.is_over() { Err(Refusal::conflict("the run is over")) } else { Ok(board) }
}

/// Done; viewers are told.
fn done(board: &Board) -> Answer {
    board.touch();
    Ok(as_json(&json!({ "paused": board.controls.is_paused(), "pace": board.controls.pace() })))
}

async fn events(State(site): Shared, RawQuery(query): RawQuery) -> Answer {
    if !site.admits() {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        return Err(Refusal::new(status, "too many viewers already"));
    }
    let skill = query.as_deref().and_then(|query| value(query, "skill"));
    let skill = skill.filter(|skill| !skill.is_empty()).map(|skill| {
        skill.parse().map_err(|_| Refusal::bad("`skill` has to be the number of a skill"))
    });
    let body = Body::new(stream(site, skill.transpose()?));
    Ok(([(CONTENT_TYPE, "text/event-stream")], body).into_response())
}

async fn state(State(site): Shared) -> Answer {
    Ok(as_json(&board(&site)?.renew().document()))
}

/// The body of a command that says nothing more.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pace {
    /// Publications a second at most; null is as fast as it goes.
    rounds_per_second: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Changes {
    set: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Start {
    scenario: String,
    #[serde(default)]
    set: Vec<String>,
    #[serde(default)]
    restart: bool,
}

async fn pause(State(site): Shared, headers: HeaderMap, body: Body) -> Answer {
    let Nothing {} = read(&headers, body).await?;
    let board = running(&site)?;
    board.controls.pause();
    done(&board)
}

async fn resume(State(site): Shared, headers: HeaderMap, body: Body) -> Answer {
    let Nothing {} = read(&headers, body).await?;
    let board = running(&site)?;
    board.controls.resume();
    done(&board)
}

async fn step(State(site): Shared, headers: HeaderMap, body: Body) -> Answer {
    let Nothing {} = read(&headers, body).await?;
    let board = running(&site)?;
    board.controls.step();
    done(&board)
}

async fn pace(State(site): Shared, headers: HeaderMap, body: Body) -> Answer {
    let Pace { rounds_per_second } = read(&headers, body).await?;
    if rounds_per_second.is_some_and(|pace| !(pace > 0.0 && pace <= PACE_MAX)) {
        let text = format!("`rounds_per_second` has to be above 0 and at most {PACE_MAX}, or null");
        return Err(Refusal::bad(text));
    }
    let board = running(&site)?;
    board.controls.set_pace(rounds_per_second);
    done(&board)
}

async fn change(State(site): Shared, headers: HeaderMap, body: Body) -> Answer {
    let Changes { set } = read(&headers, body).await?;
    check_sets(&set)?;
    let board = running(&site)?;
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let round = board.controls.change(&set).map_err(|why| Refusal::new(status, why))?;
    board.touch();
    Ok(as_json(&json!({ "round": round })))
}

async fn halt(State(site): Shared, headers: HeaderMap, body: Body) -> Answer {
    let Nothing {} = read(&headers, body).await?;
    let board = running(&site)?;
    board.halt.set();
    done(&board)
}

/// Work that reads files, on a thread that may wait for them; few do so at once.
async fn aside<T: Send + 'static>(
    site: &Arc<Site>,
    work: impl FnOnce(&Site) -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let _turn = site.turn().await;
    let site = site.clone();
    spawn_blocking(move || work(&site)).await.map_err(Refusal::failed)?
}

async fn run_list(State(site): Shared) -> Answer {
    let list = aside(&site, |site| {
        Ok(site.runs.as_deref().map_or_else(|| Value::Array(Vec::new()), runs::list))
    });
    list.await.map(|list| as_json(&list))
}

async fn scenario_list(State(site): Shared) -> Answer {
    // where none can be started there is no list, which is no mistake of who asks
    let list =
        aside(&site, |site| Ok(site.scenarios().map_or(Value::Null, |f| scenarios::list(f))));
    list.await.map(|list| as_json(&list))
}

async fn start(State(site): Shared, headers: HeaderMap, body: Body) -> Answer {
    let Start { scenario, set, restart } = read(&headers, body).await?;
    aside(&site, move |site| site.start(&scenario, &set, restart)).await?;
    Ok(as_json(&json!({})))
}

fn folder(site: &Site) -> Result<&std::path::Path, Refusal> {
    site.runs.as_deref().ok_or_else(|| Refusal::unknown("there is no folder of runs"))
}

fn sandboxed(page: impl Into<Bytes>) -> Response {
    let mut answer = as_page(page);
    answer.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(SANDBOX));
    answer
}

async fn report(State(site): Shared, Path(run): Path<String>) -> Answer {
    aside(&site, move |site| runs::report(folder(site)?, &run)).await.map(sandboxed)
}

async fn compare(State(site): Shared, Path(names): Path<String>) -> Answer {
    aside(&site, move |site| runs::compare(folder(site)?, &names)).await.map(sandboxed)
}
