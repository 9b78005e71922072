//! One number, passed round a ring.

use crate::{Ready, runtime};
use kameo::prelude::*;

/// Passes a number on, one less, to the next; the last one ends who gets it.
#[derive(Actor)]
struct Member {
    next: Option<ActorRef<Member>>,
}

struct Number(u64);
struct Next(ActorRef<Member>);

impl Message<Number> for Member {
    type Reply = ();

    async fn handle(&mut self, Number(left): Number, cx: &mut Context<Self, ()>) {
        if left == 0 {
            cx.actor_ref().kill();
            return;
        }
        let next = self.next.as_ref().expect("the ring is closed");
        next.tell(Number(left - 1)).await.expect("it is there");
    }
}

impl Message<Next> for Member {
    type Reply = ();

    async fn handle(&mut self, Next(next): Next, _: &mut Context<Self, ()>) {
        self.next = Some(next);
    }
}

/// `n` messages round a ring of `length` actors, one at a time.
pub fn ring(n: u64, length: u64) -> Ready {
    let runtime = runtime();
    let members = runtime.block_on(async {
        let mut members: Vec<ActorRef<Member>> = Vec::new();
        for _ in 0..length {
            let member = Member { next: members.last().cloned() };
            members.push(Member::spawn_with_mailbox(member, mailbox::unbounded()));
        }
        members.reverse();
        members[length as usize - 1].ask(Next(members[0].clone())).await.expect("it answers");
        members
    });
    Box::new(move || {
        runtime.block_on(async move {
            members[0].tell(Number(n)).await.expect("it is there");
            members[(n % length) as usize].wait_for_shutdown().await;
        });
    })
}
