//! Dynamic supervisors: the last column of the call table, D7, and their cost.

use super::rig::{Text, plan, pool, up};
use crate::supervise::*;
use seedbed_abi::{ExitReason, Time};

#[test]
fn dynamic_stop_child_needs_a_pid() {
    pool("9/5s", "a", 2).run(&[
        ("call 9 stop a", "reply 9 error: not possible under a dynamic supervisor"),
        ("call 9 stop-pid 1 alive", "stop 1"),
        ("exit 1 shutdown", "reply 9 ok"),
        ("call 9 stop-pid 1 dead", "reply 9 ok"),
        ("call 9 stop-pid 77 alive", "reply 9 error: child not found"),
        ("call 9 counts", "reply 9 specs 1 active 1 supervisors 0 workers 1"),
    ]);
    up("", &["a"]).run(&[
        ("call 9 stop-pid 1 alive", "reply 9 error: only possible under a dynamic supervisor"),
        ("call 9 instance 3", "reply 9 error: only possible under a dynamic supervisor"),
    ]);
}

#[test]
fn dynamic_a_child_that_died_while_its_call_waited_is_stopped() {
    pool("", "a temporary", 2).run(&[
        ("call 8 stop-pid 1 alive", "stop 1"),
        ("call 9 stop-pid 1 alive", ""),
        ("call 9 stop-pid 77 alive", ""),
        ("exit 1 shutdown", "reply 8 ok; reply 9 ok; reply 9 error: child not found"),
    ]);
}

#[test]
fn dynamic_other_calls_are_errors() {
    for call in ["restart a", "delete a", "start b"] {
        let expected = "reply 9 error: not possible under a dynamic supervisor";
        pool("", "a", 1).run(&[(&format!("call 9 {call}"), expected)]);
    }
}

#[test]
fn dynamic_a_restarting_instance_is_known_by_the_pid_that_ran() {
    pool("9/5s", "a supervisor", 2).run(&[
        ("exit 1 boom", "count a 1; start a(1) 3"),
        ("failed 3 boom", "retry 1"),
        ("call 9 children", "reply 9 a 2, a restarting"),
        ("call 9 counts", "reply 9 specs 1 active 1 supervisors 2 workers 0"),
        ("retry 1", "count a 2; start a(1) 4"),
        ("failed 4 boom", "retry 2"),
        ("call 9 stop-pid 4 dead", "reply 9 ok"),
        ("call 9 stop-pid 1 dead", "reply 9 ok"),
        ("retry 2", "stale 2"),
        ("call 9 children", "reply 9 a 2"),
    ]);
}

#[test]
fn dynamic_a_start_error_is_replied_and_stores_nothing() {
    pool("", "a", 0).run(&[
        ("call 9 instance 1", "start a(1) 1"),
        ("failed 1 boom", "reply 9 failed boom"),
        ("call 9 counts", "reply 9 specs 1 active 0 supervisors 0 workers 0"),
    ]);
}

#[test]
fn d7_dynamic_all_stop_at_once_with_one_shared_timer() {
    pool("", "a shutdown=2s", 3).run(&[
        ("shutdown shutdown", "stop 1; stop 2; stop 3; arm 1 2s"),
        ("exit 2 shutdown", ""),
        ("fire 1", "kill 1; kill 3"),
        ("exit 3 killed", "odd a 3 killed"),
        ("exit 1 killed", "odd a 1 killed; exit shutdown"),
    ]);
    pool("", "a shutdown=2s", 1)
        .run(&[("shutdown shutdown", "stop 1; arm 1 2s"), ("exit 1 shutdown", "cancel 1; exit shutdown")]);
    pool("", "a brutal", 2).run(&[
        ("shutdown shutdown", "stop! 1; stop! 2"),
        ("exit 1 killed", ""),
        ("exit 2 killed", "exit shutdown"),
    ]);
    pool("", "a", 0).run(&[("shutdown shutdown", "exit shutdown")]);
}

#[test]
fn d7_dynamic_a_stop_in_hand_shares_the_timer() {
    pool("", "a shutdown=2s", 2).run(&[
        ("call 9 stop-pid 1 alive", "stop 1; arm 1 2s"),
        ("shutdown shutdown", "cancel 1; stop 2; arm 2 2s"),
        ("fire 1", "stale 1"),
        ("exit 1 shutdown", "reply 9 ok"),
        ("exit 2 shutdown", "cancel 2; exit shutdown"),
    ]);
}

#[test]
fn d7_dynamic_a_death_that_waited_is_not_stopped_again() {
    pool("", "a", 2).run(&[
        ("call 9 instance 3", "start a(3) 3"),
        ("exit 1 boom", ""),
        ("shutdown shutdown", ""),
        ("started 3", "reply 9 started 3; odd a 1 boom; stop 2; stop 3"),
    ]);
}

#[test]
fn u1_dynamic_a_new_template_holds_for_instances_too() {
    pool("9/5s", "a", 2).run(&[
        ("exit 1 boom", "count a 1; start a(1) 3"),
        ("failed 3 boom", "retry 1"),
        ("call 9 change dynamic 9/5s + b supervisor brutal", "retry 2; reply 9 ok"),
        ("retry 1", "stale 1"),
        ("retry 2", "count a 2; start b(1) 4"),
        ("started 4", ""),
        ("exit 2 boom", "count a 3; start b(2) 5"),
        ("started 5", ""),
        ("call 9 counts", "reply 9 specs 1 active 2 supervisors 2 workers 0"),
        ("call 9 change 9/5s + b", "reply 9 error: the strategy cannot change to or from dynamic"),
        ("exit 4 boom", "count b 4; start b(1) 6"),
        ("failed 6 boom", "retry 3"),
        ("call 9 change dynamic + b temporary", "reply 9 ok"),
        ("retry 3", "stale 3"),
        ("call 9 children", "reply 9 b 5"),
    ]);
}

/// Not a clock: a count of what the machine says, and a size at which anything quadratic would
/// not come back.
#[test]
fn a_hundred_thousand_instances_start_die_and_stop_in_linear_time() {
    const N: u64 = 100_000;
    let mut machine = Machine::<Text>::new(plan("dynamic", &["a temporary"])).expect("a good plan");
    let mut out = Vec::new();
    let mut feed = |machine: &mut Machine<Text>, event| {
        let before = out.len();
        machine.handle(Time::ZERO, event, &mut || 0, &mut out);
        out.len() - before
    };
    let mut said = feed(&mut machine, Event::Init);
    for pid in 0..N {
        said += feed(&mut machine, Event::Call { caller: 0, call: Call::StartInstance(7) });
        said += feed(&mut machine, Event::Spawned { pid });
        said += feed(&mut machine, Event::Started { pid });
    }
    assert_eq!((said as u64, machine.counts().active), (1 + 2 * N, N));
    for pid in (0..N).step_by(2) {
        said += feed(&mut machine, Event::Exited { pid, reason: ExitReason::Killed });
    }
    assert_eq!(machine.counts().active, N / 2);
    said += feed(&mut machine, Event::Shutdown { reason: ExitReason::Shutdown });
    for pid in (1..N).step_by(2) {
        said += feed(&mut machine, Event::Exited { pid, reason: ExitReason::Shutdown });
    }
    assert_eq!(said as u64, 1 + 2 * N + N + 1);
    assert!(machine.has_ended());
}
