//! The host over `fetch`, timers and the clock of the JavaScript runtime.
//!
//! Whatever JavaScript may throw here is caught: an exception that crosses an async export leaves the
//! caller's promise pending for ever. So the bindings below are our own where those of web-sys do not
//! catch, and `fetch` is called directly: gloo-net's own call panics on a rejection that is no `Error`
//! of its realm, as in a Firefox content script.

use super::value::{Value, get, settled};
use crate::host::{Body, ErrorRecord, Fault, Host, Json, Kind, Reply};
use crate::schedule::Millis;
use gloo_net::http::Headers;
use js_sys::{ArrayBuffer, Date, Function, JsString, Object, Promise, Reflect, TypeError};
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use std::num::IntErrorKind;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, AbortSignal};

/// Answers of the services have a few hundred bytes; more than this is not read.
const MAX_BODY_BYTES: u32 = 4 * 1024 * 1024;
/// How much of a body that is no JSON is looked at.
const MAX_EXCERPT: u32 = 4_096;
/// The longest `Retry-After` that is told, a day: beyond 24 of them, a timer would fire at once.
const MAX_RETRY_AFTER_MS: Millis = 86_400_000.0;
/// How far an error's causes are followed: a chain may be a ring.
const MAX_CAUSES: u32 = 4;

/// The host over the platform's functions, or an injected `fetch`.
pub(super) struct JsHost {
    fetch: Option<Function>,
}

impl JsHost {
    pub(super) fn new(fetch: Option<Function>) -> Self {
        Self { fetch }
    }

    /// By POST if there is a body, else by GET.
    async fn exchange(&self, url: &str, body: Option<&JsString>) -> Result<Reply<Value>, JsValue> {
        let mut in_flight = InFlight { controller: AbortController::new()?, ended: false };
        let init = request_init(body, &in_flight.controller.signal());
        let response = match &self.fetch {
            Some(fetch) => fetch.call2(&JsValue::UNDEFINED, &url.into(), &init)?,
            None => fetch(url, &init)?,
        };
        let response = settled(response).await?;
        // Each member is looked at once and caught: an injected fetch may give anything.
        let Some(status) = get(&response, "status")?.as_f64() else {
            return Err(TypeError::new("fetch gave something that is no Response").into());
        };
        let body = read_body(response.unchecked_ref()).await?;
        in_flight.ended = !matches!(body, Body::TooLarge);
        let headers = get(&response, "headers").unwrap_or_default();
        // Not by gloo-net's `get`: it would panic on headers that are none, or that give no text.
        let retry_after = headers.unchecked_into::<GivenHeaders>().get("retry-after");
        let retry_after = retry_after.ok().and_then(|text| text.as_string());
        Ok(Reply {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // NaN becomes 0
            status: status as u16,
            retry_after_ms: retry_after.and_then(|text| span_until(&text)),
            body,
        })
    }
}

impl Host for JsHost {
    type Value = Value;

    fn now(&self) -> Millis {
        performance_now().unwrap_or_else(|_| Date::now())
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

    async fn send(&self, url: &str, body: Option<&impl Serialize>) -> Result<Reply<Value>, Fault> {
        let text = body
            .map(|body| {
                body.serialize(&Serializer::json_compatible())
                    .map_err(JsValue::from)
                    .and_then(|body| js_sys::JSON::stringify(&body))
            })
            .transpose()
            .map_err(|error| Fault::NotJson(record(&error)))?;
        let reply = self.exchange(url, text.as_ref()).await;
        reply.map_err(|error| Fault::Network(record(&error)))
    }

    async fn body(&self, value: &Value) -> Result<Body<Value>, ErrorRecord> {
        let read = async {
            match value.kind() {
                Kind::Object => read_body(value.0.unchecked_ref()).await,
                // A response of it is read like any other, up to the same size.
                _ => read_body(&Held::new(&value.0)?.unchecked_into()).await,
            }
        };
        read.await.map_err(|error| record(&error))
    }

    async fn bytes(&self, value: &Value) -> Result<Vec<u8>, ErrorRecord> {
        value.bytes().await.map_err(|error| record(&error))
    }
}

/// What `fetch` is told of a request. Without a body it is a GET, as plain as can be: no page needs a leave
/// for it beforehand.
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
    // Not "error": workerd refuses to build such a request. A redirect is refused when it is answered.
    set("redirect", &"manual".into());
    for (name, value) in
        [("credentials", "omit"), ("referrerPolicy", "no-referrer"), ("cache", "no-store")]
    {
        // An edge worker has none of them, and refuses a request that names them.
        if knows(name) {
            set(name, &value.into());
        }
    }
    init
}

#[inline(never)] // or it is there as often as it is called
fn set(object: &Object, name: &str, value: &JsValue) {
    // Nothing forbids to set a member of an object of our own.
    let _ = Reflect::set(object, &name.into(), value);
}

/// Whether requests of this platform have such a property.
fn knows(property: &str) -> bool {
    let request = get(&js_sys::global(), "Request").unwrap_or_default();
    let prototype = get(&request, "prototype").unwrap_or_default();
    Reflect::has(&prototype, &property.into()).unwrap_or_default()
}

/// The body of a response, or of a request.
async fn read_body(holder: &web_sys::Response) -> Result<Body<Value>, JsValue> {
    Ok(match read_text(holder).await? {
        None => Body::TooLarge,
        Some(text) => match parse_json(&text) {
            Ok(json) => Body::Json(Value(json)),
            Err(_) => Body::Text(text.slice(0, MAX_EXCERPT).into()),
        },
    })
}

/// The body as text, `None` if it is larger than is read.
async fn read_text(response: &web_sys::Response) -> Result<Option<JsString>, JsValue> {
    let body = get(response, "body")?;
    if !get(&body, "getReader").unwrap_or_default().is_function() {
        // No body, or that of a fetch whose streams are of another kind.
        let text = settled(response.text()?.into()).await?.dyn_into().unwrap_or_default();
        return Ok(Some(text).filter(|text: &JsString| text.length() <= MAX_BODY_BYTES));
    }
    let reader = body.unchecked_into::<Stream>().get_reader()?;
    let decoder = TextDecoder::new()?;
    let mut text = JsString::default();
    let mut size = 0.0;
    loop {
        let chunk = settled(reader.read()?).await?;
        if get(&chunk, "done")?.as_bool() == Some(true) {
            return Ok(Some(text.concat(&decoder.finish()?)));
        }
        let bytes = get(&chunk, "value")?;
        // Of this realm or another.
        if !ArrayBuffer::is_view(&bytes) {
            return Err(TypeError::new("the body has chunks that are no bytes").into());
        }
        let length = get(&bytes, "byteLength")?.as_f64();
        size += length.unwrap_or_default();
        if size > MAX_BODY_BYTES.into() {
            return Ok(None);
        }
        text = text.concat(&decoder.decode(&bytes, &DECODE_MORE.with(Clone::clone))?);
    }
}

/// `Retry-After` is a number of seconds or a date.
fn span_until(retry_after: &str) -> Option<Millis> {
    let span = match retry_after.trim_ascii().parse::<u32>() {
        Ok(seconds) => f64::from(seconds) * 1_000.0,
        // Its digits are a number, however many they are, and not a year.
        Err(error) if *error.kind() == IntErrorKind::PosOverflow => MAX_RETRY_AFTER_MS,
        Err(_) => Date::parse(retry_after) - Date::now(),
    };
    (!span.is_nan()).then_some(span.clamp(0.0, MAX_RETRY_AFTER_MS))
}

/// An error of the platform as plain data: of an object that may hold anything, only its words.
fn record(error: &JsValue) -> ErrorRecord {
    described(error, MAX_CAUSES)
}

fn described(error: &JsValue, depth: u32) -> ErrorRecord {
    let member = |name: &str| get(error, name).unwrap_or_default();
    let text = |name: &str| member(name).as_string().filter(|text| !text.is_empty());
    // Node tries every address of a host, and says why each failed in a list.
    let first = || get(&member("errors"), "0").unwrap_or_default();
    let cause = Some(member("cause")).filter(JsValue::is_object).unwrap_or_else(first);
    let depth = depth.checked_sub(1).filter(|_| cause.is_object());
    ErrorRecord {
        name: text("name").unwrap_or_else(|| "Error".to_owned()),
        message: text("message")
            .or_else(|| error.as_string())
            .or_else(|| text("code"))
            .unwrap_or_else(|| "no reason given".to_owned()),
        code: text("code"),
        cause: depth.map(|depth| Box::new(described(&cause, depth))),
    }
}

/// A request under way: dropped before it ended, it is aborted.
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

/// A timer under way: dropped before it fired, it never does.
struct Timer {
    id: JsValue,
    resolve: Function,
}

impl Drop for Timer {
    fn drop(&mut self) {
        let _ = clear_timeout(&self.id);
        // Whoever waits for a promise is kept until it settles, so this one must.
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

    // Half the size of gloo-timers.
    #[wasm_bindgen(catch, js_name = setTimeout)]
    fn set_timeout(then: &Function, ms: u32) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = clearTimeout)]
    fn clear_timeout(timer: &JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(catch, js_namespace = performance, js_name = now)]
    fn performance_now() -> Result<f64, JsValue>;

    #[wasm_bindgen(catch, js_namespace = JSON, js_name = parse)]
    fn parse_json(text: &JsString) -> Result<JsValue, JsValue>;

    /// web-sys has a constructor for each kind of body, and none for whichever it is.
    #[wasm_bindgen(js_name = Response)]
    type Held;
    #[wasm_bindgen(constructor, catch, js_class = Response)]
    fn new(body: &JsValue) -> Result<Held, JsValue>;

    #[wasm_bindgen(js_name = Headers)]
    type GivenHeaders;
    #[wasm_bindgen(method, catch)]
    fn get(this: &GivenHeaders, name: &str) -> Result<JsValue, JsValue>;

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
