//! What a condition costs: ours, beside `cel`'s interpreter on the same facts.
//!
//! `cargo bench -p seedbed-manifest`; prints nanoseconds an evaluation, the least of ten rounds.

#![expect(clippy::disallowed_methods, reason = "a benchmark needs a clock")]

use cel::{Context, Program, Value};
use seedbed_manifest::{CompiledProperty, FactSource};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

struct Balances(Vec<i64>);

impl FactSource for Balances {
    fn facts(&self, _key: &str, each: &mut dyn FnMut(i64)) {
        self.0.iter().copied().for_each(each);
    }

    fn fact(&self, _node: Option<&str>, _path: &str, _key: &str) -> Option<i64> {
        self.0.first().copied()
    }

    fn time_ns(&self) -> u64 {
        0
    }

    fn dead_letters(&self) -> u64 {
        0
    }

    fn restarts(&self) -> u64 {
        3
    }
}

fn main() {
    println!("{:<48} {:>7} {:>10} {:>10}", "condition", "actors", "ours ns", "cel ns");
    for actors in [3, 100, 1_000] {
        let world = Balances(vec![10; actors]);
        let total = 10 * actors;
        for text in [
            "restarts <= 3".to_owned(),
            "fact(\"/bank\", \"total\") == 10".to_owned(),
            format!("sum(facts(\"balance\")) == {total}"),
            "facts(\"balance\").all(b, b >= 0)".to_owned(),
        ] {
            let compiled = CompiledProperty::compile(&text).expect("it is right");
            let ours = nanoseconds(|| assert!(compiled.holds(black_box(&world)).expect("it has a value")));
            let theirs = interpreted(&text, &world);
            println!("{text:<48} {actors:>7} {ours:>10} {theirs:>10}");
        }
    }
}

/// The interpreter with its context built once, and lists that are already values.
fn interpreted(text: &str, world: &Balances) -> u128 {
    let list = Value::List(Arc::new(world.0.iter().map(|n| Value::Int(*n)).collect()));
    let mut context = Context::default();
    let facts = list.clone();
    context.add_function("facts", move |_: Arc<String>| facts.clone()).expect("it is new");
    context.add_function("fact", |_: Arc<String>, _: Arc<String>| 10i64).expect("it is new");
    context
        .add_function("sum", |list: Arc<Vec<Value>>| -> i64 {
            list.iter().map(|v| if let Value::Int(n) = v { *n } else { 0 }).sum()
        })
        .expect("it is new");
    context.add_variable_from_value("restarts", 3i64);
    let program = Program::compile(text).expect("it is right");
    nanoseconds(|| assert_eq!(program.execute(black_box(&context)), Ok(Value::Bool(true))))
}

fn nanoseconds(run: impl Fn()) -> u128 {
    const TIMES: u128 = 2_000;
    let round = || {
        let start = Instant::now();
        for _ in 0..TIMES {
            run();
        }
        start.elapsed().as_nanos() / TIMES
    };
    (0..10).map(|_| round()).min().unwrap_or_default()
}
