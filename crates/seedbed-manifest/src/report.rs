//! What is wrong with a manifest: every problem at once, each with its place.
//!
//! A problem is data (code, message, line, column) and can be shown as a snippet of the manifest.
//! Codes and places are stable enough to be matched by a tool; messages are for people.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde::Serialize;
use std::fmt;
use std::ops::Range;

/// The kind of a problem; its text form (`unknown-key`) never changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Code {
    /// The file is not UTF-8.
    NotUtf8,
    /// The file is not TOML.
    Syntax,
    /// A key that does not exist here.
    UnknownKey,
    /// A key that must be here is not.
    MissingKey,
    /// A value of another type than the key takes.
    WrongType,
    /// A value of the right type that makes no sense.
    InvalidValue,
    /// A number, duration or size outside of what the key takes.
    OutOfRange,
    /// Two keys that exclude each other.
    Conflict,
    /// A text that cannot be a name, an id or a path of an actor.
    InvalidName,
    /// Two entries, children, inputs or properties with one id or name.
    Duplicate,
    /// An id, name or node that is defined nowhere.
    UnknownReference,
    /// A path that leaves the manifest's root.
    PathEscapes,
    /// A file or directory that cannot be read.
    Unreadable,
    /// A process without a hash.
    HashMissing,
    /// A hash of another algorithm than SHA-256.
    HashAlgorithm,
    /// A text that is not a SHA-256 hash.
    HashMalformed,
    /// The file has another hash than the manifest says.
    HashMismatch,
    /// Rule F2: a negative restart intensity.
    BadIntensity,
    /// Rule F2: a period of zero.
    BadPeriod,
    /// Rule F6: significant and permanent.
    SignificantPermanent,
    /// Rule F6: significant, though the supervisor never stops by itself.
    SignificantWithoutAutoShutdown,
    /// Rule F6: auto-shutdown of a dynamic supervisor.
    DynamicAutoShutdown,
    /// Rule F7: a dynamic supervisor with other than one template.
    DynamicTemplate,
    /// An expression that is not CEL.
    CelSyntax,
    /// An expression with an unknown function or variable.
    CelUnknown,
    /// An expression whose types do not fit, or that is not a condition.
    CelType,
    /// CEL that could give other than integers and booleans, or is not supported here.
    CelUnsupported,
}

impl Code {
    /// The code as text, e.g. `unknown-key`.
    pub fn as_str(self) -> &'static str {
        match self {
            Code::NotUtf8 => "not-utf8",
            Code::Syntax => "syntax",
            Code::UnknownKey => "unknown-key",
            Code::MissingKey => "missing-key",
            Code::WrongType => "wrong-type",
            Code::InvalidValue => "invalid-value",
            Code::OutOfRange => "out-of-range",
            Code::Conflict => "conflict",
            Code::InvalidName => "invalid-name",
            Code::Duplicate => "duplicate",
            Code::UnknownReference => "unknown-reference",
            Code::PathEscapes => "path-escapes",
            Code::Unreadable => "unreadable",
            Code::HashMissing => "hash-missing",
            Code::HashAlgorithm => "hash-algorithm",
            Code::HashMalformed => "hash-malformed",
            Code::HashMismatch => "hash-mismatch",
            Code::BadIntensity => "bad-intensity",
            Code::BadPeriod => "bad-period",
            Code::SignificantPermanent => "significant-permanent",
            Code::SignificantWithoutAutoShutdown => "significant-without-auto-shutdown",
            Code::DynamicAutoShutdown => "dynamic-auto-shutdown",
            Code::DynamicTemplate => "dynamic-template",
            Code::CelSyntax => "cel-syntax",
            Code::CelUnknown => "cel-unknown",
            Code::CelType => "cel-type",
            Code::CelUnsupported => "cel-unsupported",
        }
    }
}

/// Another place that has to do with a problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Related {
    /// What is there, e.g. `first defined here`.
    pub label: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    #[serde(skip)]
    span: Range<usize>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What kind of thing.
    pub code: Code,
    /// What is wrong, for people: a lower-case fragment of one line.
    pub message: String,
    /// What to do about it, where that can be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Other places that have to do with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<Related>,
    #[serde(skip)]
    span: Range<usize>,
}

impl Problem {
    pub(crate) fn new(code: Code, span: Range<usize>, message: impl Into<String>) -> Problem {
        let message = message.into();
        Problem { code, message, help: None, line: 0, column: 0, related: Vec::new(), span }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Problem {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn help_if(mut self, help: Option<String>) -> Problem {
        self.help = help;
        self
    }

    pub(crate) fn also(mut self, span: Range<usize>, label: impl Into<String>) -> Problem {
        self.related.push(Related { label: label.into(), line: 0, column: 0, span });
        self
    }
}

/// All problems of one manifest, in the order of their places.
///
/// `Display` gives one line a problem, `file:line:column: message`; [`render`](Self::render) shows
/// the lines of the manifest too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    name: String,
    source: String,
    problems: Vec<Problem>,
}

impl Report {
    pub(crate) fn new(name: &str, source: &str, mut problems: Vec<Problem>) -> Report {
        let lines = Lines::new(source);
        for problem in &mut problems {
            problem.span = whole_chars(source, &problem.span);
            (problem.line, problem.column) = lines.place(source, problem.span.start);
            for related in &mut problem.related {
                related.span = whole_chars(source, &related.span);
                (related.line, related.column) = lines.place(source, related.span.start);
            }
        }
        problems.sort_by_key(|p| (p.span.start, p.span.end, p.code));
        Report { name: name.to_owned(), source: source.to_owned(), problems }
    }

    /// The problems, by place; never empty.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The problems with the lines they are about, as people read them; with ANSI colours if asked.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let mut out = String::new();
        for problem in &self.problems {
            let snippet = Snippet::source(self.source.as_str())
                .path(self.name.as_str())
                .annotation(AnnotationKind::Primary.span(problem.span.clone()))
                .annotations(problem.related.iter().map(|related| {
                    AnnotationKind::Context.span(related.span.clone()).label(related.label.as_str())
                }));
            let title = Level::ERROR.primary_title(problem.message.as_str());
            let mut group: Group<'_> = title.id(problem.code.as_str()).element(snippet);
            if let Some(help) = &problem.help {
                group = group.element(Level::HELP.message(help.as_str()));
            }
            out.push_str(&renderer.render(&[group]));
            out.push_str("\n\n");
        }
        let n = self.problems.len();
        let noun = if n == 1 { "problem" } else { "problems" };
        out.push_str(&format!("{n} {noun} in {}\n", self.name));
        out
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.problems.iter().enumerate() {
            let Problem { line, column, message, .. } = problem;
            let newline = if i == 0 { "" } else { "\n" };
            write!(f, "{newline}{}:{line}:{column}: {message}", self.name)?;
            if let Some(help) = &problem.help {
                write!(f, " ({help})")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Report {}

/// Where each line starts, so that many places are found quickly.
struct Lines(Vec<usize>);

impl Lines {
    fn new(source: &str) -> Lines {
        let starts = source.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1);
        Lines(std::iter::once(0).chain(starts).collect())
    }

    /// Line and column of a byte, both from 1.
    fn place(&self, source: &str, at: usize) -> (u32, u32) {
        let line = self.0.partition_point(|start| *start <= at);
        let column = source[self.0[line - 1]..at].chars().count() + 1;
        (saturate(line), saturate(column))
    }
}

fn saturate(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// The span, within the source and on character boundaries.
fn whole_chars(source: &str, span: &Range<usize>) -> Range<usize> {
    let start = source.floor_char_boundary(span.start.min(source.len()));
    let end = source.ceil_char_boundary(span.end.clamp(start, source.len()));
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_and_lines_from_one() {
        let source = "a\nπ = é\n";
        let problem = |at| Problem::new(Code::Syntax, at..at + 1, "x");
        let report = Report::new("m", source, vec![problem(8), problem(0), problem(99)]);
        let places: Vec<_> = report.problems().iter().map(|p| (p.line, p.column)).collect();
        assert_eq!(places, [(1, 1), (2, 5), (3, 1)]);
    }

    #[test]
    fn a_code_is_the_same_text_in_json_and_in_a_snippet() {
        for code in [Code::NotUtf8, Code::UnknownKey, Code::SignificantWithoutAutoShutdown, Code::CelType] {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }
}
