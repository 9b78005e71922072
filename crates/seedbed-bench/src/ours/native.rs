//! Native actors that pass a number to and fro.

use seedbed_core::*;
use seedbed_rt::System;
use seedbed_sim::{RunConfig, StrategySpec, World, run_with};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Passes a number while it has turns left.
struct Player {
    left: u64,
    other: Option<String>,
}

impl Actor for Player {
    type Message = u64;

    fn on_start(&mut self, cx: &mut Context) -> Result<()> {
        if let Some(other) = &self.other {
            let to = cx.address(other)?;
            cx.send(to, &7)?;
        }
        Ok(())
    }

    fn on_message(&mut self, cx: &mut Context, ball: u64) -> Result<()> {
        if self.left > 0 {
            self.left -= 1;
            let from = cx.from();
            cx.send(from, &ball)?;
        }
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
    while let Some(delivery) = r.queue.pop_front() {
        kernel.run(&mut r, delivery);
    }
}

pub(crate) fn sim(n: u64, strategy: &str, pairs: u64) {
    let each = n / pairs;
    let program = move |world: &mut World| {
        quick_world(world);
        for pair in 0..pairs {
            world.spawn(&format!("b{pair}"), move || Player { left: each / 2, other: None });
            let other = format!("b{pair}");
            world.spawn(&format!("a{pair}"), move || Player { left: each / 2, other: Some(other.clone()) });
        }
        world.run()?;
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
