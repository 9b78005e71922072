//! Rules R.

use super::rig::{pool, rig, up};

/// What an exit leads to, for each restart type and reason.
const TABLE: [(&str, [&str; 3]); 6] = [
    ("normal", ["restart", "down", "removed"]),
    ("shutdown", ["restart", "down", "removed"]),
    ("detail", ["restart", "down", "removed"]),
    ("killed", ["restart", "restart", "removed"]),
    ("noproc", ["restart", "restart", "removed"]),
    ("boom", ["restart", "restart", "removed"]),
];

#[test]
fn r1_the_reason_decides() {
    for (reason, fates) in TABLE {
        for (restart, fate) in ["permanent", "transient", "temporary"].into_iter().zip(fates) {
            let (said, children) = match fate {
                "restart" => ("count a 1; start a 2", "a 2"),
                "down" => ("", "a down"),
                _ => ("", ""),
            };
            let mut rig = up("", &[&format!("a {restart}")]);
            assert_eq!(rig.feed(&format!("exit 1 {reason}")), said, "{restart} {reason}");
            if fate == "restart" {
                rig.feed("started 2");
            }
            rig.run(&[("call 9 children", &format!("reply 9 {children}"))]);
        }
    }
}

#[test]
fn r1_instances_do_not_stay_down() {
    for (reason, fates) in TABLE {
        for (restart, fate) in ["permanent", "transient", "temporary"].into_iter().zip(fates) {
            let said = if fate == "restart" { "count a 1; start a(1) 2" } else { "" };
            let mut rig = pool("", &format!("a {restart}"), 1);
            assert_eq!(rig.feed(&format!("exit 1 {reason}")), said, "{restart} {reason}");
            if fate != "restart" {
                rig.run(&[("call 9 children", "reply 9 ")]);
            }
        }
    }
}

#[test]
fn r2_an_exit_of_a_pid_that_is_no_current_child_is_ignored() {
    up("9/5s", &["a"]).run(&[
        ("exit 77 boom", "stranger 77"),
        ("exit 1 boom", "count a 1; start a 2"),
        ("started 2", ""),
        ("exit 1 noproc", "stranger 1"),
        ("call 9 children", "reply 9 a 2"),
    ]);
}

#[test]
fn r2_the_second_notice_of_one_death_is_ignored() {
    up("9/5s", &["a", "b"]).run(&[
        ("call 9 start c", "start c 3"),
        ("exit 1 boom", ""),
        ("exit 1 noproc", "stranger 1"),
        ("started 3", "reply 9 started 3; count a 1; start a 4"),
        ("exit 1 noproc", "stranger 1"),
    ]);
    pool("9/5s", "a", 1).run(&[
        ("exit 1 boom", "count a 1; start a(1) 2"),
        ("failed 2 boom", "retry 1"),
        ("exit 1 noproc", "stranger 1"),
        ("exit 2 boom", "stranger 2"),
    ]);
}

#[test]
fn r3_unknown_messages_are_traced_and_dropped() {
    rig("", &["a"]).run(&[("init", "start a 1"), ("unknown", "unknown"), ("started 1", "ready")]);
}

#[test]
#[should_panic(expected = "a start command and its answer must follow each other")]
fn an_answer_without_a_start_is_a_bug_of_the_shell() {
    use crate::supervise::Event;
    let mut rig = up("", &["a"]);
    let now = seedbed_abi::Time::ZERO;
    rig.machine.handle(now, Event::Spawned { pid: 5 }, &mut || 0, &mut Vec::new());
}
