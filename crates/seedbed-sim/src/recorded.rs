//! Replaying a recording of a real run (DESIGN §2, *inclusion*).
//!
//! A kernel is driven by what the recording says entered it, after as many turns as it did then,
//! and has to do the very same: each event is hashed, and compared with the recorded one if the
//! recording kept every event, else at its checkpoints and its end. There is no world around it: no
//! network, no faults, no properties; an [`Observer`] sees all.
//!
//! Not in a recording: factories, and what the embedder keeps in the kernel; see [`Setup`].

use seedbed_core::{
    At, CHECKPOINT, Chain, ChoicePoint, Context, Damaged, Delivery, EffectRequest, Entries, Entry, Event,
    Factory, Failed, Failure, Kernel, Observer, Packet, Port, RUN_FORMAT, Reactor, Recording, SpawnOptions,
    Time, TraceHash,
};
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::iter::Peekable;
use std::sync::Arc;

type Prepare = Box<dyn FnOnce(&mut Kernel)>;

/// What a recording cannot hold, and its replay needs.
#[derive(Default)]
pub struct Setup {
    roots: BTreeMap<String, Vec<Arc<dyn Factory>>>,
    entries: BTreeMap<String, Arc<dyn Factory>>,
    kernel: Vec<Prepare>,
    observers: Vec<Box<dyn Observer>>,
}

impl Setup {
    /// The factory of the actors without a parent that were spawned by this name; `#n` stands for
    /// the n-th that had none. Given again, it is for the next spawn of that name and those after it.
    #[must_use]
    pub fn root(self, name: impl Into<String>, factory: impl Factory) -> Setup {
        self.shared_root(name, Arc::new(factory))
    }

    /// The same with a factory that is shared.
    #[must_use]
    pub fn shared_root(mut self, name: impl Into<String>, factory: Arc<dyn Factory>) -> Setup {
        self.roots.entry(name.into()).or_default().push(factory);
        self
    }

    /// A factory of the node's entry table.
    #[must_use]
    pub fn entry(mut self, id: impl Into<String>, factory: impl Factory) -> Setup {
        self.entries.insert(id.into(), Arc::new(factory));
        self
    }

    /// Prepares the kernel as it was before its boot: [`Kernel::set_local`] above all.
    #[must_use]
    pub fn kernel(mut self, prepare: impl FnOnce(&mut Kernel) + 'static) -> Setup {
        self.kernel.push(Box::new(prepare));
        self
    }

    /// Adds somebody who watches the replay.
    #[must_use]
    pub fn observe(mut self, observer: impl Observer + 'static) -> Setup {
        self.observers.push(Box::new(observer));
        self
    }
}

/// A run that went as it was recorded.
pub struct ReplayedRun {
    /// Its turns.
    pub turns: u64,
    /// The hash of all its events.
    pub trace_hash: u64,
    /// The hash of the state that its actors have at the end (guest memory).
    pub state_hash: u64,
    /// The node at the end.
    pub kernel: Kernel,
}

impl fmt::Debug for ReplayedRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplayedRun")
            .field("turns", &self.turns)
            .field("trace_hash", &self.trace_hash)
            .finish_non_exhaustive()
    }
}

/// Why a replay did not go as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Mismatch {
    /// The recording is of other rules.
    #[error("replay a run of format {recorded}: this is format {}", RUN_FORMAT)]
    Format {
        /// Which.
        recorded: u32,
    },
    /// The recording cannot be read.
    #[error(transparent)]
    Damaged(#[from] Damaged),
    /// An actor was spawned that the setup does not know.
    #[error("spawn `{name}`: the setup has no factory for it")]
    NoFactory {
        /// Its name, or `#n`.
        name: String,
    },
    /// The first event that differs.
    #[error("keep to the recording in turn {turn}: event {nth} was `{recorded}`, but is `{replayed}`")]
    Event {
        /// How many turns had begun.
        turn: u64,
        /// Which event, from 1.
        nth: usize,
        /// What was recorded.
        recorded: String,
        /// What happened instead.
        replayed: String,
    },
    /// The turn did not read the clocks as it was recorded.
    #[error("keep to the recording in turn {turn}: it read {recorded} then, and {replayed} now")]
    Clock {
        /// Which turn.
        turn: u64,
        /// What it read then.
        recorded: ClockReads,
        /// What it reads now.
        replayed: ClockReads,
    },
    /// The running hash differs, and did not at the last checkpoint.
    #[error("keep to the recording between turns {} and {turn}: the hashes of the events differ", .turn - CHECKPOINT)]
    Checkpoint {
        /// The turn of the checkpoint that differs.
        turn: u64,
    },
    /// A delivery that ran is not possible.
    #[error("run turn {turn}: what was delivered then is not there")]
    NoDelivery {
        /// Which turn.
        turn: u64,
    },
    /// The turn did not come to a choice that was recorded.
    #[error("make a choice in turn {turn}: it did not come to it")]
    Choice {
        /// Which turn.
        turn: u64,
    },
    /// The recording speaks of a turn that it does not have.
    #[error("replay an input after turn {turn}: it is out of place")]
    Misplaced {
        /// Which turn.
        turn: u64,
    },
    /// The run is the same in length, and differs somewhere.
    #[error(
        "keep to the recording by turn {turns}, its last: the hash is {replayed:016x}, and was {recorded:016x}"
    )]
    Hash {
        /// All turns.
        turns: u64,
        /// The hash that was recorded.
        recorded: u64,
        /// The hash of the replay.
        replayed: u64,
    },
}

/// Which clocks a turn read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClockReads {
    /// The monotonic clock.
    pub now: Option<Time>,
    /// The wall clock.
    pub unix: Option<Time>,
}

impl fmt::Display for ClockReads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.now, self.unix) {
            (None, None) => f.write_str("no clock"),
            (Some(now), None) => write!(f, "the clock at {now}"),
            (None, Some(unix)) => write!(f, "the wall clock at {unix}"),
            (Some(now), Some(unix)) => write!(f, "the clock at {now} and the wall clock at {unix}"),
        }
    }
}

/// Runs a recording again.
///
/// # Errors
/// Where it first went another way.
pub fn replay_recording(recording: &Recording, setup: Setup) -> Result<ReplayedRun, Mismatch> {
    if recording.run_format != RUN_FORMAT {
        return Err(Mismatch::Format { recorded: recording.run_format });
    }
    let mut config = recording.node_config();
    config.entries = setup.entries;
    let mut kernel = Kernel::new(config);
    kernel.inherit_lives(recording.lives.clone());
    setup.kernel.into_iter().for_each(|prepare| prepare(&mut kernel));
    let mut replay = Replay {
        kernel,
        port: ReplayPort::new(recording, setup.observers),
        entries: recording.entries().peekable(),
        roots: setup.roots,
        spawned: BTreeMap::new(),
        unnamed: 0,
    };
    replay.kernel.boot(&mut replay.port);
    replay.feed()?;
    while replay.port.turns < recording.turns {
        replay.turn()?;
        replay.feed()?;
    }
    replay.finish(recording)
}

/// A replay under way.
struct Replay<'a> {
    kernel: Kernel,
    port: ReplayPort<'a>,
    entries: Peekable<Entries<'a>>,
    roots: BTreeMap<String, Vec<Arc<dyn Factory>>>,
    /// How often each name was asked for.
    spawned: BTreeMap<String, usize>,
    unnamed: u64,
}

impl Replay<'_> {
    /// The next entry, if it belongs to this turn and is of the kind.
    fn next_if(&mut self, turn: u64, kind: impl FnOnce(&Entry) -> bool) -> Result<Option<Entry>, Damaged> {
        match self.entries.peek() {
            Some(Err(damaged)) => Err(*damaged),
            Some(Ok((at, entry))) if *at == turn && kind(entry) => {
                Ok(self.entries.next().transpose()?.map(|(_, entry)| entry))
            }
            _ => Ok(None),
        }
    }

    /// Lets in what came after the last turn.
    fn feed(&mut self) -> Result<(), Mismatch> {
        self.port.check()?;
        while let Some(entry) = self.next_if(self.port.turns, |e| !of_a_turn(e))? {
            self.enter(entry)?;
            self.port.check()?;
        }
        Ok(())
    }

    fn enter(&mut self, entry: Entry) -> Result<(), Mismatch> {
        let (kernel, port) = (&mut self.kernel, &mut self.port);
        match entry {
            Entry::Timers(now) => {
                port.time = now;
                kernel.fire_timers(port, now);
            }
            Entry::Arrive(packet) => kernel.arrive(port, packet),
            Entry::Complete { pid, correlation, outcome } => {
                kernel.complete(port, pid, correlation, &outcome)
            }
            Entry::Kill(pid) => {
                kernel.kill(port, pid);
            }
            Entry::Stop(pid, reason) => {
                kernel.stop(port, pid, reason);
            }
            Entry::Fail(pid, failure) => {
                kernel.fail(port, pid, failure);
            }
            Entry::Lose(node) => kernel.lose_node(port, node),
            Entry::Spawn(options) => self.spawn(options)?,
            _ => return Err(Mismatch::Misplaced { turn: port.turns }),
        }
        Ok(())
    }

    fn spawn(&mut self, options: SpawnOptions) -> Result<(), Mismatch> {
        let name = options.name.clone().unwrap_or_else(|| format!("#{}", self.unnamed + 1));
        let nth = self.spawned.entry(name.clone()).or_default();
        let factory = self.roots.get(&name).and_then(|all| all.get(*nth).or(all.last())).cloned();
        *nth += 1;
        let (known, unnamed) = (factory.is_some(), options.name.is_none());
        let factory = factory.unwrap_or_else(|| Arc::new(Unknown));
        let spawned = self.kernel.spawn(&mut self.port, options, factory).is_ok();
        self.unnamed += u64::from(spawned && unnamed);
        // One that was refused never had to be made.
        if spawned && !known { Err(Mismatch::NoFactory { name }) } else { Ok(()) }
    }

    /// Runs the next turn.
    fn turn(&mut self) -> Result<(), Mismatch> {
        let turn = self.port.turns + 1;
        let mut nth = 0;
        self.port.choices.clear();
        self.port.reads = ClockReads::default();
        while let Some(entry) = self.next_if(turn, of_a_turn)? {
            match entry {
                Entry::Order(n) => nth = n,
                Entry::Choice { nth, answer } => self.port.choices.push_back((nth, answer)),
                Entry::Clock { now, unix } => self.port.reads = ClockReads { now, unix },
                _ => unreachable!("these are the entries of a turn"),
            }
        }
        let delivery = self.delivery(nth).ok_or(Mismatch::NoDelivery { turn })?;
        self.port.chosen = 0;
        self.kernel.set_step(turn);
        self.kernel.run(&mut self.port, delivery);
        self.port.check()?;
        if self.port.choices.is_empty() { Ok(()) } else { Err(Mismatch::Choice { turn }) }
    }

    /// Takes the n-th of the enabled deliveries out of their order.
    fn delivery(&mut self, nth: u32) -> Option<Delivery> {
        let (kernel, order) = (&self.kernel, &mut self.port.order);
        while order.front().is_some_and(|d| !kernel.is_current(*d)) {
            order.pop_front();
        }
        if nth == 0 {
            return order.pop_front();
        }
        let mut current = (0..order.len()).filter(|at| kernel.is_current(order[*at]));
        let at = current.nth(nth as usize)?;
        order.remove(at)
    }

    fn finish(mut self, recording: &Recording) -> Result<ReplayedRun, Mismatch> {
        if let Some(entry) = self.entries.next() {
            return Err(Mismatch::Misplaced { turn: entry?.0 });
        }
        if let Some(seen) = recording.events.as_ref().and_then(|events| events.get(self.port.seen)) {
            return Err(Mismatch::Event {
                turn: seen.turn,
                nth: self.port.seen + 1,
                recorded: seen.text.clone(),
                replayed: NOTHING.into(),
            });
        }
        let (turns, recorded, replayed) = (self.port.turns, recording.hash, self.port.hash.value());
        if recorded != replayed {
            return Err(Mismatch::Hash { turns, recorded, replayed });
        }
        let state_hash = self.kernel.state_hash();
        Ok(ReplayedRun { turns, trace_hash: replayed, state_hash, kernel: self.kernel })
    }
}

const NOTHING: &str = "nothing";

/// True for what happens within a turn, or says which delivery it runs.
fn of_a_turn(entry: &Entry) -> bool {
    matches!(entry, Entry::Clock { .. } | Entry::Choice { .. } | Entry::Order(_))
}

/// Stands for a factory that nobody gave.
struct Unknown;

impl Factory for Unknown {
    fn create(&self, _: &mut Context<'_>, _: &[u8]) -> Result<Box<dyn seedbed_core::Behaviour>, Failed> {
        Err(Failure::Protocol("a replay has no factory for this".into()).into())
    }
}

/// What the kernel of a replay sees.
struct ReplayPort<'a> {
    recording: &'a Recording,
    observers: Vec<Box<dyn Observer>>,
    order: VecDeque<Delivery>,
    hash: TraceHash,
    turns: u64,
    /// The last time that is known.
    time: Time,
    /// What the turn read then.
    reads: ClockReads,
    /// The turn's choices that were not plain.
    choices: VecDeque<(u32, u32)>,
    /// Choices of the turn so far.
    chosen: u32,
    /// Events so far, if the recording has them.
    seen: usize,
    mismatch: Option<Mismatch>,
}

impl<'a> ReplayPort<'a> {
    fn new(recording: &'a Recording, observers: Vec<Box<dyn Observer>>) -> ReplayPort<'a> {
        ReplayPort {
            recording,
            observers,
            order: VecDeque::new(),
            hash: TraceHash::default(),
            turns: 0,
            time: Time::ZERO,
            reads: ClockReads::default(),
            choices: VecDeque::new(),
            chosen: 0,
            seen: 0,
            mismatch: None,
        }
    }

    fn check(&self) -> Result<(), Mismatch> {
        self.mismatch.clone().map_or(Ok(()), Err)
    }

    fn compare(&mut self, event: &Event<'_>) {
        if let Event::TurnEnd { now, unix, .. } = event {
            let (turn, recorded, replayed) = (self.turns, self.reads, ClockReads { now: *now, unix: *unix });
            if recorded != replayed {
                self.mismatch.get_or_insert(Mismatch::Clock { turn, recorded, replayed });
            }
        }
        if let Some(events) = &self.recording.events {
            let recorded = events.get(self.seen);
            self.seen += 1;
            if recorded.is_none_or(|seen| seen.hash != self.hash.value()) {
                let recorded = recorded.map_or(NOTHING, |seen| &seen.text).to_owned();
                let (turn, nth, replayed) = (self.turns, self.seen, event.to_string());
                self.mismatch.get_or_insert(Mismatch::Event { turn, nth, recorded, replayed });
            }
        }
        if matches!(event, Event::Turn { .. }) && self.turns.is_multiple_of(CHECKPOINT) {
            let nth = usize::try_from(self.turns / CHECKPOINT - 1).ok();
            let recorded = nth.and_then(|nth| self.recording.checkpoints.get(nth));
            if recorded != Some(&self.hash.value()) {
                self.mismatch.get_or_insert(Mismatch::Checkpoint { turn: self.turns });
            }
        }
    }
}

impl Port for ReplayPort<'_> {
    /// A turn that reads a clock that it had not read then, is found out when it ends.
    fn now(&mut self) -> Time {
        self.time = self.reads.now.unwrap_or(self.time);
        self.time
    }

    fn unix_time(&mut self) -> Time {
        self.reads.unix.unwrap_or_default()
    }

    fn choose(&mut self, _: &ChoicePoint) -> u32 {
        let nth = self.chosen;
        self.chosen += 1;
        match self.choices.front() {
            Some((at, answer)) if *at == nth => {
                let answer = *answer;
                self.choices.pop_front();
                answer
            }
            _ => 0,
        }
    }

    fn observe(&mut self, event: &Event<'_>) {
        event.hash_into(&mut self.hash);
        self.turns += u64::from(matches!(event, Event::Turn { .. }));
        self.compare(event);
        let at = At { step: self.turns, time: self.time, node: self.recording.node };
        self.observers.iter_mut().for_each(|o| o.event(at, event));
    }

    fn simulated(&self) -> bool {
        self.recording.simulated
    }

    fn starves(&self) -> bool {
        self.recording.simulated
    }
}

impl Reactor for ReplayPort<'_> {
    fn enabled(&mut self, delivery: Delivery, _: Chain) {
        self.order.push_back(delivery);
    }

    fn disabled(&mut self, _: Delivery) {}

    /// What left the node then, has left it.
    fn transmit(&mut self, _: Packet) {}

    /// What came of it, is in the recording.
    fn perform(&mut self, _: EffectRequest) {}
}
