//! The two services: where they are, which images they take, what can be reported to them.

use serde::Serialize;
use std::borrow::Cow;

/// Bounds of an image's size, both inclusive, on the decoded bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct ImageLimits {
    /// Smallest size in bytes that the service takes: 100 on both (their error pages).
    pub min_bytes: u32,
    /// Largest size in bytes that the service takes: 500,000 on CapMonster Cloud, 50,000 on BroCapGPT
    /// (their error pages).
    pub max_bytes: u32,
}

/// What can be reported as answered wrongly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "lowercase")]
pub enum ReportKind {
    /// The text read from an image.
    Image,
    /// A token.
    Token,
}

/// A service that speaks the protocol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct ServiceProfile {
    /// The name that errors show, such as `"capmonster"`.
    pub name: Cow<'static, str>,
    /// The address before the method's name, without a slash at its end. A path is kept.
    /// https; http on loopback only.
    pub base_url: Cow<'static, str>,
    /// Which image sizes it takes.
    pub image_limits: ImageLimits,
    /// What can be reported to it; empty where it has no report methods.
    #[cfg_attr(target_arch = "wasm32", tsify(type = "ReportKind[]"))]
    pub reports: Cow<'static, [ReportKind]>,
}

/// <https://capmonster.cloud>
pub const CAPMONSTER: ServiceProfile = ServiceProfile {
    name: Cow::Borrowed("capmonster"),
    base_url: Cow::Borrowed("https://api.capmonster.cloud"),
    image_limits: ImageLimits { min_bytes: 100, max_bytes: 500_000 },
    reports: Cow::Borrowed(&[ReportKind::Image, ReportKind::Token]),
};

/// <https://brocapgpt.com>
pub const BROCAPGPT: ServiceProfile = ServiceProfile {
    name: Cow::Borrowed("brocapgpt"),
    base_url: Cow::Borrowed("https://api.brocapgpt.com"),
    image_limits: ImageLimits { min_bytes: 100, max_bytes: 50_000 },
    reports: Cow::Borrowed(&[]),
};
