//! The state of an account as plain records: for its user, who sees why nothing is sent, and for a fresh module,
//! which goes on where another one ended.
//!
//! All times are spans, because the clocks of two modules need not agree: how long ago, or how long still; NaN where
//! there is none. An account that is restored from its own status spaces and counts what it did before, and refuses
//! what a refusal of the key, the address or the balance closed. A request that was under way counts as one that ended
//! just now. The rest is learnt again: refused sites, proxies and tasks, and how long tasks take.

use crate::account::Account;
use crate::circuit_breaker::{BanScope, Closure};
use crate::error::Failure;
use crate::gate::next_time;
use crate::method::{Method, TaskId};
use crate::platform::{HostValue, ValueType};
use crate::poll_ledger::PollRecord;
use crate::record::{MemberWriter, Record};
use crate::schedule::Millis;
use std::cell::Ref;

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
#[derive(Debug)]
pub struct AccountStatus<'a> {
    /// The account.
    pub account: Ref<'a, Account>,
    /// The present time.
    pub now: Millis,
}

struct ClosureStatus<'a>(&'a Closure, Millis);

struct TaskStatus<'a>(&'a PollRecord, Millis);

/// Adds a status that crossed the border to a new account. What cannot be read is left out.
pub fn restore<V: HostValue>(account: &mut Account, status: &V, now: Millis) {
    let accepted = status.get("isKeyAccepted").map(|it| it.value_type());
    if accepted == Some(ValueType::Bool(true)) {
        account.gate.record_proven();
    }
    for item in items(status, "closures") {
        let scope = match &*text(&item, "scope") {
            "key" => BanScope::Key,
            "address" => BanScope::Address,
            "balance" => BanScope::Balance,
            _ => continue,
        };
        let failure = Failure::of_service(Some(text(&item, "code")), None);
        let is_of_gate = scope != BanScope::Balance;
        let mut closure = Closure::new(scope, &failure, now);
        closure.refusals = count(&item, "refusals");
        closure.since = now - number(&item, "ageMs");
        closure.until = now + number(&item, "retryAfterMs");
        closure.next_probe = now + number(&item, "resultsAfterMs");
        if is_of_gate {
            account.gate.close(closure);
        } else {
            account.breaker.close(closure);
        }
    }
    for item in items(status, "tasks") {
        if let Some(id) = item.get("taskId").and_then(|id| TaskId::read(&id)) {
            let time = |name| Some(now - number(&item, name)).filter(|time| !time.is_nan());
            let (created, ended) = (time("ageMs"), time("lastPollMs"));
            account.polls.restore(&id, count(&item, "polls"), created, ended, now);
        }
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

/// A number, NaN if there is none.
#[inline(never)]
fn number<V: HostValue>(value: &V, name: &str) -> f64 {
    value.get(name).and_then(|it| it.as_number()).unwrap_or(f64::NAN)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // `as` clamps, and NaN becomes 0
fn count<V: HostValue>(value: &V, name: &str) -> u32 {
    number(value, name) as u32
}

impl<V> Record<V> for AccountStatus<'_> {
    fn members(&self, put: &mut MemberWriter<'_, V>) {
        let Self { account, now } = self;
        put.flag("isKeyAccepted", account.gate.is_proven());
        put.objects("closures", &|each| {
            account.each_closure(&mut |closure| each(&ClosureStatus(closure, *now)));
        });
        put.objects("tasks", &|each| {
            for record in account.polls.records() {
                each(&TaskStatus(record, *now));
            }
        });
    }
}

impl<V> Record<V> for ClosureStatus<'_> {
    fn members(&self, put: &mut MemberWriter<'_, V>) {
        let Self(closure, now) = self;
        let left = |method| (next_time(closure, method, *now) - now).max(0.0).ceil();
        let scope = match &closure.scope {
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
        put.text("code", &closure.failure.code);
        put.whole("refusals", closure.refusals.into());
        put.number("ageMs", (now - closure.since).round());
        put.number("retryAfterMs", left(Method::CreateTask));
        if matches!(closure.scope, BanScope::Key | BanScope::Address) {
            put.number("resultsAfterMs", left(Method::GetTaskResult));
        }
    }
}

impl<V> Record<V> for TaskStatus<'_> {
    fn members(&self, put: &mut MemberWriter<'_, V>) {
        let Self(record, now) = self;
        record.task.write(put);
        put.whole("polls", record.polls.into());
        put.flag("isFinished", record.is_finished);
        put.number_if_any("ageMs", record.created.map(|time| now - time));
        let ended = if record.in_flight > 0 { Some(*now) } else { record.last_poll_end };
        put.number_if_any("lastPollMs", ended.map(|time| now - time));
    }
}
