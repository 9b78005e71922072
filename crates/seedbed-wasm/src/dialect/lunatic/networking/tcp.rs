//! Streams, and listeners for them.

use super::address::Said;
use super::{ask, ask_if_allowed, close, done, get, hold, iterator, set, strange, tell};
use crate::blocking::{Data, charge};
use crate::dialect::lunatic::abi::{Guest, enter, functions, own, waiting, writable, write};
use crate::host::Stop;
use seedbed_sockets::{Address, Answer, BYTES_MAX, Op, Outcome, Setting};
use wasmtime::Linker;

/// So many pieces one write takes; the rest is not written.
const PIECES_MAX: u32 = 1_024;

pub(super) fn define(linker: &mut Linker<Data>) -> wasmtime::Result<()> {
    functions! { linker, "networking":
        tcp_flush(id: u64, error_to: u32) -> u32;
    }
    waiting! { linker, "networking":
        tcp_bind(kind: u32, ip: u32, port: u32, flow_info: u32, scope_id: u32, id_to: u32) -> u32;
        drop_tcp_listener(id: u64);
        tcp_local_addr(id: u64, id_to: u32) -> u32;
        tcp_accept(id: u64, id_to: u32, peer_to: u32) -> u32;
        tcp_connect(kind: u32, ip: u32, port: u32, flow_info: u32, scope_id: u32, timeout: u64, id_to: u32) -> u32;
        tcp_peer_addr(id: u64, id_to: u32) -> u32;
        drop_tcp_stream(id: u64);
        clone_tcp_stream(id: u64) -> u64;
        tcp_write_vectored(id: u64, pieces: u32, count: u32, written_to: u32) -> u32;
        tcp_peek(id: u64, ptr: u32, len: u32, read_to: u32) -> u32;
        tcp_read(id: u64, ptr: u32, len: u32, read_to: u32) -> u32;
        set_read_timeout(id: u64, ms: u64);
        set_write_timeout(id: u64, ms: u64);
        set_peek_timeout(id: u64, ms: u64);
        get_read_timeout(id: u64) -> u64;
        get_write_timeout(id: u64) -> u64;
        get_peek_timeout(id: u64) -> u64;
    }
    Ok(())
}

async fn tcp_bind(
    caller: &mut Guest<'_>,
    kind: u32,
    ip: u32,
    port: u32,
    flow_info: u32,
    scope_id: u32,
    to: u32,
) -> Result<u32, Stop> {
    const NAME: &str = "networking::tcp_bind";
    let at = Said { kind, ip, port, flow_info, scope_id }.read(caller, NAME)?;
    writable(caller, NAME, to, 8)?;
    let outcome = ask_if_allowed(caller, NAME, &Op::Listen { at }).await?;
    tell(caller, NAME, to, outcome, |caller, answer| {
        let Answer::Socket { socket, .. } = answer else { return Err(strange(NAME)) };
        own(caller).network.listeners.add(NAME, socket)
    })
}

async fn drop_tcp_listener(caller: &mut Guest<'_>, id: u64) -> Result<(), Stop> {
    const NAME: &str = "networking::drop_tcp_listener";
    let socket = own(caller).network.listeners.remove(NAME, id)?;
    close(caller, NAME, socket).await
}

async fn tcp_local_addr(caller: &mut Guest<'_>, id: u64, to: u32) -> Result<u32, Stop> {
    const NAME: &str = "networking::tcp_local_addr";
    let socket = *own(caller).network.listeners.get(NAME, id)?;
    writable(caller, NAME, to, 8)?;
    let outcome = ask(caller, NAME, &Op::Local { socket }).await?;
    tell(caller, NAME, to, outcome, |caller, answer| iterator(caller, NAME, answer))
}

/// A stream that the process holds from now on.
fn stream(
    caller: &mut Guest<'_>,
    name: &'static str,
    answer: Answer,
) -> Result<(u64, Option<Address>), Stop> {
    let Answer::Socket { socket, peer } = answer else { return Err(strange(name)) };
    Ok((own(caller).network.streams.add(name, socket)?, peer))
}

async fn tcp_accept(caller: &mut Guest<'_>, id: u64, to: u32, peer_to: u32) -> Result<u32, Stop> {
    const NAME: &str = "networking::tcp_accept";
    let socket = *own(caller).network.listeners.get(NAME, id)?;
    writable(caller, NAME, to, 8)?;
    writable(caller, NAME, peer_to, 8)?;
    let outcome = ask(caller, NAME, &Op::Accept { socket }).await?;
    tell(caller, NAME, to, outcome, |caller, answer| {
        let (id, peer) = stream(caller, NAME, answer)?;
        let peer = iterator(caller, NAME, Answer::Addresses(peer.into_iter().collect()))?;
        write(caller, NAME, peer_to, &peer.to_le_bytes())?;
        Ok(id)
    })
}

#[expect(clippy::too_many_arguments, reason = "as the guest calls it")]
async fn tcp_connect(
    caller: &mut Guest<'_>,
    kind: u32,
    ip: u32,
    port: u32,
    flow_info: u32,
    scope_id: u32,
    timeout_ms: u64,
    id_to: u32,
) -> Result<u32, Stop> {
    const NAME: &str = "networking::tcp_connect";
    let to = Said { kind, ip, port, flow_info, scope_id }.read(caller, NAME)?;
    writable(caller, NAME, id_to, 8)?;
    let outcome = ask_if_allowed(caller, NAME, &Op::Connect { to, timeout_ms }).await?;
    tell(caller, NAME, id_to, outcome, |caller, answer| Ok(stream(caller, NAME, answer)?.0))
}

async fn tcp_peer_addr(caller: &mut Guest<'_>, id: u64, to: u32) -> Result<u32, Stop> {
    const NAME: &str = "networking::tcp_peer_addr";
    let socket = *own(caller).network.streams.get(NAME, id)?;
    writable(caller, NAME, to, 8)?;
    let outcome = ask(caller, NAME, &Op::Peer { socket }).await?;
    tell(caller, NAME, to, outcome, |caller, answer| iterator(caller, NAME, answer))
}

async fn drop_tcp_stream(caller: &mut Guest<'_>, id: u64) -> Result<(), Stop> {
    const NAME: &str = "networking::drop_tcp_stream";
    let socket = own(caller).network.streams.remove(NAME, id)?;
    close(caller, NAME, socket).await
}

async fn clone_tcp_stream(caller: &mut Guest<'_>, id: u64) -> Result<u64, Stop> {
    const NAME: &str = "networking::clone_tcp_stream";
    let socket = *own(caller).network.streams.get(NAME, id)?;
    hold(caller, NAME, socket).await?;
    own(caller).network.streams.add(NAME, socket)
}

/// The bytes of pieces, up to what one operation takes; all of the pieces are in the memory.
fn gathered(
    caller: &mut Guest<'_>,
    name: &'static str,
    (pieces, count): (u32, u32),
) -> Result<Vec<u8>, Stop> {
    let (bytes, _) = enter(caller, name)?;
    let mut all = Vec::new();
    for n in 0..count.min(PIECES_MAX) {
        let at = bytes.nth(pieces, n, 8)?;
        let (ptr, len) = (bytes.u32(at)?, bytes.u32(bytes.nth(at, 4, 1)?)?);
        let piece = bytes.at(ptr, len)?;
        let room = BYTES_MAX as usize - all.len();
        all.extend_from_slice(&piece[..piece.len().min(room)]);
    }
    charge(caller, all.len() as u32 + 8 * count.min(PIECES_MAX));
    Ok(all)
}

async fn tcp_write_vectored(
    caller: &mut Guest<'_>,
    id: u64,
    pieces: u32,
    count: u32,
    to: u32,
) -> Result<u32, Stop> {
    const NAME: &str = "networking::tcp_write_vectored";
    let socket = *own(caller).network.streams.get(NAME, id)?;
    let data = gathered(caller, NAME, (pieces, count))?;
    writable(caller, NAME, to, 8)?;
    let outcome = ask(caller, NAME, &Op::Write { socket, data }).await?;
    tell(caller, NAME, to, outcome, |_, answer| match answer {
        Answer::Written(n) => Ok(n.into()),
        _ => Err(strange(NAME)),
    })
}

async fn tcp_read(caller: &mut Guest<'_>, id: u64, ptr: u32, len: u32, to: u32) -> Result<u32, Stop> {
    read(caller, "networking::tcp_read", id, (ptr, len), to, false).await
}

/// What is peeked at stays, whether there is a time-out or not.
async fn tcp_peek(caller: &mut Guest<'_>, id: u64, ptr: u32, len: u32, to: u32) -> Result<u32, Stop> {
    read(caller, "networking::tcp_peek", id, (ptr, len), to, true).await
}

async fn read(
    caller: &mut Guest<'_>,
    name: &'static str,
    id: u64,
    (ptr, len): (u32, u32),
    to: u32,
    peek: bool,
) -> Result<u32, Stop> {
    let socket = *own(caller).network.streams.get(name, id)?;
    writable(caller, name, ptr, len)?;
    writable(caller, name, to, 8)?;
    let outcome = ask(caller, name, &Op::Read { socket, len: len.min(BYTES_MAX), peek }).await?;
    took(caller, name, (ptr, len), to, outcome).map(|(code, _)| code)
}

/// Puts what was read where the guest wants it; gives whose it is, of a datagram.
pub(super) fn took(
    caller: &mut Guest<'_>,
    name: &'static str,
    (ptr, len): (u32, u32),
    to: u32,
    outcome: Outcome,
) -> Result<(u32, Option<Address>), Stop> {
    let mut peer = None;
    let code = tell(caller, name, to, outcome, |caller, answer| match answer {
        Answer::Data { data, from } if data.len() <= len as usize => {
            charge(caller, data.len() as u32);
            write(caller, name, ptr, &data)?;
            peer = from;
            Ok(data.len() as u64)
        }
        _ => Err(strange(name)),
    })?;
    Ok((code, peer))
}

/// Nothing is kept back that could be flushed.
fn tcp_flush(caller: &mut Guest<'_>, id: u64, to: u32) -> Result<u32, Stop> {
    const NAME: &str = "networking::tcp_flush";
    own(caller).network.streams.get(NAME, id)?;
    tell(caller, NAME, to, Ok(Answer::Done), done)
}

async fn set_of(
    caller: &mut Guest<'_>,
    name: &'static str,
    id: u64,
    of: Setting,
    ms: u64,
) -> Result<(), Stop> {
    let socket = *own(caller).network.streams.get(name, id)?;
    set(caller, name, socket, of, ms).await
}

async fn get_of(caller: &mut Guest<'_>, name: &'static str, id: u64, of: Setting) -> Result<u64, Stop> {
    let socket = *own(caller).network.streams.get(name, id)?;
    get(caller, name, socket, of).await
}

async fn set_read_timeout(caller: &mut Guest<'_>, id: u64, ms: u64) -> Result<(), Stop> {
    set_of(caller, "networking::set_read_timeout", id, Setting::ReadTimeout, ms).await
}

async fn set_write_timeout(caller: &mut Guest<'_>, id: u64, ms: u64) -> Result<(), Stop> {
    set_of(caller, "networking::set_write_timeout", id, Setting::WriteTimeout, ms).await
}

async fn set_peek_timeout(caller: &mut Guest<'_>, id: u64, ms: u64) -> Result<(), Stop> {
    set_of(caller, "networking::set_peek_timeout", id, Setting::PeekTimeout, ms).await
}

async fn get_read_timeout(caller: &mut Guest<'_>, id: u64) -> Result<u64, Stop> {
    get_of(caller, "networking::get_read_timeout", id, Setting::ReadTimeout).await
}

async fn get_write_timeout(caller: &mut Guest<'_>, id: u64) -> Result<u64, Stop> {
    get_of(caller, "networking::get_write_timeout", id, Setting::WriteTimeout).await
}

async fn get_peek_timeout(caller: &mut Guest<'_>, id: u64) -> Result<u64, Stop> {
    get_of(caller, "networking::get_peek_timeout", id, Setting::PeekTimeout).await
}
