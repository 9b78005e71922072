//! The search agrees with trying every order, stays within reason on long histories, and blames the
//! calls that contradict each other.

mod common;

use common::{Chance, history};
use seedbed_linear::models::{
    Answer, Counter, CounterCall, Kind, Lock, LockCall, Map, MapCall, Queue, QueueCall, Register,
    RegisterCall, Written,
};
use seedbed_linear::{History, Model, Operation};

/// True if some order of the calls, with any of those whose end is unknown or without, has every answer
/// and puts no call before one that had ended when it began. Tries them all.
fn naive<M: Model>(model: &M, left: &[&Operation<M::Call, M::Answer>], state: &M::State) -> bool {
    if left.iter().all(|o| o.end.is_none()) {
        return true;
    }
    (0..left.len()).any(|n| {
        let next = left[n];
        let too_early = left.iter().any(|o| o.end.as_ref().is_some_and(|(end, _)| *end < next.begin));
        let rest: Vec<_> = left.iter().enumerate().filter(|(m, _)| *m != n).map(|(_, o)| *o).collect();
        let answer = next.end.as_ref().map(|(_, answer)| answer);
        !too_early && model.step(state, &next.call, answer).is_some_and(|then| naive(model, &rest, &then))
    })
}

/// Compares both on short histories, some of which have wrong answers; gives how many were wrong.
fn agree<M: Model<Answer = Answer>>(
    model: &M,
    count: u64,
    draw: fn(&mut Chance) -> M::Call,
    answers: fn(&M::State, &M::Call) -> Answer,
) -> u64 {
    let mut wrong = 0;
    for seed in 0..count {
        let mut chance = Chance(seed);
        let size = (2 + chance.below(3), 2 + chance.below(6) as usize, 150);
        let right = history(model, &mut chance, size, draw, answers);
        let mut twisted = History::new();
        let mut events: Vec<(u64, usize, Option<Answer>)> = Vec::new();
        for (n, o) in right.operations().iter().enumerate() {
            events.push((o.begin, n, None));
            events.extend(o.end.as_ref().map(|(at, answer)| {
                let other = Answer(Some(chance.below(4) as i64));
                (*at, n, Some(if chance.below(5) == 0 { other } else { *answer }))
            }));
        }
        events.sort_by_key(|(at, ..)| *at);
        let mut ids = Vec::new();
        for (_, n, answer) in events {
            match answer {
                None => ids.push(twisted.call("c", right.operations()[n].call.clone())),
                Some(answer) => twisted.end(ids[n], answer),
            }
        }
        let all: Vec<_> = twisted.operations().iter().collect();
        let linearizable = naive(model, &all, &model.start());
        assert_eq!(twisted.check(model).is_ok(), linearizable, "seed {seed}: {:?}", twisted.check(model));
        assert!(right.check(model).is_ok(), "seed {seed}: it was made in an order");
        wrong += u64::from(!linearizable);
    }
    wrong
}

fn register(chance: &mut Chance) -> RegisterCall {
    let mut value = || chance.below(3) as i64;
    let (a, b, which) = (value(), value(), value());
    [RegisterCall::Read, RegisterCall::Write(a), RegisterCall::CompareAndSet(a, b)][which as usize]
}

fn register_says(value: &i64, call: &RegisterCall) -> Answer {
    Answer(Some(match *call {
        RegisterCall::Read => *value,
        RegisterCall::Write(_) => 0,
        RegisterCall::CompareAndSet(old, _) => i64::from(*value == old),
    }))
}

fn map(chance: &mut Chance) -> MapCall {
    let (key, value, new) = (chance.below(2) as i64, chance.below(3) as i64, chance.below(3) as i64);
    match chance.below(4) {
        0 => MapCall::Get(key),
        1 => MapCall::Put(key, value),
        2 => MapCall::Delete(key),
        _ => MapCall::CompareAndSet(key, value, new),
    }
}

fn queue(chance: &mut Chance) -> QueueCall {
    if chance.below(2) == 0 { QueueCall::Dequeue } else { QueueCall::Enqueue(chance.below(3) as i64) }
}

fn queue_says(queue: &std::collections::VecDeque<i64>, call: &QueueCall) -> Answer {
    match call {
        QueueCall::Enqueue(_) => Answer(Some(0)),
        QueueCall::Dequeue => Answer(queue.front().copied()),
    }
}

fn lock(chance: &mut Chance) -> LockCall {
    let who = chance.below(2) as i64;
    if chance.below(2) == 0 { LockCall::Acquire(who) } else { LockCall::Release(who) }
}

fn lock_says(holder: &Option<i64>, call: &LockCall) -> Answer {
    Answer(Some(i64::from(match *call {
        LockCall::Acquire(_) => holder.is_none(),
        LockCall::Release(who) => *holder == Some(who),
    })))
}

fn counter(chance: &mut Chance) -> CounterCall {
    if chance.below(3) == 0 { CounterCall::Get } else { CounterCall::Add(chance.below(3) as i64) }
}

fn counter_says(sum: &i64, call: &CounterCall) -> Answer {
    Answer(Some(match call {
        CounterCall::Add(n) => sum + n,
        CounterCall::Get => *sum,
    }))
}

#[test]
fn it_agrees_with_trying_every_order_on_ten_thousand_histories() {
    // A map is histories by key; the naive search knows no keys, so that its state is all of them.
    let wrong = [
        agree(&Register::default(), 4_000, register, register_says),
        agree(&Queue, 2_000, queue, queue_says),
        agree(&Lock, 2_000, lock, lock_says),
        agree(&Counter::default(), 2_000, counter, counter_says),
    ];
    assert!(wrong.iter().all(|n| *n > 100), "{wrong:?}");
}

/// A map whose state is all of it, and whose keys are not looked at apart.
#[derive(Clone, Copy)]
struct Whole;

impl Model for Whole {
    type Call = MapCall;
    type Answer = Answer;
    type State = std::collections::BTreeMap<i64, i64>;

    fn start(&self) -> Self::State {
        Self::State::new()
    }

    fn step(&self, state: &Self::State, call: &MapCall, answer: Option<&Answer>) -> Option<Self::State> {
        let key = Map.key(call);
        let then = Map.step(&state.get(&key).copied(), call, answer)?;
        let mut state = state.clone();
        match then {
            Some(value) => drop(state.insert(key, value)),
            None => drop(state.remove(&key)),
        }
        Some(state)
    }
}

#[test]
fn keys_looked_at_apart_are_the_whole_looked_at_at_once() {
    let says = |state: &std::collections::BTreeMap<i64, i64>, call: &MapCall| {
        let value = state.get(&Map.key(call)).copied();
        match *call {
            MapCall::Get(_) => Answer(value),
            MapCall::CompareAndSet(_, old, _) => Answer(Some(i64::from(value == Some(old)))),
            MapCall::Put(..) | MapCall::Delete(_) => Answer(Some(0)),
        }
    };
    let mut wrong = 0;
    for seed in 0..2_000 {
        let mut chance = Chance(seed);
        let right = history(&Whole, &mut chance, (3, 7, 100), map, says);
        let mut twisted = right.clone();
        if let Some(call) = right.operations().iter().find(|o| matches!(o.call, MapCall::Get(_))) {
            let other = twisted.call("c", call.call);
            twisted.end_with(other, 2);
        }
        for history in [&right, &twisted] {
            let (apart, whole) = (history.check(&Map).is_ok(), history.check(&Whole).is_ok());
            assert_eq!(apart, whole, "seed {seed}");
            let all: Vec<_> = history.operations().iter().collect();
            assert_eq!(naive(&Whole, &all, &Whole.start()), whole, "seed {seed}");
            wrong += u64::from(!whole);
        }
    }
    assert!(wrong > 200, "{wrong}");
}

#[test]
fn a_thousand_calls_of_ten_clients_are_checked() {
    let mut chance = Chance(1);
    let long = history(&Register::default(), &mut chance, (10, 1_000, 2), register, register_says);
    assert!(long.check(&Register::default()).is_ok());
    // A read of what nobody wrote, in a history of fewer clients: all orders are to be tried.
    let mut long = history(&Register::default(), &mut chance, (4, 1_000, 0), register, register_says);
    let read = long.call("last", RegisterCall::Read);
    long.end_with(read, 99);
    let broken = long.check(&Register::default()).expect_err("nobody wrote 99");
    assert_eq!((broken.calls, broken.others), (vec!["last: read → 99".to_owned()], 1_000));
}

#[test]
fn the_calls_that_contradict_each_other_are_blamed_and_drawn() {
    let mut history = History::new();
    for n in 0..20 {
        let write = history.call("other", RegisterCall::Write(n % 3));
        history.end_with(write, 0);
    }
    let one = history.call("a", RegisterCall::Write(7));
    let slow = history.call("c", RegisterCall::Write(5));
    history.end_with(one, 0);
    let two = history.call("b", RegisterCall::Write(8));
    history.end_with(two, 0);
    let read = history.call("a", RegisterCall::Read);
    history.end_with(read, 7);
    history.end_with(slow, 0);
    let later = history.call("b", RegisterCall::Read);
    history.end_with(later, 0);
    let broken = history.check(&Register::default()).expect_err("7 was written over");
    assert_eq!(broken.calls, ["a: write 7 → 0", "b: write 8 → 0", "a: read → 7"]);
    assert_eq!(
        broken.to_string(),
        "no order explains these 3 calls, whatever became of 22 others:\n  \
         a  ├──┤                write 7 → 0\n  \
         b        ├──┤          write 8 → 0\n  \
         a              ├──┤    read → 7"
    );
}

#[test]
fn what_a_lost_call_may_have_done_is_allowed() {
    let mut history = History::new();
    history.call("a", QueueCall::Enqueue(1));
    let take = history.call("b", QueueCall::Dequeue);
    history.end_with(take, 1);
    assert!(history.check(&Queue).is_ok());
    let again = history.call("b", QueueCall::Dequeue);
    history.end(again, Answer(None));
    assert!(history.check(&Queue).is_ok());
    let again = history.call("b", QueueCall::Dequeue);
    history.end_with(again, 1);
    assert!(history.check(&Queue).is_err(), "once put in, once taken out");
    // A lost call that could not have done anything is no hindrance.
    let mut history = History::new();
    let held = history.call("a", LockCall::Acquire(1));
    history.end_with(held, 1);
    history.call("b", LockCall::Acquire(2));
    let given = history.call("a", LockCall::Release(1));
    history.end_with(given, 1);
    assert!(history.check(&Lock).is_ok());
}

#[test]
fn calls_and_answers_are_written_down_and_read_again() {
    for (kind, calls) in [
        (Kind::Register, &["read", "write -3", "cas 1 2"][..]),
        (Kind::Map, &["get 1", "put 1 2", "delete 1", "cas 1 2 3"]),
        (Kind::Queue, &["enqueue 1", "dequeue"]),
        (Kind::Lock, &["acquire 1", "release 1"]),
        (Kind::Counter, &["add 2", "get"]),
    ] {
        assert_eq!(Kind::named(kind.name()), Some(kind));
        for call in calls {
            let mut written = Written::new(kind);
            let id = written.call("a", call).expect(call);
            let unread = written.clone();
            written.end(id, "77").expect("a number is an answer");
            assert_eq!(written.len(), 1);
            let broken = written.check().expect_err(call);
            assert!(broken.calls[0].starts_with(&format!("a: {call} → 77")), "{broken}");
            assert!(unread.check().is_ok(), "{call}");
        }
        let mut written = Written::new(kind);
        for bad in ["", "fly", "read 1", "write", "write x", "put 1", "enqueue", "acquire", "add", "get x"] {
            assert!(written.call("a", bad).is_err(), "{bad}");
        }
        let id = written.call("a", calls[0]).expect("as above");
        assert!(written.end(id, "maybe").is_err() && written.end(id, "none").is_ok());
    }
    assert_eq!(Kind::named("stack"), None);
}
