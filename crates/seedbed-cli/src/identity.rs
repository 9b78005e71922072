//! What a run of a manifest depends on, and back from that to what is run.
//!
//! What the command line sets (`settings.rs`) is part of a run: the finding keeps it, so that a replay has
//! it too. Nothing there: all is as the manifest says.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::subject;
use seedbed_hunt::block::plain;
use seedbed_manifest::Scenario;
use seedbed_sim::Faults;
use seedbed_trace::{Digest, FileError, Finding, Identity, SourceFile};
use seedbed_wasm::{REWRITE_VERSION, engine_id};
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

/// What is run: a loaded manifest, in the world that was asked for.
pub(crate) struct Runnable {
    pub(crate) scenario: Scenario,
    pub(crate) identity: Identity,
}

/// Of what kind of run an identity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    /// A simulated one: what mounted directories hold is part of it.
    Simulation,
    /// A recorded one: what it read of files is in the recording, and no disk is looked at.
    Recording,
}

/// Loads a manifest or module to be simulated, with these settings in place of the manifest's. `kept_in`
/// is the directory from which a finding names its manifest.
pub(crate) fn load(path: &Path, settings: &Settings, kept_in: &Path) -> Result<Runnable, Failure> {
    load_for(Of::Simulation, path, settings, kept_in)
}

/// Loads a manifest to be recorded.
pub(crate) fn load_recorded(path: &Path, settings: &Settings, kept_in: &Path) -> Result<Runnable, Failure> {
    load_for(Of::Recording, path, settings, kept_in)
}

fn load_for(of: Of, path: &Path, settings: &Settings, kept_in: &Path) -> Result<Runnable, Failure> {
    // The simulated network is nobody's but the run's own.
    let network = of == Of::Simulation || settings.network;
    let mut scenario = subject::load(path, &settings.given(), network)?;
    if let Some(profile) = &settings.faults {
        let faults = Faults::profile(profile)
            .ok_or_else(|| Failure::usage(format_args!("`{profile}` is no profile of faults")))?;
        scenario = scenario.in_world(|world| world.faults = faults);
    }
    let mut modules: BTreeMap<String, Digest> =
        scenario.modules().map(|(id, hash)| (id.to_owned(), Digest(hash.0))).collect();
    if of == Of::Simulation {
        let images = scenario.image_hashes().map_err(Failure::usage)?;
        modules.extend(images.into_iter().map(|(name, hash)| (format!("/{name}"), Digest(hash.0))));
    }
    let manifest = SourceFile { path: relative(path, kept_in), sha256: Digest(scenario.manifest().hash.0) };
    let identity = Identity {
        modules,
        manifest: Some(manifest),
        world: settings.to_string(),
        run_format: seedbed_core::RUN_FORMAT,
        engine: engine_id().to_string(),
        rewriting: REWRITE_VERSION,
        seedbed: env!("CARGO_PKG_VERSION").to_owned(),
    };
    Ok(Runnable { scenario, identity })
}

/// Reads a finding file.
pub(crate) fn read(path: &Path) -> Result<Finding, Failure> {
    Finding::read(path).map_err(Failure::from)
}

/// Loads what a finding at `path` is of; `manifest` says where that is now, if it was moved.
pub(crate) fn of_finding(
    finding: &Finding,
    path: &Path,
    manifest: Option<&Path>,
) -> Result<Runnable, Failure> {
    if finding.identity.manifest.is_none() && manifest.is_none() {
        return Err(Failure::usage(format_args!("`{}` is of a test, not of a manifest", path.display()))
            .help(format_args!("SEEDBED_REPLAY={} cargo test {}", path.display(), plain(&finding.name))));
    }
    named(Of::Simulation, &finding.identity, path, manifest)
}

/// Loads what the recording at `path` is of.
pub(crate) fn of_recording(
    identity: &Identity,
    path: &Path,
    manifest: Option<&Path>,
) -> Result<Runnable, Failure> {
    named(Of::Recording, identity, path, manifest)
}

/// Loads what the identity in the file at `path` names.
fn named(of: Of, identity: &Identity, path: &Path, manifest: Option<&Path>) -> Result<Runnable, Failure> {
    let directory = path.parent().unwrap_or(Path::new(""));
    let named = identity.manifest.as_ref().map(|source| directory.join(&source.path));
    let manifest = manifest
        .map(Path::to_owned)
        .or(named)
        .ok_or_else(|| Failure::usage(format_args!("`{}` names no manifest", path.display())))?;
    let settings = settings(identity)?;
    load_for(of, &tidy(&manifest), &settings, directory)
}

/// What a run of this identity has beside its manifest.
pub(crate) fn settings(identity: &Identity) -> Result<Settings, Failure> {
    Settings::of(&identity.world).ok_or_else(|| {
        let world = plain(&identity.world);
        Failure::new(Exit::Stale, format_args!("the file is of another world: {world}"))
    })
}

/// Where the manifest of the finding at `path` is, as seen from the working directory.
pub(crate) fn manifest_from_here(finding: &Finding, path: &Path) -> Option<String> {
    let directory = path.parent().unwrap_or(Path::new(""));
    let source = finding.identity.manifest.as_ref()?;
    Some(relative(&directory.join(&source.path), Path::new(".")))
}

/// The way from a directory to a file, with `/`; absolute if there is none.
fn relative(file: &Path, from: &Path) -> String {
    let absolute = |path: &Path| std::path::absolute(path).map(|path| tidy(&path));
    let (Ok(file), Ok(from)) = (absolute(file), absolute(from)) else {
        return file.display().to_string();
    };
    let same = file.components().zip(from.components()).take_while(|(a, b)| a == b).count();
    let ups = from.components().skip(same).map(|_| "..".to_owned());
    let rest = file.components().skip(same).map(|part| part.as_os_str().to_string_lossy().into_owned());
    ups.chain(rest).collect::<Vec<_>>().join("/")
}

/// Without `a/..`, so that messages show a path as people would write it.
fn tidy(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match (part, out.components().next_back()) {
            (Component::ParentDir, Some(Component::Normal(_))) => drop(out.pop()),
            (Component::CurDir, _) => {}
            _ => out.push(part),
        }
    }
    out
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Failure {
        let exit = match error {
            FileError::Version { .. } => Exit::Stale,
            _ => Exit::Usage,
        };
        Failure::new(exit, format_args!("failed to {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_named_from_where_the_finding_is() {
        for (file, from, wanted) in [
            ("fixtures/a/seedbed.toml", "target/seedbed", "../../fixtures/a/seedbed.toml"),
            ("./x/../seedbed.toml", "target/seedbed", "../../seedbed.toml"),
            ("target/seedbed/m.toml", "target/seedbed", "m.toml"),
        ] {
            assert_eq!(relative(Path::new(file), Path::new(from)), wanted);
        }
    }

    #[test]
    fn paths_are_tidied_without_leaving_their_meaning() {
        for (path, wanted) in
            [("target/seedbed/../../a/b", "a/b"), ("../../a", "../../a"), ("/x/../y", "/y"), ("./a", "a")]
        {
            assert_eq!(tidy(Path::new(path)), Path::new(wanted));
        }
    }
}
