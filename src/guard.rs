//! What this client must not send any more, and until when.
//!
//! The services ban for repeats: a wrong key, an empty account, an unknown task id, a banned proxy.
//! A refusal of that kind is remembered here, and the next call is answered locally with the same
//! class and code. The result requests of each task are counted and spaced here too, for every call
//! of the client together.

use crate::error::{Class, Failure, code};
use crate::schedule::{BAN_MS, MAX_POLLS, MIN_POLL_INTERVAL_MS, Millis, TASK_LIFE_MS};
use crate::wire::{Method, TaskId};

/// So many refusals are remembered: a worker may ask for stale ids for ever.
const MAX_REFUSALS: usize = 1_000;

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
}

/// When the next result request for a task may go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Slot {
    /// Not before this time.
    At(Millis),
    /// Never: all that the service allows are used.
    Spent,
}

/// The memory of a client.
#[derive(Debug, Default)]
pub struct Guard {
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

    /// When this task was created, if this client did it.
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

    fn book(&self, task: TaskId) -> Option<&Book> {
        let at = self.books.binary_search_by_key(&task, |book| book.task).ok()?;
        self.books.get(at)
    }

    fn update(&mut self, task: TaskId, now: Millis, change: impl FnOnce(&mut Book)) {
        // What the service has forgotten is not worth remembering; looked for now and then only, for
        // there may be many.
        if now - self.last_clearing > TASK_LIFE_MS {
            self.last_clearing = now;
            self.books.retain(|book| book.in_flight > 0 || now - book.last_use < TASK_LIFE_MS);
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
            };
            self.books.insert(at, book);
        }
        if let Some(book) = self.books.get_mut(found.unwrap_or_else(|at| at)) {
            book.last_use = now;
            change(book);
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
