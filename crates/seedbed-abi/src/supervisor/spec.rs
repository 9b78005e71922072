//! Flags and child specs, and what is refused about them (rules F).
//!
//! Types hold what they can: an intensity cannot be negative and a spec cannot lack its start.
//! The rest is checked before a supervisor has it, each bad field with an error of its own.

use super::backoff::Backoff;
use crate::check_name;
use alloc::collections::BTreeSet;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;
use serde::{Deserialize, Serialize};

/// A child's id: unique in its supervisor, and the last part of the child's path.
pub type ChildId = Arc<str>;

/// Everything a supervisor is made from.
#[derive(Clone, Debug)]
pub struct Plan<S> {
    /// How the supervisor behaves.
    pub flags: Flags,
    /// Its children in start order; the one template of a dynamic supervisor (F7).
    pub children: Vec<ChildSpec<S>>,
}

/// How a supervisor behaves (F1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flags {
    /// Who is restarted with whom.
    pub strategy: Strategy,
    /// How many restart attempts are allowed within `period`; 0 allows none.
    pub intensity: u32,
    /// The window in which attempts are counted; longer than zero.
    pub period: Duration,
    /// When the supervisor ends because of what its significant children do.
    pub auto_shutdown: AutoShutdown,
}

/// Who is restarted with whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Strategy {
    /// That child only.
    #[default]
    OneForOne,
    /// All children.
    OneForAll,
    /// That child and those started after it.
    RestForOne,
    /// That instance only, of one template; OTP's `simple_one_for_one`.
    Dynamic,
}

/// When a supervisor ends because of what its significant children do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum AutoShutdown {
    /// Never.
    #[default]
    Never,
    /// When one of them ends by itself and is not restarted.
    AnySignificant,
    /// When the last live one of them does.
    AllSignificant,
}

/// How one child is started, restarted and stopped (F4).
///
/// ```
/// # use seedbed_abi::supervisor::{ChildSpec, Restart};
/// let spec = ChildSpec { restart: Restart::Temporary, ..ChildSpec::worker("session", ()) };
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildSpec<S> {
    /// Its id.
    #[serde(with = "text")]
    pub id: ChildId,
    /// How it is made.
    pub start: S,
    /// Which exits restart it.
    pub restart: Restart,
    /// Whether its end may end the supervisor.
    pub significant: bool,
    /// Worker or supervisor.
    pub kind: ChildKind,
    /// How it is stopped.
    pub shutdown: Shutdown,
    /// Waits before restarts; `None` = restart at once.
    pub backoff: Option<Backoff>,
    /// A start that took longer than this is killed (B5); `None` = it may take for ever.
    pub start_timeout: Option<Duration>,
}

/// Which exits restart a child (rules R).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Restart {
    /// Every exit.
    #[default]
    Permanent,
    /// Every exit that is not clean.
    Transient,
    /// None; the spec goes with the child.
    Temporary,
}

/// What a child is; decides nothing but defaults and counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ChildKind {
    /// It has no children of its own.
    #[default]
    Worker,
    /// It is a supervisor.
    Supervisor,
}

/// How a child is stopped (D1, D2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Shutdown {
    /// It is killed.
    Brutal,
    /// It is asked to, and killed if it lives this long after; zero is legal.
    After(Duration),
    /// It is asked to, and waited for. What supervisors want (D9).
    Infinity,
}

/// Why flags or specs were refused (F3, F5, F6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum SpecError {
    /// The period is zero.
    PeriodZero,
    /// A dynamic supervisor has a number of templates other than one (F7).
    Templates {
        /// How many it was given.
        found: usize,
    },
    /// A dynamic supervisor with auto-shutdown.
    DynamicAutoShutdown,
    /// A supervisor cannot become dynamic, or cease to be, while it runs.
    DynamicChange,
    /// A child has an empty id.
    NoId {
        /// Its place in the list, from 0.
        index: usize,
    },
    /// An id that cannot be a name, and so no part of a path (P2).
    BadId(#[serde(with = "text")] ChildId),
    /// Two children with one id.
    DuplicateId(#[serde(with = "text")] ChildId),
    /// A significant child that is always restarted.
    SignificantPermanent(#[serde(with = "text")] ChildId),
    /// A significant child under a supervisor that never shuts down automatically.
    SignificantNever(#[serde(with = "text")] ChildId),
    /// A start timeout of zero.
    StartTimeoutZero(#[serde(with = "text")] ChildId),
    /// A backoff whose shortest delay is zero.
    BackoffMinZero(#[serde(with = "text")] ChildId),
    /// A backoff whose longest delay is under its shortest.
    BackoffMaxBelowMin(#[serde(with = "text")] ChildId),
    /// A backoff that would shrink.
    BackoffFactorZero(#[serde(with = "text")] ChildId),
    /// A backoff with more jitter than delay.
    BackoffJitterTooLarge(#[serde(with = "text")] ChildId),
    /// A backoff that would forget at once.
    BackoffResetZero(#[serde(with = "text")] ChildId),
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SpecError::PeriodZero => f.write_str("the period is zero"),
            SpecError::Templates { found } => write!(f, "a dynamic supervisor has one template, not {found}"),
            SpecError::DynamicAutoShutdown => {
                f.write_str("a dynamic supervisor cannot shut down automatically")
            }
            SpecError::DynamicChange => f.write_str("the strategy cannot change to or from dynamic"),
            SpecError::NoId { index } => write!(f, "child {index} has no id"),
            SpecError::BadId(id) => {
                write!(f, "child {id:?}: the id is too long, or holds /, #, @ or a control character")
            }
            SpecError::DuplicateId(id) => write!(f, "child {id:?}: the id is used twice"),
            SpecError::SignificantPermanent(id) => {
                write!(f, "child {id:?}: a permanent child cannot be significant")
            }
            SpecError::SignificantNever(id) => {
                write!(f, "child {id:?}: significant, but the supervisor never shuts down automatically")
            }
            SpecError::StartTimeoutZero(id) => write!(f, "child {id:?}: the start timeout is zero"),
            SpecError::BackoffMinZero(id) => write!(f, "child {id:?}: the backoff's min is zero"),
            SpecError::BackoffMaxBelowMin(id) => {
                write!(f, "child {id:?}: the backoff's max is less than its min")
            }
            SpecError::BackoffFactorZero(id) => write!(f, "child {id:?}: the backoff's factor is zero"),
            SpecError::BackoffJitterTooLarge(id) => {
                write!(f, "child {id:?}: the backoff's jitter is over 1000 thousandths")
            }
            SpecError::BackoffResetZero(id) => write!(f, "child {id:?}: the backoff's reset_after is zero"),
        }
    }
}

impl core::error::Error for SpecError {}

impl Default for Flags {
    fn default() -> Flags {
        Flags {
            strategy: Strategy::OneForOne,
            intensity: 1,
            period: Duration::from_secs(5),
            auto_shutdown: AutoShutdown::Never,
        }
    }
}

impl Default for Shutdown {
    fn default() -> Shutdown {
        Shutdown::After(Duration::from_secs(5))
    }
}

impl<S> ChildSpec<S> {
    /// A permanent worker that has 5 s to stop.
    pub fn worker(id: impl Into<ChildId>, start: S) -> ChildSpec<S> {
        ChildSpec {
            id: id.into(),
            start,
            restart: Restart::default(),
            significant: false,
            kind: ChildKind::Worker,
            shutdown: Shutdown::default(),
            backoff: None,
            start_timeout: None,
        }
    }

    /// A permanent supervisor that has all the time it needs to stop.
    pub fn supervisor(id: impl Into<ChildId>, start: S) -> ChildSpec<S> {
        ChildSpec {
            kind: ChildKind::Supervisor,
            shutdown: Shutdown::Infinity,
            ..ChildSpec::worker(id, start)
        }
    }

    /// The same spec of a child that is made in another way.
    pub fn map<T>(self, make: impl FnOnce(S) -> T) -> ChildSpec<T> {
        let ChildSpec { id, start, restart, significant, kind, shutdown, backoff, start_timeout } = self;
        ChildSpec { id, start: make(start), restart, significant, kind, shutdown, backoff, start_timeout }
    }

    /// Checks the spec of a child that is to be at `index` under a supervisor with this auto-shutdown.
    ///
    /// # Errors
    /// See [`SpecError`].
    pub fn check(&self, index: usize, auto_shutdown: AutoShutdown) -> Result<(), SpecError> {
        let id = || self.id.clone();
        if self.id.is_empty() {
            return Err(SpecError::NoId { index });
        }
        if check_name(&self.id).is_err() {
            return Err(SpecError::BadId(id()));
        }
        if self.significant && self.restart == Restart::Permanent {
            return Err(SpecError::SignificantPermanent(id()));
        }
        self.check_significance(auto_shutdown)?;
        if self.start_timeout == Some(Duration::ZERO) {
            return Err(SpecError::StartTimeoutZero(id()));
        }
        self.backoff.as_ref().map_or(Ok(()), |backoff| backoff.check(&self.id))
    }

    /// The part of [`check`](Self::check) that depends on the supervisor's flags (F6).
    ///
    /// # Errors
    /// [`SpecError::SignificantNever`].
    pub fn check_significance(&self, auto_shutdown: AutoShutdown) -> Result<(), SpecError> {
        if self.significant && auto_shutdown == AutoShutdown::Never {
            return Err(SpecError::SignificantNever(self.id.clone()));
        }
        Ok(())
    }
}

impl<S> Plan<S> {
    /// Checks flags and children; the first thing wrong is the error.
    ///
    /// # Errors
    /// See [`SpecError`].
    pub fn check(&self) -> Result<(), SpecError> {
        let Flags { strategy, period, auto_shutdown, intensity: _ } = self.flags;
        if period.is_zero() {
            return Err(SpecError::PeriodZero);
        }
        if strategy == Strategy::Dynamic {
            if auto_shutdown != AutoShutdown::Never {
                return Err(SpecError::DynamicAutoShutdown);
            }
            if self.children.len() != 1 {
                return Err(SpecError::Templates { found: self.children.len() });
            }
        }
        let mut ids = BTreeSet::new();
        for (index, child) in self.children.iter().enumerate() {
            child.check(index, auto_shutdown)?;
            if !ids.insert(&child.id) {
                return Err(SpecError::DuplicateId(child.id.clone()));
            }
        }
        Ok(())
    }
}

/// An id as a string: serde reads no shared text without a feature that all its users would get.
mod text {
    use alloc::string::String;
    use alloc::sync::Arc;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(id: &Arc<str>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(id)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Arc<str>, D::Error> {
        Ok(String::deserialize(from)?.into())
    }
}
