//! The services' rules as a pure state machine. It does no I/O and gets the time passed in, so a test of a
//! ten-minute ban runs instantly.

use crate::address::AddressRecord;
use crate::codes::{self, Code};
use crate::service::{Method, Service};
use crate::task::{self, AnswerKind, Drawn};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::time::Duration;

/// The key of the built-in account with money.
pub const SANDBOX_KEY: &str = "5a4db0c5a4db0c5a4db0c5a4db0c5a4d";
/// The key of the built-in account without money.
pub const EMPTY_KEY: &str = "0e3917a0e3917a0e3917a0e3917a0e39";

/// How long a task's result can be requested.
pub const TASK_LIFE: Duration = Duration::from_secs(5 * 60);
/// The minimum time between two result requests for one task.
pub const POLL_GAP: Duration = Duration::from_secs(2);
/// How often the result of one task may be requested.
pub const POLL_LIMIT: u32 = 120;

/// One request to a service.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The service it is sent to.
    pub service: Service,
    /// The method's name from the path.
    pub method: &'a str,
    /// The client's address. Bans are per address.
    pub address: &'a str,
    /// The body, which may be anything.
    pub body: &'a [u8],
}

/// Money in millionths of a dollar, because subtracting 0.0003 from a float repeatedly adds rounding errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Money(i64);

impl Money {
    /// The price of a recognised task.
    pub const PRICE: Self = Self(300);

    /// Converts an amount in dollars.
    pub fn from_dollars(dollars: f64) -> Self {
        Self((dollars * 1e6).round() as i64)
    }

    fn dollars(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

/// Both services, each with its own state, and the captchas drawn for them.
#[derive(Debug)]
pub struct Sandbox {
    solve_after: Duration,
    drawn: Drawn,
    capmonster: State,
    brocapgpt: State,
}

impl Sandbox {
    /// Creates the initial state. A task becomes ready `solve_after` its creation.
    pub fn new(solve_after: Duration) -> Self {
        Self {
            solve_after,
            drawn: Drawn::new(),
            capmonster: State::new(Service::CapMonster),
            brocapgpt: State::new(Service::BroCapGpt),
        }
    }

    /// Adds a drawn captcha. From now on tasks with this image are solved with this text.
    pub fn add_captcha(&mut self, image: Vec<u8>, text: String) {
        self.drawn.insert(image, text);
    }

    /// Changes how long new tasks take.
    pub fn set_solve_after(&mut self, solve_after: Duration) {
        self.solve_after = solve_after;
    }

    /// Creates an account on both services, or changes its balance.
    pub fn set_account(&mut self, key: &str, balance: Money) {
        for state in [&mut self.capmonster, &mut self.brocapgpt] {
            state.accounts.insert(key.to_owned(), balance);
        }
    }

    /// Answers a request that arrived at `now`, measured from the start of the sandbox.
    pub fn handle(&mut self, now: Duration, request: Request<'_>) -> Value {
        let state = match request.service {
            Service::CapMonster => &mut self.capmonster,
            Service::BroCapGpt => &mut self.brocapgpt,
        };
        let answer = state.answer(now, request, self.solve_after, &self.drawn);
        answer.unwrap_or_else(|refusal| refusal.body(request.method))
    }
}

/// The body of an error. Only createTask adds a task id, 0.
pub fn error_body(code: &str, description: &str, method: &str) -> Value {
    let mut body = json!({ "errorId": 1, "errorCode": code, "errorDescription": description });
    if method == Method::CreateTask.name() {
        body["taskId"] = 0.into();
    }
    body
}

/// An error answer: its code and description.
struct Refusal {
    code: Code,
    description: String,
}

impl Refusal {
    fn new(code: Code, description: impl Into<String>) -> Self {
        Self { code, description: description.into() }
    }

    fn body(&self, method: &str) -> Value {
        error_body(self.code.name, &self.description, method)
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self::new(code, code.meaning)
    }
}

#[derive(Debug)]
struct Task {
    account: String,
    answer_kind: AnswerKind,
    created: Duration,
    ready: Duration,
    outcome: Result<Value, &'static str>,
    charged: bool,
    polls: u32,
    last_poll: Option<Duration>,
    unready_answers: u32,
}

/// One service.
#[derive(Debug)]
struct State {
    service: Service,
    accounts: HashMap<String, Money>,
    tasks: HashMap<u64, Task>,
    next_task_id: u64,
    addresses: HashMap<String, AddressRecord>,
}

impl State {
    fn new(service: Service) -> Self {
        let accounts = [(SANDBOX_KEY, 10.0), (EMPTY_KEY, 0.0)];
        Self {
            service,
            accounts: accounts
                .map(|(key, dollars)| (key.to_owned(), Money::from_dollars(dollars)))
                .into(),
            tasks: HashMap::new(),
            next_task_id: service.first_task_id(),
            addresses: HashMap::new(),
        }
    }

    fn answer(
        &mut self,
        now: Duration,
        request: Request<'_>,
        solve_after: Duration,
        drawn: &Drawn,
    ) -> Result<Value, Refusal> {
        self.address_record(request.address).check(now)?;
        let method = self.service.method(request.method).ok_or_else(|| {
            let name = self.service.name();
            Refusal::new(
                codes::ERROR_NO_SUCH_METHOD,
                format!("{name} has no method with this name."),
            )
        })?;
        let body: Value = match serde_json::from_slice(request.body) {
            Ok(body) => body,
            Err(_) if method == Method::CreateTask => return Err(codes::ERROR_TASK_ABSENT.into()),
            // The other methods have no code for this, but such a body certainly contains no key.
            Err(_) => Value::Null,
        };
        let account = self.authenticate(now, request.address, &body)?;
        match method {
            Method::CreateTask => {
                if self.accounts[&account] <= Money(0) {
                    self.address_record(request.address).record_misuse(now);
                    return Err(codes::ERROR_ZERO_BALANCE.into());
                }
                let task = body.get("task").and_then(Value::as_object);
                self.create(now, account, task.ok_or(codes::ERROR_TASK_ABSENT)?, solve_after, drawn)
            }
            Method::GetTaskResult => self.result(now, request.address, &account, &body),
            Method::GetBalance => {
                Ok(json!({ "errorId": 0, "balance": self.accounts[&account].dollars() }))
            }
            Method::ReportIncorrectImageCaptcha => {
                self.report(now, request.address, &account, &body, AnswerKind::Image)
            }
            Method::ReportIncorrectTokenCaptcha | Method::ReportIncorrectRecaptcha => {
                self.report(now, request.address, &account, &body, AnswerKind::Token)
            }
        }
    }

    fn address_record(&mut self, address: &str) -> &mut AddressRecord {
        self.addresses.entry(address.to_owned()).or_default()
    }

    /// Returns the account of the key. A suffix after a double underscore is not part of the key.
    fn authenticate(
        &mut self,
        now: Duration,
        address: &str,
        body: &Value,
    ) -> Result<String, Refusal> {
        let sent = body.get("clientKey").and_then(Value::as_str).unwrap_or_default();
        let key = sent.split_once("__").map_or(sent, |(key, _)| key);
        if self.accounts.contains_key(key) {
            return Ok(key.to_owned());
        }
        self.address_record(address).record_wrong_key(now);
        Err(codes::ERROR_KEY_DOES_NOT_EXIST.into())
    }

    fn create(
        &mut self,
        now: Duration,
        account: String,
        task: &Map<String, Value>,
        solve_after: Duration,
        drawn: &Drawn,
    ) -> Result<Value, Refusal> {
        let id = self.next_task_id;
        let task::Accepted { answer_kind, outcome } = task::accept(self.service, task, id, drawn)?;
        self.next_task_id += 1;
        // Expired tasks can't be requested any more. Without this, a long session would grow without limit.
        self.tasks.retain(|_, task| now.saturating_sub(task.created) <= TASK_LIFE);
        self.tasks.insert(
            id,
            Task {
                account,
                answer_kind,
                created: now,
                ready: now.saturating_add(solve_after),
                outcome,
                charged: false,
                polls: 0,
                last_poll: None,
                unready_answers: 0,
            },
        );
        Ok(json!({ "errorId": 0, "taskId": id }))
    }

    /// Returns the id in the body, if this account has such a task and it has not expired.
    fn task_id(
        &mut self,
        now: Duration,
        address: &str,
        account: &str,
        body: &Value,
    ) -> Result<u64, Refusal> {
        let known = body.get("taskId").and_then(Value::as_u64).filter(|id| {
            self.tasks.get(id).is_some_and(|task| {
                task.account == account && now.saturating_sub(task.created) <= TASK_LIFE
            })
        });
        known.ok_or_else(|| {
            self.address_record(address).record_misuse(now);
            self.service.unknown_task().into()
        })
    }

    fn result(
        &mut self,
        now: Duration,
        address: &str,
        account: &str,
        body: &Value,
    ) -> Result<Value, Refusal> {
        let id = self.task_id(now, address, account, body)?;
        let service = self.service;
        let Some(task) = self.tasks.get_mut(&id) else {
            return Err(service.unknown_task().into());
        };

        // Refused requests count, too, so asking more often never brings an answer sooner.
        task.polls += 1;
        let last = task.last_poll.replace(now);
        if task.polls > POLL_LIMIT {
            let why =
                format!("The result of this task was requested more than {POLL_LIMIT} times.");
            return Err(Refusal::new(codes::ERROR_TOO_MUCH_REQUESTS, why));
        }
        if last.is_some_and(|last| now.saturating_sub(last) < POLL_GAP) {
            let why = "The result of this task was requested less than 2 seconds ago.";
            return Err(Refusal::new(codes::ERROR_TOO_MUCH_REQUESTS, why));
        }

        if now < task.ready {
            task.unready_answers += 1;
            // The error pages list a code, the methods' pages show a status. A client must handle both.
            let as_error = service == Service::BroCapGpt && task.unready_answers.is_multiple_of(2);
            return if as_error {
                Err(codes::CAPTCHA_NOT_READY.into())
            } else {
                Ok(json!({
                    "errorId": 0,
                    "errorCode": null,
                    "errorDescription": null,
                    "status": "processing",
                }))
            };
        }

        let solution = task
            .outcome
            .clone()
            .map_err(|why| Refusal::new(codes::ERROR_CAPTCHA_UNSOLVABLE, why))?;
        if !std::mem::replace(&mut task.charged, true)
            && let Some(balance) = self.accounts.get_mut(account)
        {
            balance.0 -= Money::PRICE.0;
        }
        Ok(json!({
            "errorId": 0,
            "errorCode": null,
            "errorDescription": null,
            "status": "ready",
            "cost": Money::PRICE.dollars(),
            "solution": solution,
        }))
    }

    fn report(
        &mut self,
        now: Duration,
        address: &str,
        account: &str,
        body: &Value,
        answer_kind: AnswerKind,
    ) -> Result<Value, Refusal> {
        let id = self.task_id(now, address, account, body)?;
        if self.tasks[&id].answer_kind == answer_kind {
            Ok(json!({ "errorId": 0, "status": "success" }))
        } else {
            let why = "Another report method is for tasks of this type.";
            Err(Refusal::new(self.service.unknown_task(), why))
        }
    }
}

#[cfg(test)]
mod tests;
