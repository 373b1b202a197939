//! The schema of a task type: its names, fields, rules and timing.

use crate::message::{Message, Template};
use crate::schedule::Millis;
use crate::text_search::concat;
use crate::texts;

/// When the result may be requested first, and how long a solve may take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    /// From creation to the first result request, at least.
    pub first_delay_ms: Millis,
    /// The same for a task with `nocache`, whose answer is certainly not there at once.
    pub no_cache_delay_ms: Millis,
    /// From the call to giving up.
    pub timeout_ms: Millis,
}

/// A task type, or one variant of it.
#[derive(Debug)]
pub struct TaskSpec {
    /// Its documentation and its TypeScript.
    pub docs: TypeDocs,
    /// Its `type`, and the older names that the services still accept.
    pub types: &'static [&'static str],
    /// The field that selects this variant of the type, and its value.
    pub variant: Option<(&'static str, Literal)>,
    /// Whether it takes the proxy fields.
    pub takes_proxy: bool,
    /// Its default times.
    pub timing: Timing,
    /// Its fields, except for `type` and those of the proxy. In groups, because many types share some.
    pub fields: &'static [&'static [Field]],
    /// At least one field of each of these groups is required.
    pub one_of: &'static [&'static [&'static str]],
}

impl TaskSpec {
    /// The first field that is wanted.
    pub(super) fn find_field(&self, is_wanted: &dyn Fn(&Field) -> bool) -> Option<&'static Field> {
        self.fields.iter().find_map(|fields| fields.iter().find(|field| is_wanted(field)))
    }
}

/// The documentation of a task type. Declarations and docs are generated from it; it is not in the wasm.
#[derive(Clone, Copy, Debug)]
pub struct TypeDocs {
    /// The name of its TypeScript interface.
    #[cfg(not(target_arch = "wasm32"))]
    pub interface: &'static str,
    /// The members of its solution, as TypeScript.
    #[cfg(not(target_arch = "wasm32"))]
    pub solution: &'static str,
    /// What the type is for.
    #[cfg(not(target_arch = "wasm32"))]
    pub doc: &'static str,
}

#[cfg(not(target_arch = "wasm32"))]
pub(super) const fn docs(
    interface: &'static str,
    solution: &'static str,
    doc: &'static str,
) -> TypeDocs {
    TypeDocs { interface, solution, doc }
}

#[cfg(target_arch = "wasm32")]
pub(super) const fn docs(_: &'static str, _: &'static str, _: &'static str) -> TypeDocs {
    TypeDocs {}
}

/// A variant of a task type that is sent unchecked. Only its TypeScript differs from that of its row: it has more fields,
/// or its answer is another one.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Debug)]
pub struct UncheckedVariant {
    /// The interface of its row.
    pub of: &'static str,
    /// The field that selects it, and its values.
    pub selected_by: (&'static str, &'static [&'static str]),
    /// Its fields, besides those of the row.
    pub fields: &'static [Field],
    /// Its documentation and its TypeScript.
    pub docs: TypeDocs,
}

/// A value that selects a variant.
#[derive(Clone, Copy, Debug)]
pub enum Literal {
    /// This string.
    String(&'static str),
    /// This number. Its digits as a string are accepted too, and sent as a number.
    Number(u32),
}

/// A field of a task.
#[derive(Debug)]
pub struct Field {
    /// Its name; a dot leads into an object.
    pub path: &'static str,
    /// The rule for its value.
    pub rule: Rule,
    /// Whether the task must have it.
    pub required: bool,
    /// Its documentation.
    #[cfg(not(target_arch = "wasm32"))]
    pub doc: &'static str,
}

/// The rule for the value of a field.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// A string. An empty one is a value too.
    Text,
    /// A string without a percent sign.
    TextWithoutPercent,
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
    /// A number from 0.1 to 0.9, the bounds of a reCAPTCHA score.
    Score,
    /// An object; of this TypeScript type.
    Object(&'static str),
    /// A list of strings.
    Texts,
    /// An image.
    Image,
    /// A list of images.
    Images,
    /// One of these strings.
    OneOf(&'static [&'static str]),
    /// 0 or 1.
    ZeroOrOne,
}

impl Rule {
    /// The rule in words: what a value must be.
    #[must_use]
    pub fn describe(self) -> Message {
        let fixed: Template<0> = match self {
            Self::Whole(min, max) => {
                return texts::WHOLE.with([Message::number(min), Message::number(max)]);
            }
            Self::OneOf(known) => {
                let names =
                    known.iter().fold(String::new(), |all, name| concat(&[&all, " ", name]));
                return texts::ONE_OF.with([Message::literal(names.trim_ascii_start())]);
            }
            Self::Text => texts::TEXT,
            Self::TextWithoutPercent => texts::TEXT_WITHOUT_PERCENT,
            Self::Url => texts::WEB_ADDRESS,
            Self::Flag | Self::FlagOrNull => texts::FLAG,
            Self::AnyWhole => texts::ANY_WHOLE,
            Self::Score => texts::SCORE,
            Self::Object(_) => texts::OBJECT,
            Self::Texts => texts::TEXTS,
            Self::ZeroOrOne => texts::ZERO_OR_ONE,
            Self::Image | Self::Images => texts::IMAGES,
        };
        fixed.into()
    }
}

/// A field that the task must have.
pub(super) const fn required(path: &'static str, rule: Rule, doc: &'static str) -> Field {
    field(path, rule, true, doc)
}

/// A field that may be left out.
pub(super) const fn optional(path: &'static str, rule: Rule, doc: &'static str) -> Field {
    field(path, rule, false, doc)
}

#[cfg_attr(target_arch = "wasm32", allow(unused_variables))]
const fn field(path: &'static str, rule: Rule, required: bool, doc: &'static str) -> Field {
    Field {
        path,
        rule,
        required,
        #[cfg(not(target_arch = "wasm32"))]
        doc,
    }
}
