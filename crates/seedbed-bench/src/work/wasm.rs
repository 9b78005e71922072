//! WebAssembly actors that pass a ball of 64 bytes: one call in, one send out.

use super::native::quick_world;
use seedbed_core::Bytes;
use seedbed_rt::System;
use seedbed_sim::{RunConfig, StrategySpec, World, run_with};
use seedbed_wasm::WasmActor;
use wasmtime::{Caller, Config, Engine, Linker, Module, Store};

/// Sends each message on to whom its first eight bytes name while the counter in the next eight is
/// not 0, with itself as the next receiver.
const BALL: &str = r#"
(module
  (import "seedbed" "send" (func $send (param i64 i64 i32 i32) (result i32)))
  (import "seedbed" "self" (func $self (result i64)))
  (memory (export "memory") 1)
  (global (export "seedbed_inbox_ptr") i32 (i32.const 1024))
  (global (export "seedbed_inbox_len") i32 (i32.const 1024))
  (global $me (mut i64) (i64.const 0))
  (func (export "seedbed_on_start") (param i32 i32) (result i32)
    (global.set $me (call $self)) (i32.const 0))
  (func (export "seedbed_on_message") (param $e i32) (param $p i32) (param $len i32) (result i32)
    (local $to i64)
    (local.set $to (i64.load (local.get $p)))
    (if (i64.eqz (i64.load offset=8 (local.get $p))) (then (return (i32.const 1))))
    (i64.store offset=8 (local.get $p) (i64.sub (i64.load offset=8 (local.get $p)) (i64.const 1)))
    (i64.store (local.get $p) (global.get $me))
    (drop (call $send (local.get $to) (i64.const 0) (local.get $p) (local.get $len)))
    (i32.const 0)))
"#;

fn ball(to: u64, n: u64) -> Bytes {
    let mut ball = vec![0; 64];
    ball[..8].copy_from_slice(&to.to_le_bytes());
    ball[8..16].copy_from_slice(&n.to_le_bytes());
    Bytes(ball)
}

/// An actor that only waits.
pub fn idle_actor() -> WasmActor {
    actor()
}

fn actor() -> WasmActor {
    WasmActor::from_bytes(&wat::parse_str(BALL).expect("it is a module")).expect("it is an actor")
}

struct Host {
    out: [u8; 64],
    memory: Option<wasmtime::Memory>,
}

/// The same copies and calls, no kernel: two instances of one store, the output of each fed to the other.
pub fn bare(n: u64) {
    let mut config = Config::new();
    config.consume_fuel(true).cranelift_nan_canonicalization(true);
    let engine = Engine::new(&config).expect("a plain engine");
    let module = Module::new(&engine, wat::parse_str(BALL).expect("it is a module")).expect("it compiles");
    let mut linker: Linker<Host> = Linker::new(&engine);
    linker
        .func_wrap("seedbed", "send", |mut caller: Caller<'_, Host>, _: i64, _: i64, ptr: u32, len: u32| {
            let memory = caller.data().memory.expect("set before each call");
            let (bytes, host) = memory.data_and_store_mut(&mut caller);
            let from = bytes.get(ptr as usize..(ptr + len) as usize).filter(|b| b.len() == 64);
            let Some(from) = from else { return -7 };
            host.out.copy_from_slice(from);
            0i32
        })
        .expect("a new name");
    linker.func_wrap("seedbed", "self", || 1i64).expect("a new name");
    let mut store = Store::new(&engine, Host { out: [0; 64], memory: None });
    store.set_fuel(u64::MAX).expect("fuel is on");
    let pre = linker.instantiate_pre(&module).expect("all is linked");
    let players = [(); 2].map(|()| {
        let instance = pre.instantiate(&mut store).expect("there is room");
        let memory = instance.get_memory(&mut store, "memory").expect("exported");
        let call = instance.get_typed_func::<(u32, u32, u32), i32>(&mut store, "seedbed_on_message");
        (memory, call.expect("exported"))
    });
    store.data_mut().out.copy_from_slice(&ball(1, n).0);
    for i in 0..n {
        let (memory, call) = &players[(i & 1) as usize];
        store.data_mut().memory = Some(*memory);
        let out = store.data().out;
        let bytes = memory.data_mut(&mut store);
        bytes[1024..1072].copy_from_slice(&[i as u8; 48]);
        bytes[1072..1136].copy_from_slice(&out);
        store.set_fuel(1_000_000).expect("fuel is on");
        call.call(&mut store, (1024, 1072, 64)).expect("it returns");
    }
}

/// On the simulated reactor, with choices, tape and hash on.
pub fn sim(n: u64, strategy: &str, pairs: u64) {
    let program = move |world: &mut World| {
        quick_world(world);
        for pair in 0..pairs {
            let a = world.spawn(&format!("a{pair}"), actor());
            let b = world.spawn(&format!("b{pair}"), actor());
            world.send(a, ball(b.to_raw(), n / pairs));
        }
        world.run()?;
        Ok(())
    };
    let strategy = strategy.parse::<StrategySpec>().expect("known").build();
    let (outcome, _) = run_with(&program, &RunConfig::seed(1), strategy, Vec::new());
    assert!(outcome.found.is_none(), "{:?}", outcome.found);
    assert!(outcome.stats.steps >= n, "{}", outcome.stats.steps);
}

/// On the real reactor.
pub fn real(n: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let system = System::start().expect("it starts");
        let a = system.spawn("a", actor()).await.expect("it starts");
        let b = system.spawn("b", actor()).await.expect("it starts");
        // Whoever gets the last ball stops.
        let done = (system.monitor(a), system.monitor(b));
        system.send(a, ball(b.to_raw(), n)).expect("it is there");
        tokio::select! { _ = done.0 => {}, _ = done.1 => {} }
        system.shutdown().await.expect("it runs");
    });
}
