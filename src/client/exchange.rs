//! One request: may it be sent, how long may it take, what does its answer mean, may it be repeated.

use super::progress::Progress;
use super::{Call, Client};
use crate::circuit_breaker::BanScope;
use crate::error::{Failure, Origin, Result};
use crate::error_table::{Class, code};
use crate::gate::{Admission, Permit};
use crate::message::Message;
use crate::method::{Method, TaskId};
use crate::platform::{HostValue, Platform, SendError};
use crate::protocol::{Answer, Request, read_answer, read_user_agent, show_id};
use crate::record::Record;
use crate::response::{MAX_BODY_BYTES, Response};
use crate::schedule::{Millis, NextPoll, RetrySchedule, max_polls, timer_ms};
use crate::text_search::{concat, split_once};
use crate::texts;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

/// Longest wait for the gate of the account. The request ahead may be hanging, and services answer well within this.
const MAX_GATE_WAIT_MS: Millis = 3_000.0;

impl<P: Platform> Client<P> {
    /// Calls a method, and repeats it where that is safe: always where the service certainly did not process the
    /// request, and after a lost answer where the method changes nothing.
    ///
    /// createTask buys something and has no idempotency key, so it is not repeated after a lost answer.
    pub(super) async fn send_with_retry(
        &self,
        method: Method,
        request: &Request<'_, P::Value>,
        call: Call<'_>,
    ) -> Result<P::Value> {
        let mut schedule = RetrySchedule::new(self.options.max_retries, call.deadline);
        let mut may_have_arrived = false;
        loop {
            let failure = match self.exchange(method, request, call.deadline).await {
                Ok(Answer::Done(fields)) => return Ok(fields),
                Ok(Answer::NotReady) => {
                    let mut failure = Failure::bad_response(texts::NOT_READY);
                    failure.task_id = request.task_id.cloned();
                    if method == Method::CreateTask {
                        failure = failure.with_possible_task(true);
                    }
                    return Err(self.annotate(method, failure));
                }
                // The first report has arrived. Nobody reads the fields of such an answer.
                Err(failure) if may_have_arrived && is_done_already(method, &failure) => {
                    return Ok(P::Value::from_string(""));
                }
                Err(failure) => failure,
            };
            if !was_not_processed(&failure) {
                // A page instead of an answer stays one.
                let is_lost = failure.class == Class::Transport
                    && failure.code != code::BAD_RESPONSE.code
                    && failure.retryable;
                if method == Method::CreateTask || !is_lost {
                    return Err(failure);
                }
                may_have_arrived = true;
            }
            let (now, random) = (self.platform.now(), self.platform.random());
            let Some(delay_ms) = schedule.next_delay(now, random, failure.retry_after_ms) else {
                return Err(failure);
            };
            self.report_retry(&failure, delay_ms, call);
            self.sleep_until(now + delay_ms).await;
            // A machine that slept wakes late: a task created now would be dropped at once, and paid for.
            if self.platform.now() >= call.deadline {
                return Err(failure);
            }
        }
    }

    /// One HTTP exchange, if it may be sent. Its outcome is remembered for the account.
    ///
    /// The User-Agent comes from another host, without the key, so nothing is shared with the account.
    pub(super) async fn exchange(
        &self,
        method: Method,
        request: &Request<'_, P::Value>,
        deadline: Millis,
    ) -> Result<Answer<P::Value>> {
        let task = request.task_id;
        let polled = task.filter(|_| method == Method::GetTaskResult);
        let (started, permit) = self.acquire(method, task, deadline).await?;
        let scopes = request.task.map_or(&[][..], |task| &**task.scopes);
        let agent_url = self.options.service.user_agent_url.as_deref();
        let agent_url = agent_url.filter(|_| method == Method::GetUserAgent);
        let refusal = || self.account.borrow_mut().breaker.refusal(method, task, scopes, started);
        if let Some(refusal) = if agent_url.is_some() { None } else { refusal() } {
            return Err(self.annotate(method, refusal));
        }
        if deadline <= started {
            return Err(self.too_late(method));
        }
        let ticket = polled.map(|id| PollTicket::begin(self, id));
        let limit = self.options.request_timeout_ms.min(deadline - started);
        let url = match agent_url {
            Some(url) => url.to_owned(),
            None => concat(&[&self.options.base_url, "/", method.name()]),
        };
        let body = Some(request).filter(|_| agent_url.is_none());
        let response = self.send(&url, body, limit).await;
        let key = &self.options.client_key;
        let answer = response.and_then(|response| match agent_url {
            Some(_) => read_user_agent(response, key)
                .map(|agent| Answer::Done(P::Value::from_string(&agent))),
            None => read_answer(response, key),
        });
        let mut answer = answer.map_err(|mut failure| {
            failure.task_id = task.cloned();
            let is_lost = matches!(failure.class, Class::Transport | Class::Options);
            if method == Method::CreateTask && is_lost {
                let may_exist = may_have_created(&failure);
                failure = failure.with_possible_task(may_exist);
            }
            self.annotate(method, failure)
        });
        drop(ticket);
        if agent_url.is_none() {
            let failure = answer.as_mut().err().map(|failure| &mut **failure);
            self.remember(failure, method, task, scopes, started);
        }
        drop(permit);
        answer
    }

    /// Remembers for the account what the answer to a request that was sent at `started` says about it.
    pub(super) fn remember(
        &self,
        mut failure: Option<&mut Failure>,
        method: Method,
        task: Option<&TaskId>,
        scopes: &[BanScope],
        started: Millis,
    ) {
        let now = self.platform.now();
        let account = &mut *self.account.borrow_mut();
        account.gate.record(failure.as_deref_mut(), method, started, now);
        // A refusal of a result concerns the site and proxy that the task was created with.
        let scopes = task.and_then(|task| account.polls.scopes(task)).unwrap_or(scopes);
        match failure {
            None => account.breaker.record_accepted(method, task, scopes, started),
            Some(failure) if failure.origin == Origin::Service => {
                account.breaker.record(failure, scopes, now);
            }
            Some(_) => {}
        }
    }

    /// Waits until a request may be sent: for the gate of the account, and for the next poll of a task. Returns the
    /// time at which it may.
    async fn acquire(
        &self,
        method: Method,
        task: Option<&TaskId>,
        deadline: Millis,
    ) -> Result<(Millis, Permit)> {
        if method == Method::GetUserAgent {
            return Ok((self.platform.now(), Permit::free()));
        }
        let polled = task.filter(|_| method == Method::GetTaskResult);
        let mut latest = Millis::NAN;
        loop {
            let now = self.platform.now();
            // While this request waited for the gate, another call may have polled the same task.
            let due = match polled.map(|id| (id, self.free_poll(id, now))) {
                Some((id, NextPoll::Exhausted)) => return Err(self.polls_exhausted(id)),
                Some((_, NextPoll::At(due) | NextPoll::Held(due))) => due,
                None => now,
            };
            let admission = self.account.borrow().gate.check(method, now);
            if latest.is_nan() {
                let first = if let Admission::Held(next) = admission { next } else { now };
                latest = first + MAX_GATE_WAIT_MS;
            }
            let next = match admission {
                Admission::Open if due <= now => {
                    return Ok((now, self.account.borrow_mut().gate.enter(now)));
                }
                Admission::Open => due,
                // A gate that never opens only delays: the answer to this request may open it.
                Admission::Queued(_) if now >= latest && due <= now => {
                    return Ok((now, Permit::free()));
                }
                // A paid task is worth a longer wait for its turn.
                Admission::Held(next) if polled.is_some() || now < latest => next,
                Admission::Queued(next) => next,
                Admission::Held(_) | Admission::Closed => {
                    return Err(self.refused(method, task, now));
                }
            };
            if now >= deadline {
                return Ok((now, Permit::free()));
            }
            self.sleep_until(deadline.min(next)).await;
        }
    }

    /// The failure of a request that the gate does not let pass.
    fn refused(&self, method: Method, task: Option<&TaskId>, now: Millis) -> Box<Failure> {
        let refusal = self.account.borrow().gate.refusal(method, task, now);
        refusal.map_or_else(|| self.too_late(method), |refusal| self.annotate(method, refusal))
    }

    /// When the result of a task may be requested next.
    pub(super) fn next_poll(&self, id: &TaskId, now: Millis) -> NextPoll {
        let next = self.free_poll(id, now);
        match (next, self.account.borrow().gate.check(Method::GetTaskResult, now)) {
            (NextPoll::At(due), Admission::Held(until)) => NextPoll::Held(due.max(until)),
            _ => next,
        }
    }

    /// The same, whatever the gate says.
    fn free_poll(&self, id: &TaskId, now: Millis) -> NextPoll {
        let min_interval = self.options.service.min_poll_interval();
        self.account.borrow().polls.next_poll(id, min_interval, now)
    }

    /// The failure of a call whose time is over before anything was sent.
    pub(super) fn too_late(&self, method: Method) -> Box<Failure> {
        let failure = Failure::new(code::REQUEST_TIMEOUT, Origin::Client, texts::TOO_LATE);
        self.annotate(method, failure.with_hint(texts::HINT_TOO_LATE))
    }

    /// The failure of a task whose result may not be requested any more.
    pub(super) fn polls_exhausted(&self, id: &TaskId) -> Box<Failure> {
        let row = code::ERROR_TOO_MUCH_REQUESTS;
        let mut failure = Failure::new(row, Origin::Client, self.polls_used(id)).with_task_id(id);
        failure.retryable = false;
        self.annotate(Method::GetTaskResult, failure)
    }

    /// Says that a task has used up its result requests.
    pub(super) fn polls_used(&self, id: &TaskId) -> Message {
        let count = max_polls(self.options.service.min_poll_interval());
        texts::POLLS_USED.with([Message::number(count), show_id(id)])
    }

    /// The response to a request, if it comes complete and in time.
    pub(super) async fn send(
        &self,
        url: &str,
        request: Option<&Request<'_, P::Value>>,
        limit: Millis,
    ) -> Result<Response<P::Value>> {
        let body = request.map(|request| request as &dyn Record<P::Value>);
        let mut sent = None;
        let sending = async { sent = Some(self.platform.send(url, body, MAX_BODY_BYTES).await) };
        self.in_time(self.platform.now() + limit, pin!(sending)).await;
        match sent {
            Some(Ok(raw)) => Ok(Response::of(&self.platform, raw)),
            Some(Err(error)) => Err(send_failure(error)),
            None => {
                let detail = texts::NO_ANSWER.with([Message::number(timer_ms(limit))]);
                Err(Failure::new(code::REQUEST_TIMEOUT, Origin::Transport, detail))
            }
        }
    }

    /// Adds the method and the service to a failure, and redacts the key. Every failure of a client passes here.
    pub(super) fn annotate(&self, method: Method, mut failure: Box<Failure>) -> Box<Failure> {
        failure.method = Some(method);
        failure.service = Some(self.options.service.name.clone());
        failure.redacted(&self.options.client_key)
    }

    pub(super) fn report_retry(&self, failure: &Failure, delay_ms: Millis, call: Call<'_>) {
        let Some(method) = failure.method else { return };
        (call.listener)(&Progress::Retry {
            method,
            task_id: failure.task_id.clone(),
            code: failure.code.clone(),
            message: failure.message(&self.options.messages),
            delay_ms,
            elapsed_ms: self.elapsed(call),
        });
    }

    pub(super) fn elapsed(&self, call: Call<'_>) -> Millis {
        (self.platform.now() - call.started).round()
    }

    /// Drives some work until it is done or the time is over. The timer is set first: where there is none, nothing is
    /// sent.
    // Not generic: the work keeps its output for itself, and this is compiled once.
    pub(super) async fn in_time(
        &self,
        deadline: Millis,
        mut work: Pin<&mut dyn Future<Output = ()>>,
    ) {
        let mut late = pin!(self.sleep_until(deadline));
        let mut is_set = false;
        poll_fn(|context| {
            if !is_set && late.as_mut().poll(context).is_ready() {
                return Poll::Ready(());
            }
            is_set = true;
            match work.as_mut().poll(context) {
                Poll::Ready(()) => Poll::Ready(()),
                Poll::Pending => late.as_mut().poll(context),
            }
        })
        .await
    }

    /// Sleeps until a time, and never less: timers of the platform fire up to a millisecond early, which would
    /// break a service's rule.
    pub(super) async fn sleep_until(&self, due: Millis) {
        loop {
            let left = due - self.platform.now();
            if left <= 0.0 {
                return;
            }
            self.platform.sleep(timer_ms(left)).await;
        }
    }
}

/// A result request in the poll ledger, from its start until it is answered, fails or is dropped.
struct PollTicket<'a, P: Platform> {
    client: &'a Client<P>,
    id: &'a TaskId,
}

impl<'a, P: Platform> PollTicket<'a, P> {
    fn begin(client: &'a Client<P>, id: &'a TaskId) -> Self {
        let now = client.platform.now();
        client.account.borrow_mut().polls.begin_poll(id, now);
        Self { client, id }
    }
}

impl<P: Platform> Drop for PollTicket<'_, P> {
    fn drop(&mut self) {
        // Asked first: an account that is borrowed when the module crashes cannot be carried over.
        let now = self.client.platform.now();
        self.client.account.borrow_mut().polls.end_poll(self.id, now);
    }
}

fn send_failure(error: SendError) -> Box<Failure> {
    match error {
        SendError::NotJson(error) => {
            let reason = Message::literal(&error.message);
            Failure::field("task", texts::NOT_JSON.with([reason])).with_cause(error)
        }
        SendError::NoResponse(value) => {
            let mut failure = Failure::option("fetch", texts::NO_RESPONSE.with([value]));
            failure.origin = Origin::Transport;
            failure.with_hint(texts::HINT_FETCH)
        }
        SendError::Network(error) => {
            let reason = Message::literal(error.innermost_message());
            Failure::new(code::NETWORK, Origin::Transport, reason).with_cause(error)
        }
    }
}

/// Whether the service certainly did not process the request, so that even createTask may be repeated.
fn was_not_processed(failure: &Failure) -> bool {
    match failure.class {
        Class::Capacity => {
            failure.origin == Origin::Service && failure.code == code::ERROR_NO_SLOT_AVAILABLE.code
        }
        Class::Transport => matches!(failure.http_status, Some(429 | 503)),
        _ => false,
    }
}

/// Whether the service refuses a report because it has it already.
fn is_done_already(method: Method, failure: &Failure) -> bool {
    let is_report = !matches!(method, Method::GetBalance | Method::GetUserAgent);
    let texts = [&failure.server_code, &failure.server_message];
    let says_so = |text: &String| {
        let text = text.to_ascii_lowercase();
        ["already", "duplicate"].iter().any(|word| split_once(&text, word).is_some())
    };
    is_report && failure.origin == Origin::Service && texts.into_iter().flatten().any(says_so)
}

/// Whether a createTask that failed on the way may have created a task all the same.
fn may_have_created(failure: &Failure) -> bool {
    // A status below 500 comes from something that stood in the way of the request.
    failure.code != code::HTTP_STATUS.code
        || matches!(failure.http_status, Some(500..)) && !was_not_processed(failure)
}
