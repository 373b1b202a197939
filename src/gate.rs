//! The gate of an account: may a request be sent now, must it wait, or is it refused?
//!
//! Until the service has accepted the key, requests go one at a time. Of fifty calls that start together with a
//! wrong key, one is sent.
//!
//! A refusal of the key or of the address covers every request. If the service has never accepted the key, the gate
//! closes at once. Otherwise tasks may exist that are paid for, and the refusal may be one of a single egress
//! address, or a mistake: requests go on as probes, one at a time and with growing pauses. The first one that is
//! accepted opens the gate. After some refusals in a row it closes
//! ([`crate::circuit_breaker::Rule`]), until its time is over and another
//! probe is let through.

use crate::circuit_breaker::{BanScope, Closure};
use crate::error::{Failure, Origin};
use crate::error_table::Class;
use crate::method::{Method, TaskId};
use crate::schedule::{Millis, probe_pause_ms};
use std::cell::Cell;
use std::rc::Rc;

/// How often a request that waits for the first one looks at the gate. Polled rather than woken: a queue of wakers
/// would cost about 1 KB for a state that ends with the first answer.
const RECHECK_MS: Millis = 25.0;
/// The same while a probe is under way. Rarer, because the waits of many tasks may look.
const PROBE_RECHECK_MS: Millis = 250.0;

/// The gate of one account.
#[derive(Debug)]
pub struct Gate {
    /// Whether the service has accepted the key.
    is_proven: bool,
    /// Whether a request is under way that will show whether the gate opens.
    is_busy: Rc<Cell<bool>>,
    closure: Option<Closure>,
    /// Answers to requests that were sent until then say nothing new.
    judged_at: Millis,
}

/// What is to be done with a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Admission {
    /// Send it.
    Open,
    /// The key is not proven yet, and another request is first. Ask again at this time.
    Queued(Millis),
    /// The account was refused just now. Ask again at this time.
    Held(Millis),
    /// Do not send it.
    Closed,
}

/// The right of one request to be sent, for as long as this is kept.
#[derive(Debug)]
pub struct Permit(Option<Rc<Cell<bool>>>);

impl Default for Gate {
    fn default() -> Self {
        let judged_at = Millis::NEG_INFINITY;
        Self { is_proven: false, is_busy: Rc::default(), closure: None, judged_at }
    }
}

impl Gate {
    /// Whether a request may be sent now.
    #[must_use]
    pub fn check(&self, method: Method, now: Millis) -> Admission {
        let Some(closure) = &self.closure else {
            let is_open = self.is_proven || !self.is_busy.get();
            return if is_open { Admission::Open } else { Admission::Queued(now + RECHECK_MS) };
        };
        if is_closed(closure, method, now) {
            Admission::Closed
        } else if self.is_busy.get() {
            Admission::Held(now + PROBE_RECHECK_MS)
        } else if closure.next_probe > now {
            Admission::Held(closure.next_probe)
        } else {
            Admission::Open
        }
    }

    /// The permit for a request that [`Self::check`] lets pass.
    #[must_use]
    pub fn enter(&mut self, now: Millis) -> Permit {
        if let Some(closure) = &mut self.closure {
            closure.next_probe = now + probe_pause_ms(closure.refusals);
        } else if self.is_proven {
            return Permit::free();
        }
        self.is_busy.set(true);
        Permit(Some(Rc::clone(&self.is_busy)))
    }

    /// The failure of a request that must not be sent now, if the account was refused.
    #[must_use]
    pub fn refusal(
        &self,
        method: Method,
        task: Option<&TaskId>,
        now: Millis,
    ) -> Option<Box<Failure>> {
        let closure = self.closure.as_ref()?;
        Some(closure.local_refusal(method, task, next_time(closure, method, now), now))
    }

    /// Opens or closes the gate by the answer to a request that was sent at `started`.
    pub fn record(
        &mut self,
        failure: Option<&mut Failure>,
        method: Method,
        started: Millis,
        now: Millis,
    ) {
        let refused = match failure {
            None => None,
            Some(failure) if failure.origin != Origin::Service => return,
            Some(failure) => match failure.class {
                Class::Key => Some((failure, BanScope::Key)),
                Class::Access => Some((failure, BanScope::Address)),
                _ => None,
            },
        };
        let is_news = started > self.judged_at;
        let Some((failure, scope)) = refused else {
            self.record_proven();
            if is_news {
                self.closure = None;
            }
            return;
        };
        if is_news {
            self.judged_at = now;
            let mut closure = Closure::new(scope, failure, now);
            if let Some(known) = &self.closure {
                closure.since = known.since;
                closure.refusals = known.refusals.saturating_add(1);
            }
            if !self.is_proven {
                closure.refusals = closure.rule().refusals_of_results;
            }
            closure.next_probe = now + probe_pause_ms(closure.refusals);
            self.closure = Some(closure);
        }
        if let Some(closure) = self.closure.as_ref().filter(|_| failure.class == Class::Access) {
            failure.retry_after_ms = Some((next_time(closure, method, now) - now).ceil());
        }
    }

    /// Forgets the refusal of the account. Requests that are under way may not bring it back.
    pub fn open(&mut self, now: Millis) {
        self.closure = None;
        self.judged_at = now;
    }

    /// The service was seen to accept the key.
    pub fn record_proven(&mut self) {
        self.is_proven = true;
    }

    /// The account was refused before.
    pub fn close(&mut self, closure: Closure) {
        self.closure = Some(closure);
    }

    /// Whether the service has accepted the key.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        self.is_proven
    }

    /// The refusal that covers the account.
    #[must_use]
    pub fn closure(&self) -> Option<&Closure> {
        self.closure.as_ref()
    }
}

fn is_closed(closure: &Closure, method: Method, now: Millis) -> bool {
    closure.refusals >= closure.rule().limit(method) && closure.until > now
}

/// When the next request of a method may be sent.
#[must_use]
pub fn next_time(closure: &Closure, method: Method, now: Millis) -> Millis {
    if is_closed(closure, method, now) { closure.until } else { closure.next_probe }
}

impl Permit {
    /// A permit that nobody waits for.
    #[must_use]
    pub fn free() -> Self {
        Self(None)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(is_busy) = &self.0 {
            is_busy.set(false);
        }
    }
}
