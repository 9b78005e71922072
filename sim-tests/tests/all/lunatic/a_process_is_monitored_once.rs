//! J6: `ProcessDied` comes once a process, at once for the dead, never after `StopMonitoring`.

use super::rig::{Step, mortal, process};
use seedbed_core::lunatic::Received;
use seedbed_core::{ExitReason, Pid};
use sim_tests::{Diary, holds};

/// Monitors `peer` so often at its start, and stops monitoring at a message.
fn watcher(peer: Pid, times: u64, diary: &Diary<Received>) -> impl seedbed_core::Factory {
    let diary = diary.clone();
    process(move |process, cx, step| {
        match step {
            Step::Start => {
                for _ in 0..times {
                    process.monitor(cx, peer)?;
                }
            }
            Step::Message(again) => {
                process.stop_monitoring(cx, peer)?;
                process.stop_monitoring(cx, peer)?;
                if again == 1 {
                    process.monitor(cx, peer)?;
                }
            }
            Step::Received(received) => diary.push(received.clone()),
        }
        Ok(())
    })
}

#[test]
fn however_often_it_was_asked_for() {
    holds(|world| {
        let diary = Diary::new();
        let peer = world.spawn("peer", mortal());
        world.settle()?;
        world.spawn("watcher", watcher(peer, 3, &diary));
        world.settle()?;
        world.send(peer, 0u64);
        world.settle()?;
        assert_eq!(diary.all(), [Received::ProcessDied { pid: peer, reason: ExitReason::Normal }]);
        Ok(())
    });
}

#[test]
fn of_the_dead_at_once_each_time() {
    holds(|world| {
        let diary = Diary::new();
        let peer = world.spawn("peer", mortal());
        world.settle()?;
        world.kill(peer);
        let watcher = world.spawn("watcher", watcher(peer, 1, &diary));
        world.settle()?;
        let died = Received::ProcessDied { pid: peer, reason: ExitReason::NoProcess };
        assert_eq!(diary.all(), vec![died.clone()]);
        world.send(watcher, 1u64);
        world.settle()?;
        assert_eq!(diary.all(), [died.clone(), died], "it was used up, and asked for anew");
        Ok(())
    });
}

#[test]
fn never_after_it_was_taken_back_whatever_came_first() {
    holds(|world| {
        let diary = Diary::new();
        let peer = world.spawn("peer", mortal());
        world.settle()?;
        let watcher = world.spawn("watcher", watcher(peer, 1, &diary));
        world.settle()?;
        // The death and the message race: told before the message, or not at all.
        world.send(peer, 0u64);
        world.send(watcher, 0u64);
        world.settle()?;
        assert!(diary.all().len() <= 1);
        let told = diary.all().len();
        world.send(watcher, 0u64);
        world.settle()?;
        assert_eq!(diary.all().len(), told);
        Ok(())
    });
}

#[test]
fn asked_for_anew_it_is_told() {
    holds(|world| {
        let diary = Diary::new();
        let peer = world.spawn("peer", mortal());
        world.settle()?;
        let watcher = world.spawn("watcher", watcher(peer, 1, &diary));
        world.settle()?;
        world.send(watcher, 1u64);
        world.settle()?;
        world.kill(peer);
        world.settle()?;
        assert_eq!(diary.all(), [Received::ProcessDied { pid: peer, reason: ExitReason::Killed }]);
        Ok(())
    });
}
