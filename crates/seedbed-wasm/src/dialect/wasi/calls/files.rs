//! Files and directories: there are none, so that only streams have descriptors.

use super::super::abi::CHARACTER_DEVICE;
use super::{Done, Errno};
use crate::blocking::{Data, enter};
use wasmtime::Caller;

type Guest<'a> = Caller<'a, Data>;

/// What only a file or directory can do.
fn no_file(caller: &mut Guest<'_>, fd: u32) -> Done {
    caller.data_mut().wasi.table.get(fd)?;
    Err(Errno::Notsup.into())
}

pub(super) fn fd_filestat_get(caller: &mut Guest<'_>, fd: u32, to: u32) -> Done {
    let (mut bytes, data) = enter(caller, "fd_filestat_get");
    data.wasi.table.get(fd)?;
    let mut stat = [0; 64];
    stat[16] = CHARACTER_DEVICE;
    Ok(bytes.write(to, &stat)?)
}

pub(super) fn path_symlink(caller: &mut Guest<'_>, _: u32, _: u32, fd: u32, _: u32, _: u32) -> Done {
    no_file(caller, fd)
}

pub(super) fn fd_advise(caller: &mut Guest<'_>, fd: u32, _: u64, _: u64, _: u32) -> Done {
    no_file(caller, fd)
}

pub(super) fn fd_allocate(caller: &mut Guest<'_>, fd: u32, _: u64, _: u64) -> Done {
    no_file(caller, fd)
}

pub(super) fn fd_datasync(caller: &mut Guest<'_>, fd: u32) -> Done {
    no_file(caller, fd)
}

pub(super) fn fd_filestat_set_size(caller: &mut Guest<'_>, fd: u32, _: u64) -> Done {
    no_file(caller, fd)
}

pub(super) fn fd_filestat_set_times(caller: &mut Guest<'_>, fd: u32, _: u64, _: u64, _: u32) -> Done {
    no_file(caller, fd)
}

pub(super) fn fd_pread(caller: &mut Guest<'_>, fd: u32, _: u32, _: u32, _: u64, _: u32) -> Done {
    no_file(caller, fd)
}

pub(super) fn fd_pwrite(caller: &mut Guest<'_>, fd: u32, _: u32, _: u32, _: u64, _: u32) -> Done {
    no_file(caller, fd)
}

pub(super) fn fd_readdir(caller: &mut Guest<'_>, fd: u32, _: u32, _: u32, _: u64, _: u32) -> Done {
    no_file(caller, fd)
}

pub(super) fn fd_sync(caller: &mut Guest<'_>, fd: u32) -> Done {
    no_file(caller, fd)
}

pub(super) fn path_create_directory(caller: &mut Guest<'_>, fd: u32, _: u32, _: u32) -> Done {
    no_file(caller, fd)
}

pub(super) fn path_filestat_get(caller: &mut Guest<'_>, fd: u32, _: u32, _: u32, _: u32, _: u32) -> Done {
    no_file(caller, fd)
}

#[expect(clippy::too_many_arguments, reason = "the type is that of preview 1")]
pub(super) fn path_filestat_set_times(
    caller: &mut Guest<'_>,
    fd: u32,
    _: u32,
    _: u32,
    _: u32,
    _: u64,
    _: u64,
    _: u32,
) -> Done {
    no_file(caller, fd)
}

#[expect(clippy::too_many_arguments, reason = "the type is that of preview 1")]
pub(super) fn path_link(
    caller: &mut Guest<'_>,
    fd: u32,
    _: u32,
    _: u32,
    _: u32,
    _: u32,
    _: u32,
    _: u32,
) -> Done {
    no_file(caller, fd)
}

#[expect(clippy::too_many_arguments, reason = "the type is that of preview 1")]
pub(super) fn path_open(
    caller: &mut Guest<'_>,
    fd: u32,
    _: u32,
    _: u32,
    _: u32,
    _: u32,
    _: u64,
    _: u64,
    _: u32,
    _: u32,
) -> Done {
    no_file(caller, fd)
}

pub(super) fn path_readlink(caller: &mut Guest<'_>, fd: u32, _: u32, _: u32, _: u32, _: u32, _: u32) -> Done {
    no_file(caller, fd)
}

pub(super) fn path_remove_directory(caller: &mut Guest<'_>, fd: u32, _: u32, _: u32) -> Done {
    no_file(caller, fd)
}

pub(super) fn path_rename(caller: &mut Guest<'_>, fd: u32, _: u32, _: u32, _: u32, _: u32, _: u32) -> Done {
    no_file(caller, fd)
}

pub(super) fn path_unlink_file(caller: &mut Guest<'_>, fd: u32, _: u32, _: u32) -> Done {
    no_file(caller, fd)
}
