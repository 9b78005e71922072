//! A tree as plain data: how it is supervised, and how its workers behave.

use super::scripted;
use seedbed_core::supervise::{Backoff, ChildKind, ChildSpec, Flags, Plan, Restart, Shutdown};
use seedbed_core::{ChildStart, Shared, Supervisor};
use seedbed_sim::World;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A supervisor and all below it.
///
/// Printed, it is a sketch of a few lines that leaves out what is as usual.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tree {
    /// How it supervises.
    pub flags: Flags,
    /// Its children in start order; the one template of a dynamic supervisor.
    pub children: Vec<Child>,
}

/// A child of a supervisor.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Child {
    /// Its id, which is the last part of its path.
    pub id: String,
    /// Which exits restart it.
    pub restart: Restart,
    /// Whether its end may end the supervisor.
    pub significant: bool,
    /// How it is stopped.
    pub shutdown: Shutdown,
    /// Waits before restarts.
    pub backoff: Option<Backoff>,
    /// How long a start may take.
    pub start_timeout: Option<Duration>,
    /// What it is.
    pub what: What,
    /// The entry of the world's table that makes the worker, WebAssembly or not; without one it is a
    /// native scripted worker.
    pub entry: Option<String>,
}

/// What a child is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// A worker that behaves by a script: its n-th life by the n-th entry, and from the first on
    /// again. An instance of a dynamic supervisor takes one of them by chance.
    Worker(Vec<Life>),
    /// A supervisor.
    Tree(Tree),
}

/// How a scripted worker behaves in one of its lives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    /// How its start goes.
    pub start: Start,
    /// When it ends by itself, and how.
    pub ends: Option<(Duration, Ends)>,
    /// What it does when its supervisor wants it to stop.
    pub stops: Stops,
    /// It takes down the link to its supervisor.
    pub unlinks: bool,
}

/// How a start goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Start {
    /// It starts.
    #[default]
    Runs,
    /// It chooses not to run.
    Ignores,
    /// It fails.
    Fails,
}

/// How a worker takes the wish that it should stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stops {
    /// At once.
    #[default]
    AtOnce,
    /// After this time.
    After(Duration),
    /// Not at all: it has to be killed.
    Never,
}

/// How an actor ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ends {
    /// It is done.
    Normal,
    /// In an orderly way.
    Shutdown,
    /// The same, with a detail.
    Detail,
    /// It kills itself.
    Killed,
    /// A handler returns an error.
    Error,
}

impl Tree {
    /// The supervisor to be spawned, with scripted workers.
    pub fn supervisor(&self) -> Supervisor {
        self.supervisor_with(&scripted::child)
    }

    /// The same in a world whose entries make some of the workers; these are given their lives, encoded.
    ///
    /// # Panics
    /// If the world has no such entry.
    pub fn supervisor_in(&self, world: &World) -> Supervisor {
        self.supervisor_with(&|child, lives| match &child.entry {
            Some(entry) => {
                let factory = world.factory(entry);
                let factory = factory.unwrap_or_else(|| panic!("the world has no entry `{entry}`"));
                ChildStart::new(Shared(factory)).args(scripted::arguments(lives))
            }
            None => scripted::child(child, lives),
        })
    }

    /// The same with workers that are made in another way: `make` is given each worker and its lives.
    pub fn supervisor_with(&self, make: &dyn Fn(&Child, &[Life]) -> ChildStart) -> Supervisor {
        Supervisor::from_plan(self.plan(make))
    }

    fn plan(&self, make: &dyn Fn(&Child, &[Life]) -> ChildStart) -> Plan<ChildStart> {
        let children = self.children.iter().map(|child| {
            let (kind, start) = match &child.what {
                What::Worker(lives) => (ChildKind::Worker, make(child, lives)),
                What::Tree(tree) => (ChildKind::Supervisor, ChildStart::new(tree.supervisor_with(make))),
            };
            ChildSpec {
                restart: child.restart,
                significant: child.significant,
                kind,
                shutdown: child.shutdown,
                backoff: child.backoff,
                start_timeout: child.start_timeout,
                ..ChildSpec::worker(&*child.id, start)
            }
        });
        Plan { flags: self.flags, children: children.collect() }
    }

    /// The paths of all that is in it, below the path of its own supervisor, which is the empty one.
    /// Of a dynamic supervisor these are the first two instances.
    pub fn paths(&self) -> Vec<String> {
        let mut out = Vec::new();
        self.walk("", &mut |path, _| out.push(path.to_owned()));
        out
    }

    pub(super) fn walk(&self, at: &str, see: &mut dyn FnMut(&str, Option<&Tree>)) {
        see(at, Some(self));
        let below = |part: &str| if at.is_empty() { part.to_owned() } else { format!("{at}/{part}") };
        for child in &self.children {
            let parts = match self.flags.strategy {
                seedbed_core::supervise::Strategy::Dynamic => vec![below("#1"), below("#2")],
                _ => vec![below(&child.id)],
            };
            for path in parts {
                match &child.what {
                    What::Worker(_) => see(&path, None),
                    What::Tree(tree) => tree.walk(&path, see),
                }
            }
        }
    }
}

impl Child {
    /// A permanent child that has five seconds to stop.
    pub fn new(id: impl Into<String>, what: What) -> Child {
        Child {
            id: id.into(),
            restart: Restart::default(),
            significant: false,
            shutdown: Shutdown::default(),
            backoff: None,
            start_timeout: None,
            what,
            entry: None,
        }
    }
}
