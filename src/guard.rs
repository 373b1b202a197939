//! What this client must not send any more, and until when.
//!
//! The services ban for repeats: a wrong key, an empty account, an unknown task id, a banned proxy.
//! A refusal of that kind is remembered here, and the next call is answered locally with the same
//! class and code. The result requests of each task are counted and spaced here too, for every call
//! of the account together.
//!
//! Before the service has taken the key for the first time, requests go one at a time: of fifty calls
//! that begin together with a wrong key, one is sent.

use crate::error::{Class, Failure, Origin, Result, code};
use crate::schedule::{BAN_MS, MAX_POLLS, MIN_POLL_INTERVAL_MS, Millis, TASK_LIFE_MS};
use crate::wire::{Method, TaskId, account};
use std::cell::RefCell;
use std::rc::Rc;

/// So many refusals are remembered: a worker may ask for stale ids for ever.
const MAX_REFUSALS: usize = 1_000;
/// So many tasks may keep their books after their results are known.
const MAX_FINISHED: usize = 1_000;
/// So many accounts that no client uses any more are remembered.
const MAX_UNUSED: usize = 100;

/// What a refusal is about, and so what must not be sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The key: nothing at all.
    Key,
    /// This address: nothing at all.
    Address,
    /// The account's money: no new task.
    Balance,
    /// A site that the service refuses: no task for it.
    Site(String),
    /// A proxy that the captcha's provider bans, with its port: no task over it.
    Proxy(String, String),
    /// A task that the service does not know: no result request, no report. If a report was told so,
    /// it may only have been of the wrong kind: then it is that method alone.
    Task(Method, TaskId),
}

#[derive(Debug)]
struct Refusal {
    subject: Subject,
    until: Millis,
    failure: Box<Failure>,
}

/// What is known of a task: who it is for, when it was created, how often its result was asked for.
#[derive(Debug)]
struct Book {
    task: TaskId,
    created: Option<Millis>,
    subjects: Vec<Subject>,
    polls: u32,
    in_flight: u32,
    last_poll_end: Option<Millis>,
    last_use: Millis,
    /// Whether its result is known, so that nobody has a reason to ask again.
    is_finished: bool,
}

/// When the next result request for a task may go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Slot {
    /// Not before this time.
    At(Millis),
    /// Never: all that the service allows are used.
    Spent,
}

/// A guard, as the clients of an account share it.
pub type Shared = Rc<RefCell<Guard>>;

/// The guards of all accounts of a process: a client is often made anew for each call, and must not forget
/// that its key was refused.
pub struct Guards<W>(Vec<(String, String, W, Shared)>);

impl<W> Default for Guards<W> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<W: PartialEq> Guards<W> {
    /// The guard of all clients with this key, whatever its suffixes, at this address by this way: another
    /// `fetch` may lead through another network, with bans of its own.
    pub fn of(&mut self, key: &str, base_url: &str, way: W) -> Shared {
        let account = account(key);
        let known = self.0.iter().find(|it| it.0 == account && it.1 == base_url && it.2 == way);
        if let Some((.., guard)) = known {
            return Rc::clone(guard);
        }
        let is_unused = |it: &(String, String, W, Shared)| Rc::strong_count(&it.3) == 1;
        if self.0.iter().filter(|it| is_unused(it)).count() >= MAX_UNUSED {
            let oldest = self.0.iter().position(is_unused);
            oldest.map(|at| self.0.remove(at));
        }
        let guard = Shared::default();
        self.0.push((account.to_owned(), base_url.to_owned(), way, Rc::clone(&guard)));
        guard
    }
}

/// The memory of an account.
#[derive(Debug, Default)]
pub struct Guard {
    /// Whether the service has taken the key.
    is_trusted: bool,
    /// Whether a request is under way that will tell.
    is_trying: bool,
    refusals: Vec<Refusal>,
    /// Sorted by task, which costs nothing: ids grow.
    books: Vec<Book>,
    last_clearing: Millis,
}

impl Guard {
    /// The failure that a request would meet again, if it must not be sent.
    #[must_use]
    pub fn refusal(
        &mut self,
        method: Method,
        task: Option<TaskId>,
        subjects: &[Subject],
        now: Millis,
    ) -> Option<Box<Failure>> {
        self.refusals.retain(|refusal| refusal.until > now);
        let refusal = self.refusals.iter().find(|refusal| match &refusal.subject {
            Subject::Key | Subject::Address => true,
            Subject::Task(told, id) => {
                Some(*id) == task && (*told == method || *told == Method::GetTaskResult)
            }
            Subject::Balance => method == Method::CreateTask,
            about => method == Method::CreateTask && subjects.contains(about),
        })?;
        let mut failure = refusal.failure.told_again();
        failure.method = Some(method);
        failure.task_id = task;
        failure.retry_after_ms = refusal.until.is_finite().then(|| (refusal.until - now).ceil());
        Some(failure)
    }

    /// Remembers a refusal of the service, if repeating it leads to a ban or to nothing.
    pub fn learn(&mut self, failure: &mut Failure, subjects: &[Subject], now: Millis) {
        // What comes with a task's result is about what the task was created for.
        let book = failure.task_id.and_then(|task| self.book(task));
        let subjects = book.map_or(subjects, |book| &book.subjects);
        let about = |wanted: fn(&Subject) -> bool| subjects.iter().find(|s| wanted(s)).cloned();
        let (subject, span) = match failure.class {
            Class::Key => (Some(Subject::Key), Millis::INFINITY),
            Class::Access => (Some(Subject::Address), BAN_MS),
            Class::Balance => (Some(Subject::Balance), BAN_MS),
            Class::TaskNotFound => {
                let of = |(method, id)| Subject::Task(method, id);
                (failure.method.zip(failure.task_id).map(of), Millis::INFINITY)
            }
            Class::Domain => (about(|s| matches!(s, Subject::Site(_))), Millis::INFINITY),
            Class::Proxy if failure.code == code::PROXY_BANNED => {
                (about(|s| matches!(s, Subject::Proxy(..))), BAN_MS)
            }
            _ => (None, 0.0),
        };
        let Some(subject) = subject else { return };
        let until = now + span;
        if failure.class == Class::Access {
            failure.retry_after_ms = Some(span);
        }
        if let Some(known) = self.refusals.iter_mut().find(|known| known.subject == subject) {
            known.until = known.until.max(until);
        } else {
            if self.refusals.len() >= MAX_REFUSALS {
                // The oldest that is about one task or one site; those about the account stay.
                let is_small =
                    |it: &Refusal| matches!(it.subject, Subject::Task(..) | Subject::Site(_));
                let oldest = self.refusals.iter().position(is_small);
                oldest.map(|at| self.refusals.remove(at));
            }
            self.refusals.push(Refusal { subject, until, failure: failure.told_again() });
        }
    }

    /// Lets a request pass: any, once the service has taken the key, and before that one at a time.
    #[must_use]
    pub fn admit(shared: &Shared, now: Millis) -> Option<Turn> {
        let mut guard = shared.borrow_mut();
        // What is refused anyway is not sent, and so need not wait.
        let is_closing =
            |it: &Refusal| matches!(it.subject, Subject::Key | Subject::Address) && it.until > now;
        if guard.is_trusted || guard.refusals.iter().any(is_closing) {
            return Some(Turn(None));
        }
        if guard.is_trying {
            return None;
        }
        guard.is_trying = true;
        Some(Turn(Some(Rc::clone(shared))))
    }

    /// What the service said of the key by answering so.
    pub fn trust<T>(&mut self, answer: &Result<T>) {
        self.is_trusted |= match answer {
            Ok(_) => true,
            Err(failure) => {
                failure.origin == Origin::Service
                    && !matches!(failure.class, Class::Key | Class::Access)
            }
        };
    }

    /// The account has money again.
    pub fn funded(&mut self) {
        self.refusals.retain(|refusal| refusal.subject != Subject::Balance);
    }

    /// When the next result request for this task may go.
    #[must_use]
    pub fn slot(&self, task: TaskId, now: Millis) -> Slot {
        match self.book(task) {
            Some(book) if book.polls >= MAX_POLLS => Slot::Spent,
            // The gap begins when that one has ended, so not before now.
            Some(book) if book.in_flight > 0 => Slot::At(now + MIN_POLL_INTERVAL_MS),
            Some(Book { last_poll_end: Some(end), .. }) => {
                Slot::At(now.max(end + MIN_POLL_INTERVAL_MS))
            }
            _ => Slot::At(now),
        }
    }

    /// When this task was created, if this process did it.
    #[must_use]
    pub fn created_at(&self, task: TaskId) -> Option<Millis> {
        self.book(task)?.created
    }

    /// This task was created now.
    pub fn created(&mut self, task: TaskId, subjects: &[Subject], now: Millis) {
        self.update(task, now, |book| {
            book.created = Some(now);
            book.subjects = subjects.to_vec();
        });
    }

    /// A result request for this task goes now.
    pub fn poll_begins(&mut self, task: TaskId, now: Millis) {
        self.update(task, now, |book| {
            book.polls = book.polls.saturating_add(1);
            book.in_flight = book.in_flight.saturating_add(1);
        });
    }

    /// It has ended, in whatever way.
    pub fn poll_ends(&mut self, task: TaskId, now: Millis) {
        self.update(task, now, |book| {
            book.in_flight = book.in_flight.saturating_sub(1);
            book.last_poll_end = Some(now);
        });
    }

    /// The result of this task is known.
    pub fn finished(&mut self, task: TaskId, now: Millis) {
        self.update(task, now, |book| book.is_finished = true);
    }

    fn book(&self, task: TaskId) -> Option<&Book> {
        let at = self.books.binary_search_by_key(&task, |book| book.task).ok()?;
        self.books.get(at)
    }

    fn update(&mut self, task: TaskId, now: Millis, change: impl FnOnce(&mut Book)) {
        // What the service has forgotten is not worth remembering, nor, where there are many, what has
        // its result; looked for now and then only.
        let is_many = self.books.len() > MAX_FINISHED;
        let pause = if is_many { MIN_POLL_INTERVAL_MS } else { TASK_LIFE_MS };
        if now - self.last_clearing > pause {
            self.last_clearing = now;
            self.books.retain(|book| {
                let life = if book.is_finished { pause } else { TASK_LIFE_MS };
                book.in_flight > 0 || now - book.last_use < life
            });
        }
        let found = self.books.binary_search_by_key(&task, |book| book.task);
        if let Err(at) = found {
            let book = Book {
                task,
                created: None,
                subjects: Vec::new(),
                polls: 0,
                in_flight: 0,
                last_poll_end: None,
                last_use: now,
                is_finished: false,
            };
            self.books.insert(at, book);
        }
        if let Some(book) = self.books.get_mut(found.unwrap_or_else(|at| at)) {
            book.last_use = now;
            change(book);
        }
    }
}

/// The turn of one request, which it has for as long as this is kept.
pub struct Turn(Option<Shared>);

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(shared) = &self.0 {
            shared.borrow_mut().is_trying = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::bad_response;

    #[test]
    fn what_is_remembered_has_a_bound_and_the_account_comes_first() {
        let mut guard = Guard::default();
        let mut refused = bad_response(crate::texts::NO_BALANCE);
        refused.class = Class::Balance;
        guard.learn(&mut refused, &[], 0.0);
        refused.class = Class::Domain;
        for site in 0..1_500 {
            guard.learn(&mut refused, &[Subject::Site(site.to_string())], 0.0);
        }
        assert_eq!(guard.refusals.len(), MAX_REFUSALS);
        let about = |site: &str| [Subject::Site(site.to_owned())];
        let refusal = |guard: &mut Guard, site| {
            guard.refusal(Method::GetTaskResult, None, &about(site), 1.0).is_some()
                || guard.refusal(Method::CreateTask, None, &about(site), 1.0).is_some()
        };
        assert!(refusal(&mut guard, "1499"));
        assert!(refusal(&mut guard, "0"), "the empty account is still known");
        guard.funded();
        assert!(!refusal(&mut guard, "0"), "the oldest site is forgotten");
        assert!(refusal(&mut guard, "1499"));
    }
}
