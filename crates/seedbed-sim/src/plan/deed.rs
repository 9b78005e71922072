//! What a plan can make go wrong.

use crate::rules::{Act, Letter};
use crate::units::show;
use std::fmt;
use std::time::Duration;

/// Something that goes wrong, or is put right. Nodes go by their names, actors by their whole paths.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Deed {
    /// The node crashes; after a while it boots again.
    Crash(String),
    /// A node that is down boots.
    Restart(String),
    /// The node stands still.
    Pause(String),
    /// Every turn of the node takes so much longer.
    Slow(String, Duration),
    /// The actor is killed.
    Kill(String),
    /// The actor traps.
    Fail(String),
    /// The actor is asked to stop.
    Stop(String),
    /// The guest gets next to no fuel, or no memory to grow into. As by chance, this meets guests that a
    /// supervisor looks after and whose start is done.
    Starve(String, Shortage),
    /// Messages and replies on these ways are lost.
    Partition(Ways),
    /// Everything on these ways waits.
    Clog(Ways),
    /// These ways, or all, go on.
    Heal(Option<Ways>),
    /// The node's wall clock jumps by so many nanoseconds.
    Jump(String, i64),
    /// The node's wall clock is so many nanoseconds off.
    Skew(String, i64),
    /// The node's clocks run so many parts per million faster.
    Drift(String, i32),
    /// The stores of the node fail.
    Store(String, StoreFault),
    /// These messages are held, lost, delayed or doubled.
    Messages(Act, Messages),
}

/// What a guest is starved of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortage {
    /// Each of its turns gets as little fuel as a fuel cut can leave.
    Fuel,
    /// Every `memory.grow` of it is refused.
    Memory,
}

/// How stores fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreFault {
    /// Nothing more can be appended.
    Full,
    /// Neither appending nor reading works.
    Broken,
}

/// Some nodes; all that there are, but those of the other side, if there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ends(pub Vec<String>);

/// Ways between nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ways {
    /// From each of these …
    pub from: Ends,
    /// … to each of these.
    pub to: Ends,
    /// And back.
    pub both: bool,
}

/// Which messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Messages {
    /// From the node or actor of this path, or one below it; `None` = any.
    pub from: Option<String>,
    /// To the node or actor of this path, or one below it; `None` = any.
    pub to: Option<String>,
    /// Under this tag; `None` = any.
    pub tag: Option<u64>,
}

impl Messages {
    /// True if it is one of these.
    pub(crate) fn has(&self, letter: &Letter<'_>) -> bool {
        let below = |whole: &Option<String>, path: &str| match whole {
            None => true,
            Some(whole) => {
                path.strip_prefix(whole.as_str()).is_some_and(|r| r.is_empty() || r.starts_with('/'))
            }
        };
        below(&self.from, letter.from_path)
            && below(&self.to, letter.to_path)
            && self.tag.is_none_or(|tag| tag == letter.tag)
    }
}

impl Deed {
    /// True for what has an end, and so may last a while.
    pub fn can_last(&self) -> bool {
        !matches!(
            self,
            Deed::Restart(_) | Deed::Kill(_) | Deed::Fail(_) | Deed::Stop(_) | Deed::Heal(_) | Deed::Jump(..)
        )
    }

    /// True for what does harm, and so counts against a budget.
    pub fn is_fault(&self) -> bool {
        !matches!(self, Deed::Restart(_) | Deed::Heal(_) | Deed::Messages(Act::Delay(_) | Act::Hold, _))
    }

    /// The same, with every path of an actor written in another way.
    #[must_use]
    pub fn with_paths(self, path: impl Fn(&str) -> String) -> Deed {
        match self {
            Deed::Kill(of) => Deed::Kill(path(&of)),
            Deed::Fail(of) => Deed::Fail(path(&of)),
            Deed::Stop(of) => Deed::Stop(path(&of)),
            Deed::Starve(of, what) => Deed::Starve(path(&of), what),
            Deed::Messages(act, Messages { from, to, tag }) => {
                let (from, to) = (from.map(|of| path(&of)), to.map(|of| path(&of)));
                Deed::Messages(act, Messages { from, to, tag })
            }
            other => other,
        }
    }

    /// The word it begins with.
    pub(crate) fn word(&self) -> String {
        self.to_string().split(' ').next().unwrap_or_default().to_owned()
    }

    /// The nodes that it names.
    pub fn nodes(&self) -> Vec<&str> {
        match self {
            Deed::Crash(node)
            | Deed::Restart(node)
            | Deed::Pause(node)
            | Deed::Slow(node, _)
            | Deed::Jump(node, _)
            | Deed::Skew(node, _)
            | Deed::Drift(node, _)
            | Deed::Store(node, _) => vec![node],
            Deed::Kill(path) | Deed::Fail(path) | Deed::Stop(path) | Deed::Starve(path, _) => {
                vec![first(path)]
            }
            Deed::Partition(ways) | Deed::Clog(ways) | Deed::Heal(Some(ways)) => {
                ways.from.0.iter().chain(&ways.to.0).map(String::as_str).collect()
            }
            Deed::Heal(None) => Vec::new(),
            Deed::Messages(_, messages) => {
                [&messages.from, &messages.to].into_iter().flatten().map(|path| first(path)).collect()
            }
        }
    }
}

/// The first part of a path: the node.
fn first(path: &str) -> &str {
    path.split('/').next().unwrap_or(path)
}

impl fmt::Display for Ends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "*" } else { "" })?;
        f.write_str(&self.0.join(","))
    }
}

impl fmt::Display for Ways {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.from, if self.both { "|" } else { "->" }, self.to)
    }
}

impl fmt::Display for Messages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let any = |end: &Option<String>| end.clone().unwrap_or_else(|| "*".to_owned());
        write!(f, "{} -> {}", any(&self.from), any(&self.to))?;
        self.tag.map_or(Ok(()), |tag| write!(f, " tag {tag}"))
    }
}

/// A time with its sign.
fn signed(ns: i64) -> String {
    format!("{}{}", if ns < 0 { '-' } else { '+' }, show(Duration::from_nanos(ns.unsigned_abs())))
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Deed::Crash(node) => write!(f, "crash {node}"),
            Deed::Restart(node) => write!(f, "restart {node}"),
            Deed::Pause(node) => write!(f, "pause {node}"),
            Deed::Slow(node, by) => write!(f, "slow {node} by {}", show(*by)),
            Deed::Kill(path) => write!(f, "kill {path}"),
            Deed::Fail(path) => write!(f, "fail {path}"),
            Deed::Stop(path) => write!(f, "stop {path}"),
            Deed::Starve(path, Shortage::Fuel) => write!(f, "starve {path} of fuel"),
            Deed::Starve(path, Shortage::Memory) => write!(f, "starve {path} of memory"),
            Deed::Partition(ways) => write!(f, "partition {ways}"),
            Deed::Clog(ways) => write!(f, "clog {ways}"),
            Deed::Heal(None) => f.write_str("heal"),
            Deed::Heal(Some(ways)) => write!(f, "heal {ways}"),
            Deed::Jump(node, by) => write!(f, "jump {node} {}", signed(*by)),
            Deed::Skew(node, by) => write!(f, "skew {node} {}", signed(*by)),
            Deed::Drift(node, ppm) => write!(f, "drift {node} {ppm:+}ppm"),
            Deed::Store(node, StoreFault::Full) => write!(f, "fill stores of {node}"),
            Deed::Store(node, StoreFault::Broken) => write!(f, "break stores of {node}"),
            Deed::Messages(Act::Delay(by), messages) => write!(f, "delay {messages} by {}", show(*by)),
            Deed::Messages(act, messages) => write!(f, "{act} {messages}"),
        }
    }
}
