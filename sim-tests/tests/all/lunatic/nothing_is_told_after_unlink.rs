//! J9: after `UnLink` nothing of the link is told, not even if it was queued.

use super::rig::{Step, mortal, process};
use sim_tests::{Diary, holds};

#[test]
fn whatever_came_first() {
    holds(|world| {
        let diary = Diary::new();
        let peer = world.spawn("peer", mortal());
        world.settle()?;
        let keep = diary.clone();
        let process = world.spawn(
            "process",
            process(move |process, cx, step| {
                match step {
                    Step::Start => {
                        process.die_when_link_dies(cx, false);
                        process.link(cx, 7, peer)?;
                    }
                    Step::Message(_) => {
                        process.unlink(cx, peer)?;
                        keep.push("unlinked");
                    }
                    Step::Received(_) => keep.push("told"),
                }
                Ok(())
            }),
        );
        world.settle()?;
        world.send(peer, 3u64);
        world.send(process, 0u64);
        world.settle()?;
        assert!([vec!["told", "unlinked"], vec!["unlinked"]].contains(&diary.all()), "{:?}", diary.all());
        assert!(world.actor(process).is_some());
        Ok(())
    });
}
