//! The options of `solve_image` that become fields of its task.

use capwire::options::CallOptions;
use capwire::service::CAPMONSTER;
use capwire::task::image_options;
use capwire_testkit::*;

/// All of them, as the service documents them.
fn all() -> Value {
    let mut fields = row("ImageToTextTask").full;
    fields.as_object_mut().unwrap().retain(|name, _| !["type", "body"].contains(&&**name));
    fields
}

#[test]
fn they_are_the_fields_of_the_task_besides_its_image() {
    let documented: Vec<_> = all().as_object().unwrap().keys().cloned().collect();
    let mut names = image_options();
    names.sort_unstable();
    let mut expected: Vec<_> = documented.iter().map(String::as_str).collect();
    expected.sort_unstable();
    assert_eq!(names, expected);
}

#[test]
fn they_are_sent_in_the_task_and_the_other_options_are_not() {
    let world = server().world();
    let mut options = all();
    options["timeoutMs"] = json!(9_000);
    options["callbackUrl"] = json!("https://me.example/done");
    let text = world.solve_image(Js::bytes([7; 120])).options(options).run().unwrap();
    assert_eq!(text, "w7kq");
    let sent = &world.sent_to("createTask")[0].body;
    let mut task = all();
    task["type"] = json!("ImageToTextTask");
    task["body"] = json!(base64(&[7; 120]));
    assert_eq!(sent["task"], task);
    assert_eq!(sent["callbackUrl"], "https://me.example/done");

    // Each one alone, and null, which is a value.
    for (name, value) in all().as_object().unwrap() {
        for value in [value, &Value::Null] {
            let world = server().world();
            let call = world.solve_image(Js::bytes([7; 120]));
            call.options(json!({ name: value })).run().unwrap();
            let task = &world.sent_to("createTask")[0].body["task"];
            assert_eq!(task[name], *value, "{name}");
            assert_eq!(task.as_object().unwrap().len(), 3, "{task}");
        }
    }
}

#[test]
fn they_are_checked_like_fields_before_the_image_is_read() {
    for (name, invalid) in [
        ("numeric", json!(2)),
        ("numeric", json!(true)),
        ("case", json!("yes")),
        ("math", json!(1)),
        ("nocache", json!("")),
        ("recognizingThreshold", json!(101)),
        ("recognizingThreshold", json!("70")),
        ("capMonsterModule", json!(5)),
    ] {
        let world = server().world();
        let call = world.solve_image(Js::blob([7; 120], 5.0));
        let outcome = call.options(json!({ name: invalid })).run();
        let failure = refused_locally(outcome, Class::Task, "INVALID_TASK");
        assert_eq!(failure.field.as_deref(), Some(name));
        assert_eq!((world.sent().len(), world.blobs_read()), (0, 0));
    }
}

#[test]
fn no_other_call_and_no_other_name_is_taken() {
    let names = image_options();
    for name in names.iter().copied().chain(["body", "websiteURL"]) {
        let options = Js::from(json!({ name: 1 }));
        let failure = read_call_options(Some(&options)).unwrap_err();
        assert_eq!((failure.class, failure.option.as_deref()), (Class::Options, Some(name)));
    }
    for (name, near) in [("numerik", Some("numeric")), ("body", None), ("websiteURL", None)] {
        let options = Js::from(json!({ name: 1 }));
        let failure =
            CallOptions::read_with_fields(Some(&options), &CAPMONSTER, &names).unwrap_err();
        assert_eq!((failure.class, failure.option.as_deref()), (Class::Options, Some(name)));
        let question = near.map(|near| format!("Did you mean `{near}`?"));
        let english = failure.english();
        assert!(question.is_none_or(|question| english.ends_with(&question)), "{english}");
    }
}
