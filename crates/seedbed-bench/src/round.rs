//! Rounds: every contender once, then again, so that noise falls on all alike.

use std::fmt;
use std::time::Instant;

pub type Work = Box<dyn Fn(u64)>;

pub struct Row {
    pub name: &'static str,
    pub base: &'static str,
    pub ours: Work,
    pub peers: Vec<(&'static str, Work)>,
}

pub struct Measured {
    name: String,
    lines: Vec<(String, f64)>,
}

pub fn measure(row: &Row, rounds: usize, n: u64) -> Measured {
    let all: Vec<(&str, &Work)> =
        std::iter::once(("ours", &row.ours)).chain(row.peers.iter().map(|(n, w)| (*n, w))).collect();
    let mut times = vec![Vec::new(); all.len()];
    for _ in 0..rounds {
        for (i, (_, work)) in all.iter().enumerate() {
            let start = Instant::now();
            work(n);
            times[i].push(start.elapsed().as_nanos() as f64 / n as f64);
        }
    }
    let lines = all
        .iter()
        .zip(times)
        .map(|((name, _), mut t)| {
            t.sort_by(f64::total_cmp);
            ((*name).to_owned(), t[t.len() / 2])
        })
        .collect();
    let _ = row.base;
    Measured { name: row.name.to_owned(), lines }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.name)?;
        for (name, ns) in &self.lines {
            writeln!(f, "  {name:30} {ns:9.1} ns")?;
        }
        Ok(())
    }
}
