//! Rules S, and B5.

use super::rig::{pool, rig, up};

#[test]
fn s1_children_start_in_list_order_one_after_another() {
    rig("", &["a", "b", "c"]).run(&[
        ("init", "start a 1"),
        ("started 1", "start b 2"),
        ("started 2", "start c 3"),
        ("started 3", "ready"),
    ]);
    rig("", &[]).run(&[("init", "ready")]);
    rig("dynamic", &["a"]).run(&[("init", "ready")]);
}

#[test]
fn s2_a_start_yields_a_pid_ignore_or_an_error() {
    up("", &["a"]).run(&[
        ("call 9 start b", "start b 2"),
        ("started 2", "reply 9 started 2"),
        ("call 9 start c", "start c 3"),
        ("ignored 3", "reply 9 ignored"),
        ("call 9 start d", "start d 4"),
        ("failed 4 boom", "reply 9 failed boom"),
        ("refuse-next noproc", ""),
        ("call 9 start e", "start e 5; reply 9 failed noproc"),
    ]);
}

#[test]
fn s2_a_death_before_the_notice_tells_the_same() {
    up("", &["a"]).run(&[
        ("call 9 start b", "start b 2"),
        ("exit 2 start-boom", "reply 9 failed boom"),
        ("failed 2 boom", "stranger 2"),
        ("call 9 start b", "start b 3"),
        ("exit 3 killed", "reply 9 failed killed"),
        ("call 9 start b", "start b 4"),
        ("exit 4 normal", "reply 9 ignored"),
        ("ignored 4", "stranger 4"),
    ]);
}

#[test]
fn s3_ignore_keeps_the_slot_down_but_not_a_temporary_one() {
    rig("", &["a", "b temporary"]).run(&[
        ("init", "start a 1"),
        ("ignored 1", "start b 2"),
        ("ignored 2", "ready"),
        ("call 9 start c temporary", "start c 3"),
        ("ignored 3", "reply 9 ignored"),
        ("call 9 children", "reply 9 a down"),
        ("call 9 restart a", "start a 4"),
        ("ignored 4", "reply 9 ignored"),
        ("call 9 children", "reply 9 a down"),
    ]);
}

#[test]
fn s3_an_ignored_instance_is_not_stored() {
    pool("", "a", 0).run(&[
        ("call 9 instance 7", "start a(7) 1"),
        ("ignored 1", "reply 9 ignored"),
        ("call 9 counts", "reply 9 specs 1 active 0 supervisors 0 workers 0"),
    ]);
}

#[test]
fn s4_a_failure_at_first_start_stops_the_started_in_reverse() {
    rig("", &["a", "b", "c", "d"]).run(&[
        ("init", "start a 1"),
        ("started 1", "start b 2"),
        ("started 2", "start c 3"),
        ("failed 3 boom", "stop 2"),
        ("exit 2 shutdown", "stop 1"),
        ("exit 1 shutdown", "exit shutdown (failed to start c: handler error 1)"),
        ("call 9 children", ""),
    ]);
}

#[test]
fn s5_the_starter_gets_exactly_one_notice() {
    up("", &["a"]).run(&[
        ("call 9 start b", "start b 2"),
        ("started 2", "reply 9 started 2"),
        ("started 2", "stranger 2"),
        ("failed 2 boom", "stranger 2"),
        ("ignored 1", "stranger 1"),
        ("call 9 children", "reply 9 b 2, a 1"),
    ]);
}

#[test]
fn s6_adding_a_known_id_or_one_that_cannot_start() {
    up("", &["a", "b transient"]).run(&[
        ("call 9 start a", "reply 9 error: child already started as 1"),
        ("exit 2 normal", ""),
        ("call 9 start b", "reply 9 error: child already present"),
        ("exit 1 boom", "count a 1; start a 3"),
        ("failed 3 boom", "retry 1"),
        ("call 9 start a", "reply 9 error: child already present"),
        ("call 9 start c", "start c 4"),
        ("failed 4 boom", "reply 9 failed boom"),
        ("call 9 children", "reply 9 b down, a restarting"),
    ]);
}

#[test]
fn s7_new_children_go_to_the_end_also_when_an_id_is_used_again() {
    up("", &["a", "b"]).run(&[
        ("call 9 stop a", "stop 1"),
        ("exit 1 shutdown", "reply 9 ok"),
        ("call 9 delete a", "reply 9 ok"),
        ("call 9 start a", "start a 3"),
        ("started 3", "reply 9 started 3"),
        ("call 9 children", "reply 9 a 3, b 2"),
        ("shutdown shutdown", "stop 3"),
        ("exit 3 shutdown", "stop 2"),
        ("exit 2 shutdown", "exit shutdown"),
    ]);
}

#[test]
fn starting_defers_calls_retries_and_exits_in_order_of_arrival() {
    up("2/5s", &["a", "b", "c"]).run(&[
        ("exit 1 boom", "count a 1; start a 4"),
        ("failed 4 boom", "retry 1"),
        ("call 8 start d", "start d 5"),
        ("call 9 children", ""),
        ("exit 2 normal", ""),
        ("retry 1", ""),
        ("started 5", "reply 8 started 5; reply 9 d 5, c 3, b 2, a restarting; count b 2; start b 6"),
        ("started 6", "too many a 3; stop 5"),
    ]);
}

#[test]
fn starting_defers_a_shutdown_until_the_start_in_hand_is_done() {
    rig("", &["a", "b"]).run(&[
        ("init", "start a 1"),
        ("shutdown shutdown", ""),
        ("started 1", "stop 1"),
        ("exit 1 shutdown", "exit shutdown"),
    ]);
    up("one_for_all", &["a", "b"]).run(&[
        ("exit 1 boom", "count a 1; stop 2"),
        ("exit 2 shutdown", "start a 3"),
        ("shutdown shutdown", ""),
        ("failed 3 boom", "exit shutdown"),
    ]);
    rig("", &["a"]).run(&[("shutdown shutdown", "exit shutdown"), ("init", "")]);
}

#[test]
fn b5_a_start_that_never_returns_is_killed_and_counts_as_failed() {
    up("", &["a"]).run(&[
        ("call 9 start b start_timeout=3s", "start b 2; arm 1 3s"),
        ("started 2", "cancel 1; reply 9 started 2"),
        ("call 9 start c start_timeout=3s", "start c 3; arm 2 3s"),
        ("fire 2", "overdue c 3; kill 3"),
        ("failed 3 killed", "reply 9 failed killed"),
        ("exit 3 start-boom", "stranger 3"),
    ]);
}

#[test]
fn b5_a_start_that_returns_too_late_is_killed_all_the_same() {
    up("", &["a start_timeout=3s"]).run(&[
        ("exit 1 boom", "count a 1; start a 2; arm 2 3s"),
        ("fire 2", "overdue a 2; kill 2"),
        ("started 2", ""),
        ("call 9 children", ""),
        ("exit 2 normal", "retry 3; reply 9 a restarting"),
    ]);
}
