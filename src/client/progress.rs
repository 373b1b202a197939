//! Results of the methods, and the events of `onProgress`.

use crate::method::{Method, TaskId};
use crate::record::{MemberWriter, Record};
use crate::schedule::Millis;
use std::borrow::Cow;

/// A solved task.
#[derive(Clone, Debug)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), serde(rename_all = "camelCase"))]
pub struct Solved<V> {
    /// The task's id, for `reportIncorrect()` and logs; 0 if the service answered at once and gave none.
    #[cfg_attr(target_arch = "wasm32", tsify(type = "number | string"))]
    pub task_id: TaskId,
    /// The solution, as the service gave it.
    pub solution: V,
    /// The price, in the account's currency, if the service states it.
    #[cfg_attr(target_arch = "wasm32", tsify(optional))]
    pub cost: Option<f64>,
    /// How many result requests were sent; 0 if the answer came with the creation of the task.
    pub polls: u32,
    /// The time from the call to the solution, in ms.
    pub elapsed_ms: Millis,
}

/// The answer to one result request. With the `status` `"ready"` it has the `solution`, as the service gave
/// it, and the `cost` in the account's currency if the service states it.
#[derive(Clone, Debug)]
#[cfg_attr(
    target_arch = "wasm32",
    derive(tsify::Tsify),
    serde(tag = "status", rename_all = "camelCase", rename_all_fields = "camelCase")
)]
pub enum TaskResult<V> {
    /// Not ready yet.
    Processing {
        /// The task's id.
        #[cfg_attr(target_arch = "wasm32", tsify(type = "number | string"))]
        task_id: TaskId,
    },
    /// Solved.
    Ready {
        /// The task's id.
        #[cfg_attr(target_arch = "wasm32", tsify(type = "number | string"))]
        task_id: TaskId,
        /// The solution, as the service gave it.
        solution: V,
        /// The price, in the account's currency, if the service states it.
        #[cfg_attr(target_arch = "wasm32", tsify(optional))]
        cost: Option<f64>,
    },
}

/// An event of `onProgress`. `elapsedMs` is the time since the call, in ms.
///
/// - `"created"`: the task exists and may be charged. Any process can wait for it by its `taskId`.
///   `imageBytes` has the size of each image sent, in bytes. A task without an id, which was answered at once, has no
///   such event.
/// - `"poll"`: the service answered result request number `poll` of this call, counted from 1. `status`
///   says whether it returned the solution.
/// - `"retry"`: a request of `method` failed with `code` and `message`, and is sent again after `delayMs`, in
///   ms. Only requests that are safe to repeat are. `taskId` is set once the task exists.
///
/// @example
/// ```ts
/// onProgress(event) {
///   if (event.type === "created") keep(event.taskId);
///   if (event.type === "retry") console.warn(event.message, `again in ${event.delayMs} ms`);
/// }
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(
    target_arch = "wasm32",
    derive(tsify::Tsify),
    serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")
)]
pub enum Progress {
    /// The task exists and may be charged. Any process can wait for it by its id.
    Created {
        /// The task's id.
        #[cfg_attr(target_arch = "wasm32", tsify(type = "number | string"))]
        task_id: TaskId,
        /// The size of each image sent, in bytes.
        image_bytes: Vec<usize>,
        /// The time since the call, in ms.
        elapsed_ms: Millis,
    },
    /// The service answered a result request.
    Poll {
        /// The task's id.
        #[cfg_attr(target_arch = "wasm32", tsify(type = "number | string"))]
        task_id: TaskId,
        /// The number of the result request, counted from 1.
        poll: u32,
        /// Whether the solution was returned.
        #[cfg_attr(target_arch = "wasm32", tsify(type = "\"processing\" | \"ready\""))]
        status: &'static str,
        /// The time since the call, in ms.
        elapsed_ms: Millis,
    },
    /// A request failed and is sent again, because that is safe.
    Retry {
        /// The method that is called again.
        method: Method,
        /// The task's id, once it exists.
        #[cfg_attr(target_arch = "wasm32", tsify(optional, type = "number | string"))]
        task_id: Option<TaskId>,
        /// The failure's code.
        code: Cow<'static, str>,
        /// The failure's message.
        message: String,
        /// The pause before the next attempt, in ms.
        delay_ms: Millis,
        /// The time since the call, in ms.
        elapsed_ms: Millis,
    },
}

/// The function that gets the events of a call.
pub type Listener<'a> = &'a dyn Fn(&Progress);

impl<V> Record<V> for Solved<V> {
    fn members(&self, put: &mut MemberWriter<'_, V>) {
        self.task_id.write(put);
        put.value("solution", &self.solution);
        put.number_if_any("cost", self.cost);
        put.whole("polls", self.polls.into());
        put.number("elapsedMs", self.elapsed_ms);
    }
}

impl<V> Record<V> for TaskResult<V> {
    fn members(&self, put: &mut MemberWriter<'_, V>) {
        match self {
            Self::Processing { task_id } => {
                put.text("status", "processing");
                task_id.write(put);
            }
            Self::Ready { task_id, solution, cost } => {
                put.text("status", "ready");
                task_id.write(put);
                put.value("solution", solution);
                put.number_if_any("cost", *cost);
            }
        }
    }
}

impl<V> Record<V> for Progress {
    fn members(&self, put: &mut MemberWriter<'_, V>) {
        let elapsed = match self {
            Self::Created { task_id, image_bytes, elapsed_ms } => {
                put.text("type", "created");
                task_id.write(put);
                put.sizes("imageBytes", image_bytes);
                elapsed_ms
            }
            Self::Poll { task_id, poll, status, elapsed_ms } => {
                put.text("type", "poll");
                task_id.write(put);
                put.whole("poll", (*poll).into());
                put.text("status", status);
                elapsed_ms
            }
            Self::Retry { method, task_id, code, message, delay_ms, elapsed_ms } => {
                put.text("type", "retry");
                put.text("method", method.name());
                if let Some(id) = task_id {
                    id.write(put);
                }
                put.text("code", code);
                put.text("message", message);
                put.number("delayMs", *delay_ms);
                elapsed_ms
            }
        };
        put.number("elapsedMs", *elapsed);
    }
}
