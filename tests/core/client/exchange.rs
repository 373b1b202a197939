//! One request: when it is repeated, and how long it may take. A repeat must never buy a task twice.

use capwire_testkit::*;

fn solve(world: &World, options: Value) -> Outcome {
    world.solve(token_task()).client_options(options).run()
}

/// The pauses between the end of one createTask and the start of the next.
fn pauses(world: &World) -> Vec<f64> {
    world
        .sent_to("createTask")
        .windows(2)
        .map(|pair| pair[1].start - pair[0].end.unwrap())
        .collect()
}

/// Answers that certainly created nothing, so the request may be repeated.
fn not_processed() -> Vec<(Class, &'static str, Script)> {
    vec![
        (Class::Capacity, "ERROR_NO_SLOT_AVAILABLE", error("ERROR_NO_SLOT_AVAILABLE")),
        (Class::Capacity, "ERROR_NO_SLOT_AVAILABLE", error("ERROR_NO_SLOT_AVAILABLE").status(503)),
        (Class::Transport, "HTTP_STATUS", page(429, "slow down")),
        (Class::Transport, "HTTP_STATUS", page(503, HTML)),
        (Class::Transport, "HTTP_STATUS", page(503, "")),
        (Class::Transport, "HTTP_STATUS", answer(json!({ "message": "down" })).status(503)),
        (Class::Transport, "HTTP_STATUS", too_large().status(503)),
    ]
}

#[test]
fn create_task_is_not_repeated_after_a_lost_answer() {
    for (code, script) in [
        ("NETWORK", network()),
        ("REQUEST_TIMEOUT", hang()),
        ("HTTP_STATUS", page(500, HTML)),
        ("HTTP_STATUS", page(502, HTML)),
        ("HTTP_STATUS", page(504, "")),
        ("HTTP_STATUS", page(500, "").retry_after(1_000.0)),
        ("HTTP_STATUS", answer(json!({ "message": "down" })).status(500)),
        ("BAD_RESPONSE", page(200, HTML)),
        ("BAD_RESPONSE", page(200, "")),
        ("BAD_RESPONSE", page(201, "created")),
        ("BAD_RESPONSE", page(200, "{\"errorId\":0,\"taskId\":41000")),
        ("BAD_RESPONSE", answer(json!(null))),
        ("BAD_RESPONSE", answer(json!([]))),
        ("BAD_RESPONSE", answer(json!({ "taskId": TASK_ID }))),
        ("BAD_RESPONSE", too_large()),
    ] {
        let world = server().create([script.clone(), created()]).world();
        let failure = refused(solve(&world, json!({})), Class::Transport, code);
        assert_eq!(failure.origin, Origin::Transport);
        assert_eq!(failure.may_have_created_task, Some(true), "{script:?}");
        assert!(!failure.retryable, "the caller would repeat it: {script:?}");
        assert_eq!(failure.task_id, None);
        assert_eq!(world.sent().len(), 1, "{script:?}");
        assert_eq!((world.timers(), world.in_flight()), (0, 0));
    }
}

#[test]
fn a_request_that_did_not_reach_the_service_created_nothing_and_is_not_repeated() {
    for status in [0, 301, 302, 307, 308, 400, 401, 403, 404, 413] {
        let world = server().create([page(status, HTML), created()]).world();
        let failure = refused(solve(&world, json!({})), Class::Transport, "HTTP_STATUS");
        assert_eq!(failure.may_have_created_task, Some(false), "{status}");
        assert_eq!(failure.http_status, (status != 0).then_some(status));
        assert_eq!(world.sent().len(), 1, "{status}");
    }
}

#[test]
fn a_request_that_certainly_created_nothing_is_repeated() {
    for (_, code, script) in not_processed() {
        let world = server().create([script.clone(), script, created()]).world();
        let log = Log::default();
        world.solve(token_task()).log(&log).run().unwrap();
        assert_eq!(world.count("createTask"), 3);
        let reported: Vec<_> =
            log.of("retry").iter().map(|e| e["delayMs"].as_f64().unwrap()).collect();
        assert_eq!(reported, pauses(&world));
        for event in log.of("retry") {
            assert_eq!((&event["code"], &event["method"]), (&json!(code), &json!("createTask")));
            assert_eq!(event.get("taskId"), None);
        }
        assert_eq!(log.of("created").len(), 1);
    }
}

#[test]
fn it_is_repeated_max_retries_times() {
    for (class, code, script) in not_processed() {
        for (options, requests) in [
            (json!({}), 4),
            (json!({ "maxRetries": 0 }), 1),
            (json!({ "maxRetries": 1 }), 2),
            (json!({ "maxRetries": 10 }), 11),
        ] {
            // Without a timeout, so only the count ends it.
            let world = server().create([script.clone()]).world();
            let client = world.client_with(options);
            let call = Call::Create(token_task());
            let outcome = world.run(call.make(&client));
            let failure = refused(outcome, class, code);
            assert_ne!(failure.may_have_created_task, Some(true));
            assert!(failure.retryable);
            assert_eq!(world.sent().len(), requests);
        }
    }
}

#[test]
fn the_pauses_double_and_are_jittered() {
    let of = |random| {
        let world = server().create([page(429, "")]).world();
        world.set_random(random);
        let failure = world.create(token_task()).run();
        refused(failure, Class::Transport, "HTTP_STATUS");
        pauses(&world)
    };
    let (short, long) = (of(0.0), of(0.999_999));
    for pauses in [&short, &long] {
        assert_eq!(pauses.len(), 3);
        assert!(pauses[0] >= 100.0, "too short: {pauses:?}");
        for pair in pauses.windows(2) {
            assert!((1.9..2.1).contains(&(pair[1] / pair[0])), "{pauses:?}");
        }
    }
    assert!(short.iter().zip(&long).all(|(short, long)| short < long), "{short:?} {long:?}");
}

#[test]
fn retry_after_is_honoured_and_clamped() {
    for script in [page(429, ""), page(503, HTML), error("ERROR_NO_SLOT_AVAILABLE")] {
        for (given, expected) in [
            (7_000.0, 7_000.0..=7_001.0),
            (30_000.0, 30_000.0..=30_001.0),
            (1e15, 1_000.0..=60_000.0),
            (0.0, 100.0..=30_000.0),
            (-5_000.0, 100.0..=30_000.0),
        ] {
            let world = server().create([script.clone().retry_after(given), created()]).world();
            world.create(token_task()).run().unwrap();
            let pauses = pauses(&world);
            assert_eq!(pauses.len(), 1);
            assert!(expected.contains(&pauses[0]), "{given}: {pauses:?}");
        }
    }
}

#[test]
fn an_error_in_json_counts_whatever_the_status() {
    for status in [429, 500, 502, 503] {
        for (class, code) in [
            (Class::Balance, "ERROR_ZERO_BALANCE"),
            (Class::Key, "ERROR_KEY_DOES_NOT_EXIST"),
            (Class::Capacity, "ERROR_SERVICE_NOT_AVAILABLE"),
            (Class::UnknownService, "ERROR_NEW"),
        ] {
            let world = server().create([error(code).status(status), created()]).world();
            let failure = refused(solve(&world, json!({})), class, code);
            assert_eq!(failure.origin, Origin::Service);
            assert_eq!(world.sent().len(), 1);
        }
    }
}

#[test]
fn the_answer_to_a_repeat_may_be_lost_too() {
    let world = server().create([page(503, ""), network(), created()]).world();
    let failure = refused(solve(&world, json!({})), Class::Transport, "NETWORK");
    assert_eq!(failure.may_have_created_task, Some(true));
    assert_eq!(world.sent().len(), 2);
}

#[test]
fn nothing_is_repeated_after_the_timeout() {
    let world = server().create([page(503, "").retry_after(20_000.0), created()]).world();
    let start = world.now();
    let outcome = world.solve(token_task()).timeout_ms(10_000).run();
    refused(outcome, Class::Transport, "HTTP_STATUS");
    assert!(world.now() - start <= 10_000.0);
    assert_eq!(world.sent().len(), 1);
}

#[test]
fn create_task_that_hangs_ends_at_the_timeout() {
    let world = server().create([hang()]).world();
    let start = world.now();
    let outcome = world.solve(image_task()).run();
    let failure = refused(outcome, Class::Transport, "REQUEST_TIMEOUT");
    assert_eq!(failure.may_have_created_task, Some(true));
    assert_eq!(world.now() - start, 10_000.0, "the default for images");
}

/// A sleeping machine or a throttled tab wakes long after the timeout. A task created then would be dropped at
/// once, and paid for.
#[test]
fn a_timer_that_fires_after_the_timeout_creates_nothing() {
    let world = server().create([page(503, ""), created()]).world();
    world.set_timer_error(3_600_000.0);
    let outcome = world.solve(token_task()).timeout_ms(10_000).run();
    let failure = outcome.expect_err("the timeout has passed");
    assert_eq!(world.count("createTask"), 1, "{failure:#?}");
    assert_ne!(failure.may_have_created_task, Some(true));
}

#[test]
fn an_image_that_is_read_too_slowly_creates_nothing() {
    let slow = Js::blob([7; 200], 60_000.0);
    let task = object([("type", "ImageToTextTask".into()), ("body", slow.clone())]);
    for call in [Call::Create(task.clone()), Call::Solve(task), Call::SolveImage(slow)] {
        for (options, expected) in [(json!({ "timeoutMs": 5_000 }), 5_000.0), (json!({}), 10_000.0)]
        {
            let world = server().world();
            let start = world.now();
            let outcome = world.run(call.with(&world.client(), options, &Log::default()));
            let failure = refused(outcome, Class::Transport, "REQUEST_TIMEOUT");
            assert_eq!(world.sent().len(), 0, "{failure:#?}");
            assert_eq!(failure.origin, Origin::Client);
            assert_ne!(failure.may_have_created_task, Some(true));
            assert_eq!(world.now() - start, expected, "timeoutMs is for the whole call");
        }
    }
}

#[test]
fn a_task_that_is_not_json_is_refused_before_anything_is_sent() {
    for task in [token_task().with("data", Js::Bigint), token_task().with("data", image())] {
        let world = server().world();
        let outcome = world.solve(task).run();
        let failure = refused_locally(outcome, Class::Task, "INVALID_TASK");
        assert_ne!(failure.may_have_created_task, Some(true));
        assert_eq!(world.sent().len(), 0);
    }
}

#[test]
fn every_method_has_a_request_timeout_of_21_s_by_default() {
    for call in one_call_per_method() {
        let world = World::new(|_| hang());
        let start = world.now();
        let client = world.client_with(json!({ "maxRetries": 0 }));
        let failure = refused(world.run(call.make(&client)), Class::Transport, "REQUEST_TIMEOUT");
        assert_eq!(failure.origin, Origin::Transport);
        assert_eq!(world.now() - start, 21_000.0);
        assert_eq!(world.sent().len(), 1);
    }
}

/// What was called may have sent the request, and what it got is lost.
#[test]
fn a_fetch_that_gives_no_response_is_an_options_error() {
    let given = || no_response(json!({ "data": { "errorId": 0, "taskId": 5 }, "headers": {} }));
    for call in [Call::Balance, Call::Result(TASK_ID), Call::Wait(TASK_ID)] {
        let world = server().balance([given()]).poll([given()]).world();
        let failure =
            refused(world.run(call.make(&world.client())), Class::Options, "INVALID_OPTIONS");
        assert_eq!(failure.option.as_deref(), Some("fetch"));
        assert_eq!((failure.origin, failure.retryable), (Origin::Transport, false));
        assert_eq!(failure.may_have_created_task, None);
        assert!(failure.english().contains("`fetch` has given an object, not a Response"));
        assert_eq!(world.sent().len(), 1);
    }
    let world = server().create([given()]).world();
    let outcome = world.solve_image(image()).run();
    let failure = refused(outcome, Class::Options, "INVALID_OPTIONS");
    assert_eq!((failure.origin, failure.may_have_created_task), (Origin::Transport, Some(true)));
    assert_eq!(world.count("createTask"), 1, "it is not sent again");
}
