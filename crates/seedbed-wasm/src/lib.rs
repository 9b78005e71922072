//! WebAssembly actors: engine, rewriting pass, module store, dialects, limits.
