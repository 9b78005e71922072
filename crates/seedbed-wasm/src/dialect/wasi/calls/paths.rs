//! Calls that name files by paths. A path begins at an open directory and never leads out of it.

use super::super::abi::{
    FLAGS_ALL, FOLLOW, OPEN_CREATE, OPEN_DIRECTORY, OPEN_EXCLUSIVE, OPEN_TRUNCATE, RIGHT_READ, RIGHT_READDIR,
    RIGHT_WRITE, filestat,
};
use super::super::files::ask;
use super::super::table::Open;
use super::{Done, Errno, Fail, Guest, times};
use crate::blocking::{charge, enter};
use seedbed_files::{Answer, Filetype, How, Op, PATH_MAX};

/// A directory, and a path from there.
struct Place {
    dir: Open,
    path: String,
}

/// The place that a call names.
fn place(caller: &mut Guest<'_>, name: &'static str, fd: u32, (ptr, len): (u32, u32)) -> Result<Place, Fail> {
    let dir = caller.data().wasi.table.directory(fd)?.clone();
    Ok(Place { dir, path: text(caller, name, (ptr, len))? })
}

/// The same, where something is to change.
fn changing(
    caller: &mut Guest<'_>,
    name: &'static str,
    fd: u32,
    path: (u32, u32),
) -> Result<(u32, String), Fail> {
    let Place { dir, path } = place(caller, name, fd, path)?;
    dir.changes()?;
    Ok((dir.handle, path))
}

/// A path, as it stands in memory.
fn text(caller: &mut Guest<'_>, name: &'static str, (ptr, len): (u32, u32)) -> Result<String, Fail> {
    let text = {
        let (bytes, _) = enter(caller, name);
        let text = bytes.at(ptr, len)?;
        if text.len() > PATH_MAX {
            return Err(Errno::Nametoolong.into());
        }
        std::str::from_utf8(text).map_err(|_| Errno::Ilseq)?.to_owned()
    };
    charge(caller, len);
    if text.contains('\0') { Err(Errno::Inval.into()) } else { Ok(text) }
}

#[expect(clippy::too_many_arguments, reason = "the type is that of preview 1")]
pub(super) async fn path_open(
    caller: &mut Guest<'_>,
    fd: u32,
    dirflags: u32,
    path: u32,
    len: u32,
    how: u32,
    base: u64,
    _inheriting: u64,
    flags: u32,
    to: u32,
) -> Done {
    let Place { dir, path } = place(caller, "path_open", fd, (path, len))?;
    enter(caller, "path_open").0.at(to, 4)?;
    let is = |flag| how & flag != 0;
    let directory = is(OPEN_DIRECTORY);
    let (create, truncate) = (is(OPEN_CREATE), is(OPEN_TRUNCATE));
    if how > 15 || flags & !FLAGS_ALL != 0 || (create && directory) {
        return Err(Errno::Inval.into());
    }
    let write = base & RIGHT_WRITE != 0 && !directory;
    if write || truncate {
        dir.changes()?;
    }
    let how = How {
        follow: dirflags & FOLLOW != 0,
        // What is there may be opened where nothing may be made.
        create: create && !dir.read_only,
        exclusive: is(OPEN_EXCLUSIVE),
        directory,
        truncate,
        read: base & (RIGHT_READ | RIGHT_READDIR) != 0,
        write,
    };
    let table = &mut caller.data_mut().wasi.table;
    table.has_room()?;
    let handle = table.new_handle();
    let opened = match ask(caller, Op::Open { dir: dir.handle, path, how, handle }).await {
        Err(Fail::Errno(Errno::Noent)) if create && dir.read_only => return Err(Errno::Rofs.into()),
        opened => opened?,
    };
    let Answer::Opened(filetype) = opened else { return Err(Errno::Io.into()) };
    if create && is(OPEN_EXCLUSIVE) && dir.read_only {
        ask(caller, Op::Close { handle }).await?;
        return Err(Errno::Exist.into());
    }
    let fd = caller.data_mut().wasi.table.add(Open {
        handle,
        filetype,
        write: how.write && filetype != Filetype::Directory,
        read: how.read,
        flags,
        offset: 0,
        preopened: None,
        ..dir
    });
    Ok(enter(caller, "path_open").0.write(to, &fd.to_le_bytes())?)
}

pub(super) async fn path_filestat_get(
    caller: &mut Guest<'_>,
    fd: u32,
    flags: u32,
    path: u32,
    len: u32,
    to: u32,
) -> Done {
    let Place { dir, path } = place(caller, "path_filestat_get", fd, (path, len))?;
    enter(caller, "path_filestat_get").0.at(to, 64)?;
    let op = Op::PathStat { dir: dir.handle, path, follow: flags & FOLLOW != 0 };
    let Answer::Stat(stat) = ask(caller, op).await? else { return Err(Errno::Io.into()) };
    Ok(enter(caller, "path_filestat_get").0.write(to, &filestat(&stat))?)
}

#[expect(clippy::too_many_arguments, reason = "the type is that of preview 1")]
pub(super) async fn path_filestat_set_times(
    caller: &mut Guest<'_>,
    fd: u32,
    flags: u32,
    path: u32,
    len: u32,
    accessed: u64,
    modified: u64,
    which: u32,
) -> Done {
    let (dir, path) = changing(caller, "path_filestat_set_times", fd, (path, len))?;
    let (accessed, modified) = times(accessed, modified, which)?;
    let follow = flags & FOLLOW != 0;
    ask(caller, Op::PathSetTimes { dir, path, follow, accessed, modified }).await?;
    Ok(())
}

pub(super) async fn path_create_directory(caller: &mut Guest<'_>, fd: u32, path: u32, len: u32) -> Done {
    let (dir, path) = changing(caller, "path_create_directory", fd, (path, len))?;
    ask(caller, Op::CreateDirectory { dir, path }).await?;
    Ok(())
}

pub(super) async fn path_remove_directory(caller: &mut Guest<'_>, fd: u32, path: u32, len: u32) -> Done {
    let (dir, path) = changing(caller, "path_remove_directory", fd, (path, len))?;
    ask(caller, Op::RemoveDirectory { dir, path }).await?;
    Ok(())
}

pub(super) async fn path_unlink_file(caller: &mut Guest<'_>, fd: u32, path: u32, len: u32) -> Done {
    let (dir, path) = changing(caller, "path_unlink_file", fd, (path, len))?;
    ask(caller, Op::Unlink { dir, path }).await?;
    Ok(())
}

/// Two places of one mount, where something is to change.
fn both(
    caller: &mut Guest<'_>,
    name: &'static str,
    (fd, path): (u32, (u32, u32)),
    (to_fd, to): (u32, (u32, u32)),
) -> Result<(Place, Place), Fail> {
    let from = place(caller, name, fd, path)?;
    let to = place(caller, name, to_fd, to)?;
    from.dir.changes()?;
    to.dir.changes()?;
    if from.dir.mount == to.dir.mount { Ok((from, to)) } else { Err(Errno::Xdev.into()) }
}

pub(super) async fn path_rename(
    caller: &mut Guest<'_>,
    fd: u32,
    path: u32,
    len: u32,
    to_fd: u32,
    to: u32,
    to_len: u32,
) -> Done {
    let (from, to) = both(caller, "path_rename", (fd, (path, len)), (to_fd, (to, to_len)))?;
    let (dir, to_dir) = (from.dir.handle, to.dir.handle);
    ask(caller, Op::Rename { dir, path: from.path, to_dir, to: to.path }).await?;
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "the type is that of preview 1")]
pub(super) async fn path_link(
    caller: &mut Guest<'_>,
    fd: u32,
    flags: u32,
    path: u32,
    len: u32,
    to_fd: u32,
    to: u32,
    to_len: u32,
) -> Done {
    let (from, to) = both(caller, "path_link", (fd, (path, len)), (to_fd, (to, to_len)))?;
    if flags & FOLLOW != 0 {
        return Err(Errno::Inval.into());
    }
    let (dir, to_dir) = (from.dir.handle, to.dir.handle);
    ask(caller, Op::Link { dir, path: from.path, to_dir, to: to.path }).await?;
    Ok(())
}

pub(super) async fn path_symlink(
    caller: &mut Guest<'_>,
    target: u32,
    target_len: u32,
    fd: u32,
    path: u32,
    len: u32,
) -> Done {
    let (dir, path) = changing(caller, "path_symlink", fd, (path, len))?;
    let target = text(caller, "path_symlink", (target, target_len))?;
    ask(caller, Op::Symlink { target, dir, path }).await?;
    Ok(())
}

pub(super) async fn path_readlink(
    caller: &mut Guest<'_>,
    fd: u32,
    path: u32,
    len: u32,
    buffer: u32,
    buffer_len: u32,
    used: u32,
) -> Done {
    let Place { dir, path } = place(caller, "path_readlink", fd, (path, len))?;
    {
        let (bytes, _) = enter(caller, "path_readlink");
        bytes.at(buffer, buffer_len)?;
        bytes.at(used, 4)?;
    }
    let Answer::Text(target) = ask(caller, Op::ReadLink { dir: dir.handle, path }).await? else {
        return Err(Errno::Io.into());
    };
    let (mut bytes, _) = enter(caller, "path_readlink");
    let len = target.len().min(buffer_len as usize);
    bytes.write(buffer, &target.as_bytes()[..len])?;
    Ok(bytes.write(used, &(len as u32).to_le_bytes())?)
}
