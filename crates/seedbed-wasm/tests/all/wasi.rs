//! Guests that wait, by way of the `wasi` dialect, on both reactors.

#![expect(clippy::unwrap_used, reason = "what is missing here fails the test")]

use crate::both::{Did, Do, Folder, Roots, both, client, root, simulated};
use crate::world::World;
use seedbed_abi::{ExitReason, Failure, TrapKind};
use seedbed_core::{Life, Pid};
use seedbed_wasm::{Module, WasiConfig, WasmActor, WasmLimits};
use std::time::Duration;

/// The text of a program: all imports it may want, a memory, `$say` for a text of a given place, and `rest`.
pub(crate) fn program(rest: &str) -> String {
    format!(
        r#"(module
        (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
        (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "environ_sizes_get" (func $env_sizes (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "environ_get" (func $env (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_fdstat_get" (func $fdstat (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_seek" (func $seek (param i32 i64 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_raise" (func $raise (param i32) (result i32)))
        (import "wasi_snapshot_preview1" "clock_res_get" (func $resolution (param i32 i32) (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 1024) "slept\n") (data (i32.const 1040) "begun\n") (data (i32.const 1056) "a line and")
        (data (i32.const 1072) " more\nthe rest")
        (func $write (param $fd i32) (param $at i32) (param $len i32)
            (i32.store (i32.const 0) (local.get $at)) (i32.store (i32.const 4) (local.get $len))
            (drop (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8))))
        ;; A digit, on a line of its own.
        (func $digit (param $n i32)
            (i32.store8 (i32.const 16) (i32.add (i32.const 48) (local.get $n)))
            (i32.store8 (i32.const 17) (i32.const 10))
            (call $write (i32.const 1) (i32.const 16) (i32.const 2)))
        ;; A relative sleep on the monotonic clock.
        (func $sleep (param $ns i64)
            (memory.fill (i32.const 256) (i32.const 0) (i32.const 48))
            (i64.store (i32.const 256) (i64.const 77))
            (i32.store (i32.const 272) (i32.const 1))
            (i64.store (i32.const 280) (local.get $ns))
            (drop (call $poll (i32.const 256) (i32.const 512) (i32.const 1) (i32.const 600))))
        (func $now (result i64)
            (drop (call $clock (i32.const 1) (i64.const 0) (i32.const 608))) (i64.load (i32.const 608)))
        {rest})"#
    )
}

fn start(body: &str) -> String {
    program(&format!("(func (export \"_start\") (local $i i32) (local $x i64) {body})"))
}

pub(crate) fn guest(text: &str) -> WasmActor {
    WasmActor::from_bytes(&wat::parse_str(text).expect(text)).expect(text)
}

/// A program whose body this is.
pub(crate) fn runs(body: &str) -> WasmActor {
    guest(&start(body))
}

pub(crate) fn alone(actor: WasmActor) -> Did {
    both(&vec![root("g", actor)])
}

/// With a client beside it from the beginning: the guest may not rest before the client ends it.
fn with_client(actor: WasmActor, to_do: Vec<Do>) -> Did {
    let children = vec![root("g", actor), client("client", to_do)];
    let roots: Roots = vec![root("top", move || Folder(children.clone()))];
    both(&roots)
}

const SECOND: u64 = 1_000_000_000;

#[test]
fn a_program_writes_lines_and_ends_normally() {
    let did = alone(runs(
        "(call $write (i32.const 1) (i32.const 1056) (i32.const 10))
        (call $write (i32.const 1) (i32.const 1072) (i32.const 14))
        (call $write (i32.const 2) (i32.const 1040) (i32.const 6))",
    ));
    let lines: Vec<(i32, &str)> = did.logged.iter().map(|(_, level, text)| (*level, text.as_str())).collect();
    assert_eq!(lines, [(3, "a line and more"), (2, "begun"), (3, "the rest")]);
    assert_eq!(did.end_of("g"), Some(&ExitReason::Normal));
}

#[test]
fn an_exit_has_its_code() {
    assert_eq!(alone(runs("(call $exit (i32.const 0)) unreachable")).end_of("g"), Some(&ExitReason::Normal));
    assert_eq!(
        alone(runs("(call $exit (i32.const 3)) unreachable")).end_of("g"),
        Some(&Failure::ExitCode(3).into())
    );
}

#[test]
fn a_failure_before_the_body_is_a_start_failure_and_after_it_is_not() {
    let trap = || Failure::Trap(TrapKind::Unreachable, "".into());
    let in_start = "(start $s) (func $s unreachable) (func (export \"_start\"))";
    let in_constructors = "(func (export \"_initialize\") unreachable) (func (export \"_start\"))";
    for text in [in_start, in_constructors] {
        let did = alone(guest(&program(text)));
        assert_eq!(did.end_of("g"), Some(&ExitReason::start_failed(trap().into())), "{text}");
    }
    assert_eq!(alone(runs("unreachable")).end_of("g"), Some(&trap().into()));
}

#[test]
fn constructors_longer_than_a_slice_are_still_the_start() {
    let spin = "(func $spin (local $i i32) (local.set $i (i32.const 1000))
        (loop (local.set $i (i32.sub (local.get $i) (i32.const 1))) (br_if 0 (local.get $i))))";
    let text = program(&format!(
        "{spin} (func (export \"_initialize\") (call $spin) (call $digit (i32.const 1)) unreachable) (func (export \"_start\"))"
    ));
    let limits = WasmLimits { fuel_slice: 500, ..WasmLimits::default() };
    let did = alone(guest(&text).wasm_limits(limits));
    assert_eq!(did.log_of("g"), ["1"]);
    let trap = Failure::Trap(TrapKind::Unreachable, "".into());
    assert_eq!(did.end_of("g"), Some(&ExitReason::start_failed(trap.into())));
}

#[test]
fn five_virtual_seconds_pass_at_once_and_a_real_millisecond_passes() {
    let sleeper = |ns: u64| {
        runs(&format!(
            "(local.set $x (call $now)) (call $sleep (i64.const {ns}))
            (call $digit (i64.ge_u (i64.sub (call $now) (local.get $x)) (i64.const {ns})))"
        ))
    };
    let did = simulated(&vec![root("g", sleeper(5 * SECOND))]);
    assert_eq!(did.log_of("g"), ["1"]);
    assert_eq!(alone(sleeper(1_000_000)).log_of("g"), ["1"]);
}

#[test]
fn a_slice_of_fuel_is_a_turn_and_cuts_at_the_same_instruction() {
    let spin = "(local.set $i (i32.const 100))
        (loop (local.set $i (i32.sub (local.get $i) (i32.const 1))) (br_if 0 (local.get $i)))
        (call $digit (i32.const 1))";
    let turns = |slice: u64| {
        let limits = WasmLimits { fuel_slice: slice, ..WasmLimits::default() };
        let mut world = World::new();
        world.spawn("g", runs(spin).wasm_limits(limits));
        let seen = world.seen();
        assert_eq!(seen.logged, [(3, "1".to_owned())]);
        seen.fuel
    };
    let whole: u64 = turns(1 << 40).iter().sum();
    // The start and the body are two turns.
    assert_eq!(turns(1 << 40).len(), 2);
    for slice in [1, 7, 100, 333] {
        let cut = turns(slice);
        assert_eq!(cut, turns(slice));
        assert_eq!(cut.iter().sum::<u64>(), whole, "slices of {slice} burn the same");
        assert!(cut.len() as u64 >= whole / (slice + 20), "{slice}: {} turns", cut.len());
    }
}

#[test]
fn a_yield_is_the_end_of_a_turn() {
    let mut world = World::new();
    world.spawn("g", runs("(call $digit (call $yield)) (call $digit (call $yield))"));
    let seen = world.seen();
    assert_eq!((seen.logged.len(), seen.fuel.len()), (2, 4), "the start, and a turn more than yields");
}

#[test]
fn others_have_their_turn_between_slices() {
    let spin = runs("(loop (br 0))").wasm_limits(WasmLimits { fuel_slice: 10_000, ..WasmLimits::default() });
    let did = with_client(spin, vec![Do::Watch("g"), Do::Kill("g")]);
    assert_eq!(did.log_of("top/client"), ["down: killed"]);
}

#[test]
fn a_life_has_so_much_fuel() {
    let limits = |max| WasmLimits { fuel_slice: 50, fuel_max: Some(max), ..WasmLimits::default() };
    let body = "(local.set $i (i32.const 100))
        (loop (local.set $i (i32.sub (local.get $i) (i32.const 1))) (br_if 0 (local.get $i)))";
    let mut world = World::new();
    world.spawn("g", runs(body).wasm_limits(limits(u64::MAX)));
    let price: u64 = world.seen().fuel.iter().sum();
    assert_eq!(alone(runs(body).wasm_limits(limits(price))).end_of("g"), Some(&ExitReason::Normal));
    let over = alone(runs(body).wasm_limits(limits(price - 1)));
    assert_eq!(over.end_of("g"), Some(&Failure::OutOfFuel.into()));
    let endless = alone(runs("(loop (br 0))").wasm_limits(limits(10_000)));
    assert_eq!(endless.end_of("g"), Some(&Failure::OutOfFuel.into()));
}

#[test]
fn deep_recursion_is_a_stack_overflow_that_no_native_stack_meets() {
    let text = program(
        "(func $f (param i32) (result i32) (i32.add (i32.const 1) (call $f (local.get 0)))) (func (export \"_start\") (drop (call $f (i32.const 1))))",
    );
    assert_eq!(alone(guest(&text)).end_of("g"), Some(&Failure::StackOverflow.into()));
}

#[test]
fn memory_beyond_the_limit_is_refused_and_then_out_of_memory() {
    let limits = WasmLimits { memory_max: 1 << 17, ..WasmLimits::default() };
    let body = "(call $digit (i32.add (memory.grow (i32.const 1)) (i32.const 1)))
        (call $digit (i32.add (memory.grow (i32.const 1)) (i32.const 1))) unreachable";
    let did = alone(runs(body).wasm_limits(limits));
    assert_eq!(did.log_of("g"), ["2", "0"]);
    assert_eq!(did.end_of("g"), Some(&Failure::OutOfMemory.into()));
}

#[test]
fn a_kill_is_safe_at_every_depth_and_wherever_it_waits() {
    let deep = program(&format!(
        "(table 1 funcref) (elem (i32.const 0) $f) (type $t (func (param i32)))
        (func $f (type $t)
            (if (local.get 0)
                (then (call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0)))
                (else (call $write (i32.const 1) (i32.const 1040) (i32.const 6)) (call $sleep (i64.const {}))))
            (call $write (i32.const 1) (i32.const 1024) (i32.const 6)))
        (func (export \"_start\") (call $f (i32.const 50)))",
        3_600 * SECOND
    ));
    let to_do = vec![Do::Watch("g"), Do::Wait(1), Do::Kill("g")];
    let did = with_client(guest(&deep), to_do);
    assert_eq!((did.log_of("top/g"), did.log_of("top/client")), (vec!["begun"], vec!["down: killed"]));
    let to_do = vec![Do::Watch("g"), Do::Wait(1), Do::Stop("g")];
    let did = with_client(guest(&deep), to_do);
    assert_eq!((did.log_of("top/g"), did.log_of("top/client")), (vec!["begun"], vec!["down: shutdown"]));
}

#[test]
fn a_deadline_ends_a_sleep_and_a_loop() {
    let limited = |actor: WasmActor| {
        let config = WasiConfig { max_execution: Some(Duration::from_millis(2)), ..WasiConfig::default() };
        actor.wasi(config).unwrap().wasm_limits(WasmLimits { fuel_slice: 10_000, ..WasmLimits::default() })
    };
    let failure = Failure::Protocol("it took longer than its `max_execution`".into());
    let sleep = format!("(call $sleep (i64.const {}))", 3_600 * SECOND);
    assert_eq!(alone(limited(runs(&sleep))).end_of("g"), Some(&failure.clone().into()));
    assert_eq!(alone(limited(runs("(call $digit (i32.const 1))"))).end_of("g"), Some(&ExitReason::Normal));
    // Loops take time, in a simulation too: of nothing, of a poll of what is over, of looks at the clock, of yields.
    let poll = "(loop (call $sleep (i64.const 0)) (br 0))";
    let clock = "(loop (drop (call $now)) (br 0))";
    for body in ["(loop (br 0))", poll, clock, "(loop (drop (call $yield)) (br 0))"] {
        assert_eq!(alone(limited(runs(body))).end_of("g"), Some(&failure.clone().into()), "{body}");
    }
}

#[test]
fn who_looks_at_the_clock_until_it_is_there_comes_to_an_end() {
    let body = "(local.set $x (i64.add (call $now) (i64.const 3000000)))
        (loop (br_if 0 (i64.lt_u (call $now) (local.get $x)))) (call $digit (i32.const 1))";
    assert_eq!(alone(runs(body)).log_of("g"), ["1"]);
}

#[test]
fn mail_for_a_guest_that_takes_none_stays_where_it_is() {
    let mut world = World::new();
    let pid =
        world.spawn("g", runs(&format!("(call $sleep (i64.const {SECOND})) (call $digit (i32.const 1))")));
    for _ in 0..3 {
        world.send(pid, 0, b"mail");
    }
    let seen = world.seen();
    assert_eq!((seen.logged, seen.fuel.len()), (vec![], 2), "no turn for it");
    assert_eq!(world.kernel.actor(pid).unwrap().mail_count, 3);
    world.advance(SECOND);
    assert_eq!(world.seen().logged, [(3, "1".to_owned())]);
    assert_eq!(world.kernel.dead_letters(), 3);
}

#[test]
fn poll_answers_what_happened_and_refuses_what_it_cannot_wait_for() {
    // Three subscriptions: a millisecond, an hour, and another.
    let body = |third: &str| {
        format!(
            "(memory.fill (i32.const 256) (i32.const 0) (i32.const 144))
            (i64.store (i32.const 256) (i64.const 1)) (i32.store (i32.const 272) (i32.const 1)) (i64.store (i32.const 280) (i64.const 1000000))
            (i64.store (i32.const 304) (i64.const 2)) (i32.store (i32.const 320) (i32.const 1)) (i64.store (i32.const 328) (i64.const {}))
            {third}
            (call $digit (call $poll (i32.const 256) (i32.const 512) (i32.const 3) (i32.const 700)))
            (call $digit (i32.load (i32.const 700)))
            (call $digit (i32.load (i32.const 512)))
            (call $digit (i32.load16_u (i32.const 520)))",
            3_600 * SECOND
        )
    };
    let third = |kind: u32, fd: u32| {
        format!(
            "(i64.store (i32.const 352) (i64.const 3)) (i32.store8 (i32.const 360) (i32.const {kind})) (i32.store (i32.const 368) (i32.const {fd}))"
        )
    };
    let did = |text: &str| alone(runs(&body(text)));
    assert_eq!(did(&third(2, 1)).log_of("g"), ["0", "1", "3", "0"], "a stream is ready now");
    assert_eq!(did(&third(1, 9)).log_of("g"), ["0", "1", "3", "8"], "no such descriptor");
    assert_eq!(did(&third(0, 7)).log_of("g"), ["0", "1", "3", "L"], "no such clock");
    let later = "(i64.store (i32.const 352) (i64.const 3)) (i32.store (i32.const 368) (i32.const 1)) (i64.store (i32.const 376) (i64.const 1000000))";
    assert_eq!(did(later).log_of("g"), ["0", "2", "1", "0"], "the two whose time has come");
    let none = runs("(call $digit (call $poll (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))");
    assert_eq!(alone(none).log_of("g"), ["L"], "28, invalid");
}

#[test]
fn arguments_and_environment_are_given() {
    let config = WasiConfig {
        program: "prog".into(),
        args: vec!["--in".into(), "x y".into()],
        env: vec![("A".into(), "1".into()), ("B".into(), String::new())],
        ..WasiConfig::default()
    };
    let body = "(drop (call $args_sizes (i32.const 700) (i32.const 704)))
        (call $digit (i32.load (i32.const 700)))
        (drop (call $args (i32.const 720) (i32.const 2048)))
        (i32.store8 (i32.add (i32.const 2047) (i32.load (i32.const 704))) (i32.const 10))
        (call $write (i32.const 1) (i32.load (i32.const 724)) (i32.sub (i32.load (i32.const 704)) (i32.const 5)))
        (drop (call $env_sizes (i32.const 700) (i32.const 704)))
        (call $digit (i32.load (i32.const 700)))
        (drop (call $env (i32.const 720) (i32.const 2048)))
        (i32.store8 (i32.add (i32.const 2047) (i32.load (i32.const 704))) (i32.const 10))
        (call $write (i32.const 1) (i32.const 2048) (i32.load (i32.const 704)))";
    let did = alone(runs(body).wasi(config).unwrap());
    assert_eq!(did.log_of("g"), ["3", "--in\0x y", "2", "A=1\0B="]);
}

#[test]
fn a_signal_cannot_be_raised() {
    // A digit is the errno and 48: 52, not supported.
    let did = alone(runs("(call $digit (call $raise (i32.const 9)))"));
    assert_eq!(did.log_of("g"), ["d"]);
}

#[test]
fn clocks_have_a_resolution_of_a_nanosecond_and_there_are_four() {
    let body = "(call $digit (call $resolution (i32.const 3) (i32.const 700))) (call $digit (i32.load (i32.const 700)))
        (call $digit (call $resolution (i32.const 4) (i32.const 700)))
        (call $digit (call $clock (i32.const 3) (i64.const 0) (i32.const 700)))
        (call $digit (call $clock (i32.const 4) (i64.const 0) (i32.const 700)))";
    assert_eq!(alone(runs(body)).log_of("g"), ["0", "1", "L", "0", "L"]);
}

#[test]
fn a_yield_comes_back() {
    assert_eq!(alone(runs("(call $digit (call $yield))")).log_of("g"), ["0"]);
}

#[test]
fn randomness_is_the_lifes_own() {
    let body = "(drop (call $random (i32.const 2048) (i32.const 8)))
        (call $digit (i64.ne (i64.load (i32.const 2048)) (i64.const 0)))
        (call $digit (call $random (i32.const 65529) (i32.const 8)))";
    let did = alone(runs(body));
    assert_eq!(did.log_of("g"), ["1"]);
    let bad = Failure::Trap(TrapKind::BadPointer, "random_get".into());
    assert_eq!(did.end_of("g"), Some(&bad.into()));
}

#[test]
fn streams_are_streams() {
    let body = "(i32.store (i32.const 0) (i32.const 2048)) (i32.store (i32.const 4) (i32.const 8))
        (call $digit (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 700)))
        (call $digit (i32.load (i32.const 700)))
        (call $digit (call $fdstat (i32.const 1) (i32.const 700)))
        (call $digit (i32.load8_u (i32.const 700)))
        (call $digit (call $seek (i32.const 1) (i64.const 0) (i32.const 0) (i32.const 700)))
        (call $digit (call $fd_read (i32.const 5) (i32.const 0) (i32.const 1) (i32.const 700)))
        (call $digit (call $fd_close (i32.const 0)))
        (call $digit (call $fd_close (i32.const 0)))";
    // 70 is a seek on a stream, 8 a descriptor that is not there.
    assert_eq!(alone(runs(body)).log_of("g"), ["0", "0", "0", "2", "v", "8", "0", "8"]);
}

#[test]
fn pointers_that_lie_end_the_guest() {
    let cases = [
        ("fd_write", "(drop (call $fd_write (i32.const 1) (i32.const 65532) (i32.const 1) (i32.const 0)))"),
        ("fd_write", "(drop (call $fd_write (i32.const 1) (i32.const -4) (i32.const 2) (i32.const 0)))"),
        (
            "fd_write",
            "(i32.store (i32.const 0) (i32.const -1)) (i32.store (i32.const 4) (i32.const 2)) (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))",
        ),
        ("args_get", "(drop (call $args (i32.const -1) (i32.const 0)))"),
        ("clock_time_get", "(drop (call $clock (i32.const 0) (i64.const 0) (i32.const 65529)))"),
        ("poll_oneoff", "(drop (call $poll (i32.const -40) (i32.const 0) (i32.const 2) (i32.const 0)))"),
        ("poll_oneoff", "(drop (call $poll (i32.const 0) (i32.const 65530) (i32.const 1) (i32.const 0)))"),
    ];
    for (name, body) in cases {
        let bad = Failure::Trap(TrapKind::BadPointer, name.into());
        assert_eq!(alone(runs(body)).end_of("g"), Some(&bad.into()), "{body}");
    }
}

fn method(text: &str, name: &str, args: &[&str]) -> Result<WasmActor, Vec<String>> {
    let wasm = wat::parse_str(text).unwrap();
    let module = Module::with_method(&wasm, name).map_err(|e| vec![e.to_string()])?;
    let config = WasiConfig {
        method: Some(name.into()),
        method_args: args.iter().map(ToString::to_string).collect(),
        ..WasiConfig::default()
    };
    WasmActor::new(module).wasi(config).map_err(|all| all.iter().map(ToString::to_string).collect())
}

const MUL: &str = r#"(module (func (export "mul") (param i32 i64) (result i64)
    (i64.mul (i64.extend_i32_s (local.get 0)) (local.get 1))) (func (export "ref") (param funcref)) (memory (export "memory") 1))"#;

#[test]
fn a_method_is_called_with_typed_arguments_and_its_value_is_in_the_exit() {
    let mut world = World::new();
    let actor = method(MUL, "mul", &["-6", "7"]).unwrap();
    let watched = world.watch(actor);
    assert_eq!(watched, (ExitReason::Normal, Some((-42i64).to_le_bytes().to_vec())));
    let refused = |name: &str, args: &[&str]| method(MUL, name, args).unwrap_err();
    assert_eq!(refused("mul", &["1"]), ["the method `mul` takes 2 arguments, not 1"]);
    assert_eq!(refused("mul", &["1", "two"]), ["argument 2 of the method `mul` is `two`, not an i64"]);
    assert_eq!(
        refused("mul", &["4294967296", "2"]),
        ["argument 1 of the method `mul` is `4294967296`, not an i32"]
    );
    assert_eq!(refused("memory", &[]), ["the method `memory` is a memory, not a function"]);
    let ty = "the method `ref` has the type funcref in it: i32, i64, f32 and f64 can be called";
    assert_eq!(refused("ref", &["x"]), [ty]);
    assert!(refused("div", &[])[0].starts_with("no dialect recognised"));
    let text = start("");
    assert_eq!(method(&text, "div", &[]).unwrap_err(), ["there is no export `div` to call"]);
}

#[test]
fn imports_that_are_not_on_the_list_are_refused_at_once() {
    let config = |imports: &[&str]| WasiConfig {
        imports: Some(imports.iter().map(ToString::to_string).collect()),
        ..WasiConfig::default()
    };
    let all = ["wasi:cli", "wasi:clocks", "wasi:io", "wasi:random"];
    runs("").wasi(config(&all)).unwrap();
    let errors = runs("").wasi(config(&["wasi:cli", "wasi:io", "wasi:clock"])).unwrap_err();
    let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "there is no interface `wasi:clock`: known are wasi:cli, wasi:clocks, wasi:filesystem, wasi:io, wasi:random, wasi:sockets",
            "the module imports `clock_time_get` of `wasi:clocks`, which is not among its `imports`",
            "the module imports `random_get` of `wasi:random`, which is not among its `imports`",
            "the module imports `clock_res_get` of `wasi:clocks`, which is not among its `imports`",
        ]
    );
    let zero = WasiConfig { args: vec!["a\0b".into()], ..WasiConfig::default() };
    assert_eq!(runs("").wasi(zero).unwrap_err()[0].to_string(), "`a\0b` holds a zero byte");
}

#[test]
fn many_guests_wait_at_once_and_go_cleanly() {
    let sleeper = runs(&format!("(call $sleep (i64.const {SECOND}))"));
    let mut world = World::new();
    let pids: Vec<Pid> = (0..2_000).map(|n| world.spawn_lazily(&format!("g{n}"), sleeper.clone())).collect();
    world.run_at_most(usize::MAX);
    assert_eq!(world.kernel.alive(), 2_000);
    assert_eq!(world.kernel.one_shots(), 2_000);
    for pid in &pids[..1_000] {
        world.kill(*pid);
    }
    assert_eq!((world.kernel.alive(), world.kernel.one_shots()), (1_000, 1_000));
    world.advance(SECOND);
    assert_eq!((world.kernel.alive(), world.kernel.signals()), (0, 0));
    assert!(world.seen().exits.iter().filter(|(_, reason)| *reason == ExitReason::Normal).count() == 1_000);
    assert_eq!(world.kernel.actor(pids[0]).map(|a| a.life), None::<Life>);
}

/// Functions of descriptors, with the types of their parameters: `i` an i32, `l` an i64, `f` the
/// descriptor.
const OF_DESCRIPTORS: &[(&str, &str)] = &[
    ("fd_advise", "flli"),
    ("fd_allocate", "fll"),
    ("fd_close", "f"),
    ("fd_datasync", "f"),
    ("fd_fdstat_get", "fi"),
    ("fd_fdstat_set_flags", "fi"),
    ("fd_fdstat_set_rights", "fll"),
    ("fd_filestat_get", "fi"),
    ("fd_filestat_set_size", "fl"),
    ("fd_filestat_set_times", "flli"),
    ("fd_pread", "fiili"),
    ("fd_prestat_get", "fi"),
    ("fd_prestat_dir_name", "fii"),
    ("fd_pwrite", "fiili"),
    ("fd_read", "fiii"),
    ("fd_readdir", "fiili"),
    ("fd_renumber", "ff"),
    ("fd_seek", "flii"),
    ("fd_sync", "f"),
    ("fd_tell", "fi"),
    ("fd_write", "fiii"),
    ("path_create_directory", "fii"),
    ("path_filestat_get", "fiiii"),
    ("path_filestat_set_times", "fiiilli"),
    ("path_link", "fiiifii"),
    ("path_open", "fiiiillii"),
    ("path_readlink", "fiiiii"),
    ("path_remove_directory", "fii"),
    ("path_rename", "fiifii"),
    ("path_symlink", "iifii"),
    ("path_unlink_file", "fii"),
    ("sock_accept", "fii"),
    ("sock_recv", "fiiiii"),
    ("sock_send", "fiiii"),
    ("sock_shutdown", "fi"),
];

/// A program that logs what each of those functions, but this one, answers for a descriptor, as
/// `name errno`.
fn asks_all(fd: u32, but: &str) -> WasmActor {
    let (mut imports, mut data, mut calls) = (String::new(), String::new(), String::new());
    for (n, (name, params)) in OF_DESCRIPTORS.iter().filter(|(name, _)| *name != but).enumerate() {
        let (at, len) = (4_096 + 64 * n, name.len());
        let types: String = params.chars().map(|p| if p == 'l' { "i64 " } else { "i32 " }).collect();
        let arguments = params.chars().map(|p| match p {
            'f' => format!("(i32.const {fd})"),
            'l' => "(i64.const 0)".into(),
            _ => "(i32.const 0)".into(),
        });
        imports += &format!(
            "(import \"wasi_snapshot_preview1\" \"{name}\" (func $of_{name} (param {types}) (result i32)))"
        );
        data += &format!("(data (i32.const {at}) \"{name} 00\\0a\")");
        calls += &format!(
            "(local.set $i (call $of_{name} {}))
            (i32.store8 (i32.const {}) (i32.add (i32.const 48) (i32.div_u (local.get $i) (i32.const 10))))
            (i32.store8 (i32.const {}) (i32.add (i32.const 48) (i32.rem_u (local.get $i) (i32.const 10))))
            (call $write (i32.const 2) (i32.const {at}) (i32.const {}))",
            arguments.collect::<String>(),
            at + len + 1,
            at + len + 2,
            len + 4,
        );
    }
    let text = start(&calls).replacen("(memory", &format!("{imports} (memory"), 1);
    guest(&text.replacen("(data", &format!("{data} (data"), 1))
}

#[test]
fn a_descriptor_that_is_not_there_is_none_to_every_function() {
    let did = alone(asks_all(9, ""));
    let expected: Vec<String> = OF_DESCRIPTORS.iter().map(|(name, _)| format!("{name} 08")).collect();
    assert_eq!(did.log_of("g"), expected);
}

#[test]
fn what_is_no_file_is_told_so() {
    let did = alone(asks_all(1, "fd_close"));
    let of =
        |name: &str| did.log_of("g").into_iter().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
    for name in
        ["sock_accept", "sock_recv", "sock_send", "sock_shutdown", "path_open", "fd_sync", "fd_readdir"]
    {
        assert_eq!(of(name), Some(" 58".into()), "{name}");
    }
    for name in ["fd_seek", "fd_tell", "fd_pread", "fd_pwrite"] {
        assert_eq!(of(name), Some(" 70".into()), "{name}");
    }
}
