//! The result requests of a task, until it is ready, fails or its time is over.

use super::progress::{Progress, Solved};
use super::{Call, Client};
use crate::error::{Cause, Failure, Origin, Result};
use crate::error_table::{Class, code};
use crate::message::Message;
use crate::method::{Method, TaskId};
use crate::options::CallOptions;
use crate::platform::Platform;
use crate::protocol::{Answer, Request, show_id};
use crate::schedule::{
    MIN_POLL_INTERVAL_MS, Millis, PollSchedule, PollStep, TASK_LIFE_MS, timer_ms,
};
use crate::task::catalog::TaskType;
use crate::task_state::{TaskState, read_state};
use crate::texts;

impl<P: Platform> Client<P> {
    /// Requests the result of a task until there is one.
    ///
    /// The type is that of a task that was created just now. Without one the first request goes out at once, because
    /// another process may have created the task long ago.
    pub(super) async fn wait(
        &self,
        id: &TaskId,
        new: Option<&TaskType>,
        options: &CallOptions,
        call: Call<'_>,
    ) -> Result<Solved<P::Value>> {
        let now = self.platform.now();
        // A task that another process created may be older. Should it be too old, the service says so.
        let (created, was_asked) = {
            let polls = &self.account.borrow().polls;
            (polls.created_at(id).unwrap_or(now), polls.is_asked(id))
        };
        let end_of_task = created + TASK_LIFE_MS;
        let deadline = call.deadline.min(end_of_task);
        let min_interval = self.options.service.min_poll_interval();
        let interval = options.poll_interval_ms.unwrap_or(min_interval);
        // A delay that is given teaches nothing. A short interval leaves nothing to learn.
        let given = options.first_delay_ms.or_else(|| {
            let new = new?;
            let is_quick = min_interval < MIN_POLL_INTERVAL_MS;
            let quick = is_quick.then(|| new.timing().first_delay_ms.min(min_interval));
            new.no_cache_delay_ms().or(quick)
        });
        let new = new.filter(|_| given.is_none());
        let new = new.map(|it| (it.row, it.timing().first_delay_ms));
        let learnt = new.map(|(row, least)| {
            let known = self.account.borrow().first_delay(row);
            known.next(least)
        });
        let first_delay_ms = learnt.or(given).unwrap_or_default();
        // There is no later chance where the delay is longer than the wait.
        let due = Some(now + first_delay_ms).filter(|due| *due < deadline).unwrap_or(now);
        let mut schedule = PollSchedule::new(due, interval, deadline);
        let mut polls = 0_u32;
        // Whether a timer has fired so late that a request was not sent which would have been in time: those of a
        // hidden tab fire once a minute, and those of a machine that sleeps when it wakes.
        let mut is_late = false;
        // When the first request went out, if it gave a state. Infinite is a time that teaches nothing.
        let mut asked_after = Millis::INFINITY;
        let mut last_failure = None;
        loop {
            let now = self.platform.now();
            let is_over = now >= deadline;
            // Every wait asks at least once, and once more if a timer made it miss its time. A task that is gone is
            // asked for only if it never was: the services ban for unknown tasks.
            let must_ask = polls == 0 && !was_asked || (polls == 0 || is_late) && now < end_of_task;
            match schedule.step(now, self.next_poll(id, now), must_ask) {
                PollStep::Send => {}
                PollStep::SleepUntil(due) => {
                    is_late |= due < deadline;
                    self.sleep_until(due).await;
                    is_late &= is_over || self.platform.now() >= deadline;
                    continue;
                }
                PollStep::Exhausted => {
                    return Err(self.timed_out(id, self.polls_used(id), last_failure, false));
                }
                PollStep::TimedOut if deadline < call.deadline => {
                    let detail = texts::TASK_TOO_OLD.with([show_id(id)]);
                    return Err(self.timed_out(id, detail, last_failure, false));
                }
                PollStep::TimedOut => {
                    let span = timer_ms(deadline - call.started);
                    let values = [show_id(id), Message::number(span), Message::number(polls)];
                    let detail = texts::NOT_IN_TIME.with(values);
                    return Err(self.timed_out(id, detail, last_failure, true));
                }
            }
            // The last request may take as long as any other.
            let latest = if is_over { now + self.options.request_timeout_ms } else { deadline };
            let state = self.poll(id, latest).await;
            is_late = matches!(&state, Err(failure) if is_unsent(failure));
            if is_late {
                continue;
            }
            polls = polls.saturating_add(1);
            if polls == 1 && state.is_ok() {
                asked_after = now - created;
            }
            if let (1..=2, Some((row, least)), Ok(TaskState::Ready { .. })) = (polls, new, &state)
                && let Some(known) = self.account.borrow_mut().first_delay_mut(row)
            {
                known.learn(least, asked_after, polls == 1);
            }
            let now = self.platform.now();
            let elapsed_ms = self.elapsed(call);
            let report = |status| {
                (call.listener)(&Progress::Poll {
                    task_id: id.clone(),
                    poll: polls,
                    status,
                    elapsed_ms,
                });
            };
            match state {
                Ok(TaskState::Ready { solution, cost }) => {
                    report("ready");
                    return Ok(Solved { task_id: id.clone(), solution, cost, polls, elapsed_ms });
                }
                Ok(TaskState::Processing) => report("processing"),
                Err(failure) if is_transient(&failure) => {
                    if failure.class == Class::RateLimit || failure.retry_after_ms.is_some() {
                        schedule.slow_down(failure.retry_after_ms);
                    }
                    self.report_retry(&failure, schedule.interval(), call);
                    last_failure = Some(failure);
                }
                Err(failure) => return Err(failure),
            }
            schedule.answered(now);
        }
    }

    /// One result request.
    pub(super) async fn poll(&self, id: &TaskId, deadline: Millis) -> Result<TaskState<P::Value>> {
        let method = Method::GetTaskResult;
        let request = Request { task_id: Some(id), ..self.request() };
        let state = match self.exchange(method, &request, deadline).await? {
            Answer::NotReady => TaskState::Processing,
            Answer::Done(fields) => read_state(&fields, &self.options.client_key)
                .map_err(|failure| self.failed_state(method, failure.with_task_id(id)))?,
        };
        if matches!(state, TaskState::Ready { .. }) {
            let now = self.platform.now();
            self.account.borrow_mut().polls.record_finished(id, now);
        }
        Ok(state)
    }

    /// The failure that the state of a task is. It is remembered like one that the service reports as an error.
    pub(super) fn failed_state(&self, method: Method, failure: Box<Failure>) -> Box<Failure> {
        let mut failure = self.annotate(method, failure);
        if failure.origin == Origin::Service {
            let (task, now) = (failure.task_id.clone(), self.platform.now());
            self.remember(Some(&mut failure), method, task.as_ref(), &[], now);
        }
        failure
    }

    /// The failure of a task that nobody waits for any more, because its batch has ended.
    pub(super) fn unfinished(&self, id: &TaskId) -> Box<Failure> {
        let detail = texts::BATCH_ENDED.with([show_id(id)]);
        let failure = Failure::new(code::SOLVE_TIMEOUT, Origin::Client, detail).with_task_id(id);
        self.annotate(Method::GetTaskResult, failure)
    }

    /// The failure of a wait that has ended without a result. `is_resumable` says whether a later wait may get it.
    fn timed_out(
        &self,
        id: &TaskId,
        detail: Message,
        last_failure: Option<Box<Failure>>,
        is_resumable: bool,
    ) -> Box<Failure> {
        let mut failure = Failure::new(code::SOLVE_TIMEOUT, Origin::Transport, detail);
        if !is_resumable {
            failure.retryable = false;
            failure = failure.with_hint(texts::HINT_CREATE_AGAIN);
        }
        let method = Method::GetTaskResult;
        let now = self.platform.now();
        // Nothing may have been sent because the account was refused.
        let refusal = || self.account.borrow().gate.refusal(method, Some(id), now);
        failure.cause = last_failure.or_else(refusal).map(Cause::Failure);
        self.annotate(method, failure.with_task_id(id))
    }
}

/// Whether the time for a result request was over before its turn came.
fn is_unsent(failure: &Failure) -> bool {
    failure.class == Class::Transport && failure.origin == Origin::Client
}

/// Whether a failed result request leaves the task as it was, so that it is right to ask again.
fn is_transient(failure: &Failure) -> bool {
    match failure.class {
        Class::RateLimit => failure.origin == Origin::Service,
        Class::Transport => failure.retryable,
        _ => false,
    }
}
