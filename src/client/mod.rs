//! check → create → poll → solution, over a [`Host`].
//!
//! Every exchange passes through [`Client::exchange`], which asks the guard first, bounds the time and
//! turns whatever comes back into an answer or a failure. What is above it decides when to repeat.

use crate::error::{Cause, Class, Failure, Origin, Result, code};
use crate::guard::{Guard, Shared, Slot};
use crate::host::{ErrorRecord, Fault, Host, Json, Kind, Reply};
use crate::kinds::{Timing, timing};
use crate::options::{CallOptions, ClientOptions};
use crate::protocol::{
    Answer, Request, TaskState, bad_response, quoted, read_answer, read_balance, read_state,
    read_user_agent, redacted,
};
use crate::schedule::{
    MAX_POLLS, MIN_POLL_INTERVAL_MS, Millis, TASK_LIFE_MS, backoff_ms, timer_ms, widened_ms,
};
use crate::service::ReportKind;
use crate::task::{Given, Task};
use crate::texts::{self, Detail};
use crate::wire::{Method, TaskId};
use serde::Serialize;
use std::future::Future;

/// How often a request looks whether its turn has come.
const TURN_MS: Millis = 25.0;
/// How long it waits for that. The one before it may be lost, and the service answers well within this.
const MAX_TURN_MS: Millis = 3_000.0;

/// A client: its host, its options and what it has learnt not to send.
pub struct Client<H: Host> {
    host: H,
    options: ClientOptions,
    guard: Shared,
}

/// What a call shares with its parts.
#[derive(Clone, Copy)]
struct Call<'a> {
    started: Millis,
    deadline: Millis,
    listener: Listener<'a>,
}

impl<H: Host> Client<H> {
    /// A client, which shares with others of its account what must not be sent.
    pub fn new(host: H, options: ClientOptions, guard: Shared) -> Self {
        Self { host, options, guard }
    }

    /// The options.
    pub fn options(&self) -> &ClientOptions {
        &self.options
    }

    /// The account's balance.
    ///
    /// # Errors
    /// Any of the service's account codes, and the transport codes.
    pub async fn balance(&self) -> Result<f64> {
        let call = self.call(None, &|_| {});
        let fields = self.persistently(Method::GetBalance, None, None, None, call).await?;
        let balance =
            read_balance(&fields).map_err(|failure| self.by(Method::GetBalance, failure))?;
        if balance > 0.0 {
            self.guard.borrow_mut().funded();
        }
        Ok(balance)
    }

    /// Creates a task and returns its id.
    ///
    /// # Errors
    /// `INVALID_TASK`, the image codes, the service's codes, the transport codes with
    /// `may_have_created_task`.
    pub async fn create_task(
        &self,
        given: &H::Value,
        options: &CallOptions,
        listener: Listener<'_>,
    ) -> Result<TaskId> {
        let call = self.call(options.timeout_ms, listener);
        // Creation alone has no time of its own, but an image that is never read must not hang it.
        let given = Given::Task(given);
        let by_type = call.started + timing(&given.kind()).timeout_ms;
        let task = self.read_task(given, call.deadline.min(by_type)).await?;
        self.create(&task, options, call).await
    }

    /// One result request.
    ///
    /// It waits first where the request before it, of whichever call, was less than 2 s ago.
    ///
    /// # Errors
    /// The service's codes, the transport codes; `ERROR_TOO_MUCH_REQUESTS` once 120 are used.
    pub async fn task_result(&self, id: TaskId) -> Result<TaskResult<H::Value>> {
        while let Slot::At(due) = self.slot(id) {
            if due <= self.host.now() {
                return self.poll(id, Millis::INFINITY).await.map(|state| match state {
                    TaskState::Processing => TaskResult::Processing { task_id: id },
                    TaskState::Ready { solution, cost } => {
                        TaskResult::Ready { task_id: id, solution, cost }
                    }
                });
            }
            self.sleep_until(due).await;
        }
        Err(self.spent(id))
    }

    /// Waits for the result of a task that exists, whoever created it.
    ///
    /// # Errors
    /// The service's codes, `SOLVE_TIMEOUT`, and transport codes that waiting does not mend.
    pub async fn wait_for_result(
        &self,
        id: TaskId,
        options: &CallOptions,
        listener: Listener<'_>,
    ) -> Result<Solved<H::Value>> {
        let Timing { timeout_ms, .. } = timing(options.kind.as_deref().unwrap_or_default());
        let call = self.call(Some(options.timeout_ms.unwrap_or(timeout_ms)), listener);
        // When it was created is not known here: it may well be ready, so the first look is at once.
        self.wait(id, 0.0, options, call).await
    }

    /// Solves a task: creates it and waits for its result.
    ///
    /// # Errors
    /// Those of [`Self::create_task`] and [`Self::wait_for_result`].
    pub async fn solve(
        &self,
        given: &H::Value,
        options: &CallOptions,
        listener: Listener<'_>,
    ) -> Result<Solved<H::Value>> {
        self.solve_given(Given::Task(given), options, listener).await
    }

    /// Reads the text in an image.
    ///
    /// # Errors
    /// Those of [`Self::solve`].
    pub async fn solve_image(
        &self,
        image: &H::Value,
        options: &CallOptions,
        listener: Listener<'_>,
    ) -> Result<String> {
        let solved = self.solve_given(Given::Image(image), options, listener).await?;
        solved.solution.get("text").and_then(|text| text.text()).ok_or_else(|| {
            let failure = bad_response(texts::NO_TEXT);
            self.by(Method::GetTaskResult, failure).about(solved.task_id)
        })
    }

    async fn solve_given(
        &self,
        given: Given<'_, H::Value>,
        options: &CallOptions,
        listener: Listener<'_>,
    ) -> Result<Solved<H::Value>> {
        let timing = timing(&given.kind());
        let call = self.call(Some(options.timeout_ms.unwrap_or(timing.timeout_ms)), listener);
        let task = self.read_task(given, call.deadline).await?;
        let id = self.create(&task, options, call).await?;
        self.wait(id, timing.first_delay_ms, options, call).await
    }

    /// Reports that a task was answered wrongly.
    ///
    /// # Errors
    /// `INVALID_OPTIONS` where the service takes no such reports; the service's codes, the transport
    /// codes.
    pub async fn report_incorrect(&self, id: TaskId, kind: ReportKind) -> Result<()> {
        let method = kind.method();
        if !self.options.service.reports.contains(&kind) {
            return Err(self.missing(method).about(id));
        }
        let call = self.call(None, &|_| {});
        // That it was taken is said by the absence of an error, as for every method.
        self.persistently(method, None, Some(id), None, call).await.map(drop)
    }

    /// The User-Agent that the service wants in tasks.
    ///
    /// The guard is not asked: no key is sent, and to another host.
    ///
    /// # Errors
    /// `INVALID_OPTIONS` where the service has no such address; the transport codes.
    pub async fn user_agent(&self) -> Result<String> {
        let method = Method::GetUserAgent;
        let Some(url) = &self.options.service.user_agent_url else {
            return Err(self.missing(method));
        };
        let reply = self.send(url, None, self.options.request_timeout_ms).await;
        let key = &self.options.client_key;
        let read = reply.and_then(|reply| read_user_agent(reply, key));
        read.map_err(|failure| self.by(method, failure))
    }

    /// The service does not have this method.
    fn missing(&self, method: Method) -> Box<Failure> {
        let names = [&*self.options.service.name, method.name()].map(Detail::verbatim);
        self.by(method, Failure::option("service", texts::NO_METHOD.with(names)))
    }

    fn call<'a>(&self, timeout: Option<Millis>, listener: Listener<'a>) -> Call<'a> {
        let started = self.host.now();
        let deadline = timeout.map_or(Millis::INFINITY, |timeout| started + timeout);
        Call { started, deadline, listener }
    }

    /// The task, if it is read in time: a `Blob` may come from a slow disk.
    async fn read_task(&self, given: Given<'_, H::Value>, due: Millis) -> Result<Task<H::Value>> {
        let reading = Task::read(&self.host, given, self.options.image_limits);
        let task = self.within(due, reading).await.unwrap_or_else(|| Err(too_late()));
        task.map_err(|failure| self.by(Method::CreateTask, failure))
    }

    async fn create(
        &self,
        task: &Task<H::Value>,
        options: &CallOptions,
        call: Call<'_>,
    ) -> Result<TaskId> {
        let callback_url = options.callback_url.as_deref();
        let method = Method::CreateTask;
        let fields = self.persistently(method, Some(task), None, callback_url, call).await?;
        let id = fields.get("taskId");
        let Some(id) = id.as_ref().and_then(TaskId::read) else {
            // The task is paid for, so its id is told as it came; but not rounded, as a large one has been.
            let shown = |id: &H::Value| match (id.kind(), id.text()) {
                (_, Some(text)) => quoted(&text, &self.options.client_key),
                #[allow(clippy::cast_precision_loss)] // exact
                (Kind::Number(id), _) if id > TaskId::MAX as f64 => texts::ABOVE_2_53.into(),
                _ => id.shown(),
            };
            let detail = id.map(|id| texts::ODD_TASK_ID.with([shown(&id)]));
            let failure = bad_response(detail.unwrap_or_else(|| texts::NO_TASK_ID.into()));
            return Err(self.by(Method::CreateTask, failure.may_have_created(true)));
        };
        let now = self.host.now();
        self.guard.borrow_mut().created(id, &task.subjects, now);
        let elapsed_ms = self.elapsed(call);
        let image_bytes = task.image_bytes.clone();
        (call.listener)(&Progress::Created { task_id: id, image_bytes, elapsed_ms });
        Ok(id)
    }

    /// Calls a method, and repeats it where the service certainly did nothing yet.
    ///
    /// createTask buys something and has no idempotency key, so a lost answer is never repeated.
    async fn persistently(
        &self,
        method: Method,
        task: Option<&Task<H::Value>>,
        task_id: Option<TaskId>,
        callback_url: Option<&str>,
        call: Call<'_>,
    ) -> Result<H::Value> {
        let request = Request {
            client_key: &self.options.client_key,
            task,
            task_id,
            callback_url,
            soft_id: task.and(self.options.soft_id),
        };
        let mut attempt = 0;
        loop {
            let failure = match self.exchange(method, &request, call.deadline).await {
                Ok(Answer::Done(fields)) => return Ok(fields),
                Ok(Answer::NotReady) => {
                    let mut failure = bad_response(texts::NOT_READY);
                    failure.task_id = task_id;
                    if method == Method::CreateTask {
                        failure = failure.may_have_created(true);
                    }
                    return Err(self.by(method, failure));
                }
                Err(failure) => failure,
            };
            let random = self.host.random();
            let delay_ms = timer_ms(backoff_ms(attempt, random, failure.retry_after_ms)).into();
            let is_too_late = self.host.now() + delay_ms >= call.deadline;
            if !did_nothing(&failure) || attempt >= self.options.max_retries || is_too_late {
                return Err(failure);
            }
            attempt = attempt.saturating_add(1);
            self.retry(&failure, delay_ms, call);
            self.sleep_until(self.host.now() + delay_ms).await;
            // A machine that slept wakes late: a task created now would be dropped at once, and paid for.
            if self.host.now() >= call.deadline {
                return Err(failure);
            }
        }
    }

    async fn wait(
        &self,
        id: TaskId,
        first_delay_ms: Millis,
        options: &CallOptions,
        call: Call<'_>,
    ) -> Result<Solved<H::Value>> {
        let now = self.host.now();
        // What another process created may be older; the service tells, should it be too old.
        let created = self.guard.borrow().created_at(id).unwrap_or(now);
        let deadline = call.deadline.min(created + TASK_LIFE_MS);
        let mut interval = options.poll_interval_ms.unwrap_or(MIN_POLL_INTERVAL_MS);
        let mut due = now + first_delay_ms;
        let mut polls = 0_u32;
        let mut last_failure = None;
        loop {
            match self.slot(id) {
                Slot::At(free) => due = due.max(free),
                Slot::Spent => {
                    return Err(self.timed_out(id, polls_used(id), false, last_failure));
                }
            }
            // A wait that cannot end with a request still lasts: the caller asked for that much time.
            self.sleep_until(due.min(deadline)).await;
            if self.host.now() >= deadline {
                let span = timer_ms(deadline - call.started);
                let gone = deadline < call.deadline;
                let task = Detail::number(id);
                let detail = if gone {
                    texts::TASK_TOO_OLD.with([task])
                } else {
                    texts::NOT_IN_TIME.with([task, Detail::number(span), Detail::number(polls)])
                };
                return Err(self.timed_out(id, detail, !gone, last_failure));
            }
            if !matches!(self.slot(id), Slot::At(free) if free <= self.host.now()) {
                continue; // another call of this account was quicker
            }
            polls = polls.saturating_add(1);
            let state = self.poll(id, deadline).await;
            let now = self.host.now();
            let elapsed_ms = self.elapsed(call);
            let told = |status| {
                (call.listener)(&Progress::Poll { task_id: id, poll: polls, status, elapsed_ms });
            };
            match state {
                Ok(TaskState::Ready { solution, cost }) => {
                    told("ready");
                    return Ok(Solved { task_id: id, solution, cost, polls, elapsed_ms });
                }
                Ok(TaskState::Processing) => told("processing"),
                Err(failure) if says_nothing_final(&failure) => {
                    if failure.class == Class::RateLimit || failure.retry_after_ms.is_some() {
                        interval = widened_ms(interval, failure.retry_after_ms);
                    }
                    self.retry(&failure, interval, call);
                    last_failure = Some(failure);
                }
                Err(failure) => return Err(failure),
            }
            due = now + interval;
        }
    }

    fn slot(&self, id: TaskId) -> Slot {
        self.guard.borrow().slot(id, self.host.now())
    }

    /// One result request.
    async fn poll(&self, id: TaskId, deadline: Millis) -> Result<TaskState<H::Value>> {
        let method = Method::GetTaskResult;
        let key = &self.options.client_key;
        let request = Request::<Task<H::Value>> {
            client_key: key,
            task: None,
            task_id: Some(id),
            callback_url: None,
            soft_id: None,
        };
        let state = match self.exchange(method, &request, deadline).await? {
            Answer::NotReady => Ok(TaskState::Processing),
            Answer::Done(fields) => {
                read_state(&fields, key).map_err(|failure| self.by(method, failure).about(id))
            }
        };
        if matches!(state, Ok(TaskState::Ready { .. })) {
            self.guard.borrow_mut().finished(id, self.host.now());
        }
        state
    }

    /// No more result requests are allowed for this task.
    fn spent(&self, id: TaskId) -> Box<Failure> {
        let mut failure = Failure::new(code::TOO_MUCH_REQUESTS, Origin::Client, polls_used(id));
        failure.retryable = false;
        self.by(Method::GetTaskResult, failure).about(id)
    }

    /// One HTTP exchange: asked of the guard, bounded in time, and learnt from.
    async fn exchange(
        &self,
        method: Method,
        request: &Request<'_, Task<H::Value>>,
        deadline: Millis,
    ) -> Result<Answer<H::Value>> {
        let polled = request.task_id.filter(|_| method == Method::GetTaskResult);
        let due = deadline.min(self.host.now() + MAX_TURN_MS);
        let (now, turn) = loop {
            let now = self.host.now();
            let turn = Guard::admit(&self.guard, now);
            // While it waited for its turn, another call may have asked for the same task.
            let is_free = match polled.map(|id| (id, self.guard.borrow().slot(id, now))) {
                Some((id, Slot::Spent)) => return Err(self.spent(id)),
                Some((_, Slot::At(free))) => free <= now,
                None => true,
            };
            if (turn.is_some() || now >= due) && (is_free || now >= deadline) {
                break (now, turn);
            }
            drop(turn);
            // Looked for again, and not woken: that would be a kilobyte for the first moment of a process.
            self.sleep_until(deadline.min(now + TURN_MS)).await;
        };
        let subjects = request.task.map_or(&[][..], |task| &task.subjects);
        let refused = self.guard.borrow_mut().refusal(method, request.task_id, subjects, now);
        if let Some(refused) = refused {
            return Err(self.by(method, refused));
        }
        if deadline <= now {
            return Err(self.by(method, too_late()));
        }
        let booked = polled.map(|id| Poll::begin(self, id));
        let limit = self.options.request_timeout_ms.min(deadline - now);
        let url = format!("{}/{}", self.options.base_url, method.name());
        let reply = self.send(&url, Some(request), limit).await;
        let answer = reply.and_then(|reply| read_answer(reply, &self.options.client_key));
        drop(booked);
        self.guard.borrow_mut().trust(&answer);
        drop(turn);
        answer.map_err(|failure| {
            let mut failure = failure;
            failure.task_id = request.task_id;
            if method == Method::CreateTask && failure.class == Class::Transport {
                // With a status below 500 something stood in the way before a task could be created.
                let failed = matches!(failure.http_status, Some(500..)) && !did_nothing(&failure);
                let lost = failure.code != code::HTTP_STATUS || failed;
                failure = failure.may_have_created(lost);
            }
            let mut failure = self.by(method, failure);
            if failure.origin == Origin::Service {
                self.guard.borrow_mut().learn(&mut failure, subjects, self.host.now());
            }
            failure
        })
    }

    /// The answer to a request, if there is a whole one in time.
    async fn send(
        &self,
        url: &str,
        request: Option<&Request<'_, Task<H::Value>>>,
        limit: Millis,
    ) -> Result<Reply<H::Value>> {
        match self.within(self.host.now() + limit, self.host.send(url, request)).await {
            Some(reply) => reply.map_err(fault_failure),
            None => {
                let detail = texts::NO_ANSWER.with([Detail::number(timer_ms(limit))]);
                Err(Failure::new(code::REQUEST_TIMEOUT, Origin::Transport, detail))
            }
        }
    }

    /// Says whose failure it is, in the language of the client, and takes the key out of what others have
    /// written into it.
    fn by(&self, method: Method, mut failure: Box<Failure>) -> Box<Failure> {
        failure.method = Some(method);
        failure.service = Some(self.options.service.name.clone().into_owned());
        let key = &self.options.client_key;
        if let Some(Cause::Platform(error)) = &mut failure.cause {
            redact(error, key);
        }
        failure.cleaned(&|text| redacted(text, key)).said_in(&self.options.messages)
    }

    fn timed_out(
        &self,
        id: TaskId,
        detail: Detail,
        goes_on: bool,
        last_failure: Option<Box<Failure>>,
    ) -> Box<Failure> {
        let mut failure = Failure::new(code::SOLVE_TIMEOUT, Origin::Transport, detail);
        if !goes_on {
            failure.retryable = false;
            failure = failure.hinting(texts::HINT_CREATE_ANEW);
        }
        failure.cause = last_failure.map(Cause::Failure);
        self.by(Method::GetTaskResult, failure).about(id)
    }

    fn retry(&self, failure: &Failure, delay_ms: Millis, call: Call<'_>) {
        let Some(method) = failure.method else { return };
        (call.listener)(&Progress::Retry {
            method,
            task_id: failure.task_id,
            code: failure.code.clone().into_owned(),
            message: failure.message.clone(),
            delay_ms,
            elapsed_ms: self.elapsed(call),
        });
    }

    fn elapsed(&self, call: Call<'_>) -> Millis {
        (self.host.now() - call.started).round()
    }

    /// What the work comes to, if it is done in time; if not, it is dropped.
    async fn within<T>(&self, due: Millis, work: impl Future<Output = T>) -> Option<T> {
        let late = async {
            self.sleep_until(due).await;
            None
        };
        futures_lite::future::or(async { Some(work.await) }, late).await
    }

    /// Timers of the platform fire up to a millisecond early, which would break a service's rule.
    async fn sleep_until(&self, due: Millis) {
        loop {
            let left = due - self.host.now();
            if left <= 0.0 {
                return;
            }
            self.host.sleep(timer_ms(left)).await;
        }
    }
}

/// A result request in the guard's books, from its start until it is answered, fails or is dropped.
struct Poll<'a, H: Host> {
    client: &'a Client<H>,
    id: TaskId,
}

impl<'a, H: Host> Poll<'a, H> {
    fn begin(client: &'a Client<H>, id: TaskId) -> Self {
        client.guard.borrow_mut().poll_begins(id, client.host.now());
        Self { client, id }
    }
}

impl<H: Host> Drop for Poll<'_, H> {
    fn drop(&mut self) {
        self.client.guard.borrow_mut().poll_ends(self.id, self.client.host.now());
    }
}

/// The time of the call was over before anything was sent.
fn too_late() -> Box<Failure> {
    let failure = Failure::new(code::REQUEST_TIMEOUT, Origin::Client, texts::TOO_LATE);
    failure.hinting(texts::HINT_TOO_LATE)
}

fn polls_used(id: TaskId) -> Detail {
    texts::POLLS_USED.with([Detail::number(MAX_POLLS), Detail::number(id)])
}

fn fault_failure(fault: Fault) -> Box<Failure> {
    let (mut failure, error) = match fault {
        Fault::NotJson(error) => {
            let reason = Detail::verbatim(&error.message);
            (Failure::field("task", texts::NOT_JSON.with([reason])), error)
        }
        Fault::Network(error) => {
            let reason = Detail::verbatim(error.innermost_message());
            (Failure::new(code::NETWORK, Origin::Transport, reason), error)
        }
    };
    failure.cause = Some(Cause::Platform(error));
    failure
}

/// Whether the service certainly did nothing, so that even createTask may be repeated.
fn did_nothing(failure: &Failure) -> bool {
    match failure.class {
        Class::Capacity => failure.origin == Origin::Service && failure.code == code::NO_SLOT,
        Class::Transport => matches!(failure.http_status, Some(429 | 503)),
        _ => false,
    }
}

/// Whether a failed result request leaves the task as it was, so that asking again is right.
fn says_nothing_final(failure: &Failure) -> bool {
    match failure.class {
        Class::RateLimit => failure.origin == Origin::Service,
        Class::Transport => failure.retryable,
        _ => false,
    }
}

/// A platform's error may quote the request.
fn redact(error: &mut ErrorRecord, key: &str) {
    error.name = redacted(&error.name, key);
    error.message = redacted(&error.message, key);
    error.code = error.code.as_ref().map(|code| redacted(code, key));
    if let Some(cause) = &mut error.cause {
        redact(cause, key);
    }
}
