//! What all clients of an account share: its circuit breaker, its gate, its poll ledger, and how long tasks take.
//!
//! A client is often created again for each call. It must not forget that its key was refused.

use crate::circuit_breaker::CircuitBreaker;
use crate::first_delay::FirstDelay;
use crate::gate::{Gate, Permit};
use crate::key::ClientKey;
use crate::poll_ledger::PollLedger;
use crate::schedule::Millis;
use crate::service::{CAPMONSTER, CAPMONSTER_ALTERNATIVE_URL};
use crate::task::catalog::CATALOG;
use std::cell::RefCell;
use std::rc::Rc;

/// Upper bound on remembered accounts that no client uses any more.
const MAX_UNUSED: usize = 100;

/// The shared state of one account.
#[derive(Debug, Default)]
pub struct Account {
    /// The requests that must not be sent.
    pub breaker: CircuitBreaker,
    /// Lets the first requests pass one at a time.
    pub gate: Gate,
    /// The result requests of each task.
    pub polls: PollLedger,
    /// When to request results first, by the row of the type in the catalogue. The last is for types that are not in it.
    pub first_delays: [FirstDelay; CATALOG.len() + 1],
}

impl Account {
    /// The permit to send a request, if it need not wait. A request that the breaker refuses is not sent, so it
    /// does not wait either.
    #[must_use]
    pub fn try_acquire(&self, now: Millis) -> Option<Permit> {
        if self.breaker.is_open(now) { Some(Permit::free()) } else { self.gate.try_acquire() }
    }
}

/// The clients that share an account: those with the same account, base URL and `fetch`. Another `fetch` may use
/// another network, with its own bans.
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
