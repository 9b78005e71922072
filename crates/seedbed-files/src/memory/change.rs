//! What changes directories.

use super::inodes::Kind;
use super::walk::Found;
use super::{MemoryDisk, Outcome};
use crate::op::Answer;
use crate::{Errno, PATH_MAX};
use std::collections::BTreeMap;

/// A name in a directory, with what has it.
struct Named {
    dir: u64,
    name: String,
    inode: u64,
}

impl MemoryDisk {
    /// A name that is free, for something new. Only a directory's may end with `/`.
    fn free(&self, dir: u64, path: &str, for_directory: bool) -> Result<(u64, String), Errno> {
        match self.walk(dir, path, false)? {
            Found::Entry { inode: None, slash: true, .. } if !for_directory => Err(Errno::Noent),
            // A directory that was removed while it is open takes no more names.
            Found::Entry { dir, inode: None, .. } if self.is_gone(dir) => Err(Errno::Noent),
            Found::Entry { dir, name, inode: None, .. } => Ok((dir, name)),
            _ => Err(Errno::Exist),
        }
    }

    fn is_gone(&self, dir: u64) -> bool {
        self.inodes.get(dir).links == 0 && !self.roots.values().any(|root| *root == dir)
    }

    /// A name that something has.
    fn named(&self, dir: u64, path: &str, no_name: Errno) -> Result<(Named, bool), Errno> {
        match self.walk(dir, path, false)? {
            Found::Directory(_) => Err(no_name),
            Found::Entry { inode: None, .. } => Err(Errno::Noent),
            Found::Entry { dir, name, inode: Some(inode), slash } => Ok((Named { dir, name, inode }, slash)),
        }
    }

    fn is_directory(&self, inode: u64) -> bool {
        matches!(self.inodes.get(inode).kind, Kind::Directory(_))
    }

    fn is_empty(&self, inode: u64) -> bool {
        matches!(&self.inodes.get(inode).kind, Kind::Directory(entries) if entries.is_empty())
    }

    pub(super) fn create_directory(&mut self, dir: u64, path: &str, now: u64) -> Outcome {
        let (dir, name) = self.free(dir, path, true)?;
        self.inodes.add(dir, name, Kind::Directory(BTreeMap::new()), now)?;
        Ok(Answer::Done)
    }

    pub(super) fn symlink(&mut self, target: String, dir: u64, path: &str, now: u64) -> Outcome {
        match target.as_str() {
            "" => return Err(Errno::Noent),
            _ if target.starts_with('/') => return Err(Errno::Perm),
            _ if target.len() > PATH_MAX => return Err(Errno::Nametoolong),
            _ => {}
        }
        let (dir, name) = self.free(dir, path, false)?;
        self.inodes.add(dir, name, Kind::Link(target), now)?;
        Ok(Answer::Done)
    }

    pub(super) fn remove_directory(&mut self, dir: u64, path: &str, now: u64) -> Outcome {
        let (Named { dir, name, inode }, _) = self.named(dir, path, Errno::Inval)?;
        if !self.is_directory(inode) {
            return Err(Errno::Notdir);
        }
        if !self.is_empty(inode) {
            return Err(Errno::Notempty);
        }
        self.inodes.unname(dir, &name, now);
        self.inodes.reap(inode);
        Ok(Answer::Done)
    }

    pub(super) fn unlink(&mut self, dir: u64, path: &str, now: u64) -> Outcome {
        let (Named { dir, name, inode }, slash) = self.named(dir, path, Errno::Isdir)?;
        if self.is_directory(inode) {
            return Err(Errno::Isdir);
        }
        if slash {
            return Err(Errno::Notdir);
        }
        self.inodes.unname(dir, &name, now);
        self.inodes.reap(inode);
        Ok(Answer::Done)
    }

    pub(super) fn link(&mut self, (dir, path): (u64, &str), (to_dir, to): (u64, &str), now: u64) -> Outcome {
        let (old, slash) = self.named(dir, path, Errno::Perm)?;
        if self.is_directory(old.inode) {
            return Err(Errno::Perm);
        }
        if slash {
            return Err(Errno::Notdir);
        }
        let (dir, name) = self.free(to_dir, to, false)?;
        self.inodes.name(dir, name, old.inode);
        self.inodes.touch(dir, now);
        self.inodes.get_mut(old.inode).changed = now;
        Ok(Answer::Done)
    }

    pub(super) fn rename(
        &mut self,
        (dir, path): (u64, &str),
        (to_dir, to): (u64, &str),
        now: u64,
    ) -> Outcome {
        let (old, slash) = self.named(dir, path, Errno::Busy)?;
        let is_directory = self.is_directory(old.inode);
        let (to_dir, name, there, to_slash) = match self.walk(to_dir, to, false)? {
            Found::Directory(_) => return Err(Errno::Busy),
            Found::Entry { dir, name, inode, slash } => (dir, name, inode, slash),
        };
        if (slash || to_slash) && !is_directory {
            return Err(Errno::Notdir);
        }
        if self.is_gone(to_dir) {
            return Err(Errno::Noent);
        }
        if is_directory && self.is_within(to_dir, old.inode) {
            return Err(Errno::Inval);
        }
        if let Some(there) = there {
            if there == old.inode {
                return Ok(Answer::Done);
            }
            match (is_directory, self.is_directory(there)) {
                (true, false) => return Err(Errno::Notdir),
                (false, true) => return Err(Errno::Isdir),
                (true, true) if !self.is_empty(there) => return Err(Errno::Notempty),
                _ => {}
            }
            self.inodes.unname(to_dir, &name, now);
            self.inodes.reap(there);
        }
        self.inodes.unname(old.dir, &old.name, now);
        self.inodes.name(to_dir, name, old.inode);
        self.inodes.touch(to_dir, now);
        Ok(Answer::Done)
    }

    /// True if a directory is another, or lies somewhere in it.
    fn is_within(&self, dir: u64, outer: u64) -> bool {
        let mut todo = vec![outer];
        while let Some(inode) = todo.pop() {
            if inode == dir {
                return true;
            }
            if let Kind::Directory(entries) = &self.inodes.get(inode).kind {
                todo.extend(entries.values());
            }
        }
        false
    }
}
