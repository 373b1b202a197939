//! Client and call options: names, defaults and bounds.
//!
//! Each member is read by itself, so that an error names the option and its rule, and a misspelt name is
//! reported instead of ignored.

use crate::error::{Failure, Result};
use crate::host::{self, Json, Kind};
use crate::schedule::{MIN_POLL_INTERVAL_MS, Millis, timer_ms};
use crate::service::{BROCAPGPT, CAPMONSTER, ImageLimits, ReportKind, ServiceProfile};
use crate::texts::{self, Detail, Messages};
use crate::url::{check_safe, is_web_address};
use std::borrow::Cow;

/// The longest delay that a timer of the platform takes, in ms.
const MAX_TIMER_MS: u32 = i32::MAX.cast_unsigned();

const MAX_OPTION_NAME: usize = 24;

/// How many tasks of a batch run at once by default.
pub(crate) const CONCURRENCY: u32 = 8;

/// The options of a client.
// No `Debug`, so that the key is never shown by accident.
#[derive(Clone)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), serde(rename_all = "camelCase"))]
pub struct ClientOptions {
    /// Your account's API key, as the dashboard shows it. A suffix such as `KEY__module` is kept.
    ///
    /// It is sent in the body of each request and appears in no error, event or log.
    ///
    /// @example process.env.CAPWIRE_KEY
    pub client_key: String,
    /// CapMonster Cloud, BroCapGPT, or a profile of another service with the same protocol. Default:
    /// `"capmonster"`.
    ///
    /// @example "brocapgpt"
    #[cfg_attr(
        target_arch = "wasm32",
        tsify(optional, type = "\"capmonster\" | \"brocapgpt\" | ServiceProfile")
    )]
    pub service: ServiceProfile,
    /// Sends requests to this URL instead of the service's own; a path is kept. It must be https, or http
    /// on loopback, and have no user name, query or fragment. Default: the service's `baseUrl`.
    ///
    /// @example "http://127.0.0.1:8080/capmonster"
    #[cfg_attr(target_arch = "wasm32", tsify(optional))]
    pub base_url: String,
    /// Replaces the service's bounds on an image's size, in bytes, both inclusive. A bound that you leave
    /// out stays the service's. Default: those that the service's error page states.
    ///
    /// @example { maxBytes: 100_000 }
    #[cfg_attr(target_arch = "wasm32", tsify(optional, type = "Partial<ImageLimits>"))]
    pub image_limits: ImageLimits,
    /// How long one HTTP request may take, to the last byte of its response, in ms: 1 to 2,147,483,647.
    /// Default: 21,000. After that it fails with the code `REQUEST_TIMEOUT`.
    ///
    /// @example 5_000
    #[cfg_attr(target_arch = "wasm32", tsify(optional))]
    pub request_timeout_ms: Millis,
    /// How often to retry a request that the service certainly did not process (no free server, HTTP 429
    /// or 503): 0 to 10. Default: 3. A task that may exist is never created a second time.
    ///
    /// @example 0
    #[cfg_attr(target_arch = "wasm32", tsify(optional))]
    pub max_retries: u32,
    /// The number under which the service knows your software, sent with each task: 0 to 2,147,483,647.
    /// Default: not sent.
    ///
    /// @example 77
    #[cfg_attr(target_arch = "wasm32", tsify(optional, type = "number"))]
    pub soft_id: Option<u32>,
    /// Keeps an extension's background worker alive during the calls of this client. The browser stops a
    /// worker about 30 s after its last call of an extension API, and its pending calls with it. So the client
    /// calls `runtime.getPlatformInfo()`, which needs no permission, at the start and every 20 s. Outside
    /// extensions it does nothing. Default: false.
    ///
    /// @example true
    #[cfg_attr(target_arch = "wasm32", tsify(optional))]
    pub keep_alive: bool,
    /// Messages and hints in another language: the default export of `capwire/ru`, or a catalogue of your
    /// own. Texts that it lacks stay English. Default: English.
    ///
    /// @example ru
    #[cfg_attr(target_arch = "wasm32", tsify(optional, type = "PartialMessages"))]
    pub messages: Messages,
}

/// The options of one call.
#[derive(Clone, Debug, Default)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), serde(rename_all = "camelCase"))]
pub struct CallOptions {
    /// How long the whole call may take, in ms: 1 to 2,147,483,647. Services keep a result for 5 minutes,
    /// so waiting ends then at the latest. Default: by the task's type, 10,000 for images and 80,000 or 180,000
    /// for tokens; no limit for `createTask()`. A wait that runs out rejects with a `SolveTimeoutError`; pass
    /// its `taskId` to `waitForResult()` to keep waiting.
    ///
    /// @example 60_000
    #[cfg_attr(target_arch = "wasm32", tsify(optional, type = "number"))]
    pub timeout_ms: Option<Millis>,
    /// The pause between two result requests, in ms: 2,000 to 2,147,483,647, because the services allow one
    /// request in 2 s. Default: 2,000.
    ///
    /// @example 5_000
    #[cfg_attr(target_arch = "wasm32", tsify(optional, type = "number"))]
    pub poll_interval_ms: Option<Millis>,
    /// The absolute http(s) URL to which the service posts the result, besides keeping it. The post does not
    /// say which task it is for, so put an id of your own into the URL. Default: none.
    ///
    /// @example "https://me.example/captcha?job=4711"
    #[cfg_attr(target_arch = "wasm32", tsify(optional, type = "string"))]
    pub callback_url: Option<String>,
    /// The task's type, which sets the default of `timeoutMs`. Default: unknown, with the longest
    /// `timeoutMs`, 180,000.
    ///
    /// @example "ImageToTextTask"
    #[cfg_attr(target_arch = "wasm32", tsify(optional, type = "string"))]
    #[cfg_attr(target_arch = "wasm32", serde(rename = "type"))]
    pub kind: Option<String>,
    /// How many tasks may run at once: 1 to 1,000. Results that you have not consumed yet count too.
    /// Default: 8.
    ///
    /// @example 16
    #[cfg_attr(target_arch = "wasm32", tsify(optional, type = "number"))]
    pub concurrency: Option<u32>,
}

impl ClientOptions {
    /// Reads and checks the options.
    ///
    /// # Errors
    /// `INVALID_OPTIONS`.
    pub fn read<V: Json>(given: &V) -> Result<Self> {
        let messages = language(given);
        Self::checked(given, messages.clone()).map_err(|failure| failure.said_in(&messages))
    }

    fn checked<V: Json>(given: &V, messages: Messages) -> Result<Self> {
        let mut members = Members::of("", given)?;
        let client_key = members.text("clientKey")?.unwrap_or_default();
        if client_key.is_empty() {
            return Err(Failure::option("clientKey", texts::KEY_MISSING));
        }
        let service = match members.take("service") {
            None => CAPMONSTER,
            Some(value) => read_service(&value)?,
        };
        let base_url = match members.text("baseUrl")? {
            None => service.base_url.clone().into_owned(),
            Some(url) => read_base_url("baseUrl", &url)?,
        };
        let image_limits = match members.take("imageLimits") {
            None => service.image_limits,
            Some(limits) => read_limits("imageLimits", &limits, service.image_limits)?,
        };
        members.catalogue()?;
        let request_timeout_ms = members.whole("requestTimeoutMs", 1, MAX_TIMER_MS)?;
        let max_retries = members.whole("maxRetries", 0, 10)?;
        let options = Self {
            client_key,
            service,
            base_url,
            image_limits,
            request_timeout_ms: request_timeout_ms.unwrap_or(21_000).into(),
            max_retries: max_retries.unwrap_or(3),
            soft_id: members.whole("softId", 0, MAX_TIMER_MS)?,
            keep_alive: members.flag("keepAlive")?.unwrap_or_default(),
            messages,
        };
        // `fetch` is the JavaScript host's.
        members.finish(&["fetch"])?;
        Ok(options)
    }
}

impl ClientOptions {
    /// The service as this client uses it.
    #[must_use]
    pub fn profile(&self) -> ServiceProfile {
        ServiceProfile {
            base_url: Cow::Owned(self.base_url.clone()),
            image_limits: self.image_limits,
            ..self.service.clone()
        }
    }
}

impl CallOptions {
    /// Reads and checks the options of a call; none at all are the defaults.
    ///
    /// # Errors
    /// `INVALID_OPTIONS`.
    pub fn read<V: Json>(given: Option<&V>) -> Result<Self> {
        let Some(given) = given else {
            return Ok(Self::default());
        };
        let mut members = Members::of("", given)?;
        let options = Self {
            timeout_ms: members.whole("timeoutMs", 1, MAX_TIMER_MS)?.map(Millis::from),
            poll_interval_ms: members
                .whole("pollIntervalMs", timer_ms(MIN_POLL_INTERVAL_MS), MAX_TIMER_MS)?
                .map(Millis::from),
            callback_url: members.text("callbackUrl")?,
            kind: members.text("type")?,
            concurrency: members.whole("concurrency", 1, 1_000)?,
        };
        if let Some(url) = &options.callback_url {
            // The service calls it, and knows best what it can reach.
            if !is_web_address(url) {
                return Err(Failure::option(
                    "callbackUrl",
                    texts::MUST_BE.with([texts::WEB_ADDRESS.into()]),
                ));
            }
        }
        // These two are the JavaScript host's.
        members.finish(&["signal", "onProgress"])?;
        Ok(options)
    }
}

/// The language that is among the options: English if there is none, whatever else may be wrong.
pub fn language<V: Json>(options: &V) -> Messages {
    let Some(catalogue) = options.get("messages") else { return Messages::default() };
    Messages::of(move |path| {
        let start = Some(catalogue.clone());
        path.iter().fold(start, |at, name| at?.get(name))?.text()
    })
}

/// Reads the options of what has no client: a language alone.
///
/// # Errors
/// `INVALID_OPTIONS`.
pub fn read_language<V: Json>(options: Option<&V>) -> Result<Messages> {
    let Some(options) = options else { return Ok(Messages::default()) };
    let mut members = Members::of("", options)?;
    members.catalogue()?;
    members.finish(&[])?;
    Ok(language(options))
}

/// The members of an options object that were not read yet.
struct Members<V> {
    /// Where they are: `imageLimits`, or empty for the options themselves.
    place: &'static str,
    rest: Vec<(String, V)>,
}

impl<V: Json> Members<V> {
    fn of(place: &'static str, given: &V) -> Result<Self> {
        match given.kind() {
            Kind::Object => Ok(Self { place, rest: given.entries() }),
            _ => {
                let name = if place.is_empty() { "options" } else { place };
                Err(must_be(name, texts::OBJECT, given))
            }
        }
    }

    /// The full name of a member.
    fn path(&self, name: &str) -> String {
        let dot = if self.place.is_empty() { "" } else { "." };
        format!("{}{dot}{name}", self.place)
    }

    fn take(&mut self, name: &str) -> Option<V> {
        let at = self.rest.iter().position(|(key, _)| key == name)?;
        Some(self.rest.swap_remove(at).1)
    }

    fn text(&mut self, name: &str) -> Result<Option<String>> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        match value.text() {
            Some(text) => Ok(Some(text)),
            None => Err(must_be(&self.path(name), texts::TEXT, &value)),
        }
    }

    fn flag(&mut self, name: &str) -> Result<Option<bool>> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        match value.kind() {
            Kind::Bool(flag) => Ok(Some(flag)),
            _ => Err(must_be(&self.path(name), texts::FLAG, &value)),
        }
    }

    /// Refuses what is no catalogue. What is in it is looked up when it is needed.
    fn catalogue(&mut self) -> Result<()> {
        match self.take("messages").filter(|given| given.kind() != Kind::Object) {
            Some(odd) => Err(must_be(&self.path("messages"), texts::OBJECT, &odd)),
            None => Ok(()),
        }
    }

    fn whole(&mut self, name: &str, min: u32, max: u32) -> Result<Option<u32>> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        match value.kind() {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // within the bounds
            Kind::Number(n)
                if n.fract() == 0.0 && (f64::from(min)..=f64::from(max)).contains(&n) =>
            {
                Ok(Some(n as u32))
            }
            _ => {
                let rule = texts::WHOLE.with([Detail::number(min), Detail::number(max)]);
                Err(must_be(&self.path(name), rule, &value))
            }
        }
    }

    /// Refuses what is left, but for what others read.
    fn finish(self, others: &[&str]) -> Result<()> {
        let unknown = self.rest.iter().find(|(name, _)| !others.contains(&name.as_str()));
        match unknown {
            None => Ok(()),
            // A longer one is no misspelt option, but may be a key in the wrong place.
            Some((name, _)) if name.len() > MAX_OPTION_NAME => {
                Err(Failure::option("options", texts::NO_OPTION_WITHIN))
            }
            Some((name, _)) => Err(Failure::option(&self.path(name), texts::NO_OPTION)),
        }
    }
}

fn must_be<V: Json>(name: &str, what: impl Into<Detail>, value: &V) -> Box<Failure> {
    Failure::option(name, host::must_be(what, value))
}

fn read_service<V: Json>(given: &V) -> Result<ServiceProfile> {
    match given.kind() {
        Kind::Text => match given.text().as_deref() {
            Some("capmonster") => Ok(CAPMONSTER),
            Some("brocapgpt") => Ok(BROCAPGPT),
            _ => Err(must_be("service", texts::SERVICE_NAME, given)),
        },
        Kind::Object => {
            let mut members = Members::of("service", given)?;
            let missing = |name: &str| Failure::option(&format!("service.{name}"), texts::MISSING);
            let name = members.text("name")?.ok_or_else(|| missing("name"))?;
            let url = members.text("baseUrl")?.ok_or_else(|| missing("baseUrl"))?;
            let limits = members.take("imageLimits").ok_or_else(|| missing("imageLimits"))?;
            let reports =
                members.take("reports").map_or(Ok(Vec::new()), |list| read_reports(&list))?;
            let user_agent_url = members.text("userAgentUrl")?;
            if let Some(url) = &user_agent_url {
                read_safe_url("service.userAgentUrl", url)?;
            }
            members.finish(&[])?;
            Ok(ServiceProfile {
                name: Cow::Owned(name),
                base_url: Cow::Owned(read_base_url("service.baseUrl", &url)?),
                image_limits: read_limits("service.imageLimits", &limits, CAPMONSTER.image_limits)?,
                reports: Cow::Owned(reports),
                user_agent_url: user_agent_url.map(Cow::Owned),
            })
        }
        _ => Err(must_be("service", texts::SERVICE_NAME, given)),
    }
}

fn read_reports<V: Json>(given: &V) -> Result<Vec<ReportKind>> {
    let wrong = || must_be("service.reports", texts::REPORT_KINDS, given);
    if given.kind() != Kind::List {
        return Err(wrong());
    }
    let kind = |item: &V| report_kind(item).ok_or_else(wrong);
    given.items().iter().map(kind).collect()
}

/// The kind of a report.
///
/// # Errors
/// `INVALID_OPTIONS`.
pub fn read_report_kind<V: Json>(given: &V) -> Result<ReportKind> {
    report_kind(given).ok_or_else(|| must_be("kind", texts::REPORT_KIND, given))
}

fn report_kind<V: Json>(given: &V) -> Option<ReportKind> {
    ReportKind::named(&given.text()?)
}

fn read_limits<V: Json>(
    name: &'static str,
    given: &V,
    default: ImageLimits,
) -> Result<ImageLimits> {
    let mut members = Members::of(name, given)?;
    let mut bound = |bound: &str, default: u32| -> Result<u32> {
        Ok(members.whole(bound, 0, MAX_TIMER_MS)?.unwrap_or(default))
    };
    let limits = ImageLimits {
        min_bytes: bound("minBytes", default.min_bytes)?,
        max_bytes: bound("maxBytes", default.max_bytes)?,
    };
    members.finish(&[])?;
    if limits.min_bytes > limits.max_bytes {
        return Err(Failure::option(name, texts::MIN_ABOVE_MAX));
    }
    Ok(limits)
}

/// A base URL without a slash at its end. Its text is never shown: people put keys into addresses.
fn read_base_url(name: &str, url: &str) -> Result<String> {
    read_safe_url(name, url)?;
    if url.bytes().any(|byte| matches!(byte, b'?' | b'#')) {
        return Err(Failure::option(name, texts::URL_NO_QUERY));
    }
    let mut base = url;
    while let Some(shorter) = base.strip_suffix('/') {
        base = shorter;
    }
    Ok(base.to_owned())
}

fn read_safe_url(name: &str, url: &str) -> Result<()> {
    check_safe(url).map_err(|rule| Failure::option(name, rule))
}
