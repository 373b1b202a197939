//! Failures as data, and how they are rendered once, where they cross to the caller.

use capwire::error_table::{TABLE, code};
use capwire::message::{Catalogue, Message};
use capwire::method::Method;
use capwire::texts;
use capwire_testkit::*;

/// A catalogue that has Russian for these codes.
fn russian(codes: &'static [&'static str]) -> Catalogue {
    Catalogue::new(move |path| match path {
        ["codes", code, part] => codes.contains(code).then(|| format!("{part} из {code}")),
        _ => None,
    })
}

#[test]
fn a_record_has_every_field_that_is_set_and_no_other() {
    let mut failure = Failure::bad_response(Message::literal("a page"));
    assert_eq!(
        failure.record(),
        json!({
            "name": "TransportError",
            "code": "BAD_RESPONSE",
            "message": failure.english(),
            "hint": failure.english_hint(),
            "origin": "transport",
            "retryable": code::BAD_RESPONSE.retryable,
        })
    );
    failure.method = Some(Method::GetTaskResult);
    failure.service = Some("capmonster".into());
    failure.task_id = Some(task_id(TASK_ID));
    failure.server_code = Some("ERROR_X".to_owned());
    failure.server_message = Some("in its words".to_owned());
    failure.http_status = Some(503);
    failure.size = Some(99.0);
    failure.limit = Some(100);
    failure.index = Some(0);
    failure.field = Some("imagesBase64".to_owned());
    failure.option = Some("softId".to_owned());
    failure.retry_after_ms = Some(1_500.0);
    failure.may_have_created_task = Some(false);
    failure.cause = Some(Cause::Platform(record("TypeError", "fetch failed")));
    assert_eq!(
        failure.record(),
        json!({
            "name": "TransportError",
            "code": "BAD_RESPONSE",
            "message": failure.english(),
            "hint": failure.english_hint(),
            "origin": "transport",
            "retryable": code::BAD_RESPONSE.retryable,
            "method": "getTaskResult",
            "service": "capmonster",
            "taskId": TASK_ID,
            "serverCode": "ERROR_X",
            "serverMessage": "in its words",
            "httpStatus": 503,
            "size": 99.0,
            "limit": 100,
            "index": 0,
            "field": "imagesBase64",
            "option": "softId",
            "retryAfterMs": 1_500.0,
            "mayHaveCreatedTask": false,
            "cause": { "name": "TypeError", "message": "fetch failed" },
        })
    );
}

#[test]
fn a_failure_and_its_causes_are_rendered_in_one_language() {
    let mut failure = Failure::new(code::SOLVE_TIMEOUT, Origin::Transport, texts::NO_BALANCE);
    let cause = Failure::new(code::HTTP_STATUS, Origin::Transport, Message::literal("503"));
    failure.cause = Some(Cause::Failure(cause));
    let catalogue = russian(&["SOLVE_TIMEOUT", "HTTP_STATUS"]);
    let record = plain(&failure.rendered(&catalogue));
    assert_eq!(record["message"], "message из SOLVE_TIMEOUT: balance is not a number");
    assert_eq!(record["hint"], "hint из SOLVE_TIMEOUT");
    assert_eq!(record["cause"]["message"], "message из HTTP_STATUS: 503");
    assert_eq!(record["cause"]["hint"], "hint из HTTP_STATUS");
    // Rendering leaves the data as it is: the same failure may be rendered in another language.
    assert_eq!(failure.record()["hint"], code::SOLVE_TIMEOUT.hint);
}

#[test]
fn a_retry_event_is_in_the_language_of_the_client() {
    let messages = json!({ "codes": { "HTTP_STATUS": { "message": "Сервер ответил ошибкой" } } });
    let world = server().create([page(503, ""), created()]).poll([page(500, ""), ready()]).world();
    let log = Log::default();
    world
        .solve(token_task())
        .client_options(json!({ "messages": messages }))
        .log(&log)
        .run()
        .unwrap();
    let retries = log.of("retry");
    assert_eq!(retries.len(), 2);
    for (retry, status) in retries.iter().zip(["503", "500"]) {
        let message = retry["message"].as_str().unwrap();
        assert!(message.starts_with("Сервер ответил ошибкой: "), "{message}");
        assert!(message.contains(status), "{message}");
    }
}

#[test]
fn a_local_refusal_says_once_that_nothing_was_sent() {
    let world = server().balance([error("ERROR_KEY_DOES_NOT_EXIST")]).world();
    let client = world.client();
    let fail =
        || refused(world.balance().by(&client).run(), Class::Key, "ERROR_KEY_DOES_NOT_EXIST");
    let first = fail();
    for again in [fail(), fail(), fail()] {
        let expected = first.english() + "; not sent, because the service has refused this before";
        assert_eq!(again.english(), expected);
        assert_eq!(again.english_hint(), first.english_hint());
        assert_eq!(again.server_message, first.server_message);
        assert_eq!((first.origin, again.origin), (Origin::Service, Origin::Client));
    }
}

#[test]
fn a_local_refusal_is_rendered_in_the_language_of_the_client() {
    let texts = json!({
        "{message}; not sent, because the service has refused this before": "{message} (не отправлено)",
    });
    let messages =
        json!({ "codes": { "ERROR_ZERO_BALANCE": { "message": "Пусто" } }, "texts": texts });
    let world = server().create([error("ERROR_ZERO_BALANCE")]).world();
    let client = world.client_with(json!({ "messages": messages }));
    let message = || {
        let outcome = world.create(token_task()).by(&client).run();
        refused(outcome, Class::Balance, "ERROR_ZERO_BALANCE").message(&client.options().messages)
    };
    assert_eq!(
        [message(), message(), message()],
        ["Пусто", "Пусто (не отправлено)", "Пусто (не отправлено)"]
    );
}

#[test]
fn a_task_that_may_exist_is_not_repeated_and_the_hint_says_so() {
    let failure = || Failure::new(code::NETWORK, Origin::Transport, Message::literal("reset"));
    let lost = failure().with_possible_task(true);
    assert_eq!((lost.may_have_created_task, lost.retryable), (Some(true), false));
    assert!(lost.english_hint().starts_with("Check your account"), "{}", lost.english_hint());
    let safe = failure().with_possible_task(false);
    assert_eq!((safe.may_have_created_task, safe.retryable), (Some(false), failure().retryable));
    assert_eq!(safe.english_hint(), failure().english_hint());
}

#[test]
fn the_key_is_taken_out_of_every_foreign_text() {
    let mut error = record("TypeError", &format!("POST {KEY}"));
    error.cause = Some(Box::new(record(KEY, "reset")));
    let failure = Failure::bad_response(Message::literal(&format!("got {KEY}")))
        .with_cause(error)
        .redacted(&key());
    assert!(failure.english().ends_with("got [clientKey]"), "{}", failure.english());
    let cause = json!({
        "name": "TypeError",
        "message": "POST [clientKey]",
        "cause": { "name": "[clientKey]", "message": "reset" },
    });
    assert_eq!(failure.record()["cause"], cause);
}

#[test]
fn every_row_of_the_table_makes_a_failure_of_its_class() {
    for row in TABLE {
        let failure = Failure::new(row, Origin::Client, Message::literal("x"));
        assert_eq!((failure.class, &*failure.code), (row.class, row.code));
        assert_eq!(failure.retryable, row.retryable);
        assert_eq!(failure.english(), format!("{}: x", row.message));
        assert_eq!(failure.english_hint(), row.hint);
    }
}
