//! A batch: tasks come from a JavaScript iterator, records go to the shell one by one.

use super::Core;
use super::call::{End, Options, Unsettled, result, start};
use super::operation::Operation;
use super::value::Value;
use crate::client::batch::{BatchItem, Cleanup, NextTask, Results, batch};
use crate::client::progress::Progress;
use crate::error::Failure;
use crate::message::Catalogue;
use crate::record::{MemberWriter, Record};
use crate::texts;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// The kinds of a step of the input.
const TASK: u32 = 0;
const DONE: u32 = 1;

/// A running batch. Dropping it cancels the batch.
#[wasm_bindgen]
pub struct Batch {
    results: Results<Value>,
    catalogue: Catalogue,
}

/// The outcome of one task, as the shell gets it.
struct BatchRecord<'a>(&'a BatchItem<Value>, &'a Catalogue);

impl Record<Value> for BatchRecord<'_> {
    fn members(&self, put: &mut MemberWriter<'_, Value>) {
        let Self(BatchItem { index, task, result }, catalogue) = self;
        put.whole("index", *index as u64);
        put.value("task", task);
        match result {
            Ok(solved) => put.object("value", solved),
            Err(failure) => put.object("failure", &failure.rendered(catalogue)),
        }
    }
}

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** The outcome of one task of a batch. */
export type BatchRecord = { index: number; task: unknown } & ({ value: Solved<unknown> } | { failure: Failure });
"#;

#[wasm_bindgen]
impl Core {
    /// Starts to solve the tasks of an iterator, as a call that ends with the batch. Without an iterator it fails.
    #[wasm_bindgen(js_name = solveAll)]
    pub fn solve_all(&self, id: u32, input: JsValue, options: JsValue) -> Batch {
        let (driver, results) = batch();
        let client = Rc::clone(&self.0);
        let catalogue = client.options().messages.clone();
        let options = Options::read(id, &options, &client.options().service, false);
        let work = options.map(|options| {
            let Options { call, listener, .. } = options?;
            let work: Unsettled = Box::pin(async move {
                let listener = |index: usize, task: &Value, event: &Progress| {
                    listener.notify(event, Some((index, task)));
                };
                match driver.run(&client, &call, &listener, || next_task(input.clone())).await {
                    Ok(()) => Ok(End::Value(JsValue::UNDEFINED)),
                    Err(Stop::Failure(failure)) => Err(failure),
                    Err(Stop::Thrown(thrown)) => Ok(End::Thrown(thrown)),
                }
            });
            Some(work)
        });
        start(id, catalogue.clone(), work);
        Batch { results, catalogue }
    }
}

#[wasm_bindgen]
impl Batch {
    /// Asks for the next record, as a call. It ends with none after the last one.
    pub fn next(&self, id: u32) {
        let results = self.results.clone();
        let catalogue = self.catalogue.clone();
        let work: Unsettled = Box::pin(async move {
            Ok(match results.next().await {
                Some(item) => result(&BatchRecord(&item, &catalogue)),
                None => End::Value(JsValue::UNDEFINED),
            })
        });
        start(id, Catalogue::default(), Ok(Some(work)));
    }

    /// Cancels the batch. Says whether the shell closes the input: 0 not, 1 yes, 2 without waiting for it.
    pub fn cancel(&self) -> u32 {
        let cleanup = match self.results.cancel() {
            Cleanup::None => 0,
            Cleanup::Close => 1,
            Cleanup::CloseDetached => 2,
        };
        super::executor::run();
        cleanup
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        self.results.cancel();
    }
}

/// Why there is no next task.
enum Stop {
    Failure(Box<Failure>),
    /// What the input threw.
    Thrown(JsValue),
}

fn next_task(input: JsValue) -> NextTask<'static, Value, Stop> {
    Box::pin(async move {
        if input.is_undefined() {
            let rule = texts::MUST_BE.with([texts::ITERABLE.into()]);
            return Err(Stop::Failure(Failure::field("tasks", rule)));
        }
        let step = Operation::start(|id| next(id, &input)).await;
        match step.kind {
            TASK => Ok(Some(Value(step.value))),
            DONE => Ok(None),
            _ => Err(Stop::Thrown(step.value)),
        }
    })
}

#[wasm_bindgen(raw_module = "./platform.js")]
extern "C" {
    /// Asks an iterator of either kind for its next step. It is awaited, whether it is a promise or not.
    fn next(id: u32, iterator: &JsValue);
}
