//! The client's calls as plain data, a builder for one call, and assertions on outcomes.

use super::{Js, Sent, TASK_ID, World, object};
use capwire::client::Client;
use capwire::client::progress::Progress;
use capwire::error::{Failure, Origin};
use capwire::error_table::Class;
use capwire::message::Catalogue;
use capwire::method::{Method, TaskId};
use capwire::options::CallOptions;
use capwire::platform::HostValue as _;
use capwire::protocol::read_balance;
use capwire::record::{Record, Written};
use capwire::service::{CAPMONSTER, ReportKind};
use capwire::task::{TaskInput, image_options};
use serde_json::{Value, json};
use std::cell::RefCell;

/// The rule of both services (their error pages), written here a second time on purpose.
pub const POLL_GAP_MS: f64 = 2_000.0;

/// The outcome of a call; a value as it would cross to JavaScript.
pub type Outcome = Result<Value, Box<Failure>>;

#[derive(Clone, Debug)]
pub enum Call {
    Balance,
    Create(Js),
    Result(u64),
    Wait(u64),
    /// With an id of any kind.
    ResultOf(TaskId),
    WaitFor(TaskId),
    Solve(Js),
    SolveImage(Js),
    Report(u64, ReportKind),
    UserAgent,
}

impl Call {
    pub async fn make(&self, client: &Client<World>) -> Outcome {
        self.with(client, json!({}), &Log::default()).await
    }

    pub async fn with(&self, client: &Client<World>, options: Value, log: &Log) -> Outcome {
        let names = if matches!(self, Self::SolveImage(_)) { image_options() } else { vec![] };
        let options = Js::from(options);
        let read = CallOptions::read_with_fields(Some(&options), &CAPMONSTER, &names);
        let (options, fields) = &read.unwrap();
        let fields = fields.clone();
        let listener = &|event: &Progress| log.push(event);
        match self {
            Self::Balance => {
                let fields = client.ask(Method::GetBalance, None).await?;
                read_balance(&fields).map(Value::from)
            }
            Self::Create(task) => {
                client.create_task(task.clone(), options, listener).await.map(|id| plain_id(&id))
            }
            Self::Result(id) => client.task_result(&task_id(*id)).await.map(|it| plain(&it)),
            Self::Wait(id) => {
                client.wait_for_result(&task_id(*id), options, listener).await.map(|it| plain(&it))
            }
            Self::ResultOf(id) => client.task_result(id).await.map(|it| plain(&it)),
            Self::WaitFor(id) => {
                client.wait_for_result(id, options, listener).await.map(|it| plain(&it))
            }
            Self::Solve(task) => {
                let input = TaskInput::Task(task.clone());
                client.solve(input, options, listener).await.map(|it| plain(&it))
            }
            Self::SolveImage(image) => {
                let input = TaskInput::Image(image.clone(), fields);
                let solved = client.solve(input, options, listener).await?;
                client.text_of(&solved).map(Value::from)
            }
            Self::Report(id, kind) => {
                let report = client.ask(kind.method(), Some(&task_id(*id))).await;
                report.map(|_| Value::Null)
            }
            Self::UserAgent => {
                client.ask(Method::GetUserAgent, None).await.map(|it| Value::from(it.as_string()))
            }
        }
    }
}

/// A call that a test is about to make: `world.solve(task).timeout_ms(6_000).run()`.
#[must_use]
pub struct CallBuilder<'a> {
    world: &'a World,
    call: Call,
    client: Option<&'a Client<World>>,
    client_options: Value,
    options: Value,
    log: Option<&'a Log>,
}

impl World {
    pub fn solve(&self, task: impl Into<Js>) -> CallBuilder<'_> {
        self.call(Call::Solve(task.into()))
    }

    pub fn solve_image(&self, image: impl Into<Js>) -> CallBuilder<'_> {
        self.call(Call::SolveImage(image.into()))
    }

    pub fn create(&self, task: impl Into<Js>) -> CallBuilder<'_> {
        self.call(Call::Create(task.into()))
    }

    pub fn wait(&self, id: u64) -> CallBuilder<'_> {
        self.call(Call::Wait(id))
    }

    pub fn result(&self, id: u64) -> CallBuilder<'_> {
        self.call(Call::Result(id))
    }

    pub fn report(&self, id: u64, kind: ReportKind) -> CallBuilder<'_> {
        self.call(Call::Report(id, kind))
    }

    pub fn balance(&self) -> CallBuilder<'_> {
        self.call(Call::Balance)
    }

    pub fn user_agent(&self) -> CallBuilder<'_> {
        self.call(Call::UserAgent)
    }

    pub fn call(&self, call: Call) -> CallBuilder<'_> {
        let (client_options, options) = (json!({}), json!({}));
        CallBuilder { world: self, call, client: None, client_options, options, log: None }
    }
}

impl<'a> CallBuilder<'a> {
    /// Uses this client instead of a new one.
    pub fn by(mut self, client: &'a Client<World>) -> Self {
        self.client = Some(client);
        self
    }

    /// The options of the new client.
    pub fn client_options(mut self, options: Value) -> Self {
        self.client_options = options;
        self
    }

    /// The options of the call.
    pub fn options(mut self, options: Value) -> Self {
        self.options = options;
        self
    }

    pub fn timeout_ms(self, ms: u64) -> Self {
        self.options(json!({ "timeoutMs": ms }))
    }

    /// Adds the call's progress events to this log.
    pub fn log(mut self, log: &'a Log) -> Self {
        self.log = Some(log);
        self
    }

    /// Makes the call and runs it to its end.
    pub fn run(self) -> Outcome {
        let new = self.client.is_none().then(|| self.world.client_with(self.client_options));
        let client = self.client.or(new.as_ref()).unwrap();
        let unread = Log::default();
        self.world.run(self.call.with(client, self.options, self.log.unwrap_or(&unread)))
    }
}

/// An object as JSON.
pub fn plain(record: &dyn Record<Js>) -> Value {
    serde_json::to_value(Written(record)).unwrap()
}

/// The progress events of a call, in order.
#[derive(Debug, Default)]
pub struct Log(RefCell<Vec<Value>>);

impl Log {
    pub fn push(&self, event: &Progress) {
        self.0.borrow_mut().push(plain(event));
    }

    pub fn events(&self) -> Vec<Value> {
        self.0.borrow().clone()
    }

    /// The events of one type.
    pub fn of(&self, kind: &str) -> Vec<Value> {
        let mut events = self.events();
        events.retain(|event| event["type"] == kind);
        events
    }
}

pub fn call_options(options: Value) -> CallOptions {
    read_call_options(Some(&options.into())).unwrap()
}

/// Reads the options of a call to a service that keeps the usual rules.
pub fn read_call_options(options: Option<&Js>) -> Result<CallOptions, Box<Failure>> {
    CallOptions::read(options, &CAPMONSTER)
}

pub fn task_id(id: u64) -> TaskId {
    TaskId::read(&Js::from(id)).unwrap()
}

/// The number of an id; 0 for one that is text.
pub fn number(id: &TaskId) -> u64 {
    match id {
        TaskId::Number(id) => *id,
        TaskId::Text(_) => 0,
    }
}

/// An id as it crosses to JavaScript.
pub fn plain_id(id: &TaskId) -> Value {
    match id {
        TaskId::Number(id) => json!(id),
        TaskId::Text(id) => json!(&**id),
    }
}

/// A task for a token, over a proxy.
pub fn token_task() -> Js {
    json!({
        "type": "TurnstileTask",
        "websiteURL": "https://shop.example/login?next=1",
        "websiteKey": "0x4AAA",
        "proxyType": "http",
        "proxyAddress": "198.51.100.7",
        "proxyPort": 8080,
    })
    .into()
}

pub fn image() -> Js {
    Js::bytes([7; 200])
}

pub fn image_task() -> Js {
    object([("type", "ImageToTextTask".into()), ("body", image())])
}

/// A call per method of the protocol, each of which sends at once.
pub fn one_call_per_method() -> [Call; 3] {
    [Call::Create(token_task()), Call::Result(TASK_ID), Call::Balance]
}

/// The failure of a call that must fail, with this class and code.
#[track_caller]
pub fn refused<T: std::fmt::Debug>(
    outcome: Result<T, Box<Failure>>,
    class: Class,
    code: &str,
) -> Box<Failure> {
    let failure = outcome.expect_err(code);
    assert_eq!((failure.class, &*failure.code), (class, code), "{failure:#?}");
    failure
}

/// The failure of a call that the client must refuse locally.
#[track_caller]
pub fn refused_locally(outcome: Outcome, class: Class, code: &str) -> Box<Failure> {
    let failure = refused(outcome, class, code);
    assert_eq!(failure.origin, Origin::Client, "{failure:#?}");
    failure
}

/// Asserts that result requests for one task keep the gap, from the end of one to the start of the next.
#[track_caller]
pub fn assert_spaced(polls: &[Sent]) {
    for pair in polls.windows(2) {
        let end = pair[0].end.expect("one request at a time");
        let gap = pair[1].start - end;
        // Adding fractions of a millisecond is not exact. No clock shows so small a difference.
        assert!(gap > POLL_GAP_MS - 1e-6, "a gap of {gap} ms in {polls:#?}");
    }
}

/// A failure in English.
pub trait English {
    fn english(&self) -> String;
    fn english_hint(&self) -> String;
    /// The record that crosses to JavaScript.
    fn record(&self) -> Value;
}

impl English for Failure {
    fn english(&self) -> String {
        self.message(&Catalogue::default())
    }

    fn english_hint(&self) -> String {
        self.hint(&Catalogue::default())
    }

    fn record(&self) -> Value {
        plain(&self.rendered(&Catalogue::default()))
    }
}
