//! Actors that are spawned and stopped, one after the other.

use super::system::{elsewhere, here};
use seedbed_core::*;
use seedbed_rt::System;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Poll, Waker};

/// Waits for nothing.
struct Idle;

impl Actor for Idle {
    type Message = ();

    fn on_message(&mut self, _: &mut Context, (): ()) -> Result<()> {
        Ok(())
    }
}

/// A native actor to spawn.
pub(crate) fn native() -> impl Factory + Clone {
    || Idle
}

/// Spawns a child, ends it when it has started, and spawns the next when that is gone.
struct Parent {
    child: Arc<dyn Factory>,
    left: u64,
}

impl Parent {
    fn spawn(&mut self, cx: &mut Context) -> Result<()> {
        if self.left == 0 {
            cx.stop(Reason::Normal);
            return Ok(());
        }
        self.left -= 1;
        let options = SpawnOptions::default().flags(SpawnFlags::NOTIFY.with(SpawnFlags::MONITOR));
        cx.spawn_shared(options, Arc::clone(&self.child))?;
        Ok(())
    }
}

impl Actor for Parent {
    type Message = ();

    fn on_message(&mut self, cx: &mut Context, (): ()) -> Result<()> {
        self.spawn(cx)
    }

    fn on_signal(&mut self, cx: &mut Context, signal: Signal) -> Result<()> {
        match signal {
            Signal::Started { pid, outcome: StartOutcome::Started } => Ok(cx.exit(pid, Reason::Shutdown)?),
            Signal::Down { .. } => self.spawn(cx),
            other => panic!("{other:?}"),
        }
    }
}

/// `n` actors, by an actor that is told of their starts and ends.
pub(crate) fn by_an_actor(n: u64, child: impl Factory) {
    let child: Arc<dyn Factory> = Arc::new(child);
    elsewhere(|system| async move {
        let parent = move || Parent { child: Arc::clone(&child), left: n };
        let parent = system.spawn("parent", parent).await.expect("it starts");
        let done = system.monitor(parent);
        system.send(parent, ()).expect("it is there");
        done.await.expect("the system runs");
    });
}

/// `n` actors, by a task of their own thread, each by way of its hooks.
pub(crate) fn from_a_task(n: u64, child: impl Factory + Clone) {
    here(|system| spawn_and_stop(system, n, child));
}

/// `n` actors, from another thread than theirs, each by way of its hooks.
pub(crate) fn from_another_thread(n: u64, child: impl Factory + Clone) {
    elsewhere(|system| spawn_and_stop(system, n, child));
}

/// Stops when it is told to.
struct Told;

impl Actor for Told {
    type Message = ();

    fn on_message(&mut self, cx: &mut Context, (): ()) -> Result<()> {
        cx.stop(Reason::Normal);
        Ok(())
    }
}

/// `n` actors, from another thread than theirs; each is asked for, told to stop and watched, by its name,
/// before it has started: one wait an actor, as where a spawn is not waited for.
pub(crate) fn told_from_another_thread(n: u64) {
    elsewhere(|system| async move {
        let one = system.address("one").expect("a name");
        for _ in 0..n {
            let mut spawned = pin!(system.spawn("one", || Told));
            // One poll asks for it; that it has started need wake nobody.
            let begun = spawned.as_mut().poll(&mut std::task::Context::from_waker(Waker::noop()));
            system.send(one, ()).expect("the system runs");
            system.monitor(one).await.expect("the system runs");
            match begun {
                Poll::Ready(started) => started.expect("it starts"),
                Poll::Pending => spawned.await.expect("it starts"),
            };
        }
    });
}

async fn spawn_and_stop(system: System, n: u64, child: impl Factory + Clone) {
    for _ in 0..n {
        let pid = system.spawn("one", child.clone()).await.expect("it starts");
        system.stop(pid, Reason::Normal).await.expect("it was alive");
    }
}
