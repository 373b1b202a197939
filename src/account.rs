//! What all clients of an account share: its circuit breaker, its gate, its poll ledger, and how long tasks take.
//!
//! A client is often created again for each call. It must not forget that its key was refused.

use crate::circuit_breaker::{CircuitBreaker, Closure};
use crate::digest::Digest;
use crate::first_delay::FirstDelay;
use crate::gate::Gate;
use crate::key::ClientKey;
use crate::poll_ledger::PollLedger;
use crate::schedule::Millis;
use crate::service::{CAPMONSTER, CAPMONSTER_ALTERNATIVE_URL};
use crate::task::catalog::CATALOG;
use std::cell::{Ref, RefCell};
use std::rc::Rc;

/// Upper bound on remembered accounts that no client uses any more.
const MAX_UNUSED: usize = 1_000;
/// The least size of the table of accounts.
const MIN_SLOTS: usize = 64;

/// The shared state of one account.
#[derive(Debug, Default)]
pub struct Account {
    /// The requests that must not be sent.
    pub breaker: CircuitBreaker,
    /// Lets requests pass one at a time, or none.
    pub gate: Gate,
    /// The result requests of each task.
    pub polls: PollLedger,
    /// When to request results first, by the row of the type in the catalogue. The last is for types that are not in
    /// it. None until the first is learnt: it is a kilobyte.
    first_delays: Option<Box<[FirstDelay; CATALOG.len() + 1]>>,
}

impl Account {
    /// When to request results of a type first, as learnt so far.
    #[must_use]
    pub fn first_delay(&self, row: usize) -> FirstDelay {
        self.first_delays.as_ref().and_then(|known| known.get(row)).copied().unwrap_or_default()
    }

    /// The same, to learn more.
    pub fn first_delay_mut(&mut self, row: usize) -> Option<&mut FirstDelay> {
        self.first_delays.get_or_insert_default().get_mut(row)
    }

    /// Opens everything. The services count result requests, so their counts stay.
    pub fn reset(&mut self, now: Millis) {
        self.breaker = CircuitBreaker::default();
        self.gate.open(now);
    }

    /// Passes every closure on, also those whose time is over.
    pub fn each_closure(&self, each: &mut dyn FnMut(&Closure)) {
        if let Some(closure) = self.gate.closure() {
            each(closure);
        }
        for closure in self.breaker.closures() {
            each(closure);
        }
    }

    /// Whether it is known that something must not be sent, or not yet.
    fn holds_back(&self, now: Millis) -> bool {
        let mut holds_back = self.polls.is_in_use(now);
        self.each_closure(&mut |it| holds_back |= it.until > now);
        holds_back
    }
}

/// The key by which clients find their account: those with the same account, base URL and `fetch` share it. Another
/// `fetch` may use another network, with its own bans.
///
/// It is 106 bits of a digest, as two numbers that JavaScript has exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountKey(pub [u64; 2]);

/// An account and its key. The client key itself is not kept: it is only compared, and accounts outlive clients.
struct Entry {
    key: AccountKey,
    account: Rc<RefCell<Account>>,
}

/// The accounts that a process has used: an open hash table, at most half full. Digests need no further hash.
// The standard library's table is 3 kB larger.
pub struct Accounts {
    seed: [u64; 2],
    slots: Vec<Option<Entry>>,
    count: usize,
}

impl Accounts {
    /// No accounts. The seed should be random.
    #[must_use]
    pub const fn new(seed: [u64; 2]) -> Self {
        Self { seed, slots: Vec::new(), count: 0 }
    }

    /// The key of an account. Suffixes of the client key do not count, nor does which address of a service is used.
    /// `base_url` is normalised, `fetch` a number that stands for the function.
    #[must_use]
    pub fn key(&self, client_key: &ClientKey, base_url: &str, fetch: u32) -> AccountKey {
        let is_alternative = base_url.eq_ignore_ascii_case(CAPMONSTER_ALTERNATIVE_URL);
        let base_url = if is_alternative { &CAPMONSTER.base_url } else { base_url };
        let parts = [client_key.account().as_bytes(), base_url.as_bytes(), &fetch.to_le_bytes()];
        let digest = parts.into_iter().fold(Digest::new(self.seed), Digest::with);
        AccountKey(digest.finish().map(|half| half >> 11))
    }

    /// The account of this key, remembered from now on.
    #[inline(never)]
    pub fn get_or_insert(&mut self, key: AccountKey, now: Millis) -> Rc<RefCell<Account>> {
        if let Some(Some(entry)) = self.find(key) {
            return Rc::clone(&entry.account);
        }
        self.count = self.count.saturating_add(1);
        if self.count.saturating_mul(2) > self.slots.len() {
            self.rebuild(now);
        }
        let account = Rc::<RefCell<Account>>::default();
        self.insert(Entry { key, account: Rc::clone(&account) });
        account
    }

    /// The seed, with which a client key has the same account in another module.
    #[must_use]
    pub fn seed(&self) -> [u64; 2] {
        self.seed
    }

    /// Passes on each account about which anything matters.
    pub fn each_book(&self, now: Millis, each: &mut dyn FnMut(AccountKey, Ref<'_, Account>)) {
        for Entry { key, account } in self.slots.iter().flatten() {
            // One that is borrowed was being changed when the module crashed.
            if let Ok(account) = account.try_borrow()
                && account.holds_back(now)
            {
                each(*key, account);
            }
        }
    }

    /// The slot of a key: its own, or the empty one in which it would be.
    fn find(&mut self, key: AccountKey) -> Option<&mut Option<Entry>> {
        let mask = self.slots.len().wrapping_sub(1);
        #[allow(clippy::cast_possible_truncation)] // any part of a digest is as good as another
        let mut at = key.0[0] as usize & mask;
        while self.slots.get(at)?.as_ref().is_some_and(|entry| entry.key != key) {
            at = at.wrapping_add(1) & mask;
        }
        self.slots.get_mut(at)
    }

    fn insert(&mut self, entry: Entry) {
        if let Some(slot) = self.find(entry.key) {
            *slot = Some(entry);
        }
    }

    /// Drops the accounts that no client uses and about which nothing is known that matters, and makes room for
    /// as many again as are left.
    fn rebuild(&mut self, now: Millis) {
        let mut unused = 0_usize;
        let mut kept = Vec::new();
        for entry in std::mem::take(&mut self.slots).into_iter().flatten() {
            let mut is_kept = true;
            if Rc::strong_count(&entry.account) == 1 {
                unused = unused.saturating_add(1);
                is_kept = unused <= MAX_UNUSED && entry.account.borrow().holds_back(now);
            }
            if is_kept {
                kept.push(entry);
            }
        }
        self.count = kept.len().saturating_add(1);
        let size = self.count.saturating_mul(4).next_power_of_two().max(MIN_SLOTS);
        self.slots.resize_with(size, || None);
        for entry in kept {
            self.insert(entry);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Failure;

    fn key(accounts: &Accounts, n: usize) -> AccountKey {
        accounts.key(&ClientKey::new(n.to_string()), "https://a.example", 0)
    }

    /// How many slots are looked at to find each account, on average and at most.
    fn looks(accounts: &Accounts) -> (f64, usize) {
        let mask = accounts.slots.len() - 1;
        let looks = accounts.slots.iter().enumerate().filter_map(|(at, slot)| {
            let home = slot.as_ref()?.key.0[0] as usize & mask;
            Some(1 + (at.wrapping_sub(home) & mask))
        });
        let looks: Vec<_> = looks.collect();
        assert_eq!(looks.len(), accounts.count);
        let all: usize = looks.iter().sum();
        (all as f64 / looks.len() as f64, looks.into_iter().max().unwrap())
    }

    #[test]
    fn an_account_is_found_as_fast_among_forty_thousand_as_among_ten() {
        for count in [10, 1_000, 40_000] {
            let mut accounts = Accounts::new([1, 2]);
            let used: Vec<_> = (0..count)
                .map(|n| {
                    let key = key(&accounts, n);
                    accounts.get_or_insert(key, 0.0)
                })
                .collect();
            let (average, most) = looks(&accounts);
            assert!(average < 1.6 && most < 40, "{count} accounts: {average}, {most}");
            for (n, account) in used.iter().enumerate() {
                let key = key(&accounts, n);
                assert!(Rc::ptr_eq(account, &accounts.get_or_insert(key, 0.0)));
            }
        }
    }

    #[test]
    fn accounts_that_nobody_uses_do_not_pile_up() {
        let mut accounts = Accounts::new([1, 2]);
        for n in 0..100_000 {
            let key = key(&accounts, n);
            let account = accounts.get_or_insert(key, 0.0);
            // Each has a closure, which matters for ten minutes.
            let failure = Failure::of_service(Some("ERROR_ZERO_BALANCE".to_owned()), None);
            account.borrow_mut().breaker.record(&failure, &[], 0.0);
        }
        assert!(accounts.slots.len() <= 8 * MAX_UNUSED, "{}", accounts.slots.len());
        for n in 0..1_000 {
            let key = key(&accounts, n);
            let _ = accounts.get_or_insert(key, 1e9);
        }
        assert!(accounts.slots.len() <= 8 * MAX_UNUSED);
        accounts.rebuild(1e9);
        assert_eq!(accounts.slots.len(), MIN_SLOTS, "none of them matters any more");
    }

    #[test]
    fn books_are_of_what_matters_under_keys_that_the_seed_gives_again() {
        let mut accounts = Accounts::new([1, 2]);
        let failure = Failure::of_service(Some("ERROR_ZERO_BALANCE".to_owned()), None);
        for n in 0..3 {
            let key = key(&accounts, n);
            let account = accounts.get_or_insert(key, 0.0);
            if n != 1 {
                account.borrow_mut().breaker.record(&failure, &[], 1_000.0);
            }
        }
        let changing = {
            let key = key(&accounts, 2);
            accounts.get_or_insert(key, 0.0)
        };
        let borrowed = changing.borrow_mut();
        let fresh = Accounts::new(accounts.seed());
        let mut books = Vec::new();
        accounts.each_book(2_000.0, &mut |key, _| books.push(key));
        assert_eq!(
            books,
            [key(&fresh, 0)],
            "neither the open one nor the one that is being changed"
        );
        drop(borrowed);
        accounts.each_book(1e9, &mut |key, _| panic!("{key:?} does not matter any more"));
    }
}
