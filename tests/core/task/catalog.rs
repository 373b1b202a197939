//! Each task type: its task as it is sent, its times, its lookup in the catalogue.

use capwire::task::catalog::{CATALOG, TaskType};
use capwire_testkit::*;

/// A world that answers every result request with this solution.
fn solving(solution: &Value) -> World {
    let body = json!({ "errorId": 0, "status": "ready", "solution": solution });
    server().poll([answer(body)]).world()
}

/// The task of the only createTask request, which has nothing else but the key.
#[track_caller]
fn sent_task(world: &World) -> Value {
    let sent = world.sent_to("createTask");
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].body, json!({ "clientKey": KEY, "task": sent[0].body["task"] }));
    sent[0].body["task"].clone()
}

/// The task as it is sent. Fails if it is refused.
#[track_caller]
fn accepted(what: &str, task: impl Into<Js>) -> Value {
    let world = server().world();
    let outcome = world.create(task).run();
    assert!(outcome.is_ok(), "{what}: {outcome:#?}");
    sent_task(&world)
}

#[track_caller]
fn accepted_unchanged(what: &str, task: &Value) {
    assert_eq!(&accepted(what, task.clone()), task, "{what}");
}

#[test]
fn the_catalogue_has_each_task_type_of_the_fixture_and_no_other() {
    let of_rows = rows().into_iter().flat_map(|row| {
        let own = row.name.split('/').next().unwrap().to_owned();
        row.legacy.into_iter().chain([own])
    });
    let mut documented: Vec<_> = of_rows.collect();
    let mut known: Vec<_> = CATALOG.iter().flat_map(|spec| spec.types).copied().collect();
    documented.sort_unstable();
    known.sort_unstable();
    assert_eq!(known, documented);
}

#[test]
fn tasks_of_each_type_and_their_solutions_are_passed_on_unchanged() {
    for row in rows() {
        for service in &row.services {
            for (name, task) in row.tasks() {
                let world = solving(&row.solution);
                let client = world.client_with(json!({ "service": service }));
                let solved = world.solve(task.clone()).by(&client).run();
                let solved = solved.unwrap_or_else(|failure| panic!("{name}: {failure:#?}"));
                assert_eq!(sent_task(&world), task, "{name}");
                assert_eq!(solved["solution"], row.solution, "{name}");

                let sent = world.sent();
                assert_eq!(sent.len(), 2, "{name}");
                let (created, asked) = (&sent[0], &sent[1]);
                assert_eq!(created.url, format!("https://api.{}/createTask", host_of(service)));
                assert_eq!(asked.body, json!({ "clientKey": KEY, "taskId": TASK_ID }), "{name}");
                let is_cached = task["nocache"] != true;
                let delay = if is_cached { row.first_delay_ms } else { row.no_cache_delay_ms };
                assert_eq!(asked.start - created.end.unwrap(), delay, "{name}");
                assert_eq!(world.timers(), 0);
            }
        }
    }
}

#[test]
fn the_version_of_geetest_is_a_number_or_its_digit_and_is_sent_as_a_number() {
    for (name, version) in [("GeeTestTask/3", 3), ("GeeTestTask/4", 4)] {
        for kind in ["GeeTestTask", "GeeTestTaskProxyless"] {
            let task = with(&row(name).minimal, "type", kind);
            let as_text = with(&task, "version", version.to_string());
            assert_eq!(accepted(name, as_text), with(&task, "version", version));
        }
    }
    // As text it selects the same fields.
    let world = server().world();
    let task = with(&row("GeeTestTask/4").minimal, "version", "3");
    let failure = refused_locally(world.create(task).run(), Class::Task, "INVALID_TASK");
    assert_eq!(failure.field.as_deref(), Some("challenge"));
    // In another type it is a field like any other.
    accepted_unchanged("raw", &json!({ "type": "SomethingNewTask", "version": "4" }));
}

fn host_of(service: &str) -> &'static str {
    match service {
        "capmonster" => "capmonster.cloud",
        "brocapgpt" => "brocapgpt.com",
        _ => panic!("{service}"),
    }
}

#[test]
fn a_task_that_is_never_ready_ends_at_the_timeout_of_its_type() {
    for row in rows() {
        for (name, task) in row.tasks() {
            let world = server().poll([processing()]).world();
            let start = world.now();
            let outcome = world.solve(task).run();
            let failure = refused(outcome, Class::SolveTimeout, "SOLVE_TIMEOUT");
            assert_eq!(failure.task_id, Some(task_id(TASK_ID)), "{name}");
            assert_eq!(world.now() - start, row.timeout_ms, "{name}");
            assert_eq!(world.count("createTask"), 1, "{name}");
            let polls = world.sent_to("getTaskResult");
            // Without several requests there would be no gap to check.
            assert!(polls.len() > 3 && polls.len() <= 120, "{name}: {}", polls.len());
            assert_spaced(&polls);
        }
    }
}

/// Another process may wait for a task of any type under any of its names.
#[test]
fn a_wait_has_the_timeout_of_the_type_under_each_of_its_names() {
    for row in rows() {
        let own = row.minimal["type"].as_str().unwrap().to_owned();
        for kind in row.legacy.iter().chain([&own]) {
            let world = server().poll([processing()]).world();
            let start = world.now();
            let outcome = world.wait(TASK_ID).options(json!({ "type": kind })).run();
            refused(outcome, Class::SolveTimeout, "SOLVE_TIMEOUT");
            assert_eq!(world.sent()[0].start, start, "the first request goes out at once");
            assert_eq!(world.now() - start, row.timeout_ms, "{kind}");
            assert_spaced(&world.sent());
        }
    }
}

#[test]
fn other_request_fields_do_not_change_the_task() {
    for row in rows() {
        let world = server().world();
        let client = world.client_with(json!({ "softId": 77 }));
        world
            .create(row.full.clone())
            .by(&client)
            .options(json!({ "callbackUrl": "https://me.example/done?id=1" }))
            .run()
            .unwrap();
        let expected = json!({
            "clientKey": KEY,
            "task": row.full,
            "callbackUrl": "https://me.example/done?id=1",
            "softId": 77,
        });
        assert_eq!(world.sent()[0].body, expected, "{}", row.name);
    }
}

/// An image as bytes makes the same task as one as base64.
#[test]
fn images_given_as_bytes_are_sent_as_base64() {
    let mut with_images = 0;
    for row in rows() {
        let given = with_bytes(&row.full);
        let has_images = paths(&row.full).iter().any(|path| is_image(path));
        with_images += usize::from(has_images);
        assert_eq!(accepted(&row.name, given), row.full, "{}", row.name);
    }
    assert_eq!(with_images, 6);
}

#[test]
fn fields_are_sent_in_the_order_given() {
    let task = object([
        ("type", Js::from("GeeTestTask")),
        ("version", json!(4).into()),
        ("zeta", "".into()),
        ("gt", "e392e1d7".into()),
        ("websiteURL", "https://shop.example/Ünï?x=1#y".into()),
        ("initParameters", json!({ "riskType": "slide" }).into()),
        ("alpha", json!(null).into()),
    ]);
    let world = server().world();
    world.create(task).run().unwrap();
    let expected = concat!(
        r#""task":{"type":"GeeTestTask","version":4,"zeta":"","gt":"e392e1d7","#,
        r#""websiteURL":"https://shop.example/Ünï?x=1#y","#,
        r#""initParameters":{"riskType":"slide"},"alpha":null}"#,
    );
    let text = &world.sent()[0].text;
    assert!(text.contains(expected), "{text}");
}

#[test]
fn unknown_fields_pass_unchanged_whatever_they_hold() {
    let extra = [
        ("somethingNew", json!([1, null, { "Z": 1, "a": "" }])),
        ("nothing", json!(null)),
        ("empty", json!("")),
        // Names are case-sensitive.
        ("WebsiteUrl", json!(5)),
        ("websiteUrl", json!("")),
        ("CapMonsterModule", json!("universal")),
        ("Case", json!("yes")),
        ("ProxyPort", json!("x")),
        ("proxy", json!({ "type": "http" })),
        ("", json!("an empty name")),
    ];
    for row in rows() {
        let mut all = row.full.clone();
        for (name, value) in &extra {
            accepted_unchanged(&row.name, &with(&row.minimal, name, value.clone()));
            all = with(&all, name, value.clone());
        }
        if all.get("metadata").is_some() {
            all = with(&all, "metadata.somethingNew", json!({ "deep": [""] }));
        }
        accepted_unchanged(&row.name, &all);
    }
}

/// A field of another type is an unknown field, even with a value that would be wrong there.
#[test]
fn fields_of_other_types_pass_unchanged() {
    for (name, field, value) in [
        ("ImageToTextTask", "minScore", json!(7)),
        ("ImageToTextTask", "websiteURL", json!("nowhere")),
        ("ImageToTextTask", "proxyPort", json!(0)),
        ("ImageToTextTask", "metadata", json!(5)),
        ("RecaptchaV2Task", "recognizingThreshold", json!(101)),
        ("RecaptchaV2Task", "minScore", json!(0.05)),
        ("RecaptchaV3TaskProxyless", "proxyType", json!("carrier pigeon")),
        ("RecaptchaV3EnterpriseTask", "proxyAddress", json!("198.51.100.7")),
        ("TurnstileTask", "version", json!("3")),
        ("TurnstileTask", "body", json!("no image")),
        ("TurnstileTask", "imagesBase64", json!(["no image"])),
        ("TurnstileTask", "metadata", json!({ "Grid": "9x9" })),
        ("TurnstileTask", "cloudflareTaskType", json!("cf_clearance")),
        ("TurnstileTask", "cloudflareTaskType", json!("something new")),
        ("GeeTestTask/3", "initParameters", json!(5)),
        ("GeeTestTask/4", "challenge", json!(5)),
        ("ComplexImageTask/yandexsmartcaptcha", "metadata", json!(null)),
        ("ComplexImageTask/yandexsmartcaptcha", "websiteURL", json!("nowhere")),
        ("ComplexImageTask/recognition", "metadata.Grid", json!("9x9")),
        ("ComplexImageTask/recaptcha", "metadata.Classes", json!(5)),
        ("CustomTask", "metadata", json!({ "Grid": "9x9", "Task": 5, "proxyPort": 0 })),
    ] {
        accepted_unchanged(name, &with(&row(name).minimal, field, value));
    }
}

#[test]
fn null_is_kept_in_every_optional_field() {
    for row in rows() {
        // One by one. Fields of which one is required keep another one of their group.
        for path in row.optional() {
            let group = row.one_of.iter().find(|group| group.contains(&path));
            let base = if group.is_some() { &row.full } else { &row.minimal };
            accepted_unchanged(&format!("{}, {path}", row.name), &with(base, &path, Value::Null));
        }
        // All at once, except for those groups.
        let mut task = row.minimal.clone();
        for path in row.optional() {
            if !row.one_of.iter().flatten().any(|one| *one == path) {
                task = with(&task, &path, Value::Null);
            }
        }
        accepted_unchanged(&row.name, &task);
    }
}

#[test]
fn an_empty_string_is_kept_in_every_text_field() {
    /// Text fields with a rule of their own.
    const NARROW: &[&str] =
        &["type", "websiteURL", "metadata.Grid", "proxyType", "proxyAddress", "body"];
    let mut tried = 0;
    for row in rows() {
        for path in paths(&row.full) {
            let value = path.split('.').fold(&row.full, |value, name| &value[name]);
            let selects = path == "class" && row.name != "CustomTask";
            if value.is_string() && !selects && !NARROW.contains(&path.as_str()) {
                let what = format!("{}, {path}", row.name);
                accepted_unchanged(&what, &with(&row.full, &path, ""));
                tried += 1;
            }
        }
    }
    assert!(tried > 60, "{tried}");
}

#[test]
fn undefined_fields_are_absent() {
    for row in rows() {
        let mut task = Js::from(row.minimal.clone());
        let minimal = paths(&row.minimal);
        for path in row.optional().iter().filter(|path| !minimal.contains(path)) {
            task = match path.split_once('.') {
                None => task.with(path, Js::Undefined),
                Some(_) => with_js(&row.minimal, path, Js::Undefined),
            };
            assert_eq!(accepted(&row.name, task.clone()), row.minimal, "{}, {path}", row.name);
        }
    }
}

#[test]
fn unknown_types_pass_unchecked() {
    let fields = json!({
        "websiteURL": 5,
        "websiteKey": null,
        "proxyType": "carrier pigeon",
        "proxyPort": 0,
        "minScore": 7,
        "recognizingThreshold": "high",
        "version": "3",
        "body": 5,
        "imagesBase64": "no list",
        "metadata": ["Grid"],
        "": "",
    });
    for kind in [
        "SomethingNewTask",
        "TSPDTask",
        "imagetotexttask",
        "recaptchaV2Task",
        "RecaptchaV3Task",
        "ImageToTextTaskProxyless",
        "CaptchaFoxTaskProxyless",
        "NoCaptcha",
        " RecaptchaV2Task",
    ] {
        accepted_unchanged(kind, &with(&fields, "type", kind));
        accepted_unchanged(kind, &json!({ "type": kind }));
    }
}

/// `class` selects the variant. A class that the service adds later is like an unknown type.
#[test]
fn an_unknown_class_passes_unchecked_except_for_its_images() {
    let image = row("ImageToTextTask").minimal["body"].clone();
    for task in [
        json!({ "type": "ComplexImageTask", "class": "somethingnew" }),
        json!({
            "type": "ComplexImageTask",
            "class": "somethingnew",
            "imagesBase64": [image],
            "metadata": { "Grid": "9x9", "Task": 5 },
            "websiteURL": "",
        }),
    ] {
        accepted_unchanged("class", &task);
    }
    let task = json!({ "type": "ComplexImageTask", "class": "x", "imagesBase64": [image] });
    assert_eq!(accepted("bytes", with_bytes(&task)), task);
}

#[test]
fn a_type_is_looked_up_by_each_of_its_names_with_all_its_variants() {
    let rows = rows();
    for row in &rows {
        let own = row.name.split('/').next().unwrap();
        let variants = rows.iter().filter(|other| other.name.split('/').next() == Some(own));
        let variants = variants.count();
        for name in row.legacy.iter().map(String::as_str).chain([own]) {
            let found = TaskType::new(name.to_owned());
            assert_eq!((&*found.name, found.specs.len()), (name, variants));
            let expected = (row.first_delay_ms, row.timeout_ms);
            let timing = found.timing();
            assert_eq!((timing.first_delay_ms, timing.timeout_ms), expected, "{name}");
        }
    }
    let unknown = TaskType::new("SomethingNewTask".to_owned());
    assert!(unknown.specs.is_empty());
    assert_eq!(unknown.timing().timeout_ms, 180_000.0, "as long as the slowest type");
}

/// A class that is newer than the catalogue still sends images.
#[test]
fn a_field_carries_images_if_any_variant_of_the_type_says_so() {
    for row in rows() {
        let task_type = TaskType::new(row.minimal["type"].as_str().unwrap().to_owned());
        for path in paths(&row.full) {
            assert_eq!(task_type.image_rule(&path).is_some(), is_image(&path), "{path}");
        }
    }
    assert!(TaskType::new("SomethingNewTask".to_owned()).image_rule("body").is_none());
}
