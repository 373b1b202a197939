//! Services that answer with the creation of the task: the result is used at once, and nothing is asked for.

use capwire_testkit::*;

/// An answer to createTask with these members.
fn at_once(members: Value) -> Script {
    let mut body = json!({ "errorId": 0, "status": "ready", "solution": { "text": "w7kq" } });
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    answer(body)
}

#[test]
fn the_solution_is_used_at_once() {
    for id in [json!(TASK_ID), json!("6f1c2a9e-0b1d")] {
        let world = server().create([at_once(json!({ "taskId": id, "cost": "0.0007" }))]).world();
        let log = Log::default();
        let solved = world.solve(token_task()).log(&log).run().unwrap();
        let expected = json!({
            "taskId": id,
            "solution": { "text": "w7kq" },
            "cost": 0.0007,
            "polls": 0,
            "elapsedMs": ROUND_TRIP_MS,
        });
        assert_eq!(solved, expected);
        assert_eq!(world.sent().len(), 1);
        assert_eq!(world.timers(), 0);
        let [created] = <[_; 1]>::try_from(log.events()).unwrap();
        assert_eq!((&created["type"], &created["taskId"]), (&json!("created"), &id));
        assert_eq!(world.solve_image(image()).run().unwrap(), "w7kq");
    }
    for status in ["READY", "completed", "success"] {
        let world = server().create([at_once(json!({ "taskId": 1, "status": status }))]).world();
        assert_eq!(world.solve(token_task()).run().unwrap()["polls"], 0);
    }
}

/// No process can ask for it again, so there is no event that says so.
#[test]
fn the_solution_is_used_without_an_id_too() {
    for members in
        [json!({}), json!({ "taskId": 0 }), json!({ "taskId": null }), json!({ "taskId": "" })]
    {
        let world = server().create([at_once(members)]).world();
        let log = Log::default();
        let solved = world.solve(token_task()).log(&log).run().unwrap();
        assert_eq!((&solved["taskId"], &solved["polls"]), (&json!(0), &json!(0)));
        assert_eq!(solved["solution"]["text"], "w7kq");
        assert_eq!((log.events(), world.sent().len()), (vec![], 1));
        assert_eq!(world.solve_image(image()).run().unwrap(), "w7kq");
    }
}

#[test]
fn create_task_returns_the_id_and_keeps_the_answer() {
    let world = server().create([at_once(json!({ "taskId": "a-1", "cost": 2 }))]).world();
    let client = world.client_with(json!({ "baseUrl": "https://captcha.example" }));
    assert_eq!(world.create(token_task()).by(&client).run().unwrap(), "a-1");
    let id = client.read_id(&Js::from("a-1")).unwrap();
    for _ in 0..2 {
        let result = world.run(client.task_result(&id)).unwrap();
        let expected = json!({ "status": "ready", "taskId": "a-1", "solution": { "text": "w7kq" }, "cost": 2.0 });
        assert_eq!(plain(&result), expected);
        let solved = world.run(client.wait_for_result(&id, &call_options(json!({})), &|_| {}));
        assert_eq!(plain(&solved.unwrap())["polls"], 0);
    }
    assert_eq!(world.sent().len(), 1);
    // Other tasks, and other processes, ask the service.
    world.result(7).by(&client).run().unwrap();
    world.run(world.client().task_result(&id)).unwrap();
    assert_eq!(world.count("getTaskResult"), 2);
}

#[test]
fn only_the_latest_answers_are_kept() {
    let world = World::new(|sent| match &*sent.method {
        "createTask" => at_once(json!({ "taskId": sent.index + 1 })),
        _ => ready(),
    });
    let client = world.client();
    for _ in 0..101 {
        world.create(token_task()).by(&client).run().unwrap();
    }
    world.result(2).by(&client).run().unwrap();
    assert_eq!(world.count("getTaskResult"), 0);
    world.result(1).by(&client).run().unwrap();
    assert_eq!(world.count("getTaskResult"), 1);
}

/// There is nothing that it could return, but what was paid for is in the failure.
#[test]
fn create_task_without_an_id_fails_with_the_solution() {
    let world = server().create([at_once(json!({}))]).world();
    let failure = refused(world.create(token_task()).run(), Class::Transport, "BAD_RESPONSE");
    assert_eq!(failure.record()["solution"], json!({ "text": "w7kq" }));
    assert_eq!((failure.may_have_created_task, failure.retryable), (Some(true), false));
    assert_eq!(failure.method.unwrap().name(), "createTask");
}

#[test]
fn a_task_that_failed_at_once_is_the_error_of_the_service() {
    for (id, expected) in [(json!(TASK_ID), Some(task_id(TASK_ID))), (json!(null), None)] {
        let failed = json!({ "errorId": 0, "status": "failed", "taskId": id });
        for call in [Call::Solve(token_task()), Call::Create(token_task())] {
            let world = server().create([answer(failed.clone())]).world();
            let outcome = world.run(call.make(&world.client()));
            let failure = refused(outcome, Class::Unsolvable, "ERROR_CAPTCHA_UNSOLVABLE");
            assert_eq!((&failure.task_id, failure.origin), (&expected, Origin::Service));
            assert_eq!(failure.may_have_created_task, None);
            assert_eq!(world.sent().len(), 1);
        }
    }
}

/// A task with an id and without a solution is an ordinary one, whatever its state is called.
#[test]
fn any_other_state_is_asked_for() {
    for members in [
        json!({ "status": "idle" }),
        json!({ "status": "processing" }),
        json!({ "status": "success" }),
        json!({ "status": "ready", "solution": null }),
        json!({ "status": "ready" }),
        json!({ "status": "created" }),
        json!({ "status": 1 }),
        json!({ "status": "reviewed", "solution": {} }),
    ] {
        let mut body = json!({ "errorId": 0, "taskId": TASK_ID });
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        let world = server().create([answer(body)]).world();
        let solved = world.solve(token_task()).run().unwrap();
        assert_eq!((&solved["taskId"], &solved["polls"]), (&json!(TASK_ID), &json!(1)));
    }
    // Without an id nothing can be asked for.
    let odd = json!({ "errorId": 0, "status": "odd", "solution": { "text": "w7kq" } });
    let world = server().create([answer(odd)]).world();
    let failure = refused(world.solve(token_task()).run(), Class::Transport, "BAD_RESPONSE");
    assert_eq!(failure.record()["solution"]["text"], "w7kq");
    assert_eq!(failure.may_have_created_task, Some(true));
}
