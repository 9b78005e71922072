//! What the same work costs without actors: nobody can be faster.

pub(crate) mod queue;
pub(crate) mod wasmtime;
