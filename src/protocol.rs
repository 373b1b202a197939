//! The wire: request bodies, and what an answer means.

use crate::error::{Failure, Origin, Result, code, row};
use crate::host::{Body, Json, Kind, Reply};
use crate::schedule::Millis;
use crate::split::split_once;
use crate::texts::{self, Detail};
use crate::wire::{TaskId, account};
use serde::Serialize;
use std::borrow::Cow;

/// The longest User-Agent that is taken, in characters. Those of browsers have about 120.
const MAX_USER_AGENT: usize = 512;

/// The body of a request. The key is here and nowhere else, so there is no `Debug`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Request<'a, T> {
    /// The account's key.
    pub client_key: &'a str,
    /// createTask: the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<&'a T>,
    /// getTaskResult: which task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_id: Option<TaskId>,
    /// createTask: where the service posts the result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback_url: Option<&'a str>,
    /// createTask: the number of the calling software.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub soft_id: Option<u32>,
}

/// What an answer means.
#[derive(Debug)]
pub enum Answer<V> {
    /// It was done; the fields of the answer.
    Done(V),
    /// `CAPTCHA_NOT_READY`: a state that comes as an error.
    NotReady,
}

/// What the answer to getTaskResult says, and the body that is posted to a `callbackUrl`.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(tag = "status", rename_all = "camelCase")]
pub enum TaskState<V> {
    /// Not ready yet.
    Processing,
    /// Solved.
    Ready {
        /// The solution, as the service gave it.
        solution: V,
        /// What it cost, in the account's currency, where the service says so.
        #[serde(skip_serializing_if = "Option::is_none")]
        cost: Option<f64>,
    },
}

/// Reads an answer. The body decides, whatever the status: an object with `errorId` is the service's.
/// Only a redirect is refused unread.
///
/// # Errors
/// The service's error, or `HTTP_STATUS` or `BAD_RESPONSE` where the answer is not the service's.
pub fn read_answer<V: Json>(reply: Reply<V>, key: &str) -> Result<Answer<V>> {
    let Reply { status, retry_after_ms, body } = reply;
    // Whoever redirects is not the service, whatever the body says.
    if matches!(status, 0 | 300..=399) {
        return Err(no_answer(status, retry_after_ms, texts::REDIRECT.into()));
    }
    match body {
        Body::Json(body) => match body.get("errorId").map(|id| id.kind()) {
            Some(Kind::Number(0.0)) => Ok(Answer::Done(body)),
            Some(id) => {
                let server_code = filled(&body, "errorCode");
                if server_code.as_deref() == Some("CAPTCHA_NOT_READY") {
                    return Ok(Answer::NotReady);
                }
                // Something other than a number says nothing by itself: a code must stand beside it.
                if server_code.is_some() || matches!(id, Kind::Number(_)) {
                    return Err(refusal(status, retry_after_ms, server_code, &body, key));
                }
                Err(no_answer(status, retry_after_ms, texts::ODD_ERROR_ID.into()))
            }
            None if body.kind() == Kind::Object => {
                Err(no_answer(status, retry_after_ms, texts::NO_ERROR_ID.into()))
            }
            None => Err(no_answer(status, retry_after_ms, texts::ODD_JSON.with([body.shown()]))),
        },
        body => Err(no_answer(status, retry_after_ms, described(&body, "JSON", key))),
    }
}

/// What came in place of something else.
fn described<V: Json>(body: &Body<V>, wanted: &str, key: &str) -> Detail {
    let wanted = Detail::verbatim(wanted);
    match body {
        Body::Json(json) => texts::JSON_INSTEAD.with([wanted, json.shown()]),
        Body::Text(text) if text.trim_ascii().is_empty() => texts::EMPTY_BODY.into(),
        Body::Text(text) => {
            texts::TEXT_INSTEAD.with([wanted, Detail::Verbatim(excerpt(&redacted(text, key)))])
        }
        Body::TooLarge => texts::TOO_LARGE.into(),
    }
}

/// Reads a User-Agent: a plain text on one line, as it may stand in a header.
///
/// # Errors
/// `HTTP_STATUS` or `BAD_RESPONSE`.
pub fn read_user_agent<V: Json>(reply: Reply<V>, key: &str) -> Result<String> {
    let Reply { status, retry_after_ms, body } = reply;
    if let (200..=299, Body::Text(text)) = (status, &body)
        // Of a longer one only the beginning may be there, so the space around it counts.
        && text.len() <= MAX_USER_AGENT
    {
        let agent = text.trim_ascii();
        // A page or a broken JSON begins with a sign.
        let is_named = agent.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        if is_named && agent.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return Ok(agent.to_owned());
        }
    }
    Err(no_answer(status, retry_after_ms, described(&body, "User-Agent", key)))
}

/// Reads the state in the fields of an answer to getTaskResult.
///
/// # Errors
/// `BAD_RESPONSE`; `retryable` where a later answer may be better.
pub fn read_state<V: Json>(fields: &V, key: &str) -> Result<TaskState<V>> {
    let status = fields.get("status");
    match status.as_ref().and_then(Json::text).as_deref() {
        Some("processing") => Ok(TaskState::Processing),
        Some("ready") => {
            let solution = fields.get("solution").filter(|solution| solution.kind() != Kind::Null);
            let cost = fields.get("cost").and_then(|cost| number(&cost));
            solution
                .map(|solution| TaskState::Ready { solution, cost })
                .ok_or_else(|| bad_response(texts::NO_SOLUTION))
        }
        text => {
            let shown =
                text.map(|text| quoted(text, key)).or_else(|| status.as_ref().map(Json::shown));
            let detail = shown.map(|shown| texts::ODD_STATE.with([shown]));
            let mut failure = bad_response(detail.unwrap_or_else(|| texts::NO_STATE.into()));
            failure.retryable = true;
            Err(failure)
        }
    }
}

/// A text of the service, for a message.
#[must_use]
pub fn quoted(text: &str, key: &str) -> Detail {
    Detail::Verbatim(format!("\"{}\"", excerpt(&redacted(text, key))))
}

/// Reads the balance.
///
/// # Errors
/// `BAD_RESPONSE`.
pub fn read_balance<V: Json>(fields: &V) -> Result<f64> {
    fields
        .get("balance")
        .and_then(|balance| number(&balance))
        .ok_or_else(|| bad_response(texts::NO_BALANCE))
}

/// An answer of the service that cannot be what it says.
#[must_use]
pub fn bad_response(detail: impl Into<Detail>) -> Box<Failure> {
    Failure::new(code::BAD_RESPONSE, Origin::Transport, detail)
}

/// `text` without the key, whole or without its suffixes, should a server echo it.
#[must_use]
pub fn redacted(text: &str, key: &str) -> String {
    let account = account(key);
    // A short key would tear holes into ordinary words; none of the services gives such out.
    let secrets = [key, account].into_iter().filter(|secret| secret.len() >= 8);
    secrets.fold(text.to_owned(), |text, secret| {
        let mut clean = String::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = split_once(rest, secret) {
            clean.push_str(before);
            clean.push_str("[clientKey]");
            rest = after;
        }
        clean + rest
    })
}

/// The service's own error.
fn refusal<V: Json>(
    status: u16,
    retry_after_ms: Option<Millis>,
    server_code: Option<String>,
    body: &V,
    key: &str,
) -> Box<Failure> {
    let server_code = server_code.map(|text| redacted(&text, key));
    let server_message = filled(body, "errorDescription").map(|text| redacted(&text, key));
    let detail = match (&server_code, &server_message) {
        // The reason is in the service's words alone.
        (Some(code), text) if row(code).is_none() => {
            let text = excerpt(text.as_deref().unwrap_or_default());
            Detail::Verbatim(format!("{} {text}", excerpt(code)))
        }
        (Some(code), Some(text)) if code == code::INVALID_VALUES => Detail::Verbatim(excerpt(text)),
        (None, Some(text)) => Detail::Verbatim(excerpt(text)),
        (None, None) => texts::NO_CODE.into(),
        _ => Detail::Verbatim(String::new()),
    };
    let code = server_code.clone().map_or(Cow::Borrowed(code::UNKNOWN), Cow::Owned);
    let mut failure = Failure::new(code, Origin::Service, detail);
    failure.server_code = server_code;
    failure.server_message = server_message;
    failure.http_status = Some(status);
    failure.retry_after_ms = retry_after_ms;
    failure
}

/// An answer that is not the service's: a proxy's page, a cut text, a redirect.
fn no_answer(status: u16, retry_after_ms: Option<Millis>, detail: Detail) -> Box<Failure> {
    let mut failure = match status {
        200..=299 => {
            let mut failure = bad_response(detail);
            failure.retryable = true;
            failure
        }
        0 | 300..=399 => Failure::new(code::HTTP_STATUS, Origin::Transport, texts::REDIRECT),
        _ => {
            let detail = texts::STATUS.with([Detail::number(status), detail]);
            let mut failure = Failure::new(code::HTTP_STATUS, Origin::Transport, detail);
            failure.retryable = status == 429 || status >= 500;
            failure
        }
    };
    failure.http_status = (status != 0).then_some(status);
    failure.retry_after_ms = retry_after_ms;
    failure
}

fn number<V: Json>(value: &V) -> Option<f64> {
    match value.kind() {
        Kind::Number(number) if number.is_finite() => Some(number),
        _ => None,
    }
}

fn filled<V: Json>(body: &V, name: &str) -> Option<String> {
    body.get(name).and_then(|value| value.text()).filter(|text| !text.is_empty())
}

/// The beginning of a text, on one line.
fn excerpt(text: &str) -> String {
    let mut start = String::new();
    let mut count = 0_u32;
    // Of a body that is cut, the end is not looked at: it may be half a key.
    for c in text.trim_ascii().chars().take(1_000) {
        if c.is_ascii_whitespace() && start.ends_with(' ') {
            continue;
        }
        count = count.saturating_add(1);
        if count > 120 {
            start.push('…');
            break;
        }
        start.push(if c.is_ascii_whitespace() { ' ' } else { c });
    }
    start
}
