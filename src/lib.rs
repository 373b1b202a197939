//! The core of capwire, a client of captcha-recognition services, and its JavaScript side.
//!
//! Everything except [`js`] is plain Rust that knows no JavaScript and is tested on the host in virtual time.
//! Read the files in this order; each uses only files above it:
//!
//! | module | what it decides |
//! |---|---|
//! | [`record`] | objects that cross to the caller or to a service |
//! | [`text_search`] | finding a separator in a text, and the nearest name |
//! | [`schedule`] | when to ask, when to repeat, when to give up: pure arithmetic |
//! | [`error_table`] | every code: its class, sentence and hint |
//! | [`message`] | messages as data, and how they are put into words |
//! | [`texts`] | the texts that complete the sentence of a code |
//! | [`platform`] | what the core needs from the outside: values, HTTP, time |
//! | [`content`] | what is certainly no image |
//! | [`method`] | the methods of the protocol, the id of a task |
//! | [`key`] | the client key, which is never shown |
//! | [`error`] | failures as data |
//! | [`url`] | which addresses are safe to send a key to |
//! | [`service`] | the services: addresses, image limits, report methods |
//! | `members` | reading an object of the caller, and "did you mean" |
//! | [`options`] | client and call options: defaults, bounds |
//! | [`circuit_breaker`] | what must not be sent again, and until when |
//! | [`gate`] | one request at a time until the key is accepted, and after it was refused |
//! | [`poll_ledger`] | how often and when the result of each task was requested |
//! | [`first_delay`] | when to request a result first, learnt from earlier tasks |
//! | [`task`] | the catalogue of task types, the checks, images → base64 |
//! | [`digest`] | comparing a client key without keeping it |
//! | [`account`] | the four before [`task`], shared by all clients of an account |
//! | [`status`] | what is known of an account, as plain records |
//! | [`response`] | how much of a body is read, JSON or excerpt, `Retry-After` |
//! | [`protocol`] | request bodies, and what an answer means |
//! | [`task_state`] | the state of a task, and the text in a solution |
//! | [`callback`] | the body that a service posts to a `callbackUrl` |
//! | [`client`] | check → create → poll → solution; batches |
//! | `js` | the exports, and the platform over `fetch` and timers |

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

pub mod account;
pub mod callback;
pub mod circuit_breaker;
pub mod client;
pub mod content;
pub mod digest;
pub mod error;
pub mod error_table;
pub mod first_delay;
pub mod gate;
#[cfg(target_arch = "wasm32")]
pub mod js;
pub mod key;
mod members;
pub mod message;
pub mod method;
pub mod options;
pub mod platform;
pub mod poll_ledger;
pub mod protocol;
pub mod record;
pub mod response;
pub mod schedule;
pub mod service;
pub mod status;
pub mod task;
pub mod task_state;
pub mod text_search;
pub mod texts;
pub mod url;
