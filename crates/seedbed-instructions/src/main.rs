//! Counts the instructions that one message costs, and compares them with `counts.txt`.
//!
//! Timings are of a machine and its mood; instructions are of the code. One process does all works
//! under callgrind, each for `n` messages and for `2 n`: what it costs to begin falls out. A count
//! that is off by more than [`TOLERANCE`] percent fails, in both directions: what has become cheaper
//! is to be kept by `--bless`. Not seen: cache misses, and whatever else waits for memory.

#[path = "../../seedbed-bench/src/ours/mod.rs"]
#[expect(dead_code, reason = "the benchmark program has more works than are counted")]
mod ours;

use anyhow::{Context, Result, bail};
use ours::{asks, native, net, restarts, short, snapshots, spawns, timers, wasm};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, ExitCode};

/// How far a count may be from the one that is checked in, in percent: what is built anew around a hot
/// path is inlined a little differently.
const TOLERANCE: u64 = 10;

/// The counts that are checked in, one a line: the number, a blank, the work.
const COUNTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/counts.txt");

/// Something that is done `n` times.
struct Work {
    name: &'static str,
    n: u64,
    run: fn(u64),
}

const WORKS: [Work; 28] = [
    Work { name: "native message, kernel alone", n: 2_000, run: native::kernel },
    Work { name: "native message, simulated, plain", n: 2_000, run: |n| native::sim(n, "plain", 1) },
    Work {
        name: "native message, simulated, random, 1 pair",
        n: 2_000,
        run: |n| native::sim(n, "random", 1),
    },
    Work {
        name: "native message, simulated, random, 10 pairs",
        n: 2_000,
        run: |n| native::sim(n, "random", 10),
    },
    Work {
        name: "native message, simulated, random, 1000 pairs",
        n: 20_000,
        run: |n| native::sim(n, "random", 1_000),
    },
    Work { name: "message between simulated nodes", n: 2_000, run: net::ping_pong },
    Work { name: "request between simulated nodes, lossy", n: 1_000, run: net::lossy_requests },
    Work { name: "native message, real reactor", n: 2_000, run: |n| native::real(n, 1) },
    Work { name: "WASM message, real reactor", n: 2_000, run: |n| wasm::real(n, 1) },
    Work { name: "WASM message, simulated, plain", n: 2_000, run: |n| wasm::sim(n, "plain", 1) },
    Work { name: "WASM message, simulated, random, 1 pair", n: 2_000, run: |n| wasm::sim(n, "random", 1) },
    Work { name: "WASM message, simulated, random, 8 pairs", n: 4_000, run: |n| wasm::sim(n, "random", 8) },
    Work { name: "short run of 104 turns", n: 20, run: short::runs },
    Work { name: "request between two actors", n: 2_000, run: asks::between_two },
    Work { name: "request from a task", n: 2_000, run: asks::from_a_task },
    Work {
        name: "native actor spawned and stopped by an actor",
        n: 1_000,
        run: |n| spawns::by_an_actor(n, spawns::native()),
    },
    Work {
        name: "WASM actor spawned and stopped by an actor",
        n: 1_000,
        run: |n| spawns::by_an_actor(n, wasm::idle_actor()),
    },
    Work {
        name: "native actor spawned and stopped from a task",
        n: 1_000,
        run: |n| spawns::from_a_task(n, spawns::native()),
    },
    Work {
        name: "native child that fails, restarted",
        n: 1_000,
        run: |n| restarts::restarts(n, restarts::native()),
    },
    Work {
        name: "WASM child that fails, restarted",
        n: 1_000,
        run: |n| restarts::restarts(n, restarts::wasm()),
    },
    Work {
        name: "native child that fails, spawned again",
        n: 1_000,
        run: |n| restarts::by_hand(n, restarts::native()),
    },
    Work {
        name: "WASM child that fails, spawned again",
        n: 1_000,
        run: |n| restarts::by_hand(n, restarts::wasm()),
    },
    Work { name: "timer set and cancelled, 1000 pending", n: 2_000, run: |n| timers::timers(n, 1_000) },
    Work { name: "timer set and cancelled, 10000 pending", n: 10_000, run: |n| timers::timers(n, 10_000) },
    Work {
        name: "short run of 100 turns of WASM, begun again from its state after start",
        n: 20,
        run: snapshots::short_runs,
    },
    Work { name: "snapshot of 100 WASM actors", n: 20, run: |n| snapshots::kept(n, 100, ALL) },
    Work {
        name: "100 WASM actors put back after 8 turns, with these",
        n: 20,
        run: |n| snapshots::restored(n, 100, ALL),
    },
    Work { name: "100 WASM actors put back and forked", n: 20, run: |n| snapshots::forked(n, 100, ALL) },
];

/// What falls out need not be left out.
const ALL: &dyn Fn(&mut dyn FnMut()) = &|part| part();

/// A place at which callgrind writes down what it counted since the last one.
#[inline(never)]
fn mark() {
    std::hint::black_box(());
}

/// Every work for `n`, once to warm up and once to be counted, and for `2 n`, a mark behind each.
fn run_all(works: &[&Work]) {
    for work in works {
        for n in [work.n, work.n, 2 * work.n] {
            (work.run)(n);
            mark();
        }
    }
}

fn main() -> Result<ExitCode> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let flag = |flag: &str| args.iter().any(|a| a == flag);
    let only = args.iter().find(|a| !a.starts_with("--"));
    let works: Vec<&Work> =
        WORKS.iter().filter(|w| only.is_none_or(|only| w.name.contains(only.as_str()))).collect();
    if flag("--run") {
        run_all(&works);
        return Ok(ExitCode::SUCCESS);
    }
    let expected = read_counts(Path::new(COUNTS))?;
    let mut counts = expected.clone();
    let mut off = 0;
    for (work, count) in works.iter().zip(count(&works, only)?) {
        let before = expected.get(work.name).copied().unwrap_or_default();
        let fine = count.abs_diff(before) * 100 <= before * TOLERANCE;
        off += usize::from(!fine);
        println!("{count:8}  {:48} {before:8} checked in{}", work.name, if fine { "" } else { "  OFF" });
        counts.insert(work.name.to_owned(), count);
    }
    if flag("--bless") {
        let lines: Vec<String> =
            WORKS.iter().filter_map(|w| counts.get(w.name).map(|n| format!("{n} {}\n", w.name))).collect();
        std::fs::write(COUNTS, lines.concat())?;
    } else if off > 0 {
        println!(
            "{off} counts are off by more than {TOLERANCE} %; `--bless` keeps them, with a reason in the commit"
        );
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

fn read_counts(path: &Path) -> Result<BTreeMap<String, u64>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    let line = |line: &str| {
        let (count, name) = line.split_once(' ').context("a line is a number, a blank, a name")?;
        Ok((name.to_owned(), count.parse()?))
    };
    text.lines().map(line).collect()
}

/// Instructions for one of `n`, of each work.
fn count(works: &[&Work], only: Option<&String>) -> Result<Vec<u64>> {
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("counts");
    let out = Command::new("valgrind")
        .args(["--tool=callgrind", "--dump-after=seedbed_instructions::mark"])
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(std::env::current_exe()?)
        .arg("--run")
        .args(only)
        // An error takes one down with it if this says so, at three times the cost of what is counted.
        .env("RUST_BACKTRACE", "0")
        .output()
        .context("run valgrind")?;
    if !out.status.success() {
        bail!("the works ended with {}:\n{}", out.status, String::from_utf8_lossy(&out.stderr));
    }
    let part = |n: usize| total(&file.with_extension(n.to_string()));
    let one = |(i, work): (usize, &&Work)| Ok(part(3 * i + 3)?.saturating_sub(part(3 * i + 2)?) / work.n);
    works.iter().enumerate().map(one).collect()
}

/// What callgrind counted in one part.
fn total(file: &Path) -> Result<u64> {
    let text = std::fs::read_to_string(file).with_context(|| format!("read {}", file.display()))?;
    let total =
        text.lines().find_map(|line| line.strip_prefix("summary: ")).context("a part has a summary")?;
    Ok(total.trim().parse()?)
}
