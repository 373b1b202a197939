//! The core in virtual time, on the host. The files mirror those of `src`.

mod account;
mod callback;
mod circuit_breaker;
mod client {
    mod abort;
    mod batch;
    mod create;
    mod report;
    mod wait;
}
mod error_table;
mod first_delay;
mod fuzz_corpus;
mod key;
mod message;
mod options;
mod poll_ledger;
mod properties;
mod protocol;
mod task {
    mod catalog;
    mod check;
    mod image;
}
mod url;
