//! The disk of a node: the logs of the effect `store` (rules O2, O3), and the files of guests (rule O5).

use seedbed_core::abi::store;
use seedbed_core::{EffectError, EffectOutcome, PathId, Pid, Time};
use seedbed_files::{MemoryDisk, Op};
use std::collections::BTreeMap;

#[derive(Clone, Debug, Default)]
struct Log {
    synced: Vec<Vec<u8>>,
    /// Records whose append has not completed, oldest first.
    unsynced: Vec<Vec<u8>>,
}

/// The logs and files of one node.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    logs: BTreeMap<PathId, Log>,
    /// Made when the first operation is done.
    pub(crate) files: Option<MemoryDisk>,
}

impl Disk {
    /// Begins an operation. A read sees what was synced when it completes.
    pub(crate) fn begin(&mut self, path: PathId, payload: &[u8]) {
        if let [store::APPEND, record @ ..] = payload {
            self.logs.entry(path).or_default().unsynced.push(record.to_vec());
        }
    }

    /// Completes an operation: operations of one path complete in the order in which they began.
    pub(crate) fn complete(&mut self, path: PathId, payload: &[u8]) -> EffectOutcome {
        let log = self.logs.entry(path).or_default();
        match payload {
            [store::APPEND, ..] => {
                log.synced.push(log.unsynced.remove(0));
                Ok(Vec::new())
            }
            [store::READ] => {
                let mut out = Vec::new();
                log.synced.iter().for_each(|record| store::push_record(&mut out, record));
                Ok(out)
            }
            _ => Err(EffectError { code: 1, text: "neither an append nor a read".into() }),
        }
    }

    /// Ends an operation that failed: an append is not there, as if it had never begun.
    pub(crate) fn fail(&mut self, path: PathId, payload: &[u8]) {
        if let [store::APPEND, ..] = payload {
            self.logs.entry(path).or_default().unsynced.remove(0);
        }
    }

    /// Paths that have unsynced records, and how many.
    pub(crate) fn unsynced(&self) -> Vec<(PathId, usize)> {
        let some = self.logs.iter().filter(|(_, log)| !log.unsynced.is_empty());
        some.map(|(path, log)| (*path, log.unsynced.len())).collect()
    }

    /// A crash: the first `kept` unsynced records of a path reached the disk, so many parts of the
    /// next too if there are any, and the rest is lost.
    pub(crate) fn crash(&mut self, path: PathId, kept: usize, (parts, of): (u32, u32)) {
        let Some(log) = self.logs.get_mut(&path) else { return };
        let mut unsynced = std::mem::take(&mut log.unsynced).into_iter();
        log.synced.extend(unsynced.by_ref().take(kept));
        if let Some(mut torn) = unsynced.next().filter(|record| parts > 0 && record.len() > 1) {
            torn.truncate((torn.len() * parts as usize / of as usize).max(1));
            log.synced.push(torn);
        }
    }
}

/// True if an effect takes room on a disk.
pub(crate) fn takes_room(effect: &str, payload: &[u8]) -> bool {
    if effect == store::EFFECT {
        return payload.first() == Some(&store::APPEND);
    }
    effect == seedbed_files::EFFECT
        && match Op::decode(payload) {
            Ok(Op::Open { how, .. }) => how.create,
            Ok(op) => matches!(
                op,
                Op::Write { .. }
                    | Op::SetSize { .. }
                    | Op::Allocate { .. }
                    | Op::CreateDirectory { .. }
                    | Op::Link { .. }
                    | Op::Symlink { .. }
            ),
            Err(_) => false,
        }
}

/// How an effect fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fails {
    /// It did nothing.
    Refused,
    /// There is no room: it did nothing.
    Full,
    /// It is not known: it was done.
    UnknownDone,
    /// It is not known: it did nothing.
    UnknownNot,
}

impl Fails {
    /// How many answers there are to whether an effect fails: only an append can fail in every way, and what
    /// takes no room finds enough.
    pub(crate) fn answers(effect: &str, payload: &[u8]) -> u32 {
        match takes_room(effect, payload) {
            true if effect == store::EFFECT => 5,
            true => 3,
            false => 2,
        }
    }

    pub(crate) fn of(answer: u32) -> Option<Fails> {
        [Fails::Refused, Fails::Full, Fails::UnknownDone, Fails::UnknownNot]
            .get(answer.checked_sub(1)? as usize)
            .copied()
    }

    /// What the actor is told.
    pub(crate) fn error(self) -> EffectError {
        let (code, text) = match self {
            Fails::Refused => (store::FAILED, "a fault of the simulator"),
            Fails::Full => (store::FULL, "no room: a fault of the simulator"),
            Fails::UnknownDone | Fails::UnknownNot => {
                (store::UNKNOWN, "it may have been done: a fault of the simulator")
            }
        };
        EffectError { code, text: text.into() }
    }
}

/// An effect that has not completed.
#[derive(Clone, Debug)]
pub(crate) struct Effect {
    pub(crate) pid: Pid,
    pub(crate) path: PathId,
    pub(crate) correlation: u64,
    pub(crate) effect: String,
    pub(crate) payload: Vec<u8>,
    pub(crate) request: seedbed_core::EffectRequest,
    /// How it fails, if it does.
    pub(crate) fails: Option<Fails>,
}

/// Effects that have not completed, by the time they will.
#[derive(Clone, Debug, Default)]
pub(crate) struct Effects {
    queue: BTreeMap<(Time, u64), Effect>,
    begun: u64,
    last: BTreeMap<PathId, Time>,
}

impl Effects {
    pub(crate) fn begin(&mut self, effect: Effect, at: Time) {
        let at = self.last.get(&effect.path).map_or(at, |last| at.max(*last));
        self.last.insert(effect.path, at);
        self.begun += 1;
        self.queue.insert((at, self.begun), effect);
    }

    pub(crate) fn next(&self) -> Option<Time> {
        self.queue.first_key_value().map(|((at, _), _)| *at)
    }

    pub(crate) fn pop_due(&mut self, now: Time) -> Option<Effect> {
        let entry = self.queue.first_entry().filter(|e| e.key().0 <= now)?;
        Some(entry.remove())
    }

    /// Effects of a crashed node never complete.
    pub(crate) fn forget(&mut self, mut of_node: impl FnMut(Pid) -> bool) {
        self.queue.retain(|_, e| !of_node(e.pid));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crash_keeps_what_completed_and_loses_a_tail() {
        let (mut disk, path) = (Disk::default(), PathId(1));
        let append = |n: u8| [store::APPEND, n];
        for n in 0..4 {
            disk.begin(path, &append(n));
        }
        assert_eq!(disk.complete(path, &append(0)), Ok(Vec::new()));
        assert_eq!(disk.unsynced(), [(path, 3)]);
        disk.crash(path, 1, (0, 4));
        let all = disk.complete(path, &[store::READ]).unwrap();
        assert_eq!(store::Records::new(&all).collect::<Vec<_>>(), [&[0u8][..], &[1]]);
        assert!(disk.unsynced().is_empty());
        assert!(disk.complete(path, &[9]).is_err());
    }

    #[test]
    fn a_torn_record_is_the_beginning_of_the_first_that_is_lost() {
        for (parts, left) in [(0, &b""[..]), (1, b"ab"), (3, b"abcdef")] {
            let (mut disk, path) = (Disk::default(), PathId(1));
            for record in [&b"\0kept"[..], b"\0abcdefgh", b"\0lost"] {
                disk.begin(path, record);
            }
            disk.crash(path, 1, (parts, 4));
            let all = disk.complete(path, &[store::READ]).unwrap();
            let expected: Vec<&[u8]> =
                [b"kept", left].into_iter().filter(|record| !record.is_empty()).collect();
            assert_eq!(store::Records::new(&all).collect::<Vec<_>>(), expected);
        }
    }
}
