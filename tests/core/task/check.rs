//! What is refused before anything is sent: each rule of a known task type, by class, code and field.

use capwire_testkit::*;

/// The failure of a task that must be refused here, by both calls that take one, with nothing sent.
#[track_caller]
fn refused_task(task: impl Into<Js>) -> Box<Failure> {
    let task = task.into();
    let failures = [Call::Create(task.clone()), Call::Solve(task.clone())].map(|call| {
        let world = server().world();
        let log = Log::default();
        let outcome = world.run(call.with(&world.client(), json!({}), &log));
        assert!(outcome.is_err(), "taken: {task:?}");
        let failure = refused_locally(outcome, Class::Task, "INVALID_TASK");
        assert_eq!(world.sent().len(), 0, "{failure:#?}");
        assert_eq!((log.events().len(), world.timers(), world.blobs_read()), (0, 0, 0));
        failure
    });
    assert_eq!(failures[0].field, failures[1].field);
    assert_eq!(failures[0].english(), failures[1].english());
    let [failure, _] = failures;
    assert!(!failure.retryable && !failure.english_hint().is_empty(), "{failure:#?}");
    failure
}

/// That a task is refused, and for this field, which the message names too.
#[track_caller]
fn refuse(task: impl Into<Js>, field: &str) {
    let task = task.into();
    let failure = refused_task(task.clone());
    assert_eq!(failure.field.as_deref(), Some(field), "{failure:#?} for {task:?}");
    assert!(failure.english().contains(&format!("`{field}`")), "{}", failure.english());
}

/// That a task is refused for one of these fields, all of which are equally wrong.
#[track_caller]
fn refuse_for_any(task: impl Into<Js>, fields: &[&str]) {
    let failure = refused_task(task);
    let field = failure.field.as_deref().unwrap_or_default();
    assert!(fields.contains(&field), "{failure:#?} should be about one of {fields:?}");
}

/// That a task is sent.
#[track_caller]
fn take(task: impl Into<Js>) {
    let task = task.into();
    let world = server().world();
    let outcome = world.run(Call::Create(task.clone()).make(&world.client()));
    assert!(outcome.is_ok(), "{outcome:#?} for {task:?}");
    assert_eq!(world.count("createTask"), 1);
}

fn minimal(name: &str) -> Value {
    row(name).minimal
}

/// The value of a field.
fn at<'a>(task: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(task, |value, name| &value[name])
}

#[test]
fn every_required_field_must_be_there() {
    let mut tried = 0;
    for row in rows() {
        for path in row.required() {
            for task in [&row.minimal, &row.full] {
                refuse(without(task, &path), &path);
                refuse(with_js(task, &path, Js::Undefined), &path);
            }
            tried += 1;
        }
    }
    // 14 rows need a page, 11 of them a key; then come ids, versions, classes, images and metadata.
    assert_eq!(tried, 44);
}

#[test]
fn a_required_field_must_not_be_null() {
    for row in rows() {
        // What is no image at all is the image's failure, as `images.rs` says.
        for path in row.required().iter().filter(|path| *path != "body") {
            refuse(with(&row.minimal, path, Value::Null), path);
        }
    }
}

#[test]
fn a_task_under_an_older_name_is_checked_like_any_other() {
    let mut tried = 0;
    for row in rows() {
        for legacy in &row.legacy {
            let task = with(&row.minimal, "type", legacy.as_str());
            take(task.clone());
            for path in row.required() {
                refuse(without(&task, &path), &path);
                tried += 1;
            }
        }
    }
    assert_eq!(tried, 3 * 2 + 2 + 2 + 2 + 4 + 3 + 2);
}

/// Values that are of another kind than what the documentation shows in this field.
fn of_another_kind(path: &str, documented: &Value) -> Vec<Js> {
    let mut odd: Vec<Js> = vec![Js::Bigint, Js::bytes([7; 120])];
    odd.extend(match documented {
        Value::String(_) => [json!(5), json!(true), json!(["x"]), json!({ "x": 1 })].map(Js::from),
        // No number: one of the service's own examples writes 1 for true.
        Value::Bool(_) => [json!("true"), json!(""), json!([true]), json!({})].map(Js::from),
        Value::Number(_) => [json!("1"), json!(""), json!([1]), json!({})].map(Js::from),
        Value::Array(_) => [json!(5), json!(true), json!("x"), json!({ "0": "x" })].map(Js::from),
        // No text: that is what older documentation takes for `enterprisePayload`.
        Value::Object(_) => [json!(5), json!(true), json!(["x"]), json!([])].map(Js::from),
        Value::Null => panic!("the kind of {path} is not to be seen in the fixture"),
    });
    match documented {
        Value::Number(_) => {
            odd.extend([f64::NAN, f64::INFINITY].map(Js::Number));
            odd.extend([json!(true), json!(false)].map(Js::from));
        }
        Value::Bool(_) if path != "isEnterprise" => odd.push(json!(1).into()),
        _ => {}
    }
    odd
}

#[test]
fn a_value_of_another_kind_is_refused_in_every_field() {
    let mut tried = 0;
    for row in rows() {
        for path in paths(&row.full) {
            let documented = match path.as_str() {
                "type" => continue,
                // Documented as a boolean or null; the fixture has null.
                "fallbackToActualUA" => &json!(true),
                _ => at(&row.full, &path),
            };
            if is_image(&path) {
                continue; // below
            }
            for odd in of_another_kind(&path, documented) {
                refuse(with_js(&row.full, &path, odd), &path);
                tried += 1;
            }
        }
    }
    assert!(tried > 700, "{tried}");
}

#[test]
fn metadata_must_be_an_object() {
    for row in rows() {
        if row.full.get("metadata").is_none() {
            continue;
        }
        for odd in [json!(5), json!("Task"), json!(["Task"]), json!(false)] {
            refuse(with(&row.full, "metadata", odd), "metadata");
        }
    }
}

#[test]
fn without_metadata_what_is_needed_in_it_is_missing() {
    for (name, field) in [
        ("recaptcha", "metadata.Grid"),
        ("hcaptcha", "metadata.Task"),
        ("funcaptcha", "metadata.Task"),
        ("recognition", "metadata.Task"),
    ] {
        let task = minimal(&format!("ComplexImageTask/{name}"));
        for task in [without(&task, "metadata"), with(&task, "metadata", json!({}))] {
            refuse(task, field);
        }
        refuse_for_any(with(&task, "metadata", Value::Null), &["metadata", field]);
    }
    take(minimal("ComplexImageTask/yandexsmartcaptcha"));
    take(with(&minimal("CustomTask"), "metadata", json!({})));
}

#[test]
fn an_image_must_be_there_and_be_one() {
    let no_image = |task: Js| {
        let world = server().world();
        let outcome = world.run(Call::Solve(task).make(&world.client()));
        assert_eq!(world.sent().len(), 0);
        refused_locally(outcome, Class::Image, "INVALID_IMAGE")
    };
    let task = minimal("ImageToTextTask");
    for odd in [json!(null), json!(5), json!(true), json!({}), json!(["x"])] {
        no_image(with(&task, "body", odd).into());
    }
    for row in rows() {
        for path in paths(&row.full) {
            if !is_image(&path) || path == "body" {
                continue;
            }
            for odd in [json!(5), json!(true), json!({}), json!("aGVsbG8=")] {
                refuse(with(&row.full, &path, odd), &path);
            }
            let image = row.full[&path][0].clone();
            let failure = no_image(with(&row.full, &path, json!([image, 5])).into());
            assert_eq!((failure.field.as_deref(), failure.index), (Some(&*path), Some(1)));
        }
    }
}

#[test]
fn every_item_of_a_list_of_texts_must_be_text() {
    let mut tried = 0;
    for row in rows() {
        for path in paths(&row.full) {
            if !at(&row.full, &path).is_array() || is_image(&path) {
                continue;
            }
            for odd in [json!(5), json!(null), json!(true), json!(["x"]), json!({})] {
                refuse(with(&row.full, &path, json!([odd])), &path);
                refuse(with(&row.full, &path, json!(["x", odd])), &path);
            }
            take(with(&row.full, &path, json!(["x", ""])));
            tried += 1;
        }
    }
    assert_eq!(tried, 6);
}

#[test]
fn enumerations_take_what_is_documented_and_nothing_else() {
    let grid = "metadata.Grid";
    for (name, path, good, bad) in [
        ("ImageToTextTask", "numeric", json!([0, 1]), json!([2, -1, 0.5, 10])),
        (
            "ComplexImageTask/recaptcha",
            grid,
            json!(["4x4", "3x3", "1x1"]),
            json!(["2x2", "", "3X3", "3x3 ", "x"]),
        ),
        ("GeeTestTask/3", "version", json!([3]), json!([0, 2, 5, 3.5, -3])),
    ] {
        let task = minimal(name);
        for value in good.as_array().unwrap() {
            take(with(&task, path, value.clone()));
        }
        for value in bad.as_array().unwrap() {
            refuse(with(&task, path, value.clone()), path);
        }
    }
    for row in rows().iter().filter(|row| row.takes_proxy()) {
        for kind in ["http", "https", "socks4", "socks5"] {
            take(with(&row.full, "proxyType", kind));
        }
        for kind in ["", "HTTP", "socks", "socks5h", "http://", "ftp", " http"] {
            refuse(with(&row.full, "proxyType", kind), "proxyType");
        }
    }
}

/// What is known of these is what has been seen so far: the sets are open.
#[test]
fn names_of_recognisers_and_classes_of_custom_tasks_are_any_text() {
    for module in ["universal", "my_own_module_a8f3", "", "captcha_math"] {
        take(with(&minimal("ImageToTextTask"), "capMonsterModule", module));
    }
    for task in ["oocl_rotate", "shein", "bills_audio", "MathSum", "something_new", ""] {
        take(with(&minimal("ComplexImageTask/recognition"), "metadata.Task", task));
    }
    for class in ["DataDome", "tspd", "recaptcha", ""] {
        take(with(&minimal("CustomTask"), "class", class));
    }
}

#[test]
fn what_selects_a_variant_must_be_there() {
    let geetest = minimal("GeeTestTask/4");
    refuse(without(&geetest, "version"), "version");
    for version in [json!(null), json!("4"), json!(5), json!(true)] {
        refuse(with(&geetest, "version", version), "version");
    }
    // The variant decides what else is needed.
    refuse(with(&geetest, "version", 3), "challenge");
    take(with(&minimal("GeeTestTask/3"), "version", 4));

    let images = minimal("ComplexImageTask/yandexsmartcaptcha");
    refuse(without(&images, "class"), "class");
    for class in [json!(null), json!(5), json!(["recaptcha"])] {
        refuse(with(&images, "class", class), "class");
    }
    refuse(with(&images, "class", "funcaptcha"), "metadata.Task");
    refuse(json!({ "type": "ComplexImageTask" }), "class");
    refuse(json!({ "type": "CustomTask", "websiteURL": "https://shop.example" }), "class");
}

#[test]
fn ranges_are_inclusive() {
    for (name, path, good, bad) in [
        (
            "ImageToTextTask",
            "recognizingThreshold",
            json!([0, 1, 99, 100, 50.0]),
            json!([-1, 101, 0.5, 99.9, 1e300, -0.1]),
        ),
        (
            "RecaptchaV3TaskProxyless",
            "minScore",
            json!([0.1, 0.9, 0.3, 0.55]),
            json!([0, 1, 0.099_999, 0.900_001, -0.3, 9]),
        ),
        (
            "RecaptchaV3EnterpriseTask",
            "minScore",
            json!([0.1, 0.9, 0.7]),
            json!([0, 1, 0.05, 0.95]),
        ),
    ] {
        let task = minimal(name);
        for value in good.as_array().unwrap() {
            take(with(&task, path, value.clone()));
        }
        for value in bad.as_array().unwrap() {
            refuse(with(&task, path, value.clone()), path);
        }
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            refuse(with_js(&task, path, Js::Number(value)), path);
        }
    }
    for row in rows().iter().filter(|row| row.takes_proxy()) {
        for port in [1, 80, 65_534, 65_535] {
            take(with(&row.full, "proxyPort", port));
        }
        for port in [json!(0), json!(65_536), json!(-1), json!(80.5), json!(1e10), json!("8080")] {
            refuse(with(&row.full, "proxyPort", port), "proxyPort");
        }
    }
}

#[test]
fn integers_are_whole() {
    for (name, path) in [
        ("ImageToTextTask", "recognizingThreshold"),
        ("ImageToTextTask", "numeric"),
        ("GeeTestTask/3", "version"),
        ("GeeTestTask/4", "version"),
        ("YidunTask", "hct"),
        ("TurnstileTask", "proxyPort"),
    ] {
        let full = row(name).full;
        let whole = at(&full, path).as_f64().unwrap();
        // As JavaScript has it, a whole number is whole however it is written.
        take(with(&full, path, whole));
        refuse(with(&full, path, whole + 0.5), path);
    }
    // A time, in seconds or in milliseconds.
    for time in [0_i64, 1_785_000_000, 4_294_967_296, 1_785_000_000_123] {
        take(with(&minimal("YidunTask"), "hct", time));
    }
}

#[test]
fn fallback_to_actual_ua_has_three_values() {
    let task = minimal("HCaptchaTask");
    for value in [json!(true), json!(false), json!(null)] {
        take(with(&task, "fallbackToActualUA", value));
    }
    for value in [json!("true"), json!("null"), json!(0), json!(1), json!([])] {
        refuse(with(&task, "fallbackToActualUA", value), "fallbackToActualUA");
    }
}

#[test]
fn a_page_is_an_absolute_web_address() {
    let good = [
        "https://shop.example",
        "http://shop.example/",
        "HTTPS://Shop.Example/Ünï?x=1&b=%20#y",
        "http://localhost:8080/captcha.html",
        "https://[2001:db8::7]:8443/",
        "https://магазин.example/вход",
        "https://xn--80aaxitdbjk.example/?q=https://other.example",
        "https://shop.example?next=/cart",
        "https://shop.example#top",
    ];
    let bad = [
        "",
        " ",
        "shop.example",
        "shop.example/login",
        "www.shop.example:443/",
        "/login",
        "//shop.example/login",
        "ftp://shop.example/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "about:blank",
        "data:text/html,https://shop.example",
        "chrome-extension://abcdefgh/page.html",
        "wss://shop.example",
        "xhttps://shop.example",
        "https",
        "https:",
        "https:/",
        "https://",
        "https:///login",
        "https://?x=1",
        "https://#y",
        "http//shop.example",
        "https//shop.example",
    ];
    let mut tried = 0;
    for row in rows() {
        if row.full.get("websiteURL").is_none() {
            continue;
        }
        tried += 1;
        for url in good {
            take(with(&row.full, "websiteURL", url));
        }
        for url in bad {
            // Whether a field that may be left out may be empty is not stated anywhere.
            if !(url.is_empty() && row.minimal.get("websiteURL").is_none()) {
                refuse(with(&row.full, "websiteURL", url), "websiteURL");
            }
        }
    }
    assert_eq!(tried, 17);
}

#[test]
fn of_a_group_at_least_one_must_be_given() {
    let mut groups = 0;
    for row in rows() {
        for group in &row.one_of {
            groups += 1;
            let names: Vec<_> = group.iter().map(String::as_str).collect();
            let neither = names.iter().fold(row.full.clone(), |task, name| without(&task, name));
            refuse_for_any(neither.clone(), &names);
            let failure = refused_task(neither.clone());
            for name in &names {
                assert!(failure.english().contains(name), "{}", failure.english());
            }
            // Null is a value, but none that is an image or an instruction.
            let null =
                names.iter().fold(row.full.clone(), |task, name| with(&task, name, Value::Null));
            refuse_for_any(null, &names);
            for name in &names {
                refuse_for_any(with(&neither, name, Value::Null), &names);
                take(with(&neither, name, at(&row.full, name).clone()));
            }
            take(row.full.clone());
        }
    }
    assert_eq!(groups, 4);
}

#[test]
fn proxy_fields_are_given_together_or_not_at_all() {
    let needed = ["proxyType", "proxyAddress", "proxyPort"];
    let mut tried = 0;
    for row in rows().iter().filter(|row| row.takes_proxy()) {
        tried += 1;
        let bare = row.full.as_object().unwrap().iter();
        let bare = bare.filter(|(name, _)| !name.starts_with("proxy"));
        let bare = Value::Object(bare.map(|(name, value)| (name.clone(), value.clone())).collect());
        take(bare.clone());
        for name in needed {
            // All but one: that one is missing.
            refuse(without(&row.full, name), name);
            refuse(with_js(&row.full, name, Js::Undefined), name);
            refuse(with(&row.full, name, Value::Null), name);
            let anonymous = without(&without(&row.full, "proxyLogin"), "proxyPassword");
            refuse(without(&anonymous, name), name);
            // One alone: one of the two others is missing.
            let others: Vec<_> = needed.into_iter().filter(|other| *other != name).collect();
            refuse_for_any(with(&bare, name, row.full[name].clone()), &others);
            // Null and undefined are no proxy.
            take(with(&bare, name, Value::Null));
            take(with_js(&bare, name, Js::Undefined));
        }
        for name in ["proxyLogin", "proxyPassword"] {
            refuse_for_any(with(&bare, name, "guest"), &needed);
            refuse_for_any(with(&bare, name, ""), &needed);
            // Neither is needed.
            take(without(&row.full, name));
            take(with(&row.full, name, ""));
            take(with(&row.full, name, Value::Null));
        }
        take(without(&without(&row.full, "proxyLogin"), "proxyPassword"));
        for address in ["198.51.100.7", "2001:db8::7", "proxy.example"] {
            take(with(&row.full, "proxyAddress", address));
        }
    }
    assert_eq!(tried, 12);
}

/// A refusal says what is wrong with numbers, and never repeats text: it may be a key in the wrong place.
#[test]
fn a_refusal_shows_what_is_wrong_but_no_text() {
    let secret = "5ecre7-5ecre7-5ecre7";
    let full = row("TurnstileTask").full;
    for path in ["websiteURL", "proxyType", "proxyPort", "nocache"] {
        let failure = refused_task(with(&full, path, secret));
        let shown = format!("{failure:?}");
        assert!(!shown.contains(secret), "{shown}");
    }
    let message = refused_task(with(&full, "proxyPort", 65_536)).english();
    assert!(message.contains("65536") && message.contains("65535"), "{message}");
    let task = with(&minimal("ImageToTextTask"), "recognizingThreshold", 101);
    let message = refused_task(task).english();
    assert!(message.contains("101") && message.contains("100"), "{message}");
    let task = with(&minimal("RecaptchaV3TaskProxyless"), "minScore", 0.95);
    let message = refused_task(task).english();
    assert!(message.contains("0.95") && message.contains("0.9"), "{message}");
}

/// Nothing is read from a slow disk for a task that would be refused anyway.
#[test]
fn a_task_is_checked_before_its_images_are_read() {
    let task = with_bytes(&row("ComplexImageTask/recaptcha").full);
    take(task.clone());
    // `refused_task` asserts that no blob was read.
    refuse(task.with("websiteURL", "nowhere"), "websiteURL");
    let task = with_bytes(&minimal("ImageToTextTask"));
    refuse(task.with("recognizingThreshold", json!(101)), "recognizingThreshold");
}

/// A known type is checked whatever the service: who speaks to which is the service's to say.
#[test]
fn the_rules_are_the_same_on_both_services() {
    for service in ["capmonster", "brocapgpt"] {
        for row in rows() {
            let Some(path) = row.required().into_iter().next() else {
                panic!("{} requires nothing", row.name);
            };
            let world = server().world();
            let client = world.client_with(json!({ "service": service }));
            let call = Call::Solve(without(&row.minimal, &path).into());
            let failure =
                refused_locally(world.run(call.make(&client)), Class::Task, "INVALID_TASK");
            assert_eq!(failure.field, Some(path));
            assert_eq!(failure.service.as_deref(), Some(service));
            assert_eq!(world.sent().len(), 0);
            world.run(Call::Create(row.minimal.into()).make(&client)).unwrap();
        }
    }
}

#[test]
fn a_type_that_is_no_text_is_shown() {
    for (given, shown) in [(json!(5), "5"), (json!(null), "null"), (json!([]), "an array")] {
        let world = server().world();
        let call = Call::Create(json!({ "type": given }).into());
        let failure = refused(world.run(call.make(&world.client())), Class::Task, "INVALID_TASK");
        assert_eq!(failure.field.as_deref(), Some("type"));
        assert!(failure.english().contains(shown), "{}", failure.english());
    }
}
