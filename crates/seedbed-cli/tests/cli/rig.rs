//! Runs the binary in a directory of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A directory, gone at the end of the test.
pub(crate) struct Rig {
    dir: tempfile::TempDir,
}

/// What the binary did.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    pub(crate) exit: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Rig {
    pub(crate) fn new() -> Rig {
        Rig { dir: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// A manifest of the WAT module `wat` with one actor, which is sent one message, and `more`.
    pub(crate) fn manifest(&self, wat: &str, more: &str) {
        let wasm = wat::parse_str(wat).unwrap();
        let hash = seedbed_manifest::Hash::of(&wasm);
        self.write("guest.wasm", wasm);
        self.write(
            "seedbed.toml",
            format!(
                "process = [{{ id = \"guest\", path = \"guest.wasm\", hash = \"{hash}\" }}]\n\
                 tree.children = [{{ id = \"guest\", process = \"guest\" }}]\n\
                 input = [{{ to = \"guest@main\", send = \"\" }}]\n{more}"
            ),
        );
    }

    /// A copy of a directory of the fixtures.
    pub(crate) fn copy(&self, fixture: &str) {
        for file in std::fs::read_dir(self::fixture(fixture)).unwrap() {
            let file = file.unwrap();
            let name = file.file_name().into_string().unwrap();
            if file.file_type().unwrap().is_dir() {
                self.copy(&format!("{fixture}/{name}"));
                continue;
            }
            self.write(&format!("{fixture}/{name}"), std::fs::read(file.path()).unwrap());
        }
    }

    /// The binary with these arguments, separated by blanks.
    pub(crate) fn command(&self, args: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_seedbed"));
        command.args(args.split_whitespace()).current_dir(self.dir.path());
        command.env_remove("NO_COLOR").env_remove("SEEDBED_LOG");
        command.env("SEEDBED_CACHE", Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the binary with these arguments, separated by blanks.
    pub(crate) fn run(&self, args: &str) -> Ran {
        Ran::of(&mut self.command(args))
    }

    /// The finding that a hunt with these arguments ends with.
    pub(crate) fn hunt(&self, args: &str) -> String {
        let ran = self.run(&format!("hunt {args} --format json"));
        assert_eq!(ran.exit, 100, "{ran:?}");
        ran.json()["findings"][0]["file"].as_str().unwrap().to_owned()
    }
}

impl Ran {
    pub(crate) fn of(command: &mut Command) -> Ran {
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).expect("what is printed is UTF-8");
        Ran {
            exit: output.status.code().unwrap_or(-1),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// The object on stdout.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e} in {self:?}"))
    }

    /// The value of a line `label   value` on stdout.
    pub(crate) fn value(&self, label: &str) -> &str {
        let line = self.stdout.lines().find_map(|line| line.strip_prefix(label));
        line.unwrap_or_else(|| panic!("no `{label}` in {self:?}")).trim()
    }

    /// Asserts the exit code, and that all these texts are on stderr.
    #[track_caller]
    pub(crate) fn failed(&self, exit: i32, texts: &[&str]) {
        assert_eq!(self.exit, exit, "{self:?}");
        for text in texts {
            assert!(self.stderr.contains(text), "`{text}` is missing in:\n{}", self.stderr);
        }
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
    }
}

/// A file or directory of the repository's fixtures.
pub(crate) fn fixture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(name);
    path.canonicalize().unwrap().display().to_string()
}
