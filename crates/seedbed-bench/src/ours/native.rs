//! Native actors that pass a number to and fro.

use seedbed_core::*;
use seedbed_rt::System;
use seedbed_sim::{RunConfig, StrategySpec, World, run_with};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Passes a number while it has turns left: the first to `other`, if it has one, then each to who sent it.
struct Player {
    left: u64,
    other: Option<String>,
}

impl Actor for Player {
    type Message = u64;

    fn on_message(&mut self, cx: &mut Context, ball: u64) -> Result<()> {
        if self.left > 0 {
            self.left -= 1;
            let to = match self.other.take() {
                Some(other) => cx.address(&other)?,
                None => cx.from(),
            };
            cx.send(to, &ball)?;
        }
        Ok(())
    }
}

/// Serves one number.
struct Serve(&'static str);

impl Actor for Serve {
    type Message = ();

    fn on_start(&mut self, cx: &mut Context) -> Result<()> {
        Ok(cx.send(cx.address(self.0)?, &7u64)?)
    }

    fn on_message(&mut self, _: &mut Context, (): ()) -> Result<()> {
        Ok(())
    }
}

struct Fifo {
    queue: VecDeque<Delivery>,
}

impl Port for Fifo {
    fn now(&mut self) -> Time {
        Time::ZERO
    }
    fn unix_time(&mut self) -> Time {
        Time::ZERO
    }
    fn choose(&mut self, _: &ChoicePoint) -> u32 {
        0
    }
    fn observe(&mut self, _: &Event<'_>) {}
    fn simulated(&self) -> bool {
        false
    }
}

impl Reactor for Fifo {
    #[inline]
    fn enabled(&mut self, delivery: Delivery, _: Chain) {
        self.queue.push_back(delivery);
    }
    fn disabled(&mut self, _: Delivery) {}
    fn transmit(&mut self, _: Packet) {}
    fn perform(&mut self, _: EffectRequest) {}
}

/// The kernel under the simplest reactor.
pub(crate) fn kernel(n: u64) {
    let mut kernel = Kernel::new(NodeConfig {
        id: NodeId(1),
        name: "n".into(),
        boot: Boot(0),
        key: Key::from_seed(0),
        entries: BTreeMap::new(),
        effects: vec![],
        nodes: BTreeMap::new(),
    });
    let mut r = Fifo { queue: VecDeque::new() };
    let player = |other: Option<&str>| {
        let other = other.map(str::to_owned);
        Arc::new(move || Player { left: n / 2, other: other.clone() })
    };
    kernel.spawn(&mut r, SpawnOptions::registered("b"), player(None)).expect("free");
    kernel.spawn(&mut r, SpawnOptions::registered("a"), player(Some("b"))).expect("free");
    kernel.spawn(&mut r, SpawnOptions::default(), Arc::new(|| Serve("a"))).expect("free");
    while let Some(delivery) = r.queue.pop_front() {
        kernel.run(&mut r, delivery);
    }
}

/// On the simulated reactor, with choices, tape and hash on.
pub(crate) fn sim(n: u64, strategy: &str, pairs: u64) {
    sim_watched(n, strategy, pairs, &|run| run());
}

/// The same; `watch` is given the part from the first number to the last, when all have started.
pub(crate) fn sim_watched(n: u64, strategy: &str, pairs: u64, watch: &dyn Fn(&mut dyn FnMut())) {
    let each = n / pairs;
    let program = move |world: &mut World| {
        quick_world(world);
        let player = |world: &mut World, name: &str, other: Option<String>| {
            world.spawn(name, move || Player { left: each / 2, other: other.clone() })
        };
        let both = |pair| {
            let b = format!("b{pair}");
            player(world, &b, None);
            player(world, &format!("a{pair}"), Some(b))
        };
        let first: Vec<_> = (0..pairs).map(both).collect();
        world.settle()?;
        let mut ended = None;
        watch(&mut || {
            for a in &first {
                world.send(*a, 7u64);
            }
            ended = Some(world.run());
        });
        ended.expect("it was watched")?;
        Ok(())
    };
    let strategy = strategy.parse::<StrategySpec>().expect("known").build();
    let (outcome, _) = run_with(&program, &RunConfig::seed(1), strategy, Vec::new());
    assert!(outcome.found.is_none(), "{:?}", outcome.found);
}

/// No bound on steps.
pub(crate) fn quick_world(world: &mut World) {
    world.configure(|c| c.steps_max = u64::MAX);
}

/// Passes a number to who sent it; the last one stops it.
struct Returner {
    left: u64,
}

impl Actor for Returner {
    type Message = u64;

    fn on_message(&mut self, cx: &mut Context, ball: u64) -> Result<()> {
        if self.left == 0 {
            cx.stop(Reason::Normal);
            return Ok(());
        }
        self.left -= 1;
        Ok(cx.send(cx.from(), &ball)?)
    }
}

/// Serves `flying` numbers to another, and is a [`Returner`] from then on.
struct Server {
    flying: u64,
    returner: Returner,
}

impl Actor for Server {
    type Message = u64;

    fn on_start(&mut self, cx: &mut Context) -> Result<()> {
        let other = cx.address("returner")?;
        (0..self.flying).try_for_each(|ball| cx.send(other, &ball)).map_err(Into::into)
    }

    fn on_message(&mut self, cx: &mut Context, ball: u64) -> Result<()> {
        self.returner.on_message(cx, ball)
    }
}

/// On the real reactor: `n` messages between two actors, `flying` at a time.
pub(crate) fn real(n: u64, flying: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let system = System::start().expect("it starts");
        let returner = move || Returner { left: n / 2 };
        let b = system.spawn("returner", returner).await.expect("it starts");
        let done = system.monitor(b);
        let server = move || Server { flying, returner: Returner { left: n / 2 } };
        system.spawn("server", server).await.expect("it starts");
        done.await.expect("the system runs");
        system.shutdown().await.expect("it runs");
    });
}
