//! The frame around every file: magic, version, length, body, checksum.
//!
//! The checksum is the stable hash of everything before it. It finds accidents, not forgers: a file
//! is data to judge, and nothing in it is ever run.

use seedbed_core::stable_hash;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A finding.
    Finding,
    /// A trace.
    Trace,
    /// What one shard of a hunt did.
    Part,
    /// A run on the real reactor.
    Recording,
}

impl Kind {
    fn magic(self) -> &'static [u8; 8] {
        match self {
            Kind::Finding => b"SEEDFIND",
            Kind::Trace => b"SEEDTRCE",
            Kind::Part => b"SEEDPART",
            Kind::Recording => b"SEEDRECO",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Kind::Finding => "finding",
            Kind::Trace => "trace",
            Kind::Part => "part of a hunt",
            Kind::Recording => "recording",
        }
    }

    fn version(self) -> u32 {
        match self {
            Kind::Finding => crate::FINDING_VERSION,
            Kind::Trace => crate::TRACE_VERSION,
            Kind::Part => PART_VERSION,
            Kind::Recording => crate::RECORDING_VERSION,
        }
    }

    /// The oldest version of the body that is still read: what came since can be told apart, or
    /// stands at the end and may be missing.
    fn oldest(self) -> u32 {
        match self {
            Kind::Finding => 1,
            other => other.version(),
        }
    }

    /// What a file that begins with these bytes holds.
    pub fn of(bytes: &[u8]) -> Option<Kind> {
        let kinds = [Kind::Finding, Kind::Trace, Kind::Part, Kind::Recording];
        kinds.into_iter().find(|kind| bytes.starts_with(kind.magic()))
    }
}

/// Version of the body of parts; what is in it belongs to `seedbed-hunt`.
pub const PART_VERSION: u32 = 2;

/// Why a file cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The system refused.
    #[error("{action} {path}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It begins with something else.
    #[error("read it as a {wanted}: it is {found}")]
    Kind {
        /// What it should be.
        wanted: &'static str,
        /// What it is.
        found: String,
    },
    /// It is of another version.
    #[error("read a {kind} of format {found}: this seedbed reads format {known}")]
    Version {
        /// What it is.
        kind: &'static str,
        /// Its version.
        found: u32,
        /// The version that is known.
        known: u32,
    },
    /// It is shorter or longer than it says.
    #[error("read the {kind}: it should have {wanted} bytes and has {found}; it was cut or added to")]
    Length {
        /// What it is.
        kind: &'static str,
        /// What it says.
        wanted: u64,
        /// What there is.
        found: u64,
    },
    /// Its bytes are not those that were written.
    #[error("read the {kind}: its checksum is wrong; it was altered after it was written")]
    Checksum {
        /// What it is.
        kind: &'static str,
    },
    /// Its body is not what the version says.
    #[error("read the body of the {kind}: {text}")]
    Body {
        /// What it is.
        kind: &'static str,
        /// What is wrong.
        text: String,
    },
}

/// Magic, version, length.
const HEAD: usize = 8 + 4 + 8;
const CHECKSUM: usize = 8;
/// `None`, as postcard writes it.
const ABSENT: u8 = 0;

/// The bytes of a file.
pub fn encode<T: Serialize>(kind: Kind, value: &T) -> Vec<u8> {
    let body = postcard::to_allocvec(value).expect("plain data in memory can always be encoded");
    let mut out = Vec::with_capacity(HEAD + body.len() + CHECKSUM);
    out.extend_from_slice(kind.magic());
    out.extend_from_slice(&kind.version().to_le_bytes());
    out.extend_from_slice(&(body.len() as u64).to_le_bytes());
    out.extend_from_slice(&body);
    out.extend_from_slice(&stable_hash(&out).to_le_bytes());
    out
}

/// What the bytes of a file hold.
///
/// # Errors
/// Everything but [`FileError::Io`].
pub fn decode<T: DeserializeOwned>(kind: Kind, bytes: &[u8]) -> Result<T, FileError> {
    let (wanted, known) = (kind.name(), kind.version());
    if !bytes.starts_with(kind.magic()) {
        let found = match Kind::of(bytes) {
            Some(other) => format!("a {}", other.name()),
            None if bytes.len() < 8 && kind.magic().starts_with(bytes) => "cut off at its beginning".into(),
            None => "no file of seedbed".into(),
        };
        return Err(FileError::Kind { wanted, found });
    }
    let short =
        |wanted_len| FileError::Length { kind: wanted, wanted: wanted_len, found: bytes.len() as u64 };
    let found = number::<4>(bytes, 8).ok_or_else(|| short(HEAD as u64))? as u32;
    if !(kind.oldest()..=known).contains(&found) {
        return Err(FileError::Version { kind: wanted, found, known });
    }
    let body = number::<8>(bytes, 12).ok_or_else(|| short(HEAD as u64))?;
    let whole = body.saturating_add((HEAD + CHECKSUM) as u64);
    if whole != bytes.len() as u64 {
        return Err(short(whole));
    }
    let (data, checksum) = bytes.split_at(bytes.len() - CHECKSUM);
    if checksum != stable_hash(data).to_le_bytes() {
        return Err(FileError::Checksum { kind: wanted });
    }
    let bad = |text: String| FileError::Body { kind: wanted, text };
    let completed = (kind == Kind::Finding && found < 3).then(|| [&data[HEAD..], &[ABSENT]].concat());
    let data = completed.as_deref().unwrap_or(&data[HEAD..]);
    let (value, rest) = postcard::take_from_bytes(data).map_err(|e| bad(e.to_string()))?;
    if !rest.is_empty() {
        return Err(bad(format!("{} bytes too many", rest.len())));
    }
    Ok(value)
}

/// Reads a file.
///
/// # Errors
/// See [`FileError`].
pub fn read<T: DeserializeOwned>(kind: Kind, path: &Path) -> Result<T, FileError> {
    let bytes = std::fs::read(path).map_err(io("read", path))?;
    decode(kind, &bytes)
}

/// Writes a file whole or not at all: under another name first.
///
/// # Errors
/// [`FileError::Io`].
pub fn write<T: Serialize>(kind: Kind, path: &Path, value: &T) -> Result<(), FileError> {
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir).map_err(io("make the directory", dir))?;
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let partial = path.with_file_name(name);
    std::fs::write(&partial, encode(kind, value)).map_err(io("write", &partial))?;
    std::fs::rename(&partial, path).map_err(io("write", path))
}

fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> FileError {
    let path = path.to_owned();
    move |source| FileError::Io { action, path, source }
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<u64> {
    let mut out = [0; 8];
    out[..N].copy_from_slice(bytes.get(at..at + N)?);
    Some(u64::from_le_bytes(out))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Body = (u32, String);

    fn sample() -> Vec<u8> {
        encode(Kind::Trace, &(7_u32, "seven".to_owned()))
    }

    #[test]
    fn what_was_written_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b.trace");
        write(Kind::Trace, &path, &(7_u32, "seven".to_owned())).unwrap();
        assert_eq!(read::<Body>(Kind::Trace, &path).unwrap(), (7, "seven".to_owned()));
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn every_cut_and_every_changed_bit_is_an_error() {
        let whole = sample();
        for len in 0..whole.len() {
            assert!(decode::<Body>(Kind::Trace, &whole[..len]).is_err(), "cut at {len}");
        }
        for bit in 0..whole.len() * 8 {
            let mut altered = whole.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            assert!(decode::<Body>(Kind::Trace, &altered).is_err(), "bit {bit}");
        }
        let mut longer = whole;
        longer.push(0);
        assert!(decode::<Body>(Kind::Trace, &longer).is_err());
    }

    #[test]
    fn errors_say_what_is_wrong() {
        let text = |bytes: &[u8], kind| decode::<Body>(kind, bytes).unwrap_err().to_string();
        let mut other = sample();
        other[8] = 99;
        let mut altered = sample();
        altered[22] ^= 1;
        let known = crate::TRACE_VERSION;
        for (bytes, kind, wanted) in [
            (sample(), Kind::Finding, "read it as a finding: it is a trace".to_owned()),
            (
                b"hello, world".to_vec(),
                Kind::Trace,
                "read it as a trace: it is no file of seedbed".to_owned(),
            ),
            (other, Kind::Trace, format!("read a trace of format 99: this seedbed reads format {known}")),
            (
                sample()[..30].to_vec(),
                Kind::Trace,
                "read the trace: it should have 35 bytes and has 30; it was cut or added to".to_owned(),
            ),
            (
                altered,
                Kind::Trace,
                "read the trace: its checksum is wrong; it was altered after it was written".to_owned(),
            ),
        ] {
            assert_eq!(text(&bytes, kind), wanted);
        }
    }
}
