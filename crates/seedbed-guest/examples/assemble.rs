//! Assembles a guest written as WebAssembly text: `assemble FROM.wat TO.wasm`.

use anyhow::{Context, bail};
use std::path::PathBuf;

fn main() -> anyhow::Result<()> {
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [from, to] = &paths[..] else { bail!("usage: assemble FROM.wat TO.wasm") };
    let module = wat::parse_file(from)?;
    std::fs::write(to, module).with_context(|| format!("failed to write {}", to.display()))
}
