//! Waiting for a result: when it is requested, how often, and for how long.

use capwire::task::TaskInput;
use capwire_testkit::*;

#[test]
fn an_image_solved_in_3_s_takes_at_most_3_result_requests() {
    let mut due = None;
    let world = World::new(move |sent| match sent.method.as_str() {
        "createTask" => {
            due = Some(sent.start + 3_000.0);
            created()
        }
        _ if due.is_some_and(|due| sent.start >= due) => ready(),
        _ => processing(),
    });
    let log = Log::default();
    let solved = world.solve(image_task()).log(&log).run().unwrap();

    let sent = world.sent();
    let polls = world.sent_to("getTaskResult");
    assert!(polls.len() <= 3, "{polls:#?}");
    assert_spaced(&polls);
    let elapsed = sent.last().unwrap().end.unwrap() - sent[0].start;
    assert_eq!(
        solved,
        json!({
            "taskId": TASK_ID,
            "solution": { "text": "w7kq" },
            "cost": 0.0003,
            "polls": polls.len(),
            "elapsedMs": elapsed,
        })
    );
    assert!((3_000.0..6_000.0).contains(&elapsed), "{elapsed}");

    let events: Vec<_> = log
        .events()
        .into_iter()
        .map(|event| (event["type"].clone(), event["status"].clone(), event["poll"].clone()))
        .collect();
    let mut expected = vec![(json!("created"), json!(null), json!(null))];
    for poll in 1..=polls.len() {
        let status = if poll == polls.len() { "ready" } else { "processing" };
        expected.push((json!("poll"), json!(status), json!(poll)));
    }
    assert_eq!(events, expected);
    for event in log.events() {
        assert_eq!(event["taskId"], TASK_ID, "{event}");
    }
    assert_eq!(log.events()[0]["imageBytes"], json!([200]));
    assert_eq!(log.events()[0]["elapsedMs"], ROUND_TRIP_MS);
    assert_eq!(log.events().last().unwrap()["elapsedMs"], elapsed);
    assert_eq!(world.timers(), 0);
}

#[test]
fn solve_image_returns_the_text_and_a_solution_without_one_is_a_bad_response() {
    let world = server().world();
    let text = world.solve_image(image()).run();
    assert_eq!(text.unwrap(), "w7kq");

    for solution in [json!({}), json!({ "token": 7 }), json!({ "text": null }), json!([])] {
        let body = json!({ "errorId": 0, "status": "ready", "solution": solution });
        let world = server().poll([answer(body)]).world();
        let outcome = world.solve_image(image()).run();
        let failure = refused(outcome, Class::Transport, "BAD_RESPONSE");
        assert_eq!(failure.task_id, Some(task_id(TASK_ID)));
    }
}

#[test]
fn a_solution_is_passed_on_unchanged() {
    for solution in [
        json!({ "Domains": { "a.example": { "Cookies": { "X-y": "1" } } } }),
        json!({ "answer": [131.5, [true, null]], "metadata": { "AnswerType": "NumericArray" } }),
        json!(""),
        json!(false),
        json!({}),
        json!([]),
    ] {
        let body = json!({ "errorId": 0, "status": "ready", "solution": solution, "endTime": 1 });
        let world = server().poll([answer(body)]).world();
        let solved = world.solve(token_task()).run().unwrap();
        assert_eq!(solved["solution"], solution);
        assert_eq!(solved.get("cost"), None);
    }
}

#[test]
fn timeout_ms_bounds_the_whole_solve_and_the_task_can_still_be_waited_for() {
    let scripts = [processing(), processing(), processing(), ready()];
    let world = server().poll(scripts).world();
    let client = world.client();
    let start = world.now();
    let outcome = world.solve(token_task()).by(&client).timeout_ms(6_000).run();
    let failure = refused(outcome, Class::SolveTimeout, "SOLVE_TIMEOUT");
    assert_eq!(world.now() - start, 6_000.0);
    assert_eq!(failure.task_id, Some(task_id(TASK_ID)));
    let expected = format!("no solution for task {TASK_ID} within 6000 ms (result requests: 3)");
    assert!(failure.english().contains(&expected), "{}", failure.english());
    assert!(failure.retryable && failure.english_hint().contains("waitForResult"));
    assert!(failure.cause.is_none(), "nothing had failed: {failure:#?}");

    let solved = world.wait(TASK_ID).by(&client).run().unwrap();
    assert_eq!(solved["solution"]["text"], "w7kq");
    assert_spaced(&world.sent_to("getTaskResult"));
}

#[test]
fn the_interval_is_an_option_and_never_below_2_s() {
    for (interval, expected) in [(None, 2_000.0), (Some(2_000), 2_000.0), (Some(7_500), 7_500.0)] {
        let world = server().poll([processing()]).world();
        let options = match interval {
            None => json!({}),
            Some(ms) => json!({ "pollIntervalMs": ms }),
        };
        let outcome = world.solve(token_task()).options(options).run();
        refused(outcome, Class::SolveTimeout, "SOLVE_TIMEOUT");
        for pair in world.sent_to("getTaskResult").windows(2) {
            assert_eq!(pair[1].start - pair[0].end.unwrap(), expected);
        }
    }
    // Even if the check of the options is bypassed.
    let world = server().poll([processing()]).world();
    let options = CallOptions { poll_interval_ms: Some(1.0), ..CallOptions::default() };
    let outcome = world.run(world.client().solve(TaskInput::Task(token_task()), &options, &|_| {}));
    refused(outcome, Class::SolveTimeout, "SOLVE_TIMEOUT");
    assert_spaced(&world.sent_to("getTaskResult"));
}

#[test]
fn the_gap_holds_with_timers_that_fire_early_or_late() {
    for timer_error in [-0.9, -0.3, 0.7, 450.0] {
        let world = server().poll([processing()]).world();
        world.set_timer_error(timer_error);
        let outcome = world.solve(token_task()).run();
        refused(outcome, Class::SolveTimeout, "SOLVE_TIMEOUT");
        let polls = world.sent_to("getTaskResult");
        assert!(polls.len() > 20);
        assert_spaced(&polls);
    }
}

#[test]
fn a_result_is_requested_at_most_120_times() {
    let world = server().poll([processing()]).world();
    let client = world.client();
    let outcome = world.solve(token_task()).by(&client).timeout_ms(299_000).run();
    let failure = refused(outcome, Class::SolveTimeout, "SOLVE_TIMEOUT");
    assert_eq!(failure.task_id, Some(task_id(TASK_ID)));
    assert!(!failure.retryable, "no further request is allowed");
    assert_eq!(world.count("getTaskResult"), 120);

    let again = world.wait(TASK_ID).by(&client).run();
    refused(again, Class::SolveTimeout, "SOLVE_TIMEOUT");
    let single = world.result(TASK_ID).by(&client).run();
    let failure = refused_locally(single, Class::RateLimit, "ERROR_TOO_MUCH_REQUESTS");
    assert_eq!(failure.task_id, Some(task_id(TASK_ID)));
    assert_eq!(world.count("getTaskResult"), 120);
}

#[test]
fn no_result_is_requested_5_minutes_after_creation_whatever_the_timeout() {
    let world = server().poll([processing()]).world();
    let outcome = world
        .solve(token_task())
        .options(json!({ "timeoutMs": 100_000_000, "pollIntervalMs": 9_000 }))
        .run();
    let failure = refused(outcome, Class::SolveTimeout, "SOLVE_TIMEOUT");
    assert_eq!(failure.task_id, Some(task_id(TASK_ID)));
    assert!(!failure.retryable, "the result is gone");
    let end = world.sent()[0].end.unwrap() + 300_000.0;
    let polls = world.sent_to("getTaskResult");
    assert!(polls.len() > 20);
    assert!(polls.iter().all(|poll| poll.start < end));
    assert!(world.now() <= end);
}

#[test]
fn a_client_that_created_the_task_knows_when_its_5_minutes_are_over() {
    let world = server().poll([processing()]).world();
    let client = world.client();
    world.create(token_task()).by(&client).run().unwrap();
    let end = world.sent()[0].end.unwrap() + 300_000.0;
    world.pass(240_000.0);
    let outcome = world.wait(TASK_ID).by(&client).timeout_ms(180_000).run();
    refused(outcome, Class::SolveTimeout, "SOLVE_TIMEOUT");
    let polls = world.sent_to("getTaskResult");
    let late: Vec<_> = polls.iter().filter(|poll| poll.start >= end).collect();
    assert!(late.is_empty(), "{} requests for a result that is gone", late.len());
}

#[test]
fn a_single_result_request_returns_one_state() {
    for (script, state) in [
        (processing(), json!({ "status": "processing", "taskId": TASK_ID })),
        (
            ready(),
            json!({ "status": "ready", "taskId": TASK_ID, "solution": { "text": "w7kq" }, "cost": 0.0003 }),
        ),
    ] {
        let world = server().poll([script]).world();
        let found = world.result(TASK_ID).run().unwrap();
        assert_eq!(found, state);
        assert_eq!(world.sent().len(), 1);
    }
}

/// A real clock gives another time whenever it is read.
#[test]
fn every_call_works_with_a_clock_that_never_stands_still() {
    for call in [
        Call::Solve(token_task()),
        Call::SolveImage(image()),
        Call::Wait(TASK_ID),
        Call::Result(TASK_ID),
        Call::Create(token_task()),
        Call::Balance,
    ] {
        let world = server().poll([processing(), ready()]).world();
        world.set_tick(0.01);
        let client = world.client();
        world.run(call.make(&client)).unwrap();
        world.run(call.make(&client)).unwrap();
        assert_spaced(&world.sent_to("getTaskResult"));
    }
}
