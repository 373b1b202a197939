//! A JavaScript value as the core sees it.

use crate::platform::{ErrorRecord, HostValue, ValueType};
use js_sys::{Array, ArrayBuffer, Function, JsString, Promise, Reflect, TypeError, Uint8Array};
use serde::{Serialize, Serializer};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// How far the causes of an error are followed: a chain may be a ring.
const MAX_CAUSES: u32 = 4;

/// A JavaScript value. It serialises as itself, so that values which the core does not read cross untouched.
#[derive(Clone, Debug)]
pub(super) struct Value(pub(super) JsValue);

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_wasm_bindgen::preserve::serialize(&self.0, serializer)
    }
}

impl HostValue for Value {
    fn value_type(&self) -> ValueType {
        let value = &self.0;
        if value.is_null() || value.is_undefined() {
            ValueType::Null
        } else if let Some(flag) = value.as_bool() {
            ValueType::Bool(flag)
        } else if let Some(number) = value.as_f64() {
            ValueType::Number(number)
        } else if value.is_string() {
            ValueType::String
        } else if is_array(value).unwrap_or_default() {
            ValueType::Array
        } else if let Some(size) = self.binary_size() {
            ValueType::Binary(size)
        } else if value.is_object() && Reflect::get_prototype_of(value.unchecked_ref()).is_ok() {
            ValueType::Object
        } else {
            // A revoked proxy ends here: nothing can be read from it.
            ValueType::Other
        }
    }

    fn as_string(&self) -> Option<String> {
        self.0.as_string()
    }

    fn string_length(&self) -> f64 {
        self.0.dyn_ref::<JsString>().map_or(0.0, |text| text.length().into())
    }

    fn string_prefix(&self, length: u32) -> String {
        self.0.dyn_ref::<JsString>().map(|text| text.slice(0, length).into()).unwrap_or_default()
    }

    fn digits(&self) -> String {
        string(&self.0).unwrap_or_default()
    }

    fn get(&self, key: &str) -> Option<Self> {
        has_own(&self.0, key).unwrap_or_default().then(|| self.get_any(key))?
    }

    fn get_any(&self, key: &str) -> Option<Self> {
        // A getter that throws counts as absent.
        let member = get(&self.0, key).ok()?;
        (!member.is_undefined()).then_some(Self(member))
    }

    fn entries(&self) -> Vec<(String, Self)> {
        let keys =
            if self.0.is_object() { own_keys(&self.0).unwrap_or_default() } else { Array::new() };
        let keys = keys.iter().filter_map(|key| key.as_string());
        keys.filter_map(|key| self.get(&key).map(|value| (key, value))).collect()
    }

    fn items(&self) -> Vec<Self> {
        if self.value_type() != ValueType::Array {
            return Vec::new();
        }
        // Copied first: an array may be a proxy, which throws whenever it is read.
        list_of(&self.0).unwrap_or_default().iter().map(Self).collect()
    }
}

impl Value {
    /// The number of bytes in a buffer, a view of one, or a blob; of this realm or another.
    fn binary_size(&self) -> Option<f64> {
        if ArrayBuffer::is_view(&self.0) || self.is_buffer() {
            self.get_any("byteLength")?.0.as_f64()
        } else if self.method("arrayBuffer").is_some() {
            self.get_any("size")?.0.as_f64()
        } else {
            None
        }
    }

    /// The bytes of a [`ValueType::Binary`].
    pub(super) async fn bytes(&self) -> Result<Vec<u8>, JsValue> {
        if let Some(read) = self.method("arrayBuffer") {
            let buffer = await_js(read.call0(&self.0)?).await?;
            let length = get(&buffer, "byteLength")?;
            // Only the size it announces was checked: a larger content is not copied.
            let announced =
                self.get_any("size").and_then(|size| size.0.as_f64()).unwrap_or_default();
            if length.as_f64().is_none_or(|length| length > announced) {
                return Err(TypeError::new("it gives more bytes than its size says").into());
            }
            return copy_bytes(&buffer, 0.0, length);
        }
        let length = get(&self.0, "byteLength")?;
        match self.get_any("buffer") {
            Some(buffer) => {
                let start = self.get_any("byteOffset").and_then(|start| start.0.as_f64());
                copy_bytes(&buffer.0, start.unwrap_or_default(), length)
            }
            None => copy_bytes(&self.0, 0.0, length),
        }
    }

    fn is_buffer(&self) -> bool {
        let tag = to_string_tag(&self.0).ok().and_then(|tag| tag.as_string());
        matches!(tag.as_deref(), Some("[object ArrayBuffer]" | "[object SharedArrayBuffer]"))
    }

    fn method(&self, name: &str) -> Option<Function> {
        self.get_any(name)?.0.dyn_into().ok()
    }
}

/// `Reflect.get`; fails for `null` and `undefined`.
#[inline(never)] // inlined copies would be a kilobyte
pub(super) fn get(value: &JsValue, name: &str) -> Result<JsValue, JsValue> {
    // Not left to the exception: wasm-bindgen loses a slot of its table for each one that it catches.
    if value.is_undefined() || value.is_null() {
        return Err(JsValue::UNDEFINED);
    }
    reflect_get(value, name)
}

/// Awaits a value as JavaScript's `await` does.
pub(super) fn await_js(value: JsValue) -> JsFuture {
    // Not `Promise::resolve`: it throws where the value's own `constructor` does, and returns a promise as it is,
    // whose `then` may throw as well. Here both become a rejection.
    JsFuture::from(Promise::new(&mut |resolve, _| {
        let _ = resolve.unchecked_ref::<Function>().call1(&JsValue::UNDEFINED, &value);
    }))
}

fn copy_bytes(buffer: &JsValue, start: f64, length: JsValue) -> Result<Vec<u8>, JsValue> {
    let view: Uint8Array = Bytes::new(buffer, start, length)?.unchecked_into();
    Ok(view.to_vec())
}

/// An error of the platform as plain data. The object may hold anything; only its texts are taken.
pub(super) fn to_record(error: &JsValue) -> ErrorRecord {
    record_with_causes(error, MAX_CAUSES)
}

fn record_with_causes(error: &JsValue, depth: u32) -> ErrorRecord {
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
        cause: depth.map(|depth| Box::new(record_with_causes(&cause, depth))),
    }
}

#[wasm_bindgen]
extern "C" {
    // The bindings of js-sys do not catch, and a proxy may throw in each of these functions.
    #[wasm_bindgen(catch, js_name = String)]
    fn string(number: &JsValue) -> Result<String, JsValue>;
    #[wasm_bindgen(catch, js_namespace = Array, js_name = isArray)]
    fn is_array(value: &JsValue) -> Result<bool, JsValue>;
    #[wasm_bindgen(catch, js_namespace = Array, js_name = from)]
    fn list_of(value: &JsValue) -> Result<Array, JsValue>;
    #[wasm_bindgen(catch, js_namespace = Object, js_name = keys)]
    fn own_keys(value: &JsValue) -> Result<Array, JsValue>;
    #[wasm_bindgen(catch, js_namespace = ["Object", "prototype", "hasOwnProperty"], js_name = call)]
    fn has_own(value: &JsValue, key: &str) -> Result<bool, JsValue>;

    // The binding of js-sys takes the name as a value, which would have to be made first.
    #[wasm_bindgen(catch, js_namespace = Reflect, js_name = get)]
    fn reflect_get(value: &JsValue, name: &str) -> Result<JsValue, JsValue>;

    /// Recognises a buffer of any realm. `instanceof` knows only its own.
    #[wasm_bindgen(catch, js_namespace = ["Object", "prototype", "toString"], js_name = call)]
    fn to_string_tag(value: &JsValue) -> Result<JsValue, JsValue>;

    /// js-sys has no constructor that catches, and a detached buffer throws.
    #[wasm_bindgen(js_name = Uint8Array)]
    type Bytes;
    #[wasm_bindgen(constructor, catch, js_class = Uint8Array)]
    fn new(buffer: &JsValue, start: f64, length: JsValue) -> Result<Bytes, JsValue>;
}
