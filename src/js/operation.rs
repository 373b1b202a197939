//! An operation of JavaScript that takes time: a request, a timer, the bytes of a file.
//!
//! Each has a number. JavaScript starts it under that number and reports its end with [`complete`]. Dropping an
//! operation cancels it.

use super::executor::run;
use super::table::Table;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use wasm_bindgen::prelude::*;

/// The end of an operation, as JavaScript reports it. Each operation gives the members a meaning of its own.
pub(super) struct Completion {
    /// 0 is success. What else there is depends on the operation.
    pub(super) kind: u32,
    pub(super) number: f64,
    pub(super) value: JsValue,
    pub(super) extra: JsValue,
}

enum State {
    Started(Option<Waker>),
    Completed(Completion),
}

thread_local! {
    static OPERATIONS: RefCell<Table<State>> = const { RefCell::new(Table::new()) };
    static LAST_ID: Cell<u32> = const { Cell::new(0) };
}

/// An operation under way.
pub(super) struct Operation(u32);

impl Operation {
    /// Starts an operation under a number of its own.
    pub(super) fn start(begin: impl FnOnce(u32)) -> Self {
        let operation = Self::new();
        begin(operation.0);
        operation
    }

    // Apart from `start`, of which there is a copy for each kind of operation.
    #[inline(never)]
    fn new() -> Self {
        OPERATIONS.with_borrow_mut(|operations| {
            let mut id = LAST_ID.get().wrapping_add(1);
            // After 4 billion operations the numbers start again, and a long one may still be under way.
            while operations.contains(id) {
                id = id.wrapping_add(1);
            }
            LAST_ID.set(id);
            operations.insert(id, State::Started(None));
            Self(id)
        })
    }
}

impl Future for Operation {
    type Output = Completion;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Completion> {
        OPERATIONS.with_borrow_mut(|operations| {
            if let Some(State::Started(waker)) = operations.get_mut(self.0) {
                *waker = Some(context.waker().clone());
                return Poll::Pending;
            }
            match operations.remove(self.0) {
                Some(State::Completed(completion)) => Poll::Ready(completion),
                _ => Poll::Pending,
            }
        })
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        let state = OPERATIONS.with_borrow_mut(|operations| operations.remove(self.0));
        if matches!(state, Some(State::Started(_))) {
            cancel(self.0);
        }
    }
}

/// Reports the end of an operation, and goes on with the call that waits for it.
#[wasm_bindgen]
#[allow(unreachable_pub)] // it is called from JavaScript
pub fn complete(id: u32, kind: u32, number: f64, value: JsValue, extra: JsValue) {
    let waker = OPERATIONS.with_borrow_mut(|operations| {
        let state = operations.get_mut(id)?;
        let completed = State::Completed(Completion { kind, number, value, extra });
        match std::mem::replace(state, completed) {
            State::Started(waker) => waker,
            State::Completed(_) => None,
        }
    });
    if let Some(waker) = waker {
        waker.wake();
        run();
    }
}

#[wasm_bindgen(raw_module = "./platform.js")]
extern "C" {
    fn cancel(id: u32);
}
