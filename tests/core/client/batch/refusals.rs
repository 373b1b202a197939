//! A refusal of the whole account ends a batch: no further task is taken.

use super::*;

/// The refusals of the whole account or IP address, each with its class.
const REFUSALS: [(&str, Class); 5] = [
    ("ERROR_KEY_DOES_NOT_EXIST", Class::Key),
    ("ERROR_ZERO_BALANCE", Class::Balance),
    ("ERROR_IP_NOT_ALLOWED", Class::Access),
    ("ERROR_IP_BANNED", Class::Access),
    ("ERROR_IP_BLOCKED", Class::Access),
];

#[test]
fn no_task_is_taken_after_a_refusal_of_the_account() {
    for (code, class) in REFUSALS {
        let world = creating([error(code)]);
        let (batch, feed) = (batch(32), Feed::numbered(&world, 100));
        let mut results = settle(&world, &batch, &feed);
        assert_eq!((results.len(), feed.taken.get(), world.sent().len()), (1, 1, 1), "{code}");
        let failure = rejected(results.remove(0), class, code);
        assert_eq!(failure.origin, Origin::Service);
        // The input has more tasks, so it has to be closed.
        assert_eq!(batch.cancel(), Cleanup::Close);
    }
}

#[test]
fn tasks_in_flight_at_a_refusal_still_have_results() {
    for (code, class) in REFUSALS {
        // Task 0 is created, then 1 to 3. Task 4 is refused when task 0 is complete.
        let world = World::new(move |sent| match (sent.method.as_str(), sent.index) {
            ("createTask", 4..) => error(code),
            ("createTask", n) => answer(json!({ "errorId": 0, "taskId": TASK_ID + n as u64 })),
            // Task 0 is solved at once, the others long after 4 is refused.
            _ if sent.body["taskId"] == TASK_ID => ready(),
            _ => ready().after(9_000.0),
        });
        let (batch, feed) = (batch(4), Feed::numbered(&world, 100));
        let mut results = settle(&world, &batch, &feed);
        // A key or an address that was accepted before is tried once more.
        let is_tried_again = matches!(code, "ERROR_KEY_DOES_NOT_EXIST" | "ERROR_IP_NOT_ALLOWED");
        let refused = if is_tried_again { vec![4, 5] } else { vec![4] };
        let expected = [&[0], &*refused, &[1, 2, 3]].concat();
        assert_eq!(indices(&results), expected, "{code}");
        let taken = expected.len();
        assert_eq!((feed.taken.get(), world.count("createTask")), (taken, taken), "{code}");
        for _ in refused {
            rejected(results.remove(1), class, code);
        }
        assert!(results.iter().all(|record| record.result.is_ok()));
    }
}

/// One of several addresses of a network may be refused.
#[test]
fn a_batch_goes_on_after_one_refusal_of_an_account_that_was_accepted() {
    for (code, class) in
        [("ERROR_KEY_DOES_NOT_EXIST", Class::Key), ("ERROR_IP_NOT_ALLOWED", Class::Access)]
    {
        let world = World::new(move |sent| match (sent.method.as_str(), sent.index) {
            ("createTask", 4) => error(code),
            ("createTask", n) => answer(json!({ "errorId": 0, "taskId": TASK_ID + n as u64 })),
            _ => ready(),
        });
        let (batch, feed) = (batch(4), Feed::numbered(&world, 100));
        let results = settle(&world, &batch, &feed);
        assert_eq!((results.len(), feed.taken.get()), (100, 100), "{code}");
        let refused: Vec<_> = results.into_iter().filter(|it| it.result.is_err()).collect();
        let [refused] = <[_; 1]>::try_from(refused).unwrap();
        rejected(refused, class, code);
    }
}

#[test]
fn a_known_refusal_ends_a_batch_before_anything_is_sent() {
    for (code, class) in REFUSALS {
        let world = creating([error(code)]);
        let client = world.client();
        refused(run(&world, Call::Create(task(0)).make(&client)), class, code);
        let (batch, feed) = (batch(8), Feed::numbered(&world, 100));
        let mut results = settle_with(&world, &client, &batch, &feed);
        assert_eq!((results.len(), feed.taken.get(), world.sent().len()), (1, 1, 1), "{code}");
        let failure = rejected(results.remove(0), class, code);
        assert_eq!(failure.origin, Origin::Client);
    }
}

#[test]
fn a_refusal_ends_a_batch_whose_input_never_yields() {
    let world = creating([created(), created(), error("ERROR_ZERO_BALANCE").after(500.0)]);
    let feed = Feed { delay_ms: 10, ..Feed::numbered(&world, 3) };
    let (batch, client) = (batch(8), world.client());
    let pull = || -> NextTask<'_, Js, Thrown> {
        if feed.taken.get() < 3 { feed.pull() } else { Box::pin(pending()) }
    };
    let driver = batch.run(&client, &|_, _, _| {}, pull);
    let (end, results) = run(&world, future::zip(driver, batch.all()));
    assert_eq!((end, results.len()), (Ok(()), 3));
    // Closing the input must not wait for it.
    assert_eq!(batch.cancel(), Cleanup::CloseDetached);
}

#[test]
fn a_task_that_the_input_prepares_during_a_refusal_is_not_taken() {
    // Task 1 is refused while the input prepares task 2 and task 0 still runs.
    let world = World::new(|sent| match (sent.method.as_str(), sent.index) {
        ("createTask", 1) => error("ERROR_ZERO_BALANCE").after(500.0),
        ("createTask", _) => created(),
        _ => ready().after(9_000.0),
    });
    let feed = Feed { delay_ms: 1_000, ..Feed::numbered(&world, 9) };
    let batch = batch(8);
    let results = settle(&world, &batch, &feed);
    assert_eq!((indices(&results), feed.taken.get()), (vec![1, 0], 2));
    assert_eq!(batch.cancel(), Cleanup::CloseDetached);
}
