//! How many tasks of a batch run at once, and when the next one is taken from the input.

use super::*;

#[test]
fn a_thousand_results_arrive_as_they_complete_with_at_most_32_tasks_at_once() {
    // Each takes 1 to 6 result requests, depending on its number.
    let world = tagged(|tag| (tag * 7 % 6 + 1) as usize);
    let feed = Feed::numbered(&world, 1_000);
    let results = settle(&world, &batch(32), &feed);

    let mut places = indices(&results);
    assert_ne!(places, (0..1_000).collect::<Vec<_>>(), "some take longer than later ones");
    let spans = spans(&world);
    let ends: Vec<_> = places.iter().map(|place| spans[&(*place as u64)].1).collect();
    assert!(ends.is_sorted(), "{ends:?}");
    places.sort_unstable();
    assert_eq!(places, (0..1_000).collect::<Vec<_>>());
    for record in &results {
        let BatchItem { index, task, result } = record;
        let value = result.as_ref().unwrap();
        assert_eq!(task.get("tag").unwrap().digits(), index.to_string());
        assert_eq!(value.task_id, task_id(TASK_ID + *index as u64));
        assert_eq!(value.polls as usize, index * 7 % 6 + 1);
    }

    // Exactly the concurrency is used.
    assert_eq!(widest(&world), 32);
    // Each task is created once (`spans` asserts it), and its result requests keep the gap.
    let mut polls = BTreeMap::<u64, Vec<Sent>>::new();
    for sent in world.sent_to("getTaskResult") {
        polls.entry(sent.body["taskId"].as_u64().unwrap()).or_default().push(sent);
    }
    assert_eq!(polls.len(), 1_000);
    polls.values().for_each(|polls| assert_spaced(polls));
}

#[test]
fn unconsumed_results_count_towards_the_concurrency() {
    for concurrency in [1, 2, 5] {
        for pause_ms in [0, 700, 30_000] {
            let world = tagged(|tag| (tag % 3 + 1) as usize);
            let feed = Feed::numbered(&world, 12);
            let batch = batch(concurrency);
            let room = concurrency as usize;
            let consumer = async {
                let mut consumed = 0;
                while batch.next().await.is_some() {
                    // The consumer still works on the result, so its place is not free yet.
                    assert!(feed.taken.get() <= consumed + room, "{consumed} {}", feed.taken.get());
                    world.sleep(pause_ms + 1).await;
                    assert!(feed.taken.get() <= consumed + room, "{consumed} {}", feed.taken.get());
                    consumed += 1;
                }
                consumed
            };
            let client = world.client();
            let (_, consumed) = run(&world, with_consumer(&batch, &client, &feed, consumer));
            assert_eq!((consumed, feed.taken.get()), (12, 12));
            assert!(widest(&world) <= room);
        }
    }
}

#[test]
fn a_consumer_that_asks_lets_the_next_task_start() {
    let world = tagged(|_| 1);
    let feed = Feed::numbered(&world, 20);
    let batch = batch(4);
    let consumer = async {
        for consumed in 0..16 {
            // The result was complete long ago, but asking for it lets the next task start.
            batch.next().await.unwrap();
            world.sleep(60_000).await;
            let expected = if consumed == 0 { 4 } else { consumed + 4 };
            assert_eq!(feed.taken.get(), expected, "after {consumed}");
        }
        batch.cancel()
    };
    let client = world.client();
    assert_eq!(run(&world, with_consumer(&batch, &client, &feed, consumer)).1, Cleanup::Close);
}

#[test]
fn no_task_is_taken_before_the_consumer_asks() {
    let world = server().world();
    let (batch, feed, client) = (batch(8), Feed::numbered(&world, 3), world.client());
    let consumer = async {
        world.sleep(1_000).await;
        assert_eq!(feed.taken.get(), 0);
        batch.all().await
    };
    let (_, results) = run(&world, with_consumer(&batch, &client, &feed, consumer));
    assert_eq!(results.len(), 3);
    assert!(world.sent()[0].start >= 1_001_000.0);
}

#[test]
fn the_first_task_is_sent_alone_until_it_is_answered() {
    let world = World::new(|sent| match sent.method.as_str() {
        "createTask" => answer(json!({ "errorId": 0, "taskId": TASK_ID + tag(sent) })).after(400.0),
        _ => ready().after(5_000.0),
    });
    let feed = Feed::numbered(&world, 4);
    settle(&world, &batch(8), &feed);
    let starts: Vec<_> = world.sent_to("createTask").iter().map(|sent| sent.start).collect();
    // The others wait for its answer, not for its solution.
    assert_eq!(starts, [1_000_000.0, 1_000_400.0, 1_000_400.0, 1_000_400.0]);
}

#[test]
fn a_local_refusal_does_not_count_as_the_first_answer() {
    let world = creating([error("ERROR_KEY_DOES_NOT_EXIST")]);
    let tasks = (0..50).map(|n| if n < 3 { bad_task() } else { task(n) });
    let feed = Feed::of(&world, tasks);
    let results = settle(&world, &batch(8), &feed);
    assert_eq!((indices(&results), world.sent().len()), (vec![0, 1, 2, 3], 1));
}

#[test]
fn any_other_failure_counts_as_the_first_answer() {
    // A service that cannot be reached must not be tried with one task after another.
    let world = creating([network().after(10_000.0)]);
    let feed = Feed::numbered(&world, 5);
    let results = settle(&world, &batch(8), &feed);
    assert_eq!(results.len(), 5);
    for record in results {
        rejected(record, Class::Transport, "NETWORK");
    }
    let starts: Vec<_> = world.sent().iter().map(|sent| sent.start - 1_000_000.0).collect();
    // The second passes the first-request gate, which the others wait for, at most 3 s.
    assert_eq!(starts, [0.0, 10_000.0, 13_000.0, 13_000.0, 13_000.0]);
}

#[test]
fn the_concurrency_is_a_whole_number_from_1_to_1000() {
    let read = |value: Js| read_call_options(Some(&object([("concurrency", value)])));
    let plain = [json!(0), json!(1_001), json!(-1), json!(1.5), json!("8"), json!(null), json!([])];
    let numbers = [f64::NAN, f64::INFINITY].map(Js::Number);
    for wrong in plain.map(Js::from).into_iter().chain(numbers) {
        let failure = refused(read(wrong.clone()), Class::Options, "INVALID_OPTIONS");
        assert_eq!(failure.option.as_deref(), Some("concurrency"), "{wrong:?}");
        assert!(
            failure.english().contains("a whole number from 1 to 1000"),
            "{}",
            failure.english()
        );
    }
    for right in [1, 2, 1_000] {
        assert_eq!(read(right.into()).unwrap().concurrency, Some(right));
    }
}

#[test]
fn by_default_8_tasks_run_at_once() {
    let world = tagged(|_| 2);
    let (feed, client) = (Feed::numbered(&world, 30), world.client());
    let (driver, results) = capwire::client::batch::batch();
    let options = CallOptions::default();
    let driver = driver.run(&client, &options, &|_, _, _| {}, || feed.pull());
    let consumer = async { while results.next().await.is_some() {} };
    run(&world, future::zip(driver, consumer)).0.unwrap();
    assert_eq!(widest(&world), 8);
}
