//! The error codes listed on the services' error pages, each with a sentence of our own.

/// An error code as sent on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The text in `errorCode`.
    pub name: &'static str,
    /// The `errorDescription` that the sandbox sends by default.
    pub meaning: &'static str,
}

/// Returns the code with this name, if the services have one.
pub fn find(name: &str) -> Option<Code> {
    ALL.iter().copied().find(|code| code.name == name)
}

/// Declares one constant per code and the list of all codes, so that the two always match.
macro_rules! codes {
    ($($name:ident: $meaning:literal,)*) => {
        $(
            #[doc = $meaning]
            pub const $name: Code = Code { name: stringify!($name), meaning: $meaning };
        )*

        /// Every code on the two services' error pages.
        pub const ALL: &[Code] = &[$($name),*];
    };
}

codes! {
    ERROR_KEY_DOES_NOT_EXIST: "No account has this key.",
    ERROR_ZERO_BALANCE: "This account has no money left.",
    ERROR_TOO_BIG_CAPTCHA_FILESIZE: "The image is larger than the service accepts.",
    ERROR_ZERO_CAPTCHA_FILESIZE: "The image is smaller than the service accepts.",
    ERROR_NO_SUCH_CAPCHA_ID: "This account created no task with this id in the last 5 minutes.",
    WRONG_CAPTCHA_ID: "This account has no task with this id, or created it more than 5 minutes ago.",
    ERROR_CAPTCHA_UNSOLVABLE: "This captcha could not be read.",
    CAPTCHA_NOT_READY: "The task is not ready yet.",
    ERROR_IP_NOT_ALLOWED: "This account does not allow requests from your IP address.",
    ERROR_IP_BANNED: "Your IP address sent too many wrong keys and is banned for 10 minutes.",
    ERROR_NO_SUCH_METHOD: "The service has no method with this name.",
    ERROR_TOO_MUCH_REQUESTS: "The result of this task was requested too often.",
    ERROR_DOMAIN_NOT_ALLOWED: "The service does not solve captchas of this site.",
    ERROR_TOKEN_EXPIRED: "The one-time value in the task is no longer valid.",
    ERROR_NO_SLOT_AVAILABLE: "All workers are busy at the moment.",
    ERROR_RECAPTCHA_INVALID_SITEKEY: "The site key is not valid.",
    ERROR_RECAPTCHA_INVALID_DOMAIN: "The site key belongs to another site.",
    ERROR_RECAPTCHA_TIMEOUT: "The reCAPTCHA took too long.",
    ERROR_IP_BLOCKED: "Your IP address caused too many errors and is blocked for 10 minutes.",
    ERROR_PROXY_CONNECT_REFUSED: "The proxy could not be reached.",
    ERROR_PROXY_BANNED: "The captcha's provider bans this proxy.",
    ERROR_TASK_NOT_SUPPORTED: "The task has no type, or an unknown one.",
    ERROR_TASK_ABSENT: "The request is not JSON or contains no task object.",
    ERROR_WRONG_USERAGENT: "The User-Agent in the task is out of date.",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_exactly_the_codes_of_the_error_pages() {
        assert_eq!(ALL.len(), 24);
        assert_eq!(find("WRONG_CAPTCHA_ID"), Some(WRONG_CAPTCHA_ID));
        assert_eq!(find("ERROR_NO_SUCH_CAPTCHA_ID"), None);
        assert_eq!(find(""), None);
    }
}
