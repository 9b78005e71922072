//! Names of actors (rule P2).

use crate::Code;

/// The longest name of an actor, in bytes.
pub const NAME_MAX: usize = 255;

/// Checks a name that an actor or a registration wants (rule P2).
///
/// # Errors
/// [`Code::Invalid`] if it is empty, too long, or holds `/`, `#`, `@` or a control character.
pub fn check_name(name: &str) -> Result<(), Code> {
    let bad = |c: char| matches!(c, '/' | '#' | '@') || c.is_control();
    if name.is_empty() || name.len() > NAME_MAX || name.contains(bad) { Err(Code::Invalid) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_p2() {
        assert_eq!(check_name("ledger-1"), Ok(()));
        for bad in ["", "a/b", "#1", "a@b", "tab\t", &"x".repeat(256)] {
            assert_eq!(check_name(bad), Err(Code::Invalid), "{bad:?}");
        }
    }
}
