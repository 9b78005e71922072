//! Why a command could not do what it was asked to: a message for people, the same as data, and the
//! exit code that goes with it.

use crate::exit::Exit;
use crate::output::Painter;
use seedbed_manifest::{ManifestError, Report};
use serde_json::{Value, json};
use std::fmt::Display;

/// Why a command failed. A finding is no failure.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    what: What,
}

#[derive(Debug)]
enum What {
    Text {
        message: String,
        help: Option<String>,
    },
    Manifest(Report),
    /// Guests that would not load: id, and why.
    Modules {
        refused: Vec<(String, String)>,
        help: Option<String>,
    },
}

impl Failure {
    /// A failure in one line, a lower-case fragment.
    pub(crate) fn new(exit: Exit, message: impl Display) -> Failure {
        Failure { exit, what: What::Text { message: message.to_string(), help: None } }
    }

    /// Something wrong on the command line, or in a file named on it.
    pub(crate) fn usage(message: impl Display) -> Failure {
        Failure::new(Exit::Usage, message)
    }

    /// Something that should not happen.
    pub(crate) fn unexpected(message: impl Display) -> Failure {
        Failure::new(Exit::Unexpected, message)
    }

    /// Guests that would not load: id, and why.
    pub(crate) fn modules(refused: Vec<(String, String)>) -> Failure {
        Failure { exit: Exit::NotLoaded, what: What::Modules { refused, help: None } }
    }

    /// With another exit code.
    #[must_use]
    pub(crate) fn with(self, exit: Exit) -> Failure {
        Failure { exit, ..self }
    }

    /// With a line on what to do about it.
    #[must_use]
    pub(crate) fn help(mut self, text: impl Display) -> Failure {
        if let What::Text { help, .. } | What::Modules { help, .. } = &mut self.what {
            *help = Some(text.to_string());
        }
        self
    }

    /// As people read it.
    pub(crate) fn render(&self, paint: Painter) -> String {
        let error = |message: &str| format!("{} {message}\n", paint.error("error:"));
        let helped = |help: &Option<String>| {
            help.as_ref().map(|h| format!("  {} {h}\n", paint.strong("help:"))).unwrap_or_default()
        };
        match &self.what {
            What::Text { message, help } => error(message) + &helped(help),
            What::Manifest(report) => report.render(paint.colored()),
            What::Modules { refused, help } => {
                let each = |(id, why): &(String, String)| error(&format!("cannot load `{id}`: {why}"));
                refused.iter().map(each).collect::<String>() + &helped(help)
            }
        }
    }

    /// As data.
    pub(crate) fn event(&self) -> Value {
        let mut event = json!({ "event": "error", "exit": self.exit.code() });
        match &self.what {
            What::Text { message, help } => {
                event["message"] = json!(message);
                if let Some(help) = help {
                    event["help"] = json!(help);
                }
            }
            What::Manifest(report) => {
                let problems: Vec<Value> = report.problems().iter().map(|p| json!(p)).collect();
                event["message"] = json!("the manifest is wrong");
                event["problems"] = json!(problems);
            }
            What::Modules { refused, help } => {
                if let Some(help) = help {
                    event["help"] = json!(help);
                }
                let modules: Vec<Value> =
                    refused.iter().map(|(id, why)| json!({ "process": id, "message": why })).collect();
                event["message"] = json!("a guest would not load");
                event["modules"] = json!(modules);
            }
        }
        event
    }
}

impl From<ManifestError> for Failure {
    fn from(error: ManifestError) -> Failure {
        match error {
            ManifestError::Wrong(report) => Failure { exit: Exit::Usage, what: What::Manifest(report) },
            other => Failure::usage(other),
        }
    }
}
