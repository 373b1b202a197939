//! `AbortSignal`: an abort drops the work, and with it every request and timer of it.

use super::value::get;
use crate::error::{Failure, Result};
use crate::texts;
use futures_lite::future;
use js_sys::Object;
use std::cell::RefCell;
use std::future::Future;
use std::rc::{Rc, Weak};
use std::task::{Poll, Waker};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// Bound here and checked by shape: a signal of another realm is not an instance of this realm's class.
    #[wasm_bindgen(js_name = AbortSignal)]
    #[derive(Clone)]
    pub(super) type Signal;
    #[wasm_bindgen(method, getter, catch)]
    fn aborted(this: &Signal) -> std::result::Result<bool, JsValue>;
    #[wasm_bindgen(method, getter, catch)]
    fn reason(this: &Signal) -> std::result::Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch, js_name = addEventListener)]
    fn listen(this: &Signal, kind: &str, listener: &JsValue) -> std::result::Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = removeEventListener)]
    fn unlisten(this: &Signal, kind: &str, listener: &JsValue) -> std::result::Result<(), JsValue>;
}

impl Signal {
    /// The signal among the options of a call.
    pub(super) fn read(options: &JsValue) -> Result<Option<Self>> {
        let value = get(options, "signal").unwrap_or_default();
        if value.is_undefined() {
            return Ok(None);
        }
        let has = |name: &str| get(&value, name).unwrap_or_default();
        if has("aborted").as_bool().is_some() && has("addEventListener").is_function() {
            Ok(Some(value.unchecked_into()))
        } else {
            Err(Failure::option("signal", texts::MUST_BE.with([texts::ABORT_SIGNAL.into()])))
        }
    }

    /// Runs some work until it is done or the signal aborts, which rejects with the signal's reason.
    pub(super) async fn race<T>(
        &self,
        work: impl Future<Output = T>,
    ) -> std::result::Result<T, JsValue> {
        // A signal that cannot be listened to counts as one that never aborts.
        let listening = AbortListener::shared(self).ok();
        let mut waker = None;
        let aborted = future::poll_fn(|context| {
            if self.aborted().unwrap_or_default() {
                return Poll::Ready(Err(self.reason().unwrap_or_default()));
            }
            waker.get_or_insert_with(|| listening.as_ref().map(|it| it.add(context.waker())));
            Poll::Pending
        });
        future::or(aborted, async { Ok(work.await) }).await
    }
}

/// One listener for all calls that share a signal. Node warns of a leak beyond ten listeners.
struct AbortListener {
    signal: Signal,
    wakers: Rc<RefCell<Vec<Weak<Waker>>>>,
    on_abort: Closure<dyn FnMut()>,
}

thread_local! {
    static LISTENERS: RefCell<Vec<Weak<AbortListener>>> = const { RefCell::new(Vec::new()) };
}

impl AbortListener {
    /// The listener on this signal, which lasts as long as a call uses it.
    fn shared(signal: &Signal) -> std::result::Result<Rc<Self>, JsValue> {
        LISTENERS.with_borrow_mut(|listeners| {
            let known = listeners.iter().filter_map(Weak::upgrade);
            if let Some(known) = known.into_iter().find(|it| Object::is(&it.signal, signal)) {
                return Ok(known);
            }
            let wakers = Rc::<RefCell<Vec<Weak<Waker>>>>::default();
            let to_wake = Rc::clone(&wakers);
            let on_abort = Closure::new(move || {
                for waker in to_wake.borrow().iter().filter_map(Weak::upgrade) {
                    waker.wake_by_ref();
                }
            });
            signal.listen("abort", on_abort.as_ref())?;
            let listener = Rc::new(Self { signal: signal.clone(), wakers, on_abort });
            listeners.retain(|known| known.strong_count() > 0);
            listeners.push(Rc::downgrade(&listener));
            Ok(listener)
        })
    }

    /// Wakes a call when the signal aborts, for as long as the result is kept.
    fn add(&self, waker: &Waker) -> Rc<Waker> {
        let waker = Rc::new(waker.clone());
        let mut wakers = self.wakers.borrow_mut();
        wakers.retain(|waker| waker.strong_count() > 0);
        wakers.push(Rc::downgrade(&waker));
        waker
    }
}

impl Drop for AbortListener {
    fn drop(&mut self) {
        let _ = self.signal.unlisten("abort", self.on_abort.as_ref());
    }
}
