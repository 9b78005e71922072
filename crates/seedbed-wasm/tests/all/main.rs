//! WASM actors on a kernel: every import, lifecycle rule, limit and lie.

mod abi_page;
mod both;
mod built;
mod calls;
mod fixtures;
mod handed;
mod imports;
mod lies;
mod lifecycle;
mod limits;
mod lunatic;
mod lunatic_gaps;
mod lunatic_lies;
mod lunatic_network;
mod palladium;
mod pump;
mod reuse;
mod seedbed;
mod starving;
mod state;
mod wasi;
mod wasi_files;
mod wasi_lies;
mod world;
