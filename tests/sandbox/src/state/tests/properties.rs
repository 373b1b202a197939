//! Properties that hold for any requests in any order.

use super::*;
use proptest::prelude::*;

/// A step of a random test, likely or unlikely.
#[derive(Clone, Debug)]
enum Move {
    Wait(u64),
    Create(&'static str),
    Result(usize),
    Unknown,
    WrongKey,
    Bytes(&'static str, Vec<u8>),
}

fn any_method() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "createTask",
        "getTaskResult",
        "getBalance",
        "reportIncorrectImageCaptcha",
        "x",
    ])
}

fn any_move() -> impl Strategy<Value = Move> {
    prop_oneof![
        3 => prop_oneof![Just(1999), Just(2000), 0..400_000_u64].prop_map(Move::Wait),
        2 => prop::sample::select(vec!["TurnstileTask", "ImageToTextTask", "?"]).prop_map(Move::Create),
        4 => (0..4_usize).prop_map(Move::Result),
        1 => Just(Move::Unknown),
        1 => Just(Move::WrongKey),
        1 => (any_method(), any::<Vec<u8>>()).prop_map(|(method, body)| Move::Bytes(method, body)),
    ]
}

/// Any JSON, a few levels deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        Just(Value::from("ImageToTextTask")),
        Just(Value::from("ComplexImageTask")),
    ];
    let keys = prop::sample::select(vec![
        "type",
        "body",
        "imagesBase64",
        "exampleImagesBase64",
        "imageUrls",
    ]);
    leaf.prop_recursive(3, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(keys.clone(), inner, 0..4).prop_map(|fields| {
                Value::Object(
                    fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
                )
            }),
        ]
    })
}

#[track_caller]
fn assert_answer(answer: &Value) {
    match answer["errorId"].as_u64() {
        Some(0) => assert!(answer["errorCode"].is_null()),
        Some(1) => assert!(codes::find(answer["errorCode"].as_str().unwrap()).is_some()),
        _ => panic!("no errorId: {answer}"),
    }
}

proptest! {
    #[test]
    fn any_bytes_get_an_answer(method in any_method(), body in any::<Vec<u8>>()) {
        both(|mut trial| assert_answer(&trial.send(method, &body)));
    }

    #[test]
    fn any_json_gets_an_answer(task in any_json(), id in any_json()) {
        both(|mut trial| {
            assert_answer(&trial.create(task.clone()));
            assert_answer(&trial.result(&id));
            assert_answer(&trial.call("createTask", task.clone()));
        });
    }

    /// In any order of requests, a task is never answered early, late, too often or too soon after the previous
    /// request, and only solved tasks are charged.
    #[test]
    fn no_order_of_requests_gets_around_the_rules(moves in prop::collection::vec(any_move(), 0..80)) {
        both(|mut trial| {
            let mut tasks: Vec<(Value, u64, Option<u64>)> = Vec::new();
            let mut solved = std::collections::HashSet::new();
            for step in moves.clone() {
                match step {
                    Move::Wait(ms) => trial.now += ms,
                    Move::Create(task_type) => {
                        let answer = trial.create(json!({ "type": task_type, "body": BASE64_STANDARD.encode(IMAGE) }));
                        assert_answer(&answer);
                        if answer["errorId"] == 0 {
                            assert!(tasks.iter().all(|(id, ..)| *id != answer["taskId"]));
                            tasks.push((answer["taskId"].clone(), trial.now, None));
                        }
                    }
                    Move::Result(index) => {
                        let Some((id, created, last_request)) = tasks.get_mut(index) else { continue };
                        let answer = trial.result(id);
                        assert_answer(&answer);
                        let age = trial.now - *created;
                        if answer["status"] == "ready" {
                            assert!((SOLVE..=300_000).contains(&age));
                            solved.insert(id.to_string());
                        }
                        if answer["errorId"] == 0 {
                            assert!(last_request.is_none_or(|at| trial.now - at >= 2000));
                        }
                        *last_request = Some(trial.now);
                    }
                    Move::Unknown => assert_answer(&trial.result(&json!(5))),
                    Move::WrongKey => assert_answer(&trial.wrong_key()),
                    Move::Bytes(method, body) => assert_answer(&trial.send(method, &body)),
                }
            }
            trial.address = "elsewhere";
            let spent = 10.0 - trial.balance().as_f64().unwrap();
            assert!((spent - 0.0003 * solved.len() as f64).abs() < 1e-9);
        });
    }
}
