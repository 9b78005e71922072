//! Result codes that cross the boundary between host and guest.

use crate::{DecodeError, ExitReason, Failure};
use core::fmt;

/// Why a wish was refused at the call. Guests see the negative number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(i32)]
#[non_exhaustive]
pub enum Code {
    /// The receiver's mailbox has no room (count or bytes).
    MailboxFull = -1,
    /// The payload is larger than the receiver takes.
    TooLarge = -2,
    /// The sender's outbox, or another limit of the sender, is used up.
    LimitReached = -3,
    /// The actor lacks the permission.
    Denied = -4,
    /// No such entry, name, effect, timer, request or reference.
    NotFound = -5,
    /// The name is taken.
    NameTaken = -6,
    /// The arguments make no sense: an empty name, a pid of nobody, an unknown flag.
    Invalid = -7,
    /// The wish is not one that may be made in this hook (in `on_stop`, all but send and reply).
    NotNow = -8,
    /// The request was answered before, or asked of another actor.
    NotYours = -9,
    /// All slots of the node are in use.
    NoRoom = -10,
}

impl Code {
    /// All codes, in the order of their numbers.
    pub const ALL: [Code; 10] = [
        Code::MailboxFull,
        Code::TooLarge,
        Code::LimitReached,
        Code::Denied,
        Code::NotFound,
        Code::NameTaken,
        Code::Invalid,
        Code::NotNow,
        Code::NotYours,
        Code::NoRoom,
    ];

    /// The code with this number.
    pub fn from_i32(n: i32) -> Option<Code> {
        Code::ALL.into_iter().find(|c| *c as i32 == n)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Code::MailboxFull => "the receiver's mailbox is full",
            Code::TooLarge => "the payload is larger than the receiver takes",
            Code::LimitReached => "a limit of the caller is reached",
            Code::Denied => "permission denied",
            Code::NotFound => "not found",
            Code::NameTaken => "the name is taken",
            Code::Invalid => "invalid argument",
            Code::NotNow => "not possible in this hook",
            Code::NotYours => "not a request that this actor may answer",
            Code::NoRoom => "no free slot on this node",
        })
    }
}

impl core::error::Error for Code {}

/// How a request ended without a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u64)]
#[non_exhaustive]
pub enum RequestFailure {
    /// The actor asked is gone, or ended before it replied.
    Dead = 1,
    /// Its mailbox had no room, or the request was too large for it.
    Refused = 2,
    /// Its node is lost.
    NoConnection = 3,
    /// No reply came in time.
    Timeout = 4,
}

impl RequestFailure {
    /// The failure with this number.
    pub fn from_u64(n: u64) -> Option<RequestFailure> {
        use RequestFailure::*;
        [Dead, Refused, NoConnection, Timeout].into_iter().find(|f| *f as u64 == n)
    }
}

impl fmt::Display for RequestFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RequestFailure::Dead => "the actor asked is gone",
            RequestFailure::Refused => "the actor asked had no room",
            RequestFailure::NoConnection => "the node of the actor asked is lost",
            RequestFailure::Timeout => "no reply came in time",
        })
    }
}

impl core::error::Error for RequestFailure {}

/// An error that a handler returns to choose the code of its exit reason.
///
/// 0, 1 and 2 mean something else where a hook answers; an error that carries one of them counts as [`OTHER`](Self::OTHER).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HandlerCode(pub i32);

impl HandlerCode {
    /// The code of an error that chose none.
    pub const OTHER: HandlerCode = HandlerCode(-1);

    /// The code of a [`DecodeError`]: a payload is not of the type that the actor takes.
    pub const BAD_PAYLOAD: HandlerCode = HandlerCode(-2);

    /// The code that the exit reason shows for `error`: the same whether the actor is native or a guest.
    pub fn of(error: &anyhow::Error) -> HandlerCode {
        match error.downcast_ref::<HandlerCode>() {
            Some(code) if !(0..=2).contains(&code.0) => *code,
            None if error.is::<DecodeError>() => HandlerCode::BAD_PAYLOAD,
            _ => HandlerCode::OTHER,
        }
    }
}

impl fmt::Display for HandlerCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "handler error {}", self.0)
    }
}

impl core::error::Error for HandlerCode {}

/// What `on_stop` is told about why, as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum StopCode {
    /// The actor ended itself.
    Normal = 0,
    /// Another actor or a handle asked.
    Requested = 1,
    /// The parent or supervisor ended.
    Parent = 2,
    /// A shutdown.
    Shutdown = 3,
    /// A failure.
    Failed = -1,
}

impl StopCode {
    /// The code with this number.
    pub const fn from_i32(n: i32) -> Option<StopCode> {
        match n {
            0 => Some(StopCode::Normal),
            1 => Some(StopCode::Requested),
            2 => Some(StopCode::Parent),
            3 => Some(StopCode::Shutdown),
            -1 => Some(StopCode::Failed),
            _ => None,
        }
    }
}

/// What a spawn asks for beside the child itself, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpawnFlags(pub u32);

impl SpawnFlags {
    /// Nothing more.
    pub const NONE: SpawnFlags = SpawnFlags(0);
    /// Link the spawner and the child.
    pub const LINK: SpawnFlags = SpawnFlags(1);
    /// Monitor the child; the reference is the next of the spawner's own monitors, and stands in the down.
    pub const MONITOR: SpawnFlags = SpawnFlags(2);
    /// Tell the spawner once how the start went.
    pub const NOTIFY: SpawnFlags = SpawnFlags(4);

    /// True if every bit of `other` is set here.
    pub const fn has(self, other: SpawnFlags) -> bool {
        self.0 & other.0 == other.0
    }

    /// The union of both.
    #[must_use]
    pub const fn with(self, other: SpawnFlags) -> SpawnFlags {
        SpawnFlags(self.0 | other.0)
    }
}

/// Why an actor ends itself or asks another to end, as an actor says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// It is done.
    Normal,
    /// In an orderly way.
    Shutdown,
    /// A failure with this code, as if a handler had returned [`HandlerCode`].
    Failed(HandlerCode),
}

impl Reason {
    /// The number that asks for a kill where a reason is asked for.
    pub const KILL: i32 = 2;

    /// The number in the guest ABI.
    pub fn to_i32(self) -> i32 {
        match self {
            Reason::Normal => 0,
            Reason::Shutdown => 1,
            Reason::Failed(HandlerCode(0..=2)) => HandlerCode::OTHER.0,
            Reason::Failed(HandlerCode(n)) => n,
        }
    }

    /// The reason with this number; `None` for [`KILL`](Self::KILL).
    pub fn from_i32(n: i32) -> Option<Reason> {
        match n {
            0 => Some(Reason::Normal),
            1 => Some(Reason::Shutdown),
            Reason::KILL => None,
            n => Some(Reason::Failed(HandlerCode(n))),
        }
    }
}

impl From<Reason> for ExitReason {
    fn from(reason: Reason) -> ExitReason {
        match reason {
            Reason::Normal => ExitReason::Normal,
            Reason::Shutdown => ExitReason::Shutdown,
            Reason::Failed(_) => Failure::HandlerError(reason.to_i32()).into(),
        }
    }
}

/// How much a log line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(i32)]
pub enum Level {
    /// Something is wrong.
    Error = 1,
    /// Something may be wrong.
    Warn = 2,
    /// Worth knowing.
    Info = 3,
    /// For whoever looks for a fault.
    Debug = 4,
    /// Everything.
    Trace = 5,
}

impl Level {
    /// The level with this number; what is below or above all is the first or last.
    pub const fn from_i32(n: i32) -> Level {
        match n {
            ..=1 => Level::Error,
            2 => Level::Warn,
            3 => Level::Info,
            4 => Level::Debug,
            5.. => Level::Trace,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_levels_keep_their_numbers() {
        for code in Code::ALL {
            assert_eq!(Code::from_i32(code as i32), Some(code));
        }
        assert_eq!(Code::from_i32(0), None);
        for (n, level) in [(i32::MIN, 1), (1, 1), (3, 3), (5, 5), (9, 5)] {
            assert_eq!(Level::from_i32(n) as i32, level);
        }
    }

    #[test]
    fn an_error_shows_the_code_it_chose_unless_a_hook_means_something_else_by_it() {
        for (chosen, shown) in [(7, 7), (-3, -3), (0, -1), (1, -1), (2, -1), (3, 3)] {
            assert_eq!(HandlerCode::of(&HandlerCode(chosen).into()), HandlerCode(shown));
            let reason = Reason::Failed(HandlerCode(chosen));
            assert_eq!(reason.to_i32(), shown);
            assert_eq!(ExitReason::from(reason), Failure::HandlerError(shown).into());
        }
        assert_eq!(HandlerCode::of(&Code::Denied.into()), HandlerCode::OTHER);
        assert_eq!(HandlerCode::of(&DecodeError::Malformed { len: 1 }.into()), HandlerCode::BAD_PAYLOAD);
    }

    #[test]
    fn stop_codes_keep_their_numbers() {
        for n in -1..=3 {
            assert_eq!(StopCode::from_i32(n).map(|c| c as i32), Some(n));
        }
        assert_eq!(StopCode::from_i32(4), None);
    }

    #[test]
    fn a_reason_survives_its_number() {
        for n in [0, 1, 7, -1] {
            assert_eq!(Reason::from_i32(n).map(Reason::to_i32), Some(n));
        }
        assert_eq!(Reason::from_i32(Reason::KILL), None);
    }
}
