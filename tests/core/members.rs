//! How an object of the caller is read: unknown names are refused, and the nearest known name is suggested.

use super::options::{profile, read, refused_option, with};
use capwire_testkit::*;

#[test]
fn an_unknown_option_is_named() {
    for name in ["clientkey", "client_key", "timeoutMs", "retries", "imageLimit", "onProgress", ""]
    {
        refused_option(read(with(name, json!(1))), name);
    }
    for name in ["timeout", "clientKey", "fetch", "PollIntervalMs"] {
        refused_option(read_call_options(Some(&object([(name, json!(1))]))), name);
    }
}

#[test]
fn a_name_of_24_bytes_is_shown_and_a_longer_one_is_not() {
    let (short, long) = ("k".repeat(24), "k".repeat(25));
    refused_option(read(with(&short, true)), &short);
    let failure = refused_option(read(with(&long, true)), "options");
    assert!(!failure.english().contains(&long), "{}", failure.english());
}

#[test]
fn the_nearest_known_name_is_suggested() {
    let limits = |name: &str| with("imageLimits", json!({ name: 1 }));
    let profile_with = |name: &str, value: Value| {
        let mut service = profile();
        service[name] = value;
        with("service", service)
    };
    for (options, wrong, near) in [
        (with("maxRetires", json!(1)), "maxRetires", "maxRetries"),
        (with("clientkey", json!(1)), "clientkey", "clientKey"),
        (with("baseURL", json!(1)), "baseURL", "baseUrl"),
        (with("message", json!({})), "message", "messages"),
        // Read by the platform, but known.
        (with("Fetch", json!(1)), "Fetch", "fetch"),
        (limits("maxByte"), "imageLimits.maxByte", "imageLimits.maxBytes"),
        (limits("minbytes"), "imageLimits.minbytes", "imageLimits.minBytes"),
        (profile_with("report", json!([])), "service.report", "service.reports"),
        (
            profile_with("imageLimits", json!({ "maxBytes_": 1 })),
            "service.imageLimits.maxBytes_",
            "service.imageLimits.maxBytes",
        ),
    ] {
        assert_suggests(refused_option(read(options), wrong), near);
    }
    for (wrong, near) in [
        ("timeout", "timeoutMs"),
        ("timeOutMs", "timeoutMs"),
        ("singal", "signal"),
        ("onProgres", "onProgress"),
        ("typ", "type"),
    ] {
        let outcome = read_call_options(Some(&object([(wrong, json!(1))])));
        assert_suggests(refused_option(outcome, wrong), near);
    }
}

#[track_caller]
fn assert_suggests(failure: Box<Failure>, near: &str) {
    let message = failure.english();
    assert!(message.ends_with(&format!("Did you mean `{near}`?")), "{message}");
}

#[test]
fn no_name_is_suggested_where_none_is_near() {
    for options in [
        with("retries", json!(1)),
        with("timeoutSeconds", json!(1)),
        with("", json!(1)),
        with("imageLimits", json!({ "max": 1 })),
        // Known in the options themselves, but not in this object.
        with("imageLimits", json!({ "maxRetries": 1 })),
    ] {
        let failure = refused::<()>(read(options).map(drop), Class::Options, "INVALID_OPTIONS");
        let message = failure.english();
        assert!(message.ends_with("is not a known option"), "{message}");
    }
}

/// A key has 32 characters. Its length is counted in bytes, so a name in another script may be shorter.
#[test]
fn a_long_name_is_shown_nowhere() {
    let cyrillic = ["ж".repeat(12), "ж".repeat(13)];
    refused_option(read(with(&cyrillic[0], true)), &cyrillic[0]);
    for name in [KEY, "requestTimeoutMs_and_more", &*cyrillic[1]] {
        let nested = with("imageLimits", json!({ name: 1 }));
        for outcome in [read(with(name, true)), read(nested)] {
            let failure = refused_option(outcome, "options");
            assert!(failure.english().ends_with("contains an unknown option"));
            let record = failure.record().to_string();
            assert!(!record.contains(name) && !format!("{failure:?}").contains(name), "{record}");
        }
    }
}
