//! O2, O3: `store` appends to, or reads, the log of that path; the log outlives its lives and the
//! crashes of its node. What a crash may lose is in `network/a_crashed_node_loses_what_it_had.rs`.

use seedbed_core::{Signal, SpawnOptions, abi::store::Records};
use sim_tests::{Diary, Input, actor, holds};
use std::sync::Arc;

#[test]
fn each_path_has_its_own() {
    holds(|world| {
        let diary = Diary::new();
        let keep = diary.clone();
        let logs = actor(move |cx, input| {
            match input {
                Input::Start => drop(cx.store_read()?),
                Input::Signal(Signal::Completion { correlation, outcome }) => {
                    let bytes = outcome.map_err(|e| anyhow::anyhow!("{e:?}"))?;
                    match correlation.0 {
                        1 => {
                            let records: Vec<Vec<u8>> = Records::new(&bytes).map(<[u8]>::to_vec).collect();
                            keep.push((cx.path().to_owned(), cx.life().0, records));
                            let record = format!("{}:{}", cx.path(), cx.life().0);
                            cx.store_append(record.as_bytes())?;
                        }
                        _ => assert_eq!(bytes.0, [0u8; 0], "an append completes empty"),
                    }
                }
                _ => {}
            }
            Ok(())
        });
        let boots = logs.clone();
        let node = world.node("n", move |boot| {
            for name in ["a", "b"] {
                boot.spawn(SpawnOptions::registered(name), Arc::new(boots.clone()))
                    .expect("the name is free");
            }
        });
        world.settle()?;
        let a = world.address("a", "n")?;
        world.kill(a);
        world.spawn_on(node, SpawnOptions::registered("a"), Arc::new(logs))?;
        world.settle()?;
        world.crash(node);
        world.settle()?;
        let all = diary.all();
        for (path, lives) in [("n/a", 3u32), ("n/b", 2)] {
            for life in 1..=lives {
                let records: Vec<Vec<u8>> = (1..life).map(|l| format!("{path}:{l}").into_bytes()).collect();
                assert!(all.contains(&(path.to_owned(), life, records)), "{path} {life}: {all:?}");
            }
        }
        assert_eq!(all.len(), 5);
        Ok(())
    });
}
