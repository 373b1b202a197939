//! Searching short texts: a separator, the nearest name.
//!
//! The searchers behind `str::find`, `split` and `split_once` are made for long texts. Here every byte is
//! downloaded, and they would add 2 kB.

/// The text before and after the first `separator`, like `str::split_once`.
#[must_use]
pub fn split_once<'a>(text: &'a str, separator: &str) -> Option<(&'a str, &'a str)> {
    let mut windows = text.as_bytes().windows(separator.len().max(1));
    let at = windows.position(|window| window == separator.as_bytes())?;
    let (before, rest) = text.split_at_checked(at)?;
    Some((before, rest.strip_prefix(separator)?))
}

/// The text after the last `separator`; all of it if there is none.
#[must_use]
pub fn after_last<'a>(text: &'a str, separator: &str) -> &'a str {
    let mut last = text;
    while let Some((_, after)) = split_once(last, separator) {
        last = after;
    }
    last
}

/// The name that `text` is most likely a misspelling of: one with at most two letters added, left out, changed
/// or swapped with a neighbour, upper and lower case being the same. None where no name is that near.
#[must_use]
pub fn nearest<'a>(text: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Two typos in four letters would make anything similar.
    let most = if text.len() < 5 { 1 } else { 2 };
    let distances = names.into_iter().map(|name| (distance(text, name), name));
    distances
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|it| it.1)
}

/// The optimal string alignment distance of two short texts.
fn distance(a: &str, b: &str) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    let mut last_a = 0;
    for (row, byte_a) in a.bytes().map(|byte| byte.to_ascii_lowercase()).enumerate() {
        let mut current = vec![row.saturating_add(1)];
        let mut last_b = 0;
        for (at, byte_b) in b.bytes().map(|byte| byte.to_ascii_lowercase()).enumerate() {
            let cost = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX);
            let next = at.saturating_add(1);
            let changed = cost(&above, at).saturating_add(usize::from(byte_a != byte_b));
            let moved = cost(&above, next).min(cost(&current, at)).saturating_add(1);
            let mut least = changed.min(moved);
            if let (true, Some(before_swap)) =
                (byte_a == last_b && byte_b == last_a, at.checked_sub(1))
            {
                least = least.min(cost(&before, before_swap).saturating_add(1));
            }
            current.push(least);
            last_b = byte_b;
        }
        before = std::mem::replace(&mut above, current);
        last_a = byte_a;
    }
    above.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_splits_like_the_standard_library(text in "[aäß.:]{0,12}", separator in "[aä.:]{1,3}") {
            prop_assert_eq!(split_once(&text, &separator), text.split_once(&*separator));
        }

        #[test]
        fn the_last_part_is_the_same_as_with_the_standard_library(text in "[aä;]{0,12}") {
            prop_assert_eq!(after_last(&text, ";"), text.rsplit(';').next().unwrap_or_default());
        }
    }

    #[test]
    fn the_nearest_name_is_a_typo_away_and_not_more() {
        let names = ["timeoutMs", "pollIntervalMs", "signal", "type"];
        for (text, nearest_name) in [
            ("timeout", Some("timeoutMs")),
            ("timeoutms", Some("timeoutMs")),
            ("tiemoutMs", Some("timeoutMs")),
            ("PollIntervalMS", Some("pollIntervalMs")),
            ("singal", Some("signal")),
            ("signals", Some("signal")),
            ("typ", Some("type")),
            ("tope", Some("type")),
            ("ty", None),
            ("time", None),
            ("concurrency", None),
            ("", None),
            ("сигнал", None),
        ] {
            assert_eq!(nearest(text, names), nearest_name, "{text}");
        }
        assert_eq!(
            nearest("abcde", ["abcdx", "abcde"]),
            Some("abcde"),
            "the nearest, not the first"
        );
        assert_eq!(nearest("anything", []), None);
    }

    proptest! {
        #[test]
        fn a_distance_is_symmetric_and_bounded(a in "[abc]{0,6}", b in "[abc]{0,6}") {
            prop_assert_eq!(distance(&a, &b), distance(&b, &a));
            prop_assert_eq!(distance(&a, &b) == 0, a == b);
            prop_assert!(distance(&a, &b) <= a.len().max(b.len()));
            prop_assert!(distance(&a, &b) >= a.len().abs_diff(b.len()));
        }
    }

    #[test]
    fn an_empty_separator_is_never_found() {
        assert_eq!(split_once("ab", ""), None);
    }
}
