//! The texts that complete a code's own sentence, and the hints that belong to no code.
//!
//! One table, in English. The English texts are also the keys of a translation, so that a translator sees
//! what is translated, a changed text asks for a new translation, and no names of texts are downloaded.
//! The sentences and hints of the codes are in [`crate::error_table`].

use crate::message::{Template, placeholders};

macro_rules! texts {
    ($($name:ident $english:literal)+) => {
        $(#[allow(missing_docs)] pub const $name: Template<{ placeholders($english) }> = Template($english);)+

        /// Every text.
        pub const ALL: &[&str] = &[$($english),+];

        #[cfg(target_arch = "wasm32")]
        #[wasm_bindgen::prelude::wasm_bindgen(typescript_custom_section)]
        const MESSAGES: &str = concat!(
            "/**\n",
            " * The words of a language: a message and a hint for each code, and the texts that complete\n",
            " * them, by their English wording. A `{place}` is filled in; a translation has the same ones, in any order.\n",
            " */\n",
            "export interface Messages {\n",
            "  /** What a code means, and what to do about it. */\n",
            "  codes: { [C in ErrorCodes[keyof ErrorCodes]]: { message: string; hint: string } };\n",
            "  /** What completes the message of a code, and the hints that depend on more than the code. */\n",
            "  texts: {\n",
            // The Rust literal is a JavaScript one too.
            $("    ", stringify!($english), ": string;\n",)+
            "  };\n",
            "}\n",
            "/** A catalogue of which parts may be missing: those stay English. */\n",
            "export type PartialMessages = {\n",
            "  /** The words of each code. */\n",
            "  codes?: { [C in keyof Messages[\"codes\"]]?: Partial<Messages[\"codes\"][C]> };\n",
            "  /** What completes a message, by the English text. Each name in braces is replaced. */\n",
            "  texts?: Partial<Messages[\"texts\"]>;\n",
            "};\n"
        );
    };
}

texts! {
    // How a message is put together.
    SENTENCE "{what}: {detail}"
    NAMED_RULE "`{name}` {rule}"
    REFUSED_BEFORE "{message}; not sent, for the service has answered so before"

    // Rules.
    MUST_BE "must be {what}"
    MUST_BE_NOT "must be {what}, not {value}"
    MISSING "is missing"
    MISSPELT "is missing. Did you mean it by `{name}`?"
    EMPTY "is empty"
    KEY_MISSING "is missing: it is the key of your account"
    UNKNOWN_OPTION "is no option that is known here"
    UNKNOWN_OPTION_NEAR "is not a known option. Did you mean `{name}`?"
    UNKNOWN_OPTION_WITHIN "has a member that is no option known here"
    NO_METHOD "is {service}, which has no method {method}"
    MIN_ABOVE_MAX "has a minBytes above its maxBytes"
    NOT_JSON "is not JSON ({reason})"
    ONE_OF_NEEDED "or `{others}` is needed"
    READ_ALREADY "has been read already"
    NO_STREAM "must be what was posted, not a stream: read it to its end first"
    UNREADABLE "cannot be read"
    URL_ABSOLUTE "must be an absolute URL that begins with https://"
    URL_HTTPS "must begin with https://, for what is sent would cross the network in plain text"
    URL_NO_QUERY "must not have a query or a fragment"
    URL_NO_SPACES "must not have spaces, control characters or backslashes"
    URL_NO_USER "must not have a user or a password"
    URL_HOST "has no valid host (write an international name in its xn-- form)"
    URL_PORT "has no valid port"

    // Kinds of values, given or wanted.
    TEXT "text"
    LIST "a list"
    OBJECT "an object"
    BYTES "bytes"
    NOT_OF_JSON "something that JSON does not have"
    FLAG "true or false"
    ANY_WHOLE "a whole number"
    WHOLE "a whole number from {min} to {max}"
    SCORE "a number from 0.1 to 0.9"
    ZERO_OR_ONE "0 or 1"
    THREE_OR_FOUR "3 or 4"
    ONE_OF "one of {values}"
    TEXTS "a list of texts"
    IMAGES "a list of images"
    WEB_ADDRESS "an absolute http(s) address"
    FUNCTION "a function"
    ABORT_SIGNAL "an AbortSignal"
    ITERABLE "an iterable or an async iterable of tasks"
    TASK_NUMBER "a task's number"
    TASK_OBJECT "an object with a `type`"
    TYPE_TEXT "text, such as \"ImageToTextTask\""
    SERVICE_NAME "{names} or a service profile"
    REPORT_KIND "\"image\" or \"token\""
    REPORT_KINDS "a list of \"image\" and \"token\""
    CALLBACK_BODY "text, bytes, a parsed object or a Request"

    // Images.
    IMAGE_SIZE "{size} bytes, allowed are {min} to {max}"
    IMAGE_UNREADABLE "it cannot be read ({reason})"
    NOT_BASE64 "'{character}' is not a base64 character"
    BASE64_CUT "the base64 text is cut or ends wrongly"
    DATA_URL_EMPTY "the data: URL has no comma, so no content"
    DATA_URL_NOT_BASE64 "the data: URL is not in base64"

    // Answers.
    NO_ERROR_ID "its JSON has no errorId"
    INVALID_ERROR_ID "its errorId is no number and it has no errorCode"
    UNEXPECTED_JSON "its JSON is {value}"
    JSON_INSTEAD "it is no {wanted} but JSON: {value}"
    TEXT_INSTEAD "it is no {wanted} but begins with \"{start}\""
    EMPTY_BODY "it is empty"
    TOO_LARGE "it is larger than the 4 MiB that are read"
    STATUS "status {status}, {detail}"
    REDIRECT "a redirect, which is refused so that the key goes nowhere else"
    NO_CODE "it gave no code"
    NO_SOLUTION "the status is \"ready\" but there is no solution"
    NO_STATE "the status is missing"
    UNKNOWN_STATE "the status is {value}"
    NO_TASK_ID "the task id is missing"
    INVALID_TASK_ID "the task id is {value}"
    ABOVE_2_53 "a number above 2^53, which JavaScript rounds"
    NO_BALANCE "the balance is no number"
    NO_TEXT "the solution has no text"
    NOT_READY "CAPTCHA_NOT_READY belongs to getTaskResult"
    NOT_CONVERTED "a result cannot be converted"

    // Time.
    POLLS_USED "all {count} result requests of task {task} are used"
    TASK_TOO_OLD "task {task} is 5 minutes old, and results are kept no longer"
    NOT_IN_TIME "task {task} was not ready within {span} ms, after {count} result requests"
    NO_ANSWER "no whole answer within {span} ms"
    TOO_LATE "the time of the call was over before the request was sent"

    // Hints that depend on more than the code.
    HINT_MAY_EXIST "Look at the account before repeating: the task may exist and be charged, so the client does not repeat it by itself."
    HINT_TOO_LATE "Repeat the call, for nothing was sent; or raise timeoutMs."
    HINT_CREATE_AGAIN "Create the task anew: nothing more can be learnt about this one."
    HINT_CALLBACK "Anyone may post to this address: ask the service itself, with waitForResult(taskId)."
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::next_placeholder;

    fn names(text: &str) -> Vec<&str> {
        let mut names = Vec::new();
        let mut rest = text;
        while let Some((_, name, after)) = next_placeholder(rest) {
            names.push(name);
            rest = after;
        }
        names
    }

    #[test]
    fn every_text_is_unique_and_so_are_its_placeholders() {
        for (at, text) in ALL.iter().enumerate() {
            assert!(!ALL[..at].contains(text), "{text}");
            let mut names = names(text);
            // The compiler counts opening braces: each must begin a named placeholder.
            assert_eq!(names.len(), placeholders(text), "{text}");
            assert_eq!(names.len(), text.matches('}').count(), "{text}");
            assert!(
                names.iter().all(|name| name.bytes().all(|b| b.is_ascii_lowercase())),
                "{text}"
            );
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), placeholders(text), "{text}");
        }
    }
}
