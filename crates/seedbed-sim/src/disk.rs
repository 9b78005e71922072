//! The built-in effect `store`: a log for each path, which outlives lives and crashes (rules O2, O3).

use seedbed_core::abi::store;
use seedbed_core::{EffectError, EffectOutcome, PathId, Pid, Time};
use std::collections::BTreeMap;

#[derive(Debug, Default)]
struct Log {
    synced: Vec<Vec<u8>>,
    /// Records whose append has not completed, oldest first.
    unsynced: Vec<Vec<u8>>,
}

/// The logs of one node.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    logs: BTreeMap<PathId, Log>,
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

    /// A crash: the first `kept` unsynced records of a path reached the disk, the rest is lost.
    pub(crate) fn crash(&mut self, path: PathId, kept: usize) {
        if let Some(log) = self.logs.get_mut(&path) {
            let survivors = log.unsynced.drain(..).take(kept).collect::<Vec<_>>();
            log.synced.extend(survivors);
        }
    }
}

/// An effect that has not completed.
#[derive(Debug)]
pub(crate) struct Effect {
    pub(crate) pid: Pid,
    pub(crate) path: PathId,
    pub(crate) correlation: u64,
    pub(crate) effect: String,
    pub(crate) payload: Vec<u8>,
    pub(crate) request: seedbed_core::EffectRequest,
    /// It will have done nothing.
    pub(crate) failed: bool,
}

/// Effects that have not completed, by the time they will.
#[derive(Debug, Default)]
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
        disk.crash(path, 1);
        let all = disk.complete(path, &[store::READ]).unwrap();
        assert_eq!(store::Records::new(&all).collect::<Vec<_>>(), [&[0u8][..], &[1]]);
        assert!(disk.unsynced().is_empty());
        assert!(disk.complete(path, &[9]).is_err());
    }
}
