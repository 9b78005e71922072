//! Manifests on the real reactor; and every such run again in the simulator, event for event.

#![expect(clippy::unwrap_used, reason = "test helpers")]

use seedbed_core::{ExitReason, RequestFailure};
use seedbed_manifest::{
    Hash, Judged, Scenario, Served, ServiceConfig, ServiceEnd, ServiceError, StopHandle, Until,
};
use seedbed_sim::replay_recording;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

/// A manifest of entries `counter` and `crasher`.
fn scenario(text: &str) -> Scenario {
    let root = tempfile::tempdir().unwrap();
    let mut manifest = String::new();
    for id in ["crasher", "counter"] {
        let module = std::fs::read(fixtures().join(format!("{id}/{id}.wasm"))).unwrap();
        let hash = Hash::of(&module);
        manifest += &format!("[[process]]\nid = '{id}'\npath = '{id}.wasm'\nhash = '{hash}'\n");
        std::fs::write(root.path().join(format!("{id}.wasm")), module).unwrap();
    }
    let file = root.path().join("seedbed.toml");
    std::fs::write(&file, manifest + text).unwrap();
    Scenario::load(&file).unwrap_or_else(|e| panic!("{e}"))
}

fn recorded() -> ServiceConfig {
    ServiceConfig { record: true, ..ServiceConfig::default() }
}

/// Serves, and replays what each node recorded.
fn serve(scenario: &Scenario, config: &ServiceConfig) -> Served {
    let served = scenario.serve(config, &StopHandle::default()).unwrap();
    assert_eq!(served.recordings.is_empty(), !config.record);
    for recording in &served.recordings {
        let setup = scenario.setup(&recording.name).unwrap();
        let run = replay_recording(recording, setup).unwrap_or_else(|e| panic!("failed to {e}"));
        assert_eq!((run.turns, run.trace_hash), (recording.turns, recording.hash), "{}", recording.name);
    }
    served
}

fn judged(served: &Served) -> Vec<&Judged> {
    served.properties.iter().map(|(_, judged)| judged).collect()
}

const COUNTER: &str = "[[tree.children]]\nid = 'counter'\nprocess = 'counter'\n";

#[test]
fn inputs_are_played_and_properties_judged_at_rest() {
    let scenario = scenario(&format!(
        "{COUNTER}
        [[input]]
        name = 'asks'
        to = 'counter'
        request = 7
        every = '1ms'
        count = 6
        [[property]]
        name = 'counted'
        when = 'end'
        holds = 'fact(\"/counter\", \"count\") == 42 && sum(facts(\"input.replied\")) == 6 && dead_letters == 0'
        [[property]]
        name = 'wrong'
        when = 'idle'
        holds = 'sum(facts(\"count\")) == 41'
        [[property]]
        name = 'seen'
        sometimes = true
        holds = 'restarts > 0'
        [[property]]
        name = 'ordered'
        linearizable = 'counter'"
    ));
    let served = serve(&scenario, &recorded());
    assert_eq!((served.end, served.inputs["asks"].replied, served.killed), (ServiceEnd::Rest, 6, 0));
    for unknown in &judged(&served)[2..] {
        assert!(matches!(unknown, Judged::Unknown(_)), "{:?}", served.properties);
    }
    assert_eq!(judged(&served)[..2], [&Judged::Held, &Judged::Broken("expected 41, found 42".into())]);
    // The counter: start, six requests, stop. Its supervisor: start, told of its start, asked to stop, told of its end.
    assert_eq!((served.turns, served.facts.dead_letters, served.dead_letters), (12, 0, 0));
    assert!(served.trees_ended.is_empty());
}

#[test]
fn the_transfer_application_is_a_service_of_four_nodes() {
    let transfer = Scenario::load(&fixtures().join("transfer-fixed/seedbed.toml")).unwrap();
    let store = tempfile::tempdir().unwrap();
    let config = ServiceConfig { store: Some(store.path().to_owned()), ..recorded() };
    for _ in 0..2 {
        // The second time, ledgers and tellers begin with what their stores hold.
        let served = serve(&transfer, &config);
        assert_eq!(served.end, ServiceEnd::Rest);
        assert_eq!(judged(&served), [&Judged::Held, &Judged::Held]);
        assert_eq!(served.inputs["walk-in"].replied, 1);
        assert_eq!(served.recordings.len(), 4);
        assert!(store.path().join("a").is_dir());
    }
}

#[test]
fn a_trap_is_restarted_and_the_service_goes_on() {
    let scenario = scenario(
        "[[tree.children]]
        id = 'crasher'
        process = 'crasher'
        [[input]]
        name = 'kills'
        to = 'crasher'
        tag = 0
        request = ''
        timeout = '60s'
        [[property]]
        name = 'restarted'
        when = 'end'
        holds = 'restarts == 1'",
    );
    let served = serve(&scenario, &recorded());
    assert_eq!((served.end, judged(&served)), (ServiceEnd::Rest, vec![&Judged::Held]));
    assert_eq!(served.inputs["kills"].failed[&RequestFailure::Dead], 1);
}

#[test]
fn a_service_ends_when_it_is_asked_when_its_time_is_over_or_when_no_tree_is_left() {
    let counter = scenario(COUNTER);
    let stays = ServiceConfig { until: Until::Stopped, ..recorded() };
    let stop = StopHandle::default();
    stop.stop();
    let served = counter.serve(&stays, &stop).unwrap();
    assert_eq!(served.end, ServiceEnd::Stopped);
    let served =
        serve(&counter, &ServiceConfig { time_max: Some(Duration::from_millis(1)), ..stays.clone() });
    assert_eq!(served.end, ServiceEnd::Time);

    let gives_up = scenario(
        "[tree]
        intensity = 0
        [[tree.children]]
        id = 'crasher'
        process = 'crasher'
        [[input]]
        to = 'crasher'
        tag = 0
        send = ''
        [[property]]
        name = 'any'
        when = 'idle'
        holds = 'true'",
    );
    let served = serve(&gives_up, &stays);
    assert_eq!(served.end, ServiceEnd::Trees);
    assert_eq!(served.trees_ended["main"], ExitReason::Shutdown);
    assert_eq!(judged(&served), [&Judged::Unknown("it did not come to rest")]);
}

#[test]
fn a_tree_that_does_not_start_is_an_error() {
    let starved =
        "limits.fuel_per_message = 1\n[[tree.children]]\nid = 'x'\nprocess = 'counter'\n[node.b.tree]\n";
    let scenario = scenario(&format!("{starved}[world]\nnodes = ['a', 'b']\n"));
    let error = scenario.serve(&recorded(), &StopHandle::default()).unwrap_err();
    let ServiceError::Tree { node, .. } = &error else { panic!("{error}") };
    assert_eq!(node, "a");
    assert!(error.to_string().contains("out of fuel"), "{error}");
}

/// How many runs of each fixture: 1 000 in all is `SEEDBED_REAL_RUNS=112` of the nine.
fn real_runs() -> u64 {
    std::env::var("SEEDBED_REAL_RUNS").map_or(2, |runs| runs.parse().expect("a number of runs"))
}

/// Real runs take as long as their inputs say, and do nothing most of the time: many at once.
const AT_ONCE: usize = 24;

#[test]
fn recorded_runs_of_every_fixture_replay() {
    let mut fixtures: Vec<PathBuf> = std::fs::read_dir(fixtures())
        .unwrap()
        .map(|entry| entry.unwrap().path().join("seedbed.toml"))
        .collect();
    fixtures.retain(|manifest| manifest.is_file());
    fixtures.sort();
    assert!(fixtures.len() >= 9);
    let scenarios: Vec<Scenario> = fixtures.iter().map(|path| Scenario::load(path).unwrap()).collect();
    let (next, all) = (AtomicUsize::new(0), scenarios.len() * real_runs() as usize);
    let turns = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let nth = next.fetch_add(1, Ordering::Relaxed);
                    if nth >= all {
                        return;
                    }
                    let served = serve(&scenarios[nth % scenarios.len()], &recorded());
                    // A tree of programs ends with them.
                    let ended = matches!(served.end, ServiceEnd::Rest | ServiceEnd::Trees);
                    assert!(ended, "{:?}: {}", served.end, fixtures[nth % scenarios.len()].display());
                    turns.fetch_add(served.turns, Ordering::Relaxed);
                }
            });
        }
    });
    println!("{all} real runs, {} turns: each replayed to the same hash", turns.into_inner());
}
