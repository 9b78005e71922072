//! Children that fail and are restarted by their supervisor, one life after the other; and the same
//! done by an actor that does nothing else.

use super::system::elsewhere;
use seedbed_core::supervise::ChildSpec;
use seedbed_core::*;
use seedbed_wasm::{Module, WasmActor};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// Reports when it has started, and fails at the first message.
const CHILD: &str = r#"
(module
  (import "seedbed" "send" (func $send (param i64 i64 i32 i32) (result i32)))
  (import "seedbed" "address" (func $address (param i32 i32) (result i64)))
  (memory (export "memory") 1)
  (data (i32.const 0) "driver")
  (global (export "seedbed_inbox_ptr") i32 (i32.const 1024))
  (global (export "seedbed_inbox_len") i32 (i32.const 1024))
  (func (export "seedbed_on_start") (param i32 i32) (result i32)
    (drop (call $send (call $address (i32.const 0) (i32.const 6)) (i64.const 0) (i32.const 0) (i32.const 0)))
    (i32.const 0))
  (func (export "seedbed_on_message") (param i32 i32 i32) (result i32) (i32.const -1)))
"#;

static MODULE: LazyLock<Module> = LazyLock::new(|| {
    Module::from_bytes(&wat::parse_str(CHILD).expect("it is a module")).expect("it is an actor")
});

/// A WASM child.
pub(crate) fn wasm() -> ChildStart {
    ChildStart::new(WasmActor::new(MODULE.clone()))
}

/// A native child.
pub(crate) fn native() -> ChildStart {
    ChildStart::new(|| Child)
}

struct Child;

impl Actor for Child {
    type Message = ();

    fn on_start(&mut self, cx: &mut Context) -> Result<()> {
        let driver = cx.address("driver")?;
        Ok(cx.send_tagged(driver, 0, &[])?)
    }

    fn on_message(&mut self, _: &mut Context, (): ()) -> Result<()> {
        Err(HandlerCode::OTHER.into())
    }
}

/// Lets whoever reports fail, so many times.
struct Driver {
    left: u64,
}

impl Actor for Driver {
    type Message = ();

    fn on_message(&mut self, cx: &mut Context, (): ()) -> Result<()> {
        if self.left == 0 {
            cx.stop(Reason::Normal);
            return Ok(());
        }
        self.left -= 1;
        Ok(cx.send_tagged(cx.from(), 0, &[])?)
    }
}

/// Spawns a child, linked and to be told of, and another whenever one has ended: what a supervisor does,
/// without a plan, a state of its children, or a bound.
struct Spawner {
    child: Arc<dyn Factory>,
}

impl Spawner {
    fn spawn(&self, cx: &mut Context) -> Result<()> {
        let options = SpawnOptions::named("child").flags(SpawnFlags::LINK.with(SpawnFlags::NOTIFY));
        cx.spawn_shared(options, Arc::clone(&self.child))?;
        Ok(())
    }
}

impl Actor for Spawner {
    type Message = ();

    fn on_start(&mut self, cx: &mut Context) -> Result<()> {
        cx.trap_exits(true);
        self.spawn(cx)
    }

    fn on_message(&mut self, _: &mut Context, (): ()) -> Result<()> {
        Ok(())
    }

    fn on_signal(&mut self, cx: &mut Context, signal: Signal) -> Result<()> {
        match signal {
            Signal::Exit { .. } => self.spawn(cx),
            _ => Ok(()),
        }
    }
}

/// `n` restarts of a child: it reports, is told to fail, fails, and is started again.
pub(crate) fn restarts(n: u64, child: ChildStart) {
    let supervisor = Supervisor::one_for_one()
        .intensity(u32::MAX, Duration::from_millis(1))
        .child(ChildSpec::worker("child", child))
        .build()
        .expect("a plan");
    until_told(n, supervisor);
}

/// The same, spawned again by an actor that is no supervisor.
pub(crate) fn by_hand(n: u64, child: ChildStart) {
    until_told(n, move || Spawner { child: Arc::clone(&child.factory) });
}

/// Whoever `parent` starts reports to a driver, until that has let `n` of them fail.
fn until_told(n: u64, parent: impl Factory) {
    elsewhere(|system| async move {
        let driver = system.spawn("driver", move || Driver { left: n }).await.expect("it starts");
        let done = system.monitor(driver);
        system.spawn("parent", parent).await.expect("it starts");
        done.await.expect("the system runs");
    });
}
