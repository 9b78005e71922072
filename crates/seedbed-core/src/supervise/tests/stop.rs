//! Rules D, for static children.

use super::rig::up;

#[test]
fn d1_a_stop_monitors_asks_and_waits() {
    for (policy, said) in
        [("brutal", "stop! 1"), ("shutdown=2s", "stop 1; arm 1 2s"), ("shutdown=0s", "stop 1; arm 1 0ns")]
    {
        up("", &[&format!("a {policy}")]).run(&[("call 9 stop a", said), ("call 8 children", "")]);
    }
}

#[test]
fn d2_at_the_timeout_it_is_killed_and_waited_for_without_limit() {
    up("", &["a shutdown=2s"]).run(&[
        ("call 9 stop a", "stop 1; arm 1 2s"),
        ("fire 1", "kill 1"),
        ("fire 1", "stale 1"),
        ("exit 1 killed", "odd a 1 killed; reply 9 ok"),
    ]);
}

#[test]
fn d2_infinity_never_escalates() {
    up("", &["a"]).run(&[("call 9 stop a", "stop 1"), ("exit 1 shutdown", "reply 9 ok")]);
}

#[test]
fn d3_the_true_reason_is_kept_when_the_child_died_by_itself_meanwhile() {
    // Its own exit comes before the monitor's down, which knows only that it is gone.
    up("", &["a"]).run(&[
        ("call 9 stop a", "stop 1"),
        ("exit 1 boom", "odd a 1 boom; reply 9 ok"),
        ("exit 1 noproc", "stranger 1"),
    ]);
    // It died while the supervisor was busy: nothing is sent to it any more.
    up("", &["a", "b"]).run(&[
        ("call 9 stop b", "stop 2"),
        ("call 8 stop a", ""),
        ("exit 1 boom", ""),
        ("exit 2 shutdown", "reply 9 ok; odd a 1 boom; reply 8 ok"),
    ]);
}

#[test]
fn d4_a_child_that_unlinked_itself_cannot_hang_the_supervisor() {
    // The monitor tells its end.
    up("", &["a"]).run(&[("call 9 stop a", "stop 1"), ("exit 1 noproc", "odd a 1 noproc; reply 9 ok")]);
}

#[test]
fn d5_odd_reasons_are_reported_and_nothing_more() {
    let quiet = [
        ("", "permanent", &["shutdown"][..]),
        ("", "transient", &["shutdown", "detail", "normal"]),
        ("brutal", "permanent", &["killed"]),
        ("brutal", "temporary", &["killed", "shutdown", "detail", "normal"]),
    ];
    for (policy, restart, quiet) in quiet {
        for reason in ["normal", "shutdown", "detail", "killed", "noproc", "boom"] {
            let mut rig = up("", &[format!("a {restart} {policy}").trim_end()]);
            rig.feed("call 9 stop a");
            let odd = if quiet.contains(&reason) { String::new() } else { format!("odd a 1 {reason}; ") };
            assert_eq!(
                rig.feed(&format!("exit 1 {reason}")),
                format!("{odd}reply 9 ok"),
                "{restart} {policy}"
            );
        }
    }
}

#[test]
fn d6_a_child_stays_linked_while_it_stops() {
    // The machine has no command that unlinks; all that a whole life of stops says is this.
    up("one_for_all", &["a brutal", "b shutdown=1s", "c"]).run(&[
        ("call 9 stop c", "stop 3"),
        ("exit 3 shutdown", "reply 9 ok"),
        ("exit 1 boom", "count a 1; stop 2; arm 1 1s"),
        ("fire 1", "kill 2"),
        ("exit 2 killed", "odd b 2 killed; start a 4"),
        ("shutdown shutdown", ""),
        ("started 4", "stop! 4"),
        ("exit 4 killed", "exit shutdown"),
    ]);
}

#[test]
fn d7_a_supervisor_stops_its_children_one_after_another_in_reverse() {
    up("", &["a shutdown=1s", "b shutdown=2s", "c brutal", "d"]).run(&[
        ("shutdown shutdown", "stop 4"),
        ("exit 4 shutdown", "stop! 3"),
        ("exit 3 killed", "stop 2; arm 1 2s"),
        ("fire 1", "kill 2"),
        ("exit 2 killed", "odd b 2 killed; stop 1; arm 2 1s"),
        ("exit 1 shutdown", "cancel 2; exit shutdown"),
    ]);
}

#[test]
fn d8_while_stopping_nothing_is_restarted_and_the_reason_stays() {
    up("any", &["a", "b transient significant", "c"]).run(&[
        ("shutdown detail", "stop 3"),
        ("exit 1 boom", ""),
        ("shutdown killed", ""),
        ("call 9 children", ""),
        ("exit 3 boom", "odd c 3 boom; stop 2"),
        ("exit 2 normal", "odd a 1 boom; exit detail"),
        ("exit 1 noproc", ""),
    ]);
}

#[test]
fn d8_a_stop_in_hand_is_waited_for_and_its_caller_told() {
    up("", &["a", "b", "c"]).run(&[
        ("call 9 stop b", "stop 2"),
        ("call 8 stop a", ""),
        ("shutdown shutdown", ""),
        ("exit 2 shutdown", "reply 9 ok; stop 3"),
        ("exit 3 shutdown", "stop 1"),
        ("exit 1 shutdown", "exit shutdown"),
    ]);
}

#[test]
fn d9_sub_supervisors_get_infinity() {
    use crate::supervise::{ChildSpec, Shutdown};
    assert_eq!(ChildSpec::supervisor("a", ()).shutdown, Shutdown::Infinity);
}
