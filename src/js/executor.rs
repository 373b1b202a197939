//! Drives the calls: a future per call, polled when an operation of it has completed.
//!
//! It takes the place of `wasm-bindgen-futures`, whose promises and queues cost 5 kB, and an `await` on a
//! JavaScript promise for every step. Here JavaScript reports each completion by one call into the module.

use super::table::Table;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::mem::take;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

/// The work of one call.
pub(super) type Work = Pin<Box<dyn Future<Output = ()>>>;

/// One call. Its work is absent while it is being polled.
struct Running {
    work: Option<Work>,
    waker: Waker,
}

thread_local! {
    static CALLS: RefCell<Table<Running>> = const { RefCell::new(Table::new()) };
    /// The calls to poll next.
    static READY: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
    static IS_RUNNING: Cell<bool> = const { Cell::new(false) };
    /// The call that is being polled.
    static CURRENT: Cell<u32> = const { Cell::new(0) };
}

struct CallWaker(u32);

impl Wake for CallWaker {
    fn wake(self: Arc<Self>) {
        READY.with_borrow_mut(|ready| ready.push(self.0));
    }
}

/// Starts a call under a number that no other call has.
pub(super) fn spawn(id: u32, work: Work) {
    let waker = Waker::from(Arc::new(CallWaker(id)));
    waker.wake_by_ref();
    CALLS.with_borrow_mut(|calls| calls.insert(id, Running { work: Some(work), waker }));
    run();
}

/// Drops a call, and with it every operation of it.
pub(super) fn abort(id: u32) {
    let call = CALLS.with_borrow_mut(|calls| calls.remove(id));
    // Dropped here, when nothing is borrowed: it aborts requests, whose listeners may call into the module.
    drop(call);
    run();
}

/// Polls calls until none is ready. Within a poll it does nothing: the outer one goes on with what has become
/// ready, so that a `fetch` of the caller may call the client.
pub(super) fn run() {
    if IS_RUNNING.replace(true) {
        return;
    }
    loop {
        let ready = READY.with_borrow_mut(take);
        if ready.is_empty() {
            break;
        }
        ready.into_iter().for_each(poll);
    }
    IS_RUNNING.set(false);
}

/// The call that is being polled.
pub(super) fn current() -> u32 {
    CURRENT.get()
}

fn poll(id: u32) {
    let taken = CALLS.with_borrow_mut(|calls| {
        let call = calls.get_mut(id)?;
        Some((call.work.take()?, call.waker.clone()))
    });
    let Some((mut work, waker)) = taken else { return };
    CURRENT.set(id);
    if work.as_mut().poll(&mut Context::from_waker(&waker)) == Poll::Ready(()) {
        CALLS.with_borrow_mut(|calls| calls.remove(id));
        return;
    }
    // A call that was aborted while it was polled is gone: its work is dropped below.
    CALLS.with_borrow_mut(|calls| {
        if let Some(call) = calls.get_mut(id) {
            call.work = Some(work);
        }
    });
}
