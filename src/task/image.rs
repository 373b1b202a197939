//! Images: any form in, base64 out, and none that the service would refuse for its size.
//!
//! The size of the decoded bytes counts. It is computed from the length of the text, so that nothing is decoded
//! only to be measured.

use crate::error::{Failure, Origin, Result};
use crate::error_table::code;
use crate::message::Message;
use crate::service::ImageLimits;
use crate::text_search::{after_last, split_once};
use crate::texts;
use base64_simd::STANDARD;

/// An image, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Standard base64 with padding, no line breaks.
    pub base64: String,
    /// The size of the decoded bytes.
    pub bytes: usize,
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

/// An image from its bytes.
///
/// # Errors
/// As [`check_size`].
#[allow(clippy::cast_precision_loss)] // exact below 2^53
pub fn from_bytes(bytes: &[u8], limits: ImageLimits) -> Result<Image> {
    check_size(bytes.len() as f64, limits)?;
    Ok(Image { base64: STANDARD.encode_to_string(bytes), bytes: bytes.len() })
}

/// An image from base64 text or a base64 `data:` URL. White space is removed, missing padding added.
///
/// # Errors
/// As [`check_size`], and `INVALID_IMAGE` where the text is neither.
#[allow(clippy::cast_precision_loss)] // exact below 2^53
pub fn from_text(text: &str, limits: ImageLimits) -> Result<Image> {
    let mut base64 = payload(text.trim_ascii())?.to_owned();
    base64.retain(|c| !c.is_ascii_whitespace());
    let padded = base64.bytes().rev().take_while(|byte| *byte == b'=').count();
    let significant = base64.len().saturating_sub(padded);
    if base64.len() == significant {
        let padding = base64.len().next_multiple_of(4).saturating_sub(base64.len());
        base64.extend(std::iter::repeat_n('=', padding));
    }
    if let Some(invalid_char) = base64.chars().take(significant).find(|c| !is_base64(*c)) {
        return Err(invalid(texts::NOT_BASE64.with([Message::Literal(invalid_char.into())])));
    }
    let bytes = significant.saturating_mul(3) / 4;
    check_size(bytes as f64, limits)?;
    // The alphabet is right, so only a length that no bytes have is left to find.
    if STANDARD.check(base64.as_bytes()).is_err() {
        return Err(invalid(texts::BASE64_CUT));
    }
    Ok(Image { base64, bytes })
}

/// The failure of a value that is neither text nor bytes, or cannot be read.
#[must_use]
pub fn invalid(detail: impl Into<Message>) -> Box<Failure> {
    Failure::new(code::INVALID_IMAGE, Origin::Client, detail)
}

fn is_base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '+' || c == '/'
}

/// Refuses base64 text that is too long for the limits whatever is in it, before it is copied: a video that was
/// passed by mistake never enters the memory of the module.
///
/// # Errors
/// `ERROR_TOO_BIG_CAPTCHA_FILESIZE`.
pub fn check_text_length(length: f64, limits: ImageLimits) -> Result<()> {
    // Base64 has 4/3 characters per byte. Six times that, and 64 KiB more, leave room for any line breaks,
    // indentation and `data:` header.
    if length > f64::from(limits.max_bytes) * 8.0 + 65_536.0 {
        check_size((length * 0.75).floor(), limits)?;
    }
    Ok(())
}

/// The base64 in a `data:` URL, or the text itself.
fn payload(text: &str) -> Result<&str> {
    let is_data_url = text.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"));
    if !is_data_url {
        return Ok(text);
    }
    let (header, data) = split_once(text, ",").ok_or_else(|| invalid(texts::DATA_URL_EMPTY))?;
    if after_last(header, ";").trim_ascii().eq_ignore_ascii_case("base64") {
        Ok(data)
    } else {
        Err(invalid(texts::DATA_URL_NOT_BASE64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Catalogue;
    use crate::service::{BROCAPGPT, CAPMONSTER};
    use proptest::prelude::*;

    const LIMITS: ImageLimits = CAPMONSTER.image_limits;

    fn code_of(result: Result<Image>) -> String {
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
                let bytes = vec![7; size];
                let text = STANDARD.encode_to_string(&bytes);
                for result in [from_bytes(&bytes, limits), from_text(&text, limits)] {
                    match refused {
                        None => assert_eq!(result.map(|image| image.bytes).ok(), Some(size)),
                        Some(code) => assert_eq!(code_of(result), code, "{size} bytes"),
                    }
                }
            }
        }
    }

    #[test]
    fn a_refusal_names_size_and_limit() {
        let failure = from_bytes(&[0; 99], LIMITS).expect_err("too small");
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
            let failure = from_text(text, LIMITS).expect_err(text);
            assert_eq!(failure.code, "INVALID_IMAGE");
            assert!(
                failure.message(&Catalogue::default()).contains(reason),
                "{text}: {}",
                failure.message(&Catalogue::default())
            );
        }
        let long = "A".repeat(1001);
        assert_eq!(code_of(from_text(&long, LIMITS)), "INVALID_IMAGE");
        assert_eq!(code_of(from_text(&format!("{}=", "A".repeat(1002)), LIMITS)), "INVALID_IMAGE");
        assert_eq!(
            code_of(from_text(&format!("{}===", "A".repeat(1000)), LIMITS)),
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
            let expected = from_bytes(&bytes, LIMITS).unwrap();
            prop_assert_eq!(STANDARD.decode_to_vec(&expected.base64).unwrap(), bytes.clone());
            let mut text = expected.base64.clone();
            if !padded {
                text = text.trim_end_matches('=').to_owned();
            }
            let lines: Vec<_> = text.as_bytes().chunks(width)
                .map(|line| std::str::from_utf8(line).unwrap()).collect();
            for form in [lines.join("\r\n"), format!("  DATA:image/png;BASE64,{} ", lines.join("\n\t"))] {
                prop_assert_eq!(from_text(&form, LIMITS).unwrap(), expected.clone());
            }
        }

        #[test]
        fn any_text_gives_an_image_within_bounds_or_an_image_error(text: String) {
            match from_text(&text, ImageLimits { min_bytes: 0, max_bytes: 50 }) {
                Ok(image) => {
                    prop_assert!(image.bytes <= 50);
                    prop_assert_eq!(STANDARD.decode_to_vec(&image.base64).map(|b| b.len()).ok(), Some(image.bytes));
                }
                Err(failure) => prop_assert_eq!(failure.class.name(), "ImageError"),
            }
        }
    }
}
