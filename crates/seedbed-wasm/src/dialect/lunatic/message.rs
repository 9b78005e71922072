//! `lunatic::message`: the message in hand, sending, and selective receive.
//!
//! A process has one message in hand: it writes it and sends it, or received it and reads it. What
//! tells of a death is a message too: its data is the reason, as a text.

use super::abi::{
    FOREVER, Guest, TIMED_OUT, apply, arm, disarm, enter, functions, misuse, own, process, refused, until,
    waiting,
};
use super::networking::sweep;
use super::parcel::{self, Resource};
use super::resources::unknown;
use crate::blocking::{Data, Wait, Woken, charge, suspend, with_turn};
use crate::host::Stop;
use seedbed_abi::{Envelope, Flags, Pid};
use seedbed_core::lunatic::Received;
use seedbed_core::{Context, Correlation, Want};
use std::collections::{BTreeSet, VecDeque};
use wasmtime::Linker;

/// So many tags a receive may wait for.
const TAGS_MAX: u32 = 4_096;

/// So many resources go along with one message.
const RESOURCES_MAX: usize = 1_024;

/// The message in hand.
pub(super) struct Scratch {
    kind: Kind,
    pub(super) tag: i64,
    pub(super) data: Vec<u8>,
    read: usize,
    pub(super) resources: parcel::Resources,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Data,
    LinkDied(Pid),
    ProcessDied(Pid),
}

impl Scratch {
    fn data(tag: i64, data: Vec<u8>, resources: parcel::Resources) -> Scratch {
        Scratch { kind: Kind::Data, tag, data, read: 0, resources }
    }
}

pub(super) fn define(linker: &mut Linker<Data>) -> wasmtime::Result<()> {
    functions! { linker, "message":
        write_data(ptr: u32, len: u32) -> u32;
        read_data(ptr: u32, len: u32) -> u32;
        seek_data(index: u64);
        get_tag() -> i64;
        get_process_id() -> u64;
        data_size() -> u64;
        push_module(id: u64) -> u64;
        take_module(index: u64) -> u64;
        push_tcp_stream(id: u64) -> u64;
        take_tcp_stream(index: u64) -> u64;
        push_tls_stream(id: u64) -> u64;
        take_tls_stream(index: u64) -> u64;
        push_udp_socket(id: u64) -> u64;
        take_udp_socket(index: u64) -> u64;
    }
    waiting! { linker, "message":
        create_data(tag: i64, capacity: u64);
        send(to: u64) -> u32;
        send_receive_skip_search(to: u64, tag: i64, timeout: u64) -> u32;
        receive(tags: u32, count: u32, timeout: u64) -> u32;
    }
    Ok(())
}

/// The capacity is a hint, and no memory is taken for it: what is written is.
async fn create_data(caller: &mut Guest<'_>, tag: i64, _capacity: u64) -> Result<(), Stop> {
    put(own(caller), Scratch::data(tag, Vec::new(), Vec::new()));
    sweep(caller, "message::create_data").await
}

/// Puts a message in hand, in the place of another.
fn put(own: &mut super::Lunatic, scratch: Scratch) {
    if let Some(before) = own.scratch.replace(scratch) {
        own.discard(before.resources);
    }
}

/// The message in hand.
fn scratch<'a>(own: &'a mut super::Lunatic, name: &str) -> Result<&'a mut Scratch, Stop> {
    own.scratch.as_mut().ok_or_else(|| misuse(&format!("{name}: there is no message in hand")))
}

/// The message in hand, which must be one that can be written and sent.
fn written<'a>(own: &'a mut super::Lunatic, name: &str) -> Result<&'a mut Scratch, Stop> {
    let scratch = scratch(own, name)?;
    if scratch.kind == Kind::Data {
        return Ok(scratch);
    }
    Err(misuse(&format!("{name}: the message in hand tells of a death")))
}

fn write_data(caller: &mut Guest<'_>, ptr: u32, len: u32) -> Result<u32, Stop> {
    const NAME: &str = "message::write_data";
    charge(caller, len);
    let max = with_turn(|turn| turn.cx().limits().message_bytes) as usize;
    let (bytes, own) = enter(caller, NAME)?;
    let new = bytes.at(ptr, len)?;
    let scratch = written(own, NAME)?;
    if scratch.data.len() + new.len() > max {
        return Err(misuse(&format!("{NAME}: a message has at most {max} bytes")));
    }
    scratch.data.extend_from_slice(new);
    Ok(len)
}

fn read_data(caller: &mut Guest<'_>, ptr: u32, len: u32) -> Result<u32, Stop> {
    const NAME: &str = "message::read_data";
    charge(caller, len);
    let (mut bytes, own) = enter(caller, NAME)?;
    let to = bytes.at_mut(ptr, len)?;
    let scratch = scratch(own, NAME)?;
    let left = &scratch.data[scratch.read..];
    let n = left.len().min(to.len());
    to[..n].copy_from_slice(&left[..n]);
    scratch.read += n;
    Ok(n as u32)
}

fn seek_data(caller: &mut Guest<'_>, index: u64) -> Result<(), Stop> {
    let scratch = scratch(own(caller), "message::seek_data")?;
    // Behind the end there is nothing to read, however far.
    scratch.read = usize::try_from(index).unwrap_or(usize::MAX).min(scratch.data.len());
    Ok(())
}

fn get_tag(caller: &mut Guest<'_>) -> Result<i64, Stop> {
    Ok(scratch(own(caller), "message::get_tag")?.tag)
}

fn get_process_id(caller: &mut Guest<'_>) -> Result<u64, Stop> {
    Ok(match scratch(own(caller), "message::get_process_id")?.kind {
        Kind::Data => 0,
        Kind::LinkDied(pid) | Kind::ProcessDied(pid) => pid.to_raw(),
    })
}

fn data_size(caller: &mut Guest<'_>) -> Result<u64, Stop> {
    Ok(scratch(own(caller), "message::data_size")?.data.len() as u64)
}

/// Puts a resource into the message in hand.
fn push(caller: &mut Guest<'_>, name: &str, resource: Resource) -> Result<u64, Stop> {
    let resources = &mut written(own(caller), name)?.resources;
    if resources.len() >= RESOURCES_MAX {
        return Err(misuse(&format!("{name}: at most {RESOURCES_MAX} resources go along with a message")));
    }
    resources.push(Some(resource));
    Ok(resources.len() as u64 - 1)
}

/// Takes a resource out of the message in hand, if it is one of these.
fn take_out<T>(
    caller: &mut Guest<'_>,
    name: &str,
    (what, index): (&str, u64),
    is: impl Fn(&Resource) -> Option<T>,
) -> Result<T, Stop> {
    let resources = &mut written(own(caller), name)?.resources;
    let place = usize::try_from(index).ok().and_then(|index| resources.get_mut(index));
    let found = place.and_then(|place| {
        let found = is(place.as_ref()?)?;
        *place = None;
        Some(found)
    });
    found.ok_or_else(|| misuse(&format!("{name}: there is no {what} at {index} of the message")))
}

fn push_module(caller: &mut Guest<'_>, id: u64) -> Result<u64, Stop> {
    const NAME: &str = "message::push_module";
    let module = own(caller).modules.get(NAME, id)?.clone();
    push(caller, NAME, Resource::Module(module))
}

fn take_module(caller: &mut Guest<'_>, index: u64) -> Result<u64, Stop> {
    const NAME: &str = "message::take_module";
    let module = take_out(caller, NAME, ("module", index), |resource| match resource {
        Resource::Module(module) => Some(module.clone()),
        _ => None,
    })?;
    own(caller).modules.add(NAME, module)
}

/// A stream leaves its process with the message.
fn push_tcp_stream(caller: &mut Guest<'_>, id: u64) -> Result<u64, Stop> {
    const NAME: &str = "message::push_tcp_stream";
    let socket = *own(caller).network.streams.get(NAME, id)?;
    let index = push(caller, NAME, Resource::Stream(socket))?;
    own(caller).network.streams.remove(NAME, id)?;
    Ok(index)
}

fn take_tcp_stream(caller: &mut Guest<'_>, index: u64) -> Result<u64, Stop> {
    const NAME: &str = "message::take_tcp_stream";
    let socket = take_out(caller, NAME, ("TCP stream", index), |resource| match resource {
        Resource::Stream(socket) => Some(*socket),
        _ => None,
    })?;
    own(caller).network.streams.add(NAME, socket)
}

fn push_udp_socket(caller: &mut Guest<'_>, id: u64) -> Result<u64, Stop> {
    const NAME: &str = "message::push_udp_socket";
    let socket = *own(caller).network.datagrams.get(NAME, id)?;
    let index = push(caller, NAME, Resource::Datagrams(socket))?;
    own(caller).network.datagrams.remove(NAME, id)?;
    Ok(index)
}

fn take_udp_socket(caller: &mut Guest<'_>, index: u64) -> Result<u64, Stop> {
    const NAME: &str = "message::take_udp_socket";
    let socket = take_out(caller, NAME, ("UDP socket", index), |resource| match resource {
        Resource::Datagrams(socket) => Some(*socket),
        _ => None,
    })?;
    own(caller).network.datagrams.add(NAME, socket)
}

/// There is no TLS, and so nothing to hand over.
fn push_tls_stream(caller: &mut Guest<'_>, id: u64) -> Result<u64, Stop> {
    const NAME: &str = "message::push_tls_stream";
    written(own(caller), NAME)?;
    Err(unknown(NAME, "TLS stream", id))
}

fn take_tls_stream(caller: &mut Guest<'_>, index: u64) -> Result<u64, Stop> {
    const NAME: &str = "message::take_tls_stream";
    written(own(caller), NAME)?;
    Err(misuse(&format!("{NAME}: there is no TLS stream at {index} of the message")))
}

async fn send(caller: &mut Guest<'_>, to: u64) -> Result<u32, Stop> {
    post(caller, "message::send", to).await?;
    Ok(0)
}

/// Takes the message in hand, which must be one that can be sent.
pub(super) fn take_written(caller: &mut Guest<'_>, name: &str) -> Result<Scratch, Stop> {
    written(own(caller), name)?;
    Ok(own(caller).scratch.take().expect("it was there a moment ago"))
}

/// Sends the message in hand; waits if the receiver makes its senders wait for room.
pub(super) async fn post(caller: &mut Guest<'_>, name: &'static str, to: u64) -> Result<Pid, Stop> {
    let to = process(name, to)?;
    sweep(caller, name).await?;
    let message = take_written(caller, name)?;
    let (waits, asked) = with_turn(|turn| {
        let cx = turn.cx();
        if seedbed_core::node_of(to) != cx.node_id() && !message.resources.is_empty() {
            return Err(misuse(&format!("{name}: resources do not leave their node")));
        }
        let waits = cx.send_waiting(to, message.tag as u64, &message.data);
        let waits = waits.map_err(|code| refused(name, code))?;
        let asked = parcel::send(cx, to, message.resources).map_err(|code| refused(name, code))?;
        Ok((waits, asked))
    })?;
    own(caller).network.asked(asked);
    if waits {
        until(caller, &[]).await?;
    } else {
        apply().await?;
    }
    Ok(to)
}

async fn send_receive_skip_search(
    caller: &mut Guest<'_>,
    to: u64,
    tag: i64,
    timeout: u64,
) -> Result<u32, Stop> {
    request(caller, "message::send_receive_skip_search", to, tag, timeout).await
}

/// Sends the message in hand, and waits for the answer under a tag: until the time is over, or who was
/// asked is gone.
pub(super) async fn request(
    caller: &mut Guest<'_>,
    name: &'static str,
    to: u64,
    tag: i64,
    timeout: u64,
) -> Result<u32, Stop> {
    own(caller).late.revive(tag);
    let to = post(caller, name, to).await?;
    let monitor = with_turn(|turn| turn.cx().monitor(to)).map_err(|code| refused(name, code))?;
    apply().await?;
    let timer = (timeout != FOREVER).then(|| arm(name, timeout)).transpose()?;
    let mut wants = vec![Want::DownOf(monitor.0)];
    wants.extend((tag != 0).then_some(Want::Tagged(tag as u64)));
    wants.extend(timer.map(|id| Want::Timer(id.0)));
    let (envelope, payload) = signal(until(caller, &wants).await?);
    match envelope.flags.kind() {
        Flags::MESSAGE => {
            hand(caller, &envelope, payload);
            disarm(timer);
            with_turn(|turn| turn.cx().demonitor(monitor, true)).map_err(|code| refused(name, code))?;
            apply().await?;
            Ok(0)
        }
        Flags::TIMER => {
            own(caller).late.expect(tag);
            with_turn(|turn| turn.cx().demonitor(monitor, true)).map_err(|code| refused(name, code))?;
            apply().await?;
            Ok(TIMED_OUT)
        }
        _ => {
            disarm(timer);
            Ok(TIMED_OUT)
        }
    }
}

/// What a wait for signals brings.
pub(super) fn signal(woken: Woken) -> (Envelope, Vec<u8>) {
    match woken {
        Woken::Signal(envelope, payload) => (envelope, payload),
        Woken::GoOn => unreachable!("who waits for signals is not told to go on"),
    }
}

/// Puts a message that was received in hand.
fn hand(caller: &mut Guest<'_>, envelope: &Envelope, payload: Vec<u8>) {
    let resources = with_turn(|turn| parcel::fetch(turn.cx(), envelope));
    put(own(caller), Scratch::data(envelope.tag as i64, payload, resources));
}

async fn receive(caller: &mut Guest<'_>, tags: u32, count: u32, timeout: u64) -> Result<u32, Stop> {
    const NAME: &str = "message::receive";
    let tags = tags_of(caller, (tags, count))?;
    sweep(caller, NAME).await?;
    let any = count == 0;
    let mut wants = Vec::new();
    if any {
        wants.extend([Want::Message, Want::Exit, Want::Down]);
    }
    for tag in tags {
        own(caller).late.revive(tag as i64);
        wants.extend([Want::Tagged(tag), Want::ExitTagged(tag)]);
    }
    let timer = (timeout != 0 && timeout != FOREVER).then(|| arm(NAME, timeout)).transpose()?;
    wants.extend(timer.map(|id| Want::Timer(id.0)));
    loop {
        if timeout == 0 && !is_there(caller, &wants).await? {
            return Ok(TIMED_OUT);
        }
        let (envelope, payload) = signal(until(caller, &wants).await?);
        if envelope.flags == Flags::TIMER {
            return Ok(TIMED_OUT);
        }
        if let Some(kind) = take(caller, &envelope, payload, any) {
            disarm(timer);
            return Ok(kind);
        }
    }
}

/// True if one of these is in the mailbox, when others have had their turn.
async fn is_there(caller: &mut Guest<'_>, wants: &[Want]) -> Result<bool, Stop> {
    suspend(caller, Wait::Spin).await?;
    Ok(with_turn(|turn| turn.cx().is_waiting(wants)))
}

/// Puts what came in hand, and gives its kind; nothing for what no process is told.
fn take(caller: &mut Guest<'_>, envelope: &Envelope, payload: Vec<u8>, any: bool) -> Option<u32> {
    let own = own(caller);
    let (kind, tag, reason) = match own.signals.read(envelope, &payload) {
        Received::Other if any && own.late.is(envelope.tag as i64) => {
            with_turn(|turn| {
                let text = format!("an answer under tag {} came too late", envelope.tag as i64);
                turn.cx().log(seedbed_abi::Level::Debug, &text);
            });
            return None;
        }
        Received::Other => {
            hand(caller, envelope, payload);
            return Some(0);
        }
        Received::LinkDied { pid, tag, reason, .. } => (Kind::LinkDied(pid), tag, reason),
        Received::ProcessDied { pid, reason } => (Kind::ProcessDied(pid), 0, reason),
        Received::Nothing => return None,
    };
    let data = reason.to_string().into_bytes();
    put(own, Scratch { kind, tag, data, read: 0, resources: Vec::new() });
    Some(if matches!(kind, Kind::LinkDied(_)) { 1 } else { 2 })
}

/// Tags that a receive waits for; 0 is none.
fn tags_of(caller: &mut Guest<'_>, (ptr, count): (u32, u32)) -> Result<BTreeSet<u64>, Stop> {
    const NAME: &str = "message::receive";
    if count > TAGS_MAX {
        return Err(misuse(&format!("{NAME}: {count} tags are more than {TAGS_MAX}")));
    }
    charge(caller, count * 8);
    let (bytes, _) = enter(caller, NAME)?;
    let tags = bytes.at(ptr, count * 8)?.as_chunks().0.iter().map(|tag| u64::from_le_bytes(*tag));
    Ok(tags.filter(|tag| *tag != 0).collect())
}

/// Tags under which answers are late: of requests that ran out of time. An answer under one of them
/// is nothing that a process gets that takes anything; asking for the tag again makes it one.
#[derive(Default)]
pub(super) struct Late(VecDeque<i64>);

/// The oldest are forgotten beyond so many.
const LATE_MAX: usize = 256;

impl Late {
    fn expect(&mut self, tag: i64) {
        if tag != 0 {
            self.0.push_back(tag);
            if self.0.len() > LATE_MAX {
                self.0.pop_front();
            }
        }
    }

    /// True, once for each request, if it is one.
    fn is(&mut self, tag: i64) -> bool {
        let at = self.0.iter().position(|late| *late == tag);
        at.and_then(|at| self.0.remove(at)).is_some()
    }

    fn revive(&mut self, tag: i64) {
        self.0.retain(|late| *late != tag);
    }
}

/// Sends what a timer was armed with: who has no room does not get it. Gives the operations with
/// sockets that this asks for, and what did not go along.
pub(super) fn send_late(
    cx: &mut Context<'_>,
    to: Pid,
    message: Scratch,
) -> (Vec<Correlation>, parcel::Resources) {
    let away = seedbed_core::node_of(to) != cx.node_id() && !message.resources.is_empty();
    let mut resources = message.resources;
    let sent = cx.send_tagged(to, message.tag as u64, &message.data).and_then(|()| {
        if away { Ok(Vec::new()) } else { parcel::send(cx, to, std::mem::take(&mut resources)) }
    });
    let asked = sent.unwrap_or_else(|code| {
        cx.log(seedbed_abi::Level::Warn, &format!("the message of a timer was not sent: {code}"));
        Vec::new()
    });
    (asked, resources)
}
