//! The first-request gate: until the service has accepted the key, requests go one at a time.

use capwire_testkit::*;

/// Fifty calls that start together on an unused account.
fn fifty(call: &Call, world: &World) -> Vec<Outcome> {
    let client = world.client_with(json!({ "maxRetries": 0 }));
    world.run(together((0..50).map(|_| call.make(&client))))
}

#[test]
fn only_one_of_many_first_calls_with_a_refused_key_is_sent() {
    for (class, code) in [
        (Class::Key, "ERROR_KEY_DOES_NOT_EXIST"),
        (Class::Access, "ERROR_IP_BANNED"),
        (Class::Access, "ERROR_IP_NOT_ALLOWED"),
    ] {
        for call in one_call_per_method() {
            let world = World::new(move |_| error(code).after(300.0));
            let outcomes = fifty(&call, &world);
            let origin = |outcome| refused(outcome, class, code).origin;
            let origins: Vec<_> = outcomes.into_iter().map(origin).collect();
            assert_eq!(origins.iter().filter(|it| **it == Origin::Service).count(), 1, "{code}");
            assert_eq!(world.sent().len(), 1, "{code} of {call:?}");
            assert_eq!(world.timers(), 0);
        }
    }
}

#[test]
fn only_one_of_many_first_tasks_for_an_empty_account_is_sent() {
    let world = server().create([error("ERROR_ZERO_BALANCE").after(300.0)]).world();
    for outcome in fifty(&Call::Create(token_task()), &world) {
        refused(outcome, Class::Balance, "ERROR_ZERO_BALANCE");
    }
    assert_eq!(world.sent().len(), 1);
}

#[test]
fn once_the_key_is_accepted_all_calls_are_sent() {
    let world = World::new(|_| balance(1.0).after(300.0));
    for outcome in fifty(&Call::Balance, &world) {
        assert_eq!(outcome.unwrap(), 1.0);
    }
    let sent = world.sent();
    let first_end = sent[0].end.unwrap();
    assert_eq!(sent.len(), 50);
    for later in &sent[1..] {
        let wait = later.start - first_end;
        assert!((0.0..=25.0).contains(&wait), "sent {wait} ms after the first answer");
    }
}

/// An error about a task proves that the service accepts the key.
#[test]
fn an_error_that_is_not_about_the_key_opens_the_gate() {
    let world = World::new(|sent| match sent.index {
        0 => error("ERROR_CAPTCHA_UNSOLVABLE").after(300.0),
        _ => processing().after(300.0),
    });
    let client = world.client();
    let started = world.now();
    let calls = (1..=20).map(Call::Result).collect::<Vec<_>>();
    let outcomes = world.run(together(calls.iter().map(|call| call.make(&client))));
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 19);
    assert!(world.now() - started < 700.0, "they were sent one by one");
}

/// A request that is never answered must not block the others for ever.
#[test]
fn a_first_request_that_hangs_delays_the_others_by_3_seconds() {
    let world = World::new(|sent| if sent.index == 0 { hang() } else { balance(1.0) });
    let outcomes = fifty(&Call::Balance, &world);
    let failures: Vec<_> = outcomes.into_iter().filter_map(Result::err).collect();
    let [failure] = <[_; 1]>::try_from(failures).unwrap();
    refused::<()>(Err(failure), Class::Transport, "REQUEST_TIMEOUT");
    assert_eq!(world.sent().len(), 50);
    let sent = world.sent();
    assert!(sent[1..].iter().all(|later| later.start - sent[0].start == 3_000.0), "{sent:#?}");
}

#[test]
fn a_call_that_waits_for_the_gate_keeps_its_timeout() {
    let world = World::new(|_| hang());
    let client = world.client();
    let started = world.now();
    let calls =
        [(Call::Balance, json!({})), (Call::SolveImage(image()), json!({ "timeoutMs": 2_000 }))];
    let outcomes = world.run(together(calls.iter().map(async |(call, options)| {
        let outcome = call.with(&client, options.clone(), &Log::default()).await;
        (outcome, world.now() - started)
    })));
    let [(first, _), (second, took)] = <[_; 2]>::try_from(outcomes).unwrap();
    refused(first, Class::Transport, "REQUEST_TIMEOUT");
    refused_locally(second, Class::Transport, "REQUEST_TIMEOUT");
    assert_eq!(took, 2_000.0);
    assert_eq!(world.count("createTask"), 0);
}

#[test]
fn a_dropped_call_lets_the_next_one_pass() {
    let world = World::new(|sent| if sent.index == 0 { hang() } else { balance(1.0) });
    let client = world.client();
    let first = async {
        let _ = futures_lite::future::or(
            async { drop(Call::Balance.make(&client).await) },
            world.sleep(500),
        )
        .await;
    };
    let (_, second) = world.run(futures_lite::future::zip(first, Call::Balance.make(&client)));
    assert_eq!(second.unwrap(), 1.0);
    let sent = world.sent();
    let wait = sent[1].start - sent[0].start;
    assert!((500.0..=525.0).contains(&wait), "{wait}");
}

/// All wait for the answer to getBalance. Before that, each found that the task may be polled.
#[test]
fn calls_for_one_task_that_wait_for_the_gate_keep_the_poll_gap() {
    let world = World::new(|sent| match (&*sent.method, sent.index) {
        ("getBalance", _) => balance(1.0).after(300.0),
        (_, 0) => processing().after(300.0),
        _ => ready(),
    });
    let client = world.client();
    let calls = [Call::Balance, Call::Result(TASK_ID), Call::Result(TASK_ID), Call::Wait(TASK_ID)];
    for outcome in world.run(together(calls.iter().map(|call| call.make(&client)))) {
        outcome.unwrap();
    }
    let polls = world.sent_to("getTaskResult");
    assert_spaced(&polls);
    assert_eq!(polls.len(), 3);
}

#[test]
fn an_answer_that_does_not_come_from_the_service_leaves_the_gate_closed() {
    for script in [network(), page(403, HTML), page(200, HTML), page(302, ""), too_large()] {
        let world = World::new(move |sent| match sent.index {
            0 => script.clone().after(300.0),
            _ => error("ERROR_KEY_DOES_NOT_EXIST").after(300.0),
        });
        let outcomes = fifty(&Call::Balance, &world);
        assert_eq!(world.sent().len(), 2, "the second request is sent alone, too");
        let failures: Vec<_> = outcomes.into_iter().filter_map(Result::err).collect();
        assert_eq!(failures.len(), 50);
        let of_key = failures.into_iter().filter(|failure| failure.class == Class::Key);
        let of_key = of_key
            .map(|failure| refused::<()>(Err(failure), Class::Key, "ERROR_KEY_DOES_NOT_EXIST"));
        assert_eq!(of_key.count(), 49);
    }
}

/// When a ban is over, nobody knows yet whether the service accepts the address again.
#[test]
fn after_a_ban_only_one_request_is_sent_first() {
    let code = "ERROR_IP_BANNED";
    let world = World::new(move |_| error(code).after(300.0));
    let client = world.client();
    refused(world.balance().by(&client).run(), Class::Access, code);
    world.pass(600_000.0);
    for outcome in world.run(together((0..50).map(|_| Call::Balance.make(&client)))) {
        refused(outcome, Class::Access, code);
    }
    assert_eq!(world.sent().len(), 2);
}
