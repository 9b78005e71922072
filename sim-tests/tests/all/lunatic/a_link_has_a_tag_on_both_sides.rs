//! J2: a link's tag is the same on both sides; the last one asked for holds.

use super::rig::{Step, process};
use seedbed_core::SpawnOptions;
use seedbed_core::lunatic::Received;
use sim_tests::{Diary, holds};
use std::sync::Arc;

#[test]
fn whoever_asked_for_it_and_however_often() {
    for remote in [false, true] {
        for tags in [vec![5], vec![5, -9], vec![5, 0], vec![0, 3, 3]] {
            let last = *tags.last().expect("there is one");
            // The side that asked, or the other, outlives the link.
            for asker_lives in [true, false] {
                holds(|world| {
                    let diary = Diary::new();
                    let told = |keep: Diary<i64>| {
                        move |received: &Received| {
                            if let Received::LinkDied { tag, .. } = received {
                                keep.push(*tag);
                            }
                        }
                    };
                    let tell = told(diary.clone());
                    let node = if remote { world.node("there", |_| ()) } else { world.main() };
                    let other = process(move |process, cx, step| {
                        process.die_when_link_dies(cx, false);
                        if let Step::Received(received) = step {
                            tell(received);
                        }
                        Ok(())
                    });
                    let other = world.spawn_on(node, SpawnOptions::named("other"), Arc::new(other))?;
                    world.settle()?;
                    let (tell, tags) = (told(diary.clone()), tags.clone());
                    let asker = world.spawn(
                        "asker",
                        process(move |process, cx, step| {
                            match step {
                                Step::Start => {
                                    process.die_when_link_dies(cx, false);
                                    for tag in &tags {
                                        process.link(cx, *tag, other)?;
                                    }
                                }
                                Step::Received(received) => tell(received),
                                Step::Message(_) => {}
                            }
                            Ok(())
                        }),
                    );
                    world.settle()?;
                    world.kill(if asker_lives { other } else { asker });
                    world.settle()?;
                    assert_eq!(diary.all(), [last]);
                    Ok(())
                });
            }
        }
    }
}
