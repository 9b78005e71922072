//! The `lunatic` dialect, on both reactors.

#![expect(clippy::unwrap_used, reason = "what is missing here fails the test")]

use crate::both::{Did, Directories, both, both_with, root};
use seedbed_abi::{ExitReason, Failure, TrapKind};
use seedbed_core::{Limits, MailboxPolicy, Permissions};
use seedbed_files::Image;
use seedbed_wasm::{Dialect, LunaticRights, Module, WasiConfig, WasiMount, WasmActor};

/// Module, name, parameters and result of the functions that programs here may call.
const FUNCTIONS: &[(&str, &str, &str, &str)] = &[
    ("error", "string_size", "i64", "i32"),
    ("error", "to_string", "i64 i32", ""),
    ("error", "drop", "i64", ""),
    ("message", "create_data", "i64 i64", ""),
    ("message", "write_data", "i32 i32", "i32"),
    ("message", "read_data", "i32 i32", "i32"),
    ("message", "seek_data", "i64", ""),
    ("message", "get_tag", "", "i64"),
    ("message", "get_process_id", "", "i64"),
    ("message", "data_size", "", "i64"),
    ("message", "push_module", "i64", "i64"),
    ("message", "take_module", "i64", "i64"),
    ("message", "push_tcp_stream", "i64", "i64"),
    ("message", "take_tcp_stream", "i64", "i64"),
    ("message", "push_tls_stream", "i64", "i64"),
    ("message", "take_tls_stream", "i64", "i64"),
    ("message", "push_udp_socket", "i64", "i64"),
    ("message", "take_udp_socket", "i64", "i64"),
    ("message", "send", "i64", "i32"),
    ("message", "send_receive_skip_search", "i64 i64 i64", "i32"),
    ("message", "receive", "i32 i32 i64", "i32"),
    ("metrics", "counter", "i32 i32 i64", ""),
    ("metrics", "increment_counter", "i32 i32", ""),
    ("metrics", "gauge", "i32 i32 f64", ""),
    ("metrics", "increment_gauge", "i32 i32 f64", ""),
    ("metrics", "decrement_gauge", "i32 i32 f64", ""),
    ("metrics", "histogram", "i32 i32 f64", ""),
    ("networking", "resolve", "i32 i32 i64 i32", "i32"),
    ("networking", "drop_dns_iterator", "i64", ""),
    ("networking", "resolve_next", "i64 i32 i32 i32 i32 i32", "i32"),
    ("networking", "tcp_bind", "i32 i32 i32 i32 i32 i32", "i32"),
    ("networking", "drop_tcp_listener", "i64", ""),
    ("networking", "tcp_local_addr", "i64 i32", "i32"),
    ("networking", "tcp_accept", "i64 i32 i32", "i32"),
    ("networking", "tcp_connect", "i32 i32 i32 i32 i32 i64 i32", "i32"),
    ("networking", "tcp_peer_addr", "i64 i32", "i32"),
    ("networking", "drop_tcp_stream", "i64", ""),
    ("networking", "clone_tcp_stream", "i64", "i64"),
    ("networking", "tcp_write_vectored", "i64 i32 i32 i32", "i32"),
    ("networking", "tcp_peek", "i64 i32 i32 i32", "i32"),
    ("networking", "tcp_read", "i64 i32 i32 i32", "i32"),
    ("networking", "set_read_timeout", "i64 i64", ""),
    ("networking", "set_write_timeout", "i64 i64", ""),
    ("networking", "set_peek_timeout", "i64 i64", ""),
    ("networking", "get_read_timeout", "i64", "i64"),
    ("networking", "get_write_timeout", "i64", "i64"),
    ("networking", "get_peek_timeout", "i64", "i64"),
    ("networking", "tcp_flush", "i64 i32", "i32"),
    ("networking", "udp_bind", "i32 i32 i32 i32 i32 i32", "i32"),
    ("networking", "udp_local_addr", "i64 i32", "i32"),
    ("networking", "udp_peer_addr", "i64 i32", "i32"),
    ("networking", "drop_udp_socket", "i64", ""),
    ("networking", "udp_receive", "i64 i32 i32 i32", "i32"),
    ("networking", "udp_receive_from", "i64 i32 i32 i32 i32", "i32"),
    ("networking", "udp_connect", "i64 i32 i32 i32 i32 i32 i64 i32", "i32"),
    ("networking", "clone_udp_socket", "i64", "i64"),
    ("networking", "set_udp_socket_broadcast", "i64 i32", ""),
    ("networking", "get_udp_socket_broadcast", "i64", "i32"),
    ("networking", "set_udp_socket_ttl", "i64 i32", ""),
    ("networking", "get_udp_socket_ttl", "i64", "i32"),
    ("networking", "udp_send_to", "i64 i32 i32 i32 i32 i32 i32 i32 i32", "i32"),
    ("networking", "udp_send", "i64 i32 i32 i32", "i32"),
    ("process", "compile_module", "i32 i32 i32", "i32"),
    ("process", "drop_module", "i64", ""),
    ("process", "create_config", "", "i64"),
    ("process", "drop_config", "i64", ""),
    ("process", "config_set_max_memory", "i64 i64", ""),
    ("process", "config_get_max_memory", "i64", "i64"),
    ("process", "config_set_max_fuel", "i64 i64", ""),
    ("process", "config_get_max_fuel", "i64", "i64"),
    ("process", "config_can_compile_modules", "i64", "i32"),
    ("process", "config_set_can_compile_modules", "i64 i32", ""),
    ("process", "config_can_create_configs", "i64", "i32"),
    ("process", "config_set_can_create_configs", "i64 i32", ""),
    ("process", "config_can_spawn_processes", "i64", "i32"),
    ("process", "config_set_can_spawn_processes", "i64 i32", ""),
    ("process", "config_can_use_network", "i64", "i32"),
    ("process", "config_set_can_use_network", "i64 i32", ""),
    ("process", "spawn", "i64 i64 i64 i32 i32 i32 i32 i32", "i32"),
    ("process", "get_or_spawn", "i32 i32 i64 i64 i64 i32 i32 i32 i32 i32 i32", "i32"),
    ("process", "sleep_ms", "i64", ""),
    ("process", "die_when_link_dies", "i32", ""),
    ("process", "process_id", "", "i64"),
    ("process", "environment_id", "", "i64"),
    ("process", "link", "i64 i64", ""),
    ("process", "unlink", "i64", ""),
    ("process", "monitor", "i64", ""),
    ("process", "stop_monitoring", "i64", ""),
    ("process", "kill", "i64", ""),
    ("process", "exists", "i64", "i32"),
    ("registry", "put", "i32 i32 i64 i64", ""),
    ("registry", "get", "i32 i32 i32 i32", "i32"),
    ("registry", "remove", "i32 i32", ""),
    ("timer", "send_after", "i64 i64", "i64"),
    ("timer", "cancel_timer", "i64", "i32"),
    ("trap", "catch", "i32 i32", "i32"),
    ("version", "major", "", "i32"),
    ("version", "minor", "", "i32"),
    ("version", "patch", "", "i32"),
    ("wasi", "config_add_environment_variable", "i64 i32 i32 i32 i32", ""),
    ("wasi", "config_add_command_line_argument", "i64 i32 i32", ""),
    ("wasi", "config_preopen_dir", "i64 i32 i32", ""),
    ("distributed", "nodes_count", "", "i32"),
    ("distributed", "get_nodes", "i32 i32", "i32"),
    ("distributed", "node_id", "", "i64"),
    ("distributed", "module_id", "", "i64"),
    ("distributed", "spawn", "i64 i64 i64 i32 i32 i32 i32 i32", "i32"),
    ("distributed", "send", "i64 i64", "i32"),
    ("distributed", "send_receive_skip_search", "i64 i64 i64 i64", "i32"),
    ("distributed", "exec_lookup_nodes", "i32 i32 i32 i32 i32", "i32"),
    ("distributed", "copy_lookup_nodes_results", "i64 i32 i32 i32", "i32"),
    ("distributed", "test_root_cert", "i32", "i32"),
    ("distributed", "default_server_certificates", "i32 i32 i32 i32 i32", "i32"),
    ("distributed", "sign_node", "i32 i32 i32 i32 i32 i32 i32", "i32"),
];

/// The text of a program: the functions of the dialect that it calls (`$process.spawn`), helpers, and the rest.
/// Memory: names of functions and processes, each a letter, from 4096; a scratch place at 8192.
pub(crate) fn program(rest: &str) -> String {
    let helpers = r#"
        (memory (export "memory") 2)
        (data (i32.const 4096) "abcdefghijklmnopqrstuvwxyz\ff")
        ;; A number, on a line of its own.
        (func $say (param $n i64) (local $at i32)
            (local.set $at (i32.const 8160)) (i32.store8 (i32.const 8160) (i32.const 10))
            (loop
                (local.set $at (i32.sub (local.get $at) (i32.const 1)))
                (i32.store8 (local.get $at) (i32.wrap_i64 (i64.add (i64.const 48) (i64.rem_u (local.get $n) (i64.const 10)))))
                (local.set $n (i64.div_u (local.get $n) (i64.const 10)))
                (br_if 0 (i64.ne (local.get $n) (i64.const 0))))
            (call $print (local.get $at) (i32.sub (i32.const 8161) (local.get $at))))
        (func $say32 (param $n i32) (call $say (i64.extend_i32_u (local.get $n))))
        (func $print (param $at i32) (param $len i32)
            (i32.store (i32.const 8000) (local.get $at)) (i32.store (i32.const 8004) (local.get $len))
            (drop (call $fd_write (i32.const 1) (i32.const 8000) (i32.const 1) (i32.const 8008))))
        ;; A message with a number in it, in hand.
        (func $write (param $tag i64) (param $n i64)
            (call $message.create_data (local.get $tag) (i64.const 8))
            (i64.store (i32.const 8192) (local.get $n))
            (drop (call $message.write_data (i32.const 8192) (i32.const 8))))
        (func $send (param $to i64) (param $tag i64) (param $n i64)
            (call $write (local.get $tag) (local.get $n)) (drop (call $message.send (local.get $to))))
        ;; The number of the message in hand.
        (func $read (result i64)
            (drop (call $message.read_data (i32.const 8192) (i32.const 8))) (i64.load (i32.const 8192)))
        (func $any (param $ms i64) (result i32) (call $message.receive (i32.const 0) (i32.const 0) (local.get $ms)))
        (func $tagged (param $tag i64) (param $ms i64) (result i32)
            (i64.store (i32.const 8200) (local.get $tag))
            (call $message.receive (i32.const 8200) (i32.const 1) (local.get $ms)))
        ;; Parameters: one i64.
        (func $params (param $n i64)
            (memory.fill (i32.const 8208) (i32.const 0) (i32.const 17))
            (i32.store8 (i32.const 8208) (i32.const 0x7e)) (i64.store (i32.const 8209) (local.get $n)))
        (func $try (param $link i64) (param $config i64) (param $name i32) (param $n i64) (result i32)
            (call $params (local.get $n))
            (call $process.spawn (local.get $link) (local.get $config) (i64.const -1)
                (local.get $name) (i32.const 1) (i32.const 8208) (i32.const 17) (i32.const 8232)))
        ;; A process of the function with this letter, which is given a number.
        (func $spawn (param $link i64) (param $name i32) (param $n i64) (result i64)
            (if (call $try (local.get $link) (i64.const -1) (local.get $name) (local.get $n)) (then unreachable))
            (i64.load (i32.const 8232)))
        (func $me (result i64) (call $process.process_id))
        ;; The text of an error, on a line of its own.
        (func $explain (param $id i64)
            (call $error.to_string (local.get $id) (i32.const 9000))
            (i32.store8 (i32.add (i32.const 9000) (call $error.string_size (local.get $id))) (i32.const 10))
            (call $print (i32.const 9000) (i32.add (i32.const 1) (call $error.string_size (local.get $id))))
            (call $error.drop (local.get $id)))
        ;; The data of the message in hand as a text, on a line of its own.
        (func $tell (local $n i32)
            (local.set $n (call $message.read_data (i32.const 9000) (i32.const 1000)))
            (i32.store8 (i32.add (i32.const 9000) (local.get $n)) (i32.const 10))
            (call $print (i32.const 9000) (i32.add (i32.const 1) (local.get $n))))"#;
    let used = |name: &str| {
        helpers.contains(&format!("${name} "))
            || helpers.contains(&format!("${name})"))
            || rest.contains(&format!("${name} "))
            || rest.contains(&format!("${name})"))
    };
    let imports: String = FUNCTIONS
        .iter()
        .filter(|(module, name, ..)| used(&format!("{module}.{name}")))
        .map(|(module, name, params, result)| {
            format!("(import \"lunatic::{module}\" \"{name}\" (func ${module}.{name} (param {params}) (result {result})))")
        })
        .collect();
    format!(
        "(module {imports} (import \"wasi_snapshot_preview1\" \"fd_write\" (func $fd_write (param i32 i32 i32 i32) (result i32))) {helpers} {rest})"
    )
}

/// Where the name of a letter is.
const fn letter(letter: char) -> u32 {
    4096 + letter as u32 - 'a' as u32
}

/// The text of a program: its body, in which `'x` is the place of a letter, and functions that are
/// processes, each with the number that it is given as `$n`.
pub(crate) fn text(body: &str, functions: &[(char, &str)]) -> String {
    let locals = "(local $x i64) (local $y i64) (local $z i64) (local $i i32)";
    let mut rest = format!("(func (export \"_start\") {locals} {body})");
    for (name, body) in functions {
        rest += &format!("(func (export \"{name}\") (param $n i64) {locals} {body})");
    }
    for name in 'a'..='z' {
        rest = rest.replace(&format!("'{name}"), &format!("(i32.const {})", letter(name)));
    }
    program(&rest)
}

pub(crate) fn guest(text: &str) -> WasmActor {
    let wasm = wat::parse_str(text).unwrap_or_else(|e| panic!("{e}: {text}"));
    WasmActor::from_bytes(&wasm).unwrap_or_else(|e| panic!("{e}: {text}"))
}

pub(crate) fn alone(actor: WasmActor) -> Did {
    both(&vec![root("g", actor)])
}

/// Runs a program on both reactors.
pub(crate) fn run(body: &str, functions: &[(char, &str)]) -> Did {
    alone(guest(&text(body, functions)))
}

/// What the main process says, if it ends normally.
pub(crate) fn says(body: &str, functions: &[(char, &str)]) -> Vec<String> {
    let did = run(body, functions);
    assert_eq!(did.end_of("g"), Some(&ExitReason::Normal), "{did:?}");
    did.log_of("g").into_iter().map(str::to_owned).collect()
}

/// How a program whose body this is fails.
pub(crate) fn fails(body: &str) -> Failure {
    match run(body, &[]).end_of("g") {
        Some(ExitReason::Failed(failure)) => failure.clone(),
        other => panic!("{body}: {other:?}"),
    }
}

pub(crate) fn misuse(text: &str) -> Failure {
    Failure::Trap(TrapKind::Other, text.into())
}

#[test]
fn a_module_is_recognised_and_what_is_not_there_is_a_trap_that_names_itself() {
    let text = r#"(module (import "lunatic::sqlite" "open" (func $open (param i64)))
        (memory (export "memory") 1) (func (export "_start") (call $open (i64.const 1))))"#;
    let module = Module::from_bytes(&wat::parse_str(text).unwrap()).unwrap();
    assert_eq!(module.dialect(), Dialect::Lunatic);
    let did = alone(WasmActor::new(module));
    assert_eq!(did.end_of("g"), Some(&misuse("`lunatic::sqlite::open` is not there").into()));
}

#[test]
fn messages_are_written_sent_and_read() {
    let body = "(local.set $x (call $spawn (i64.const 0) 'a (call $me)))
        (call $send (local.get $x) (i64.const 7) (i64.const 41))
        (call $say32 (call $any (i64.const -1)))
        (call $say (call $message.get_tag)) (call $say (call $message.data_size)) (call $say (call $message.get_process_id))
        (call $say (call $read)) (call $say32 (call $message.read_data (i32.const 8192) (i32.const 8)))
        (call $message.seek_data (i64.const 0)) (call $say (call $read))
        (call $message.seek_data (i64.const -1)) (call $say32 (call $message.read_data (i32.const 8192) (i32.const 8)))
        ;; What was received can be sent on.
        (call $message.seek_data (i64.const 0)) (drop (call $message.send (call $me)))
        (call $say32 (call $any (i64.const -1))) (call $say (call $read))
        ;; To nobody: 0.
        (call $write (i64.const 0) (i64.const 0)) (call $say32 (call $message.send (local.get $x)))
        (call $say32 (call $process.exists (local.get $x))) (call $say32 (call $process.exists (call $me)))";
    let child = "(drop (call $any (i64.const -1)))
        (call $send (local.get $n) (i64.add (call $message.get_tag) (i64.const 1)) (i64.add (call $read) (i64.const 1)))";
    let said = says(body, &[('a', child)]);
    assert_eq!(said, ["0", "8", "8", "0", "42", "0", "42", "0", "0", "42", "0", "0", "1"]);
}

#[test]
fn a_receive_takes_the_oldest_of_its_tags_and_leaves_the_others() {
    let body = "(call $send (call $me) (i64.const 1) (i64.const 10)) (call $send (call $me) (i64.const 2) (i64.const 20))
        (call $send (call $me) (i64.const 0) (i64.const 30)) (call $send (call $me) (i64.const 3) (i64.const 40))
        (call $send (call $me) (i64.const 2) (i64.const 50))
        (i64.store (i32.const 100) (i64.const 3)) (i64.store (i32.const 108) (i64.const 2))
        (loop
            (local.set $i (call $message.receive (i32.const 100) (i32.const 2) (i64.const 0)))
            (call $say32 (local.get $i))
            (if (i32.eqz (local.get $i)) (then (call $say (call $read)) (br 1))))
        ;; Nothing has the tag 0.
        (call $say32 (call $tagged (i64.const 0) (i64.const 5)))
        (call $say32 (call $any (i64.const 0))) (call $say (call $read)) (call $say32 (call $any (i64.const 1))) (call $say (call $read))
        (call $say32 (call $any (i64.const 0)))";
    let said = says(body, &[]);
    assert_eq!(said, ["0", "20", "0", "40", "0", "50", "9027", "9027", "0", "10", "0", "30", "9027"]);
}

#[test]
fn a_request_is_answered_or_runs_out_of_time_or_its_process_is_gone() {
    let body = "(local.set $x (call $spawn (i64.const 0) 'a (call $me)))
        (call $write (i64.const 1) (i64.const 5))
        (call $say32 (call $message.send_receive_skip_search (local.get $x) (i64.const 77) (i64.const -1)))
        (call $say (call $message.get_tag)) (call $say (call $read))
        ;; It does not answer in time.
        (call $write (i64.const 2) (i64.const 6))
        (call $say32 (call $message.send_receive_skip_search (local.get $x) (i64.const 78) (i64.const 10)))
        ;; What comes too late is not received by who takes anything, what is asked for is.
        (call $say32 (call $tagged (i64.const 99) (i64.const -1))) (call $say32 (call $any (i64.const 0)))
        (call $write (i64.const 3) (i64.const 7))
        (call $say32 (call $message.send_receive_skip_search (local.get $x) (i64.const 79) (i64.const -1)))
        (call $write (i64.const 3) (i64.const 8))
        (call $say32 (call $message.send_receive_skip_search (local.get $x) (i64.const 80) (i64.const -1)))";
    let child = "(drop (call $any (i64.const -1))) (call $send (local.get $n) (i64.const 77) (i64.add (call $read) (i64.const 100)))
        (drop (call $any (i64.const -1))) (call $process.sleep_ms (i64.const 50))
        (call $send (local.get $n) (i64.const 78) (i64.const 1)) (call $send (local.get $n) (i64.const 99) (i64.const 1))
        (drop (call $any (i64.const -1)))";
    assert_eq!(
        says(body, &[('a', child)]),
        ["0", "77", "105", "9027", "0", "an answer under tag 78 came too late", "9027", "9027", "9027"]
    );
}

#[test]
fn links_tell_of_an_end_until_they_are_taken_back() {
    let body = "(call $process.die_when_link_dies (i32.const 0))
        (local.set $x (call $spawn (i64.const 7) 'a (i64.const 0)))
        (call $say32 (call $tagged (i64.const 7) (i64.const -1))) (call $say (call $message.get_tag))
        (call $say32 (i64.eq (call $message.get_process_id) (local.get $x))) (call $say (call $message.data_size)) (call $tell)
        ;; One that ends normally is not told of.
        (local.set $x (call $spawn (i64.const 8) 'b (i64.const 0)))
        (call $say32 (call $tagged (i64.const 8) (i64.const 20)))
        ;; A link is made, taken back, and made to nobody.
        (local.set $x (call $spawn (i64.const 0) 'c (i64.const 0)))
        (call $process.link (i64.const 9) (local.get $x)) (call $process.unlink (local.get $x)) (call $process.kill (local.get $x))
        (call $say32 (call $any (i64.const 20)))
        (call $process.link (i64.const 10) (local.get $x)) (call $say32 (call $any (i64.const -1))) (call $say (call $message.get_tag)) (call $tell)
        (local.set $x (call $spawn (i64.const 0) 'c (i64.const 0)))
        (call $process.link (i64.const 0) (local.get $x)) (call $process.kill (local.get $x))
        (call $say32 (call $any (i64.const -1))) (call $say (call $message.get_tag)) (call $tell)
        ;; From now on it dies with them.
        (call $process.die_when_link_dies (i32.const 1)) (local.set $x (call $spawn (i64.const 1) 'a (i64.const 0)))
        (call $process.sleep_ms (i64.const 1000)) (call $say (i64.const 99))";
    let functions = [('a', "unreachable"), ('b', ""), ('c', "(drop (call $any (i64.const -1)))")];
    let did = run(body, &functions);
    let unreachable = Failure::Trap(TrapKind::Unreachable, "".into());
    let said = [
        "1",
        "7",
        "1",
        "42",
        "failed: trap: an unreachable instruction",
        "9027",
        "9027",
        "1",
        "10",
        "no such process",
        "1",
        "0",
        "killed",
    ];
    assert_eq!(did.log_of("g").len(), said.len(), "{did:?}");
    assert_eq!(did.log_of("g")[5..9], said[5..9]);
    assert_eq!(did.end_of("g"), Some(&unreachable.into()));
}

#[test]
fn monitors_tell_of_an_end_until_they_are_taken_back() {
    let body = "(local.set $x (call $spawn (i64.const 0) 'c (i64.const 0))) (local.set $y (call $spawn (i64.const 0) 'c (i64.const 0)))
        (call $process.monitor (local.get $x)) (call $process.monitor (local.get $x)) (call $process.monitor (local.get $y))
        (call $process.stop_monitoring (local.get $y))
        (call $process.kill (local.get $y)) (call $process.kill (local.get $x))
        (call $say32 (call $any (i64.const -1))) (call $say32 (i64.eq (call $message.get_process_id) (local.get $x)))
        (call $say (call $message.get_tag)) (call $tell)
        (call $say32 (call $any (i64.const 20)))";
    let said = says(body, &[('c', "(drop (call $any (i64.const -1)))")]);
    assert_eq!(said, ["2", "1", "0", "killed", "9027"]);
}

#[test]
fn names_are_put_found_and_removed() {
    let body = "(call $say32 (call $registry.get 'x (i32.const 1) (i32.const 100) (i32.const 108)))
        (call $registry.put 'x (i32.const 1) (i64.const 0) (call $me))
        (call $say32 (call $registry.get 'x (i32.const 1) (i32.const 100) (i32.const 108)))
        (call $say (i64.load (i32.const 100))) (call $say32 (i64.eq (i64.load (i32.const 108)) (call $me)))
        (call $registry.remove 'x (i32.const 1))
        (call $say32 (call $registry.get 'x (i32.const 1) (i32.const 100) (i32.const 108)))
        ;; What has a name of the node is found too.
        (call $say32 (call $registry.get 'g (i32.const 1) (i32.const 100) (i32.const 108))) (call $say32 (i64.eq (i64.load (i32.const 108)) (call $me)))";
    assert_eq!(says(body, &[]), ["1", "0", "0", "1", "1", "0", "1"]);
}

#[test]
fn one_of_a_name_is_found_or_spawned() {
    let spawn = "(call $params (i64.const 5)) (call $say32 (call $process.get_or_spawn 'x (i32.const 1) (i64.const 0) (i64.const -1) (i64.const -1)
        'c (i32.const 1) (i32.const 8208) (i32.const 17) (i32.const 100) (i32.const 108))) (call $say (i64.load (i32.const 100)))";
    let body = format!(
        "{spawn} (local.set $x (i64.load (i32.const 108))) {spawn} (call $say32 (i64.eq (local.get $x) (i64.load (i32.const 108))))
        (call $process.kill (local.get $x)) {spawn} (call $say32 (i64.eq (local.get $x) (i64.load (i32.const 108))))"
    );
    let said = says(&body, &[('c', "(drop (call $any (i64.const -1)))")]);
    assert_eq!(said, ["0", "0", "2", "0", "1", "0", "0", "0"]);
}

#[test]
fn timers_send_messages_later_or_not_at_all() {
    let body = "(call $write (i64.const 1) (i64.const 10)) (local.set $x (call $timer.send_after (call $me) (i64.const 30)))
        (call $write (i64.const 2) (i64.const 20)) (local.set $y (call $timer.send_after (call $me) (i64.const 10)))
        (call $write (i64.const 3) (i64.const 30)) (local.set $z (call $timer.send_after (call $me) (i64.const 20)))
        (call $say (local.get $x)) (call $say (local.get $z))
        (call $say32 (call $timer.cancel_timer (local.get $z))) (call $say32 (call $timer.cancel_timer (local.get $z)))
        (call $say32 (call $timer.cancel_timer (i64.const 77)))
        (call $say32 (call $any (i64.const -1))) (call $say (call $read)) (call $say32 (call $any (i64.const -1))) (call $say (call $read))
        (call $say32 (call $timer.cancel_timer (local.get $y)))
        (call $say32 (call $any (i64.const 50)))
        ;; It goes off while its process sleeps.
        (call $write (i64.const 4) (i64.const 40)) (drop (call $timer.send_after (call $me) (i64.const 1)))
        (call $process.sleep_ms (i64.const 20)) (call $say32 (call $any (i64.const 0))) (call $say (call $read))";
    let said = says(body, &[]);
    assert_eq!(said, ["0", "2", "1", "0", "0", "0", "20", "0", "10", "0", "9027", "0", "40"]);
}

/// A program that catches: `_lunatic_catch_trap` does what its first argument says.
pub(crate) fn catching(body: &str, functions: &[(char, &str)]) -> String {
    let caught = r#"(func (export "_lunatic_catch_trap") (param $what i32) (param $with i32) (result i32)
        (if (i32.eq (local.get $what) (i32.const 0)) (then unreachable))
        (if (i32.eq (local.get $what) (i32.const 1)) (then (call $process.kill (call $me))))
        (if (i32.eq (local.get $what) (i32.const 2)) (then (drop (call $deep (i32.const 0)))))
        (if (i32.eq (local.get $what) (i32.const 3)) (then (drop (call $any (i64.const -1)))))
        (if (i32.eq (local.get $what) (i32.const 4))
            (then (return (i32.add (i32.const 1) (call $trap.catch (local.get $what) (local.get $with))))))
        (if (i32.eq (local.get $what) (i32.const 8)) (then (call $say32 (local.get $with))))
        ;; Once more, with what it was given.
        (if (i32.eq (local.get $what) (i32.const 7)) (then (return (call $trap.catch (local.get $with) (i32.const 0)))))
        (if (i32.eq (local.get $what) (i32.const 6)) (then (drop (call $message.receive (i32.const -1) (i32.const 1) (i64.const 0)))))
        (local.get $with))
        (func $deep (param i32) (result i32) (i32.add (i32.const 1) (call $deep (local.get 0))))"#;
    text(&format!("{body}) {caught} (func $end"), functions)
}

#[test]
fn what_traps_in_a_catch_is_survived() {
    // Fifty times, so that what the stack of a call took would be missed.
    let body = "(call $say32 (call $trap.catch (i32.const 9) (i32.const 5))) (call $say32 (call $trap.catch (i32.const 0) (i32.const 5)))
        (loop
            (if (call $trap.catch (i32.const 2) (i32.const 5)) (then unreachable))
            (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if 0 (i32.lt_u (local.get $i) (i32.const 50))))
        (call $say32 (call $trap.catch (i32.const 6) (i32.const 5)))
        (call $say32 (call $trap.catch (i32.const 9) (i32.const 6)))
        ;; So deep that there is no stack more: the innermost fails, the others add to it.
        (call $say32 (call $trap.catch (i32.const 4) (i32.const 6)))";
    let did = alone(guest(&catching(body, &[])));
    assert_eq!(did.log_of("g"), ["5", "0", "0", "6", "63"], "{did:?}");
    assert_eq!(did.end_of("g"), Some(&ExitReason::Normal));
}

/// A module that answers the process that it is given with a number.
fn plugin(n: u32) -> String {
    let text = format!(
        r#"(module (import "lunatic::message" "create_data" (func $create (param i64 i64))) (import "lunatic::message" "send" (func $send (param i64) (result i32)))
        (func (export "a") (param i64) (call $create (i64.const {n}) (i64.const 0)) (drop (call $send (local.get 0)))))"#
    );
    let bytes = wat::parse_str(text).unwrap();
    bytes.iter().map(|byte| format!("\\{byte:02x}")).collect()
}

#[test]
fn modules_are_compiled_at_run_time_and_handed_over() {
    let spawn = "(call $params (call $me)) (call $say32 (call $process.spawn (i64.const 0) (i64.const -1) (local.get $x)
        'a (i32.const 1) (i32.const 8208) (i32.const 17) (i32.const 108)))";
    let plugin = plugin(55);
    let len = plugin.len() / 3;
    let body = format!(
        "(call $say32 (call $process.compile_module (i32.const 20000) (i32.const {len}) (i32.const 100)))
        (local.set $x (i64.load (i32.const 100))) (call $say (local.get $x))
        {spawn} (call $say32 (call $any (i64.const -1))) (call $say (call $message.get_tag))
        ;; Broken bytes are an error.
        (call $say32 (call $process.compile_module (i32.const 20001) (i32.const {len}) (i32.const 100))) (call $explain (i64.load (i32.const 100)))
        ;; Handed to itself it has another number, and a place is empty once it was taken.
        (call $message.create_data (i64.const 1) (i64.const 0)) (call $say (call $message.push_module (local.get $x)))
        (drop (call $message.send (call $me))) (drop (call $any (i64.const -1)))
        (call $process.drop_module (local.get $x)) (local.set $x (call $message.take_module (i64.const 0))) (call $say (local.get $x))
        {spawn} (drop (call $any (i64.const -1))) (call $say (call $message.get_tag))
        (drop (call $message.take_module (i64.const 0)))) (data (i32.const 20000) \"{plugin}\") (func $end"
    );
    let did = alone(guest(&text(&body, &[])));
    let mut said = did.log_of("g");
    let (compiled, error) = (said.remove(0), said.remove(6));
    assert!(compiled.starts_with("compiled a module: sha256:"), "{compiled}");
    assert!(error.starts_with("not a WebAssembly module"), "{error}");
    assert_eq!(said, ["0", "0", "0", "0", "55", "1", "0", "1", "0", "55"], "{did:?}");
    let empty = misuse("message::take_module: there is no module at 0 of the message");
    assert_eq!(did.end_of("g"), Some(&empty.into()));
}

#[test]
fn who_looks_for_mail_again_and_again_is_there_when_it_comes() {
    // A timer sends it: time passes though nobody waits.
    for look in [
        "(i32.ne (call $any (i64.const 0)) (i32.const 0))",
        "(call $process.sleep_ms (i64.const 0)) (i32.ne (call $any (i64.const 0)) (i32.const 0))",
    ] {
        let body = format!(
            "(call $write (i64.const 1) (i64.const 42)) (drop (call $timer.send_after (call $me) (i64.const 1)))
            (loop {look} (br_if 0)) (call $say (call $read))"
        );
        assert_eq!(says(&body, &[]), ["42"]);
    }
}

#[test]
fn errors_are_texts() {
    let none = "(call $params (i64.const 0)) (call $say32 (call $process.spawn (i64.const 0) (i64.const -1) (i64.const -1)
        'q (i32.const 1) (i32.const 8208) (i32.const 17) (i32.const 100))) (call $explain (i64.load (i32.const 100)))";
    let body = format!("{none} {none} (call $say32 (call $error.string_size (i64.const 0)))");
    let did = run(&body, &[]);
    assert_eq!(did.log_of("g"), ["1", "there is no function `q`", "1", "there is no function `q`"]);
    assert_eq!(did.end_of("g"), Some(&misuse("error::string_size: there is no error 0").into()));
}

#[test]
fn a_function_that_is_not_called_as_it_is_is_an_error_and_malformed_parameters_a_trap() {
    let spawn = |len: u32, ty: u32| {
        format!(
            "(call $params (i64.const 0)) (i32.store8 (i32.const 8208) (i32.const {ty}))
            (call $say32 (call $process.spawn (i64.const 0) (i64.const -1) (i64.const -1) 'a (i32.const 1) (i32.const 8208) (i32.const {len}) (i32.const 100)))
            (call $explain (i64.load (i32.const 100)))"
        )
    };
    let child = [('a', "")];
    let called =
        |with: &str| format!("`a` is a function (i64) -> (), and is called as a function ({with}) -> ()");
    assert_eq!(
        says(&(spawn(0, 0) + &spawn(17, 0x7f) + &spawn(17, 0x7b)), &child),
        ["1", &called(""), "1", &called("i32"), "1", &called("v128")]
    );
    let end = |body: &str| run(body, &child).end_of("g").cloned();
    assert_eq!(
        end(&spawn(16, 0x7e)),
        Some(misuse("process::spawn: 16 bytes are left behind the parameters").into())
    );
    assert_eq!(end(&spawn(17, 0x7d)), Some(misuse("process::spawn: 0x7d is no type of a parameter").into()));
}

#[test]
fn a_start_that_fails_is_an_error() {
    let failing = r#"(module (start $s) (func $s unreachable) (func (export "a") (param i64)))"#;
    let bytes = wat::parse_str(failing).unwrap();
    let data: String = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
    let body = format!(
        "(drop (call $process.compile_module (i32.const 20000) (i32.const {}) (i32.const 100)))
        (call $params (i64.const 0)) (call $say32 (call $process.spawn (i64.const 0) (i64.const -1) (i64.load (i32.const 100))
        'a (i32.const 1) (i32.const 8208) (i32.const 17) (i32.const 108))) (call $explain (i64.load (i32.const 108))))
        (data (i32.const 20000) \"{data}\") (func $end",
        bytes.len()
    );
    let did = alone(guest(&text(&body, &[])));
    assert_eq!(did.log_of("g")[1], "1");
    assert!(did.log_of("g")[2].contains("unreachable"), "{did:?}");
    assert_eq!(did.end_of("g"), Some(&ExitReason::Normal));
}

#[test]
fn configurations_deny_everything_until_they_allow_it() {
    let body = "(local.set $x (call $process.create_config)) (call $say (local.get $x))
        (call $say32 (call $process.config_can_compile_modules (local.get $x))) (call $say32 (call $process.config_can_create_configs (local.get $x)))
        (call $say32 (call $process.config_can_spawn_processes (local.get $x)))
        (call $say (call $process.config_get_max_memory (local.get $x))) (call $say (call $process.config_get_max_fuel (local.get $x)))
        (call $process.config_set_max_memory (local.get $x) (i64.const 131072)) (call $process.config_set_max_fuel (local.get $x) (i64.const 3))
        (call $say (call $process.config_get_max_memory (local.get $x))) (call $say (call $process.config_get_max_fuel (local.get $x)))
        (call $say32 (call $try (i64.const 0) (local.get $x) 'a (call $me)))
        (loop (br_if 0 (i32.eqz (i32.eq (call $any (i64.const -1)) (i32.const 0)))) (call $say (call $read)) (br_if 0 (i64.ne (i64.load (i32.const 8192)) (i64.const 99))))
        (call $process.config_set_can_compile_modules (local.get $x) (i32.const 2)) (call $process.config_set_can_create_configs (local.get $x) (i32.const 1))
        (call $process.config_set_can_spawn_processes (local.get $x) (i32.const 1)) (call $process.config_set_max_fuel (local.get $x) (i64.const 0))
        (call $say32 (call $process.config_can_compile_modules (local.get $x))) (call $say32 (call $process.config_can_create_configs (local.get $x)))
        (call $say32 (call $process.config_can_spawn_processes (local.get $x))) (call $say (call $process.config_get_max_fuel (local.get $x)))
        (call $say32 (call $try (i64.const 0) (local.get $x) 'b (call $me))) (drop (call $any (i64.const -1))) (call $say (call $read))
        (call $process.drop_config (local.get $x)) (call $process.drop_config (local.get $x))";
    // It has two pages and may have no more, and what it may do is less.
    let denied = "(call $send (local.get $n) (i64.const 0) (i64.extend_i32_u (i32.eq (memory.grow (i32.const 1)) (i32.const -1))))
        (call $send (local.get $n) (i64.const 0) (i64.extend_i32_u (i64.eq (call $process.create_config) (i64.const -1))))
        (call $send (local.get $n) (i64.const 0) (i64.extend_i32_u (i32.eq (call $process.compile_module (i32.const 0) (i32.const 0) (i32.const 0)) (i32.const -1))))
        (call $send (local.get $n) (i64.const 0) (i64.const 99)) (loop (br 0))";
    let allowed = "(call $send (local.get $n) (i64.const 0) (call $process.create_config))";
    let did = run(body, &[('a', denied), ('b', allowed)]);
    let said = [
        "0",
        "0",
        "0",
        "0",
        "4294967295",
        "0",
        "131072",
        "3",
        "0",
        "1",
        "1",
        "1",
        "99",
        "1",
        "1",
        "1",
        "0",
        "0",
        "0",
    ];
    assert_eq!(did.log_of("g"), said);
    assert_eq!(did.end_of("g/#1"), Some(&Failure::OutOfFuel.into()), "three units of fuel");
    assert_eq!(did.end_of("g"), Some(&misuse("process::drop_config: there is no config 0").into()));
}

#[test]
fn a_configuration_has_arguments_and_an_environment() {
    let body = "(local.set $x (call $process.create_config))
        (call $wasi.config_add_environment_variable (local.get $x) 'a (i32.const 2) 'c (i32.const 3))
        (call $wasi.config_add_command_line_argument (local.get $x) 'x (i32.const 1))
        (call $say32 (call $try (i64.const 0) (local.get $x) 'a (i64.const 0)))";
    let child = "(drop (call $env_sizes (i32.const 100) (i32.const 104))) (call $say32 (i32.load (i32.const 100))) (call $say32 (i32.load (i32.const 104)))
        (drop (call $args_sizes (i32.const 100) (i32.const 104))) (call $say32 (i32.load (i32.const 100))) (call $say32 (i32.load (i32.const 104)))
        (drop (call $env (i32.const 100) (i32.const 200))) (i32.store8 (i32.const 206) (i32.const 10)) (call $print (i32.const 200) (i32.const 7))";
    let text = text(body, &[('a', child)]);
    let imports = r#"(import "wasi_snapshot_preview1" "environ_sizes_get" (func $env_sizes (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "environ_get" (func $env (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes (param i32 i32) (result i32)))"#;
    let did = alone(guest(&text.replacen("(module ", &format!("(module {imports}"), 1)));
    assert_eq!(did.log_of("g/#1"), ["1", "7", "2", "8", "ab=cde"]);
    let preopen = "(call $wasi.config_preopen_dir (call $process.create_config) 'a (i32.const 3))";
    assert_eq!(
        fails(preopen),
        misuse("wasi::config_preopen_dir: the process has no directory `abc` to pass on")
    );
}

#[test]
fn who_may_not_does_not() {
    let rights = |compile, configure| LunaticRights { compile, configure, ..LunaticRights::default() };
    let with = |body: &str, rights: LunaticRights, permissions: Permissions| {
        let did = alone(guest(&text(body, &[('a', "")])).lunatic(rights).permissions(permissions));
        (did.log_of("g").join(" "), did.end_of("g").cloned().unwrap())
    };
    let all = Permissions::default;
    let create = "(call $say32 (i64.eq (call $process.create_config) (i64.const -1)))";
    assert_eq!(with(create, rights(true, false), all()), ("1".into(), ExitReason::Normal));
    let compile = "(call $say32 (i32.eq (call $process.compile_module (i32.const 0) (i32.const 8) (i32.const 0)) (i32.const -1)))";
    assert_eq!(with(compile, rights(false, true), all()), ("1".into(), ExitReason::Normal));
    // What it has not, it cannot pass on.
    let grants = "(call $process.config_set_can_compile_modules (call $process.create_config) (i32.const 1))";
    let grant = "a process cannot grant what it may not do itself";
    let no_grant = misuse(&format!("process::config_set_can_compile_modules: {grant}"));
    assert_eq!(with(grants, rights(false, true), all()).1, no_grant.into());
    let spawns = "(drop (call $spawn (i64.const 0) 'a (i64.const 0)))";
    let no_spawn = Permissions { spawn: false, ..all() };
    assert_eq!(
        with(spawns, rights(true, true), no_spawn.clone()).1,
        misuse("process::spawn: the process may not spawn").into()
    );
    let grants = "(call $process.config_set_can_spawn_processes (call $process.create_config) (i32.const 1))";
    let no_grant = misuse(&format!("process::config_set_can_spawn_processes: {grant}"));
    assert_eq!(with(grants, rights(true, true), no_spawn).1, no_grant.into());
    let no_register = Permissions { register: false, ..all() };
    let puts = "(call $registry.put 'x (i32.const 1) (i64.const 0) (call $me))";
    let denied = "permission denied";
    assert_eq!(
        with(puts, rights(true, true), no_register).1,
        misuse(&format!("registry::put: {denied}")).into()
    );
    let no_lookup = Permissions { lookup: false, ..all() };
    let gets = "(drop (call $registry.get 'x (i32.const 1) (i32.const 0) (i32.const 8)))";
    assert_eq!(
        with(gets, rights(true, true), no_lookup).1,
        misuse(&format!("registry::get: {denied}")).into()
    );
}

#[test]
fn figures_are_facts() {
    let body = "(call $metrics.counter 'a (i32.const 1) (i64.const 5)) (call $metrics.increment_counter 'a (i32.const 1)) (call $metrics.increment_counter 'b (i32.const 1))
        (call $metrics.gauge 'c (i32.const 1) (f64.const 2.5)) (call $metrics.increment_gauge 'c (i32.const 1) (f64.const 2.5)) (call $metrics.decrement_gauge 'c (i32.const 1) (f64.const 1.25))
        (call $metrics.histogram 'd (i32.const 1) (f64.const 7.9))";
    let did = run(body, &[]);
    let facts: Vec<(&str, i64)> = did.facts.iter().map(|(_, key, value)| (key.as_str(), *value)).collect();
    assert_eq!(facts, [("a", 5), ("a", 6), ("b", 1), ("c", 2), ("c", 5), ("c", 3), ("d", 7)]);
}

#[test]
fn a_node_that_is_alone_is_node_0_and_its_own_functions_are_those_of_processes() {
    let body = "(call $say32 (call $version.major)) (call $say32 (call $version.minor)) (call $say32 (call $version.patch)) (call $say (call $process.environment_id))
        (call $say (call $distributed.node_id)) (call $say (call $distributed.module_id)) (call $say32 (call $distributed.nodes_count)) (call $say32 (call $distributed.get_nodes (i32.const 0) (i32.const 4)))
        (call $params (call $me))
        (call $say32 (call $distributed.spawn (i64.const 0) (i64.const -1) (i64.const 0) 'a (i32.const 1) (i32.const 8208) (i32.const 17) (i32.const 100)))
        (local.set $x (i64.load (i32.const 100)))
        (call $write (i64.const 5) (i64.const 50)) (call $say32 (call $distributed.send (i64.const 0) (local.get $x)))
        (call $write (i64.const 6) (i64.const 60)) (call $say32 (call $distributed.send_receive_skip_search (i64.const 0) (local.get $x) (i64.const 9) (i64.const -1))) (call $say (call $read))
        (call $params (call $me))
        (call $say32 (call $distributed.spawn (i64.const 0) (i64.const -1) (i64.const 3) 'a (i32.const 1) (i32.const 8208) (i32.const 17) (i32.const 100))) (call $explain (i64.load (i32.const 100)))
        (call $say32 (call $distributed.spawn (i64.const 4) (i64.const -1) (i64.const 0) 'a (i32.const 1) (i32.const 8208) (i32.const 17) (i32.const 100))) (call $explain (i64.load (i32.const 100)))
        (call $write (i64.const 5) (i64.const 50)) (call $say32 (call $distributed.send (i64.const 4) (local.get $x)))
        (call $write (i64.const 5) (i64.const 50)) (call $say32 (call $distributed.send_receive_skip_search (i64.const 4) (local.get $x) (i64.const 1) (i64.const 1)))
        (call $say32 (call $distributed.exec_lookup_nodes 'a (i32.const 2) (i32.const 0) (i32.const 8) (i32.const 100))) (call $explain (i64.load (i32.const 100)))
        (call $say32 (i32.eq (call $distributed.copy_lookup_nodes_results (i64.const 7) (i32.const 0) (i32.const 1) (i32.const 100)) (i32.const -1))) (call $explain (i64.load (i32.const 100)))";
    let child =
        "(drop (call $any (i64.const -1))) (local.set $x (call $read)) (drop (call $any (i64.const -1)))
        (call $send (local.get $n) (i64.const 9) (i64.add (local.get $x) (call $read)))";
    let said = says(body, &[('a', child)]);
    let first = ["0", "13", "2", "1", "0", "0", "0", "0", "0", "0", "0", "110"];
    assert_eq!(said[..12], first);
    let then = [
        "2",
        "there is no module 3",
        "1",
        "there is no node 4",
        "2",
        "2",
        "1",
        "nodes have no attributes to look up: `ab`",
        "1",
        "there is no query 7",
    ];
    assert_eq!(said[12..], then);
}

#[test]
fn certificates_are_refused() {
    for (name, args) in [("test_root_cert", 1), ("default_server_certificates", 5), ("sign_node", 7)] {
        let body = format!("(drop (call $distributed.{name} {}))", "(i32.const 0)".repeat(args));
        assert_eq!(
            fails(&body),
            misuse(&format!("distributed::{name}: certificates are not made for guests"))
        );
    }
}

#[test]
fn sockets_that_it_does_not_own_are_not_handed_over() {
    let whats = [("tcp_stream", "TCP stream"), ("tls_stream", "TLS stream"), ("udp_socket", "UDP socket")];
    for (name, what) in whats {
        for verb in ["push", "take"] {
            let body = format!(
                "(call $message.create_data (i64.const 0) (i64.const 0)) (drop (call $message.{verb}_{name} (i64.const 3)))"
            );
            let place = if verb == "take" { "at 3 of the message" } else { "3" };
            assert_eq!(fails(&body), misuse(&format!("message::{verb}_{name}: there is no {what} {place}")));
        }
    }
}

#[test]
fn a_sender_waits_until_a_mailbox_has_room() {
    let limits = Limits { mailbox_count: 2, policy: MailboxPolicy::Wait, ..Limits::default() };
    let body = "(local.set $x (call $spawn (i64.const 0) 'a (call $me)))
        (loop
            (call $send (local.get $x) (i64.const 1) (i64.extend_i32_u (local.get $i)))
            (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if 0 (i32.lt_u (local.get $i) (i32.const 20))))
        (drop (call $tagged (i64.const 2) (i64.const -1))) (call $say (call $read))";
    let child = "(loop
            (call $process.sleep_ms (i64.const 1)) (drop (call $any (i64.const -1))) (local.set $x (i64.add (local.get $x) (call $read)))
            (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if 0 (i32.lt_u (local.get $i) (i32.const 20))))
        (call $send (local.get $n) (i64.const 2) (local.get $x))";
    let did = alone(guest(&text(body, &[('a', child)])).limits(limits));
    assert_eq!((did.log_of("g"), did.end_of("g")), (vec!["190"], Some(&ExitReason::Normal)));
    // To itself it would wait for ever.
    let mine = "(call $send (call $me) (i64.const 0) (i64.const 0))";
    let did = alone(guest(&text(&mine.repeat(3), &[])).limits(limits));
    assert_eq!(did.end_of("g"), Some(&misuse("message::send: the receiver's mailbox is full").into()));
}

#[test]
fn the_main_process_has_arguments() {
    let config = WasiConfig { args: vec!["one".into()], ..WasiConfig::default() };
    let text = r#"(module (import "lunatic::process" "process_id" (func (result i64))) (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
        (memory (export "memory") 1) (func (export "_start") (drop (call $sizes (i32.const 0) (i32.const 4))) (if (i32.ne (i32.load (i32.const 0)) (i32.const 2)) (then unreachable))))"#;
    assert_eq!(alone(guest(text).wasi(config).unwrap()).end_of("g"), Some(&ExitReason::Normal));
}

#[test]
fn a_directory_is_passed_on_by_who_has_it() {
    let body = "(local.set $x (call $process.create_config)) (drop (call $try (i64.const 0) (local.get $x) 'a (i64.const 0))) (call $process.sleep_ms (i64.const 10))
        (call $wasi.config_preopen_dir (local.get $x) (i32.const 20000) (i32.const 5))
        (drop (call $try (i64.const 0) (local.get $x) 'a (i64.const 0))) (drop (call $try (i64.const 0) (i64.const -1) 'a (i64.const 0))) (call $process.sleep_ms (i64.const 10)))
        (data (i32.const 20000) \"/data\") (func $end";
    // 0 it finds a directory open, 8 it finds none.
    let child = "(call $say32 (call $prestat (i32.const 3) (i32.const 100)))";
    let text = text(body, &[('a', child)]);
    let import =
        r#"(import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))"#;
    let mount = WasiMount { directory: "data".into(), guest: "/data".into(), read_only: false };
    let config = WasiConfig { mounts: vec![mount], ..WasiConfig::default() };
    let actor = guest(&text.replacen("(module ", &format!("(module {import}"), 1)).wasi(config).unwrap();
    let directories = Directories::from([("data", Image::directory([("a", Image::file(*b"x"))]))]);
    let did = both_with(&vec![root("g", actor)], &directories);
    assert_eq!(["g/#1", "g/#2", "g/#3"].map(|path| did.log_of(path)), [["8"], ["0"], ["0"]], "{did:?}");
}
