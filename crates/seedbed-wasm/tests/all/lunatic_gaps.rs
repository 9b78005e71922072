//! Where lunatic goes wrong: each of its known faults that a module can meet, by its number in the
//! design. On lunatic each of these fails.

#![expect(clippy::unwrap_used, reason = "what is missing here fails the test")]

use crate::both::{both, root};
use crate::lunatic::{alone, catching, fails, guest, misuse, run, says, text};
use seedbed_abi::{ExitReason, Failure, TrapKind};
use seedbed_core::{At, Event, Limits, MailboxPolicy, Observer, SpawnOptions};
use seedbed_sim::{InWorld, Plain, RunConfig, World, WorldConfig, run_with};
use seedbed_wasm::WasiConfig;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

const WAITS: (char, &str) = ('c', "(drop (call $any (i64.const -1)))");

/// Notes what everybody says and how they end.
#[derive(Clone, Default)]
struct Notes(Rc<RefCell<Vec<String>>>);

impl Observer for Notes {
    fn event(&mut self, _: At, event: &Event<'_>) {
        match event {
            Event::Logged { who, text, .. } => self.0.borrow_mut().push(format!("{}: {text}", who.text)),
            Event::Exited { who, reason, .. } => {
                self.0.borrow_mut().push(format!("{}: ended: {reason}", who.text))
            }
            _ => {}
        }
    }
}

#[test]
fn g01_order_holds_after_a_receive_that_timed_out() {
    let body = "(local.set $x (call $spawn (i64.const 0) 'a (call $me)))
        (call $say32 (call $tagged (i64.const 9) (i64.const 5))) (call $say32 (call $any (i64.const 5)))
        (call $send (local.get $x) (i64.const 0) (i64.const 0))
        (loop
            (drop (call $any (i64.const -1))) (call $say (call $read))
            (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if 0 (i32.lt_u (local.get $i) (i32.const 4))))";
    let child = "(drop (call $any (i64.const -1)))
        (loop
            (call $send (local.get $n) (i64.const 1) (local.get $x))
            (local.set $x (i64.add (local.get $x) (i64.const 1))) (br_if 0 (i64.lt_u (local.get $x) (i64.const 4))))";
    assert_eq!(says(body, &[('a', child)]), ["9027", "9027", "0", "1", "2", "3"]);
}

#[test]
fn g02_a_monitor_of_the_dead_is_told_at_once() {
    let body =
        "(local.set $x (call $spawn (i64.const 0) 'c (i64.const 0))) (call $process.kill (local.get $x))
        (call $process.monitor (local.get $x)) (call $say32 (call $any (i64.const -1))) (call $tell)";
    assert_eq!(says(body, &[WAITS]), ["2", "no process"]);
}

#[test]
fn g03_links_and_monitors_of_who_dies_meanwhile_are_answered() {
    let body = "(call $process.die_when_link_dies (i32.const 0))
        (local.set $x (call $spawn (i64.const 0) 'c (i64.const 0)))
        (call $send (local.get $x) (i64.const 0) (i64.const 0)) (call $process.kill (local.get $x))
        (call $process.link (i64.const 4) (local.get $x)) (call $process.monitor (local.get $x))
        (call $say32 (i32.add (call $any (i64.const -1)) (call $any (i64.const -1))))";
    assert_eq!(says(body, &[WAITS]), ["3"], "one link and one monitor");
}

#[test]
fn g04_a_panic_of_the_host_in_a_call_is_a_failure_that_is_told() {
    /// Panics in the host call in which a process says this.
    struct Panics;
    impl Observer for Panics {
        fn event(&mut self, _: At, event: &Event<'_>) {
            assert!(!matches!(event, Event::Logged { text: "7", .. }), "a bug of the host");
        }
    }
    // Deep in a catch, too: the guest does not get to see it.
    let child = "(drop (call $any (i64.const -1))) (drop (call $trap.catch (i32.const 8) (i32.const 7))) (call $say (i64.const 8))";
    let body = "(call $process.die_when_link_dies (i32.const 0))
        (local.set $x (call $spawn (i64.const 5) 'a (i64.const 0))) (call $process.monitor (local.get $x)) (call $registry.put 'x (i32.const 1) (i64.const 0) (local.get $x))
        (call $send (local.get $x) (i64.const 1) (i64.const 0))
        (call $say32 (call $any (i64.const -1))) (call $tell) (call $say32 (call $any (i64.const -1))) (call $tell)
        (call $say32 (call $process.exists (local.get $x))) (call $say32 (call $registry.get 'x (i32.const 1) (i32.const 100) (i32.const 108)))";
    let actor = Arc::new(guest(&catching(body, &[('a', child)])));
    let notes = Notes::default();
    let keep = notes.clone();
    let program = move |world: &mut World| {
        world.observe(keep.clone());
        world.observe(Panics);
        let node = world.node("main", |_| {});
        world.spawn_on(node, SpawnOptions::named("g"), actor.clone())?;
        world.settle().map_err(|broken| anyhow::anyhow!("{broken:?}"))?;
        Ok(())
    };
    let config = WorldConfig { allow_failures: true, ..WorldConfig::default() };
    let (outcome, _) =
        run_with(&InWorld { config, program }, &RunConfig::seed(1), Box::new(Plain), Vec::new());
    assert_eq!(outcome.found, None);
    let panic = "host panic";
    let ended = format!("main/g/#1: ended: {panic}");
    let told = ["1", panic, "2", panic, "0", "1"].map(|line| format!("main/g: {line}"));
    let all = notes.0.borrow().clone();
    assert_eq!(all[..1], ["main/g/#1: 7"], "{all:?}");
    assert_eq!(all[1..], [&[ended][..], &told, &["main/g: ended: normal".to_owned()]].concat(), "{all:?}");
}

#[test]
fn g05_who_is_killed_while_it_spawns_leaves_nobody_behind() {
    // The child's start waits for ever.
    let start = r#"(module (import "lunatic::message" "receive" (func $receive (param i32 i32 i64) (result i32)))
        (memory (export "memory") 1) (start $s) (func $s (drop (call $receive (i32.const 0) (i32.const 0) (i64.const -1)))) (func (export "a") (param i64)))"#;
    let data = escaped(start);
    let body = format!(
        "(local.set $x (call $spawn (i64.const 0) 'b (i64.const 0)))
        (call $process.sleep_ms (i64.const 10)) (call $say32 (call $registry.get 'x (i32.const 1) (i32.const 100) (i32.const 108)))
        (call $process.kill (local.get $x)) (call $process.sleep_ms (i64.const 1))
        (call $say32 (call $registry.get 'x (i32.const 1) (i32.const 100) (i32.const 108)))
        (call $say32 (call $process.exists (i64.load (i32.const 108)))))
        (data (i32.const 20000) \"{data}\") (func $end"
    );
    let spawner = format!(
        "(drop (call $process.compile_module (i32.const 20000) (i32.const {}) (i32.const 100))) (call $params (i64.const 0))
        (drop (call $process.get_or_spawn 'x (i32.const 1) (i64.const 1) (i64.const -1) (i64.load (i32.const 100))
        'a (i32.const 1) (i32.const 8208) (i32.const 17) (i32.const 100) (i32.const 108)))",
        data.len() / 3
    );
    let did = alone(guest(&text(&body, &[('b', &spawner)])));
    assert_eq!(did.log_of("g"), ["0", "1", "0"], "{did:?}");
    assert_eq!(did.exits.len(), 3);
}

fn escaped(text: &str) -> String {
    wat::parse_str(text).unwrap().iter().map(|byte| format!("\\{byte:02x}")).collect()
}

#[test]
fn g06_a_kill_inside_of_catches_ends_only_who_is_killed() {
    // It waits in a catch in a catch, and is killed; another kills itself there.
    let body = "(local.set $x (call $spawn (i64.const 0) 'a (i64.const 3))) (local.set $y (call $spawn (i64.const 0) 'a (i64.const 1)))
        (call $process.monitor (local.get $x)) (call $process.sleep_ms (i64.const 5)) (call $process.kill (local.get $x))
        (call $say32 (call $any (i64.const -1))) (call $tell) (call $process.sleep_ms (i64.const 5)) (call $say32 (call $process.exists (local.get $y)))";
    let child =
        "(drop (call $trap.catch (i32.const 7) (i32.wrap_i64 (local.get $n)))) (call $say (i64.const 99))";
    let did = alone(guest(&catching(body, &[('a', child)])));
    assert_eq!(did.log_of("g"), ["2", "killed", "0"], "{did:?}");
    assert_eq!(did.end_of("g/#1"), Some(&ExitReason::Killed));
    assert_eq!(did.end_of("g/#2"), Some(&ExitReason::Killed));
    assert!(did.logged.iter().all(|(_, _, text)| text != "99"), "nobody came back");
}

#[test]
fn g07_a_kill_of_itself_takes_effect_at_the_call() {
    let body = "(call $say (i64.const 1)) (call $process.kill (call $me)) (call $say (i64.const 2))";
    let did = run(body, &[]);
    assert_eq!((did.log_of("g"), did.end_of("g")), (vec!["1"], Some(&ExitReason::Killed)));
}

#[test]
fn g08_a_kill_is_ahead_of_the_mail_that_was_sent_before_it() {
    let body = "(local.set $x (call $spawn (i64.const 0) 'a (i64.const 0))) (call $process.sleep_ms (i64.const 1))
        (loop
            (call $send (local.get $x) (i64.const 1) (i64.const 7))
            (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if 0 (i32.lt_u (local.get $i) (i32.const 100))))
        (call $process.kill (local.get $x)) (call $process.sleep_ms (i64.const 1))";
    let did = run(body, &[('a', "(loop (drop (call $any (i64.const -1))) (call $say (call $read)) (br 0))")]);
    assert_eq!((did.log_of("g/#1"), did.end_of("g/#1")), (vec![], Some(&ExitReason::Killed)));
}

#[test]
fn g09_notices_come_in_the_order_in_which_they_were_asked_for() {
    let told = "(call $process.kill (local.get $x)) (call $say32 (call $any (i64.const -1))) (call $say32 (call $any (i64.const -1)))";
    let spawn = "(local.set $x (call $spawn (i64.const 0) 'c (i64.const 0)))";
    let (link, monitor) =
        ("(call $process.link (i64.const 3) (local.get $x))", "(call $process.monitor (local.get $x))");
    let body = format!(
        "(call $process.die_when_link_dies (i32.const 0)) {spawn} {link} {monitor} {told} {spawn} {monitor} {link} {told}"
    );
    assert_eq!(says(&body, &[WAITS]), ["1", "2", "2", "1"]);
}

#[test]
fn g10_who_is_told_of_a_death_is_told_whose_and_why() {
    let body = "(call $process.die_when_link_dies (i32.const 0))
        (local.set $x (call $spawn (i64.const 5) 'a (i64.const 0))) (call $say32 (call $any (i64.const -1)))
        (call $say32 (i64.eq (call $message.get_process_id) (local.get $x))) (call $say (call $message.get_tag)) (call $tell)
        (local.set $x (call $spawn (i64.const 0) 'c (i64.const 0))) (call $process.monitor (local.get $x)) (call $process.kill (local.get $x))
        (call $say32 (call $any (i64.const -1))) (call $say32 (i64.eq (call $message.get_process_id) (local.get $x))) (call $tell)";
    let said = says(body, &[WAITS, ('a', "unreachable")]);
    assert_eq!(said, ["1", "1", "5", "trap: unreachable executed", "2", "1", "killed"]);
}

#[test]
fn g11_what_is_no_longer_monitored_is_not_told_of() {
    // It is dead, and what tells of it waits in the mailbox already.
    let body =
        "(local.set $x (call $spawn (i64.const 0) 'c (i64.const 0))) (call $process.monitor (local.get $x))
        (call $process.kill (local.get $x)) (call $process.sleep_ms (i64.const 5))
        (call $process.stop_monitoring (local.get $x)) (call $say32 (call $any (i64.const 20)))";
    assert_eq!(says(body, &[WAITS]), ["9027"]);
}

#[test]
fn g12_names_of_the_dead_and_of_those_that_did_not_start_are_free() {
    let get = "(call $say32 (call $registry.get 'x (i32.const 1) (i32.const 100) (i32.const 108)))";
    let failing = escaped(r#"(module (start $s) (func $s unreachable) (func (export "a") (param i64)))"#);
    let spawn = |module: &str, function: &str| {
        format!(
            "(call $params (i64.const 5)) (call $say32 (call $process.get_or_spawn 'x (i32.const 1) (i64.const 0) (i64.const -1) {module}
            {function} (i32.const 1) (i32.const 8208) (i32.const 17) (i32.const 200) (i32.const 208)))"
        )
    };
    let body = format!(
        "(local.set $x (call $spawn (i64.const 0) 'c (i64.const 0))) (call $registry.put 'x (i32.const 1) (i64.const 0) (local.get $x))
        {get} (call $process.kill (local.get $x)) {get}
        (drop (call $process.compile_module (i32.const 20000) (i32.const {}) (i32.const 300)))
        {} {get} {} {get} {} {get})
        (data (i32.const 20000) \"{failing}\") (func $end",
        failing.len() / 3,
        spawn("(i64.load (i32.const 300))", "'a"),
        spawn("(i64.const -1)", "'q"),
        spawn("(i64.const -1)", "'c"),
    );
    let did = alone(guest(&text(&body, &[WAITS])));
    let said: Vec<&str> = did.log_of("g").into_iter().filter(|line| !line.starts_with("compiled")).collect();
    assert_eq!(said, ["0", "1", "1", "1", "1", "1", "0", "0"], "{did:?}");
}

#[test]
fn g13_a_start_may_look_names_up_while_its_own_is_made() {
    let start = escaped(
        r#"(module (import "lunatic::registry" "get" (func $get (param i32 i32 i32 i32) (result i32))) (memory (export "memory") 1) (data (i32.const 0) "x")
        (start $s) (func $s (if (call $get (i32.const 0) (i32.const 1) (i32.const 8) (i32.const 16)) (then unreachable))) (func (export "a") (param i64)))"#,
    );
    let body = format!(
        "(drop (call $process.compile_module (i32.const 20000) (i32.const {}) (i32.const 300))) (call $params (i64.const 0))
        (call $say32 (call $process.get_or_spawn 'x (i32.const 1) (i64.const 0) (i64.const -1) (i64.load (i32.const 300))
        'a (i32.const 1) (i32.const 8208) (i32.const 17) (i32.const 200) (i32.const 208))))
        (data (i32.const 20000) \"{start}\") (func $end",
        start.len() / 3
    );
    let did = alone(guest(&text(&body, &[])));
    assert_eq!(did.log_of("g")[1..], ["0"]);
}

#[test]
fn g14_a_timer_that_went_off_is_not_cancelled() {
    let body = "(call $write (i64.const 1) (i64.const 10)) (local.set $x (call $timer.send_after (call $me) (i64.const 1)))
        (call $process.sleep_ms (i64.const 20)) (call $say32 (call $timer.cancel_timer (local.get $x)))
        (call $say32 (call $any (i64.const 0))) (call $say (call $read))
        (call $write (i64.const 1) (i64.const 10)) (local.set $x (call $timer.send_after (call $me) (i64.const 1)))
        (call $say32 (call $timer.cancel_timer (local.get $x))) (call $say32 (call $any (i64.const 20)))";
    assert_eq!(says(body, &[]), ["0", "0", "10", "1", "9027"]);
}

#[test]
fn g15_timers_end_with_their_process() {
    let body = "(drop (call $spawn (i64.const 0) 'a (call $me))) (call $say32 (call $any (i64.const 100)))";
    let child = "(call $write (i64.const 1) (i64.const 10)) (drop (call $timer.send_after (local.get $n) (i64.const 10)))";
    assert_eq!(says(body, &[('a', child)]), ["9027"]);
}

#[test]
fn g16_nobody_passes_on_more_than_it_has() {
    // The child may spawn and configure, but not compile; its child gets no memory that it has not.
    let body = "(local.set $x (call $process.create_config)) (call $process.config_set_can_spawn_processes (local.get $x) (i32.const 1))
        (call $process.config_set_can_create_configs (local.get $x) (i32.const 1)) (call $process.config_set_max_memory (local.get $x) (i64.const 196608))
        (call $say32 (call $try (i64.const 0) (local.get $x) 'a (i64.const 0))) (call $process.sleep_ms (i64.const 10))";
    let child = "(local.set $x (call $process.create_config)) (call $process.config_set_max_memory (local.get $x) (i64.const 99999999))
        (drop (call $try (i64.const 0) (local.get $x) 'b (i64.const 0))) (call $process.config_set_can_compile_modules (local.get $x) (i32.const 1))";
    let grandchild = "(call $say32 (memory.grow (i32.const 1))) (call $say32 (i32.eq (memory.grow (i32.const 1)) (i32.const -1)))";
    let did = run(body, &[('a', child), ('b', grandchild)]);
    assert_eq!(did.log_of("g/#1/#1"), ["2", "1"], "{did:?}");
    let grant = "process::config_set_can_compile_modules: a process cannot grant what it may not do itself";
    assert_eq!(did.end_of("g/#1"), Some(&misuse(grant).into()));
}

#[test]
fn g17_clocks_randomness_files_and_what_else_is_imported_are_permissions() {
    let allowed = |interfaces: &[&str]| WasiConfig {
        imports: Some(interfaces.iter().map(ToString::to_string).collect()),
        ..WasiConfig::default()
    };
    // Nobody here has clocks: not by a module that somebody compiles, nor by a process that it configures.
    let clock = escaped(
        r#"(module (import "wasi_snapshot_preview1" "clock_time_get" (func (param i32 i64 i32) (result i32)))
        (import "lunatic::sqlite" "open" (func)) (memory (export "memory") 1) (func (export "a") (param i64)))"#,
    );
    let compile = format!(
        "(drop (call $process.compile_module (i32.const 20000) (i32.const {}) (i32.const 100))) (call $params (i64.const 0))
        (local.set $i (call $process.spawn (i64.const 0) (i64.const -1) (i64.load (i32.const 100)) 'a (i32.const 1) (i32.const 8208) (i32.const 17) (i32.const 100)))
        (call $say32 (local.get $i)) (if (local.get $i) (then (call $explain (i64.load (i32.const 100)))))",
        clock.len() / 3
    );
    let body = format!(
        "{compile} (local.set $x (call $process.create_config))
        (call $process.config_set_can_spawn_processes (local.get $x) (i32.const 1)) (call $process.config_set_can_compile_modules (local.get $x) (i32.const 1))
        (call $say32 (call $try (i64.const 0) (local.get $x) 'b (i64.const 0))) (call $process.sleep_ms (i64.const 5)))
        (data (i32.const 20000) \"{clock}\") (func $end"
    );
    let actor = || guest(&text(&body, &[('b', &compile)]));
    let all = ["lunatic:error", "lunatic:message", "lunatic:process", "wasi:io"];
    let did = alone(actor().wasi(allowed(&all)).unwrap());
    let refused = "the module imports `clock_time_get` of `wasi:clocks`, which is not among its `imports`";
    let said = |path| did.log_of(path)[1..].to_vec();
    assert_eq!((said("g"), said("g/#1")), (vec!["1", refused, "0"], vec!["1", refused]), "{did:?}");
    // With them, it starts: what is linked to a trap gives it nothing.
    let did = alone(actor().wasi(allowed(&[&all[..], &["wasi:clocks"]].concat())).unwrap());
    assert_eq!(did.log_of("g")[1], "0", "{did:?}");
    // Its own module is looked at before it starts.
    let errors =
        actor().wasi(allowed(&["lunatic:process", "lunatic:message", "lunatic:errors"])).unwrap_err();
    let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
    let known = "lunatic:distributed, lunatic:error, lunatic:message, lunatic:metrics";
    assert!(
        errors[0].starts_with(&format!("there is no interface `lunatic:errors`: known are {known}")),
        "{errors:?}"
    );
    assert!(errors.iter().any(|e| e.starts_with("the module imports `fd_write` of `wasi:io`")), "{errors:?}");
    assert!(
        errors.iter().any(|e| e.starts_with("the module imports `to_string` of `lunatic:error`")),
        "{errors:?}"
    );
}

#[test]
fn g18_sizes_that_a_guest_names_take_no_memory_of_the_host() {
    let body = "(call $message.create_data (i64.const 0) (i64.const 0x8000000000000000)) (call $say (call $message.data_size))
        (call $say32 (call $process.compile_module (i32.const 0) (i32.const -1) (i32.const 100))) (call $explain (i64.load (i32.const 100)))";
    let said = says(body, &[]);
    assert_eq!(said, ["0", "1", "a module of 4294967295 bytes is larger than 8388608"]);
    let function = "(drop (call $process.spawn (i64.const 0) (i64.const -1) (i64.const -1) (i32.const 0) (i32.const -1) (i32.const 0) (i32.const 0) (i32.const 100)))";
    assert_eq!(fails(function), misuse("process::spawn: a text of 4294967295 bytes is longer than 4096"));
    let params = "(drop (call $process.spawn (i64.const 0) (i64.const -1) (i64.const -1) 'a (i32.const 1) (i32.const 0) (i32.const -1) (i32.const 100)))";
    assert_eq!(fails(params), misuse("process::spawn: more than 1000 parameters"));
}

#[test]
fn g19_a_mailbox_is_bounded_and_its_senders_wait() {
    let limits = Limits { mailbox_count: 3, policy: MailboxPolicy::Wait, ..Limits::default() };
    let body = "(local.set $x (call $spawn (i64.const 0) 'a (call $me)))
        (loop
            (call $send (local.get $x) (i64.const 1) (i64.const 7))
            (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if 0 (i32.lt_u (local.get $i) (i32.const 30))))
        (call $say (i64.const 1)) (drop (call $tagged (i64.const 2) (i64.const -1))) (call $say (call $read))";
    let child = "(loop
            (drop (call $any (i64.const -1)))
            (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if 0 (i32.lt_u (local.get $i) (i32.const 30))))
        (call $send (local.get $n) (i64.const 2) (i64.const 30))";
    let did = alone(guest(&text(body, &[('a', child)])).limits(limits));
    assert_eq!(did.log_of("g"), ["1", "30"], "{did:?}");
}

#[test]
fn g20_an_answer_that_is_late_is_no_mail() {
    let body =
        "(local.set $x (call $spawn (i64.const 0) 'a (call $me))) (call $write (i64.const 1) (i64.const 0))
        (call $say32 (call $message.send_receive_skip_search (local.get $x) (i64.const 70) (i64.const 5)))
        (call $say32 (call $any (i64.const 100)))";
    let child = "(drop (call $any (i64.const -1))) (call $process.sleep_ms (i64.const 30)) (call $send (local.get $n) (i64.const 70) (i64.const 1))";
    let said = says(body, &[('a', child)]);
    assert_eq!(said, ["9027", "an answer under tag 70 came too late", "9027"]);
}

#[test]
fn g21_a_request_to_the_dead_and_the_dying_ends() {
    let ask = "(call $write (i64.const 1) (i64.const 0)) (call $say32 (call $message.send_receive_skip_search (local.get $x) (i64.const 70) (i64.const -1)))";
    let body = format!("(local.set $x (call $spawn (i64.const 0) 'a (i64.const 0))) {ask} {ask}");
    assert_eq!(says(&body, &[('a', "(drop (call $any (i64.const -1))) unreachable")]), ["9027", "9027"]);
}

/// As the crate asks a process to shut down: a request that waits for its answer as long as it takes.
fn shut_down(whom: &str) -> String {
    format!(
        "(call $write (i64.const 2) (i64.const 0)) (call $say32 (call $message.send_receive_skip_search {whom} (i64.const 70) (i64.const -1)))"
    )
}

#[test]
fn g22_shutting_down_the_others_ends_also_if_they_died_at_once() {
    // One for all: of two children that one mistake kills, the first that is heard of has the other shut down.
    let ask = shut_down("(local.get $y)");
    let body = format!(
        "(call $process.die_when_link_dies (i32.const 0))
        (local.set $x (call $spawn (i64.const 5) 'c (i64.const 0))) (local.set $y (call $spawn (i64.const 6) 'c (i64.const 0)))
        (call $process.kill (local.get $x)) (call $process.kill (local.get $y))
        (call $say32 (call $any (i64.const -1))) (call $say (call $message.get_tag)) {ask}
        (call $say32 (call $any (i64.const -1))) (call $say (call $message.get_tag))"
    );
    assert_eq!(says(&body, &[WAITS]), ["1", "5", "9027", "1", "6"]);
}

#[test]
fn g23_who_restarts_for_ever_comes_to_the_limit_of_its_spawns() {
    let limits = Limits { spawn_max: 4, ..Limits::default() };
    let supervisor = "(call $process.die_when_link_dies (i32.const 0))
        (loop
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (drop (call $spawn (i64.const 5) 'a (i64.const 0))) (drop (call $any (i64.const -1))) (br 0))";
    let body = "(call $process.die_when_link_dies (i32.const 0)) (local.set $x (call $spawn (i64.const 9) 's (i64.const 0)))
        (call $say32 (call $any (i64.const -1))) (call $say (call $message.get_tag)) (call $tell)";
    let did = alone(guest(&text(body, &[('s', supervisor), ('a', "unreachable")])).limits(limits));
    let limit = "process::spawn: a limit of the caller is reached";
    assert_eq!(did.log_of("g"), ["1", "9", &format!("trap: other: {limit}")], "{did:?}");
    assert_eq!(did.end_of("g/#1"), Some(&misuse(limit).into()));
    assert_eq!(did.exits.len(), 6, "four children, their supervisor and its own: {did:?}");
}

#[test]
fn g24_an_end_in_peace_is_seen_and_shutting_down_who_is_gone_ends() {
    let body = format!(
        "(local.set $x (call $spawn (i64.const 5) 'a (i64.const 0))) (call $process.monitor (local.get $x))
        (call $say32 (call $any (i64.const -1))) (call $tell) (call $say32 (call $process.exists (local.get $x))) {}",
        shut_down("(local.get $x)")
    );
    assert_eq!(says(&body, &[('a', "")]), ["2", "normal", "0", "9027"]);
}

#[test]
fn g25_who_dies_before_it_answers_its_starter_is_told_of() {
    // As the crate starts a process: it waits for an answer under a tag. Here it looks for an end, too,
    // which it is told of though the process was dead before anybody asked.
    let body = "(local.set $x (call $spawn (i64.const 0) 'a (call $me))) (call $process.sleep_ms (i64.const 5))
        (call $process.monitor (local.get $x))
        (i64.store (i32.const 100) (i64.const 70)) (i64.store (i32.const 108) (i64.const 71))
        (call $say32 (call $tagged (i64.const 70) (i64.const 10))) (call $say32 (call $any (i64.const -1))) (call $tell)
        ;; Linked, it is told under the tag of the link, among the others it waits for.
        (call $process.die_when_link_dies (i32.const 0)) (local.set $x (call $spawn (i64.const 71) 'b (call $me)))
        (call $process.kill (local.get $x))
        (call $say32 (call $message.receive (i32.const 100) (i32.const 2) (i64.const -1))) (call $say (call $message.get_tag)) (call $tell)";
    let functions = [('a', "unreachable"), ('b', "(drop (call $any (i64.const -1)))")];
    let said = says(body, &functions);
    assert_eq!(said, ["9027", "2", "no process", "1", "71", "killed"]);
}

#[test]
fn g26_g27_what_is_said_of_a_process_of_another_node_reaches_that_one() {
    // It is told who is on the other node; sends, asks, monitors, links and kills that one.
    let near = "(drop (call $any (i64.const -1))) (local.set $x (call $read))
        (call $say (call $distributed.node_id)) (call $say32 (call $distributed.nodes_count))
        (call $say32 (call $distributed.get_nodes (i32.const 100) (i32.const 1))) (call $say (i64.load (i32.const 100)))
        ;; It is not on this node, and not called so by another's number.
        (call $write (i64.const 1) (i64.const 0)) (call $say32 (call $distributed.send (call $distributed.node_id) (local.get $x)))
        (call $write (i64.const 1) (i64.const 0)) (call $say32 (call $distributed.send (i64.const 7) (local.get $x)))
        (call $write (i64.const 1) (call $me)) (call $say32 (call $distributed.send_receive_skip_search (i64.const 2) (local.get $x) (i64.const 70) (i64.const -1)))
        (call $say (call $read))
        (call $process.die_when_link_dies (i32.const 0)) (call $process.monitor (local.get $x)) (call $process.link (i64.const 5) (local.get $x))
        (call $process.sleep_ms (i64.const 100)) (call $process.kill (local.get $x))
        (call $say32 (i32.add (call $any (i64.const -1)) (call $any (i64.const -1))))";
    let far = "(drop (call $any (i64.const -1))) (call $send (call $read) (i64.const 70) (i64.const 42)) (drop (call $any (i64.const -1)))";
    let (near, far) = (Arc::new(guest(&text(near, &[]))), Arc::new(guest(&text(far, &[]))));
    let notes = Notes::default();
    let keep = notes.clone();
    let program = move |world: &mut World| {
        world.observe(keep.clone());
        let a = world.node("a", |_| {});
        let b = world.node("b", |_| {});
        let near = world.spawn_on(a, SpawnOptions::named("near"), near.clone())?;
        let far = world.spawn_on(b, SpawnOptions::named("far"), far.clone())?;
        world.settle().map_err(|broken| anyhow::anyhow!("{broken:?}"))?;
        let client = world.client();
        world.send_raw(client, near, 1, far.to_raw().to_le_bytes().to_vec(), false);
        world.settle().map_err(|broken| anyhow::anyhow!("{broken:?}"))?;
        Ok(())
    };
    let config = WorldConfig { allow_failures: true, ..WorldConfig::default() };
    let (outcome, _) =
        run_with(&InWorld { config, program }, &RunConfig::seed(1), Box::new(Plain), Vec::new());
    assert_eq!(outcome.found, None);
    let said = ["1", "2", "1", "1", "1", "2", "0", "42"].map(|n| format!("a/near: {n}"));
    let all = notes.0.borrow().clone();
    assert_eq!(all[..8], said, "{all:?}");
    assert_eq!(all[8..], ["b/far: ended: killed", "a/near: 3", "a/near: ended: normal"], "{all:?}");
}

#[test]
fn g31_a_call_of_a_function_that_does_not_fit_is_an_error_and_not_the_end() {
    let body = "(call $params (i64.const 0)) (i32.store8 (i32.const 8208) (i32.const 0x7b))
        (call $say32 (call $process.spawn (i64.const 0) (i64.const -1) (i64.const -1) 'a (i32.const 1) (i32.const 8208) (i32.const 17) (i32.const 100)))";
    assert_eq!(says(body, &[('a', "")]), ["1"]);
}

#[test]
fn g32_sums_of_pointers_do_not_wrap() {
    let bad = |name: &str| Failure::Trap(TrapKind::BadPointer, name.into());
    let wraps = [
        (
            "message::receive",
            "(drop (call $message.receive (i32.const 8) (i32.const 0x20000000) (i64.const 0)))",
        ),
        ("message::receive", "(drop (call $message.receive (i32.const -8) (i32.const 2) (i64.const 0)))"),
        (
            "registry::get",
            "(drop (call $registry.get (i32.const -1) (i32.const 2) (i32.const 0) (i32.const 8)))",
        ),
        ("registry::put", "(call $registry.put (i32.const -4) (i32.const 8) (i64.const 0) (call $me))"),
        (
            "message::write_data",
            "(call $message.create_data (i64.const 0) (i64.const 0)) (drop (call $message.write_data (i32.const -4) (i32.const 8)))",
        ),
        (
            "process::spawn",
            "(drop (call $process.spawn (i64.const 0) (i64.const -1) (i64.const -1) (i32.const -1) (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 0)))",
        ),
        (
            "process::spawn",
            "(drop (call $process.spawn (i64.const 0) (i64.const -1) (i64.const -1) 'a (i32.const 1) (i32.const -17) (i32.const 34) (i32.const 0)))",
        ),
    ];
    for (name, body) in wraps {
        let failure = fails(body);
        let expected = if body.contains("0x20000000") {
            misuse("message::receive: 536870912 tags are more than 4096")
        } else {
            bad(name)
        };
        assert_eq!(failure, expected, "{body}");
    }
}

#[test]
fn a_failure_is_reported_with_the_names_of_its_process() {
    let text = text(
        "(call $registry.put 'x (i32.const 1) (i64.const 0) (call $me)) (call $registry.put 'y (i32.const 2) (i64.const 0) (call $me)) unreachable",
        &[],
    );
    let notes = Rc::new(RefCell::new(Vec::new()));
    let keep = Rc::clone(&notes);
    struct Details(Rc<RefCell<Vec<String>>>);
    impl Observer for Details {
        fn event(&mut self, _: At, event: &Event<'_>) {
            if let Event::Exited { detail: Some(detail), .. } = event {
                self.0.borrow_mut().push(detail.to_string());
            }
        }
    }
    let actor = guest(&text);
    let program = move |world: &mut World| {
        world.observe(Details(Rc::clone(&keep)));
        world.spawn("g", seedbed_core::Shared(Arc::new(actor.clone())));
        let _ = world.settle();
        Ok(())
    };
    let config = WorldConfig { allow_failures: true, ..WorldConfig::default() };
    run_with(&InWorld { config, program }, &RunConfig::seed(1), Box::new(Plain), Vec::new());
    assert!(notes.borrow()[0].starts_with("registered as x, yz: "), "{notes:?}");
    // On the real reactor too.
    assert!(both(&vec![root("g", guest(&text))]).end_of("g").is_some());
}
