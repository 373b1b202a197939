//! Requests as they are sent, and what their answers mean.
//!
//! Many of these tests catch a change of the code that no other test had noticed (mutation testing).

use capwire::protocol::{read_answer, read_balance, read_state};
use capwire::response::{Body, Response};
use capwire_testkit::*;

fn solve(world: &World) -> Outcome {
    world.solve(token_task()).run()
}

/// The failure of an answer with the status 200.
fn failure_of(body: Value) -> Box<Failure> {
    let response = Response { status: 200, retry_after_ms: None, body: Body::Json(Js::from(body)) };
    read_answer(response, &key()).expect_err("a failure")
}

#[test]
fn the_message_says_why_json_is_not_an_answer() {
    for (body, reason) in [
        (json!({ "message": "Not Found" }), "its JSON has no errorId"),
        (json!([{ "errorId": 0 }]), "expected a JSON object, got an array"),
        (json!(null), "expected a JSON object, got null"),
        (json!({ "errorId": "1" }), "errorId is not a number and errorCode is missing"),
        (json!({ "errorId": null, "errorCode": "" }), "errorId is not a number"),
    ] {
        let failure = failure_of(body);
        let failure = refused::<()>(Err(failure), Class::Transport, "BAD_RESPONSE");
        assert!(failure.english().contains(reason), "{}: {reason}", failure.english());
    }
}

#[test]
fn the_service_is_quoted_where_only_it_knows_the_reason() {
    let words = "field websiteKey is wrong";
    for (code, class, is_quoted) in [
        ("ERROR_INVALID_TASK", Class::Task, true),
        ("ERROR_OF_TOMORROW", Class::UnknownService, true),
        ("ERROR_ZERO_BALANCE", Class::Balance, false),
    ] {
        let body = json!({ "errorId": 1, "errorCode": code, "errorDescription": words });
        let failure = refused::<()>(Err(failure_of(body)), class, code);
        assert_eq!(failure.english().contains(words), is_quoted, "{}", failure.english());
        assert_eq!(failure.server_message.as_deref(), Some(words));
    }
}

#[test]
fn an_empty_code_counts_as_no_code() {
    let body = json!({ "errorId": 7, "errorCode": "", "errorDescription": "" });
    let failure = failure_of(body);
    assert_eq!((failure.class, failure.origin), (Class::UnknownService, Origin::Service));
    assert_eq!((failure.server_code.as_deref(), failure.server_message.as_deref()), (None, None));
    assert!(failure.english().contains("it gave no error code"), "{}", failure.english());
}

#[test]
fn a_long_text_is_cut_to_120_characters_on_one_line() {
    let message =
        |words: &str| failure_of(json!({ "errorId": 1, "errorDescription": words })).english();
    let (whole, long) = ("ж".repeat(120), "ж".repeat(121));
    assert!(message(&whole).ends_with(&whole));
    assert!(message(&long).ends_with(&format!("{whole}…")));
    assert!(message(" one \r\n\t two\nthree ").ends_with("one two three"));
}

#[test]
fn an_invalid_task_id_is_shown_but_never_rounded() {
    for (id, shown) in [
        (json!(-1), "-1"),
        (json!(0.5), "0.5"),
        (json!("abc"), "\"abc\""),
        (json!(9_007_199_254_740_992_u64), "a number above 2^53"),
    ] {
        let world = server().create([answer(json!({ "errorId": 0, "taskId": id }))]).world();
        let outcome = world.solve(token_task()).client_options(json!({})).run();
        let failure = refused(outcome, Class::Transport, "BAD_RESPONSE");
        assert!(failure.english().contains(shown), "{}", failure.english());
        assert_eq!(failure.english().contains("2^53"), shown.contains("2^53"));
    }
}

#[test]
fn the_message_describes_a_body_that_is_not_an_answer() {
    for (status, text, expected) in [
        (200, "", "the body is empty"),
        (200, " \n", "the body is empty"),
        (200, "<html>Sign in", "<html>Sign in"),
        (302, "<html>Found", "a redirect"),
        (0, "", "a redirect"),
        (404, "no such page", "no such page"),
    ] {
        let body = Body::NotJson(text.to_owned());
        let response = Response::<Js> { status, retry_after_ms: None, body };
        let failure = read_answer(response, &key()).expect_err("a failure");
        assert!(failure.english().contains(expected), "{status} {text}: {}", failure.english());
        assert_eq!(failure.english().contains("status"), status == 404, "{}", failure.english());
    }
}

fn created_with_id(id: Value) -> Script {
    answer(json!({ "errorId": 0, "taskId": id }))
}

#[test]
fn an_invalid_task_id_is_a_bad_response_and_the_task_may_exist() {
    for id in [
        json!(null),
        json!(0),
        json!(-1),
        json!(0.5),
        json!(410_000_123.5),
        json!(9_007_199_254_740_992_u64),
        json!(1e300),
        json!(true),
        json!({}),
        json!([TASK_ID]),
        json!(""),
        json!("0"),
        json!("-5"),
        json!("abc"),
        json!("1e9"),
        json!("12.0"),
        json!(" 12"),
        json!("+12"),
        json!("0x12"),
        json!("9007199254740992"),
    ] {
        let world = server().create([created_with_id(id.clone()), created()]).world();
        let failure = refused(solve(&world), Class::Transport, "BAD_RESPONSE");
        assert_eq!(failure.may_have_created_task, Some(true), "{id}");
        assert!(!failure.retryable);
        assert_eq!(world.sent().len(), 1, "{id}");
    }
    let world = server().create([answer(json!({ "errorId": 0 })), created()]).world();
    let failure = refused(solve(&world), Class::Transport, "BAD_RESPONSE");
    assert_eq!(failure.may_have_created_task, Some(true));
    assert_eq!(world.sent().len(), 1);
}

/// The protocol says that ids are integers. Digits in quotes still identify the task, and it is paid for.
#[test]
fn a_task_id_in_quotes_is_read() {
    for (id, number) in [
        (json!("410000123"), 410_000_123.0),
        (json!("9007199254740991"), 9_007_199_254_740_991.0),
        (json!(1), 1.0),
        (json!(9_007_199_254_740_991_u64), 9_007_199_254_740_991.0),
    ] {
        let world = server().create([created_with_id(id)]).world();
        // As JavaScript reads it: the host writes a number above 2^32 with a fraction.
        assert_eq!(solve(&world).unwrap()["taskId"].as_f64(), Some(number));
        assert_eq!(world.sent()[1].body["taskId"].as_f64(), Some(number));
    }
}

/// The task is paid for, so its id is quoted as it came, or not at all, but never rounded.
#[test]
fn the_raw_task_id_of_a_paid_task_is_in_the_message() {
    for (id, expected) in [
        (json!("7f3a-91c0"), "unexpected taskId: \"7f3a-91c0\""),
        (json!("9007199254740993"), "unexpected taskId: \"9007199254740993\""),
        (json!(9_007_199_254_740_993_u64), "unexpected taskId: a number above 2^53"),
        (json!(format!("x{KEY}x")), "unexpected taskId: \"x[clientKey]x\""),
        (json!({}), "unexpected taskId: an object"),
    ] {
        let world = server().create([answer(json!({ "errorId": 0, "taskId": id }))]).world();
        let outcome = world.create(token_task()).run();
        let failure = refused(outcome, Class::Transport, "BAD_RESPONSE");
        assert!(failure.english().contains(expected), "{}", failure.english());
        assert_eq!(failure.may_have_created_task, Some(true));
    }
}

#[test]
fn a_balance_that_is_not_a_number_is_a_bad_response() {
    for money in [json!("12.5"), json!(null), json!({})] {
        let world = server().balance([answer(json!({ "errorId": 0, "balance": money }))]).world();
        let outcome = world.balance().run();
        refused(outcome, Class::Transport, "BAD_RESPONSE");
        assert_eq!(world.sent().len(), 1);
    }
}

/// JavaScript reads a JSON number that is too large as infinity.
#[test]
fn an_infinite_number_is_neither_a_balance_nor_a_cost() {
    let infinite = || Js::Number(f64::INFINITY);
    let outcome = read_balance(&object([("balance", infinite())]));
    refused(outcome, Class::Transport, "BAD_RESPONSE");
    let solved = [("status", "ready".into()), ("solution", "x".into()), ("cost", infinite())];
    let state = read_state(&object(solved), &key()).unwrap();
    assert_eq!(plain(&state), json!({ "status": "ready", "solution": "x" }));
}

#[test]
fn request_bodies_and_urls_are_exactly_those_of_the_protocol() {
    let world = server().world();
    let client =
        world.client_with(json!({ "softId": 77, "baseUrl": "http://127.0.0.1:8080/sandbox/api/" }));
    let log = Log::default();
    world
        .create(token_task())
        .by(&client)
        .options(json!({ "callbackUrl": "https://me.example/done?id=1" }))
        .log(&log)
        .run()
        .unwrap();
    world.result(TASK_ID).by(&client).run().unwrap();
    world.balance().by(&client).run().unwrap();
    let token_task = serde_json::to_value(token_task()).unwrap();
    let expected = [
        (
            "createTask",
            json!({
                "clientKey": KEY,
                "task": token_task,
                "callbackUrl": "https://me.example/done?id=1",
                "softId": 77,
            }),
        ),
        ("getTaskResult", json!({ "clientKey": KEY, "taskId": TASK_ID })),
        ("getBalance", json!({ "clientKey": KEY })),
    ];
    let sent = world.sent();
    assert_eq!(sent.len(), expected.len());
    for (sent, (method, body)) in sent.iter().zip(expected) {
        assert_eq!(sent.url, format!("http://127.0.0.1:8080/sandbox/api/{method}"));
        assert_eq!(sent.body, body);
    }
}

#[test]
fn without_options_only_the_key_and_the_task_are_sent() {
    for (service, base) in
        [("capmonster", "https://api.capmonster.cloud"), ("brocapgpt", "https://api.brocapgpt.com")]
    {
        let world = server().world();
        let client = world.client_with(json!({ "service": service }));
        world.solve_image(image()).by(&client).run().unwrap();
        let sent = world.sent();
        assert_eq!(sent[0].url, format!("{base}/createTask"));
        let task = json!({ "type": "ImageToTextTask", "body": base64(&[7; 200]) });
        assert_eq!(sent[0].body, json!({ "clientKey": KEY, "task": task }));
        assert_eq!(sent[1].url, format!("{base}/getTaskResult"));
    }
}

#[test]
fn a_key_is_sent_as_given() {
    for key in ["K", "ABC__nocache", "x__solvemedia__recognizingthreshold_70", "k\"\\/+=$.~{}"] {
        let world = server().world();
        let client = world.client_with(json!({ "clientKey": key }));
        world.balance().by(&client).run().unwrap();
        assert_eq!(world.sent()[0].body, json!({ "clientKey": key }));
    }
}
