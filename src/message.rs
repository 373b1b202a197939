//! Messages as data, and how they are put into words of a language.
//!
//! A failure keeps its message as data, a [`Message`], until it crosses the border to the caller. There it is
//! rendered once, in the language of the client.

use crate::error_table::ErrorTableRow;
use crate::text_search::split_once;
use std::rc::Rc;

/// A text with `N` placeholders, each a `{name}`. The compiler counts them, so that none is left unfilled.
#[derive(Clone, Copy, Debug)]
pub struct Template<const N: usize>(pub(crate) &'static str);

impl<const N: usize> Template<N> {
    /// The text with its placeholders filled, in the order in which the English text has them.
    #[must_use]
    #[inline(never)] // inlined copies would be a kilobyte
    pub fn with(self, values: [Message; N]) -> Message {
        Message::of(Node::Template(self.0, values.into()))
    }
}

impl From<Template<0>> for Message {
    #[inline(never)]
    fn from(template: Template<0>) -> Self {
        Self::of(Node::Template(template.0, Vec::new()))
    }
}

/// A message that is not rendered yet. There is no `From<&str>` on purpose: text outside the tables is
/// somebody else's, and must be marked as [`Message::literal`].
// Behind a pointer, because many places make messages, and a pointer takes the least code to pass on.
#[derive(Clone, Debug)]
pub struct Message(Rc<Node>);

#[derive(Debug)]
enum Node {
    /// A number, a name, or text that others have written: the same in every language.
    Literal(String),
    /// A text of [`crate::texts`], and the values of its placeholders.
    Template(&'static str, Vec<Message>),
    /// The sentence of a code.
    Sentence(&'static ErrorTableRow),
    /// The hint of a code.
    Hint(&'static ErrorTableRow),
}

impl Message {
    #[inline(never)]
    fn of(node: Node) -> Self {
        Self(Rc::new(node))
    }

    /// A number, a name, or text that others have written: the same in every language.
    #[must_use]
    #[inline(never)]
    pub fn literal(text: &str) -> Self {
        Self::of(Node::Literal(text.to_owned()))
    }

    /// A whole number.
    #[must_use]
    pub fn number(number: impl Into<u64>) -> Self {
        decimal(number.into())
    }

    /// The sentence of a code.
    #[must_use]
    pub fn sentence(row: &'static ErrorTableRow) -> Self {
        Self::of(Node::Sentence(row))
    }

    /// The hint of a code.
    #[must_use]
    pub fn hint(row: &'static ErrorTableRow) -> Self {
        Self::of(Node::Hint(row))
    }

    /// Changes every literal in the message.
    pub fn change_literals(&mut self, change: &dyn Fn(&mut String)) {
        let changed = match &*self.0 {
            Node::Literal(text) => {
                let mut text = text.clone();
                change(&mut text);
                Node::Literal(text)
            }
            Node::Template(english, values) => {
                let mut values = values.clone();
                values.iter_mut().for_each(|value| value.change_literals(change));
                Node::Template(english, values)
            }
            Node::Sentence(_) | Node::Hint(_) => return,
        };
        *self = Self::of(changed);
    }
}

#[inline(never)]
fn decimal(number: u64) -> Message {
    let mut digits = String::new();
    push_decimal(&mut digits, number);
    Message::literal(&digits)
}

/// The digits of a number. Those of the standard library bring all of its formatting, 1 kB.
fn push_decimal(digits: &mut String, number: u64) {
    if number > 9 {
        push_decimal(digits, number / 10);
    }
    digits.push(char::from_digit((number % 10) as u32, 10).unwrap_or_default());
}

/// Looks a text up by its path: `codes`, a code, `message` or `hint`; or `texts`, an English text.
type Lookup = dyn Fn(&[&str]) -> Option<String>;

/// The language of a client. What it lacks is rendered in English.
#[derive(Clone, Default)]
pub struct Catalogue(Option<Rc<Lookup>>);

impl Catalogue {
    /// A catalogue over a lookup.
    pub fn new(lookup: impl Fn(&[&str]) -> Option<String> + 'static) -> Self {
        Self(Some(Rc::new(lookup)))
    }

    /// A translation. An empty string counts as missing.
    fn find(&self, path: &[&str]) -> Option<String> {
        self.0.as_ref().and_then(|lookup| lookup(path)).filter(|text| !text.is_empty())
    }

    /// Puts a message into words.
    #[must_use]
    pub fn render(&self, message: &Message) -> String {
        let of_code = |row: &ErrorTableRow, part: &str, english: &str| {
            self.find(&["codes", row.code, part]).unwrap_or_else(|| english.to_owned())
        };
        match &*message.0 {
            Node::Literal(text) => text.clone(),
            Node::Template(english, values) => {
                let values: Vec<String> = values.iter().map(|value| self.render(value)).collect();
                match self.find(&["texts", english]) {
                    Some(text) => interpolate(&text, english, &values),
                    None => interpolate(english, english, &values),
                }
            }
            Node::Sentence(row) => of_code(row, "message", row.message),
            Node::Hint(row) => of_code(row, "hint", row.hint),
        }
    }
}

/// Fills the placeholders of a text. The English text tells which value is which. A placeholder that it does
/// not have stays as it is. Values are not searched for placeholders.
fn interpolate(text: &str, english: &str, values: &[String]) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, name, after)) = next_placeholder(rest) {
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
    while let Some((_, name, after)) = next_placeholder(rest) {
        let value = values.next();
        if name == wanted {
            return value;
        }
        rest = after;
    }
    None
}

/// The text before the next placeholder, its name, and the text after it.
pub(crate) fn next_placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = split_once(text, "{")?;
    let (name, after) = split_once(rest, "}")?;
    Some((before, name, after))
}

/// The number of placeholders in a text.
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)] // it runs in the compiler only
pub(crate) const fn placeholders(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut count) = (0, 0);
    while at < bytes.len() {
        if bytes[at] == b'{' {
            count += 1;
        }
        at += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts;

    /// A catalogue of one text.
    fn with(english: &'static str, text: &'static str) -> Catalogue {
        Catalogue::new(move |path| (path == ["texts", english]).then(|| text.to_owned()))
    }

    #[test]
    fn numbers_are_written_in_decimal() {
        for number in [0, 9, 10, 1_000_000, u64::from(u32::MAX), u64::MAX] {
            assert_eq!(Catalogue::default().render(&Message::number(number)), number.to_string());
        }
    }

    #[test]
    fn a_translation_may_repeat_and_reorder_placeholders() {
        let detail = texts::WHOLE.with([Message::number(1_u32), Message::number(9_u32)]);
        assert_eq!(Catalogue::default().render(&detail), "a whole number from 1 to 9");
        let language = with("a whole number from {min} to {max}", "{max} >= n >= {min}, {max}!");
        assert_eq!(language.render(&detail), "9 >= n >= 1, 9!");
    }

    #[test]
    fn faulty_placeholders_of_a_translation_stay_as_they_are() {
        for (text, said) in [
            ("{other} {max}", "{other} 9"),
            ("{max", "{max"),
            ("max} {", "max} {"),
            ("{} {max}", "{} 9"),
            ("", "a whole number from 1 to 9"),
        ] {
            let detail = texts::WHOLE.with([Message::number(1_u32), Message::number(9_u32)]);
            assert_eq!(with("a whole number from {min} to {max}", text).render(&detail), said);
        }
    }

    #[test]
    fn values_are_not_searched_for_placeholders() {
        let detail = texts::UNEXPECTED_JSON.with([Message::literal("{value} {x")]);
        assert_eq!(Catalogue::default().render(&detail), "expected a JSON object, got {value} {x");
    }

    #[test]
    fn nested_messages_are_rendered_in_the_same_language() {
        let value = Message::from(texts::LIST);
        let detail = texts::MUST_BE_NOT.with([texts::TEXT.into(), value]);
        assert_eq!(Catalogue::default().render(&detail), "must be a string, not an array");
        assert_eq!(with("an array", "массив").render(&detail), "must be a string, not массив");
    }
}
