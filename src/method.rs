//! The methods of the protocol, and the id of a task.

use crate::platform::{HostValue, ValueType};
use crate::record::MemberWriter;
use crate::text_search::whole_number;
use std::rc::Rc;

/// The longest text of an id, in code units. A UUID has 36.
const MAX_LENGTH: f64 = 1_024.0;

/// A method of the services' protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), serde(rename_all = "camelCase"))]
pub enum Method {
    /// Creates a task, which may be charged.
    CreateTask,
    /// Requests a task's result.
    GetTaskResult,
    /// Requests the account's balance.
    GetBalance,
    /// Asks for the User-Agent that tasks should carry: a GET to another address, without the key.
    GetUserAgent,
    /// Reports a wrong text of an image.
    ReportIncorrectImageCaptcha,
    /// Reports a rejected token.
    ReportIncorrectTokenCaptcha,
}

impl Method {
    /// Its name, which is also its path, except for `getUserAgent`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CreateTask => "createTask",
            Self::GetTaskResult => "getTaskResult",
            Self::GetBalance => "getBalance",
            Self::GetUserAgent => "getUserAgent",
            Self::ReportIncorrectImageCaptcha => "reportIncorrectImageCaptcha",
            Self::ReportIncorrectTokenCaptcha => "reportIncorrectTokenCaptcha",
        }
    }
}

/// The id of a task, exactly as the service gave it: digits in quotes stay text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TaskId {
    /// A whole number from 1 to 2^53 − 1. JavaScript would round a larger one.
    Number(u64),
    /// A text of 1 to 1,024 characters, such as a UUID.
    Text(Rc<str>),
}

impl TaskId {
    /// The largest number.
    pub const MAX: u64 = 9_007_199_254_740_991;
    /// What no task has: the id of a task that was answered at once, without one.
    pub const NONE: Self = Self::Number(0);

    /// Reads an id, which must be exact.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    pub fn read<V: HostValue>(value: &V) -> Option<Self> {
        match value.value_type() {
            ValueType::Number(id)
                if id.fract() == 0.0 && (1.0..=Self::MAX as f64).contains(&id) =>
            {
                Some(Self::Number(id as u64))
            }
            // Its length is looked at first: it may be a page.
            ValueType::String if value.string_length() <= MAX_LENGTH => {
                let text = value.as_string().filter(|text| is_id(text))?;
                Some(Self::Text(text.into()))
            }
            _ => None,
        }
    }

    /// The number that a text of digits is.
    #[must_use]
    pub fn as_number(&self) -> Option<Self> {
        let Self::Text(text) = self else { return Some(self.clone()) };
        let digits = Some(text).filter(|text| !text.starts_with("0"))?;
        whole_number(digits, 10).filter(|number| *number <= Self::MAX).map(Self::Number)
    }

    /// Writes the member `taskId` of an object.
    pub fn write<V>(&self, put: &mut MemberWriter<'_, V>) {
        match self {
            Self::Number(id) => put.whole("taskId", *id),
            Self::Text(id) => put.text("taskId", id),
        }
    }
}

/// Whether a text may be an id. One with a control character or a character that was lost is none, and `"0"` is what
/// services write where there is no task.
fn is_id(text: &str) -> bool {
    let is_lost = |c: char| c < ' ' || matches!(c, '\u{7f}'..='\u{9f}' | '\u{fffd}');
    !matches!(text.trim_ascii(), "" | "0") && !text.chars().any(is_lost)
}

#[cfg(test)]
impl From<u32> for TaskId {
    fn from(id: u32) -> Self {
        Self::Number(id.into())
    }
}
