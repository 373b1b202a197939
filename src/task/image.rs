//! Images: text or bytes that the platform writes as base64, and none that the service would refuse for its size, or that
//! is certainly something else.
//!
//! No image is ever in the memory of the module.

use crate::content::ContentKind;
use crate::error::{Failure, Origin, Result};
use crate::error_table::code;
use crate::message::{Message, Template};
use crate::platform::{
    Encoded, Encoding, ErrorRecord, HostValue, Opened, Platform, Unopened, ValueType,
};
use crate::service::ImageLimits;
use crate::texts;

/// How often a form is opened at most: a promise, then what it gives, such as a canvas, then what that gives.
const MAX_OPENINGS: u32 = 3;

/// An image, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image<T> {
    /// Standard base64 without line breaks, padded.
    pub base64: T,
    /// The size of the decoded bytes.
    pub bytes: usize,
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
    let mut declared = None;
    for _ in 0..MAX_OPENINGS {
        if !matches!(value.value_type(), ValueType::Object | ValueType::Array) {
            break;
        }
        match platform.open_image(&value, limits.max_bytes).await {
            Ok(Opened::Form(form, media_type)) => (value, declared) = (form, media_type),
            Ok(Opened::TooLarge(size)) => {
                check_size(size, limits)?;
                break;
            }
            Ok(Opened::Not(why, form)) => return Err(refused_form(why, &form)),
            Err(error) => return Err(unreadable(error)),
        }
    }
    check_unread(&value, declared, limits, takes_audio)?;
    let encoded = platform.encode_image(&value, limits.max_bytes).await.map_err(unreadable)?;
    check_encoded(&value, encoded, limits, takes_audio)
}

/// Checks what is known of an image before it is read, so that a huge file never is.
fn check_unread<V: HostValue>(
    value: &V,
    declared: Option<V>,
    limits: ImageLimits,
    takes_audio: bool,
) -> Result<()> {
    match value.value_type() {
        ValueType::String => {
            // Base64 has 4/3 characters per byte. Six times that, and 64 KiB more, leave room for any line breaks,
            // indentation, escapes and `data:` header. Longer text is too large whatever is in it.
            let length = value.string_length();
            if length > f64::from(limits.max_bytes) * 8.0 + 65_536.0 {
                check_size((length * 0.75).floor(), limits)?;
            }
        }
        ValueType::Binary(size) => {
            let class = value.class_name();
            if class == "Uint8ClampedArray" || class.starts_with("Float") {
                return Err(detected(ContentKind::Pixels));
            }
            let declared = value.get_any("type").or(declared);
            refuse(declared.and_then(|it| ContentKind::declared(&it)), takes_audio)?;
            // The bytes are measured again.
            let is_unread = value.get_any("arrayBuffer").is_some();
            if is_unread || size == 0.0 || size > limits.max_bytes.into() {
                check_size(size, limits)?;
            }
        }
        _ => return Err(invalid(value.display())),
    }
    Ok(())
}

fn check_encoded<V: HostValue>(
    value: &V,
    encoded: Encoded<V>,
    limits: ImageLimits,
    takes_audio: bool,
) -> Result<Image<V>> {
    let Encoded { encoding, number: bytes, text: base64, start, media_type } = encoded;
    let is_small = bytes < limits.min_bytes.into();
    let kind = match encoding {
        Encoding::Zeros => Some(ContentKind::Zeros),
        Encoding::Base64 => media_type
            .and_then(|it| ContentKind::declared(&it))
            .or_else(|| ContentKind::of_start(&start)),
        _ => return Err(not_base64(encoding, bytes, &base64, &start)),
    };
    // Of a few bytes their number says more than that they are letters or zeros.
    let says_less = |it: &ContentKind| {
        bytes == 0.0 || is_small && matches!(it, ContentKind::Base64 | ContentKind::Zeros)
    };
    refuse(kind.filter(|it| !says_less(it)), takes_audio)?;
    let is_empty_text = bytes == 0.0 && value.value_type() == ValueType::String;
    check_size_of(bytes, limits, is_empty_text.then_some(texts::EMPTY_CANVAS))?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a number of bytes
    Ok(Image { base64, bytes: bytes as usize })
}

fn refuse(kind: Option<ContentKind>, takes_audio: bool) -> Result<()> {
    match kind.filter(|it| *it != ContentKind::Audio || !takes_audio) {
        Some(kind) => Err(detected(kind)),
        None => Ok(()),
    }
}

/// Says what a text is that is not base64, and shows the first character that is not.
fn not_base64<V: HostValue>(
    encoding: Encoding,
    position: f64,
    found: &V,
    start: &V,
) -> Box<Failure> {
    let found = Message::literal(&found.string_prefix(4));
    let detail = match encoding {
        Encoding::NoComma => texts::DATA_URL_EMPTY.into(),
        Encoding::Cut => texts::BASE64_CUT.into(),
        _ => {
            if let Some(kind) = ContentKind::of_text(start) {
                return detected(kind);
            }
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a position
            match encoding {
                Encoding::Invisible => {
                    texts::INVISIBLE.with([found, Message::number(position as u64)])
                }
                _ => texts::NOT_BASE64.with([found]),
            }
        }
    };
    invalid(detail)
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

fn invalid(detail: impl Into<Message>) -> Box<Failure> {
    Failure::new(code::INVALID_IMAGE, Origin::Client, detail)
}

/// The failure of something that is certainly not an image.
fn detected(kind: ContentKind) -> Box<Failure> {
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
