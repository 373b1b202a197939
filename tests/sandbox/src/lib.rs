//! A stand-in of two captcha-recognition services, CapMonster Cloud and BroCapGPT, so that a client of
//! them can be tried and tested on one machine, without an account and without money.
//!
//! It is written from what the services publish and shares no code with the client it is used to test:
//! where the two read a rule differently, a test fails.
//!
//! | module | purpose |
//! |---|---|
//! | [`codes`] | the error codes of the services |
//! | [`service`] | in what the two services differ, and their methods |
//! | [`task`] | what a task asks for, and what will come of it |
//! | [`state`] | the rules: a pure state machine, the clock is passed in |
//! | [`drawing`] | draws the only captchas that are ever recognised |
//! | [`script`] | answers and faults that a test orders beforehand |
//! | [`log`] | what was asked of the services |
//! | [`app`] | what all requests share |
//! | [`reply`] | puts an answer or a fault on the wire |
//! | [`control`] | the paths under `/sandbox` |
//! | [`server`] | ties all of it to a socket |
//! | [`options`] | the command line |

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
