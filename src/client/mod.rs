//! The client: create a task, request its result until it is ready, and the smaller methods.
//!
//! Read the files in this order:
//!
//! | file | what it does |
//! |---|---|
//! | `mod.rs` | the public methods |
//! | `exchange.rs` | one request: may it be sent, how long may it take, may it be repeated |
//! | `wait.rs` | the result requests of a task |
//! | `progress.rs` | results and progress events, as the caller gets them |
//! | `batch.rs` | many tasks, a few at a time |

pub mod batch;
mod exchange;
pub mod progress;
mod wait;

use crate::account::Account;
use crate::error::{Failure, Origin, Result};
use crate::gate::Admission;
use crate::message::Message;
use crate::method::{Method, TaskId};
use crate::options::{CallOptions, ClientOptions};
use crate::platform::{Platform, must_be};
use crate::protocol::{Request, is_secret, read_balance, read_task_id, with_solution_of};
use crate::schedule::{Millis, NextPoll};
use crate::status::AccountStatus;
use crate::task::catalog::TaskType;
use crate::task::{Task, TaskInput};
use crate::task_state::{TaskState, read_state, read_text};
use crate::texts;
use progress::{Listener, Progress, Solved, TaskResult};
use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;

/// A client: its platform, its options, and what it shares with other clients of its account.
pub struct Client<P: Platform> {
    platform: P,
    options: ClientOptions,
    account: Rc<RefCell<Account>>,
    /// The latest answers that came at once, with the tasks that `create_task()` created.
    answers: RefCell<Vec<Solved<P::Value>>>,
}

/// Upper bound on answers that are kept until they are asked for.
const MAX_ANSWERS: usize = 100;

/// One call of a public method.
#[derive(Clone, Copy)]
struct Call<'a> {
    started: Millis,
    deadline: Millis,
    listener: Listener<'a>,
}

/// A task that was created.
enum Created<V> {
    /// Its result has to be requested.
    Task(TaskId),
    /// Its result came at once.
    Solved(Solved<V>),
}

impl<P: Platform> Client<P> {
    /// A client with these options.
    pub fn new(platform: P, options: ClientOptions, account: Rc<RefCell<Account>>) -> Self {
        Self { platform, options, account, answers: RefCell::default() }
    }

    /// The options.
    pub fn options(&self) -> &ClientOptions {
        &self.options
    }

    /// Whether no new task is sent, whatever it is.
    fn is_closed(&self) -> bool {
        let (now, account) = (self.platform.now(), self.account.borrow());
        account.gate.check(Method::CreateTask, now) == Admission::Closed
            || account.breaker.is_empty_account(now)
    }

    /// What is known of the account.
    #[must_use]
    pub fn status(&self) -> AccountStatus<'_> {
        AccountStatus { account: self.account.borrow(), now: self.platform.now() }
    }

    /// Opens everything that is closed. The counts of result requests stay.
    pub fn reset_guard(&self) {
        let now = self.platform.now();
        self.account.borrow_mut().reset(now);
    }

    /// A call that is one request: the balance, a report of a wrong answer, the User-Agent for tasks. Returns the
    /// fields of the answer, or the User-Agent.
    ///
    /// The User-Agent shares nothing with the account: the key is not sent, and the host is another one.
    ///
    /// # Errors
    /// `INVALID_OPTIONS` where the service does not have the method; the service's codes, the transport codes.
    pub async fn ask(&self, method: Method, id: Option<&TaskId>) -> Result<P::Value> {
        let service = &self.options.service;
        let is_supported = match method {
            Method::GetBalance => true,
            Method::GetUserAgent => service.user_agent_url.is_some(),
            _ => service.reports.iter().any(|kind| kind.method() == method),
        };
        if !is_supported {
            let names = [&*service.name, method.name()].map(Message::literal);
            let mut failure = Failure::option("service", texts::NO_METHOD.with(names));
            failure.task_id = id.cloned();
            return Err(self.annotate(method, failure));
        }
        let request = Request { task_id: id, ..self.request() };
        let fields = self.send_with_retry(method, &request, self.call(None, &|_| {})).await?;
        if method == Method::GetBalance {
            let balance =
                read_balance(&fields).map_err(|failure| self.annotate(method, failure))?;
            if balance > 0.0 {
                self.account.borrow_mut().breaker.clear_zero_balance();
            }
        }
        Ok(fields)
    }

    /// Creates a task and returns its id.
    ///
    /// # Errors
    /// `INVALID_TASK`, the image codes, the service's codes, the transport codes with
    /// `may_have_created_task`.
    pub async fn create_task(
        &self,
        task: P::Value,
        options: &CallOptions,
        listener: Listener<'_>,
    ) -> Result<TaskId> {
        let call = self.call(options.timeout_ms, listener);
        let input = TaskInput::Task(task);
        let task_type = input.task_type();
        // Creating has no default time-out, but an image that is never read must not hang it.
        let by_type = call.started + task_type.timing().timeout_ms;
        match self.create(input, &task_type, options, call, by_type).await? {
            Created::Task(id) => Ok(id),
            Created::Solved(solved) if solved.task_id == TaskId::NONE => {
                let key = &self.options.client_key;
                let failure = Failure::bad_response(texts::NO_TASK_ID).with_possible_task(true);
                let failure = failure.with_solution(&solved.solution, key);
                Err(self.annotate(Method::CreateTask, failure))
            }
            Created::Solved(solved) => {
                let id = solved.task_id.clone();
                let mut answers = self.answers.borrow_mut();
                if answers.len() >= MAX_ANSWERS {
                    answers.remove(0);
                }
                answers.push(solved);
                Ok(id)
            }
        }
    }

    /// Reads the id of a task that the caller passes.
    ///
    /// # Errors
    /// `INVALID_TASK`.
    pub fn read_id(&self, value: &P::Value) -> Result<TaskId> {
        let id = TaskId::read(value).filter(|id| !is_secret(id, &self.options.client_key));
        // Those of the services are numbers. An unknown id leads to a ban.
        let id = if self.options.is_known_host() { id.and_then(|id| id.as_number()) } else { id };
        id.ok_or_else(|| Failure::field("taskId", must_be(texts::TASK_ID, value)))
    }

    /// One result request.
    ///
    /// It waits first where the previous request of any call was less than 2 s ago.
    ///
    /// # Errors
    /// The service's codes, the transport codes; `ERROR_TOO_MUCH_REQUESTS` once 120 are used.
    pub async fn task_result(&self, id: &TaskId) -> Result<TaskResult<P::Value>> {
        if let Some(Solved { task_id, solution, cost, .. }) = self.known_answer(id) {
            return Ok(TaskResult::Ready { task_id, solution, cost });
        }
        loop {
            let now = self.platform.now();
            match self.next_poll(id, now) {
                NextPoll::At(due) | NextPoll::Held(due) if due > now => self.sleep_until(due).await,
                NextPoll::At(_) | NextPoll::Held(_) => break,
                NextPoll::Exhausted => return Err(self.polls_exhausted(id)),
            }
        }
        Ok(match self.poll(id, Millis::INFINITY).await? {
            TaskState::Processing => TaskResult::Processing { task_id: id.clone() },
            TaskState::Ready { solution, cost } => {
                TaskResult::Ready { task_id: id.clone(), solution, cost }
            }
        })
    }

    /// Waits for the result of a task that exists, whoever created it.
    ///
    /// # Errors
    /// The service's codes, `SOLVE_TIMEOUT`, and transport codes that waiting does not fix.
    pub async fn wait_for_result(
        &self,
        id: &TaskId,
        options: &CallOptions,
        listener: Listener<'_>,
    ) -> Result<Solved<P::Value>> {
        if let Some(solved) = self.known_answer(id) {
            return Ok(solved);
        }
        let task_type = TaskType::new(options.task_type.clone().unwrap_or_default());
        let timeout_ms = options.timeout_ms.unwrap_or(task_type.timing().timeout_ms);
        let call = self.call(Some(timeout_ms), listener);
        self.wait(id, None, options, call).await
    }

    /// Solves a task: creates it and waits for its result.
    ///
    /// # Errors
    /// Those of [`Self::create_task`] and [`Self::wait_for_result`].
    pub async fn solve(
        &self,
        input: TaskInput<P::Value>,
        options: &CallOptions,
        listener: Listener<'_>,
    ) -> Result<Solved<P::Value>> {
        let task_type = input.task_type();
        let timeout_ms = options.timeout_ms.unwrap_or(task_type.timing().timeout_ms);
        let call = self.call(Some(timeout_ms), listener);
        match self.create(input, &task_type, options, call, Millis::INFINITY).await? {
            Created::Task(id) => self.wait(&id, Some(&task_type), options, call).await,
            Created::Solved(solved) => Ok(solved),
        }
    }

    /// The text of an image that was solved.
    ///
    /// # Errors
    /// `BAD_RESPONSE`.
    pub fn text_of(&self, solved: &Solved<P::Value>) -> Result<String> {
        read_text(&solved.solution).ok_or_else(|| {
            let mut failure = Failure::bad_response(texts::NO_TEXT);
            failure.task_id = Some(solved.task_id.clone()).filter(|id| *id != TaskId::NONE);
            let failure = failure.with_solution(&solved.solution, &self.options.client_key);
            self.annotate(Method::GetTaskResult, failure)
        })
    }

    /// A request that carries nothing but the key.
    fn request(&self) -> Request<'_, P::Value> {
        Request {
            client_key: &self.options.client_key,
            task: None,
            task_id: None,
            callback_url: None,
            soft_id: None,
        }
    }

    fn call<'a>(&self, timeout: Option<Millis>, listener: Listener<'a>) -> Call<'a> {
        let started = self.platform.now();
        let deadline = timeout.map_or(Millis::INFINITY, |timeout| started + timeout);
        Call { started, deadline, listener }
    }

    /// Reads a task and creates it. It is dropped here, with its images: a wait for the result may take minutes.
    ///
    /// Reading has a time limit too, `latest` at most: a `Blob` may come from a slow disk.
    async fn create(
        &self,
        input: TaskInput<P::Value>,
        task_type: &TaskType,
        options: &CallOptions,
        call: Call<'_>,
        latest: Millis,
    ) -> Result<Created<P::Value>> {
        let method = Method::CreateTask;
        let limits = self.options.image_limits;
        let mut task = None;
        let reading = async {
            task = Some(Task::read(&self.platform, input, task_type, limits).await);
        };
        self.in_time(call.deadline.min(latest), pin!(reading)).await;
        let task = match task {
            Some(task) => task.map_err(|failure| self.annotate(method, failure))?,
            None => return Err(self.too_late(method)),
        };
        let request = Request {
            task: Some(&task),
            callback_url: options.callback_url.as_deref(),
            soft_id: self.options.soft_id,
            ..self.request()
        };
        let fields = self.send_with_retry(method, &request, call).await?;
        let key = &self.options.client_key;
        let (id, state) = (read_task_id(&fields, key), read_state(&fields, key));
        let now = self.platform.now();
        if let Ok(id) = &id {
            self.account.borrow_mut().polls.record_created(id, &task.scopes, now);
            (call.listener)(&Progress::Created {
                task_id: id.clone(),
                image_bytes: task.image_bytes,
                elapsed_ms: self.elapsed(call),
            });
        }
        match (id, state) {
            (id, Ok(TaskState::Ready { solution, cost })) => {
                let task_id = id.unwrap_or(TaskId::NONE);
                let elapsed_ms = self.elapsed(call);
                Ok(Created::Solved(Solved { task_id, solution, cost, polls: 0, elapsed_ms }))
            }
            (id, Err(mut failure)) if failure.origin == Origin::Service => {
                failure.task_id = id.ok();
                Err(self.failed_state(method, failure))
            }
            // A state that is none says nothing here: its result will tell.
            (Ok(id), _) => Ok(Created::Task(id)),
            (Err(failure), _) => {
                let failure = with_solution_of(&fields, failure, key);
                Err(self.annotate(method, failure.with_possible_task(true)))
            }
        }
    }

    /// The answer that came with the creation of a task.
    fn known_answer(&self, id: &TaskId) -> Option<Solved<P::Value>> {
        self.answers.borrow().iter().find(|answer| answer.task_id == *id).cloned()
    }
}
