//! Client and call options: their names, defaults and bounds.

use crate::error::{Failure, Result};
use crate::key::ClientKey;
use crate::members::{Members, must_be};
use crate::message::{Catalogue, Message};
use crate::platform::{HostValue, MAX_ITEMS, ValueType};
use crate::schedule::{MIN_POLL_INTERVAL_MS, Millis, timer_ms};
use crate::service::is_known_host;
use crate::service::{CAPMONSTER, ImageLimits, ReportKind, SERVICES, ServiceProfile};
use crate::text_search::concat;
use crate::texts;
use crate::url::{check_safe, is_web_address};
use std::borrow::Cow;

/// The longest delay of `setTimeout`, in ms.
const MAX_TIMER_MS: u32 = i32::MAX.cast_unsigned();

/// How many tasks of a batch may be in flight at once, unless the caller says otherwise.
pub(crate) const DEFAULT_CONCURRENCY: u32 = 8;
/// How long one HTTP exchange may take, unless the caller says otherwise: the time-out of CapMonster Cloud's own
/// JavaScript client.
const DEFAULT_REQUEST_TIMEOUT_MS: u32 = 21_000;
const DEFAULT_MAX_RETRIES: u32 = 3;
/// How long the body of a callback may take, unless the caller says otherwise. The services close the connection
/// after 2 s.
const DEFAULT_CALLBACK_TIMEOUT_MS: u32 = 5_000;
/// The shortest pause between two result requests that a profile can have: a server on this machine answers in less.
const MIN_OWN_INTERVAL_MS: u32 = 10;

/// The options of a client.
#[derive(Clone)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), serde(rename_all = "camelCase"))]
pub struct ClientOptions {
    /// Your account's API key, as the dashboard shows it. A suffix such as `KEY__module` is kept. White space, line
    /// ends, a byte order mark and matching quotes around the key are removed. A text that cannot be a key, such as one
    /// with a space or a letter outside ASCII, is an `OptionsError`.
    ///
    /// It is sent in the body of each request and appears in no error, event or log.
    ///
    /// @example process.env.CAPWIRE_KEY
    #[cfg_attr(target_arch = "wasm32", tsify(type = "string"))]
    pub client_key: ClientKey,
    /// CapMonster Cloud, BroCapGPT, or a profile of another service with the same protocol. Default:
    /// `"capmonster"`.
    ///
    /// @example "brocapgpt"
    #[cfg_attr(target_arch = "wasm32", tsify(optional, type = "ServiceName | ServiceProfile"))]
    pub service: ServiceProfile,
    /// Sends requests to this URL instead of the service's own; a path is kept. It must be https, or http
    /// on loopback, and have no user name, query or fragment. A service profile may allow more, with
    /// `allowInsecure`. Default: the service's `baseUrl`.
    ///
    /// Where `https://api.capmonster.cloud` cannot be reached, CapMonster Cloud has an alternative:
    /// `https://ru.api.capmonster.cloud`. Clients of both share an account's bans and result requests.
    ///
    /// @example "https://ru.api.capmonster.cloud"
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
    /// or 503), and one that changes nothing (`getBalance()`, `getUserAgent()`, `reportIncorrect()`) also after a
    /// broken connection, a time-out or another HTTP 5xx: 0 to 10. Default: 3. The first pause is up to 1 s, and each
    /// further one twice as long. A task that may exist is never created a second time.
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
    pub messages: Catalogue,
}

/// The options of one call.
#[derive(Clone, Debug, Default)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), serde(rename_all = "camelCase"))]
pub struct CallOptions {
    /// How long the whole call may take, in ms: 1 to 2,147,483,647. Services keep a result for 5 minutes,
    /// so waiting ends then at the latest. Default: by the task's type, 10,000 for images and 80,000 or 180,000
    /// for tokens; no limit for `createTask()`. A wait that runs out rejects with a `SolveTimeoutError`; pass
    /// its `taskId` to `waitForResult()` to keep waiting. If a timer fires after the limit, as those of a hidden tab
    /// do, the wait sends one last request first, which may take `requestTimeoutMs`.
    ///
    /// @example 60_000
    #[cfg_attr(target_arch = "wasm32", tsify(optional, type = "number"))]
    pub timeout_ms: Option<Millis>,
    /// How long after the creation of the task its result is requested first, in ms: 0 to 2,147,483,647. For
    /// `waitForResult()`, after the call. Default: learnt for each type of task. It begins with 350 for images and
    /// 1,000 for tokens, and rises up to 2,000 where that gets results earlier. `waitForResult()` asks at once.
    ///
    /// @example 3_000
    #[cfg_attr(target_arch = "wasm32", tsify(optional, type = "number"))]
    pub first_delay_ms: Option<Millis>,
    /// The pause between two result requests, in ms: 2,000 to 2,147,483,647, because the services allow one
    /// request in 2 s. Default: 2,000. A service profile with a `pollIntervalMs` has that instead of 2,000.
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
    pub task_type: Option<String>,
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
    pub fn read<V: HostValue>(options: &V) -> Result<Self> {
        let mut members = Members::of("", options);
        let client_key = ClientKey::read(&members.string("clientKey").unwrap_or_default());
        let client_key = client_key.map_err(|rule| Failure::option("clientKey", rule));
        let client_key = members.accept(client_key).unwrap_or_default();
        let service = members.take("service").map(|value| read_service(&value));
        let service = service.and_then(|read| members.accept(read)).unwrap_or(CAPMONSTER);
        let base_url = match members.string("baseUrl") {
            None => service.base_url.clone().into_owned(),
            Some(url) => read_base_url(&mut members, "baseUrl", &url, service.allow_insecure),
        };
        if service.min_poll_interval() < MIN_POLL_INTERVAL_MS && is_known_host(&base_url) {
            let rule = [timer_ms(MIN_POLL_INTERVAL_MS), MAX_TIMER_MS].map(Message::number);
            let rule = texts::MUST_BE.with([texts::WHOLE.with(rule)]);
            members.refuse(Failure::option("service.pollIntervalMs", rule));
        }
        let image_limits = match members.take("imageLimits") {
            None => service.image_limits,
            Some(limits) => read_limits(&mut members, "imageLimits", &limits, service.image_limits),
        };
        check_catalogue(&mut members);
        let request_timeout_ms = members.whole("requestTimeoutMs", 1, MAX_TIMER_MS);
        let max_retries = members.whole("maxRetries", 0, 10);
        let read = Self {
            client_key,
            service,
            base_url,
            image_limits,
            request_timeout_ms: request_timeout_ms.unwrap_or(DEFAULT_REQUEST_TIMEOUT_MS).into(),
            max_retries: max_retries.unwrap_or(DEFAULT_MAX_RETRIES),
            soft_id: members.whole("softId", 0, MAX_TIMER_MS),
            keep_alive: members.flag("keepAlive"),
            messages: catalogue(Some(options)),
        };
        // `fetch` is read by the platform.
        members.finish(&["fetch"])?;
        Ok(read)
    }

    /// Whether the requests go to a known service, whose rules a profile cannot loosen.
    #[must_use]
    pub fn is_known_host(&self) -> bool {
        is_known_host(&self.base_url)
    }

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
    /// Reads and checks the options of a call to this service. None at all are the defaults.
    ///
    /// # Errors
    /// `INVALID_OPTIONS`.
    pub fn read<V: HostValue>(options: Option<&V>, service: &ServiceProfile) -> Result<Self> {
        Ok(Self::read_with_fields(options, service, &[])?.0)
    }

    /// Reads the options of a call that has options besides these, which become fields of a task. They are not checked.
    ///
    /// # Errors
    /// `INVALID_OPTIONS`.
    pub fn read_with_fields<V: HostValue>(
        options: Option<&V>,
        service: &ServiceProfile,
        names: &[&'static str],
    ) -> Result<(Self, Vec<(String, V)>)> {
        let Some(options) = options else {
            return Ok(Default::default());
        };
        let mut members = Members::of("", options);
        let mut fields = Vec::new();
        for name in names {
            fields.extend(members.take(name).map(|value| ((*name).to_owned(), value)));
        }
        let min_interval = timer_ms(service.min_poll_interval());
        let poll_interval_ms = members.whole("pollIntervalMs", min_interval, MAX_TIMER_MS);
        let read = Self {
            timeout_ms: members.whole("timeoutMs", 1, MAX_TIMER_MS).map(Millis::from),
            first_delay_ms: members.whole("firstDelayMs", 0, MAX_TIMER_MS).map(Millis::from),
            poll_interval_ms: poll_interval_ms.map(Millis::from),
            callback_url: members.string("callbackUrl"),
            task_type: members.string("type"),
            concurrency: members.whole("concurrency", 1, 1_000),
        };
        // Any web address will do: the service calls it, and knows best what it can reach.
        if read.callback_url.as_deref().is_some_and(|url| !is_web_address(url)) {
            let rule = texts::MUST_BE.with([texts::WEB_ADDRESS.into()]);
            members.refuse(Failure::option("callbackUrl", rule));
        }
        // These two are read by the platform.
        members.finish(&["signal", "onProgress"])?;
        Ok((read, fields))
    }
}

/// The catalogue in the options; English where there is none, whatever else may be wrong with them.
pub fn catalogue<V: HostValue>(options: Option<&V>) -> Catalogue {
    let Some(messages) = options.and_then(|it| it.get("messages")) else {
        return Catalogue::default();
    };
    Catalogue::new(move |path| {
        let start = Some(messages.clone());
        path.iter().fold(start, |at, name| at?.get(name))?.as_string()
    })
}

/// Reads the options of a call that only reads a callback: how long its body may take, in ms.
///
/// # Errors
/// `INVALID_OPTIONS`.
pub fn read_callback_timeout<V: HostValue>(options: Option<&V>) -> Result<u32> {
    let Some(options) = options else { return Ok(DEFAULT_CALLBACK_TIMEOUT_MS) };
    let mut members = Members::of("", options);
    check_catalogue(&mut members);
    let timeout_ms = members.whole("timeoutMs", 1, MAX_TIMER_MS);
    // It is read by the platform.
    members.finish(&["signal"])?;
    Ok(timeout_ms.unwrap_or(DEFAULT_CALLBACK_TIMEOUT_MS))
}

/// Refuses a catalogue that is not an object. Its texts are looked up when they are needed.
fn check_catalogue<V: HostValue>(members: &mut Members<V>) {
    let messages = members.take("messages");
    if let Some(invalid) = messages.filter(|it| it.value_type() != ValueType::Object) {
        members.refuse(must_be("messages", texts::OBJECT, &invalid));
    }
}

fn read_service<V: HostValue>(value: &V) -> Result<ServiceProfile> {
    if value.value_type() == ValueType::Object {
        return read_profile(value);
    }
    let name = value.as_string();
    let known = SERVICES.iter().find(|service| name.as_deref() == Some(&*service.name));
    known.cloned().ok_or_else(|| {
        let names = SERVICES.iter().fold(String::new(), |names, service| {
            let comma = if names.is_empty() { "" } else { ", " };
            concat(&[&names, comma, "\"", &service.name, "\""])
        });
        must_be("service", texts::SERVICE_NAME.with([Message::literal(&names)]), value)
    })
}

fn read_profile<V: HostValue>(value: &V) -> Result<ServiceProfile> {
    let mut members = Members::of("service", value);
    let name = members.string("name");
    let name = members.required("name", name);
    let url = members.string("baseUrl");
    let url = members.required("baseUrl", url);
    let default = CAPMONSTER.image_limits;
    let limits = members.take("imageLimits");
    let limits = limits.map(|it| read_limits(&mut members, "service.imageLimits", &it, default));
    let image_limits = members.required("imageLimits", limits);
    let reports = members.take("reports").map(|list| read_reports(&list));
    let reports = reports.and_then(|read| members.accept(read)).unwrap_or_default();
    let user_agent_url = members.string("userAgentUrl");
    let poll_interval_ms = members.whole("pollIntervalMs", MIN_OWN_INTERVAL_MS, MAX_TIMER_MS);
    let allow_insecure = members.flag("allowInsecure");
    if let Some(url) = &user_agent_url {
        check_url(&mut members, "service.userAgentUrl", url, allow_insecure);
    }
    let base_url = read_base_url(&mut members, "service.baseUrl", &url, allow_insecure);
    members.finish(&[])?;
    Ok(ServiceProfile {
        name: Cow::Owned(name),
        base_url: Cow::Owned(base_url),
        image_limits,
        reports: Cow::Owned(reports),
        user_agent_url: user_agent_url.map(Cow::Owned),
        poll_interval_ms,
        allow_insecure,
    })
}

fn read_reports<V: HostValue>(value: &V) -> Result<Vec<ReportKind>> {
    let invalid = || must_be("service.reports", texts::REPORT_KINDS, value);
    if value.value_type() != ValueType::Array {
        return Err(invalid());
    }
    let kind = |item: &V| report_kind(item).ok_or_else(invalid);
    value.items(MAX_ITEMS).ok_or_else(invalid)?.iter().map(kind).collect()
}

/// Reads the kind of a report.
///
/// # Errors
/// `INVALID_OPTIONS`.
pub fn read_report_kind<V: HostValue>(value: &V) -> Result<ReportKind> {
    report_kind(value).ok_or_else(|| must_be("kind", texts::REPORT_KIND, value))
}

fn report_kind<V: HostValue>(value: &V) -> Option<ReportKind> {
    ReportKind::from_name(&value.as_string()?)
}

fn read_limits<V: HostValue>(
    options: &mut Members<V>,
    name: &'static str,
    value: &V,
    default: ImageLimits,
) -> ImageLimits {
    let mut members = Members::of(name, value);
    let mut bound = |bound: &'static str, default: u32| {
        members.whole(bound, 0, MAX_TIMER_MS).unwrap_or(default)
    };
    let limits = ImageLimits {
        min_bytes: bound("minBytes", default.min_bytes),
        max_bytes: bound("maxBytes", default.max_bytes),
    };
    options.accept(members.finish(&[]));
    if limits.min_bytes > limits.max_bytes {
        options.refuse(Failure::option(name, texts::MIN_ABOVE_MAX));
    }
    limits
}

/// A base URL without a slash at its end. Its text is never shown: people put keys into addresses.
fn read_base_url<V: HostValue>(
    members: &mut Members<V>,
    name: &str,
    url: &str,
    allow_insecure: bool,
) -> String {
    check_url(members, name, url, allow_insecure);
    if url.bytes().any(|byte| matches!(byte, b'?' | b'#')) {
        members.refuse(Failure::option(name, texts::URL_NO_QUERY));
    }
    let mut base = url;
    while let Some(shorter) = base.strip_suffix('/') {
        base = shorter;
    }
    base.to_owned()
}

fn check_url<V: HostValue>(members: &mut Members<V>, name: &str, url: &str, allow_insecure: bool) {
    if let Err(rule) = check_safe(url, allow_insecure) {
        members.refuse(Failure::option(name, rule));
    }
}
