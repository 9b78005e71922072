//! `[tree]`: supervisors and their children. The rules F1–F7 of supervision, each with its error.

use crate::decode::{
    At, Fields, FromToml, Node, Problems, Size32, check_name, shown, text, unique, unknown_word, words,
    wrong_type,
};
use crate::nearest::advice;
use crate::payload::Payload;
use crate::report::{Code, Problem};
use seedbed_sim::units::rate_per_million;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use toml::de::DeValue;

/// A supervisor with its children.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    /// Who is restarted with whom.
    pub strategy: Strategy,
    /// Restarts within `period` that are allowed.
    pub intensity: u32,
    /// The window in which restarts are counted; longer than zero.
    pub period: Duration,
    /// When the supervisor stops by itself.
    pub auto_shutdown: AutoShutdown,
    /// The children, in the order of their starts; of a dynamic supervisor the one template.
    pub children: Vec<Child>,
}

words! {
    /// Who is restarted with whom.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub enum Strategy, "a strategy" {
        /// The child that ended.
        #[default]
        OneForOne = "one_for_one",
        /// All children.
        OneForAll = "one_for_all",
        /// The child that ended and those started after it.
        RestForOne = "rest_for_one",
        /// One for one, over instances of one template that are started at run time.
        Dynamic = "dynamic",
    }
}

words! {
    /// When a supervisor stops by itself.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub enum AutoShutdown, "an auto-shutdown" {
        /// Never.
        #[default]
        Never = "never",
        /// When a significant child ended by itself.
        AnySignificant = "any_significant",
        /// When the last significant child ended by itself.
        AllSignificant = "all_significant",
    }
}

/// One child of a supervisor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Child {
    /// Its id, unique among its siblings; the last part of its path.
    pub id: String,
    /// The name that it registers on its node.
    pub name: Option<String>,
    /// What is started.
    pub start: Start,
    /// When it is restarted.
    pub restart: Restart,
    /// How it is stopped.
    pub shutdown: Shutdown,
    /// Its end may end the supervisor.
    pub significant: bool,
    /// How long to wait before a restart; `None` = not at all.
    pub backoff: Option<Backoff>,
    /// How long its start may take; `None` = as long as it likes.
    pub start_timeout: Option<Duration>,
    /// How much mail for its name is held while nobody has the name; `None` = it is lost.
    pub hold: Option<Hold>,
    /// Shrinking may leave it out.
    pub optional: bool,
}

/// How much mail is held for a name (rules H).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Messages and requests.
    pub count: u32,
    /// Their payload bytes.
    pub bytes: u32,
}

/// What a child is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// An actor of an entry.
    Process {
        /// The entry's id.
        entry: String,
        /// What its `on_start` is given.
        args: Vec<u8>,
    },
    /// A supervisor.
    Tree(Tree),
}

words! {
    /// When a child that ended is restarted.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub enum Restart, "a restart type" {
        /// Always.
        #[default]
        Permanent = "permanent",
        /// If it failed.
        Transient = "transient",
        /// Never.
        Temporary = "temporary",
    }
}

/// How a child is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// It is killed at once.
    Brutal,
    /// It is asked, and killed after this time.
    After(Duration),
    /// It is asked, and waited for.
    Infinity,
}

impl FromToml for Shutdown {
    const EXPECTED: &'static str = "a duration, \"brutal\" or \"infinity\"";

    fn from_toml(node: &Node<'_>, problems: &Problems) -> Option<Shutdown> {
        match node.get_ref() {
            DeValue::String(s) if s == "brutal" => Some(Shutdown::Brutal),
            DeValue::String(s) if s == "infinity" => Some(Shutdown::Infinity),
            DeValue::String(s) if !s.starts_with(|c: char| c.is_ascii_digit()) => {
                unknown_word(node, s, Self::EXPECTED, &["brutal", "infinity"], problems)
            }
            DeValue::String(_) => Duration::from_toml(node, problems).map(Shutdown::After),
            _ => wrong_type(node, Self::EXPECTED, problems),
        }
    }
}

/// How long to wait before the n-th restart: `min(max, min · factorⁿ) · (1 + U · jitter)` (rule B1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The first delay.
    pub min: Duration,
    /// The longest delay, before jitter.
    pub max: Duration,
    /// By what each delay is longer than the one before; at least 1.
    pub factor: u32,
    /// How much longer chance may make a delay, in thousandths of it; at most 1000.
    pub jitter_permille: u32,
    /// After how long a life n is 0 again.
    pub reset_after: Duration,
}

impl Tree {
    /// All children of the tree, those of inner supervisors too, parents before children.
    pub fn walk(&self) -> Vec<&Child> {
        let mut out = Vec::new();
        for child in &self.children {
            out.push(child);
            if let Start::Tree(inner) = &child.start {
                out.extend(inner.walk());
            }
        }
        out
    }
}

/// Reads a tree, with the ids of all entries.
pub(crate) fn read(fields: Fields<'_>, entries: &BTreeSet<String>, problems: &Problems) -> Tree {
    let mut names = Vec::new();
    let tree = read_supervisor(fields, entries, &mut names, problems);
    report_same_names(&names, problems);
    tree
}

fn report_same_names(names: &[At<String>], problems: &Problems) {
    let mut seen: BTreeMap<&str, &At<String>> = BTreeMap::new();
    for name in names {
        if let Some(first) = seen.get(name.value.as_str()) {
            let message = format!("name `{}` is registered twice on one node", shown(&name.value));
            let problem = Problem::new(Code::Duplicate, name.span.clone(), message)
                .also(first.span.clone(), "first here");
            problems.add(
                problem
                    .help("a child registers its id unless it has a `name`; `name = false` registers none"),
            );
        } else {
            seen.insert(&name.value, name);
        }
    }
}

fn read_supervisor(
    fields: Fields<'_>,
    entries: &BTreeSet<String>,
    names: &mut Vec<At<String>>,
    problems: &Problems,
) -> Tree {
    let strategy = fields.or("strategy", Strategy::default());
    let auto_shutdown = fields.or("auto_shutdown", AutoShutdown::default());
    let dynamic = strategy == Strategy::Dynamic;
    if dynamic && auto_shutdown != AutoShutdown::Never {
        let message = "a dynamic supervisor cannot stop by itself (rule F6)";
        problems.add(
            Problem::new(Code::DynamicAutoShutdown, fields.key_span("auto_shutdown"), message)
                .also(fields.key_span("strategy"), "dynamic here"),
        );
    }
    let mut ids = Vec::new();
    let children: Vec<Child> = fields
        .tables("children", "a child")
        .into_iter()
        .map(|child| read_child(child, dynamic, auto_shutdown, entries, &mut ids, names, problems))
        .collect();
    if dynamic && children.len() != 1 {
        let message = format!(
            "a dynamic supervisor has exactly one child, its template (rule F7), found {}",
            children.len()
        );
        problems.add(Problem::new(Code::DynamicTemplate, fields.key_span("strategy"), message));
    }
    unique(&ids, "child", problems);
    let tree = Tree {
        strategy,
        intensity: read_intensity(&fields, problems),
        period: read_period(&fields, problems),
        auto_shutdown,
        children,
    };
    fields.finish();
    tree
}

fn read_intensity(fields: &Fields<'_>, problems: &Problems) -> u32 {
    let Some(intensity) = fields.optional::<At<i128>>("intensity") else {
        return 1;
    };
    match u32::try_from(intensity.value) {
        Ok(n) => n,
        Err(_) => {
            let message = format!(
                "intensity {} is not a number of restarts: expected 0 to 4294967295 (rule F2)",
                shown(&intensity.value.to_string())
            );
            problems.add(Problem::new(Code::BadIntensity, intensity.span, message));
            0
        }
    }
}

fn read_period(fields: &Fields<'_>, problems: &Problems) -> Duration {
    let Some(period) = fields.optional::<At<Duration>>("period") else {
        return Duration::from_secs(5);
    };
    if period.value.is_zero() {
        problems.add(Problem::new(
            Code::BadPeriod,
            period.span,
            "a period of zero counts nothing: expected more (rule F2)",
        ));
    }
    period.value
}

fn read_child(
    fields: Fields<'_>,
    dynamic: bool,
    auto_shutdown: AutoShutdown,
    entries: &BTreeSet<String>,
    ids: &mut Vec<At<String>>,
    names: &mut Vec<At<String>>,
    problems: &Problems,
) -> Child {
    let id = fields.required::<At<String>>("id");
    if let Some(id) = &id {
        check_name(id, "child id", problems);
    }
    let name = read_name(&fields, id.as_ref(), dynamic, problems);
    let start = read_start(&fields, entries, names, problems);
    let default_shutdown = match start {
        Start::Process { .. } => Shutdown::After(Duration::from_secs(5)),
        Start::Tree(_) => Shutdown::Infinity,
    };
    let child = Child {
        id: id.as_ref().map(|id| id.value.clone()).unwrap_or_default(),
        name: name.as_ref().map(|name| name.value.clone()),
        start,
        restart: fields.or("restart", Restart::default()),
        shutdown: fields.or("shutdown", default_shutdown),
        significant: fields.or("significant", false),
        backoff: fields.table("backoff", "a backoff").map(|backoff| read_backoff(backoff, problems)),
        start_timeout: fields.optional("start_timeout"),
        hold: fields.table("hold", "a hold").map(read_hold),
        optional: fields.or("optional", false),
    };
    if child.optional && dynamic {
        let message = "a template starts nothing that could be left out";
        problems.add(Problem::new(Code::Conflict, fields.key_span("optional"), message));
    }
    if child.hold.is_some() && child.name.is_none() {
        let message = "mail is held for a name, and this child registers none";
        problems.add(Problem::new(Code::Conflict, fields.key_span("hold"), message));
    }
    if child.start_timeout.is_some_and(|timeout| timeout.is_zero()) {
        let message = "a start timeout of zero lets nothing start (rule B5)";
        problems.add(Problem::new(Code::OutOfRange, fields.key_span("start_timeout"), message));
    }
    if child.significant {
        check_significant(&child, auto_shutdown, &fields, problems);
    }
    ids.extend(id);
    names.extend(name);
    if fields.has("node") {
        let problem = Problem::new(
            Code::UnknownKey,
            fields.key_span("node"),
            "a child lives on the node of its supervisor: it has no `node` of its own",
        );
        problems.add(problem.help("give that node a tree: `[node.NAME.tree]`"));
        fields.node("node");
    }
    fields.finish();
    child
}

fn check_significant(child: &Child, auto_shutdown: AutoShutdown, fields: &Fields<'_>, problems: &Problems) {
    let id = shown(&child.id);
    if child.restart == Restart::Permanent {
        let message = format!("child `{id}` cannot be both significant and permanent (rule F6)");
        let problem = Problem::new(Code::SignificantPermanent, fields.key_span("significant"), message);
        problems.add(problem.help("make it `restart = \"transient\"` or `\"temporary\"`"));
    }
    if auto_shutdown == AutoShutdown::Never {
        let message =
            format!("child `{id}` is significant, but its supervisor never stops by itself (rule F6)");
        let problem =
            Problem::new(Code::SignificantWithoutAutoShutdown, fields.key_span("significant"), message);
        problems.add(
            problem
                .help("give the supervisor `auto_shutdown = \"any_significant\"` or `\"all_significant\"`"),
        );
    }
}

/// A child registers its id, another name, or with `false` none; the instances of a template none.
fn read_name(
    fields: &Fields<'_>,
    id: Option<&At<String>>,
    dynamic: bool,
    problems: &Problems,
) -> Option<At<String>> {
    let node = fields.node("name");
    match node.map(|node| (node, node.get_ref())) {
        None if dynamic => None,
        None => id.cloned(),
        Some((_, DeValue::Boolean(false))) => None,
        Some((node, DeValue::String(_))) => {
            let name = At::<String>::from_toml(node, problems)?;
            if dynamic {
                let message = "the instances of a template cannot share a name";
                problems.add(Problem::new(Code::Conflict, name.span.clone(), message));
            }
            check_name(&name, "name", problems).then_some(name)
        }
        Some((node, _)) => wrong_type(node, "a string, or false", problems),
    }
}

fn read_start(
    fields: &Fields<'_>,
    entries: &BTreeSet<String>,
    names: &mut Vec<At<String>>,
    problems: &Problems,
) -> Start {
    let entry = fields.optional::<At<String>>("process");
    let args = fields.optional::<Payload>("args");
    let inner = fields.table("tree", "a tree").map(|inner| read_supervisor(inner, entries, names, problems));
    match (fields.has("process"), fields.has("tree")) {
        (true, true) => fields.conflict("tree", "process"),
        (false, false) => {
            let problem = Problem::new(
                Code::MissingKey,
                fields.span.clone(),
                "missing key `process` or `tree` of a child",
            );
            problems.add(problem);
        }
        (false, true) if fields.has("args") => fields.conflict("args", "tree"),
        _ => {}
    }
    if let Some(entry) = &entry
        && !entries.contains(&entry.value)
    {
        let problem = Problem::new(
            Code::UnknownReference,
            entry.span.clone(),
            format!("no process has the id `{}`", shown(&entry.value)),
        );
        problems.add(problem.help_if(advice(&entry.value, entries.iter().map(String::as_str))));
    }
    match inner {
        Some(inner) => Start::Tree(inner),
        None => Start::Process {
            entry: entry.map(|entry| entry.value).unwrap_or_default(),
            args: args.unwrap_or_default().0,
        },
    }
}

fn read_hold(fields: Fields<'_>) -> Hold {
    let usual = seedbed_core::Hold::default();
    let bytes = fields.optional::<Size32>("bytes").map_or(usual.bytes, |size| size.0);
    let hold = Hold { count: fields.or("count", usual.count), bytes };
    fields.finish();
    hold
}

fn read_backoff(fields: Fields<'_>, problems: &Problems) -> Backoff {
    let min = fields.required::<Duration>("min").unwrap_or_default();
    let max = fields.required::<Duration>("max").unwrap_or(min);
    let backoff = Backoff {
        min,
        max,
        factor: fields.or("factor", 2),
        jitter_permille: read_jitter(&fields, problems),
        reset_after: fields.or("reset_after", max),
    };
    let out_of_range = |key, message: &str| Problem::new(Code::OutOfRange, fields.key_span(key), message);
    if max < min {
        let problem = out_of_range("max", "the longest delay is shorter than the first");
        problems.add(problem.also(fields.key_span("min"), "the first"));
    }
    if fields.has("min") && min.is_zero() {
        problems.add(out_of_range("min", "a first delay of zero never grows: leave `backoff` out instead"));
    }
    if backoff.factor == 0 {
        problems.add(out_of_range("factor", "factor 0 is out of range: expected 1 or more"));
    }
    if fields.has("reset_after") && backoff.reset_after.is_zero() {
        problems.add(out_of_range("reset_after", "`reset_after` of zero would forget every failure at once"));
    }
    fields.finish();
    backoff
}

/// A percentage with one decimal.
fn read_jitter(fields: &Fields<'_>, problems: &Problems) -> u32 {
    let Some(node) = fields.node("jitter") else { return 0 };
    let Some(text) = text(node, "a percentage, like \"12.5%\"", problems) else { return 0 };
    let message = match rate_per_million(text) {
        Ok(rate) if rate % 1_000 == 0 => return rate / 1_000,
        Ok(_) => format!("jitter `{}` has more than one decimal", shown(text)),
        Err(message) => message.replace(char::is_control, " "),
    };
    problems.add(Problem::new(Code::InvalidValue, node.span(), message));
    0
}
