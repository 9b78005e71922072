//! kameo, on tokio's current-thread runtime.

mod asks;
mod fan;
mod ping_pong;
mod ring;
mod spawns;

use crate::Ready;

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
        "spawns-from-a-task" => spawns::from_a_task(n),
        "spawns-from-another-thread" => spawns::from_another_thread(n),
        _ => return None,
    })
}
