//! Web addresses: which ones may a key be sent to?
//!
//! An address is safe if nobody on the way can read the request: https, or http to this machine. The runtime has
//! a URL parser, but that repairs invalid addresses, which should be refused; and the tests on the host have none.

use crate::message::Template;
use crate::text_search::{after_last, split_once, whole_number};
use crate::texts;

/// The parts of an absolute http(s) address that the rules need.
struct Web<'a> {
    is_https: bool,
    /// Everything before the path: user, host, port.
    authority: &'a str,
}

impl<'a> Web<'a> {
    fn read(url: &'a str) -> Option<Self> {
        let (scheme, rest) = split_once(url, ":")?;
        let is_https = scheme.eq_ignore_ascii_case("https");
        let is_web = is_https || scheme.eq_ignore_ascii_case("http");
        let rest = rest.strip_prefix("//").filter(|_| is_web)?;
        let end = rest.bytes().position(|byte| matches!(byte, b'/' | b'?' | b'#'));
        Some(Self { is_https, authority: rest.get(..end.unwrap_or(rest.len()))? })
    }
}

/// Whether this is an absolute http(s) address with a host. Whether it can be reached is up to the service.
#[must_use]
pub fn is_web_address(url: &str) -> bool {
    Web::read(url).is_some_and(|web| !web.authority.is_empty())
        && !url.bytes().any(is_control_or_space)
}

/// The host of an address, with its port, in lower case. Text that is not a web address is returned as it is.
#[must_use]
pub fn site(url: &str) -> String {
    let authority = Web::read(url).map_or(url, |web| web.authority);
    after_last(authority, "@").to_ascii_lowercase()
}

/// Checks that an address is safe to send a key to. It is stricter than a browser: an invalid address is refused,
/// not repaired. `allows_private` also takes http to a private network, where others can read the key.
///
/// # Errors
/// The rule that it breaks.
pub fn check_safe(url: &str, allows_private: bool) -> Result<(), Template<0>> {
    let Some(Web { is_https, authority }) = Web::read(url) else {
        return Err(texts::URL_ABSOLUTE);
    };
    if url.bytes().any(|byte| is_control_or_space(byte) || byte == b'\\') {
        return Err(texts::URL_NO_SPACES);
    }
    if authority.bytes().any(|byte| byte == b'@') {
        return Err(texts::URL_NO_USER);
    }
    let (is_host, is_loopback, is_private, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = split_once(rest, "]").ok_or(texts::URL_HOST)?;
            let is_digit = |byte: u8| byte.is_ascii_hexdigit() || byte == b':';
            let is_host = address.bytes().all(is_digit) && address.len() > 1;
            (is_host, address == "::1", is_private_ipv6(address), port)
        }
        None => {
            let end = authority.bytes().position(|byte| byte == b':');
            let host = authority.get(..end.unwrap_or(authority.len())).unwrap_or_default();
            let port = authority.strip_prefix(host).unwrap_or_default();
            let is_named = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
            let is_host = host.bytes().all(is_named) && !host.is_empty();
            (is_host, is_loopback(host), is_private(host), port)
        }
    };
    if !is_host {
        return Err(texts::URL_HOST);
    }
    let number = if port.is_empty() { Some("443") } else { port.strip_prefix(':') };
    let number = number.and_then(|number| whole_number(number, 10));
    if number.is_none_or(|number| number > 65_535) {
        return Err(texts::URL_PORT);
    }
    match allows_private {
        _ if is_https || is_loopback => Ok(()),
        true if is_private => Ok(()),
        true => Err(texts::URL_PRIVATE),
        false => Err(texts::URL_HTTPS),
    }
}

/// Not `127.evil.com`, and not the shorter forms that browsers also accept.
fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || matches!(ipv4(host), Some([127, ..]))
}

/// The bytes of an address. Browsers read a part that begins with 0 as octal, so it is refused here.
fn ipv4(host: &str) -> Option<[u8; 4]> {
    let (first, rest) = split_once(host, ".")?;
    let (second, rest) = split_once(rest, ".")?;
    let (third, fourth) = split_once(rest, ".")?;
    let byte = |part: &str| {
        let number = whole_number(part, 10).filter(|_| part == "0" || !part.starts_with("0"))?;
        u8::try_from(number).ok()
    };
    Some([byte(first)?, byte(second)?, byte(third)?, byte(fourth)?])
}

/// Addresses that are not routed on the internet (RFC 1918, 3927, 6598), and names that it does not have: without a
/// dot, or under a domain that is reserved for private use. A name that begins with a digit may be a number.
fn is_private(host: &str) -> bool {
    match ipv4(host) {
        Some(address) => matches!(
            address,
            [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [169, 254, ..] | [100, 64..=127, ..]
        ),
        None => {
            let host = host.to_ascii_lowercase();
            let is_under = |domain: &&str| host.ends_with(*domain);
            let is_single = split_once(&host, ".").is_none()
                && host.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
            is_single || [".internal", ".local", ".lan", ".home.arpa"].iter().any(is_under)
        }
    }
}

/// Unique local and link-local addresses (RFC 4193, 4291). Their first group has four digits.
fn is_private_ipv6(address: &str) -> bool {
    let group = split_once(address, ":").map(|(group, _)| group).filter(|it| it.len() == 4);
    let number = group.and_then(|group| whole_number(group, 16));
    matches!(number, Some(0xfc00..=0xfdff | 0xfe80..=0xfebf))
}

fn is_control_or_space(byte: u8) -> bool {
    byte <= b' ' || byte == 0x7f
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_its_host() {
        for (url, host) in [
            ("https://Example.com/a?b#c", "example.com"),
            ("http://user:secret@example.com:8080", "example.com:8080"),
            ("https://a@b@example.com/@", "example.com"),
            ("Example.com/path", "example.com/path"),
            ("", ""),
        ] {
            assert_eq!(site(url), host, "{url}");
        }
    }
}
