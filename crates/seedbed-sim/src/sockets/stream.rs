//! One side of a stream: what was written and is not known to be read, what came and was not read.
//!
//! A side never has more than [`WINDOW`] bytes on their way or unread at the other side; who writes more
//! waits. Parts may overtake each other: bytes are put in their order before they can be read.

use super::part::End;
use seedbed_core::NodeId;
use seedbed_sockets::{Address, Answer, Fault, Outcome};
use std::collections::{BTreeMap, VecDeque};

/// So many bytes a side has written at most that the other has not read.
pub(super) const WINDOW: u64 = 1 << 16;

/// So many bytes one part carries at most.
pub(super) const PART: usize = 4096;

/// One side.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) local: Address,
    pub(super) peer: Address,
    /// Where the other side is.
    pub(super) node: NodeId,
    /// Its number there; not yet known while it connects.
    pub(super) other: Option<u64>,
    /// Bytes written.
    pub(super) written: u64,
    /// Bytes that the other side is known to have read.
    acknowledged: u64,
    /// Bytes that came in their order.
    came: u64,
    /// What came before what is in front of it.
    early: BTreeMap<u64, (Vec<u8>, Option<End>)>,
    unread: VecDeque<u8>,
    read: u64,
    /// How many of them the other side was told of.
    told: u64,
    closed: bool,
    /// Why no byte can be written any more, nor read beyond those that came.
    broken: Option<Fault>,
}

impl Stream {
    pub(super) fn new(local: Address, peer: Address, node: NodeId, other: Option<u64>) -> Stream {
        Stream {
            local,
            peer,
            node,
            other,
            written: 0,
            acknowledged: 0,
            came: 0,
            early: BTreeMap::new(),
            unread: VecDeque::new(),
            read: 0,
            told: 0,
            closed: false,
            broken: None,
        }
    }

    /// Bytes came.
    pub(super) fn take(&mut self, at: u64, bytes: Vec<u8>, end: Option<End>) {
        if self.broken.is_some() {
            return;
        }
        self.early.insert(at, (bytes, end));
        while let Some(first) = self.early.first_entry().filter(|first| *first.key() == self.came) {
            let (bytes, end) = first.remove();
            self.came += bytes.len() as u64;
            self.unread.extend(bytes);
            match end {
                None => {}
                Some(End::Closed) => self.closed = true,
                Some(End::Reset) => return self.break_off(Fault::Reset),
            }
        }
    }

    /// The other side has read so many.
    pub(super) fn acknowledge(&mut self, read: u64) {
        self.acknowledged = self.acknowledged.max(read);
    }

    /// It is over with the stream.
    pub(super) fn break_off(&mut self, fault: Fault) {
        let fault = if self.closed { Fault::Closed } else { fault };
        self.broken.get_or_insert(fault);
        self.early.clear();
    }

    /// Reads, if there is something to tell.
    pub(super) fn read(&mut self, len: u32, peek: bool) -> Option<Outcome> {
        let n = self.unread.len().min(len as usize);
        if n == 0 && len > 0 && !self.closed {
            return self.broken.clone().map(Err);
        }
        let data: Vec<u8> = self.unread.iter().take(n).copied().collect();
        if !peek {
            self.unread.drain(..n);
            self.read += n as u64;
        }
        Some(Ok(Answer::Data { data, from: None }))
    }

    /// How many bytes were read, if it is time for the other side to know.
    pub(super) fn untold(&mut self) -> Option<u64> {
        (self.read - self.told >= WINDOW / 2).then(|| {
            self.told = self.read;
            self.read
        })
    }

    /// How many of so many bytes can be written now; none if it has to wait.
    pub(super) fn room(&self, len: usize) -> Result<Option<usize>, Fault> {
        if let Some(fault) = &self.broken {
            return Err(fault.clone());
        }
        let room = WINDOW - (self.written - self.acknowledged);
        Ok((room > 0 || len == 0).then(|| len.min(room as usize)))
    }

    /// How this side ends the stream.
    pub(super) fn end(&self) -> End {
        if self.unread.is_empty() { End::Closed } else { End::Reset }
    }

    pub(super) fn is_broken(&self) -> bool {
        self.broken.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream() -> Stream {
        let at = Address::V4 { ip: [10, 0, 0, 1], port: 1 };
        Stream::new(at, at, NodeId(1), Some(1))
    }

    fn read(stream: &mut Stream, len: u32) -> Option<Vec<u8>> {
        match stream.read(len, false) {
            Some(Ok(Answer::Data { data, .. })) => Some(data),
            _ => None,
        }
    }

    #[test]
    fn parts_that_overtake_each_other_are_read_in_their_order() {
        let mut side = stream();
        side.take(5, b"world".to_vec(), Some(End::Closed));
        assert_eq!(read(&mut side, 100), None);
        side.take(2, b"llo".to_vec(), None);
        side.take(0, b"he".to_vec(), None);
        assert_eq!(side.read(3, true), Some(Ok(Answer::Data { data: b"hel".to_vec(), from: None })));
        assert_eq!(read(&mut side, 6).as_deref(), Some(&b"hellow"[..]));
        assert_eq!(read(&mut side, 100).as_deref(), Some(&b"orld"[..]));
        assert_eq!(read(&mut side, 100).as_deref(), Some(&b""[..]));
    }

    #[test]
    fn a_side_that_writes_waits_for_room_until_the_other_has_read() {
        let (mut from, mut to) = (stream(), stream());
        assert_eq!(from.room(usize::MAX), Ok(Some(WINDOW as usize)));
        from.written += WINDOW;
        assert_eq!((from.room(1), from.room(0)), (Ok(None), Ok(Some(0))));
        to.take(0, vec![0; WINDOW as usize], None);
        assert_eq!(
            read(&mut to, WINDOW as u32 / 2 - 1).map(|data| data.len()),
            Some(WINDOW as usize / 2 - 1)
        );
        assert_eq!(to.untold(), None);
        assert_eq!(read(&mut to, 1).map(|data| data.len()), Some(1));
        let told = to.untold();
        assert_eq!((told, to.untold()), (Some(WINDOW / 2), None));
        from.acknowledge(told.expect("half of the window was read"));
        assert_eq!(from.room(usize::MAX), Ok(Some(WINDOW as usize / 2)));
    }

    #[test]
    fn what_came_is_read_before_the_stream_is_told_to_be_over() {
        let mut side = stream();
        side.take(0, b"a".to_vec(), None);
        assert_eq!(side.end(), End::Reset);
        side.take(1, Vec::new(), Some(End::Reset));
        assert_eq!(read(&mut side, 9).as_deref(), Some(&b"a"[..]));
        assert_eq!((side.read(9, false), side.room(1)), (Some(Err(Fault::Reset)), Err(Fault::Reset)));
        assert_eq!(side.end(), End::Closed);
        let mut side = stream();
        side.take(0, Vec::new(), Some(End::Closed));
        side.break_off(Fault::Reset);
        assert_eq!((read(&mut side, 9).as_deref(), side.room(1)), (Some(&b""[..]), Err(Fault::Closed)));
    }
}
