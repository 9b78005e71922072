//! Why an operation was not done.

use serde::{Deserialize, Serialize};

/// Why an operation was not done, by the numbers of WASI preview 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u16)]
pub enum Errno {
    /// It was.
    Success = 0,
    /// The system forbids it.
    Acces = 2,
    /// No such descriptor, or not one for this.
    Badf = 8,
    /// It is in use.
    Busy = 10,
    /// No room within a quota.
    Dquot = 19,
    /// It is there already.
    Exist = 20,
    /// The file would be too large.
    Fbig = 22,
    /// A text is not UTF-8.
    Ilseq = 25,
    /// The arguments make no sense.
    Inval = 28,
    /// The device failed.
    Io = 29,
    /// It is a directory.
    Isdir = 31,
    /// Too many symbolic links, or one that may not be followed.
    Loop = 32,
    /// Too many descriptors.
    Mfile = 33,
    /// Too many links.
    Mlink = 34,
    /// A name is too long.
    Nametoolong = 37,
    /// Too many open files in the system.
    Nfile = 41,
    /// There is no such file.
    Noent = 44,
    /// Out of memory.
    Nomem = 48,
    /// No room on the disk.
    Nospc = 51,
    /// There is no such function.
    Nosys = 52,
    /// Not a directory.
    Notdir = 54,
    /// The directory is not empty.
    Notempty = 55,
    /// Not supported.
    Notsup = 58,
    /// A number does not fit.
    Overflow = 61,
    /// Not permitted: above all, what leads out of a directory.
    Perm = 63,
    /// Nobody reads any more.
    Pipe = 64,
    /// The buffer is too small.
    Range = 68,
    /// The directory is mounted read-only.
    Rofs = 69,
    /// A stream has no place to seek to.
    Spipe = 70,
    /// It is another disk.
    Xdev = 75,
}
