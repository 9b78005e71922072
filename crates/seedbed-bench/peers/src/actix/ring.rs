//! One number, passed round a ring.

use crate::Ready;
use actix::prelude::*;

/// Passes a number on, one less, to the next; the last one ends the system.
struct Member {
    next: Option<Addr<Member>>,
}

#[derive(Message)]
#[rtype(result = "()")]
struct Number(u64);

#[derive(Message)]
#[rtype(result = "()")]
struct Next(Addr<Member>);

impl Actor for Member {
    type Context = Context<Self>;
}

impl Handler<Number> for Member {
    type Result = ();

    fn handle(&mut self, Number(left): Number, _: &mut Context<Self>) {
        if left == 0 {
            System::current().stop();
            return;
        }
        self.next.as_ref().expect("the ring is closed").do_send(Number(left - 1));
    }
}

impl Handler<Next> for Member {
    type Result = ();

    fn handle(&mut self, Next(next): Next, _: &mut Context<Self>) {
        self.next = Some(next);
    }
}

/// `n` messages round a ring of `length` actors, one at a time.
pub fn ring(n: u64, length: u64) -> Ready {
    let system = System::new();
    let first = system.block_on(async {
        let last = Member { next: None }.start();
        let mut first = last.clone();
        for _ in 1..length {
            first = Member { next: Some(first) }.start();
        }
        last.send(Next(first.clone())).await.expect("it is there");
        first
    });
    Box::new(move || {
        first.do_send(Number(n));
        system.run().expect("it ends well");
    })
}
