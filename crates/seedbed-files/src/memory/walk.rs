//! From paths to inodes. A path begins at a directory and never leads above it: not by `..`, not by
//! a symbolic link, not by a beginning `/`.

use super::MemoryDisk;
use super::inodes::Kind;
use crate::{Errno, LINKS_MAX, NAME_MAX, PATH_MAX};

/// Where a path leads.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// To a directory by no name of its own: the path ends with `.` or `..`.
    Directory(u64),
    /// To a name in a directory, that something has or not.
    Entry {
        dir: u64,
        name: String,
        inode: Option<u64>,
        /// A `/` follows the name.
        slash: bool,
    },
}

impl Found {
    pub(super) fn inode(&self) -> Option<u64> {
        match self {
            Found::Directory(inode) => Some(*inode),
            Found::Entry { inode, .. } => *inode,
        }
    }

    /// True if the path says that it is one of a directory.
    pub(super) fn is_directory_only(&self) -> bool {
        matches!(self, Found::Directory(_) | Found::Entry { slash: true, .. })
    }
}

impl MemoryDisk {
    /// Follows a path; symbolic links on the way always, one at its end if `follow`.
    pub(super) fn walk(&self, start: u64, path: &str, follow: bool) -> Result<Found, Errno> {
        if path.is_empty() {
            return Err(Errno::Noent);
        }
        if path.len() > PATH_MAX {
            return Err(Errno::Nametoolong);
        }
        if path.starts_with('/') {
            return Err(Errno::Perm);
        }
        if !matches!(self.inodes.get(start).kind, Kind::Directory(_)) {
            return Err(Errno::Notdir);
        }
        let mut parts: Vec<&str> = path.split('/').rev().collect();
        // The directories that were gone through, the one at hand last.
        let mut way = vec![start];
        let mut links = 0;
        while let Some(part) = parts.pop() {
            let dir = *way.last().expect("it begins with one, and keeps it");
            match part {
                "" | "." => continue,
                ".." => {
                    way.pop();
                    if way.is_empty() {
                        return Err(Errno::Perm);
                    }
                    continue;
                }
                _ if part.len() > NAME_MAX => return Err(Errno::Nametoolong),
                _ => {}
            }
            let end = parts.iter().all(|part| part.is_empty());
            let slash = end && !parts.is_empty();
            let Kind::Directory(entries) = &self.inodes.get(dir).kind else {
                unreachable!("only directories are gone through")
            };
            let entry = |inode| Found::Entry { dir, name: part.to_owned(), inode, slash };
            let Some(inode) = entries.get(part).copied() else {
                return if end { Ok(entry(None)) } else { Err(Errno::Noent) };
            };
            match &self.inodes.get(inode).kind {
                Kind::Link(target) if !end || slash || follow => {
                    links += 1;
                    if links > LINKS_MAX {
                        return Err(Errno::Loop);
                    }
                    if target.starts_with('/') {
                        return Err(Errno::Perm);
                    }
                    parts.extend(target.split('/').rev());
                }
                Kind::Directory(_) if !end => way.push(inode),
                Kind::File(_) | Kind::Link(_) if !end => return Err(Errno::Notdir),
                _ => return Ok(entry(Some(inode))),
            }
        }
        Ok(Found::Directory(*way.last().expect("it begins with one, and keeps it")))
    }

    /// What is at a path.
    pub(super) fn at(&self, start: u64, path: &str, follow: bool) -> Result<u64, Errno> {
        let found = self.walk(start, path, follow)?;
        let inode = found.inode().ok_or(Errno::Noent)?;
        let is_directory = matches!(self.inodes.get(inode).kind, Kind::Directory(_));
        if found.is_directory_only() && !is_directory { Err(Errno::Notdir) } else { Ok(inode) }
    }

    /// The directory at a path.
    pub(super) fn directory_at(&self, start: u64, path: &str) -> Result<u64, Errno> {
        let inode = self.at(start, path, true)?;
        match self.inodes.get(inode).kind {
            Kind::Directory(_) => Ok(inode),
            _ => Err(Errno::Notdir),
        }
    }
}
