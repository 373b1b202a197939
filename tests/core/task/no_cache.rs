//! A task with `nocache` is asked for its result later, because its answer is certainly not there at once.

use capwire_testkit::*;

#[test]
fn only_a_task_that_says_so_waits_for_an_answer_that_is_not_cached() {
    let delay = |task: Value, options: Value| {
        let world = server().world();
        world.solve(task).options(options).run().unwrap();
        let sent = world.sent();
        sent[1].start - sent[0].end.unwrap()
    };
    let turnstile = row("TurnstileTask").minimal;
    for (no_cache, expected) in
        [(json!(true), 10_000.0), (json!(false), 1_000.0), (json!(null), 1_000.0)]
    {
        assert_eq!(delay(with(&turnstile, "nocache", no_cache), json!({})), expected);
    }
    // The caller's delay comes first, and a type that is not known is taken for a token.
    let no_cache = with(&turnstile, "nocache", true);
    assert_eq!(delay(no_cache, json!({ "firstDelayMs": 500 })), 500.0);
    let raw = |no_cache: Value| json!({ "type": "SomethingNewTask", "nocache": no_cache });
    assert_eq!(delay(raw(json!(true)), json!({})), 10_000.0);
    assert_eq!(delay(raw(json!("yes")), json!({})), 1_000.0);
    // GeeTest documents no `nocache`, and its challenge is used once.
    assert_eq!(delay(with(&row("GeeTestTask/4").minimal, "nocache", true), json!({})), 1_000.0);
}

/// Ten seconds say nothing about tasks whose answer may be cached.
#[test]
fn a_task_that_must_not_be_cached_teaches_nothing() {
    let created = (1..=21).map(|id| answer(json!({ "errorId": 0, "taskId": id })));
    let world = server().create(created).world();
    let client = world.client();
    let turnstile = row("TurnstileTask").minimal;
    for _ in 0..20 {
        world.solve(with(&turnstile, "nocache", true)).by(&client).run().unwrap();
    }
    world.solve(turnstile).by(&client).run().unwrap();
    let sent = world.sent();
    let [created, asked] = &sent[sent.len() - 2..] else { panic!() };
    assert_eq!(asked.start - created.end.unwrap(), 1_000.0);
}

#[test]
fn a_wait_for_an_uncached_answer_ends_at_the_timeout_too() {
    let world = server().poll([processing()]).world();
    let start = world.now();
    let task = with(&row("TurnstileTask").minimal, "nocache", true);
    let outcome = world.solve(task).timeout_ms(5_000).run();
    refused(outcome, Class::SolveTimeout, "SOLVE_TIMEOUT");
    assert_eq!(world.now() - start, 5_000.0);
    // The pause is longer than the wait, which therefore begins at once.
    assert_eq!((world.count("getTaskResult"), world.timers()), (3, 0));
}
