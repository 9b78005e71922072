//! The `seedbed` command: thin over the libraries.
//!
//! - `args.rs`, `values.rs`: the command line.
//! - `subject.rs`, `identity.rs`: from a file named there to what is run.
//! - `service.rs`, `recording.rs`: on the real reactor, and back from there.
//! - `commands/`: a file for each command; `before.rs`: what a hunt does first.
//! - `output.rs`, `log.rs`, `progress.rs`, `block.rs`, `outcome.rs`, `summary.rs`, `tree.rs`: what people
//!   and scripts read.
//! - `exit.rs`, `failure.rs`: how it ends.
//! - `interrupt.rs`: Ctrl-C.

mod args;
mod before;
mod block;
mod commands;
mod exit;
mod failure;
mod identity;
mod interrupt;
mod log;
mod outcome;
mod output;
mod progress;
mod recording;
mod service;
mod settings;
mod subject;
mod summary;
mod values;

use args::{Cli, Command};
use clap::{CommandFactory, FromArgMatches};
use exit::Exit;
use output::Output;
use std::process::ExitCode;

fn main() -> ExitCode {
    let matches = Cli::command().color(help_color()).get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|e| e.exit());
    let out = Output::new(cli.global.format, cli.global.color);
    run(&cli.command, out).unwrap_or_else(|failure| out.fail(&failure)).into()
}

fn run(command: &Command, out: Output) -> Result<Exit, failure::Failure> {
    seedbed_wasm::keep_compiled().map_err(failure::Failure::usage)?;
    match command {
        Command::Run(args) => commands::run::run(args, out),
        Command::Record(args) => commands::run::record(args, out),
        Command::Sim(args) => commands::sim::run(args, out),
        Command::Hunt(args) => commands::hunt::run(args, out),
        Command::Replay(args) => commands::replay::run(args, out),
        Command::Shrink(args) => commands::shrink::run(args, out),
        Command::Why(args) => commands::why::run(args, out),
        Command::Trace(args) => commands::trace::run(args),
        Command::Diff(args) => commands::diff::run(args, out),
        Command::Check(args) => commands::check::run(args, out),
        Command::Serve(args) => commands::check::serve(args),
        Command::Merge(args) => commands::merge::run(args, out),
        Command::Verify(args) => commands::verify::run(args, out),
        Command::Completions(args) => commands::completions::run(args),
    }
}

/// The colours of help and usage errors, which are written before the command line is read.
fn help_color() -> clap::ColorChoice {
    let args: Vec<_> = std::env::args().collect();
    let asked = |value: &str| {
        args.iter().any(|arg| *arg == format!("--color={value}"))
            || args.windows(2).any(|pair| pair[0] == "--color" && pair[1] == value)
    };
    match (asked("always"), asked("never")) {
        (true, _) => clap::ColorChoice::Always,
        (_, true) => clap::ColorChoice::Never,
        _ => clap::ColorChoice::Auto,
    }
}
