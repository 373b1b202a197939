//! What a service posts to a `callbackUrl`: the body of an answer to getTaskResult.
//!
//! Anyone who finds the address can post to it, and nothing in a body proves where it comes from. So
//! what is read here is only what it says, and whatever it is, it gives a state or a typed failure.

use crate::error::{Cause, Class, Failure, Origin, Result, code};
use crate::host::{Body, Host, Json, Kind, Reply, must_be};
use crate::protocol::{Answer, TaskState, read_answer, read_state};
use crate::texts::{self, Detail};

/// Reads a body: as text or bytes, parsed already, or within a request of the Fetch standard.
///
/// # Errors
/// The service's codes; `BAD_RESPONSE` where it is no such body, `NETWORK` where it broke off,
/// `INVALID_OPTIONS` where nothing can be read from the value.
pub async fn read_callback<H: Host>(host: &H, given: &H::Value) -> Result<TaskState<H::Value>> {
    let kind = given.kind();
    // Nothing that JSON has is a function, so what has one is no parsed body.
    let has_method = |name| given.member(name).is_some_and(|member| member.kind() == Kind::Other);
    let is_request = kind == Kind::Object && has_method("text");
    let body = match kind {
        Kind::Object
            if given.member("bodyUsed").is_some_and(|it| it.kind() == Kind::Bool(true)) =>
        {
            return Err(Failure::option("body", texts::READ_ALREADY));
        }
        Kind::Object if has_method("pipe") => {
            return Err(Failure::option("body", texts::NO_STREAM));
        }
        Kind::Object | Kind::List if !is_request => Body::Json(given.clone()),
        Kind::Text | Kind::Binary(_) | Kind::Object => host.body(given).await.map_err(|error| {
            let mut failure = match is_request {
                true => {
                    let reason = Detail::verbatim(error.innermost_message());
                    Failure::new(code::NETWORK, Origin::Transport, reason)
                }
                false => Failure::option("body", texts::UNREADABLE),
            };
            failure.retryable = false;
            failure.cause = Some(Cause::Platform(error));
            failure
        })?,
        _ => return Err(Failure::option("body", must_be(texts::CALLBACK_BODY, given))),
    };
    // With the status of an answer that is whole: there is none here, and the body decides.
    let reply = Reply { status: 200, retry_after_ms: None, body };
    // No key is known here, so there is none to take out.
    let state = read_answer(reply, "").and_then(|answer| match answer {
        Answer::NotReady => Ok(TaskState::Processing),
        Answer::Done(fields) => read_state(&fields, ""),
    });
    state.map_err(|mut failure| {
        failure.http_status = None;
        if failure.class == Class::Transport {
            failure.retryable = false;
            failure = failure.hinting(texts::HINT_CALLBACK);
        }
        failure
    })
}
