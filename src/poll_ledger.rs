//! The poll ledger: how often and when the result of each task was requested, by all calls of an account
//! together. The services count per task, not per call.

use crate::circuit_breaker::BanScope;
use crate::method::TaskId;
use crate::schedule::{MIN_POLL_INTERVAL_MS, Millis, NextPoll, TASK_LIFE_MS, max_polls};
use std::rc::Rc;

/// Upper bound on finished tasks whose poll counters are kept between two clean-ups.
const MAX_FINISHED: usize = 1_000;

/// The entry of one task.
#[derive(Debug)]
pub struct PollRecord {
    /// Its id.
    pub task: TaskId,
    /// When it was created, if this process has created it.
    pub created: Option<Millis>,
    scopes: Rc<Vec<BanScope>>,
    /// How many result requests were sent.
    pub polls: u32,
    /// How many of them are under way.
    pub in_flight: u32,
    /// When the last one ended.
    pub last_poll_end: Option<Millis>,
    last_use: Millis,
    /// Whether its result is known, so that nobody has a reason to ask again.
    pub is_finished: bool,
}

/// The tasks of one account.
#[derive(Debug, Default)]
pub struct PollLedger {
    /// Sorted by task. New ids are usually the largest, so inserting is cheap.
    records: Vec<PollRecord>,
    last_cleanup: Millis,
    /// Until when a task that is not in the list may be one whose result was requested just now.
    unsure_until: Millis,
}

impl PollLedger {
    /// When the next result request for this task may be sent, with this as the shortest pause between two.
    #[must_use]
    pub fn next_poll(&self, task: &TaskId, min_interval: Millis, now: Millis) -> NextPoll {
        match self.find(task) {
            Some(record) if record.polls >= max_polls(min_interval) => NextPoll::Exhausted,
            // The gap begins when the one under way has ended, so not before now.
            Some(record) if record.in_flight > 0 => NextPoll::At(now + min_interval),
            Some(PollRecord { last_poll_end: Some(end), .. }) => {
                NextPoll::At(now.max(end + min_interval))
            }
            Some(_) => NextPoll::At(now),
            None => NextPoll::At(now.max(self.unsure_until)),
        }
    }

    /// When this task was created, if this process created it.
    #[must_use]
    pub fn created_at(&self, task: &TaskId) -> Option<Millis> {
        self.find(task)?.created
    }

    /// Whether the result of this task was requested before.
    #[must_use]
    pub fn is_asked(&self, task: &TaskId) -> bool {
        self.find(task).is_some_and(|record| record.polls > 0)
    }

    /// The scopes of the task, if this process created it.
    #[must_use]
    pub fn scopes(&self, task: &TaskId) -> Option<&[BanScope]> {
        self.find(task).map(|record| &**record.scopes)
    }

    /// This task was created now.
    pub fn record_created(&mut self, task: &TaskId, scopes: &Rc<Vec<BanScope>>, now: Millis) {
        self.update(task, now, &mut |record| {
            record.created = Some(now);
            record.scopes = Rc::clone(scopes);
        });
    }

    /// A result request for this task is sent now.
    pub fn begin_poll(&mut self, task: &TaskId, now: Millis) {
        self.update(task, now, &mut |record| {
            record.polls = record.polls.saturating_add(1);
            record.in_flight = record.in_flight.saturating_add(1);
        });
    }

    /// It has ended, in whatever way.
    pub fn end_poll(&mut self, task: &TaskId, now: Millis) {
        self.update(task, now, &mut |record| {
            record.in_flight = record.in_flight.saturating_sub(1);
            record.last_poll_end = Some(now);
        });
    }

    /// The result of this task is known.
    pub fn record_finished(&mut self, task: &TaskId, now: Millis) {
        self.update(task, now, &mut |record| record.is_finished = true);
    }

    /// Whether there are tasks that the service still knows.
    #[must_use]
    pub fn is_in_use(&self, now: Millis) -> bool {
        self.records.iter().any(|record| now - record.last_use < TASK_LIFE_MS)
    }

    /// The entries of the tasks.
    #[must_use]
    pub fn records(&self) -> &[PollRecord] {
        &self.records
    }

    /// A task of which this much was known before.
    pub fn restore(
        &mut self,
        task: &TaskId,
        polls: u32,
        created: Option<Millis>,
        last_poll_end: Option<Millis>,
        now: Millis,
    ) {
        self.update(task, now, &mut |record| {
            record.polls = polls;
            record.created = created;
            record.last_poll_end = last_poll_end;
        });
    }

    fn find(&self, task: &TaskId) -> Option<&PollRecord> {
        self.records.get(self.position(task).ok()?)
    }

    /// Where the entry of a task is, or would be.
    #[inline(never)]
    fn position(&self, task: &TaskId) -> Result<usize, usize> {
        self.records.binary_search_by(|record| record.task.cmp(task))
    }

    fn update(&mut self, task: &TaskId, now: Millis, change: &mut dyn FnMut(&mut PollRecord)) {
        self.clean_up(task, now);
        let found = self.position(task);
        if let Err(at) = found {
            let record = PollRecord {
                task: task.clone(),
                created: None,
                scopes: Rc::default(),
                polls: 0,
                in_flight: 0,
                last_poll_end: None,
                last_use: now,
                is_finished: false,
            };
            self.records.insert(at, record);
        }
        if let Some(record) = self.records.get_mut(found.unwrap_or_else(|at| at)) {
            record.last_use = now;
            change(record);
        }
    }

    /// Forgets tasks that the service has forgotten and, where there are many, those that have their result.
    /// Done now and then only, because it looks at all of them; and before more memory is taken, which the wasm never
    /// gives back.
    fn clean_up(&mut self, used: &TaskId, now: Millis) {
        let is_many = self.records.len() > MAX_FINISHED;
        let is_full = is_many && self.records.len() == self.records.capacity();
        let pause = if is_many { MIN_POLL_INTERVAL_MS } else { TASK_LIFE_MS };
        if is_full || now - self.last_cleanup > pause {
            self.last_cleanup = now;
            self.forget(used, pause, now);
        }
        if is_full && self.is_nearly_full() {
            self.forget(used, 0.0, now);
            self.unsure_until = now + MIN_POLL_INTERVAL_MS;
        }
        if is_full && self.is_nearly_full() {
            // These have no result yet. Room until the next time.
            self.records.reserve_exact(self.records.len() / 4);
        }
    }

    /// Forgets tasks that were not used for so long. Those without a result stay longer.
    fn forget(&mut self, used: &TaskId, pause: Millis, now: Millis) {
        self.records.retain(|record| {
            let life = if record.is_finished { pause } else { TASK_LIFE_MS };
            let is_used = record.in_flight > 0 || record.task == *used;
            is_used || now - record.last_use < life
        });
    }

    fn is_nearly_full(&self) -> bool {
        let count = self.records.len();
        self.records.capacity().saturating_sub(count) < count / 8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn solve(ledger: &mut PollLedger, task: &TaskId, now: Millis) {
        ledger.record_created(task, &Rc::default(), now);
        assert_eq!(
            ledger.next_poll(task, MIN_POLL_INTERVAL_MS, now),
            NextPoll::At(now),
            "a new task need not wait"
        );
        ledger.begin_poll(task, now);
        ledger.end_poll(task, now);
        ledger.record_finished(task, now);
    }

    #[test]
    fn many_tasks_take_a_bounded_memory_and_none_is_asked_for_too_soon() {
        for per_second in [100_u32, 1_000, 10_000] {
            let mut ledger = PollLedger::default();
            for n in 1..20_000 {
                let now = f64::from(n) * 1_000.0 / f64::from(per_second);
                solve(&mut ledger, &TaskId::from(n), now);
                assert!(ledger.records.capacity() <= 2 * MAX_FINISHED, "{per_second} a second");
                for earlier in [n, n.saturating_sub(500).max(1), n.saturating_sub(1_900).max(1)] {
                    let due =
                        f64::from(earlier) * 1_000.0 / f64::from(per_second) + MIN_POLL_INTERVAL_MS;
                    let next = ledger.next_poll(&TaskId::from(earlier), MIN_POLL_INTERVAL_MS, now);
                    assert!(due <= now || matches!(next, NextPoll::At(next) if next >= due));
                }
            }
        }
    }

    #[test]
    fn tasks_without_a_result_are_kept_however_many_they_are() {
        let mut ledger = PollLedger::default();
        for n in 1..5_000 {
            ledger.record_created(&TaskId::from(n), &Rc::default(), 0.0);
        }
        assert!((1..5_000).all(|n| ledger.created_at(&TaskId::from(n)) == Some(0.0)));
    }
}
