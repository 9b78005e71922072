//! H1, H3, H4, H6: messages and requests for the name of a child that is being restarted wait for its next
//! life, in the order of each sender; and for the one after it, if that one does not start.

use super::rig::{clerk, kill, stumbling, top};
use seedbed_core::{Hold, Pid, RequestFailure, Signal, SpawnOptions};
use seedbed_sim::{Faults, WorldConfig};
use sim_tests::{Diary, Input, Trace, actor, faulty, holds, holds_in, lenient};
use std::sync::Arc;
use std::time::Duration;

/// Sends 1 to `n` to the name at its start, and writes down the replies to two requests after them.
fn sender(
    to: Pid,
    n: u64,
    replies: &Diary<Result<u64, RequestFailure>>,
) -> impl seedbed_core::Factory + use<> {
    let replies = replies.clone();
    actor(move |cx, input| {
        match input {
            Input::Start => {
                for i in 1..=n {
                    cx.send(to, &i)?;
                }
                for i in [100, 101] {
                    cx.ask(to, &(i as u64), Duration::from_secs(30))?;
                }
            }
            Input::Signal(Signal::Reply { outcome, .. }) => {
                replies.push(outcome.map(|bytes| bytes.get().unwrap_or(0)));
            }
            _ => {}
        }
        Ok(())
    })
}

#[test]
fn from_here_and_from_another_node_whatever_the_order() {
    for remote in [false, true] {
        holds(|world| {
            let (diary, replies) = (Diary::new(), Diary::new());
            let (_, address) = top(world, clerk(&diary, Some(Hold::default())))?;
            kill(world, address);
            let node = if remote { world.node("there", |_| ()) } else { world.main() };
            let senders = ["a", "b", "c"].map(|name| {
                let factory = Arc::new(sender(address, 3, &replies));
                world.spawn_on(node, SpawnOptions::named(name), factory).expect("a free name")
            });
            world.settle()?;
            let all = diary.all();
            assert_eq!(all.len(), 15);
            for sender in senders {
                let of: Vec<u64> = all.iter().filter(|e| e.0 == sender).map(|e| e.1).collect();
                assert_eq!(of, [1, 2, 3, 100, 101]);
            }
            assert_eq!(replies.all(), vec![Ok(2); 6], "the second life answered");
            Ok(())
        });
    }
}

#[test]
fn without_it_they_are_lost_and_counted() {
    holds(|world| {
        let (diary, replies, trace) = (Diary::new(), Diary::new(), Trace::new());
        world.observe(trace.clone());
        let (_, address) = top(world, clerk(&diary, None))?;
        kill(world, address);
        world.spawn("a", sender(address, 3, &replies));
        world.settle()?;
        assert_eq!(diary.all(), []);
        assert_eq!(trace.lost(), [seedbed_core::Lost::Dead; 5]);
        assert_eq!(replies.all(), [Err(RequestFailure::Dead); 2]);
        Ok(())
    });
}

/// H4: every start between fails; what waits is for the first that does not.
#[test]
fn starts_that_fail_lose_nothing() {
    for failures in 0..4 {
        holds(|world| {
            let (diary, replies) = (Diary::new(), Diary::new());
            let (_, address) = top(world, stumbling(&diary, failures))?;
            kill(world, address);
            let a = world.spawn("a", sender(address, 3, &replies));
            world.run_for(Duration::from_millis(1500))?;
            // One sends in the middle of the failures, behind what waits already.
            let b = world.spawn("b", sender(address, 1, &replies));
            world.settle()?;
            let of = |who| diary.all().into_iter().filter(|e| e.0 == who).map(|e| e.1).collect::<Vec<_>>();
            assert_eq!((of(a), of(b)), (vec![1, 2, 3, 100, 101], vec![1, 100, 101]));
            assert!(
                replies
                    .all()
                    .iter()
                    .all(|r| *r == Ok(2 + u64::from(failures)) || (failures == 0 && *r == Ok(2))),
                "{:?}",
                replies.all()
            );
            Ok(())
        });
    }
}

/// H6: the deadline of a request that waits is its own; a late answer reaches nobody (Q3).
#[test]
fn a_request_that_waits_may_time_out() {
    holds(|world| {
        let (diary, replies) = (Diary::new(), Diary::new());
        let (_, address) = top(world, clerk(&diary, Some(Hold::default())))?;
        kill(world, address);
        let keep = replies.clone();
        world.spawn(
            "hasty",
            actor(move |cx, input| {
                match input {
                    Input::Start => drop(cx.ask(address, &5u64, Duration::from_millis(10))?),
                    Input::Signal(Signal::Reply { outcome, .. }) => keep.push((cx.now(), outcome.map(drop))),
                    _ => {}
                }
                Ok(())
            }),
        );
        let asked = world.now();
        world.settle()?;
        let timeout = (asked + Duration::from_millis(10), Err(RequestFailure::Timeout));
        assert_eq!(replies.all(), [timeout]);
        assert_eq!(diary.all().len(), 1, "it was delivered all the same");
        Ok(())
    });
}

/// Whatever the network does besides: what is delivered keeps its order, and a run replays by its tape.
#[test]
fn under_faults_too() {
    let config = WorldConfig {
        duration: Duration::from_secs(20),
        ..faulty(Faults { delay: 300_000, duplicate: 50_000, ..Faults::none() })
    };
    holds_in(&config, |world| {
        let (diary, replies) = (Diary::new(), Diary::new());
        let there = world.node("there", |_| ());
        let (_, address) = top(world, clerk(&diary, Some(Hold::default())))?;
        kill(world, address);
        for name in ["a", "b"] {
            world.spawn_on(there, SpawnOptions::named(name), Arc::new(sender(address, 3, &replies)))?;
        }
        world.settle()?;
        assert!(diary.all().len() >= 10, "{:?}", diary.all());
        Ok(())
    });
    assert_ne!(config, lenient());
}
