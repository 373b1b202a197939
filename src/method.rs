//! What both sides of the wire are called by: the methods, and the number of a task.

use crate::host::{Json, Kind};
use crate::split::split_once;
use serde::{Serialize, Serializer};

/// A method of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub enum Method {
    /// Creates a task, which may be charged.
    CreateTask,
    /// Requests a task's result.
    GetTaskResult,
    /// Requests the account's balance.
    GetBalance,
    /// Requests the User-Agent for tasks, from another URL and without the key.
    GetUserAgent,
    /// Reports a wrong text of an image.
    ReportIncorrectImageCaptcha,
    /// Reports a rejected token.
    ReportIncorrectTokenCaptcha,
}

impl Method {
    /// Its name, which is its path too, but for getUserAgent.
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

/// A key without its suffixes, such as that of `KEY__module`: they choose how, not for whom.
#[must_use]
pub fn account(key: &str) -> &str {
    split_once(key, "__").map_or(key, |(account, _)| account)
}

/// A task's number: 1 to 2^53 − 1, for beyond that JavaScript would round it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TaskId(u64);

impl TaskId {
    /// The largest.
    pub const MAX: u64 = 9_007_199_254_740_991;

    /// The id in a value, which must be exact: a whole number, or the digits of one.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    pub fn read<V: Json>(value: &V) -> Option<Self> {
        let id = match value.kind() {
            // What is below zero becomes zero, which is none either.
            Kind::Number(id) if id.fract() == 0.0 && id <= Self::MAX as f64 => id as u64,
            Kind::Text => value
                .text()
                .filter(|text| !matches!(text.as_bytes(), [b'0' | b'+', ..]))?
                .parse()
                .ok()?,
            _ => return None,
        };
        (1..=Self::MAX).contains(&id).then_some(Self(id))
    }
}

impl From<TaskId> for u64 {
    fn from(id: TaskId) -> Self {
        id.0
    }
}

impl Serialize for TaskId {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}
