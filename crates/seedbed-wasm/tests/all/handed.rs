//! Compiled code goes from a process to those that it starts, and nothing else goes for it.

use crate::world::{World, actor, guest, module};
use seedbed_wasm::{Handed, Module, Origin};
use std::path::PathBuf;
use std::process::Command;

/// Says to the child that it is one, and what it is to find.
const CHILD: &str = "SEEDBED_TEST_CHILD";

fn wasm() -> Vec<u8> {
    wat::parse_str(guest("(call $answer32 (i32.const 7))")).expect("a guest")
}

/// Runs this file's child test in a process of its own, and gives what it printed.
fn child(expect: &str, prepare: impl FnOnce(&mut Command)) -> String {
    let mut command = Command::new(std::env::current_exe().expect("this test is a file"));
    command.args(["--exact", "handed::in_a_child", "--nocapture"]).env(CHILD, expect);
    prepare(&mut command);
    let output = command.output().expect("it can be started");
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{expect}: {text}");
    text
}

/// The file that a child is told of.
fn file(handed: &Handed) -> (String, PathBuf) {
    let mut command = Command::new("none");
    handed.to(&mut command);
    let value = command.get_envs().find_map(|(key, value)| (key == "SEEDBED_COMPILED").then_some(value?));
    let value = value.and_then(|value| value.to_str()).expect("it is told").to_owned();
    let path = value.splitn(3, ':').nth(2).expect("a sum and a path").into();
    (value, path)
}

#[test]
fn in_a_child() {
    let Ok(expect) = std::env::var(CHILD) else { return };
    let module = Module::from_bytes(&wasm());
    match expect.as_str() {
        "handed" | "compiled" => {
            let module = module.expect("a guest");
            let origin = if expect == "handed" { Origin::HandedDown } else { Origin::Compiled };
            assert_eq!(module.origin(), origin);
            let mut world = World::new();
            let pid = world.spawn("g", seedbed_wasm::WasmActor::new(module));
            assert_eq!(world.go(pid), [7]);
        }
        error => {
            let text = module.expect_err("it is damaged").to_string();
            assert!(text.contains(error), "{text}");
        }
    }
}

#[test]
fn a_child_takes_what_was_compiled_and_compiles_what_was_not() {
    let (one, other) = (Module::from_bytes(&wasm()).expect("a guest"), actor(&module(LEAST)));
    let both = Handed::new([&one, other.module()]).expect("a file can be made");
    child("handed", |command| both.to(command));
    let other_only = Handed::new([other.module()]).expect("a file can be made");
    child("compiled", |command| other_only.to(command));
    child("compiled", |_| {});
    let (_, path) = file(&both);
    assert!(path.exists());
    drop(both);
    assert!(!path.exists(), "nothing is left behind");
}

#[test]
fn a_child_takes_nothing_else_for_it() {
    let one = Module::from_bytes(&wasm()).expect("a guest");
    let handed = Handed::new([&one]).expect("a file can be made");
    let (value, path) = file(&handed);
    let bytes = std::fs::read(&path).expect("it is there");
    let mut flipped = bytes.clone();
    *flipped.last_mut().expect("not empty") ^= 1;
    std::fs::write(&path, &flipped).expect("it is ours");
    child("is damaged", |command| handed.to(command));
    let sum = seedbed_wasm::ModuleHash::of(&bytes[..20]);
    std::fs::write(&path, &bytes[..20]).expect("it is ours");
    let told = |value: String| {
        move |command: &mut Command| {
            command.env("SEEDBED_COMPILED", value);
        }
    };
    child("is of another engine", told(format!("{sum}:{}", path.display())));
    child("read ", told(value.replace("compiled", "gone")));
    child("is no sum and path", told("nonsense".into()));
}

const LEAST: &str = r#"(func (export "seedbed_on_message") (param i32 i32 i32) (result i32) (i32.const 0))"#;
