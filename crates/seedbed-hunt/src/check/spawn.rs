//! How the processes of a check are started.

use super::child::serve;
use super::wire::WireError;
use seedbed_sim::Program;
use std::io::{self, Read, Write};
use std::process::{Command, Stdio};

/// Starts processes that [`serve`].
pub trait Children {
    /// Starts one.
    ///
    /// # Errors
    /// If the system refuses.
    fn start(&self) -> io::Result<Peer>;
}

/// A started process: its two pipes, and how to see it end once they are closed.
pub struct Peer {
    /// What it reads.
    pub to: Box<dyn Write>,
    /// What it writes.
    pub from: Box<dyn Read>,
    /// Waits for its end.
    pub wait: Box<dyn FnOnce() -> Result<(), WireError>>,
}

/// Processes of their own: what the command line uses, with its own executable and a hidden command.
pub struct Commands<F>(pub F);

impl<F: Fn() -> Command> Children for Commands<F> {
    fn start(&self) -> io::Result<Peer> {
        let mut child = (self.0)().stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let pipe = || io::Error::other("a process was started without its pipes");
        let to = child.stdin.take().ok_or_else(pipe)?;
        let from = child.stdout.take().ok_or_else(pipe)?;
        let wait = move || {
            let status = child.wait()?;
            if status.success() {
                return Ok(());
            }
            Err(WireError::Refused(format!("it ended with {status}")))
        };
        Ok(Peer { to: Box::new(to), from: Box::new(io::BufReader::new(from)), wait: Box::new(wait) })
    }
}

/// Threads of this process, for tests: the same protocol, but one address layout.
pub struct Threads<P>(pub P);

impl<P: Program + Clone + Send + 'static> Children for Threads<P> {
    fn start(&self) -> io::Result<Peer> {
        let (in_read, in_write) = io::pipe()?;
        let (out_read, out_write) = io::pipe()?;
        let program = self.0.clone();
        let thread = std::thread::Builder::new().name("check".into());
        let thread = thread.spawn(move || serve(&program, in_read, out_write))?;
        let wait =
            move || thread.join().unwrap_or_else(|_| Err(WireError::Refused("its thread panicked".into())));
        Ok(Peer { to: Box::new(in_write), from: Box::new(out_read), wait: Box::new(wait) })
    }
}
