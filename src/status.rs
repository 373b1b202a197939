//! The state of an account as plain records: for its user, who sees why nothing is sent, and for a fresh module,
//! which goes on where another one ended.
//!
//! All times are spans, because the clocks of two modules need not agree: how long ago, or how long still; NaN where
//! there is none. An account that is restored from its own status spaces and counts what it did before, and refuses
//! what a refusal of the key, the address or the balance closed. A request that was under way counts as one that ended
//! just now. The rest is learnt again: refused sites, proxies and tasks, and how long tasks take.

use crate::circuit_breaker::{BanScope, Closure};
use crate::error::Failure;
use crate::gate::next_time;
use crate::method::{Method, TaskId};
use crate::platform::{HostValue, ValueType};
use crate::record::{MemberWriter, Record};
use crate::schedule::Millis;
use std::borrow::Cow;

#[cfg(target_arch = "wasm32")]
#[wasm_bindgen::prelude::wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** What the client knows of its account, which all clients with the same key, address and `fetch` share. */
export interface AccountStatus {
  /** Whether the service has accepted the key. Until then requests go one at a time. */
  isKeyAccepted: boolean;
  /** What is held back, and why. Empty if nothing is. */
  closures: ClosureStatus[];
  /** The tasks whose result requests are counted and spaced: those of the last 5 minutes. */
  tasks: TaskStatus[];
}
/** Requests that are held back, because the service has refused them. */
export interface ClosureStatus {
  /**
   * What it covers: every request (`"key"`, `"address"`), new tasks (`"balance"`), new tasks for a site or over a
   * proxy, or the requests for one task.
   */
  scope: "key" | "address" | "balance" | "site" | "proxy" | "task";
  /** The service's code, such as `"ERROR_IP_BANNED"`. */
  code: string;
  /** How often in a row it was refused, at least 1. */
  refusals: number;
  /** How long ago it was refused first, in ms. */
  ageMs: Millis;
  /** How long it is held back still, in ms. At 0 the next request is sent, as a probe. */
  retryAfterMs: Millis;
  /** `"key"`, `"address"`: the same for result requests, whose tasks are paid for. */
  resultsAfterMs?: Millis;
  /** `"site"`: the host. `"proxy"`: the address. */
  host?: string;
  /** `"proxy"`: the port. */
  port?: string;
  /** `"task"`: its id. */
  taskId?: number | string;
  /** `"task"`: the method that was refused. */
  method?: Method;
}
/** The result requests of one task. */
export interface TaskStatus {
  /** The task's id. */
  taskId: number | string;
  /** How many result requests were sent, of 120. */
  polls: number;
  /** Whether the result was returned. */
  isFinished: boolean;
  /** How long ago it was created, in ms, if this process has created it. */
  ageMs?: Millis;
  /** How long ago the last result request ended, in ms; 0 while one is under way. */
  lastPollMs?: Millis;
}
"#;

/// What is known of an account.
#[derive(Clone, Debug, Default)]
pub struct AccountStatus {
    /// Whether the service has accepted the key.
    pub is_key_accepted: bool,
    /// What is held back, and why.
    pub closures: Vec<ClosureStatus>,
    /// The tasks whose result requests are counted.
    pub tasks: Vec<TaskStatus>,
}

/// Requests that are held back.
#[derive(Clone, Debug)]
pub struct ClosureStatus {
    scope: BanScope,
    code: Cow<'static, str>,
    refusals: u32,
    age: Millis,
    retry_after: Millis,
    results_after: Millis,
}

/// The result requests of one task.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct TaskStatus {
    pub id: TaskId,
    pub polls: u32,
    pub is_finished: bool,
    pub age: Millis,
    pub last_poll: Millis,
}

impl ClosureStatus {
    /// A closure as a record.
    #[must_use]
    pub fn of(closure: &Closure, now: Millis) -> Self {
        let left = |method| (next_time(closure, method, now) - now).max(0.0).ceil();
        Self {
            scope: closure.scope.clone(),
            code: closure.failure.code.clone(),
            refusals: closure.refusals,
            age: (now - closure.since).round(),
            retry_after: left(Method::CreateTask),
            results_after: left(Method::GetTaskResult),
        }
    }

    /// The closure of a record.
    #[must_use]
    pub fn closure(&self, now: Millis) -> Closure {
        let failure = Failure::of_service(Some(self.code.clone().into_owned()), None);
        let mut closure = Closure::new(self.scope.clone(), &failure, now);
        closure.refusals = self.refusals;
        closure.since = now - self.age;
        closure.until = now + self.retry_after;
        closure.next_probe = now + self.results_after;
        closure
    }
}

impl AccountStatus {
    /// Reads a status that crossed the border. What cannot be read is left out.
    #[must_use]
    pub fn read<V: HostValue>(value: &V) -> Self {
        let mut read = Self::default();
        let accepted = value.get("isKeyAccepted").map(|it| it.value_type());
        read.is_key_accepted = accepted == Some(ValueType::Bool(true));
        for item in items(value, "closures") {
            let (scope, code) = (text(&item, "scope"), text(&item, "code"));
            read.closures.push(ClosureStatus {
                scope: match &*scope {
                    "key" => BanScope::Key,
                    "address" => BanScope::Address,
                    "balance" => BanScope::Balance,
                    _ => continue,
                },
                code: Cow::Owned(code),
                refusals: count(&item, "refusals"),
                age: number(&item, "ageMs"),
                retry_after: number(&item, "retryAfterMs"),
                results_after: number(&item, "resultsAfterMs"),
            });
        }
        for item in items(value, "tasks") {
            if let Some(id) = item.get("taskId").and_then(|id| TaskId::read(&id)) {
                read.tasks.push(TaskStatus {
                    id,
                    polls: count(&item, "polls"),
                    is_finished: false,
                    age: number(&item, "ageMs"),
                    last_poll: number(&item, "lastPollMs"),
                });
            }
        }
        read
    }
}

#[inline(never)]
fn items<V: HostValue>(value: &V, name: &str) -> Vec<V> {
    value.get(name).and_then(|list| list.items(u32::MAX)).unwrap_or_default()
}

#[inline(never)]
fn text<V: HostValue>(value: &V, name: &str) -> String {
    value.get(name).and_then(|it| it.as_string()).unwrap_or_default()
}

#[inline(never)]
fn number<V: HostValue>(value: &V, name: &str) -> f64 {
    match value.get(name).map(|it| it.value_type()) {
        Some(ValueType::Number(number)) => number,
        _ => f64::NAN,
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // `as` clamps, and NaN becomes 0
fn count<V: HostValue>(value: &V, name: &str) -> u32 {
    number(value, name) as u32
}

impl<V> Record<V> for AccountStatus {
    fn members(&self, put: &mut MemberWriter<'_, V>) {
        put.flag("isKeyAccepted", self.is_key_accepted);
        let mut list: Vec<&dyn Record<V>> = Vec::new();
        for closure in &self.closures {
            list.push(closure);
        }
        put.objects("closures", &list);
        list.clear();
        for task in &self.tasks {
            list.push(task);
        }
        put.objects("tasks", &list);
    }
}

impl<V> Record<V> for ClosureStatus {
    fn members(&self, put: &mut MemberWriter<'_, V>) {
        let scope = match &self.scope {
            BanScope::Key => "key",
            BanScope::Address => "address",
            BanScope::Balance => "balance",
            BanScope::Site(host) => {
                put.text("host", host);
                "site"
            }
            BanScope::Proxy(host, port) => {
                put.text("host", host);
                put.text("port", port);
                "proxy"
            }
            BanScope::Task(method, id) => {
                id.write(put);
                put.text("method", method.name());
                "task"
            }
        };
        put.text("scope", scope);
        put.text("code", &self.code);
        put.whole("refusals", self.refusals.into());
        put.number("ageMs", self.age);
        put.number("retryAfterMs", self.retry_after);
        if matches!(self.scope, BanScope::Key | BanScope::Address) {
            put.number("resultsAfterMs", self.results_after);
        }
    }
}

impl<V> Record<V> for TaskStatus {
    fn members(&self, put: &mut MemberWriter<'_, V>) {
        self.id.write(put);
        put.whole("polls", self.polls.into());
        put.flag("isFinished", self.is_finished);
        for (name, span) in [("ageMs", self.age), ("lastPollMs", self.last_poll)] {
            if !span.is_nan() {
                put.number(name, span);
            }
        }
    }
}
