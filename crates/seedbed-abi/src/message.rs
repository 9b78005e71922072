//! Typed messages and raw bytes.

use alloc::vec::Vec;
use core::fmt;
use serde::{Serialize, de::DeserializeOwned};

/// Something that can be the payload of a message: any serde type (encoded by postcard), or
/// [`Bytes`] for a payload taken as it is.
pub trait Message: Sized + 'static {
    /// Appends the encoding to `out`.
    fn encode(&self, out: &mut Vec<u8>);

    /// Reads a value from a whole payload.
    ///
    /// # Errors
    /// If the bytes are not an encoding of this type, or go on after it.
    fn decode(payload: &[u8]) -> Result<Self, DecodeError>;
}

impl<T: Serialize + DeserializeOwned + 'static> Message for T {
    #[inline]
    fn encode(&self, out: &mut Vec<u8>) {
        let writer = Appender(out);
        // The appender cannot fail; a Serialize impl that reports an error of its own is a bug of the message type.
        if let Err(e) = postcard::serialize_with_flavor(self, writer) {
            panic!("message type refuses to be serialised: {e}");
        }
    }

    #[inline]
    fn decode(payload: &[u8]) -> Result<Self, DecodeError> {
        match postcard::take_from_bytes(payload) {
            Ok((value, [])) => Ok(value),
            Ok((_, rest)) => Err(DecodeError::Trailing { len: rest.len() }),
            Err(_) => Err(DecodeError::Malformed { len: payload.len() }),
        }
    }
}

struct Appender<'a>(&'a mut Vec<u8>);

impl postcard::ser_flavors::Flavor for Appender<'_> {
    type Output = ();

    #[inline]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    #[inline]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// A raw payload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

impl Message for Bytes {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }

    fn decode(payload: &[u8]) -> Result<Self, DecodeError> {
        Ok(Bytes(payload.to_vec()))
    }
}

impl Bytes {
    /// Reads a typed value from the payload.
    ///
    /// # Errors
    /// If the bytes are not an encoding of `M`.
    pub fn get<M: Message>(&self) -> Result<M, DecodeError> {
        M::decode(&self.0)
    }
}

impl core::ops::Deref for Bytes {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Bytes(bytes.to_vec())
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes(bytes)
    }
}

/// Why a payload is not a value of the type the actor takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// Not an encoding of the type.
    Malformed {
        /// Length of the payload in bytes.
        len: usize,
    },
    /// Bytes are left over.
    Trailing {
        /// How many.
        len: usize,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::Malformed { len } => {
                write!(f, "payload of {len} bytes is not the message type expected")
            }
            DecodeError::Trailing { len } => write!(f, "payload has {len} bytes after the message"),
        }
    }
}

impl core::error::Error for DecodeError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_message_survives_and_a_broken_one_is_refused() {
        let mut out = Vec::new();
        (7u32, Some(true)).encode(&mut out);
        assert_eq!(<(u32, Option<bool>)>::decode(&out), Ok((7, Some(true))));
        assert_eq!(<u8>::decode(&out), Err(DecodeError::Trailing { len: out.len() - 1 }));
        assert_eq!(<u32>::decode(&[0x80]), Err(DecodeError::Malformed { len: 1 }));
        assert_eq!(Bytes::decode(&[1, 2]), Ok(Bytes(alloc::vec![1, 2])));
    }
}
