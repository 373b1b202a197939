//! One call from JavaScript: its options, its listener, and how its outcome crosses the border.

use super::abort::Signal;
use super::value::{Value, await_js, get};
use crate::client::progress::Progress;
use crate::error::{Failure, Origin, Rendered, Result};
use crate::error_table::code;
use crate::message::Catalogue;
use crate::options::CallOptions;
use crate::texts;
use js_sys::Function;
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use std::future::Future;
use std::pin::Pin;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

/// A call under way. Boxed, so that the code that drives it is in the module once, not once per export.
pub(super) type Work = Pin<Box<dyn Future<Output = Result<Value>>>>;

/// The options of a call as JavaScript passed them: the signal and the listener, and the rest for the core.
pub(super) struct Options {
    pub(super) signal: Option<Signal>,
    pub(super) listener: Listener,
    pub(super) call: CallOptions,
}

impl Options {
    pub(super) fn read(options: &JsValue) -> Result<Self> {
        Ok(Self {
            call: CallOptions::read(present(options).as_ref())?,
            listener: Listener(function(options, "onProgress")?),
            signal: Signal::read(options)?,
        })
    }
}

/// A value that was passed, if it was.
pub(super) fn present(options: &JsValue) -> Option<Value> {
    (!options.is_undefined()).then(|| Value(options.clone()))
}

/// An option that is a function, or absent.
pub(super) fn function(options: &JsValue, name: &str) -> Result<Option<Function>> {
    let value = get(options, name).unwrap_or_default();
    if value.is_undefined() {
        return Ok(None);
    }
    value
        .dyn_into()
        .map(Some)
        .map_err(|_| Failure::option(name, texts::MUST_BE.with([texts::FUNCTION.into()])))
}

/// How a call ended. The shell turns a failure into its error class.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Outcome<'a> {
    Value(Value),
    Failure(Rendered<'a>),
}

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** How a call ended. The shell turns a failure into its error class. */
export type Outcome<T> = { value: T } | { failure: Failure };
"#;

/// Runs a call until it is done or aborted. Its failure is put into words here, once, in the client's language.
pub(super) async fn run_to_outcome(
    catalogue: Catalogue,
    started: Result<(Option<Signal>, Work)>,
) -> std::result::Result<JsValue, JsValue> {
    let result = match started {
        Ok((None, work)) => work.await,
        Ok((Some(signal), work)) => signal.race(work).await?,
        Err(failure) => Err(failure),
    };
    to_js(&match &result {
        Ok(value) => Outcome::Value(value.clone()),
        Err(failure) => Outcome::Failure(failure.rendered(&catalogue)),
    })
}

/// The listener of a call's progress, if there is one.
pub(super) struct Listener(Option<Function>);

impl Listener {
    pub(super) fn notify(&self, event: &Progress) {
        let Some(listener) = &self.0 else { return };
        // An error in the caller's listener must not lose the task that is paid for, nor go unseen.
        let report = |error: JsValue| {
            let _ = console_error("capwire: onProgress failed", &error);
        };
        match to_js(event).and_then(|event| listener.call1(&JsValue::UNDEFINED, &event)) {
            // An async listener fails later.
            Ok(promise) if promise.is_object() => spawn_local(async move {
                if let Err(error) = await_js(promise).await {
                    report(error);
                }
            }),
            Ok(_) => {}
            Err(error) => report(error),
        }
    }
}

/// A result as the caller gets it.
pub(super) fn to_value(result: &impl Serialize) -> Result<Value> {
    let converted = to_js(result).map(Value);
    converted.map_err(|_| Failure::new(code::INTERNAL, Origin::Client, texts::NOT_CONVERTED))
}

pub(super) fn to_js(value: &impl Serialize) -> std::result::Result<JsValue, JsValue> {
    Ok(value.serialize(&Serializer::json_compatible())?)
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = console, js_name = error)]
    fn console_error(what: &str, error: &JsValue) -> std::result::Result<(), JsValue>;
}
