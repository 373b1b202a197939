//! What is certainly no image, by its first bytes or its declared type. Only what is certain counts: unknown bytes may be an image in
//! a format that a service takes.

use crate::message::{Message, Template};
use crate::text_search::split_once;
use crate::texts;

/// How many of the first bytes are looked at.
pub const HEAD_BYTES: u32 = 510;
/// Text that is all base64 is only taken for it if its first line is at least this long: numbers are base64 too.
const MIN_BASE64_LENGTH: usize = 40;
/// U+FFFD in UTF-8, which stands for bytes that were no text. Compressed data may have one by chance.
const REPLACEMENT: &[u8] = b"\xef\xbf\xbd";
const MIN_REPLACEMENTS: usize = 3;

/// Elements with which a page or a part of one begins.
const HTML_ELEMENTS: &[u8] =
    b"html head body title script style meta link base div span p h1 h2 h3 center br hr img \
table form a b pre font iframe noscript";

/// How the contents begin, separated by `|`. A `?` stands for any byte, a letter for its other case too.
const SIGNATURES: &[(ContentKind, &[u8])] = &[
    (ContentKind::DataUrl, b"data:"),
    (ContentKind::Url, b"http://|https://|blob:|file:"),
    (ContentKind::Pdf, b"%PDF-"),
    (ContentKind::Zip, b"PK\x03\x04|PK\x05\x06"),
    (ContentKind::Gzip, b"\x1f\x8b\x08"),
    (ContentKind::Audio, b"ID3|OggS|fLaC|RIFF????WAVE|FORM????AIF|#!AMR|????ftypM4A|MThd"),
    (
        ContentKind::Video,
        b"????ftypisom|????ftypmp4|????ftypM4V|????ftypqt|RIFF????AVI |\x1a\x45\xdf\xa3",
    ),
    // The beginnings of PNG and JPEG, read as Latin-1 and written as UTF-8.
    (ContentKind::BinaryAsText, b"\xef\xbf\xbd|\xc2\x89PNG|\xc3\xbf\xc3\x98"),
];

/// What is certainly no image: `"html"`; `"xml"` (but no SVG); `"json"`; `"text"` (by its declared type); `"base64"` and
/// `"data-url"`, as bytes; `"url"` and `"path"`, of something that was not read; `"pdf"`; `"zip"`; `"gzip"`; `"audio"`;
/// `"video"`; `"binary-as-text"`, bytes that were read as text and written again; `"zeros"`, bytes that are all 0; `"pixels"`,
/// raw values of points without a file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), serde(rename_all = "kebab-case"))]
#[allow(missing_docs)]
pub enum ContentKind {
    Html,
    Xml,
    Json,
    Text,
    Base64,
    DataUrl,
    Url,
    Path,
    Pdf,
    Zip,
    Gzip,
    Audio,
    Video,
    BinaryAsText,
    Zeros,
    Pixels,
}

impl ContentKind {
    fn row(self) -> (&'static str, Template<0>) {
        match self {
            Self::Html => ("html", texts::HTML),
            Self::Xml => ("xml", texts::XML),
            Self::Json => ("json", texts::JSON),
            Self::Text => ("text", texts::PLAIN_TEXT),
            Self::Base64 => ("base64", texts::BASE64),
            Self::DataUrl => ("data-url", texts::DATA_URL),
            Self::Url => ("url", texts::ADDRESS),
            Self::Path => ("path", texts::PATH),
            Self::Pdf => ("pdf", texts::PDF),
            Self::Zip => ("zip", texts::ZIP),
            Self::Gzip => ("gzip", texts::GZIP),
            Self::Audio => ("audio", texts::AUDIO),
            Self::Video => ("video", texts::VIDEO),
            Self::BinaryAsText => ("binary-as-text", texts::BINARY_AS_TEXT),
            Self::Zeros => ("zeros", texts::ZEROS),
            Self::Pixels => ("pixels", texts::PIXELS),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// It in words.
    #[must_use]
    pub fn describe(self) -> Message {
        self.row().1.into()
    }

    /// What a media type, such as `text/html; charset=utf-8`, declares that is no image.
    #[must_use]
    pub fn declared(media_type: &str) -> Option<Self> {
        let essence = split_once(media_type, ";").map_or(media_type, |(essence, _)| essence);
        let essence = essence.trim_ascii().to_ascii_lowercase();
        let (kind, subtype) = split_once(&essence, "/")?;
        match (kind, subtype) {
            (_, "html" | "xhtml+xml") => Some(Self::Html),
            ("text", "xml") => Some(Self::Xml),
            (_, "json") => Some(Self::Json),
            ("text", _) => Some(Self::Text),
            ("audio", _) => Some(Self::Audio),
            ("video", _) => Some(Self::Video),
            (_, "pdf") => Some(Self::Pdf),
            (_, subtype) if subtype.ends_with("+json") => Some(Self::Json),
            _ => None,
        }
    }

    /// What the first bytes say. Those of an image, and unknown ones, say nothing.
    #[must_use]
    pub fn of_bytes(head: &[u8]) -> Option<Self> {
        let text = text_within(head);
        let starts_with = |signature: &[u8]| {
            let pairs = || text.iter().zip(signature);
            text.len() >= signature.len()
                && pairs().all(|(byte, known)| *known == b'?' || byte.eq_ignore_ascii_case(known))
        };
        let row = SIGNATURES
            .iter()
            .find(|(_, signatures)| signatures.split(|byte| *byte == b'|').any(starts_with));
        if let Some((content, _)) = row {
            return Some(*content);
        }
        if is_audio_frames(head) {
            return Some(Self::Audio);
        }
        let is_text = text.iter().all(|byte| *byte >= b' ' || byte.is_ascii_whitespace());
        let after = text.iter().skip(1).find(|byte| !byte.is_ascii_whitespace());
        match (text.first()?, after) {
            _ if !is_text => {}
            (b'<', _) => return of_markup(&text),
            (b'{', Some(b'"' | b'}'))
            | (b'[', Some(b'{' | b'[' | b'"' | b']' | b'-' | b'0'..=b'9')) => {
                return Some(Self::Json);
            }
            _ => {}
        }
        let is_line = |byte: &&u8| !byte.is_ascii_whitespace();
        if text.iter().take_while(is_line).count() >= MIN_BASE64_LENGTH
            && text.iter().all(|byte| is_base64_text(*byte))
        {
            return Some(Self::Base64);
        }
        let replaced = head.windows(REPLACEMENT.len()).filter(|it| *it == REPLACEMENT);
        (replaced.count() >= MIN_REPLACEMENTS).then_some(Self::BinaryAsText)
    }
}

/// Whether it is MP3 or AAC without a header: the first three bytes of a frame begin the next one, too.
fn is_audio_frames(head: &[u8]) -> bool {
    match head {
        [0xff, 0xf1..=0xf3 | 0xf9..=0xfb, third, rest @ ..] => {
            let start = [0xff, head.get(1).copied().unwrap_or_default(), *third];
            rest.windows(start.len()).any(|it| it == start)
        }
        _ => false,
    }
}

/// The bytes as text may have them, without what may stand before it. UTF-16 becomes ASCII, as far as it is.
fn text_within(head: &[u8]) -> Vec<u8> {
    let is_utf16 = matches!(head, [0xff, 0xfe, ..] | [0xfe, 0xff, ..])
        || matches!(head, [first, second, ..] if (*first == 0) != (*second == 0));
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let text = head.iter().filter(|byte| !is_utf16 || !matches!(byte, 0 | 0xfe | 0xff));
    text.skip_while(|byte| byte.is_ascii_whitespace() || **byte == b'"').copied().collect()
}

fn is_base64_text(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || byte.is_ascii_whitespace()
        || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=' | b'%' | b'\\' | b'"')
}

/// HTML, or XML other than SVG, by its first element.
fn of_markup(text: &[u8]) -> Option<ContentKind> {
    let mut rest = text;
    loop {
        let tag = rest.trim_ascii_start().strip_prefix(b"<")?;
        let doctype = tag.get(..13).unwrap_or_default();
        let end: &[u8] = match tag {
            [b'?', ..] => b"?>",
            [b'!', b'-', b'-', ..] => b"-->",
            _ if doctype.eq_ignore_ascii_case(b"!doctype html") => return Some(ContentKind::Html),
            [b'!', ..] => b">",
            _ => return of_element(tag),
        };
        let at = tag.windows(end.len()).position(|it| it == end)?;
        rest = tag.get(at.saturating_add(end.len())..)?;
    }
}

fn of_element(tag: &[u8]) -> Option<ContentKind> {
    let is_end = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/');
    let name = tag.get(..tag.iter().position(is_end)?)?;
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'-' | b'_');
    let is_known = |known: &[u8]| known.eq_ignore_ascii_case(name);
    match name {
        [first, rest @ ..] if first.is_ascii_alphabetic() && rest.iter().all(is_name) => {}
        _ => return None,
    }
    if is_known(b"svg") || name.ends_with(b":svg") {
        return None;
    }
    let is_html = HTML_ELEMENTS.split(|byte| *byte == b' ').any(is_known);
    Some(if is_html { ContentKind::Html } else { ContentKind::Xml })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes of a text in UTF-16.
    fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(unit).collect()
    }

    #[test]
    fn what_is_certainly_no_image_is_named() {
        let base64 = "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAA00lEQVR4nAHIADf/AGxOaVkK";
        let lines = format!("\u{feff}{}\r\n{}", &base64[..50], &base64[50..]);
        let page = "<!DOCTYPE html><html lang=en>";
        for (kind, samples) in [
            (
                ContentKind::Html,
                vec![
                    page.into(),
                    format!("\u{feff}\r\n {page}").into(),
                    utf16(&format!("\u{feff}{page}"), u16::to_le_bytes),
                    utf16(&format!("\u{feff}{page}"), u16::to_be_bytes),
                    utf16(page, u16::to_le_bytes),
                    b"<!-- saved from url --><!DocType HTML PUBLIC>".to_vec(),
                    b"<html\n>".to_vec(),
                    b"<HTML><svg></svg>".to_vec(),
                    b"<head><title>".to_vec(),
                    b"<?xml version='1.0'?>\n<html xmlns='x'>".to_vec(),
                    b"<h1>Not found</h1>".to_vec(),
                    b"<br />\n<b>Warning</b>: in captcha.php".to_vec(),
                    b"<script>location = '/login'</script>".to_vec(),
                ],
            ),
            (
                ContentKind::Xml,
                vec![
                    b"<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code>".to_vec(),
                    b"<!-- c --><rss version='2.0'>".to_vec(),
                    b"<!DOCTYPE note><note>".to_vec(),
                    b"<soap:Envelope xmlns:soap='x'>".to_vec(),
                ],
            ),
            (
                ContentKind::Json,
                vec![
                    b"{\"error\":\"expired\"}".to_vec(),
                    b" {\n  \"error\": 1}".to_vec(),
                    b"{}".to_vec(),
                    b"[]".to_vec(),
                    b"[ {\"a\":1}]".to_vec(),
                    b"[137,80,78,71]".to_vec(),
                    b"\xef\xbb\xbf[\"a\"]".to_vec(),
                    utf16("{\"a\":1}", u16::to_le_bytes),
                ],
            ),
            (
                ContentKind::Base64,
                vec![
                    base64.into(),
                    lines.into(),
                    format!("\"{base64}\"").into(),
                    base64.replace('/', "_").into(),
                    base64.replace('/', "%2F").into(),
                    utf16(&format!("\u{feff}{base64}"), u16::to_le_bytes),
                ],
            ),
            (
                ContentKind::DataUrl,
                vec![b"data:image/png;base64,iVBO".to_vec(), b"\"DATA:,".to_vec()],
            ),
            (ContentKind::Url, vec![b"https://a.example/7.png".to_vec(), b"file:///7".to_vec()]),
            (ContentKind::Pdf, vec![b"%PDF-1.4\n%\xe2\xe3".to_vec(), b"\n%PDF-2.0".to_vec()]),
            (ContentKind::Zip, vec![b"PK\x03\x04\x14\0".to_vec(), b"PK\x05\x06\0".to_vec()]),
            (ContentKind::Gzip, vec![b"\x1f\x8b\x08\0".to_vec()]),
            (
                ContentKind::Audio,
                vec![
                    b"ID3\x04\0".to_vec(),
                    [&b"\xff\xfb\x90\x64"[..], &[0; 413], b"\xff\xfb\x90\x44"].concat(),
                    [&b"\xff\xf3\x48\xc4"[..], &[0; 140], b"\xff\xf3\x48\xc4"].concat(),
                    [&b"\xff\xf1\x50\x80"[..], &[7; 300], b"\xff\xf1\x50\x80"].concat(),
                    b"OggS\0\x02".to_vec(),
                    b"fLaC\0".to_vec(),
                    b"RIFF\x24\x08\0\0WAVEfmt ".to_vec(),
                    b"\0\0\0 ftypM4A ".to_vec(),
                    b"#!AMR\n".to_vec(),
                    b"FORM\0\x01\0\0AIFC".to_vec(),
                ],
            ),
            (
                ContentKind::Video,
                vec![
                    b"\0\0\0\x18ftypmp42".to_vec(),
                    b"\0\0\0\x14ftypqt  ".to_vec(),
                    b"RIFF\x24\x08\0\0AVI LIST".to_vec(),
                    b"\x1a\x45\xdf\xa3\x9f".to_vec(),
                ],
            ),
            (
                ContentKind::BinaryAsText,
                vec![
                    String::from_utf8_lossy(b"\x89PNG\r\n\x1a\n\0\0").into_owned().into(),
                    String::from_utf8_lossy(b"\xff\xd8\xff\xe0\0\x10JFIF").into_owned().into(),
                    String::from_utf8_lossy(b"GIF89a\x90\0\x32\0\xf7\0\0\xff\xff")
                        .into_owned()
                        .into(),
                    String::from_utf8_lossy(b"BM\xf6\0\0\0\xff\xff\xff").into_owned().into(),
                    "\u{89}PNG\r\n\u{1a}\n".into(),
                    "ÿØÿà\u{0}\u{10}JFIF".into(),
                ],
            ),
        ] {
            for sample in samples {
                let found = ContentKind::of_bytes(&sample);
                assert_eq!(found, Some(kind), "{}", String::from_utf8_lossy(&sample));
            }
        }
    }

    #[test]
    fn images_and_unknown_bytes_say_nothing() {
        let long = [b"<svg>", "щ".repeat(200).as_bytes()].concat();
        for sample in [
            &b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..],
            b"\xff\xd8\xff\xe0\0\x10JFIF\0",
            b"\xff\xd8\xff\xee",
            b"GIF89a\x01\0\x01\0",
            b"BM\xf6\0\0\0\0\0\0\0",
            b"RIFF\x24\0\0\0WEBPVP8 ",
            b"\0\0\x01\0\x01\0\x10\x10",
            b"II*\0\x08\0\0\0",
            b"MM\0*\0\0\0\x08",
            b"\0\0\0\x1cftypavif",
            b"\0\0\0\x1cftypheic",
            b"\0\0\0\x1cftypmif1",
            b"\xff\x0a\xfa",
            b"\0\0\0\x0cJXL \r\n\x87\n",
            b"\xff\x4f\xff\x51",
            b"P3\n8 8\n255\n0 0 0 255 255 255 0 0 0 255 255 255 0 0 0 255 255 255 0 0 0 255 255 255",
            b"P1\n6\n10\n000010000010000010000010000010000010000010100010011100000000000000",
            b"P6 8 8 255\n\0\xff",
            b"/* XPM */\nstatic char * image[] = {",
            b"#define captcha_width 16\n",
            b"%!PS-Adobe-3.0 EPSF-3.0",
            b"<svg xmlns='http://www.w3.org/2000/svg'>",
            b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- drawn -->\n<svg width='1'/>",
            b"<!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN' 'x'>\n<svg>",
            b"<svg:svg xmlns:svg='x'>",
            b"<?xml version='1.0'?><!-- a comment that does not end here",
            b"<3 bytes that begin so",
            b"<\0\x01\x02",
            b"{ not json }",
            b"{\\rtf1",
            b"[not json]",
            b"[-\x01\x02\xff",
            b"{\"\0\x01\x02",
            b"<p>\0\x01\x02",
            b"\xff\xfb\x90\x64\x01\x02\x03",
            b"\xff\xf3",
            b"The captcha is not available.",
            b"\x07\x07\x07\x07",
            b"A\xef\xbf\xbdB\xef\xbf\xbdC",
            b"iVBORw0KGgo",
            b"",
            b"\0",
            b"<",
            b"{",
            b"[",
            &long,
        ] {
            assert_eq!(ContentKind::of_bytes(sample), None, "{}", String::from_utf8_lossy(sample));
        }
    }

    #[test]
    fn a_declared_type_counts_if_it_is_certainly_none_of_an_image() {
        for (media_type, kind) in [
            ("text/html", Some(ContentKind::Html)),
            ("TEXT/HTML; charset=utf-8", Some(ContentKind::Html)),
            (" application/xhtml+xml ", Some(ContentKind::Html)),
            ("application/json;base64", Some(ContentKind::Json)),
            ("application/problem+json", Some(ContentKind::Json)),
            ("text/json", Some(ContentKind::Json)),
            ("text/xml", Some(ContentKind::Xml)),
            ("text/plain;charset=US-ASCII", Some(ContentKind::Text)),
            ("text/css", Some(ContentKind::Text)),
            ("audio/mpeg", Some(ContentKind::Audio)),
            ("video/webm", Some(ContentKind::Video)),
            ("application/pdf", Some(ContentKind::Pdf)),
            ("image/png", None),
            ("image/svg+xml", None),
            ("application/octet-stream", None),
            ("application/x-anything", None),
            ("binary", None),
            (";base64", None),
            ("", None),
        ] {
            assert_eq!(ContentKind::declared(media_type), kind, "{media_type}");
        }
    }
}
