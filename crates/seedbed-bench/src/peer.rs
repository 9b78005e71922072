//! Peers: a program of their own does their work, once a round, and says how long it took.

use crate::round::{Clock, Work};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// The work that a peer does; it is built by `cargo build --release --workspace`.
pub fn peer(peer: &'static str, work: &'static str) -> Work {
    Box::new(move |n, clock| {
        let out = Command::new(program()).args([peer, work, &n.to_string()]).output();
        let out = out.unwrap_or_else(|e| panic!("failed to run the peers' program: {e}; build it first"));
        assert!(out.status.success(), "{peer} failed: {}", String::from_utf8_lossy(&out.stderr));
        let text = String::from_utf8_lossy(&out.stdout);
        let mut times = text.split_whitespace().map(|ns| Duration::from_nanos(ns.parse().expect("a number")));
        let (wall, cpu) = (times.next().expect("two numbers"), times.next().expect("two numbers"));
        match clock {
            Clock::Wall => wall,
            Clock::Cpu => cpu,
        }
    })
}

/// Beside this program.
fn program() -> PathBuf {
    std::env::current_exe().expect("a program has a path").with_file_name("seedbed-bench-peers")
}
