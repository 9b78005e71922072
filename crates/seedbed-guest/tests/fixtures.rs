//! The checked-in modules are what their sources, their manifests and the ABI say.

#![expect(clippy::unwrap_used, reason = "what is missing here fails the test")]

use seedbed_guest::Actor;
use seedbed_guest::dialect::{
    EXPORTS, Function, IMPORTS, INBOX, INBOX_LEN, INBOX_PTR, MEMORY, MODULE, ON_MESSAGE, Value,
};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use wasmparser::{CompositeInnerType, ExternalKind, FuncType, Parser, Payload, TypeRef, ValType};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

/// The modules in the fixtures' directories, `counter/counter.wasm` and so on.
fn modules() -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![fixtures()];
    while let Some(dir) = open.pop() {
        for path in std::fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() && path != fixtures().join("guests") {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "wasm") {
                let name = path.strip_prefix(fixtures()).unwrap().to_str().unwrap().replace('\\', "/");
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    assert!(found.len() >= 12, "only {} modules", found.len());
    found
}

/// The manifests beside a module: `seedbed.toml`, and that of its twin if it has one.
fn manifests(module: &str) -> Vec<PathBuf> {
    let beside = |file: &str| fixtures().join(module).with_file_name(file);
    ["seedbed.toml", "fixed.toml"].map(beside).into_iter().filter(|path| path.exists()).collect()
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn every_module_has_the_sum_that_is_written_down() {
    let sums = std::fs::read_to_string(fixtures().join("SHA256SUMS")).unwrap();
    let written: BTreeMap<&str, &str> =
        sums.lines().map(|line| line.split_once("  ").unwrap()).map(|(sum, name)| (name, sum)).collect();
    let modules = modules();
    assert_eq!(
        written.keys().copied().collect::<Vec<_>>(),
        modules.keys().map(String::as_str).collect::<Vec<_>>()
    );
    for (name, bytes) in &modules {
        let sum = sha256(bytes);
        assert_eq!(written[name.as_str()], sum, "{name}: run fixtures/build.sh");
        // Where a manifest names it, the hash stands on the next line.
        let (_, file) = name.rsplit_once('/').unwrap();
        let texts = manifests(name).into_iter().map(|path| std::fs::read_to_string(path).unwrap());
        let named: Vec<bool> = texts
            .flat_map(|text| {
                text.split(&format!("path = \"{file}\"\n")).skip(1).map(str::to_owned).collect::<Vec<_>>()
            })
            .map(|rest| rest.starts_with(&format!("hash = \"sha256:{sum}\"\n")))
            .collect();
        assert!(!named.is_empty() && named.iter().all(|same| *same), "{name}: its manifest has another hash");
    }
}

/// The places of sources that a module holds, because panics say where they are: maximal texts of path characters that end in `.rs`.
fn sources(module: &[u8]) -> Vec<&str> {
    let of_a_path = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-+@:\\".contains(byte);
    module
        .split(|byte| !of_a_path(byte))
        .filter_map(|text| std::str::from_utf8(text).ok())
        .filter_map(|text| text.rfind(".rs").map(|end| &text[..end + 3]))
        .collect()
}

#[test]
fn no_module_tells_where_it_was_built() {
    let mut seen = 0;
    for (name, bytes) in &modules() {
        for path in ["/home/", "/root/", "/tmp/", "/usr/", "/work/", ".cargo"] {
            let found = bytes.windows(path.len()).any(|window| window == path.as_bytes());
            assert!(!found, "{name} holds `{path}`");
        }
        for source in sources(bytes) {
            let parts: Vec<&str> = source.split('/').collect();
            // A crate of a registry stands directly below `crates`; ours are named from the repository, or from their own directory.
            let neutral = match parts[0] {
                "crates" => {
                    parts[1].rsplit_once('-').is_some_and(|(_, version)| version.split('.').count() == 3)
                }
                "rust" => parts[1..3] == ["rust", "library"],
                "seedbed" => ["crates", "fixtures"].contains(&parts[1]),
                own => own == "src" || fixtures().join("guests").join(own).is_dir(),
            };
            assert!(neutral && !source.contains(['\\', ':', '@']), "{name} holds {source}");
            seen += 1;
        }
    }
    assert!(seen > 50, "only {seen} places found: the test looks for the wrong texts");
}

#[test]
fn every_manifest_is_one() {
    let all: BTreeSet<PathBuf> = modules().keys().flat_map(|name| manifests(name)).collect();
    for path in all {
        let manifest = seedbed_manifest::Manifest::load(&path);
        assert!(manifest.is_ok(), "{}: {}", path.display(), manifest.unwrap_err());
    }
}

#[test]
fn every_text_module_is_assembled_from_its_text() {
    for (name, bytes) in modules() {
        let text = fixtures().join(&name).with_extension("wat");
        if text.exists() {
            assert!(wat::parse_file(&text).unwrap() == bytes, "{name}: run fixtures/build.sh");
        }
    }
}

#[test]
fn every_module_speaks_the_dialect() {
    // Plugins and processes speak others; `seedbed-wasm` and `seedbed-cli` try them.
    let others = [
        "palladium/",
        "wasi/",
        "built/",
        "lunatic-net/",
        "lunatic-shop/",
        "lunatic-supervisors/",
        "lunatic-tour/",
    ];
    for (name, bytes) in
        modules().into_iter().filter(|(name, _)| !others.iter().any(|other| name.starts_with(other)))
    {
        let module = Module::read(&bytes);
        for (from, import, ty) in &module.imports {
            assert_eq!(from, MODULE, "{name}");
            let known = IMPORTS.iter().find(|known| known.name == import);
            let known = known.unwrap_or_else(|| panic!("{name} imports `{import}`"));
            assert_eq!(*ty, func_type(known), "{name}: `{import}`");
        }
        for known in &EXPORTS {
            if let Some(ty) = module.functions.get(known.name) {
                assert_eq!(*ty, func_type(known), "{name}: `{}`", known.name);
            }
        }
        let has_global = |global: &str| module.others.get(global) == Some(&ExternalKind::Global);
        assert!(module.functions.contains_key(ON_MESSAGE.name), "{name}");
        assert_eq!(module.others.get(MEMORY), Some(&ExternalKind::Memory), "{name}");
        assert!(
            module.functions.contains_key(INBOX.name) || (has_global(INBOX_PTR) && has_global(INBOX_LEN)),
            "{name} has no inbox"
        );
    }
}

#[test]
fn together_the_fixtures_use_the_whole_dialect() {
    let modules = modules();
    let used: Vec<String> =
        modules.values().flat_map(|b| Module::read(b).imports).map(|(_, name, _)| name).collect();
    let unused: Vec<&str> =
        IMPORTS.iter().map(|i| i.name).filter(|name| !used.iter().any(|u| u == name)).collect();
    assert_eq!(unused, Vec::<&str>::new());
}

#[test]
fn the_c_header_declares_the_whole_dialect() {
    let header = include_str!("../include/seedbed.h");
    for import in &IMPORTS {
        let declared = format!("SEEDBED_IMPORT({})", import.name);
        assert!(header.contains(&declared), "seedbed.h lacks {declared}");
    }
    for code in seedbed_guest::Code::ALL {
        assert!(header.contains(&format!(" = {},", code as i32)), "seedbed.h lacks code {}", code as i32);
    }
}

#[test]
fn the_same_sources_are_native_actors() {
    fn actor<A: Actor>(_: A) {}
    actor(counter::Counter::default());
    actor(probe::Probe::new(b""));
    actor(ledger::Ledger::new(&[5]).unwrap());
    actor(ledger_fixed::Ledger::new(&[5]).unwrap());
    actor(teller::Teller::default());
    actor(warden::Warden::new(b""));
    let (teller, a, b) = ("t".into(), "a".into(), "b".into());
    actor(client::Client { teller, a, b, transfers: 1 });
}

fn func_type(function: &Function) -> FuncType {
    let ty = |value: &Value| if *value == Value::I32 { ValType::I32 } else { ValType::I64 };
    FuncType::new(function.params.iter().map(ty), function.result.iter().map(ty))
}

/// What a module imports and exports.
struct Module {
    imports: Vec<(String, String, FuncType)>,
    functions: BTreeMap<String, FuncType>,
    others: BTreeMap<String, ExternalKind>,
}

impl Module {
    fn read(bytes: &[u8]) -> Module {
        let (mut types, mut functions) = (Vec::new(), Vec::new());
        let mut module = Module { imports: Vec::new(), functions: BTreeMap::new(), others: BTreeMap::new() };
        for payload in Parser::new(0).parse_all(bytes) {
            match payload.unwrap() {
                Payload::TypeSection(section) => {
                    for ty in section.into_iter().flat_map(|group| group.unwrap().into_types()) {
                        let CompositeInnerType::Func(ty) = ty.composite_type.inner else {
                            panic!("not a function")
                        };
                        types.push(ty);
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import.unwrap();
                        let TypeRef::Func(ty) = import.ty else { panic!("imports more than functions") };
                        functions.push(ty);
                        module.imports.push((
                            import.module.into(),
                            import.name.into(),
                            types[ty as usize].clone(),
                        ));
                    }
                }
                Payload::FunctionSection(section) => {
                    functions.extend(section.into_iter().map(|ty| ty.unwrap()))
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export.unwrap();
                        match export.kind {
                            ExternalKind::Func => {
                                let ty = types[functions[export.index as usize] as usize].clone();
                                module.functions.insert(export.name.into(), ty);
                            }
                            kind => {
                                module.others.insert(export.name.into(), kind);
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        module
    }
}
