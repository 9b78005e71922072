//! What a supervisor lives in: children with scripted behaviour, a mailbox, a clock.
//!
//! It is the same for the machine and for the reference, and records what either does to it. Time
//! is whole nanoseconds; what happens at one instant happens in the order in which it was arranged.

use crate::program::{Action, Ask};
use seedbed_abi::{ExitReason, Failure};
use std::collections::{BTreeMap, VecDeque};

/// When a world ends: long after all that comes from outside.
const HORIZON: u64 = 100;

/// Someone who lives, and is no child.
pub(crate) const STRANGER: u64 = 1_000_000;

/// How the n-th start goes on.
#[derive(Clone, Debug)]
pub(crate) struct Behaviour {
    pub(crate) refused: bool,
    pub(crate) start: Start,
    /// Nanoseconds until the start ends, however it does.
    pub(crate) start_takes: u64,
    /// It dies by itself this long after it started.
    pub(crate) lives: Option<(u64, Why)>,
    /// It obeys a shutdown, this long after it came; `None` = it does not.
    pub(crate) stops: Option<(u64, Why)>,
    /// It takes its link down as soon as it runs.
    pub(crate) unlinks: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Start {
    Started,
    Ignored,
    Failed,
    Never,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Why {
    Normal,
    Shutdown,
    Detail,
    Killed,
    Boom,
}

impl From<Why> for ExitReason {
    fn from(why: Why) -> ExitReason {
        match why {
            Why::Normal => ExitReason::Normal,
            Why::Shutdown => ExitReason::Shutdown,
            Why::Detail => ExitReason::ShutdownWith("detail".into()),
            Why::Killed => ExitReason::Killed,
            Why::Boom => Failure::HandlerError(1).into(),
        }
    }
}

/// What comes to the supervisor.
#[derive(Clone, Debug)]
pub(crate) enum Mail {
    Started(u64),
    Ignored(u64),
    Failed(u64, ExitReason),
    Exit(u64, ExitReason),
    Timer(u64),
    Retry(u64),
    Outside(Action),
}

enum Happening {
    StartEnds(u64),
    Dies(u64, ExitReason),
    Timer(u64),
    Outside(Action),
}

struct Child {
    id: String,
    behaviour: Behaviour,
    alive: bool,
    running: bool,
    linked: bool,
    monitored: bool,
}

pub(crate) struct World {
    pub(crate) now: u64,
    pub(crate) mailbox: VecDeque<Mail>,
    pub(crate) log: Vec<String>,
    behaviours: Vec<Behaviour>,
    children: BTreeMap<u64, Child>,
    agenda: BTreeMap<(u64, u64), Happening>,
    arranged: u64,
    starts: u64,
    draws: u64,
    /// Ids are unique: not so under a dynamic supervisor.
    unique: bool,
}

impl World {
    pub(crate) fn new(behaviours: Vec<Behaviour>, outside: Vec<(u64, Action)>, unique: bool) -> World {
        let mut world = World {
            now: 0,
            mailbox: VecDeque::new(),
            log: Vec::new(),
            behaviours,
            children: BTreeMap::new(),
            agenda: BTreeMap::new(),
            arranged: 0,
            starts: 0,
            draws: 0,
            unique,
        };
        let mut at = 0;
        for (gap, action) in outside {
            at += gap;
            world.arrange(at, Happening::Outside(action));
        }
        world
    }

    /// Lets the next thing happen; false if nothing will, or not soon. A child that crashes just
    /// seldom enough does so for ever.
    pub(crate) fn step(&mut self) -> bool {
        let Some(((at, _), happening)) = self.agenda.pop_first() else { return false };
        if at > HORIZON {
            return false;
        }
        self.now = at;
        match happening {
            Happening::StartEnds(pid) => self.start_ends(pid),
            Happening::Dies(pid, reason) => self.dies(pid, reason),
            Happening::Timer(ticket) => self.mailbox.push_back(Mail::Timer(ticket)),
            Happening::Outside(mut action) => {
                if let Action::Call(_, Ask::StopPid { pid, alive }) = &mut action {
                    *alive = self.is_alive(*pid);
                }
                self.mailbox.push_back(Mail::Outside(action));
            }
        }
        true
    }

    pub(crate) fn say(&mut self, what: impl std::fmt::Display) {
        self.log.push(format!("{:>4} {what}", self.now));
    }

    pub(crate) fn spawn(&mut self, id: &str, args: Option<u32>) -> Result<u64, ExitReason> {
        self.starts += 1;
        let pid = self.starts;
        self.say(format_args!("start {id} {args:?} as {pid}"));
        let behaviour = self.behaviours[(pid - 1) as usize % self.behaviours.len()].clone();
        if behaviour.refused {
            return Err(ExitReason::NoProcess);
        }
        let twin = self.children.values().any(|child| child.alive && child.id == id);
        assert!(!(self.unique && twin), "two live incarnations of {id}");
        if !matches!(behaviour.start, Start::Never) {
            self.arrange(self.now + behaviour.start_takes, Happening::StartEnds(pid));
        }
        let id = id.to_owned();
        self.children.insert(
            pid,
            Child { id, behaviour, alive: true, running: false, linked: true, monitored: false },
        );
        Ok(pid)
    }

    pub(crate) fn monitor(&mut self, pid: u64) {
        let child = self.children.get_mut(&pid).expect("it was spawned");
        child.monitored = true;
        if !child.alive {
            self.mailbox.push_back(Mail::Exit(pid, ExitReason::NoProcess));
        }
    }

    pub(crate) fn shutdown(&mut self, pid: u64) {
        self.say(format_args!("shutdown {pid}"));
        if let Some((after, why)) = self.children[&pid].behaviour.stops {
            self.arrange(self.now + after, Happening::Dies(pid, why.into()));
        }
    }

    pub(crate) fn kill(&mut self, pid: u64) {
        self.say(format_args!("kill {pid}"));
        self.arrange(self.now, Happening::Dies(pid, ExitReason::Killed));
    }

    pub(crate) fn arm(&mut self, ticket: u64, after: u64) {
        self.arrange(self.now + after, Happening::Timer(ticket));
    }

    pub(crate) fn cancel(&mut self, ticket: u64) {
        self.agenda.retain(|_, happening| !matches!(happening, Happening::Timer(t) if *t == ticket));
        self.mailbox.retain(|mail| !matches!(mail, Mail::Timer(t) if *t == ticket));
    }

    /// The supervisor's random stream.
    pub(crate) fn draw(&mut self) -> u64 {
        self.draws += 1;
        self.draws.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    /// The `k`-th live child dies.
    pub(crate) fn crash(&mut self, k: usize, why: Why) {
        let live: Vec<u64> =
            self.children.iter().filter(|(_, c)| c.alive && c.running).map(|(pid, _)| *pid).collect();
        if !live.is_empty() {
            self.dies(live[k % live.len()], why.into());
        }
    }

    fn is_alive(&self, pid: u64) -> bool {
        pid == STRANGER || self.children.get(&pid).is_some_and(|child| child.alive)
    }

    pub(crate) fn live(&self) -> usize {
        self.children.values().filter(|child| child.alive).count()
    }

    fn arrange(&mut self, at: u64, happening: Happening) {
        self.arranged += 1;
        self.agenda.insert((at, self.arranged), happening);
    }

    fn start_ends(&mut self, pid: u64) {
        let child = self.children.get_mut(&pid).expect("it was spawned");
        if !child.alive {
            return;
        }
        match child.behaviour.start {
            Start::Started => {
                child.running = true;
                child.linked = !child.behaviour.unlinks;
                let lives = child.behaviour.lives;
                self.mailbox.push_back(Mail::Started(pid));
                if let Some((after, why)) = lives {
                    self.arrange(self.now + after, Happening::Dies(pid, why.into()));
                }
            }
            Start::Ignored => {
                self.mailbox.push_back(Mail::Ignored(pid));
                self.dies(pid, ExitReason::Normal);
            }
            Start::Failed => self.dies(pid, Failure::OutOfFuel.into()),
            Start::Never => {}
        }
    }

    fn dies(&mut self, pid: u64, reason: ExitReason) {
        let child = self.children.get_mut(&pid).expect("it was spawned");
        if !std::mem::take(&mut child.alive) {
            return;
        }
        let seen = match (child.running, reason) {
            (false, ExitReason::Normal) => ExitReason::Normal,
            (false, reason) => {
                self.mailbox.push_back(Mail::Failed(pid, reason.clone()));
                ExitReason::start_failed(reason)
            }
            (true, reason) => reason,
        };
        for _ in 0..usize::from(child.linked) + usize::from(child.monitored) {
            self.mailbox.push_back(Mail::Exit(pid, seen.clone()));
        }
    }
}
