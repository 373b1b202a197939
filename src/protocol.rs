//! The protocol: request bodies, and what an answer means.

use crate::error::{Failure, Origin, Result};
use crate::error_table::{code, row_of_service};
use crate::key::ClientKey;
use crate::message::Message;
use crate::method::TaskId;
use crate::platform::{HostValue, ValueType};
use crate::record::{MemberWriter, Record};
use crate::response::{Body, Response};
use crate::schedule::Millis;
use crate::task::Task;
use crate::text_search::concat;
use crate::texts;

/// The longest User-Agent that is accepted, in characters. Those of browsers have about 120.
const MAX_USER_AGENT: usize = 512;
/// How much of a server's text is quoted in a message, in characters: about two lines of a terminal.
const MAX_QUOTED: u32 = 120;
/// How much of a text is looked at for a quotation: enough for one after white space.
const MAX_SEARCHED: u32 = 1_000;
/// How much of a service's code and of its description is kept, in UTF-16 code units. Those that exist have at most
/// 60 and some hundreds.
const MAX_CODE: u32 = 200;
pub(crate) const MAX_DESCRIPTION: u32 = 4_096;

/// The body of a request, the only place where the key is written.
pub struct Request<'a, V> {
    /// The account's key.
    pub client_key: &'a ClientKey,
    /// createTask: the task.
    pub task: Option<&'a Task<V>>,
    /// getTaskResult and reports: which task.
    pub task_id: Option<&'a TaskId>,
    /// createTask: where the service posts the result.
    pub callback_url: Option<&'a str>,
    /// createTask: the number of the calling software.
    pub soft_id: Option<u32>,
}

impl<V> Record<V> for Request<'_, V> {
    fn members(&self, put: &mut MemberWriter<'_, V>) {
        put.text("clientKey", self.client_key.expose());
        if let Some(task) = self.task {
            put.object("task", task);
        }
        if let Some(id) = self.task_id {
            id.write(put);
        }
        put.text_if_any("callbackUrl", self.callback_url);
        put.whole_if_any("softId", self.soft_id.map(u64::from));
    }
}

/// The meaning of an answer.
#[derive(Debug)]
pub enum Answer<V> {
    /// Success: the fields of the answer.
    Done(V),
    /// `CAPTCHA_NOT_READY`, a state that comes as an error.
    NotReady,
}

/// Reads an answer. The body decides, whatever the status: an object with `errorId` comes from the service. Only
/// a redirect is refused unread.
///
/// # Errors
/// The service's error, or `HTTP_STATUS` or `BAD_RESPONSE` where the answer does not come from the service.
pub fn read_answer<V: HostValue>(response: Response<V>, key: &ClientKey) -> Result<Answer<V>> {
    let Response { status, retry_after_ms, body } = response;
    let foreign = |detail| foreign_answer(status, retry_after_ms, detail);
    // A redirect does not come from the service, whatever its body says.
    if is_redirect(status) {
        return Err(foreign(texts::REDIRECT.into()));
    }
    let Body::Json(body) = body else {
        return Err(foreign(describe_body(&body, "JSON", key)));
    };
    let failure = match body.get("errorId") {
        Some(error_id) => {
            let number = error_id.as_number();
            let is_number = matches!(error_id.value_type(), ValueType::Number(_));
            if number == Some(0.0) {
                return Ok(Answer::Done(body));
            }
            let server_code = error_code(&body, key);
            if server_code.as_deref().is_some_and(is_not_ready) {
                return Ok(Answer::NotReady);
            }
            // An id that is not a number proves nothing by itself: there must be a code beside it.
            if server_code.is_some() || is_number || number.is_some() {
                let mut failure = reported_error(server_code, &body, key);
                failure.http_status = Some(status);
                failure.retry_after_ms = retry_after_ms;
                failure
            } else {
                foreign(texts::INVALID_ERROR_ID.into())
            }
        }
        None if body.value_type() == ValueType::Object => foreign(texts::NO_ERROR_ID.into()),
        None => foreign(texts::UNEXPECTED_JSON.with([body.display()])),
    };
    Err(with_solution_of(&body, failure, key))
}

/// The code of an error, which some services write as a number.
pub(crate) fn error_code<V: HostValue>(body: &V, key: &ClientKey) -> Option<String> {
    let code = body.get("errorCode")?;
    match code.value_type() {
        ValueType::Number(number) => (number != 0.0).then(|| code.digits()),
        _ => non_empty(body, "errorCode", MAX_CODE, key),
    }
}

/// `CAPTCHA_NOT_READY` and its kin, in any case: a state, not an error.
pub(crate) fn is_not_ready(code: &str) -> bool {
    let end = code.len().checked_sub("NOT_READY".len()).and_then(|start| code.get(start..));
    end.is_some_and(|end| end.eq_ignore_ascii_case("NOT_READY"))
}

/// The failure with the solution beside it, if there is one: it may be paid for, so it is not asked for again.
pub(crate) fn with_solution_of<V: HostValue>(
    body: &V,
    mut failure: Box<Failure>,
    key: &ClientKey,
) -> Box<Failure> {
    if let Some(solution) = solution(body).filter(has_content) {
        failure.retryable = false;
        failure = failure.with_solution(&solution, key);
    }
    failure
}

/// Whether a solution is more than a placeholder.
pub(crate) fn has_content<V: HostValue>(solution: &V) -> bool {
    match solution.value_type() {
        ValueType::Object => solution.entries().is_none_or(|entries| !entries.is_empty()),
        ValueType::Array => solution.items(0).is_none(),
        ValueType::String => solution.string_length() > 0.0,
        _ => true,
    }
}

pub(crate) fn solution<V: HostValue>(body: &V) -> Option<V> {
    body.get("solution").filter(|it| it.value_type() != ValueType::Null)
}

/// 0 is a redirect whose status the platform hides.
fn is_redirect(status: u16) -> bool {
    matches!(status, 0 | 300..=399)
}

/// Describes a body that is not what was wanted.
fn describe_body<V: HostValue>(body: &Body<V>, wanted: &str, key: &ClientKey) -> Message {
    let wanted = Message::literal(wanted);
    match body {
        Body::Json(json) => texts::JSON_INSTEAD.with([wanted, json.display()]),
        Body::NotJson(text) if text.trim_ascii().is_empty() => texts::EMPTY_BODY.into(),
        Body::NotJson(text) => {
            texts::TEXT_INSTEAD.with([wanted, Message::literal(&excerpt(&key.redact(text)))])
        }
        Body::TooLarge => texts::TOO_LARGE.into(),
    }
}

/// Reads a User-Agent: plain text on one line, which may stand in a header.
///
/// # Errors
/// `HTTP_STATUS` or `BAD_RESPONSE`.
pub fn read_user_agent<V: HostValue>(response: Response<V>, key: &ClientKey) -> Result<String> {
    let Response { status, retry_after_ms, body } = response;
    if let (200..=299, Body::NotJson(text)) = (status, &body)
        // Of a longer text only the beginning may be here, so the space around it counts.
        && text.len() <= MAX_USER_AGENT
    {
        let agent = text.trim_ascii();
        // A page or a broken JSON begins with a punctuation mark.
        let is_named = agent.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        if is_named && agent.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return Ok(agent.to_owned());
        }
    }
    Err(foreign_answer(status, retry_after_ms, describe_body(&body, "User-Agent", key)))
}

/// Whether the key is in an id. Ids are shown, so such an id is none.
pub(crate) fn is_secret(id: &TaskId, key: &ClientKey) -> bool {
    matches!(id, TaskId::Text(id) if key.redact(id) != **id)
}

/// An id for a message.
#[must_use]
pub fn show_id(id: &TaskId) -> Message {
    match id {
        TaskId::Number(id) => Message::number(*id),
        TaskId::Text(id) => Message::literal(&excerpt(id)),
    }
}

/// A value of the service for a message. Unlike values of the caller, strings are quoted.
#[must_use]
pub fn quote<V: HostValue>(value: &V, key: &ClientKey) -> Message {
    if value.value_type() != ValueType::String {
        return value.display();
    }
    let text = key.redact(&value.string_prefix(MAX_SEARCHED));
    Message::literal(&concat(&["\"", &excerpt(&text), "\""]))
}

/// Reads the balance.
///
/// # Errors
/// `BAD_RESPONSE`.
pub fn read_balance<V: HostValue>(fields: &V) -> Result<f64> {
    fields
        .get("balance")
        .and_then(|balance| balance.as_number())
        .ok_or_else(|| Failure::bad_response(texts::NO_BALANCE))
}

/// Reads the id of a new task.
///
/// # Errors
/// `BAD_RESPONSE`: the task exists and is paid for, so the raw id is in the message.
pub fn read_task_id<V: HostValue>(fields: &V, key: &ClientKey) -> Result<TaskId> {
    let Some(id) = fields.get("taskId") else {
        return Err(Failure::bad_response(texts::NO_TASK_ID));
    };
    let read = TaskId::read(&id);
    read.filter(|id| !is_secret(id, key)).ok_or_else(|| {
        let shown = match id.value_type() {
            // `JSON.parse` has already rounded it, so it must not be shown.
            #[allow(clippy::cast_precision_loss)] // exact
            ValueType::Number(id) if id > TaskId::MAX as f64 => texts::ABOVE_2_53.into(),
            _ => quote(&id, key),
        };
        Failure::bad_response(texts::INVALID_TASK_ID.with([shown]))
    })
}

/// An error that the service has reported.
pub(crate) fn reported_error<V: HostValue>(
    server_code: Option<String>,
    body: &V,
    key: &ClientKey,
) -> Box<Failure> {
    let server_message = non_empty(body, "errorDescription", MAX_DESCRIPTION, key);
    let detail = match (&server_code, &server_message) {
        // The reason is in the service's words alone.
        (Some(code), text) if row_of_service(code).is_none() => {
            let text = excerpt(text.as_deref().unwrap_or_default());
            Some(Message::literal(&concat(&[&excerpt(code), " ", &text])))
        }
        (Some(code), Some(text)) if code == code::ERROR_INVALID_TASK.code => {
            Some(Message::literal(&excerpt(text)))
        }
        (None, Some(text)) => Some(Message::literal(&excerpt(text))),
        (None, None) => Some(texts::NO_CODE.into()),
        _ => None,
    };
    let mut failure = Failure::of_service(server_code, detail);
    failure.server_message = server_message;
    failure
}

/// An answer that does not come from the service: a proxy's page, a truncated text, a redirect.
fn foreign_answer(status: u16, retry_after_ms: Option<Millis>, detail: Message) -> Box<Failure> {
    let mut failure = match status {
        200..=299 => {
            let mut failure = Failure::bad_response(detail);
            failure.retryable = true;
            failure
        }
        _ if is_redirect(status) => {
            Failure::new(code::HTTP_STATUS, Origin::Transport, texts::REDIRECT)
        }
        _ => {
            let detail = texts::STATUS.with([Message::number(status), detail]);
            let mut failure = Failure::new(code::HTTP_STATUS, Origin::Transport, detail);
            failure.retryable = status == 429 || status >= 500;
            failure
        }
    };
    failure.http_status = (status != 0).then_some(status);
    failure.retry_after_ms = retry_after_ms;
    failure
}

/// The beginning of a text in an answer, without the key.
pub(crate) fn non_empty<V: HostValue>(
    body: &V,
    name: &str,
    max_length: u32,
    key: &ClientKey,
) -> Option<String> {
    let text = body.get(name)?.string_prefix(max_length);
    (!text.is_empty()).then(|| key.redact(&text))
}

/// The beginning of a text, on one line.
pub(crate) fn excerpt(text: &str) -> String {
    let mut start = String::new();
    let mut count = 0_u32;
    for c in text.trim_ascii().chars() {
        if c.is_ascii_whitespace() && start.ends_with(' ') {
            continue;
        }
        count = count.saturating_add(1);
        if count > MAX_QUOTED {
            start.push('…');
            break;
        }
        start.push(if c.is_ascii_whitespace() { ' ' } else { c });
    }
    start
}
