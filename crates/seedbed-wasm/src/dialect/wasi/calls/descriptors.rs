//! Descriptors as such, and the standard streams.

use super::super::abi::{CHARACTER_DEVICE, RIGHT_READ, RIGHT_WRITE};
use super::super::table::Descriptor;
use super::{Done, Errno};
use crate::blocking::{Bytes, Data, charge, enter};
use crate::host::Stop;
use wasmtime::Caller;

type Guest<'a> = Caller<'a, Data>;

/// So many pieces a read or write may have.
const VECTORS_MAX: u32 = 1_024;

pub(super) fn fd_close(caller: &mut Guest<'_>, fd: u32) -> Done {
    Ok(caller.data_mut().wasi.table.close(fd)?)
}

pub(super) fn fd_renumber(caller: &mut Guest<'_>, from: u32, to: u32) -> Done {
    Ok(caller.data_mut().wasi.table.renumber(from, to)?)
}

pub(super) fn fd_fdstat_get(caller: &mut Guest<'_>, fd: u32, to: u32) -> Done {
    let (mut bytes, data) = enter(caller, "fd_fdstat_get");
    let rights = match data.wasi.table.get(fd)? {
        Descriptor::Stdin => RIGHT_READ,
        Descriptor::Stdout | Descriptor::Stderr => RIGHT_WRITE,
    };
    let mut stat = [0; 24];
    stat[0] = CHARACTER_DEVICE;
    stat[8..16].copy_from_slice(&rights.to_le_bytes());
    Ok(bytes.write(to, &stat)?)
}

pub(super) fn fd_fdstat_set_flags(caller: &mut Guest<'_>, fd: u32, _flags: u32) -> Done {
    caller.data_mut().wasi.table.get(fd)?;
    // Streams neither append nor block.
    Err(Errno::Notsup.into())
}

pub(super) fn fd_fdstat_set_rights(caller: &mut Guest<'_>, fd: u32, _base: u64, _inheriting: u64) -> Done {
    caller.data_mut().wasi.table.get(fd)?;
    Err(Errno::Notsup.into())
}

/// No descriptor is a directory that was opened before the guest began.
pub(super) fn fd_prestat_get(_: &mut Guest<'_>, _fd: u32, _to: u32) -> Done {
    Err(Errno::Badf.into())
}

pub(super) fn fd_prestat_dir_name(_: &mut Guest<'_>, _fd: u32, _to: u32, _len: u32) -> Done {
    Err(Errno::Badf.into())
}

pub(super) fn fd_seek(caller: &mut Guest<'_>, fd: u32, _offset: u64, _whence: u32, _at: u32) -> Done {
    caller.data_mut().wasi.table.get(fd)?;
    Err(Errno::Spipe.into())
}

pub(super) fn fd_tell(caller: &mut Guest<'_>, fd: u32, _at: u32) -> Done {
    caller.data_mut().wasi.table.get(fd)?;
    Err(Errno::Spipe.into())
}

pub(super) fn fd_read(caller: &mut Guest<'_>, fd: u32, vectors: u32, count: u32, read: u32) -> Done {
    let (mut bytes, data) = enter(caller, "fd_read");
    match data.wasi.table.get(fd)? {
        Descriptor::Stdin => {
            pieces(&bytes, vectors, count)?;
            Ok(bytes.write(read, &0u32.to_le_bytes())?)
        }
        Descriptor::Stdout | Descriptor::Stderr => Err(Errno::Badf.into()),
    }
}

pub(super) fn fd_write(caller: &mut Guest<'_>, fd: u32, vectors: u32, count: u32, written: u32) -> Done {
    let all = {
        let (bytes, _) = enter(caller, "fd_write");
        pieces(&bytes, vectors, count)?.iter().try_fold(0u32, |sum, (_, len)| sum.checked_add(*len))
    };
    let all = all.ok_or(Errno::Inval)?;
    charge(caller, all);
    let (mut bytes, data) = enter(caller, "fd_write");
    let wasi = &mut data.wasi;
    let stream = match wasi.table.get(fd)? {
        Descriptor::Stdout => &mut wasi.out,
        Descriptor::Stderr => &mut wasi.err,
        Descriptor::Stdin => return Err(Errno::Badf.into()),
    };
    for (ptr, len) in pieces(&bytes, vectors, count)? {
        stream.write(bytes.at(ptr, len)?);
    }
    Ok(bytes.write(written, &all.to_le_bytes())?)
}

/// The pieces of a read or write, each within the memory.
fn pieces(bytes: &Bytes<'_>, vectors: u32, count: u32) -> Result<Vec<(u32, u32)>, super::Fail> {
    if count > VECTORS_MAX {
        return Err(Errno::Inval.into());
    }
    let piece = |n| {
        let at = bytes.nth(vectors, n, 8)?;
        let (ptr, len) = (bytes.u32(at)?, bytes.u32(bytes.nth(at, 4, 1)?)?);
        bytes.at(ptr, len)?;
        Ok((ptr, len))
    };
    Ok((0..count).map(piece).collect::<Result<_, Stop>>()?)
}

/// There are no sockets.
fn no_socket(caller: &mut Guest<'_>, fd: u32) -> Done {
    caller.data_mut().wasi.table.get(fd)?;
    Err(Errno::Notsup.into())
}

pub(super) fn sock_accept(caller: &mut Guest<'_>, fd: u32, _flags: u32, _to: u32) -> Done {
    no_socket(caller, fd)
}

pub(super) fn sock_recv(caller: &mut Guest<'_>, fd: u32, _: u32, _: u32, _: u32, _: u32, _: u32) -> Done {
    no_socket(caller, fd)
}

pub(super) fn sock_send(caller: &mut Guest<'_>, fd: u32, _: u32, _: u32, _: u32, _: u32) -> Done {
    no_socket(caller, fd)
}

pub(super) fn sock_shutdown(caller: &mut Guest<'_>, fd: u32, _how: u32) -> Done {
    no_socket(caller, fd)
}
