//! Recordings: what entered a kernel, so that the very same run can be had again.
//!
//! [`RecordingReactor`] stands around any reactor and writes down only what cannot be derived: the
//! node it is for, what came from outside and after how many turns, the times that turns read, and
//! choices and orders that were not plain. All of it passes by as events ([`Port::observe`]), so
//! the kernel does not know that it is recorded. `seedbed_sim::replay_recording` is the way back.
//!
//! Not recorded: what the embedder keeps in [`Kernel::set_local`](crate::Kernel::set_local), and the
//! factories themselves. Whoever replays brings the same.

use crate::event::Event;
use crate::hash::TraceHash;
use crate::kernel::NodeConfig;
use crate::outbox::SpawnOptions;
use crate::packet::{EffectOutcome, EffectRequest, Packet};
use crate::path::{Life, PathId};
use crate::pid::{Boot, NodeId};
use crate::reactor::{Chain, ChoicePoint, Delivery, Port, Reactor};
use crate::stream::Key;
use seedbed_abi::{ExitReason, Failure, Message, Pid, SpawnFlags, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// After so many turns the running hash is kept, so that a replay that departs is cut off early.
pub const CHECKPOINT: u64 = 1 << 12;

/// The inputs of one node from its boot on, and what came of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recording {
    /// By which rules the run unfolded, see [`RUN_FORMAT`](crate::RUN_FORMAT).
    pub run_format: u32,
    /// The node's number.
    pub node: NodeId,
    /// The node's name.
    pub name: String,
    /// Which boot it was.
    pub boot: Boot,
    /// Where its random streams came from.
    pub key: [u8; 32],
    /// Which effects its reactor could perform.
    pub effects: Vec<String>,
    /// The nodes it knew.
    pub nodes: BTreeMap<String, NodeId>,
    /// How often each path had started before.
    pub lives: BTreeMap<PathId, Life>,
    /// Whether faults could be injected.
    pub simulated: bool,
    /// The inputs, see [`entries`](Self::entries).
    pub log: Vec<u8>,
    /// How many turns there were.
    pub turns: u64,
    /// The hash of all events.
    pub hash: u64,
    /// The running hash as every [`CHECKPOINT`]th turn began.
    pub checkpoints: Vec<u64>,
    /// Every event, if that was asked for.
    pub events: Option<Vec<Seen>>,
}

/// One event of a recording that keeps every one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// How many turns had begun.
    pub turn: u64,
    /// The running hash with this event.
    pub hash: u64,
    /// The event, for people.
    pub text: String,
}

/// Something that entered the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Entry {
    /// What the turn read of the clocks. Stands after the turn's own choices.
    Clock {
        /// The monotonic clock.
        now: Option<Time>,
        /// The wall clock.
        unix: Option<Time>,
    },
    /// Timers up to this time fired.
    Timers(Time),
    /// A packet arrived.
    Arrive(Packet),
    /// An effect completed.
    Complete {
        /// For whom.
        pid: Pid,
        /// Which.
        correlation: u64,
        /// How.
        outcome: EffectOutcome,
    },
    /// An actor without a parent was asked for.
    Spawn(SpawnOptions),
    /// An actor was killed.
    Kill(Pid),
    /// An actor was asked to stop.
    Stop(Pid, ExitReason),
    /// An actor was made to fail.
    Fail(Pid, Failure),
    /// A node counted as lost.
    Lose(NodeId),
    /// In this turn, the n-th choice (from 0) was not plain.
    Choice {
        /// Which.
        nth: u32,
        /// The answer.
        answer: u32,
    },
    /// This turn ran the n-th of the enabled deliveries, in the order in which they became enabled, not the first.
    Order(u32),
}

/// Why a recording cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("read the recording: its log is damaged at byte {at}")]
pub struct Damaged {
    /// Where.
    pub at: usize,
}

impl Recording {
    /// What entered the kernel, each with the number of turns that had begun by then. Choices and
    /// orders have the number of the turn they are about.
    pub fn entries(&self) -> Entries<'_> {
        Entries { log: &self.log, at: 0, turn: 0, now: Time::ZERO, unix: Time::ZERO }
    }

    /// What its node is made of, without what a recording cannot hold: the entries' factories.
    pub fn node_config(&self) -> NodeConfig {
        NodeConfig {
            id: self.node,
            name: self.name.clone(),
            boot: self.boot,
            key: Key(self.key),
            entries: BTreeMap::new(),
            effects: self.effects.clone(),
            nodes: self.nodes.clone(),
        }
    }
}

/// Kinds of entry, in the low bits of its first number; the rest is how many turns later it is.
mod kind {
    pub(super) const CLOCK: u64 = 0;
    pub(super) const TIMERS: u64 = 1;
    pub(super) const ARRIVE: u64 = 2;
    pub(super) const COMPLETE: u64 = 3;
    pub(super) const SPAWN: u64 = 4;
    pub(super) const KILL: u64 = 5;
    pub(super) const STOP: u64 = 6;
    pub(super) const FAIL: u64 = 7;
    pub(super) const LOSE: u64 = 8;
    pub(super) const CHOICE: u64 = 9;
    pub(super) const ORDER: u64 = 10;
    pub(super) const BITS: u32 = 4;
}

/// How a spawn's options are written.
type Options = (Option<String>, Option<String>, u32, Vec<u8>, bool);

/// Reads a recording's log; see [`Recording::entries`].
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    log: &'a [u8],
    at: usize,
    turn: u64,
    now: Time,
    unix: Time,
}

impl Entries<'_> {
    fn take<T: for<'de> Deserialize<'de>>(&mut self) -> Option<T> {
        let (value, rest) = postcard::take_from_bytes(self.log.get(self.at..)?).ok()?;
        self.at = self.log.len() - rest.len();
        Some(value)
    }

    fn time(&mut self, last: fn(&mut Self) -> &mut Time) -> Option<Time> {
        let delta: i64 = self.take()?;
        let last = last(self);
        *last = Time::from_nanos(last.as_nanos().wrapping_add_signed(delta));
        Some(*last)
    }

    fn now(&mut self) -> Option<Time> {
        self.time(|e| &mut e.now)
    }

    fn entry(&mut self) -> Option<(u64, Entry)> {
        let head: u64 = self.take()?;
        self.turn += head >> kind::BITS;
        let entry = match head & ((1 << kind::BITS) - 1) {
            kind::CLOCK => {
                let which: u8 = self.take()?;
                let now = if which & 1 != 0 { Some(self.now()?) } else { None };
                let unix = if which & 2 != 0 { Some(self.time(|e| &mut e.unix)?) } else { None };
                Entry::Clock { now, unix }
            }
            kind::TIMERS => Entry::Timers(self.now()?),
            kind::ARRIVE => Entry::Arrive(self.take()?),
            kind::COMPLETE => {
                Entry::Complete { pid: self.take()?, correlation: self.take()?, outcome: self.take()? }
            }
            kind::SPAWN => {
                let (name, register, flags, args, supervised): Options = self.take()?;
                Entry::Spawn(SpawnOptions { name, register, flags: SpawnFlags(flags), args, supervised })
            }
            kind::KILL => Entry::Kill(self.take()?),
            kind::STOP => Entry::Stop(self.take()?, self.take()?),
            kind::FAIL => Entry::Fail(self.take()?, self.take()?),
            kind::LOSE => Entry::Lose(self.take()?),
            kind::CHOICE => Entry::Choice { nth: self.take()?, answer: self.take()? },
            kind::ORDER => Entry::Order(self.take()?),
            _ => return None,
        };
        Some((self.turn, entry))
    }
}

impl Iterator for Entries<'_> {
    type Item = Result<(u64, Entry), Damaged>;

    fn next(&mut self) -> Option<Self::Item> {
        let at = self.at;
        if at >= self.log.len() {
            return None;
        }
        let entry = self.entry();
        if entry.is_none() {
            self.at = self.log.len();
        }
        Some(entry.ok_or(Damaged { at }))
    }
}

/// A reactor that writes down what enters its kernel.
pub struct RecordingReactor<R> {
    inner: R,
    hash: TraceHash,
    turns: u64,
    log: Log,
    /// Calls of `choose` in this turn.
    choices: u32,
    checkpoints: Vec<u64>,
    events: Option<Vec<Seen>>,
    order: Option<Vec<Delivery>>,
    /// The recording without what only its end can say.
    head: Recording,
}

impl<R: Reactor> RecordingReactor<R> {
    /// Records the run of a node that is made of `config`, from before its boot.
    pub fn new(inner: R, config: &NodeConfig) -> RecordingReactor<R> {
        let head = Recording {
            run_format: crate::RUN_FORMAT,
            node: config.id,
            name: config.name.clone(),
            boot: config.boot,
            key: config.key.0,
            effects: config.effects.clone(),
            nodes: config.nodes.clone(),
            lives: BTreeMap::new(),
            simulated: inner.simulated(),
            log: Vec::new(),
            turns: 0,
            hash: 0,
            checkpoints: Vec::new(),
            events: None,
        };
        RecordingReactor {
            inner,
            hash: TraceHash::default(),
            turns: 0,
            log: Log::new(),
            choices: 0,
            checkpoints: Vec::new(),
            events: None,
            order: None,
            head,
        }
    }

    /// Takes down what [`Kernel::inherit_lives`](crate::Kernel::inherit_lives) is given.
    #[must_use]
    pub fn lives(mut self, lives: BTreeMap<PathId, Life>) -> Self {
        self.head.lives = lives;
        self
    }

    /// Keeps every event too, so that a replay can name the first that differs. Dear: for tests.
    #[must_use]
    pub fn every_event(mut self) -> Self {
        self.events = Some(Vec::new());
        self
    }

    /// Also keeps orders that are not plain; [`going`](Self::going) has to be told.
    #[must_use]
    pub fn any_order(mut self) -> Self {
        self.order = Some(Vec::new());
        self
    }

    /// This delivery is the next to run. Only needed with [`any_order`](Self::any_order).
    pub fn going(&mut self, delivery: Delivery) {
        let Some(order) = &mut self.order else { return };
        let Some(nth) = order.iter().position(|d| *d == delivery) else { return };
        order.remove(nth);
        if nth > 0 {
            let nth = u32::try_from(nth).expect("fewer deliveries than signals");
            self.log.begin(kind::ORDER, self.turns + 1).put(&nth);
        }
    }

    /// The reactor that is recorded.
    pub fn inner(&self) -> &R {
        &self.inner
    }

    /// The reactor that is recorded.
    #[inline]
    pub fn inner_mut(&mut self) -> &mut R {
        &mut self.inner
    }

    /// The recording up to now. Only between turns.
    pub fn recording(&self) -> Recording {
        Recording {
            log: self.log.whole(),
            turns: self.turns,
            hash: self.hash.value(),
            checkpoints: self.checkpoints.clone(),
            events: self.events.clone(),
            ..self.head.clone()
        }
    }

    /// Ends the recording.
    pub fn finish(self) -> (Recording, R) {
        let recording = Recording {
            log: self.log.whole(),
            turns: self.turns,
            hash: self.hash.value(),
            checkpoints: self.checkpoints,
            events: self.events,
            ..self.head
        };
        (recording, self.inner)
    }

    #[inline]
    fn begin_turn(&mut self) {
        self.turns += 1;
        self.choices = 0;
        if self.turns.is_multiple_of(CHECKPOINT) {
            self.checkpoints.push(self.hash.value());
        }
    }

    /// Anything that is not of every turn.
    #[inline(never)]
    fn input(&mut self, event: &Event<'_>) {
        let (log, turns) = (&mut self.log, self.turns);
        match event {
            Event::TimersDue { now } => {
                log.begin(kind::TIMERS, turns);
                log.now(*now);
            }
            Event::Arrived { packet } => log.begin(kind::ARRIVE, turns).put(*packet),
            Event::Completed { pid, correlation, outcome } => {
                let log = log.begin(kind::COMPLETE, turns);
                log.put(pid);
                log.put(correlation);
                log.put(*outcome);
            }
            Event::SpawnAsked { options } => {
                let SpawnOptions { name, register, flags, args, supervised } = (*options).clone();
                let options: Options = (name, register, flags.0, args, supervised);
                log.begin(kind::SPAWN, turns).put(&options);
            }
            Event::KillAsked { pid } => log.begin(kind::KILL, turns).put(pid),
            Event::StopAsked { pid, reason } => {
                let log = log.begin(kind::STOP, turns);
                log.put(pid);
                log.put(*reason);
            }
            Event::FailAsked { pid, failure } => {
                let log = log.begin(kind::FAIL, turns);
                log.put(pid);
                log.put(*failure);
            }
            Event::NodeLost { node } => log.begin(kind::LOSE, turns).put(node),
            _ => {}
        }
    }

    #[inline(never)]
    fn keep(&mut self, event: &Event<'_>) {
        let seen = Seen { turn: self.turns, hash: self.hash.value(), text: event.to_string() };
        self.events.get_or_insert_default().push(seen);
    }
}

/// A piece of the log, about this long: a longer log is never copied to grow.
const PIECE: usize = 1 << 16;

/// The log as it is written. Numbers are as postcard has them.
struct Log {
    full: Vec<Vec<u8>>,
    bytes: Vec<u8>,
    turn: u64,
    now: Time,
    unix: Time,
}

impl Log {
    fn new() -> Log {
        Log { full: Vec::new(), bytes: Vec::new(), turn: 0, now: Time::ZERO, unix: Time::ZERO }
    }

    /// All of it.
    fn whole(&self) -> Vec<u8> {
        let mut whole = self.full.concat();
        whole.extend_from_slice(&self.bytes);
        whole
    }

    #[inline]
    fn head(&mut self, kind: u64, turn: u64) -> u64 {
        let later = turn - self.turn;
        self.turn = turn;
        later << kind::BITS | kind
    }

    fn begin(&mut self, kind: u64, turn: u64) -> &mut Log {
        self.make_room();
        let head = self.head(kind, turn);
        self.put(&head);
        self
    }

    fn put<T: Message>(&mut self, value: &T) {
        value.encode(&mut self.bytes);
    }

    fn now(&mut self, now: Time) {
        let later = zigzag(&mut self.now, now);
        self.put(&later);
    }

    /// What a turn read: it may be of every turn.
    #[inline]
    fn clock(&mut self, turn: u64, now: Option<Time>, unix: Option<Time>) {
        self.make_room();
        let head = self.head(kind::CLOCK, turn);
        self.number(head);
        self.number(u64::from(now.is_some()) | u64::from(unix.is_some()) << 1);
        if let Some(now) = now {
            let later = zigzag(&mut self.now, now);
            self.number(later);
        }
        if let Some(unix) = unix {
            let later = zigzag(&mut self.unix, unix);
            self.number(later);
        }
    }

    #[inline]
    fn number(&mut self, mut n: u64) {
        while n >= 0x80 {
            self.bytes.push(n as u8 | 0x80);
            n >>= 7;
        }
        self.bytes.push(n as u8);
    }

    #[inline]
    fn make_room(&mut self) {
        if self.bytes.len() + 32 > self.bytes.capacity() {
            self.grow();
        }
    }

    #[cold]
    fn grow(&mut self) {
        let next = Vec::with_capacity(PIECE);
        let full = std::mem::replace(&mut self.bytes, next);
        if !full.is_empty() {
            self.full.push(full);
        }
    }
}

/// How much later a time is, zigzag, so that small steps back are small too.
#[inline]
fn zigzag(last: &mut Time, time: Time) -> u64 {
    let later = time.as_nanos().wrapping_sub(last.as_nanos()) as i64;
    *last = time;
    (later << 1 ^ later >> 63) as u64
}

impl<R: Reactor> Port for RecordingReactor<R> {
    #[inline]
    fn now(&mut self) -> Time {
        self.inner.now()
    }

    #[inline]
    fn unix_time(&mut self) -> Time {
        self.inner.unix_time()
    }

    fn choose(&mut self, point: &ChoicePoint) -> u32 {
        let answer = self.inner.choose(point);
        if answer != 0 {
            let log = self.log.begin(kind::CHOICE, self.turns);
            log.put(&self.choices);
            log.put(&answer);
        }
        self.choices += 1;
        answer
    }

    #[inline]
    fn observe(&mut self, event: &Event<'_>) {
        event.hash_into(&mut self.hash);
        match event {
            Event::Turn { .. } => self.begin_turn(),
            Event::TurnEnd { now: None, unix: None, .. } => {}
            Event::TurnEnd { now, unix, .. } => self.log.clock(self.turns, *now, *unix),
            input => self.input(input),
        }
        if self.events.is_some() {
            self.keep(event);
        }
        self.inner.observe(event);
    }

    #[inline]
    fn simulated(&self) -> bool {
        self.inner.simulated()
    }

    /// Choices are counted, so that a replay must be asked as often.
    #[inline]
    fn starves(&self) -> bool {
        self.inner.simulated()
    }

    fn takes_time(&mut self) {
        self.inner.takes_time();
    }
}

impl<R: Reactor> Reactor for RecordingReactor<R> {
    #[inline]
    fn enabled(&mut self, delivery: Delivery, chain: Chain) {
        if let Some(order) = &mut self.order {
            order.push(delivery);
        }
        self.inner.enabled(delivery, chain);
    }

    #[inline]
    fn disabled(&mut self, delivery: Delivery) {
        if let Some(order) = &mut self.order {
            order.retain(|d| *d != delivery);
        }
        self.inner.disabled(delivery);
    }

    fn renamed(&mut self, delivery: Delivery) {
        self.inner.renamed(delivery);
    }

    fn transmit(&mut self, packet: Packet) {
        self.inner.transmit(packet);
    }

    fn perform(&mut self, request: EffectRequest) {
        self.inner.perform(request);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::Body;
    use seedbed_abi::EffectError;

    /// Answers every second choice with 1.
    #[derive(Default)]
    struct Null(u32);

    impl Port for Null {
        fn now(&mut self) -> Time {
            Time::ZERO
        }
        fn unix_time(&mut self) -> Time {
            Time::ZERO
        }
        fn choose(&mut self, _: &ChoicePoint) -> u32 {
            self.0 += 1;
            (self.0 - 1) % 2
        }
        fn observe(&mut self, _: &Event<'_>) {}
        fn simulated(&self) -> bool {
            true
        }
    }

    impl Reactor for Null {
        fn enabled(&mut self, _: Delivery, _: Chain) {}
        fn disabled(&mut self, _: Delivery) {}
        fn transmit(&mut self, _: Packet) {}
        fn perform(&mut self, _: EffectRequest) {}
    }

    fn recorder() -> RecordingReactor<Null> {
        let config = NodeConfig {
            id: NodeId(1),
            name: "main".into(),
            boot: Boot(3),
            key: Key([7; 32]),
            entries: BTreeMap::new(),
            effects: vec!["store".into()],
            nodes: BTreeMap::from([("main".into(), NodeId(1))]),
        };
        RecordingReactor::new(Null::default(), &config)
    }

    fn turn(r: &mut RecordingReactor<Null>, now: Option<u64>, unix: Option<u64>, choices: u32) {
        let who = crate::event::Who { pid: Pid::from_raw(9), path: PathId(1), life: Life(1), text: "main/a" };
        let name = crate::path::SignalName {
            path: PathId(1),
            life: Life(1),
            kind: crate::path::SignalKind::Start,
            n: 1,
        };
        let envelope = seedbed_abi::Envelope::default();
        r.observe(&Event::Turn {
            who,
            hook: crate::event::Hook::Start,
            name,
            envelope: &envelope,
            payload: &[],
            cause: 0,
        });
        let point = ChoicePoint {
            kind: crate::reactor::ChoiceKind::Buggify,
            site: 0,
            path: PathId(1),
            life: Life(1),
            ordinal: None,
            n: 2,
        };
        for _ in 0..choices {
            r.choose(&point);
        }
        let (now, unix) = (now.map(Time::from_nanos), unix.map(Time::from_nanos));
        r.observe(&Event::TurnEnd { who, fuel: 0, now, unix, failed: false });
    }

    #[test]
    fn a_log_gives_back_what_entered() {
        let mut r = recorder().any_order().every_event();
        let options = SpawnOptions { args: vec![1, 2], ..SpawnOptions::registered("a") };
        let packet = Packet {
            from: Pid::from_raw(1),
            path: PathId(u64::MAX),
            life: Life(1),
            to: Pid::from_raw(9),
            id: 1,
            copy: false,
            body: Body::Message { correlation: 0, tag: 5, payload: vec![0; 70] },
        };
        let pid = Pid::from_raw(9);
        let outcomes: [EffectOutcome; 2] = [Ok(vec![3]), Err(EffectError { code: 4, text: "no".into() })];
        let failure = Failure::HandlerError(-1);
        r.observe(&Event::SpawnAsked { options: &options });
        turn(&mut r, None, None, 0);
        turn(&mut r, Some(1_000_000), Some(1_700_000_000_000_000_000), 4);
        r.observe(&Event::Arrived { packet: &packet });
        r.observe(&Event::TimersDue { now: Time::from_nanos(2_000_000) });
        let line = |line| Delivery { node: NodeId(1), line, epoch: 1, receiver: 0 };
        let chain = Chain { receiver: PathId(1), life: Life(1), sender: PathId(2), timers: false };
        for n in 0..4 {
            r.enabled(line(n), chain);
        }
        r.disabled(line(1));
        r.going(line(3));
        turn(&mut r, Some(1_500_000), None, 0);
        r.going(line(0));
        turn(&mut r, None, Some(1), 0);
        for outcome in &outcomes {
            r.observe(&Event::Completed { pid, correlation: 2, outcome });
        }
        r.observe(&Event::KillAsked { pid });
        r.observe(&Event::StopAsked { pid, reason: &ExitReason::Shutdown });
        r.observe(&Event::FailAsked { pid, failure: &failure });
        r.observe(&Event::NodeLost { node: NodeId(2) });

        let time = |ns| Some(Time::from_nanos(ns));
        let expected = vec![
            (0, Entry::Spawn(options)),
            (2, Entry::Choice { nth: 1, answer: 1 }),
            (2, Entry::Choice { nth: 3, answer: 1 }),
            (2, Entry::Clock { now: time(1_000_000), unix: time(1_700_000_000_000_000_000) }),
            (2, Entry::Arrive(packet)),
            (2, Entry::Timers(Time::from_nanos(2_000_000))),
            (3, Entry::Order(2)),
            (3, Entry::Clock { now: time(1_500_000), unix: None }),
            (4, Entry::Clock { now: None, unix: time(1) }),
            (4, Entry::Complete { pid, correlation: 2, outcome: outcomes[0].clone() }),
            (4, Entry::Complete { pid, correlation: 2, outcome: outcomes[1].clone() }),
            (4, Entry::Kill(pid)),
            (4, Entry::Stop(pid, ExitReason::Shutdown)),
            (4, Entry::Fail(pid, failure)),
            (4, Entry::Lose(NodeId(2))),
        ];
        let recording = r.recording();
        assert_eq!(recording, r.finish().0);
        assert_eq!(recording.entries().collect::<Result<Vec<_>, _>>(), Ok(expected));
        assert_eq!((recording.turns, recording.events.as_ref().map(Vec::len)), (4, Some(17)));

        let bytes = postcard::to_allocvec(&recording).unwrap();
        assert_eq!(postcard::from_bytes::<Recording>(&bytes).unwrap(), recording);
        for cut in 0..recording.log.len() {
            let cut = Recording { log: recording.log[..cut].to_vec(), ..recording.clone() };
            assert!(cut.entries().count() < 16, "a log that is cut ends");
        }
        let broken = Recording { log: vec![15], ..recording };
        assert_eq!(broken.entries().next(), Some(Err(Damaged { at: 0 })));
    }

    #[test]
    fn a_turn_that_reads_no_clock_leaves_no_bytes_and_checkpoints_come_by_turns() {
        let mut r = recorder();
        for _ in 0..2 * CHECKPOINT + 1 {
            turn(&mut r, None, None, 0);
        }
        let recording = r.recording();
        assert_eq!((recording.log.len(), recording.checkpoints.len()), (0, 2));
        assert_ne!(recording.checkpoints[0], recording.checkpoints[1]);
    }
}
