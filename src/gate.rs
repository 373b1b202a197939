//! The first-request gate: until the service has accepted the key, requests go one at a time. Of fifty calls
//! that start together with a wrong key, one is sent.

use crate::error::{Origin, Result};
use crate::error_table::Class;
use std::cell::Cell;
use std::rc::Rc;

/// The gate of one account.
#[derive(Debug, Default)]
pub struct Gate {
    /// Whether the service has accepted the key.
    is_open: bool,
    /// Whether a request is under way that will show it.
    is_busy: Rc<Cell<bool>>,
}

/// The right of one request to be sent, for as long as this is kept.
#[derive(Debug)]
pub struct Permit(Option<Rc<Cell<bool>>>);

impl Gate {
    /// Lets a request pass: any once the service has accepted the key, and one at a time before that.
    #[must_use]
    pub fn try_acquire(&self) -> Option<Permit> {
        if self.is_open {
            return Some(Permit::free());
        }
        let is_first = !self.is_busy.replace(true);
        is_first.then(|| Permit(Some(Rc::clone(&self.is_busy))))
    }

    /// Opens the gate if this answer proves that the service accepts the key.
    pub fn record<T>(&mut self, answer: &Result<T>) {
        self.is_open |= match answer {
            Ok(_) => true,
            Err(failure) => {
                failure.origin == Origin::Service
                    && !matches!(failure.class, Class::Key | Class::Access)
            }
        };
    }
}

impl Permit {
    /// A permit that nobody waits for.
    #[must_use]
    pub fn free() -> Self {
        Self(None)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(is_busy) = &self.0 {
            is_busy.set(false);
        }
    }
}
