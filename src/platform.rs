//! What the core needs from the outside: values of the host language, HTTP, time.
//!
//! There are two platforms: JavaScript in `js`, and the scripted one of the tests, in virtual time. Nothing
//! here can be cancelled by a call, and nothing needs to be: dropping a future of the platform stops the
//! request or the timer behind it. That is how an abort works at every `await`.

use crate::message::Message;
use crate::record::{MemberWriter, Record};
use crate::schedule::Millis;
use crate::texts;
use serde::Serialize;

/// The most members that are read of an object, and the longest name of one, in UTF-16 code units.
pub const MAX_MEMBERS: u32 = 1_000;
/// The most items that are read of an array of the caller. The services take 18 images at most.
pub const MAX_ITEMS: u32 = 100;
/// The longest text that is read as a whole, in UTF-16 code units. Longer ones are only passed on.
pub const MAX_TEXT: u32 = 65_536;

/// The type of a value, as far as the rules tell types apart.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum ValueType {
    Null,
    Bool(bool),
    /// May be NaN or infinite.
    Number(f64),
    String,
    Array,
    /// Any other object.
    Object,
    /// Bytes that can be read. Their number is known before that.
    Binary(f64),
    /// A function, a symbol, a bigint, a revoked proxy: nothing that JSON has.
    Other,
}

/// A value of the host language. It is read by key and passed on untouched, never converted as a whole, so a
/// deep or huge solution costs nothing.
pub trait HostValue: Clone + Serialize + 'static {
    /// Its type.
    fn value_type(&self) -> ValueType;
    /// The text of a string of at most [`MAX_TEXT`].
    fn as_string(&self) -> Option<String>;
    /// The length of a string in code units of the host, without copying it.
    fn string_length(&self) -> f64;
    /// The beginning of a string, at most this many code units.
    fn string_prefix(&self, length: u32) -> String;
    /// Which group of a pattern a string begins with, its ASCII letters in lower case: 0 for the first. The pattern is
    /// one that JavaScript and Rust's `regex` read alike.
    fn first_group(&self, pattern: &str) -> Option<u32>;
    /// The name of an object's class; empty for a plain object and for anything that has none.
    fn class_name(&self) -> String;
    /// A string.
    fn from_string(text: &str) -> Self;
    /// A number as the host writes it. Formatting floats in Rust would be a tenth of the module.
    fn digits(&self) -> String;
    /// A finite number, or that of a text which writes one in decimal, such as `"0.0007"`.
    fn as_number(&self) -> Option<f64>;
    /// An own member of an object. `undefined` counts as absent.
    fn get(&self, key: &str) -> Option<Self>;
    /// A member of an object, own or inherited, such as a method of a `Request`.
    fn get_any(&self, key: &str) -> Option<Self>;
    /// The own members of an object in their order, without those that are undefined. None where they cannot be read,
    /// or are more than [`MAX_MEMBERS`].
    fn entries(&self) -> Option<Vec<(String, Self)>>;
    /// The items of an array. None where they cannot be read, or are more than `max`.
    fn items(&self, max: u32) -> Option<Vec<Self>>;

    /// The value for a message. Strings are never shown: one may be a key in the wrong place.
    fn display(&self) -> Message {
        match self.value_type() {
            ValueType::Null => Message::literal("null"),
            ValueType::Bool(value) => Message::literal(if value { "true" } else { "false" }),
            ValueType::Number(_) => Message::literal(&self.digits()),
            ValueType::String if self.string_length() > MAX_TEXT.into() => texts::LONG_TEXT.into(),
            ValueType::String => texts::TEXT.into(),
            ValueType::Array => texts::LIST.into(),
            ValueType::Object => match self.class_name() {
                name if name.is_empty() => texts::OBJECT.into(),
                name => texts::OBJECT_OF.with([Message::literal(&name)]),
            },
            ValueType::Binary(_) => texts::BYTES.into(),
            ValueType::Other => texts::NOT_OF_JSON.into(),
        }
    }
}

/// The broken rule of a value that has the wrong type: "must be …, not …".
pub fn must_be<V: HostValue>(expected: impl Into<Message>, value: &V) -> Message {
    texts::MUST_BE_NOT.with([expected.into(), value.display()])
}

/// The broken rule of an object or an array of which `entries` or `items` gives nothing.
pub fn too_many(max: u32) -> Message {
    texts::TOO_MANY.with([Message::number(max)])
}

/// An image in a form that had to be opened.
#[derive(Clone, Debug)]
pub enum Opened<V> {
    /// A form that is nearer to bytes or text, and the type that it declares, if it does.
    Form(V, Option<V>),
    /// It has more bytes than are read: so many at least.
    TooLarge(f64),
    /// It cannot be opened.
    Not(Unopened, V),
}

/// Why an image cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unopened {
    /// It is not a known form of an image.
    Unknown,
    /// It is raw pixels.
    Pixels,
    /// A stream that has ended.
    Ended,
    /// A response whose body has been read.
    Used,
}

/// An image as the platform has written it as base64, or why it has not.
#[derive(Clone, Debug)]
pub struct Encoded<V> {
    /// Whether it is base64.
    pub encoding: Encoding,
    /// The number of bytes, or the position of a character.
    pub number: f64,
    /// The base64 text, padded and without white space, or what is wrong in it: a character or its number.
    pub text: V,
    /// What it begins with, without white space, quotes and a byte order mark. Each byte is a character, and UTF-16 is
    /// ASCII, as far as it can be. Of a text that is not base64 its own bytes, at least those of 1,100 characters.
    pub start: V,
    /// The type that a `data:` URL declares.
    pub media_type: Option<V>,
}

/// What has become of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// It is base64.
    Base64,
    /// It was bytes that are all 0. It is base64.
    Zeros,
    /// A `data:` URL without a comma.
    NoComma,
    /// A text of no possible length.
    Cut,
    /// A text with a character that nobody sees.
    Invisible,
    /// A text with a character that is not of base64.
    Character,
}

/// A response as it came. [`crate::response`] decides what it means.
#[derive(Clone, Debug)]
pub struct RawResponse<V> {
    /// The HTTP status; 0 for a redirect whose status the platform hides.
    pub status: u16,
    /// The `Retry-After` header.
    pub retry_after: Option<String>,
    /// The body as a string; none where it is larger than the caller of [`Platform::send`] reads.
    pub body: Option<V>,
}

/// An error of the platform, such as one thrown by `fetch`, as plain data.
// The error itself may hold anything. Its text may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct ErrorRecord {
    /// The error's name, such as `TypeError`.
    pub name: String,
    /// Its message.
    pub message: String,
    /// Its code, such as `ECONNREFUSED`.
    #[cfg_attr(target_arch = "wasm32", tsify(optional))]
    pub code: Option<String>,
    /// What caused it.
    #[cfg_attr(target_arch = "wasm32", tsify(optional))]
    pub cause: Option<Box<ErrorRecord>>,
}

impl<V> Record<V> for ErrorRecord {
    fn members(&self, put: &mut MemberWriter<'_, V>) {
        put.text("name", &self.name);
        put.text("message", &self.message);
        put.text_if_any("code", self.code.as_deref());
        if let Some(cause) = &self.cause {
            put.object("cause", &**cause);
        }
    }
}

impl ErrorRecord {
    /// The message of the first cause: Node says no more than "fetch failed" above it.
    #[must_use]
    pub fn innermost_message(&self) -> &str {
        self.cause.as_ref().map_or(&self.message, |cause| cause.innermost_message())
    }

    /// Changes every text in the record.
    pub fn change_texts(&mut self, change: &dyn Fn(&mut String)) {
        change(&mut self.name);
        change(&mut self.message);
        self.code.iter_mut().for_each(change);
        if let Some(cause) = &mut self.cause {
            cause.change_texts(change);
        }
    }
}

/// Why there is no response.
#[derive(Clone, Debug)]
pub enum SendError {
    /// The request could not be made, or the response could not be read to its end.
    Network(ErrorRecord),
    /// The request body cannot be written as JSON (a cycle, a bigint): nothing was sent.
    NotJson(ErrorRecord),
    /// What was called instead of `fetch` has given this, which is no response. The request may have arrived.
    NoResponse(Message),
}

/// The platform below the core.
#[allow(async_fn_in_trait)] // one thread: nothing needs to be Send
pub trait Platform {
    /// A value of the host language.
    type Value: HostValue;

    /// A monotonic clock.
    fn now(&self) -> Millis;
    /// The time from now to an HTTP date, negative for one in the past; none if it is not a date.
    fn time_until(&self, date: &str) -> Option<Millis>;
    /// A random number in 0..1.
    fn random(&self) -> f64;
    /// Waits a whole number of milliseconds.
    async fn sleep(&self, ms: u32);
    /// One HTTP exchange: redirects refused, no credentials, no cache. At most `max_bytes` of the response
    /// body are read.
    ///
    /// A POST if there is a body, otherwise a simple GET that carries nothing but the address.
    async fn send(
        &self,
        url: &str,
        body: Option<&dyn Record<Self::Value>>,
        max_bytes: u32,
    ) -> Result<RawResponse<Self::Value>, SendError>;
    /// The text that a value is (a string, bytes) or holds (a request); none where it has more than
    /// `max_bytes`.
    async fn read_text(
        &self,
        value: &Self::Value,
        max_bytes: u32,
    ) -> Result<Option<Self::Value>, ErrorRecord>;
    /// The value that a string of JSON describes, if it is JSON.
    fn parse_json(&self, text: &Self::Value) -> Option<Self::Value>;
    /// Opens an image that is neither a string nor binary: awaits a promise, reads a stream or a list of numbers to at
    /// most one chunk above `max_bytes`, encodes a canvas.
    async fn open_image(
        &self,
        value: &Self::Value,
        max_bytes: u32,
    ) -> Result<Opened<Self::Value>, ErrorRecord>;
    /// The image in a [`ValueType::Binary`] or a string as standard base64. Of bytes, no more is read than the value has
    /// announced; if there are more than `max_bytes`, the text is empty. Text is base64 of either alphabet or a `data:`
    /// URL, in the ways in which other programs write them.
    async fn encode_image(
        &self,
        value: &Self::Value,
        max_bytes: u32,
    ) -> Result<Encoded<Self::Value>, ErrorRecord>;
}
