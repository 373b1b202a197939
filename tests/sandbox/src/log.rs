//! The requests to the services. A test reads them to see what a client really sent, and when.

use crate::service::Service;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};

/// How many requests are kept. A session of the playground may last for days.
const KEPT: usize = 5000;

/// One request.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// When it arrived, in milliseconds since the sandbox was started.
    pub at: f64,
    /// The service it was sent to.
    pub service: Service,
    /// The method's name from the path.
    pub method: String,
    /// Its headers. Headers with the same name are joined by a comma.
    pub headers: BTreeMap<String, String>,
    /// Its body, parsed if it is JSON.
    pub body: Value,
    /// Whether a script answered instead of the rules.
    pub scripted: bool,
    /// Whether the client disconnected before it had the whole answer.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub aborted: bool,
}

/// The requests, in the order they were logged.
#[derive(Debug, Default)]
pub struct Log {
    entries: VecDeque<(u64, Entry)>,
    written: u64,
}

impl Log {
    /// Logs a request and returns its number.
    pub fn push(&mut self, entry: Entry) -> u64 {
        self.written += 1;
        self.entries.push_back((self.written, entry));
        if self.entries.len() > KEPT {
            self.entries.pop_front();
        }
        self.written
    }

    /// Marks that the client of this request disconnected early.
    pub fn mark_aborted(&mut self, number: u64) {
        if let Some((_, entry)) = self.entries.iter_mut().find(|(it, _)| *it == number) {
            entry.aborted = true;
        }
    }

    /// Deletes all entries. Numbers are not reused, so a request that is still open can't mark a later one.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// All entries, oldest first.
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
