//! Y4: the tree of a node, on either reactor: who started whom, and the children that supervisors know besides.

use seedbed_core::supervise::{AutoShutdown, Backoff, ChildSpec, Restart};
use seedbed_core::{
    Actor, ChildStart, Context, EntryStart, Hold, Pid, Result, SpawnOptions, Supervisor, Tree, TreeState,
};
use seedbed_rt::{System, block_on};
use sim_tests::{Input, actor, holds, idle};
use std::sync::Arc;
use std::time::Duration;

/// Fails when it is told to; its restarts wait for an hour.
struct Fragile;

impl Actor for Fragile {
    type Message = u64;

    fn on_message(&mut self, _: &mut Context, _: u64) -> Result<()> {
        anyhow::bail!("as ordered")
    }
}

const HOUR: Duration = Duration::from_secs(3600);

fn tree() -> Supervisor {
    let backoff = Backoff { min: HOUR, max: HOUR, factor: 1, jitter_permille: 0, reset_after: HOUR };
    let fragile = ChildStart::new(|| Fragile).registered("fragile").held(Hold::default());
    let parent = ChildStart::new(actor(|cx, input| {
        if input == Input::Start {
            cx.spawn(SpawnOptions::named("own"), idle())?;
            cx.spawn(SpawnOptions::default(), idle())?;
        }
        Ok(())
    }));
    let session =
        ChildSpec { restart: Restart::Temporary, ..ChildSpec::worker("session", ChildStart::new(idle())) };
    let inner = Supervisor::one_for_all().auto_shutdown(AutoShutdown::AnySignificant).child(ChildSpec {
        restart: Restart::Transient,
        significant: true,
        ..ChildSpec::worker("key", ChildStart::new(idle()))
    });
    Supervisor::rest_for_one()
        .intensity(5, Duration::from_secs(10))
        .child(ChildSpec::worker("db", ChildStart::new(|| Fragile).registered("db")))
        .child(ChildSpec::worker("parent", parent.registered("other-name")))
        .child(ChildSpec::supervisor(
            "pool",
            ChildStart::new(Supervisor::dynamic(session)).registered("pool"),
        ))
        .child(ChildSpec::supervisor("inner", ChildStart::new(inner)))
        .child(ChildSpec {
            restart: Restart::Transient,
            ..ChildSpec::worker("done", ChildStart::new(idle()).registered("done"))
        })
        .child(ChildSpec { backoff: Some(backoff), ..ChildSpec::worker("fragile", fragile) })
}

/// The lines without pids, and without the hour at which something begins again.
fn shown(tree: &Tree) -> String {
    let mut tree = tree.clone();
    for line in &mut tree.lines {
        assert_eq!(
            line.pid.is_none(),
            matches!(line.state, TreeState::Down | TreeState::Restarting),
            "{line:?}"
        );
        assert_eq!(line.until_ns.is_some(), line.state == TreeState::Restarting);
        (line.pid, line.until_ns) = (None, None);
    }
    tree.to_string()
}

const EXPECTED: &str = "main
  top  rest_for_one, 5 in 10s
    db  restarted once
    parent  restarted once, named other-name
      own  life 2
      #1  life 2
    pool  dynamic, 1 in 5s, restarted once
      #1  temporary
      #2  temporary
    inner  one_for_all, 1 in 5s, ends with any significant child, restarted once
      key  transient, significant
    done  down, transient, restarted once
    fragile  restarting, restarted once
    late  temporary
  top/parent/own
  top/parent/#1
  held for fragile: 2 (2 bytes)";

#[test]
fn in_a_world() {
    holds(|world| {
        world.entry("idle", idle());
        let top = world.spawn("top", tree());
        let name = |world: &seedbed_sim::World, name| world.address(name, "main");
        world.run_for(Duration::from_millis(1))?;
        let db = name(world, "db")?;
        world.send(db, 0u64);
        world.run_for(Duration::from_millis(1))?;
        let pool = name(world, "pool")?;
        for n in 0..2u64 {
            world.supervisor(pool).start_instance(&n)?;
        }
        world.supervisor(top).stop_child("done")?;
        let fragile = name(world, "fragile")?;
        world.send(fragile, 0u64);
        world.run_for(Duration::from_millis(1))?;
        let late = EntryStart::new("idle").registered("late");
        let late = ChildSpec { restart: Restart::Temporary, ..ChildSpec::worker("late", late) };
        world.supervisor(top).start_child(late)?;
        for n in 1..3u64 {
            world.send(fragile, n);
        }
        world.run_for(Duration::from_millis(1))?;
        let trees = world.trees();
        assert_eq!(trees.len(), 1);
        // Unnamed children count on in each life of their parent; which life has which number is the seed's.
        assert_eq!(
            shown(&trees[0]).replace("    #1\n", "    #2\n"),
            EXPECTED.replace("    #1\n", "    #2\n")
        );
        assert!(trees[0].to_string().starts_with("main\n  top  <"));
        world.kill(top);
        world.settle()?;
        // Those that were not supervised live on, without a parent.
        let left: Vec<String> =
            world.trees()[0].lines.iter().map(|l| format!("{} {}", l.depth, l.path)).collect();
        assert_eq!(left.len(), 4, "{left:?}");
        assert!(left.iter().all(|line| line.starts_with("0 main/top/parent/")));
        Ok(())
    });
}

/// Shown while it happens: a stop that waits, mail that waits.
#[test]
fn mail_that_waits_is_counted() {
    holds(|world| {
        let sink = world.spawn("sink", idle());
        world.settle()?;
        let node = world.main();
        world.spawn_on(
            node,
            SpawnOptions::named("sender"),
            Arc::new(actor(move |cx, input| {
                if input == Input::Start {
                    for n in 0..3u64 {
                        cx.send(sink, &n)?;
                    }
                }
                Ok(())
            })),
        )?;
        while world.actor(sink).is_some_and(|a| a.mail_count == 0) {
            let before = world.step();
            world.run_for(Duration::ZERO)?;
            if world.step() == before || world.actor(sink).is_some_and(|a| a.turns > 3) {
                break;
            }
        }
        let tree = &world.trees()[0];
        let sink = tree.lines.iter().find(|l| l.path == "main/sink").expect("it lives");
        assert_eq!(u64::from(sink.mail) + sink.turns, 4);
        Ok(())
    });
}

#[test]
fn and_the_same_on_the_real_reactor() {
    let tree = block_on(async {
        let system = System::builder().entry("idle", idle()).start().expect("a node starts");
        let top = system.spawn("top", tree()).await.expect("a free name");
        let named = async |name: &str| system.whereis(name).await.expect("it runs").expect("somebody has it");
        system.kill(named("db").await).await.expect("it lives");
        system.supervisor(top).counts().await.expect("it lives");
        let pool = named("pool").await;
        for n in 0..2u64 {
            system.supervisor(pool).start_instance(&n).await.expect("it starts");
        }
        system.supervisor(top).stop_child("done").await.expect("it runs");
        system.kill(named("fragile").await).await.expect("it lives");
        let late = EntryStart::new("idle").registered("late");
        let late = ChildSpec { restart: Restart::Temporary, ..ChildSpec::worker("late", late) };
        system.supervisor(top).start_child(late).await.expect("it starts");
        let fragile: Pid = system.address("fragile").expect("a name");
        for n in 1..3u64 {
            system.send(fragile, n).expect("it runs");
        }
        system.tree().await.expect("it runs")
    })
    .expect("a runtime starts");
    assert_eq!(shown(&tree), EXPECTED);
}
