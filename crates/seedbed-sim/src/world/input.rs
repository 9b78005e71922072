//! Inputs: clients outside that send by a timetable.
//!
//! Their time begins when every actor that a boot function spawned has started or ended, so that
//! an input at zero finds a tree that is up. An input that is still to send, or waits for a reply,
//! keeps the world from being at rest. At `duration` what was not sent is not sent any more.
//!
//! Of an optional input, a tape may leave out any message. It keeps its number and its place in the timetable, so
//! that nothing else is named or timed otherwise.
//!
//! A request's end is no finding by itself: it is counted in [`Stats`](crate::Stats) and in the
//! facts `input.sent`, `input.replied` and `input.failed` of the path `outside/NAME`, for
//! properties to judge.

use super::{Client, World};
use seedbed_core::{
    ChoiceKey, Flags, Input, InputStats, Mail, NodeId, PathId, Pid, RequestFailure, Time, node_of,
};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// All inputs of a world.
#[derive(Clone, Default)]
pub(super) struct Inputs {
    list: Vec<(Input, Client)>,
    /// How many messages of each are behind it, sent or left out; and up to which number they are left out.
    passed: Vec<(u64, u64)>,
    /// When each sends next, on the clock of the inputs.
    due: BTreeSet<(Duration, usize)>,
    /// What each client waits for, and from whom.
    waiting: BTreeMap<(Pid, u64), (Time, Pid, usize)>,
    deadlines: BTreeSet<(Time, Pid, u64)>,
    /// When their clock began.
    begun: Option<Time>,
}

impl Inputs {
    pub(super) fn is_done(&self) -> bool {
        self.due.is_empty() && self.waiting.is_empty()
    }

    /// Puts back how far they are; what they send does not change.
    pub(super) fn put_back(&mut self, from: &Inputs) {
        let Inputs { list: _, passed, due, waiting, deadlines, begun } = from;
        self.passed.clone_from(passed);
        self.due.clone_from(due);
        self.waiting.clone_from(waiting);
        self.deadlines.clone_from(deadlines);
        self.begun = *begun;
    }

    /// Nothing more is sent.
    pub(super) fn stop(&mut self) {
        self.due.clear();
    }

    /// True while their clock stands, and something waits for it.
    fn is_to_begin(&self) -> bool {
        self.begun.is_none() && !self.list.is_empty()
    }

    /// When something is due.
    pub(super) fn next(&self) -> Option<Time> {
        let send = self.begun.zip(self.due.first()).map(|(begun, (at, _))| begun + *at);
        let deadline = self.deadlines.first().map(|(at, ..)| *at);
        [send, deadline].into_iter().flatten().min()
    }

    fn pop_deadline(&mut self, now: Time) -> Option<(Pid, u64)> {
        let (at, client, correlation) = *self.deadlines.first()?;
        (at <= now).then_some((client, correlation))
    }

    fn pop_due(&mut self, now: Time) -> Option<usize> {
        let begun = self.begun?;
        let (at, index) = *self.due.first()?;
        if begun + at > now {
            return None;
        }
        self.due.pop_first();
        Some(index)
    }
}

impl World {
    /// Adds an input; before anything ran.
    ///
    /// # Panics
    /// If a turn has run already, or there is a client of that name.
    pub fn input(&mut self, input: Input) -> Client {
        assert!(!self.begun, "inputs are added before the first turn");
        let client = self.named_client(&input.name);
        self.sim.stats.inputs.insert(input.name.clone(), InputStats::default());
        self.inputs.due.insert((input.at, self.inputs.list.len()));
        self.inputs.list.push((input, client));
        self.inputs.passed.push((0, 0));
        self.publish_input(self.inputs.list.len() - 1);
        client
    }

    /// True if the tape that is followed leaves out an optional child, by its path: whoever makes the tree does not
    /// start it then. To be asked once of each, before the world moves.
    pub fn is_left_out(&mut self, child: &str) -> bool {
        let path = PathId::of(child);
        self.sim.paths.entry(path).or_insert_with(|| child.to_owned());
        self.sim.leaves_out(path, 1, 2) > 0
    }

    /// What a tape could have left out, as far as the run went.
    pub(crate) fn optional(&self) -> &[ChoiceKey] {
        &self.sim.optional
    }

    /// True if their clock can begin, and has not.
    pub(super) fn are_inputs_to_begin(&self) -> bool {
        self.inputs.is_to_begin() && self.sim.starting.is_empty()
    }

    /// Lets the clock of the inputs begin, if it can.
    pub(super) fn begin_inputs(&mut self) {
        if self.are_inputs_to_begin() {
            self.inputs.begun = Some(self.sim.now);
        }
    }

    /// Ends what timed out, and sends what is due.
    pub(super) fn play_inputs(&mut self) {
        let now = self.sim.now;
        while let Some((client, correlation)) = self.inputs.pop_deadline(now) {
            self.end_input(client, correlation, Err(RequestFailure::Timeout));
        }
        while let Some(index) = self.inputs.pop_due(now) {
            self.send_input(index);
        }
    }

    fn send_input(&mut self, index: usize) {
        let (passed, _) = &mut self.inputs.passed[index];
        *passed += 1;
        let (nth, is_left_out) = (*passed, self.leaves_out_message(index));
        let (input, client) = &self.inputs.list[index];
        if let Some(next) = input.next(nth) {
            self.inputs.due.insert((next, index));
        }
        let (client, to, tag, timeout) = (*client, input.to, input.tag, input.timeout);
        if is_left_out {
            return self.pass_number(client, timeout.is_some());
        }
        let payload = input.payload.clone();
        let correlation = self.send_raw(client, to, tag, payload, timeout.is_some());
        if let Some(timeout) = timeout {
            let deadline = self.sim.now + timeout;
            self.sim.is_due(deadline);
            self.inputs.waiting.insert((client.pid, correlation), (deadline, to, index));
            self.inputs.deadlines.insert((deadline, client.pid, correlation));
        }
        self.input_stats(index).sent += 1;
        self.publish_input(index);
    }

    /// True if a tape leaves out the message that is due.
    fn leaves_out_message(&mut self, index: usize) -> bool {
        let (nth, until) = self.inputs.passed[index];
        let (input, client) = &self.inputs.list[index];
        if nth <= until || !input.optional {
            return nth <= until;
        }
        let path = self.path_of(*client);
        let more = u64::from(self.sim.leaves_out(path, nth, u32::MAX));
        self.inputs.passed[index].1 = nth - 1 + more;
        more > 0
    }

    /// Takes the answer to a request of an input; gives it back if it is none.
    pub(super) fn answer_input(&mut self, client: Pid, mail: Mail) -> Option<Mail> {
        if !self.inputs.list.iter().any(|(_, c)| c.pid == client)
            || mail.envelope.flags.kind() != Flags::REPLY
        {
            return Some(mail);
        }
        let failed = mail.envelope.flags.has(Flags::FAILED);
        let failure = || RequestFailure::from_u64(mail.envelope.tag).unwrap_or(RequestFailure::Dead);
        let outcome = if failed { Err(failure()) } else { Ok(()) };
        // What comes after the end of its request is late, and nothing any more (rule Q3).
        self.end_input(client, mail.envelope.correlation, outcome);
        None
    }

    /// Ends the requests of all inputs to a node that is lost (rule N5).
    pub(super) fn lose_inputs(&mut self, lost: NodeId) {
        let to_lost = self.inputs.waiting.iter().filter(|(_, (_, to, _))| node_of(*to) == lost);
        let ended: Vec<(Pid, u64)> = to_lost.map(|(key, _)| *key).collect();
        for (client, correlation) in ended {
            self.end_input(client, correlation, Err(RequestFailure::NoConnection));
        }
    }

    fn end_input(&mut self, client: Pid, correlation: u64, outcome: Result<(), RequestFailure>) {
        let Some((deadline, _, index)) = self.inputs.waiting.remove(&(client, correlation)) else { return };
        self.inputs.deadlines.remove(&(deadline, client, correlation));
        self.input_stats(index).ended(outcome);
        self.publish_input(index);
    }

    fn input_stats(&mut self, index: usize) -> &mut InputStats {
        let name = &self.inputs.list[index].0.name;
        self.sim.stats.inputs.get_mut(name).expect("inserted with the input")
    }

    fn publish_input(&mut self, index: usize) {
        let (input, client) = &self.inputs.list[index];
        let stats = &self.sim.stats.inputs[&input.name];
        let path = format!("outside/{}", input.name);
        for (key, value) in stats.facts() {
            self.sim.facts.publish(client.pid, &path, key, value);
        }
    }
}
