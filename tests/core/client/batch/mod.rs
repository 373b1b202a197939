//! Solving many tasks. This file has the tests' batch: an input, a consumer, and a service that knows the tasks by
//! their tags.

use capwire::client::batch::{BatchItem, BatchListener, Cleanup, Driver, NextTask, Results};
use capwire::platform::HostValue as _;
use capwire_testkit::*;
use futures_lite::future;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

mod concurrency;
mod end;
mod refusals;
mod results;

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
        listener: BatchListener<'_, Js>,
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

/// Task number `n`. The services below know it by its tag.
fn task(n: usize) -> Js {
    json!({ "type": "SomethingNewTask", "tag": n }).into()
}

/// A task that the client refuses locally.
fn bad_task() -> Js {
    json!({ "type": "ImageToTextTask", "body": "*" }).into()
}

/// The input of a batch. It counts the tasks that are taken from it.
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

/// Runs a flow to its end. The world polls it once per step, but the two halves of a batch wake each other within
/// a step, so this executor listens to wakers.
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
        panic!("it keeps waking itself");
    })
    .await
}

/// Runs a batch and its consumer side by side and returns both outputs.
async fn with_consumer<T>(
    batch: &TestBatch,
    client: &Client<World>,
    feed: &Feed<'_>,
    consumer: impl Future<Output = T>,
) -> (Result<(), Thrown>, T) {
    future::zip(batch.run(client, &|_, _, _| {}, || feed.pull()), consumer).await
}

/// Runs a batch of these tasks to its end and returns its results.
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

/// A service that numbers its tasks by their tags and solves each at result request number `polls`.
fn tagged(polls: impl Fn(u64) -> usize + 'static) -> World {
    let mut asked = BTreeMap::<u64, usize>::new();
    World::new(move |sent| match sent.method.as_str() {
        "createTask" => answer(json!({ "errorId": 0, "taskId": TASK_ID + tag(sent) })),
        _ => {
            let tag = sent.body["taskId"].as_u64().unwrap() - TASK_ID;
            let asked = asked.entry(tag).or_default();
            *asked += 1;
            if *asked < polls(tag) { processing() } else { ready() }
        }
    })
}

/// A service that answers createTask by script and solves at the first result request.
fn creating(scripts: impl IntoIterator<Item = Script>) -> World {
    server().create(scripts).world()
}

/// When each task ran: from its creation to the end of its last result request.
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

/// The largest number of tasks that ran at the same time.
fn widest(world: &World) -> usize {
    let spans = spans(world);
    let at =
        |moment: f64| spans.values().filter(|(from, to)| (*from..*to).contains(&moment)).count();
    spans.values().map(|(from, _)| at(*from)).max().unwrap()
}
