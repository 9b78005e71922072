//! What is asked of files, and what is answered.
//!
//! Recordings hold both: variants are only added, at the end.

use crate::Errno;
use serde::{Deserialize, Serialize};

/// How an operation ended.
pub type Outcome = Result<Answer, Errno>;

/// One operation. Open files and directories have numbers that the asker chooses, counted in each of
/// its lives; they are gone with it. Paths are relative to an open directory, and never lead out of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Op {
    /// Opens a directory that the embedder named.
    Root {
        /// Its name.
        name: String,
        /// The number that it gets.
        handle: u32,
    },
    /// Opens what is at a path.
    Open {
        /// The directory that the path begins at.
        dir: u32,
        /// The path.
        path: String,
        /// How.
        how: How,
        /// The number that it gets.
        handle: u32,
    },
    /// Closes what is open.
    Close {
        /// What.
        handle: u32,
    },
    /// Reads from a file.
    Read {
        /// The file.
        handle: u32,
        /// From where.
        offset: u64,
        /// How much at most.
        len: u32,
    },
    /// Writes to a file.
    Write {
        /// The file.
        handle: u32,
        /// To where; `None` = its end.
        offset: Option<u64>,
        /// What.
        data: Vec<u8>,
        /// Whether it is durable before this completes.
        sync: bool,
    },
    /// Tells of what is open.
    Stat {
        /// What.
        handle: u32,
    },
    /// Makes a file this long.
    SetSize {
        /// The file.
        handle: u32,
        /// How long.
        size: u64,
    },
    /// Makes a file at least this long.
    Allocate {
        /// The file.
        handle: u32,
        /// How long.
        size: u64,
    },
    /// Sets the times of what is open.
    SetTimes {
        /// What.
        handle: u32,
        /// Of the last access.
        accessed: SetTime,
        /// Of the last change.
        modified: SetTime,
    },
    /// Makes durable what was written.
    Sync {
        /// The file or directory.
        handle: u32,
        /// Not what only tells of it.
        data_only: bool,
    },
    /// Lists a directory.
    List {
        /// Which.
        handle: u32,
    },
    /// Tells of what is at a path.
    PathStat {
        /// The directory that the path begins at.
        dir: u32,
        /// The path.
        path: String,
        /// Whether a symbolic link at its end is followed.
        follow: bool,
    },
    /// Sets the times of what is at a path.
    PathSetTimes {
        /// The directory that the path begins at.
        dir: u32,
        /// The path.
        path: String,
        /// Whether a symbolic link at its end is followed.
        follow: bool,
        /// Of the last access.
        accessed: SetTime,
        /// Of the last change.
        modified: SetTime,
    },
    /// Makes a directory.
    CreateDirectory {
        /// The directory that the path begins at.
        dir: u32,
        /// The path.
        path: String,
    },
    /// Removes an empty directory.
    RemoveDirectory {
        /// The directory that the path begins at.
        dir: u32,
        /// The path.
        path: String,
    },
    /// Removes a file or a symbolic link.
    Unlink {
        /// The directory that the path begins at.
        dir: u32,
        /// The path.
        path: String,
    },
    /// Gives something another place; a file that is there goes.
    Rename {
        /// The directory that the path begins at.
        dir: u32,
        /// The path.
        path: String,
        /// The directory that the other path begins at.
        to_dir: u32,
        /// The other path.
        to: String,
    },
    /// Gives a file one more name.
    Link {
        /// The directory that the path begins at.
        dir: u32,
        /// The path; a symbolic link at its end is not followed.
        path: String,
        /// The directory that the other path begins at.
        to_dir: u32,
        /// The other path.
        to: String,
    },
    /// Makes a symbolic link.
    Symlink {
        /// Where it leads.
        target: String,
        /// The directory that the path begins at.
        dir: u32,
        /// Its path.
        path: String,
    },
    /// Tells where a symbolic link leads.
    ReadLink {
        /// The directory that the path begins at.
        dir: u32,
        /// Its path.
        path: String,
    },
    /// Reads from standard input.
    Input {
        /// How much at most.
        len: u32,
    },
    /// Writes to a standard stream.
    Output {
        /// Which.
        stream: Stream,
        /// What.
        data: Vec<u8>,
    },
}

/// How something is opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct How {
    /// A symbolic link at the end of the path is followed.
    pub follow: bool,
    /// A file is made if there is none.
    pub create: bool,
    /// There may be nothing yet.
    pub exclusive: bool,
    /// It has to be a directory.
    pub directory: bool,
    /// A file is emptied.
    pub truncate: bool,
    /// To read from it.
    pub read: bool,
    /// To write to it.
    pub write: bool,
}

/// A stream to write to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stream {
    /// Standard output.
    Output,
    /// Standard error.
    Error,
}

/// What a time becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SetTime {
    /// What it was.
    Keep,
    /// The time of the operation.
    Now,
    /// This, in nanoseconds since 1970.
    At(u64),
}

/// What an operation gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// Nothing more: it is done.
    Done,
    /// What was opened.
    Opened(Filetype),
    /// What was read; empty at the end.
    Data(Vec<u8>),
    /// How much was written, and where it ends.
    Written {
        /// Bytes.
        len: u32,
        /// The place behind the last one.
        end: u64,
    },
    /// What it is.
    Stat(Stat),
    /// A directory, by names.
    List(Vec<DirEntry>),
    /// Where a symbolic link leads.
    Text(String),
}

/// What something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum Filetype {
    /// None of the others.
    Unknown = 0,
    /// A disk.
    BlockDevice = 1,
    /// A terminal, say.
    CharacterDevice = 2,
    /// A directory.
    Directory = 3,
    /// A file.
    File = 4,
    /// A socket.
    Socket = 6,
    /// A symbolic link.
    Link = 7,
}

/// What is told of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stat {
    /// On which disk.
    pub device: u64,
    /// Its number there.
    pub inode: u64,
    /// What it is.
    pub filetype: Filetype,
    /// How many names it has.
    pub links: u64,
    /// How long it is, in bytes.
    pub size: u64,
    /// When it was last read, in nanoseconds since 1970.
    pub accessed: u64,
    /// When it was last written.
    pub modified: u64,
    /// When it, or what is told of it, last changed.
    pub changed: u64,
}

/// A name in a directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirEntry {
    /// The name.
    pub name: String,
    /// The number of what it names.
    pub inode: u64,
    /// What that is.
    pub filetype: Filetype,
}

impl Op {
    /// The payload of the effect.
    pub fn encode(&self) -> Vec<u8> {
        postcard::to_allocvec(self).expect("an operation is plain data")
    }

    /// Reads a payload.
    ///
    /// # Errors
    /// [`Errno::Inval`] if it is none.
    pub fn decode(payload: &[u8]) -> Result<Op, Errno> {
        match postcard::take_from_bytes(payload) {
            Ok((op, [])) => Ok(op),
            _ => Err(Errno::Inval),
        }
    }
}

impl Answer {
    /// An outcome, as the effect completes with it.
    pub fn encode(outcome: &Outcome) -> Vec<u8> {
        postcard::to_allocvec(outcome).expect("an answer is plain data")
    }

    /// What an effect completed with; bytes that are no outcome are [`Errno::Io`].
    ///
    /// # Errors
    /// Why the operation was not done.
    pub fn decode(outcome: &[u8]) -> Outcome {
        postcard::from_bytes(outcome).unwrap_or(Err(Errno::Io))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_and_outcomes_come_back_and_nothing_else_does() {
        let op = Op::Write { handle: 3, offset: None, data: vec![0, 255], sync: true };
        assert_eq!(Op::decode(&op.encode()), Ok(op.clone()));
        let bytes = op.encode();
        assert_eq!(Op::decode(&bytes[..bytes.len() - 1]), Err(Errno::Inval));
        assert_eq!(Op::decode(&[&bytes[..], &[0]].concat()), Err(Errno::Inval));
        assert_eq!(Op::decode(b""), Err(Errno::Inval));
        for outcome in [Ok(Answer::Written { len: 2, end: 9 }), Err(Errno::Rofs)] {
            assert_eq!(Answer::decode(&Answer::encode(&outcome)), outcome);
        }
        assert_eq!(Answer::decode(b"\xff"), Err(Errno::Io));
    }
}
