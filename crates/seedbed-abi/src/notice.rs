//! The fixed payloads of exit, down and started notices.

use crate::{ExitReason, Flags};
use alloc::vec::Vec;

/// What the payload of an exit, down or failed started notice says: the reason, then the value
/// that the actor returned, if it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Why the actor ended.
    pub reason: ExitReason,
    /// What it returned (spec E6), as bytes.
    pub value: Option<Vec<u8>>,
}

impl Notice {
    /// The kinds of signal whose payload is a notice.
    pub const KINDS: [Flags; 3] = [Flags::EXIT, Flags::DOWN, Flags::STARTED];

    /// Appends the encoding: the reason, then nothing, or the bytes of the value after a 1.
    pub fn encode(&self, out: &mut Vec<u8>) {
        self.reason.encode(out);
        if let Some(value) = &self.value {
            out.push(1);
            out.extend_from_slice(value);
        }
    }

    /// Reads a notice from a whole payload; `None` if it is not one.
    pub fn decode(payload: &[u8]) -> Option<Notice> {
        let (reason, rest) = ExitReason::decode(payload)?;
        let value = match rest {
            [] => None,
            [1, value @ ..] => Some(value.to_vec()),
            _ => return None,
        };
        Some(Notice { reason, value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_survives_its_encoding() {
        for value in [None, Some(Vec::new()), Some(alloc::vec![1, 2, 3])] {
            let notice = Notice { reason: ExitReason::Killed, value };
            let mut out = Vec::new();
            notice.encode(&mut out);
            assert_eq!(Notice::decode(&out), Some(notice));
        }
        assert_eq!(Notice::decode(&[1]), None);
    }
}
