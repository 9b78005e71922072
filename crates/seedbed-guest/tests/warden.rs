//! Supervision from a guest, natively and as a module, on both reactors: a guest that supervises its own
//! kind, one that talks to ready-made supervisors, and guests as children of every restart type.

#![expect(clippy::unwrap_used, reason = "what is missing here fails the test")]

mod common;

use common::Events;
use seedbed_core::supervise::{ChildSpec, ChildState, Restart};
use seedbed_core::{
    ChildStart, ExitReason, Failure, Pid, RequestFailure, Shared, Supervisor, SupervisorError, TrapKind,
    WithArgs,
};
use seedbed_manifest::Scenario;
use seedbed_rt::{System, block_on};
use seedbed_sim::{
    InWorld, Outcome, Program, RunConfig, Setup, StrategySpec, World, WorldConfig, replay_recording, run_with,
};
use seedbed_wasm::WasmActor;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use warden::{Ask, Order, Report, Told, Warden};

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/warden")
}

fn native() -> Shared {
    Shared(Arc::new(WithArgs(|args: &[u8]| Ok(Warden::new(args)))))
}

fn module() -> Shared {
    Shared(Arc::new(WasmActor::from_file(fixture().join("warden.wasm")).unwrap()))
}

fn both() -> [(&'static str, Shared); 2] {
    [("native", native()), ("module", module())]
}

fn child(id: &str, warden: &Shared, args: &[u8], restart: Restart) -> ChildSpec<ChildStart> {
    let start = ChildStart::new(warden.clone()).args(args).registered(id);
    ChildSpec { restart, ..ChildSpec::worker(id, start) }
}

/// A warden, workers of each restart type, and a pool.
fn tree(warden: &Shared) -> Supervisor {
    let template = ChildSpec {
        restart: Restart::Temporary,
        ..ChildSpec::worker("worker", ChildStart::new(warden.clone()))
    };
    Supervisor::one_for_one()
        .intensity(50, Duration::from_secs(60))
        .child(child("warden", warden, b"", Restart::Permanent))
        .child(child("permanent", warden, b"w", Restart::Permanent))
        .child(child("transient", warden, b"w", Restart::Transient))
        .child(child("temporary", warden, b"w", Restart::Temporary))
        .child(ChildSpec::supervisor(
            "pool",
            ChildStart::new(Supervisor::dynamic(template)).registered("pool"),
        ))
}

/// Runs the body in worlds with the tree, natively and as a module, under these seeds.
fn in_worlds(seeds: u64, body: impl Fn(&mut World, Pid, Pid) -> anyhow::Result<()>) {
    for (name, warden) in both() {
        let program = InWorld {
            config: WorldConfig { allow_failures: true, ..WorldConfig::default() },
            program: |world: &mut World| {
                world.entry("warden", warden.clone());
                let top = world.spawn("top", tree(&warden));
                world.run_for(Duration::from_millis(1))?;
                let address = world.address("warden", "main")?;
                body(world, top, address)
            },
        };
        for seed in 0..seeds {
            assert_eq!(once(&program, seed).found, None, "{name}, seed {seed}");
        }
    }
}

fn once(program: &dyn Program, seed: u64) -> Outcome {
    let strategy = if seed == 0 { StrategySpec::Plain } else { StrategySpec::Random };
    run_with(program, &RunConfig::seed(seed), strategy.build(), Vec::new()).0
}

fn settle(world: &mut World) -> anyhow::Result<()> {
    Ok(world.run_for(Duration::from_millis(5))?)
}

#[test]
fn a_guest_keeps_its_own_children_alive() {
    in_worlds(12, |world, _, warden| {
        for args in [&b"w"[..], b"w", b"f", b"i"] {
            world.send(warden, Order::Keep(args.to_vec()));
        }
        settle(world)?;
        let report: Report = world.ask(warden, Order::Report)?;
        assert_eq!((report.running.len(), report.started, report.failed, report.ignored), (2, 2, 1, 1));
        assert_eq!((report.clean, report.restarts), (1, 0), "who chose not to run ended normally");
        // A failure, a trap and a kill are each followed by another of its kind; a normal end is not.
        let [a, b] = report.running[..] else { panic!("two run") };
        world.send(a, Order::Fail(7));
        settle(world)?;
        world.send(b, Order::Panic);
        settle(world)?;
        let report: Report = world.ask(warden, Order::Report)?;
        assert_eq!((report.running.len(), report.started, report.restarts), (2, 4, 2));
        assert!(!report.running.contains(&a) && !report.running.contains(&b));
        world.kill(report.running[0]);
        settle(world)?;
        world.send(report.running[1], Order::Stop);
        settle(world)?;
        let report: Report = world.ask(warden, Order::Report)?;
        assert_eq!((report.running.len(), report.restarts, report.clean), (1, 3, 2));
        Ok(())
    });
}

/// Whatever becomes of the warden, its links take its children along.
#[test]
fn and_takes_them_along() {
    in_worlds(8, |world, top, warden| {
        let workers = |world: &mut World| -> anyhow::Result<Vec<Pid>> {
            for _ in 0..3 {
                world.send(warden, Order::Keep(b"w".to_vec()));
            }
            settle(world)?;
            Ok(world.ask::<_, Report>(warden, Order::Report)?.running)
        };
        let none = |world: &World, of: &[Pid]| of.iter().all(|pid| world.actor(*pid).is_none());
        // It retires: it stops them, then itself, and its supervisor starts another.
        let first = workers(world)?;
        world.send(warden, Order::Retire);
        settle(world)?;
        assert!(first.len() == 3 && none(world, &first));
        // It fails, it is killed, its supervisor stops it.
        for end in 0..3 {
            let of = workers(world)?;
            let pid = world.actor(warden).unwrap().pid;
            match end {
                0 => world.send(pid, Order::Fail(3)),
                1 => drop(world.kill(pid)),
                _ => world.supervisor(top).stop_child("warden")?,
            }
            settle(world)?;
            assert!(of.len() == 3 && none(world, &of), "{end}");
        }
        assert_eq!(world.actor(warden), None);
        Ok(())
    });
}

#[test]
fn a_guest_talks_to_supervisors() {
    in_worlds(8, |world, top, warden| {
        let ask = |world: &mut World, to: Pid, ask: Ask| world.ask::<_, Told>(warden, Order::Ask(to, ask));
        let late = |restart| Ask::Start("late".into(), "warden".into(), restart);
        let Told::Started(Some(pid)) = ask(world, top, late(Restart::Transient))? else {
            panic!("it starts")
        };
        assert!(world.actor(pid).is_some_and(|a| a.path == "main/top/late"));
        let refused = ask(world, top, late(Restart::Transient))?;
        assert_eq!(refused, Told::Refused(SupervisorError::AlreadyStarted(pid)));
        assert_eq!(ask(world, top, Ask::Which("late".into()))?, Told::Child(1, Some(pid)));
        world.send(pid, Order::Fail(1));
        settle(world)?;
        let Told::Child(2, Some(again)) = ask(world, top, Ask::Which("late".into()))? else {
            panic!("again")
        };
        assert_ne!(again, pid);
        assert_eq!(ask(world, top, Ask::Stop("late".into()))?, Told::Done);
        assert_eq!(ask(world, top, Ask::Which("late".into()))?, Told::Child(2, None));
        assert!(matches!(ask(world, top, Ask::Restart("late".into()))?, Told::Started(Some(_))));
        assert_eq!(ask(world, top, Ask::Delete("late".into()))?, Told::Refused(SupervisorError::Running));
        assert_eq!(ask(world, top, Ask::Stop("late".into()))?, Told::Done);
        assert_eq!(ask(world, top, Ask::Delete("late".into()))?, Told::Done);
        assert_eq!(ask(world, top, Ask::Counts)?, Told::Counts(5, 5));
        let Told::Children(children) = ask(world, top, Ask::Children)? else { panic!("a list") };
        let ids: Vec<&str> = children.iter().map(|c| c.0.as_str()).collect();
        assert_eq!(ids, ["pool", "temporary", "transient", "permanent", "warden"]);
        let nowhere = Ask::Start("x".into(), "nowhere".into(), Restart::Permanent);
        assert_eq!(ask(world, top, nowhere)?, Told::Refused(SupervisorError::NoEntry("nowhere".into())));

        let pool = world.address("pool", "main")?;
        let Told::Started(Some(one)) = ask(world, pool, Ask::Instance(b"w".to_vec()))? else {
            panic!("it starts")
        };
        assert_eq!(ask(world, pool, Ask::Instance(b"i".to_vec()))?, Told::Started(None));
        let failed = ask(world, pool, Ask::Instance(b"f".to_vec()))?;
        assert!(matches!(failed, Told::Refused(SupervisorError::StartFailed(_))), "{failed:?}");
        assert_eq!(ask(world, pool, Ask::Counts)?, Told::Counts(1, 1));
        assert_eq!(ask(world, pool, Ask::StopInstance(one))?, Told::Done);
        assert_eq!(ask(world, pool, Ask::Stop("worker".into()))?, Told::Refused(SupervisorError::Dynamic));
        let pid = world.actor(pool).unwrap().pid;
        world.kill(pid);
        assert_eq!(ask(world, pid, Ask::Counts)?, Told::Refused(SupervisorError::NoProcess));
        Ok(())
    });
}

#[test]
fn guests_are_children_of_every_restart_type() {
    in_worlds(8, |world, top, _| {
        let ends = [Order::Fail(9), Order::Panic, Order::Stop];
        for (id, restarted) in
            [("permanent", [true, true, true]), ("transient", [true, true, false]), ("temporary", [false; 3])]
        {
            for (order, restarted) in ends.clone().into_iter().zip(restarted) {
                let address = world.address(id, "main")?;
                let Some(before) = world.actor(address).map(|a| a.pid) else { break };
                world.send(address, order.clone());
                settle(world)?;
                let after = world.actor(address).map(|a| a.pid);
                assert_eq!(after.is_some(), restarted, "{id} after {order:?}");
                assert_ne!(after, Some(before));
            }
        }
        assert_eq!(world.supervisor(top).which("transient")?.state, ChildState::Down);
        assert_eq!(world.supervisor(top).which("temporary"), Err(SupervisorError::NotFound));
        // One that fails at its first start is not retried; it takes the supervisor along (S4).
        let failing = world
            .supervisor(top)
            .start_child(ChildSpec::worker("bad", seedbed_core::EntryStart::new("warden").args(*b"f")));
        assert!(
            matches!(
                failing,
                Err(SupervisorError::StartFailed(ExitReason::Failed(Failure::HandlerError(-1))))
            ),
            "{failing:?}"
        );
        Ok(())
    });
}

/// Everything above in one run, but for turns that fail: of those a module logs the error's text, since
/// only its code crosses the boundary.
fn program(warden: &Shared) -> impl Program + use<> {
    let warden = warden.clone();
    InWorld {
        config: WorldConfig { allow_failures: true, ..WorldConfig::default() },
        program: move |world: &mut World| {
            world.entry("warden", warden.clone());
            world.spawn("top", tree(&warden));
            world.run_for(Duration::from_millis(1))?;
            let address = world.address("warden", "main")?;
            for args in [&b"w"[..], b"w", b"i", b"w"] {
                world.send(address, Order::Keep(args.to_vec()));
            }
            let top = world.address("top", "main")?;
            let pool = world.address("pool", "main")?;
            for (to, ask) in [
                (top, Ask::Start("late".into(), "warden".into(), Restart::Transient)),
                (pool, Ask::Instance(b"w".to_vec())),
                (top, Ask::Children),
                (pool, Ask::Counts),
                (top, Ask::Stop("late".into())),
            ] {
                let _: Told = world.ask(address, Order::Ask(to, ask))?;
            }
            let report: Report = world.ask(address, Order::Report)?;
            world.send(report.running[0], Order::Stop);
            world.kill(report.running[1]);
            let permanent = world.address("permanent", "main")?;
            world.send(permanent, Order::Stop);
            settle(world)?;
            world.send(address, Order::Retire);
            settle(world)
        },
    }
}

#[test]
fn a_module_gives_the_events_of_its_native_build() {
    for seed in 0..20 {
        let [native, module] = both().map(|(_, warden)| {
            let events = Events::default();
            let strategy = StrategySpec::Random.build();
            let observers: Vec<Box<dyn seedbed_core::Observer>> = vec![Box::new(events.clone())];
            let outcome = run_with(&program(&warden), &RunConfig::seed(seed), strategy, observers).0;
            assert_eq!(outcome.found, None, "seed {seed}");
            (events.take(), outcome)
        });
        let differ = native.0.iter().zip(&module.0).position(|(a, b)| a != b);
        if let Some(i) = differ {
            panic!("seed {seed}, event {i}:\nnative {}\nmodule {}", native.0[i], module.0[i]);
        }
        assert_eq!(
            (native.0.len(), native.1.trace_hash),
            (module.0.len(), module.1.trace_hash),
            "seed {seed}"
        );
    }
}

#[test]
fn on_the_real_reactor_recorded_and_replayed() {
    for (name, warden) in both() {
        let recording = block_on(async {
            let system =
                System::builder().entry("warden", warden.clone()).record_every_event().start().unwrap();
            let top = system.spawn("top", tree(&warden)).await.unwrap();
            let address = system.address("warden").unwrap();
            for args in [&b"w"[..], b"w", b"f", b"i"] {
                system.send(address, Order::Keep(args.to_vec())).unwrap();
            }
            let ask = async |to: Pid, ask: Ask| system.ask::<_, Told>(address, Order::Ask(to, ask)).await;
            let pool = system.address("pool").unwrap();
            assert!(matches!(ask(pool, Ask::Instance(b"w".to_vec())).await, Ok(Told::Started(Some(_)))));
            assert_eq!(ask(pool, Ask::Counts).await, Ok(Told::Counts(1, 1)));
            let late = Ask::Start("late".into(), "warden".into(), Restart::Transient);
            assert!(matches!(ask(top, late).await, Ok(Told::Started(Some(_)))));
            let report: Report = system.ask(address, Order::Report).await.unwrap();
            assert_eq!((report.running.len(), report.failed, report.ignored), (2, 1, 1));
            let gone = system.monitor(report.running[0]);
            system.send(report.running[0], Order::Fail(8)).unwrap();
            assert_eq!(gone.await, Ok(Failure::HandlerError(8).into()));
            let report: Report = system.ask(address, Order::Report).await.unwrap();
            assert_eq!((report.running.len(), report.restarts), (2, 1), "{name}");
            let permanent = system.address("permanent").unwrap();
            let gone = system.monitor(permanent);
            system.send(permanent, Order::Panic).unwrap();
            let trapped: ExitReason = Failure::Trap(TrapKind::Unreachable, "".into()).into();
            let reason = gone.await.unwrap();
            assert!(reason == Failure::HostPanic.into() || reason.class() == trapped.class(), "{reason}");
            // The handle's own call comes behind the exit.
            assert_eq!(system.supervisor(top).which("permanent").await.unwrap().starts, 2);
            let workers =
                system.actors().await.unwrap().iter().filter(|a| a.path.contains("/warden/")).count();
            assert_eq!(workers, 2);
            system.supervisor(top).stop_child("warden").await.unwrap();
            assert!(!system.actors().await.unwrap().iter().any(|a| a.path.contains("/warden")));
            let dead = system.ask::<_, Report>(address, Order::Report).await;
            assert_eq!(dead, Err(RequestFailure::Dead.into()));
            system.shutdown().await.unwrap().recording.unwrap()
        })
        .unwrap();
        let setup = Setup::default().root("top", tree(&warden)).entry("warden", warden.clone());
        let run = replay_recording(&recording, setup).unwrap_or_else(|e| panic!("{name}: failed to {e}"));
        assert_eq!((run.turns, run.trace_hash), (recording.turns, recording.hash), "{name}");
    }
}

/// A tree of the manifest is the same as one in Rust, with all that a child can say.
#[test]
fn a_tree_of_the_manifest_is_whole() {
    let scenario = Scenario::load(&fixture().join("seedbed.toml")).unwrap();
    for seed in 0..8 {
        let program = InWorld {
            config: WorldConfig { allow_failures: true, ..scenario.config() },
            program: |world: &mut World| {
                scenario.drive(world)?;
                world.run_for(Duration::from_millis(1))?;
                let named = |world: &World, name: &str| world.address(name, "main");
                let shown = world.trees()[0].clone();
                let supervisors: Vec<String> = shown
                    .lines
                    .iter()
                    .filter_map(|l| Some(format!("{} {}", l.path, l.supervisor.as_ref()?)))
                    .collect();
                assert_eq!(
                    supervisors,
                    [
                        "main/tree one_for_one, 5 in 10s",
                        "main/tree/group one_for_all, 3 in 5s",
                        "main/tree/pool dynamic, 1 in 5s"
                    ]
                );
                // The group goes together; who writes to its name meanwhile, waits.
                let (first, second) = (named(world, "first")?, named(world, "second")?);
                let before = world.actor(second).unwrap().pid;
                world.send(first, Order::Fail(1));
                settle(world)?;
                assert_ne!(world.actor(second).unwrap().pid, before);
                // A guest of the manifest talks to a supervisor of the manifest, by entries of the manifest.
                let (warden, pool) = (named(world, "warden")?, named(world, "pool")?);
                let told: Told = world.ask(warden, Order::Ask(pool, Ask::Instance(b"w".to_vec())))?;
                assert!(matches!(told, Told::Started(Some(_))));
                let group = named(world, "group")?;
                let third = Ask::Start("third".into(), "warden".into(), Restart::Permanent);
                let told: Told = world.ask(warden, Order::Ask(group, third))?;
                assert!(matches!(told, Told::Started(Some(_))), "{told:?}");
                let ids: Vec<String> =
                    world.supervisor(group).children()?.into_iter().map(|c| c.id).collect();
                assert_eq!(ids, ["third", "second", "first"]);
                // One more than three in five seconds.
                for _ in 0..4 {
                    world.send(first, Order::Fail(1));
                    settle(world)?;
                }
                assert!(world.trees()[0].lines.iter().any(|l| l.path == "main/tree/group" && l.life == 2));
                Ok(())
            },
        };
        assert_eq!(once(&program, seed).found, None, "seed {seed}");
    }
}
