//! A kernel with hardly a reactor: first in, first out, and a clock that moves at every look.
//!
//! For claims about what a kernel asks of its reactor, which a world's own reactor would hide.

use seedbed_core::{
    Boot, Chain, ChoicePoint, Delivery, EffectRequest, Event, Factory, Kernel, Key, NodeConfig, NodeId,
    Packet, Pid, Port, Reactor, SpawnOptions, Time,
};
use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::sync::Arc;

/// The reactor.
#[derive(Debug, Default)]
pub struct Reads {
    /// How often the monotonic clock was read; each read says one nanosecond more.
    pub clock: u64,
    /// How often the wall clock was read.
    pub wall: u64,
    /// Events, and deliveries that became possible or ceased to be.
    pub told: u64,
    enabled: VecDeque<Delivery>,
}

impl Port for Reads {
    fn now(&mut self) -> Time {
        self.clock += 1;
        Time::from_nanos(self.clock)
    }

    fn unix_time(&mut self) -> Time {
        self.wall += 1;
        Time::from_nanos(self.wall)
    }

    fn choose(&mut self, _: &ChoicePoint) -> u32 {
        0
    }

    fn observe(&mut self, _: &Event<'_>) {
        self.told += 1;
    }

    fn simulated(&self) -> bool {
        false
    }
}

impl Reactor for Reads {
    fn enabled(&mut self, delivery: Delivery, _: Chain) {
        self.told += 1;
        self.enabled.push_back(delivery);
    }

    /// It stays, and is stale when its turn comes.
    fn disabled(&mut self, _: Delivery) {
        self.told += 1;
    }

    fn transmit(&mut self, _: Packet) {}

    fn perform(&mut self, _: EffectRequest) {}
}

/// The kernel and its reactor.
pub struct Bare {
    /// The kernel.
    pub kernel: Kernel,
    /// The reactor.
    pub reads: Reads,
}

impl Bare {
    /// A node without actors.
    pub fn new() -> Bare {
        let config = NodeConfig {
            id: NodeId(1),
            name: "bare".to_owned(),
            boot: Boot(0),
            key: Key::from_seed(0),
            entries: BTreeMap::new(),
            effects: vec!["echo".to_owned()],
            nodes: BTreeMap::new(),
        };
        Bare { kernel: Kernel::new(config), reads: Reads::default() }
    }

    /// Spawns an actor under a name.
    ///
    /// # Panics
    /// If the name is taken.
    pub fn spawn(&mut self, name: &str, factory: impl Factory) -> Pid {
        let spawned = self.kernel.spawn(&mut self.reads, SpawnOptions::registered(name), Arc::new(factory));
        spawned.expect("the name is free")
    }

    /// Runs until no delivery is enabled.
    pub fn settle(&mut self) {
        while let Some(delivery) = self.reads.enabled.pop_front() {
            self.kernel.run(&mut self.reads, delivery);
        }
    }
}

impl Default for Bare {
    fn default() -> Self {
        Bare::new()
    }
}
