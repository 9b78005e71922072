//! Two actors that pass numbers to and fro.

use crate::{Ready, runtime};
use kameo::prelude::*;

/// Passes a number to who sent it, while it has turns left.
#[derive(Actor)]
struct Player {
    left: u64,
}

struct Ball {
    from: ActorRef<Player>,
    number: u64,
}

impl Message<Ball> for Player {
    type Reply = ();

    async fn handle(&mut self, ball: Ball, cx: &mut Context<Self, ()>) {
        if self.left == 0 {
            cx.actor_ref().kill();
            return;
        }
        self.left -= 1;
        let back = Ball { from: cx.actor_ref().clone(), number: ball.number };
        // The other may have ended already, with balls in the air.
        let _ = ball.from.tell(back).await;
    }
}

/// `n` messages between two actors, `flying` at a time.
pub fn ping_pong(n: u64, flying: u64) -> Ready {
    let runtime = runtime();
    let (a, b) = runtime.block_on(async {
        let player = || Player::spawn_with_mailbox(Player { left: n / 2 }, mailbox::unbounded());
        let (a, b) = (player(), player());
        a.wait_for_startup().await;
        b.wait_for_startup().await;
        (a, b)
    });
    Box::new(move || {
        runtime.block_on(async move {
            for number in 0..flying {
                b.tell(Ball { from: a.clone(), number }).await.expect("it is there");
            }
            b.wait_for_shutdown().await;
        });
    })
}
