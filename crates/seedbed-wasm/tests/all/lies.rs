//! Guests that lie about pointers, lengths and codes.

use crate::calls::try_seed;
use crate::world::{World, actor, guest, imports, module};
use seedbed_abi::dialect::{IMPORTS, Value};
use seedbed_abi::{Failure, TrapKind};

/// For each import that takes memory: where its pointers stand among its parameters.
const POINTERS: [(&str, &[usize]); 15] = [
    ("send", &[2]),
    ("request", &[2]),
    ("reply", &[3]),
    ("address", &[0]),
    ("whereis", &[0]),
    ("register", &[0]),
    ("random", &[0]),
    ("spawn", &[0, 2, 5]),
    ("log", &[1]),
    ("observe", &[0]),
    ("buggify", &[0]),
    ("always", &[0]),
    ("sometimes", &[0]),
    ("perform", &[0, 2]),
    ("demonitor", &[]),
];

#[test]
fn a_pointer_outside_of_memory_is_a_trap_in_every_import() {
    let lies: [(u32, u32); 5] =
        [(65_536, 1), (65_530, 100), (u32::MAX, 1), (0, u32::MAX - 1), (u32::MAX, u32::MAX - 1)];
    for (name, pointers) in POINTERS {
        let function = IMPORTS.iter().find(|f| f.name == name).unwrap();
        for at in pointers {
            for (ptr, len) in lies {
                let argument = |(i, ty): (usize, &Value)| match ty {
                    Value::I32 if i == *at => format!("(i32.const {})", ptr as i32),
                    Value::I32 if i == at + 1 => format!("(i32.const {})", len as i32),
                    Value::I32 => "(i32.const 0)".into(),
                    Value::I64 => "(i64.const 0)".into(),
                };
                let arguments: String = function.params.iter().enumerate().map(argument).collect();
                let drop = if function.result.is_some() { "drop" } else { "" };
                let mut world = World::new();
                let pid = world.guest(&format!("(call ${name} {arguments}) {drop}"));
                let expected = Failure::Trap(TrapKind::BadPointer, name.into());
                assert_eq!(world.failure(pid), expected, "{name} ({ptr}, {len})");
            }
        }
    }
}

#[test]
fn every_import_that_takes_a_pointer_is_in_the_table() {
    // Two i32 in a row are a pointer and a length everywhere but in the table's last entries.
    for function in IMPORTS {
        let pair = function.params.windows(2).any(|w| w == [Value::I32, Value::I32]);
        let listed = POINTERS.iter().any(|(name, _)| *name == function.name);
        assert!(!pair || listed, "{}", function.name);
    }
}

#[test]
fn an_empty_range_at_the_very_end_of_memory_is_no_lie() {
    let mut world = World::new();
    let pid = world
        .guest("(call $answer32 (call $send (i64.const 0) (i64.const 0) (i32.const 65536) (i32.const 0)))");
    assert_eq!(world.go(pid), [0]);
}

/// A guest that answers requests for room with `inbox`; it says how often it was asked, where its envelope is,
/// and what the last byte of the payload is.
pub(crate) fn with_inbox(inbox: &str) -> String {
    format!(
        r#"(module {} (memory (export "memory") 1)
            (func $answer32 (param i32) (drop (call $send (i64.const {}) (i64.extend_i32_s (local.get 0))
                (i32.const 0) (i32.const 0))))
            (global $asked (mut i32) (i32.const 0))
            (func (export "seedbed_inbox") (param i32) (result i32)
                (global.set $asked (i32.add (global.get $asked) (i32.const 1))) {inbox})
            (func (export "seedbed_on_message") (param i32 i32 i32) (result i32)
                (call $answer32 (global.get $asked)) (call $answer32 (local.get 0))
                (call $answer32 (i32.load8_u (i32.add (local.get 1) (i32.sub (local.get 2) (i32.const 1)))))
                (i32.const 0)))"#,
        imports(),
        World::client().to_raw(),
    )
}

#[test]
fn the_inbox_is_asked_for_when_the_last_room_is_too_small() {
    let mut world = World::new();
    let pid = world.spawn("g", actor(&with_inbox("(i32.const 512)")));
    for (len, asked) in [(10, 1), (10, 1), (1, 1), (11, 2), (60_000, 3), (59_999, 3)] {
        let mut payload = vec![0; len];
        payload[len - 1] = 9;
        world.send(pid, 0, &payload);
        assert_eq!(world.answers(), [asked, 512, 9], "{len}");
    }
}

#[test]
fn an_inbox_that_lies_is_a_protocol_error() {
    let cases = [
        ("(i32.const 4)", "`seedbed_inbox` gave a pointer that is not 8-aligned"),
        ("(i32.const 65528)", "`seedbed_inbox` gave room outside of the memory"),
        ("(i32.const -8)", "`seedbed_inbox` gave room outside of the memory"),
        ("(drop (call $now)) (i32.const 512)", "an import was called where none may be"),
    ];
    for (inbox, rule) in cases {
        let mut world = World::new();
        let pid = world.spawn("g", actor(&with_inbox(inbox)));
        assert_eq!(world.failure(pid), Failure::Protocol(rule.into()), "{inbox}");
    }
    let mut world = World::new();
    let pid = world.spawn("g", actor(&with_inbox("unreachable")));
    assert_eq!(world.failure(pid), Failure::Trap(TrapKind::Unreachable, "".into()));
    let pid = world.spawn("h", actor(&with_inbox("(loop (br 0)) (i32.const 0)")));
    assert_eq!(world.failure(pid), Failure::OutOfFuel);
}

#[test]
fn a_start_section_calls_no_import_it_may_not_and_wishes_count() {
    let mut world = World::new();
    let text = module(
        "(start $s) (func $s (call $answer32 (i32.const 5)))
        (func (export \"seedbed_on_message\") (param i32 i32 i32) (result i32) (i32.const 0))",
    );
    world.spawn("g", actor(&text));
    assert_eq!(world.answers(), [5], "an import may be called from the start section: it is a hook");
}

#[test]
fn any_unknown_code_is_a_handler_error() {
    for code in [2, 3, -1, i32::MIN] {
        let mut world = World::new();
        let pid = world.guest(&format!("(return (i32.const {code}))"));
        assert_eq!(world.failure(pid), Failure::HandlerError(code));
    }
}

#[test]
fn a_signal_too_large_for_a_fixed_inbox_is_refused_at_the_sender() {
    let mut world = World::new();
    let small = world.guest("").to_raw();
    let pid = world.spawn(
        "sender",
        actor(&guest(&format!(
            "(call $answer32 (call $send (i64.const {small}) (i64.const 0) (i32.const 0) (i32.const 4048)))
            (call $answer32 (call $send (i64.const {small}) (i64.const 0) (i32.const 0) (i32.const 4049)))"
        ))),
    );
    assert_eq!(world.go(pid), [0, -2]);
}

/// The example `host_calls` goes on from here, for a minute in CI.
#[test]
fn arguments_by_chance_never_reach_the_host() {
    for seed in 0..60 {
        try_seed(seed).unwrap_or_else(|why| panic!("seed {seed}: {why}"));
    }
}
