//! Requests as they are sent, and what their answers mean.
//!
//! Many of these tests catch a change of the code that no other test had noticed (mutation testing).

use capwire::protocol::{read_answer, read_balance};
use capwire::response::{Body, Response};
use capwire::task_state::read_state;
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
        (json!({ "errorId": "x" }), "errorId is not a number and errorCode is missing"),
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
        (json!("a\u{0}b"), "\"a\u{0}b\""),
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

#[test]
fn an_answer_without_an_id_is_a_bad_response_and_the_task_may_exist() {
    let world = server().create([answer(json!({ "errorId": 0 })), created()]).world();
    let failure = refused(solve(&world), Class::Transport, "BAD_RESPONSE");
    assert_eq!(failure.may_have_created_task, Some(true));
    assert_eq!(world.sent().len(), 1);
}

/// The task is paid for, so its id is quoted as it came, or not at all, but never rounded.
#[test]
fn the_raw_task_id_of_a_paid_task_is_in_the_message() {
    for (id, expected) in [
        (json!("0"), "unexpected taskId: \"0\""),
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
    for money in [json!("12,5"), json!("much"), json!(""), json!("0x10"), json!(null), json!({})] {
        let world = server().balance([answer(json!({ "errorId": 0, "balance": money }))]).world();
        let outcome = world.balance().run();
        refused(outcome, Class::Transport, "BAD_RESPONSE");
        assert_eq!(world.sent().len(), 1);
    }
}

#[test]
fn a_balance_may_be_text() {
    for (money, number) in [("12.50", 12.5), ("0.000", 0.0), ("-0.5", -0.5), (" 7 ", 7.0)] {
        let world = server().balance([answer(json!({ "errorId": 0, "balance": money }))]).world();
        assert_eq!(world.balance().run().unwrap(), number);
    }
}

#[test]
fn an_error_id_may_be_text_and_an_error_code_a_number() {
    for id in [json!("0"), json!("0.0"), json!(" 0 "), json!(-0.0)] {
        let world = server().balance([answer(json!({ "errorId": id, "balance": 1 }))]).world();
        assert_eq!(world.balance().run().unwrap(), 1.0);
    }
    for id in [json!("1"), json!("12"), json!("-1"), json!(7)] {
        let failure = failure_of(json!({ "errorId": id }));
        refused::<()>(Err(failure), Class::UnknownService, "UNKNOWN");
        let body = json!({ "errorId": id, "errorCode": 17, "errorDescription": "no" });
        let failure = refused::<()>(Err(failure_of(body)), Class::UnknownService, "17");
        assert_eq!(failure.server_code.as_deref(), Some("17"));
        assert!(failure.english().contains("17 no"), "{}", failure.english());
        let body = json!({ "errorId": id, "errorCode": 0 });
        refused::<()>(Err(failure_of(body)), Class::UnknownService, "UNKNOWN");
    }
}

/// The code is that of the table, and `serverCode` is what came.
#[test]
fn a_code_is_known_in_any_case() {
    for (sent, class, code) in [
        ("error_zero_balance", Class::Balance, "ERROR_ZERO_BALANCE"),
        ("Error_No_Such_Captcha_Id", Class::TaskNotFound, "ERROR_NO_SUCH_CAPTCHA_ID"),
        ("wrong_captcha_id", Class::TaskNotFound, "WRONG_CAPTCHA_ID"),
        ("error_image_type_not_supported", Class::Image, "ERROR_IMAGE_TYPE_NOT_SUPPORTED"),
        ("error_proxy_banned", Class::Proxy, "ERROR_PROXY_BANNED"),
        ("error_proxy_of_tomorrow", Class::Proxy, "error_proxy_of_tomorrow"),
        ("wrong_captcha_id_2", Class::UnknownService, "wrong_captcha_id_2"),
        ("network", Class::UnknownService, "network"),
    ] {
        let failure = failure_of(json!({ "errorId": 1, "errorCode": sent }));
        let failure = refused::<()>(Err(failure), class, code);
        assert_eq!(failure.server_code.as_deref(), Some(sent));
    }
    for sent in ["captcha_not_ready", "Captcha_Not_Ready", "CAPCHA_NOT_READY"] {
        let body = json!({ "errorId": 1, "errorCode": sent });
        let world = server().poll([answer(body), ready()]).world();
        assert_eq!(world.solve(token_task()).run().unwrap()["polls"], 2);
    }
}

/// What a code of the table leads to does not depend on its case either.
#[test]
fn a_code_in_lower_case_is_repeated_or_remembered_as_in_upper_case() {
    let world = server().create([error("error_no_slot_available"), created()]).world();
    world.solve(token_task()).run().unwrap();
    assert_eq!(world.count("createTask"), 2);
    let world = server().create([error("error_proxy_banned")]).world();
    let client = world.client();
    refused(world.solve(token_task()).by(&client).run(), Class::Proxy, "ERROR_PROXY_BANNED");
    let again = world.solve(token_task()).by(&client).run();
    refused_locally(again, Class::Proxy, "ERROR_PROXY_BANNED");
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
