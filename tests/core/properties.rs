//! Properties that hold for any service, any network and any values of the caller.

use capwire::task::catalog::CATALOG;
use capwire_testkit::*;
use proptest::prelude::*;

const KNOWN: &str = include_str!("../fixtures/seed-capmonster.txt");

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        let key = prop_oneof![
            Just("errorId".to_owned()),
            Just("errorCode".to_owned()),
            Just("status".to_owned()),
            Just("taskId".to_owned()),
            Just("solution".to_owned()),
            any::<String>(),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key, inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Answers that resemble a service's: arbitrary ones alone would hardly ever create a task.
fn likely() -> impl Strategy<Value = Script> {
    prop_oneof![
        3 => Just(created()),
        3 => Just(processing()),
        1 => Just(ready()),
        2 => prop::sample::select(KNOWN.lines().collect::<Vec<_>>()).prop_map(error),
        1 => any_json().prop_map(|id| answer(json!({ "errorId": 0, "taskId": id }))),
        1 => any_json().prop_map(|it| answer(json!({ "errorId": 0, "status": "ready", "solution": it }))),
        1 => any_json().prop_map(|id| answer(json!({ "errorId": id }))),
    ]
}

fn any_script() -> impl Strategy<Value = Script> {
    let status = prop_oneof![
        Just(200),
        prop::sample::select(vec![0, 302, 404, 429, 500, 502, 503]),
        100_u16..600
    ];
    let replied = prop_oneof![
        6 => likely(),
        1 => any_json().prop_map(answer),
        1 => any::<String>().prop_map(|text| page(200, &text)),
        1 => Just(too_large()),
    ];
    let replied = (replied, prop_oneof![3 => Just(None), 1 => status.prop_map(Some)]).prop_map(
        |(script, status)| match status {
            None => script,
            Some(status) => script.status(status),
        },
    );
    let retry_after = prop_oneof![4 => Just(None), 1 => any::<f64>().prop_map(Some)];
    let script = prop_oneof![8 => replied, 1 => Just(network()), 1 => Just(hang())];
    let delay = prop_oneof![Just(0.0), 0.0..3_000.0, 0.0..40_000.0];
    (script, retry_after, delay).prop_map(|(script, retry_after, delay)| {
        let script = script.after(delay);
        match retry_after {
            Some(ms) => script.retry_after(ms),
            None => script,
        }
    })
}

fn any_server() -> impl Strategy<Value = Server> {
    let create = prop_oneof![Just(vec![created()]), prop::collection::vec(any_script(), 1..6),];
    (create, prop::collection::vec(any_script(), 1..12))
        .prop_map(|(create, poll)| server().create(create).poll(poll))
}

/// Whether this answer to createTask certainly created nothing, so it may be repeated. Written independently of
/// the client's own rule.
fn created_nothing(script: &Script) -> bool {
    let End::Reply(reply) = &script.end else {
        return false;
    };
    let body = match &reply.body {
        Body::Json(body) => body.clone(),
        _ => json!(null),
    };
    match (body.get("errorId"), body["errorCode"].as_str()) {
        (Some(id), Some(code)) if *id != 0 => code == "ERROR_NO_SLOT_AVAILABLE",
        _ => matches!(reply.status, 429 | 503),
    }
}

proptest! {
    // No file of failed cases: each becomes a test with a name.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(600) })]

    #[test]
    fn a_solve_keeps_every_rule_whatever_comes_back(
        server in any_server(),
        timeout in prop_oneof![1_u32..5_000, 1_u32..400_000],
        interval in prop_oneof![Just(2_000_u32), 2_000_u32..30_000],
        request_timeout in prop_oneof![Just(21_000_u32), 1_u32..60_000],
        retries in 0_u32..=10,
        random in 0.0..1.0,
        timer_error in prop_oneof![Just(0.0), -0.9..5.0],
    ) {
        let world = server.clone().world();
        world.set_random(random);
        world.set_timer_error(timer_error);
        let client = world.client_with(json!({ "requestTimeoutMs": request_timeout, "maxRetries": retries }));
        let options = json!({ "timeoutMs": timeout, "pollIntervalMs": interval });
        let log = Log::default();
        let start = world.now();
        let outcome = world.solve(token_task()).by(&client).options(options).log(&log).run();

        let late = timer_error.max(0.0) + 1.0;
        let mut end = start + f64::from(timeout);
        let polls = world.sent_to("getTaskResult");
        // One last request when the time is over: the first of all, or one that a late timer has missed.
        if let Some(last) = polls.last().filter(|last| last.start >= end) {
            prop_assert!(polls.len() == 1 || timer_error > 0.0);
            prop_assert!(polls.iter().rev().skip(1).all(|poll| poll.start < end));
            end = last.start + f64::from(request_timeout);
        }
        prop_assert!(world.now() <= end + late, "too late");
        prop_assert_eq!((world.timers(), world.in_flight()), (0, 0));

        let creates = world.sent_to("createTask");
        let bought = creates.iter().filter(|sent| !created_nothing(&server.script("createTask", sent.index)));
        prop_assert!(bought.count() <= 1, "bought twice: {:#?}", creates);
        prop_assert!(creates.len() <= 1 + retries as usize);

        assert_spaced(&polls);
        prop_assert!(polls.len() <= 120);

        let created = log.of("created");
        prop_assert!(created.len() <= 1);
        prop_assert!(polls.is_empty() || created.len() == 1);
        match (outcome, created.first()) {
            (Ok(solved), Some(event)) => prop_assert_eq!(&solved["taskId"], &event["taskId"]),
            // Answered at once, without an id.
            (Ok(solved), None) => prop_assert_eq!((&solved["taskId"], &solved["polls"]), (&json!(0), &json!(0))),
            (Err(failure), Some(event)) => {
                let failure = failure.record();
                prop_assert_eq!(&failure["taskId"], &event["taskId"]);
            }
            (Err(failure), None) => {
                prop_assert_eq!(&failure.task_id, &None);
                // If the failure does not say that a task may exist, none does.
                let last = creates.last().map(|sent| server.script("createTask", sent.index));
                let lost = last.is_some_and(|script| !matches!(script.end, End::Reply(_)));
                prop_assert!(!lost || failure.may_have_created_task == Some(true), "{:#?}", failure);
            }
        }
    }

    #[test]
    fn concurrent_waits_share_one_poll_ledger(
        scripts in prop::collection::vec(any_script(), 1..12),
        starts in prop::collection::vec(0_u32..5_000, 2..5),
        timeout in 1_u32..300_000,
    ) {
        let world = server().poll(scripts).world();
        let client = world.client();
        let wait = Call::Wait(TASK_ID);
        let log = Log::default();
        let options = json!({ "timeoutMs": timeout });
        let flows = starts.iter().map(async |&delay| {
            world.sleep(delay).await;
            wait.with(&client, options.clone(), &log).await
        });
        for failure in world.run(together(flows)).into_iter().filter_map(Result::err) {
            prop_assert_eq!(failure.task_id, Some(task_id(TASK_ID)));
        }
        prop_assert!(world.sent().len() <= 120);
        assert_spaced(&world.sent());
        prop_assert_eq!((world.timers(), world.in_flight()), (0, 0));
    }

    #[test]
    fn any_values_of_a_task_pass_through(
        kind in "[A-Za-z]{1,20}Task",
        members in prop::collection::btree_map(any::<String>(), any_json(), 0..8),
    ) {
        prop_assume!(CATALOG.iter().all(|known| !known.types.contains(&&*kind)));
        let mut task: serde_json::Map<_, _> = members.into_iter().collect();
        task.insert("type".to_owned(), json!(kind));
        let task = Value::Object(task);
        let world = server().world();
        world.create(task.clone()).run().unwrap();
        // As text and back: parsing may change the last digit of a float.
        let text = task.to_string();
        let expected: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&world.sent()[0].body["task"], &expected);
    }

    #[test]
    fn any_task_is_sent_or_refused_as_a_task_or_an_image(task in any_json(), image in any_json()) {
        let world = server().world();
        let client = world.client();
        let calls = [
            Call::Solve(task.into()),
            Call::SolveImage(image.clone().into()),
            Call::Solve(json!({ "type": "ComplexImageTask", "imagesBase64": image }).into()),
        ];
        for call in calls {
            if let Err(failure) = world.run(call.make(&client)) {
                prop_assert!(matches!(failure.class, Class::Task | Class::Image), "{:#?}", failure);
                prop_assert_eq!(failure.origin, Origin::Client);
            }
        }
    }

    #[test]
    fn any_image_bytes_arrive(bytes in prop::collection::vec(any::<u8>(), 100..3_000)) {
        let world = server().world();
        world.solve_image(Js::bytes(bytes.clone())).run().unwrap();
        let sent = world.sent()[0].body["task"]["body"].as_str().unwrap().to_owned();
        prop_assert_eq!(base64_simd::STANDARD.decode_to_vec(sent).unwrap(), bytes);
    }

    #[test]
    fn any_options_are_read_or_refused(options in any_json()) {
        let options = Js::from(options);
        for refusal in [
            read_call_options(Some(&options)).err(),
            capwire::options::ClientOptions::read(&options).err(),
        ].into_iter().flatten() {
            prop_assert_eq!((refusal.class, &*refusal.code), (Class::Options, "INVALID_OPTIONS"));
            prop_assert!(refusal.option.is_some());
        }
    }
}
