//! The rules that must hold after each run, whatever the answers were.

use crate::afterwards::afterwards;
use crate::answers::Meaning;
use crate::play::{Entry, LIFE_MS, Move, Play, Run, TINY};
use crate::tally::{Tally, count};
use capwire_testkit::*;

pub(crate) const MOST_POLLS: usize = 120;

/// Checks a run, and the client's next calls after it.
pub(crate) fn check(run: &Run<'_>, tally: &mut Tally) {
    let meanings = exchanges(run);
    let id = outcome(run, &meanings);
    events(run, &meanings);
    assert_eq!((run.world.timers(), run.world.in_flight()), (0, 0), "timers or requests are left");
    let id = id.and_then(|id| TaskId::read(&Js::from(id)));
    let then = afterwards(run, &meanings, id);
    count(run, &meanings, then, tally);
}

pub(crate) fn slack(run: &Run<'_>) -> f64 {
    run.scene.timer_error.max(0.0) + 2.0 + run.play.borrow().overslept
}

pub(crate) fn is_poll(sent: &Sent) -> bool {
    sent.method == "getTaskResult"
}

/// The id in the answer that created the task, if it has one: the number that a call was made with, or what came.
fn known_id(run: &Run<'_>) -> Option<Value> {
    if run.scene.entry == Entry::Wait {
        return Some(json!(TASK_ID));
    }
    let play = run.play.borrow();
    let mut ids =
        play.moves.iter().zip(&run.sent).filter(|(_, sent)| !is_poll(sent)).map(|(it, _)| {
            let End::Reply(reply) = &it.choice.case.script.end else { return None };
            let Body::Json(body) = &reply.body else { return None };
            body.get("taskId").cloned()
        });
    ids.next_back().flatten()
}

fn id_of(run: &Run<'_>) -> Value {
    known_id(run).unwrap_or(json!(0))
}

/// The latest time at which the call ends, and at which the task does.
pub(crate) fn bounds(run: &Run<'_>) -> (f64, f64) {
    let creates = run.sent.iter().rev().find(|sent| !is_poll(sent));
    let created = creates.map_or(run.start, |sent| sent.end.unwrap());
    (run.start + run.scene.timeout, created + LIFE_MS)
}

/// Checks the requests and the pauses between them. Returns what each answer meant.
fn exchanges(run: &Run<'_>) -> Vec<Meaning> {
    let (scene, slack) = (run.scene, slack(run));
    let play = run.play.borrow();
    assert_eq!(run.sent.len(), play.moves.len());
    let (deadline, life) = bounds(run);
    let mut meanings = Vec::new();
    for (sent, Move { choice, delay }) in run.sent.iter().zip(&play.moves) {
        let polls = is_poll(sent);
        let taken = sent.end.unwrap() - sent.start;
        let created = polls.then_some(life - LIFE_MS);
        let limit = Play::limit(scene, run.start, created, sent.start);
        assert!(limit > 0.0, "sent after the deadline: {sent:?}");
        let left = Play::left(scene, run.start, created, sent.start);
        if left <= 0.0 {
            // One last request: the first of all, or one that a late timer has missed.
            let is_first =
                meanings.iter().all(|it| matches!(it, Meaning::Created | Meaning::Again(..)));
            let may_be_late = slack > 2.0 && sent.start < life;
            assert!(is_first || may_be_late, "sent after the deadline: {sent:?}");
            assert_eq!(meanings.len() + 1, run.sent.len(), "not the last one: {sent:?}");
        }
        assert!(taken <= limit + slack, "{taken} ms of {limit}: {sent:?}");
        let has_come = !choice.is_abort && taken >= delay - TINY;
        assert!(
            has_come || play.dropped_under_way || taken >= limit - TINY,
            "given up after {taken} ms of {limit}: {sent:?}"
        );
        assert_eq!(sent.body["clientKey"], KEY);
        assert!(!sent.url.contains(KEY));
        meanings.push(match (has_come, polls) {
            (true, true) => choice.case.poll.clone(),
            (true, false) => choice.case.create.clone(),
            (false, true) => Meaning::Unclear,
            (false, false) => Meaning::Lost("REQUEST_TIMEOUT"),
        });
        if polls {
            assert_eq!(sent.body["taskId"], id_of(run));
        }
    }

    let wait = scene.entry == Entry::Wait;
    assert!(run.sent.first().is_none_or(|sent| is_poll(sent) == wait));
    for (at, pair) in run.sent.windows(2).enumerate() {
        let (before, after) = (&pair[0], &pair[1]);
        let pause = after.start - before.end.unwrap();
        let given = retry_after(&play.moves[at]);
        match (is_poll(after), &meanings[at]) {
            (false, Meaning::Again(..)) => {
                let (least, most) = backoff(at, scene.random, given);
                assert!(pause >= least - TINY && pause <= most + slack, "{pause} ms: {pair:#?}");
            }
            (true, Meaning::Created) => {
                // A delay that is longer than the wait leaves no other chance.
                let delay = scene.first_delay();
                let left = deadline.min(life) - before.end.unwrap();
                let first = if left > 0.0 && delay >= left { 0.0 } else { delay };
                let first = if left > 0.0 { first } else { 0.0 };
                assert!(pause >= first - TINY && pause <= first + slack, "{pause} ms: {pair:#?}");
            }
            (true, Meaning::Pending | Meaning::Unclear | Meaning::Widen) => {
                let mut least = scene.interval;
                if is_poll(before) && meanings[at] == Meaning::Widen {
                    least *= 2.0;
                }
                let asked =
                    given.filter(|span| is_finite(*span) && meanings[at] != Meaning::Pending);
                let had_come = !matches!(&play.moves[at], m if m.delay > before.end.unwrap() - before.start + TINY);
                if had_come {
                    least = least.max(asked.unwrap_or_default());
                }
                let most = scene.interval.max(16_000.0);
                let least = least.min(most).max(POLL_GAP_MS);
                assert!(pause >= least - TINY && pause <= most + slack, "{pause} ms: {pair:#?}");
            }
            (_, meaning) => panic!("a request after {meaning:?}: {pair:#?}"),
        }
    }
    let polls = run.sent.iter().filter(|sent| is_poll(sent)).count();
    assert!(run.sent.len() - polls <= 1 + scene.retries, "too many createTask requests");
    assert!(polls <= MOST_POLLS, "too many result requests");
    assert!(run.end <= deadline.max(play.overrun) + slack, "ends too late");
    meanings
}

fn is_finite(span: f64) -> bool {
    span.is_finite() && span < 1e15
}

fn retry_after(it: &Move) -> Option<f64> {
    match &it.choice.case.script.end {
        // NaN stands for a date that cannot be read.
        End::Reply(reply) => reply.retry_after_ms.filter(|span| !span.is_nan()),
        _ => None,
    }
}

/// The shortest and the longest pause before a repeat of createTask.
fn backoff(attempt: usize, random: f64, given: Option<f64>) -> (f64, f64) {
    match given {
        Some(span) => (span.clamp(1_000.0, 60_000.0), span.clamp(1_000.0, 60_000.0) + 1.0),
        None => {
            let full = (1_000.0 * 2_f64.powi(attempt as i32)).min(30_000.0);
            (full * (0.5 + random / 2.0), full * (0.5 + random / 2.0) + 1.0)
        }
    }
}

/// Checks that the outcome follows from the last answer. Returns the task's id if the caller knows it.
fn outcome(run: &Run<'_>, meanings: &[Meaning]) -> Option<Value> {
    let scene = run.scene;
    let reported = run.events.iter().find(|event| event["type"] == "created");
    let reported = reported.map(|event| event["taskId"].clone());
    let polls = run.sent.iter().filter(|sent| is_poll(sent)).count();
    let at_once = meanings.last() == Some(&Meaning::Ready) && polls == 0;
    let exists = meanings.contains(&Meaning::Created) || scene.entry == Entry::Wait || at_once;
    let id = exists.then(|| known_id(run)).flatten();
    let Some(outcome) = &run.outcome else {
        let play = run.play.borrow();
        assert!(play.dropped_in_pause || play.dropped_under_way, "nothing dropped it");
        return if scene.entry == Entry::Wait { id } else { reported };
    };
    let (deadline, life) = bounds(run);
    let is_over = run.end >= deadline.min(life) - TINY;
    let failure = match outcome {
        Ok(value) => {
            assert_eq!(meanings.last(), Some(&Meaning::Ready), "solved without a solution");
            match scene.entry {
                Entry::Image => assert_eq!(*value, "w7kq"),
                _ => {
                    assert_eq!(value["taskId"], id_of(run));
                    assert_eq!(value["polls"], polls);
                    let play = run.play.borrow();
                    let End::Reply(reply) = &play.moves.last().unwrap().choice.case.script.end
                    else {
                        panic!("no reply");
                    };
                    let Body::Json(body) = &reply.body else {
                        panic!("no JSON");
                    };
                    assert_eq!(value["solution"], body["solution"]);
                    assert_eq!(value.get("cost"), body.get("cost"));
                }
            }
            return id;
        }
        Err(failure) => failure,
    };
    assert_failure(failure);
    assert_eq!(failure.task_id.as_ref().map(plain_id), id, "{failure:#?}");
    // The class, code, origin and mayHaveCreatedTask that the last answer must lead to.
    let (class, code, origin, may) = match meanings.last() {
        None => {
            assert!(is_over, "gave up at once: {failure:#?}");
            assert_eq!(id, None, "gave up with no result request: {failure:#?}");
            (Class::Transport, "REQUEST_TIMEOUT", Origin::Client, None)
        }
        Some(Meaning::Lost(code)) => (Class::Transport, *code, Origin::Transport, Some(true)),
        Some(Meaning::Again(class, code)) => {
            let at = meanings.len() - 1;
            let given = retry_after(&run.play.borrow().moves[at]);
            let (_, most) = backoff(at, scene.random, given);
            let too_late = run.sent[at].end.unwrap() + most + slack(run) >= deadline;
            assert!(at >= scene.retries || too_late, "not repeated: {failure:#?}");
            match class {
                Class::Transport => (*class, *code, Origin::Transport, Some(false)),
                _ => (*class, *code, Origin::Service, None),
            }
        }
        Some(Meaning::Refused(class, code)) => (*class, *code, Origin::Service, None),
        Some(Meaning::Broken(code)) => {
            (Class::Transport, *code, Origin::Transport, id.is_none().then_some(false))
        }
        Some(Meaning::Ready) => {
            assert_eq!(scene.entry, Entry::Image, "{failure:#?}");
            (Class::Transport, "BAD_RESPONSE", Origin::Transport, None)
        }
        Some(Meaning::Created) => panic!("gave up with no result request: {failure:#?}"),
        Some(Meaning::Pending | Meaning::Unclear | Meaning::Widen) => {
            assert!(is_over || polls == MOST_POLLS, "gave up early: {failure:#?}");
            // Where another request would have been in time, it was sent, however late the timer was.
            let last = run.sent.last().unwrap().end.unwrap();
            let most = scene.interval.max(16_000.0) + scene.timer_error.max(0.0) + 2.0;
            let is_asked = last + most >= deadline.min(life) || polls == MOST_POLLS;
            assert!(is_asked || run.end >= life, "gave up without a last request: {failure:#?}");
            (Class::SolveTimeout, "SOLVE_TIMEOUT", Origin::Transport, None)
        }
    };
    let found = (failure.class, &*failure.code, failure.origin, failure.may_have_created_task);
    assert_eq!(found, (class, code, origin, may), "{failure:#?}");
    assert!(may != Some(true) || !failure.retryable, "{failure:#?}");
    let is_polled = id.is_some() || at_once;
    let method = if is_polled { "getTaskResult" } else { "createTask" };
    assert_eq!(failure.method.unwrap().name(), method);
    assert_eq!(
        failure.origin == Origin::Service && class != Class::UnknownService,
        failure.server_code.is_some() && class != Class::UnknownService
    );
    id
}

/// Asserts that a failure is complete and does not contain the key.
pub(crate) fn assert_failure(failure: &Failure) {
    assert!(
        !failure.code.is_empty()
            && !failure.english().is_empty()
            && !failure.english_hint().is_empty()
    );
    assert!(failure.method.is_some() && failure.service.is_some(), "{failure:#?}");
    let record = failure.record().to_string();
    assert!(!record.contains(KEY), "the key is in {record}");
}

/// The listener gets one event for each exchange, in order.
fn events(run: &Run<'_>, meanings: &[Meaning]) {
    let mut expected = Vec::new();
    let mut polls = 0;
    for (sent, meaning) in run.sent.iter().zip(meanings) {
        if is_poll(sent) {
            polls += 1;
        }
        let id = id_of(run);
        let poll = |status| Some(json!(["poll", id, polls, status]));
        expected.extend(match meaning {
            Meaning::Created => Some(json!(["created", id, null, null])),
            // Without an id there is nothing to tell.
            Meaning::Ready if !is_poll(sent) => {
                known_id(run).map(|id| json!(["created", id, null, null]))
            }
            Meaning::Again(..) => Some(json!(["retry", null, null, "createTask"])),
            Meaning::Pending => poll("processing"),
            Meaning::Ready => poll("ready"),
            Meaning::Unclear | Meaning::Widen => Some(json!(["retry", id, null, "getTaskResult"])),
            Meaning::Lost(_) | Meaning::Refused(..) | Meaning::Broken(_) => None,
        });
    }
    let events: Vec<_> = run
        .events
        .iter()
        .map(|event| {
            let word = event.get("status").or(event.get("method")).cloned().unwrap_or_default();
            json!([event["type"], event["taskId"], event["poll"], word])
        })
        .collect();
    // A failure that ends the call is not an event, and neither is a dropped request.
    let is_silent = match meanings.last() {
        Some(Meaning::Again(..)) => events.len() < expected.len(),
        Some(Meaning::Unclear) => run.play.borrow().dropped_under_way,
        _ => false,
    };
    if is_silent {
        expected.pop();
    }
    assert_eq!(events, expected);
    for event in &run.events {
        assert!(!event.to_string().contains(KEY), "{event}");
    }
}
