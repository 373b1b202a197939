//! A batch: tasks come from a JavaScript iterator, records go to the shell one by one.

use super::Core;
use super::call::{Options, Work, run_to_outcome, to_value};
use super::value::{Value, await_js, get};
use crate::client::batch::{BatchItem, Cleanup, NextTask, Results, batch};
use crate::client::progress::Progress;
use crate::error::{Failure, Rendered};
use crate::message::Catalogue;
use crate::texts;
use js_sys::{Function, Promise};
use serde::Serialize;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

type JsResult<T> = std::result::Result<T, JsValue>;

/// A running batch. Dropping it cancels the batch.
#[wasm_bindgen]
pub struct Batch {
    results: Results<Value>,
    input: Input,
    catalogue: Catalogue,
    end: Promise,
}

/// The outcome of one task, as the shell gets it.
#[derive(Serialize)]
struct BatchRecord<'a> {
    index: usize,
    task: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Rendered<'a>>,
}

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** The outcome of one task of a batch. */
export type BatchRecord = { index: number; task: unknown } & Outcome<Solved<unknown>>;
"#;

#[wasm_bindgen]
impl Core {
    /// Starts to solve the tasks of an iterator. Without an iterator the batch ends with a failure.
    #[wasm_bindgen(js_name = solveAll)]
    pub fn solve_all(&self, input: JsValue, options: JsValue) -> Batch {
        let (driver, results) = batch();
        let input = input.unchecked_into::<Input>();
        let tasks = input.clone();
        let end = self.run(options, |client, Options { call, listener, .. }| {
            Box::pin(async move {
                let listener = |event: &Progress| listener.notify(event);
                match driver.run(&client, &call, &listener, || tasks.next_task()).await {
                    Ok(()) => Ok(Value(JsValue::UNDEFINED)),
                    Err(End::Failure(failure)) => Err(failure),
                    // As a promise that rejects with it, so that the input's error stays untouched.
                    Err(End::Thrown(thrown)) => Ok(Value(Promise::reject(&thrown).into())),
                }
            })
        });
        // Listened to from the start: a rejection without a listener ends a Node process.
        drop(await_js(end.clone().into()));
        Batch { results, input, catalogue: self.0.options().messages.clone(), end }
    }
}

#[wasm_bindgen]
impl Batch {
    /// The next record, none after the last one.
    #[wasm_bindgen(unchecked_return_type = "Promise<Outcome<BatchRecord | undefined>>")]
    pub fn next(&self) -> Promise {
        let results = self.results.clone();
        let catalogue = self.catalogue.clone();
        let work: Work = Box::pin(async move {
            let Some(BatchItem { index, task, result }) = results.next().await else {
                return Ok(Value(JsValue::UNDEFINED));
            };
            let result = result.and_then(|solved| to_value(&solved));
            let (value, failure) = match &result {
                Ok(value) => (Some(value.clone()), None),
                Err(failure) => (None, Some(failure.rendered(&catalogue))),
            };
            to_value(&BatchRecord { index, task, value, failure })
        });
        future_to_promise(run_to_outcome(Catalogue::default(), Ok((None, work))))
    }

    /// How the batch ended, after the last record: with nothing, a failure, or the error of its input.
    #[wasm_bindgen(unchecked_return_type = "Promise<Outcome<unknown>>")]
    pub fn end(&self) -> Promise {
        self.end.clone()
    }

    /// Cancels the batch. The result is to be awaited: it settles when the input is closed.
    pub fn cancel(self) -> JsResult<JsValue> {
        match self.results.cancel() {
            Cleanup::None => Ok(JsValue::UNDEFINED),
            Cleanup::Close => self.input.close(),
            Cleanup::CloseDetached => {
                let _ = self.input.close().map(await_js);
                Ok(JsValue::UNDEFINED)
            }
        }
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        self.results.cancel();
    }
}

/// Why there is no next task.
enum End {
    Failure(Box<Failure>),
    /// What the input threw.
    Thrown(JsValue),
}

impl From<JsValue> for End {
    fn from(thrown: JsValue) -> Self {
        Self::Thrown(thrown)
    }
}

#[wasm_bindgen]
extern "C" {
    /// An iterator of either kind. Its steps are awaited, whether they are promises or not.
    #[derive(Clone)]
    type Input;
    #[wasm_bindgen(method, catch)]
    fn next(this: &Input) -> JsResult<JsValue>;
}

impl Input {
    fn next_task(&self) -> NextTask<'static, Value, End> {
        let asked = if self.is_undefined() {
            let rule = texts::MUST_BE.with([texts::ITERABLE.into()]);
            Err(End::Failure(Failure::field("tasks", rule)))
        } else {
            self.next().map_err(End::Thrown)
        };
        Box::pin(async move {
            let step = await_js(asked?).await?;
            let is_last = get(&step, "done")?.is_truthy();
            let task = get(&step, "value")?;
            Ok((!is_last).then_some(Value(task)))
        })
    }

    fn close(&self) -> JsResult<JsValue> {
        match get(self, "return")?.dyn_into::<Function>() {
            Ok(close) => close.call0(self),
            Err(_) => Ok(JsValue::UNDEFINED),
        }
    }
}
