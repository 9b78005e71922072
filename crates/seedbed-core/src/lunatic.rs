//! Lunatic's process signals, as a thin layer over exits, links and monitors (rules J of
//! `docs/semantics.md`).
//!
//! A [`Process`] is what one process keeps beside the kernel: whom it monitors. What it asks for goes
//! to the kernel through the turn's [`Context`], and [`Process::read`] says what a signal that
//! reached it is to a lunatic process. Links, their tags and whether exits are trapped are the
//! kernel's, so a lunatic process may be linked to any other actor, and be supervised like one.
//!
//! | lunatic | here |
//! |---|---|
//! | `Message` | a message; [`read`](Process::read) leaves it alone |
//! | `Kill` | [`kill`](Process::kill) |
//! | `DieWhenLinkDies(bool)` | [`die_when_link_dies`](Process::die_when_link_dies) |
//! | `Link(tag, pid)`, `UnLink` | [`link`](Process::link), [`unlink`](Process::unlink) |
//! | `LinkDied(pid, tag, reason)` | [`Received::LinkDied`], with the exit reason itself beside it |
//! | `Monitor`, `StopMonitoring` | [`monitor`](Process::monitor), [`stop_monitoring`](Process::stop_monitoring) |
//! | `ProcessDied(pid)` | [`Received::ProcessDied`], with the exit reason beside it |
//!
//! Not modelled: lunatic's order of signals before messages. Here what kills acts on arrival, and
//! what is told stands in its sender's line (rules E13, E16).
//!
//! ```
//! use seedbed_core::lunatic::{Death, Process, Received};
//! use seedbed_core::{Behaviour, Context, Envelope, ExitReason, Failed, Pid, StopCode};
//!
//! struct Guest { process: Process, peer: Pid }
//!
//! impl Behaviour for Guest {
//!     fn start(&mut self, cx: &mut Context<'_>) -> Result<(), Failed> {
//!         self.process.die_when_link_dies(cx, false);
//!         let _ = self.process.link(cx, 7, self.peer);
//!         Ok(())
//!     }
//!
//!     fn deliver(&mut self, cx: &mut Context<'_>, e: &Envelope, payload: &[u8]) -> Result<(), Failed> {
//!         match self.process.read(e, payload) {
//!             Received::LinkDied { tag: 7, death: Death::NoProcess, .. } => { /* it was gone */ }
//!             Received::LinkDied { .. } | Received::ProcessDied { .. } => { /* into its mailbox */ }
//!             Received::Nothing => {}
//!             Received::Other => { /* a message, a timer, a reply */ }
//!         }
//!         Ok(())
//!     }
//! #   fn stop(&mut self, _: &mut Context<'_>, _: StopCode) -> Result<(), Failed> { Ok(()) }
//! }
//! ```

use crate::actor::Factory;
use crate::context::Context;
use crate::outbox::SpawnOptions;
use seedbed_abi::{Code, Envelope, ExitReason, MonitorRef, Pid, Signal, SpawnFlags};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

/// What a lunatic process keeps beside the kernel.
///
/// A new process dies with its links. Like everything an actor keeps, it ends with its life.
#[derive(Clone, Debug, Default)]
pub struct Process {
    /// Lunatic's monitors do not stack: one a process (rule J6). By what was asked for, which may
    /// be an address.
    monitors: BTreeMap<Pid, MonitorRef>,
    /// The same by reference.
    watched: BTreeMap<u64, Pid>,
}

/// What a signal is to a lunatic process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// The other side of a link died, and this process does not die with its links.
    LinkDied {
        /// Who.
        pid: Pid,
        /// The link's tag, 0 = none; also for an exit that was sent without a link.
        tag: i64,
        /// As lunatic has it.
        death: Death,
        /// The reason itself.
        reason: ExitReason,
    },
    /// A process that was monitored died.
    ProcessDied {
        /// Who.
        pid: Pid,
        /// Why.
        reason: ExitReason,
    },
    /// Nothing that the process is told: a link that ended normally, a monitor that was taken back.
    Nothing,
    /// No such signal: a message, or what is not lunatic's.
    Other,
}

/// Lunatic's reasons of a death.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Death {
    /// It ended normally.
    Normal,
    /// It did not.
    Failure,
    /// It had been gone when the link was asked for.
    NoProcess,
}

impl Death {
    /// What an exit reason is to lunatic: all but `Normal` and `NoProcess` are failures, since all
    /// but `Normal` end who dies with its links (rules E3, J4).
    pub fn of(reason: &ExitReason) -> Death {
        match reason {
            ExitReason::Normal => Death::Normal,
            ExitReason::NoProcess => Death::NoProcess,
            _ => Death::Failure,
        }
    }
}

impl Process {
    /// A process that monitors nobody.
    pub fn new() -> Process {
        Process::default()
    }

    /// Whether it dies when a link dies (the default), or is told so (rule J1).
    pub fn die_when_link_dies(&mut self, cx: &mut Context<'_>, die: bool) {
        cx.trap_exits(!die);
    }

    /// Links it and another under a tag, 0 = none, the same on both sides (rules J2, J5).
    ///
    /// # Errors
    /// As [`Context::link`].
    pub fn link(&mut self, cx: &mut Context<'_>, tag: i64, pid: Pid) -> Result<(), Code> {
        cx.link_tagged(pid, tag as u64)
    }

    /// Takes a link back; nothing of it is told any more (rule J9).
    ///
    /// # Errors
    /// As [`Context::unlink`].
    pub fn unlink(&mut self, cx: &mut Context<'_>, pid: Pid) -> Result<(), Code> {
        cx.unlink(pid)
    }

    /// Asks to be told when another dies; asking again changes nothing (rule J6).
    ///
    /// # Errors
    /// As [`Context::monitor`].
    pub fn monitor(&mut self, cx: &mut Context<'_>, pid: Pid) -> Result<(), Code> {
        if let Entry::Vacant(entry) = self.monitors.entry(pid) {
            let reference = *entry.insert(cx.monitor(pid)?);
            self.watched.insert(reference.0, pid);
        }
        Ok(())
    }

    /// Is not told of that death any more, not even if that was queued; without a monitor it does nothing.
    ///
    /// # Errors
    /// As [`Context::demonitor`], for a turn that may not ask for it.
    pub fn stop_monitoring(&mut self, cx: &mut Context<'_>, pid: Pid) -> Result<(), Code> {
        let Some(reference) = self.monitors.remove(&pid) else { return Ok(()) };
        self.watched.remove(&reference.0);
        match cx.demonitor(reference, true) {
            // Its notice is in hand.
            Err(Code::NotFound) => Ok(()),
            done => done,
        }
    }

    /// Kills a process, whatever it does with its links (rule J7). To itself it ends the turn.
    ///
    /// # Errors
    /// As [`Context::kill`].
    pub fn kill(&mut self, cx: &mut Context<'_>, pid: Pid) -> Result<(), Code> {
        cx.kill(pid)
    }

    /// Spawns a process; `link` links both under this tag before either goes on (rule J8).
    ///
    /// # Errors
    /// As [`Context::spawn`].
    pub fn spawn(
        &mut self,
        cx: &mut Context<'_>,
        link: Option<i64>,
        options: SpawnOptions,
        factory: Arc<dyn Factory>,
    ) -> Result<Pid, Code> {
        match link {
            None => Ok(cx.spawn_shared(options, factory)?.0),
            Some(tag) => Ok(cx.spawn_tagged(options.flags(SpawnFlags::LINK), factory, tag as u64)?.0),
        }
    }

    /// What a signal that reached the process is to it.
    pub fn read(&mut self, envelope: &Envelope, payload: &[u8]) -> Received {
        match Signal::decode(envelope, payload) {
            Some(Signal::Exit { from: pid, reason, .. }) => match Death::of(&reason) {
                Death::Normal => Received::Nothing,
                death => Received::LinkDied { pid, tag: envelope.tag as i64, death, reason },
            },
            Some(Signal::Down { from: pid, monitor, reason, .. }) => match self.watched.remove(&monitor.0) {
                Some(asked) => {
                    self.monitors.remove(&asked);
                    Received::ProcessDied { pid, reason }
                }
                None => Received::Nothing,
            },
            _ => Received::Other,
        }
    }
}
