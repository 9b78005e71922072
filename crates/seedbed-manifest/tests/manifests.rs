//! Manifests in, data or problems out.
//!
//! Each file of `good` must be read, each of `bad` refused, with exactly the problems of its
//! snapshot. Files are not looked at here; `files.rs` does that.

#![expect(clippy::unwrap_used, reason = "test helpers")]

use seedbed_manifest::{Code, Manifest};
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

const REFERENCE: &str = include_str!("../../../docs/manifest.md");

#[test]
fn the_examples_of_the_reference_are_right() {
    let examples: Vec<&str> =
        REFERENCE.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(examples.len() >= 5);
    for example in examples {
        if let Err(report) = Manifest::parse("docs/manifest.md", example.as_bytes(), Path::new(".")) {
            panic!("{}", report.render(false));
        }
    }
}

#[test]
fn the_reference_has_every_key() {
    // A key that is near to none makes each table list the keys that it knows.
    let text = r#"
        zzzzzzzz = 0
        tree = { zzzzzzzz = 0, children = [{ zzzzzzzz = 0, backoff = { zzzzzzzz = 0 } }] }
        world = { zzzzzzzz = 0, link = [{ zzzzzzzz = 0 }], faults = { zzzzzzzz = 0 }, budget = { zzzzzzzz = 0 } }
        node.main = { zzzzzzzz = 0 }
        input = [{ zzzzzzzz = 0, send = { zzzzzzzz = 0 } }, { send = [{ zzzzzzzz = 0 }] }]
        property = [{ zzzzzzzz = 0 }]
        canary = { zzzzzzzz = 0 }
        [[process]]
        zzzzzzzz = 0
        limits = { zzzzzzzz = 0, mailbox = { zzzzzzzz = 0 } }
        permissions = { zzzzzzzz = 0 }
        wasi = { zzzzzzzz = 0, env = [{ zzzzzzzz = 0 }], mounts = [{ zzzzzzzz = 0 }] }
        command = { zzzzzzzz = 0 }
    "#;
    let report = Manifest::parse("m", text.as_bytes(), Path::new(".")).unwrap_err();
    let unknown: Vec<_> = report.problems().iter().filter(|p| p.code == Code::UnknownKey).collect();
    assert_eq!(unknown.len(), text.matches("zzzzzzzz").count());
    for problem in unknown {
        let known = problem.help.as_deref().and_then(|help| help.strip_prefix("known here: ")).unwrap();
        for key in known.split(", ") {
            let named = [
                format!("`{key}`"),
                format!("`[{key}]"),
                format!("`[[{key}]]"),
                format!("{{ {key} = "),
                format!("`[{key}."),
            ];
            assert!(named.iter().any(|form| REFERENCE.contains(form)), "`{key}` ({})", problem.message);
        }
    }
}
