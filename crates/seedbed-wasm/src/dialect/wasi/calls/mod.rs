//! The imports. Each is a function of the caller that says in an [`Errno`] why it did not do as asked.

mod descriptors;
mod io;
mod paths;
mod poll;
mod system;

use super::MODULE;
use super::abi::{Errno, Fail, SET_ACCESSED, SET_ACCESSED_NOW, SET_MODIFIED, SET_MODIFIED_NOW, answer};
use crate::blocking::Data;
use seedbed_files::SetTime;
use wasmtime::{Caller, Linker};

type Done = Result<(), Fail>;

/// Who calls.
type Guest<'a> = Caller<'a, Data>;

/// What two times become.
fn times(accessed: u64, modified: u64, which: u32) -> Result<(SetTime, SetTime), Errno> {
    let time = |ns, set, now| match (which & set != 0, which & now != 0) {
        (false, false) => Ok(SetTime::Keep),
        (true, false) => Ok(SetTime::At(ns)),
        (false, true) => Ok(SetTime::Now),
        (true, true) => Err(Errno::Inval),
    };
    if which > 15 {
        return Err(Errno::Inval);
    }
    Ok((time(accessed, SET_ACCESSED, SET_ACCESSED_NOW)?, time(modified, SET_MODIFIED, SET_MODIFIED_NOW)?))
}

/// Defines imports that do not wait, under the names of their functions.
macro_rules! calls {
    ($linker:ident, $module:ident: $($name:ident($($arg:ident: $ty:ty),*);)*) => {
        $($linker.func_wrap(
            MODULE,
            stringify!($name),
            |mut caller: Caller<'_, Data> $(, $arg: $ty)*| answer($module::$name(&mut caller $(, $arg)*)),
        )?;)*
    };
}

/// Defines imports that may wait.
macro_rules! waiting_calls {
    ($linker:ident, $module:ident: $($name:ident($($arg:ident: $ty:ty),*);)*) => {
        $($linker.func_wrap_async(
            MODULE,
            stringify!($name),
            |mut caller: Caller<'_, Data>, ($($arg,)*): ($($ty,)*)| {
                Box::new(async move { answer($module::$name(&mut caller $(, $arg)*).await) })
            },
        )?;)*
    };
}

/// Defines all of them.
pub(super) fn define(linker: &mut Linker<Data>) -> wasmtime::Result<()> {
    calls! { linker, system:
        args_get(argv: u32, buffer: u32);
        args_sizes_get(count: u32, bytes: u32);
        environ_get(argv: u32, buffer: u32);
        environ_sizes_get(count: u32, bytes: u32);
        clock_res_get(clock: u32, to: u32);
        clock_time_get(clock: u32, precision: u64, to: u32);
        random_get(buffer: u32, len: u32);
        proc_raise(signal: u32);
    }
    linker.func_wrap(MODULE, "proc_exit", |code: i32| -> wasmtime::Result<()> {
        Err(crate::host::Stop::Exit(code).into())
    })?;
    waiting_calls! { linker, poll:
        sched_yield();
        poll_oneoff(subscriptions: u32, events: u32, count: u32, happened: u32);
    }
    waiting_calls! { linker, io:
        fd_pread(fd: u32, vectors: u32, count: u32, offset: u64, read: u32);
        fd_pwrite(fd: u32, vectors: u32, count: u32, offset: u64, written: u32);
        fd_read(fd: u32, vectors: u32, count: u32, read: u32);
        fd_write(fd: u32, vectors: u32, count: u32, written: u32);
    }
    waiting_calls! { linker, descriptors:
        fd_advise(fd: u32, offset: u64, len: u64, advice: u32);
        fd_allocate(fd: u32, offset: u64, len: u64);
        fd_close(fd: u32);
        fd_datasync(fd: u32);
        fd_fdstat_get(fd: u32, to: u32);
        fd_fdstat_set_flags(fd: u32, flags: u32);
        fd_fdstat_set_rights(fd: u32, base: u64, inheriting: u64);
        fd_filestat_get(fd: u32, to: u32);
        fd_filestat_set_size(fd: u32, size: u64);
        fd_filestat_set_times(fd: u32, accessed: u64, modified: u64, which: u32);
        fd_prestat_get(fd: u32, to: u32);
        fd_prestat_dir_name(fd: u32, to: u32, len: u32);
        fd_readdir(fd: u32, buffer: u32, len: u32, cookie: u64, used: u32);
        fd_renumber(from: u32, to: u32);
        fd_seek(fd: u32, by: u64, whence: u32, at: u32);
        fd_sync(fd: u32);
        fd_tell(fd: u32, at: u32);
        sock_accept(fd: u32, flags: u32, to: u32);
        sock_recv(fd: u32, a: u32, b: u32, c: u32, d: u32, e: u32);
        sock_send(fd: u32, a: u32, b: u32, c: u32, d: u32);
        sock_shutdown(fd: u32, how: u32);
    }
    waiting_calls! { linker, paths:
        path_create_directory(fd: u32, path: u32, len: u32);
        path_filestat_get(fd: u32, flags: u32, path: u32, len: u32, to: u32);
        path_filestat_set_times(fd: u32, flags: u32, path: u32, len: u32, a: u64, m: u64, which: u32);
        path_link(fd: u32, flags: u32, path: u32, len: u32, other: u32, to: u32, to_len: u32);
        path_open(fd: u32, dirflags: u32, path: u32, len: u32, how: u32, base: u64, inherit: u64, flags: u32, to: u32);
        path_readlink(fd: u32, path: u32, len: u32, buffer: u32, buffer_len: u32, used: u32);
        path_remove_directory(fd: u32, path: u32, len: u32);
        path_rename(fd: u32, path: u32, len: u32, other: u32, to: u32, to_len: u32);
        path_symlink(target: u32, target_len: u32, fd: u32, path: u32, len: u32);
        path_unlink_file(fd: u32, path: u32, len: u32);
    }
    Ok(())
}
