//! Runs of the fixtures, kept between turns and gone on with: the same, event for event, as the run that was
//! never interrupted; and forks of them, which their seed and tape give back.

#![expect(clippy::unwrap_used, reason = "test helpers")]

use seedbed_core::{At, Event, Observer, TapeEntry, TraceHash};
use seedbed_manifest::Scenario;
use seedbed_sim::{
    Audited, Faults, Outcome, Profile, Program, Run, RunConfig, Strategy, StrategySpec, replay, run_with,
};
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// One event after the other, each as a hash of all that it says; clones share it.
#[derive(Clone, Default)]
struct Seen(Rc<RefCell<Vec<u64>>>);

impl Seen {
    fn note(&self, at: At, feed: impl FnOnce(&mut TraceHash)) {
        let mut hash = TraceHash::default();
        hash.pair(at.step, at.time.as_nanos());
        hash.word(at.node.0.into());
        feed(&mut hash);
        self.0.borrow_mut().push(hash.value());
    }
}

impl Observer for Seen {
    fn event(&mut self, at: At, event: &Event<'_>) {
        self.note(at, |hash| {
            event.hash_into(hash);
            if let Event::TurnEnd { fuel, .. } = event {
                hash.word(*fuel);
            }
        });
    }

    fn chosen(&mut self, at: At, entry: &TapeEntry) {
        self.note(at, |hash| hash.bytes(&postcard::to_allocvec(entry).unwrap()));
    }
}

/// The manifests of the fixtures.
fn fixtures() -> Vec<(String, Scenario)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let within = |dir: &Path| -> Vec<PathBuf> {
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect()
    };
    let mut files: Vec<PathBuf> = within(&root).into_iter().chain(within(&root.join("corpus"))).collect();
    files.retain(|dir| dir.join("seedbed.toml").is_file());
    files.sort();
    let name = |dir: &Path| dir.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
    files.iter().map(|dir| (name(dir), Scenario::load(&dir.join("seedbed.toml")).unwrap())).collect()
}

fn fixture(name: &str) -> Scenario {
    let (_, scenario) = fixtures().into_iter().find(|(other, _)| other == name).unwrap();
    scenario
}

/// Those with a guest that waits: it has a stack, of which there is no copy.
const WITH_STACKS: [&str; 6] =
    ["built", "lunatic-net", "lunatic-shop", "lunatic-supervisors", "lunatic-tour", "wasi"];

/// All strategies.
const STRATEGIES: [StrategySpec; 10] = [
    StrategySpec::Plain,
    StrategySpec::Random,
    StrategySpec::Pct(3),
    StrategySpec::Pctcp(3),
    StrategySpec::Pos,
    StrategySpec::Surw,
    StrategySpec::DelayBound(4),
    StrategySpec::Fate(5),
    StrategySpec::Portfolio,
    StrategySpec::Dfs(None),
];

/// A strategy for a program, watched: it has to be told of everything that is possible.
fn strategy(spec: StrategySpec, profile: &Profile) -> Box<dyn Strategy> {
    Box::new(Audited::new(spec.build_for(profile)))
}

/// Runs it once in one go, and then with interruptions: at each step up to `each`, and at some beyond.
fn check(
    name: &str,
    scenario: &dyn Program,
    config: &RunConfig,
    decides: &dyn Fn() -> Box<dyn Strategy>,
    each: u64,
) {
    let all = Seen::default();
    let (whole, _) = run_with(scenario, config, decides(), vec![Box::new(all.clone())]);
    let (all, last) = (all.0.take(), whole.stats.steps);
    let stride = (last / 3).max(1);
    let begin = |seen: &Seen| {
        Run::begin(scenario, config, decides(), vec![Box::new(seen.clone())])
            .unwrap_or_else(|e| panic!("{name}: {e}"))
    };
    let seen = Seen::default();
    let mut run = begin(&seen);
    let mut other = begin(&Seen::default());
    for step in (0..=last).filter(|step| *step <= each || step % stride == 0 || *step >= last - 1) {
        let place = format!("{name}, seed {}, step {step} of {last}", config.seed);
        run.to_step(step);
        let kept = run.snapshot();
        assert_eq!((kept.step(), kept.not_kept()), (step.min(last), None), "{place}");
        let told = seen.0.borrow().len();
        // On, as if nothing had been.
        same(&run.finish(), &whole, &place);
        assert!(*seen.0.borrow() == all, "{place}: other events");
        // Back, under another seed, and on to anywhere.
        run.restore(&kept);
        run.fork(config.seed + 1);
        run.finish();
        // Back, and on again.
        run.restore(&kept);
        seen.0.borrow_mut().truncate(told);
        same(&run.finish(), &whole, &place);
        assert!(*seen.0.borrow() == all, "{place}: other events after it was restored");
        // And in a world that was never there, or is somewhere else.
        other.restore(&kept);
        same(&other.finish(), &whole, &place);
        run.restore(&kept);
        seen.0.borrow_mut().truncate(told);
    }
}

fn same(run: &Outcome, whole: &Outcome, place: &str) {
    assert_eq!(run.trace_hash, whole.trace_hash, "{place}: another run");
    assert_eq!(run, whole, "{place}");
}

#[test]
fn a_run_that_goes_on_from_a_snapshot_is_the_run_that_was_never_interrupted() {
    let mut nth = 0;
    for (name, scenario) in fixtures() {
        if WITH_STACKS.contains(&name.as_str()) {
            continue;
        }
        let profile = Profile::of(&scenario);
        // Each by two, so that each strategy decides runs of eight or nine.
        for _ in 0..2 {
            let (spec, seed) = (STRATEGIES[nth % STRATEGIES.len()], nth as u64);
            nth += 1;
            let config = RunConfig { seed, steps_hint: profile.steps };
            let decides = || strategy(spec, &profile);
            check(&format!("{name}, {spec}"), &scenario, &config, &decides, 2);
        }
    }
}

#[test]
fn so_it_is_with_all_faults() {
    let mut nth = 0;
    for name in ["transfer", "register", "counter", "palladium", "warden", "corpus/raft-blind-vote"] {
        let scenario = fixture(name).in_world(|world| world.faults = Faults::chaos());
        let profile = Profile::of(&scenario);
        for _ in 0..2 {
            let (spec, seed) = (STRATEGIES[nth % STRATEGIES.len()], nth as u64);
            nth += 1;
            let config = RunConfig { seed, steps_hint: profile.steps };
            check(&format!("{name}, chaos, {spec}"), &scenario, &config, &|| strategy(spec, &profile), 4);
        }
    }
}

#[test]
fn where_a_guest_has_a_stack_the_run_is_run_again_with_the_same_result() {
    for (name, scenario) in fixtures() {
        if !WITH_STACKS.contains(&name.as_str()) {
            continue;
        }
        let config = RunConfig::seed(3);
        let decides = || StrategySpec::Random.build();
        let (whole, _) = run_with(&scenario, &config, decides(), Vec::new());
        let mut run = Run::begin(&scenario, &config, decides(), Vec::new()).unwrap();
        let mut not_kept = false;
        for step in [1, whole.stats.steps / 3, whole.stats.steps / 2] {
            run.to_step(step);
            let kept = run.snapshot();
            not_kept |= kept.not_kept().is_some();
            run.fork(9);
            run.finish();
            run.restore(&kept);
            assert_eq!(run.world().step(), step, "{name}");
            same(&run.finish(), &whole, &name);
            run.restore(&kept);
        }
        assert!(not_kept, "{name} could be kept at each of these steps");
    }
}

#[test]
fn a_fork_is_given_back_by_its_seed_and_tape_and_by_its_seeds() {
    for name in ["transfer", "register", "corpus/lost-update"] {
        let scenario = fixture(name);
        let config = RunConfig::seed(5);
        let begin = || Run::begin(&scenario, &config, StrategySpec::Random.build(), Vec::new()).unwrap();
        let mut run = begin();
        assert!(run.to_started(), "{name}");
        let started = run.snapshot();
        let mut hashes = Vec::new();
        for seed in 0..8 {
            run.restore(&started);
            run.fork(seed);
            assert_eq!(run.world().forks()[0].seed, seed);
            let outcome = run.finish();
            let along = replay(&scenario, &config, &outcome.tape, true, Vec::new()).unwrap();
            assert_eq!(along.replay_error, None, "{name}, fork {seed}");
            assert_eq!(along.trace_hash, outcome.trace_hash, "{name}, fork {seed}");
            assert_eq!(along.tape, outcome.tape, "{name}, fork {seed}");
            // The same without any snapshot.
            let mut again = begin();
            again.to_step(started.step());
            again.fork(seed);
            same(&again.finish(), &outcome, name);
            hashes.push(outcome.trace_hash);
        }
        hashes.sort_unstable();
        hashes.dedup();
        assert!(hashes.len() > 2, "{name}: forks that differ in their seeds are different runs");
    }
}
