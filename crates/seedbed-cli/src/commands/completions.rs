//! `seedbed completions`.

use crate::args::{Cli, Completions};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::write_to;
use clap::CommandFactory;

pub(crate) fn run(args: &Completions) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "seedbed", &mut script);
    write_to(std::io::stdout(), String::from_utf8_lossy(&script).trim_end_matches('\n'));
    Ok(Exit::Fine)
}
