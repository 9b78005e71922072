//! A supervisor that runs, beside its model: both get the same mail at the same times, and must do the
//! same (invariant 8).
//!
//! After every turn of the supervisor `children()` and `counts()` must be equal. Besides, the model must
//! spawn, stop, kill, count, delay and answer just what the supervisor is seen to.

use super::model::{Mail, Model, Modelled, Surroundings};
use super::roster::{Roster, Supervisor};
use super::rule::Rule;
use super::seen::Seen;
use seedbed_core::supervise::{
    Answer, Backoff, Call, ChildInfo, ChildKind, ChildSpec, Plan, Reply, Shutdown, Strategy, Which,
};
use seedbed_core::{
    At, ChildLine, EntryStart, Envelope, ExitReason, Failure, Flags, Hook, Message, NodeId, Pid, Signal,
    StartOutcome, SupervisorCall, SupervisorReply, Time, decision, node_of,
};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// Tag of the message with which a supervisor sends itself a retry.
const RETRY: u64 = u64::MAX;

/// All supervisors beside their models.
#[derive(Default)]
pub(super) struct Mirrors {
    mirrors: BTreeMap<Pid, Mirror>,
    turn: Option<Turn>,
}

/// A turn of a supervisor, as far as it is known.
struct Turn {
    who: Pid,
    hook: Hook,
    mail: Option<Mail>,
    now: Time,
    acts: Acts,
}

impl Rule for Mirrors {
    fn see(&mut self, at: At, seen: &Seen, roster: &Roster) -> Result<(), String> {
        match seen {
            // Whoever is killed after its turn has still done it.
            Seen::Outside => self.end(roster)?,
            Seen::Gone => self.mirrors.retain(|pid, _| node_of(*pid) != at.node),
            Seen::Turn { who, hook, envelope, payload, .. } => {
                // The turn before is over, and nobody asked how it was.
                self.end(roster)?;
                let mut acts = Acts::default();
                let mail = match self.mirrors.get_mut(who) {
                    Some(mirror) if *hook == Hook::Message => {
                        mirror.mail(*who, envelope, payload, roster, &mut acts)
                    }
                    _ => None,
                };
                self.turn = Some(Turn { who: *who, hook: *hook, mail, now: at.time, acts });
            }
            _ => {
                if let Some(turn) = &mut self.turn {
                    turn.see(seen);
                }
            }
        }
        Ok(())
    }

    fn told(&mut self, roster: &Roster) -> Result<(), String> {
        self.end(roster)
    }
}

impl Mirrors {
    /// The end of the turn that was seen last, if it was a supervisor's.
    fn end(&mut self, roster: &Roster) -> Result<(), String> {
        let Some(turn) = self.turn.take() else { return Ok(()) };
        let Some(supervisor) = roster.supervisor(turn.who) else { return Ok(()) };
        if turn.hook == Hook::Start && roster.is_seen(turn.who) {
            self.mirrors.insert(turn.who, Mirror::new(supervisor));
        }
        let Some(mirror) = self.mirrors.get_mut(&turn.who) else { return Ok(()) };
        let who = turn.who;
        let seen = roster.is_seen(who);
        let result = mirror.take_turn(turn, roster, seen.then_some(supervisor));
        if !seen || !roster.lives(who) {
            self.mirrors.remove(&who);
        }
        result.map_err(|wrong| format!("{}: {wrong}", roster.name(who)))
    }
}

impl Turn {
    fn see(&mut self, seen: &Seen) {
        let (me, acts) = (self.who, &mut self.acts);
        match seen {
            Seen::TurnEnd { who, now, failed } if *who == me => {
                self.now = now.unwrap_or(self.now);
                acts.failed = *failed;
            }
            Seen::Spawned { who, parent, path, .. } if *parent == me => {
                let last = path.rsplit('/').next().unwrap_or_default().to_owned();
                acts.spawned.push_back((*who, last));
            }
            Seen::Monitored(who, other, _, true) if *who == me => acts.stopped.push_back(*other),
            Seen::TimerArmed(who, id, deadline) if *who == me => acts.armed.push((*id, *deadline)),
            Seen::Supervised { who, code, figure, .. } if *who == me => match *code {
                decision::COUNTED | decision::GAVE_UP => acts.counted.push_back(*figure),
                decision::BACKOFF => acts.delays.push_back(Duration::from_nanos(*figure)),
                decision::ODD_REASON => acts.odd += 1,
                _ => {}
            },
            Seen::Answered { from, to, correlation, payload: Some(payload) } if *from == me => {
                acts.answers.push(((*to, *correlation), payload.clone()));
            }
            Seen::Started(who) if *who == me => acts.ready = true,
            Seen::Exited(who, reason) if *who == me => acts.exit = Some(reason.clone()),
            _ => {}
        }
    }
}

/// One supervisor beside its model.
struct Mirror {
    model: Model<Acts>,
    dynamic: bool,
}

impl Mirror {
    fn new(supervisor: &Supervisor) -> Mirror {
        let plan = Plan { flags: supervisor.flags, children: supervisor.specs.clone() };
        let dynamic = plan.flags.strategy == Strategy::Dynamic;
        Mirror { model: Model::new(plan, Acts::default()), dynamic }
    }

    /// What this mail is to a supervisor.
    fn mail(
        &mut self,
        me: Pid,
        envelope: &Envelope,
        payload: &[u8],
        roster: &Roster,
        acts: &mut Acts,
    ) -> Option<Mail> {
        let parent = roster.actor(me).map(|actor| actor.parent);
        Some(match Signal::decode(envelope, payload) {
            Some(Signal::Started { pid, outcome }) => match outcome {
                StartOutcome::Started => Mail::Started(pid),
                StartOutcome::Ignored => Mail::Ignored(pid),
                StartOutcome::Failed(reason) => Mail::Failed(pid, reason),
            },
            Some(Signal::Exit { from, reason, .. }) if Some(from) == parent || !from.is_somebody() => {
                Mail::Shutdown(reason)
            }
            Some(Signal::Exit { from, .. }) if roster.lives(from) => return None,
            Some(Signal::Exit { from, reason, .. } | Signal::Down { from, reason, .. }) => {
                Mail::Exit(from, reason)
            }
            Some(Signal::Timer { id, .. }) => {
                // One that the model does not know is one it does not wait for any more.
                Mail::Timer(self.model.surroundings(|acts| acts.timers.remove(&id.0))?)
            }
            Some(_) => return None,
            None if envelope.from == me.to_raw() && envelope.tag == RETRY => {
                Mail::Retry(self.model.surroundings(|acts| acts.retries.pop_front())?)
            }
            None if envelope.flags != Flags::MESSAGE || envelope.correlation == 0 => return None,
            None => {
                let asker = (Pid::from_raw(envelope.from), envelope.correlation);
                let call = SupervisorCall::decode(payload).ok()?;
                match modelled(call, me, roster) {
                    Ok(call) => {
                        let caller = self.model.surroundings(|acts| {
                            acts.callers.push(asker);
                            acts.callers.len() - 1
                        });
                        Mail::Call(caller, call)
                    }
                    Err(()) => {
                        acts.unserved.push(asker);
                        return None;
                    }
                }
            }
        })
    }

    fn take_turn(
        &mut self,
        turn: Turn,
        roster: &Roster,
        supervisor: Option<&Supervisor>,
    ) -> Result<(), String> {
        if turn.acts.failed {
            return Ok(());
        }
        let Turn { acts, mail, now, .. } = turn;
        self.model.surroundings(|mine| mine.begin(acts, now, self.dynamic));
        mail.into_iter().for_each(|mail| self.model.receive(mail));
        self.model.go_on(now);
        let (ended, children, counts) = (self.model.has_ended(), self.model.children(), self.model.counts());
        self.model.surroundings(|mine| mine.end(roster))?;
        // One that is gone by now cannot be looked at any more.
        let Some(supervisor) = supervisor.filter(|_| !ended) else { return Ok(()) };
        let line = |c: &ChildInfo<Pid>| format!("{} {:?} {:?} {}", c.id, c.kind, c.state, c.starts);
        let lines = |all: &[ChildInfo<Pid>]| all.iter().map(line).collect::<Vec<_>>().join(", ");
        let (is, should) = (lines(&supervisor.children), lines(&children));
        if is != should {
            return Err(format!("children() is [{is}], and [{should}] in the model"));
        }
        if supervisor.counts != counts {
            return Err(format!("counts() is {:?}, and {counts:?} in the model", supervisor.counts));
        }
        Ok(())
    }
}

/// A call as the model takes it; an error is one that is refused before it comes to the rules.
fn modelled(call: SupervisorCall, me: Pid, roster: &Roster) -> Result<Call<Modelled>, ()> {
    let made = |spec: ChildSpec<EntryStart>| {
        // What was given along with the call cannot be seen; what a spec says of it is taken on trust.
        let by_name = match &*spec.start.entry {
            "" => None,
            entry => Some(roster.entry(entry).ok_or(())?),
        };
        let kind = by_name.filter(|kind| *kind == ChildKind::Supervisor).unwrap_or(spec.kind);
        Ok(ChildSpec { kind, ..spec.map(|_| ()) })
    };
    Ok(match call {
        SupervisorCall::StartChild(spec) => Call::StartChild(made(spec)?),
        SupervisorCall::StartInstance(args) => Call::StartInstance(args),
        SupervisorCall::StopChild(id) => Call::StopChild(Which::Id(id.into())),
        SupervisorCall::StopInstance(pid) => {
            // A child of its own is no stranger, even if it is gone when the call is served.
            let mine = roster.actor(pid).is_some_and(|actor| actor.parent == me);
            Call::StopChild(Which::Pid { pid, alive: roster.lives(pid) && !mine })
        }
        SupervisorCall::RestartChild(id) => Call::RestartChild(id.into()),
        SupervisorCall::DeleteChild(id) => Call::DeleteChild(id.into()),
        SupervisorCall::Children => Call::Children,
        SupervisorCall::Counts => Call::Counts,
        SupervisorCall::Which(id) => Call::Child(id.into()),
        SupervisorCall::Change { flags, children } => {
            let children = children.into_iter().map(made).collect::<Result<_, ()>>()?;
            Call::Change(Plan { flags, children })
        }
        _ => return Err(()),
    })
}

fn answer(reply: Reply<Pid>) -> SupervisorReply {
    let line = |c: ChildInfo<Pid>| {
        let ChildInfo { id, kind, state, starts } = c;
        ChildLine { id: id.to_string(), kind, state, starts }
    };
    match reply {
        Ok(Answer::Done) => SupervisorReply::Done,
        Ok(Answer::Started(pid)) => SupervisorReply::Started(pid),
        Ok(Answer::Ignored) => SupervisorReply::Ignored,
        Ok(Answer::Counts(counts)) => SupervisorReply::Counts(counts),
        Ok(Answer::Child(child)) => SupervisorReply::Child(line(child)),
        Ok(Answer::Children(children)) => SupervisorReply::Children(children.into_iter().map(line).collect()),
        Err(error) => SupervisorReply::Refused(error.into()),
    }
}

/// What a supervisor did in a turn; the model takes away what it does too, and nothing may be left.
#[derive(Default)]
struct Acts {
    dynamic: bool,
    now: Time,
    failed: bool,
    spawned: VecDeque<(Pid, String)>,
    stopped: VecDeque<Pid>,
    armed: Vec<(u64, Time)>,
    counted: VecDeque<u64>,
    delays: VecDeque<Duration>,
    odd: u32,
    answers: Vec<((Pid, u64), Vec<u8>)>,
    /// Who was refused before the rules came in.
    unserved: Vec<(Pid, u64)>,
    ready: bool,
    exit: Option<ExitReason>,
    killed: Vec<Pid>,
    wrong: Option<String>,
    /// What lasts: the model's number of each timer, its retries in order, and who called.
    timers: BTreeMap<u64, u64>,
    retries: VecDeque<u64>,
    callers: Vec<(Pid, u64)>,
}

impl Acts {
    fn begin(&mut self, acts: Acts, now: Time, dynamic: bool) {
        let timers = std::mem::take(&mut self.timers);
        let (retries, callers) = (std::mem::take(&mut self.retries), std::mem::take(&mut self.callers));
        *self = Acts { now, dynamic, timers, retries, callers, ..acts };
    }

    fn differs(&mut self, text: String) {
        self.wrong.get_or_insert(text);
    }

    /// The end of a turn.
    fn end(&mut self, roster: &Roster) -> Result<(), String> {
        if let Some(wrong) = self.wrong.take() {
            return Err(wrong);
        }
        if let Some((pid, _)) = self.spawned.front() {
            return Err(format!("it starts {}, which the model does not", roster.name(*pid)));
        }
        if let Some(pid) = self.stopped.front() {
            return Err(format!("it stops {}, which the model does not", roster.name(*pid)));
        }
        if let Some(n) = self.counted.front() {
            return Err(format!("it counts restart {n}, which the model does not"));
        }
        if !self.delays.is_empty() {
            return Err("it chooses a delay, which the model does not".into());
        }
        if self.odd > 0 {
            return Err("it finds a reason odd that the model does not".into());
        }
        if let Some(pid) = self.killed.iter().find(|pid| roster.lives(**pid)) {
            return Err(format!("the model kills {}, which lives", roster.name(*pid)));
        }
        let unserved = |asker: &(Pid, u64)| self.unserved.contains(asker);
        if self.answers.iter().any(|(asker, _)| !unserved(asker)) {
            return Err("it answers a call, which the model does not".into());
        }
        if self.ready {
            return Err("it has started, and not in the model".into());
        }
        match self.exit.take() {
            Some(reason) => Err(format!("it ends ({reason}), and not in the model")),
            None => Ok(()),
        }
    }
}

impl Surroundings for Acts {
    fn spawn(&mut self, spec: &ChildSpec<()>, _: Option<&[u8]>) -> Result<Pid, ExitReason> {
        let dynamic = self.dynamic;
        let is = |last: &str| if dynamic { last.starts_with('#') } else { *last == *spec.id };
        match self.spawned.pop_front_if(|(_, last)| is(last)) {
            Some((pid, _)) => Ok(pid),
            // Only a name that somebody else has keeps a child from being spawned.
            None => Err(Failure::Protocol("the name is taken".into()).into()),
        }
    }

    fn stop(&mut self, pid: Pid, _: Shutdown) {
        if self.stopped.pop_front_if(|stopped| *stopped == pid).is_none() {
            self.differs(format!("the model stops {pid}, it does not, or not now"));
        }
    }

    fn kill(&mut self, pid: Pid) {
        self.killed.push(pid);
    }

    fn arm(&mut self, number: u64, after: Duration) {
        let deadline = self.now + after;
        match self.armed.iter().position(|(_, at)| *at == deadline) {
            Some(at) => drop(self.timers.insert(self.armed.remove(at).0, number)),
            None => self.differs(format!("the model arms a timer for {after:?}, it does not")),
        }
    }

    fn cancel(&mut self, number: u64) {
        self.timers.retain(|_, n| *n != number);
    }

    fn retry(&mut self, number: u64) {
        self.retries.push_back(number);
    }

    fn delay(&mut self, backoff: &Backoff, n: u32) -> Duration {
        let max = backoff.max;
        let base =
            (0..n).fold(backoff.min, |d, _| if d >= max { max } else { (d * backoff.factor).min(max) });
        let most = base + base * backoff.jitter_permille / 1000;
        let delay = self.delays.pop_front();
        if !delay.is_some_and(|delay| (base..=most).contains(&delay)) {
            self.differs(format!("the model delays by {base:?} to {most:?}, it by {delay:?}"));
        }
        delay.unwrap_or(base)
    }

    fn count(&mut self, attempts: u32) {
        match self.counted.pop_front() {
            Some(n) if n == u64::from(attempts) => {}
            other => self.differs(format!("the model counts restart {attempts}, it counts {other:?}")),
        }
    }

    fn odd(&mut self, id: &str, reason: &ExitReason) {
        match self.odd.checked_sub(1) {
            Some(left) => self.odd = left,
            None => self.differs(format!("that {id} ends with {reason} is odd only in the model")),
        }
    }

    fn reply(&mut self, caller: usize, reply: Reply<Pid>) {
        let asker = self.callers[caller];
        // Answers to actors of the same node are no events.
        if node_of(asker.0) != NodeId::OUTSIDE {
            return;
        }
        let should = answer(reply);
        let at = self.answers.iter().position(|(to, _)| *to == asker);
        let is = at.map(|at| self.answers.remove(at).1);
        let is = is.and_then(|payload| SupervisorReply::decode(&payload).ok());
        if is.as_ref() != Some(&should) {
            self.differs(format!("it answers {is:?}, the model {should:?}"));
        }
    }

    fn ready(&mut self) {
        if !std::mem::take(&mut self.ready) {
            self.differs("it has not started, only in the model".into());
        }
    }

    fn exit(&mut self, reason: &ExitReason) {
        match self.exit.take() {
            Some(is) if is == *reason => {}
            Some(is) => self.differs(format!("it ends ({is}), the model with ({reason})")),
            None => self.differs(format!("it does not end, the model does ({reason})")),
        }
    }
}
