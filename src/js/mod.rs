//! The only Rust that knows JavaScript. The exports here convert and delegate, nothing else.
//!
//! Every call resolves to an [`Outcome`] and rejects with nothing but an abort's own reason, so that the
//! shell can make the error of a failure itself: made there, its stack shows the caller's own code.

mod abort;
mod host;
mod value;

use crate::error::{Failure, Result};
use crate::options::{CallOptions, ClientOptions};
use crate::protocol::TaskId;
use crate::solve::{Client, Listener, Progress};
use abort::Signal;
use host::JsHost;
use js_sys::{Function, Reflect};
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use std::rc::Rc;
use value::Value;
use wasm_bindgen::prelude::*;

/// A client, as the shell holds it.
#[wasm_bindgen]
pub struct Core(Rc<Client<JsHost>>);

/// What a call came to.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Outcome<T> {
    Value(T),
    Failure(Box<Failure>),
}

#[wasm_bindgen]
impl Core {
    /// Checks the options; throws a failure record.
    #[wasm_bindgen(constructor)]
    pub fn new(options: JsValue) -> std::result::Result<Core, JsValue> {
        let made = ClientOptions::read(&Value(options.clone())).and_then(|checked| {
            Ok(Client::new(
                JsHost::new(function(&options, "fetch")?),
                checked,
            ))
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
    #[wasm_bindgen(js_name = getBalance, unchecked_return_type = "Outcome<number>")]
    pub async fn get_balance(&self, options: JsValue) -> std::result::Result<JsValue, JsValue> {
        let client = &self.0;
        run(options, async |_, _| client.balance().await).await
    }

    /// Creates a task.
    #[wasm_bindgen(js_name = createTask, unchecked_return_type = "Outcome<number>")]
    pub async fn create_task(
        &self,
        task: JsValue,
        options: JsValue,
    ) -> std::result::Result<JsValue, JsValue> {
        let client = &self.0;
        run(options, async |call, listener| {
            client.create_task(&Value(task), call, listener).await
        })
        .await
    }

    /// One result request.
    #[wasm_bindgen(js_name = getTaskResult, unchecked_return_type = "Outcome<TaskResult<unknown>>")]
    pub async fn get_task_result(
        &self,
        id: JsValue,
        options: JsValue,
    ) -> std::result::Result<JsValue, JsValue> {
        let client = &self.0;
        run(options, async |_, _| client.task_result(task_id(id)?).await).await
    }

    /// Waits for a task's result.
    #[wasm_bindgen(js_name = waitForResult, unchecked_return_type = "Outcome<Solved<unknown>>")]
    pub async fn wait_for_result(
        &self,
        id: JsValue,
        options: JsValue,
    ) -> std::result::Result<JsValue, JsValue> {
        let client = &self.0;
        run(options, async |call, listener| {
            client.wait_for_result(task_id(id)?, call, listener).await
        })
        .await
    }

    /// Solves a task.
    #[wasm_bindgen(unchecked_return_type = "Outcome<Solved<unknown>>")]
    pub async fn solve(
        &self,
        task: JsValue,
        options: JsValue,
    ) -> std::result::Result<JsValue, JsValue> {
        let client = &self.0;
        run(options, async |call, listener| {
            client.solve(&Value(task), call, listener).await
        })
        .await
    }

    /// Reads the text in an image.
    #[wasm_bindgen(js_name = solveImage, unchecked_return_type = "Outcome<string>")]
    pub async fn solve_image(
        &self,
        image: JsValue,
        options: JsValue,
    ) -> std::result::Result<JsValue, JsValue> {
        let client = &self.0;
        run(options, async |call, listener| {
            client.solve_image(&Value(image), call, listener).await
        })
        .await
    }
}

/// Reads the options of a call, runs it until it settles or is aborted, and turns the result over.
async fn run<T: Serialize>(
    options: JsValue,
    work: impl AsyncFnOnce(&CallOptions, Listener<'_>) -> Result<T>,
) -> std::result::Result<JsValue, JsValue> {
    let work = async {
        let given = (!options.is_undefined()).then(|| Value(options.clone()));
        let call = CallOptions::read(given.as_ref())?;
        let on_progress = function(&options, "onProgress")?;
        work(&call, &|event| tell(on_progress.as_ref(), event)).await
    };
    let outcome = match Signal::of(&options) {
        Ok(None) => work.await,
        Ok(Some(signal)) => signal.race(work).await?,
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
        use crate::host::Json;
        Failure::field(
            "taskId",
            &format!("must be a task's number, not {}", id.shown()),
        )
    })
}

/// An option that is a function, or absent.
fn function(options: &JsValue, name: &str) -> Result<Option<Function>> {
    let value = Reflect::get(options, &name.into()).unwrap_or_default();
    if value.is_undefined() {
        return Ok(None);
    }
    value
        .dyn_into()
        .map(Some)
        .map_err(|_| Failure::option(name, "must be a function"))
}

fn tell(listener: Option<&Function>, event: &Progress) {
    let Some(listener) = listener else { return };
    let told = to_js(event).and_then(|event| listener.call1(&JsValue::UNDEFINED, &event));
    if let Err(error) = told {
        // A fault in the caller's listener must not lose the task that is paid for, nor go unseen.
        console_error("capwire: onProgress threw", &error);
    }
}

fn to_js(value: &impl Serialize) -> std::result::Result<JsValue, JsValue> {
    Ok(value.serialize(&Serializer::json_compatible())?)
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn console_error(what: &str, error: &JsValue);
}

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** What a call came to: the shell turns a failure into its error class. */
export type Outcome<T> = { value: T } | { failure: Failure };
"#;
