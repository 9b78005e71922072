//! One node on a reactor that does nothing by itself, and guests written by hand.

use seedbed_abi::dialect::{IMPORTS, Value};
use seedbed_abi::{Envelope, ExitReason, Failure, Pid, Time};
use seedbed_core::{
    Body, Boot, Chain, ChoiceKind, ChoicePoint, Delivery, EffectRequest, Event, Factory, Kernel, Key, Life,
    NodeConfig, NodeId, Packet, PathId, Port, Ran, Reactor, Schedule, SpawnOptions, pid_of,
};
use seedbed_wasm::WasmActor;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// What a test looks at afterwards, in order.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Path and reason of everybody who ended.
    pub(crate) exits: Vec<(String, ExitReason)>,
    /// Level and text.
    pub(crate) logged: Vec<(i32, String)>,
    pub(crate) facts: Vec<(String, i64)>,
    /// Name, whether `always`, and what it was.
    pub(crate) conditions: Vec<(String, bool, bool)>,
    /// What left for the client outside: tag and payload.
    pub(crate) answers: Vec<(i64, Vec<u8>)>,
    pub(crate) effects: Vec<EffectRequest>,
    /// Fuel of each turn.
    pub(crate) fuel: Vec<u64>,
    /// All events, as text.
    pub(crate) events: Vec<String>,
}

/// A fault of fuel, memory or host calls, and the points at which it was asked about.
#[derive(Debug, Default)]
struct Starving {
    /// What happens, and the answer.
    fault: Option<(ChoiceKind, u32)>,
    asked: Vec<ChoicePoint>,
}

#[derive(Default)]
struct Still {
    queue: VecDeque<Delivery>,
    step: u64,
    now: u64,
    simulated: bool,
    /// It panics where it is told that a delivery is possible.
    broken: bool,
    starving: Starving,
    seen: Seen,
    /// What monitors outside were told.
    downs: Vec<(ExitReason, Option<Vec<u8>>)>,
}

impl Port for Still {
    fn now(&mut self) -> Time {
        Time::from_nanos(self.now)
    }

    fn unix_time(&mut self) -> Time {
        Time::from_nanos(self.now + 1_000_000)
    }

    fn choose(&mut self, point: &ChoicePoint) -> u32 {
        match (point.kind, self.starving.fault) {
            (kind, Some((fault, answer))) if kind == fault => {
                self.starving.asked.push(*point);
                answer.min(point.n - 1)
            }
            (ChoiceKind::Buggify, _) => point.n - 1,
            _ => 0,
        }
    }

    fn observe(&mut self, event: &Event<'_>) {
        let seen = &mut self.seen;
        seen.events.push(format!("{event:?}"));
        match event {
            Event::Exited { who, reason, .. } => seen.exits.push((who.text.into(), (*reason).clone())),
            Event::Logged { text: "panic", .. } => panic!("a host call went wrong"),
            Event::Logged { level, text, .. } => seen.logged.push((*level as i32, (*text).into())),
            Event::Observed { key, value, .. } => seen.facts.push(((*key).into(), *value)),
            Event::TurnEnd { fuel, .. } => seen.fuel.push(*fuel),
            Event::Condition { name, always, holds, .. } => {
                seen.conditions.push(((*name).into(), *always, *holds));
            }
            _ => {}
        }
    }

    fn simulated(&self) -> bool {
        self.simulated
    }

    fn starves(&self) -> bool {
        self.starving.fault.is_some()
    }
}

impl Reactor for Still {
    fn enabled(&mut self, delivery: Delivery, _chain: Chain) {
        assert!(!self.broken, "the reactor is broken");
        self.queue.push_back(delivery);
    }

    fn disabled(&mut self, delivery: Delivery) {
        self.queue.retain(|d| *d != delivery);
    }

    fn transmit(&mut self, packet: Packet) {
        match packet.body {
            Body::Message { tag, payload, .. } | Body::Answer { tag, payload, .. } => {
                self.seen.answers.push((tag as i64, payload));
            }
            Body::Down { reason, value, .. } => self.downs.push((reason, value)),
            _ => {}
        }
    }

    fn perform(&mut self, request: EffectRequest) {
        self.seen.effects.push(request);
    }
}

/// So many turns, in plain order.
struct Turns(usize);

impl Schedule<Still> for Turns {
    fn next(&mut self, _: &Kernel, r: &mut Still) -> Option<Delivery> {
        self.0 = self.0.checked_sub(1)?;
        r.queue.pop_front()
    }

    fn begins(&mut self, r: &mut Still) -> u64 {
        r.step += 1;
        r.step
    }
}

pub(crate) const NODE: NodeId = NodeId(1);

pub(crate) struct World {
    pub(crate) kernel: Kernel,
    reactor: Still,
    sent: u64,
}

impl World {
    pub(crate) fn new() -> World {
        World::with_entries(BTreeMap::new())
    }

    pub(crate) fn with_entries(entries: BTreeMap<String, Arc<dyn Factory>>) -> World {
        let mut kernel = Kernel::new(NodeConfig {
            id: NODE,
            name: "n".into(),
            boot: Boot(1),
            key: Key([7; 32]),
            entries,
            effects: vec!["store".into()],
            nodes: BTreeMap::from([("n".into(), NODE)]),
        });
        let mut reactor = Still { simulated: true, ..Still::default() };
        kernel.boot(&mut reactor);
        World { kernel, reactor, sent: 0 }
    }

    pub(crate) fn unsimulated(mut self) -> World {
        self.reactor.simulated = false;
        self
    }

    /// From now on the reactor panics between two turns.
    pub(crate) fn break_reactor(&mut self) {
        self.reactor.broken = true;
    }

    /// With this fault wherever it can be.
    pub(crate) fn starving(mut self, kind: ChoiceKind, answer: u32) -> World {
        self.reactor.starving.fault = Some((kind, answer));
        self
    }

    /// What was asked about it.
    pub(crate) fn asked(&self) -> &[ChoicePoint] {
        &self.reactor.starving.asked
    }

    pub(crate) fn client() -> Pid {
        pid_of(NodeId::OUTSIDE, Boot(1), 1, 1)
    }

    pub(crate) fn spawn(&mut self, name: &str, actor: WasmActor) -> Pid {
        self.spawn_with(name, actor, &[])
    }

    pub(crate) fn spawn_with(&mut self, name: &str, actor: WasmActor, args: &[u8]) -> Pid {
        self.spawn_as(SpawnOptions::named(name).args(args), actor)
    }

    pub(crate) fn spawn_as(&mut self, options: SpawnOptions, actor: WasmActor) -> Pid {
        let pid =
            self.kernel.spawn(&mut self.reactor, options, Arc::new(actor)).expect("a root can be spawned");
        self.run();
        pid
    }

    /// Spawns without running anything.
    pub(crate) fn spawn_lazily(&mut self, name: &str, actor: impl Factory) -> Pid {
        let options = SpawnOptions::named(name);
        self.kernel.spawn(&mut self.reactor, options, Arc::new(actor)).expect("a root can be spawned")
    }

    /// Runs the turn that is first in order; false if there is none.
    pub(crate) fn step(&mut self) -> bool {
        let Some(delivery) = self.reactor.queue.pop_front() else { return false };
        self.reactor.step += 1;
        self.kernel.set_step(self.reactor.step);
        self.kernel.run(&mut self.reactor, delivery) != Ran::Stale
    }

    pub(crate) fn run_at_most(&mut self, turns: usize) {
        for _ in 0..turns {
            if !self.step() {
                return;
            }
        }
    }

    /// Spawns an actor that a client outside monitors, and gives what that is told of its end.
    pub(crate) fn watch(&mut self, actor: WasmActor) -> (ExitReason, Option<Vec<u8>>) {
        let to = self.spawn_lazily("watched", actor);
        let (from, path, life) = (World::client(), PathId(1), Life(1));
        let packet =
            Packet { from, path, life, to, id: 1, copy: false, body: Body::Monitor { reference: 1 } };
        self.kernel.arrive(&mut self.reactor, packet);
        self.run();
        self.reactor.downs.pop().expect("it has ended")
    }

    /// Spawns a guest whose handler is this body.
    pub(crate) fn guest(&mut self, body: &str) -> Pid {
        self.spawn("g", actor(&guest(body)))
    }

    /// Sends from outside, and runs until nothing is left to do.
    pub(crate) fn send(&mut self, to: Pid, tag: u64, payload: &[u8]) {
        self.request(to, 0, tag, payload);
    }

    pub(crate) fn request(&mut self, to: Pid, correlation: u64, tag: u64, payload: &[u8]) {
        self.post(to, correlation, tag, payload);
        self.run();
    }

    /// Sends from outside, without running anything.
    pub(crate) fn post(&mut self, to: Pid, correlation: u64, tag: u64, payload: &[u8]) {
        self.sent += 1;
        let body = Body::Message { correlation, tag, payload: payload.into() };
        let from = World::client();
        let (path, life, id) = (PathId(1), Life(1), self.sent);
        let packet = Packet { from, path, life, to, id, copy: false, body };
        self.kernel.arrive(&mut self.reactor, packet);
    }

    /// Lets the clock pass, and runs what is due.
    pub(crate) fn advance(&mut self, ns: u64) {
        self.reactor.now += ns;
        let now = Time::from_nanos(self.reactor.now);
        self.kernel.fire_timers(&mut self.reactor, now);
        self.run();
    }

    pub(crate) fn stop(&mut self, pid: Pid, reason: ExitReason) {
        self.kernel.stop(&mut self.reactor, pid, reason);
        self.run();
    }

    pub(crate) fn kill(&mut self, pid: Pid) {
        self.kernel.kill(&mut self.reactor, pid);
    }

    pub(crate) fn complete(&mut self, request: &EffectRequest, outcome: &[u8]) {
        let outcome = Ok(outcome.to_vec());
        self.kernel.complete(&mut self.reactor, request.pid, request.correlation, &outcome);
        self.run();
    }

    /// In one batch, so that all that these tests say of guests is said of those under a pump too.
    fn run(&mut self) {
        self.run_batch(usize::MAX);
    }

    /// Runs so many turns one after the other, without coming back between two of guests.
    pub(crate) fn run_batch(&mut self, turns: usize) {
        self.kernel.run_batch(&mut self.reactor, &mut Turns(turns));
    }

    /// True if nothing is left to do.
    pub(crate) fn rests(&self) -> bool {
        self.reactor.queue.is_empty()
    }

    /// What happened since the last look.
    pub(crate) fn seen(&mut self) -> Seen {
        std::mem::take(&mut self.reactor.seen)
    }

    /// Sends `go` and gives the tags that came back.
    pub(crate) fn go(&mut self, to: Pid) -> Vec<i64> {
        self.send(to, 0, b"go");
        self.answers()
    }

    pub(crate) fn answers(&mut self) -> Vec<i64> {
        self.seen().answers.iter().map(|(tag, _)| *tag).collect()
    }

    /// Sends `go` and gives the failure that ended the actor.
    pub(crate) fn failure(&mut self, to: Pid) -> Failure {
        self.send(to, 0, b"go");
        self.ended()
    }

    /// The failure of the one actor that ended since the last look.
    pub(crate) fn ended(&mut self) -> Failure {
        match self.seen().exits.as_slice() {
            [(_, ExitReason::Failed(failure))] => failure.clone(),
            other => panic!("not one failure: {other:?}"),
        }
    }

    /// The failure of the one start that failed since the last look.
    pub(crate) fn start_failure(&mut self) -> Failure {
        match self.ended() {
            Failure::StartFailed(reason) => match *reason {
                ExitReason::Failed(failure) => failure,
                other => panic!("not a failure: {other:?}"),
            },
            other => panic!("not a failed start: {other:?}"),
        }
    }
}

/// A module of this text as an actor.
pub(crate) fn actor(module: &str) -> WasmActor {
    WasmActor::from_bytes(&wat::parse_str(module).expect(module)).expect(module)
}

/// Every import, under its own name.
pub(crate) fn imports() -> String {
    let ty = |v: &Value| if *v == Value::I32 { "i32 " } else { "i64 " };
    let import = |f: &seedbed_abi::dialect::Function| {
        let params: String = f.params.iter().map(ty).collect();
        let result: String = f.result.iter().map(|v| format!("(result {})", ty(v))).collect();
        format!("(import \"seedbed\" \"{0}\" (func ${0} (param {params}) {result}))\n", f.name)
    };
    IMPORTS.iter().map(import).collect()
}

/// A whole module around `rest`: imports, a memory of one page, a fixed inbox of 4096 bytes at 4096,
/// and `$answer`, which sends a number to the client.
pub(crate) fn module(rest: &str) -> String {
    let imports = imports();
    let client = World::client().to_raw();
    format!(
        r#"(module {imports}
        (memory (export "memory") 1)
        (global (export "seedbed_inbox_ptr") i32 (i32.const 4096))
        (global (export "seedbed_inbox_len") i32 (i32.const 4096))
        (func $answer (param i64)
            (drop (call $send (i64.const {client}) (local.get 0) (i32.const 0) (i32.const 0))))
        (func $answer32 (param i32) (call $answer (i64.extend_i32_s (local.get 0))))
        {rest})"#
    )
}

/// A module whose handler is `body`; in it `$e`, `$p` and `$n` are its parameters, `$flags` the
/// envelope's, and `bob` stands at 0, `store` at 8, `\ff` at 16, `eve` at 24.
pub(crate) fn guest(body: &str) -> String {
    guest_with(body, "")
}

pub(crate) fn guest_with(body: &str, rest: &str) -> String {
    module(&format!(
        r#"(data (i32.const 0) "bob") (data (i32.const 8) "store") (data (i32.const 16) "\ff")
        (data (i32.const 24) "eve")
        (func (export "seedbed_on_message") (param $e i32) (param $p i32) (param $n i32) (result i32)
            (local $flags i32) (local $i i32) (local $x i64)
            (local.set $flags (i32.load offset=44 (local.get $e)))
            {body} (i32.const 0))
        {rest}"#
    ))
}

/// The parts of a signal a guest answers with: flags, correlation, tag.
pub(crate) const REPORT: &str = "(call $answer32 (local.get $flags))
    (call $answer (i64.load offset=24 (local.get $e)))
    (call $answer (i64.load offset=32 (local.get $e)))";

/// `body` for messages, [`REPORT`] for everything else.
pub(crate) fn reporting(body: &str) -> String {
    format!("(if (local.get $flags) (then {REPORT}) (else {body}))")
}

#[test]
fn an_envelope_reaches_the_guest_as_it_is() {
    let mut world = World::new();
    let pid = world.guest(
        "(call $answer (i64.load (local.get $e))) (call $answer (i64.load offset=8 (local.get $e)))
        (call $answer (i64.load offset=16 (local.get $e))) (call $answer (i64.load offset=24 (local.get $e)))
        (call $answer (i64.load offset=32 (local.get $e))) (call $answer (i64.load offset=40 (local.get $e)))
        (call $answer32 (local.get $n)) (call $answer32 (i32.load8_u offset=1 (local.get $p)))
        (call $answer32 (i32.sub (local.get $p) (local.get $e)))",
    );
    world.request(pid, 5, 9, b"abc");
    let client = World::client().to_raw() as i64;
    let envelope = Envelope::default().to_bytes().len() as i64;
    assert_eq!(world.answers(), [1, client, pid.to_raw() as i64, 5, 9, 3, 3, i64::from(b'b'), envelope]);
}
