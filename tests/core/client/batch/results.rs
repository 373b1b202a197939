//! The results of a batch: one per task, whether it is solved or fails.

use super::*;

#[test]
fn a_result_has_its_index_its_task_and_its_outcome() {
    let world = creating([created(), error("ERROR_INVALID_TASK"), created()]);
    let feed = Feed::numbered(&world, 2);
    let results = settle(&world, &batch(1), &feed);
    let [good, bad] = <[Record; 2]>::try_from(results).unwrap();
    let tag = |record: &Record| record.task.get("tag").unwrap().digits();
    assert_eq!((good.index, bad.index), (0, 1));
    assert_eq!((tag(&good), tag(&bad)), ("0".to_owned(), "1".to_owned()));
    let solved = good.result.unwrap();
    assert_eq!(solved.solution.get("text").unwrap().as_string().as_deref(), Some("w7kq"));
    assert_eq!(solved.task_id, task_id(TASK_ID));
    refused(bad.result, Class::Task, "ERROR_INVALID_TASK");
}

#[test]
fn an_empty_input_gives_no_results() {
    let world = server().world();
    let (batch, feed) = (batch(8), Feed::of(&world, []));
    assert!(settle(&world, &batch, &feed).is_empty());
    assert!(world.sent().is_empty());
    // Asking again gives the end again.
    assert!(run(&world, batch.next()).is_none());
    assert_eq!(batch.cancel(), Cleanup::None);
}

#[test]
fn a_failed_task_does_not_stop_the_others() {
    for (code, class) in [
        ("ERROR_CAPTCHA_UNSOLVABLE", Class::Unsolvable),
        ("ERROR_DOMAIN_NOT_ALLOWED", Class::Domain),
        ("ERROR_PROXY_BANNED", Class::Proxy),
        ("ERROR_INVALID_TASK", Class::Task),
        ("ERROR_SERVICE_NOT_AVAILABLE", Class::Capacity),
        ("ERROR_NEWER_THAN_THIS", Class::UnknownService),
    ] {
        for place in [0, 2, 5] {
            let scripts = (0..6).map(|n| if n == place { error(code) } else { created() });
            let world = creating(scripts);
            let feed = Feed::numbered(&world, 6);
            let results = settle(&world, &batch(2), &feed);
            assert_eq!(world.count("createTask"), 6, "{code}");
            let (good, mut bad): (Vec<_>, Vec<_>) =
                results.into_iter().partition(|it| it.result.is_ok());
            assert_eq!((good.len(), bad.len()), (5, 1), "{code}");
            assert_eq!(bad[0].index, place);
            rejected(bad.remove(0), class, code);
        }
    }
}

#[test]
fn tasks_that_cannot_be_sent_have_results_too() {
    let world = server().world();
    let tasks = [task(0), bad_task(), Js::Undefined, json!("no task").into(), task(4)];
    let feed = Feed::of(&world, tasks);
    let mut results = settle(&world, &batch(8), &feed);
    results.sort_by_key(|record| record.index);
    assert_eq!(indices(&results), [0, 1, 2, 3, 4]);
    assert_eq!(world.count("createTask"), 2);
    let no_task = results.remove(2);
    let no_image = results.remove(1);
    rejected(no_image, Class::Image, "INVALID_IMAGE");
    rejected(no_task, Class::Task, "INVALID_TASK");
}

#[test]
fn a_slow_input_does_not_delay_results() {
    let world = tagged(|_| 1);
    let feed = Feed { delay_ms: 60_000, ..Feed::numbered(&world, 3) };
    let (batch, client) = (batch(8), world.client());
    let consumer = async {
        let mut times = Vec::new();
        while batch.next().await.is_some() {
            times.push(world.now() - 1_000_000.0);
        }
        times
    };
    let (_, times) = run(&world, with_consumer(&batch, &client, &feed, consumer));
    assert_eq!(times.len(), 3);
    for (at, time) in (1..).zip(times) {
        let taken = f64::from(at) * 60_000.0;
        assert!((taken..taken + 10_000.0).contains(&time), "{at}: {time}");
    }
}

#[test]
fn a_consumer_may_ask_before_the_driver_runs() {
    let world = tagged(|_| 1);
    let (batch, feed, client) = (batch(2), Feed::numbered(&world, 5), world.client());
    let driver = batch.run(&client, &|_, _, _| {}, || feed.pull());
    let (results, end) = run(&world, future::zip(batch.all(), driver));
    assert_eq!((end, results.len()), (Ok(()), 5));
    assert_eq!(widest(&world), 2);
}

#[test]
fn the_driver_and_the_consumer_wake_each_other() {
    // The world polls everything all the time; a real executor polls only woken tasks.
    let world = server().world();
    let (batch, feed, client) = (batch(1), Feed::of(&world, [bad_task()]), world.client());
    let bells = [Arc::<Bell>::default(), Arc::<Bell>::default()];
    let wakers = bells.clone().map(Waker::from);
    let rung = |half: usize| bells[half].has_rung();
    let mut run = pin!(batch.run(&client, &|_, _, _| {}, || feed.pull()));
    let mut poll_run = || run.as_mut().poll(&mut Context::from_waker(&wakers[0])).is_ready();

    assert!(!poll_run() && !rung(0) && !rung(1));
    {
        let mut next = pin!(batch.next());
        let mut poll_next = || next.as_mut().poll(&mut Context::from_waker(&wakers[1]));
        assert!(poll_next().is_pending());
        assert!(rung(0), "a consumer that asks wakes the driver");
        assert!(!poll_run());
        assert!(rung(1), "a result wakes the consumer");
        assert!(matches!(poll_next(), Poll::Ready(Some(_))));
    }
    {
        let mut next = pin!(batch.next());
        let mut poll_next = || next.as_mut().poll(&mut Context::from_waker(&wakers[1]));
        bells[0].0.store(0, Ordering::Relaxed);
        assert!(poll_next().is_pending());
        assert!(poll_run());
        assert!(rung(1), "the end wakes the consumer");
        assert!(matches!(poll_next(), Poll::Ready(None)));
    }
}

#[test]
fn every_task_gets_the_options_and_the_listener() {
    let world = tagged(|_| 3);
    let (feed, client) = (Feed::numbered(&world, 3), world.client());
    let (driver, results) = capwire::client::batch::batch();
    let options = call_options(json!({ "pollIntervalMs": 6_000 }));
    let log = Log::default();
    let listener = |_: usize, _: &Js, event: &Progress| log.push(event);
    let driver = driver.run(&client, &options, &listener, || feed.pull());
    let consumer = async { while results.next().await.is_some() {} };
    run(&world, future::zip(driver, consumer)).0.unwrap();
    assert_eq!((log.of("created").len(), log.of("poll").len()), (3, 9));
    for tag in 0..3 {
        let mut polls = world.sent_to("getTaskResult");
        polls.retain(|sent| sent.body["taskId"] == TASK_ID + tag);
        assert!(polls.windows(2).all(|pair| pair[1].start - pair[0].end.unwrap() >= 6_000.0));
    }
}
