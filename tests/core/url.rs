//! Which URLs are accepted: those that a key may be sent to, and web addresses.

use super::options::{profile, read, refused_option, with};
use capwire::url::{check_safe, is_web_address};
use capwire_testkit::*;

#[test]
fn ordinary_urls_are_accepted() {
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
        assert!(check_safe(url, false).is_ok(), "{url}");
        assert!(is_web_address(url), "{url}");
    }
}

#[test]
fn malformed_and_unsafe_urls_are_refused() {
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
        assert!(check_safe(url, false).is_err(), "{url}");
    }
}

#[test]
fn http_to_a_private_network_needs_a_profile_that_allows_it() {
    for host in [
        "10.0.0.1",
        "10.255.255.255:8080",
        "172.16.0.1",
        "172.31.9.9",
        "192.168.1.20:8000/api",
        "169.254.1.1",
        "100.64.0.1",
        "100.127.0.1",
        "[fc00::1]",
        "[fd12:3456::1]:8080",
        "[fe80::1]",
        "[febf::1]",
        "solver",
        "Solver:8000",
        "solver-1/api",
        "captcha.internal",
        "captcha.LOCAL",
        "captcha.lan",
        "captcha.home.arpa",
        "127.0.0.1",
        "localhost",
    ] {
        let url = format!("http://{host}");
        assert!(check_safe(&url, true).is_ok(), "{url}");
        let is_loopback = host.starts_with("127.") || host == "localhost";
        assert_eq!(check_safe(&url, false).is_ok(), is_loopback, "{url}");
    }
    for host in [
        "captcha.example",
        "8.8.8.8",
        "172.15.0.1",
        "172.32.0.1",
        "192.169.0.1",
        "169.253.0.1",
        "100.63.0.1",
        "100.128.0.1",
        "11.0.0.1",
        // Browsers read these as other addresses.
        "010.0.0.1",
        "192.168.257",
        "10.1",
        "0xa000001",
        "134744072",
        "10.0.0.1.",
        "10.0.0.1.example",
        "10.0.0.256",
        "1.10.0.0.1",
        "[fd::1]",
        "[fb00::1]",
        "[fe00::1]",
        "[fec0::1]",
        "[::fd00:1]",
        "[2001:db8::1]",
        "internal.example",
        "xinternal",
        "captcha.local.example",
    ] {
        let url = format!("http://{host}");
        let is_single = host == "xinternal";
        assert_eq!(check_safe(&url, true).is_ok(), is_single, "{url}");
        assert!(check_safe(&url, false).is_err(), "{url}");
    }
    // Whatever else is wrong with an address stays wrong.
    for url in [
        "http://user@10.0.0.1",
        "http://10.0.0.1:70000",
        "ftp://10.0.0.1",
        "http://10.0.0.1\\@a.example",
    ] {
        assert!(check_safe(url, true).is_err(), "{url}");
    }
}

#[test]
fn a_base_url_is_https_or_loopback_and_keeps_its_path() {
    for (given, kept) in [
        ("https://api.example", "https://api.example"),
        ("https://api.example/", "https://api.example"),
        ("https://api.example:8443/v2/", "https://api.example:8443/v2"),
        ("https://api.example/a/B/c.d", "https://api.example/a/B/c.d"),
        ("https://192.0.2.1", "https://192.0.2.1"),
        ("https://[2001:db8::1]:8443/x", "https://[2001:db8::1]:8443/x"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("HTTPS://API.example", "HTTPS://API.example"),
        ("http://localhost", "http://localhost"),
        ("http://LocalHost:3000/capmonster", "http://LocalHost:3000/capmonster"),
        ("http://127.0.0.1:8080/capmonster/", "http://127.0.0.1:8080/capmonster"),
        ("http://127.255.3.4", "http://127.255.3.4"),
        ("http://[::1]", "http://[::1]"),
        ("http://[::1]:8080/a", "http://[::1]:8080/a"),
    ] {
        assert_eq!(read(with("baseUrl", given)).unwrap().base_url, kept);
        let world = server().world();
        let client = world.client_with(json!({ "baseUrl": given }));
        world.balance().by(&client).run().unwrap();
        assert_eq!(world.sent()[0].url, format!("{kept}/getBalance"));
    }
}

#[test]
fn any_other_base_url_is_refused_without_showing_it() {
    const MARK: &str = "s3cr3t";
    for url in [
        "",
        "api.s3cr3t.example",
        "//api.s3cr3t.example",
        "/s3cr3t",
        "https:",
        "https://",
        "https:///s3cr3t",
        "https:/s3cr3t.example",
        "https:s3cr3t.example",
        "ftp://s3cr3t.example",
        "ws://s3cr3t.example",
        "javascript:s3cr3t",
        "data:text/plain,s3cr3t",
        " https://s3cr3t.example",
        "https://s3cr3t.example ",
        "https://s3cr3t .example",
        "https://s3cr3t.example/a b",
        "https://s3cr3t.example/\n",
        "https://s3cr3t\t.example",
        "https://s3cr3t.example/\u{0}",
        "https://s3cr3t.example\\evil",
        "https://127.0.0.1\\@s3cr3t.example",
        "https://s3cr3t@api.example",
        "https://user:s3cr3t@api.example",
        "https://:s3cr3t@api.example",
        "https://@s3cr3t.example",
        "https://api.example?key=s3cr3t",
        "https://api.example/?s3cr3t",
        "https://api.example/a#s3cr3t",
        "https://api.example?",
        "https://api.example#",
        "https://s3cr3t.example:",
        "https://s3cr3t.example:65536",
        "https://s3cr3t.example:-1",
        "https://s3cr3t.example:+443",
        "https://s3cr3t.example:44a",
        "https://s3cr3t.example:443:443",
        "https://[::1",
        "https://::1",
        "https://[s3cr3t]",
        "https://[::1]s3cr3t",
        "https://s3cr3t%2eexample",
        "https://bücher.s3cr3t",
        "http://s3cr3t.example",
        "HTTP://s3cr3t.example",
        "http://192.168.0.1",
        "http://0.0.0.0",
        "http://128.0.0.1",
        "http://[::2]",
        "http://[2001:db8::1]",
        "http://127.0.0.1.s3cr3t.example",
        "http://127.s3cr3t.example",
        "http://127.0.0.s3cr3t",
        "http://localhost.s3cr3t.example",
        "http://notlocalhost",
        "http://localhost@s3cr3t.example",
        "http://127.0.0.1:80@s3cr3t.example",
        "http://[::1].s3cr3t.example",
        "http://localhost?s3cr3t",
        "http://localhost#s3cr3t",
    ] {
        let mut service = profile();
        service["baseUrl"] = json!(url);
        for (outcome, option) in [
            (read(with("baseUrl", url)), "baseUrl"),
            (read(with("service", service)), "service.baseUrl"),
        ] {
            let Err(failure) = outcome else {
                panic!("{url:?} was taken");
            };
            let failure = refused_option::<()>(Err(failure), option);
            let debug = format!("{failure:?}");
            assert!(!debug.contains(MARK), "{url}: {debug}");
        }
    }
}

#[test]
fn a_callback_url_is_an_absolute_web_address() {
    let read = |url: &str| read_call_options(Some(&object([("callbackUrl", url)])));
    for url in ["https://me.example/done?id=1", "http://me.example:8080/", "https://me.example"] {
        assert_eq!(read(url).unwrap().callback_url.as_deref(), Some(url));
    }
    for url in [
        "",
        "me.example",
        "/done",
        "ftp://me.example",
        "https://",
        "https://me .example",
        "mailto:me@me.example",
    ] {
        refused_option(read(url), "callbackUrl");
    }
}
