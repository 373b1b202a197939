//! Objects that cross to the caller or to a service, described member by member.
//!
//! Each type only lists its members; [`Written`] serialises all of them by the same code. With `derive(Serialize)`
//! each type has serialising code of its own, and `serde-wasm-bindgen` a hash table of the names of fields.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

/// An object.
pub trait Record<V> {
    /// Writes each member that has a value, in order.
    fn members(&self, put: &mut MemberWriter<'_, V>);
}

/// Takes the members of an object, one by one.
// Methods that are not inlined: at the place of each of the many calls, a `Member` would be half a kilobyte in all.
pub struct MemberWriter<'a, V>(&'a mut dyn FnMut(&str, Member<'_, V>));

#[allow(missing_docs)]
impl<V> MemberWriter<'_, V> {
    #[inline(never)]
    pub fn text(&mut self, name: &str, text: &str) {
        (self.0)(name, Member::Text(text));
    }

    #[inline(never)]
    pub fn text_if_any(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    #[inline(never)]
    pub fn number(&mut self, name: &str, number: f64) {
        (self.0)(name, Member::Number(number));
    }

    #[inline(never)]
    pub fn number_if_any(&mut self, name: &str, number: Option<f64>) {
        if let Some(number) = number {
            self.number(name, number);
        }
    }

    /// A whole number.
    #[inline(never)]
    pub fn whole(&mut self, name: &str, number: u64) {
        (self.0)(name, Member::Whole(number));
    }

    #[inline(never)]
    pub fn whole_if_any(&mut self, name: &str, number: Option<u64>) {
        if let Some(number) = number {
            self.whole(name, number);
        }
    }

    #[inline(never)]
    pub fn flag(&mut self, name: &str, flag: bool) {
        (self.0)(name, Member::Flag(flag));
    }

    /// A value of the host language, as it is.
    #[inline(never)]
    pub fn value(&mut self, name: &str, value: &V) {
        (self.0)(name, Member::Value(value));
    }

    #[inline(never)]
    pub fn object(&mut self, name: &str, object: &dyn Record<V>) {
        (self.0)(name, Member::Object(object));
    }

    pub fn values(&mut self, name: &str, values: &[V]) {
        (self.0)(name, Member::Values(values));
    }

    pub fn sizes(&mut self, name: &str, sizes: &[usize]) {
        (self.0)(name, Member::Sizes(sizes));
    }

    pub fn objects(&mut self, name: &str, objects: &Objects<'_, V>) {
        (self.0)(name, Member::Objects(objects));
    }

    pub fn texts(&mut self, name: &str, texts: &[&str]) {
        (self.0)(name, Member::Texts(texts));
    }
}

/// The value of a member.
#[derive(Clone, Copy)]
enum Member<'a, V> {
    Text(&'a str),
    Number(f64),
    Whole(u64),
    Flag(bool),
    Value(&'a V),
    Values(&'a [V]),
    Sizes(&'a [usize]),
    Texts(&'a [&'a str]),
    Object(&'a dyn Record<V>),
    Objects(&'a Objects<'a, V>),
}

/// Passes each object of a list on.
pub type Objects<'a, V> = dyn Fn(&mut dyn FnMut(&dyn Record<V>)) + 'a;

/// An object as a serialiser sees it.
pub struct Written<'a, V>(pub &'a dyn Record<V>);

impl<V: Serialize> Serialize for Written<'_, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let mut written = Ok(());
        self.0.members(&mut MemberWriter(&mut |name, member| {
            if written.is_ok() {
                written = map.serialize_entry(name, &member);
            }
        }));
        written?;
        map.end()
    }
}

impl<V: Serialize> Serialize for Member<'_, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(number) => serializer.serialize_f64(*number),
            // Not as a u64 whatever it is: in `serde-wasm-bindgen` that can fail, with a message that brings 2 kB of
            // `core::fmt`.
            Self::Whole(number) => match u32::try_from(*number) {
                Ok(number) => serializer.serialize_u32(number),
                #[allow(clippy::cast_precision_loss)] // an id is exact
                Err(_) => serializer.serialize_f64(*number as f64),
            },
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Value(value) => value.serialize(serializer),
            Self::Values(values) => values.serialize(serializer),
            Self::Sizes(sizes) => {
                serializer.collect_seq(sizes.iter().map(|size| Member::<V>::Whole(*size as u64)))
            }
            Self::Texts(texts) => texts.serialize(serializer),
            Self::Object(object) => Written(*object).serialize(serializer),
            Self::Objects(objects) => {
                let mut list = serializer.serialize_seq(None)?;
                let mut written = Ok(());
                objects(&mut |object| {
                    if written.is_ok() {
                        written = list.serialize_element(&Written(object));
                    }
                });
                written?;
                list.end()
            }
        }
    }
}
