//! Who runs the candidates of a shrinker.

use crate::offers::Offers;
use crate::run::{Outcome, Program, RunConfig, replay_as_holds, replay_offered, replay_until};
use crate::world::World;
use seedbed_core::{At, ChoiceKey, Event, Observer, PathId, SignalName, Tape, TapeEntry};
use std::cell::RefCell;
use std::rc::Rc;

/// Runs tapes of one run by name: what cannot be followed is skipped.
pub trait Runner {
    /// How many tapes it would like at a time; at least one.
    fn width(&self) -> usize;

    /// Of these tapes the first whose run is `wanted`, and that run; a run of more than `steps_max` steps is
    /// left there. How far it looked beyond that one may not show.
    fn first(
        &mut self,
        tapes: &[Tape],
        steps_max: Option<u64>,
        wanted: &(dyn Fn(&Outcome) -> bool + Sync),
    ) -> Option<(usize, Outcome)>;

    /// What is run.
    fn program(&self) -> (&dyn Program, &RunConfig);

    /// The run of a tape, whose order is said in holds; `None` if the tape contradicts itself.
    fn as_holds(&mut self, tape: &Tape) -> Option<Outcome> {
        let (program, run) = self.program();
        replay_as_holds(program, run, tape)
    }

    /// What the run of a tape is offered.
    fn offers(&mut self, tape: &Tape) -> Option<Offers> {
        let (program, run) = self.program();
        replay_offered(program, run, tape)
    }

    /// What is delivered in the run of a tape.
    fn turns(&mut self, tape: &Tape) -> Option<Turns> {
        let (program, run) = self.program();
        let turns = Rc::new(RefCell::new(Turns::default()));
        let watch = Box::new(Watch(Rc::clone(&turns)));
        let mut optional = Vec::new();
        let show = &mut |world: &World| optional = world.optional().to_vec();
        replay_until(program, run, tape, false, u64::MAX, vec![watch], show).ok()?;
        Some(Turns { optional, ..turns.take() })
    }
}

/// Runs one tape by name, and leaves the run after so many steps; `None` if the tape contradicts itself.
pub fn replay_by_name(
    program: &dyn Program,
    run: &RunConfig,
    tape: &Tape,
    steps_max: Option<u64>,
) -> Option<Outcome> {
    let steps_max = steps_max.unwrap_or(u64::MAX);
    replay_until(program, run, tape, false, steps_max, Vec::new(), &mut |_| {}).ok()
}

/// What was delivered in a run.
#[derive(Clone, Debug, Default)]
pub struct Turns {
    /// Names and receivers, in order.
    pub went: Vec<(SignalName, PathId)>,
    /// After how many turns each hold took effect.
    pub held: Vec<(TapeEntry, usize)>,
    /// What a tape can leave out, and this one does not.
    pub optional: Vec<ChoiceKey>,
}

impl Turns {
    /// What went from where a hold took effect up to and with the signal that it waited for.
    pub(super) fn while_held(&self, hold: &TapeEntry, until: SignalName) -> &[(SignalName, PathId)] {
        let begin = self.held.iter().find(|(held, _)| held == hold).map(|(_, after)| *after);
        let end = self.went.iter().position(|(name, _)| *name == until);
        match begin.zip(end) {
            Some((begin, end)) if begin <= end => &self.went[begin..=end],
            _ => &[],
        }
    }
}

struct Watch(Rc<RefCell<Turns>>);

impl Observer for Watch {
    fn event(&mut self, _: At, event: &Event<'_>) {
        if let Event::Turn { who, name, .. } = event {
            self.0.borrow_mut().went.push((*name, who.path));
        }
    }

    fn chosen(&mut self, _: At, entry: &TapeEntry) {
        let mut turns = self.0.borrow_mut();
        let after = turns.went.len();
        turns.held.push((*entry, after));
    }
}

/// One after another, on this thread.
pub struct Alone<'a> {
    program: &'a dyn Program,
    run: &'a RunConfig,
}

impl<'a> Alone<'a> {
    /// A runner of this run.
    pub fn new(program: &'a dyn Program, run: &'a RunConfig) -> Alone<'a> {
        Alone { program, run }
    }
}

impl Runner for Alone<'_> {
    fn width(&self) -> usize {
        1
    }

    fn first(
        &mut self,
        tapes: &[Tape],
        steps_max: Option<u64>,
        wanted: &(dyn Fn(&Outcome) -> bool + Sync),
    ) -> Option<(usize, Outcome)> {
        tapes.iter().enumerate().find_map(|(index, tape)| {
            let outcome = replay_by_name(self.program, self.run, tape, steps_max)?;
            wanted(&outcome).then_some((index, outcome))
        })
    }

    fn program(&self) -> (&dyn Program, &RunConfig) {
        (self.program, self.run)
    }
}
