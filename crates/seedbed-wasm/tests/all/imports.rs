//! Every import does what `docs/guest-abi.md` says.

use crate::world::{NODE, World, actor, guest, guest_with, module, reporting};
use seedbed_abi::dialect::IMPORTS;
use seedbed_abi::{ExitReason, Failure, TrapKind};
use seedbed_core::{Factory, address_of};
use std::collections::BTreeMap;
use std::sync::Arc;

#[test]
fn every_import_is_tried_here() {
    let source = include_str!("imports.rs");
    for import in IMPORTS {
        let called = format!("(call ${}", import.name);
        assert!(source.contains(&called), "`{}` is not called here", import.name);
    }
}

/// Runs a handler on one message and gives its answers.
fn answers(body: &str) -> Vec<i64> {
    let mut world = World::new();
    let pid = world.guest(body);
    world.go(pid)
}

#[test]
fn a_send_reaches_its_receiver_and_a_dead_letter_nobody() {
    let mut world = World::new();
    let pid = world.guest(
        "(if (i64.eqz (i64.load offset=32 (local.get $e)))
            (then
                (call $answer32 (call $send (call $self) (i64.const 7) (i32.const 0) (i32.const 3)))
                (call $answer32 (call $send (i64.const 0) (i64.const 8) (i32.const 0) (i32.const 0))))
            (else
                (call $answer (i64.load offset=8 (local.get $e)))
                (call $answer32 (i32.load8_u (local.get $p)))))",
    );
    assert_eq!(world.go(pid), [0, 0, pid.to_raw() as i64, i64::from(b'b')]);
    assert_eq!(world.kernel.dead_letters(), 1);
}

#[test]
fn a_request_gets_its_reply_and_only_one() {
    let mut world = World::new();
    let other = world.spawn(
        "other",
        actor(&guest(
            "(call $answer32 (call $reply (i64.load offset=8 (local.get $e)) (i64.load offset=24 (local.get $e))
                (i64.const 5) (i32.const 0) (i32.const 3)))
            (call $answer32 (call $reply (i64.load offset=8 (local.get $e)) (i64.load offset=24 (local.get $e))
                (i64.const 6) (i32.const 0) (i32.const 3)))",
        )),
    );
    let other = other.to_raw();
    let pid = world.guest(&reporting(&format!(
        "(call $answer (call $request (i64.const {other}) (i64.const 4) (i32.const 0) (i32.const 3) (i64.const 1000)))"
    )));
    // The correlation; the two replies' codes; then flags, correlation and tag of the reply.
    assert_eq!(world.go(pid), [1, 0, -9, 1, 1, 5]);
    world.advance(2_000);
    assert_eq!(world.answers(), [], "an answered request does not time out");
}

#[test]
fn a_request_that_nobody_answers_times_out() {
    let mut world = World::new();
    let pid = world.guest(&reporting(
        "(if (i64.eqz (i64.load offset=24 (local.get $e))) (then
            (call $answer (call $request (call $self) (i64.const 4) (i32.const 0) (i32.const 0) (i64.const 1000)))))",
    ));
    assert_eq!(world.go(pid), [1]);
    world.advance(1_000);
    assert_eq!(world.answers(), [65, 1, 4]);
}

#[test]
fn names_pids_and_addresses() {
    let bob = address_of(NODE, "bob").to_raw() as i64;
    let mut world = World::new();
    let pid = world.guest(
        "(call $answer (call $self)) (call $answer (call $parent))
        (call $answer (call $address (i32.const 0) (i32.const 3)))
        (call $answer (call $address (i32.const 0) (i32.const 0)))
        (call $answer (call $whereis (i32.const 0) (i32.const 3)))
        (call $answer32 (call $unregister))
        (call $answer32 (call $register (i32.const 0) (i32.const 0)))
        (call $answer32 (call $register (i32.const 0) (i32.const 3)))
        (call $answer32 (call $register (i32.const 24) (i32.const 3)))
        (call $answer (call $whereis (i32.const 0) (i32.const 3)))
        (call $answer32 (call $unregister))
        (call $answer (call $whereis (i32.const 0) (i32.const 3)))",
    );
    let me = pid.to_raw() as i64;
    assert_eq!(world.go(pid), [me, 0, bob, -7, 0, -5, -7, 0, -6, me, 0, 0]);
}

#[test]
fn a_message_to_an_address_reaches_who_has_the_name() {
    let mut world = World::new();
    let pid = world.guest(
        "(if (i64.eqz (i64.load offset=32 (local.get $e)))
            (then
                (drop (call $register (i32.const 0) (i32.const 3)))
                (call $answer32 (call $send (call $address (i32.const 0) (i32.const 3))
                    (i64.const 7) (i32.const 0) (i32.const 0))))
            (else (call $answer (i64.load offset=32 (local.get $e)))))",
    );
    assert_eq!(world.go(pid), [0, 7]);
}

#[test]
fn time_is_the_reactors() {
    let mut world = World::new();
    world.advance(77);
    let pid = world.guest("(call $answer (call $now)) (call $answer (call $unix_time))");
    assert_eq!(world.go(pid), [77, 1_000_077]);
}

#[test]
fn random_bytes_are_the_lifes_own_and_the_same_in_every_run() {
    let body = "(call $random (i32.const 100) (i32.const 8)) (call $answer (i64.load (i32.const 100)))
        (call $random (i32.const 100) (i32.const 8)) (call $answer (i64.load (i32.const 100)))
        (call $random (i32.const 0) (i32.const 0))";
    let first = answers(body);
    assert_eq!(first, answers(body));
    assert_ne!(first[0], first[1]);
    let mut world = World::new();
    let pid = world.spawn("other", actor(&guest(body)));
    assert_ne!(world.go(pid), first);
}

#[test]
fn timers_fire_and_are_cancelled() {
    let mut world = World::new();
    let pid = world.guest(&reporting(
        "(call $answer (call $set_timer (i64.const 5) (i64.const 9)))
        (call $answer (call $set_interval (i64.const 10) (i64.const 8)))
        (call $answer (call $set_interval (i64.const 0) (i64.const 8)))
        (call $answer (call $set_timer (i64.const 6) (i64.const 7)))
        (call $answer32 (call $cancel_timer (i64.const 3)))
        (call $answer32 (call $cancel_timer (i64.const 3)))
        (call $answer32 (call $cancel_timer (i64.const 4)))",
    ));
    assert_eq!(world.go(pid), [1, 2, -7, 3, 1, 0, -1]);
    world.advance(9);
    assert_eq!(world.answers(), [8, 1, 9]);
    world.advance(11);
    assert_eq!(world.answers(), [8, 2, 8]);
}

const PARENT: &str = r#"
    (func $child (result i64) (call $spawn (i32.const 24) (i32.const -1) (i32.const 0) (i32.const 3)
        (i32.const 6) (i32.const 0) (i32.const 3)))
    (func (export "seedbed_on_start") (param i32 i32) (result i32)
        (if (local.get 1) (then (call $answer32 (i32.load8_u (local.get 0)))
            (call $answer (call $whereis (i32.const 0) (i32.const 3)))))
        (i32.const 0))"#;

#[test]
fn a_guest_spawns_its_own_module_with_arguments_name_and_flags() {
    let mut world = World::new();
    let body = reporting("(global.set $pid (call $child)) (call $answer (global.get $pid))");
    let guest = guest_with(&body, &format!("(global $pid (mut i64) (i64.const 0)) {PARENT}"));
    let pid = world.spawn("p", actor(&guest));
    let seen = world.go(pid);
    let child = seen[0];
    assert!(child > 0);
    // The child sees its arguments and its name; then the parent is told that it runs.
    assert_eq!(seen[1..], [i64::from(b'b'), child, 32, 0, 0]);
    assert_eq!(world.go(pid), [-6], "the name is taken");
    world.kill(seedbed_abi::Pid::from_raw(child as u64));
    world.advance(0);
    assert_eq!(world.answers(), [4, 1, 0], "its down, by the first reference");
}

#[test]
fn a_guest_spawns_entries() {
    let child: Arc<dyn Factory> = Arc::new(actor(&guest_with(
        "",
        "(func (export \"seedbed_on_start\") (param i32 i32) (result i32)
            (call $answer (call $parent)) (i32.const 0))",
    )));
    let mut world = World::with_entries(BTreeMap::from([("bob".into(), child)]));
    let spawn = |entry: u32, flags: u32| {
        format!(
            "(call $answer (i64.shr_s (call $spawn (i32.const {entry}) (i32.const 3) (i32.const 0) (i32.const 0)
                (i32.const {flags}) (i32.const 0) (i32.const 0)) (i64.const 63)))"
        )
    };
    let pid = world.guest(&[spawn(0, 0), spawn(24, 0), spawn(0, 8)].concat());
    assert_eq!(world.go(pid), [0, -1, -1, pid.to_raw() as i64]);
}

#[test]
fn links_and_monitors() {
    let mut world = World::new();
    let dead = world.spawn("dead", actor(&guest("")));
    world.kill(dead);
    let dead = dead.to_raw();
    let pid = world.guest(&reporting(&format!(
        "(call $trap_exits (i32.const 1))
        (call $answer (call $monitor (i64.const {dead})))
        (call $answer (call $monitor (i64.const 0)))
        (call $answer32 (call $demonitor (i64.const 9) (i32.const 0)))
        (call $answer32 (call $link (i64.const {dead})))
        (call $answer32 (call $link (i64.const 0)))"
    )));
    assert_eq!(world.go(pid), [1, -7, -5, 0, -7, /* down */ 4, 1, 0, /* exit */ 2, 0, 0]);

    let quiet = world.guest(&reporting(&format!(
        "(call $trap_exits (i32.const 1))
        (call $answer (call $monitor (call $self)))
        (call $answer32 (call $demonitor (i64.const 1) (i32.const 1)))
        (call $answer32 (call $link (i64.const {})))
        (call $answer32 (call $unlink (i64.const {})))",
        pid.to_raw(),
        pid.to_raw()
    )));
    assert_eq!(world.go(quiet), [1, 0, 0, 0]);
    world.kill(pid);
    world.advance(0);
    assert_eq!(world.answers(), [], "what was taken back tells nothing");
}

#[test]
fn an_exit_of_oneself_ends_the_turn_where_it_stands() {
    for (reason, expected) in [
        (0, ExitReason::Normal),
        (1, ExitReason::Shutdown),
        (2, ExitReason::Killed),
        (5, ExitReason::Failed(Failure::HandlerError(5))),
    ] {
        for whom in ["(call $self)", "(call $address (i32.const 0) (i32.const 3))"] {
            let mut world = World::new();
            let pid = world.spawn(
                "g",
                actor(&guest_with(
                    &format!(
                        "(drop (call $register (i32.const 0) (i32.const 3)))
                        (call $answer32 (i32.const 1))
                        (drop (call $exit {whom} (i32.const {reason})))
                        (call $answer32 (i32.const 2))"
                    ),
                    "(func (export \"seedbed_on_stop\") (param i32) (call $answer32 (i32.const 3)))",
                )),
            );
            world.send(pid, 0, b"go");
            let seen = world.seen();
            assert_eq!(seen.answers, [(1, vec![])], "before counts, after never happens, no on_stop");
            assert_eq!(seen.exits, [("n/g".to_owned(), expected.clone())]);
        }
    }
}

#[test]
fn an_exit_of_another_is_a_wish() {
    let mut world = World::new();
    let other = world.spawn("other", actor(&guest("")));
    let raw = other.to_raw();
    let pid = world.guest(&format!("(call $answer32 (call $exit (i64.const {raw}) (i32.const 5)))"));
    world.send(pid, 0, b"go");
    let seen = world.seen();
    assert_eq!(seen.answers, [(0, vec![])]);
    assert_eq!(seen.exits, [("n/other".to_owned(), Failure::HandlerError(5).into())]);
}

#[test]
fn stop_lets_the_turn_finish_and_then_on_stop_runs() {
    let stopping = |reason: i32| {
        guest_with(
            &format!("(call $stop (i32.const {reason})) (call $answer32 (i32.const 1))"),
            "(func (export \"seedbed_on_stop\") (param i32) (call $answer32 (local.get 0)))",
        )
    };
    for (reason, told, expected) in
        [(0, 0, ExitReason::Normal), (1, 3, ExitReason::Shutdown), (7, -1, Failure::HandlerError(7).into())]
    {
        let mut world = World::new();
        let pid = world.spawn("g", actor(&stopping(reason)));
        world.send(pid, 0, b"go");
        let seen = world.seen();
        assert_eq!(seen.answers, [(1, vec![]), (told, vec![])]);
        assert_eq!(seen.exits, [("n/g".to_owned(), expected)]);
    }
    let mut world = World::new();
    let pid = world.spawn("g", actor(&stopping(2)));
    assert_eq!(world.failure(pid), Failure::Protocol("stop with reason 2".into()));
}

#[test]
fn logs_go_out_at_the_call_even_if_the_turn_fails() {
    let mut world = World::new();
    let pid = world.guest(
        "(call $log (i32.const 2) (i32.const 0) (i32.const 3)) (call $log (i32.const 99) (i32.const 24) (i32.const 3))
        unreachable",
    );
    world.send(pid, 0, b"go");
    assert_eq!(world.seen().logged, [(2, "bob".to_owned()), (5, "eve".to_owned())]);
}

#[test]
fn facts_are_published_when_the_turn_ends_well() {
    let observe = "(call $answer32 (call $observe (i32.const 0) (i32.const 3) (i64.const -4)))";
    let mut world = World::new();
    let pid = world.guest(observe);
    world.send(pid, 0, b"go");
    assert_eq!(world.seen().facts, [("bob".to_owned(), -4)]);
    let pid = world.guest(&format!("{observe} unreachable"));
    world.send(pid, 0, b"go");
    assert_eq!(world.seen().facts, []);
}

#[test]
fn fuel_left_falls_by_what_was_burnt() {
    let left = answers(
        "(call $answer (call $fuel_left)) (call $answer (call $fuel_left))
        (call $random (i32.const 0) (i32.const 100)) (call $answer (call $fuel_left))",
    );
    let step = left[0] - left[1];
    assert!((1..20).contains(&step), "{left:?}");
    // The handler's own code is one run, paid for at its beginning; so the bytes are all that differs.
    assert_eq!(left[1] - left[2], step + 100);
}

#[test]
fn conditions_and_buggify_live_in_a_simulation_only() {
    let body = "(call $answer32 (call $buggify (i32.const 0) (i32.const 3)))
        (call $always (i32.const 0) (i32.const 3) (i32.const 0))
        (call $sometimes (i32.const 24) (i32.const 3) (i32.const 1))";
    let mut world = World::new();
    let pid = world.guest(body);
    world.send(pid, 0, b"go");
    let seen = world.seen();
    assert_eq!(seen.answers, [(1, vec![])]);
    assert_eq!(seen.conditions, [("bob".to_owned(), true, false), ("eve".to_owned(), false, true)]);
    let mut world = World::new().unsimulated();
    let pid = world.guest(body);
    world.send(pid, 0, b"go");
    let seen = world.seen();
    assert_eq!(seen.answers, [(0, vec![])]);
    assert_eq!(seen.conditions, []);
}

#[test]
fn an_effect_is_asked_for_and_completes_as_a_message() {
    let mut world = World::new();
    let pid = world.guest(&reporting(
        "(call $answer (call $perform (i32.const 8) (i32.const 5) (i32.const 0) (i32.const 3)))
        (call $answer (call $perform (i32.const 0) (i32.const 3) (i32.const 0) (i32.const 3)))",
    ));
    world.send(pid, 0, b"go");
    let seen = world.seen();
    assert_eq!(seen.answers, [(1, vec![]), (-5, vec![])]);
    let [effect] = seen.effects.as_slice() else { panic!("one effect") };
    assert_eq!((effect.effect.as_str(), effect.payload.as_slice()), ("store", &b"bob"[..]));
    world.complete(effect, b"done");
    assert_eq!(world.answers(), [16, 1, 0]);
}

#[test]
fn text_that_is_not_utf8_fails_the_turn_and_names_the_import() {
    let text = "(i32.const 16) (i32.const 1)";
    let calls = [
        ("address", format!("(drop (call $address {text}))")),
        ("whereis", format!("(drop (call $whereis {text}))")),
        ("register", format!("(drop (call $register {text}))")),
        ("log", format!("(call $log (i32.const 1) {text})")),
        ("observe", format!("(drop (call $observe {text} (i64.const 0)))")),
        ("buggify", format!("(drop (call $buggify {text}))")),
        ("always", format!("(call $always {text} (i32.const 1))")),
        ("sometimes", format!("(call $sometimes {text} (i32.const 1))")),
        ("perform", format!("(drop (call $perform {text} (i32.const 0) (i32.const 0)))")),
        (
            "spawn",
            format!(
                "(drop (call $spawn {text} (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))"
            ),
        ),
    ];
    for (name, call) in calls {
        let mut world = World::new();
        let pid = world.guest(&call);
        assert_eq!(world.failure(pid), Failure::Trap(TrapKind::BadText, name.into()), "{name}");
    }
}

#[test]
fn most_wishes_are_refused_in_on_stop() {
    let mut world = World::new();
    let pid = world.spawn(
        "g",
        actor(&module(
            r#"(func (export "seedbed_on_message") (param i32 i32 i32) (result i32) (i32.const 0))
            (func (export "seedbed_on_stop") (param i32)
                (call $answer32 (call $register (i32.const 0) (i32.const 3)))
                (call $answer (call $set_timer (i64.const 1) (i64.const 1)))
                (call $answer32 (call $link (call $self)))
                (call $answer (call $monitor (call $self)))
                (call $answer32 (call $exit (call $self) (i32.const 0)))
                (call $answer (call $perform (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
                (call $answer32 (local.get 0)))"#,
        )),
    );
    world.stop(pid, ExitReason::Normal);
    assert_eq!(world.answers(), [-8, -8, -8, -8, -8, -8, 1]);
}
