//! Reading and writing: files, and the standard streams.

use super::super::abi::{FLAG_APPEND, FLAGS_SYNC};
use super::super::files::ask;
use super::super::table::{Descriptor, Open};
use super::{Done, Errno, Fail, Guest};
use crate::blocking::{Bytes, Wait, charge, enter, suspend, with_turn};
use crate::host::Stop;
use seedbed_abi::Level;
use seedbed_files::{Answer, BYTES_MAX, Op, Stream};

/// So many pieces a read or write may have.
const VECTORS_MAX: u32 = 1_024;

/// The pieces of a read or write, each within the memory.
fn pieces(bytes: &Bytes<'_>, vectors: u32, count: u32) -> Result<Vec<(u32, u32)>, Fail> {
    if count > VECTORS_MAX {
        return Err(Errno::Inval.into());
    }
    let piece = |n| {
        let at = bytes.nth(vectors, n, 8)?;
        let (ptr, len) = (bytes.u32(at)?, bytes.u32(bytes.nth(at, 4, 1)?)?);
        bytes.at(ptr, len)?;
        Ok((ptr, len))
    };
    Ok((0..count).map(piece).collect::<Result<_, Stop>>()?)
}

/// Where so much from an offset on ends: no file can be longer than 2⁶³−1 bytes.
pub(super) fn end(offset: u64, len: u64) -> Result<u64, Errno> {
    offset.checked_add(len).filter(|end| i64::try_from(*end).is_ok()).ok_or(Errno::Fbig)
}

/// How long they are together, up to what one operation takes.
fn length(pieces: &[(u32, u32)]) -> u32 {
    let all = pieces.iter().map(|(_, len)| u64::from(*len)).sum::<u64>();
    all.min(BYTES_MAX.into()) as u32
}

/// The bytes of pieces, up to what one operation takes.
fn gathered(bytes: &Bytes<'_>, pieces: &[(u32, u32)]) -> Result<Vec<u8>, Stop> {
    let mut all = Vec::with_capacity(length(pieces) as usize);
    for (ptr, len) in pieces {
        let room = BYTES_MAX - all.len() as u32;
        all.extend_from_slice(bytes.at(*ptr, (*len).min(room))?);
    }
    Ok(all)
}

/// Puts bytes into pieces, one after the other.
fn scattered(bytes: &mut Bytes<'_>, pieces: &[(u32, u32)], mut data: &[u8]) -> Result<(), Stop> {
    for (ptr, len) in pieces {
        let (now, later) = data.split_at(data.len().min(*len as usize));
        bytes.write(*ptr, now)?;
        data = later;
    }
    Ok(())
}

/// The pieces, and the room for how much was done.
fn prepared(
    caller: &mut Guest<'_>,
    name: &'static str,
    (vectors, count, done): (u32, u32, u32),
) -> Result<Vec<(u32, u32)>, Fail> {
    let pieces = {
        let (bytes, _) = enter(caller, name);
        bytes.at(done, 4)?;
        pieces(&bytes, vectors, count)?
    };
    charge(caller, length(&pieces));
    Ok(pieces)
}

/// Reads into pieces by an operation; gives how much was read.
async fn read(
    caller: &mut Guest<'_>,
    name: &'static str,
    pieces: &[(u32, u32)],
    op: Op,
    done: u32,
) -> Result<u32, Fail> {
    let Answer::Data(data) = ask(caller, op).await? else { return Err(Errno::Io.into()) };
    let len = data.len().min(length(pieces) as usize);
    let (mut bytes, _) = enter(caller, name);
    scattered(&mut bytes, pieces, &data[..len])?;
    bytes.write(done, &(len as u32).to_le_bytes())?;
    Ok(len as u32)
}

/// A file to be read.
fn readable(open: &Open) -> Result<(), Errno> {
    match open {
        open if open.is_directory() => Err(Errno::Isdir),
        open if open.read => Ok(()),
        _ => Err(Errno::Badf),
    }
}

/// A file to be written to.
fn writable(open: &Open) -> Result<(), Errno> {
    if open.write && !open.is_directory() { Ok(()) } else { Err(Errno::Badf) }
}

pub(super) async fn fd_read(caller: &mut Guest<'_>, fd: u32, vectors: u32, count: u32, done: u32) -> Done {
    let pieces = prepared(caller, "fd_read", (vectors, count, done))?;
    let len = length(&pieces);
    let wasi = &caller.data().wasi;
    let open = match wasi.table.get(fd)? {
        Descriptor::Stdin if wasi.inherit => None,
        Descriptor::Stdin => {
            let (mut bytes, _) = enter(caller, "fd_read");
            return Ok(bytes.write(done, &0u32.to_le_bytes())?);
        }
        Descriptor::Stdout | Descriptor::Stderr => return Err(Errno::Badf.into()),
        Descriptor::Open(open) => Some(open),
    };
    let Some(open) = open else {
        read(caller, "fd_read", &pieces, Op::Input { len }, done).await?;
        return Ok(());
    };
    readable(open)?;
    let (handle, offset) = (open.handle, open.offset);
    let len = read(caller, "fd_read", &pieces, Op::Read { handle, offset, len }, done).await?;
    caller.data_mut().wasi.table.open_mut(fd)?.offset = offset.saturating_add(len.into());
    Ok(())
}

pub(super) async fn fd_pread(
    caller: &mut Guest<'_>,
    fd: u32,
    vectors: u32,
    count: u32,
    offset: u64,
    done: u32,
) -> Done {
    let pieces = prepared(caller, "fd_pread", (vectors, count, done))?;
    let len = length(&pieces);
    let open = seekable(caller, fd)?;
    readable(open)?;
    end(offset, 0).map_err(|_| Errno::Inval)?;
    let op = Op::Read { handle: open.handle, offset, len };
    read(caller, "fd_pread", &pieces, op, done).await?;
    Ok(())
}

/// Something that has places to read and write at: a stream has none.
fn seekable<'c>(caller: &'c Guest<'_>, fd: u32) -> Result<&'c Open, Errno> {
    match caller.data().wasi.table.get(fd)? {
        Descriptor::Open(open) => Ok(open),
        _ => Err(Errno::Spipe),
    }
}

/// Writes pieces to a file; gives how much was written, and where it ends.
async fn write(
    caller: &mut Guest<'_>,
    name: &'static str,
    pieces: &[(u32, u32)],
    (handle, offset, sync): (u32, Option<u64>, bool),
    done: u32,
) -> Result<u64, Fail> {
    let data = gathered(&enter(caller, name).0, pieces)?;
    end(offset.unwrap_or(0), data.len() as u64)?;
    let Answer::Written { len, end } = ask(caller, Op::Write { handle, offset, data, sync }).await? else {
        return Err(Errno::Io.into());
    };
    enter(caller, name).0.write(done, &len.to_le_bytes())?;
    Ok(end)
}

pub(super) async fn fd_write(caller: &mut Guest<'_>, fd: u32, vectors: u32, count: u32, done: u32) -> Done {
    let pieces = prepared(caller, "fd_write", (vectors, count, done))?;
    let (bytes, data) = enter(caller, "fd_write");
    let wasi = &mut data.wasi;
    let stream = match wasi.table.get(fd)? {
        Descriptor::Stdin => return Err(Errno::Badf.into()),
        Descriptor::Stdout => Stream::Output,
        Descriptor::Stderr => Stream::Error,
        Descriptor::Open(open) => {
            writable(open)?;
            let offset = (open.flags & FLAG_APPEND == 0).then_some(open.offset);
            let to = (open.handle, offset, open.flags & FLAGS_SYNC != 0);
            let end = write(caller, "fd_write", &pieces, to, done).await?;
            caller.data_mut().wasi.table.open_mut(fd)?.offset = end;
            return Ok(());
        }
    };
    let data = gathered(&bytes, &pieces)?;
    let len = data.len() as u32;
    if wasi.inherit {
        ask(caller, Op::Output { stream, data }).await?;
    } else {
        let to = match stream {
            Stream::Output => &mut wasi.out,
            Stream::Error => &mut wasi.err,
        };
        let (level, lines) = (to.level(), to.write(&data));
        log(caller, level, &lines).await?;
    }
    Ok(enter(caller, "fd_write").0.write(done, &len.to_le_bytes())?)
}

/// Logs lines; one that the log of this turn has no room for is for the next turn.
async fn log(caller: &mut Guest<'_>, level: Level, lines: &[String]) -> Result<(), Stop> {
    for line in lines {
        // A line of nothing takes a byte.
        if line.len().max(1) > with_turn(|turn| turn.cx().log_left()) as usize {
            suspend(caller, Wait::Spin).await?;
        }
        with_turn(|turn| turn.cx().log(level, line));
    }
    Ok(())
}

pub(super) async fn fd_pwrite(
    caller: &mut Guest<'_>,
    fd: u32,
    vectors: u32,
    count: u32,
    offset: u64,
    done: u32,
) -> Done {
    let pieces = prepared(caller, "fd_pwrite", (vectors, count, done))?;
    let open = seekable(caller, fd)?;
    writable(open)?;
    let to = (open.handle, Some(offset), open.flags & FLAGS_SYNC != 0);
    write(caller, "fd_pwrite", &pieces, to, done).await?;
    Ok(())
}
