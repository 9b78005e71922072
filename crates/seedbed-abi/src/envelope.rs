//! The 48 bytes in front of every message.

use core::fmt;

/// Length of an encoded [`Envelope`] in bytes.
pub const ENVELOPE_LEN: usize = 48;

/// What the host says about a message: who, to whom, which, and how long.
///
/// `id`, `from` and `flags` are stamped by the host; a guest cannot forge them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Envelope {
    /// Number of this signal among those its sender sent, from 1.
    pub id: u64,
    /// Pid of the sender; 0 = nobody.
    pub from: u64,
    /// Pid or address it was sent to, as the sender wrote it.
    pub to: u64,
    /// Ties a request to its reply, a monitor to its down, a timer or an effect to its notice;
    /// counted from 1 by the actor that will get the answer. 0 = none.
    pub correlation: u64,
    /// Chosen by the sender; Seedbed attaches no meaning to it.
    pub tag: u64,
    /// Length of the payload in bytes.
    pub len: u32,
    /// What kind of signal this is.
    pub flags: Flags,
}

impl Envelope {
    /// Encodes the envelope, little-endian.
    #[inline]
    pub fn to_bytes(&self) -> [u8; ENVELOPE_LEN] {
        let mut out = [0; ENVELOPE_LEN];
        out[0..8].copy_from_slice(&self.id.to_le_bytes());
        out[8..16].copy_from_slice(&self.from.to_le_bytes());
        out[16..24].copy_from_slice(&self.to.to_le_bytes());
        out[24..32].copy_from_slice(&self.correlation.to_le_bytes());
        out[32..40].copy_from_slice(&self.tag.to_le_bytes());
        out[40..44].copy_from_slice(&self.len.to_le_bytes());
        out[44..48].copy_from_slice(&self.flags.0.to_le_bytes());
        out
    }

    /// Decodes an envelope.
    #[inline]
    pub fn from_bytes(bytes: &[u8; ENVELOPE_LEN]) -> Envelope {
        let word = |at: usize| {
            let mut b = [0; 8];
            b.copy_from_slice(&bytes[at..at + 8]);
            u64::from_le_bytes(b)
        };
        let last = word(40);
        Envelope {
            id: word(0),
            from: word(8),
            to: word(16),
            correlation: word(24),
            tag: word(32),
            len: last as u32,
            flags: Flags((last >> 32) as u32),
        }
    }
}

/// Kind of a signal, as bits. No bit set = a plain message (a request, if `correlation` is not 0).
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(transparent)]
pub struct Flags(pub u32);

impl Flags {
    /// A plain message or request.
    pub const MESSAGE: Flags = Flags(0);
    /// The reply to a request. With [`FAILED`](Self::FAILED), `tag` is a [`RequestFailure`](crate::RequestFailure).
    pub const REPLY: Flags = Flags(1);
    /// A linked actor exited, and this one traps exits.
    pub const EXIT: Flags = Flags(1 << 1);
    /// A monitored actor exited; `correlation` is the monitor's reference.
    pub const DOWN: Flags = Flags(1 << 2);
    /// A timer fired; `correlation` is the timer's id, `tag` the one it was armed with.
    pub const TIMER: Flags = Flags(1 << 3);
    /// An effect completed. With [`FAILED`](Self::FAILED), `tag` is the effect's error code and the payload its text.
    pub const COMPLETION: Flags = Flags(1 << 4);
    /// A spawned child has started (`tag` 0), chose to be ignored (`tag` 1), or, with
    /// [`FAILED`](Self::FAILED), could not start (payload: an encoded reason).
    pub const STARTED: Flags = Flags(1 << 5);
    /// Beside `REPLY`, `COMPLETION` or `STARTED`: it did not succeed.
    pub const FAILED: Flags = Flags(1 << 6);

    /// True if every bit of `other` is set here.
    #[inline]
    pub const fn has(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }

    /// The union of both.
    #[inline]
    #[must_use]
    pub const fn with(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }

    /// The bits without [`FAILED`](Self::FAILED): which kind of signal it is.
    #[inline]
    pub const fn kind(self) -> Flags {
        Flags(self.0 & !Flags::FAILED.0)
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.kind() {
            Flags::MESSAGE => "message",
            Flags::REPLY => "reply",
            Flags::EXIT => "exit",
            Flags::DOWN => "down",
            Flags::TIMER => "timer",
            Flags::COMPLETION => "completion",
            Flags::STARTED => "started",
            _ => return write!(f, "flags {:#x}", self.0),
        };
        f.write_str(name)?;
        if self.has(Flags::FAILED) { f.write_str(" (failed)") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_survives_its_encoding() {
        let e = Envelope {
            id: 1,
            from: 2,
            to: 3,
            correlation: 4,
            tag: u64::MAX,
            len: 6,
            flags: Flags::REPLY.with(Flags::FAILED),
        };
        assert_eq!(Envelope::from_bytes(&e.to_bytes()), e);
        assert_eq!(e.to_bytes()[40], 6);
        assert_eq!(e.to_bytes()[44], 65);
    }
}
