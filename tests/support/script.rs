//! Answers as plain data.

use super::{Js, Sent, World, record};
use capwire::host::{Body, Fault, Reply};
use serde_json::{Value, json};

pub(crate) const TASK_ID: u64 = 410_000_123;
/// How long an exchange takes unless the script says otherwise.
pub(crate) const ROUND_TRIP_MS: f64 = 80.0;
pub(crate) const USER_AGENT: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Safari/537.36";
pub(crate) const HTML: &str = "<html><title>Bad Gateway</title></html>";

/// What becomes of one request.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(crate) delay_ms: f64,
    pub(crate) end: End,
}

#[derive(Clone, Debug)]
pub(crate) enum End {
    Reply(Reply<Js>),
    Fault(Fault),
    /// Never an answer.
    Hang,
}

impl Script {
    fn new(end: End) -> Self {
        Self { delay_ms: ROUND_TRIP_MS, end }
    }

    fn reply(status: u16, body: Body<Js>) -> Self {
        Self::new(End::Reply(Reply { status, retry_after_ms: None, body }))
    }

    pub(crate) fn after(mut self, delay_ms: f64) -> Self {
        self.delay_ms = delay_ms;
        self
    }

    pub(crate) fn status(mut self, status: u16) -> Self {
        if let End::Reply(reply) = &mut self.end {
            reply.status = status;
        }
        self
    }

    pub(crate) fn retry_after(mut self, ms: f64) -> Self {
        if let End::Reply(reply) = &mut self.end {
            reply.retry_after_ms = Some(ms);
        }
        self
    }
}

pub(crate) fn answer(body: Value) -> Script {
    Script::reply(200, Body::Json(body.into()))
}

pub(crate) fn page(status: u16, text: &str) -> Script {
    Script::reply(status, Body::Text(text.to_owned()))
}

pub(crate) fn too_large() -> Script {
    Script::reply(200, Body::TooLarge)
}

pub(crate) fn created() -> Script {
    answer(json!({ "errorId": 0, "taskId": TASK_ID }))
}

pub(crate) fn processing() -> Script {
    answer(
        json!({ "errorId": 0, "errorCode": null, "errorDescription": null, "status": "processing" }),
    )
}

pub(crate) fn ready() -> Script {
    answer(
        json!({ "errorId": 0, "status": "ready", "cost": 0.0003, "solution": { "text": "w7kq" } }),
    )
}

pub(crate) fn balance(money: f64) -> Script {
    answer(json!({ "errorId": 0, "balance": money }))
}

pub(crate) fn reported() -> Script {
    answer(json!({ "errorId": 0, "status": "success" }))
}

/// The service's error, with a description that names the code.
pub(crate) fn error(code: &str) -> Script {
    answer(json!({ "errorId": 1, "errorCode": code, "errorDescription": description(code) }))
}

pub(crate) fn description(code: &str) -> String {
    format!("The service's own words about «{code}».")
}

pub(crate) fn network() -> Script {
    let mut top = record("TypeError", "fetch failed");
    top.cause = Some(Box::new(record("Error", "connect ECONNREFUSED 192.0.2.1:443")));
    Script::new(End::Fault(Fault::Network(top)))
}

pub(crate) fn fault(error: capwire::host::ErrorRecord) -> Script {
    Script::new(End::Fault(Fault::Network(error)))
}

pub(crate) fn hang() -> Script {
    Script::new(End::Hang)
}

/// A server that plays its scripts in order, per method, and repeats the last one for ever.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) create: Vec<Script>,
    pub(crate) poll: Vec<Script>,
    pub(crate) balance: Vec<Script>,
    pub(crate) report: Vec<Script>,
    pub(crate) user_agent: Vec<Script>,
}

/// One that creates, solves at the first look, has money and takes reports.
pub(crate) fn server() -> Server {
    Server {
        create: vec![created()],
        poll: vec![ready()],
        balance: vec![balance(12.3456)],
        report: vec![reported()],
        user_agent: vec![page(200, USER_AGENT)],
    }
}

impl Server {
    pub(crate) fn create(mut self, scripts: impl IntoIterator<Item = Script>) -> Self {
        self.create = scripts.into_iter().collect();
        self
    }

    pub(crate) fn poll(mut self, scripts: impl IntoIterator<Item = Script>) -> Self {
        self.poll = scripts.into_iter().collect();
        self
    }

    pub(crate) fn balance(mut self, scripts: impl IntoIterator<Item = Script>) -> Self {
        self.balance = scripts.into_iter().collect();
        self
    }

    pub(crate) fn report(mut self, scripts: impl IntoIterator<Item = Script>) -> Self {
        self.report = scripts.into_iter().collect();
        self
    }

    pub(crate) fn user_agent(mut self, scripts: impl IntoIterator<Item = Script>) -> Self {
        self.user_agent = scripts.into_iter().collect();
        self
    }

    /// The answer to request number `index`, from 0, of a method.
    pub(crate) fn script(&self, method: &str, index: usize) -> Script {
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

    pub(crate) fn world(self) -> World {
        World::new(move |sent: &Sent| self.script(&sent.method, sent.index))
    }

    /// A world whose very first request is answered by `first`, whatever its method.
    pub(crate) fn world_after(self, first: Script) -> World {
        let mut first = Some(first);
        World::new(move |sent: &Sent| {
            first.take().unwrap_or_else(|| self.script(&sent.method, sent.index))
        })
    }
}
