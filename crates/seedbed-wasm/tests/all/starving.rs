//! Faults that keep fuel, memory or a host call from a guest's turn (rule K7).

use crate::world::{World, actor, guest};
use seedbed_abi::Failure;
use seedbed_core::{ChoiceKind, SpawnOptions, stable_hash};

/// A guest of a supervisor in a world with one fault, which has started.
fn starved(body: &str, kind: ChoiceKind, answer: u32) -> (World, seedbed_abi::Pid) {
    let mut world = World::new().starving(kind, answer);
    let options = SpawnOptions { supervised: true, ..SpawnOptions::named("g") };
    let pid = world.spawn_as(options, actor(&guest(body)));
    assert_eq!(world.asked(), [], "a start is left alone");
    (world, pid)
}

fn facts(world: &mut World) -> Vec<i64> {
    world.seen().facts.iter().map(|(_, value)| *value).collect()
}

/// Says what an expression of the type i64 gives.
fn say(expression: &str) -> String {
    format!("(drop (call $observe (i32.const 0) (i32.const 3) {expression}))")
}

#[test]
fn a_turn_gets_a_part_of_its_fuel() {
    let left = say("(call $fuel_left)");
    let (mut world, pid) = starved(&left, ChoiceKind::FuelCut, 4);
    world.send(pid, 0, b"go");
    let half = facts(&mut world)[0];
    let mut whole = World::new();
    let fed = whole.guest(&left);
    whole.send(fed, 0, b"go");
    assert_eq!(facts(&mut whole)[0] - half, 5_000_000, "of ten million");

    let (mut world, pid) = starved(&left, ChoiceKind::FuelCut, 96);
    assert_eq!(world.failure(pid), Failure::OutOfFuel);
    let asked = world.asked();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert_eq!((asked[0].site, asked[0].ordinal, asked[0].n), (0, Some(2), 97), "its second turn");
}

#[test]
fn a_growth_is_answered_with_minus_one() {
    let grow = say("(i64.extend_i32_s (memory.grow (i32.const 1)))");
    let (mut world, pid) = starved(&format!("{grow}{grow}"), ChoiceKind::GrowRefused, 1);
    world.send(pid, 0, b"go");
    assert_eq!(facts(&mut world), [-1, -1]);
    let names: Vec<_> = world.asked().iter().map(|p| (p.site, p.ordinal)).collect();
    assert_eq!(names, [(0, Some(2 << 16 | 1)), (0, Some(2 << 16 | 2))]);

    let (mut world, pid) = starved(&grow, ChoiceKind::GrowRefused, 0);
    world.send(pid, 0, b"go");
    assert_eq!(facts(&mut world), [1], "as plain");
    // A growth by nothing cannot be refused, and one beyond the limit needs no fault.
    let none = say("(i64.extend_i32_s (memory.grow (i32.const 0)))")
        + &say("(i64.extend_i32_s (memory.grow (i32.const 65535)))");
    let (mut world, pid) = starved(&none, ChoiceKind::GrowRefused, 1);
    world.send(pid, 0, b"go");
    assert_eq!((facts(&mut world), world.asked().len()), (vec![1, -1], 0));
}

#[test]
fn a_failed_allocation_after_a_refused_growth_is_out_of_memory() {
    let body = "(if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))";
    let (mut world, pid) = starved(body, ChoiceKind::GrowRefused, 1);
    assert_eq!(world.failure(pid), Failure::OutOfMemory);
}

/// The imports that a limit can refuse, each as an expression of the type i64, and the number of its codes.
const REFUSABLE: [(&str, &str, u32); 13] = [
    ("send", "(i64.extend_i32_s (call $send (call $self) (i64.const 0) (i32.const 0) (i32.const 0)))", 2),
    (
        "request",
        "(call $request (call $self) (i64.const 0) (i32.const 0) (i32.const 0) (i64.const 9999999999))",
        2,
    ),
    (
        "reply",
        "(i64.extend_i32_s (call $reply (i64.load offset=8 (local.get $e)) (i64.load offset=24 (local.get $e))
            (i64.const 0) (i32.const 0) (i32.const 0)))",
        1,
    ),
    ("set_timer", "(call $set_timer (i64.const 9) (i64.const 0))", 1),
    ("set_interval", "(call $set_interval (i64.const 9) (i64.const 0))", 1),
    (
        "spawn",
        "(call $spawn (i32.const 0) (i32.const -1) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))",
        1,
    ),
    ("link", "(i64.extend_i32_s (call $link (call $self)))", 1),
    ("unlink", "(i64.extend_i32_s (call $unlink (call $self)))", 1),
    ("monitor", "(call $monitor (call $self))", 1),
    ("demonitor", "(i64.extend_i32_s (call $demonitor (i64.const 1) (i32.const 0)))", 1),
    ("exit", "(i64.extend_i32_s (call $exit (i64.load offset=8 (local.get $e)) (i32.const 1)))", 1),
    ("perform", "(call $perform (i32.const 8) (i32.const 5) (i32.const 0) (i32.const 0))", 1),
    // Not a wish of its own: a refusal is counted, and what comes after it has the next number.
    ("send", "(i64.extend_i32_s (call $send (call $self) (i64.const 1) (i32.const 0) (i32.const 0)))", 2),
];

#[test]
fn a_host_call_is_refused_with_a_code_that_a_limit_gives_and_does_nothing() {
    for answer in [1, 2] {
        let body: String = REFUSABLE.iter().map(|(_, call, _)| say(call)).collect();
        let (mut world, pid) = starved(&body, ChoiceKind::CallRefused, answer);
        world.request(pid, 1, 0, b"go");
        let seen = world.seen();
        let codes: Vec<i64> = seen.facts.iter().map(|(_, code)| *code).collect();
        let expected = |codes: u32| if codes == 2 && answer == 2 { -1 } else { -3 };
        assert_eq!(codes, REFUSABLE.map(|(_, _, codes)| expected(codes)));
        assert_eq!((seen.answers.len(), seen.effects.len(), seen.exits.len()), (0, 0, 0));
        assert_eq!(seen.fuel.len(), 2, "a start and one turn: nothing was spawned, sent or armed");
        let asked = world.asked();
        let names: Vec<_> = asked.iter().map(|point| (point.site, point.ordinal, point.n)).collect();
        let expected = (1..)
            .zip(REFUSABLE)
            .map(|(nth, (name, _, codes))| (stable_hash(name.as_bytes()), Some(2 << 16 | nth), 1 + codes));
        assert_eq!(names, expected.collect::<Vec<_>>());
    }
}

#[test]
fn what_tells_or_reports_is_never_refused() {
    let calls = "(drop (call $whereis (i32.const 0) (i32.const 3))) (drop (call $address (i32.const 0) (i32.const 3)))
        (drop (call $register (i32.const 0) (i32.const 3))) (drop (call $unregister))
        (drop (call $cancel_timer (i64.const 1))) (drop (call $observe (i32.const 0) (i32.const 3) (i64.const 7)))";
    let (mut world, pid) = starved(calls, ChoiceKind::CallRefused, 1);
    world.send(pid, 0, b"go");
    assert_eq!((facts(&mut world), world.asked().len()), (vec![7], 0));
}

#[test]
fn who_has_no_supervisor_is_left_alone() {
    for kind in [ChoiceKind::FuelCut, ChoiceKind::GrowRefused, ChoiceKind::CallRefused] {
        let mut world = World::new().starving(kind, 1);
        let pid = world.guest("(drop (memory.grow (i32.const 1))) (call $answer32 (i32.const 1))");
        assert_eq!(world.go(pid), [1]);
        assert_eq!(world.asked(), [], "{kind}");
    }
}

#[test]
fn only_what_is_asked_for_is_asked() {
    // A world without such faults is not even asked.
    let mut world = World::new();
    let options = SpawnOptions { supervised: true, ..SpawnOptions::named("g") };
    let pid = world.spawn_as(options, actor(&guest("(drop (memory.grow (i32.const 1)))")));
    world.send(pid, 0, b"go");
    assert_eq!(world.asked(), []);
}
