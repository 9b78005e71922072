//! Every order of messages to one actor, one run after the other.

use seedbed_core::*;
use seedbed_sim::{RunConfig, Strategy, StrategySpec, World, run_with};

struct Receiver(Vec<u8>);

impl Actor for Receiver {
    type Message = u8;

    fn on_message(&mut self, _: &mut Context, message: u8) -> Result<()> {
        self.0.push(message);
        assert!(self.0.len() <= 12, "nothing comes twice");
        Ok(())
    }
}

/// Sends two messages when it starts.
struct Sender(u8);

impl Actor for Sender {
    type Message = ();

    fn on_start(&mut self, cx: &mut Context) -> Result<()> {
        let to = cx.whereis("receiver").expect("it is registered");
        cx.send(to, &(self.0 * 2))?;
        Ok(cx.send(to, &(self.0 * 2 + 1))?)
    }

    fn on_message(&mut self, _: &mut Context, (): ()) -> Result<()> {
        Ok(())
    }
}

/// At least `n` steps through the orders of twelve messages of six senders, and of their starts.
pub(crate) fn steps(n: u64) {
    let program = |world: &mut World| {
        world.spawn("receiver", || Receiver(Vec::new()));
        for sender in 1..=6 {
            world.spawn(&format!("sender{sender}"), move || Sender(sender));
        }
        Ok(())
    };
    let mut strategy = "dfs".parse::<StrategySpec>().expect("known").build();
    let mut done = 0;
    while done < n {
        let (outcome, given_back) = run_with(&program, &RunConfig::seed(1), strategy, Vec::new());
        strategy = given_back;
        assert!(outcome.found.is_none(), "{:?}", outcome.found);
        assert!(strategy.end(), "there are more orders than that");
        done += outcome.stats.steps;
    }
}
