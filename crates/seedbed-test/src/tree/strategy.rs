//! Strategies for trees, and for trees with what happens to them.

use super::plan::{Child, Ends, Life, Start, Stops, Tree, What};
use super::program::TreeProgram;
use super::schedule::{Kinds, Places, raw};
use proptest::arbitrary::Arbitrary;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{BoxedStrategy, Just, Strategy};
use proptest::prop_oneof;
use proptest::sample::select;
use proptest::strategy::NewTree;
use proptest::test_runner::TestRunner;
use seedbed_core::supervise::{AutoShutdown, Backoff, Flags, Restart, Shutdown, Strategy as Way};
use std::ops::RangeInclusive;
use std::time::Duration;

/// Trees of all kinds, until they are restricted.
pub fn trees() -> Trees {
    Trees {
        depth: 3,
        children: 1..=4,
        ways: vec![Way::OneForOne, Way::OneForAll, Way::RestForOne, Way::Dynamic],
        restarts: vec![Restart::Permanent, Restart::Transient, Restart::Temporary],
        intensity: 0..=8,
        unit: Duration::from_millis(1),
        backoff: true,
        significance: true,
        scripts: true,
        stubborn: true,
        entries: Vec::new(),
    }
}

/// A strategy for [`Tree`]s; see [`trees`].
#[derive(Clone, Debug)]
pub struct Trees {
    depth: u32,
    children: RangeInclusive<usize>,
    ways: Vec<Way>,
    restarts: Vec<Restart>,
    intensity: RangeInclusive<u32>,
    unit: Duration,
    backoff: bool,
    significance: bool,
    scripts: bool,
    stubborn: bool,
    entries: Vec<String>,
}

impl Trees {
    /// Half of the workers are made by these entries of the world's table: WebAssembly modules, or actors
    /// of your own. They are given their lives, encoded, and may do with them what they like.
    #[must_use]
    pub fn entries<E: Into<String>>(mut self, entries: impl IntoIterator<Item = E>) -> Trees {
        self.entries = entries.into_iter().map(Into::into).collect();
        self
    }

    /// At most so many supervisors above each other; at least 1.
    #[must_use]
    pub fn max_depth(mut self, depth: u32) -> Trees {
        self.depth = depth.max(1);
        self
    }

    /// How many children a supervisor has; a dynamic one has one template.
    #[must_use]
    pub fn children(mut self, children: RangeInclusive<usize>) -> Trees {
        self.children = children;
        self
    }

    /// Only these strategies.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn only(mut self, strategies: impl IntoIterator<Item = Way>) -> Trees {
        self.ways = strategies.into_iter().collect();
        assert!(!self.ways.is_empty(), "a supervisor has a strategy");
        self
    }

    /// Only these restart types.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn restarts(mut self, restarts: impl IntoIterator<Item = Restart>) -> Trees {
        self.restarts = restarts.into_iter().collect();
        assert!(!self.restarts.is_empty(), "a child has a restart type");
        self
    }

    /// How many restarts supervisors allow in their period.
    #[must_use]
    pub fn intensity(mut self, intensity: RangeInclusive<u32>) -> Trees {
        self.intensity = intensity;
        self
    }

    /// Of what periods, timeouts and delays are small multiples.
    #[must_use]
    pub fn unit(mut self, unit: Duration) -> Trees {
        self.unit = unit;
        self
    }

    /// No backoff.
    #[must_use]
    pub fn without_backoff(mut self) -> Trees {
        self.backoff = false;
        self
    }

    /// No significant children, no auto-shutdown.
    #[must_use]
    pub fn without_significance(mut self) -> Trees {
        self.significance = false;
        self
    }

    /// Workers that start, work, and stop when they should.
    #[must_use]
    pub fn healthy(mut self) -> Trees {
        self.scripts = false;
        self
    }

    /// No worker takes its time to stop, or has to be killed; and no stop is waited for in vain.
    #[must_use]
    pub fn obedient(mut self) -> Trees {
        self.stubborn = false;
        self
    }

    fn strategy(&self) -> BoxedStrategy<Tree> {
        self.tree(self.depth)
    }

    fn tree(&self, depth: u32) -> BoxedStrategy<Tree> {
        let auto = prop_oneof![
            3 => Just(AutoShutdown::Never),
            1 => Just(AutoShutdown::AnySignificant),
            1 => Just(AutoShutdown::AllSignificant),
        ];
        let significance = self.significance;
        let children = vec(self.child(depth), self.children.clone());
        (select(self.ways.clone()), self.intensity.clone(), times(1..=30, self.unit), auto, children)
            .prop_map(move |(strategy, intensity, period, auto_shutdown, children)| {
                let auto_shutdown = if significance { auto_shutdown } else { AutoShutdown::Never };
                sound(Tree { flags: Flags { strategy, intensity, period, auto_shutdown }, children })
            })
            .boxed()
    }

    fn child(&self, depth: u32) -> BoxedStrategy<Child> {
        let life = |again| match self.scripts {
            true => life(self.unit, self.stubborn, again).boxed(),
            false => Just(Life::default()).boxed(),
        };
        let lives = (life(false), vec(life(true), 0..3));
        let worker = lives.prop_map(|(first, more)| What::Worker([vec![first], more].concat()));
        let what = if depth > 1 {
            prop_oneof![5 => worker, 2 => self.tree(depth - 1).prop_map(What::Tree)].boxed()
        } else {
            worker.boxed()
        };
        let significant = proptest::bool::weighted(if self.significance { 0.5 } else { 0.0 });
        let backoff = option::weighted(if self.backoff { 0.3 } else { 0.0 }, backoff(self.unit));
        let timeout = option::weighted(0.3, times(1..=6, self.unit));
        let entry = if self.entries.is_empty() {
            Just(None).boxed()
        } else {
            option::of(select(self.entries.clone())).boxed()
        };
        (
            what,
            select(self.restarts.clone()),
            significant,
            shutdown(self.unit, self.stubborn),
            backoff,
            timeout,
            entry,
        )
            .prop_map(|(what, restart, significant, shutdown, backoff, start_timeout, entry)| Child {
                // A supervisor has all the time it needs.
                shutdown: if matches!(what, What::Tree(_)) { Shutdown::Infinity } else { shutdown },
                id: String::new(),
                restart,
                significant,
                backoff,
                start_timeout,
                entry: entry.filter(|_| matches!(what, What::Worker(_))),
                what,
            })
            .boxed()
    }
}

/// Gives children their ids, and takes back what makes no sense together.
fn sound(mut tree: Tree) -> Tree {
    if tree.flags.strategy == Way::Dynamic {
        tree.flags.auto_shutdown = AutoShutdown::Never;
        tree.children.truncate(1);
    }
    let never = tree.flags.auto_shutdown == AutoShutdown::Never;
    for (child, letter) in tree.children.iter_mut().zip('a'..) {
        child.id = letter.to_string();
        child.significant &= !never && child.restart != Restart::Permanent;
        // Somebody who never stops would hang who waits for ever.
        if let (What::Worker(lives), Shutdown::Infinity) = (&mut child.what, child.shutdown) {
            for life in lives.iter_mut().filter(|life| life.stops == Stops::Never) {
                life.stops = Stops::AtOnce;
            }
        }
    }
    tree
}

impl Strategy for Trees {
    type Tree = <BoxedStrategy<Tree> as Strategy>::Tree;
    type Value = Tree;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        self.strategy().new_tree(runner)
    }
}

impl Arbitrary for Tree {
    type Parameters = ();
    type Strategy = Trees;

    fn arbitrary_with((): ()) -> Trees {
        trees()
    }
}

/// Trees of all kinds, and all that can happen to them, until it is restricted.
pub fn programs() -> Programs {
    Programs { trees: trees(), kinds: Kinds::default(), steps: 0..=24 }
}

/// A strategy for [`TreeProgram`]s; see [`programs`].
#[derive(Clone, Debug)]
pub struct Programs {
    trees: Trees,
    kinds: Kinds,
    steps: RangeInclusive<usize>,
}

impl Programs {
    /// Programs of these trees.
    #[must_use]
    pub fn of(mut self, trees: Trees) -> Programs {
        self.kinds.unit = trees.unit;
        self.kinds.stubborn = trees.stubborn;
        self.trees = trees;
        self
    }

    /// How many steps.
    #[must_use]
    pub fn steps(mut self, steps: RangeInclusive<usize>) -> Programs {
        self.steps = steps;
        self
    }

    /// No messages, asks and timers.
    #[must_use]
    pub fn without_messages(mut self) -> Programs {
        self.kinds.messages = false;
        self
    }

    /// No kills, stops and traps.
    #[must_use]
    pub fn without_deaths(mut self) -> Programs {
        self.kinds.deaths = false;
        self
    }

    /// No calls to supervisors.
    #[must_use]
    pub fn without_calls(mut self) -> Programs {
        self.kinds.calls = false;
        self
    }

    fn strategy(&self) -> BoxedStrategy<TreeProgram> {
        (self.trees.strategy(), vec(raw(self.kinds), self.steps.clone()))
            .prop_map(|(tree, raw)| {
                let mut places = Places { workers: Vec::new(), supervisors: Vec::new() };
                tree.walk("", &mut |path, below| match below {
                    None => places.workers.push(path.to_owned()),
                    Some(tree) => {
                        let dynamic = tree.flags.strategy == Way::Dynamic;
                        places.supervisors.push((path.to_owned(), dynamic));
                    }
                });
                let steps = raw.into_iter().filter_map(|raw| raw.at(&places)).collect();
                TreeProgram { tree, steps }
            })
            .boxed()
    }
}

impl Strategy for Programs {
    type Tree = <BoxedStrategy<TreeProgram> as Strategy>::Tree;
    type Value = TreeProgram;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        self.strategy().new_tree(runner)
    }
}

impl Arbitrary for TreeProgram {
    type Parameters = ();
    type Strategy = Programs;

    fn arbitrary_with((): ()) -> Programs {
        programs()
    }
}

// Small things. The simplest comes first: that is where shrinking goes.

pub(super) fn times(units: RangeInclusive<u32>, unit: Duration) -> impl Strategy<Value = Duration> + Clone {
    units.prop_map(move |units| unit * units)
}

pub(super) fn ends() -> impl Strategy<Value = Ends> {
    prop_oneof![
        3 => Just(Ends::Error),
        1 => Just(Ends::Normal),
        1 => Just(Ends::Shutdown),
        1 => Just(Ends::Detail),
        1 => Just(Ends::Killed),
    ]
}

pub(super) fn restart() -> impl Strategy<Value = Restart> {
    prop_oneof![3 => Just(Restart::Permanent), 2 => Just(Restart::Transient), 1 => Just(Restart::Temporary)]
}

pub(super) fn shutdown(unit: Duration, stubborn: bool) -> BoxedStrategy<Shutdown> {
    let usual = prop_oneof![3 => Just(Shutdown::default()), 1 => Just(Shutdown::Brutal)];
    if !stubborn {
        return usual.boxed();
    }
    let short = times(0..=5, unit).prop_map(Shutdown::After);
    prop_oneof![2 => usual, 3 => short, 1 => Just(Shutdown::Infinity)].boxed()
}

fn backoff(unit: Duration) -> impl Strategy<Value = Backoff> {
    let jitter = prop_oneof![Just(0u32), Just(700)];
    (1..4u32, 0..20u32, 1..4u32, jitter, 1..20u32).prop_map(
        move |(min, more, factor, jitter_permille, reset)| Backoff {
            min: unit * min,
            max: unit * (min + more),
            factor,
            jitter_permille,
            reset_after: unit * reset,
        },
    )
}

/// `again`: not its first. A first start that fails ends the tree, so it is seldom.
pub(super) fn life(unit: Duration, stubborn: bool, again: bool) -> impl Strategy<Value = Life> {
    let runs = if again { 8 } else { 40 };
    let start = prop_oneof![runs => Just(Start::Runs), 1 => Just(Start::Ignores), 2 => Just(Start::Fails)];
    let ended = option::weighted(0.25, (times(0..=20, unit), ends()));
    let stops = if stubborn {
        let slow = times(0..=5, unit).prop_map(Stops::After);
        prop_oneof![6 => Just(Stops::AtOnce), 2 => slow, 1 => Just(Stops::Never)].boxed()
    } else {
        Just(Stops::AtOnce).boxed()
    };
    let unlinks = proptest::bool::weighted(0.05);
    (start, ended, stops, unlinks).prop_map(|(start, ends, stops, unlinks)| Life {
        start,
        ends,
        stops,
        unlinks,
    })
}
