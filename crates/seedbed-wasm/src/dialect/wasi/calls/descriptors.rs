//! Descriptors as such: what they are, where they stand, what is known of what they stand for.

use super::super::abi::{
    FLAGS_ALL, RIGHT_READ, RIGHT_WRITE, RIGHTS_ALL, RIGHTS_OF_DIRECTORY, RIGHTS_TO_READ, RIGHTS_TO_WRITE,
    SEEK_CURRENT, SEEK_END, SEEK_SET, STREAM, dirent, fdstat, filestat,
};
use super::super::files::ask;
use super::super::table::Descriptor;
use super::io::end;
use super::{Done, Errno, Fail, Guest, times};
use crate::blocking::{charge, enter};
use seedbed_files::{Answer, DirEntry, Filetype, Op};

/// Closes what a descriptor stood for.
async fn close(caller: &mut Guest<'_>, descriptor: Option<Descriptor>) -> Done {
    if let Some(Descriptor::Open(open)) = descriptor {
        ask(caller, Op::Close { handle: open.handle }).await?;
    }
    Ok(())
}

pub(super) async fn fd_close(caller: &mut Guest<'_>, fd: u32) -> Done {
    let descriptor = caller.data_mut().wasi.table.close(fd)?;
    close(caller, Some(descriptor)).await
}

pub(super) async fn fd_renumber(caller: &mut Guest<'_>, from: u32, to: u32) -> Done {
    let before = caller.data_mut().wasi.table.renumber(from, to)?;
    close(caller, before).await
}

pub(super) async fn fd_fdstat_get(caller: &mut Guest<'_>, fd: u32, to: u32) -> Done {
    let (mut bytes, data) = enter(caller, "fd_fdstat_get");
    let stat = match data.wasi.table.get(fd)? {
        Descriptor::Stdin => fdstat(Filetype::CharacterDevice, 0, RIGHT_READ, 0),
        Descriptor::Stdout | Descriptor::Stderr => fdstat(Filetype::CharacterDevice, 0, RIGHT_WRITE, 0),
        Descriptor::Open(open) if open.is_directory() => {
            fdstat(open.filetype, open.flags, RIGHTS_OF_DIRECTORY, RIGHTS_ALL)
        }
        Descriptor::Open(open) => {
            let read = if open.read { RIGHTS_TO_READ } else { 0 };
            let write = if open.write { RIGHTS_TO_WRITE } else { 0 };
            fdstat(open.filetype, open.flags, read | write, 0)
        }
    };
    Ok(bytes.write(to, &stat)?)
}

pub(super) async fn fd_fdstat_set_flags(caller: &mut Guest<'_>, fd: u32, flags: u32) -> Done {
    // Streams neither append nor block.
    let open = caller.data_mut().wasi.table.open_mut(fd)?;
    if flags & !FLAGS_ALL != 0 {
        return Err(Errno::Inval.into());
    }
    open.flags = flags;
    Ok(())
}

/// Rights are what a descriptor was opened for.
pub(super) async fn fd_fdstat_set_rights(caller: &mut Guest<'_>, fd: u32, _: u64, _: u64) -> Done {
    caller.data().wasi.table.get(fd)?;
    Err(Errno::Notsup.into())
}

/// The name under which a descriptor was open before the guest began.
fn preopened<'c>(caller: &'c Guest<'_>, fd: u32) -> Result<&'c str, Errno> {
    match caller.data().wasi.table.get(fd)? {
        Descriptor::Open(open) => open.preopened.as_deref().ok_or(Errno::Badf),
        _ => Err(Errno::Badf),
    }
}

pub(super) async fn fd_prestat_get(caller: &mut Guest<'_>, fd: u32, to: u32) -> Done {
    let len = preopened(caller, fd)?.len() as u32;
    let mut stat = [0; 8];
    stat[4..].copy_from_slice(&len.to_le_bytes());
    Ok(enter(caller, "fd_prestat_get").0.write(to, &stat)?)
}

pub(super) async fn fd_prestat_dir_name(caller: &mut Guest<'_>, fd: u32, to: u32, len: u32) -> Done {
    let name = preopened(caller, fd)?.to_owned();
    if name.len() > len as usize {
        return Err(Errno::Nametoolong.into());
    }
    Ok(enter(caller, "fd_prestat_dir_name").0.write(to, name.as_bytes())?)
}

pub(super) async fn fd_seek(caller: &mut Guest<'_>, fd: u32, by: u64, whence: u32, at: u32) -> Done {
    let open = match caller.data().wasi.table.get(fd)? {
        Descriptor::Open(open) if open.is_directory() => return Err(Errno::Badf.into()),
        Descriptor::Open(open) => open,
        _ => return Err(Errno::Spipe.into()),
    };
    let (handle, by) = (open.handle, by.cast_signed());
    let from = match whence {
        SEEK_SET => 0,
        SEEK_CURRENT => open.offset,
        SEEK_END => stat(caller, handle).await?.size,
        _ => return Err(Errno::Inval.into()),
    };
    let to = from.checked_add_signed(by).and_then(|to| end(to, 0).ok()).ok_or(Errno::Inval)?;
    enter(caller, "fd_seek").0.write(at, &to.to_le_bytes())?;
    caller.data_mut().wasi.table.open_mut(fd)?.offset = to;
    Ok(())
}

pub(super) async fn fd_tell(caller: &mut Guest<'_>, fd: u32, at: u32) -> Done {
    let offset = match caller.data().wasi.table.get(fd)? {
        Descriptor::Open(open) if open.is_directory() => return Err(Errno::Badf.into()),
        Descriptor::Open(open) => open.offset,
        _ => return Err(Errno::Spipe.into()),
    };
    Ok(enter(caller, "fd_tell").0.write(at, &offset.to_le_bytes())?)
}

async fn stat(caller: &mut Guest<'_>, handle: u32) -> Result<seedbed_files::Stat, Fail> {
    match ask(caller, Op::Stat { handle }).await? {
        Answer::Stat(stat) => Ok(stat),
        _ => Err(Errno::Io.into()),
    }
}

pub(super) async fn fd_filestat_get(caller: &mut Guest<'_>, fd: u32, to: u32) -> Done {
    let handle = match caller.data().wasi.table.get(fd)? {
        Descriptor::Open(open) => Some(open.handle),
        _ => None,
    };
    enter(caller, "fd_filestat_get").0.at(to, 64)?;
    let stat = match handle {
        Some(handle) => stat(caller, handle).await?,
        None => STREAM,
    };
    Ok(enter(caller, "fd_filestat_get").0.write(to, &filestat(&stat))?)
}

/// A file that is open to be written to.
fn writable(caller: &Guest<'_>, fd: u32) -> Result<u32, Errno> {
    let open = caller.data().wasi.table.open(fd)?;
    if open.write && !open.is_directory() { Ok(open.handle) } else { Err(Errno::Badf) }
}

pub(super) async fn fd_filestat_set_size(caller: &mut Guest<'_>, fd: u32, size: u64) -> Done {
    let handle = writable(caller, fd)?;
    let size = end(size, 0)?;
    ask(caller, Op::SetSize { handle, size }).await?;
    Ok(())
}

pub(super) async fn fd_allocate(caller: &mut Guest<'_>, fd: u32, offset: u64, len: u64) -> Done {
    let handle = writable(caller, fd)?;
    let size = end(offset, len)?;
    if len == 0 {
        return Err(Errno::Inval.into());
    }
    ask(caller, Op::Allocate { handle, size }).await?;
    Ok(())
}

/// Advice is for who reads ahead, and nobody does.
pub(super) async fn fd_advise(caller: &mut Guest<'_>, fd: u32, _: u64, _: u64, advice: u32) -> Done {
    let open = caller.data().wasi.table.open(fd)?;
    match advice {
        _ if open.is_directory() => Err(Errno::Badf.into()),
        0..=5 => Ok(()),
        _ => Err(Errno::Inval.into()),
    }
}

pub(super) async fn fd_filestat_set_times(
    caller: &mut Guest<'_>,
    fd: u32,
    accessed: u64,
    modified: u64,
    which: u32,
) -> Done {
    let open = caller.data().wasi.table.open(fd)?;
    open.changes()?;
    let handle = open.handle;
    let (accessed, modified) = times(accessed, modified, which)?;
    ask(caller, Op::SetTimes { handle, accessed, modified }).await?;
    Ok(())
}

async fn sync(caller: &mut Guest<'_>, fd: u32, data_only: bool) -> Done {
    let handle = caller.data().wasi.table.open(fd)?.handle;
    ask(caller, Op::Sync { handle, data_only }).await?;
    Ok(())
}

pub(super) async fn fd_sync(caller: &mut Guest<'_>, fd: u32) -> Done {
    sync(caller, fd, false).await
}

pub(super) async fn fd_datasync(caller: &mut Guest<'_>, fd: u32) -> Done {
    sync(caller, fd, true).await
}

/// Lists a directory from a place on: from the beginning it is looked at, from there on shown as it was.
pub(super) async fn fd_readdir(
    caller: &mut Guest<'_>,
    fd: u32,
    buffer: u32,
    len: u32,
    cookie: u64,
    used: u32,
) -> Done {
    {
        let (bytes, data) = enter(caller, "fd_readdir");
        data.wasi.table.directory(fd)?;
        bytes.at(buffer, len)?;
        bytes.at(used, 4)?;
    }
    charge(caller, len);
    let table = &mut caller.data_mut().wasi.table;
    let handle = table.open(fd)?.handle;
    let kept = table.take_listed(handle).filter(|_| cookie != 0);
    let listed = match kept {
        Some(listed) => listed,
        None => list(caller, fd).await?,
    };
    let (mut bytes, data) = enter(caller, "fd_readdir");
    let mut all = Vec::new();
    for (n, entry) in (1..).zip(&listed).skip(usize::try_from(cookie).unwrap_or(usize::MAX)) {
        if all.len() >= len as usize {
            break;
        }
        all.extend(dirent(entry, n));
    }
    // What is cut off is asked for again: the buffer is full then, which says so.
    all.truncate(len as usize);
    bytes.write(buffer, &all)?;
    bytes.write(used, &(all.len() as u32).to_le_bytes())?;
    data.wasi.table.keep_listed(handle, listed);
    Ok(())
}

/// All names in a directory, itself and the one above first. That one is not shown.
async fn list(caller: &mut Guest<'_>, fd: u32) -> Result<Vec<DirEntry>, Fail> {
    let handle = caller.data().wasi.table.open(fd)?.handle;
    let inode = stat(caller, handle).await?.inode;
    let Answer::List(entries) = ask(caller, Op::List { handle }).await? else {
        return Err(Errno::Io.into());
    };
    let dots = [".", ".."].map(|name| DirEntry { name: name.into(), inode, filetype: Filetype::Directory });
    Ok(dots.into_iter().chain(entries).collect())
}

/// There are no sockets.
fn no_socket(caller: &Guest<'_>, fd: u32) -> Done {
    caller.data().wasi.table.get(fd)?;
    Err(Errno::Notsup.into())
}

pub(super) async fn sock_accept(caller: &mut Guest<'_>, fd: u32, _: u32, _: u32) -> Done {
    no_socket(caller, fd)
}

pub(super) async fn sock_recv(
    caller: &mut Guest<'_>,
    fd: u32,
    _: u32,
    _: u32,
    _: u32,
    _: u32,
    _: u32,
) -> Done {
    no_socket(caller, fd)
}

pub(super) async fn sock_send(caller: &mut Guest<'_>, fd: u32, _: u32, _: u32, _: u32, _: u32) -> Done {
    no_socket(caller, fd)
}

pub(super) async fn sock_shutdown(caller: &mut Guest<'_>, fd: u32, _: u32) -> Done {
    no_socket(caller, fd)
}
