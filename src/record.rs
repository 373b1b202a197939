//! Objects that cross to the caller or to a service, described member by member.
//!
//! Each type only lists its members; [`Written`] serialises all of them by the same code. With `derive(Serialize)`
//! each type has serialising code of its own, and `serde-wasm-bindgen` a hash table of the names of fields.

use serde::ser::{Serialize, SerializeMap, Serializer};

/// An object.
pub trait Record<V> {
    /// Passes each member that has a value to a function, in order.
    fn members(&self, put: &mut dyn FnMut(&str, Member<'_, V>));
}

/// The value of a member.
#[allow(missing_docs)]
#[derive(Clone, Copy)]
pub enum Member<'a, V> {
    Text(&'a str),
    Number(f64),
    /// A whole number.
    Whole(u64),
    Flag(bool),
    /// A value of the host language, as it is.
    Value(&'a V),
    Values(&'a [V]),
    Sizes(&'a [usize]),
    Texts(&'a [&'a str]),
    Object(&'a dyn Record<V>),
}

/// An object as a serialiser sees it.
pub struct Written<'a, V>(pub &'a dyn Record<V>);

impl<V: Serialize> Serialize for Written<'_, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let mut written = Ok(());
        self.0.members(&mut |name, member| {
            if written.is_ok() {
                written = map.serialize_entry(name, &member);
            }
        });
        written?;
        map.end()
    }
}

impl<V: Serialize> Serialize for Member<'_, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::Whole(number) => serializer.serialize_u64(*number),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Value(value) => value.serialize(serializer),
            Self::Values(values) => values.serialize(serializer),
            Self::Sizes(sizes) => sizes.serialize(serializer),
            Self::Texts(texts) => texts.serialize(serializer),
            Self::Object(object) => Written(*object).serialize(serializer),
        }
    }
}
