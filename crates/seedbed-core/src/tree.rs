//! A node's actors as a tree: who started whom, and the children that supervisors know besides.
//!
//! Flat, parents before children, so that no depth of a tree is too deep to be built or printed.

use crate::held::HeldInfo;
use crate::supervise::{AutoShutdown, ChildState, Restart, Strategy};
use seedbed_abi::Pid;
use serde::Serialize;
use std::fmt;
use std::time::Duration;

/// All that lives on a node, or is to. [`Display`](fmt::Display) shows it to people, serde to programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tree {
    /// The node's name.
    pub node: String,
    /// Its actors, and the children of its supervisors that do not run; each behind who started it,
    /// children of a supervisor in start order.
    pub lines: Vec<TreeLine>,
    /// Mail that waits for names that nobody has (rules H).
    pub held: Vec<HeldInfo>,
}

/// One actor, or one child that does not run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TreeLine {
    /// How many ancestors of it live.
    pub depth: usize,
    /// Its path.
    pub path: String,
    /// Its pid, while it has one.
    pub pid: Option<Pid>,
    /// How it is.
    pub state: TreeState,
    /// When it is to be started again, in nanoseconds of the node's clock; while it waits for a delay.
    pub until_ns: Option<u64>,
    /// Which life of its path it is; 0 without a pid.
    pub life: u32,
    /// The name it has registered.
    pub name: Option<String>,
    /// What its supervisor knows of it.
    pub child: Option<TreeChild>,
    /// How it supervises.
    pub supervisor: Option<TreeSupervisor>,
    /// Messages and requests that wait for it.
    pub mail: u32,
    /// Their payload bytes.
    pub mail_bytes: u32,
    /// Turns that it has begun.
    pub turns: u64,
}

/// Where an actor, or a child, is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TreeState {
    /// Its start is not done.
    Starting,
    /// It runs.
    Running,
    /// It was asked to stop.
    Stopping,
    /// It waits to be started again.
    Restarting,
    /// It does not run.
    Down,
}

/// What a supervisor knows of a child.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TreeChild {
    /// Its id; of an instance, the template's.
    pub id: String,
    /// Which exits restart it.
    pub restart: Restart,
    /// Whether its end may end the supervisor.
    pub significant: bool,
    /// How often it was started again, or a start was tried.
    pub restarts: u64,
}

/// How a supervisor supervises.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TreeSupervisor {
    /// Who is restarted with whom.
    pub strategy: Strategy,
    /// Restarts within the period that are allowed.
    pub intensity: u32,
    /// The period.
    pub period: Duration,
    /// When it ends because of its significant children.
    pub auto_shutdown: AutoShutdown,
}

impl From<&ChildState<Pid>> for TreeState {
    fn from(state: &ChildState<Pid>) -> TreeState {
        match state {
            ChildState::Starting(_) => TreeState::Starting,
            ChildState::Running(_) => TreeState::Running,
            ChildState::Stopping(_) => TreeState::Stopping,
            ChildState::Restarting { .. } => TreeState::Restarting,
            ChildState::Down => TreeState::Down,
        }
    }
}

impl fmt::Display for TreeState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TreeState::Starting => "starting",
            TreeState::Running => "running",
            TreeState::Stopping => "stopping",
            TreeState::Restarting => "restarting",
            TreeState::Down => "down",
        })
    }
}

impl fmt::Display for TreeSupervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let strategy = match self.strategy {
            Strategy::OneForOne => "one_for_one",
            Strategy::OneForAll => "one_for_all",
            Strategy::RestForOne => "rest_for_one",
            Strategy::Dynamic => "dynamic",
        };
        write!(f, "{strategy}, {} in {:?}", self.intensity, self.period)?;
        match self.auto_shutdown {
            AutoShutdown::Never => Ok(()),
            AutoShutdown::AnySignificant => f.write_str(", ends with any significant child"),
            AutoShutdown::AllSignificant => f.write_str(", ends with the last significant child"),
        }
    }
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.node)?;
        for line in &self.lines {
            write!(f, "\n{:indent$}", "", indent = 2 * (line.depth + 1))?;
            // Who started an actor may be gone: then the whole path says where it belongs.
            let whole = line.path.strip_prefix(&self.node).and_then(|path| path.strip_prefix('/'));
            let whole = whole.unwrap_or(&line.path);
            line.show(f, if line.depth == 0 { whole } else { line.last() })?;
        }
        for HeldInfo { name, count, bytes, .. } in &self.held {
            write!(f, "\n  held for {name}: {count} ({bytes} bytes)")?;
        }
        Ok(())
    }
}

/// The last part of its path, and what there is to say of it.
impl fmt::Display for TreeLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.show(f, self.last())
    }
}

impl TreeLine {
    fn last(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// That it runs goes without saying.
    fn show(&self, f: &mut fmt::Formatter<'_>, label: &str) -> fmt::Result {
        let last = self.last();
        f.write_str(label)?;
        let mut said = 0;
        let mut say = |f: &mut fmt::Formatter<'_>, about: fmt::Arguments<'_>| {
            said += 1;
            write!(f, "{}{about}", if said == 1 { "  " } else { ", " })
        };
        if let Some(pid) = self.pid {
            say(f, format_args!("{pid}"))?;
        }
        if self.state != TreeState::Running {
            say(f, format_args!("{}", self.state))?;
        }
        if let Some(until) = self.until_ns {
            say(f, format_args!("until {}", seedbed_abi::Time::from_nanos(until)))?;
        }
        if let Some(supervisor) = &self.supervisor {
            say(f, format_args!("{supervisor}"))?;
        }
        match &self.child {
            Some(TreeChild { restart, significant, restarts, .. }) => {
                match restart {
                    Restart::Permanent => {}
                    Restart::Transient => say(f, format_args!("transient"))?,
                    Restart::Temporary => say(f, format_args!("temporary"))?,
                }
                if *significant {
                    say(f, format_args!("significant"))?;
                }
                match restarts {
                    0 => {}
                    1 => say(f, format_args!("restarted once"))?,
                    n => say(f, format_args!("restarted {n} times"))?,
                }
            }
            None if self.life > 1 => say(f, format_args!("life {}", self.life))?,
            None => {}
        }
        if let Some(name) = self.name.as_deref().filter(|name| *name != last) {
            say(f, format_args!("named {name}"))?;
        }
        if self.mail > 0 {
            say(f, format_args!("{} waiting", self.mail))?;
        }
        Ok(())
    }
}
