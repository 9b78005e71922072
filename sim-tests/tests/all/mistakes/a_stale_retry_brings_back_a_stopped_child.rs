//! X3: a child that is stopped while it waits to be started again stays stopped, though the retry is on its way
//! already, or its timer runs; so does one whose supervisor stops (X4).

use super::rig::{Seen, real};
use seedbed_core::supervise::{Backoff, ChildSpec, ChildState};
use seedbed_core::{Actor, ChildStart, Context, ExitReason, Result, Supervisor, SupervisorError};
use sim_tests::holds;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

/// Starts once, and never again.
struct Once(bool);

impl Actor for Once {
    type Message = u64;

    fn on_start(&mut self, _: &mut Context) -> Result<()> {
        anyhow::ensure!(self.0, "never again");
        Ok(())
    }

    fn on_message(&mut self, _: &mut Context, _: u64) -> Result<()> {
        anyhow::bail!("as ordered")
    }
}

fn tree(backoff: Option<Backoff>) -> Supervisor {
    let starts = Arc::new(AtomicU32::new(0));
    let once = ChildStart::new(move || Once(starts.fetch_add(1, Relaxed) == 0)).registered("a");
    let spec = ChildSpec { backoff, ..ChildSpec::worker("a", once) };
    Supervisor::one_for_one().intensity(u32::MAX, Duration::from_secs(60)).child(spec)
}

fn slow() -> Backoff {
    let ms = Duration::from_millis;
    Backoff { min: ms(50), max: ms(50), factor: 1, jitter_permille: 0, reset_after: ms(50) }
}

#[test]
fn whichever_comes_first() {
    for backoff in [None, Some(slow())] {
        holds(|world| {
            let seen = Seen::of(world);
            let top = world.spawn("top", tree(backoff));
            world.run_for(Duration::from_millis(10))?;
            let a = world.address("a", "main")?;
            world.send(a, 0u64);
            // Retries without end from now on; in each order the call comes between other two of them.
            assert_eq!(world.supervisor(top).stop_child("a"), Ok(()));
            let starts = seen.starts("main/top/a");
            assert_eq!(world.supervisor(top).which("a")?.state, ChildState::Down);
            world.settle()?;
            world.run_for(Duration::from_secs(1))?;
            assert_eq!(world.supervisor(top).which("a")?.state, ChildState::Down);
            assert_eq!(seen.starts("main/top/a"), starts, "nothing brought it back");
            // Nor does anything of the old retry come to a child that is started anew, and fails by itself.
            let failed = world.supervisor(top).restart_child("a");
            assert!(matches!(failed, Err(SupervisorError::StartFailed(_))), "{failed:?}");
            world.settle()?;
            assert_eq!(seen.starts("main/top/a"), starts + 1);
            Ok(())
        });
    }
}

#[test]
fn nor_one_whose_supervisor_stops() {
    for backoff in [None, Some(slow())] {
        holds(|world| {
            let seen = Seen::of(world);
            let top = world.spawn("top", tree(backoff));
            world.run_for(Duration::from_millis(10))?;
            let a = world.address("a", "main")?;
            world.send(a, 0u64);
            // The answer comes between two retries, or before the first.
            world.supervisor(top).which("a")?;
            world.stop(top, ExitReason::Shutdown);
            world.settle()?;
            assert_eq!(world.actors(), []);
            let starts = seen.starts("main/top/a");
            world.run_for(Duration::from_secs(1))?;
            assert_eq!(seen.starts("main/top/a"), starts);
            Ok(())
        });
    }
}

#[test]
fn on_the_real_reactor_too() {
    real(
        || vec![("top", tree(None))],
        async |system, pids| {
            let gone = system.monitor(super::rig::named(system, "a").await);
            system.send(system.address("a").expect("a name"), 0u64).expect("it runs");
            assert!(gone.await.is_ok());
            system.supervisor(pids[0]).stop_child("a").await.expect("it is known");
            let before = system.supervisor(pids[0]).which("a").await.expect("it is known");
            assert_eq!(before.state, ChildState::Down);
            for _ in 0..10 {
                assert_eq!(system.supervisor(pids[0]).which("a").await, Ok(before.clone()));
            }
        },
    );
}
