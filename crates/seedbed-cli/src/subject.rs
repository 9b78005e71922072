//! From a file named on the command line to what is run: a manifest, or one module alone.
//!
//! A module alone is the only child of a tree that ends with it, on one node.

use crate::exit::Exit;
use crate::failure::Failure;
use seedbed_manifest::{EnvVar, Given, GuestProblem, Hash, LoadError, Manifest, Process, Scenario};
use seedbed_wasm::{Dialect, Module};
use std::collections::BTreeSet;
use std::path::Path;

/// Loads a manifest or a module, ready to be run with this; a module may use the network or not.
pub(crate) fn load(path: &Path, given: &Given, network: bool) -> Result<Scenario, Failure> {
    let manifest = if is_module(path) { alone(path, &[], network)? } else { manifest(path)? };
    scenario(manifest, given)
}

/// Loads it to be looked at: variables that need a value have one.
pub(crate) fn load_to_look(path: &Path) -> Result<Scenario, Failure> {
    let manifest = if is_module(path) { alone(path, &[], true)? } else { manifest(path)? };
    let values =
        variables(&manifest).filter(|env| env.default.is_none()).map(|env| (env.id.clone(), String::new()));
    let given = Given { values: values.collect(), streams_of: None };
    scenario(manifest, &given)
}

/// The environment variables of all processes.
fn variables(manifest: &Manifest) -> impl Iterator<Item = &EnvVar> {
    manifest.processes.iter().flat_map(|process| &process.wasi.env)
}

/// That a module may use the network is said of one that runs alone.
pub(crate) fn check_network(target: &Path, network: bool) -> Result<(), Failure> {
    if !network || is_module(target) {
        return Ok(());
    }
    let failure = Failure::usage("`--network` is for a module that runs alone");
    Err(failure.help("in a manifest, an entry has `permissions = { network = true }`"))
}

/// Loads a manifest.
pub(crate) fn manifest(path: &Path) -> Result<Manifest, Failure> {
    Ok(Manifest::load(path)?)
}

/// Loads the guests of a manifest, which are given this.
pub(crate) fn scenario(manifest: Manifest, given: &Given) -> Result<Scenario, Failure> {
    if manifest.processes.is_empty() {
        return Err(Failure::new(Exit::NothingToRun, "nothing to run: the manifest has no process"));
    }
    if let Some(id) = given.values.keys().find(|id| variables(&manifest).all(|env| env.id != **id)) {
        let failure =
            Failure::usage(format_args!("no process has an environment variable with the id `{id}`"));
        let known: BTreeSet<&str> = variables(&manifest).map(|env| env.id.as_str()).collect();
        let known = known.into_iter().collect::<Vec<_>>().join(", ");
        return Err(if known.is_empty() { failure } else { failure.help(format_args!("ids: {known}")) });
    }
    Ok(Scenario::given(manifest, given)?)
}

/// What a finding or a message calls it: the module's name, or that of the manifest's directory.
pub(crate) fn name(path: &Path) -> String {
    let stem = || path.file_stem().map(|s| s.to_string_lossy().into_owned());
    let of = |path: &Path| path.file_name().map(|s| s.to_string_lossy().into_owned());
    let directory = || path.canonicalize().ok().as_deref().and_then(Path::parent).and_then(of);
    let named = if path.file_name().is_some_and(|f| f == "seedbed.toml") { directory() } else { None };
    named.or_else(stem).unwrap_or_else(|| "seedbed".to_owned())
}

/// True if the file is a module by its name.
pub(crate) fn is_module(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "wasm")
}

/// The manifest of one module alone, which is started with these arguments, and may use the network or not.
pub(crate) fn alone(path: &Path, args: &[String], network: bool) -> Result<Manifest, Failure> {
    let bytes = std::fs::read(path)
        .map_err(|e| Failure::usage(format_args!("cannot read module `{}`: {e}", path.display())))?;
    let root = path.parent().filter(|p| *p != Path::new("")).unwrap_or(Path::new("."));
    let hash = Hash::of(&bytes);
    let process = format!("process = [{{ id = \"{MAIN}\", path = \"main.wasm\", hash = \"{hash}\" }}]\n");
    let mut manifest = parsed(&(process + &tree_of(MAIN, args)), root)?;
    for process in &mut manifest.processes {
        process.module = Some(bytes.as_slice().into());
        process.path = path.file_name().unwrap_or_default().into();
        allow(process, network);
        tell(process, args);
    }
    Ok(manifest)
}

/// The same with one entry of a manifest; the others are there to be spawned.
pub(crate) fn entry(mut manifest: Manifest, id: &str, args: &[String]) -> Result<Manifest, Failure> {
    let process = format!(
        "process = [{{ id = {}, path = \"main.wasm\", hash = \"{}\" }}]\n",
        quoted(id),
        Hash::of(b"")
    );
    let tree = parsed(&(process + &tree_of(id, args)), &manifest.root)?;
    for process in manifest.processes.iter_mut().filter(|process| process.id == id) {
        tell(process, args);
    }
    Ok(Manifest { hash: manifest.hash, root: manifest.root, processes: manifest.processes, ..tree })
}

/// Gives a process with a body the arguments of the command line: its method's, if it has one, in place of
/// those of the manifest; else the program's, behind those of the manifest.
fn tell(process: &mut Process, args: &[String]) {
    let is_program = |process: &Process| dialect(process).is_some_and(Dialect::is_program);
    match process.method {
        _ if args.is_empty() => {}
        Some(_) => process.args = args.to_vec(),
        None if is_program(process) => process.wasi.args.extend_from_slice(args),
        None => {}
    }
}

/// What the module of an entry speaks, if it is one.
fn dialect(process: &Process) -> Option<Dialect> {
    Module::from_bytes(process.module.as_deref()?).ok().map(|module| module.dialect())
}

/// Bytes of memory of a program that runs alone, and of each process that it spawns: compilers give some
/// 16 MiB of stack alone.
const MEMORY_MAX: u64 = 256 << 20;

/// A program that runs alone may do what it may elsewhere, but for the network: that has to be said, unless it
/// is a simulated one.
fn allow(process: &mut Process, network: bool) {
    let dialect = dialect(process);
    if dialect.is_some_and(Dialect::is_program) {
        process.limits.memory_max_bytes = Some(MEMORY_MAX);
    }
    if dialect == Some(Dialect::Lunatic) {
        let permissions = &mut process.permissions;
        (permissions.compile, permissions.configure, permissions.network) = (true, true, network);
    }
}

/// Name of a module that runs alone.
pub(crate) const MAIN: &str = "main";

/// A tree with one child, which ends with it. If the child fails, the tree gives up: that is a finding.
fn tree_of(id: &str, args: &[String]) -> String {
    let args: Vec<String> = args.iter().map(|arg| value(arg)).collect();
    let args = if args.is_empty() { String::new() } else { format!(", args = [{}]", args.join(", ")) };
    let id = quoted(id);
    format!(
        "[tree]\nauto_shutdown = \"all_significant\"\nintensity = 0\nchildren = [{{ id = {id}, name = false, process = {id}, \
         restart = \"transient\", significant = true{args} }}]\n"
    )
}

fn parsed(text: &str, root: &Path) -> Result<Manifest, Failure> {
    Manifest::parse("the command line", text.as_bytes(), root).map_err(Failure::usage)
}

/// An argument as a value of a manifest: a whole number and a truth value are that, all else is text.
fn value(arg: &str) -> String {
    let number = !arg.is_empty() && arg.bytes().all(|b| b.is_ascii_digit()) && arg.parse::<i64>().is_ok();
    match arg {
        "true" | "false" => arg.to_owned(),
        _ if number => arg.parse::<i64>().map_or_else(|_| quoted(arg), |n| n.to_string()),
        _ => quoted(arg),
    }
}

/// A TOML string.
fn quoted(text: &str) -> String {
    let escaped = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\U{:08X}", u32::from(c)),
        c => c.to_string(),
    };
    format!("\"{}\"", text.chars().map(escaped).collect::<String>())
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Failure {
        match error {
            LoadError::Manifest(error) => error.into(),
            LoadError::Guests(refused) => {
                let missing = refused.iter().find_map(|guest| match &guest.problem {
                    GuestProblem::NoValue { id, .. } => Some(format!("`--env {id}=VALUE` gives it one")),
                    _ => None,
                });
                let all = refused.iter().map(|guest| (guest.process.clone(), guest.problem.to_string()));
                let failure = Failure::modules(all.collect());
                missing.into_iter().fold(failure, Failure::help)
            }
            other => Failure::usage(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_numbers_truth_values_and_texts() {
        for (arg, wanted) in [
            ("500", "500"),
            ("007", "7"),
            ("true", "true"),
            ("-5", "\"-5\""),
            ("", "\"\""),
            ("a \"b\" \\", "\"a \\\"b\\\" \\\\\""),
            ("\n]", "\"\\U0000000A]\""),
            ("99999999999999999999", "\"99999999999999999999\""),
        ] {
            assert_eq!(value(arg), wanted);
        }
        let args: Vec<String> = ["500", "x\"]\ny"].map(str::to_owned).into();
        let tree = parsed(&tree_of("none", &args), Path::new("."));
        assert!(tree.unwrap_err().render(crate::output::Painter(false)).contains("`none`"));
    }

    #[test]
    fn a_subject_is_called_by_its_directory_or_its_file() {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
        assert_eq!(name(&fixtures.join("transfer/seedbed.toml")), "transfer");
        assert_eq!(name(&fixtures.join("transfer/ledger.wasm")), "ledger");
        assert_eq!(name(Path::new("other.toml")), "other");
    }
}
