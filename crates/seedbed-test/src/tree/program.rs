//! A tree and what happens to it, as plain data that runs in a world.

use super::plan::{Ends, Life, Tree};
use super::scripted::{ENTRY, arguments, scripted};
use anyhow::Result;
use seedbed_core::supervise::{ChildSpec, Restart, Shutdown};
use seedbed_core::{EntryStart, ExitReason, Failure, Message, Pid, SupervisorCall, TrapKind};
use seedbed_sim::{Client, World};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A tree, and what happens to it step by step.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TreeProgram {
    /// The tree.
    pub tree: Tree,
    /// What happens to it.
    pub steps: Vec<Step>,
}

/// One thing that happens to a tree. Actors are named by their path below the root of the tree, which
/// is the empty path; a step about one that is not there is passed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// Time passes.
    Wait(Duration),
    /// A worker is sent a message.
    Tell(String, Deed),
    /// The same as a request.
    Ask(String, Deed),
    /// An actor is killed.
    Kill(String),
    /// An actor is asked to stop, with this reason.
    Stop(String, Ends),
    /// An actor fails as by a trap.
    Trap(String),
    /// A supervisor is called.
    Call(String, Call),
}

/// What a scripted worker is told to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Deed {
    /// Nothing much; a request is answered with the worker's life.
    Work,
    /// It ends.
    End(Ends),
    /// It arms a timer.
    WorkLater(Duration),
    /// It asks the worker with this path to work.
    Ask(String),
}

/// A call to a supervisor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Call {
    /// Add a child, a scripted worker, and start it.
    Start {
        /// Its id.
        id: String,
        /// Which exits restart it.
        restart: Restart,
        /// How it is stopped.
        shutdown: Shutdown,
        /// Whether its end may end the supervisor.
        significant: bool,
        /// How it behaves.
        life: Life,
    },
    /// Start an instance of a dynamic supervisor.
    StartInstance(Life),
    /// Stop the instance with this number.
    StopInstance(u32),
    /// Stop a child.
    Stop(String),
    /// Start a child that is down.
    Restart(String),
    /// Forget a child that is down.
    Delete(String),
    /// List the children.
    Children,
    /// Count them.
    Counts,
}

/// The name and the path of a program's root.
const ROOT: &str = "tree";

/// Callers, so that calls can overtake each other.
const CLIENTS: usize = 3;

impl TreeProgram {
    /// Spawns the tree on the node `main`, lets everything happen, then stops the tree and waits until
    /// the world is at rest. Failures are what a program is about, so those that nobody saw are no
    /// finding.
    ///
    /// # Errors
    /// The property that broke.
    ///
    /// # Panics
    /// If there are actors already.
    pub fn run(&self, world: &mut World) -> Result<()> {
        world.configure(|config| config.allow_failures = true);
        world.entry(ENTRY, scripted());
        let tree = self.tree.supervisor_in(world);
        let root = world.spawn(ROOT, tree);
        self.steps_on(world, root)?;
        world.run_for(Duration::from_millis(40))?;
        world.stop(root, ExitReason::Shutdown);
        world.settle()?;
        Ok(())
    }

    /// Lets the steps happen to the tree of this supervisor, one after the other.
    ///
    /// # Errors
    /// The property that broke.
    pub fn steps_on(&self, world: &mut World, root: Pid) -> Result<()> {
        run_steps(&self.steps, world, root)
    }
}

/// Lets steps happen to the tree below an actor.
pub(super) fn run_steps(steps: &[Step], world: &mut World, root: Pid) -> Result<()> {
    let clients: Vec<Client> = (0..CLIENTS).map(|_| world.client()).collect();
    let Some(root) = world.actor(root).map(|actor| actor.path) else { return Ok(()) };
    for (step, client) in steps.iter().zip(clients.iter().cycle()) {
        step.run(world, &root, *client)?;
    }
    Ok(())
}

impl Step {
    fn run(&self, world: &mut World, root: &str, client: Client) -> Result<()> {
        let of = |world: &World, path: &str| {
            let whole = if path.is_empty() { root.to_owned() } else { format!("{root}/{path}") };
            world.actors().into_iter().find(|actor| actor.path == whole).map(|actor| actor.pid)
        };
        match self {
            Step::Wait(time) => world.run_for(*time)?,
            Step::Tell(path, deed) | Step::Ask(path, deed) => {
                if let Some(pid) = of(world, path) {
                    let mut payload = Vec::new();
                    deed.encode(&mut payload);
                    world.send_raw(client, pid, 0, payload, matches!(self, Step::Ask(..)));
                }
            }
            Step::Kill(path) => {
                of(world, path).map(|pid| world.kill(pid));
            }
            Step::Stop(path, how) => {
                of(world, path).map(|pid| world.stop(pid, how.reason()));
            }
            Step::Trap(path) => {
                let trap = Failure::Trap(TrapKind::Injected, "by the program".into());
                of(world, path).map(|pid| world.fail(pid, trap));
            }
            Step::Call(path, call) => {
                let instance = |n: u32| of(world, &join(path, &format!("#{n}")));
                if let Some((pid, call)) = of(world, path).zip(call.message(instance)) {
                    let mut payload = Vec::new();
                    call.encode(&mut payload);
                    world.send_raw(client, pid, 0, payload, true);
                }
            }
        }
        Ok(())
    }
}

fn join(path: &str, last: &str) -> String {
    if path.is_empty() { last.to_owned() } else { format!("{path}/{last}") }
}

impl Ends {
    /// The reason that it is, from outside.
    pub fn reason(self) -> ExitReason {
        match self {
            Ends::Normal => ExitReason::Normal,
            Ends::Shutdown => ExitReason::Shutdown,
            Ends::Detail => ExitReason::ShutdownWith("detail".into()),
            Ends::Killed => ExitReason::Killed,
            Ends::Error => Failure::HandlerError(1).into(),
        }
    }
}

impl Call {
    /// The message that it is; `None` if it is about an instance that `instance` does not find.
    pub fn message(&self, instance: impl Fn(u32) -> Option<Pid>) -> Option<SupervisorCall> {
        Some(match self {
            Call::Start { id, restart, shutdown, significant, life } => {
                let start = EntryStart::new(ENTRY).args(arguments(std::slice::from_ref(life)));
                SupervisorCall::StartChild(ChildSpec {
                    restart: *restart,
                    shutdown: *shutdown,
                    significant: *significant,
                    ..ChildSpec::worker(&**id, start)
                })
            }
            Call::StartInstance(life) => SupervisorCall::StartInstance(arguments(std::slice::from_ref(life))),
            Call::StopInstance(n) => SupervisorCall::StopInstance(instance(*n)?),
            Call::Stop(id) => SupervisorCall::StopChild(id.clone()),
            Call::Restart(id) => SupervisorCall::RestartChild(id.clone()),
            Call::Delete(id) => SupervisorCall::DeleteChild(id.clone()),
            Call::Children => SupervisorCall::Children,
            Call::Counts => SupervisorCall::Counts,
        })
    }
}
