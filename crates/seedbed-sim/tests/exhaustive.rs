//! `dfs` visits exactly the schedules that a brute-force count gives, on programs of up to 7 events.

use seedbed_core::{Actor, Context, Key, Result, SpawnOptions};
use seedbed_sim::{RunConfig, Strategy, StrategySpec, World, run_with};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// A message: to which of two actors, and what makes it be sent: an outside client, or another message.
#[derive(Clone, Copy, Debug)]
struct Message {
    to: usize,
    by: By,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum By {
    Client(usize),
    Message(usize),
}

/// Starts of the actors, then messages; at most 7 events.
#[derive(Clone, Debug)]
struct Plan {
    actors: usize,
    messages: Vec<Message>,
}

impl Plan {
    fn draw(seed: u64) -> Plan {
        let mut stream = Key::from_seed(seed).derive("plan", 0, 0).stream();
        let actors = 1 + stream.below(2) as usize;
        let count = 1 + stream.below(7 - actors as u64) as usize;
        let message = |n: usize, stream: &mut seedbed_core::Stream| {
            let by = match stream.below(2) {
                1 if n > 0 => By::Message(stream.below(n as u64) as usize),
                _ => By::Client(stream.below(3) as usize),
            };
            Message { to: stream.below(actors as u64) as usize, by }
        };
        Plan { actors, messages: (0..count).map(|n| message(n, &mut stream)).collect() }
    }

    fn sent_by(&self, by: By) -> impl Iterator<Item = usize> + '_ {
        (0..self.messages.len()).filter(move |n| self.messages[*n].by == by)
    }
}

/// The rules M1–M4, once more and by themselves: lines, and which became enabled first.
#[derive(Clone, Default)]
struct Model {
    lines: BTreeMap<(usize, Sender), VecDeque<usize>>,
    enabled: Vec<(usize, Sender)>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sender {
    Client(usize),
    Actor(usize),
    Start,
}

impl Model {
    fn push(&mut self, to: usize, from: Sender, message: usize) {
        let line = self.lines.entry((to, from)).or_default();
        line.push_back(message);
        if line.len() == 1 {
            self.enabled.push((to, from));
        }
    }

    /// Counts the ends that can be reached with so many picks that are not the first.
    fn ends(&self, plan: &Plan, phase: usize, odd: usize) -> u64 {
        if self.enabled.is_empty() {
            if phase > 0 {
                return 1;
            }
            // All have started: the clients send.
            let mut next = self.clone();
            for client in 0..3 {
                for n in plan.sent_by(By::Client(client)) {
                    next.push(plan.messages[n].to, Sender::Client(client), n);
                }
            }
            return next.ends(plan, 1, odd);
        }
        let options = if odd == 0 { 1 } else { self.enabled.len() };
        let after = |at: usize| {
            let mut next = self.clone();
            let (to, from) = next.enabled.remove(at);
            let line = next.lines.get_mut(&(to, from)).expect("it is enabled");
            let message = line.pop_front().expect("it holds something");
            if !line.is_empty() {
                next.enabled.push((to, from));
            }
            if from != Sender::Start {
                for n in plan.sent_by(By::Message(message)) {
                    next.push(plan.messages[n].to, Sender::Actor(to), n);
                }
            }
            next.ends(plan, phase, odd - usize::from(at > 0))
        };
        (0..options).map(after).sum()
    }
}

struct Player(Arc<Plan>);

impl Actor for Player {
    type Message = u64;

    fn on_message(&mut self, cx: &mut Context, message: u64) -> Result<()> {
        for n in self.0.sent_by(By::Message(message as usize)) {
            let to = cx.address(&format!("actor-{}", self.0.messages[n].to))?;
            cx.send(to, &(n as u64))?;
        }
        Ok(())
    }
}

fn play(plan: Arc<Plan>) -> impl Fn(&mut World) -> anyhow::Result<()> {
    move |world| {
        let main = world.main();
        let mut pids = Vec::new();
        for n in 0..plan.actors {
            let plan = Arc::clone(&plan);
            let player = Arc::new(move || Player(Arc::clone(&plan)));
            pids.push(world.spawn_on(main, SpawnOptions::registered(format!("actor-{n}")), player)?);
        }
        world.settle()?;
        for client in 0..3 {
            let from = world.client();
            for n in plan.sent_by(By::Client(client)) {
                world.send_from(from, pids[plan.messages[n].to], n as u64);
            }
        }
        Ok(())
    }
}

#[test]
fn dfs_visits_exactly_the_schedules_that_there_are() {
    let mut most = 0;
    for seed in 0..150 {
        let plan = Arc::new(Plan::draw(seed));
        let mut model = Model::default();
        (0..plan.actors).for_each(|actor| model.push(actor, Sender::Start, 0));
        for (spec, odd) in
            [(StrategySpec::Dfs(None), 99), (StrategySpec::Dfs(Some(1)), 1), (StrategySpec::Dfs(Some(2)), 2)]
        {
            let wanted = model.ends(&plan, 0, odd);
            let mut strategy: Box<dyn Strategy> = spec.build();
            let (mut runs, mut hashes) = (0_u64, BTreeSet::new());
            loop {
                let program = play(Arc::clone(&plan));
                let (outcome, back) = run_with(&program, &RunConfig::seed(0), strategy, Vec::new());
                assert_eq!(outcome.found, None);
                strategy = back;
                runs += 1;
                hashes.insert(outcome.trace_hash);
                if !strategy.end() {
                    break;
                }
            }
            assert_eq!(runs, wanted, "{spec}, {plan:?}");
            assert_eq!(hashes.len() as u64, wanted, "{spec}: each is another, {plan:?}");
            most = most.max(wanted);
        }
    }
    assert!(most >= 90, "{most}");
}
