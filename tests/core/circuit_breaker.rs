//! Requests that are not sent again after a refusal: the services ban for repeats.

use capwire_testkit::*;

const BAN_MS: f64 = 600_000.0;
const HOUR_MS: f64 = 3_600_000.0;
const DAY_MS: f64 = 86_400_000.0;
const OTHER_ID: u64 = 7;

/// A task for a page.
fn task_at(url: &str) -> Call {
    Call::Create(
        json!({ "type": "TurnstileTaskProxyless", "websiteURL": url, "websiteKey": "0x4AAA" })
            .into(),
    )
}

fn task_over(address: &str, port: u32) -> Call {
    let task = json!({
        "type": "TurnstileTask",
        "websiteURL": "https://behind.example",
        "websiteKey": "0x4AAA",
        "proxyType": "http",
        "proxyAddress": address,
        "proxyPort": port,
    });
    Call::Create(task.into())
}

/// A refusal and its consequences.
struct Rule {
    class: Class,
    code: &'static str,
    /// The calls that may meet it.
    met_by: Vec<Call>,
    blocked: Vec<Call>,
    free: Vec<Call>,
    /// How long it lasts.
    lasts: f64,
}

fn rules() -> Vec<Rule> {
    let everything = || {
        vec![
            Call::Create(token_task()),
            Call::Solve(image_task()),
            Call::SolveImage(image()),
            Call::Result(TASK_ID),
            Call::Wait(OTHER_ID),
            Call::Balance,
        ]
    };
    let everywhere = |class, code, lasts| Rule {
        class,
        code,
        met_by: one_call_per_method().into(),
        blocked: everything(),
        free: vec![],
        lasts,
    };
    let dead = |code| Rule {
        class: Class::TaskNotFound,
        code,
        met_by: vec![Call::Result(TASK_ID), Call::Wait(TASK_ID)],
        blocked: vec![Call::Result(TASK_ID), Call::Wait(TASK_ID)],
        free: vec![
            Call::Result(OTHER_ID),
            Call::Wait(OTHER_ID),
            Call::Create(token_task()),
            Call::Balance,
        ],
        lasts: HOUR_MS,
    };
    vec![
        everywhere(Class::Key, "ERROR_KEY_DOES_NOT_EXIST", HOUR_MS),
        everywhere(Class::Access, "ERROR_IP_BANNED", BAN_MS),
        everywhere(Class::Access, "ERROR_IP_BLOCKED", BAN_MS),
        everywhere(Class::Access, "ERROR_IP_NOT_ALLOWED", BAN_MS),
        dead("ERROR_NO_SUCH_CAPCHA_ID"),
        dead("WRONG_CAPTCHA_ID"),
        Rule {
            class: Class::Balance,
            code: "ERROR_ZERO_BALANCE",
            met_by: vec![Call::Create(token_task()), Call::Solve(image_task())],
            blocked: vec![
                Call::Create(token_task()),
                Call::Solve(image_task()),
                Call::SolveImage(image()),
            ],
            free: vec![Call::Result(TASK_ID), Call::Wait(OTHER_ID)],
            lasts: BAN_MS,
        },
        Rule {
            class: Class::Domain,
            code: "ERROR_DOMAIN_NOT_ALLOWED",
            met_by: vec![task_at("https://shop.example/a")],
            blocked: vec![task_at("https://shop.example/a"), task_at("https://SHOP.example/b?c#d")],
            free: vec![
                task_at("https://other.example/a"),
                Call::Create(image_task()),
                Call::Result(TASK_ID),
                Call::Balance,
            ],
            lasts: DAY_MS,
        },
        Rule {
            class: Class::Proxy,
            code: "ERROR_PROXY_BANNED",
            met_by: vec![task_over("198.51.100.7", 8080)],
            blocked: vec![task_over("198.51.100.7", 8080)],
            free: vec![
                task_over("198.51.100.8", 8080),
                task_over("198.51.100.7", 8081),
                task_at("https://shop.example"),
                Call::Result(TASK_ID),
                Call::Balance,
            ],
            lasts: BAN_MS,
        },
    ]
}

/// A client that has just met a refusal, and the time when it did.
fn refused_client(rule: &Rule, by: &Call) -> (World, Client<World>, f64) {
    let world = server().world_after(error(rule.code));
    let client = world.client();
    let failure = refused(world.run(by.make(&client)), rule.class, rule.code);
    assert_eq!(failure.origin, Origin::Service);
    assert_eq!(world.sent().len(), 1);
    let now = world.now();
    (world, client, now)
}

fn each_rule(mut check: impl FnMut(&Rule, &Call)) {
    for rule in &rules() {
        for by in &rule.met_by {
            check(rule, by);
        }
    }
}

#[test]
fn a_refusal_is_repeated_locally_with_its_class_and_code() {
    each_rule(|rule, by| {
        let (world, client, refused_at) = refused_client(rule, by);
        for (count, call) in rule.blocked.iter().enumerate() {
            world.pass(1_000.0);
            let failure = refused_locally(world.run(call.make(&client)), rule.class, rule.code);
            let left = refused_at + rule.lasts - world.now();
            assert_eq!(failure.retry_after_ms, Some(left), "after {count} calls: {call:?}");
            assert_eq!(failure.service.as_deref(), Some("capmonster"));
            let (method, task) = match call {
                Call::Balance => ("getBalance", None),
                Call::Result(id) | Call::Wait(id) => ("getTaskResult", Some(task_id(*id))),
                _ => ("createTask", None),
            };
            assert_eq!(failure.method.map(|method| method.name()), Some(method));
            assert_eq!(failure.task_id, task);
            assert_eq!(world.sent().len(), 1, "{call:?} was sent");
        }
    });
}

#[test]
fn a_refusal_blocks_nothing_else() {
    each_rule(|rule, by| {
        for call in &rule.free {
            let (world, client, _) = refused_client(rule, by);
            let outcome = world.run(call.make(&client));
            assert!(outcome.is_ok(), "{}: {call:?}: {outcome:?}", rule.code);
        }
    });
}

#[test]
fn another_account_is_not_blocked() {
    each_rule(|rule, by| {
        let (world, _, _) = refused_client(rule, by);
        let other = world.client();
        assert!(rule.blocked.iter().all(|call| world.run(call.make(&other)).is_ok()));
    });
}

#[test]
fn nothing_is_closed_for_ever() {
    each_rule(|rule, by| {
        for call in &rule.blocked {
            let (world, client, _) = refused_client(rule, by);
            world.pass(rule.lasts - 1.0);
            refused_locally(world.run(call.make(&client)), rule.class, rule.code);
            world.pass(1.0);
            assert!(world.run(call.make(&client)).is_ok(), "{}: {call:?}", rule.code);
        }
    });
}

#[test]
fn when_its_time_is_over_one_probe_is_let_through_and_a_refused_one_closes_again() {
    for rule in &rules() {
        let (by, probe) = (&rule.met_by[0], &rule.blocked[0]);
        let code = rule.code;
        let world = World::new(move |_| error(code));
        let client = world.client();
        refused(world.run(by.make(&client)), rule.class, code);
        for round in 2..=4 {
            world.pass(rule.lasts);
            let calls = (0..50).map(|_| probe.make(&client));
            let outcomes = world.run(together(calls));
            let origins = outcomes.into_iter().map(|it| refused(it, rule.class, code).origin);
            assert_eq!(origins.filter(|it| *it == Origin::Service).count(), 1, "{code}");
            assert_eq!(world.sent().len(), round, "{code}");
        }
    }
}

/// Its connection breaks, or the caller gives it up.
#[test]
fn a_probe_without_an_answer_is_followed_by_another_one() {
    for rule in &rules() {
        for lost in [network(), hang()] {
            let (code, probe) = (rule.code, &rule.blocked[0]);
            let world = World::new(move |sent| match sent.start {
                ..1_000_100.0 => error(code),
                _ => lost.clone(),
            });
            let client = world.client();
            refused(world.run(rule.met_by[0].make(&client)), rule.class, code);
            world.pass(rule.lasts);
            world.run_for(probe.make(&client), 1);
            let sent = world.sent().len();
            assert_eq!(sent, 2, "{code}: {probe:?}");
            world.pass(32_000.0);
            world.run_for(probe.make(&client), 1);
            assert_eq!(world.sent().len(), 3, "{code}: {probe:?}");
        }
    }
}

#[test]
fn an_address_ban_says_at_once_how_long_to_wait() {
    for code in ["ERROR_IP_BANNED", "ERROR_IP_BLOCKED", "ERROR_IP_NOT_ALLOWED"] {
        for call in one_call_per_method() {
            let world = server().world_after(error(code));
            let failure = refused(world.run(call.make(&world.client())), Class::Access, code);
            assert_eq!(failure.retry_after_ms, Some(BAN_MS));
        }
    }
}

#[test]
fn tasks_are_created_again_once_the_balance_is_positive() {
    let world = server()
        .create([error("ERROR_ZERO_BALANCE").status(402), created()])
        .balance([balance(0.0), balance(-0.5), network(), balance(0.01)])
        .world();
    let client = world.client_with(json!({ "maxRetries": 0 }));
    let create = Call::Create(token_task());
    refused(world.run(create.make(&client)), Class::Balance, "ERROR_ZERO_BALANCE");
    for money in [Some(0.0), Some(-0.5), None] {
        assert_eq!(world.balance().by(&client).run().ok(), money.map(Value::from));
        refused_locally(world.run(create.make(&client)), Class::Balance, "ERROR_ZERO_BALANCE");
    }
    assert_eq!(world.balance().by(&client).run().unwrap(), 0.01);
    assert_eq!(world.run(create.make(&client)).unwrap(), TASK_ID);
}

/// A service may refuse the site or the proxy only when the result is requested.
#[test]
fn a_site_or_proxy_refused_with_a_result_is_refused_for_new_tasks() {
    for (class, code) in
        [(Class::Proxy, "ERROR_PROXY_BANNED"), (Class::Domain, "ERROR_DOMAIN_NOT_ALLOWED")]
    {
        let split = [Call::Create(token_task()), Call::Wait(TASK_ID)];
        for calls in [vec![Call::Solve(token_task())], split.into()] {
            let world = server().poll([error(code)]).world();
            let client = world.client();
            let outcomes: Vec<_> = calls.iter().map(|call| world.run(call.make(&client))).collect();
            refused(outcomes.last().unwrap().clone(), class, code);
            let sent = world.sent().len();
            let outcome = world.create(token_task()).by(&client).run();
            assert!(outcome.is_err(), "{code} was forgotten after {calls:?}");
            refused_locally(outcome, class, code);
            assert_eq!(world.sent().len(), sent);
        }
    }
}

#[test]
fn other_errors_block_nothing() {
    for (class, code) in [
        (Class::Unsolvable, "ERROR_CAPTCHA_UNSOLVABLE"),
        (Class::Task, "ERROR_INVALID_TASK"),
        (Class::Task, "ERROR_NO_SUCH_METHOD"),
        (Class::Capacity, "ERROR_SERVICE_NOT_AVAILABLE"),
        (Class::Proxy, "ERROR_PROXY_CONNECT_REFUSED"),
        (Class::UnknownService, "ERROR_SOMETHING_NEW"),
    ] {
        let world = server().create([error(code), created()]).world();
        let client = world.client();
        let create = Call::Create(token_task());
        refused(world.run(create.make(&client)), class, code);
        assert!(world.run(create.make(&client)).is_ok(), "{code}");
    }
}

#[test]
fn a_refusal_stops_the_retries_of_another_call() {
    for (class, code, is_probed) in [
        // The key was accepted before, so it is asked again once.
        (Class::Key, "ERROR_KEY_DOES_NOT_EXIST", true),
        (Class::Access, "ERROR_IP_NOT_ALLOWED", true),
        (Class::Access, "ERROR_IP_BANNED", false),
        (Class::Access, "ERROR_IP_BLOCKED", false),
        (Class::Balance, "ERROR_ZERO_BALANCE", false),
    ] {
        // Both are in flight: one may be repeated, the other is refused.
        let world = World::new(move |sent| match sent.index {
            0 => error("ERROR_NO_SLOT_AVAILABLE"),
            _ => error(code),
        });
        let client = world.client();
        let calls = [Call::Create(token_task()), Call::Create(image_task())];
        let outcomes = world.run(together(calls.iter().map(|call| call.make(&client))));
        let [repeated, final_refusal] = <[Outcome; 2]>::try_from(outcomes).unwrap();
        let origin = if is_probed { Origin::Service } else { Origin::Client };
        assert_eq!(refused(repeated, class, code).origin, origin, "{code}");
        assert_eq!(refused(final_refusal, class, code).origin, Origin::Service);
        assert_eq!(world.sent().len(), 2 + usize::from(is_probed), "{code}");
        refused_locally(world.run(calls[0].make(&client)), class, code);
    }
}

#[test]
fn a_second_refusal_does_not_replace_the_first() {
    let codes = ["ERROR_ZERO_BALANCE", "ERROR_IP_BANNED"];
    let world = World::new(move |sent| error(codes[usize::from(sent.method != "createTask")]));
    let client = world.client();
    let create = Call::Create(token_task());
    refused(world.run(create.make(&client)), Class::Balance, codes[0]);
    refused(world.balance().by(&client).run(), Class::Access, codes[1]);
    refused_locally(world.balance().by(&client).run(), Class::Access, codes[1]);
    assert_eq!(world.sent().len(), 2);

    let dead = "ERROR_NO_SUCH_CAPCHA_ID";
    let world = World::new(move |_| error(dead));
    let client = world.client();
    for id in [TASK_ID, OTHER_ID] {
        refused(world.result(id).by(&client).run(), Class::TaskNotFound, dead);
    }
    for id in [TASK_ID, OTHER_ID] {
        refused_locally(world.result(id).by(&client).run(), Class::TaskNotFound, dead);
    }
}
