//! Requests that must not be sent again, and until when.
//!
//! The services ban for repeats: a wrong key, an empty account, an unknown task id, a banned proxy. A refusal of
//! that kind is remembered as a [`Closure`], and the next such call fails locally with the same class and code.
//! Here are the rules of all closures, and those that cover a part of the account's requests. The closure that
//! covers all of them is in [`crate::gate`].
//!
//! Nothing is closed for ever. When the time of a closure is over, one request is let through as a probe.

use crate::error::Failure;
use crate::error_table::{Class, code};
use crate::method::{Method, TaskId};
use crate::schedule::{BAN_MS, Millis};

/// Upper bound on remembered closures: a worker may ask for stale ids indefinitely.
const MAX_CLOSURES: usize = 1_000;
/// How long a probe has to bring an answer, before another one is let through. Longer than the time-out of a
/// request, by default.
const PROBE_MS: Millis = 30_000.0;

const HOUR_MS: Millis = 3_600_000.0;
const DAY_MS: Millis = 24.0 * HOUR_MS;

/// The requests that a closure covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BanScope {
    /// The key: every request.
    Key,
    /// The IP address of the caller: every request.
    Address,
    /// The account's money: no new task.
    Balance,
    /// A site that the service refuses: no task for it.
    Site(String),
    /// The host and port of a proxy that the captcha's provider bans: no task over it.
    Proxy(String, String),
    /// A task that the service does not know: no result request, no report. Where it was a report that was
    /// refused, the task may only be of another kind, so this covers that method alone.
    Task(Method, TaskId),
}

/// How refusals of one kind are met.
///
/// | refused | closed | after so many refusals in a row | for |
/// |---|---|---|---|
/// | the key | every request | 1 if it was never accepted, else 2; for results 4 | 1 hour |
/// | an address that is not on the account's list | every request | 1 if the key was never accepted, else 2; for results 6 | 10 minutes |
/// | a banned or blocked address | every request | 1; for results 6 if the key was accepted | 10 minutes |
/// | an empty account | new tasks | 1 | 10 minutes, or until `getBalance()` shows money |
/// | a site | tasks for it | 1 | 1 day |
/// | a banned proxy | tasks over it | 1 | 10 minutes |
/// | an unknown task | requests for it | 1 | 1 hour |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// After how many refusals in a row nothing is sent any more, except for result requests.
    pub refusals: u32,
    /// The same for result requests, whose tasks are paid for.
    pub refusals_of_results: u32,
    /// How long it is closed, in ms.
    pub span: Millis,
}

impl Rule {
    /// Four, because five wrong keys were seen to lead to a ban.
    const KEY: Self = Self { refusals: 2, refusals_of_results: 4, span: HOUR_MS };
    /// Six, because of several addresses between which a network alternates some may be refused.
    const ADDRESS: Self = Self { refusals: 2, refusals_of_results: 6, span: BAN_MS };
    /// Each request may prolong a ban, so that only results are worth one.
    const BAN: Self = Self { refusals: 1, ..Self::ADDRESS };

    /// The rule of a closure by what it covers and the code that closed it.
    #[must_use]
    pub fn of(scope: &BanScope, code: &str) -> Self {
        let span = match scope {
            BanScope::Key => return Self::KEY,
            BanScope::Address if code == code::ERROR_IP_NOT_ALLOWED.code => return Self::ADDRESS,
            BanScope::Address => return Self::BAN,
            BanScope::Balance | BanScope::Proxy(..) => BAN_MS,
            BanScope::Site(_) => DAY_MS,
            BanScope::Task(..) => HOUR_MS,
        };
        Self { refusals: 1, refusals_of_results: 1, span }
    }

    /// After how many refusals in a row a method is closed.
    #[must_use]
    pub fn limit(&self, method: Method) -> u32 {
        if method == Method::GetTaskResult { self.refusals_of_results } else { self.refusals }
    }
}

/// What the service has refused.
#[derive(Clone, Debug)]
pub struct Closure {
    /// The requests that it covers.
    pub scope: BanScope,
    /// The failure that they would meet.
    pub failure: Box<Failure>,
    /// How often in a row they were refused.
    pub refusals: u32,
    /// When they were refused first.
    pub since: Millis,
    /// When they were refused last.
    pub refused_at: Millis,
    /// The end of the time for which it is closed.
    pub until: Millis,
    /// The earliest time of the next probe, where it is not closed.
    pub next_probe: Millis,
}

impl Closure {
    /// A refusal of the service.
    #[must_use]
    pub fn new(scope: BanScope, failure: &Failure, now: Millis) -> Self {
        let until = now + Rule::of(&scope, &failure.code).span;
        Self {
            scope,
            failure: failure.as_local_refusal(),
            refusals: 1,
            since: now,
            refused_at: now,
            until,
            next_probe: until,
        }
    }

    /// The rule of this closure.
    #[must_use]
    pub fn rule(&self) -> Rule {
        Rule::of(&self.scope, &self.failure.code)
    }

    /// The failure of a request that is not sent before `next`.
    #[must_use]
    pub fn local_refusal(
        &self,
        method: Method,
        task: Option<&TaskId>,
        next: Millis,
        now: Millis,
    ) -> Box<Failure> {
        let mut failure = self.failure.as_local_refusal();
        failure.method = Some(method);
        failure.task_id = task.cloned();
        failure.retry_after_ms = Some((next - now).ceil().max(0.0));
        failure
    }

    fn covers(&self, method: Method, task: Option<&TaskId>, scopes: &[BanScope]) -> bool {
        match &self.scope {
            BanScope::Task(refused, id) => {
                Some(id) == task && (*refused == method || *refused == Method::GetTaskResult)
            }
            BanScope::Balance => method == Method::CreateTask,
            scope => method == Method::CreateTask && scopes.contains(scope),
        }
    }
}

/// The closures that cover a part of an account's requests.
#[derive(Debug, Default)]
pub struct CircuitBreaker {
    closures: Vec<Closure>,
}

impl CircuitBreaker {
    /// The failure that a request would meet again, if it must not be sent. Otherwise it is about to be sent, as the
    /// probe of those closures whose time is over. `scopes` are those of its task.
    #[must_use]
    pub fn refusal(
        &mut self,
        method: Method,
        task: Option<&TaskId>,
        scopes: &[BanScope],
        now: Millis,
    ) -> Option<Box<Failure>> {
        let covers = |it: &Closure| it.covers(method, task, scopes);
        let closed = self.closures.iter().find(|it| it.until > now && covers(it));
        if let Some(closed) = closed {
            return Some(closed.local_refusal(method, task, closed.until, now));
        }
        for probed in self.closures.iter_mut().filter(|it| covers(it)) {
            probed.until = now + PROBE_MS;
        }
        None
    }

    /// Remembers a refusal of the service, if repeating the request leads to a ban or to nothing. `scopes` are
    /// those of the task that the failure is about.
    pub fn record(&mut self, failure: &Failure, scopes: &[BanScope], now: Millis) {
        let of_task = |wanted: fn(&BanScope) -> bool| scopes.iter().find(|s| wanted(s)).cloned();
        let scope = match failure.class {
            Class::Balance => Some(BanScope::Balance),
            Class::TaskNotFound => failure
                .method
                .zip(failure.task_id.clone())
                .map(|(method, id)| BanScope::Task(method, id)),
            Class::Domain => of_task(|s| matches!(s, BanScope::Site(_))),
            Class::Proxy if failure.code == code::ERROR_PROXY_BANNED.code => {
                of_task(|s| matches!(s, BanScope::Proxy(..)))
            }
            _ => None,
        };
        if let Some(scope) = scope {
            self.close(Closure::new(scope, failure, now));
        }
    }

    /// Adds a closure, or prolongs the one with its scope.
    pub fn close(&mut self, closure: Closure) {
        if let Some(known) = self.closures.iter_mut().find(|known| known.scope == closure.scope) {
            known.refusals = known.refusals.saturating_add(1);
            known.refused_at = closure.refused_at;
            known.until = closure.until;
            return;
        }
        if self.closures.len() >= MAX_CLOSURES {
            // The oldest that covers one task or one site. Those that cover the account stay.
            let is_narrow =
                |it: &Closure| matches!(it.scope, BanScope::Task(..) | BanScope::Site(_));
            let oldest = self.closures.iter().position(is_narrow);
            oldest.map(|at| self.closures.remove(at));
        }
        self.closures.push(closure);
    }

    /// A request that was sent at `started` was accepted: it opens what covered it before.
    pub fn record_accepted(
        &mut self,
        method: Method,
        task: Option<&TaskId>,
        scopes: &[BanScope],
        started: Millis,
    ) {
        // An answer to an earlier request says nothing about a refusal that came since.
        self.closures.retain(|it| started <= it.refused_at || !it.covers(method, task, scopes));
    }

    /// Forgets that the account was empty.
    pub fn clear_zero_balance(&mut self) {
        self.record_accepted(Method::CreateTask, None, &[], Millis::INFINITY);
    }

    /// Whether no new task is sent, because the account is empty.
    #[must_use]
    pub fn is_empty_account(&self, now: Millis) -> bool {
        self.closures.iter().any(|it| it.scope == BanScope::Balance && it.until > now)
    }

    /// All closures, also those whose time is over.
    #[must_use]
    pub fn closures(&self) -> &[Closure] {
        &self.closures
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Origin;

    #[test]
    fn memory_is_bounded_and_closures_of_the_account_stay() {
        let mut breaker = CircuitBreaker::default();
        let refused = Failure::of_service(Some("ERROR_ZERO_BALANCE".to_owned()), None);
        breaker.record(&refused, &[], 0.0);
        let refused = Failure::of_service(Some("ERROR_DOMAIN_NOT_ALLOWED".to_owned()), None);
        let site = |site: usize| [BanScope::Site(site.to_string())];
        for at in 0..1_500 {
            breaker.record(&refused, &site(at), 0.0);
        }
        assert_eq!(breaker.closures.len(), MAX_CLOSURES);
        let refusal = |breaker: &mut CircuitBreaker, at| {
            breaker.refusal(Method::CreateTask, None, &site(at), 1.0).map(|it| it.class)
        };
        assert_eq!(refusal(&mut breaker, 0), Some(Class::Balance), "the empty account is known");
        breaker.clear_zero_balance();
        assert_eq!(refusal(&mut breaker, 0), None, "the oldest site is forgotten");
        assert_eq!(refusal(&mut breaker, 1_499), Some(Class::Domain));
    }

    #[test]
    fn a_refusal_that_is_met_twice_is_put_into_the_same_words() {
        let mut breaker = CircuitBreaker::default();
        let refused = Failure::of_service(Some("ERROR_ZERO_BALANCE".to_owned()), None);
        breaker.record(&refused, &[], 0.0);
        let mut refusal = || breaker.refusal(Method::CreateTask, None, &[], 1.0).unwrap();
        let (first, second) = (refusal(), refusal());
        assert_eq!(first.origin, Origin::Client);
        assert_eq!(format!("{first:?}"), format!("{second:?}"));
    }
}
