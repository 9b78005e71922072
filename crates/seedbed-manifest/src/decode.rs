//! Strict reading of TOML: every key is known, every type right, and everything wrong is said at once.
//!
//! A reader never stops at the first problem: it notes it, gives `None`, and its caller goes on.

use crate::nearest::advice;
use crate::report::{Code, Problem};
use seedbed_sim::units;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

/// A place in the manifest, in bytes.
pub(crate) type Span = Range<usize>;

/// A TOML value that knows its place.
pub(crate) type Node<'a> = Spanned<DeValue<'a>>;

/// Collects what is wrong.
#[derive(Default)]
pub(crate) struct Problems(RefCell<Vec<Problem>>);

impl Problems {
    pub(crate) fn add(&self, problem: Problem) {
        self.0.borrow_mut().push(problem);
    }

    pub(crate) fn into_vec(self) -> Vec<Problem> {
        self.0.into_inner()
    }
}

/// A value and its place, for what is checked later.
#[derive(Clone, Debug)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) span: Span,
}

/// Something that a TOML value can be.
pub(crate) trait FromToml: Sized {
    /// What is expected, for the error: `a duration`.
    const EXPECTED: &'static str;

    /// Reads the value; `None` if it was wrong, which has been noted then.
    fn from_toml(node: &Node<'_>, problems: &Problems) -> Option<Self>;
}

/// A table whose keys are taken one by one; what is left at the end is unknown.
pub(crate) struct Fields<'a> {
    problems: &'a Problems,
    table: &'a DeTable<'a>,
    /// What the table is, for errors: `process`.
    what: &'static str,
    /// Where to point when a key is missing.
    pub(crate) span: Span,
    asked: RefCell<Vec<&'static str>>,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(
        table: &'a DeTable<'a>,
        span: Span,
        what: &'static str,
        problems: &'a Problems,
    ) -> Fields<'a> {
        Fields { problems, table, what, span, asked: RefCell::default() }
    }

    /// The fields of a value that must be a table.
    pub(crate) fn of(node: &'a Node<'a>, what: &'static str, problems: &'a Problems) -> Option<Fields<'a>> {
        match node.get_ref() {
            DeValue::Table(table) => Some(Fields::new(table, node.span(), what, problems)),
            _ => wrong_type(node, "a table", problems),
        }
    }

    /// The value of a key, if it is there.
    pub(crate) fn node(&self, key: &'static str) -> Option<&'a Node<'a>> {
        self.asked.borrow_mut().push(key);
        self.table.get(key)
    }

    /// The place of a key that is there, else that of the table.
    pub(crate) fn key_span(&self, key: &str) -> Span {
        self.table.get_key_value(key).map_or(self.span.clone(), |(k, _)| k.span())
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    pub(crate) fn optional<T: FromToml>(&self, key: &'static str) -> Option<T> {
        self.node(key).and_then(|node| T::from_toml(node, self.problems))
    }

    pub(crate) fn or<T: FromToml>(&self, key: &'static str, default: T) -> T {
        self.optional(key).unwrap_or(default)
    }

    pub(crate) fn required<T: FromToml>(&self, key: &'static str) -> Option<T> {
        self.required_node(key).and_then(|node| T::from_toml(node, self.problems))
    }

    pub(crate) fn required_node(&self, key: &'static str) -> Option<&'a Node<'a>> {
        let node = self.node(key);
        if node.is_none() {
            let message = format!("missing key `{key}` of {}", self.what);
            self.problems.add(Problem::new(Code::MissingKey, self.span.clone(), message));
        }
        node
    }

    /// The elements of an array of tables, each with its fields.
    pub(crate) fn tables(&self, key: &'static str, what: &'static str) -> Vec<Fields<'a>> {
        let Some(node) = self.node(key) else {
            return Vec::new();
        };
        match node.get_ref() {
            DeValue::Array(array) => {
                array.iter().filter_map(|element| Fields::of(element, what, self.problems)).collect()
            }
            _ => {
                wrong_type::<()>(node, "an array of tables", self.problems);
                Vec::new()
            }
        }
    }

    /// The fields of a table of a key, if it is there.
    pub(crate) fn table(&self, key: &'static str, what: &'static str) -> Option<Fields<'a>> {
        self.node(key).and_then(|node| Fields::of(node, what, self.problems))
    }

    /// Notes a key together with another that excludes it.
    pub(crate) fn conflict(&self, key: &str, other: &str) {
        let problem = Problem::new(
            Code::Conflict,
            self.key_span(key),
            format!("`{key}` and `{other}` exclude each other"),
        )
        .also(self.key_span(other), "the other one");
        self.problems.add(problem);
    }

    /// Notes every key that nobody asked for.
    pub(crate) fn finish(self) {
        let asked = self.asked.into_inner();
        for key in self.table.keys() {
            let word: &str = key.get_ref();
            if !asked.contains(&word) {
                let message = format!("unknown key `{}` of {}", shown(word), self.what);
                let problem = Problem::new(Code::UnknownKey, key.span(), message);
                self.problems.add(problem.help_if(advice(word, asked.iter().copied())));
            }
        }
    }

    /// The keys of a table that takes any, with their values.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (At<String>, &'a Node<'a>)> {
        self.table.iter().map(|(key, node)| (At { value: key.get_ref().to_string(), span: key.span() }, node))
    }
}

/// Notes that a value has another type than expected.
pub(crate) fn wrong_type<T>(node: &Node<'_>, expected: &str, problems: &Problems) -> Option<T> {
    let found = match node.get_ref() {
        DeValue::String(s) => format!("the string \"{}\"", shown(s)),
        DeValue::Integer(n) => format!("the integer {}", shown(&n.to_string())),
        DeValue::Float(n) => format!("the float {}", shown(n.as_str())),
        DeValue::Boolean(b) => format!("the boolean {b}"),
        DeValue::Datetime(_) => "a date".to_owned(),
        DeValue::Array(_) => "an array".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    };
    problems.add(Problem::new(Code::WrongType, node.span(), format!("expected {expected}, found {found}")));
    None
}

/// Text of the manifest inside a message: not too long, and of one line.
pub(crate) fn shown(text: &str) -> String {
    let mut out: String = text.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(60).is_some() {
        out.push('…');
    }
    out
}

/// Notes each value that was there before; gives the set of all.
pub(crate) fn unique<'a>(items: impl IntoIterator<Item = &'a At<String>>, what: &str, problems: &Problems) {
    let mut seen: BTreeMap<&str, &At<String>> = BTreeMap::new();
    for item in items {
        match seen.get(item.value.as_str()) {
            Some(first) => problems.add(
                Problem::new(
                    Code::Duplicate,
                    item.span.clone(),
                    format!("{what} `{}` is there twice", shown(&item.value)),
                )
                .also(first.span.clone(), "first here"),
            ),
            None => {
                seen.insert(&item.value, item);
            }
        }
    }
}

/// True if the text can be a name of an actor or of a node (rule P2); notes it if not.
pub(crate) fn check_name(name: &At<String>, what: &str, problems: &Problems) -> bool {
    let text = &name.value;
    let why = if text.is_empty() {
        "is empty"
    } else if text.len() > 255 {
        "is longer than 255 bytes"
    } else if text.contains(['/', '#', '@']) || text.chars().any(char::is_control) {
        "holds `/`, `#`, `@` or a control character"
    } else {
        return true;
    };
    problems.add(Problem::new(
        Code::InvalidName,
        name.span.clone(),
        format!("{what} `{}` {why}", shown(text)),
    ));
    false
}

fn integer(n: &DeInteger<'_>) -> Option<i128> {
    i128::from_str_radix(n.as_str(), n.radix()).ok()
}

fn in_range<T: TryFrom<i128>>(node: &Node<'_>, expected: &str, problems: &Problems) -> Option<T> {
    let DeValue::Integer(n) = node.get_ref() else {
        return wrong_type(node, expected, problems);
    };
    let value = integer(n).and_then(|n| T::try_from(n).ok());
    if value.is_none() {
        let message = format!("{} is out of range: expected {expected}", shown(&n.to_string()));
        problems.add(Problem::new(Code::OutOfRange, node.span(), message));
    }
    value
}

macro_rules! integers {
    ($($type:ty: $expected:literal;)*) => {$(
        impl FromToml for $type {
            const EXPECTED: &'static str = $expected;

            fn from_toml(node: &Node<'_>, problems: &Problems) -> Option<Self> {
                in_range(node, Self::EXPECTED, problems)
            }
        }
    )*};
}

integers! {
    i128: "an integer";
    i64: "an integer of 64 bits";
    u64: "a whole number from 0 of 64 bits";
    u32: "a whole number from 0 of 32 bits";
}

impl FromToml for bool {
    const EXPECTED: &'static str = "true or false";

    fn from_toml(node: &Node<'_>, problems: &Problems) -> Option<bool> {
        match node.get_ref() {
            DeValue::Boolean(b) => Some(*b),
            _ => wrong_type(node, Self::EXPECTED, problems),
        }
    }
}

impl FromToml for String {
    const EXPECTED: &'static str = "a string";

    fn from_toml(node: &Node<'_>, problems: &Problems) -> Option<String> {
        text(node, Self::EXPECTED, problems).map(str::to_owned)
    }
}

/// The text of a string.
pub(crate) fn text<'n>(node: &'n Node<'_>, expected: &str, problems: &Problems) -> Option<&'n str> {
    match node.get_ref() {
        DeValue::String(s) => Some(s),
        _ => wrong_type(node, expected, problems),
    }
}

impl<T: FromToml> FromToml for At<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    fn from_toml(node: &Node<'_>, problems: &Problems) -> Option<At<T>> {
        T::from_toml(node, problems).map(|value| At { value, span: node.span() })
    }
}

impl<T: FromToml> FromToml for Vec<T> {
    const EXPECTED: &'static str = "an array";

    fn from_toml(node: &Node<'_>, problems: &Problems) -> Option<Vec<T>> {
        match node.get_ref() {
            DeValue::Array(array) => {
                Some(array.iter().filter_map(|element| T::from_toml(element, problems)).collect())
            }
            _ => wrong_type(node, Self::EXPECTED, problems),
        }
    }
}

/// A string with a form of its own, read by a function.
pub(crate) fn formed<T>(
    node: &Node<'_>,
    expected: &str,
    problems: &Problems,
    read: fn(&str) -> Result<T, String>,
) -> Option<T> {
    let text = text(node, expected, problems)?;
    match read(text) {
        Ok(value) => Some(value),
        Err(message) => {
            problems.add(Problem::new(Code::InvalidValue, node.span(), shown_message(&message)));
            None
        }
    }
}

/// A message that quotes the manifest may be long or hold line breaks.
fn shown_message(message: &str) -> String {
    message.chars().map(|c| if c.is_control() { ' ' } else { c }).take(240).collect()
}

impl FromToml for Duration {
    const EXPECTED: &'static str = "a duration, like \"100ms\"";

    fn from_toml(node: &Node<'_>, problems: &Problems) -> Option<Duration> {
        formed(node, Self::EXPECTED, problems, units::duration)
    }
}

/// A number of bytes.
pub(crate) struct Size(pub(crate) u64);

impl FromToml for Size {
    const EXPECTED: &'static str = "a size, like \"16 MiB\"";

    fn from_toml(node: &Node<'_>, problems: &Problems) -> Option<Size> {
        formed(node, Self::EXPECTED, problems, units::bytes).map(Size)
    }
}

/// A number of bytes below 4 GiB.
pub(crate) struct Size32(pub(crate) u32);

impl FromToml for Size32 {
    const EXPECTED: &'static str = Size::EXPECTED;

    fn from_toml(node: &Node<'_>, problems: &Problems) -> Option<Size32> {
        let size = Size::from_toml(node, problems)?.0;
        let small = u32::try_from(size).ok().map(Size32);
        if small.is_none() {
            let message = format!("{size} bytes are out of range: expected less than 4 GiB");
            problems.add(Problem::new(Code::OutOfRange, node.span(), message));
        }
        small
    }
}

/// A chance in parts per million.
pub(crate) struct Rate(pub(crate) u32);

impl FromToml for Rate {
    const EXPECTED: &'static str = "a rate, like \"0.25%\", or parts per million";

    fn from_toml(node: &Node<'_>, problems: &Problems) -> Option<Rate> {
        match node.get_ref() {
            DeValue::Integer(n) => match integer(n) {
                Some(rate @ 0..=1_000_000) => Some(Rate(rate as u32)),
                _ => {
                    let message = format!(
                        "{} is out of range: expected 0 to 1_000_000 parts per million",
                        shown(&n.to_string())
                    );
                    problems.add(Problem::new(Code::OutOfRange, node.span(), message));
                    None
                }
            },
            _ => formed(node, Self::EXPECTED, problems, units::rate_per_million).map(Rate),
        }
    }
}

/// An enum that a manifest writes as one of a few words.
macro_rules! words {
    ($(#[$meta:meta])* $vis:vis enum $name:ident, $expected:literal { $($(#[$doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$meta])*
        $vis enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            /// The word that a manifest writes.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }
        }

        impl $crate::decode::FromToml for $name {
            const EXPECTED: &'static str = $expected;

            fn from_toml(node: &$crate::decode::Node<'_>, problems: &$crate::decode::Problems) -> Option<Self> {
                let found = $crate::decode::text(node, Self::EXPECTED, problems)?;
                match found {
                    $($word => Some($name::$variant),)*
                    _ => $crate::decode::unknown_word(node, found, Self::EXPECTED, &[$($word),*], problems),
                }
            }
        }
    };
}
pub(crate) use words;

/// Notes a word that is none of the known ones.
pub(crate) fn unknown_word<T>(
    node: &Node<'_>,
    found: &str,
    expected: &str,
    known: &[&str],
    problems: &Problems,
) -> Option<T> {
    let message = format!("expected {expected}, found \"{}\"", shown(found));
    problems.add(
        Problem::new(Code::InvalidValue, node.span(), message).help_if(advice(found, known.iter().copied())),
    );
    None
}
