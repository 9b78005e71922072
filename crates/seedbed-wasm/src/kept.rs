//! Compiled code, kept in a directory from one process to the next.
//!
//! A file is named by what was compiled: the SHA-256 of the rewritten module, and the engine. It holds
//! the sum of its own code, so that one that is cut short or damaged is not taken, but made anew.
//! Nothing is kept before a program asks for it, and no module that a guest made: it could fill the disk.

use crate::engine::{engine, engine_id};
use sha2::{Digest, Sha256};
use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Names the directory of [`keep_compiled`]; empty: nothing is kept.
const VARIABLE: &str = "SEEDBED_CACHE";

/// What a file begins with; the sum of its code follows, then the code.
const MAGIC: &[u8; 8] = b"seedbed\x02";

/// What the names of files end with.
const EXTENSION: &str = "compiled";

/// When what was kept together is larger than this, in bytes, the oldest goes.
const MOST: u64 = 1 << 30;

/// The directory of this process.
static KEPT: OnceLock<Kept> = OnceLock::new();

/// As [`keep_compiled_in`] the directory that `SEEDBED_CACHE` names, or nowhere if that is empty. Without the
/// variable it is `seedbed` in the user's directory for caches (`XDG_CACHE_HOME`, or `.cache` at home), if that can
/// be used.
///
/// # Errors
/// If the directory that the variable names cannot be used.
pub fn keep_compiled() -> io::Result<()> {
    match std::env::var_os(VARIABLE) {
        Some(named) if named.is_empty() => Ok(()),
        Some(named) => keep_compiled_in(Path::new(&named)).map_err(|error| {
            io::Error::new(
                error.kind(),
                format!("{VARIABLE}: no code can be kept in {}: {error}", named.display()),
            )
        }),
        None => {
            let absolute = |path: &PathBuf| path.is_absolute();
            let caches = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(absolute);
            let at_home = || std::env::home_dir().filter(absolute).map(|home| home.join(".cache"));
            let Some(caches) = caches.or_else(at_home) else { return Ok(()) };
            // A home that is read-only is none of the user's mistakes: modules are compiled each time.
            if let Err(error) = keep_compiled_in(&caches.join("seedbed")) {
                tracing::debug!("compiled code is not kept: {error}");
            }
            Ok(())
        }
    }
}

/// From now on, this process keeps the code of modules that it compiles in a directory, and takes from there
/// what it finds. The directory is made if need be. Code that is taken is run: nobody else may be
/// able to write there.
///
/// # Errors
/// If it cannot be made, is not this user's, can be written to by others, or another one is in use.
pub fn keep_compiled_in(directory: &Path) -> io::Result<()> {
    let kept = Kept::open(directory)?;
    let in_use = KEPT.get_or_init(|| kept);
    if in_use.directory == directory { Ok(()) } else { Err(io::Error::other("it is kept elsewhere already")) }
}

/// The compiled code of a rewritten module, if it is kept.
pub(crate) fn find(rewritten: &[u8]) -> Option<wasmtime::Module> {
    KEPT.get()?.find(rewritten)
}

/// Keeps the compiled code of a rewritten module, if this process keeps any.
pub(crate) fn keep(rewritten: &[u8], module: &wasmtime::Module) {
    let Some(kept) = KEPT.get() else { return };
    if let Err(error) = kept.keep(rewritten, module) {
        tracing::warn!("compiled code is not kept in {}: {error:#}", kept.directory.display());
    }
}

/// A directory with compiled code.
struct Kept {
    directory: PathBuf,
}

impl Kept {
    fn open(directory: &Path) -> io::Result<Kept> {
        make_private(directory)?;
        Ok(Kept { directory: directory.to_owned() })
    }

    fn path(&self, rewritten: &[u8]) -> PathBuf {
        let sum: [u8; 32] = Sha256::digest(rewritten).into();
        let hex: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
        self.directory.join(format!("{hex}-{:016x}.{EXTENSION}", engine_id().0))
    }

    fn find(&self, rewritten: &[u8]) -> Option<wasmtime::Module> {
        let path = self.path(rewritten);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!("read {}: {error}", path.display());
                return None;
            }
        };
        let Some(code) = code_of(&bytes) else {
            tracing::warn!("{} is damaged: its module is compiled anew", path.display());
            return None;
        };
        #[expect(unsafe_code, reason = "wasmtime takes it on trust that it made this code itself")]
        // SAFETY: the code has the sum that stands before it, in a file named by the engine and by what was
        // compiled. Only `keep` writes such a file, with what `Module::serialize` gave; and only this
        // user could have written another one, into a directory that `make_private` looked at.
        let module = unsafe { wasmtime::Module::deserialize(engine(), code) };
        module.map_err(|error| tracing::warn!("{}: {error:#}", path.display())).ok()
    }

    fn keep(&self, rewritten: &[u8], module: &wasmtime::Module) -> io::Result<()> {
        let code = module.serialize().map_err(io::Error::other)?;
        // Written beside and renamed: another process sees the whole file or none.
        let mut file = tempfile::NamedTempFile::new_in(&self.directory)?;
        file.write_all(MAGIC)?;
        file.write_all(&Sha256::digest(&code))?;
        file.write_all(&code)?;
        file.persist(self.path(rewritten)).map_err(|e| e.error)?;
        self.make_room(MOST)
    }

    /// Removes the oldest files until all together are at most so many bytes.
    fn make_room(&self, most: u64) -> io::Result<()> {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&self.directory)? {
            let path = entry?.path();
            if path.extension() == Some(OsStr::new(EXTENSION)) {
                match path.metadata() {
                    Ok(about) => files.push((about.modified()?, about.len(), path)),
                    // Another process made room too.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
        }
        files.sort();
        let mut all: u64 = files.iter().map(|(_, len, _)| len).sum();
        for (_, len, path) in files {
            if all <= most {
                break;
            }
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => all -= len,
            }
        }
        Ok(())
    }
}

/// The code in a file, if it is whole.
fn code_of(bytes: &[u8]) -> Option<&[u8]> {
    let (sum, code) = bytes.strip_prefix(MAGIC)?.split_at_checked(32)?;
    (Sha256::digest(code)[..] == *sum).then_some(code)
}

/// Makes a directory that only this user can write to, or sees that it is one.
#[cfg(unix)]
fn make_private(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, MetadataExt};
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let about = std::fs::metadata(directory)?;
    let me = rustix::process::geteuid().as_raw();
    if about.uid() != me || about.mode() & 0o022 != 0 {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "others can write to it"));
    }
    Ok(())
}

/// Makes a directory: where there are no modes, the user's own places are private.
#[cfg(not(unix))]
fn make_private(directory: &Path) -> io::Result<()> {
    std::fs::create_dir_all(directory)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, SystemTime};

    fn module(n: u32) -> (Vec<u8>, wasmtime::Module) {
        let text = format!("(module (func (export \"f\") (result i32) (i32.const {n})))");
        let wasm = wat::parse_str(text).unwrap();
        let module = wasmtime::Module::new(engine(), &wasm).unwrap();
        (wasm, module)
    }

    fn run(module: &wasmtime::Module) -> i32 {
        let mut store = wasmtime::Store::new(engine(), ());
        let instance = wasmtime::Instance::new(&mut store, module, &[]).unwrap();
        instance.get_typed_func::<(), i32>(&mut store, "f").unwrap().call(&mut store, ()).unwrap()
    }

    #[test]
    fn what_is_kept_is_found_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let kept = Kept::open(&dir.path().join("deep/down")).unwrap();
        let (one, two) = (module(1), module(2));
        assert!(kept.find(&one.0).is_none());
        kept.keep(&one.0, &one.1).unwrap();
        assert_eq!(run(&kept.find(&one.0).unwrap()), 1);
        assert!(kept.find(&two.0).is_none());
        assert_eq!(std::fs::read_dir(&kept.directory).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn what_is_damaged_or_cut_short_is_not_taken_and_is_made_anew() {
        let dir = tempfile::tempdir().unwrap();
        let kept = Kept::open(dir.path()).unwrap();
        let (wasm, code) = module(1);
        kept.keep(&wasm, &code).unwrap();
        let whole = std::fs::read(kept.path(&wasm)).unwrap();
        for len in [0, 7, 8, 20, 40, whole.len() - 1] {
            std::fs::write(kept.path(&wasm), &whole[..len]).unwrap();
            assert!(kept.find(&wasm).is_none(), "{len}");
        }
        for at in [0, 9, 41, whole.len() - 1] {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            std::fs::write(kept.path(&wasm), bytes).unwrap();
            assert!(kept.find(&wasm).is_none(), "{at}");
        }
        kept.keep(&wasm, &code).unwrap();
        assert_eq!(run(&kept.find(&wasm).unwrap()), 1);
    }

    #[test]
    fn the_oldest_makes_room() {
        let dir = tempfile::tempdir().unwrap();
        let kept = Kept::open(dir.path()).unwrap();
        let modules: Vec<_> = (0..4).map(module).collect();
        let beside = dir.path().join("notes");
        std::fs::write(&beside, "mine").unwrap();
        for (age, (wasm, code)) in modules.iter().enumerate() {
            kept.keep(wasm, code).unwrap();
            let file = std::fs::File::options().write(true).open(kept.path(wasm)).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1000 - age as u64)).unwrap();
        }
        let len = |wasm: &[u8]| kept.path(wasm).metadata().unwrap().len();
        kept.make_room(len(&modules[0].0) + len(&modules[1].0)).unwrap();
        let left: Vec<bool> = modules.iter().map(|(wasm, _)| kept.find(wasm).is_some()).collect();
        assert_eq!(left, [true, true, false, false]);
        assert!(beside.exists(), "what is not ours stays");
    }

    #[cfg(unix)]
    #[test]
    fn a_directory_that_others_can_write_to_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let error = Kept::open(dir.path()).err().expect("it is refused");
        assert!(error.to_string() == "others can write to it", "{error}");
    }
}
