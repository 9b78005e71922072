//! How long what may run waits on the real reactor while others keep it busy.

use crate::ours::system::elsewhere;
use crate::round::{Work, on_all_processors};
use seedbed_core::*;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

pub const COLUMNS: &[&str] = &["µs p50", "µs p99", "µs p99.9"];

/// Between two messages from outside, and as long as a timer runs.
const PAUSE: Duration = Duration::from_millis(1);

/// Passes a number to and fro for ever; half of them begin.
struct Busy;

impl Actor for Busy {
    type Message = u64;

    fn on_message(&mut self, cx: &mut Context, ball: u64) -> Result<()> {
        Ok(cx.send(cx.from(), &ball)?)
    }
}

struct Beginner {
    other: Pid,
}

impl Actor for Beginner {
    type Message = u64;

    fn on_start(&mut self, cx: &mut Context) -> Result<()> {
        Ok(cx.send(self.other, &0)?)
    }

    fn on_message(&mut self, cx: &mut Context, ball: u64) -> Result<()> {
        Ok(cx.send(cx.from(), &ball)?)
    }
}

/// Tells how late each message and timer came; messages say when they were sent, in nanoseconds since
/// `epoch`.
struct Probe {
    epoch: Instant,
    late: Sender<Duration>,
    itself: Itself,
    due: Duration,
}

/// What a probe does by itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Itself {
    Nothing,
    Message,
    Timer,
}

impl Probe {
    fn told(&mut self, cx: &mut Context, since: Duration) -> Result<()> {
        let late = self.epoch.elapsed().saturating_sub(since);
        if self.late.send(late).is_err() {
            // That were enough.
            return Ok(());
        }
        self.again(cx)
    }

    fn again(&mut self, cx: &mut Context) -> Result<()> {
        let now = self.epoch.elapsed();
        match self.itself {
            Itself::Nothing => {}
            Itself::Message => cx.send(cx.me(), &(now.as_nanos() as u64))?,
            Itself::Timer => {
                self.due = now + PAUSE;
                cx.set_timer(PAUSE, 0)?;
            }
        }
        Ok(())
    }
}

impl Actor for Probe {
    type Message = u64;

    fn on_start(&mut self, cx: &mut Context) -> Result<()> {
        self.again(cx)
    }

    fn on_message(&mut self, cx: &mut Context, sent: u64) -> Result<()> {
        self.told(cx, Duration::from_nanos(sent))
    }

    fn on_signal(&mut self, cx: &mut Context, _: Signal) -> Result<()> {
        self.told(cx, self.due)
    }
}

/// `n` times, beside `pairs` pairs of actors that pass a number to and fro without end.
fn late(n: u64, pairs: u64, itself: Itself) -> Vec<Duration> {
    let mut all = Vec::new();
    elsewhere(|system| {
        let all = &mut all;
        async move {
            for pair in 0..pairs {
                let other = system.spawn(&format!("a{pair}"), || Busy).await.expect("it starts");
                let beginner = move || Beginner { other };
                system.spawn(&format!("b{pair}"), beginner).await.expect("it starts");
            }
            let (epoch, (late, told)) = (Instant::now(), channel());
            let probe = move || Probe { epoch, late: late.clone(), itself, due: Duration::ZERO };
            let probe = system.spawn("probe", probe).await.expect("it starts");
            for _ in 0..n {
                if itself == Itself::Nothing {
                    std::thread::sleep(PAUSE);
                    system.send(probe, epoch.elapsed().as_nanos() as u64).expect("it is there");
                }
                all.push(told.recv().expect("the probe runs"));
            }
        }
    });
    all
}

fn percentiles(mut all: Vec<Duration>) -> Vec<f64> {
    all.sort();
    let at = |permille: usize| all[(all.len() * permille / 1000).min(all.len() - 1)];
    [at(500), at(990), at(999)].iter().map(|d| d.as_nanos() as f64 / 1e3).collect()
}

/// Microseconds from when something could run until it ran; the reactor and who sends from outside have
/// a processor each.
pub fn works(pairs: u64) -> Vec<(&'static str, Work)> {
    let of = move |itself| -> Work {
        Box::new(move |n, _| percentiles(on_all_processors(|| late(n, pairs, itself))))
    };
    vec![
        ("a message to itself", of(Itself::Message)),
        ("a timer of 1 ms", of(Itself::Timer)),
        ("a message from another thread", of(Itself::Nothing)),
    ]
}
