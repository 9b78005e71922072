//! A disk in memory: the files of one node of a simulation.
//!
//! The same in every run: directories are ordered by name, inodes have numbers in the order of their
//! making, times are those that the caller says. An operation is done when it completes. What is
//! unlinked while it is open lasts until it is closed. What was not synced a crash may take back.
//!
//! - `inodes.rs`: what is on the disk. `walk.rs`: from paths to inodes. `change.rs`: what changes directories.
//! - `unsynced.rs`: what a crash may take back.

mod change;
mod inodes;
mod unsynced;
mod walk;

use crate::image::Image;
use crate::op::{Answer, DirEntry, Filetype, How, Op, Outcome, SetTime};
use crate::{BYTES_MAX, Errno, PATH_MAX};
use inodes::{Inodes, Kind};
use std::collections::{BTreeMap, BTreeSet};
use walk::Found;

/// So many bytes a disk takes beside what its images hold; an inode takes 4 KiB of them.
pub const ROOM: u64 = 256 << 20;

/// Open files and directories of one owner.
#[derive(Clone, Debug, Default)]
struct Owner(BTreeMap<u32, u64>);

/// The disk of a node, with what is open on it.
#[derive(Clone, Debug, Default)]
pub struct MemoryDisk {
    inodes: Inodes,
    roots: BTreeMap<String, u64>,
    /// By owner, and the number that it chose: inodes.
    open: BTreeMap<u64, Owner>,
}

/// What a crash may take back, each from its end on. What it does not, is synced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unsynced {
    /// Files with changes that were not synced, in the order of their paths.
    pub files: Vec<UnsyncedFile>,
    /// How many operations that made, removed or renamed something were not synced.
    pub names: usize,
}

/// A file with changes that were not synced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsyncedFile {
    /// The directory's name, and the first path to it from there, with `/`; where that is longer than a path can
    /// be, it begins again with `#` and the number of an inode.
    pub path: String,
    inode: u64,
    /// How many changes, at most the last 64.
    pub changes: usize,
}

impl MemoryDisk {
    /// A disk with these directories, made at a time in nanoseconds since 1970. One whose name lies
    /// within another's (`data/in` in `data`) is that part of it.
    pub fn new(images: &BTreeMap<String, Image>, now: u64) -> MemoryDisk {
        let mut disk = MemoryDisk::default();
        for (name, image) in images {
            let inside = |root: &str| name.strip_prefix(root).and_then(|rest| rest.strip_prefix('/'));
            let outer = disk.roots.iter().rev().find_map(|(root, inode)| Some((*inode, inside(root)?)));
            let within = outer.and_then(|(root, path)| disk.directory_at(root, path).ok());
            let inode = within.unwrap_or_else(|| {
                let inode = disk.inodes.load(image, now);
                disk.inodes.hold(inode);
                inode
            });
            disk.roots.insert(name.clone(), inode);
        }
        disk.inodes.fill();
        disk
    }

    /// Does an operation of an owner (a life of an actor), at a time in nanoseconds since 1970.
    ///
    /// # Errors
    /// Why it was not done.
    pub fn perform(&mut self, owner: u64, op: Op, now: u64) -> Outcome {
        let outcome = self.does(owner, op, now);
        self.inodes.done();
        outcome
    }

    fn does(&mut self, owner: u64, op: Op, now: u64) -> Outcome {
        match op {
            Op::Root { name, handle } => {
                let inode = *self.roots.get(&name).ok_or(Errno::Noent)?;
                self.keep(owner, handle, inode);
                Ok(Answer::Opened(Filetype::Directory))
            }
            Op::Open { dir, path, how, handle } => {
                let inode = self.opened(self.inode(owner, dir)?, &path, how, now)?;
                self.keep(owner, handle, inode);
                Ok(Answer::Opened(self.inodes.get(inode).kind.filetype()))
            }
            Op::Close { handle } => {
                let open = self.open.get_mut(&owner).and_then(|o| o.0.remove(&handle));
                self.inodes.let_go(open.ok_or(Errno::Badf)?);
                Ok(Answer::Done)
            }
            Op::Read { handle, offset, len } => self.read(owner, handle, offset, len, now),
            Op::Write { handle, offset, data, sync } => {
                let written = self.write(owner, handle, offset, &data, now)?;
                if sync {
                    self.inodes.sync(self.file(owner, handle)?);
                }
                Ok(written)
            }
            Op::Stat { handle } => Ok(Answer::Stat(self.inodes.stat(self.inode(owner, handle)?))),
            Op::SetSize { handle, size } => {
                let inode = self.file(owner, handle)?;
                self.inodes.resize(inode, size, now).map(|()| Answer::Done)
            }
            Op::Allocate { handle, size } => {
                let inode = self.file(owner, handle)?;
                if self.inodes.get(inode).kind.size() < size {
                    self.inodes.resize(inode, size, now)?;
                }
                Ok(Answer::Done)
            }
            Op::SetTimes { handle, accessed, modified } => {
                let inode = self.inode(owner, handle)?;
                Ok(self.set_times(inode, accessed, modified, now))
            }
            Op::Sync { handle, data_only } => {
                self.inodes.sync(self.inode(owner, handle)?);
                if !data_only {
                    self.inodes.sync_names();
                }
                Ok(Answer::Done)
            }
            Op::List { handle } => self.list(owner, handle),
            Op::PathStat { dir, path, follow } => {
                let inode = self.at(self.inode(owner, dir)?, &path, follow)?;
                Ok(Answer::Stat(self.inodes.stat(inode)))
            }
            Op::PathSetTimes { dir, path, follow, accessed, modified } => {
                let inode = self.at(self.inode(owner, dir)?, &path, follow)?;
                Ok(self.set_times(inode, accessed, modified, now))
            }
            Op::ReadLink { dir, path } => {
                match &self.inodes.get(self.at(self.inode(owner, dir)?, &path, false)?).kind {
                    Kind::Link(target) if target.starts_with('/') => Err(Errno::Perm),
                    Kind::Link(target) => Ok(Answer::Text(target.clone())),
                    _ => Err(Errno::Inval),
                }
            }
            Op::CreateDirectory { dir, path } => self.create_directory(self.inode(owner, dir)?, &path, now),
            Op::RemoveDirectory { dir, path } => self.remove_directory(self.inode(owner, dir)?, &path, now),
            Op::Unlink { dir, path } => self.unlink(self.inode(owner, dir)?, &path, now),
            Op::Rename { dir, path, to_dir, to } => {
                self.rename((self.inode(owner, dir)?, &path), (self.inode(owner, to_dir)?, &to), now)
            }
            Op::Link { dir, path, to_dir, to } => {
                self.link((self.inode(owner, dir)?, &path), (self.inode(owner, to_dir)?, &to), now)
            }
            Op::Symlink { target, dir, path } => self.symlink(target, self.inode(owner, dir)?, &path, now),
            Op::Input { .. } => Ok(Answer::Data(Vec::new())),
            Op::Output { data, .. } => Ok(Answer::Written { len: data.len() as u32, end: 0 }),
        }
    }

    /// Closes all that an owner has open.
    pub fn forget(&mut self, owner: u64) {
        for inode in self.open.remove(&owner).unwrap_or_default().0.into_values() {
            self.inodes.let_go(inode);
        }
    }

    /// A crash closes all that anybody has open, and may take back what was not synced: see [`Unsynced`].
    pub fn crash(&mut self) -> Unsynced {
        for owner in self.open.keys().copied().collect::<Vec<_>>() {
            self.forget(owner);
        }
        Unsynced { files: self.unsynced_files(), names: self.inodes.unsynced_names() }
    }

    /// Files with a name that have unsynced changes, by their first paths. However deep a guest has laid one
    /// directory in the other, it takes no stack, and no path that nobody could say.
    fn unsynced_files(&self) -> Vec<UnsyncedFile> {
        let (mut files, mut seen) = (Vec::new(), BTreeSet::new());
        let mut todo: Vec<(String, u64)> =
            self.roots.iter().rev().map(|(name, root)| (name.clone(), *root)).collect();
        while let Some((path, inode)) = todo.pop() {
            if !seen.insert(inode) {
                continue;
            }
            if let Kind::Directory(entries) = &self.inodes.get(inode).kind {
                let below = |name: &str, inode: u64| match path.len() + name.len() < PATH_MAX {
                    true => format!("{path}/{name}"),
                    false => format!("#{inode}"),
                };
                todo.extend(entries.iter().rev().map(|(name, inode)| (below(name, *inode), *inode)));
                continue;
            }
            let changes = self.inodes.unsynced(inode);
            if changes > 0 {
                files.push(UnsyncedFile { path, inode, changes });
            }
        }
        files
    }

    /// In a crash, the last changes of a file's bytes are lost, but for so many of so many parts of what the
    /// first of those wrote.
    pub fn lose(&mut self, file: &UnsyncedFile, changes: usize, parts: (u32, u32)) {
        self.inodes.lose(file.inode, changes, parts);
    }

    /// In a crash, and after the changes of files, the last changes of names are lost.
    ///
    /// # Panics
    /// If there are not so many, see [`Unsynced`].
    pub fn lose_names(&mut self, changes: usize) {
        self.inodes.lose_names(changes);
    }

    fn keep(&mut self, owner: u64, handle: u32, inode: u64) {
        self.inodes.hold(inode);
        if let Some(before) = self.open.entry(owner).or_default().0.insert(handle, inode) {
            self.inodes.let_go(before);
        }
    }

    fn inode(&self, owner: u64, handle: u32) -> Result<u64, Errno> {
        self.open.get(&owner).and_then(|o| o.0.get(&handle)).copied().ok_or(Errno::Badf)
    }

    /// The inode of an open file.
    fn file(&self, owner: u64, handle: u32) -> Result<u64, Errno> {
        let inode = self.inode(owner, handle)?;
        match self.inodes.get(inode).kind {
            Kind::File(_) => Ok(inode),
            _ => Err(Errno::Badf),
        }
    }

    fn opened(&mut self, dir: u64, path: &str, how: How, now: u64) -> Result<u64, Errno> {
        let How { follow, create, exclusive, directory, truncate, write, .. } = how;
        let follow = follow && !(create && exclusive);
        let found = self.walk(dir, path, follow)?;
        let slash = found.is_directory_only();
        let Some(inode) = found.inode() else {
            let Found::Entry { dir, name, .. } = found else { return Err(Errno::Noent) };
            return match (create, slash || directory) {
                (false, _) => Err(Errno::Noent),
                (true, true) => Err(if directory { Errno::Inval } else { Errno::Isdir }),
                (true, false) => self.inodes.add(dir, name, Kind::File(Default::default()), now),
            };
        };
        if create && exclusive {
            return Err(Errno::Exist);
        }
        match self.inodes.get(inode).kind {
            Kind::Link(_) => Err(Errno::Loop),
            Kind::Directory(_) if write || truncate || create => Err(Errno::Isdir),
            Kind::File(_) if directory || slash => Err(Errno::Notdir),
            Kind::File(_) if truncate => self.inodes.resize(inode, 0, now).map(|()| inode),
            _ => Ok(inode),
        }
    }

    fn read(&mut self, owner: u64, handle: u32, offset: u64, len: u32, now: u64) -> Outcome {
        let inode = self.inode(owner, handle)?;
        let node = self.inodes.get_mut(inode);
        let Kind::File(bytes) = &node.kind else { return Err(Errno::Isdir) };
        node.accessed = now;
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        let to = from.saturating_add(len.min(BYTES_MAX) as usize).min(bytes.len());
        Ok(Answer::Data(bytes[from..to].to_vec()))
    }

    fn write(&mut self, owner: u64, handle: u32, offset: Option<u64>, data: &[u8], now: u64) -> Outcome {
        let inode = self.file(owner, handle)?;
        let size = self.inodes.get(inode).kind.size();
        let from = offset.unwrap_or(size);
        let end = from.checked_add(data.len() as u64).ok_or(Errno::Fbig)?;
        if data.is_empty() {
            return Ok(Answer::Written { len: 0, end: from });
        }
        self.inodes.put(inode, from, data, now)?;
        Ok(Answer::Written { len: data.len() as u32, end })
    }

    fn list(&self, owner: u64, handle: u32) -> Outcome {
        match &self.inodes.get(self.inode(owner, handle)?).kind {
            Kind::Directory(entries) => {
                let entry = |(name, inode): (&String, &u64)| {
                    let filetype = self.inodes.get(*inode).kind.filetype();
                    DirEntry { name: name.clone(), inode: *inode, filetype }
                };
                Ok(Answer::List(entries.iter().map(entry).collect()))
            }
            _ => Err(Errno::Notdir),
        }
    }

    fn set_times(&mut self, inode: u64, accessed: SetTime, modified: SetTime, now: u64) -> Answer {
        let node = self.inodes.get_mut(inode);
        let set = |time: &mut u64, to: SetTime| match to {
            SetTime::Keep => {}
            SetTime::Now => *time = now,
            SetTime::At(ns) => *time = ns,
        };
        set(&mut node.accessed, accessed);
        set(&mut node.modified, modified);
        node.changed = now;
        Answer::Done
    }

    /// What is known of the whole disk, for tests: how many inodes, and bytes in files.
    #[cfg(test)]
    fn used(&self) -> (usize, u64) {
        self.inodes.used()
    }
}

#[cfg(test)]
mod tests;
