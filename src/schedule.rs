//! When to ask, when to repeat and when to give up: pure arithmetic, in milliseconds.

/// A duration in milliseconds.
// In the core also a point in time, as a monotonic clock counts them.
#[cfg_attr(target_arch = "wasm32", tsify::declare)]
pub type Millis = f64;

/// Two result requests for one task are at least this far apart (both services' error pages).
pub const MIN_POLL_INTERVAL_MS: Millis = 2_000.0;
/// A task's result is asked for at most this often (both services' documentation).
pub const MAX_POLLS: u32 = 120;
/// A task's result is kept this long after its creation (both services' error pages).
pub const TASK_LIFE_MS: Millis = 300_000.0;
/// A ban ends after this long, provided that what led to it has stopped (CapMonster's documentation).
pub const BAN_MS: Millis = 600_000.0;

/// The longest pause between two result requests, however often the service says "too often".
const MAX_POLL_INTERVAL_MS: Millis = 16_000.0;
/// The pause before the first repeat; each further one doubles it.
const FIRST_BACKOFF_MS: Millis = 1_000.0;
const MAX_BACKOFF_MS: Millis = 30_000.0;
/// A `Retry-After` beyond this is not waited for in full.
const MAX_RETRY_AFTER_MS: Millis = 60_000.0;

/// The pause before repeat number `attempt` (from 0), `random` in 0..1.
///
/// A time that the service gave is kept exactly; our own is spread over its upper half, so that many
/// clients refused at once do not come back at once.
#[must_use]
pub fn backoff_ms(attempt: u32, random: f64, retry_after_ms: Option<Millis>) -> Millis {
    let full = (FIRST_BACKOFF_MS * 2_f64.powi(attempt.min(10).cast_signed())).min(MAX_BACKOFF_MS);
    match retry_after_ms {
        Some(given) => given.clamp(0.0, MAX_RETRY_AFTER_MS).max(FIRST_BACKOFF_MS),
        None => full * (0.5 + random.clamp(0.0, 1.0) / 2.0),
    }
}

/// The poll interval after the service said "too often" or "not before".
#[must_use]
pub fn widened_ms(interval: Millis, retry_after_ms: Option<Millis>) -> Millis {
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
