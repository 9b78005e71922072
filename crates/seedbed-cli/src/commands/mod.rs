//! A file for each command.

pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod diff;
pub(crate) mod hunt;
pub(crate) mod merge;
pub(crate) mod replay;
pub(crate) mod run;
pub(crate) mod shrink;
pub(crate) mod sim;
pub(crate) mod trace;
pub(crate) mod verify;
pub(crate) mod why;
