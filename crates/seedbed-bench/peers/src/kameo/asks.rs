//! Requests with their replies, one after the other.

use crate::{Ready, elsewhere, runtime};
use kameo::prelude::*;

#[derive(Actor)]
struct Server;

struct Ask(u64);

impl Message<Ask> for Server {
    type Reply = u64;

    async fn handle(&mut self, Ask(number): Ask, _: &mut Context<Self, u64>) -> u64 {
        number
    }
}

#[derive(Actor)]
struct Asker {
    server: ActorRef<Server>,
}

struct Go(u64);

impl Message<Go> for Asker {
    type Reply = ();

    async fn handle(&mut self, Go(n): Go, cx: &mut Context<Self, ()>) {
        ask(self.server.clone(), n).await;
        cx.actor_ref().kill();
    }
}

/// `n` requests from one actor to another.
pub fn between_two(n: u64) -> Ready {
    let runtime = runtime();
    let asker = runtime.block_on(async {
        let server = Server::spawn_with_mailbox(Server, mailbox::unbounded());
        Asker::spawn_with_mailbox(Asker { server }, mailbox::unbounded())
    });
    Box::new(move || {
        runtime.block_on(async move {
            asker.tell(Go(n)).await.expect("it is there");
            asker.wait_for_shutdown().await;
        });
    })
}

async fn ask(server: ActorRef<Server>, n: u64) {
    for number in 0..n {
        assert_eq!(server.ask(Ask(number)).await.expect("it answers"), number);
    }
}

/// `n` requests from a task of the actors' own thread.
pub fn from_a_task(n: u64) -> Ready {
    let runtime = runtime();
    let server = runtime.block_on(async { Server::spawn_with_mailbox(Server, mailbox::unbounded()) });
    Box::new(move || runtime.block_on(ask(server, n)))
}

/// `n` requests from another thread than theirs.
pub fn from_another_thread(n: u64) -> Ready {
    let server = elsewhere().block_on(async { Server::spawn_with_mailbox(Server, mailbox::unbounded()) });
    Box::new(move || runtime().block_on(ask(server, n)))
}
