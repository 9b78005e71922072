//! What compilers make, on both reactors: C with wasi-libc, Zig, AssemblyScript and Rust's standard
//! library; rewritten, they do what they do anywhere, also where they wait.

#![expect(clippy::unwrap_used, reason = "what is missing here fails the test")]

use crate::both::{Did, Directories, both_with, root};
use seedbed_abi::{ExitReason, Failure, SpawnFlags};
use seedbed_core::{Actor, Context, Level, Result, Shared, Signal, SpawnOptions};
use seedbed_files::Image;
use seedbed_wasm::{Module, WasiConfig, WasiMount, WasmActor, WasmLimits};
use std::sync::Arc;

/// The module of this name among the fixtures.
fn module(name: &str, method: Option<&str>) -> Module {
    let path = format!("{}/../../fixtures/built/{name}.wasm", env!("CARGO_MANIFEST_DIR"));
    let wasm = std::fs::read(path).unwrap();
    match method {
        Some(method) => Module::with_method(&wasm, method).unwrap(),
        None => Module::from_bytes(&wasm).unwrap(),
    }
}

/// A program with a directory to read and one to write to.
fn program(name: &str, args: &[&str], env: &[(&str, &str)]) -> WasmActor {
    let mount = |directory: &str, guest: &str, read_only| WasiMount {
        directory: directory.into(),
        guest: guest.into(),
        read_only,
    };
    let config = WasiConfig {
        args: args.iter().map(ToString::to_string).collect(),
        env: env.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
        mounts: vec![mount("input", "/in", true), mount("output", "/out", false)],
        ..WasiConfig::default()
    };
    // Zig gives a program 16 MiB of stack.
    let limits = WasmLimits { memory_max: 32 << 20, ..WasmLimits::default() };
    WasmActor::new(module(name, None)).wasi(config).unwrap().wasm_limits(limits)
}

fn directories() -> Directories {
    let input = [("in.txt", Image::file(*b"one two\ntwo\n")), ("more.txt", Image::file(*b"More"))];
    Directories::from([("input", Image::directory(input)), ("output", Image::default())])
}

fn run(actor: WasmActor) -> Did {
    both_with(&vec![root("g", actor)], &directories())
}

#[test]
fn c_with_wasi_libc_reads_a_directory_and_writes_another() {
    let did = run(program("convert", &["--spoil"], &[("STYLE", "upper")]));
    assert_eq!(did.log_of("g"), ["spoilt: Read-only file system", "in.txt: 12 bytes", "more.txt: 4 bytes"]);
    assert_eq!(did.end_of("g"), Some(&ExitReason::Normal));
    let did = run(program("convert", &[], &[]));
    assert_eq!(did.log_of("g"), ["no STYLE"]);
    assert_eq!(did.end_of("g"), Some(&Failure::ExitCode(2).into()));
}

#[test]
fn zig_computes_on_its_heap_and_sleeps() {
    let did = run(program("zig", &[], &[]));
    assert_eq!(did.log_of("g"), ["sum 333283335000", "slept true"]);
    assert_eq!(did.end_of("g"), Some(&Failure::ExitCode(5).into()));
}

#[test]
fn rusts_standard_library_has_files_clocks_and_hash_maps() {
    let did = run(program("std", &[], &[]));
    assert_eq!(did.log_of("g"), ["2 words in in.txt", "Err(ReadOnlyFilesystem)", "slept true"]);
    assert_eq!(did.end_of("g"), Some(&Failure::ExitCode(7).into()));
}

/// Spawns a process with a monitor, and logs what it is told of its end.
struct Asks(Shared);

impl Actor for Asks {
    type Message = ();

    fn on_start(&mut self, cx: &mut Context<'_>) -> Result<()> {
        cx.spawn(SpawnOptions::named("it").flags(SpawnFlags::MONITOR), self.0.clone())?;
        Ok(())
    }

    fn on_message(&mut self, _: &mut Context<'_>, (): ()) -> Result<()> {
        Ok(())
    }

    fn on_signal(&mut self, cx: &mut Context<'_>, signal: Signal) -> Result<()> {
        if let Signal::Down { reason, value, .. } = signal {
            let value = value.map(|bytes| bytes.0).unwrap_or_default();
            cx.log(Level::Info, &format!("{reason} {value:?}"));
        }
        Ok(())
    }
}

/// What whoever spawned a method with a monitor is told of its end.
fn told(name: &str, method: &str, argument: &str) -> Vec<String> {
    let config = WasiConfig {
        method: Some(method.into()),
        method_args: vec![argument.into()],
        ..WasiConfig::default()
    };
    let actor = WasmActor::new(module(name, Some(method))).wasi(config).unwrap();
    let shared = Shared(Arc::new(actor));
    let did = both_with(&vec![root("g", move || Asks(shared.clone()))], &Directories::new());
    did.log_of("g").into_iter().map(str::to_owned).collect()
}

#[test]
fn assemblyscript_computes_on_its_heap_and_sleeps_and_whoever_monitors_gets_the_value() {
    assert_eq!(told("as", "primes", "1000"), ["normal [168, 0, 0, 0, 0, 0, 0, 0]"]);
    assert_eq!(told("as", "nap", "5"), ["normal [1, 0, 0, 0]"]);
}
