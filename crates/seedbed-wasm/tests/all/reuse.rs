//! An instance put back to its image is as a fresh one.

use crate::world::{World, actor, guest_with};
use seedbed_wasm::WasmLimits;

/// Answers with what a fresh instance must have, then spoils all of it.
fn stateful(then: &str) -> String {
    guest_with(
        &format!(
            r"(call $answer32 (global.get $g)) (call $answer (global.get $h))
            (call $answer32 (i32.load (i32.const 0))) (call $answer32 (i32.load (i32.const 60000)))
            (call $answer32 (memory.size))
            (global.set $g (i32.const 99)) (global.set $h (i64.const 99))
            (memory.fill (i32.const 0) (i32.const 1) (i32.const 4000))
            (i32.store (i32.const 60000) (i32.const 5))
            {then}"
        ),
        "(global $g (mut i32) (i32.const 3)) (global $h (mut i64) (i64.const -4))
        (global $f (mut f64) (f64.const 1.5)) (global $v (mut v128) (v128.const i64x2 1 2))",
    )
}

#[test]
fn a_life_leaves_nothing_to_the_next() {
    for (pages, then) in [
        (1, ""),
        (1, "unreachable"),
        (3, ""),
        (3, "(loop (br 0))"),
        (1, "(drop (memory.grow (i32.const 1)))"),
    ] {
        let text = stateful(then).replace("(export \"memory\") 1)", &format!("(export \"memory\") {pages})"));
        // What a trapped turn wanted to send is gone, so ask without the end first.
        let probe = stateful("").replace("(export \"memory\") 1)", &format!("(export \"memory\") {pages})"));
        let mut world = World::new();
        let mut before = None;
        for life in 0..5 {
            let pid = world.spawn("g", actor(&text));
            world.send(pid, 0, b"go");
            let seen = world.seen();
            if seen.exits.is_empty() {
                let tags: Vec<i64> = seen.answers.iter().map(|(tag, _)| *tag).collect();
                assert_eq!(tags, [3, -4, i64::from(i32::from_le_bytes(*b"bob\0")), 0, pages], "life {life}");
                world.kill(pid);
            }
            // The same in fuel, whatever ended it.
            assert_eq!(*before.get_or_insert(seen.fuel.clone()), seen.fuel, "life {life}");
            world.seen();
            let pid = world.spawn("p", actor(&probe));
            assert_eq!(world.go(pid)[0], 3);
            world.kill(pid);
            world.seen();
        }
    }
}

#[test]
fn instances_of_other_limits_do_not_mix() {
    let grow = guest_with("(call $answer32 (memory.grow (i32.const 31)))", "");
    let mut world = World::new();
    for memory_max in [1 << 20, 16 << 20, 1 << 20, 16 << 20] {
        let limits = WasmLimits { memory_max, ..WasmLimits::default() };
        let pid = world.spawn("g", actor(&grow).wasm_limits(limits));
        assert_eq!(world.go(pid), [if memory_max == 1 << 20 { -1 } else { 1 }]);
        world.kill(pid);
    }
}

#[test]
fn thousands_live_at_once_each_with_its_own_state() {
    let count = guest_with(
        "(global.set $n (i32.add (global.get $n) (i32.const 1)))
        (i32.store (i32.const 9000) (i32.add (i32.load (i32.const 9000)) (i32.load8_u (local.get $p))))
        (call $answer32 (global.get $n)) (call $answer32 (i32.load (i32.const 9000)))",
        "(global $n (mut i32) (i32.const 0))",
    );
    let mut world = World::new();
    let pids: Vec<_> = (0..2_000).map(|i| world.spawn(&format!("g{i}"), actor(&count))).collect();
    for round in 1..=2_i64 {
        for (i, pid) in pids.iter().enumerate() {
            world.send(*pid, 0, &[i as u8]);
            assert_eq!(world.answers(), [round, round * i64::from(i as u8)]);
        }
    }
}

#[test]
fn the_state_hash_is_of_memory_and_globals() {
    let run = |payload: &[u8]| {
        let text =
            guest_with("(global.set $g (i64.load (local.get $p)))", "(global $g (mut i64) (i64.const 0))");
        let mut world = World::new();
        let pid = world.spawn("g", actor(&text));
        let fresh = world.kernel.behaviour(pid).unwrap().state_hash();
        world.send(pid, 0, payload);
        (fresh, world.kernel.behaviour(pid).unwrap().state_hash())
    };
    assert!(run(b"12345678").0.is_some());
    assert_eq!(run(b"12345678"), run(b"12345678"));
    assert_eq!(run(b"12345678").0, run(b"abcdefgh").0);
    assert_ne!(run(b"12345678").1, run(b"abcdefgh").1);
}
