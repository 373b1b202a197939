//! A model of the network: every interleaving of answers, faults and aborts up to a depth, in virtual time, and
//! random ones beyond it.
//!
//! | file | contents |
//! |---|---|
//! | `answers.rs` | every class of answer, and what it means |
//! | `tape.rs` | the choices of one run, and how to get to the next run |
//! | `play.rs` | one run, and the choices that it has |
//! | `check.rs` | the rules that must hold after each run |
//! | `afterwards.rs` | the next calls of the same client, after each run |
//! | `tally.rs` | how often each fault was met, and its outcomes |
//! | `pair.rs` | concurrent calls of one client, at random |
//!
//! The platform asks a tape for a choice at each exchange and pause. After each run the tape turns to the next
//! one, depth first, until the tree is exhausted. A run that breaks a rule prints its choices.

mod afterwards;
mod answers;
mod check;
mod pair;
mod play;
mod tally;
mod tape;

use capwire_testkit::*;
use check::check;
use play::{Choices, Entry, Scene, Width, client_options, run};
use proptest::prelude::*;
use std::rc::Rc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tally::Tally;
use tape::Tape;

use Width::{Every, Few, Some as Several};

/// The timeouts are close to each other, so that a few exchanges reach each of them.
fn scene(entry: Entry, widths: &[Width]) -> Scene {
    Scene {
        entry,
        request_timeout: 3_000.0,
        timeout: 9_000.0,
        interval: 2_000.0,
        retries: 2,
        timer_error: 0.0,
        random: 0.5,
        widths: widths.to_vec(),
        tails: [vec!["a created task"], vec!["ready"]],
        sleeps: 0,
    }
}

/// Slow exchanges, so that a few of them use up the five minutes of a task's life.
fn slow(entry: Entry, widths: &[Width]) -> Scene {
    Scene { request_timeout: 140_000.0, timeout: 500_000.0, retries: 1, ..scene(entry, widths) }
}

/// The default options.
fn by_default(entry: Entry, timeout: f64, widths: &[Width]) -> Scene {
    Scene { request_timeout: 21_000.0, timeout, retries: 3, ..scene(entry, widths) }
}

fn scenes() -> Vec<Scene> {
    use Entry::{Image, Solve, Wait};
    let mut scenes = Vec::new();
    // The same answer again and again, up to 120 result requests or the end of the task.
    for entry in [Solve, Image, Wait] {
        let create =
            vec!["a created task", "HTTP 503", "ERROR_NO_SLOT_AVAILABLE", "a network error"];
        let poll = vec![
            "processing",
            "HTTP 429",
            "HTTP 500",
            "HTTP 503 with Retry-After",
            "a network error",
            "ERROR_TOO_MUCH_REQUESTS",
            "HTML",
            "no answer",
            "an unknown status",
        ];
        for interval in [2_000.0, 2_500.0, 40_000.0] {
            let tails = [create.clone(), poll.clone()];
            scenes.push(Scene { tails, interval, retries: 10, ..slow(entry, &[]) });
        }
    }
    scenes.push(scene(Solve, &[Few, Several, Every]));
    scenes.push(scene(Solve, &[Every, Every]));
    for widths in [&[Several, Every][..], &[Several; 4], &[Few; 6]] {
        scenes.push(scene(Solve, widths));
        scenes.push(slow(Solve, widths));
    }
    for widths in [&[Every, Several][..], &[Several, Every], &[Several; 3]] {
        scenes.push(by_default(Solve, 80_000.0, widths));
        scenes.push(by_default(Image, 10_000.0, widths));
        scenes.push(scene(Wait, widths));
        scenes.push(slow(Wait, widths));
    }
    scenes.push(Scene { timer_error: -0.9, ..scene(Solve, &[Several, Every]) });
    scenes.push(Scene { sleeps: 2, ..scene(Solve, &[Several, Few]) });
    scenes.push(Scene { timer_error: 5.0, ..scene(Solve, &[Several; 3]) });
    scenes
}

/// Whether a rule was broken. Then the other threads stop.
#[derive(Default)]
struct Broken(AtomicBool);

struct Tells<'a>(&'a Broken);

impl Drop for Tells<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_or(std::thread::panicking(), Ordering::Relaxed);
    }
}

/// Plays every run of a scene.
fn explore(scene: &Scene, choices: &Rc<Choices>, tally: &mut Tally, broken: &Broken) {
    let options = client_options(scene);
    let mut tape = Tape::default();
    while !broken.0.load(Ordering::Relaxed) {
        tape = run(scene, choices, &options, tape, &mut |run| check(run, tally));
        if !tape.advance() {
            break;
        }
    }
}

#[test]
fn every_interleaving_of_answers_faults_and_aborts_keeps_the_rules() {
    let scenes = scenes();
    let next = AtomicUsize::new(0);
    let all = Mutex::new(Tally::default());
    let broken = Broken::default();
    // Each thread has its own worlds. Their tallies are added up, so the order does not matter.
    std::thread::scope(|threads| {
        for _ in 0..2 {
            threads.spawn(|| {
                let _tells = Tells(&broken);
                let choices = Rc::new(Choices::new());
                let mut tally = Tally::default();
                while let Some(scene) = scenes.get(next.fetch_add(1, Ordering::Relaxed)) {
                    explore(scene, &choices, &mut tally, &broken);
                }
                all.lock().unwrap().merge(tally);
            });
        }
    });
    let tally = all.into_inner().unwrap();
    println!(
        "{} runs checked: {} scenes, {} requests, {} aborts",
        tally.runs,
        scenes.len(),
        tally.requests,
        tally.aborts
    );
    assert!(tally.runs > 40_000, "the tree has shrunk");
    report(&tally);
}

/// Writes the rows for `docs/reliability.md`.
fn report(tally: &Tally) {
    let Some(folder) = std::env::var_os("CAPWIRE_RELIABILITY") else { return };
    let rows: Vec<_> = tally
        .rows
        .iter()
        .map(|((method, fault), (runs, outcomes))| {
            // An outcome that also occurs with a longer text is listed once, with the longer one.
            let is_most_detailed =
                |it: &&String| !outcomes.iter().any(|other| other.starts_with(&format!("{it};")));
            let outcomes: Vec<_> =
                outcomes.iter().filter(is_most_detailed).map(String::as_str).collect();
            json!({
                "place": "Model",
                "fault": format!("{method}: {fault}"),
                "outcome": outcomes.join(" / "),
                "runs": runs,
            })
        })
        .collect();
    std::fs::create_dir_all(&folder).unwrap();
    let path = std::path::Path::new(&folder).join("model.json");
    std::fs::write(path, serde_json::to_string_pretty(&rows).unwrap() + "\n").unwrap();
}

proptest! {
    // No file of failed cases: each becomes a test with a name.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn long_random_interleavings_keep_the_rules(
        picks in prop::collection::vec(any::<u32>(), 0..120),
        entry in prop::sample::select(vec![Entry::Solve, Entry::Image, Entry::Wait]),
        request_timeout in prop_oneof![Just(21_000_u32), 1_u32..60_000],
        timeout in prop_oneof![1_u32..20_000, 1_u32..500_000],
        interval in prop_oneof![Just(2_000_u32), 2_000_u32..30_000],
        retries in 0_usize..=10,
        random in 0.0..1.0,
        timer_error in prop_oneof![Just(0.0), -0.9..5.0],
        width in prop::sample::select(vec![Every, Several, Few]),
        sleeps: bool,
    ) {
        let scene = Scene {
            request_timeout: request_timeout.into(),
            timeout: timeout.into(),
            interval: interval.into(),
            retries,
            timer_error,
            random,
            sleeps: if sleeps { 12 } else { 0 },
            ..scene(entry, &[width; 120])
        };
        thread_local!(static CHOICES: Rc<Choices> = Rc::new(Choices::new()));
        let choices = CHOICES.with(Rc::clone);
        let mut tally = Tally::default();
        run(&scene, &choices, &client_options(&scene), Tape::of(picks), &mut |run| check(run, &mut tally));
    }
}
