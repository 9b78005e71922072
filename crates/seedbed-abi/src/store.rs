//! The built-in effect `store`: an append-only log of records, one for each path (rules O2, O3).
//!
//! A payload is one byte that says what is wanted, then, for an append, the record. An append
//! completes empty, once the record is durable; a read completes with all records, oldest first.

use alloc::vec::Vec;

/// The effect's name.
pub const EFFECT: &str = "store";

/// First byte of the payload that appends what follows it.
pub const APPEND: u8 = 0;

/// The payload that reads all records.
pub const READ: u8 = 1;

/// The code of an operation that failed and did nothing.
pub const FAILED: u64 = 2;

/// The code of an append for which there is no room; it did nothing.
pub const FULL: u64 = 3;

/// The code of an append of which nobody knows whether it was done.
pub const UNKNOWN: u64 = 4;

/// Appends one record to what a read completes with: its length as u32, then its bytes.
///
/// # Panics
/// If the record has 4 GiB or more, which no limit lets through.
pub fn push_record(out: &mut Vec<u8>, record: &[u8]) {
    let len = u32::try_from(record.len()).expect("records are bounded by the payload limit");
    out.extend_from_slice(&len.to_le_bytes());
    out.extend_from_slice(record);
}

/// The records in what a read completed with.
///
/// It ends early at bytes that are no record; [`rest`](Self::rest) tells.
#[derive(Clone, Debug)]
pub struct Records<'a>(&'a [u8]);

impl<'a> Records<'a> {
    /// Reads the records in `bytes`.
    pub fn new(bytes: &'a [u8]) -> Records<'a> {
        Records(bytes)
    }

    /// What has not been read; empty after the last record.
    pub fn rest(&self) -> &'a [u8] {
        self.0
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (len, rest) = self.0.split_first_chunk::<4>()?;
        let (record, rest) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
        self.0 = rest;
        Some(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn records_come_back_in_order() {
        let mut bytes = Vec::new();
        for record in [&b"one"[..], b"", b"three"] {
            push_record(&mut bytes, record);
        }
        let mut records = Records::new(&bytes);
        assert_eq!(records.by_ref().collect::<Vec<_>>(), vec![&b"one"[..], b"", b"three"]);
        assert_eq!(records.rest(), b"");
    }

    #[test]
    fn broken_bytes_are_left_over() {
        for bytes in [&[1, 0, 0][..], &[5, 0, 0, 0, 1]] {
            let mut records = Records::new(bytes);
            assert_eq!((records.next(), records.rest()), (None, bytes));
        }
    }
}
