//! The schema of a task type: its names, fields, rules and timing.

use crate::schedule::Millis;
use crate::texts;

/// When to ask first, and how long at most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    /// From creation to the first result request.
    pub first_delay_ms: Millis,
    /// From the call to giving up.
    pub timeout_ms: Millis,
}

/// One row: a task type, or one variant of it.
#[derive(Debug)]
pub struct TaskKind {
    /// Words for people and for TypeScript.
    pub words: Words,
    /// Its `type`, and the older names that the services still take.
    pub types: &'static [&'static str],
    /// The field that tells this variant of the type from the others, and its value.
    pub variant: Option<(&'static str, Literal)>,
    /// Whether it takes the proxy fields.
    pub takes_proxy: bool,
    /// When to ask.
    pub timing: Timing,
    /// Its fields, but for `type` and those of the proxy; in groups, for many types share some.
    pub fields: &'static [&'static [Field]],
    /// Of each of these groups at least one field is needed.
    pub one_of: &'static [&'static [&'static str]],
}

/// The words of a row. They make declarations and docs, and are not part of what is downloaded.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    /// The name of its TypeScript interface.
    #[cfg(not(target_arch = "wasm32"))]
    pub interface: &'static str,
    /// The members of its solution, as TypeScript.
    #[cfg(not(target_arch = "wasm32"))]
    pub solution: &'static str,
    /// What it is for.
    #[cfg(not(target_arch = "wasm32"))]
    pub doc: &'static str,
}

#[cfg(not(target_arch = "wasm32"))]
const fn words(interface: &'static str, solution: &'static str, doc: &'static str) -> Words {
    Words { interface, solution, doc }
}

#[cfg(target_arch = "wasm32")]
const fn words(_: &'static str, _: &'static str, _: &'static str) -> Words {
    Words {}
}

/// A value that tells a variant.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub enum Literal {
    Text(&'static str),
    Number(u32),
}

/// A field of a task.
#[derive(Debug)]
pub struct Field {
    /// Its name; a dot leads into an object.
    pub path: &'static str,
    /// What its value must be.
    pub rule: Rule,
    /// Whether the task needs it.
    pub needed: bool,
    /// What it is.
    #[cfg(not(target_arch = "wasm32"))]
    pub doc: &'static str,
}

/// What a value must be.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// Text; an empty one is a value too.
    Text,
    /// An absolute http(s) address.
    Url,
    /// `true` or `false`.
    Flag,
    /// `true`, `false` or `null`.
    FlagOrNull,
    /// A whole number within bounds, both inclusive.
    Whole(u32, u32),
    /// A whole number.
    AnyWhole,
    /// A number from 0.1 to 0.9.
    Score,
    /// An object; of this TypeScript type.
    Object(&'static str),
    /// A list of texts.
    Texts,
    /// An image.
    Image,
    /// A list of images.
    Images,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// 0 or 1.
    ZeroOrOne,
}

impl Rule {
    /// What a value must be, where it takes no more than words to say it.
    fn words(self) -> texts::Text<0> {
        match self {
            Text | OneOf(_) => texts::TEXT,
            Url => texts::WEB_ADDRESS,
            Flag | FlagOrNull => texts::FLAG,
            AnyWhole | Whole(..) => texts::ANY_WHOLE,
            Score => texts::SCORE,
            Object(_) => texts::OBJECT,
            Texts => texts::TEXTS,
            ZeroOrOne => texts::ZERO_OR_ONE,
            Image | Images => texts::IMAGES,
        }
    }
}

const fn need(path: &'static str, rule: Rule, doc: &'static str) -> Field {
    field(path, rule, true, doc)
}

const fn may(path: &'static str, rule: Rule, doc: &'static str) -> Field {
    field(path, rule, false, doc)
}

#[cfg_attr(target_arch = "wasm32", allow(unused_variables))]
const fn field(path: &'static str, rule: Rule, needed: bool, doc: &'static str) -> Field {
    Field {
        path,
        rule,
        needed,
        #[cfg(not(target_arch = "wasm32"))]
        doc,
    }
}
