//! The simulated reactor: virtual time, chosen order, chosen faults, one hash.
//!
//! [`Sim`] is shared by all nodes of a world; [`NodePort`] is what one kernel sees of it.

mod kept;

use crate::busy::{Busy, Costs};
use crate::clock::Clocks;
use crate::disk::{Disk, Effect, Effects, Fails};
use crate::facts::Facts;
use crate::fault::{Chance, STARVING};
use crate::holds::Holds;
use crate::latency::{Latency, STEPS, share};
use crate::links::{Link, Stop, Stops, ends};
use crate::network::{Network, is_lost_if_cut, is_unreliable};
use crate::offers::{Offer, Offers};
use crate::order::Order;
use crate::property::Broken;
use crate::replay::Replay;
use crate::rules::{Kept, Rules};
use crate::sockets::Sockets;
use crate::strategy::{Candidate, Did, FailureId, Footprint, Kinds, Pick, Scene, Strategy};
use seedbed_core::{
    At, Body, Chain, ChoiceKey, ChoiceKind, ChoicePoint, Delivery, EffectOutcome, EffectRequest, Event,
    ExitReason, InputStats, Instead, Life, Mail, NodeId, Observer, OrderKey, Packet, PathId, Pid, Port,
    Reactor, SignalName, Tape, TapeEntry, Time, TraceHash, decision, node_of,
};
use seedbed_files::{Answer, Image, MemoryDisk, Op};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

/// Latency of the built-in store: 10 µs to 100 ms.
const STORE: Latency = Latency::between(10_000, 100_000_000);

/// After so long a stream says again what was lost: 200 ms.
const SAY_AGAIN: u64 = 200_000_000;

/// What a run did, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Turns.
    pub steps: u64,
    /// Decisions with more than one possible answer.
    pub choice_points: u64,
    /// Faults that happened, by kind.
    pub faults: BTreeMap<String, u64>,
    /// Messages that reached nobody.
    pub dead_letters: u64,
    /// Starts of paths that had lived before.
    pub restarts: u64,
    /// Inputs by name.
    pub inputs: BTreeMap<String, InputStats>,
    /// `sometimes` conditions, and whether each was seen.
    pub sometimes: BTreeMap<String, bool>,
    /// Fuel burnt.
    pub fuel: u64,
    /// How often a property, or an `always` of an actor, was looked at.
    pub checks: u64,
}

impl Stats {
    /// Counts a fault.
    pub(crate) fn count_fault(&mut self, name: &str) {
        match self.faults.get_mut(name) {
            Some(count) => *count += 1,
            None => drop(self.faults.insert(name.to_owned(), 1)),
        }
    }
}

/// Who answers.
#[derive(Clone)]
pub(crate) enum Mode {
    /// The strategy and chance.
    Explore,
    /// A tape, and plain where it is silent.
    Replay(Replay, Tape),
}

/// The state of a simulation beside its kernels.
pub(crate) struct Sim {
    pub(crate) now: Time,
    pub(crate) step: u64,
    pub(crate) order: Order,
    pub(crate) busy: Busy,
    /// What turns cost on each node; on those that are not there, nothing.
    pub(crate) costs: BTreeMap<NodeId, Costs>,
    /// What the turn that runs, or ran last, asked of the world around its node.
    pub(crate) did: Did,
    /// For which node the packet is that is decided about.
    packet_to: Option<NodeId>,
    /// How much later than now the turn that runs ends: what it asked for leaves then.
    pub(crate) lag: u64,
    /// The turn that runs takes time, whatever turns cost.
    spins: bool,
    pub(crate) strategy: Box<dyn Strategy>,
    /// What the turn that runs touches, if the strategy wants to know.
    pub(crate) footprint: Option<Footprint>,
    pub(crate) mode: Mode,
    /// Deliveries by name, where the tape that is followed speaks of some.
    pub(crate) holds: Option<Holds>,
    /// Faults and odd orders are over: everything is plain.
    pub(crate) calm: bool,
    /// When all that was due was last done, if nothing more became due by then.
    pub(crate) looked: Option<Time>,
    /// What plain order would have run, until the turn that runs instead says its name.
    pub(crate) passed_over: Option<(OrderKey, At)>,
    pub(crate) chance: Chance,
    pub(crate) tape: Vec<TapeEntry>,
    pub(crate) paths: BTreeMap<PathId, String>,
    ordinals: BTreeMap<(ChoiceKind, u64, PathId, Life), u64>,
    pub(crate) hash: TraceHash,
    /// Over the fuel of every turn that burnt some: apart, since native actors burn none.
    pub(crate) fuel_hash: TraceHash,
    pub(crate) latency: Latency,
    /// What single links are like, by their two ends.
    pub(crate) links: BTreeMap<(NodeId, NodeId), Link>,
    /// Bytes a second on every way that has no bandwidth of its own.
    pub(crate) bandwidth: Option<u64>,
    pub(crate) network: Network,
    pub(crate) sockets: Sockets,
    pub(crate) effects: Effects,
    pub(crate) disks: BTreeMap<NodeId, Disk>,
    /// What directories hold on every node at first, by their names.
    pub(crate) directories: Rc<BTreeMap<String, Image>>,
    pub(crate) facts: Facts,
    pub(crate) inboxes: BTreeMap<Pid, Vec<Mail>>,
    pub(crate) stats: Stats,
    pub(crate) stops: Stops,
    pub(crate) loss_after: Duration,
    /// The clocks of the nodes that have their own.
    pub(crate) clocks: Clocks,
    /// Nodes every turn of which takes so many nanoseconds longer.
    pub(crate) slow: BTreeMap<NodeId, u64>,
    /// The same by chance, until then.
    pub(crate) slowed: BTreeMap<NodeId, (u64, Time)>,
    /// Nodes whose stores fail; true = they are only full.
    pub(crate) broken_stores: BTreeMap<NodeId, bool>,
    /// Guests that a plan starves, of fuel (true) or of memory.
    pub(crate) starved: BTreeSet<(PathId, bool)>,
    pub(crate) rules: Rules,
    /// What rules keep back.
    pub(crate) kept: Kept,
    /// What boot functions spawned and has neither started nor ended.
    pub(crate) starting: BTreeSet<Pid>,
    pub(crate) allow_failures: bool,
    pub(crate) found: Option<Broken>,
    /// What a tape could have left out, so far.
    pub(crate) optional: Vec<ChoiceKey>,
    /// What could have gone wrong, if somebody wants to know.
    pub(crate) offers: Option<Offers>,
    /// Keys of the facts that the broken property reads.
    pub(crate) read: Vec<String>,
    /// Supervisors that used up their intensity and have not ended yet, with what they gave up on.
    gave_up: BTreeMap<Pid, String>,
    pub(crate) observers: Vec<Box<dyn Observer>>,
}

impl Sim {
    pub(crate) fn new(strategy: Box<dyn Strategy>, mode: Mode, chance: Chance, latency: Latency) -> Sim {
        Sim {
            now: Time::ZERO,
            step: 0,
            order: Order::default(),
            busy: Busy::default(),
            costs: BTreeMap::new(),
            did: Did::Nothing,
            packet_to: None,
            lag: 0,
            spins: false,
            strategy,
            mode,
            holds: None,
            footprint: None,
            calm: false,
            looked: None,
            passed_over: None,
            chance,
            tape: Vec::new(),
            paths: BTreeMap::new(),
            ordinals: BTreeMap::new(),
            hash: TraceHash::default(),
            fuel_hash: TraceHash::default(),
            latency,
            links: BTreeMap::new(),
            bandwidth: None,
            stops: Stops::default(),
            loss_after: Duration::ZERO,
            clocks: Clocks::default(),
            slow: BTreeMap::new(),
            slowed: BTreeMap::new(),
            broken_stores: BTreeMap::new(),
            starved: BTreeSet::new(),
            rules: Rules::default(),
            kept: Kept::default(),
            starting: BTreeSet::new(),
            network: Network::default(),
            sockets: Sockets::default(),
            effects: Effects::default(),
            disks: BTreeMap::new(),
            directories: Rc::default(),
            facts: Facts::default(),
            inboxes: BTreeMap::new(),
            stats: Stats::default(),
            allow_failures: false,
            found: None,
            optional: Vec::new(),
            offers: None,
            read: Vec::new(),
            gave_up: BTreeMap::new(),
            observers: Vec::new(),
        }
    }

    pub(crate) fn at(&self, node: NodeId) -> At {
        At { step: self.step, time: self.now, node }
    }

    /// A delivery became possible; gives its number.
    #[inline]
    pub(crate) fn possible(&mut self, delivery: Delivery, chain: Chain) -> u32 {
        let id = self.order.push(delivery);
        if let Some(holds) = &mut self.holds {
            holds.enabled(id, delivery);
        }
        self.strategy.enabled(&Candidate { id, chain });
        id
    }

    /// A delivery goes, or is not possible any more.
    #[inline(always)]
    pub(crate) fn gone(&mut self, id: u32) {
        self.order.remove(id);
        self.strategy.gone(id);
        if let Some(holds) = &mut self.holds {
            holds.gone(id);
        }
    }

    /// True if a look at what is due may find something.
    #[inline]
    pub(crate) fn may_anything_be_due(&self) -> bool {
        self.looked != Some(self.now) || self.rules.act_now()
    }

    /// True if a tape is followed to the letter, and cannot be.
    #[inline]
    pub(crate) fn replay_failed(&self) -> bool {
        matches!(&self.mode, Mode::Replay(replay, _) if replay.failed())
    }

    /// True if a tape that says which deliveries go is followed.
    #[inline]
    pub(crate) fn is_held_back(&self) -> bool {
        self.holds.is_some() && !self.calm
    }

    /// True if the clock may be let pass by chance while mail waits.
    #[inline]
    pub(crate) fn may_let_pass(&self) -> bool {
        self.chance.faults.clock > 0 && !self.calm && matches!(self.mode, Mode::Explore)
    }

    /// Decides what goes next, where no tape says which deliveries go; `clock` says whether the clock can pass.
    #[inline]
    pub(crate) fn pick(&mut self, clock: bool) -> Pick {
        if self.calm || !matches!(self.mode, Mode::Explore) {
            return Pick::Plain;
        }
        self.stats.choice_points += u64::from(clock || self.order.len() > 1);
        self.strategy.pick(&self.order, clock)
    }

    /// Takes what was picked out of what is possible; `name` is asked for that of what plain order has first.
    #[inline(always)]
    pub(crate) fn take(
        &mut self,
        chosen: u32,
        plain: u32,
        name: impl FnOnce(Delivery) -> SignalName,
    ) -> Delivery {
        if chosen != plain {
            self.passed_over = Some(self.pass_over(plain, name));
        }
        if let (Some(holds), false) = (&mut self.holds, self.calm) {
            holds.picked(chosen);
        }
        let delivery = self.order.delivery(chosen);
        self.gone(chosen);
        delivery
    }

    /// Counts that something else than the plain delivery goes; gives where and when that was.
    #[inline]
    pub(crate) fn pass_over(
        &mut self,
        plain: u32,
        name: impl FnOnce(Delivery) -> SignalName,
    ) -> (OrderKey, At) {
        let delivery = self.order.delivery(plain);
        let key = OrderKey { plain: name(delivery), passed: self.order.passed(plain) };
        self.order.pass_over(plain);
        (key, self.at(delivery.node))
    }

    /// Something was added that is due at this time: a look at what is due may be needed.
    #[inline]
    pub(crate) fn is_due(&mut self, at: Time) {
        if at <= self.now {
            self.looked = None;
        }
    }

    /// Writes down an answer that was not plain.
    pub(crate) fn record(&mut self, entry: TapeEntry, at: At) {
        self.tape.push(entry);
        self.observers.iter_mut().for_each(|o| o.chosen(at, &entry));
    }

    /// Writes down that the signal of this name went instead of what was passed over.
    #[inline(never)]
    fn record_passed_over(&mut self, name: SignalName) {
        if let Some((key, at)) = self.passed_over.take() {
            self.record(TapeEntry::Order { key, instead: Instead::Signal(name) }, at);
        }
    }

    /// Keeps the first finding of a run.
    pub(crate) fn find(&mut self, property: &str, when: &str, message: String) {
        if self.found.is_none() {
            let (property, when) = (property.to_owned(), when.to_owned());
            self.found = Some(Broken { property, when, message, step: self.step, time: self.now });
        }
    }

    /// Decides a choice point.
    pub(crate) fn choose(&mut self, node: NodeId, point: &ChoicePoint) -> u32 {
        debug_assert!(point.n > 1, "one answer is no choice");
        let ordinal = point.ordinal.unwrap_or_else(|| {
            let count = self.ordinals.entry((point.kind, point.site, point.path, point.life)).or_default();
            *count += 1;
            *count
        });
        let ChoicePoint { kind, site, path, life, n, .. } = *point;
        let key = ChoiceKey { kind, site, path, life, ordinal };
        let answer = match &mut self.mode {
            _ if self.calm => 0,
            Mode::Replay(replay, tape) => replay.choice(&key, n, self.step, tape),
            Mode::Explore => {
                let possible = self.chance.possible(kind, self.now);
                self.stats.choice_points += u64::from(possible);
                let scene = Scene { node, to: self.packet_to, after: self.did.at(kind) };
                match self.strategy.choose(point, &scene, possible) {
                    Some(answer) => answer,
                    None => self.chance.draw(point, self.now),
                }
            }
        };
        if let Some(offers) = self.offers.as_mut().filter(|_| !self.calm) {
            let possible = self.chance.possible(kind, self.now);
            let id = FailureId { kind, after: self.did.at(kind), path, to: self.packet_to };
            offers.note(Offer { key, n, id }, possible, answer);
        }
        if answer != 0 {
            self.chance.happened(kind, self.now);
            self.stats.count_fault(kind.name());
            self.record(TapeEntry::Choice { key, answer }, self.at(node));
        }
        answer
    }

    /// How many of some things, from the nth on, the tape leaves out; a strategy leaves out nothing.
    pub(crate) fn leaves_out(&mut self, path: PathId, nth: u64, n: u32) -> u32 {
        let Mode::Replay(replay, tape) = &mut self.mode else { return 0 };
        let key = ChoiceKey { kind: ChoiceKind::LeftOut, site: 0, path, life: Life(1), ordinal: nth };
        let answer = replay.choice(&key, n, self.step, tape);
        if answer > 0 {
            self.record(TapeEntry::Choice { key, answer }, self.at(NodeId::OUTSIDE));
        } else {
            self.optional.push(key);
        }
        answer
    }

    /// The worst answer to a choice point that a plan decides.
    fn starved_by_plan(&self, point: &ChoicePoint) -> Option<u32> {
        let fuel = match point.kind {
            ChoiceKind::FuelCut => true,
            ChoiceKind::GrowRefused => false,
            _ => return None,
        };
        self.starved.contains(&(point.path, fuel)).then_some(point.n - 1)
    }

    /// Something happened that is no kernel's doing.
    pub(crate) fn tell(&mut self, node: NodeId, event: &Event<'_>) {
        event.hash_into(&mut self.hash);
        let at = self.at(node);
        self.observers.iter_mut().for_each(|o| o.event(at, event));
    }

    /// True if a choice of one of these kinds, which are of no link, could be answered with anything but 0.
    #[inline]
    pub(crate) fn may_strike(&self, kinds: Kinds) -> bool {
        !self.calm && (!matches!(self.mode, Mode::Explore) || self.chance.has_rate(kinds))
    }

    /// True if a choice of this kind could be answered with anything but 0: spares naming it.
    #[inline]
    pub(crate) fn is_open(&self, kind: ChoiceKind) -> bool {
        !self.calm && (!matches!(self.mode, Mode::Explore) || self.chance.possible(kind, self.now))
    }

    /// When it arrives what leaves at the end of the turn that runs, if any, and takes so long.
    pub(crate) fn departure(&self, takes: u64) -> Time {
        Time::from_nanos(self.now.as_nanos().saturating_add(self.lag).saturating_add(takes))
    }

    /// What a link is like; the plain one if it has nothing of its own.
    fn link(&self, a: NodeId, b: NodeId) -> Link {
        if self.links.is_empty() {
            Link::default()
        } else {
            self.links.get(&ends(a, b)).copied().unwrap_or_default()
        }
    }

    fn latency_of(&self, link: &Link, a: NodeId, b: NodeId) -> Latency {
        match link.latency {
            Some(latency) => latency,
            None if a == NodeId::OUTSIDE || b == NodeId::OUTSIDE => Latency { min: 0, ..self.latency },
            None => self.latency,
        }
    }

    /// Decides a choice point of a link, by its own rate if it has one.
    pub(crate) fn choose_on_link(&mut self, from: NodeId, to: NodeId, point: &ChoicePoint) -> u32 {
        if self.links.is_empty() && !self.is_open(point.kind) {
            return 0;
        }
        self.packet_to = Some(to);
        let answer = if self.links.is_empty() {
            self.choose(from, point)
        } else {
            self.chance.own_rate(point.kind, self.link(from, to).rate(point.kind));
            let answer = if self.is_open(point.kind) { self.choose(from, point) } else { 0 };
            self.chance.own_rate(point.kind, None);
            answer
        };
        self.packet_to = None;
        answer
    }

    pub(crate) fn send(&mut self, node: NodeId, packet: Packet) {
        let name = packet.name();
        let point = |kind, n| ChoicePoint {
            kind,
            site: 0,
            path: name.path,
            life: name.life,
            ordinal: Some(name.n),
            n,
        };
        let other = node_of(packet.to);
        let unreliable = is_unreliable(&packet);
        if unreliable {
            self.stop_by_chance(node, &packet, Stop::Cut, &point(ChoiceKind::Partition, Sim::STOP_ANSWERS));
            self.stop_by_chance(node, &packet, Stop::Clog, &point(ChoiceKind::Clog, Sim::STOP_ANSWERS));
        }
        let stopped = self.stops.of((node, other));
        if stopped == Some(Stop::Cut) && is_lost_if_cut(&packet) {
            return self.vanish(&packet);
        }
        let lost = unreliable && self.choose_on_link(node, other, &point(ChoiceKind::Drop, 2)) == 1;
        let stream = matches!(packet.body, Body::Socket { stream: true, .. });
        if lost && !stream {
            return;
        }
        let link = self.link(node, other);
        let latency = self.latency_of(&link, node, other);
        let delay_by = self.chance.faults.delay_by;
        let delay = if delay_by.is_some() || latency.max > latency.min {
            self.choose_on_link(node, other, &point(ChoiceKind::Delay, STEPS))
        } else {
            0
        };
        let takes = match delay_by {
            Some(range) if delay > 0 => latency.min.saturating_add(share(range, delay - 1, STEPS - 2)),
            _ => latency.at(delay),
        };
        // A stream says again what is lost.
        let takes = if lost { takes.saturating_add(SAY_AGAIN) } else { takes };
        let at = match link.bandwidth.or(self.bandwidth) {
            Some(bandwidth) => {
                let through = self.network.pass(&packet, self.departure(0), bandwidth);
                Time::from_nanos(through.as_nanos().saturating_add(takes))
            }
            None => self.departure(takes),
        };
        let twice = unreliable
            && matches!(packet.body, Body::Message { .. } | Body::Socket { stream: false, .. })
            && self.choose_on_link(node, other, &point(ChoiceKind::Duplicate, 2)) == 1;
        self.is_due(at);
        let copy = twice.then(|| Packet { copy: true, ..packet.clone() });
        self.leave(packet, at, stopped.is_some());
        if let Some(copy) = copy {
            self.leave(copy, at, stopped.is_some());
        }
    }

    /// A packet leaves, to arrive at this time; over a way that is stopped, it waits there.
    fn leave(&mut self, packet: Packet, at: Time, stopped: bool) {
        if stopped {
            self.stops.hold((node_of(packet.from), node_of(packet.to)));
            self.network.send_stopped(packet, at, self.now);
        } else {
            self.network.send(packet, at, self.now);
        }
    }

    /// A client outside sends; a packet for a client that is there goes into its inbox.
    pub(crate) fn send_from_outside(&mut self, packet: Packet) {
        self.send(NodeId::OUTSIDE, packet);
    }

    fn perform(&mut self, node: NodeId, request: EffectRequest) {
        if request.effect == seedbed_sockets::EFFECT {
            return self.perform_socket(node, &request);
        }
        if request.effect == seedbed_core::abi::store::EFFECT {
            self.disks.entry(node).or_default().begin(request.path, &request.payload);
        }
        let point = ChoicePoint {
            kind: ChoiceKind::EffectDelay,
            site: 0,
            path: request.path,
            life: request.life,
            ordinal: Some(request.correlation),
            n: STEPS,
        };
        let delay = if self.is_open(point.kind) { self.choose(node, &point) } else { 0 };
        let n = Fails::answers(&request.effect, &request.payload);
        let point = ChoicePoint { kind: ChoiceKind::EffectFailed, n, ..point };
        let fails = if self.is_open(point.kind) { Fails::of(self.choose(node, &point)) } else { None };
        let at = self.departure(STORE.at(delay));
        self.is_due(at);
        let EffectRequest { pid, path, correlation, effect, payload, .. } = request.clone();
        self.effects.begin(Effect { pid, path, correlation, effect, payload, request, fails }, at);
    }

    /// Does an operation with files of a node, as it completes.
    pub(crate) fn operate(&mut self, node: NodeId, effect: &Effect) -> EffectOutcome {
        let (now, begun) = (self.clocks.unix(node, self.now), self.clocks.unix(node, Time::ZERO));
        let disk = self.disks.entry(node).or_default();
        let files = disk.files.get_or_insert_with(|| MemoryDisk::new(&self.directories, begun.as_nanos()));
        let done =
            Op::decode(&effect.payload).and_then(|op| files.perform(effect.pid.to_raw(), op, now.as_nanos()));
        Ok(Answer::encode(&done))
    }

    /// Closes what an actor that ended has open.
    fn close_files(&mut self, pid: Pid) {
        let disk = self.disks.get_mut(&node_of(pid));
        if let Some(files) = disk.and_then(|disk| disk.files.as_mut()) {
            files.forget(pid.to_raw());
        }
    }

    /// True if the turn that begins may be starved.
    #[inline(never)]
    fn starves(&self) -> bool {
        !self.calm
            && (!matches!(self.mode, Mode::Explore)
                || !self.starved.is_empty()
                || self.chance.starves(self.now))
    }

    /// Accounts for a turn.
    #[inline(always)]
    fn burnt(&mut self, node: NodeId, fuel: u64) {
        if !(self.costs.is_empty() && self.slow.is_empty() && self.slowed.is_empty()) {
            let costs = self.costs.get(&node).map_or(0, |costs| costs.of(fuel));
            let planned = self.slow.get(&node).copied().unwrap_or(0);
            let by_chance = self.slowed.get(&node).filter(|(_, until)| *until > self.now);
            self.lag = costs.saturating_add(planned).saturating_add(by_chance.map_or(0, |(by, _)| *by));
        }
        if std::mem::take(&mut self.spins) {
            self.lag = self.lag.max(fuel.max(1));
        }
        if fuel > 0 {
            self.stats.fuel += fuel;
            self.fuel_hash.word(fuel);
        }
    }

    /// True if it was one that inputs wait for.
    fn has_started(&mut self, pid: Pid) -> bool {
        self.looked = None;
        self.starting.remove(&pid)
    }

    /// What is not of every turn.
    #[inline(never)]
    fn note(&mut self, event: &Event<'_>) {
        event.hash_into(&mut self.hash);
        match event {
            Event::Started { who } => drop(self.has_started(who.pid)),
            Event::Observed { who, key, value } => self.facts.publish(who.pid, who.text, key, *value),
            Event::Lost { .. } => self.stats.dead_letters += 1,
            Event::Spawned { who, .. } => {
                self.stats.restarts += u64::from(who.life.0 > 1);
                self.paths.entry(who.path).or_insert_with(|| who.text.to_owned());
            }
            Event::Condition { name, always: false, holds, .. } => {
                *self.stats.sometimes.entry((*name).to_owned()).or_default() |= holds;
            }
            Event::Condition { who, name, always: true, holds } => {
                self.stats.checks += 1;
                if !holds {
                    self.find(name, "always", format!("it does not hold in {}", who.text));
                }
            }
            Event::Supervised { who, child, code: decision::GAVE_UP, text, .. } => {
                self.gave_up.insert(who.pid, format!("{} gave up on `{child}`: {text}", who.text));
            }
            Event::Exited { who, reason, detail, seen, .. } => {
                self.facts.forget(who.pid);
                self.close_files(who.pid);
                self.close_sockets(who.pid, who.path, who.life);
                if self.has_started(who.pid)
                    && !seen
                    && !self.allow_failures
                    && **reason != ExitReason::Normal
                {
                    // Nothing restarts what could not start at boot, whatever the reason (rule S4).
                    self.find(
                        "every failure is handled",
                        "always",
                        format!("{} did not start: {reason}", who.text),
                    );
                }
                let gave_up = self.gave_up.remove(&who.pid);
                if let (Some(message), false, false) = (gave_up, seen, self.allow_failures) {
                    self.find("every failure is handled", "always", message);
                }
                if !seen && !self.allow_failures && matches!(reason, ExitReason::Failed(_)) {
                    let detail = detail.map(|d| format!(" ({d})")).unwrap_or_default();
                    let message = format!("{} ended with: {reason}{detail}", who.text);
                    self.find("every failure is handled", "always", message);
                }
            }
            _ => {}
        }
    }
}

/// True for an effect that changes nothing.
fn is_read(request: &EffectRequest) -> bool {
    request.effect == seedbed_core::abi::store::EFFECT && request.payload == [seedbed_core::abi::store::READ]
}

/// What the kernel of one node sees of the simulation.
pub(crate) struct NodePort<'a> {
    pub(crate) sim: &'a mut Sim,
    pub(crate) node: NodeId,
}

impl NodePort<'_> {
    /// Takes an event into the simulation.
    #[inline(always)]
    fn take_in(&mut self, event: &Event<'_>) {
        match event {
            Event::Turn { name, .. } => {
                event.hash_into(&mut self.sim.hash);
                if self.sim.passed_over.is_some() {
                    self.sim.record_passed_over(*name);
                }
            }
            Event::TurnEnd { fuel, .. } => {
                event.hash_into(&mut self.sim.hash);
                self.sim.burnt(self.node, *fuel);
            }
            _ => self.sim.note(event),
        }
    }

    /// True if somebody looks at events.
    #[inline]
    fn is_watched(&self) -> bool {
        self.sim.footprint.is_some() || !self.sim.observers.is_empty()
    }

    #[inline(never)]
    fn show(&mut self, event: &Event<'_>) {
        if let Some(footprint) = &mut self.sim.footprint {
            footprint.note(event);
        }
        let at = self.sim.at(self.node);
        self.sim.observers.iter_mut().for_each(|o| o.event(at, event));
    }
}

impl Port for NodePort<'_> {
    #[inline]
    fn now(&mut self) -> Time {
        self.sim.clocks.local(self.node, self.sim.now)
    }

    fn unix_time(&mut self) -> Time {
        self.sim.clocks.unix(self.node, self.sim.now)
    }

    fn choose(&mut self, point: &ChoicePoint) -> u32 {
        if !self.sim.starved.is_empty()
            && let Some(answer) = self.sim.starved_by_plan(point)
        {
            return answer;
        }
        self.sim.choose(self.node, point)
    }

    fn observe(&mut self, event: &Event<'_>) {
        self.take_in(event);
        if self.is_watched() {
            self.show(event);
        }
    }

    fn simulated(&self) -> bool {
        true
    }

    fn takes_time(&mut self) {
        self.sim.spins = true;
    }

    #[inline]
    fn starves(&self) -> bool {
        let sim = &*self.sim;
        (sim.may_strike(STARVING) || !sim.starved.is_empty()) && sim.starves()
    }
}

impl Reactor for NodePort<'_> {
    #[inline]
    fn observe_turn<'e>(&mut self, event: impl FnOnce() -> Event<'e>) {
        let event = event();
        if self.is_watched() {
            // A copy, so that the event itself need not lie in memory where nobody looks.
            return self.observe(&{ event });
        }
        self.take_in(&event);
    }

    #[inline]
    fn enabled(&mut self, delivery: Delivery, chain: Chain) {
        if self.sim.busy.keep(delivery, chain) {
            return;
        }
        self.sim.possible(delivery, chain);
    }

    #[inline]
    fn disabled(&mut self, delivery: Delivery) {
        if self.sim.busy.remove(delivery) || self.sim.kept.remove(delivery) {
            return;
        }
        let id = self.sim.order.of_line(delivery);
        self.sim.gone(id);
    }

    fn renamed(&mut self, delivery: Delivery) {
        if let Some(holds) = &mut self.sim.holds {
            holds.moved(delivery);
        }
    }

    fn transmit(&mut self, packet: Packet) {
        self.sim.did = self.sim.did.max(Did::Sent);
        self.sim.send(self.node, packet);
    }

    fn perform(&mut self, request: EffectRequest) {
        if !is_read(&request) {
            self.sim.did = Did::Began;
        }
        self.sim.perform(self.node, request);
    }
}
