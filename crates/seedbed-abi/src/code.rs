//! Result codes that cross the boundary between host and guest.

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandlerCode(pub i32);

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

/// What a spawn asks for beside the child itself, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpawnFlags(pub u32);

impl SpawnFlags {
    /// Nothing more.
    pub const NONE: SpawnFlags = SpawnFlags(0);
    /// Link the spawner and the child.
    pub const LINK: SpawnFlags = SpawnFlags(1);
    /// Monitor the child; the reference is the child's pid's own first monitor of the spawner.
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
