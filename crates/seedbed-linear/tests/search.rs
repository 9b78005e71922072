//! The search agrees with trying every order, stays within reason on long histories, and blames the
//! calls that contradict each other.

mod common;

use common::{Chance, Whole, answering, history, queue_says, whole_says};
use seedbed_linear::models::{
    Answer, Counter, CounterCall, Kind, Lock, LockCall, Map, MapCall, Queue, QueueCall, Register,
    RegisterCall, Written,
};
use seedbed_linear::{Budget, History, Model, Operation, Verdict};

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
    mut draw: impl FnMut(&mut Chance) -> M::Call,
    answers: fn(&M::State, &M::Call) -> Answer,
) -> u64 {
    let mut wrong = 0;
    for seed in 0..count {
        let mut chance = Chance(seed);
        let size = (2 + chance.below(3), 2 + chance.below(6) as usize, 150);
        let right = history(model, &mut chance, size, &mut draw, answers);
        let mut given: Vec<Answer> =
            right.operations().iter().filter_map(|o| Some(o.end.as_ref()?.1)).collect();
        for n in 0..given.len() {
            match chance.below(15) {
                0 => given[n] = Answer(Some(chance.below(4) as i64)),
                1 => given[n] = Answer(None),
                2 => given.swap(n, chance.below(n as u64 + 1) as usize),
                _ => {}
            }
        }
        let twisted = answering(&right, &given);
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

/// Puts in no value twice, in as many calls as these histories have.
fn numbered() -> impl FnMut(&mut Chance) -> QueueCall {
    let mut last = 0;
    move |chance| {
        last = (last + 1) % 8;
        if chance.below(2) == 0 { QueueCall::Dequeue } else { QueueCall::Enqueue(last) }
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
        agree(&Register::default(), 2_000, register, register_says),
        agree(&Queue, 2_000, queue, queue_says),
        agree(&Queue, 2_000, numbered(), queue_says),
        agree(&Lock, 2_000, lock, lock_says),
        agree(&Counter::default(), 2_000, counter, counter_says),
    ];
    assert!(wrong.iter().all(|n| *n > 100), "{wrong:?}");
}

#[test]
fn keys_looked_at_apart_are_the_whole_looked_at_at_once() {
    let mut wrong = 0;
    for seed in 0..2_000 {
        let mut chance = Chance(seed);
        let right = history(&Whole, &mut chance, (3, 7, 100), map, whole_says);
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
fn what_waits_in_a_queue_is_not_tried_in_every_order() {
    for (values, lost) in [(u64::MAX, 0), (u64::MAX, 20), (100, 0), (100, 10), (5, 0), (1, 50)] {
        let mut last = 0;
        let draw = |chance: &mut Chance| {
            last += 1;
            let value = if values == u64::MAX { last } else { chance.below(values) as i64 };
            if chance.below(2) == 0 { QueueCall::Enqueue(value) } else { QueueCall::Dequeue }
        };
        let mut long = history(&Queue, &mut Chance(3), (10, 1_000, lost), draw, queue_says);
        let verdict = Queue.decide(long.operations(), &mut Budget(20_000));
        assert_eq!(verdict, Some(Verdict::Order), "{values} values, {lost} ‰ lost");
        let take = long.call("last", QueueCall::Dequeue);
        long.end_with(take, -1);
        let broken = long.check(&Queue).expect_err("nobody put in -1");
        assert_eq!((broken.calls, broken.others), (vec!["last: dequeue → -1".to_owned()], 1_000));
    }
}

#[test]
fn a_queue_shows_the_calls_that_are_out_of_order() {
    let mut history = History::new();
    let mut call = |client: &str, call, answer: Answer| {
        let id = history.call(client, call);
        history.end(id, answer);
    };
    call("a", QueueCall::Enqueue(20), Answer(Some(0)));
    call("b", QueueCall::Enqueue(21), Answer(Some(0)));
    call("c", QueueCall::Dequeue, Answer(Some(21)));
    call("c", QueueCall::Dequeue, Answer(Some(20)));
    for n in 0..9 {
        call("other", QueueCall::Enqueue(n), Answer(Some(0)));
        call("other", QueueCall::Dequeue, Answer(Some(n)));
    }
    let broken = history.check(&Queue).expect_err("21 came before 20");
    // That 21 was put in after 20 is seen from its begin.
    assert_eq!(
        (broken.calls, broken.others),
        (vec!["a: enqueue 20 → 0".into(), "c: dequeue → 21".into()], 20)
    );
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
