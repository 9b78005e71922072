//! Nothing but dependencies: one set of features for all tests of the workspace.
//!
//! Cargo unites the features of what it builds together, so `cargo test -p` of one crate would build
//! wasmtime with other features below it than `cargo test --workspace` does: minutes, for nothing.
