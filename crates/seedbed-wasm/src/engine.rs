//! The one wasmtime engine, configured so that equal modules make equal runs.
//!
//! Invariant: nothing that a guest can see, and no byte of compiled code, depends on the machine,
//! its CPU features, the thread, the time or the compiler's parallelism. One test below holds each
//! line of the configuration. Fuel and call depth are counted by the rewriting pass, not by
//! wasmtime (`docs/determinism.md`).
//!
//! Not modelled: other targets than the host's own; a run made on x86-64 names another engine than
//! one made on aarch64.

use crate::blocking::Stacks;
use crate::memory::Slab;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock};
use wasmparser::WasmFeatures;
use wasmtime::{Config, Engine, OptLevel};

/// The version of wasmtime inside.
pub const WASMTIME_VERSION: &str = "48.0.8";

/// Native stack that a guest may use, in bytes. Its own limit, counted by the rewriting pass, is
/// far below (see `rewrite::stack`), so that no guest ever meets this one.
const NATIVE_STACK: usize = 1 << 20;

/// What a module may use: WebAssembly 2.0 and constant expressions, as rustc and clang emit it.
/// Without threads, second memories, 64-bit memories, tail calls, exceptions, references to host
/// objects and relaxed SIMD.
pub(crate) const FEATURES: WasmFeatures = WasmFeatures::MUTABLE_GLOBAL
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::SIMD)
    .union(WasmFeatures::FLOATS)
    .union(WasmFeatures::EXTENDED_CONST);

/// The process's engine. Compiling is thread-safe; stores belong to their node.
pub(crate) fn engine() -> &'static Engine {
    static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
        Engine::new(&deterministic(true)).expect("the configuration is fixed, and tested on this target")
    });
    &ENGINE
}

/// The configuration. `parallel` only says how many threads compile, and changes no byte.
pub(crate) fn deterministic(parallel: bool) -> Config {
    let mut config = Config::new();
    config.target(TARGET).expect("wasmtime knows the target it was built for");
    config.wasm_features(WasmFeatures::all(), false);
    config.wasm_features(FEATURES, true);
    config.shared_memory(false);
    config.relaxed_simd_deterministic(true);
    config.cranelift_nan_canonicalization(true);
    config.cranelift_opt_level(OptLevel::Speed);
    config.consume_fuel(false);
    config.epoch_interruption(false);
    config.wasm_backtrace_max_frames(None);
    config.native_unwind_info(false);
    config.memory_init_cow(false);
    config.max_wasm_stack(NATIVE_STACK);
    // A guest that waits has its limit and as much again for the host call it waits in.
    config.async_stack_size(2 * NATIVE_STACK);
    config.with_host_stack(Arc::new(Stacks::new(2 * NATIVE_STACK)));
    config.parallel_compilation(parallel);
    // Memories live in slots of a slab, cannot move, and are bounds-checked in code.
    config.memory_reservation(0);
    config.memory_guard_size(0);
    config.memory_reservation_for_growth(0);
    config.memory_may_move(false);
    config.guard_before_linear_memory(false);
    config.with_host_memory(Arc::new(Slab::new()));
    config
}

/// The host's own target, named: CPU features beyond its baseline are then not looked for.
const TARGET: &str = match (cfg!(target_arch = "x86_64"), cfg!(target_os = "macos")) {
    (true, false) => "x86_64-unknown-linux-gnu",
    (false, false) => "aarch64-unknown-linux-gnu",
    (true, true) => "x86_64-apple-darwin",
    (false, true) => "aarch64-apple-darwin",
};

/// What compiled code depends on: wasmtime's version and settings, and the rewriting pass. Part of
/// a run's identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EngineId(pub u64);

impl fmt::Display for EngineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wasmtime-{WASMTIME_VERSION}-{:016x}", self.0)
    }
}

/// The identity of this process's engine.
pub fn engine_id() -> EngineId {
    static ID: LazyLock<EngineId> = LazyLock::new(|| {
        let mut hash = Fnv::new();
        engine().precompile_compatibility_hash().hash(&mut hash);
        WASMTIME_VERSION.hash(&mut hash);
        crate::rewrite::REWRITE_VERSION.hash(&mut hash);
        EngineId(hash.finish())
    });
    *ID
}

/// FNV-1a over little-endian bytes: the same on every platform and in every process.
struct Fnv(u64);

impl Fnv {
    fn new() -> Fnv {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for &b in bytes {
            self.0 = (self.0 ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn write_u16(&mut self, n: u16) {
        self.write(&n.to_le_bytes());
    }

    fn write_u32(&mut self, n: u32) {
        self.write(&n.to_le_bytes());
    }

    fn write_u64(&mut self, n: u64) {
        self.write(&n.to_le_bytes());
    }

    fn write_u128(&mut self, n: u128) {
        self.write(&n.to_le_bytes());
    }

    fn write_usize(&mut self, n: usize) {
        self.write_u64(n as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasmtime::{Instance, Module, Store};

    fn compile(engine: &Engine, text: &str) -> Result<Vec<u8>, String> {
        let wasm = wat::parse_str(text).unwrap();
        engine.precompile_module(&wasm).map_err(|e| format!("{e:#}"))
    }

    fn refused(text: &str) -> String {
        compile(engine(), text).expect_err("must be refused")
    }

    fn run<R: wasmtime::WasmResults>(text: &str, name: &str) -> wasmtime::Result<R> {
        let module = Module::new(engine(), wat::parse_str(text).unwrap())?;
        let mut store = Store::new(engine(), ());
        let instance = Instance::new(&mut store, &module, &[])?;
        let f = instance.get_typed_func::<(), R>(&mut store, name)?;
        f.call(&mut store, ())
    }

    #[test]
    fn the_version_is_the_one_in_the_lock_file() {
        let lock = include_str!("../../../Cargo.lock");
        let entry = format!("name = \"wasmtime\"\nversion = \"{WASMTIME_VERSION}\"");
        assert!(lock.contains(&entry));
    }

    #[test]
    fn every_nan_has_the_same_bits() {
        // On x86, 0/0 alone gives a NaN with the sign bit set, and min and max keep payloads.
        let text = r#"(module
            (func (export "f32") (result i32)
                (i32.reinterpret_f32 (f32.div (f32.const 0) (f32.const 0))))
            (func (export "payload") (result i32)
                (i32.reinterpret_f32 (f32.add (f32.const nan:0x200001) (f32.const 1))))
            (func (export "f64") (result i64)
                (i64.reinterpret_f64 (f64.sqrt (f64.const -1))))
            (func (export "lanes") (result i32)
                (i32x4.extract_lane 2 (f32x4.div (v128.const f32x4 0 0 0 0) (v128.const f32x4 0 0 0 0)))))"#;
        assert_eq!(run::<u32>(text, "f32").unwrap(), 0x7fc0_0000);
        assert_eq!(run::<u32>(text, "payload").unwrap(), 0x7fc0_0000);
        assert_eq!(run::<u64>(text, "f64").unwrap(), 0x7ff8_0000_0000_0000);
        assert_eq!(run::<u32>(text, "lanes").unwrap(), 0x7fc0_0000);
    }

    #[test]
    fn what_could_differ_or_not_be_snapshot_is_not_in_the_language() {
        let cases = [
            (
                "relaxed simd",
                "(module (func (param v128 v128 v128) (result v128)
                    (f32x4.relaxed_madd (local.get 0) (local.get 1) (local.get 2))))",
            ),
            ("64-bit memory", "(module (memory i64 1))"),
            ("two memories", "(module (memory 1) (memory 1))"),
            ("shared memory", "(module (memory 1 1 shared))"),
            ("atomics", "(module (memory 1) (func (drop (i32.atomic.load (i32.const 0)))))"),
            ("tail calls", "(module (func $f return_call $f))"),
            ("host references", "(module (func (param externref)))"),
            ("typed references", "(module (type $t (func)) (func (param (ref null $t))))"),
            ("exceptions", "(module (tag))"),
            ("small pages", "(module (memory 1 (pagesize 1)))"),
        ];
        for (what, text) in cases {
            assert!(compile(engine(), text).is_err(), "{what} must be refused");
        }
        assert!(refused(cases[2].1).contains("multi"), "the error names the feature");
    }

    #[test]
    fn what_toolchains_emit_compiles() {
        let text = r#"(module (memory 1) (table 2 funcref) (global $g (mut i32) (i32.const 5))
            (global i32 (i32.add (i32.const 1) (i32.const 2)))
            (func (result i32 i32) (i32.const 1) (i32.const 2))
            (func (param f32) (result i32) (i32.trunc_sat_f32_s (local.get 0)))
            (func (param i32) (result i32) (i32.extend8_s (local.get 0)))
            (func (memory.copy (i32.const 0) (i32.const 8) (i32.const 8)))
            (func (param v128) (result v128) (i8x16.add (local.get 0) (local.get 0)))
            (func (param i32) (call_indirect (local.get 0))))"#;
        compile(engine(), text).unwrap();
    }

    #[test]
    fn compiled_code_is_the_same_byte_for_byte() {
        // With and without parallel compilation, from one engine or another.
        let mut text = String::from("(module (memory 1)");
        for i in 0..64 {
            text += &format!(
                "(func (export \"f{i}\") (param i32 f64) (result f64)
                    (f64.nearest (f64.mul (local.get 1) (f64.load (i32.add (local.get 0) (i32.const {i}))))))"
            );
        }
        text += ")";
        let one = compile(engine(), &text).unwrap();
        let two = compile(&Engine::new(&deterministic(false)).unwrap(), &text).unwrap();
        let three = compile(&Engine::new(&deterministic(true)).unwrap(), &text).unwrap();
        assert!(one == two, "parallel compilation changes no byte");
        assert!(one == three, "another engine changes no byte");
    }

    #[test]
    fn no_cpu_feature_beyond_the_baseline_is_used() {
        // The artifact lists the flags that code was compiled with; detected ones would be true.
        let artifact =
            compile(engine(), "(module (func (param f32) (result f32) (f32.ceil (local.get 0))))").unwrap();
        let has = |needle: &[u8]| artifact.windows(needle.len()).any(|w| w == needle);
        assert!(!has(b"roundss"));
        if cfg!(target_arch = "x86_64") {
            // roundss is 66 0f 3a 0a; without SSE4.1 a library routine is called instead.
            assert!(!has(&[0x66, 0x0f, 0x3a, 0x0a]));
        }
    }

    #[test]
    fn a_trap_carries_no_backtrace() {
        let error = run::<()>("(module (func (export \"f\") unreachable))", "f").unwrap_err();
        assert!(error.downcast_ref::<wasmtime::WasmBacktrace>().is_none());
        assert_eq!(error.downcast_ref::<wasmtime::Trap>(), Some(&wasmtime::Trap::UnreachableCodeReached));
    }

    #[test]
    fn wasmtime_counts_no_fuel_and_no_epochs() {
        let mut store = Store::new(engine(), ());
        assert!(store.get_fuel().is_err());
        // With epochs on, a deadline of 0 would stop this at once.
        engine().increment_epoch();
        run::<()>("(module (func (export \"f\")))", "f").unwrap();
        assert!(store.set_fuel(1).is_err());
    }

    #[test]
    fn memories_cannot_move() {
        let wasm = wat::parse_str("(module (memory (export \"m\") 1))").unwrap();
        let module = Module::new(engine(), wasm).unwrap();
        let mut store = Store::new(engine(), ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let memory = instance.get_memory(&mut store, "m").unwrap();
        let before = memory.data_ptr(&store);
        memory.grow(&mut store, 100).unwrap();
        assert_eq!(before, memory.data_ptr(&store));
    }

    #[test]
    fn the_identity_is_stable_and_names_the_version() {
        let other = Engine::new(&deterministic(false)).unwrap();
        let hash = |engine: &Engine| {
            let mut h = Fnv::new();
            engine.precompile_compatibility_hash().hash(&mut h);
            h.finish()
        };
        assert_eq!(hash(engine()), hash(&other));
        assert_eq!(engine_id(), engine_id());
        assert!(engine_id().to_string().starts_with("wasmtime-48.0.8-"));
        let mut unlike = deterministic(true);
        unlike.cranelift_nan_canonicalization(false);
        assert_ne!(hash(engine()), hash(&Engine::new(&unlike).unwrap()));
    }
}
