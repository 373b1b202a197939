//! The only Rust that knows JavaScript. The exports here convert and delegate, nothing else.
//!
//! Every call resolves to an [`Outcome`] and rejects with nothing but an abort's own reason, so that the
//! shell can make the error of a failure itself: made there, its stack shows the caller's own code.

mod abort;
mod host;
mod value;

use crate::error::{Failure, Origin, Result, code};
use crate::host::Json;
use crate::options::{CallOptions, ClientOptions};
use crate::solve::{Client, Progress};
use crate::wire::TaskId;
use abort::Signal;
use host::JsHost;
use js_sys::{Function, Promise, Reflect};
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use value::Value;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{future_to_promise, spawn_local};

/// Half the size of the standard library's allocator: 2.7 KB less to download, with gzip.
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

/// A client, as the shell holds it.
#[wasm_bindgen]
pub struct Core(Rc<Client<JsHost>>);

/// What a call came to.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Outcome {
    Value(Value),
    Failure(Box<Failure>),
}

/// A call under way. Boxed, so that what drives it is in the module once and not once per export.
type Work = Pin<Box<dyn Future<Output = Result<Value>>>>;

#[wasm_bindgen]
impl Core {
    /// Checks the options; throws a failure record.
    #[wasm_bindgen(constructor)]
    pub fn new(options: JsValue) -> std::result::Result<Core, JsValue> {
        let made = function(&options, "fetch").and_then(|fetch| {
            Ok(Client::new(JsHost::new(fetch), ClientOptions::read(&Value(options))?))
        });
        match made {
            Ok(client) => Ok(Self(Rc::new(client))),
            Err(failure) => Err(to_js(&failure)?),
        }
    }

    /// The profile of the service in force.
    #[wasm_bindgen(getter, unchecked_return_type = "ServiceProfile")]
    pub fn service(&self) -> std::result::Result<JsValue, JsValue> {
        to_js(&self.0.options().profile())
    }

    /// The account's balance.
    #[wasm_bindgen(js_name = getBalance, unchecked_return_type = "Promise<Outcome<number>>")]
    pub fn get_balance(&self, options: JsValue) -> Promise {
        self.run(options, |client, _, _| {
            Box::pin(async move { Ok(Value(client.balance().await?.into())) })
        })
    }

    /// Creates a task.
    #[wasm_bindgen(js_name = createTask, unchecked_return_type = "Promise<Outcome<number>>")]
    pub fn create_task(&self, task: JsValue, options: JsValue) -> Promise {
        self.run(options, |client, call, listener| {
            Box::pin(async move {
                value(
                    &client.create_task(&Value(task), &call, &|event| listener.tell(event)).await?,
                )
            })
        })
    }

    /// One result request.
    #[wasm_bindgen(
        js_name = getTaskResult,
        unchecked_return_type = "Promise<Outcome<TaskResult<unknown>>>"
    )]
    pub fn get_task_result(&self, id: JsValue, options: JsValue) -> Promise {
        self.run(options, |client, _, _| {
            Box::pin(async move { value(&client.task_result(task_id(id)?).await?) })
        })
    }

    /// Waits for a task's result.
    #[wasm_bindgen(
        js_name = waitForResult,
        unchecked_return_type = "Promise<Outcome<Solved<unknown>>>"
    )]
    pub fn wait_for_result(&self, id: JsValue, options: JsValue) -> Promise {
        self.run(options, |client, call, listener| {
            Box::pin(async move {
                let listener = |event: &Progress| listener.tell(event);
                value(&client.wait_for_result(task_id(id)?, &call, &listener).await?)
            })
        })
    }

    /// Solves a task.
    #[wasm_bindgen(unchecked_return_type = "Promise<Outcome<Solved<unknown>>>")]
    pub fn solve(&self, task: JsValue, options: JsValue) -> Promise {
        self.run(options, |client, call, listener| {
            Box::pin(async move {
                value(&client.solve(&Value(task), &call, &|event| listener.tell(event)).await?)
            })
        })
    }

    /// Reads the text in an image.
    #[wasm_bindgen(js_name = solveImage, unchecked_return_type = "Promise<Outcome<string>>")]
    pub fn solve_image(&self, image: JsValue, options: JsValue) -> Promise {
        self.run(options, |client, call, listener| {
            Box::pin(async move {
                let listener = |event: &Progress| listener.tell(event);
                let text = client.solve_image(&Value(image), &call, &listener).await?;
                Ok(Value(text.into()))
            })
        })
    }

    /// Reads the options of a call and starts it.
    fn run(
        &self,
        options: JsValue,
        work: impl FnOnce(Rc<Client<JsHost>>, CallOptions, Listener) -> Work,
    ) -> Promise {
        let made = read_call(&options)
            .map(|(signal, call, listener)| (signal, work(Rc::clone(&self.0), call, listener)));
        future_to_promise(settle(made))
    }
}

/// The options of a call: the signal is listened to here, the rest is for the core.
fn read_call(options: &JsValue) -> Result<(Option<Signal>, CallOptions, Listener)> {
    let given = (!options.is_undefined()).then(|| Value(options.clone()));
    let call = CallOptions::read(given.as_ref())?;
    let listener = Listener(function(options, "onProgress")?);
    Ok((Signal::of(options)?, call, listener))
}

/// Works until it is done or aborted, and turns the result over.
async fn settle(made: Result<(Option<Signal>, Work)>) -> std::result::Result<JsValue, JsValue> {
    let outcome = match made {
        Ok((None, work)) => work.await,
        Ok((Some(signal), work)) => signal.race(work).await?,
        Err(failure) => Err(failure),
    };
    to_js(&match outcome {
        Ok(value) => Outcome::Value(value),
        Err(failure) => Outcome::Failure(failure),
    })
}

fn task_id(id: JsValue) -> Result<TaskId> {
    let id = Value(id);
    TaskId::read(&id).ok_or_else(|| {
        Failure::field("taskId", &format!("must be a task's number, not {}", id.shown()))
    })
}

/// An option that is a function, or absent.
fn function(options: &JsValue, name: &str) -> Result<Option<Function>> {
    let value = Reflect::get(options, &name.into()).unwrap_or_default();
    if value.is_undefined() {
        return Ok(None);
    }
    value.dyn_into().map(Some).map_err(|_| Failure::option(name, "must be a function"))
}

/// Who is told of the progress, if anybody.
struct Listener(Option<Function>);

impl Listener {
    fn tell(&self, event: &Progress) {
        let Some(listener) = &self.0 else { return };
        // A fault in the caller's listener must not lose the task that is paid for, nor go unseen.
        let report = |error: JsValue| {
            let _ = console_error("capwire: onProgress failed", &error);
        };
        match to_js(event).and_then(|event| listener.call1(&JsValue::UNDEFINED, &event)) {
            // An async one fails later.
            Ok(promise) if promise.is_object() => spawn_local(async move {
                if let Err(error) = value::settled(promise).await {
                    report(error);
                }
            }),
            Ok(_) => {}
            Err(error) => report(error),
        }
    }
}

/// A result as the caller gets it.
fn value(result: &impl Serialize) -> Result<Value> {
    let made = to_js(result).map(Value);
    made.map_err(|_| Failure::new(code::INTERNAL, Origin::Client, "a result cannot be converted"))
}

fn to_js(value: &impl Serialize) -> std::result::Result<JsValue, JsValue> {
    Ok(value.serialize(&Serializer::json_compatible())?)
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = console, js_name = error)]
    fn console_error(what: &str, error: &JsValue) -> std::result::Result<(), JsValue>;
}

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** What a call came to: the shell turns a failure into its error class. */
export type Outcome<T> = { value: T } | { failure: Failure };
"#;
