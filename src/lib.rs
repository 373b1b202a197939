//! The core of capwire, a client of captcha-recognition services, and its JavaScript side.
//!
//! Everything but [`js`] is plain Rust that knows no JavaScript and is tested on the host in virtual
//! time. Read the files in this order:
//!
//! | module | what it decides |
//! |---|---|
//! | [`service`] | the two services: base URL, image limits, report methods |
//! | [`options`] | client and call options: defaults, bounds |
//! | [`image`] | image input → base64, size bounds |
//! | [`kinds`] | the task types that are known: fields, checks, timings |
//! | [`task`] | a task as it is sent: checked, its images in base64 |
//! | [`protocol`] | request bodies; what an answer means |
//! | [`callback`] | what a service posts to a callbackUrl |
//! | [`schedule`] | delays, backoff, deadlines: pure arithmetic |
//! | [`texts`] | the words of the messages, and in which language they are said |
//! | [`error`] | the error table: every code, class, message and hint |
//! | [`split`] | finding text in text |
//! | [`url`] | web addresses, and which are safe to send a key to |
//! | [`guard`] | what this client must not send any more, and until when |
//! | [`wire`] | what both sides call a method and a task |
//! | [`host`] | what the core asks of its host: send, sleep, now |
//! | [`solve`] | check → create → poll → solution |
//! | [`batch`] | many tasks, a few at a time |
//! | `js` | exports, and the host over `fetch`, timers and `AbortSignal` |

// A panic inside an exported async function would leave the caller's promise pending for ever, so
// nothing that can panic compiles outside tests.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::unreachable,
        clippy::arithmetic_side_effects
    )
)]

pub mod batch;
pub mod callback;
pub mod error;
pub mod guard;
pub mod host;
pub mod image;
#[cfg(target_arch = "wasm32")]
pub mod js;
pub mod kinds;
pub mod options;
pub mod protocol;
pub mod schedule;
pub mod service;
pub mod solve;
pub mod split;
pub mod task;
pub mod texts;
pub mod url;
pub mod wire;
