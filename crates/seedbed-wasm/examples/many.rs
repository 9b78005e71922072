//! What many guests take: suspended processes, handlers, and processes that come and go.
//!
//! `cargo run -p seedbed-wasm --example many` on Linux. It fails if an hour of spawns and
//! kills leaves anything on the node, or more than a mebibyte in the process.

#![expect(clippy::print_stdout, reason = "it prints what it measured")]

use seedbed_abi::{Pid, Time};
use seedbed_core::{
    Boot, Chain, ChoicePoint, Delivery, EffectRequest, Event, Kernel, Key, NodeConfig, NodeId, Packet, Port,
    Reactor, SpawnOptions,
};
use seedbed_wasm::WasmActor;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Processes that wait for mail.
const SUSPENDED: u64 = 10_000;
/// Actors of one module of handlers.
const HANDLERS: u64 = 100_000;
/// How long processes come and go, and how many a second, in virtual time.
const SECONDS: u64 = 3_600;
const A_SECOND: u64 = 100;

/// First in, first out, and a clock that is told.
#[derive(Default)]
struct Plain {
    queue: VecDeque<Delivery>,
    now: u64,
}

impl Port for Plain {
    fn now(&mut self) -> Time {
        Time::from_nanos(self.now)
    }

    fn unix_time(&mut self) -> Time {
        Time::from_nanos(self.now)
    }

    fn choose(&mut self, _: &ChoicePoint) -> u32 {
        0
    }

    fn observe(&mut self, _: &Event<'_>) {}

    fn simulated(&self) -> bool {
        true
    }
}

impl Reactor for Plain {
    fn enabled(&mut self, delivery: Delivery, _: Chain) {
        self.queue.push_back(delivery);
    }

    fn disabled(&mut self, delivery: Delivery) {
        self.queue.retain(|other| *other != delivery);
    }

    fn transmit(&mut self, _: Packet) {}

    fn perform(&mut self, _: EffectRequest) {}
}

struct Node {
    kernel: Kernel,
    reactor: Plain,
}

impl Node {
    fn new() -> Node {
        let kernel = Kernel::new(NodeConfig {
            id: NodeId(1),
            name: "n".into(),
            boot: Boot(0),
            key: Key::from_seed(0),
            entries: BTreeMap::new(),
            effects: Vec::new(),
            nodes: BTreeMap::from([("n".into(), NodeId(1))]),
        });
        Node { kernel, reactor: Plain::default() }
    }

    fn spawn(&mut self, actor: &WasmActor) -> Pid {
        let spawned = self.kernel.spawn(&mut self.reactor, SpawnOptions::default(), Arc::new(actor.clone()));
        spawned.expect("a node has room for a million")
    }

    fn run(&mut self) {
        while let Some(delivery) = self.reactor.queue.pop_front() {
            self.kernel.run(&mut self.reactor, delivery);
        }
    }

    /// Lets the clock pass to the next deadline; false if there is none.
    fn pass(&mut self) -> bool {
        let Some(next) = self.kernel.next_deadline() else { return false };
        self.reactor.now = next.as_nanos();
        self.kernel.fire_timers(&mut self.reactor, next);
        self.run();
        true
    }
}

/// Bytes of this process that are in memory.
fn resident() -> i64 {
    let sizes = std::fs::read_to_string("/proc/self/statm").expect("Linux tells what a process takes");
    let pages = sizes.split(' ').nth(1).and_then(|pages| pages.parse::<i64>().ok());
    pages.expect("the second number is of pages in memory") * 4096
}

/// Mappings of this process.
fn mappings() -> usize {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("Linux tells what a process has mapped");
    maps.lines().count()
}

fn actor(text: &str) -> WasmActor {
    let wasm = wat::parse_str(text).expect("the text is a module");
    WasmActor::from_bytes(&wasm).expect("the module is a guest")
}

/// What so many of these take, each.
fn measure(what: &str, count: u64, actor: &WasmActor) {
    let mut node = Node::new();
    node.spawn(actor);
    node.run();
    let (before, mapped) = (resident(), mappings());
    for _ in 0..count {
        node.spawn(actor);
    }
    node.run();
    assert_eq!(u64::from(node.kernel.alive()), count + 1);
    let each = (resident() - before) as u64 / count;
    println!("{count} {what}: {each} bytes each, {} mappings more", mappings().saturating_sub(mapped));
}

fn main() {
    let waits = actor(
        r#"(module (import "lunatic::message" "receive" (func $receive (param i32 i32 i64) (result i32))) (memory (export "memory") 1)
        (func (export "_start") (i32.store (i32.const 0) (i32.const 1)) (drop (call $receive (i32.const 0) (i32.const 0) (i64.const -1)))))"#,
    );
    measure("suspended processes", SUSPENDED, &waits);
    let handles = actor(
        r#"(module (memory (export "memory") 1) (global (export "seedbed_inbox_ptr") i32 (i32.const 0)) (global (export "seedbed_inbox_len") i32 (i32.const 1024))
        (func (export "seedbed_on_message") (param i32 i32 i32) (result i32) (i32.const 0)))"#,
    );
    measure("handlers", HANDLERS, &handles);
    come_and_go();
}

/// A process spawns and kills others.
fn come_and_go() {
    let count = SECONDS * A_SECOND;
    let pause = 1_000 / A_SECOND;
    let spawner = actor(&format!(
        r#"(module
        (import "lunatic::process" "spawn" (func $spawn (param i64 i64 i64 i32 i32 i32 i32 i32) (result i32))) (import "lunatic::process" "kill" (func $kill (param i64)))
        (import "lunatic::process" "sleep_ms" (func $sleep (param i64))) (import "lunatic::message" "receive" (func $receive (param i32 i32 i64) (result i32)))
        (import "lunatic::registry" "put" (func $put (param i32 i32 i64 i64)))
        (memory (export "memory") 1) (data (i32.const 0) "w")
        (func (export "w") (drop (call $receive (i32.const 0) (i32.const 0) (i64.const -1))))
        (func (export "_start") (local $n i64)
            (loop
                (drop (call $spawn (i64.const 0) (i64.const -1) (i64.const -1) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 8)))
                (i64.store (i32.const 16) (local.get $n)) (call $put (i32.const 16) (i32.const 4) (i64.const 0) (i64.load (i32.const 8)))
                (call $kill (i64.load (i32.const 8))) (call $sleep (i64.const {pause}))
                (local.set $n (i64.and (i64.add (local.get $n) (i64.const 1)) (i64.const 0x7f7f7f))) (br 0))))"#
    ));
    let mut node = Node::new();
    node.spawn(&spawner);
    node.run();
    let hour = SECONDS * 1_000_000_000;
    let mut warm = None;
    while node.reactor.now < hour && node.pass() {
        assert_eq!((node.kernel.alive(), node.kernel.one_shots()), (1, 1), "the spawner and its sleep");
        if node.reactor.now >= hour / 60 {
            warm.get_or_insert_with(|| (resident(), node.kernel.signals()));
        }
    }
    let (before, signals) = warm.expect("a minute passed");
    let more = resident() - before;
    println!(
        "{count} spawns and kills in a virtual hour: {more} bytes more after it than after its first minute"
    );
    assert_eq!(node.kernel.signals(), signals);
    assert!(more < 1 << 20, "something is left behind");
}
