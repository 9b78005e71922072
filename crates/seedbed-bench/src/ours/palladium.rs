//! Plugins of palladium.

use super::system::elsewhere;
use seedbed_core::{ExitReason, Failure};
use seedbed_wasm::{Module, WasmActor};
use std::sync::LazyLock;

/// The module that palladium runs too.
static MODULE: LazyLock<Module> = LazyLock::new(|| {
    let wasm = wat::parse_str(include_str!("palladium.wat")).expect("it is a module");
    Module::from_bytes(&wasm).expect("it is an actor")
});

/// What whoever has the path `/b` is called in palladium: the first eight bytes of the path's BLAKE3.
const B: u64 = 0x3f7d_2976_0973_177c;

/// A plugin that waits for its first message.
pub(crate) fn idle_actor() -> WasmActor {
    WasmActor::new(MODULE.clone())
}

/// `n` messages of 64 bytes between two plugins.
pub(crate) fn ping_pong(n: u64) {
    elsewhere(|system| async move {
        let a = system.spawn("a", idle_actor()).await.expect("it starts");
        let b = system.spawn("b", idle_actor()).await.expect("it starts");
        let done = (system.monitor(a), system.monitor(b));
        let mut ball = [0; 64];
        ball[..8].copy_from_slice(&n.to_le_bytes());
        ball[16..24].copy_from_slice(&B.to_le_bytes());
        system.send_raw(a, 1, ball.to_vec()).expect("it is there");
        // Whoever gets the last ball fails.
        let reason = tokio::select! { reason = done.0 => reason, reason = done.1 => reason };
        assert_eq!(reason, Ok(ExitReason::Failed(Failure::HandlerError(1))));
    });
}
