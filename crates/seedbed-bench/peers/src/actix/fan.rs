//! From one to many, and from all of them back.

use crate::Ready;
use actix::prelude::*;

/// Sends a number to all leaves, and the next one when all have sent it back.
struct Hub {
    leaves: Vec<Addr<Leaf>>,
    back: usize,
    left: u64,
}

struct Leaf;

#[derive(Message)]
#[rtype(result = "()")]
struct Out {
    hub: Addr<Hub>,
    number: u64,
}

#[derive(Message)]
#[rtype(result = "()")]
struct Back(u64);

impl Actor for Hub {
    type Context = Context<Self>;
}

impl Actor for Leaf {
    type Context = Context<Self>;
}

impl Handler<Back> for Hub {
    type Result = ();

    fn handle(&mut self, Back(number): Back, cx: &mut Context<Self>) {
        self.back += 1;
        if self.back < self.leaves.len() {
            return;
        }
        self.back = 0;
        if self.left == 0 {
            System::current().stop();
            return;
        }
        self.left -= 1;
        for leaf in &self.leaves {
            leaf.do_send(Out { hub: cx.address(), number });
        }
    }
}

impl Handler<Out> for Leaf {
    type Result = ();

    fn handle(&mut self, Out { hub, number }: Out, _: &mut Context<Self>) {
        hub.do_send(Back(number));
    }
}

/// `n` messages: from one actor to `leaves` others, and from all of them back to it.
pub fn fan(n: u64, leaves: u64) -> Ready {
    let system = System::new();
    let hub = system.block_on(async {
        let leaves: Vec<_> = (0..leaves).map(|_| Leaf.start()).collect();
        Hub { back: leaves.len() - 1, left: n / (2 * leaves.len() as u64), leaves }.start()
    });
    Box::new(move || {
        hub.do_send(Back(7));
        system.run().expect("it ends well");
    })
}
