//! What is kept of runs: finding files, traces, exporters, and why a finding came about.
//!
//! A file opens with what it is and in which version, and closes with a checksum: one that was cut
//! or changed is an error that says so, never a panic and never a wrong answer. The bytes are
//! described in `docs/trace-format.md` and pinned by golden tests.

mod collect;
mod diff;
mod digest;
pub mod export;
pub mod file;
mod finding;
mod record;
mod recorded;
mod text;
mod trace;
mod why;

pub use collect::{Collected, Collector};
pub use diff::{Difference, first_difference};
pub use digest::Digest;
pub use file::{FileError, Kind, PART_VERSION};
pub use finding::{
    Drawn, FINDING_VERSION, Finding, Identity, Mismatch, Origin, Original, SourceFile, WhyLine,
};
pub use record::{Actor, Happening, Head, Parcel, ParcelBody, Record};
pub use recorded::{RECORDING_VERSION, Recorded};
pub use text::Shown;
pub use trace::{TRACE_VERSION, Trace};
pub use why::{Broke, LINES_MAX, why};
