//! A shell made of text.
//!
//! A script is a list of (event, commands). Pids are the numbers of the starts, from 1. A start is
//! answered with its pid at once, as a shell must. `monitor` and what follows it for the same child
//! are shown as one: `stop 1`, or `stop! 1` for a kill.
//!
//! Specs are words after an id; a child has all the time it needs to stop, unless words say else.

use crate::supervise::*;
use seedbed_abi::{ExitReason, Failure, Time};
use std::collections::BTreeMap;
use std::time::Duration;

pub(super) struct Text;

impl Parts for Text {
    type Pid = u64;
    type Start = ();
    type Args = u32;
    type Caller = u32;
}

pub(super) struct Rig {
    pub(super) machine: Machine<Text>,
    now: Time,
    random: u64,
    refusal: Option<ExitReason>,
    ids: BTreeMap<SlotId, ChildId>,
}

/// A supervisor that has not started.
pub(super) fn rig(flags: &str, children: &[&str]) -> Rig {
    let machine = Machine::new(plan(flags, children)).expect("the plan is good");
    Rig { machine, now: Time::ZERO, random: 0, refusal: None, ids: BTreeMap::new() }
}

/// A supervisor whose children all run: pids 1, 2, 3 in order.
pub(super) fn up(flags: &str, children: &[&str]) -> Rig {
    let mut rig = rig(flags, children);
    let mut said = rig.feed("init");
    while let Some((_, pid)) = said.rsplit_once("start ").and_then(|(_, start)| start.split_once(' ')) {
        let pid = pid.split(';').next().unwrap_or(pid).to_owned();
        said = rig.feed(&format!("started {pid}"));
    }
    assert!(said.ends_with("ready"), "{said}");
    rig
}

/// A dynamic supervisor with instances 1 to n, with arguments 1 to n.
pub(super) fn pool(flags: &str, template: &str, instances: u64) -> Rig {
    let mut rig = up(&format!("dynamic {flags}"), &[template]);
    for n in 1..=instances {
        rig.feed(&format!("call 0 instance {n}"));
        rig.feed(&format!("started {n}"));
    }
    rig
}

impl Rig {
    /// Runs a script, and goes on.
    #[track_caller]
    pub(super) fn run(mut self, script: &[(&str, &str)]) -> Rig {
        for (line, (event, expected)) in script.iter().enumerate() {
            let said = self.feed(event);
            assert_eq!(said, *expected, "line {line}: {event}");
        }
        self
    }

    /// Feeds one event; what was said, joined by `; `.
    pub(super) fn feed(&mut self, event: &str) -> String {
        let words: Vec<&str> = event.split_whitespace().collect();
        let number = |at: usize| words[at].parse::<u64>().expect("a number");
        let event = match words[0] {
            "at" => {
                self.now = Time::ZERO + duration(words[1]);
                return String::new();
            }
            "random" => {
                self.random = number(1);
                return String::new();
            }
            "refuse-next" => {
                self.refusal = Some(reason(words[1]));
                return String::new();
            }
            "init" => Event::Init,
            "started" => Event::Started { pid: number(1) },
            "ignored" => Event::Ignored { pid: number(1) },
            "failed" => Event::StartFailed { pid: number(1), reason: reason(words[2]) },
            "exit" => Event::Exited { pid: number(1), reason: reason(words[2]) },
            "shutdown" => Event::Shutdown { reason: reason(words[1]) },
            "fire" => Event::TimerFired { ticket: Ticket(number(1)) },
            "retry" => Event::Retry { ticket: Ticket(number(1)) },
            "unknown" => Event::Unknown,
            "call" => Event::Call { caller: number(1) as u32, call: call(&words[2..]) },
            other => panic!("no such event: {other}"),
        };
        let mut said = Vec::new();
        self.handle(event, &mut said);
        join(&said)
    }

    fn handle(&mut self, event: Event<Text>, said: &mut Vec<String>) {
        let (mut out, random) = (Vec::new(), self.random);
        self.machine.handle(self.now, event, &mut || random, &mut out);
        let count = out.len();
        for (at, command) in out.into_iter().enumerate() {
            let answer = match &command {
                Command::Start { incarnation, slot, spec, .. } => {
                    assert_eq!(at + 1, count, "a start is the last command of its batch");
                    self.ids.insert(*slot, spec.id.clone());
                    Some(match self.refusal.take() {
                        Some(reason) => Event::SpawnRefused { reason },
                        None => Event::Spawned { pid: *incarnation },
                    })
                }
                _ => None,
            };
            said.push(self.show(command));
            if let Some(answer) = answer {
                self.handle(answer, said);
            }
        }
    }

    fn show(&self, command: Command<Text>) -> String {
        match command {
            Command::Start { spec, args: None, incarnation, .. } => {
                format!("start {} {incarnation}", spec.id)
            }
            Command::Start { spec, args: Some(args), incarnation, .. } => {
                format!("start {}({args}) {incarnation}", spec.id)
            }
            Command::Monitor { pid } => format!("monitor {pid}"),
            Command::Shutdown { pid } => format!("shutdown {pid}"),
            Command::Kill { pid } => format!("kill {pid}"),
            Command::ArmTimer { ticket, after } => format!("arm {} {after:?}", ticket.0),
            Command::CancelTimer { ticket } => format!("cancel {}", ticket.0),
            Command::SendRetryToSelf { ticket } => format!("retry {}", ticket.0),
            Command::Reply { caller, reply } => format!("reply {caller} {}", show_reply(reply)),
            Command::Ready => "ready".to_owned(),
            Command::Exit { reason } => format!("exit {}", show_reason(&reason)),
            Command::Note(note) => self.show_note(&note),
        }
    }

    fn show_note(&self, note: &Note<u64>) -> String {
        match note {
            Note::Counted { slot, attempts, allowed: true } => format!("count {} {attempts}", self.ids[slot]),
            Note::Counted { slot, attempts, .. } => format!("too many {} {attempts}", self.ids[slot]),
            Note::Backoff { slot, n, delay } => format!("delay {} n={n} {delay:?}", self.ids[slot]),
            Note::OddReason { slot, pid, reason } => {
                format!("odd {} {pid} {}", self.ids[slot], show_reason(reason))
            }
            Note::StartOverdue { slot, pid } => format!("overdue {} {pid}", self.ids[slot]),
            Note::Stranger { pid } => format!("stranger {pid}"),
            Note::Stale { ticket } => format!("stale {}", ticket.0),
            Note::UnknownMessage => "unknown".to_owned(),
        }
    }
}

pub(super) fn plan(flags: &str, children: &[&str]) -> Plan<()> {
    Plan { flags: parse_flags(flags), children: children.iter().map(|text| spec(text)).collect() }
}

pub(super) fn duration(text: &str) -> Duration {
    let digits = text.trim_end_matches(char::is_alphabetic);
    let n = digits.parse().expect("a number");
    match &text[digits.len()..] {
        "s" => Duration::from_secs(n),
        "ms" => Duration::from_millis(n),
        "ns" => Duration::from_nanos(n),
        unit => panic!("no such unit: {unit}"),
    }
}

fn parse_flags(text: &str) -> Flags {
    let mut flags = Flags::default();
    for word in text.split_whitespace() {
        match word {
            "one_for_one" => flags.strategy = Strategy::OneForOne,
            "one_for_all" => flags.strategy = Strategy::OneForAll,
            "rest_for_one" => flags.strategy = Strategy::RestForOne,
            "dynamic" => flags.strategy = Strategy::Dynamic,
            "any" => flags.auto_shutdown = AutoShutdown::AnySignificant,
            "all" => flags.auto_shutdown = AutoShutdown::AllSignificant,
            window => {
                let (intensity, period) = window.split_once('/').expect("n/period");
                flags.intensity = intensity.parse().expect("a number");
                flags.period = duration(period);
            }
        }
    }
    flags
}

pub(super) fn spec(text: &str) -> ChildSpec<()> {
    let mut words = text.split(' ');
    let id = words.next().unwrap_or_default();
    let mut spec = ChildSpec { shutdown: Shutdown::Infinity, ..ChildSpec::worker(id, ()) };
    for word in words {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        let backoff = || Backoff {
            min: duration("100ms"),
            max: duration("1s"),
            factor: 2,
            jitter_permille: 0,
            reset_after: duration("10s"),
        };
        match key {
            "permanent" => spec.restart = Restart::Permanent,
            "transient" => spec.restart = Restart::Transient,
            "temporary" => spec.restart = Restart::Temporary,
            "significant" => spec.significant = true,
            "supervisor" => spec.kind = ChildKind::Supervisor,
            "brutal" => spec.shutdown = Shutdown::Brutal,
            "shutdown" => spec.shutdown = Shutdown::After(duration(value)),
            "start_timeout" => spec.start_timeout = Some(duration(value)),
            "backoff" => spec.backoff = Some(backoff()),
            "jitter" => {
                spec.backoff =
                    Some(Backoff { jitter_permille: value.parse().expect("permille"), ..backoff() });
            }
            other => panic!("no such word: {other}"),
        }
    }
    spec
}

fn call(words: &[&str]) -> Call<Text> {
    match (words[0], words.get(1).copied().unwrap_or_default()) {
        ("start", _) => Call::StartChild(spec(&words[1..].join(" "))),
        ("instance", args) => Call::StartInstance(args.parse().expect("a number")),
        ("stop", id) => Call::StopChild(Which::Id(id.into())),
        ("stop-pid", pid) => Call::StopChild(Which::Pid {
            pid: pid.parse().expect("a number"),
            alive: words.get(2) == Some(&"alive"),
        }),
        ("restart", id) => Call::RestartChild(id.into()),
        ("delete", id) => Call::DeleteChild(id.into()),
        ("children", _) => Call::Children,
        ("counts", _) => Call::Counts,
        ("which", id) => Call::Child(id.into()),
        ("change", _) => {
            let text = words[1..].join(" ");
            let mut parts = text.split(" + ");
            let flags = parts.next().unwrap_or_default().to_owned();
            Call::Change(plan(&flags, &parts.collect::<Vec<_>>()))
        }
        (other, _) => panic!("no such call: {other}"),
    }
}

pub(super) fn reason(word: &str) -> ExitReason {
    match word {
        "normal" => ExitReason::Normal,
        "shutdown" => ExitReason::Shutdown,
        "detail" => ExitReason::ShutdownWith("detail".into()),
        "killed" => ExitReason::Killed,
        "noproc" => ExitReason::NoProcess,
        "boom" => Failure::HandlerError(1).into(),
        "start-boom" => ExitReason::start_failed(Failure::HandlerError(1).into()),
        other => panic!("no such reason: {other}"),
    }
}

fn show_reason(shown: &ExitReason) -> String {
    let words = ["normal", "shutdown", "detail", "killed", "noproc", "boom", "start-boom"];
    let word = words.into_iter().find(|word| reason(word) == *shown);
    word.map_or_else(|| shown.to_string(), str::to_owned)
}

fn show_reply(reply: Reply<u64>) -> String {
    match reply {
        Ok(Answer::Done) => "ok".to_owned(),
        Ok(Answer::Started(pid)) => format!("started {pid}"),
        Ok(Answer::Ignored) => "ignored".to_owned(),
        Ok(Answer::Children(children)) => children.iter().map(show_child).collect::<Vec<_>>().join(", "),
        Ok(Answer::Child(child)) => format!("{}, {} starts", show_child(&child), child.starts),
        Ok(Answer::Counts(c)) => {
            format!(
                "specs {} active {} supervisors {} workers {}",
                c.specs, c.active, c.supervisors, c.workers
            )
        }
        Err(CallError::StartFailed(reason)) => format!("failed {}", show_reason(&reason)),
        Err(error) => format!("error: {error}"),
    }
}

fn show_child(child: &ChildInfo<u64>) -> String {
    let state = match child.state {
        ChildState::Running(pid) => pid.to_string(),
        ChildState::Restarting { until: None } => "restarting".to_owned(),
        ChildState::Restarting { until: Some(at) } => format!("restarting at {at}"),
        ChildState::Down => "down".to_owned(),
        ChildState::Starting(_) => "starting".to_owned(),
        ChildState::Stopping(_) => "stopping".to_owned(),
    };
    format!("{} {state}", child.id)
}

/// Joins what was said; a monitor and what follows it become one.
fn join(said: &[String]) -> String {
    let mut joined: Vec<String> = Vec::new();
    for line in said {
        let (what, who) = line.split_once(' ').unwrap_or((line, ""));
        let monitored = joined.last().is_some_and(|last| *last == format!("monitor {who}"));
        match what {
            "shutdown" if monitored => *joined.last_mut().expect("it has one") = format!("stop {who}"),
            "kill" if monitored => *joined.last_mut().expect("it has one") = format!("stop! {who}"),
            _ => joined.push(line.clone()),
        }
    }
    joined.join("; ")
}
