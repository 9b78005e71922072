//! The files that a manifest names: inside of its root, there, and with the hash that it says.

#![expect(clippy::unwrap_used, reason = "test helpers")]

use seedbed_manifest::{Code, Hash, Manifest, ManifestError};
use std::path::Path;

/// A manifest of one process beside a module and a directory.
fn load(path: &str, hash: Option<&str>, prepare: impl Fn(&Path)) -> Result<Manifest, ManifestError> {
    let outer = tempfile::tempdir().unwrap();
    let root = outer.path().join("root");
    std::fs::create_dir_all(root.join("data")).unwrap();
    std::fs::write(root.join("a.wasm"), b"\0asm").unwrap();
    std::fs::write(outer.path().join("secret.wasm"), b"\0asm").unwrap();
    prepare(&root);
    let hash = hash.map_or(String::new(), |hash| format!("hash = '{hash}'"));
    let mount = "wasi.mounts = [{ fs = 'data', guest = '/data' }]";
    let text = format!("[[process]]\nid = 'a'\npath = '{path}'\n{hash}\n{mount}\n");
    let file = root.join("seedbed.toml");
    std::fs::write(&file, text).unwrap();
    Manifest::load(&file)
}

fn refused(path: &str, hash: Option<&str>, prepare: impl Fn(&Path)) -> (Code, String) {
    match load(path, hash, prepare) {
        Err(ManifestError::Wrong(report)) => {
            let [problem] = report.problems() else { panic!("{report}") };
            let help = problem.help.as_ref().map_or(String::new(), |help| format!("; {help}"));
            (problem.code, format!("{}{help}", problem.message))
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_module_with_its_hash_is_held() {
    let hash = Hash::of(b"\0asm").to_string();
    assert_eq!(hash, "sha256:cd5d4935a48c0672cb06407bb443bc0087aff947c6b864bac886982c73b3027f");
    let manifest = load("data/../a.wasm", Some(&hash), |_| {}).unwrap();
    let process = manifest.process("a").unwrap();
    assert_eq!(process.module.as_deref(), Some(&b"\0asm"[..]));
    assert_eq!(process.path, Path::new("a.wasm"));
    assert_eq!(process.hash.to_string(), hash);
}

#[test]
fn a_wrong_or_missing_hash_is_refused_with_the_one_found() {
    let found = Hash::of(b"\0asm").to_string();
    let zero = Hash::default().to_string();
    let (code, message) = refused("a.wasm", Some(&zero), |_| {});
    assert_eq!(code, Code::HashMismatch);
    assert!(message.contains(&zero) && message.contains(&found), "{message}");

    let (code, message) = refused("a.wasm", None, |_| {});
    assert_eq!(code, Code::HashMissing);
    assert!(message.contains(&format!("hash = \"{found}\"")), "{message}");

    let (code, message) = refused("a.wasm", Some("blake3:00"), |_| {});
    assert_eq!(code, Code::HashAlgorithm);
    assert!(message.contains("blake3") && message.contains("sha256"), "{message}");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let hash = Hash::of(b"\0asm").to_string();
    let (code, message) = refused("b.wasm", Some(&hash), |_| {});
    assert_eq!(code, Code::Unreadable);
    assert!(message.contains("`b.wasm`"), "{message}");
    assert_eq!(refused("data", Some(&hash), |_| {}).0, Code::Unreadable);
    let no_data = |root: &Path| std::fs::remove_dir(root.join("data")).unwrap();
    assert!(refused("a.wasm", Some(&hash), no_data).1.contains("`data`"));
    let file_as_data = |root: &Path| {
        no_data(root);
        std::fs::write(root.join("data"), "").unwrap();
    };
    assert!(refused("a.wasm", Some(&hash), file_as_data).1.contains("not a directory"));
    assert!(matches!(
        Manifest::load(Path::new("/nowhere/seedbed.toml")),
        Err(ManifestError::Unreadable { .. })
    ));
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_may_not_lead_out() {
    use std::os::unix::fs::symlink;
    let hash = Hash::of(b"\0asm").to_string();
    let out = |root: &Path| symlink("../secret.wasm", root.join("link.wasm")).unwrap();
    assert_eq!(refused("link.wasm", Some(&hash), out).0, Code::PathEscapes);
    let out = |root: &Path| symlink("..", root.join("up")).unwrap();
    assert_eq!(refused("up/secret.wasm", Some(&hash), out).0, Code::PathEscapes);
    let inside = |root: &Path| symlink("a.wasm", root.join("link.wasm")).unwrap();
    assert!(load("link.wasm", Some(&hash), inside).is_ok());
}
