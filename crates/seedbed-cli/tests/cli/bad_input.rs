//! What is wrong is said clearly, all of it, with its place and its exit code.

use crate::rig::{Rig, fixture};

const LEAST: &str = r#"(module (memory (export "memory") 1)
    (global (export "seedbed_inbox_ptr") i32 (i32.const 0))
    (global (export "seedbed_inbox_len") i32 (i32.const 1024))
    (func (export "seedbed_on_message") (param i32 i32 i32) (result i32) (i32.const 0)))"#;

/// The commands that load a manifest, or a module.
const LOADING: [&str; 4] = ["sim", "hunt", "check", "verify"];

fn with_hash(hash: &str) -> String {
    format!("process = [{{ id = \"guest\", path = \"guest.wasm\"{hash} }}]\n")
}

#[test]
fn a_missing_or_wrong_hash_is_shown_with_the_right_one() {
    let rig = Rig::new();
    let wasm = wat::parse_str(LEAST).unwrap();
    let right = seedbed_manifest::Hash::of(&wasm).to_string();
    rig.write("guest.wasm", wasm);
    let zeros = format!(", hash = \"sha256:{}\"", "0".repeat(64));
    for (hash, code) in
        [("", "hash-missing"), (zeros.as_str(), "hash-mismatch"), (", hash = \"md5:00\"", "hash-algorithm")]
    {
        rig.write("seedbed.toml", with_hash(hash));
        for command in LOADING {
            let ran = rig.run(&format!("{command} seedbed.toml"));
            ran.failed(2, &[&format!("error[{code}]"), "seedbed.toml:1:", "1 problem in seedbed.toml"]);
            assert!(code == "hash-algorithm" || ran.stderr.contains(&right), "{}", ran.stderr);
            assert_eq!(ran.stdout, "");
        }
    }
}

#[test]
fn guests_that_would_not_load_are_all_named() {
    let rig = Rig::new();
    let module = |name: &str, bytes: &[u8]| {
        rig.write(&format!("{name}.wasm"), bytes);
        let hash = seedbed_manifest::Hash::of(bytes);
        format!("[[process]]\nid = \"{name}\"\npath = \"{name}.wasm\"\nhash = \"{hash}\"\n")
    };
    let wat = |text: &str| wat::parse_str(text).unwrap();
    let import = LEAST.replace("(memory (export", "(import \"seedbed\" \"sned\" (func)) (memory (export");
    let export = LEAST.replace("(result i32) (i32.const 0)", "");
    let text = module("text", b"#!/bin/sh\n")
        + &module("import", &wat(&import))
        + &module("export", &wat(&export))
        + &module("fine", &wat(LEAST));
    rig.write("seedbed.toml", text);
    for command in LOADING {
        let ran = rig.run(&format!("{command} seedbed.toml"));
        ran.failed(
            101,
            &[
                "cannot load `text`: not a WebAssembly module: it begins with [23, 21, 2f, 62]",
                "cannot load `import`: unknown import `seedbed` `sned`",
                "cannot load `export`: export `seedbed_on_message` is a function (i32, i32, i32) -> (), not",
            ],
        );
        assert!(!ran.stderr.contains("`fine`"), "{}", ran.stderr);
    }
    let ran = rig.run("verify seedbed.toml --format json");
    assert_eq!((ran.exit, ran.json()["exit"].as_i64()), (101, Some(101)));
    assert_eq!(ran.json()["modules"].as_array().unwrap().len(), 3);
}

#[test]
fn a_module_alone_is_checked_too() {
    let rig = Rig::new();
    rig.write("text.wasm", "(module)");
    for command in ["sim", "check", "verify"] {
        rig.run(&format!("{command} text.wasm")).failed(101, &["not a WebAssembly module"]);
        rig.run(&format!("{command} none.wasm")).failed(2, &["cannot read module `none.wasm`"]);
    }
}

#[test]
fn wrong_keys_and_types_are_shown_all_at_once_with_the_nearest_key() {
    let rig = Rig::new();
    rig.manifest(LEAST, "\n[world]\nfualts = \"chaos\"\nduration = 7\nnodes = [\"main\"]\n");
    for command in LOADING {
        let ran = rig.run(&format!("{command} seedbed.toml"));
        ran.failed(
            2,
            &[
                "error[unknown-key]",
                "did you mean `faults`?",
                "seedbed.toml:6:1",
                "error[wrong-type]",
                "seedbed.toml:7:12",
                "2 problems in seedbed.toml",
            ],
        );
    }
    let ran = rig.run("sim seedbed.toml --format jsonl");
    let error: serde_json::Value = serde_json::from_str(ran.stdout.trim()).unwrap();
    assert_eq!((&error["event"], &error["exit"]), (&"error".into(), &2.into()));
    let codes: Vec<&str> =
        error["problems"].as_array().unwrap().iter().map(|p| p["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["unknown-key", "wrong-type"]);
}

#[test]
fn a_manifest_that_is_not_there_or_runs_nothing_says_so() {
    let rig = Rig::new();
    rig.write("empty.toml", "");
    for command in LOADING {
        rig.run(&format!("{command} none.toml")).failed(2, &["cannot read manifest `none.toml`"]);
        rig.run(&format!("{command} empty.toml")).failed(4, &["nothing to run"]);
    }
    let hello = fixture("hello/seedbed.toml");
    rig.run(&format!("hunt {hello} --runs 2 --shard 3/4")).failed(4, &["nothing to run", "shard 3/4"]);
}

#[test]
fn a_malformed_value_shows_the_accepted_form() {
    let rig = Rig::new();
    let hello = fixture("hello/seedbed.toml");
    for (args, form) in [
        ("--seed 9f3c", "as `0x9f3c21d0` or decimal"),
        ("--seed -1", "unexpected argument"),
        ("--runs 0", "a whole number from 1"),
        ("--time 10", "a whole number and ns, us, ms, s, min or h"),
        ("--time 0s", "more than nothing"),
        ("--strategy pct:99", "pct:D with D from 1 to 64"),
        ("--faults some", "none, chaos"),
        ("--shard 9/8", "i/n with i from 1 to n"),
        ("--jobs many", "a whole number from 1"),
        ("--format yaml", "human, json, jsonl"),
        ("--sede 1", "--seed"),
    ] {
        rig.run(&format!("hunt {hello} {args}")).failed(2, &[form]);
    }
    rig.run(&format!("hunt {hello} --strategy dfs --shard 1/2")).failed(2, &["split `dfs` into shards"]);
    rig.run("").failed(2, &["Usage: seedbed"]);
}

/// How the sum of a module of the fixtures begins.
fn sum(module: &str) -> &'static str {
    let sums = include_str!("../../../../fixtures/SHA256SUMS");
    let line = sums.lines().find(|line| line.ends_with(&format!("  {module}"))).expect(module);
    &line[..8]
}

#[test]
fn a_finding_of_other_modules_is_stale_and_says_what_differs() {
    let rig = Rig::new();
    rig.copy("transfer");
    let finding = rig.hunt("transfer/seedbed.toml");
    rig.copy("transfer-fixed");
    for file in ["ledger.wasm", "careless-ledger.wasm", "seedbed.toml"] {
        let fixed = std::fs::read(rig.path().join("transfer-fixed").join(file)).unwrap();
        rig.write(&format!("transfer/{file}"), fixed);
    }
    for command in ["replay", "shrink", "trace --to jsonl"] {
        let ran = rig.run(&format!("{command} {finding}"));
        let differs = format!(
            "module `bank:ledger`: the finding has {}, here is {}",
            sum("transfer/ledger.wasm"),
            sum("transfer-fixed/ledger.wasm")
        );
        ran.failed(103, &["stale finding", &differs]);
        assert_eq!(ran.stdout, "");
    }
    let lenient = rig.run(&format!("replay {finding} --lenient"));
    lenient.failed(
        0,
        &["module `bank:ledger`", "property: the finding has `money is conserved`, the replay nothing"],
    );
}

#[test]
fn a_finding_that_is_no_finding_any_more_says_so() {
    let rig = Rig::new();
    rig.copy("transfer");
    let finding = rig.hunt("transfer/seedbed.toml");
    let whole = std::fs::read(rig.path().join(&finding)).unwrap();
    let mut altered = whole.clone();
    altered[40] ^= 1;
    let mut newer = whole.clone();
    newer[8] = 99;
    let cases: [(&[u8], i32, &str); 6] = [
        (&whole[..whole.len() - 1], 2, "it was cut or added to"),
        (&whole[..10], 2, "it was cut or added to"),
        (b"", 2, "read it as a finding"),
        (b"process = []\n", 2, "no file of seedbed"),
        (&altered, 2, "its checksum is wrong"),
        (&newer, 103, "format 99"),
    ];
    for (bytes, exit, text) in cases {
        rig.write("bad.seedbed", bytes);
        for command in ["replay", "shrink", "why", "trace --to jsonl", "diff bad.seedbed"] {
            rig.run(&format!("{command} bad.seedbed")).failed(exit, &[text]);
        }
        assert_eq!(std::fs::read(rig.path().join("bad.seedbed")).unwrap(), bytes, "it is left as it was");
    }
    rig.run("replay none.seedbed").failed(2, &["failed to read none.seedbed"]);
    rig.run(&format!("merge {finding}")).failed(2, &["read it as a part of a hunt: it is a finding"]);
    let part = "target/seedbed/transfer.part";
    rig.run(&format!("replay {part}")).failed(2, &["read it as a finding: it is a part of a hunt"]);
}
