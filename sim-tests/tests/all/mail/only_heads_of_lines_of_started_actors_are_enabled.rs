//! M3: the head of each line of a started actor is enabled; nothing else is.

use seedbed_core::{At, Event, Hook, Observer, Pid, Reason};
use seedbed_sim::{Candidate, Order, Pick, Program, Random, RunConfig, RunStart, Strategy, World, run_with};
use sim_tests::{Input, actor};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// A random strategy that looks at what is enabled at every decision.
struct Spy {
    inner: Random,
    enabled: BTreeMap<u32, Candidate>,
    started: Rc<RefCell<BTreeSet<seedbed_core::PathId>>>,
    decisions: Rc<Cell<u32>>,
}

impl Strategy for Spy {
    fn begin(&mut self, run: &RunStart) {
        self.inner.begin(run);
    }

    fn enabled(&mut self, candidate: &Candidate) {
        assert!(self.enabled.insert(candidate.id, *candidate).is_none(), "enabled twice");
        self.inner.enabled(candidate);
    }

    fn gone(&mut self, id: u32) {
        assert!(self.enabled.remove(&id).is_some(), "gone twice");
        self.inner.gone(id);
    }

    fn pick(&mut self, order: &Order, clock: bool) -> Pick {
        self.decisions.set(self.decisions.get() + 1);
        assert_eq!(order.iter().collect::<BTreeSet<_>>(), self.enabled.keys().copied().collect());
        let lines: BTreeSet<_> = self.enabled.values().map(|c| c.chain).collect();
        assert_eq!(lines.len(), self.enabled.len(), "one delivery of a line");
        for Candidate { chain, .. } in self.enabled.values() {
            // Its own line is that of its start and stop.
            let starts_or_stops = chain.sender == chain.receiver && !chain.timers;
            assert!(starts_or_stops || self.started.borrow().contains(&chain.receiver));
        }
        self.inner.pick(order, clock)
    }
}

struct Started(Rc<RefCell<BTreeSet<seedbed_core::PathId>>>);

impl Observer for Started {
    fn event(&mut self, _: At, event: &Event<'_>) {
        match event {
            Event::Started { who } => drop(self.0.borrow_mut().insert(who.path)),
            // One that is stopping takes nothing but its stop.
            Event::Stopping { who, .. } => drop(self.0.borrow_mut().remove(&who.path)),
            Event::Turn { who, hook: Hook::Message, .. } => {
                assert!(self.0.borrow().contains(&who.path), "{} has not started", who.text);
            }
            _ => {}
        }
    }
}

fn busy(world: &mut World) -> anyhow::Result<()> {
    let nobody = Pid::NOBODY;
    let names = ["a", "b", "c", "d"];
    for name in names {
        world.spawn(
            name,
            actor(move |cx, input| {
                match input {
                    Input::Start | Input::Message(3) => {
                        for other in names {
                            let other = cx.whereis(other).unwrap_or(nobody);
                            if other != cx.me() {
                                (0..5u64).try_for_each(|n| cx.send(other, &n))?;
                            }
                        }
                    }
                    Input::Message(4) if cx.random_u64() % 16 == 0 => cx.stop(Reason::Normal),
                    _ => {}
                }
                Ok(())
            }),
        );
    }
    for _ in 0..3 {
        let client = world.client();
        let living: Vec<Pid> = world.actors().into_iter().map(|a| a.pid).collect();
        living.into_iter().for_each(|pid| world.send_from(client, pid, 9u64));
    }
    world.run_for(std::time::Duration::from_millis(1))?;
    Ok(())
}

#[test]
fn at_every_decision() {
    for seed in 0..10 {
        let (started, decisions) = (Rc::default(), Rc::new(Cell::new(0)));
        let spy = Spy {
            inner: Random::default(),
            enabled: BTreeMap::new(),
            started: Rc::clone(&started),
            decisions: Rc::clone(&decisions),
        };
        let config = seedbed_sim::WorldConfig { steps_max: 2_000, ..sim_tests::lenient() };
        let program = seedbed_sim::InWorld { config, program: busy };
        assert_eq!(program.config().steps_max, 2_000);
        let observers: Vec<Box<dyn Observer>> = vec![Box::new(Started(started))];
        let outcome = run_with(&program, &RunConfig::seed(seed), Box::new(spy), observers).0;
        let found = outcome.found.map(|f| f.property);
        assert!(found.as_deref().is_none_or(|p| p == "a run ends within steps_max"), "{found:?}");
        assert!(decisions.get() > 100);
    }
}
