//! `[[property]]`: what must hold of the facts that actors publish, and of the histories that they write.

use crate::cel::CompiledProperty;
use crate::decode::{At, Fields, FromToml, Node, Problems, Span, shown, unique, unknown_word};
use crate::report::{Code, Problem};
use seedbed_linear::models::Kind;
use seedbed_sim::units;
use std::ops::Range;
use std::time::Duration;
use toml::de::DeValue;

/// One property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    /// Its name, which a finding shows.
    pub name: String,
    /// What it asks for.
    pub asks: Asks,
}

/// What a property asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asks {
    /// That a condition holds.
    Condition {
        /// When it is checked.
        when: When,
        /// It must hold at some check of some run of a hunt, instead of at each.
        sometimes: bool,
        /// The condition.
        holds: Box<CompiledProperty>,
    },
    /// That the calls of a history have an order which explains every answer, in the end.
    Linearizable {
        /// The name of the history, as actors write it.
        history: String,
        /// What the calls are of.
        model: Kind,
    },
}

/// The model of a history, by its name.
struct Model(Kind);

impl FromToml for Model {
    const EXPECTED: &'static str = "\"register\", \"map\", \"queue\", \"lock\" or \"counter\"";

    fn from_toml(node: &Node<'_>, problems: &Problems) -> Option<Model> {
        let name = crate::decode::text(node, Self::EXPECTED, problems)?;
        match Kind::named(name) {
            Some(kind) => Some(Model(kind)),
            None => unknown_word(node, name, Self::EXPECTED, &Kind::NAMES, problems),
        }
    }
}

/// When a property is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum When {
    /// After every turn that changed what it reads.
    #[default]
    Always,
    /// It must not hold after any turn that changed what it reads.
    Never,
    /// Whenever it does not hold, it must hold again within this time, and at the end.
    AgainWithin(Duration),
    /// Whenever the world is at rest.
    Idle,
    /// At the end, after faults stopped and the world came to rest.
    End,
    /// It must come to hold, so long after faults and inputs stopped at the latest.
    EventuallyWithin(Duration),
}

impl FromToml for When {
    const EXPECTED: &'static str =
        "\"always\", \"never\", \"again within 5s\", \"idle\", \"end\" or \"eventually within 10s\"";

    fn from_toml(node: &Node<'_>, problems: &Problems) -> Option<When> {
        let text = crate::decode::text(node, Self::EXPECTED, problems)?;
        match text {
            "always" => Some(When::Always),
            "never" => Some(When::Never),
            "idle" => Some(When::Idle),
            "end" => Some(When::End),
            _ => {
                let timed = [
                    ("eventually within ", When::EventuallyWithin as fn(Duration) -> When),
                    ("again within ", When::AgainWithin),
                ];
                match timed.iter().find_map(|(word, when)| Some((text.strip_prefix(word)?, when))) {
                    Some((within, when)) => match units::duration(within) {
                        Ok(within) => Some(when(within)),
                        Err(message) => {
                            problems.add(Problem::new(
                                Code::InvalidValue,
                                node.span(),
                                message.replace(char::is_control, " "),
                            ));
                            None
                        }
                    },
                    None => unknown_word(
                        node,
                        text,
                        Self::EXPECTED,
                        &["always", "never", "again within 5s", "idle", "end", "eventually within 10s"],
                        problems,
                    ),
                }
            }
        }
    }
}

/// Reads all properties.
pub(crate) fn read_all(root: &Fields<'_>, source: &str, problems: &Problems) -> Vec<Property> {
    let mut names = Vec::new();
    let properties = root
        .tables("property", "a property")
        .into_iter()
        .filter_map(|fields| read(fields, source, &mut names, problems))
        .collect();
    unique(&names, "property", problems);
    properties
}

fn read(
    fields: Fields<'_>,
    source: &str,
    names: &mut Vec<At<String>>,
    problems: &Problems,
) -> Option<Property> {
    let name = fields.required::<At<String>>("name");
    if let Some(name) = &name
        && (name.value.is_empty() || name.value.contains(char::is_control))
    {
        let message = format!("property name `{}` is empty or holds a control character", shown(&name.value));
        problems.add(Problem::new(Code::InvalidName, name.span.clone(), message));
    }
    names.extend(name.clone());
    let asks = if fields.node("linearizable").is_some() {
        read_linearizable(&fields, problems)
    } else {
        read_asked(&fields, source, problems)
    };
    fields.finish();
    Some(Property { name: name?.value, asks: asks? })
}

/// A history that must be linearizable.
fn read_linearizable(fields: &Fields<'_>, problems: &Problems) -> Option<Asks> {
    for key in ["when", "holds", "sometimes"].into_iter().filter(|key| fields.node(key).is_some()) {
        let message =
            format!("`linearizable` says what must hold, in the end of each run: there is no `{key}`");
        problems.add(
            Problem::new(Code::Conflict, fields.key_span(key), message)
                .also(fields.key_span("linearizable"), "linearizable here"),
        );
    }
    let history = fields.optional::<At<String>>("history");
    if let Some(name) = &history
        && (name.value.is_empty() || name.value.contains(|c: char| c.is_whitespace() || c.is_control()))
    {
        let message = format!("history name `{}` is not one word", shown(&name.value));
        problems.add(Problem::new(Code::InvalidName, name.span.clone(), message));
    }
    let Model(model) = fields.required("linearizable")?;
    Some(Asks::Linearizable {
        history: history.map_or_else(|| model.name().to_owned(), |name| name.value),
        model,
    })
}

/// A condition that must hold.
fn read_asked(fields: &Fields<'_>, source: &str, problems: &Problems) -> Option<Asks> {
    if fields.node("history").is_some() {
        let message = "a `history` is asked to be `linearizable`, which is not here";
        problems.add(Problem::new(Code::Conflict, fields.key_span("history"), message));
    }
    let sometimes = fields.or("sometimes", false);
    let when = if sometimes {
        fields.or("when", When::default())
    } else {
        fields.required("when").unwrap_or_default()
    };
    let each = match when {
        When::EventuallyWithin(_) => Some(("`eventually` that it does in each run", "eventually here")),
        When::AgainWithin(_) => Some(("`again` that it does in each run", "again here")),
        When::Never => Some(("`never` that it does in none", "never here")),
        When::Always | When::Idle | When::End => None,
    };
    if let (true, Some((asks, here))) = (sometimes, each) {
        let message = format!("`sometimes` asks whether it ever holds, {asks}");
        problems.add(
            Problem::new(Code::Conflict, fields.key_span("sometimes"), message)
                .also(fields.key_span("when"), here),
        );
    }
    let holds = fields.required_node("holds").and_then(|node| read_condition(node, source, problems));
    Some(Asks::Condition { when, sometimes, holds: Box::new(holds?) })
}

pub(crate) fn read_condition(node: &Node<'_>, source: &str, problems: &Problems) -> Option<CompiledProperty> {
    let text = crate::decode::text(node, "a CEL expression as a string", problems)?;
    match CompiledProperty::compile(text) {
        Ok(compiled) => Some(compiled),
        Err(errors) => {
            for e in errors.0 {
                let span = place(node, text, &e.span, source);
                let message: String =
                    e.message.chars().map(|c| if c.is_control() { ' ' } else { c }).take(240).collect();
                problems.add(Problem::new(e.code, span, message).help_if(e.help));
            }
            None
        }
    }
}

/// Where a part of a string stands in the manifest; the whole string if it is written with escapes.
fn place(node: &Node<'_>, text: &str, part: &Range<usize>, source: &str) -> Span {
    let whole = node.span();
    let DeValue::String(_) = node.get_ref() else {
        return whole;
    };
    let written = source.get(whole.clone()).unwrap_or("");
    let quotes = if written.starts_with("\"\"\"") || written.starts_with("'''") { 3 } else { 1 };
    let newline = match written.get(quotes..) {
        Some(rest) if quotes == 3 && rest.starts_with("\r\n") => 2,
        Some(rest) if quotes == 3 && rest.starts_with('\n') => 1,
        _ => 0,
    };
    let start = quotes + newline;
    match written.get(start..).and_then(|rest| rest.get(..text.len())) {
        Some(same) if same == text => whole.start + start + part.start..whole.start + start + part.end,
        _ => whole,
    }
}
