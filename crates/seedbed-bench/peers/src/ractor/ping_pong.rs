//! Two actors that pass numbers to and fro.

use crate::{Ready, runtime};
use ractor::{Actor, ActorProcessingErr, ActorRef};

/// Passes a number to who sent it, while it has turns left.
struct Player;

struct Ball {
    from: ActorRef<Ball>,
    number: u64,
}

impl Actor for Player {
    type Msg = Ball;
    type State = u64;
    type Arguments = u64;

    async fn pre_start(&self, _: ActorRef<Ball>, left: u64) -> Result<u64, ActorProcessingErr> {
        Ok(left)
    }

    async fn handle(&self, me: ActorRef<Ball>, ball: Ball, left: &mut u64) -> Result<(), ActorProcessingErr> {
        if *left == 0 {
            me.stop(None);
            return Ok(());
        }
        *left -= 1;
        ball.from.send_message(Ball { from: me, number: ball.number })?;
        Ok(())
    }
}

/// `n` messages between two actors, `flying` at a time.
pub fn ping_pong(n: u64, flying: u64) -> Ready {
    let runtime = runtime();
    let (a, b, done) = runtime.block_on(async {
        let (a, _) = Actor::spawn(None, Player, n / 2).await.expect("it starts");
        let (b, done) = Actor::spawn(None, Player, n / 2).await.expect("it starts");
        (a, b, done)
    });
    Box::new(move || {
        runtime.block_on(async move {
            for number in 0..flying {
                b.send_message(Ball { from: a.clone(), number }).expect("it is there");
            }
            done.await.expect("it ends");
        });
    })
}
