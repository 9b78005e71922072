//! Requests with their replies, one after the other.

use super::elsewhere;
use crate::{Ready, runtime};
use actix::prelude::*;

struct Server;

#[derive(Message)]
#[rtype(result = "u64")]
struct Ask(u64);

impl Actor for Server {
    type Context = Context<Self>;
}

impl Handler<Ask> for Server {
    type Result = u64;

    fn handle(&mut self, Ask(number): Ask, _: &mut Context<Self>) -> u64 {
        number
    }
}

struct Asker {
    server: Addr<Server>,
}

#[derive(Message)]
#[rtype(result = "()")]
struct Go(u64);

impl Actor for Asker {
    type Context = Context<Self>;
}

impl Handler<Go> for Asker {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, Go(n): Go, _: &mut Context<Self>) -> ResponseFuture<()> {
        Box::pin(ask(self.server.clone(), n))
    }
}

async fn ask(server: Addr<Server>, n: u64) {
    for number in 0..n {
        assert_eq!(server.send(Ask(number)).await, Ok(number));
    }
}

/// `n` requests from one actor to another.
pub fn between_two(n: u64) -> Ready {
    let system = System::new();
    let asker = system.block_on(async { Asker { server: Server.start() }.start() });
    Box::new(move || system.block_on(asker.send(Go(n))).expect("it is there"))
}

/// `n` requests from a task of the actors' own thread.
pub fn from_a_task(n: u64) -> Ready {
    let system = System::new();
    let server = system.block_on(async { Server.start() });
    Box::new(move || system.block_on(ask(server, n)))
}

/// `n` requests from another thread than theirs.
pub fn from_another_thread(n: u64) -> Ready {
    let server = Server::start_in_arbiter(&elsewhere(), |_| Server);
    Box::new(move || runtime().block_on(ask(server, n)))
}
