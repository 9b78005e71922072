//! What must hold of supervision in every world, ready-made: for any tree, your own too.
//!
//! ```
//! use seedbed_core::supervise::ChildSpec;
//! use seedbed_core::{Actor, ChildStart, Context, Result, Supervisor};
//! use seedbed_sim::World;
//! use seedbed_test::supervision;
//! # struct Worker;
//! # impl Actor for Worker {
//! #     type Message = ();
//! #     fn on_message(&mut self, _: &mut Context, (): ()) -> Result<()> { Ok(()) }
//! # }
//!
//! // #[seedbed::test(faults = "chaos")]
//! fn my_tree_holds(world: &mut World) -> Result<()> {
//!     supervision::all(world);
//!     world.spawn("top", Supervisor::one_for_one().child(ChildSpec::worker("a", ChildStart::new(|| Worker))));
//!     Ok(())
//! }
//! # seedbed_test::Test::new("supervision::doc", "seedbed-test", "none").runs(3).run(my_tree_holds);
//! ```
//!
//! | | invariant | property |
//! |---|---|---|
//! | 1 | at most one live incarnation of a child, and their numbers grow | [`one_life`] |
//! | 2 | at rest no child outlives its supervisor | [`no_orphans`] |
//! | 3 | no more restarts in a period than the intensity, or the supervisor ends with `Shutdown` | [`intensity`] |
//! | 4 | groups start in the order of their list, and stop in the reverse | [`group_order`] |
//! | 5 | temporary children are never restarted, transient ones that ended well only by group or call | [`stay_gone`] |
//! | 6 | one exit for each link, one down for each monitor, none once taken back | [`told_once`] |
//! | 7 | mail of each pair comes in the order in which it was sent | [`pair_order`] |
//! | 8 | `children()` and `counts()` are those of a reference model after every step | [`as_the_model`] |
//! | 9 | a supervisor that ends takes no longer than its children may; whom it kills has had its time | [`in_time`] |
//! | 10 | the same seed gives the same trace, wherever memory lies and whatever hash maps are seeded with | [`same_run`] |
//!
//! The first nine are properties of a world; apply them before the tree is spawned. The last is one of
//! two runs; `SEEDBED_CHECK=1` asks for it too.
//!
//! The [model](model::Model) of invariant 8 gets each mail that a supervisor gets, at the same time,
//! and must also spawn, stop, kill, count, delay and answer as it does.

mod lives;
mod mirror;
pub mod model;
mod notices;
mod restarts;
mod roster;
mod rule;
mod seen;
mod stops;
#[cfg(test)]
mod tests;
mod twice;

pub use twice::same_run;

use roster::{Roster, Supervisor};
use rule::Rule;
use seedbed_core::supervise::ChildKind;
use seedbed_core::{At, Hook, NodeId, Pid, SupervisorActor};
use seedbed_sim::{Property, Reads, When, World};
use seen::{Inbox, Seen};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

/// All nine invariants of a world.
pub fn all(world: &mut World) {
    let exact = world.is_exact();
    apply(world, NAMES.iter().map(|name| (*name, rule(name, exact))).collect());
}

/// 1: at most one live incarnation of each child of a supervisor; the numbers of its lives only grow.
pub fn one_life(world: &mut World) {
    one(world, ONE_LIFE);
}

/// 2: when the world is at rest, no child outlives its supervisor.
pub fn no_orphans(world: &mut World) {
    one(world, NO_ORPHANS);
}

/// 3: in any closed window of one period there are at most as many restarts as the intensity says, or
/// the supervisor is dead with `Shutdown` by the next time that the world is at rest.
pub fn intensity(world: &mut World) {
    one(world, INTENSITY);
}

/// 4: the starts of a group follow the order of the list, its stops the reverse; so do the stops of a
/// supervisor that ends.
pub fn group_order(world: &mut World) {
    one(world, GROUP_ORDER);
}

/// 5: temporary children are never restarted; transient ones that ended well only by group or call.
pub fn stay_gone(world: &mut World) {
    one(world, STAY_GONE);
}

/// 6: one exit for each link that is entitled to it, one down for each monitor, none after an unlink or
/// a demonitor.
pub fn told_once(world: &mut World) {
    one(world, TOLD_ONCE);
}

/// 7: what one actor sends another comes in the order in which it was sent.
pub fn pair_order(world: &mut World) {
    one(world, PAIR_ORDER);
}

/// 8: `children()` and `counts()` of every supervisor equal those of a reference model after every step.
pub fn as_the_model(world: &mut World) {
    one(world, AS_THE_MODEL);
}

/// 9: a supervisor that ends takes at most the sum of its children's timeouts (a dynamic one, the one
/// timeout), and whomever it kills had exceeded its own. How long it takes is not looked at in worlds
/// in which time passes while there is something to do: by faults of the clock, pauses, or turns that cost time.
pub fn in_time(world: &mut World) {
    one(world, IN_TIME);
}

const ONE_LIFE: &str = "a child has one life at a time";
const NO_ORPHANS: &str = "no child outlives its supervisor";
const INTENSITY: &str = "restarts stay within the intensity";
const GROUP_ORDER: &str = "groups start in order and stop in reverse";
const STAY_GONE: &str = "who is gone for good stays gone";
const TOLD_ONCE: &str = "every end is told once to whom it concerns";
const PAIR_ORDER: &str = "mail of a pair keeps its order";
const AS_THE_MODEL: &str = "supervisors do as the model does";
const IN_TIME: &str = "stops take no longer than they may";

const NAMES: [&str; 9] =
    [ONE_LIFE, NO_ORPHANS, INTENSITY, GROUP_ORDER, STAY_GONE, TOLD_ONCE, PAIR_ORDER, AS_THE_MODEL, IN_TIME];

fn rule(name: &str, exact: bool) -> Box<dyn Rule> {
    match name {
        ONE_LIFE => Box::new(lives::OneLife::default()),
        NO_ORPHANS => Box::new(lives::NoOrphans),
        INTENSITY => Box::new(restarts::Intensity::default()),
        GROUP_ORDER => Box::new(restarts::GroupOrder::default()),
        STAY_GONE => Box::new(lives::StayGone::default()),
        TOLD_ONCE => Box::new(notices::Told::default()),
        PAIR_ORDER => Box::new(notices::PairOrder::default()),
        AS_THE_MODEL => Box::new(mirror::Mirrors::default()),
        IN_TIME => Box::new(stops::InTime::new(exact)),
        other => unreachable!("there is no invariant `{other}`"),
    }
}

fn one(world: &mut World, name: &'static str) {
    let exact = world.is_exact();
    apply(world, vec![(name, rule(name, exact))]);
}

fn apply(world: &mut World, rules: Vec<(&'static str, Box<dyn Rule>)>) {
    let inbox = Inbox::default();
    world.observe(inbox.clone());
    let names: Vec<&str> = rules.iter().map(|(name, _)| *name).collect();
    let watch = Rc::new(RefCell::new(Watch::new(inbox, rules)));
    assert!(world.actors().is_empty(), "the invariants are applied before the tree is spawned");
    for (n, name) in names.into_iter().enumerate() {
        for when in [When::Always, When::Idle] {
            let watch = Rc::clone(&watch);
            let look = move |world: &World| watch.borrow_mut().verdict(world, n, when == When::Idle);
            world.add_property(Property::new(name, when, look).reads(Reads::STEPS));
        }
    }
}

/// What watches a world: the invariants, and who lives in it.
struct Watch {
    inbox: Inbox,
    roster: Roster,
    rules: Vec<Watched>,
    /// Nodes that are down.
    down: BTreeSet<NodeId>,
    /// Changes what is told, to see that the invariants notice.
    tamper: Option<Tamper>,
}

type Tamper = Box<dyn FnMut(&mut Vec<(At, Seen)>)>;

struct Watched {
    rule: Box<dyn Rule>,
    broken: Option<String>,
}

impl Watched {
    fn note(&mut self, result: Result<(), String>) {
        if let (Err(wrong), None) = (result, &self.broken) {
            self.broken = Some(wrong);
        }
    }
}

impl Watch {
    fn new(inbox: Inbox, rules: Vec<(&'static str, Box<dyn Rule>)>) -> Watch {
        let rules = rules.into_iter().map(|(_, rule)| Watched { rule, broken: None }).collect();
        Watch { inbox, roster: Roster::default(), rules, down: BTreeSet::new(), tamper: None }
    }

    /// What is wrong with one invariant, after all that happened.
    fn verdict(&mut self, world: &World, rule: usize, idle: bool) -> Result<(), String> {
        self.take_in(world);
        let roster = &self.roster;
        let watched = &mut self.rules[rule];
        if idle {
            let result = watched.rule.idle(roster);
            watched.note(result);
        }
        watched.broken.clone().map_or(Ok(()), Err)
    }

    fn take_in(&mut self, world: &World) {
        let mut events = self.inbox.take();
        self.note_crashes(world, &mut events);
        if events.is_empty() {
            return;
        }
        let kind = |is| if is { ChildKind::Supervisor } else { ChildKind::Worker };
        self.roster.know_entries(|| world.entries().map(|(id, f)| (id.to_owned(), kind(f.is_supervisor()))));
        if let Some(tamper) = &mut self.tamper {
            tamper(&mut events);
        }
        for (at, seen) in &events {
            if let Seen::Turn { who, hook: Hook::Start | Hook::Message, .. } = seen {
                self.roster.know(*who, supervisor(world, *who));
            }
            for watched in &mut self.rules {
                let result = watched.rule.see(*at, seen, &self.roster);
                watched.note(result);
            }
            self.roster.see(*at, seen);
        }
        for watched in &mut self.rules {
            let result = watched.rule.told(&self.roster);
            watched.note(result);
        }
    }

    /// A crash is no event: nobody is told, not even here.
    fn note_crashes(&mut self, world: &World, events: &mut Vec<(At, Seen)>) {
        for (_, node) in world.nodes() {
            let gone = !world.is_up(node);
            if gone && self.down.insert(node) {
                events.push((At { step: world.step(), time: world.now(), node }, Seen::Gone));
            } else if !gone {
                self.down.remove(&node);
            }
        }
    }
}

/// What can be seen of a supervisor, if the actor is one that has started.
fn supervisor(world: &World, pid: Pid) -> Option<Supervisor> {
    let actor = world.behaviour(pid)?.as_any()?.downcast_ref::<SupervisorActor>()?;
    Some(Supervisor {
        flags: actor.flags(),
        specs: actor.specs().map(|spec| spec.clone().map(|_| ())).collect(),
        children: actor.children(),
        counts: actor.counts(),
    })
}
