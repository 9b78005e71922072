//! What a command says: people's text to stderr, data to stdout.
//!
//! With `--format human` a command's result is text on stdout, and what is said about it is text on
//! stderr. With `json` the result is one object on stdout, with `jsonl` every event is one, a line
//! each; both carry `"v"` and `"event"`. Errors and warnings go to stderr in any format.

use crate::args::{Color, Format};
use crate::exit::Exit;
use crate::failure::Failure;
use serde_json::Value;
use std::io::{IsTerminal, Write};

/// Version of the JSON objects.
pub(crate) const JSON_VERSION: u32 = 1;

/// Where a command's output goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    format: Format,
    paint: Painter,
}

impl Output {
    pub(crate) fn new(format: Format, color: Color) -> Output {
        Output { format, paint: Painter(color.on(std::io::stderr().is_terminal())) }
    }

    pub(crate) fn paint(self) -> Painter {
        self.paint
    }

    /// True if text is what is wanted.
    pub(crate) fn is_human(self) -> bool {
        self.format == Format::Human
    }

    /// Text for people, beside the result.
    pub(crate) fn say(self, text: &str) {
        if self.is_human() {
            write_to(std::io::stderr(), text);
        }
    }

    /// A warning, in any format.
    pub(crate) fn warn(self, text: &str) {
        write_to(std::io::stderr(), &format!("{} {text}", self.paint.warning("warning:")));
    }

    /// The result as text: data that a script may read.
    pub(crate) fn data(self, text: &str) {
        if self.is_human() {
            write_to(std::io::stdout(), text);
        }
    }

    /// Something on the way to the result; only `jsonl` shows it.
    pub(crate) fn event(self, event: Value) {
        if self.format == Format::Jsonl {
            write_to(std::io::stdout(), &versioned(event).to_string());
        }
    }

    /// The result as an object.
    pub(crate) fn result(self, event: Value) {
        match self.format {
            Format::Human => {}
            Format::Json => write_to(std::io::stdout(), &format!("{:#}", versioned(event))),
            Format::Jsonl => write_to(std::io::stdout(), &versioned(event).to_string()),
        }
    }

    /// Says why a command failed, and gives its exit code.
    pub(crate) fn fail(self, failure: &Failure) -> Exit {
        self.result(failure.event());
        write_to(std::io::stderr(), failure.render(self.paint).trim_end_matches('\n'));
        failure.exit
    }
}

/// Writes a text and a line's end. A reader that has gone (`seedbed … | head`) ends the process
/// quietly, as other tools do; so does a stream that cannot be written, loudly if that can be.
pub(crate) fn write_to(mut stream: impl Write, text: &str) {
    if let Err(e) = writeln!(stream, "{text}").and_then(|()| stream.flush()) {
        if e.kind() != std::io::ErrorKind::BrokenPipe {
            let _ = writeln!(std::io::stderr(), "error: write the output: {e}");
        }
        std::process::exit(i32::from(Exit::Unexpected.code()));
    }
}

fn versioned(event: Value) -> Value {
    let mut object = serde_json::Map::from_iter([("v".to_owned(), JSON_VERSION.into())]);
    if let Value::Object(fields) = event {
        object.extend(fields);
    }
    Value::Object(object)
}

/// A 64-bit number as text. JSON's own numbers lose digits in many readers.
pub(crate) fn hex(number: u64) -> String {
    format!("{number:#x}")
}

/// So many of something: `1 run`, `2 runs`.
pub(crate) fn count(n: u64, noun: &str) -> String {
    match (n, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{n} {stem}ies"),
        (_, None) => format!("{n} {noun}s"),
    }
}

/// Colours, or none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Painter(pub(crate) bool);

impl Painter {
    pub(crate) fn colored(self) -> bool {
        self.0
    }

    pub(crate) fn error(self, text: &str) -> String {
        self.wrap("1;31", text)
    }

    pub(crate) fn warning(self, text: &str) -> String {
        self.wrap("1;33", text)
    }

    pub(crate) fn good(self, text: &str) -> String {
        self.wrap("1;32", text)
    }

    pub(crate) fn strong(self, text: &str) -> String {
        self.wrap("1", text)
    }

    pub(crate) fn faint(self, text: &str) -> String {
        self.wrap("2", text)
    }

    fn wrap(self, style: &str, text: &str) -> String {
        if self.0 { format!("\x1b[{style}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_object_says_its_version_first() {
        assert_eq!(versioned(json!({ "event": "sim", "v": 1 }))["v"], 1);
        assert_eq!(versioned(json!({ "event": "sim" })).to_string(), r#"{"event":"sim","v":1}"#);
    }

    #[test]
    fn one_is_not_many() {
        let said = [count(1, "run"), count(2, "run"), count(0, "property"), count(1, "property")];
        assert_eq!(said, ["1 run", "2 runs", "0 properties", "1 property"]);
    }

    #[test]
    fn colour_is_wrapped_around_the_text_or_is_not_there() {
        assert_eq!(Painter(true).error("no"), "\x1b[1;31mno\x1b[0m");
        assert_eq!(Painter(false).error("no"), "no");
    }
}
