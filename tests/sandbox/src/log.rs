//! What was asked of the services, so that a test can see what a client really sent, and when.

use crate::service::Service;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};

/// So many requests are kept; a session of the demo page may last for days.
const KEPT: usize = 5000;

/// One request.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// When it arrived, in milliseconds since the sandbox was started.
    pub at: f64,
    /// Which service was asked.
    pub service: Service,
    /// The method's name as it stood in the path.
    pub method: String,
    /// Its headers; several of one name are joined by a comma.
    pub headers: BTreeMap<String, String>,
    /// Its body, parsed if it is JSON.
    pub body: Value,
    /// Whether a script replied in place of the rules.
    pub scripted: bool,
    /// Whether the client left before it had the whole answer.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub aborted: bool,
}

/// The requests in the order they were answered.
#[derive(Debug, Default)]
pub struct Log {
    entries: VecDeque<(u64, Entry)>,
    written: u64,
}

impl Log {
    /// Writes a request down and gives it a number.
    pub fn push(&mut self, entry: Entry) -> u64 {
        self.written += 1;
        self.entries.push_back((self.written, entry));
        if self.entries.len() > KEPT {
            self.entries.pop_front();
        }
        self.written
    }

    /// Notes that the client of that request left early.
    pub fn mark_aborted(&mut self, number: u64) {
        if let Some((_, entry)) = self.entries.iter_mut().find(|(it, _)| *it == number) {
            entry.aborted = true;
        }
    }

    /// Forgets all of them. The numbers go on, so that a request that is still open can't mark a later one.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// All of them, the oldest first.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().map(|(_, entry)| entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry {
            at: 1.5,
            service: Service::CapMonster,
            method: "getBalance".into(),
            headers: BTreeMap::new(),
            body: Value::Null,
            scripted: false,
            aborted: false,
        }
    }

    #[test]
    fn a_request_from_before_the_log_was_cleared_marks_nothing() {
        let mut log = Log::default();
        let before = log.push(entry());
        log.clear();
        let after = log.push(entry());
        log.mark_aborted(before);
        assert!(!log.entries().any(|entry| entry.aborted));
        log.mark_aborted(after);
        assert!(log.entries().all(|entry| entry.aborted));
    }

    #[test]
    fn the_oldest_make_room() {
        let mut log = Log::default();
        let first = log.push(entry());
        for _ in 0..KEPT {
            log.push(entry());
        }
        assert_eq!(log.entries().count(), KEPT);
        log.mark_aborted(first);
        assert!(!log.entries().any(|entry| entry.aborted));
    }
}
