//! The error table: every code with its class, whether a retry may help, its message and its hint.
//!
//! The services' codes come from their error pages; the hints are ours. One macro call holds all rows and
//! makes the table, a constant per code and the TypeScript types, so that they cannot disagree.

use crate::record::{MemberWriter, Record};

/// One row of the error table.
#[derive(Debug)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct ErrorTableRow {
    /// The code, as the service writes it.
    pub code: &'static str,
    /// The class of the JavaScript error.
    #[cfg_attr(target_arch = "wasm32", serde(rename = "name"), tsify(type = "keyof ErrorCodes"))]
    pub class: Class,
    /// Whether the same call may succeed later without changes.
    pub retryable: bool,
    /// What happened.
    pub message: &'static str,
    /// What to do about it.
    pub hint: &'static str,
}

impl<V> Record<V> for ErrorTableRow {
    fn members(&self, put: &mut MemberWriter<'_, V>) {
        put.text("code", self.code);
        put.text("name", self.class.name());
        put.flag("retryable", self.retryable);
        put.text("message", self.message);
        put.text("hint", self.hint);
    }
}

macro_rules! error_table {
    ($($class:ident { $($code:ident $retryable:literal $message:literal $hint:literal)+ })+) => {
        /// The class of an error, by what to do about it: `Key` is `KeyError` in JavaScript.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs)]
        pub enum Class { $($class),+ }

        impl Class {
            /// Every class, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$class),+];

            /// The name of the JavaScript class.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$class => concat!(stringify!($class), "Error")),+ }
            }
        }

        /// The row of each code, under the name of the code.
        #[allow(missing_docs)]
        pub mod code {
            use super::{Class, ErrorTableRow};
            $($(pub const $code: &ErrorTableRow = &ErrorTableRow {
                code: stringify!($code),
                class: Class::$class,
                retryable: $retryable,
                message: $message,
                hint: $hint,
            };)+)+
        }

        /// Every known code.
        pub const TABLE: &[&ErrorTableRow] = &[$($(code::$code),+),+];

        #[cfg(target_arch = "wasm32")]
        #[wasm_bindgen::prelude::wasm_bindgen(typescript_custom_section)]
        const ERROR_CODES: &str = concat!(
            "/** The codes of each error class. An unknown code is passed on as the service wrote it. */\n",
            "export interface ErrorCodes {\n",
            $("  /** The codes of a {@link ", stringify!($class), "Error}. */\n  ", stringify!($class), "Error: ", $("| \"", stringify!($code), "\" "),+ , ";\n"),+,
            "}\n"
        );
    };
}

error_table! {
    Key {
        ERROR_KEY_DOES_NOT_EXIST false
            "The service does not know this client key"
            "Copy the key again from your account's dashboard. This key is not sent again for an hour: repeats with a wrong key lead to a ban."
    }
    Balance {
        ERROR_ZERO_BALANCE false
            "The account has no money left"
            "Add funds, then call getBalance(). New tasks are refused locally until it returns a positive balance or 10 minutes have passed."
    }
    Image {
        ERROR_TOO_BIG_CAPTCHA_FILESIZE false
            "The image is larger than the service accepts"
            "Crop the image to the captcha, or save it with fewer colours or stronger compression."
        ERROR_ZERO_CAPTCHA_FILESIZE false
            "The image is smaller than the service accepts"
            "Check where the image comes from: a file this small is usually empty or truncated."
        ERROR_IMAGE_TYPE_NOT_SUPPORTED false
            "The service cannot read this kind of image"
            "Save the image as PNG or JPEG, and check that it is one: a page may be under its address."
        INVALID_IMAGE false
            "This is not a usable image"
            "Pass the image's bytes (Uint8Array, ArrayBuffer, Blob, File, Response, stream), a canvas, its base64 text or a data: URL, not a path or a web address."
    }
    Task {
        ERROR_NO_SUCH_METHOD false
            "The service does not know this kind of captcha"
            "Check the task's `type` against the service's list of captcha types."
        ERROR_TASK_NOT_SUPPORTED false
            "The service does not support this task type"
            "Check the task's `type`, or use the other service."
        ERROR_TASK_ABSENT false
            "The service found no task in the request"
            "Pass an object with a `type`. If you do, check whether a proxy or your own fetch changes the request."
        ERROR_INVALID_TASK false
            "The service says that values in the task are missing, wrong or outdated"
            "Fix the fields named in `serverMessage` and create a new task."
        ERROR_RECAPTCHA_INVALID_SITEKEY false
            "The site key is not valid"
            "Copy `websiteKey` from the page that shows the captcha."
        ERROR_RECAPTCHA_INVALID_DOMAIN false
            "The site key does not belong to this domain"
            "Set `websiteURL` to the full address of the page that shows the captcha."
        ERROR_WRONG_USERAGENT false
            "The service rejects the task's User-Agent as outdated"
            "Use the User-Agent of a current browser on Windows, or leave the field out."
        ERROR_TOKEN_EXPIRED false
            "A one-time value in the task has expired"
            "Read a fresh value from the page and create a new task immediately."
        INVALID_TASK false
            "The task cannot be sent"
            "Fix this field and try again. Nothing was sent."
    }
    Domain {
        ERROR_DOMAIN_NOT_ALLOWED false
            "The service refuses to solve captchas on this site"
            "Stop: the refusal is final, and trying again will not help."
    }
    Proxy {
        ERROR_PROXY_CONNECT_REFUSED false
            "The service could not connect to the proxy"
            "Check the proxy's address and port and that it is running, or use another proxy."
        ERROR_PROXY_BANNED false
            "The captcha's provider has banned this proxy"
            "Use another proxy: repeats with a banned one lead to a ban of your account."
        ERROR_PROXY_MISSING false
            "The task needs a proxy, or its proxyType is invalid"
            "Set proxyType (http, https, socks4 or socks5), proxyAddress and proxyPort together."
        ERROR_PROXY_NOT_AUTHORISED false
            "The proxy rejected the login or password"
            "Check proxyLogin and proxyPassword."
        ERROR_PROXY_READ_TIMEOUT false
            "Reading through the proxy took too long"
            "Check the proxy's address and port, or use a faster proxy."
        ERROR_PROXY_CREDENTIALS_INVALID_CHARACTER false
            "The proxy's login or password contains a forbidden character"
            "Use a login and password without a percent sign."
    }
    Access {
        ERROR_IP_NOT_ALLOWED false
            "Your account does not allow requests from this IP address"
            "Add the address to the trusted list in your account's settings, then call resetGuard() or wait 10 minutes."
        ERROR_IP_BANNED false
            "Your IP address is banned for requests with a wrong key"
            "Check the key and wait 10 minutes: every earlier request prolongs the ban."
        ERROR_IP_BLOCKED false
            "Your IP address is blocked because of too many errors"
            "Fix the cause of the earlier errors and wait 10 minutes."
    }
    TaskNotFound {
        ERROR_NO_SUCH_CAPCHA_ID false
            "The service does not know this task id; it may have expired"
            "Create a new task: results are kept for 5 minutes, and asking again for an unknown id leads to a ban."
        ERROR_NO_SUCH_CAPTCHA_ID false
            "The service does not know this task id; it may have expired"
            "Create a new task: results are kept for 5 minutes, and asking again for an unknown id leads to a ban."
        WRONG_CAPTCHA_ID false
            "The service does not know this task id; it may have expired"
            "Create a new task: results are kept for 5 minutes, and asking again for an unknown id leads to a ban."
    }
    Unsolvable {
        ERROR_CAPTCHA_UNSOLVABLE false
            "The service could not solve this captcha"
            "Try another captcha: this one may be damaged, too noisy or of an unsupported kind."
        ERROR_RECAPTCHA_TIMEOUT true
            "The service ran out of time while solving"
            "Create a new task, with a faster proxy if it uses one."
    }
    Capacity {
        ERROR_NO_SLOT_AVAILABLE true
            "The service has no free server for this task right now"
            "Try again later. The client has already retried as often as `maxRetries` allows."
        ERROR_SERVICE_NOT_AVAILABLE true
            "The service is not accepting tasks at the moment"
            "Try again later. If you use a callbackUrl, check that it can be reached."
    }
    RateLimit {
        ERROR_TOO_MUCH_REQUESTS true
            "The result of this task was requested too often"
            "Request it at most once in 2 seconds and 120 times per task, as waitForResult() does."
    }
    UnknownService {
        UNKNOWN false
            "The service returned an error that this version does not know"
            "Look up `serverCode` and `serverMessage` in the service's documentation."
    }
    Transport {
        NETWORK true
            "The service could not be reached, or the connection broke"
            "Check the network and, in a browser extension, the permission for the service's host."
        HTTP_STATUS false
            "The response did not come from the service"
            "Check baseUrl and what is between this program and the service (proxy, firewall, captive portal)."
        BAD_RESPONSE false
            "The service's response cannot be understood"
            "Check baseUrl. If it is right, the service has a fault or has changed its protocol."
        REQUEST_TIMEOUT true
            "The service did not respond in time"
            "Check the network, or raise requestTimeoutMs."
    }
    SolveTimeout {
        SOLVE_TIMEOUT true
            "The task was not ready in time"
            "Keep waiting with waitForResult(taskId), in any process, within 5 minutes of the task's creation."
    }
    Options {
        INVALID_OPTIONS false
            "An option cannot be used"
            "Fix this option and try again. Nothing was sent."
    }
    Internal {
        INTERNAL false
            "Something went wrong in capwire itself"
            "Please report it with this message and the versions of capwire and your runtime."
    }
}

/// The row of a service's code. An unknown proxy code gets the row of its family; any other has none.
#[must_use]
pub fn row_of_service(code: &str) -> Option<&'static ErrorTableRow> {
    // Compatible services write some in lower case.
    let begins =
        |with: &str| code.get(..with.len()).is_some_and(|it| it.eq_ignore_ascii_case(with));
    // A service cannot report client-side codes such as `NETWORK`, even if it sends that text.
    if !begins("ERROR_") && !begins(code::WRONG_CAPTCHA_ID.code) {
        return None;
    }
    let known = TABLE.iter().find(|row| row.code.eq_ignore_ascii_case(code)).copied();
    // A proxy code that is newer than this table still tells the caller to change the proxy.
    known.or_else(|| begins("ERROR_PROXY_").then_some(code::ERROR_PROXY_CONNECT_REFUSED))
}
