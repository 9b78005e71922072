//! A check finds what differs between two runs of one seed, and says what it is.

mod common;

use common::{race, sound};
use seedbed_core::{
    Actor, Behaviour, Context, Envelope, ExitReason, Factory, Failed, SpawnOptions, StopCode,
};
use seedbed_hunt::check::{Check, Checked, Children, Commands, State, Threads, What, WireError, serve};
use seedbed_sim::{Profile, Program, StrategySpec, World};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

fn check(children: &dyn Children, seeds: u64) -> Checked {
    try_check(children, seeds).expect("the processes answer")
}

fn try_check(children: &dyn Children, seeds: u64) -> Result<Checked, WireError> {
    Check { children, root: 1, seeds, strategy: StrategySpec::Random }.run(&mut |_| true)
}

/// A program with something that no seed decides, made anew for every process.
struct Odd<F> {
    runs: AtomicI64,
    drive: F,
}

impl<F: Copy> Odd<F> {
    fn new(drive: F) -> Odd<F> {
        Odd { runs: AtomicI64::new(0), drive }
    }
}

impl<F: Copy> Clone for Odd<F> {
    fn clone(&self) -> Self {
        Odd::new(self.drive)
    }
}

impl<F: Fn(&mut World, i64) -> anyhow::Result<()>> Program for Odd<F> {
    fn config(&self) -> seedbed_sim::WorldConfig {
        seedbed_sim::WorldConfig::default()
    }

    fn drive(&self, world: &mut World) -> anyhow::Result<()> {
        (self.drive)(world, self.runs.fetch_add(1, Ordering::Relaxed))
    }
}

/// A program that knows which process it is in.
struct PerProcess<F> {
    started: Arc<AtomicI64>,
    process: i64,
    drive: F,
}

impl<F> PerProcess<F> {
    fn new(drive: F) -> PerProcess<F> {
        PerProcess { started: Arc::new(AtomicI64::new(0)), process: 0, drive }
    }
}

impl<F: Copy> Clone for PerProcess<F> {
    fn clone(&self) -> Self {
        let process = self.started.fetch_add(1, Ordering::Relaxed);
        PerProcess { started: Arc::clone(&self.started), process, drive: self.drive }
    }
}

impl<F: Fn(&mut World, i64) -> anyhow::Result<()>> Program for PerProcess<F> {
    fn config(&self) -> seedbed_sim::WorldConfig {
        seedbed_sim::WorldConfig::default()
    }

    fn drive(&self, world: &mut World) -> anyhow::Result<()> {
        (self.drive)(world, self.process)
    }
}

#[test]
fn a_deterministic_program_is_compared_to_the_end() {
    let checked = check(&Threads(sound as fn(&mut World) -> anyhow::Result<()>), 20);
    assert!(checked.difference.is_none());
    assert_eq!(checked.same, 20);
    assert_eq!(checked.steps, 20 * (7 + 6 + 6), "every turn of every run");
    assert!(checked.events > checked.steps);
    // A broken property is the same on both sides too.
    let checked = check(&Threads(race as fn(&mut World) -> anyhow::Result<()>), 50);
    assert_eq!((checked.same, checked.difference.is_none()), (50, true));
}

#[test]
fn t03_what_an_earlier_run_left_behind_is_found_and_said_to_be_a_leak() {
    // Writes one more for every run before: as a counter of the process would.
    let odd = Odd::new(|world: &mut World, run| {
        sound(world)?;
        let register = world.address("register", "main").expect("there is a node");
        world.send(register, common::Op::Write(run));
        Ok(())
    });
    let difference = check(&Threads(odd), 5).difference.expect("it differs");
    assert!(difference.leak);
    assert!(matches!(difference.what, What::Event(_, None)));
    let text = difference.to_string();
    assert!(text.contains("arrives: message [") && text.contains("left from run to run"), "{text}");
}

#[test]
fn t01_a_second_run_that_ends_early_differs() {
    // The old process has run its plain runs and the seeds before: from its second seed on it stops short.
    let odd = Odd::new(|world: &mut World, run| {
        if run > Profile::RUNS as i64 {
            sound(world)?;
            let _ = world.run_for(std::time::Duration::from_millis(1));
            for actor in world.actors() {
                world.stop(actor.pid, ExitReason::Normal);
            }
            return Ok(());
        }
        sound(world)
    });
    let checked = check(&Threads(odd), 5);
    assert_eq!(checked.same, 1);
    assert!(checked.difference.expect("the runs have other lengths").leak);
}

#[test]
fn what_differs_between_fresh_processes_is_no_leak() {
    let program = PerProcess::new(|world: &mut World, process| {
        sound(world)?;
        let register = world.address("register", "main").expect("there is a node");
        world.send(register, common::Op::Write(process));
        Ok(())
    });
    let difference = check(&Threads(program), 5).difference.expect("it differs");
    assert!(!difference.leak);
    assert!(difference.to_string().contains("event "), "{difference}");
}

/// Has a memory that is another one in every process, from its third message on.
struct Forgetful {
    process: i64,
    messages: u64,
}

impl Behaviour for Forgetful {
    fn start(&mut self, _: &mut Context<'_>) -> Result<(), Failed> {
        Ok(())
    }

    fn deliver(&mut self, _: &mut Context<'_>, _: &Envelope, _: &[u8]) -> Result<(), Failed> {
        self.messages += 1;
        Ok(())
    }

    fn stop(&mut self, _: &mut Context<'_>, _: StopCode) -> Result<(), Failed> {
        Ok(())
    }

    fn state_hash(&self) -> Option<u64> {
        Some(self.messages + self.oddity())
    }

    fn state_parts(&self) -> Vec<(String, u64)> {
        vec![("its messages".into(), self.messages), ("its oddity".into(), self.oddity())]
    }
}

impl Forgetful {
    fn oddity(&self) -> u64 {
        if self.messages >= 3 { 1000 * self.process as u64 } else { 0 }
    }
}

struct MakesForgetful(i64);

impl Factory for MakesForgetful {
    fn create(&self, _: &mut Context<'_>, _: &[u8]) -> Result<Box<dyn Behaviour>, Failed> {
        Ok(Box::new(Forgetful { process: self.0, messages: 0 }))
    }
}

#[test]
fn a_memory_that_differs_is_traced_to_its_actor_and_step() {
    let program = PerProcess::new(|world: &mut World, process| {
        let main = world.main();
        let made = Arc::new(MakesForgetful(process));
        let pid = world.spawn_on(main, SpawnOptions::named("forgetful"), made).expect("the name is free");
        for n in 0..5_u64 {
            world.send(pid, n);
        }
        Ok(())
    });
    let difference = check(&Threads(program), 5).difference.expect("the memory differs");
    assert!(!difference.leak);
    let text = difference.to_string();
    let What::State(State { path, life, step, hashes, parts }) = difference.what else {
        panic!("{text}");
    };
    // Its start is the first step, its third message the fourth. The processes before were the old
    // one (0), two fresh ones (1, 2), and the pair that looked closer (3, 4).
    assert_eq!((path.as_str(), life, step), ("main/forgetful", 1, Some(4)));
    assert_eq!(hashes, (Some(3003), Some(4003)));
    assert!(text.contains("differs first after step 4"), "{text}");
    assert_eq!(parts, ["its oddity"], "what is the same is not named");
    assert!(text.contains("in    its oddity"), "{text}");
}

/// Asks the outside when it is, once.
struct Asks;

impl Actor for Asks {
    type Message = ();

    fn on_start(&mut self, cx: &mut Context<'_>) -> seedbed_core::Result<()> {
        cx.perform("clock", b"when")?;
        Ok(())
    }

    fn on_message(&mut self, _: &mut Context<'_>, (): ()) -> seedbed_core::Result<()> {
        Ok(())
    }
}

#[test]
fn an_effect_that_reads_the_real_clock_is_named() {
    let program = |world: &mut World| -> anyhow::Result<()> {
        #[expect(clippy::disallowed_methods, reason = "the mistake that is to be found")]
        world.effect("clock", |_, _| {
            let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            Ok(since.expect("it is later").as_nanos().to_le_bytes().to_vec())
        });
        world.spawn("asks", || Asks);
        Ok(())
    };
    let difference = check(&Threads(program), 3).difference.expect("time has passed");
    assert!(!difference.leak);
    let text = difference.to_string();
    assert!(text.contains("one   step 1 t ") && text.contains("effect #1 of main/asks gave "), "{text}");
    assert!(text.ends_with("it is the answer to the effect `clock`"), "{text}");
    let What::Event(event, effect) = difference.what else { panic!("{text}") };
    assert_eq!(effect.as_deref(), Some("clock"));
    assert_ne!(event.left, event.right);
}

#[test]
fn t05_a_process_that_dies_or_talks_nonsense_is_an_error_with_the_seed() {
    let seed = seedbed_hunt::run_seed(1, 0);
    let silent = Commands(|| std::process::Command::new("true"));
    let text = try_check(&silent, 1).unwrap_err().to_string();
    assert!(text.contains(&format!("{seed:#x}")) || text.contains("talk to"), "{text}");
    let chatty = Commands(|| {
        let mut command = std::process::Command::new("echo");
        command.arg("hello, this is no frame");
        command
    });
    let text = try_check(&chatty, 1).unwrap_err().to_string();
    assert!(text.contains("something else writes") || text.contains("talk to"), "{text}");
}

#[test]
fn a_child_refuses_what_it_does_not_know() {
    let garbage: &[u8] = &[3, 0, 0, 0, 255, 255, 255];
    let program = sound as fn(&mut World) -> anyhow::Result<()>;
    assert!(matches!(serve(&program, garbage, Vec::new()), Err(WireError::Frame(_))));
    assert!(serve(&program, &[][..], Vec::new()).is_ok(), "nothing asked, nothing done");
}
