//! One number, passed round a ring.

use crate::{Ready, runtime};
use ractor::{Actor, ActorProcessingErr, ActorRef};

/// Passes a number on, one less, to the next; the last one stops who gets it.
struct Member;

enum Input {
    Number(u64),
    Next(ActorRef<Input>),
}

impl Actor for Member {
    type Msg = Input;
    type State = Option<ActorRef<Input>>;
    type Arguments = Self::State;

    async fn pre_start(
        &self,
        _: ActorRef<Input>,
        next: Self::State,
    ) -> Result<Self::State, ActorProcessingErr> {
        Ok(next)
    }

    async fn handle(
        &self,
        me: ActorRef<Input>,
        input: Input,
        next: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match input {
            Input::Next(first) => *next = Some(first),
            Input::Number(0) => me.stop(None),
            Input::Number(left) => {
                next.as_ref().expect("the ring is closed").send_message(Input::Number(left - 1))?;
            }
        }
        Ok(())
    }
}

/// `n` messages round a ring of `length` actors, one at a time.
pub fn ring(n: u64, length: u64) -> Ready {
    let runtime = runtime();
    let (first, done) = runtime.block_on(async {
        let mut members = Vec::new();
        for _ in 0..length {
            let next = members.last().map(|(member, _): &(ActorRef<Input>, _)| member.clone());
            members.push(Actor::spawn(None, Member, next).await.expect("it starts"));
        }
        members.reverse();
        let first = members[0].0.clone();
        members[length as usize - 1].0.send_message(Input::Next(first.clone())).expect("it is there");
        (first, members.swap_remove((n % length) as usize).1)
    });
    Box::new(move || {
        runtime.block_on(async move {
            first.send_message(Input::Number(n)).expect("it is there");
            done.await.expect("it ends");
        });
    })
}
