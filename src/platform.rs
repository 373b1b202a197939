//! What the core asks of its host: JSON values, HTTP, time.
//!
//! There are two hosts: the JavaScript one in `js`, and the scripted one of the tests, in virtual time.
//! Nothing here can be cancelled by a call, and need not be: who drops a future of the host stops the
//! request or the timer behind it. That is how an abort works at every await.

use crate::schedule::Millis;
use crate::texts::{self, Detail};
use serde::Serialize;

/// What kind of value this is, as the rules see it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number; may be NaN or infinite.
    Number(f64),
    /// Text.
    Text,
    /// An array.
    List,
    /// Any other object.
    Object,
    /// Bytes that can be read: their number is known beforehand.
    Binary(f64),
    /// A function, a symbol, a bigint: nothing that JSON has.
    Other,
}

/// A JSON value of the host. It is read by key and passed on untouched, never converted as a whole:
/// a deep or huge solution costs nothing.
pub trait Json: Clone + Serialize + 'static {
    /// What it is.
    fn kind(&self) -> Kind;
    /// Its text, if it is text.
    fn text(&self) -> Option<String>;
    /// How long its text is, in units of the host, without copying it.
    fn text_length(&self) -> f64;
    /// A number as the host writes it: formatting floats would be a tenth of the whole module.
    fn digits(&self) -> String;
    /// A member of an object. What is undefined is absent.
    fn get(&self, key: &str) -> Option<Self>;
    /// A member of an object of the platform, its own or inherited.
    fn member(&self, key: &str) -> Option<Self>;
    /// The members of an object, in their order, without those that are undefined.
    fn entries(&self) -> Vec<(String, Self)>;
    /// The items of a list.
    fn items(&self) -> Vec<Self>;

    /// The value for a message. Text is not shown: it may be a key in the wrong place.
    fn shown(&self) -> Detail {
        match self.kind() {
            Kind::Null => Detail::verbatim("null"),
            Kind::Bool(value) => Detail::verbatim(if value { "true" } else { "false" }),
            Kind::Number(_) => Detail::Verbatim(self.digits()),
            Kind::Text => texts::TEXT.into(),
            Kind::List => texts::LIST.into(),
            Kind::Object => texts::OBJECT.into(),
            Kind::Binary(_) => texts::BYTES.into(),
            Kind::Other => texts::NOT_OF_JSON.into(),
        }
    }
}

/// The rule that a value breaks which must be something else.
pub fn must_be<V: Json>(what: impl Into<Detail>, value: &V) -> Detail {
    texts::MUST_BE_NOT.with([what.into(), value.shown()])
}

/// The body of an answer.
#[derive(Clone, Debug)]
pub enum Body<V> {
    /// It is JSON.
    Json(V),
    /// It is not, and begins like this.
    Text(String),
    /// It is larger than is read.
    TooLarge,
}

/// An answer, whatever its status.
#[derive(Clone, Debug)]
pub struct Reply<V> {
    /// The HTTP status; 0 for a redirect whose status the platform hides.
    pub status: u16,
    /// `Retry-After`, as a span from now.
    pub retry_after_ms: Option<Millis>,
    /// The body.
    pub body: Body<V>,
}

/// An error of the platform, such as one thrown by `fetch`, as plain data.
// The error itself may hold anything; its text may be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct ErrorRecord {
    /// The error's name, such as `TypeError`.
    pub name: String,
    /// Its message.
    pub message: String,
    /// Its code, such as `ECONNREFUSED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What caused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Box<ErrorRecord>>,
}

impl ErrorRecord {
    /// The message of the first cause: Node says no more than "fetch failed" above it.
    #[must_use]
    pub fn innermost_message(&self) -> &str {
        self.cause.as_ref().map_or(&self.message, |cause| cause.innermost_message())
    }
}

/// Why there is no answer.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The request could not be made or the answer not be read to its end.
    Network(ErrorRecord),
    /// The body cannot be written as JSON (a cycle, a bigint): nothing was sent.
    NotJson(ErrorRecord),
}

/// What the core asks of its host.
#[allow(async_fn_in_trait)] // one thread: nothing needs to be Send
pub trait Host {
    /// A JSON value.
    type Value: Json;

    /// A monotonic clock.
    fn now(&self) -> Millis;
    /// A random number in 0..1.
    fn random(&self) -> f64;
    /// Waits; whole milliseconds.
    async fn sleep(&self, ms: u32);
    /// One HTTP exchange: redirects refused, no credentials, no cache.
    ///
    /// By POST if there is a body; if not, by GET: then nothing is sent but the address.
    async fn send(
        &self,
        url: &str,
        body: Option<&impl Serialize>,
    ) -> Result<Reply<Self::Value>, Fault>;
    /// The body that a value is (text, bytes) or holds (a request), read as that of an answer is.
    async fn body(&self, value: &Self::Value) -> Result<Body<Self::Value>, ErrorRecord>;
    /// The bytes of a [`Kind::Binary`].
    async fn bytes(&self, value: &Self::Value) -> Result<Vec<u8>, ErrorRecord>;
}
