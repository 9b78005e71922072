//! What the same work costs without actors: nobody can be faster.

pub mod arithmetic;
pub mod copy;
pub mod queue;
pub mod wasmtime;
