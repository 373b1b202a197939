//! Answers as plain data.

use super::{Js, Sent, World, record};
use capwire::platform::{HostValue, RawResponse, SendError};
use serde_json::{Value, json};

pub const TASK_ID: u64 = 410_000_123;
/// How long an exchange takes unless the script says otherwise.
pub const ROUND_TRIP_MS: f64 = 80.0;
pub const USER_AGENT: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Safari/537.36";
pub const HTML: &str = "<html><title>Bad Gateway</title></html>";

/// The answer to one request.
#[derive(Clone, Debug)]
pub struct Script {
    pub delay_ms: f64,
    pub end: End,
}

#[derive(Clone, Debug)]
pub enum End {
    Reply(Reply),
    Error(SendError),
    /// An answer that never comes.
    Hang,
}

/// A response of a service.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    /// A span of any length. Where a header cannot have it in seconds, it has a date.
    pub retry_after_ms: Option<f64>,
    pub body: Body,
}

#[derive(Clone, Debug)]
pub enum Body {
    Json(Value),
    Text(String),
    TooLarge,
}

impl Reply {
    /// The response as the platform passes it on: without a body that is too large.
    pub(crate) fn raw(self, max_bytes: u32) -> RawResponse<Js> {
        let body = match self.body {
            Body::Json(json) => Some(json.to_string()),
            Body::Text(text) => Some(text),
            Body::TooLarge => None,
        };
        let body = body.filter(|text| text.len() <= max_bytes as usize);
        RawResponse {
            status: self.status,
            retry_after: self.retry_after_ms.map(retry_after),
            body: body.map(Js::from),
        }
    }
}

/// The end of a date of [`http_date`].
const FROM_NOW: &str = "ms from now";

/// A date so many milliseconds from now, as only [`World`] understands it.
pub fn http_date(ms: f64) -> String {
    format!("{ms:?} {FROM_NOW}")
}

/// A `Retry-After` header: in seconds where it can be, otherwise as a date.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // whole and within the bounds
fn retry_after(ms: f64) -> String {
    match ms / 1_000.0 {
        seconds if seconds.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&seconds) => {
            (seconds as u32).to_string()
        }
        _ => http_date(ms),
    }
}

/// The time until such a date.
pub(crate) fn time_until(date: &str) -> Option<f64> {
    date.strip_suffix(FROM_NOW)?.trim().parse().ok().filter(|ms: &f64| !ms.is_nan())
}

impl Script {
    fn new(end: End) -> Self {
        Self { delay_ms: ROUND_TRIP_MS, end }
    }

    fn reply(status: u16, body: Body) -> Self {
        Self::new(End::Reply(Reply { status, retry_after_ms: None, body }))
    }

    pub fn after(mut self, delay_ms: f64) -> Self {
        self.delay_ms = delay_ms;
        self
    }

    pub fn status(mut self, status: u16) -> Self {
        if let End::Reply(reply) = &mut self.end {
            reply.status = status;
        }
        self
    }

    pub fn retry_after(mut self, ms: f64) -> Self {
        if let End::Reply(reply) = &mut self.end {
            reply.retry_after_ms = Some(ms);
        }
        self
    }
}

pub fn answer(body: Value) -> Script {
    Script::reply(200, Body::Json(body))
}

pub fn page(status: u16, text: &str) -> Script {
    Script::reply(status, Body::Text(text.to_owned()))
}

pub fn too_large() -> Script {
    Script::reply(200, Body::TooLarge)
}

pub fn created() -> Script {
    answer(json!({ "errorId": 0, "taskId": TASK_ID }))
}

pub fn processing() -> Script {
    answer(
        json!({ "errorId": 0, "errorCode": null, "errorDescription": null, "status": "processing" }),
    )
}

pub fn ready() -> Script {
    answer(
        json!({ "errorId": 0, "status": "ready", "cost": 0.0003, "solution": { "text": "w7kq" } }),
    )
}

pub fn balance(money: f64) -> Script {
    answer(json!({ "errorId": 0, "balance": money }))
}

pub fn reported() -> Script {
    answer(json!({ "errorId": 0, "status": "success" }))
}

/// The service's error, with a description that names the code.
pub fn error(code: &str) -> Script {
    answer(json!({ "errorId": 1, "errorCode": code, "errorDescription": description(code) }))
}

pub fn description(code: &str) -> String {
    format!("The service's own words about «{code}».")
}

pub fn network() -> Script {
    let mut top = record("TypeError", "fetch failed");
    top.cause = Some(Box::new(record("Error", "connect ECONNREFUSED 192.0.2.1:443")));
    Script::new(End::Error(SendError::Network(top)))
}

pub fn fault(error: capwire::platform::ErrorRecord) -> Script {
    Script::new(End::Error(SendError::Network(error)))
}

/// What a `fetch` that is none gives.
pub fn no_response(given: impl Into<Js>) -> Script {
    Script::new(End::Error(SendError::NoResponse(given.into().display())))
}

pub fn hang() -> Script {
    Script::new(End::Hang)
}

/// A server that plays the scripts of each method in order and then repeats the last one.
#[derive(Clone, Debug)]
pub struct Server {
    pub create: Vec<Script>,
    pub poll: Vec<Script>,
    pub balance: Vec<Script>,
    pub report: Vec<Script>,
    pub user_agent: Vec<Script>,
}

/// A server that creates tasks, solves them at the first result request, has money and accepts reports.
pub fn server() -> Server {
    Server {
        create: vec![created()],
        poll: vec![ready()],
        balance: vec![balance(12.3456)],
        report: vec![reported()],
        user_agent: vec![page(200, USER_AGENT)],
    }
}

impl Server {
    pub fn create(mut self, scripts: impl IntoIterator<Item = Script>) -> Self {
        self.create = scripts.into_iter().collect();
        self
    }

    pub fn poll(mut self, scripts: impl IntoIterator<Item = Script>) -> Self {
        self.poll = scripts.into_iter().collect();
        self
    }

    pub fn balance(mut self, scripts: impl IntoIterator<Item = Script>) -> Self {
        self.balance = scripts.into_iter().collect();
        self
    }

    pub fn report(mut self, scripts: impl IntoIterator<Item = Script>) -> Self {
        self.report = scripts.into_iter().collect();
        self
    }

    pub fn user_agent(mut self, scripts: impl IntoIterator<Item = Script>) -> Self {
        self.user_agent = scripts.into_iter().collect();
        self
    }

    /// The answer to request number `index`, from 0, of a method.
    pub fn script(&self, method: &str, index: usize) -> Script {
        let scripts = match method {
            "createTask" => &self.create,
            "getTaskResult" => &self.poll,
            "getBalance" => &self.balance,
            "reportIncorrectImageCaptcha" | "reportIncorrectTokenCaptcha" => &self.report,
            // The end of the address from which the User-Agent comes.
            "actual" => &self.user_agent,
            _ => panic!("no such method: {method}"),
        };
        scripts[index.min(scripts.len() - 1)].clone()
    }

    pub fn world(self) -> World {
        World::new(move |sent: &Sent| self.script(&sent.method, sent.index))
    }

    /// A world whose very first request is answered by `first`, whatever its method.
    pub fn world_after(self, first: Script) -> World {
        let mut first = Some(first);
        World::new(move |sent: &Sent| {
            first.take().unwrap_or_else(|| self.script(&sent.method, sent.index))
        })
    }
}
