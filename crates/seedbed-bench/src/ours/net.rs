//! Two nodes over a simulated network: the programs that other simulators run too.

use super::native::quick_world;
use seedbed_core::*;
use seedbed_sim::{Faults, Latency, RunConfig, StrategySpec, World, run_with};
use std::sync::Arc;
use std::time::Duration;

/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_millis(100);
/// A seed in whose run packets are lost at the whole of the rate: each run draws its share.
const SEED: u64 = 12;

/// Gives back what comes.
struct Server;

impl Actor for Server {
    type Message = u64;

    fn on_message(&mut self, cx: &mut Context, ball: u64) -> Result<()> {
        match cx.request() {
            Some(_) => cx.reply(ball),
            None => Ok(cx.send(cx.from(), &ball)?),
        }
    }
}

/// Sends the next when one has come back.
struct Player {
    left: u64,
}

impl Player {
    fn serve(&mut self, cx: &mut Context) -> Result<()> {
        if self.left > 0 {
            self.left -= 1;
            let server = cx.address("server@b")?;
            cx.send(server, &self.left)?;
        }
        Ok(())
    }
}

impl Actor for Player {
    type Message = u64;

    fn on_start(&mut self, cx: &mut Context) -> Result<()> {
        self.serve(cx)
    }

    fn on_message(&mut self, cx: &mut Context, ball: u64) -> Result<()> {
        assert_eq!(ball, self.left);
        self.serve(cx)
    }
}

/// Asks, and asks again where no answer came.
struct Client {
    left: u64,
}

impl Client {
    fn ask(&mut self, cx: &mut Context) -> Result<()> {
        if self.left > 0 {
            let server = cx.address("server@b")?;
            cx.ask(server, &self.left, PATIENCE)?;
        }
        Ok(())
    }
}

impl Actor for Client {
    type Message = u64;

    fn on_start(&mut self, cx: &mut Context) -> Result<()> {
        self.ask(cx)
    }

    fn on_message(&mut self, _: &mut Context, _: u64) -> Result<()> {
        Ok(())
    }

    fn on_signal(&mut self, cx: &mut Context, signal: Signal) -> Result<()> {
        if let Signal::Reply { outcome, .. } = signal {
            self.left -= u64::from(outcome.is_ok());
            self.ask(cx)?;
        }
        Ok(())
    }
}

/// Runs a client beside the server; packets take 1 to 10 ms, and so many of a million are lost.
fn beside_server(client: Arc<dyn Factory>, drop: u32) -> seedbed_sim::Stats {
    let program = move |world: &mut World| {
        quick_world(world);
        world.configure(|c| {
            c.duration = Duration::from_secs(1_000_000_000);
            c.latency = Latency::between(1_000_000, 10_000_000);
            c.faults = Faults { drop, delay: 1_000_000, ..Faults::none() };
        });
        world.node("b", |boot| {
            boot.spawn(SpawnOptions::registered("server"), Arc::new(|| Server)).expect("the name is free");
        });
        let client = Arc::clone(&client);
        world.node("a", move |boot| {
            boot.spawn(SpawnOptions::named("client"), Arc::clone(&client)).expect("the name is free");
        });
        world.run()?;
        Ok(())
    };
    let (outcome, _) = run_with(&program, &RunConfig::seed(SEED), StrategySpec::Random.build(), Vec::new());
    assert!(outcome.found.is_none(), "{:?}", outcome.found);
    outcome.stats
}

/// `n` messages between two nodes.
pub(crate) fn ping_pong(n: u64) {
    let stats = beside_server(Arc::new(move || Player { left: n / 2 }), 0);
    assert!(stats.steps >= n, "{}", stats.steps);
}

/// `n` requests that are answered, where one packet in ten is lost.
pub(crate) fn lossy_requests(n: u64) {
    let stats = beside_server(Arc::new(move || Client { left: n }), 100_000);
    // 2.1 packets a round, 1.235 rounds a request.
    let lost = stats.faults["drop"] as f64 / n as f64;
    assert!((0.2..0.27).contains(&lost), "{lost}");
}
