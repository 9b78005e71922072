//! Rules X and B.

use super::rig::{pool, up};

#[test]
fn x1_a_failed_restart_is_retried_by_a_message_to_oneself() {
    up("9/5s", &["a"]).run(&[
        ("exit 1 boom", "count a 1; start a 2"),
        ("failed 2 boom", "retry 1"),
        ("call 9 children", "reply 9 a restarting"),
        ("retry 1", "count a 2; start a 3"),
        ("refuse-next noproc", ""),
        ("failed 3 boom", "retry 2"),
        ("retry 2", "count a 3; start a 4; retry 3"),
        ("retry 3", "count a 4; start a 5"),
        ("started 5", ""),
    ]);
}

#[test]
fn x2_requests_are_served_meanwhile() {
    up("", &["a", "b supervisor"]).run(&[
        ("exit 1 boom", "count a 1; start a 3"),
        ("failed 3 boom", "retry 1"),
        ("call 9 start a", "reply 9 error: child already present"),
        ("call 9 restart a", "reply 9 error: child is restarting"),
        ("call 9 delete a", "reply 9 error: child is restarting"),
        ("call 9 children", "reply 9 b 2, a restarting"),
        ("call 9 counts", "reply 9 specs 2 active 1 supervisors 1 workers 1"),
    ]);
}

#[test]
fn x3_stopping_the_child_cancels_the_retry() {
    up("9/5s", &["a", "b"]).run(&[
        ("exit 1 boom", "count a 1; start a 3"),
        ("failed 3 boom", "retry 1"),
        ("call 9 stop a", "reply 9 ok"),
        ("call 9 children", "reply 9 b 2, a down"),
        ("retry 1", "stale 1"),
        ("call 9 restart a", "start a 4"),
        ("started 4", "reply 9 started 4"),
        ("exit 4 boom", "count a 2; start a 5"),
        ("failed 5 boom", "retry 2"),
        ("retry 1", "stale 1"),
        ("retry 2", "count a 3; start a 6"),
    ]);
}

#[test]
fn x3_replacing_the_child_cancels_the_retry() {
    // By another of the same id …
    up("9/5s", &["a"]).run(&[
        ("exit 1 boom", "count a 1; start a 2"),
        ("failed 2 boom", "retry 1"),
        ("call 9 stop a", "reply 9 ok"),
        ("call 9 delete a", "reply 9 ok"),
        ("call 9 start a", "start a 3"),
        ("ignored 3", "reply 9 ignored"),
        ("retry 1", "stale 1"),
    ]);
    // … by a new spec, which has a retry of its own, without the old delay …
    up("9/5s", &["a backoff"]).run(&[
        ("exit 1 boom", "delay a n=0 100ms; arm 1 100ms"),
        ("call 9 change 9/5s + a brutal", "cancel 1; retry 2; reply 9 ok"),
        ("fire 1", "stale 1"),
        ("retry 2", "count a 1; start a 2"),
    ]);
    // … unless it is never restarted …
    up("9/5s", &["a"]).run(&[
        ("exit 1 boom", "count a 1; start a 2"),
        ("failed 2 boom", "retry 1"),
        ("call 9 change 9/5s + a temporary", "reply 9 ok"),
        ("retry 1", "stale 1"),
        ("call 9 children", "reply 9 a down"),
    ]);
    // … or by a restart of its group.
    up("one_for_all 9/5s", &["a", "b"]).run(&[
        ("exit 2 boom", "count b 1; stop 1"),
        ("exit 1 shutdown", "start a 3"),
        ("started 3", "start b 4"),
        ("failed 4 boom", "retry 1"),
        ("exit 3 boom", "count a 2; start a 5"),
        ("started 5", "start b 6"),
        ("started 6", ""),
        ("retry 1", "stale 1"),
    ]);
}

#[test]
fn x4_stopping_the_supervisor_cancels_the_retry() {
    up("9/5s", &["a", "b backoff"]).run(&[
        ("exit 2 boom", "delay b n=0 100ms; arm 1 100ms"),
        ("shutdown shutdown", "cancel 1; stop 1"),
        ("fire 1", "stale 1"),
        ("exit 1 shutdown", "exit shutdown"),
    ]);
    // At once, not when the stops come to its slot.
    up("9/5s", &["a backoff", "b"]).run(&[
        ("exit 1 boom", "delay a n=0 100ms; arm 1 100ms"),
        ("shutdown shutdown", "cancel 1; stop 2"),
        ("exit 2 shutdown", "exit shutdown"),
    ]);
    pool("9/5s", "a", 2).run(&[
        ("exit 2 boom", "count a 1; start a(2) 3"),
        ("failed 3 boom", "retry 1"),
        ("shutdown shutdown", "stop 1"),
        ("retry 1", ""),
        ("exit 1 shutdown", "exit shutdown"),
    ]);
}

#[test]
fn x5_rest_for_one_resumes_at_the_blocked_slot_and_members_before_it_stay() {
    up("rest_for_one 9/5s", &["a", "b", "c"]).run(&[
        ("exit 1 boom", "count a 1; stop 3"),
        ("exit 3 shutdown", "stop 2"),
        ("exit 2 shutdown", "start a 4"),
        ("started 4", "start b 5"),
        ("failed 5 boom", "retry 1"),
        ("call 9 children", "reply 9 c down, b restarting, a 4"),
        ("retry 1", "count b 2; start b 6"),
        ("started 6", "start c 7"),
        ("started 7", ""),
        ("call 9 children", "reply 9 c 7, b 6, a 4"),
    ]);
}

#[test]
fn x5_one_for_all_tears_the_freshly_restarted_down_and_starts_all_again() {
    up("one_for_all 9/5s", &["a", "b", "c"]).run(&[
        ("exit 3 boom", "count c 1; stop 2"),
        ("exit 2 shutdown", "stop 1"),
        ("exit 1 shutdown", "start a 4"),
        ("started 4", "start b 5"),
        ("failed 5 boom", "retry 1"),
        ("retry 1", "count b 2; stop 4"),
        ("exit 4 shutdown", "start a 6"),
        ("started 6", "start b 7"),
        ("started 7", "start c 8"),
    ]);
}

#[test]
fn x6_the_blocked_slot_is_the_one_restarting_not_the_one_that_died() {
    up("one_for_all 9/5s", &["a", "b"]).run(&[
        ("exit 2 boom", "count b 1; stop 1"),
        ("exit 1 shutdown", "start a 3"),
        ("failed 3 boom", "retry 1"),
        ("call 9 children", "reply 9 b down, a restarting"),
    ]);
}

#[test]
fn x7_ignore_on_a_restart_is_not_retried() {
    up("", &["a"]).run(&[
        ("exit 1 boom", "count a 1; start a 2"),
        ("ignored 2", ""),
        ("call 9 children", "reply 9 a down"),
    ]);
    up("one_for_all", &["a", "b"]).run(&[
        ("exit 1 boom", "count a 1; stop 2"),
        ("exit 2 shutdown", "start a 3"),
        ("ignored 3", "start b 4"),
        ("started 4", ""),
        ("call 9 children", "reply 9 b 4, a down"),
    ]);
    pool("", "a", 1).run(&[
        ("exit 1 boom", "count a 1; start a(1) 2"),
        ("ignored 2", ""),
        ("call 9 counts", "reply 9 specs 1 active 0 supervisors 0 workers 0"),
    ]);
}

#[test]
fn b1_delays_grow_and_jitter_is_drawn_from_the_stream() {
    up("9/5s", &["a jitter=500"]).run(&[
        ("exit 1 boom", "delay a n=0 100ms; arm 1 100ms"),
        ("fire 1", "count a 1; start a 2"),
        ("random 9223372036854775808", ""),
        ("failed 2 boom", "delay a n=1 250ms; arm 2 250ms"),
        ("fire 2", "count a 2; start a 3"),
    ]);
}

#[test]
fn b2_while_waiting_the_slot_is_restarting_with_a_deadline() {
    up("9/5s", &["a backoff", "b"]).run(&[
        ("at 2s", ""),
        ("exit 1 boom", "delay a n=0 100ms; arm 1 100ms"),
        ("call 9 children", "reply 9 b 2, a restarting at 2.100000000s"),
        ("call 9 restart a", "reply 9 error: child is restarting"),
        ("call 9 stop a", "cancel 1; reply 9 ok"),
        ("fire 1", "stale 1"),
        ("call 9 children", "reply 9 b 2, a down"),
    ]);
}

#[test]
fn b2_the_group_of_a_waiting_child_is_restarted_when_its_time_comes() {
    up("one_for_all 9/5s", &["a backoff", "b backoff"]).run(&[
        ("exit 1 boom", "delay a n=0 100ms; arm 1 100ms"),
        ("exit 2 boom", "delay b n=0 100ms; arm 2 100ms"),
        ("fire 1", "count a 1; cancel 2; start a 3"),
        ("started 3", "arm 3 10s; start b 4"),
    ]);
}

#[test]
fn b3_n_goes_back_to_zero_after_the_child_lived_long_enough() {
    up("9/5s", &["a backoff"]).run(&[
        ("exit 1 boom", "delay a n=0 100ms; arm 1 100ms"),
        ("fire 1", "count a 1; start a 2"),
        ("started 2", "arm 2 10s"),
        ("fire 2", ""),
        ("exit 2 boom", "delay a n=0 100ms; arm 3 100ms"),
    ]);
}

#[test]
fn b3_not_if_n_changed_since_the_timer_was_set() {
    up("9/5s", &["a backoff"]).run(&[
        ("exit 1 boom", "delay a n=0 100ms; arm 1 100ms"),
        ("fire 1", "count a 1; start a 2"),
        ("started 2", "arm 2 10s"),
        ("exit 2 boom", "cancel 2; delay a n=1 200ms; arm 3 200ms"),
        ("fire 2", "stale 2"),
        ("fire 3", "count a 2; start a 3"),
        ("started 3", "arm 4 10s"),
        ("call 9 start b", "start b 4"),
        ("exit 3 boom", ""),
        ("fire 4", ""),
        ("started 4", "reply 9 started 4; delay a n=2 400ms; arm 5 400ms"),
    ]);
}

#[test]
fn b4_the_delay_chosen_is_in_the_trace_and_counted_only_when_the_attempt_is_made() {
    up("0/5s", &["a backoff"])
        .run(&[("exit 1 boom", "delay a n=0 100ms; arm 1 100ms"), ("fire 1", "too many a 1; exit shutdown")]);
}
