//! One run: a call in a scene, with the answers, faults and aborts that its tape says.

use crate::answers::{Case, Meaning, silence};
use crate::tape::Tape;
use capwire::options::ClientOptions;
use capwire_testkit::*;
use std::cell::RefCell;
use std::rc::Rc;

pub(crate) const LIFE_MS: f64 = 300_000.0;
/// Adding fractions is not exact.
pub(crate) const TINY: f64 = 1e-6;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Entry {
    Solve,
    Image,
    Wait,
}

/// When an answer comes after its request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum When {
    AtOnce,
    /// This long after the time that the request may take: its own timeout, the call's, or the task's life.
    Limit(f64),
    /// This long after one of these bounds, even if another one comes first.
    RequestTimeout(f64),
    Deadline(f64),
    Life(f64),
    Never,
}

/// What may happen to a request.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    pub(crate) case: Rc<Case>,
    pub(crate) when: When,
    /// The call is dropped at that time instead.
    pub(crate) is_abort: bool,
}

/// How many answers are tried at an exchange.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Width {
    Every,
    /// One or two of each meaning.
    Some,
    /// Answers that continue the call, and answers that end it, in time or too late.
    Few,
}

pub(crate) struct Choices {
    every: Vec<Choice>,
    some: [Vec<Choice>; 2],
    few: [Vec<Choice>; 2],
}

impl Choices {
    pub(crate) fn new() -> Self {
        let cases: Vec<Rc<Case>> = crate::answers::all().into_iter().map(Rc::new).collect();
        let never = Rc::new(silence());
        let answered =
            |case: &Rc<Case>, when| Choice { case: Rc::clone(case), when, is_abort: false };
        let aborted = |when| Choice { case: Rc::clone(&never), when, is_abort: true };
        let of = |fault: &str, when| {
            answered(cases.iter().find(|case| &*case.fault == fault).expect(fault), when)
        };
        let (now, just, late) = (When::AtOnce, When::Limit(-1.0), When::Limit(1.0));

        let mut every: Vec<_> = cases.iter().map(|case| answered(case, now)).collect();
        // One answer of each class also comes just in time.
        for (at, case) in cases.iter().enumerate() {
            if cases[..at].iter().all(|known| known.fault != case.fault) {
                every.push(answered(case, just));
            }
        }
        // A late answer is lost, whatever it says. These would make the greatest difference.
        for fault in ["ERROR_NO_SLOT_AVAILABLE", "KeyError", "HTTP 503"] {
            every.push(of(fault, late));
        }
        for fault in ["a created task", "ready"] {
            for bound in [When::Limit, When::RequestTimeout, When::Deadline, When::Life] {
                every.extend([-1.0, 0.0, 1.0].map(|off| of(fault, bound(off))));
            }
        }
        every.push(answered(&never, When::Never));
        every.extend([now, just].map(aborted));

        let some = [
            vec![
                of("a created task", now),
                of("a created task", just),
                of("a created task", late),
                of("ERROR_NO_SLOT_AVAILABLE", now),
                of("HTTP 503 with Retry-After", just),
                of("HTTP 429", now),
                of("HTTP 500", just),
                of("a network error", now),
                of("KeyError", just),
                of("a redirect", now),
                answered(&never, When::Never),
                aborted(just),
            ],
            vec![
                of("processing", now),
                of("processing", just),
                of("ready", now),
                of("ready", just),
                of("ready", late),
                of("ERROR_TOO_MUCH_REQUESTS", now),
                of("HTTP 503 with Retry-After", now),
                of("a network error", just),
                of("UnsolvableError", now),
                of("TaskNotFoundError", just),
                answered(&never, When::Never),
                aborted(just),
            ],
        ];
        let few = [
            vec![
                of("a created task", now),
                of("HTTP 429", now),
                of("HTTP 503", just),
                of("ready", late),
            ],
            vec![
                of("processing", now),
                of("HTTP 500", just),
                of("ERROR_TOO_MUCH_REQUESTS", now),
                of("ready", late),
                of("ready", now),
            ],
        ];
        Self { every, some, few }
    }

    fn at(&self, width: Width, is_poll: bool) -> &[Choice] {
        match width {
            Width::Every => &self.every,
            Width::Some => &self.some[usize::from(is_poll)],
            Width::Few => &self.few[usize::from(is_poll)],
        }
    }

    fn first(&self, fault: &str) -> Choice {
        self.every.iter().find(|choice| &*choice.case.fault == fault).expect(fault).clone()
    }
}

/// The settings of the runs of one tree.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) entry: Entry,
    pub(crate) request_timeout: f64,
    pub(crate) timeout: f64,
    pub(crate) interval: f64,
    pub(crate) retries: usize,
    pub(crate) timer_error: f64,
    pub(crate) random: f64,
    /// Which answers are tried at each exchange.
    pub(crate) widths: Vec<Width>,
    /// The answers to choose one from after that, which is then repeated.
    pub(crate) tails: [Vec<&'static str>; 2],
    /// One exchange in so many puts the machine to sleep; 0 for none.
    pub(crate) sleeps: usize,
}

impl Scene {
    pub(crate) fn task(&self) -> Js {
        if self.entry == Entry::Image { image() } else { token_task() }
    }

    pub(crate) fn call(&self) -> Call {
        match self.entry {
            Entry::Solve => Call::Solve(self.task()),
            Entry::Image => Call::SolveImage(self.task()),
            Entry::Wait => Call::Wait(TASK_ID),
        }
    }

    pub(crate) fn first_delay(&self) -> f64 {
        match self.entry {
            Entry::Solve => 1_000.0,
            Entry::Image => 350.0,
            Entry::Wait => 0.0,
        }
    }
}

/// The answer to a request.
#[derive(Clone, Debug)]
pub(crate) struct Move {
    pub(crate) choice: Choice,
    /// Infinite if the answer never comes.
    pub(crate) delay: f64,
}

/// The state of the service while a call runs.
pub(crate) struct Play {
    pub(crate) tape: Tape,
    pub(crate) moves: Vec<Move>,
    pub(crate) start: f64,
    pub(crate) overslept: f64,
    created: Option<f64>,
    drop_at: f64,
    pub(crate) dropped_in_pause: bool,
    pub(crate) dropped_under_way: bool,
    tail: [Option<usize>; 2],
    is_over: bool,
    /// The end of a request that was sent when the time was over.
    pub(crate) overrun: f64,
}

impl Play {
    pub(crate) fn new(tape: Tape) -> Self {
        Self {
            tape,
            moves: Vec::new(),
            start: 0.0,
            overslept: 0.0,
            created: None,
            drop_at: f64::INFINITY,
            dropped_in_pause: false,
            dropped_under_way: false,
            tail: [None; 2],
            is_over: false,
            overrun: 0.0,
        }
    }

    /// How long a request that starts now may take.
    pub(crate) fn limit(scene: &Scene, start: f64, created: Option<f64>, now: f64) -> f64 {
        match Self::left(scene, start, created, now) {
            // The last one of a wait whose time is over.
            left if left <= 0.0 && created.is_some() => scene.request_timeout,
            left => scene.request_timeout.min(left),
        }
    }

    /// How long the call may go on from now.
    pub(crate) fn left(scene: &Scene, start: f64, created: Option<f64>, now: f64) -> f64 {
        let life = created.map_or(f64::INFINITY, |created| created + LIFE_MS - now);
        life.min(start + scene.timeout - now)
    }

    fn answer(&mut self, scene: &Scene, choices: &Choices, sent: &Sent, world: &World) -> Script {
        if self.is_over {
            return server().script(&sent.method, 0).after(0.0);
        }
        let is_poll = sent.method == "getTaskResult";
        let choice = match scene.widths.get(self.moves.len()) {
            Some(width) => {
                let list = choices.at(*width, is_poll);
                list[self.tape.choose(list.len())].clone()
            }
            None => {
                let side = usize::from(is_poll);
                let tails = &scene.tails[side];
                let tail = self.tail[side].unwrap_or_else(|| self.tape.choose(tails.len()));
                self.tail[side] = Some(tail);
                choices.first(tails[tail])
            }
        };
        if scene.sleeps > 0 && self.tape.choose(scene.sleeps) + 1 == scene.sleeps {
            let span = [900.0, 30_000.0, 400_000.0][self.tape.choose(3)];
            world.oversleep(span);
            self.overslept += span;
        }
        let created = if scene.entry == Entry::Wait { Some(self.start) } else { self.created };
        if is_poll && Self::left(scene, self.start, created, sent.start) <= 0.0 {
            self.overrun = sent.start + scene.request_timeout;
        }
        let life = self.created.unwrap_or(sent.start) + LIFE_MS - sent.start;
        let delay = match choice.when {
            When::AtOnce => 0.0,
            When::Limit(off) => {
                let created = created.filter(|_| is_poll);
                off + Self::limit(scene, self.start, created, sent.start)
            }
            When::RequestTimeout(off) => scene.request_timeout + off,
            When::Deadline(off) => self.start + scene.timeout - sent.start + off,
            When::Life(off) => life + off,
            When::Never => f64::INFINITY,
        }
        .max(0.0);
        if choice.is_abort {
            self.drop_at = sent.start + delay;
        }
        if !is_poll && choice.case.create == Meaning::Created {
            self.created = Some(sent.start + delay);
        }
        let script = if choice.is_abort { hang() } else { choice.case.script.clone() };
        self.moves.push(Move { choice, delay });
        script.after(if delay.is_finite() { delay } else { 0.0 })
    }

    /// Whether the call is dropped at this moment.
    fn drops(&mut self, scene: &Scene, world: &World) -> bool {
        let bound = (self.start + scene.timeout).max(self.overrun);
        let bound = bound + self.overslept + scene.timer_error.max(0.0) + 2.0;
        assert!(world.now() <= bound, "runs {} ms too long", world.now() - bound);
        if world.now() >= self.drop_at {
            // A machine that slept may have missed its moment.
            self.dropped_under_way = world.in_flight() > 0;
            self.dropped_in_pause = !self.dropped_under_way;
            return true;
        }
        let in_pause = world.in_flight() == 0 && self.moves.len() <= scene.widths.len();
        self.dropped_in_pause = in_pause && self.tape.choose(2) == 1;
        self.dropped_in_pause
    }
}

/// Prints the choices of a run that fails.
struct PrintOnPanic<'a>(&'a Scene, &'a RefCell<Play>);

impl Drop for PrintOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking()
            && let Ok(play) = self.1.try_borrow()
        {
            let widths = self.0.widths.iter().take(play.moves.len()).copied().collect();
            eprintln!("{:?}\n{}", Scene { widths, ..self.0.clone() }, play.tape);
            for Move { choice, delay } in &play.moves {
                eprintln!(
                    "  {delay} ms, abort {}: {} {:?}",
                    choice.is_abort, choice.case.fault, choice.case.script.end
                );
            }
        }
    }
}

/// A run that has ended.
pub(crate) struct Run<'a> {
    pub(crate) scene: &'a Scene,
    pub(crate) play: &'a RefCell<Play>,
    pub(crate) world: World,
    pub(crate) client: Client<World>,
    pub(crate) start: f64,
    pub(crate) end: f64,
    pub(crate) sent: Vec<Sent>,
    pub(crate) events: Vec<Value>,
    /// None if it was dropped.
    pub(crate) outcome: Option<Outcome>,
}

/// Plays one run, checks it, and returns its tape.
pub(crate) fn run(
    scene: &Scene,
    choices: &Rc<Choices>,
    options: &ClientOptions,
    tape: Tape,
    check: &mut dyn FnMut(&Run<'_>),
) -> Tape {
    let play = Rc::new(RefCell::new(Play::new(tape)));
    let print_on_panic = PrintOnPanic(scene, &play);
    let itself: Rc<RefCell<Option<World>>> = Rc::default();
    let world = {
        let (play, choices, itself) = (Rc::clone(&play), Rc::clone(choices), Rc::clone(&itself));
        let scene = scene.clone();
        World::new(move |sent: &Sent| {
            let world = itself.borrow().clone().unwrap();
            play.borrow_mut().answer(&scene, &choices, sent, &world)
        })
    };
    *itself.borrow_mut() = Some(world.clone());
    world.set_random(scene.random);
    world.set_timer_error(scene.timer_error);
    let client = Client::new(world.clone(), options.clone(), Rc::default());
    let log = Log::default();
    let start = world.now();
    play.borrow_mut().start = start;
    let call =
        json!({ "timeoutMs": scene.timeout as u64, "pollIntervalMs": scene.interval as u64 });
    let scene_call = scene.call();
    let flow = scene_call.with(&client, call, &log);
    let outcome = world.run_until(flow, || play.borrow_mut().drops(scene, &world));
    play.borrow_mut().is_over = true;
    world.oversleep(0.0);
    world.set_timer_error(0.0);
    let (sent, events, end) = (world.sent(), log.events(), world.now());
    let run =
        Run { scene, play: &play, world: world.clone(), client, start, end, sent, events, outcome };
    check(&run);
    drop(print_on_panic);
    // Otherwise the world would own itself.
    itself.borrow_mut().take();
    let mut play = play.borrow_mut();
    std::mem::take(&mut play.tape)
}

/// The options of a client in this scene.
pub(crate) fn client_options(scene: &Scene) -> ClientOptions {
    let options = json!({
        "clientKey": KEY,
        "requestTimeoutMs": scene.request_timeout as u64,
        "maxRetries": scene.retries,
    });
    ClientOptions::read(&Js::from(options)).unwrap()
}
