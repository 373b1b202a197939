//! `AbortSignal`: an abort drops the work, and with it every request and timer behind it.

use crate::error::{Failure, Result};
use futures_lite::future;
use js_sys::{Function, Promise, Reflect};
use std::future::Future;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    /// Bound here, and checked by shape: a signal of another realm is no instance of this one's class.
    #[wasm_bindgen(js_name = AbortSignal)]
    #[derive(Clone)]
    pub(super) type Signal;
    #[wasm_bindgen(method, getter)]
    fn aborted(this: &Signal) -> bool;
    #[wasm_bindgen(method, getter)]
    fn reason(this: &Signal) -> JsValue;
    #[wasm_bindgen(method, catch, js_name = addEventListener)]
    fn listen(this: &Signal, kind: &str, listener: &Function) -> std::result::Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = removeEventListener)]
    fn unlisten(this: &Signal, kind: &str, listener: &Function)
    -> std::result::Result<(), JsValue>;
}

impl Signal {
    /// The signal among the options of a call.
    pub(super) fn of(options: &JsValue) -> Result<Option<Self>> {
        let value = Reflect::get(options, &"signal".into()).unwrap_or_default();
        if value.is_undefined() {
            return Ok(None);
        }
        let has = |name: &str| Reflect::get(&value, &name.into()).unwrap_or_default();
        if has("aborted").as_bool().is_some() && has("addEventListener").is_function() {
            Ok(Some(value.unchecked_into()))
        } else {
            Err(Failure::option("signal", "must be an AbortSignal"))
        }
    }

    /// Works until it is done or the signal aborts; then rejects with the signal's reason.
    pub(super) async fn race<T>(
        &self,
        work: impl Future<Output = T>,
    ) -> std::result::Result<T, JsValue> {
        if self.aborted() {
            return Err(self.reason());
        }
        let mut on_abort = None;
        let aborted = Promise::new(&mut |resolve, _| on_abort = Some(resolve.unchecked_into()));
        let Some(on_abort) = on_abort else {
            return Ok(work.await);
        };
        let listening = Listening {
            signal: self.clone(),
            on_abort,
        };
        listening.signal.listen("abort", &listening.on_abort)?;
        let aborted = async {
            let _ = JsFuture::from(aborted).await;
            Err(self.reason())
        };
        future::or(aborted, async { Ok(work.await) }).await
    }
}

/// A listener on a signal, taken off when the race is over, in whatever way.
struct Listening {
    signal: Signal,
    on_abort: Function,
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.signal.unlisten("abort", &self.on_abort);
        // A promise that never settles would keep the future's callbacks for ever.
        let _ = self.on_abort.call0(&JsValue::UNDEFINED);
    }
}
