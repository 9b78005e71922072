//! From a file named on the command line to what is run: a manifest, or one module alone.
//!
//! A module alone is the only child of a tree that ends with it, on one node.

use crate::exit::Exit;
use crate::failure::Failure;
use seedbed_manifest::{Hash, LoadError, Manifest, Scenario};
use std::path::Path;

/// Loads a manifest or a module, ready to be run.
pub(crate) fn load(path: &Path) -> Result<Scenario, Failure> {
    let manifest = if is_module(path) { alone(path)? } else { manifest(path)? };
    scenario(manifest)
}

/// Loads a manifest.
pub(crate) fn manifest(path: &Path) -> Result<Manifest, Failure> {
    Ok(Manifest::load(path)?)
}

/// Loads the guests of a manifest.
pub(crate) fn scenario(manifest: Manifest) -> Result<Scenario, Failure> {
    if manifest.processes.is_empty() {
        return Err(Failure::new(Exit::NothingToRun, "nothing to run: the manifest has no process"));
    }
    Ok(Scenario::new(manifest)?)
}

/// What a finding or a message calls it: the module's name, or that of the manifest's directory.
pub(crate) fn name(path: &Path) -> String {
    let stem = || path.file_stem().map(|s| s.to_string_lossy().into_owned());
    let of = |path: &Path| path.file_name().map(|s| s.to_string_lossy().into_owned());
    let directory = || path.canonicalize().ok().as_deref().and_then(Path::parent).and_then(of);
    let named = if path.file_name().is_some_and(|f| f == "seedbed.toml") { directory() } else { None };
    named.or_else(stem).unwrap_or_else(|| "seedbed".to_owned())
}

/// True if the file is a module by its name.
pub(crate) fn is_module(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "wasm")
}

/// The manifest of one module alone.
pub(crate) fn alone(path: &Path) -> Result<Manifest, Failure> {
    let bytes = std::fs::read(path)
        .map_err(|e| Failure::usage(format_args!("cannot read module `{}`: {e}", path.display())))?;
    let hash = Hash::of(&bytes);
    let text = format!(
        "process = [{{ id = \"main\", path = \"main.wasm\", hash = \"{hash}\" }}]\n\
         [tree]\nauto_shutdown = \"all_significant\"\n\
         children = [{{ id = \"main\", process = \"main\", restart = \"temporary\", significant = true }}]\n"
    );
    let root = path.parent().filter(|p| *p != Path::new("")).unwrap_or(Path::new("."));
    let mut manifest = Manifest::parse("the manifest of one module", text.as_bytes(), root)
        .map_err(|report| Failure::unexpected(format_args!("describe one module: {report}")))?;
    for process in &mut manifest.processes {
        process.module = Some(bytes.as_slice().into());
        process.path = path.file_name().unwrap_or_default().into();
    }
    Ok(manifest)
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Failure {
        match error {
            LoadError::Manifest(error) => error.into(),
            LoadError::Guests(refused) => Failure::modules(
                refused.iter().map(|guest| (guest.process.clone(), guest.problem.to_string())).collect(),
            ),
            other => Failure::usage(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_called_by_its_directory_or_its_file() {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
        assert_eq!(name(&fixtures.join("transfer/seedbed.toml")), "transfer");
        assert_eq!(name(&fixtures.join("transfer/ledger.wasm")), "ledger");
        assert_eq!(name(Path::new("other.toml")), "other");
    }
}
