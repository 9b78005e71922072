//! Manifests in, data or problems out.
//!
//! Each file of `good` must be read, each of `bad` refused, with exactly the problems of its
//! snapshot. Files are not looked at here; `files.rs` does that.

#![expect(clippy::unwrap_used, reason = "test helpers")]

use seedbed_manifest::Manifest;
use std::path::{Path, PathBuf};

fn each(folder: &str, check: impl Fn(&str, &[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty());
    for path in paths {
        let name = path.file_stem().unwrap().to_str().unwrap();
        check(name, &std::fs::read(&path).unwrap());
    }
}

#[test]
fn good_manifests_are_read() {
    each("good", |name, bytes| match Manifest::parse("seedbed.toml", bytes, Path::new("root")) {
        Ok(manifest) => insta::assert_debug_snapshot!(format!("good_{name}"), manifest),
        Err(report) => panic!("{name}: {}", report.render(false)),
    });
}

#[test]
fn bad_manifests_are_refused_with_all_that_is_wrong() {
    each("bad", |name, bytes| {
        let report = Manifest::parse("seedbed.toml", bytes, Path::new("root")).expect_err(name);
        insta::assert_snapshot!(format!("bad_{name}"), report.render(false));
    });
}

#[test]
fn problems_are_also_data() {
    let text =
        "[[process]]\nid = 'a'\npath = 'a.wasm'\nhash = 'sha256:x'\ncolor = 1\n[[process]]\nid = 'a'\n";
    let report = Manifest::parse("m.toml", text.as_bytes(), Path::new(".")).unwrap_err();
    insta::assert_snapshot!(serde_json::to_string_pretty(report.problems()).unwrap());
    insta::assert_snapshot!("problems_as_lines", report.to_string());
}
