//! `plan` of `[world]`: what goes wrong when.
//!
//! A line is a string, read by the simulator; what waits for a condition is a table with the
//! condition in CEL. Actors of trees may be written as in conditions: `/ledger`, `/ledger@b`.

use crate::cel::CompiledProperty;
use crate::decode::{At, Fields, Node, Problems, wrong_type};
use crate::property::read_condition;
use crate::report::{Code, Problem};
use crate::scenario::TREE;
use crate::tree::{Start, Tree};
use crate::world::{Budget, NodeSpec, OUTSIDE, unknown_node};
use seedbed_sim::{Deed, Planned, parse_deed};
use std::time::Duration;
use toml::de::DeValue;

/// Something that is planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanLine {
    /// At a time, or again and again.
    Timed(Planned),
    /// When a condition comes true.
    When {
        /// The condition.
        when: Box<CompiledProperty>,
        /// What.
        deed: Deed,
        /// For how long; `None` = until faults stop.
        lasts: Option<Duration>,
        /// How often it may come true and be acted upon.
        times: u64,
    },
}

/// What lines of a plan are checked against.
pub(crate) struct Around<'a> {
    pub(crate) nodes: &'a [NodeSpec],
    pub(crate) tree: Option<&'a Tree>,
    pub(crate) budget: &'a Budget,
    pub(crate) source: &'a str,
}

pub(crate) fn read(fields: &Fields<'_>, around: &Around<'_>, problems: &Problems) -> Vec<PlanLine> {
    let Some(node) = fields.node("plan") else { return Vec::new() };
    match node.get_ref() {
        DeValue::Array(lines) => lines.iter().filter_map(|line| read_line(line, around, problems)).collect(),
        _ => wrong_type(node, "an array of strings and tables", problems).unwrap_or_default(),
    }
}

fn read_line(node: &Node<'_>, around: &Around<'_>, problems: &Problems) -> Option<PlanLine> {
    let wrong = |node: &Node<'_>, error: &dyn std::fmt::Display| {
        let message: String =
            error.to_string().chars().map(|c| if c.is_control() { ' ' } else { c }).take(240).collect();
        problems.add(Problem::new(Code::InvalidValue, node.span(), message));
    };
    match node.get_ref() {
        DeValue::String(line) => match line.parse::<Planned>() {
            Ok(planned) => {
                let deed = checked(planned.deed, planned.lasts, node, around, problems)?;
                Some(PlanLine::Timed(Planned { deed, ..planned }))
            }
            Err(e) => {
                wrong(node, &e);
                None
            }
        },
        DeValue::Table(_) => {
            let fields = Fields::of(node, "a line of the plan", problems)?;
            let when = fields.required_node("when").and_then(|n| read_condition(n, around.source, problems));
            let what = fields.required_node("do");
            let times = fields.or::<u64>("times", 1);
            if times == 0 {
                let message = "`times` of zero would never act";
                problems.add(Problem::new(Code::OutOfRange, fields.key_span("times"), message));
            }
            fields.finish();
            let what = what?;
            let (deed, lasts) = match parse_deed(crate::decode::text(what, "what goes wrong", problems)?) {
                Ok(deed) => deed,
                Err(e) => {
                    wrong(what, &e);
                    return None;
                }
            };
            let deed = checked(deed, lasts, what, around, problems)?;
            Some(PlanLine::When { when: Box::new(when?), deed, lasts, times })
        }
        _ => wrong_type(
            node,
            "a line like \"at 3s crash b for 1s\", or a table with `when` and `do`",
            problems,
        ),
    }
}

/// With whole paths, known nodes, and inside the budget.
fn checked(
    deed: Deed,
    lasts: Option<Duration>,
    node: &Node<'_>,
    around: &Around<'_>,
    problems: &Problems,
) -> Option<Deed> {
    let deed = deed.with_paths(|path| whole(path, around));
    let mut known = true;
    for name in deed.nodes() {
        if name != OUTSIDE && !around.nodes.iter().any(|node| node.name == name) {
            unknown_node(&At { value: name.to_owned(), span: node.span() }, around.nodes, problems);
            known = false;
        }
    }
    if let (Deed::Partition(_) | Deed::Clog(_), Some(heals)) = (&deed, around.budget.heal_within)
        && lasts.is_none_or(|lasts| lasts > heals)
    {
        let message = "a link is stopped for longer than the budget's `heal_within`";
        problems.add(Problem::new(Code::OutOfRange, node.span(), message));
        known = false;
    }
    known.then_some(deed)
}

/// `/ledger` and `/ledger@b` as whole paths.
fn whole(path: &str, around: &Around<'_>) -> String {
    let Some(below) = path.strip_prefix('/') else { return path.to_owned() };
    if let Some((below, node)) = below.rsplit_once('@') {
        return format!("{node}/{TREE}/{below}");
    }
    let has =
        |node: &&NodeSpec| node.tree.as_ref().or(around.tree).is_some_and(|tree| has_child(tree, below));
    let node = around.nodes.iter().find(has).or(around.nodes.first());
    format!("{}/{TREE}/{below}", node.map_or("", |node| node.name.as_str()))
}

fn has_child(tree: &Tree, path: &str) -> bool {
    let (id, below) = path.split_once('/').map_or((path, None), |(id, below)| (id, Some(below)));
    let child = tree.children.iter().find(|child| child.id == id);
    child.is_some_and(|child| match (&child.start, below) {
        (_, None) => true,
        (Start::Tree(tree), Some(below)) => has_child(tree, below),
        (Start::Process { .. }, Some(_)) => false,
    })
}
