//! A finding is kept, replayed, refused when stale, followed by name, and shrunk further.

mod common;

use common::{hunt, race, run, sound};
use seedbed_core::{Actor, Context};
use seedbed_hunt::{
    ReplayFailure, ReplayOptions, ShrinkBudget, Verdict, keep, keep_regression, replay_finding,
    run_regressions, shrink_finding,
};
use seedbed_sim::{Program, ReplayError, StrategySpec, World};
use seedbed_trace::{Digest, Finding, Identity, export};
use std::time::Duration;

fn found(program: &(dyn Program + Sync)) -> Finding {
    run(&hunt(program, 1_000)).found.expect("it is found").finding
}

fn replayed(
    program: &dyn Program,
    finding: &Finding,
    now: &Identity,
    options: ReplayOptions,
) -> Result<seedbed_hunt::Replayed, ReplayFailure> {
    replay_finding(program, finding, now, &options, &mut |_| {})
}

#[test]
fn a_finding_goes_through_its_file_and_back_to_the_same_run() {
    let dir = tempfile::tempdir().unwrap();
    let mut hunt = hunt(&race, 1_000);
    hunt.keep_in = Some(dir.path().join("target/seedbed"));
    let report = run(&hunt);
    let path = report.path.unwrap();
    assert_eq!(
        path.file_name().unwrap().to_str().unwrap(),
        report.found.as_ref().unwrap().finding.file_name()
    );
    let finding = Finding::read(&path).unwrap();
    assert_eq!(finding, report.found.unwrap().finding);
    assert!(finding.original.minimal && finding.tape.entries.len() <= 2);
    assert!(finding.original.choices > finding.tape.entries.len() as u64);
    let same = replayed(&race, &finding, &finding.identity, ReplayOptions::default()).unwrap();
    assert_eq!(same.unlike, Vec::<String>::new());
    assert!(same.breaks_the_same(&finding));
    assert!(std::fs::metadata(&path).unwrap().len() < 4096, "a finding is small");
}

#[test]
fn the_file_of_another_finding_is_never_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let finding = found(&race);
    let first = keep(dir.path(), &finding).unwrap();
    assert_eq!(keep(dir.path(), &Finding { why: Vec::new(), ..finding.clone() }).unwrap(), first);
    let other = Finding { property: "another".into(), ..finding.clone() };
    let second = keep(dir.path(), &other).unwrap();
    assert_ne!(first, second);
    std::fs::write(&first, "not a finding").unwrap();
    let third = keep(dir.path(), &finding).unwrap();
    assert!(third != first && third != second);
    assert_eq!(std::fs::read_to_string(&first).unwrap(), "not a finding");
    assert_eq!((Finding::read(&second).unwrap(), Finding::read(&third).unwrap()), (other, finding));
}

#[test]
fn a_stale_finding_is_refused_by_name_of_what_changed() {
    let finding = found(&race);
    let now =
        Identity { modules: [("ledger".to_owned(), Digest([7; 32]))].into(), ..finding.identity.clone() };
    let refused = replayed(&race, &finding, &now, ReplayOptions::default()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "replay a stale finding: module `ledger`: the finding has none, here is 07070707"
    );
    let lenient = ReplayOptions { lenient: true, until: None };
    let anyway = replayed(&race, &finding, &now, lenient).unwrap();
    assert_eq!((anyway.notes.len(), anyway.unlike.len()), (1, 0));
}

#[test]
fn t06_a_decision_that_cannot_be_taken_ends_a_strict_replay_with_both_sides() {
    // The same names, but two are gone: what the tape names is never possible.
    fn changed(world: &mut World) -> anyhow::Result<()> {
        world.spawn("register", || common::Register(0));
        for value in [1, 2, 3, 4] {
            world.spawn(&format!("writer-{value}"), move || common::Writer(value));
        }
        Ok(())
    }
    let finding = found(&race);
    let identity = finding.identity.clone();
    match replayed(&changed, &finding, &identity, ReplayOptions::default()) {
        Err(ReplayFailure::Diverged { error: ReplayError::NotPossible { wanted, possible }, .. }) => {
            assert!(wanted.contains("main/writer-") && possible.contains("main/"), "{wanted} / {possible}");
        }
        Err(ReplayFailure::Diverged {
            error: ReplayError::NeverMet(text) | ReplayError::Stuck(text),
            ..
        }) => {
            assert!(text.contains("main/writer-"), "{text}");
        }
        other => panic!("{other:?}"),
    }
    let lenient = ReplayOptions { lenient: true, until: None };
    let anyway = replayed(&changed, &finding, &identity, lenient).unwrap();
    assert!(anyway.outcome.left.is_some(), "it says where it left the tape");
    assert_eq!(anyway.outcome.found, None);
    assert!(anyway.unlike[0].starts_with("property: the finding has `3 is not seen`, the replay nothing"));
}

#[test]
fn t02_a_replay_that_breaks_nothing_is_not_the_same() {
    // Every key is met, every decision can be taken: only the property is another.
    let finding = found(&race);
    let without = replayed(&sound, &finding, &finding.identity, ReplayOptions::default()).unwrap();
    assert!(!without.breaks_the_same(&finding));
    assert!(without.unlike.iter().any(|l| l.starts_with("property")), "{:?}", without.unlike);
}

#[test]
fn a_replay_is_left_at_a_step_and_shows_the_world_there() {
    let finding = found(&race);
    for until in [0, 3, finding.step] {
        let mut steps = None;
        let options = ReplayOptions { lenient: false, until: Some(until) };
        let show = &mut |w: &World| steps = Some(w.step());
        let left = replay_finding(&race, &finding, &finding.identity, &options, show).unwrap();
        assert_eq!((steps, left.unlike.len()), (Some(until), 0));
        assert_eq!(left.outcome.found.is_some(), until == finding.step);
    }
}

#[test]
fn regressions_run_by_name_and_only_a_broken_property_fails() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("none");
    let finding = found(&race);
    let now = Identity { run_format: 99, ..finding.identity.clone() };
    let with = |program: fn(&mut World) -> anyhow::Result<()>| {
        move |_: &Finding| Ok(Box::new(program) as Box<dyn Program>)
    };
    assert!(run_regressions(with(race), "test", &now, &missing).unwrap().is_empty());
    keep_regression(dir.path(), &finding).unwrap();
    keep_regression(dir.path(), &Finding { name: "another test".into(), ..finding.clone() }).unwrap();
    fn elsewhere(world: &mut World) -> anyhow::Result<()> {
        world.spawn("somebody-else", || common::Register(0));
        Ok(())
    }
    type Wanted = fn(&Verdict) -> bool;
    let broken: Wanted = |v| matches!(v, Verdict::Broken(found, _) if found.property == "3 is not seen");
    for (program, wanted, fails) in [
        (race as fn(&mut World) -> anyhow::Result<()>, broken, true),
        (sound, |v: &Verdict| matches!(v, Verdict::Holds), false),
        (elsewhere, |v: &Verdict| matches!(v, Verdict::Dead), true),
    ] {
        let all = run_regressions(with(program), "test", &now, dir.path()).unwrap();
        assert_eq!(all.len(), 1);
        assert!(wanted(&all[0].verdict) && all[0].fails() == fails, "{:?}", all[0].verdict);
        assert_eq!(all[0].notes.len(), 1);
    }
    let all = run_regressions(|_| Err("it drew another type".into()), "test", &now, dir.path()).unwrap();
    assert!(matches!(&all[0].verdict, Verdict::Unreadable(text) if text.contains("type")) && all[0].fails());
    std::fs::write(dir.path().join("broken.seedbed"), "x").unwrap();
    assert!(
        run_regressions(with(race), "test", &now, dir.path()).is_err(),
        "what cannot be read is not passed over"
    );
}

#[test]
fn a_finding_can_be_shrunk_later_to_the_same_end() {
    let mut early = hunt(&race, 1_000);
    early.shrink.runs = 0;
    let large = run(&early).found.unwrap().finding;
    let small = found(&race);
    assert!(large.tape.entries.len() > small.tape.entries.len());
    let again = replayed(&race, &large, &large.identity, ReplayOptions::default()).unwrap();
    let budget = ShrinkBudget { runs: 5_000, time: Duration::from_secs(600), jobs: 1 };
    let shrunk = shrink_finding(&race, &large, &again.outcome, &budget, &mut |_| true);
    assert_eq!(shrunk.finding, small);
    for jobs in [2, 3, 8] {
        let budget = ShrinkBudget { jobs, ..budget };
        let shrunk = shrink_finding(&race, &large, &again.outcome, &budget, &mut |_| true);
        assert_eq!(shrunk.finding, small, "with {jobs} jobs, in as many runs");
    }
    let stopped = shrink_finding(&race, &large, &again.outcome, &budget, &mut |runs| runs < 3);
    assert!(!stopped.finding.original.minimal && stopped.finding.original.shrink_runs == 3);
}

#[test]
fn a_chain_leads_from_the_odd_order_to_the_broken_property() {
    let mut hunt = hunt(&race, 1_000);
    hunt.strategy = StrategySpec::Random;
    let report = run(&hunt);
    let found = report.found.unwrap();
    let lines: Vec<String> = found.finding.why.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "hold    message 1 of main/writer-3 → main/register waits for message 1 of main/writer-5 → main/register   t 0.001s",
            "fact    main/register says seen = 3, on [01] from main/writer-0   t 0.001s",
        ]
    );
}

/// Fails at its third message, or says that a condition does not hold.
struct Brittle {
    messages: u32,
    fails: bool,
}

impl Actor for Brittle {
    type Message = u64;

    fn on_message(&mut self, cx: &mut Context<'_>, _: u64) -> seedbed_core::Result<()> {
        self.messages += 1;
        if self.fails {
            anyhow::ensure!(self.messages < 3, "three is too much");
        } else {
            cx.always("there are few messages", self.messages < 3);
        }
        Ok(())
    }
}

#[test]
fn a_chain_ends_in_the_failure_that_nobody_handled_or_in_the_condition() {
    fn brittle(world: &mut World, fails: bool) {
        let pid = world.spawn("brittle", move || Brittle { messages: 0, fails });
        for n in 1..5_u64 {
            world.send(pid, n);
        }
    }
    fn fails(world: &mut World) -> anyhow::Result<()> {
        brittle(world, true);
        Ok(())
    }
    fn condition(world: &mut World) -> anyhow::Result<()> {
        brittle(world, false);
        Ok(())
    }
    fn body(world: &mut World) -> anyhow::Result<()> {
        let pid = world.spawn("register", || common::Register(0));
        world.send(pid, common::Op::Write(1));
        world.settle()?;
        anyhow::bail!("enough")
    }
    for (program, wanted) in [
        (
            fails as fn(&mut World) -> anyhow::Result<()>,
            "exit    main/brittle: handler error -1 (three is too much), and nobody was told, \
             on [03] from outside/client-0   t 0.000s",
        ),
        (
            condition,
            "breaks  main/brittle: `there are few messages` does not hold, on [03] from outside/client-0   t 0.000s",
        ),
        (body, "last    main/register, on [00 02] from outside/client-0   t 0.000s"),
    ] {
        let finding = found(&program);
        let lines: Vec<String> = finding.why.iter().map(ToString::to_string).collect();
        assert_eq!(lines, [wanted]);
    }
}

#[test]
fn a_trace_becomes_json_lines() {
    let found = run(&hunt(&race, 1_000)).found.unwrap();
    let mut out = Vec::new();
    export::jsonl(&found.trace, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert_eq!(text.lines().count(), found.trace.records.len() + 1);
    assert!(text.lines().all(|l| l.starts_with('{') && l.contains("\"v\":1") && l.contains("\"event\":")));
}
