//! What is certainly no image is known by its first bytes or its declared type; images and unknown bytes are not.

use capwire::content::ContentKind;
use capwire_testkit::*;

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
        (ContentKind::DataUrl, vec![b"data:image/png;base64,iVBO".to_vec(), b"\"DATA:,".to_vec()]),
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
                String::from_utf8_lossy(b"GIF89a\x90\0\x32\0\xf7\0\0\xff\xff").into_owned().into(),
                String::from_utf8_lossy(b"BM\xf6\0\0\0\xff\xff\xff").into_owned().into(),
                "\u{89}PNG\r\n\u{1a}\n".into(),
                "ÿØÿà\u{0}\u{10}JFIF".into(),
            ],
        ),
    ] {
        for sample in samples {
            let found = ContentKind::of_start(&start(&sample));
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
        assert_eq!(
            ContentKind::of_start(&start(sample)),
            None,
            "{}",
            String::from_utf8_lossy(sample)
        );
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
        assert_eq!(ContentKind::declared(&Js::from(media_type)), kind, "{media_type}");
    }
}
