//! A supervisor with one child whose mail is held, slow to come back.

use seedbed_core::supervise::{Backoff, ChildSpec};
use seedbed_core::{Actor, ChildStart, Context, Hold, Pid, Result, SpawnOptions, Supervisor};
use seedbed_sim::World;
use sim_tests::Diary;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

/// Writes down what it is sent and by whom, answers requests with its life; fails at the message `FAIL`.
pub(crate) struct Clerk(pub(crate) Diary<(Pid, u64)>);

pub(crate) const FAIL: u64 = u64::MAX;

impl Actor for Clerk {
    type Message = u64;

    fn on_message(&mut self, cx: &mut Context, n: u64) -> Result<()> {
        anyhow::ensure!(n != FAIL, "as told");
        self.0.push((cx.from(), n));
        let life = u64::from(cx.life().0);
        cx.reply(life)
    }
}

/// A child that waits a second before each restart.
pub(crate) fn clerk(diary: &Diary<(Pid, u64)>, hold: Option<Hold>) -> ChildSpec<ChildStart> {
    let diary = diary.clone();
    let start = ChildStart { hold, ..ChildStart::new(move || Clerk(diary.clone())).registered("clerk") };
    slow(ChildSpec::worker("clerk", start))
}

pub(crate) fn slow(spec: ChildSpec<ChildStart>) -> ChildSpec<ChildStart> {
    let second = Duration::from_secs(1);
    let backoff = Backoff { min: second, max: second, factor: 1, jitter_permille: 0, reset_after: second };
    ChildSpec { backoff: Some(backoff), ..spec }
}

/// The same, whose start fails so often after the first.
pub(crate) fn stumbling(diary: &Diary<(Pid, u64)>, failures: u32) -> ChildSpec<ChildStart> {
    let (diary, starts) = (diary.clone(), Arc::new(AtomicU32::new(0)));
    struct Stumbling(Clerk, bool);
    impl Actor for Stumbling {
        type Message = u64;
        fn on_start(&mut self, _: &mut Context) -> Result<()> {
            anyhow::ensure!(!self.1, "it stumbles");
            Ok(())
        }
        fn on_message(&mut self, cx: &mut Context, n: u64) -> Result<()> {
            self.0.on_message(cx, n)
        }
    }
    let make = move || {
        let nth = starts.fetch_add(1, Relaxed);
        Stumbling(Clerk(diary.clone()), (1..=failures).contains(&nth))
    };
    slow(ChildSpec::worker("clerk", ChildStart::new(make).registered("clerk").held(Hold::default())))
}

/// The supervisor, on the node `main`.
pub(crate) fn top(world: &mut World, clerk: ChildSpec<ChildStart>) -> Result<(Pid, Pid)> {
    let tree = Supervisor::one_for_one().intensity(9, Duration::from_secs(60)).child(clerk);
    let node = world.main();
    let top = world.spawn_on(node, SpawnOptions::registered("top"), Arc::new(tree))?;
    world.settle()?;
    Ok((top, world.address("clerk", "main")?))
}

/// Kills the child, so that nobody has its name for a second.
pub(crate) fn kill(world: &mut World, address: Pid) {
    let pid = world.actor(address).expect("it runs").pid;
    assert!(world.kill(pid));
}
