//! The test in a process of its own: one that runs what a check asks for, or one that tells of the
//! death of the first.
//!
//! Such a process is this very executable, told to run this one test; a variable that holds the
//! test's name says to the runtime what is wanted of it. The harness writes to standard output too,
//! so what is for the first process begins behind a mark, and with one thread of the harness nothing
//! of it comes in between.

use crate::run::Test;
use seedbed_hunt::check::{Children, Peer, WireError, serve};
use seedbed_hunt::{Died, died_of};
use seedbed_sim::Program;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// For this test, run what standard input asks for.
const SERVE: &str = "SEEDBED_SERVE";

/// For this test, wait for the first process to end, and tell of runs in which it died.
const WATCH: &str = "SEEDBED_WATCH";

/// Behind this line comes what [`serve`] answers.
const MARK: &str = "seedbed answers";

/// What a process that is not the first one is for.
pub(crate) enum Second {
    Serve,
    Watch { directory: PathBuf, first: u32 },
}

impl Second {
    /// What this process is for; `None` for the first one.
    pub(crate) fn of(test: &Test) -> Option<Second> {
        let told = |variable: &str| {
            let value = std::env::var(variable).ok()?;
            let mut parts = value.splitn(3, '\n').map(str::to_owned);
            (parts.next()? == test.name).then(|| parts.collect::<Vec<_>>())
        };
        if told(SERVE).is_some() {
            return Some(Second::Serve);
        }
        let parts = told(WATCH)?;
        let (first, directory) = (parts.first()?.parse().ok()?, parts.get(1)?.into());
        Some(Second::Watch { directory, first })
    }

    /// Does what it is for. `again` is the line that gives a run back.
    pub(crate) fn play(
        &self,
        test: &Test,
        program: &dyn Program,
        again: impl Fn(&Died) -> String,
    ) -> Result<(), String> {
        match self {
            Second::Serve => {
                // Not `println`, which the harness keeps for itself.
                let mut out = io::stdout();
                let begun = writeln!(out, "{MARK}").and_then(|()| out.flush());
                let served = begun.map_err(WireError::from).and_then(|()| serve(program, io::stdin(), out));
                served.map_err(|e| format!("failed to {e}"))?;
                // The harness has nothing to say here any more, and nobody reads it.
                std::process::exit(0);
            }
            Second::Watch { directory, first } => {
                let mut said = String::new();
                io::stdin().read_to_string(&mut said).map_err(|e| format!("failed to watch: {e}"))?;
                if said == FINE {
                    return Ok(());
                }
                let died = died_of(directory, test.name, *first).map_err(|e| format!("failed to {e}"))?;
                let mut text = String::new();
                for run in &died {
                    text += &format!("\n   DIED  {}  seed {:#x}  {}\n", test.name, run.seed, run.strategy);
                    text += &format!("            again    {}\n", again(run));
                }
                io::stderr().write_all(text.as_bytes()).map_err(|e| format!("failed to tell: {e}"))
            }
        }
    }
}

/// This executable, told to run this test alone.
fn itself(test: &Test, variable: &str, value: &str) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--exact", test.filter(), "--include-ignored", "--test-threads=1"]);
    command.env(variable, format!("{}\n{value}", test.name));
    Ok(command)
}

/// Processes that serve a check.
pub(crate) struct Itself<'a>(pub(crate) &'a Test);

impl Children for Itself<'_> {
    fn start(&self) -> io::Result<Peer> {
        let mut command = itself(self.0, SERVE, "")?;
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let pipe = || io::Error::other("a process was started without its pipes");
        let to = child.stdin.take().ok_or_else(pipe)?;
        let mut from = BufReader::new(child.stdout.take().ok_or_else(pipe)?);
        let mut line = String::new();
        while !line.ends_with(&format!("{MARK}\n")) {
            line.clear();
            if from.read_line(&mut line)? == 0 {
                let text = format!("the test binary, started again, ran no test `{}`", self.0.filter());
                return Err(io::Error::other(text));
            }
        }
        let wait = move || match child.wait()? {
            status if status.success() => Ok(()),
            status => Err(WireError::Refused(format!("it ended with {status}"))),
        };
        Ok(Peer { to: Box::new(to), from: Box::new(from), wait: Box::new(wait) })
    }
}

/// What a first process says that ends by itself.
const FINE: &str = "fine";

/// A process that tells in which run this one dies, should it.
pub(crate) struct Watch(Child);

impl Watch {
    /// Starts it. `directory` is where the hunt says which run is on.
    ///
    /// # Errors
    /// If the system refuses.
    pub(crate) fn start(test: &Test, directory: &Path) -> io::Result<Watch> {
        let value = format!("{}\n{}", std::process::id(), directory.display());
        let mut command = itself(test, WATCH, &value)?;
        Ok(Watch(command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // If it is gone already, there is nobody to say so to.
        if let Some(mut stdin) = self.0.stdin.take() {
            let _ = stdin.write_all(FINE.as_bytes());
        }
        let _ = self.0.wait();
    }
}
