//! The first Ctrl-C prints what there is and leaves what is needed to go on; the second quits.
#![cfg(unix)]

use crate::rig::{Rig, fixture};
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command};

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
