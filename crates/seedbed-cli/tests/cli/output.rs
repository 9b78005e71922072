//! Formats, colours, help.

use crate::rig::{Ran, Rig, fixture};

#[test]
fn data_goes_to_stdout_and_what_is_said_to_stderr() {
    let rig = Rig::new();
    let ran = rig.run(&format!("sim {} --seed 0x2a", fixture("hello/seedbed.toml")));
    assert_eq!(ran.value("seed"), "0x2a");
    assert!(ran.stderr.contains("main/tree/hello:1: hello, seedbed"), "{ran:?}");
    let labels: Vec<&str> = ran.stdout.lines().filter_map(|line| line.split("  ").next()).collect();
    assert_eq!(labels, ["seed", "steps", "time", "end", "trace hash"]);
}

#[test]
fn objects_carry_a_version_and_an_event() {
    let rig = Rig::new();
    let hello = fixture("hello/seedbed.toml");
    for command in ["sim", "verify", "hunt --runs 2", "check --seeds 1", "run list -m"] {
        for format in ["json", "jsonl"] {
            let ran = rig.run(&format!("{command} {hello} --format {format}"));
            assert_eq!(ran.exit, 0, "{ran:?}");
            let objects: Vec<serde_json::Value> = match format {
                "json" => vec![ran.json()],
                _ => ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
            };
            for object in objects {
                assert!(object["v"] == 1 && object["event"].is_string(), "{command}: {object}");
            }
        }
    }
}

#[test]
fn colours_are_there_when_asked_for_and_not_elsewhere() {
    let rig = Rig::new();
    let hunt = format!("hunt {} --runs 2", fixture("hello/seedbed.toml"));
    let colored = |ran: &Ran| ran.stderr.contains('\x1b');
    assert!(!colored(&rig.run(&hunt)), "no terminal");
    assert!(colored(&rig.run(&format!("{hunt} --color always"))));
    assert!(colored(&Ran::of(rig.command(&format!("{hunt} --color always")).env("NO_COLOR", "1"))));
    assert!(!colored(&rig.run(&format!("{hunt} --color never"))));
    assert!(rig.run("--color=always nonsense").stderr.contains('\x1b'));
    assert!(!rig.run("nonsense").stderr.contains('\x1b'));
}

#[test]
fn how_much_actors_say_is_set_by_the_environment() {
    let rig = Rig::new();
    let sim = format!("sim {}", fixture("crasher/seedbed.toml"));
    let with = |level: &str| Ran::of(rig.command(&sim).env("SEEDBED_LOG", level));
    assert_eq!(with("off").stderr, "");
    assert!(with("error").stderr.contains("ended with: trap"));
    with("loud").failed(2, &["`loud` of SEEDBED_LOG", "off, error, warn, info, debug or trace"]);
}

#[test]
fn help_shows_every_default() {
    let rig = Rig::new();
    let help = rig.run("hunt --help");
    assert_eq!(help.exit, 0);
    for default in [
        "[default: 10000; with --time, no limit]",
        "[default: 0x0]",
        "[default: portfolio]",
        "[default: 1/1]",
    ] {
        assert!(help.stdout.contains(default), "`{default}` is missing in:\n{}", help.stdout);
    }
    assert!(!rig.run("--help").stdout.contains("serve-check"));
}

#[test]
fn completions_are_made_for_every_shell() {
    let rig = Rig::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = rig.run(&format!("completions {shell}"));
        assert_eq!(ran.exit, 0, "{ran:?}");
        assert!(ran.stdout.contains("transfer") || ran.stdout.contains("replay"), "{shell}");
    }
}
