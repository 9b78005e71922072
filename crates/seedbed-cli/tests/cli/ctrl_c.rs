//! The first Ctrl-C prints what there is and leaves what is needed to go on; the second quits.
#![cfg(unix)]

use crate::rig::{Rig, fixture};
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

fn interrupt(child: &Child) {
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// Starts a hunt, and gives it back once it watches for Ctrl-C.
fn hunting(rig: &Rig, args: &str) -> (Child, impl BufRead + use<>) {
    let mut child = rig.command(&format!("hunt {args} --format jsonl")).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert!(line.contains("\"hunting\""), "{line}");
    (child, stdout)
}

#[test]
fn the_first_leaves_a_hunt_that_can_go_on() {
    let rig = Rig::new();
    let manifest = fixture("transfer-fixed/seedbed.toml");
    let (mut child, mut stdout) = hunting(&rig, &format!("{manifest} --runs 1000000000 --seed 0x5"));
    interrupt(&child);
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(104), "{rest}");
    let result: serde_json::Value = serde_json::from_str(rest.lines().last().unwrap()).unwrap();
    assert_eq!((&result["event"], &result["end"]), (&"hunt".into(), &"interrupted".into()));
    let done = result["summary"]["runs"].as_u64().unwrap();
    let more = rig.run(&format!("hunt {manifest} --runs {} --seed 5 --resume --format json", done + 3));
    assert_eq!(more.exit, 0, "{more:?}");
    assert_eq!(more.json()["summary"]["runs"], done + 3);
}

#[test]
fn a_service_that_is_interrupted_shuts_down_and_sums_up() {
    let rig = Rig::new();
    let mut child = rig.command(&format!("run {} --stay", fixture("hello/seedbed.toml"))).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("hello, seedbed") {
        assert_ne!(stderr.read_line(&mut said).unwrap(), 0, "{said}");
    }
    interrupt(&child);
    stderr.read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{said}");
    assert!(said.contains("STOPPED  hello  interrupted"), "{said}");
}

/// Starts a program that says `begun` and then does this, for ever.
fn begun(rig: &Rig, body: &str) -> (Child, impl BufRead + use<>) {
    let text = format!(
        r#"(module
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1) (data (i32.const 64) "begun\n")
        (func (export "_start")
            (i32.store (i32.const 0) (i32.const 64)) (i32.store (i32.const 4) (i32.const 6))
            (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
            (i32.store (i32.const 144) (i32.const 1)) (i64.store (i32.const 152) (i64.const 3600000000000))
            (loop {body} (br 0))))"#
    );
    rig.write("begun.wasm", wat::parse_str(text).unwrap());
    let mut child = rig.command("run begun.wasm").stdin(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "begun\n");
    (child, stdout)
}

#[test]
fn a_program_is_cancelled_wherever_it_is() {
    let sleep = "(drop (call $poll (i32.const 128) (i32.const 256) (i32.const 1) (i32.const 600)))";
    let read = "(drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))";
    for body in ["", sleep, read] {
        let rig = Rig::new();
        let (mut child, _stdout) = begun(&rig, body);
        interrupt(&child);
        let mut said = String::new();
        BufReader::new(child.stderr.take().unwrap()).read_to_string(&mut said).unwrap();
        let exit = child.wait().unwrap().code();
        assert_eq!(exit, Some(130), "{body}: {said}");
        assert!(said.contains("STOPPED  begun  interrupted"), "{said}");
    }
}

#[test]
fn a_program_whose_time_is_over_has_failed_and_a_service_has_not() {
    let rig = Rig::new();
    let text = r#"(module (import "wasi_snapshot_preview1" "sched_yield" (func (result i32))) (memory (export "memory") 1) (func (export "_start") (loop (br 0))))"#;
    rig.write("loops.wasm", wat::parse_str(text).unwrap());
    rig.run("run loops.wasm --time 10ms").failed(1, &["TIME IS UP  loops"]);
    let service = format!("run {} --stay --time 10ms", fixture("hello/seedbed.toml"));
    rig.run(&service).failed(0, &["TIME IS UP  hello"]);
}

#[test]
fn the_second_quits_at_once() {
    let rig = Rig::new();
    let flood = include_str!("../guests/send_flood.wat");
    rig.manifest(flood, "world.steps_max = 1_000_000_000\n");
    let mut child = rig.command("hunt seedbed.toml --format jsonl").spawn().unwrap();
    // The hunt's first run does not end, so it is never seen to begin: it is interrupted until it hears.
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut String::new()).unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    interrupt(&child);
    let mut said = String::new();
    while !said.contains("interrupted") {
        assert_ne!(stderr.read_line(&mut said).unwrap(), 0, "{said}");
    }
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130), "{said}");
}
