//! The background worker of an extension: the browser ends one that has called nothing of the browser's own
//! for 30 s, and with it every call under way.

use super::host::JsHost;
use super::value::{get, settled};
use super::{Work, function};
use crate::host::Host;
use futures_lite::future;
use js_sys::global;
use wasm_bindgen::JsValue;

/// A timer may be late, so not just below the 30 s.
const INTERVAL_MS: u32 = 20_000;

/// The same work, during which the worker lives on. Where there is none to keep, no timer is set.
pub(super) fn kept_alive(work: Work) -> Work {
    let member = |of: &JsValue, name: &str| get(of, name).unwrap_or_default();
    let mut namespace = member(&global(), "chrome");
    if !namespace.is_object() {
        namespace = member(&global(), "browser");
    }
    let runtime = member(&namespace, "runtime");
    // Of all that counts as a sign of life it needs no permission and costs the least.
    let Ok(Some(call)) = function(&runtime, "getPlatformInfo") else { return work };
    Box::pin(future::or(work, async move {
        loop {
            // At once as well: what the worker did last may be long ago.
            if let Ok(promise) = call.call0(&runtime) {
                // Not waited for, only listened to: a rejection that nobody listens to is reported.
                drop(settled(promise));
            }
            JsHost::new(None).sleep(INTERVAL_MS).await;
        }
    }))
}
