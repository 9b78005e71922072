//! stateright, depth first on one thread. It visits states, each once: those of the receiver tell every
//! order apart.

use crate::Ready;
use stateright::actor::{Actor, ActorModel, Id, Network, Out};
use stateright::{Checker, Expectation, Model};
use std::borrow::Cow;

/// The first keeps what comes, in its order; each other sends two messages when it starts.
#[derive(Clone, Copy)]
struct Member;

impl Actor for Member {
    type Msg = u8;
    type Timer = ();
    type State = Vec<u8>;
    type Storage = ();
    type Random = ();

    fn on_start(&self, id: Id, _: &Option<()>, out: &mut Out<Self>) -> Vec<u8> {
        if usize::from(id) > 0 {
            out.send(Id::from(0), 0);
            out.send(Id::from(0), 1);
        }
        Vec::new()
    }

    fn on_msg(&self, _: Id, state: &mut Cow<Vec<u8>>, from: Id, message: u8, _: &mut Out<Self>) {
        state.to_mut().push(usize::from(from) as u8 * 2 + message);
    }
}

/// `n` steps through the orders of twelve messages of six senders.
pub fn orders(n: u64) -> Ready {
    let steps = usize::try_from(n).expect("a number of steps");
    Box::new(move || {
        let model = ActorModel::new((), ())
            .actors([Member; 7])
            .init_network(Network::new_ordered([]))
            .property(Expectation::Always, "nothing is lost", |_, state| state.actor_states[0].len() <= 12);
        let checker = model.checker().threads(1).target_state_count(steps).spawn_dfs().join();
        assert!(checker.state_count() >= steps, "{}", checker.state_count());
    })
}
