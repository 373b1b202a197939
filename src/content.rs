//! What is certainly not an image, by its first bytes or its declared type. Only what is certain counts: unknown bytes may
//! be an image in a format that a service takes.

use crate::message::{Message, Template};
use crate::platform::HostValue;
use crate::texts;

/// Patterns, one group for each kind, in the order in which they are tried. The platform has the searcher for them.
struct Table {
    pattern: &'static str,
    kinds: &'static [Option<ContentKind>],
}

macro_rules! table {
    ($($kind:expr => $pattern:expr,)*) => {
        Table { pattern: concat!($("(", $pattern, ")|"),*), kinds: &[$($kind),*] }
    };
}

/// What may stand before the first element of a page.
macro_rules! prolog {
    ($element:literal) => {
        concat!(
            r"(?:[\t\n\f\r ]|<\?[^>]*>|<!--(?:[^>]|[^-]>|[^-]->)*-->|<![a-z\[][^>]*>)*<",
            $element
        )
    };
}

/// Text up to the end.
macro_rules! text {
    ($start:expr) => {
        concat!("(?:", $start, r")[\t\n\f\r -\xff]*$")
    };
}

/// How a media type ends.
macro_rules! media_type {
    ($start:literal) => {
        concat!($start, r"[\t ]*(?:;|$)")
    };
}

/// How the contents begin. Each byte is a character, and letters are in lower case.
const STARTS: Table = table! {
    Some(ContentKind::DataUrl) => "data:",
    Some(ContentKind::Url) => "https?://|blob:|file:",
    Some(ContentKind::Pdf) => "%pdf-",
    Some(ContentKind::Zip) => r"pk\x03\x04|pk\x05\x06",
    Some(ContentKind::Gzip) => r"\x1f\x8b\x08",
    // The last is MP3 or AAC without a header: two frames begin.
    Some(ContentKind::Audio) => r"id3|oggs|flac|mthd|#!amr|(?:riff|form)[\x00-\xff]{4}(?:wave|aif)|[\x00-\xff]{4}ftypm4a|\xff[\xf1-\xf3\xf9-\xfb][\x00-\xff]+\xff[\xf1-\xf3\xf9-\xfb]",
    Some(ContentKind::Video) => r"[\x00-\xff]{4}ftyp(?:isom|mp4|m4v|qt)|riff[\x00-\xff]{4}avi |\x1ae\xdf\xa3",
    // U+FFFD stands for bytes that were no text; compressed data may have one by chance. Or the beginnings of PNG and
    // JPEG, read as Latin-1 and written as UTF-8.
    Some(ContentKind::BinaryAsText) => r"\xef\xbf\xbd|(?:[\x00-\xff]*\xef\xbf\xbd){3}|\xc2\x89png|\xc3\xbf\xc3\x98",
    Some(ContentKind::Html) => text!(prolog!(r"(?:!doctype html|(?:html|head|body|title|script|style|meta|link|base|div|span|p|h[1-3]|center|br|hr|img|table|form|a|b|pre|font|iframe|noscript)[\t\n\f\r />])")),
    // An image.
    None => prolog!(r"(?:[a-z\d_-]+:)?svg[\t\n\f\r />]"),
    Some(ContentKind::Xml) => text!(prolog!(r"[a-z][a-z\d:_-]*[\t\n\f\r />]")),
    Some(ContentKind::Json) => text!(r#"\{[\t\n\f\r ]*["}]|\[[\t\n\f\r ]*[\[\]{"\d-]"#),
    // Its first line is long: numbers are base64 too.
    Some(ContentKind::Base64) => r#"[a-z\d+/_=%\\"-]{40}[a-z\d+/_=%\\"\t\n\f\r -]*$"#,
};

/// Media types, such as `text/html; charset=utf-8`.
const MEDIA_TYPES: Table = table! {
    Some(ContentKind::Html) => media_type!(r"[^;/]*/(?:html|xhtml\+xml)"),
    Some(ContentKind::Xml) => media_type!(r"[\t ]*text/xml"),
    Some(ContentKind::Json) => media_type!(r"[^;/]*/(?:[^;]*\+)?json"),
    Some(ContentKind::Text) => r"[\t ]*text/",
    Some(ContentKind::Audio) => r"[\t ]*audio/",
    Some(ContentKind::Video) => r"[\t ]*video/",
    Some(ContentKind::Pdf) => media_type!("[^;/]*/pdf"),
};

/// A text that is a file's name: short, with a short extension or nothing else.
const PATHS: Table = table! {
    Some(ContentKind::Path) => r"(?:[\x00-\xff]{0,1000}\.)?[a-z\d]{0,5}$",
};

impl Table {
    fn find<V: HostValue>(&self, text: &V) -> Option<ContentKind> {
        let group = text.first_group(self.pattern)?;
        self.kinds.get(group as usize).copied().flatten()
    }
}

/// What is certainly not an image: `"html"`; `"xml"` (but no SVG); `"json"`; `"text"` (by its declared type); `"base64"` and
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

    /// What a media type declares, such as `text/html; charset=utf-8`, if that is not an image.
    #[must_use]
    pub fn declared<V: HostValue>(media_type: &V) -> Option<Self> {
        MEDIA_TYPES.find(media_type)
    }

    /// What the first bytes say, as [`Encoded::start`] has them. Those of an image, and unknown ones, say nothing.
    ///
    /// [`Encoded::start`]: crate::platform::Encoded::start
    #[must_use]
    pub fn of_start<V: HostValue>(start: &V) -> Option<Self> {
        STARTS.find(start)
    }

    /// What a text is that is not base64, by its start.
    #[must_use]
    pub fn of_text<V: HostValue>(start: &V) -> Option<Self> {
        let kind = Self::of_start(start);
        // It is text, so neither says anything new.
        let kind = kind.filter(|it| !matches!(it, Self::Base64 | Self::DataUrl));
        kind.or_else(|| PATHS.find(start))
    }
}
