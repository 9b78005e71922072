//! S1: `spawn` answers with a pid at the call; creating the actor and `on_start` are the child's own first turn.

use seedbed_core::{SpawnOptions, WithArgs};
use sim_tests::{Closure, Diary, Input, Record, Trace, actor, holds};

#[test]
fn nothing_of_the_child_runs_inside_the_spawners_turn() {
    holds(|world| {
        let (trace, diary) = (Trace::new(), Diary::new());
        world.observe(trace.clone());
        let keep = diary.clone();
        let child = move |keep: Diary<String>| {
            WithArgs(move |args: &[u8]| {
                keep.push(format!("created with {args:?}"));
                let keep = keep.clone();
                let made = actor(move |cx, input| {
                    keep.push(format!("{input:?} {}", cx.me()));
                    Ok(())
                });
                Ok::<Closure<_>, anyhow::Error>(made())
            })
        };
        world.spawn(
            "parent",
            actor(move |cx, input| {
                if input == Input::Start {
                    let pid = cx.spawn(SpawnOptions::default().args([7]), child(keep.clone()))?;
                    assert!(cx.is_alive(pid));
                    keep.push(format!("spawned {pid}"));
                }
                Ok(())
            }),
        );
        world.settle()?;
        let pid = world.actors().into_iter().find(|a| a.path == "main/parent/#1").expect("it lives").pid;
        let expected = [format!("spawned {pid}"), "created with [7]".to_owned(), format!("Start {pid}")];
        assert_eq!(diary.all(), expected);
        let first = trace.all().into_iter().find(|r| matches!(r, Record::Turn { pid: p, .. } if *p == pid));
        assert!(matches!(first, Some(Record::Turn { hook: seedbed_core::Hook::Start, .. })));
        Ok(())
    });
}
