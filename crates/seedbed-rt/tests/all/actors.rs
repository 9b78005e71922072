//! Actors that several tests use, and how a test runs.

use seedbed_core::{Actor, Context, ExitReason, HandlerCode, Pid, Reason, Request, Result, Signal};
use seedbed_rt::System;
use serde::{Deserialize, Serialize};
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

/// Runs the body of a test, on a runtime that has no timers: handles need none.
pub(crate) fn block_on<T>(body: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(body)
}

/// Waits for both.
pub(crate) async fn both<A, B>(a: impl Future<Output = A>, b: impl Future<Output = B>) -> (A, B) {
    let (mut a, mut b) = (pin!(a), pin!(b));
    let (mut done_a, mut done_b) = (None, None);
    poll_fn(|cx| {
        if done_a.is_none()
            && let Poll::Ready(value) = a.as_mut().poll(cx)
        {
            done_a = Some(value);
        }
        if done_b.is_none()
            && let Poll::Ready(value) = b.as_mut().poll(cx)
        {
            done_b = Some(value);
        }
        match (done_a.take(), done_b.take()) {
            (Some(a), Some(b)) => Poll::Ready((a, b)),
            (a, b) => {
                (done_a, done_b) = (a, b);
                Poll::Pending
            }
        }
    })
    .await
}

/// An actor that does as it is told.
#[derive(Default)]
pub(crate) struct Puppet {
    held: Vec<Request>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Do {
    Echo(u64),
    /// Replies with the pid of whoever asked.
    WhoAmI,
    /// Sends this to the pid, or to who sent it.
    Send(Pid, u64),
    Fail(i32),
    Panic,
    Stop,
    /// Keeps the request, and never answers.
    Hold,
    /// Sends itself `Spin` for ever.
    Spin,
    /// Replies once a timer of so many microseconds fired.
    ReplyAfter(u64),
    Spawn(String),
    Link(Pid),
    Observe(String, i64),
}

impl Actor for Puppet {
    type Message = Do;

    fn on_message(&mut self, cx: &mut Context, message: Do) -> Result<()> {
        match message {
            Do::Echo(n) => cx.reply(n)?,
            Do::WhoAmI => cx.reply(cx.from())?,
            Do::Send(to, n) => cx.send(to, &n)?,
            Do::Fail(code) => return Err(HandlerCode(code).into()),
            Do::Panic => panic!("as it was told"),
            Do::Stop => cx.stop(Reason::Normal),
            Do::Hold => {}
            Do::Spin => cx.send(cx.me(), &Do::Spin)?,
            Do::ReplyAfter(us) => {
                let request = cx.request().expect("it was asked");
                cx.set_timer(Duration::from_micros(us), request.correlation.0)?;
                self.held.push(request);
            }
            Do::Spawn(name) => {
                let pid = cx.spawn(seedbed_core::SpawnOptions::registered(name), Puppet::default)?;
                cx.reply(pid)?;
            }
            Do::Link(pid) => cx.link(pid)?,
            Do::Observe(key, value) => cx.observe(&key, value),
        }
        Ok(())
    }

    fn on_signal(&mut self, cx: &mut Context, signal: Signal) -> Result<()> {
        if let Signal::Timer { tag, .. } = signal {
            let at = self.held.iter().position(|r| r.correlation.0 == tag).expect("it was kept");
            cx.reply_to(self.held.remove(at), tag)?;
        }
        Ok(())
    }
}

/// Waits until the actor has handled all that this handle sent it.
pub(crate) async fn settle(system: &System, pid: Pid) {
    let n: u64 = system.ask(pid, Do::Echo(1)).await.unwrap();
    assert_eq!(n, 1);
}

/// Waits for the end of an actor.
pub(crate) async fn end_of(system: &System, pid: Pid) -> ExitReason {
    system.monitor(pid).await.unwrap()
}
