//! Peers: programs of their own do their work, once a round, and say how long it took.

use crate::round::{Clock, Work};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The work that a peer does; `just bench` builds the programs. No number where its program is not built.
pub fn peer(peer: &'static str, work: &'static str) -> Work {
    Box::new(move |n, clock| {
        let program = program(peer, work);
        if !program.exists() {
            return vec![f64::NAN];
        }
        let out = Command::new(program).args([peer, work, &n.to_string()]).output().expect("it starts");
        assert!(out.status.success(), "{peer} failed: {}", String::from_utf8_lossy(&out.stderr));
        let text = String::from_utf8_lossy(&out.stdout);
        let mut times = text.split_whitespace().map(|ns| ns.parse::<f64>().expect("a number"));
        let (wall, cpu) = (times.next().expect("two numbers"), times.next().expect("two numbers"));
        let ns = match clock {
            Clock::Wall => wall,
            Clock::Cpu => cpu,
        };
        vec![ns / n as f64]
    })
}

/// Those of other simulators, and of lunatic and palladium, which need other wasmtimes, are built in other ways, in
/// directories of their own.
fn program(peer: &str, work: &str) -> PathBuf {
    let this = std::env::current_exe().expect("a program has a path");
    let of = match peer {
        _ if work.starts_with("sim-") => "simulators",
        "lunatic" | "palladium" => peer,
        _ => return this.with_file_name("seedbed-bench-peers"),
    };
    let target = this.parent().and_then(Path::parent).expect("it is in a directory of target");
    target.join(format!("{of}/release/seedbed-bench-{of}"))
}
