//! Files as an effect: what is asked of them, what is answered, and a disk in memory.
//!
//! A guest that reads a file asks its reactor for the effect [`EFFECT`], and goes on when it
//! completes. So all that a file can tell enters a node where everything does that differs between
//! two runs: a recording has it, and a replay touches no disk. The real reactor does operations with
//! real files, the simulated one with a [`MemoryDisk`].
//!
//! - `op.rs`: [`Op`] and [`Answer`]. `errno.rs`: why not, by the numbers of WASI preview 1.
//! - `image.rs`: what a directory holds when a run begins.
//! - `memory/`: the disk in memory.
//!
//! Not modelled: rights of users, and locks. That times survive a crash which loses what they are of, an
//! actor could notice only on a machine that lost power.

mod errno;
mod image;
mod memory;
mod op;

pub use errno::Errno;
pub use image::Image;
pub use memory::{MemoryDisk, ROOM, Unsynced, UnsyncedFile};
pub use op::{Answer, DirEntry, Filetype, How, Op, Outcome, SetTime, Stat, Stream};

/// The effect's name. Only the host asks for it, in the name of guests that were given directories.
pub const EFFECT: &str = "files";

/// So many bytes one operation reads or writes at most; who wants more asks again.
pub const BYTES_MAX: u32 = 1 << 16;

/// The longest path, in bytes.
pub const PATH_MAX: usize = 4096;

/// The longest name in a directory, in bytes.
pub const NAME_MAX: usize = 255;

/// So many symbolic links are followed in one path.
pub const LINKS_MAX: u32 = 40;
