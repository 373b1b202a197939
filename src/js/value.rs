//! A JavaScript value as the core sees it.

use crate::host::{Json, Kind};
use js_sys::{Array, ArrayBuffer, Function, JsString, Promise, Reflect, TypeError, Uint8Array};
use serde::{Serialize, Serializer};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// A JavaScript value. It serialises as itself, so that what the core does not read crosses untouched.
#[derive(Clone, Debug)]
pub(super) struct Value(pub(super) JsValue);

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_wasm_bindgen::preserve::serialize(&self.0, serializer)
    }
}

impl Json for Value {
    fn kind(&self) -> Kind {
        let value = &self.0;
        if value.is_null() || value.is_undefined() {
            Kind::Null
        } else if let Some(flag) = value.as_bool() {
            Kind::Bool(flag)
        } else if let Some(number) = value.as_f64() {
            Kind::Number(number)
        } else if value.is_string() {
            Kind::Text
        } else if is_array(value).unwrap_or_default() {
            Kind::List
        } else if let Some(size) = self.binary_size() {
            Kind::Binary(size)
        } else if value.is_object() && Reflect::get_prototype_of(value.unchecked_ref()).is_ok() {
            Kind::Object
        } else {
            // A revoked proxy is one of these: nothing can be read in it.
            Kind::Other
        }
    }

    fn text(&self) -> Option<String> {
        self.0.as_string()
    }

    fn text_length(&self) -> f64 {
        self.0.dyn_ref::<JsString>().map_or(0.0, |text| text.length().into())
    }

    fn digits(&self) -> String {
        string(&self.0).unwrap_or_default()
    }

    fn get(&self, key: &str) -> Option<Self> {
        // What is inherited is not sent either.
        has_own(&self.0, key).unwrap_or_default().then(|| self.member(key))?
    }

    fn member(&self, key: &str) -> Option<Self> {
        // A getter that throws gives as little as one that is missing.
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
        if self.kind() != Kind::List {
            return Vec::new();
        }
        // Copied first: what looks like a list may be a proxy, and throw at each look.
        list_of(&self.0).unwrap_or_default().iter().map(Self).collect()
    }
}

impl Value {
    /// The number of bytes in a buffer, a view of one, or a blob; of this realm or another.
    fn binary_size(&self) -> Option<f64> {
        if ArrayBuffer::is_view(&self.0) || self.is_buffer() {
            self.member("byteLength")?.0.as_f64()
        } else if self.method("arrayBuffer").is_some() {
            self.member("size")?.0.as_f64()
        } else {
            None
        }
    }

    /// The bytes of whatever [`Kind::Binary`] this is.
    pub(super) async fn bytes(&self) -> Result<Vec<u8>, JsValue> {
        if let Some(read) = self.method("arrayBuffer") {
            let buffer = settled(read.call0(&self.0)?).await?;
            let length = get(&buffer, "byteLength")?;
            // Its size was within the limits: what is larger than it says is not copied.
            let says = self.member("size").and_then(|size| size.0.as_f64()).unwrap_or_default();
            if length.as_f64().is_none_or(|length| length > says) {
                return Err(TypeError::new("it gives more bytes than its size says").into());
            }
            return copied(&buffer, 0.0, length);
        }
        let length = get(&self.0, "byteLength")?;
        match self.member("buffer") {
            Some(buffer) => {
                let start = self.member("byteOffset").and_then(|start| start.0.as_f64());
                copied(&buffer.0, start.unwrap_or_default(), length)
            }
            None => copied(&self.0, 0.0, length),
        }
    }

    fn is_buffer(&self) -> bool {
        let tag = tag(&self.0).ok().and_then(|tag| tag.as_string());
        matches!(tag.as_deref(), Some("[object ArrayBuffer]" | "[object SharedArrayBuffer]"))
    }

    fn method(&self, name: &str) -> Option<Function> {
        self.member(name)?.0.dyn_into().ok()
    }
}

/// A member of whatever this is. Of what has no members, it fails.
#[inline(never)] // or it is there as often as it is called
pub(super) fn get(value: &JsValue, name: &str) -> Result<JsValue, JsValue> {
    // Not left to the exception: for each one that is caught, wasm-bindgen loses a slot of its table.
    if value.is_undefined() || value.is_null() {
        return Err(JsValue::UNDEFINED);
    }
    reflect_get(value, name)
}

/// What a promise, or a value that is none, comes to.
pub(super) fn settled(value: JsValue) -> JsFuture {
    // Not `Promise::resolve`: it throws where the value's own `constructor` does, and gives back the
    // very promise, whose `then` may throw as well. Here both become a rejection.
    JsFuture::from(Promise::new(&mut |resolve, _| {
        let _ = resolve.unchecked_ref::<Function>().call1(&JsValue::UNDEFINED, &value);
    }))
}

fn copied(buffer: &JsValue, start: f64, length: JsValue) -> Result<Vec<u8>, JsValue> {
    let view: Uint8Array = Bytes::new(buffer, start, length)?.unchecked_into();
    Ok(view.to_vec())
}

#[wasm_bindgen]
extern "C" {
    // Those of js-sys do not catch, and a proxy may throw in each of them.
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

    // Not that of js-sys, for which each name would be made a value first.
    #[wasm_bindgen(catch, js_namespace = Reflect, js_name = get)]
    fn reflect_get(value: &JsValue, name: &str) -> Result<JsValue, JsValue>;

    /// Names a buffer of any realm, where `instanceof` knows its own only.
    #[wasm_bindgen(catch, js_namespace = ["Object", "prototype", "toString"], js_name = call)]
    fn tag(value: &JsValue) -> Result<JsValue, JsValue>;

    /// js-sys has no constructor that catches, and a detached buffer throws.
    #[wasm_bindgen(js_name = Uint8Array)]
    type Bytes;
    #[wasm_bindgen(constructor, catch, js_class = Uint8Array)]
    fn new(buffer: &JsValue, start: f64, length: JsValue) -> Result<Bytes, JsValue>;
}
