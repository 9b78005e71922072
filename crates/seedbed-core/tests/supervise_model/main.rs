//! The machine against a supervisor written the other way round.
//!
//! The same random program is run twice in the same world: once by the machine, which is told
//! everything as it comes, once by a reference that blocks while it waits, as OTP's does. They must
//! do the same things at the same times.
//!
//! Not compared: which timers are armed and cancelled, and notes about what is ignored; they show
//! in what is done and when.

mod program;
mod reference;
mod world;

use program::{Action, Ask, Program, programs, show_reason};
use proptest::prelude::{ProptestConfig, TestCaseError, prop_assert_eq, proptest};
use seedbed_abi::{Time, nanos};
use seedbed_core::supervise::*;
use std::collections::BTreeMap;
use world::{Mail, World};

struct Model;

impl Parts for Model {
    type Pid = u64;
    type Start = ();
    type Args = u32;
    type Caller = usize;
}

fn world(program: &Program) -> World {
    let unique = program.plan.flags.strategy != Strategy::Dynamic;
    World::new(program.behaviours.clone(), program.outside.clone(), unique)
}

/// The shell: feeds what comes, does what is said.
struct Shell {
    machine: Machine<Model>,
    world: World,
    incarnations: BTreeMap<ChildId, u64>,
}

impl Shell {
    fn run(program: &Program) -> World {
        let machine = Machine::new(program.plan.clone()).expect("plans are good");
        let mut shell = Shell { machine, world: world(program), incarnations: BTreeMap::new() };
        shell.feed(Event::Init);
        while !shell.machine.has_ended() {
            match shell.world.mailbox.pop_front() {
                Some(Mail::Outside(Action::Crash(k, why))) => shell.world.crash(k, why),
                Some(mail) => shell.deliver(mail),
                None if shell.world.step() => {}
                None => break,
            }
        }
        shell.world
    }

    fn deliver(&mut self, mail: Mail) {
        let event = match mail {
            Mail::Started(pid) => Event::Started { pid },
            Mail::Ignored(pid) => Event::Ignored { pid },
            Mail::Failed(pid, reason) => Event::StartFailed { pid, reason },
            Mail::Exit(pid, reason) => Event::Exited { pid, reason },
            Mail::Timer(ticket) => Event::TimerFired { ticket: Ticket(ticket) },
            Mail::Retry(ticket) => Event::Retry { ticket: Ticket(ticket) },
            Mail::Outside(Action::Crash(..)) => unreachable!("a crash is not mail"),
            Mail::Outside(Action::Shutdown(why)) => Event::Shutdown { reason: why.into() },
            Mail::Outside(Action::Call(caller, ask)) => Event::Call { caller, call: call(ask) },
        };
        self.feed(event);
    }

    fn feed(&mut self, event: Event<Model>) {
        let mut out = Vec::new();
        let now = Time::from_nanos(self.world.now);
        let world = &mut self.world;
        self.machine.handle(now, event, &mut || world.draw(), &mut out);
        for command in out {
            if let Some(answer) = self.carry_out(command) {
                self.feed(answer);
            }
        }
    }

    fn carry_out(&mut self, command: Command<Model>) -> Option<Event<Model>> {
        let world = &mut self.world;
        match command {
            Command::Start { spec, args, incarnation, .. } => {
                let before = self.incarnations.insert(spec.id.clone(), incarnation);
                assert!(before < Some(incarnation), "incarnations only grow");
                return Some(match world.spawn(&spec.id, args) {
                    Ok(pid) => Event::Spawned { pid },
                    Err(reason) => Event::SpawnRefused { reason },
                });
            }
            Command::Monitor { pid } => world.monitor(pid),
            Command::Shutdown { pid } => world.shutdown(pid),
            Command::Kill { pid } => world.kill(pid),
            Command::ArmTimer { ticket, after } => world.arm(ticket.0, nanos(after)),
            Command::CancelTimer { ticket } => world.cancel(ticket.0),
            Command::SendRetryToSelf { ticket } => world.mailbox.push_back(Mail::Retry(ticket.0)),
            Command::Reply { caller, reply } => {
                world.say(format_args!("reply {caller} {}", show_reply(reply)));
            }
            Command::Ready => world.say("ready"),
            Command::Exit { reason } => world.say(format_args!("exit {}", show_reason(&reason))),
            Command::Note(Note::Counted { attempts, .. }) => world.say(format_args!("count {attempts}")),
            Command::Note(Note::Backoff { n, delay, .. }) => {
                world.say(format_args!("delay n={n} {}", nanos(delay)));
            }
            Command::Note(Note::OddReason { reason, .. }) => {
                world.say(format_args!("odd {}", show_reason(&reason)));
            }
            Command::Note(_) => {}
        }
        None
    }
}

fn call(ask: Ask) -> Call<Model> {
    match ask {
        Ask::Start(spec) => Call::StartChild(spec),
        Ask::Instance(args) => Call::StartInstance(args),
        Ask::Stop(id) => Call::StopChild(Which::Id(id.into())),
        Ask::StopPid { pid, alive } => Call::StopChild(Which::Pid { pid, alive }),
        Ask::Restart(id) => Call::RestartChild(id.into()),
        Ask::Delete(id) => Call::DeleteChild(id.into()),
        Ask::Children => Call::Children,
        Ask::Counts => Call::Counts,
        Ask::Change(plan) => Call::Change(plan),
    }
}

fn show_reply(reply: Reply<u64>) -> String {
    match reply {
        Ok(Answer::Done) => "done".into(),
        Ok(Answer::Started(pid)) => format!("started {pid}"),
        Ok(Answer::Ignored) => "ignored".into(),
        Ok(Answer::Children(children)) => {
            let line = |c: &ChildInfo<u64>| match c.state {
                ChildState::Running(pid) => format!("{} {pid}", c.id),
                ChildState::Restarting { .. } => format!("{} restarting", c.id),
                ChildState::Down => format!("{} down", c.id),
                other => panic!("a caller saw {other:?}"),
            };
            children.iter().map(line).collect::<Vec<_>>().join(", ")
        }
        Ok(Answer::Child(child)) => unreachable!("no program asks for one child: {child:?}"),
        Ok(Answer::Counts(c)) => format!("{} {} {} {}", c.specs, c.active, c.supervisors, c.workers),
        Err(CallError::NotFound) => "not found".into(),
        Err(CallError::Running) => "running".into(),
        Err(CallError::Restarting) => "restarting".into(),
        Err(CallError::AlreadyStarted(pid)) => format!("already started {pid}"),
        Err(CallError::AlreadyPresent) => "already present".into(),
        Err(CallError::StartFailed(reason)) => format!("failed {}", show_reason(&reason)),
        Err(CallError::Spec(_)) => "refused".into(),
        Err(CallError::Dynamic) => "dynamic".into(),
        Err(CallError::NotDynamic) => "not dynamic".into(),
        Err(other) => panic!("a reply that the reference does not know: {other}"),
    }
}

/// What must hold whatever the reference says.
fn check_invariants(program: &Program, world: &World) {
    let ended = world.log.last().is_some_and(|line| line.contains(" exit "));
    if ended {
        assert_eq!(world.live(), 0, "a child outlives its supervisor");
    }
    let changed = program.outside.iter().any(|(_, a)| matches!(a, Action::Call(_, Ask::Change(_))));
    let counts = world.log.iter().filter_map(|line| line.split_once(" count "));
    let counts: Vec<u32> = counts.map(|(_, n)| n.parse().expect("a number")).collect();
    let intensity = program.plan.flags.intensity;
    let over = counts.iter().position(|n| *n > intensity);
    if let (false, Some(at)) = (changed, over) {
        assert_eq!(at + 1, counts.len(), "an attempt after one too many");
    }
}

fn compare(program: &Program) -> Result<(), TestCaseError> {
    let machine = Shell::run(program);
    let mut blocking = world(program);
    reference::run(program.plan.clone(), &mut blocking);
    prop_assert_eq!(&machine.log, &blocking.log, "the machine, then the reference");
    check_invariants(program, &machine);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, ..ProptestConfig::default() })]

    #[test]
    fn the_machine_does_what_a_blocking_supervisor_does(program in programs()) {
        compare(&program)?;
    }
}
