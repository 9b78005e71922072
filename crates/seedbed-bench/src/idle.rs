//! What idle actors keep of memory, each number of them in a process of its own.

use crate::itself::alone;
use crate::limits;
use crate::ours::{lunatic, spawns, system, wasm};
use crate::round::Work;
use seedbed_core::{Factory, SpawnOptions};
use std::sync::Arc;

/// Of what kind they are.
#[derive(Clone, Copy, clap::ValueEnum)]
pub enum Kind {
    Native,
    /// WASM with handlers.
    Wasm,
    /// WASM that waits, on a stack and in a store of its own.
    Waiting,
    /// Instances of wasmtime in one store, without Seedbed.
    Instance,
}

pub const COLUMNS: &[&str] = &["KiB resident each,", "of it guest memory and stacks,", "KiB virtual each"];

pub fn idle(kind: &'static str) -> Work {
    alone(move |n, process| {
        process.args(["idle", kind, &n.to_string()]);
    })
}

/// Resident, resident in guest memories and stacks, virtual; in KiB, for one of `n`.
pub fn figures(kind: Kind, n: u64) -> Vec<f64> {
    let mut grown = Vec::new();
    let mut spawn = |factory: Arc<dyn Factory>| {
        let grown = &mut grown;
        system::elsewhere(|system| async move {
            let before = Memory::now();
            for _ in 0..n {
                let spawned = system.spawn_with(SpawnOptions::default(), Arc::clone(&factory)).await;
                spawned.expect("it starts");
            }
            *grown = before.grown(n);
        });
    };
    match kind {
        Kind::Native => spawn(Arc::new(spawns::native())),
        Kind::Wasm => spawn(Arc::new(wasm::idle_actor())),
        Kind::Waiting => spawn(Arc::new(lunatic::waiting())),
        Kind::Instance => {
            limits::wasmtime::instances(0);
            let before = Memory::now();
            let instances = limits::wasmtime::instances(n);
            grown = before.grown(n);
            drop(instances);
        }
    }
    grown
}

/// Of this process, in KiB.
struct Memory {
    resident: f64,
    guests: f64,
    virtual_: f64,
}

impl Memory {
    fn now() -> Memory {
        let maps = std::fs::read_to_string("/proc/self/smaps").expect("a Linux system");
        let mut memory = Memory { resident: 0.0, guests: 0.0, virtual_: 0.0 };
        let mut size = 0.0;
        for line in maps.lines() {
            if let Some(kib) = kib(line, "Size:") {
                size = kib;
                memory.virtual_ += kib;
            } else if let Some(kib) = kib(line, "Rss:") {
                memory.resident += kib;
                // Guest memories and stacks are cut from mappings that nothing else is as large as.
                if size >= f64::from(1 << 20) {
                    memory.guests += kib;
                }
            }
        }
        memory
    }

    fn grown(&self, n: u64) -> Vec<f64> {
        let now = Memory::now();
        let each = |now: f64, before: f64| (now - before) / n as f64;
        vec![
            each(now.resident, self.resident),
            each(now.guests, self.guests),
            each(now.virtual_, self.virtual_),
        ]
    }
}

/// A line like `Rss:   12 kB`, if it is of this key.
fn kib(line: &str, key: &str) -> Option<f64> {
    line.strip_prefix(key)?.split_whitespace().next()?.parse().ok()
}
