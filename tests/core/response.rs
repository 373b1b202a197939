//! How a response is read: the limit of its body, JSON or an excerpt, `Retry-After`.

use capwire::platform::RawResponse;
use capwire::response::{Body, MAX_BODY_BYTES, Response};
use capwire_testkit::*;

const DAY_MS: f64 = 86_400_000.0;

fn body_of(text: &str) -> Body<Js> {
    Body::of(&server().world(), Some(text.into()))
}

fn retry_after_ms(header: Option<&str>) -> Option<f64> {
    let world = server().world();
    let retry_after = header.map(str::to_owned);
    Response::of(&world, RawResponse { status: 429, retry_after, body: None }).retry_after_ms
}

#[test]
fn a_body_of_4_mib_is_read_and_a_larger_one_is_refused() {
    let with_bytes = |bytes: usize| {
        let (start, end) = ("{\"errorId\":0,\"balance\":1,\"x\":\"", "\"}");
        format!("{start}{}{end}", "a".repeat(bytes - start.len() - end.len()))
    };
    let most = 4 * 1_024 * 1_024;
    assert_eq!(MAX_BODY_BYTES as usize, most);
    let world = server().balance([page(200, &with_bytes(most))]).world();
    assert_eq!(world.balance().run().unwrap(), 1.0);
    let world = server().balance([page(200, &with_bytes(most + 1))]).world();
    let failure = refused(world.balance().run(), Class::Transport, "BAD_RESPONSE");
    assert!(failure.english().contains("larger than 4 MiB"), "{}", failure.english());
    assert!(matches!(Body::<Js>::of(&world, None), Body::TooLarge));
}

#[test]
fn a_body_that_is_json_is_read_as_json_whatever_it_holds() {
    for text in ["{\"errorId\":0}", " [1]\r\n", "null", "5", "\"ready\"", "true"] {
        let Body::Json(json) = body_of(text) else { panic!("{text} is JSON") };
        assert_eq!(
            serde_json::to_value(json).unwrap(),
            serde_json::from_str::<Value>(text).unwrap()
        );
    }
}

#[test]
fn the_first_4096_characters_of_any_other_body_are_kept() {
    let long = "x".repeat(4_097);
    for (text, kept) in [
        ("", ""),
        ("  ", "  "),
        (HTML, HTML),
        ("{\"errorId\":0,", "{\"errorId\":0,"),
        ("{}{}", "{}{}"),
        (&long[1..], &long[1..]),
        (&long, &long[1..]),
    ] {
        let Body::NotJson(start) = body_of(text) else { panic!("{text} is not JSON") };
        assert_eq!(start, kept);
    }
}

#[test]
fn retry_after_in_seconds_is_read_and_at_most_a_day() {
    for (header, expected) in [
        ("0", 0.0),
        ("1", 1_000.0),
        (" 7\t", 7_000.0),
        ("007", 7_000.0),
        ("86400", DAY_MS),
        ("86401", DAY_MS),
        ("4294967295", DAY_MS),
        // Too large for the number type, but still a number and not a date.
        ("4294967296", DAY_MS),
        ("99999999999999999999999999", DAY_MS),
    ] {
        assert_eq!(retry_after_ms(Some(header)), Some(expected), "{header:?}");
    }
}

#[test]
fn retry_after_as_a_date_is_the_time_until_then() {
    for (from_now, expected) in [
        (1_500.5, 1_500.5),
        (DAY_MS, DAY_MS),
        (DAY_MS + 1.0, DAY_MS),
        (1e300, DAY_MS),
        (0.0, 0.0),
        // In the past: repeat at once.
        (-1.0, 0.0),
        (-1e300, 0.0),
    ] {
        let header = http_date(from_now);
        assert_eq!(retry_after_ms(Some(&header)), Some(expected), "{header}");
        assert_eq!(retry_after_ms(Some(&format!(" {header} "))), Some(expected), "{header}");
    }
}

#[test]
fn a_retry_after_that_is_neither_is_ignored() {
    assert_eq!(retry_after_ms(None), None);
    for header in ["", " ", "soon", "1.5", "-5", "5 s", "1e3", "0x10", "NaN", "Infinity", "１"] {
        assert_eq!(retry_after_ms(Some(header)), None, "{header:?}");
    }
}

#[test]
fn a_failure_says_how_long_to_wait_whichever_way_the_server_said_it() {
    for (span, expected) in
        [(7_000.0, 7_000.0), (1_234.5, 1_234.5), (-3_000.0, 0.0), (1e18, DAY_MS)]
    {
        for (script, class, code) in [
            (page(404, "no"), Class::Transport, "HTTP_STATUS"),
            (page(302, ""), Class::Transport, "HTTP_STATUS"),
            (page(200, HTML), Class::Transport, "BAD_RESPONSE"),
            (error("ERROR_ZERO_BALANCE"), Class::Balance, "ERROR_ZERO_BALANCE"),
        ] {
            let world = server().balance([script.retry_after(span)]).world();
            let failure = refused(world.balance().run(), class, code);
            assert_eq!(failure.retry_after_ms, Some(expected), "{failure:#?}");
        }
    }
    let world = server().balance([page(404, "no").retry_after(f64::NAN)]).world();
    let failure = refused(world.balance().run(), Class::Transport, "HTTP_STATUS");
    assert_eq!(failure.retry_after_ms, None, "not a date");
}
