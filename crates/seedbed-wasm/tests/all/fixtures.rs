//! The guests that are checked in: text, C and Rust.

use crate::world::World;
use seedbed_abi::{ExitReason, Failure, TrapKind};
use seedbed_wasm::{Module, WasmActor};
use std::path::PathBuf;

fn file(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(path)
}

fn fixture(path: &str) -> WasmActor {
    WasmActor::from_file(file(path)).expect(path)
}

#[test]
fn every_fixture_is_a_module_with_the_hash_that_is_noted() {
    let sums = include_str!("../../../../fixtures/SHA256SUMS");
    assert!(sums.lines().count() >= 10);
    for line in sums.lines() {
        let (sum, path) = line.split_once("  ").expect("a sum and a path");
        // The one that speaks no dialect by itself is a method.
        let wasm = std::fs::read(file(path)).expect(path);
        let module = Module::with_method(&wasm, "mul").expect(path);
        assert_eq!(module.hash().to_string(), format!("sha256:{sum}"), "{path}");
    }
}

#[test]
fn text_c_and_rust_guests_answer_requests() {
    let cases: [(&str, &[u8], &[u8]); 3] = [
        ("counter/counter.wasm", &[5], &[5]),
        ("echo/echo.wasm", b"hello", b"hello"),
        ("counter-wat/counter.wasm", &[], &[9, 0, 0, 0, 0, 0, 0, 0]),
    ];
    for (path, payload, reply) in cases {
        let mut world = World::new();
        let pid = world.spawn("g", fixture(path));
        world.request(pid, 1, 9, payload);
        let seen = world.seen();
        assert!(seen.exits.is_empty(), "{path}: {:?}", seen.exits);
        assert_eq!(seen.answers.len(), 1, "{path}");
        assert_eq!(seen.answers[0].1, reply, "{path}");
    }
}

#[test]
fn a_rust_guest_counts_over_turns_and_starts_anew_in_the_next_life() {
    let mut world = World::new();
    for _ in 0..3 {
        let pid = world.spawn("g", fixture("counter/counter.wasm"));
        for (add, sum) in [(5, 5), (7, 12), (100, 112)] {
            world.request(pid, 1, 0, &[add]);
            assert_eq!(world.seen().answers[0].1, [sum]);
        }
        world.kill(pid);
    }
}

#[test]
fn the_crasher_ends_as_its_text_says() {
    let trap = |kind| Failure::Trap(kind, "".into());
    let failures = [
        trap(TrapKind::Unreachable),
        trap(TrapKind::MemoryOutOfBounds),
        trap(TrapKind::DivisionByZero),
        trap(TrapKind::IndirectCallToNull),
        Failure::HandlerError(42),
        Failure::OutOfFuel,
        Failure::StackOverflow,
        Failure::Trap(TrapKind::BadPointer, "send".into()),
    ];
    let ends: Vec<ExitReason> = failures
        .into_iter()
        .map(ExitReason::Failed)
        .chain([ExitReason::Normal, ExitReason::Killed])
        .collect();
    let mut world = World::new();
    for (tag, reason) in (0..).zip(ends) {
        let pid = world.spawn("g", fixture("crasher/crasher.wasm"));
        world.send(pid, tag, &[]);
        let seen = world.seen();
        assert_eq!(seen.exits, [("n/g".to_owned(), reason.clone())], "{tag}");
        let applied = !matches!(reason, ExitReason::Failed(_));
        assert_eq!(seen.answers.len(), usize::from(applied), "a turn that fails sends nothing: {tag}");
    }
}
