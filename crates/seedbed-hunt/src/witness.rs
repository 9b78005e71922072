//! Which run was on when a process died: by an abort, a stack that overflowed, the system's killer.
//!
//! Nothing can be printed then, so each worker says before a run which one it is, in a file of its
//! own that it holds locked. A hunt that ends takes its files away; a file that is left and not
//! locked any more tells of a death.

use seedbed_trace::FileError;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

/// A run in which a process died.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Died {
    /// Its seed.
    pub seed: u64,
    /// The seed of the run from whose start it went on, if it was a fork.
    pub start: Option<u64>,
    /// The strategy, as on a command line.
    pub strategy: String,
}

/// The file of one worker.
pub(crate) struct Witness {
    file: File,
    path: PathBuf,
}

const SUFFIX: &str = ".running";

impl Witness {
    /// Makes and locks the file. A place that cannot be written is no reason not to hunt: the finding
    /// that cannot be kept there will say so.
    pub(crate) fn new(dir: &Path, name: &str, strategy: &str, job: u32) -> Option<Witness> {
        std::fs::create_dir_all(dir).ok()?;
        let path = dir.join(format!("{}{}-{job}{SUFFIX}", prefix(name), std::process::id()));
        let mut file = OpenOptions::new().create(true).write(true).truncate(true).open(&path).ok()?;
        file.try_lock().ok()?;
        writeln!(file, "{:33}\n{strategy}", "").ok()?;
        Some(Witness { file, path })
    }

    /// A run begins, which goes on from the start of another if that is given.
    pub(crate) fn begin(&mut self, seed: u64, start: Option<u64>) {
        let start = start.map(|start| format!("{start:016x}")).unwrap_or_default();
        let text = format!("{seed:016x} {start:16}");
        // A disk that is full now is no reason to stop: only a death would go untold.
        let _ = self.file.rewind().and_then(|()| self.file.write_all(text.as_bytes()));
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        // If it stays, it tells of a run that nothing happened to: a nuisance, no mistake.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// The runs in which hunts of this name died that kept their findings in this directory. Each is told
/// once: its file is taken away.
///
/// # Errors
/// If the directory or a file in it cannot be read.
pub fn died(dir: &Path, name: &str) -> Result<Vec<Died>, FileError> {
    told(dir, &prefix(name), |file| match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(e)) => Err(e),
    })
}

/// The runs in which a hunt of this name died in one process, once that has ended: its files are
/// taken away.
///
/// # Errors
/// If the directory or a file in it cannot be read.
pub fn died_of(dir: &Path, name: &str, process: u32) -> Result<Vec<Died>, FileError> {
    told(dir, &format!("{}{process}-", prefix(name)), |file| file.lock().map(|()| true))
}

/// What the files say that begin so and can be locked.
fn told(dir: &Path, prefix: &str, lock: impl Fn(&File) -> io::Result<bool>) -> Result<Vec<Died>, FileError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| FileError::Io { action: "read", path, source }
    };
    let entries = match std::fs::read_dir(dir) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(failed(dir))?,
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed(dir))?.path();
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if file.starts_with(prefix) && file.ends_with(SUFFIX) {
            paths.push(path);
        }
    }
    paths.sort();
    let mut out = Vec::new();
    for path in paths {
        let file = File::open(&path).map_err(failed(&path))?;
        if !lock(&file).map_err(failed(&path))? {
            continue;
        }
        let text = std::fs::read_to_string(&path).map_err(failed(&path))?;
        out.extend(parse(&text));
        std::fs::remove_file(&path).map_err(failed(&path))?;
    }
    Ok(out)
}

/// `None` if it had not begun a run.
fn parse(text: &str) -> Option<Died> {
    let (seeds, strategy) = text.split_once('\n')?;
    let mut seeds = seeds.split_whitespace().map(|seed| u64::from_str_radix(seed, 16).ok());
    Some(Died { seed: seeds.next()??, start: seeds.next().flatten(), strategy: strategy.trim().to_owned() })
}

fn prefix(name: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' };
    format!(".{}.", name.chars().map(plain).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_death_is_told_once_and_a_hunt_that_is_on_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(died(&dir.path().join("none"), "a/b").unwrap(), []);
        let mut witness = Witness::new(dir.path(), "a/b", "pct:3", 0).unwrap();
        witness.begin(0xfe, Some(0xee));
        witness.begin(0xff, None);
        assert_eq!(died(dir.path(), "a/b").unwrap(), [], "it is locked");
        witness.file.unlock().unwrap();
        assert_eq!(died(dir.path(), "another").unwrap(), []);
        let told = Died { seed: 0xff, start: None, strategy: "pct:3".into() };
        assert_eq!(died(dir.path(), "a/b").unwrap(), [told]);
        assert_eq!(died(dir.path(), "a/b").unwrap(), []);
        drop(witness);
        let mut forked = Witness::new(dir.path(), "a/b", "pos", 0).unwrap();
        forked.begin(0xfe, Some(0xee));
        forked.file.unlock().unwrap();
        let told = Died { seed: 0xfe, start: Some(0xee), strategy: "pos".into() };
        assert_eq!(died(dir.path(), "a/b").unwrap(), [told]);
        drop(forked);
        Witness::new(dir.path(), "a/b", "random", 1).unwrap().begin(7, None);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "a hunt that ends leaves nothing");
    }
}
