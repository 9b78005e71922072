//! Simulated runs.

use super::{part, work};
use crate::ours::{native, net, orders, short, wasm};
use crate::peer::peer;
use crate::round::{Clock, Row, Work, on_each_processor, processors};

pub fn rows() -> Vec<Row> {
    vec![
        Row {
            name: "native simulated message, by pairs ready",
            columns: &["ns a message"],
            n: 1_000_000,
            works: by_pairs(native::sim_watched),
        },
        Row {
            name: "WASM simulated message, by pairs ready",
            columns: &["ns a message"],
            n: 1_000_000,
            works: by_pairs(wasm::sim_watched),
        },
        Row {
            name: "simulated ping-pong of 1 000 pairs at once, random order",
            columns: &["ns a message"],
            n: 100_000,
            works: vec![
                ("Seedbed, native", part(|n, watch| native::sim_watched(n, "random", 1_000, watch))),
                ("strontium-core 0.5.0, tasks and channels", peer("strontium", "sim-pairs-1000")),
            ],
        },
        Row {
            name: "simulated ping-pong of 10 pairs at once, random order",
            columns: &["ns a message"],
            n: 100_000,
            works: vec![
                ("Seedbed, native", part(|n, watch| native::sim_watched(n, "random", 10, watch))),
                ("strontium-core 0.5.0, tasks and channels", peer("strontium", "sim-pairs-10")),
            ],
        },
        Row {
            name: "simulated ping-pong of two nodes, packets take 1 to 10 ms",
            columns: &["ns a message"],
            n: 100_000,
            works: vec![
                ("Seedbed, native", work(net::ping_pong)),
                ("madsim 0.2.34, endpoints", peer("madsim", "sim-ping-pong")),
                ("turmoil 0.7.1, datagrams", peer("turmoil", "sim-ping-pong")),
                ("shuttle 0.9.10, channels; no network, no time", peer("shuttle", "sim-ping-pong")),
            ],
        },
        Row {
            name: "simulated requests, one packet in ten is lost",
            columns: &["ns a request"],
            n: 20_000,
            works: vec![
                ("Seedbed, native", work(net::lossy_requests)),
                ("madsim 0.2.34, endpoints", peer("madsim", "sim-lossy-requests")),
                ("turmoil 0.7.1, datagrams", peer("turmoil", "sim-lossy-requests")),
                ("shuttle 0.9.10, channels; no network, no time", peer("shuttle", "sim-lossy-requests")),
            ],
        },
        Row {
            name: "short whole runs, native, random order",
            columns: &["ns a run"],
            n: 5_000,
            works: vec![
                ("Seedbed, 104 turns", work(short::runs)),
                ("shuttle 0.9.10, 4 threads, 192 channel operations", peer("shuttle", "short-runs")),
            ],
        },
        Row {
            name: "short whole runs on each processor at once, wall clock",
            columns: &["ns a run"],
            n: 10_000,
            works: vec![
                ("one thread", Box::new(|n, _| work(short::runs)(n, Clock::Wall))),
                ("a thread a processor", Box::new(|n, _| work(runs_on_each_processor)(n, Clock::Wall))),
            ],
        },
        Row {
            name: "every order of 12 messages of 6 senders, depth first",
            columns: &["ns a step"],
            n: 200_000,
            works: vec![
                ("Seedbed, native, dfs", work(orders::steps)),
                ("stateright 0.31.0, ordered network, dfs", peer("stateright", "sim-orders")),
            ],
        },
        Row {
            name: "an idle virtual year",
            columns: &["ns a year"],
            n: 1_000,
            works: vec![("simulated", work(short::idle_years))],
        },
        Row {
            name: "WASM actors, spawned, alive together, ended",
            columns: &["ns an actor"],
            n: 100_000,
            works: vec![("simulated", work(short::alive_together))],
        },
    ]
}

/// Messages under a strategy between so many pairs; what it is given at last, times the part that counts.
type Simulated = fn(u64, &str, u64, &dyn Fn(&mut dyn FnMut()));

fn by_pairs(sim: Simulated) -> Vec<(&'static str, Work)> {
    let of = |pairs| part(move |n, watch| sim(n, "random", pairs, watch));
    vec![
        ("1 pair", of(1)),
        ("10 pairs", of(10)),
        ("100 pairs", of(100)),
        ("1 000 pairs", of(1_000)),
        ("10 000 pairs", of(10_000)),
    ]
}

/// `n` runs, shared by as many threads as there are processors.
fn runs_on_each_processor(n: u64) {
    on_each_processor(|| short::runs(n / processors()));
}
