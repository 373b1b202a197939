//! The error table: every code, its class, whether repeating helps, and the words a caller reads.
//!
//! The codes of a service come from its error page; the advice is ours. One macro call holds all rows. It
//! makes the table, a constant per code and the TypeScript types, so that they cannot disagree.

use serde::{Serialize, Serializer};

/// One row of the error table.
#[derive(Debug, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct ErrorTableRow {
    /// The code, as the service writes it.
    pub code: &'static str,
    /// The class of the JavaScript error.
    #[serde(serialize_with = "class_name", rename = "name")]
    #[cfg_attr(target_arch = "wasm32", tsify(type = "keyof ErrorCodes"))]
    pub class: Class,
    /// Whether the same call may succeed later without a change.
    pub retryable: bool,
    /// What happened.
    pub message: &'static str,
    /// What the caller does next.
    pub hint: &'static str,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // the signature is serde's
fn class_name<S: Serializer>(class: &Class, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(class.name())
}

macro_rules! error_table {
    ($($class:ident { $($code:ident $retryable:literal $message:literal $hint:literal)+ })+) => {
        /// What the caller does next, as a class: `Key` is `KeyError` in JavaScript.
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
            "/** The codes of each error class. A code that is not known here comes as the service wrote it. */\n",
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
            "Copy the key again from the account's dashboard. Nothing more is sent with this one, because repeats with a wrong key lead to a ban."
    }
    Balance {
        ERROR_ZERO_BALANCE false
            "The account has no money left"
            "Add funds, then call getBalance(): new tasks are refused locally until it shows money or 10 minutes have passed."
    }
    Image {
        ERROR_TOO_BIG_CAPTCHA_FILESIZE false
            "The image is larger than the service takes"
            "Send a smaller image: crop it to the captcha, or save it with fewer colours or more compression."
        ERROR_ZERO_CAPTCHA_FILESIZE false
            "The image is smaller than the service takes"
            "Check where the image comes from: this little is rarely more than an empty or cut file."
        INVALID_IMAGE false
            "This is no image that can be sent"
            "Pass the image's bytes (Uint8Array, ArrayBuffer, Blob, File), their base64 text, or a base64 data: URL; not a path or an address."
    }
    Task {
        ERROR_NO_SUCH_METHOD false
            "The service does not know this kind of captcha"
            "Check the task's `type` against the service's list of captcha types."
        ERROR_TASK_NOT_SUPPORTED false
            "The service does not support this task type"
            "Check the task's `type`, or ask the other service."
        ERROR_TASK_ABSENT false
            "The service found no task in the request"
            "Pass an object with a `type`; where a proxy or an injected fetch changes bodies, look there."
        ERROR_INVALID_TASK false
            "The service finds values of the task missing, wrong or outdated"
            "Mend the fields that `serverMessage` names and create the task anew."
        ERROR_RECAPTCHA_INVALID_SITEKEY false
            "The site key is not valid"
            "Take `websiteKey` from the page that shows the captcha."
        ERROR_RECAPTCHA_INVALID_DOMAIN false
            "The site key does not belong to this domain"
            "Pass the full address of the page that shows the captcha as `websiteURL`."
        ERROR_WRONG_USERAGENT false
            "The User-Agent in the task is not accepted as current"
            "Send the User-Agent of a current browser on Windows, or leave the field out."
        ERROR_TOKEN_EXPIRED false
            "A one-time value in the task has expired"
            "Read a fresh value from the page and create a new task at once."
        INVALID_TASK false
            "The task cannot be sent as it is"
            "Mend the field that `field` names; nothing was sent."
    }
    Domain {
        ERROR_DOMAIN_NOT_ALLOWED false
            "The service refuses to solve captchas of this site"
            "Stop: the refusal is final, and a repeat changes nothing."
    }
    Proxy {
        ERROR_PROXY_CONNECT_REFUSED false
            "The service could not connect to the proxy"
            "Check the proxy's address and port and that it is up, or use another proxy."
        ERROR_PROXY_BANNED false
            "The captcha's provider bans this proxy"
            "Use another proxy: repeats with a banned one lead to a ban of the account."
        ERROR_PROXY_MISSING false
            "The task needs a proxy, or its proxyType is not valid"
            "Give proxyType (http, https, socks4 or socks5), proxyAddress and proxyPort together."
        ERROR_PROXY_NOT_AUTHORISED false
            "The proxy refused its login or password"
            "Check proxyLogin and proxyPassword."
        ERROR_PROXY_READ_TIMEOUT false
            "Reading through the proxy took too long"
            "Check the proxy's address and port, or use a faster proxy."
        ERROR_PROXY_CREDENTIALS_INVALID_CHARACTER false
            "The proxy's login or password has a character that is not allowed"
            "Choose a login and password without a percent sign."
    }
    Access {
        ERROR_IP_NOT_ALLOWED false
            "The account does not allow requests from this address"
            "Add the address to the trusted list in the account's settings; requests go again after 10 minutes, or in a new process."
        ERROR_IP_BANNED false
            "This address is banned for requests with a wrong key"
            "Check the key and wait for 10 minutes; every request before that prolongs the ban."
        ERROR_IP_BLOCKED false
            "This address is blocked for a large number of errors"
            "Look into the errors that came before and wait for 10 minutes."
    }
    TaskNotFound {
        ERROR_NO_SUCH_CAPCHA_ID false
            "The service does not know this task id, or no longer"
            "Create the task anew: results are kept for 5 minutes, and asking again for an unknown id leads to a ban."
        WRONG_CAPTCHA_ID false
            "The service does not know this task id, or no longer"
            "Create the task anew: results are kept for 5 minutes, and asking again for an unknown id leads to a ban."
    }
    Unsolvable {
        ERROR_CAPTCHA_UNSOLVABLE false
            "The service could not solve this captcha"
            "Try another captcha: this one may be of an unsupported kind, too noisy, damaged or badly drawn."
        ERROR_RECAPTCHA_TIMEOUT true
            "Solving took longer than the service allows itself"
            "Create a new task, with a faster proxy if it uses one."
    }
    Capacity {
        ERROR_NO_SLOT_AVAILABLE true
            "No server of the service is free for this task now"
            "Try again in a while; the client has already repeated it as often as `maxRetries` allows."
        ERROR_SERVICE_NOT_AVAILABLE true
            "The service takes no tasks at the moment"
            "Try again later; with a callbackUrl, check that it can be reached."
    }
    RateLimit {
        ERROR_TOO_MUCH_REQUESTS true
            "The result of this task was asked for too often"
            "Ask at most once in 2 seconds and 120 times per task; waitForResult() does so by itself."
    }
    UnknownService {
        UNKNOWN false
            "The service answered with an error that is not known here"
            "Read `serverCode` and `serverMessage`, and look the code up in the service's documentation."
    }
    Transport {
        NETWORK true
            "The service could not be reached, or the connection broke"
            "Check the network and, in a browser, the permission for the service's host."
        HTTP_STATUS false
            "The answer is no answer of the service"
            "Check baseUrl, and what stands between this program and the service (proxy, firewall, captive portal)."
        BAD_RESPONSE false
            "The service's answer cannot be understood"
            "Check baseUrl; if it is right, the service has a fault or has changed its protocol."
        REQUEST_TIMEOUT true
            "The service did not answer in time"
            "Check the network, or raise requestTimeoutMs."
    }
    SolveTimeout {
        SOLVE_TIMEOUT true
            "The task was not ready in time"
            "Go on with waitForResult(taskId), in this process or another, within 5 minutes of its creation."
    }
    Options {
        INVALID_OPTIONS false
            "An option cannot be used"
            "Mend the option that `option` names; nothing was sent."
    }
    Internal {
        INTERNAL false
            "Something in capwire itself went wrong"
            "Please report it, with this message and the versions of capwire and of the runtime."
    }
}

/// The row of a service's code. An unknown proxy code gets the row of its family; any other has none.
#[must_use]
pub fn row_of_service(code: &str) -> Option<&'static ErrorTableRow> {
    // A service cannot report client-side codes such as `NETWORK`, even if it sends that text.
    if !code.starts_with("ERROR_") && code != code::WRONG_CAPTCHA_ID.code {
        return None;
    }
    let known = TABLE.iter().find(|row| row.code == code).copied();
    // A proxy code that is newer than this table still tells the caller to change the proxy.
    known.or_else(|| code.starts_with("ERROR_PROXY_").then_some(code::ERROR_PROXY_CONNECT_REFUSED))
}
