//! A worker that does what its script says.
//!
//! One that does not stop at once when it should poses as a supervisor, since only those are asked
//! and not ended (semantics L6); it supervises nobody.

use super::plan::{Child, Ends, Life, Start, Stops};
use super::program::Deed;
use anyhow::bail;
use seedbed_core::{
    Actor, Behaviour, ChildStart, Context, ExitReason, Factory, Failed, Reason, Result, Signal, WithArgs,
};
use std::time::Duration;

/// The entry by which a program's calls start scripted workers.
pub const ENTRY: &str = "scripted";

/// The factory of scripted workers: their arguments are their lives, encoded.
pub fn scripted() -> impl Factory {
    Scripted { stubborn: false }
}

/// The arguments of a worker with these lives.
pub(super) fn arguments(lives: &[Life]) -> Vec<u8> {
    postcard::to_allocvec(lives).expect("plain data in memory can always be encoded")
}

pub(super) fn child(_: &Child, lives: &[Life]) -> ChildStart {
    let stubborn = lives.iter().any(|life| life.stops != Stops::AtOnce);
    ChildStart::new(Scripted { stubborn }).args(arguments(lives))
}

struct Scripted {
    stubborn: bool,
}

impl Factory for Scripted {
    fn create(&self, cx: &mut Context<'_>, args: &[u8]) -> Result<Box<dyn Behaviour>, Failed> {
        let make = |args: &[u8]| {
            let lives: Vec<Life> = postcard::from_bytes(args)?;
            Ok(Worker { lives, life: Life::default() })
        };
        WithArgs(make).create(cx, args)
    }

    fn is_supervisor(&self) -> bool {
        self.stubborn
    }
}

/// Paths are no addresses: a worker is known by the name that this makes of its path.
fn name(path: &str) -> String {
    let below = path.split_once('/').map_or(path, |(_, below)| below);
    below.replace('/', ".").replace('#', "-")
}

struct Worker {
    lives: Vec<Life>,
    life: Life,
}

/// Tags of timers.
const ENDS: u64 = 1;
const STOPS: u64 = 2;
const WORKS: u64 = 3;

impl Worker {
    fn end(&self, cx: &mut Context, how: Ends) -> Result<()> {
        match how {
            Ends::Normal => cx.stop(Reason::Normal),
            Ends::Shutdown => cx.stop(Reason::Shutdown),
            Ends::Detail => cx.stop_with(ExitReason::ShutdownWith("detail".into())),
            Ends::Killed => {
                let me = cx.me();
                cx.kill(me)?;
            }
            Ends::Error => bail!("as the script says"),
        }
        Ok(())
    }
}

impl Actor for Worker {
    type Message = Deed;

    fn on_start(&mut self, cx: &mut Context) -> Result<()> {
        let count = self.lives.len().max(1) as u64;
        let unnamed = cx.path().rsplit('/').next().is_some_and(|last| last.starts_with('#'));
        let nth = if unnamed { cx.random_u64() } else { u64::from(cx.life().0) - 1 };
        self.life = self.lives.get((nth % count) as usize).cloned().unwrap_or_default();
        match self.life.start {
            Start::Runs => {}
            Start::Ignores => {
                cx.ignore();
                return Ok(());
            }
            Start::Fails => bail!("its start fails, as the script says"),
        }
        let name = name(cx.path());
        cx.register(&name)?;
        cx.trap_exits(self.life.stops != Stops::AtOnce);
        if let Some((after, _)) = self.life.ends {
            cx.set_timer(after, ENDS)?;
        }
        if self.life.unlinks {
            let parent = cx.parent();
            cx.unlink(parent)?;
        }
        Ok(())
    }

    fn on_message(&mut self, cx: &mut Context, deed: Deed) -> Result<()> {
        match deed {
            Deed::Work if cx.request().is_some() => cx.reply(cx.life().0),
            Deed::Work => Ok(()),
            Deed::End(how) => self.end(cx, how),
            Deed::WorkLater(after) => Ok(cx.set_timer(after, WORKS).map(drop)?),
            Deed::Ask(path) => {
                let mine = name(cx.path());
                let root = mine.split('.').next().unwrap_or_default();
                let colleague =
                    cx.address(&format!("{root}.{}", path.replace('/', ".").replace('#', "-")))?;
                Ok(cx.ask(colleague, &Deed::Work, Duration::from_millis(5)).map(drop)?)
            }
        }
    }

    fn on_signal(&mut self, cx: &mut Context, signal: Signal) -> Result<()> {
        match signal {
            Signal::Timer { tag: ENDS, .. } => match self.life.ends {
                Some((_, how)) => self.end(cx, how),
                None => Ok(()),
            },
            Signal::Timer { tag: STOPS, .. } => {
                cx.stop(Reason::Shutdown);
                Ok(())
            }
            // Whoever is gone cannot be defied.
            Signal::Exit { from, reason, .. } if !cx.is_alive(from) => {
                cx.stop_with(reason);
                Ok(())
            }
            Signal::Exit { .. } => match self.life.stops {
                Stops::After(after) => Ok(cx.set_timer(after, STOPS).map(drop)?),
                Stops::AtOnce | Stops::Never => Ok(()),
            },
            _ => Ok(()),
        }
    }
}
