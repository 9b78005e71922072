//! Random histories: clients that call an object which does what its model says, or nearly.

use seedbed_linear::models::Answer;
use seedbed_linear::{CallId, History, Model};

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
