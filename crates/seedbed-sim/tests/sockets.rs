//! Sockets of simulated nodes: streams and datagrams over the network of the world (O8, N9, N10).

mod common;

use common::{MS, SECOND, fine, replays};
use seedbed_core::{Actor, At, Context, Correlation, Event, NodeId, Observer, Result, Signal, SpawnOptions};
use seedbed_sim::{Faults, Latency, Link, NodeBoot, OUTSIDE, World};
use seedbed_sockets::{Address, Answer, EFFECT, NO_TIMEOUT, Op, Setting};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// What is done with sockets that have names.
#[derive(Clone, Serialize, Deserialize)]
enum Do {
    Listen(String, u16),
    Accept(String, String),
    Connect(String, Address, u64),
    Read(String, u32),
    Write(String, Vec<u8>),
    Udp(String, u16),
    Send(String, Vec<u8>, Address),
    Receive(String),
    Broadcast(String),
    Resolve(String),
    Close(String),
    /// Holds it once more, and gives that to another.
    Share(String, u64),
    Fail,
}

/// Does what it is told, and logs what comes of it.
#[derive(Default)]
struct Netter {
    sockets: BTreeMap<String, u64>,
    /// What is under way: what is logged before its outcome, and what a new socket is called.
    asked: BTreeMap<Correlation, (String, String)>,
}

impl Actor for Netter {
    type Message = Do;

    fn on_message(&mut self, cx: &mut Context, told: Do) -> Result<()> {
        let of = |name: &String| self.sockets.get(name).copied().unwrap_or_default();
        let here = |port| Address::V4 { ip: [0; 4], port };
        let (text, name, op) = match told {
            Do::Listen(name, port) => ("listens", name, Op::Listen { at: here(port) }),
            Do::Accept(socket, name) => ("accepts", name, Op::Accept { socket: of(&socket) }),
            Do::Connect(name, to, timeout_ms) => ("connects", name, Op::Connect { to, timeout_ms }),
            Do::Read(name, len) => {
                let op = Op::Read { socket: of(&name), len, peek: false };
                ("reads", name, op)
            }
            Do::Write(name, data) => {
                let op = Op::Write { socket: of(&name), data };
                ("writes", name, op)
            }
            Do::Udp(name, port) => ("binds", name, Op::Bind { at: here(port) }),
            Do::Send(name, data, to) => {
                let op = Op::Send { socket: of(&name), data, to: Some(to) };
                ("sends", name, op)
            }
            Do::Receive(name) => {
                let op = Op::Receive { socket: of(&name), len: 1_000, aimed: false };
                ("receives", name, op)
            }
            Do::Broadcast(name) => {
                let op = Op::Set { socket: of(&name), setting: Setting::Broadcast, value: 1 };
                ("sets", name, op)
            }
            Do::Resolve(host) => ("finds", host.clone(), Op::Resolve { host, timeout_ms: NO_TIMEOUT }),
            Do::Close(name) => {
                let op = Op::Close { socket: of(&name) };
                ("closes", name, op)
            }
            Do::Share(name, to) => {
                let socket = of(&name);
                cx.perform(EFFECT, &Op::Hold { socket }.encode())?;
                ("shares", name, Op::Give { socket, to })
            }
            Do::Fail => anyhow::bail!("told to"),
        };
        let asked = cx.perform(EFFECT, &op.encode())?;
        self.asked.insert(asked, (format!("{name} {text}"), name));
        Ok(())
    }

    fn on_signal(&mut self, cx: &mut Context, signal: Signal) -> Result<()> {
        let Signal::Completion { correlation, outcome } = signal else { return Ok(()) };
        let Some((text, name)) = self.asked.remove(&correlation) else { return Ok(()) };
        let came = match Answer::decode(&outcome.expect("it completes")) {
            Ok(Answer::Socket { socket, .. }) => {
                self.sockets.insert(name, socket);
                "ok".to_owned()
            }
            Ok(Answer::Data { data, from }) => {
                let from = from.map(|from| format!(" from {from}")).unwrap_or_default();
                format!("`{}`{from}", String::from_utf8_lossy(&data))
            }
            Ok(Answer::Written(n)) => n.to_string(),
            Ok(Answer::Addresses(all)) => all.iter().map(Address::to_string).collect(),
            Ok(_) => "ok".to_owned(),
            Err(fault) => fault.to_string(),
        };
        cx.log(seedbed_core::Level::Info, &format!("{text}: {came}"));
        Ok(())
    }
}

/// What was logged, with the node and when.
#[derive(Clone, Default)]
struct Log(Rc<RefCell<Vec<(Duration, String)>>>);

impl Observer for Log {
    fn event(&mut self, at: At, event: &Event<'_>) {
        if let Event::Logged { who, text, .. } = event {
            let line = format!("{} {text}", who.text.trim_end_matches("/net"));
            self.0.borrow_mut().push((Duration::from_nanos(at.time.as_nanos()), line));
        }
    }
}

impl Log {
    /// What was logged since the last look.
    fn take(&self) -> Vec<String> {
        self.0.take().into_iter().map(|(_, line)| line).collect()
    }

    /// The same, with when.
    fn take_timed(&self) -> Vec<(Duration, String)> {
        self.0.take()
    }
}

fn netter(boot: &mut NodeBoot<'_>) {
    boot.spawn(SpawnOptions::registered("net"), Arc::new(Netter::default)).expect("the name is free");
}

/// Nodes a and b, a millisecond from each other.
fn nodes(world: &mut World) -> anyhow::Result<([NodeId; 2], Log)> {
    let log = Log::default();
    world.observe(log.clone());
    let nodes = ["a", "b"].map(|name| world.node(name, netter));
    for (x, y, ns) in [("a", "b", 1_000_000), (OUTSIDE, "a", 0), (OUTSIDE, "b", 0)] {
        world.link(x, y, Latency::fixed(ns))?;
    }
    Ok((nodes, log))
}

/// Tells the actor of a node what to do, now.
fn tell(world: &mut World, node: &str, what: Do) -> anyhow::Result<()> {
    let to = world.address("net", node)?;
    world.send(to, what);
    Ok(())
}

fn at(node: u8, port: u16) -> Address {
    Address::V4 { ip: [10, 0, 0, node], port }
}

fn connect(name: &str, to: Address) -> Do {
    Do::Connect(name.into(), to, NO_TIMEOUT)
}

fn read(name: &str, len: u32) -> Do {
    Do::Read(name.into(), len)
}

fn write(name: &str, text: &str) -> Do {
    Do::Write(name.into(), text.into())
}

/// A stream from `x` of a to `y` of b.
fn stream(world: &mut World, log: &Log) -> anyhow::Result<()> {
    tell(world, "b", Do::Listen("l".into(), 80))?;
    world.run_for(MS)?;
    tell(world, "b", Do::Accept("l".into(), "y".into()))?;
    tell(world, "a", connect("x", at(2, 80)))?;
    world.run_for(10 * MS)?;
    let lines = log.take();
    assert_eq!(lines, ["b l listens: ok", "b y accepts: ok", "a x connects: ok"]);
    Ok(())
}

#[test]
fn a_stream_crosses_the_network_in_its_time_and_its_order() {
    fine(Faults::none(), |world| {
        let (_, log) = nodes(world)?;
        tell(world, "b", Do::Listen("l".into(), 80))?;
        world.run_for(MS)?;
        tell(world, "b", Do::Accept("l".into(), "y".into()))?;
        tell(world, "a", connect("x", at(2, 80)))?;
        world.run_for(9 * MS)?;
        let timed = log.take_timed();
        let came = |n: u32, text: &str| (MS * n, text.to_owned());
        assert_eq!(timed[1..], [came(2, "b y accepts: ok"), came(3, "a x connects: ok")], "there and back");
        for text in ["one ", "two ", "three"] {
            tell(world, "a", write("x", text))?;
        }
        tell(world, "a", Do::Close("x".into()))?;
        world.run_for(MS / 2)?;
        log.take();
        for len in [2, 100, 100, 100, 100] {
            tell(world, "b", read("y", len))?;
        }
        world.run_for(10 * MS)?;
        let wanted = ["`on`", "`e `", "`two `", "`three`", "``"];
        assert_eq!(log.take_timed(), wanted.map(|text| came(11, &format!("b y reads: {text}"))));
        // Who writes to what nobody holds finds out.
        tell(world, "b", write("y", "late"))?;
        world.run_for(10 * MS)?;
        tell(world, "b", write("y", "later"))?;
        world.run_for(10 * MS)?;
        assert_eq!(log.take(), ["b y writes: 4", "b y writes: broken pipe"]);
        Ok(())
    });
}

#[test]
fn hosts_are_nodes_and_nobody_is_elsewhere() {
    fine(Faults::none(), |world| {
        let (_, log) = nodes(world)?;
        for host in ["b:80", "localhost:81", "10.0.0.7:1", "c:80", "b", "b:x"] {
            tell(world, "a", Do::Resolve(host.into()))?;
        }
        // A node that nobody listens on, one that is not there, and what is no node's address.
        for to in [at(2, 80), at(3, 80), Address::V4 { ip: [192, 0, 2, 1], port: 80 }] {
            tell(world, "a", connect("x", to))?;
        }
        world.run_for(10 * MS)?;
        let mut lines = log.take();
        lines.sort_unstable();
        let mut wanted = [
            "a b:80 finds: 10.0.0.2:80",
            "a localhost:81 finds: 127.0.0.1:81",
            "a 10.0.0.7:1 finds: 10.0.0.7:1",
            "a c:80 finds: unknown host",
            "a b finds: invalid argument",
            "a b:x finds: invalid argument",
            "a x connects: connection refused",
            "a x connects: network unreachable",
            "a x connects: network unreachable",
        ];
        wanted.sort_unstable();
        assert_eq!(lines, wanted);
        Ok(())
    });
}

#[test]
fn a_cut_holds_a_stream_and_loses_datagrams_also_in_flight() {
    fine(Faults::none(), |world| {
        let ([a, b], log) = nodes(world)?;
        stream(world, &log)?;
        tell(world, "a", Do::Udp("u".into(), 90))?;
        tell(world, "b", Do::Udp("v".into(), 91))?;
        world.run_for(9 * MS)?;
        log.take();
        // At 20 ms: half of it is on its way when the link is cut.
        tell(world, "a", write("x", "in flight "))?;
        tell(world, "a", Do::Send("u".into(), b"in flight".into(), at(2, 91)))?;
        world.run_for(MS / 2)?;
        world.partition(a, b, SECOND);
        tell(world, "a", write("x", "and sent"))?;
        tell(world, "a", Do::Send("u".into(), b"sent".into(), at(2, 91)))?;
        for _ in 0..2 {
            tell(world, "b", read("y", 100))?;
        }
        tell(world, "b", Do::Receive("v".into()))?;
        world.run_for(SECOND / 2)?;
        assert_eq!(log.take().len(), 4, "only what was written and sent");
        assert!(!world.is_at_rest(), "what waits is in flight");
        world.run_for(2 * SECOND)?;
        let healed = 20 * MS + MS / 2 + SECOND;
        let timed = log.take_timed();
        assert!(timed.iter().all(|(at, _)| *at == healed), "{timed:?}");
        let text: String = timed.iter().map(|(_, line)| line.trim_start_matches("b y reads: ")).collect();
        assert_eq!(text.replace('`', ""), "in flight and sent");
        // A datagram that is sent afterwards comes.
        tell(world, "a", Do::Send("u".into(), b"after".into(), at(2, 91)))?;
        world.run_for(SECOND)?;
        assert_eq!(log.take(), ["a u sends: 5", "b v receives: `after` from 10.0.0.1:90"]);
        Ok(())
    });
}

#[test]
fn a_clog_holds_datagrams_too() {
    fine(Faults::none(), |world| {
        let ([a, b], log) = nodes(world)?;
        tell(world, "a", Do::Udp("u".into(), 90))?;
        tell(world, "b", Do::Udp("v".into(), 91))?;
        world.run_for(MS)?;
        world.clog_one_way(a, b, SECOND);
        tell(world, "a", Do::Send("u".into(), b"held".into(), at(2, 91)))?;
        tell(world, "b", Do::Receive("v".into()))?;
        world.run_for(3 * SECOND)?;
        let timed = log.take_timed();
        let wanted = (MS + SECOND, "b v receives: `held` from 10.0.0.1:90".to_owned());
        assert_eq!(timed.last(), Some(&wanted));
        Ok(())
    });
}

#[test]
fn a_stream_between_nodes_that_count_each_other_as_lost_is_reset() {
    fine(Faults::none(), |world| {
        let ([a, b], log) = nodes(world)?;
        stream(world, &log)?;
        tell(world, "a", read("x", 9))?;
        tell(world, "b", read("y", 9))?;
        world.run_for(9 * MS)?;
        world.partition_one_way(a, b, 8 * SECOND);
        tell(world, "a", connect("z", at(2, 80)))?;
        world.run_for(20 * SECOND)?;
        let lost = 20 * MS + 5 * SECOND;
        let mut timed = log.take_timed();
        timed.sort();
        let wanted = [
            "a x reads: connection reset",
            "a z connects: connection timed out",
            "b y reads: connection reset",
        ];
        assert_eq!(timed, wanted.map(|text| (lost, text.to_owned())));
        tell(world, "a", write("x", "late"))?;
        // It heals, and another stream is as good as any.
        tell(world, "b", Do::Accept("l".into(), "w".into()))?;
        world.run_for(SECOND)?;
        tell(world, "a", connect("z", at(2, 80)))?;
        world.run_for(SECOND)?;
        // The one that waited for the way to heal was given up by who asked for it.
        assert_eq!(log.take(), ["a x writes: connection reset", "b w accepts: ok", "a z connects: ok"]);
        Ok(())
    });
}

#[test]
fn a_node_that_crashes_says_nothing_and_its_streams_are_reset_when_it_is_missed() {
    fine(Faults::none(), |world| {
        let ([_, b], log) = nodes(world)?;
        stream(world, &log)?;
        tell(world, "b", write("y", "last words"))?;
        world.run_for(9 * MS)?;
        log.take();
        world.crash(b);
        tell(world, "a", read("x", 4))?;
        tell(world, "a", read("x", 100))?;
        tell(world, "a", read("x", 100))?;
        world.run_for(MS)?;
        assert_eq!(log.take(), ["a x reads: `last`", "a x reads: ` words`"]);
        world.restart(b);
        world.run_for(MS)?;
        assert_eq!(log.take(), ["a x reads: connection reset"]);
        // Its ports are free again.
        tell(world, "b", Do::Listen("l".into(), 80))?;
        world.run_for(MS)?;
        assert_eq!(log.take(), ["b l listens: ok"]);
        // While it is down nobody answers, until that is known.
        world.crash(b);
        tell(world, "a", connect("z", at(2, 80)))?;
        tell(world, "a", Do::Connect("t".into(), at(2, 80), 5))?;
        world.run_for(6 * MS)?;
        assert_eq!(log.take(), ["a t connects: timed out"]);
        world.run_for(SECOND)?;
        assert_eq!(log.take(), ["a z connects: connection timed out"]);
        Ok(())
    });
}

#[test]
fn a_part_waits_until_those_before_it_are_through_the_link() {
    fine(Faults::none(), |world| {
        let (_, log) = nodes(world)?;
        stream(world, &log)?;
        world.link("a", "b", Link { bandwidth: Some(1_000_000), ..Latency::fixed(1_000_000).into() })?;
        tell(world, "a", Do::Write("x".into(), vec![b'.'; 50_000]))?;
        for _ in 0..13 {
            tell(world, "b", read("y", 50_000))?;
        }
        world.run_for(SECOND)?;
        let timed = log.take_timed();
        let reads: Vec<&(Duration, String)> =
            timed.iter().filter(|(_, text)| text.starts_with("b y reads")).collect();
        assert_eq!(reads.len(), 13, "a read gives what is there, which is a part");
        // 50 000 bytes, and thirteen times what a part is beside them.
        let last = reads[12].0 - 11 * MS;
        assert!(last > 51 * MS && last < 53 * MS, "{last:?}");
        Ok(())
    });
}

#[test]
fn a_datagram_for_all_goes_to_all_who_may_hear_it() {
    fine(Faults::none(), |world| {
        let (_, log) = nodes(world)?;
        tell(world, "a", Do::Udp("u".into(), 90))?;
        tell(world, "b", Do::Udp("v".into(), 90))?;
        world.run_for(MS)?;
        let all = Address::V4 { ip: [255; 4], port: 90 };
        tell(world, "a", Do::Send("u".into(), b"x".into(), all))?;
        world.run_for(MS)?;
        tell(world, "a", Do::Broadcast("u".into()))?;
        tell(world, "a", Do::Send("u".into(), b"hear".into(), all))?;
        tell(world, "a", Do::Receive("u".into()))?;
        tell(world, "b", Do::Receive("v".into()))?;
        world.run_for(10 * MS)?;
        let mut lines = log.take();
        lines.sort_unstable();
        let heard = "receives: `hear` from 10.0.0.1:90";
        let (first, second) = (format!("a u {heard}"), format!("b v {heard}"));
        let wanted =
            ["a u binds: ok", &first, "a u sends: 4", "a u sends: permission denied", "a u sets: ok"];
        assert_eq!(lines, [&wanted[..], &["b v binds: ok", &second]].concat());
        Ok(())
    });
}

#[test]
fn a_socket_is_closed_when_nobody_holds_it() {
    fine(Faults::none(), |world| {
        let ([_, b], log) = nodes(world)?;
        let other = world.spawn_on(b, SpawnOptions::registered("other"), Arc::new(Netter::default))?;
        stream(world, &log)?;
        // Two hold the listener and one the stream; one fails.
        tell(world, "b", Do::Share("l".into(), other.to_raw()))?;
        tell(world, "a", read("x", 9))?;
        world.run_for(MS)?;
        tell(world, "b", Do::Fail)?;
        world.run_for(10 * MS)?;
        assert_eq!(log.take(), ["b l shares: ok", "a x reads: ``"]);
        tell(world, "a", connect("z", at(2, 80)))?;
        world.run_for(10 * MS)?;
        assert_eq!(log.take(), ["a z connects: ok"], "the listener is there, and its backlog takes it");
        // Then the other: the listener goes, and with it whom nobody has accepted.
        tell(world, "a", read("z", 9))?;
        world.run_for(MS)?;
        world.kill(other);
        world.run_for(10 * MS)?;
        tell(world, "a", connect("z", at(2, 80)))?;
        world.run_for(10 * MS)?;
        assert_eq!(log.take(), ["a z reads: ``", "a z connects: connection refused"]);
        Ok(())
    });
}

#[test]
fn who_waits_for_a_socket_keeps_no_world_from_rest() {
    fine(Faults::none(), |world| {
        let (_, log) = nodes(world)?;
        stream(world, &log)?;
        tell(world, "b", read("y", 9))?;
        tell(world, "b", Do::Accept("l".into(), "z".into()))?;
        world.settle()?;
        assert!(world.is_at_rest() && world.now() < seedbed_core::Time::ZERO + SECOND);
        // With a time-out it does, until that is over.
        tell(world, "a", connect("t", at(2, 80)))?;
        world.settle()?;
        assert_eq!(log.take(), ["b z accepts: ok", "a t connects: ok"]);
        Ok(())
    });
}

/// Bytes from a to b over a stream, and numbered datagrams, in a world where all goes wrong on the way; gives
/// what came of the datagrams, in its order.
fn rough(world: &mut World, came: &Rc<RefCell<Vec<u32>>>) -> anyhow::Result<()> {
    const DATAGRAMS: u32 = 40;
    let (_, log) = nodes(world)?;
    world.link("a", "b", Latency::between(1_000_000, 50_000_000))?;
    tell(world, "a", Do::Udp("u".into(), 90))?;
    tell(world, "b", Do::Udp("v".into(), 91))?;
    tell(world, "b", Do::Listen("l".into(), 80))?;
    world.run_for(SECOND)?;
    tell(world, "b", Do::Accept("l".into(), "y".into()))?;
    tell(world, "a", connect("x", at(2, 80)))?;
    world.run_for(60 * SECOND)?;
    let text: String = (0..1_000).map(|n| format!("{n},")).collect();
    for piece in text.as_bytes().chunks(100) {
        tell(world, "a", Do::Write("x".into(), piece.to_vec()))?;
        world.run_for(MS)?;
    }
    for n in 0..DATAGRAMS {
        tell(world, "a", Do::Send("u".into(), n.to_string().into_bytes(), at(2, 91)))?;
        tell(world, "b", Do::Receive("v".into()))?;
        tell(world, "b", Do::Receive("v".into()))?;
        world.run_for(MS)?;
    }
    tell(world, "a", Do::Close("x".into()))?;
    for _ in 0..60 {
        tell(world, "b", read("y", 10_000))?;
    }
    world.run_for(60 * SECOND)?;
    let lines = log.take();
    let bare = |start: &str| -> Vec<String> {
        let of = lines.iter().filter_map(|line| line.strip_prefix(start));
        of.map(|line| line.split('`').nth(1).unwrap_or(line).to_owned()).collect()
    };
    assert_eq!(bare("b y reads: ").concat(), text, "a stream loses nothing");
    *came.borrow_mut() = bare("b v receives: ").iter().filter_map(|n| n.parse().ok()).collect();
    Ok(())
}

#[test]
fn what_goes_wrong_on_the_way_replays_and_a_stream_survives_it() {
    let faults = Faults { drop: 100_000, duplicate: 100_000, delay: 500_000, ..Faults::none() };
    let (mut lost, mut twice, mut overtaken, mut different) = (0, 0, 0, Vec::new());
    for seed in 0..12 {
        let came = Rc::new(RefCell::new(Vec::new()));
        let seen = Rc::clone(&came);
        let outcome = replays(&faults, seed, move |world| rough(world, &seen));
        let came = came.take();
        let mut sorted = came.clone();
        sorted.sort_unstable();
        twice += usize::from(sorted.windows(2).any(|pair| pair[0] == pair[1]));
        sorted.dedup();
        lost += usize::from(sorted.len() < 40);
        overtaken += usize::from(came.windows(2).any(|pair| pair[0] > pair[1]));
        different.push(outcome.trace_hash);
    }
    different.sort_unstable();
    different.dedup();
    assert!(lost > 0 && twice > 0 && overtaken > 0 && different.len() > 6, "{lost} {twice} {overtaken}");
}

#[test]
fn links_that_stop_by_chance_stop_sockets_and_replay() {
    let faults = Faults { partition: 20_000, clog: 20_000, ..Faults::none() };
    for seed in 0..8 {
        let came = Rc::new(RefCell::new(Vec::new()));
        replays(&faults, seed, move |world| rough(world, &came));
    }
}
