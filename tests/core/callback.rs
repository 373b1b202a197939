//! The body that a service posts to a `callbackUrl`.

use capwire::callback::read_callback;
use capwire::key::ClientKey;
use capwire::options::read_callback_timeout;
use capwire::task_state::TaskState;
use capwire_testkit::*;
use proptest::prelude::*;

type Read = Result<Value, Box<Failure>>;

fn read(given: &Js) -> Read {
    let world = server().world();
    let state: Result<TaskState<Js>, _> = world.run(read_callback(&world, given, 5_000));
    assert_eq!(world.sent().len(), 0);
    state.map(|state| plain(&state))
}

/// The same body in every form in which a server may pass it on.
fn forms(text: &str) -> Vec<Js> {
    let mut forms = vec![
        text.into(),
        Js::bytes(text),
        request_of(Js::bytes(text)),
        request_of(Js::blob(text, 700.0)),
    ];
    if let Ok(parsed @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str(text) {
        forms.push(parsed.into());
    }
    forms
}

#[test]
fn a_state_is_read_from_every_form_of_the_body() {
    for (body, state) in [
        (json!({ "errorId": 0, "status": "processing" }), json!({ "status": "processing" })),
        (
            json!({ "errorId": 0, "errorCode": null, "status": "ready", "solution": { "text": "w7kq" } }),
            json!({ "status": "ready", "solution": { "text": "w7kq" } }),
        ),
        (
            json!({ "errorId": 0, "status": "ready", "cost": 0.0003, "solution": { "Domains": [1] }, "taskId": 5 }),
            json!({ "status": "ready", "cost": 0.0003, "solution": { "Domains": [1] } }),
        ),
        (
            json!({ "errorId": 1, "errorCode": "CAPTCHA_NOT_READY" }),
            json!({ "status": "processing" }),
        ),
    ] {
        for given in forms(&body.to_string()) {
            assert_eq!(read(&given).unwrap(), state, "{given:?}");
        }
    }
}

#[test]
fn every_code_of_a_service_gives_its_class() {
    for Code { code, class, retryable, .. } in service_codes() {
        let body = json!({ "errorId": 1, "errorCode": code, "errorDescription": "in its words" });
        for given in forms(&body.to_string()) {
            let failure = refused(read(&given), class, &code);
            assert_eq!(failure.origin, Origin::Service);
            assert_eq!(failure.server_message.as_deref(), Some("in its words"));
            assert_eq!(failure.retryable, retryable);
            let none = (failure.http_status, failure.task_id, failure.method);
            assert_eq!(none, (None, None, None));
        }
    }
    let new = json!({ "errorId": 7, "errorCode": "ERROR_NEW", "errorDescription": null });
    let failure = refused(read(&new.into()), Class::UnknownService, "ERROR_NEW");
    assert_eq!(failure.server_code.as_deref(), Some("ERROR_NEW"));
}

#[test]
fn any_other_body_is_a_bad_response() {
    for text in [
        "",
        "  ",
        "hello",
        "{\"errorId\":0,",
        "null",
        "5",
        "\"ready\"",
        "[]",
        "{}",
        "{\"errorId\":null}",
        "{\"errorId\":0}",
        "{\"errorId\":0,\"status\":\"done\"}",
        "{\"errorId\":0,\"status\":\"ready\"}",
        "{\"errorId\":0,\"status\":\"ready\",\"solution\":null}",
        "{\"status\":\"ready\",\"solution\":{\"text\":\"a\"}}",
    ] {
        for given in forms(text) {
            let failure = refused(read(&given), Class::Transport, "BAD_RESPONSE");
            assert_eq!(failure.origin, Origin::Transport);
            assert!(!failure.retryable, "the same body would fail again: {given:?}");
            assert!(failure.english_hint().contains("waitForResult"), "{}", failure.english_hint());
            assert_eq!(failure.http_status, None);
        }
    }
}

#[test]
fn a_body_above_4_mib_is_not_read() {
    let huge = format!("{{\"errorId\":0,\"filler\":\"{}\"}}", "a".repeat(4 * 1024 * 1024));
    for given in [Js::bytes(huge.clone()), request_of(Js::bytes(huge))] {
        let failure = refused(read(&given), Class::Transport, "BAD_RESPONSE");
        assert!(failure.english().contains("4 MiB"), "{}", failure.english());
    }
}

#[test]
fn a_value_of_the_wrong_type_is_an_options_error() {
    let used = object([("bodyUsed", true.into()), ("text", Js::Bigint)]);
    let stream = object([("pipe", Js::Bigint), ("method", "POST".into())]);
    for given in [
        Js::Undefined,
        json!(null).into(),
        json!(5).into(),
        Js::Number(f64::NAN),
        json!(true).into(),
        Js::Bigint,
        used,
        stream,
        Js::unreadable(5.0, "detached"),
    ] {
        let failure = refused(read(&given), Class::Options, "INVALID_OPTIONS");
        assert_eq!(failure.option.as_deref(), Some("body"), "{given:?}");
        assert_eq!(failure.origin, Origin::Client);
        assert!(!failure.retryable);
    }
}

#[test]
fn a_request_that_breaks_off_fails_with_its_cause() {
    let given = request_of(Js::unreadable(5.0, "aborted"));
    let failure = refused(read(&given), Class::Transport, "NETWORK");
    assert!(failure.english().contains("aborted"), "{}", failure.english());
    assert!(!failure.retryable);
    assert!(matches!(failure.cause, Some(Cause::Platform(cause)) if cause.message == "aborted"));
}

/// There is no client, so no text may be taken for its key.
#[test]
fn no_key_is_redacted() {
    let body = json!({ "errorId": 1, "errorCode": "ERROR_NEW", "errorDescription": KEY });
    let failure = refused(read(&body.into()), Class::UnknownService, "ERROR_NEW");
    assert_eq!(failure.server_message.as_deref(), Some(KEY));
    for text in ["", "a", "__", KEY, "[clientKey]"] {
        assert_eq!(ClientKey::default().redact(text), text);
    }
}

fn assert_state_or_failure(given: &Js) {
    match read(given) {
        Ok(state) => match state["status"].as_str() {
            Some("processing") => {}
            Some("ready") => assert!(state.get("solution").is_some(), "{state}"),
            other => panic!("{other:?}"),
        },
        Err(failure) if failure.origin == Origin::Service => {
            assert!(!matches!(
                failure.class,
                Class::Transport | Class::SolveTimeout | Class::Options | Class::Internal
            ));
        }
        Err(failure) => {
            let found = (failure.class, &*failure.code);
            let known = [(Class::Transport, "BAD_RESPONSE"), (Class::Options, "INVALID_OPTIONS")];
            assert!(known.contains(&found), "{failure:#?}");
        }
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        prop::sample::select(vec!["ready", "processing", "CAPTCHA_NOT_READY", "ERROR_PROXY_X"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        let names = [
            "errorId",
            "errorCode",
            "errorDescription",
            "status",
            "solution",
            "cost",
            "text",
            "pipe",
            "bodyUsed",
        ];
        let key = prop_oneof![
            4 => prop::sample::select(names.to_vec()).prop_map(str::to_owned),
            1 => any::<String>(),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key, inner, 0..7)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(600) })]

    #[test]
    fn any_bytes_give_a_state_or_a_typed_failure(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        assert_state_or_failure(&Js::bytes(bytes.clone()));
        assert_state_or_failure(&request_of(Js::bytes(bytes)));
    }

    #[test]
    fn any_json_gives_a_state_or_a_typed_failure(
        body in any_json(),
        id in prop_oneof![Just(json!(0)), Just(json!(1)), any_json()],
    ) {
        let mut likely = body.clone();
        if let Some(members) = likely.as_object_mut() {
            members.insert("errorId".to_owned(), id);
        }
        for body in [body, likely] {
            for given in forms(&body.to_string()) {
                assert_state_or_failure(&given);
            }
            assert_state_or_failure(&body.into());
        }
    }
}

#[test]
fn a_body_that_does_not_end_in_time_is_left() {
    let body = json!({ "errorId": 0, "status": "processing" }).to_string();
    for (timeout_ms, delay_ms) in [(1, 2.0), (5_000, 5_001.0), (60_000, 1e9)] {
        for given in
            [Js::blob(body.clone(), delay_ms), request_of(Js::blob(body.clone(), delay_ms))]
        {
            let world = server().world();
            let start = world.now();
            let read: Result<TaskState<Js>, _> =
                world.run(read_callback(&world, &given, timeout_ms));
            let failure =
                refused(read.map(|state| plain(&state)), Class::Transport, "REQUEST_TIMEOUT");
            assert_eq!((failure.origin, failure.retryable), (Origin::Transport, false));
            assert!(failure.english().ends_with(&format!("not complete within {timeout_ms} ms")));
            assert_eq!((world.now() - start, world.timers()), (timeout_ms.into(), 0));
        }
    }
}

#[test]
fn the_time_limit_of_a_body_is_5_s_or_what_the_caller_says() {
    let read = |options: Value| read_callback_timeout(Some(&Js::from(options)));
    assert_eq!(read_callback_timeout::<Js>(None).unwrap(), 5_000);
    assert_eq!(read(json!({})).unwrap(), 5_000);
    for timeout_ms in [1_u32, 2_147_483_647] {
        assert_eq!(read(json!({ "timeoutMs": timeout_ms })).unwrap(), timeout_ms);
    }
    for invalid in
        [json!(0), json!(-1), json!(1.5), json!("5"), json!(null), json!(2_147_483_648_u32)]
    {
        let failure = read(json!({ "timeoutMs": invalid })).unwrap_err();
        assert_eq!((failure.class, &*failure.code), (Class::Options, "INVALID_OPTIONS"));
        assert_eq!(failure.option.as_deref(), Some("timeoutMs"));
    }
}
