//! actix, in a system on this thread, or on one of its own where another asks.

mod asks;
mod fan;
mod ping_pong;
mod ring;
mod spawns;
mod timers;

use crate::Ready;
use actix::prelude::*;

/// A work by name, if this peer does it.
pub fn ready(work: &str, n: u64) -> Option<Ready> {
    Some(match work {
        "ping-pong-1" => ping_pong::ping_pong(n, 1),
        "ping-pong-64" => ping_pong::ping_pong(n, 64),
        "ring" => ring::ring(n, 1_000),
        "fan" => fan::fan(n, 8),
        "asks" => asks::between_two(n),
        "asks-from-a-task" => asks::from_a_task(n),
        "asks-from-another-thread" => asks::from_another_thread(n),
        "timers" => timers::timers(n, 1_000),
        "spawns-from-a-task" => spawns::from_a_task(n),
        "spawns-from-another-thread" => spawns::from_another_thread(n),
        _ => return None,
    })
}

/// A system on a thread of its own, until the process ends.
fn elsewhere() -> ArbiterHandle {
    let (send, receive) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let system = System::new();
        send.send(Arbiter::current()).expect("it is waited for");
        system.run().expect("it ends well");
    });
    receive.recv().expect("it starts")
}
