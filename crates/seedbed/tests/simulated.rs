//! `#[seedbed::test]` as a user meets it: what passes passes, what breaks is told, kept and given back.

use seedbed::prelude::*;
use seedbed::testing::Test;
use serde::{Deserialize, Serialize};
use std::panic::{AssertUnwindSafe, catch_unwind};

#[derive(Serialize, Deserialize)]
struct Set(i64);

/// The last writer wins.
#[derive(Default)]
struct Cell(i64);

impl Actor for Cell {
    type Message = Set;

    fn on_message(&mut self, cx: &mut Context, Set(value): Set) -> Result<()> {
        self.0 = value;
        cx.observe("cell", value);
        Ok(())
    }
}

/// Two clients write; which comes last is open.
fn race(world: &mut World) {
    let cell = world.spawn("cell", Cell::default);
    for value in [1, 2] {
        let client = world.client();
        world.send_from(client, cell, Set(value));
    }
}

fn in_order(world: &mut World) -> Result<()> {
    race(world);
    world.idle("2 is last", |w: &World| w.facts().values("cell") == [2]);
    Ok(())
}

#[seedbed::test(runs = 50, strategy = "pct:2")]
fn both_are_written_in_some_order(world: &mut World) -> Result<()> {
    race(world);
    world.idle("something is written", |w: &World| w.facts().sum("cell") > 0);
    Ok(())
}

#[seedbed::test(config = |c| c.steps_max = 10_000, seed = 7)]
fn a_body_may_return_nothing(world: &mut World) {
    race(world);
}

fn failure(directory: &std::path::Path) -> String {
    let test = Test::new("simulated::in_order", "seedbed", &directory.display().to_string());
    let panic =
        catch_unwind(AssertUnwindSafe(|| test.run(in_order))).expect_err("the property breaks in some run");
    panic.downcast_ref::<String>().expect("a text").clone()
}

#[test]
fn a_broken_property_is_told_with_its_seed_and_kept_and_runs_first_next_time() {
    let directory = tempfile::tempdir().expect("a directory");
    let text = failure(directory.path());
    for part in [
        "FINDING  simulated::in_order  seed 0x",
        "`2 is last` (when idle)",
        "SEEDBED_SEED=0x",
        "cargo test -p seedbed in_order",
    ] {
        assert!(text.contains(part), "{part:?} is missing in:\n{text}");
    }
    let kept: Vec<_> =
        std::fs::read_dir(directory.path().join("seedbed-regressions")).expect("kept").collect();
    assert_eq!(kept.len(), 1);
    let again = failure(directory.path());
    assert!(again.contains("REGRESSION") && again.contains("`2 is last`"), "{again}");
}

#[seedbed::test(seed = 3, tape = "")]
fn the_empty_tape_is_the_plain_run(world: &mut World) -> Result<()> {
    in_order(world)
}

/// What a failing test prints can be pasted into it.
#[test]
fn a_tape_stands_in_a_test_as_it_was_printed() {
    let directory = tempfile::tempdir().expect("a directory");
    let text = failure(directory.path());
    let (_, rest) = text.split_once("#[seedbed::test(seed = 0x").expect("it is printed");
    let (seed, rest) = rest.split_once(", tape = \"").expect("with its tape");
    let (tape, _) = rest.split_once("\")]").expect("up to its end");
    let seed = u64::from_str_radix(seed, 16).expect("a seed");
    let on = |tape: &str, body: fn(&mut World) -> Result<()>| {
        let test = Test::new("simulated::in_order", "seedbed", "nowhere").seed(seed).tape(tape);
        let panic = catch_unwind(AssertUnwindSafe(|| test.run(body))).err();
        panic.map(|panic| panic.downcast_ref::<String>().expect("a text").clone()).unwrap_or_default()
    };
    let broken = on(tape, in_order);
    assert!(broken.contains("BROKEN on its tape: `2 is last` (when idle)"), "{broken}");
    let mended = |world: &mut World| {
        race(world);
        Ok(())
    };
    assert_eq!(on(tape, mended), "");
    let elsewhere = on(tape, |world| {
        world.spawn("somebody-else", Cell::default);
        Ok(())
    });
    assert!(elsewhere.contains("DEAD TAPE"), "{elsewhere}");
    let malformed = on("wait for it", in_order);
    assert!(malformed.contains("failed to read line 1 of a tape, `wait for it`"), "{malformed}");
}

/// Adds up; the bug is that it forgets everything above a hundred.
#[derive(Default)]
struct Sum(i64);

impl Actor for Sum {
    type Message = Set;

    fn on_message(&mut self, cx: &mut Context, Set(value): Set) -> Result<()> {
        self.0 += if value > 100 { 100 } else { value };
        cx.observe("sum", self.0);
        Ok(())
    }
}

fn adds_up(world: &mut World, parts: Vec<i64>) -> Result<()> {
    let sum = world.spawn("sum", Sum::default);
    let whole: i64 = parts.iter().sum();
    for part in parts {
        world.send(sum, Set(part));
    }
    world.idle("it adds up", move |w: &World| w.facts().sum("sum") == whole);
    Ok(())
}

type Parts = Vec<i64>;

fn parts() -> impl seedbed::testing::proptest::strategy::Strategy<Value = Parts> {
    seedbed::testing::proptest::collection::vec(0..1_000i64, 0..20)
}

#[seedbed::test(runs = 50)]
fn what_is_drawn_differs_from_run_to_run(world: &mut World, n: u32, #[draw(1..5i64)] by: i64, flag: bool) {
    let sum = world.spawn("sum", Sum::default);
    world.send(sum, Set(by));
    world.idle("it is what was drawn", move |w: &World| w.facts().sum("sum") == by);
    world.sometimes("numbers are odd and even", n.is_multiple_of(2) && flag);
}

fn drawn_failure(directory: &std::path::Path, name: &'static str) -> Option<String> {
    let test = Test::new(name, "seedbed", &directory.display().to_string()).runs(30);
    let run = || {
        let show: fn(&(Parts,)) -> Vec<String> = |(parts,)| vec![format!("{parts:?}")];
        test.run_drawn(|| (parts(),), &["parts"], show, |world, (parts,)| adds_up(world, parts));
    };
    let panic = catch_unwind(AssertUnwindSafe(run)).err()?;
    panic.downcast_ref::<String>().cloned()
}

#[test]
fn a_drawn_value_is_shrunk_told_kept_and_given_back() {
    let directory = tempfile::tempdir().expect("a directory");
    let name = "simulated::adds_up";
    let text = drawn_failure(directory.path(), name).expect("some sum is large");
    assert!(text.contains("            drawn    parts = [101]\n"), "{text}");
    let again = drawn_failure(directory.path(), name).expect("it is kept");
    assert!(again.contains("REGRESSION"), "{again}");

    let file = std::fs::read_dir(directory.path().join("seedbed-regressions")).expect("kept").next();
    let file = file.expect("one").expect("readable").path();
    let finding = seedbed::testing::Finding::read(&file).expect("a finding");
    let drawn = finding.drawn.clone().expect("it drew");
    assert_eq!(drawn.shown, [("parts".to_owned(), "[101]".to_owned())]);
    assert!(text.contains(&format!("SEEDBED_SEED={:#x} ", drawn.seed)), "{text}");

    // What it drew is of another type by now.
    let other = seedbed::testing::Finding {
        drawn: Some(seedbed::testing::Drawn { value: vec![200; 3], ..drawn }),
        ..finding
    };
    other.write(&file).expect("it is written");
    let dead = drawn_failure(directory.path(), name).expect("a regression that cannot run");
    assert!(dead.contains("DEAD REGRESSION") && dead.contains("another type"), "{dead}");
}

#[test]
fn the_same_seed_draws_and_shrinks_the_same() {
    let told = [(), ()].map(|()| {
        let directory = tempfile::tempdir().expect("a directory");
        let text = drawn_failure(directory.path(), "simulated::again").expect("some sum is large");
        let kept = std::fs::read_dir(directory.path().join("seedbed-regressions")).expect("kept").next();
        (
            text.lines().nth(2).map(str::to_owned),
            kept.map(|f| std::fs::read(f.expect("a file").path()).expect("read")),
        )
    });
    assert_eq!(told[0], told[1]);
}

/// Runs a test of this file in a process of its own, which has to be asked for: as it is, it must not pass.
fn process(test: &str, set: &[(&str, &str)]) -> (bool, String) {
    let mut command = std::process::Command::new(std::env::current_exe().expect("this test is a file"));
    command.args(["--exact", test, "--nocapture"]).env(ASKED_FOR, "1").envs(set.iter().copied());
    let output = command.output().expect("it can be started");
    let text = [output.stdout, output.stderr].map(|out| String::from_utf8_lossy(&out).into_owned()).concat();
    (output.status.success(), text)
}

const ASKED_FOR: &str = "SEEDBED_TEST_ASKED_FOR";

fn asked_for() -> bool {
    std::env::var_os(ASKED_FOR).is_some()
}

#[seedbed::test(runs = 50)]
fn it_dies_in_some_run(world: &mut World) {
    let _ = world.spawn("cell", Cell::default);
    // Not in the runs before the first, whose seeds are small.
    if asked_for() && world.seed() > 100 && world.seed() % 8 == 3 {
        std::process::abort();
    }
}

#[test]
fn the_seed_of_a_run_in_which_the_process_died_is_told() {
    let (fine, text) = process("it_dies_in_some_run", &[]);
    assert!(!fine && text.contains("DIED  simulated::it_dies_in_some_run  seed 0x"), "{text}");
    let line = text.lines().find_map(|line| line.trim().strip_prefix("again    SEEDBED_SEED=")).expect(&text);
    let (seed, again) = line.split_once(' ').expect("a seed and a command");
    assert_eq!(again, "cargo test -p seedbed it_dies_in_some_run");
    let (fine, text) = process("it_dies_in_some_run", &[("SEEDBED_SEED", seed)]);
    assert!(!fine && !text.contains("test result"), "the same run dies again: {text}");
    let (fine, text) = process("it_dies_in_some_run", &[("SEEDBED_SEED", "0x1")]);
    assert!(fine, "{text}");
}

#[seedbed::test(runs = 5)]
fn it_depends_on_its_process(world: &mut World) {
    let cell = world.spawn("cell", Cell::default);
    let value = if asked_for() { i64::from(std::process::id()) } else { 0 };
    let client = world.client();
    world.send_from(client, cell, Set(value));
}

#[test]
fn a_check_compares_processes() {
    let check = &[("SEEDBED_CHECK", "1")];
    let (fine, text) = process("it_depends_on_its_process", check);
    assert!(!fine && text.contains("NOT DETERMINISTIC") && text.contains("arrives: message"), "{text}");
    let (fine, text) = process("both_are_written_in_some_order", check);
    assert!(fine && text.contains("1 passed"), "{text}");
}
