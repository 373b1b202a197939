//! Many tasks: how many are on their way, when the next is taken, when none is any more, in what order
//! they come back.

use capwire::client::batch::{BatchItem, Cleanup, Driver, NextTask, Results};
use capwire::platform::{HostValue as _, Platform};
use capwire_testkit::*;
use futures_lite::future;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

type Thrown = &'static str;
type Record = BatchItem<Js>;

/// Both halves of a batch.
struct TestBatch {
    driver: Cell<Option<Driver<Js>>>,
    results: Results<Js>,
    concurrency: u32,
}

fn batch(concurrency: u32) -> TestBatch {
    let (driver, results) = capwire::client::batch::batch();
    TestBatch { driver: Cell::new(Some(driver)), results, concurrency }
}

impl TestBatch {
    async fn run<'a>(
        &self,
        client: &Client<World>,
        listener: &dyn Fn(&Progress),
        pull: impl Fn() -> NextTask<'a, Js, Thrown>,
    ) -> Result<(), Thrown> {
        let options = call_options(json!({ "concurrency": self.concurrency }));
        self.driver.take().unwrap().run(client, &options, listener, pull).await
    }

    async fn next(&self) -> Option<Record> {
        self.results.next().await
    }

    async fn all(&self) -> Vec<Record> {
        let mut results = Vec::new();
        while let Some(record) = self.next().await {
            results.push(record);
        }
        results
    }

    fn cancel(&self) -> Cleanup {
        self.results.cancel()
    }
}

/// Task number `n`, which the services below know by its tag.
fn task(n: usize) -> Js {
    json!({ "type": "SomethingNewTask", "tag": n }).into()
}

/// One that the client refuses by itself.
fn bad_task() -> Js {
    json!({ "type": "ImageToTextTask", "body": "*" }).into()
}

/// The input of a batch, which notes what is taken from it.
struct Feed<'a> {
    world: &'a World,
    tasks: RefCell<VecDeque<Js>>,
    delay_ms: u32,
    end: Result<(), Thrown>,
    taken: Cell<usize>,
}

impl<'a> Feed<'a> {
    fn of(world: &'a World, tasks: impl IntoIterator<Item = Js>) -> Self {
        let tasks = RefCell::new(tasks.into_iter().collect());
        Self { world, tasks, delay_ms: 0, end: Ok(()), taken: Cell::new(0) }
    }

    fn numbered(world: &'a World, count: usize) -> Self {
        Self::of(world, (0..count).map(task))
    }

    fn pull(&self) -> NextTask<'_, Js, Thrown> {
        Box::pin(async {
            if self.delay_ms > 0 {
                self.world.sleep(self.delay_ms).await;
            }
            let task = self.tasks.borrow_mut().pop_front();
            match task {
                None => self.end.map(|()| None),
                Some(task) => {
                    self.taken.set(self.taken.get() + 1);
                    Ok(Some(task))
                }
            }
        })
    }
}

/// Counts how often it is woken.
#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Bell {
    fn has_rung(&self) -> bool {
        self.0.swap(0, Ordering::Relaxed) > 0
    }
}

/// Runs a flow to its end. The world polls it once per step, but the halves of a batch wake each other
/// within one, which only an executor that listens to them can follow.
fn run<F: Future>(world: &World, flow: F) -> F::Output {
    world.run(wakeful(flow))
}

async fn wakeful<F: Future>(flow: F) -> F::Output {
    let mut flow = pin!(flow);
    let bell = Arc::<Bell>::default();
    let waker = Waker::from(Arc::clone(&bell));
    poll_fn(|_| {
        for _ in 0..10_000 {
            let polled = flow.as_mut().poll(&mut Context::from_waker(&waker));
            if polled.is_ready() || !bell.has_rung() {
                return polled;
            }
        }
        panic!("it wakes itself for ever");
    })
    .await
}

/// A batch beside its consumer: what both come to.
async fn with_consumer<T>(
    batch: &TestBatch,
    client: &Client<World>,
    feed: &Feed<'_>,
    consumer: impl Future<Output = T>,
) -> (Result<(), Thrown>, T) {
    future::zip(batch.run(client, &|_| {}, || feed.pull()), consumer).await
}

/// What becomes of a feed, to its end.
fn settle(world: &World, batch: &TestBatch, feed: &Feed<'_>) -> Vec<Record> {
    settle_with(world, &world.client(), batch, feed)
}

fn settle_with(
    world: &World,
    client: &Client<World>,
    batch: &TestBatch,
    feed: &Feed<'_>,
) -> Vec<Record> {
    let (end, results) = run(world, with_consumer(batch, client, feed, batch.all()));
    assert_eq!((end, world.timers(), world.in_flight()), (Ok(()), 0, 0));
    results
}

fn indices(results: &[Record]) -> Vec<usize> {
    results.iter().map(|record| record.index).collect()
}

#[track_caller]
fn rejected(record: Record, class: Class, code: &str) -> Box<Failure> {
    refused(record.result, class, code)
}

fn tag(sent: &Sent) -> u64 {
    sent.body["task"]["tag"].as_u64().expect("a task with a tag")
}

/// A service that numbers its tasks by their tags, and solves each at the look that `looks` says.
fn tagged(looks: impl Fn(u64) -> usize + 'static) -> World {
    let mut asked = BTreeMap::<u64, usize>::new();
    World::new(move |sent| match sent.method.as_str() {
        "createTask" => answer(json!({ "errorId": 0, "taskId": TASK_ID + tag(sent) })),
        _ => {
            let tag = sent.body["taskId"].as_u64().unwrap() - TASK_ID;
            let asked = asked.entry(tag).or_default();
            *asked += 1;
            if *asked < looks(tag) { processing() } else { ready() }
        }
    })
}

/// A service that answers createTask by script and solves at the first look.
fn creating(scripts: impl IntoIterator<Item = Script>) -> World {
    server().create(scripts).world()
}

/// When each task was on its way: from its creation to the end of its last look.
fn spans(world: &World) -> BTreeMap<u64, (f64, f64)> {
    let mut spans = BTreeMap::new();
    for sent in world.sent() {
        let end = sent.end.unwrap();
        match sent.method.as_str() {
            "createTask" => {
                let before = spans.insert(tag(&sent), (sent.start, end));
                assert!(before.is_none(), "created twice: {sent:?}");
            }
            _ => spans.get_mut(&(sent.body["taskId"].as_u64().unwrap() - TASK_ID)).unwrap().1 = end,
        }
    }
    spans
}

/// The largest number of tasks that were on their way at one moment.
fn widest(world: &World) -> usize {
    let spans = spans(world);
    let at =
        |moment: f64| spans.values().filter(|(from, to)| (*from..*to).contains(&moment)).count();
    spans.values().map(|(from, _)| at(*from)).max().unwrap()
}

#[test]
fn a_record_has_its_place_its_task_and_what_came_of_it() {
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
fn nothing_comes_of_nothing() {
    let world = server().world();
    let (batch, feed) = (batch(8), Feed::of(&world, []));
    assert!(settle(&world, &batch, &feed).is_empty());
    assert!(world.sent().is_empty());
    // The end stays the end.
    assert!(run(&world, batch.next()).is_none());
    assert_eq!(batch.cancel(), Cleanup::None);
}

#[test]
fn a_thousand_tasks_settle_in_order_of_completion_and_never_more_than_32_are_on_their_way() {
    // Each takes 1 to 6 looks, as its number says.
    let world = tagged(|tag| (tag * 7 % 6 + 1) as usize);
    let feed = Feed::numbered(&world, 1_000);
    let results = settle(&world, &batch(32), &feed);

    let mut places = indices(&results);
    assert_ne!(places, (0..1_000).collect::<Vec<_>>(), "some take longer than those after them");
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

    // All the room is used, and no more.
    assert_eq!(widest(&world), 32);
    // Each task's own rules hold: its creation is sent once (by `spans`), its looks keep their distance.
    let mut looks = BTreeMap::<u64, Vec<Sent>>::new();
    for sent in world.sent_to("getTaskResult") {
        looks.entry(sent.body["taskId"].as_u64().unwrap()).or_default().push(sent);
    }
    assert_eq!(looks.len(), 1_000);
    looks.values().for_each(|looks| assert_spaced(looks));
}

#[test]
fn what_a_slow_consumer_has_and_what_is_taken_are_never_more_than_the_concurrency() {
    for concurrency in [1, 2, 5] {
        for pause_ms in [0, 700, 30_000] {
            let world = tagged(|tag| (tag % 3 + 1) as usize);
            let feed = Feed::numbered(&world, 12);
            let batch = batch(concurrency);
            let room = concurrency as usize;
            let consumer = async {
                let mut consumed = 0;
                while batch.next().await.is_some() {
                    // The record is in the consumer's hands, so its place is not free yet.
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
fn a_consumer_that_asks_gets_all_the_room_used_again() {
    let world = tagged(|_| 1);
    let feed = Feed::numbered(&world, 20);
    let batch = batch(4);
    let consumer = async {
        for consumed in 0..16 {
            // Whatever it asks for has settled long ago, but its asking lets the next one in.
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
fn nothing_is_taken_before_the_consumer_asks() {
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
fn a_failing_task_stops_no_other() {
    for code in [
        "ERROR_CAPTCHA_UNSOLVABLE",
        "ERROR_DOMAIN_NOT_ALLOWED",
        "ERROR_PROXY_BANNED",
        "ERROR_INVALID_TASK",
        "ERROR_SERVICE_NOT_AVAILABLE",
        "ERROR_NEWER_THAN_THIS",
    ] {
        for place in [0, 2, 5] {
            let scripts = (0..6).map(|n| if n == place { error(code) } else { created() });
            let world = creating(scripts);
            let feed = Feed::numbered(&world, 6);
            let results = settle(&world, &batch(2), &feed);
            assert_eq!(world.count("createTask"), 6, "{code}");
            let (good, bad): (Vec<_>, Vec<_>) =
                results.into_iter().partition(|it| it.result.is_ok());
            assert_eq!((good.len(), bad.len()), (5, 1), "{code}");
            assert_eq!(bad[0].index, place);
            assert_eq!(bad[0].result.as_ref().unwrap_err().code, code);
        }
    }
}

#[test]
fn tasks_that_cannot_be_sent_are_settled_too() {
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

/// The refusals that the whole account or address meets, each with its class.
const REFUSALS: [(&str, Class); 5] = [
    ("ERROR_KEY_DOES_NOT_EXIST", Class::Key),
    ("ERROR_ZERO_BALANCE", Class::Balance),
    ("ERROR_IP_NOT_ALLOWED", Class::Access),
    ("ERROR_IP_BANNED", Class::Access),
    ("ERROR_IP_BLOCKED", Class::Access),
];

#[test]
fn a_refusal_of_the_whole_client_is_met_once_and_nothing_more_is_taken() {
    for (code, class) in REFUSALS {
        let world = creating([error(code)]);
        let (batch, feed) = (batch(32), Feed::numbered(&world, 100));
        let mut results = settle(&world, &batch, &feed);
        assert_eq!((results.len(), feed.taken.get(), world.sent().len()), (1, 1, 1), "{code}");
        let failure = rejected(results.remove(0), class, code);
        assert_eq!(failure.origin, Origin::Service);
        // The input has more to give, so it is to be closed.
        assert_eq!(batch.cancel(), Cleanup::Close);
    }
}

#[test]
fn what_is_in_flight_at_such_a_refusal_settles_and_is_delivered() {
    for (code, class) in REFUSALS {
        // Created at once: 0, then 1 to 3; 4 is refused when the first of them has made room.
        let world = World::new(move |sent| match (sent.method.as_str(), sent.index) {
            ("createTask", 4) => error(code),
            ("createTask", n) => answer(json!({ "errorId": 0, "taskId": TASK_ID + n as u64 })),
            // The first is solved at once, the others when 4 is long refused.
            _ if sent.body["taskId"] == TASK_ID => ready(),
            _ => ready().after(9_000.0),
        });
        let (batch, feed) = (batch(4), Feed::numbered(&world, 100));
        let mut results = settle(&world, &batch, &feed);
        assert_eq!(indices(&results), [0, 4, 1, 2, 3], "{code}");
        assert_eq!((feed.taken.get(), world.count("createTask")), (5, 5), "{code}");
        rejected(results.remove(1), class, code);
        assert!(results.iter().all(|record| record.result.is_ok()));
    }
}

#[test]
fn a_refusal_that_the_client_knows_of_ends_a_batch_before_anything_is_sent() {
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
fn a_refusal_ends_a_batch_whose_input_is_at_work_for_ever() {
    let world = creating([created(), created(), error("ERROR_ZERO_BALANCE").after(500.0)]);
    let feed = Feed { delay_ms: 10, ..Feed::numbered(&world, 3) };
    let (batch, client) = (batch(8), world.client());
    let pull = || -> NextTask<'_, Js, Thrown> {
        if feed.taken.get() < 3 { feed.pull() } else { Box::pin(pending()) }
    };
    let driver = batch.run(&client, &|_| {}, pull);
    let (end, results) = run(&world, future::zip(driver, batch.all()));
    assert_eq!((end, results.len()), (Ok(()), 3));
    // Who closes it must not wait for it.
    assert_eq!(batch.cancel(), Cleanup::CloseDetached);
}

#[test]
fn what_the_input_is_at_work_on_at_such_a_refusal_is_not_taken() {
    // Task 1 is refused while the input prepares task 2 and task 0 is still on its way.
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

#[test]
fn a_consumer_may_ask_before_the_runner_runs() {
    let world = tagged(|_| 1);
    let (batch, feed, client) = (batch(2), Feed::numbered(&world, 5), world.client());
    let driver = batch.run(&client, &|_| {}, || feed.pull());
    let (results, end) = run(&world, future::zip(batch.all(), driver));
    assert_eq!((end, results.len()), (Ok(()), 5));
    assert_eq!(widest(&world), 2);
}

#[test]
fn the_first_task_goes_alone_until_it_is_answered() {
    let world = World::new(|sent| match sent.method.as_str() {
        "createTask" => answer(json!({ "errorId": 0, "taskId": TASK_ID + tag(sent) })).after(400.0),
        _ => ready().after(5_000.0),
    });
    let feed = Feed::numbered(&world, 4);
    settle(&world, &batch(8), &feed);
    let starts: Vec<_> = world.sent_to("createTask").iter().map(|sent| sent.start).collect();
    // The others do not wait for its solution.
    assert_eq!(starts, [1_000_000.0, 1_000_400.0, 1_000_400.0, 1_000_400.0]);
}

#[test]
fn what_the_client_refuses_by_itself_is_no_answer() {
    let world = creating([error("ERROR_KEY_DOES_NOT_EXIST")]);
    let tasks = (0..50).map(|n| if n < 3 { bad_task() } else { task(n) });
    let feed = Feed::of(&world, tasks);
    let results = settle(&world, &batch(8), &feed);
    assert_eq!((indices(&results), world.sent().len()), (vec![0, 1, 2, 3], 1));
}

#[test]
fn any_other_failure_is_one() {
    // A service that cannot be reached is not tried one task after the other.
    let world = creating([network().after(10_000.0)]);
    let feed = Feed::numbered(&world, 5);
    let results = settle(&world, &batch(8), &feed);
    assert_eq!(results.len(), 5);
    for record in results {
        rejected(record, Class::Transport, "NETWORK");
    }
    let starts: Vec<_> = world.sent().iter().map(|sent| sent.start - 1_000_000.0).collect();
    // The second has the turn of a key that nobody has confirmed, which is waited for 3 s.
    assert_eq!(starts, [0.0, 10_000.0, 13_000.0, 13_000.0, 13_000.0]);
}

#[test]
fn a_slow_input_holds_up_no_record() {
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
fn an_input_that_throws_ends_the_batch_after_what_has_settled() {
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
        // Aborted at once, not when the consumer comes back.
        assert_eq!((world.timers(), world.in_flight()), (0, 0));
        let second = batch.next().await.unwrap();
        let after = batch.next().await.is_none();
        (first.index, second.index, after)
    };
    let (end, seen) = run(&world, with_consumer(&batch, &client, &feed, consumer));
    assert_eq!((end, seen), (Err("no more"), (0, 1, true)));
    assert_eq!(batch.cancel(), Cleanup::None);
}

#[test]
fn an_input_that_throws_at_once_throws_through() {
    let world = server().world();
    let feed = Feed { end: Err("nothing here"), ..Feed::of(&world, []) };
    let (batch, client) = (batch(8), world.client());
    let (end, results) = run(&world, with_consumer(&batch, &client, &feed, batch.all()));
    assert_eq!((end, results.len()), (Err("nothing here"), 0));
    assert!(world.sent().is_empty());
}

#[test]
fn leaving_drops_what_is_in_flight_and_takes_nothing_more() {
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
            // Whoever asks again is told of the end, not of what was left.
            assert!(run(&world, batch.next()).is_none());
            // The client itself goes on.
            run(&world, Call::Solve(task(999)).make(&client)).unwrap();
        }
    }
}

#[test]
fn leaving_an_input_that_is_at_work_waits_for_nothing() {
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
fn whoever_waits_learns_that_the_runner_was_dropped() {
    for after_ms in [0, 30, 500, 1_300, 4_000] {
        let world = World::new(|sent| match sent.method.as_str() {
            "createTask" => answer(json!({ "errorId": 0, "taskId": TASK_ID + tag(sent) })),
            _ => hang(),
        });
        let (batch, feed, client) = (batch(3), Feed::numbered(&world, 9), world.client());
        // As an abort does it.
        let driver = async {
            let driver = async { batch.run(&client, &|_| {}, || feed.pull()).await.unwrap() };
            future::or(driver, world.sleep(after_ms)).await;
        };
        let ((), record) = run(&world, future::zip(driver, batch.next()));
        assert!(record.is_none(), "{record:?}");
        assert_eq!((world.timers(), world.in_flight()), (0, 0));
        assert!(run(&world, batch.next()).is_none());
        assert_eq!(batch.cancel(), Cleanup::CloseDetached);
    }
}

#[test]
fn a_runner_that_never_ran_ends_the_batch_too() {
    // As when the options of the call cannot be used.
    let world = server().world();
    let batch = batch(8);
    let consumer = async {
        world.sleep(10).await;
        drop(batch.driver.take());
    };
    assert!(run(&world, future::zip(batch.next(), consumer)).0.is_none());
}

#[test]
fn what_has_settled_is_not_handed_over_after_an_abort() {
    let world = tagged(|_| 1);
    let (batch, feed, client) = (batch(5), Feed::numbered(&world, 9), world.client());
    let driver = async {
        let driver = async { batch.run(&client, &|_| {}, || feed.pull()).await.unwrap() };
        future::or(driver, world.sleep(60_000)).await;
    };
    let consumer = async {
        batch.next().await.unwrap();
        world.sleep(60_001).await;
        batch.next().await
    };
    let ((), record) = run(&world, future::zip(driver, consumer));
    assert!(record.is_none(), "{record:?}");
    assert_eq!(feed.taken.get(), 5);
}

#[test]
fn a_batch_can_be_aborted_until_its_last_record_is_consumed() {
    let world = tagged(|_| 1);
    let (batch, feed, client) = (batch(5), Feed::numbered(&world, 3), world.client());
    let has_ended = Cell::new(false);
    let driver = async {
        batch.run(&client, &|_| {}, || feed.pull()).await.unwrap();
        has_ended.set(true);
    };
    let consumer = async {
        for _ in 0..3 {
            batch.next().await.unwrap();
            // Who drops the driver at an abort must have something to drop.
            assert!(!has_ended.get());
            world.sleep(60_000).await;
        }
        assert!(batch.next().await.is_none());
    };
    run(&world, future::zip(driver, consumer));
    assert!(has_ended.get());
}

#[test]
fn a_listener_may_leave_the_batch() {
    let world = tagged(|_| 1);
    let (batch, feed, client) = (batch(5), Feed::numbered(&world, 3), world.client());
    let listener = |event: &Progress| {
        if matches!(event, Progress::Poll { .. }) {
            batch.cancel();
        }
    };
    let driver = batch.run(&client, &listener, || feed.pull());
    let (end, results) = run(&world, future::zip(driver, batch.all()));
    // The one that was just being answered may still come; the others are dropped.
    assert_eq!((end, results.len()), (Ok(()), 1));
    assert_eq!((world.timers(), world.in_flight()), (0, 0));
    assert_eq!(world.count("getTaskResult"), 1);
}

#[test]
fn each_half_wakes_the_other() {
    // The world polls everything all the time; a real executor polls only who was woken.
    let world = server().world();
    let (batch, feed, client) = (batch(1), Feed::of(&world, [bad_task()]), world.client());
    let bells = [Arc::<Bell>::default(), Arc::<Bell>::default()];
    let wakers = bells.clone().map(Waker::from);
    let rung = |half: usize| bells[half].has_rung();
    let mut run = pin!(batch.run(&client, &|_| {}, || feed.pull()));
    let mut poll_run = || run.as_mut().poll(&mut Context::from_waker(&wakers[0])).is_ready();

    assert!(!poll_run() && !rung(0) && !rung(1));
    {
        let mut next = pin!(batch.next());
        let mut poll_next = || next.as_mut().poll(&mut Context::from_waker(&wakers[1]));
        assert!(poll_next().is_pending());
        assert!(rung(0), "asking wakes the driver");
        assert!(!poll_run());
        assert!(rung(1), "a record wakes the consumer");
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
fn leaving_wakes_the_runner() {
    let world = server().world();
    let (batch, feed, client) = (batch(1), Feed::numbered(&world, 1), world.client());
    let bell = Arc::<Bell>::default();
    let waker = bell.clone().into();
    let mut run = pin!(batch.run(&client, &|_| {}, || feed.pull()));
    assert!(run.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    batch.cancel();
    assert_eq!(bell.0.load(Ordering::Relaxed), 1);
    assert!(run.as_mut().poll(&mut Context::from_waker(&waker)).is_ready());
}

#[test]
fn the_concurrency_is_a_whole_number_from_1_to_1000() {
    let read = |value: Js| CallOptions::read(Some(&object([("concurrency", value)])));
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
fn without_it_8_tasks_are_on_their_way() {
    let world = tagged(|_| 2);
    let (feed, client) = (Feed::numbered(&world, 30), world.client());
    let (driver, results) = capwire::client::batch::batch();
    let options = CallOptions::default();
    let driver = driver.run(&client, &options, &|_| {}, || feed.pull());
    let consumer = async { while results.next().await.is_some() {} };
    run(&world, future::zip(driver, consumer)).0.unwrap();
    assert_eq!(widest(&world), 8);
}

#[test]
fn every_task_gets_the_options_and_is_told_of() {
    let world = tagged(|_| 3);
    let (feed, client) = (Feed::numbered(&world, 3), world.client());
    let (driver, results) = capwire::client::batch::batch();
    let options = call_options(json!({ "pollIntervalMs": 6_000 }));
    let log = Log::default();
    let listener = |event: &Progress| log.push(event);
    let driver = driver.run(&client, &options, &listener, || feed.pull());
    let consumer = async { while results.next().await.is_some() {} };
    run(&world, future::zip(driver, consumer)).0.unwrap();
    assert_eq!((log.of("created").len(), log.of("poll").len()), (3, 9));
    for tag in 0..3 {
        let mut looks = world.sent_to("getTaskResult");
        looks.retain(|sent| sent.body["taskId"] == TASK_ID + tag);
        assert!(looks.windows(2).all(|pair| pair[1].start - pair[0].end.unwrap() >= 6_000.0));
    }
}
