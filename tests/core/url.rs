//! Which addresses a key may be sent to, at the edges of each rule.

use capwire::url::{check_safe, is_web_address};

#[test]
fn what_is_plainly_written_is_taken() {
    for url in [
        "https://captcha-1.example",
        "https://x",
        "https://captcha.example:65535/api?a=1#b",
        "https://[2001:db8::1]:8443",
        "https://[::]",
        "http://[::1]",
        "http://LOCALHOST:1",
        "http://127.255.0.1",
    ] {
        assert!(check_safe(url).is_ok(), "{url}");
        assert!(is_web_address(url), "{url}");
    }
}

#[test]
fn what_is_odd_or_open_to_others_is_refused() {
    for url in [
        "https://captcha example",
        "https://captcha.example/a b",
        "https://captcha.example\u{7f}",
        "https://captcha_example",
        "https://captcha.example\\@other.example",
        "https://user@captcha.example",
        "https://[:]",
        "https://[]",
        "https://[::g]",
        "https://[::1",
        "https://[::1]x",
        "https://captcha.example:+1",
        "https://captcha.example:65536",
        "http://captcha.example",
        "http://[::2]",
        "http://127.0.0.1.example",
        "http://127.0.0.256",
    ] {
        assert!(check_safe(url).is_err(), "{url}");
    }
}
