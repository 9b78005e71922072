//! Rules Z.

use super::rig::up;

const BOTH: [&str; 3] = ["a transient significant", "b temporary significant", "c"];

#[test]
fn z1_any_significant_that_ends_and_is_not_restarted_stops_the_supervisor() {
    up("any", &BOTH).run(&[("exit 1 normal", "stop 3")]);
    up("any", &BOTH).run(&[
        ("exit 2 boom", "stop 3"),
        ("exit 3 shutdown", "stop 1"),
        ("exit 1 shutdown", "exit shutdown"),
    ]);
}

#[test]
fn z2_all_significant_waits_for_the_last_live_one() {
    up("all", &BOTH).run(&[("exit 1 normal", ""), ("exit 2 normal", "stop 3")]);
    up("all", &BOTH).run(&[("exit 2 normal", ""), ("exit 1 normal", "stop 3")]);
}

#[test]
fn z2_a_restarting_child_counts_as_live() {
    up("all", &BOTH).run(&[
        ("exit 1 boom", "count a 1; start a 4"),
        ("failed 4 boom", "retry 1"),
        ("exit 2 boom", ""),
        ("call 9 children", "reply 9 c 3, a restarting"),
    ]);
}

#[test]
fn z3_never_by_stop_child() {
    for flags in ["any", "all"] {
        up(flags, &BOTH).run(&[
            ("call 9 stop a", "stop 1"),
            ("exit 1 normal", "reply 9 ok"),
            ("call 9 stop b", "stop 2"),
            ("exit 2 shutdown", "reply 9 ok"),
            ("call 9 children", "reply 9 c 3, a down"),
        ]);
    }
}

#[test]
fn z3_never_as_a_bystander() {
    up("one_for_all any", &BOTH).run(&[
        ("exit 3 boom", "count c 1; stop 2"),
        ("exit 2 normal", "stop 1"),
        ("exit 1 normal", "start a 4"),
        ("started 4", "start c 5"),
        ("started 5", ""),
    ]);
}

#[test]
fn z3_never_by_a_child_that_is_not_significant_or_is_restarted() {
    up("any", &["a transient", "b temporary", "c transient significant"]).run(&[
        ("exit 1 normal", ""),
        ("exit 2 boom", ""),
        ("exit 3 boom", "count c 1; start c 4"),
        ("ignored 4", ""),
        ("call 9 children", "reply 9 c down, a down"),
    ]);
    // Nor does it end a supervisor whose significant children are all down already.
    up("all", &["a transient", "b transient significant"]).run(&[
        ("call 9 stop b", "stop 2"),
        ("exit 2 shutdown", "reply 9 ok"),
        ("exit 1 normal", ""),
    ]);
}

#[test]
fn z4_it_escalates() {
    // The reason with which a supervisor ends automatically …
    up("any", &["a temporary significant"]).run(&[("exit 1 normal", "exit shutdown")]);
    // … ends its parent too, if it is significant there.
    up("any", &["a supervisor transient significant"]).run(&[("exit 1 shutdown", "exit shutdown")]);
}
