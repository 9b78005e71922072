//! `lunatic::networking`, on both reactors: sockets of this machine, which a replay does without, and
//! those of a simulated network.

use crate::both::{Did, both, root};
use crate::lunatic::{guest, misuse, program};
use seedbed_abi::{ExitReason, Failure, TrapKind};
use seedbed_core::Permissions;
use seedbed_wasm::{LunaticRights, WasmActor};

/// Helpers: the address 127.0.0.1 at 20000, numbers that come back at 20016 and 20024, bytes at 30000.
const HELPERS: &str = r#"
    (data (i32.const 20000) "\7f\00\00\01")
    (func $ok (param $code i32) (if (local.get $code) (then
        (if (i32.eq (local.get $code) (i32.const 1)) (then (call $explain (i64.load (i32.const 20016)))))
        unreachable)))
    ;; The port of the one address of an iterator, which is dropped.
    (func $port (param $id i64) (result i32)
        (call $ok (call $networking.resolve_next (local.get $id) (i32.const 20032) (i32.const 20040) (i32.const 20060) (i32.const 20064) (i32.const 20068)))
        (call $networking.drop_dns_iterator (local.get $id)) (i32.load16_u (i32.const 20060)))
    (func $bind (param $port i32) (result i64)
        (call $ok (call $networking.tcp_bind (i32.const 4) (i32.const 20000) (local.get $port) (i32.const 0) (i32.const 0) (i32.const 20016)))
        (i64.load (i32.const 20016)))
    (func $where (param $listener i64) (result i64)
        (call $ok (call $networking.tcp_local_addr (local.get $listener) (i32.const 20016)))
        (i64.extend_i32_u (call $port (i64.load (i32.const 20016)))))
    (func $try_connect (param $port i64) (param $ms i64) (result i32)
        (call $networking.tcp_connect (i32.const 4) (i32.const 20000) (i32.wrap_i64 (local.get $port)) (i32.const 0) (i32.const 0) (local.get $ms) (i32.const 20016)))
    (func $connect (param $port i64) (result i64)
        (call $ok (call $try_connect (local.get $port) (i64.const -1))) (i64.load (i32.const 20016)))
    (func $accept (param $listener i64) (result i64)
        (call $ok (call $networking.tcp_accept (local.get $listener) (i32.const 20016) (i32.const 20024)))
        (call $networking.drop_dns_iterator (i64.load (i32.const 20024))) (i64.load (i32.const 20016)))
    (func $try_put (param $stream i64) (param $at i32) (param $len i32) (result i32)
        (i32.store (i32.const 20080) (local.get $at)) (i32.store (i32.const 20084) (local.get $len))
        (call $networking.tcp_write_vectored (local.get $stream) (i32.const 20080) (i32.const 1) (i32.const 20016)))
    (func $put (param $stream i64) (param $at i32) (param $len i32)
        (call $ok (call $try_put (local.get $stream) (local.get $at) (local.get $len)))
        (if (i64.ne (i64.load (i32.const 20016)) (i64.extend_i32_u (local.get $len))) (then unreachable)))
    (func $try_get (param $stream i64) (param $len i32) (result i32)
        (call $networking.tcp_read (local.get $stream) (i32.const 30000) (local.get $len) (i32.const 20016)))
    (func $get (param $stream i64) (param $len i32) (result i32)
        (call $ok (call $try_get (local.get $stream) (local.get $len))) (i32.wrap_i64 (i64.load (i32.const 20016))))
    ;; Bytes that came, on a line of their own.
    (func $show (param $n i32)
        (i32.store8 (i32.add (i32.const 30000) (local.get $n)) (i32.const 10))
        (call $print (i32.const 30000) (i32.add (local.get $n) (i32.const 1))))
    (func $udp (param $port i32) (result i64)
        (call $ok (call $networking.udp_bind (i32.const 4) (i32.const 20000) (local.get $port) (i32.const 0) (i32.const 0) (i32.const 20016)))
        (i64.load (i32.const 20016)))
    (func $udp_where (param $socket i64) (result i64)
        (call $ok (call $networking.udp_local_addr (local.get $socket) (i32.const 20016)))
        (i64.extend_i32_u (call $port (i64.load (i32.const 20016)))))
    (func $udp_try_to (param $socket i64) (param $at i32) (param $len i32) (param $port i64) (result i32)
        (call $networking.udp_send_to (local.get $socket) (local.get $at) (local.get $len) (i32.const 4) (i32.const 20000) (i32.wrap_i64 (local.get $port)) (i32.const 0) (i32.const 0) (i32.const 20016)))
    (func $udp_to (param $socket i64) (param $at i32) (param $len i32) (param $port i64)
        (call $ok (call $udp_try_to (local.get $socket) (local.get $at) (local.get $len) (local.get $port))))
    (func $udp_from (param $socket i64) (param $len i32) (result i32)
        (call $ok (call $networking.udp_receive_from (local.get $socket) (i32.const 30000) (local.get $len) (i32.const 20016) (i32.const 20024)))
        (i32.wrap_i64 (i64.load (i32.const 20016))))
    (func $error (call $explain (i64.load (i32.const 20016))))"#;

/// The text of a program, as [`crate::lunatic::text`] makes it, with these helpers.
fn text(body: &str, functions: &[(char, &str)]) -> String {
    let locals = "(local $x i64) (local $y i64) (local $z i64) (local $i i32)";
    let mut rest = format!("{HELPERS}(func (export \"_start\") {locals} {body})");
    for (name, body) in functions {
        rest += &format!("(func (export \"{name}\") (param $n i64) {locals} {body})");
    }
    for (n, name) in ('a'..='z').enumerate() {
        rest = rest.replace(&format!("'{name}"), &format!("(i32.const {})", 4096 + n));
    }
    program(&rest)
}

const ALLOWED: LunaticRights =
    LunaticRights { compile: true, configure: true, network: true, processes_max: 1_000 };

fn allowed(body: &str, functions: &[(char, &str)]) -> WasmActor {
    guest(&text(body, functions)).lunatic(ALLOWED)
}

fn run(body: &str, functions: &[(char, &str)]) -> Did {
    both(&vec![root("g", allowed(body, functions))])
}

/// What the main process says, if it ends normally.
fn says(body: &str, functions: &[(char, &str)]) -> Vec<String> {
    let did = run(body, functions);
    assert_eq!(did.end_of("g"), Some(&ExitReason::Normal), "{did:?}");
    did.log_of("g").into_iter().map(str::to_owned).collect()
}

fn fails(body: &str) -> Failure {
    match run(body, &[]).end_of("g") {
        Some(ExitReason::Failed(failure)) => failure.clone(),
        other => panic!("{body}: {other:?}"),
    }
}

#[test]
fn a_stream_is_accepted_written_read_and_closed() {
    let body = "(local.set $x (call $bind (i32.const 0)))
        (drop (call $spawn (i64.const 0) 'a (call $where (local.get $x))))
        (local.set $y (call $accept (local.get $x)))
        (call $show (call $get (local.get $y) (i32.const 100)))
        (call $put (local.get $y) 'f (i32.const 3))
        ;; Its end is told as nothing, again and again.
        (call $say32 (call $get (local.get $y) (i32.const 100))) (call $say32 (call $get (local.get $y) (i32.const 100)))
        (call $networking.drop_tcp_stream (local.get $y)) (call $networking.drop_tcp_listener (local.get $x))";
    let child = "(local.set $x (call $connect (local.get $n)))
        (call $put (local.get $x) 'a (i32.const 5))
        (call $show (call $get (local.get $x) (i32.const 100)))
        (call $networking.drop_tcp_stream (local.get $x))";
    let did = run(body, &[('a', child)]);
    assert_eq!((did.log_of("g"), did.log_of("g/#1")), (vec!["abcde", "0", "0"], vec!["fgh"]), "{did:?}");
    assert_eq!(did.end_of("g"), Some(&ExitReason::Normal));
}

#[test]
fn where_nobody_listens_a_connection_is_refused_and_an_address_has_one_listener() {
    let body = "(local.set $x (call $bind (i32.const 0))) (local.set $y (call $where (local.get $x)))
        (call $say32 (call $networking.tcp_bind (i32.const 4) (i32.const 20000) (i32.wrap_i64 (local.get $y)) (i32.const 0) (i32.const 0) (i32.const 20016)))
        (call $error)
        (call $networking.drop_tcp_listener (local.get $x))
        (call $say32 (call $try_connect (local.get $y) (i64.const -1))) (call $error)
        ;; The address is free again, but is not one of this machine.
        (call $networking.drop_tcp_listener (call $bind (i32.wrap_i64 (local.get $y))))
        (i32.store (i32.const 20100) (i32.const 0x010200c0))
        (call $say32 (call $networking.tcp_bind (i32.const 4) (i32.const 20100) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 20016))) (call $error)";
    let said = ["1", "address in use", "1", "connection refused", "1", "address not available"];
    assert_eq!(says(body, &[]), said);
}

#[test]
fn a_read_waits_as_long_as_it_may_and_loses_nothing() {
    let body = "(local.set $x (call $bind (i32.const 0)))
        (local.set $z (call $spawn (i64.const 0) 'a (call $where (local.get $x))))
        (local.set $y (call $accept (local.get $x)))
        (call $say32 (i64.eq (call $networking.get_read_timeout (local.get $y)) (i64.const -1)))
        (call $networking.set_read_timeout (local.get $y) (i64.const 5))
        (call $say (call $networking.get_read_timeout (local.get $y)))
        (call $say32 (call $try_get (local.get $y) (i32.const 10)))
        ;; With no time it takes what is there.
        (call $networking.set_read_timeout (local.get $y) (i64.const 0)) (call $say32 (call $try_get (local.get $y) (i32.const 10)))
        (call $networking.set_read_timeout (local.get $y) (i64.const -1))
        (call $send (local.get $z) (i64.const 1) (i64.const 0))
        ;; What is peeked at stays, with a time-out and without.
        (call $say32 (i64.eq (call $networking.get_peek_timeout (local.get $y)) (i64.const -1)))
        (call $ok (call $networking.tcp_peek (local.get $y) (i32.const 30000) (i32.const 2) (i32.const 20016))) (call $show (i32.const 2))
        (call $networking.set_peek_timeout (local.get $y) (i64.const 5)) (call $say (call $networking.get_peek_timeout (local.get $y)))
        (call $ok (call $networking.tcp_peek (local.get $y) (i32.const 30000) (i32.const 3) (i32.const 20016))) (call $show (i32.const 3))
        (call $show (call $get (local.get $y) (i32.const 2))) (call $show (call $get (local.get $y) (i32.const 9)))
        (call $say32 (call $networking.tcp_peek (local.get $y) (i32.const 30000) (i32.const 3) (i32.const 20016)))
        ;; Of nothing nothing is read, at once.
        (call $say32 (call $get (local.get $y) (i32.const 0))) (call $say32 (call $networking.tcp_flush (local.get $y) (i32.const 20016)))";
    let child = "(local.set $x (call $connect (local.get $n))) (drop (call $any (i64.const -1)))
        (call $put (local.get $x) 'a (i32.const 4)) (drop (call $any (i64.const -1)))";
    let said = ["1", "5", "9027", "9027", "1", "ab", "5", "abc", "ab", "cd", "9027", "0", "0"];
    assert_eq!(says(body, &[('a', child)]), said);
}

#[test]
fn who_writes_waits_until_the_other_reads() {
    // Nobody reads until it would wait: then what was written comes, all of it.
    let body = "(local.set $x (call $bind (i32.const 0)))
        (local.set $z (call $spawn (i64.const 0) 'a (call $me)))
        (call $send (local.get $z) (i64.const 1) (call $where (local.get $x)))
        (local.set $y (call $accept (local.get $x)))
        (call $say32 (i64.eq (call $networking.get_write_timeout (local.get $y)) (i64.const -1)))
        (call $networking.set_write_timeout (local.get $y) (i64.const 20)) (call $say (call $networking.get_write_timeout (local.get $y)))
        (local.set $x (i64.const 0))
        (loop
            (local.set $i (call $try_put (local.get $y) (i32.const 0) (i32.const 65536)))
            (if (i32.eqz (local.get $i)) (then (local.set $x (i64.add (local.get $x) (i64.load (i32.const 20016)))) (br 1))))
        (call $say32 (local.get $i))
        (call $send (local.get $z) (i64.const 1) (local.get $x)) (drop (call $any (i64.const -1)))
        ;; There is room again, and it knows.
        (call $networking.set_write_timeout (local.get $y) (i64.const -1)) (call $put (local.get $y) 'x (i32.const 1))
        (drop (call $any (i64.const -1))) (call $say (call $read))";
    let child = "(drop (call $any (i64.const -1))) (local.set $x (call $connect (call $read)))
        (drop (call $any (i64.const -1))) (local.set $y (call $read))
        (loop
            (local.set $y (i64.sub (local.get $y) (i64.extend_i32_u (call $get (local.get $x) (i32.const 32768)))))
            (br_if 0 (i64.gt_s (local.get $y) (i64.const 0))))
        (call $send (local.get $n) (i64.const 1) (i64.const 0))
        (call $send (local.get $n) (i64.const 1) (i64.add (local.get $y) (i64.extend_i32_u (call $get (local.get $x) (i32.const 9)))))";
    assert_eq!(says(body, &[('a', child)]), ["1", "20", "9027", "1"]);
}

#[test]
fn clones_are_one_stream_which_ends_with_the_last() {
    let body = "(local.set $x (call $bind (i32.const 0)))
        (local.set $z (call $spawn (i64.const 0) 'a (call $where (local.get $x))))
        (local.set $y (call $accept (local.get $x)))
        (local.set $x (call $networking.clone_tcp_stream (local.get $y)))
        (call $networking.set_read_timeout (local.get $x) (i64.const 5)) (call $say (call $networking.get_read_timeout (local.get $y)))
        (call $put (local.get $x) 'a (i32.const 1)) (call $networking.drop_tcp_stream (local.get $y))
        (call $put (local.get $x) 'b (i32.const 1)) (call $networking.drop_tcp_stream (local.get $x))
        (call $process.monitor (local.get $z)) (drop (call $any (i64.const -1)))";
    let child = "(local.set $x (call $connect (local.get $n)))
        (call $show (call $get (local.get $x) (i32.const 1))) (call $show (call $get (local.get $x) (i32.const 1)))
        (call $say32 (call $get (local.get $x) (i32.const 9)))
        ;; The other side is there no more: what is written may go out once.
        (loop (br_if 0 (i32.eqz (call $try_put (local.get $x) 'a (i32.const 1))))) (call $error)";
    let did = run(body, &[('a', child)]);
    assert_eq!(
        (did.log_of("g"), did.log_of("g/#1")),
        (vec!["5"], vec!["a", "b", "0", "broken pipe"]),
        "{did:?}"
    );
}

#[test]
fn a_stream_tells_where_its_other_side_is() {
    let body = "(local.set $x (call $bind (i32.const 0))) (local.set $y (call $where (local.get $x)))
        (local.set $z (call $connect (local.get $y)))
        (call $ok (call $networking.tcp_peer_addr (local.get $z) (i32.const 20016)))
        (call $say32 (i64.eq (i64.extend_i32_u (call $port (i64.load (i32.const 20016)))) (local.get $y)))
        (call $say32 (i32.load (i32.const 20032))) (call $say32 (i32.eq (i32.load (i32.const 20040)) (i32.const 0x0100007f)))
        ;; Whom the listener says it is from is where it goes.
        (call $ok (call $networking.tcp_accept (local.get $x) (i32.const 20016) (i32.const 20024)))
        (local.set $i (call $port (i64.load (i32.const 20024))))
        (call $ok (call $networking.tcp_peer_addr (i64.load (i32.const 20016)) (i32.const 20016)))
        (call $say32 (i32.eq (call $port (i64.load (i32.const 20016))) (local.get $i)))
        ;; An iterator has one address, and is at its end then.
        (call $ok (call $networking.tcp_local_addr (local.get $x) (i32.const 20016))) (local.set $z (i64.load (i32.const 20016)))
        (call $ok (call $networking.resolve_next (local.get $z) (i32.const 20032) (i32.const 20040) (i32.const 20060) (i32.const 20064) (i32.const 20068)))
        (call $say32 (call $networking.resolve_next (local.get $z) (i32.const 20032) (i32.const 20040) (i32.const 20060) (i32.const 20064) (i32.const 20068)))";
    assert_eq!(says(body, &[]), ["1", "4", "1", "1", "1"]);
}

#[test]
fn sockets_go_along_with_messages_and_end_with_who_has_them() {
    // A stream goes to a child, which writes to it and ends; then to one that is killed; then to one that
    // does not take it; then away with a message that another takes the place of.
    let body = "(local.set $x (call $bind (i32.const 0))) (local.set $y (call $where (local.get $x)))
        (call $hand (local.get $x) (call $connect (local.get $y)) (call $spawn (i64.const 0) 'a (i64.const 0)))
        (local.set $z (call $spawn (i64.const 0) 'b (call $me)))
        (call $wait (local.get $x) (call $connect (local.get $y)) (local.get $z))
        (call $hand (local.get $x) (call $connect (local.get $y)) (call $spawn (i64.const 0) 'c (i64.const 0)))
        (local.set $z (call $connect (local.get $y)))
        (call $message.create_data (i64.const 0) (i64.const 0)) (drop (call $message.push_tcp_stream (call $accept (local.get $x))))
        (call $message.create_data (i64.const 0) (i64.const 0))
        (call $say32 (call $get (local.get $z) (i32.const 9))) (call $networking.drop_tcp_stream (local.get $z))
        ;; With a timer, and with one that is taken back.
        (local.set $z (call $connect (local.get $y)))
        (call $message.create_data (i64.const 0) (i64.const 0)) (drop (call $message.push_tcp_stream (call $accept (local.get $x))))
        (drop (call $timer.send_after (call $spawn (i64.const 0) 'a (i64.const 0)) (i64.const 1)))
        (call $show (call $get (local.get $z) (i32.const 9))) (call $say32 (call $get (local.get $z) (i32.const 9)))
        (local.set $z (call $connect (local.get $y)))
        (call $message.create_data (i64.const 0) (i64.const 0)) (drop (call $message.push_tcp_stream (call $accept (local.get $x))))
        (drop (call $timer.cancel_timer (call $timer.send_after (call $me) (i64.const 100000))))
        (call $say32 (call $get (local.get $z) (i32.const 9)))
        ;; To nobody, and to itself.
        (local.set $z (call $connect (local.get $y)))
        (call $message.create_data (i64.const 0) (i64.const 0)) (drop (call $message.push_tcp_stream (call $accept (local.get $x))))
        (drop (call $message.send (call $spawn (i64.const 0) 'd (i64.const 0)))) (call $say32 (call $get (local.get $z) (i32.const 9)))
        (local.set $z (call $connect (local.get $y)))
        (call $message.create_data (i64.const 0) (i64.const 0)) (drop (call $message.push_tcp_stream (call $accept (local.get $x))))
        (drop (call $message.send (call $me))) (drop (call $any (i64.const -1)))
        (call $put (call $message.take_tcp_stream (i64.const 0)) 'z (i32.const 1)) (call $show (call $get (local.get $z) (i32.const 9)))
        (local.set $z (i64.const 0)))
        ;; Gives the other side of a stream to a process, and reads what it writes, up to its end.
        (func $hand (param $listener i64) (param $stream i64) (param $to i64)
            (call $message.create_data (i64.const 0) (i64.const 0))
            (if (i64.ne (call $message.push_tcp_stream (call $accept (local.get $listener))) (i64.const 0)) (then unreachable))
            (drop (call $message.send (local.get $to)))
            (call $show (call $get (local.get $stream) (i32.const 9))) (call $say32 (call $try_get (local.get $stream) (i32.const 9)))
            (call $networking.drop_tcp_stream (local.get $stream)))
        ;; The same to one that is killed when it has it.
        (func $wait (param $listener i64) (param $stream i64) (param $to i64)
            (call $message.create_data (i64.const 0) (i64.const 0)) (drop (call $message.push_tcp_stream (call $accept (local.get $listener))))
            (drop (call $message.send (local.get $to))) (drop (call $any (i64.const -1))) (call $process.kill (local.get $to))
            (call $say32 (call $try_get (local.get $stream) (i32.const 9)))
            (call $networking.drop_tcp_stream (local.get $stream)))
        (func $end";
    let writes = "(drop (call $any (i64.const -1))) (call $put (call $message.take_tcp_stream (i64.const 0)) 'a (i32.const 3))";
    let waits = "(drop (call $any (i64.const -1))) (local.set $x (call $message.take_tcp_stream (i64.const 0)))
        (call $send (local.get $n) (i64.const 1) (i64.const 0)) (drop (call $get (local.get $x) (i32.const 1)))";
    let looks = "(drop (call $any (i64.const -1)))";
    let said = says(body, &[('a', writes), ('b', waits), ('c', looks), ('d', "")]);
    assert_eq!(said, ["abc", "0", "0", "", "0", "0", "abc", "0", "0", "0", "z"]);
}

#[test]
fn what_is_handed_over_is_ones_own_no_more() {
    let away = "(local.set $x (call $bind (i32.const 0))) (local.set $y (call $connect (call $where (local.get $x))))
        (call $message.create_data (i64.const 0) (i64.const 0)) (drop (call $message.push_tcp_stream (local.get $y)))";
    let read = format!("{away} (drop (call $try_get (local.get $y) (i32.const 1)))");
    assert_eq!(fails(&read), misuse("networking::tcp_read: there is no TCP stream 0"));
    // It is what it was pushed as, and there once.
    let other = format!("{away} (drop (call $message.take_udp_socket (i64.const 0)))");
    assert_eq!(fails(&other), misuse("message::take_udp_socket: there is no UDP socket at 0 of the message"));
    let twice = format!("{away} {}", "(drop (call $message.take_tcp_stream (i64.const 0)))".repeat(2));
    assert_eq!(fails(&twice), misuse("message::take_tcp_stream: there is no TCP stream at 0 of the message"));
}

#[test]
fn datagrams_go_to_whom_they_are_for() {
    let body = "(local.set $x (call $udp (i32.const 0))) (local.set $y (call $udp (i32.const 0)))
        (call $udp_to (local.get $x) 'a (i32.const 3) (call $udp_where (local.get $y))) (call $say (i64.load (i32.const 20016)))
        (call $udp_to (local.get $x) 'd (i32.const 5) (call $udp_where (local.get $y)))
        (call $show (call $udp_from (local.get $y) (i32.const 100)))
        ;; Whose it is.
        (call $say32 (i64.eq (i64.extend_i32_u (call $port (i64.load (i32.const 20024)))) (call $udp_where (local.get $x))))
        ;; What does not fit is gone.
        (call $show (call $udp_from (local.get $y) (i32.const 2)))
        (call $networking.drop_udp_socket (local.get $x)) (call $networking.drop_udp_socket (local.get $y))";
    assert_eq!(says(body, &[]), ["3", "abc", "1", "de"]);
}

#[test]
fn a_udp_socket_that_is_connected_speaks_with_one_other() {
    let body = "(local.set $x (call $udp (i32.const 0))) (local.set $y (call $udp (i32.const 0))) (local.set $z (call $udp (i32.const 0)))
        ;; It is not, yet.
        (call $say32 (call $networking.udp_peer_addr (local.get $x) (i32.const 20016))) (call $error)
        (call $say32 (call $networking.udp_send (local.get $x) 'a (i32.const 1) (i32.const 20016))) (call $error)
        (call $say32 (call $networking.udp_receive (local.get $x) (i32.const 30000) (i32.const 9) (i32.const 20016))) (call $error)
        (call $ok (call $networking.udp_connect (local.get $x) (i32.const 4) (i32.const 20000) (i32.wrap_i64 (call $udp_where (local.get $y))) (i32.const 0) (i32.const 0) (i64.const 1000) (i32.const 20016)))
        (call $ok (call $networking.udp_peer_addr (local.get $x) (i32.const 20016)))
        (call $say32 (i64.eq (i64.extend_i32_u (call $port (i64.load (i32.const 20016)))) (call $udp_where (local.get $y))))
        (call $ok (call $networking.udp_send (local.get $x) 'a (i32.const 2) (i32.const 20016)))
        (call $show (call $udp_from (local.get $y) (i32.const 9)))
        ;; What another sends does not come.
        (call $udp_to (local.get $z) 'c (i32.const 1) (call $udp_where (local.get $x)))
        (call $udp_to (local.get $y) 'd (i32.const 1) (call $udp_where (local.get $x)))
        (call $ok (call $networking.udp_receive (local.get $x) (i32.const 30000) (i32.const 9) (i32.const 20016))) (call $show (i32.wrap_i64 (i64.load (i32.const 20016))))";
    let not = "not connected";
    assert_eq!(says(body, &[]), ["1", not, "1", not, "1", not, "1", "ab", "d"]);
}

#[test]
fn a_udp_socket_has_settings_clones_and_new_owners() {
    let body = "(local.set $x (call $udp (i32.const 0)))
        (local.set $y (call $networking.clone_udp_socket (local.get $x)))
        (call $say32 (call $networking.get_udp_socket_broadcast (local.get $x)))
        (call $networking.set_udp_socket_broadcast (local.get $x) (i32.const 7)) (call $say32 (call $networking.get_udp_socket_broadcast (local.get $y)))
        (call $networking.set_udp_socket_ttl (local.get $y) (i32.const 9)) (call $say32 (call $networking.get_udp_socket_ttl (local.get $x)))
        ;; One is dropped, the other goes to a child, which gets what is sent to it.
        (local.set $z (call $udp_where (local.get $x))) (call $networking.drop_udp_socket (local.get $x))
        (call $message.create_data (i64.const 0) (i64.const 0)) (drop (call $message.push_udp_socket (local.get $y)))
        (drop (call $message.send (call $spawn (i64.const 0) 'a (call $me)))) (drop (call $any (i64.const -1)))
        (call $udp_to (call $udp (i32.const 0)) 'a (i32.const 3) (local.get $z)) (drop (call $any (i64.const -1))) (call $say (call $read))
        ;; One that is too long is not sent.
        (call $say32 (call $udp_try_to (call $udp (i32.const 0)) (i32.const 0) (i32.const 65508) (local.get $z))) (call $error)";
    let child = "(drop (call $any (i64.const -1))) (local.set $x (call $message.take_udp_socket (i64.const 0)))
        (call $send (local.get $n) (i64.const 0) (i64.const 0))
        (call $send (local.get $n) (i64.const 0) (i64.extend_i32_u (call $udp_from (local.get $x) (i32.const 9))))";
    assert_eq!(says(body, &[('a', child)]), ["0", "1", "9", "3", "1", "message too long"]);
    let ttl = "(call $networking.set_udp_socket_ttl (call $udp (i32.const 0)) (i32.const 256))";
    assert_eq!(fails(ttl), misuse("networking::set_udp_socket_ttl: invalid argument"));
}

#[test]
fn hosts_are_found_or_not() {
    let long = "a".repeat(64);
    let body = format!(
        "(call $ok (call $networking.resolve (i32.const 20200) (i32.const 12) (i64.const -1) (i32.const 20016)))
        (call $say32 (call $port (i64.load (i32.const 20016)))) (call $say32 (i32.load8_u (i32.const 20043)))
        (call $ok (call $networking.resolve (i32.const 20220) (i32.const 8) (i64.const 1000) (i32.const 20016))) (local.set $x (i64.load (i32.const 20016)))
        (i32.store (i32.const 20064) (i32.const 7))
        (call $ok (call $networking.resolve_next (local.get $x) (i32.const 20032) (i32.const 20040) (i32.const 20060) (i32.const 20064) (i32.const 20068)))
        (call $say32 (i32.load (i32.const 20032))) (call $say32 (i32.load8_u (i32.const 20055))) (call $say32 (i32.load16_u (i32.const 20060))) (call $say32 (i32.load (i32.const 20064)))
        ;; Without a port, and one that no host can have.
        (call $say32 (call $networking.resolve (i32.const 20200) (i32.const 9) (i64.const -1) (i32.const 20016))) (call $error)
        (call $say32 (call $networking.resolve (i32.const 20240) (i32.const 67) (i64.const -1) (i32.const 20016))) (call $error))
        (data (i32.const 20200) \"127.0.0.9:80\") (data (i32.const 20220) \"[::1]:81\") (data (i32.const 20240) \"{long}:80\") (func $end"
    );
    let said = ["80", "9", "6", "1", "81", "0", "1", "invalid argument", "1", "unknown host"];
    assert_eq!(says(&body, &[]), said);
}

#[test]
fn who_may_not_use_the_network_does_not() {
    let denied = "the process may not use the network: it lacks the permission `network`";
    let calls = [
        (
            "tcp_bind",
            "(call $networking.tcp_bind (i32.const 4) (i32.const 20000) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 20016))",
        ),
        ("tcp_connect", "(call $try_connect (i64.const 80) (i64.const 1))"),
        (
            "udp_bind",
            "(call $networking.udp_bind (i32.const 4) (i32.const 20000) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 20016))",
        ),
        (
            "resolve",
            "(call $networking.resolve (i32.const 4096) (i32.const 1) (i64.const -1) (i32.const 20016))",
        ),
    ];
    for (name, call) in calls {
        let text = text(&format!("(call $say32 {call}) (call $error)"), &[]);
        let rights = LunaticRights { network: false, ..ALLOWED };
        assert!(!LunaticRights::default().network);
        let did = both(&vec![root("g", guest(&text).lunatic(rights))]);
        let warned = format!("networking::{name}: {denied}");
        assert_eq!(did.log_of("g"), [&warned, "1", denied], "{did:?}");
        // Nor does one that may not have the reactor do it.
        let permissions = Permissions { effects: Some(vec!["store".into()]), ..Permissions::default() };
        let did = both(&vec![root("g", guest(&text).lunatic(ALLOWED).permissions(permissions))]);
        assert_eq!(did.log_of("g"), [&warned, "1", denied], "{did:?}");
    }
}

#[test]
fn the_network_is_passed_on_by_who_may_use_it() {
    // A child is as its parent, with a configuration it may not, until that allows it; who was handed a
    // socket uses it.
    let body = "(local.set $x (call $process.create_config)) (call $say32 (call $process.config_can_use_network (local.get $x)))
        (call $process.monitor (call $spawn (i64.const 0) 'a (i64.const 0))) (drop (call $any (i64.const -1)))
        (drop (call $try (i64.const 0) (local.get $x) 'a (i64.const 0))) (call $process.monitor (i64.load (i32.const 8232))) (drop (call $any (i64.const -1)))
        (drop (call $try (i64.const 0) (local.get $x) 'b (call $me))) (local.set $z (i64.load (i32.const 8232)))
        (local.set $y (call $udp (i32.const 0)))
        (call $message.create_data (i64.const 0) (i64.const 0)) (drop (call $message.push_udp_socket (call $networking.clone_udp_socket (local.get $y))))
        (drop (call $message.send (local.get $z))) (drop (call $any (i64.const -1))) (call $say (call $read))
        (call $process.config_set_can_use_network (local.get $x) (i32.const 1)) (call $say32 (call $process.config_can_use_network (local.get $x)))
        (drop (call $try (i64.const 0) (local.get $x) 'a (i64.const 0))) (call $process.monitor (i64.load (i32.const 8232))) (drop (call $any (i64.const -1)))";
    let makes = "(call $say32 (call $networking.udp_bind (i32.const 4) (i32.const 20000) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 20016)))";
    let uses = "(drop (call $any (i64.const -1))) (local.set $x (call $udp_where (call $message.take_udp_socket (i64.const 0))))
        (call $send (local.get $n) (i64.const 0) (i64.extend_i32_u (i64.ne (local.get $x) (i64.const 0))))";
    let did = run(body, &[('a', makes), ('b', uses)]);
    assert_eq!(did.log_of("g"), ["0", "1", "1"], "{did:?}");
    assert_eq!((did.log_of("g/#1"), did.log_of("g/#4")), (vec!["0"], vec!["0"]), "{did:?}");
    assert_eq!(did.log_of("g/#2").last(), Some(&"1"), "{did:?}");
    // Who lacks it grants it to nobody.
    let grants = "(call $process.config_set_can_use_network (call $process.create_config) (i32.const 1))";
    let did = both(&vec![root("g", guest(&text(grants, &[])))]);
    let text = "process::config_set_can_use_network: a process cannot grant what it may not do itself";
    assert_eq!(did.end_of("g"), Some(&misuse(text).into()));
}

#[test]
fn pointers_that_lie_end_the_process_and_make_no_socket() {
    let (end, max) = ("(i32.const 131071)", "(i32.const -4)");
    let at =
        |kind: &str, ip: &str| format!("(i32.const {kind}) {ip} (i32.const 0) (i32.const 0) (i32.const 0)");
    let here = at("4", "(i32.const 20000)");
    let (listener, stream, socket) =
        ("(call $bind (i32.const 0))", "(call $pair)", "(call $udp (i32.const 0))");
    let place = "(i32.const 20016)";
    let mut bad = Vec::new();
    for lie in [end, max] {
        bad.extend([
            ("resolve", format!("{lie} (i32.const 8) (i64.const 0) {place}")),
            ("resolve", format!("'a (i32.const 1) (i64.const 0) {lie}")),
            ("tcp_bind", format!("{} {place}", at("4", lie))),
            ("tcp_bind", format!("{} {place}", at("6", "(i32.const 131060)"))),
            ("tcp_bind", format!("{here} {lie}")),
            ("tcp_local_addr", format!("{listener} {lie}")),
            ("tcp_accept", format!("{listener} {lie} {place}")),
            ("tcp_accept", format!("{listener} {place} {lie}")),
            ("tcp_connect", format!("{} (i64.const 0) {place}", at("4", lie))),
            ("tcp_connect", format!("{here} (i64.const 0) {lie}")),
            ("tcp_peer_addr", format!("{stream} {lie}")),
            ("tcp_write_vectored", format!("{stream} {lie} (i32.const 1) {place}")),
            // A piece that is not all there, and pieces of which the last is not.
            (
                "tcp_write_vectored",
                format!("{stream} (call $piece (i32.const 131070)) (i32.const 1) {place}"),
            ),
            ("tcp_write_vectored", format!("{stream} (call $piece (i32.const -1)) (i32.const 1) {place}")),
            ("tcp_write_vectored", format!("{stream} (i32.const 131056) (i32.const 3) {place}")),
            ("tcp_write_vectored", format!("{stream} 'a (i32.const 0) {lie}")),
            ("tcp_peek", format!("{stream} {lie} (i32.const 8) {place}")),
            ("tcp_peek", format!("{stream} (i32.const 0) (i32.const 8) {lie}")),
            ("tcp_read", format!("{stream} {lie} (i32.const 8) {place}")),
            ("tcp_read", format!("{stream} (i32.const 8) (i32.const -8) {place}")),
            ("tcp_read", format!("{stream} (i32.const 0) (i32.const 8) {lie}")),
            ("tcp_flush", format!("{stream} {lie}")),
            ("udp_bind", format!("{} {place}", at("4", lie))),
            ("udp_bind", format!("{here} {lie}")),
            ("udp_local_addr", format!("{socket} {lie}")),
            ("udp_peer_addr", format!("{socket} {lie}")),
            ("udp_receive", format!("{socket} {lie} (i32.const 8) {place}")),
            ("udp_receive", format!("{socket} (i32.const 0) (i32.const 8) {lie}")),
            ("udp_receive_from", format!("{socket} {lie} (i32.const 8) {place} {place}")),
            ("udp_receive_from", format!("{socket} (i32.const 0) (i32.const 8) {lie} {place}")),
            ("udp_receive_from", format!("{socket} (i32.const 0) (i32.const 8) {place} {lie}")),
            ("udp_connect", format!("{socket} {} (i64.const 0) {place}", at("4", lie))),
            ("udp_connect", format!("{socket} {here} (i64.const 0) {lie}")),
            ("udp_send_to", format!("{socket} {lie} (i32.const 8) {here} {place}")),
            ("udp_send_to", format!("{socket} (i32.const 0) (i32.const 8) {} {place}", at("4", lie))),
            ("udp_send_to", format!("{socket} (i32.const 0) (i32.const 8) {here} {lie}")),
            ("udp_send", format!("{socket} {lie} (i32.const 8) {place}")),
            ("udp_send", format!("{socket} (i32.const 0) (i32.const 8) {lie}")),
        ]);
    }
    let resolved = "(call $ok (call $networking.resolve (i32.const 20200) (i32.const 8) (i64.const -1) (i32.const 20016)))";
    for (n, lie) in (0..5).flat_map(|n| [(n, end), (n, max)]) {
        let places =
            (0..5).map(|place| if place == n { lie } else { "(i32.const 30000)" }).collect::<Vec<_>>();
        bad.push(("resolve_next", format!("(call $host) {}", places.join(" "))));
    }
    let more = format!(
        "(func $pair (result i64) (call $connect (call $where (call $bind (i32.const 0)))))
        (func $piece (param $at i32) (result i32) (i32.store (i32.const 25000) (local.get $at)) (i32.store (i32.const 25004) (i32.const 8)) (i32.const 25000))
        (func $host (result i64) {resolved} (i64.load (i32.const 20016))) (data (i32.const 20200) \"[::1]:81\") (func $end"
    );
    for (name, arguments) in bad {
        let body = format!("(drop (call $networking.{name} {arguments}))) {more}");
        let text = format!("networking::{name}");
        assert_eq!(fails(&body), Failure::Trap(TrapKind::BadPointer, text.into()), "{arguments}");
    }
    let text =
        "(drop (call $networking.resolve (i32.const 4120) (i32.const 3) (i64.const -1) (i32.const 20016)))";
    assert_eq!(fails(text), Failure::Trap(TrapKind::BadText, "networking::resolve".into()));
}

#[test]
fn sockets_that_a_process_does_not_hold_are_none() {
    let at = "(i32.const 4) (i32.const 20000) (i32.const 80) (i32.const 0) (i32.const 0)";
    let (one, two, three) = (
        "(i32.const 20016)",
        "(i32.const 0) (i32.const 20016)",
        "(i32.const 0) (i32.const 8) (i32.const 20016)",
    );
    let (iterator, listener, stream, socket) = ("DNS iterator", "TCP listener", "TCP stream", "UDP socket");
    let to = format!("(i32.const 0) (i32.const 1) {at} {one}");
    let aim = format!("{at} (i64.const 0) {one}");
    let five = "(i32.const 0)".repeat(5);
    // Name, what there is none of, what else it takes, and whether it gives something.
    let all = [
        ("drop_dns_iterator", iterator, "", false),
        ("resolve_next", iterator, five.as_str(), true),
        ("drop_tcp_listener", listener, "", false),
        ("tcp_local_addr", listener, one, true),
        ("tcp_accept", listener, two, true),
        ("tcp_peer_addr", stream, one, true),
        ("drop_tcp_stream", stream, "", false),
        ("clone_tcp_stream", stream, "", true),
        ("tcp_write_vectored", stream, three, true),
        ("tcp_peek", stream, three, true),
        ("tcp_read", stream, three, true),
        ("set_read_timeout", stream, "(i64.const 1)", false),
        ("set_write_timeout", stream, "(i64.const 1)", false),
        ("set_peek_timeout", stream, "(i64.const 1)", false),
        ("get_read_timeout", stream, "", true),
        ("get_write_timeout", stream, "", true),
        ("get_peek_timeout", stream, "", true),
        ("tcp_flush", stream, one, true),
        ("udp_local_addr", socket, one, true),
        ("udp_peer_addr", socket, one, true),
        ("drop_udp_socket", socket, "", false),
        ("udp_receive", socket, three, true),
        ("udp_receive_from", socket, "(i32.const 0) (i32.const 8) (i32.const 20016) (i32.const 20024)", true),
        ("udp_connect", socket, aim.as_str(), true),
        ("clone_udp_socket", socket, "", true),
        ("set_udp_socket_broadcast", socket, "(i32.const 1)", false),
        ("get_udp_socket_broadcast", socket, "", true),
        ("set_udp_socket_ttl", socket, "(i32.const 1)", false),
        ("get_udp_socket_ttl", socket, "", true),
        ("udp_send_to", socket, to.as_str(), true),
        ("udp_send", socket, three, true),
    ];
    // One of each kind but the one that is asked for has the number 1.
    let made =
        [(listener, "(drop (call $bind (i32.const 0)))"), (socket, "(drop (call $udp (i32.const 0)))")];
    for (name, what, rest, gives) in all {
        let made: String =
            made.iter().filter(|(of, _)| *of != what).map(|(_, make)| make.repeat(2)).collect();
        let call = format!("(call $networking.{name} (i64.const 1) {rest})");
        let body = made + &if gives { format!("(drop {call})") } else { call };
        assert_eq!(fails(&body), misuse(&format!("networking::{name}: there is no {what} 1")), "{body}");
    }
    for (of, name, rest) in [("tcp", "tcp_bind", one), ("udp", "udp_bind", one)] {
        let body = |kind: u32, port: u32| {
            format!(
                "(drop (call $networking.{name} (i32.const {kind}) (i32.const 20000) (i32.const {port}) (i32.const 0) (i32.const 0) {rest}))"
            )
        };
        let text = format!("networking::{of}_bind: an address is of type 4 or 6, not 5");
        assert_eq!(fails(&body(5, 0)), misuse(&text));
        let text = format!("networking::{of}_bind: there is no port 65536");
        assert_eq!(fails(&body(4, 65_536)), misuse(&text));
    }
}

#[test]
fn tls_is_refused_by_name() {
    let names = [
        "tls_bind",
        "tls_accept",
        "tls_connect",
        "tls_local_addr",
        "drop_tls_listener",
        "drop_tls_stream",
        "clone_tls_stream",
        "tls_write_vectored",
        "tls_read",
        "tls_flush",
        "set_tls_read_timeout",
    ];
    for name in names {
        let text = format!(
            "(module (import \"lunatic::networking\" \"{name}\" (func $f (param i64))) (memory (export \"memory\") 1)
            (func (export \"_start\") (call $f (i64.const 1))))"
        );
        let did = both(&vec![root("g", guest(&text).lunatic(ALLOWED))]);
        let refused = format!("`lunatic::networking::{name}` is refused, there is no TLS");
        assert_eq!(did.end_of("g"), Some(&misuse(&refused).into()));
    }
}
