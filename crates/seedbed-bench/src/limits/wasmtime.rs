//! What wasmtime alone costs.

use crate::ours::wasm::{BALL, ball};
use std::sync::LazyLock;
use wasmtime::{Caller, Config, Engine, Linker, Module, Store};

/// Once a process, as Seedbed does it.
static COMPILED: LazyLock<(Engine, Module)> = LazyLock::new(|| {
    let mut config = Config::new();
    config.consume_fuel(true).cranelift_nan_canonicalization(true);
    let engine = Engine::new(&config).expect("a plain engine");
    let module = Module::new(&engine, wat::parse_str(BALL).expect("it is a module")).expect("it compiles");
    (engine, module)
});

struct Host {
    out: [u8; 64],
    memory: Option<wasmtime::Memory>,
}

/// The same copies and calls, no kernel: two instances of one store, the output of each fed to the other.
pub fn run(n: u64) {
    let (engine, module) = &*COMPILED;
    let mut linker: Linker<Host> = Linker::new(engine);
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
    let mut store = Store::new(engine, Host { out: [0; 64], memory: None });
    store.set_fuel(u64::MAX).expect("fuel is on");
    let pre = linker.instantiate_pre(module).expect("all is linked");
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
