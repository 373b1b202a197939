//! A scripted host in virtual time, and what the tests say about it.
//!
//! | file | what it holds |
//! |---|---|
//! | `js.rs` | a value as JavaScript has it: JSON, `undefined`, blobs, bigints |
//! | `script.rs` | answers as plain data, and a server that plays a list of them |
//! | `rows.rs` | the task types, as a fixture has them |
//! | `world.rs` | the host: clock, timers, requests; and the executor that advances the clock |
//! | `calls.rs` | the client's calls as plain data, and assertions on failures |

// Each test file is a crate of its own and uses a part of this.
#![allow(dead_code, unused_imports)]

mod calls;
mod js;
mod rows;
mod script;
mod world;

pub(crate) use calls::*;
pub(crate) use js::*;
pub(crate) use rows::*;
pub(crate) use script::*;
pub(crate) use world::*;

pub(crate) use capwire::error::{Cause, Class, Failure, Origin};
pub(crate) use capwire::options::CallOptions;
pub(crate) use capwire::service::ReportKind;
pub(crate) use capwire::solve::{Client, Progress};
pub(crate) use capwire::wire::TaskId;
pub(crate) use serde_json::{Value, json};
