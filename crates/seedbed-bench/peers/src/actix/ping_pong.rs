//! Two actors that pass numbers to and fro.

use crate::Ready;
use actix::prelude::*;

/// Passes a number to who sent it, while it has turns left.
struct Player {
    left: u64,
}

#[derive(Message)]
#[rtype(result = "()")]
struct Ball {
    from: Addr<Player>,
    number: u64,
}

impl Actor for Player {
    type Context = Context<Self>;

    fn started(&mut self, cx: &mut Context<Self>) {
        cx.set_mailbox_capacity(1024);
    }
}

impl Handler<Ball> for Player {
    type Result = ();

    fn handle(&mut self, ball: Ball, cx: &mut Context<Self>) {
        if self.left == 0 {
            System::current().stop();
            return;
        }
        self.left -= 1;
        ball.from.do_send(Ball { from: cx.address(), number: ball.number });
    }
}

/// `n` messages between two actors, `flying` at a time.
pub fn ping_pong(n: u64, flying: u64) -> Ready {
    let system = System::new();
    let (a, b) = system.block_on(async { (Player { left: n / 2 }.start(), Player { left: n / 2 }.start()) });
    Box::new(move || {
        for number in 0..flying {
            b.do_send(Ball { from: a.clone(), number });
        }
        system.run().expect("it ends well");
    })
}
