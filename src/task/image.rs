//! Images: base64 in, or bytes that the platform encodes, and none that the service would refuse for its size.
//!
//! The size of the decoded bytes counts. It is computed from the length of the text, so that nothing is decoded
//! only to be measured. Text that is base64 already is never copied into the memory of the module.

use crate::error::{Failure, Origin, Result};
use crate::error_table::code;
use crate::message::Message;
use crate::platform::{HostValue, Platform, ValueType};
use crate::service::ImageLimits;
use crate::text_search::{after_last, split_once};
use crate::texts;

/// How much of a text is searched for the comma of a `data:` URL before it is copied: several times the longest
/// header that browsers write.
const MAX_HEADER_LENGTH: u32 = 256;

/// An image, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image<T> {
    /// Standard base64 without line breaks, padded.
    pub base64: T,
    /// The size of the decoded bytes.
    pub bytes: usize,
}

/// Reads an image: text or bytes.
///
/// # Errors
/// As [`check_size`], and `INVALID_IMAGE` where it is not an image, or cannot be read.
pub async fn read<P: Platform>(
    platform: &P,
    value: &P::Value,
    limits: ImageLimits,
) -> Result<Image<P::Value>> {
    match value.value_type() {
        ValueType::String => from_string(value, limits),
        ValueType::Binary(size) => {
            // Once by the size it announces, so that a huge file is never read; the bytes are measured again.
            check_size(size, limits)?;
            match platform.encode_base64(value, limits.max_bytes).await {
                Ok((base64, bytes)) => {
                    check_size(bytes, limits)?;
                    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // checked
                    Ok(Image { base64, bytes: bytes as usize })
                }
                Err(error) => {
                    let reason = Message::literal(&error.message);
                    let detail = texts::IMAGE_UNREADABLE.with([reason]);
                    Err(invalid(detail).with_cause(error))
                }
            }
        }
        _ => Err(invalid(value.display())),
    }
}

/// Refuses a size outside the limits. It is a float, because a `Blob` can be larger than a 32-bit `usize`.
///
/// # Errors
/// `ERROR_ZERO_CAPTCHA_FILESIZE`, `ERROR_TOO_BIG_CAPTCHA_FILESIZE`.
pub fn check_size(size: f64, limits: ImageLimits) -> Result<()> {
    let ImageLimits { min_bytes, max_bytes } = limits;
    let (code, limit) = match size {
        _ if size < f64::from(min_bytes) => (code::ERROR_ZERO_CAPTCHA_FILESIZE, min_bytes),
        _ if size > f64::from(max_bytes) => (code::ERROR_TOO_BIG_CAPTCHA_FILESIZE, max_bytes),
        _ => return Ok(()),
    };
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a number of bytes
    let shown: u64 = size as u64;
    let values = [shown, min_bytes.into(), max_bytes.into()].map(Message::number);
    let mut failure = Failure::new(code, Origin::Client, texts::IMAGE_SIZE.with(values));
    failure.size = Some(size);
    failure.limit = Some(limit);
    Err(failure)
}

/// An image from base64 text or a base64 `data:` URL.
///
/// # Errors
/// As [`check_size`], and `INVALID_IMAGE` where the text is neither.
pub fn from_string<V: HostValue>(text: &V, limits: ImageLimits) -> Result<Image<V>> {
    let length = text.string_length();
    // Base64 has 4/3 characters per byte. Six times that, and 64 KiB more, leave room for any line breaks,
    // indentation and `data:` header. Longer text is too large whatever is in it.
    if length > f64::from(limits.max_bytes) * 8.0 + 65_536.0 {
        check_size((length * 0.75).floor(), limits)?;
    }
    if let Some(image) = standard_base64(text) {
        check_bytes(image.bytes, limits)?;
        return Ok(image);
    }
    let Image { base64, bytes } = normalize(&text.string_prefix(u32::MAX), limits)?;
    Ok(Image { base64: V::from_string(&base64), bytes })
}

/// The image in a text that needs no change: padded base64 without white space, perhaps in a `data:` URL.
fn standard_base64<V: HostValue>(text: &V) -> Option<Image<V>> {
    let start = text.string_prefix(MAX_HEADER_LENGTH);
    let base64 = if is_data_url(&start) {
        let (header, _) = split_once(&start, ",").filter(|(header, _)| header.is_ascii())?;
        let after_comma = u32::try_from(header.len()).ok()?.saturating_add(1);
        is_base64_header(header).then(|| text.string_slice(after_comma))?
    } else {
        text.clone()
    };
    let significant = base64.base64_length();
    let padding = base64.string_slice(significant).string_prefix(3);
    let is_padding = matches!(padding.as_str(), "" | "=" | "==");
    let length = significant.saturating_add(u32::try_from(padding.len()).ok()?);
    let is_standard = is_padding && significant > 0 && length.is_multiple_of(4);
    let bytes = usize::try_from(significant).ok()?.saturating_mul(3) / 4;
    is_standard.then_some(Image { base64, bytes })
}

/// Standard base64 from base64 text or a base64 `data:` URL: white space is removed, missing padding added. Unused
/// bits of the last character may be set, as `atob` allows.
///
/// # Errors
/// As [`check_size`], and `INVALID_IMAGE` where the text is neither.
pub fn normalize(text: &str, limits: ImageLimits) -> Result<Image<String>> {
    let mut base64 = payload(text.trim_ascii())?.to_owned();
    base64.retain(|c| !c.is_ascii_whitespace());
    let padded = base64.bytes().rev().take_while(|byte| *byte == b'=').count();
    let significant = base64.len().saturating_sub(padded);
    if padded == 0 {
        let padding = base64.len().next_multiple_of(4).saturating_sub(base64.len());
        base64.extend(std::iter::repeat_n('=', padding));
    }
    if let Some(invalid_char) = base64.chars().take(significant).find(|c| !is_base64(*c)) {
        return Err(invalid(
            texts::NOT_BASE64.with([Message::literal(&String::from(invalid_char))]),
        ));
    }
    let bytes = significant.saturating_mul(3) / 4;
    check_bytes(bytes, limits)?;
    // The alphabet is right, so only a length that no bytes have is left to find.
    if !base64.len().is_multiple_of(4) || padded > 2 || significant % 4 == 1 {
        return Err(invalid(texts::BASE64_CUT));
    }
    Ok(Image { base64, bytes })
}

#[allow(clippy::cast_precision_loss)] // exact below 2^53
fn check_bytes(bytes: usize, limits: ImageLimits) -> Result<()> {
    check_size(bytes as f64, limits)
}

fn invalid(detail: impl Into<Message>) -> Box<Failure> {
    Failure::new(code::INVALID_IMAGE, Origin::Client, detail)
}

fn is_base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '+' || c == '/'
}

fn is_data_url(text: &str) -> bool {
    text.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"))
}

/// Whether the text before the comma of a `data:` URL says that base64 follows.
fn is_base64_header(header: &str) -> bool {
    after_last(header, ";").trim_ascii().eq_ignore_ascii_case("base64")
}

/// The base64 in a `data:` URL, or the text itself.
fn payload(text: &str) -> Result<&str> {
    if !is_data_url(text) {
        return Ok(text);
    }
    let (header, data) = split_once(text, ",").ok_or_else(|| invalid(texts::DATA_URL_EMPTY))?;
    if is_base64_header(header) { Ok(data) } else { Err(invalid(texts::DATA_URL_NOT_BASE64)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Catalogue;
    use crate::service::{BROCAPGPT, CAPMONSTER};
    use base64_simd::STANDARD;
    use proptest::prelude::*;

    const LIMITS: ImageLimits = CAPMONSTER.image_limits;

    fn code_of<T: std::fmt::Debug>(result: Result<T>) -> String {
        let failure = result.expect_err("should be refused");
        assert_eq!(failure.class.name(), "ImageError");
        assert_eq!(failure.origin, Origin::Client);
        failure.code.into_owned()
    }

    #[test]
    fn bounds_are_inclusive_on_both_services_and_in_both_forms() {
        for (limits, max) in [(CAPMONSTER.image_limits, 500_000), (BROCAPGPT.image_limits, 50_000)]
        {
            for (size, refused) in [
                (0, Some("ERROR_ZERO_CAPTCHA_FILESIZE")),
                (99, Some("ERROR_ZERO_CAPTCHA_FILESIZE")),
                (100, None),
                (101, None),
                (max - 1, None),
                (max, None),
                (max + 1, Some("ERROR_TOO_BIG_CAPTCHA_FILESIZE")),
            ] {
                let text = STANDARD.encode_to_string(vec![7; size]);
                let by_size = check_bytes(size, limits).map(|()| size);
                let by_text = normalize(&text, limits).map(|image| image.bytes);
                for result in [by_size, by_text] {
                    match refused {
                        None => assert_eq!(result.ok(), Some(size)),
                        Some(code) => assert_eq!(code_of(result), code, "{size} bytes"),
                    }
                }
            }
        }
    }

    #[test]
    fn a_refusal_names_size_and_limit() {
        let failure = check_bytes(99, LIMITS).expect_err("too small");
        assert_eq!((failure.size, failure.limit), (Some(99.0), Some(100)));
        assert!(
            failure.message(&Catalogue::default()).contains("99 bytes (allowed: 100 to 500000)"),
            "{failure:?}"
        );
    }

    #[test]
    fn text_that_is_not_an_image_is_refused_with_its_reason() {
        for (text, reason) in [
            ("captcha.png", "'.' is not a base64 character"),
            ("https://example.com/captcha", "':' is not a base64 character"),
            ("data:image/png;base64", "no comma"),
            ("data:image/svg+xml,%3Csvg%3E", "is not base64"),
            ("data:;charset=base64x,QUJD", "is not base64"),
            ("QUJ=RA==", "'=' is not a base64 character"),
            ("картинка", "'к' is not a base64 character"),
        ] {
            let failure = normalize(text, LIMITS).expect_err(text);
            assert_eq!(failure.code, "INVALID_IMAGE");
            assert!(
                failure.message(&Catalogue::default()).contains(reason),
                "{text}: {}",
                failure.message(&Catalogue::default())
            );
        }
        let long = "A".repeat(1001);
        assert_eq!(code_of(normalize(&long, LIMITS)), "INVALID_IMAGE");
        assert_eq!(code_of(normalize(&format!("{}=", "A".repeat(1002)), LIMITS)), "INVALID_IMAGE");
        assert_eq!(
            code_of(normalize(&format!("{}===", "A".repeat(1000)), LIMITS)),
            "INVALID_IMAGE"
        );
    }

    proptest! {
        #[test]
        fn every_form_of_the_same_bytes_is_the_same_image(
            bytes in prop::collection::vec(any::<u8>(), 100..2_000),
            width in 1_usize..100,
            padded: bool,
        ) {
            let expected = Image { base64: STANDARD.encode_to_string(&bytes), bytes: bytes.len() };
            let mut text = expected.base64.clone();
            if !padded {
                text = text.trim_end_matches('=').to_owned();
            }
            let lines: Vec<_> = text.as_bytes().chunks(width)
                .map(|line| std::str::from_utf8(line).unwrap()).collect();
            for form in [lines.join("\r\n"), format!("  DATA:image/png;BASE64,{} ", lines.join("\n\t"))] {
                prop_assert_eq!(normalize(&form, LIMITS).unwrap(), expected.clone());
            }
        }

        #[test]
        fn any_text_gives_an_image_within_bounds_or_an_image_error(text: String) {
            match normalize(&text, ImageLimits { min_bytes: 0, max_bytes: 50 }) {
                Ok(image) => {
                    prop_assert!(image.bytes <= 50);
                    prop_assert_eq!(image.base64.len() % 4, 0);
                    let padding = image.base64.bytes().rev().take_while(|byte| *byte == b'=').count();
                    prop_assert_eq!(image.base64.len() / 4 * 3 - padding, image.bytes);
                }
                Err(failure) => prop_assert_eq!(failure.class.name(), "ImageError"),
            }
        }
    }
}
