//! An application of the published crate `lunatic`, as it is, on both reactors and without a manifest.

use crate::rig::{Rig, fixture};

#[test]
fn it_runs_on_the_real_reactor_and_is_simulated() {
    let rig = Rig::new();
    for command in ["run", "sim"] {
        let ran = rig.run(&format!("{command} {}", fixture("lunatic-shop/shop-fixed.wasm")));
        assert_eq!(ran.exit, 0, "{}", ran.stderr);
        for line in ["the till is jammed", "3 of 3 customers paid", "closed"] {
            assert!(ran.stderr.contains(line), "{command}: {}", ran.stderr);
        }
    }
}

#[test]
fn every_part_of_the_crate_does_what_it_says_on_both_reactors() {
    let rig = Rig::new();
    let parts = [
        "mailboxes",
        "functions",
        "abstract processes",
        "tasks",
        "protocols",
        "configurations",
        "panics and locals",
        "links and monitors",
        "the tour is over",
    ];
    for command in ["run", "sim", "hunt --runs 5"] {
        let ran = rig.run(&format!("{command} {}", fixture("lunatic-tour/tour.wasm")));
        assert_eq!(ran.exit, 0, "{}", ran.stderr);
        for part in parts.iter().filter(|_| command != "hunt --runs 5") {
            assert!(ran.stderr.contains(&format!(": {part}\n")), "{command}, {part}: {}", ran.stderr);
        }
    }
}

#[test]
fn supervisors_of_the_crate_come_to_an_end_where_they_wait_for_ever_on_lunatic() {
    let rig = Rig::new();
    let cases = ["both die", "fails again", "left in peace", "dies in its start"];
    let manifest = fixture("lunatic-supervisors/seedbed.toml");
    for command in ["run", "sim", "sim --seed 1", "hunt --runs 20"] {
        let ran = rig.run(&format!("{command} {manifest}"));
        assert_eq!(ran.exit, 0, "{command}: {}", ran.stderr);
        for case in cases.iter().filter(|_| !command.starts_with("hunt")) {
            assert!(
                ran.stderr.contains(&format!(": {case}: failed, and told\n")),
                "{command}, {case}: {}",
                ran.stderr
            );
        }
    }
}

#[test]
fn its_planted_race_is_found_shrunk_and_replayed() {
    let rig = Rig::new();
    rig.copy("lunatic-shop");
    let ran = rig.run("hunt lunatic-shop/shop.wasm --runs 500");
    assert_eq!(ran.exit, 100, "{}", ran.stderr);
    for text in ["every failure is handled", "gave up on `main`", "→ 1 choices"] {
        assert!(ran.stderr.contains(text), "`{text}` is missing in:\n{}", ran.stderr);
    }
    let replay = ran.stderr.split("replay   seedbed ").nth(1).unwrap().lines().next().unwrap();
    let first = rig.run(replay);
    assert_eq!(first.exit, 100, "{}", first.stderr);
    assert!(first.stderr.contains("same as  the finding"), "{}", first.stderr);
    assert_eq!(rig.run(replay), first);
}

#[test]
fn its_fixed_twin_is_not_flagged() {
    let rig = Rig::new();
    for strategy in ["random", "pct:3", "portfolio"] {
        let ran = rig.run(&format!(
            "hunt {} --runs 150 --strategy {strategy}",
            fixture("lunatic-shop/shop-fixed.wasm")
        ));
        assert_eq!(ran.exit, 0, "{}", ran.stderr);
        assert!(ran.stderr.contains("NOTHING FOUND"), "{}", ran.stderr);
    }
}

#[test]
fn what_it_imports_is_listed() {
    let rig = Rig::new();
    let ran = rig.run(&format!("verify {}", fixture("lunatic-shop/shop.wasm")));
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("dialect  lunatic"), "{}", ran.stdout);
    assert!(ran.stdout.contains("lunatic::message send_receive_skip_search"), "{}", ran.stdout);
}

#[test]
fn a_main_process_that_fails_is_told_by_the_exit_code() {
    let rig = Rig::new();
    let text = r#"(module (import "lunatic::process" "process_id" (func (result i64))) (memory (export "memory") 1) (func (export "_start") unreachable))"#;
    rig.write("fails.wasm", wat::parse_str(text).unwrap());
    rig.run("run fails.wasm").failed(1, &["FAILED", "gave up", "main: on `main`"]);
    rig.run("hunt fails.wasm --runs 1").failed(100, &["gave up on `main`"]);
}

#[test]
fn servers_and_clients_speak_over_real_and_simulated_sockets() {
    let rig = Rig::new();
    let lines =
        ["60 lines came back", "the server is gone", "20 datagrams came back", "the network was of use"];
    for command in ["run --network", "sim", "hunt --runs 20"] {
        let ran = rig.run(&format!("{command} {}", fixture("lunatic-net/net.wasm")));
        assert_eq!(ran.exit, 0, "{}", ran.stderr);
        for line in lines.iter().filter(|_| !command.starts_with("hunt")) {
            assert!(ran.stderr.contains(&format!(": {line}\n")), "{command}, {line}: {}", ran.stderr);
        }
    }
}

#[test]
fn a_recording_replays_without_the_network_that_it_had() {
    let rig = Rig::new();
    rig.copy("lunatic-net");
    for option in ["--network", ""] {
        let ran = rig.run(&format!("record {option} lunatic-net/net.wasm --time 20s -o run.seedbed"));
        assert_eq!(ran.exit, 0, "{}", ran.stderr);
        let denied = ran.stderr.contains("the process may not use the network");
        assert_eq!(denied, option.is_empty(), "{}", ran.stderr);
        let again = rig.run("replay run.seedbed");
        assert!(again.exit == 0 && again.stderr.contains("SAME"), "{}", again.stderr);
    }
    rig.run("record --network lunatic-net/seedbed.toml -o run.seedbed")
        .failed(2, &["for a module that runs alone"]);
}

#[test]
fn the_network_of_this_machine_is_for_those_that_are_given_it() {
    let rig = Rig::new();
    let refused =
        "networking::resolve: the process may not use the network: it lacks the permission `network`";
    let ran = rig.run(&format!("run {}", fixture("lunatic-net/net.wasm")));
    assert!(ran.stderr.contains(refused), "{}", ran.stderr);
    rig.copy("lunatic-net");
    let ran = rig.run("run --network lunatic-net/nodes.toml");
    ran.failed(2, &["`--network` is for a module that runs alone", "permissions = { network = true }"]);
}

#[test]
fn on_two_nodes_every_line_comes_back_whatever_happens_on_the_way() {
    let rig = Rig::new();
    rig.copy("lunatic-net");
    let ran = rig.run("hunt lunatic-net/nodes.toml --runs 60");
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    for fault in ["× clog", "× crash", "× delay", "× drop", "× partition"] {
        assert!(ran.stderr.contains(fault), "{fault}: {}", ran.stderr);
    }
    let twice = ["sim lunatic-net/nodes.toml --seed 5"; 2].map(|command| rig.run(command));
    assert_eq!(twice[0].exit, 0, "{}", twice[0].stderr);
    assert_eq!(twice[0], twice[1]);
}

#[test]
fn tls_is_refused_by_name() {
    let rig = Rig::new();
    let text = r#"(module (import "lunatic::networking" "tls_connect" (func (param i64))) (memory (export "memory") 1) (func (export "_start")))"#;
    rig.write("tls.wasm", wat::parse_str(text).unwrap());
    let ran = rig.run("verify tls.wasm");
    let warning = "`lunatic::networking::tls_connect` is refused, there is no TLS: a call of it is a trap";
    assert!(ran.stdout.contains(warning) || ran.stderr.contains(warning), "{ran:?}");
}
