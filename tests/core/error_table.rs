//! Compares the error table with the services' error pages and with an independent table of classes.

use capwire::error_table::{TABLE, row_of_service};
use capwire_testkit::*;

/// The class of each code. Written by hand and not derived from the code under test, on purpose.
const CLASSES: &[(Class, &[&str])] = &[
    (Class::Key, &["ERROR_KEY_DOES_NOT_EXIST"]),
    (Class::Balance, &["ERROR_ZERO_BALANCE"]),
    (
        Class::Image,
        &["ERROR_TOO_BIG_CAPTCHA_FILESIZE", "ERROR_ZERO_CAPTCHA_FILESIZE", "INVALID_IMAGE"],
    ),
    (
        Class::Task,
        &[
            "ERROR_NO_SUCH_METHOD",
            "ERROR_TASK_NOT_SUPPORTED",
            "ERROR_TASK_ABSENT",
            "ERROR_INVALID_TASK",
            "ERROR_RECAPTCHA_INVALID_SITEKEY",
            "ERROR_RECAPTCHA_INVALID_DOMAIN",
            "ERROR_WRONG_USERAGENT",
            "ERROR_TOKEN_EXPIRED",
            "INVALID_TASK",
        ],
    ),
    (Class::Domain, &["ERROR_DOMAIN_NOT_ALLOWED"]),
    (
        Class::Proxy,
        &[
            "ERROR_PROXY_CONNECT_REFUSED",
            "ERROR_PROXY_BANNED",
            "ERROR_PROXY_MISSING",
            "ERROR_PROXY_NOT_AUTHORISED",
            "ERROR_PROXY_READ_TIMEOUT",
            "ERROR_PROXY_CREDENTIALS_INVALID_CHARACTER",
        ],
    ),
    (Class::Access, &["ERROR_IP_NOT_ALLOWED", "ERROR_IP_BANNED", "ERROR_IP_BLOCKED"]),
    (Class::TaskNotFound, &["ERROR_NO_SUCH_CAPCHA_ID", "WRONG_CAPTCHA_ID"]),
    (Class::Unsolvable, &["ERROR_CAPTCHA_UNSOLVABLE", "ERROR_RECAPTCHA_TIMEOUT"]),
    (Class::Capacity, &["ERROR_NO_SLOT_AVAILABLE", "ERROR_SERVICE_NOT_AVAILABLE"]),
    (Class::RateLimit, &["ERROR_TOO_MUCH_REQUESTS"]),
    (Class::UnknownService, &["UNKNOWN"]),
    (Class::Transport, &["NETWORK", "HTTP_STATUS", "BAD_RESPONSE", "REQUEST_TIMEOUT"]),
    (Class::SolveTimeout, &["SOLVE_TIMEOUT"]),
    (Class::Options, &["INVALID_OPTIONS"]),
    (Class::Internal, &["INTERNAL"]),
];

fn class_of(code: &str) -> Class {
    CLASSES
        .iter()
        .find(|(_, codes)| codes.contains(&code))
        .unwrap_or_else(|| panic!("{code} is missing in CLASSES"))
        .0
}

fn code_rows() -> Vec<Value> {
    serde_json::from_str(include_str!("../fixtures/error-codes.json")).unwrap()
}

/// Every code of the services, with `CAPTCHA_NOT_READY`.
fn service_codes() -> Vec<String> {
    code_rows().iter().map(|row| row["code"].as_str().unwrap().to_owned()).collect()
}

/// Every code but the one that is a state.
fn failing_codes() -> Vec<String> {
    let mut codes = service_codes();
    codes.retain(|code| code != "CAPTCHA_NOT_READY");
    codes
}

#[test]
fn every_code_of_both_error_pages_has_its_row() {
    let pages = [
        ("capmonster", include_str!("../fixtures/seed-capmonster.txt"), 24),
        ("brocapgpt", include_str!("../fixtures/seed-brocapgpt.txt"), 23),
    ];
    for (service, page, size) in pages {
        let mut codes: Vec<_> = page.lines().map(str::to_owned).collect();
        assert_eq!(codes.len(), size);
        for code in &codes {
            let known = TABLE.iter().any(|row| row.code == code);
            assert_eq!(known, code != "CAPTCHA_NOT_READY", "{code}");
        }
        // The two fixtures say the same.
        let mut listed: Vec<_> = code_rows()
            .into_iter()
            .filter(|row| row["in_seed"] == true)
            .filter(|row| row["services"].as_array().unwrap().contains(&json!(service)))
            .map(|row| row["code"].as_str().unwrap().to_owned())
            .collect();
        codes.sort_unstable();
        listed.sort_unstable();
        assert_eq!(codes, listed);
    }
}

#[test]
fn every_code_of_the_services_has_the_class_of_the_design_and_says_what_to_do() {
    for code in failing_codes() {
        let row = row_of_service(&code).unwrap_or_else(|| panic!("{code} has no row"));
        assert_eq!((row.code, row.class), (&*code, class_of(&code)));
    }
    for row in TABLE {
        assert_eq!(row.class, class_of(row.code), "{}", row.code);
        assert!(row.message.len() > 10 && row.hint.len() > 10, "{row:?}");
    }
}

#[test]
fn the_table_has_each_code_of_the_design_once_and_no_other() {
    let mut table: Vec<_> = TABLE.iter().map(|row| row.code).collect();
    let mut design: Vec<_> = CLASSES.iter().flat_map(|(_, codes)| *codes).copied().collect();
    table.sort_unstable();
    design.sort_unstable();
    assert_eq!(table, design);
    assert_eq!(Class::ALL.len(), CLASSES.len());
}

#[test]
fn a_code_that_is_not_known_here_is_kept_verbatim() {
    for (code, class) in [
        ("ERROR_SOMETHING_NEW", Class::UnknownService),
        ("error_zero_balance", Class::UnknownService),
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

/// A service does not speak of the client's own troubles. Were its `NETWORK` taken for one, a result
/// request would be repeated that the service has answered for good.
#[test]
fn a_services_code_that_reads_like_one_of_the_clients_own_is_a_code_not_known_here() {
    for code in ["NETWORK", "HTTP_STATUS", "REQUEST_TIMEOUT", "INTERNAL"] {
        let world = server().poll([error(code), ready()]).world();
        let outcome = world.solve(token_task()).run();
        let failure = refused(outcome, Class::UnknownService, code);
        assert_eq!(failure.server_code.as_deref(), Some(code));
        assert_eq!(world.count("getTaskResult"), 1);
    }
}

#[test]
fn an_error_without_a_code_is_an_unknown_one() {
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
fn assert_is_the_services(failure: &Failure, code: &str, status: u16, method: &str) {
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
fn every_code_refuses_creation_at_once_but_a_lack_of_servers_which_is_asked_again() {
    for code in failing_codes() {
        for status in STATUSES {
            let world = server().create([error(&code).status(status)]).world();
            let client = world.client_with(json!({ "maxRetries": 2 }));
            let outcome = world.solve(token_task()).by(&client).run();
            let failure = refused(outcome, class_of(&code), &code);
            assert_is_the_services(&failure, &code, status, "createTask");
            assert_eq!(failure.task_id, None);
            let requests = if code == "ERROR_NO_SLOT_AVAILABLE" { 3 } else { 1 };
            assert_eq!(world.sent().len(), requests, "{code} with status {status}");
        }
    }
}

#[test]
fn every_code_ends_the_wait_at_once_but_that_of_asking_too_often() {
    for code in failing_codes() {
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
            let failure = refused(outcome, class_of(&code), &code);
            assert_is_the_services(&failure, &code, status, "getTaskResult");
            assert_eq!(failure.task_id, Some(task_id(TASK_ID)));
            assert_eq!(polls.len(), 1, "{code} with status {status}");
        }
    }
}

#[test]
fn every_code_ends_a_single_result_request_at_once() {
    for code in failing_codes() {
        let world = server().poll([error(&code)]).world();
        let outcome = world.result(TASK_ID).run();
        let failure = refused(outcome, class_of(&code), &code);
        assert_is_the_services(&failure, &code, 200, "getTaskResult");
        assert_eq!(failure.task_id, Some(task_id(TASK_ID)));
        assert_eq!(world.sent().len(), 1, "{code}");
    }
}

#[test]
fn every_code_fails_the_balance_under_its_own_class() {
    for code in failing_codes() {
        let world = server().balance([error(&code)]).world();
        let client = world.client_with(json!({ "maxRetries": 0 }));
        let outcome = world.balance().by(&client).run();
        let failure = refused(outcome, class_of(&code), &code);
        assert_is_the_services(&failure, &code, 200, "getBalance");
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
fn not_ready_makes_no_sense_on_creation_so_the_task_may_exist() {
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
