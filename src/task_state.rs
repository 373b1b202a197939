//! The state of a task: what an answer to getTaskResult says, and the text in a solution.

use crate::error::{Failure, Origin, Result};
use crate::error_table::code;
use crate::key::ClientKey;
use crate::message::Message;
use crate::platform::{HostValue, ValueType};
use crate::protocol::{
    MAX_DESCRIPTION, error_code, excerpt, has_content, is_not_ready, non_empty, quote,
    reported_error, solution, with_solution_of,
};
use crate::record::{MemberWriter, Record};
use crate::texts;

/// What the services call the states of a task, in any case.
const PENDING: &[&str] = &["processing", "pending", "queued", "idle"];
const READY: &[&str] = &["ready", "completed", "complete", "success", "solved", "done"];
const FAILED: &[&str] = &["failed", "fail", "failure", "error", "expired", "canceled", "cancelled"];

/// The state of a task: the answer to `getTaskResult`, and the body posted to a `callbackUrl`.
#[derive(Clone, Debug)]
#[cfg_attr(
    target_arch = "wasm32",
    derive(tsify::Tsify),
    serde(tag = "status", rename_all = "camelCase")
)]
pub enum TaskState<V> {
    /// Not ready yet.
    Processing,
    /// Solved.
    Ready {
        /// The solution, as the service gave it.
        solution: V,
        /// The price, in the account's currency, if the service states it.
        #[cfg_attr(target_arch = "wasm32", tsify(optional))]
        cost: Option<f64>,
    },
}

impl<V> Record<V> for TaskState<V> {
    fn members(&self, put: &mut MemberWriter<'_, V>) {
        match self {
            Self::Processing => put.text("status", "processing"),
            Self::Ready { solution, cost } => {
                put.text("status", "ready");
                put.value("solution", solution);
                put.number_if_any("cost", *cost);
            }
        }
    }
}

/// Reads the state in the fields of an answer to getTaskResult.
///
/// # Errors
/// The service's codes where the task has failed; `BAD_RESPONSE`, `retryable` where a later answer may be better.
pub fn read_state<V: HostValue>(fields: &V, key: &ClientKey) -> Result<TaskState<V>> {
    let status = fields.get("status").filter(|it| it.value_type() != ValueType::Null);
    let name = status.as_ref().and_then(V::as_string);
    let solution = solution(fields);
    let is = |names: &[&str], name: &str| names.iter().any(|it| it.eq_ignore_ascii_case(name));
    let is_ready = match name.as_deref() {
        Some(name) if is(PENDING, name) || is_not_ready(name) => return Ok(TaskState::Processing),
        Some(name) if is(FAILED, name) => {
            return Err(with_solution_of(fields, failed_task(fields, key), key));
        }
        Some(name) => is(READY, name),
        None => status.is_none() && solution.as_ref().is_some_and(has_content),
    };
    match solution {
        Some(solution) if is_ready => {
            let cost = fields.get("cost").and_then(|cost| cost.as_number());
            Ok(TaskState::Ready { solution, cost })
        }
        // What was paid for may be under another name.
        None if is_ready => {
            Err(Failure::bad_response(texts::NO_SOLUTION).with_solution(fields, key))
        }
        _ => {
            let detail = status.map(|status| texts::UNKNOWN_STATE.with([quote(&status, key)]));
            let mut failure = Failure::bad_response(detail.unwrap_or(texts::NO_STATE.into()));
            failure.retryable = true;
            Err(with_solution_of(fields, failure, key))
        }
    }
}

/// The failure of a task whose state says so, without an error.
fn failed_task<V: HostValue>(fields: &V, key: &ClientKey) -> Box<Failure> {
    let server_code = error_code(fields, key);
    if server_code.is_some() {
        return reported_error(server_code, fields, key);
    }
    let words = non_empty(fields, "errorDescription", MAX_DESCRIPTION, key);
    let detail = words.as_deref().map_or("status: failed".to_owned(), excerpt);
    let row = code::ERROR_CAPTCHA_UNSOLVABLE;
    let mut failure = Failure::new(row, Origin::Service, Message::literal(&detail));
    failure.server_message = words;
    failure
}

/// The text in the solution of an image: as text, a number, or a list of one of these. Some services give it without
/// an object around it.
pub fn read_text<V: HostValue>(solution: &V) -> Option<String> {
    let member = (solution.value_type() == ValueType::Object).then(|| solution.get("text"));
    let value = member.unwrap_or_else(|| Some(solution.clone()))?;
    let items = value.items(1).unwrap_or_default();
    let value = items.first().unwrap_or(&value);
    match value.value_type() {
        ValueType::Number(_) => Some(value.digits()),
        _ => value.as_string(),
    }
}
