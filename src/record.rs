//! Writes an object member by member.
//!
//! By hand and as a map, not by `derive(Serialize)`: for the fields of structs `serde-wasm-bindgen` keeps a hash
//! table of names, which would be 2 kB of the download.

use serde::ser::{Serialize, SerializeMap, Serializer};

/// An object under construction.
pub(crate) struct Record<M>(M);

/// The object so far, or why it cannot be written.
type Written<M> = Result<Record<M>, <M as SerializeMap>::Error>;

impl<M: SerializeMap> Record<M> {
    pub(crate) fn new<S: Serializer<SerializeMap = M, Error = M::Error>>(
        serializer: S,
    ) -> Written<M> {
        serializer.serialize_map(None).map(Self)
    }

    /// Adds a member.
    pub(crate) fn put<T: Serialize + ?Sized>(mut self, name: &str, value: &T) -> Written<M> {
        self.0.serialize_entry(name, value)?;
        Ok(self)
    }

    /// Adds a member if it has a value.
    pub(crate) fn maybe<T: Serialize + ?Sized>(self, name: &str, value: Option<&T>) -> Written<M> {
        match value {
            Some(value) => self.put(name, value),
            None => Ok(self),
        }
    }

    pub(crate) fn end(self) -> Result<M::Ok, M::Error> {
        self.0.end()
    }
}

/// Implements `Serialize` for a type that is written by its name: a unit enum.
macro_rules! serialize_as_name {
    ($($type:ty),+) => {
        $(impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        })+
    };
}
pub(crate) use serialize_as_name;
