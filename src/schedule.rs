//! When to ask, when to repeat and when to give up: pure arithmetic in milliseconds, with the time passed in.

/// A duration in milliseconds.
// In the core also a point in time, as a monotonic clock counts them.
#[cfg_attr(target_arch = "wasm32", tsify::declare)]
pub type Millis = f64;

/// Two result requests for one task are at least this far apart (both services' error pages).
pub const MIN_POLL_INTERVAL_MS: Millis = 2_000.0;
/// A task's result may be requested this often (both services' documentation).
pub const MAX_POLLS: u32 = 120;
/// A task's result is kept this long after its creation (both services' error pages).
pub const TASK_LIFE_MS: Millis = 300_000.0;
/// A ban ends after this long, provided that what led to it has stopped (CapMonster's documentation).
pub const BAN_MS: Millis = 600_000.0;

/// The longest pause between two result requests, however often the service says "too often": three doublings
/// of the shortest. A longer one would leave few requests within the 5 minutes that a result is kept.
const MAX_POLL_INTERVAL_MS: Millis = 16_000.0;
/// The pause before the first repeat; each further one doubles it. Half of the services' own 2 s, because a free
/// server is usually found sooner.
const FIRST_BACKOFF_MS: Millis = 1_000.0;
/// The pause at which doubling stops. With the 10 repeats that `maxRetries` allows, a call ends within 4 minutes.
const MAX_BACKOFF_MS: Millis = 30_000.0;
/// A longer `Retry-After` is not waited for in full: the caller should decide after a minute.
const MAX_RETRY_AFTER_WAIT_MS: Millis = 60_000.0;

/// The pause before the next probe of an account that was refused so often in a row: 2, 4, 8, 16, 32 s.
#[must_use]
pub fn probe_pause_ms(refusals: u32) -> Millis {
    let doublings = refusals.saturating_sub(1).min(4);
    MIN_POLL_INTERVAL_MS * Millis::from(1_u32.wrapping_shl(doublings))
}

/// How often a task's result may be requested with this as the shortest pause. Own servers that take requests more
/// often are asked for as long as the services are.
#[must_use]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // `as` clamps
pub fn max_polls(min_interval: Millis) -> u32 {
    (f64::from(MAX_POLLS) * (MIN_POLL_INTERVAL_MS / min_interval).max(1.0)) as u32
}

/// Decides whether and when a request is repeated that the service did not process.
#[derive(Debug)]
pub struct RetrySchedule {
    retries: u32,
    max_retries: u32,
    deadline: Millis,
}

impl RetrySchedule {
    /// A schedule of at most this many repeats, all before the deadline.
    #[must_use]
    pub fn new(max_retries: u32, deadline: Millis) -> Self {
        Self { retries: 0, max_retries, deadline }
    }

    /// The pause before the next repeat; none where there is no next one. `random` is in 0..1.
    pub fn next_delay(
        &mut self,
        now: Millis,
        random: f64,
        retry_after_ms: Option<Millis>,
    ) -> Option<Millis> {
        let delay = timer_ms(backoff_ms(self.retries, random, retry_after_ms)).into();
        if self.retries >= self.max_retries || now + delay >= self.deadline {
            return None;
        }
        self.retries = self.retries.saturating_add(1);
        Some(delay)
    }
}

/// When the next result request for a task may be sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NextPoll {
    /// Not before this time.
    At(Millis),
    /// Not before this time, because the service has just refused the account.
    Held(Millis),
    /// Never: the task has used up its [`MAX_POLLS`].
    Exhausted,
}

/// Decides when the result of one task is requested, and when waiting for it ends.
#[derive(Debug)]
pub struct PollSchedule {
    due: Millis,
    interval: Millis,
    deadline: Millis,
}

/// The next step of a [`PollSchedule`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PollStep {
    /// Sleep until this time, then ask the schedule again.
    SleepUntil(Millis),
    /// Send a result request now.
    Send,
    /// Stop: no more result requests are allowed for this task.
    Exhausted,
    /// Stop: the deadline has passed.
    TimedOut,
}

impl PollSchedule {
    /// A schedule whose first request is due at `due`, and that ends at `deadline`.
    #[must_use]
    pub fn new(due: Millis, interval: Millis, deadline: Millis) -> Self {
        Self { due, interval, deadline }
    }

    /// The next step. `next` says when the task's next request may be sent, whoever sends it. After the deadline
    /// `must_ask` asks for one last request.
    #[must_use]
    pub fn step(&self, now: Millis, next: NextPoll, must_ask: bool) -> PollStep {
        let (free, must_ask) = match next {
            NextPoll::At(free) => (free, must_ask),
            NextPoll::Held(free) => (free, false),
            NextPoll::Exhausted => return PollStep::Exhausted,
        };
        let is_over = now >= self.deadline;
        let due = if is_over { free } else { self.due.max(free) };
        if is_over && !must_ask {
            PollStep::TimedOut
        } else if due <= now {
            PollStep::Send
        } else if is_over {
            PollStep::SleepUntil(due)
        } else {
            // Until the deadline even if no request fits any more: the caller asked to wait that long.
            PollStep::SleepUntil(due.min(self.deadline))
        }
    }

    /// A request has ended: the next one is due after the interval.
    pub fn answered(&mut self, now: Millis) {
        self.due = now + self.interval;
    }

    /// The service said "too often" or "not before": requests become rarer.
    pub fn slow_down(&mut self, retry_after_ms: Option<Millis>) {
        self.interval = widened_ms(self.interval, retry_after_ms);
    }

    /// The pause between two requests.
    #[must_use]
    pub fn interval(&self) -> Millis {
        self.interval
    }
}

/// The pause before repeat number `attempt` (from 0), `random` in 0..1.
///
/// A time that the service gave is kept exactly; our own is spread over its upper half, so that many
/// clients refused at once do not come back at once.
fn backoff_ms(attempt: u32, random: f64, retry_after_ms: Option<Millis>) -> Millis {
    let full = (FIRST_BACKOFF_MS * 2_f64.powi(attempt.min(10).cast_signed())).min(MAX_BACKOFF_MS);
    match retry_after_ms {
        Some(given) => given.clamp(0.0, MAX_RETRY_AFTER_WAIT_MS).max(FIRST_BACKOFF_MS),
        None => full * (0.5 + random.clamp(0.0, 1.0) / 2.0),
    }
}

/// The poll interval after the service said "too often" or "not before".
fn widened_ms(interval: Millis, retry_after_ms: Option<Millis>) -> Millis {
    (interval * 2.0).max(retry_after_ms.unwrap_or(0.0)).min(MAX_POLL_INTERVAL_MS.max(interval))
}

/// Milliseconds for a timer: whole, never early, within what a timer takes.
#[must_use]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // clamped; NaN becomes 0
pub fn timer_ms(span: Millis) -> u32 {
    span.ceil().clamp(0.0, f64::from(i32::MAX)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn backoff_doubles_up_to_its_ceiling() {
        let full: Vec<_> = (0..7).map(|attempt| backoff_ms(attempt, 1.0, None)).collect();
        assert_eq!(full, [1e3, 2e3, 4e3, 8e3, 16e3, 30e3, 30e3]);
    }

    #[test]
    fn a_pause_of_our_own_is_spread_over_its_upper_half() {
        assert_eq!([0.0, 0.5, 1.0].map(|at| backoff_ms(1, at, None)), [1e3, 1.5e3, 2e3]);
    }

    #[test]
    fn a_given_time_is_kept_and_an_absurd_one_clamped() {
        assert_eq!(backoff_ms(0, 0.3, Some(7_000.0)), 7_000.0);
        assert_eq!(backoff_ms(0, 0.3, Some(1e18)), 60_000.0);
        assert_eq!(backoff_ms(0, 0.3, Some(-5.0)), 1_000.0);
    }

    #[test]
    fn the_interval_doubles_up_to_its_ceiling_or_grows_to_what_is_given() {
        assert_eq!(widened_ms(2_000.0, None), 4_000.0);
        assert_eq!(widened_ms(2_000.0, Some(7_000.0)), 7_000.0);
        assert_eq!(widened_ms(12_000.0, None), 16_000.0);
        assert_eq!(widened_ms(30_000.0, Some(60_000.0)), 30_000.0);
    }

    #[test]
    fn a_retry_schedule_ends_by_count_or_by_deadline() {
        let mut by_count = RetrySchedule::new(2, Millis::INFINITY);
        let delays = [0, 1, 2].map(|_| by_count.next_delay(0.0, 1.0, None));
        assert_eq!(delays, [Some(1_000.0), Some(2_000.0), None]);
        let mut by_deadline = RetrySchedule::new(10, 3_000.0);
        assert_eq!(
            by_deadline.next_delay(2_000.0, 1.0, None),
            None,
            "it would end at the deadline"
        );
        assert_eq!(by_deadline.next_delay(1_999.0, 1.0, None), Some(1_000.0));
        assert_eq!(by_deadline.next_delay(0.0, 1.0, Some(3_000.0)), None);
    }

    #[test]
    fn a_poll_waits_for_its_own_time_and_for_that_of_the_task() {
        let mut schedule = PollSchedule::new(350.0, 2_000.0, 10_000.0);
        assert_eq!(schedule.step(0.0, NextPoll::At(0.0), false), PollStep::SleepUntil(350.0));
        assert_eq!(schedule.step(350.0, NextPoll::At(0.0), false), PollStep::Send);
        assert_eq!(
            schedule.step(350.0, NextPoll::At(1_900.0), false),
            PollStep::SleepUntil(1_900.0)
        );
        assert_eq!(schedule.step(350.0, NextPoll::Exhausted, false), PollStep::Exhausted);
        schedule.answered(400.0);
        assert_eq!(
            schedule.step(2_399.0, NextPoll::At(2_399.0), false),
            PollStep::SleepUntil(2_400.0)
        );
        schedule.slow_down(Some(7_000.0));
        assert_eq!(schedule.interval(), 7_000.0);
        schedule.answered(2_400.0);
        assert_eq!(schedule.step(9_399.0, NextPoll::At(0.0), false), PollStep::SleepUntil(9_400.0));
        schedule.answered(9_400.0);
        assert_eq!(
            schedule.step(9_400.0, NextPoll::At(0.0), false),
            PollStep::SleepUntil(10_000.0)
        );
        assert_eq!(schedule.step(10_000.0, NextPoll::At(0.0), false), PollStep::TimedOut);
    }

    proptest! {
        #[test]
        fn backoff_is_always_a_sane_pause(attempt: u32, random: f64, given: Option<f64>) {
            let pause = backoff_ms(attempt, random, given);
            prop_assert!(pause.is_nan() == (given.is_none() && random.is_nan()) || (500.0..=60_000.0).contains(&pause));
        }

        #[test]
        fn widening_never_narrows(interval in 2_000.0..100_000.0, given: Option<f64>) {
            let wide = widened_ms(interval, given);
            prop_assert!(wide >= interval && wide <= interval.max(16_000.0));
        }

        #[test]
        fn a_timer_is_never_early(span in 0.0..2e9) {
            prop_assert!(f64::from(timer_ms(span)) >= span);
        }
    }
}
