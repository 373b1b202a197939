//! The states of a task as compatible services write them, and the text in a solution. A paid answer is never out of
//! reach: what cannot be understood is in the failure.

use capwire::task_state::{TaskState, read_state, read_text};
use capwire_testkit::*;

fn state(fields: Value) -> Result<TaskState<Js>, Box<Failure>> {
    read_state(&Js::from(fields), &key())
}

fn solution_of(failure: &Failure) -> Value {
    failure.record().get("solution").cloned().unwrap_or_default()
}

#[test]
fn a_state_is_read_in_any_case_and_by_its_other_names() {
    for name in ["ready", "READY", "Completed", "success", "Solved", "done", "complete"] {
        let state = state(json!({ "status": name, "solution": { "text": "a" } })).unwrap();
        assert_eq!(plain(&state), json!({ "status": "ready", "solution": { "text": "a" } }));
    }
    for name in ["processing", "Processing", "PENDING", "queued", "idle", "CAPCHA_NOT_READY"] {
        let state = state(json!({ "status": name, "solution": {} })).unwrap();
        assert_eq!(plain(&state), json!({ "status": "processing" }), "{name}");
    }
    // Nothing else can be meant.
    for fields in [json!({ "solution": "a" }), json!({ "status": null, "solution": "a" })] {
        assert_eq!(plain(&state(fields).unwrap())["solution"], "a");
    }
}

#[test]
fn a_failed_task_is_the_error_of_the_service() {
    for name in ["failed", "FAILED", "fail", "failure", "Error", "expired", "canceled", "cancelled"]
    {
        let failed = state(json!({ "status": name, "errorDescription": "too noisy" }));
        let failure = refused(failed, Class::Unsolvable, "ERROR_CAPTCHA_UNSOLVABLE");
        assert_eq!((failure.origin, failure.retryable), (Origin::Service, false));
        assert_eq!(failure.server_message.as_deref(), Some("too noisy"));
        assert!(failure.english().contains("too noisy"), "{}", failure.english());
        assert_eq!(failure.server_code, None);
    }
    let failed = state(json!({ "status": "failed", "errorCode": "ERROR_ZERO_BALANCE" }));
    refused(failed, Class::Balance, "ERROR_ZERO_BALANCE");
    let failed = state(json!({ "status": "failed", "errorCode": 33, "solution": { "text": "?" } }));
    let failure = refused(failed, Class::UnknownService, "33");
    assert_eq!(solution_of(&failure), json!({ "text": "?" }));
}

/// It is not asked for again, and what it is about is remembered.
#[test]
fn a_failed_task_ends_the_wait() {
    let world = server().poll([answer(json!({ "errorId": 0, "status": "failed" }))]).world();
    let failure =
        refused(world.solve(token_task()).run(), Class::Unsolvable, "ERROR_CAPTCHA_UNSOLVABLE");
    assert_eq!(failure.task_id, Some(task_id(TASK_ID)));
    assert_eq!(world.count("getTaskResult"), 1);

    let refusal = json!({ "errorId": 0, "status": "failed", "errorCode": "ERROR_IP_BANNED" });
    let world = server().poll([answer(refusal)]).world();
    let client = world.client();
    refused(world.solve(token_task()).by(&client).run(), Class::Access, "ERROR_IP_BANNED");
    refused_locally(world.balance().by(&client).run(), Class::Access, "ERROR_IP_BANNED");
}

#[test]
fn an_answer_that_cannot_be_understood_is_in_the_failure() {
    let text = json!({ "text": "w7kq" });
    for (fields, kept) in [
        (json!({ "status": "reviewed", "solution": text }), text.clone()),
        (json!({ "status": 7, "solution": ["a"] }), json!(["a"])),
        (json!({ "status": "reviewed", "solution": "w7kq" }), json!("w7kq")),
        // Under another name.
        (
            json!({ "status": "ready", "answer": "w7kq" }),
            json!({ "status": "ready", "answer": "w7kq" }),
        ),
        (
            json!({ "status": "ready", "solution": null, "result": 1 }),
            json!({ "status": "ready", "solution": null, "result": 1 }),
        ),
    ] {
        let failure = refused(state(fields.clone()), Class::Transport, "BAD_RESPONSE");
        assert!(!failure.retryable, "{fields}");
        assert_eq!(solution_of(&failure), kept);
        // With the answer around it, where that is kept.
        let (mut body, mut kept) = (fields, kept);
        body["errorId"] = json!("0");
        if kept.get("status").is_some() {
            kept["errorId"] = json!("0");
        }
        let world = server().poll([answer(body)]).world();
        let failure = refused(world.solve(token_task()).run(), Class::Transport, "BAD_RESPONSE");
        assert_eq!(solution_of(&failure), kept);
        assert_eq!((failure.task_id, world.count("getTaskResult")), (Some(task_id(TASK_ID)), 1));
    }
    // A placeholder says nothing.
    for solution in [json!(null), json!({}), json!([]), json!("")] {
        let failure = state(json!({ "status": "in review", "solution": solution })).unwrap_err();
        assert!(failure.retryable && failure.solution.is_none(), "{solution}");
    }
}

#[test]
fn a_solution_beside_an_error_or_without_an_error_id_is_in_the_failure() {
    for body in [
        json!({ "status": "ready", "solution": { "text": "a" } }),
        json!({ "errorId": null, "solution": { "text": "a" } }),
        json!({ "errorId": 1, "errorCode": "ERROR_NEW", "solution": { "text": "a" } }),
    ] {
        let world = server().poll([answer(body)]).world();
        let failure = world.result(TASK_ID).run().unwrap_err();
        assert_eq!(solution_of(&failure), json!({ "text": "a" }), "{failure:#?}");
    }
}

#[test]
fn a_solution_that_has_the_key_in_it_is_not_in_a_failure() {
    let deep = (0..31).fold(json!(format!("<{KEY}>")), |inner, _| json!([inner]));
    for echo in [json!(KEY), json!({ "text": [format!("x{KEY}")] }), json!({ KEY: 1 }), deep] {
        let failure = state(json!({ "status": "odd", "solution": echo })).unwrap_err();
        assert!(failure.solution.is_none(), "{echo}");
        assert!(!failure.retryable);
    }
}

#[test]
fn the_text_of_an_image_may_be_a_list_or_a_number() {
    for (solution, text) in [
        (json!({ "text": "w7kq" }), "w7kq"),
        (json!({ "text": ["w7kq"] }), "w7kq"),
        (json!({ "text": 44_795 }), "44795"),
        (json!({ "text": [44_795] }), "44795"),
        (json!({ "text": 0.5 }), "0.5"),
        (json!({ "text": "" }), ""),
        (json!("w7kq"), "w7kq"),
        (json!(["w7kq"]), "w7kq"),
        (json!(7), "7"),
    ] {
        assert_eq!(read_text(&Js::from(solution.clone())).as_deref(), Some(text));
        let body = json!({ "errorId": 0, "status": "ready", "solution": solution });
        let world = server().poll([answer(body)]).world();
        assert_eq!(world.solve_image(image()).run().unwrap(), text);
    }
    for solution in [
        json!({ "text": ["a", "b"] }),
        json!({ "text": [] }),
        json!({ "text": { "a": 1 } }),
        json!({ "text": [["a"]] }),
        json!({ "text": null }),
        json!({ "text": true }),
        json!({ "answer": "a" }),
        json!({}),
        json!([]),
        json!(true),
    ] {
        assert_eq!(read_text(&Js::from(solution.clone())), None, "{solution}");
        let body = json!({ "errorId": 0, "status": "ready", "solution": solution });
        let world = server().poll([answer(body)]).world();
        let failure = refused(world.solve_image(image()).run(), Class::Transport, "BAD_RESPONSE");
        assert_eq!(solution_of(&failure), solution, "{failure:#?}");
        assert_eq!(failure.task_id, Some(task_id(TASK_ID)));
    }
}

#[test]
fn a_cost_may_be_text() {
    for (cost, number) in [
        (json!("0.00070"), Some(0.0007)),
        (json!(" 0.5 "), Some(0.5)),
        (json!("7e-7"), Some(7e-7)),
        (json!("3"), Some(3.0)),
        (json!("-1"), Some(-1.0)),
        (json!("0.000700000000000000000001"), Some(0.0007)),
        (json!("free"), None),
        (json!(""), None),
        (json!("0x10"), None),
        (json!("1e9"), None),
        (json!("0,5"), None),
        (json!("$0.5"), None),
        (json!("Infinity"), None),
        (json!("NaN"), None),
        (json!("1234567890123456"), None),
        (json!([1]), None),
        (json!(true), None),
        (json!(null), None),
    ] {
        let read = state(json!({ "status": "ready", "solution": 1, "cost": cost })).unwrap();
        let read = plain(&read).get("cost").and_then(Value::as_f64);
        assert_eq!(read, number, "{cost}");
    }
}
