//! Logs in memory.

use super::bad_payload;
use seedbed_core::abi::store;
use seedbed_core::{EffectOutcome, PathId};
use std::collections::BTreeMap;

/// All logs, each as a read gives it.
#[derive(Default)]
pub(crate) struct Memory {
    logs: BTreeMap<PathId, Vec<u8>>,
}

impl Memory {
    pub(crate) fn perform(&mut self, path: PathId, payload: &[u8]) -> EffectOutcome {
        let log = self.logs.entry(path).or_default();
        match payload {
            [store::APPEND, record @ ..] => {
                store::push_record(log, record);
                Ok(Vec::new())
            }
            [store::READ] => Ok(log.clone()),
            _ => Err(bad_payload()),
        }
    }
}
