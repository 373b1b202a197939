//! Short texts: finding a separator or the nearest name, putting texts together.
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

/// Whether a character is white space or a byte order mark: what `trim()` of JavaScript removes.
#[must_use]
pub fn is_space(c: char) -> bool {
    matches!(c, '\t'..='\r' | ' ' | '\u{a0}' | '\u{2000}'..='\u{200a}')
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}' | '\u{feff}')
}

/// The number that a text of 1 to 16 digits is. The standard library's parsers are compiled for each type.
#[must_use]
pub fn whole_number(text: &str, radix: u32) -> Option<u64> {
    if text.is_empty() || text.len() > 16 {
        return None;
    }
    text.bytes().try_fold(0_u64, |number, byte| {
        let digit = char::from(byte).to_digit(radix)?;
        Some(number.wrapping_mul(radix.into()).wrapping_add(digit.into()))
    })
}

/// Texts one after the other. The standard library's `concat` and `join` would be 1 kB.
#[must_use]
pub fn concat(parts: &[&str]) -> String {
    let mut all = String::new();
    parts.iter().for_each(|part| all.push_str(part));
    all
}

/// The name that `text` is most likely a misspelling of: they differ in one place only, by at most two letters,
/// upper and lower case being the same. None where no name is that near.
#[must_use]
pub fn nearest<'a>(text: &str, names: &mut dyn Iterator<Item = &'a str>) -> Option<&'a str> {
    // Two letters of four would make anything similar.
    let mut less_than = if text.len() < 5 { 2 } else { 3 };
    let mut nearest = None;
    for name in names {
        let letters = difference(text.as_bytes(), name.as_bytes());
        if letters < less_than {
            less_than = letters;
            nearest = Some(name);
        }
    }
    nearest
}

/// How many letters of the longer text are between the beginning and the end that both have.
fn difference(a: &[u8], b: &[u8]) -> usize {
    let (mut shorter, mut longer) = if a.len() < b.len() { (a, b) } else { (b, a) };
    while let ([a, after_a @ ..], [b, after_b @ ..]) = (shorter, longer)
        && a.eq_ignore_ascii_case(b)
    {
        (shorter, longer) = (after_a, after_b);
    }
    while let ([before_a @ .., a], [before_b @ .., b]) = (shorter, longer)
        && a.eq_ignore_ascii_case(b)
    {
        (shorter, longer) = (before_a, before_b);
    }
    longer.len()
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
            ("sigll", Some("signal")),
            ("signals", Some("signal")),
            ("typ", Some("type")),
            ("tope", Some("type")),
            ("ty", None),
            ("time", None),
            ("concurrency", None),
            ("", None),
            ("сигнал", None),
        ] {
            assert_eq!(nearest(text, &mut names.into_iter()), nearest_name, "{text}");
        }
        assert_eq!(
            nearest("abcde", &mut ["abcdx", "abcde"].into_iter()),
            Some("abcde"),
            "the nearest, not the first"
        );
        assert_eq!(nearest("anything", &mut [].into_iter()), None);
    }

    proptest! {
        #[test]
        fn a_difference_is_symmetric_and_bounded(a in "[abc]{0,6}", b in "[abc]{0,6}") {
            let of = |a: &str, b: &str| difference(a.as_bytes(), b.as_bytes());
            prop_assert_eq!(of(&a, &b), of(&b, &a));
            prop_assert_eq!(of(&a, &b) == 0, a == b);
            prop_assert!(of(&a, &b) <= a.len().max(b.len()));
            prop_assert!(of(&a, &b) >= a.len().abs_diff(b.len()));
        }
    }

    #[test]
    fn a_number_has_digits_only() {
        for (text, radix, number) in [
            ("0", 10, Some(0)),
            ("0065535", 10, Some(65_535)),
            ("9999999999999999", 10, Some(9_999_999_999_999_999)),
            ("fE80", 16, Some(0xfe80)),
            ("ffffffffffffffff", 16, Some(u64::MAX)),
            ("99999999999999999", 10, None),
            ("", 10, None),
            ("+1", 10, None),
            ("1.0", 10, None),
            ("fe", 10, None),
            ("٣", 10, None),
        ] {
            assert_eq!(whole_number(text, radix), number, "{text}");
        }
    }

    #[test]
    fn an_empty_separator_is_never_found() {
        assert_eq!(split_once("ab", ""), None);
    }
}
