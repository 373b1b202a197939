//! The differences between the two services, and their methods.

use crate::codes::{self, Code};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// One of the two services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// CapMonster Cloud.
    CapMonster,
    /// BroCapGPT.
    BroCapGpt,
}

impl Service {
    /// Both services.
    pub const ALL: [Self; 2] = [Self::CapMonster, Self::BroCapGpt];

    /// The name in paths, scripts and the request log.
    pub fn name(self) -> &'static str {
        match self {
            Self::CapMonster => "capmonster",
            Self::BroCapGpt => "brocapgpt",
        }
    }

    /// How many bytes an image may have after base64 decoding.
    pub fn image_bytes(self) -> RangeInclusive<usize> {
        match self {
            Self::CapMonster => 100..=500_000,
            Self::BroCapGpt => 100..=50_000,
        }
    }

    /// The id of the first task. The two ranges are far apart, so an id used at the other service is unknown.
    pub fn first_task_id(self) -> u64 {
        match self {
            Self::CapMonster => 410_000_001,
            Self::BroCapGpt => 730_000_001,
        }
    }

    /// The error for an unknown task. The error pages list two codes without saying when each is sent, so each
    /// service here sends one of them, and a client must know both.
    pub fn unknown_task(self) -> Code {
        match self {
            Self::CapMonster => codes::ERROR_NO_SUCH_CAPCHA_ID,
            Self::BroCapGpt => codes::WRONG_CAPTCHA_ID,
        }
    }

    /// The path that returns the User-Agent for tasks, with a GET and without a key, if the service has one. The
    /// real service has it on another host, so it is not a method of the protocol.
    pub fn user_agent_path(self) -> Option<&'static str> {
        (self == Self::CapMonster).then_some("api/useragent/actual")
    }

    /// The method with this name, if this service has it.
    pub fn method(self, name: &str) -> Option<Method> {
        let method = Method::ALL.into_iter().find(|method| method.name() == name)?;
        let here = self == Self::CapMonster || !method.is_report();
        here.then_some(method)
    }
}

/// A method of the services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Method {
    /// Creates a task.
    CreateTask,
    /// Returns the state of a task.
    GetTaskResult,
    /// Returns the account's balance.
    GetBalance,
    /// Reports a wrong answer of an image task.
    ReportIncorrectImageCaptcha,
    /// Reports a wrong answer of a token task.
    ReportIncorrectTokenCaptcha,
    /// The older name of [`Self::ReportIncorrectTokenCaptcha`].
    ReportIncorrectRecaptcha,
}

impl Method {
    const ALL: [Self; 6] = [
        Self::CreateTask,
        Self::GetTaskResult,
        Self::GetBalance,
        Self::ReportIncorrectImageCaptcha,
        Self::ReportIncorrectTokenCaptcha,
        Self::ReportIncorrectRecaptcha,
    ];

    /// The name in the path.
    pub fn name(self) -> &'static str {
        match self {
            Self::CreateTask => "createTask",
            Self::GetTaskResult => "getTaskResult",
            Self::GetBalance => "getBalance",
            Self::ReportIncorrectImageCaptcha => "reportIncorrectImageCaptcha",
            Self::ReportIncorrectTokenCaptcha => "reportIncorrectTokenCaptcha",
            Self::ReportIncorrectRecaptcha => "reportIncorrectRecaptcha",
        }
    }

    fn is_report(self) -> bool {
        !matches!(self, Self::CreateTask | Self::GetTaskResult | Self::GetBalance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_on_the_wire_and_in_scripts_are_the_same() {
        for method in Method::ALL {
            assert_eq!(serde_json::to_value(method).unwrap(), method.name());
        }
        for service in Service::ALL {
            assert_eq!(serde_json::to_value(service).unwrap(), service.name());
        }
    }

    #[test]
    fn only_capmonster_takes_reports() {
        assert!(Service::CapMonster.method("reportIncorrectImageCaptcha").is_some());
        assert!(Service::BroCapGpt.method("reportIncorrectImageCaptcha").is_none());
        assert!(Service::BroCapGpt.method("getBalance").is_some());
    }

    #[test]
    fn method_names_are_case_sensitive() {
        assert!(Service::CapMonster.method("createtask").is_none());
    }
}
