//! The command line.

use crate::settings::Settings;
use crate::values::{Seed, Shard, count, duration, value};
use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use seedbed_sim::{Faults, StrategySpec};
use std::path::PathBuf;
use std::time::Duration;

/// Run actors on a real reactor, and the same actors on a seeded, simulated one.
#[derive(Debug, Parser)]
#[command(name = "seedbed", bin_name = "seedbed", version, after_help = AFTER, styles = STYLES)]
#[command(disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) global: Global,
}

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

const AFTER: &str = "\
Exit codes:
    0  fine                          101  a guest would not load
    1  unexpected                    102  nondeterminism
    2  usage, or a wrong manifest    103  stale finding: modules or versions differ
    4  nothing to run                104  incomplete: interrupted, or runs outstanding
  100  finding                       130  interrupted twice, or a program of `run` once";

/// Options of every command.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Global {
    /// How the result is written to stdout: text, one object, or an object a line as things happen
    #[arg(long, value_enum, default_value_t = Format::Human, global = true, help_heading = "Output")]
    pub(crate) format: Format,
    /// Colours on stderr; auto = on a terminal, unless NO_COLOR is set
    #[arg(long, value_enum, default_value_t = Color::Auto, global = true, help_heading = "Output")]
    pub(crate) color: Color,
}

/// How a result is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Human,
    Json,
    Jsonl,
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

impl Color {
    /// True if a stream is to be coloured.
    pub(crate) fn on(self, terminal: bool) -> bool {
        let unwanted = || std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        match self {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && !unwanted(),
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(Run),
    Record(Record),
    Sim(Sim),
    Hunt(Hunt),
    Replay(Replay),
    Shrink(Shrink),
    Why(Why),
    Trace(Trace),
    Diff(Diff),
    Check(Check),
    Verify(Verify),
    Merge(Merge),
    #[command(name = SERVE, hide = true)]
    Serve(Serve),
    Completions(Completions),
}

/// Run on the real reactor: a manifest's trees, one module, or a named command
///
/// `seedbed run seedbed.toml` runs the manifest's trees and plays its inputs; when they are done and
/// all is at rest, the properties are judged and the nodes shut down. `seedbed run counter.wasm` runs
/// one module alone, `seedbed run NAME` an entry that has a command, and `seedbed run list` shows the
/// commands. The first Ctrl-C shuts down, the second quits.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// A manifest (.toml), a module (.wasm), the name of a command, or `list`
    #[arg(value_name = "MANIFEST|FILE.wasm|NAME|list", value_hint = ValueHint::FilePath)]
    pub(crate) target: String,
    /// What a module or command is started with: whole numbers, true, false, and texts
    #[arg(value_name = "ARGS", allow_hyphen_values = true)]
    pub(crate) args: Vec<String>,
    #[command(flatten)]
    pub(crate) values: Values,
    /// A `lunatic` module that runs alone may use the network of this machine
    #[arg(long)]
    pub(crate) network: bool,
    /// The manifest in which the named command is
    #[arg(short, long, value_name = "FILE", default_value = "seedbed.toml", value_hint = ValueHint::FilePath)]
    pub(crate) manifest: PathBuf,
    #[command(flatten)]
    pub(crate) service: Service,
}

/// How something runs on the real reactor.
#[derive(Clone, Debug, Args)]
pub(crate) struct Service {
    /// Go on at rest too, until Ctrl-C or --time
    #[arg(long)]
    pub(crate) stay: bool,
    /// Shut down after so long at the latest, like `30s` [default: no limit]
    #[arg(long, value_name = "D", value_parser = duration)]
    pub(crate) time: Option<Duration>,
    /// Directory of the logs of the effect `store` [default: they are in memory]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) store: Option<PathBuf>,
}

/// Run on the real reactor, and write down what `seedbed replay` needs to give the run back
#[derive(Debug, Args)]
pub(crate) struct Record {
    /// A manifest, or a module to run alone
    #[arg(value_name = "MANIFEST|FILE.wasm", value_hint = ValueHint::FilePath)]
    pub(crate) manifest: PathBuf,
    /// Where the recording is written
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) values: Values,
    /// A `lunatic` module that runs alone may use the network of this machine
    #[arg(long)]
    pub(crate) network: bool,
    #[command(flatten)]
    pub(crate) service: Service,
}

/// Run once on the simulated reactor
///
/// Prints the seed, the steps, the virtual time and the trace hash: the same for the same seed, on
/// any machine, in any build. A property that breaks is a finding, exit code 100.
#[derive(Debug, Args)]
pub(crate) struct Sim {
    /// A manifest, or a module to run alone
    #[arg(value_name = "MANIFEST|FILE.wasm", value_hint = ValueHint::FilePath)]
    pub(crate) target: PathBuf,
    /// The run's seed, `0x…` or decimal
    #[arg(long, value_name = "N", default_value = "0x0")]
    pub(crate) seed: Seed,
    /// Once all that boots has started, this seed decides, `0x…` or decimal [default: the run's own does to
    /// the end]
    #[arg(long, value_name = "N")]
    pub(crate) fork: Option<Seed>,
    /// Also print the actors that live at the end, as a tree
    #[arg(long)]
    pub(crate) tree: bool,
    #[command(flatten)]
    pub(crate) explore: Explore,
}

/// How a run is explored.
#[derive(Clone, Debug, Args)]
pub(crate) struct Explore {
    /// Who decides orders and faults: portfolio, plain, random, pct:D, pctcp:D, pos, surw, delay-bound:N, fate:N,
    /// dfs, or dfs:N; D and N from 1 to 64
    #[arg(long, value_name = "S", default_value = "portfolio")]
    pub(crate) strategy: StrategySpec,
    /// What goes wrong by chance [default: what the manifest says]
    #[arg(long, value_name = "F", value_parser = Faults::PROFILES)]
    pub(crate) faults: Option<String>,
    #[command(flatten)]
    pub(crate) values: Values,
}

impl Explore {
    /// What stands in place of what the manifest says.
    pub(crate) fn settings(&self) -> Settings {
        Settings { faults: self.faults.clone(), ..self.values.settings() }
    }
}

/// What processes are given.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Values {
    /// The value of an environment variable of guests, by its id in the manifest; again for another [default: what
    /// the manifest says]
    #[arg(long, value_name = "ID=VALUE", value_parser = value)]
    pub(crate) env: Vec<(String, String)>,
}

impl Values {
    /// They, and nothing else.
    pub(crate) fn settings(&self) -> Settings {
        Settings { values: self.env.iter().cloned().collect(), ..Settings::default() }
    }
}

/// Run many times, in search of a run that breaks a property
///
/// Run i has the seed derive(SEED, i), so that neither jobs nor shards change any run. A finding is
/// shrunk, explained and kept in `target/seedbed`, exit code 100. The first Ctrl-C prints what there
/// is and leaves what `--resume` needs, exit code 104.
#[derive(Debug, Args)]
pub(crate) struct Hunt {
    /// A manifest, or a module to run alone
    #[arg(value_name = "MANIFEST|FILE.wasm", value_hint = ValueHint::FilePath)]
    pub(crate) manifest: PathBuf,
    /// How many runs, over all shards [default: 10000; with --time, no limit]
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) runs: Option<u64>,
    /// How long, like `30s` or `10min`: no run begins after it [default: no limit]
    #[arg(long, value_name = "D", value_parser = duration)]
    pub(crate) time: Option<Duration>,
    /// The hunt's seed, `0x…` or decimal
    #[arg(long, value_name = "N", default_value = "0x0")]
    pub(crate) seed: Seed,
    #[command(flatten)]
    pub(crate) explore: Explore,
    /// How many runs at a time [default: one a core]
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) jobs: Option<u64>,
    /// Only one of n equal parts of the runs, like `2/8`
    #[arg(long, value_name = "i/n", default_value = "1/1")]
    pub(crate) shard: Shard,
    /// So many runs go on from the state after the start of one, each under its own seed [default: each run
    /// begins at its beginning]
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) forks: Option<u64>,
    /// Go on where the hunt was left whose state is in --out
    #[arg(long)]
    pub(crate) resume: bool,
    /// Where the hunt's state is kept, for --resume and `seedbed merge` [default: target/seedbed/NAME.part]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) out: Option<PathBuf>,
}

/// Which finding, and where its manifest is.
#[derive(Clone, Debug, Args)]
pub(crate) struct OfFinding {
    /// A finding file
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) finding: PathBuf,
    /// The manifest [default: the one that the finding names, relative to it]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) manifest: Option<PathBuf>,
}

/// Run a finding, or a recording, again
///
/// A finding breaks the same property, in the same step, with the same trace hash: exit code 100. A
/// recording of `seedbed record` gives the same events on the simulated reactor: exit code 0. Modules
/// or versions that differ are said, exit code 103; a decision that cannot be taken is an error, 102.
#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// A finding file, or a recording
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// The manifest [default: the one that the file names, relative to it]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) manifest: Option<PathBuf>,
    /// Of a finding: stop after this step, and show the actors and facts that there are
    #[arg(long, value_name = "STEP")]
    pub(crate) until: Option<u64>,
    /// Of a finding: follow the tape in this file, as `seedbed shrink --emit tape` writes it, instead of its own
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) tape: Option<PathBuf>,
    /// Of a finding: go on where modules or tape do not fit, and say where
    #[arg(long)]
    pub(crate) lenient: bool,
}

/// Make a finding smaller, in place
#[derive(Debug, Args)]
pub(crate) struct Shrink {
    #[command(flatten)]
    pub(crate) of: OfFinding,
    /// At most so many runs
    #[arg(long, value_name = "N", value_parser = count, default_value = "100000")]
    pub(crate) runs: u64,
    /// At most so long
    #[arg(long, value_name = "D", value_parser = duration, default_value = "1min")]
    pub(crate) time: Duration,
    /// Also write the tape to stdout: as text, or as a test to paste
    #[arg(long, value_enum, value_name = "FORM")]
    pub(crate) emit: Option<Emit>,
    /// How many candidates at a time [default: one a core]; the result is the same
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) jobs: Option<u64>,
}

/// As what a tape is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Emit {
    Tape,
    Test,
}

/// Say how a finding came about: from the fault or odd order to the broken property
#[derive(Debug, Args)]
pub(crate) struct Why {
    /// A finding file
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) finding: PathBuf,
}

/// Write down everything that happens in a finding's run
#[derive(Debug, Args)]
pub(crate) struct Trace {
    #[command(flatten)]
    pub(crate) of: OfFinding,
    /// The format: jsonl = an object an event
    #[arg(long, value_enum)]
    pub(crate) to: TraceFormat,
}

/// How a trace is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TraceFormat {
    Jsonl,
}

/// Show the first event in which the runs of two findings differ; exit code 1 if there is one
#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// A finding file
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) a: PathBuf,
    /// Another
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) b: PathBuf,
}

/// Put the shards of a hunt together; findings of one property are folded
///
/// Findings are kept in `target/seedbed`, exit code 100. Shards that are missing, or have runs
/// outstanding, are named, exit code 104.
#[derive(Debug, Args)]
pub(crate) struct Merge {
    /// What `seedbed hunt --shard i/n --out PART` left
    #[arg(required = true, value_name = "PART", value_hint = ValueHint::FilePath)]
    pub(crate) parts: Vec<PathBuf>,
}

/// Check that runs are deterministic: each seed twice, in two processes
///
/// Compares event by event and the memory of the guests, and shows the first difference, exit code 102.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// A manifest, or a module alone
    #[arg(value_name = "MANIFEST|FILE.wasm", value_hint = ValueHint::FilePath)]
    pub(crate) target: PathBuf,
    /// How many seeds
    #[arg(long, value_name = "N", value_parser = count, default_value = "100")]
    pub(crate) seeds: u64,
    /// From which the seeds are derived, `0x…` or decimal
    #[arg(long, value_name = "N", default_value = "0x0")]
    pub(crate) seed: Seed,
    #[command(flatten)]
    pub(crate) explore: Explore,
}

/// Check hashes, imports, exports and limits, without running anything
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// A manifest, or a module alone
    #[arg(value_name = "MANIFEST|FILE.wasm", value_hint = ValueHint::FilePath)]
    pub(crate) target: PathBuf,
}

/// Name of the hidden command that `check` starts its processes with.
pub(crate) const SERVE: &str = "serve-check";

/// Run what the standard input asks for
#[derive(Debug, Args)]
pub(crate) struct Serve {
    pub(crate) target: PathBuf,
    /// As an identity keeps them
    #[arg(long, default_value = "")]
    pub(crate) settings: String,
}

/// Print a completion script
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// For which shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    /// `docs/cli.md` has a section for every command, with every option of it and its default.
    #[test]
    fn the_page_tells_of_every_command_and_option() {
        let page = include_str!("../../../docs/cli.md");
        for command in Cli::command().get_subcommands().filter(|command| !command.is_hide_set()) {
            let title = format!("### `seedbed {}", command.get_name());
            let section = page.split_once(&title).map(|(_, rest)| rest);
            let section = section.unwrap_or_else(|| panic!("`{title}` is missing"));
            let section = section.split("\n##").next().unwrap_or_default();
            for (option, long) in command.get_arguments().filter_map(|arg| Some((arg, arg.get_long()?))) {
                let long = format!("--{long}");
                assert!(
                    section.contains(&format!("`{long}")) || section.contains(&format!(" {long}")),
                    "{title}: `{long}`"
                );
                let defaults = option.get_default_values().iter().filter_map(|value| value.to_str());
                for default in defaults.filter(|_| option.get_action().takes_values()) {
                    let told = section.contains(default) || section.contains("as for `hunt`");
                    assert!(told, "{title}: the default `{default}` of `{long}`");
                }
            }
        }
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }
}
