//! How a batch ends early: its consumer cancels it, the call is aborted, or its input throws.

use super::*;

#[test]
fn an_input_that_throws_ends_the_batch_after_the_completed_results() {
    // Two are solved, two hang; then the input throws while the consumer is busy.
    let world = World::new(|sent| match sent.method.as_str() {
        "createTask" => answer(json!({ "errorId": 0, "taskId": TASK_ID + tag(sent) })),
        _ if sent.body["taskId"].as_u64().unwrap() < TASK_ID + 2 => ready(),
        _ => hang(),
    });
    let feed = Feed { delay_ms: 2_000, end: Err("no more"), ..Feed::numbered(&world, 4) };
    let (batch, client) = (batch(8), world.client());
    let consumer = async {
        let first = batch.next().await.unwrap();
        world.sleep(15_000).await;
        // They were dropped at once, not when the consumer continues.
        assert_eq!((world.timers(), world.in_flight()), (0, 0));
        let second = batch.next().await.unwrap();
        (first.index, second.index, batch.all().await)
    };
    let (end, (first, second, rest)) = run(&world, with_consumer(&batch, &client, &feed, consumer));
    assert_eq!((end, first, second), (Err("no more"), 0, 1));
    assert_eq!(unfinished(rest), [(2, TASK_ID + 2), (3, TASK_ID + 3)]);
    assert_eq!(batch.cancel(), Cleanup::None);
}

/// The places and ids of tasks that were created when their batch ended.
#[track_caller]
fn unfinished(records: Vec<Record>) -> Vec<(usize, u64)> {
    let place = |record: Record| {
        let (index, asked) = (record.index, record.task.clone());
        let failure = rejected(record, Class::SolveTimeout, "SOLVE_TIMEOUT");
        assert_eq!((failure.origin, failure.retryable), (Origin::Client, true));
        assert_eq!(failure.service.as_deref(), Some("capmonster"));
        assert_eq!(asked.get("tag").and_then(|tag| tag.as_number()), Some(index as f64));
        (index, number(failure.task_id.as_ref().unwrap()))
    };
    records.into_iter().map(place).collect()
}

#[test]
fn an_input_that_throws_at_once_fails_the_batch() {
    let world = server().world();
    let feed = Feed { end: Err("nothing here"), ..Feed::of(&world, []) };
    let (batch, client) = (batch(8), world.client());
    let (end, results) = run(&world, with_consumer(&batch, &client, &feed, batch.all()));
    assert_eq!((end, results.len()), (Err("nothing here"), 0));
    assert!(world.sent().is_empty());
}

#[test]
fn cancelling_drops_requests_in_flight_and_takes_no_more_tasks() {
    for results in 0..6 {
        for pause_ms in [0, 50, 900, 3_000, 20_000] {
            let world = tagged(|tag| (tag % 4 + 1) as usize);
            let (batch, feed, client) = (batch(3), Feed::numbered(&world, 100), world.client());
            let consumer = async {
                for _ in 0..results {
                    batch.next().await.unwrap();
                }
                world.sleep(pause_ms).await;
                let before = (feed.taken.get(), world.sent().len());
                let rest = batch.cancel();
                (before, rest)
            };
            let (_, (before, rest)) = run(&world, with_consumer(&batch, &client, &feed, consumer));
            let left = (world.timers(), world.in_flight());
            assert_eq!(left, (0, 0), "{results} results, then {pause_ms} ms");
            assert_eq!((feed.taken.get(), world.sent().len()), before);
            assert_eq!(rest, Cleanup::Close);
            // Asking again gives the end, not the results that were left.
            assert!(run(&world, batch.next()).is_none());
            // The client can still be used.
            run(&world, Call::Solve(task(999)).make(&client)).unwrap();
        }
    }
}

#[test]
fn cancelling_does_not_wait_for_a_slow_input() {
    let world = tagged(|_| 1);
    let feed = Feed { delay_ms: 90_000, ..Feed::numbered(&world, 9) };
    let (batch, client) = (batch(3), world.client());
    let consumer = async {
        batch.next().await.unwrap();
        batch.cancel()
    };
    assert_eq!(
        run(&world, with_consumer(&batch, &client, &feed, consumer)).1,
        Cleanup::CloseDetached
    );
    assert_eq!((world.timers(), feed.taken.get()), (0, 1));
    assert!(world.now() < 1_000_000.0 + 180_000.0);
}

#[test]
fn cancelling_wakes_the_driver() {
    let world = server().world();
    let (batch, feed, client) = (batch(1), Feed::numbered(&world, 1), world.client());
    let bell = Arc::<Bell>::default();
    let waker = bell.clone().into();
    let mut run = pin!(batch.run(&client, &|_, _, _| {}, || feed.pull()));
    assert!(run.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    batch.cancel();
    assert_eq!(bell.0.load(Ordering::Relaxed), 1);
    assert!(run.as_mut().poll(&mut Context::from_waker(&waker)).is_ready());
}

#[test]
fn a_listener_may_cancel_the_batch() {
    let world = tagged(|_| 1);
    let (batch, feed, client) = (batch(5), Feed::numbered(&world, 3), world.client());
    let listener = |_: usize, _: &Js, event: &Progress| {
        if matches!(event, Progress::Poll { .. }) {
            batch.cancel();
        }
    };
    let driver = batch.run(&client, &listener, || feed.pull());
    let (end, results) = run(&world, future::zip(driver, batch.all()));
    // The result that was just complete still comes; the others are dropped.
    assert_eq!((end, results.len()), (Ok(()), 1));
    assert_eq!((world.timers(), world.in_flight()), (0, 0));
    assert_eq!(world.count("getTaskResult"), 1);
}

#[test]
fn a_batch_dropped_at_any_await_leaves_no_timer_and_no_request() {
    for tick in [1e9, 37.0] {
        for delay_ms in [0, 90] {
            let mut polls = 0;
            loop {
                let world = tagged(|tag| (tag % 3 + 1) as usize);
                let feed = Feed { delay_ms, ..Feed::numbered(&world, 7) };
                let (batch, client) = (batch(3), world.client());
                let flow = async {
                    with_consumer(&batch, &client, &feed, batch.all()).await.0.unwrap();
                };
                let done =
                    world.run_for(wakeful(future::or(flow, world.ticks(tick))), polls).is_some();
                let left = (world.timers(), world.in_flight());
                assert_eq!(left, (0, 0), "after {polls} polls");
                if done {
                    break;
                }
                polls += 1;
            }
            assert!(polls > 10);
        }
    }
}

#[test]
fn a_waiting_consumer_learns_that_the_driver_was_dropped() {
    for after_ms in [0, 30, 500, 1_300, 4_000] {
        let world = World::new(|sent| match sent.method.as_str() {
            "createTask" => answer(json!({ "errorId": 0, "taskId": TASK_ID + tag(sent) })),
            _ => hang(),
        });
        let (batch, feed, client) = (batch(3), Feed::numbered(&world, 9), world.client());
        // This is what an abort does.
        let driver = async {
            let driver = async { batch.run(&client, &|_, _, _| {}, || feed.pull()).await.unwrap() };
            future::or(driver, world.sleep(after_ms)).await;
        };
        let ((), records) = run(&world, future::zip(driver, batch.all()));
        // The first task is alone until it is answered. Then each that exists is handed over.
        let created = world.sent_to("createTask");
        let created = created.iter().filter(|sent| sent.end.unwrap() - sent.start >= ROUND_TRIP_MS);
        let created: Vec<_> =
            created.map(|sent| (tag(sent) as usize, TASK_ID + tag(sent))).collect();
        assert_eq!(unfinished(records), created, "{after_ms} ms");
        assert_eq!(created.len(), if after_ms < 80 { 0 } else { 3 });
        assert_eq!((world.timers(), world.in_flight()), (0, 0));
        assert!(run(&world, batch.next()).is_none());
        assert_eq!(batch.cancel(), Cleanup::CloseDetached);
    }
}

#[test]
fn a_driver_that_never_ran_ends_the_batch() {
    // This happens if the options of the call are invalid.
    let world = server().world();
    let batch = batch(8);
    let consumer = async {
        world.sleep(10).await;
        drop(batch.driver.take());
    };
    assert!(run(&world, future::zip(batch.next(), consumer)).0.is_none());
}

/// They are paid for.
#[test]
fn completed_results_and_created_tasks_are_delivered_after_an_abort() {
    let world = World::new(|sent| match sent.method.as_str() {
        "createTask" => answer(json!({ "errorId": 0, "taskId": TASK_ID + tag(sent) })),
        _ if sent.body["taskId"].as_u64().unwrap() % 2 == 1 => ready(),
        _ => processing(),
    });
    let (batch, feed, client) = (batch(5), Feed::numbered(&world, 9), world.client());
    let driver = async {
        let driver = async { batch.run(&client, &|_, _, _| {}, || feed.pull()).await.unwrap() };
        future::or(driver, world.sleep(60_000)).await;
    };
    let consumer = async {
        batch.next().await.unwrap();
        world.sleep(60_001).await;
        batch.all().await
    };
    let ((), records) = run(&world, future::zip(driver, consumer));
    let (solved, rest): (Vec<_>, Vec<_>) =
        records.into_iter().partition(|record| record.result.is_ok());
    assert_eq!(indices(&solved), [2, 4]);
    assert_eq!(unfinished(rest), [(1, TASK_ID + 1), (3, TASK_ID + 3)]);
    assert_eq!(feed.taken.get(), 5);
}

#[test]
fn a_batch_can_be_aborted_until_its_last_result_is_consumed() {
    let world = tagged(|_| 1);
    let (batch, feed, client) = (batch(5), Feed::numbered(&world, 3), world.client());
    let has_ended = Cell::new(false);
    let driver = async {
        batch.run(&client, &|_, _, _| {}, || feed.pull()).await.unwrap();
        has_ended.set(true);
    };
    let consumer = async {
        for _ in 0..3 {
            batch.next().await.unwrap();
            // An abort needs a running driver to drop.
            assert!(!has_ended.get());
            world.sleep(60_000).await;
        }
        assert!(batch.next().await.is_none());
    };
    run(&world, future::zip(driver, consumer));
    assert!(has_ended.get());
}
