//! The work of a step does not grow with the number of actors that have nothing to do: counted in
//! what the kernel tells its reactor, which is all that a strategy has to look at.

use seedbed_core::Chain;
use seedbed_sim::{Candidate, InWorld, Order, Pick, RunConfig, RunStart, Strategy, World, run_with};
use sim_tests::{Input, actor, idle, lenient};
use std::cell::Cell;
use std::rc::Rc;

struct Counting(Rc<Cell<u64>>, Rc<Cell<u32>>);

impl Strategy for Counting {
    fn begin(&mut self, _: &RunStart) {}

    fn enabled(&mut self, candidate: &Candidate) {
        let Chain { .. } = candidate.chain;
        self.0.set(self.0.get() + 1);
    }

    fn gone(&mut self, _: u32) {
        self.0.set(self.0.get() + 1);
    }

    fn pick(&mut self, order: &Order, _: bool) -> Pick {
        self.1.set(self.1.get().max(order.len()));
        Pick::Plain
    }
}

#[test]
fn a_pair_among_ten_thousand_is_told_as_much_as_a_pair_alone() {
    let told = |others: usize| {
        let (told, most) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
        let body = |world: &mut World| {
            for n in 0..others {
                world.spawn(&format!("idle-{n}"), idle());
            }
            world.settle()?;
            let before = told.get();
            most.set(0);
            world.spawn(
                "busy",
                actor(|cx, input| {
                    let me = cx.me();
                    match input {
                        Input::Start => Ok(cx.send(me, &500u64)?),
                        Input::Message(n) if n > 0 => Ok(cx.send(me, &(n - 1))?),
                        _ => Ok(()),
                    }
                }),
            );
            world.settle()?;
            assert_eq!(most.get(), 1);
            told.set(told.get() - before);
            Ok(())
        };
        let strategy = Box::new(Counting(Rc::clone(&told), Rc::clone(&most)));
        let program = InWorld { config: lenient(), program: body };
        let outcome = run_with(&program, &RunConfig::seed(0), strategy, Vec::new()).0;
        assert_eq!(outcome.found, None);
        told.get()
    };
    let alone = told(0);
    assert_eq!(alone, 2 * 502, "each delivery becomes possible once and goes once");
    assert_eq!(told(10_000), alone);
}
