//! A recording of any reactor replays: orders and choices that are not plain, lives, faults.

use seedbed_core::{
    Actor, Boot, Chain, ChoicePoint, Context, Delivery, EffectRequest, Event, Failure, Kernel, Key, Life,
    NodeConfig, NodeId, Packet, PathId, Pid, Port, Reactor, Recording, RecordingReactor, Result,
    SpawnOptions, Stream, Time,
};
use seedbed_sim::{Mismatch, Setup, replay_recording};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Picks and answers by chance.
struct Wild {
    enabled: Vec<Delivery>,
    stream: Stream,
}

impl Port for Wild {
    fn now(&mut self) -> Time {
        Time::from_nanos(self.stream.below(1_000))
    }

    fn unix_time(&mut self) -> Time {
        Time::from_nanos(self.stream.next_u64())
    }

    fn choose(&mut self, point: &ChoicePoint) -> u32 {
        self.stream.below(point.n.into()) as u32
    }

    fn observe(&mut self, _: &Event<'_>) {}

    fn simulated(&self) -> bool {
        true
    }
}

impl Reactor for Wild {
    fn enabled(&mut self, delivery: Delivery, _: Chain) {
        self.enabled.push(delivery);
    }

    fn disabled(&mut self, delivery: Delivery) {
        self.enabled.retain(|d| *d != delivery);
    }

    fn transmit(&mut self, _: Packet) {}

    fn perform(&mut self, _: EffectRequest) {}
}

/// Passes a number on, sometimes twice, sometimes not at all.
struct Node(Vec<&'static str>);

impl Actor for Node {
    type Message = u32;

    fn on_start(&mut self, cx: &mut Context) -> Result<()> {
        self.on_message(cx, 7)
    }

    fn on_message(&mut self, cx: &mut Context, n: u32) -> Result<()> {
        cx.sometimes("the last", n == 0);
        for to in self.0.clone().into_iter().filter(|_| n > 0) {
            if cx.buggify("lose") {
                continue;
            }
            let (to, stamp) = (cx.address(to)?, cx.unix_time().as_nanos() ^ cx.now().as_nanos());
            cx.send(to, &(n - 1))?;
            cx.observe("stamp", stamp as i64);
        }
        Ok(())
    }
}

const NAMES: [&str; 3] = ["a", "b", "c"];

fn lives() -> BTreeMap<PathId, Life> {
    BTreeMap::from([(PathId::of("main/a"), Life(7))])
}

fn record(seed: u64) -> Recording {
    let config = NodeConfig {
        id: NodeId(3),
        name: "main".into(),
        boot: Boot(2),
        key: Key::from_seed(seed),
        entries: BTreeMap::new(),
        effects: Vec::new(),
        nodes: BTreeMap::from([("main".into(), NodeId(3))]),
    };
    let wild = Wild { enabled: Vec::new(), stream: Key::from_seed(seed).stream() };
    let mut r = RecordingReactor::new(wild, &config).lives(lives()).any_order().every_event();
    let mut kernel = Kernel::new(config);
    kernel.inherit_lives(lives());
    kernel.boot(&mut r);
    let spawn = |kernel: &mut Kernel, r: &mut RecordingReactor<Wild>, name| {
        let options = SpawnOptions { args: vec![9], ..SpawnOptions::registered(name) };
        kernel.spawn(r, options, Arc::new(|| Node(NAMES.to_vec()))).expect("a free name")
    };
    let pids: Vec<Pid> = NAMES.iter().map(|name| spawn(&mut kernel, &mut r, *name)).collect();
    for step in 1.. {
        let n = r.inner().enabled.len() as u64;
        if n == 0 {
            break;
        }
        let nth = r.inner_mut().stream.below(n) as usize;
        let delivery = r.inner_mut().enabled.remove(nth);
        r.going(delivery);
        assert!(step < 10_000, "it comes to rest");
        kernel.set_step(step);
        kernel.run(&mut r, delivery);
        match step {
            50 => drop(kernel.fail(&mut r, pids[0], Failure::OutOfMemory)),
            51 => drop(kernel.fail(&mut r, pids[0], Failure::OutOfMemory)),
            60 => drop(spawn(&mut kernel, &mut r, "a")),
            70 => kernel.lose_node(&mut r, NodeId(9)),
            _ => {}
        }
    }
    r.finish().0
}

fn setup() -> Setup {
    NAMES.iter().fold(Setup::default(), |setup, name| setup.root(*name, || Node(NAMES.to_vec())))
}

#[test]
fn wild_orders_choices_and_clocks_come_back() {
    for seed in 0..50 {
        let recording = record(seed);
        let run =
            replay_recording(&recording, setup()).unwrap_or_else(|e| panic!("seed {seed}: failed to {e}"));
        assert_eq!((run.turns, run.trace_hash), (recording.turns, recording.hash));
    }
}

#[test]
fn a_recording_that_was_changed_does_not_replay() {
    let recording =
        (0..).map(record).find(|r| (100..200).contains(&r.turns)).expect("one of them is of this length");
    let without = |change: &dyn Fn(&mut Recording)| {
        let mut changed = recording.clone();
        change(&mut changed);
        replay_recording(&changed, setup()).unwrap_err()
    };
    assert!(matches!(without(&|r| r.lives.clear()), Mismatch::Event { turn: 0, .. }));
    assert!(matches!(without(&|r| r.key = [0; 32]), Mismatch::Event { turn: 0, nth: 1, .. }));
    assert!(matches!(without(&|r| r.simulated = false), Mismatch::Event { .. } | Mismatch::Clock { .. }));
    let mut broken = 0;
    for at in 0..recording.log.len() {
        let mut changed = recording.clone();
        changed.log[at] ^= 1;
        broken += usize::from(replay_recording(&changed, setup()).is_err());
    }
    assert_eq!(broken, recording.log.len(), "every byte of the log counts");
}
