//! The key of an account: a secret that is in request bodies and nowhere else.

use crate::message::Template;
use crate::text_search::{is_space, split_once};
use crate::texts;
use std::fmt::{self, Debug, Formatter};

/// Shorter keys are not searched for: they would tear holes into ordinary words, and no service issues them.
const MIN_REDACTED_LENGTH: usize = 8;

/// The key of an account. Its `Debug` hides it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ClientKey(String);

impl ClientKey {
    /// A key as it is sent.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// Reads a key as people have it, from a file or in quotes.
    ///
    /// # Errors
    /// The rule that a text breaks which cannot be a key. Sent as it is, it would be refused, and count towards a ban.
    pub fn read(text: &str) -> Result<Self, Template<0>> {
        let mut key = text.trim_matches(is_space);
        for quote in ['"', '\''] {
            let inside = key.strip_prefix(quote).and_then(|key| key.strip_suffix(quote));
            key = inside.unwrap_or(key).trim_matches(is_space);
        }
        match key {
            "" => Err(texts::KEY_MISSING),
            _ if key.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(Self(key.to_owned())),
            _ => Err(texts::KEY_UNUSABLE),
        }
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

    /// `text` without the key, whole or without its suffixes: a server or a platform may echo it. Where the text was
    /// cut within the key, without that part of it.
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
            let halves = (MIN_REDACTED_LENGTH..secret.len()).rev();
            let mut halves = halves.filter_map(|length| secret.get(..=length));
            match halves.find_map(|half| rest.strip_suffix(half)) {
                Some(before) => clean + before + "[clientKey]",
                None => clean + rest,
            }
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
    fn what_surrounds_a_key_is_taken_off() {
        for given in [
            "5e1f__7",
            "5e1f__7\n",
            " 5e1f__7\t",
            "\r\n5e1f__7\r\n\n",
            "\u{feff}5e1f__7",
            "\u{feff} \"5e1f__7\"\r\n",
            "'5e1f__7'",
            "\" 5e1f__7 \"",
            "\"'5e1f__7'\"",
            "\u{a0}5e1f__7\u{2003}\u{2028}\u{3000}",
        ] {
            assert_eq!(ClientKey::read(given).map(|key| key.0).as_deref().ok(), Some("5e1f__7"));
        }
        for kept in ["\"5e1f", "5e1f'", "\"5e1f'", "5\"e", "\"", "5e1f+/=-_.~"] {
            assert_eq!(ClientKey::read(kept).map(|key| key.0).as_deref().ok(), Some(kept));
        }
    }

    #[test]
    fn what_cannot_be_a_key_is_refused() {
        for empty in ["", " ", "\n", "\u{feff}", "\"\"", "' '", "\"''\""] {
            assert_eq!(ClientKey::read(empty).unwrap_err().0, texts::KEY_MISSING.0, "{empty:?}");
        }
        for unusable in [
            "5e1f 7",
            "5e1f\n7",
            "5e1f\u{0}7",
            "\u{0}5e1f",
            "5\u{0}e\u{0}1\u{0}f\u{0}",
            "\u{fffd}\u{fffd}5\u{0}e\u{0}",
            "5e1f\u{7f}",
            "5e1f\u{1b}[0m",
            "5e\u{200b}1f",
            "\u{200b}5e1f",
            "ключ",
            "5е1f",
            "“5e1f”",
            "5e1f…",
        ] {
            let rule = ClientKey::read(unusable).unwrap_err();
            assert_eq!(rule.0, texts::KEY_UNUSABLE.0, "{unusable:?}");
        }
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
    fn the_part_of_a_key_at_the_end_of_a_text_is_redacted_too() {
        let key = ClientKey::new("5e1f00d5c0ffee11__7".to_owned());
        for (text, clean) in [
            ("key 5e1f00d5c0ffee11__7, 5e1f00d5c0ffee11_", "key [clientKey], [clientKey]"),
            ("5e1f00d5c0ffee1", "[clientKey]"),
            ("5e1f00d5c", "[clientKey]"),
            ("5e1f00d5", "5e1f00d5"),
            ("5e1f00d5c0ffee1 is not at the end", "5e1f00d5c0ffee1 is not at the end"),
        ] {
            assert_eq!(key.redact(text), clean);
        }
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
