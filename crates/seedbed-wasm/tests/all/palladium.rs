//! The `palladium` dialect: modules in the shape of its published tests, on both reactors.

#![expect(clippy::unwrap_used, reason = "what is missing here fails the test")]

use crate::both::{Did, Do, Folder, Roots, both, client, root};
use crate::world::World;
use seedbed_abi::{ExitReason, Failure, TrapKind};
use seedbed_core::Limits;
use seedbed_wasm::{Module, Namespaces, Plugin, PluginError, Plugins, WasmActor, WasmLimits};
use std::path::PathBuf;

fn fixture(name: &str) -> WasmActor {
    let file = format!("../../fixtures/palladium/{name}.wasm");
    WasmActor::from_file(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file)).expect(name)
}

/// A module with this memory page, imports, and `rest`.
fn module(rest: &str) -> WasmActor {
    let text = format!(
        r#"(module
        (import "pd" "pd_send" (func $send (param i32 i32 i32 i32) (result i32)))
        (import "pd" "pd_now_micros" (func $now (result i64)))
        (import "pd" "pd_log" (func $log (param i32 i32 i32)))
        (memory (export "memory") 1)
        {rest})"#
    );
    WasmActor::from_bytes(&wat::parse_str(&text).expect(&text)).expect(&text)
}

/// A module whose handler is this body, with the envelope in `$e`, the payload in `$p` and `$n`.
fn handler(body: &str) -> WasmActor {
    module(&format!(
        r#"(func (export "pd_actor_on_message") (param i32 i32) (param $e i32) (param $p i32) (param $n i32) (result i32)
            (local $x i64) {body})"#
    ))
}

/// The folder `/plugins` with a counter and another.
fn plugins(name: &'static str, actor: WasmActor) -> Roots {
    let children = vec![root("counter", fixture("counter")), root(name, actor)];
    vec![root("plugins", move || Folder(children.clone()))]
}

fn with_client(mut roots: Roots, to_do: Vec<Do>) -> Did {
    roots.push(client("client", to_do));
    both(&roots)
}

#[test]
fn echo_answers_requests_and_messages_with_their_payload() {
    let to_do = vec![Do::Ask("echo", 7, b"abc".to_vec()), Do::Ask("echo", 8, Vec::new())];
    let did = with_client(vec![root("echo", fixture("echo"))], to_do);
    assert_eq!(did.log_of("client"), ["reply 7 [97, 98, 99]", "reply 8 []"]);
    assert_eq!(did.exits, []);
}

#[test]
fn counter_keeps_the_state_that_create_made() {
    let ask = || Do::Ask("counter", 1, Vec::new());
    let to_do = vec![Do::Send("counter", 0, b"x".to_vec()), ask(), ask()];
    let did = with_client(vec![root("counter", fixture("counter"))], to_do);
    assert_eq!(did.log_of("client"), ["reply 1 [2, 0, 0, 0]", "reply 1 [3, 0, 0, 0]"]);
}

#[test]
fn a_configuration_reaches_create() {
    let mut world = World::new();
    let pid = world.spawn_with("g", fixture("counter"), &[41]);
    world.request(pid, 1, 1, b"");
    assert_eq!(world.seen().answers, [(1, vec![42, 0, 0, 0])]);
}

#[test]
fn forwarder_reaches_whoever_has_the_path_and_forges_no_source() {
    let to_do = vec![
        Do::Send("forwarder", 5, b"x".to_vec()),
        Do::Send("forwarder", 5, b"y".to_vec()),
        Do::Wait(1),
        Do::Ask("counter", 1, Vec::new()),
        // A new life of the path is found by generation 0 too.
        Do::Watch("counter"),
        Do::Kill("counter"),
        Do::Wait(1),
        Do::Send("forwarder", 5, b"z".to_vec()),
    ];
    let did = with_client(plugins("forwarder", fixture("forwarder")), to_do);
    assert_eq!(did.log_of("client"), ["reply 1 [3, 0, 0, 0]", "down: killed"]);

    let spy = "(call $log (i32.const 2) (local.get $p) (local.get $n))
        (i32.store8 (i32.const 5000) (i32.add (i32.const 48) (i64.eq (i64.load offset=24 (local.get $e)) (i64.const HASH))))
        (call $log (i32.const 2) (i32.const 5000) (i32.const 1)) (i32.const 0)";
    let hash = format!("0x{:016x}", hash("/plugins/forwarder"));
    let children =
        vec![root("counter", handler(&spy.replace("HASH", &hash))), root("forwarder", fixture("forwarder"))];
    let roots = vec![root("plugins", move || Folder(children.clone()))];
    let did = with_client(roots, vec![Do::Send("forwarder", 5, b"x".to_vec())]);
    assert_eq!(did.log_of("plugins/counter"), ["x", "1"], "the source is the forwarder, not the client");
}

fn hash(path: &str) -> u64 {
    u64::from_le_bytes(blake3::hash(path.as_bytes()).as_bytes()[..8].try_into().unwrap())
}

#[test]
fn a_trap_sends_nothing_and_on_stop_does_not_run() {
    let to_do = vec![Do::Watch("trapper"), Do::Send("trapper", 0, Vec::new())];
    let did = with_client(vec![root("trapper", fixture("trapper"))], to_do);
    assert_eq!(did.log_of("client"), ["down: trap: unreachable executed"]);
    let trap = Failure::Trap(TrapKind::Unreachable, "".into());
    assert_eq!(did.end_of("trapper"), Some(&trap.into()));
}

#[test]
fn a_spinner_runs_out_of_fuel() {
    let spinner =
        fixture("spinner").wasm_limits(WasmLimits { fuel_per_message: 100, ..WasmLimits::default() });
    let did = with_client(vec![root("spinner", spinner)], vec![Do::Send("spinner", 0, Vec::new())]);
    assert_eq!(did.end_of("spinner"), Some(&Failure::OutOfFuel.into()));
}

#[test]
fn every_hook_has_time_log_and_sends() {
    let to_do = vec![
        Do::Ask("counter", 1, Vec::new()),
        Do::Wait(2),
        Do::Send("starter", 0, Vec::new()),
        Do::Stop("starter"),
        Do::Wait(1),
        Do::Ask("counter", 1, Vec::new()),
    ];
    let did = with_client(plugins("starter", fixture("starter")), to_do);
    let logged: Vec<(i32, &str)> = did
        .logged
        .iter()
        .filter(|(who, ..)| who == "plugins/starter")
        .map(|(_, level, text)| (*level, text.as_str()))
        .collect();
    assert_eq!(logged, [(3, "start section"), (4, "on_start"), (1, "time passed"), (5, "on_stop 3")]);
    // One message of `on_start` before the first request, one of `on_stop` between the two.
    assert_eq!(did.log_of("client"), ["reply 1 [2, 0, 0, 0]", "reply 1 [4, 0, 0, 0]"]);
}

#[test]
fn a_start_section_is_under_fuel_and_a_start_may_fail() {
    let cases = [
        (
            module(
                "(start $s) (func $s (loop (br 0))) (func (export \"pd_actor_on_message\") (param i32 i32 i32 i32 i32) (result i32) (i32.const 0))",
            ),
            Failure::OutOfFuel,
        ),
        (
            module(
                "(func (export \"pd_actor_on_start\") (param i32 i32) (result i32) (i32.const -1)) (func (export \"pd_actor_on_message\") (param i32 i32 i32 i32 i32) (result i32) (i32.const 0))",
            ),
            Failure::HandlerError(-1),
        ),
    ];
    for (actor, failure) in cases {
        let did = both(&vec![root("g", actor)]);
        assert_eq!(did.end_of("g"), Some(&ExitReason::start_failed(failure.into())));
    }
}

#[test]
fn a_code_other_than_0_is_a_handler_error_and_on_stop_runs() {
    let actor = module(
        "(func (export \"pd_actor_on_message\") (param i32 i32 i32 i32 i32) (result i32) (i32.const -2))
        (data (i32.const 2048) \"stop\")
        (func (export \"pd_actor_on_stop\") (param i32 i32) (param $why i32)
            (if (i32.eq (local.get $why) (i32.const -1)) (then (call $log (i32.const 0) (i32.const 2048) (i32.const 4)))))",
    );
    let did = with_client(vec![root("g", actor)], vec![Do::Send("g", 0, Vec::new())]);
    assert_eq!(did.end_of("g"), Some(&Failure::HandlerError(-2).into()));
    assert_eq!(did.log_of("g"), ["stop"]);
}

#[test]
fn a_payload_larger_than_the_gap_overwrites_data_unless_the_module_allocates() {
    for (name, second) in [("gap", b'x'), ("alloc", b'd')] {
        let ask = |len: usize| Do::Ask("g", 1, vec![b'x'; len]);
        let did = with_client(vec![root("g", fixture(name))], vec![ask(944), ask(945), ask(60_000)]);
        let reply = |byte: u8| format!("reply 1 [{byte}]");
        assert_eq!(did.log_of("client"), [reply(b'd'), reply(second), reply(second)], "{name}");
    }
    let warning =
        "a payload of more than 944 bytes overwrites data: without `pd_alloc` it stands at 80 and behind";
    assert_eq!(fixture("gap").module().warnings(), [warning]);
    assert_eq!(fixture("alloc").module().warnings(), Vec::<String>::new());
}

#[test]
fn what_no_memory_could_hold_is_refused_and_what_this_one_cannot_fails() {
    let limits = WasmLimits { memory_max: 1 << 17, ..WasmLimits::default() };
    let mut world = World::new();
    let pid = world.spawn("g", fixture("echo").wasm_limits(limits));
    world.request(pid, 1, 0, &vec![0; (1 << 17) - 79]);
    assert_eq!(world.seen().answers, [(2, vec![])], "refused at the sender");
    world.request(pid, 2, 0, &vec![0; 1 << 16]);
    let rule = "a message does not fit the plugin's memory";
    assert_eq!(world.ended(), Failure::Protocol(rule.into()));
}

/// What `pd_send` answers: the handler's result, as a handler error.
fn sent(body: &str) -> i32 {
    let mut world = World::new();
    let pid = world.spawn("g", handler(body).limits(Limits { outbox_max: 1, ..Limits::default() }));
    world.send(pid, 0, b"go");
    match world.seen().exits.first() {
        Some((_, ExitReason::Failed(Failure::HandlerError(code)))) => *code,
        None => 0,
        other => panic!("another end: {other:?}"),
    }
}

#[test]
fn a_send_says_what_became_of_it() {
    let cases = [
        ("to nobody", "(call $send (i32.const 2048) (i32.const 80) (i32.const 0) (i32.const 0))", 0),
        ("79 bytes", "(call $send (i32.const 2048) (i32.const 79) (i32.const 0) (i32.const 0))", -1),
        ("outside", "(call $send (i32.const 65500) (i32.const 80) (i32.const 0) (i32.const 0))", -1),
        ("far outside", "(call $send (i32.const -1) (i32.const 80) (i32.const 0) (i32.const 0))", -1),
        ("payload", "(call $send (i32.const 2048) (i32.const 80) (i32.const 65535) (i32.const 2))", -1),
        ("sums that wrap", "(call $send (i32.const 2048) (i32.const 80) (i32.const -16) (i32.const 32))", -1),
        ("empty anywhere", "(call $send (i32.const 2048) (i32.const 80) (i32.const -1) (i32.const 0))", 0),
        (
            "two of one",
            "(drop (call $send (i32.const 2048) (i32.const 80) (i32.const 0) (i32.const 0)))
            (call $send (i32.const 2048) (i32.const 80) (i32.const 0) (i32.const 0))",
            -2,
        ),
        (
            "a response to nothing",
            "(i32.store offset=60 (local.get $e) (i32.const 1))
            (call $send (local.get $e) (i32.const 80) (i32.const 0) (i32.const 0))",
            -3,
        ),
    ];
    for (what, body, code) in cases {
        assert_eq!(sent(body), code, "{what}");
    }
}

#[test]
fn a_log_of_what_is_not_there_is_a_trap() {
    let cases = [
        ("(call $log (i32.const 0) (i32.const 65535) (i32.const 2)) (i32.const 0)", TrapKind::BadPointer),
        (
            "(i32.store8 (i32.const 2048) (i32.const 255)) (call $log (i32.const 0) (i32.const 2048) (i32.const 1)) (i32.const 0)",
            TrapKind::BadText,
        ),
    ];
    for (body, kind) in cases {
        let mut world = World::new();
        let pid = world.spawn("g", handler(body));
        assert_eq!(world.failure(pid), Failure::Trap(kind, "pd_log".into()));
    }
}

/// Asks the counter with a correlation of its own, and logs the response's.
const ASKER: &str = "(if (i32.and (i32.load offset=60 (local.get $e)) (i32.const 1))
    (then
        (i32.store8 (i32.const 4096) (i32.wrap_i64 (i64.load offset=64 (local.get $e))))
        (i32.store8 (i32.const 4097) (i32.add (i32.const 48) (i32.load8_u (local.get $p))))
        (call $log (i32.const 2) (i32.const 4096) (i32.const 2)))
    (else
        (i64.store offset=32 (local.get $e) (i64.const 0))
        (i64.store offset=40 (local.get $e) (i64.const HASH))
        (i64.store offset=64 (local.get $e) (i64.const 65))
        (return (call $send (local.get $e) (i32.const 80) (i32.const 0) (i32.const 0)))))
    (i32.const 0)";

#[test]
fn a_message_with_a_correlation_is_answered_under_it() {
    let asker = handler(&ASKER.replace("HASH", &format!("0x{:016x}", hash("/plugins/counter"))));
    let to_do = vec![Do::Send("asker", 0, Vec::new()), Do::Send("asker", 0, Vec::new())];
    let did = with_client(plugins("asker", asker), to_do);
    assert_eq!(did.log_of("plugins/asker"), ["A1", "A2"]);
}

#[test]
fn a_request_that_nobody_answers_ends_without_a_word() {
    let asker = handler(&ASKER.replace("HASH", &format!("0x{:016x}", hash("/mute"))));
    let mut world = World::new();
    world.spawn("mute", handler("(i32.const 0)"));
    let pid = world.spawn("g", asker);
    world.send(pid, 0, b"");
    assert_eq!(world.kernel.actor(pid).unwrap().pending, 1);
    world.advance(30_000_000_000);
    assert_eq!(world.kernel.actor(pid).unwrap().pending, 0);
    let seen = world.seen();
    assert_eq!((seen.exits, seen.logged), (vec![], vec![]));
}

#[test]
fn a_generation_is_a_life_and_a_seal_cannot_be_guessed() {
    // Sends to the path of the first payload byte's life, 0 = now, and to a pid without its seal.
    let sender = "(i64.store offset=32 (local.get $e) (i64.load8_u (local.get $p)))
        (i64.store offset=40 (local.get $e) (i64.const HASH))
        (i64.store offset=64 (local.get $e) (i64.const 0))
        (call $send (local.get $e) (i32.const 80) (i32.const 0) (i32.const 0))";
    let sender = handler(&sender.replace("HASH", &format!("0x{:016x}", hash("/plugins/counter"))));
    let send = |life: u8| Do::Send("sender", 0, vec![life]);
    let to_do = vec![send(1), send(2), send(0), send(1), Do::Wait(1), Do::Ask("counter", 1, Vec::new())];
    let did = with_client(plugins("sender", sender), to_do);
    assert_eq!(did.log_of("client"), ["reply 1 [4, 0, 0, 0]"], "no message to a second life");

    let mut world = World::new();
    let target =
        world.spawn("target", handler("(call $log (i32.const 0) (i32.const 0) (i32.const 0)) (i32.const 0)"));
    let forger = format!(
        "(i64.store offset=32 (local.get $e) (i64.or (i64.const {}) (i64.const 0x8000000000000000)))
        (call $send (local.get $e) (i32.const 80) (i32.const 0) (i32.const 0))",
        target.to_raw()
    );
    let forger = world.spawn("forger", handler(&forger));
    world.send(forger, 0, b"");
    assert_eq!((world.seen().logged, world.kernel.dead_letters()), (vec![], 1));
}

#[test]
fn an_address_from_outside_is_a_right_to_answer() {
    let mut world = World::new();
    let back = "(i64.store offset=32 (local.get $e) (i64.load offset=16 (local.get $e)))
        (i64.store offset=40 (local.get $e) (i64.load offset=24 (local.get $e)))
        (call $send (local.get $e) (i32.const 80) (local.get $p) (local.get $n))";
    let kept = Plugin { type_name: "t".into(), namespaces: Some(Namespaces::of_plugin("p")) };
    let home = world.spawn("plugins", handler(back).plugin(kept));
    // Not its home: `/plugins` is above `/plugins/p`.
    assert!(world.kernel.actor(home).is_none());
    assert_eq!(world.start_failure(), Failure::Protocol("a plugin's actor lives in /plugins/p".into()));
    let pid = world.spawn("g", handler(back));
    world.send(pid, 6, b"hi");
    assert_eq!(world.seen().answers, [(6, b"hi".to_vec())]);
}

/// `pd_plugin_init` for a plugin `echo` with the types `one` and `two`.
const INFO: &str = r#"(data (i32.const 8192) "echoonetwo")
    (func (export "pd_plugin_init") (result i32)
        (i32.store (i32.const 8320) (i32.const 8192)) (i32.store (i32.const 8324) (i32.const 4))
        (i32.store (i32.const 8328) (i32.const 1)) (i32.store (i32.const 8332) (i32.const 2))
        (i32.store (i32.const 8336) (i32.const 3)) (i32.store (i32.const 8340) (i32.const ABI))
        (i32.store (i32.const 8344) (i32.const 2)) (i32.store (i32.const 8348) (i32.const 8384))
        (i32.store (i32.const 8384) (i32.const 8199)) (i32.store (i32.const 8388) (i32.const 3))
        (i32.store (i32.const 8400) (i32.const 8196)) (i32.store (i32.const 8404) (i32.const 3))
        (i32.const 8320))"#;

const FORWARD: &str = r#"(func (export "pd_actor_on_message") (param i32 i32) (param $e i32) (param $p i32) (param $n i32) (result i32)
    (i64.store offset=32 (local.get $e) (i64.const 0))
    (i64.store offset=40 (local.get $e) (i64.const HASH))
    (i64.store offset=64 (local.get $e) (i64.const 0))
    (call $send (local.get $e) (i32.const 80) (local.get $p) (local.get $n)))
    (func (export "pd_actor_create") (param $t i32) (param $n i32) (param i32 i32) (result i32)
        (call $log (i32.const 2) (local.get $t) (local.get $n)) (i32.const 0))"#;

fn plugin(abi: u32, to: &str) -> Module {
    let hash = format!("0x{:016x}", hash(to));
    let rest = format!("{} {}", INFO.replace("ABI", &abi.to_string()), FORWARD.replace("HASH", &hash));
    module(&rest).module().clone()
}

#[test]
fn a_registry_makes_actors_of_the_types_a_plugin_says_it_has() {
    let mut plugins = Plugins::new();
    let info = plugins.load(&plugin(1, "/plugins/counter"), |own| own).unwrap();
    assert_eq!((info.name.as_str(), info.version.as_str()), ("echo", "1.2.3"));
    assert_eq!(info.types, ["one", "two"]);
    assert_eq!(plugins.list().count(), 1);
    let taken = plugins.load(&plugin(1, "/plugins/counter"), |own| own).unwrap_err();
    assert_eq!(taken, PluginError::NameTaken("echo".into()));
    assert_eq!(plugins.factory("three").unwrap_err(), PluginError::Unknown("three".into()));
    assert_eq!(plugins.load(&plugin(2, "/"), |own| own).unwrap_err(), PluginError::Version(2));
    let missing = plugins.load(fixture("echo").module(), |own| own).unwrap_err();
    assert_eq!(missing.to_string(), "`pd_plugin_init` is missing");
    let calls = INFO.replace("ABI", "1").replace(
        "(i32.store (i32.const 8320) (i32.const 8192))",
        "(call $log (i32.const 0) (i32.const 0) (i32.const 0))",
    );
    let calls = module(&format!("{calls} {FORWARD}").replace("HASH", "0"));
    let failed = plugins.load(calls.module(), |own| own).unwrap_err();
    assert!(failed.to_string().contains("an import was called where none may be"), "{failed}");
    plugins.unload("echo").unwrap();
    assert_eq!(plugins.factory("one").unwrap_err(), PluginError::Unknown("one".into()));
    plugins.load(&plugin(1, "/"), |own| own).unwrap();
}

#[test]
fn namespaces_hold_at_every_send() {
    // `one` forwards to the counter next door, which only the second registry lets it see.
    for (visible, count) in [(false, 1), (true, 2)] {
        let mut registry = Plugins::new();
        let module = plugin(1, "/plugins/counter");
        registry.load(&module, |own| if visible { own.visible("/plugins/counter") } else { own }).unwrap();
        let one = registry.factory("one").unwrap();
        let echo = vec![root("one", one)];
        let children = vec![root("counter", fixture("counter")), root("echo", move || Folder(echo.clone()))];
        let roots = vec![root("plugins", move || Folder(children.clone()))];
        let to_do = vec![Do::Send("one", 0, Vec::new()), Do::Wait(1), Do::Ask("counter", 1, Vec::new())];
        let did = with_client(roots, to_do);
        assert_eq!(did.log_of("plugins/echo/one"), ["one"], "its type");
        assert_eq!(did.log_of("client"), [format!("reply 1 [{count}, 0, 0, 0]")]);
        let refused = Failure::HandlerError(-2).into();
        assert_eq!(did.end_of("plugins/echo/one"), (!visible).then_some(&refused));
    }
}
