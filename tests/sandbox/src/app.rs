//! What all requests share.

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
    /// What tests have ordered.
    pub scripts: Queue,
    /// What the services were asked.
    pub log: Log,
}

impl App {
    /// The initial state; the clock starts.
    pub fn new(solve_after: Duration) -> Self {
        let world = World {
            sandbox: Sandbox::new(solve_after),
            scripts: Queue::default(),
            log: Log::default(),
        };
        Self { started: Instant::now(), solve_after, world: Mutex::new(world) }
    }

    /// The time since the start.
    pub fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// Access to the state. Nothing waits while holding it.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Back to the initial state, but for the clock.
    pub fn reset(&self) {
        let mut world = self.world();
        world.sandbox = Sandbox::new(self.solve_after);
        world.scripts = Queue::default();
        world.log.clear();
    }
}
