//! What must hold after each run, whatever came back.

use crate::answers::Meaning;
use crate::play::{Entry, LIFE_MS, Move, Play, Run, TINY};
use capwire::platform::Platform;
use capwire_testkit::*;
use std::collections::{BTreeMap, BTreeSet};

const BAN_MS: f64 = 600_000.0;
const MOST_POLLS: usize = 120;

/// What was observed: how many runs met a fault, and what followed it.
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

/// Checks a run, and what the client does after it.
pub(crate) fn check(run: &Run<'_>, tally: &mut Tally) {
    let meanings = exchanges(run);
    let id = outcome(run, &meanings);
    events(run, &meanings);
    assert_eq!((run.world.timers(), run.world.in_flight()), (0, 0), "something is left");
    let then = afterwards(run, &meanings, id);
    count(run, &meanings, then, tally);
}

fn slack(run: &Run<'_>) -> f64 {
    run.scene.timer_error.max(0.0) + 2.0 + run.play.borrow().overslept
}

fn is_poll(sent: &Sent) -> bool {
    sent.method == "getTaskResult"
}

/// When the call ends at the latest, and when the task does.
fn bounds(run: &Run<'_>) -> (f64, f64) {
    let creates = run.sent.iter().rev().find(|sent| !is_poll(sent));
    let created = creates.map_or(run.start, |sent| sent.end.unwrap());
    (run.start + run.scene.timeout, created + LIFE_MS)
}

/// The requests keep the rules, each with the next; gives what each of them came to.
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
        assert!(limit > 0.0, "sent when the time was over: {sent:?}");
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
            assert_eq!(sent.body["taskId"], TASK_ID);
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
                let first = scene.first_delay();
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
    assert!(run.sent.len() - polls <= 1 + scene.retries, "created too often");
    assert!(polls <= MOST_POLLS, "asked too often");
    assert!(run.end <= deadline + slack, "settles too late");
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

/// The call comes to what its last answer means; gives the id of the task if it is known to the caller.
fn outcome(run: &Run<'_>, meanings: &[Meaning]) -> Option<u64> {
    let scene = run.scene;
    let told = run.events.iter().find(|event| event["type"] == "created");
    let told = told.map(|event| event["taskId"].as_u64().unwrap());
    let exists = meanings.contains(&Meaning::Created) || scene.entry == Entry::Wait;
    let id = exists.then_some(TASK_ID);
    let Some(outcome) = &run.outcome else {
        let play = run.play.borrow();
        assert!(play.dropped_in_pause || play.dropped_under_way, "dropped by nobody");
        return if scene.entry == Entry::Wait { id } else { told };
    };
    let polls = run.sent.iter().filter(|sent| is_poll(sent)).count();
    let (deadline, life) = bounds(run);
    let is_over = run.end >= deadline.min(life) - TINY;
    let failure = match outcome {
        Ok(value) => {
            assert_eq!(meanings.last(), Some(&Meaning::Ready), "solved out of nothing");
            match scene.entry {
                Entry::Image => assert_eq!(*value, "w7kq"),
                _ => {
                    assert_eq!(value["taskId"], TASK_ID);
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
    assert_eq!(failure.task_id.map(u64::from), id, "{failure:#?}");
    // The last answer, and the class, code, origin and mayHaveCreatedTask that it must lead to.
    let (class, code, origin, may) = match meanings.last() {
        None => {
            assert!(is_over, "gave up at once: {failure:#?}");
            match id {
                None => (Class::Transport, "REQUEST_TIMEOUT", Origin::Client, None),
                Some(_) => (Class::SolveTimeout, "SOLVE_TIMEOUT", Origin::Transport, None),
            }
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
        Some(Meaning::Created | Meaning::Pending | Meaning::Unclear | Meaning::Widen) => {
            assert!(is_over || polls == MOST_POLLS, "gave up early: {failure:#?}");
            (Class::SolveTimeout, "SOLVE_TIMEOUT", Origin::Transport, None)
        }
    };
    let found = (failure.class, &*failure.code, failure.origin, failure.may_have_created_task);
    assert_eq!(found, (class, code, origin, may), "{failure:#?}");
    assert!(may != Some(true) || !failure.retryable, "{failure:#?}");
    let method = if id.is_some() { "getTaskResult" } else { "createTask" };
    assert_eq!(failure.method.unwrap().name(), method);
    assert_eq!(
        failure.origin == Origin::Service && class != Class::UnknownService,
        failure.server_code.is_some() && class != Class::UnknownService
    );
    id
}

/// A failure is whole, and the key is nowhere in it.
fn assert_failure(failure: &Failure) {
    assert!(
        !failure.code.is_empty()
            && !failure.english().is_empty()
            && !failure.english_hint().is_empty()
    );
    assert!(failure.method.is_some() && failure.service.is_some(), "{failure:#?}");
    let shown = failure.record().to_string();
    assert!(!shown.contains(KEY), "the key is in {shown}");
}

/// The listener hears of each exchange, in order, and of nothing else.
fn events(run: &Run<'_>, meanings: &[Meaning]) {
    let mut expected = Vec::new();
    let mut polls = 0;
    for (sent, meaning) in run.sent.iter().zip(meanings) {
        if is_poll(sent) {
            polls += 1;
        }
        let poll = |status| Some(json!(["poll", TASK_ID, polls, status]));
        expected.extend(match meaning {
            Meaning::Created => Some(json!(["created", TASK_ID, null, null])),
            Meaning::Again(..) => Some(json!(["retry", null, null, "createTask"])),
            Meaning::Pending => poll("processing"),
            Meaning::Ready => poll("ready"),
            Meaning::Unclear | Meaning::Widen => {
                Some(json!(["retry", TASK_ID, null, "getTaskResult"]))
            }
            Meaning::Lost(_) | Meaning::Refused(..) | Meaning::Broken(_) => None,
        });
    }
    let told: Vec<_> = run
        .events
        .iter()
        .map(|event| {
            let word = event.get("status").or(event.get("method")).cloned().unwrap_or_default();
            json!([event["type"], event["taskId"], event["poll"], word])
        })
        .collect();
    // What fails instead of being repeated is not told, nor what was dropped under way.
    let is_silent = match meanings.last() {
        Some(Meaning::Again(..)) => told.len() < expected.len(),
        Some(Meaning::Unclear) => run.play.borrow().dropped_under_way,
        _ => false,
    };
    if is_silent {
        expected.pop();
    }
    assert_eq!(told, expected);
    for event in &run.events {
        assert!(!event.to_string().contains(KEY), "{event}");
    }
}

/// What the same client does next: what leads to a ban is refused locally, and a task that lives is waited
/// for. Gives words about it.
fn afterwards(run: &Run<'_>, meanings: &[Meaning], id: Option<u64>) -> &'static str {
    let (world, client, scene) = (&run.world, &run.client, run.scene);
    let make = |call: &Call| {
        world.run(call.with(client, json!({ "timeoutMs": 400_000 }), &Log::default()))
    };
    let locally = |call: Call, class: Class, code: &str, span: Option<f64>| {
        let failure = make(&call).expect_err(code);
        assert_failure(&failure);
        let found = (failure.class, &*failure.code, failure.origin);
        assert_eq!(found, (class, code, Origin::Client), "{failure:#?}");
        // A result request waits for its gap before it is refused.
        let left = span.map(|span| span - (world.now() - run.end));
        let told = failure.retry_after_ms;
        assert_eq!(told.is_some(), left.is_some(), "{failure:#?}");
        // Rounded up, with what adding fractions may make of it.
        let over = told.zip(left).map_or(0.0, |(told, left)| told - left);
        assert!((-TINY..=1.0 + TINY).contains(&over), "{over} ms too much: {failure:#?}");
        assert_eq!(world.sent().len(), run.sent.len(), "sent after {code}");
    };
    let same = || scene.call();
    let anew = || Call::Solve(token_task());
    let refused = "; the next call is refused locally";
    match meanings.last() {
        Some(Meaning::Refused(class @ Class::Key, code)) => {
            for call in [same(), anew(), Call::Balance, Call::Wait(TASK_ID + 1)] {
                locally(call, *class, code, None);
            }
            return refused;
        }
        Some(Meaning::Refused(class @ Class::Access, code)) => {
            for call in [same(), anew(), Call::Balance, Call::Wait(TASK_ID + 1)] {
                locally(call, *class, code, Some(BAN_MS));
            }
            return refused;
        }
        Some(Meaning::Refused(class @ Class::Balance, code)) => {
            locally(anew(), *class, code, Some(BAN_MS));
            return refused;
        }
        Some(Meaning::Refused(class @ Class::TaskNotFound, code)) if id.is_some() => {
            locally(Call::Result(TASK_ID), *class, code, None);
            if run.end + POLL_GAP_MS < bounds(run).1 {
                locally(Call::Wait(TASK_ID), *class, code, None);
            }
            return refused;
        }
        Some(Meaning::Refused(class @ Class::Domain, code)) if scene.entry == Entry::Solve => {
            locally(anew(), *class, code, None);
            return refused;
        }
        Some(Meaning::Refused(class @ Class::Proxy, code @ "ERROR_PROXY_BANNED"))
            if scene.entry == Entry::Solve =>
        {
            locally(anew(), *class, code, Some(BAN_MS));
            return refused;
        }
        Some(Meaning::Ready) => return "",
        Some(Meaning::Refused(..) | Meaning::Broken(_) | Meaning::Lost(_)) => {}
        _ if id.is_some() && !matches!(run.outcome, Some(Ok(_))) => {
            return go_on(run, &make(&Call::Wait(TASK_ID)));
        }
        _ => {}
    }
    // Nothing is refused that need not be.
    make(&Call::Balance).unwrap();
    ""
}

/// A task that was paid for is waited for again, by the rules of both calls together.
fn go_on(run: &Run<'_>, outcome: &Outcome) -> &'static str {
    let polls = run.world.sent_to("getTaskResult");
    assert_spaced(&polls);
    assert!(polls.len() <= MOST_POLLS);
    let before = run.sent.iter().filter(|sent| is_poll(sent)).count();
    // Whoever did not create it cannot know how old it is.
    let life = if run.scene.entry == Entry::Wait { f64::INFINITY } else { bounds(run).1 };
    for poll in &polls {
        assert!(poll.start < life, "asked for a task that is gone");
    }
    match outcome {
        Ok(solved) => {
            assert_eq!(solved["solution"]["text"], "w7kq");
            "; the next waitForResult() gets the result if the task still exists"
        }
        Err(failure) => {
            assert_failure(failure);
            assert_eq!(
                (failure.class, failure.task_id.map(u64::from)),
                (Class::SolveTimeout, Some(TASK_ID))
            );
            let gap = polls.last().map_or(0.0, |poll| poll.end.unwrap() + POLL_GAP_MS);
            assert!(
                before == MOST_POLLS || run.end.max(gap) >= life,
                "not waited for: {failure:#?}"
            );
            ""
        }
    }
}

/// Notes each fault that was met, and what followed.
fn count(run: &Run<'_>, meanings: &[Meaning], then: &str, tally: &mut Tally) {
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
