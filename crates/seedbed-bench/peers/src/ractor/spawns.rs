//! Actors that are spawned and stopped, one after the other.

use crate::{Ready, elsewhere, runtime};
use ractor::{Actor, ActorProcessingErr, ActorRef};

struct One;

impl Actor for One {
    type Msg = ();
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<()>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }
}

async fn spawn_and_stop(n: u64) {
    for _ in 0..n {
        let (one, done) = Actor::spawn(None, One, ()).await.expect("it starts");
        one.stop(None);
        done.await.expect("it ends");
    }
}

/// By a task of the actors' own thread.
pub fn from_a_task(n: u64) -> Ready {
    let runtime = runtime();
    Box::new(move || runtime.block_on(spawn_and_stop(n)))
}

/// From another thread than theirs.
pub fn from_another_thread(n: u64) -> Ready {
    let handle = elsewhere();
    Box::new(move || handle.block_on(spawn_and_stop(n)))
}
