//! Web addresses: which ones may a key be sent to?
//!
//! An address is safe if nobody on the way can read the request: https, or http to this machine. The runtime has
//! a URL parser, but that repairs invalid addresses, which should be refused; and the tests on the host have none.

use crate::message::Template;
use crate::text_search::{after_last, split_once};
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
/// not repaired.
///
/// # Errors
/// The rule that it breaks.
pub fn check_safe(url: &str) -> Result<(), Template<0>> {
    let Some(Web { is_https, authority }) = Web::read(url) else {
        return Err(texts::URL_ABSOLUTE);
    };
    if url.bytes().any(|byte| is_control_or_space(byte) || byte == b'\\') {
        return Err(texts::URL_NO_SPACES);
    }
    if authority.bytes().any(|byte| byte == b'@') {
        return Err(texts::URL_NO_USER);
    }
    let (is_host, is_loopback, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = split_once(rest, "]").ok_or(texts::URL_HOST)?;
            let is_digit = |byte: u8| byte.is_ascii_hexdigit() || byte == b':';
            (address.bytes().all(is_digit) && address.len() > 1, address == "::1", port)
        }
        None => {
            let end = authority.bytes().position(|byte| byte == b':');
            let host = authority.get(..end.unwrap_or(authority.len())).unwrap_or_default();
            let port = authority.strip_prefix(host).unwrap_or_default();
            let is_named = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
            (host.bytes().all(is_named) && !host.is_empty(), is_loopback(host), port)
        }
    };
    if !is_host {
        return Err(texts::URL_HOST);
    }
    let number = if port.is_empty() { Some("443") } else { port.strip_prefix(':') };
    // `parse` accepts a plus sign.
    if number.is_none_or(|number| number.starts_with("+") || number.parse::<u16>().is_err()) {
        return Err(texts::URL_PORT);
    }
    if is_https || is_loopback { Ok(()) } else { Err(texts::URL_HTTPS) }
}

/// Not `127.evil.com`, and not the shorter forms that browsers also accept.
fn is_loopback(host: &str) -> bool {
    let is_byte = |part: &str| part.parse::<u8>().is_ok();
    let is_in_127 = || {
        let (second, rest) = split_once(host.strip_prefix("127.")?, ".")?;
        let (third, fourth) = split_once(rest, ".")?;
        Some([second, third, fourth].into_iter().all(is_byte))
    };
    host.eq_ignore_ascii_case("localhost") || is_in_127().unwrap_or_default()
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
