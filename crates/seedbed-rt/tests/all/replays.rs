//! Inclusion: every run on the real reactor replays in the simulator, event for event.

use crate::actors::{Do, Puppet, block_on, both, end_of, settle};
use crate::agent::{Known, agent};
use proptest::prelude::*;
use seedbed_core::supervise::ChildSpec;
use seedbed_core::{
    Actor, At, Bytes, CHECKPOINT, ChildStart, Context, EffectRequest, Event, ExitReason, Kernel, Key, NodeId,
    Observer, Pid, Reason, Recording, Result, Signal, SpawnOptions, Supervisor, address_of,
};
use seedbed_rt::{Builder, Cluster, System};
use seedbed_sim::{Mismatch, ReplayedRun, Setup, replay_recording};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// Runs a program, shuts its system down, and gives the recording of it all.
fn record(builder: Builder, program: impl AsyncFnOnce(&System)) -> Recording {
    block_on(async {
        let system = builder.record_every_event().start().unwrap();
        program(&system).await;
        let recording = system.shutdown().await.unwrap().recording.expect("it is recorded");
        Arc::unwrap_or_clone(recording)
    })
}

fn replay(recording: &Recording, setup: Setup) -> ReplayedRun {
    let run = replay_recording(recording, setup).unwrap_or_else(|e| panic!("failed to {e}"));
    assert_eq!((run.turns, run.trace_hash), (recording.turns, recording.hash));
    run
}

/// Setup with these roots, all of them puppets.
fn puppets(names: &[&str]) -> Setup {
    names.iter().fold(Setup::default(), |setup, name| setup.root(*name, Puppet::default))
}

/// Hits a ball back until it was hit so often.
struct Player;

impl Actor for Player {
    type Message = (Pid, u32);

    fn on_message(&mut self, cx: &mut Context, (serve_to, left): (Pid, u32)) -> Result<()> {
        let to = if serve_to.is_somebody() { serve_to } else { cx.from() };
        match left {
            0 => cx.stop(Reason::Normal),
            left => cx.send(to, &(Pid::NOBODY, left - 1))?,
        }
        Ok(())
    }
}

async fn play(system: &System, balls: u32) {
    let a = system.spawn("a", || Player).await.unwrap();
    let b = system.spawn("b", || Player).await.unwrap();
    let (one, other) = (system.monitor(a), system.monitor(b));
    system.send(a, (b, balls)).unwrap();
    if balls.is_multiple_of(2) {
        one.await.unwrap()
    } else {
        other.await.unwrap()
    };
}

fn players() -> Setup {
    Setup::default().root("a", || Player).root("b", || Player)
}

#[test]
fn ping_pong() {
    let recording = record(System::builder(), async |system| play(system, 999).await);
    assert!(recording.turns > 1_000, "{}", recording.turns);
    replay(&recording, players());
}

#[test]
fn a_recording_is_small_and_says_so_without_its_events() {
    let builder = System::builder().record();
    let recording = block_on(async {
        let system = builder.start().unwrap();
        play(&system, 3 * CHECKPOINT as u32).await;
        system.recording().await.unwrap().expect("it is recorded")
    });
    assert_eq!((recording.checkpoints.len(), recording.events.as_ref()), (3, None));
    assert!(recording.log.len() < 400, "turns that read no clock cost nothing: {}", recording.log.len());
    replay(&recording, players());

    let broken = Recording { checkpoints: vec![0; 3], ..recording.clone() };
    assert_eq!(replay_recording(&broken, players()).unwrap_err(), Mismatch::Checkpoint { turn: CHECKPOINT });
    let broken = Recording { hash: 1, ..recording.clone() };
    assert!(matches!(replay_recording(&broken, players()), Err(Mismatch::Hash { recorded: 1, .. })));
    let broken = Recording { turns: recording.turns + 1, ..recording.clone() };
    assert_eq!(
        replay_recording(&broken, players()).unwrap_err(),
        Mismatch::NoDelivery { turn: recording.turns + 1 }
    );
    let broken = Recording { turns: recording.turns / 2, ..recording.clone() };
    assert!(replay_recording(&broken, players()).is_err());
    let broken = Recording { log: vec![15], ..recording.clone() };
    assert!(matches!(replay_recording(&broken, players()), Err(Mismatch::Damaged(_))));
    let broken = Recording { run_format: 0, ..recording };
    assert_eq!(replay_recording(&broken, players()).unwrap_err(), Mismatch::Format { recorded: 0 });
}

#[test]
fn timers_intervals_and_requests_with_timeouts() {
    #[derive(Default)]
    struct Clockwork {
        ticks: u64,
        asked: Option<seedbed_core::Request>,
    }
    impl Actor for Clockwork {
        type Message = Pid;
        fn on_message(&mut self, cx: &mut Context, deaf: Pid) -> Result<()> {
            self.asked = cx.request();
            cx.set_interval(Duration::from_micros(50), 1)?;
            let never = cx.set_timer(Duration::from_secs(3600), 2)?;
            cx.cancel_timer(never);
            cx.ask(deaf, &Do::Hold, Duration::from_micros(200))?;
            Ok(())
        }
        fn on_signal(&mut self, cx: &mut Context, signal: Signal) -> Result<()> {
            match signal {
                Signal::Timer { tag: 1, .. } => self.ticks += 1,
                Signal::Reply { outcome: Err(_), .. } => {
                    let unix = cx.unix_time();
                    cx.observe("unix", unix.as_nanos() as i64);
                    let ticks = self.ticks;
                    cx.reply_to(self.asked.take().expect("it was asked"), ticks)?;
                }
                other => anyhow::bail!("{other:?}"),
            }
            Ok(())
        }
    }
    let recording = record(System::builder(), async |system| {
        let deaf = system.spawn("deaf", Puppet::default).await.unwrap();
        let clock = system.spawn("clock", Clockwork::default).await.unwrap();
        let _: u64 = system.ask(clock, deaf).await.unwrap();
        assert_eq!(system.ask(deaf, Do::ReplyAfter(100)).await, Ok(2u64));
    });
    replay(&recording, puppets(&["deaf"]).root("clock", Clockwork::default));
}

#[test]
fn exits_links_kills_and_panics() {
    let names = ["a", "b", "c", "d"];
    let recording = record(System::builder(), async |system| {
        let mut pids = Vec::new();
        for name in names {
            pids.push(system.spawn(name, Puppet::default).await.unwrap());
        }
        let [a, b, c, d] = pids[..] else { unreachable!() };
        system.send(a, Do::Link(b)).unwrap();
        settle(system, a).await;
        let down = system.monitor(b);
        system.send(a, Do::Panic).unwrap();
        assert!(!down.await.unwrap().is_clean());
        system.send(c, Do::Link(a)).unwrap();
        assert_eq!(end_of(system, c).await, ExitReason::NoProcess);
        let (held, killed) = both(system.ask::<_, u64>(d, Do::Hold), async {
            settle(system, d).await;
            system.kill(d).await
        })
        .await;
        assert!(held.is_err() && killed.is_ok());
        system.send(a, Do::Echo(1)).unwrap();
        let a = system.spawn("a", Puppet::default).await.unwrap();
        let _: Pid = system.ask(a, Do::Spawn("child".into())).await.unwrap();
        system.send(a, Do::Send(address_of(NodeId(9), "x"), 1)).unwrap();
        system.send(a, Do::Link(address_of(NodeId(9), "x"))).unwrap();
        end_of(system, a).await;
        let again = system.spawn("b", Puppet::default).await.unwrap();
        assert!(system.spawn("b", Puppet::default).await.is_err(), "a spawn that is refused is recorded too");
        assert!(system.spawn("b/c", Puppet::default).await.is_err());
        system.stop(again, Reason::Shutdown).await.unwrap();
        let unnamed = || system.spawn_with(SpawnOptions::default(), Arc::new(Puppet::default));
        let (one, two) = (unnamed().await.unwrap(), unnamed().await.unwrap());
        assert_eq!(
            (system.ask(one, Do::Echo(1)).await, system.ask(two, Do::Echo(2)).await),
            (Ok(1u64), Ok(2u64))
        );
    });
    let run = replay(&recording, puppets(&names).root("#1", Puppet::default).root("#2", Puppet::default));
    assert_eq!(run.kernel.alive(), 0);
    let missing = replay_recording(&recording, puppets(&names).root("#1", Puppet::default)).unwrap_err();
    assert_eq!(missing, Mismatch::NoFactory { name: "#2".into() });
}

#[test]
fn supervisors() {
    let tree = || {
        Supervisor::one_for_one()
            .child(ChildSpec::worker("x", ChildStart::new(Puppet::default).registered("x")))
            .child(ChildSpec::worker("y", ChildStart::new(Puppet::default).registered("y")))
            .build()
            .unwrap()
    };
    let recording = record(System::builder(), async |system| {
        system.spawn("tree", tree()).await.unwrap();
        let x = system.whereis("x").await.unwrap().expect("the start waited for the children");
        let down = system.monitor(x);
        system.send(x, Do::Panic).unwrap();
        down.await.unwrap();
        // The supervisor restarts it in a turn that comes before what is asked after its end.
        let x = system.address("x").unwrap();
        while system.ask(x, Do::Echo(1)).await != Ok(1u64) {}
        system.kill(system.whereis("y").await.unwrap().expect("it lives")).await.unwrap();
    });
    replay(&recording, Setup::default().root("tree", tree()));
}

#[test]
fn nodes_of_a_cluster_each_for_itself() {
    let node = |name| System::builder().name(name).record_every_event();
    let finished = block_on(async {
        let cluster = Cluster::start(vec![node("left"), node("right")]).unwrap();
        let [left, right] = cluster.nodes() else { unreachable!() };
        let a = left.spawn("a", || Player).await.unwrap();
        let b = right.spawn("b", || Player).await.unwrap();
        let c = right.spawn("c", Puppet::default).await.unwrap();
        let d = left.spawn("d", Puppet::default).await.unwrap();
        right.send(c, Do::Link(d)).unwrap();
        settle(right, c).await;
        let (over, linked) = (right.monitor(b), right.monitor(c));
        left.send(a, (b, 99u32)).unwrap();
        assert_eq!(over.await, Ok(ExitReason::Normal));
        cluster.rest().await.unwrap();
        left.kill(d).await.unwrap();
        assert_eq!(linked.await, Ok(ExitReason::Killed));
        cluster.shutdown_within(Duration::from_secs(60)).await
    });
    let setup = || puppets(&["c", "d"]).root("a", || Player).root("b", || Player);
    for finished in finished {
        let recording = finished.and_then(|f| f.recording).expect("it is recorded");
        assert!(recording.turns > 50 && !recording.log.is_empty(), "{}", recording.turns);
        replay(&recording, setup());
    }
}

fn with_effects() -> Builder {
    System::builder().effect("later", async |r: EffectRequest| {
        tokio::task::yield_now().await;
        Ok(r.payload)
    })
}

/// Agents `a` and `b` run wild, poked from two threads.
fn wild(key: u64, pokes: u32, turns: u32) -> (Recording, Setup) {
    let local = |kernel: &mut Kernel| kernel.set_local(Known::default());
    let builder = with_effects().key(Key::from_seed(key)).setup(local);
    let recording = record(builder, async |system| {
        for name in ["a", "b"] {
            // It may end in its start; that is part of it.
            let _ = system.spawn(name, move || agent(turns)).await;
        }
        let (a, b) = (system.address("a").unwrap(), system.address("b").unwrap());
        std::thread::scope(|threads| {
            let other = system.clone();
            threads
                .spawn(move || (0..pokes).for_each(|n| other.send_raw(b, 0, vec![0; n as usize]).unwrap()));
            (0..pokes).for_each(|n| system.send_raw(a, 0, vec![1; n as usize]).unwrap());
        });
        let brief = Duration::from_micros(300);
        for to in [a, b] {
            // Whether it answers does not matter; it had time until then.
            let _ = system.ask_with::<_, Bytes>(to, Bytes(vec![1, 2]), brief).await;
        }
    });
    let setup = Setup::default()
        .root("a", move || agent(turns))
        .root("b", move || agent(turns))
        .kernel(move |kernel| local(kernel));
    (recording, setup)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn agents_that_do_anything(key: u64, pokes in 0u32..40, turns in 1u32..200) {
        let (recording, setup) = wild(key, pokes, turns);
        let run = replay_recording(&recording, setup);
        prop_assert!(run.is_ok(), "failed to {}", run.unwrap_err());
    }
}

#[test]
fn a_replay_that_goes_another_way_names_the_first_event() {
    let recording = record(System::builder(), async |system| {
        let a = system.spawn("a", Puppet::default).await.unwrap();
        settle(system, a).await;
        system.send(a, Do::Observe("x".into(), 1)).unwrap();
        settle(system, a).await;
    });
    struct Other(Puppet);
    impl Actor for Other {
        type Message = Do;
        fn on_message(&mut self, cx: &mut Context, message: Do) -> Result<()> {
            match message {
                Do::Observe(key, value) => self.0.on_message(cx, Do::Observe(key, value + 1)),
                other => self.0.on_message(cx, other),
            }
        }
    }
    let setup = Setup::default().root("a", || Other(Puppet::default()));
    let Mismatch::Event { turn: 3, recorded, replayed, .. } =
        replay_recording(&recording, setup).unwrap_err()
    else {
        panic!("it names the event")
    };
    assert_eq!((recorded.as_str(), replayed.as_str()), ("main/a:1 says x = 1", "main/a:1 says x = 2"));

    struct Curious(Puppet);
    impl Actor for Curious {
        type Message = Do;
        fn on_message(&mut self, cx: &mut Context, message: Do) -> Result<()> {
            cx.now();
            self.0.on_message(cx, message)
        }
    }
    let setup = Setup::default().root("a", || Curious(Puppet::default()));
    assert!(matches!(replay_recording(&recording, setup), Err(Mismatch::Clock { turn: 2, .. })));
}

/// Keeps the kinds of events.
#[derive(Clone, Default)]
struct Kinds(Rc<RefCell<BTreeSet<u8>>>);

impl Observer for Kinds {
    fn event(&mut self, _: At, event: &Event<'_>) {
        self.0.borrow_mut().insert(event.code());
    }
}

#[test]
fn agents_leave_out_nothing() {
    let never = [
        4,  // has no event any more
        22, // a condition: only in simulations
        24, // a supervisor's decision
        26, 28, // the outside neither kills nor makes fail here
        29, // there is no other node
    ];
    let all: BTreeSet<u8> = (1..29).filter(|code| !never.contains(code)).collect();
    let kinds = Kinds::default();
    for key in 0..500 {
        let (recording, setup) = wild(key, 20, 150);
        replay(&recording, setup.observe(kinds.clone()));
        if *kinds.0.borrow() == all {
            return;
        }
    }
    panic!("these never happened: {:?}", all.difference(&kinds.0.borrow()));
}
