//! The side of a check that compares.

use super::spawn::{Children, Peer};
use super::wire::{ActorState, Answer, BLOCK, Ended, Request, VERSION, Wanted, WireError, get, put};
use crate::seed::run_seed;
use seedbed_sim::StrategySpec;
use seedbed_trace::{Happening, Record, first_difference};
use std::fmt;
use std::io::Write;

/// What is checked.
pub struct Check<'a> {
    /// How processes are started.
    pub children: &'a dyn Children,
    /// The seeds are derive(root, 0) to derive(root, seeds − 1).
    pub root: u64,
    /// How many.
    pub seeds: u64,
    /// Who decides in these runs.
    pub strategy: StrategySpec,
}

/// What a check came to.
#[derive(Debug)]
pub struct Checked {
    /// Seeds that gave the same run twice.
    pub same: u64,
    /// Events that were compared.
    pub events: u64,
    /// Turns that were compared.
    pub steps: u64,
    /// Actors whose state was compared at the end of a run.
    pub states: u64,
    /// The first difference, if there is one: the rest was not looked at.
    pub difference: Option<Difference>,
}

/// In what two runs of one seed differ.
#[derive(Debug)]
pub struct Difference {
    /// The seed.
    pub seed: u64,
    /// The strategy, as on a command line.
    pub strategy: String,
    /// True if two fresh processes agree, and only one that had run other seeds before does not:
    /// something is left from run to run.
    pub leak: bool,
    /// What.
    pub what: What,
}

/// What differs.
#[derive(Debug)]
#[non_exhaustive]
pub enum What {
    /// An event; both sides, and the effect whose answer it is.
    Event(Box<seedbed_trace::Difference>, Option<String>),
    /// A block of events once, and not again: it depends on something that no seed decides.
    Block {
        /// The first event of the block.
        from: u64,
    },
    /// How the runs ended; both sides.
    End(String, String),
    /// The state of an actor, although every event is the same.
    State(State),
}

/// An actor's state that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Its path.
    pub path: String,
    /// Its life.
    pub life: u32,
    /// The first step after which it differs; `None` if it did so only at the end of the first runs.
    pub step: Option<u64>,
    /// Both hashes.
    pub hashes: (Option<u64>, Option<u64>),
    /// The parts that differ: pages of a guest's memory, its size, its globals.
    pub parts: Vec<String>,
}

impl Check<'_> {
    /// Runs every seed twice. `progress` is told how many are done; false stops the check.
    ///
    /// # Errors
    /// If a process cannot be started or talked to.
    pub fn run(&self, progress: &mut dyn FnMut(u64) -> bool) -> Result<Checked, WireError> {
        let mut checked = Checked { same: 0, events: 0, steps: 0, states: 0, difference: None };
        let mut old = Process::start(self.children)?;
        for index in 0..self.seeds {
            if !progress(index) {
                break;
            }
            let seed = run_seed(self.root, index);
            let one = self.fresh(seed)?;
            let other = self.digests(&mut old, seed)?;
            if one == other {
                checked.same += 1;
                checked.events += one.end.events;
                checked.steps += one.end.steps;
                checked.states += one.end.states.iter().filter(|s| s.hash.is_some()).count() as u64;
                continue;
            }
            let leak = self.fresh(seed)? == one;
            let what = self.locate(seed, &one, &other, leak, &mut old)?;
            let strategy = self.strategy.to_string();
            checked.difference = Some(Difference { seed, strategy, leak, what });
            break;
        }
        old.end()?;
        Ok(checked)
    }

    fn request(&self, seed: u64, what: Wanted) -> Request {
        Request { version: VERSION, seed, strategy: self.strategy.to_string(), what }
    }

    fn fresh(&self, seed: u64) -> Result<Digests, WireError> {
        let mut process = Process::start(self.children)?;
        let digests = self.digests(&mut process, seed)?;
        process.end()?;
        Ok(digests)
    }

    fn digests(&self, process: &mut Process, seed: u64) -> Result<Digests, WireError> {
        process.ask(&self.request(seed, Wanted::Digests))?;
        let mut blocks = Vec::new();
        loop {
            match process.answer()? {
                Answer::Block(digest) => blocks.push(digest),
                Answer::End(end) => return Ok(Digests { blocks, end }),
                other => return Err(unexpected(&other)),
            }
        }
    }

    /// Finds what differs. If something leaked, the old process is the other side; else a fresh one.
    fn locate(
        &self,
        seed: u64,
        one: &Digests,
        other: &Digests,
        leak: bool,
        old: &mut Process,
    ) -> Result<What, WireError> {
        let mut fresh = Process::start(self.children)?;
        let mut second = if leak { None } else { Some(Process::start(self.children)?) };
        let other_side = second.as_mut().unwrap_or(old);
        let shared = one.blocks.len().min(other.blocks.len());
        let same = (0..shared).take_while(|i| one.blocks[*i] == other.blocks[*i]).count();
        let events_differ = (&one.blocks, one.end.events, one.end.digest)
            != (&other.blocks, other.end.events, other.end.digest);
        let what = if events_differ {
            let from = same as u64 * BLOCK;
            let wanted = Wanted::Records { from, to: from + BLOCK };
            let left = fresh.records(&self.request(seed, wanted.clone()))?;
            let right = other_side.records(&self.request(seed, wanted))?;
            match first_difference(&left, &right) {
                None => What::Block { from },
                Some(difference) => {
                    let effect = self.effect_of(seed, &difference, &mut fresh)?;
                    What::Event(Box::new(difference), effect)
                }
            }
        } else if one.end.states != other.end.states {
            self.locate_state(seed, &one.end, &other.end, &mut fresh, other_side)?
        } else {
            What::End(one.end.to_string(), other.end.to_string())
        };
        fresh.end()?;
        second.map_or(Ok(()), Process::end)?;
        Ok(what)
    }

    /// Finds the first step after which an actor's state differs, by halving.
    fn locate_state(
        &self,
        seed: u64,
        one: &Ended,
        other: &Ended,
        left: &mut Process,
        right: &mut Process,
    ) -> Result<What, WireError> {
        let mut found = first_unlike(&one.states, &other.states, None);
        let (mut same, mut differs) = (0, one.steps + 1);
        while same + 1 < differs {
            let step = same + (differs - same) / 2;
            let a = left.states(&self.request(seed, Wanted::States { step }))?;
            let b = right.states(&self.request(seed, Wanted::States { step }))?;
            match first_unlike(&a, &b, Some(step)) {
                Some(state) => (differs, found) = (step, Some(state)),
                None => same = step,
            }
        }
        let Some(mut state) = found else { return Ok(What::End(one.to_string(), other.to_string())) };
        let (path, life, step) = (state.path.clone(), state.life, state.step.unwrap_or(one.steps));
        let request = self.request(seed, Wanted::Parts { step, path, life });
        state.parts = unlike_parts(&left.parts(&request)?, &right.parts(&request)?);
        Ok(What::State(state))
    }

    /// The effect whose answer the event with this index is, if it is one.
    fn effect_of(
        &self,
        seed: u64,
        difference: &seedbed_trace::Difference,
        process: &mut Process,
    ) -> Result<Option<String>, WireError> {
        let Some(Happening::Completed { pid, correlation, .. }) =
            difference.left.as_ref().map(|record| &record.what)
        else {
            return Ok(None);
        };
        let before = self.request(seed, Wanted::Records { from: 0, to: difference.index });
        let asked = |record: &Record| match &record.what {
            Happening::Performed { who, effect, correlation: c, .. }
                if (who.pid, c) == (*pid, correlation) =>
            {
                Some(effect.clone())
            }
            _ => None,
        };
        Ok(process.records(&before)?.records.iter().find_map(asked))
    }
}

fn first_unlike(one: &[ActorState], other: &[ActorState], step: Option<u64>) -> Option<State> {
    let (a, b) = one.iter().zip(other).find(|(a, b)| a != b)?;
    Some(State { path: a.path.clone(), life: a.life, step, hashes: (a.hash, b.hash), parts: Vec::new() })
}

/// The names of the parts that one side has otherwise, or not at all.
fn unlike_parts(one: &[(String, u64)], other: &[(String, u64)]) -> Vec<String> {
    let missing = |from: &[(String, u64)], part: &(String, u64)| !from.contains(part);
    let mut parts: Vec<String> = Vec::new();
    let both = one.iter().filter(|part| missing(other, part)).chain(other.iter().filter(|p| missing(one, p)));
    for (name, _) in both {
        if !parts.contains(name) {
            parts.push(name.clone());
        }
    }
    parts
}

/// All that a run told of itself; the number of blocks is its length.
#[derive(PartialEq)]
struct Digests {
    blocks: Vec<u64>,
    end: Ended,
}

struct Process {
    peer: Peer,
    /// The seed that it was asked for last: named if it dies.
    seed: u64,
}

impl Process {
    fn start(children: &dyn Children) -> Result<Process, WireError> {
        Ok(Process { peer: children.start()?, seed: 0 })
    }

    fn ask(&mut self, request: &Request) -> Result<(), WireError> {
        self.seed = request.seed;
        put(&mut self.peer.to, request)?;
        self.peer.to.flush()?;
        Ok(())
    }

    fn answer(&mut self) -> Result<Answer, WireError> {
        let seed = self.seed;
        match get(&mut self.peer.from)? {
            Some(Answer::Refused(text)) => Err(WireError::Refused(format!("seed {seed:#x}: {text}"))),
            Some(answer) => Ok(answer),
            None => Err(WireError::Refused(format!("seed {seed:#x}: it ended before it had answered"))),
        }
    }

    fn records(&mut self, request: &Request) -> Result<seedbed_trace::Trace, WireError> {
        self.ask(request)?;
        match self.answer()? {
            Answer::Records(trace) => Ok(trace),
            other => Err(unexpected(&other)),
        }
    }

    fn parts(&mut self, request: &Request) -> Result<Vec<(String, u64)>, WireError> {
        self.ask(request)?;
        match self.answer()? {
            Answer::Parts(parts) => Ok(parts),
            other => Err(unexpected(&other)),
        }
    }

    fn states(&mut self, request: &Request) -> Result<Vec<ActorState>, WireError> {
        self.ask(request)?;
        match self.answer()? {
            Answer::States(states) => Ok(states),
            other => Err(unexpected(&other)),
        }
    }

    /// Closes its input, which ends it, and waits.
    fn end(self) -> Result<(), WireError> {
        let Peer { to, from, wait } = self.peer;
        drop((to, from));
        wait()
    }
}

fn unexpected(answer: &Answer) -> WireError {
    let what = match answer {
        Answer::Block(_) => "a block",
        Answer::End(_) => "an end",
        Answer::Records(_) => "records",
        Answer::States(_) => "states",
        Answer::Parts(_) => "parts",
        Answer::Refused(_) => "a refusal",
    };
    WireError::Frame(format!("{what} was not asked for"))
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ended { events, steps, time_ns, trace_hash, state_hash, steps_hint, .. } = self;
        let broke = self.broke.as_deref().unwrap_or("nothing");
        write!(
            f,
            "{events} events, {steps} steps, {time_ns} ns, trace hash {trace_hash:#x}, state {state_hash:#x}, \
             hint {steps_hint}, broke {broke}"
        )
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {:#x} strategy {} gave two runs: ", self.seed, self.strategy)?;
        match &self.what {
            What::Event(difference, effect) => {
                write!(f, "{difference}")?;
                if let Some(effect) = effect {
                    write!(f, "\n  it is the answer to the effect `{effect}`")?;
                }
            }
            What::Block { from } => {
                write!(f, "events {from} to {} differed once, and not again", from + BLOCK - 1)?;
            }
            What::End(one, other) => write!(f, "they ended\n  one   {one}\n  other {other}")?,
            What::State(state) => write!(f, "{state}")?,
        }
        if self.leak {
            f.write_str(
                "\nfresh processes agree; one that had run other seeds before does not: \
                         something is left from run to run",
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hash = |h: Option<u64>| h.map_or_else(|| "none".to_owned(), |h| format!("{h:#x}"));
        let when =
            self.step.map_or_else(|| "at the end".to_owned(), |step| format!("first after step {step}"));
        write!(
            f,
            "the memory of {} (life {}) differs {when}, though all events are the same",
            self.path, self.life
        )?;
        if !self.parts.is_empty() {
            /// So many are named.
            const MOST: usize = 4;
            let more = self.parts.len().saturating_sub(MOST);
            let more = if more > 0 { format!(", and {more} more") } else { String::new() };
            write!(f, "\n  in    {}{more}", self.parts[..self.parts.len().min(MOST)].join(", "))?;
        }
        write!(f, "\n  one   {}\n  other {}", hash(self.hashes.0), hash(self.hashes.1))
    }
}
