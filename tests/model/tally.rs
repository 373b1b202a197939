//! How often each fault was met, and which outcomes followed.

use crate::answers::Meaning;
use crate::check::is_poll;
use crate::play::{Move, Run, TINY};
use capwire_testkit::*;
use std::collections::{BTreeMap, BTreeSet};

/// The counts of all runs, and the outcomes of each fault.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) runs: u64,
    pub(crate) requests: u64,
    pub(crate) aborts: u64,
    pub(crate) rows: BTreeMap<(String, String), (u64, BTreeSet<String>)>,
}

impl Tally {
    pub(crate) fn merge(&mut self, other: Self) {
        self.runs += other.runs;
        self.requests += other.requests;
        self.aborts += other.aborts;
        for (fault, (runs, outcomes)) in other.rows {
            let row = self.rows.entry(fault).or_default();
            row.0 += runs;
            row.1.extend(outcomes);
        }
    }

    fn note(&mut self, method: &str, fault: &str, outcome: &str) {
        let row = self.rows.entry((method.to_owned(), fault.to_owned())).or_default();
        row.0 += 1;
        if !row.1.contains(outcome) {
            row.1.insert(outcome.to_owned());
        }
    }
}

/// Counts each fault of a run, and notes its outcome.
pub(crate) fn count(run: &Run<'_>, meanings: &[Meaning], then: &str, tally: &mut Tally) {
    tally.runs += 1;
    tally.requests += run.sent.len() as u64;
    tally.aborts += u64::from(run.outcome.is_none());
    let play = run.play.borrow();
    for (at, (sent, Move { choice, delay })) in run.sent.iter().zip(&play.moves).enumerate() {
        let is_last = at + 1 == meanings.len();
        if is_last && run.outcome.is_none() {
            break; // it has a row of its own
        }
        let fault = match meanings[at] {
            _ if sent.end.unwrap() - sent.start >= delay - TINY => &*choice.case.fault,
            _ if delay.is_infinite() => "no answer",
            _ => "a late answer",
        };
        let outcome = match run.sent.get(at + 1) {
            Some(next) if !is_poll(next) => "repeated".to_owned(),
            Some(_) if !is_poll(sent) => "its result is requested".to_owned(),
            Some(_) => "asked again".to_owned(),
            None => match run.outcome.as_ref().unwrap() {
                Ok(_) => "solved".to_owned(),
                Err(failure) => {
                    let may = match failure.may_have_created_task {
                        Some(true) => ", may have created a task",
                        _ => "",
                    };
                    let id = if failure.task_id.is_some() { " with the task id" } else { "" };
                    let code = match failure.class {
                        Class::UnknownService => "with its code",
                        _ => &*failure.code,
                    };
                    format!("{} {code}{may}{id}{then}", failure.class.name())
                }
            },
        };
        tally.note(&sent.method, fault, &outcome);
    }
    if run.outcome.is_none() {
        let (fault, method) = match play.dropped_in_pause {
            true => ("an abort between requests", "the call"),
            false => ("an abort during a request", &*run.sent.last().unwrap().method),
        };
        tally.note(method, fault, &format!("nothing is left behind, nothing more is sent{then}"));
    }
}
