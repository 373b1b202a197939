//! A JavaScript value as the core sees it.

use crate::method::TaskId;
use crate::platform::{ErrorRecord, HostValue, MAX_MEMBERS, MAX_TEXT, ValueType};
use crate::record::{Record, Written};
use js_sys::{Array, JsString};
use serde::{Serialize, Serializer};
use serde_wasm_bindgen::Serializer as JsSerializer;
use wasm_bindgen::prelude::*;

/// How far the causes of an error are followed: a chain may be a ring.
const MAX_CAUSES: u32 = 4;
/// How much of each text of an error is kept, in UTF-16 code units.
const MAX_ERROR_TEXT: u32 = 300;

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
        // One call tells all types. From 8 on it is the number of bytes.
        match classify(&self.0) {
            0.0 => ValueType::Null,
            1.0 => ValueType::Bool(false),
            2.0 => ValueType::Bool(true),
            3.0 => ValueType::Number(self.0.as_f64().unwrap_or(f64::NAN)),
            4.0 => ValueType::String,
            5.0 => ValueType::Array,
            6.0 => ValueType::Object,
            7.0 => ValueType::Other,
            size => ValueType::Binary(size - 8.0),
        }
    }

    fn as_string(&self) -> Option<String> {
        self.string().filter(|text| text.length() <= MAX_TEXT).map(String::from)
    }

    fn string_length(&self) -> f64 {
        self.string().map_or(0.0, |text| text.length().into())
    }

    fn string_prefix(&self, length: u32) -> String {
        self.string().map(|text| text.slice(0, length).into()).unwrap_or_default()
    }

    fn first_group(&self, pattern: &str) -> Option<u32> {
        u32::try_from(first_group(&self.0, pattern)).ok()
    }

    fn class_name(&self) -> String {
        class_name(&self.0)
    }

    fn from_string(text: &str) -> Self {
        Self(text.into())
    }

    fn digits(&self) -> String {
        digits(&self.0)
    }

    fn as_number(&self) -> Option<f64> {
        Some(to_number(&self.0)).filter(|number| number.is_finite())
    }

    fn get(&self, key: &str) -> Option<Self> {
        present(get_own(&self.0, key))
    }

    fn get_any(&self, key: &str) -> Option<Self> {
        present(get_any(&self.0, key))
    }

    fn entries(&self) -> Option<Vec<(String, Self)>> {
        let mut members = Vec::new();
        let mut name = None;
        for item in list(&entries(&self.0, MAX_MEMBERS)?) {
            match name.take() {
                None => name = item.as_string(),
                Some(name) => members.push((name, item)),
            }
        }
        Some(members)
    }

    fn items(&self, max: u32) -> Option<Vec<Self>> {
        items(&self.0, max).as_ref().map(list)
    }
}

impl Value {
    fn string(&self) -> Option<&JsString> {
        self.0.dyn_ref()
    }
}

// A loop: `collect` reserves memory by code of its own.
fn list(array: &Array) -> Vec<Value> {
    let mut values = Vec::new();
    for at in 0..array.length() {
        values.push(Value(array.get(at)));
    }
    values
}

pub(super) fn present(value: JsValue) -> Option<Value> {
    (!value.is_undefined()).then_some(Value(value))
}

/// An object as JavaScript has it. `serde-wasm-bindgen` fails on nothing that a [`Record`] can hold.
pub(super) fn to_js(record: &dyn Record<Value>) -> JsValue {
    Written(record).serialize(&JsSerializer::json_compatible()).unwrap_or_default()
}

/// The id of a task as JavaScript has it.
pub(super) fn id_to_js(id: &TaskId) -> JsValue {
    match id {
        #[allow(clippy::cast_precision_loss)] // an id is exact
        TaskId::Number(id) => (*id as f64).into(),
        TaskId::Text(id) => (&**id).into(),
    }
}

/// An error of the platform as plain data. The object may hold anything; only its texts are taken.
pub(super) fn to_record(error: &JsValue) -> ErrorRecord {
    record_with_causes(error, MAX_CAUSES)
}

fn record_with_causes(error: &JsValue, depth: u32) -> ErrorRecord {
    let start = |value: JsValue| {
        Some(Value(value).string_prefix(MAX_ERROR_TEXT)).filter(|text| !text.is_empty())
    };
    let text = |name: &str| start(get_any(error, name));
    // Node tries every address of a host, and says why each failed in a list.
    let first = || get_any(&get_any(error, "errors"), "0");
    let cause = Some(get_any(error, "cause")).filter(JsValue::is_object).unwrap_or_else(first);
    let depth = depth.checked_sub(1).filter(|_| cause.is_object());
    ErrorRecord {
        name: text("name").unwrap_or_else(|| "Error".to_owned()),
        message: text("message")
            .or_else(|| start(error.clone()))
            .or_else(|| text("code"))
            .unwrap_or_else(|| "no reason given".to_owned()),
        code: text("code"),
        cause: depth.map(|depth| Box::new(record_with_causes(&cause, depth))),
    }
}

#[wasm_bindgen(raw_module = "./platform.js")]
extern "C" {
    fn classify(value: &JsValue) -> f64;
    fn digits(number: &JsValue) -> String;
    #[wasm_bindgen(js_name = toNumber)]
    fn to_number(value: &JsValue) -> f64;
    #[wasm_bindgen(js_name = className)]
    fn class_name(value: &JsValue) -> String;
    #[wasm_bindgen(js_name = getOwn)]
    pub(super) fn get_own(object: &JsValue, key: &str) -> JsValue;
    /// A member, own or inherited; `undefined` where there is none, or reading it throws.
    #[wasm_bindgen(js_name = getAny)]
    pub(super) fn get_any(object: &JsValue, key: &str) -> JsValue;
    fn entries(object: &JsValue, max: u32) -> Option<Array>;
    fn items(list: &JsValue, max: u32) -> Option<Array>;
    #[wasm_bindgen(js_name = firstGroup)]
    fn first_group(text: &JsValue, pattern: &str) -> i32;
}
