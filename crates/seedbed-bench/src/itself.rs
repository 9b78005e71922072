//! Works that this program does in a process of its own: what they ask for is that of a fresh process.

use crate::round::Work;
use crate::{cold, idle};
use std::path::PathBuf;
use std::process::Command;

/// What a process of its own does.
#[derive(clap::Subcommand)]
pub enum Alone {
    /// Prints what idle actors keep of memory.
    #[command(hide = true)]
    Idle { kind: idle::Kind, n: u64 },
    /// Prints how long the first module took to be ready; its code is kept in the directory.
    #[command(hide = true)]
    Cold { directory: Option<PathBuf> },
}

impl Alone {
    /// Does it, and prints the figures.
    pub fn run(self) {
        let figures = match self {
            Alone::Idle { kind, n } => idle::figures(kind, n),
            Alone::Cold { directory } => vec![cold::first_module(directory.as_deref())],
        };
        let figures: Vec<String> = figures.iter().map(f64::to_string).collect();
        println!("{}", figures.join(" "));
    }
}

/// Runs this program with arguments for `n`, and keeps what the command needs until it has ended; its
/// figures are the work's.
pub fn alone<Kept>(command: impl Fn(u64, &mut Command) -> Kept + 'static) -> Work {
    Box::new(move |n, _| {
        let mut process = Command::new(std::env::current_exe().expect("a program has a path"));
        let _kept = command(n, &mut process);
        let out = process.output().expect("it starts");
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let text = String::from_utf8_lossy(&out.stdout);
        text.split_whitespace().map(|figure| figure.parse().expect("a number")).collect()
    })
}
