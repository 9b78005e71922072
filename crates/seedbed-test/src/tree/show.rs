//! Trees and programs as people read them: a line a child, a line a step, nothing that is as usual.

use super::plan::{Child, Ends, Life, Start, Stops, Tree, What};
use super::program::{Call, Deed, Step, TreeProgram};
use seedbed_core::supervise::{AutoShutdown, Flags, Restart, Shutdown, Strategy};
use std::fmt::{self, Debug, Display, Formatter, Write};
use std::time::Duration;

impl Display for TreeProgram {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.tree)?;
        self.steps.iter().try_for_each(|step| write!(f, "\n- {step}"))
    }
}

impl Display for Tree {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&flags(&self.flags))?;
        children(self, 1, f)
    }
}

impl Display for Child {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        child(self, 0, f)
    }
}

/// The sketch: what is printed of a drawn tree.
impl Debug for TreeProgram {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

/// The sketch: what is printed of a drawn tree.
impl Debug for Tree {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

impl Debug for Child {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

impl Debug for What {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            What::Worker(lives) => f.debug_tuple("Worker").field(lives).finish(),
            What::Tree(tree) => f.debug_tuple("Tree").field(tree).finish(),
        }
    }
}

fn children(tree: &Tree, depth: usize, f: &mut Formatter<'_>) -> fmt::Result {
    tree.children.iter().try_for_each(|c| {
        write!(f, "\n{:1$}", "", 2 * depth)?;
        child(c, depth, f)
    })
}

fn child(child: &Child, depth: usize, f: &mut Formatter<'_>) -> fmt::Result {
    let mut line = child.id.clone();
    if let Some(entry) = &child.entry {
        write!(line, " ({entry})")?;
    }
    match child.restart {
        Restart::Permanent => {}
        Restart::Transient => line += " transient",
        Restart::Temporary => line += " temporary",
    }
    if child.significant {
        line += " significant";
    }
    let supervisor = matches!(child.what, What::Tree(_));
    match child.shutdown {
        Shutdown::Infinity if supervisor => {}
        Shutdown::After(after) if !supervisor && after == Duration::from_secs(5) => {}
        Shutdown::Brutal => line += ", killed to stop it",
        Shutdown::After(after) => write!(line, ", has {after:?} to stop")?,
        Shutdown::Infinity => line += ", has all time to stop",
    }
    if let Some(b) = &child.backoff {
        write!(line, ", backoff {:?} to {:?} by {}", b.min, b.max, b.factor)?;
        if b.jitter_permille > 0 {
            write!(line, " and {}‰", b.jitter_permille)?;
        }
        write!(line, ", reset after {:?}", b.reset_after)?;
    }
    if let Some(timeout) = child.start_timeout {
        write!(line, ", has {timeout:?} to start")?;
    }
    match &child.what {
        What::Worker(lives) => {
            f.write_str(&line)?;
            let plain = Life::default();
            let one = lives.len() == 1;
            let odd = lives.iter().enumerate().filter(|(_, life)| **life != plain);
            odd.into_iter().try_for_each(|(n, life)| {
                let which = if one { String::new() } else { format!(" life {} of {}", n + 1, lives.len()) };
                write!(f, ";{which} {}", self::life(life))
            })
        }
        What::Tree(tree) => {
            write!(f, "{line}: {}", flags(&tree.flags))?;
            children(tree, depth + 1, f)
        }
    }
}

fn flags(flags: &Flags) -> String {
    let mut line = match flags.strategy {
        Strategy::OneForOne => "one_for_one",
        Strategy::OneForAll => "one_for_all",
        Strategy::RestForOne => "rest_for_one",
        Strategy::Dynamic => "dynamic",
    }
    .to_owned();
    line += &format!(" {} in {:?}", flags.intensity, flags.period);
    match flags.auto_shutdown {
        AutoShutdown::Never => {}
        AutoShutdown::AnySignificant => line += ", ends with any significant child",
        AutoShutdown::AllSignificant => line += ", ends with all significant children",
    }
    line
}

fn life(life: &Life) -> String {
    let mut parts = Vec::new();
    match life.start {
        Start::Runs => {}
        Start::Ignores => parts.push("ignores its start".to_owned()),
        Start::Fails => parts.push("fails to start".to_owned()),
    }
    if life.unlinks {
        parts.push("unlinks".to_owned());
    }
    if let Some((after, how)) = life.ends {
        parts.push(format!("{} after {after:?}", ends(how)));
    }
    match life.stops {
        Stops::AtOnce => {}
        Stops::After(after) => parts.push(format!("takes {after:?} to stop")),
        Stops::Never => parts.push("never stops".to_owned()),
    }
    if parts.is_empty() { "as usual".to_owned() } else { parts.join(", ") }
}

fn ends(how: Ends) -> &'static str {
    match how {
        Ends::Normal => "ends (normal)",
        Ends::Shutdown => "ends (shutdown)",
        Ends::Detail => "ends (shutdown with a detail)",
        Ends::Killed => "kills itself",
        Ends::Error => "fails",
    }
}

impl Display for Step {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let path = |path: &'_ str| if path.is_empty() { "the root".to_owned() } else { path.to_owned() };
        match self {
            Step::Wait(time) => write!(f, "{time:?} pass"),
            Step::Tell(who, deed) => write!(f, "tell {}: {deed}", path(who)),
            Step::Ask(who, deed) => write!(f, "ask {}: {deed}", path(who)),
            Step::Kill(who) => write!(f, "kill {}", path(who)),
            Step::Stop(who, how) => write!(f, "stop {} ({})", path(who), how.reason()),
            Step::Trap(who) => write!(f, "trap {}", path(who)),
            Step::Call(who, call) => write!(f, "call {}: {call}", path(who)),
        }
    }
}

impl Display for Deed {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Deed::Work => f.write_str("work"),
            Deed::End(how) => match how {
                Ends::Killed => f.write_str("kill yourself"),
                Ends::Error => f.write_str("fail"),
                how => write!(f, "end ({})", how.reason()),
            },
            Deed::WorkLater(after) => write!(f, "work after {after:?}"),
            Deed::Ask(whom) => write!(f, "ask {whom}"),
        }
    }
}

impl Display for Call {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Call::Start { id, restart, shutdown, significant, life } => {
                let what = What::Worker(vec![life.clone()]);
                let (restart, shutdown, significant) = (*restart, *shutdown, *significant);
                let added = Child { restart, shutdown, significant, ..Child::new(&**id, what) };
                write!(f, "start {added}")
            }
            Call::StartInstance(life) => write!(f, "start an instance; {}", self::life(life)),
            Call::StopInstance(n) => write!(f, "stop instance #{n}"),
            Call::Stop(id) => write!(f, "stop {id}"),
            Call::Restart(id) => write!(f, "restart {id}"),
            Call::Delete(id) => write!(f, "delete {id}"),
            Call::Children => f.write_str("children"),
            Call::Counts => f.write_str("counts"),
        }
    }
}
