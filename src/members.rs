//! Reads an object of the caller member by member, so that a refusal can name the option and its rule, and a
//! misspelt name is noticed instead of ignored.

use crate::error::{Failure, Result};
use crate::message::Message;
use crate::platform::{self, HostValue, MAX_MEMBERS, ValueType, too_many};
use crate::text_search::{concat, nearest};
use crate::texts;

/// A longer unknown name is not shown. It is not a misspelt option, but may be a key in the wrong place: keys
/// have 32 characters.
const MAX_SHOWN_NAME: usize = 24;

/// The members of an object that were not read yet.
pub(crate) struct Members<V> {
    /// Where the object is: `imageLimits`, or empty for the options themselves.
    parent: &'static str,
    /// The names that were asked for.
    known: Vec<&'static str>,
    rest: Vec<(String, V)>,
}

impl<V: HostValue> Members<V> {
    pub(crate) fn of(parent: &'static str, value: &V) -> Result<Self> {
        let name = if parent.is_empty() { "options" } else { parent };
        if value.value_type() != ValueType::Object {
            return Err(must_be(name, texts::OBJECT, value));
        }
        let entries = value.entries();
        let rest = entries.ok_or_else(|| Failure::option(name, too_many(MAX_MEMBERS)))?;
        Ok(Self { parent, known: Vec::new(), rest })
    }

    /// The full name of a member.
    fn path(&self, name: &str) -> String {
        let dot = if self.parent.is_empty() { "" } else { "." };
        concat(&[self.parent, dot, name])
    }

    pub(crate) fn take(&mut self, name: &'static str) -> Option<V> {
        self.known.push(name);
        let at = self.rest.iter().position(|(key, _)| key == name)?;
        Some(self.rest.swap_remove(at).1)
    }

    pub(crate) fn string(&mut self, name: &'static str) -> Result<Option<String>> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        match value.as_string() {
            Some(text) => Ok(Some(text)),
            None => Err(must_be(&self.path(name), texts::TEXT, &value)),
        }
    }

    pub(crate) fn flag(&mut self, name: &'static str) -> Result<Option<bool>> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        match value.value_type() {
            ValueType::Bool(flag) => Ok(Some(flag)),
            _ => Err(must_be(&self.path(name), texts::FLAG, &value)),
        }
    }

    /// A whole number within bounds, both inclusive.
    pub(crate) fn whole(&mut self, name: &'static str, min: u32, max: u32) -> Result<Option<u32>> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        match value.value_type() {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // within the bounds
            ValueType::Number(n)
                if n.fract() == 0.0 && (f64::from(min)..=f64::from(max)).contains(&n) =>
            {
                Ok(Some(n as u32))
            }
            _ => {
                let rule = texts::WHOLE.with([Message::number(min), Message::number(max)]);
                Err(must_be(&self.path(name), rule, &value))
            }
        }
    }

    /// Refuses the members that nobody has read. `others` are read elsewhere.
    pub(crate) fn finish(mut self, others: &[&'static str]) -> Result<()> {
        self.known.extend_from_slice(others);
        let unknown = self.rest.iter().find(|(name, _)| !self.known.contains(&name.as_str()));
        let Some((name, _)) = unknown else { return Ok(()) };
        if name.len() > MAX_SHOWN_NAME {
            return Err(Failure::option("options", texts::UNKNOWN_OPTION_WITHIN));
        }
        let rule = match nearest(name, self.known.iter().copied()) {
            Some(near) => texts::UNKNOWN_OPTION_NEAR.with([Message::literal(&self.path(near))]),
            None => texts::UNKNOWN_OPTION.into(),
        };
        Err(Failure::option(&self.path(name), rule))
    }
}

/// The failure of an option that has the wrong type.
pub(crate) fn must_be<V: HostValue>(
    name: &str,
    expected: impl Into<Message>,
    value: &V,
) -> Box<Failure> {
    Failure::option(name, platform::must_be(expected, value))
}
