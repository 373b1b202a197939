//! What all clients of an account share: its circuit breaker, its gate, its poll ledger, and how long tasks take.
//!
//! A client is often created again for each call. It must not forget that its key was refused.

use crate::circuit_breaker::{BanScope, CircuitBreaker};
use crate::first_delay::FirstDelay;
use crate::gate::Gate;
use crate::key::ClientKey;
use crate::poll_ledger::PollLedger;
use crate::schedule::Millis;
use crate::service::{CAPMONSTER, CAPMONSTER_ALTERNATIVE_URL};
use crate::status::{AccountStatus, ClosureStatus};
use crate::task::catalog::CATALOG;
use std::cell::RefCell;
use std::rc::Rc;

/// The shared state of one account.
#[derive(Debug, Default)]
pub struct Account {
    /// The requests that must not be sent.
    pub breaker: CircuitBreaker,
    /// Lets requests pass one at a time, or none.
    pub gate: Gate,
    /// The result requests of each task.
    pub polls: PollLedger,
    /// When to request results first, by the row of the type in the catalogue. The last is for types that are not in it.
    pub first_delays: [FirstDelay; CATALOG.len() + 1],
}

impl Account {
    /// What is known.
    #[must_use]
    pub fn status(&self, now: Millis) -> AccountStatus {
        let closures = self.gate.closure().into_iter().chain(self.breaker.closures());
        AccountStatus {
            is_key_accepted: self.gate.is_proven(),
            closures: closures.map(|it| ClosureStatus::of(it, now)).collect(),
            tasks: self.polls.status(now),
        }
    }

    /// Adds what was known before.
    pub fn restore(&mut self, status: &AccountStatus, now: Millis) {
        if status.is_key_accepted {
            self.gate.record_proven();
        }
        for closure in status.closures.iter().filter_map(|it| it.closure(now)) {
            match closure.scope {
                BanScope::Key | BanScope::Address => self.gate.close(closure),
                _ => self.breaker.close(closure),
            }
        }
        for task in &status.tasks {
            self.polls.restore(task, now);
        }
    }

    /// Opens everything, and returns what was closed. The services count result requests, so their counts stay.
    pub fn reset(&mut self, now: Millis) -> AccountStatus {
        let before = self.status(now);
        self.breaker = CircuitBreaker::default();
        self.gate.open(now);
        before
    }
}

/// The key by which clients find their account: those with the same account, base URL and `fetch` share it. Another
/// `fetch` may use another network, with its own bans.
#[derive(PartialEq)]
pub struct AccountKey<F> {
    account: String,
    base_url: String,
    fetch: F,
}

impl<F> AccountKey<F> {
    /// The key of an account. Suffixes of the client key do not count, nor does which address of a service is used.
    pub fn new(client_key: &ClientKey, base_url: &str, fetch: F) -> Self {
        let is_alternative = base_url.eq_ignore_ascii_case(CAPMONSTER_ALTERNATIVE_URL);
        let base_url = if is_alternative { CAPMONSTER.base_url } else { base_url.into() };
        Self { account: client_key.account().to_owned(), base_url: base_url.into_owned(), fetch }
    }
}

/// Upper bound on remembered accounts that no client uses any more.
const MAX_UNUSED: usize = 100;

/// The accounts that a process has used.
// A list that is searched: processes have few accounts, and a map would need a hash of JavaScript functions.
pub struct Accounts<F>(Vec<(AccountKey<F>, Rc<RefCell<Account>>)>);

impl<F> Default for Accounts<F> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<F: PartialEq> Accounts<F> {
    /// The account of this key, remembered from now on.
    pub fn get_or_insert(&mut self, key: AccountKey<F>) -> Rc<RefCell<Account>> {
        if let Some((_, account)) = self.0.iter().find(|(known, _)| *known == key) {
            return Rc::clone(account);
        }
        let is_unused = |it: &(_, Rc<RefCell<Account>>)| Rc::strong_count(&it.1) == 1;
        if self.0.iter().filter(|it| is_unused(it)).count() >= MAX_UNUSED {
            let oldest = self.0.iter().position(is_unused);
            oldest.map(|at| self.0.remove(at));
        }
        let account = Rc::<RefCell<Account>>::default();
        self.0.push((key, Rc::clone(&account)));
        account
    }
}
