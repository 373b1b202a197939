//! The error table, compared with the services' error pages; and each code as the answer to each method.

use capwire::error_table::{TABLE, row_of_service};
use capwire_testkit::*;

#[test]
fn every_code_of_both_error_pages_is_in_the_table() {
    let pages = [
        ("capmonster", include_str!("../fixtures/seed-capmonster.txt"), 24),
        ("brocapgpt", include_str!("../fixtures/seed-brocapgpt.txt"), 23),
    ];
    for (service, page, size) in pages {
        let mut on_page: Vec<_> = page.lines().collect();
        assert_eq!(on_page.len(), size);
        on_page.retain(|code| *code != "CAPTCHA_NOT_READY");
        for code in &on_page {
            assert!(TABLE.iter().any(|row| row.code == *code), "{code}");
        }
        // The two fixtures agree.
        let listed = service_codes().into_iter().filter(|code| code.is_on_page);
        let listed = listed.filter(|code| code.services.iter().any(|name| name == service));
        let mut listed: Vec<_> = listed.map(|code| code.code).collect();
        on_page.sort_unstable();
        listed.sort_unstable();
        assert_eq!(on_page, listed);
    }
}

#[test]
fn every_code_has_its_class_a_message_a_hint_and_says_whether_to_retry() {
    for Code { code, class, retryable, .. } in service_codes() {
        let row = row_of_service(&code).unwrap_or_else(|| panic!("{code} has no row"));
        assert_eq!((row.code, row.class, row.retryable), (&*code, class, retryable));
    }
    for Code { code, class, retryable, .. } in client_codes() {
        let row = TABLE.iter().find(|row| row.code == code).expect(&code);
        assert_eq!((row.class, row.retryable), (class, retryable), "{code}");
        // A service that sends such a code does not mean ours.
        assert!(row_of_service(&code).is_none(), "{code}");
    }
    for row in TABLE {
        assert!(row.message.len() > 10 && row.hint.len() > 10, "{row:?}");
        let object = json!({
            "code": row.code,
            "name": row.class.name(),
            "retryable": row.retryable,
            "message": row.message,
            "hint": row.hint,
        });
        assert_eq!(plain(*row), object);
    }
}

#[test]
fn the_table_has_each_code_of_the_fixtures_once_and_no_other() {
    let mut table: Vec<_> = TABLE.iter().map(|row| row.code.to_owned()).collect();
    let codes = service_codes().into_iter().chain(client_codes());
    let (mut codes, mut classes): (Vec<_>, Vec<_>) =
        codes.map(|code| (code.code, code.class.name())).unzip();
    table.sort_unstable();
    codes.sort_unstable();
    assert_eq!(table, codes);
    classes.sort_unstable();
    classes.dedup();
    assert_eq!(Class::ALL.len(), classes.len());
}

#[test]
fn an_unknown_code_is_kept_verbatim() {
    for (code, class) in [
        ("ERROR_SOMETHING_NEW", Class::UnknownService),
        ("zero_balance", Class::UnknownService),
        ("ERROR_PROXY_COUNTRY_REFUSED", Class::Proxy),
        ("Ошибка № 7", Class::UnknownService),
    ] {
        let world = server().create([error(code)]).world();
        let outcome = world.solve(token_task()).run();
        let failure = refused(outcome, class, code);
        assert_eq!(failure.server_code.as_deref(), Some(code));
        assert_eq!(failure.server_message, Some(description(code)));
        assert_eq!(failure.origin, Origin::Service);
        assert_eq!(world.sent().len(), 1);
    }
}

/// A service cannot mean the client's own codes. If its `NETWORK` counted as ours, a result request that the
/// service has answered for good would be repeated.
#[test]
fn a_code_of_the_client_sent_by_a_service_is_an_unknown_code() {
    for code in ["NETWORK", "HTTP_STATUS", "REQUEST_TIMEOUT", "INTERNAL"] {
        let world = server().poll([error(code), ready()]).world();
        let outcome = world.solve(token_task()).run();
        let failure = refused(outcome, Class::UnknownService, code);
        assert_eq!(failure.server_code.as_deref(), Some(code));
        assert_eq!(world.count("getTaskResult"), 1);
    }
}

#[test]
fn an_error_without_a_code_is_unknown() {
    for (body, message) in [
        (json!({ "errorId": 1 }), None),
        (json!({ "errorId": 12, "errorCode": null, "errorDescription": "Boom" }), Some("Boom")),
        (json!({ "errorId": -1, "errorCode": "", "taskId": TASK_ID }), None),
    ] {
        let world = server().create([answer(body)]).world();
        let outcome = world.solve(token_task()).run();
        let failure = refused(outcome, Class::UnknownService, "UNKNOWN");
        assert_eq!(failure.server_message.as_deref(), message);
        assert_eq!((failure.server_code.as_deref(), failure.origin), (None, Origin::Service));
    }
}

const STATUSES: [u16; 6] = [200, 400, 402, 403, 429, 503];

#[track_caller]
fn assert_comes_from_the_service(failure: &Failure, code: &str, status: u16, method: &str) {
    assert_eq!(failure.origin, Origin::Service, "{failure:#?}");
    assert_eq!(failure.server_code.as_deref(), Some(code));
    assert_eq!(failure.server_message, Some(description(code)));
    assert_eq!(failure.http_status, Some(status));
    assert_eq!(failure.method.map(|method| method.name()), Some(method));
    assert_eq!(failure.service.as_deref(), Some("capmonster"));
    assert_eq!(failure.may_have_created_task, None);
    let never_repeat = [
        Class::Key,
        Class::Balance,
        Class::TaskNotFound,
        Class::Domain,
        Class::Proxy,
        Class::Access,
    ];
    assert!(!(failure.retryable && never_repeat.contains(&failure.class)));
}

#[test]
fn every_code_ends_create_task_at_once_except_no_slot_available() {
    for Code { code, class, .. } in service_codes() {
        for status in STATUSES {
            let world = server().create([error(&code).status(status)]).world();
            let client = world.client_with(json!({ "maxRetries": 2 }));
            let outcome = world.solve(token_task()).by(&client).run();
            let failure = refused(outcome, class, &code);
            assert_comes_from_the_service(&failure, &code, status, "createTask");
            assert_eq!(failure.task_id, None);
            let requests = if code == "ERROR_NO_SLOT_AVAILABLE" { 3 } else { 1 };
            assert_eq!(world.sent().len(), requests, "{code} with status {status}");
        }
    }
}

#[test]
fn every_code_ends_the_wait_at_once_except_too_much_requests() {
    for Code { code, class, .. } in service_codes() {
        for status in STATUSES {
            let script = [error(&code).status(status), ready()];
            let world = server().poll(script).world();
            let outcome = world.solve(token_task()).run();
            let polls = world.sent_to("getTaskResult");
            if code == "ERROR_TOO_MUCH_REQUESTS" {
                assert_eq!(outcome.unwrap()["polls"], 2);
                let gap = polls[1].start - polls[0].end.unwrap();
                assert!(gap > POLL_GAP_MS, "not widened: {gap} ms");
                continue;
            }
            let failure = refused(outcome, class, &code);
            assert_comes_from_the_service(&failure, &code, status, "getTaskResult");
            assert_eq!(failure.task_id, Some(task_id(TASK_ID)));
            assert_eq!(polls.len(), 1, "{code} with status {status}");
        }
    }
}

#[test]
fn every_code_ends_a_single_result_request_at_once() {
    for Code { code, class, .. } in service_codes() {
        let world = server().poll([error(&code)]).world();
        let outcome = world.result(TASK_ID).run();
        let failure = refused(outcome, class, &code);
        assert_comes_from_the_service(&failure, &code, 200, "getTaskResult");
        assert_eq!(failure.task_id, Some(task_id(TASK_ID)));
        assert_eq!(world.sent().len(), 1, "{code}");
    }
}

#[test]
fn every_code_fails_get_balance_with_its_class() {
    for Code { code, class, .. } in service_codes() {
        let world = server().balance([error(&code)]).world();
        let client = world.client_with(json!({ "maxRetries": 0 }));
        let outcome = world.balance().by(&client).run();
        let failure = refused(outcome, class, &code);
        assert_comes_from_the_service(&failure, &code, 200, "getBalance");
        assert_eq!(world.sent().len(), 1, "{code}");
    }
}

#[test]
fn not_ready_is_the_state_processing_and_never_a_failure() {
    for status in STATUSES {
        let not_ready = error("CAPTCHA_NOT_READY").status(status);
        let world = server().poll([not_ready, ready()]).world();
        let log = Log::default();
        let solved = world.solve(token_task()).log(&log).run().unwrap();
        assert_eq!(solved["polls"], 2);
        let states: Vec<_> = log.of("poll").iter().map(|e| e["status"].clone()).collect();
        assert_eq!(states, ["processing", "ready"]);
        assert_spaced(&world.sent_to("getTaskResult"));

        let world = server().poll([error("CAPTCHA_NOT_READY").status(status)]).world();
        let state = world.result(TASK_ID).run().unwrap();
        assert_eq!(state, json!({ "status": "processing", "taskId": TASK_ID }));
    }
}

#[test]
fn not_ready_from_create_task_means_that_the_task_may_exist() {
    let world = server().create([error("CAPTCHA_NOT_READY")]).world();
    let outcome = world.solve(token_task()).run();
    let failure = refused(outcome, Class::Transport, "BAD_RESPONSE");
    assert_eq!(failure.may_have_created_task, Some(true));
    assert_eq!(world.sent().len(), 1);
}

#[test]
fn an_answer_without_an_error_counts_whatever_its_status() {
    for status in STATUSES {
        let world = server()
            .create([created().status(status)])
            .poll([processing().status(status), ready().status(status)])
            .balance([balance(0.5).status(status)])
            .world();
        let client = world.client();
        let solved = world.solve(token_task()).by(&client).run().unwrap();
        assert_eq!((&solved["taskId"], &solved["polls"]), (&json!(TASK_ID), &json!(2)));
        assert_eq!(world.balance().by(&client).run().unwrap(), 0.5);
    }
}
