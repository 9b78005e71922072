//! Y1: a call is a request, and its answer has a type: the call table on a supervisor that runs.

use seedbed_core::abi::supervisor::Counts;
use seedbed_core::supervise::{ChildKind, ChildSpec, ChildState, Restart, SpecError};
use seedbed_core::{Actor, ChildStart, Context, EntryStart, Pid, Result, Supervisor, SupervisorError};
use seedbed_sim::World;
use sim_tests::{Diary, Input, actor, holds, idle};

fn worker(id: &str) -> ChildSpec<ChildStart> {
    ChildSpec::worker(id, ChildStart::new(idle()))
}

#[test]
fn of_static_children() {
    holds(|world| {
        let top = world.spawn("top", Supervisor::one_for_one().child(worker("a")));
        let inner = ChildSpec::supervisor("inner", ChildStart::new(Supervisor::one_for_all()));
        let inner = world.supervisor(top).start_child(inner)?.expect("it runs");
        let late = ChildSpec { restart: Restart::Transient, ..worker("late") };
        let pid = world.supervisor(top).start_child(late.clone())?.expect("it runs");
        assert_eq!(
            world.supervisor(top).start_child(late.clone()),
            Err(SupervisorError::AlreadyStarted(pid))
        );
        assert_eq!(world.supervisor(top).restart_child("late"), Err(SupervisorError::Running));
        assert_eq!(world.supervisor(top).delete_child("late"), Err(SupervisorError::Running));

        let children = world.supervisor(top).children()?;
        let listed: Vec<_> =
            children.iter().map(|c| (c.id.as_str(), c.kind, c.state.pid().is_some())).collect();
        let (worker, supervisor) = (ChildKind::Worker, ChildKind::Supervisor);
        assert_eq!(listed, [("late", worker, true), ("inner", supervisor, true), ("a", worker, true)]);
        assert_eq!(world.supervisor(top).which("inner")?.state, ChildState::Running(inner));
        let counts = Counts { specs: 3, active: 3, supervisors: 1, workers: 2 };
        assert_eq!(world.supervisor(top).counts(), Ok(counts));

        assert_eq!(world.supervisor(top).stop_child("late"), Ok(()));
        assert_eq!(world.supervisor(top).which("late")?.state, ChildState::Down);
        assert_eq!(world.supervisor(top).start_child(late), Err(SupervisorError::AlreadyPresent));
        let again = world.supervisor(top).restart_child("late")?.expect("it runs");
        assert_ne!(again, pid);
        assert_eq!(world.supervisor(top).which("late")?.starts, 2);
        assert_eq!(world.supervisor(top).stop_child("late"), Ok(()));
        assert_eq!(world.supervisor(top).delete_child("late"), Ok(()));
        assert_eq!(world.supervisor(top).which("late"), Err(SupervisorError::NotFound));
        assert_eq!(world.supervisor(top).stop_child("late"), Err(SupervisorError::NotFound));
        assert_eq!(world.supervisor(top).stop_instance(again), Err(SupervisorError::NotDynamic));
        assert_eq!(world.supervisor(top).start_instance(&1u64), Err(SupervisorError::NotDynamic));

        let bad = ChildSpec { significant: true, restart: Restart::Transient, ..self::worker("bad") };
        let refused = world.supervisor(top).start_child(bad);
        assert_eq!(refused, Err(SpecError::SignificantNever("bad".into()).into()));
        let nowhere = ChildSpec::worker("x", EntryStart::new("nowhere"));
        let refused = world.supervisor(top).start_child(nowhere);
        assert_eq!(refused, Err(SupervisorError::NoEntry("nowhere".into())));
        let failing = ChildStart::new(actor(|_, input| match input {
            Input::Start => anyhow::bail!("no"),
            _ => Ok(()),
        }));
        let refused = world.supervisor(top).start_child(ChildSpec::worker("f", failing));
        assert_eq!(refused, Err(SupervisorError::StartFailed(sim_tests::handler_error())));
        let ignoring = ChildStart::new(actor(|cx, _| {
            cx.ignore();
            Ok(())
        }));
        assert_eq!(world.supervisor(top).start_child(ChildSpec::worker("i", ignoring)), Ok(None));
        assert_eq!(world.supervisor(top).which("i")?.state, ChildState::Down);
        Ok(())
    });
}

/// An instance of a template knows what it was started with.
struct Session(u64);

impl Actor for Session {
    type Message = u64;

    fn on_message(&mut self, cx: &mut Context, _: u64) -> Result<()> {
        cx.reply(self.0)
    }
}

#[test]
fn of_a_dynamic_supervisor() {
    holds(|world| {
        let template = ChildSpec::worker("session", ChildStart::typed(Session));
        let top =
            world.spawn("top", Supervisor::dynamic(template).intensity(3, std::time::Duration::from_secs(5)));
        let start = |world: &mut World, n: u64| world.supervisor(top).start_instance(&n);
        let one = start(world, 10)?.expect("it runs");
        let other = start(world, 20)?.expect("it runs");
        assert_eq!((world.ask::<_, u64>(one, 0u64)?, world.ask::<_, u64>(other, 0u64)?), (10, 20));
        // A restarted instance has its own arguments again (T6).
        world.kill(one);
        world.settle()?;
        let children = world.supervisor(top).children()?;
        let pids: Vec<Pid> = children.iter().filter_map(|c| c.state.pid()).collect();
        assert_eq!((pids.len(), pids[0]), (2, other));
        assert_eq!(world.ask::<_, u64>(pids[1], 0u64)?, 10);
        let counts = Counts { specs: 1, active: 2, supervisors: 0, workers: 2 };
        assert_eq!(world.supervisor(top).counts(), Ok(counts));
        assert_eq!(world.supervisor(top).stop_instance(pids[1]), Ok(()));
        assert_eq!(world.supervisor(top).stop_instance(one), Ok(()), "a dead pid is fine");
        assert_eq!(world.supervisor(top).stop_instance(top), Err(SupervisorError::NotFound), "a stranger");
        for refused in [
            world.supervisor(top).start_child(worker("a")).map(drop),
            world.supervisor(top).stop_child("session"),
            world.supervisor(top).restart_child("session").map(drop),
            world.supervisor(top).delete_child("session"),
            world.supervisor(top).which("session").map(drop),
        ] {
            assert_eq!(refused, Err(SupervisorError::Dynamic));
        }
        Ok(())
    });
}

#[test]
fn of_an_actor_that_is_no_supervisor() {
    holds(|world| {
        let sink = world.spawn(
            "sink",
            actor(|cx, input| match input {
                Input::Start | Input::Message(_) => cx.reply(7u64),
                _ => Ok(()),
            }),
        );
        let none = world.supervisor(sink).which("a");
        assert_eq!(
            none,
            Err(SupervisorError::NoProcess),
            "the payload was none of its messages, and it ended"
        );
        Ok(())
    });
}

/// An actor has the answer when the reply comes.
#[test]
fn of_an_actor_that_calls() {
    holds(|world| {
        let diary = Diary::new();
        let keep = diary.clone();
        let top = world.spawn("top", Supervisor::one_for_one().child(worker("a")));
        let asked = Diary::new();
        world.spawn(
            "caller",
            actor(move |cx, input| {
                match input {
                    Input::Start => {
                        asked.push((
                            cx.supervisor(top).counts()?,
                            cx.supervisor(top).stop_child("a")?,
                            cx.supervisor(top).stop_child("b")?,
                        ));
                    }
                    Input::Signal(signal) => {
                        let (counts, a, b) = asked.all()[0];
                        keep.push((counts.by(&signal), a.by(&signal), b.by(&signal)));
                    }
                    _ => {}
                }
                Ok(())
            }),
        );
        world.settle()?;
        let counts = Counts { specs: 1, active: 1, supervisors: 0, workers: 1 };
        let expected = [
            (Some(Ok(counts)), None, None),
            (None, Some(Ok(())), None),
            (None, None, Some(Err(SupervisorError::NotFound))),
        ];
        assert_eq!(diary.all(), expected);
        Ok(())
    });
}
