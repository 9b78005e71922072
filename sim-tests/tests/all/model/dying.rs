//! The reference's part about links, monitors, exits and ends.

use super::reference::{Inner, LIE, Line, Sig, Stage, Wish};
use seedbed_core::{ExitReason, Pid, RequestFailure, SpawnFlags, StartOutcome};

impl Inner {
    /// A wish at the end of its turn.
    pub(super) fn apply(&mut self, wish: Wish) {
        let me = self.turn.me;
        match wish {
            Wish::Send { to, serial, correlation } => {
                if self.alive(to) {
                    if correlation != 0 {
                        self.actor(to).asked.insert((me, correlation));
                    }
                    self.push(to, Line::Of(me), Sig::Message { serial, correlation });
                } else {
                    self.lose("dead");
                    self.end_request(me, correlation, to, RequestFailure::Dead);
                }
            }
            Wish::Answer { request: (asker, correlation), serial } => {
                if self.alive(asker) && self.actor(asker).pending.remove(&correlation).is_some() {
                    self.push(asker, Line::Of(me), Sig::Reply { correlation, outcome: Ok(serial) });
                } else {
                    self.lose("late");
                }
            }
            Wish::Spawn { pid, flags, reference } => {
                self.made += 2;
                let made = self.made;
                let child = self.actor(pid);
                child.stage = Stage::Starting;
                child.notify = flags.has(SpawnFlags::NOTIFY).then_some(me);
                if let Some(reference) = reference {
                    child.watched.insert((me, reference), made);
                }
                if flags.has(SpawnFlags::LINK) {
                    child.links.insert(me, made - 1);
                    self.actor(me).links.insert(pid, made - 1);
                }
            }
            Wish::Link(other) if self.actor(me).links.contains_key(&other) => {}
            Wish::Link(other) if self.alive(other) => {
                self.made += 1;
                let made = self.made;
                self.actor(me).links.insert(other, made);
                self.actor(other).links.insert(me, made);
            }
            Wish::Link(other) => self.exit_signal(me, other, ExitReason::NoProcess, false),
            Wish::Unlink(other) => {
                self.flush(me, |line, s| *line == Line::Of(other) && matches!(s, Sig::Exit(_)));
                self.actor(me).links.remove(&other);
                if self.alive(other) {
                    self.actor(other).links.remove(&me);
                }
            }
            Wish::Monitor { target, reference } if self.alive(target) => {
                self.made += 1;
                let made = self.made;
                self.actor(target).watched.insert((me, reference), made);
            }
            Wish::Monitor { target, reference } => self.down(me, reference, target, ExitReason::NoProcess),
            Wish::Demonitor { target, reference } => {
                if self.alive(target) {
                    self.actor(target).watched.remove(&(me, reference));
                }
            }
            Wish::Exit { to, reason } => {
                if self.alive(to) {
                    self.exit_signal(to, me, reason, false);
                }
            }
            Wish::Kill(to) => {
                if self.alive(to) {
                    self.die(to, ExitReason::Killed);
                }
            }
        }
    }

    fn end_request(&mut self, asker: Pid, correlation: u64, target: Pid, failure: RequestFailure) {
        if correlation != 0 && self.alive(asker) && self.actor(asker).pending.remove(&correlation).is_some() {
            self.push(asker, Line::Of(target), Sig::Reply { correlation, outcome: Err(failure) });
        }
    }

    fn down(&mut self, watcher: Pid, reference: u64, from: Pid, reason: ExitReason) {
        if self.alive(watcher) && self.actor(watcher).watching.remove(&reference).is_some() {
            self.push(watcher, Line::Of(from), Sig::Down { reference, reason });
        }
    }

    fn exit_signal(&mut self, to: Pid, from: Pid, reason: ExitReason, link: bool) {
        let actor = self.actor(to);
        if link && actor.links.remove(&from).is_none() || actor.stage == Stage::Stopping {
            return;
        }
        if actor.traps {
            self.push(to, Line::Of(from), Sig::Exit(reason));
        } else if reason != ExitReason::Normal || LIE.get() == Some(0) {
            self.begin_stopping(to, reason);
        }
    }

    pub(super) fn begin_stopping(&mut self, pid: Pid, reason: ExitReason) {
        match self.actor(pid).stage {
            Stage::Starting => self.die(pid, reason),
            Stage::Running => {
                let actor = self.actor(pid);
                actor.stage = Stage::Stopping;
                actor.stop = Some(reason);
            }
            Stage::Reserved | Stage::Stopping | Stage::Dead => {}
        }
    }

    pub(super) fn tell_start(&mut self, pid: Pid, outcome: StartOutcome) {
        if let Some(parent) = self.actor(pid).notify.take()
            && self.alive(parent)
        {
            self.push(parent, Line::Of(pid), Sig::Started(outcome));
        }
    }

    pub(super) fn die(&mut self, pid: Pid, reason: ExitReason) {
        if self.turn.applying && pid == self.turn.me {
            self.turn.ended.get_or_insert(reason);
            return;
        }
        self.count("ended");
        self.tell_start(pid, StartOutcome::Failed(reason.clone()));
        self.ends.push_back((pid, reason.clone()));
        let actor = self.actor(pid);
        actor.stage = Stage::Dead;
        actor.timers.clear();
        actor.pending.clear();
        let name = actor.name.take().filter(|_| LIE.get() != Some(1));
        let (lines, asked) = (std::mem::take(&mut actor.lines), std::mem::take(&mut actor.asked));
        let (links, watched) = (std::mem::take(&mut actor.links), std::mem::take(&mut actor.watched));
        let watching = std::mem::take(&mut actor.watching);
        if let Some(name) = name {
            self.names.remove(&name);
        }
        for _ in lines.into_values().flatten().filter(|s| matches!(s, Sig::Message { .. })) {
            self.lose("dead");
        }
        for (asker, correlation) in asked {
            self.end_request(asker, correlation, pid, RequestFailure::Dead);
        }
        for (reference, target) in watching {
            if self.alive(target) {
                self.actor(target).watched.remove(&(pid, reference));
            }
        }
        let links = links.into_iter().map(|(other, made)| (made, other, None));
        let watched =
            watched.into_iter().map(|((watcher, reference), made)| (made, watcher, Some(reference)));
        let mut all: Vec<_> = links.chain(watched).collect();
        all.sort_by_key(|w| w.0);
        if LIE.get() == Some(2) {
            all.reverse();
        }
        for (_, other, reference) in all {
            match reference {
                Some(reference) => self.down(other, reference, pid, reason.clone()),
                None if self.alive(other) => self.exit_signal(other, pid, reason.clone(), true),
                None => {}
            }
        }
    }
}
