//! What a guest's state is, as one hash and by its parts.

use crate::world::{World, actor, guest_with};
use seedbed_wasm::WasmActor;

fn keeper() -> WasmActor {
    // Keeps its tag: below 100 in a global, below 200 in its third 4 KiB, else in how much it grew.
    let body = "(local.set $x (i64.load offset=32 (local.get $e)))
        (if (i64.lt_u (local.get $x) (i64.const 100)) (then (global.set $kept (local.get $x)))
        (else (if (i64.lt_u (local.get $x) (i64.const 200)) (then (i64.store (i32.const 9000) (local.get $x)))
        (else (drop (memory.grow (i32.const 1)))))))";
    actor(&guest_with(body, "(global $kept (mut i64) (i64.const 0))"))
}

/// The state after these messages, by its parts.
fn parts(tags: &[u64]) -> (u64, Vec<(String, u64)>) {
    let mut world = World::new();
    let pid = world.spawn("g", keeper());
    for tag in tags {
        world.send(pid, *tag, b"");
    }
    let behaviour = world.kernel.behaviour(pid).expect("it lives");
    (behaviour.state_hash().expect("a guest has a state"), behaviour.state_parts())
}

#[test]
fn what_differs_between_two_states_is_in_the_parts_that_differ() {
    let (hash, before) = parts(&[1, 101]);
    assert_eq!(parts(&[1, 101]), (hash, before.clone()), "the same messages, the same state");
    for (last, part) in [
        (2, "its mutable global 0"),
        (102, "its memory from 0x2000 to 0x3000"),
        (200, "the size of its memory"),
    ] {
        let (other, after) = parts(&[1, 101, last]);
        assert_ne!(hash, other);
        let differ: Vec<&str> =
            after.iter().filter(|part| !before.contains(part)).map(|(name, _)| name.as_str()).collect();
        // The envelope lies in the inbox, at 4096: its number and tag differ too.
        assert_eq!(
            differ.iter().filter(|name| !name.contains("0x1000")).collect::<Vec<_>>(),
            [&part],
            "{last}"
        );
    }
}
