//! Finding text in text.
//!
//! The searchers behind `str::find`, `split` and `split_once` are made for long texts; here, where each
//! byte is downloaded, they would be a thirtieth of the module.

/// What is before and after the first `separator`, as `str::split_once` has it.
#[must_use]
pub fn split_once<'a>(text: &'a str, separator: &str) -> Option<(&'a str, &'a str)> {
    let mut windows = text.as_bytes().windows(separator.len().max(1));
    let at = windows.position(|window| window == separator.as_bytes())?;
    let (before, rest) = text.split_at_checked(at)?;
    Some((before, rest.strip_prefix(separator)?))
}

/// What is after the last `separator`; all of it, if there is none.
#[must_use]
pub fn after_last<'a>(text: &'a str, separator: &str) -> &'a str {
    let mut last = text;
    while let Some((_, after)) = split_once(last, separator) {
        last = after;
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_splits_as_the_standard_library_does(text in "[aäß.:]{0,12}", separator in "[aä.:]{1,3}") {
            prop_assert_eq!(split_once(&text, &separator), text.split_once(&*separator));
        }

        #[test]
        fn the_last_part_is_that_of_the_standard_library(text in "[aä;]{0,12}") {
            prop_assert_eq!(after_last(&text, ";"), text.rsplit(';').next().unwrap_or_default());
        }
    }

    #[test]
    fn nothing_separates_nothing() {
        assert_eq!(split_once("ab", ""), None);
    }
}
