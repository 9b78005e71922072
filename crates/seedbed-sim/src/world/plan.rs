//! Plans, carried out: at their times, when their conditions come true, inside the fault budget.

use super::World;
use crate::links::{Stop, Way};
use crate::plan::{Deed, Ends, Moment, PlanError, Planned, Shortage, StoreFault, Ways, parse_deed};
use crate::property::Reads;
use seedbed_core::{Event, ExitReason, Failure, NodeId, PathId, Pid, Time, TrapKind};
use std::collections::BTreeMap;
use std::time::Duration;

/// All that is planned in a world.
#[derive(Default)]
pub(super) struct Plan {
    lines: Vec<Line>,
    /// What happens next, by time, then in the order of planning.
    due: BTreeMap<(Time, u64), Step>,
    made: u64,
    /// Steps that the world waits for before it is at rest.
    awaited: usize,
    conditions: Vec<Condition>,
    /// What is to be put right when faults stop.
    standing: Vec<Undo>,
}

/// What is planned, and what is to be done to end what it began.
struct Line {
    deed: Deed,
    lasts: Option<Duration>,
    every: Option<Duration>,
    /// Under which it is counted.
    text: String,
}

struct Condition {
    line: usize,
    holds: Box<dyn FnMut(&World) -> bool>,
    reads: Reads,
    /// It held at the last look: it acts when it comes true, not while it is.
    held: bool,
    /// How often it may still act.
    left: u64,
}

#[derive(Clone)]
enum Step {
    Begin(usize),
    End(Undo),
}

/// How something is put right.
#[derive(Clone)]
enum Undo {
    Restart(NodeId),
    Slow(NodeId),
    Skew(NodeId),
    Drift(NodeId),
    Store(NodeId),
    Starve(PathId, Shortage),
    Rule(u64),
}

/// How far a plan is, kept. Its lines and conditions are as they were made.
pub(super) struct PlanState {
    due: BTreeMap<(Time, u64), Step>,
    made: u64,
    awaited: usize,
    /// Whether each condition held, and how often it may still act.
    conditions: Vec<(bool, u64)>,
    standing: Vec<Undo>,
}

impl Plan {
    pub(super) fn kept(&self) -> PlanState {
        let Plan { lines: _, due, made, awaited, conditions, standing } = self;
        PlanState {
            due: due.clone(),
            made: *made,
            awaited: *awaited,
            conditions: conditions.iter().map(|condition| (condition.held, condition.left)).collect(),
            standing: standing.clone(),
        }
    }

    pub(super) fn put_back(&mut self, from: &PlanState) {
        let PlanState { due, made, awaited, conditions, standing } = from;
        self.due.clone_from(due);
        (self.made, self.awaited) = (*made, *awaited);
        for (condition, (held, left)) in self.conditions.iter_mut().zip(conditions) {
            (condition.held, condition.left) = (*held, *left);
        }
        self.standing.clone_from(standing);
    }

    /// True if nothing is to come that a world waits for.
    pub(super) fn is_done(&self) -> bool {
        self.awaited == 0
    }

    /// When something is due.
    #[inline]
    pub(super) fn next(&self) -> Option<Time> {
        if self.due.is_empty() { None } else { self.due.first_key_value().map(|((at, _), _)| *at) }
    }

    /// What has to change in a turn for each condition to be looked at after it.
    pub(super) fn looks_for(&self) -> impl Iterator<Item = Reads> {
        self.conditions.iter().filter(|c| c.left > 0).map(|c| c.reads)
    }

    fn schedule(&mut self, at: Time, step: Step) {
        self.made += 1;
        self.awaited += usize::from(self.is_awaited(&step));
        self.due.insert((at, self.made), step);
    }

    fn is_awaited(&self, step: &Step) -> bool {
        !matches!(step, Step::Begin(line) if self.lines[*line].every.is_some())
    }

    fn pop_due(&mut self, now: Time) -> Option<Step> {
        let step = self.due.first_entry().filter(|e| e.key().0 <= now)?.remove();
        self.awaited -= usize::from(self.is_awaited(&step));
        Some(step)
    }
}

impl World {
    /// Plans a fault, said in a line: `at 3s partition a|b for 2s`, `every 10s crash b for 1s`. The
    /// nodes that it names must be there.
    ///
    /// # Errors
    /// See [`PlanError`].
    pub fn plan(&mut self, line: &str) -> Result<(), PlanError> {
        self.plan_fault(line.parse()?)
    }

    /// Plans a fault.
    ///
    /// # Errors
    /// If there is no such node, or the fault budget never lets it happen.
    pub fn plan_fault(&mut self, planned: Planned) -> Result<(), PlanError> {
        let text = planned.to_string();
        let Planned { moment, deed, lasts } = planned;
        let (first, every) = match moment {
            Moment::At(at) => (at, None),
            Moment::Every(every) => (every, Some(every)),
        };
        let line = self.plan_line(Line { deed, lasts, every, text })?;
        self.sim.looked = None;
        self.plan.schedule(Time::ZERO + first, Step::Begin(line));
        Ok(())
    }

    /// Plans a fault for when a condition over facts comes true: `kill a/tree/ledger`,
    /// `partition a|b for 2s`. It acts once; more often with [`World::when_times`].
    ///
    /// # Errors
    /// See [`PlanError`].
    pub fn when(
        &mut self,
        condition: impl FnMut(&World) -> bool + 'static,
        deed: &str,
    ) -> Result<(), PlanError> {
        self.when_times(1, Reads::FACTS, condition, deed)
    }

    /// The same, up to so many times, each time that the condition comes true; `reads` says what it
    /// depends on.
    ///
    /// # Errors
    /// See [`PlanError`].
    pub fn when_times(
        &mut self,
        times: u64,
        reads: Reads,
        condition: impl FnMut(&World) -> bool + 'static,
        deed: &str,
    ) -> Result<(), PlanError> {
        let (deed, lasts) = parse_deed(deed)?;
        self.when_deed(times, reads, condition, deed, lasts)
    }

    /// The same, of a deed that was read already.
    ///
    /// # Errors
    /// If there is no such node, or the fault budget never lets it happen.
    pub fn when_deed(
        &mut self,
        times: u64,
        reads: Reads,
        condition: impl FnMut(&World) -> bool + 'static,
        deed: Deed,
        lasts: Option<Duration>,
    ) -> Result<(), PlanError> {
        let text = format!("when … {deed}");
        let line = self.plan_line(Line { deed, lasts, every: None, text })?;
        self.plan.conditions.push(Condition {
            line,
            holds: Box::new(condition),
            reads,
            held: false,
            left: times,
        });
        Ok(())
    }

    fn plan_line(&mut self, line: Line) -> Result<usize, PlanError> {
        if let Some(unknown) = line.deed.nodes().into_iter().find(|name| self.node_named(name).is_none()) {
            return Err(PlanError::NoNode(unknown.to_owned()));
        }
        let heals = Duration::from_nanos(self.config.faults.heal_max);
        if matches!(line.deed, Deed::Partition(_) | Deed::Clog(_))
            && line.lasts.unwrap_or(Duration::MAX) > heals
            && self.config.faults.heal_max < u64::MAX
        {
            return Err(PlanError::BeyondBudget(line.text, heals));
        }
        self.sometimes(&planned_name(&line.text), false);
        self.plan.lines.push(line);
        Ok(self.plan.lines.len() - 1)
    }

    /// Does what is due by now.
    pub(super) fn follow_plan(&mut self) {
        while let Some(step) = self.plan.pop_due(self.sim.now) {
            match step {
                Step::Begin(line) => {
                    if let Some(every) = self.plan.lines[line].every {
                        self.plan.schedule(self.sim.now + every, Step::Begin(line));
                    }
                    self.carry_out(line);
                }
                Step::End(undo) => self.undo(undo),
            }
        }
    }

    /// Looks at conditions whose facts have changed.
    pub(super) fn look_at_plan(&mut self, changed: Reads) {
        if self.plan.conditions.is_empty() || self.sim.calm {
            return;
        }
        let mut conditions = std::mem::take(&mut self.plan.conditions);
        for condition in conditions.iter_mut().filter(|c| c.left > 0 && c.reads.any_of(changed)) {
            let before = std::mem::replace(&mut condition.held, (condition.holds)(self));
            if condition.held && !before {
                condition.left -= 1;
                self.carry_out(condition.line);
            }
        }
        self.plan.conditions = conditions;
    }

    /// Nothing more is done, and what was begun is put right.
    pub(super) fn end_plan(&mut self) {
        let due = std::mem::take(&mut self.plan.due);
        self.plan.awaited = 0;
        let begun = due.into_values().filter_map(|step| match step {
            Step::End(undo) => Some(undo),
            Step::Begin(_) => None,
        });
        let standing = std::mem::take(&mut self.plan.standing);
        for undo in begun.chain(standing) {
            self.undo(undo);
        }
    }

    fn carry_out(&mut self, line: usize) {
        self.sim.looked = None;
        let Line { deed, lasts, text, .. } = &self.plan.lines[line];
        let (deed, lasts, name) = (deed.clone(), *lasts, planned_name(text));
        if deed.is_fault() && !self.sim.chance.may_plan(&deed) {
            return;
        }
        if let Some(undo) = self.commit(&deed, lasts) {
            self.sim.stats.count_fault(&format!("planned {}", deed.word()));
            self.sometimes(&name, true);
            match (undo, lasts) {
                (Some(undo), Some(lasts)) => self.plan.schedule(self.sim.now + lasts, Step::End(undo)),
                (Some(undo), None) => self.plan.standing.push(undo),
                (None, _) => {}
            }
        }
    }

    /// Does it, unless there is nothing to do it to; gives how it is put right, if that is to be done.
    fn commit(&mut self, deed: &Deed, lasts: Option<Duration>) -> Option<Option<Undo>> {
        let node = |world: &World, name: &str| world.node_named(name).expect("looked up when it was planned");
        let until = lasts.map_or(Time::MAX, |lasts| self.sim.now + lasts);
        let mut undo = None;
        let (at, victim) = match deed {
            Deed::Kill(path) | Deed::Fail(path) | Deed::Stop(path) => {
                let (at, pid) = self.living(path)?;
                (at, Some(pid))
            }
            _ => (deed.nodes().first().map_or(NodeId::OUTSIDE, |name| node(self, name)), None),
        };
        match deed {
            Deed::Crash(_) | Deed::Pause(_) | Deed::Slow(..) if !self.is_up(at) => return None,
            Deed::Restart(_) if self.is_up(at) => return None,
            _ => {}
        }
        let text = deed.to_string();
        self.sim.tell(at, &Event::Fault { text: &text });
        match deed {
            Deed::Crash(_) => {
                self.go_down(at);
                undo = Some(Undo::Restart(at));
            }
            Deed::Restart(_) => self.restart(at),
            Deed::Pause(_) => self.occupy(at, seedbed_core::abi::nanos(lasts.unwrap_or_default())),
            Deed::Slow(_, by) => {
                self.sim.slow.insert(at, seedbed_core::abi::nanos(*by));
                undo = Some(Undo::Slow(at));
            }
            Deed::Kill(_) => drop(self.kill(victim?)),
            Deed::Fail(_) => {
                let failure = Failure::Trap(TrapKind::Unreachable, "by plan".into());
                self.fail(victim?, failure);
            }
            Deed::Stop(_) => drop(self.stop(victim?, ExitReason::Shutdown)),
            Deed::Partition(ways) | Deed::Clog(ways) => {
                let stop = if matches!(deed, Deed::Clog(_)) { Stop::Clog } else { Stop::Cut };
                for way in self.ways(ways) {
                    self.sim.stop_way(way, stop, until);
                }
            }
            Deed::Heal(None) => self.sim.lift(|_, _, _| true),
            Deed::Heal(Some(ways)) => {
                let ways = self.ways(ways);
                self.sim.lift(|way, _, _| ways.contains(&way));
            }
            Deed::Jump(_, by) => self.sim.clocks.jump(at, *by),
            Deed::Skew(_, by) => {
                self.sim.clocks.skew(at, *by);
                undo = Some(Undo::Skew(at));
            }
            Deed::Drift(_, ppm) => {
                self.sim.clocks.drift(at, *ppm, self.sim.now);
                undo = Some(Undo::Drift(at));
            }
            Deed::Store(_, how) => {
                self.sim.broken_stores.insert(at, *how == StoreFault::Full);
                undo = Some(Undo::Store(at));
            }
            Deed::Starve(path, what) => {
                let path = PathId::of(path);
                self.sim.starved.insert((path, *what == Shortage::Fuel));
                undo = Some(Undo::Starve(path, *what));
            }
            Deed::Messages(act, messages) => {
                let messages = messages.clone();
                let guard = self.rule(*act, move |letter| messages.has(letter));
                undo = Some(Undo::Rule(guard.into_id()));
            }
        }
        self.sim.chance.planned(deed, self.sim.now);
        Some(undo)
    }

    fn undo(&mut self, undo: Undo) {
        match undo {
            Undo::Restart(node) => self.restart(node),
            Undo::Slow(node) => drop(self.sim.slow.remove(&node)),
            Undo::Skew(node) => self.sim.clocks.skew(node, 0),
            Undo::Drift(node) => self.sim.clocks.drift(node, 0, self.sim.now),
            Undo::Store(node) => drop(self.sim.broken_stores.remove(&node)),
            Undo::Starve(path, what) => drop(self.sim.starved.remove(&(path, what == Shortage::Fuel))),
            Undo::Rule(id) => self.sim.rules.remove(id),
        }
    }

    /// The actor that lives at a path, and on which node.
    fn living(&self, path: &str) -> Option<(NodeId, Pid)> {
        let node = self.node_named(path.split('/').next()?)?;
        let kernel = self.host(node)?.kernel.as_ref()?;
        kernel.at_path(PathId::of(path)).map(|pid| (node, pid))
    }

    /// Each way, one by one, without those from a node to itself.
    fn ways(&self, ways: &Ways) -> Vec<Way> {
        let all = |ends: &Ends, others: &Ends| -> Vec<NodeId> {
            let named =
                |ends: &Ends| -> Vec<NodeId> { ends.0.iter().filter_map(|n| self.node_named(n)).collect() };
            if !ends.0.is_empty() {
                return named(ends);
            }
            let others = named(others);
            self.nodes().map(|(_, id)| id).filter(|id| !others.contains(id)).collect()
        };
        let (from, to) = (all(&ways.from, &ways.to), all(&ways.to, &ways.from));
        let pairs = from.iter().flat_map(|a| to.iter().map(move |b| (*a, *b))).filter(|(a, b)| a != b);
        let back = |(a, b): (NodeId, NodeId)| ways.both.then_some((b, a));
        pairs.flat_map(|way| std::iter::once(way).chain(back(way))).collect()
    }
}

/// Under which name it is seen that a line of a plan was carried out.
fn planned_name(text: &str) -> String {
    format!("plan: {text}")
}
