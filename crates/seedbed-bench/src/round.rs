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

/// Does something `n` times; gives a figure for each column of its row.
pub type Work = Box<dyn Fn(u64, Clock) -> Vec<f64>>;

/// Works of one kind, measured side by side.
pub struct Row {
    pub name: &'static str,
    /// What the figures are. If there is one, ratios are to the first work's.
    pub columns: &'static [&'static str],
    pub n: u64,
    pub works: Vec<(&'static str, Work)>,
}

/// What came of one work.
pub struct Measured {
    /// The median of the rounds, for each column.
    pub figures: Vec<f64>,
    /// The first work's figure of the same round to this one's; the median of the rounds. What a round
    /// met on the machine falls on both, so this stands still where the figures do not.
    pub speed_to_first: f64,
}

/// Measures all works of a row, in their order.
pub fn measure(row: &Row, rounds: usize, clock: Clock) -> Vec<Measured> {
    let mut rounds_of = vec![Vec::new(); row.works.len()];
    for _ in 0..rounds {
        for ((_, work), rounds) in row.works.iter().zip(&mut rounds_of) {
            let figures = work(row.n, clock);
            assert_eq!(figures.len(), row.columns.len(), "a figure for each column");
            rounds.push(figures);
        }
    }
    let of = |mine: &Vec<Vec<f64>>| Measured {
        figures: (0..row.columns.len()).map(|i| median(mine.iter().map(|round| round[i]))).collect(),
        speed_to_first: median(rounds_of[0].iter().zip(mine).map(|(first, mine)| first[0] / mine[0])),
    };
    rounds_of.iter().map(of).collect()
}

fn median(all: impl Iterator<Item = f64>) -> f64 {
    let mut all: Vec<f64> = all.collect();
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

/// Keeps this thread, and those and the processes that it starts, on one processor. Two processors of a
/// machine that is shared need not be equally fast at a time: what is measured on one and what is
/// measured on another would compare those.
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

/// Does something whose threads may be on any processor.
///
/// # Panics
/// If the system refuses.
pub fn on_all_processors<T>(work: impl FnOnce() -> T) -> T {
    #[cfg(target_os = "linux")]
    {
        let before = rustix::thread::sched_getaffinity(None).expect("a thread may ask");
        let mut all = rustix::thread::CpuSet::new();
        (0..rustix::thread::CpuSet::MAX_CPU).for_each(|processor| all.set(processor));
        rustix::thread::sched_setaffinity(None, &all).expect("any processor will do");
        let done = work();
        rustix::thread::sched_setaffinity(None, &before).expect("it was so before");
        done
    }
    #[cfg(not(target_os = "linux"))]
    work()
}

/// How many processors there are.
pub fn processors() -> u64 {
    on_all_processors(|| std::thread::available_parallelism().map_or(1, |n| n.get() as u64))
}

/// Does something on as many threads as there are processors.
pub fn on_each_processor(work: impl Fn() + Sync) {
    let threads = processors();
    on_all_processors(|| {
        std::thread::scope(|all| {
            for _ in 0..threads {
                all.spawn(&work);
            }
        });
    });
}
