//! Datagrams.

use super::address::Said;
use super::tcp::took;
use super::{ask, ask_if_allowed, close, done, get, hold, iterator, set, strange, tell};
use crate::blocking::{Data, charge};
use crate::dialect::lunatic::abi::{Guest, enter, own, waiting, writable, write};
use crate::dialect::lunatic::process::fail;
use crate::host::Stop;
use seedbed_sockets::{Address, Answer, BYTES_MAX, Fault, Op, Setting};
use wasmtime::Linker;

pub(super) fn define(linker: &mut Linker<Data>) -> wasmtime::Result<()> {
    waiting! { linker, "networking":
        udp_bind(kind: u32, ip: u32, port: u32, flow_info: u32, scope_id: u32, id_to: u32) -> u32;
        udp_local_addr(id: u64, id_to: u32) -> u32;
        udp_peer_addr(id: u64, id_to: u32) -> u32;
        drop_udp_socket(id: u64);
        udp_receive(id: u64, ptr: u32, len: u32, read_to: u32) -> u32;
        udp_receive_from(id: u64, ptr: u32, len: u32, read_to: u32, peer_to: u32) -> u32;
        udp_connect(id: u64, kind: u32, ip: u32, port: u32, flow_info: u32, scope_id: u32, timeout: u64, error_to: u32) -> u32;
        clone_udp_socket(id: u64) -> u64;
        set_udp_socket_broadcast(id: u64, on: u32);
        get_udp_socket_broadcast(id: u64) -> i32;
        set_udp_socket_ttl(id: u64, ttl: u32);
        get_udp_socket_ttl(id: u64) -> u32;
        udp_send_to(id: u64, ptr: u32, len: u32, kind: u32, ip: u32, port: u32, flow_info: u32, scope_id: u32, written_to: u32) -> u32;
        udp_send(id: u64, ptr: u32, len: u32, written_to: u32) -> u32;
    }
    Ok(())
}

async fn udp_bind(
    caller: &mut Guest<'_>,
    kind: u32,
    ip: u32,
    port: u32,
    flow_info: u32,
    scope_id: u32,
    to: u32,
) -> Result<u32, Stop> {
    const NAME: &str = "networking::udp_bind";
    let at = Said { kind, ip, port, flow_info, scope_id }.read(caller, NAME)?;
    writable(caller, NAME, to, 8)?;
    let outcome = ask_if_allowed(caller, NAME, &Op::Bind { at }).await?;
    tell(caller, NAME, to, outcome, |caller, answer| {
        let Answer::Socket { socket, .. } = answer else { return Err(strange(NAME)) };
        own(caller).network.datagrams.add(NAME, socket)
    })
}

async fn udp_local_addr(caller: &mut Guest<'_>, id: u64, to: u32) -> Result<u32, Stop> {
    const NAME: &str = "networking::udp_local_addr";
    let socket = *own(caller).network.datagrams.get(NAME, id)?;
    writable(caller, NAME, to, 8)?;
    let outcome = ask(caller, NAME, &Op::Local { socket }).await?;
    tell(caller, NAME, to, outcome, |caller, answer| iterator(caller, NAME, answer))
}

/// An error that is another than that the socket has no other side is 2.
async fn udp_peer_addr(caller: &mut Guest<'_>, id: u64, to: u32) -> Result<u32, Stop> {
    const NAME: &str = "networking::udp_peer_addr";
    let socket = *own(caller).network.datagrams.get(NAME, id)?;
    writable(caller, NAME, to, 8)?;
    match ask(caller, NAME, &Op::Peer { socket }).await? {
        Err(fault) if fault != Fault::NotConnected => {
            fail(caller, NAME, fault.to_string(), to)?;
            Ok(2)
        }
        outcome => tell(caller, NAME, to, outcome, |caller, answer| iterator(caller, NAME, answer)),
    }
}

async fn drop_udp_socket(caller: &mut Guest<'_>, id: u64) -> Result<(), Stop> {
    const NAME: &str = "networking::drop_udp_socket";
    let socket = own(caller).network.datagrams.remove(NAME, id)?;
    close(caller, NAME, socket).await
}

async fn clone_udp_socket(caller: &mut Guest<'_>, id: u64) -> Result<u64, Stop> {
    const NAME: &str = "networking::clone_udp_socket";
    let socket = *own(caller).network.datagrams.get(NAME, id)?;
    hold(caller, NAME, socket).await?;
    own(caller).network.datagrams.add(NAME, socket)
}

async fn udp_receive(caller: &mut Guest<'_>, id: u64, ptr: u32, len: u32, to: u32) -> Result<u32, Stop> {
    let at = (ptr, len);
    receive(caller, "networking::udp_receive", id, at, to, true).await.map(|(code, _)| code)
}

async fn udp_receive_from(
    caller: &mut Guest<'_>,
    id: u64,
    ptr: u32,
    len: u32,
    to: u32,
    peer_to: u32,
) -> Result<u32, Stop> {
    const NAME: &str = "networking::udp_receive_from";
    writable(caller, NAME, peer_to, 8)?;
    let (code, peer) = receive(caller, NAME, id, (ptr, len), to, false).await?;
    if code == 0 {
        let peer = iterator(caller, NAME, Answer::Addresses(peer.into_iter().collect()))?;
        write(caller, NAME, peer_to, &peer.to_le_bytes())?;
    }
    Ok(code)
}

async fn receive(
    caller: &mut Guest<'_>,
    name: &'static str,
    id: u64,
    (ptr, len): (u32, u32),
    to: u32,
    aimed: bool,
) -> Result<(u32, Option<Address>), Stop> {
    let socket = *own(caller).network.datagrams.get(name, id)?;
    writable(caller, name, ptr, len)?;
    writable(caller, name, to, 8)?;
    let outcome = ask(caller, name, &Op::Receive { socket, len: len.min(BYTES_MAX), aimed }).await?;
    took(caller, name, (ptr, len), to, outcome)
}

/// Nothing is said to the other side, so that it takes no time to wait for.
#[expect(clippy::too_many_arguments, reason = "as the guest calls it")]
async fn udp_connect(
    caller: &mut Guest<'_>,
    id: u64,
    kind: u32,
    ip: u32,
    port: u32,
    flow_info: u32,
    scope_id: u32,
    _timeout: u64,
    error_to: u32,
) -> Result<u32, Stop> {
    const NAME: &str = "networking::udp_connect";
    let socket = *own(caller).network.datagrams.get(NAME, id)?;
    let to = Said { kind, ip, port, flow_info, scope_id }.read(caller, NAME)?;
    writable(caller, NAME, error_to, 8)?;
    let outcome = ask(caller, NAME, &Op::Aim { socket, to }).await?;
    tell(caller, NAME, error_to, outcome, done)
}

async fn set_udp_socket_broadcast(caller: &mut Guest<'_>, id: u64, on: u32) -> Result<(), Stop> {
    const NAME: &str = "networking::set_udp_socket_broadcast";
    let socket = *own(caller).network.datagrams.get(NAME, id)?;
    set(caller, NAME, socket, Setting::Broadcast, u64::from(on != 0)).await
}

async fn get_udp_socket_broadcast(caller: &mut Guest<'_>, id: u64) -> Result<i32, Stop> {
    const NAME: &str = "networking::get_udp_socket_broadcast";
    let socket = *own(caller).network.datagrams.get(NAME, id)?;
    Ok(i32::from(get(caller, NAME, socket, Setting::Broadcast).await? != 0))
}

async fn set_udp_socket_ttl(caller: &mut Guest<'_>, id: u64, ttl: u32) -> Result<(), Stop> {
    const NAME: &str = "networking::set_udp_socket_ttl";
    let socket = *own(caller).network.datagrams.get(NAME, id)?;
    set(caller, NAME, socket, Setting::Ttl, ttl.into()).await
}

async fn get_udp_socket_ttl(caller: &mut Guest<'_>, id: u64) -> Result<u32, Stop> {
    const NAME: &str = "networking::get_udp_socket_ttl";
    let socket = *own(caller).network.datagrams.get(NAME, id)?;
    let ttl = get(caller, NAME, socket, Setting::Ttl).await?;
    u32::try_from(ttl).map_err(|_| strange(NAME))
}

#[expect(clippy::too_many_arguments, reason = "as the guest calls it")]
async fn udp_send_to(
    caller: &mut Guest<'_>,
    id: u64,
    ptr: u32,
    len: u32,
    kind: u32,
    ip: u32,
    port: u32,
    flow_info: u32,
    scope_id: u32,
    written_to: u32,
) -> Result<u32, Stop> {
    const NAME: &str = "networking::udp_send_to";
    let to = Said { kind, ip, port, flow_info, scope_id }.read(caller, NAME)?;
    send(caller, NAME, id, (ptr, len), Some(to), written_to).await
}

async fn udp_send(caller: &mut Guest<'_>, id: u64, ptr: u32, len: u32, to: u32) -> Result<u32, Stop> {
    send(caller, "networking::udp_send", id, (ptr, len), None, to).await
}

async fn send(
    caller: &mut Guest<'_>,
    name: &'static str,
    id: u64,
    (ptr, len): (u32, u32),
    to: Option<Address>,
    written_to: u32,
) -> Result<u32, Stop> {
    let socket = *own(caller).network.datagrams.get(name, id)?;
    writable(caller, name, written_to, 8)?;
    let bytes = enter(caller, name)?.0;
    let bytes = bytes.at(ptr, len)?;
    // Of one that is too long so much is copied that it still is.
    let data = bytes[..bytes.len().min(BYTES_MAX as usize)].to_vec();
    charge(caller, data.len() as u32);
    let outcome = ask(caller, name, &Op::Send { socket, data, to }).await?;
    tell(caller, name, written_to, outcome, |_, answer| match answer {
        Answer::Written(n) => Ok(n.into()),
        _ => Err(strange(name)),
    })
}
