//! From one to many, and from all of them back.

use crate::{Ready, runtime};
use kameo::prelude::*;

/// Sends a number to all leaves, and the next one when all have sent it back.
#[derive(Actor)]
struct Hub {
    leaves: Vec<ActorRef<Leaf>>,
    back: usize,
    left: u64,
}

#[derive(Actor)]
struct Leaf;

struct Out {
    hub: ActorRef<Hub>,
    number: u64,
}
struct Back(u64);

impl Message<Back> for Hub {
    type Reply = ();

    async fn handle(&mut self, Back(number): Back, cx: &mut Context<Self, ()>) {
        self.back += 1;
        if self.back < self.leaves.len() {
            return;
        }
        self.back = 0;
        if self.left == 0 {
            cx.actor_ref().kill();
            return;
        }
        self.left -= 1;
        for leaf in &self.leaves {
            leaf.tell(Out { hub: cx.actor_ref().clone(), number }).await.expect("it is there");
        }
    }
}

impl Message<Out> for Leaf {
    type Reply = ();

    async fn handle(&mut self, Out { hub, number }: Out, _: &mut Context<Self, ()>) {
        hub.tell(Back(number)).await.expect("it is there");
    }
}

/// `n` messages: from one actor to `leaves` others, and from all of them back to it.
pub fn fan(n: u64, leaves: u64) -> Ready {
    let runtime = runtime();
    let hub = runtime.block_on(async {
        let leaf = |_| Leaf::spawn_with_mailbox(Leaf, mailbox::unbounded());
        let leaves: Vec<_> = (0..leaves).map(leaf).collect();
        let hub = Hub { back: leaves.len() - 1, left: n / (2 * leaves.len() as u64), leaves };
        Hub::spawn_with_mailbox(hub, mailbox::unbounded())
    });
    Box::new(move || {
        runtime.block_on(async move {
            hub.tell(Back(7)).await.expect("it is there");
            hub.wait_for_shutdown().await;
        });
    })
}
