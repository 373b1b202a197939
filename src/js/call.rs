//! One call from JavaScript: its options, its listener, and how its outcome crosses the border.

use super::executor::{Work, spawn};
use super::value::{Value, get_any, get_own, id_to_js, to_js};
use crate::client::progress::Progress;
use crate::error::{Failure, Result};
use crate::message::Catalogue;
use crate::options::CallOptions;
use crate::record::{MemberWriter, Record};
use crate::service::ServiceProfile;
use crate::task::image_options;
use crate::texts;
use js_sys::Function;
use std::future::Future;
use std::pin::Pin;
use wasm_bindgen::prelude::*;

/// The ways in which a call ends, as the shell knows them.
const VALUE: u32 = 0;
const FAILURE: u32 = 1;
const THROWN: u32 = 2;
const ABORTED: u32 = 3;

/// The options of a call as JavaScript passed them.
pub(super) struct Options {
    pub(super) call: CallOptions,
    /// The options that become fields of the task of an image.
    pub(super) fields: Vec<(String, Value)>,
    pub(super) listener: Listener,
}

impl Options {
    /// Reads and checks the options of call number `id`. None if its signal is aborted already.
    pub(super) fn read(
        id: u32,
        options: &JsValue,
        service: &ServiceProfile,
        is_image: bool,
    ) -> Result<Option<Self>> {
        let names = if is_image { image_options() } else { Vec::new() };
        let read = CallOptions::read_with_fields(present(options).as_ref(), service, &names);
        let (call, fields) = read?;
        let read = Self {
            call,
            fields,
            listener: Listener { id, function: function(options, "onProgress")? },
        };
        Ok((!is_aborted(id)?).then_some(read))
    }
}

/// A value that was passed, if it was.
pub(super) fn present(value: &JsValue) -> Option<Value> {
    (!value.is_undefined()).then(|| Value(value.clone()))
}

/// An option that is a function, or absent.
pub(super) fn function(options: &JsValue, name: &str) -> Result<Option<Function>> {
    let value = get_own(options, name);
    if value.is_undefined() {
        return Ok(None);
    }
    value
        .dyn_into()
        .map(Some)
        .map_err(|_| Failure::option(name, texts::MUST_BE.with([texts::FUNCTION.into()])))
}

/// The option `fetch`. What axios and got give is no response, which would show only after a task is bought.
pub(super) fn fetch_function(options: &JsValue) -> Result<Option<Function>> {
    let fetch = function(options, "fetch")?;
    match &fetch {
        Some(other)
            if ["interceptors", "stream"].iter().any(|name| get_any(other, name).is_truthy()) =>
        {
            Err(Failure::option("fetch", texts::MUST_BE.with([texts::FETCH.into()])))
        }
        _ => Ok(fetch),
    }
}

/// Whether the signal of a call is aborted already. The shell holds it and listens to it.
pub(super) fn is_aborted(id: u32) -> Result<bool> {
    match signal_state(id) {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Failure::option("signal", texts::MUST_BE.with([texts::ABORT_SIGNAL.into()]))),
    }
}

/// The end of a call that does not fail by itself.
pub(super) enum End {
    Value(JsValue),
    /// An error that the caller's own code threw, untouched.
    Thrown(JsValue),
}

/// The work of a call, before its end is known.
pub(super) type Unsettled = Pin<Box<dyn Future<Output = Result<End>>>>;

/// Runs a call to its end. A failure is put into words here, once, in the client's language.
pub(super) fn start(id: u32, catalogue: Catalogue, work: Result<Option<Unsettled>>) {
    match work {
        Err(failure) => settle_failure(id, &failure, &catalogue),
        Ok(None) => settle(id, ABORTED, JsValue::UNDEFINED),
        Ok(Some(work)) => {
            let work: Work = Box::pin(async move {
                match work.await {
                    Ok(End::Value(value)) => settle(id, VALUE, value),
                    Ok(End::Thrown(thrown)) => settle(id, THROWN, thrown),
                    Err(failure) => settle_failure(id, &failure, &catalogue),
                }
            });
            spawn(id, work);
        }
    }
}

fn settle_failure(id: u32, failure: &Failure, catalogue: &Catalogue) {
    settle(id, FAILURE, to_js(&failure.rendered(catalogue)));
}

/// The listener of a call's progress.
pub(super) struct Listener {
    id: u32,
    function: Option<Function>,
}

impl Listener {
    /// `place` is that of the task in a batch, and the task.
    pub(super) fn notify(&self, event: &Progress, place: Option<(usize, &Value)>) {
        if let Progress::Created { task_id, .. } = event {
            task_created(self.id, id_to_js(task_id));
        }
        if let Some(listener) = &self.function {
            notify(listener, to_js(&Placed(event, place)));
        }
    }
}

/// An event of a batch, or of a single call.
struct Placed<'a>(&'a Progress, Option<(usize, &'a Value)>);

impl Record<Value> for Placed<'_> {
    fn members(&self, put: &mut MemberWriter<'_, Value>) {
        self.0.members(put);
        if let Some((index, task)) = self.1 {
            put.whole("index", index as u64);
            put.value("task", task);
        }
    }
}

/// A result as the caller gets it.
pub(super) fn result(record: &dyn Record<Value>) -> End {
    End::Value(to_js(record))
}

#[wasm_bindgen(raw_module = "./platform.js")]
extern "C" {
    fn settle(id: u32, kind: u32, value: JsValue);
    fn notify(listener: &Function, event: JsValue);
    #[wasm_bindgen(js_name = taskCreated)]
    fn task_created(id: u32, task_id: JsValue);
    #[wasm_bindgen(js_name = signalState)]
    fn signal_state(id: u32) -> u32;
}
