//! Numbers of preview 1, and how things stand in memory.

use crate::host::Stop;
pub(crate) use seedbed_files::Errno;
use seedbed_files::{DirEntry, Filetype, Stat};

/// Why a call does not do what it was asked.
pub(crate) enum Fail {
    /// The guest is told.
    Errno(Errno),
    /// The guest is ended.
    Stop(Stop),
}

impl From<Errno> for Fail {
    fn from(errno: Errno) -> Fail {
        Fail::Errno(errno)
    }
}

impl From<Stop> for Fail {
    fn from(stop: Stop) -> Fail {
        Fail::Stop(stop)
    }
}

/// The result of a call, as the guest gets it.
pub(crate) fn answer(done: Result<(), Fail>) -> wasmtime::Result<i32> {
    match done {
        Ok(()) => Ok(Errno::Success as i32),
        Err(Fail::Errno(errno)) => Ok(errno as i32),
        Err(Fail::Stop(stop)) => Err(stop.into()),
    }
}

pub(crate) const CLOCK_REALTIME: u32 = 0;
pub(crate) const CLOCK_MONOTONIC: u32 = 1;
pub(crate) const CLOCK_PROCESS: u32 = 2;
pub(crate) const CLOCK_THREAD: u32 = 3;

/// A subscription of `poll_oneoff`.
pub(crate) const SUBSCRIPTION_LEN: u32 = 48;
/// What it answers for one.
pub(crate) const EVENT_LEN: u32 = 32;
pub(crate) const EVENT_CLOCK: u8 = 0;
pub(crate) const EVENT_READ: u8 = 1;
pub(crate) const EVENT_WRITE: u8 = 2;
/// The flag of a deadline that is a time, not a span.
pub(crate) const ABSOLUTE: u16 = 1;

pub(crate) const RIGHT_READ: u64 = 1 << 1;
pub(crate) const RIGHT_WRITE: u64 = 1 << 6;
pub(crate) const RIGHT_READDIR: u64 = 1 << 14;

/// Rights that come with reading: also seek, tell, advise, stat and poll.
pub(crate) const RIGHTS_TO_READ: u64 = RIGHT_READ | 1 << 2 | 1 << 3 | 1 << 5 | 1 << 7 | 1 << 21 | 1 << 27;

/// Rights that come with writing: also sync, seek, tell, advise, allocate, stat, size, times and poll.
pub(crate) const RIGHTS_TO_WRITE: u64 = RIGHT_WRITE
    | 1
    | 1 << 2
    | 1 << 3
    | 1 << 4
    | 1 << 5
    | 1 << 7
    | 1 << 8
    | 1 << 21
    | 1 << 22
    | 1 << 23
    | 1 << 27;

/// All rights of a directory: those of paths, and to list, stat, sync and set times.
pub(crate) const RIGHTS_OF_DIRECTORY: u64 =
    1 | 1 << 3 | 1 << 4 | 0x1ff << 9 | 0x3 << 18 | 1 << 20 | 1 << 21 | 1 << 23 | 0x7 << 24;

/// All rights there are.
pub(crate) const RIGHTS_ALL: u64 = (1 << 30) - 1;

/// A symbolic link at the end of a path is followed.
pub(crate) const FOLLOW: u32 = 1;

pub(crate) const OPEN_CREATE: u32 = 1;
pub(crate) const OPEN_DIRECTORY: u32 = 2;
pub(crate) const OPEN_EXCLUSIVE: u32 = 4;
pub(crate) const OPEN_TRUNCATE: u32 = 8;

/// Writes go to the end.
pub(crate) const FLAG_APPEND: u32 = 1;
/// Writes are durable when they come back: data (2), or all (16).
pub(crate) const FLAGS_SYNC: u32 = 2 | 16;
/// All flags of a descriptor.
pub(crate) const FLAGS_ALL: u32 = 31;

pub(crate) const SET_ACCESSED: u32 = 1;
pub(crate) const SET_ACCESSED_NOW: u32 = 2;
pub(crate) const SET_MODIFIED: u32 = 4;
pub(crate) const SET_MODIFIED_NOW: u32 = 8;

pub(crate) const SEEK_SET: u32 = 0;
pub(crate) const SEEK_CURRENT: u32 = 1;
pub(crate) const SEEK_END: u32 = 2;

/// How something is told of.
pub(crate) fn filestat(stat: &Stat) -> [u8; 64] {
    let mut bytes = [0; 64];
    bytes[16] = stat.filetype as u8;
    let words = [
        (0, stat.device),
        (8, stat.inode),
        (24, stat.links),
        (32, stat.size),
        (40, stat.accessed),
        (48, stat.modified),
        (56, stat.changed),
    ];
    for (at, word) in words {
        bytes[at..at + 8].copy_from_slice(&word.to_le_bytes());
    }
    bytes
}

/// What a stream is told of.
pub(crate) const STREAM: Stat = Stat {
    device: 0,
    inode: 0,
    filetype: Filetype::CharacterDevice,
    links: 0,
    size: 0,
    accessed: 0,
    modified: 0,
    changed: 0,
};

/// How a descriptor is told of.
pub(crate) fn fdstat(filetype: Filetype, flags: u32, base: u64, inheriting: u64) -> [u8; 24] {
    let mut bytes = [0; 24];
    bytes[0] = filetype as u8;
    bytes[2..4].copy_from_slice(&(flags as u16).to_le_bytes());
    bytes[8..16].copy_from_slice(&base.to_le_bytes());
    bytes[16..].copy_from_slice(&inheriting.to_le_bytes());
    bytes
}

/// A name in a directory; `next` is where the one behind it is.
pub(crate) fn dirent(entry: &DirEntry, next: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(24 + entry.name.len());
    bytes.extend(next.to_le_bytes());
    bytes.extend(entry.inode.to_le_bytes());
    bytes.extend((entry.name.len() as u32).to_le_bytes());
    bytes.extend([entry.filetype as u8, 0, 0, 0]);
    bytes.extend(entry.name.as_bytes());
    bytes
}
