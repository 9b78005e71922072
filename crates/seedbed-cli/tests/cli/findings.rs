//! From a hunt to a finding, and back to the same run.

use crate::rig::{Ran, Rig, fixture};
use seedbed_manifest::Scenario;
use serde_json::Value;
use std::panic::AssertUnwindSafe;

#[test]
fn a_hunt_finds_the_planted_mistake_and_shows_it() {
    let rig = Rig::new();
    rig.copy("transfer");
    let ran = rig.run("hunt transfer/seedbed.toml");
    ran.failed(100, &[]);
    assert_eq!(ran.stdout, "", "people's text goes to stderr");
    insta::with_settings!({ filters => vec![
        // What a slow machine says every five seconds.
        (r"(?m)^(shrinking the finding, |\d+ of 10000 runs, ).*\n", ""),
        (r"0x[0-9a-f]+", "[seed]"),
        (r"transfer-[0-9a-f]+", "transfer-[seed]"),
        (r"run \d+ of 10000, \d+\.\d+ s", "run [n] of 10000, [time]"),
        (r"step \d+", "step [n]"),
        (r"t \d+\.\d{3}s", "t [time]"),
        (r"found \d+", "found [n]"),
        (r"(?m)^(            why      |                     )\S.*   t \[time\]$", "$1[kind] [what]   t [time]"),
        (r"\d+ → \d+ choices, \d+ → \d+ faults, in \d+\.\d s", "[n] → [n] choices, [n] → [n] faults, in [time]"),
        (r"(?:                     \[kind\] \[what\]   t \[time\]\n)+", "                     [more of them]\n"),
    ]}, { insta::assert_snapshot!(ran.stderr) });
    let shrunk = ran.stderr.lines().find(|line| line.contains("shrunk")).unwrap();
    assert!(!shrunk.contains("could be less"), "{shrunk}");
}

#[test]
fn the_printed_replay_line_gives_the_same_run_ten_times_also_from_elsewhere() {
    let rig = Rig::new();
    rig.copy("transfer");
    let finding = rig.hunt("transfer/seedbed.toml");
    let shown = rig.run("hunt transfer/seedbed.toml").stderr;
    assert!(shown.contains(&format!("replay   seedbed replay {finding}\n")), "{shown}");
    let first = rig.run(&format!("replay {finding}"));
    first.failed(100, &["`money is conserved`", "same as  the finding"]);
    for _ in 1..10 {
        assert_eq!(rig.run(&format!("replay {finding}")), first);
    }
    let elsewhere = Rig::new();
    let far = elsewhere.run(&format!("replay {}", rig.path().join(&finding).display()));
    assert_eq!(far, first);
}

#[test]
fn a_finding_that_was_moved_is_told_where_its_manifest_is() {
    let (rig, other) = (Rig::new(), Rig::new());
    rig.copy("transfer");
    let finding = rig.hunt("transfer/seedbed.toml");
    let bytes = std::fs::read(rig.path().join(finding)).unwrap();
    other.write("moved.seedbed", bytes);
    other.run("replay moved.seedbed").failed(2, &["cannot read manifest"]);
    let manifest = fixture("transfer/seedbed.toml");
    other.run(&format!("replay moved.seedbed -m {manifest}")).failed(100, &["same as  the finding"]);
}

#[test]
fn faults_of_the_command_line_are_part_of_the_finding() {
    let rig = Rig::new();
    rig.copy("transfer");
    let text = std::fs::read_to_string(rig.path().join("transfer/seedbed.toml")).unwrap();
    rig.write("transfer/seedbed.toml", text.replace("faults = \"chaos\"", "faults = \"none\""));
    assert_eq!(rig.run("hunt transfer/seedbed.toml --runs 50").exit, 0);
    let finding = rig.hunt("transfer/seedbed.toml --faults chaos");
    rig.run(&format!("replay {finding}")).failed(100, &["same as  the finding"]);
}

#[test]
fn the_fixed_twin_is_not_flagged_and_the_hunt_says_what_it_covered() {
    let rig = Rig::new();
    let ran = rig.run(&format!("hunt {} --runs 200", fixture("transfer-fixed/seedbed.toml")));
    ran.failed(
        0,
        &[
            "NOTHING FOUND  transfer-fixed  seed 0x0  portfolio",
            "200 runs",
            "covered",
            "checked  2 properties",
        ],
    );
}

#[test]
fn a_hunt_that_proves_little_says_so() {
    let rig = Rig::new();
    let ran = rig.run(&format!("hunt {} --runs 5", fixture("hello/seedbed.toml")));
    ran.failed(0, &["no property was looked at in any run"]);
}

#[test]
fn a_finding_can_be_looked_at_from_all_sides() {
    let rig = Rig::new();
    rig.copy("transfer");
    let finding = rig.hunt("transfer/seedbed.toml");
    let why = rig.run(&format!("why {finding}"));
    assert_eq!((why.exit, why.stderr.as_str()), (0, ""));
    assert!(why.stdout.lines().count() >= 2, "{why:?}");
    let trace = rig.run(&format!("trace {finding} --to jsonl"));
    assert_eq!(trace.exit, 0, "{trace:?}");
    let records: Vec<Value> = trace.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(records.iter().all(|record| record["v"] == 1 && record["event"].is_string()));
    assert_eq!(records[0]["records"], records.len() - 1);
    let same = rig.run(&format!("diff {finding} {finding}"));
    same.failed(0, &["the same"]);
    let until = rig.run(&format!("replay {finding} --until 20"));
    assert_eq!((until.exit, until.value("steps"), until.value("end")), (0, "20", "left early"));
    assert_eq!(until.value("a/tree/ledger-a"), "balance = 500");
}

#[test]
fn diff_shows_the_first_event_of_which_only_one_run_knows() {
    let rig = Rig::new();
    rig.copy("transfer");
    let one = rig.hunt("transfer/seedbed.toml");
    let other = rig.hunt("transfer/seedbed.toml --seed 1");
    assert_ne!(one, other);
    let ran = rig.run(&format!("diff {one} {other}"));
    assert_eq!(ran.exit, 1, "{ran:?}");
    assert!(ran.stdout.starts_with("event "), "{ran:?}");
}

#[test]
fn shrinking_again_changes_nothing_that_was_minimal() {
    let rig = Rig::new();
    rig.copy("transfer");
    let finding = rig.hunt("transfer/seedbed.toml");
    let before = rig.run(&format!("why {finding} --format json")).json();
    assert_eq!(before["original"]["minimal"], true);
    rig.run(&format!("shrink {finding}")).failed(0, &["shrunk"]);
    let after = rig.run(&format!("why {finding} --format json")).json();
    assert_eq!((&after["tape"], &after["trace_hash"]), (&before["tape"], &before["trace_hash"]));
}

#[test]
fn a_tape_goes_out_as_text_or_test_and_comes_back() {
    let rig = Rig::new();
    rig.copy("transfer");
    let finding = rig.hunt("transfer/seedbed.toml");
    let tape = rig.run(&format!("shrink {finding} --emit tape --jobs 1")).stdout;
    assert!(tape.lines().count() >= 1 && tape.lines().all(|l| l.contains(":1 ")), "{tape}");
    let test = rig.run(&format!("shrink {finding} --emit test")).stdout;
    let wanted = tape.lines().map(|line| format!("        {line}\n")).collect::<String>();
    assert!(test.contains(&wanted) && test.contains("#[test]\nfn transfer_"), "{test}");
    assert!(test.contains("seedbed_test::follow(&program, 0x"), "{test}");
    // From where the test is run, not from where the finding lies.
    assert!(test.contains("Scenario::load(\"transfer/seedbed.toml\".as_ref())"), "{test}");
    assert!(!test.contains("in_world"), "{test}");
    rig.write("tape.txt", &tape);
    rig.run(&format!("replay {finding} --tape tape.txt")).failed(100, &["same as  the finding"]);
    // Without its one fault it breaks nothing; what is no tape is said.
    rig.write("less.txt", "// nothing\n");
    let less = rig.run(&format!("replay {finding} --tape less.txt"));
    assert_eq!((less.exit, less.stdout.contains("broken")), (0, false), "{less:?}");
    rig.write("wrong.txt", "wait for it");
    rig.run(&format!("replay {finding} --tape wrong.txt")).failed(2, &["line 1 of a tape, `wait for it`"]);
}

#[test]
fn a_pasted_test_compiles_and_fails_until_the_mistake_is_mended() {
    let rig = Rig::new();
    let finding = rig.path().join(rig.hunt(&fixture("transfer/seedbed.toml")));
    let mut shrink = rig.command(&format!("shrink {} --emit test", finding.display()));
    let test = Ran::of(shrink.current_dir(env!("CARGO_MANIFEST_DIR"))).stdout;
    // `pasted` is a module of these tests, and passes: its manifest is the mended one.
    let mended = test.replace("/fixtures/transfer/", "/fixtures/transfer-fixed/");
    assert_eq!(include_str!("pasted.rs"), mended);
    let tape =
        test.split("r#\"").nth(1).and_then(|rest| rest.split("\"#").next()).expect("it holds its tape");
    let seed =
        test.split("&program, 0x").nth(1).and_then(|rest| rest.split(',').next()).expect("and its seed");
    let seed = u64::from_str_radix(seed, 16).unwrap();
    let program = Scenario::load(fixture("transfer/seedbed.toml").as_ref()).unwrap();
    let failed = std::panic::catch_unwind(AssertUnwindSafe(|| {
        seedbed_test::follow(&program, seed, tape);
    }))
    .unwrap_err();
    let text = failed.downcast_ref::<String>().unwrap();
    assert!(text.contains("money is conserved"), "{text}");
}

#[test]
fn shards_are_the_runs_of_the_hunt_and_merge_to_its_summary() {
    let rig = Rig::new();
    let manifest = fixture("transfer-fixed/seedbed.toml");
    let whole = rig.run(&format!("hunt {manifest} --runs 30 --format json")).json();
    for shard in ["1/3", "2/3"] {
        assert_eq!(rig.run(&format!("hunt {manifest} --runs 30 --shard {shard}")).exit, 0);
    }
    let parts = "target/seedbed/transfer-fixed-1of3.part target/seedbed/transfer-fixed-2of3.part";
    rig.run(&format!("merge {parts}")).failed(104, &["missing: shard 3"]);
    assert_eq!(rig.run(&format!("hunt {manifest} --runs 30 --shard 3/3 --out third.part")).exit, 0);
    let merged = rig.run(&format!("merge {parts} third.part --format json"));
    assert_eq!(merged.exit, 0, "{merged:?}");
    assert_eq!(merged.json()["summary"], whole["summary"]);
    rig.run("merge third.part third.part").failed(2, &["two parts of shard 3"]);
}

#[test]
fn a_hunt_goes_on_where_it_was_left() {
    let rig = Rig::new();
    let manifest = fixture("transfer-fixed/seedbed.toml");
    let whole = rig.run(&format!("hunt {manifest} --runs 30 --format json")).json();
    assert_eq!(rig.run(&format!("hunt {manifest} --runs 10")).exit, 0);
    let resumed = rig.run(&format!("hunt {manifest} --runs 30 --resume --format json"));
    assert_eq!(resumed.exit, 0, "{resumed:?}");
    assert_eq!(resumed.json()["summary"], whole["summary"]);
    rig.run(&format!("hunt {manifest} --seed 1 --resume")).failed(2, &["the seed is 0x0 and 0x1"]);
}

/// A manifest of two guests with the fact `x`, one of which publishes what must not be, and its canary.
fn canary(rig: &Rig, wrong: i64) {
    let guest = |value: i64| {
        let text = format!(
            r#"(module (import "seedbed" "observe" (func $observe (param i32 i32 i64) (result i32)))
            (memory (export "memory") 1) (data (i32.const 0) "x")
            (global (export "seedbed_inbox_ptr") i32 (i32.const 1024))
            (global (export "seedbed_inbox_len") i32 (i32.const 1024))
            (func (export "seedbed_on_message") (param i32 i32 i32) (result i32)
                (drop (call $observe (i32.const 0) (i32.const 1) (i64.const {value}))) (i32.const 0)))"#
        );
        wat::parse_str(text).unwrap()
    };
    let mut manifest = String::new();
    for (id, value) in [("right", 1), ("wrong", wrong)] {
        let wasm = guest(value);
        let hash = seedbed_manifest::Hash::of(&wasm);
        rig.write(&format!("{id}.wasm"), wasm);
        manifest += &format!("[[process]]\nid = '{id}'\npath = '{id}.wasm'\nhash = '{hash}'\n");
    }
    manifest += "[tree]\nchildren = [{ id = 'guest', process = 'right' }]\n\
        [[input]]\nto = 'guest@main'\nsend = ''\n\
        [[property]]\nname = 'x is one'\nwhen = 'idle'\nholds = \"sum(facts('x')) == 1\"\n\
        [canary]\nreplace = { right = 'wrong' }\nruns = 3\n";
    rig.write("seedbed.toml", manifest);
}

#[test]
fn a_hunt_finds_its_canary_first_or_proves_nothing() {
    let rig = Rig::new();
    canary(&rig, 2);
    let ran = rig.run("hunt seedbed.toml --runs 5");
    ran.failed(0, &["canary   found in run 1: `x is one`", "NOTHING FOUND"]);
    let json = rig.run("hunt seedbed.toml --runs 5 --format json").json();
    assert_eq!((&json["canary"]["found"], &json["canary"]["index"]), (&true.into(), &0.into()));
    assert_eq!(json["findings"].as_array().map(Vec::len), Some(0), "a canary is no finding");
    assert!(
        !rig.path()
            .join("target/seedbed")
            .read_dir()
            .unwrap()
            .any(|file| { file.unwrap().path().extension().is_some_and(|e| e == "seedbed") })
    );

    canary(&rig, 1);
    let ran = rig.run("hunt seedbed.toml --runs 5");
    ran.failed(104, &["this hunt proves nothing: its canary, a planted bug, was not found in 3 runs"]);
    let json = rig.run("hunt seedbed.toml --runs 5 --format json").json();
    assert_eq!((&json["canary"]["found"], &json["canary"]["runs"]), (&false.into(), &3.into()));
}

#[test]
fn kept_findings_run_first() {
    let rig = Rig::new();
    rig.copy("transfer");
    let finding = rig.hunt("transfer/seedbed.toml");
    let kept = std::fs::read(rig.path().join(&finding)).unwrap();
    rig.write("transfer/seedbed-regressions/kept.seedbed", &kept);
    let again = rig.run("hunt transfer/seedbed.toml");
    again.failed(100, &["REGRESSION", "`money is conserved`", "kept.seedbed"]);
    assert!(!again.stderr.contains("FINDING"), "nothing else is looked for: {}", again.stderr);
    let second = rig.run("hunt transfer/seedbed.toml --shard 2/2 --runs 100");
    assert!(!second.stderr.contains("REGRESSION"), "only the first shard: {}", second.stderr);

    // The mended twin: the tape is met as far as it goes, and the property holds.
    rig.copy("transfer-fixed");
    let hash = |dir: &str| seedbed_manifest::Hash::of(&std::fs::read(rig.path().join(dir)).unwrap());
    assert_ne!(hash("transfer/ledger.wasm"), hash("transfer-fixed/ledger.wasm"));
    for file in ["ledger.wasm", "careless-ledger.wasm", "seedbed.toml"] {
        let fixed = std::fs::read(rig.path().join("transfer-fixed").join(file)).unwrap();
        rig.write(&format!("transfer/{file}"), fixed);
    }
    let held = rig.run("hunt transfer/seedbed.toml --runs 5");
    held.failed(0, &["held     1 regression", "module `bank:ledger`"]);
}

#[test]
fn calls_that_no_order_explains_are_drawn_as_bars_over_time() {
    let rig = Rig::new();
    rig.copy("register");
    let ran = rig.run("hunt register/seedbed.toml");
    ran.failed(100, &["no order explains these "]);
    let bars: Vec<&str> =
        ran.stderr.lines().filter(|line| line.contains('├') && line.contains('┤')).collect();
    assert!(bars.len() >= 2, "{}", ran.stderr);
    // Each line has who called, when, and what came of it; what is earlier stands further left.
    let begin = |bar: &&str| bar.chars().position(|c| c == '├').expect("it has a bar");
    assert!(bars.iter().map(begin).is_sorted(), "{}", ran.stderr);
    assert!(bars.iter().any(|bar| bar.contains("read → ")), "{}", ran.stderr);
    assert!(bars.iter().any(|bar| bar.contains("write ")), "{}", ran.stderr);
}
