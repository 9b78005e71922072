//! How long histories of 1000 calls by 10 clients take: right ones, and ones with one wrong answer.
//!
//! `cargo run --release -p seedbed-linear --example figures`

#[path = "../tests/common/mod.rs"]
mod common;

use common::{Chance, history};
use seedbed_linear::models::{Answer, Counter, CounterCall, Lock, LockCall, Register, RegisterCall};
use seedbed_linear::{History, Model};

/// Milliseconds of 20 checks, sorted.
#[expect(clippy::disallowed_methods, reason = "it measures")]
fn times<M: Model<Answer = Answer>>(
    model: &M,
    mut make: impl FnMut(u64) -> History<M::Call, Answer>,
) -> Vec<f64> {
    let mut all: Vec<f64> = (0..20)
        .map(|seed| {
            let history = make(seed);
            let begun = std::time::Instant::now();
            let broken = history.check(model).err();
            let took = begun.elapsed().as_secs_f64() * 1e3;
            assert!(broken.is_none_or(|broken| broken.calls.len() < 20));
            took
        })
        .collect();
    all.sort_by(f64::total_cmp);
    all
}

fn show(name: &str, times: &[f64]) {
    println!("| {name} | {:.1} | {:.1} |", times[times.len() / 2], times[times.len() - 1]);
}

fn register(seed: u64, lost: u64) -> History<RegisterCall, Answer> {
    let draw = |chance: &mut Chance| {
        let (a, b) = (chance.below(5) as i64, chance.below(5) as i64);
        match chance.below(3) {
            0 => RegisterCall::Read,
            1 => RegisterCall::Write(a),
            _ => RegisterCall::CompareAndSet(a, b),
        }
    };
    let says = |value: &i64, call: &RegisterCall| {
        Answer(Some(match *call {
            RegisterCall::Read => *value,
            RegisterCall::Write(_) => 0,
            RegisterCall::CompareAndSet(old, _) => i64::from(*value == old),
        }))
    };
    history(&Register::default(), &mut Chance(seed), (10, 1_000, lost), draw, says)
}

fn lock(seed: u64) -> History<LockCall, Answer> {
    let draw = |chance: &mut Chance| {
        let who = chance.below(10) as i64;
        if chance.below(2) == 0 { LockCall::Acquire(who) } else { LockCall::Release(who) }
    };
    let says = |holder: &Option<i64>, call: &LockCall| {
        Answer(Some(i64::from(match *call {
            LockCall::Acquire(_) => holder.is_none(),
            LockCall::Release(who) => *holder == Some(who),
        })))
    };
    history(&Lock, &mut Chance(seed), (10, 1_000, 0), draw, says)
}

fn counter(seed: u64) -> History<CounterCall, Answer> {
    let draw =
        |chance: &mut Chance| if chance.below(3) == 0 { CounterCall::Get } else { CounterCall::Add(1) };
    let says = |sum: &i64, call: &CounterCall| {
        Answer(Some(match call {
            CounterCall::Add(n) => sum + n,
            CounterCall::Get => *sum,
        }))
    };
    history(&Counter::default(), &mut Chance(seed), (10, 1_000, 0), draw, says)
}

fn main() {
    println!("| 1000 calls of 10 clients | median, ms | longest, ms |\n|---|---|---|");
    show("register, right", &times(&Register::default(), |seed| register(seed, 0)));
    show("register, 1 in 100 of unknown outcome", &times(&Register::default(), |seed| register(seed, 10)));
    let wrong = |seed| {
        let mut history = register(seed, 0);
        let read = history.call("last", RegisterCall::Read);
        history.end_with(read, 99);
        history
    };
    show("register, one wrong answer, blamed", &times(&Register::default(), wrong));
    show("lock, right", &times(&Lock, lock));
    show("counter, right", &times(&Counter::default(), counter));
}
