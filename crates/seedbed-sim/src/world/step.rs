//! How a world moves: turns, time, faults, properties (rules W1–W6).

use super::World;
use super::node::Host;
use crate::disk::{Fails, takes_room};
use crate::holds::Holds;
use crate::latency::{STEPS, share};
use crate::network::{is_lost_if_cut, is_of_socket};
use crate::property::{Property, When};
use crate::sim::{Mode, NodePort};
use crate::strategy::Pick;
use seedbed_core::{
    Body, ChoiceKind, ChoicePoint, Delivery, EffectError, Envelope, Flags, Instead, Life, Mail, NodeId,
    OrderKey, Packet, SignalName, TapeEntry, Time, Until, node_of,
};
use std::time::Duration;

/// How a run ended without a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Nothing was left to do.
    Rest,
    /// `duration` passed.
    Duration,
}

/// What one move came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Advance {
    /// A turn ran, or time passed to something that was due.
    Moved,
    /// Nothing can happen up to the limit.
    Quiet,
    /// The run is over: a finding, or a replay that cannot go on.
    Stopped,
}

/// How far the end of a run is.
#[derive(Clone, Debug)]
pub(super) struct Converging {
    /// Time was up before the world was at rest.
    cut: bool,
    /// When faults stopped.
    stopped: Time,
    limit: Time,
}

/// Running.
impl World {
    /// Runs until the world is at rest or `duration` is reached; then stops faults, lets the world
    /// converge, and looks at what must hold in the end.
    ///
    /// # Errors
    /// The finding, if there is one.
    pub fn run(&mut self) -> Result<End, crate::property::Broken> {
        let until = Time::ZERO + self.config.duration;
        let cut = match &self.converging {
            Some(converging) => converging.cut,
            None => {
                let cut = self.run_until(until) == Advance::Quiet && !self.is_at_rest();
                if cut {
                    self.sim.now = self.sim.now.max(until);
                }
                cut
            }
        };
        let paused = self.sim.found.is_none() && (self.is_stopped() || !self.converge(cut));
        self.ended = true;
        self.paused = paused && !self.sim.replay_failed();
        match &self.sim.found {
            Some(found) => Err(found.clone()),
            None => Ok(if cut { End::Duration } else { End::Rest }),
        }
    }

    /// Runs for some virtual time.
    ///
    /// # Errors
    /// The finding, if there is one.
    pub fn run_for(&mut self, time: Duration) -> Result<(), crate::property::Broken> {
        let until = self.sim.now + time;
        loop {
            match self.run_until(until) {
                // At rest, but there are intervals.
                Advance::Quiet if self.next_time().is_some_and(|next| next <= until) => {}
                Advance::Quiet => {
                    self.sim.now = self.sim.now.max(until);
                    break;
                }
                Advance::Moved | Advance::Stopped => break,
            }
        }
        self.sim.found.clone().map_or(Ok(()), Err)
    }

    /// Runs until the world is at rest, or `duration` is reached.
    ///
    /// # Errors
    /// The finding, if there is one.
    pub fn settle(&mut self) -> Result<(), crate::property::Broken> {
        self.run_until(Time::ZERO + self.config.duration);
        self.sim.found.clone().map_or(Ok(()), Err)
    }

    /// True if [`run`](Self::run) has ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended || self.sim.found.is_some() || self.sim.replay_failed() || self.is_stopped()
    }

    /// True if the run is left as it stands.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stop_after.is_some_and(|step| self.sim.step >= step)
    }

    fn run_until(&mut self, until: Time) -> Advance {
        // It was left as it stands where it had come to rest and was looked at.
        if self.rested {
            self.rested = self.is_stopped();
            return Advance::Quiet;
        }
        loop {
            let advance = self.advance(until);
            // What came last need not be a turn: a packet that reaches nobody ends in rest too.
            if matches!(advance, Advance::Moved | Advance::Quiet) && self.is_at_rest() {
                self.look(|p| p.when == When::Idle);
                self.rested = self.is_stopped();
                return if self.sim.found.is_some() { Advance::Stopped } else { Advance::Quiet };
            }
            if advance != Advance::Moved {
                return advance;
            }
        }
    }

    /// Faults and inputs stop, links heal, order is plain.
    fn stop_faults(&mut self, cut: bool) -> Converging {
        self.sim.calm = true;
        self.sim.lift(|_, _, _| true);
        self.end_plan();
        self.sim.rules.end();
        self.hosts.iter_mut().for_each(|host| host.late_until = None);
        self.sim.slowed.clear();
        self.inputs.stop();
        let stopped = self.sim.now;
        let asked_for = self.properties.iter().filter_map(|p| match p.when {
            When::Eventually(within) => Some(within),
            _ => None,
        });
        let limit = stopped + asked_for.fold(self.config.converge_within, Duration::max);
        self.look_eventually(stopped);
        Converging { cut, stopped, limit }
    }

    /// The world comes to rest without faults; `end` and `eventually` are looked at. False if it was left as it
    /// stands before: then this goes on.
    fn converge(&mut self, cut: bool) -> bool {
        let converging = self.converging.take().unwrap_or_else(|| self.stop_faults(cut));
        let Converging { stopped, limit, .. } = converging;
        let rested = loop {
            if self.sim.order.is_empty() && self.is_at_rest() {
                break true;
            }
            match self.advance(limit) {
                Advance::Moved => self.look_eventually(stopped),
                Advance::Quiet => break self.is_at_rest(),
                Advance::Stopped => {
                    self.converging = Some(converging);
                    return false;
                }
            }
        };
        if rested && cut {
            self.look(|p| p.when == When::Idle);
        }
        self.look(|p| p.when == When::End);
        self.look_for_hot();
        let (now, step) = (self.sim.now, self.sim.step);
        if self.sim.found.is_some() {
            return true;
        }
        let mut properties = std::mem::take(&mut self.properties);
        if let Some(property) = properties.iter_mut().find(|p| p.is_awaited()) {
            let message = format!(
                "it did not come to hold (faults stopped at {stopped}, last looked at {now}, step {step})"
            );
            self.sim.find(&property.name, &property.when.to_string(), message);
            self.sim.read = self.keys_read(property);
        }
        self.properties = properties;
        true
    }

    /// One move: what is due happens, then a turn runs and those that follow it at once, or time passes, not beyond
    /// `until`.
    pub(super) fn advance(&mut self, until: Time) -> Advance {
        self.begun = true;
        if self.sim.found.is_some() || self.sim.replay_failed() || self.is_stopped() {
            return Advance::Stopped;
        }
        if self.sim.may_anything_be_due() {
            self.deliver_due();
        } else {
            debug_assert!(self.is_nothing_due(), "what adds something that is due says so");
        }
        if self.sim.order.is_empty() {
            return match self.next_time() {
                Some(next) if next <= until => {
                    self.sim.now = self.sim.now.max(next);
                    self.sim.hash.word(self.sim.now.as_nanos());
                    Advance::Moved
                }
                _ => Advance::Quiet,
            };
        }
        let Some(delivery) = self.pick(until) else { return Advance::Moved };
        if self.sim.replay_failed() {
            return Advance::Stopped;
        }
        self.turns(delivery);
        if self.sim.step >= self.config.steps_max {
            let message = format!("the run took {} steps and had not ended", self.sim.step);
            self.sim.find("a run ends within steps_max", "always", message);
        }
        if self.sim.found.is_some() { Advance::Stopped } else { Advance::Moved }
    }

    /// No mail, nothing in flight, no effect, no one-shot timer, no node that is to boot or to count
    /// as lost, no input that is still to send.
    pub fn is_at_rest(&self) -> bool {
        let hosts = || self.hosts.iter();
        self.sim.order.is_empty()
            && self.sim.busy.is_empty()
            && self.sim.network.is_empty()
            && self.sim.sockets.is_at_rest()
            && self.sim.kept.is_empty()
            && self.plan.is_done()
            && self.sim.effects.is_empty()
            && self.inputs.is_done()
            && hosts().all(|h| h.up_at.is_none() && h.lost_at.is_none())
            && hosts().all(|h| h.kernel.as_ref().is_none_or(|k| k.one_shots() == 0))
    }

    /// When something is due that time has to pass for.
    fn next_time(&self) -> Option<Time> {
        let mut next = None;
        let mut due = |at: Option<Time>| {
            if at.is_some() && (next.is_none() || at < next) {
                next = at;
            }
        };
        for (index, host) in self.hosts.iter().enumerate() {
            if let Some(local) = host.kernel.as_ref().and_then(seedbed_core::Kernel::next_deadline) {
                let at = self.sim.clocks.when(NodeId(index as u16 + 1), local);
                due(Some(host.late_until.map_or(at, |late| at.max(late))));
            }
            due(host.up_at);
            due(host.lost_at);
        }
        due(self.sim.network.next());
        due(self.sim.sockets.next());
        due(self.sim.effects.next());
        due(self.inputs.next());
        due(self.sim.busy.next());
        due(self.sim.stops.next(self.sim.loss_after));
        due(self.sim.kept.next());
        due(self.plan.next());
        next
    }

    /// True if [`deliver_due`](Self::deliver_due) would do nothing.
    fn is_nothing_due(&self) -> bool {
        let now = self.sim.now;
        self.next_time().is_none_or(|next| next > now)
            && !self.are_inputs_to_begin()
            && !self.sim.busy.is_any_free(now)
            && !self.sim.stops.is_any_over(now)
    }

    /// Everything due by now, in a fixed order: nodes come up or are lost, timers, effects, inputs, packets, sockets.
    /// It is looked for when time has passed, and when something was added that is due at once: what
    /// adds such a thing sets [`Sim::looked`](crate::sim::Sim) back.
    pub(super) fn deliver_due(&mut self) {
        self.sim.looked = Some(self.sim.now);
        self.begin_inputs();
        self.sim.free();
        if self.sim.stops.is_any_over(self.sim.now) {
            self.sim.lift_due();
        }
        while let Some((a, b)) = self.sim.stops.pop_lost(self.sim.now, self.sim.loss_after) {
            self.lose_each_other(a, b);
        }
        if self.plan.next().is_some_and(|at| at <= self.sim.now) {
            self.follow_plan();
        }
        if self.sim.rules.take_ended() {
            self.let_go();
        }
        let now = self.sim.now;
        for index in 0..self.hosts.len() {
            let node = NodeId(index as u16 + 1);
            let host = &self.hosts[index];
            if host.up_at.is_some_and(|at| at <= now) {
                self.boot(node);
            } else if host.lost_at.is_some_and(|at| at <= now) {
                self.lose(node);
            }
            let deadline = self.hosts[index].kernel.as_ref().and_then(seedbed_core::Kernel::next_deadline);
            if let Some(deadline) = deadline
                && deadline <= self.sim.clocks.local(node, now)
            {
                self.fire_timers(node);
            }
        }
        while let Some(effect) = self.sim.effects.pop_due(now) {
            self.complete(effect);
        }
        self.play_inputs();
        self.sim.time_out_sockets();
        while let Some(packet) = self.sim.network.pop_due(now) {
            self.arrive(packet);
        }
        while let Some((pid, correlation, outcome)) = self.sim.sockets.pop_done(now) {
            if let Some((kernel, mut port)) = self.split(node_of(pid)) {
                kernel.complete(&mut port, pid, correlation, &outcome);
            }
        }
        if !self.sim.kept.is_empty() {
            self.sim.let_go(false);
        }
        if !self.sim.rules.is_empty() {
            self.rule_mail();
        }
    }

    /// Timers of a node are due; by chance they fire late, all of them.
    fn fire_timers(&mut self, node: NodeId) {
        let now = self.sim.now;
        let host = &mut self.hosts[usize::from(node.0) - 1];
        match host.late_until {
            Some(late) if late > now && !self.sim.calm => return,
            Some(_) => host.late_until = None,
            None => {
                host.firings += 1;
                let boot = host.kernel.as_ref().map_or(0, |kernel| kernel.boot_number().0);
                let (path, life, nth) = (host.path, Life(u32::from(boot)), host.firings);
                let point = ChoicePoint {
                    kind: ChoiceKind::TimerLate,
                    site: 0,
                    path,
                    life,
                    ordinal: Some(nth),
                    n: STEPS,
                };
                let late = if self.sim.is_open(point.kind) { self.sim.choose(node, &point) } else { 0 };
                if late > 0 {
                    let by = share(self.config.faults.late_by, late - 1, STEPS - 2);
                    let until = Time::from_nanos(now.as_nanos().saturating_add(by));
                    self.hosts[usize::from(node.0) - 1].late_until = Some(until);
                    return;
                }
            }
        }
        let local = self.sim.clocks.local(node, now);
        if let Some((kernel, mut port)) = self.split(node) {
            kernel.fire_timers(&mut port, local);
        }
    }

    fn complete(&mut self, effect: crate::disk::Effect) {
        let node = node_of(effect.pid);
        let is_store = effect.effect == seedbed_core::abi::store::EFFECT;
        let is_files = effect.effect == seedbed_files::EFFECT;
        let broken = self.sim.broken_stores.get(&node).filter(|_| is_store || is_files).copied();
        let fails = match broken {
            Some(true) if takes_room(&effect.effect, &effect.payload) => Some(Fails::Full),
            Some(false) => Some(Fails::Refused),
            _ => effect.fails,
        };
        let outcome = if let Some(fails) = fails {
            if is_store {
                let disk = self.sim.disks.entry(node).or_default();
                match fails {
                    Fails::UnknownDone => drop(disk.complete(effect.path, &effect.payload)),
                    _ => disk.fail(effect.path, &effect.payload),
                }
            }
            Err(fails.error())
        } else if is_store {
            self.sim.disks.entry(node).or_default().complete(effect.path, &effect.payload)
        } else if is_files {
            // What nobody waits for any more is not done.
            let waits = self.split(node).is_some_and(|(kernel, _)| kernel.find(effect.pid).is_some());
            if !waits {
                return;
            }
            self.sim.operate(node, &effect)
        } else {
            match self.handlers.get(&effect.effect) {
                Some(handler) => handler(&effect.request, self.sim.now),
                None => Err(EffectError { code: 0, text: "no such effect".into() }),
            }
        };
        if let Some((kernel, mut port)) = self.split(node) {
            kernel.complete(&mut port, effect.pid, effect.correlation, &outcome);
        }
    }

    /// A packet arrives, unless a rule has something to say about it.
    pub(super) fn arrive(&mut self, packet: Packet) {
        if is_of_socket(&packet) {
            return self.arrive_at_socket(&packet);
        }
        if self.sim.rules.is_empty() && self.sim.kept.is_empty() && self.sim.network.puts_nothing_off() {
            return self.hand_over(packet);
        }
        let Some((packet, twice)) = self.rule_packet(packet) else { return };
        let copy = twice.then(|| Packet { copy: true, ..packet.clone() });
        for packet in std::iter::once(packet).chain(copy) {
            self.hand_over(packet);
        }
    }

    /// Something that a socket said arrives; a node that is down does not hear it.
    fn arrive_at_socket(&mut self, packet: &Packet) {
        let node = node_of(packet.to);
        if self.is_up(node) {
            self.sim.arrive_at_socket(packet);
        } else {
            self.sim.vanish(packet);
            if !is_lost_if_cut(packet) {
                self.wait_for_lost(node);
            }
        }
    }

    fn hand_over(&mut self, packet: Packet) {
        let node = node_of(packet.to);
        if node == NodeId::OUTSIDE {
            return self.arrive_outside(packet);
        }
        // A packet for a node that is down is lost; who asked is told when the node counts as lost.
        let host = self.hosts.get_mut(usize::from(node.0) - 1);
        let Some(kernel) = host.and_then(|host| host.kernel.as_mut()) else {
            return self.wait_for_lost(node);
        };
        // What arrives lets nothing else become due, unless it says so.
        kernel.set_step(self.sim.step);
        kernel.arrive(&mut NodePort { sim: &mut self.sim, node }, packet);
        if let Some(at) = kernel.next_deadline() {
            self.sim.is_due(at);
        }
    }

    fn arrive_outside(&mut self, packet: Packet) {
        let (from, to) = (packet.from.to_raw(), packet.to.to_raw());
        let (flags, id, correlation, tag, payload) = match packet.body {
            Body::Message { correlation, tag, payload } => {
                (Flags::MESSAGE, packet.id, correlation, tag, payload)
            }
            Body::Answer { correlation, tag, failed, payload } => {
                let flags = if failed { Flags::REPLY.with(Flags::FAILED) } else { Flags::REPLY };
                (flags, 0, correlation, tag, payload)
            }
            _ => return,
        };
        let len = payload.len() as u32;
        let envelope = Envelope { id, from, to, correlation, tag, len, flags };
        self.sim.hash.pair(from ^ correlation, tag);
        self.sim.hash.bytes(&payload);
        if let Some(mail) = self.answer_input(packet.to, Mail { envelope, payload }) {
            self.sim.inboxes.entry(packet.to).or_default().push(mail);
        }
    }

    /// Decides what goes next; `None` if time passed instead.
    fn pick(&mut self, until: Time) -> Option<Delivery> {
        let mut plain = self.sim.order.first().expect("something is enabled");
        let picked = if self.sim.is_held_back() {
            match self.first_not_held(until) {
                Some(first) => {
                    plain = first;
                    self.pick_from_tape(plain, until)
                }
                None => {
                    self.pass_clock();
                    return None;
                }
            }
        } else {
            let clock = self.sim.may_let_pass() && self.may_pass(until, self.sim.chance.faults.clock);
            self.sim.pick(clock)
        };
        let chosen = match picked {
            Pick::Plain => plain,
            Pick::Run(id) => id,
            Pick::Clock => {
                let (key, at) = self.sim.pass_over(plain, |delivery| name(&self.hosts, delivery));
                self.sim.record(TapeEntry::Order { key, instead: Instead::Clock }, at);
                self.pass_clock();
                return None;
            }
        };
        Some(self.sim.take(chosen, plain, |delivery| name(&self.hosts, delivery)))
    }

    /// True if the clock can pass while mail waits.
    fn may_pass(&self, until: Time, rate: u32) -> bool {
        rate > 0 && self.next_time().is_some_and(|t| t <= until)
    }

    /// Lets the clock pass to the next deadline.
    fn pass_clock(&mut self) {
        let next = self.next_time().expect("the clock is an option only with a next time");
        self.sim.now = self.sim.now.max(next);
        self.sim.hash.word(self.sim.now.as_nanos());
        if let Some(holds) = &mut self.sim.holds {
            holds.clock_passed();
        }
    }

    /// The first in plain order that the tape does not hold back; `None` if all are held and the
    /// clock can pass. Where nothing else can happen, what is held goes.
    fn first_not_held(&mut self, until: Time) -> Option<u32> {
        self.name_deliveries();
        loop {
            let first = self.sim.holds.as_ref().and_then(Holds::first);
            // A hold lets time pass only in worlds in which a strategy may: else it would prove nothing.
            let passes = || self.next_time().is_some_and(|t| t > self.sim.now);
            if first.is_some() || (self.may_pass(until, self.config.faults.clock) && passes()) {
                return first;
            }
            self.release();
        }
    }

    /// Names what became possible since, and writes down which holds take effect.
    fn name_deliveries(&mut self) {
        let Some(holds) = &mut self.sim.holds else { return };
        for (id, delivery) in holds.take_fresh() {
            let name = name(&self.hosts, delivery);
            let held = self.sim.holds.as_mut().map(|h| h.name(id, name)).unwrap_or_default();
            self.held_back(delivery.node, held);
        }
        let moved = self.sim.holds.as_mut().map(Holds::take_moved).unwrap_or_default();
        for delivery in moved {
            let id = self.sim.order.of_line(delivery);
            if self.sim.order.delivery(id) == delivery {
                let name = name(&self.hosts, delivery);
                let held = self.sim.holds.as_mut().map(|h| h.renamed(id, name)).unwrap_or_default();
                self.held_back(delivery.node, held);
            }
        }
    }

    /// Writes down which holds of the tape took effect.
    fn held_back(&mut self, node: NodeId, entries: Vec<usize>) {
        for index in entries {
            let Mode::Replay(replay, tape) = &mut self.sim.mode else { return };
            let entry = tape.entries[index];
            if replay.held(index) {
                self.sim.record(entry, self.sim.at(node));
            }
        }
    }

    /// Nothing can happen: the first that is held goes. What was written down is what came of it,
    /// that it waited for the last that went.
    fn release(&mut self) {
        let Some(holds) = &mut self.sim.holds else { return };
        let (entries, last) = (holds.release(), holds.last());
        let Mode::Replay(replay, tape) = &mut self.sim.mode else { return };
        for index in entries {
            let entry = tape.entries[index];
            replay.stuck(self.sim.step, tape.describe(&entry));
            self.sim.tape.retain(|kept| *kept != entry);
            if let (TapeEntry::Hold { what, .. }, Some(last)) = (entry, last) {
                let waited = TapeEntry::Hold { what, until: Until::Signal(last) };
                self.sim.tape.retain(|kept| *kept != waited);
                self.sim.tape.push(waited);
            }
        }
    }

    fn pick_from_tape(&mut self, plain: u32, until: Time) -> Pick {
        let Some(holds) = &self.sim.holds else { return Pick::Plain };
        let key = OrderKey { plain: holds.name_of(plain), passed: self.sim.order.passed(plain) };
        let Mode::Replay(replay, _) = &mut self.sim.mode else { unreachable!("only replays have a tape") };
        let Some(instead) = replay.order(&key) else { return Pick::Plain };
        let pick = match instead {
            Instead::Clock => self.next_time().filter(|t| *t <= until).map(|_| Pick::Clock),
            Instead::Signal(name) => holds.find(&name).map(Pick::Run),
        };
        pick.unwrap_or_else(|| {
            let step = self.sim.step;
            let possible = self.possible();
            if let Mode::Replay(replay, tape) = &mut self.sim.mode {
                let wanted = tape.describe(&TapeEntry::Order { key, instead });
                replay.not_possible(step, wanted, possible);
            }
            Pick::Plain
        })
    }

    /// The first few of what could go, as people read it.
    fn possible(&self) -> String {
        const MOST: usize = 4;
        let text = |id: u32| {
            let name = name(&self.hosts, self.sim.order.delivery(id));
            let path = self.sim.paths.get(&name.path).map_or("?", String::as_str);
            name.display(path).to_string()
        };
        let first: Vec<String> = self.sim.order.iter().take(MOST).map(text).collect();
        let more = self.sim.order.iter().count().saturating_sub(MOST);
        first.join(", ") + &if more > 0 { format!(", and {more} more") } else { String::new() }
    }

    /// Looks at the properties that are due.
    pub(super) fn look(&mut self, due: impl Fn(&Property) -> bool) {
        if self.sim.found.is_some() || !self.properties.iter().any(&due) {
            return;
        }
        let mut properties = std::mem::take(&mut self.properties);
        for property in properties.iter_mut().filter(|p| due(p)) {
            let broken = property.broken(self);
            self.sim.stats.checks += u64::from(!property.is_sometimes());
            if property.is_sometimes() {
                self.sometimes(property.name(), broken.is_none());
            } else if let Some(message) = broken {
                self.sim.find(&property.name, &property.when.to_string(), message);
                self.sim.read = self.keys_read(property);
                break;
            }
        }
        self.properties = properties;
    }

    /// What must hold again, and does not at the end.
    fn look_for_hot(&mut self) {
        let mut properties = std::mem::take(&mut self.properties);
        for property in &mut properties {
            if self.sim.found.is_none()
                && let Some(message) = property.left_hot(self)
            {
                self.sim.find(&property.name, &property.when.to_string(), message);
                self.sim.read = self.keys_read(property);
            }
        }
        self.properties = properties;
    }

    /// What a property that is broken reads: it is asked once more.
    fn keys_read(&self, property: &mut Property) -> Vec<String> {
        self.sim.facts.keys_read(|| drop(property.broken(self)))
    }

    fn look_eventually(&mut self, stopped: Time) {
        let mut properties = std::mem::take(&mut self.properties);
        let elapsed = self.sim.now.since(stopped);
        for property in properties.iter_mut().filter(|p| !p.met) {
            if let When::Eventually(within) = property.when
                && elapsed <= within
            {
                property.met = property.broken(self).is_none();
                self.sim.stats.checks += 1;
            }
        }
        self.properties = properties;
    }
}

/// The name of what is possible.
fn name(hosts: &[Host], delivery: Delivery) -> SignalName {
    let kernel = hosts.get(usize::from(delivery.node.0) - 1).and_then(|host| host.kernel.as_ref());
    kernel.and_then(|kernel| kernel.name(delivery)).expect("what is enabled can be named")
}
