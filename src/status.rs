//! The state of an account as plain records: for its user, who sees why nothing is sent, and for a fresh module,
//! which goes on where another one ended.
//!
//! All times are spans, because the clocks of two modules need not agree: how long ago, or how long still. An account
//! that is restored from its own status refuses, spaces and counts what it did before. A request that was under way
//! counts as one that ended just now. What it does not keep: the words of the service, the sites and proxies of tasks,
//! and how long tasks take.

use crate::circuit_breaker::{BanScope, Closure};
use crate::error::Failure;
use crate::gate::next_time;
use crate::method::{Method, TaskId};
use crate::platform::{HostValue, ValueType};
use crate::record::{MemberWriter, Record};
use crate::schedule::Millis;

/// What the client knows of its account, which all clients with the same key, address and `fetch` share.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), serde(rename_all = "camelCase"))]
pub struct AccountStatus {
    /// Whether the service has accepted the key. Until then requests go one at a time.
    pub is_key_accepted: bool,
    /// What is not sent now, and why. Empty if nothing is held back.
    pub closures: Vec<ClosureStatus>,
    /// The tasks whose result requests are counted and spaced: those of the last 5 minutes.
    pub tasks: Vec<TaskStatus>,
}

/// Requests that are held back, because the service has refused them.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), serde(rename_all = "camelCase"))]
pub struct ClosureStatus {
    /// What it covers: every request (`"key"`, `"address"`), new tasks (`"balance"`), new tasks for a site or over a
    /// proxy, or the requests for one task.
    #[cfg_attr(
        target_arch = "wasm32",
        tsify(type = "\"key\" | \"address\" | \"balance\" | \"site\" | \"proxy\" | \"task\"")
    )]
    pub scope: &'static str,
    /// The service's code, such as `"ERROR_IP_BANNED"`.
    pub code: String,
    /// How often in a row it was refused.
    pub refusals: u32,
    /// How long ago it was refused first, in ms.
    pub age_ms: Millis,
    /// How long it is held back still, in ms. From 0 on, the next request is sent as a probe.
    pub retry_after_ms: Millis,
    /// `"key"`, `"address"`: the same for result requests, whose tasks are paid for.
    #[cfg_attr(target_arch = "wasm32", tsify(optional))]
    pub results_after_ms: Option<Millis>,
    /// `"site"`: the host. `"proxy"`: the address.
    #[cfg_attr(target_arch = "wasm32", tsify(optional))]
    pub host: Option<String>,
    /// `"proxy"`: the port.
    #[cfg_attr(target_arch = "wasm32", tsify(optional))]
    pub port: Option<String>,
    /// `"task"`: its id.
    #[cfg_attr(target_arch = "wasm32", tsify(optional, type = "number | string"))]
    pub task_id: Option<TaskId>,
    /// `"task"`: the method that was refused.
    #[cfg_attr(target_arch = "wasm32", tsify(optional))]
    pub method: Option<Method>,
}

/// The result requests of one task.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), serde(rename_all = "camelCase"))]
pub struct TaskStatus {
    /// The task's id.
    #[cfg_attr(target_arch = "wasm32", tsify(type = "number | string"))]
    pub task_id: TaskId,
    /// How many result requests were sent, of 120.
    pub polls: u32,
    /// Whether the result was returned.
    pub is_finished: bool,
    /// How long ago it was created, in ms, if this process has created it.
    #[cfg_attr(target_arch = "wasm32", tsify(optional))]
    pub age_ms: Option<Millis>,
    /// How long ago the last result request ended, in ms; 0 while one is under way.
    #[cfg_attr(target_arch = "wasm32", tsify(optional))]
    pub last_poll_ms: Option<Millis>,
}

/// The methods that may be refused for one task.
const OF_TASK: [Method; 3] = [
    Method::GetTaskResult,
    Method::ReportIncorrectImageCaptcha,
    Method::ReportIncorrectTokenCaptcha,
];
/// The scopes by name.
const SCOPES: [&str; 6] = ["key", "address", "balance", "site", "proxy", "task"];

impl ClosureStatus {
    /// A closure as a record.
    #[must_use]
    pub fn of(closure: &Closure, now: Millis) -> Self {
        let left = |method| (next_time(closure, method, now) - now).max(0.0).ceil();
        let (mut results_after_ms, mut host, mut port) = (None, None, None);
        let (mut task_id, mut method) = (None, None);
        let scope = match &closure.scope {
            BanScope::Key | BanScope::Address => {
                results_after_ms = Some(left(Method::GetTaskResult));
                usize::from(closure.scope == BanScope::Address)
            }
            BanScope::Balance => 2,
            BanScope::Site(site) => {
                host = Some(site.clone());
                3
            }
            BanScope::Proxy(address, of_address) => {
                (host, port) = (Some(address.clone()), Some(of_address.clone()));
                4
            }
            BanScope::Task(refused, id) => {
                (task_id, method) = (Some(id.clone()), Some(*refused));
                5
            }
        };
        Self {
            scope: SCOPES.get(scope).copied().unwrap_or_default(),
            code: closure.failure.code.clone().into_owned(),
            refusals: closure.refusals,
            age_ms: (now - closure.since).round(),
            retry_after_ms: left(Method::CreateTask),
            results_after_ms,
            host,
            port,
            task_id,
            method,
        }
    }

    /// The closure of a record.
    #[must_use]
    pub fn closure(&self, now: Millis) -> Option<Closure> {
        let scope = match self.scope {
            "key" => BanScope::Key,
            "address" => BanScope::Address,
            "balance" => BanScope::Balance,
            "site" => BanScope::Site(self.host.clone()?),
            "proxy" => BanScope::Proxy(self.host.clone()?, self.port.clone()?),
            _ => BanScope::Task(self.method?, self.task_id.clone()?),
        };
        let failure = Failure::of_service(Some(self.code.clone()), None);
        let mut closure = Closure::new(scope, &failure, now);
        closure.refusals = self.refusals;
        closure.since = now - self.age_ms;
        closure.until = now + self.retry_after_ms;
        closure.next_probe = now + self.results_after_ms.unwrap_or(self.retry_after_ms);
        Some(closure)
    }
}

impl AccountStatus {
    /// Reads a status that crossed the border. What cannot be read is left out.
    #[must_use]
    pub fn read<V: HostValue>(value: &V) -> Self {
        let items =
            |name| value.get(name).and_then(|list: V| list.items(u32::MAX)).unwrap_or_default();
        Self {
            is_key_accepted: flag(value, "isKeyAccepted"),
            closures: items("closures").iter().filter_map(read_closure).collect(),
            tasks: items("tasks").iter().filter_map(read_task).collect(),
        }
    }
}

fn flag<V: HostValue>(value: &V, name: &str) -> bool {
    value.get(name).is_some_and(|it| it.value_type() == ValueType::Bool(true))
}

fn number<V: HostValue>(value: &V, name: &str) -> Option<f64> {
    match value.get(name)?.value_type() {
        ValueType::Number(number) => Some(number),
        _ => None,
    }
}

fn text<V: HostValue>(value: &V, name: &str) -> Option<String> {
    value.get(name)?.as_string()
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // `as` clamps
fn count<V: HostValue>(value: &V, name: &str) -> Option<u32> {
    number(value, name).map(|count| count as u32)
}

fn read_closure<V: HostValue>(value: &V) -> Option<ClosureStatus> {
    let scope = text(value, "scope")?;
    let method = text(value, "method");
    Some(ClosureStatus {
        scope: SCOPES.into_iter().find(|known| *known == scope)?,
        code: text(value, "code")?,
        refusals: count(value, "refusals")?,
        age_ms: number(value, "ageMs")?,
        retry_after_ms: number(value, "retryAfterMs")?,
        results_after_ms: number(value, "resultsAfterMs"),
        host: text(value, "host"),
        port: text(value, "port"),
        task_id: value.get("taskId").and_then(|id| TaskId::read(&id)),
        method: OF_TASK.into_iter().find(|known| Some(known.name()) == method.as_deref()),
    })
}

fn read_task<V: HostValue>(value: &V) -> Option<TaskStatus> {
    Some(TaskStatus {
        task_id: TaskId::read(&value.get("taskId")?)?,
        polls: count(value, "polls")?,
        is_finished: flag(value, "isFinished"),
        age_ms: number(value, "ageMs"),
        last_poll_ms: number(value, "lastPollMs"),
    })
}

impl<V> Record<V> for AccountStatus {
    fn members(&self, put: &mut MemberWriter<'_, V>) {
        put.flag("isKeyAccepted", self.is_key_accepted);
        let closures: Vec<_> = self.closures.iter().map(|it| it as &dyn Record<V>).collect();
        put.objects("closures", &closures);
        let tasks: Vec<_> = self.tasks.iter().map(|it| it as &dyn Record<V>).collect();
        put.objects("tasks", &tasks);
    }
}

impl<V> Record<V> for ClosureStatus {
    fn members(&self, put: &mut MemberWriter<'_, V>) {
        put.text("scope", self.scope);
        put.text("code", &self.code);
        put.whole("refusals", self.refusals.into());
        put.number("ageMs", self.age_ms);
        put.number("retryAfterMs", self.retry_after_ms);
        put.number_if_any("resultsAfterMs", self.results_after_ms);
        put.text_if_any("host", self.host.as_deref());
        put.text_if_any("port", self.port.as_deref());
        put.text_if_any("method", self.method.map(Method::name));
        if let Some(id) = &self.task_id {
            id.write(put);
        }
    }
}

impl<V> Record<V> for TaskStatus {
    fn members(&self, put: &mut MemberWriter<'_, V>) {
        self.task_id.write(put);
        put.whole("polls", self.polls.into());
        put.flag("isFinished", self.is_finished);
        put.number_if_any("ageMs", self.age_ms);
        put.number_if_any("lastPollMs", self.last_poll_ms);
    }
}
