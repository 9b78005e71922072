//! What `on_start` and `on_stop` send goes out at the end of their own turns, and arrives.

use seedbed_core::{Reason, Signal};
use sim_tests::{Diary, Input, actor, holds};

#[test]
fn before_anything_the_actor_does_later_and_before_its_end_is_known() {
    holds(|world| {
        let diary = Diary::new();
        let keep = diary.clone();
        let other = world.spawn(
            "other",
            actor(move |cx, input| {
                match input {
                    Input::Message(0) => {
                        let from = cx.from();
                        cx.monitor(from)?;
                        keep.push("start");
                    }
                    Input::Message(1) => keep.push("message"),
                    Input::Message(2) => keep.push("stop"),
                    Input::Signal(Signal::Down { .. }) => keep.push("down"),
                    _ => {}
                }
                Ok(())
            }),
        );
        world.settle()?;
        let me = world.spawn(
            "me",
            actor(move |cx, input| {
                match input {
                    Input::Start => cx.send(other, &0u64)?,
                    Input::Message(_) => {
                        cx.send(other, &1u64)?;
                        cx.stop(Reason::Normal);
                    }
                    Input::Stop(_) => cx.send(other, &2u64)?,
                    Input::Signal(_) => {}
                }
                Ok(())
            }),
        );
        world.settle()?;
        world.send(me, 0u64);
        world.settle()?;
        assert_eq!(diary.all(), ["start", "message", "stop", "down"]);
        Ok(())
    });
}
