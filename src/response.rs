//! A response as the rules see it: how much of a body is read, whether it is JSON, what `Retry-After` says.

use crate::platform::{HostValue, Platform, RawResponse};
use crate::schedule::Millis;
use crate::text_search::whole_number;

/// Answers of the services have a few hundred bytes. The rest of a larger body than this is not read.
pub const MAX_BODY_BYTES: u32 = 4 * 1024 * 1024;
/// How much of a body that is not JSON is looked at: enough for an excerpt of 120 characters after a page's
/// white space.
const MAX_EXCERPT_LENGTH: u32 = 4_096;
/// The longest `Retry-After` that is reported, a day. `setTimeout` overflows above 2^31 − 1 ms (24.8 days) and
/// then fires at once, so a caller must not get a longer one.
const MAX_RETRY_AFTER_MS: Millis = 86_400_000.0;

/// The body of a response.
#[derive(Clone, Debug)]
pub enum Body<V> {
    /// It is JSON.
    Json(V),
    /// It is not. This is how it begins.
    NotJson(String),
    /// It has more than [`MAX_BODY_BYTES`].
    TooLarge,
}

impl<V: HostValue> Body<V> {
    /// The body in a text that the platform has read; none where it was too large.
    pub fn of<P: Platform<Value = V>>(platform: &P, text: Option<V>) -> Self {
        let Some(text) = text else { return Self::TooLarge };
        match platform.parse_json(&text) {
            Some(json) => Self::Json(json),
            None => Self::NotJson(text.string_prefix(MAX_EXCERPT_LENGTH)),
        }
    }
}

/// A response, whatever its status.
#[derive(Clone, Debug)]
pub struct Response<V> {
    /// The HTTP status; 0 for a redirect whose status the platform hides.
    pub status: u16,
    /// `Retry-After` as a span from now: 0 to a day.
    pub retry_after_ms: Option<Millis>,
    /// The body.
    pub body: Body<V>,
}

impl<V: HostValue> Response<V> {
    /// Reads a response of the platform.
    pub fn of<P: Platform<Value = V>>(platform: &P, raw: RawResponse<V>) -> Self {
        let retry_after = raw.retry_after.as_deref();
        Self {
            status: raw.status,
            retry_after_ms: retry_after.and_then(|text| retry_after_ms(platform, text)),
            body: Body::of(platform, raw.body),
        }
    }
}

/// `Retry-After` is a number of seconds or a date (RFC 9110, 10.2.3).
fn retry_after_ms<P: Platform>(platform: &P, text: &str) -> Option<Millis> {
    let text = text.trim_ascii();
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = whole_number(text, 10).and_then(|seconds| u32::try_from(seconds).ok());
    let span = match seconds {
        Some(seconds) => f64::from(seconds) * 1_000.0,
        // Many digits are still a number, not a year.
        None if is_number => MAX_RETRY_AFTER_MS,
        None => platform.time_until(text)?,
    };
    Some(span.clamp(0.0, MAX_RETRY_AFTER_MS))
}
