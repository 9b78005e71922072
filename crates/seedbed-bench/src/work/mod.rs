pub mod native;
pub mod wasm;
