//! Reads an object of the caller member by member, so that a refusal can name the option and its rule, and a
//! misspelt name is noticed instead of ignored.
//!
//! The first refusal is kept until the end: an exit after each member would be a third of the code.

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
    /// The first refusal.
    failure: Option<Box<Failure>>,
}

impl<V: HostValue> Members<V> {
    pub(crate) fn of(parent: &'static str, value: &V) -> Self {
        let name = if parent.is_empty() { "options" } else { parent };
        let is_object = value.value_type() == ValueType::Object;
        let entries = if is_object { value.entries() } else { None };
        let failure = match &entries {
            Some(_) => None,
            None if is_object => Some(Failure::option(name, too_many(MAX_MEMBERS))),
            None => Some(must_be(name, texts::OBJECT, value)),
        };
        Self { parent, known: Vec::new(), rest: entries.unwrap_or_default(), failure }
    }

    /// Keeps the failure of a member, unless an earlier one has failed.
    pub(crate) fn refuse(&mut self, failure: Box<Failure>) {
        self.failure.get_or_insert(failure);
    }

    /// A member that was read by others.
    pub(crate) fn accept<T>(&mut self, read: Result<T>) -> Option<T> {
        match read {
            Ok(read) => Some(read),
            Err(failure) => {
                self.refuse(failure);
                None
            }
        }
    }

    fn invalid(&mut self, name: &str, expected: impl Into<Message>, value: &V) {
        let failure = must_be(&self.path(name), expected.into(), value);
        self.refuse(failure);
    }

    /// The full name of a member.
    fn path(&self, name: &str) -> String {
        path(self.parent, name)
    }

    pub(crate) fn take(&mut self, name: &'static str) -> Option<V> {
        self.known.push(name);
        let at = self.rest.iter().position(|(key, _)| key == name)?;
        Some(self.rest.swap_remove(at).1)
    }

    pub(crate) fn string(&mut self, name: &'static str) -> Option<String> {
        let value = self.take(name)?;
        let text = value.as_string();
        if text.is_none() {
            self.invalid(name, texts::TEXT, &value);
        }
        text
    }

    pub(crate) fn flag(&mut self, name: &'static str) -> bool {
        match self.take(name).map(|value| (value.value_type(), value)) {
            None => false,
            Some((ValueType::Bool(flag), _)) => flag,
            Some((_, value)) => {
                self.invalid(name, texts::FLAG, &value);
                false
            }
        }
    }

    /// A whole number within bounds, both inclusive.
    pub(crate) fn whole(&mut self, name: &'static str, min: u32, max: u32) -> Option<u32> {
        let value = self.take(name)?;
        match value.value_type() {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // within the bounds
            ValueType::Number(n)
                if n.fract() == 0.0 && (f64::from(min)..=f64::from(max)).contains(&n) =>
            {
                Some(n as u32)
            }
            _ => {
                let rule = texts::WHOLE.with([Message::number(min), Message::number(max)]);
                self.invalid(name, rule, &value);
                None
            }
        }
    }

    /// Refuses a member that is missing.
    pub(crate) fn required<T: Default>(&mut self, name: &str, member: Option<T>) -> T {
        if member.is_none() {
            let failure = Failure::option(&self.path(name), texts::MISSING);
            self.refuse(failure);
        }
        member.unwrap_or_default()
    }

    /// The first refusal, if any. The members that nobody has read are refused too. `others` are read elsewhere.
    pub(crate) fn finish(mut self, others: &[&'static str]) -> Result<()> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        self.known.extend_from_slice(others);
        let unknown = self.rest.iter().find(|(name, _)| !self.known.contains(&name.as_str()));
        let Some((name, _)) = unknown else { return Ok(()) };
        if name.len() > MAX_SHOWN_NAME {
            return Err(Failure::option("options", texts::UNKNOWN_OPTION_WITHIN));
        }
        let rule = match nearest(name, &mut self.known.iter().copied()) {
            Some(near) => {
                texts::UNKNOWN_OPTION_NEAR.with([Message::literal(&path(self.parent, near))])
            }
            None => texts::UNKNOWN_OPTION.into(),
        };
        Err(Failure::option(&path(self.parent, name), rule))
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

fn path(parent: &str, name: &str) -> String {
    let dot = if parent.is_empty() { "" } else { "." };
    concat(&[parent, dot, name])
}
