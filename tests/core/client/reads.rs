//! Requests that change nothing are repeated after a lost answer; createTask never is.

use capwire_testkit::*;

/// Answers that are lost, or that do not come from the service.
fn lost() -> Vec<(&'static str, Script)> {
    let reset = |code: &str| {
        let mut error = record("TypeError", "fetch failed");
        error.code = Some(code.to_owned());
        fault(error)
    };
    vec![
        ("NETWORK", network()),
        ("NETWORK", reset("ECONNRESET")),
        ("NETWORK", reset("UND_ERR_SOCKET")),
        ("REQUEST_TIMEOUT", hang()),
        ("HTTP_STATUS", page(500, HTML)),
        ("HTTP_STATUS", page(502, "")),
        ("HTTP_STATUS", page(504, HTML).retry_after(3_000.0)),
        ("HTTP_STATUS", page(599, "")),
        ("HTTP_STATUS", answer(json!({ "message": "down" })).status(500)),
    ]
}

const REPORT: Call = Call::Report(TASK_ID, ReportKind::Token);

fn reads() -> [Call; 3] {
    [Call::Balance, REPORT, Call::UserAgent]
}

/// A server that answers reads with these scripts, and then as usual.
fn after(scripts: &[Script]) -> World {
    let with = |usual| scripts.iter().cloned().chain([usual]).collect::<Vec<_>>();
    let agent = with(page(200, USER_AGENT));
    server().balance(with(balance(3.0))).report(with(reported())).user_agent(agent).world()
}

fn pauses(world: &World) -> Vec<f64> {
    world.sent().windows(2).map(|pair| pair[1].start - pair[0].end.unwrap()).collect()
}

#[test]
fn a_read_whose_answer_was_lost_is_sent_again() {
    for (_, script) in lost() {
        for call in reads() {
            let world = after(&[script.clone(), script.clone()]);
            let outcome = world.run(call.make(&world.client()));
            let expected = match call {
                Call::Balance => json!(3.0),
                Call::UserAgent => json!(USER_AGENT),
                _ => json!(null),
            };
            assert_eq!(outcome.unwrap(), expected, "{script:?}");
            assert_eq!(world.sent().len(), 3);
            let given = matches!(&script.end, End::Reply(reply) if reply.retry_after_ms.is_some());
            let expected = if given { [3_000.0; 2] } else { [750.0, 1_500.0] };
            assert_eq!(pauses(&world), expected, "{script:?}");
            assert_eq!((world.timers(), world.in_flight()), (0, 0));
        }
    }
}

#[test]
fn a_read_is_repeated_max_retries_times_and_then_fails_with_the_last_failure() {
    for (code, script) in lost() {
        for call in reads() {
            for retries in [0, 1, 3] {
                let world = after(&vec![script.clone(); 9]);
                let client = world.client_with(json!({ "maxRetries": retries }));
                let failure = refused(world.run(call.make(&client)), Class::Transport, code);
                assert!(failure.retryable, "{failure:#?}");
                assert_eq!(world.sent().len(), 1 + retries);
            }
        }
    }
}

#[test]
fn a_read_that_was_refused_is_not_repeated() {
    for (class, code, script) in [
        (Class::Transport, "HTTP_STATUS", page(404, HTML)),
        (Class::Transport, "HTTP_STATUS", page(302, "")),
        (Class::Transport, "BAD_RESPONSE", page(200, HTML)),
        (Class::Transport, "BAD_RESPONSE", too_large()),
        (Class::RateLimit, "ERROR_TOO_MUCH_REQUESTS", error("ERROR_TOO_MUCH_REQUESTS")),
        (Class::Capacity, "ERROR_SERVICE_NOT_AVAILABLE", error("ERROR_SERVICE_NOT_AVAILABLE")),
        (Class::Key, "ERROR_KEY_DOES_NOT_EXIST", error("ERROR_KEY_DOES_NOT_EXIST")),
        (Class::Access, "ERROR_IP_BANNED", error("ERROR_IP_BANNED").status(500)),
    ] {
        for call in [Call::Balance, REPORT] {
            let world = after(std::slice::from_ref(&script));
            refused(world.run(call.make(&world.client())), class, code);
            assert_eq!(world.sent().len(), 1);
        }
    }
}

#[test]
fn create_task_is_not_repeated_where_a_read_is() {
    for (code, script) in lost() {
        let world = server().create([script, created()]).world();
        let client = world.client_with(json!({ "maxRetries": 10 }));
        let outcome = world.create(token_task()).by(&client).run();
        let failure = refused(outcome, Class::Transport, code);
        assert_eq!((failure.may_have_created_task, world.sent().len()), (Some(true), 1));
    }
}

/// The first report has arrived, so what the caller wanted is done.
#[test]
fn a_report_that_is_known_already_when_it_is_repeated_has_succeeded() {
    for again in [
        error("ERROR_DUPLICATE_REPORT"),
        error("error_already_reported"),
        answer(json!({ "errorId": 1, "errorDescription": "This task was already reported" })),
    ] {
        for (_, script) in lost() {
            let world = server().report([script, again.clone()]).world();
            assert_eq!(world.run(REPORT.make(&world.client())).unwrap(), json!(null));
            assert_eq!(world.sent().len(), 2);
        }
        // The caller's own second report is told so. Neither is anything reported by a request that certainly did
        // not arrive.
        for before in [vec![], vec![page(503, "")], vec![error("ERROR_NO_SLOT_AVAILABLE")]] {
            let scripts = before.into_iter().chain([again.clone()]);
            let world = server().report(scripts).world();
            let failure = world.run(REPORT.make(&world.client())).unwrap_err();
            assert_eq!((failure.class, failure.origin), (Class::UnknownService, Origin::Service));
        }
    }
    let world = server().report([network(), error("ERROR_NO_SUCH_CAPCHA_ID")]).world();
    let outcome = world.run(REPORT.make(&world.client()));
    refused(outcome, Class::TaskNotFound, "ERROR_NO_SUCH_CAPCHA_ID");
}
