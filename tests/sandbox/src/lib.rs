//! A sandbox of two captcha-recognition services, CapMonster Cloud and BroCapGPT. It lets you try and test a
//! client on one machine, without an account and without money.
//!
//! It is written from the services' public documentation and shares no code with the client it tests. If the
//! two read a rule differently, a test fails.
//!
//! | module | purpose |
//! |---|---|
//! | [`codes`] | the error codes of the services |
//! | [`service`] | the differences between the two services, and their methods |
//! | [`task`] | what a task asks for, and its outcome |
//! | [`state`] | the services' rules as a pure state machine; the time is passed in |
//! | [`address`] | bans and blocks of client addresses |
//! | [`drawing`] | draws the captchas, the only images that are recognised |
//! | [`script`] | replies and faults that a test scripts in advance |
//! | [`log`] | the requests to the services |
//! | [`app`] | state shared by all requests |
//! | [`reply`] | sends a reply or a fault |
//! | [`control`] | the paths under `/sandbox` |
//! | [`server`] | connects everything to a socket |
//! | [`options`] | the command line |

pub mod address;
pub mod app;
pub mod codes;
pub mod control;
pub mod drawing;
pub mod log;
pub mod options;
pub mod reply;
pub mod script;
pub mod server;
pub mod service;
pub mod state;
pub mod task;
