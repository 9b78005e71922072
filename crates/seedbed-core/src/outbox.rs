//! What a turn asked for: its effects on others, in order (DESIGN §3.1).
//!
//! Effects on the actor itself (its timers, its flags) need no entry: if the turn fails, the actor
//! ends, and nobody sees them until then. Its name others see: what it was is kept in the turn.

use crate::actor::Factory;
use crate::packet::Packet;
use seedbed_abi::supervisor::Hold;
use seedbed_abi::{ExitReason, Pid, SpawnFlags};
use std::rc::Rc;
use std::sync::Arc;

/// The entries of a turn. Messages for actors of this node, which are nearly all there is, are one
/// word in the order; whatever has to be dropped lies beside it.
#[derive(Default)]
pub(crate) struct Outbox {
    order: Vec<Word>,
    others: Vec<Wish>,
}

/// Where an entry is.
#[derive(Clone, Copy)]
pub(crate) enum Entry {
    /// A message, or a request, in the arena, for the actor in this slot.
    Send { signal: u32, receiver: u32, request: bool },
    /// Among the others, at this index.
    Other(u32),
}

/// An entry as one word, so that it is read as it was written: one that is written in parts and read
/// as a whole soon after waits for them to reach the cache. From below: signal or index, receiver, kind.
#[derive(Clone, Copy)]
struct Word(u64);

/// Kinds; a message has none of them, and slots have fewer bits.
const REQUEST: u64 = 1 << 62;
const OTHER: u64 = 1 << 63;

impl From<Word> for Entry {
    #[inline]
    fn from(Word(word): Word) -> Entry {
        if word & OTHER != 0 {
            return Entry::Other(word as u32);
        }
        let receiver = ((word & !REQUEST) >> 32) as u32;
        Entry::Send { signal: word as u32, receiver, request: word & REQUEST != 0 }
    }
}

impl Outbox {
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Adds a message or request for an actor of this node.
    #[inline]
    pub(crate) fn send(&mut self, signal: u32, receiver: u32, request: bool) {
        let kind = if request { REQUEST } else { 0 };
        self.order.push(Word(u64::from(signal) | u64::from(receiver) << 32 | kind));
    }

    /// Adds anything else.
    pub(crate) fn push(&mut self, wish: Wish) {
        self.order.push(Word(OTHER | self.others.len() as u64));
        self.others.push(wish);
    }

    #[inline]
    pub(crate) fn get(&self, at: usize) -> Option<Entry> {
        self.order.get(at).map(|word| Entry::from(*word))
    }

    /// Takes what is not here; [`Wish::Done`] stays in its place.
    pub(crate) fn take(&mut self, other: u32) -> Wish {
        std::mem::replace(&mut self.others[other as usize], Wish::Done)
    }

    /// Takes the last entry off.
    pub(crate) fn pop(&mut self) -> Option<Entry> {
        self.order.pop().map(Entry::from)
    }

    #[inline]
    pub(crate) fn clear(&mut self) {
        self.order.clear();
        if !self.others.is_empty() {
            self.others.clear();
        }
    }
}

/// An entry that is not of the most frequent kind.
pub(crate) enum Wish {
    /// A message whose sender waits until the receiver has room for it. In the arena; `aux` is the
    /// receiver's slot.
    SendWaiting {
        signal: u32,
    },
    /// A message for a name that nobody has, and whose mail is held.
    Hold {
        signal: u32,
    },
    /// Mail for the name with this hash is held no more.
    EndHold(u64),
    /// The actor has a name now, for which mail may be held.
    Named,
    /// A message for nobody, or one that a full mailbox's policy drops.
    Lose {
        signal: u32,
        full: bool,
    },
    /// What goes along with the request before it.
    Give(Box<Given>),
    /// A reply to an actor of this node.
    Answer {
        signal: u32,
    },
    /// Anything for another node.
    Transmit(Box<Packet>),
    Spawn(Box<SpawnWish>),
    Link {
        to: Pid,
        tag: u64,
    },
    Unlink(Pid),
    Monitor {
        target: Pid,
        reference: u64,
    },
    Demonitor {
        target: Pid,
        reference: u64,
    },
    Exit {
        to: Pid,
        id: u64,
        reason: Box<ExitReason>,
    },
    Kill(Pid),
    Perform(Box<PerformWish>),
    Observe {
        key: Rc<str>,
        value: i64,
    },
    /// An entry that was applied.
    Done,
}

/// An effect to be.
pub(crate) struct PerformWish {
    pub(crate) effect: String,
    pub(crate) correlation: u64,
    pub(crate) payload: Vec<u8>,
}

/// Factories on their way to a supervisor of this node: a message cannot hold them.
pub(crate) struct Given {
    pub(crate) to: Pid,
    /// The asker's number for the request.
    pub(crate) correlation: u64,
    pub(crate) factories: Vec<Arc<dyn Factory>>,
}

/// A child to be.
pub(crate) struct SpawnWish {
    pub(crate) slot: u32,
    pub(crate) options: SpawnOptions,
    pub(crate) factory: Arc<dyn Factory>,
    /// The tag of the link, if there is one.
    pub(crate) tag: u64,
    /// Mail for its name is held from now on.
    pub(crate) hold: Option<Hold>,
    /// The spawner's reference, if it monitors.
    pub(crate) reference: Option<u64>,
}

/// How to spawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpawnOptions {
    /// The last part of its path; without one it is `#n`.
    pub name: Option<String>,
    /// The name to register for it, atomically with the spawn.
    pub register: Option<String>,
    /// Link, monitor, tell.
    pub flags: SpawnFlags,
    /// What its factory is given.
    pub args: Vec<u8>,
    /// The spawner is its supervisor: it ends when the spawner does (rule E15).
    pub supervised: bool,
}

impl SpawnOptions {
    /// A child with a name in its path, which is not registered.
    pub fn named(name: impl Into<String>) -> SpawnOptions {
        SpawnOptions { name: Some(name.into()), ..SpawnOptions::default() }
    }

    /// A child with a name in its path that is registered too.
    pub fn registered(name: impl Into<String>) -> SpawnOptions {
        let name = name.into();
        SpawnOptions { name: Some(name.clone()), register: Some(name), ..SpawnOptions::default() }
    }

    /// With these flags too.
    #[must_use]
    pub fn flags(mut self, flags: SpawnFlags) -> SpawnOptions {
        self.flags = self.flags.with(flags);
        self
    }

    /// With these arguments.
    #[must_use]
    pub fn args(mut self, args: impl Into<Vec<u8>>) -> SpawnOptions {
        self.args = args.into();
        self
    }
}
