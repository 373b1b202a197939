//! Which values each field takes.

use super::*;

/// Values of another type than the documentation shows for this field.
fn of_wrong_type(path: &str, documented: &Value) -> Vec<Js> {
    let mut invalid: Vec<Js> = vec![Js::Bigint, Js::bytes([7; 120])];
    invalid.extend(match documented {
        Value::String(_) => [json!(5), json!(true), json!(["x"]), json!({ "x": 1 })].map(Js::from),
        // Numbers are left out: an example of the service writes 1 for true.
        Value::Bool(_) => [json!("true"), json!(""), json!([true]), json!({})].map(Js::from),
        Value::Number(_) => [json!("1"), json!(""), json!([1]), json!({})].map(Js::from),
        Value::Array(_) => [json!(5), json!(true), json!("x"), json!({ "0": "x" })].map(Js::from),
        // Strings are left out: older documentation has one for `enterprisePayload`.
        Value::Object(_) => [json!(5), json!(true), json!(["x"]), json!([])].map(Js::from),
        Value::Null => panic!("the fixture does not show the type of {path}"),
    });
    match documented {
        Value::Number(_) => {
            invalid.extend([f64::NAN, f64::INFINITY].map(Js::Number));
            invalid.extend([json!(true), json!(false)].map(Js::from));
        }
        Value::Bool(_) if path != "isEnterprise" => invalid.push(json!(1).into()),
        _ => {}
    }
    invalid
}

#[test]
fn a_value_of_the_wrong_type_is_refused_in_every_field() {
    let mut tried = 0;
    for row in rows() {
        for path in paths(&row.full) {
            let documented = match path.as_str() {
                "type" => continue,
                // Documented as a boolean or null. The fixture has null.
                "fallbackToActualUA" => &json!(true),
                _ => at(&row.full, &path),
            };
            if is_image(&path) {
                continue; // below
            }
            for invalid in of_wrong_type(&path, documented) {
                refuse(with_js(&row.full, &path, invalid), &path);
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
        for invalid in [json!(5), json!("Task"), json!(["Task"]), json!(false)] {
            refuse(with(&row.full, "metadata", invalid), "metadata");
        }
    }
}

#[test]
fn an_image_must_be_present_and_valid() {
    let refuse_image = |task: Js| {
        let world = server().world();
        let outcome = world.solve(task).run();
        assert_eq!(world.sent().len(), 0);
        refused_locally(outcome, Class::Image, "INVALID_IMAGE")
    };
    let task = minimal("ImageToTextTask");
    for invalid in [json!(null), json!(5), json!(true), json!({}), json!(["x"])] {
        refuse_image(with(&task, "body", invalid).into());
    }
    for row in rows() {
        for path in paths(&row.full) {
            if !is_image(&path) || path == "body" {
                continue;
            }
            for invalid in [json!(5), json!(true), json!({}), json!("aGVsbG8=")] {
                refuse(with(&row.full, &path, invalid), &path);
            }
            let image = row.full[&path][0].clone();
            let failure = refuse_image(with(&row.full, &path, json!([image, 5])).into());
            assert_eq!((failure.field.as_deref(), failure.index), (Some(&*path), Some(1)));
        }
    }
}

#[test]
fn every_item_of_a_list_of_strings_must_be_a_string() {
    let mut tried = 0;
    for row in rows() {
        for path in paths(&row.full) {
            if !at(&row.full, &path).is_array() || is_image(&path) {
                continue;
            }
            for invalid in [json!(5), json!(null), json!(true), json!(["x"]), json!({})] {
                refuse(with(&row.full, &path, json!([invalid])), &path);
                refuse(with(&row.full, &path, json!(["x", invalid])), &path);
            }
            accept(with(&row.full, &path, json!(["x", ""])));
            tried += 1;
        }
    }
    assert_eq!(tried, 6);
}

#[test]
fn enumerations_accept_only_the_documented_values() {
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
            accept(with(&task, path, value.clone()));
        }
        for value in bad.as_array().unwrap() {
            refuse(with(&task, path, value.clone()), path);
        }
    }
    for row in rows().iter().filter(|row| row.takes_proxy()) {
        for kind in ["http", "https", "socks4", "socks5"] {
            accept(with(&row.full, "proxyType", kind));
        }
        for kind in ["", "HTTP", "socks", "socks5h", "http://", "ftp", " http"] {
            refuse(with(&row.full, "proxyType", kind), "proxyType");
        }
    }
}

/// The known names are those seen so far; the services may add more.
#[test]
fn names_of_recognisers_and_classes_of_custom_tasks_may_be_any_text() {
    for module in ["universal", "my_own_module_a8f3", "", "captcha_math"] {
        accept(with(&minimal("ImageToTextTask"), "capMonsterModule", module));
    }
    for task in ["oocl_rotate", "shein", "bills_audio", "MathSum", "something_new", ""] {
        accept(with(&minimal("ComplexImageTask/recognition"), "metadata.Task", task));
    }
    for class in ["DataDome", "tspd", "recaptcha", ""] {
        accept(with(&minimal("CustomTask"), "class", class));
    }
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
            accept(with(&task, path, value.clone()));
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
            accept(with(&row.full, "proxyPort", port));
        }
        for port in [json!(0), json!(65_536), json!(-1), json!(80.5), json!(1e10), json!("8080")] {
            refuse(with(&row.full, "proxyPort", port), "proxyPort");
        }
    }
}

/// Both services document it. They answer with an error, after the request.
#[test]
fn a_login_and_a_password_of_a_proxy_have_no_percent_sign() {
    for row in rows().iter().filter(|row| row.takes_proxy()) {
        for path in ["proxyLogin", "proxyPassword"] {
            for invalid in ["%", "pass%40word", "100%", "%25"] {
                refuse(with(&row.full, path, invalid), path);
            }
            accept(with(&row.full, path, "p\u{ff05}ss@w:rd/#?&+ \u{43a}"));
        }
    }
    let failure = refused_task(with(&row("TurnstileTask").full, "proxyPassword", "5ecre7%"));
    assert!(!format!("{failure:?}").contains("5ecre7"), "{failure:?}");
    let message = "must be a string without a percent sign";
    assert!(failure.english().ends_with(message), "{}", failure.english());
    // They are not checked where there is no proxy, or where the type takes none.
    accept(with(&minimal("RecaptchaV3TaskProxyless"), "proxyPassword", "%"));
    accept(json!({ "type": "SomethingNewTask", "proxyPassword": "%" }));
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
        // In JavaScript, 1.0 is a whole number.
        accept(with(&full, path, whole));
        refuse(with(&full, path, whole + 0.5), path);
    }
    // A time, in seconds or in milliseconds.
    for time in [0_i64, 1_785_000_000, 4_294_967_296, 1_785_000_000_123] {
        accept(with(&minimal("YidunTask"), "hct", time));
    }
}

#[test]
fn fallback_to_actual_ua_has_three_values() {
    let task = minimal("HCaptchaTask");
    for value in [json!(true), json!(false), json!(null)] {
        accept(with(&task, "fallbackToActualUA", value));
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
            accept(with(&row.full, "websiteURL", url));
        }
        for url in bad {
            // It is not documented whether an optional field may be empty.
            if !(url.is_empty() && row.minimal.get("websiteURL").is_none()) {
                refuse(with(&row.full, "websiteURL", url), "websiteURL");
            }
        }
    }
    assert_eq!(tried, 17);
}

#[test]
fn a_list_is_read_up_to_100_items_and_a_task_up_to_1000_members() {
    let mut tried = 0;
    for row in rows() {
        for (name, value) in row.full.as_object().unwrap() {
            let Some([item, ..]) = value.as_array().map(Vec::as_slice) else { continue };
            tried += 1;
            accept(with(&row.full, name, vec![item.clone(); 100]));
            let failure = assert_refused(with(&row.full, name, vec![item.clone(); 101]), name);
            let said = "has more than 100 entries, or one that cannot be read";
            assert!(failure.english().contains(said), "{}", failure.english());
        }
    }
    assert!(tried > 0);
    let many =
        |count| (0..count).fold(Js::from(json!({})), |task, at| task.with(&format!("k{at}"), 0));
    accept(many(999).with("type", "MadeUpTask"));
    refuse(many(1_000).with("type", "MadeUpTask"), "task");
}

#[test]
fn a_text_that_is_looked_at_has_at_most_65_536_characters() {
    let long = |start: &str| format!("{start}{}", "a".repeat(65_537 - start.len()));
    let site = json!({ "type": "TurnstileTask", "websiteURL": "", "websiteKey": "x" });
    let failure =
        assert_refused(with(&site, "websiteURL", long("https://shop.example/")), "websiteURL");
    let said = "not a string of more than 65,536 characters";
    assert!(failure.english().ends_with(said), "{}", failure.english());
    let mut fits = long("https://shop.example/");
    fits.pop();
    accept(with(&site, "websiteURL", fits));
    let failure = assert_refused(json!({ "type": long("") }), "type");
    assert!(failure.english().ends_with(said), "{}", failure.english());
}
