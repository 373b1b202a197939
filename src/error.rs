//! The error table: every code, its class, whether repeating helps, and the words a caller reads.
//!
//! The codes of a service come from its error page; what to do about them is ours. One macro call
//! below holds all rows, and makes from them both the table and the TypeScript types, so that the two
//! cannot disagree.

use crate::host::ErrorRecord;
use crate::texts::{self, Detail, Messages, Text};
use crate::wire::{Method, TaskId};
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::rc::Rc;

/// What every fallible part of the core returns. Boxed, for a failure is large and rare.
pub type Result<T> = std::result::Result<T, Box<Failure>>;

/// Where an error comes from: `"client"`, before anything was sent; `"service"`, in its response; or
/// `"transport"`, between the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// Found before anything was sent.
    Client,
    /// Reported by the service.
    Service,
    /// Between the client and the service.
    Transport,
}

/// What caused a failure.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(untagged)]
pub enum Cause {
    /// An error of the platform.
    Platform(ErrorRecord),
    /// Another failure, such as the last one before a timeout.
    Failure(Box<Failure>),
}

/// A failed call, as data.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// The name of the error's class, such as `"KeyError"`.
    #[serde(serialize_with = "class_name", rename = "name")]
    #[cfg_attr(target_arch = "wasm32", tsify(type = "keyof ErrorCodes"))]
    pub class: Class,
    /// The service's code, or one of the client's own.
    pub code: Cow<'static, str>,
    /// What happened, with the offending value and the limit.
    pub message: String,
    /// What to do about it, in a sentence or two.
    pub hint: String,
    /// Where it comes from: `"client"` (nothing was sent), `"service"`, or `"transport"` between the two.
    pub origin: Origin,
    /// Whether the same call may succeed later without changes.
    pub retryable: bool,
    /// The protocol method that failed or would have been called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    /// The name of the service, such as `"capmonster"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The task's id, once it exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(target_arch = "wasm32", tsify(optional, type = "number"))]
    pub task_id: Option<TaskId>,
    /// The service's code, verbatim.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_code: Option<String>,
    /// The service's description, verbatim except for an echoed key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_message: Option<String>,
    /// The HTTP status of the response, such as 503.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_status: Option<u16>,
    /// `ImageError`: the image's size in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<f64>,
    /// `ImageError`: the exceeded bound, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `ImageError`: the image's index in its array, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<usize>,
    /// `TaskError`: the field, such as `"websiteURL"`; `ImageError`: the field with the array of images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// `OptionsError`: the option, such as `"imageLimits.maxBytes"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub option: Option<String>,
    /// How long to wait before trying again, in ms: at most a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<f64>,
    /// `TransportError` of `createTask`: whether the task may exist and be charged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub may_have_created_task: Option<bool>,
    /// What caused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// What `message` and `hint` are made of, so that they can be said in another language.
    #[serde(skip)]
    words: Words,
}

/// What the words of a failure are made of. Shared, for the clones of a failure say the same.
#[derive(Clone, Debug)]
struct Words {
    message: Rc<Detail>,
    hint: Rc<Detail>,
    is_repeated: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // the signature is serde's
fn class_name<S: Serializer>(class: &Class, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(class.name())
}

impl Failure {
    /// A failure with the words of its row, in English. `detail` completes the message: the value, the
    /// limit.
    #[must_use]
    pub fn new(
        code: impl Into<Cow<'static, str>>,
        origin: Origin,
        detail: impl Into<Detail>,
    ) -> Box<Self> {
        Self::made(code.into(), origin, detail.into())
    }

    fn made(code: Cow<'static, str>, origin: Origin, detail: Detail) -> Box<Self> {
        // A service does not speak of the client's own troubles, whatever its code looks like.
        let is_theirs = code.starts_with("ERROR_") || code == "WRONG_CAPTCHA_ID";
        let known = row(&code).filter(|_| is_theirs || origin != Origin::Service);
        let row = known.or_else(|| row(code::UNKNOWN)).unwrap_or(&NO_ROW);
        let message = Detail::OfCode(row.code, "message", row.message);
        let message = match detail {
            Detail::Verbatim(text) if text.is_empty() => message,
            detail => texts::SENTENCE.with([message, detail]),
        };
        let failure = Box::new(Self {
            message: String::new(),
            code,
            class: row.class,
            hint: String::new(),
            origin,
            retryable: row.retryable,
            method: None,
            service: None,
            task_id: None,
            server_code: None,
            server_message: None,
            http_status: None,
            size: None,
            limit: None,
            index: None,
            field: None,
            option: None,
            retry_after_ms: None,
            may_have_created_task: None,
            cause: None,
            words: Words {
                message: Rc::new(message),
                hint: Detail::OfCode(row.code, "hint", row.hint).into(),
                is_repeated: false,
            },
        });
        failure.said_in(&Messages::default())
    }

    /// Says it in another language.
    #[must_use]
    pub fn said_in(mut self: Box<Self>, messages: &Messages) -> Box<Self> {
        self.message = messages.say(&self.words.message);
        if self.words.is_repeated {
            let message = std::mem::take(&mut self.message);
            self.message = messages.say(&texts::REPEATED.with([Detail::Verbatim(message)]));
        }
        self.hint = messages.say(&self.words.hint);
        self
    }

    /// Changes all that others have written into its words. They are said again afterwards.
    #[must_use]
    pub fn cleaned(mut self: Box<Self>, clean: &dyn Fn(&str) -> String) -> Box<Self> {
        self.words.message = Rc::new(self.words.message.map(clean));
        self
    }

    /// With another hint than that of its code.
    #[must_use]
    pub fn hinting(mut self: Box<Self>, hint: Text<0>) -> Box<Self> {
        self.words.hint = Rc::new(hint.into());
        self.said_in(&Messages::default())
    }

    /// The same refusal of the service, not met again but told again by the client.
    #[must_use]
    pub fn told_again(&self) -> Box<Self> {
        let no_detail = Detail::Verbatim(String::new());
        let mut again = Self::made(self.code.clone(), Origin::Client, no_detail);
        again.class = self.class;
        again.retryable = self.retryable;
        again.server_code.clone_from(&self.server_code);
        again.server_message.clone_from(&self.server_message);
        again.words = Words { is_repeated: true, ..self.words.clone() };
        again.said_in(&Messages::default())
    }

    /// An option that cannot be used, and the rule it breaks.
    #[must_use]
    pub fn option(name: &str, rule: impl Into<Detail>) -> Box<Self> {
        let mut failure = Self::named(code::INVALID_OPTIONS, name, rule.into());
        failure.option = Some(name.to_owned());
        failure
    }

    /// A field of a task that cannot be sent, and the rule it breaks.
    #[must_use]
    pub fn field(name: &str, rule: impl Into<Detail>) -> Box<Self> {
        let mut failure = Self::named(code::INVALID_TASK, name, rule.into());
        failure.field = Some(name.to_owned());
        failure
    }

    fn named(code: &'static str, name: &str, rule: Detail) -> Box<Self> {
        let detail = texts::NAMED.with([Detail::verbatim(name), rule]);
        Self::made(Cow::Borrowed(code), Origin::Client, detail)
    }

    /// Says which task it is about. Everything that fails after creation passes here.
    #[must_use]
    pub fn about(mut self: Box<Self>, task: TaskId) -> Box<Self> {
        self.task_id = Some(task);
        self
    }

    /// Says whether the task may exist although no id came back; if so, a repeat is the caller's choice.
    #[must_use]
    pub fn may_have_created(mut self: Box<Self>, may: bool) -> Box<Self> {
        self.may_have_created_task = Some(may);
        if may {
            self.retryable = false;
            return self.hinting(texts::HINT_MAY_EXIST);
        }
        self
    }
}
