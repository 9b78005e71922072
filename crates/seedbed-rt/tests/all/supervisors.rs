//! Calls to supervisors from handles, recorded and replayed.

use crate::actors::{Puppet, block_on};
use seedbed_core::supervise::{ChildSpec, ChildState, Flags, Plan, Restart};
use seedbed_core::{
    Actor, ChildStart, Context, EntryStart, ExitReason, Pid, Result, Supervisor, SupervisorError, address_of,
};
use seedbed_rt::{Cluster, System};
use seedbed_sim::{Setup, replay_recording};
use std::sync::Arc;
use std::time::Duration;

struct Session(u64);

impl Actor for Session {
    type Message = u64;

    fn on_message(&mut self, cx: &mut Context, add: u64) -> Result<()> {
        self.0 += add;
        cx.reply(self.0)
    }
}

fn top() -> Supervisor {
    Supervisor::one_for_one().intensity(3, Duration::from_secs(60))
}

fn sessions() -> Supervisor {
    Supervisor::dynamic(ChildSpec {
        restart: Restart::Temporary,
        ..ChildSpec::worker("session", ChildStart::typed(Session))
    })
}

#[test]
fn children_given_by_a_handle_replay_by_their_ids() {
    let recording = block_on(async {
        let system = System::builder().record_every_event().start().unwrap();
        let top = system.spawn("top", top()).await.unwrap();
        let late = ChildSpec::worker("late", ChildStart::new(|| Session(5)).registered("late"));
        let pid = system.supervisor(top).start_child(late.clone()).await.unwrap().expect("it runs");
        assert_eq!(system.ask::<_, u64>(pid, 1u64).await, Ok(6));
        let again = system.supervisor(top).start_child(late).await;
        assert_eq!(again, Err(SupervisorError::AlreadyStarted(pid)));
        let plan = Plan {
            flags: Flags { intensity: 9, ..Flags::default() },
            children: vec![ChildSpec::worker("late", ChildStart::new(|| Session(5)).registered("late"))],
        };
        system.supervisor(top).change(plan).await.unwrap();
        let gone = system.monitor(pid);
        system.kill(pid).await.unwrap();
        assert_eq!(gone.await, Ok(ExitReason::Killed));
        // The supervisor answers when it has dealt with the death, which came first.
        let line = system.supervisor(top).which("late").await.unwrap();
        assert!(matches!(line.state, ChildState::Running(new) if new != pid), "{line:?}");
        assert_eq!(line.starts, 2);
        let late = address_of(system.node_id(), "late");
        assert_eq!(system.ask::<_, u64>(late, 2u64).await, Ok(7));
        system.supervisor(top).stop_child("late").await.unwrap();
        system.supervisor(top).delete_child("late").await.unwrap();
        assert_eq!(system.supervisor(top).counts().await.unwrap().specs, 0);

        let pool = system.spawn("pool", sessions()).await.unwrap();
        let one = system.supervisor(pool).start_instance(&100u64).await.unwrap().expect("it runs");
        let two = system.supervisor(pool).start_instance(&200u64).await.unwrap().expect("it runs");
        assert_eq!(system.ask::<_, u64>(one, 1u64).await, Ok(101));
        assert_eq!(system.ask::<_, u64>(two, 1u64).await, Ok(201));
        system.supervisor(pool).stop_instance(one).await.unwrap();
        let left: Vec<Pid> =
            system.supervisor(pool).children().await.unwrap().iter().filter_map(|c| c.state.pid()).collect();
        assert_eq!(left, [two]);

        system.kill(pool).await.unwrap();
        assert_eq!(system.supervisor(pool).counts().await, Err(SupervisorError::NoProcess));
        let recording = system.shutdown().await.unwrap().recording.expect("it is recorded");
        assert_eq!(system.supervisor(top).counts().await, Err(SupervisorError::Ended));
        Arc::unwrap_or_clone(recording)
    });
    let setup = || Setup::default().root("top", top()).root("pool", sessions());
    let run = replay_recording(&recording, setup().entry("late", || Session(5)));
    let run = run.unwrap_or_else(|e| panic!("failed to {e}"));
    assert_eq!((run.turns, run.trace_hash), (recording.turns, recording.hash));
    let run = replay_recording(&recording, setup());
    assert!(run.is_err(), "a replay that is not told what makes the child goes another way");
}

#[test]
fn a_factory_stays_on_its_node_and_an_entry_is_found_there() {
    block_on(async {
        let there = System::builder().name("there").entry("puppet", Puppet::default);
        let cluster = Cluster::start(vec![System::builder().name("here"), there]).unwrap();
        let (here, there) = (&cluster.nodes()[0], &cluster.nodes()[1]);
        let top = there.spawn("top", top()).await.unwrap();
        let given = ChildSpec::worker("a", ChildStart::new(|| Session(1)));
        assert_eq!(here.supervisor(top).start_child(given).await, Err(SupervisorError::Elsewhere));
        let by_entry = ChildSpec::worker("a", EntryStart::new("puppet"));
        let pid = here.supervisor(top).start_child(by_entry).await.unwrap().expect("it runs");
        assert!(there.actors().await.unwrap().iter().any(|a| a.pid == pid && a.path == "there/top/a"));
    });
}
