//! A value as in JavaScript.

use base64_simd::STANDARD;
use capwire::platform::{ErrorRecord, HostValue, MAX_MEMBERS, MAX_TEXT, Opened, ValueType};
use regex::Regex;
use serde::ser::{Error, Serialize, SerializeMap, Serializer};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::HashMap;

/// A JSON value, or a value that JSON does not have.
#[derive(Clone, Debug)]
pub enum Js {
    Plain(Value),
    /// NaN and the infinities, which JSON lacks.
    Number(f64),
    List(Vec<Js>),
    /// In the given order, which objects of serde_json lose.
    Object(Vec<(String, Js)>),
    Undefined,
    /// A bigint, which JSON does not have.
    Bigint,
    Binary(Binary),
    /// An object that has to be opened to get at the image in it.
    Form(Box<Form>),
}

/// What opening an object comes to, after a while.
#[derive(Clone, Debug)]
pub struct Form {
    pub class: &'static str,
    pub delay_ms: f64,
    pub opened: Result<Opened<Js>, ErrorRecord>,
}

/// Bytes, or a blob: its size is known before it is read, and reading takes time and may fail.
#[derive(Clone, Debug)]
pub struct Binary {
    pub class: &'static str,
    /// The type that it declares.
    pub media_type: Option<&'static str>,
    pub size: f64,
    pub delay_ms: f64,
    pub content: Result<Vec<u8>, ErrorRecord>,
}

impl Js {
    pub fn bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self::binary("Uint8Array", None, 0.0, bytes.into())
    }

    pub fn blob(bytes: impl Into<Vec<u8>>, delay_ms: f64) -> Self {
        Self::binary("Blob", None, delay_ms, bytes.into())
    }

    pub fn blob_of_type(bytes: impl Into<Vec<u8>>, media_type: &'static str) -> Self {
        Self::binary("Blob", Some(media_type), 0.0, bytes.into())
    }

    /// A typed array.
    pub fn array(class: &'static str, bytes: impl Into<Vec<u8>>) -> Self {
        Self::binary(class, None, 0.0, bytes.into())
    }

    fn binary(
        class: &'static str,
        media_type: Option<&'static str>,
        delay_ms: f64,
        bytes: Vec<u8>,
    ) -> Self {
        #[allow(clippy::cast_precision_loss)] // test images are small
        let size = bytes.len() as f64;
        Self::Binary(Binary { class, media_type, size, delay_ms, content: Ok(bytes) })
    }

    /// An object that has to be opened.
    pub fn form(class: &'static str, opened: Result<Opened<Js>, ErrorRecord>) -> Self {
        Self::Form(Box::new(Form { class, delay_ms: 20.0, opened }))
    }

    /// An object in which there is this, of a declared type or of none.
    pub fn holding(class: &'static str, form: impl Into<Self>, media_type: &str) -> Self {
        Self::form(class, Ok(Opened::Form(form.into(), Some(media_type.into()))))
    }

    pub fn unreadable(size: f64, message: &str) -> Self {
        Self::Binary(Binary {
            class: "Blob",
            media_type: None,
            size,
            delay_ms: 0.0,
            content: Err(record("NotReadableError", message)),
        })
    }

    /// This object with one more member.
    pub fn with(self, name: &str, value: impl Into<Self>) -> Self {
        let mut members = self.members();
        members.push((name.to_owned(), value.into()));
        Self::Object(members)
    }

    fn text(&self) -> &str {
        match self {
            Self::Plain(Value::String(text)) => text,
            _ => "",
        }
    }

    pub(crate) fn members(&self) -> Vec<(String, Self)> {
        match self {
            Self::Plain(Value::Object(members)) => members
                .iter()
                .map(|(name, value)| (name.clone(), Self::Plain(value.clone())))
                .collect(),
            Self::Object(members) => members
                .iter()
                .filter(|(_, value)| !matches!(value, Self::Undefined))
                .cloned()
                .collect(),
            _ => Vec::new(),
        }
    }
}

/// An object whose members keep their order.
pub fn object<V: Into<Js>>(members: impl IntoIterator<Item = (&'static str, V)>) -> Js {
    Js::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect())
}

/// A `Request` with this body, as a server gets it.
pub fn request_of(body: Js) -> Js {
    // A bigint instead of its methods: JSON has neither.
    object([("bodyUsed", false.into()), ("text", Js::Bigint), ("content", body)])
}

/// An error of the platform.
pub fn record(name: &str, message: &str) -> ErrorRecord {
    ErrorRecord { name: name.to_owned(), message: message.to_owned(), code: None, cause: None }
}

pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode_to_string(bytes)
}

impl<V: Into<Value>> From<V> for Js {
    fn from(value: V) -> Self {
        Self::Plain(value.into())
    }
}

impl HostValue for Js {
    fn value_type(&self) -> ValueType {
        match self {
            Self::Plain(Value::Null) | Self::Undefined => ValueType::Null,
            Self::Plain(Value::Bool(flag)) => ValueType::Bool(*flag),
            Self::Plain(Value::Number(number)) => ValueType::Number(number.as_f64().unwrap()),
            Self::Plain(Value::String(_)) => ValueType::String,
            Self::Plain(Value::Array(_)) | Self::List(_) => ValueType::Array,
            Self::Plain(Value::Object(_)) | Self::Object(_) | Self::Form(_) => ValueType::Object,
            Self::Number(number) => ValueType::Number(*number),
            Self::Bigint => ValueType::Other,
            Self::Binary(binary) => ValueType::Binary(binary.size),
        }
    }

    fn string_length(&self) -> f64 {
        self.text().len() as f64
    }

    fn as_string(&self) -> Option<String> {
        let is_short = self.string_length() <= f64::from(MAX_TEXT);
        (self.value_type() == ValueType::String && is_short).then(|| self.text().to_owned())
    }

    fn string_prefix(&self, length: u32) -> String {
        self.text().chars().take(length as usize).collect()
    }

    fn first_group(&self, pattern: &str) -> Option<u32> {
        thread_local! {
            static READ: RefCell<HashMap<String, Regex>> = RefCell::default();
        }
        let Self::Plain(Value::String(text)) = self else { return None };
        let text = text.to_ascii_lowercase();
        READ.with_borrow_mut(|read| {
            let regex = read
                .entry(pattern.to_owned())
                .or_insert_with(|| Regex::new(&format!("^(?:{pattern})")).unwrap());
            let groups = regex.captures(&text)?;
            let first = groups.iter().skip(1).position(|group| group.is_some())?;
            Some(first as u32)
        })
    }

    fn class_name(&self) -> String {
        match self {
            Self::Binary(binary) => binary.class.to_owned(),
            Self::Form(form) => form.class.to_owned(),
            _ => String::new(),
        }
    }

    fn from_string(text: &str) -> Self {
        text.into()
    }

    fn digits(&self) -> String {
        match self {
            Self::Plain(number) => number.to_string(),
            Self::Number(number) => number.to_string(),
            _ => String::new(),
        }
    }

    fn as_number(&self) -> Option<f64> {
        let number = match self {
            Self::Plain(Value::Number(number)) => number.as_f64(),
            Self::Number(number) => Some(*number),
            Self::Plain(Value::String(text)) => decimal(text.trim()),
            _ => None,
        };
        number.filter(|number| number.is_finite())
    }

    fn get(&self, key: &str) -> Option<Self> {
        self.members().into_iter().rfind(|(name, _)| name == key).map(|(_, value)| value)
    }

    fn get_any(&self, key: &str) -> Option<Self> {
        match (self, key) {
            (Self::Binary(binary), "type") => binary.media_type.map(Self::from),
            // A bigint instead of a method, as in `request_of`.
            (Self::Binary(binary), "arrayBuffer") => {
                (binary.class == "Blob").then_some(Self::Bigint)
            }
            _ => self.get(key),
        }
    }

    fn entries(&self) -> Option<Vec<(String, Self)>> {
        Some(self.members()).filter(|members| members.len() <= MAX_MEMBERS as usize)
    }

    fn items(&self, max: u32) -> Option<Vec<Self>> {
        let items: Vec<_> = match self {
            Self::Plain(Value::Array(items)) => items.iter().cloned().map(Self::Plain).collect(),
            Self::List(items) => items.clone(),
            _ => return None,
        };
        Some(items).filter(|items| items.len() <= max as usize)
    }
}

/// The number that a text writes in decimal.
fn decimal(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text).to_ascii_lowercase();
    let (digits, exponent) = unsigned.split_once("e-").unwrap_or((&unsigned, "0"));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_digits = |part: &str, most: usize| {
        (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let is_decimal = is_digits(whole, 15) && is_digits(fraction, 40) && is_digits(exponent, 2);
    is_decimal.then(|| text.parse().unwrap())
}

impl Serialize for Js {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Plain(value) => value.serialize(serializer),
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::List(items) => serializer.collect_seq(items),
            Self::Object(_) => {
                let mut map = serializer.serialize_map(None)?;
                for (name, value) in self.members() {
                    map.serialize_entry(&name, &value)?;
                }
                map.end()
            }
            Self::Undefined => serializer.serialize_unit(),
            Self::Bigint => Err(S::Error::custom("Do not know how to serialize a BigInt")),
            Self::Binary(_) | Self::Form(_) => {
                Err(S::Error::custom("an image where none is expected"))
            }
        }
    }
}
