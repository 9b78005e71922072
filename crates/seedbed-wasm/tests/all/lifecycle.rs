//! Start, turns and stop, and how each can end.

use crate::world::{World, actor, guest, guest_with, module};
use seedbed_abi::{ExitReason, Failure, TrapKind};

const HANDLER: &str = "(func (export \"seedbed_on_message\") (param i32 i32 i32) (result i32) (i32.const 0))";

#[test]
fn a_start_is_start_section_constructors_and_on_start_in_one_turn() {
    let mut world = World::new();
    let text = module(&format!(
        "{HANDLER} (start $s) (func $s (call $answer32 (i32.const 1)))
        (func (export \"_initialize\") (call $answer32 (i32.const 2)))
        (func (export \"seedbed_on_start\") (param i32 i32) (result i32)
            (call $answer32 (i32.const 3)) (call $answer32 (local.get 1))
            (call $answer32 (i32.load8_u (local.get 0))) (i32.const 0))"
    ));
    world.spawn_with("g", actor(&text), b"xyz");
    let seen = world.seen();
    let tags: Vec<i64> = seen.answers.iter().map(|(tag, _)| *tag).collect();
    assert_eq!(tags, [1, 2, 3, 3, i64::from(b'x')]);
    assert_eq!(seen.fuel.len(), 1, "one turn");
}

#[test]
fn whatever_fails_in_a_start_is_a_start_failure() {
    let trap = |kind| Failure::Trap(kind, "".into());
    let on_start =
        |body: &str| format!("(func (export \"seedbed_on_start\") (param i32 i32) (result i32) {body})");
    let cases = [
        ("(start $s) (func $s unreachable)".to_owned(), trap(TrapKind::Unreachable)),
        ("(start $s) (func $s (loop (br 0)))".to_owned(), Failure::OutOfFuel),
        ("(func (export \"_initialize\") (call $i)) (func $i (call $i))".to_owned(), Failure::StackOverflow),
        (on_start("unreachable"), trap(TrapKind::Unreachable)),
        (on_start("(i32.const 9)"), Failure::HandlerError(9)),
        (on_start("(i32.const -1)"), Failure::HandlerError(-1)),
        ("(data (i32.const 65535) \"too long\")".to_owned(), trap(TrapKind::MemoryOutOfBounds)),
        ("(table 1 funcref) (func $f) (elem (i32.const 1) $f)".to_owned(), trap(TrapKind::TableOutOfBounds)),
    ];
    for (text, expected) in cases {
        let mut world = World::new();
        world.spawn("g", actor(&module(&format!("{HANDLER} {text}"))));
        assert_eq!(world.start_failure(), expected, "{text}");
    }
}

#[test]
fn a_start_may_choose_not_to_run_or_to_stop() {
    for (code, turns) in [(2, 1), (1, 2)] {
        let mut world = World::new();
        let text = module(&format!(
            "{HANDLER} (func (export \"seedbed_on_start\") (param i32 i32) (result i32) (i32.const {code}))
            (func (export \"seedbed_on_stop\") (param i32) (call $answer32 (i32.const 4)))"
        ));
        world.spawn("g", actor(&text));
        let seen = world.seen();
        assert_eq!(seen.exits, [("n/g".to_owned(), ExitReason::Normal)]);
        assert_eq!(seen.fuel.len(), turns);
        assert_eq!(seen.answers.len(), turns - 1, "who ignored does not stop");
    }
}

#[test]
fn on_stop_is_told_why() {
    let text = guest_with(
        "(return (i32.load8_u (local.get $p)))",
        "(func (export \"seedbed_on_stop\") (param i32) (call $answer32 (local.get 0)))",
    );
    let mut world = World::new();
    for (code, told, reason) in [(1, 0, ExitReason::Normal), (7, -1, Failure::HandlerError(7).into())] {
        let pid = world.spawn("g", actor(&text));
        world.send(pid, 0, &[code]);
        let seen = world.seen();
        assert_eq!(seen.answers, [(told, vec![])]);
        assert_eq!(seen.exits, [("n/g".to_owned(), reason)]);
    }
    for (reason, told) in [(ExitReason::Shutdown, 3), (ExitReason::Normal, 1)] {
        let pid = world.spawn("g", actor(&text));
        world.stop(pid, reason);
        assert_eq!(world.answers(), [told]);
    }
}

#[test]
fn an_on_stop_that_fails_leaves_the_reason() {
    let mut world = World::new();
    let pid = world
        .spawn("g", actor(&guest_with("", "(func (export \"seedbed_on_stop\") (param i32) unreachable)")));
    world.stop(pid, ExitReason::Shutdown);
    assert_eq!(world.seen().exits, [("n/g".to_owned(), ExitReason::Shutdown)]);
}

#[test]
fn a_trap_is_told_by_its_kind_and_applies_nothing() {
    let cases = [
        ("unreachable", TrapKind::Unreachable),
        ("(drop (i32.load (i32.const 65533)))", TrapKind::MemoryOutOfBounds),
        ("(memory.fill (i32.const 65530) (i32.const 0) (i32.const 7))", TrapKind::MemoryOutOfBounds),
        ("(call_indirect (i32.const 9))", TrapKind::TableOutOfBounds),
        ("(call_indirect (i32.const 0))", TrapKind::IndirectCallToNull),
        ("(call_indirect (i32.const 1))", TrapKind::BadSignature),
        ("(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))", TrapKind::IntegerOverflow),
        ("(drop (i32.rem_u (i32.const 1) (i32.const 0)))", TrapKind::DivisionByZero),
        ("(drop (i32.trunc_f32_s (f32.const nan)))", TrapKind::BadConversion),
        ("(drop (i32.trunc_f32_s (f32.const 1e30)))", TrapKind::IntegerOverflow),
    ];
    for (body, kind) in cases {
        let mut world = World::new();
        let text = guest_with(
            &format!("(call $answer32 (i32.const 1)) {body}"),
            "(table 2 funcref) (func $f (param i32)) (elem (i32.const 1) $f)
            (func (export \"seedbed_on_stop\") (param i32) (call $answer32 (i32.const 3)))",
        );
        let pid = world.spawn("g", actor(&text));
        world.send(pid, 0, b"go");
        let seen = world.seen();
        assert_eq!(seen.exits, [("n/g".to_owned(), Failure::Trap(kind, "".into()).into())], "{body}");
        assert_eq!(seen.answers, [], "nothing is applied, on_stop does not run");
    }
}

#[test]
fn fuel_is_the_same_in_every_run() {
    // A golden: if it moves, REWRITE_VERSION must.
    let run = || {
        let mut world = World::new();
        let pid = world.guest(
            "(loop (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (memory.fill (i32.const 100) (i32.const 1) (i32.const 10))
                (br_if 0 (i32.lt_u (local.get $i) (i32.const 10))))
            (call $answer32 (local.get $i))",
        );
        world.send(pid, 0, b"go");
        world.seen().fuel
    };
    assert_eq!(run(), run());
    // Entry 1, code around the loop 3 + 3, ten passes of 13 and 10 bytes; `$answer32` 4, `$answer` 6.
    assert_eq!(run(), [0, 7 + 10 * 23 + 4 + 6]);
}

#[test]
fn an_actor_that_traps_fails_alone() {
    let mut world = World::new();
    let bad = world.guest("unreachable");
    let good = world.spawn("good", actor(&guest("(call $answer32 (i32.const 1))")));
    world.send(bad, 0, b"go");
    assert_eq!(world.seen().exits.len(), 1);
    assert_eq!(world.go(good), [1]);
    assert_eq!(world.go(good), [1]);
}
