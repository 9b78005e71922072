//! What is on a disk: files, directories and symbolic links by their numbers.

use crate::image::Image;
use crate::op::{Filetype, Stat};
use crate::{Errno, ROOM};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What an inode takes of the room, beside a file's bytes.
const INODE: u64 = 4 << 10;

/// The device that all of it is on.
const DEVICE: u64 = 1;

#[derive(Debug)]
pub(super) enum Kind {
    /// Shared with an image until it is written to.
    File(Arc<Vec<u8>>),
    Directory(BTreeMap<String, u64>),
    Link(String),
}

impl Kind {
    pub(super) fn filetype(&self) -> Filetype {
        match self {
            Kind::File(_) => Filetype::File,
            Kind::Directory(_) => Filetype::Directory,
            Kind::Link(_) => Filetype::Link,
        }
    }

    pub(super) fn size(&self) -> u64 {
        match self {
            Kind::File(bytes) => bytes.len() as u64,
            Kind::Directory(_) => 0,
            Kind::Link(target) => target.len() as u64,
        }
    }
}

#[derive(Debug)]
pub(super) struct Inode {
    pub(super) kind: Kind,
    /// How many names it has.
    pub(super) links: u64,
    /// How many have it open.
    open: u64,
    pub(super) accessed: u64,
    pub(super) modified: u64,
    pub(super) changed: u64,
}

#[derive(Debug, Default)]
pub(super) struct Inodes {
    all: BTreeMap<u64, Inode>,
    /// The number that was given last.
    last: u64,
    /// How much of the room is taken.
    taken: u64,
    /// How much there is; nothing is refused while images are loaded.
    room: u64,
}

impl Inodes {
    pub(super) fn get(&self, inode: u64) -> &Inode {
        self.all.get(&inode).expect("an inode lasts as long as a name or who has it open")
    }

    pub(super) fn get_mut(&mut self, inode: u64) -> &mut Inode {
        self.all.get_mut(&inode).expect("an inode lasts as long as a name or who has it open")
    }

    /// Makes all of an image, directories before what is in them; gives the number of the outermost.
    pub(super) fn load(&mut self, image: &Image, now: u64) -> u64 {
        match image {
            Image::File(bytes) => self.make(Kind::File(Arc::clone(bytes)), now),
            Image::Link(target) => self.make(Kind::Link(target.clone()), now),
            Image::Directory(entries) => {
                let dir = self.make(Kind::Directory(BTreeMap::new()), now);
                for (name, image) in entries {
                    let inode = self.load(image, now);
                    self.name(dir, name.clone(), inode);
                }
                dir
            }
        }
    }

    /// All images are there: from now on the room counts.
    pub(super) fn fill(&mut self) {
        self.room = self.taken.saturating_add(ROOM);
    }

    fn make(&mut self, kind: Kind, now: u64) -> u64 {
        self.last += 1;
        self.taken += INODE + kind.size();
        let inode = Inode { kind, links: 0, open: 0, accessed: now, modified: now, changed: now };
        self.all.insert(self.last, inode);
        self.last
    }

    fn entries(&mut self, dir: u64) -> &mut BTreeMap<String, u64> {
        match &mut self.get_mut(dir).kind {
            Kind::Directory(entries) => entries,
            _ => unreachable!("a walk ends in directories"),
        }
    }

    /// Makes something new with a name in a directory.
    pub(super) fn add(&mut self, dir: u64, name: String, kind: Kind, now: u64) -> Result<u64, Errno> {
        if self.taken.saturating_add(INODE + kind.size()) > self.room {
            return Err(Errno::Nospc);
        }
        let inode = self.make(kind, now);
        self.name(dir, name, inode);
        self.touch(dir, now);
        Ok(inode)
    }

    /// Gives an inode a name.
    pub(super) fn name(&mut self, dir: u64, name: String, inode: u64) {
        let before = self.entries(dir).insert(name, inode);
        debug_assert_eq!(before, None, "a name is free, or was freed, before it is given");
        self.get_mut(inode).links += 1;
    }

    /// Takes a name away; gives what had it.
    pub(super) fn unname(&mut self, dir: u64, name: &str, now: u64) -> u64 {
        let inode = self.entries(dir).remove(name).expect("it was just found");
        self.touch(dir, now);
        let node = self.get_mut(inode);
        node.links -= 1;
        node.changed = now;
        inode
    }

    /// A directory has changed.
    pub(super) fn touch(&mut self, dir: u64, now: u64) {
        let node = self.get_mut(dir);
        (node.modified, node.changed) = (now, now);
    }

    /// Somebody has it open.
    pub(super) fn hold(&mut self, inode: u64) {
        self.get_mut(inode).open += 1;
    }

    /// Somebody has it open no more.
    pub(super) fn let_go(&mut self, inode: u64) {
        self.get_mut(inode).open -= 1;
        self.reap(inode);
    }

    /// Frees what has neither a name nor anybody who has it open.
    pub(super) fn reap(&mut self, inode: u64) {
        let node = self.get(inode);
        if node.links == 0 && node.open == 0 {
            self.taken -= INODE + node.kind.size();
            self.all.remove(&inode);
        }
    }

    /// Makes a file this long.
    pub(super) fn resize(&mut self, inode: u64, size: u64, now: u64) -> Result<(), Errno> {
        let before = self.get(inode).kind.size();
        let taken = (self.taken - before).saturating_add(size);
        if size > before && taken > self.room {
            return Err(if size > self.room { Errno::Fbig } else { Errno::Nospc });
        }
        self.taken = taken;
        self.change(inode, now).resize(size as usize, 0);
        Ok(())
    }

    /// Writes within a file.
    pub(super) fn put(&mut self, inode: u64, from: u64, data: &[u8], now: u64) {
        let from = from as usize;
        self.change(inode, now)[from..from + data.len()].copy_from_slice(data);
    }

    /// The bytes of a file, which changes.
    fn change(&mut self, inode: u64, now: u64) -> &mut Vec<u8> {
        let node = self.get_mut(inode);
        (node.modified, node.changed) = (now, now);
        match &mut node.kind {
            Kind::File(bytes) => Arc::make_mut(bytes),
            _ => unreachable!("only a file is written to"),
        }
    }

    pub(super) fn stat(&self, inode: u64) -> Stat {
        let Inode { kind, links, accessed, modified, changed, .. } = self.get(inode);
        Stat {
            device: DEVICE,
            inode,
            filetype: kind.filetype(),
            links: (*links).max(1),
            size: kind.size(),
            accessed: *accessed,
            modified: *modified,
            changed: *changed,
        }
    }

    #[cfg(test)]
    pub(super) fn used(&self) -> (usize, u64) {
        (self.all.len(), self.all.values().map(|inode| inode.kind.size()).sum())
    }
}
