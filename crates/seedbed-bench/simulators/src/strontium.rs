//! strontium-core, the simulation that palladium's own is built on: tasks and virtual time. Which of the
//! tasks that are ready goes next is drawn anew at each step. It has no mailboxes; tokio's channels need
//! no runtime.

use crate::Ready;
use strontium_core::api::runtime::Reactor;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Passes a number to the other while it has turns left.
async fn play(mut left: u64, from: UnboundedSender<u64>, mut to: UnboundedReceiver<u64>) {
    while left > 0 {
        let ball = to.recv().await.expect("the other is there");
        left -= 1;
        // The other may have ended.
        let _ = from.send(ball);
    }
}

/// `n` messages, between `pairs` pairs of tasks at once.
pub fn pairs(n: u64, pairs: u64) -> Ready {
    let reactor = Reactor::new(1);
    let each = n / pairs;
    for _ in 0..pairs {
        let ((to_a, a), (to_b, b)) = (unbounded_channel(), unbounded_channel());
        to_a.send(7).expect("it is there");
        reactor.spawn_local_task(Box::pin(play(each / 2, to_b, a)));
        reactor.spawn_local_task(Box::pin(play(each / 2, to_a, b)));
    }
    Box::new(move || {
        reactor.run_until_idle();
        assert!(reactor.step_count() >= n, "{}", reactor.step_count());
    })
}
