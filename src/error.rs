//! Failures as data. They are put into words once, where they cross the border to the caller.

use crate::content::ContentKind;
use crate::error_table::{Class, ErrorTableRow, code, row_of_service};
use crate::key::ClientKey;
use crate::message::{Catalogue, Message, Template};
use crate::method::{Method, TaskId};
use crate::platform::{ErrorRecord, HostValue, MAX_MEMBERS, ValueType};
use crate::record::{MemberWriter, Record};
use crate::texts;
use std::any::Any;
use std::borrow::Cow;
use std::rc::Rc;

/// How deep an answer is searched for the key. Those of services have a depth of four.
const MAX_SEARCHED_DEPTH: u32 = 32;

/// What every fallible part of the core returns. Boxed, because a failure is large and rare.
pub type Result<T> = std::result::Result<T, Box<Failure>>;

/// Where an error comes from: `"client"`, before anything was sent; `"service"`, in its response; or
/// `"transport"`, between the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), serde(rename_all = "lowercase"))]
pub enum Origin {
    /// Found before anything was sent.
    Client,
    /// Reported by the service.
    Service,
    /// Between the client and the service.
    Transport,
}

impl Origin {
    fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Service => "service",
            Self::Transport => "transport",
        }
    }
}

/// What caused a failure.
#[derive(Clone, Debug)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), serde(untagged))]
pub enum Cause {
    /// An error of the platform.
    Platform(ErrorRecord),
    /// Another failure, such as the last one before a timeout.
    Failure(Box<Failure>),
}

/// A failed call, as data.
#[derive(Clone, Debug)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), serde(rename_all = "camelCase"))]
pub struct Failure {
    /// The name of the error's class, such as `"KeyError"`.
    #[cfg_attr(target_arch = "wasm32", serde(rename = "name"), tsify(type = "keyof ErrorCodes"))]
    pub class: Class,
    /// The service's code, or one of the client's own.
    pub code: Cow<'static, str>,
    /// What happened, with the offending value and the limit.
    #[cfg_attr(target_arch = "wasm32", tsify(type = "string"))]
    message: Message,
    /// What to do about it, in a sentence or two.
    #[cfg_attr(target_arch = "wasm32", tsify(type = "string"))]
    hint: Message,
    /// Where it comes from: `"client"` (nothing was sent), `"service"`, or `"transport"` between the two.
    pub origin: Origin,
    /// Whether the same call may succeed later without changes.
    pub retryable: bool,
    /// The protocol method that failed or would have been called.
    #[cfg_attr(target_arch = "wasm32", tsify(optional))]
    pub method: Option<Method>,
    /// The name of the service, such as `"capmonster"`.
    #[cfg_attr(target_arch = "wasm32", tsify(optional))]
    pub service: Option<Cow<'static, str>>,
    /// The task's id, once it exists.
    #[cfg_attr(target_arch = "wasm32", tsify(optional, type = "number | string"))]
    pub task_id: Option<TaskId>,
    /// The service's code, verbatim: its first 200 characters.
    #[cfg_attr(target_arch = "wasm32", tsify(optional))]
    pub server_code: Option<String>,
    /// The service's description, verbatim except for an echoed key: its first 4,096 characters.
    #[cfg_attr(target_arch = "wasm32", tsify(optional))]
    pub server_message: Option<String>,
    /// The HTTP status of the response, such as 503.
    #[cfg_attr(target_arch = "wasm32", tsify(optional))]
    pub http_status: Option<u16>,
    /// `ImageError`: the image's size in bytes.
    #[cfg_attr(target_arch = "wasm32", tsify(optional))]
    pub size: Option<f64>,
    /// `ImageError`: the exceeded bound, in bytes.
    #[cfg_attr(target_arch = "wasm32", tsify(optional))]
    pub limit: Option<u32>,
    /// `ImageError`: the image's index in its array, from 0.
    #[cfg_attr(target_arch = "wasm32", tsify(optional))]
    pub index: Option<usize>,
    /// `ImageError`: what it is instead of an image.
    #[cfg_attr(target_arch = "wasm32", tsify(optional))]
    pub detected: Option<ContentKind>,
    /// `TaskError`: the field, such as `"websiteURL"`; `ImageError`: the field with the array of images.
    #[cfg_attr(target_arch = "wasm32", tsify(optional))]
    pub field: Option<String>,
    /// `OptionsError`: the option, such as `"imageLimits.maxBytes"`.
    #[cfg_attr(target_arch = "wasm32", tsify(optional))]
    pub option: Option<String>,
    /// How long to wait before trying again, in ms: at most a day.
    #[cfg_attr(target_arch = "wasm32", tsify(optional))]
    pub retry_after_ms: Option<f64>,
    /// `TransportError` of `createTask`: whether the task may exist and be charged.
    #[cfg_attr(target_arch = "wasm32", tsify(optional))]
    pub may_have_created_task: Option<bool>,
    /// What the service answered, verbatim, where the answer cannot be used: it may be paid for.
    #[cfg_attr(target_arch = "wasm32", tsify(optional, type = "unknown"))]
    pub solution: Option<Rc<dyn Any>>,
    /// What caused it.
    #[cfg_attr(target_arch = "wasm32", tsify(optional))]
    pub cause: Option<Cause>,
}

impl Failure {
    /// A failure with the sentence and the hint of its code. `detail` completes the sentence: the value, the
    /// limit.
    #[must_use]
    pub fn new(
        row: &'static ErrorTableRow,
        origin: Origin,
        detail: impl Into<Message>,
    ) -> Box<Self> {
        Self::build(row, Cow::Borrowed(row.code), origin, Some(detail.into()))
    }

    /// An error that the service has reported, with its own code.
    #[must_use]
    pub fn of_service(server_code: Option<String>, detail: Option<Message>) -> Box<Self> {
        let row = server_code.as_deref().and_then(row_of_service).unwrap_or(code::UNKNOWN);
        let is_row = |code: &String| code.eq_ignore_ascii_case(row.code);
        let code = server_code.clone().filter(|code| !is_row(code));
        let code = code.map_or(Cow::Borrowed(row.code), Cow::Owned);
        let mut failure = Self::build(row, code, Origin::Service, detail);
        failure.server_code = server_code;
        failure
    }

    fn build(
        row: &'static ErrorTableRow,
        code: Cow<'static, str>,
        origin: Origin,
        detail: Option<Message>,
    ) -> Box<Self> {
        let sentence = Message::sentence(row);
        Box::new(Self {
            class: row.class,
            code,
            message: match detail {
                Some(detail) => texts::SENTENCE.with([sentence, detail]),
                None => sentence,
            },
            hint: Message::hint(row),
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
            detected: None,
            field: None,
            option: None,
            retry_after_ms: None,
            may_have_created_task: None,
            solution: None,
            cause: None,
        })
    }

    /// An option that cannot be used, and the rule it breaks.
    #[must_use]
    pub fn option(name: &str, rule: impl Into<Message>) -> Box<Self> {
        let mut failure = Self::named(code::INVALID_OPTIONS, name, rule.into());
        failure.option = Some(name.to_owned());
        failure
    }

    /// A field of a task that cannot be sent, and the rule it breaks.
    #[must_use]
    pub fn field(name: &str, rule: impl Into<Message>) -> Box<Self> {
        let mut failure = Self::named(code::INVALID_TASK, name, rule.into());
        failure.field = Some(name.to_owned());
        failure
    }

    fn named(row: &'static ErrorTableRow, name: &str, rule: Message) -> Box<Self> {
        Self::new(row, Origin::Client, texts::NAMED_RULE.with([Message::literal(name), rule]))
    }

    /// An answer of the service that cannot be right.
    #[must_use]
    pub fn bad_response(detail: impl Into<Message>) -> Box<Self> {
        Self::new(code::BAD_RESPONSE, Origin::Transport, detail)
    }

    /// The same refusal of the service, now reported by the client without a request.
    #[must_use]
    pub fn as_local_refusal(&self) -> Box<Self> {
        let mut refusal = Self::build(code::UNKNOWN, self.code.clone(), Origin::Client, None);
        refusal.class = self.class;
        let message = self.message.clone();
        refusal.message = match self.origin {
            Origin::Service => texts::REFUSED_BEFORE.with([message]),
            _ => message,
        };
        refusal.hint = self.hint.clone();
        refusal.retryable = self.retryable;
        refusal.server_code.clone_from(&self.server_code);
        refusal.server_message.clone_from(&self.server_message);
        refusal
    }

    /// With another hint than that of its code.
    #[must_use]
    pub fn with_hint(mut self: Box<Self>, hint: Template<0>) -> Box<Self> {
        self.hint = hint.into();
        self
    }

    /// With the error of the platform that caused it.
    #[must_use]
    pub fn with_cause(mut self: Box<Self>, cause: ErrorRecord) -> Box<Self> {
        self.cause = Some(Cause::Platform(cause));
        self
    }

    /// With the task it is about. Everything that fails after creation has one.
    #[must_use]
    pub fn with_task_id(mut self: Box<Self>, task: &TaskId) -> Box<Self> {
        self.task_id = Some(task.clone());
        self
    }

    /// With what the service answered instead of something that can be used, unless the key is in it.
    #[must_use]
    pub fn with_solution<V: HostValue>(
        mut self: Box<Self>,
        answer: &V,
        key: &ClientKey,
    ) -> Box<Self> {
        if !has_key(answer, key, MAX_SEARCHED_DEPTH) {
            self.solution = Some(Rc::new(answer.clone()));
        }
        self
    }

    /// Says whether the task may exist although no id came back. If so, only the caller may decide to repeat.
    #[must_use]
    pub fn with_possible_task(mut self: Box<Self>, may_exist: bool) -> Box<Self> {
        self.may_have_created_task = Some(may_exist);
        if may_exist {
            self.retryable = false;
            return self.with_hint(texts::HINT_MAY_EXIST);
        }
        self
    }

    /// Takes the key out of every text that others may have written into it.
    #[must_use]
    pub fn redacted(mut self: Box<Self>, key: &ClientKey) -> Box<Self> {
        let redact = |text: &mut String| *text = key.redact(text);
        self.message.change_literals(&redact);
        if let Some(Cause::Platform(error)) = &mut self.cause {
            error.change_texts(&redact);
        }
        self
    }

    /// What happened, with the offending value and the limit.
    #[must_use]
    pub fn message(&self, catalogue: &Catalogue) -> String {
        catalogue.render(&self.message)
    }

    /// What the caller should do next.
    #[must_use]
    pub fn hint(&self, catalogue: &Catalogue) -> String {
        catalogue.render(&self.hint)
    }

    /// The failure with its message and hint in the words of a language.
    #[must_use]
    pub fn rendered<'a>(&'a self, catalogue: &'a Catalogue) -> Rendered<'a> {
        Rendered { failure: self, catalogue }
    }
}

/// Whether the key is in the texts of a value.
fn has_key<V: HostValue>(value: &V, key: &ClientKey, depth: u32) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    let is_in = |text: &str| key.redact(text) != text;
    match value.value_type() {
        ValueType::String => value.as_string().is_some_and(|text| is_in(&text)),
        ValueType::Array => {
            let items = value.items(MAX_MEMBERS).unwrap_or_default();
            items.iter().any(|item| has_key(item, key, depth))
        }
        ValueType::Object => {
            let entries = value.entries().unwrap_or_default();
            entries.iter().any(|(name, value)| is_in(name) || has_key(value, key, depth))
        }
        _ => false,
    }
}

/// A failure in the words of a language, as it crosses the border.
#[derive(Clone, Copy)]
pub struct Rendered<'a> {
    failure: &'a Failure,
    catalogue: &'a Catalogue,
}

impl<V: 'static> Record<V> for Rendered<'_> {
    fn members(&self, put: &mut MemberWriter<'_, V>) {
        let Self { failure, catalogue } = *self;
        put.text("name", failure.class.name());
        put.text("code", &failure.code);
        put.text("message", &catalogue.render(&failure.message));
        put.text("hint", &catalogue.render(&failure.hint));
        put.text("origin", failure.origin.name());
        put.flag("retryable", failure.retryable);
        put.text_if_any("method", failure.method.map(Method::name));
        put.text_if_any("service", failure.service.as_deref());
        put.text_if_any("serverCode", failure.server_code.as_deref());
        put.text_if_any("serverMessage", failure.server_message.as_deref());
        put.text_if_any("detected", failure.detected.map(ContentKind::name));
        put.text_if_any("field", failure.field.as_deref());
        put.text_if_any("option", failure.option.as_deref());
        if let Some(id) = &failure.task_id {
            id.write(put);
        }
        put.whole_if_any("httpStatus", failure.http_status.map(u64::from));
        put.whole_if_any("limit", failure.limit.map(u64::from));
        put.whole_if_any("index", failure.index.map(|index| index as u64));
        put.number_if_any("size", failure.size);
        put.number_if_any("retryAfterMs", failure.retry_after_ms);
        if let Some(may_exist) = failure.may_have_created_task {
            put.flag("mayHaveCreatedTask", may_exist);
        }
        if let Some(solution) = failure.solution.as_ref().and_then(|it| it.downcast_ref()) {
            put.value("solution", solution);
        }
        match &failure.cause {
            Some(Cause::Platform(error)) => put.object("cause", error),
            Some(Cause::Failure(cause)) => put.object("cause", &cause.rendered(catalogue)),
            None => {}
        }
    }
}
