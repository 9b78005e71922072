//! Y5: work and memory of a child do not depend on how many others there are, or were. What the kernel tells
//! its reactor is counted; at the larger size anything quadratic in it would not come back.
//! `crates/seedbed-rt/examples/many_children.rs` shows memory on the real reactor.

use seedbed_core::abi::supervisor::SupervisorCall;
use seedbed_core::supervise::{ChildSpec, Restart};
use seedbed_core::{
    Actor, Body, Boot, ChildStart, Context, ExitReason, Life, Message, NodeId, Packet, PathId, Pid, Reason,
    Result, Supervisor, SupervisorActor, pid_of,
};
use seedbed_sim::{InWorld, RunConfig, StrategySpec, World, WorldConfig, run_with};
use sim_tests::Bare;

/// Publishes a fact, and ends after its start if it is told so.
struct Child(bool);

impl Actor for Child {
    type Message = u64;

    fn on_start(&mut self, cx: &mut Context) -> Result<()> {
        cx.observe("child", 1);
        if self.0 {
            cx.stop(Reason::Normal);
        }
        Ok(())
    }

    fn on_message(&mut self, _: &mut Context, _: u64) -> Result<()> {
        Ok(())
    }
}

fn pool() -> Supervisor {
    let child = ChildSpec::worker("child", ChildStart::typed(Child));
    Supervisor::dynamic(ChildSpec { restart: Restart::Temporary, ..child })
}

/// A client outside starts so many children.
fn start(bare: &mut Bare, pool: Pid, children: u64, end: bool) {
    let client = pid_of(NodeId::OUTSIDE, Boot(0), 0, 1);
    for id in 1..=children {
        let (mut args, mut payload) = (Vec::new(), Vec::new());
        end.encode(&mut args);
        SupervisorCall::StartInstance(args).encode(&mut payload);
        let body = Body::Message { correlation: id, tag: 0, payload };
        let path = PathId::of("outside/client");
        let packet = Packet { from: client, path, life: Life(1), to: pool, id, copy: false, body };
        bare.kernel.arrive(&mut bare.reads, packet);
        bare.settle();
    }
}

fn active(bare: &Bare, pool: Pid) -> u64 {
    let behaviour = bare.kernel.behaviour(pool).and_then(|b| b.as_any());
    behaviour.and_then(|b| b.downcast_ref::<SupervisorActor>()).expect("it is one").counts().active
}

/// What the kernel told its reactor to start and to stop so many children.
fn started_and_stopped(children: u64) -> (u64, u64) {
    let mut bare = Bare::new();
    let pool = bare.spawn("pool", pool());
    bare.settle();
    let before = bare.reads.told;
    start(&mut bare, pool, children, false);
    assert_eq!((active(&bare, pool), u64::from(bare.kernel.alive())), (children, children + 1));
    let started = bare.reads.told;
    bare.kernel.stop(&mut bare.reads, pool, ExitReason::Shutdown);
    bare.settle();
    assert_eq!(bare.kernel.alive(), 0);
    assert_eq!(bare.kernel.signals(), 0);
    (started - before, bare.reads.told - started)
}

#[test]
fn to_start_and_to_stop() {
    // The kernel's own events are a few for the supervisor itself, and the same for each child.
    let (start_1k, stop_1k) = started_and_stopped(1_000);
    for n in [10, 100] {
        let (start, stop) = started_and_stopped(n * 1_000);
        assert_eq!(start, n * start_1k, "{n} times as many");
        let own = stop_1k % 1_000;
        assert_eq!(stop - own, n * (stop_1k - own), "{n} times as many");
    }
}

#[test]
fn and_those_that_are_gone_cost_nothing() {
    let mut bare = Bare::new();
    let pool = bare.spawn("pool", pool());
    bare.settle();
    let mut told = Vec::new();
    for _ in 0..10 {
        let before = bare.reads.told;
        start(&mut bare, pool, 10_000, true);
        told.push(bare.reads.told - before);
        // All that they used is used again: slots, lines, signals, timers.
        assert_eq!((active(&bare, pool), bare.kernel.alive(), bare.kernel.signals()), (0, 1, 0));
    }
    assert!(told.iter().all(|n| *n == told[0]), "{told:?}");
    assert_eq!(bare.kernel.actors().len(), 1);
    let lives = bare.kernel.into_lives();
    assert_eq!(lives.len(), 1, "a path is remembered for the supervisor, and for no instance");
}

/// The simulated reactor: facts that end with their actors, order, network and names.
#[test]
fn in_a_world_too() {
    let steps = |children: u64| {
        let config = WorldConfig { steps_max: u64::MAX, ..WorldConfig::default() };
        let program = InWorld {
            config,
            program: move |world: &mut World| {
                let pool = world.spawn("pool", pool());
                for _ in 0..children {
                    world.supervisor(pool).start_instance(&false)?;
                }
                assert_eq!(world.facts().sum("child"), children as i64);
                world.stop(pool, ExitReason::Shutdown);
                world.settle()?;
                assert_eq!((world.actors(), world.facts().sum("child")), (vec![], 0));
                Ok(())
            },
        };
        let outcome = run_with(&program, &RunConfig::seed(1), StrategySpec::Random.build(), Vec::new()).0;
        assert_eq!(outcome.found, None);
        outcome.stats.steps
    };
    // Deaths and what is told of them interleave otherwise in each size, so not to the step.
    let (few, many) = (20 * steps(1_000), steps(20_000));
    assert!(few.abs_diff(many) < many / 100, "twenty times as many: {few}, {many}");
}
