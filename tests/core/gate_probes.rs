//! After the service has accepted a key and then refuses it or the address: paid tasks stay in reach, and a real ban
//! costs few requests.

use capwire_testkit::*;
use std::cell::Cell;
use std::rc::Rc;

const KEY_CODE: &str = "ERROR_KEY_DOES_NOT_EXIST";
const CODES: [(Class, &str, usize); 4] = [
    // The most refusals of result requests in a row.
    (Class::Key, KEY_CODE, 4),
    (Class::Access, "ERROR_IP_NOT_ALLOWED", 6),
    (Class::Access, "ERROR_IP_BANNED", 6),
    (Class::Access, "ERROR_IP_BLOCKED", 6),
];
const HOUR_MS: f64 = 3_600_000.0;

fn task_of(sent: &Sent) -> u64 {
    sent.body["taskId"].as_u64().unwrap()
}

/// Twenty tasks are created; `poll` answers each result request.
fn twenty(poll: impl Fn(u64, &Sent) -> Script + 'static) -> (World, Vec<Outcome>) {
    let world = World::new(move |sent| match sent.method.as_str() {
        "createTask" => answer(json!({ "errorId": 0, "taskId": sent.index + 1 })),
        "getTaskResult" => poll(task_of(sent), sent),
        _ => balance(1.0),
    });
    let client = world.client();
    world.balance().by(&client).run().unwrap();
    let solves = (0..20).map(|_| Call::Solve(token_task()));
    let solves: Vec<_> = solves.collect();
    let outcomes = world.run(together(solves.iter().map(|call| call.make(&client))));
    world.balance().by(&client).run().ok();
    (world, outcomes)
}

fn failures(outcomes: Vec<Outcome>) -> Vec<Failure> {
    outcomes.into_iter().filter_map(|it| it.err().map(|failure| *failure)).collect()
}

#[test]
fn a_refused_task_keeps_no_other_paid_task_out_of_reach() {
    for (class, code, _) in CODES {
        for bad in [1, 3, 19, 20] {
            // Those that are refused are asked for at the same time as the others, or 10 ms apart.
            for spread in [0.0, 10.0] {
                let (world, outcomes) = twenty(move |task, _| {
                    let script = if task <= bad { error(code) } else { ready() };
                    script.after(80.0 + spread * task as f64)
                });
                let failures = failures(outcomes);
                assert_eq!(failures.len() as u64, bad, "{code}: {bad} of 20");
                for failure in failures {
                    assert_eq!(failure.origin, Origin::Service, "{failure:#?}");
                    let failure = refused::<()>(Err(failure.into()), class, code);
                    assert!(number(&failure.task_id.unwrap()) <= bad);
                }
                assert_eq!(world.count("getTaskResult"), 20);
            }
        }
    }
}

/// The tasks are not ready yet when one of them is refused: the others wait, one asks, and all go on.
#[test]
fn the_waits_of_the_other_tasks_go_on_when_a_probe_is_accepted() {
    for (class, code, _) in CODES {
        let is_hit = Rc::new(Cell::new(false));
        let (world, outcomes) = twenty(move |task, sent| match is_hit.get() {
            false if task == 7 => {
                is_hit.set(true);
                error(code)
            }
            _ if sent.start < 1_004_000.0 => processing(),
            _ => ready(),
        });
        let [failure] = <[_; 1]>::try_from(failures(outcomes)).unwrap();
        let failure = refused::<()>(Err(failure.into()), class, code);
        assert_eq!(failure.task_id, Some(task_id(7)));
        if class == Class::Access {
            assert_eq!(failure.retry_after_ms, Some(2_000.0), "a result request may be repeated");
        }
        // The refused task can be waited for again, by a new call.
        assert_eq!(world.run(Call::Wait(7).make(&world.client())).unwrap()["taskId"], 7);
        for task in (1..=20).filter(|task| *task != 7) {
            let polls: Vec<_> = world.sent_to("getTaskResult");
            assert_spaced(&polls.into_iter().filter(|it| task_of(it) == task).collect::<Vec<_>>());
        }
    }
}

/// One of twenty is refused, then one probe after the other.
#[test]
fn so_many_refusals_in_a_row_close_the_account_and_no_fewer() {
    for (class, code, most) in CODES {
        for bad in 1..=most {
            let (world, outcomes) = twenty(move |_, sent| match sent.index {
                20 => error(code),
                ..40 => processing(),
                index if index < 39 + bad => error(code),
                _ => ready(),
            });
            let failures = failures(outcomes);
            let of_service = failures.iter().filter(|it| it.origin == Origin::Service).count();
            assert_eq!(of_service, bad, "{code}: {bad}");
            if bad < most {
                assert_eq!(failures.len(), bad, "{code}: {bad}");
                continue;
            }
            assert_eq!(failures.len(), 20);
            assert_eq!(world.count("getTaskResult"), 39 + most);
            for failure in failures {
                assert!(failure.task_id.is_some());
                refused::<()>(Err(failure.into()), class, code);
            }
        }
    }
}

/// A network with several addresses, of which some are refused.
#[test]
fn alternating_answers_lose_only_the_tasks_that_are_refused() {
    for (class, code, _) in CODES {
        let (_, outcomes) =
            twenty(move |_, sent| match (sent.start < 1_003_000.0, sent.index % 2) {
                (true, 0) => error(code),
                (true, _) => processing(),
                _ => ready(),
            });
        let failures = failures(outcomes);
        assert_eq!(failures.len(), 10, "{code}");
        for failure in failures {
            assert_eq!(refused::<()>(Err(failure.into()), class, code).origin, Origin::Service);
        }
    }
}

/// Every result request is refused from now on. Tasks are waited for again and again, as a careless caller would.
#[test]
fn a_real_ban_costs_few_requests() {
    for (class, code, most) in CODES {
        let world = World::new(move |sent| match sent.method.as_str() {
            "getBalance" if sent.index == 0 => balance(1.0),
            _ => error(code),
        });
        let client = world.client();
        world.balance().by(&client).run().unwrap();
        let wait = async |id: u64| {
            let mut origins = vec![];
            for _ in 0..50 {
                let failure = refused(Call::Wait(id).make(&client).await, class, code);
                assert_eq!(failure.task_id, Some(task_id(id)));
                origins.push(failure.origin);
                world.sleep(1).await;
            }
            origins
        };
        let origins = world.run(together((1..=40).map(wait)));
        let of_service = |it: &&Origin| **it == Origin::Service;
        let told = origins.iter().flatten().filter(of_service).count();
        let polls = world.sent_to("getTaskResult");
        // Those that were under way together at the first refusal, and the probes.
        assert_eq!(polls.len(), 40 + most - 1, "{code}");
        assert_eq!(told, polls.len(), "each is told of its own refusal");
        let pauses: Vec<_> = polls[39..]
            .windows(2)
            .map(|pair| (pair[1].start - pair[0].end.unwrap()).round())
            .collect();
        let expected: Vec<_> = (0..most - 1).map(|at| 2_000.0 * 2_f64.powi(at as i32)).collect();
        assert_eq!(pauses, expected, "{code}");
        // And nothing else is sent.
        let failure = refused_locally(world.balance().by(&client).run(), class, code);
        let span = if class == Class::Key { HOUR_MS } else { 600_000.0 };
        assert!(failure.retry_after_ms.unwrap() > span - 120_000.0);
    }
}

#[test]
fn a_key_that_was_accepted_is_asked_again_once_before_it_is_closed() {
    for is_refused_again in [false, true] {
        let world = World::new(move |sent| match sent.index {
            1 => error(KEY_CODE),
            2 if is_refused_again => error(KEY_CODE),
            _ => balance(1.0),
        });
        let client = world.client();
        world.balance().by(&client).run().unwrap();
        refused(world.balance().by(&client).run(), Class::Key, KEY_CODE);
        // They wait for the probe, which is one of them.
        let calls = together((0..20).map(|_| Call::Balance.make(&client)));
        let outcomes = world.run(calls);
        let sent = world.sent();
        let pause = sent[2].start - sent[1].end.unwrap();
        assert_eq!(pause, 2_000.0);
        if is_refused_again {
            assert_eq!(sent.len(), 3);
            let failures = failures(outcomes);
            assert_eq!(failures.len(), 20);
            refused_locally(world.balance().by(&client).run(), Class::Key, KEY_CODE);
            world.pass(HOUR_MS);
            world.balance().by(&client).run().unwrap();
        } else {
            assert!(outcomes.iter().all(Result::is_ok));
            assert_eq!(sent.len(), 22);
            let accepted = sent[2].end.unwrap();
            assert!(sent[3..].iter().all(|it| (0.0..=250.0).contains(&(it.start - accepted))));
        }
    }
}

/// A banned address is not asked for anything but the results of paid tasks.
#[test]
fn during_a_ban_only_results_are_asked_for() {
    for code in ["ERROR_IP_BANNED", "ERROR_IP_BLOCKED"] {
        let world = server().balance([balance(1.0), error(code)]).world();
        let client = world.client();
        world.balance().by(&client).run().unwrap();
        refused(world.balance().by(&client).run(), Class::Access, code);
        world.pass(60_000.0);
        for call in [Call::Create(token_task()), Call::Solve(image_task()), Call::Balance] {
            let failure = refused_locally(world.run(call.make(&client)), Class::Access, code);
            assert_eq!(failure.retry_after_ms, Some(540_000.0));
        }
        assert_eq!(world.sent().len(), 2);
        world.wait(TASK_ID).by(&client).run().unwrap();
        // It was accepted, so there is no ban.
        world.create(token_task()).by(&client).run().unwrap();
    }
}

/// Other requests do not wait for ever behind a probe that hangs.
#[test]
fn a_request_behind_a_hanging_probe_is_refused_after_a_while() {
    let world = World::new(move |sent| match sent.index {
        0 => balance(1.0),
        1 => error(KEY_CODE),
        _ => hang(),
    });
    let client = world.client_with(json!({ "maxRetries": 0 }));
    world.balance().by(&client).run().unwrap();
    refused(world.balance().by(&client).run(), Class::Key, KEY_CODE);
    let start = world.now();
    let second = async {
        world.sleep(1).await;
        let outcome = Call::Balance.make(&client).await;
        (outcome, world.now() - start)
    };
    let flow = futures_lite::future::zip(Call::Balance.make(&client), second);
    let (first, (second, waited)) = world.run(flow);
    refused(first, Class::Transport, "REQUEST_TIMEOUT");
    refused_locally(second, Class::Key, KEY_CODE);
    assert!((4_999.0..=5_300.0).contains(&waited), "{waited}");
    assert_eq!(world.sent().len(), 3);
}

/// Probes that bring no answer are spaced too.
#[test]
fn a_broken_connection_is_no_reason_to_probe_faster() {
    let world = World::new(move |sent| match (sent.method.as_str(), sent.index) {
        ("getBalance", 0) => balance(1.0),
        ("getBalance", _) => error("ERROR_IP_NOT_ALLOWED"),
        _ => network().after(5.0),
    });
    let client = world.client();
    world.balance().by(&client).run().unwrap();
    refused(world.balance().by(&client).run(), Class::Access, "ERROR_IP_NOT_ALLOWED");
    let waits: Vec<_> = (1..=20).map(Call::Wait).collect();
    let options = json!({ "timeoutMs": 30_000 });
    let log = Log::default();
    for outcome in
        world.run(together(waits.iter().map(|call| call.with(&client, options.clone(), &log))))
    {
        refused(outcome, Class::SolveTimeout, "SOLVE_TIMEOUT");
    }
    let polls = world.sent_to("getTaskResult");
    assert!((10..=15).contains(&polls.len()), "{}", polls.len());
    for pair in polls.windows(2) {
        assert!(pair[1].start - pair[0].start >= 2_000.0 - 1e-6);
    }
}

/// A wait that had no turn says why. Its task can be waited for later.
#[test]
fn a_wait_ends_in_its_own_time_and_names_the_refusal() {
    let code = "ERROR_IP_BANNED";
    let (world, outcomes) = {
        let world = World::new(move |sent| match (sent.method.as_str(), sent.index) {
            ("getBalance", 0) => balance(1.0),
            ("getBalance", _) => error(code),
            _ => error(code).after(1_000.0),
        });
        let client = world.client();
        world.balance().by(&client).run().unwrap();
        refused(world.balance().by(&client).run(), Class::Access, code);
        let waits: Vec<_> = (1..=5).map(Call::Wait).collect();
        let options = json!({ "timeoutMs": 10_000 });
        let log = Log::default();
        let calls = waits.iter().map(|call| call.with(&client, options.clone(), &log));
        let outcomes = world.run(together(calls));
        (world, outcomes)
    };
    let (mut told, mut late) = (0, 0);
    for failure in failures(outcomes) {
        if failure.class == Class::Access {
            told += 1;
            assert_eq!(failure.origin, Origin::Service);
            continue;
        }
        late += 1;
        assert_eq!((failure.class, &*failure.code), (Class::SolveTimeout, "SOLVE_TIMEOUT"));
        assert!(failure.retryable && failure.task_id.is_some());
        let Some(Cause::Failure(cause)) = failure.cause else { panic!("no cause") };
        assert_eq!(
            (cause.class, &*cause.code, cause.origin),
            (Class::Access, code, Origin::Client)
        );
    }
    assert_eq!((told, late), (2, 3));
    assert_eq!(world.count("getTaskResult"), 2);
}

#[test]
fn another_key_goes_on() {
    let code = "ERROR_IP_NOT_ALLOWED";
    let world = World::new(move |sent| match sent.body["clientKey"] == KEY {
        true if sent.index > 0 => error(code),
        _ => balance(1.0),
    });
    let (client, other) =
        (world.client(), world.client_with(json!({ "clientKey": "another-key-of-another-user" })));
    world.balance().by(&client).run().unwrap();
    refused(world.balance().by(&client).run(), Class::Access, code);
    let now = world.now();
    world.balance().by(&other).run().unwrap();
    assert_eq!(world.sent().last().unwrap().start, now);
}
