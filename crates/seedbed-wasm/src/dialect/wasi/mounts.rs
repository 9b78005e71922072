//! The directories that a guest finds open.
//!
//! Preview 1 has no working directory: a program finds directories open under names, and takes a
//! path from the one whose name begins it. Where there is a working directory, it is the first of
//! them, by the name `.`: there wasi-libc looks for paths that begin with no other name, and so do
//! Rust's and C's relative paths; Zig takes the first as its own.

use super::{WasiConfig, WasiError};

/// A directory to be opened before the guest begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Preopen {
    /// The name that the guest finds it by.
    pub(super) guest: String,
    /// The name that the reactor knows it by.
    pub(super) name: String,
    /// Where it is below that.
    pub(super) path: String,
    /// Which mount it is of.
    pub(super) mount: usize,
    pub(super) read_only: bool,
}

/// The parts of an absolute path.
fn parts(path: &str) -> Vec<&str> {
    path.split('/').filter(|part| !matches!(*part, "" | ".")).collect()
}

/// What is wrong with mounts and working directory.
pub(super) fn check(config: &WasiConfig) -> Vec<WasiError> {
    let WasiConfig { mounts, cwd, .. } = config;
    let bad = |path: &&String| !path.starts_with('/') || parts(path).contains(&"..");
    let paths = mounts.iter().map(|mount| &mount.guest).chain(cwd);
    let mut errors: Vec<WasiError> =
        paths.filter(bad).map(|path| WasiError::GuestPath(path.clone())).collect();
    for (n, mount) in mounts.iter().enumerate() {
        if mounts[..n].iter().any(|other| parts(&other.guest) == parts(&mount.guest)) {
            errors.push(WasiError::SameMount(mount.guest.clone()));
        }
    }
    if let Some(cwd) = cwd.as_ref().filter(|cwd| !bad(cwd)) {
        if mounts.iter().any(|mount| parts(&mount.guest).is_empty()) {
            if !parts(cwd).is_empty() {
                errors.push(WasiError::CwdNotRoot(cwd.clone()));
            }
        } else if working_directory(config).is_none() {
            errors.push(WasiError::Cwd(cwd.clone()));
        }
    }
    errors
}

/// What the guest finds open, in this order.
pub(super) fn preopens(config: &WasiConfig) -> Vec<Preopen> {
    let mount = |(n, mount): (usize, &super::WasiMount)| Preopen {
        guest: mount.guest.clone(),
        name: mount.directory.clone(),
        path: String::new(),
        mount: n,
        read_only: mount.read_only,
    };
    working_directory(config).into_iter().chain(config.mounts.iter().enumerate().map(mount)).collect()
}

/// The working directory, in the innermost mount that it lies in.
fn working_directory(config: &WasiConfig) -> Option<Preopen> {
    let cwd = parts(config.cwd.as_ref()?);
    let mounts = config.mounts.iter().enumerate();
    let (mount, (n, at)) = mounts
        .filter_map(|(n, mount)| Some((mount, (n, cwd.strip_prefix(parts(&mount.guest).as_slice())?))))
        .min_by_key(|(_, (_, rest))| rest.len())?;
    Some(Preopen {
        guest: ".".into(),
        name: mount.directory.clone(),
        path: at.join("/"),
        mount: n,
        read_only: mount.read_only,
    })
}

#[cfg(test)]
mod tests {
    use super::super::WasiMount;
    use super::*;

    fn config(mounts: &[&str], cwd: Option<&str>) -> WasiConfig {
        let mount = |guest: &&str| WasiMount {
            directory: guest.replace('/', ""),
            guest: (*guest).into(),
            read_only: false,
        };
        WasiConfig {
            mounts: mounts.iter().map(mount).collect(),
            cwd: cwd.map(Into::into),
            ..WasiConfig::default()
        }
    }

    #[test]
    fn a_working_directory_is_the_first_and_in_the_innermost_mount() {
        let config = config(&["/data", "/data/out"], Some("/data/out/x/./y/"));
        assert_eq!(check(&config), []);
        let preopens: Vec<_> =
            preopens(&config).into_iter().map(|p| (p.guest, p.name, p.path, p.mount)).collect();
        let expected =
            [(".", "dataout", "x/y", 1), ("/data", "data", "", 0), ("/data/out", "dataout", "", 1)];
        assert_eq!(preopens, expected.map(|(a, b, c, n)| (a.to_owned(), b.to_owned(), c.to_owned(), n)));
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        let errors = |mounts: &[&str], cwd| -> Vec<String> {
            check(&config(mounts, cwd)).iter().map(ToString::to_string).collect()
        };
        assert_eq!(errors(&["data", "/a/../b"], Some("x")).len(), 3);
        assert_eq!(errors(&["/data", "/data/"], None), ["there are two mounts at `/data/`"]);
        assert_eq!(
            errors(&["/data"], Some("/database")),
            ["the working directory `/database` lies in no mount"]
        );
        assert_eq!(errors(&["/"], Some("/")), [""; 0]);
        assert_eq!(errors(&["/", "/app"], Some("/app")).len(), 1);
    }
}
