//! Keeps the background worker of an extension alive. The browser ends one that has called nothing of the browser's
//! own for 30 s, and with it every call under way.

use super::call::{Work, function};
use super::platform::JsPlatform;
use super::value::{await_js, get};
use crate::platform::Platform;
use futures_lite::future;
use js_sys::global;
use wasm_bindgen::JsValue;

/// A third below the 30 s, because a timer may be late.
const INTERVAL_MS: u32 = 20_000;

/// Runs some work while keeping the extension worker alive. Outside extensions, a no-op.
pub(super) fn with_keep_alive(work: Work) -> Work {
    let member = |of: &JsValue, name: &str| get(of, name).unwrap_or_default();
    let mut namespace = member(&global(), "chrome");
    if !namespace.is_object() {
        namespace = member(&global(), "browser");
    }
    let runtime = member(&namespace, "runtime");
    // The cheapest of the calls that count as a sign of life, and it needs no permission.
    let Ok(Some(call)) = function(&runtime, "getPlatformInfo") else { return work };
    Box::pin(future::or(work, async move {
        loop {
            // At once as well: the worker's last sign of life may be long ago.
            if let Ok(promise) = call.call0(&runtime) {
                // Not waited for, only listened to: a rejection without a listener is reported.
                drop(await_js(promise));
            }
            JsPlatform::new(None).sleep(INTERVAL_MS).await;
        }
    }))
}
