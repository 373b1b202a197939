//! The state of an account as plain records: what a user sees, and what a fresh module goes on with.

use capwire::account::Account;
use capwire::options::ClientOptions;
use capwire::status;
use capwire_testkit::*;
use std::cell::RefCell;
use std::rc::Rc;

fn status(client: &Client<World>) -> Value {
    plain(&client.status())
}

/// The status of a client after one refusal of a new account.
fn refused_by(code: &'static str, call: &Call) -> (World, Client<World>) {
    let world = server().world_after(error(code));
    let client = world.client();
    world.run(call.make(&client)).unwrap_err();
    world.pass(400.0);
    (world, client)
}

/// A client in another module, which got the status as JSON.
fn restored(world: &World, status: &Value) -> Client<World> {
    let options = ClientOptions::read(&Js::from(json!({ "clientKey": KEY }))).unwrap();
    let account = Rc::<RefCell<Account>>::default();
    status::restore(&mut account.borrow_mut(), &Js::from(status.clone()), world.now());
    Client::new(world.clone(), options, account)
}

fn task_at(url: &str) -> Call {
    Call::Create(
        json!({ "type": "TurnstileTaskProxyless", "websiteURL": url, "websiteKey": "0x4AAA" })
            .into(),
    )
}

#[test]
fn a_new_account_knows_nothing() {
    let world = server().world();
    let expected = json!({ "isKeyAccepted": false, "closures": [], "tasks": [] });
    assert_eq!(status(&world.client()), expected);
}

#[test]
fn it_says_what_is_closed_why_and_for_how_long() {
    let create = Call::Create(token_task());
    for (code, call, expected) in [
        (
            "ERROR_KEY_DOES_NOT_EXIST",
            Call::Balance,
            json!({ "scope": "key", "refusals": 4, "retryAfterMs": 3_599_600.0, "resultsAfterMs": 3_599_600.0 }),
        ),
        (
            "ERROR_IP_BANNED",
            Call::Balance,
            json!({ "scope": "address", "refusals": 6, "retryAfterMs": 599_600.0, "resultsAfterMs": 599_600.0 }),
        ),
        (
            "ERROR_ZERO_BALANCE",
            create.clone(),
            json!({ "scope": "balance", "refusals": 1, "retryAfterMs": 599_600.0 }),
        ),
        (
            "ERROR_DOMAIN_NOT_ALLOWED",
            task_at("https://Shop.example/a"),
            json!({ "scope": "site", "refusals": 1, "retryAfterMs": 86_399_600.0, "host": "shop.example" }),
        ),
        (
            "ERROR_PROXY_BANNED",
            create,
            json!({ "scope": "proxy", "refusals": 1, "retryAfterMs": 599_600.0, "host": "198.51.100.7", "port": "8080" }),
        ),
        (
            "ERROR_NO_SUCH_CAPCHA_ID",
            Call::Result(TASK_ID),
            json!({ "scope": "task", "refusals": 1, "retryAfterMs": 3_599_600.0, "taskId": TASK_ID, "method": "getTaskResult" }),
        ),
    ] {
        let (_, client) = refused_by(code, &call);
        let mut expected = expected;
        expected["code"] = json!(code);
        expected["ageMs"] = json!(400.0);
        assert_eq!(status(&client)["closures"], json!([expected]));
    }
}

#[test]
fn it_counts_the_result_requests_of_each_task() {
    let world = server().poll([processing(), processing(), ready()]).world();
    let client = world.client();
    world.solve(token_task()).by(&client).timeout_ms(4_000).run().unwrap_err();
    let age = world.now() - world.sent()[0].end.unwrap();
    let last = world.now() - world.sent().last().unwrap().end.unwrap();
    let task = |polls: u32, is_finished: bool, age: f64, last: f64| json!([{ "taskId": TASK_ID, "polls": polls, "isFinished": is_finished, "ageMs": age, "lastPollMs": last }]);
    assert_eq!(
        status(&client),
        json!({ "isKeyAccepted": true, "closures": [], "tasks": task(2, false, age, last) })
    );
    world.wait(TASK_ID).by(&client).run().unwrap();
    assert_eq!(status(&client)["tasks"][0]["isFinished"], true);
    // While one is under way, it counts as one that ended just now.
    let world = World::new(|_| hang());
    let client = world.client();
    world.run_for(Call::Result(TASK_ID).make(&client), 1);
    let known = json!([{ "taskId": TASK_ID, "polls": 1, "isFinished": false, "lastPollMs": 0.0 }]);
    assert_eq!(status(&client)["tasks"], known);
}

#[test]
fn a_restored_account_has_the_same_status() {
    for (code, call) in [
        ("ERROR_KEY_DOES_NOT_EXIST", Call::Balance),
        ("ERROR_KEY_DOES_NOT_EXIST", Call::Result(TASK_ID)),
        ("ERROR_IP_BLOCKED", Call::Balance),
        ("ERROR_IP_NOT_ALLOWED", Call::Create(token_task())),
        ("ERROR_ZERO_BALANCE", Call::Create(token_task())),
    ] {
        let (world, client) = refused_by(code, &call);
        let known = status(&client);
        let again = restored(&world, &known);
        assert_eq!(status(&again), known, "{code}");
        let (sent, start) = (world.sent().len(), world.now());
        let failure = world.run(call.make(&again)).unwrap_err();
        assert_eq!((&*failure.code, failure.origin), (code, Origin::Client));
        // A result request waits for its gap before it is refused.
        let left = failure.retry_after_ms.unwrap() + world.now() - start;
        assert_eq!(Some(left), known["closures"][0]["retryAfterMs"].as_f64());
        assert_eq!(world.sent().len(), sent, "{code}");
    }
}

#[test]
fn a_restored_account_keeps_the_gap_and_the_maximum() {
    let world = server().poll([processing()]).world();
    let client = world.client();
    world.result(TASK_ID).by(&client).run().unwrap();
    world.pass(500.0);
    let again = restored(&world, &status(&client));
    world.result(TASK_ID).by(&again).run().unwrap();
    assert_spaced(&world.sent());
    assert_eq!(status(&again)["tasks"][0]["polls"], 2);

    let known = json!({ "tasks": [{ "taskId": TASK_ID, "polls": 120, "lastPollMs": 9_000 }] });
    let exhausted = restored(&world, &known);
    let outcome = world.result(TASK_ID).by(&exhausted).run();
    refused_locally(outcome, Class::RateLimit, "ERROR_TOO_MUCH_REQUESTS");
}

/// It may come from another version, or be written by hand.
#[test]
fn what_cannot_be_read_is_left_out() {
    let world = server().world();
    for state in [
        json!(null),
        json!(7),
        json!([]),
        json!({ "isKeyAccepted": "yes", "closures": {}, "tasks": "none" }),
        json!({ "closures": [null, 7, {}, { "scope": "everything", "code": "X" }] }),
        // These are learnt again.
        json!({ "closures": [{ "scope": "site", "code": "X", "refusals": 1, "ageMs": 0, "retryAfterMs": 9, "host": "a" }] }),
        json!({ "closures": [{ "scope": "task", "code": "X", "refusals": 1, "ageMs": 0, "retryAfterMs": 9, "taskId": 1, "method": "getTaskResult" }] }),
        json!({ "tasks": [null, { "taskId": -1, "polls": 1 }, { "polls": 2 }] }),
    ] {
        let client = restored(&world, &state);
        let empty = json!({ "isKeyAccepted": false, "closures": [], "tasks": [] });
        assert_eq!(status(&client), empty, "{state}");
    }
}

#[test]
fn a_closure_without_times_holds_nothing_back() {
    let world = server().world();
    let client = restored(&world, &json!({ "closures": [{ "scope": "address", "code": "X" }] }));
    world.balance().by(&client).run().unwrap();
    assert_eq!(status(&client)["closures"], json!([]));
}

#[test]
fn a_reset_opens_everything() {
    let code = "ERROR_IP_BANNED";
    let world = server().world_after(error(code));
    let client = world.client();
    refused(world.balance().by(&client).run(), Class::Access, code);
    world.pass(400.0);
    assert_eq!(status(&client)["closures"][0]["retryAfterMs"], 599_600.0);
    client.reset_guard();
    assert_eq!(status(&client)["closures"], json!([]));
    world.balance().by(&client).run().unwrap();
    client.reset_guard();
    assert_eq!(status(&client)["closures"], json!([]));
}

/// The services go on counting.
#[test]
fn a_reset_keeps_the_gap_and_the_maximum() {
    let world = server().poll([processing()]).world();
    let client = world.client();
    for _ in 0..3 {
        world.result(TASK_ID).by(&client).run().unwrap();
        client.reset_guard();
    }
    assert_spaced(&world.sent());
    assert_eq!(status(&client)["tasks"][0]["polls"], 3);
    assert_eq!(status(&client)["isKeyAccepted"], true);
}

/// The refusal that comes after a reset answers a request that was sent before it.
#[test]
fn a_request_that_was_under_way_at_a_reset_closes_nothing() {
    for code in ["ERROR_KEY_DOES_NOT_EXIST", "ERROR_IP_BANNED", "ERROR_IP_NOT_ALLOWED"] {
        let world = World::new(move |sent| match sent.index {
            0 => error(code),
            _ => balance(1.0),
        });
        let client = world.client();
        let reset = async {
            world.sleep(40).await;
            client.reset_guard();
        };
        let flow = futures_lite::future::zip(Call::Balance.make(&client), reset);
        let (outcome, ()) = world.run(flow);
        assert_eq!(refused(outcome, class_of(code), code).origin, Origin::Service);
        assert_eq!(status(&client)["closures"], json!([]), "{code}");
        assert_eq!(world.balance().by(&client).run().unwrap(), 1.0, "{code}");
    }
}

fn class_of(code: &str) -> Class {
    if code == "ERROR_KEY_DOES_NOT_EXIST" { Class::Key } else { Class::Access }
}
