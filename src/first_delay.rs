//! When to request a result first, learnt from how long earlier tasks of the type took.
//!
//! A request that is too early costs a whole interval, one that is too late costs the time until it. Nobody says
//! when a task became ready: a task that is ready at its first request was ready somewhere before it, and one that is
//! ready at its second somewhere between the two. So this keeps the odds of a few slots of time, and each task moves
//! some of them into the slots in which it may have become ready, in proportion to the odds there.

use crate::schedule::{MIN_POLL_INTERVAL_MS, Millis};

/// The slots of one interval, counted from the least delay, and the slot before it.
const SLOTS: usize = 11;
/// An interval in slots: the time that a request saves by not being too early.
const SLOTS_PER_INTERVAL: f32 = 10.0;
const SLOT_MS: Millis = 200.0;
/// How much the last task counts. With less, the delay would follow a change of the service too slowly.
const WEIGHT: f32 = 0.25;
/// The least odds that a possible slot counts with, so that every slot can come back.
const LEAST_ODDS: f32 = 0.02;
/// A slot is a little less likely than the one before it. So where nothing else is known, an earlier one is tried.
const SLOPE: f32 = 0.97;
/// The share that moves one slot down with each task that was ready at its first request. So an earlier request is
/// tried now and then. Otherwise a delay that is never too early would never come down.
const DRIFT: f32 = 0.05;

/// What is known of one task type. The default knows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct FirstDelay([f32; SLOTS]);

impl FirstDelay {
    /// The delay of the next task's first request: the least one, or one up to 2 s that saves more than it costs.
    ///
    /// Waiting one slot longer delays each task that takes less than an interval by a slot, and saves a whole interval
    /// for those that become ready in that slot. For tasks that take longer, no delay is better than another.
    #[must_use]
    pub fn next(&self, least: Millis) -> Millis {
        let all: f32 = self.0.iter().sum();
        let (mut gain, mut delay) = (0.0, least);
        let (mut most, mut best) = (gain, delay);
        for odds in self.0.iter().skip(1) {
            delay += SLOT_MS;
            gain += odds * SLOTS_PER_INTERVAL - all;
            if gain > most && delay <= MIN_POLL_INTERVAL_MS {
                (most, best) = (gain, delay);
            }
        }
        best
    }

    /// A task was requested first after `delay`, and was ready then or else at its second request. Later tasks would
    /// teach nothing.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // `as` clamps
    pub fn learn(&mut self, least: Millis, delay: Millis, was_ready: bool) {
        // The nearest, because timers are a little late.
        let asked = ((delay - least) / SLOT_MS + 0.5) as usize;
        let is_possible = |slot: usize| (slot <= asked) == was_ready;
        let (mut floor, mut all) = (LEAST_ODDS, 0.0);
        for (slot, odds) in self.0.iter().enumerate() {
            if is_possible(slot) {
                all += odds + floor;
                floor *= SLOPE;
            }
        }
        let mut from_above = 0.0;
        for (slot, odds) in self.0.iter_mut().enumerate().rev() {
            let old = *odds;
            *odds -= WEIGHT * old;
            if is_possible(slot) {
                floor /= SLOPE;
                *odds += WEIGHT * (old + floor) / all;
            }
            let down = if was_ready && slot > 0 { DRIFT * *odds } else { 0.0 };
            *odds += from_above - down;
            from_above = down;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LEAST: Millis = 350.0;

    /// Tasks that take so long, asked for in rounds of 2 s. Gives the delay of each.
    fn solve(known: &mut FirstDelay, tasks: usize, span: Millis) -> Vec<Millis> {
        let mut solve_one = || {
            let delay = known.next(LEAST);
            let polls = (1..).find(|polls| delay + 2_000.0 * f64::from(polls - 1) >= span);
            if let Some(polls @ 1..=2) = polls {
                known.learn(LEAST, delay, polls == 1);
            }
            delay
        };
        (0..tasks).map(|_| solve_one()).collect()
    }

    #[test]
    fn it_begins_with_the_least_delay_and_stays_there_while_that_is_never_too_early() {
        assert_eq!(FirstDelay::default().next(1_000.0), 1_000.0);
        assert!(solve(&mut FirstDelay::default(), 100, 300.0).iter().all(|delay| *delay == LEAST));
    }

    #[test]
    fn one_request_that_was_too_early_makes_the_next_one_later() {
        let mut known = FirstDelay::default();
        known.learn(LEAST, LEAST, false);
        let next = known.next(LEAST);
        assert!(next > LEAST && next < LEAST + 2_000.0, "{next}");
        // The slots that are possible share what one task counts, and an earlier one has more of it.
        assert_eq!(known.0[0], 0.0);
        assert!(known.0[1..].is_sorted_by(|early, late| early > late), "{known:?}");
        assert!((known.0.iter().sum::<f32>() - WEIGHT).abs() < 1e-6, "{known:?}");
    }

    #[test]
    fn it_rises_to_the_time_that_tasks_take_and_comes_down_with_it() {
        let mut known = FirstDelay::default();
        for span in [1_700.0, 600.0, 1_200.0, 300.0] {
            solve(&mut known, 150, span);
            let late = solve(&mut known, 50, span).into_iter().filter(|delay| *delay >= span);
            let late: Vec<_> = late.map(|delay| delay - span).collect();
            assert!(late.len() >= 45, "{span}: {} of 50 were not too early", late.len());
            let mean = late.iter().sum::<Millis>() / late.len() as f64;
            assert!(mean <= 250.0, "{span}: {mean} ms late");
        }
    }

    #[test]
    fn tasks_that_take_long_leave_it_where_it_is() {
        let mut known = FirstDelay::default();
        assert!(solve(&mut known, 20, 9_000.0).iter().all(|delay| *delay == LEAST));
        // They come after the second request, whenever the first one is.
        solve(&mut known, 100, 2_100.0);
        let delays = solve(&mut known, 50, 2_100.0);
        assert!(delays.iter().filter(|delay| **delay == LEAST).count() >= 45, "{delays:?}");
    }

    #[test]
    fn a_timer_that_is_late_teaches_the_same() {
        let [mut known, mut late] = [FirstDelay::default(); 2];
        for was_ready in [false, false, true, true, false, true] {
            let delay = known.next(LEAST);
            known.learn(LEAST, delay, was_ready);
            late.learn(LEAST, delay + 90.0, was_ready);
            assert_eq!(known.0, late.0);
        }
    }

    proptest! {
        #[test]
        fn it_is_always_between_the_least_delay_and_2_s(
            lessons in proptest::collection::vec(any::<(f64, bool)>(), 0..200),
            least in 0.0..2_000.0,
        ) {
            let mut known = FirstDelay::default();
            for (delay, was_ready) in lessons {
                known.learn(least, delay, was_ready);
                prop_assert!(known.0.iter().all(|odds| (0.0..=1.0).contains(odds)), "{known:?}");
                prop_assert!((least..=2_000.0).contains(&known.next(least)));
            }
        }
    }
}
