//! O5, O6, O7: `files` does one operation with a directory that has a name; what was done outlives lives,
//! what was synced crashes too, and what is open is gone with who opened it.

use seedbed_core::{Signal, SpawnOptions};
use seedbed_files::{Answer, EFFECT, Errno, How, Image, Op};
use seedbed_sim::{Faults, WorldConfig};
use sim_tests::{Diary, Input, actor, holds, holds_in};
use std::collections::BTreeSet;
use std::sync::Arc;

const NEW: How = How {
    follow: true,
    create: true,
    read: true,
    write: true,
    exclusive: false,
    directory: false,
    truncate: false,
};

/// In each life: looks for what life 1 has open, opens `d`, appends its number to `d/f`, reads all of it.
fn script(life: u32) -> Vec<Op> {
    vec![
        Op::Stat { handle: 2 },
        Op::Root { name: "d".into(), handle: 1 },
        Op::Open { dir: 1, path: "f".into(), how: NEW, handle: 2 },
        Op::Write { handle: 2, offset: None, data: life.to_string().into_bytes(), sync: false },
        Op::Read { handle: 2, offset: 0, len: 9 },
        // What no life comes to: the node crashes while it is under way.
        Op::Write { handle: 2, offset: None, data: b"lost".into(), sync: false },
    ]
}

#[test]
fn what_was_done_outlives_lives_and_crashes_and_what_is_open_does_not() {
    holds(|world| {
        world.directory("d", Image::directory([("f", Image::file(*b"0"))]));
        let diary = Diary::new();
        let keep = diary.clone();
        let writer = actor(move |cx, input| {
            let life = cx.life().0;
            let next = match input {
                Input::Start => 0,
                Input::Signal(Signal::Completion { correlation, outcome }) => {
                    let bytes = outcome.map_err(|e| anyhow::anyhow!("{e:?}"))?;
                    keep.push((cx.path().to_owned(), life, correlation.0, Answer::decode(&bytes.0)));
                    correlation.0 as usize
                }
                _ => return Ok(()),
            };
            // The last one is asked for, and nobody waits for it.
            if let Some(op) = script(life).get(next) {
                cx.perform(EFFECT, &op.encode())?;
            }
            if next == 5 {
                let me = cx.me();
                cx.kill(me)?;
            }
            Ok(())
        });
        for name in ["n", "m"] {
            let boots = writer.clone();
            world.node(name, move |boot| {
                boot.spawn(SpawnOptions::registered("w"), Arc::new(boots.clone())).expect("the name is free");
            });
        }
        world.settle()?;
        let n = world.nodes().find(|(name, _)| *name == "n").expect("it was made").1;
        world.crash(n);
        world.settle()?;
        let all = diary.all();
        for (path, life, read) in [("n/w", 1, "01"), ("m/w", 1, "01"), ("n/w", 2, "012")] {
            let of = |nth| all.iter().find(|e| e.0 == path && e.1 == life && e.2 == nth).map(|e| e.3.clone());
            assert_eq!(of(1), Some(Err(Errno::Badf)), "{path} {life}: nothing is open at first");
            assert_eq!(of(5), Some(Ok(Answer::Data(read.into()))), "{path} {life}");
            assert_eq!(of(6), None);
        }
        Ok(())
    });
}

#[test]
fn a_disk_that_fails_or_is_full_says_so() {
    holds(|world| {
        world.directory("d", Image::default());
        let diary = Diary::new();
        let keep = diary.clone();
        let asks = actor(move |cx, input| {
            match input {
                Input::Signal(Signal::Completion { outcome, .. }) => {
                    keep.push(outcome.map(|bytes| Answer::decode(&bytes.0)).map_err(|e| e.code));
                }
                Input::Signal(Signal::Timer { tag, .. }) => {
                    let op = match tag {
                        0 => Op::Root { name: "d".into(), handle: 1 },
                        _ => Op::CreateDirectory { dir: 1, path: "x".into() },
                    };
                    cx.perform(EFFECT, &op.encode())?;
                }
                Input::Start => {
                    for (second, tag) in [(1, 0), (3, 1), (4, 0), (6, 0), (8, 1)] {
                        cx.set_timer(std::time::Duration::from_secs(second), tag)?;
                    }
                }
                _ => {}
            }
            Ok(())
        });
        let node = world.node("n", |_| {});
        world.plan("at 2s fill stores of n for 2500ms")?;
        world.plan("at 5s break stores of n for 2s")?;
        world.spawn_on(node, SpawnOptions::registered("w"), Arc::new(asks))?;
        world.settle()?;
        let opened = Ok(Ok(Answer::Opened(seedbed_files::Filetype::Directory)));
        let done = Ok(Ok(Answer::Done));
        assert_eq!(diary.all(), [opened.clone(), Err(3), opened, Err(2), done]);
        Ok(())
    });
}

/// What the first boot does: three letters that are synced, and three that are not; `old` is replaced by what
/// was written to `new`, which is synced before that or after.
fn writes(early: bool) -> Vec<Op> {
    let write = |handle, byte: u8| Op::Write { handle, offset: None, data: vec![byte; 4], sync: false };
    let sync = |handle| Op::Sync { handle, data_only: false };
    let rename = Op::Rename { dir: 1, path: "new".into(), to_dir: 1, to: "old".into() };
    let mut ops = vec![
        Op::Root { name: "d".into(), handle: 1 },
        Op::Open { dir: 1, path: "log".into(), how: NEW, handle: 2 },
        write(2, b'a'),
        write(2, b'b'),
        sync(2),
        write(2, b'c'),
        write(2, b'd'),
        Op::Open { dir: 1, path: "new".into(), how: NEW, handle: 3 },
        write(3, b'n'),
    ];
    ops.extend(early.then(|| sync(3)));
    ops.push(rename);
    ops
}

fn reads() -> Vec<Op> {
    let open = |path: &str, handle| Op::Open { dir: 1, path: path.into(), how: NEW, handle };
    let read = |handle| Op::Read { handle, offset: 0, len: 99 };
    vec![Op::Root { name: "d".into(), handle: 1 }, open("log", 2), read(2), open("old", 3), read(3)]
}

#[test]
fn what_was_synced_outlives_a_crash_and_of_what_was_not_a_tail_may_be_lost() {
    let faults = |torn| Faults { unsynced: 700_000, torn, ..Faults::none() };
    for (early, torn) in [(true, 0), (true, 1_000_000), (false, 0)] {
        let seen = Diary::new();
        let all = seen.clone();
        let config = WorldConfig { faults: faults(torn), allow_failures: true, ..WorldConfig::default() };
        holds_in(&config, move |world| {
            world.directory("d", Image::directory([("old", Image::file(*b"old"))]));
            let diary = Diary::new();
            let keep = diary.clone();
            let files = actor(move |cx, input| {
                let ops = if cx.life().0 == 1 { writes(early) } else { reads() };
                let next = match input {
                    Input::Start => 0,
                    Input::Signal(Signal::Completion { correlation, outcome }) => {
                        let answer = outcome.map(|bytes| Answer::decode(&bytes.0));
                        if let Ok(Ok(Answer::Data(data))) = answer {
                            keep.push(String::from_utf8(data)?);
                        }
                        correlation.0 as usize
                    }
                    _ => return Ok(()),
                };
                if let Some(op) = ops.get(next) {
                    cx.perform(EFFECT, &op.encode())?;
                }
                Ok(())
            });
            let node = world.node("n", move |boot| {
                boot.spawn(SpawnOptions::registered("w"), Arc::new(files.clone())).expect("the name is free");
            });
            world.settle()?;
            world.crash(node);
            world.restart(node);
            world.settle()?;
            let [log, old] = diary.all().try_into().expect("two files are read");
            let lost = "aaaabbbbccccdddd".strip_prefix(log.as_str()).expect("what is left is a beginning");
            anyhow::ensure!(lost.len() <= 8, "what was synced is lost: {log}");
            anyhow::ensure!(torn > 0 || lost.len().is_multiple_of(4), "a write is torn: {log}");
            let whole = ["old", "nnnn"].contains(&old.as_str());
            anyhow::ensure!(whole || !early, "neither the old nor the new: {old}");
            all.push((lost.len(), old));
            Ok(())
        });
        let all = seen.all();
        let some = |is: &dyn Fn(&(usize, String)) -> bool| all.iter().any(is);
        let lost: BTreeSet<usize> = all.iter().map(|(lost, _)| lost.div_ceil(4)).collect();
        assert_eq!(lost, BTreeSet::from([0, 1, 2]), "writes that were lost, in whole or in part");
        assert_eq!(some(&|(lost, _)| !lost.is_multiple_of(4)), torn > 0);
        assert!(some(&|(_, old)| old == "old") && some(&|(_, old)| old == "nnnn"));
        // Names are not held back by what they name: who syncs too late finds nothing in the file.
        assert_eq!(some(&|(_, old)| old.is_empty()), !early);
    }
}
