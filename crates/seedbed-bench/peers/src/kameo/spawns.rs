//! Actors that are spawned and stopped, one after the other.

use crate::{Ready, elsewhere, runtime};
use kameo::prelude::*;

#[derive(Actor)]
struct One;

async fn spawn_and_stop(n: u64) {
    for _ in 0..n {
        let one = One::spawn_with_mailbox(One, mailbox::unbounded());
        one.wait_for_startup().await;
        one.stop_gracefully().await.expect("it is there");
        one.wait_for_shutdown().await;
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
