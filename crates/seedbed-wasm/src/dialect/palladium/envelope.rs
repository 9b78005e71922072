//! The 80 bytes in front of a payload.

/// The envelope of version 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PdEnvelope {
    pub(super) message_id: u128,
    pub(super) source: u128,
    pub(super) destination: u128,
    pub(super) type_tag: u64,
    pub(super) payload_len: u32,
    pub(super) flags: u32,
    pub(super) correlation: u64,
}

impl PdEnvelope {
    pub(super) const LEN: usize = 80;
    /// Bit of a response. Bits 1 and 2 are its priority.
    pub(super) const RESPONSE: u32 = 1;

    /// Little-endian, the last 8 bytes zero.
    pub(super) fn to_bytes(self) -> [u8; PdEnvelope::LEN] {
        let mut bytes = [0; PdEnvelope::LEN];
        bytes[0..16].copy_from_slice(&self.message_id.to_le_bytes());
        bytes[16..32].copy_from_slice(&self.source.to_le_bytes());
        bytes[32..48].copy_from_slice(&self.destination.to_le_bytes());
        bytes[48..56].copy_from_slice(&self.type_tag.to_le_bytes());
        bytes[56..60].copy_from_slice(&self.payload_len.to_le_bytes());
        bytes[60..64].copy_from_slice(&self.flags.to_le_bytes());
        bytes[64..72].copy_from_slice(&self.correlation.to_le_bytes());
        bytes
    }

    /// What 80 bytes say.
    pub(super) fn from_bytes(bytes: &[u8]) -> PdEnvelope {
        fn at<const N: usize>(bytes: &[u8], from: usize) -> [u8; N] {
            bytes[from..from + N].try_into().expect("a range of N bytes")
        }
        PdEnvelope {
            message_id: u128::from_le_bytes(at(bytes, 0)),
            source: u128::from_le_bytes(at(bytes, 16)),
            destination: u128::from_le_bytes(at(bytes, 32)),
            type_tag: u64::from_le_bytes(at(bytes, 48)),
            payload_len: u32::from_le_bytes(at(bytes, 56)),
            flags: u32::from_le_bytes(at(bytes, 60)),
            correlation: u64::from_le_bytes(at(bytes, 64)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_its_place() {
        let envelope = PdEnvelope {
            message_id: 1,
            source: 2,
            destination: 3 << 64 | 4,
            type_tag: 5,
            payload_len: 6,
            flags: 7,
            correlation: 8,
        };
        let bytes = envelope.to_bytes();
        assert_eq!([0, 16, 32, 40, 48, 56, 60, 64].map(|at| bytes[at]), [1, 2, 4, 3, 5, 6, 7, 8]);
        assert_eq!(PdEnvelope::from_bytes(&bytes), envelope);
        assert_eq!(bytes.iter().filter(|b| **b != 0).count(), 8);
    }
}
