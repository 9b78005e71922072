//! Files of a manifest: inside of its root, and with the hash that it says.

use crate::decode::{At, Problems, shown};
use crate::report::{Code, Problem};
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// A SHA-256 hash; as text `sha256:` and 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// The hash of these bytes.
    pub fn of(bytes: &[u8]) -> Hash {
        Hash(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Reads `sha256:…`; notes another algorithm, or a malformed hash.
pub(crate) fn read_hash(text: &At<String>, problems: &Problems) -> Option<Hash> {
    let form = "expected `sha256:` and 64 hexadecimal digits";
    let note = |code, message| problems.add(Problem::new(code, text.span.clone(), message));
    match text.value.split_once(':') {
        Some(("sha256", digits)) => {
            let hash = unhex(digits);
            if hash.is_none() {
                note(Code::HashMalformed, format!("`{}` is not a hash: {form}", shown(&text.value)));
            }
            hash
        }
        Some((algorithm, _)) => {
            note(Code::HashAlgorithm, format!("hash algorithm `{}` is not known: {form}", shown(algorithm)));
            None
        }
        None => {
            note(Code::HashMalformed, format!("`{}` is not a hash: {form}", shown(&text.value)));
            None
        }
    }
}

fn unhex(digits: &str) -> Option<Hash> {
    let mut hash = [0; 32];
    if digits.len() != 64 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(digits.as_bytes().chunks(2)) {
        let pair = std::str::from_utf8(pair).ok()?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(Hash(hash))
}

/// Notes a path that is not relative, or leaves the root by its words alone; gives the clean path.
pub(crate) fn check_path(path: &At<String>, problems: &Problems) -> Option<PathBuf> {
    let escapes = |why: &str| {
        let message = format!("path `{}` {why}", shown(&path.value));
        problems.add(Problem::new(Code::PathEscapes, path.span.clone(), message));
    };
    if path.value.is_empty() {
        escapes("is empty");
        return None;
    }
    if path.value.contains(['\0', '\\']) {
        escapes("holds a backslash or a zero byte: the parts of a path are joined by `/`");
        return None;
    }
    let mut clean = PathBuf::new();
    for component in Path::new(&path.value).components() {
        match component {
            Component::Normal(name) => clean.push(name),
            Component::CurDir => {}
            Component::ParentDir if clean.pop() => {}
            Component::ParentDir => {
                escapes("leaves the manifest's directory");
                return None;
            }
            Component::RootDir | Component::Prefix(_) => {
                escapes("is absolute: expected one relative to the manifest");
                return None;
            }
        }
    }
    Some(clean)
}

/// The bytes of a file, and their hash.
type File = (Arc<[u8]>, Hash);

/// The directory of a manifest, and the files read from it so far.
pub(crate) struct Files {
    root: PathBuf,
    real_root: PathBuf,
    read: RefCell<BTreeMap<PathBuf, File>>,
}

impl Files {
    pub(crate) fn new(root: &Path) -> std::io::Result<Files> {
        Ok(Files { root: root.to_owned(), real_root: root.canonicalize()?, read: RefCell::default() })
    }

    /// The bytes of a file and their hash; notes if it cannot be read, or if a symbolic link leads
    /// out of the root.
    pub(crate) fn read(&self, path: &Path, at: &At<String>, problems: &Problems) -> Option<File> {
        let real = self.resolve(path, at, problems)?;
        if let Some(file) = self.read.borrow().get(&real) {
            return Some(file.clone());
        }
        match std::fs::read(&real) {
            Ok(bytes) => {
                let hash = Hash::of(&bytes);
                let file = (Arc::from(bytes), hash);
                self.read.borrow_mut().insert(real, file.clone());
                Some(file)
            }
            Err(e) => self.unreadable(at, &e.to_string(), problems),
        }
    }

    /// Notes if there is no such directory inside of the root.
    pub(crate) fn check_directory(&self, path: &Path, at: &At<String>, problems: &Problems) {
        if let Some(real) = self.resolve(path, at, problems)
            && !real.is_dir()
        {
            self.unreadable::<()>(at, "not a directory", problems);
        }
    }

    fn resolve(&self, path: &Path, at: &At<String>, problems: &Problems) -> Option<PathBuf> {
        match self.root.join(path).canonicalize() {
            Ok(real) if real.starts_with(&self.real_root) => Some(real),
            Ok(_) => {
                let message = format!(
                    "path `{}` leaves the manifest's directory through a symbolic link",
                    shown(&at.value)
                );
                problems.add(Problem::new(Code::PathEscapes, at.span.clone(), message));
                None
            }
            Err(e) => self.unreadable(at, &e.to_string(), problems),
        }
    }

    fn unreadable<T>(&self, at: &At<String>, why: &str, problems: &Problems) -> Option<T> {
        let message = format!("cannot read `{}`: {why}", shown(&at.value));
        problems.add(Problem::new(Code::Unreadable, at.span.clone(), message));
        None
    }
}
