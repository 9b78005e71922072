//! A node on the real reactor, for as long as a work takes.

use seedbed_rt::System;
use std::time::Duration;

/// Long enough for every wait here to end before.
pub(crate) const SOON: Duration = Duration::from_secs(60);

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime")
}

/// Runs `work` beside a node that has a thread of its own, and shuts it down.
pub(crate) fn elsewhere<F: Future<Output = ()>>(work: impl FnOnce(System) -> F) {
    runtime().block_on(beside(|| System::start().expect("it starts"), work));
}

/// The same with the node on this thread.
pub(crate) fn here<F: Future<Output = ()>>(work: impl FnOnce(System) -> F) {
    let tasks = tokio::task::LocalSet::new();
    tasks.block_on(&runtime(), beside(|| System::local().expect("it starts"), work));
}

async fn beside<F: Future<Output = ()>>(system: impl FnOnce() -> System, work: impl FnOnce(System) -> F) {
    let system = system();
    work(system.clone()).await;
    system.shutdown().await.expect("it runs");
}
