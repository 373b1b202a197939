//! The platform: a clock that only the executor advances, timers, and requests that are recorded.

use super::{Binary, End, Js, Script, encode_bytes, encode_text, record, time_until};
use capwire::client::Client;
use capwire::key::ClientKey;
use capwire::options::ClientOptions;
use capwire::platform::{
    Encoded, ErrorRecord, HostValue, Opened, Platform, RawResponse, SendError, Unopened,
};
use capwire::record::{Record, Written};
use capwire::schedule::Millis;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

pub const KEY: &str = "5e1f00d5c0ffee11deadbeef22334455";

/// The key of the tests, [`KEY`].
pub fn key() -> ClientKey {
    ClientKey::new(KEY.to_owned())
}

/// A request as it was sent.
#[derive(Clone, Debug)]
pub struct Sent {
    pub method: String,
    /// Its index among the requests of this method, from 0.
    pub index: usize,
    pub url: String,
    /// The body as text, for the order of its fields.
    pub text: String,
    pub body: Value,
    pub start: Millis,
    /// When it was answered, failed or was dropped.
    pub end: Option<Millis>,
}

/// Chooses the answer to a request, which is already recorded.
type Service = dyn FnMut(&Sent) -> Script;

/// A platform in virtual time. Its clones are the same world.
#[derive(Clone)]
pub struct World(Rc<State>);

struct State {
    now: Cell<Millis>,
    random: Cell<f64>,
    timer_error_ms: Cell<Millis>,
    tick_ms: Cell<Millis>,
    oversleep_ms: Cell<Millis>,
    timer_grid_ms: Cell<Millis>,
    /// When each timer fires.
    timers: RefCell<BTreeMap<u64, Millis>>,
    timers_set: Cell<u64>,
    sent: RefCell<Vec<Sent>>,
    blobs_read: Cell<usize>,
    service: RefCell<Box<Service>>,
}

impl World {
    /// A world with a service, which gets each request after it is recorded.
    pub fn new(service: impl FnMut(&Sent) -> Script + 'static) -> Self {
        Self(Rc::new(State {
            // Not 0, so that a time that was never set is noticed.
            now: Cell::new(1_000_000.0),
            random: Cell::new(0.5),
            timer_error_ms: Cell::new(0.0),
            tick_ms: Cell::new(0.0),
            oversleep_ms: Cell::new(0.0),
            timer_grid_ms: Cell::new(0.0),
            timers: RefCell::default(),
            timers_set: Cell::new(0),
            sent: RefCell::default(),
            blobs_read: Cell::new(0),
            service: RefCell::new(Box::new(service)),
        }))
    }

    pub fn client(&self) -> Client<Self> {
        self.client_with(json!({}))
    }

    /// A client with these options, and the tests' key if they have none.
    pub fn client_with(&self, mut options: Value) -> Client<Self> {
        let members = options.as_object_mut().unwrap();
        members.entry("clientKey").or_insert(json!(KEY));
        let options = ClientOptions::read(&Js::from(options)).unwrap();
        Client::new(self.clone(), options, Rc::default())
    }

    pub fn set_random(&self, random: f64) {
        self.0.random.set(random);
    }

    /// Timers fire this late or, below 0, early. Those of real platforms do both.
    pub fn set_timer_error(&self, ms: Millis) {
        self.0.timer_error_ms.set(ms);
    }

    /// The clock jumps this far beyond the next timer, once: a machine that was asleep.
    pub fn oversleep(&self, ms: Millis) {
        self.0.oversleep_ms.set(ms);
    }

    /// Timers fire only at multiples of this, as in a hidden tab. Answers come at any time.
    pub fn set_timer_grid(&self, ms: Millis) {
        self.0.timer_grid_ms.set(ms);
    }

    /// The clock advances by this whenever it is read, as a real one does.
    pub fn set_tick(&self, ms: Millis) {
        self.0.tick_ms.set(ms);
    }

    pub fn sent(&self) -> Vec<Sent> {
        self.0.sent.borrow().clone()
    }

    pub fn sent_to(&self, method: &str) -> Vec<Sent> {
        let mut sent = self.sent();
        sent.retain(|sent| sent.method == method);
        sent
    }

    /// How many requests were sent to a method.
    pub fn count(&self, method: &str) -> usize {
        // Not by `sent_to`, which copies all requests: long flows count at every request.
        self.0.sent.borrow().iter().filter(|sent| sent.method == method).count()
    }

    pub fn timers(&self) -> usize {
        self.0.timers.borrow().len()
    }

    pub fn in_flight(&self) -> usize {
        self.0.sent.borrow().iter().filter(|sent| sent.end.is_none()).count()
    }

    pub fn blobs_read(&self) -> usize {
        self.0.blobs_read.get()
    }

    pub fn pass(&self, ms: Millis) {
        self.0.now.set(self.now() + ms);
    }

    /// Runs a flow to its end.
    pub fn run<F: Future>(&self, flow: F) -> F::Output {
        self.run_for(flow, usize::MAX).unwrap()
    }

    /// Polls a flow at most this often, then drops it. Between two polls the clock advances to the next timer,
    /// so this is also how often time may pass.
    ///
    /// No waker is needed: the whole flow is polled at each step.
    pub fn run_for<F: Future>(&self, flow: F, polls: usize) -> Option<F::Output> {
        let mut left = polls;
        if left == 0 {
            return None;
        }
        self.run_until(flow, || {
            left -= 1;
            left == 0
        })
    }

    /// Polls a flow to its end, or drops it when `is_over` returns true. It is called whenever the flow waits,
    /// before the clock advances to the next timer.
    pub fn run_until<F: Future>(
        &self,
        flow: F,
        mut is_over: impl FnMut() -> bool,
    ) -> Option<F::Output> {
        let mut flow = pin!(flow);
        let mut context = Context::from_waker(Waker::noop());
        loop {
            if let Poll::Ready(output) = flow.as_mut().poll(&mut context) {
                return Some(output);
            }
            if is_over() {
                return None;
            }
            self.to_next_timer();
        }
    }

    fn to_next_timer(&self) {
        let timers = self.0.timers.borrow();
        let next =
            timers.values().copied().filter(|due| *due > self.now()).min_by(Millis::total_cmp);
        let Some(next) = next else {
            panic!("never ends: no timer is set after {:#?}", self.sent());
        };
        self.0.now.set(next + self.0.oversleep_ms.take());
    }

    /// Fires again and again, so that a flow beside it may be dropped at more moments.
    pub async fn ticks<T>(&self, every_ms: Millis) -> T {
        loop {
            self.timer(every_ms).await;
        }
    }

    async fn timer(&self, ms: Millis) {
        let id = self.0.timers_set.get();
        self.0.timers_set.set(id + 1);
        let due = self.now() + ms;
        self.0.timers.borrow_mut().insert(id, due);
        let timer = Timer { world: self, id };
        poll_fn(|_| match timer.world.now() >= due {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
    }
}

/// A timer, until it has fired or its future is dropped.
struct Timer<'a> {
    world: &'a World,
    id: u64,
}

impl Drop for Timer<'_> {
    fn drop(&mut self) {
        self.world.0.timers.borrow_mut().remove(&self.id);
    }
}

/// A request in flight.
struct Exchange<'a> {
    world: &'a World,
    at: usize,
}

impl Drop for Exchange<'_> {
    fn drop(&mut self) {
        self.world.0.sent.borrow_mut()[self.at].end = Some(self.world.now());
    }
}

impl Platform for World {
    type Value = Js;

    fn now(&self) -> Millis {
        let now = self.0.now.get();
        self.0.now.set(now + self.0.tick_ms.get());
        now
    }

    fn random(&self) -> f64 {
        self.0.random.get()
    }

    async fn sleep(&self, ms: u32) {
        let (now, grid) = (self.0.now.get(), self.0.timer_grid_ms.get());
        let due = now + f64::from(ms) + self.0.timer_error_ms.get();
        let due = if grid > 0.0 { (due / grid).ceil() * grid } else { due };
        self.timer(due - now).await;
    }

    fn time_until(&self, date: &str) -> Option<Millis> {
        time_until(date)
    }

    async fn send(
        &self,
        url: &str,
        body: Option<&dyn Record<Js>>,
        max_bytes: u32,
    ) -> Result<RawResponse<Js>, SendError> {
        let text =
            body.map_or_else(|| Ok(String::new()), |body| serde_json::to_string(&Written(body)));
        let text =
            text.map_err(|error| SendError::NotJson(record("TypeError", &error.to_string())))?;
        self.exchange(url, text, max_bytes).await
    }

    async fn read_text(&self, value: &Js, max_bytes: u32) -> Result<Option<Js>, ErrorRecord> {
        let bytes = match value {
            Js::Plain(Value::String(text)) => text.clone().into_bytes(),
            Js::Binary(_) => self.read_bytes(value).await?,
            // From `request_of`.
            Js::Object(_) => self.read_bytes(&value.get("content").unwrap()).await?,
            other => panic!("asked for the body of {other:?}"),
        };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok((bytes.len() <= max_bytes as usize).then_some(text.into()))
    }

    fn parse_json(&self, text: &Js) -> Option<Js> {
        serde_json::from_str::<Value>(&text.string_prefix(u32::MAX)).ok().map(Js::from)
    }

    async fn open_image(&self, value: &Js, _: u32) -> Result<Opened<Js>, ErrorRecord> {
        let Js::Form(form) = value else {
            return Ok(Opened::Not(Unopened::Unknown, value.clone()));
        };
        self.timer(form.delay_ms).await;
        form.opened.clone()
    }

    async fn encode_image(&self, value: &Js, _: u32) -> Result<Encoded<Js>, ErrorRecord> {
        match value {
            Js::Plain(Value::String(text)) => Ok(encode_text(text)),
            _ => Ok(encode_bytes(&self.read_bytes(value).await?)),
        }
    }
}

impl World {
    async fn read_bytes(&self, value: &Js) -> Result<Vec<u8>, ErrorRecord> {
        let Js::Binary(Binary { class, delay_ms, content, .. }) = value else {
            panic!("asked for the bytes of {value:?}");
        };
        self.0.blobs_read.set(self.blobs_read() + usize::from(*class == "Blob"));
        self.timer(*delay_ms).await;
        content.clone()
    }

    /// Records a request, a GET if there is no text, and plays its script.
    async fn exchange(
        &self,
        url: &str,
        text: String,
        max_bytes: u32,
    ) -> Result<RawResponse<Js>, SendError> {
        let method = url.rsplit('/').next().unwrap().to_owned();
        let sent = Sent {
            index: self.count(&method),
            method,
            url: url.to_owned(),
            body: serde_json::from_str(&text).unwrap_or_default(),
            text,
            start: self.now(),
            end: None,
        };
        self.0.sent.borrow_mut().push(sent.clone());
        let _exchange = Exchange { world: self, at: self.0.sent.borrow().len() - 1 };
        let Script { delay_ms, end } = (self.0.service.borrow_mut())(&sent);
        self.timer(delay_ms).await;
        match end {
            End::Reply(reply) => Ok(reply.raw(max_bytes)),
            End::Error(error) => Err(error),
            End::Hang => pending().await,
        }
    }
}

/// Runs flows side by side and returns their outputs in the order of the flows. Not `join_all` of futures: for
/// many flows that polls only woken ones, and the world wakes none.
pub async fn together<F: Future>(flows: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut flows: Vec<_> = flows.into_iter().map(Box::pin).collect();
    let mut outputs: Vec<_> = flows.iter().map(|_| None).collect();
    poll_fn(|context| {
        for (flow, output) in flows.iter_mut().zip(&mut outputs) {
            if output.is_none()
                && let Poll::Ready(done) = flow.as_mut().poll(context)
            {
                *output = Some(done);
            }
        }
        match outputs.iter().all(Option::is_some) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    })
    .await;
    outputs.into_iter().flatten().collect()
}
