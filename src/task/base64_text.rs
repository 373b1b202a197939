//! Images as text: base64 of either alphabet and `data:` URLs, in the ways in which other programs write them.

use super::image::{Image, detected, invalid};
use crate::content::ContentKind;
use crate::error::{Failure, Result};
use crate::message::Message;
use crate::text_search::{after_last, concat, is_space, split_once};
use crate::texts;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The longest name after the last dot of a path.
const MAX_EXTENSION_LENGTH: usize = 5;
/// The longest text that is taken for a path.
const MAX_PATH_LENGTH: usize = 1_024;

/// Characters that nobody sees in a message, in ranges.
const INVISIBLE: &[(u32, u32)] = &[
    (0, 0x20),
    (0x7f, 0xa0),
    (0xad, 0xad),
    (0x180e, 0x180e),
    (0x2000, 0x200f),
    (0x2028, 0x202f),
    (0x205f, 0x206f),
    (0x3000, 0x3000),
    (0xfe00, 0xfe0f),
    (0xfeff, 0xfeff),
    (0xfff0, 0xffff),
];

/// Reads base64 text or a `data:` URL. White space and a byte order mark are removed, the escapes of URLs and JSON
/// undone, the URL-safe alphabet replaced, and missing padding is added. Unused bits of the last character may be set,
/// as `atob` allows. `unescape` reads a string of JSON.
///
/// # Errors
/// `INVALID_IMAGE` where the text is neither.
pub fn read(given: &str, unescape: impl Fn(&str) -> Option<String>) -> Result<Image<String>> {
    let mut text = given.trim_matches(is_space).to_owned();
    let quote = if text.starts_with('"') { "" } else { "\"" };
    if quote.is_empty() || text.contains('\\') {
        text = unescape(&concat(&[quote, &text, quote])).unwrap_or(text);
    }
    if !is_data_url(&text) {
        // A whole URL may be encoded, too. Then it is ASCII.
        text = percent_decode(text.as_bytes()).into_iter().map(char::from).collect();
    }
    let text = text.trim_matches(is_space);
    if !is_data_url(text) {
        return normalize(text.as_bytes(), given);
    }
    let (header, data) = split_once(text, ",").ok_or_else(|| invalid(texts::DATA_URL_EMPTY))?;
    let data = percent_decode(data.as_bytes());
    let mut image = if is_base64_header(header) {
        normalize(&data, given)?
    } else {
        Image { base64: encode(&data), bytes: data.len(), media_type: String::new() }
    };
    image.media_type = media_type(header);
    Ok(image)
}

/// Whether a text is a `data:` URL.
#[must_use]
pub fn is_data_url(text: &str) -> bool {
    text.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"))
}

/// Whether the text before the comma of a `data:` URL says that base64 follows.
#[must_use]
pub fn is_base64_header(header: &str) -> bool {
    after_last(header, ";").trim_ascii().eq_ignore_ascii_case("base64")
}

/// The type that the text before the comma of a `data:` URL declares.
#[must_use]
pub fn media_type(header: &str) -> String {
    header.get(5..).unwrap_or_default().to_owned()
}

/// The bytes that standard base64 begins with.
#[must_use]
pub fn decode_start(base64: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0_u32);
    for byte in base64.bytes() {
        let Some(value) = ALPHABET.iter().position(|known| *known == byte) else { break };
        bits = bits << 6 | value as u32;
        count = count.wrapping_add(6);
        if count >= 8 {
            count = count.wrapping_sub(8);
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}

fn encode(bytes: &[u8]) -> String {
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let byte = |at: usize| group.get(at).copied().map_or(0, u32::from);
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for (place, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            let value = ALPHABET.get((bits >> shift & 63) as usize);
            let letter = value.filter(|_| place <= group.len()).unwrap_or(&b'=');
            text.push(char::from(*letter));
        }
    }
    text
}

/// Bytes with each `%` and two hexadecimal digits replaced by what they stand for.
fn percent_decode(text: &[u8]) -> Vec<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        rest = after;
        bytes.push(match after {
            [high, low, after @ ..] if *first == b'%' => match (digit(high), digit(low)) {
                (Some(high), Some(low)) => {
                    rest = after;
                    (high << 4 | low) as u8
                }
                _ => *first,
            },
            _ => *first,
        });
    }
    bytes
}

fn normalize(text: &[u8], given: &str) -> Result<Image<String>> {
    let mut base64 = String::with_capacity(text.len().next_multiple_of(4));
    for byte in text.iter().filter(|byte| !byte.is_ascii_whitespace()) {
        base64.push(match byte {
            b'-' => '+',
            b'_' => '/',
            byte => char::from(*byte),
        });
    }
    let padded = base64.bytes().rev().take_while(|byte| *byte == b'=').count();
    let significant = base64.len().saturating_sub(padded);
    if padded == 0 {
        let padding = base64.len().next_multiple_of(4).saturating_sub(base64.len());
        base64.extend(std::iter::repeat_n('=', padding));
    }
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    if let Some(byte) = base64.bytes().take(significant).find(|byte| !is_base64(byte)) {
        return Err(not_base64(given, char::from(byte)));
    }
    // The alphabet is right, so only a length that no bytes have is left to find.
    if !base64.len().is_multiple_of(4) || padded > 2 || significant % 4 == 1 {
        return Err(invalid(texts::BASE64_CUT));
    }
    Ok(Image { base64, bytes: significant.saturating_mul(3) / 4, media_type: String::new() })
}

/// Says what a text is that is no base64, and shows the first character that is not.
fn not_base64(given: &str, found: char) -> Box<Failure> {
    let kind = ContentKind::of_bytes(given.as_bytes());
    // It is text, so neither says anything new.
    let kind = kind.filter(|it| !matches!(it, ContentKind::Base64 | ContentKind::DataUrl));
    let kind = kind.or_else(|| {
        let name = given.trim_matches(is_space);
        let extension = after_last(name, ".");
        let is_path = name.len() <= MAX_PATH_LENGTH
            && extension.len() <= MAX_EXTENSION_LENGTH
            && extension.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_path.then_some(ContentKind::Path)
    });
    if let Some(kind) = kind {
        return detected(kind);
    }
    // A byte of a character outside ASCII stands for the first of these.
    let is_it = |(_, c): &(usize, char)| match found.is_ascii_graphic() {
        true => *c == found,
        false => !c.is_ascii_graphic() && !c.is_ascii_whitespace(),
    };
    let leading = given.chars().take_while(|c| is_space(*c)).count();
    let mut chars = given.chars().enumerate().skip(leading);
    let (position, found) = chars.find(is_it).unwrap_or((0, found));
    let code = u32::from(found);
    if INVISIBLE.iter().any(|(first, last)| (*first..=*last).contains(&code)) {
        let digit = |shift: u32| char::from_digit(code >> shift & 15, 16).unwrap_or_default();
        let digits: String = [12, 8, 4, 0].map(digit).into_iter().collect();
        let values =
            [Message::literal(&digits.to_ascii_uppercase()), Message::number(position as u64)];
        return invalid(texts::INVISIBLE.with(values));
    }
    invalid(texts::NOT_BASE64.with([Message::literal(&String::from(found))]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Catalogue;
    use base64_simd::{STANDARD, URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    fn unescape(json: &str) -> Option<String> {
        serde_json::from_str(json).ok()
    }

    fn reason(text: &str) -> String {
        let failure = read(text, unescape).expect_err(text);
        assert_eq!(
            (failure.class.name(), &*failure.code),
            ("ImageError", "INVALID_IMAGE"),
            "{text}"
        );
        failure.message(&Catalogue::default())
    }

    #[test]
    fn text_that_is_not_an_image_is_refused_with_its_reason() {
        for (text, expected) in [
            ("data:image/png;base64", "no comma"),
            ("QUJ=RA==", "'=' is not a base64 character"),
            ("QUJD*", "'*' is not a base64 character"),
            ("картинка", "'к' is not a base64 character"),
            ("QUJDкартинка", "'к' is not a base64 character"),
            ("data:image/png;base64,QUJD%", "'%' is not a base64 character"),
            ("data:image/png;base64,QUJD%2", "'%' is not a base64 character"),
            ("QUJD\\q", "'\\' is not a base64 character"),
            ("\u{200b}QUJD", "an invisible character U+200B at position 0"),
            ("QUJD\u{200b}RA==", "an invisible character U+200B at position 4"),
            ("  QUJD\u{202e}RA==", "an invisible character U+202E at position 6"),
            ("QUJD\u{0}", "an invisible character U+0000 at position 4"),
            ("data:image/png;base64,QU\u{2060}JD", "an invisible character U+2060 at position 24"),
            ("data:image/png;base64,QU\u{feff}JD", "an invisible character U+FEFF at position 24"),
            ("QUJD\u{a0}RA==", "an invisible character U+00A0 at position 4"),
            ("QUJDRA===", "truncated"),
            ("QUJDR", "truncated"),
            ("QUJDRUE=A=", "'=' is not a base64 character"),
        ] {
            assert!(reason(text).contains(expected), "{text}: {}", reason(text));
        }
    }

    #[test]
    fn text_that_is_something_else_is_named() {
        for (text, kind) in [
            ("captcha.png", ContentKind::Path),
            ("./images/captcha 1.jpeg", ContentKind::Path),
            ("C:\\captchas\\7.gif", ContentKind::Path),
            ("https://shop.example/captcha?n=7", ContentKind::Url),
            ("HTTP://shop.example/captcha.png", ContentKind::Url),
            ("blob:https://shop.example/5e5a-11", ContentKind::Url),
            ("file:///home/me/captcha.png", ContentKind::Url),
            ("\n <!doctype HTML><title>Sign in</title>", ContentKind::Html),
            ("<p>404</p>", ContentKind::Html),
            ("<Error><Code>AccessDenied</Code></Error>", ContentKind::Xml),
            ("{\"error\":\"expired\"}", ContentKind::Json),
            ("[{\"error\":7}]", ContentKind::Json),
            ("%PDF-1.7 of a kind", ContentKind::Pdf),
            ("\u{fffd}PNG\r\n\u{1a}", ContentKind::BinaryAsText),
            ("\u{89}PNG\r\n\u{1a}", ContentKind::BinaryAsText),
            ("ÿØÿà\u{0}\u{10}JFIF", ContentKind::BinaryAsText),
        ] {
            let failure = read(text, unescape).expect_err(text);
            assert_eq!((&*failure.code, failure.detected), ("INVALID_IMAGE", Some(kind)), "{text}");
        }
    }

    #[test]
    fn a_data_url_without_base64_is_its_bytes() {
        for (url, bytes) in [
            ("data:,", ""),
            ("data:image/svg+xml,%3Csvg/%3e", "<svg/>"),
            ("data:image/svg+xml;utf8,<svg>%zz%4</svg>%", "<svg>%zz%4</svg>%"),
            ("DATA:image/svg+xml;charset=utf-8,<svg>щ</svg>", "<svg>щ</svg>"),
            ("data:;charset=base64x,QUJD", "QUJD"),
            ("data%3Aimage%2Fsvg%2Bxml%2C%253Csvg%2F%253E", "<svg/>"),
        ] {
            let image = read(url, unescape).expect(url);
            assert_eq!(image.base64, STANDARD.encode_to_string(bytes), "{url}");
            assert_eq!(image.bytes, bytes.len(), "{url}");
        }
        let image = read("data:a/b;base64,AA", unescape).expect("base64");
        assert_eq!(image.media_type, "a/b;base64");
    }

    proptest! {
        #[test]
        fn every_form_of_the_same_bytes_is_the_same_image(
            bytes in prop::collection::vec(any::<u8>(), 1..2_000),
            width in 1_usize..100,
        ) {
            let base64 = STANDARD.encode_to_string(&bytes);
            let bare = base64.trim_end_matches('=');
            let lines: Vec<_> = base64.as_bytes().chunks(width)
                .map(|line| std::str::from_utf8(line).unwrap()).collect();
            let encoded = base64.replace('+', "%2B").replace('/', "%2f").replace('=', "%3D");
            let all: String = base64.bytes().map(|byte| format!("%{byte:02x}")).collect();
            let dotnet = base64.replace('+', "\\u002B").replace('/', "\\/");
            for form in [
                base64.clone(),
                bare.to_owned(),
                lines.join("\r\n"),
                lines.join("\\n"),
                format!("\u{feff}{base64}"),
                format!(" \u{feff}\n{base64}\u{3000}"),
                URL_SAFE_NO_PAD.encode_to_string(&bytes),
                format!("  DATA:image/png;BASE64,{} ", lines.join("\n\t")),
                format!("\u{feff}data:image/png;base64,{base64}"),
                format!("data:image/png;base64,{encoded}"),
                format!("data:image/png;base64,{all}"),
                format!("data:;base64,{}", URL_SAFE_NO_PAD.encode_to_string(&bytes)),
                format!("data:image\\/png;base64,{dotnet}"),
                format!("\"data:image\\/png;base64,{dotnet}\""),
                format!("\"{base64}\"\n"),
                format!("data%3Aimage%2Fpng%3Bbase64%2C{encoded}"),
                encoded,
            ] {
                let image = read(&form, unescape).unwrap();
                prop_assert_eq!((&image.base64, image.bytes), (&base64, bytes.len()), "{}", form);
            }
            let all: String = bytes.iter().map(|byte| format!("%{byte:02X}")).collect();
            let image = read(&format!("data:image/png,{all}"), unescape).unwrap();
            prop_assert_eq!((&image.base64, image.bytes), (&base64, bytes.len()));
            prop_assert_eq!(decode_start(&base64), bytes);
        }

        #[test]
        fn any_text_gives_base64_or_an_image_error(text: String) {
            match read(&text, unescape) {
                Ok(image) => {
                    prop_assert_eq!(image.base64.len() % 4, 0);
                    let padding = image.base64.bytes().rev().take_while(|byte| *byte == b'=').count();
                    prop_assert_eq!(image.base64.len() / 4 * 3 - padding, image.bytes);
                }
                Err(failure) => prop_assert_eq!(&*failure.code, "INVALID_IMAGE"),
            }
        }
    }
}
