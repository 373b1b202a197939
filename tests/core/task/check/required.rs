//! Fields that a task must have, alone or together.

use super::*;

#[test]
fn every_required_field_must_be_present() {
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
        // A missing image is an image error (see `image.rs`).
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
            accept(task.clone());
            for path in row.required() {
                refuse(without(&task, &path), &path);
                tried += 1;
            }
        }
    }
    assert_eq!(tried, 3 * 2 + 2 + 2 + 2 + 4 + 3 + 2);
}

#[test]
fn without_metadata_its_required_field_is_missing() {
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
        refuse_for_one_of(with(&task, "metadata", Value::Null), &["metadata", field]);
    }
    accept(minimal("ComplexImageTask/yandexsmartcaptcha"));
    accept(with(&minimal("CustomTask"), "metadata", json!({})));
}

#[test]
fn the_field_that_selects_a_variant_must_be_present() {
    let geetest = minimal("GeeTestTask/4");
    refuse(without(&geetest, "version"), "version");
    for version in
        [json!(null), json!("5"), json!("4 "), json!("04"), json!(""), json!(5), json!(true)]
    {
        refuse(with(&geetest, "version", version), "version");
    }
    // The variant decides which other fields are required.
    refuse(with(&geetest, "version", 3), "challenge");
    accept(with(&minimal("GeeTestTask/3"), "version", 4));

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
fn at_least_one_field_of_a_group_must_be_given() {
    let mut groups = 0;
    for row in rows() {
        for group in &row.one_of {
            groups += 1;
            let names: Vec<_> = group.iter().map(String::as_str).collect();
            let neither = names.iter().fold(row.full.clone(), |task, name| without(&task, name));
            refuse_for_one_of(neither.clone(), &names);
            let failure = refused_task(neither.clone());
            for name in &names {
                assert!(failure.english().contains(name), "{}", failure.english());
            }
            // Null does not count as given.
            let null =
                names.iter().fold(row.full.clone(), |task, name| with(&task, name, Value::Null));
            refuse_for_one_of(null, &names);
            for name in &names {
                refuse_for_one_of(with(&neither, name, Value::Null), &names);
                accept(with(&neither, name, at(&row.full, name).clone()));
            }
            accept(row.full.clone());
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
        accept(bare.clone());
        for name in needed {
            // All but one: that one is missing.
            refuse(without(&row.full, name), name);
            refuse(with_js(&row.full, name, Js::Undefined), name);
            refuse(with(&row.full, name, Value::Null), name);
            let anonymous = without(&without(&row.full, "proxyLogin"), "proxyPassword");
            refuse(without(&anonymous, name), name);
            // One alone: one of the two others is missing.
            let others: Vec<_> = needed.into_iter().filter(|other| *other != name).collect();
            refuse_for_one_of(with(&bare, name, row.full[name].clone()), &others);
            // Null and undefined do not count as a proxy.
            accept(with(&bare, name, Value::Null));
            accept(with_js(&bare, name, Js::Undefined));
        }
        for name in ["proxyLogin", "proxyPassword"] {
            refuse_for_one_of(with(&bare, name, "guest"), &needed);
            refuse_for_one_of(with(&bare, name, ""), &needed);
            // Neither is required.
            accept(without(&row.full, name));
            accept(with(&row.full, name, ""));
            accept(with(&row.full, name, Value::Null));
        }
        accept(without(&without(&row.full, "proxyLogin"), "proxyPassword"));
        for address in ["198.51.100.7", "2001:db8::7", "proxy.example"] {
            accept(with(&row.full, "proxyAddress", address));
        }
    }
    assert_eq!(tried, 12);
}

#[test]
fn a_misspelt_name_of_a_required_field_is_pointed_out() {
    for (name, field, misspelt) in [
        ("TurnstileTask", "websiteURL", "websiteUrl"),
        ("TurnstileTask", "websiteKey", "sitewebKey"),
        ("TurnstileTask", "websiteKey", "websitekey"),
        ("TurnstileTask", "websiteKey", "websiteKeys"),
        ("GeeTestTask/3", "challenge", "chalenge"),
        ("ImageToTextTask", "body", "Body"),
    ] {
        let task = minimal(name);
        let is_near = misspelt != "sitewebKey";
        let wrong = with(&without(&task, field), misspelt, at(&task, field).clone());
        refuse(wrong.clone(), field);
        let message = refused_task(wrong).english();
        let question = format!("Is `{misspelt}` a misspelling of it?");
        assert_eq!(message.ends_with(&question), is_near, "{message}");
        assert_eq!(message.ends_with("is missing"), !is_near, "{message}");
        // Beside the right name it is an unknown field, which passes.
        accept(with(&task, misspelt, "x"));
    }
}

/// A known field that is given is not a misspelling of another one.
#[test]
fn a_known_field_is_not_taken_for_a_misspelt_one() {
    for row in rows() {
        for path in row.required() {
            let message = refused_task(without(&row.full, &path)).english();
            assert!(!message.contains("misspelling"), "{}: {message}", row.name);
        }
    }
}
