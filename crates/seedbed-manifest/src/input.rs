//! `[[input]]`: what the outside sends, when, to whom.
//!
//! Each input is a client of its own, with a pid and a line to each receiver.

use crate::decode::{At, Fields, Problems, check_name, shown, unique};
use crate::nearest::advice;
use crate::payload::Payload;
use crate::report::{Code, Problem};
use crate::tree::Tree;
use crate::world::{NodeSpec, unknown_node};
use std::time::Duration;

/// What one client sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Name of the client; its tape entries go by it.
    pub name: String,
    /// Whom it sends to.
    pub to: Target,
    /// Whether it waits for a reply.
    pub kind: InputKind,
    /// The message's tag.
    pub tag: u64,
    /// The message's payload.
    pub payload: Vec<u8>,
    /// When it sends first, from the start of the run.
    pub at: Duration,
    /// When it sends again.
    pub repeat: Option<Repeat>,
    /// Shrinking may leave out its messages.
    pub optional: bool,
}

/// A registered name of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The name.
    pub name: String,
    /// The node's name.
    pub node: String,
}

/// What a client does with its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputKind {
    /// It sends it.
    Send,
    /// It asks, and waits this long for the reply; `None` = [`REQUEST_TIMEOUT`](crate::REQUEST_TIMEOUT).
    Request {
        /// How long.
        timeout: Option<Duration>,
    },
}

/// A message that is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// After this time each; longer than zero.
    pub every: Duration,
    /// How many messages in all, at least 1; `None` = until the run ends.
    pub count: Option<u64>,
}

/// Reads all inputs, with the nodes and the tree of those that have none of their own.
pub(crate) fn read_all(
    root: &Fields<'_>,
    nodes: &[NodeSpec],
    shared: Option<&Tree>,
    problems: &Problems,
) -> Vec<Input> {
    let mut names = Vec::new();
    let inputs = root
        .tables("input", "an input")
        .into_iter()
        .enumerate()
        .map(|(i, fields)| read(fields, i + 1, &mut names, nodes, shared, problems))
        .collect();
    unique(&names, "input", problems);
    inputs
}

fn read(
    fields: Fields<'_>,
    number: usize,
    names: &mut Vec<At<String>>,
    nodes: &[NodeSpec],
    shared: Option<&Tree>,
    problems: &Problems,
) -> Input {
    let name = fields
        .optional::<At<String>>("name")
        .unwrap_or_else(|| At { value: format!("input-{number}"), span: fields.span.clone() });
    check_name(&name, "input name", problems);
    let late = fields.or("late", false);
    let to =
        fields.required::<At<String>>("to").and_then(|to| read_target(&to, late, nodes, shared, problems));
    let (kind, payload) = read_message(&fields, problems);
    let input = Input {
        name: name.value.clone(),
        to: to.unwrap_or_else(|| Target { name: String::new(), node: String::new() }),
        kind,
        tag: fields.or("tag", 0),
        payload,
        at: fields.or("at", Duration::ZERO),
        repeat: read_repeat(&fields, problems),
        optional: fields.or("optional", false),
    };
    names.push(name);
    fields.finish();
    input
}

fn read_message(fields: &Fields<'_>, problems: &Problems) -> (InputKind, Vec<u8>) {
    let (send, request) = (fields.optional::<Payload>("send"), fields.optional::<Payload>("request"));
    let timeout = fields.optional("timeout");
    match (fields.has("send"), fields.has("request")) {
        (true, true) => fields.conflict("request", "send"),
        (false, false) => {
            let message = "missing key `send` or `request` of an input";
            problems.add(Problem::new(Code::MissingKey, fields.span.clone(), message));
        }
        (true, false) if fields.has("timeout") => fields.conflict("timeout", "send"),
        _ => {}
    }
    match request {
        Some(payload) => (InputKind::Request { timeout }, payload.0),
        None => (InputKind::Send, send.unwrap_or_default().0),
    }
}

fn read_repeat(fields: &Fields<'_>, problems: &Problems) -> Option<Repeat> {
    let every = fields.optional::<Duration>("every");
    let count = fields.optional::<u64>("count");
    if fields.has("count") && !fields.has("every") {
        let problem = Problem::new(
            Code::MissingKey,
            fields.key_span("count"),
            "`count` needs `every`: how long is it from one to the next?",
        );
        problems.add(problem);
    }
    if every.is_some_and(|every| every.is_zero()) {
        problems.add(Problem::new(
            Code::OutOfRange,
            fields.key_span("every"),
            "`every` of zero would never let time pass",
        ));
    }
    if count == Some(0) {
        problems.add(Problem::new(
            Code::OutOfRange,
            fields.key_span("count"),
            "`count` of zero sends nothing",
        ));
    }
    every.map(|every| Repeat { every, count })
}

/// Whom `name` or `name@node` means; notes if nobody is known to have the name.
fn read_target(
    to: &At<String>,
    late: bool,
    nodes: &[NodeSpec],
    shared: Option<&Tree>,
    problems: &Problems,
) -> Option<Target> {
    let note = |code, message: String, help: Option<String>| {
        problems.add(Problem::new(code, to.span.clone(), message).help_if(help));
    };
    let (name, node) = match to.value.split_once('@') {
        Some((name, node)) => (name, Some(node)),
        None => (to.value.as_str(), None),
    };
    if !check_name(&At { value: name.to_owned(), span: to.span.clone() }, "name", problems) {
        return None;
    }
    let candidates: Vec<&NodeSpec> = match node {
        Some(node) => {
            let Some(found) = nodes.iter().find(|n| n.name == node) else {
                unknown_node(&At { value: node.to_owned(), span: to.span.clone() }, nodes, problems);
                return None;
            };
            vec![found]
        }
        None => nodes.iter().collect(),
    };
    let having: Vec<&NodeSpec> =
        candidates.iter().copied().filter(|n| names(n, shared).any(|known| known == name)).collect();
    let chosen = match (having.as_slice(), candidates.as_slice()) {
        ([one], _) => one,
        ([], [one]) if late => one,
        ([], _) if !late => {
            let known: Vec<&str> = candidates.iter().flat_map(|n| names(n, shared)).collect();
            let help = advice(name, known).unwrap_or_else(|| "no child of a tree has a name".to_owned());
            let separator = if help.ends_with('?') { "" } else { ";" };
            let help = format!("{help}{separator} if it is registered at run time, write `late = true`");
            note(Code::UnknownReference, format!("no child has the name `{}`", shown(name)), Some(help));
            return None;
        }
        _ => {
            let help = format!("write `{name}@{}`", candidates.first().map_or("node", |n| n.name.as_str()));
            note(Code::InvalidValue, format!("on which node is `{}`?", shown(name)), Some(help));
            return None;
        }
    };
    Some(Target { name: name.to_owned(), node: chosen.name.clone() })
}

/// The names that a node's tree registers.
fn names<'a>(node: &'a NodeSpec, shared: Option<&'a Tree>) -> impl Iterator<Item = &'a str> {
    let tree = node.tree.as_ref().or(shared);
    tree.into_iter().flat_map(Tree::walk).filter_map(|child| child.name.as_deref())
}
