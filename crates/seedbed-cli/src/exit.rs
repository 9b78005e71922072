//! Exit codes: one enum, one meaning a value (`docs/cli.md`).

use std::process::ExitCode;

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All went well.
    Fine,
    /// Something that should not happen: a file that cannot be written, a bug of ours.
    Unexpected,
    /// The command line, or a file named on it, is wrong.
    Usage,
    /// There is nothing to run.
    NothingToRun,
    /// A property is broken. Expected output, not an error.
    Finding,
    /// A guest would not load.
    NotLoaded,
    /// The same run came out differently.
    Nondeterminism,
    /// The finding is of other modules or versions.
    Stale,
    /// Interrupted once, or runs are outstanding, or a canary was not found.
    Incomplete,
    /// Interrupted twice; or once, before a program that `run` runs has come to its end.
    Interrupted,
    /// What was run ended with a code of its own, which is passed on.
    Program(u8),
}

impl Exit {
    /// The number that the shell sees.
    pub(crate) fn code(self) -> u8 {
        match self {
            Exit::Fine => 0,
            Exit::Unexpected => 1,
            Exit::Usage => 2,
            Exit::NothingToRun => 4,
            Exit::Finding => 100,
            Exit::NotLoaded => 101,
            Exit::Nondeterminism => 102,
            Exit::Stale => 103,
            Exit::Incomplete => 104,
            Exit::Interrupted => 130,
            Exit::Program(code) => code,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::Exit;

    /// The table of `docs/cli.md`, one test a value.
    macro_rules! pinned {
        ($($test:ident: $exit:expr => $code:literal,)*) => {
            $(#[test]
            fn $test() {
                assert_eq!($exit.code(), $code);
            })*
        };
    }

    pinned! {
        fine_is_0: Exit::Fine => 0,
        unexpected_is_1: Exit::Unexpected => 1,
        usage_is_2: Exit::Usage => 2,
        nothing_to_run_is_4: Exit::NothingToRun => 4,
        a_finding_is_100: Exit::Finding => 100,
        not_loaded_is_101: Exit::NotLoaded => 101,
        nondeterminism_is_102: Exit::Nondeterminism => 102,
        stale_is_103: Exit::Stale => 103,
        incomplete_is_104: Exit::Incomplete => 104,
        interrupted_is_130: Exit::Interrupted => 130,
        a_programs_is_its_own: Exit::Program(42) => 42,
    }
}
