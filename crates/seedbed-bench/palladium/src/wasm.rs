//! Plugins in WebAssembly: a `WasmActor` each, of the module that Seedbed's `palladium` dialect runs.

use crate::Watch;
use crate::user::{here, spawn, stop};
use palladium_actor::{Envelope, MessagePayload};
use palladium_plugin::wasmtime_backend::WasmtimeHost;
use palladium_plugin::{WasmActor, WasmHost, WasmModule};
use palladium_runtime::TokioReactor;
use std::sync::Arc;

/// What Seedbed gives a turn too.
const FUEL: u64 = 10_000_000;

struct Plugin {
    host: Arc<dyn WasmHost>,
    module: Arc<Box<dyn WasmModule>>,
}

impl Plugin {
    fn compile() -> Plugin {
        let host: Arc<dyn WasmHost> = Arc::new(WasmtimeHost::new().expect("a plain engine"));
        let wasm = wat::parse_str(include_str!("../../src/ours/palladium.wat")).expect("it is a module");
        let module = Arc::new(host.compile(&wasm).expect("it compiles"));
        Plugin { host, module }
    }

    fn actor(&self) -> WasmActor<TokioReactor> {
        WasmActor::new(Arc::clone(&self.module), Arc::clone(&self.host), FUEL)
    }
}

/// `n` messages of 64 bytes between two plugins.
pub fn ping_pong(n: u64) {
    here(|engine| async move {
        let plugin = Plugin::compile();
        let a = spawn(&engine, "a", plugin.actor()).await;
        let b = spawn(&engine, "b", plugin.actor()).await;
        let mut ball = vec![0; 64];
        ball[..8].copy_from_slice(&n.to_le_bytes());
        ball[8..24].copy_from_slice(&a.address.as_u128().to_le_bytes());
        let serve = Envelope::new(a.address, b.address, 1, 64);
        let watch = Watch::start();
        engine.transport_registry().try_route(serve, MessagePayload::serialized(ball)).expect("it is there");
        // Whoever gets the last ball fails.
        tokio::select! { end = a.ended => end, end = b.ended => end }.expect("one ends");
        watch.stop();
    });
}

/// `n` plugins spawned and stopped, one after the other, by a task of their own thread.
pub fn spawns(n: u64) {
    here(|engine| async move {
        let plugin = Plugin::compile();
        let watch = Watch::start();
        for number in 0..n {
            let one = spawn(&engine, &format!("one{number}"), plugin.actor()).await;
            stop(&engine, one).await;
        }
        watch.stop();
    });
}
