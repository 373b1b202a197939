//! Images are sent as base64 within the service's limits, and everything else as given.

use capwire_testkit::*;

const PNG: &str = "iVBORw0KGgoAAAANSUhEUg";

/// Image bytes in every accepted form.
fn forms(bytes: &[u8]) -> Vec<Js> {
    let text = base64(bytes);
    let lines: Vec<_> =
        text.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    vec![
        Js::bytes(bytes),
        Js::blob(bytes, 30.0),
        text.clone().into(),
        lines.join("\r\n").into(),
        format!("\t{} \n", text.trim_end_matches('=')).into(),
        format!("data:image/png;base64,{text}").into(),
        format!("DATA:;Base64, {}", lines.join(" \n")).into(),
        format!("\u{feff}{}", text.replace('+', "-").replace('/', "_")).into(),
        format!("data:image/png;base64,{}", text.replace('+', "%2B").replace('/', "%2F")).into(),
        format!("data:image\\/png;base64,{}", text.replace('/', "\\/")).into(),
        format!(
            "data:image/png,{}",
            bytes.iter().map(|byte| format!("%{byte:02x}")).collect::<String>()
        )
        .into(),
        Js::holding("Promise", Js::bytes(bytes), ""),
        Js::holding("Promise", Js::holding("Response", Js::bytes(bytes), "image/png"), ""),
        Js::holding("HTMLCanvasElement", format!("data:image/png;base64,{text}"), ""),
    ]
}

/// The same image with each call that takes one.
fn calls_with(image: Js) -> [Call; 4] {
    let in_list = |image: &Js| Js::List(vec![image.clone()]);
    [
        Call::Solve(object([("type", "ImageToTextTask".into()), ("body", image.clone())])),
        Call::Create(object([
            ("type", "ComplexImageTask".into()),
            ("class", "other".into()),
            ("imagesBase64", in_list(&image)),
        ])),
        Call::Create(object([
            ("type", "ComplexImageTask".into()),
            ("class", "other".into()),
            ("exampleImagesBase64", in_list(&image)),
        ])),
        Call::SolveImage(image),
    ]
}

/// The task of the only createTask request.
fn sent_task(world: &World) -> Value {
    let sent = world.sent_to("createTask");
    assert_eq!(sent.len(), 1);
    sent[0].body["task"].clone()
}

#[test]
fn every_form_of_an_image_is_sent_as_the_same_base64() {
    for size in [100, 101, 102, 4_321] {
        let bytes: Vec<u8> = (0..size).map(|at| (at % 251).try_into().unwrap()).collect();
        let expected = base64(&bytes);
        for form in forms(&bytes) {
            for call in calls_with(form) {
                let world = server().world();
                world.run(call.make(&world.client())).unwrap();
                let task = sent_task(&world);
                let sent = ["body", "imagesBase64", "exampleImagesBase64"]
                    .into_iter()
                    .find_map(|field| task.get(field))
                    .unwrap();
                let sent = sent.get(0).unwrap_or(sent);
                assert_eq!(sent, &expected, "{call:?}");
            }
        }
    }
}

#[test]
fn both_services_take_100_bytes_to_their_limit_in_every_form() {
    const SMALL: &str = "ERROR_ZERO_CAPTCHA_FILESIZE";
    const BIG: &str = "ERROR_TOO_BIG_CAPTCHA_FILESIZE";
    for (service, max) in [("capmonster", 500_000_usize), ("brocapgpt", 50_000)] {
        for (size, refusal) in [
            (0, Some((SMALL, 100))),
            (1, Some((SMALL, 100))),
            (99, Some((SMALL, 100))),
            (100, None),
            (101, None),
            (max - 1, None),
            (max, None),
            (max + 1, Some((BIG, max))),
        ] {
            for form in forms(&vec![7; size]) {
                let world = server().world();
                let client = world.client_with(json!({ "service": service }));
                let outcome = world.solve_image(form).by(&client).run();
                let Some((code, limit)) = refusal else {
                    assert_eq!(outcome.unwrap(), "w7kq", "{service}, {size} bytes");
                    continue;
                };
                let failure = refused_locally(outcome, Class::Image, code);
                #[allow(clippy::cast_precision_loss)] // small
                let expected = (Some(size as f64), u32::try_from(limit).ok());
                assert_eq!((failure.size, failure.limit), expected);
                for number in [size, limit] {
                    assert!(
                        failure.english().contains(&number.to_string()),
                        "{}",
                        failure.english()
                    );
                }
                assert_eq!(world.sent().len(), 0);
                assert_eq!(world.blobs_read(), 0, "a blob of a wrong size is not read");
            }
        }
    }
}

#[test]
fn the_caller_may_set_other_limits() {
    for (limits, size, code) in [
        (json!({ "maxBytes": 50_000 }), 50_001, Some("ERROR_TOO_BIG_CAPTCHA_FILESIZE")),
        (json!({ "maxBytes": 50_000 }), 99, Some("ERROR_ZERO_CAPTCHA_FILESIZE")),
        (json!({ "maxBytes": 50_000 }), 50_000, None),
        (json!({ "minBytes": 1 }), 1, None),
        (json!({ "minBytes": 1 }), 500_001, Some("ERROR_TOO_BIG_CAPTCHA_FILESIZE")),
    ] {
        let world = server().world();
        let client = world.client_with(json!({ "imageLimits": limits }));
        let outcome = world.solve_image(Js::bytes(vec![1; size])).by(&client).run();
        match code {
            None => assert!(outcome.is_ok()),
            Some(code) => drop(refused_locally(outcome, Class::Image, code)),
        }
    }
}

#[test]
fn an_unreadable_blob_is_an_image_error() {
    for call in calls_with(Js::unreadable(500.0, "the file is gone")) {
        let world = server().world();
        let failure =
            refused_locally(world.run(call.make(&world.client())), Class::Image, "INVALID_IMAGE");
        assert!(failure.english().contains("the file is gone"), "{}", failure.english());
        assert_eq!(world.sent().len(), 0);
    }
}

/// A blob may have another size than it states.
#[test]
fn the_bytes_of_a_blob_are_measured_too() {
    let mut lying = Js::bytes([7; 50]);
    if let Js::Binary(binary) = &mut lying {
        binary.size = 5_000.0;
    }
    let world = server().world();
    let outcome = world.solve_image(lying).run();
    refused_locally(outcome, Class::Image, "ERROR_ZERO_CAPTCHA_FILESIZE");
    assert_eq!(world.sent().len(), 0);
}

#[test]
fn anything_but_an_image_is_refused() {
    let address = format!("https://shop.example/{}.png", "a".repeat(200));
    let path = format!("{}.png", "a".repeat(200));
    for invalid in [
        json!(null).into(),
        json!(7).into(),
        json!(true).into(),
        json!({ "data": [1, 2, 3] }).into(),
        Js::Bigint,
        Js::Number(f64::NAN),
        address.into(),
        path.into(),
        "data:image/png;base64".into(),
        "A".repeat(1_001).into(),
        format!("{}=A", "A".repeat(400)).into(),
    ] {
        for call in calls_with(invalid) {
            let world = server().world();
            refused_locally(world.run(call.make(&world.client())), Class::Image, "INVALID_IMAGE");
            assert_eq!(world.sent().len(), 0);
        }
    }
}

#[test]
fn an_error_in_a_list_of_images_says_which_one_is_wrong() {
    let good = || Js::bytes([7; 100]);
    let lists = [
        (vec![Js::bytes([7; 99])], 0, "ERROR_ZERO_CAPTCHA_FILESIZE"),
        (vec![good(), good(), Js::bytes(vec![7; 500_001])], 2, "ERROR_TOO_BIG_CAPTCHA_FILESIZE"),
        (vec![good(), json!(null).into(), good()], 1, "INVALID_IMAGE"),
        (vec![good(), "".into()], 1, "ERROR_ZERO_CAPTCHA_FILESIZE"),
    ];
    for field in ["imagesBase64", "exampleImagesBase64"] {
        for (list, index, code) in lists.clone() {
            let task = object([
                ("type", "ComplexImageTask".into()),
                ("class", "other".into()),
                (field, Js::List(list)),
            ]);
            let world = server().world();
            let outcome = world.solve(task).run();
            let failure = refused_locally(outcome, Class::Image, code);
            assert_eq!(failure.index, Some(index));
            assert_eq!(failure.field.as_deref(), Some(field));
            assert_eq!(world.sent().len(), 0);
        }
        for invalid in [json!("AAAA"), json!({}), json!(1)] {
            let task = object([
                ("type", json!("ComplexImageTask")),
                ("class", json!("other")),
                (field, invalid),
            ]);
            let world = server().world();
            let outcome = world.solve(task).run();
            let failure = refused_locally(outcome, Class::Task, "INVALID_TASK");
            assert_eq!(failure.field.as_deref(), Some(field));
        }
    }
}

#[test]
fn a_list_of_images_is_sent_in_order_and_its_sizes_are_reported() {
    let task = object([
        ("type", "ComplexImageTask".into()),
        ("class", "other".into()),
        ("imagesBase64", Js::List(vec![Js::bytes([1; 150]), base64(&[2; 101]).into()])),
        ("exampleImagesBase64", Js::List(vec![Js::blob([3; 120], 10.0)])),
        ("imageUrls", json!([]).into()),
    ]);
    let world = server().world();
    let log = Log::default();
    world.create(task).log(&log).run().unwrap();
    assert_eq!(
        sent_task(&world),
        json!({
            "type": "ComplexImageTask",
            "class": "other",
            "imagesBase64": [base64(&[1; 150]), base64(&[2; 101])],
            "exampleImagesBase64": [base64(&[3; 120])],
            "imageUrls": [],
        })
    );
    assert_eq!(log.of("created")[0]["imageBytes"], json!([150, 101, 120]));
}

#[test]
fn only_the_image_fields_of_image_tasks_are_images() {
    for task in [
        object([("type", "AnotherTask"), ("body", PNG), ("imagesBase64", "x")]),
        object([("type", "ComplexImageTask"), ("class", "other"), ("body", PNG)]),
        object([("type", "imagetotexttask"), ("Body", "tiny")]),
    ] {
        let world = server().world();
        world.create(task.clone()).run().unwrap();
        assert_eq!(sent_task(&world), serde_json::to_value(&task).unwrap());
    }
}

#[test]
fn a_task_without_its_type_or_image_is_refused() {
    for (task, field) in [
        (json!({ "body": PNG }).into(), "type"),
        (json!({ "type": "" }).into(), "type"),
        (json!({ "type": null }).into(), "type"),
        (json!({ "type": 7 }).into(), "type"),
        (object([("type", Js::Undefined), ("body", image())]), "type"),
        (json!({ "type": "ImageToTextTask" }).into(), "body"),
        (object([("type", "ImageToTextTask".into()), ("body", Js::Undefined)]), "body"),
        (json!(null).into(), "task"),
        (json!("ImageToTextTask").into(), "task"),
        (json!([{ "type": "ImageToTextTask" }]).into(), "task"),
        (Js::Undefined, "task"),
        (image(), "task"),
    ] {
        let world = server().world();
        for call in [Call::Create(task.clone()), Call::Solve(task)] {
            let outcome = world.run(call.make(&world.client()));
            let failure = refused_locally(outcome, Class::Task, "INVALID_TASK");
            assert_eq!(failure.field.as_deref(), Some(field));
            assert_eq!(world.sent().len(), 0);
        }
    }
}

#[test]
fn only_undefined_is_left_out_and_all_else_is_sent_as_given() {
    let task = object([
        ("type", "TurnstileTask".into()),
        ("websiteURL", "https://shop.example/Ünï?x=1#y".into()),
        ("websiteKey", "".into()),
        ("WebsiteKey", "".into()),
        ("userAgent", json!(null).into()),
        ("gone", Js::Undefined),
        ("unknown_Key", json!([1, null, { "Z": 1, "a": "\u{0}\"\\" }]).into()),
        ("nocache", json!(false).into()),
        ("minScore", json!(0.3).into()),
        ("zero", json!(0).into()),
        ("", "empty key".into()),
    ]);
    let world = server().world();
    world.create(task).run().unwrap();
    let expected = concat!(
        r#""task":{"type":"TurnstileTask","websiteURL":"https://shop.example/Ünï?x=1#y","#,
        r#""websiteKey":"","WebsiteKey":"","userAgent":null,"unknown_Key":[1,null,{"Z":1,"a":"\u0000\"\\"}],"#,
        r#""nocache":false,"minScore":0.3,"zero":0,"":"empty key"}"#,
    );
    let text = &world.sent()[0].text;
    assert!(text.contains(expected), "{text}");
}

/// The limit up to which a text is read, because an image may be wrapped in white space.
#[test]
fn a_text_too_long_for_any_white_space_is_not_read() {
    let longest = 500_000 * 8 + 65_536;
    let image = base64(&[7; 300]);
    let padded = |length: usize| format!("{}{image}", " ".repeat(length - image.len()));
    let world = server().world();
    world.solve_image(padded(longest)).run().unwrap();

    let world = server().world();
    let call = Call::SolveImage(padded(longest + 1).into());
    let outcome = world.run(call.make(&world.client()));
    let failure = refused(outcome, Class::Image, "ERROR_TOO_BIG_CAPTCHA_FILESIZE");
    assert_eq!((failure.size, failure.limit), (Some(3_049_152.0), Some(500_000)));
    assert_eq!(world.sent().len(), 0);
}
