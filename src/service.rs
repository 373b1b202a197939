//! The services: their addresses, image limits, and the methods that not all of them have.
//!
//! A service is one entry of the table at the end.

use crate::method::Method;
use crate::record::{MemberWriter, Record};
use crate::schedule::{MIN_POLL_INTERVAL_MS, Millis};
use crate::text_search::{concat, split_once};
use crate::url::site;
use std::borrow::Cow;

/// Bounds on an image's size, both inclusive. They count the image's bytes, not its base64 text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), serde(rename_all = "camelCase"))]
pub struct ImageLimits {
    /// The smallest image, in bytes: 100 on both services, according to their error pages.
    pub min_bytes: u32,
    /// The largest image, in bytes: 500,000 on CapMonster Cloud and 50,000 on BroCapGPT, according to their
    /// error pages.
    pub max_bytes: u32,
}

/// A kind of wrong answer to report: `"image"`, the text read from an image, or `"token"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), serde(rename_all = "lowercase"))]
pub enum ReportKind {
    /// The text read from an image.
    Image,
    /// A token.
    Token,
}

impl ReportKind {
    fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Token => "token",
        }
    }

    /// The kind with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Image, Self::Token].into_iter().find(|kind| kind.name() == name)
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

/// A service that uses the protocol. Its image limits are checked before anything is sent.
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
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), serde(rename_all = "camelCase"))]
pub struct ServiceProfile {
    /// The name that errors show, such as `"capmonster"`.
    pub name: Cow<'static, str>,
    /// The URL to which a method's name is appended, without a slash at its end; a path is kept. It must be
    /// https, or http on loopback, or http in a private network if `allowInsecure` is set.
    pub base_url: Cow<'static, str>,
    /// Which image sizes it accepts, in bytes.
    pub image_limits: ImageLimits,
    /// What `reportIncorrect()` can report to it; empty if it has no report methods.
    #[cfg_attr(target_arch = "wasm32", tsify(type = "ReportKind[]"))]
    pub reports: Cow<'static, [ReportKind]>,
    /// The full URL from which `getUserAgent()` reads the User-Agent for tasks, as plain text and without
    /// sending the key. It must be https, or http on loopback, and have no user name. `baseUrl` does not
    /// change it. Absent if the service has none.
    ///
    /// @example "https://capmonster.cloud/api/useragent/actual"
    #[cfg_attr(target_arch = "wasm32", tsify(optional, type = "string"))]
    pub user_agent_url: Option<Cow<'static, str>>,
    /// The shortest pause between two result requests for a task, and the one that is kept unless a call asks for
    /// a longer one, in ms: 10 to 2,147,483,647. Below 2,000 it allows as many requests as fit into 4 minutes,
    /// instead of 120, and the first one comes after it at the latest. Only for a server of your own: at the hosts of
    /// CapMonster Cloud and BroCapGPT it must be at least 2,000. Default: 2,000, the rule of both.
    ///
    /// @example 250
    #[cfg_attr(target_arch = "wasm32", tsify(optional, type = "number"))]
    pub poll_interval_ms: Option<u32>,
    /// Allows plain http to a private network: to its addresses (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16,
    /// 100.64.0.0/10, 169.254.0.0/16, fc00::/7, fe80::/10), to a name without a dot, such as that of a container,
    /// and to names that end in `.internal`, `.local`, `.lan` or `.home.arpa`. Danger: everyone in that network
    /// can read your key and your tasks, and change the answers. Other addresses still need https. Default: false.
    #[cfg_attr(target_arch = "wasm32", tsify(optional))]
    pub allow_insecure: bool,
}

impl ServiceProfile {
    /// The shortest pause between two result requests for a task.
    #[must_use]
    pub fn min_poll_interval(&self) -> Millis {
        self.poll_interval_ms.map_or(MIN_POLL_INTERVAL_MS, Millis::from)
    }
}

/// Whether an address is at a host of a known service, however it is spelt. Their rules hold there, whatever a
/// profile says.
#[must_use]
pub fn is_known_host(url: &str) -> bool {
    let site = site(url);
    let mut host = split_once(&site, ":").map_or(&*site, |(host, _)| host);
    while let Some(shorter) = host.strip_suffix('.') {
        host = shorter;
    }
    let name = concat(&[".", host]);
    SERVICES.iter().any(|service| {
        let domain = service.base_url.strip_prefix("https://api");
        domain.is_some_and(|domain| name.ends_with(domain))
    })
}

impl<V> Record<V> for ImageLimits {
    fn members(&self, put: &mut MemberWriter<'_, V>) {
        put.whole("minBytes", self.min_bytes.into());
        put.whole("maxBytes", self.max_bytes.into());
    }
}

impl<V> Record<V> for ServiceProfile {
    fn members(&self, put: &mut MemberWriter<'_, V>) {
        let reports: Vec<&str> = self.reports.iter().map(|kind| kind.name()).collect();
        put.text("name", &self.name);
        put.text("baseUrl", &self.base_url);
        put.object("imageLimits", &self.image_limits);
        put.texts("reports", &reports);
        put.text_if_any("userAgentUrl", self.user_agent_url.as_deref());
        put.whole_if_any("pollIntervalMs", self.poll_interval_ms.map(u64::from));
        if self.allow_insecure {
            put.flag("allowInsecure", true);
        }
    }
}

macro_rules! services {
    ($($(#[$doc:meta])* $constant:ident $name:literal { $($field:ident: $value:expr),+ $(,)? })+) => {
        $($(#[$doc])* pub const $constant: ServiceProfile =
            ServiceProfile {
                name: Cow::Borrowed($name),
                $($field: $value,)+
                poll_interval_ms: None,
                allow_insecure: false,
            };)+

        /// Every service that is known by its name. The first one is the default.
        pub const SERVICES: &[ServiceProfile] = &[$($constant),+];

        #[cfg(target_arch = "wasm32")]
        #[wasm_bindgen::prelude::wasm_bindgen(typescript_custom_section)]
        const SERVICE_NAME: &str = concat!(
            "/** The name of a known service. */\n",
            "export type ServiceName = ", $("| \"", $name, "\" "),+, ";\n"
        );
    };
}

/// Another address of CapMonster Cloud, with the same accounts and tasks.
pub const CAPMONSTER_ALTERNATIVE_URL: &str = "https://ru.api.capmonster.cloud";

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
