//! Hostile guests of the `wasi` dialect: nothing on the host moves, and each has its own failure.

use crate::both::{Directories, both_with, root};
use crate::wasi::{alone, program, runs};
use crate::world::World;
use seedbed_abi::{ExitReason, Failure, TrapKind};
use seedbed_core::Limits;
use seedbed_files::Image;
use seedbed_wasm::{WasiConfig, WasiMount, WasmActor, WasmLimits};

/// A program of one page with these imports, beside a mount that is open as 3; `$path` opens a file of it.
fn with_files(body: &str) -> WasmActor {
    let import = |name: &str, params: &str| {
        format!("(import \"wasi_snapshot_preview1\" \"{name}\" (func ${name} (param {params}) (result i32)))")
    };
    let imports: String = [
        ("path_open", "i32 i32 i32 i32 i32 i64 i64 i32 i32"),
        ("fd_pread", "i32 i32 i32 i64 i32"),
        ("fd_pwrite", "i32 i32 i32 i64 i32"),
        ("fd_readdir", "i32 i32 i32 i64 i32"),
        ("fd_write", "i32 i32 i32 i32"),
        ("fd_renumber", "i32 i32"),
        ("path_readlink", "i32 i32 i32 i32 i32 i32"),
        ("path_rename", "i32 i32 i32 i32 i32 i32"),
        ("fd_prestat_dir_name", "i32 i32 i32"),
        ("fd_filestat_get", "i32 i32"),
        ("fd_allocate", "i32 i64 i64"),
        ("fd_filestat_set_size", "i32 i64"),
        ("environ_get", "i32 i32"),
        ("random_get", "i32 i32"),
    ]
    .map(|(name, params)| import(name, params))
    .concat();
    let text = format!(
        "(module {imports} (import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit (param i32)))
        (memory (export \"memory\") 1) (data (i32.const 1024) \"file\")
        (func $file (result i32)
            (drop (call $path_open (i32.const 3) (i32.const 0) (i32.const 1024) (i32.const 4) (i32.const 1) (i64.const 0x1fffffff) (i64.const 0) (i32.const 0) (i32.const 600)))
            (i32.load (i32.const 600)))
        ;; One piece: where it is, and how long.
        (func $piece (param i32 i32) (i32.store (i32.const 0) (local.get 0)) (i32.store (i32.const 4) (local.get 1)))
        (func (export \"_start\") {body}))"
    );
    let wasm = wat::parse_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
    let config = WasiConfig {
        env: vec![("A".into(), "1".into())],
        mounts: vec![WasiMount { directory: "data".into(), guest: "/data".into(), read_only: false }],
        ..WasiConfig::default()
    };
    WasmActor::from_bytes(&wasm).expect(&text).wasi(config).expect(&text)
}

/// How that program ends, on both reactors.
fn ends(body: &str) -> Option<ExitReason> {
    let data = Image::directory([("kept", Image::file(*b"kept"))]);
    let did = both_with(&vec![root("g", with_files(body))], &Directories::from([("data", data)]));
    did.end_of("g").cloned()
}

/// How a program ends that exits with what this answers.
fn errno(body: &str) -> Option<ExitReason> {
    ends(&format!("(call $exit {body})"))
}

fn exit(code: i32) -> Option<ExitReason> {
    Some(if code == 0 { ExitReason::Normal } else { Failure::ExitCode(code).into() })
}

#[test]
fn sums_of_pointers_and_lengths_do_not_wrap() {
    let wraps = [
        ("environ_get", "(call $environ_get (i32.const -2) (i32.const 0))"),
        ("environ_get", "(call $environ_get (i32.const 0) (i32.const -2))"),
        ("random_get", "(call $random_get (i32.const -1) (i32.const 2))"),
        ("random_get", "(call $random_get (i32.const 8) (i32.const -8))"),
        ("fd_write", "(call $fd_write (i32.const 1) (i32.const -8) (i32.const 2) (i32.const 8))"),
        (
            "fd_write",
            "(call $piece (i32.const -1) (i32.const 2)) (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))",
        ),
        (
            "fd_write",
            "(call $piece (i32.const 8) (i32.const -8)) (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))",
        ),
        (
            "fd_pread",
            "(call $piece (i32.const 65535) (i32.const -1)) (call $fd_pread (call $file) (i32.const 0) (i32.const 1) (i64.const 0) (i32.const 8))",
        ),
        (
            "path_open",
            "(call $path_open (i32.const 3) (i32.const 0) (i32.const -1) (i32.const 2) (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 0))",
        ),
        (
            "path_open",
            "(call $path_open (i32.const 3) (i32.const 0) (i32.const 1024) (i32.const 4) (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const -2))",
        ),
        (
            "fd_readdir",
            "(call $fd_readdir (i32.const 3) (i32.const -1) (i32.const 2) (i64.const 0) (i32.const 0))",
        ),
        (
            "path_readlink",
            "(call $path_readlink (i32.const 3) (i32.const 1024) (i32.const 4) (i32.const 16) (i32.const -16) (i32.const 0))",
        ),
        (
            "path_rename",
            "(call $path_rename (i32.const 3) (i32.const 1024) (i32.const 4) (i32.const 3) (i32.const -4) (i32.const 8))",
        ),
        ("fd_filestat_get", "(call $fd_filestat_get (i32.const 3) (i32.const -32))"),
    ];
    for (name, body) in wraps {
        let bad = Failure::Trap(TrapKind::BadPointer, name.into());
        assert_eq!(ends(&format!("{body} drop")), Some(bad.into()), "{body}");
    }
}

#[test]
fn sizes_that_a_guest_names_take_no_memory_of_the_host() {
    // More pieces than a call has.
    let pieces = "(call $fd_write (i32.const 1) (i32.const 0) (i32.const -1) (i32.const 8))";
    assert_eq!(errno(pieces), exit(28));
    let long = |size: &str| format!("(call $fd_allocate (call $file) (i64.const 0) (i64.const {size}))");
    // What no file can have, whatever the disk; at such a place nothing is read either.
    for size in ["-1", "0x8000000000000000"] {
        assert_eq!(errno(&long(size)), exit(22), "{size}");
        let sized = format!("(call $fd_filestat_set_size (call $file) (i64.const {size}))");
        assert_eq!(errno(&sized), exit(22), "{size}");
    }
    for (call, at, code) in
        [("fd_pwrite", "0x7fffffffffffffff", 22), ("fd_pwrite", "-1", 22), ("fd_pread", "-1", 28)]
    {
        let call =
            format!("(call ${call} (call $file) (i32.const 0) (i32.const 1) (i64.const {at}) (i32.const 8))");
        assert_eq!(
            ends(&format!("(call $piece (i32.const 1024) (i32.const 4)) (call $exit {call})")),
            exit(code),
            "{call}"
        );
    }
}

#[test]
fn what_a_guest_does_not_own_it_cannot_name() {
    let no = exit(8);
    for fd in [-1, 4, 5, 99, i32::MAX] {
        assert_eq!(errno(&format!("(call $fd_filestat_get (i32.const {fd}) (i32.const 0))")), no, "{fd}");
        // Its own cannot take the number of one that it has not.
        assert_eq!(errno(&format!("(call $fd_renumber (i32.const 3) (i32.const {fd}))")), no, "{fd}");
    }
    // A name's room is what the guest says, not more.
    assert_eq!(errno("(call $fd_prestat_dir_name (i32.const 3) (i32.const 0) (i32.const 1))"), exit(37));
}

/// What floods either stream: 100 bytes again and again.
fn flood(stream: u32) -> String {
    format!("(loop (call $write (i32.const {stream}) (i32.const 2048) (i32.const 100)) (br 0))")
}

#[test]
fn a_flood_of_output_is_so_much_a_turn_and_ends_with_the_fuel_of_its_life() {
    let limits = Limits { log_max: 1_000, ..Limits::default() };
    for stream in [1, 2] {
        let body = format!(
            "(memory.fill (i32.const 2048) (i32.const 10) (i32.const 100)) (i32.store8 (i32.const 2048) (i32.const 65)) {}",
            flood(stream)
        );
        let life = WasmLimits { fuel_max: Some(200_000), ..WasmLimits::default() };
        let did = alone(runs(&body).limits(limits).wasm_limits(life));
        assert_eq!(did.end_of("g"), Some(&Failure::OutOfFuel.into()));
        assert!((1_000..200_000).contains(&did.logged.len()), "{} lines", did.logged.len());
    }
    // Lines that are never ended are no memory of the host: they are logged by 4096 bytes.
    let body = format!("(memory.fill (i32.const 2048) (i32.const 65) (i32.const 100)) {}", flood(1));
    let limits = Limits { log_max: 10_000, ..Limits::default() };
    let life = WasmLimits { fuel_slice: 100_000_000, ..WasmLimits::default() };
    let mut world = World::new();
    let pid = world.spawn_lazily("g", runs(&body).limits(limits).wasm_limits(life));
    for _ in 0..20 {
        assert!(world.step());
        let logged: usize = world.seen().logged.iter().map(|(_, text)| text.len()).sum();
        assert!(logged <= 10_000, "{logged} bytes in a turn");
    }
    world.kill(pid);
}

#[test]
fn lines_of_nothing_count_too() {
    let body = format!("(memory.fill (i32.const 2048) (i32.const 10) (i32.const 100)) {}", flood(2));
    let limits = Limits { log_max: 250, ..Limits::default() };
    let mut world = World::new();
    world.spawn_lazily("g", runs(&body).limits(limits));
    let lines: Vec<usize> = (0..20)
        .map(|_| {
            assert!(world.step());
            world.seen().logged.len()
        })
        .collect();
    assert_eq!(lines.iter().max(), Some(&250), "{lines:?}");
}

#[test]
fn output_of_more_than_a_turn_is_whole() {
    let limits = Limits { log_max: 50, ..Limits::default() };
    // A hundred lines of 20 bytes in one slice, by one write each; then one that is longer than a turn's log.
    let body = "(memory.fill (i32.const 2048) (i32.const 65) (i32.const 100)) (i32.store8 (i32.const 2067) (i32.const 10))
        (loop
            (call $write (i32.const 1) (i32.const 2048) (i32.const 20))
            (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if 0 (i32.lt_u (local.get $i) (i32.const 100))))
        (i32.store8 (i32.const 2108) (i32.const 10)) (call $write (i32.const 2) (i32.const 2068) (i32.const 41))
        (i32.store8 (i32.const 2147) (i32.const 10)) (i32.store8 (i32.const 2108) (i32.const 65)) (call $write (i32.const 2) (i32.const 2068) (i32.const 80))";
    let did = alone(runs(body).limits(limits));
    let lines = did.log_of("g");
    let lengths: Vec<usize> = lines.iter().map(|line| line.len()).collect();
    assert_eq!(lengths, [&[19; 100][..], &[40, 50]].concat());
    assert_eq!(did.end_of("g"), Some(&ExitReason::Normal));
}

#[test]
fn recursion_and_memory_end_at_their_limits() {
    let deep = program(
        "(func (export \"_start\") (drop (call $f (i32.const 1)))) (func $f (param i32) (result i32) (i32.add (i32.const 1) (call $f (local.get 0))))",
    );
    let did = alone(crate::wasi::guest(&deep));
    assert_eq!(did.end_of("g"), Some(&Failure::StackOverflow.into()));
    let did = alone(runs("(loop (br_if 0 (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) unreachable"));
    assert_eq!(did.end_of("g"), Some(&Failure::OutOfMemory.into()));
}
