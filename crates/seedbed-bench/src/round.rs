//! Rounds: every contender once, then again, so that noise falls on all alike.

use cpu_time::ProcessTime;
use std::time::{Duration, Instant};

/// What is taken for time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Clock {
    /// What a watch shows.
    Wall,
    /// What the processors spent on this process, all threads together: for a machine that is shared.
    Cpu,
}

impl Clock {
    pub fn time(self, work: impl FnOnce()) -> Duration {
        let (wall, cpu) = (Instant::now(), ProcessTime::now());
        work();
        match self {
            Clock::Wall => wall.elapsed(),
            Clock::Cpu => cpu.elapsed(),
        }
    }
}

/// Does something `n` times; gives how long it took.
pub type Work = Box<dyn Fn(u64, Clock) -> Duration>;

/// Works of one kind, measured side by side; ratios are to the first.
pub struct Row {
    pub name: &'static str,
    /// What one of `n` is.
    pub unit: &'static str,
    pub n: u64,
    pub works: Vec<(&'static str, Work)>,
}

/// Medians in nanoseconds for one, in the order of the works.
pub fn measure(row: &Row, rounds: usize, clock: Clock) -> Vec<f64> {
    let mut times = vec![Vec::new(); row.works.len()];
    for _ in 0..rounds {
        for ((_, work), times) in row.works.iter().zip(&mut times) {
            times.push(work(row.n, clock).as_nanos() as f64 / row.n as f64);
        }
    }
    let median = |mut t: Vec<f64>| {
        t.sort_by(f64::total_cmp);
        t[t.len() / 2]
    };
    times.into_iter().map(median).collect()
}
