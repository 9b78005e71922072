//! Native actors on the real reactor, in the shapes that programs of actors have.

use seedbed_core::*;
use seedbed_rt::System;
use std::time::Duration;

/// Long enough for every request here.
const SOON: Duration = Duration::from_secs(60);

/// Runs `work` with a system on a thread of its own, and shuts it down.
fn with_system<F: Future<Output = ()>>(work: impl FnOnce(System) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let system = System::start().expect("it starts");
        work(system.clone()).await;
        system.shutdown().await.expect("it runs");
    });
}

/// Passes a number on, one less, to the next; the last one stops who gets it.
struct Member {
    next: Option<Pid>,
}

impl Actor for Member {
    type Message = u64;

    fn on_message(&mut self, cx: &mut Context, left: u64) -> Result<()> {
        let Some(left) = left.checked_sub(1) else {
            cx.stop(Reason::Normal);
            return Ok(());
        };
        let next = match self.next {
            Some(next) => next,
            None => *self.next.insert(cx.whereis("first").expect("it is registered")),
        };
        Ok(cx.send(next, &left)?)
    }
}

/// `n` messages round a ring of `length` actors, one at a time.
pub(crate) fn ring(n: u64, length: u64) {
    with_system(|system| async move {
        let mut pids = Vec::new();
        for at in (0..length).rev() {
            let name = if at == 0 { "first".to_owned() } else { format!("member{at}") };
            let next = pids.last().copied();
            pids.push(system.spawn(&name, move || Member { next }).await.expect("it starts"));
        }
        pids.reverse();
        let done = system.monitor(pids[(n % length) as usize]);
        system.send(pids[0], n).expect("it is there");
        done.await.expect("the system runs");
    });
}

/// Sends a number to all leaves, and the next one when all have sent it back.
struct Hub {
    leaves: Vec<Pid>,
    back: usize,
    left: u64,
}

impl Actor for Hub {
    type Message = u64;

    fn on_message(&mut self, cx: &mut Context, number: u64) -> Result<()> {
        self.back += 1;
        if self.back < self.leaves.len() {
            return Ok(());
        }
        self.back = 0;
        if self.left == 0 {
            cx.stop(Reason::Normal);
            return Ok(());
        }
        self.left -= 1;
        self.leaves.iter().try_for_each(|leaf| cx.send(*leaf, &number)).map_err(Into::into)
    }
}

struct Leaf;

impl Actor for Leaf {
    type Message = u64;

    fn on_message(&mut self, cx: &mut Context, number: u64) -> Result<()> {
        Ok(cx.send(cx.from(), &number)?)
    }
}

/// `n` messages: from one actor to `leaves` others, and from all of them back to it.
pub(crate) fn fan(n: u64, leaves: u64) {
    with_system(|system| async move {
        let mut pids = Vec::new();
        for leaf in 0..leaves {
            pids.push(system.spawn(&format!("leaf{leaf}"), || Leaf).await.expect("it starts"));
        }
        let hub = move || Hub { back: pids.len() - 1, leaves: pids.clone(), left: n / (2 * leaves) };
        let hub = system.spawn("hub", hub).await.expect("it starts");
        let done = system.monitor(hub);
        system.send(hub, 7u64).expect("it is there");
        done.await.expect("the system runs");
    });
}

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

/// `n` requests with their replies, one after the other, between two actors.
pub(crate) fn asks(n: u64) {
    with_system(|system| async move {
        let server = system.spawn("server", || Server).await.expect("it starts");
        let asker = system.spawn("asker", move || Asker { server, left: n }).await.expect("it starts");
        let done = system.monitor(asker);
        system.send(asker, 0u64).expect("it is there");
        done.await.expect("the system runs");
    });
}

/// `n` requests with their replies, one after the other, from another thread.
pub(crate) fn asks_from_outside(n: u64) {
    with_system(|system| async move {
        let server = system.spawn("server", || Server).await.expect("it starts");
        for number in 0..n {
            let reply: u64 = system.ask(server, number).await.expect("it answers");
            assert_eq!(reply, number);
        }
    });
}

/// Sets a thousand timers and cancels them, again and again.
struct Alarms {
    left: u64,
}

impl Actor for Alarms {
    type Message = ();

    fn on_message(&mut self, cx: &mut Context, (): ()) -> Result<()> {
        if self.left == 0 {
            cx.stop(Reason::Normal);
            return Ok(());
        }
        let mut set = Vec::new();
        for tag in 0..self.left.min(1_000) {
            set.push(cx.set_timer(SOON + Duration::from_nanos(tag * 7_919 % 1_000), tag)?);
        }
        self.left -= set.len() as u64;
        for timer in set {
            assert_eq!(cx.cancel_timer(timer), Cancelled::Cancelled);
        }
        let me = cx.me();
        Ok(cx.send(me, &())?)
    }
}

/// `n` timers set and cancelled, a thousand of them pending at a time.
pub(crate) fn timers(n: u64) {
    with_system(|system| async move {
        let alarms = system.spawn("alarms", move || Alarms { left: n }).await.expect("it starts");
        let done = system.monitor(alarms);
        system.send(alarms, ()).expect("it is there");
        done.await.expect("the system runs");
    });
}

/// `n` actors spawned and stopped from outside, one after the other, each by way of its hooks.
pub(crate) fn spawns(n: u64, factory: impl Factory + Clone) {
    with_system(|system| async move {
        for _ in 0..n {
            let pid = system.spawn("one", factory.clone()).await.expect("it starts");
            system.stop(pid, Reason::Normal).await.expect("it was alive");
        }
    });
}

/// A native actor to spawn.
pub(crate) fn native() -> impl Factory + Clone {
    || Leaf
}
