//! Random conditions, evaluated by ours and by `cel`'s own interpreter: both must agree.
//!
//! A condition is made as a tree, written as text, and read back by both; so this also shows that
//! what an explanation prints is what the condition says.

use super::tree::{Arithmetic, Bool, Comparison, Counter, Extreme, FactName, Int, List, Variable};
use super::{CompiledProperty, FactSource};
use cel::extractors::Arguments;
use cel::{Context, ExecutionError, Program, Value};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Facts by (path, key), and counters.
#[derive(Clone, Debug, Default)]
pub(super) struct World {
    pub(super) facts: BTreeMap<(String, String), i64>,
    pub(super) time_ns: u64,
    pub(super) dead_letters: u64,
    pub(super) restarts: u64,
}

impl World {
    pub(super) fn with(facts: &[(&str, &str, i64)]) -> World {
        let facts =
            facts.iter().map(|(path, key, n)| (((*path).to_owned(), (*key).to_owned()), *n)).collect();
        World { facts, ..World::default() }
    }
}

impl FactSource for World {
    fn facts(&self, key: &str, each: &mut dyn FnMut(i64)) {
        self.facts.iter().filter(|((_, k), _)| k == key).for_each(|(_, n)| each(*n));
    }

    fn fact(&self, node: Option<&str>, path: &str, key: &str) -> Option<i64> {
        let path = node.map_or(path.to_owned(), |node| format!("{path}@{node}"));
        self.facts.get(&(path, key.to_owned())).copied()
    }

    fn time_ns(&self) -> u64 {
        self.time_ns
    }

    fn dead_letters(&self) -> u64 {
        self.dead_letters
    }

    fn restarts(&self) -> u64 {
        self.restarts
    }
}

/// `cel`'s interpreter, given the same functions.
fn interpret(text: &str, world: &World) -> Result<Value, ExecutionError> {
    let world = Arc::new(world.clone());
    let mut context = Context::default();
    let (of_key, of_actor, has) = (world.clone(), world.clone(), world.clone());
    let added = [
        context.add_function("facts", move |key: Arc<String>| {
            let mut values = Vec::new();
            of_key.facts(&key, &mut |n| values.push(Value::Int(n)));
            Value::List(Arc::new(values))
        }),
        context.add_function("fact", move |Arguments(args): Arguments| match args.as_slice() {
            [Value::String(path), Value::String(key), default @ ..] => {
                match (of_actor.facts.get(&((**path).clone(), (**key).clone())), default) {
                    (Some(n), _) => Ok(Value::Int(*n)),
                    (None, [default]) => Ok(default.clone()),
                    _ => Err(ExecutionError::no_such_key(key)),
                }
            }
            _ => Err(ExecutionError::missing_argument_or_target()),
        }),
        context.add_function("has_fact", move |path: Arc<String>, key: Arc<String>| {
            has.facts.contains_key(&((*path).clone(), (*key).clone()))
        }),
        context.add_function("sum", |list: Arc<Vec<Value>>| {
            integers(&list)
                .into_iter()
                .try_fold(0i64, i64::checked_add)
                .ok_or_else(|| ExecutionError::function_error("sum", "overflow"))
        }),
        context.add_function("count", |list: Arc<Vec<Value>>| list.len() as i64),
        context.add_function("min", |Arguments(args): Arguments| extreme(&args, i64::min)),
        context.add_function("max", |Arguments(args): Arguments| extreme(&args, i64::max)),
    ];
    assert!(added.iter().all(Result::is_ok));
    for (name, n) in
        [("time_ns", world.time_ns), ("dead_letters", world.dead_letters), ("restarts", world.restarts)]
    {
        context.add_variable_from_value(name, n as i64);
    }
    Program::compile(text).expect("ours could read it").execute(&context)
}

fn integers(values: &[Value]) -> Vec<i64> {
    values.iter().map(|v| if let Value::Int(n) = v { *n } else { panic!("not an integer: {v:?}") }).collect()
}

fn extreme(args: &[Value], pick: fn(i64, i64) -> i64) -> Result<Value, ExecutionError> {
    let found = match args {
        [Value::List(list)] => integers(list).into_iter().reduce(pick),
        [Value::List(list), Value::Int(default)] => {
            Some(integers(list).into_iter().reduce(pick).unwrap_or(*default))
        }
        _ => integers(args).into_iter().reduce(pick),
    };
    found.map(Value::Int).ok_or_else(|| ExecutionError::function_error("extreme", "empty"))
}

/// Makes trees out of bytes; when they run out, the trees end.
struct Maker<'a> {
    bytes: std::slice::Iter<'a, u8>,
    depth: usize,
    scope: usize,
}

impl Maker<'_> {
    fn pick(&mut self, n: u8) -> u8 {
        if self.depth > 6 {
            return 0;
        }
        self.bytes.next().map_or(0, |b| b % n)
    }

    fn deeper<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Box<T> {
        self.depth += 1;
        let made = make(self);
        self.depth -= 1;
        Box::new(made)
    }

    fn within<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> (Variable, Box<T>) {
        let v = self.variable(self.scope);
        self.scope += 1;
        let made = self.deeper(make);
        self.scope -= 1;
        (v, made)
    }

    fn variable(&self, slot: usize) -> Variable {
        Variable { slot, name: format!("x{slot}") }
    }

    fn name(&mut self) -> FactName {
        let node = (self.pick(2) == 1).then(|| "n".to_owned());
        let path = ["/a", "/b", "/c"][self.pick(3) as usize].to_owned();
        FactName { node, path, key: self.key() }
    }

    fn key(&mut self) -> String {
        ["k", "l", "none"][self.pick(3) as usize].to_owned()
    }

    fn extreme(&mut self) -> Extreme {
        if self.pick(2) == 0 { Extreme::Min } else { Extreme::Max }
    }

    fn int(&mut self) -> Int {
        match self.pick(14) {
            1 if self.scope > 0 => {
                let slot = self.pick(self.scope as u8) as usize;
                Int::Variable(self.variable(slot))
            }
            2 => Int::Counter(
                [Counter::TimeNs, Counter::DeadLetters, Counter::Restarts][self.pick(3) as usize],
            ),
            3 => Int::Fact(self.name()),
            4 => Int::FactOr(self.name(), self.deeper(Self::int)),
            5 => Int::Negate(self.deeper(Self::int)),
            6 | 7 => {
                use Arithmetic::*;
                let op = [Add, Subtract, Multiply, Divide, Remainder][self.pick(5) as usize];
                Int::Arithmetic(op, self.deeper(Self::int), self.deeper(Self::int))
            }
            8 => Int::Sum(self.deeper(Self::list)),
            9 => Int::Count(self.deeper(Self::list)),
            10 => Int::Of(self.extreme(), self.deeper(Self::list), None),
            11 => Int::Between(self.extreme(), self.deeper(Self::int), self.deeper(Self::int)),
            12 => Int::Index(self.deeper(Self::list), self.deeper(Self::int)),
            13 => Int::If(self.deeper(Self::bool), self.deeper(Self::int), self.deeper(Self::int)),
            _ => Int::Literal([0, 1, 2, 7, i64::MAX][self.pick(5) as usize]),
        }
    }

    fn bool(&mut self) -> Bool {
        use Comparison::*;
        match self.pick(13) {
            1 => Bool::HasFact(self.name()),
            2 => Bool::Not(self.deeper(Self::bool)),
            3 => Bool::And(self.deeper(Self::bool), self.deeper(Self::bool)),
            4 => Bool::Or(self.deeper(Self::bool), self.deeper(Self::bool)),
            5 | 6 => {
                let op = [Equal, NotEqual, Less, AtMost, Greater, AtLeast][self.pick(6) as usize];
                Bool::Compare(op, *self.deeper(Self::int), *self.deeper(Self::int))
            }
            7 => Bool::Agree(self.pick(2) == 0, self.deeper(Self::bool), self.deeper(Self::bool)),
            8 => Bool::ListsAgree(self.pick(2) == 0, *self.deeper(Self::list), *self.deeper(Self::list)),
            9 => Bool::In(*self.deeper(Self::int), self.deeper(Self::list)),
            quantifier @ 10..=12 => {
                let list = self.deeper(Self::list);
                let (v, p) = self.within(Self::bool);
                match quantifier {
                    10 => Bool::All(list, v, p),
                    11 => Bool::Exists(list, v, p),
                    _ => Bool::ExistsOne(list, v, p),
                }
            }
            _ => Bool::Literal(self.pick(2) == 0),
        }
    }

    fn list(&mut self) -> List {
        match self.pick(6) {
            1 => List::Literal((0..self.pick(4)).map(|_| *self.deeper(Self::int)).collect()),
            2 => {
                let list = self.deeper(Self::list);
                let (v, p) = self.within(Self::bool);
                List::Filter(list, v, p)
            }
            3 => {
                let list = self.deeper(Self::list);
                // A map of an element to itself would read back as a filter.
                let (v, value) = self.within(|m| Int::Negate(m.deeper(Self::int)));
                let p = (self.pick(2) == 0).then(|| self.within(Self::bool).1);
                List::Map(list, v, p, value)
            }
            4 => List::Concat(self.deeper(Self::list), self.deeper(Self::list)),
            5 => List::If(self.deeper(Self::bool), self.deeper(Self::list), self.deeper(Self::list)),
            _ => List::Facts(self.key()),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn ours_agrees_with_the_interpreter(bytes in proptest::collection::vec(any::<u8>(), 0..60), values in any::<[i8; 5]>()) {
        let condition = Maker { bytes: bytes.iter(), depth: 0, scope: 0 }.bool();
        let [a, b, c, d, counter] = values.map(i64::from);
        let mut world = World::with(&[("/a", "k", a), ("/b", "k", b), ("/b@n", "k", c), ("/c", "l", d)]);
        world.restarts = counter.unsigned_abs();
        let text = condition.to_string();
        let compiled = CompiledProperty::compile(&text).map_err(|e| TestCaseError::fail(format!("{text}: {e}")))?;
        // What an explanation prints reads back as the same condition.
        let again = CompiledProperty::compile(&compiled.condition.to_string()).map_err(|e| TestCaseError::fail(format!("{text}: {e}")))?;
        prop_assert_eq!(again.holds(&world).ok(), compiled.holds(&world).ok(), "{}", text);
        let ours = compiled.evaluate(&world).map(|verdict| verdict.holds());
        let theirs = interpret(&text, &world);
        match (&ours, &theirs) {
            (Ok(ours), Ok(Value::Bool(theirs))) => prop_assert_eq!(ours, theirs, "{}", text),
            (Err(_), Err(_)) => {}
            _ => prop_assert!(false, "{text}: ours {ours:?}, theirs {theirs:?}"),
        }
    }
}
