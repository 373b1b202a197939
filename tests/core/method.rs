//! The ids of tasks: numbers and texts, exactly as a service gives them.

use capwire_testkit::*;

fn created_with(id: Value) -> Script {
    answer(json!({ "errorId": 0, "taskId": id }))
}

#[test]
fn an_id_that_is_text_stays_the_same_text_everywhere() {
    let long = "x".repeat(1_024);
    for id in [
        "6f1c2a9e-0b1d-4a53-9d0a-0d6cc0a1f5e4",
        "61138bb6-19fb-11ec-a9c8-0242ac110006",
        "410000123",
        "0007",
        "9007199254740993",
        "1e9",
        "+12",
        " 12",
        "a/b+c=",
        "задача 7",
        &long,
    ] {
        let world =
            server().create([created_with(json!(id))]).poll([processing(), ready()]).world();
        let log = Log::default();
        let solved = world.solve(token_task()).log(&log).run().unwrap();
        assert_eq!(solved["taskId"], id);
        assert_eq!(world.sent()[1].body["taskId"], id);
        for event in log.events() {
            assert_eq!(event["taskId"], id, "{event}");
        }
        assert_spaced(&world.sent_to("getTaskResult"));
        // Any process can go on with it.
        let own = json!({ "baseUrl": "https://captcha.example" });
        let client = world.client_with(own);
        let read = client.read_id(&Js::from(id)).unwrap();
        let solved = world.run(client.wait_for_result(&read, &call_options(json!({})), &|_| {}));
        assert_eq!(plain(&solved.unwrap())["taskId"], id);
        world.run(client.ask(ReportKind::Image.method(), Some(&read))).unwrap();
        assert_eq!(world.sent().last().unwrap().body["taskId"], id);
    }
}

#[test]
fn a_failure_of_a_task_with_a_text_has_it_and_its_message_is_short() {
    let id = format!("{}/{}", "a".repeat(500), "b".repeat(500));
    let world = server().create([created_with(json!(id))]).poll([processing()]).world();
    let failure = refused(world.solve(token_task()).run(), Class::SolveTimeout, "SOLVE_TIMEOUT");
    assert_eq!(failure.record()["taskId"], id);
    let message = failure.english();
    assert!(message.contains(&id[..120]) && message.chars().count() < 300, "{message}");
}

#[test]
fn the_rules_hold_for_a_task_with_a_text() {
    let world = server().create([created_with(json!("a-1"))]).poll([processing()]).world();
    let client = world.client();
    let options = json!({ "timeoutMs": 290_000 });
    let outcome = world.solve(token_task()).by(&client).options(options).run();
    refused(outcome, Class::SolveTimeout, "SOLVE_TIMEOUT");
    let polls = world.sent_to("getTaskResult");
    assert_spaced(&polls);
    assert_eq!(polls.len(), 120);

    let code = "ERROR_NO_SUCH_CAPTCHA_ID";
    let world = server().create([created_with(json!("a-1"))]).poll([error(code)]).world();
    let client = world.client_with(json!({ "baseUrl": "https://captcha.example" }));
    refused(world.solve(token_task()).by(&client).run(), Class::TaskNotFound, code);
    let id = client.read_id(&Js::from("a-1")).unwrap();
    let again = world.run(client.task_result(&id)).map(|_| json!(null));
    refused_locally(again, Class::TaskNotFound, code);
    let other = client.read_id(&Js::from("a-2")).unwrap();
    world.run(client.task_result(&other)).expect_err("asked");
    assert_eq!(world.count("getTaskResult"), 2);
}

#[test]
fn what_cannot_be_an_id_is_none() {
    let world = server().world();
    let client = world.client_with(json!({ "baseUrl": "https://captcha.example" }));
    let values = [
        json!(0),
        json!(-1),
        json!(0.5),
        json!(9_007_199_254_740_992_u64),
        json!(1e300),
        json!(null),
        json!(true),
        json!({}),
        json!([TASK_ID]),
        json!(""),
        json!("   "),
        json!("0"),
        json!("a\u{0}b"),
        json!("a\nb"),
        json!("a\u{9b}b"),
        json!("a\u{fffd}"),
        json!("x".repeat(1_025)),
    ];
    for value in values.clone() {
        let failure = client.read_id(&Js::from(value.clone())).expect_err(&value.to_string());
        let failure = refused::<()>(Err(failure), Class::Task, "INVALID_TASK");
        assert_eq!(failure.field.as_deref(), Some("taskId"));
    }
    // From a service it is a task that may be paid for.
    for value in values {
        let world = server().create([created_with(value.clone()), created()]).world();
        let outcome = world.solve(token_task()).run();
        let failure = refused(outcome, Class::Transport, "BAD_RESPONSE");
        assert_eq!((failure.may_have_created_task, failure.retryable), (Some(true), false));
        assert_eq!(world.sent().len(), 1, "{value}");
        assert!(failure.english().chars().count() < 300, "{value}");
    }
}

/// The ids of the two services are numbers, and an unknown id leads to a ban. So a text of digits is its number there,
/// and any other text is refused, whatever profile points at them.
#[test]
fn at_the_services_hosts_an_id_is_a_number() {
    let profile = |url: &str| {
        let limits = json!({ "minBytes": 1, "maxBytes": 9 });
        json!({ "service": { "name": "own", "baseUrl": url, "imageLimits": limits } })
    };
    for options in [
        json!({}),
        json!({ "service": "brocapgpt" }),
        json!({ "baseUrl": "https://ru.api.capmonster.cloud" }),
        json!({ "baseUrl": "https://API.BroCapGPT.com.:443/v1" }),
        profile("https://capmonster.cloud/api"),
    ] {
        let client = server().world().client_with(options);
        let read = |id: &str| client.read_id(&Js::from(id));
        assert_eq!(read("410000123").unwrap(), task_id(TASK_ID));
        for id in ["a-1", "007", "+7", "1e9", "9007199254740993"] {
            refused::<()>(read(id).map(drop), Class::Task, "INVALID_TASK");
        }
    }
    for options in [
        json!({ "baseUrl": "http://127.0.0.1:8080" }),
        json!({ "baseUrl": "https://capmonster.cloud.example" }),
        profile("https://notcapmonster.cloud"),
    ] {
        let client = server().world().client_with(options);
        let id = client.read_id(&Js::from("410000123")).unwrap();
        assert_eq!(plain_id(&id), json!("410000123"));
    }
}
