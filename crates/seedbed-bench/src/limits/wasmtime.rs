//! What wasmtime alone costs.

use crate::ours::calls::{NOTHING, SUM};
use crate::ours::wasm::{BALL, ball};
use std::sync::LazyLock;
use wasmtime::{Caller, Config, Engine, Instance, InstancePre, Linker, Module, Store, TypedFunc};

/// As Seedbed has it, as far as it matters here.
static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let mut config = Config::new();
    config.consume_fuel(true).cranelift_nan_canonicalization(true);
    Engine::new(&config).expect("a plain engine")
});

/// Compiled once a process, as Seedbed does it.
static BALL_MODULE: LazyLock<Module> = LazyLock::new(|| module(BALL));
static NOTHING_MODULE: LazyLock<Module> = LazyLock::new(|| module(NOTHING));
static SUM_MODULE: LazyLock<Module> = LazyLock::new(|| module(SUM));

fn module(text: &str) -> Module {
    Module::new(&ENGINE, wat::parse_str(text).expect("it is a module")).expect("it compiles")
}

struct Host {
    out: [u8; 64],
    memory: Option<wasmtime::Memory>,
}

/// What the modules import.
fn linked(module: &Module) -> InstancePre<Host> {
    let mut linker: Linker<Host> = Linker::new(&ENGINE);
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
    let reply = |_: i64, _: i64, _: i64, _: u32, _: u32| 0i32;
    linker.func_wrap("seedbed", "reply", reply).expect("a new name");
    linker.instantiate_pre(module).expect("all is linked")
}

fn store() -> Store<Host> {
    let mut store = Store::new(&ENGINE, Host { out: [0; 64], memory: None });
    store.set_fuel(u64::MAX).expect("fuel is on");
    store
}

type Handler = TypedFunc<(u32, u32, u32), i32>;

fn parts(instance: Instance, store: &mut Store<Host>) -> (wasmtime::Memory, Handler) {
    let memory = instance.get_memory(&mut *store, "memory").expect("exported");
    (memory, instance.get_typed_func(store, "seedbed_on_message").expect("exported"))
}

/// A message of 64 bytes and one send: the same copies and calls, no kernel; two instances of one store, the
/// output of each fed to the other.
pub fn ball_passed(n: u64) {
    let (pre, mut store) = (linked(&BALL_MODULE), store());
    let players = pair(&pre, &mut store);
    store.data_mut().out.copy_from_slice(&ball(1, n).0);
    for turn in 0..n {
        let out = store.data().out;
        pass(&mut store, &players, turn, &out);
    }
}

/// The same by instances in pairs, one pair after the other.
pub fn balls_passed(n: u64, pairs: u64) {
    let (pre, mut store) = (linked(&BALL_MODULE), store());
    let players: Vec<Pair> = (0..pairs).map(|_| pair(&pre, &mut store)).collect();
    let ball = ball(1, n / pairs).0.try_into().expect("a ball has 64 bytes");
    let mut balls: Vec<[u8; 64]> = vec![ball; players.len()];
    for turn in 0..n / pairs {
        for (pair, ball) in players.iter().zip(&mut balls) {
            pass(&mut store, pair, turn, ball);
            *ball = store.data().out;
        }
    }
}

type Pair = [(wasmtime::Memory, Handler); 2];

fn pair(pre: &InstancePre<Host>, store: &mut Store<Host>) -> Pair {
    [(); 2].map(|()| {
        let instance = pre.instantiate(&mut *store).expect("there is room");
        parts(instance, store)
    })
}

/// One turn of the one whose turn it is.
#[inline(always)]
fn pass(store: &mut Store<Host>, players: &Pair, turn: u64, ball: &[u8; 64]) {
    let (memory, call) = &players[(turn & 1) as usize];
    store.data_mut().memory = Some(*memory);
    let bytes = memory.data_mut(&mut *store);
    bytes[1024..1072].copy_from_slice(&[turn as u8; 48]);
    bytes[1072..1136].copy_from_slice(ball);
    store.set_fuel(1_000_000).expect("fuel is on");
    call.call(&mut *store, (1024, 1072, 64)).expect("it returns");
}

/// A message of 64 bytes that nothing is done with.
pub fn nothing(n: u64) {
    taken::<64>(n, &NOTHING_MODULE);
}

/// A message of 256 bytes that are added up.
pub fn sum(n: u64) {
    taken::<256>(n, &SUM_MODULE);
}

fn taken<const BYTES: usize>(n: u64, module: &Module) {
    let mut store = store();
    let instance = linked(module).instantiate(&mut store).expect("there is room");
    let (memory, call) = parts(instance, &mut store);
    for _ in 0..n {
        let bytes = memory.data_mut(&mut store);
        bytes[1024..1072].copy_from_slice(&std::hint::black_box([0; 48]));
        bytes[1072..1072 + BYTES].copy_from_slice(&std::hint::black_box([7; BYTES]));
        store.set_fuel(1_000_000).expect("fuel is on");
        call.call(&mut store, (1024, 1072, BYTES as u32)).expect("it returns");
    }
}

/// Instances of one store, to be kept.
pub fn instances(n: u64) -> impl Sized {
    let (pre, mut store) = (linked(&BALL_MODULE), store());
    for _ in 0..n {
        pre.instantiate(&mut store).expect("there is room");
    }
    store
}

/// `n` instances in stores of their own, made and dropped.
pub fn stores(n: u64) {
    let pre = linked(&BALL_MODULE);
    for _ in 0..n {
        let mut store = store();
        pre.instantiate(&mut store).expect("there is room");
    }
}

/// A module compiled, `n` times.
pub fn compiled(n: u64, wasm: &[u8]) {
    for _ in 0..n {
        Module::new(&ENGINE, wasm).expect("it compiles");
    }
}
