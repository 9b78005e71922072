//! Measures Seedbed beside its limits, interleaved in one run, and prints one table.

mod limits;
mod ours;
mod peer;
mod round;

use clap::Parser;
use ours::{native, net, patterns, short, wasm};
use peer::peer;
use round::{Clock, Row, Work, measure, stay_on};

/// Measures Seedbed beside its limits.
#[derive(Parser)]
struct Args {
    /// Rounds; medians are over them.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Only rows whose name contains this.
    #[arg(long)]
    only: Option<String>,
    /// What is taken for time.
    #[arg(long, value_enum, default_value_t = Clock::Wall)]
    clock: Clock,
    /// The processor that everything runs on, peers too; without it, the one this begins on.
    #[arg(long)]
    processor: Option<usize>,
    /// `text` or `json`.
    #[arg(long, default_value = "text", value_parser = ["text", "json"])]
    format: String,
}

fn work(work: impl Fn(u64) + 'static) -> Work {
    Box::new(move |n, clock| clock.time(|| work(n)))
}

fn rows() -> Vec<Row> {
    vec![
        Row {
            name: "WASM message, 64 bytes, one send",
            unit: "message",
            n: 500_000,
            works: vec![
                ("bare wasmtime, the same copies", work(limits::wasmtime::run)),
                ("a step of arithmetic, for the machine's own speed", work(limits::arithmetic::run)),
                ("real reactor", work(wasm::real)),
                ("simulated, plain", work(|n| wasm::sim(n, "plain", 1))),
                ("simulated, random, 1 pair", work(|n| wasm::sim(n, "random", 1))),
                ("simulated, random, 8 pairs", work(|n| wasm::sim(n, "random", 8))),
            ],
        },
        Row {
            name: "native message",
            unit: "message",
            n: 1_000_000,
            works: vec![
                ("a VecDeque loop", work(limits::queue::run)),
                ("kernel alone", work(native::kernel)),
                ("simulated, plain", work(|n| native::sim(n, "plain", 1))),
            ],
        },
        Row {
            name: "native ping-pong, 1 in flight, real reactor",
            unit: "message",
            n: 400_000,
            works: vec![
                ("Seedbed", work(|n| native::real(n, 1))),
                ("actix 0.13.5", peer("actix", "ping-pong-1")),
                ("kameo 0.22.2", peer("kameo", "ping-pong-1")),
                ("ractor 0.16.5", peer("ractor", "ping-pong-1")),
            ],
        },
        Row {
            name: "native ping-pong, 64 in flight, real reactor",
            unit: "message",
            n: 400_000,
            works: vec![
                ("Seedbed", work(|n| native::real(n, 64))),
                ("actix 0.13.5", peer("actix", "ping-pong-64")),
                ("kameo 0.22.2", peer("kameo", "ping-pong-64")),
                ("ractor 0.16.5", peer("ractor", "ping-pong-64")),
            ],
        },
        Row {
            name: "native actors in other shapes, real reactor",
            unit: "message",
            n: 400_000,
            works: vec![
                ("two that pass one number to and fro", work(|n| native::real(n, 1))),
                ("a ring of 1 000", work(|n| patterns::ring(n, 1_000))),
                ("from one to 8 and back", work(|n| patterns::fan(n, 8))),
            ],
        },
        Row {
            name: "request and reply, real reactor",
            unit: "request",
            n: 50_000,
            works: vec![
                ("between two actors", work(patterns::asks)),
                ("from outside, another thread", work(patterns::asks_from_outside)),
            ],
        },
        Row {
            name: "timers set and cancelled, 1 000 pending, real reactor",
            unit: "timer",
            n: 200_000,
            works: vec![("Seedbed", work(patterns::timers))],
        },
        Row {
            name: "actors spawned and stopped from outside, real reactor",
            unit: "actor",
            n: 5_000,
            works: vec![
                ("native", work(|n| patterns::spawns(n, patterns::native()))),
                ("WASM", work(|n| patterns::spawns(n, wasm::idle_actor()))),
            ],
        },
        Row {
            name: "native simulated event, by pairs ready",
            unit: "event",
            n: 1_000_000,
            works: vec![
                ("10 pairs", work(|n| native::sim(n, "random", 10))),
                ("100 pairs", work(|n| native::sim(n, "random", 100))),
                ("1 000 pairs", work(|n| native::sim(n, "random", 1_000))),
                ("10 000 pairs", work(|n| native::sim(n, "random", 10_000))),
            ],
        },
        Row {
            name: "simulated ping-pong of two nodes, packets take 1 to 10 ms",
            unit: "message",
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
            unit: "request",
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
            unit: "run",
            n: 5_000,
            works: vec![
                ("Seedbed, 104 turns", work(short::runs)),
                ("shuttle 0.9.10, 4 threads, 192 channel operations", peer("shuttle", "short-runs")),
            ],
        },
        Row {
            name: "an idle virtual year",
            unit: "year",
            n: 1_000,
            works: vec![("simulated", work(short::idle_years))],
        },
        Row {
            name: "WASM actors, spawned, alive together, ended",
            unit: "actor",
            n: 100_000,
            works: vec![("simulated", work(short::alive_together))],
        },
    ]
}

fn main() -> std::io::Result<()> {
    let args = Args::parse();
    stay_on(args.processor)?;
    let wanted = |row: &Row| args.only.as_ref().is_none_or(|only| row.name.contains(only));
    for row in rows().into_iter().filter(wanted) {
        let all = measure(&row, args.rounds, args.clock);
        if args.format == "json" {
            for ((name, _), work) in row.works.iter().zip(&all) {
                let line = serde_json::json!({
                    "v": 1, "row": row.name, "work": name, "ns": work.ns, "speed_to_first": work.speed_to_first,
                });
                println!("{line}");
            }
            continue;
        }
        println!("{}", row.name);
        for ((name, _), work) in row.works.iter().zip(&all) {
            println!(
                "  {name:50} {:12.1} ns a {:8} {:6.0} % of the first\'s speed",
                work.ns,
                row.unit,
                100.0 * work.speed_to_first
            );
        }
    }
    Ok(())
}
