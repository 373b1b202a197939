//! What is certainly no image is not sent, in whatever form it comes; unknown bytes and audio for tasks with audio are.

use capwire::content::ContentKind;
use capwire::platform::{Opened, Unopened};
use capwire_testkit::*;

/// Content of more than 100 bytes that begins with these.
fn long(start: &[u8]) -> Vec<u8> {
    let mut bytes = start.to_vec();
    bytes.resize(start.len().max(200), b' ');
    bytes
}

/// The same content in each form.
fn forms(bytes: &[u8]) -> Vec<Js> {
    let text = base64(bytes);
    vec![
        Js::bytes(bytes),
        Js::blob(bytes, 30.0),
        text.clone().into(),
        text.trim_end_matches('=').replace('+', "-").replace('/', "_").into(),
        format!("data:image/png;base64,{text}").into(),
        format!("data:,{}", bytes.iter().map(|byte| format!("%{byte:02x}")).collect::<String>())
            .into(),
        Js::holding("Response", Js::bytes(bytes), "image/png"),
        Js::holding("Promise", text, ""),
    ]
}

fn complex(class: &str, image: Js) -> Js {
    object([
        ("type", "ComplexImageTask".into()),
        ("class", class.into()),
        ("metadata", json!({ "Task": "x", "Grid": "3x3" }).into()),
        ("imagesBase64", Js::List(vec![image])),
    ])
}

/// Each call that takes an image.
fn calls_with(image: &Js) -> Vec<Call> {
    let task = object([("type", "ImageToTextTask".into()), ("body", image.clone())]);
    vec![
        Call::SolveImage(image.clone()),
        Call::Solve(task.clone()),
        Call::Create(task),
        Call::Create(complex("recaptcha", image.clone())),
        Call::Create(complex("funcaptcha", image.clone())),
        Call::Create(complex("hcaptcha", image.clone())),
        Call::Create(
            complex("hcaptcha", Js::bytes([7; 100]))
                .with("exampleImagesBase64", Js::List(vec![image.clone()])),
        ),
    ]
}

#[track_caller]
fn refused_as(kind: ContentKind, image: &Js) {
    for call in calls_with(image) {
        let world = server().world();
        let outcome = world.run(call.make(&world.client()));
        let failure = refused_locally(outcome, Class::Image, "INVALID_IMAGE");
        assert_eq!(failure.detected, Some(kind), "{call:?}");
        assert_eq!(failure.record()["detected"], kind.name());
        assert_eq!(world.sent().len(), 0);
    }
}

#[test]
fn what_is_certainly_no_image_is_not_sent_in_any_form() {
    let replaced = String::from_utf8_lossy(b"\xff\xd8\xff\xe0\0\x10JFIF\xff\xfe").into_owned();
    for (kind, start) in [
        (ContentKind::Html, &b"<!DOCTYPE html><title>Sign in</title>"[..]),
        (ContentKind::Xml, b"<?xml version='1.0'?><Error>"),
        (ContentKind::Json, b"{\"error\":\"expired\","),
        (ContentKind::Base64, b"iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAA00lEQVR4nAHI"),
        (ContentKind::DataUrl, b"data:image/png;base64,iVBORw0K"),
        (ContentKind::Url, b"https://shop.example/captcha?n=7"),
        (ContentKind::Pdf, b"%PDF-1.7\n"),
        (ContentKind::Zip, b"PK\x03\x04\x14\0\0\0"),
        (ContentKind::Gzip, b"\x1f\x8b\x08\0"),
        (ContentKind::Audio, b"ID3\x04\0\0"),
        (ContentKind::Video, b"\0\0\0\x18ftypmp42"),
        (ContentKind::BinaryAsText, replaced.as_bytes()),
    ] {
        for form in forms(&long(start)) {
            refused_as(kind, &form);
        }
    }
}

#[test]
fn a_text_that_was_read_from_a_page_is_named() {
    let page = String::from_utf8(long(b"<html><title>Sign in</title>")).unwrap();
    refused_as(ContentKind::Html, &page.into());
    let json = json!({ "error": "x".repeat(200) }).to_string();
    refused_as(ContentKind::Json, &json.into());
    refused_as(ContentKind::Path, &"captchas/7.png".into());
    refused_as(ContentKind::Url, &"https://shop.example/7.png".into());
}

#[test]
fn a_declared_type_is_believed_before_anything_is_read() {
    for (media_type, kind) in [
        ("text/html", ContentKind::Html),
        ("text/plain; charset=utf-8", ContentKind::Text),
        ("application/json", ContentKind::Json),
        ("text/xml", ContentKind::Xml),
        ("application/pdf", ContentKind::Pdf),
        ("audio/wav", ContentKind::Audio),
    ] {
        refused_as(kind, &Js::blob_of_type([7; 200], media_type));
        refused_as(kind, &Js::holding("Response", Js::bytes([7; 200]), media_type));
        refused_as(kind, &format!("data:{media_type};base64,{}", base64(&[7; 200])).into());
        refused_as(kind, &format!("data:{media_type},{}", "%07".repeat(200)).into());
    }
    let world = server().world();
    let outcome = world.solve_image(Js::blob_of_type([7; 9], "text/html")).run();
    refused_locally(outcome, Class::Image, "INVALID_IMAGE");
    assert_eq!(world.blobs_read(), 0);
    // These say nothing.
    for media_type in ["image/png", "application/octet-stream", "binary/octet-stream", ""] {
        let world = server().world();
        world.solve_image(Js::blob_of_type([7; 200], media_type)).run().unwrap();
    }
}

#[test]
fn raw_pixels_are_refused() {
    for class in ["Uint8ClampedArray", "Float16Array", "Float32Array", "Float64Array"] {
        refused_as(ContentKind::Pixels, &Js::array(class, [7; 200]));
    }
    let data = object([("width", 5), ("height", 10)]);
    refused_as(
        ContentKind::Pixels,
        &Js::form("ImageData", Ok(Opened::Not(Unopened::Pixels, data))),
    );
    for class in ["Int8Array", "Uint16Array", "BigInt64Array", "DataView", "Buffer"] {
        let world = server().world();
        world.solve_image(Js::array(class, [7; 200])).run().unwrap();
    }
}

#[test]
fn unknown_bytes_pass() {
    let mut almost_zeros = vec![0; 100_000];
    almost_zeros[99_999] = 1;
    for bytes in [
        almost_zeros,
        vec![7; 100],
        long(b"\x89PNG\r\n\x1a\n"),
        long(b"<svg xmlns='http://www.w3.org/2000/svg'>"),
        long(b"P3\n8 8\n255\n"),
        long(b"A format that nobody knows."),
    ] {
        for form in forms(&bytes) {
            let world = server().world();
            world.solve_image(form).run().unwrap();
            assert_eq!(world.sent()[0].body["task"]["body"], base64(&bytes));
        }
    }
}

#[test]
fn zeros_are_found_to_their_end() {
    for size in [100, 3_071, 3_072, 3_073, 100_000] {
        let mut bytes = vec![0; size];
        refused_as(ContentKind::Zeros, &Js::bytes(bytes.clone()));
        bytes[size - 1] = 3;
        let world = server().world();
        world.solve_image(Js::bytes(bytes)).run().unwrap();
    }
    refused_as(ContentKind::Zeros, &Js::blob([0; 200], 30.0));
    refused_as(ContentKind::Zeros, &Js::holding("Response", Js::bytes([0; 200]), "image/png"));
}

/// Nobody fills a buffer with base64 by mistake.
#[test]
fn a_text_of_zeros_is_a_placeholder() {
    let text = "A".repeat(400);
    for form in [
        text.clone().into(),
        format!("data:image/png;base64,{text}").into(),
        Js::holding("Promise", text.clone(), ""),
    ] {
        let world = server().world();
        world.solve_image(form).run().unwrap();
        assert_eq!(world.sent()[0].body["task"]["body"], text);
    }
}

#[test]
fn audio_passes_where_a_task_takes_audio() {
    let audio = || Js::bytes(long(b"ID3\x04\0\0"));
    let file = || Js::blob_of_type([7; 200], "audio/mpeg");
    for class in ["recognition", "a class of tomorrow"] {
        for image in [audio(), file()] {
            let world = server().world();
            world.create(complex(class, image)).run().unwrap();
        }
        // Anything else that is not an image is refused there too.
        let world = server().world();
        let task = complex(class, Js::bytes(long(b"<html><title>")));
        let failure = refused_locally(world.create(task).run(), Class::Image, "INVALID_IMAGE");
        assert_eq!(failure.detected, Some(ContentKind::Html));
    }
}

/// Of little text its kind says more than its size. Of a few zeros or letters the size says more.
#[test]
fn a_small_page_is_named_and_other_small_things_are_too_small() {
    for small in ["<html>no</html>", "{\"error\":1}", "%PDF-1.7", "PK\u{3}\u{4}"] {
        let world = server().world();
        let failure = refused_locally(
            world.solve_image(Js::bytes(small)).run(),
            Class::Image,
            "INVALID_IMAGE",
        );
        assert!(failure.detected.is_some());
    }
    for small in [vec![0; 99], vec![b'A'; 99], vec![7; 99], Vec::new()] {
        let size = small.len() as f64;
        for form in forms(&small) {
            let world = server().world();
            let outcome = world.solve_image(form).run();
            let failure = refused_locally(outcome, Class::Image, "ERROR_ZERO_CAPTCHA_FILESIZE");
            assert_eq!(
                (failure.size, failure.limit, failure.detected),
                (Some(size), Some(100), None)
            );
        }
    }
}

#[test]
fn what_is_too_large_is_not_looked_at() {
    let page = [&b"<html>"[..], &vec![b' '; 500_000]].concat();
    for form in [Js::bytes(page.clone()), Js::blob(page.clone(), 0.0), base64(&page).into()] {
        let world = server().world();
        let outcome = world.solve_image(form).run();
        let code = if outcome.as_ref().unwrap_err().detected.is_some() {
            "INVALID_IMAGE"
        } else {
            "ERROR_TOO_BIG_CAPTCHA_FILESIZE"
        };
        refused_locally(outcome, Class::Image, code);
        assert_eq!(world.blobs_read(), 0);
    }
}

#[test]
fn what_cannot_be_opened_is_named() {
    for (form, words) in [
        (
            Js::form("Readable", Ok(Opened::Not(Unopened::Ended, Js::holding("Readable", "", "")))),
            "a Readable stream that has ended",
        ),
        (
            Js::form("Response", Ok(Opened::Not(Unopened::Used, Js::holding("Response", "", "")))),
            "a Response whose body has been read",
        ),
        (
            Js::form("Date", Ok(Opened::Not(Unopened::Unknown, Js::holding("Date", "", "")))),
            "a Date",
        ),
        (Js::holding("Promise", json!(null), ""), "null"),
        (
            Js::form("Response", Err(record("TypeError", "the connection broke"))),
            "cannot be read (the connection broke)",
        ),
        ("QUJD\u{200b}".into(), "an invisible character U+200B at position 4"),
    ] {
        let world = server().world();
        let failure = refused_locally(world.solve_image(form).run(), Class::Image, "INVALID_IMAGE");
        assert!(failure.english().contains(words), "{}", failure.english());
        assert_eq!(failure.detected, None);
    }
    let world = server().world();
    let element = Js::holding("HTMLImageElement", "", "");
    let form = Js::form("HTMLImageElement", Ok(Opened::Not(Unopened::Unknown, element)));
    let failure = refused_locally(world.solve_image(form).run(), Class::Image, "INVALID_IMAGE");
    assert!(failure.record()["hint"].as_str().unwrap().contains("canvas"), "{failure:?}");
}

#[test]
fn an_empty_canvas_has_a_size_of_0() {
    for empty in ["data:,", "data:;base64,", "data:image/png;base64,"] {
        let world = server().world();
        let outcome = world.solve_image(empty).run();
        let failure = refused_locally(outcome, Class::Image, "ERROR_ZERO_CAPTCHA_FILESIZE");
        assert_eq!(failure.size, Some(0.0));
        assert!(failure.english().contains("an empty canvas or data: URL: 0 bytes"));
    }
}

#[test]
fn a_form_that_is_too_large_tells_how_much_was_read() {
    let world = server().world();
    let outcome = world.solve_image(Js::form("ReadStream", Ok(Opened::TooLarge(500_001.0)))).run();
    let failure = refused_locally(outcome, Class::Image, "ERROR_TOO_BIG_CAPTCHA_FILESIZE");
    assert_eq!((failure.size, failure.limit), (Some(500_001.0), Some(500_000)));
}

#[test]
fn forms_within_forms_are_opened_a_few_times_only() {
    let nested = |depth: usize| {
        (0..depth).fold(Js::bytes([7; 200]), |form, _| Js::holding("Promise", form, ""))
    };
    for depth in 1..=3 {
        let world = server().world();
        world.solve_image(nested(depth)).run().unwrap();
    }
    let world = server().world();
    refused_locally(world.solve_image(nested(4)).run(), Class::Image, "INVALID_IMAGE");
}
