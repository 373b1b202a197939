//! The error codes that the services' error pages list, each with a sentence of our own.

/// An error code as it stands on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The text in `errorCode`.
    pub name: &'static str,
    /// What the sandbox says in `errorDescription` when it has nothing more exact to say.
    pub meaning: &'static str,
}

/// The code of that name, if the services have one.
pub fn find(name: &str) -> Option<Code> {
    ALL.iter().copied().find(|code| code.name == name)
}

/// One constant per code and the list of all of them, so that neither can miss one of the other.
macro_rules! codes {
    ($($name:ident: $meaning:literal,)*) => {
        $(
            #[doc = $meaning]
            pub const $name: Code = Code { name: stringify!($name), meaning: $meaning };
        )*

        /// Every code of the two services' error pages.
        pub const ALL: &[Code] = &[$($name),*];
    };
}

codes! {
    ERROR_KEY_DOES_NOT_EXIST: "No account has this key.",
    ERROR_ZERO_BALANCE: "There is no money left on this account.",
    ERROR_TOO_BIG_CAPTCHA_FILESIZE: "The image has more bytes than the service takes.",
    ERROR_ZERO_CAPTCHA_FILESIZE: "The image has fewer bytes than the service takes.",
    ERROR_NO_SUCH_CAPCHA_ID: "No task of this account that is younger than 5 minutes has this id.",
    WRONG_CAPTCHA_ID: "This account has no task under this id, or had it more than 5 minutes ago.",
    ERROR_CAPTCHA_UNSOLVABLE: "Nothing could be read from this captcha.",
    CAPTCHA_NOT_READY: "The answer is still being worked out.",
    ERROR_IP_NOT_ALLOWED: "This account does not take requests from your address.",
    ERROR_IP_BANNED: "Your address has sent too many wrong keys and is shut out for 10 minutes.",
    ERROR_NO_SUCH_METHOD: "The service has nothing of this name.",
    ERROR_TOO_MUCH_REQUESTS: "The result of this task was asked for too often.",
    ERROR_DOMAIN_NOT_ALLOWED: "The service does not work on captchas of this site.",
    ERROR_TOKEN_EXPIRED: "The one-time value in the task is no longer valid.",
    ERROR_NO_SLOT_AVAILABLE: "All workers are busy at the moment.",
    ERROR_RECAPTCHA_INVALID_SITEKEY: "The site key is not valid.",
    ERROR_RECAPTCHA_INVALID_DOMAIN: "The site key belongs to another site.",
    ERROR_RECAPTCHA_TIMEOUT: "The reCAPTCHA took too long.",
    ERROR_IP_BLOCKED: "Your address has caused too many errors and is shut out for 10 minutes.",
    ERROR_PROXY_CONNECT_REFUSED: "The proxy could not be reached.",
    ERROR_PROXY_BANNED: "The captcha's provider refuses this proxy.",
    ERROR_TASK_NOT_SUPPORTED: "The task has no type, or one that the service does not know.",
    ERROR_TASK_ABSENT: "The request is not JSON, or there is no task object in it.",
    ERROR_WRONG_USERAGENT: "The user agent in the task is out of date.",
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
