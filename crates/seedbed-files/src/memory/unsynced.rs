//! What a crash may take back: what was done since it was last synced.
//!
//! Each change keeps what undoes it: of the bytes of each file, and of the names on the disk, the last
//! ones. What is older than those counts as synced, as a machine writes back in time what it holds.

use std::collections::VecDeque;

/// So many changes of one kind can be taken back.
const CHANGES_MAX: usize = 64;

/// So many bytes of all files of a disk that stood there before; beyond that, all of them count as synced.
pub(super) const WAS_OF_ALL_MAX: usize = 64 << 20;

/// So many bytes of a file that stood there before.
const WAS_MAX: usize = 16 << 20;

/// A change of a file's bytes.
#[derive(Clone, Debug)]
pub(super) struct Change {
    /// How long the file was.
    pub(super) size: usize,
    /// Where it changed.
    pub(super) at: usize,
    /// What stood there.
    pub(super) was: Vec<u8>,
    /// How many bytes were written there; none, if it was only made longer or shorter.
    pub(super) wrote: usize,
}

impl Change {
    /// Takes it back, but for the first bytes that it wrote.
    fn undo(&self, bytes: &mut Vec<u8>, kept: usize) {
        let Change { size, at, was, .. } = self;
        bytes.resize(if kept > 0 { (at + kept).max(*size) } else { *size }, 0);
        if let Some(was) = was.get(kept..).filter(|was| !was.is_empty()) {
            bytes[at + kept..at + kept + was.len()].copy_from_slice(was);
        }
    }
}

/// The last changes of a file, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Changes {
    all: VecDeque<Change>,
    /// Bytes that they keep.
    was: usize,
}

impl Changes {
    pub(super) fn push(&mut self, change: Change) {
        self.was += change.was.len();
        self.all.push_back(change);
        while self.all.len() > CHANGES_MAX || self.was > WAS_MAX {
            let oldest = self.all.pop_front().expect("what is kept is of some change");
            self.was -= oldest.was.len();
        }
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Bytes that they keep.
    pub(super) fn was(&self) -> usize {
        self.was
    }

    /// Takes the last ones back, but for so many parts of what the first of those wrote; the others stay.
    pub(super) fn lose(&mut self, last: usize, (parts, of): (u32, u32), bytes: &mut Vec<u8>) {
        for left in (0..last).rev() {
            let Some(change) = self.all.pop_back() else { break };
            let torn = left == 0 && parts > 0 && change.wrote > 1;
            let kept = if torn { (change.wrote * parts as usize / of as usize).max(1) } else { 0 };
            change.undo(bytes, kept);
        }
        *self = Changes::default();
    }
}

/// A change of a name.
#[derive(Clone, Debug)]
pub(super) enum NameChange {
    /// Something got it.
    Given { dir: u64, name: String },
    /// Something lost it, and lasts until this cannot be taken back.
    Taken { dir: u64, name: String, inode: u64 },
}

/// The last changes of names: each of one operation, the oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    all: VecDeque<Vec<NameChange>>,
    /// Of the operation that is being done.
    now: Vec<NameChange>,
}

impl Names {
    pub(super) fn push(&mut self, change: NameChange) {
        self.now.push(change);
    }

    /// An operation is done; gives one that cannot be taken back any more.
    pub(super) fn done(&mut self) -> Vec<NameChange> {
        if !self.now.is_empty() {
            self.all.push_back(std::mem::take(&mut self.now));
        }
        let too_many = self.all.len() > CHANGES_MAX;
        if too_many { self.all.pop_front().expect("there is one at least") } else { Vec::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// The last one, to be taken back.
    pub(super) fn pop(&mut self) -> Option<Vec<NameChange>> {
        self.all.pop_back()
    }

    /// All are synced; gives them.
    pub(super) fn settle(&mut self) -> impl Iterator<Item = NameChange> + use<> {
        std::mem::take(&mut self.all).into_iter().flatten()
    }
}
