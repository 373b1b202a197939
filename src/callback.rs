//! The body that a service posts to a `callbackUrl`: that of an answer to getTaskResult.
//!
//! Anyone who finds the address can post to it, and nothing in a body proves where it comes from. So this
//! reads only what the body says: a state, or a typed failure.

use crate::error::{Failure, Origin, Result};
use crate::error_table::{Class, code};
use crate::key::ClientKey;
use crate::message::Message;
use crate::platform::{HostValue, Platform, ValueType, must_be};
use crate::protocol::{Answer, read_answer};
use crate::response::{Body, MAX_BODY_BYTES, Response};
use crate::task_state::{TaskState, read_state};
use crate::texts;
use futures_lite::future::or;

/// Reads a body: as text or bytes, parsed already, or within a request of the Fetch standard.
///
/// # Errors
/// The service's codes; `BAD_RESPONSE` where it is another body, `NETWORK` where a request broke off,
/// `REQUEST_TIMEOUT` where its body did not end in time, `INVALID_OPTIONS` where nothing can be read from the value.
pub async fn read_callback<P: Platform>(
    platform: &P,
    value: &P::Value,
    timeout_ms: u32,
) -> Result<TaskState<P::Value>> {
    // As if it came with a good status: there is none here, and the body decides.
    let late = async {
        platform.sleep(timeout_ms).await;
        let detail = texts::NO_BODY.with([Message::number(timeout_ms)]);
        let mut failure = Failure::new(code::REQUEST_TIMEOUT, Origin::Transport, detail);
        failure.retryable = false;
        Err(failure.with_hint(texts::HINT_CALLBACK))
    };
    let body = or(read_body(platform, value), late).await?;
    let response = Response { status: 200, retry_after_ms: None, body };
    // No key is known here, so there is none to redact.
    let key = ClientKey::default();
    let state = read_answer(response, &key).and_then(|answer| match answer {
        Answer::NotReady => Ok(TaskState::Processing),
        Answer::Done(fields) => read_state(&fields, &key),
    });
    state.map_err(|mut failure| {
        failure.http_status = None;
        if failure.class == Class::Transport {
            failure.retryable = false;
            failure = failure.with_hint(texts::HINT_CALLBACK);
        }
        failure
    })
}

async fn read_body<P: Platform>(platform: &P, value: &P::Value) -> Result<Body<P::Value>> {
    let value_type = value.value_type();
    let is_object = value_type == ValueType::Object;
    let has_method =
        |name| value.get_any(name).is_some_and(|it| it.value_type() == ValueType::Other);
    // Parsed JSON has no functions, so an object with a `text()` is a `Request`.
    let is_request = is_object && has_method("text");
    if is_object {
        let body_used = value.get_any("bodyUsed").map(|it| it.value_type());
        if body_used == Some(ValueType::Bool(true)) {
            return Err(Failure::option("body", texts::READ_ALREADY));
        }
        if has_method("pipe") {
            return Err(Failure::option("body", texts::NO_STREAM));
        }
    }
    match value_type {
        ValueType::Object | ValueType::Array if !is_request => {
            return Ok(Body::Json(value.clone()));
        }
        ValueType::String | ValueType::Binary(_) | ValueType::Object => {}
        _ => return Err(Failure::option("body", must_be(texts::CALLBACK_BODY, value))),
    }
    let text = platform.read_text(value, MAX_BODY_BYTES).await.map_err(|error| {
        let mut failure = if is_request {
            let reason = Message::literal(error.innermost_message());
            Failure::new(code::NETWORK, Origin::Transport, reason)
        } else {
            Failure::option("body", texts::UNREADABLE)
        };
        failure.retryable = false;
        failure.with_cause(error)
    })?;
    Ok(Body::of(platform, text))
}
