//! A batch: its input is asked by the iteration protocol, its records go to the shell one by one.

use super::value::{Value, get, settled};
use super::{Core, Work, settle, to_value};
use crate::batch::{Pull, Records, Rest, Settled, batch};
use crate::error::Failure;
use crate::solve::Progress;
use crate::texts::{self, Messages};
use js_sys::{Function, Promise};
use serde::Serialize;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

type JsResult<T> = std::result::Result<T, JsValue>;

/// Many tasks on their way, as the shell holds them. Forgotten, it is left.
#[wasm_bindgen]
pub struct Batch {
    records: Records<Value>,
    input: Input,
    end: Promise,
}

/// What the shell makes a record of.
#[derive(Serialize)]
struct Record {
    index: usize,
    task: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Box<Failure>>,
}

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** What became of one task of a batch. */
export type BatchRecord = { index: number; task: unknown } & Outcome<Solved<unknown>>;
"#;

#[wasm_bindgen]
impl Core {
    /// Begins to solve many tasks: those that an iterator gives, or none if there is no iterator.
    #[wasm_bindgen(js_name = solveAll)]
    pub fn solve_all(&self, input: JsValue, options: JsValue) -> Batch {
        let (runner, records) = batch();
        let input = input.unchecked_into::<Input>();
        let pulled = input.clone();
        let end = self.run(options, |client, call, listener| {
            Box::pin(async move {
                let listener = |event: &Progress| listener.tell(event);
                match runner.run(&client, &call, &listener, || pulled.pull()).await {
                    Ok(()) => Ok(Value(JsValue::UNDEFINED)),
                    Err(End::Failure(failure)) => Err(failure),
                    // As a promise, which rejects for whoever awaits it: the input's error, untouched.
                    Err(End::Thrown(thrown)) => Ok(Value(Promise::reject(&thrown).into())),
                }
            })
        });
        // Listened to from the beginning: a rejection that nobody listens to ends a Node process.
        drop(settled(end.clone().into()));
        Batch { records, input, end }
    }
}

#[wasm_bindgen]
impl Batch {
    /// The next record, none after the last one.
    #[wasm_bindgen(unchecked_return_type = "Promise<Outcome<BatchRecord | undefined>>")]
    pub fn next(&self) -> Promise {
        let records = self.records.clone();
        let work: Work = Box::pin(async move {
            let Some(Settled { index, task, result }) = records.next().await else {
                return Ok(Value(JsValue::UNDEFINED));
            };
            let (value, failure) = match result.and_then(|solved| to_value(&solved)) {
                Ok(value) => (Some(value), None),
                Err(failure) => (None, Some(failure)),
            };
            to_value(&Record { index, task, value, failure })
        });
        // A record's failure is in the client's language already.
        future_to_promise(settle(Messages::default(), Ok((None, work))))
    }

    /// What the whole came to, after the last record: nothing, if it did not end before its time.
    #[wasm_bindgen(unchecked_return_type = "Promise<Outcome<unknown>>")]
    pub fn end(&self) -> Promise {
        self.end.clone()
    }

    /// Leaves the batch, and returns what is to be waited for: the end of the input.
    pub fn leave(self) -> JsResult<JsValue> {
        match self.records.leave() {
            Rest::Nothing => Ok(JsValue::UNDEFINED),
            Rest::Close => self.input.close(),
            Rest::CloseAside => {
                let _ = self.input.close().map(settled);
                Ok(JsValue::UNDEFINED)
            }
        }
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        self.records.leave();
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
    /// An iterator of either kind: what it gives is awaited, be it a promise or not.
    #[derive(Clone)]
    type Input;
    #[wasm_bindgen(method, catch)]
    fn next(this: &Input) -> JsResult<JsValue>;
}

impl Input {
    fn pull(&self) -> Pull<'static, Value, End> {
        let asked = if self.is_undefined() {
            let rule = texts::MUST_BE.with([texts::ITERABLE.into()]);
            Err(End::Failure(Failure::field("tasks", rule)))
        } else {
            self.next().map_err(End::Thrown)
        };
        Box::pin(async move {
            let step = settled(asked?).await?;
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
