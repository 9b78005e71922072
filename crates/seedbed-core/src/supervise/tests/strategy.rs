//! Rules T.

use super::rig::{plan, pool, up};
use crate::supervise::Machine;

#[test]
fn t1_one_for_one_leaves_siblings_and_order_alone() {
    up("", &["a", "b", "c"]).run(&[
        ("exit 2 boom", "count b 1; start b 4"),
        ("started 4", ""),
        ("call 9 children", "reply 9 c 3, b 4, a 1"),
    ]);
}

#[test]
fn t2_one_for_all_stops_the_others_in_reverse_each_its_own_way_then_starts_all_in_order() {
    up("one_for_all", &["a", "b", "c shutdown=2s", "d brutal"]).run(&[
        ("exit 2 boom", "count b 1; stop! 4"),
        ("exit 4 killed", "stop 3; arm 1 2s"),
        ("exit 3 shutdown", "cancel 1; stop 1"),
        ("exit 1 shutdown", "start a 5"),
        ("started 5", "start b 6"),
        ("started 6", "start c 7"),
        ("started 7", "start d 8"),
        ("started 8", ""),
        ("call 9 children", "reply 9 d 8, c 7, b 6, a 5"),
    ]);
}

#[test]
fn t3_rest_for_one_does_so_for_the_slots_after_the_failed_one() {
    up("rest_for_one", &["a", "b", "c", "d"]).run(&[
        ("exit 2 boom", "count b 1; stop 4"),
        ("exit 4 shutdown", "stop 3"),
        ("exit 3 shutdown", "start b 5"),
        ("started 5", "start c 6"),
        ("started 6", "start d 7"),
        ("started 7", ""),
        ("call 9 children", "reply 9 d 7, c 6, b 5, a 1"),
    ]);
}

#[test]
fn t4_a_group_restart_also_starts_slots_that_were_down() {
    for (strategy, last) in [("one_for_all", "start a 4"), ("rest_for_one", "start b 4")] {
        let mut rig = up(strategy, &["a transient", "b", "c transient"]).run(&[("exit 3 normal", "")]);
        if strategy == "one_for_all" {
            rig = rig.run(&[("exit 1 normal", "")]);
        }
        rig.run(&[("exit 2 boom", &format!("count b 1; {last}"))]);
    }
    up("one_for_all", &["a transient", "b"]).run(&[
        ("exit 1 normal", ""),
        ("exit 2 boom", "count b 1; start a 3"),
        ("started 3", "start b 4"),
    ]);
}

#[test]
fn t5_temporary_bystanders_are_stopped_and_forgotten() {
    up("one_for_all", &["a temporary", "b", "c temporary"]).run(&[
        ("exit 2 boom", "count b 1; stop 3"),
        ("exit 3 shutdown", "stop 1"),
        ("exit 1 shutdown", "start b 4"),
        ("started 4", ""),
        ("call 9 children", "reply 9 b 4"),
    ]);
    up("rest_for_one", &["a temporary", "b", "c temporary"]).run(&[
        ("exit 2 boom", "count b 1; stop 3"),
        ("exit 3 shutdown", "start b 4"),
        ("started 4", ""),
        ("call 9 children", "reply 9 b 4, a 1"),
    ]);
}

#[test]
fn t6_dynamic_restarts_that_instance_with_its_own_arguments() {
    pool("9/5s", "a", 3).run(&[
        ("exit 2 boom", "count a 1; start a(2) 4"),
        ("started 4", ""),
        ("exit 4 boom", "count a 2; start a(2) 5"),
        ("started 5", ""),
        ("exit 1 boom", "count a 3; start a(1) 6"),
    ]);
}

#[test]
fn t7_two_deaths_inside_a_restarted_group_count_one_restart() {
    // The second notice comes while the stop of that child is in hand …
    up("one_for_all 1/5s", &["a", "b"]).run(&[
        ("exit 1 boom", "count a 1; stop 2"),
        ("exit 2 boom", "odd b 2 boom; start a 3"),
        ("started 3", "start b 4"),
        ("started 4", ""),
    ]);
    // … or while another's is.
    up("one_for_all 1/5s", &["a", "b", "c"]).run(&[
        ("exit 1 boom", "count a 1; stop 3"),
        ("exit 2 boom", ""),
        ("exit 3 shutdown", "odd b 2 boom; start a 4"),
        ("started 4", "start b 5"),
        ("started 5", "start c 6"),
        ("started 6", ""),
        ("call 9 children", "reply 9 c 6, b 5, a 4"),
    ]);
}

#[test]
fn t7_the_stale_exit_of_a_bystander_that_was_forgotten_is_swallowed() {
    up("one_for_all 1/5s", &["a", "b temporary", "c"]).run(&[
        ("exit 1 boom", "count a 1; stop 3"),
        ("exit 2 boom", ""),
        ("exit 3 shutdown", "odd b 2 boom; start a 4"),
        ("started 4", "start c 5"),
        ("started 5", ""),
        ("call 9 children", "reply 9 c 5, a 4"),
    ]);
}

#[test]
fn t7_two_deaths_under_one_for_one_count_two() {
    up("1/5s", &["a", "b"]).run(&[
        ("exit 1 boom", "count a 1; start a 3"),
        ("exit 2 boom", ""),
        ("started 3", "too many b 2; stop 3"),
        ("exit 3 shutdown", "exit shutdown"),
    ]);
}

#[test]
fn t7_a_death_outside_the_group_counts_by_itself() {
    up("rest_for_one 1/5s", &["a", "b"]).run(&[
        ("exit 2 boom", "count b 1; start b 3"),
        ("exit 1 boom", ""),
        ("started 3", "too many a 2; stop 3"),
    ]);
}

#[test]
fn t8_added_children_take_part_in_group_restarts() {
    up("one_for_all", &["a"]).run(&[
        ("call 9 start b", "start b 2"),
        ("started 2", "reply 9 started 2"),
        ("exit 1 boom", "count a 1; stop 2"),
        ("exit 2 shutdown", "start a 3"),
        ("started 3", "start b 4"),
    ]);
    // The supervisor itself starts again from its plan, which does not know them.
    let again = Machine::<super::rig::Text>::new(plan("one_for_all", &["a"])).expect("a good plan");
    assert_eq!(again.counts().specs, 1);
}
