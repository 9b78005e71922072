//! A hunt gives the same report whatever its jobs and shards, can be left and gone on with, and says
//! when it proved nothing.

mod common;

use common::{Builds, boots, chaos, hunt, race, run, sound};
use seedbed_hunt::{End, HuntError, Part, PartError, Progress, Shard, Warning, merge, profile, run_seed};
use seedbed_sim::{InWorld, Profile, Run, RunConfig, StrategySpec, World, run_with};
use seedbed_trace::Origin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

#[test]
fn jobs_change_nothing() {
    for strategy in ["random", "pct:3"] {
        let reports = [1, 2, 4].map(|jobs| {
            let mut hunt = hunt(&race, 1_000);
            (hunt.jobs, hunt.strategy) = (jobs, strategy.parse().unwrap());
            let report = run(&hunt);
            let found = report.found.expect("the race is found");
            assert_eq!((report.end, found.unstable), (End::Finding, None), "{strategy}");
            (report.summary, found.finding, report.part.done)
        });
        assert_eq!(reports[0], reports[1], "{strategy}");
        assert_eq!(reports[0], reports[2], "{strategy}");
    }
}

#[test]
fn a_run_of_a_hunt_is_the_run_of_its_seed_alone() {
    // The plain runs of a hunt are what `run_with` gives in a process that ran nothing else before:
    // nothing leaks from run to run.
    let report = run(&hunt(&race, 1_000));
    let found = report.found.unwrap().finding;
    let profile = profile(&race);
    let config = RunConfig { seed: found.seed, steps_hint: profile.steps };
    let strategy = StrategySpec::Portfolio.build_for(&profile);
    let (alone, _) = run_with(&race, &config, strategy, Vec::new());
    assert_eq!(alone.trace_hash, found.original.trace_hash);
    assert_eq!(alone.found.map(|f| f.property), Some(found.property));
    assert_eq!(found.seed, run_seed(7, report.part.done - 1));
}

#[test]
fn the_finding_of_the_lowest_index_is_reported() {
    let report = run(&hunt(&race, 1_000));
    let profile = profile(&race);
    let first = (0..).find(|index| {
        let config = RunConfig { seed: run_seed(7, *index), steps_hint: profile.steps };
        let strategy = StrategySpec::Portfolio.build_for(&profile);
        run_with(&race, &config, strategy, Vec::new()).0.found.is_some()
    });
    assert_eq!(Some(report.summary.runs - 1), first);
}

#[test]
fn a_slow_run_that_finds_wins_over_a_quick_one_with_a_higher_index() {
    // Run 3 waits until run 9 has found something; both fail.
    let (slow, quick) = (run_seed(7, 3), run_seed(7, 9));
    let quick_is_done = AtomicBool::new(false);
    let program = |world: &mut World| {
        while world.seed() == slow && !quick_is_done.load(Ordering::Acquire) {
            std::thread::yield_now();
        }
        quick_is_done.fetch_or(world.seed() == quick, Ordering::Release);
        anyhow::ensure!(world.seed() != slow && world.seed() != quick, "it fails");
        sound(world)
    };
    let mut hunt = hunt(&program, 1_000);
    hunt.jobs = 2;
    let report = run(&hunt);
    let finding = report.found.expect("two runs fail").finding;
    assert_eq!((finding.seed, report.summary.runs, report.part.done), (slow, 4, 4));
}

/// What strategies know of a program is the same for all who run it, and none learns between runs.
#[test]
fn neither_jobs_nor_shards_change_a_run_of_any_strategy() {
    for spec in ["random", "pct:3", "pctcp:3", "pos", "surw", "delay-bound:2", "fate:3", "portfolio"] {
        let with = |program: fn(&mut World) -> anyhow::Result<()>, runs, jobs, shard| {
            let mut hunt = hunt(&program, runs);
            (hunt.strategy, hunt.jobs, hunt.shard) = (spec.parse().unwrap(), jobs, shard);
            run(&hunt)
        };
        let all = Shard::default();
        let one = with(race, 1_000, 1, all).found.expect("it is found").finding;
        assert_eq!(with(race, 1_000, 3, all).found.unwrap().finding, one, "{spec}");
        let whole = with(sound, 60, 2, all).summary;
        let parts = [0, 1].map(|index| with(sound, 60, 1, Shard { index, of: 2 }).part);
        assert_eq!(merge(&parts).unwrap().summary, whole, "{spec}");
    }
}

const RACE: Builds = Builds(race);

/// Runs that go on from the state after the start of another are found again by its seed and theirs, without
/// any snapshot; and, as all runs, by seed and tape.
#[test]
fn a_fork_of_a_start_is_a_run_by_its_seeds() {
    const FORKS: u64 = 4;
    let reports = [1, 3].map(|jobs| {
        let mut hunt = hunt(&RACE, 1_000);
        (hunt.jobs, hunt.forks) = (jobs, FORKS);
        let report = run(&hunt);
        let found = report.found.expect("the race is found");
        assert_eq!((report.end, found.unstable), (End::Finding, None));
        assert_eq!(found.finding.strategy, "portfolio, 4 forks a start");
        (report.summary, found.finding)
    });
    assert_eq!(reports[0], reports[1], "jobs change nothing");
    let finding = &reports[0].1;
    let Origin::Hunt { index, .. } = finding.origin else { panic!("it was found in a hunt") };
    let first = index - index % FORKS;
    assert_eq!(finding.seed, run_seed(7, first));
    let profile = profile(&RACE);
    let config = RunConfig { seed: finding.seed, steps_hint: profile.steps };
    let mut alone =
        Run::begin(&RACE, &config, StrategySpec::Portfolio.build_for(&profile), Vec::new()).unwrap();
    assert!(alone.to_started());
    alone.fork(run_seed(7, index));
    assert_eq!(alone.finish().trace_hash, finding.original.trace_hash);
}

#[test]
fn what_cannot_be_forked_is_refused() {
    let mut driven = hunt(&race, 10);
    driven.forks = 4;
    let refused = driven.run(&AtomicBool::new(false), &mut |_| {});
    assert!(matches!(refused, Err(HuntError::Driven)));
    let mut dependent = hunt(&RACE, 10);
    (dependent.forks, dependent.strategy) = (4, StrategySpec::Dfs(None));
    let refused = dependent.run(&AtomicBool::new(false), &mut |_| {});
    assert!(matches!(refused, Err(HuntError::Dependent(_))));
}

#[test]
fn shards_are_the_hunt_in_parts() {
    let whole = run(&hunt(&sound, 100));
    let parts: Vec<Part> = (0..3)
        .map(|index| {
            let mut hunt = hunt(&sound, 100);
            hunt.shard = Shard { index, of: 3 };
            run(&hunt).part
        })
        .collect();
    assert_eq!(parts.iter().map(|p| p.done).collect::<Vec<_>>(), [34, 33, 33]);
    let merged = merge(&parts).unwrap();
    assert_eq!(merged.summary, whole.summary);
    assert_eq!((merged.missing, merged.unfinished), (vec![], vec![]));
    let lacking = merge(&parts[..2]).unwrap();
    assert_eq!(lacking.missing, [3]);
    assert_eq!(merge(&[parts[0].clone(), parts[0].clone()]), Err(PartError::Twice(1)));
    let other = Part { root: 8, ..parts[1].clone() };
    assert!(matches!(merge(&[parts[0].clone(), other]), Err(PartError::Other { what: "the seed", .. })));
    assert_eq!(merge(&[]), Err(PartError::Nothing));
}

/// Where a start falls to several shards, each makes it.
#[test]
fn shards_are_the_hunt_in_parts_with_forks_too() {
    let program = InWorld { config: chaos(), program: Builds(boots) };
    let hunt_in = |forks, shard| {
        let mut hunt = hunt(&program, 100);
        (hunt.forks, hunt.shard) = (forks, shard);
        run(&hunt)
    };
    let all = Shard { index: 0, of: 1 };
    let whole = hunt_in(4, all);
    let parts: Vec<Part> = (0..3).map(|index| hunt_in(4, Shard { index, of: 3 }).part).collect();
    assert_eq!(merge(&parts).unwrap().summary, whole.summary);
    assert_ne!(whole.summary, hunt_in(0, all).summary, "they are other runs than without");
}

#[test]
fn merged_shards_report_each_property_once_with_its_lowest_run() {
    let whole = run(&hunt(&race, 1_000)).found.unwrap().finding;
    let parts: Vec<Part> = (0..2)
        .map(|index| {
            let mut hunt = hunt(&race, 1_000);
            hunt.shard = Shard { index, of: 2 };
            run(&hunt).part
        })
        .collect();
    let merged = merge(&parts).unwrap();
    assert_eq!((merged.findings, merged.duplicates), (vec![whole], 1));
}

#[test]
fn a_hunt_that_was_left_goes_on_as_if_it_had_not_been() {
    let whole = run(&hunt(&sound, 200));
    for jobs in [1, 3] {
        let (cancel, ran) = (AtomicBool::new(false), AtomicU64::new(0));
        let program = |world: &mut World| {
            if ran.fetch_add(1, Ordering::Relaxed) == Profile::RUNS + 50 {
                cancel.store(true, Ordering::Relaxed);
            }
            sound(world)
        };
        let mut first = hunt(&program, 200);
        first.jobs = jobs;
        let left = first.run(&cancel, &mut |_| {}).unwrap();
        assert_eq!(left.end, End::Cancelled);
        assert!((50..60).contains(&left.part.done), "{}", left.part.done);
        assert_eq!(left.part.done, left.summary.runs);
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("hunt.part");
        left.part.write(&file).unwrap();
        cancel.store(false, Ordering::Relaxed);
        first.resume = Some(Part::read(&file).unwrap());
        let rest = first.run(&cancel, &mut |_| {}).unwrap();
        assert_eq!((rest.end, &rest.summary), (End::Runs, &whole.summary), "jobs {jobs}");
        first.root = 8;
        let other = first.run(&cancel, &mut |_| {});
        assert!(matches!(other, Err(HuntError::Part(PartError::Other { .. }))));
    }
}

#[test]
fn a_strategy_with_memory_runs_in_order_and_ends_when_all_is_tried() {
    fn three(world: &mut World) -> anyhow::Result<()> {
        let register = world.spawn("register", || common::Register(0));
        world.settle()?;
        for value in 1..=3 {
            let client = world.client();
            world.send_from(client, register, common::Op::Write(value));
        }
        Ok(())
    }
    let mut hunt = hunt(&three, 100);
    (hunt.strategy, hunt.jobs) = (StrategySpec::Dfs(None), 4);
    let report = run(&hunt);
    assert_eq!((report.end, report.summary.runs), (End::Exhausted, 6));
    assert!(report.part.is_complete());
    hunt.shard = Shard { index: 0, of: 2 };
    let refused = hunt.run(&AtomicBool::new(false), &mut |_| {});
    assert!(matches!(refused, Err(HuntError::Sequential(StrategySpec::Dfs(_)))));
}

#[test]
fn a_hunt_that_proved_nothing_says_so() {
    fn nothing(_: &mut World) -> anyhow::Result<()> {
        Ok(())
    }
    fn blind(world: &mut World) -> anyhow::Result<()> {
        world.sometimes("the moon is blue", false);
        sound(world)
    }
    for (program, warnings) in [
        (sound as fn(&mut World) -> anyhow::Result<()>, vec![]),
        (nothing, vec![Warning::NothingChecked, Warning::NothingChosen]),
        (blind, vec![Warning::NeverSeen("the moon is blue".into())]),
    ] {
        assert_eq!(run(&hunt(&program, 5)).summary.warnings(), warnings);
    }
    assert_eq!(run(&hunt(&nothing, 0)).summary.warnings(), []);
    // Once is enough, in whichever run.
    for lucky in [0, 4] {
        let program = |world: &mut World| {
            world.sometimes("it is lucky", world.seed() == run_seed(7, lucky));
            sound(world)
        };
        assert_eq!(run(&hunt(&program, 5)).summary.warnings(), []);
    }
}

#[test]
fn a_panic_in_a_run_is_a_finding_of_that_run() {
    fn panics(world: &mut World) -> anyhow::Result<()> {
        assert!(!world.seed().is_multiple_of(5), "a seed that five divides");
        Ok(())
    }
    let first = (0..).find(|index| run_seed(7, *index).is_multiple_of(5)).unwrap();
    let mut hunt = hunt(&panics, 1_000);
    hunt.jobs = 2;
    let report = run(&hunt);
    let finding = report.found.unwrap().finding;
    assert_eq!(report.summary.runs, first + 1);
    assert_eq!(finding.message, "the body panicked: a seed that five divides");
    assert_eq!(finding.seed, run_seed(7, first));
}

#[test]
fn t02_a_run_that_is_not_the_same_again_is_said_to_be_unstable() {
    let count = AtomicU64::new(0);
    let leaky = |world: &mut World| {
        // What a seed does not decide: how many runs there were.
        let n = count.fetch_add(1, Ordering::Relaxed);
        anyhow::ensure!(n != 10, "the eleventh run fails");
        sound(world)
    };
    let report = run(&hunt(&leaky, 1_000));
    let found = report.found.unwrap();
    assert_eq!(found.unstable.as_deref(), Some("its replay broke nothing"));
    assert_eq!(found.finding.message, "the eleventh run fails");
}

#[test]
fn progress_is_told_and_nothing_is_odd_in_it() {
    let mut told: Vec<Progress> = Vec::new();
    let mut hunt = hunt(&race, 1_000);
    hunt.keep_in = None;
    hunt.run(&AtomicBool::new(false), &mut |p| told.push(*p)).unwrap();
    assert!(told.iter().all(|p| p.of == Some(1_000) && p.runs <= 1_000 && p.left.is_none()));
    assert!(told.iter().any(|p| p.findings == 1), "shrinking tells its progress");
}

#[test]
fn no_time_means_no_run_and_no_limit_ends_at_the_finding() {
    let mut hunt = hunt(&race, 1_000);
    hunt.budget.time = Some(std::time::Duration::ZERO);
    let report = run(&hunt);
    assert_eq!((report.end, report.summary.runs), (End::Time, 0));
    assert!(!report.part.is_complete());
    hunt.budget = seedbed_hunt::Budget::default();
    assert_eq!(run(&hunt).end, End::Finding);
}
