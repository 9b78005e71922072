//! An observer that keeps what it sees.

use crate::record::{Actor, Happening, Record};
use crate::trace::Trace;
use seedbed_core::{At, Event, NodeId, Observer, Packet, PathId, TapeEntry, Who, address_of, node_of};
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

/// Collects the records of a run; [`Collected`] has them afterwards.
pub struct Collector(Rc<RefCell<State>>);

/// Where a [`Collector`] puts what it sees.
pub struct Collected(Rc<RefCell<State>>);

struct State {
    trace: Trace,
    records: VecDeque<Record>,
    window: Window,
    seen: u64,
}

/// Which records are kept.
enum Window {
    All,
    Last(usize),
    Range { from: u64, to: u64 },
}

impl Collector {
    /// Keeps everything.
    pub fn full() -> (Collector, Collected) {
        Collector::new(Window::All)
    }

    /// Keeps the last `limit` records.
    pub fn last(limit: usize) -> (Collector, Collected) {
        Collector::new(Window::Last(limit.max(1)))
    }

    /// Keeps the records from the one with the index `from` to before the one with the index `to`.
    pub fn range(from: u64, to: u64) -> (Collector, Collected) {
        Collector::new(Window::Range { from, to })
    }

    fn new(window: Window) -> (Collector, Collected) {
        let state = State { trace: Trace::default(), records: VecDeque::new(), window, seen: 0 };
        let shared = Rc::new(RefCell::new(state));
        (Collector(Rc::clone(&shared)), Collected(shared))
    }
}

impl Collected {
    /// Everything collected so far, and forgets it.
    pub fn take(&self) -> Trace {
        let mut state = self.0.borrow_mut();
        let records = std::mem::take(&mut state.records);
        let mut trace = std::mem::take(&mut state.trace);
        trace.records = records.into();
        trace
    }

    /// The same, with the texts of paths that no event says, as those of nodes and clients.
    pub fn take_with(&self, paths: &BTreeMap<PathId, String>) -> Trace {
        let mut trace = self.take();
        for (path, text) in paths {
            trace.paths.entry(*path).or_insert_with(|| text.clone());
        }
        trace
    }
}

impl State {
    fn keep(&mut self, at: At, what: impl FnOnce() -> Happening) {
        let index = self.seen;
        self.seen += 1;
        match self.window {
            Window::All => {}
            Window::Last(limit) if self.records.len() == limit => {
                self.records.pop_front();
                self.trace.dropped += 1;
            }
            Window::Last(_) => {}
            Window::Range { from, .. } if index < from => {
                self.trace.dropped += 1;
                return;
            }
            Window::Range { to, .. } if index >= to => return,
            Window::Range { .. } => {}
        }
        self.records.push_back(Record::new(at, what()));
    }

    fn know(&mut self, who: &Who<'_>) {
        self.trace.actors.entry(who.pid).or_insert_with(|| Actor::from(who));
        self.trace.paths.entry(who.path).or_insert_with(|| who.text.to_owned());
    }

    /// Where a name was taken, its address means something.
    fn know_name(&mut self, at: At, who: &Who<'_>, name: &str) {
        let node = who.text.split('/').next().unwrap_or_default();
        let names = &mut self.trace.names;
        names.entry(address_of(at.node, name)).or_insert_with(|| format!("{name}@{node}"));
    }

    /// A client outside is known by what it sends.
    fn know_client(&mut self, packet: &Packet) {
        if node_of(packet.from) == NodeId::OUTSIDE && packet.from.is_somebody() {
            let client = Actor { pid: packet.from, path: packet.path, life: packet.life };
            self.trace.actors.entry(packet.from).or_insert(client);
        }
    }
}

impl Observer for Collector {
    fn event(&mut self, at: At, event: &Event<'_>) {
        let mut state = self.0.borrow_mut();
        match event {
            // Nobody appears before being spawned.
            Event::Spawned { who, .. } => state.know(who),
            Event::Arrived { packet } => state.know_client(packet),
            Event::Registered { who, name } => state.know_name(at, who, name),
            _ => {}
        }
        state.keep(at, || event.into());
    }

    fn chosen(&mut self, at: At, entry: &TapeEntry) {
        self.0.borrow_mut().keep(at, || Happening::Chosen(*entry));
    }
}
