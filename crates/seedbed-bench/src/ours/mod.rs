//! Seedbed at work.

pub(crate) mod asks;
pub(crate) mod calls;
pub(crate) mod fan;
pub(crate) mod lunatic;
pub(crate) mod native;
pub(crate) mod net;
pub(crate) mod orders;
pub(crate) mod palladium;
pub(crate) mod restarts;
pub(crate) mod ring;
pub(crate) mod short;
pub(crate) mod snapshots;
pub(crate) mod spawns;
pub(crate) mod system;
pub(crate) mod timers;
pub(crate) mod wasm;
