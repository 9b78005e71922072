//! Lines: mail that is first-in-first-out per (sender, receiver) (rules M1–M4).
//!
//! A line is an intrusive list of arena slots. It exists while it holds something; a receiver keeps
//! its last line when that runs empty, since the next message mostly comes from the same sender.

use crate::arena::{Arena, NIL};
use crate::path::{Life, PathId};
use crate::table::Table;
use seedbed_abi::Pid;

/// What a line holds, beside a sender's mail; above every pid.
pub(crate) const TIMERS: u64 = 1 << 63;
pub(crate) const COMPLETIONS: u64 = TIMERS | 1;
pub(crate) const LIFECYCLE: u64 = TIMERS | 2;

/// Mail of one sender for one receiver; one cache line.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(crate) struct Line {
    pub(crate) receiver: u32,
    /// Grows whenever the line becomes enabled: tells deliveries apart.
    pub(crate) epoch: u32,
    /// Pid of the sender, or one of the numbers above.
    pub(crate) key: u64,
    pub(crate) head: u32,
    tail: u32,
    /// Other lines of the receiver.
    next: u32,
    prev: u32,
    pub(crate) enabled: bool,
    /// The sender's stable name.
    pub(crate) path: PathId,
    pub(crate) life: Life,
}

impl Line {
    /// True if it is this sender's, and knows its name.
    #[inline]
    pub(crate) fn is_of(&self, key: u64) -> bool {
        self.key == key && self.path != PathId(0)
    }

    /// Appends a signal; true if the line was empty.
    #[inline]
    pub(crate) fn append(&mut self, arena: &mut Arena, signal: u32) -> bool {
        let was_empty = self.head == NIL;
        if was_empty {
            self.head = signal;
        } else {
            arena.get_mut(self.tail).next = signal;
        }
        self.tail = signal;
        was_empty
    }
}

/// Who a line is from.
#[derive(Clone, Copy)]
pub(crate) struct Sender {
    pub(crate) key: u64,
    pub(crate) path: PathId,
    pub(crate) life: Life,
}

impl Sender {
    pub(crate) fn actor(pid: Pid, path: PathId, life: Life) -> Sender {
        Sender { key: pid.to_raw(), path, life }
    }
}

/// The lines of one receiver: where its list starts, and the line used last.
#[derive(Clone, Copy)]
pub(crate) struct Mailbox {
    first: u32,
    pub(crate) last_used: u32,
    /// Messages waiting or reserved.
    pub(crate) count: u32,
    /// Their bytes.
    pub(crate) bytes: u32,
}

impl Mailbox {
    pub(crate) const EMPTY: Mailbox = Mailbox { first: NIL, last_used: NIL, count: 0, bytes: 0 };
}

/// All lines of a node.
pub(crate) struct Lines {
    lines: Vec<Line>,
    free: u32,
    table: Table,
}

impl Clone for Lines {
    fn clone(&self) -> Lines {
        Lines { free: self.free, lines: self.lines.clone(), table: self.table.clone() }
    }

    /// Into the room that is there.
    fn clone_from(&mut self, from: &Lines) {
        let Lines { free, lines, table } = from;
        self.lines.clone_from(lines);
        self.table.clone_from(table);
        self.free = *free;
    }
}

impl Lines {
    pub(crate) fn new() -> Lines {
        Lines { lines: Vec::new(), free: NIL, table: Table::new() }
    }

    #[inline]
    pub(crate) fn get(&self, line: u32) -> &Line {
        &self.lines[line as usize]
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, line: u32) -> &mut Line {
        &mut self.lines[line as usize]
    }

    /// Begins a delivery of this use of the line, if it is enabled: it is not any more.
    #[inline]
    pub(crate) fn begin(&mut self, line: u32, epoch: u32) -> Option<&mut Line> {
        let line = self.lines.get_mut(line as usize)?;
        // As one condition, `filter` would make a pointer of it first.
        if !line.enabled || line.epoch != epoch {
            return None;
        }
        line.enabled = false;
        Some(line)
    }

    /// Whose mail it holds, or held.
    #[inline]
    pub(crate) fn receiver(&self, line: u32) -> Option<u32> {
        self.lines.get(line as usize).map(|l| l.receiver)
    }

    /// This use of the line, if it is enabled.
    #[inline]
    pub(crate) fn current(&self, line: u32, epoch: u32) -> Option<&Line> {
        self.lines.get(line as usize).filter(|l| l.enabled && l.epoch == epoch)
    }

    /// The line with this number, if there is one.
    #[inline]
    pub(crate) fn find_mut(&mut self, line: u32) -> Option<&mut Line> {
        self.lines.get_mut(line as usize)
    }

    /// The line of this sender, which is the one used last then; made if there is none.
    #[inline]
    pub(crate) fn line_for(&mut self, receiver: u32, mailbox: &mut Mailbox, from: Sender) -> u32 {
        let last = mailbox.last_used;
        match self.find_mut(last) {
            Some(line) if line.is_of(from.key) => last,
            _ => self.other_line_for(receiver, mailbox, from),
        }
    }

    #[inline(never)]
    fn other_line_for(&mut self, receiver: u32, mailbox: &mut Mailbox, from: Sender) -> u32 {
        let last = mailbox.last_used;
        let index = match self.table.get(receiver, from.key) {
            Some(index) => index,
            None => self.create(receiver, mailbox, from),
        };
        // The line that was kept though empty is not the last one any more.
        if last != index && last != NIL && self.lines[last as usize].head == NIL {
            self.remove(last, mailbox);
        }
        mailbox.last_used = index;
        let line = &mut self.lines[index as usize];
        if line.path == PathId(0) {
            // Made by what was said in the sender's place, when its name was not known here.
            (line.path, line.life) = (from.path, from.life);
        }
        index
    }

    fn create(&mut self, receiver: u32, mailbox: &mut Mailbox, from: Sender) -> u32 {
        let line = Line {
            receiver,
            epoch: 0,
            key: from.key,
            head: NIL,
            tail: NIL,
            next: mailbox.first,
            prev: NIL,
            enabled: false,
            path: from.path,
            life: from.life,
        };
        let index = if self.free == NIL {
            self.lines.push(line);
            u32::try_from(self.lines.len() - 1).expect("fewer lines than signals")
        } else {
            let index = self.free;
            let slot = &mut self.lines[index as usize];
            self.free = slot.next;
            let epoch = slot.epoch;
            *slot = Line { epoch, ..line };
            index
        };
        if mailbox.first != NIL {
            self.lines[mailbox.first as usize].prev = index;
        }
        mailbox.first = index;
        self.table.insert(receiver, from.key, index);
        index
    }

    /// Takes the head out of a line; the line stays, perhaps empty, until [`settle`](Self::settle).
    #[inline]
    pub(crate) fn pop(&mut self, arena: &Arena, line: u32) -> u32 {
        let line = &mut self.lines[line as usize];
        let signal = line.head;
        line.head = arena.get(signal).next;
        signal
    }

    /// Removes an empty line unless it is the last used; true if it still holds something.
    #[inline]
    pub(crate) fn settle(&mut self, line: u32, mailbox: &mut Mailbox) -> bool {
        if self.lines[line as usize].head != NIL {
            return true;
        }
        if mailbox.last_used != line {
            self.remove(line, mailbox);
        }
        false
    }

    #[inline(never)]
    fn remove(&mut self, index: u32, mailbox: &mut Mailbox) {
        let Line { receiver, key, next, prev, .. } = self.lines[index as usize];
        if prev == NIL {
            mailbox.first = next;
        } else {
            self.lines[prev as usize].next = next;
        }
        if next != NIL {
            self.lines[next as usize].prev = prev;
        }
        if mailbox.last_used == index {
            mailbox.last_used = NIL;
        }
        self.table.remove(receiver, key);
        let line = &mut self.lines[index as usize];
        line.next = self.free;
        line.enabled = false;
        self.free = index;
    }

    /// Takes one signal out of the middle of a line; false if it is not there.
    pub(crate) fn unlink(&mut self, arena: &mut Arena, line: u32, signal: u32) -> bool {
        let (mut before, mut at) = (NIL, self.lines[line as usize].head);
        while at != signal {
            if at == NIL {
                return false;
            }
            before = at;
            at = arena.get(at).next;
        }
        let after = arena.get(signal).next;
        let line = &mut self.lines[line as usize];
        if before == NIL {
            line.head = after;
        } else {
            arena.get_mut(before).next = after;
        }
        if after == NIL {
            line.tail = before;
        }
        true
    }

    /// The line of this sender, if it has one.
    pub(crate) fn find(&self, receiver: u32, key: u64) -> Option<u32> {
        self.table.get(receiver, key)
    }

    /// The lines of a mailbox that hold something, oldest first.
    pub(crate) fn of(&self, mailbox: &Mailbox) -> Vec<u32> {
        let mut out = Vec::new();
        let mut at = mailbox.first;
        while at != NIL {
            if self.lines[at as usize].head != NIL {
                out.push(at);
            }
            at = self.lines[at as usize].next;
        }
        out.reverse();
        out
    }

    /// Frees every line of a mailbox; what they held was taken out before.
    pub(crate) fn clear(&mut self, mailbox: &mut Mailbox) {
        while mailbox.first != NIL {
            self.remove(mailbox.first, mailbox);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seedbed_abi::Envelope;

    fn drain(lines: &mut Lines, arena: &mut Arena, mailbox: &mut Mailbox, line: u32) -> Vec<u64> {
        let mut out = Vec::new();
        while lines.get(line).head != NIL {
            let signal = lines.pop(arena, line);
            out.push(arena.get(signal).envelope.id);
            arena.discard(signal);
            lines.settle(line, mailbox);
        }
        out
    }

    #[test]
    fn each_sender_has_its_own_order() {
        let (mut lines, mut arena, mut mailbox) = (Lines::new(), Arena::new(), Mailbox::EMPTY);
        let from = |key| Sender { key, path: PathId(key), life: Life(1) };
        let mut of = [0; 3];
        for id in 0..9u64 {
            let signal = arena.insert(Envelope { id, ..Envelope::default() }, &[], 0);
            let line = lines.line_for(5, &mut mailbox, from(id % 3 + 1));
            assert_eq!(lines.get_mut(line).append(&mut arena, signal), id < 3);
            of[(id % 3) as usize] = line;
        }
        assert_eq!(lines.of(&mailbox), of);
        assert_eq!(drain(&mut lines, &mut arena, &mut mailbox, of[1]), [1, 4, 7]);
        assert_eq!(lines.find(5, 2), None, "an empty line goes");
        assert_eq!(drain(&mut lines, &mut arena, &mut mailbox, of[2]), [2, 5, 8]);
        assert!(lines.find(5, 3).is_some(), "the last used stays");
        assert_eq!(lines.of(&mailbox), [of[0]]);
        let middle = arena.get(lines.get(of[0]).head).next;
        assert!(lines.unlink(&mut arena, of[0], middle));
        assert!(!lines.unlink(&mut arena, of[0], middle));
        assert_eq!(drain(&mut lines, &mut arena, &mut mailbox, of[0]), [0, 6]);
        lines.clear(&mut mailbox);
        assert_eq!(lines.of(&mailbox), Vec::<u32>::new());
    }
}
