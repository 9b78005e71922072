//! Timers that are set and cancelled.

use crate::{Ready, SOON};
use actix::prelude::*;
use std::time::Duration;

/// Sets `pending` timers and cancels them at its next message, again and again: what is cancelled by the
/// message that set it has never slept.
struct Alarms {
    pending: u64,
    left: u64,
    set: Vec<SpawnHandle>,
}

#[derive(Message)]
#[rtype(result = "()")]
struct Again;

impl Actor for Alarms {
    type Context = Context<Self>;
}

impl Handler<Again> for Alarms {
    type Result = ();

    fn handle(&mut self, _: Again, cx: &mut Context<Self>) {
        if !self.set.is_empty() {
            self.set.drain(..).for_each(|timer| assert!(cx.cancel_future(timer)));
            cx.address().do_send(Again);
            return;
        }
        if self.left == 0 {
            System::current().stop();
            return;
        }
        cx.address().do_send(Again);
        let after = |tag| SOON + Duration::from_nanos(tag * 7_919 % 1_000);
        for tag in 0..self.pending.min(self.left) {
            self.set.push(cx.run_later(after(tag), |_, _| unreachable!("none is due so soon")));
        }
        self.left -= self.set.len() as u64;
    }
}

/// `n` timers set and cancelled, `pending` of them at a time.
pub fn timers(n: u64, pending: u64) -> Ready {
    let system = System::new();
    let alarms = system.block_on(async { Alarms { pending, left: n, set: Vec::new() }.start() });
    Box::new(move || {
        alarms.do_send(Again);
        system.run().expect("it ends well");
    })
}
