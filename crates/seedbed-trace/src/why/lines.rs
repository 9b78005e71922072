//! What a record is as a link of the chain, if it is one.

use super::LINES_MAX;
use super::slice::{Slice, Targets};
use crate::finding::WhyLine;
use crate::record::{Actor, Happening, Parcel, ParcelBody, Record};
use crate::text;
use crate::trace::Trace;
use seedbed_core::{
    ChoiceKey, ChoiceKind, ExitReason, Flags, Instead, Level, Lost, OrderKey, PathId, Pid, RequestFailure,
    SignalKind, SignalName, Starved, TapeEntry, Until, decision,
};
use std::collections::{BTreeMap, BTreeSet};

/// A link, and how dear it is.
pub(super) struct Line {
    /// 0 = it must be told; the higher, the sooner it is left out.
    pub(super) rank: u8,
    /// Something that only took longer: of many, a few are told.
    pub(super) is_slow: bool,
    pub(super) shown: WhyLine,
}

/// What must be told.
pub(super) const MUST: u8 = 0;
/// What came of it.
pub(super) const CONSEQUENCE: u8 = 1;
/// What can be left out.
pub(super) const DETAIL: u8 = 2;

/// The most lines that only say what was said.
const SAYINGS_MAX: usize = 7;

/// So many lines of what only took longer are always told, the others as far as sayings leave room.
const SLOW_LEAST: usize = 3;

/// Smaller answers stop both ways of a link, the others only that of the packet.
const LINK_BOTH_WAYS: u32 = 16;

/// A message by what it says: from whom, to whom, under which tag, which bytes.
type Content<'a> = (PathId, PathId, u64, &'a [u8]);

/// Tells the chain.
pub(super) struct Teller<'a> {
    trace: &'a Trace,
    slice: &'a Slice,
    targets: BTreeSet<usize>,
    /// Who got each signal, and in which record.
    delivered: BTreeMap<SignalName, usize>,
    /// To whom each packet was sent, and what it says.
    packets: BTreeMap<SignalName, usize>,
    /// What the actor of a step said in it: better than its bytes.
    said: BTreeMap<u64, Vec<&'a str>>,
    /// How often each delivery was passed over.
    passed: BTreeMap<SignalName, u32>,
    /// How much was lost on its way from whom to whom that was not told yet.
    vanished: BTreeMap<(PathId, Pid), usize>,
    /// What was lost on its way, by name.
    vanished_names: BTreeSet<String>,
    /// How often each fault of a plan struck that was not told yet.
    struck: BTreeMap<&'a str, u32>,
    lines: Vec<Line>,
}

impl<'a> Teller<'a> {
    pub(super) fn new(trace: &'a Trace, slice: &'a Slice, targets: &Targets) -> Teller<'a> {
        let mut teller = Teller {
            trace,
            slice,
            targets: targets.records.iter().copied().collect(),
            delivered: BTreeMap::new(),
            packets: BTreeMap::new(),
            said: BTreeMap::new(),
            passed: BTreeMap::new(),
            vanished: BTreeMap::new(),
            vanished_names: BTreeSet::new(),
            struck: BTreeMap::new(),
            lines: Vec::new(),
        };
        for (index, record) in trace.records.iter().enumerate() {
            match &record.what {
                Happening::Turn { name, .. } => drop(teller.delivered.insert(*name, index)),
                Happening::Logged { level, text, .. } if *level <= Level::Info as u8 => {
                    teller.said.entry(record.step).or_default().push(text);
                }
                Happening::Transmitted(parcel) => drop(teller.packets.insert(parcel.name, index)),
                Happening::Arrived(parcel) => drop(teller.packets.entry(parcel.name).or_insert(index)),
                Happening::Vanished(parcel) => {
                    teller.packets.entry(parcel.name).or_insert(index);
                    *teller.vanished.entry((parcel.name.path, parcel.to)).or_default() += 1;
                    let path = trace.path(parcel.name.path);
                    teller.vanished_names.insert(parcel.name.display(&path).to_string());
                }
                Happening::Chosen(TapeEntry::Order { key, instead: Instead::Signal(_) }) => {
                    *teller.passed.entry(key.plain).or_default() += 1;
                }
                Happening::Fault { text } => *teller.struck.entry(text).or_default() += 1,
                _ => {}
            }
        }
        teller
    }

    pub(super) fn tell(mut self) -> Vec<Line> {
        let mut taken: BTreeMap<Content<'a>, (Actor, bool)> = BTreeMap::new();
        let mut counted: Option<&str> = None;
        for (index, record) in self.trace.records.iter().enumerate() {
            match &record.what {
                Happening::Chosen(entry) => self.chosen(index, record, entry),
                Happening::Booted { boot } if boot.0 > 0 => {
                    let text =
                        format!("node {}, for the {} time", self.trace.node(record.node), nth(boot.0 + 1));
                    self.line(CONSEQUENCE, record, "boot", text);
                }
                Happening::Supervised { code: decision::COUNTED, text, .. } => counted = Some(text),
                Happening::Spawned { who, .. } if who.life.0 > 1 => {
                    // What starts with its node, the start of the node tells.
                    let rank = if counted.is_some() { CONSEQUENCE } else { DETAIL };
                    let of = counted.take().map(|text| format!(", {text}")).unwrap_or_default();
                    if self.slice.has_path(who.path) {
                        let text = format!("{}, life {}{of}", self.trace.path(who.path), who.life.0);
                        self.line(rank, record, "restart", text);
                    }
                }
                Happening::Turn { who, name, head, payload, .. } => {
                    self.failed_request(record);
                    if Flags(head.flags) == Flags::MESSAGE {
                        let content = (name.path, who.path, head.tag, payload.as_slice());
                        self.retry(record, *who, name, content, &mut taken);
                    }
                }
                Happening::Fault { text } => self.fault(record, text),
                Happening::Vanished(parcel) if self.slice.has_path(parcel.name.path) => {
                    self.vanished(record, parcel);
                }
                // What came too late changed nothing any more.
                Happening::Lost { why, to, name, .. }
                    if *why != Lost::Late as u8 && self.slice.has_path(name.path) =>
                {
                    let to = self.trace.pid(*to);
                    let text = format!("{} to {to}: {}", text::signal(self.trace, name), text::lost(*why));
                    self.line(DETAIL, record, "lost", text);
                }
                _ => {}
            }
            if is_upset(record) {
                taken.values_mut().for_each(|(_, upset)| *upset = true);
            }
            self.ended(index, record);
            self.target(index, record);
        }
        self.add_sayings();
        self.lines
    }

    /// What actors said on the way from the first odd event to the target, as far as there is room: what a target
    /// contradicts, then one of each kind, first what is seldom said, then what is nearest. What another line quotes already is not told twice.
    fn add_sayings(&mut self) {
        let Some(first) = self.lines.first().map(|line| line.shown.step) else { return };
        let slow = self.lines.iter().filter(|line| line.is_slow).count();
        let dear = self.lines.iter().filter(|line| line.rank <= CONSEQUENCE && !line.is_slow).count();
        let room = SAYINGS_MAX.min(LINES_MAX.saturating_sub(dear + slow.min(SLOW_LEAST)));
        let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
        for said in self.said.values().flatten() {
            *kinds.entry(without_numbers(said)).or_default() += 1;
        }
        let contradicted = self.contradicted();
        let is_way = |record: &&Record| record.step >= first || contradicted.contains(&record.step);
        let turns = self.trace.records.iter().filter(is_way);
        let turns = turns.filter(|record| matches!(record.what, Happening::Turn { .. }));
        let is_told = |quote: &str| self.lines.iter().any(|line| line.shown.text.contains(quote));
        let mut sayings: Vec<(bool, usize, u32, String, &Record, String)> = turns
            .filter_map(|record| {
                let (links, who) = (self.slice.links(record.step), record.who()?);
                let said = self.said.get(&record.step)?;
                let (seldom, kind) =
                    said.iter().map(|said| without_numbers(said)).map(|k| (kinds[&k], k)).min()?;
                let quote = self.said(record.step)?;
                let is_free = !contradicted.contains(&record.step);
                let links = links.or((!is_free).then_some(0))?;
                let text = format!("{}: {quote}", self.trace.actor(who));
                (!is_told(&quote)).then_some((is_free, seldom, links, kind, record, text))
            })
            .collect();
        sayings.sort_by_key(|(is_free, seldom, links, ..)| (*is_free, *seldom, *links));
        // One of each kind, before a second of any.
        let mut told: BTreeMap<String, usize> = BTreeMap::new();
        let mut sayings: Vec<(bool, usize, &Record, String)> = sayings
            .into_iter()
            .map(|(is_free, _, _, kind, record, text)| {
                let nth = told.entry(kind).or_default();
                *nth += 1;
                (is_free, *nth, record, text)
            })
            .collect();
        sayings.sort_by_key(|(is_free, nth, ..)| (*is_free, *nth));
        sayings.truncate(room);
        for (_, _, record, text) in sayings {
            self.line(CONSEQUENCE, record, "says", text);
        }
        // A fault after a turn has the step of that turn.
        self.lines.sort_by_key(|line| (line.shown.step, line.shown.kind != "says"));
    }

    /// The last turns in which the actor of a target said something else of the same thing, and those that had sent
    /// what it took there: the same words before and after the first number, and that number.
    fn contradicted(&self) -> BTreeSet<u64> {
        let mut steps = BTreeSet::new();
        for target in self.targets.iter().map(|index| &self.trace.records[*index]) {
            let Some((who, said)) = target.who().zip(self.said.get(&target.step)) else { continue };
            let is_other = |before: &&str| {
                let of_the_same = |now: &&str| now != before && subject(now) == subject(before);
                subject(before).1.is_some() && said.iter().any(of_the_same)
            };
            let before = self.trace.records.iter().rev().find(|record| {
                let own = matches!(record.what, Happening::Turn { .. })
                    && record.who().is_some_and(|w| w.pid == who.pid);
                let says = || self.said.get(&record.step).is_some_and(|said| said.iter().any(&is_other));
                own && record.step < target.step && says()
            });
            let step = before.map(|record| record.step);
            steps.extend(step.into_iter().chain(step.and_then(|step| self.slice.sender(step))));
        }
        steps
    }

    /// One line for all that was lost from one actor to another.
    fn vanished(&mut self, record: &Record, parcel: &Parcel) {
        let Some(lost) = self.vanished.remove(&(parcel.name.path, parcel.to)) else { return };
        let more = if lost > 1 { format!(", and {} more", lost - 1) } else { String::new() };
        let text = format!("{}, on its way{more}", self.parcel(&parcel.name, parcel));
        let is_first = !self.lines.iter().any(|line| line.shown.kind == "lost");
        self.line(if is_first { CONSEQUENCE } else { DETAIL }, record, "lost", text);
    }

    /// One line for all the times that a plan did one thing. What a rule did to a message that was lost, the loss tells.
    fn fault(&mut self, record: &Record, fault: &str) {
        let Some(times) = self.struck.remove(fault) else { return };
        if self.vanished_names.iter().any(|name| fault.ends_with(name)) {
            return;
        }
        let again = if times > 1 { format!(", {times} times in all") } else { String::new() };
        self.line(CONSEQUENCE, record, "fault", format!("{fault}{again}"));
    }

    fn line(&mut self, rank: u8, record: &Record, kind: &str, text: String) {
        let shown = WhyLine { kind: kind.to_owned(), text, step: record.step, time: record.time };
        let is_slow = matches!(kind, "delay" | "late" | "down");
        self.lines.push(Line { rank, is_slow, shown });
    }

    /// Where it ends.
    fn target(&mut self, index: usize, record: &Record) {
        if !self.targets.contains(&index) {
            return;
        }
        match &record.what {
            Happening::Observed { who, key, value } => {
                let text = format!("{} says {key} = {value}{}", self.trace.actor(*who), self.on_turn(record));
                self.line(MUST, record, "fact", text);
            }
            Happening::Condition { who, name, .. } => {
                let text =
                    format!("{}: `{name}` does not hold{}", self.trace.actor(*who), self.on_turn(record));
                self.line(MUST, record, "breaks", text);
            }
            Happening::Turn { who, .. } => {
                let text = format!("{}{}", self.trace.actor(*who), self.on_turn(record));
                self.line(MUST, record, "last", text);
            }
            _ => {}
        }
    }

    /// What the turn of this record's step took, or what it said: `: "credited 30"`.
    fn on_turn(&self, record: &Record) -> String {
        let turn = |r: &&Record| r.step == record.step && matches!(r.what, Happening::Turn { .. });
        match self.trace.records.iter().find(turn) {
            Some(turn) => self.turn(turn),
            None => String::new(),
        }
    }

    /// A turn, without whose it is: what it said, else what it took.
    fn turn(&self, record: &Record) -> String {
        if let Some(said) = self.said(record.step) {
            return format!(": {said}");
        }
        match &record.what {
            Happening::Turn { name, head, payload, .. } if name.kind == SignalKind::Sent => {
                let (from, message) = (self.trace.path(name.path), self.message(name, head.tag, payload));
                format!(", on {message} from {from}")
            }
            Happening::Turn { name, .. } => format!(", on its {}", text::signal_kind(name.kind)),
            _ => String::new(),
        }
    }

    /// In which step a signal was sent, as far as it is known.
    fn sent_in(&self, name: &SignalName) -> Option<u64> {
        let once = SignalName { n: name.n & !(1 << 63), ..*name };
        let packet = self.packets.get(&once).map(|index| self.trace.records[*index].step);
        packet.or_else(|| match &self.trace.records[*self.delivered.get(name)?].what {
            Happening::Turn { cause, .. } => Some(*cause),
            _ => None,
        })
    }

    /// What was said in the turn of a step, in quotes.
    fn said(&self, step: u64) -> Option<String> {
        let said = self.said.get(&step)?;
        Some(said.iter().map(|said| text::quoted(said)).collect::<Vec<_>>().join(", "))
    }

    /// What its sender said when it sent a message, else what is in it.
    fn message(&self, name: &SignalName, tag: u64, payload: &[u8]) -> String {
        let said = self.sent_in(name).and_then(|step| self.said(step));
        said.unwrap_or_else(|| text::content(tag, payload))
    }

    /// An actor's end that matters: as a target, or because it is in the slice and was no clean one.
    fn ended(&mut self, index: usize, record: &Record) {
        let Happening::Exited { who, reason, seen, detail, .. } = &record.what else { return };
        let target = self.targets.contains(&index);
        let odd = !reason.is_clean() && self.slice.has_path(who.path);
        // That a fault killed it, was said just before.
        let told = matches!(reason, ExitReason::Killed)
            && self.lines.last().is_some_and(|l| l.shown.kind == "kill" && l.shown.step == record.step);
        if target || (odd && !told) {
            let nobody = if *seen { "" } else { ", and nobody was told" };
            let detail = detail.as_ref().map(|d| format!(" ({})", text::first_line(d))).unwrap_or_default();
            let turn = self.failed_turn(index, *who).map(|turn| self.turn(turn)).unwrap_or_default();
            let text = format!("{}: {reason}{detail}{nobody}{turn}", self.trace.actor(*who));
            self.line(if target { MUST } else { CONSEQUENCE }, record, "exit", text);
        }
    }

    /// The turn of an actor that failed last before a record.
    fn failed_turn(&self, index: usize, failed: Actor) -> Option<&'a Record> {
        let before = &self.trace.records[..index];
        let of = |r: &&Record| r.who().is_some_and(|who| who.pid == failed.pid);
        let mut own = before.iter().rev().filter(of);
        own.find(|r| matches!(r.what, Happening::TurnEnd { failed: true, .. }))?;
        own.find(|r| matches!(r.what, Happening::Turn { .. }))
    }

    /// A request of somebody in the slice ended without a reply: what it had asked for may be done all the same, so
    /// that its end matters also where nothing came of it.
    fn failed_request(&mut self, record: &Record) {
        let Happening::Turn { who, head, .. } = &record.what else { return };
        let failed = Flags::REPLY.with(Flags::FAILED);
        if Flags(head.flags).has(failed) && self.slice.has_path(who.path) {
            let why =
                RequestFailure::from_u64(head.tag).map_or_else(|| "failed".to_owned(), |f| f.to_string());
            let text = format!("request {} of {}: {why}", head.correlation, self.trace.actor(*who));
            self.line(CONSEQUENCE, record, "failed", text);
        }
    }

    /// The same message as one that was taken before something went wrong.
    fn retry(
        &mut self,
        record: &Record,
        who: Actor,
        name: &SignalName,
        content: Content<'a>,
        taken: &mut BTreeMap<Content<'a>, (Actor, bool)>,
    ) {
        let Some((first, upset)) = taken.get_mut(&content) else {
            taken.insert(content, (who, false));
            return;
        };
        let (first, upset) = (*first, std::mem::take(upset));
        let copy = name.n >> 63 == 1;
        if self.slice.links(record.step).is_none() || !(upset || copy) {
            return;
        }
        let (from, what) = (self.trace.path(content.0), self.message(name, content.2, content.3));
        let again = match () {
            () if copy => "taken again".to_owned(),
            () if first.life != who.life => format!("as life {} had taken it before", first.life.0),
            () => "taken again".to_owned(),
        };
        let text = format!("{from} → {}: {what}, {again}", self.trace.path(who.path));
        // Of what is only bytes, nobody says that it was not meant to come again.
        let rank = if copy || self.sent_in(name).is_some_and(|step| self.said.contains_key(&step)) {
            CONSEQUENCE
        } else {
            DETAIL
        };
        self.line(rank, record, if copy { "copy" } else { "retry" }, text);
    }

    fn chosen(&mut self, index: usize, record: &Record, entry: &TapeEntry) {
        match entry {
            TapeEntry::Order { key, instead: Instead::Clock } => {
                let text = format!("the clock runs on before {}", self.delivery(&key.plain));
                self.line(MUST, record, "clock", text);
            }
            TapeEntry::Order { key, instead: Instead::Signal(ran) } => self.order(record, key, ran),
            TapeEntry::Choice { key, answer } => self.choice(index, record, key, *answer),
            TapeEntry::Hold { what, until } => {
                let (kind, until) = match until {
                    Until::Signal(name) => ("hold", self.delivery(name)),
                    Until::Clock(1) => ("clock", "the clock".to_owned()),
                    Until::Clock(times) => ("clock", format!("the clock, {times} times")),
                };
                let text = format!("{} waits for {until}", self.delivery(what));
                self.line(MUST, record, kind, text);
            }
        }
    }

    /// One line for all the times that one delivery was passed over.
    fn order(&mut self, record: &Record, key: &OrderKey, ran: &SignalName) {
        let Some(times) = self.passed.remove(&key.plain) else { return };
        let (first, waits) = (self.delivery(ran), self.delivery(&key.plain));
        let text = match times {
            1 => format!("{first} before {waits}"),
            _ => format!("{waits} waits for {times} others, first {first}"),
        };
        self.line(MUST, record, "order", text);
    }

    /// A signal, who gets it, and what it says if that is short: `message 2 of a/teller → b/ledger`.
    fn delivery(&self, name: &SignalName) -> String {
        let signal = text::signal(self.trace, name);
        match self.delivered.get(name).map(|index| &self.trace.records[*index].what) {
            Some(Happening::Turn { who, .. }) if who.path != name.path => {
                format!("{signal} → {}", self.trace.actor(*who))
            }
            _ => signal,
        }
    }

    fn choice(&mut self, index: usize, record: &Record, key: &ChoiceKey, answer: u32) {
        let actor = self.owner(key);
        let (rank, kind, text) = match key.kind {
            ChoiceKind::Drop => (MUST, "drop", self.packet(key)),
            ChoiceKind::Duplicate => (MUST, "twice", self.packet(key)),
            ChoiceKind::Delay => (MUST, "delay", self.packet(key)),
            ChoiceKind::EffectDelay => (MUST, "delay", format!("effect {} of {actor}", key.ordinal)),
            ChoiceKind::Kill => (MUST, "kill", format!("{actor}{}", self.after_turn(index, key.path))),
            ChoiceKind::Crash => (
                MUST,
                "crash",
                format!("node {}{}", self.trace.path(key.path), self.after_turn(index, key.path)),
            ),
            ChoiceKind::Restart => {
                (DETAIL, "down", format!("node {} stays down for longer", self.trace.path(key.path)))
            }
            ChoiceKind::Buggify => (MUST, "buggify", format!("{actor}{}", self.on_turn(record))),
            ChoiceKind::Pause => (
                MUST,
                "pause",
                format!(
                    "node {} stands still{}",
                    self.trace.path(key.path),
                    self.after_turn(index, key.path)
                ),
            ),
            ChoiceKind::Slow => (
                MUST,
                "slow",
                format!(
                    "turns of node {} take longer{}",
                    self.trace.path(key.path),
                    self.after_turn(index, key.path)
                ),
            ),
            ChoiceKind::Partition => (MUST, "partition", self.link(key, answer)),
            ChoiceKind::Clog => (MUST, "clog", self.link(key, answer)),
            ChoiceKind::ClockJump => {
                (MUST, "clock jump", format!("the wall clock of node {}", self.trace.path(key.path)))
            }
            ChoiceKind::FuelCut | ChoiceKind::GrowRefused | ChoiceKind::CallRefused => {
                let starved = Starved::of(key, answer).expect("an entry of this kind");
                (MUST, "starved", format!("{actor} of {starved}"))
            }
            ChoiceKind::EffectFailed => {
                let how = match answer {
                    1 => "fails",
                    2 => "finds no room",
                    3 => "is done, and its actor is told that it may not be",
                    _ => "is not done, and its actor is told that it may be",
                };
                (MUST, "effect", format!("effect {} of {actor} {how}", key.ordinal))
            }
            ChoiceKind::TimerLate => {
                (MUST, "late", format!("timers of node {} that are due", self.trace.path(key.path)))
            }
            // It is no link of a chain.
            ChoiceKind::LeftOut => return,
            ChoiceKind::Torn => {
                let path = self.trace.path(key.path);
                let text = match path.split_once("//") {
                    Some((node, file)) => {
                        format!("a write to the file {file} of node {node}: only its beginning is left")
                    }
                    None => format!("a record of the log of {path}: only its beginning is left"),
                };
                (MUST, "torn", text)
            }
            ChoiceKind::Unsynced => {
                let path = self.trace.path(key.path);
                let (what, of) = match path.split_once("//") {
                    Some((node, "")) => ("change", format!("of names on the disk of node {node}")),
                    Some((node, file)) => ("change", format!("of the file {file} of node {node}")),
                    None => ("record", format!("of the log of {path}")),
                };
                let lost = if answer == 1 { format!("a {what}") } else { format!("{answer} {what}s") };
                (MUST, "unsynced", format!("{lost} {of} that had not been synced"))
            }
        };
        self.line(rank, record, kind, text);
    }

    /// The link that stopped when a packet was to take it.
    fn link(&self, key: &ChoiceKey, answer: u32) -> String {
        let which = if answer < LINK_BOTH_WAYS { "the link" } else { "the way" };
        format!("{which} of {}", self.packet(key))
    }

    fn owner(&self, key: &ChoiceKey) -> String {
        life_of(self.trace.path(key.path), key.life.0)
    }

    /// A packet by what it carries, from whom to whom.
    fn packet(&self, key: &ChoiceKey) -> String {
        let name = SignalName { path: key.path, life: key.life, kind: SignalKind::Sent, n: key.ordinal };
        match self.packets.get(&name).map(|index| &self.trace.records[*index].what) {
            Some(
                Happening::Transmitted(parcel) | Happening::Arrived(parcel) | Happening::Vanished(parcel),
            ) => self.parcel(&name, parcel),
            _ => format!("message {} of {}", key.ordinal, self.owner(key)),
        }
    }

    fn parcel(&self, name: &SignalName, parcel: &Parcel) -> String {
        let what = match &parcel.body {
            ParcelBody::Message { tag, payload, .. } => self.message(name, *tag, payload),
            ParcelBody::Answer { failed: false, tag, payload, .. } => {
                format!("reply {}", self.message(name, *tag, payload))
            }
            ParcelBody::Answer { .. } => "the failure of a request".to_owned(),
            ParcelBody::Exit(reason) => format!("exit ({reason})"),
            ParcelBody::Down { reason, .. } => format!("down ({reason})"),
            ParcelBody::Kill => "kill".to_owned(),
            ParcelBody::Link | ParcelBody::Unlink => "link".to_owned(),
            ParcelBody::Monitor { .. } | ParcelBody::Demonitor { .. } => "monitor".to_owned(),
            ParcelBody::Socket { stream: true, .. } => "part of a stream".to_owned(),
            ParcelBody::Socket { stream: false, .. } => "datagram".to_owned(),
        };
        let from = life_of(self.trace.path(name.path), name.life.0);
        format!("{from} → {}: {what}", self.trace.pid(parcel.to))
    }

    /// After which turn a fault struck.
    fn after_turn(&self, index: usize, victim: PathId) -> String {
        let turn = |r: &&Record| matches!(r.what, Happening::Turn { .. });
        match self.trace.records[..index].iter().rev().find(turn) {
            Some(record) => match record.who().filter(|who| who.path != victim) {
                Some(other) => format!(", after {}{}", self.trace.actor(other), self.turn(record)),
                None => format!(", after its turn{}", self.turn(record)),
            },
            None => String::new(),
        }
    }
}

/// What is said, whatever the numbers in it.
fn without_numbers(said: &str) -> String {
    said.chars().filter(|c| !c.is_ascii_digit()).collect()
}

/// What something that is said is about: its words, and the first number.
fn subject(said: &str) -> (String, Option<&str>) {
    let digits = |from: &str| from.find(|c: char| c.is_ascii_digit());
    let number = digits(said).map(|at| {
        let rest = &said[at..];
        &rest[..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())]
    });
    (without_numbers(said), number)
}

/// True for what makes somebody send again: an end, a crash, a fault, a request without a reply.
fn is_upset(record: &Record) -> bool {
    match &record.what {
        Happening::Chosen(entry) => entry.is_fault(),
        Happening::Exited { .. }
        | Happening::Booted { .. }
        | Happening::Lost { .. }
        | Happening::Vanished(_)
        | Happening::Fault { .. } => true,
        Happening::Turn { head, .. } => Flags(head.flags).has(Flags::REPLY.with(Flags::FAILED)),
        _ => false,
    }
}

/// A path, with its life if that is not the first.
fn life_of(path: String, life: u32) -> String {
    if life > 1 { format!("{path} life {life}") } else { path }
}

fn nth(n: u16) -> String {
    match n {
        2 => "second".to_owned(),
        3 => "third".to_owned(),
        n => format!("{n}th"),
    }
}
