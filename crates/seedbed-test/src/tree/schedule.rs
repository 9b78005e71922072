//! Strategies for what happens to a tree: workloads, crashes, calls, clock steps.

use super::plan::{Ends, Life};
use super::program::{Call, Deed, Step, run_steps};
use super::strategy;
use proptest::collection::vec;
use proptest::prelude::{BoxedStrategy, Just, Strategy, any};
use proptest::prop_oneof;
use proptest::strategy::{NewTree, Union};
use proptest::test_runner::TestRunner;
use seedbed_core::Pid;
use seedbed_sim::World;
use std::ops::RangeInclusive;
use std::time::Duration;

/// What happens to the actors with these paths, below the path of a root that [`Schedules::run`] is
/// given. All kinds of things happen, until they are restricted.
///
/// Messages are those of scripted workers; leave them out for actors of your own.
///
/// ```
/// use seedbed_core::{Pid, Result};
/// use seedbed_sim::World;
/// use seedbed_test::tree::{Schedules, Step, schedules};
///
/// let faults = || schedules(["db", "web/listener"]).supervisors(["", "web"]).without_messages();
/// // #[seedbed::test]
/// fn my_tree_holds(world: &mut World, /* #[draw(faults())] */ steps: Vec<Step>) -> Result<()> {
///     let top: Pid = start_my_tree(world);
///     Schedules::run(&steps, world, top)?;
///     Ok(())
/// }
/// # fn start_my_tree(_: &mut World) -> Pid { Pid::NOBODY }
/// # let _ = (faults, my_tree_holds);
/// ```
pub fn schedules<P: Into<String>>(paths: impl IntoIterator<Item = P>) -> Schedules {
    Schedules {
        actors: paths.into_iter().map(Into::into).collect(),
        supervisors: Vec::new(),
        kinds: Kinds::default(),
        steps: 0..=24,
    }
}

/// A strategy for schedules; see [`schedules`].
#[derive(Clone, Debug)]
pub struct Schedules {
    actors: Vec<String>,
    supervisors: Vec<String>,
    kinds: Kinds,
    steps: RangeInclusive<usize>,
}

/// What may happen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kinds {
    pub(super) messages: bool,
    pub(super) deaths: bool,
    pub(super) calls: bool,
    pub(super) unit: Duration,
    pub(super) stubborn: bool,
}

impl Default for Kinds {
    fn default() -> Self {
        Kinds { messages: true, deaths: true, calls: true, unit: Duration::from_millis(1), stubborn: true }
    }
}

impl Schedules {
    /// The paths of supervisors that may be called and ended too; the root's own is the empty one.
    #[must_use]
    pub fn supervisors<P: Into<String>>(mut self, paths: impl IntoIterator<Item = P>) -> Schedules {
        self.supervisors = paths.into_iter().map(Into::into).collect();
        self
    }

    /// How many steps.
    #[must_use]
    pub fn steps(mut self, steps: RangeInclusive<usize>) -> Schedules {
        self.steps = steps;
        self
    }

    /// Of what waits are multiples.
    #[must_use]
    pub fn unit(mut self, unit: Duration) -> Schedules {
        self.kinds.unit = unit;
        self
    }

    /// No messages, asks and timers.
    #[must_use]
    pub fn without_messages(mut self) -> Schedules {
        self.kinds.messages = false;
        self
    }

    /// No kills, stops and traps.
    #[must_use]
    pub fn without_deaths(mut self) -> Schedules {
        self.kinds.deaths = false;
        self
    }

    /// No calls to supervisors.
    #[must_use]
    pub fn without_calls(mut self) -> Schedules {
        self.kinds.calls = false;
        self
    }

    /// Lets steps happen to the tree below an actor.
    ///
    /// # Errors
    /// The property that broke.
    pub fn run(steps: &[Step], world: &mut World, root: Pid) -> anyhow::Result<()> {
        run_steps(steps, world, root)
    }

    fn strategy(&self) -> BoxedStrategy<Vec<Step>> {
        let supervisors = self.supervisors.iter().map(|path| (path.clone(), false)).collect();
        let places = Places { workers: self.actors.clone(), supervisors };
        vec(raw(self.kinds), self.steps.clone())
            .prop_map(move |raw| raw.into_iter().filter_map(|raw| raw.at(&places)).collect())
            .boxed()
    }
}

impl Strategy for Schedules {
    type Tree = <BoxedStrategy<Vec<Step>> as Strategy>::Tree;
    type Value = Vec<Step>;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        self.strategy().new_tree(runner)
    }
}

/// Where things can happen.
pub(super) struct Places {
    pub(super) workers: Vec<String>,
    /// And whether they are dynamic.
    pub(super) supervisors: Vec<(String, bool)>,
}

/// A step before it is known which actors there are: the number stands for one of them.
#[derive(Clone, Debug)]
pub(super) enum Raw {
    Wait(Duration),
    Worker(u8, u8, Message),
    Death(u8, Death),
    /// For a static supervisor, and for a dynamic one.
    Call(u8, Call, Call),
}

#[derive(Clone, Debug)]
pub(super) enum Message {
    Tell(Deed),
    Ask,
    Colleague,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Death {
    Kill,
    Stop(Ends),
    Trap,
}

impl Raw {
    /// The step that it is where these actors are; `None` if there is nobody for it.
    pub(super) fn at(self, places: &Places) -> Option<Step> {
        let pick = |from: &[String], n: u8| from.get(usize::from(n) % from.len().max(1)).cloned();
        let above = |n: u8| places.supervisors.get(usize::from(n) % places.supervisors.len().max(1)).cloned();
        Some(match self {
            Raw::Wait(time) => Step::Wait(time),
            Raw::Worker(n, other, message) => {
                let who = pick(&places.workers, n)?;
                match message {
                    Message::Tell(deed) => Step::Tell(who, deed),
                    Message::Ask => Step::Ask(who, Deed::Work),
                    Message::Colleague => Step::Tell(who, Deed::Ask(pick(&places.workers, other)?)),
                }
            }
            Raw::Death(n, death) => {
                // Workers die more often than supervisors.
                let (worker, supervisor) = (pick(&places.workers, n), above(n).map(|(path, _)| path));
                let who = if n < 200 { worker.or(supervisor)? } else { supervisor.or(worker)? };
                match death {
                    Death::Kill => Step::Kill(who),
                    Death::Stop(how) => Step::Stop(who, how),
                    Death::Trap => Step::Trap(who),
                }
            }
            Raw::Call(n, call, of_dynamic) => {
                let (path, dynamic) = above(n)?;
                // Now and then one is called as the other kind should be.
                Step::Call(path, if dynamic == (n < 220) { of_dynamic } else { call })
            }
        })
    }
}

/// The simplest kinds come first: that is where shrinking goes.
pub(super) fn raw(kinds: Kinds) -> BoxedStrategy<Raw> {
    let time = strategy::times(1..=8, kinds.unit);
    let wait = time.clone().prop_map(Raw::Wait);
    let deed = prop_oneof![
        4 => Just(Message::Tell(Deed::End(Ends::Error))),
        3 => strategy::ends().prop_map(|how| Message::Tell(Deed::End(how))),
        1 => Just(Message::Tell(Deed::Work)),
        1 => time.prop_map(|after| Message::Tell(Deed::WorkLater(after))),
        1 => Just(Message::Ask),
        1 => Just(Message::Colleague),
    ];
    let message = (any::<u8>(), any::<u8>(), deed).prop_map(|(n, other, deed)| Raw::Worker(n, other, deed));
    let death = prop_oneof![
        2 => Just(Death::Kill),
        1 => strategy::ends().prop_map(Death::Stop),
        1 => Just(Death::Trap),
    ];
    let death = (any::<u8>(), death).prop_map(|(n, death)| Raw::Death(n, death));
    let call = (any::<u8>(), calls(kinds), dynamic_calls(kinds));
    let call = call.prop_map(|(n, call, of_dynamic)| Raw::Call(n, call, of_dynamic));
    let all = [
        (kinds.deaths, 4, death.boxed()),
        (kinds.messages, 6, message.boxed()),
        (kinds.calls, 8, call.boxed()),
        (true, 4, wait.boxed()),
    ];
    Union::new_weighted(all.into_iter().filter(|(on, ..)| *on).map(|(_, w, s)| (w, s)).collect()).boxed()
}

/// Ids of a tree's children are letters from a on; these may be there or not.
fn ids() -> impl Strategy<Value = String> {
    (0..5u8).prop_map(|n| char::from(b'a' + n).to_string())
}

fn calls(kinds: Kinds) -> impl Strategy<Value = Call> {
    let life = || strategy::life(kinds.unit, false, true);
    let shutdown = move || strategy::shutdown(kinds.unit, kinds.stubborn);
    let start = (ids(), strategy::restart(), shutdown(), any::<bool>(), life()).prop_map(
        |(id, restart, shutdown, significant, life): (_, _, _, _, Life)| Call::Start {
            id,
            restart,
            shutdown,
            significant,
            life,
        },
    );
    prop_oneof![
        1 => Just(Call::Children),
        1 => Just(Call::Counts),
        3 => ids().prop_map(Call::Stop),
        3 => ids().prop_map(Call::Restart),
        2 => ids().prop_map(Call::Delete),
        3 => start,
    ]
}

fn dynamic_calls(kinds: Kinds) -> impl Strategy<Value = Call> {
    prop_oneof![
        1 => Just(Call::Children),
        1 => Just(Call::Counts),
        6 => strategy::life(kinds.unit, false, true).prop_map(Call::StartInstance),
        3 => (1..5u32).prop_map(Call::StopInstance),
    ]
}
