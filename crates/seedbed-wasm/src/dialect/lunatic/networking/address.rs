//! Addresses as the guest has them: 4 or 6, a pointer to the bytes, a port; and hosts by their names.

use super::{ask_if_allowed, iterator, tell};
use crate::blocking::Data;
use crate::dialect::lunatic::abi::{Guest, enter, functions, misuse, own, text, waiting, writable, write};
use crate::host::Stop;
use seedbed_sockets::{Address, Op};
use wasmtime::Linker;

/// Bytes of the longest name of a host, with its port.
const HOST_MAX: u32 = 1_024;

pub(super) fn define(linker: &mut Linker<Data>) -> wasmtime::Result<()> {
    functions! { linker, "networking":
        drop_dns_iterator(id: u64);
        resolve_next(id: u64, type_to: u32, ip_to: u32, port_to: u32, flow_to: u32, scope_to: u32) -> u32;
    }
    waiting! { linker, "networking":
        resolve(host: u32, len: u32, timeout: u64, id_to: u32) -> u32;
    }
    Ok(())
}

/// An address as the guest says it.
#[derive(Clone, Copy)]
pub(super) struct Said {
    pub(super) kind: u32,
    pub(super) ip: u32,
    pub(super) port: u32,
    pub(super) flow_info: u32,
    pub(super) scope_id: u32,
}

impl Said {
    pub(super) fn read(self, caller: &mut Guest<'_>, name: &'static str) -> Result<Address, Stop> {
        let Said { kind, ip, port, flow_info, scope_id } = self;
        let (bytes, _) = enter(caller, name)?;
        let port = u16::try_from(port).map_err(|_| misuse(&format!("{name}: there is no port {port}")))?;
        match kind {
            4 => Ok(Address::V4 { ip: bytes.at(ip, 4)?.try_into().expect("four bytes"), port }),
            6 => {
                let ip = bytes.at(ip, 16)?.try_into().expect("sixteen bytes");
                Ok(Address::V6 { ip, port, flow_info, scope_id })
            }
            _ => Err(misuse(&format!("{name}: an address is of type 4 or 6, not {kind}"))),
        }
    }
}

async fn resolve(caller: &mut Guest<'_>, host: u32, len: u32, timeout: u64, to: u32) -> Result<u32, Stop> {
    const NAME: &str = "networking::resolve";
    let host = text(caller, NAME, (host, len), HOST_MAX)?;
    writable(caller, NAME, to, 8)?;
    let outcome = ask_if_allowed(caller, NAME, &Op::Resolve { host, timeout_ms: timeout }).await?;
    tell(caller, NAME, to, outcome, |caller, answer| iterator(caller, NAME, answer))
}

fn drop_dns_iterator(caller: &mut Guest<'_>, id: u64) -> Result<(), Stop> {
    own(caller).network.hosts.remove("networking::drop_dns_iterator", id).map(drop)
}

fn resolve_next(
    caller: &mut Guest<'_>,
    id: u64,
    type_to: u32,
    ip_to: u32,
    port_to: u32,
    flow_to: u32,
    scope_to: u32,
) -> Result<u32, Stop> {
    const NAME: &str = "networking::resolve_next";
    let Some(address) = own(caller).network.hosts.get_mut(NAME, id)?.pop_front() else { return Ok(1) };
    match address {
        Address::V4 { ip, port } => {
            write(caller, NAME, type_to, &4_u32.to_le_bytes())?;
            write(caller, NAME, ip_to, &ip)?;
            write(caller, NAME, port_to, &port.to_le_bytes())?;
        }
        Address::V6 { ip, port, flow_info, scope_id } => {
            write(caller, NAME, type_to, &6_u32.to_le_bytes())?;
            write(caller, NAME, ip_to, &ip)?;
            write(caller, NAME, port_to, &port.to_le_bytes())?;
            write(caller, NAME, flow_to, &flow_info.to_le_bytes())?;
            write(caller, NAME, scope_to, &scope_id.to_le_bytes())?;
        }
    }
    Ok(0)
}
