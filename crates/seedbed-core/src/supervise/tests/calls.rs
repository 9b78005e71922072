//! The call table for static children, and rules U.

use super::rig::{Rig, Text, plan, rig, up};
use crate::supervise::{Call, Event, Machine, Which};
use seedbed_abi::{ExitReason, Time};

/// Child `a` in each state that a caller can see; b runs beside it.
fn in_state(state: &str) -> Rig {
    let mut rig = up("9/5s", &["a transient", "b supervisor"]);
    match state {
        "running" => {}
        "down" => assert_eq!(rig.feed("exit 1 normal"), ""),
        _ => {
            rig.feed("exit 1 boom");
            assert_eq!(rig.feed("failed 3 boom"), "retry 1");
        }
    }
    rig
}

#[test]
fn calls_answer_as_in_the_table() {
    let running = "error: child is running";
    let restarting = "error: child is restarting";
    let unknown = "error: child not found";
    let present = "error: child already present";
    let table = [
        ("stop", "x", "running", unknown),
        ("stop", "a", "running", "stop 1"),
        ("stop", "a", "down", "ok"),
        ("stop", "a", "restarting", "ok"),
        ("restart", "x", "running", unknown),
        ("restart", "a", "running", running),
        ("restart", "a", "down", "start a 3"),
        ("restart", "a", "restarting", restarting),
        ("delete", "x", "running", unknown),
        ("delete", "a", "running", running),
        ("delete", "a", "down", "ok"),
        ("delete", "a", "restarting", restarting),
        ("start", "x", "running", "start x 3"),
        ("start", "a", "running", "error: child already started as 1"),
        ("start", "a", "down", present),
        ("start", "a", "restarting", present),
    ];
    for (call, id, state, expected) in table {
        let said = in_state(state).feed(&format!("call 9 {call} {id}"));
        assert_eq!(said.strip_prefix("reply 9 ").unwrap_or(&said), expected, "{call} {id} while {state}");
    }
}

#[test]
fn calls_restart_of_a_child_that_is_down() {
    in_state("down").run(&[
        ("call 9 restart a", "start a 3"),
        ("failed 3 boom", "reply 9 failed boom"),
        ("call 9 children", "reply 9 b 2, a down"),
        ("call 9 restart a", "start a 4"),
        ("started 4", "reply 9 started 4"),
        ("call 9 children", "reply 9 b 2, a 4"),
    ]);
}

#[test]
fn calls_stop_of_a_temporary_child_drops_its_spec() {
    up("", &["a temporary", "b"]).run(&[
        ("call 9 stop a", "stop 1"),
        ("exit 1 shutdown", "reply 9 ok"),
        ("call 9 stop a", "reply 9 error: child not found"),
        ("call 9 children", "reply 9 b 2"),
    ]);
}

#[test]
fn calls_which_gives_one_child_and_how_often_it_was_started() {
    for (state, expected) in
        [("running", "a 1, 1 starts"), ("down", "a down, 1 starts"), ("", "a restarting, 2 starts")]
    {
        assert_eq!(in_state(state).feed("call 9 which a"), format!("reply 9 {expected}"));
    }
    assert_eq!(in_state("running").feed("call 9 which x"), "reply 9 error: child not found");
}

#[test]
fn calls_children_and_counts() {
    let mut rig = rig("9/5s", &["a", "b supervisor", "c transient", "d temporary"]);
    for event in ["init", "started 1", "started 2", "started 3", "started 4"] {
        rig.feed(event);
    }
    rig.run(&[
        ("call 9 children", "reply 9 d 4, c 3, b 2, a 1"),
        ("call 9 counts", "reply 9 specs 4 active 4 supervisors 1 workers 3"),
        ("exit 3 normal", ""),
        ("exit 4 normal", ""),
        ("exit 2 boom", "count b 1; start b 5"),
        ("failed 5 boom", "retry 1"),
        ("call 9 children", "reply 9 c down, b restarting, a 1"),
        ("call 9 counts", "reply 9 specs 3 active 1 supervisors 1 workers 2"),
    ]);
}

#[test]
fn calls_after_the_end_are_for_the_kernel_to_answer() {
    up("0/5s", &["a"]).run(&[
        ("exit 1 boom", "too many a 1; exit shutdown"),
        ("call 9 children", ""),
        ("exit 1 noproc", ""),
        ("init", ""),
    ]);
}

#[test]
fn u1_the_same_id_gets_the_new_spec_and_keeps_its_pid_a_new_one_is_not_started_a_missing_one_is_kept() {
    up("0/5s", &["a", "b"]).run(&[
        ("call 9 change rest_for_one 1/5s + c + a supervisor brutal", "reply 9 ok"),
        ("call 9 children", "reply 9 c down, b 2, a 1"),
        ("call 9 counts", "reply 9 specs 3 active 2 supervisors 1 workers 2"),
        ("call 9 restart c", "start c 3"),
        ("started 3", "reply 9 started 3"),
        ("call 9 stop a", "stop! 1"),
        ("exit 1 killed", "reply 9 ok"),
        // The new flags hold: one restart is allowed, and the rest goes along.
        ("exit 2 boom", "count b 1; stop 3"),
    ]);
}

#[test]
fn u1_a_child_is_judged_by_its_new_spec() {
    up("all", &["a transient significant", "b transient significant"]).run(&[
        ("call 9 change all + a temporary + b transient significant", "reply 9 ok"),
        ("exit 1 boom", ""),
        ("call 9 children", "reply 9 b 2"),
        ("exit 2 normal", "exit shutdown"),
    ]);
}

#[test]
fn u2_a_bad_change_changes_nothing() {
    let cases = [
        ("1/0s + a", "the period is zero"),
        ("any + c + c", "child \"c\": the id is used twice"),
        ("any + c significant", "child \"c\": a permanent child cannot be significant"),
        ("dynamic + a", "the strategy cannot change to or from dynamic"),
        // b is not named, and stays: it would be significant to a supervisor that does not care.
        ("one_for_one + a", "child \"b\": significant, but the supervisor never shuts down automatically"),
    ];
    for (change, error) in cases {
        let mut rig = up("any", &["a", "b transient significant"]);
        let flags = rig.machine.flags();
        assert_eq!(rig.feed(&format!("call 9 change {change}")), format!("reply 9 error: {error}"));
        assert_eq!(rig.machine.flags(), flags);
        rig.run(&[("call 9 children", "reply 9 b 2, a 1"), ("exit 2 normal", "stop 1")]);
    }
}

/// What the shell ends holds of mail by: a member of a group that stops to be started again is not given
/// up, one that a caller stopped is, and each is said once.
#[test]
fn given_up_is_who_is_down_for_good() {
    let mut machine = Machine::<Text>::new(plan("one_for_all 9/5s", &["a", "b"])).expect("a good plan");
    let mut given_up = |event| -> Vec<String> {
        machine.handle(Time::ZERO, event, &mut || 0, &mut Vec::new());
        machine.given_up().iter().map(|spec| spec.id.to_string()).collect()
    };
    let none = Vec::<String>::new();
    let (killed, shutdown) = (ExitReason::Killed, ExitReason::Shutdown);
    assert_eq!(given_up(Event::Init), none);
    for pid in [1, 2] {
        assert_eq!(given_up(Event::Spawned { pid }), none);
        assert_eq!(given_up(Event::Started { pid }), none);
    }
    assert_eq!(given_up(Event::Exited { pid: 1, reason: killed }), none, "a is down, and b stops");
    assert_eq!(given_up(Event::Exited { pid: 2, reason: shutdown.clone() }), none, "both are down");
    for pid in [3, 4] {
        assert_eq!(given_up(Event::Spawned { pid }), none);
        assert_eq!(given_up(Event::Started { pid }), none);
    }
    let stop = Call::StopChild(Which::Id("b".into()));
    assert_eq!(given_up(Event::Call { caller: 9, call: stop }), none, "it stops");
    assert_eq!(given_up(Event::Exited { pid: 4, reason: shutdown }), ["b"]);
    assert_eq!(given_up(Event::Unknown), none);
}
