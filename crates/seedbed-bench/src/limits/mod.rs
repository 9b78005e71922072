//! What the same work costs without actors: nobody can be faster.

pub mod queue;
pub mod wasmtime;
