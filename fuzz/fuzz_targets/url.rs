#![no_main]

use capwire_testkit::fuzz_targets as targets;

use url::{Host, Url};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    targets::url(data);
    if let Ok(text) = std::str::from_utf8(data)
        && capwire::url::check_safe(text).is_ok()
        // An address that the platform refuses to parse is never requested.
        && let Ok(url) = Url::parse(text)
    {
        assert_same_host_as_checked(text, &url);
    }
});

/// The platform reads the address in the same way as the check did.
fn assert_same_host_as_checked(text: &str, url: &Url) {
    assert!(url.username().is_empty() && url.password().is_none(), "{text} → {url}");
    let is_loopback = match url.host().expect("a host") {
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
        Host::Domain(name) => {
            // The name is used as written: nothing was decoded or mapped to another name.
            let site = capwire::url::site(text);
            assert_eq!(site.split(':').next(), Some(name), "{text} → {url}");
            name == "localhost"
        }
    };
    assert!(url.scheme() == "https" || is_loopback, "{text} → {url}");
}
