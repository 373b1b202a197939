//! The key is in the body of a request and nowhere else, whatever a server or a platform echoes.

use capwire::platform::ErrorRecord;
use capwire_testkit::*;

const SUFFIXED: &str = "5e1f00d5c0ffee11deadbeef22334455__solvemedia__recognizingthreshold_70";

/// Longer than the excerpt that messages quote: most of a key must not be shown either.
const LONG: &str = "5e1f00d5c0ffee11deadbeef223344555e1f00d5c0ffee11deadbeef22334455";

/// Every kind of answer or error that may contain the key.
fn echoes(key: &str) -> Vec<Script> {
    let chain = |depth: usize| {
        (0..depth).fold(None, |cause: Option<ErrorRecord>, at| {
            Some(ErrorRecord {
                name: format!("Error of {key}"),
                message: format!("body {{\"clientKey\":\"{key}\"}} at {at}"),
                code: Some(format!("E_{key}")),
                cause: cause.map(Box::new),
            })
        })
    };
    let mut scripts = vec![
        answer(
            json!({ "errorId": 1, "errorCode": "ERROR_KEY_DOES_NOT_EXIST", "errorDescription": format!("no such key: {key}!") }),
        ),
        answer(
            json!({ "errorId": 1, "errorCode": format!("ERROR_{key}"), "errorDescription": key }),
        ),
        answer(json!({ "errorId": 1, "errorCode": key })),
        answer(json!({ "errorId": 1, "errorDescription": format!("{key}{key} {key}") })),
        answer(json!({ "errorId": key, "errorCode": null })),
        answer(json!({ "errorId": key, "errorCode": "ERROR_ZERO_BALANCE" })),
        answer(json!({ "errorId": 0, "status": key })),
        answer(json!({ "errorId": 0, "taskId": key, "balance": key })),
        answer(
            json!({ "errorId": 0, "taskId": [key], "status": { "s": key }, "balance": { "b": key } }),
        ),
        answer(json!({ key: key })),
        answer(json!(key)),
        answer(json!([key])),
        page(403, &format!("<html>{key}</html>")),
        page(500, key),
        page(200, &format!("{{\"clientKey\":\"{key}\",")),
        // The quoted beginning of the page ends within the key.
        page(404, &format!("{}{key}", "x".repeat(110))),
        page(404, &format!("{}{key}", "x ".repeat(55))),
    ];
    scripts.extend((1..=4).filter_map(chain).map(fault));
    let no_slot = answer(
        json!({ "errorId": 1, "errorCode": "ERROR_NO_SLOT_AVAILABLE", "errorDescription": key }),
    );
    scripts.extend([no_slot, page(429, key), page(503, key)]);
    scripts
}

/// Asserts that a text contains neither a key (all of them begin alike) nor the beginning of one.
#[track_caller]
fn assert_clean(text: &str) {
    assert!(!text.contains(&KEY[..16]), "the key is in {text}");
}

/// Checks all that leaves a call: its outcome, as a record and as `Debug` prints it, and its events.
#[track_caller]
fn assert_shows_no_key(outcome: &Outcome, log: &Log) {
    if let Err(failure) = outcome {
        assert_clean(&failure.record().to_string());
        assert_clean(&format!("{failure:?}"));
    }
    for event in log.events() {
        assert_clean(&event.to_string());
    }
}

fn calls() -> Vec<Call> {
    vec![
        Call::Balance,
        Call::Create(token_task()),
        Call::Result(TASK_ID),
        Call::Wait(TASK_ID),
        Call::Solve(token_task()),
        Call::SolveImage(image()),
    ]
}

#[test]
fn no_failure_and_no_event_shows_an_echoed_key() {
    for (key, echoed) in [(KEY, KEY), (SUFFIXED, SUFFIXED), (SUFFIXED, KEY), (LONG, LONG)] {
        for script in echoes(echoed) {
            for call in calls() {
                // When the task is created, and afterwards.
                for creates in [vec![script.clone()], vec![created()]] {
                    let world = server()
                        .create(creates)
                        .poll([script.clone()])
                        .balance([script.clone()])
                        .world();
                    let client = world.client_with(json!({ "clientKey": key }));
                    let log = Log::default();
                    let outcome = world.run(call.with(&client, json!({}), &log));
                    assert_shows_no_key(&outcome, &log);
                    // The second time, a refusal may come from the client.
                    let again = world.run(call.with(&client, json!({}), &log));
                    assert_shows_no_key(&again, &log);
                    assert!(world.sent().iter().all(|sent| !sent.url.contains(KEY)));
                }
            }
        }
    }
}

#[test]
fn the_rest_of_an_echo_is_shown() {
    let script = json!({ "errorId": 1, "errorCode": "ERROR_NEW", "errorDescription": format!("«{KEY}» is wrong") });
    let world = server().balance([answer(script)]).world();
    let failure = refused(world.balance().run(), Class::UnknownService, "ERROR_NEW");
    let description = failure.server_message.as_deref().unwrap();
    assert!(description.starts_with('«') && description.ends_with("» is wrong"), "{description}");
    assert!(failure.english().contains("is wrong"), "{}", failure.english());
}

#[test]
fn no_refusal_of_a_task_or_an_image_shows_the_key() {
    let broken = |message: &str| Js::unreadable(500.0, message);
    let tasks: [Js; 4] = [
        json!(KEY).into(),
        json!({ "type": [KEY] }).into(),
        object([("type", "ComplexImageTask"), ("imagesBase64", KEY)]),
        object([("type", "CustomTask".into()), (KEY, Js::Bigint)]),
    ];
    let images = [json!([KEY]).into(), broken(&format!("GET /image?key={KEY}"))];
    let tasks = tasks.map(|task| (task, Class::Task, "INVALID_TASK"));
    let images = images.map(|image| {
        let task = object([("type", "ImageToTextTask".into()), ("body", image)]);
        (task, Class::Image, "INVALID_IMAGE")
    });
    for (task, class, code) in tasks.into_iter().chain(images) {
        let world = server().world();
        let failure = refused_locally(world.solve(task).run(), class, code);
        assert_shows_no_key(&Err(failure), &Log::default());
        assert_eq!(world.sent().len(), 0);
    }
}

#[test]
fn the_key_is_once_in_each_body_and_never_in_a_url() {
    let world = server().world();
    let client = world.client_with(json!({ "clientKey": SUFFIXED }));
    for call in calls() {
        world.run(call.make(&client)).unwrap();
    }
    for sent in world.sent() {
        assert_eq!(sent.text.matches(KEY).count(), 1, "{sent:?}");
        assert_eq!(sent.body["clientKey"], SUFFIXED);
        assert_clean(&sent.url);
    }
}
