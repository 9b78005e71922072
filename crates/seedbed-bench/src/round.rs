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

/// What came of one work.
pub struct Measured {
    /// Nanoseconds for one; the median of the rounds.
    pub ns: f64,
    /// Its speed to the first work's of the same round; the median of the rounds. What a round met on
    /// the machine falls on both, so this stands still where the times do not.
    pub speed_to_first: f64,
}

/// Measures all works of a row, in their order.
pub fn measure(row: &Row, rounds: usize, clock: Clock) -> Vec<Measured> {
    let mut times = vec![Vec::new(); row.works.len()];
    for _ in 0..rounds {
        for ((_, work), times) in row.works.iter().zip(&mut times) {
            times.push(work(row.n, clock).as_nanos() as f64 / row.n as f64);
        }
    }
    let of = |mine: &Vec<f64>| Measured {
        ns: median(mine.clone()),
        speed_to_first: median(times[0].iter().zip(mine).map(|(first, mine)| first / mine).collect()),
    };
    times.iter().map(of).collect()
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

/// Keeps this process, and those that it starts, on one processor. Two processors of a machine that
/// is shared need not be equally fast at a time: what is measured on one and what is measured on
/// another would compare those.
///
/// # Errors
/// If the system refuses.
pub fn stay_on(processor: Option<usize>) -> std::io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        let mut only = rustix::thread::CpuSet::new();
        only.set(processor.unwrap_or_else(rustix::thread::sched_getcpu));
        rustix::thread::sched_setaffinity(None, &only)?;
    }
    Ok(())
}
