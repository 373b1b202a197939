//! Reports of wrong answers.

use capwire_testkit::*;

const REPORT: Call = Call::Report(TASK_ID, ReportKind::Image);
const REPORTS: [(ReportKind, &str); 2] = [
    (ReportKind::Image, "reportIncorrectImageCaptcha"),
    (ReportKind::Token, "reportIncorrectTokenCaptcha"),
];

/// A service profile with these members besides the required ones.
pub(super) fn service(members: Value) -> Value {
    let mut service = json!({
        "name": "own",
        "baseUrl": "https://captcha.example",
        "imageLimits": { "minBytes": 1, "maxBytes": 2 },
    });
    service.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    json!({ "service": service })
}

#[test]
fn a_report_is_one_request_with_the_key_and_the_task() {
    for (kind, method) in REPORTS {
        let world = server().world();
        let outcome = world.report(TASK_ID, kind).run();
        assert_eq!(outcome.unwrap(), json!(null));
        let sent = world.sent();
        assert_eq!(sent.len(), 1);
        assert_eq!(sent[0].url, format!("https://api.capmonster.cloud/{method}"));
        assert_eq!(sent[0].text, format!(r#"{{"clientKey":"{KEY}","taskId":{TASK_ID}}}"#));
    }
}

#[test]
fn an_accepted_report_needs_no_status() {
    let world = server().report([answer(json!({ "errorId": 0 }))]).world();
    world.run(REPORT.make(&world.client())).unwrap();
}

#[test]
fn a_refused_report_is_the_services_error_about_that_task() {
    for (class, code) in [
        (Class::TaskNotFound, "ERROR_NO_SUCH_CAPCHA_ID"),
        (Class::TaskNotFound, "WRONG_CAPTCHA_ID"),
        (Class::Task, "ERROR_NO_SUCH_METHOD"),
        (Class::UnknownService, "ERROR_REPORT_TOO_LATE"),
    ] {
        let world = server().report([error(code)]).world();
        let failure = refused(world.run(REPORT.make(&world.client())), class, code);
        assert_eq!(failure.origin, Origin::Service);
        assert_eq!(failure.task_id, Some(task_id(TASK_ID)));
        assert_eq!(failure.method.unwrap().name(), "reportIncorrectImageCaptcha");
        assert_eq!(failure.may_have_created_task, None);
        assert_eq!(world.sent().len(), 1, "{code} was repeated");
    }
}

#[test]
fn no_report_is_sent_to_a_service_without_reports() {
    let [only_images, only_tokens] =
        ["image", "token"].map(|kind| service(json!({ "reports": [kind] })));
    for (options, kind, name) in [
        (json!({ "service": "brocapgpt" }), ReportKind::Image, "brocapgpt"),
        (json!({ "service": "brocapgpt" }), ReportKind::Token, "brocapgpt"),
        (service(json!({})), ReportKind::Image, "own"),
        (only_images.clone(), ReportKind::Token, "own"),
        (only_tokens.clone(), ReportKind::Image, "own"),
    ] {
        let world = server().world();
        let outcome = world.report(TASK_ID, kind).client_options(options).run();
        let failure = refused_locally(outcome, Class::Options, "INVALID_OPTIONS");
        assert_eq!(failure.option.as_deref(), Some("service"));
        assert_eq!(failure.service.as_deref(), Some(name));
        let expected = format!("{name}, which does not support {}", kind.method().name());
        assert!(failure.english().contains(&expected), "{}", failure.english());
        assert_eq!(failure.task_id, Some(task_id(TASK_ID)));
        assert_eq!(world.sent().len(), 0);
    }
    for (options, kind) in [(only_images, ReportKind::Image), (only_tokens, ReportKind::Token)] {
        let world = server().world();
        world.report(TASK_ID, kind).client_options(options).run().unwrap();
        assert_eq!(world.sent().len(), 1);
    }
}

#[test]
fn an_unknown_report_kind_is_an_options_error() {
    for given in [json!("video"), json!("Image"), json!(""), json!(null), json!(7), json!({})] {
        let failure = capwire::options::read_report_kind(&Js::from(given.clone())).unwrap_err();
        assert_eq!((failure.class, &*failure.code), (Class::Options, "INVALID_OPTIONS"));
        assert_eq!(failure.option.as_deref(), Some("kind"), "{given}");
    }
}

#[test]
fn after_a_wrong_key_or_an_address_ban_nothing_is_sent() {
    for (class, code) in
        [(Class::Key, "ERROR_KEY_DOES_NOT_EXIST"), (Class::Access, "ERROR_IP_BANNED")]
    {
        // Refused by another method, or by a report itself.
        for by in [Call::Balance, REPORT] {
            let world = server().world_after(error(code));
            let client = world.client();
            refused(world.run(by.make(&client)), class, code);
            let failure = refused_locally(world.run(REPORT.make(&client)), class, code);
            assert_eq!(failure.task_id, Some(task_id(TASK_ID)));
            assert_eq!(failure.method.unwrap().name(), "reportIncorrectImageCaptcha");
            refused_locally(world.result(TASK_ID).by(&client).run(), class, code);
            assert_eq!(world.sent().len(), 1);
        }
    }
}

#[test]
fn an_empty_account_may_report() {
    let world = server().create([error("ERROR_ZERO_BALANCE")]).world();
    let client = world.client();
    let outcome = world.create(token_task()).by(&client).run();
    refused(outcome, Class::Balance, "ERROR_ZERO_BALANCE");
    world.run(REPORT.make(&client)).unwrap();
}

#[test]
fn a_task_that_the_service_does_not_know_is_not_reported() {
    let code = "ERROR_NO_SUCH_CAPCHA_ID";
    let world = server().poll([error(code)]).world();
    let client = world.client();
    refused(world.result(TASK_ID).by(&client).run(), Class::TaskNotFound, code);
    for (kind, _) in REPORTS {
        let outcome = world.report(TASK_ID, kind).by(&client).run();
        refused_locally(outcome, Class::TaskNotFound, code);
    }
    world.report(7, ReportKind::Image).by(&client).run().unwrap();
    assert_eq!(world.sent().len(), 2);
}

/// A report of the wrong kind gets the same error as an unknown task. The right one must still be sent.
#[test]
fn a_report_of_the_wrong_kind_blocks_only_such_reports() {
    let code = "ERROR_NO_SUCH_CAPCHA_ID";
    let world = server().report([error(code)]).world();
    let client = world.client();
    let wrong = Call::Report(TASK_ID, ReportKind::Token);
    refused(world.run(wrong.make(&client)), Class::TaskNotFound, code);
    refused_locally(world.run(wrong.make(&client)), Class::TaskNotFound, code);
    world.result(TASK_ID).by(&client).run().unwrap();
    let failure = refused(world.run(REPORT.make(&client)), Class::TaskNotFound, code);
    assert_eq!(failure.origin, Origin::Service);
    assert_eq!(world.sent().len(), 3);
}

#[test]
fn a_report_is_not_a_result_request() {
    let world = server().poll([processing()]).world();
    let client = world.client();
    for _ in 0..130 {
        world.run(REPORT.make(&client)).unwrap();
    }
    let before = world.now();
    world.result(TASK_ID).by(&client).run().unwrap();
    assert_eq!(world.sent_to("getTaskResult")[0].start, before);
    // It does not wait for the gap after a result request either.
    let before = world.now();
    world.run(REPORT.make(&client)).unwrap();
    assert_eq!(world.sent().last().unwrap().start, before);
}

#[test]
fn a_report_is_repeated_under_the_rules_of_get_balance() {
    for (first, sent) in [
        (page(429, ""), 2),
        (page(503, ""), 2),
        (error("ERROR_NO_SLOT_AVAILABLE"), 2),
        (page(500, ""), 2),
        (network(), 2),
        (hang(), 2),
        (page(404, ""), 1),
        (error("ERROR_SERVICE_NOT_AVAILABLE"), 1),
    ] {
        let world = server().report([first.clone(), reported()]).world();
        let of_report = world.run(REPORT.make(&world.client())).map(drop);
        assert_eq!(world.sent().len(), sent, "{first:?}");
        let world = server().balance([first.clone(), balance(1.0)]).world();
        let of_balance = world.balance().run().map(drop);
        assert_eq!(world.sent().len(), sent, "{first:?}");
        let summary = |outcome: Result<(), Box<Failure>>| {
            outcome.map_err(|failure| (failure.code.into_owned(), failure.retryable))
        };
        assert_eq!(summary(of_report), summary(of_balance));
    }
}

#[test]
fn a_lost_answer_is_a_transport_error_with_the_task_id() {
    for (script, code) in [
        (network(), "NETWORK"),
        (hang(), "REQUEST_TIMEOUT"),
        (page(404, HTML), "HTTP_STATUS"),
        (page(302, ""), "HTTP_STATUS"),
        (page(200, HTML), "BAD_RESPONSE"),
        (answer(json!({ "status": "success" })), "BAD_RESPONSE"),
        (too_large(), "BAD_RESPONSE"),
        (error("CAPTCHA_NOT_READY"), "BAD_RESPONSE"),
    ] {
        let world = server().report([script]).world();
        let client = world.client_with(json!({ "requestTimeoutMs": 4_000, "maxRetries": 0 }));
        let start = world.now();
        let failure = refused(world.run(REPORT.make(&client)), Class::Transport, code);
        assert_eq!(failure.task_id, Some(task_id(TASK_ID)));
        assert_eq!(failure.may_have_created_task, None);
        assert!(world.now() - start <= 4_000.0);
        assert_eq!((world.timers(), world.in_flight()), (0, 0));
    }
}

#[test]
fn an_echoed_key_is_not_shown() {
    for (script, of_report, of_agent) in [
        (page(403, KEY), (Class::Transport, "HTTP_STATUS"), "HTTP_STATUS"),
        (error(KEY), (Class::UnknownService, "[clientKey]"), "BAD_RESPONSE"),
        (answer(json!(KEY)), (Class::Transport, "BAD_RESPONSE"), "BAD_RESPONSE"),
        (answer(json!({ KEY: 1 })), (Class::Transport, "BAD_RESPONSE"), "BAD_RESPONSE"),
    ] {
        for (call, (class, code)) in
            [(REPORT, of_report), (Call::UserAgent, (Class::Transport, of_agent))]
        {
            let world = server().report([script.clone()]).user_agent([script.clone()]).world();
            let failure = refused(world.run(call.make(&world.client())), class, code);
            let record = failure.record().to_string();
            assert!(!record.contains(&KEY[..16]), "{record}");
        }
    }
}
