//! Timers that fire late: those of a hidden tab, which fire once a minute, and those of a machine that was asleep.

use capwire_testkit::*;

const MINUTE_MS: f64 = 60_000.0;

fn solves() -> [Call; 3] {
    [Call::Solve(token_task()), Call::SolveImage(image()), Call::Wait(TASK_ID)]
}

#[test]
fn a_hidden_tab_gets_its_results() {
    for call in solves() {
        for first in [None, Some(processing()), Some(network()), Some(page(503, HTML))] {
            let world = server().poll(first.clone().into_iter().chain([ready()])).world();
            world.set_timer_grid(MINUTE_MS);
            let client = world.client();
            let log = Log::default();
            let outcome = world.run(call.with(&client, json!({ "timeoutMs": 10_000 }), &log));
            let polls = world.sent_to("getTaskResult");
            assert_spaced(&polls);
            let is_wait = matches!(call, Call::Wait(_));
            match (&first, is_wait) {
                // A wait asks at once, and once more when the timer fires a minute later.
                (_, true) | (None, false) => {
                    outcome.unwrap();
                    assert_eq!(polls.len(), 1 + usize::from(first.is_some()));
                }
                (Some(_), false) => {
                    let failure = refused(outcome, Class::SolveTimeout, "SOLVE_TIMEOUT");
                    assert!(failure.retryable && failure.task_id == Some(task_id(TASK_ID)));
                    assert_eq!(polls.len(), 1);
                    // Its task can be waited for.
                    world.wait(TASK_ID).by(&client).run().unwrap();
                }
            }
        }
    }
}

#[test]
fn the_last_request_may_take_as_long_as_any_other() {
    for (delay, is_in_time) in [(20_999.0, true), (21_000.0, true), (21_001.0, false)] {
        let world = server().poll([ready().after(delay)]).world();
        let client = world.client();
        let mut is_created = false;
        let outcome = world.run_until(Call::SolveImage(image()).make(&client), || {
            if !is_created && world.sent()[0].end.is_some() {
                is_created = true;
                world.oversleep(30_000.0);
            }
            false
        });
        match is_in_time {
            true => assert_eq!(outcome.unwrap().unwrap(), "w7kq"),
            false => {
                let failure = refused(outcome.unwrap(), Class::SolveTimeout, "SOLVE_TIMEOUT");
                let Some(Cause::Failure(cause)) = failure.cause else { panic!("no cause") };
                assert_eq!((cause.class, &*cause.code), (Class::Transport, "REQUEST_TIMEOUT"));
            }
        }
        assert_eq!(world.count("getTaskResult"), 1);
        assert_eq!((world.timers(), world.in_flight()), (0, 0));
    }
}

#[test]
fn twenty_waits_of_a_hidden_tab_get_their_results() {
    let world = World::new(|sent| match sent.method.as_str() {
        "createTask" => answer(json!({ "errorId": 0, "taskId": sent.index + 1 })),
        "getBalance" => balance(1.0),
        _ => ready(),
    });
    let client = world.client();
    world.balance().by(&client).run().unwrap();
    world.set_timer_grid(MINUTE_MS);
    let calls: Vec<_> = (0..20).map(|_| Call::SolveImage(image())).collect();
    for outcome in world.run(together(calls.iter().map(|call| call.make(&client)))) {
        assert_eq!(outcome.unwrap(), "w7kq");
    }
    assert_eq!(world.count("getTaskResult"), 20);
}

/// The machine sleeps while the first pause passes.
#[test]
fn a_machine_that_slept_asks_once_more() {
    for call in solves() {
        for slept in [11_000.0, MINUTE_MS, 250_000.0, 301_000.0, 3_600_000.0, 86_400_000.0] {
            let world = server().poll([ready()]).world();
            let client = world.client();
            let mut is_created = false;
            let outcome = world.run_until(call.make(&client), || {
                // The next timer after the creation is that of the first pause.
                if !is_created && world.sent().first().is_some_and(|it| it.end.is_some()) {
                    is_created = true;
                    world.oversleep(slept);
                }
                false
            });
            outcome.unwrap().unwrap();
            assert_eq!(world.count("getTaskResult"), 1, "{slept}");
        }
    }
}

/// A task that was asked for and is gone is not asked for again: the services ban for unknown tasks.
#[test]
fn a_task_that_is_gone_is_asked_for_only_if_it_never_was() {
    for slept in [250_000.0, 301_000.0, 3_600_000.0] {
        let world = server().poll([processing(), ready()]).world();
        let client = world.client();
        let mut is_asked = false;
        let outcome = world.run_until(Call::Solve(token_task()).make(&client), || {
            if !is_asked
                && world.sent_to("getTaskResult").first().is_some_and(|it| it.end.is_some())
            {
                is_asked = true;
                world.oversleep(slept);
            }
            false
        });
        let outcome = outcome.unwrap();
        if slept < 300_000.0 {
            outcome.unwrap();
            assert_eq!(world.count("getTaskResult"), 2);
        } else {
            let failure = refused(outcome, Class::SolveTimeout, "SOLVE_TIMEOUT");
            assert_eq!(failure.task_id, Some(task_id(TASK_ID)));
            assert_eq!(world.count("getTaskResult"), 1);
            let failure = refused(
                world.wait(TASK_ID).by(&client).run(),
                Class::SolveTimeout,
                "SOLVE_TIMEOUT",
            );
            assert!(!failure.retryable);
            assert_eq!(world.count("getTaskResult"), 1);
        }
    }
}

/// Some clocks stand still while a machine sleeps: the client cannot know, and the service says what became of the
/// task.
#[test]
fn a_clock_that_stood_still_changes_nothing() {
    let code = "ERROR_NO_SUCH_CAPCHA_ID";
    for (script, is_known) in [(ready(), true), (error(code), false)] {
        let world = server().poll([processing(), script]).world();
        let outcome = world.solve(token_task()).run();
        match is_known {
            true => drop(outcome.unwrap()),
            false => drop(refused(outcome, Class::TaskNotFound, code)),
        }
        assert_spaced(&world.sent_to("getTaskResult"));
    }
}

#[test]
fn no_wait_gives_up_without_a_request() {
    // The time is shorter than the first pause, or over when the task is created.
    for timeout in [1, 80, 81, 100, 349, 350, 1_000] {
        for (call, least) in [
            (Call::Solve(token_task()), 80),
            (Call::SolveImage(image()), 80),
            (Call::Wait(TASK_ID), 0),
        ] {
            let world = server().poll([processing()]).world();
            let client = world.client();
            let outcome =
                world.run(call.with(&client, json!({ "timeoutMs": timeout }), &Log::default()));
            if timeout < least {
                refused(outcome, Class::Transport, "REQUEST_TIMEOUT");
                assert_eq!(world.count("getTaskResult"), 0, "there is no task");
                continue;
            }
            let failure = refused(outcome, Class::SolveTimeout, "SOLVE_TIMEOUT");
            assert!(failure.english().contains("(result requests: 1)"), "{}", failure.english());
            assert_eq!(world.count("getTaskResult"), 1, "{call:?} {timeout}");
        }
    }
    // Another call has just asked for the task.
    let world = server().poll([processing(), ready()]).world();
    let client = world.client();
    world.result(TASK_ID).by(&client).run().unwrap();
    world.wait(TASK_ID).by(&client).timeout_ms(100).run().unwrap();
    assert_spaced(&world.sent());
    // It has been asked for 120 times.
    let world = server().poll([processing()]).world();
    let client = world.client();
    world.solve(token_task()).by(&client).timeout_ms(299_000).run().unwrap_err();
    let outcome = world.wait(TASK_ID).by(&client).run();
    refused(outcome, Class::SolveTimeout, "SOLVE_TIMEOUT");
    assert_eq!(world.count("getTaskResult"), 120);
}

/// A task that is created when its time is over would be paid for and dropped.
#[test]
fn nothing_is_bought_when_a_pause_before_a_repeat_ends_too_late() {
    for script in
        [error("ERROR_NO_SLOT_AVAILABLE"), page(503, ""), page(429, "").retry_after(1_000.0)]
    {
        for call in [Call::SolveImage(image()), Call::Solve(image_task())] {
            let world = server().create([script.clone(), created()]).world();
            world.set_timer_grid(MINUTE_MS);
            let outcome = world.run(call.make(&world.client()));
            let failure = outcome.unwrap_err();
            assert!(matches!(failure.class, Class::Capacity | Class::Transport), "{failure:#?}");
            assert!(failure.may_have_created_task != Some(true) && failure.task_id.is_none());
            assert_eq!(world.count("createTask"), 1);
        }
        // With time enough it is repeated, however late.
        let world = server().create([script.clone(), created()]).world();
        world.set_timer_grid(MINUTE_MS);
        world.create(token_task()).run().unwrap();
        world.solve(token_task()).run().unwrap();
    }
}
