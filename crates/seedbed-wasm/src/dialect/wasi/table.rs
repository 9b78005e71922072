//! The descriptors of a guest.

use super::abi::Errno;
use seedbed_files::{DirEntry, Filetype};
use std::collections::{BTreeMap, VecDeque};

/// So many descriptors a guest has at once.
const DESCRIPTORS_MAX: usize = 1_024;

/// So many directories are kept as they were when they were listed.
const LISTED_MAX: usize = 8;

/// The first number of a descriptor that is no standard stream.
const FIRST: u32 = 3;

/// What a descriptor stands for.
#[derive(Clone, Debug)]
pub(super) enum Descriptor {
    Stdin,
    Stdout,
    Stderr,
    Open(Open),
}

/// An open file or directory.
#[derive(Clone, Debug)]
pub(super) struct Open {
    /// Its number outside.
    pub(super) handle: u32,
    pub(super) filetype: Filetype,
    /// Which of the guest's mounts it is in.
    pub(super) mount: usize,
    /// Nothing below may change.
    pub(super) read_only: bool,
    pub(super) read: bool,
    pub(super) write: bool,
    pub(super) flags: u32,
    /// Where the next read or write is.
    pub(super) offset: u64,
    /// The name under which it was open before the guest began.
    pub(super) preopened: Option<String>,
}

impl Open {
    pub(super) fn is_directory(&self) -> bool {
        self.filetype == Filetype::Directory
    }

    /// # Errors
    /// If nothing below may change.
    pub(super) fn changes(&self) -> Result<(), Errno> {
        if self.read_only { Err(Errno::Rofs) } else { Ok(()) }
    }
}

/// Descriptors by number.
pub(super) struct Table {
    descriptors: BTreeMap<u32, Descriptor>,
    /// The handle that was given last.
    handles: u32,
    /// Directories as they were when they were last listed from their beginnings, by their handles, the last
    /// one last: a guest could have more of them kept than the host has memory for.
    listed: VecDeque<(u32, Vec<DirEntry>)>,
}

impl Table {
    /// The standard streams.
    pub(super) fn new() -> Table {
        let streams = [(0, Descriptor::Stdin), (1, Descriptor::Stdout), (2, Descriptor::Stderr)];
        Table { descriptors: BTreeMap::from(streams), handles: 0, listed: VecDeque::new() }
    }

    /// What a directory was when it was listed, if that is kept.
    pub(super) fn take_listed(&mut self, handle: u32) -> Option<Vec<DirEntry>> {
        let at = self.listed.iter().position(|(of, _)| *of == handle)?;
        self.listed.remove(at).map(|(_, listed)| listed)
    }

    /// Keeps what a directory is now.
    pub(super) fn keep_listed(&mut self, handle: u32, listed: Vec<DirEntry>) {
        self.take_listed(handle);
        self.listed.push_back((handle, listed));
        if self.listed.len() > LISTED_MAX {
            self.listed.pop_front();
        }
    }

    pub(super) fn get(&self, fd: u32) -> Result<&Descriptor, Errno> {
        self.descriptors.get(&fd).ok_or(Errno::Badf)
    }

    /// An open file or directory, for a call that streams do not have.
    pub(super) fn open(&self, fd: u32) -> Result<&Open, Errno> {
        match self.get(fd)? {
            Descriptor::Open(open) => Ok(open),
            _ => Err(Errno::Notsup),
        }
    }

    pub(super) fn open_mut(&mut self, fd: u32) -> Result<&mut Open, Errno> {
        match self.descriptors.get_mut(&fd) {
            Some(Descriptor::Open(open)) => Ok(open),
            Some(_) => Err(Errno::Notsup),
            None => Err(Errno::Badf),
        }
    }

    /// An open directory, that a path begins at.
    pub(super) fn directory(&self, fd: u32) -> Result<&Open, Errno> {
        match self.open(fd)? {
            open if open.is_directory() => Ok(open),
            _ => Err(Errno::Notdir),
        }
    }

    /// # Errors
    /// If there is no room for one more.
    pub(super) fn has_room(&self) -> Result<(), Errno> {
        if self.descriptors.len() < DESCRIPTORS_MAX { Ok(()) } else { Err(Errno::Mfile) }
    }

    /// A handle that no other has.
    pub(super) fn new_handle(&mut self) -> u32 {
        self.handles += 1;
        self.handles
    }

    /// The least number that is free, from 3 on, for a file or directory.
    pub(super) fn add(&mut self, open: Open) -> u32 {
        let taken = self.descriptors.range(FIRST..).map(|(fd, _)| *fd);
        let fd = (FIRST..).zip(taken.chain(std::iter::once(u32::MAX))).find(|(n, fd)| n != fd);
        let fd = fd.expect("there are fewer descriptors than numbers").0;
        self.descriptors.insert(fd, Descriptor::Open(open));
        fd
    }

    pub(super) fn close(&mut self, fd: u32) -> Result<Descriptor, Errno> {
        let closed = self.descriptors.remove(&fd).ok_or(Errno::Badf)?;
        if let Descriptor::Open(open) = &closed {
            self.take_listed(open.handle);
        }
        Ok(closed)
    }

    /// Gives a descriptor another number; what had it is to be closed.
    pub(super) fn renumber(&mut self, from: u32, to: u32) -> Result<Option<Descriptor>, Errno> {
        self.get(to)?;
        let descriptor = self.descriptors.remove(&from).ok_or(Errno::Badf)?;
        // One that takes its own number has it still.
        Ok(self.descriptors.insert(to, descriptor))
    }
}
