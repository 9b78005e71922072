//! M7: a message to a pid or address that is nobody is accepted and becomes a dead letter, counted and traced.

use seedbed_core::{Lost, Pid};
use sim_tests::{Input, Record, Trace, actor, holds, idle, pid};

#[test]
fn whoever_nobody_is() {
    holds(|world| {
        let trace = Trace::new();
        world.observe(trace.clone());
        let dead = world.spawn("dead", idle());
        world.settle()?;
        world.kill(dead);
        let nobodies = [
            Pid::NOBODY,
            dead,
            world.address("dead", "main")?,
            world.address("never", "main")?,
            pid(dead.to_raw() + 100),
            pid(1 << 63),
            pid(u64::MAX),
        ];
        world.spawn(
            "sender",
            actor(move |cx, input| {
                if input == Input::Start {
                    for nobody in nobodies {
                        assert_eq!(cx.send(nobody, &1u64), Ok(()), "{nobody}");
                        assert!(!cx.is_alive(nobody));
                    }
                }
                Ok(())
            }),
        );
        // From outside too.
        world.send(dead, 1u64);
        world.settle()?;
        let lost: Vec<Pid> = trace
            .all()
            .into_iter()
            .filter_map(|r| match r {
                Record::Lost { why: Lost::Dead, to } => Some(to),
                _ => None,
            })
            .collect();
        assert_eq!(lost.len(), nobodies.len() + 1);
        assert!(nobodies.iter().all(|n| lost.contains(n)));
        assert_eq!(world.stats().dead_letters, lost.len() as u64);
        Ok(())
    });
}
