//! Tries guests that call host functions with arguments made by chance, for so many seconds:
//! `cargo run --release -p seedbed-wasm --example host_calls -- --seconds 60 [--seed N]`.
//!
//! A guest that makes the host panic, or whose two runs differ, is told by its seed, exit code 1.

#[path = "../tests/all/calls.rs"]
mod calls;

use std::process::ExitCode;
use std::time::{Duration, Instant};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |name: &str| {
        let at = args.iter().position(|arg| arg == name)?;
        args.get(at + 1)?.parse::<u64>().ok()
    };
    let (seconds, first) = (number("--seconds").unwrap_or(60), number("--seed").unwrap_or(0));
    #[expect(
        clippy::disallowed_methods,
        reason = "how many seeds are tried; what each does depends on it alone"
    )]
    let begun = Instant::now();
    let mut tried = 0;
    while begun.elapsed() < Duration::from_secs(seconds) {
        let seed = first + tried;
        if let Err(why) = calls::try_seed(seed) {
            eprintln!("seed {seed}: {why}");
            return ExitCode::FAILURE;
        }
        tried += 1;
    }
    println!("{tried} guests from seed {first} on: the host went on, and each ran twice the same");
    ExitCode::SUCCESS
}
