//! K2–K4: a hold keeps one delivery back and moves nothing else; the order of any run can be said in
//! holds; and from a tape that was shrunk any entry can be deleted with all others met.

use super::corpus::{Entry, corpus};
use seedbed_core::{At, Event, Observer, PathId, SignalKind, SignalName, Tape, TapeEntry, Until};
use seedbed_sim::{
    Alone, InWorld, Outcome, Program, ReplayError, RunConfig, Runner, StrategySpec, World, WorldConfig,
    replay, shrink,
};
use sim_tests::{SEEDS, once};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// What was delivered, in order, with the receiver of each.
#[derive(Clone, Default)]
struct Went(Rc<RefCell<Vec<(SignalName, PathId)>>>);

impl Observer for Went {
    fn event(&mut self, _: At, event: &Event<'_>) {
        if let Event::Turn { who, name, .. } = event {
            self.0.borrow_mut().push((*name, who.path));
        }
    }
}

fn order(program: &dyn Program, run: &RunConfig, tape: &Tape) -> Vec<(SignalName, PathId)> {
    let went = Went::default();
    let outcome = replay(program, run, tape, true, vec![Box::new(went.clone())]);
    let outcome = outcome.expect("the tape does not contradict itself");
    assert_eq!(outcome.replay_error, None);
    went.0.take()
}

fn follow(program: &dyn Program, run: &RunConfig, tape: &Tape, strict: bool) -> Outcome {
    replay(program, run, tape, strict, Vec::new()).expect("the tape does not contradict itself")
}

/// A program of the corpus with the property that one delivery does not go before another.
struct InOrder {
    config: WorldConfig,
    body: fn(&mut World) -> anyhow::Result<()>,
    first: SignalName,
    second: SignalName,
}

impl Program for InOrder {
    fn config(&self) -> WorldConfig {
        self.config.clone()
    }

    fn drive(&self, world: &mut World) -> anyhow::Result<()> {
        let went = Went::default();
        world.observe(went.clone());
        (self.body)(world)?;
        let went = went.0.borrow();
        let place = |name| went.iter().position(|(n, _)| *n == name);
        let swapped = place(self.second) < place(self.first) && place(self.second).is_some();
        anyhow::ensure!(!swapped, "they were swapped");
        Ok(())
    }
}

#[test]
fn the_order_of_any_run_can_be_said_in_holds() {
    for (name, config, body) in corpus() {
        let program = InWorld { config, program: body };
        let mut held = 0;
        for seed in 1..SEEDS {
            let run = RunConfig::seed(seed);
            let dense = once(&program, seed, StrategySpec::Random);
            let said = Alone::new(&program, &run).as_holds(&dense.tape).unwrap();
            assert_eq!(said.trace_hash, dense.trace_hash, "{name}, seed {seed}");
            let orders = |t: &Tape| t.entries.iter().filter(|e| matches!(e, TapeEntry::Order { .. })).count();
            assert_eq!(orders(&said.tape), 0);
            held += said.tape.entries.len();
            let again = follow(&program, &run, &said.tape, true);
            assert_eq!(
                (again.replay_error, again.trace_hash),
                (None, dense.trace_hash),
                "{name}, seed {seed}"
            );
            // What a run writes down that follows holds is what it followed.
            assert_eq!(follow(&program, &run, &again.tape, true).tape, again.tape);
        }
        assert!(held > 50, "{name}: {held}");
    }
}

#[test]
fn a_hold_moves_only_what_it_holds() {
    let (_, config, body) = corpus().swap_remove(0);
    let program = InWorld { config, program: body };
    let run = RunConfig::seed(1);
    let plain = order(&program, &run, &Tape::default());
    let receivers = |went: &[(SignalName, PathId)], without: &SignalName| -> Vec<SignalName> {
        went.iter().map(|(name, _)| *name).filter(|name| name != without).collect()
    };
    let mut held = 0;
    for (at, (what, _)) in plain.iter().enumerate() {
        for (until, _) in plain.iter().skip(at + 1).step_by(5) {
            let hold = TapeEntry::Hold { what: *what, until: Until::Signal(*until) };
            let tape = Tape { entries: vec![hold], paths: BTreeMap::new() };
            let outcome = follow(&program, &run, &tape, false);
            if outcome.met == 0 || outcome.released > 0 {
                continue;
            }
            let went = order(&program, &run, &tape);
            let place = |name| went.iter().position(|(n, _)| n == name);
            assert!(place(what) > place(until), "it waits");
            // All that went before it in plain order and does not come of it goes as it did.
            assert_eq!(receivers(&went, what)[..at], receivers(&plain, what)[..at]);
            held += 1;
        }
    }
    assert!(held > 100, "{held}");
}

#[test]
fn a_hold_that_cannot_be_kept_is_an_error_or_is_given_up() {
    let (_, config, body) = corpus().swap_remove(0);
    let program = InWorld { config, program: body };
    let run = RunConfig::seed(1);
    let plain = order(&program, &run, &Tape::default());
    let stranger = SignalName { path: PathId::of("nobody/of/this/name"), ..plain[0].0 };
    let tape = |what, until| Tape { entries: vec![TapeEntry::Hold { what, until }], paths: BTreeMap::new() };
    // What it waits for never comes.
    let stuck = tape(plain[5].0, Until::Signal(stranger));
    let strict = follow(&program, &run, &stuck, true);
    assert!(matches!(strict.replay_error, Some((_, ReplayError::Stuck(_)))), "{:?}", strict.replay_error);
    let lenient = follow(&program, &run, &stuck, false);
    assert_eq!((lenient.replay_error, lenient.skipped, lenient.released, lenient.met), (None, 1, 1, 1));
    assert_eq!(lenient.stats.steps, plain.len() as u64, "it went in the end");
    // In this world the clock never passes while mail waits: no hold makes it.
    let clock = follow(&program, &run, &tape(plain[5].0, Until::Clock(1)), true);
    assert!(matches!(clock.replay_error, Some((_, ReplayError::Stuck(_)))));
    // What it holds never comes, or what it waits for has gone before.
    for (what, until) in [(stranger, plain[5].0), (plain[20].0, plain[0].0)] {
        let unmet = tape(what, Until::Signal(until));
        let strict = follow(&program, &run, &unmet, true);
        assert!(matches!(strict.replay_error, Some((_, ReplayError::NeverMet(_)))));
        let lenient = follow(&program, &run, &unmet, false);
        assert_eq!((lenient.replay_error, lenient.skipped, lenient.met), (None, 1, 0));
        assert_eq!(order(&program, &run, &lenient.tape), plain);
    }
    let twice = Tape { entries: stuck.entries.repeat(2), paths: BTreeMap::new() };
    assert!(matches!(replay(&program, &run, &twice, true, Vec::new()), Err(ReplayError::Twice(_))));
}

/// In the program of clocks and timers: a start waits until others' timers have fired.
#[test]
fn a_hold_lets_the_clock_pass_where_a_strategy_may() {
    let (_, config, body) = corpus().into_iter().find(|e| e.0 == "clocks").unwrap();
    for (rate, passes) in [(200_000, true), (0, false)] {
        let mut config = config.clone();
        config.faults.clock = rate;
        let program = InWorld { config, program: body };
        let run = RunConfig::seed(1);
        let plain = order(&program, &run, &Tape::default());
        let start = plain.iter().find(|(_, r)| *r == PathId::of("main/server")).unwrap().0;
        let timer = plain.iter().map(|(name, _)| *name).rfind(|n| n.kind == SignalKind::Timer).unwrap();
        for until in [Until::Signal(timer), Until::Clock(2)] {
            let hold = TapeEntry::Hold { what: start, until };
            let tape = Tape { entries: vec![hold], paths: BTreeMap::new() };
            let outcome = follow(&program, &run, &tape, true);
            assert_eq!(outcome.replay_error.is_none(), passes, "{until:?}");
            if passes {
                let went = order(&program, &run, &tape);
                let place = |name| went.iter().position(|(n, _)| *n == name);
                assert!(place(start) > Some(4), "{until:?}");
                assert!(until == Until::Clock(2) || place(start) > place(timer));
            }
        }
    }
}

/// Pairs of deliveries to one receiver that a run swapped.
fn swapped(plain: &[(SignalName, PathId)], went: &[(SignalName, PathId)]) -> Vec<(SignalName, SignalName)> {
    let place: BTreeMap<SignalName, usize> = went.iter().enumerate().map(|(i, (n, _))| (*n, i)).collect();
    let mut pairs = Vec::new();
    for (at, (first, receiver)) in plain.iter().enumerate() {
        let others = plain[at + 1..].iter().filter(|(_, r)| r == receiver);
        for (second, _) in others {
            if let (Some(a), Some(b)) = (place.get(first), place.get(second))
                && b < a
            {
                pairs.push((*first, *second));
            }
        }
    }
    pairs
}

#[test]
fn deleting_an_entry_of_a_shrunk_tape_leaves_every_other_met() {
    let (mut entries, mut tapes, mut worst) = (0, 0, 0);
    for (name, config, body) in corpus() as Vec<Entry> {
        for seed in 1..9 {
            let run = RunConfig::seed(seed);
            let program = InWorld { config: config.clone(), program: body };
            let dense = once(&program, seed, StrategySpec::Random);
            let plain = order(&program, &run, &Tape::default());
            let went = order(&program, &run, &dense.tape);
            for (first, second) in swapped(&plain, &went).into_iter().step_by(7).take(6) {
                let program = InOrder { config: config.clone(), body, first, second };
                let found = once(&program, seed, StrategySpec::Random);
                assert!(found.found.is_some(), "{name}, seed {seed}: they are swapped");
                let shrunk = shrink(&program, &run, &found, |_| true);
                assert!(shrunk.minimal);
                let tape = &shrunk.outcome.tape;
                (tapes, entries) = (tapes + 1, entries + tape.entries.len());
                worst = worst.max(tape.entries.len());
                let again = follow(&program, &run, tape, true);
                assert_eq!((again.replay_error, again.trace_hash), (None, shrunk.outcome.trace_hash));
                for index in 0..tape.entries.len() {
                    let less = tape.without(index);
                    let outcome = follow(&program, &run, &less, false);
                    let texts: Vec<String> = tape.entries.iter().map(|e| tape.describe(e)).collect();
                    assert_eq!(outcome.found, None, "{name}, seed {seed}: {index} of {texts:#?} is needed");
                    assert_eq!(
                        outcome.met as usize,
                        less.entries.len(),
                        "{name}, seed {seed}, without {index} of {texts:#?}"
                    );
                }
            }
        }
    }
    println!("{tapes} tapes of {entries} entries, at most {worst}");
    assert!(tapes > 50 && entries < tapes * 2, "{tapes} tapes of {entries} entries");
}
