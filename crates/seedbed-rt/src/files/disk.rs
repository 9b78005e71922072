//! Operations with real files.

use super::errno::errno;
use crate::clock::Clock;
use cap_fs_ext::{
    DirExt, FollowSymlinks, MetadataExt, OpenOptionsFollowExt, OpenOptionsMaybeDirExt, OpenOptionsSyncExt,
    SystemTimeSpec,
};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, File, FileType, Metadata, MetadataExt as _, OpenOptions};
use seedbed_files::{Answer, BYTES_MAX, DirEntry, Errno, Filetype, How, Op, Outcome, SetTime, Stat};
use std::collections::BTreeMap;
use std::fs::FileTimes;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::DirEntryExt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// Something that is open.
enum Open {
    File(File),
    Dir(Dir),
}

/// What is open, by owner and the number that it chose.
pub(super) struct Disk {
    roots: BTreeMap<String, PathBuf>,
    open: BTreeMap<u64, BTreeMap<u32, Open>>,
}

impl Disk {
    pub(super) fn new(roots: BTreeMap<String, PathBuf>) -> Disk {
        Disk { roots, open: BTreeMap::new() }
    }

    pub(super) fn forget(&mut self, owner: u64) {
        self.open.remove(&owner);
    }

    pub(super) fn perform(&mut self, owner: u64, op: Op) -> Outcome {
        self.performed(owner, op).unwrap_or_else(|e| Err(errno(&e)))
    }

    fn performed(&mut self, owner: u64, op: Op) -> io::Result<Outcome> {
        Ok(Ok(match op {
            Op::Root { name, handle } => {
                let Some(path) = self.roots.get(&name) else { return Ok(Err(Errno::Noent)) };
                let dir = Dir::open_ambient_dir(path, ambient_authority())?;
                self.keep(owner, handle, Open::Dir(dir));
                Answer::Opened(Filetype::Directory)
            }
            Op::Open { dir, path, how, handle } => {
                let open = match self.dir(owner, dir).map(|dir| opened(dir, &path, how)) {
                    Ok(open) => open?,
                    Err(errno) => return Ok(Err(errno)),
                };
                let filetype = match &open {
                    Ok(Open::Dir(_)) => Filetype::Directory,
                    Ok(Open::File(file)) => filetype(file.metadata()?.file_type()),
                    Err(errno) => return Ok(Err(*errno)),
                };
                self.keep(owner, handle, open.expect("an error has returned"));
                Answer::Opened(filetype)
            }
            Op::Close { handle } => match self.open.get_mut(&owner).and_then(|open| open.remove(&handle)) {
                Some(_) => Answer::Done,
                None => return Ok(Err(Errno::Badf)),
            },
            other => return self.at(owner, other),
        }))
    }

    /// Operations with what is open.
    fn at(&self, owner: u64, op: Op) -> io::Result<Outcome> {
        macro_rules! given {
            ($found:expr) => {
                match $found {
                    Ok(found) => found,
                    Err(errno) => return Ok(Err(errno)),
                }
            };
        }
        let answer = match op {
            Op::Read { handle, offset, len } => {
                let mut file = match given!(self.open(owner, handle)) {
                    Open::File(file) => file,
                    Open::Dir(_) => return Ok(Err(Errno::Isdir)),
                };
                let mut bytes = vec![0; len.min(BYTES_MAX) as usize];
                file.seek(SeekFrom::Start(offset))?;
                let read = file.read(&mut bytes)?;
                bytes.truncate(read);
                Answer::Data(bytes)
            }
            Op::Write { handle, offset, data, sync } => {
                let mut file = given!(self.file(owner, handle));
                let from = file.seek(offset.map_or(SeekFrom::End(0), SeekFrom::Start))?;
                let len = file.write(&data)?;
                if sync {
                    file.sync_data()?;
                }
                Answer::Written { len: len as u32, end: from + len as u64 }
            }
            Op::Stat { handle } => Answer::Stat(match given!(self.open(owner, handle)) {
                Open::File(file) => stat(&file.metadata()?),
                Open::Dir(dir) => stat(&dir.dir_metadata()?),
            }),
            Op::SetSize { handle, size } => {
                given!(self.file(owner, handle)).set_len(size)?;
                Answer::Done
            }
            Op::Allocate { handle, size } => {
                let file = given!(self.file(owner, handle));
                if file.metadata()?.len() < size {
                    file.set_len(size)?;
                }
                Answer::Done
            }
            Op::SetTimes { handle, accessed, modified } => {
                match given!(self.open(owner, handle)) {
                    Open::Dir(dir) => dir.set_times(".", spec(accessed), spec(modified))?,
                    Open::File(file) => {
                        let mut times = FileTimes::new();
                        if let Some(time) = time(accessed) {
                            times = times.set_accessed(time);
                        }
                        if let Some(time) = time(modified) {
                            times = times.set_modified(time);
                        }
                        file.try_clone()?.into_std().set_times(times)?;
                    }
                }
                Answer::Done
            }
            Op::Sync { handle, data_only } => {
                match given!(self.open(owner, handle)) {
                    Open::File(file) if data_only => file.sync_data()?,
                    Open::File(file) => file.sync_all()?,
                    Open::Dir(dir) => dir.try_clone()?.into_std_file().sync_all()?,
                }
                Answer::Done
            }
            Op::List { handle } => match given!(self.open(owner, handle)) {
                Open::Dir(dir) => return list(dir),
                Open::File(_) => return Ok(Err(Errno::Notdir)),
            },
            Op::PathStat { dir, path, follow } => {
                let dir = given!(self.dir(owner, dir));
                Answer::Stat(stat(&if follow { dir.metadata(path) } else { dir.symlink_metadata(path) }?))
            }
            Op::PathSetTimes { dir, path, follow, accessed, modified } => {
                let dir = given!(self.dir(owner, dir));
                if follow {
                    dir.set_times(path, spec(accessed), spec(modified))?;
                } else {
                    dir.set_symlink_times(path, spec(accessed), spec(modified))?;
                }
                Answer::Done
            }
            Op::CreateDirectory { dir, path } => {
                given!(self.dir(owner, dir)).create_dir(path)?;
                Answer::Done
            }
            Op::RemoveDirectory { dir, path } => {
                given!(self.dir(owner, dir)).remove_dir(path)?;
                Answer::Done
            }
            Op::Unlink { dir, path } => {
                given!(self.dir(owner, dir)).remove_file(path)?;
                Answer::Done
            }
            Op::Rename { dir, path, to_dir, to } => {
                let (dir, to_dir) = (given!(self.dir(owner, dir)), given!(self.dir(owner, to_dir)));
                dir.rename(path, to_dir, to)?;
                Answer::Done
            }
            Op::Link { dir, path, to_dir, to } => {
                let (dir, to_dir) = (given!(self.dir(owner, dir)), given!(self.dir(owner, to_dir)));
                dir.hard_link(path, to_dir, to)?;
                Answer::Done
            }
            Op::Symlink { target, dir, path } => {
                given!(self.dir(owner, dir)).symlink(target, path)?;
                Answer::Done
            }
            Op::ReadLink { dir, path } => {
                let target = given!(self.dir(owner, dir)).read_link(path)?;
                match target.into_os_string().into_string() {
                    Ok(text) => Answer::Text(text),
                    Err(_) => return Ok(Err(Errno::Ilseq)),
                }
            }
            Op::Root { .. } | Op::Open { .. } | Op::Close { .. } | Op::Input { .. } | Op::Output { .. } => {
                return Ok(Err(Errno::Nosys));
            }
        };
        Ok(Ok(answer))
    }

    fn keep(&mut self, owner: u64, handle: u32, open: Open) {
        self.open.entry(owner).or_default().insert(handle, open);
    }

    fn open(&self, owner: u64, handle: u32) -> Result<&Open, Errno> {
        self.open.get(&owner).and_then(|open| open.get(&handle)).ok_or(Errno::Badf)
    }

    fn file(&self, owner: u64, handle: u32) -> Result<&File, Errno> {
        match self.open(owner, handle)? {
            Open::File(file) => Ok(file),
            Open::Dir(_) => Err(Errno::Badf),
        }
    }

    fn dir(&self, owner: u64, handle: u32) -> Result<&Dir, Errno> {
        match self.open(owner, handle)? {
            Open::Dir(dir) => Ok(dir),
            Open::File(_) => Err(Errno::Notdir),
        }
    }
}

fn opened(dir: &Dir, path: &str, how: How) -> io::Result<Result<Open, Errno>> {
    let How { follow, create, exclusive, directory, truncate, read, write } = how;
    // The system wants to write where it makes or empties a file.
    let write = write || create || truncate;
    let mut options = OpenOptions::new();
    options.read(read || !write).write(write).truncate(truncate);
    options.create(create && !exclusive).create_new(create && exclusive);
    options.follow(if follow { FollowSymlinks::Yes } else { FollowSymlinks::No });
    // Neither a directory is refused, nor is it waited for who writes to a pipe.
    options.maybe_dir(true).nonblock(true);
    let file = dir.open_with(path, &options)?;
    Ok(match (file.metadata()?.is_dir(), directory) {
        (true, _) => Ok(Open::Dir(Dir::from_std_file(file.into_std()))),
        (false, true) => Err(Errno::Notdir),
        (false, false) => Ok(Open::File(file)),
    })
}

/// A directory by names, so that it does not depend on how the system keeps it.
fn list(dir: &Dir) -> io::Result<Outcome> {
    let mut entries = Vec::new();
    for entry in dir.entries()? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { return Ok(Err(Errno::Ilseq)) };
        entries.push(DirEntry { name, inode: entry.ino(), filetype: filetype(entry.file_type()?) });
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Ok(Answer::List(entries)))
}

fn filetype(ty: FileType) -> Filetype {
    if ty.is_dir() {
        Filetype::Directory
    } else if ty.is_file() {
        Filetype::File
    } else if ty.is_symlink() {
        Filetype::Link
    } else {
        Filetype::Unknown
    }
}

fn stat(of: &Metadata) -> Stat {
    let ns = |s: i64, ns: i64| {
        let ns = i128::from(s) * 1_000_000_000 + i128::from(ns);
        u64::try_from(ns.max(0)).unwrap_or(u64::MAX)
    };
    Stat {
        device: MetadataExt::dev(of),
        inode: MetadataExt::ino(of),
        filetype: filetype(of.file_type()),
        links: MetadataExt::nlink(of),
        size: of.len(),
        accessed: ns(of.atime(), of.atime_nsec()),
        modified: ns(of.mtime(), of.mtime_nsec()),
        changed: ns(of.ctime(), of.ctime_nsec()),
    }
}

fn at(ns: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_nanos(ns)
}

fn time(to: SetTime) -> Option<SystemTime> {
    match to {
        SetTime::Keep => None,
        SetTime::Now => Some(at(Clock::unix_time().as_nanos())),
        SetTime::At(ns) => Some(at(ns)),
    }
}

fn spec(to: SetTime) -> Option<SystemTimeSpec> {
    match to {
        SetTime::Keep => None,
        SetTime::Now => Some(SystemTimeSpec::SymbolicNow),
        SetTime::At(ns) => Some(SystemTimeSpec::Absolute(cap_std::time::SystemTime::from_std(at(ns)))),
    }
}
