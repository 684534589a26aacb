//! Answers: JSON, pages, and refusals that say what is wrong.

use crate::json::Object;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::timeout;

/// Bytes of a request's body.
const BODY_MAX: usize = 16 << 10;
/// How long a body may take to come.
const BODY_TIME: Duration = Duration::from_secs(10);

/// Why a request is not done. It is sent as `{"error": …}`.
#[derive(Debug)]
pub(super) struct Refusal {
    pub status: StatusCode,
    pub message: String,
    /// What is wrong with single keys.
    pub problems: Vec<Value>,
}

impl Refusal {
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Refusal { status, message: message.into(), problems: Vec::new() }
    }

    pub fn bad(message: impl Into<String>) -> Self {
        Refusal::new(StatusCode::BAD_REQUEST, message)
    }

    pub fn unknown(message: impl Into<String>) -> Self {
        Refusal::new(StatusCode::NOT_FOUND, message)
    }

    /// Not as things stand.
    pub fn conflict(message: impl Into<String>) -> Self {
        Refusal::new(StatusCode::CONFLICT, message)
    }

    pub fn failed(error: impl std::fmt::Display) -> Self {
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut body = json!({ "error": self.message });
        if !self.problems.is_empty() {
            body["problems"] = self.problems.into();
        }
        (self.status, [(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
    }
}

pub(super) type Answer = Result<Response, Refusal>;

pub(super) fn as_json(value: &Value) -> Response {
    ([(CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

pub(super) fn as_page(page: impl Into<Bytes>) -> Response {
    ([(CONTENT_TYPE, "text/html; charset=utf-8")], Body::from(page.into())).into_response()
}

/// What goes with every answer: a browser takes it for what it is, keeps none of it, shows it in no
/// other page's frame and tells nobody where it was.
pub(super) fn harden(headers: &mut HeaderMap) {
    const EACH: [(&str, &str); 5] = [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
    ];
    for (name, value) in EACH {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

/// The body of a request, which has to be JSON of a kind, short, and sent without dawdling.
pub(super) async fn read<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: Body,
) -> Result<T, Refusal> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    // a form on another site's page cannot send this
    if kind.split(';').next().is_none_or(|kind| kind.trim() != "application/json") {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Refusal::new(status, "the body has to be application/json"));
    }
    let bytes = match timeout(BODY_TIME, to_bytes(body, BODY_MAX)).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => {
            let text = format!("the body is longer than {BODY_MAX} bytes, or was cut off");
            return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, text));
        }
        Err(_) => {
            let text = "the body did not come in time";
            return Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, text));
        }
    };
    serde_json::from_slice(&bytes)
        .map(|Object(said)| said)
        .map_err(|error| Refusal::bad(format!("the body is not what is wanted: {error}")))
}
