//! T7: children that die at one instant inside a restarted group are one restart, each is started once more,
//! and nothing hangs, whatever the order in which the notices come; under one_for_one they are one each.

use super::rig::{Seen, child, named, real};
use seedbed_core::supervise::{ChildSpec, ChildState};
use seedbed_core::{ChildStart, ExitReason, Supervisor};
use sim_tests::{Input, actor, holds};
use std::time::Duration;

const IDS: [&str; 4] = ["a", "b", "c", "d"];

fn tree(strategy: usize) -> Supervisor {
    let tree = [Supervisor::one_for_one, Supervisor::one_for_all, Supervisor::rest_for_one][strategy]();
    IDS.iter().fold(tree.intensity(9, Duration::from_secs(60)), |tree, id| tree.child(child(id)))
}

/// Kills the children of these names in one turn: no time passes, and nothing runs, between the deaths.
fn kills(names: &'static [&'static str]) -> impl seedbed_core::Factory {
    actor(move |cx, input| {
        if input == Input::Start {
            for name in names {
                let pid = cx.address(name)?;
                cx.kill(pid)?;
            }
        }
        Ok(())
    })
}

#[test]
fn whatever_the_order_of_the_notices() {
    // Strategy, who dies, restarts, starts of each.
    let cases: [(usize, &'static [&'static str], u64, [u64; 4]); 6] = [
        (0, &["a", "c"], 2, [2, 1, 2, 1]),
        (0, &["a", "b", "c", "d"], 4, [2, 2, 2, 2]),
        (1, &["a", "c"], 1, [2, 2, 2, 2]),
        (1, &["d", "c", "b", "a"], 1, [2, 2, 2, 2]),
        (2, &["b", "d"], 1, [1, 2, 2, 2]),
        (2, &["d"], 1, [1, 1, 1, 2]),
    ];
    for (strategy, dying, restarts, starts) in cases {
        holds(|world| {
            let seen = Seen::of(world);
            let top = world.spawn("top", tree(strategy));
            world.settle()?;
            world.spawn("killer", kills(dying));
            world.settle()?;
            let restarted = IDS.map(|id| seen.starts(&format!("main/top/{id}")));
            // If the notice of d comes first, d alone is a group; then comes b's, with all after it.
            if strategy == 2 && seen.counted() == 2 {
                assert_eq!(restarted, [1, 2, 2, 3]);
            } else {
                assert_eq!((restarted, seen.counted()), (starts, restarts), "{dying:?}");
            }
            for child in world.supervisor(top).children()? {
                assert!(matches!(child.state, ChildState::Running(_)), "{child:?}");
                assert_eq!(seen.most_alive(&format!("main/top/{}", child.id)), 1);
            }
            Ok(())
        });
    }
}

/// A member that dies while its group is being restarted: between the stops, between the starts, or in its own start.
#[test]
fn also_while_the_group_is_on_its_way() {
    holds(|world| {
        let seen = Seen::of(world);
        // Its second life takes b along, from within the start of the group.
        let fatal = ChildStart::new(actor(|cx, input| {
            if input == Input::Start && cx.life().0 == 2 {
                for name in ["a", "d"] {
                    let pid = cx.address(name)?;
                    cx.kill(pid)?;
                }
            }
            Ok(())
        }));
        let tree = Supervisor::one_for_all().intensity(9, Duration::from_secs(60));
        let tree =
            tree.child(child("a")).child(ChildSpec::worker("b", fatal.registered("b"))).child(child("d"));
        let top = world.spawn("top", tree);
        world.settle()?;
        world.spawn("killer", kills(&["a", "b"]));
        world.settle()?;
        assert_eq!(seen.counted(), 2, "the deaths at the start of the group are one more");
        for child in world.supervisor(top).children()? {
            assert!(matches!(child.state, ChildState::Running(_)), "{child:?}");
        }
        Ok(())
    });
}

#[test]
fn on_the_real_reactor_too() {
    real(
        || {
            let killer = ChildStart::new(actor(|cx, input| {
                if input == Input::Start {
                    return Ok(());
                }
                for name in ["a", "c"] {
                    let pid = cx.address(name)?;
                    cx.kill(pid)?;
                }
                Ok(())
            }));
            let killer = Supervisor::one_for_one().child(ChildSpec::worker("k", killer.registered("k")));
            vec![("top", tree(1)), ("others", killer)]
        },
        async |system, pids| {
            let mut gone = Vec::new();
            for id in IDS {
                gone.push(system.monitor(named(system, id).await));
            }
            system.send(system.address("k").expect("a name"), 0u64).expect("it runs");
            let mut reasons = Vec::new();
            for gone in gone {
                reasons.push(gone.await.expect("it runs"));
            }
            let (killed, shutdown) = (ExitReason::Killed, ExitReason::Shutdown);
            assert_eq!(reasons, [killed.clone(), shutdown.clone(), killed, shutdown]);
            let children = system.supervisor(pids[0]).children().await.expect("it lives");
            for child in children {
                assert!(matches!(child.state, ChildState::Running(_)) && child.starts == 2, "{child:?}");
            }
        },
    );
}
