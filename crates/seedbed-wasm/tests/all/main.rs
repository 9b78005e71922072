//! WASM actors on a kernel: every import, lifecycle rule, limit and lie.

mod fixtures;
mod imports;
mod lies;
mod lifecycle;
mod limits;
mod reuse;
mod world;
