//! The SDK for guests written in Rust.
