//! Children that end as they are told, and what a supervisor decided.

use seedbed_core::supervise::{ChildSpec, Restart};
use seedbed_core::{
    Actor, At, ChildStart, Context, Event, ExitReason, HandlerCode, Observer, Pid, Reason, Recording, Result,
    Supervisor, decision,
};
use seedbed_rt::{System, block_on};
use seedbed_sim::{Setup, World, replay_recording};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

pub(crate) const FAIL: u64 = 0;
pub(crate) const STOP: u64 = 1;
pub(crate) const SHUTDOWN: u64 = 2;
pub(crate) const PANIC: u64 = 3;
pub(crate) const EXIT: u64 = 4;

/// Ends in the way whose number it is sent.
pub(crate) struct Child;

impl Actor for Child {
    type Message = u64;

    fn on_message(&mut self, cx: &mut Context, order: u64) -> Result<()> {
        match order {
            FAIL => return Err(HandlerCode(7).into()),
            STOP => cx.stop(Reason::Normal),
            SHUTDOWN => cx.stop(Reason::Shutdown),
            PANIC => panic!("planned"),
            EXIT => {
                let me = cx.me();
                cx.exit_with(me, ExitReason::Normal)?;
            }
            other => anyhow::bail!("no such order: {other}"),
        }
        Ok(())
    }
}

/// A permanent child that is registered under its id.
pub(crate) fn child(id: &str) -> ChildSpec<ChildStart> {
    ChildSpec::worker(id, ChildStart::new(|| Child).registered(id))
}

pub(crate) fn with(id: &str, restart: Restart) -> ChildSpec<ChildStart> {
    ChildSpec { restart, ..child(id) }
}

/// The pid that has the name now.
pub(crate) fn pid(world: &World, name: &str) -> Option<Pid> {
    world.actor(world.address(name, "main").ok()?).map(|a| a.pid)
}

/// Ends the child in this way, and runs until all has come of it that will.
pub(crate) fn end(world: &mut World, name: &str, order: u64) -> anyhow::Result<()> {
    let to = world.address(name, "main")?;
    world.send(to, order);
    Ok(world.run_for(Duration::from_millis(1))?)
}

/// What supervisors decided, and who started how often.
#[derive(Clone, Default)]
pub(crate) struct Seen(Rc<RefCell<Inner>>);

#[derive(Default)]
struct Inner {
    decisions: BTreeMap<u32, u64>,
    starts: BTreeMap<String, u64>,
    ends: Vec<(String, ExitReason)>,
    alive: BTreeMap<String, u64>,
    most_alive: BTreeMap<String, u64>,
}

impl Seen {
    /// Watches a world from now on.
    pub(crate) fn of(world: &mut World) -> Seen {
        let seen = Seen::default();
        world.observe(seen.clone());
        seen
    }

    /// Restarts that were counted, and allowed.
    pub(crate) fn counted(&self) -> u64 {
        self.0.borrow().decisions.get(&decision::COUNTED).copied().unwrap_or(0)
    }

    /// Supervisors that gave up.
    pub(crate) fn gave_up(&self) -> u64 {
        self.0.borrow().decisions.get(&decision::GAVE_UP).copied().unwrap_or(0)
    }

    /// How often the actor at this path was spawned.
    pub(crate) fn starts(&self, path: &str) -> u64 {
        self.0.borrow().starts.get(path).copied().unwrap_or(0)
    }

    /// How many lives of the path there were at one time, at most.
    pub(crate) fn most_alive(&self, path: &str) -> u64 {
        self.0.borrow().most_alive.get(path).copied().unwrap_or(0)
    }

    /// How the actor at this path ended, each time.
    pub(crate) fn ends(&self, path: &str) -> Vec<ExitReason> {
        self.0.borrow().ends.iter().filter(|e| e.0 == path).map(|e| e.1.clone()).collect()
    }
}

impl Observer for Seen {
    fn event(&mut self, _: At, event: &Event<'_>) {
        let mut inner = self.0.borrow_mut();
        match event {
            Event::Supervised { code, .. } => *inner.decisions.entry(*code).or_default() += 1,
            Event::Spawned { who, .. } => {
                *inner.starts.entry(who.text.to_owned()).or_default() += 1;
                let alive = inner.alive.entry(who.text.to_owned()).or_default();
                *alive += 1;
                let alive = *alive;
                let most = inner.most_alive.entry(who.text.to_owned()).or_default();
                *most = alive.max(*most);
            }
            Event::Exited { who, reason, .. } => {
                *inner.alive.entry(who.text.to_owned()).or_default() -= 1;
                inner.ends.push((who.text.to_owned(), (*reason).clone()));
            }
            _ => {}
        }
    }
}

/// Runs a script against supervisors on the real reactor; what it did must replay in the simulator, event
/// for event.
pub(crate) fn real(
    roots: impl Fn() -> Vec<(&'static str, Supervisor)>,
    script: impl AsyncFnOnce(&System, &[Pid]),
) {
    let recording: Arc<Recording> = block_on(async {
        let system = System::builder().record_every_event().start().expect("a node starts");
        let mut pids = Vec::new();
        for (name, root) in roots() {
            pids.push(system.spawn(name, root).await.expect("a free name"));
        }
        script(&system, &pids).await;
        system.shutdown().await.expect("it runs").recording.expect("it is recorded")
    })
    .expect("a runtime starts");
    let setup = roots().into_iter().fold(Setup::default(), |setup, (name, root)| setup.root(name, root));
    let run = replay_recording(&recording, setup).unwrap_or_else(|e| panic!("failed to {e}"));
    assert_eq!((run.turns, run.trace_hash), (recording.turns, recording.hash));
}

/// The pid that has the name on the real node now.
pub(crate) async fn named(system: &System, name: &str) -> Pid {
    system.whereis(name).await.expect("it runs").unwrap_or_else(|| panic!("nobody is named {name}"))
}

/// Kills the child on the real node, and waits until its supervisor has dealt with it.
pub(crate) async fn kill_and_wait(system: &System, top: Pid, name: &str) {
    let pid = named(system, name).await;
    system.kill(pid).await.expect("it lives");
    // The exit is in the supervisor's mail already; the call is served after what it leads to.
    let _ = system.supervisor(top).counts().await;
}

/// Ends the child on the real node in this way, and waits until its supervisor has dealt with it.
pub(crate) async fn end_and_wait(system: &System, top: Pid, name: &str, order: u64) -> ExitReason {
    let gone = system.monitor(named(system, name).await);
    let to = system.address(name).expect("a name");
    system.send(to, order).expect("it runs");
    let reason = gone.await.expect("it runs");
    let _ = system.supervisor(top).counts().await;
    reason
}
