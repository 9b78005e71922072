pub mod native;
pub mod short;
pub mod wasm;
