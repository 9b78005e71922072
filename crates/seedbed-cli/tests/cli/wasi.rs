//! `wasi` processes through the command line: typed arguments, files, streams, deadlines, values.

use crate::rig::{Ran, Rig};
use std::io::Write;
use std::process::Stdio;

fn copied(fixture: &str) -> Rig {
    let rig = Rig::new();
    rig.copy(fixture);
    rig
}

fn wasi() -> Rig {
    copied("wasi")
}

/// Runs it with this on its standard input.
fn run_with(rig: &Rig, args: &str, input: &str) -> Ran {
    let mut child = rig.command(args).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { exit: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

#[test]
fn commands_are_listed() {
    let listed = wasi().run("run list -m wasi/seedbed.toml");
    assert_eq!(listed.exit, 0);
    let names: Vec<&str> = listed.stdout.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(names, ["mul", "sleep", "answer", "hasty", "spin", "probe"]);
}

#[test]
fn a_method_computes_with_typed_arguments_and_its_value_is_printed() {
    let rig = wasi();
    let ran = rig.run("run -m wasi/seedbed.toml mul");
    ran.failed(0, &["DONE  mul"]);
    assert_eq!(ran.stdout, "42\n");
    assert_eq!(rig.run("run -m wasi/seedbed.toml mul 7 100000000000").stdout, "700000000000\n");
    let json = rig.run("run -m wasi/seedbed.toml --format json mul 7 6").json();
    assert_eq!(json["returned"], "42");
    for (args, why) in [
        ("6 x", "argument 2 of the method `mul` is `x`, not an i64"),
        ("6", "the method `mul` takes 2 arguments, not 1"),
    ] {
        rig.run(&format!("run -m wasi/seedbed.toml mul {args}")).failed(2, &[why]);
    }
}

#[test]
fn files_are_read_and_written_with_a_value_and_the_streams() {
    let rig = copied("built");
    let run = "run -m built/seedbed.toml";
    let ran = run_with(&rig, &format!("{run} --env app:style=upper convert --spoil"), "a line\nmore\n");
    ran.failed(0, &["DONE  convert"]);
    assert_eq!(ran.stdout, "spoilt: Read-only file system\nin.txt: 13 bytes\nin: a line\n");
    let read = |name: &str| std::fs::read_to_string(rig.path().join("built").join(name)).unwrap();
    assert_eq!(
        (read("input/in.txt").as_str(), read("output/in.txt").as_str()),
        ("what is read\n", "WHAT IS READ\n")
    );
    rig.run(&format!("{run} convert")).failed(0, &["DONE"]);
    assert_eq!(read("output/in.txt"), "what is read\n", "the manifest's own value");
    rig.run(&format!("{run} --env style convert")).failed(2, &["expected an id and its value"]);

    let text = read("seedbed.toml").replace("default = \"lower\"", "required = true");
    rig.write("built/seedbed.toml", text);
    let missing = "the environment variable `STYLE` is required, and nobody gives `app:style` a value";
    rig.run(&format!("{run} convert")).failed(2, &[missing]);
    rig.run(&format!("{run} --env app:style=lower convert")).failed(0, &["DONE"]);
}

#[test]
fn a_module_that_is_not_what_the_manifest_says_is_refused() {
    let rig = wasi();
    let wasm = std::fs::read(rig.path().join("wasi/answer.wasm")).unwrap();
    rig.write("wasi/mul.wasm", wasm);
    let ran = rig.run("run -m wasi/seedbed.toml mul");
    ran.failed(2, &["hash-mismatch", "expected sha256:d61eab43", "found sha256:"]);
}

#[test]
fn a_deadline_ends_what_waits_and_what_never_comes_back() {
    let rig = wasi();
    for command in ["hasty", "spin"] {
        let ran = rig.run(&format!("run -m wasi/seedbed.toml {command}"));
        ran.failed(1, &["FAILED", "it took longer than its `max_execution`"]);
    }
}

#[test]
fn a_sleeper_waits_and_answers_in_real_and_in_virtual_time() {
    let rig = wasi();
    let ran = rig.run("run -m wasi/seedbed.toml answer 20");
    ran.failed(0, &["DONE  answer"]);
    assert!(ran.stdout.trim().parse::<u64>().unwrap() >= 20, "{ran:?}");
    // The tree has one that sleeps for five seconds: they pass in the simulation.
    let json = rig.run("sim wasi/seedbed.toml --strategy plain --format json").json();
    assert_eq!(json["end"], "at rest");
    let ns = json["time_ns"].as_u64().unwrap();
    assert!((5_000_000_000..6_000_000_000).contains(&ns), "{json}");
}

#[test]
fn a_program_alone_has_room_and_one_without_a_start_is_told_what_to_do() {
    let rig = copied("built");
    rig.run("run built/zig.wasm").failed(5, &["sum 333283335000\nslept true\n", "exit code 5"]);
    let hint = "there is no export `_start` to call: a manifest can name another one, as `method`";
    rig.run("run built/as.wasm").failed(2, &[hint]);
    // What is no file is a command of a manifest, if there is one.
    let ran = rig.run("run built");
    ran.failed(
        2,
        &[
            "there is no `seedbed.toml` that it could be a command of",
            "help: `seedbed run built/seedbed.toml`",
        ],
    );
    rig.run("run primes").failed(2, &["help: `-m FILE` says which manifest"]);
}

#[test]
fn a_program_that_exits_with_a_code_gives_it_to_the_shell() {
    let rig = Rig::new();
    let text = r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1) (func (export "_start") (call $exit (i32.const 42))))"#;
    rig.write("exits.wasm", wat::parse_str(text).unwrap());
    rig.run("run exits.wasm").failed(42, &["FAILED", "exit code 42"]);
}

/// A manifest of a program that fails if its variable begins with `u`.
fn with_a_variable(rig: &Rig) {
    let text = r#"(module (import "wasi_snapshot_preview1" "environ_get" (func $get (param i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "_start")
            (drop (call $get (i32.const 0) (i32.const 64)))
            (if (i32.eq (i32.load8_u offset=6 (i32.load (i32.const 0))) (i32.const 117)) (then unreachable))))"#;
    let wasm = wat::parse_str(text).unwrap();
    let hash = seedbed_manifest::Hash::of(&wasm);
    rig.write("styled.wasm", wasm);
    let env = "env = [{ id = 'app:style', name = 'STYLE', required = true }]";
    let child = "{ id = 'styled', process = 'styled', restart = 'temporary' }";
    rig.write(
        "styled.toml",
        format!(
            "process = [{{ id = 'styled', path = 'styled.wasm', hash = '{hash}', wasi = {{ {env} }} }}]\n\
             tree = {{ children = [{child}] }}\n\
             property = [{{ name = 'it runs', when = 'eventually within 1s', holds = 'restarts == 0' }}]\n"
        ),
    );
}

#[test]
fn values_of_variables_are_part_of_what_is_run() {
    let rig = Rig::new();
    with_a_variable(&rig);
    for command in ["sim", "hunt", "check", "run", "record -o real.recording"] {
        let missing = "the environment variable `STYLE` is required, and nobody gives `app:style` a value";
        let exit = if command == "run" { 2 } else { 101 };
        let ran = rig.run(&format!("{command} styled.toml"));
        ran.failed(exit, &[missing, "help: `--env app:style=VALUE` gives it one"]);
        let ran = rig.run(&format!("{command} styled.toml --env app:style=x --env app:stile=x"));
        ran.failed(
            2,
            &["no process has an environment variable with the id `app:stile`", "help: ids: app:style"],
        );
        rig.run(&format!("{command} styled.toml --env style")).failed(2, &["expected an id and its value"]);
    }
    // It runs nothing, and needs none.
    rig.run("verify styled.toml").failed(0, &["FINE"]);
    let hash = |value: &str| {
        let ran = rig.run(&format!("sim styled.toml --env app:style={value} --format json"));
        (ran.exit, ran.json()["trace_hash"].clone())
    };
    assert_eq!(hash("lower"), hash("lower"));
    assert_ne!(hash("lower"), hash("upper"));
    rig.run("check styled.toml --env app:style=upper --seeds 3").failed(0, &["SAME"]);
    let ran = rig.run("record styled.toml -o real.recording --env app:style=upper");
    ran.failed(0, &["recorded"]);
    rig.run("replay real.recording").failed(0, &["SAME"]);
}

#[test]
fn a_finding_keeps_the_values_that_it_needs() {
    let rig = Rig::new();
    with_a_variable(&rig);
    let text = std::fs::read_to_string(rig.path().join("styled.toml")).unwrap();
    // Now a failure is a finding: its supervisor gives up.
    rig.write(
        "styled.toml",
        text.replace("'temporary'", "'permanent'").replace("tree = {", "tree = { intensity = 0,"),
    );
    rig.run("hunt styled.toml --env app:style=lower --runs 5 --faults none");
    let finding = rig.hunt("styled.toml --env app:style=upper --runs 5 --faults chaos");
    rig.run(&format!("replay {finding}")).failed(100, &["same as  the finding"]);
    let test = rig.run(&format!("shrink {finding} --emit test")).stdout;
    let given = "given.values.insert(\"app:style\".into(), \"upper\".into());";
    assert!(test.contains(given) && test.contains("Scenario::given(manifest, &given)"), "{test}");
    // A hunt with another value is another hunt.
    let ran = rig.run("hunt styled.toml --env app:style=lower --runs 9 --faults chaos --resume");
    assert_eq!(ran.exit, 2, "{ran:?}");
}

/// A manifest of a program that writes a file and then one that says so, and traps if it ever finds the second
/// without what it wrote to the first.
fn with_two_files(rig: &Rig, name: &str, syncs: bool) {
    let open = |at: u32, len: u32, create: u32, to: u32| {
        format!(
            "(call $open (i32.const 3) (i32.const 0) (i32.const {at}) (i32.const {len}) (i32.const {create}) (i64.const 0x1fffffff) (i64.const 0) (i32.const 0) (i32.const {to}))"
        )
    };
    let sync = if syncs { "(drop (call $sync (i32.load (i32.const 40))))" } else { "" };
    let text = format!(
        r#"(module
        (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_sync" (func $sync (param i32) (result i32)))
        (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
        (memory (export "memory") 1) (data (i32.const 64) "data") (data (i32.const 80) "done")
        (func (export "_start") (local $i i32)
            (i32.store (i32.const 0) (i32.const 64)) (i32.store (i32.const 4) (i32.const 4))
            (if (i32.eqz {done})
                (then
                    (drop {data}) (drop (call $read (i32.load (i32.const 40)) (i32.const 0) (i32.const 1) (i32.const 8)))
                    (if (i32.ne (i32.load (i32.const 8)) (i32.const 4)) (then unreachable)))
                (else
                    (drop {data}) (drop (call $write (i32.load (i32.const 40)) (i32.const 0) (i32.const 1) (i32.const 8))) {sync}
                    (drop {make})))
            (loop
                (drop (call $yield)) (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br_if 0 (i32.lt_u (local.get $i) (i32.const 20))))))"#,
        done = open(80, 4, 0, 44),
        data = open(64, 4, 1, 40),
        make = open(80, 4, 1, 44),
    );
    let wasm = wat::parse_str(text).unwrap();
    let hash = seedbed_manifest::Hash::of(&wasm);
    rig.write(&format!("{name}.wasm"), wasm);
    std::fs::create_dir_all(rig.path().join("disk")).unwrap();
    rig.write(
        &format!("{name}.toml"),
        format!(
            "process = [{{ id = 'it', path = '{name}.wasm', hash = '{hash}', wasi.mounts = [{{ fs = 'disk', guest = '/d' }}] }}]\n\
             tree = {{ intensity = 0, children = [{{ id = 'it', process = 'it', restart = 'transient' }}] }}\n\
             world.faults = {{ crash = '5%', restart_after = '1s', unsynced = '50%' }}\n\
             property = [{{ name = 'it crashes', sometimes = true, holds = 'restarts > 0' }}]\n"
        ),
    );
}

#[test]
fn what_a_program_does_not_sync_is_lost_and_a_hunt_finds_it() {
    let rig = Rig::new();
    with_two_files(&rig, "synced", true);
    rig.run("hunt synced.toml --runs 300").failed(0, &["NOTHING FOUND"]);
    with_two_files(&rig, "careless", false);
    let finding = rig.hunt("careless.toml --runs 300");
    let why = rig.run(&format!("why {finding}"));
    assert!(
        why.stdout.contains("change of the file disk/data of node main that had not been synced"),
        "{why:?}"
    );
    rig.run(&format!("replay {finding}")).failed(100, &["same as  the finding"]);
}

#[test]
fn a_recorded_run_with_files_is_given_back_without_them() {
    let rig = wasi();
    let text = std::fs::read_to_string(rig.path().join("wasi/seedbed.toml")).unwrap();
    let probe = text[text.find("[[process]]\nid = \"probe\"").unwrap()..].split("\n\n").next().unwrap();
    let tree = "[tree]\nchildren = [{ id = 'probe', process = 'probe', restart = 'temporary' }]\n";
    rig.write("wasi/probe.toml", format!("{probe}\n{tree}"));
    rig.run("record wasi/probe.toml -o real.recording").failed(0, &["DONE", "recorded"]);
    assert_eq!(std::fs::read_to_string(rig.path().join("wasi/output/out.txt")).unwrap(), "written");
    for name in ["input/in.txt", "output/out.txt"] {
        std::fs::remove_file(rig.path().join("wasi").join(name)).unwrap();
    }
    rig.run("replay real.recording").failed(0, &["SAME"]);
    assert!(!rig.path().join("wasi/output/out.txt").exists(), "a replay writes nothing");

    // To a simulation, what a directory holds is part of what is run.
    let hash = |rig: &Rig| rig.run("sim wasi/probe.toml --format json").json()["trace_hash"].clone();
    let without = hash(&rig);
    assert_eq!(hash(&rig), without);
    rig.write("wasi/input/in.txt", "something else");
    assert_ne!(hash(&rig), without);
    assert!(!rig.path().join("wasi/output/out.txt").exists(), "a simulation writes nothing");
}
