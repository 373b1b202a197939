//! The platform over `fetch`, timers and the clock of the JavaScript runtime.
//!
//! The requests are built here. Everything that may throw is done by `platform.ts`, which returns instead of
//! throwing: for each exception that the generated glue catches it loses a slot of its table for ever.

use super::executor::current;
use super::operation::{Completion, Operation};
use super::value::{Value, present, to_js, to_record};
use crate::platform::{
    Encoded, Encoding, ErrorRecord, HostValue, Opened, Platform, RawResponse, SendError, Unopened,
};
use crate::record::Record;
use crate::schedule::Millis;
use gloo_net::http::Headers;
use wasm_bindgen::prelude::*;
use web_sys::RequestInit;

/// The kinds of a [`Completion`].
const FAILED: u32 = 1;
const NOT_JSON: u32 = 2;
const NO_RESPONSE: u32 = 3;
/// Of opening an image, as `image.ts` has them.
const TOO_LARGE: u32 = 2;
const PIXELS: u32 = 3;
const ENDED: u32 = 4;
const USED: u32 = 5;
/// Of writing an image as base64, as `image-text.ts` has them.
const ZEROS: u32 = 2;
const NO_COMMA: u32 = 3;
const CUT: u32 = 4;
const INVISIBLE: u32 = 5;

/// The platform's own functions. An injected `fetch` stays in JavaScript, with the call: a function that leads back to
/// its client, as many do, would never be freed if the module held it for as long as the client lives.
pub(super) struct JsPlatform;

thread_local! {
    static POST: RequestInit = request_init(true);
    static GET: RequestInit = request_init(false);
}

impl Platform for JsPlatform {
    type Value = Value;

    fn now(&self) -> Millis {
        now()
    }

    fn time_until(&self, date: &str) -> Option<Millis> {
        let span = time_until(date);
        (!span.is_nan()).then_some(span)
    }

    fn random(&self) -> f64 {
        js_sys::Math::random()
    }

    async fn sleep(&self, ms: u32) {
        Operation::start(|id| sleep(id, ms, current())).await;
    }

    async fn send(
        &self,
        url: &str,
        body: Option<&dyn Record<Value>>,
        max_bytes: u32,
    ) -> Result<RawResponse<Value>, SendError> {
        let init = if body.is_some() { &POST } else { &GET };
        let body = body.map(to_js).unwrap_or_default();
        let sent = init
            .with(|init| Operation::start(|id| send(id, url, init, body, max_bytes, current())))
            .await;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // NaN becomes 0
        let status = sent.number as u16;
        match sent.kind {
            NOT_JSON => Err(SendError::NotJson(to_record(&sent.value))),
            NO_RESPONSE => Err(SendError::NoResponse(Value(sent.value).display())),
            FAILED => Err(SendError::Network(to_record(&sent.value))),
            _ => Ok(RawResponse {
                status,
                retry_after: Value(sent.extra).as_string(),
                body: (!sent.value.is_undefined()).then_some(Value(sent.value)),
            }),
        }
    }

    async fn read_text(&self, value: &Value, max_bytes: u32) -> Result<Option<Value>, ErrorRecord> {
        let text = Operation::start(|id| read_text(id, &value.0, max_bytes)).await;
        let text = success(text)?.value;
        Ok((!text.is_undefined()).then_some(Value(text)))
    }

    fn parse_json(&self, text: &Value) -> Option<Value> {
        let json = parse_json(&text.0);
        (!json.is_undefined()).then_some(Value(json))
    }

    async fn open_image(
        &self,
        value: &Value,
        max_bytes: u32,
    ) -> Result<Opened<Value>, ErrorRecord> {
        let opened = Operation::start(|id| open_image(id, &value.0, max_bytes)).await;
        let value = Value(opened.value);
        Ok(match opened.kind {
            0 => Opened::Form(value, present(opened.extra)),
            FAILED => return Err(to_record(&value.0)),
            TOO_LARGE => Opened::TooLarge(opened.number),
            PIXELS => Opened::Not(Unopened::Pixels, value),
            ENDED => Opened::Not(Unopened::Ended, value),
            USED => Opened::Not(Unopened::Used, value),
            _ => Opened::Not(Unopened::Unknown, value),
        })
    }

    async fn encode_image(
        &self,
        value: &Value,
        max_bytes: u32,
    ) -> Result<Encoded<Value>, ErrorRecord> {
        let encoded = Operation::start(|id| encode_image(id, &value.0, max_bytes)).await;
        let encoding = match encoded.kind {
            0 => Encoding::Base64,
            FAILED => return Err(to_record(&encoded.value)),
            ZEROS => Encoding::Zeros,
            NO_COMMA => Encoding::NoComma,
            CUT => Encoding::Cut,
            INVISIBLE => Encoding::Invisible,
            _ => Encoding::Character,
        };
        let extra = Value(encoded.extra);
        Ok(Encoded {
            encoding,
            number: encoded.number,
            text: Value(encoded.value),
            start: extra.get_any("start").unwrap_or(Value(JsValue::UNDEFINED)),
            media_type: extra.get_any("type"),
        })
    }
}

fn success(completion: Completion) -> Result<Completion, ErrorRecord> {
    match completion.kind {
        0 => Ok(completion),
        _ => Err(to_record(&completion.value)),
    }
}

/// The members of the second argument of `fetch` that all requests share. Without a body it is a simple GET, which
/// needs no CORS preflight.
fn request_init(has_body: bool) -> RequestInit {
    let init = RequestInit::new();
    if has_body {
        let headers = Headers::new();
        headers.set("content-type", "application/json");
        headers.set("accept", "application/json");
        init.set_method("POST");
        init.set_headers(&headers.into_raw());
    }
    // By name, because the enums of web-sys bring all their values into the glue.
    for (name, value) in [
        // Not "error": workerd refuses to build such a request. The core refuses the answer of a redirect.
        ("redirect", "manual"),
        // Edge workers have none of these, and refuse a request that names one.
        ("credentials", "omit"),
        ("referrerPolicy", "no-referrer"),
        ("cache", "no-store"),
    ] {
        set_if_known(&init, name, value);
    }
    init
}

#[wasm_bindgen(raw_module = "./platform.js")]
extern "C" {
    fn now() -> f64;
    #[wasm_bindgen(js_name = timeUntil)]
    fn time_until(date: &str) -> f64;
    #[wasm_bindgen(js_name = parseJson)]
    fn parse_json(text: &JsValue) -> JsValue;
    #[wasm_bindgen(js_name = setIfKnown)]
    fn set_if_known(init: &RequestInit, name: &str, value: &str);

    // Operations. Each ends with a call of `complete`.
    fn sleep(id: u32, ms: u32, call: u32);
    fn send(id: u32, url: &str, init: &RequestInit, body: JsValue, max_bytes: u32, call: u32);
    #[wasm_bindgen(js_name = readText)]
    fn read_text(id: u32, value: &JsValue, max_bytes: u32);
    #[wasm_bindgen(js_name = openImage)]
    fn open_image(id: u32, value: &JsValue, max_bytes: u32);
    #[wasm_bindgen(js_name = encodeImage)]
    fn encode_image(id: u32, value: &JsValue, max_bytes: u32);
}
