//! A value as JavaScript has it.

use base64_simd::STANDARD;
use capwire::host::ErrorRecord;
use capwire::host::{Json, Kind};
use serde::ser::{Error, Serialize, SerializeMap, Serializer};
use serde_json::Value;

/// A JSON value, and what JavaScript has beyond JSON.
#[derive(Clone, Debug)]
pub(crate) enum Js {
    Plain(Value),
    /// NaN and the infinities, which JSON lacks.
    Number(f64),
    List(Vec<Js>),
    /// In the order given, which serde_json's own objects lose.
    Object(Vec<(String, Js)>),
    Undefined,
    /// A bigint: nothing that JSON has.
    Bigint,
    Binary(Binary),
}

/// Bytes, or a blob: its size is known before it is read, and reading takes time and may fail.
#[derive(Clone, Debug)]
pub(crate) struct Binary {
    pub(crate) size: f64,
    pub(crate) delay_ms: f64,
    pub(crate) content: Result<Vec<u8>, ErrorRecord>,
}

impl Js {
    pub(crate) fn bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self::blob(bytes, 0.0)
    }

    pub(crate) fn blob(bytes: impl Into<Vec<u8>>, delay_ms: f64) -> Self {
        let bytes = bytes.into();
        #[allow(clippy::cast_precision_loss)] // test images are small
        Self::Binary(Binary { size: bytes.len() as f64, delay_ms, content: Ok(bytes) })
    }

    pub(crate) fn unreadable(size: f64, message: &str) -> Self {
        Self::Binary(Binary {
            size,
            delay_ms: 0.0,
            content: Err(record("NotReadableError", message)),
        })
    }

    /// This object with one more member.
    pub(crate) fn with(self, name: &str, value: impl Into<Self>) -> Self {
        let mut members = self.entries();
        members.push((name.to_owned(), value.into()));
        Self::Object(members)
    }
}

/// An object whose members keep their order.
pub(crate) fn object<V: Into<Js>>(members: impl IntoIterator<Item = (&'static str, V)>) -> Js {
    Js::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect())
}

/// A request of the Fetch standard with this body, as a server is handed it.
pub(crate) fn request_of(body: Js) -> Js {
    // In place of its methods, which like a bigint are nothing that JSON has.
    object([("bodyUsed", false.into()), ("text", Js::Bigint), ("content", body)])
}

/// An error of the platform.
pub(crate) fn record(name: &str, message: &str) -> ErrorRecord {
    ErrorRecord { name: name.to_owned(), message: message.to_owned(), code: None, cause: None }
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode_to_string(bytes)
}

impl<V: Into<Value>> From<V> for Js {
    fn from(value: V) -> Self {
        Self::Plain(value.into())
    }
}

impl Json for Js {
    fn kind(&self) -> Kind {
        match self {
            Self::Plain(Value::Null) | Self::Undefined => Kind::Null,
            Self::Plain(Value::Bool(flag)) => Kind::Bool(*flag),
            Self::Plain(Value::Number(number)) => Kind::Number(number.as_f64().unwrap()),
            Self::Plain(Value::String(_)) => Kind::Text,
            Self::Plain(Value::Array(_)) | Self::List(_) => Kind::List,
            Self::Plain(Value::Object(_)) | Self::Object(_) => Kind::Object,
            Self::Number(number) => Kind::Number(*number),
            Self::Bigint => Kind::Other,
            Self::Binary(binary) => Kind::Binary(binary.size),
        }
    }

    fn text_length(&self) -> f64 {
        self.text().map_or(0.0, |text| text.len() as f64)
    }

    fn text(&self) -> Option<String> {
        match self {
            Self::Plain(Value::String(text)) => Some(text.clone()),
            _ => None,
        }
    }

    fn digits(&self) -> String {
        match self {
            Self::Plain(number) => number.to_string(),
            Self::Number(number) => number.to_string(),
            _ => String::new(),
        }
    }

    fn get(&self, key: &str) -> Option<Self> {
        self.entries().into_iter().rfind(|(name, _)| name == key).map(|(_, value)| value)
    }

    fn member(&self, key: &str) -> Option<Self> {
        self.get(key)
    }

    fn entries(&self) -> Vec<(String, Self)> {
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

    fn items(&self) -> Vec<Self> {
        match self {
            Self::Plain(Value::Array(items)) => items.iter().cloned().map(Self::Plain).collect(),
            Self::List(items) => items.clone(),
            _ => Vec::new(),
        }
    }
}

impl Serialize for Js {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Plain(value) => value.serialize(serializer),
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::List(items) => serializer.collect_seq(items),
            Self::Object(_) => {
                let mut map = serializer.serialize_map(None)?;
                for (name, value) in self.entries() {
                    map.serialize_entry(&name, &value)?;
                }
                map.end()
            }
            Self::Undefined => serializer.serialize_unit(),
            Self::Bigint => Err(S::Error::custom("Do not know how to serialize a BigInt")),
            Self::Binary(_) => Err(S::Error::custom("an image where none is expected")),
        }
    }
}
