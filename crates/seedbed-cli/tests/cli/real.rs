//! The same modules on the real reactor, and back from there.

use crate::rig::{Rig, fixture};

const LEAST: &str = r#"(module (memory (export "memory") 1)
    (global (export "seedbed_inbox_ptr") i32 (i32.const 0))
    (global (export "seedbed_inbox_len") i32 (i32.const 1024))
    (func (export "seedbed_on_message") (param i32 i32 i32) (result i32) (i32.const 0)))"#;

#[test]
fn a_manifest_runs_to_a_clean_end_with_a_summary() {
    let rig = Rig::new();
    let ran = rig.run(&format!("run {}", fixture("transfer-fixed/seedbed.toml")));
    ran.failed(
        0,
        &[
            "DONE  transfer-fixed  at rest",
            "inputs   walk-in: 1 sent, 1 answered",
            "checked  `money is conserved` held",
        ],
    );
    let balance = |ledger: &str| -> i64 { ran.value(&format!("{ledger}  balance =")).parse().unwrap() };
    assert_eq!(balance("a/tree/ledger-a") + balance("b/tree/ledger-b"), 1000);
}

#[test]
fn a_broken_property_is_told_and_fails() {
    let rig = Rig::new();
    rig.manifest(
        LEAST,
        "property = [{ name = \"it counts\", when = \"end\", holds = 'sum(facts(\"count\")) == 1' }]\n",
    );
    rig.run("run seedbed.toml").failed(1, &["BROKEN", "`it counts` is broken: expected 1, found 0"]);
}

#[test]
fn a_guest_that_fails_is_restarted_and_the_rest_goes_on() {
    let rig = Rig::new();
    for name in ["endless_loop", "endless_recursion", "lying_pointer", "memory_bomb"] {
        let path = format!("{}/tests/guests/{name}.wat", env!("CARGO_MANIFEST_DIR"));
        rig.manifest(&std::fs::read_to_string(path).unwrap(), "");
        rig.run("run seedbed.toml").failed(0, &["DONE", "1 sent", "1 restart"]);
    }
}

#[test]
fn one_module_runs_alone_with_arguments() {
    let rig = Rig::new();
    let ledger = fixture("transfer-fixed/ledger.wasm");
    let ran = rig.run(&format!("run {ledger} 500"));
    ran.failed(0, &["DONE  ledger"]);
    assert_eq!(ran.value("main/tree/main  balance ="), "500");
    rig.run(&format!("run {ledger} nonsense")).failed(1, &["start the tree", "handler error"]);
}

#[test]
fn commands_are_listed_and_run_by_name() {
    let rig = Rig::new();
    rig.copy("transfer-fixed");
    let text = std::fs::read_to_string(rig.path().join("transfer-fixed/seedbed.toml")).unwrap();
    let command = "command = { name = \"open\", short = \"Open a ledger\" }";
    rig.write(
        "transfer-fixed/seedbed.toml",
        text.replacen("path = \"ledger.wasm\"", &format!("path = \"ledger.wasm\"\n{command}"), 1),
    );
    let listed = rig.run("run list -m transfer-fixed/seedbed.toml");
    assert_eq!((listed.exit, listed.stdout.as_str()), (0, "open  Open a ledger  bank:ledger\n"));
    let ran = rig.run("run -m transfer-fixed/seedbed.toml open 70");
    ran.failed(0, &["DONE  open"]);
    assert_eq!(ran.value("main/tree/bank:ledger  balance ="), "70");
    let unknown = rig.run("run -m transfer-fixed/seedbed.toml close");
    unknown.failed(2, &["no command of `transfer-fixed/seedbed.toml`", "help: commands: open"]);
    rig.run("run list").failed(2, &["cannot read manifest `seedbed.toml`"]);
}

#[test]
fn what_runs_has_the_codes_from_100_on_to_itself() {
    let rig = Rig::new();
    rig.write("text.wasm", "no module");
    rig.run("run text.wasm").failed(2, &["cannot load `main`: not a WebAssembly module"]);
    rig.run("run seedbed.toml").failed(2, &["cannot read manifest"]);
}

#[test]
fn a_recorded_run_is_given_back_by_the_simulator() {
    let rig = Rig::new();
    rig.copy("transfer-fixed");
    let ran = rig.run("record transfer-fixed/seedbed.toml -o runs/real.recording");
    ran.failed(0, &["DONE  transfer-fixed  at rest", "recorded", "turns in runs/real.recording"]);
    let replayed = rig.run("replay runs/real.recording");
    replayed.failed(0, &["SAME  transfer-fixed"]);
    assert_eq!(replayed.stdout.lines().count(), 4, "{replayed:?}");
    assert_eq!(rig.run("replay runs/real.recording"), replayed);
    rig.run("replay runs/real.recording --lenient").failed(2, &["this is a recording"]);

    rig.write("transfer-fixed/seedbed.toml", std::fs::read(fixture("transfer/seedbed.toml")).unwrap());
    rig.write("transfer-fixed/ledger.wasm", std::fs::read(fixture("transfer/ledger.wasm")).unwrap());
    rig.run("replay runs/real.recording").failed(103, &["stale recording", "module `bank:ledger`"]);

    let whole = std::fs::read(rig.path().join("runs/real.recording")).unwrap();
    rig.write("runs/cut.recording", &whole[..whole.len() / 2]);
    rig.run("replay runs/cut.recording").failed(2, &["it was cut or added to"]);
}
