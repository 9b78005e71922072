//! Messages to a WASM actor that sends nothing.

use super::system::{SOON, elsewhere};
use seedbed_core::*;
use seedbed_wasm::{Module, WasmActor};
use std::sync::LazyLock;

/// Does nothing with a message, and answers a request.
pub(crate) const NOTHING: &str = r#"
(module
  (import "seedbed" "reply" (func $reply (param i64 i64 i64 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (global (export "seedbed_inbox_ptr") i32 (i32.const 1024))
  (global (export "seedbed_inbox_len") i32 (i32.const 1024))
  (func (export "seedbed_on_message") (param $e i32) (param $p i32) (param $len i32) (result i32)
    (if (i64.eqz (i64.load offset=24 (local.get $e))) (then (return (i32.const 0))))
    (call $reply (i64.load offset=8 (local.get $e)) (i64.load offset=24 (local.get $e)) (i64.const 0)
      (i32.const 0) (i32.const 0))))
"#;

/// Adds the bytes of a message up, keeps the sum at 0, and answers a request.
pub(crate) const SUM: &str = r#"
(module
  (import "seedbed" "reply" (func $reply (param i64 i64 i64 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (global (export "seedbed_inbox_ptr") i32 (i32.const 1024))
  (global (export "seedbed_inbox_len") i32 (i32.const 1024))
  (func (export "seedbed_on_message") (param $e i32) (param $p i32) (param $len i32) (result i32)
    (local $end i32) (local $sum i32)
    (local.set $end (i32.add (local.get $p) (local.get $len)))
    (loop $next
      (local.set $sum (i32.add (local.get $sum) (i32.load8_u (local.get $p))))
      (local.set $p (i32.add (local.get $p) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $p) (local.get $end))))
    (i32.store (i32.const 0) (local.get $sum))
    (if (i64.eqz (i64.load offset=24 (local.get $e))) (then (return (i32.const 0))))
    (call $reply (i64.load offset=8 (local.get $e)) (i64.load offset=24 (local.get $e)) (i64.const 0)
      (i32.const 0) (i32.const 0))))
"#;

fn module(text: &str) -> Module {
    Module::from_bytes(&wat::parse_str(text).expect("it is a module")).expect("it is an actor")
}

static NOTHING_MODULE: LazyLock<Module> = LazyLock::new(|| module(NOTHING));
static SUM_MODULE: LazyLock<Module> = LazyLock::new(|| module(SUM));

/// So many messages that one turn sends.
const BURST: u64 = 256;

/// Sends messages of `bytes` bytes in bursts, the last of each a request: the next comes after its reply.
struct Sender {
    to: Pid,
    payload: Vec<u8>,
    left: u64,
}

impl Sender {
    fn burst(&mut self, cx: &mut Context) -> Result<()> {
        let burst = self.left.min(BURST);
        if burst == 0 {
            cx.stop(Reason::Normal);
            return Ok(());
        }
        self.left -= burst;
        (1..burst).try_for_each(|_| cx.send_tagged(self.to, 0, &self.payload))?;
        cx.ask_tagged(self.to, 0, &self.payload, SOON)?;
        Ok(())
    }
}

impl Actor for Sender {
    type Message = ();

    fn on_message(&mut self, cx: &mut Context, (): ()) -> Result<()> {
        self.burst(cx)
    }

    fn on_signal(&mut self, cx: &mut Context, _: Signal) -> Result<()> {
        self.burst(cx)
    }
}

/// `n` messages of 64 bytes from a native actor to one that does nothing with them.
pub(crate) fn nothing(n: u64) {
    run(n, 64, NOTHING_MODULE.clone());
}

/// `n` messages of 256 bytes from a native actor to one that adds them up.
pub(crate) fn sum(n: u64) {
    run(n, 256, SUM_MODULE.clone());
}

fn run(n: u64, bytes: usize, module: Module) {
    elsewhere(|system| async move {
        let to = system.spawn("receiver", WasmActor::new(module)).await.expect("it starts");
        let sender = move || Sender { to, payload: vec![7; bytes], left: n };
        let sender = system.spawn("sender", sender).await.expect("it starts");
        let done = system.monitor(sender);
        system.send(sender, ()).expect("it is there");
        let reason = done.await.expect("the system runs");
        assert_eq!(reason, ExitReason::Normal);
    });
}
