//! The texts that complete a code's message, and hints that depend on more than the code.
//!
//! One table, in English. The English texts are also the keys of a translation: a translator sees what to
//! translate, a changed text needs a new translation, and no separate names are downloaded.
//! The messages and hints of the codes are in [`crate::error_table`].

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
            " * All messages in one language: a message and a hint for each code, and the texts that complete\n",
            " * them, by their English wording. Keep each `{placeholder}`; their order is free.\n",
            " */\n",
            "export interface Messages {\n",
            "  /** What each code means, and what to do about it. */\n",
            "  codes: { [C in ErrorCodes[keyof ErrorCodes]]: { message: string; hint: string } };\n",
            "  /** Texts that complete a code's message, and hints that depend on more than the code. */\n",
            "  texts: {\n",
            // The Rust literal is a JavaScript one too.
            $("    ", stringify!($english), ": string;\n",)+
            "  };\n",
            "}\n",
            "/** A catalogue that may lack texts: those stay English. */\n",
            "export type PartialMessages = {\n",
            "  /** A message and a hint for each code. */\n",
            "  codes?: { [C in keyof Messages[\"codes\"]]?: Partial<Messages[\"codes\"][C]> };\n",
            "  /** Texts that complete a code's message, by their English wording. */\n",
            "  texts?: Partial<Messages[\"texts\"]>;\n",
            "};\n"
        );
    };
}

texts! {
    // The shape of a message.
    SENTENCE "{what}: {detail}"
    NAMED_RULE "`{name}` {rule}"
    REFUSED_BEFORE "{message}; not sent, because the service has refused this before"

    // Rules.
    MUST_BE "must be {what}"
    MUST_BE_NOT "must be {what}, not {value}"
    MISSING "is missing"
    MISSPELT "is missing. Is `{name}` a misspelling of it?"
    EMPTY "is empty"
    KEY_MISSING "is missing: pass your account's API key"
    KEY_UNUSABLE "has a space, a control character or a letter that no key has: copy the key again"
    UNKNOWN_OPTION "is not a known option"
    UNKNOWN_OPTION_NEAR "is not a known option. Did you mean `{name}`?"
    UNKNOWN_OPTION_WITHIN "contains an unknown option"
    NO_METHOD "is {service}, which does not support {method}"
    MIN_ABOVE_MAX "has minBytes above maxBytes"
    NOT_JSON "cannot be written as JSON ({reason})"
    ONE_OF_NEEDED "or `{others}` is required"
    READ_ALREADY "has already been read"
    NO_STREAM "must be the whole body, not a stream: read the stream first"
    UNREADABLE "cannot be read"
    NO_RESPONSE "has given {value}, not a Response"
    TOO_MANY "has more than {max} entries, or one that cannot be read"
    URL_ABSOLUTE "must be an absolute URL starting with https://"
    URL_HTTPS "must start with https://: http is not encrypted"
    URL_PRIVATE "must start with https://: allowInsecure is for private networks only"
    URL_NO_QUERY "must not contain a query or fragment"
    URL_NO_SPACES "must not contain spaces, control characters or backslashes"
    URL_NO_USER "must not contain a user name or password"
    URL_HOST "has no valid host (write an international name in xn-- form)"
    URL_PORT "has an invalid port"

    // Types of values, actual or expected.
    TEXT "a string"
    LONG_TEXT "a string of more than 65,536 characters"
    TEXT_WITHOUT_PERCENT "a string without a percent sign"
    LIST "an array"
    OBJECT "an object"
    OBJECT_OF "a {class}"
    BYTES "bytes"
    NOT_OF_JSON "a value that JSON does not have"
    FLAG "true or false"
    ANY_WHOLE "a whole number"
    WHOLE "a whole number from {min} to {max}"
    SCORE "a number from 0.1 to 0.9"
    ZERO_OR_ONE "0 or 1"
    THREE_OR_FOUR "3 or 4"
    ONE_OF "one of {values}"
    TEXTS "an array of strings"
    IMAGES "an array of images"
    WEB_ADDRESS "an absolute http(s) URL"
    FUNCTION "a function"
    FETCH "a function like fetch, which gives a Response"
    ABORT_SIGNAL "an AbortSignal"
    ITERABLE "an iterable or async iterable of tasks"
    TASK_ID "a task id"
    TASK_OBJECT "an object with a `type`"
    TYPE_TEXT "a string such as \"ImageToTextTask\""
    SERVICE_NAME "{names} or a service profile"
    REPORT_KIND "\"image\" or \"token\""
    REPORT_KINDS "an array of \"image\" and \"token\""
    CALLBACK_BODY "a string, bytes, a parsed object or a Request"

    // Images.
    IMAGE_SIZE "{size} bytes (allowed: {min} to {max})"
    IMAGE_UNREADABLE "it cannot be read ({reason})"
    LOOKS_LIKE "it looks like {kind}"
    EMPTY_CANVAS "an empty canvas or data: URL: {size}"
    STREAM_ENDED "{object} stream that has ended or is locked"
    BODY_USED "{object} whose body has been read or is locked"
    INVISIBLE "an invisible character U+{code} at position {position}"
    NOT_BASE64 "'{character}' is not a base64 character"
    BASE64_CUT "the base64 text is truncated or badly padded"
    DATA_URL_EMPTY "the data: URL has no comma, so it has no content"

    // What is not an image.
    HTML "an HTML page"
    XML "XML, but not SVG"
    JSON "JSON"
    PLAIN_TEXT "text, by its declared type"
    BASE64 "base64 text given as bytes"
    DATA_URL "a data: URL given as bytes"
    ADDRESS "the address of an image, not the image itself"
    PATH "the path of a file, not its content"
    PDF "a PDF document"
    ZIP "a ZIP archive"
    GZIP "gzip data"
    AUDIO "audio"
    VIDEO "video"
    BINARY_AS_TEXT "binary data that was once read as text"
    ZEROS "zeros only"
    PIXELS "raw pixels, not an image file"

    // Responses.
    NO_ERROR_ID "its JSON has no errorId"
    INVALID_ERROR_ID "its errorId is not a number and errorCode is missing"
    UNEXPECTED_JSON "expected a JSON object, got {value}"
    JSON_INSTEAD "expected {wanted}, got JSON: {value}"
    TEXT_INSTEAD "expected {wanted}, got text starting with \"{start}\""
    EMPTY_BODY "the body is empty"
    TOO_LARGE "the body is larger than 4 MiB, or in too many pieces"
    STATUS "HTTP status {status}, {detail}"
    REDIRECT "a redirect, not followed so that your key is sent nowhere else"
    NO_CODE "it gave no error code"
    NO_SOLUTION "status is \"ready\" but solution is missing"
    NO_STATE "status is missing"
    UNKNOWN_STATE "unexpected status: {value}"
    NO_TASK_ID "taskId is missing"
    INVALID_TASK_ID "unexpected taskId: {value}"
    ABOVE_2_53 "a number above 2^53, which JavaScript rounds"
    NO_BALANCE "balance is not a number"
    NO_TEXT "the solution has no text"
    NOT_READY "only getTaskResult may answer CAPTCHA_NOT_READY"

    // Time.
    POLLS_USED "all {count} result requests for task {task} are used up"
    TASK_TOO_OLD "task {task} is 5 minutes old, and its result is no longer kept"
    NOT_IN_TIME "no solution for task {task} within {span} ms (result requests: {count})"
    NO_BODY "the body was not complete within {span} ms"
    BATCH_ENDED "the batch ended before task {task} was ready"
    NO_ANSWER "no complete response within {span} ms"
    TOO_LATE "the call's time ran out before the request was sent"

    // Hints that depend on more than the code.
    HINT_FETCH "Pass a function that takes a URL and a RequestInit and resolves to a Response, as fetch does."
    HINT_PAGE "Check the response that it comes from: it may be an error or a sign-in page."
    HINT_ELEMENT "Draw it on a canvas and pass the canvas."
    HINT_MAY_EXIST "Check your account before trying again: the task may exist and be charged, so it is not repeated automatically."
    HINT_TOO_LATE "Try again or raise timeoutMs. Nothing was sent."
    HINT_CREATE_AGAIN "Create a new task: the result of this one can no longer be requested."
    HINT_CALLBACK "Confirm with waitForResult(taskId): anyone can post to this address."
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
