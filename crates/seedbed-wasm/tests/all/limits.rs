//! Guests that want too much.

use crate::world::{World, actor, guest, guest_with, module};
use seedbed_abi::{Failure, TrapKind};
use seedbed_core::{Limits, Permissions};
use seedbed_wasm::WasmLimits;

#[test]
fn an_endless_loop_runs_out_of_fuel_at_the_same_point_in_every_run() {
    let run = || {
        let mut world = World::new();
        let pid = world.guest("(call $answer32 (i32.const 1)) (loop (br 0))");
        world.send(pid, 0, b"go");
        let seen = world.seen();
        assert_eq!(seen.answers, []);
        assert_eq!(seen.exits[0].1, Failure::OutOfFuel.into());
        seen.fuel
    };
    assert_eq!(run(), run());
}

#[test]
fn fuel_is_an_exact_bound() {
    let body = "(local.set $i (i32.const 100))
        (loop (local.set $i (i32.sub (local.get $i) (i32.const 1))) (br_if 0 (local.get $i)))
        (call $answer32 (i32.const 1))";
    let with = |fuel| {
        actor(&guest(body)).wasm_limits(WasmLimits { fuel_per_message: fuel, ..WasmLimits::default() })
    };
    let mut world = World::new();
    let pid = world.spawn("g", with(1_000_000));
    world.send(pid, 0, b"go");
    let price = world.seen().fuel[1];
    let pid = world.spawn("g", with(price));
    assert_eq!(world.go(pid), [1], "what is just enough is enough");
    assert_eq!(world.go(pid), [1], "fuel is set afresh, not carried over");
    let pid = world.spawn("g", with(price - 1));
    assert_eq!(world.failure(pid), Failure::OutOfFuel);
}

#[test]
fn a_turn_that_comes_back_with_less_than_nothing_ran_out() {
    // The last charge is in an arm, where nothing is checked.
    let arm = "(i32.store (i32.const 0) (i32.const 1))".repeat(50);
    let body = format!("(call $answer32 (i32.const 1)) (if (i32.eqz (local.get $flags)) (then {arm}))");
    let with = |fuel| {
        actor(&guest(&body)).wasm_limits(WasmLimits { fuel_per_message: fuel, ..WasmLimits::default() })
    };
    let mut world = World::new();
    let pid = world.spawn("g", with(1_000_000));
    world.send(pid, 0, b"go");
    let price = world.seen().fuel[1];
    let pid = world.spawn("g", with(price));
    assert_eq!(world.go(pid), [1]);
    let pid = world.spawn("g", with(price - 1));
    world.send(pid, 0, b"go");
    let seen = world.seen();
    assert_eq!(seen.answers, []);
    assert_eq!(seen.exits[0].1, Failure::OutOfFuel.into());
    assert_eq!(seen.fuel[1], price, "what it used is told, also beyond what it had");
}

#[test]
fn running_out_comes_before_any_other_failure() {
    // The run of code that traps costs more than there is.
    let body = format!("{} unreachable", "(local.set $i (i32.const 1))".repeat(50));
    let few = WasmLimits { fuel_per_message: 60, ..WasmLimits::default() };
    let mut world = World::new();
    let pid = world.spawn("g", actor(&guest(&body)).wasm_limits(few));
    assert_eq!(world.failure(pid), Failure::OutOfFuel);
    let pid = world.spawn("g", actor(&guest(&body)));
    assert_eq!(world.failure(pid), Failure::Trap(TrapKind::Unreachable, "".into()));
}

#[test]
fn host_calls_are_charged_by_the_byte() {
    let mut world = World::new();
    let pid = world.guest("(loop (call $random (i32.const 0) (i32.const 65536)) (br 0))");
    world.send(pid, 0, b"go");
    let seen = world.seen();
    assert_eq!(seen.exits[0].1, Failure::OutOfFuel.into());
    assert!(seen.fuel[1] < 10_100_000, "{:?}", seen.fuel);
}

#[test]
fn endless_recursion_is_a_stack_overflow() {
    let mut world = World::new();
    let text = guest_with("(call $r)", "(func $r (call $r))");
    let pid = world.spawn("g", actor(&text));
    assert_eq!(world.failure(pid), Failure::StackOverflow);
}

#[test]
fn a_smaller_stack_overflows_sooner_and_the_next_life_has_it_whole() {
    let text = guest_with(
        "(call $r (i32.load8_u (local.get $p)))",
        "(func $r (param i32) (if (local.get 0) (then (call $r (i32.sub (local.get 0) (i32.const 1))))))",
    );
    let small = WasmLimits { stack_max: 4096, ..WasmLimits::default() };
    let mut world = World::new();
    for _ in 0..3 {
        let pid = world.spawn("g", actor(&text).wasm_limits(small));
        world.send(pid, 0, &[20]);
        assert!(world.seen().exits.is_empty());
        world.send(pid, 0, &[200]);
        assert_eq!(world.ended(), Failure::StackOverflow);
    }
    let pid = world.spawn("g", actor(&text));
    world.send(pid, 0, &[200]);
    assert!(world.seen().exits.is_empty());
}

const GROW: &str = "(local.set $i (memory.grow (i32.const 1))) (call $answer32 (local.get $i))";

#[test]
fn a_growth_beyond_the_limit_is_refused_with_minus_one() {
    let limits = WasmLimits { memory_max: 3 << 16, ..WasmLimits::default() };
    let mut world = World::new();
    let pid = world.spawn("g", actor(&guest(&GROW.repeat(4))).wasm_limits(limits));
    assert_eq!(world.go(pid), [1, 2, -1, -1]);
    assert_eq!(world.go(pid), [-1; 4], "and goes on being refused");
    let declared = guest(&GROW.repeat(3)).replace("(export \"memory\") 1)", "(export \"memory\") 1 2)");
    let pid = world.spawn("h", actor(&declared));
    assert_eq!(world.go(pid), [1, -1, -1], "the declared maximum is a limit too");
}

#[test]
fn a_growth_of_everything_is_refused_too() {
    let mut world = World::new();
    let pid = world.guest("(call $answer32 (memory.grow (i32.const -1))) (call $answer32 (memory.size))");
    assert_eq!(world.go(pid), [-1, 1]);
}

#[test]
fn a_memory_bomb_is_out_of_memory() {
    // As a Rust or C guest ends: it takes until it is refused, and then aborts.
    let bomb = "(loop (br_if 0 (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) unreachable";
    let mut world = World::new();
    let pid = world.guest(bomb);
    assert_eq!(world.failure(pid), Failure::OutOfMemory);
}

#[test]
fn what_the_grown_memory_holds_can_be_given_to_the_host() {
    let mut world = World::new();
    let pid = world.guest(
        "(drop (memory.grow (i32.const 1)))
        (call $answer32 (call $send (i64.const 0) (i64.const 0) (i32.const 131071) (i32.const 1)))",
    );
    assert_eq!(world.go(pid), [0]);
}

#[test]
fn a_module_that_begins_too_large_does_not_start() {
    let mut world = World::new();
    let limits = WasmLimits { memory_max: 65_535, tables_max: 10, ..WasmLimits::default() };
    world.spawn("g", actor(&guest("")).wasm_limits(limits));
    assert_eq!(world.start_failure(), Failure::OutOfMemory);
    let tables = guest_with("", "(table 6 funcref) (table 5 funcref)");
    world.spawn("g", actor(&tables).wasm_limits(WasmLimits { memory_max: 65_536, ..limits }));
    assert_eq!(world.start_failure(), Failure::OutOfMemory);
    world.spawn("g", actor(&tables));
    assert!(world.seen().exits.is_empty());
}

#[test]
fn a_flood_of_sends_is_refused_when_the_outbox_is_full() {
    let flood = "(loop
        (local.set $x (i64.extend_i32_s (call $send (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 3))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if 0 (i64.eqz (local.get $x))))
        (drop (call $observe (i32.const 0) (i32.const 3) (i64.const 0)))
        (call $log (i32.const 1) (i32.const 0) (i32.const 3))
        (if (i32.ne (local.get $i) (i32.const 101)) (then unreachable))
        (if (i64.ne (local.get $x) (i64.const -3)) (then unreachable))";
    let limits = Limits { outbox_max: 100, ..Limits::default() };
    let mut world = World::new();
    let pid = world.spawn("g", actor(&guest(flood)).limits(limits));
    world.send(pid, 0, b"go");
    let seen = world.seen();
    assert!(seen.exits.is_empty(), "{:?}", seen.exits);
    assert_eq!((seen.logged.len(), seen.facts.len()), (1, 0));
    assert_eq!(world.kernel.dead_letters(), 100);
}

#[test]
fn a_flood_of_log_is_cut() {
    let flood = "(local.set $i (i32.const 1000))
        (loop (call $log (i32.const 1) (i32.const 0) (i32.const 3))
            (local.set $i (i32.sub (local.get $i) (i32.const 1)))
            (br_if 0 (local.get $i)))";
    let limits = Limits { log_max: 100, ..Limits::default() };
    let mut world = World::new();
    let pid = world.spawn("g", actor(&guest(flood)).limits(limits));
    world.send(pid, 0, b"go");
    let logged: usize = world.seen().logged.iter().map(|(_, text)| text.len()).sum();
    assert_eq!(logged, 100);
}

#[test]
fn permissions_are_the_kernels() {
    let none = Permissions { spawn: false, register: false, lookup: false, effects: Some(Vec::new()) };
    let mut world = World::new();
    let body = "(call $answer32 (call $register (i32.const 0) (i32.const 3)))
        (call $answer (call $address (i32.const 0) (i32.const 3)))
        (call $answer (call $perform (i32.const 8) (i32.const 5) (i32.const 0) (i32.const 0)))
        (call $answer (call $spawn (i32.const 0) (i32.const -1) (i32.const 0) (i32.const 0) (i32.const 0)
            (i32.const 0) (i32.const 0)))";
    let pid = world.spawn("g", actor(&guest(body)).permissions(none));
    assert_eq!(world.go(pid), [-4; 4]);
}

#[test]
fn a_notice_that_a_fixed_inbox_cannot_hold_is_a_protocol_error() {
    // Downs are never refused at the sender: the room for them is the watcher's to have.
    let mut world = World::new();
    let text = module(
        r#"(func (export "seedbed_on_message") (param i32 i32 i32) (result i32)
            (drop (call $monitor (i64.load offset=32 (local.get 0)))) (i32.const 0))"#,
    )
    .replace("(i32.const 4096))\n        (func", "(i32.const 48))\n        (func");
    assert!(text.contains("(i32.const 48)"));
    let pid = world.spawn("g", actor(&text));
    let other = world.spawn("other", actor(&guest("")));
    world.send(pid, other.to_raw(), &[]);
    world.kill(other);
    world.advance(0);
    let exits = world.seen().exits;
    let expected = Failure::Protocol("a signal does not fit the guest's fixed inbox".into());
    assert_eq!(exits[1], ("n/g".to_owned(), expected.into()));
}
