//! The key of an account: a secret that is in request bodies and nowhere else.

use crate::text_search::split_once;
use std::fmt::{self, Debug, Formatter};

/// Shorter keys are not searched for: they would tear holes into ordinary words, and no service issues them.
const MIN_REDACTED_LENGTH: usize = 8;

/// The key of an account. Its `Debug` hides it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ClientKey(String);

impl ClientKey {
    /// A key as the caller wrote it.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The key itself, for the body of a request and nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The account part of a key: `KEY__module` → `KEY`. Suffixes select a module, not another account.
    #[must_use]
    pub fn account(&self) -> &str {
        split_once(&self.0, "__").map_or(&self.0, |(account, _)| account)
    }

    /// `text` without the key, whole or without its suffixes: a server or a platform may echo it.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        let secrets = [&*self.0, self.account()];
        let secrets = secrets.into_iter().filter(|secret| secret.len() >= MIN_REDACTED_LENGTH);
        secrets.fold(text.to_owned(), |text, secret| {
            let mut clean = String::new();
            let mut rest = text.as_str();
            while let Some((before, after)) = split_once(rest, secret) {
                clean.push_str(before);
                clean.push_str("[clientKey]");
                rest = after;
            }
            clean + rest
        })
    }
}

impl Debug for ClientKey {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("ClientKey(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_key() {
        let key = ClientKey::new("5e1f00d5c0ffee11".to_owned());
        assert_eq!(
            format!("{key:?} {:#?}", Some(&key)),
            "ClientKey(hidden) Some(\n    ClientKey(hidden),\n)"
        );
    }

    #[test]
    fn a_key_is_redacted_whole_and_without_its_suffixes() {
        let key = ClientKey::new("5e1f00d5c0ffee11__7__yandex".to_owned());
        assert_eq!(key.account(), "5e1f00d5c0ffee11");
        assert_eq!(
            key.redact("5e1f00d5c0ffee11__7__yandex, 5e1f00d5c0ffee11__8, 5e1f00d5"),
            "[clientKey], [clientKey]__8, 5e1f00d5"
        );
    }

    #[test]
    fn a_short_key_is_not_searched_for() {
        for (key, text) in [("seven77", "seven77 times"), ("", "nothing")] {
            assert_eq!(ClientKey::new(key.to_owned()).redact(text), text);
        }
        assert_eq!(
            ClientKey::new("eight888".to_owned()).redact("eight888 times"),
            "[clientKey] times"
        );
    }
}
