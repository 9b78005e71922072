//! Seedbed at work.

pub(crate) mod native;
pub(crate) mod net;
pub(crate) mod patterns;
pub(crate) mod short;
pub(crate) mod wasm;
