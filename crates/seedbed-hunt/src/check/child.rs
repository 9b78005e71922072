//! The side of a check that runs.

use super::wire::{ActorState, Answer, BLOCK, Ended, Request, VERSION, Wanted, WireError, get, put};
use crate::quiet::quietly;
use crate::seed::profile;
use seedbed_core::{At, Event, Observer, TapeEntry, TraceHash, stable_hash};
use seedbed_sim::{Outcome, Profile, Program, RunConfig, StrategySpec, World, replay_until, run_shown};
use seedbed_trace::Collector;
use std::cell::RefCell;
use std::io::{Read, Write};
use std::rc::Rc;

/// Serves the requests of a check until the other side closes its pipe. Nothing else may be written
/// to `out`.
///
/// # Errors
/// If the other side cannot be understood or reached.
pub fn serve(program: &dyn Program, mut from: impl Read, out: impl Write + 'static) -> Result<(), WireError> {
    let out: Shared = Rc::new(RefCell::new(Out { to: Box::new(out), error: None }));
    let mut known = None;
    while let Some(request) = get::<Request>(&mut from)? {
        let answer = match request.strategy.parse::<StrategySpec>() {
            _ if request.version != VERSION => {
                Answer::Refused(format!("version {} is asked for, this is {VERSION}", request.version))
            }
            Err(e) => Answer::Refused(e.to_string()),
            Ok(spec) => {
                let profile = known.get_or_insert_with(|| profile(program));
                let config = RunConfig { seed: request.seed, steps_hint: profile.steps };
                quietly(|| Job { program, config, profile, spec, out: &out }.answer(&request.what))
            }
        };
        let mut out = out.borrow_mut();
        out.put(&answer);
        if let Some(error) = out.error.take() {
            return Err(error);
        }
        out.to.flush()?;
    }
    Ok(())
}

type Shared = Rc<RefCell<Out>>;

/// The pipe, and the first error on it: an observer has nobody to return one to.
struct Out {
    to: Box<dyn Write>,
    error: Option<WireError>,
}

impl Out {
    fn put(&mut self, answer: &Answer) {
        if self.error.is_none() {
            self.error = put(&mut self.to, answer).err();
        }
    }
}

struct Job<'a> {
    program: &'a dyn Program,
    config: RunConfig,
    profile: &'a Profile,
    spec: StrategySpec,
    out: &'a Shared,
}

impl Job<'_> {
    fn answer(&self, wanted: &Wanted) -> Answer {
        match *wanted {
            Wanted::Digests => self.digests(),
            Wanted::Records { from, to } => {
                let (collector, collected) = Collector::range(from, to);
                let (outcome, _) = self.run(Box::new(collector));
                Answer::Records(collected.take_with(&outcome.paths))
            }
            Wanted::States { step } => self.after(step, |world| Answer::States(states_of(world))),
            Wanted::Parts { step, ref path, life } => self.after(step, |world| {
                let of = |actor: &seedbed_core::ActorInfo| actor.path == *path && actor.life.0 == life;
                let actor = world.actors().into_iter().find(of);
                let behaviour = actor.and_then(|actor| world.behaviour(actor.pid));
                Answer::Parts(behaviour.map_or_else(Vec::new, seedbed_core::Behaviour::state_parts))
            }),
        }
    }

    fn run(&self, observer: Box<dyn Observer>) -> (Outcome, Vec<ActorState>) {
        let mut states = Vec::new();
        let show = &mut |world: &World| states = states_of(world);
        let strategy = self.spec.build_for(self.profile);
        let (outcome, _) = run_shown(self.program, &self.config, strategy, vec![observer], show);
        (outcome, states)
    }

    fn digests(&self) -> Answer {
        let running = Rc::new(RefCell::new(Running::default()));
        let observer = Digests { running: Rc::clone(&running), out: Rc::clone(self.out) };
        let (outcome, states) = self.run(Box::new(observer));
        let running = running.borrow();
        Answer::End(Ended {
            events: running.events,
            digest: running.hash.value(),
            steps: outcome.stats.steps,
            time_ns: outcome.time.as_nanos(),
            trace_hash: outcome.trace_hash,
            state_hash: outcome.state_hash,
            fuel_hash: outcome.fuel_hash,
            steps_hint: self.config.steps_hint,
            broke: outcome.found.map(|found| found.to_string()),
            states,
        })
    }

    /// The run's tape gives the same run; it is left as it stands after the step.
    fn after(&self, step: u64, look: impl Fn(&World) -> Answer) -> Answer {
        let strategy = self.spec.build_for(self.profile);
        let (outcome, _) = run_shown(self.program, &self.config, strategy, Vec::new(), &mut |_| {});
        let mut seen = Answer::Refused(format!("the run has no step {step}"));
        let show = &mut |world: &World| seen = look(world);
        match replay_until(self.program, &self.config, &outcome.tape, true, step, Vec::new(), show) {
            Ok(Outcome { replay_error: None, .. }) => seen,
            Ok(Outcome { replay_error: Some((step, e)), .. }) => Answer::Refused(format!(
                "the tape of the run could not be followed in step {step}: failed to {e}"
            )),
            Err(e) => Answer::Refused(format!("failed to {e}")),
        }
    }
}

fn states_of(world: &World) -> Vec<ActorState> {
    let state = |actor: seedbed_core::ActorInfo| ActorState {
        hash: world.behaviour(actor.pid).and_then(seedbed_core::Behaviour::state_hash),
        path: actor.path,
        life: actor.life.0,
    };
    world.actors().into_iter().map(state).collect()
}

/// The digest of all events so far, with where they happened.
#[derive(Default)]
struct Running {
    hash: TraceHash,
    events: u64,
}

struct Digests {
    running: Rc<RefCell<Running>>,
    out: Shared,
}

impl Digests {
    fn took(&mut self, at: At, feed: impl FnOnce(&mut TraceHash)) {
        let mut running = self.running.borrow_mut();
        running.hash.pair(at.step, at.time.as_nanos());
        feed(&mut running.hash);
        running.events += 1;
        if running.events.is_multiple_of(BLOCK) {
            self.out.borrow_mut().put(&Answer::Block(running.hash.value()));
        }
    }
}

impl Observer for Digests {
    fn event(&mut self, at: At, event: &Event<'_>) {
        self.took(at, |hash| {
            event.hash_into(hash);
            // Fuel is no part of an event's own hash, so that native actors and modules can be compared.
            if let Event::TurnEnd { fuel, .. } = event {
                hash.word(*fuel);
            }
        });
    }

    fn chosen(&mut self, at: At, entry: &TapeEntry) {
        let bytes = postcard::to_allocvec(entry).expect("plain data in memory can always be encoded");
        self.took(at, |hash| hash.word(stable_hash(&bytes)));
    }
}
