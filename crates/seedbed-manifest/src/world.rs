//! `[world]` and `[node.NAME]`: what is simulated around the trees.
//!
//! A node runs its own tree, `[node.NAME.tree]`, or else `[tree]`. A supervisor's children live on
//! its node, so that a child has no node of its own.

use crate::decode::{
    At, Fields, FromToml, Node, Problems, Rate, Size, check_name, formed, shown, unique, words, wrong_type,
};
use crate::nearest::advice;
use crate::plan::{self, Around, PlanLine};
use crate::report::{Code, Problem};
use crate::tree::{self, Tree};
use seedbed_sim::units;
use std::collections::BTreeSet;
use std::time::Duration;
use toml::de::DeValue;

/// The node of a world that names none.
pub const DEFAULT_NODE: &str = "main";

/// What stands for the clients outside where a link is described.
pub const OUTSIDE: &str = "outside";

/// A world to simulate; `None` = the simulator's own default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorldSpec {
    /// The nodes, in the order of their numbers; at least one.
    pub nodes: Vec<NodeSpec>,
    /// How long a message between nodes takes.
    pub latency: Option<Between>,
    /// How those that are delayed lie in that range.
    pub latency_shape: Shape,
    /// Bytes a second in each direction of every link; `None` = no bound.
    pub bandwidth: Option<u64>,
    /// Links that are other than all, in both directions.
    pub links: Vec<Link>,
    /// What goes wrong by chance.
    pub faults: Faults,
    /// What the system claims to survive.
    pub budget: Budget,
    /// What goes wrong by plan.
    pub plan: Vec<PlanLine>,
    /// Turns after which a run that has not ended is a finding.
    pub steps_max: Option<u64>,
    /// Virtual time at which a run ends.
    pub duration: Duration,
    /// How long, once faults have stopped, the world may take to come to rest.
    pub converge_within: Option<Duration>,
    /// How long without a sign until a node counts as lost.
    pub loss_after: Option<Duration>,
    /// What a native turn costs, in nanoseconds.
    pub ns_per_turn: Option<u64>,
    /// What a unit of fuel costs, in nanoseconds.
    pub ns_per_fuel: Option<u64>,
    /// Failures that no supervisor, link or monitor saw are no finding.
    pub allow_failures: bool,
}

/// A node of a world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeSpec {
    /// Its name.
    pub name: String,
    /// Its own tree; `None` = that of the manifest.
    pub tree: Option<Tree>,
    /// What a native turn costs here, in nanoseconds.
    pub ns_per_turn: Option<u64>,
    /// What a unit of fuel costs here, in nanoseconds: a slow node has more.
    pub ns_per_fuel: Option<u64>,
    /// How far the wall clock is off, in nanoseconds.
    pub clock_skew: i64,
    /// How many parts per million the clocks run fast.
    pub clock_drift: i32,
}

/// A link that is other than all; `None` = as all are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its ends: names of nodes, or `outside`.
    pub between: (String, String),
    /// How long a message takes.
    pub latency: Option<Between>,
    /// How those that are delayed lie in that range.
    pub latency_shape: Shape,
    /// Bytes a second in each direction.
    pub bandwidth: Option<u64>,
    /// A message is lost.
    pub drop_per_million: Option<u32>,
    /// A message comes twice.
    pub duplicate_per_million: Option<u32>,
    /// A message takes longer.
    pub delay_per_million: Option<u32>,
    /// The link is cut.
    pub partition_per_million: Option<u32>,
    /// The link is clogged.
    pub clog_per_million: Option<u32>,
}

words! {
    /// How delays lie in the range of a latency.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub enum Shape, "a shape" {
        /// Evenly.
        #[default]
        Uniform = "uniform",
        /// Most are short and a few are very long.
        LongTail = "long_tail",
    }
}

/// A time from a range, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Between {
    /// The least, and the plain one.
    pub min: Duration,
    /// The most.
    pub max: Duration,
}

impl FromToml for Between {
    const EXPECTED: &'static str = "a duration, or two as [least, most]";

    fn from_toml(node: &Node<'_>, problems: &Problems) -> Option<Between> {
        let (min, max) = match node.get_ref() {
            DeValue::String(_) => {
                let fixed = Duration::from_toml(node, problems)?;
                (fixed, fixed)
            }
            DeValue::Array(_) => match Vec::<Duration>::from_toml(node, problems)?.as_slice() {
                [min, max] if min <= max => (*min, *max),
                [_, _] => {
                    problems.add(Problem::new(
                        Code::OutOfRange,
                        node.span(),
                        "the least is more than the most",
                    ));
                    return None;
                }
                _ => return wrong_type(node, Self::EXPECTED, problems),
            },
            _ => return wrong_type(node, Self::EXPECTED, problems),
        };
        Some(Between { min, max })
    }
}

words! {
    /// A ready-made set of faults.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub enum Profile, "a fault profile" {
        /// Nothing goes wrong.
        #[default]
        None = "none",
        /// Everything may go wrong, at the simulator's rates.
        Chaos = "chaos",
    }
}

/// What goes wrong by chance: a profile, and where it is other than that. Rates are in parts per
/// million of the occasions there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// What holds for the rest.
    pub profile: Profile,
    /// A message between nodes is lost.
    pub drop_per_million: Option<u32>,
    /// A message between nodes comes twice.
    pub duplicate_per_million: Option<u32>,
    /// A message between nodes takes longer.
    pub delay_per_million: Option<u32>,
    /// How much longer.
    pub delay: Option<Between>,
    /// An actor is killed.
    pub kill_per_million: Option<u32>,
    /// A node crashes.
    pub crash_per_million: Option<u32>,
    /// How long it stays down.
    pub restart_after: Option<Between>,
    /// A node stands still.
    pub pause_per_million: Option<u32>,
    /// For how long.
    pub pause_for: Option<Between>,
    /// A link is cut.
    pub partition_per_million: Option<u32>,
    /// A link is clogged: everything waits.
    pub clog_per_million: Option<u32>,
    /// For how long a link is cut or clogged.
    pub heal_after: Option<Between>,
    /// A wall clock jumps.
    pub clock_jump_per_million: Option<u32>,
    /// How far.
    pub clock_jump: Option<Between>,
    /// A guest runs out of fuel early.
    pub fuel_cut_per_million: Option<u32>,
    /// A `memory.grow` is refused.
    pub grow_refused_per_million: Option<u32>,
    /// A host call that can be refused is.
    pub call_refused_per_million: Option<u32>,
    /// An effect fails.
    pub effect_failed_per_million: Option<u32>,
    /// Timers of a node fire late.
    pub timer_late_per_million: Option<u32>,
    /// By how much.
    pub timer_late: Option<Between>,
    /// Turns of a node take longer for a while.
    pub slow_per_million: Option<u32>,
    /// By how much.
    pub slow: Option<Between>,
    /// For how long.
    pub slow_for: Option<Between>,
    /// In a crash, what was not synced is lost.
    pub unsynced_per_million: Option<u32>,
    /// Of what is lost, the beginning of the first record is left.
    pub torn_per_million: Option<u32>,
    /// A guest's `buggify` says yes.
    pub buggify_per_million: Option<u32>,
}

impl FromToml for Faults {
    const EXPECTED: &'static str = "\"none\", \"chaos\", or a table";

    fn from_toml(node: &Node<'_>, problems: &Problems) -> Option<Faults> {
        match node.get_ref() {
            DeValue::String(_) => {
                Profile::from_toml(node, problems).map(|profile| Faults { profile, ..Faults::default() })
            }
            DeValue::Table(_) => Fields::of(node, "faults", problems).map(read_faults),
            _ => wrong_type(node, Self::EXPECTED, problems),
        }
    }
}

/// How far a clock is off: a duration with a sign.
struct Skew(i64);

impl FromToml for Skew {
    const EXPECTED: &'static str = "a duration with a sign, like \"+2s\" or \"-100ms\"";

    fn from_toml(node: &Node<'_>, problems: &Problems) -> Option<Skew> {
        formed(node, Self::EXPECTED, problems, units::signed).map(Skew)
    }
}

/// How fast a clock runs, in parts per million beyond the world's.
struct Drift(i32);

impl FromToml for Drift {
    const EXPECTED: &'static str = "an integer from -500_000 to 1_000_000, parts per million";

    fn from_toml(node: &Node<'_>, problems: &Problems) -> Option<Drift> {
        let ppm = i64::from_toml(node, problems)?;
        let drift = i32::try_from(ppm).ok().filter(|ppm| seedbed_sim::DRIFT.contains(ppm));
        if drift.is_none() {
            let message = format!("{ppm} is out of range: expected {}", Self::EXPECTED);
            problems.add(Problem::new(Code::OutOfRange, node.span(), message));
        }
        drift.map(Drift)
    }
}

/// What the system claims to survive; the simulator stays inside of it. `None` = no bound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// Nodes that are down at one time.
    pub nodes_down: Option<u32>,
    /// How long a link is cut at most.
    pub heal_within: Option<Duration>,
    /// Faults in a run.
    pub faults_max: Option<u32>,
}

/// Reads the world, and the trees of its nodes.
pub(crate) fn read(
    root: &Fields<'_>,
    entries: &BTreeSet<String>,
    tree: Option<&Tree>,
    source: &str,
    problems: &Problems,
) -> WorldSpec {
    let table = root.table("world", "the world");
    let nodes = table.as_ref().map_or_else(
        || read_nodes(None, root, entries, problems),
        |world| read_nodes(world.optional("nodes"), root, entries, problems),
    );
    let mut world = WorldSpec {
        nodes,
        latency: None,
        latency_shape: Shape::default(),
        bandwidth: None,
        links: Vec::new(),
        faults: Faults::default(),
        budget: Budget::default(),
        plan: Vec::new(),
        steps_max: None,
        duration: Duration::from_secs(60),
        converge_within: None,
        loss_after: None,
        ns_per_turn: None,
        ns_per_fuel: None,
        allow_failures: false,
    };
    let Some(fields) = table else { return world };
    world.latency = fields.optional("latency");
    world.latency_shape = fields.or("latency_shape", Shape::default());
    world.bandwidth = read_bandwidth(&fields, problems);
    world.links = fields
        .tables("link", "a link")
        .into_iter()
        .filter_map(|link| read_link(link, &world.nodes, problems))
        .collect();
    world.faults = fields.optional("faults").unwrap_or_default();
    world.budget = fields.table("budget", "a fault budget").map(read_budget).unwrap_or_default();
    let around = Around { nodes: &world.nodes, tree, budget: &world.budget, source };
    world.plan = plan::read(&fields, &around, problems);
    world.steps_max = fields.optional("steps_max");
    world.duration = fields.or("duration", world.duration);
    world.converge_within = fields.optional("converge_within");
    world.loss_after = fields.optional("loss_after");
    world.ns_per_turn = fields.optional("ns_per_turn");
    world.ns_per_fuel = fields.optional("ns_per_fuel");
    world.allow_failures = fields.or("allow_failures", false);
    if world.steps_max == Some(0) || world.duration.is_zero() {
        let key = if world.duration.is_zero() { "duration" } else { "steps_max" };
        problems.add(Problem::new(
            Code::OutOfRange,
            fields.key_span(key),
            format!("`{key}` of zero leaves no room for a run"),
        ));
    }
    fields.finish();
    world
}

fn read_nodes(
    names: Option<At<Vec<At<String>>>>,
    root: &Fields<'_>,
    entries: &BTreeSet<String>,
    problems: &Problems,
) -> Vec<NodeSpec> {
    let names = names.unwrap_or_else(|| {
        let main = At { value: DEFAULT_NODE.to_owned(), span: root.span.clone() };
        At { value: vec![main], span: root.span.clone() }
    });
    if names.value.is_empty() {
        problems.add(Problem::new(Code::OutOfRange, names.span, "a world has at least one node"));
    }
    unique(&names.value, "node", problems);
    for name in &names.value {
        if check_name(name, "node name", problems) && name.value == OUTSIDE {
            problems.add(Problem::new(
                Code::InvalidName,
                name.span.clone(),
                "node name `outside` stands for the clients",
            ));
        }
    }
    let plain = |name: At<String>| NodeSpec {
        name: name.value,
        tree: None,
        ns_per_turn: None,
        ns_per_fuel: None,
        clock_skew: 0,
        clock_drift: 0,
    };
    let mut nodes: Vec<NodeSpec> = names.value.into_iter().map(plain).collect();
    let Some(tables) = root.table("node", "the nodes") else {
        return nodes;
    };
    for (name, value) in tables.entries() {
        let Some(fields) = Fields::of(value, "a node", problems) else {
            continue;
        };
        let tree = fields.table("tree", "a tree").map(|tree| tree::read(tree, entries, problems));
        let (ns_per_turn, ns_per_fuel) = (fields.optional("ns_per_turn"), fields.optional("ns_per_fuel"));
        let Skew(clock_skew) = fields.or("clock_skew", Skew(0));
        let Drift(clock_drift) = fields.or("clock_drift", Drift(0));
        fields.finish();
        match nodes.iter_mut().find(|node| node.name == name.value) {
            Some(node) => {
                node.tree = tree;
                node.ns_per_turn = ns_per_turn;
                node.ns_per_fuel = ns_per_fuel;
                node.clock_skew = clock_skew;
                node.clock_drift = clock_drift;
            }
            None => unknown_node(&name, &nodes, problems),
        }
    }
    nodes
}

/// Notes that no node has this name.
pub(crate) fn unknown_node(name: &At<String>, nodes: &[NodeSpec], problems: &Problems) {
    let message = format!("no node has the name `{}`", shown(&name.value));
    let help = advice(&name.value, nodes.iter().map(|node| node.name.as_str()));
    problems.add(Problem::new(Code::UnknownReference, name.span.clone(), message).help_if(help));
}

fn read_link(fields: Fields<'_>, nodes: &[NodeSpec], problems: &Problems) -> Option<Link> {
    let between = fields.required::<At<Vec<At<String>>>>("between");
    let rate = |key| fields.optional::<Rate>(key).map(|rate| rate.0);
    let (latency, shape) = (fields.optional("latency"), fields.or("latency_shape", Shape::default()));
    let bandwidth = read_bandwidth(&fields, problems);
    let (drop, duplicate, delay) = (rate("drop"), rate("duplicate"), rate("delay"));
    let (partition, clog) = (rate("partition"), rate("clog"));
    fields.finish();
    let between = between?;
    let [a, b] = between.value.as_slice() else {
        problems.add(Problem::new(Code::InvalidValue, between.span, "expected the names of two nodes"));
        return None;
    };
    for end in [a, b] {
        if end.value != OUTSIDE && !nodes.iter().any(|node| node.name == end.value) {
            unknown_node(end, nodes, problems);
        }
    }
    if a.value == b.value {
        problems.add(Problem::new(
            Code::InvalidValue,
            between.span.clone(),
            "a link joins two nodes: within one there is no latency",
        ));
    }
    Some(Link {
        between: (a.value.clone(), b.value.clone()),
        latency,
        latency_shape: shape,
        bandwidth,
        drop_per_million: drop,
        duplicate_per_million: duplicate,
        delay_per_million: delay,
        partition_per_million: partition,
        clog_per_million: clog,
    })
}

/// Bytes a second, more than none.
fn read_bandwidth(fields: &Fields<'_>, problems: &Problems) -> Option<u64> {
    let Size(bytes) = fields.optional("bandwidth")?;
    if bytes == 0 {
        let message = "a bandwidth of zero lets nothing through: leave it out, or cut the link";
        problems.add(Problem::new(Code::OutOfRange, fields.key_span("bandwidth"), message));
        return None;
    }
    Some(bytes)
}

fn read_faults(fields: Fields<'_>) -> Faults {
    let rate = |key| fields.optional::<Rate>(key).map(|rate| rate.0);
    let faults = Faults {
        profile: fields.or("profile", Profile::default()),
        drop_per_million: rate("drop"),
        duplicate_per_million: rate("duplicate"),
        delay_per_million: rate("delay"),
        delay: fields.optional("delay_by"),
        kill_per_million: rate("kill"),
        crash_per_million: rate("crash"),
        restart_after: fields.optional("restart_after"),
        pause_per_million: rate("pause"),
        pause_for: fields.optional("pause_for"),
        partition_per_million: rate("partition"),
        clog_per_million: rate("clog"),
        heal_after: fields.optional("heal_after"),
        clock_jump_per_million: rate("clock_jump"),
        clock_jump: fields.optional("clock_jump_by"),
        fuel_cut_per_million: rate("fuel_cut"),
        grow_refused_per_million: rate("grow_refused"),
        call_refused_per_million: rate("call_refused"),
        effect_failed_per_million: rate("effect_failed"),
        timer_late_per_million: rate("timer_late"),
        timer_late: fields.optional("timer_late_by"),
        slow_per_million: rate("slow"),
        slow: fields.optional("slow_by"),
        slow_for: fields.optional("slow_for"),
        unsynced_per_million: rate("unsynced"),
        torn_per_million: rate("torn"),
        buggify_per_million: rate("buggify"),
    };
    fields.finish();
    faults
}

fn read_budget(fields: Fields<'_>) -> Budget {
    let budget = Budget {
        nodes_down: fields.optional("nodes_down"),
        heal_within: fields.optional("heal_within"),
        faults_max: fields.optional("faults_max"),
    };
    fields.finish();
    budget
}
