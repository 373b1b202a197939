//! Many tasks, a few at a time: when the next one is taken, and when none is any more.
//!
//! A batch has two halves. Its [`Runner`] takes tasks and solves them, and goes on while nobody asks, for a
//! result that is not fetched is lost after 5 minutes. Its [`Records`] hand over what has settled, and
//! open room for the other half, which so never runs ahead of whoever consumes it.

use crate::error::{Class, Failure, Origin, Result};
use crate::host::{Host, Json};
use crate::options::{CONCURRENCY, CallOptions};
use crate::solve::{Client, Listener, Progress, Solved};
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::mem::take;
use std::pin::Pin;
use std::rc::Rc;
use std::result::Result as AnyResult;
use std::task::{Context, Poll, Waker};

/// What became of one task of a batch.
#[derive(Clone, Debug)]
pub struct Settled<V> {
    /// Its place in the input, from 0.
    pub index: usize,
    /// The very value that was given.
    pub task: V,
    /// What [`Client::solve`] came to.
    pub result: Result<Solved<V>>,
}

/// The next task, `None` after the last one, or what the input threw instead.
pub type Pull<'a, V, E> = Pin<Box<dyn Future<Output = AnyResult<Option<V>, E>> + 'a>>;

/// What is still owed to the input when a batch is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// Nothing: it has ended or thrown.
    Nothing,
    /// It is to be closed.
    Close,
    /// It is to be closed, and nobody waits for that: it is at work on a task, perhaps for ever, or the
    /// runner was dropped.
    CloseAside,
}

/// Takes tasks and solves them. Dropped before its time, it ends the batch.
pub struct Runner<V>(Shared<V>);

/// What has settled.
#[derive(Clone)]
pub struct Records<V>(Shared<V>);

type Shared<V> = Rc<RefCell<State<V>>>;

struct State<V> {
    /// How many tasks may be taken.
    room: u32,
    /// How many more as soon as the consumer asks: until then it has the last ones in its hands.
    owed: u32,
    settled: Vec<Settled<V>>,
    rest: Rest,
    has_ended: bool,
    runner: Option<Waker>,
    consumer: Option<Waker>,
}

/// A task on its way.
type Solving<'a, V> = Pin<Box<dyn Future<Output = Settled<V>> + 'a>>;

/// A batch that has taken nothing yet.
#[must_use]
pub fn batch<V>() -> (Runner<V>, Records<V>) {
    let shared = Rc::new(RefCell::new(State {
        room: 0,
        owed: 0,
        settled: Vec::new(),
        rest: Rest::Close,
        has_ended: false,
        runner: None,
        consumer: None,
    }));
    (Runner(Rc::clone(&shared)), Records(shared))
}

impl<V: Json> Runner<V> {
    /// Runs until all is consumed, or the records are left.
    ///
    /// The first task goes alone until the service has answered it: a wrong key is then sent once, and
    /// not as often as there is room for. After a refusal of the whole account nothing more is taken.
    ///
    /// # Errors
    /// What the input threw. What is in flight is dropped; what has settled is still handed over.
    pub async fn run<'a, H: Host<Value = V>, E>(
        self,
        client: &Client<H>,
        options: &CallOptions,
        listener: Listener<'_>,
        pull: impl Fn() -> Pull<'a, V, E>,
    ) -> AnyResult<(), E> {
        let is_answered = Cell::new(false);
        let told = |event: &Progress| {
            is_answered.set(true);
            listener(event);
        };
        let told: Listener<'_> = &told;
        let mut work: Vec<Solving<'_, V>> = Vec::new();
        let mut pulling: Option<Pull<'a, V, E>> = None;
        let mut is_refused = false;
        let mut count = 0_usize;
        self.0.borrow_mut().open(options.concurrency.unwrap_or(CONCURRENCY));
        let end = poll_fn(|context| {
            loop {
                // First, for nothing may be sent any more once the records were left.
                if self.0.borrow().has_ended {
                    return Poll::Ready(Ok(()));
                }
                if let Some(settled) = poll_any(&mut work, context) {
                    if let Err(failure) = &settled.result {
                        // What was refused here says nothing of the account.
                        let is_theirs = failure.origin != Origin::Client;
                        is_answered.set(is_answered.get() || is_theirs);
                        is_refused |= is_about_the_account(failure);
                    }
                    if is_refused {
                        pulling = None;
                    }
                    self.0.borrow_mut().settled.push(settled);
                    wake(&self.0);
                    continue;
                }
                // After the work, which may have been answered just now.
                let may_take = !is_refused && (is_answered.get() || work.is_empty());
                if may_take && self.0.borrow_mut().take() {
                    pulling = Some(pull());
                }
                let pulled = pulling.as_mut().map(|pull| pull.as_mut().poll(context));
                if let Some(Poll::Ready(pulled)) = pulled {
                    pulling = None;
                    let is_last = !matches!(pulled, Ok(Some(_)));
                    self.0.borrow_mut().rest = if is_last { Rest::Nothing } else { Rest::Close };
                    if let Some(task) = pulled? {
                        let index = count;
                        count = count.saturating_add(1);
                        work.push(Box::pin(async move {
                            let result = client.solve(&task, options, told).await;
                            Settled { index, task, result }
                        }));
                    }
                    continue;
                }
                let mut state = self.0.borrow_mut();
                let is_all = is_refused || state.rest == Rest::Nothing;
                if is_all && work.is_empty() && state.settled.is_empty() {
                    return Poll::Ready(Ok(()));
                }
                state.runner = Some(context.waker().clone());
                return Poll::Pending;
            }
        });
        let end = end.await;
        self.0.borrow_mut().has_ended = true;
        end
    }
}

impl<V> Drop for Runner<V> {
    fn drop(&mut self) {
        let mut state = self.0.borrow_mut();
        if !state.has_ended {
            state.has_ended = true;
            state.settled.clear();
            if state.rest == Rest::Close {
                state.rest = Rest::CloseAside;
            }
        }
        drop(state);
        wake(&self.0);
    }
}

impl<V> Records<V> {
    /// The next task that has settled, `None` after the last one. One caller at a time.
    pub async fn next(&self) -> Option<Settled<V>> {
        self.0.borrow_mut().ask();
        wake(&self.0);
        poll_fn(|context| {
            let mut state = self.0.borrow_mut();
            if !state.settled.is_empty() {
                state.owed = state.owed.saturating_add(1);
                return Poll::Ready(Some(state.settled.remove(0)));
            }
            if state.has_ended {
                return Poll::Ready(None);
            }
            state.consumer = Some(context.waker().clone());
            Poll::Pending
        })
        .await
    }

    /// Leaves the batch: what is in flight is dropped by the runner when it wakes.
    pub fn leave(&self) -> Rest {
        let mut state = self.0.borrow_mut();
        state.settled.clear();
        state.has_ended = true;
        let rest = state.rest;
        drop(state);
        wake(&self.0);
        rest
    }
}

impl<V> State<V> {
    /// The runner has begun, perhaps after the consumer has asked.
    fn open(&mut self, concurrency: u32) {
        self.owed = concurrency;
        if self.consumer.is_some() {
            self.ask();
        }
    }

    fn ask(&mut self) {
        self.room = self.room.saturating_add(take(&mut self.owed));
    }

    /// Books the next task, if there is room and the input is not at work on one already.
    fn take(&mut self) -> bool {
        let room = self.room.checked_sub(1).filter(|_| self.rest == Rest::Close);
        if let Some(room) = room {
            self.room = room;
            self.rest = Rest::CloseAside;
        }
        room.is_some()
    }
}

/// Lets both halves look again.
fn wake<V>(shared: &Shared<V>) {
    let mut state = shared.borrow_mut();
    let wakers = [state.runner.take(), state.consumer.take()];
    drop(state);
    wakers.into_iter().flatten().for_each(Waker::wake);
}

/// The first that is ready, taken out. All are asked: there are few, and a waker for each would cost more.
fn poll_any<F: Future + ?Sized>(
    futures: &mut Vec<Pin<Box<F>>>,
    context: &mut Context<'_>,
) -> Option<F::Output> {
    for at in 0..futures.len() {
        let polled = futures.get_mut(at).map(|future| future.as_mut().poll(context));
        if let Some(Poll::Ready(output)) = polled {
            drop(futures.remove(at));
            return Some(output);
        }
    }
    None
}

/// Whether every other task would be refused too.
fn is_about_the_account(failure: &Failure) -> bool {
    matches!(failure.class, Class::Key | Class::Balance | Class::Access)
}
