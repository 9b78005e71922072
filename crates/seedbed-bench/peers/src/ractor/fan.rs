//! From one to many, and from all of them back.

use crate::{Ready, runtime};
use ractor::{Actor, ActorProcessingErr, ActorRef};

/// Sends a number to all leaves, and the next one when all have sent it back.
struct Hub;

struct State {
    leaves: Vec<ActorRef<Out>>,
    back: usize,
    left: u64,
}

struct Leaf;

struct Out {
    hub: ActorRef<Back>,
    number: u64,
}

struct Back(u64);

impl Actor for Hub {
    type Msg = Back;
    type State = State;
    type Arguments = State;

    async fn pre_start(&self, _: ActorRef<Back>, state: State) -> Result<State, ActorProcessingErr> {
        Ok(state)
    }

    async fn handle(
        &self,
        me: ActorRef<Back>,
        Back(number): Back,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        state.back += 1;
        if state.back < state.leaves.len() {
            return Ok(());
        }
        state.back = 0;
        if state.left == 0 {
            me.stop(None);
            return Ok(());
        }
        state.left -= 1;
        for leaf in &state.leaves {
            leaf.send_message(Out { hub: me.clone(), number })?;
        }
        Ok(())
    }
}

impl Actor for Leaf {
    type Msg = Out;
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Out>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle(&self, _: ActorRef<Out>, out: Out, (): &mut ()) -> Result<(), ActorProcessingErr> {
        out.hub.send_message(Back(out.number))?;
        Ok(())
    }
}

/// `n` messages: from one actor to `leaves` others, and from all of them back to it.
pub fn fan(n: u64, leaves: u64) -> Ready {
    let runtime = runtime();
    let (hub, done) = runtime.block_on(async {
        let mut refs = Vec::new();
        for _ in 0..leaves {
            refs.push(Actor::spawn(None, Leaf, ()).await.expect("it starts").0);
        }
        let state = State { back: refs.len() - 1, leaves: refs, left: n / (2 * leaves) };
        Actor::spawn(None, Hub, state).await.expect("it starts")
    });
    Box::new(move || {
        runtime.block_on(async move {
            hub.send_message(Back(7)).expect("it is there");
            done.await.expect("it ends");
        });
    })
}
