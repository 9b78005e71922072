//! Candidates of a shrinker on worker threads.
//!
//! The shrinker names a batch of candidates, each to be taken only if all before it fail; the crew runs them
//! side by side and gives the first that holds. What comes of shrinking is the same for any number.

use crate::quiet::quietly;
use seedbed_core::Tape;
use seedbed_sim::{Outcome, Program, RunConfig, Runner, replay_by_name};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Scope;

/// The stack of a worker, as in a hunt.
const STACK: usize = 8 << 20;

/// Workers that run tapes of one run.
pub(crate) struct Crew<'a> {
    program: &'a (dyn Program + Sync),
    run: &'a RunConfig,
    jobs: usize,
    work: Sender<Task>,
    done: Receiver<Done>,
    /// The batch in hand; tasks of others need not run.
    batch: Arc<AtomicU64>,
}

struct Task {
    batch: u64,
    index: usize,
    tape: Tape,
    steps_max: Option<u64>,
}

struct Done {
    batch: u64,
    index: usize,
    /// `None` if the tape contradicts itself.
    ran: std::thread::Result<Option<Box<Outcome>>>,
}

impl<'a> Crew<'a> {
    /// Hires so many workers, until the crew is dropped.
    pub(crate) fn new<'scope>(
        scope: &'scope Scope<'scope, 'a>,
        program: &'a (dyn Program + Sync),
        run: &'a RunConfig,
        jobs: u32,
    ) -> Crew<'a> {
        let (work, tasks) = channel::<Task>();
        let (send, done) = channel::<Done>();
        let tasks = Arc::new(Mutex::new(tasks));
        let batch = Arc::new(AtomicU64::new(0));
        for job in 0..jobs {
            let (tasks, send, current) = (Arc::clone(&tasks), send.clone(), Arc::clone(&batch));
            let thread = std::thread::Builder::new().name(format!("shrink-{job}")).stack_size(STACK);
            let worker = move || {
                loop {
                    let task = tasks.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok(Task { batch, index, tape, steps_max }) = task else { return };
                    if batch != current.load(Ordering::Relaxed) {
                        continue;
                    }
                    let replay = || replay_by_name(program, run, &tape, steps_max).map(Box::new);
                    let ran = quietly(|| catch_unwind(AssertUnwindSafe(replay)));
                    if send.send(Done { batch, index, ran }).is_err() {
                        return;
                    }
                }
            };
            thread.spawn_scoped(scope, worker).expect("the system has threads");
        }
        Crew { program, run, jobs: jobs as usize, work, done, batch }
    }
}

impl Runner for Crew<'_> {
    fn width(&self) -> usize {
        self.jobs
    }

    fn first(
        &mut self,
        tapes: &[Tape],
        steps_max: Option<u64>,
        wanted: &(dyn Fn(&Outcome) -> bool + Sync),
    ) -> Option<(usize, Outcome)> {
        let batch = self.batch.fetch_add(1, Ordering::Relaxed) + 1;
        for (index, tape) in tapes.iter().enumerate() {
            self.work
                .send(Task { batch, index, tape: tape.clone(), steps_max })
                .expect("workers outlive the crew");
        }
        let mut waiting = BTreeMap::new();
        let mut next = 0;
        while next < tapes.len() {
            let Done { batch: of, index, ran } = self.done.recv().expect("workers outlive the crew");
            if of == batch {
                waiting.insert(index, ran);
            }
            while let Some(ran) = waiting.remove(&next) {
                let outcome = ran.unwrap_or_else(|panic| resume_unwind(panic));
                if let Some(outcome) = outcome.filter(|outcome| wanted(outcome)) {
                    return Some((next, *outcome));
                }
                next += 1;
            }
        }
        None
    }

    fn program(&self) -> (&dyn Program, &RunConfig) {
        (self.program, self.run)
    }
}
