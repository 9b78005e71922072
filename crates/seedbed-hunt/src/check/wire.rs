//! What the two sides of a check tell each other: postcard in frames, a length of four bytes first.

use seedbed_trace::Trace;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};

/// The version of this protocol; both sides are the same program, so another one is a mix-up.
pub(super) const VERSION: u32 = 2;

/// How many events make a block.
pub(super) const BLOCK: u64 = 256;

/// A frame is not longer than this.
const FRAME_MAX: u32 = 1 << 30;

/// What the parent asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Request {
    pub(super) version: u32,
    pub(super) seed: u64,
    /// The strategy, as on a command line.
    pub(super) strategy: String,
    pub(super) what: Wanted,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Wanted {
    /// Digests of all blocks, and the end.
    Digests,
    /// The records from one index to before another.
    Records { from: u64, to: u64 },
    /// The states of all actors after a step.
    States { step: u64 },
    /// The parts of the state of one actor after a step.
    Parts { step: u64, path: String, life: u32 },
}

/// What a child answers. Blocks come while it runs; the last answer is any of the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Answer {
    /// The running digest after a block.
    Block(u64),
    /// The run is over.
    End(Ended),
    /// The records.
    Records(Trace),
    /// The states.
    States(Vec<ActorState>),
    /// The parts, each with its hash.
    Parts(Vec<(String, u64)>),
    /// The request cannot be met.
    Refused(String),
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ended {
    pub(super) events: u64,
    pub(super) digest: u64,
    pub(super) steps: u64,
    pub(super) time_ns: u64,
    pub(super) trace_hash: u64,
    pub(super) state_hash: u64,
    pub(super) fuel_hash: u64,
    /// What strategies were told: part of the run, so it must be the same too.
    pub(super) steps_hint: u64,
    /// The property it broke, with its message.
    pub(super) broke: Option<String>,
    pub(super) states: Vec<ActorState>,
}

/// The state of one actor.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct ActorState {
    pub(super) path: String,
    pub(super) life: u32,
    /// Hash of its memory; `None` for an actor that has none to show.
    pub(super) hash: Option<u64>,
}

/// Why the two sides do not understand each other.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// The pipe broke: the process ended, most likely.
    #[error("talk to the process of a check: {0}")]
    Io(#[from] io::Error),
    /// What came is no frame of this protocol.
    #[error("understand the process of a check: {0}")]
    Frame(String),
    /// It could not do what it was asked for.
    #[error("run in the process of a check: {0}")]
    Refused(String),
}

pub(super) fn put<T: Serialize>(out: &mut dyn Write, value: &T) -> Result<(), WireError> {
    let body = postcard::to_allocvec(value).map_err(|e| WireError::Frame(e.to_string()))?;
    let len = u32::try_from(body.len()).ok().filter(|len| *len <= FRAME_MAX);
    let len = len.ok_or_else(|| WireError::Frame(format!("a frame of {} bytes is too long", body.len())))?;
    out.write_all(&len.to_le_bytes())?;
    out.write_all(&body)?;
    Ok(())
}

/// The next frame; `None` if the other side has closed the pipe between two.
pub(super) fn get<T: DeserializeOwned>(from: &mut dyn Read) -> Result<Option<T>, WireError> {
    let mut len = [0; 4];
    let mut have = 0;
    while have < len.len() {
        match from.read(&mut len[have..]) {
            Ok(0) if have == 0 => return Ok(None),
            Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            Ok(n) => have += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e.into()),
        }
    }
    let len = u32::from_le_bytes(len);
    if len > FRAME_MAX {
        return Err(WireError::Frame(format!("a frame of {len} bytes: something else writes to its output")));
    }
    let mut body = Vec::new();
    from.take(u64::from(len)).read_to_end(&mut body)?;
    if body.len() as u64 != u64::from(len) {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    postcard::from_bytes(&body).map(Some).map_err(|e| WireError::Frame(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_as_they_went_and_a_cut_one_is_an_error() {
        let mut bytes = Vec::new();
        put(&mut bytes, &Answer::Block(7)).unwrap();
        put(&mut bytes, &Answer::Refused("no".into())).unwrap();
        let mut from = bytes.as_slice();
        assert_eq!(get::<Answer>(&mut from).unwrap(), Some(Answer::Block(7)));
        assert_eq!(get::<Answer>(&mut from).unwrap(), Some(Answer::Refused("no".into())));
        assert_eq!(get::<Answer>(&mut from).unwrap(), None);
        for cut in 1..5 {
            assert!(get::<Answer>(&mut &bytes[..cut]).is_err(), "cut at {cut}");
        }
        let text = get::<Answer>(&mut &b"hello, world"[..]).unwrap_err().to_string();
        assert!(text.contains("something else writes"), "{text}");
    }
}
