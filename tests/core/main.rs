//! The core in virtual time, on the host. The files mirror those of `src`.

mod account;
mod callback;
mod circuit_breaker;
mod client {
    mod abort;
    mod answered_at_once;
    mod batch;
    mod exchange;
    mod reads;
    mod report;
    mod user_agent;
    mod wait;
    mod wait_faults;
    mod wait_late;
}
mod content;
mod content_kind;
mod error;
mod error_table;
mod first_delay;
mod fuzz_corpus;
mod gate;
mod gate_probes;
mod key;
mod members;
mod message;
mod method;
mod options;
mod poll_ledger;
mod properties;
mod protocol;
mod response;
mod service;
mod status;
mod task {
    mod catalog;
    mod check;
    mod image;
    mod image_options;
    mod no_cache;
}
mod task_state;
mod url;
