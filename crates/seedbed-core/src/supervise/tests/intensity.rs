//! Rules I. The window itself is tested beside its code.

use super::rig::{pool, up};

#[test]
fn i1_an_attempt_is_recorded_before_it_is_made() {
    up("", &["a"]).run(&[("exit 1 boom", "count a 1; start a 2")]);
}

#[test]
fn i2_attempt_n_plus_one_ends_the_supervisor() {
    up("2/5s", &["a"]).run(&[
        ("exit 1 boom", "count a 1; start a 2"),
        ("started 2", ""),
        ("exit 2 boom", "count a 2; start a 3"),
        ("started 3", ""),
        ("exit 3 boom", "too many a 3; exit shutdown"),
    ]);
}

#[test]
fn i2_zero_allows_none() {
    up("0/5s", &["a"]).run(&[("exit 1 boom", "too many a 1; exit shutdown")]);
}

#[test]
fn i3_an_attempt_exactly_one_period_old_still_counts() {
    for (at, said) in
        [("5000000000ns", "too many a 2; exit shutdown"), ("5000000001ns", "count a 1; start a 3")]
    {
        up("1/5s", &["a"]).run(&[
            ("exit 1 boom", "count a 1; start a 2"),
            ("started 2", ""),
            (&format!("at {at}"), ""),
            ("exit 2 boom", said),
        ]);
    }
}

#[test]
fn i4_the_window_belongs_to_the_supervisor() {
    up("1/5s", &["a", "b"]).run(&[
        ("exit 1 boom", "count a 1; start a 3"),
        ("started 3", ""),
        ("exit 2 boom", "too many b 2; stop 3"),
    ]);
    pool("1/5s", "a", 2).run(&[
        ("exit 1 boom", "count a 1; start a(1) 3"),
        ("started 3", ""),
        ("exit 2 boom", "too many a 2; stop 3"),
    ]);
}

#[test]
fn i5_a_group_restart_is_one_entry() {
    up("one_for_all 1/5s", &["a", "b"]).run(&[
        ("exit 1 boom", "count a 1; stop 2"),
        ("exit 2 shutdown", "start a 3"),
        ("started 3", "start b 4"),
        ("started 4", ""),
    ]);
}

#[test]
fn i6_every_failed_retry_is_an_entry() {
    up("2/5s", &["a"]).run(&[
        ("exit 1 boom", "count a 1; start a 2"),
        ("failed 2 boom", "retry 1"),
        ("retry 1", "count a 2; start a 3"),
        ("failed 3 boom", "retry 2"),
        ("retry 2", "too many a 3; exit shutdown"),
    ]);
}

#[test]
fn i7_filtered_first_then_counted() {
    up("0/5s", &["a transient", "b temporary", "c", "d transient"]).run(&[
        ("exit 1 shutdown", ""),
        ("exit 2 boom", ""),
        ("call 9 stop c", "stop 3"),
        ("exit 3 boom", "odd c 3 boom; reply 9 ok"),
        ("call 9 restart c", "start c 5"),
        ("failed 5 boom", "reply 9 failed boom"),
        ("call 9 restart c", "start c 6"),
        ("started 6", "reply 9 started 6"),
        ("call 9 start e", "start e 7"),
        ("started 7", "reply 9 started 7"),
        ("exit 4 boom", "too many d 1; stop 7"),
    ]);
}

#[test]
fn i8_on_excess_the_rest_stop_in_reverse_and_the_reason_is_shutdown() {
    up("0/5s", &["a", "b", "c"]).run(&[
        ("exit 2 boom", "too many b 1; stop 3"),
        ("exit 3 boom", "odd c 3 boom; stop 1"),
        ("exit 1 shutdown", "exit shutdown"),
    ]);
}

#[test]
fn i9_a_sub_supervisor_that_gave_up_is_restarted_if_permanent_not_if_transient() {
    // The reason is that of i8.
    up("", &["a supervisor"]).run(&[("exit 1 shutdown", "count a 1; start a 2")]);
    up("", &["a supervisor transient"])
        .run(&[("exit 1 shutdown", ""), ("call 9 children", "reply 9 a down")]);
}
