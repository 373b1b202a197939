//! Tasks of known types are checked before anything is sent; a refusal names the field.

use capwire_testkit::*;

mod required;
mod values;

/// The failure of a task that both calls must refuse locally, with nothing sent.
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

/// Asserts that a task is refused for this field, and that the message names it.
#[track_caller]
fn refuse(task: impl Into<Js>, field: &str) {
    assert_refused(task, field);
}

/// As [`refuse`], with the failure.
#[track_caller]
fn assert_refused(task: impl Into<Js>, field: &str) -> Box<Failure> {
    let task = task.into();
    let failure = refused_task(task.clone());
    assert_eq!(failure.field.as_deref(), Some(field), "{failure:#?} for {task:?}");
    assert!(failure.english().contains(&format!("`{field}`")), "{}", failure.english());
    failure
}

/// Asserts that a task is refused for one of these fields, which are equally wrong.
#[track_caller]
fn refuse_for_one_of(task: impl Into<Js>, fields: &[&str]) {
    let failure = refused_task(task);
    let field = failure.field.as_deref().unwrap_or_default();
    assert!(fields.contains(&field), "{failure:#?} should be about one of {fields:?}");
}

/// Asserts that a task is sent.
#[track_caller]
fn accept(task: impl Into<Js>) {
    let task = task.into();
    let world = server().world();
    let outcome = world.create(task.clone()).run();
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

/// A refusal shows a wrong number but never a text, which may be a key in the wrong place.
#[test]
fn a_refusal_shows_numbers_but_no_text() {
    let secret = "5ecre7-5ecre7-5ecre7";
    let full = row("TurnstileTask").full;
    for path in ["websiteURL", "proxyType", "proxyPort", "nocache"] {
        let failure = refused_task(with(&full, path, secret));
        let debug = format!("{failure:?}");
        assert!(!debug.contains(secret), "{debug}");
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

/// No blob is read, perhaps from a slow disk, for a task that is refused anyway.
#[test]
fn a_task_is_checked_before_its_images_are_read() {
    let task = with_bytes(&row("ComplexImageTask/recaptcha").full);
    accept(task.clone());
    // `refused_task` asserts that no blob was read.
    refuse(task.with("websiteURL", "nowhere"), "websiteURL");
    let task = with_bytes(&minimal("ImageToTextTask"));
    refuse(task.with("recognizingThreshold", json!(101)), "recognizingThreshold");
}

/// A known type is checked for any service. Whether the service supports it is not checked here.
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
            world.create(row.minimal).by(&client).run().unwrap();
        }
    }
}

#[test]
fn a_type_that_is_not_a_string_is_shown() {
    for (given, shown) in [(json!(5), "5"), (json!(null), "null"), (json!([]), "an array")] {
        let world = server().world();
        let call = Call::Create(json!({ "type": given }).into());
        let failure = refused(world.run(call.make(&world.client())), Class::Task, "INVALID_TASK");
        assert_eq!(failure.field.as_deref(), Some("type"));
        assert!(failure.english().contains(shown), "{}", failure.english());
    }
}
