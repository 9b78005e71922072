//! Who is meant by 128 bits.
//!
//! The high half is a hash of a path, the low half a generation: the life of the path, 0 = whoever
//! has it now. Who has no path on this node (clients, other nodes, the dead) is given an address
//! that only its receiver can use: the low half, its highest bit set, is the pid, the high half a
//! seal that no guest can make. So an address in hand is the right to send to it, and none can be
//! guessed past the namespaces.

use seedbed_abi::Pid;
use seedbed_core::Life;

/// The bit that tells a sealed pid from a generation.
const SEALED: u64 = 1 << 63;

/// An address, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// Whoever has the path, or had it in that life.
    Path { hash: u64, life: Option<Life> },
    /// A pid, if the seal is its.
    Sealed { pid: Pid, seal: u64 },
    /// Nobody: no life counts so far.
    Nobody,
}

impl Address {
    pub(super) fn of(bits: u128) -> Address {
        let (hash, low) = ((bits >> 64) as u64, bits as u64);
        match (low, u32::try_from(low)) {
            (0, _) => Address::Path { hash, life: None },
            (_, Ok(life)) => Address::Path { hash, life: Some(Life(life)) },
            _ if low & SEALED != 0 => Address::Sealed { pid: Pid::from_raw(low & !SEALED), seal: hash },
            _ => Address::Nobody,
        }
    }
}

/// The address of one life of a path.
pub(super) fn of_path(path: &str, life: Life) -> u128 {
    u128::from(path_hash(path)) << 64 | u128::from(life.0)
}

/// The address that stands for a pid, under this seal.
pub(super) fn sealed(pid: Pid, seal: u64) -> u128 {
    u128::from(seal) << 64 | u128::from(pid.to_raw() | SEALED)
}

/// What an actor is called in palladium: its path on its node, `/` first. The root of a manifest's
/// tree is left out, so that modules written for `/plugins/echo` find it there too.
pub(super) fn name_of(path: &str) -> &str {
    let name = path.find('/').map_or("/", |at| &path[at..]);
    name.strip_prefix("/tree").filter(|rest| rest.starts_with('/')).unwrap_or(name)
}

/// The first 8 bytes of the BLAKE3 of an actor's name.
pub(super) fn path_hash(path: &str) -> u64 {
    first_8(&blake3::hash(name_of(path).as_bytes()))
}

/// The seal of a pid for whoever has this key.
pub(super) fn seal(key: &[u8; 32], pid: Pid) -> u64 {
    first_8(&blake3::keyed_hash(key, &pid.to_raw().to_le_bytes()))
}

fn first_8(hash: &blake3::Hash) -> u64 {
    u64::from_le_bytes(hash.as_bytes()[..8].try_into().expect("eight of 32 bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_hashed_as_palladium_does() {
        assert_eq!(name_of("main/plugins/echo"), "/plugins/echo");
        assert_eq!(name_of("main"), "/");
        assert_eq!(name_of("main/tree/plugins/echo"), "/plugins/echo");
        assert_eq!((name_of("main/tree"), name_of("main/trees/a")), ("/tree", "/trees/a"));
        // The first eight bytes of BLAKE3("/plugins/echo"), as b3sum gives them.
        let expected = blake3::hash(b"/plugins/echo").to_hex();
        let bytes = path_hash("main/plugins/echo").to_le_bytes();
        let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hex, expected[..16]);
        assert_eq!(&blake3::hash(b"").to_hex()[..16], "af1349b9f5f9a1a6", "BLAKE3 itself");
    }

    #[test]
    fn addresses_are_taken_apart_as_they_were_made() {
        let hash = path_hash("n/a");
        assert_eq!(Address::of(of_path("n/a", Life(3))), Address::Path { hash, life: Some(Life(3)) });
        assert_eq!(Address::of(u128::from(hash) << 64), Address::Path { hash, life: None });
        let pid = Pid::from_raw(7 << 20);
        let seal = seal(&[1; 32], pid);
        assert_eq!(Address::of(sealed(pid, seal)), Address::Sealed { pid, seal });
        assert_eq!(Address::of(1 << 40), Address::Nobody);
    }
}
