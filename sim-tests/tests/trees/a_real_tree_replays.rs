//! Random trees on the real reactor: each run is recorded, and the simulator replays it event for event.
//!
//! A thousand of them: `SEEDBED_RUNS=1_000 cargo test --release -p sim-tests real_tree`. Time is not waited
//! for: what should take time takes microseconds, and the end of a program does not wait for it.

use anyhow::{Context as _, Result};
use seedbed::core::{Message, Pid, Reason};
use seedbed::rt::System;
use seedbed::sim::{Setup, replay_recording};
use seedbed::testing::drawn;
use seedbed::testing::tree::{ENTRY, Step, TreeProgram, programs, scripted, trees};
use std::sync::Arc;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

/// The program, as far as it goes: its tree may be gone before its end.
async fn run(program: &TreeProgram, system: &System) -> Result<()> {
    // A tree that cannot start is one to be replayed too.
    let _ = system.spawn("tree", program.tree.supervisor()).await;
    let mut asked = Vec::new();
    for step in &program.steps {
        let actors = system.tree().await?;
        let of = |path: &str| {
            let whole = if path.is_empty() { "main/tree".to_owned() } else { format!("main/tree/{path}") };
            actors.lines.iter().find(|line| line.path == whole).and_then(|line| line.pid)
        };
        let mut ask = |to: Pid, payload: Vec<u8>| {
            let system = system.clone();
            // Nobody waits for the answer: what comes next shall overtake it.
            asked.push(tokio::spawn(async move { system.ask_raw(to, 0, payload, PATIENCE).await }));
        };
        match step {
            Step::Wait(_) => {}
            Step::Tell(path, deed) => {
                if let Some(pid) = of(path) {
                    // Its mailbox may be full, or it gone.
                    let _ = system.send(pid, deed.clone());
                }
            }
            Step::Ask(path, deed) => {
                if let Some(pid) = of(path) {
                    let mut payload = Vec::new();
                    deed.encode(&mut payload);
                    ask(pid, payload);
                }
            }
            Step::Kill(path) | Step::Trap(path) => {
                if let Some(pid) = of(path) {
                    let _ = system.kill(pid).await;
                }
            }
            Step::Stop(path, _) => {
                if let Some(pid) = of(path) {
                    let _ = system.stop(pid, Reason::Shutdown).await;
                }
            }
            Step::Call(path, call) => {
                let instance = |n: u32| of(&format!("{path}/#{n}"));
                if let Some((pid, call)) = of(path).zip(call.message(instance)) {
                    let mut payload = Vec::new();
                    call.encode(&mut payload);
                    ask(pid, payload);
                }
            }
        }
        tokio::task::yield_now().await;
    }
    Ok(())
}

fn holds(seed: u64) -> Result<u64> {
    let shape = trees().unit(Duration::from_micros(20)).obedient().intensity(2..=8);
    let program: TreeProgram = drawn(&programs().of(shape), seed);
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let recording = runtime.block_on(async {
        let system = System::builder().entry(ENTRY, scripted()).record_every_event().start()?;
        run(&program, &system).await?;
        let recording = system.shutdown().await?.recording.context("it is recorded")?;
        anyhow::Ok(Arc::unwrap_or_clone(recording))
    })?;
    let setup = Setup::default().root("tree", program.tree.supervisor()).entry(ENTRY, scripted());
    let run = replay_recording(&recording, setup)
        .map_err(|e| anyhow::anyhow!("seed {seed}: failed to {e}\n{program}"))?;
    anyhow::ensure!(
        (run.turns, run.trace_hash) == (recording.turns, recording.hash),
        "seed {seed}\n{program}"
    );
    Ok(run.turns)
}

#[test]
fn event_for_event() -> Result<()> {
    let runs = std::env::var("SEEDBED_RUNS").map_or(Ok(200), |n| n.replace('_', "").parse())?;
    let turns = (0..runs).map(holds).sum::<Result<u64>>()?;
    // Programs do something.
    anyhow::ensure!(turns > 10 * runs, "{turns} turns in {runs} runs");
    eprintln!("{runs} programs, {turns} turns");
    Ok(())
}
