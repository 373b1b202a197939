//! A scripted platform in virtual time, and assertions on what the client does with it.
//!
//! | file | contents |
//! |---|---|
//! | `value.rs` | a value as in JavaScript: JSON, `undefined`, blobs, bigints |
//! | `image_text.rs` | base64 and `data:` URLs |
//! | `script.rs` | answers as plain data, and a server that plays a list of them |
//! | `rows.rs` | the task types, from a fixture |
//! | `codes.rs` | the error codes, from two fixtures |
//! | `world.rs` | the platform: clock, timers, requests; and the executor that advances the clock |
//! | `fuzz_targets.rs` | properties that hold for any bytes, shared with the fuzzers |
//! | `calls.rs` | the client's calls as plain data, a builder for one call, assertions on outcomes |

mod calls;
mod codes;
pub mod fuzz_targets;
mod image_text;
mod rows;
mod script;
mod value;
mod world;

pub use calls::*;
pub use codes::*;
pub use image_text::*;
pub use rows::*;
pub use script::*;
pub use value::*;
pub use world::*;

pub use capwire::client::Client;
pub use capwire::client::progress::Progress;
pub use capwire::error::{Cause, Failure, Origin};
pub use capwire::error_table::Class;
pub use capwire::method::TaskId;
pub use capwire::options::CallOptions;
pub use capwire::platform::Platform;
pub use capwire::service::ReportKind;
pub use serde_json::{Value, json};
