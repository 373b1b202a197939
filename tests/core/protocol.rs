//! What an answer means, at the edges of each rule.
//!
//! Each test is for a change of the code that no other test has noticed (mutation testing).

use capwire::protocol::read_answer;
use capwire::response::{Body, Response};
use capwire_testkit::*;

/// The failure that an answer with the status 200 comes to.
fn failure_of(body: Value) -> Box<Failure> {
    let response = Response { status: 200, retry_after_ms: None, body: Body::Json(Js::from(body)) };
    read_answer(response, &key()).expect_err("a failure")
}

#[test]
fn the_reason_why_json_is_no_answer_is_told() {
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
fn the_services_own_words_are_in_the_message_where_they_are_the_reason() {
    let words = "field websiteKey is wrong";
    for (code, class, is_said) in [
        ("ERROR_INVALID_TASK", Class::Task, true),
        ("ERROR_OF_TOMORROW", Class::UnknownService, true),
        ("ERROR_ZERO_BALANCE", Class::Balance, false),
    ] {
        let body = json!({ "errorId": 1, "errorCode": code, "errorDescription": words });
        let failure = refused::<()>(Err(failure_of(body)), class, code);
        assert_eq!(failure.english().contains(words), is_said, "{}", failure.english());
        assert_eq!(failure.server_message.as_deref(), Some(words));
    }
}

#[test]
fn an_empty_code_is_none() {
    let body = json!({ "errorId": 7, "errorCode": "", "errorDescription": "" });
    let failure = failure_of(body);
    assert_eq!((failure.class, failure.origin), (Class::UnknownService, Origin::Service));
    assert_eq!((failure.server_code.as_deref(), failure.server_message.as_deref()), (None, None));
    assert!(failure.english().contains("it gave no error code"), "{}", failure.english());
}

#[test]
fn of_a_long_text_120_characters_are_shown_on_one_line() {
    let message =
        |words: &str| failure_of(json!({ "errorId": 1, "errorDescription": words })).english();
    let (whole, long) = ("ж".repeat(120), "ж".repeat(121));
    assert!(message(&whole).ends_with(&whole));
    assert!(message(&long).ends_with(&format!("{whole}…")));
    assert!(message(" one \r\n\t two\nthree ").ends_with("one two three"));
}

#[test]
fn an_id_that_cannot_be_one_is_shown_but_never_rounded() {
    for (id, shown) in [
        (json!(-1), "-1"),
        (json!(0.5), "0.5"),
        (json!("abc"), "\"abc\""),
        (json!(9_007_199_254_740_992_u64), "a number above 2^53"),
    ] {
        let world = server().create([answer(json!({ "errorId": 0, "taskId": id }))]).world();
        let outcome = world.run(Call::Solve(token_task()).make(&world.client_with(json!({}))));
        let failure = refused(outcome, Class::Transport, "BAD_RESPONSE");
        assert!(failure.english().contains(shown), "{}", failure.english());
        assert_eq!(failure.english().contains("2^53"), shown.contains("2^53"));
    }
}

#[test]
fn what_comes_in_place_of_an_answer_is_told() {
    for (status, text, said) in [
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
        assert!(failure.english().contains(said), "{status} {text}: {}", failure.english());
        assert_eq!(failure.english().contains("status"), status == 404, "{}", failure.english());
    }
}
