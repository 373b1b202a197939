//! Many tasks, a few at a time.
//!
//! A batch has two halves. Its [`Driver`] takes tasks from the input and solves them. It goes on while nobody asks
//! for results, because a result that is not fetched is lost after 5 minutes. Its [`Results`] hand over what has
//! settled and give the driver permits for more tasks, so that it never runs ahead of the consumer.

use super::Client;
use super::progress::{Progress, Solved};
use crate::error::{Origin, Result};
use crate::error_table::Class;
use crate::options::{CallOptions, DEFAULT_CONCURRENCY};
use crate::platform::{HostValue, Platform};
use crate::task::TaskInput;
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::mem::take;
use std::pin::Pin;
use std::rc::Rc;
use std::result::Result as AnyResult;
use std::task::{Context, Poll, Waker};

/// The outcome of one task of a batch.
#[derive(Clone, Debug)]
pub struct BatchItem<V> {
    /// Its place in the input, from 0.
    pub index: usize,
    /// The value that was given.
    pub task: V,
    /// The result of [`Client::solve`].
    pub result: Result<Solved<V>>,
}

/// The function that gets the events of a batch, each with the place of its task in the input and the task.
pub type BatchListener<'a, V> = &'a dyn Fn(usize, &V, &Progress);

/// The next task, `None` after the last one, or the error that the input threw.
pub type NextTask<'a, V, E> = Pin<Box<dyn Future<Output = AnyResult<Option<V>, E>> + 'a>>;

/// What must happen to the input iterator on cancellation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cleanup {
    /// Nothing: it has ended or thrown.
    None,
    /// It must be closed.
    Close,
    /// It must be closed without waiting for that: it is busy with a task, perhaps for ever, or the driver was
    /// dropped.
    CloseDetached,
}

/// The half that solves. Dropping it early ends the batch.
pub struct Driver<V>(Rc<RefCell<State<V>>>);

/// The half that hands over the results.
#[derive(Clone)]
pub struct Results<V>(Rc<RefCell<State<V>>>);

struct State<V> {
    /// How many tasks may be taken.
    permits: u32,
    /// Permits returned on the next `next()`: until then the consumer may still be working on the last results.
    returned_permits: u32,
    settled: Vec<BatchItem<V>>,
    /// The tasks in flight that exist, as records of a batch that ends now.
    created: Vec<BatchItem<V>>,
    cleanup: Cleanup,
    has_ended: bool,
    driver: Option<Waker>,
    consumer: Option<Waker>,
}

/// A task in flight.
type InFlight<'a, V> = Pin<Box<dyn Future<Output = BatchItem<V>> + 'a>>;

/// The two halves of a batch that has taken nothing yet.
#[must_use]
pub fn batch<V>() -> (Driver<V>, Results<V>) {
    let state = Rc::new(RefCell::new(State {
        permits: 0,
        returned_permits: 0,
        settled: Vec::new(),
        created: Vec::new(),
        cleanup: Cleanup::Close,
        has_ended: false,
        driver: None,
        consumer: None,
    }));
    (Driver(Rc::clone(&state)), Results(state))
}

impl<V: HostValue> Driver<V> {
    /// Runs until all results are consumed or the batch is cancelled.
    ///
    /// The first task goes alone until the service has answered it: a wrong key is then sent once, and not once
    /// per permit. After a refusal of the whole account nothing more is taken.
    ///
    /// # Errors
    /// What the input threw. Tasks in flight are dropped, as they are when the driver is; settled ones are still handed
    /// over, and so is a record of each dropped task that exists.
    pub async fn run<'a, P: Platform<Value = V>, E>(
        self,
        client: &Client<P>,
        options: &CallOptions,
        listener: BatchListener<'_, V>,
        next_task: impl Fn() -> NextTask<'a, V, E>,
    ) -> AnyResult<(), E> {
        let is_answered = Cell::new(false);
        let on_progress = |index: usize, task: &V, event: &Progress| {
            is_answered.set(true);
            if let Progress::Created { task_id, .. } = event {
                let (task, result) = (task.clone(), Err(client.unfinished(task_id)));
                self.0.borrow_mut().created.push(BatchItem { index, task, result });
            }
            listener(index, task, event);
        };
        let on_progress: BatchListener<'_, V> = &on_progress;
        let mut in_flight: Vec<InFlight<'_, V>> = Vec::new();
        let mut taking: Option<NextTask<'a, V, E>> = None;
        let mut is_refused = false;
        let mut count = 0_usize;
        self.0.borrow_mut().open(options.concurrency.unwrap_or(DEFAULT_CONCURRENCY));
        let end = poll_fn(|context| {
            loop {
                // First, because nothing may be sent any more once the batch is cancelled.
                if self.0.borrow().has_ended {
                    return Poll::Ready(Ok(()));
                }
                if let Some(settled) = poll_any(&mut in_flight, context) {
                    if let Err(failure) = &settled.result {
                        // A local refusal says nothing about the account.
                        let is_remote = failure.origin != Origin::Client;
                        is_answered.set(is_answered.get() || is_remote);
                        // With a fetch that is none, every task would be bought and lost.
                        is_refused |= client.is_closed() || failure.class == Class::Options;
                    }
                    if is_refused {
                        taking = None;
                    }
                    self.0.borrow_mut().settle(settled);
                    wake(&self.0);
                    continue;
                }
                // After the tasks in flight, one of which may have been answered just now.
                let may_take = !is_refused && (is_answered.get() || in_flight.is_empty());
                if may_take && self.0.borrow_mut().use_permit() {
                    taking = Some(next_task());
                }
                let taken = taking.as_mut().map(|taking| taking.as_mut().poll(context));
                if let Some(Poll::Ready(taken)) = taken {
                    taking = None;
                    let is_last = !matches!(taken, Ok(Some(_)));
                    self.0.borrow_mut().cleanup =
                        if is_last { Cleanup::None } else { Cleanup::Close };
                    if let Some(task) = taken? {
                        let index = count;
                        count = count.saturating_add(1);
                        in_flight.push(Box::pin(async move {
                            let listener = |event: &Progress| on_progress(index, &task, event);
                            let input = TaskInput::Task(task.clone());
                            let result = client.solve(input, options, &listener).await;
                            BatchItem { index, task, result }
                        }));
                    }
                    continue;
                }
                let mut state = self.0.borrow_mut();
                let is_last = is_refused || state.cleanup == Cleanup::None;
                if is_last && in_flight.is_empty() && state.settled.is_empty() {
                    return Poll::Ready(Ok(()));
                }
                state.driver = Some(context.waker().clone());
                return Poll::Pending;
            }
        });
        let end = end.await;
        self.0.borrow_mut().end();
        end
    }
}

impl<V> Drop for Driver<V> {
    fn drop(&mut self) {
        let mut state = self.0.borrow_mut();
        if !state.has_ended {
            state.end();
            if state.cleanup == Cleanup::Close {
                state.cleanup = Cleanup::CloseDetached;
            }
        }
        drop(state);
        wake(&self.0);
    }
}

impl<V> Results<V> {
    /// The next task that has settled, `None` after the last one. One caller at a time.
    pub async fn next(&self) -> Option<BatchItem<V>> {
        self.0.borrow_mut().return_permits();
        wake(&self.0);
        poll_fn(|context| {
            let mut state = self.0.borrow_mut();
            if !state.settled.is_empty() {
                state.returned_permits = state.returned_permits.saturating_add(1);
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

    /// Cancels the batch. The driver drops the tasks in flight when it wakes.
    pub fn cancel(&self) -> Cleanup {
        let mut state = self.0.borrow_mut();
        state.created.clear();
        state.end();
        state.settled.clear();
        let cleanup = state.cleanup;
        drop(state);
        wake(&self.0);
        cleanup
    }
}

impl<V> State<V> {
    /// The driver has started, perhaps after the consumer has asked.
    fn open(&mut self, concurrency: u32) {
        self.returned_permits = concurrency;
        if self.consumer.is_some() {
            self.return_permits();
        }
    }

    fn settle(&mut self, item: BatchItem<V>) {
        self.created.retain(|it| it.index != item.index);
        self.settled.push(item);
    }

    /// Nothing runs any more. What exists is handed over: it is paid for.
    fn end(&mut self) {
        self.has_ended = true;
        self.settled.append(&mut self.created);
    }

    fn return_permits(&mut self) {
        self.permits = self.permits.saturating_add(take(&mut self.returned_permits));
    }

    /// Uses a permit for the next task, if there is one and the input is not busy with a task already.
    fn use_permit(&mut self) -> bool {
        let permits = self.permits.checked_sub(1).filter(|_| self.cleanup == Cleanup::Close);
        if let Some(permits) = permits {
            self.permits = permits;
            self.cleanup = Cleanup::CloseDetached;
        }
        permits.is_some()
    }
}

/// Wakes both halves.
fn wake<V>(state: &RefCell<State<V>>) {
    let mut state = state.borrow_mut();
    let wakers = [state.driver.take(), state.consumer.take()];
    drop(state);
    wakers.into_iter().flatten().for_each(Waker::wake);
}

/// Takes the first future that is ready. All are polled: there are few, and a waker for each would cost more.
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
