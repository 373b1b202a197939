//! The services: their addresses, image limits, and the methods that not all of them have.
//!
//! A service is one entry of the table at the end.

use crate::method::Method;
use serde::Serialize;
use std::borrow::Cow;

/// Bounds of an image's size, both inclusive. What counts are the image's bytes, not its base64 text.
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

/// What can be reported as answered wrongly: `"image"`, the text read from an image, or `"token"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "lowercase")]
pub enum ReportKind {
    /// The text read from an image.
    Image,
    /// A token.
    Token,
}

impl ReportKind {
    /// The kind with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "image" => Some(Self::Image),
            "token" => Some(Self::Token),
            _ => None,
        }
    }

    /// The method for such a report.
    #[must_use]
    pub fn method(self) -> Method {
        match self {
            Self::Image => Method::ReportIncorrectImageCaptcha,
            Self::Token => Method::ReportIncorrectTokenCaptcha,
        }
    }
}

/// A service that speaks the protocol. Its limits are in force before anything is sent.
///
/// @example
/// ```ts
/// const service = {
///   name: "own",
///   baseUrl: "https://captcha.me.example/api",
///   imageLimits: { minBytes: 100, maxBytes: 200_000 },
///   reports: [],
/// };
/// const client = new Client({ clientKey, service });
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct ServiceProfile {
    /// The name that errors show, such as `"capmonster"`.
    pub name: Cow<'static, str>,
    /// The address before the method's name, without a slash at its end. A path is kept.
    /// https; http on loopback only.
    pub base_url: Cow<'static, str>,
    /// Which image sizes it takes, in bytes.
    pub image_limits: ImageLimits,
    /// What `reportIncorrect()` can report to it; empty where it has no report methods.
    #[cfg_attr(target_arch = "wasm32", tsify(type = "ReportKind[]"))]
    pub reports: Cow<'static, [ReportKind]>,
    /// Where `getUserAgent()` reads the User-Agent that the service wants in tasks: the whole address of
    /// a plain text, which is asked for without the key. https; http on loopback only; no user.
    /// `baseUrl` does not change it. Absent where the service has no such address.
    ///
    /// @example "https://capmonster.cloud/api/useragent/actual"
    #[cfg_attr(target_arch = "wasm32", tsify(optional, type = "string"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent_url: Option<Cow<'static, str>>,
}

macro_rules! services {
    ($($(#[$doc:meta])* $constant:ident $name:literal { $($field:ident: $value:expr),+ $(,)? })+) => {
        $($(#[$doc])* pub const $constant: ServiceProfile =
            ServiceProfile { name: Cow::Borrowed($name), $($field: $value),+ };)+

        /// Every service that is known by its name. The first one is the default.
        pub const SERVICES: &[ServiceProfile] = &[$($constant),+];

        #[cfg(target_arch = "wasm32")]
        #[wasm_bindgen::prelude::wasm_bindgen(typescript_custom_section)]
        const SERVICE_NAME: &str = concat!(
            "/** A service that is known by its name. */\n",
            "export type ServiceName = ", $("| \"", $name, "\" "),+, ";\n"
        );
    };
}

services! {
    /// <https://capmonster.cloud>
    CAPMONSTER "capmonster" {
        base_url: Cow::Borrowed("https://api.capmonster.cloud"),
        image_limits: ImageLimits { min_bytes: 100, max_bytes: 500_000 },
        reports: Cow::Borrowed(&[ReportKind::Image, ReportKind::Token]),
        user_agent_url: Some(Cow::Borrowed("https://capmonster.cloud/api/useragent/actual")),
    }
    /// <https://brocapgpt.com>
    BROCAPGPT "brocapgpt" {
        base_url: Cow::Borrowed("https://api.brocapgpt.com"),
        image_limits: ImageLimits { min_bytes: 100, max_bytes: 50_000 },
        reports: Cow::Borrowed(&[]),
        user_agent_url: None,
    }
}
