//! The sockets of simulated nodes: streams and datagrams over the network of the world.
//!
//! Every node has the address `10.0.x.y`, x and y its number, and is `127.0.0.1` to itself; its name is a
//! host's name. What sockets say travels as packets do. A datagram may be lost, come twice and overtake
//! another. A stream loses nothing: what a fault would lose comes later, and what meets a cut link waits
//! until that heals, or until both ends count each other as lost, which resets the stream.
//!
//! - `stack.rs`: the sockets of one node. `stream.rs`: one side of a stream. `part.rs`: what is said.
//! - `world.rs`: how it stands in the world.
//!
//! Not modelled: IPv6, routers (a time to live is kept, and does nothing), and what the system says to a
//! datagram that nobody receives.

mod part;
mod stack;
mod stream;
mod world;

use part::Part;
use seedbed_core::{EffectOutcome, Life, NodeId, PathId, Pid, Time};
use seedbed_sockets::{Address, Answer, BYTES_MAX, DATAGRAM_MAX, Fault, NO_TIMEOUT, Op, Outcome};
use stack::{BACKLOG, DATAGRAMS, Datagrams, EVERYBODY, Kind, LOOPBACK, Socket, Stack, Waiting, ip_of};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use stream::{PART, Stream};

/// An actor that asks for something, or because of whom something is said.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asker {
    pub(crate) pid: Pid,
    pub(crate) path: PathId,
    pub(crate) life: Life,
    pub(crate) correlation: u64,
}

/// What somebody waits for.
#[derive(Clone, Debug)]
enum Wish {
    Accept,
    Connect { timeout_ms: u64 },
    Read { len: u32, peek: bool },
    Write { data: Vec<u8> },
    Receive { len: u32 },
}

/// Because of what something is said: this names it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cause {
    /// Somebody asked for it; the number among all that this life's sockets said, from 1.
    Asked(Pid, PathId, Life, u64),
    /// It is the answer to what was said under this name and number.
    Said(PathId, Life, u64),
}

/// What comes of an operation, or of something that arrives.
#[derive(Clone, Debug)]
enum Out {
    Done(Asker, Outcome),
    Say { node: NodeId, to: NodeId, part: Part, cause: Cause },
}

/// What an operation comes to at once.
enum Begun {
    Done(Answer),
    Waits(u64, Wish),
}

/// All sockets of a world.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sockets {
    stacks: BTreeMap<NodeId, Stack>,
    /// Nodes by the names of hosts.
    pub(crate) names: BTreeMap<String, NodeId>,
    /// How much was said because of a life.
    said: BTreeMap<(PathId, Life), u64>,
    /// When who waits has waited for too long.
    deadlines: BTreeSet<(Time, u64, NodeId, u64)>,
    waits: u64,
    outs: Vec<Out>,
    /// Outcomes, and when they are told.
    done: BTreeMap<(Time, u64), (Pid, u64, EffectOutcome)>,
    told: u64,
}

/// Operations.
impl Sockets {
    /// Does an operation; `due` says when so many milliseconds are over on the node's clock.
    fn perform(&mut self, node: NodeId, asker: Asker, op: Op, due: impl Fn(u64) -> Time) {
        match self.begin(node, asker, op) {
            Ok(Begun::Done(answer)) => self.outs.push(Out::Done(asker, Ok(answer))),
            Err(fault) => self.outs.push(Out::Done(asker, Err(fault))),
            Ok(Begun::Waits(number, wish)) => {
                let socket = self.stack(node).sockets.get(&number).expect("it waits for a socket");
                let timeout = socket.timeout(&wish);
                self.waits += 1;
                let deadline = (timeout != NO_TIMEOUT).then(|| (due(timeout), self.waits));
                if let Some((at, nth)) = deadline {
                    self.deadlines.insert((at, nth, node, number));
                }
                let socket = self.stack(node).sockets.get_mut(&number).expect("as before");
                socket.waiting.push(Waiting { asker, wish, deadline });
                self.serve(node, number);
            }
        }
    }

    fn begin(&mut self, node: NodeId, asker: Asker, op: Op) -> Result<Begun, Fault> {
        let pid = asker.pid;
        Ok(Begun::Done(match op {
            Op::Resolve { host, .. } => Answer::Addresses(vec![self.resolve(&host)?]),
            Op::Listen { at } => {
                let at = self.stack(node).bound(at, false)?;
                self.made(node, pid, Kind::Listener { at, backlog: VecDeque::new() })
            }
            Op::Bind { at } => {
                let at = self.stack(node).bound(at, true)?;
                let (aim, came) = (None, VecDeque::new());
                let socket = Datagrams { at, aim, came, bytes: 0, broadcast: false, ttl: 64 };
                self.made(node, pid, Kind::Datagrams(socket))
            }
            Op::Connect { to, timeout_ms } => return self.connect(node, asker, to, timeout_ms),
            Op::Accept { socket } => match self.stack(node).of(pid, socket)?.kind {
                Kind::Listener { .. } => return Ok(Begun::Waits(socket, Wish::Accept)),
                _ => return Err(Fault::NoSocket),
            },
            Op::Read { socket, len, peek } => {
                self.stack(node).of(pid, socket)?.stream()?;
                return Ok(Begun::Waits(socket, Wish::Read { len: len.min(BYTES_MAX), peek }));
            }
            Op::Write { socket, data } => {
                self.stack(node).of(pid, socket)?.stream()?;
                return Ok(Begun::Waits(socket, Wish::Write { data }));
            }
            Op::Receive { socket, len, aimed } => {
                let datagrams = self.stack(node).of(pid, socket)?.datagrams()?;
                if aimed && datagrams.aim.is_none() {
                    return Err(Fault::NotConnected);
                }
                return Ok(Begun::Waits(socket, Wish::Receive { len }));
            }
            Op::Aim { socket, to } => {
                let (other, to) = self.way(node, to).ok_or(Fault::Unreachable)?;
                let datagrams = self.stack(node).of(pid, socket)?.datagrams()?;
                datagrams.at = sender(datagrams.at, node, other, to)?;
                datagrams.aim = Some(to);
                Answer::Done
            }
            Op::Send { socket, data, to } => self.send(node, asker, socket, data, to)?,
            Op::Local { socket } => Answer::Addresses(vec![match &self.stack(node).of(pid, socket)?.kind {
                Kind::Listener { at, .. } => *at,
                Kind::Stream(stream) => stream.local,
                Kind::Datagrams(datagrams) => datagrams.at,
            }]),
            Op::Peer { socket } => Answer::Addresses(vec![match &self.stack(node).of(pid, socket)?.kind {
                Kind::Listener { .. } => return Err(Fault::NotConnected),
                Kind::Stream(stream) => stream.peer,
                Kind::Datagrams(datagrams) => datagrams.aim.ok_or(Fault::NotConnected)?,
            }]),
            Op::Set { socket, setting, value } => {
                self.stack(node).of(pid, socket)?.set(setting, value)?;
                Answer::Done
            }
            Op::Get { socket, setting } => Answer::Value(self.stack(node).of(pid, socket)?.get(setting)?),
            Op::Hold { socket } => {
                self.stack(node).of(pid, socket)?;
                self.stack(node).hold(socket, pid)?;
                Answer::Done
            }
            Op::Give { socket, to } => {
                self.stack(node).of(pid, socket)?;
                self.stack(node).hold(socket, Pid::from_raw(to))?;
                self.stack(node).let_go(socket, pid)?;
                Answer::Done
            }
            Op::Close { socket } => {
                if self.stack(node).let_go(socket, pid)? {
                    self.close(node, socket, asker);
                }
                Answer::Done
            }
        }))
    }

    fn stack(&mut self, node: NodeId) -> &mut Stack {
        self.stacks.entry(node).or_insert_with(|| Stack::new(node))
    }

    /// A socket that was just made, which its maker holds.
    fn made(&mut self, node: NodeId, pid: Pid, kind: Kind) -> Answer {
        let stack = self.stack(node);
        let socket = stack.add(kind);
        stack.hold(socket, pid).expect("it was just made");
        Answer::Socket { socket, peer: None }
    }

    /// Finds a host: a node, by its name, or what is an address already.
    fn resolve(&self, host: &str) -> Result<Address, Fault> {
        if let Ok(address) = host.parse::<std::net::SocketAddr>() {
            return Ok(address.into());
        }
        let (name, port) = host.rsplit_once(':').ok_or(Fault::Invalid)?;
        let port = port.parse().map_err(|_| Fault::Invalid)?;
        let ip = match self.names.get(name) {
            _ if name == "localhost" => LOOPBACK,
            Some(node) => ip_of(*node),
            None => return Err(Fault::UnknownHost),
        };
        Ok(Address::V4 { ip, port })
    }

    /// Which node an address leads to.
    fn way(&mut self, from: NodeId, to: Address) -> Option<(NodeId, Address)> {
        let (node, to) = self.stack(from).way(to)?;
        let is_there = node == from || self.names.values().any(|other| *other == node);
        is_there.then_some((node, to))
    }

    fn connect(&mut self, node: NodeId, asker: Asker, to: Address, timeout_ms: u64) -> Result<Begun, Fault> {
        let (other, to) = self.way(node, to).ok_or(Fault::Unreachable)?;
        let Address::V4 { ip, .. } = to else { return Err(Fault::Unreachable) };
        let local = self.stack(node).local_for(ip)?;
        let stack = self.stack(node);
        let stream = stack.add(Kind::Stream(Stream::new(local, to, other, None)));
        stack.hold(stream, asker.pid)?;
        self.say(node, other, Part::Connect { stream, from: local, to }, asker);
        Ok(Begun::Waits(stream, Wish::Connect { timeout_ms }))
    }

    fn send(
        &mut self,
        node: NodeId,
        asker: Asker,
        socket: u64,
        bytes: Vec<u8>,
        to: Option<Address>,
    ) -> Result<Answer, Fault> {
        let datagrams = self.stack(node).of(asker.pid, socket)?.datagrams()?;
        let (at, broadcast) = (datagrams.at, datagrams.broadcast);
        let to = to.or(datagrams.aim).ok_or(Fault::NotConnected)?;
        if bytes.len() > DATAGRAM_MAX {
            return Err(Fault::TooLong);
        }
        let written = Answer::Written(bytes.len() as u32);
        if matches!(to, Address::V4 { ip: EVERYBODY, .. }) {
            if !broadcast {
                return Err(Fault::Denied);
            }
            let from = sender(at, node, NodeId::OUTSIDE, to)?;
            let nodes: BTreeSet<NodeId> = self.names.values().copied().collect();
            for other in nodes {
                let bytes = bytes.clone();
                self.say(node, other, Part::Datagram { from, to, bytes }, asker);
            }
            return Ok(written);
        }
        let (other, to) = self.way(node, to).ok_or(Fault::Unreachable)?;
        let from = sender(at, node, other, to)?;
        self.say(node, other, Part::Datagram { from, to, bytes }, asker);
        Ok(written)
    }

    /// Says something because somebody asked for it.
    fn say(&mut self, node: NodeId, to: NodeId, part: Part, asker: Asker) {
        let n = self.said.entry((asker.path, asker.life)).or_default();
        *n += 1;
        let cause = Cause::Asked(asker.pid, asker.path, asker.life, *n);
        self.outs.push(Out::Say { node, to, part, cause });
    }

    /// Nobody holds a socket any more.
    fn close(&mut self, node: NodeId, socket: u64, asker: Asker) {
        let Some(closed) = self.stack(node).sockets.remove(&socket) else { return };
        match closed.kind {
            Kind::Listener { backlog, .. } => {
                backlog.into_iter().for_each(|stream| self.close(node, stream, asker));
            }
            Kind::Stream(stream) => {
                if let (Some(to), false) = (stream.other, stream.is_broken()) {
                    let (at, end) = (stream.written, Some(stream.end()));
                    let part = Part::Bytes { to, stream: socket, at, bytes: Vec::new(), end };
                    self.say(node, stream.node, part, asker);
                }
            }
            Kind::Datagrams(_) => {}
        }
    }
}

/// The address that a datagram comes from.
fn sender(at: Address, node: NodeId, other: NodeId, to: Address) -> Result<Address, Fault> {
    let (Address::V4 { ip, port }, Address::V4 { ip: to, .. }) = (at, to) else { return Err(Fault::Invalid) };
    let ip = match ip {
        [0, 0, 0, 0] if to[0] == LOOPBACK[0] => LOOPBACK,
        [0, 0, 0, 0] => ip_of(node),
        // From the loopback nothing leaves the node.
        _ if ip[0] == LOOPBACK[0] && node != other => return Err(Fault::Invalid),
        _ => ip,
    };
    Ok(Address::V4 { ip, port })
}

/// What waits.
impl Sockets {
    /// Does what somebody waits for, of those that can have it, the first first.
    fn serve(&mut self, node: NodeId, number: u64) {
        let Some(socket) = self.stack(node).sockets.get_mut(&number) else { return };
        let waiting = std::mem::take(&mut socket.waiting);
        // One that waits for bytes is not overtaken by another that does, nor one that waits for room.
        let (mut reads, mut writes) = (true, true);
        for waits in waiting {
            let writing = matches!(waits.wish, Wish::Write { .. });
            let open = if writing { &mut writes } else { &mut reads };
            let outcome = if *open { self.grant(node, number, &waits) } else { None };
            match outcome {
                Some(outcome) => self.end(node, number, waits, outcome),
                None => {
                    *(if writing { &mut writes } else { &mut reads }) = false;
                    let socket = self.stack(node).sockets.get_mut(&number);
                    socket.expect("what is waited for stays").waiting.push(waits);
                }
            }
        }
    }

    /// Tells who waited.
    fn end(&mut self, node: NodeId, number: u64, waited: Waiting, outcome: Outcome) {
        if let Some((at, nth)) = waited.deadline {
            self.deadlines.remove(&(at, nth, node, number));
        }
        self.outs.push(Out::Done(waited.asker, outcome));
    }

    /// What somebody waits for, if it is there.
    fn grant(&mut self, node: NodeId, number: u64, waits: &Waiting) -> Option<Outcome> {
        let asker = waits.asker;
        let stack = self.stacks.get_mut(&node)?;
        let socket = stack.sockets.get_mut(&number)?;
        match (&waits.wish, &mut socket.kind) {
            (Wish::Accept, Kind::Listener { backlog, .. }) => {
                let accepted = backlog.pop_front()?;
                stack.hold(accepted, asker.pid).expect("the backlog is there");
                let stream = stack.sockets.get_mut(&accepted).and_then(|socket| socket.stream().ok());
                let peer = stream.map(|stream| stream.peer);
                Some(Ok(Answer::Socket { socket: accepted, peer }))
            }
            (Wish::Connect { .. }, Kind::Stream(stream)) => {
                stream.other.map(|_| Ok(Answer::Socket { socket: number, peer: None }))
            }
            (Wish::Read { len, peek }, Kind::Stream(stream)) => {
                let outcome = stream.read(*len, *peek)?;
                if let (Some(read), Some(to)) = (stream.untold(), stream.other) {
                    let other = stream.node;
                    self.say(node, other, Part::Read { to, read }, asker);
                }
                Some(outcome)
            }
            (Wish::Write { data }, Kind::Stream(stream)) => {
                let room = match stream.room(data.len()) {
                    Ok(room) => room?,
                    Err(fault) => return Some(Err(fault)),
                };
                let (to, other) = (stream.other?, stream.node);
                let mut at = stream.written;
                stream.written += room as u64;
                for bytes in data[..room].chunks(PART) {
                    let part = Part::Bytes { to, stream: number, at, bytes: bytes.to_vec(), end: None };
                    at += bytes.len() as u64;
                    self.say(node, other, part, asker);
                }
                Some(Ok(Answer::Written(room as u32)))
            }
            (Wish::Receive { len }, Kind::Datagrams(datagrams)) => {
                let (from, mut data) = datagrams.came.pop_front()?;
                datagrams.bytes -= data.len();
                data.truncate(*len as usize);
                Some(Ok(Answer::Data { data, from: Some(from) }))
            }
            _ => unreachable!("a wish fits its socket"),
        }
    }

    /// Ends what has waited for too long by now.
    fn time_out(&mut self, now: Time) {
        while let Some(first) = self.deadlines.first().filter(|(at, ..)| *at <= now).copied() {
            self.deadlines.remove(&first);
            let (at, nth, node, number) = first;
            let Some(socket) = self.stack(node).sockets.get_mut(&number) else { continue };
            let index = socket.waiting.iter().position(|waits| waits.deadline == Some((at, nth)));
            let Some(index) = index else { continue };
            let waits = socket.waiting.remove(index);
            self.outs.push(Out::Done(waits.asker, Err(Fault::TimedOut)));
            match waits.wish {
                Wish::Connect { .. } => self.give_up(node, number, waits.asker),
                _ => self.serve(node, number),
            }
        }
    }

    /// A stream that was not connected is no more.
    fn give_up(&mut self, node: NodeId, number: u64, asker: Asker) {
        if self.stack(node).let_go(number, asker.pid) == Ok(true) {
            self.close(node, number, asker);
        }
    }
}

/// What comes, and who goes.
impl Sockets {
    /// Something that was said arrives on a node.
    fn arrive(&mut self, node: NodeId, from: NodeId, part: Part, name: (PathId, Life, u64)) {
        let cause = Cause::Said(name.0, name.1, name.2);
        let answer = |part| Out::Say { node, to: from, part, cause };
        let stack = self.stacks.entry(node).or_insert_with(|| Stack::new(node));
        match part {
            Part::Connect { stream, from: peer, to } => {
                let listener = stack.at(to, false);
                let room = listener.and_then(|listener| match &stack.sockets.get(&listener)?.kind {
                    Kind::Listener { backlog, .. } if backlog.len() < BACKLOG => Some(listener),
                    _ => None,
                });
                let Some(listener) = room else {
                    self.outs.push(answer(Part::Reset { to: stream, refused: true }));
                    return;
                };
                let number = stack.add(Kind::Stream(Stream::new(to, peer, from, Some(stream))));
                if let Some(Socket { kind: Kind::Listener { backlog, .. }, .. }) =
                    stack.sockets.get_mut(&listener)
                {
                    backlog.push_back(number);
                }
                self.outs.push(answer(Part::Connected { to: stream, stream: number }));
                self.serve(node, listener);
            }
            Part::Connected { to, stream } => match stream_of(stack, to) {
                Some(own) => {
                    own.other = Some(stream);
                    self.serve(node, to);
                }
                None => self.outs.push(answer(Part::Reset { to: stream, refused: false })),
            },
            Part::Bytes { to, stream, at, bytes, end } => match stream_of(stack, to) {
                Some(own) => {
                    own.other = Some(stream);
                    own.take(at, bytes, end);
                    self.serve(node, to);
                }
                None if !bytes.is_empty() => {
                    self.outs.push(answer(Part::Reset { to: stream, refused: false }));
                }
                None => {}
            },
            Part::Read { to, read } => {
                if let Some(own) = stream_of(stack, to) {
                    own.acknowledge(read);
                    self.serve(node, to);
                }
            }
            Part::Reset { to, refused } => {
                self.break_off(node, to, if refused { Fault::Refused } else { Fault::Reset });
            }
            Part::Datagram { from, to, bytes } => {
                let Some(number) = stack.at(to, true) else { return };
                let Some(Socket { kind: Kind::Datagrams(socket), .. }) = stack.sockets.get_mut(&number)
                else {
                    return;
                };
                let is_for_it = socket.aim.is_none_or(|aim| aim == from);
                if is_for_it && socket.bytes + bytes.len() <= DATAGRAMS {
                    socket.bytes += bytes.len();
                    socket.came.push_back((from, bytes));
                    self.serve(node, number);
                }
            }
        }
    }

    /// It is over with a stream: who connects it is told why not.
    fn break_off(&mut self, node: NodeId, number: u64, fault: Fault) {
        let Some(socket) = self.stack(node).sockets.get_mut(&number) else { return };
        let connects = socket.waiting.iter().position(|waits| matches!(waits.wish, Wish::Connect { .. }));
        if let Some(index) = connects {
            let waits = socket.waiting.remove(index);
            let asker = waits.asker;
            self.end(node, number, waits, Err(fault));
            self.give_up(node, number, asker);
        } else if let Ok(stream) = socket.stream() {
            stream.break_off(fault);
            self.serve(node, number);
        }
    }

    /// An actor ended: what it waits for is not done, and what only it held is closed.
    fn forget(&mut self, pid: Pid, path: PathId, life: Life) {
        let node = seedbed_core::node_of(pid);
        let Some(held) = self.stacks.get_mut(&node).and_then(|stack| stack.held.remove(&pid)) else { return };
        let asker = Asker { pid, path, life, correlation: 0 };
        for (number, times) in held {
            let Some(socket) = self.stack(node).sockets.get_mut(&number) else { continue };
            socket.holds -= times;
            let left = socket.holds;
            let ended: Vec<Waiting> = socket.waiting.extract_if(.., |w| w.asker.pid == pid).collect();
            for (at, nth) in ended.iter().filter_map(|waited| waited.deadline) {
                self.deadlines.remove(&(at, nth, node, number));
            }
            if left == 0 {
                self.close(node, number, asker);
            } else {
                self.serve(node, number);
            }
        }
        self.said.remove(&(path, life));
    }

    /// A node crashes: it says nothing about it.
    pub(crate) fn crash(&mut self, node: NodeId) {
        if let Some(stack) = self.stacks.get_mut(&node) {
            stack.clear();
        }
        self.deadlines.retain(|(_, _, of, _)| *of != node);
        self.done.retain(|_, (pid, ..)| seedbed_core::node_of(*pid) != node);
    }

    /// A node counts another as lost: streams between them are over.
    fn lose(&mut self, node: NodeId, lost: NodeId) {
        let Some(stack) = self.stacks.get_mut(&node) else { return };
        let leads = |socket: &Socket| matches!(&socket.kind, Kind::Stream(stream) if stream.node == lost);
        let over: Vec<u64> =
            stack.sockets.iter().filter(|(_, socket)| leads(socket)).map(|(n, _)| *n).collect();
        for number in over {
            let connects = self.stack(node).sockets.get_mut(&number);
            let connects = connects.and_then(|s| s.stream().ok()).is_some_and(|s| s.other.is_none());
            self.break_off(node, number, if connects { Fault::Lost } else { Fault::Reset });
        }
    }

    /// When something is due: an outcome, or the end of a wait.
    pub(crate) fn next(&self) -> Option<Time> {
        let done = self.done.first_key_value().map(|((at, _), _)| *at);
        let deadline = self.deadlines.first().map(|(at, ..)| *at);
        [done, deadline].into_iter().flatten().min()
    }

    /// True if nothing is due, however late: who waits for a socket waits for others.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.done.is_empty() && self.deadlines.is_empty()
    }

    /// An outcome that is to be told by now.
    pub(crate) fn pop_done(&mut self, now: Time) -> Option<(Pid, u64, EffectOutcome)> {
        let entry = self.done.first_entry().filter(|entry| entry.key().0 <= now)?;
        Some(entry.remove())
    }
}

fn stream_of(stack: &mut Stack, number: u64) -> Option<&mut Stream> {
    stack.sockets.get_mut(&number)?.stream().ok()
}
