//! Images as text, as far as the tests of the core need it. What other programs write is tested in JavaScript.

use crate::{Js, base64};
use base64_simd::forgiving_decode_to_vec;
use capwire::platform::{Encoded, Encoding};

/// Bytes as base64.
pub fn encode_bytes(bytes: &[u8]) -> Encoded<Js> {
    let is_zeros = bytes.iter().all(|byte| *byte == 0);
    let encoding = if is_zeros { Encoding::Zeros } else { Encoding::Base64 };
    encoded(encoding, bytes.len(), base64(bytes), start(bytes.get(..510).unwrap_or(bytes)))
}

/// Base64 of either alphabet or a `data:` URL, perhaps with escapes.
pub fn encode_text(given: &str) -> Encoded<Js> {
    let text =
        given.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}').replace("\\/", "/");
    let refused = |encoding, position, found: String| {
        encoded(encoding, position, found, start(given.as_bytes()))
    };
    let is_url = text.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"));
    let (header, data) = match text.split_once(',') {
        _ if !is_url => (";base64", &*text),
        Some((header, data)) => (&header[5..], data),
        None => return refused(Encoding::NoComma, 0, String::new()),
    };
    let mut bytes = percent_decode(data.as_bytes());
    if header.to_ascii_lowercase().trim_end().ends_with(";base64") {
        bytes.retain(|byte| !byte.is_ascii_whitespace());
        let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte);
        let end = bytes.iter().position(|byte| !is_base64(*byte)).unwrap_or(bytes.len());
        let padding = bytes.len() - end;
        if bytes[end..].iter().any(|byte| *byte != b'=') {
            let is_it = |(_, c): &(usize, char)| {
                !c.is_ascii() || !(is_base64(*c as u8) || c.is_ascii_whitespace())
            };
            let (position, found) = given.chars().enumerate().find(is_it).unwrap_or((0, '%'));
            return if found.is_alphanumeric() || found.is_ascii_graphic() {
                refused(Encoding::Character, position, found.into())
            } else {
                refused(Encoding::Invisible, position, format!("{:04X}", found as u32))
            };
        }
        if end % 4 == 1 || padding > 2 || padding > 0 && !bytes.len().is_multiple_of(4) {
            return refused(Encoding::Cut, 0, String::new());
        }
        let standard: Vec<_> = bytes[..end]
            .iter()
            .map(|byte| match byte {
                b'-' => b'+',
                b'_' => b'/',
                byte => *byte,
            })
            .collect();
        bytes = forgiving_decode_to_vec(&standard).unwrap();
    }
    let image = encode_bytes(&bytes);
    Encoded { encoding: Encoding::Base64, media_type: is_url.then(|| header.into()), ..image }
}

fn encoded(encoding: Encoding, number: usize, text: String, start: Js) -> Encoded<Js> {
    Encoded { encoding, number: number as f64, text: text.into(), start, media_type: None }
}

fn percent_decode(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let [first, after @ ..] = rest {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let escaped =
            digits.filter(|_| *first == b'%').and_then(|it| u8::from_str_radix(it, 16).ok());
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    bytes
}

/// The bytes as text may have them, each a character.
pub fn start(bytes: &[u8]) -> Js {
    let is_utf16 = matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..])
        || matches!(bytes, [first, second, ..] if (*first == 0) != (*second == 0));
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = bytes.iter().filter(|byte| !is_utf16 || !matches!(byte, 0 | 0xfe | 0xff));
    let text = text.skip_while(|byte| byte.is_ascii_whitespace() || **byte == b'"');
    text.map(|byte| char::from(*byte)).collect::<String>().into()
}
