//! Deterministic-simulation actors: WebAssembly and Rust, one lifecycle, a real and a simulated reactor.
