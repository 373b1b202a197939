//! The words of the messages: what completes a code's own sentence, and the hints that belong to no code.
//!
//! One table, in English. Its texts are also the keys under which a catalogue has them in another
//! language, so that a translator sees what is translated, a changed text asks for a new translation,
//! and no names of texts are downloaded. The words of the codes are in [`crate::error`].
//!
//! A failure keeps its words as data, a [`Detail`]: only so can they be said in another language later.

use crate::split::split_once;
use std::rc::Rc;

/// A text with `N` places, each `{named}` in it. How many there are is counted by the compiler, so that
/// none is left unfilled.
#[derive(Clone, Copy, Debug)]
pub struct Text<const N: usize>(&'static str);

impl<const N: usize> Text<N> {
    /// The text with its places filled, in the order in which the English text has them.
    #[must_use]
    #[inline(never)] // or a kilobyte of copies
    pub fn with(self, values: [Detail; N]) -> Detail {
        Detail::Text(self.0, values.into())
    }
}

impl From<Text<0>> for Detail {
    #[inline(never)]
    fn from(text: Text<0>) -> Self {
        Self::Text(text.0, Vec::new())
    }
}

/// Words in no language yet. There is no way here from a plain `&str`: words that are not in the table
/// must be somebody else's, and are marked as such.
#[derive(Debug)]
pub enum Detail {
    /// A number, a name, or what others have written: the same in every language.
    Verbatim(String),
    /// A text of the table, and what fills its places.
    Text(&'static str, Vec<Detail>),
    /// The `message` or the `hint` of a code: which, and what it is in English.
    OfCode(&'static str, &'static str, &'static str),
}

impl Detail {
    /// What is the same in every language.
    #[must_use]
    #[inline(never)]
    pub fn verbatim(text: &str) -> Self {
        Self::Verbatim(text.to_owned())
    }

    /// A whole number. All of them are of one type, for each has code of its own to write it.
    #[must_use]
    pub fn number(number: impl Into<u64>) -> Self {
        Self::Verbatim(number.into().to_string())
    }

    /// The same words with everything that is not of the table changed.
    #[must_use]
    pub fn map(&self, change: &dyn Fn(&str) -> String) -> Self {
        match self {
            Self::Verbatim(text) => Self::Verbatim(change(text)),
            Self::Text(text, values) => {
                Self::Text(text, values.iter().map(|value| value.map(change)).collect())
            }
            Self::OfCode(code, part, english) => Self::OfCode(code, part, english),
        }
    }
}

/// A catalogue: it gives what is at `codes`, a code, `message` or `hint`; or at `texts`, an English text.
type Find = dyn Fn(&[&str]) -> Option<String>;

/// The language of a client. What its catalogue lacks is said in English.
#[derive(Clone, Default)]
pub struct Messages(Option<Rc<Find>>);

impl Messages {
    /// The language of a catalogue.
    pub fn of(find: impl Fn(&[&str]) -> Option<String> + 'static) -> Self {
        Self(Some(Rc::new(find)))
    }

    /// What the catalogue has there. No words at all are as good as none.
    #[must_use]
    pub fn find(&self, path: &[&str]) -> Option<String> {
        self.0.as_ref().and_then(|find| find(path)).filter(|text| !text.is_empty())
    }

    /// The words in this language.
    #[must_use]
    pub fn say(&self, detail: &Detail) -> String {
        match detail {
            Detail::Verbatim(text) => text.clone(),
            Detail::Text(english, values) => {
                let values: Vec<String> = values.iter().map(|value| self.say(value)).collect();
                match self.find(&["texts", english]) {
                    Some(text) => fill(&text, english, &values),
                    None => fill(english, english, &values),
                }
            }
            Detail::OfCode(code, part, english) => {
                self.find(&["codes", code, part]).unwrap_or_else(|| (*english).to_owned())
            }
        }
    }
}

/// Fills the places of a text. Which value is which is told by the English text. A place that it does
/// not have is left as it is; what has been filled in is not looked through.
fn fill(text: &str, english: &str, values: &[String]) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, name, after)) = next_place(rest) {
        filled.push_str(before);
        match value_of(name, english, values) {
            Some(value) => filled.push_str(value),
            None => {
                filled.push('{');
                filled.push_str(name);
                filled.push('}');
            }
        }
        rest = after;
    }
    filled + rest
}

fn value_of<'a>(wanted: &str, english: &str, values: &'a [String]) -> Option<&'a String> {
    let mut values = values.iter();
    let mut rest = english;
    while let Some((_, name, after)) = next_place(rest) {
        let value = values.next();
        if name == wanted {
            return value;
        }
        rest = after;
    }
    None
}

/// What is before the next place, its name, and what is after it.
fn next_place(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = split_once(text, "{")?;
    let (name, after) = split_once(rest, "}")?;
    Some((before, name, after))
}

/// How many places a text has.
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)] // it runs in the compiler only
const fn places(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut places) = (0, 0);
    while at < bytes.len() {
        if bytes[at] == b'{' {
            places += 1;
        }
        at += 1;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<&str> {
        let mut names = Vec::new();
        let mut rest = text;
        while let Some((_, name, after)) = next_place(rest) {
            names.push(name);
            rest = after;
        }
        names
    }

    /// A catalogue of one text.
    fn with(english: &'static str, text: &'static str) -> Messages {
        Messages::of(move |path| (path == ["texts", english]).then(|| text.to_owned()))
    }

    #[test]
    fn every_text_is_once_in_the_table_and_names_each_of_its_places_once() {
        for (at, text) in ALL.iter().enumerate() {
            assert!(!ALL[..at].contains(text), "{text}");
            let mut names = names(text);
            // What the compiler counts is what can be filled: each brace opens a place with a name.
            assert_eq!(names.len(), places(text), "{text}");
            assert_eq!(names.len(), text.matches('}').count(), "{text}");
            assert!(
                names.iter().all(|name| name.bytes().all(|b| b.is_ascii_lowercase())),
                "{text}"
            );
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), places(text), "{text}");
        }
    }

    #[test]
    fn a_translation_has_the_places_in_any_order_and_as_often_as_it_likes() {
        let detail = WHOLE.with([Detail::number(1_u32), Detail::number(9_u32)]);
        assert_eq!(Messages::default().say(&detail), "a whole number from 1 to 9");
        let language = with("a whole number from {min} to {max}", "{max} >= n >= {min}, {max}!");
        assert_eq!(language.say(&detail), "9 >= n >= 1, 9!");
    }

    #[test]
    fn what_a_translation_gets_wrong_is_left_as_it_is() {
        for (text, said) in [
            ("{other} {max}", "{other} 9"),
            ("{max", "{max"),
            ("max} {", "max} {"),
            ("{} {max}", "{} 9"),
            ("", "a whole number from 1 to 9"),
        ] {
            let detail = WHOLE.with([Detail::number(1_u32), Detail::number(9_u32)]);
            assert_eq!(with("a whole number from {min} to {max}", text).say(&detail), said);
        }
    }

    #[test]
    fn a_value_is_not_looked_through_for_places() {
        let detail = ODD_JSON.with([Detail::verbatim("{value} {x")]);
        assert_eq!(Messages::default().say(&detail), "expected a JSON object, got {value} {x");
    }

    #[test]
    fn words_within_words_are_said_in_the_same_language() {
        let value = Detail::from(LIST);
        let detail = MUST_BE_NOT.with([TEXT.into(), value]);
        assert_eq!(Messages::default().say(&detail), "must be a string, not an array");
        assert_eq!(with("an array", "массив").say(&detail), "must be a string, not массив");
    }
}
