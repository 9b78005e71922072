//! Does one work by lunatic, and prints how long it took: wall and processor time in nanoseconds.
//!
//! Its processes run on tokio's current-thread runtime, as other peers do. What it takes to compile the
//! module is outside of what is measured.

use anyhow::{Context, Result, bail, ensure};
use cpu_time::ProcessTime;
use lunatic_process::env::LunaticEnvironment;
use lunatic_process::message::{DataMessage, Message};
use lunatic_process::runtimes::wasmtime::{WasmtimeRuntime, default_config};
use lunatic_process::state::ProcessState;
use lunatic_process::wasm::spawn_wasm;
use lunatic_process::{Process, Signal};
use lunatic_process_api::ProcessConfigCtx;
use lunatic_runtime::{DefaultProcessConfig, DefaultProcessState};
use std::sync::Arc;
use std::time::Instant;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [peer, work, n] = args.as_slice() else { bail!("usage: seedbed-bench-lunatic lunatic WORK N") };
    let n = n.parse().context("N is a number")?;
    let what = match (peer.as_str(), work.as_str()) {
        ("lunatic", "wasm-ping-pong") => 0,
        ("lunatic", "wasm-spawns") => 1,
        _ => bail!("{peer} does no {work}"),
    };
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run(n, what))
}

/// Starts the module that Seedbed's `lunatic` dialect runs, and has it do its work `n` times.
async fn run(n: u64, what: u64) -> Result<()> {
    let wasm = wat::parse_str(include_str!("../../src/ours/lunatic.wat"))?;
    let runtime = WasmtimeRuntime::new(&default_config())?;
    let module = Arc::new(runtime.compile_module::<DefaultProcessState>(wasm.into())?);
    let environment = Arc::new(LunaticEnvironment::new(1));
    let mut config = DefaultProcessConfig::default();
    config.set_can_spawn_processes(true);
    let state = DefaultProcessState::new(
        Arc::clone(&environment),
        None,
        runtime.clone(),
        Arc::clone(&module),
        Arc::new(config),
        Arc::default(),
    )?;
    let (ended, main) = spawn_wasm(environment, runtime, &module, state, "_start", Vec::new(), None).await?;
    let order = [n.to_le_bytes(), what.to_le_bytes()].concat();
    let watch = (Instant::now(), ProcessTime::now());
    main.send(Signal::Message(Message::Data(DataMessage::new_from_vec(None, order))));
    let state = ended.await?;
    let took = (watch.0.elapsed(), watch.1.elapsed());
    ensure!(state?.is_initialized(), "it ran");
    println!("{} {}", took.0.as_nanos(), took.1.as_nanos());
    Ok(())
}
