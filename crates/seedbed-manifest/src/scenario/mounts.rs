//! What mounted directories hold: read once, kept in memory, the same in every simulated run.

use crate::{Hash, Manifest};
use seedbed_files::Image;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;

/// So many bytes all mounted directories may hold together, to be simulated.
const BYTES_MAX: u64 = 256 << 20;

/// So many files, directories and links.
const ENTRIES_MAX: u64 = 100_000;

/// A mounted directory that cannot be simulated.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("mounted directory `{fs}`: {reason}")]
pub struct MountError {
    /// The directory, relative to the manifest's root.
    pub fs: String,
    /// Why not.
    pub reason: String,
}

/// The name by which guests and reactors know a directory: its path, with `/`.
pub(super) fn name(fs: &Path) -> String {
    let parts = fs.components().map(|part| part.as_os_str().to_string_lossy().into_owned());
    let name = parts.collect::<Vec<_>>().join("/");
    if name.is_empty() { ".".to_owned() } else { name }
}

/// All mounted directories, by their names.
pub(super) fn directories(manifest: &Manifest) -> impl Iterator<Item = (String, PathBuf)> {
    let mounts = manifest.processes.iter().flat_map(|process| &process.wasi.mounts);
    mounts.map(|mount| (name(&mount.fs), manifest.root.join(&mount.fs)))
}

/// Reads all of them.
pub(super) fn read_all(manifest: &Manifest) -> Result<BTreeMap<String, Image>, MountError> {
    let mut room = Room { bytes: BYTES_MAX, entries: ENTRIES_MAX };
    let all: BTreeMap<String, PathBuf> = directories(manifest).collect();
    let read = |(fs, path): (String, PathBuf)| match room.read(&path) {
        Ok(image) => Ok((fs, image)),
        Err(reason) => Err(MountError { fs, reason }),
    };
    all.into_iter().map(read).collect()
}

/// The hash of what a directory holds.
pub(super) fn hash(image: &Image) -> Hash {
    let mut hasher = Sha256::new();
    image.feed(&mut |bytes| hasher.update(bytes));
    Hash(hasher.finalize().into())
}

/// What is left of the bounds.
struct Room {
    bytes: u64,
    entries: u64,
}

impl Room {
    fn read(&mut self, path: &Path) -> Result<Image, String> {
        let at = |e: std::io::Error| format!("read {}: {e}", path.display());
        // The directory itself may be a link within the manifest's root; those in it stay links.
        let mut entries = BTreeMap::new();
        for entry in std::fs::read_dir(path).map_err(at)? {
            let entry = entry.map_err(at)?;
            let name = entry.file_name().into_string();
            let name = name.map_err(|name| format!("the name {} is not UTF-8", name.display()))?;
            let image = self.entry(&entry.path(), entry.file_type().map_err(at)?)?;
            entries.insert(name, image);
        }
        Ok(Image::Directory(entries))
    }

    fn entry(&mut self, path: &Path, ty: std::fs::FileType) -> Result<Image, String> {
        let at = |e: std::io::Error| format!("read {}: {e}", path.display());
        let many = format!("more than {ENTRIES_MAX} files are too many to simulate");
        self.entries = self.entries.checked_sub(1).ok_or(many)?;
        if ty.is_dir() {
            return self.read(path);
        }
        if ty.is_symlink() {
            let target = std::fs::read_link(path).map_err(at)?.into_os_string().into_string();
            return target.map(Image::Link).map_err(|_| format!("the link {} is not UTF-8", path.display()));
        }
        if !ty.is_file() {
            return Err(format!("{} is no file, directory or symbolic link", path.display()));
        }
        let len = std::fs::metadata(path).map_err(at)?.len();
        let large = format!("more than {} MiB are too much to simulate", BYTES_MAX >> 20);
        self.bytes = self.bytes.checked_sub(len).ok_or(large)?;
        Ok(Image::File(Arc::new(std::fs::read(path).map_err(at)?)))
    }
}
