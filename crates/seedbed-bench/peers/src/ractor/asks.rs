//! Requests with their replies, one after the other.

use crate::{Ready, elsewhere, runtime};
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};

struct Server;

struct Ask {
    number: u64,
    reply: RpcReplyPort<u64>,
}

impl Actor for Server {
    type Msg = Ask;
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Ask>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle(&self, _: ActorRef<Ask>, ask: Ask, (): &mut ()) -> Result<(), ActorProcessingErr> {
        ask.reply.send(ask.number)?;
        Ok(())
    }
}

async fn ask(server: &ActorRef<Ask>, n: u64) {
    for number in 0..n {
        let reply = server.call(|reply| Ask { number, reply }, None).await.expect("it is there");
        assert_eq!(reply.success_or(()), Ok(number));
    }
}

struct Asker;

struct Go(u64);

impl Actor for Asker {
    type Msg = Go;
    type State = ActorRef<Ask>;
    type Arguments = ActorRef<Ask>;

    async fn pre_start(
        &self,
        _: ActorRef<Go>,
        server: ActorRef<Ask>,
    ) -> Result<ActorRef<Ask>, ActorProcessingErr> {
        Ok(server)
    }

    async fn handle(
        &self,
        me: ActorRef<Go>,
        Go(n): Go,
        server: &mut ActorRef<Ask>,
    ) -> Result<(), ActorProcessingErr> {
        ask(server, n).await;
        me.stop(None);
        Ok(())
    }
}

/// `n` requests from one actor to another.
pub fn between_two(n: u64) -> Ready {
    let runtime = runtime();
    let (asker, done) = runtime.block_on(async {
        let (server, _) = Actor::spawn(None, Server, ()).await.expect("it starts");
        Actor::spawn(None, Asker, server).await.expect("it starts")
    });
    Box::new(move || {
        runtime.block_on(async move {
            asker.send_message(Go(n)).expect("it is there");
            done.await.expect("it ends");
        });
    })
}

/// `n` requests from a task of the actors' own thread.
pub fn from_a_task(n: u64) -> Ready {
    let runtime = runtime();
    let (server, _) = runtime.block_on(Actor::spawn(None, Server, ())).expect("it starts");
    Box::new(move || runtime.block_on(ask(&server, n)))
}

/// `n` requests from another thread than theirs.
pub fn from_another_thread(n: u64) -> Ready {
    let (server, _) = elsewhere().block_on(Actor::spawn(None, Server, ())).expect("it starts");
    Box::new(move || runtime().block_on(ask(&server, n)))
}
