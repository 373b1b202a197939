//! What a call reports: the results of the methods, and the events of `onProgress`.

use crate::method::{Method, TaskId};
use crate::schedule::Millis;
use serde::Serialize;
use std::borrow::Cow;

/// A task that was solved.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Solved<V> {
    /// The task's id, for `reportIncorrect()` and logs.
    #[cfg_attr(target_arch = "wasm32", tsify(type = "number"))]
    pub task_id: TaskId,
    /// The solution, as the service gave it.
    pub solution: V,
    /// What it cost, in the account's currency, where the service says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
    /// How many result requests it took: 1 to 120.
    pub polls: u32,
    /// From the call to the solution, in ms.
    pub elapsed_ms: Millis,
}

/// The answer to one result request: `status` says whether there is a `solution` yet, which then comes as
/// the service gave it, with its `cost` in the account's currency where the service says so.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(tag = "status", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum TaskResult<V> {
    /// Not ready yet.
    Processing {
        /// The task.
        #[cfg_attr(target_arch = "wasm32", tsify(type = "number"))]
        task_id: TaskId,
    },
    /// Solved.
    Ready {
        /// The task.
        #[cfg_attr(target_arch = "wasm32", tsify(type = "number"))]
        task_id: TaskId,
        /// The solution, as the service gave it.
        solution: V,
        /// What it cost, where the service says so.
        #[serde(skip_serializing_if = "Option::is_none")]
        cost: Option<f64>,
    },
}

/// What `onProgress` is told. `elapsedMs` is the time since the call, in ms.
///
/// - `"created"`: the task exists, and may cost money from now on. With its `taskId` any process can wait
///   for it. `imageBytes` has the size of each image that was sent, in bytes.
/// - `"poll"`: a result request was answered, number `poll` of this call, from 1. `status` says whether the
///   solution has come.
/// - `"retry"`: a request of `method` failed with `code` and `message` in a way that harms nothing, and is
///   repeated after a pause of `delayMs`, in ms. `taskId` is there once the task exists.
///
/// @example
/// ```ts
/// onProgress(event) {
///   if (event.type === "created") keep(event.taskId);
///   if (event.type === "retry") console.warn(event.message, `again in ${event.delayMs} ms`);
/// }
/// ```
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Progress {
    /// The task exists, and may cost money from now on. With its id any process can wait for it.
    Created {
        /// The task.
        #[cfg_attr(target_arch = "wasm32", tsify(type = "number"))]
        task_id: TaskId,
        /// The size of each image that was sent, in bytes.
        image_bytes: Vec<usize>,
        /// Since the call, in ms.
        elapsed_ms: Millis,
    },
    /// A result request was answered.
    Poll {
        /// The task.
        #[cfg_attr(target_arch = "wasm32", tsify(type = "number"))]
        task_id: TaskId,
        /// Which result request it was, from 1.
        poll: u32,
        /// Whether the solution has come.
        #[cfg_attr(target_arch = "wasm32", tsify(type = "\"processing\" | \"ready\""))]
        status: &'static str,
        /// Since the call, in ms.
        elapsed_ms: Millis,
    },
    /// A request failed in a way that harms nothing, and is repeated.
    Retry {
        /// The method that is repeated.
        method: Method,
        /// The task, once it exists.
        #[cfg_attr(target_arch = "wasm32", tsify(optional, type = "number"))]
        #[serde(skip_serializing_if = "Option::is_none")]
        task_id: Option<TaskId>,
        /// The code of the failure.
        code: Cow<'static, str>,
        /// The message of the failure.
        message: String,
        /// The pause before the repeat, in ms.
        delay_ms: Millis,
        /// Since the call, in ms.
        elapsed_ms: Millis,
    },
}

/// The function that gets the events of a call.
pub type Listener<'a> = &'a dyn Fn(&Progress);
