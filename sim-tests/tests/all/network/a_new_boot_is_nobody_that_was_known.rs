//! N3: a node that boots again runs its boot function; no pid of an earlier boot matches, and mail to
//! one is a dead letter.

use seedbed_core::{Lost, SpawnOptions};
use sim_tests::{Record, Trace, holds, idle};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

#[test]
fn the_boot_function_runs_and_old_pids_are_dead() {
    holds(|world| {
        let trace = Trace::new();
        world.observe(trace.clone());
        let boots = Rc::new(Cell::new(0));
        let counted = Rc::clone(&boots);
        let node = world.node("n", move |boot| {
            counted.set(counted.get() + 1);
            boot.spawn(SpawnOptions::registered("a"), Arc::new(idle())).expect("the name is free");
        });
        let address = world.address("a", "n")?;
        world.settle()?;
        let old = world.actor(address).expect("it lives").pid;
        world.crash(node);
        world.settle()?;
        assert!(world.is_up(node), "a node with a boot function comes back by itself");
        assert_eq!(boots.get(), 2);
        let new = world.actor(address).expect("it lives again").pid;
        assert_ne!(new, old);
        world.send(old, 1u64);
        world.settle()?;
        assert!(trace.all().contains(&Record::Lost { why: Lost::Dead, to: old }));
        assert_eq!(world.actor(new).expect("it lives").turns, 1, "the start only");
        Ok(())
    });
}
