//! The sockets of one node: by number, by who holds them, by address.

use super::stream::Stream;
use super::{Asker, Wish};
use seedbed_core::{NodeId, Pid, Time};
use seedbed_sockets::{Address, Fault, NO_TIMEOUT, Setting};
use std::collections::{BTreeMap, VecDeque};

/// Ports that are given to who names none.
const FREE_PORTS: std::ops::RangeInclusive<u16> = 49_152..=u16::MAX;

/// So many connections wait to be accepted; one more is refused.
pub(super) const BACKLOG: usize = 128;

/// So many bytes of datagrams wait to be received; what comes beyond is lost.
pub(super) const DATAGRAMS: usize = 1 << 18;

pub(super) const LOOPBACK: [u8; 4] = [127, 0, 0, 1];
const ANY: [u8; 4] = [0; 4];
pub(super) const EVERYBODY: [u8; 4] = [255; 4];

/// The address of a node.
pub(super) fn ip_of(node: NodeId) -> [u8; 4] {
    let [high, low] = node.0.to_be_bytes();
    [10, 0, high, low]
}

/// Somebody who waits for a socket.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) asker: Asker,
    pub(super) wish: Wish,
    pub(super) deadline: Option<(Time, u64)>,
}

/// A socket.
#[derive(Clone, Debug)]
pub(super) struct Socket {
    /// How often it is held.
    pub(super) holds: u32,
    pub(super) kind: Kind,
    /// The first to wait first.
    pub(super) waiting: Vec<Waiting>,
    /// How long reads, writes and peeks of a stream wait, in milliseconds.
    pub(super) timeouts: [u64; 3],
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Listener { at: Address, backlog: VecDeque<u64> },
    Stream(Stream),
    Datagrams(Datagrams),
}

/// A socket for datagrams.
#[derive(Clone, Debug)]
pub(super) struct Datagrams {
    pub(super) at: Address,
    pub(super) aim: Option<Address>,
    pub(super) came: VecDeque<(Address, Vec<u8>)>,
    pub(super) bytes: usize,
    pub(super) broadcast: bool,
    pub(super) ttl: u64,
}

/// The sockets of a node.
#[derive(Clone, Debug)]
pub(super) struct Stack {
    node: NodeId,
    /// The number given last. Goes on over boots.
    last: u64,
    port: u16,
    pub(super) sockets: BTreeMap<u64, Socket>,
    /// What each actor holds, and how often.
    pub(super) held: BTreeMap<Pid, BTreeMap<u64, u32>>,
}

impl Stack {
    pub(super) fn new(node: NodeId) -> Stack {
        Stack { node, last: 0, port: *FREE_PORTS.end(), sockets: BTreeMap::new(), held: BTreeMap::new() }
    }

    /// A crash: all is gone.
    pub(super) fn clear(&mut self) {
        self.sockets.clear();
        self.held.clear();
    }

    pub(super) fn add(&mut self, kind: Kind) -> u64 {
        self.last += 1;
        let socket = Socket { holds: 0, kind, waiting: Vec::new(), timeouts: [NO_TIMEOUT; 3] };
        self.sockets.insert(self.last, socket);
        self.last
    }

    pub(super) fn hold(&mut self, socket: u64, pid: Pid) -> Result<(), Fault> {
        self.sockets.get_mut(&socket).ok_or(Fault::NoSocket)?.holds += 1;
        *self.held.entry(pid).or_default().entry(socket).or_default() += 1;
        Ok(())
    }

    /// Holds it once less; true if nobody holds it any more.
    pub(super) fn let_go(&mut self, socket: u64, pid: Pid) -> Result<bool, Fault> {
        let held = self.held.get_mut(&pid).ok_or(Fault::NoSocket)?;
        let times = held.get_mut(&socket).ok_or(Fault::NoSocket)?;
        *times -= 1;
        if *times == 0 {
            held.remove(&socket);
        }
        if held.is_empty() {
            self.held.remove(&pid);
        }
        let socket = self.sockets.get_mut(&socket).expect("what is held is there");
        socket.holds -= 1;
        Ok(socket.holds == 0)
    }

    /// A socket that an actor holds.
    pub(super) fn of(&mut self, pid: Pid, socket: u64) -> Result<&mut Socket, Fault> {
        let holds = self.held.get(&pid).is_some_and(|held| held.contains_key(&socket));
        self.sockets.get_mut(&socket).filter(|_| holds).ok_or(Fault::NoSocket)
    }

    /// An address to bind to: one of this node, with a port that nothing of the kind has.
    pub(super) fn bound(&mut self, at: Address, datagrams: bool) -> Result<Address, Fault> {
        let Address::V4 { ip, port } = at else { return Err(Fault::NotAvailable) };
        if ip != ANY && ip[0] != LOOPBACK[0] && ip != ip_of(self.node) {
            return Err(Fault::NotAvailable);
        }
        if port == 0 {
            return self.free(ip, datagrams);
        }
        // Streams of a listener that is gone are no hindrance to the next.
        if self.is_bound(ip, port, datagrams, false) { Err(Fault::InUse) } else { Ok(at) }
    }

    /// An address with a port that is free.
    fn free(&mut self, ip: [u8; 4], datagrams: bool) -> Result<Address, Fault> {
        for _ in FREE_PORTS {
            self.port = if self.port == *FREE_PORTS.end() { *FREE_PORTS.start() } else { self.port + 1 };
            if !self.is_bound(ip, self.port, datagrams, true) {
                return Ok(Address::V4 { ip, port: self.port });
            }
        }
        Err(Fault::TooMany)
    }

    /// The address from which a stream goes to another.
    pub(super) fn local_for(&mut self, to: [u8; 4]) -> Result<Address, Fault> {
        self.free(if to[0] == LOOPBACK[0] { LOOPBACK } else { ip_of(self.node) }, false)
    }

    fn is_bound(&self, ip: [u8; 4], port: u16, datagrams: bool, by_streams: bool) -> bool {
        self.sockets.values().any(|socket| {
            let (at, of_datagrams) = match &socket.kind {
                Kind::Listener { at, .. } => (at, false),
                Kind::Stream(stream) if by_streams => (&stream.local, false),
                Kind::Stream(_) => return false,
                Kind::Datagrams(datagrams) => (&datagrams.at, true),
            };
            let Address::V4 { ip: other, port: taken } = *at else { return false };
            of_datagrams == datagrams && taken == port && (other == ip || other == ANY || ip == ANY)
        })
    }

    /// The listener, or socket for datagrams, that is bound so that something for this address reaches it.
    pub(super) fn at(&self, to: Address, datagrams: bool) -> Option<u64> {
        let reaches = |at: &Address| {
            let (Address::V4 { ip, port }, Address::V4 { ip: to, port: wanted }) = (*at, to) else {
                return false;
            };
            port == wanted && (ip == to || ip == ANY || to == EVERYBODY)
        };
        let found = self.sockets.iter().find(|(_, socket)| match &socket.kind {
            Kind::Listener { at, .. } => !datagrams && reaches(at),
            Kind::Datagrams(socket) => datagrams && reaches(&socket.at),
            Kind::Stream(_) => false,
        });
        found.map(|(number, _)| *number)
    }

    /// Whom an address of this network leads to, as seen from here, and the address that it is then.
    pub(super) fn way(&self, to: Address) -> Option<(NodeId, Address)> {
        let Address::V4 { ip, port } = to else { return None };
        match ip {
            ANY => Some((self.node, Address::V4 { ip: LOOPBACK, port })),
            _ if ip[0] == LOOPBACK[0] => Some((self.node, to)),
            [10, 0, high, low] => Some((NodeId(u16::from_be_bytes([high, low])), to)),
            _ => None,
        }
    }
}

impl Socket {
    /// Which time-out a wish has, in milliseconds.
    pub(super) fn timeout(&self, wish: &Wish) -> u64 {
        match wish {
            Wish::Read { peek: false, .. } => self.timeouts[0],
            Wish::Write { .. } => self.timeouts[1],
            Wish::Read { peek: true, .. } => self.timeouts[2],
            Wish::Connect { timeout_ms } => *timeout_ms,
            Wish::Accept | Wish::Receive { .. } => NO_TIMEOUT,
        }
    }

    pub(super) fn set(&mut self, setting: Setting, value: u64) -> Result<(), Fault> {
        match (setting, &mut self.kind) {
            (Setting::ReadTimeout, Kind::Stream(_)) => self.timeouts[0] = value,
            (Setting::WriteTimeout, Kind::Stream(_)) => self.timeouts[1] = value,
            (Setting::PeekTimeout, Kind::Stream(_)) => self.timeouts[2] = value,
            (Setting::Broadcast, Kind::Datagrams(datagrams)) => datagrams.broadcast = value != 0,
            (Setting::Ttl, Kind::Datagrams(datagrams)) if (1..=255).contains(&value) => datagrams.ttl = value,
            (Setting::Ttl, Kind::Datagrams(_)) => return Err(Fault::Invalid),
            _ => return Err(Fault::NoSocket),
        }
        Ok(())
    }

    pub(super) fn get(&self, setting: Setting) -> Result<u64, Fault> {
        Ok(match (setting, &self.kind) {
            (Setting::ReadTimeout, Kind::Stream(_)) => self.timeouts[0],
            (Setting::WriteTimeout, Kind::Stream(_)) => self.timeouts[1],
            (Setting::PeekTimeout, Kind::Stream(_)) => self.timeouts[2],
            (Setting::Broadcast, Kind::Datagrams(datagrams)) => datagrams.broadcast.into(),
            (Setting::Ttl, Kind::Datagrams(datagrams)) => datagrams.ttl,
            _ => return Err(Fault::NoSocket),
        })
    }

    pub(super) fn stream(&mut self) -> Result<&mut Stream, Fault> {
        match &mut self.kind {
            Kind::Stream(stream) => Ok(stream),
            _ => Err(Fault::NoSocket),
        }
    }

    pub(super) fn datagrams(&mut self) -> Result<&mut Datagrams, Fault> {
        match &mut self.kind {
            Kind::Datagrams(datagrams) => Ok(datagrams),
            _ => Err(Fault::NoSocket),
        }
    }
}
