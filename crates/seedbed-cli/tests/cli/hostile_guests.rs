//! Guests that do what they must not: each ends with a reason of its own, nothing of what it was
//! doing is applied, its supervisor starts it again, and the host runs on.

use crate::rig::Rig;

fn guest(name: &str) -> String {
    let path = format!("{}/tests/guests/{name}.wat", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn each_ends_with_its_reason_and_lives_again() {
    for (name, reason) in [
        ("endless_loop", "ended with: out of fuel"),
        ("endless_recursion", "ended with: stack overflow"),
        ("lying_pointer", "ended with: trap: bad pointer"),
        ("lying_length", "ended with: trap: bad pointer"),
        ("memory_bomb", "ended with: out of memory"),
    ] {
        let rig = Rig::new();
        rig.manifest(&guest(name), "");
        let ran = rig.run("sim seedbed.toml --seed 7 --tree");
        ran.failed(0, &[&format!("main/tree/guest:1: {reason}")]);
        assert_eq!(ran.value("end"), "at rest", "{name}");
        assert!(ran.value("    guest").ends_with(", restarted once"), "{name}: {}", ran.stdout);
        assert_eq!(rig.run("sim seedbed.toml --seed 7 --tree"), ran, "{name}");
    }
}

#[test]
fn a_module_alone_that_fails_is_a_finding_that_says_how() {
    let rig = Rig::new();
    rig.write("endless.wasm", wat::parse_str(guest("endless_start")).unwrap());
    rig.run("sim endless.wasm").failed(100, &["FINDING  endless", "out of fuel"]);
}

#[test]
fn a_log_is_cut_and_the_guest_lives() {
    let rig = Rig::new();
    rig.manifest(&guest("log_flood"), "");
    let ran = rig.run("sim seedbed.toml --seed 7 --tree");
    ran.failed(0, &[]);
    assert!(ran.stderr.len() < 256 << 10, "{} bytes of log", ran.stderr.len());
    assert!(!ran.value("    guest").contains("restarted"), "{}", ran.stdout);
}

#[test]
fn a_flood_of_sends_is_refused_and_its_run_ends() {
    let rig = Rig::new();
    rig.manifest(&guest("send_flood"), "world.steps_max = 2000\n");
    let ran = rig.run("sim seedbed.toml --seed 7");
    ran.failed(100, &["`a run ends within steps_max`", "2000 steps"]);
    assert_eq!(ran.value("steps"), "2000");
}
