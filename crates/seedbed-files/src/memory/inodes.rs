//! What is on a disk: files, directories and symbolic links by their numbers.

use super::unsynced::{Change, Changes, NameChange, Names, WAS_OF_ALL_MAX};
use crate::image::Image;
use crate::op::{Filetype, Stat};
use crate::{Errno, ROOM};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What an inode takes of the room, beside a file's bytes.
const INODE: u64 = 4 << 10;

/// The device that all of it is on.
const DEVICE: u64 = 1;

#[derive(Clone, Debug)]
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

#[derive(Clone, Debug)]
pub(super) struct Inode {
    pub(super) kind: Kind,
    /// How many names it has.
    pub(super) links: u64,
    /// How many have it open, or may want it back.
    open: u64,
    /// Of a file, what was not synced.
    changes: Changes,
    pub(super) accessed: u64,
    pub(super) modified: u64,
    pub(super) changed: u64,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Inodes {
    all: BTreeMap<u64, Inode>,
    /// The number that was given last.
    last: u64,
    /// How much of the room is taken.
    taken: u64,
    /// How much there is; nothing is refused while images are loaded.
    room: u64,
    names: Names,
    /// Bytes that are kept of what stood in files before.
    was: usize,
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
        self.done();
        self.sync_names();
    }

    /// An operation is done.
    pub(super) fn done(&mut self) {
        for change in self.names.done() {
            self.keep(change);
        }
    }

    /// The bytes of a file are synced.
    pub(super) fn sync(&mut self, inode: u64) {
        self.was -= std::mem::take(&mut self.get_mut(inode).changes).was();
    }

    /// Notes how a change of a file is undone.
    fn changed(&mut self, inode: u64, change: Change) {
        let changes = &mut self.get_mut(inode).changes;
        let before = changes.was();
        changes.push(change);
        let now = changes.was();
        self.was = self.was - before + now;
        if self.was > WAS_OF_ALL_MAX {
            self.sync_all();
        }
    }

    /// The bytes of all files are synced.
    fn sync_all(&mut self) {
        self.all.values_mut().for_each(|inode| inode.changes = Changes::default());
        self.was = 0;
    }

    /// All names are synced.
    pub(super) fn sync_names(&mut self) {
        for change in self.names.settle() {
            self.keep(change);
        }
    }

    /// A change of a name will not be taken back.
    fn keep(&mut self, change: NameChange) {
        if let NameChange::Taken { inode, .. } = change {
            self.let_go(inode);
        }
    }

    /// How many changes of a file's bytes were not synced.
    pub(super) fn unsynced(&self, inode: u64) -> usize {
        self.get(inode).changes.len()
    }

    /// How many operations that changed names were not synced.
    pub(super) fn unsynced_names(&self) -> usize {
        self.names.len()
    }

    /// Takes the last changes of a file back, but for so many parts of what the first of those wrote; what is
    /// left is synced.
    pub(super) fn lose(&mut self, inode: u64, last: usize, parts: (u32, u32)) {
        let node = self.all.get_mut(&inode).expect("a file that has changes");
        let before = node.kind.size();
        self.was -= node.changes.was();
        if let Kind::File(bytes) = &mut node.kind {
            node.changes.lose(last, parts, Arc::make_mut(bytes));
        }
        self.taken = self.taken - before + node.kind.size();
    }

    /// Takes the last changes of names back; all that is left is synced. Nothing may be open.
    pub(super) fn lose_names(&mut self, last: usize) {
        for _ in 0..last {
            let operation = self.names.pop().expect("no more are lost than were done");
            for change in operation.into_iter().rev() {
                match change {
                    NameChange::Given { dir, name } => {
                        let inode = self.entries(dir).remove(&name).expect("it was given, and is not taken");
                        self.get_mut(inode).links -= 1;
                        self.reap(inode);
                    }
                    NameChange::Taken { dir, name, inode } => {
                        self.entries(dir).insert(name, inode);
                        self.get_mut(inode).links += 1;
                        self.let_go(inode);
                    }
                }
            }
        }
        self.sync_names();
        self.sync_all();
    }

    fn make(&mut self, kind: Kind, now: u64) -> u64 {
        self.last += 1;
        self.taken += INODE + kind.size();
        let [accessed, modified, changed] = [now; 3];
        let inode =
            Inode { kind, links: 0, open: 0, changes: Changes::default(), accessed, modified, changed };
        self.all.insert(self.last, inode);
        self.last
    }

    fn entries(&mut self, dir: u64) -> &mut BTreeMap<String, u64> {
        match &mut self.get_mut(dir).kind {
            Kind::Directory(entries) => entries,
            _ => unreachable!("a walk ends in directories"),
        }
    }

    /// True if so much more fits; what was removed may have to go for good.
    fn has_room(&mut self, more: u64) -> bool {
        let fits = |inodes: &Inodes| inodes.taken.saturating_add(more) <= inodes.room;
        if !fits(self) {
            self.sync_names();
        }
        fits(self)
    }

    /// Makes something new with a name in a directory.
    pub(super) fn add(&mut self, dir: u64, name: String, kind: Kind, now: u64) -> Result<u64, Errno> {
        if !self.has_room(INODE + kind.size()) {
            return Err(Errno::Nospc);
        }
        let inode = self.make(kind, now);
        self.name(dir, name, inode);
        self.touch(dir, now);
        Ok(inode)
    }

    /// Gives an inode a name.
    pub(super) fn name(&mut self, dir: u64, name: String, inode: u64) {
        let before = self.entries(dir).insert(name.clone(), inode);
        debug_assert_eq!(before, None, "a name is free, or was freed, before it is given");
        self.names.push(NameChange::Given { dir, name });
        self.get_mut(inode).links += 1;
    }

    /// Takes a name away; gives what had it.
    pub(super) fn unname(&mut self, dir: u64, name: &str, now: u64) -> u64 {
        let inode = self.entries(dir).remove(name).expect("it was just found");
        self.touch(dir, now);
        let node = self.get_mut(inode);
        node.links -= 1;
        node.changed = now;
        self.hold(inode);
        self.names.push(NameChange::Taken { dir, name: name.to_owned(), inode });
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
            let (taken, was) = (INODE + node.kind.size(), node.changes.was());
            self.taken -= taken;
            self.was -= was;
            self.all.remove(&inode);
        }
    }

    /// Makes a file this long.
    pub(super) fn resize(&mut self, inode: u64, size: u64, now: u64) -> Result<(), Errno> {
        self.grow(inode, size)?;
        let bytes = self.change(inode, now);
        let (size, before) = (size as usize, bytes.len());
        let was = bytes.get(size..).unwrap_or_default().to_vec();
        bytes.resize(size, 0);
        self.taken = self.taken - before as u64 + size as u64;
        self.changed(inode, Change { size: before, at: size.min(before), was, wrote: 0 });
        Ok(())
    }

    /// Writes to a file, which may become longer.
    pub(super) fn put(&mut self, inode: u64, from: u64, data: &[u8], now: u64) -> Result<(), Errno> {
        let end = from.checked_add(data.len() as u64).ok_or(Errno::Fbig)?;
        self.grow(inode, end)?;
        let bytes = self.change(inode, now);
        let (from, end, before) = (from as usize, end as usize, bytes.len());
        let was = bytes[from.min(before)..end.min(before)].to_vec();
        bytes.resize(end.max(before), 0);
        bytes[from..end].copy_from_slice(data);
        self.taken += (end.max(before) - before) as u64;
        self.changed(inode, Change { size: before, at: from, was, wrote: data.len() });
        Ok(())
    }

    /// Checks that a file can become so long.
    fn grow(&mut self, inode: u64, size: u64) -> Result<(), Errno> {
        let more = size.saturating_sub(self.get(inode).kind.size());
        if more == 0 || self.has_room(more) {
            return Ok(());
        }
        Err(if size > self.room { Errno::Fbig } else { Errno::Nospc })
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
