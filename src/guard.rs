//! What this client must not send any more, and until when.
//!
//! The services ban for repeats: a wrong key, an empty account, an unknown task id, a banned proxy.
//! A refusal of that kind is remembered here, and the next call is answered locally with the same
//! class and code. The result requests of each task are counted and spaced here too, for every call
//! of the client together.

use crate::error::{Class, Failure, Origin, code};
use crate::protocol::{Method, TaskId};
use crate::schedule::{BAN_MS, MAX_POLLS, MIN_POLL_INTERVAL_MS, Millis, TASK_LIFE_MS};

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
    /// A task that the service does not know: no result request.
    Task(TaskId),
}

#[derive(Debug)]
struct Refusal {
    subject: Subject,
    until: Millis,
    failure: Failure,
}

#[derive(Debug)]
struct Polls {
    task: TaskId,
    sent: u32,
    in_flight: u32,
    last_end: Millis,
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
    polls: Vec<Polls>,
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
        let refusal = self
            .refusals
            .iter()
            .find(|refusal| match &refusal.subject {
                Subject::Key | Subject::Address => true,
                Subject::Task(id) => Some(*id) == task,
                Subject::Balance => method == Method::CreateTask,
                about => method == Method::CreateTask && subjects.contains(about),
            })?;
        let mut failure = Box::new(refusal.failure.clone());
        failure.origin = Origin::Client;
        failure.method = Some(method);
        failure.task_id = task;
        failure
            .message
            .push_str("; not sent, for the service has answered so before");
        failure.retry_after_ms = refusal
            .until
            .is_finite()
            .then(|| (refusal.until - now).ceil());
        Some(failure)
    }

    /// Remembers a refusal of the service, if repeating it leads to a ban or to nothing.
    pub fn learn(&mut self, failure: &mut Failure, subjects: &[Subject], now: Millis) {
        let about = |wanted: fn(&Subject) -> bool| subjects.iter().find(|s| wanted(s)).cloned();
        let (subject, span) = match failure.class {
            Class::Key => (Some(Subject::Key), Millis::INFINITY),
            Class::Access => (Some(Subject::Address), BAN_MS),
            Class::Balance => (Some(Subject::Balance), BAN_MS),
            Class::TaskNotFound => (failure.task_id.map(Subject::Task), Millis::INFINITY),
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
        if let Some(known) = self
            .refusals
            .iter_mut()
            .find(|known| known.subject == subject)
        {
            known.until = known.until.max(until);
        } else {
            self.refusals.push(Refusal {
                subject,
                until,
                failure: failure.clone(),
            });
        }
    }

    /// The account has money again.
    pub fn funded(&mut self) {
        self.refusals
            .retain(|refusal| refusal.subject != Subject::Balance);
    }

    /// When the next result request for this task may go.
    #[must_use]
    pub fn slot(&self, task: TaskId, now: Millis) -> Slot {
        match self.polls.iter().find(|polls| polls.task == task) {
            None => Slot::At(now),
            Some(polls) if polls.sent >= MAX_POLLS => Slot::Spent,
            // The gap begins when that one has ended, so not before now.
            Some(polls) if polls.in_flight > 0 => Slot::At(now + MIN_POLL_INTERVAL_MS),
            Some(polls) => Slot::At(now.max(polls.last_end + MIN_POLL_INTERVAL_MS)),
        }
    }

    /// A result request for this task goes now.
    pub fn poll_begins(&mut self, task: TaskId, now: Millis) {
        // What the service has forgotten is not worth remembering.
        self.polls
            .retain(|polls| polls.in_flight > 0 || now - polls.last_end < TASK_LIFE_MS);
        if let Some(polls) = self.polls_of(task) {
            polls.sent = polls.sent.saturating_add(1);
            polls.in_flight = polls.in_flight.saturating_add(1);
        } else {
            self.polls.push(Polls {
                task,
                sent: 1,
                in_flight: 1,
                last_end: now,
            });
        }
    }

    /// It has ended, in whatever way.
    pub fn poll_ends(&mut self, task: TaskId, now: Millis) {
        if let Some(polls) = self.polls_of(task) {
            polls.in_flight = polls.in_flight.saturating_sub(1);
            polls.last_end = now;
        }
    }

    fn polls_of(&mut self, task: TaskId) -> Option<&mut Polls> {
        self.polls.iter_mut().find(|polls| polls.task == task)
    }
}
