//! Hostile processes of the `lunatic` dialect: nothing on the host moves, and each has its own failure.

use crate::lunatic::{alone, fails, guest, misuse, run, text};
use crate::world::World;
use seedbed_abi::{ExitReason, Failure, TrapKind};
use seedbed_core::Limits;
use seedbed_wasm::{LunaticRights, WasmLimits};

#[test]
fn pointers_that_lie_end_the_process() {
    let bad = [
        (
            "error::to_string",
            "(call $params (i64.const 0)) (drop (call $process.spawn (i64.const 0) (i64.const -1) (i64.const -1) 'q (i32.const 1) (i32.const 8208) (i32.const 17) (i32.const 100))) (call $error.to_string (i64.load (i32.const 100)) (i32.const -2))",
        ),
        (
            "message::write_data",
            "(call $message.create_data (i64.const 0) (i64.const 0)) (drop (call $message.write_data (i32.const 131070) (i32.const 8)))",
        ),
        (
            "message::read_data",
            "(call $write (i64.const 0) (i64.const 0)) (drop (call $message.read_data (i32.const 131070) (i32.const 8)))",
        ),
        ("message::receive", "(drop (call $message.receive (i32.const 131070) (i32.const 1) (i64.const 0)))"),
        ("metrics::counter", "(call $metrics.counter (i32.const -1) (i32.const 8) (i64.const 0))"),
        ("metrics::histogram", "(call $metrics.histogram (i32.const 131070) (i32.const 8) (f64.const 0))"),
        (
            "process::compile_module",
            "(drop (call $process.compile_module (i32.const 131070) (i32.const 8) (i32.const 100)))",
        ),
        (
            "process::compile_module",
            "(drop (call $process.compile_module (i32.const 0) (i32.const 8) (i32.const -1)))",
        ),
        (
            "process::get_or_spawn",
            "(drop (call $process.get_or_spawn 'a (i32.const 1) (i64.const 0) (i64.const -1) (i64.const -1) 'a (i32.const 1) (i32.const 0) (i32.const 0) (i32.const -1) (i32.const 0)))",
        ),
        ("registry::get", "(drop (call $registry.get 'a (i32.const 1) (i32.const 131070) (i32.const 0)))"),
        ("registry::remove", "(call $registry.remove (i32.const 131070) (i32.const 8))"),
        (
            "wasi::config_add_environment_variable",
            "(call $wasi.config_add_environment_variable (call $process.create_config) 'a (i32.const 1) (i32.const 131070) (i32.const 8))",
        ),
        (
            "distributed::exec_lookup_nodes",
            "(drop (call $distributed.exec_lookup_nodes (i32.const 131070) (i32.const 8) (i32.const 0) (i32.const 0) (i32.const 0)))",
        ),
    ];
    for (name, body) in bad {
        assert_eq!(fails(body), Failure::Trap(TrapKind::BadPointer, name.into()), "{body}");
    }
    let text = "(drop (call $registry.get (i32.const 4120) (i32.const 3) (i32.const 0) (i32.const 8)))";
    assert_eq!(fails(text), Failure::Trap(TrapKind::BadText, "registry::get".into()));
}

#[test]
fn resources_that_a_process_does_not_hold_are_none() {
    let strange = [
        ("error::drop: there is no error 5", "(call $error.drop (i64.const 5))"),
        ("process::drop_module: there is no module 0", "(call $process.drop_module (i64.const 0))"),
        (
            "message::push_module: there is no module 9",
            "(call $message.create_data (i64.const 0) (i64.const 0)) (drop (call $message.push_module (i64.const 9)))",
        ),
        (
            "process::spawn: there is no module 3",
            "(drop (call $process.spawn (i64.const 0) (i64.const -1) (i64.const 3) 'a (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0)))",
        ),
        (
            "process::spawn: there is no config 18446744073709551614",
            "(drop (call $process.spawn (i64.const 0) (i64.const -2) (i64.const -1) 'a (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0)))",
        ),
        (
            "process::config_get_max_fuel: there is no config 1",
            "(drop (call $process.config_get_max_fuel (i64.const 1)))",
        ),
        (
            "wasi::config_add_command_line_argument: there is no config 1",
            "(call $wasi.config_add_command_line_argument (i64.const 1) 'a (i32.const 1))",
        ),
        ("message::send: there is no message in hand", "(drop (call $message.send (call $me)))"),
        ("message::get_tag: there is no message in hand", "(drop (call $message.get_tag))"),
        (
            "timer::send_after: there is no message in hand",
            "(drop (call $timer.send_after (call $me) (i64.const 1)))",
        ),
        ("process::kill: 0 is no process", "(call $process.kill (i64.const 0))"),
        (
            "process::link: 4611686018427387905 is no process",
            "(call $process.link (i64.const 0) (i64.const 0x4000000000000001))",
        ),
        (
            "registry::put: process 1 is not on node 0",
            "(call $registry.put 'a (i32.const 1) (i64.const 0) (i64.const 1))",
        ),
    ];
    for (text, body) in strange {
        assert_eq!(fails(body), misuse(text), "{body}");
    }
    // What tells of a death cannot be written to or sent.
    let body = "(call $process.die_when_link_dies (i32.const 0)) (call $process.link (i64.const 0) (i64.const 0x3fffffffffffffff)) (drop (call $any (i64.const 50)))";
    let did = run(
        &format!(
            "(call $process.monitor (call $spawn (i64.const 0) 'a (i64.const 0))) {body} (drop (call $message.send (call $me)))"
        ),
        &[('a', "")],
    );
    assert_eq!(did.end_of("g"), Some(&misuse("message::send: the message in hand tells of a death").into()));
}

#[test]
fn a_spawn_whose_answer_has_no_place_spawns_nobody() {
    let spawns = [
        (
            "process::spawn",
            "(drop (call $process.spawn (i64.const 0) (i64.const -1) (i64.const -1) 'a (i32.const 1) (i32.const 8208) (i32.const 17) (i32.const -1)))",
        ),
        (
            "process::get_or_spawn",
            "(drop (call $process.get_or_spawn 'n (i32.const 1) (i64.const 0) (i64.const -1) (i64.const -1) 'a (i32.const 1) (i32.const 8208) (i32.const 17) (i32.const 100) (i32.const -1)))",
        ),
        (
            "distributed::spawn",
            "(drop (call $distributed.spawn (i64.const 0) (i64.const -1) (i64.const 0) 'a (i32.const 1) (i32.const 8208) (i32.const 17) (i32.const -1)))",
        ),
    ];
    for (name, body) in spawns {
        let did = run(&format!("(call $params (i64.const 0)) {body}"), &[('a', "")]);
        let lie = ExitReason::from(Failure::Trap(TrapKind::BadPointer, name.into()));
        assert!(did.exits.len() == 1 && did.end_of("g") == Some(&lie), "{name}: {:?}", did.exits);
    }
}

#[test]
fn a_spawn_bomb_ends_at_the_limit_of_its_node() {
    let rights = LunaticRights { processes_max: 50, ..LunaticRights::default() };
    let spawn = "(loop (drop (call $spawn (i64.const 1) 'a (i64.const 0))) (br 0))";
    let did = alone(guest(&text(spawn, &[('a', "(drop (call $any (i64.const -1)))")])).lunatic(rights));
    let limit = ExitReason::from(misuse("process::spawn: the limit of 50 processes is reached"));
    assert!(did.exits.len() == 50 && did.exits.iter().all(|(_, reason)| *reason == limit), "{:?}", did.exits);
    // And of one process in its life.
    let limits = Limits { spawn_max: 3, ..Limits::default() };
    let did = alone(guest(&text(spawn, &[('a', "")])).limits(limits));
    assert_eq!(did.end_of("g"), Some(&misuse("process::spawn: a limit of the caller is reached").into()));
}

#[test]
fn a_compile_bomb_ends_at_the_limit_of_its_process_or_its_fuel() {
    let body = "(loop
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (drop (call $process.compile_module (i32.const 0) (i32.const 8) (i32.const 100)))
            (br_if 0 (i32.lt_u (local.get $i) (i32.const 257))))
        (call $explain (i64.load (i32.const 100)))";
    let did = run(body, &[]);
    assert_eq!(did.log_of("g"), ["the process has compiled 256 modules"]);
    let limits = WasmLimits { fuel_max: Some(1_000_000), ..WasmLimits::default() };
    let body = "(drop (call $process.compile_module (i32.const 0) (i32.const 100000) (i32.const 100))) (call $process.sleep_ms (i64.const 1))";
    let did = alone(guest(&text(body, &[])).wasm_limits(limits));
    assert_eq!(did.end_of("g"), Some(&Failure::OutOfFuel.into()));
}

#[test]
fn recursion_memory_and_loops_end_at_their_limits() {
    let deep = "(drop (call $deep (i32.const 1)))) (func $deep (param i32) (result i32) (i32.add (i32.const 1) (call $deep (local.get 0)))) (func $end";
    assert_eq!(fails(deep), Failure::StackOverflow);
    let bomb = "(loop (br_if 0 (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) unreachable";
    assert_eq!(fails(bomb), Failure::OutOfMemory);
    let limits = WasmLimits { fuel_max: Some(1_000_000), ..WasmLimits::default() };
    let did = alone(guest(&text("(loop (br 0))", &[])).wasm_limits(limits));
    assert_eq!(did.end_of("g"), Some(&Failure::OutOfFuel.into()));
}

#[test]
fn what_piles_up_has_an_end() {
    let limits = Limits { message_bytes: 1_000, ..Limits::default() };
    let body = "(call $message.create_data (i64.const 0) (i64.const 0)) (loop (drop (call $message.write_data (i32.const 0) (i32.const 100))) (br 0))";
    let did = alone(guest(&text(body, &[])).limits(limits));
    assert_eq!(
        did.end_of("g"),
        Some(&misuse("message::write_data: a message has at most 1000 bytes").into())
    );
    let body = "(loop (drop (call $process.create_config)) (br 0))";
    assert_eq!(fails(body), misuse("process::create_config: a process holds at most 65536 configs"));
    let body = "(local.set $x (call $process.create_config)) (loop (call $wasi.config_add_command_line_argument (local.get $x) (i32.const 0) (i32.const 0)) (br 0))";
    let full = "wasi::config_add_command_line_argument: a configuration has at most 1048576 bytes of text";
    assert_eq!(fails(body), misuse(full));
    let body = "(loop (i32.store (i32.const 0) (local.get $i)) (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (i32.store8 (i32.const 10) (i32.add (i32.const 65) (i32.and (local.get $i) (i32.const 15)))) (i32.store8 (i32.const 11) (i32.add (i32.const 65) (i32.and (i32.shr_u (local.get $i) (i32.const 4)) (i32.const 15))))
        (i32.store8 (i32.const 12) (i32.add (i32.const 65) (i32.shr_u (local.get $i) (i32.const 8)))) (call $metrics.increment_counter (i32.const 10) (i32.const 3)) (br 0))";
    assert_eq!(fails(body), misuse("metrics::increment_counter: a process has at most 1024 figures"));
    let body = "(call $wasi.config_add_command_line_argument (call $process.create_config) (i32.const 0) (i32.const 1))";
    assert_eq!(fails(body), misuse("wasi::config_add_command_line_argument: the text holds a zero byte"));
}

/// A virtual minute of it; `examples/many.rs` looks at an hour, and at the memory of the process.
#[test]
fn processes_that_come_and_go_leave_nothing_behind() {
    let body = "(loop
            (local.set $x (call $spawn (i64.const 1) 'c (i64.const 0))) (i64.store (i32.const 100) (local.get $y))
            (call $registry.put (i32.const 100) (i32.const 8) (i64.const 0) (local.get $x)) (call $process.monitor (local.get $x))
            (call $process.unlink (local.get $x)) (call $send (local.get $x) (i64.const 1) (i64.const 1)) (call $process.kill (local.get $x))
            (drop (call $any (i64.const 0))) (call $process.sleep_ms (i64.const 10))
            (local.set $y (i64.and (i64.add (local.get $y) (i64.const 1)) (i64.const 0x7f7f7f))) (br 0))";
    let mut world = World::new();
    world.spawn("g", guest(&text(body, &[('c', "(drop (call $tagged (i64.const 2) (i64.const -1)))")])));
    let signals = world.kernel.signals();
    for _ in 0..6_000 {
        world.advance(10_000_000);
        assert_eq!((world.kernel.alive(), world.kernel.one_shots(), world.kernel.signals()), (1, 1, signals));
    }
    assert_eq!(world.seen().exits.len(), 6_001);
}
