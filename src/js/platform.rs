//! The platform over `fetch`, timers and the clock of the JavaScript runtime.
//!
//! Everything that JavaScript may throw here is caught: an exception that crosses an async export leaves the
//! caller's promise pending for ever. So the bindings below are our own where those of web-sys do not catch, and
//! `fetch` is called directly: gloo-net's own call panics on a rejection that is not an `Error` of its realm, as in
//! a Firefox content script.

use super::value::{Value, await_js, get, to_record};
use crate::platform::{ErrorRecord, HostValue, Platform, RawResponse, SendError, ValueType};
use crate::schedule::Millis;
use gloo_net::http::Headers;
use js_sys::{ArrayBuffer, Date, Function, JsString, Object, Promise, Reflect, TypeError};
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, AbortSignal};

/// The platform's own functions, or an injected `fetch`.
pub(super) struct JsPlatform {
    fetch: Option<Function>,
}

impl JsPlatform {
    pub(super) fn new(fetch: Option<Function>) -> Self {
        Self { fetch }
    }

    /// A POST if there is a body, otherwise a GET.
    async fn exchange(
        &self,
        url: &str,
        body: Option<&JsString>,
        max_bytes: u32,
    ) -> Result<RawResponse<Value>, JsValue> {
        let mut in_flight = InFlight { controller: AbortController::new()?, ended: false };
        let init = request_init(body, &in_flight.controller.signal());
        let response = match &self.fetch {
            Some(fetch) => fetch.call2(&JsValue::UNDEFINED, &url.into(), &init)?,
            None => fetch(url, &init)?,
        };
        let response = await_js(response).await?;
        // Each member is read once and checked: an injected fetch may return anything.
        let Some(status) = get(&response, "status")?.as_f64() else {
            return Err(TypeError::new("fetch gave something that is not a Response").into());
        };
        let body = read_text(response.unchecked_ref(), max_bytes).await?;
        in_flight.ended = body.is_some();
        let headers = get(&response, "headers").unwrap_or_default();
        // Not gloo-net's `get`: it panics on an object without that method, or whose `get` gives no text.
        let retry_after = headers.unchecked_into::<AnyHeaders>().get("retry-after");
        Ok(RawResponse {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // NaN becomes 0
            status: status as u16,
            retry_after: retry_after.ok().and_then(|text| text.as_string()),
            body: body.map(|text| Value(text.into())),
        })
    }
}

impl Platform for JsPlatform {
    type Value = Value;

    fn now(&self) -> Millis {
        performance_now().unwrap_or_else(|_| Date::now())
    }

    fn time_until(&self, date: &str) -> Option<Millis> {
        let span = Date::parse(date) - Date::now();
        (!span.is_nan()).then_some(span)
    }

    fn random(&self) -> f64 {
        js_sys::Math::random()
    }

    async fn sleep(&self, ms: u32) {
        let mut timer = None;
        let fired = Promise::new(&mut |resolve, _| {
            timer = set_timeout(&resolve, ms).ok().map(|id| Timer { id, resolve });
        });
        let _ = JsFuture::from(fired).await;
        drop(timer);
    }

    async fn send(
        &self,
        url: &str,
        body: Option<&impl Serialize>,
        max_bytes: u32,
    ) -> Result<RawResponse<Value>, SendError> {
        let text = body
            .map(|body| {
                body.serialize(&Serializer::json_compatible())
                    .map_err(JsValue::from)
                    .and_then(|body| js_sys::JSON::stringify(&body))
            })
            .transpose()
            .map_err(|error| SendError::NotJson(to_record(&error)))?;
        let response = self.exchange(url, text.as_ref(), max_bytes).await;
        response.map_err(|error| SendError::Network(to_record(&error)))
    }

    async fn read_text(&self, value: &Value, max_bytes: u32) -> Result<Option<Value>, ErrorRecord> {
        let read = async {
            match value.value_type() {
                ValueType::Object => read_text(value.0.unchecked_ref(), max_bytes).await,
                // Wrapped in a response, and then read like any other, up to the same size.
                _ => read_text(&AnyBodyResponse::new(&value.0)?.unchecked_into(), max_bytes).await,
            }
        };
        let text = read.await.map_err(|error: JsValue| to_record(&error))?;
        Ok(text.map(|text| Value(text.into())))
    }

    fn parse_json(&self, text: &Value) -> Option<Value> {
        parse_json(text.0.unchecked_ref()).ok().map(Value)
    }

    async fn read_bytes(&self, value: &Value) -> Result<Vec<u8>, ErrorRecord> {
        value.bytes().await.map_err(|error| to_record(&error))
    }
}

/// The second argument of `fetch`. Without a body it is a simple GET, which needs no CORS preflight.
fn request_init(body: Option<&JsString>, signal: &AbortSignal) -> Object {
    let init = Object::new();
    let set = |name, value: &JsValue| set(&init, name, value);
    if let Some(body) = body {
        let headers = Headers::new();
        headers.set("content-type", "application/json");
        headers.set("accept", "application/json");
        set("method", &"POST".into());
        set("headers", &headers.into_raw());
        set("body", body);
    }
    set("signal", signal);
    // Not "error": workerd refuses to build such a request. The core refuses the answer of a redirect.
    set("redirect", &"manual".into());
    for (name, value) in
        [("credentials", "omit"), ("referrerPolicy", "no-referrer"), ("cache", "no-store")]
    {
        // Edge workers have none of them, and refuse a request that names one.
        if request_supports(name) {
            set(name, &value.into());
        }
    }
    init
}

#[inline(never)] // inlined copies would be 200 bytes
fn set(object: &Object, name: &str, value: &JsValue) {
    // Cannot fail on an object of our own.
    let _ = Reflect::set(object, &name.into(), value);
}

/// Whether requests of this runtime have a property.
fn request_supports(property: &str) -> bool {
    let request = get(&js_sys::global(), "Request").unwrap_or_default();
    let prototype = get(&request, "prototype").unwrap_or_default();
    Reflect::has(&prototype, &property.into()).unwrap_or_default()
}

/// The body of a response or request as text; none if it is larger than `max_bytes`.
async fn read_text(
    response: &web_sys::Response,
    max_bytes: u32,
) -> Result<Option<JsString>, JsValue> {
    let body = get(response, "body")?;
    if !get(&body, "getReader").unwrap_or_default().is_function() {
        // No body, or one of an injected fetch with another kind of stream.
        let text = await_js(response.text()?.into()).await?.dyn_into().unwrap_or_default();
        return Ok(Some(text).filter(|text: &JsString| text.length() <= max_bytes));
    }
    let reader = body.unchecked_into::<Stream>().get_reader()?;
    let decoder = TextDecoder::new()?;
    let mut text = JsString::default();
    let mut size = 0.0;
    loop {
        let chunk = await_js(reader.read()?).await?;
        if get(&chunk, "done")?.as_bool() == Some(true) {
            return Ok(Some(text.concat(&decoder.finish()?)));
        }
        let bytes = get(&chunk, "value")?;
        // Of this realm or another.
        if !ArrayBuffer::is_view(&bytes) {
            return Err(TypeError::new("the body has chunks that are not bytes").into());
        }
        let length = get(&bytes, "byteLength")?.as_f64();
        size += length.unwrap_or_default();
        if size > max_bytes.into() {
            return Ok(None);
        }
        text = text.concat(&decoder.decode(&bytes, &DECODE_MORE.with(Clone::clone))?);
    }
}

/// A request under way. Dropping it before it has ended aborts it.
struct InFlight {
    controller: AbortController,
    ended: bool,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if !self.ended {
            self.controller.abort();
        }
    }
}

/// A timer under way. Dropping it before it has fired clears it.
struct Timer {
    id: JsValue,
    resolve: Function,
}

impl Drop for Timer {
    fn drop(&mut self) {
        let _ = clear_timeout(&self.id);
        // The callbacks of a promise are kept until it settles, so this one must.
        let _ = self.resolve.call0(&JsValue::UNDEFINED);
    }
}

thread_local! {
    static DECODE_MORE: Object = {
        let options = Object::new();
        set(&options, "stream", &JsValue::TRUE);
        options
    };
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch)]
    fn fetch(url: &str, init: &Object) -> Result<JsValue, JsValue>;

    // Half the size of gloo-timers, and it catches.
    #[wasm_bindgen(catch, js_name = setTimeout)]
    fn set_timeout(then: &Function, ms: u32) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = clearTimeout)]
    fn clear_timeout(timer: &JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(catch, js_namespace = performance, js_name = now)]
    fn performance_now() -> Result<f64, JsValue>;

    #[wasm_bindgen(catch, js_namespace = JSON, js_name = parse)]
    fn parse_json(text: &JsString) -> Result<JsValue, JsValue>;

    /// A response around any kind of body. web-sys has one constructor for each kind.
    #[wasm_bindgen(js_name = Response)]
    type AnyBodyResponse;
    #[wasm_bindgen(constructor, catch, js_class = Response)]
    fn new(body: &JsValue) -> Result<AnyBodyResponse, JsValue>;

    #[wasm_bindgen(js_name = Headers)]
    type AnyHeaders;
    #[wasm_bindgen(method, catch)]
    fn get(this: &AnyHeaders, name: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_name = ReadableStream)]
    type Stream;
    #[wasm_bindgen(method, catch, js_name = getReader)]
    fn get_reader(this: &Stream) -> Result<Reader, JsValue>;

    #[wasm_bindgen(js_name = ReadableStreamDefaultReader)]
    type Reader;
    #[wasm_bindgen(method, catch)]
    fn read(this: &Reader) -> Result<JsValue, JsValue>;

    type TextDecoder;
    #[wasm_bindgen(constructor, catch)]
    fn new() -> Result<TextDecoder, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn decode(this: &TextDecoder, bytes: &JsValue, options: &Object) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch, js_name = decode)]
    fn finish(this: &TextDecoder) -> Result<JsValue, JsValue>;
}
