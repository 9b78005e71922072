//! Requests with their replies, one after the other.

use super::system::{SOON, elsewhere, here};
use seedbed_core::*;
use seedbed_rt::System;

/// Asks, and asks again when it has the reply.
struct Asker {
    server: Pid,
    left: u64,
}

impl Asker {
    fn ask(&mut self, cx: &mut Context) -> Result<()> {
        if self.left == 0 {
            cx.stop(Reason::Normal);
            return Ok(());
        }
        self.left -= 1;
        cx.ask(self.server, &self.left, SOON)?;
        Ok(())
    }
}

impl Actor for Asker {
    type Message = u64;

    fn on_message(&mut self, cx: &mut Context, _: u64) -> Result<()> {
        self.ask(cx)
    }

    fn on_signal(&mut self, cx: &mut Context, _: Signal) -> Result<()> {
        self.ask(cx)
    }
}

struct Server;

impl Actor for Server {
    type Message = u64;

    fn on_message(&mut self, cx: &mut Context, number: u64) -> Result<()> {
        cx.reply(number)
    }
}

/// `n` requests from one actor to another.
pub(crate) fn between_two(n: u64) {
    elsewhere(|system| async move {
        let server = system.spawn("server", || Server).await.expect("it starts");
        let asker = system.spawn("asker", move || Asker { server, left: n }).await.expect("it starts");
        let done = system.monitor(asker);
        system.send(asker, 0u64).expect("it is there");
        done.await.expect("the system runs");
    });
}

/// `n` requests from a task of the actors' own thread.
pub(crate) fn from_a_task(n: u64) {
    here(|system| ask(system, n));
}

/// `n` requests from another thread than theirs.
pub(crate) fn from_another_thread(n: u64) {
    elsewhere(|system| ask(system, n));
}

async fn ask(system: System, n: u64) {
    let server = system.spawn("server", || Server).await.expect("it starts");
    for number in 0..n {
        let reply: u64 = system.ask(server, number).await.expect("it answers");
        assert_eq!(reply, number);
    }
}
