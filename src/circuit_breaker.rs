//! Requests that must not be sent again, and until when.
//!
//! The services ban for repeats: a wrong key, an empty account, an unknown task id, a banned proxy. A refusal of
//! that kind is remembered here, and the next such call fails locally with the same class and code.

use crate::error::Failure;
use crate::error_table::{Class, code};
use crate::method::{Method, TaskId};
use crate::schedule::{BAN_MS, Millis};

/// Upper bound on remembered refusals: a worker may ask for stale ids indefinitely.
const MAX_REFUSALS: usize = 1_000;

/// The requests that a refusal covers.
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

#[derive(Debug)]
struct Refusal {
    scope: BanScope,
    until: Millis,
    failure: Box<Failure>,
}

/// The refusals of one account.
#[derive(Debug, Default)]
pub struct CircuitBreaker {
    refusals: Vec<Refusal>,
}

impl CircuitBreaker {
    /// The failure that a request would meet again, if it must not be sent. `scopes` are those of its task.
    #[must_use]
    pub fn refusal(
        &mut self,
        method: Method,
        task: Option<TaskId>,
        scopes: &[BanScope],
        now: Millis,
    ) -> Option<Box<Failure>> {
        self.refusals.retain(|refusal| refusal.until > now);
        let refusal = self.refusals.iter().find(|refusal| match &refusal.scope {
            BanScope::Key | BanScope::Address => true,
            BanScope::Task(refused, id) => {
                Some(*id) == task && (*refused == method || *refused == Method::GetTaskResult)
            }
            BanScope::Balance => method == Method::CreateTask,
            scope => method == Method::CreateTask && scopes.contains(scope),
        })?;
        let mut failure = refusal.failure.as_local_refusal();
        failure.method = Some(method);
        failure.task_id = task;
        failure.retry_after_ms = refusal.until.is_finite().then(|| (refusal.until - now).ceil());
        Some(failure)
    }

    /// Remembers a refusal of the service, if repeating the request leads to a ban or to nothing. `scopes` are
    /// those of the task that the failure is about.
    pub fn record(&mut self, failure: &mut Failure, scopes: &[BanScope], now: Millis) {
        let of_task = |wanted: fn(&BanScope) -> bool| scopes.iter().find(|s| wanted(s)).cloned();
        let (scope, span) = match failure.class {
            Class::Key => (Some(BanScope::Key), Millis::INFINITY),
            Class::Access => (Some(BanScope::Address), BAN_MS),
            Class::Balance => (Some(BanScope::Balance), BAN_MS),
            Class::TaskNotFound => {
                let task = failure.method.zip(failure.task_id);
                (task.map(|(method, id)| BanScope::Task(method, id)), Millis::INFINITY)
            }
            Class::Domain => (of_task(|s| matches!(s, BanScope::Site(_))), Millis::INFINITY),
            Class::Proxy if failure.code == code::ERROR_PROXY_BANNED.code => {
                (of_task(|s| matches!(s, BanScope::Proxy(..))), BAN_MS)
            }
            _ => (None, 0.0),
        };
        let Some(scope) = scope else { return };
        let until = now + span;
        if failure.class == Class::Access {
            failure.retry_after_ms = Some(span);
        }
        if let Some(known) = self.refusals.iter_mut().find(|known| known.scope == scope) {
            known.until = known.until.max(until);
            return;
        }
        if self.refusals.len() >= MAX_REFUSALS {
            // The oldest that covers one task or one site. Those that cover the account stay.
            let is_narrow =
                |it: &Refusal| matches!(it.scope, BanScope::Task(..) | BanScope::Site(_));
            let oldest = self.refusals.iter().position(is_narrow);
            oldest.map(|at| self.refusals.remove(at));
        }
        self.refusals.push(Refusal { scope, until, failure: failure.as_local_refusal() });
    }

    /// Whether every request of the account is refused.
    #[must_use]
    pub fn is_open(&self, now: Millis) -> bool {
        let covers_all = |scope: &BanScope| matches!(scope, BanScope::Key | BanScope::Address);
        self.refusals.iter().any(|it| covers_all(&it.scope) && it.until > now)
    }

    /// Forgets that the account was empty.
    pub fn clear_zero_balance(&mut self) {
        self.refusals.retain(|refusal| refusal.scope != BanScope::Balance);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Origin;

    #[test]
    fn memory_is_bounded_and_refusals_of_the_account_stay() {
        let mut breaker = CircuitBreaker::default();
        let mut refused = Failure::of_service(Some("ERROR_ZERO_BALANCE".to_owned()), None);
        breaker.record(&mut refused, &[], 0.0);
        let mut refused = Failure::of_service(Some("ERROR_DOMAIN_NOT_ALLOWED".to_owned()), None);
        let site = |site: usize| [BanScope::Site(site.to_string())];
        for at in 0..1_500 {
            breaker.record(&mut refused, &site(at), 0.0);
        }
        assert_eq!(breaker.refusals.len(), MAX_REFUSALS);
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
        let mut refused = Failure::of_service(Some("ERROR_KEY_DOES_NOT_EXIST".to_owned()), None);
        breaker.record(&mut refused, &[], 0.0);
        let mut refusal = || breaker.refusal(Method::GetBalance, None, &[], 1.0).unwrap();
        let (first, second) = (refusal(), refusal());
        assert_eq!(first.origin, Origin::Client);
        assert_eq!(format!("{first:?}"), format!("{second:?}"));
    }
}
