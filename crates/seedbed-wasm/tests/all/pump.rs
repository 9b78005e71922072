//! Guests that are called one after the other from the inside do what they do when the kernel calls
//! each: the same events, whoever else has turns between theirs and however a turn ends.

use crate::lies::with_inbox;
use crate::world::{World, actor, module};
use seedbed_abi::{ExitReason, Failure, Pid, Signal, TrapKind};
use seedbed_core::{Actor, At, Bytes, Context, Event, Observer, Request, Result};
use seedbed_rt::{System, block_on};
use seedbed_sim::{InWorld, Outcome, Property, Reads, RunConfig, StrategySpec, When, WorldConfig, run_with};
use seedbed_wasm::WasmActor;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// What is done at the end of a route, by its tag; nothing by any other.
const TRAP: u64 = 1;
const KILL: u64 = 2;
const EXIT: u64 = 3;
const GROW: u64 = 4;
const SPIN: u64 = 5;
const FAIL: u64 = 6;
const STOP: u64 = 7;
const PANIC: u64 = 8;
const TIMER: u64 = 9;
const KILL_ITSELF: u64 = 10;
const NOTHING: u64 = 11;

/// A message is a route: the guest sends it on to the first pid in it, without that; what is for nobody
/// else it does itself.
fn router() -> WasmActor {
    actor(&module(
        r#"(data (i32.const 0) "panic")
        (func (export "seedbed_on_message") (param $e i32) (param $p i32) (param $n i32) (result i32)
            (local $tag i64)
            (if (i32.load offset=44 (local.get $e)) (then (return (i32.const 0))))
            (local.set $tag (i64.load offset=32 (local.get $e)))
            (if (i32.and (i64.eq (local.get $tag) (i64.const 2)) (i32.eq (local.get $n) (i32.const 8)))
                (then (drop (call $exit (i64.load (local.get $p)) (i32.const 2))) (return (i32.const 0))))
            (if (local.get $n) (then
                (drop (call $send (i64.load (local.get $p)) (local.get $tag)
                    (i32.add (local.get $p) (i32.const 8)) (i32.sub (local.get $n) (i32.const 8))))
                (return (i32.const 0))))
            (if (i64.eq (local.get $tag) (i64.const 1)) (then unreachable))
            (if (i64.eq (local.get $tag) (i64.const 3)) (then (drop (call $exit (call $self) (i32.const 0)))))
            (if (i64.eq (local.get $tag) (i64.const 4)) (then
                (if (i32.eq (memory.size) (i32.const 1)) (then (drop (memory.grow (i32.const 1)))))
                (i32.store (i32.const 65536) (i32.const 1))
                (drop (call $send (i64.load offset=8 (local.get $e)) (i64.const 11)
                    (i32.const 65536) (i32.const 8)))))
            (if (i64.eq (local.get $tag) (i64.const 5)) (then (loop (br 0))))
            (if (i64.eq (local.get $tag) (i64.const 6)) (then (return (i32.const 77))))
            (if (i64.eq (local.get $tag) (i64.const 7)) (then (return (i32.const 1))))
            (if (i64.eq (local.get $tag) (i64.const 8)) (then
                (call $answer (i64.const 1)) (call $log (i32.const 1) (i32.const 0) (i32.const 5))))
            (if (i64.eq (local.get $tag) (i64.const 9)) (then
                (drop (call $set_timer (i64.const 0) (i64.const 1)))))
            (if (i64.eq (local.get $tag) (i64.const 10)) (then
                (call $answer (i64.const 2)) (drop (call $exit (call $self) (i32.const 2)))))
            (i32.const 0))"#,
    ))
}

/// The same from Rust, as far as it sends on.
struct Native;

impl Actor for Native {
    type Message = Bytes;

    fn on_message(&mut self, cx: &mut Context, Bytes(route): Bytes) -> Result<()> {
        let Some((first, rest)) = route.split_first_chunk::<8>() else { return Ok(()) };
        let tag = cx.envelope().tag;
        Ok(cx.send_tagged(Pid::from_raw(u64::from_le_bytes(*first)), tag, rest)?)
    }
}

fn route(pids: &[Pid]) -> Vec<u8> {
    pids.iter().flat_map(|pid| pid.to_raw().to_le_bytes()).collect()
}

/// What eight guests and a native actor are sent, tags and routes: they end each other and themselves in all ways.
fn letters(g: &[Pid], native: Pid) -> Vec<(Pid, u64, Vec<u8>)> {
    let long: Vec<Pid> = (0..40).map(|n| g[n % 2]).collect();
    vec![
        (g[0], NOTHING, route(&long)),
        (g[1], GROW, route(&[g[2], g[0], g[2]])),
        (g[0], GROW, route(&[g[2]])),
        (g[2], TRAP, route(&[g[1], native, g[3]])),
        (g[3], FAIL, route(&[g[0], g[4]])),
        (g[4], KILL, route(&[native, g[1], g[5], g[6]])),
        (g[5], PANIC, route(&[g[2], g[7]])),
        (g[6], TIMER, route(&[g[0]])),
        (g[7], SPIN, route(&[native, g[6], g[1], g[2]])),
        (native, EXIT, route(&[g[0], g[1], g[5]])),
        (g[3], NOTHING, route(&[g[3], g[4], g[0], g[4]])),
        (g[1], STOP, route(&long[..9])),
        (g[5], KILL_ITSELF, route(&[g[1], g[0]])),
        (g[0], NOTHING, route(&[g[1]; 90])),
    ]
}

/// A world with them.
fn mixed() -> World {
    let mut world = World::new().unsimulated();
    let guest = router();
    let g: Vec<Pid> = (0..8).map(|n| world.spawn_lazily(&format!("g{n}"), guest.clone())).collect();
    let native = world.spawn_lazily("native", || Native);
    for (to, tag, route) in letters(&g, native) {
        world.post(to, 0, tag, &route);
    }
    world
}

/// What happened in it, in batches of so many turns; one by one with 0.
fn happened(turns: usize) -> (Vec<String>, Vec<(String, ExitReason)>) {
    let mut world = mixed();
    while !world.rests() {
        if turns == 0 {
            world.step();
        } else {
            world.run_batch(turns);
        }
    }
    let seen = world.seen();
    (seen.events, seen.exits)
}

#[test]
fn a_turn_is_a_turn_whoever_calls_it() {
    let (expected, exits) = happened(0);
    let of = |name: &str| {
        let reason = exits.iter().find(|(who, _)| who == &format!("n/{name}")).map(|(_, reason)| reason);
        reason.unwrap_or_else(|| panic!("{name} has not ended")).clone()
    };
    let trap = Failure::Trap(TrapKind::Unreachable, "".into());
    assert_eq!(of("g3"), ExitReason::Failed(trap));
    assert_eq!(of("g4"), ExitReason::Failed(Failure::HandlerError(77)));
    assert_eq!(of("g6"), ExitReason::Killed);
    assert_eq!(of("g7"), ExitReason::Failed(Failure::HostPanic));
    assert_eq!(of("g2"), ExitReason::Failed(Failure::OutOfFuel));
    assert_eq!(of("g5"), ExitReason::Normal);
    for turns in [1, 2, 3, 7, 50, usize::MAX] {
        let (events, _) = happened(turns);
        for (at, (one, other)) in expected.iter().zip(&events).enumerate() {
            assert_eq!(one, other, "event {at}, in batches of {turns}");
        }
        assert_eq!(expected.len(), events.len(), "in batches of {turns}");
    }
}

/// A message for which there is no room is the kernel's to call; those after it go where the guest gave room then,
/// also where the loop was entered for another guest.
#[test]
fn messages_go_where_a_guest_gave_room_last() {
    // Each time on a page of its own.
    let inbox = "(drop (memory.grow (i32.const 1)))
        (i32.mul (i32.sub (memory.size) (i32.const 1)) (i32.const 65536))";
    for turns in [1, 2, usize::MAX] {
        let mut world = World::new().unsimulated();
        let guest = actor(&with_inbox(inbox));
        let (pid, other) = (world.spawn("g", guest.clone()), world.spawn("other", guest));
        let lens = [10, 3, 9, 2_000, 7, 1_999, 2_001, 2_001];
        for (n, len) in lens.into_iter().enumerate() {
            world.post(pid, 0, 0, &vec![n as u8; len]);
            world.post(other, 0, 0, &[n as u8]);
        }
        while !world.rests() {
            world.run_batch(turns);
        }
        let asked = [1, 1, 1, 2, 2, 2, 3, 3];
        let of = |asked, n| [asked, asked << 16, n as i64];
        let expected = asked.into_iter().enumerate().flat_map(|(n, asked)| [of(asked, n), of(1, n)]);
        assert_eq!(world.answers(), expected.flatten().collect::<Vec<_>>(), "in batches of {turns}");
    }
}

/// Counts its turns.
struct Counts(Arc<AtomicUsize>);

impl Actor for Counts {
    type Message = Bytes;

    fn on_message(&mut self, _: &mut Context, _: Bytes) -> Result<()> {
        self.0.fetch_add(1, Relaxed);
        Ok(())
    }
}

/// The loop knows guests by their slots. Whoever takes the slot of one that ended has turns of its own.
#[test]
fn nobody_is_called_as_the_guest_whose_slot_it_has() {
    let mut world = World::new().unsimulated();
    let (first, other) = (world.spawn("first", router()), world.spawn("other", router()));
    let run = |world: &mut World, to: &[Pid]| {
        to.iter().for_each(|to| world.post(*to, 0, NOTHING, &[]));
        while !world.rests() {
            world.run_batch(usize::MAX);
        }
    };
    run(&mut world, &[first, other]);
    world.kill(first);
    let turns = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&turns);
    let native = world.spawn_lazily("native", move || Counts(Arc::clone(&counted)));
    run(&mut world, &[]);
    run(&mut world, &[other, native]);
    assert_eq!(turns.load(Relaxed), 1);
}

/// Notes all that happens, and panics where a guest logs `panic`.
#[derive(Clone, Default)]
struct Seeing(Rc<RefCell<Vec<String>>>);

impl Observer for Seeing {
    fn event(&mut self, at: At, event: &Event<'_>) {
        self.0.borrow_mut().push(format!("{at:?} {event:?}"));
        assert!(!matches!(event, Event::Logged { text: "panic", .. }), "a host call went wrong");
    }
}

/// They under the simulator, turn by turn or as many at once as it lets run; it is a finding when so many messages
/// have reached nobody.
fn simulated(strategy: &str, seed: u64, one_by_one: bool, lost_max: u64) -> (Outcome, Vec<String>) {
    let program = |world: &mut seedbed_sim::World| {
        if one_by_one {
            let all = Property::new("one by one", When::Always, |_: &seedbed_sim::World| true);
            world.add_property(all.reads(Reads::STEPS));
        }
        let few = move |world: &seedbed_sim::World| world.stats().dead_letters < lost_max;
        world.add_property(Property::new("few are lost", When::Always, few).reads(Reads::DEAD_LETTERS));
        let guest = router();
        let g: Vec<Pid> = (0..8).map(|n| world.spawn(&format!("g{n}"), guest.clone())).collect();
        let native = world.spawn("native", || Native);
        let client = world.client();
        for (to, tag, route) in letters(&g, native) {
            world.send_raw(client, to, tag, route, false);
        }
        world.run()?;
        Ok(())
    };
    let config = WorldConfig { allow_failures: true, ..WorldConfig::default() };
    let strategy = strategy.parse::<StrategySpec>().expect("one of these").build();
    let seeing = Seeing::default();
    let program = InWorld { config, program };
    let (mut outcome, _) =
        run_with(&program, &RunConfig::seed(seed), strategy, vec![Box::new(seeing.clone())]);
    (outcome.stats.checks, outcome.properties) = (0, 0);
    (outcome, seeing.0.take())
}

#[test]
fn a_simulated_turn_is_a_turn_however_many_run_at_once() {
    for strategy in ["plain", "random", "pct:3", "pos"] {
        for (seed, lost_max) in [(1, u64::MAX), (2, u64::MAX), (3, 1), (4, 2), (5, 4)] {
            let what = format!("{strategy}, seed {seed}");
            let (expected, events) = simulated(strategy, seed, true, lost_max);
            assert_eq!(expected.found.is_some(), lost_max < u64::MAX, "{what}");
            let ended = events.iter().filter(|event| event.contains("Exited")).count();
            assert!(ended >= 4 || lost_max < u64::MAX, "{what}: {ended}");
            let (outcome, at_once) = simulated(strategy, seed, false, lost_max);
            for (at, (one, other)) in events.iter().zip(&at_once).enumerate() {
                assert_eq!(one, other, "event {at}, {what}");
            }
            assert_eq!(expected, outcome, "{what}");
        }
    }
}

#[test]
fn a_panic_between_two_turns_is_nobodys_failure() {
    let mut world = World::new().unsimulated();
    let guest = router();
    let [a, b] = ["a", "b"].map(|name| world.spawn(name, guest.clone()));
    world.post(a, 0, NOTHING, &route(&[b]));
    world.break_reactor();
    let panic = catch_unwind(AssertUnwindSafe(|| world.run_batch(10))).expect_err("the reactor is broken");
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"the reactor is broken"));
    assert_eq!(world.seen().exits, []);
}

/// Sends whatever comes back to its sender, or at first to whom it names.
fn bouncer() -> WasmActor {
    actor(&module(
        r#"(func (export "seedbed_on_message") (param $e i32) (param $p i32) (param $n i32) (result i32)
            (drop (call $send
                (if (result i64) (local.get $n)
                    (then (i64.load (local.get $p))) (else (i64.load offset=8 (local.get $e))))
                (i64.const 0) (i32.const 0) (i32.const 0)))
            (i32.const 0))"#,
    ))
}

/// Answers a while after it was asked.
#[derive(Default)]
struct Calm(Option<Request>);

impl Actor for Calm {
    type Message = u64;

    fn on_message(&mut self, cx: &mut Context, _: u64) -> Result<()> {
        self.0 = cx.request();
        cx.set_timer(Duration::from_millis(2), 0)?;
        Ok(())
    }

    fn on_signal(&mut self, cx: &mut Context, signal: Signal) -> Result<()> {
        match (signal, self.0.take()) {
            (Signal::Timer { .. }, Some(request)) => cx.reply_to(request, 7u64),
            _ => Ok(()),
        }
    }
}

/// Rule V3.
#[test]
fn guests_that_never_rest_hold_up_neither_mail_nor_timers() {
    block_on(async {
        let system = System::start().expect("it starts");
        let a = system.spawn("a", bouncer()).await.expect("it starts");
        let b = system.spawn("b", bouncer()).await.expect("it starts");
        let calm = system.spawn("calm", Calm::default).await.expect("it starts");
        system.send(a, Bytes(route(&[b]))).expect("it is there");
        let answer: u64 = system.ask(calm, 0u64).await.expect("it answers");
        assert_eq!(answer, 7);
        system.kill(a).await.expect("it was alive");
        system.shutdown().await.expect("it ends");
    })
    .expect("it runs");
}
