//! Manifests, simulated: those of the fixtures, and what is refused before anything runs.

#![expect(clippy::unwrap_used, reason = "test helpers")]

use seedbed_manifest::{Hash, LoadError, Scenario};
use seedbed_sim::{Outcome, Program, RunConfig, StrategySpec, replay, run_with, shrink};
use std::path::{Path, PathBuf};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

fn fixture(name: &str) -> Scenario {
    Scenario::load(&fixtures().join(name).join("seedbed.toml")).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// The counter of the fixtures, with more beside its entry, in a manifest of its own.
fn counter(process: &str, rest: &str) -> Result<Scenario, LoadError> {
    let root = tempfile::tempdir().unwrap();
    let module = std::fs::read(fixtures().join("counter/counter.wasm")).unwrap();
    std::fs::write(root.path().join("counter.wasm"), &module).unwrap();
    let hash = Hash::of(&module);
    let child = "[[tree.children]]\nid = 'counter'\nprocess = 'counter'\n";
    let entry = "[[process]]\nid = 'counter'\npath = 'counter.wasm'";
    let text = format!("{entry}\nhash = '{hash}'\n{process}\n{child}{rest}");
    let file = root.path().join("seedbed.toml");
    std::fs::write(&file, text).unwrap();
    Scenario::load(&file)
}

fn run(scenario: &dyn Program, seed: u64) -> Outcome {
    run_with(scenario, &RunConfig::seed(seed), StrategySpec::Random.build(), Vec::new()).0
}

#[test]
fn small_fixtures_hold_and_lose_no_message() {
    for name in ["counter", "counter-wat", "echo", "hello", "palladium", "probe", "warden"] {
        let scenario = fixture(name);
        for seed in 0..20 {
            let outcome = run(&scenario, seed);
            assert_eq!(outcome.found, None, "{name}, seed {seed}");
            assert_eq!(outcome.stats.dead_letters, 0, "{name}, seed {seed}");
        }
    }
}

#[test]
fn a_program_sleeps_five_virtual_seconds_and_a_method_computes() {
    let outcome = run(&fixture("wasi"), 1);
    assert_eq!((outcome.found, outcome.stats.restarts), (None, 0));
    assert!(outcome.time.as_nanos() >= 5_000_000_000, "{:?}", outcome.time);
}

/// A manifest of one module of this text, with more beside its entry.
fn module(text: &str, process: &str) -> Result<Scenario, LoadError> {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir(root.path().join("files")).unwrap();
    let module = wat::parse_str(text).unwrap();
    std::fs::write(root.path().join("m.wasm"), &module).unwrap();
    let hash = Hash::of(&module);
    let file = root.path().join("seedbed.toml");
    let text = format!("[[process]]\nid = 'm'\npath = 'm.wasm'\nhash = '{hash}'\n{process}\n[tree]\n");
    std::fs::write(&file, text).unwrap();
    Scenario::load(&file)
}

#[test]
fn what_a_wasi_process_is_given_is_checked_against_its_module() {
    let mul = "(module (func (export \"mul\") (param i32 i64) (result i64) (local.get 1)))";
    let clock = "(module (import \"wasi_snapshot_preview1\" \"clock_time_get\" (func (param i32 i64 i32) (result i32)))
        (memory (export \"memory\") 2) (func (export \"_start\")))";
    let env = "wasi = { env = [{ id = 'app:format', name = 'FORMAT', required = true }] }";
    let cases = [
        (mul, "method = 'mul'\nargs = ['6', 'x']", "argument 2 of the method `mul` is `x`, not an i64"),
        (mul, "method = 'mul'", "the method `mul` takes 2 arguments, not 0"),
        (mul, "", "no dialect recognised: a handler exports `seedbed_on_message`"),
        (clock, "method = 'run'", "there is no export `run` to call"),
        (
            clock,
            "imports = ['wasi:io']",
            "the module imports `clock_time_get` of `wasi:clocks`, which is not among its `imports`",
        ),
        (clock, env, "the environment variable `FORMAT` is required, and nobody gives `app:format` a value"),
        (
            clock,
            "wasi = { mounts = [{ fs = 'files', guest = '/data' }], cwd = '/app' }",
            "the working directory `/app` lies in no mount",
        ),
        (
            clock,
            "limits = { memory_max = '64 KiB', tables_max = 0 }\nimports = ['wasi:clocks']",
            "the module begins with 131072 bytes of memory, and its limit is 65536",
        ),
        (clock, "wasi = { cwd = '/' }", "the working directory `/` lies in no mount"),
        (
            clock,
            "permissions = { compile = true }",
            "`permissions.compile` means nothing for a module of the dialect `wasi`",
        ),
    ];
    let lunatic = "(module (import \"lunatic::process\" \"process_id\" (func (result i64))) (func (export \"_start\")))";
    let unlisted = "the module imports `process_id` of `lunatic:process`, which is not among its `imports`";
    let cases = cases.into_iter().chain([(lunatic, "imports = ['wasi:io', 'lunatic:message']", unlisted)]);
    for (text, process, expected) in cases {
        let error = module(text, process).err().map(|e| e.to_string());
        assert_eq!(error, Some(format!("process `m` (m.wasm): {expected}")), "{process}");
    }
    module(
        mul,
        "method = 'mul'\nargs = ['6', '7']\nlimits = { fuel_per_message = 100, max_execution = '5s' }",
    )
    .unwrap();
    module(lunatic, "imports = ['lunatic:process']").unwrap();
    module(clock, "imports = ['wasi:clocks']\nlimits = { fuel_slice = 100, fuel_max = 1000 }").unwrap();
}

#[test]
fn a_child_that_traps_is_restarted_and_no_finding() {
    let outcome = run(&fixture("crasher"), 1);
    assert_eq!((outcome.found, outcome.stats.restarts), (None, 1));
}

#[test]
fn transfer_breaks_and_replays_and_shrinks() {
    let scenario = fixture("transfer");
    let mut broken = 0;
    for seed in 0..50 {
        let config = RunConfig::seed(seed);
        let outcome = run(&scenario, seed);
        let again = replay(&scenario, &config, &outcome.tape, true, Vec::new()).unwrap();
        assert_eq!((&again.replay_error, again.trace_hash), (&None, outcome.trace_hash), "seed {seed}");
        assert_eq!(again.state_hash, outcome.state_hash, "seed {seed}");
        assert_eq!(again.found, outcome.found, "seed {seed}");
        let Some(found) = &outcome.found else { continue };
        assert_eq!(found.property, "money is conserved", "seed {seed}: {found}");
        broken += 1;
        if broken == 1 {
            let least = shrink(&scenario, &config, &outcome, |_| true);
            assert!(least.minimal && least.outcome.tape.entries.len() <= 3, "{:?}", least.outcome.tape);
        }
    }
    assert!(broken > 10, "{broken}");
}

#[test]
fn reads_of_the_second_replica_are_not_linearizable_and_those_of_the_first_are() {
    let (stale, fixed) = (fixture("register"), fixture("register-fixed"));
    let (mut broken, mut shown) = (0, 0);
    for seed in 0..100 {
        if let Some(found) = run(&stale, seed).found {
            assert_eq!(found.property, "reads know of writes that have ended", "seed {seed}: {found}");
            // A write that had ended, and a read of what was there before.
            assert!(found.message.starts_with("no order explains these "), "{}", found.message);
            shown += u32::from(found.message.contains("read → 0") && found.message.contains("write "));
            broken += 1;
        }
        let outcome = run(&fixed, seed);
        assert_eq!(outcome.found, None, "seed {seed}");
        assert_eq!(outcome.stats.sometimes.get("history `register` is written"), Some(&true));
    }
    assert!(broken > 20 && shown > 5, "{broken} broken, {shown} read the first value");
}

#[test]
fn a_history_that_nobody_writes_proves_nothing() {
    let property = "[[property]]\nname = 'p'\nlinearizable = 'queue'\nhistory = 'mail'\n";
    let outcome = run(&counter("", property).unwrap(), 1);
    assert_eq!(outcome.found, None);
    assert_eq!(outcome.stats.sometimes, [("history `mail` is written".to_owned(), false)].into());
}

#[test]
fn the_mended_twin_holds_under_the_faults_that_break_transfer() {
    let scenario = fixture("transfer-fixed");
    let mut seen = std::collections::BTreeMap::new();
    for seed in 0..300 {
        let outcome = run(&scenario, seed);
        assert_eq!(outcome.found, None, "seed {seed}");
        assert_eq!(outcome.properties, 2);
        for (name, here) in outcome.stats.sometimes {
            *seen.entry(name).or_insert(false) |= here;
        }
    }
    let not_seen: Vec<_> = seen.iter().filter(|(_, seen)| !**seen).collect();
    assert!(!seen.is_empty() && not_seen.is_empty(), "{not_seen:?}");
}

/// A guest that grows and sends once a second, restarted whatever happens to it.
const HUNGRY: &str = r#"(module
    (import "seedbed" "self" (func $self (result i64)))
    (import "seedbed" "send" (func $send (param i64 i64 i32 i32) (result i32)))
    (import "seedbed" "set_timer" (func $set_timer (param i64 i64) (result i64)))
    (import "seedbed" "sometimes" (func $sometimes (param i32 i32 i32)))
    (memory (export "memory") 1)
    (global (export "seedbed_inbox_ptr") i32 (i32.const 4096))
    (global (export "seedbed_inbox_len") i32 (i32.const 4096))
    (data (i32.const 0) "no memoryno mail")
    (func (export "seedbed_on_start") (param i32 i32) (result i32)
        (drop (call $set_timer (i64.const 1000000000) (i64.const 0))) (i32.const 0))
    (func (export "seedbed_on_message") (param $e i32) (param i32 i32) (result i32)
        (if (i32.eqz (i32.load offset=44 (local.get $e))) (then (return (i32.const 0))))
        (drop (call $set_timer (i64.const 1000000000) (i64.const 0)))
        (call $sometimes (i32.const 0) (i32.const 9) (i32.eq (memory.grow (i32.const 1)) (i32.const -1)))
        (call $sometimes (i32.const 9) (i32.const 7)
            (i32.ne (call $send (call $self) (i64.const 1) (i32.const 0) (i32.const 0)) (i32.const 0)))
        (i32.const 0)))"#;

#[test]
fn guests_are_starved_within_a_budget_and_their_tapes_replay() {
    let root = tempfile::tempdir().unwrap();
    let wasm = wat::parse_str(HUNGRY).unwrap();
    std::fs::write(root.path().join("hungry.wasm"), &wasm).unwrap();
    let file = root.path().join("seedbed.toml");
    let seen_of = |fault: &str| {
        let hash = Hash::of(&wasm);
        let process = format!("[[process]]\nid = 'hungry'\npath = 'hungry.wasm'\nhash = '{hash}'\n");
        let tree = "tree.children = [{ id = 'hungry', process = 'hungry' }]\n";
        std::fs::write(
            &file,
            format!("{process}\n[world]\nfaults = {{ {fault} = '20%' }}\n[node.main]\n{tree}"),
        )
        .unwrap();
        let scenario = Scenario::load(&file).unwrap();
        let (mut happened, mut marked, mut restarts) = (Vec::new(), std::collections::BTreeSet::new(), 0);
        for seed in 0..30 {
            let outcome = run(&scenario, seed);
            assert_eq!(outcome.found, None, "{fault}, seed {seed}");
            let config = RunConfig::seed(seed);
            let again = replay(&scenario, &config, &outcome.tape, true, Vec::new()).unwrap();
            assert_eq!(
                (again.replay_error, again.trace_hash),
                (None, outcome.trace_hash),
                "{fault}, seed {seed}"
            );
            assert_eq!((again.state_hash, again.fuel_hash), (outcome.state_hash, outcome.fuel_hash));
            happened.extend(outcome.stats.faults.values().copied());
            marked
                .extend(outcome.stats.sometimes.into_iter().filter(|(_, seen)| *seen).map(|(name, _)| name));
            restarts += outcome.stats.restarts;
        }
        assert_eq!(happened.iter().max(), Some(&3), "{fault}: the budget of a run: {happened:?}");
        (marked.into_iter().collect::<Vec<_>>().join(", "), restarts > 5)
    };
    assert_eq!(seen_of("fuel_cut"), (String::new(), true));
    assert_eq!(seen_of("grow_refused"), ("no memory".to_owned(), false));
    assert_eq!(seen_of("call_refused"), ("no mail".to_owned(), false));
}

#[test]
fn a_seed_gives_the_same_run_on_any_thread_and_after_any_other() {
    let scenario = fixture("transfer");
    let once: Vec<Outcome> = (0..20).map(|seed| run(&scenario, seed)).collect();
    let threads: Vec<Vec<Outcome>> = std::thread::scope(|scope| {
        let backwards = || (0..20).rev().map(|seed| run(&scenario, seed)).collect::<Vec<_>>();
        let handles = [scope.spawn(backwards), scope.spawn(backwards)];
        handles.map(|handle| handle.join().unwrap()).into()
    });
    for mut outcomes in threads {
        outcomes.reverse();
        assert!(outcomes == once);
    }
}

#[test]
fn guests_that_would_not_load_are_all_named() {
    let root = tempfile::tempdir().unwrap();
    let mut text = String::new();
    for (id, module) in [
        ("deaf", "(module (memory (export \"memory\") 1))"),
        ("strange", "(module (import \"env\" \"f\" (func)) (func (export \"seedbed_on_message\")))"),
        ("fine", include_str!("../../../fixtures/counter-wat/counter.wat")),
    ] {
        let wasm = wat::parse_str(module).unwrap();
        std::fs::write(root.path().join(format!("{id}.wasm")), &wasm).unwrap();
        let hash = Hash::of(&wasm);
        text += &format!("[[process]]\nid = '{id}'\npath = '{id}.wasm'\nhash = '{hash}'\n");
    }
    text += "method = 'run'\nargs = ['1']\nlimits.fuel_max = 7\n";
    let file = root.path().join("seedbed.toml");
    std::fs::write(&file, text).unwrap();
    let Err(LoadError::Guests(errors)) = Scenario::load(&file) else { panic!("they must not load") };
    let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    process `deaf` (deaf.wasm): no dialect recognised: a handler exports `seedbed_on_message`
    process `strange` (strange.wasm): unknown import `env` `f`
    process `fine` (fine.wasm): `method` means nothing for a module of the dialect `seedbed`
    process `fine` (fine.wasm): `args` means nothing for a module of the dialect `seedbed`
    process `fine` (fine.wasm): `limits.fuel_max` means nothing for a module of the dialect `seedbed`
    ");
}

#[test]
fn every_rate_of_a_manifest_reaches_the_simulator() {
    let rates = "drop duplicate delay kill crash pause partition clock_jump fuel_cut grow_refused call_refused effect_failed buggify timer_late unsynced torn slow";
    let table: Vec<String> = (1..).zip(rates.split(' ')).map(|(n, name)| format!("{name} = {n}")).collect();
    let scenario =
        counter("", &format!("[world]\nfaults = {{ {} }}", table.join(", "))).expect("all are known");
    let mut faults = serde_json::Value::Null;
    let _ = scenario.in_world(|config| faults = serde_json::to_value(&config.faults).expect("plain data"));
    for (n, name) in (1..).zip(rates.split(' ')) {
        assert_eq!(faults[name], n, "{name}");
    }
}

#[test]
fn limits_and_permissions_reach_the_guest() {
    let input = "[[input]]\nto = 'counter'\nrequest = 5\n";
    let outcome = |process: &str| run(&counter(process, input).unwrap(), 1);
    let replied = |process: &str| outcome(process).stats.inputs["input-1"].replied;
    assert_eq!(replied(""), 1);
    assert_eq!(replied("limits = { mailbox = { message_bytes = '0 B' } }"), 0);
    // A start that runs out of fuel fails the tree; what is asked of it is asked of nobody.
    let starved = outcome("limits = { fuel_per_message = 1 }");
    let found = starved.found.unwrap();
    assert_eq!(found.property, "every failure is handled");
    assert!(
        found.message.starts_with("main/tree did not start: ") && found.message.contains("counter"),
        "{found}"
    );
}

#[test]
fn conditions_see_paths_nodes_inputs_and_counts() {
    let holds = |condition: &str| {
        let rest = format!(
            "[node.b.tree]\n[node.c]\n[world]\nnodes = ['b', 'a', 'c']\n\
             [[input]]\nname = 'asks'\nto = 'counter@c'\nrequest = 5\ncount = 2\nevery = '1s'\n\
             [[input]]\nname = 'shouts'\nto = 'nobody@a'\nlate = true\nsend = 5\n\
             [[property]]\nname = 'p'\nwhen = 'end'\nholds = '{condition}'\n"
        );
        run(&counter("", &rest).unwrap(), 1).found.map(|f| f.message)
    };
    for condition in [
        r#"facts("count") == [10]"#,
        r#"fact("/counter", "count") == 10"#,
        r#"fact("/counter@c", "count") == 10"#,
        r#"!has_fact("/counter@a", "count") && !has_fact("/counter@b", "count")"#,
        r#"fact("c/tree/counter", "count") == 10"#,
        r#"fact("outside/asks", "input.sent") == 2 && sum(facts("input.replied")) == 2"#,
        "dead_letters == 1 && restarts == 0 && time_ns == 1000000000",
    ] {
        assert_eq!(holds(condition), None, "{condition}");
    }
    assert_eq!(
        holds(r#"fact("/counter@a", "count") == 1"#).unwrap(),
        "there is no fact `count` of `/counter@a`"
    );
}

#[test]
fn always_eventually_and_sometimes_are_looked_at() {
    let outcome = |property: &str| {
        let input = "[[input]]\nto = 'counter'\nsend = 1\nevery = '1s'\ncount = 5\n";
        run(&counter("", &format!("{input}[[property]]\nname = 'p'\n{property}\n")).unwrap(), 1)
    };
    let found = |property: &str| outcome(property).found.map(|f| (f.when, f.time.as_nanos()));
    let second = 1_000_000_000;
    let always = |holds: &str| found(&format!("when = 'always'\nholds = '{holds}'"));
    assert_eq!(always(r#"sum(facts("count")) < 3"#), Some(("always".into(), 2 * second)));
    assert_eq!(always("time_ns < 4000000000"), Some(("always".into(), 4 * second)));
    assert_eq!(always(r#"sum(facts("count")) <= 5"#), None);
    let eventually = |holds: &str| found(&format!("when = 'eventually within 10s'\nholds = '{holds}'"));
    assert_eq!(eventually(r#"sum(facts("count")) == 5"#), None);
    assert!(eventually(r#"sum(facts("count")) == 4"#).is_some());
    for (holds, seen) in [(3, true), (9, false)] {
        let outcome = outcome(&format!("sometimes = true\nholds = 'sum(facts(\"count\")) == {holds}'"));
        assert_eq!((outcome.found, outcome.stats.sometimes["p"]), (None, seen));
    }
}

#[test]
fn faults_go_by_the_plan() {
    let inputs = "[[input]]\nto = 'counter'\nrequest = 1\nevery = '100ms'\ncount = 40\ntimeout = '50ms'\n";
    let plan = |lines: &str| {
        let world = format!(
            "[world]\nlatency = '1ms'\nplan = [{lines}]\nlink = [{{ between = ['main', 'outside'], latency = '0ns' }}]\n"
        );
        run(&counter("", &format!("{world}{inputs}")).unwrap(), 1)
    };
    let failed = |outcome: &Outcome| outcome.stats.inputs["input-1"].failed.values().sum::<u64>();
    assert_eq!(failed(&plan("")), 0);
    let crashed = plan("'at 1s crash main for 1s'");
    assert_eq!(crashed.stats.faults["planned crash"], 1);
    assert!((10..=11).contains(&failed(&crashed)), "a second of a request each 100 ms");
    let cut = plan("'every 1s drop outside -> /counter for 250ms'");
    assert_eq!(failed(&cut), 9, "{:?}", cut.stats);
    let killed = plan("{ when = 'facts(\"count\").exists(n, n > 3)', do = 'kill /counter', times = 2 }");
    assert_eq!(killed.stats.faults["planned kill"], 2);
    assert!(killed.stats.sometimes["plan: when … kill main/tree/counter"]);
    let starved = plan("'at 1s starve /counter of fuel for 250ms'");
    assert!(starved.stats.restarts > 0 && failed(&starved) > 0, "{:?}", starved.stats);
    assert!(starved.tape.entries.iter().all(|entry| !entry.is_fault()), "a plan stands on no tape");
}

#[test]
fn never_and_again_are_judged() {
    let inputs = "[[input]]\nto = 'counter'\nrequest = 1\nevery = '100ms'\ncount = 20\n";
    let broken = |when: &str, holds: &str| {
        let property = format!("[[property]]\nname = 'p'\nwhen = '{when}'\nholds = '{holds}'\n");
        let outcome = run(&counter("", &format!("{inputs}{property}")).unwrap(), 1);
        outcome.found.map(|found| (found.when, found.message))
    };
    assert_eq!(broken("never", "sum(facts(\"count\")) > 20"), None);
    let (when, message) = broken("never", "sum(facts(\"count\")) > 10").unwrap();
    assert_eq!((when.as_str(), message.as_str()), ("never", "it holds"));
    // The sum is a multiple of four again after 300 ms, and at the end.
    assert_eq!(broken("again within 1s", "sum(facts(\"count\")) % 4 == 0"), None);
    let (when, message) = broken("again within 100ms", "sum(facts(\"count\")) % 4 == 0").unwrap();
    assert!(when == "again within 100ms" && message.contains("not since"), "{when}: {message}");
    assert!(broken("again within 10s", "sum(facts(\"count\")) < 20").unwrap().1.contains("expected"));
}

#[test]
fn shrinking_leaves_out_optional_children_that_nobody_needs() {
    let rest = "
[[tree.children]]
id = 'spare'
process = 'counter'
optional = true

[[tree.children]]
id = 'asked'
process = 'counter'
optional = true

[[tree.children]]
id = 'group'
[tree.children.tree]
[[tree.children.tree.children]]
id = 'inner'
process = 'counter'
optional = true

[[input]]
to = 'counter'
request = 1
timeout = '40ms'
every = '100ms'
count = 5
optional = true

[[input]]
to = 'asked'
request = 1

[[property]]
name = 'all is answered'
when = 'always'
holds = \"sum(facts('input.failed')) == 0\"

[world]
latency = ['0ms', '60ms']
faults = { delay = '30%' }
";
    let scenario = counter("", rest).unwrap();
    let found = (0..200).map(|seed| run(&scenario, seed)).find(|outcome| outcome.found.is_some()).unwrap();
    let config = RunConfig::seed(found.seed);
    let shrunk = shrink(&scenario, &config, &found, |_| true);
    let tape = &shrunk.outcome.tape;
    let text = tape.to_string();
    assert_eq!(tape.choices(), 1, "{text}");
    for left_out in
        ["choice left-out main/tree/spare:1 #1 = 1", "choice left-out main/tree/group/inner:1 #1 = 1"]
    {
        assert!(text.lines().any(|line| line == left_out), "{text}");
    }
    // Without it, a request fails in plain order too.
    assert!(!text.contains("main/tree/asked"), "{text}");
    assert_eq!(shrunk.outcome.stats.inputs["input-1"].sent, 1, "{text}");
    let spawned = |path: &str| shrunk.outcome.paths.values().any(|known| known == path);
    assert!(spawned("main/tree/asked"));
    let again = replay(&scenario, &config, tape, true, Vec::new()).unwrap();
    assert_eq!((again.replay_error, again.trace_hash), (None, shrunk.outcome.trace_hash));
}
