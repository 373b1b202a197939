//! Client and call options: their names, defaults and bounds.
//!
//! They are read member by member, so that a refusal can name the option and its rule, and so that a
//! misspelt name is noticed instead of ignored.

use crate::error::{Failure, Result};
use crate::host::{Json, Kind};
use crate::schedule::{MIN_POLL_INTERVAL_MS, Millis, timer_ms};
use crate::service::{BROCAPGPT, CAPMONSTER, ImageLimits, ReportKind, ServiceProfile};
use std::borrow::Cow;

/// The largest span that a timer of the platform takes, in ms.
const MAX_TIMER_MS: u32 = i32::MAX.cast_unsigned();

const MAX_OPTION_NAME: usize = 24;

/// The options of a client.
// Without `Debug`, so that the key is never shown by accident.
#[derive(Clone)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), serde(rename_all = "camelCase"))]
pub struct ClientOptions {
    /// The key of your account, as the dashboard shows it. Suffixes such as `KEY__module` are kept.
    ///
    /// It travels in the body of each request and is shown nowhere.
    pub client_key: String,
    /// The service. Default: `"capmonster"`.
    ///
    /// @example "brocapgpt"
    #[cfg_attr(
        target_arch = "wasm32",
        tsify(optional, type = "\"capmonster\" | \"brocapgpt\" | ServiceProfile")
    )]
    pub service: ServiceProfile,
    /// Another address of the service's methods; a path is kept. https; http on loopback only; no user,
    /// query or fragment. Default: the service's own.
    ///
    /// @example "http://127.0.0.1:8080/capmonster"
    #[cfg_attr(target_arch = "wasm32", tsify(optional))]
    pub base_url: String,
    /// Other bounds of an image's size in bytes, both inclusive; a bound that is left out stays the
    /// service's. Default: the service's, as its error page states them.
    ///
    /// @example { maxBytes: 100_000 }
    #[cfg_attr(target_arch = "wasm32", tsify(optional, type = "Partial<ImageLimits>"))]
    pub image_limits: ImageLimits,
    /// How long one HTTP exchange may take, from its start to the last byte of its answer, in ms.
    /// 1 to 2,147,483,647. Default: 21,000.
    #[cfg_attr(target_arch = "wasm32", tsify(optional))]
    pub request_timeout_ms: Millis,
    /// How often a request is repeated that the service could not take (no free server, HTTP 429 or
    /// 503): 0 to 10. Default: 3. A task that may exist is never created a second time.
    #[cfg_attr(target_arch = "wasm32", tsify(optional))]
    pub max_retries: u32,
    /// The number that the service gave to your software. Default: none is sent.
    #[cfg_attr(target_arch = "wasm32", tsify(optional, type = "number"))]
    pub soft_id: Option<u32>,
}

/// The options of one call.
#[derive(Clone, Debug, Default)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), serde(rename_all = "camelCase"))]
pub struct CallOptions {
    /// How long the whole call may take, in ms: 1 to 2,147,483,647. A task's result is kept for 5
    /// minutes only, whatever is given here. Default: by the task's type, 10,000 for images, 80,000 or
    /// 180,000 for tokens.
    #[cfg_attr(target_arch = "wasm32", tsify(optional, type = "number"))]
    pub timeout_ms: Option<Millis>,
    /// The pause between two result requests, in ms: 2,000 or more, for the services allow one in 2 s.
    /// Default: 2,000.
    #[cfg_attr(target_arch = "wasm32", tsify(optional, type = "number"))]
    pub poll_interval_ms: Option<Millis>,
    /// Where the service posts the result, besides keeping it: an absolute http(s) URL. Default: nowhere.
    #[cfg_attr(target_arch = "wasm32", tsify(optional, type = "string"))]
    pub callback_url: Option<String>,
    /// The type of the task that is waited for, which sets the default of `timeoutMs`.
    ///
    /// @example "ImageToTextTask"
    #[cfg_attr(target_arch = "wasm32", tsify(optional, type = "string"))]
    #[cfg_attr(target_arch = "wasm32", serde(rename = "type"))]
    pub kind: Option<String>,
}

impl ClientOptions {
    /// Reads and checks the options.
    ///
    /// # Errors
    /// `INVALID_OPTIONS`.
    pub fn read<V: Json>(given: &V) -> Result<Self> {
        let mut members = Members::of("", given)?;
        let client_key = members.text("clientKey")?.unwrap_or_default();
        if client_key.is_empty() {
            return Err(Failure::option("clientKey", "is missing: it is the key of your account"));
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
        };
        if let Some(url) = &options.callback_url {
            // The service calls it, and knows best what it can reach.
            if !is_web_address(url) {
                return Err(Failure::option("callbackUrl", "must be an absolute http(s) address"));
            }
        }
        // These two are the JavaScript host's.
        members.finish(&["signal", "onProgress"])?;
        Ok(options)
    }
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
                Err(must_be(name, "an object", given))
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
            None => Err(must_be(&self.path(name), "text", &value)),
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
                let rule = format!("a whole number from {min} to {max}");
                Err(must_be(&self.path(name), &rule, &value))
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
                Err(Failure::option("options", "has a member that is no option known here"))
            }
            Some((name, _)) => {
                Err(Failure::option(&self.path(name), "is no option that is known here"))
            }
        }
    }
}

fn must_be<V: Json>(name: &str, what: &str, value: &V) -> Box<Failure> {
    Failure::option(name, &format!("must be {what}, not {}", value.shown()))
}

fn read_service<V: Json>(given: &V) -> Result<ServiceProfile> {
    const NAMES: &str = "\"capmonster\", \"brocapgpt\" or a service profile";
    match given.kind() {
        Kind::Text => match given.text().as_deref() {
            Some("capmonster") => Ok(CAPMONSTER),
            Some("brocapgpt") => Ok(BROCAPGPT),
            _ => Err(must_be("service", NAMES, given)),
        },
        Kind::Object => {
            let mut members = Members::of("service", given)?;
            let missing = |name: &str| Failure::option(&format!("service.{name}"), "is missing");
            let name = members.text("name")?.ok_or_else(|| missing("name"))?;
            let url = members.text("baseUrl")?.ok_or_else(|| missing("baseUrl"))?;
            let limits = members.take("imageLimits").ok_or_else(|| missing("imageLimits"))?;
            let reports =
                members.take("reports").map_or(Ok(Vec::new()), |list| read_reports(&list))?;
            members.finish(&[])?;
            Ok(ServiceProfile {
                name: Cow::Owned(name),
                base_url: Cow::Owned(read_base_url("service.baseUrl", &url)?),
                image_limits: read_limits("service.imageLimits", &limits, CAPMONSTER.image_limits)?,
                reports: Cow::Owned(reports),
            })
        }
        _ => Err(must_be("service", NAMES, given)),
    }
}

fn read_reports<V: Json>(given: &V) -> Result<Vec<ReportKind>> {
    let wrong = || must_be("service.reports", "a list of \"image\" and \"token\"", given);
    if given.kind() != Kind::List {
        return Err(wrong());
    }
    let kind = |item: &V| match item.text().as_deref() {
        Some("image") => Ok(ReportKind::Image),
        Some("token") => Ok(ReportKind::Token),
        _ => Err(wrong()),
    };
    given.items().iter().map(kind).collect()
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
        return Err(Failure::option(name, "has a minBytes above its maxBytes"));
    }
    Ok(limits)
}

/// A base URL without a slash at its end. Its text is never shown: people put keys into addresses.
fn read_base_url(name: &str, url: &str) -> Result<String> {
    let Url { is_https, host } = read_url(name, url)?;
    if !is_https && !is_loopback(host) {
        let rule = "must begin with https://, for the key would cross the network in plain text";
        return Err(Failure::option(name, rule));
    }
    if url.contains(['?', '#']) {
        return Err(Failure::option(name, "must not have a query or a fragment"));
    }
    Ok(url.trim_end_matches('/').to_owned())
}

/// An absolute http(s) address, with a host; what it means is for the service to say.
fn is_web_address(url: &str) -> bool {
    let (scheme, rest) = url.split_once(':').unwrap_or_default();
    let is_web = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
    let host = rest.strip_prefix("//").and_then(|rest| rest.split(['/', '?', '#']).next());
    let is_odd = |c: char| c.is_ascii_whitespace() || c.is_ascii_control();
    is_web && host.is_some_and(|host| !host.is_empty()) && !url.contains(is_odd)
}

struct Url<'a> {
    is_https: bool,
    host: &'a str,
}

/// An absolute http(s) URL, read more strictly than a browser does: what is odd is refused, not mended.
fn read_url<'a>(name: &str, url: &'a str) -> Result<Url<'a>> {
    let wrong = |rule| Err(Failure::option(name, rule));
    let (scheme, rest) = url.split_once(':').unwrap_or_default();
    let is_https = scheme.eq_ignore_ascii_case("https");
    let Some(rest) =
        rest.strip_prefix("//").filter(|_| is_https || scheme.eq_ignore_ascii_case("http"))
    else {
        return wrong("must be an absolute URL that begins with https://");
    };
    if url.contains(|c: char| c.is_ascii_whitespace() || c.is_ascii_control() || c == '\\') {
        return wrong("must not have spaces, control characters or backslashes");
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return wrong("must not have a user or a password");
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (authority, "443"),
    };
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let named = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    let is_host = match bare {
        Some(address) => {
            address.contains(':') && address.chars().all(|c| c.is_ascii_hexdigit() || c == ':')
        }
        None => !host.is_empty() && host.chars().all(named),
    };
    if !is_host {
        return wrong("has no valid host (write an international name in its xn-- form)");
    }
    if port.starts_with('+') || port.parse::<u16>().is_err() {
        return wrong("has no valid port");
    }
    Ok(Url { is_https, host })
}

fn is_loopback(host: &str) -> bool {
    let name = host.to_ascii_lowercase();
    name == "localhost" || name == "[::1]" || is_dotted(&name) && name.starts_with("127.")
}

/// Four numbers: not `127.evil.com`, and not the shorter forms that browsers also take.
fn is_dotted(host: &str) -> bool {
    host.split('.').count() == 4 && host.split('.').all(|part| part.parse::<u8>().is_ok())
}
