//! Programs whose runs have tapes of every kind of entry.

use seedbed_core::{
    ChildStart, Pid, Reason, Signal, SpawnFlags, SpawnOptions, Supervisor, supervise::ChildSpec,
};
use seedbed_sim::{Faults, World, WorldConfig};
use sim_tests::{Input, actor, faulty};
use std::sync::Arc;
use std::time::Duration;

/// Name, world and body of each.
pub(crate) type Entry = (&'static str, WorldConfig, fn(&mut World) -> anyhow::Result<()>);

/// All of them.
pub(crate) fn corpus() -> Vec<Entry> {
    let chaos = Faults { gap_min: 0, kill: 40_000, crash: 20_000, ..Faults::chaos() };
    let clock = Faults { clock: 200_000, ..Faults::none() };
    vec![
        ("orders", faulty(Faults::none()), orders),
        ("watches", faulty(Faults::none()), watches),
        ("clocks", faulty(clock), clocks),
        ("network", faulty(chaos.clone()), network),
        ("tree", faulty(chaos), tree),
    ]
}

/// Messages and requests among four, with spawns.
fn orders(world: &mut World) -> anyhow::Result<()> {
    const NAMES: [&str; 4] = ["a", "b", "c", "d"];
    for name in NAMES {
        world.spawn(
            name,
            actor(move |cx, input| {
                match input {
                    Input::Start => {
                        for other in NAMES {
                            let to = cx.address(other)?;
                            cx.ask(to, &3u64, Duration::from_secs(1))?;
                        }
                    }
                    Input::Message(n) => {
                        let from = cx.from();
                        if n > 0 {
                            cx.send(from, &(n - 1))?;
                        }
                        cx.reply(n)?;
                        if n == 2 {
                            let child = actor(|cx, _| {
                                let parent = cx.parent();
                                Ok(cx.send(parent, &0u64)?)
                            });
                            cx.spawn(SpawnOptions::default(), child)?;
                        }
                    }
                    _ => {}
                }
                Ok(())
            }),
        );
    }
    world.run()?;
    Ok(())
}

/// Links, monitors, exits and kills, of the living and of the dead.
fn watches(world: &mut World) -> anyhow::Result<()> {
    let dead = world.spawn("dead", sim_tests::idle());
    world.kill(dead);
    let victims: Vec<Pid> = ["v", "w"].iter().map(|name| world.spawn(name, sim_tests::idle())).collect();
    for name in ["a", "b", "c"] {
        let victims = victims.clone();
        world.spawn(
            name,
            actor(move |cx, input| {
                match input {
                    Input::Start => {
                        cx.trap_exits(true);
                        cx.link(dead)?;
                        cx.monitor(dead)?;
                        for v in &victims {
                            cx.link(*v)?;
                            cx.monitor(*v)?;
                            cx.ask(*v, &1u64, Duration::from_secs(1))?;
                        }
                        let flags = SpawnFlags::LINK.with(SpawnFlags::NOTIFY);
                        let child = actor(|cx, _| {
                            let me = cx.me();
                            Ok(cx.exit(me, Reason::Shutdown)?)
                        });
                        cx.spawn(SpawnOptions::default().flags(flags), child)?;
                    }
                    Input::Signal(Signal::Started { .. }) => {
                        let nth = usize::from(cx.path().ends_with('a'));
                        if cx.path().ends_with('b') {
                            cx.exit(victims[nth], Reason::Shutdown)?;
                        } else {
                            cx.kill(victims[nth])?;
                        }
                    }
                    _ => {}
                }
                Ok(())
            }),
        );
    }
    world.run()?;
    Ok(())
}

/// Timers, timeouts and intervals, with a clock that runs on while mail waits.
fn clocks(world: &mut World) -> anyhow::Result<()> {
    let server = world.spawn(
        "server",
        actor(|cx, input| match input {
            Input::Message(n) if n % 2 == 0 => cx.reply(n),
            _ => Ok(()),
        }),
    );
    for name in ["a", "b"] {
        world.spawn(
            name,
            actor(move |cx, input| {
                match input {
                    Input::Start => {
                        for n in 0..4u64 {
                            cx.set_timer(Duration::from_millis(n), n)?;
                            cx.ask(server, &n, Duration::from_millis(2))?;
                        }
                    }
                    Input::Signal(Signal::Timer { tag, .. }) if tag > 1 => {
                        cx.ask(server, &tag, Duration::from_millis(1))?;
                    }
                    _ => {}
                }
                Ok(())
            }),
        );
    }
    world.run()?;
    Ok(())
}

/// Two nodes that ask each other over a bad network, and keep what they hear.
fn network(world: &mut World) -> anyhow::Result<()> {
    for (node, other) in [("left", "right"), ("right", "left")] {
        world.node(node, move |boot| {
            let to = format!("peer@{other}");
            let peer = actor(move |cx, input| {
                match input {
                    Input::Start => {
                        let to = cx.address(&to)?;
                        cx.monitor(to)?;
                        for n in 0..3u64 {
                            cx.ask(to, &n, Duration::from_millis(200))?;
                        }
                    }
                    Input::Message(n) => {
                        cx.store_append(&n.to_le_bytes())?;
                        if cx.buggify("forget") {
                            return Ok(());
                        }
                        cx.reply(n)?;
                    }
                    _ => {}
                }
                Ok(())
            });
            boot.spawn(SpawnOptions::registered("peer"), Arc::new(peer)).expect("the name is free");
        });
    }
    world.run()?;
    Ok(())
}

/// A tree under kills and crashes.
fn tree(world: &mut World) -> anyhow::Result<()> {
    let worker = actor(|cx, input| match input {
        Input::Message(3) => anyhow::bail!("planned"),
        Input::Message(n) => cx.reply(n),
        _ => Ok(()),
    });
    let child = |id: &str| ChildSpec::worker(id, ChildStart::new(worker.clone()).registered(id));
    let top = Supervisor::one_for_all().child(child("a")).child(child("b"));
    world.node("n", move |boot| {
        boot.spawn(SpawnOptions::registered("top"), Arc::new(top.clone())).expect("the name is free");
    });
    let client = world.client();
    for n in 0..6u64 {
        for name in ["a", "b"] {
            let to = world.address(name, "n")?;
            world.send_from(client, to, n);
        }
        world.run_for(Duration::from_millis(400))?;
    }
    world.run()?;
    Ok(())
}
