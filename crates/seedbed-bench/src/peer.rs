//! Peers: programs of their own do their work, once a round, and say how long it took.

use crate::round::{Clock, Work};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The work that a peer does; `just bench` builds the programs.
pub fn peer(peer: &'static str, work: &'static str) -> Work {
    Box::new(move |n, clock| {
        let out = Command::new(program(work)).args([peer, work, &n.to_string()]).output();
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

/// That of actors is beside this program; that of other simulators, which are built in another way, is in a
/// directory beside.
fn program(work: &str) -> PathBuf {
    let this = std::env::current_exe().expect("a program has a path");
    if !work.starts_with("sim-") {
        return this.with_file_name("seedbed-bench-peers");
    }
    let target = this.parent().and_then(Path::parent).expect("it is in a directory of target");
    target.join("simulators/release/seedbed-bench-simulators")
}
