//! From one to many, and from all of them back.

use super::system::elsewhere;
use seedbed_core::*;

/// Sends a number to all leaves, and the next one when all have sent it back.
struct Hub {
    leaves: Vec<Pid>,
    back: usize,
    left: u64,
}

impl Actor for Hub {
    type Message = u64;

    fn on_message(&mut self, cx: &mut Context, number: u64) -> Result<()> {
        self.back += 1;
        if self.back < self.leaves.len() {
            return Ok(());
        }
        self.back = 0;
        if self.left == 0 {
            cx.stop(Reason::Normal);
            return Ok(());
        }
        self.left -= 1;
        self.leaves.iter().try_for_each(|leaf| cx.send(*leaf, &number)).map_err(Into::into)
    }
}

struct Leaf;

impl Actor for Leaf {
    type Message = u64;

    fn on_message(&mut self, cx: &mut Context, number: u64) -> Result<()> {
        Ok(cx.send(cx.from(), &number)?)
    }
}

/// `n` messages: from one actor to `leaves` others, and from all of them back to it.
pub(crate) fn fan(n: u64, leaves: u64) {
    elsewhere(|system| async move {
        let mut pids = Vec::new();
        for leaf in 0..leaves {
            pids.push(system.spawn(&format!("leaf{leaf}"), || Leaf).await.expect("it starts"));
        }
        let hub = move || Hub { back: pids.len() - 1, leaves: pids.clone(), left: n / (2 * leaves) };
        let hub = system.spawn("hub", hub).await.expect("it starts");
        let done = system.monitor(hub);
        system.send(hub, 7u64).expect("it is there");
        done.await.expect("the system runs");
    });
}
