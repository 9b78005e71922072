//! The reference: what each turn must find, and what each wish must be answered, by the rules alone.
//!
//! One node, no network but clients outside. It has no arena, no slots and no lines of its own kind:
//! only who lives, and for each receiver what must come next from whom.

use super::program::{Board, Did, ROOM};
use seedbed_core::{
    At, Body, Cancelled, Envelope, Event, ExitReason, Failure, Flags, HandlerCode, Hook, Lost, Observer, Pid,
    RequestFailure, Signal, SpawnFlags, StartOutcome, Time,
};
use seedbed_sim::World;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

thread_local! {
    /// For the test of the test: which rule the reference is to get wrong.
    pub(crate) static LIE: Cell<Option<u32>> = const { Cell::new(None) };
}

/// What waits for a receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sig {
    Message { serial: u64, correlation: u64 },
    Reply { correlation: u64, outcome: Result<u64, RequestFailure> },
    Exit(ExitReason),
    Down { reference: u64, reason: ExitReason },
    Started(StartOutcome),
    Timer(u64),
}

/// Whose mail it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Line {
    Of(Pid),
    Timers,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Reserved,
    Starting,
    Running,
    Stopping,
    Dead,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Timer {
    pub(super) period: u64,
    /// Deadline and order of arming; `None` while its message waits.
    pub(super) armed: Option<(Time, u64)>,
    pub(super) due: Time,
}

/// An actor, as the rules see it.
#[derive(Debug)]
pub(super) struct Actor {
    pub(super) stage: Stage,
    pub(super) traps: bool,
    pub(super) name: Option<String>,
    pub(super) notify: Option<Pid>,
    pub(super) links: BTreeMap<Pid, u64>,
    pub(super) watched: BTreeMap<(Pid, u64), u64>,
    pub(super) watching: BTreeMap<u64, Pid>,
    pub(super) asked: BTreeSet<(Pid, u64)>,
    /// Target, deadline and order of arming.
    pub(super) pending: BTreeMap<u64, (Pid, Time, u64)>,
    pub(super) timers: BTreeMap<u64, Timer>,
    pub(super) lines: BTreeMap<Line, VecDeque<Sig>>,
    pub(super) stop: Option<ExitReason>,
    armed: u64,
}

/// What is left of a turn's wishes for its end.
#[derive(Clone, Debug)]
pub(super) enum Wish {
    Send { to: Pid, serial: u64, correlation: u64 },
    Answer { request: (Pid, u64), serial: u64 },
    Spawn { pid: Pid, flags: SpawnFlags, reference: Option<u64> },
    Link(Pid),
    Unlink(Pid),
    Monitor { target: Pid, reference: u64 },
    Demonitor { target: Pid, reference: u64 },
    Exit { to: Pid, reason: ExitReason },
    Kill(Pid),
}

/// The turn that runs.
#[derive(Debug, Default)]
pub(super) struct Turn {
    pub(super) me: Pid,
    hook: Option<Hook>,
    pub(super) applying: bool,
    pub(super) ended: Option<ExitReason>,
    stop: Option<ExitReason>,
    ignore: bool,
}

#[derive(Default)]
pub(super) struct Inner {
    pub(super) actors: BTreeMap<Pid, Actor>,
    pub(super) names: BTreeMap<String, Pid>,
    pub(super) made: u64,
    order: u64,
    pub(super) turn: Turn,
    /// Ends that must be said next.
    pub(super) ends: VecDeque<(Pid, ExitReason)>,
    pub(super) lost: BTreeMap<&'static str, u64>,
    seen_lost: BTreeMap<&'static str, u64>,
    error: Option<String>,
    pub(super) tally: BTreeMap<String, u64>,
}

/// The reference of one run; clones share it.
#[derive(Clone)]
pub(crate) struct Reference(Rc<RefCell<Inner>>, Board);

impl Reference {
    pub(crate) fn new(board: Board) -> Reference {
        Reference(Rc::default(), board)
    }

    /// An actor without a parent was spawned from outside.
    pub(crate) fn root(&self, pid: Pid, name: &str) {
        let mut inner = self.0.borrow_mut();
        inner.reserve(pid);
        inner.names.insert(name.to_owned(), pid);
        let actor = inner.actor(pid);
        actor.stage = Stage::Starting;
        actor.name = Some(name.to_owned());
    }

    /// What went otherwise, if anything did.
    pub(crate) fn verdict(&self) -> Result<(), String> {
        self.0.borrow().error.clone().map_or(Ok(()), Err)
    }

    pub(crate) fn tally(&self) -> BTreeMap<String, u64> {
        self.0.borrow().tally.clone()
    }

    /// At rest nothing waits, and the kernel's tables are those of the reference.
    pub(crate) fn at_rest(&self, world: &World) {
        let mut inner = self.0.borrow_mut();
        inner.quiet();
        let mut living = Vec::new();
        let mut waiting = Vec::new();
        for (pid, a) in inner.actors.iter().filter(|(_, a)| a.stage != Stage::Dead) {
            let watched = a.links.len() + a.watched.len();
            living.push((*pid, a.name.clone(), watched, a.timers.len(), a.pending.len()));
            waiting.extend(a.lines.values().flatten().map(|s| (*pid, s.clone())));
        }
        let seen = world.actors();
        let mut there: Vec<_> =
            seen.iter().map(|a| (a.pid, a.name.clone(), a.watched, a.timers, a.pending)).collect();
        there.sort();
        if living != there {
            inner.fail(format!(
                "who lives, with names, watches, timers and requests: {living:?}, not {there:?}"
            ));
        }
        if !waiting.is_empty() {
            inner.fail(format!("these were never delivered: {waiting:?}"));
        }
        let room: Vec<_> = seen.iter().filter(|a| (a.mail_count, a.mail_bytes) != (0, 0)).collect();
        if !room.is_empty() || world.signals() != 0 {
            inner.fail(format!("{} signals are left, and room reserved: {room:?}", world.signals()));
        }
        if inner.lost != inner.seen_lost {
            let (lost, seen) = (inner.lost.clone(), inner.seen_lost.clone());
            inner.fail(format!("these reach nobody: {lost:?}, not {seen:?}"));
        }
    }
}

impl Observer for Reference {
    fn event(&mut self, _: At, event: &Event<'_>) {
        let mut inner = self.0.borrow_mut();
        match event {
            Event::Turn { who, hook, envelope, payload, .. } => {
                inner.begin(who.pid, *hook, envelope, payload)
            }
            Event::TurnEnd { failed, .. } => inner.end(self.1.take(), *failed),
            Event::Exited { who, reason, .. } => {
                let expected = inner.ends.pop_front();
                if expected.as_ref() != Some(&(who.pid, (*reason).clone())) {
                    inner.fail(format!("{} ended with {reason}; next should be {expected:?}", who.pid));
                }
                self.1.forget(who.pid);
            }
            Event::TimersDue { now } => inner.fire(*now),
            Event::Arrived { packet } => {
                let Body::Message { payload, .. } = &packet.body else { return };
                let serial = number(payload);
                if !inner.alive(packet.to) {
                    inner.lose("dead");
                } else if inner.room(packet.to) == 0 {
                    inner.lose("full");
                } else {
                    inner.push(packet.to, Line::Of(packet.from), Sig::Message { serial, correlation: 0 });
                }
            }
            Event::Lost { why, .. } => {
                let why = match why {
                    Lost::Dead => "dead",
                    Lost::Full => "full",
                    Lost::Late => "late",
                };
                *inner.seen_lost.entry(why).or_default() += 1;
            }
            _ => {}
        }
    }
}

/// The number in a payload.
fn number(payload: &[u8]) -> u64 {
    seedbed_core::Message::decode(payload).unwrap_or(u64::MAX)
}

impl Inner {
    pub(super) fn fail(&mut self, text: String) {
        self.error.get_or_insert(text);
    }

    pub(super) fn count(&mut self, what: &str) {
        *self.tally.entry(what.to_owned()).or_default() += 1;
    }

    fn expect<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, expected: T, got: T) {
        if expected != got {
            self.fail(format!("{what} of {}: {expected:?}, not {got:?}", self.turn.me));
        }
    }

    pub(super) fn lose(&mut self, why: &'static str) {
        *self.lost.entry(why).or_default() += 1;
        self.count(&format!("lost {why}"));
    }

    pub(super) fn actor(&mut self, pid: Pid) -> &mut Actor {
        self.actors.get_mut(&pid).expect("it was spawned in this run")
    }

    pub(super) fn alive(&self, pid: Pid) -> bool {
        self.actors.get(&pid).is_some_and(|a| a.stage != Stage::Dead)
    }

    fn reserve(&mut self, pid: Pid) {
        let actor = Actor {
            stage: Stage::Reserved,
            traps: false,
            name: None,
            notify: None,
            links: BTreeMap::new(),
            watched: BTreeMap::new(),
            watching: BTreeMap::new(),
            asked: BTreeSet::new(),
            pending: BTreeMap::new(),
            timers: BTreeMap::new(),
            lines: BTreeMap::new(),
            stop: None,
            armed: 0,
        };
        if self.actors.insert(pid, actor).is_some() {
            self.fail(format!("{pid} is used a second time"));
        }
    }

    fn room(&self, pid: Pid) -> u32 {
        let lines = self.actors[&pid].lines.values().flatten();
        ROOM - lines.filter(|s| matches!(s, Sig::Message { .. })).count() as u32
    }

    pub(super) fn push(&mut self, to: Pid, line: Line, sig: Sig) {
        self.actor(to).lines.entry(line).or_default().push_back(sig);
    }

    /// Takes from an actor's own mail what `out` says; how many.
    pub(super) fn flush(&mut self, me: Pid, out: impl Fn(&Line, &Sig) -> bool) -> usize {
        let mut flushed = 0;
        for (line, sigs) in &mut self.actor(me).lines {
            let before = sigs.len();
            sigs.retain(|s| !out(line, s));
            flushed += before - sigs.len();
        }
        (0..flushed).for_each(|_| self.count("flushed"));
        flushed
    }

    fn quiet(&mut self) {
        if let Some(end) = self.ends.front() {
            let text = format!("{end:?} did not end");
            self.fail(text);
        }
    }

    /// A turn begins: it must be what the rules say comes next in that line.
    fn begin(&mut self, me: Pid, hook: Hook, envelope: &Envelope, payload: &[u8]) {
        self.quiet();
        self.turn = Turn { me, hook: Some(hook), ..Turn::default() };
        let stage = self.actor(me).stage;
        let expected = match hook {
            Hook::Start => Stage::Starting,
            Hook::Message => Stage::Running,
            Hook::Stop => Stage::Stopping,
        };
        self.expect("stage", expected, stage);
        if hook != Hook::Message {
            return;
        }
        let sig = match Signal::decode(envelope, payload) {
            None => Sig::Message { serial: number(payload), correlation: envelope.correlation },
            Some(Signal::Reply { correlation, outcome, .. }) => {
                Sig::Reply { correlation: correlation.0, outcome: outcome.map(|b| number(&b)) }
            }
            Some(Signal::Exit { reason, .. }) => Sig::Exit(reason),
            Some(Signal::Down { monitor, reason, .. }) => Sig::Down { reference: monitor.0, reason },
            Some(Signal::Started { outcome, .. }) => Sig::Started(outcome),
            Some(Signal::Timer { id, .. }) => Sig::Timer(id.0),
            Some(other) => return self.fail(format!("nobody asked for {other:?}")),
        };
        let timeout = matches!(sig, Sig::Reply { outcome: Err(RequestFailure::Timeout), .. });
        let timers = envelope.flags == Flags::TIMER || timeout;
        let line = if timers { Line::Timers } else { Line::Of(Pid::from_raw(envelope.from)) };
        let head = self.actor(me).lines.get_mut(&line).and_then(VecDeque::pop_front);
        self.expect("head of a line", head, Some(sig.clone()));
        self.count(match &sig {
            Sig::Message { .. } => "got message",
            Sig::Reply { outcome: Ok(_), .. } => "got reply",
            Sig::Reply { outcome: Err(RequestFailure::Timeout), .. } => "got timeout",
            Sig::Reply { .. } => "got dead",
            Sig::Exit(_) => "got exit",
            Sig::Down { .. } => "got down",
            Sig::Started(_) => "got started",
            Sig::Timer(_) => "got timer",
        });
        if let Sig::Timer(id) = sig {
            self.order += 1;
            let order = self.order;
            let timers = &mut self.actor(me).timers;
            match timers.get_mut(&id) {
                Some(t) if t.period > 0 => {
                    t.armed = Some((Time::from_nanos(t.due.as_nanos() + t.period), order));
                }
                _ => drop(timers.remove(&id)),
            }
        }
    }

    /// The clock was looked at: what is due enters the timer lines, by deadline, then by arming.
    fn fire(&mut self, now: Time) {
        self.quiet();
        let mut due = Vec::new();
        for (pid, a) in &self.actors {
            let timers = a.timers.iter().filter_map(|(id, t)| Some((t.armed?, *pid, Ok(*id))));
            let requests = a.pending.iter().map(|(c, (_, at, order))| ((*at, *order), *pid, Err(*c)));
            due.extend(timers.chain(requests).filter(|((at, _), ..)| *at <= now));
        }
        due.sort();
        for ((at, _), pid, what) in due {
            let sig = match what {
                Ok(id) => {
                    let t = self.actor(pid).timers.get_mut(&id).expect("just seen");
                    (t.armed, t.due) = (None, at);
                    Sig::Timer(id)
                }
                Err(correlation) => {
                    self.actor(pid).pending.remove(&correlation);
                    Sig::Reply { correlation, outcome: Err(RequestFailure::Timeout) }
                }
            };
            self.push(pid, Line::Timers, sig);
        }
    }

    /// A turn ended: its answers are checked in order, then its wishes are applied, or none.
    fn end(&mut self, dids: Vec<Did>, failed: bool) {
        let me = self.turn.me;
        let failure = dids.iter().find_map(|d| match d {
            Did::Fail => Some(Failure::HandlerError(HandlerCode::OTHER.0)),
            Did::Panic => Some(Failure::HostPanic),
            _ => None,
        });
        self.expect("failure", failure.is_some(), failed);
        let name_before = self.actor(me).name.clone();
        let mut wishes = Vec::new();
        for did in dids {
            self.answer(did, &mut wishes);
        }
        match failure {
            Some(failure) => self.failed(failure, wishes, name_before),
            None => self.finish(wishes),
        }
    }

    /// What a wish must be answered at the call, given the wishes before it in the turn.
    fn answer(&mut self, did: Did, wishes: &mut Vec<Wish>) {
        let me = self.turn.me;
        let hook = self.turn.hook;
        let reserved = |wishes: &[Wish], to: Pid| {
            wishes.iter().filter(|w| matches!(w, Wish::Send { to: t, .. } if *t == to)).count() as u32
        };
        let sendable = |s: &Inner, wishes: &[Wish], to| !s.alive(to) || s.room(to) > reserved(wishes, to);
        self.count(name_of(&did));
        match did {
            Did::Send { to, serial, answer } => {
                let accepted = sendable(self, wishes, to);
                self.expect("send", accepted, answer.is_ok());
                if accepted {
                    wishes.push(Wish::Send { to, serial, correlation: 0 });
                }
            }
            Did::Ask { to, serial, deadline, answer } => {
                let accepted = sendable(self, wishes, to);
                self.expect("ask", accepted, answer.is_ok());
                if let Ok(correlation) = answer {
                    self.order += 1;
                    let order = self.order;
                    self.actor(me).pending.insert(correlation, (to, deadline, order));
                    wishes.push(Wish::Send { to, serial, correlation });
                }
            }
            Did::Reply { request, serial, accepted } => {
                let mine = self.actor(me).asked.remove(&request);
                self.expect("reply", mine, accepted);
                if mine {
                    wishes.push(Wish::Answer { request, serial });
                }
            }
            Did::Arm { id, deadline, period } => {
                self.order += 1;
                let order = self.order;
                let actor = self.actor(me);
                actor.armed += 1;
                let (nth, timer) =
                    (actor.armed, Timer { period, armed: Some((deadline, order)), due: deadline });
                actor.timers.insert(id, timer);
                self.expect("timer id", nth, id);
            }
            Did::Cancel { id, answer } => {
                let armed = self.actor(me).armed;
                let expected = match self.actor(me).timers.remove(&id) {
                    Some(timer) => {
                        if timer.armed.is_none() {
                            self.flush(me, |line, s| *line == Line::Timers && *s == Sig::Timer(id));
                        }
                        Cancelled::Cancelled
                    }
                    None if (1..=armed).contains(&id) => Cancelled::Fired,
                    None => Cancelled::Unknown,
                };
                self.expect("cancel", expected, answer);
            }
            Did::Link(other) if other != me => wishes.push(Wish::Link(other)),
            Did::Link(_) => {}
            Did::Unlink(other) => {
                wishes.push(Wish::Unlink(other));
                self.flush(me, |line, s| *line == Line::Of(other) && matches!(s, Sig::Exit(_)));
            }
            Did::Monitor { target, reference } => {
                self.actor(me).watching.insert(reference, target);
                wishes.push(Wish::Monitor { target, reference });
            }
            Did::Demonitor { reference, flush, accepted } => {
                let expected = match self.actor(me).watching.remove(&reference) {
                    Some(target) => {
                        wishes.push(Wish::Demonitor { target, reference });
                        true
                    }
                    None if flush => {
                        let its = |_: &Line, s: &Sig| matches!(s, Sig::Down { reference: r, .. } if *r == reference);
                        self.flush(me, its) > 0
                    }
                    None => false,
                };
                self.expect("demonitor", expected, accepted);
            }
            Did::Kill(to) => wishes.push(Wish::Kill(to)),
            Did::Exit { to, reason } => wishes.push(Wish::Exit { to, reason }),
            Did::EndItself(reason) => self.turn.ended = Some(reason),
            Did::Stop(reason) if hook != Some(Hook::Stop) => {
                self.turn.stop.get_or_insert(reason);
            }
            Did::Stop(_) | Did::Fail | Did::Panic => {}
            Did::Ignore => self.turn.ignore = true,
            Did::Trap(on) => self.actor(me).traps = on,
            Did::Register { name, accepted } => {
                let free = !self.names.contains_key(name) && self.actor(me).name.is_none();
                self.expect("register", free, accepted);
                if free {
                    self.names.insert(name.to_owned(), me);
                    self.actor(me).name = Some(name.to_owned());
                }
            }
            Did::Unregister { accepted } => {
                let had = self.actor(me).name.take();
                self.expect("unregister", had.is_some(), accepted);
                had.map(|name| self.names.remove(&name));
            }
            Did::Spawn { answer, flags, reference, name } => {
                let free = name.is_none_or(|name| !self.names.contains_key(name));
                self.expect("spawn", free, answer.is_ok());
                let Ok(pid) = answer else { return };
                self.reserve(pid);
                if let Some(name) = name {
                    self.names.insert(name.to_owned(), pid);
                    self.actor(pid).name = Some(name.to_owned());
                }
                self.expect("reference", flags.has(SpawnFlags::MONITOR), reference.is_some());
                if let Some(reference) = reference {
                    self.actor(me).watching.insert(reference, pid);
                }
                wishes.push(Wish::Spawn { pid, flags, reference });
            }
        }
    }

    /// Nothing of a failed turn is applied.
    fn failed(&mut self, failure: Failure, wishes: Vec<Wish>, name_before: Option<String>) {
        let me = self.turn.me;
        for wish in wishes.into_iter().rev() {
            match wish {
                Wish::Answer { request, .. } => drop(self.actor(me).asked.insert(request)),
                Wish::Monitor { reference, .. } => drop(self.actor(me).watching.remove(&reference)),
                Wish::Demonitor { target, reference } => {
                    self.actor(me).watching.insert(reference, target);
                }
                Wish::Spawn { pid, reference, .. } => {
                    if let Some(reference) = reference {
                        self.actor(me).watching.remove(&reference);
                    }
                    let child = self.actor(pid);
                    child.stage = Stage::Dead;
                    if let Some(name) = child.name.take() {
                        self.names.remove(&name);
                    }
                }
                _ => {}
            }
        }
        if self.actor(me).name != name_before {
            self.count("name restored");
            if let Some(name) = self.actor(me).name.take() {
                self.names.remove(&name);
            }
            if let Some(name) = &name_before {
                self.names.insert(name.clone(), me);
            }
            self.actor(me).name = name_before;
        }
        let handler = matches!(failure, Failure::HandlerError(_));
        let reason = ExitReason::Failed(failure);
        match self.turn.hook {
            Some(Hook::Start) => {
                self.tell_start(me, StartOutcome::Failed(reason.clone()));
                self.die(me, ExitReason::start_failed(reason));
            }
            Some(Hook::Stop) => self.stopped(),
            _ if handler => self.begin_stopping(me, reason),
            _ => self.die(me, reason),
        }
    }

    fn finish(&mut self, wishes: Vec<Wish>) {
        let me = self.turn.me;
        let start = self.turn.hook == Some(Hook::Start);
        if start && !self.turn.ignore {
            self.actor(me).stage = Stage::Running;
        }
        self.turn.applying = true;
        for wish in wishes {
            self.apply(wish);
        }
        self.turn.applying = false;
        let (ended, stop) = (self.turn.ended.take(), self.turn.stop.take());
        if self.turn.hook == Some(Hook::Stop) {
            return self.stopped();
        }
        if start && self.turn.ignore {
            self.tell_start(me, StartOutcome::Ignored);
            return self.die(me, ExitReason::Normal);
        }
        if start {
            self.tell_start(me, StartOutcome::Started);
        }
        match (ended, stop) {
            (Some(reason), _) => self.die(me, reason),
            (None, Some(reason)) => self.begin_stopping(me, reason),
            (None, None) => {}
        }
    }

    fn stopped(&mut self) {
        let me = self.turn.me;
        match self.actor(me).stop.clone() {
            Some(reason) => self.die(me, reason),
            None => self.fail(format!("{me} was not to stop")),
        }
    }
}

/// What is counted of a deed.
fn name_of(did: &Did) -> &'static str {
    match did {
        Did::Send { answer: Ok(()), .. } => "send",
        Did::Send { .. } => "send refused",
        Did::Ask { .. } => "ask",
        Did::Reply { accepted: true, .. } => "reply",
        Did::Reply { .. } => "reply refused",
        Did::Arm { period: 0, .. } => "timer",
        Did::Arm { .. } => "interval",
        Did::Cancel { answer: Cancelled::Cancelled, .. } => "cancel 1",
        Did::Cancel { answer: Cancelled::Fired, .. } => "cancel 0",
        Did::Cancel { .. } => "cancel -1",
        Did::Link(_) => "link",
        Did::Unlink(_) => "unlink",
        Did::Monitor { .. } => "monitor",
        Did::Demonitor { accepted: true, .. } => "demonitor",
        Did::Demonitor { .. } => "demonitor refused",
        Did::Kill(_) => "kill",
        Did::Exit { .. } => "exit",
        Did::EndItself(_) => "exit of itself",
        Did::Stop(_) => "stop",
        Did::Ignore => "ignore",
        Did::Trap(_) => "trap",
        Did::Register { accepted: true, .. } => "register",
        Did::Register { .. } => "register refused",
        Did::Unregister { .. } => "unregister",
        Did::Spawn { answer: Ok(_), .. } => "spawn",
        Did::Spawn { .. } => "spawn refused",
        Did::Fail => "fail",
        Did::Panic => "panic",
    }
}
