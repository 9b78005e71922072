//! How long histories of 1000 calls by 10 clients take: right ones, and ones with one wrong answer.
//!
//! `cargo run --release -p seedbed-linear --example figures`

#[path = "../tests/common/mod.rs"]
mod common;

use common::{Chance, Whole, answering, history, queue_says, whole_says};
use seedbed_linear::models::{
    Answer, Counter, CounterCall, Lock, LockCall, Map, MapCall, Queue, QueueCall, Register, RegisterCall,
};
use seedbed_linear::{History, Model};

/// Milliseconds and calls blamed of 20 checks, each sorted.
#[expect(clippy::disallowed_methods, reason = "it measures")]
fn times<M: Model<Answer = Answer>>(
    model: &M,
    mut make: impl FnMut(u64) -> History<M::Call, Answer>,
) -> (Vec<f64>, Vec<usize>) {
    let (mut times, mut blamed): (Vec<f64>, Vec<usize>) = (0..20)
        .map(|seed| {
            let history = make(seed);
            let begun = std::time::Instant::now();
            let broken = history.check(model).err();
            let took = begun.elapsed().as_secs_f64() * 1e3;
            (took, broken.map_or(0, |broken| broken.calls.len()))
        })
        .unzip();
    times.sort_by(f64::total_cmp);
    blamed.sort_unstable();
    (times, blamed)
}

fn show(name: &str, (times, blamed): &(Vec<f64>, Vec<usize>)) {
    let (median, last) = (times.len() / 2, times.len() - 1);
    let shown = match blamed[last] {
        0 => String::new(),
        most => format!("{}, at most {most}", blamed[median]),
    };
    println!("| {name} | {:.1} | {:.1} | {shown} |", times[median], times[last]);
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

/// Puts and gets of ten keys.
fn map(seed: u64, lost: u64) -> History<MapCall, Answer> {
    let draw = |chance: &mut Chance| {
        let (key, a, b) = (chance.below(10) as i64, chance.below(5) as i64, chance.below(5) as i64);
        match chance.below(8) {
            0..4 => MapCall::Get(key),
            4..6 => MapCall::Put(key, a),
            6 => MapCall::CompareAndSet(key, a, b),
            _ => MapCall::Delete(key),
        }
    };
    history(&Whole, &mut Chance(seed), (10, 1_000, lost), draw, whole_says)
}

/// So many values; `None`: each is put in once.
fn queue(seed: u64, lost: u64, values: Option<u64>) -> History<QueueCall, Answer> {
    let mut last = 0;
    let draw = |chance: &mut Chance| {
        last += 1;
        let value = values.map_or(last, |values| chance.below(values) as i64);
        if chance.below(2) == 0 { QueueCall::Enqueue(value) } else { QueueCall::Dequeue }
    };
    history(&Queue, &mut Chance(seed), (10, 1_000, lost), draw, queue_says)
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

/// The history, and a call that got an answer that it cannot have got.
fn and<C>(mut history: History<C, Answer>, call: C, answer: impl Into<Answer>) -> History<C, Answer> {
    let last = history.call("last", call);
    history.end_with(last, answer);
    history
}

/// The history, but two values that were taken far from each other came out the other way round.
fn swapped(history: &History<QueueCall, Answer>) -> History<QueueCall, Answer> {
    let ended = history.operations().iter().filter(|o| o.end.is_some());
    let mut answers: Vec<Answer> = Vec::new();
    let mut taken: Vec<usize> = Vec::new();
    for (n, operation) in ended.enumerate() {
        let answer = operation.end.expect("those that ended").1;
        answers.push(answer);
        if operation.call == QueueCall::Dequeue && answer.0.is_some() {
            taken.push(n);
        }
    }
    answers.swap(taken[taken.len() / 3], taken[taken.len() / 2]);
    answering(history, &answers)
}

fn main() {
    println!(
        "| 1000 calls of 10 clients | median, ms | longest, ms | calls shown, median |\n|---|---|---|---|"
    );
    show("register, right", &times(&Register::default(), |seed| register(seed, 0)));
    show("register, 1 in 100 of unknown outcome", &times(&Register::default(), |seed| register(seed, 10)));
    show(
        "register, one wrong answer, blamed",
        &times(&Register::default(), |seed| and(register(seed, 0), RegisterCall::Read, 99)),
    );
    show("map of 10 keys, right", &times(&Map, |seed| map(seed, 0)));
    show("map, 1 in 100 of unknown outcome", &times(&Map, |seed| map(seed, 10)));
    show("map, one wrong answer, blamed", &times(&Map, |seed| and(map(seed, 0), MapCall::Get(3), 99)));
    show("queue, each value once, right", &times(&Queue, |seed| queue(seed, 0, None)));
    show("queue, 1 in 100 of unknown outcome", &times(&Queue, |seed| queue(seed, 10, None)));
    show("queue, two values swapped, blamed", &times(&Queue, |seed| swapped(&queue(seed, 0, None))));
    for values in [100, 5] {
        let name = |what: &str| format!("queue of {values} values, {what}");
        show(&name("right"), &times(&Queue, |seed| queue(seed, 0, Some(values))));
        show(&name("1 in 100 of unknown outcome"), &times(&Queue, |seed| queue(seed, 10, Some(values))));
        show(
            &name("one wrong answer, blamed"),
            &times(&Queue, |seed| and(queue(seed, 0, Some(values)), QueueCall::Dequeue, 999)),
        );
    }
    show(
        "queue of 100 values, two swapped, blamed",
        &times(&Queue, |seed| swapped(&queue(seed, 0, Some(100)))),
    );
    show("lock, right", &times(&Lock, lock));
    show("counter, right", &times(&Counter::default(), counter));
}
