//! The only Rust that knows JavaScript. The exports here convert and delegate, nothing else.
//!
//! Every call resolves to an [`Outcome`] and rejects with nothing but an abort's own reason, so that the
//! shell can make the error of a failure itself: made there, its stack shows the caller's own code.

mod abort;
mod alive;
mod batch;
mod host;
mod value;

use crate::callback::read_callback;
use crate::error::{Failure, Origin, Result, TABLE, code};
use crate::guard::Guards;
use crate::host::must_be;
use crate::options::{CallOptions, ClientOptions, language, read_language, read_report_kind};
use crate::solve::{Client, Progress};
use crate::texts::{self, Messages};
use crate::wire::TaskId;
use abort::Signal;
use host::JsHost;
use js_sys::{Function, Promise};
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use value::{Value, get};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{future_to_promise, spawn_local};

/// Half the size of the standard library's allocator: 2.7 KB less to download, with gzip.
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

thread_local! {
    /// Of every account that this process has used.
    static GUARDS: RefCell<Guards<Option<Function>>> = RefCell::default();
}

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
        let made = ClientOptions::read(&Value(options.clone())).and_then(|read| {
            match function(&options, "fetch") {
                Ok(fetch) => {
                    let ClientOptions { client_key, base_url, .. } = &read;
                    let guard = GUARDS
                        .with_borrow_mut(|guards| guards.of(client_key, base_url, fetch.clone()));
                    Ok(Client::new(JsHost::new(fetch), read, guard))
                }
                Err(failure) => Err(failure.said_in(&read.messages)),
            }
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
                to_value(
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
            Box::pin(async move { to_value(&client.task_result(task_id(id)?).await?) })
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
                to_value(&client.wait_for_result(task_id(id)?, &call, &listener).await?)
            })
        })
    }

    /// Solves a task.
    #[wasm_bindgen(unchecked_return_type = "Promise<Outcome<Solved<unknown>>>")]
    pub fn solve(&self, task: JsValue, options: JsValue) -> Promise {
        self.run(options, |client, call, listener| {
            Box::pin(async move {
                to_value(&client.solve(&Value(task), &call, &|event| listener.tell(event)).await?)
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

    /// Reports a wrong answer.
    #[wasm_bindgen(js_name = reportIncorrect, unchecked_return_type = "Promise<Outcome<undefined>>")]
    pub fn report_incorrect(&self, id: JsValue, kind: JsValue, options: JsValue) -> Promise {
        self.run(options, |client, _, _| {
            Box::pin(async move {
                client.report_incorrect(task_id(id)?, read_report_kind(&Value(kind))?).await?;
                Ok(Value(JsValue::UNDEFINED))
            })
        })
    }

    /// The User-Agent that the service wants in tasks.
    #[wasm_bindgen(js_name = getUserAgent, unchecked_return_type = "Promise<Outcome<string>>")]
    pub fn get_user_agent(&self, options: JsValue) -> Promise {
        self.run(options, |client, _, _| {
            Box::pin(async move { Ok(Value(client.user_agent().await?.into())) })
        })
    }

    /// Reads the options of a call and starts it.
    fn run(
        &self,
        options: JsValue,
        work: impl FnOnce(Rc<Client<JsHost>>, CallOptions, Listener) -> Work,
    ) -> Promise {
        let made = read_call(&options).map(|(signal, call, listener)| {
            let work = work(Rc::clone(&self.0), call, listener);
            let keep_alive = self.0.options().keep_alive;
            (signal, if keep_alive { alive::kept_alive(work) } else { work })
        });
        future_to_promise(settle(self.0.options().messages.clone(), made))
    }
}

/// The error table.
#[wasm_bindgen(js_name = errorTable, unchecked_return_type = "ErrorTableRow[]")]
pub fn error_table() -> std::result::Result<JsValue, JsValue> {
    to_js(&TABLE)
}

/// Reads what a service has posted to a callbackUrl.
#[wasm_bindgen(
    js_name = parseCallback,
    unchecked_return_type = "Promise<Outcome<TaskState<unknown>>>"
)]
pub fn parse_callback(body: JsValue, options: JsValue) -> Promise {
    let options = given(&options);
    let messages = options.as_ref().map(language).unwrap_or_default();
    let work: Work = Box::pin(async move {
        read_language(options.as_ref())?;
        to_value(&read_callback(&JsHost::new(None), &Value(body)).await?)
    });
    future_to_promise(settle(messages, Ok((None, work))))
}

/// The options of a call: the signal is listened to here, the rest is for the core.
fn read_call(options: &JsValue) -> Result<(Option<Signal>, CallOptions, Listener)> {
    let call = CallOptions::read(given(options).as_ref())?;
    let listener = Listener(function(options, "onProgress")?);
    Ok((Signal::of(options)?, call, listener))
}

/// Options, if there are any.
fn given(options: &JsValue) -> Option<Value> {
    (!options.is_undefined()).then(|| Value(options.clone()))
}

/// Works until it is done or aborted, and turns the result over.
async fn settle(
    messages: Messages,
    made: Result<(Option<Signal>, Work)>,
) -> std::result::Result<JsValue, JsValue> {
    let outcome = match made {
        Ok((None, work)) => work.await,
        Ok((Some(signal), work)) => signal.race(work).await?,
        Err(failure) => Err(failure),
    };
    to_js(&match outcome {
        Ok(value) => Outcome::Value(value),
        // Not every failure has passed the client, which says its own in the language already.
        Err(failure) => Outcome::Failure(failure.said_in(&messages)),
    })
}

fn task_id(id: JsValue) -> Result<TaskId> {
    let id = Value(id);
    TaskId::read(&id).ok_or_else(|| Failure::field("taskId", must_be(texts::TASK_NUMBER, &id)))
}

/// An option that is a function, or absent.
fn function(options: &JsValue, name: &str) -> Result<Option<Function>> {
    let value = get(options, name).unwrap_or_default();
    if value.is_undefined() {
        return Ok(None);
    }
    value
        .dyn_into()
        .map(Some)
        .map_err(|_| Failure::option(name, texts::MUST_BE.with([texts::FUNCTION.into()])))
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
fn to_value(result: &impl Serialize) -> Result<Value> {
    let made = to_js(result).map(Value);
    made.map_err(|_| Failure::new(code::INTERNAL, Origin::Client, texts::NOT_CONVERTED))
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
