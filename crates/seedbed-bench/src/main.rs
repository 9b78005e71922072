//! Measures Seedbed beside its limits, interleaved in one run, and prints one table.

mod limits;
mod ours;
mod peer;
mod round;

use clap::Parser;
use ours::{native, short, wasm};
use peer::peer;
use round::{Clock, Row, Work, measure};

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

fn main() {
    let args = Args::parse();
    let wanted = |row: &Row| args.only.as_ref().is_none_or(|only| row.name.contains(only));
    for row in rows().into_iter().filter(wanted) {
        let medians = measure(&row, args.rounds, args.clock);
        if args.format == "json" {
            for ((name, _), ns) in row.works.iter().zip(&medians) {
                let ratio = medians[0] / ns;
                let line = serde_json::json!({ "v": 1, "row": row.name, "work": name, "ns": ns, "speed_to_first": ratio });
                println!("{line}");
            }
            continue;
        }
        println!("{}", row.name);
        for ((name, _), ns) in row.works.iter().zip(&medians) {
            println!(
                "  {name:50} {ns:12.1} ns a {:8} {:6.0} % of the first\'s speed",
                row.unit,
                100.0 * medians[0] / ns
            );
        }
    }
}
