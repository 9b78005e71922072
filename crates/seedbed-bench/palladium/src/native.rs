//! Native actors.

use crate::Watch;
use crate::user::{here, spawn, stop};
use palladium_actor::*;
use palladium_runtime::TokioReactor;

/// Passes a number to who sent it while it has turns left, and stops then.
struct Player {
    left: u64,
}

const BALL: u64 = fnv1a_64("ball");

impl Actor<TokioReactor> for Player {
    fn on_message(
        &mut self,
        cx: &mut ActorContext<TokioReactor>,
        envelope: &Envelope,
        payload: MessagePayload,
    ) -> Result<(), ActorError> {
        if self.left == 0 {
            cx.stop();
            return Ok(());
        }
        self.left -= 1;
        let ball: u64 = payload.downcast_owned().ok_or(ActorError::Handler)?;
        let back = Envelope::new(cx.addr_hash(), envelope.source, BALL, 0);
        cx.send_raw(back, MessagePayload::local(ball)).map_err(|_| ActorError::Handler)
    }
}

/// Serves `flying` numbers to another at its first message, and is a [`Player`] from then on.
struct Server {
    other: AddrHash,
    flying: u64,
    player: Player,
}

impl Actor<TokioReactor> for Server {
    fn on_message(
        &mut self,
        cx: &mut ActorContext<TokioReactor>,
        envelope: &Envelope,
        payload: MessagePayload,
    ) -> Result<(), ActorError> {
        if self.flying == 0 {
            return self.player.on_message(cx, envelope, payload);
        }
        for ball in 0..std::mem::take(&mut self.flying) {
            let serve = Envelope::new(cx.addr_hash(), self.other, BALL, 0);
            cx.send_raw(serve, MessagePayload::local(ball)).map_err(|_| ActorError::Handler)?;
        }
        Ok(())
    }
}

/// `n` messages between two actors, `flying` at a time.
pub fn ping_pong(n: u64, flying: u64) {
    here(|engine| async move {
        let player = spawn(&engine, "player", Player { left: n / 2 }).await;
        let server = Server { other: player.address, flying, player: Player { left: n / 2 } };
        let server = spawn(&engine, "server", server).await;
        let watch = Watch::start();
        engine.send_to(server.address, Ask(0)).expect("it is there");
        player.ended.await.expect("it ends");
        watch.stop();
    });
}

struct Answerer;

struct Ask(u64);

impl Message for Ask {
    type Response = u64;
    const TYPE_TAG: u64 = fnv1a_64("ask");
}

impl Actor<TokioReactor> for Answerer {
    fn on_message(
        &mut self,
        cx: &mut ActorContext<TokioReactor>,
        envelope: &Envelope,
        payload: MessagePayload,
    ) -> Result<(), ActorError> {
        let Ask(number) = payload.downcast_owned().ok_or(ActorError::Handler)?;
        cx.send_raw(envelope.response(0), MessagePayload::local(number)).map_err(|_| ActorError::Handler)
    }
}

async fn ask(address: &Addr<Ask>, n: u64) {
    let watch = Watch::start();
    for number in 0..n {
        assert_eq!(address.ask(Ask(number)).await, Ok(number));
    }
    watch.stop();
}

/// `n` requests from a task of the actors' own thread.
pub fn asks_from_a_task(n: u64) {
    here(|engine| async move {
        let answerer = spawn(&engine, "answerer", Answerer).await;
        ask(&engine.addr_for(answerer.address), n).await;
    });
}

/// `n` requests from another thread than theirs.
pub fn asks_from_another_thread(n: u64) {
    let (send, receive) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        here(|engine| async move {
            let answerer = spawn(&engine, "answerer", Answerer).await;
            send.send(engine.addr_for(answerer.address)).expect("it is waited for");
            std::future::pending::<()>().await;
        });
    });
    let address = receive.recv().expect("it starts");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(ask(&address, n));
}

struct Idle;

impl Actor<TokioReactor> for Idle {
    fn on_message(
        &mut self,
        _: &mut ActorContext<TokioReactor>,
        _: &Envelope,
        _: MessagePayload,
    ) -> Result<(), ActorError> {
        Ok(())
    }
}

/// `n` actors spawned and stopped, one after the other, by a task of their own thread.
pub fn spawns(n: u64) {
    here(|engine| async move {
        let watch = Watch::start();
        for number in 0..n {
            let one = spawn(&engine, &format!("one{number}"), Idle).await;
            stop(&engine, one).await;
        }
        watch.stop();
    });
}
