//! Images: base64 in, or bytes that the platform encodes, and none that the service would refuse for its size, or that
//! is certainly something else.
//!
//! The size of the decoded bytes counts. It is computed from the length of the text, so that nothing is decoded
//! only to be measured. Text that is base64 already is never copied into the memory of the module.

use super::base64_text::{self, decode_start};
use crate::content::{ContentKind, HEAD_BYTES};
use crate::error::{Failure, Origin, Result};
use crate::error_table::code;
use crate::message::{Message, Template};
use crate::platform::{ErrorRecord, HostValue, Opened, Platform, Unopened, ValueType};
use crate::service::ImageLimits;
use crate::text_search::split_once;
use crate::texts;

/// How much of a text is searched for the comma of a `data:` URL before it is copied: several times the longest
/// header that browsers write.
const MAX_HEADER_LENGTH: u32 = 256;

/// How often a form is opened at most: a promise, then what it gives, such as a canvas, then what that gives.
const MAX_OPENINGS: u32 = 3;

/// How much of a text that is all zeros is compared at once.
const ZEROS_AT_ONCE: u32 = 4_096;

/// An image, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image<T> {
    /// Standard base64 without line breaks, padded.
    pub base64: T,
    /// The size of the decoded bytes.
    pub bytes: usize,
    /// The type that a `data:` URL declares; empty where it declares none.
    pub media_type: String,
}

/// Reads an image in any form.
///
/// # Errors
/// As [`check_size`], and `INVALID_IMAGE` where it is not an image, or cannot be read.
pub async fn read<P: Platform>(
    platform: &P,
    value: &P::Value,
    limits: ImageLimits,
    takes_audio: bool,
) -> Result<Image<P::Value>> {
    let mut value = value.clone();
    let mut declared = String::new();
    for _ in 0..MAX_OPENINGS {
        if !matches!(value.value_type(), ValueType::Object | ValueType::Array) {
            break;
        }
        (value, declared) = match platform.open_image(&value, limits.max_bytes).await {
            Ok(Opened::Form(form, media_type)) => (form, media_type),
            Ok(Opened::TooLarge(size)) => {
                check_size(size, limits)?;
                break;
            }
            Ok(Opened::Not(why, form)) => return Err(refused_form(why, &form)),
            Err(error) => return Err(unreadable(error)),
        };
    }
    let is_refused = |kind: &ContentKind| *kind != ContentKind::Audio || !takes_audio;
    let image = match value.value_type() {
        ValueType::String => from_string(&value, limits, |text| platform.parse_json(text))?,
        ValueType::Binary(size) => {
            let class = value.class_name();
            if class == "Uint8ClampedArray" || class.starts_with("Float") {
                return Err(detected(ContentKind::Pixels));
            }
            if let Some(media_type) = value.get_any("type").and_then(|it| it.as_string()) {
                declared = media_type;
            }
            if let Some(kind) = ContentKind::declared(&declared).filter(is_refused) {
                return Err(detected(kind));
            }
            // Once by the size it announces, so that a huge file is never read; the bytes are measured again.
            let is_unread = value.get_any("arrayBuffer").is_some();
            if is_unread || size == 0.0 || size > limits.max_bytes.into() {
                check_size(size, limits)?;
            }
            let (base64, bytes) =
                platform.encode_base64(&value, limits.max_bytes).await.map_err(unreadable)?;
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a number of bytes
            Image { base64, bytes: bytes as usize, media_type: String::new() }
        }
        _ => return Err(invalid(value.display())),
    };
    let is_small = image.bytes < limits.min_bytes as usize;
    let is_text = value.value_type() == ValueType::String;
    let kind =
        ContentKind::declared(&image.media_type).or_else(|| content_of(&image.base64, !is_text));
    // Of a few bytes their number says more than that they are letters or zeros.
    let says_less = |it: &ContentKind| {
        image.bytes == 0 || is_small && matches!(it, ContentKind::Base64 | ContentKind::Zeros)
    };
    if let Some(kind) = kind.filter(|it| is_refused(it) && !says_less(it)) {
        return Err(detected(kind));
    }
    let is_empty_text = image.bytes == 0 && is_text;
    #[allow(clippy::cast_precision_loss)] // exact below 2^53
    check_size_of(image.bytes as f64, limits, is_empty_text.then_some(texts::EMPTY_CANVAS))?;
    Ok(image)
}

/// What an image certainly is, if it is none. Bytes of zeros are a buffer that nobody has filled; a text of zeros was
/// written on purpose, to try something out.
fn content_of<V: HostValue>(base64: &V, is_bytes: bool) -> Option<ContentKind> {
    let head = decode_start(&base64.string_prefix(HEAD_BYTES / 3 * 4));
    if is_bytes && is_zeros(base64) {
        return Some(ContentKind::Zeros);
    }
    ContentKind::of_bytes(&head)
}

fn is_zeros<V: HostValue>(base64: &V) -> bool {
    let mut rest = base64.clone();
    loop {
        let part = rest.string_prefix(ZEROS_AT_ONCE);
        if part.is_empty() || !part.bytes().all(|byte| matches!(byte, b'A' | b'=')) {
            return part.is_empty();
        }
        rest = rest.string_slice(ZEROS_AT_ONCE);
    }
}

/// Refuses a size outside the limits. It is a float, because a `Blob` can be larger than a 32-bit `usize`.
///
/// # Errors
/// `ERROR_ZERO_CAPTCHA_FILESIZE`, `ERROR_TOO_BIG_CAPTCHA_FILESIZE`.
pub fn check_size(size: f64, limits: ImageLimits) -> Result<()> {
    check_size_of(size, limits, None)
}

/// As [`check_size`]. `what` is said of the size in the message.
fn check_size_of(size: f64, limits: ImageLimits, what: Option<Template<1>>) -> Result<()> {
    let ImageLimits { min_bytes, max_bytes } = limits;
    let (code, limit) = match size {
        _ if size < f64::from(min_bytes) => (code::ERROR_ZERO_CAPTCHA_FILESIZE, min_bytes),
        _ if size > f64::from(max_bytes) => (code::ERROR_TOO_BIG_CAPTCHA_FILESIZE, max_bytes),
        _ => return Ok(()),
    };
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a number of bytes
    let shown: u64 = size as u64;
    let values = [shown, min_bytes.into(), max_bytes.into()].map(Message::number);
    let detail = texts::IMAGE_SIZE.with(values);
    let detail = match what {
        Some(what) => what.with([detail]),
        None => detail,
    };
    let mut failure = Failure::new(code, Origin::Client, detail);
    failure.size = Some(size);
    failure.limit = Some(limit);
    Err(failure)
}

/// An image from base64 text or a `data:` URL.
///
/// # Errors
/// `ERROR_TOO_BIG_CAPTCHA_FILESIZE`, and `INVALID_IMAGE` where the text is neither.
pub fn from_string<V: HostValue>(
    text: &V,
    limits: ImageLimits,
    parse_json: impl Fn(&V) -> Option<V>,
) -> Result<Image<V>> {
    let length = text.string_length();
    // Base64 has 4/3 characters per byte. Six times that, and 64 KiB more, leave room for any line breaks,
    // indentation, escapes and `data:` header. Longer text is too large whatever is in it.
    if length > f64::from(limits.max_bytes) * 8.0 + 65_536.0 {
        check_size((length * 0.75).floor(), limits)?;
    }
    if let Some(image) = standard_base64(text) {
        return Ok(image);
    }
    let text = text.string_prefix(u32::MAX);
    let unescape = |text: &str| Some(parse_json(&V::from_string(text))?.string_prefix(u32::MAX));
    let Image { base64, bytes, media_type } = base64_text::read(&text, unescape)?;
    Ok(Image { base64: V::from_string(&base64), bytes, media_type })
}

/// The image in a text that needs no change: padded base64 without white space, perhaps in a `data:` URL.
fn standard_base64<V: HostValue>(text: &V) -> Option<Image<V>> {
    let start = text.string_prefix(MAX_HEADER_LENGTH);
    let (base64, media_type) = if base64_text::is_data_url(&start) {
        let (header, _) = split_once(&start, ",").filter(|(header, _)| header.is_ascii())?;
        let after_comma = u32::try_from(header.len()).ok()?.saturating_add(1);
        let data = base64_text::is_base64_header(header).then(|| text.string_slice(after_comma))?;
        (data, base64_text::media_type(header))
    } else {
        (text.clone(), String::new())
    };
    let significant = base64.base64_length();
    let padding = base64.string_slice(significant).string_prefix(3);
    let is_padding = matches!(padding.as_str(), "" | "=" | "==");
    let length = significant.saturating_add(u32::try_from(padding.len()).ok()?);
    let is_standard = is_padding && significant > 0 && length.is_multiple_of(4);
    let bytes = usize::try_from(significant).ok()?.saturating_mul(3) / 4;
    is_standard.then_some(Image { base64, bytes, media_type })
}

pub(super) fn invalid(detail: impl Into<Message>) -> Box<Failure> {
    Failure::new(code::INVALID_IMAGE, Origin::Client, detail)
}

/// The failure of something that is certainly no image.
pub(super) fn detected(kind: ContentKind) -> Box<Failure> {
    let mut failure = invalid(texts::LOOKS_LIKE.with([kind.describe()]));
    failure.detected = Some(kind);
    match kind {
        ContentKind::Html | ContentKind::Xml | ContentKind::Json | ContentKind::Text => {
            failure.with_hint(texts::HINT_PAGE)
        }
        _ => failure,
    }
}

fn unreadable(error: ErrorRecord) -> Box<Failure> {
    let reason = Message::literal(&error.message);
    invalid(texts::IMAGE_UNREADABLE.with([reason])).with_cause(error)
}

fn refused_form<V: HostValue>(why: Unopened, form: &V) -> Box<Failure> {
    let name = form.display();
    match why {
        Unopened::Pixels => detected(ContentKind::Pixels),
        Unopened::Ended => invalid(texts::STREAM_ENDED.with([name])),
        Unopened::Used => invalid(texts::BODY_USED.with([name])),
        Unopened::Unknown => {
            let is_element = form.class_name().starts_with("HTML");
            let failure = invalid(name);
            if is_element { failure.with_hint(texts::HINT_ELEMENT) } else { failure }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Catalogue;
    use crate::service::CAPMONSTER;

    #[test]
    fn a_refusal_names_size_and_limit() {
        let failure = check_size(99.0, CAPMONSTER.image_limits).expect_err("too small");
        assert_eq!((failure.size, failure.limit), (Some(99.0), Some(100)));
        assert!(
            failure.message(&Catalogue::default()).contains("99 bytes (allowed: 100 to 500000)"),
            "{failure:?}"
        );
    }
}
