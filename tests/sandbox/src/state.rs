//! The rules of the services as a pure state machine: no I/O, and the clock is passed in, so that ten
//! minutes of a ban pass in a test in no time.

use crate::codes::{self, Code};
use crate::service::{Method, Service};
use crate::task::{self, Drawn, Kind};
use serde_json::{Map, Value, json};
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// The key of the built-in account that has money.
pub const SANDBOX_KEY: &str = "5a4db0c5a4db0c5a4db0c5a4db0c5a4d";
/// The key of the built-in account that has none.
pub const EMPTY_KEY: &str = "0e3917a0e3917a0e3917a0e3917a0e39";

/// How long a task's result can be asked for.
pub const TASK_LIFE: Duration = Duration::from_secs(5 * 60);
/// The least time between two result requests for one task.
pub const POLL_GAP: Duration = Duration::from_secs(2);
/// How often the result of one task may be asked for.
pub const POLL_LIMIT: u32 = 120;
/// How long an address is shut out.
pub const BAN: Duration = Duration::from_secs(10 * 60);
/// How many wrong keys from one address lead to a ban.
pub const WRONG_KEY_LIMIT: u32 = 5;
/// How many errors of misuse within [`BAN`] lead to a block.
pub const MISUSE_LIMIT: usize = 20;

/// One request to a service.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// To which of them.
    pub service: Service,
    /// The method's name as it stands in the path.
    pub method: &'a str,
    /// Where the request comes from; bans are by address.
    pub address: &'a str,
    /// The body, whatever it is.
    pub body: &'a [u8],
}

/// Money in millionths of a dollar: 0.0003 taken often from a float does not stay readable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Money(i64);

impl Money {
    /// What a recognised task costs.
    pub const PRICE: Self = Self(300);

    /// From an amount in dollars.
    pub fn from_dollars(dollars: f64) -> Self {
        Self((dollars * 1e6).round() as i64)
    }

    fn dollars(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

/// Both services, each with a state of its own, and the captchas that were drawn for them.
#[derive(Debug)]
pub struct Sandbox {
    solve_after: Duration,
    drawn: Drawn,
    capmonster: State,
    brocapgpt: State,
}

impl Sandbox {
    /// The initial state. A task becomes ready `solve_after` its creation.
    pub fn new(solve_after: Duration) -> Self {
        Self {
            solve_after,
            drawn: Drawn::new(),
            capmonster: State::new(Service::CapMonster),
            brocapgpt: State::new(Service::BroCapGpt),
        }
    }

    /// Makes an image known: from now on its text is found in it.
    pub fn learn(&mut self, image: Vec<u8>, text: String) {
        self.drawn.insert(image, text);
    }

    /// Changes how long tasks take that are created from now on.
    pub fn set_solve_after(&mut self, solve_after: Duration) {
        self.solve_after = solve_after;
    }

    /// Opens an account on both services, or changes what is on it.
    pub fn set_account(&mut self, key: &str, balance: Money) {
        for state in [&mut self.capmonster, &mut self.brocapgpt] {
            state.accounts.insert(key.to_owned(), balance);
        }
    }

    /// Answers a request that arrived at `now`, the time since the sandbox was started.
    pub fn handle(&mut self, now: Duration, request: Request<'_>) -> Value {
        let state = match request.service {
            Service::CapMonster => &mut self.capmonster,
            Service::BroCapGpt => &mut self.brocapgpt,
        };
        let answer = state.answer(now, request, self.solve_after, &self.drawn);
        answer.unwrap_or_else(|refusal| refusal.body(request.method))
    }
}

/// The body of a refusal. Only createTask names a task in it: none.
pub fn error_body(code: &str, description: &str, method: &str) -> Value {
    let mut body = json!({ "errorId": 1, "errorCode": code, "errorDescription": description });
    if method == Method::CreateTask.name() {
        body["taskId"] = 0.into();
    }
    body
}

/// Why a request is not answered as its sender hoped.
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
    kind: Kind,
    created: Duration,
    ready: Duration,
    outcome: Result<Value, &'static str>,
    charged: bool,
    polls: u32,
    last_poll: Option<Duration>,
    unready_answers: u32,
}

/// What an address has done, and whether it is shut out for it.
#[derive(Debug, Default)]
struct Conduct {
    wrong_keys: u32,
    misuses: VecDeque<Duration>,
    shut_out: Option<(Code, Duration)>,
}

impl Conduct {
    fn check(&mut self, now: Duration) -> Result<(), Code> {
        match self.shut_out {
            Some((code, until)) if now < until => Err(code),
            Some(_) => {
                *self = Self::default();
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn wrong_key(&mut self, now: Duration) {
        self.wrong_keys += 1;
        if self.wrong_keys >= WRONG_KEY_LIMIT {
            self.shut_out = Some((codes::ERROR_IP_BANNED, now + BAN));
        }
    }

    fn misuse(&mut self, now: Duration) {
        self.misuses.push_back(now);
        self.misuses.retain(|&at| now.saturating_sub(at) < BAN);
        if self.misuses.len() >= MISUSE_LIMIT {
            self.shut_out = Some((codes::ERROR_IP_BLOCKED, now + BAN));
        }
    }
}

/// One service.
#[derive(Debug)]
struct State {
    service: Service,
    accounts: HashMap<String, Money>,
    tasks: HashMap<u64, Task>,
    next_task_id: u64,
    addresses: HashMap<String, Conduct>,
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
        self.conduct(request.address).check(now)?;
        let method = self.service.method(request.method).ok_or_else(|| {
            let name = self.service.name();
            Refusal::new(codes::ERROR_NO_SUCH_METHOD, format!("{name} has no method of this name."))
        })?;
        let body: Value = match serde_json::from_slice(request.body) {
            Ok(body) => body,
            Err(_) if method == Method::CreateTask => return Err(codes::ERROR_TASK_ABSENT.into()),
            // For the other methods no code says so. What is certain is that there is no key in it.
            Err(_) => Value::Null,
        };
        let account = self.authenticate(now, request.address, &body)?;
        match method {
            Method::CreateTask => {
                if self.accounts[&account] <= Money(0) {
                    self.conduct(request.address).misuse(now);
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
                self.report(now, request.address, &account, &body, Kind::Image)
            }
            Method::ReportIncorrectTokenCaptcha | Method::ReportIncorrectRecaptcha => {
                self.report(now, request.address, &account, &body, Kind::Token)
            }
        }
    }

    fn conduct(&mut self, address: &str) -> &mut Conduct {
        self.addresses.entry(address.to_owned()).or_default()
    }

    /// The account of the key. What follows a double underscore are wishes, not part of the key.
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
        self.conduct(address).wrong_key(now);
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
        let task::Accepted { kind, outcome } = task::accept(self.service, task, id, drawn)?;
        self.next_task_id += 1;
        // Those are unknown to everyone by now; without this a long session would only ever grow.
        self.tasks.retain(|_, task| now.saturating_sub(task.created) <= TASK_LIFE);
        self.tasks.insert(
            id,
            Task {
                account,
                kind,
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

    /// The id in the body, if it is one of a living task of this account.
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
            self.conduct(address).misuse(now);
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

        // Refused requests count too: asking more often never brings an answer sooner.
        task.polls += 1;
        let last = task.last_poll.replace(now);
        if task.polls > POLL_LIMIT {
            let why =
                format!("This task was asked for more than {POLL_LIMIT} times; no more answers.");
            return Err(Refusal::new(codes::ERROR_TOO_MUCH_REQUESTS, why));
        }
        if last.is_some_and(|last| now.saturating_sub(last) < POLL_GAP) {
            let why = "This task was asked for less than 2 seconds ago.";
            return Err(Refusal::new(codes::ERROR_TOO_MUCH_REQUESTS, why));
        }

        if now < task.ready {
            task.unready_answers += 1;
            // The error pages list the code, the methods' pages show the status. A client meets both.
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
        kind: Kind,
    ) -> Result<Value, Refusal> {
        let id = self.task_id(now, address, account, body)?;
        if self.tasks[&id].kind == kind {
            Ok(json!({ "errorId": 0, "status": "success" }))
        } else {
            let why = "The task of this id is of a kind that another report method is for.";
            Err(Refusal::new(self.service.unknown_task(), why))
        }
    }
}

#[cfg(test)]
mod tests;
