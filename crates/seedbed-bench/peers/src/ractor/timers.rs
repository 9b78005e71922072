//! Timers that are set and cancelled.

use crate::{Ready, SOON, runtime};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use std::time::Duration;

/// Sets `pending` timers and cancels them, again and again. A timer is a task that sleeps.
struct Alarms {
    pending: u64,
}

enum Input {
    Again,
    Due,
}

impl Actor for Alarms {
    type Msg = Input;
    type State = u64;
    type Arguments = u64;

    async fn pre_start(&self, _: ActorRef<Input>, left: u64) -> Result<u64, ActorProcessingErr> {
        Ok(left)
    }

    async fn handle(
        &self,
        me: ActorRef<Input>,
        input: Input,
        left: &mut u64,
    ) -> Result<(), ActorProcessingErr> {
        assert!(matches!(input, Input::Again), "none is due so soon");
        if *left == 0 {
            me.stop(None);
            return Ok(());
        }
        let after = |tag| SOON + Duration::from_nanos(tag * 7_919 % 1_000);
        let set = (0..self.pending.min(*left)).map(|tag| me.send_after(after(tag), || Input::Due));
        let set: Vec<_> = set.collect();
        *left -= set.len() as u64;
        // They begin to sleep when they have run.
        tokio::task::yield_now().await;
        set.iter().for_each(|timer| timer.abort());
        me.send_message(Input::Again)?;
        Ok(())
    }
}

/// `n` timers set and cancelled, `pending` of them at a time.
pub fn timers(n: u64, pending: u64) -> Ready {
    let runtime = runtime();
    let (alarms, done) = runtime.block_on(Actor::spawn(None, Alarms { pending }, n)).expect("it starts");
    Box::new(move || {
        runtime.block_on(async move {
            alarms.send_message(Input::Again).expect("it is there");
            done.await.expect("it ends");
        });
    })
}
