//! The methods of the protocol, and the id of a task.

use crate::platform::{HostValue, ValueType};

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

/// The id of a task: 1 to 2^53 − 1. JavaScript would round a larger one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TaskId(u64);

impl TaskId {
    /// The largest id.
    pub const MAX: u64 = 9_007_199_254_740_991;

    /// Reads an id, which must be exact: a whole number, or its digits as text.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    pub fn read<V: HostValue>(value: &V) -> Option<Self> {
        let id = match value.value_type() {
            // Negative numbers saturate to 0, which the range check rejects.
            ValueType::Number(id) if id.fract() == 0.0 && id <= Self::MAX as f64 => id as u64,
            ValueType::String => value
                .as_string()
                .filter(|text| !matches!(text.as_bytes(), [b'0' | b'+', ..]))?
                .parse()
                .ok()?,
            _ => return None,
        };
        (1..=Self::MAX).contains(&id).then_some(Self(id))
    }
}

#[cfg(test)]
impl From<u32> for TaskId {
    fn from(id: u32) -> Self {
        Self(id.into())
    }
}

impl From<TaskId> for u64 {
    fn from(id: TaskId) -> Self {
        id.0
    }
}
