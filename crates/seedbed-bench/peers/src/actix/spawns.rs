//! Actors that are spawned and stopped, one after the other.

use super::elsewhere;
use crate::{Ready, runtime};
use actix::prelude::*;
use tokio::sync::oneshot;

/// Says when it is at its end, since nobody else does.
struct One {
    ended: Option<oneshot::Sender<()>>,
}

#[derive(Message)]
#[rtype(result = "()")]
struct Stop;

impl Actor for One {
    type Context = Context<Self>;

    fn stopped(&mut self, _: &mut Context<Self>) {
        self.ended.take().expect("once").send(()).expect("it is waited for");
    }
}

impl Handler<Stop> for One {
    type Result = ();

    fn handle(&mut self, _: Stop, cx: &mut Context<Self>) {
        cx.stop();
    }
}

async fn spawn_and_stop(n: u64, start: impl Fn(One) -> Addr<One>) {
    for _ in 0..n {
        let (ended, end) = oneshot::channel();
        start(One { ended: Some(ended) }).do_send(Stop);
        end.await.expect("it ends");
    }
}

/// By a task of the actors' own thread.
pub fn from_a_task(n: u64) -> Ready {
    let system = System::new();
    Box::new(move || system.block_on(spawn_and_stop(n, Actor::start)))
}

/// From another thread than theirs.
pub fn from_another_thread(n: u64) -> Ready {
    let arbiter = elsewhere();
    let start = move |one| One::start_in_arbiter(&arbiter, |_| one);
    Box::new(move || runtime().block_on(spawn_and_stop(n, start)))
}
