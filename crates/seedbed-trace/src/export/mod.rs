//! Traces in the formats of other tools; one file a format.

mod jsonl;

pub use jsonl::jsonl;
