//! Y1: a call to a supervisor that is gone, or that ends before it answers, ends at once with
//! no process.

use seedbed_core::supervise::ChildSpec;
use seedbed_core::{ChildStart, Supervisor, SupervisorError};
use sim_tests::{Diary, Input, actor, holds, idle};
use std::time::Duration;

#[test]
fn from_a_test_and_from_an_actor() {
    holds(|world| {
        let top = world.spawn("top", Supervisor::one_for_one());
        let address = world.address("top", "main")?;
        world.settle()?;
        world.kill(top);
        for sup in [top, address] {
            let before = world.now();
            assert_eq!(world.supervisor(sup).counts(), Err(SupervisorError::NoProcess));
            let child = ChildSpec::worker("a", ChildStart::new(idle()));
            assert_eq!(world.supervisor(sup).start_child(child), Err(SupervisorError::NoProcess));
            assert!(world.now().since(before) < Duration::from_secs(1), "nobody waits for the timeout");
            let (diary, asked) = (Diary::new(), Diary::new());
            let keep = diary.clone();
            world.spawn(
                if sup == top { "pid" } else { "address" },
                actor(move |cx, input| {
                    match input {
                        Input::Start => {
                            let child = ChildSpec::worker("a", ChildStart::new(idle()));
                            asked.push(cx.supervisor(sup).start_child(child)?);
                        }
                        Input::Signal(signal) => keep.push((asked.all()[0].by(&signal), cx.now())),
                        _ => {}
                    }
                    Ok(())
                }),
            );
            let before = world.now();
            world.settle()?;
            let [(answer, at)] = &diary.all()[..] else { panic!("one answer") };
            assert_eq!(*answer, Some(Err(SupervisorError::NoProcess)));
            assert!(at.since(before) < Duration::from_secs(1));
        }
        Ok(())
    });
}

/// The supervisor is killed while it starts the child: who called is told, and the child is gone too.
#[test]
fn also_if_it_dies_while_it_does_what_was_asked() {
    holds(|world| {
        let top = world.spawn("top", Supervisor::one_for_one());
        let kills = ChildStart::new(actor(move |cx, input| {
            if input == Input::Start {
                cx.kill(top)?;
            }
            Ok(())
        }));
        let answer = world.supervisor(top).start_child(ChildSpec::worker("a", kills));
        assert_eq!(answer, Err(SupervisorError::NoProcess));
        world.settle()?;
        assert_eq!(world.actors(), []);
        Ok(())
    });
}
