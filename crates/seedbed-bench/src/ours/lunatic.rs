//! Processes of lunatic: guests that wait, each with a stack and a store of its own.

use super::system::elsewhere;
use seedbed_core::ExitReason;
use seedbed_wasm::{Module, WasmActor};
use std::sync::LazyLock;

/// Compiled once a process.
static MODULE: LazyLock<Module> = LazyLock::new(|| {
    let wasm = wat::parse_str(include_str!("lunatic.wat")).expect("it is a module");
    Module::from_bytes(&wasm).expect("it is an actor")
});

/// `n` messages of 64 bytes between two processes.
pub(crate) fn ping_pong(n: u64) {
    run(n, 0);
}

/// `n` processes spawned, one after the other, each of which reports to its parent and ends.
pub(crate) fn spawns(n: u64) {
    run(n, 1);
}

/// A process that waits for its first message.
pub(crate) fn waiting() -> WasmActor {
    WasmActor::new(MODULE.clone())
}

fn run(n: u64, what: u64) {
    elsewhere(|system| async move {
        let main = system.spawn("main", waiting()).await.expect("it starts");
        let done = system.monitor(main);
        system.send_raw(main, 0, [n.to_le_bytes(), what.to_le_bytes()].concat()).expect("it is there");
        let reason = done.await.expect("the system runs");
        assert_eq!(reason, ExitReason::Normal);
    });
}
