//! How an object of the caller is read: unknown names are refused, and the nearest known name is suggested.

use super::options::{read, refused_option, with};
use capwire_testkit::*;

#[test]
fn an_unknown_option_is_named() {
    for name in ["clientkey", "client_key", "timeoutMs", "retries", "imageLimit", "onProgress", ""]
    {
        refused_option(read(with(name, json!(1))), name);
    }
    for name in ["timeout", "clientKey", "fetch", "PollIntervalMs"] {
        refused_option(CallOptions::read(Some(&object([(name, json!(1))]))), name);
    }
}

#[test]
fn a_name_of_24_characters_is_shown_and_of_25_it_may_be_a_key() {
    let (short, long) = ("k".repeat(24), "k".repeat(25));
    refused_option(read(with(&short, true)), &short);
    let failure = refused_option(read(with(&long, true)), "options");
    assert!(!failure.english().contains(&long), "{}", failure.english());
}
