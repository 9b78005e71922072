//! Random histories: clients that call an object which does what its model says, or nearly.

use seedbed_linear::models::{Answer, Map, MapCall, QueueCall};
use seedbed_linear::{CallId, History, Model};
use std::collections::{BTreeMap, VecDeque};

/// SplitMix64.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

/// What a client that has called waits for: that it happens, then that it hears of it.
enum Waits<C> {
    Called(CallId, C),
    Happened(CallId, Answer),
}

/// So many calls of so many clients. Each happens at one instant between its begin and its end, so
/// that the history is linearizable; of a thousand calls, so many are never heard of again.
pub(crate) fn history<M: Model<Answer = Answer>>(
    model: &M,
    chance: &mut Chance,
    (clients, calls, lost_permille): (u64, usize, u64),
    mut draw: impl FnMut(&mut Chance) -> M::Call,
    answers: impl Fn(&M::State, &M::Call) -> Answer,
) -> History<M::Call, Answer> {
    let mut history = History::new();
    let mut state = model.start();
    let mut waiting: Vec<Option<Waits<M::Call>>> = (0..clients).map(|_| None).collect();
    while history.len() < calls || waiting.iter().any(Option::is_some) {
        let client = chance.below(clients) as usize;
        waiting[client] = match waiting[client].take() {
            None if history.len() < calls => {
                let call = draw(chance);
                let id = history.call(format!("c{client}"), call.clone());
                let lost = chance.below(1_000) < lost_permille;
                if lost && chance.below(2) == 0 {
                    state = model.step(&state, &call, None).unwrap_or(state);
                }
                (!lost).then_some(Waits::Called(id, call))
            }
            Some(Waits::Called(id, call)) => {
                let answer = answers(&state, &call);
                state = model.step(&state, &call, Some(&answer)).expect("the model gives this answer");
                Some(Waits::Happened(id, answer))
            }
            Some(Waits::Happened(id, answer)) => {
                history.end(id, answer);
                None
            }
            None => None,
        };
    }
    history
}

/// The same calls at the same moments; those that ended got these answers.
pub(crate) fn answering<C: Clone>(history: &History<C, Answer>, answers: &[Answer]) -> History<C, Answer> {
    let mut answers = answers.iter();
    let mut events: Vec<(u64, usize, Option<Answer>)> = Vec::new();
    for (n, operation) in history.operations().iter().enumerate() {
        events.push((operation.begin, n, None));
        events.extend(operation.end.as_ref().map(|(at, _)| (*at, n, answers.next().copied())));
    }
    events.sort_unstable_by_key(|(at, ..)| *at);
    let (mut other, mut ids) = (History::new(), Vec::new());
    for (_, n, answer) in events {
        let operation = &history.operations()[n];
        match answer {
            None => ids.push(other.call(operation.client.clone(), operation.call.clone())),
            Some(answer) => other.end(ids[n], answer),
        }
    }
    other
}

/// What a queue answers.
pub(crate) fn queue_says(queue: &VecDeque<i64>, call: &QueueCall) -> Answer {
    match call {
        QueueCall::Enqueue(_) => Answer(Some(0)),
        QueueCall::Dequeue => Answer(queue.front().copied()),
    }
}

/// A map whose state is all of it, and whose keys are not looked at apart.
#[derive(Clone, Copy)]
pub(crate) struct Whole;

impl Model for Whole {
    type Call = MapCall;
    type Answer = Answer;
    type State = BTreeMap<i64, i64>;

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

/// What it answers.
pub(crate) fn whole_says(all: &BTreeMap<i64, i64>, call: &MapCall) -> Answer {
    let value = all.get(&Map.key(call)).copied();
    match *call {
        MapCall::Get(_) => Answer(value),
        MapCall::CompareAndSet(_, old, _) => Answer(Some(i64::from(value == Some(old)))),
        MapCall::Put(..) | MapCall::Delete(_) => Answer(Some(0)),
    }
}
