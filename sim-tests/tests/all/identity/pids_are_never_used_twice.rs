//! P1: a pid is (node, boot, slot, generation) in 62 bits, and no pid comes back.

use seedbed_core::{Pid, SpawnOptions};
use sim_tests::{Record, Trace, holds, idle};
use std::collections::BTreeSet;
use std::sync::Arc;

#[test]
fn a_restarted_actor_and_an_actor_of_a_new_boot_get_pids_nobody_had() {
    holds(|world| {
        let trace = Trace::new();
        world.observe(trace.clone());
        let node = world.node("n", |boot| {
            boot.spawn(SpawnOptions::registered("a"), Arc::new(idle())).expect("the name is free");
        });
        for _ in 0..3 {
            for _ in 0..5 {
                let a = world.address("a", "n")?;
                let gone = world.actor(a).expect("it lives").pid;
                assert!(world.kill(gone));
                assert!(world.actor(gone).is_none() && !world.kill(gone), "an old pid matches nobody");
                world.spawn_on(node, SpawnOptions::registered("a"), Arc::new(idle()))?;
                world.settle()?;
            }
            world.crash(node);
            world.restart(node);
            world.settle()?;
        }
        let spawned = trace.all().into_iter().filter_map(|r| match r {
            Record::Spawned { pid, .. } => Some(pid),
            _ => None,
        });
        let pids: Vec<Pid> = spawned.collect();
        assert_eq!(pids.len(), 3 * 5 + 4);
        assert_eq!(pids.iter().collect::<BTreeSet<_>>().len(), pids.len());
        assert!(pids.iter().all(|p| p.is_somebody() && p.to_raw() < 1 << 62));
        Ok(())
    });
}
