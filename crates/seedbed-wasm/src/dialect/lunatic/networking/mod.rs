//! `lunatic::networking`: hosts, streams and datagrams.
//!
//! Every operation with a socket is an effect of the reactor, as those with files are: a recording has
//! what came of it. A process that may not use the network makes no socket; one that was handed to it is
//! its own. Clones are one socket, which is closed when nobody holds it any more.
//!
//! - `address.rs`: addresses as the guest has them, and iterators of them. `tcp.rs`, `udp.rs`.
//!
//! Not there: TLS, whose functions are traps that name themselves.

mod address;
mod tcp;
mod udp;

use super::Lunatic;
use super::abi::{Guest, TIMED_OUT, misuse, own, refused, until, write};
use super::message::signal;
use super::parcel::{self, Resource};
use super::process::fail;
use super::resources::Resources;
use crate::blocking::{Data, with_turn};
use crate::host::Stop;
use seedbed_abi::{Code, Flags, Level};
use seedbed_core::{Correlation, Want};
use seedbed_sockets::{Address, Answer, EFFECT, Fault, Op, Outcome, Setting};
use std::collections::{BTreeSet, VecDeque};
use wasmtime::Linker;

/// What a process keeps of the network: sockets are known by their numbers on the node.
pub(super) struct Network {
    /// Addresses that are yet to be taken.
    hosts: Resources<VecDeque<Address>>,
    listeners: Resources<u64>,
    pub(super) streams: Resources<u64>,
    pub(super) datagrams: Resources<u64>,
    /// Sockets of messages that nobody took them from: to be closed.
    discarded: Vec<u64>,
    /// Operations that nobody waits for.
    unawaited: BTreeSet<u64>,
}

impl Network {
    pub(super) fn new() -> Network {
        Network {
            hosts: Resources::new("DNS iterator"),
            listeners: Resources::new("TCP listener"),
            streams: Resources::new("TCP stream"),
            datagrams: Resources::new("UDP socket"),
            discarded: Vec::new(),
            unawaited: BTreeSet::new(),
        }
    }

    /// What is left of a message: its sockets are to be closed.
    pub(super) fn discard(&mut self, left: parcel::Resources) {
        self.discarded.extend(left.into_iter().flatten().filter_map(|resource| match resource {
            Resource::Stream(socket) | Resource::Datagrams(socket) => Some(socket),
            Resource::Module(_) => None,
        }));
    }

    /// Operations were asked for whose ends nobody waits for.
    pub(super) fn asked(&mut self, operations: Vec<Correlation>) {
        self.unawaited.extend(operations.into_iter().map(|operation| operation.0));
    }
}

pub(super) fn define(linker: &mut Linker<Data>) -> wasmtime::Result<()> {
    address::define(linker)?;
    tcp::define(linker)?;
    udp::define(linker)
}

/// Has the reactor do an operation, and waits until it is done.
async fn ask(caller: &mut Guest<'_>, name: &'static str, op: &Op) -> Result<Outcome, Stop> {
    let asked = match with_turn(|turn| turn.cx().perform(EFFECT, &op.encode())) {
        Ok(asked) => asked.0,
        Err(Code::Denied | Code::NotFound) => return Ok(Err(denied(name))),
        Err(code) => return Err(refused(name, code)),
    };
    loop {
        let others = own(caller).network.unawaited.iter();
        let wants: Vec<Want> = std::iter::once(&asked).chain(others).map(|n| Want::Completion(*n)).collect();
        let (envelope, payload) = signal(until(caller, &wants).await?);
        if envelope.correlation != asked {
            own(caller).network.unawaited.remove(&envelope.correlation);
        } else if envelope.flags.has(Flags::FAILED) {
            return Ok(Err(Fault::Other(String::from_utf8_lossy(&payload).into_owned())));
        } else {
            return Ok(Answer::decode(&payload));
        }
    }
}

/// Closes what is to be closed, and waits for what nobody waited for.
pub(super) async fn sweep(caller: &mut Guest<'_>, name: &'static str) -> Result<(), Stop> {
    while let Some(socket) = own(caller).network.discarded.pop() {
        close(caller, name, socket).await?;
    }
    while !own(caller).network.unawaited.is_empty() {
        let wants: Vec<Want> =
            own(caller).network.unawaited.iter().map(|operation| Want::Completion(*operation)).collect();
        let (envelope, _) = signal(until(caller, &wants).await?);
        own(caller).network.unawaited.remove(&envelope.correlation);
    }
    Ok(())
}

/// Holds a socket once less.
async fn close(caller: &mut Guest<'_>, name: &'static str, socket: u64) -> Result<(), Stop> {
    ask(caller, name, &Op::Close { socket })
        .await?
        .map(drop)
        .map_err(|fault| misuse(&format!("{name}: {fault}")))
}

/// Why a process that may not use the network does not, which is also logged: guests seldom show it.
fn denied(name: &str) -> Fault {
    let text = "the process may not use the network: it lacks the permission `network`";
    with_turn(|turn| turn.cx().log(Level::Warn, &format!("{name}: {text}")));
    Fault::Other(text.into())
}

/// The same for what makes a socket or looks for a host.
async fn ask_if_allowed(caller: &mut Guest<'_>, name: &'static str, op: &Op) -> Result<Outcome, Stop> {
    if own(caller).rights.network { ask(caller, name, op).await } else { Ok(Err(denied(name))) }
}

/// Tells the guest what came of an operation: 0 and a number, 1 and an error, or that its time was over.
fn tell(
    caller: &mut Guest<'_>,
    name: &'static str,
    to: u32,
    outcome: Outcome,
    number: impl FnOnce(&mut Guest<'_>, Answer) -> Result<u64, Stop>,
) -> Result<u32, Stop> {
    match outcome {
        Ok(answer) => {
            let number = number(caller, answer)?;
            write(caller, name, to, &number.to_le_bytes())?;
            Ok(0)
        }
        Err(Fault::TimedOut) => Ok(TIMED_OUT),
        Err(fault) => {
            fail(caller, name, fault.to_string(), to)?;
            Ok(1)
        }
    }
}

/// The reactor answered something else than what it was asked for: it is no such reactor.
fn strange(name: &str) -> Stop {
    misuse(&format!("{name}: the effect `{EFFECT}` gave another answer"))
}

/// Nothing more than that it is done.
fn done(_: &mut Guest<'_>, _: Answer) -> Result<u64, Stop> {
    Ok(0)
}

/// Addresses, as an iterator.
fn iterator(caller: &mut Guest<'_>, name: &'static str, answer: Answer) -> Result<u64, Stop> {
    let Answer::Addresses(addresses) = answer else { return Err(strange(name)) };
    own(caller).network.hosts.add(name, addresses.into())
}

/// Changes a setting; what the system does not take ends the process, as there.
async fn set(
    caller: &mut Guest<'_>,
    name: &'static str,
    socket: u64,
    setting: Setting,
    value: u64,
) -> Result<(), Stop> {
    let outcome = ask(caller, name, &Op::Set { socket, setting, value }).await?;
    outcome.map(drop).map_err(|fault| misuse(&format!("{name}: {fault}")))
}

async fn get(caller: &mut Guest<'_>, name: &'static str, socket: u64, setting: Setting) -> Result<u64, Stop> {
    match ask(caller, name, &Op::Get { socket, setting }).await? {
        Ok(Answer::Value(value)) => Ok(value),
        Ok(_) => Err(strange(name)),
        Err(fault) => Err(misuse(&format!("{name}: {fault}"))),
    }
}

/// Holds a socket once more.
async fn hold(caller: &mut Guest<'_>, name: &'static str, socket: u64) -> Result<(), Stop> {
    let outcome = ask(caller, name, &Op::Hold { socket }).await?;
    outcome.map(drop).map_err(|fault| misuse(&format!("{name}: {fault}")))
}

impl Lunatic {
    /// What is left of a message that nobody has in hand any more.
    pub(super) fn discard(&mut self, left: parcel::Resources) {
        self.network.discard(left);
    }
}
