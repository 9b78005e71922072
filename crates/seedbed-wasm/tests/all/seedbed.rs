//! The `seedbed` dialect on both reactors: every import, by guests that log what they are answered.

use crate::both::{Did, Do, Roots, both, client, root};
use crate::world::imports;
use seedbed_abi::{ExitReason, Failure};
use seedbed_wasm::WasmActor;

/// A module around `rest`: imports, a memory page, an inbox of 4096 bytes at 4096, `$say`, which logs
/// a number, and texts: `bob` at 0, `store` at 8, `eve` at 24, `g` at 32.
fn module(rest: &str) -> WasmActor {
    let imports = imports();
    let text = format!(
        r#"(module {imports}
        (memory (export "memory") 1)
        (global (export "seedbed_inbox_ptr") i32 (i32.const 4096))
        (global (export "seedbed_inbox_len") i32 (i32.const 4096))
        (data (i32.const 0) "bob") (data (i32.const 8) "store") (data (i32.const 24) "eve") (data (i32.const 32) "g")
        (func $say (param $n i64) (local $at i32) (local $minus i32)
            (local.set $at (i32.const 1024))
            (if (i64.lt_s (local.get $n) (i64.const 0))
                (then (local.set $minus (i32.const 1)) (local.set $n (i64.sub (i64.const 0) (local.get $n)))))
            (loop $digits
                (local.set $at (i32.sub (local.get $at) (i32.const 1)))
                (i32.store8 (local.get $at) (i32.add (i32.const 48) (i32.wrap_i64 (i64.rem_u (local.get $n) (i64.const 10)))))
                (local.set $n (i64.div_u (local.get $n) (i64.const 10)))
                (br_if $digits (i64.ne (local.get $n) (i64.const 0))))
            (if (local.get $minus)
                (then (local.set $at (i32.sub (local.get $at) (i32.const 1))) (i32.store8 (local.get $at) (i32.const 45))))
            (call $log (i32.const 3) (local.get $at) (i32.sub (i32.const 1024) (local.get $at))))
        (func $say32 (param i32) (call $say (i64.extend_i32_s (local.get 0))))
        {rest})"#
    );
    WasmActor::from_bytes(&wat::parse_str(&text).expect(&text)).expect(&text)
}

/// A module with this handler: `$e`, `$p` and `$n` are its parameters, `$from`, `$correlation`,
/// `$tag` and `$flags` those of the envelope.
fn handler_with(body: &str, rest: &str) -> WasmActor {
    module(&format!(
        r#"(func (export "seedbed_on_message") (param $e i32) (param $p i32) (param $n i32) (result i32)
            (local $from i64) (local $correlation i64) (local $tag i64) (local $flags i32) (local $x i64)
            (local.set $from (i64.load offset=8 (local.get $e)))
            (local.set $correlation (i64.load offset=24 (local.get $e)))
            (local.set $tag (i64.load offset=32 (local.get $e)))
            (local.set $flags (i32.load offset=44 (local.get $e)))
            {body} (i32.const 0))
        {rest}"#
    ))
}

fn handler(body: &str) -> WasmActor {
    handler_with(body, "")
}

/// `body` for messages; of every other signal the flags and the tag are logged.
fn reporting(body: &str) -> String {
    format!(
        "(if (local.get $flags)
            (then (call $say32 (local.get $flags)) (call $say (local.get $tag)))
            (else {body}))"
    )
}

/// `bob`, if he is given, then `g`, then a client that sends it one message.
fn told(g: WasmActor, bob: Option<WasmActor>) -> Did {
    let mut roots: Roots = bob.into_iter().map(|bob| root("bob", bob)).collect();
    roots.push(root("g", g));
    roots.push(client("client", vec![Do::Send("g", 0, b"go".to_vec())]));
    both(&roots)
}

/// Bob's pid, in a guest.
const BOB: &str = "(call $whereis (i32.const 0) (i32.const 3))";

#[test]
fn a_message_and_a_request_reach_another_and_one_reply_comes_back() {
    let bob = handler(
        "(call $say (local.get $tag)) (call $say32 (i32.load8_u (local.get $p)))
        (if (i64.ne (local.get $correlation) (i64.const 0)) (then
            (call $say32 (call $reply (local.get $from) (local.get $correlation) (i64.const 8) (i32.const 0) (i32.const 3)))
            (call $say32 (call $reply (local.get $from) (local.get $correlation) (i64.const 9) (i32.const 0) (i32.const 3)))))",
    );
    let g = handler(&reporting(&format!(
        "(call $say32 (call $send {BOB} (i64.const 5) (i32.const 0) (i32.const 3)))
        (call $say32 (call $send (i64.const 0) (i64.const 5) (i32.const 0) (i32.const 3)))
        (call $say (call $request {BOB} (i64.const 6) (i32.const 24) (i32.const 3) (i64.const 1000000000)))"
    )));
    let did = told(g, Some(bob));
    assert_eq!(did.log_of("bob"), ["5", "98", "6", "101", "0", "-9"]);
    assert_eq!(did.log_of("g"), ["0", "0", "1", "1", "8"]);
}

#[test]
fn names_and_pids_are_the_nodes() {
    let equal = |a: &str, b: &str| format!("(call $say32 (i64.eq {a} {b}))");
    let body = [
        equal("(call $whereis (i32.const 32) (i32.const 1))", "(call $self)"),
        equal("(call $parent)", "(i64.const 0)"),
        // An address is no pid, and of no name there is none.
        equal("(call $address (i32.const 32) (i32.const 1))", "(call $self)"),
        "(call $say (call $address (i32.const 0) (i32.const 0)))".into(),
        "(call $say32 (call $register (i32.const 24) (i32.const 3)))".into(),
        "(call $say32 (call $unregister)) (call $say32 (call $unregister))".into(),
        "(call $say32 (call $register (i32.const 24) (i32.const 3)))".into(),
        equal("(call $whereis (i32.const 24) (i32.const 3))", "(call $self)"),
        "(call $say (call $whereis (i32.const 0) (i32.const 3)))".into(),
    ]
    .concat();
    let did = told(handler(&body), None);
    assert_eq!(did.log_of("g"), ["1", "1", "0", "-7", "-6", "0", "-5", "0", "1", "0"]);
}

#[test]
fn time_stands_still_in_a_turn_and_chance_is_the_lifes_own() {
    let body = "(local.set $x (call $now)) (call $say32 (i64.eq (call $now) (local.get $x)))
        (local.set $x (call $unix_time)) (call $say32 (i64.eq (call $unix_time) (local.get $x)))
        (call $random (i32.const 100) (i32.const 8)) (call $say32 (i64.ne (i64.load (i32.const 100)) (i64.const 0)))
        (call $say32 (i64.eq (i64.load (i32.const 108)) (i64.const 0)))";
    assert_eq!(told(handler(body), None).log_of("g"), ["1", "1", "1", "1"]);
}

#[test]
fn timers_come_as_they_were_armed() {
    let body = reporting(
        "(call $say (call $set_timer (i64.const 1000) (i64.const 7)))
        (call $say (call $set_timer (i64.const 2000) (i64.const 8)))
        (call $say (call $set_interval (i64.const 0) (i64.const 9)))
        (call $say (call $set_interval (i64.const 1000000000000) (i64.const 9)))
        (call $say32 (call $cancel_timer (i64.const 2))) (call $say32 (call $cancel_timer (i64.const 2)))
        (call $say32 (call $cancel_timer (i64.const 3))) (call $say32 (call $cancel_timer (i64.const 4)))",
    );
    assert_eq!(told(handler(&body), None).log_of("g"), ["1", "2", "-7", "3", "1", "0", "1", "-1", "8", "7"]);
}

#[test]
fn a_guest_spawns_its_own_module_and_is_told() {
    let spawn = "(call $spawn (i32.const 24) (i32.const -1) (i32.const 0) (i32.const 3) (i32.const 6) (i32.const 24) (i32.const 3))";
    let body = reporting(&format!(
        "(local.set $x {spawn}) (call $say32 (i64.gt_s (local.get $x) (i64.const 0))) (call $say {spawn})
        (call $say (call $spawn (i32.const 0) (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
        (call $say32 (call $exit (local.get $x) (i32.const 5)))"
    ));
    let g = handler_with(
        &body,
        r#"(func (export "seedbed_on_start") (param i32 i32) (result i32)
            (if (local.get 1) (then (call $say32 (i32.load8_u (local.get 0)))
                (call $say32 (i64.ne (call $parent) (i64.const 0)))))
            (i32.const 0))"#,
    );
    let did = told(g, None);
    // The name is taken, and nobody knows the entry; the exit is there before the start: the child
    // starts, and ends.
    assert_eq!(did.log_of("g")[..4], ["1", "-6", "-5", "0"]);
    assert_eq!(did.end_of("g/eve"), Some(&Failure::HandlerError(5).into()));
    assert_eq!(did.log_of("g")[4..], ["96", "0", "4", "0"]);
}

#[test]
fn links_and_monitors_tell_of_an_end_until_they_are_taken_back() {
    let bob = || handler("(call $stop (i32.const 1)) (call $say32 (i32.const 1))");
    let watching = |undone: &str| {
        handler(&reporting(&format!(
            "(call $trap_exits (i32.const 1))
            (call $say32 (call $link {BOB})) (call $say (call $monitor {BOB})) {undone}
            (drop (call $send {BOB} (i64.const 5) (i32.const 0) (i32.const 0)))"
        )))
    };
    let did = told(watching(""), Some(bob()));
    assert_eq!(did.log_of("bob"), ["1"]);
    assert_eq!(did.end_of("bob"), Some(&ExitReason::Shutdown));
    let mut seen = did.log_of("g");
    seen[2..].sort_unstable();
    assert_eq!(seen, ["0", "1", "0", "0", "2", "4"]);
    let undone = format!(
        "(call $say32 (call $unlink {BOB})) (call $say32 (call $demonitor (i64.const 1) (i32.const 1)))
        (call $say32 (call $demonitor (i64.const 1) (i32.const 1)))"
    );
    let did = told(watching(&undone), Some(bob()));
    assert_eq!(did.log_of("g"), ["0", "1", "0", "0", "-5"]);
    assert_eq!(did.end_of("bob"), Some(&ExitReason::Shutdown));
}

#[test]
fn an_exit_of_oneself_and_of_another_and_a_stop() {
    let did = told(
        handler(&format!(
            "(call $say32 (call $exit {BOB} (i32.const 5))) (drop (call $exit (call $self) (i32.const 0))) (call $say32 (i32.const 9))"
        )),
        Some(handler("")),
    );
    assert_eq!(did.log_of("g"), ["0"], "the turn ends at its own exit");
    assert_eq!(did.end_of("g"), Some(&ExitReason::Normal));
    assert_eq!(did.end_of("bob"), Some(&Failure::HandlerError(5).into()));
    let did = told(handler("(call $stop (i32.const 7)) (call $say32 (i32.const 9))"), None);
    assert_eq!(did.log_of("g"), ["9"], "a stop lets the turn go on");
    assert_eq!(did.end_of("g"), Some(&Failure::HandlerError(7).into()));
}

#[test]
fn logs_and_facts_go_out_and_fuel_is_told() {
    let body = "(call $log (i32.const 99) (i32.const 0) (i32.const 3))
        (call $say32 (call $observe (i32.const 24) (i32.const 3) (i64.const -4)))
        (local.set $x (call $fuel_left)) (call $random (i32.const 200) (i32.const 100))
        (call $say32 (i64.ge_s (local.get $x) (i64.add (call $fuel_left) (i64.const 100))))";
    let did = told(handler(body), None);
    assert_eq!(did.log_of("g"), ["bob", "0", "1"]);
    assert_eq!(did.logged[0].1, 5, "the nearest level");
    assert_eq!(did.facts, [("g".to_owned(), "eve".to_owned(), -4)]);
}

#[test]
fn what_only_a_simulation_hears_answers_on_both() {
    let body = "(call $say32 (call $buggify (i32.const 0) (i32.const 3)))
        (call $always (i32.const 0) (i32.const 3) (i32.const 1)) (call $sometimes (i32.const 24) (i32.const 3) (i32.const 0))
        (call $say32 (i32.const 2))";
    assert_eq!(told(handler(body), None).log_of("g"), ["0", "2"]);
}

#[test]
fn an_effect_completes_and_one_that_nobody_knows_is_refused() {
    // Append `ob` (the byte 0, then what follows), then read all.
    let body = "(if (i32.eqz (local.get $flags)) (then
            (i32.store8 (i32.const 200) (i32.const 0)) (i32.store8 (i32.const 201) (i32.const 111)) (i32.store8 (i32.const 202) (i32.const 98))
            (call $say (call $perform (i32.const 8) (i32.const 5) (i32.const 200) (i32.const 3)))
            (i32.store8 (i32.const 200) (i32.const 1))
            (call $say (call $perform (i32.const 8) (i32.const 5) (i32.const 200) (i32.const 1)))
            (call $say (call $perform (i32.const 8) (i32.const 5) (i32.const 0) (i32.const 3)))
            (call $say (call $perform (i32.const 0) (i32.const 3) (i32.const 0) (i32.const 0))))
        (else (call $say32 (local.get $flags)) (call $say (local.get $tag)) (call $say32 (local.get $n))))";
    let did = told(handler(body), None);
    let log = did.log_of("g");
    assert_eq!(log[..4], ["1", "2", "3", "-5"]);
    // Done; the record with its length; a payload that is neither: failed with code 1, and a text.
    assert_eq!(log[4..12], ["16", "0", "0", "16", "0", "6", "80", "1"]);
}
