//! State shared by all requests.

use crate::log::Log;
use crate::script::Queue;
use crate::state::Sandbox;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The running sandbox: one clock and one state.
#[derive(Debug)]
pub struct App {
    started: Instant,
    solve_after: Duration,
    world: Mutex<World>,
}

/// Everything that requests change.
#[derive(Debug)]
pub struct World {
    /// The services.
    pub sandbox: Sandbox,
    /// Replies scripted by tests.
    pub scripts: Queue,
    /// The requests to the services.
    pub log: Log,
}

impl App {
    /// Creates the initial state and starts the clock.
    pub fn new(solve_after: Duration) -> Self {
        let world = World {
            sandbox: Sandbox::new(solve_after),
            scripts: Queue::default(),
            log: Log::default(),
        };
        Self { started: Instant::now(), solve_after, world: Mutex::new(world) }
    }

    /// Time since the start.
    pub fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// Locks the state. Never await while holding the lock.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Restores the initial state. The clock keeps running.
    pub fn reset(&self) {
        let mut world = self.world();
        world.sandbox = Sandbox::new(self.solve_after);
        world.scripts = Queue::default();
        world.log.clear();
    }
}
