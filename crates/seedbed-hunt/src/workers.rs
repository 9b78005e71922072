//! The runs of a hunt on worker threads, folded in the order of their indices.
//!
//! Workers take the next index from a counter and run it whole, so the runs that were begun are
//! always the first so many. A finding at an index bounds what is still begun to the indices below it.

use crate::hunt::{Hunt, HuntError, Phase, Progress};
use crate::quiet::quietly;
use crate::summary::Summary;
use crate::witness::Witness;
use seedbed_sim::{Outcome, Profile, Run, RunConfig, RunSnapshot, run_with};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// What is to be run. Runs are counted within the shard.
pub(crate) struct Plan<'a> {
    pub(crate) hunt: &'a Hunt<'a>,
    /// What strategies know of the program.
    pub(crate) profile: Profile,
    pub(crate) steps_hint: u64,
    /// The first that is not done yet.
    pub(crate) begin: u64,
    /// The first that is not to be run.
    pub(crate) end: Option<u64>,
    pub(crate) start: Instant,
    pub(crate) deadline: Option<Instant>,
    pub(crate) cancel: &'a AtomicBool,
    /// What the runs before `begin` did.
    pub(crate) before: Summary,
}

/// What was run.
pub(crate) struct Done {
    /// The first that was not run.
    pub(crate) next: u64,
    pub(crate) summary: Summary,
    pub(crate) stopped: Stopped,
}

/// Why no more was run.
pub(crate) enum Stopped {
    Found(u64, Box<Outcome>),
    End,
    Deadline,
    Exhausted,
    Cancelled,
}

/// What a worker tells of one run.
struct Ended {
    nth: u64,
    run: Result<Box<Outcome>, String>,
    /// The strategy has nothing left to try.
    exhausted: bool,
}

struct Shared {
    next: AtomicU64,
    /// Runs from this on do not matter any more.
    limit: AtomicU64,
}

/// The stack of a worker: that of a main thread, so that a run behaves as it would there.
const STACK: usize = 8 << 20;

/// How many runs may wait to be folded.
const WAITING: usize = 1024;

pub(crate) fn run_all(plan: &Plan<'_>, progress: &mut dyn FnMut(&Progress)) -> Result<Done, HuntError> {
    let jobs = if plan.hunt.strategy.is_sequential() { 1 } else { plan.hunt.jobs.max(1) };
    let shared =
        Shared { next: AtomicU64::new(plan.begin), limit: AtomicU64::new(plan.end.unwrap_or(u64::MAX)) };
    std::thread::scope(|scope| {
        let (send, receive) = sync_channel(WAITING);
        for job in 0..jobs {
            let send = send.clone();
            let shared = &shared;
            let thread = std::thread::Builder::new().name(format!("hunt-{job}")).stack_size(STACK);
            thread
                .spawn_scoped(scope, move || work(plan, shared, job, &send))
                .expect("the system has threads");
        }
        drop(send);
        fold(plan, &shared, &receive, progress)
    })
}

fn work(plan: &Plan<'_>, shared: &Shared, job: u32, send: &SyncSender<Ended>) {
    let hunt = plan.hunt;
    let dir = hunt.witness_in.as_deref();
    let mut witness = dir.and_then(|dir| Witness::new(dir, &hunt.name, &hunt.strategy.to_string(), job));
    let mut started = None;
    let mut strategy = plan.hunt.strategy.build_for(&plan.profile);
    while !is_over(plan) {
        let nth = shared.next.fetch_add(1, Ordering::Relaxed);
        if nth >= shared.limit.load(Ordering::Relaxed) {
            // It was not run, and nor is any after it.
            return;
        }
        let config = RunConfig { seed: seed(plan, nth), steps_hint: plan.steps_hint };
        if let Some(witness) = &mut witness {
            witness.begin(config.seed, start_seed(plan, nth));
        }
        let ran = quietly(|| {
            catch_unwind(AssertUnwindSafe(|| match hunt.forks {
                0 => run_with(hunt.program, &config, strategy, Vec::new()),
                _ => (Started::fork(&mut started, plan, nth), strategy),
            }))
        });
        let (run, mut exhausted) = match ran {
            Ok((outcome, back)) => {
                strategy = back;
                (Ok(Box::new(outcome)), false)
            }
            Err(panic) => {
                started = None;
                strategy = plan.hunt.strategy.build_for(&plan.profile);
                (Err(panic_text(&*panic)), false)
            }
        };
        let finding = !matches!(&run, Ok(outcome) if outcome.found.is_none());
        if finding {
            shared.limit.fetch_min(nth, Ordering::Relaxed);
        } else if !strategy.end() {
            exhausted = true;
            shared.limit.fetch_min(nth + 1, Ordering::Relaxed);
        }
        if send.send(Ended { nth, run, exhausted }).is_err() {
            return;
        }
    }
}

/// A run whose start is behind it, and the state that others go on from.
struct Started<'a> {
    /// Index of the first run that goes on from there, and whose seed this one has.
    first: u64,
    run: Run<'a>,
    state: RunSnapshot,
}

impl<'a> Started<'a> {
    /// Runs the n-th run from the state after the start that it goes on from, which is made if it is not at hand.
    fn fork(started: &mut Option<Started<'a>>, plan: &Plan<'a>, nth: u64) -> Outcome {
        let index = plan.hunt.shard.index_of(nth);
        let first = plan.hunt.start_of(index).expect("only hunts with forks come here");
        let at_hand = started.take().filter(|started| started.first == first);
        let mut at = match at_hand.map_or_else(|| Started::new(plan, first), Ok) {
            Ok(at) => at,
            Err(outcome) => return *outcome,
        };
        at.run.restore(&at.state);
        at.run.fork(plan.hunt.seed_of(index));
        let outcome = at.run.finish();
        *started = Some(at);
        outcome
    }

    /// # Errors
    /// The outcome of a run whose world could not be built.
    fn new(plan: &Plan<'a>, first: u64) -> Result<Started<'a>, Box<Outcome>> {
        let hunt = plan.hunt;
        let config = RunConfig { seed: hunt.seed_of(first), steps_hint: plan.steps_hint };
        let strategy = || hunt.strategy.build_for(&plan.profile);
        match Run::begin(hunt.program, &config, strategy(), Vec::new()) {
            Ok(mut run) => {
                run.to_started();
                let state = run.snapshot();
                Ok(Started { first, run, state })
            }
            Err(_) => Err(Box::new(run_with(hunt.program, &config, strategy(), Vec::new()).0)),
        }
    }
}

/// The seed of the run from whose start the n-th goes on, if it is a fork.
fn start_seed(plan: &Plan<'_>, nth: u64) -> Option<u64> {
    plan.hunt.start_of(plan.hunt.shard.index_of(nth)).map(|first| plan.hunt.seed_of(first))
}

fn seed(plan: &Plan<'_>, nth: u64) -> u64 {
    plan.hunt.seed_of(plan.hunt.shard.index_of(nth))
}

#[expect(clippy::disallowed_methods, reason = "a hunt is bounded in real time; no run sees it")]
fn is_over(plan: &Plan<'_>) -> bool {
    plan.cancel.load(Ordering::Relaxed) || plan.deadline.is_some_and(|deadline| Instant::now() >= deadline)
}

#[expect(clippy::disallowed_methods, reason = "people are told how far a hunt is in real time")]
fn fold(
    plan: &Plan<'_>,
    shared: &Shared,
    receive: &Receiver<Ended>,
    progress: &mut dyn FnMut(&Progress),
) -> Result<Done, HuntError> {
    const PATIENCE: Duration = Duration::from_millis(100);
    let mut waiting = BTreeMap::new();
    let mut done = Done { next: plan.begin, summary: plan.before.clone(), stopped: Stopped::End };
    let (mut findings, mut told) = (0, Instant::now());
    loop {
        match receive.recv_timeout(PATIENCE) {
            Ok(ended) => {
                findings += u64::from(!matches!(&ended.run, Ok(outcome) if outcome.found.is_none()));
                waiting.insert(ended.nth, ended);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        while let Some(ended) = waiting.remove(&done.next) {
            if let Some(stopped) = take(plan, &mut done, ended)? {
                // Whatever else was begun does not matter; the workers see the limit and end.
                done.stopped = stopped;
                return Ok(done);
            }
        }
        let now = Instant::now();
        if now.duration_since(told) >= PATIENCE {
            told = now;
            progress(&Progress {
                phase: Phase::Hunting,
                runs: done.summary.runs + waiting.len() as u64,
                of: plan.end,
                findings,
                choice_points: done.summary.choice_points,
                elapsed: now.duration_since(plan.start),
                left: plan.deadline.map(|deadline| deadline.saturating_duration_since(now)),
            });
        }
    }
    assert!(waiting.is_empty(), "what was begun is the first so many runs");
    let limit = shared.limit.load(Ordering::Relaxed);
    done.stopped = if done.next >= limit {
        Stopped::End
    } else if plan.cancel.load(Ordering::Relaxed) {
        Stopped::Cancelled
    } else {
        Stopped::Deadline
    };
    Ok(done)
}

/// Takes in the next run; says if it was the last that matters.
fn take(plan: &Plan<'_>, done: &mut Done, ended: Ended) -> Result<Option<Stopped>, HuntError> {
    let index = plan.hunt.shard.index_of(ended.nth);
    done.next += 1;
    match ended.run {
        Err(text) => {
            let start = start_seed(plan, ended.nth);
            Err(HuntError::Panicked { index, seed: seed(plan, ended.nth), start, text })
        }
        Ok(outcome) => {
            done.summary.add(&outcome);
            Ok(match outcome.found {
                Some(_) => Some(Stopped::Found(index, outcome)),
                None => ended.exhausted.then_some(Stopped::Exhausted),
            })
        }
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a text".into())
}
