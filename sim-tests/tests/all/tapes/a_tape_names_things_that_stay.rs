//! K3: a tape names messages and choice points by path, life and ordinal, never by index: the same
//! things have the same names in runs that differ elsewhere, and no two things share one.

use super::corpus::corpus;
use seedbed_core::{At, Event, Observer, PathId, SignalKind, SignalName, SpawnOptions};
use seedbed_sim::{InWorld, RunConfig, StrategySpec, World, run_with};
use sim_tests::{Input, SEEDS, actor, idle, lenient};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// The names of all that was delivered.
#[derive(Clone, Default)]
struct Names(Rc<RefCell<Vec<SignalName>>>);

impl Observer for Names {
    fn event(&mut self, _: At, event: &Event<'_>) {
        if let Event::Turn { name, .. } = event {
            self.0.borrow_mut().push(*name);
        }
    }
}

#[test]
fn no_two_deliveries_of_a_run_have_one_name() {
    for (name, config, body) in corpus() {
        for seed in 0..SEEDS * 4 {
            let names = Names::default();
            let program = InWorld { config: config.clone(), program: body };
            let observers: Vec<Box<dyn Observer>> = vec![Box::new(names.clone())];
            run_with(&program, &RunConfig::seed(seed), StrategySpec::Random.build(), observers);
            let names = names.0.borrow();
            let distinct: BTreeSet<_> = names.iter().collect();
            assert_eq!(distinct.len(), names.len(), "{name}, seed {seed}");
        }
    }
}

/// What others do, in the same node and before, changes no name.
#[test]
fn others_change_no_name() {
    fn of(others: u32) -> BTreeSet<SignalName> {
        let names = Names::default();
        let seen = names.clone();
        let body = move |world: &mut World| {
            for n in 0..others {
                let pid = world.spawn(&format!("other-{n}"), idle());
                world.send(pid, 1u64);
                world.kill(pid);
            }
            let dead = world.spawn("dead", idle());
            world.kill(dead);
            let there = world.node("there", |_| ());
            let gone = world.spawn_on(there, Default::default(), std::sync::Arc::new(idle()))?;
            world.kill(gone);
            for name in ["a", "b"] {
                world.spawn(
                    name,
                    actor(move |cx, input| {
                        if input == Input::Start {
                            cx.trap_exits(true);
                            for target in [dead, gone] {
                                cx.link(target)?;
                                cx.monitor(target)?;
                                cx.ask(target, &1u64, std::time::Duration::from_secs(1))?;
                            }
                            cx.spawn(Default::default(), idle())?;
                        }
                        Ok(())
                    }),
                );
            }
            world.settle()?;
            Ok(())
        };
        let observers: Vec<Box<dyn Observer>> = vec![Box::new(seen)];
        let program = InWorld { config: lenient(), program: body };
        let outcome = run_with(&program, &RunConfig::seed(0), StrategySpec::Plain.build(), observers).0;
        assert_eq!(outcome.found, None);
        names.0.borrow().iter().copied().collect()
    }
    let (alone, among) = (of(0), of(3));
    assert!(alone.len() > 15 && alone.is_subset(&among), "{:?}", alone.difference(&among));
}

/// What is told in the place of somebody who was lost comes before the last of its mail, in one line;
/// that mail is named after its sender all the same.
#[test]
fn mail_that_outlives_its_sender_keeps_its_name() {
    let names = Names::default();
    let body = |world: &mut World| {
        let a = actor(|cx, input| {
            if input == Input::Message(1) {
                let from = cx.from();
                cx.monitor(from)?;
            }
            Ok(())
        });
        let a = world.spawn("a", a);
        let node = world.node("n", move |boot| {
            let sends = actor(move |cx, input| {
                if input == Input::Start {
                    cx.send(a, &1u64)?;
                    for after in [50, 100, 150, 200] {
                        cx.set_timer(Duration::from_micros(after), 0)?;
                    }
                } else {
                    cx.send(a, &2u64)?;
                }
                Ok(())
            });
            boot.spawn(SpawnOptions::named("p"), Arc::new(sends)).expect("it has no registered name");
        });
        world.run_for(Duration::from_micros(240))?;
        // Mail of another sender, so that nothing is left of the line; two messages are on their way.
        world.send(a, 0u64);
        world.run_for(Duration::from_micros(1))?;
        world.crash(node);
        world.restart(node);
        world.run_for(Duration::from_micros(90))?;
        Ok(())
    };
    let program = InWorld { config: lenient(), program: body };
    let observers: Vec<Box<dyn Observer>> = vec![Box::new(names.clone())];
    let outcome = run_with(&program, &RunConfig::seed(0), StrategySpec::Plain.build(), observers).0;
    assert_eq!(outcome.found, None);
    let names = names.0.borrow();
    let down = names.iter().position(|n| n.kind == SignalKind::Down).expect("the watcher is told");
    let p = PathId::of("n/p");
    let after = names[down..].iter().filter(|n| n.path == p && n.kind == SignalKind::Sent);
    assert!(after.count() >= 2, "{names:?}");
    assert!(names.iter().all(|n| n.path != PathId(0)));
}
