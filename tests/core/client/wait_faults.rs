//! Waiting for a result while result requests fail: which failures end the wait, and which do not.

use capwire_testkit::*;

/// Failed result requests after which waiting continues, each with its code.
fn transient_failures() -> Vec<(&'static str, Script)> {
    vec![
        ("NETWORK", network()),
        ("HTTP_STATUS", page(500, HTML)),
        ("HTTP_STATUS", page(502, HTML)),
        ("HTTP_STATUS", page(503, "Service Unavailable")),
        ("HTTP_STATUS", page(504, "")),
        ("HTTP_STATUS", page(429, "slow down")),
        ("HTTP_STATUS", page(429, "").retry_after(5_000.0)),
        ("HTTP_STATUS", answer(json!({ "error": "down" })).status(500)),
        ("BAD_RESPONSE", page(200, HTML)),
        ("BAD_RESPONSE", page(200, "")),
        ("BAD_RESPONSE", page(200, "{\"errorId\":0,\"status\":\"rea")),
        ("BAD_RESPONSE", answer(json!(null))),
        ("BAD_RESPONSE", answer(json!([1, 2]))),
        ("BAD_RESPONSE", answer(json!("ready"))),
        ("BAD_RESPONSE", answer(json!({}))),
        ("BAD_RESPONSE", answer(json!({ "status": "ready", "solution": {} }))),
        ("BAD_RESPONSE", answer(json!({ "errorId": 0 }))),
        ("BAD_RESPONSE", answer(json!({ "errorId": 0, "status": null }))),
        ("BAD_RESPONSE", answer(json!({ "errorId": 0, "status": 1 }))),
        ("BAD_RESPONSE", answer(json!({ "errorId": 0, "status": "reviewed" }))),
        ("BAD_RESPONSE", too_large()),
        ("REQUEST_TIMEOUT", hang()),
    ]
}

#[test]
fn a_transient_failure_counts_as_processing() {
    for (code, script) in transient_failures() {
        let world = server().poll([script.clone(), ready()]).world();
        let log = Log::default();
        let solved = world.solve(token_task()).log(&log).run().unwrap();
        assert_eq!(solved["polls"], 2, "{script:?}");
        assert_spaced(&world.sent_to("getTaskResult"));
        let retries = log.of("retry");
        assert_eq!(retries.len(), 1, "{script:?}");
        assert_eq!(retries[0]["code"], code, "{script:?}");
        assert_eq!(retries[0]["method"], "getTaskResult");
        assert_eq!(retries[0]["taskId"], TASK_ID);
    }
}

#[test]
fn a_solve_with_nothing_but_failures_times_out_with_the_last_one_as_its_cause() {
    for (code, script) in transient_failures() {
        let world = server().poll([processing(), script.clone()]).world();
        let start = world.now();
        let outcome = world.solve(token_task()).run();
        let failure = refused(outcome, Class::SolveTimeout, "SOLVE_TIMEOUT");
        assert_eq!(world.now() - start, 80_000.0);
        assert_eq!(failure.task_id, Some(task_id(TASK_ID)));
        let Some(Cause::Failure(cause)) = failure.cause else {
            panic!("{script:?} left no cause");
        };
        assert_eq!((cause.class, &*cause.code), (Class::Transport, code));
        assert_spaced(&world.sent_to("getTaskResult"));
        assert!(world.count("getTaskResult") <= 120);
    }
}

#[test]
fn a_rate_limit_widens_the_interval_and_is_the_cause_of_the_timeout() {
    let world = server().poll([error("ERROR_TOO_MUCH_REQUESTS")]).world();
    let outcome = world.solve(token_task()).run();
    let failure = refused(outcome, Class::SolveTimeout, "SOLVE_TIMEOUT");
    let Some(Cause::Failure(cause)) = failure.cause else {
        panic!("no cause");
    };
    refused::<()>(Err(cause), Class::RateLimit, "ERROR_TOO_MUCH_REQUESTS");
    let polls = world.sent_to("getTaskResult");
    let gaps: Vec<_> = polls.windows(2).map(|pair| pair[1].start - pair[0].end.unwrap()).collect();
    assert!(gaps.len() >= 2 && gaps.is_sorted(), "{gaps:?}");
    assert!(gaps[0] > POLL_GAP_MS && gaps[1] > gaps[0], "{gaps:?}");
}

#[test]
fn a_permanent_http_error_ends_the_wait_at_once() {
    let pages = [400, 401, 403, 404, 410].map(|status| page(status, HTML));
    let redirects = [301, 302, 303, 307, 308].map(|status| page(status, ""));
    for script in pages.into_iter().chain(redirects) {
        let End::Reply(reply) = &script.end else { unreachable!() };
        let status = reply.status;
        let world = server().poll([script, ready()]).world();
        let outcome = world.solve(token_task()).run();
        let failure = refused(outcome, Class::Transport, "HTTP_STATUS");
        assert_eq!(failure.http_status, Some(status));
        assert_eq!(failure.origin, Origin::Transport);
        assert_eq!(failure.task_id, Some(task_id(TASK_ID)));
        assert_eq!(world.count("getTaskResult"), 1);
    }
    // The platform may hide the status of a redirect.
    let world = server().poll([page(0, ""), ready()]).world();
    let outcome = world.solve(token_task()).run();
    let failure = refused(outcome, Class::Transport, "HTTP_STATUS");
    assert_eq!(failure.http_status, None);
    assert_eq!(world.count("getTaskResult"), 1);
}

#[test]
fn ready_without_a_solution_is_a_bad_response_at_once() {
    for body in [
        json!({ "errorId": 0, "status": "ready" }),
        json!({ "errorId": 0, "status": "ready", "solution": null }),
    ] {
        for call in [Call::Solve(token_task()), Call::Wait(TASK_ID), Call::Result(TASK_ID)] {
            let world = server().poll([answer(body.clone()), ready()]).world();
            let outcome = world.run(call.make(&world.client()));
            let failure = refused(outcome, Class::Transport, "BAD_RESPONSE");
            assert_eq!(failure.task_id, Some(task_id(TASK_ID)));
            assert_eq!(world.count("getTaskResult"), 1);
        }
    }
}

#[test]
fn a_hanging_result_request_ends_at_the_request_timeout() {
    let world = server().poll([hang(), ready()]).world();
    let client = world.client_with(json!({ "requestTimeoutMs": 5_000 }));
    let solved = world.solve(token_task()).by(&client).run().unwrap();
    assert_eq!(solved["polls"], 2);
    let polls = world.sent_to("getTaskResult");
    assert_eq!(polls[0].end.unwrap() - polls[0].start, 5_000.0);
    assert_spaced(&polls);
}

#[test]
fn a_hanging_result_request_ends_at_the_timeout_of_the_solve() {
    let world = server().poll([hang()]).world();
    let client = world.client_with(json!({ "requestTimeoutMs": 1_000_000 }));
    let start = world.now();
    let outcome = world.solve(token_task()).by(&client).run();
    let failure = refused(outcome, Class::SolveTimeout, "SOLVE_TIMEOUT");
    let Some(Cause::Failure(cause)) = failure.cause else {
        panic!("no cause");
    };
    refused::<()>(Err(cause), Class::Transport, "REQUEST_TIMEOUT");
    assert_eq!(world.now() - start, 80_000.0);
    assert_eq!((world.timers(), world.in_flight()), (0, 0));
}
