//! Concurrent calls of one client: they share the refusals of the account.

use crate::answers::{Case, Meaning, all, is_accepted, silence};
use crate::tape::Tape;
use capwire_testkit::*;
use futures_lite::future;
use proptest::prelude::*;
use std::cell::RefCell;
use std::rc::Rc;

const REQUEST_TIMEOUT_MS: f64 = 3_000.0;
const TIMEOUT_MS: f64 = 20_000.0;
const DELAYS_MS: [f64; 6] = [0.0, 80.0, 1_999.0, 2_999.0, 3_001.0, 25_000.0];

/// A task that names its caller.
fn task_of(caller: usize) -> Js {
    json!({ "type": "TurnstileTask", "websiteURL": "https://shop.example/", "websiteKey": format!("0x{caller}") })
        .into()
}

/// What the answer to a request meant, if it came in time.
fn meaning(sent: &Sent, case: &Case, delay: f64) -> Meaning {
    let has_come = sent.end.unwrap() - sent.start >= delay - 1e-6;
    match (has_come, &*sent.method) {
        (true, "createTask") => case.create.clone(),
        (true, _) => case.poll.clone(),
        (false, "createTask") => Meaning::Lost("REQUEST_TIMEOUT"),
        (false, _) => Meaning::Unclear,
    }
}

/// Runs the calls and returns how many requests they sent.
fn check(picks: Vec<u32>, starts: &[u32], drop_first_after: Option<u32>) -> usize {
    let mut cases = all();
    // Answers that continue a call come more often, or hardly any task would be created.
    let usual: Vec<_> = cases
        .iter()
        .filter(|case| case.create == Meaning::Created || case.poll == Meaning::Pending)
        .cloned()
        .collect();
    cases.extend((0..10).flat_map(|_| usual.clone()));
    cases.push(silence());
    let moves: Rc<RefCell<Vec<(Case, f64)>>> = Rc::default();
    let answered = Rc::clone(&moves);
    let mut tape = Tape::of(picks);
    let world = World::new(move |sent: &Sent| {
        let mut case = cases[tape.choose(cases.len())].clone();
        if matches!(case.create, Meaning::Created | Meaning::Ready) && sent.method == "createTask" {
            let id = TASK_ID + sent.index as u64;
            case.script = match case.create {
                Meaning::Ready => answer(
                    json!({ "errorId": 0, "taskId": id, "status": "ready", "solution": { "text": "a" } }),
                ),
                _ => answer(json!({ "errorId": 0, "taskId": id })),
            };
        }
        let hangs = matches!(case.script.end, End::Hang);
        let delay = if hangs { f64::INFINITY } else { DELAYS_MS[tape.choose(DELAYS_MS.len())] };
        answered.borrow_mut().push((case.clone(), delay));
        case.script.after(if hangs { 0.0 } else { delay })
    });
    let client = world.client_with(json!({ "requestTimeoutMs": REQUEST_TIMEOUT_MS as u64 }));
    let begin = world.now();
    let flows = starts.iter().enumerate().map(async |(caller, &start)| {
        world.sleep(start).await;
        let (call, log) = (Call::Solve(task_of(caller)), Log::default());
        let flow = call.with(&client, json!({ "timeoutMs": TIMEOUT_MS as u64 }), &log);
        let dropped = async {
            match drop_first_after.filter(|_| caller == 0) {
                Some(ms) => world.sleep(ms).await,
                None => std::future::pending().await,
            }
            None
        };
        future::or(async { Some(flow.await) }, dropped).await
    });
    let outcomes = world.run(together(flows));
    let last = starts.iter().copied().max().map_or(0.0, f64::from);
    assert!(world.now() - begin <= last + TIMEOUT_MS + 2.0, "ends too late");
    assert_eq!((world.timers(), world.in_flight()), (0, 0), "timers or requests are left");

    let (sent, moves) = (world.sent(), moves.borrow());
    let meanings: Vec<_> =
        sent.iter().zip(&*moves).map(|(sent, (case, delay))| meaning(sent, case, *delay)).collect();
    for (caller, outcome) in outcomes.iter().enumerate() {
        let key = format!("0x{caller}");
        let mine: Vec<_> =
            (0..sent.len()).filter(|&at| sent[at].body["task"]["websiteKey"] == *key).collect();
        // No task is bought twice.
        for &at in mine.iter().rev().skip(1) {
            assert!(matches!(meanings[at], Meaning::Again(..)), "bought twice: {sent:#?}");
        }
        let is_created = |at: usize| matches!(meanings[at], Meaning::Created | Meaning::Ready);
        let created = mine.last().filter(|&&at| is_created(at));
        let id = created.map(|&at| TASK_ID + sent[at].index as u64);
        match outcome {
            Some(Ok(solved)) => assert_eq!(solved["taskId"].as_u64(), id),
            Some(Err(failure)) => {
                assert_eq!(failure.task_id.as_ref().map(number), id, "{failure:#?}");
                assert!(failure.method.is_some());
                assert!(!failure.record().to_string().contains(KEY));
                let lost = mine.last().is_some_and(|&at| matches!(meanings[at], Meaning::Lost(_)));
                assert_eq!(failure.may_have_created_task == Some(true), lost, "{failure:#?}");
            }
            None => {}
        }
        let polls: Vec<_> = sent
            .iter()
            .filter(|it| it.body["taskId"].as_u64().is_some_and(|it| Some(it) == id))
            .cloned()
            .collect();
        assert_spaced(&polls);
    }
    check_gate(&sent, &moves, &meanings);
    // A refusal of a part of the account's requests stops them: an empty account, an unknown task.
    for (at, meaning) in meanings.iter().enumerate() {
        let Meaning::Refused(class, code) = meaning else { continue };
        for later in sent.iter().filter(|later| later.start > sent[at].end.unwrap()) {
            let is_closed = match class {
                Class::Balance => later.method == "createTask",
                Class::Domain => later.method == "createTask",
                Class::TaskNotFound => {
                    sent[at].method != "createTask"
                        && later.body["taskId"] == sent[at].body["taskId"]
                }
                _ => false,
            };
            assert!(!is_closed, "sent after {code}: {sent:#?}");
        }
    }
    sent.len()
}

/// After a refusal of the key or the address there are probes, one at a time, until one of them is accepted. If the
/// key was never accepted there are none.
fn check_gate(sent: &[Sent], moves: &[(Case, f64)], meanings: &[Meaning]) {
    let end = |at: usize| sent[at].end.unwrap();
    let accepted: Vec<_> =
        (0..sent.len()).filter(|&at| is_accepted(&sent[at], &moves[at].0, moves[at].1)).collect();
    let mut refused: Vec<_> = (0..sent.len())
        .filter(|&at| matches!(meanings[at], Meaning::Refused(Class::Key | Class::Access, _)))
        .collect();
    refused.sort_by(|a, b| end(*a).total_cmp(&end(*b)));
    let (mut judged, mut in_a_row) = (f64::NEG_INFINITY, 0);
    for &at in &refused {
        let Meaning::Refused(_, code) = meanings[at] else { unreachable!() };
        if sent[at].start <= judged {
            continue; // it was sent before the last refusal
        }
        let (now, before) = (end(at), judged);
        let opened = accepted.iter().any(|&it| sent[it].start > before && end(it) < now);
        in_a_row = if opened { 1 } else { in_a_row + 1 };
        judged = now;
        let is_proven = accepted.iter().any(|&it| end(it) <= now);
        let (creates, polls) = match code {
            "ERROR_KEY_DOES_NOT_EXIST" => (2, 4),
            "ERROR_IP_NOT_ALLOWED" => (2, 6),
            _ => (1, 6),
        };
        let pause = 2_000.0 * 2_f64.powi(in_a_row - 1);
        let open = accepted.iter().filter(|&&it| sent[it].start > now).map(|&it| end(it));
        let next = refused.iter().filter(|&&it| sent[it].start > now).map(|&it| end(it));
        let over = open.chain(next).fold(f64::INFINITY, f64::min);
        let probes: Vec<_> = sent.iter().filter(|it| it.start > now && it.start < over).collect();
        for probe in &probes {
            let limit = if probe.method == "createTask" { creates } else { polls };
            assert!(is_proven, "sent after {code}: {sent:#?}");
            assert!(in_a_row < limit, "sent after {in_a_row} times {code}: {sent:#?}");
            assert!(probe.start >= now + pause - 1e-6, "too early after {code}: {sent:#?}");
        }
        for pair in probes.windows(2) {
            assert!(pair[0].end.unwrap() <= pair[1].start, "two probes at once: {sent:#?}");
        }
    }
}

/// Until the service has accepted the key, only one call is sent.
#[test]
fn concurrent_first_calls_try_a_refused_key_or_address_once() {
    for (at, case) in (0..).zip(all()) {
        if let Meaning::Refused(Class::Key | Class::Access, code) = case.create {
            for delay in 0..4 {
                assert_eq!(check(vec![at, delay], &[0, 0, 5], None), 1, "{code}");
            }
        }
    }
}

proptest! {
    // No file of failed cases: each becomes a test with a name.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(600) })]

    #[test]
    fn concurrent_calls_keep_the_rules(
        picks in prop::collection::vec(any::<u32>(), 0..150),
        starts in prop::collection::vec(prop_oneof![Just(0_u32), 0_u32..6_000], 2..5),
        drop_first_after in prop::option::of(0_u32..12_000),
    ) {
        check(picks, &starts, drop_first_after);
    }
}
