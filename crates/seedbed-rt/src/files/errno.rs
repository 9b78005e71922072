//! What the operating system says, by the numbers of WASI.

use seedbed_files::Errno;
use std::io::{Error, ErrorKind};

pub(super) fn errno(error: &Error) -> Errno {
    match error.kind() {
        ErrorKind::NotFound => Errno::Noent,
        // Not from the system: a path would lead out.
        ErrorKind::PermissionDenied if error.raw_os_error().is_none() => Errno::Perm,
        ErrorKind::PermissionDenied if is(error, rustix::io::Errno::PERM) => Errno::Perm,
        ErrorKind::PermissionDenied => Errno::Acces,
        ErrorKind::AlreadyExists => Errno::Exist,
        ErrorKind::NotADirectory => Errno::Notdir,
        ErrorKind::IsADirectory => Errno::Isdir,
        ErrorKind::DirectoryNotEmpty => Errno::Notempty,
        ErrorKind::ReadOnlyFilesystem => Errno::Rofs,
        ErrorKind::StorageFull => Errno::Nospc,
        ErrorKind::QuotaExceeded => Errno::Dquot,
        ErrorKind::FileTooLarge => Errno::Fbig,
        ErrorKind::ResourceBusy => Errno::Busy,
        ErrorKind::CrossesDevices => Errno::Xdev,
        ErrorKind::TooManyLinks => Errno::Mlink,
        ErrorKind::InvalidInput => Errno::Inval,
        ErrorKind::BrokenPipe => Errno::Pipe,
        ErrorKind::Unsupported => Errno::Notsup,
        ErrorKind::OutOfMemory => Errno::Nomem,
        _ if is(error, rustix::io::Errno::LOOP) => Errno::Loop,
        _ if is(error, rustix::io::Errno::NAMETOOLONG) => Errno::Nametoolong,
        _ if is(error, rustix::io::Errno::MFILE) => Errno::Mfile,
        _ if is(error, rustix::io::Errno::NFILE) => Errno::Nfile,
        _ => Errno::Io,
    }
}

fn is(error: &Error, errno: rustix::io::Errno) -> bool {
    error.raw_os_error() == Some(errno.raw_os_error())
}
